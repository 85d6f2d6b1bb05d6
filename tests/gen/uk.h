/*
 * uk - a population that never was, as several agencies register it.
 *
 *	seed, number ─► household ─► people ─► lives ──────────► records
 *	                 singles,     names,    moves, marriage,  each as its agency
 *	                 families,    births,   a hostel, death   writes: stale, slips,
 *	                 shared       numbers                     spelt as heard, missing
 *
 * For linking, not for outcomes (that is gen.h): one record is one registration,
 * as bench/link_eval.c reads it.  The truth travels beside it.  What families do
 * to a linker is in: twins, a son with his father's name, wives who change theirs,
 * three generations under one roof, a mother's NHS number on her child's record,
 * strangers who live at an address after others, a hostel that hundreds give.
 *
 * Household i of a seed is the same whatever the number of records; the number of
 * addresses grows with it.  No clock, no locale, no floating point.
 *
 * Nobody's data: names are ordinary, and put together at random; postcodes are of
 * areas that do not exist (Q, V and X begin none), numbers of ranges that nobody
 * is given (people.c).
 */
#ifndef OUTTURN_TESTS_GEN_UK_H
#define OUTTURN_TESTS_GEN_UK_H

#include "common/date.h"
#include "tests/gen/population.h"

enum { UK_TEXT = 128, UK_RECORDS_MAX = 2500000 };

struct uk_record {
	const char *source, *origin;         /* of the population file */
	const char *age, *mobility;          /* "0-15" ..., "settled", "moved", "mobile" */
	uint32_t person;                     /* the truth */
	date_t on;
	char forename[UK_TEXT], surname[UK_TEXT], sex[4], dob[DATE_TEXT];
	char line1[UK_TEXT], line2[UK_TEXT], town[UK_TEXT], postcode[12], uprn[16];
	char nhs_number[12], nino[12], upn[16], uln[12], local_id[16];
};

struct uk_totals {
	uint64_t records, people, households, twins, namesakes, married, hostel, nhs_of_other;
};

/* `record` is only valid during the call. */
typedef void uk_record_fn(void *arg, const struct uk_record *record);
/* -1: records is 0 or above UK_RECORDS_MAX. */
int uk_run(const struct population *p, uint64_t seed, uint32_t records, uk_record_fn *fn, void *arg,
    struct uk_totals *totals);

#endif
