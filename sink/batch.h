/*
 * batch - what one transaction will write, folded and in key order.
 *
 * The loop hands over the records that count (common/claim.h tells which)
 * with the claims and doubts that change; a batch keeps, for each table, the
 * last row of every key as the tuple that PostgreSQL's binary formats want:
 *
 *	record ──rowmap──► tuple bytes ─┐   key ──► row      a later row of the same key
 *	                                ▼                    takes the place of the earlier
 *	        table   [ key | tuple ][ key | tuple ] ...   sealed: sorted by key
 *
 * A tuple's fields are (length, bytes), which COPY BINARY and the elements of
 * a binary array share: one form serves both ways of writing.
 *
 * Of reasons, which thousands of outcomes share, a batch keeps each set once,
 * under a hash of its text; outcomes name it.
 *
 * A batch covers one or more partitions, each a slot: where the database
 * stands now (expected) and where it will stand (next).
 *
 * What PostgreSQL could not store is mended, never refused: NUL and bytes that
 * are not UTF-8 become U+FFFD, dates outside the calendar become null.
 * sink_batch_mended() counts them: a poisoned record must not stop the stream.
 *
 * Pure: no clock, no I/O.  Records are copied: nothing is borrowed after the
 * call returns.  Not thread-safe.
 */
#ifndef OUTTURN_SINK_BATCH_H
#define OUTTURN_SINK_BATCH_H

#include "common/buf.h"
#include "common/record.h"
#include "common/topic.h"

/* In the order they are written; each has a stage in sql/stage.sql. */
enum sink_table {
	SINK_EVIDENCE,
	SINK_REJECT,
	SINK_LINK,
	SINK_PAIR,
	SINK_DECISION,
	SINK_REASONS,
	SINK_OUTCOME,
	SINK_CUT,
	SINK_CLAIM,
	SINK_DOUBT,
	SINK_TABLES
};

enum {
	SINK_SLOTS_MAX = 256,               /* partitions in one batch */
	SINK_BATCH_ROWS = 20000,            /* a full batch: commit it */
	SINK_BATCH_BYTES = 8 * 1024 * 1024, /* the same, by size */
};

struct sink_slot {
	char topic[TOPIC_NAME_MAX + 1]; /* without the prefix: "evidence", "linked" ... */
	int32_t partition;
	int64_t expected; /* what ops.offset must say for the batch to be written */
	int64_t next;     /* what it will say */
};

struct sink_batch;

struct sink_batch *sink_batch_new(void); /* owned */
void sink_batch_free(struct sink_batch *b);
void sink_batch_reset(struct sink_batch *b); /* no slots, no rows; memory is kept */

/* The slot of a partition, made at the first call (then with next = expected).
 * The topic is given without its prefix. */
uint32_t sink_batch_slot(struct sink_batch *b, const char *topic, int32_t partition,
    int64_t expected);
/* Every record below next_offset is in the batch or passed over; never goes back. */
void sink_batch_advance(struct sink_batch *b, uint32_t slot, int64_t next_offset);

/*
 * One record that counts.  NULL for the record is a tombstone: the row goes;
 * of evidence the content goes and a suppressed stub stays to be counted.
 */
void sink_batch_evidence(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct evidence *ev);
void sink_batch_rejected(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct rejected *rej);
void sink_batch_link(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln);
void sink_batch_pair(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln);
/* `de` is the decoded ln->decision; both NULL for a tombstone. */
void sink_batch_decision(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln, const struct decision *de);
void sink_batch_outcome(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct outcome *out);
/* The greatest of each part counts, here and in the database. */
void sink_batch_cut(struct sink_batch *b, uint32_t slot, struct span input,
    const struct cut *cut);

/* State of the fold that a restart needs. */
void sink_batch_claim(struct sink_batch *b, uint32_t slot, struct span stream, int64_t epoch,
    const struct id *run);
void sink_batch_doubt(struct sink_batch *b, uint32_t slot, struct span key, int64_t offset);
void sink_batch_answered(struct sink_batch *b, uint32_t slot, struct span key);

size_t sink_batch_rows(const struct sink_batch *b);
size_t sink_batch_bytes(const struct sink_batch *b);
bool sink_batch_full(const struct sink_batch *b);
bool sink_batch_idle(const struct sink_batch *b); /* no rows and no slot that moves */
uint64_t sink_batch_mended(const struct sink_batch *b);
uint32_t sink_batch_slots(const struct sink_batch *b);
const struct sink_slot *sink_batch_slot_at(const struct sink_batch *b, uint32_t slot);

/* --- for the store --- */

struct sink_row {
	uint64_t prefix; /* first 8 bytes of the key, big-endian: most comparisons end here */
	uint32_t at;     /* of the key in the table's bytes; the tuple follows it */
	uint32_t key_len, tuple_len;
	bool gone;
};

struct sink_rows {
	const struct sink_row *row;
	size_t n;
	size_t gone;          /* how many of them are deletions */
	const uint8_t *bytes; /* rows point in here */
};

/* Sorts each table by key.  Rows may still be added; then seal again. */
void sink_batch_seal(struct sink_batch *b);
struct sink_rows sink_batch_table(const struct sink_batch *b, enum sink_table table);

static inline struct span
sink_row_tuple(const struct sink_rows *rows, size_t i)
{
	const struct sink_row *r = &rows->row[i];

	return span_of(rows->bytes + r->at + r->key_len, r->tuple_len);
}

#endif
