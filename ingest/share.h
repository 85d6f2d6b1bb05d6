/*
 * share - one raw topic's share of `evidence`, and its one owner.
 *
 * For every raw offset exactly one evidence record should stand, a function of
 * the raw record, the terms and the erasures.  The share knows what stands
 * there (a hash for each offset) and sends only what differs, so reading raw
 * again (after a restart, changed terms, an erasure, a failed delivery, an
 * intruder's write) is always the same and always safe:
 *
 *	raw        base        next          top
 *	            ├─ looked at ┤─ again ────┤─ not read yet ...
 *	cut                          covers up to next - 1 once all is acknowledged,
 *	                             and never goes back
 *
 * Below base raw has expired (or its topic was made anew): evidence is taken as
 * given there, but for erasures, which reach it as stubs.
 *
 * A reject also puts its sealed payload into `rejected`; the cut waits for both.
 * That log is folded as well, so that it shows a payload for exactly the rejects
 * that evidence shows, whoever was killed between the two:
 *
 *	evidence    reject   reject    version    stub
 *	rejected    payload    -       payload   payload
 *	              ok     again      again    again; of expired raw: taken away
 *
 * Evidence of offsets that raw has not reached waits until raw has been read to
 * its end; what raw has no record for then is taken away.  Far ahead of raw
 * nothing is remembered, so that an offset somebody made up costs no memory.
 *
 * `rejected` has no claims: what another run writes there while we are live is
 * looked at again, like a failed delivery.
 *
 * Pure: the shell reads, calls, carries out send() and seek().  Life is that of
 * common/level.h: FOLDING own evidence, CLAIMING, LIVE, DEAD.
 * State: 8 bytes for each raw offset, and some 60 for each reject.
 */
#ifndef OUTTURN_INGEST_SHARE_H
#define OUTTURN_INGEST_SHARE_H

#include "common/level.h"

enum share_log { SHARE_EVIDENCE, SHARE_REJECTED, SHARE_LOGS };

/* What should stand for one raw record.  Spans live until the next compute(). */
struct share_result {
	struct span evidence;
	struct span rejected;    /* ptr NULL unless it is a reject */
	date_t complete_through; /* DATE_NONE unless the record declares it */
};

struct share_port {
	void *self;
	int (*send)(void *self, enum share_log log, struct span key, struct span value,
	    uint64_t tag);
	/* The next raw record to hand in is the one at `offset`, or after it. */
	void (*seek)(void *self, int64_t offset);
	void (*compute)(void *self, const struct rec *raw, struct share_result *result);
	/* Does this evidence still show a record that was erased since? */
	bool (*erased)(void *self, struct span evidence);
	bool (*rejects)(void *self, struct span evidence); /* is it a reject? */
	/* The content-free stub that takes such a record's place when raw no longer
	 * holds it.  NULL, or false: a tombstone does, which compaction forgets. */
	bool (*stub)(void *self, struct span evidence, struct buf *stub);
	/* The claim and cut records' bytes, and back; called with `carrier`. */
	void *carrier;
	void (*encode_claim)(void *carrier, const struct claim *claim, struct buf *value);
	void (*encode_cut)(void *carrier, const struct cut *cut, struct buf *value);
	bool (*decode_claim)(void *carrier, struct span value, struct claim *claim);
	bool (*decode_cut)(void *carrier, struct span value, struct cut *cut);
};

struct share;

/* topic: raw topic without prefix; epoch: the topic's; raw_low, raw_end: its
 * first and its next offset; ends: of the logs now. */
struct share *share_new(const struct share_port *port, struct span topic, int32_t epoch,
    int64_t raw_low, int64_t raw_end, const int64_t ends[SHARE_LOGS], const struct id *run, uint64_t seed); /* owned */
void share_free(struct share *sh);
/* What compute() goes by besides terms, as a hash (ingest_recipe()); before the first record.  A cut
 * that was taken by another one is not resumed from: raw is read again from its start. */
void share_recipe(struct share *sh, int64_t recipe);

/* terms_next: next terms offset folded; read_at: offset of the newest terms
 * record that changes what compute() gives (-1: none).  Reads raw again if
 * what stands was decided under older ones. */
void share_terms(struct share *sh, int64_t terms_next, int64_t read_at);
/* An erasure arrived: raw is looked at again.  DEAD where evidence of expired
 * raw was seen: only reading evidence again says whose it is. */
void share_erasure(struct share *sh);

/* The next record of a log; position: where the reader stands after it (also
 * when compaction left nothing: rec NULL). */
void share_log_record(struct share *sh, enum share_log log, const struct rec *rec,
    int64_t position);
bool share_room(const struct share *sh); /* may a raw record be handed in now? */
void share_raw_record(struct share *sh, const struct rec *rec);
void share_acked(struct share *sh, enum share_log log, uint64_t tag, bool durable);

/* idle: raw has been read to its end: a cut is due. */
void share_step(struct share *sh, bool idle);

enum level_state share_state(const struct share *sh);
const char *share_why_dead(const struct share *sh);
bool share_idle(const struct share *sh); /* live, everything acknowledged, the cut is out */
int64_t share_next(const struct share *sh); /* raw offset that is due */
int64_t share_cut_offset(const struct share *sh); /* covered by the cut sent last */
int64_t share_terms_next(const struct share *sh);
uint64_t share_made_up(const struct share *sh); /* records taken away that raw has nothing for */

#endif
