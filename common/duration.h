/*
 * duration - how long, as terms say it: by the calendar, exactly.
 *
 *	3 months      31 Aug → 30 Nov          months add by calendar, clamped
 *	13 weeks      91 days
 *	182 days
 *	1.5 months    15 Jan → 15 Feb → 2 Mar  calendar months, then 15 days
 *	1 year        12 months
 *
 * "1.5 months" and "42 days" are different terms (contracts.md).
 */
#ifndef OUTTURN_DURATION_H
#define OUTTURN_DURATION_H

#include "common/date.h"

enum { DURATION_MONTHS_MAX = 1200, DURATION_DAYS_MAX = 36600, DURATION_TEXT = 40 };

struct duration {
	int32_t months; /* calendar months, added first */
	int32_t days;   /* then these */
};

bool duration_parse(struct span text, struct duration *d); /* "<number> <unit>" as above */
void duration_text(struct duration d, char out[DURATION_TEXT]); /* "6 months", "14 days" */
date_t duration_add(date_t from, struct duration d); /* never past DATE_MAX */

static inline bool
duration_is_zero(struct duration d)
{
	return d.months == 0 && d.days == 0;
}

#endif
