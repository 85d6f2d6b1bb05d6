/*
 * dump - current facts as the lines of sql/dump.sql, from records.
 *
 * A recomputation prints these, sorts them bytewise, and compares them with
 * what the database prints: the same facts give the same bytes.  Each function
 * appends one line with its newline.
 *
 * Texts are mended as the sink mends them (batch.h).  Pure.
 */
#ifndef OUTTURN_SINK_DUMP_H
#define OUTTURN_SINK_DUMP_H

#include "common/buf.h"
#include "common/record.h"

void dump_event(struct buf *out, const struct evidence *ev);   /* a version that counts */
void dump_reject(struct buf *out, const struct evidence *ev);  /* distinct lines only */
void dump_complete(struct buf *out, struct span organisation, date_t through); /* one a topic */
void dump_link(struct buf *out, const struct linked *ln);
void dump_pair(struct buf *out, const struct linked *ln);
void dump_decision(struct buf *out, const struct id *unit, const struct id *decision,
    struct span signed_record);
void dump_outcome(struct buf *out, const struct outcome *o);

#endif
