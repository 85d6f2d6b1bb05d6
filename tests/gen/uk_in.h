/*
 * uk_in - what uk.c and scribe.c share: a household and how it is written down.
 */
#ifndef OUTTURN_TESTS_GEN_UK_IN_H
#define OUTTURN_TESTS_GEN_UK_IN_H

#include "tests/gen/gen.h"
#include "tests/gen/uk.h"

#define UK_FROM 14610   /* 2010-01-01 */
#define UK_MIDDLE 17349 /* 2017-07-02 */
#define UK_UNTIL 20089  /* 2025-01-01 */
#define UK_HOSTEL UINT32_C(0x80000000)
enum { UK_DAYS = 20089 - 14610, UK_YEARS = 15, HOUSEHOLD_MAX = 16, HOMES_MAX = 8 };

struct stay {
	date_t from;
	uint32_t home; /* number of the address; UK_HOSTEL set: of the hostel */
};

struct uk_person {
	uint32_t id;
	const struct pop_origin *origin;
	const struct pop_name *called; /* NULL: the forename is put together */
	bool female;
	char forename[POP_TEXT], second[POP_TEXT], surname[POP_TEXT], married_surname[POP_TEXT];
	date_t dob, married, died; /* DATE_NONE: not */
	struct stay home[HOMES_MAX];
	uint32_t homes;
	char nhs_number[12], nino[12], upn[16], uln[12];
};

struct household {
	struct gen_rng rng;
	const struct pop_origin *origin;
	struct stay home[HOMES_MAX];
	uint32_t homes;
	struct uk_person person[HOUSEHOLD_MAX];
	uint32_t n;
};

struct uk_world {
	const struct population *population;
	uint32_t homes, hostels;
};

struct scribe {
	const struct uk_world *world;
	struct household *household; /* draws come from its rng */
	const struct uk_person *person, *stranger;
	const struct pop_agency *agency;
	uint32_t agency_number, local;
};

/* The day of the registration; false: the person is too young, too old or dead for it. */
bool scribe_day(const struct scribe *s, struct uk_record *out);
/* true: with somebody else's NHS number. */
bool scribe_write(const struct scribe *s, struct uk_record *out);

#endif
