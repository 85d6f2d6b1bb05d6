/*
 * shell_judge - one raw record's bytes in, the bytes of its evidence out.
 *
 *	bytes ─av_read─► raw_record ─ingest_record─► evidence ─av_write─► bytes
 *	                                   └─ reject ─seal─► rejected ──► bytes
 *
 * What the daemon does with a record, apart from Kafka: the command, the tests
 * and the benchmark call the same.  Longer than RAW_BYTES_MAX is not decoded
 * and not sealed.  Memory is bounded and reused.
 *
 * Borrows catalogue and terms.  Not thread-safe.
 */
#ifndef OUTTURN_INGEST_SHELL_JUDGE_H
#define OUTTURN_INGEST_SHELL_JUDGE_H

#include "common/io/avro.h"
#include "ingest/ingest.h"

struct judgement {
	enum evidence_what what;
	struct span evidence;    /* until the next judge_record() */
	struct span rejected;    /* ptr NULL unless it is a reject */
	date_t complete_through; /* DATE_NONE unless the record declares it */
};

struct judge;
struct judge *judge_new(struct av_catalogue *cat, const struct ingest_terms *terms); /* owned */
void judge_free(struct judge *j);

/* value.ptr NULL: a tombstone. */
void judge_record(struct judge *j, const struct raw_position *at, struct span value,
    struct judgement *out);

/* The payload of a reject as it was sent; false: it was not sealed, or not with this key. */
bool judge_unseal(const struct keyring *ring, const struct rejected *rejected, struct buf *out);

#endif
