/*
 * level_task - a level (common/level.h) on real Kafka: matchd, milestoned.
 *
 * One task is one assignment: its own reader, its own writer, its own run.
 * Whatever goes wrong (outbid, newer terms, a writer that Kafka gave up on, a
 * reader that compaction overtook) ends in the same way: the task is freed
 * and, if the partition is still ours, made anew.  All state dies with it and
 * comes back by reading.
 *
 *	poll ──► level_input_record / level_output_record ──► level_step ──► send
 *	 ▲                                                                    │
 *	 └───────────────── acknowledgements ◄── kwriter_poll ◄───────────────┘
 *
 * Not thread-safe: owned by the thread that polls it.
 */
#ifndef OUTTURN_IO_LEVEL_TASK_H
#define OUTTURN_IO_LEVEL_TASK_H

#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "common/level.h"

struct task_log {        /* one partition of one topic */
	const char *topic;   /* full name; borrowed during level_task_new() */
	int32_t partition;
	struct level_input is; /* inputs only; `end` is filled in by level_task_new() */
};

struct level_task;

/* Borrows conf, catalogue and core for its life.  NULL with err: RETRY when the
 * broker is away, FATAL when a topic is missing. */
struct level_task *level_task_new(const struct kafka_conf *conf, struct av_catalogue *catalogue,
    const struct level_core *core, const struct task_log *inputs, int inputs_n,
    const struct task_log *outputs, int outputs_n, struct err *err); /* owned */
void level_task_free(struct level_task *task);

enum task_result {
	TASK_IDLE,  /* nothing to do now */
	TASK_BUSY,  /* call again at once */
	TASK_OVER,  /* free it; make it anew if the partition is still ours */
	TASK_FATAL, /* cannot go on: err says why */
};

/* Reads at most some twenty thousand records, waiting timeout_ms for the first. */
enum task_result level_task_poll(struct level_task *task, int timeout_ms, struct err *err);

/* From now on nothing is read; what was folded is sent: before a daemon ends. */
void level_task_drain(struct level_task *task);
/* What was folded is sent and acknowledged, cuts too. */
bool level_task_settled(const struct level_task *task);
/* Everything that was there when last looked is folded, emitted, acknowledged. */
bool level_task_caught_up(const struct level_task *task);
/* Next offset of an input that was folded. */
int64_t level_task_position(const struct level_task *task, int input);
const struct level *level_task_level(const struct level_task *task);
uint64_t level_task_read(const struct level_task *task); /* records so far */
uint64_t level_task_sent(const struct level_task *task);

/* Claim and cut records in a catalogue's bytes: what level.h and share.h ask of
 * their ports. */
void carry_encode_claim(void *catalogue, const struct claim *claim, struct buf *value);
void carry_encode_cut(void *catalogue, const struct cut *cut, struct buf *value);
bool carry_decode_claim(void *catalogue, struct span value, struct claim *claim);
bool carry_decode_cut(void *catalogue, struct span value, struct cut *cut);

struct rec carry_rec(const struct krecord *rec); /* borrows */
struct id carry_run(void);                       /* drawn from the kernel */

#endif
