/*
 * postcodes - which ward and which decile of deprivation a postcode lies in.
 *
 * The operator supplies the table (ONS Postcode Directory joined with the
 * English Indices, as a CSV); wards move, so rows have days.  A small invented
 * one is shipped for the demo.
 *
 *	postcode,ward,decile,from,until
 *	B1 1AA,E05099001,3,2018-05-01,
 *
 * An agency's purpose decides whether the answer is used at all.  Read-only
 * once parsed.
 */
#ifndef OUTTURN_INGEST_POSTCODES_H
#define OUTTURN_INGEST_POSTCODES_H

#include "common/arena.h"
#include "common/err.h"
#include "common/hash.h"
#include "ingest/validate.h"

enum { POSTCODE_ROWS_MAX = 4 * 1000 * 1000 };

struct postcodes;

/* Owned, or NULL: ERR_FATAL names the line. */
struct postcodes *postcodes_parse(struct span csv, struct err *err);
void postcodes_free(struct postcodes *table);

/* false: not in the table on that day.  ward borrows from the table. */
bool postcodes_find(const struct postcodes *table, const struct postcode *postcode, date_t on,
    struct span *ward, int32_t *decile);

#endif
