/*
 * What compaction may take from a reader, and why a level may trust what it has
 * folded all the same.  While a value, or an intruder's record that is in doubt,
 * is read at d, its end stands further on: a newer value, the owner's answer, or a
 * tombstone at a.
 *
 *	          d            a        end             ...
 *	[..][..] [v] [..] . . [ ] .  . |[..][..][..]|
 *	 holes are old: a tombstone     no hole can be: whoever sees one
 *	 outlives what it takes away    was overtaken
 *	 by TASK_FOLD_MS and more
 *
 * A newer value is compacted away by a newer one yet, so something always comes.  A
 * tombstone goes too, but only delete.retention.ms after what it takes away went;
 * since d was read then, reading from d to a would have to take as long.  So a
 * task starts afresh when its first fold takes half of that, and when it finds a
 * hole behind the end that it saw at its start.  Then no doubt is left whose answer
 * is gone, and no row that was taken away.
 */
#include "common/io/level_task.h"

#include <sys/random.h>
#include <time.h>

#include "common/io/log.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/patience.h"

enum {
	TASK_ASK_MS = 10000,      /* a broker may take this long to say where a log ends */
	TASK_READ_MAX = 20000,    /* records of one round: what changes within it is sent once */
	TASK_STEP_BUDGET = 20000, /* keys looked at in one round */
	TASK_FOLD_MS = 12 * 3600 * 1000, /* half of Kafka's delete.retention.ms, as in the sink */
	TASK_ACK_MS = 5,          /* for an acknowledgement, when there is nothing else to do */
};

struct log_at {
	struct level_task *task;
	char *topic; /* owned */
	int32_t partition;
	bool output;
	int index;
	int64_t next; /* where the reader stands */
	int64_t end;  /* at the start: gaps below it are old compaction */
};

struct level_task {
	struct av_catalogue *catalogue;
	struct level *level;
	struct level_core core;
	struct patience patience;
	struct kreader *reader;
	struct kwriter *writer;
	struct id run;
	struct log_at *logs; /* inputs, then outputs */
	int inputs_n, logs_n;
	bool over, caught_up;
	bool waits;    /* what was folded waits for more (patience.h) */
	bool more;     /* keys are left to send */
	bool draining; /* nothing is read any more */
	int64_t began_ms; /* by the wall: a machine that sleeps grows older too */
	uint64_t read, sent;
};

/* --- what ports need */

void
carry_encode_claim(void *catalogue, const struct claim *claim, struct buf *value)
{
	av_write(catalogue, &claim_binding, claim, value);
}

void
carry_encode_cut(void *catalogue, const struct cut *cut, struct buf *value)
{
	av_write(catalogue, &cut_binding, cut, value);
}

bool
carry_decode_claim(void *catalogue, struct span value, struct claim *claim)
{
	struct err err;

	return av_read(catalogue, &claim_binding, value, claim, NULL, &err) == 0;
}

bool
carry_decode_cut(void *catalogue, struct span value, struct cut *cut)
{
	struct err err;

	return av_read(catalogue, &cut_binding, value, cut, NULL, &err) == 0;
}

struct rec
carry_rec(const struct krecord *rec)
{
	struct rec out = { .offset = rec->offset, .time_ms = rec->time_ms, .key = rec->key,
		.value = rec->value, .terms = rec->terms };

	if (rec->has_run)
		out.run = rec->run;
	return out;
}

struct id
carry_run(void)
{
	struct id run;

	MUST(getrandom(run.b, sizeof(run.b), 0) == (ssize_t)sizeof(run.b));
	return run;
}

