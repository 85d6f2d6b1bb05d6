/*
 * claim - which records of a log count, when its writers may be zombies.
 *
 * One writer for each stream, by claim: an owner appends a claim with an epoch
 * greater than all before it; from there on only its run's records count.
 * What another run writes behind that claim is passed over and is in doubt
 * until the owner has answered it: compaction may have kept the intruder where
 * our own value stood.
 *
 *	offset   7        8        9        10       11
 *	       claim A  A writes claim B  A writes B answers
 *	       epoch 1    x=1    epoch 2    x=2      x=1
 *	                                  passed over
 *	                                  doubt: x@10 ───┘ gone
 *
 * While there is a doubt no cut holds (architecture.md, "One writer, by
 * claim").  A stream that nobody has claimed yet takes every record.
 *
 * Pure.  Streams: in evidence one for each raw topic, elsewhere one, "*".
 */
#ifndef OUTTURN_CLAIM_H
#define OUTTURN_CLAIM_H

#include "common/hash.h"
#include "common/topic.h"

/* A record of a log, as every reader sees it; borrows. */
struct rec {
	int64_t offset;
	int64_t time_ms;
	struct span key, value; /* value.ptr NULL: a tombstone */
	struct id run;          /* zero: not a daemon's */
	int64_t terms;          /* next terms offset its writer had folded; -1: not said */
};

enum claim_verdict {
	CLAIM_COUNTS,     /* fold it */
	CLAIM_PASSED,     /* not the holder's: passed over, in doubt */
	CLAIM_TAKEN,      /* a claim, and it took the stream */
	CLAIM_OUTBID,     /* a claim that came too late */
};

struct claim_stream {
	struct id run;
	int64_t epoch;
};

struct claims {
	bool by_topic;            /* evidence: the stream is the key's raw topic */
	struct strmap streams;    /* name -> index of held */
	struct claim_stream *held;
	uint32_t held_n;
	struct strmap doubts;     /* key -> offset + 1 of the record passed over */
};

void claims_init(struct claims *c, bool by_topic);
void claims_release(struct claims *c);

/* Whose stream a key is of. */
struct span claims_stream_of(const struct claims *c, const struct key *key);

/* Takes the next record of the log; epoch: of a claim record, else unused. */
enum claim_verdict claims_apply(struct claims *c, const struct key *key, const struct rec *rec,
    int64_t epoch);

/* The holder of a stream; zero run and epoch 0 where nobody has claimed. */
struct claim_stream claims_holder(const struct claims *c, struct span stream);
bool claims_doubtful(const struct claims *c); /* any record unanswered */
/* The lowest offset still in doubt, or `position` if that is lower. */
int64_t claims_low(const struct claims *c, int64_t position);

/* Restores what was stored (sinkd). */
void claims_restore(struct claims *c, struct span stream, int64_t epoch, const struct id *run);
void claims_restore_doubt(struct claims *c, struct span key, int64_t offset);

#endif
