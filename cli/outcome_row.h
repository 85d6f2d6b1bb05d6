/*
 * outcome_row - one outcome of the warehouse, by its id or the start of it, and who may
 * decide about it.
 */
#ifndef OUTTURN_CLI_OUTCOME_ROW_H
#define OUTTURN_CLI_OUTCOME_ROW_H

#include "cli/cli.h"
#include "common/record.h"

enum { OUTCOME_PREFIX_MIN = 6 }; /* hex digits */

struct outcome_row {
	struct outcome outcome; /* reasons, gaps, evidence and decisions are left empty */
	struct pg_rows *rows;   /* owned; texts borrow from it */
};

/* ERR_FATAL "not-found" where there is none, or several begin so. */
int outcome_row_find(struct pg *pg, const char *id, struct outcome_row *row, struct err *err);
void outcome_row_release(struct outcome_row *row);

/* Who may say so, NULL at the end: claimed, replied: the provider; paid: the commissioner; the
 * rest: a verifier or the commissioner.  As milestoned counts them. */
const char *const *decision_roles(struct span what);

/* "£750.00", by its currency. */
void outcome_row_price(const struct outcome_row *row, char *out, size_t size);

#endif
