#include "transform/milestone/calendar.h"

#include "common/must.h"

enum { WEEK_DAYS = 7, SATURDAY = 5 }; /* Monday is 0 */

static int
weekday(date_t day) /* 1970-01-01 was a Thursday */
{
	int w = (int)((day + 3) % WEEK_DAYS);

	return w < 0 ? w + WEEK_DAYS : w;
}

bool
calendar_closed(struct calendars c, date_t day)
{
	for (uint32_t i = 0; i < c.n; i++) {
		const struct calendar_terms *t = c.items[i];
		uint32_t low = 0, high = t->days_n;

		while (low < high) { /* the first that begins behind the day */
			uint32_t mid = (low + high) / 2;

			if (t->days[mid].from <= day)
				low = mid + 1;
			else
				high = mid;
		}
		for (; low > 0; low--) /* they may overlap; few do */
			if (t->days[low - 1].to >= day)
				return true;
	}
	return false;
}

int32_t
calendar_closed_days(struct calendars c, date_t from, date_t to)
{
	int32_t n = 0;

	if (c.n == 0)
		return 0;
	for (date_t d = from; d < to; d++)
		n += calendar_closed(c, d);
	return n;
}

date_t
calendar_due(struct calendars c, date_t from, date_t base)
{
	date_t due = base, seen = from;

	if (c.n == 0)
		return base;
	for (; seen < due && due < DATE_MAX; seen++)
		due += calendar_closed(c, seen);
	return due;
}

date_t
calendar_working_days(struct calendars c, date_t day, int32_t n)
{
	while (n > 0 && day < DATE_MAX) {
		day++;
		if (weekday(day) < SATURDAY && !calendar_closed(c, day))
			n--;
	}
	return day;
}

date_t
calendar_monday(date_t day)
{
	return day - weekday(day);
}

bool
rate_on(const struct rate_terms *r, date_t day, int64_t *is)
{
	const struct rate_step_terms *s = r->steps.items;
	bool any = false;

	for (uint32_t i = 0; i < r->steps.n && s[i].from <= day; i++) {
		*is = s[i].is;
		any = true;
	}
	return any;
}

int64_t
round_by(enum rounding how, wide n, wide d)
{
	wide size = n < 0 ? -n : n, whole, rest;

	MUST(d > 0);
	whole = size / d;
	rest = size % d;
	if (how != ROUND_DOWN
	    && (rest * 2 > d || (rest * 2 == d && (how == ROUND_HALF_AWAY || whole % 2))))
		whole++;
	return (int64_t)(n < 0 ? -whole : whole);
}
