/*
 * rowmap - a record that travels, as the tuple of its stage table.
 *
 *	field   [ length, 4 bytes big-endian | bytes in PostgreSQL's binary form ]   -1: null
 *	tuple   the fields of a table of sql/stage.sql, in its order
 *
 * JSON comes out as PostgreSQL prints jsonb (keys by length, then bytes; ": "
 * and ", "), so that a recomputation can compare text with text.
 *
 * What PostgreSQL cannot store is mended and counted: see batch.h.
 * Pure; appends to `out`, borrows nothing afterwards.
 */
#ifndef OUTTURN_SINK_ROWMAP_H
#define OUTTURN_SINK_ROWMAP_H

#include "common/buf.h"
#include "common/record.h"
#include "common/topic.h"

struct rowmap {
	struct buf *out;
	uint64_t mended; /* texts and dates that were changed to fit */
};

/* Fields of each tuple, as in sql/stage.sql. */
enum {
	ROWMAP_EVIDENCE = 23,
	ROWMAP_REJECT = 7,
	ROWMAP_LINK = 11,
	ROWMAP_PAIR = 7,
	ROWMAP_DECISION = 16,
	ROWMAP_REASONS = 2,
	ROWMAP_OUTCOME = 23,
	ROWMAP_CUT = 6,
	ROWMAP_CLAIM = 5,
	ROWMAP_DOUBT = 5,
};

/* NULL for a record: the tuple of a tombstone, key and flag only. */
void rowmap_evidence(struct rowmap *m, const struct key *key, int32_t partition,
    const struct evidence *ev);
void rowmap_reject(struct rowmap *m, const struct key *key, int32_t partition,
    const struct rejected *rej);
void rowmap_link(struct rowmap *m, const struct key *key, int32_t partition,
    const struct linked *ln);
void rowmap_pair(struct rowmap *m, const struct key *key, int32_t partition,
    const struct linked *ln);
void rowmap_decision(struct rowmap *m, const struct key *key, int32_t partition,
    const struct linked *ln, const struct decision *de);
void rowmap_reasons(struct rowmap *m, const struct id *reasons_id, struct span json);
/* reasons_id: of rowmap_reasons(); the outcome's own reasons are not looked at. */
void rowmap_outcome(struct rowmap *m, const struct key *key, int32_t partition,
    const struct outcome *out, const struct id *reasons_id);
void rowmap_cut(struct rowmap *m, struct span topic, int32_t partition, struct span input,
    const struct cut *cut);
void rowmap_claim(struct rowmap *m, struct span topic, int32_t partition, struct span stream,
    int64_t epoch, const struct id *run);
void rowmap_doubt(struct rowmap *m, struct span topic, int32_t partition, struct span key,
    int64_t offset, bool answered);

/* JSON in jsonb's own words, appended to out.  NUL and what is not UTF-8 become U+FFFD. */
void rowmap_json_attributes(struct buf *out, const struct av_array *attributes,
    uint64_t *mended);
void rowmap_json_reasons(struct buf *out, const struct av_array *reasons, uint64_t *mended);
void rowmap_json_gaps(struct buf *out, const struct av_array *gaps);
/* Appends the low `bytes` bytes of v, big-endian: the form of everything here. */
void rowmap_be(struct buf *out, uint64_t v, unsigned bytes);
/* Appends text, mended the same way. */
void rowmap_text(struct buf *out, struct span text, uint64_t *mended);
/* Millionths as a decimal without trailing zeros: 1500000 is 1.5. */
void rowmap_decimal(struct buf *out, int64_t millionths);

#endif
