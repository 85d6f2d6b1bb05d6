/*
 * settle_in - what settle.c, settle_cohort.c and settle_split.c share.
 *
 * Internal to settle().
 */
#ifndef OUTTURN_SETTLE_IN_H
#define OUTTURN_SETTLE_IN_H

#include "transform/milestone/calendar.h"
#include "transform/milestone/settle.h"

enum { SETTLE_MILLION = 1000000, SETTLE_HUNDRED = 100 * 1000000 };

/* One thing that is owed: an outcome of a unit, or a payment for the cohort. */
struct claimable {
	struct id id, unit;
	struct span part, also; /* also: as in its row, on that day */
	const struct outcome_terms *terms;
	int64_t earned_minor, payable_minor, held_minor;
	date_t achieved;
	int32_t ordinal;
	uint32_t at;            /* index into the outcomes of the version that settles */
	int32_t cut_by;         /* index of its caps; -1: none */
	bool cohort;
	int64_t by_payer[SETTLE_PAYERS_MAX];
};

struct settling {
	const struct contract *contract;
	const struct version_terms *terms; /* in force on the last day */
	const struct settle_row *rows;
	size_t rows_n;
	const struct settle_facts *facts;
	struct arena *arena;
	struct settlement *out;
	uint32_t *at;           /* [version * RULES_OUTCOMES_MAX + terms_at] → index in `terms` */
	bool last;              /* of the two days, the period's last: measures are shown */
};

#define SETTLE_NOWHERE UINT32_MAX

/* Index of the row's outcome in the terms that settle; SETTLE_NOWHERE: not there any more. */
uint32_t row_at(const struct settling *s, const struct settle_row *row);
bool row_counts(const struct settling *s, const struct settle_row *row, date_t day);

/* Payments for the cohort as they stand on `day`; at most `room`. */
uint32_t cohort_claims(struct settling *s, date_t day, struct claimable *out, uint32_t room);
uint32_t cohort_claims_most(const struct settling *s, date_t day);

/* First day of the n-th contract month, quarter or year from `start`. */
date_t contract_period(date_t start, int32_t every, int32_t n);
int32_t contract_period_of(date_t start, int32_t every, date_t day);

/* Shares of an amount in whole units by largest remainder. */
void split(int64_t amount, const struct yaml_list *payers, enum remainder ties,
    int64_t out[SETTLE_PAYERS_MAX]);

#endif
