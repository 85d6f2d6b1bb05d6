/*
 * level - makes an output topic agree with a function of the inputs.
 *
 * matchd and milestoned are this: fold the inputs, fold one's own output, and
 * emit the difference between what should stand there and what does.  Crash,
 * correction, late evidence, changed terms, a zombie's write: all of them end
 * up as "this key may be wrong", and there is one answer to that.
 *
 *	inputs ──fold──► core ──touched keys──┐
 *	                                      ▼
 *	own output ──► emitted: key → hash    want(key) ≠ emitted[key] ? send
 *	                    ▲                       │
 *	                    └── failed, answered ◄──┘    cuts, when all before is acked
 *
 * Life: FOLDING (own output and inputs to the ends seen at the start, nothing
 * is written) → CLAIMING (claim sent, its return awaited, and the inputs folded
 * as far as the cuts of former owners reach) → LIVE; DEAD when outbid, or when
 * somebody wrote under newer terms: the shell drops it and starts afresh.
 *
 * A cut is taken when no touched key is left, and sent when every record sent
 * before that is acknowledged; a failed delivery cancels it.
 *
 * Pure: the shell polls, hands in records and acknowledgements, and carries
 * out send().  protocol_sim.py in the design is the model of this file;
 * tests/property/prop_protocol.c plays histories against it.
 */
#ifndef OUTTURN_LEVEL_H
#define OUTTURN_LEVEL_H

#include "common/buf.h"
#include "common/claim.h"
#include "common/err.h"
#include "common/record.h"

enum {
	LEVEL_INPUTS_MAX = 8,
	LEVEL_OUTPUTS_MAX = 64,
	LEVEL_UNACKED_MAX = 65536, /* records of one output sent and not acknowledged */
};

struct level;

/* What the stage is, apart from the protocol. */
struct level_core {
	void *self;
	/* An input record that counts (never a claim or a cut). */
	void (*fold)(void *self, int input, const struct key *key, const struct rec *rec);
	/* A cut of an input has grown; what depends on it is touched. */
	void (*cut)(void *self, struct span input, const struct cut *cut);
	/* Recompute what changed; afterwards next_touched() drains the keys. */
	void (*settle)(void *self);
	bool (*next_touched)(void *self, struct key *key, int *output);
	/* The bytes that should stand under the key now; false: none. */
	bool (*want)(void *self, const struct key *key, struct buf *value);
	/* Where a key of ours belongs, for keys found in the output. */
	int (*output_of)(void *self, const struct key *key);
	/* How late the latest record folded since last asked was when it was written
	 * (patience.h): its own time less its raw record's.  NULL: never late. */
	int64_t (*late_ms)(void *self);
	/* What rows are made with besides the inputs (the keys that units are named by),
	 * as a hash: stands in every cut of ours.  0: nothing. */
	int64_t recipe;
};

struct level_port {
	void *self;
	/* 0, or -1 when there is no room now: the level tries again later. */
	int (*send)(void *self, int output, struct span key, struct span value, uint64_t tag);
	/* The claim and cut records' bytes, and back; called with `carrier`. */
	void *carrier;
	void (*encode_claim)(void *carrier, const struct claim *claim, struct buf *value);
	void (*encode_cut)(void *carrier, const struct cut *cut, struct buf *value);
	bool (*decode_claim)(void *carrier, struct span value, struct claim *claim);
	bool (*decode_cut)(void *carrier, struct span value, struct cut *cut);
};

struct level_input {
	const char *side;  /* name of the cut that says how far this is folded; NULL: none */
	bool claimed;      /* has claims and cuts: evidence, linked */
	bool by_topic;     /* evidence: a stream for each raw topic */
	bool terms;        /* this input's position is the level's terms offset */
	int64_t end;       /* its end offset at the start */
};

/* ends: of each output at the start.  run: unique to this level.  Copies all. */
struct level *level_new(const struct level_core *core, const struct level_port *port,
    const struct level_input *inputs, int inputs_n, const int64_t *output_ends, int outputs_n,
    const struct id *run, uint64_t seed); /* owned */
void level_free(struct level *lv);

/* Records in order for each log; position: where the reader stands after it
 * (also when compaction left nothing: rec NULL). */
void level_input_record(struct level *lv, int input, const struct rec *rec, int64_t position);
void level_output_record(struct level *lv, int output, const struct rec *rec, int64_t position);
/* tag as given to send(), in order for each output. */
void level_acked(struct level *lv, int output, uint64_t tag, bool durable);

/* Sends what is due, at most `budget` records; true if there may be more now. */
bool level_step(struct level *lv, int budget);

enum level_state { LEVEL_FOLDING, LEVEL_CLAIMING, LEVEL_LIVE, LEVEL_DEAD };
enum level_state level_state(const struct level *lv);
const char *level_why_dead(const struct level *lv);
int64_t level_terms(const struct level *lv);     /* for the header `terms` */
bool level_idle(const struct level *lv);         /* live, all sent, all acked, cuts out */
bool level_owes(const struct level *lv);         /* keys to answer or to send again: step */
size_t level_emitted_bytes(const struct level *lv);
uint64_t level_answers(const struct level *lv);  /* foreign records answered so far */

#endif
