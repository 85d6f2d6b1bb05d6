/*
 * date - calendar days, and nothing of the clock.
 *
 * A date is a count of days since 1970-01-01 in the proleptic Gregorian
 * calendar (Avro's `date`).  Days-civil conversion after Howard Hinnant,
 * "chrono-compatible low-level date algorithms".
 *
 * Months add by calendar with the end of month clamped: 31 Aug + 6 months is
 * 28 or 29 Feb; each rung of a ladder is counted from the start, so 31 Aug
 * + 9 months is 31 May again.
 */
#ifndef OUTTURN_DATE_H
#define OUTTURN_DATE_H

#include "common/span.h"

typedef int32_t date_t; /* days since 1970-01-01 */

#define DATE_NONE INT32_MIN
#define DATE_MIN (-141427) /* 1582-10-15; nothing of ours is older */
#define DATE_MAX 2932896   /* 9999-12-31 */
enum { DATE_TEXT = 11 };   /* "YYYY-MM-DD" and a NUL */

struct ymd {
	int year, month, day; /* month 1-12, day 1-31 */
};

bool date_valid(int year, int month, int day);
date_t date_of(int year, int month, int day); /* MUST be valid */
struct ymd date_ymd(date_t d);

/* Strict: "YYYY-MM-DD", a day that exists.  false otherwise. */
bool date_parse(struct span text, date_t *d);
/* As people's files have them: also "YYYYMMDD", "DD/MM/YYYY", "YYYY-MM-DDT...". */
bool date_parse_loose(struct span text, date_t *d);
void date_text(date_t d, char out[DATE_TEXT]); /* DATE_NONE: "" */

date_t date_add_months(date_t d, int months); /* clamped to the month's end */
int date_age(date_t born, date_t on);         /* whole years; 29 Feb ages on 1 March */
int date_month_days(int year, int month);

#endif
