/*
 * calendar - days that are not counted, working days, and rates by the day.
 *
 *	13 weeks excluding school holidays
 *	1 Mar ──────── 4 Apr [ 5–18 Apr ] 19 Apr ──────── 14 Jun
 *	     35 days          not counted        56 days       ▲ due: the first day
 *	                                                         behind 91 that count
 *
 * Data of a contract, effective-dated.  Pure.
 */
#ifndef OUTTURN_CALENDAR_H
#define OUTTURN_CALENDAR_H

#include "transform/milestone/rules.h"

__extension__ typedef __int128 wide; /* products of millionths */

struct calendars {
	const struct calendar_terms *const *items;
	uint32_t n;
};

bool calendar_closed(struct calendars c, date_t day);
int32_t calendar_closed_days(struct calendars c, date_t from, date_t to); /* in [from, to) */
/* The first day `due` such that without the closed days of [from, due) it is `base`. */
date_t calendar_due(struct calendars c, date_t from, date_t base);
/* The n-th working day after `day`: no Saturday, no Sunday, not closed. */
date_t calendar_working_days(struct calendars c, date_t day, int32_t n);
date_t calendar_monday(date_t day); /* of its week */

/* In force on that day; false: none is, yet. */
bool rate_on(const struct rate_terms *r, date_t day, int64_t *is);

/* n / d, d > 0, to a whole number as the contract says: half away from zero by default. */
int64_t round_by(enum rounding how, wide n, wide d);

#endif
