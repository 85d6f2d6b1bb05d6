/*
 * loop - ingestd: owns raw topics, keeps one evidence record for each of their
 * records.
 *
 *	terms ──► book ──► rules ─────┐
 *	suppressed ──► erased ids ────┤
 *	                              ▼
 *	group gained raw.x ──► share: own records ─► claim ─► raw ─► judge ─► send
 *	                         ▲                              ▲               │
 *	                         │     acknowledgements ────────┼───────────────┘
 *	                         └─ over: made anew             └─ seek: look again
 *
 * Terms and erasures are read once for all shares, to the ends seen at the
 * start before the first share is opened, so that no share emits under terms
 * that have been superseded already.  A page with mistakes leaves the last
 * rules in force that were right, and is logged line by line and counted until
 * it is mended.
 *
 * Whatever goes wrong with a share (outbid, newer terms, a writer that Kafka
 * gave up on, overtaken by compaction) ends in the same way: it is freed and,
 * if its topic is still ours, made anew.
 *
 * Not thread-safe: owned by the thread that calls ingest_loop_round().
 */
#ifndef OUTTURN_INGEST_LOOP_H
#define OUTTURN_INGEST_LOOP_H

#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "ingest/frequency.h"
#include "ingest/keys.h"
#include "ingest/postcodes.h"
#include "ingest/tokens.h"

struct ingest_conf {
	struct kafka_conf kafka;
	const char *prefix;
	const char *group_id, *instance_id; /* instance_id NULL: dynamic membership */
	const char *trust_path;
	int32_t commit_every_ms;
	const struct keyring *ring;
	const struct keyring *next; /* the later of two live epochs; NULL: one is live */
	const struct frequency *frequency;
	const struct postcodes *postcodes; /* NULL: none */
	struct token_settings tokens;
};

struct ingest_counts {
	uint64_t raw, versions, rejects, stubs, completes; /* judged, again included */
	uint64_t sent, restarts;
	uint64_t made_up;      /* evidence taken away of offsets that raw has not reached */
	uint64_t terms_refused;
	uint32_t mistakes;     /* in published terms, now */
	uint32_t erased;       /* events that are never to be used again */
	uint32_t topics_missing;
	int owned;
	int64_t lag;           /* raw records of ours not covered by a cut */
	int64_t terms_next;
	bool caught_up;        /* every owned share; false while none is owned */
};

struct ingest_loop;

/* Borrows conf and catalogue for its life.  Owned, or NULL. */
struct ingest_loop *ingest_loop_new(const struct ingest_conf *conf,
    struct av_catalogue *catalogue, struct err *err);
void ingest_loop_free(struct ingest_loop *lp);

/* 1: there was work, 0: idle, -1: ERR_RETRY (wait, call again) or ERR_FATAL. */
int ingest_loop_round(struct ingest_loop *lp, struct err *err);
/* Until what was sent is acknowledged and covered, at most wait_ms. */
void ingest_loop_drain(struct ingest_loop *lp, int wait_ms);
struct ingest_counts ingest_loop_counts(const struct ingest_loop *lp);

#endif
