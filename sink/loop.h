/*
 * loop - sinkd: read, fold, write, all in one transaction a batch.
 *
 *	gained ──► store_load ──► seek ──► read ─► claims ─► batch ──► store_commit
 *	                ▲                                                  │
 *	                └────────── stale, unknown: everything again ◄─────┘
 *
 * The database says where we stand; Kafka's own offsets are for people to look
 * at.  A hole in the offsets behind the one that the database names means that
 * compaction ran while we were away: that partition is folded again from its
 * start, in one transaction, and what is no longer there is swept away.
 *
 * PostgreSQL away: the batch waits, nothing more is read, the group is polled.
 */
#ifndef OUTTURN_SINK_LOOP_H
#define OUTTURN_SINK_LOOP_H

#include "common/io/avro.h"
#include "common/io/kafka.h"

struct sink_conf {
	struct kafka_conf kafka;
	const char *prefix;
	const char *pguri;
	const char *group_id, *instance_id; /* instance_id NULL: dynamic membership */
	int32_t flush_after_ms;             /* write a partial batch after this long */
	int32_t commit_every_ms;            /* tell the group's offsets this often */
};

struct sink_counts {
	uint64_t records, commits, passed, undecodable, retries, reloads, resyncs;
	int64_t lag; /* records not yet written, when last looked */
	bool ready;  /* caught up at least once */
};

struct sink_loop;

struct sink_loop *sink_loop_new(const struct sink_conf *conf, struct av_catalogue *catalogue,
    struct err *err); /* owned, or NULL; borrows conf and catalogue */
void sink_loop_free(struct sink_loop *sk);

/* One round; 1: there was work, 0: idle, -1: ERR_RETRY (wait, call again) or
 * ERR_FATAL. */
int sink_loop_round(struct sink_loop *sk, struct err *err);
/* Writes what is in hand; bounded by wait_ms. */
int sink_loop_drain(struct sink_loop *sk, int wait_ms, struct err *err);
const struct sink_counts *sink_loop_counts(const struct sink_loop *sk);

#endif