static int64_t
clock_ms(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
port_send(void *self, int output, struct span key, struct span value, uint64_t tag)
{
	struct level_task *t = self;
	struct log_at *at = &t->logs[t->inputs_n + output];
	struct err err;

	if (t->over)
		return -1;
	if (kwriter_send(t->writer, at->topic, at->partition, key, value, &t->run,
		level_terms(t->level), at, tag, &err)) {
		if (err.class == ERR_RETRY)
			return -1;
		log_event(LOG_ERROR, "send-failed", LOG_STR(topic, at->topic), LOG_ERR(&err));
		t->over = true;
		return -1;
	}
	t->sent++;
	return 0;
}

static void
on_ack(void *owner, uint64_t tag, int64_t offset, const struct err *err)
{
	struct log_at *at = owner;

	(void)offset;
	if (err && err->class == ERR_FATAL)
		at->task->over = true;
	level_acked(at->task->level, at->index, tag, err == NULL);
}

/* --- life */

static int
open_logs(struct level_task *t, const struct task_log *logs, int n, bool output, struct err *err)
{
	for (int i = 0; i < n; i++) {
		struct log_at *at = &t->logs[t->logs_n];
		int64_t low = 0, high = 0;

		*at = (struct log_at){ .task = t, .topic = mem_strdup(logs[i].topic),
			.partition = logs[i].partition, .output = output, .index = i };
		t->logs_n++;
		if (kreader_watermarks(t->reader, at->topic, at->partition, &low, &high,
			TASK_ASK_MS, err))
			return -1;
		at->end = high;
		at->next = low;
	}
	return 0;
}

static int
start_reading(struct level_task *t, struct err *err)
{
	for (int i = 0; i < t->logs_n; i++) {
		struct log_at *at = &t->logs[i];

		if (kreader_add(t->reader, at->topic, at->partition, at->next, at, err))
			return -1;
	}
	return 0;
}

struct level_task *
level_task_new(const struct kafka_conf *conf, struct av_catalogue *catalogue,
    const struct level_core *core, const struct task_log *inputs, int inputs_n,
    const struct task_log *outputs, int outputs_n, struct err *err)
{
	struct level_task *t = mem_zalloc(1, sizeof(*t));
	struct level_input is[LEVEL_INPUTS_MAX];
	int64_t ends[LEVEL_OUTPUTS_MAX];
	struct level_port port = { .self = t, .send = port_send, .carrier = catalogue,
		.encode_claim = carry_encode_claim, .encode_cut = carry_encode_cut,
		.decode_claim = carry_decode_claim, .decode_cut = carry_decode_cut };
	uint64_t seed;

	MUST(inputs_n <= LEVEL_INPUTS_MAX && outputs_n <= LEVEL_OUTPUTS_MAX);
	t->catalogue = catalogue;
	t->core = *core;
	t->began_ms = clock_ms(CLOCK_REALTIME);
	t->run = carry_run();
	memcpy(&seed, t->run.b, sizeof(seed));
	t->inputs_n = inputs_n;
	t->logs = mem_zalloc((size_t)(inputs_n + outputs_n), sizeof(*t->logs));
	t->reader = kreader_new(conf, err);
	if (!t->reader)
		goto fail;
	t->writer = kwriter_new(conf, on_ack, err);
	if (!t->writer || open_logs(t, inputs, inputs_n, false, err)
	    || open_logs(t, outputs, outputs_n, true, err) || start_reading(t, err))
		goto fail;
	for (int i = 0; i < inputs_n; i++) {
		is[i] = inputs[i].is;
		is[i].end = t->logs[i].end;
	}
	for (int o = 0; o < outputs_n; o++)
		ends[o] = t->logs[inputs_n + o].end;
	t->level = level_new(core, &port, is, inputs_n, ends, outputs_n, &t->run, seed);
	return t;
fail:
	level_task_free(t);
	return NULL;
}

void
level_task_free(struct level_task *t)
{
	if (!t)
		return;
	kwriter_free(t->writer); /* answers what is in flight to the level */
	level_free(t->level);
	kreader_free(t->reader);
	for (int i = 0; i < t->logs_n; i++)
		mem_free(t->logs[i].topic);
	mem_free(t->logs);
	mem_free(t);
}

/* --- the round */

static void
hand_in(struct level_task *t, struct log_at *at, const struct rec *rec, int64_t position)
{
	if (at->output)
		level_output_record(t->level, at->index, rec, position);
	else
		level_input_record(t->level, at->index, rec, position);
	at->next = position;
}

/* A hole behind the end that we saw at the start: compaction ran between our reads. */
static bool
overtaken(struct level_task *t, const struct log_at *at, int64_t offset)
{
	if (offset <= at->next || at->next < at->end)
		return false;
	log_event(LOG_WARN, "overtaken-by-compaction", LOG_STR(topic, at->topic),
	    LOG_INT(partition, at->partition), LOG_INT(offset, at->next));
	t->over = true;
	return true;
}

/* Where compaction left nothing at a log's end, the position moves all the same. */
static void
hand_in_positions(struct level_task *t)
{
	for (int i = 0; i < t->logs_n; i++) {
		struct log_at *at = &t->logs[i];
		int64_t position = kreader_position(t->reader, at->topic, at->partition);

		if (overtaken(t, at, position))
			return;
		if (position > at->next)
			hand_in(t, at, NULL, position);
	}
}

static int
take(struct level_task *t, const struct krecord *krec)
{
	struct log_at *at = krec->opaque;
	struct rec rec = carry_rec(krec);

	if (overtaken(t, at, krec->offset))
		return -1;
	hand_in(t, at, &rec, krec->offset + 1);
	t->read++;
	return 0;
}

static enum task_result
failed(struct level_task *t, struct err *err, const char *event)
{
	if (strcmp(err->code, "kafka-out-of-range") == 0
	    || strcmp(err->code, "kafka-writer-lost") == 0) {
		log_event(LOG_WARN, event, LOG_ERR(err));
		t->over = true;
		return TASK_OVER;
	}
	return err->class == ERR_RETRY ? TASK_IDLE : TASK_FATAL;
}

/* How many were taken; *got: what the last poll said, 0 when there is no more. */
static int
read_some(struct level_task *t, int timeout_ms, int *got, struct err *err)
{
	struct krecord krec;
	int n = 0;

	*got = 1;
	for (; n < TASK_READ_MAX && !t->over; n++) {
		*got = kreader_poll(t->reader, n ? 0 : timeout_ms, &krec, err);
		if (*got <= 0 || take(t, &krec))
			break;
	}
	if (*got == 0)
		hand_in_positions(t);
	return n;
}

/* What is behind may wait for more; what is owed to others may not.  Nothing more is read
 * while keys are left to send: what changed in one go is said in one go. */
static void
step(struct level_task *t, int read)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC), late = t->core.late_ms ? t->core.late_ms(t->core.self) : 0;

	patience_folded(&t->patience, (uint32_t)read, late, now);
	t->waits = !t->more && !t->draining && level_state(t->level) == LEVEL_LIVE
	    && !level_owes(t->level) && patience_waits(&t->patience, now);
	if (t->waits)
		return;
	t->more = level_step(t->level, TASK_STEP_BUDGET);
	if (!t->more)
		patience_sent(&t->patience);
}

