/*
 * store - the warehouse, as the sink's loop sees it.
 *
 * One promise: rows and offsets move in one transaction, and only from the
 * offsets that the caller read.  Whoever holds older offsets (a sinkd that was
 * replaced, a commit repeated after its answer was lost) writes nothing.
 *
 *	store_load ──► offset, claims, doubts ──► seek Kafka ──► batch ──► store_commit
 *	     ▲                                                                 │
 *	     └──────────────── STORE_STALE, STORE_UNKNOWN ─────────────────────┘
 *
 * No PostgreSQL type appears here, so that a simulated store can be linked in
 * its place.  shell_store.c is the real one.  Not thread-safe.
 */
#ifndef OUTTURN_SINK_STORE_H
#define OUTTURN_SINK_STORE_H

#include "common/err.h"
#include "sink/batch.h"

enum store_result {
	STORE_DONE,    /* committed: it is in the database */
	STORE_STALE,   /* somebody moved an offset: nothing written; store_load and seek */
	STORE_UNKNOWN, /* connection lost while committing: store_load says what happened */
	STORE_RETRY,   /* nothing written, the server is away or busy: back off, same call again */
	STORE_FATAL,   /* cannot go on: err says why */
};

struct store;

/*
 * Connects and compares the schema with what this program was built with.
 * NULL with ERR_RETRY: the server is away.  NULL with ERR_FATAL: the schema is
 * older, newer or changed, or the login may not write.  Owned.
 */
struct store *store_open(const char *pguri, struct err *err);
void store_close(struct store *st);

/* What a partition's fold needs to resume.  Spans live during the call only. */
struct store_fold {
	int64_t next_offset; /* 0 where nothing was written yet */
	int64_t since_ms;    /* when this fold began (first load, or last resync) */
	int64_t moved_ms;    /* when next_offset last moved */
};
struct store_reader {
	void *arg;
	void (*claim)(void *arg, struct span stream, int64_t epoch, const struct id *run);
	void (*doubt)(void *arg, struct span key, int64_t offset, int64_t since_ms);
};

/* Reads one partition's state; makes its offset row at the first time.
 * Reconnects if the connection was lost.  Never STALE or UNKNOWN. */
enum store_result store_load(struct store *st, const char *topic, int32_t partition,
    const struct store_reader *reader, struct store_fold *fold, struct err *err);

/* Writes the batch (seals it) in one transaction.  Reconnects if need be. */
enum store_result store_commit(struct store *st, struct sink_batch *b, struct err *err);

/*
 * Resync: the partition is folded again from its start, and whatever is not
 * seen is swept away, in one transaction; history keeps what was believed.
 *
 *	store_resync_begin   CAS on the expected offset, holds the offset row
 *	store_resync_add     as often as it takes: batches of this partition only
 *	store_resync_end     applies the last row of each key, sweeps, commits
 *
 * Any result but STORE_DONE ends the resync with nothing written (UNKNOWN: of
 * store_resync_end only).
 */
enum store_result store_resync_begin(struct store *st, const char *topic, int32_t partition,
    int64_t expected, struct err *err);
enum store_result store_resync_add(struct store *st, struct sink_batch *b, struct err *err);
enum store_result store_resync_end(struct store *st, int64_t next_offset, struct err *err);
void store_resync_abort(struct store *st);

#endif