/* The first fold: what it began with may have been taken away unseen. */
static bool
fold_is_old(struct level_task *t)
{
	int64_t took_ms = clock_ms(CLOCK_REALTIME) - t->began_ms;

	if (level_state(t->level) != LEVEL_FOLDING || took_ms < TASK_FOLD_MS)
		return false;
	log_event(LOG_WARN, "fold-too-slow", LOG_STR(topic, t->logs[0].topic),
	    LOG_INT(partition, t->logs[0].partition), LOG_INT(duration_ms, took_ms));
	t->over = true;
	return true;
}

enum task_result
level_task_poll(struct level_task *t, int timeout_ms, struct err *err)
{
	bool reads = !t->more && !t->draining;
	uint64_t sent = t->sent;
	int n = 0, got = 0;

	if (reads)
		n = read_some(t, timeout_ms, &got, err);
	if (got < 0 && failed(t, err, "reader-lost") == TASK_FATAL)
		return TASK_FATAL;
	if (!t->over && !fold_is_old(t))
		step(t, n);
	/* No room: only an acknowledgement makes some. */
	timeout_ms = t->draining || (t->more && t->sent == sent) ? TASK_ACK_MS : 0;
	if (!t->over && kwriter_poll(t->writer, timeout_ms, err)
	    && failed(t, err, "writer-lost") == TASK_FATAL)
		return TASK_FATAL;
	if (level_state(t->level) == LEVEL_DEAD) {
		log_event(LOG_WARN, "level-over", LOG_STR(topic, t->logs[t->inputs_n].topic),
		    LOG_INT(partition, t->logs[t->inputs_n].partition),
		    LOG_STR(reason, level_why_dead(t->level)));
		t->over = true;
	}
	if (t->over)
		return TASK_OVER;
	t->caught_up = reads && got == 0 && n == 0 && level_task_settled(t);
	return n > 0 || t->more ? TASK_BUSY : TASK_IDLE;
}

void
level_task_drain(struct level_task *t)
{
	t->draining = true;
}

bool
level_task_settled(const struct level_task *t)
{
	return !t->more && !t->waits && level_idle(t->level);
}

bool
level_task_caught_up(const struct level_task *t)
{
	return t->caught_up;
}

int64_t
level_task_position(const struct level_task *t, int input)
{
	MUST(input < t->inputs_n);
	return t->logs[input].next;
}

const struct level *
level_task_level(const struct level_task *t)
{
	return t->level;
}

uint64_t
level_task_read(const struct level_task *t)
{
	return t->read;
}

uint64_t
level_task_sent(const struct level_task *t)
{
	return t->sent;
}
