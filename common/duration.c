#include "common/duration.h"

#include <stdio.h>

enum { HALF_MONTH_DAYS = 15, WEEK_DAYS = 7, YEAR_MONTHS = 12, MONTH_DAYS_MAX = 31 };

struct unit {
	const char *one, *many;
	int32_t months, days; /* of one */
};

static const struct unit units[] = {
	{ "day", "days", 0, 1 },
	{ "week", "weeks", 0, WEEK_DAYS },
	{ "month", "months", 1, 0 },
	{ "year", "years", YEAR_MONTHS, 0 },
};

/* "12" or "1.5"; the number of bytes read, 0: neither. */
static size_t
count_parse(struct span text, int32_t *whole, bool *half)
{
	size_t i = 0;
	int32_t v = 0;

	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
		if (v > DURATION_DAYS_MAX)
			return 0;
		v = v * 10 + (text.ptr[i] - '0');
	}
	if (i == 0)
		return 0;
	*whole = v;
	*half = i + 1 < text.len && text.ptr[i] == '.' && text.ptr[i + 1] == '5';
	return *half ? i + 2 : i;
}

static const struct unit *
unit_find(struct span word, int32_t count, bool half)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_is(word, count == 1 && !half ? units[i].one : units[i].many)
		    || (count == 1 && span_is(word, units[i].many)))
			return &units[i];
	return NULL;
}

bool
duration_parse(struct span text, struct duration *d)
{
	const struct unit *unit;
	struct duration out;
	int32_t count;
	bool half;
	size_t at = count_parse(text, &count, &half), word;

	if (at == 0)
		return false;
	for (word = at; word < text.len && text.ptr[word] == ' ';)
		word++;
	if (word == at)
		return false;
	unit = unit_find(span_of(text.ptr + word, text.len - word), count, half);
	if (!unit || (half && unit->months != 1))
		return false;
	if ((unit->months && count > DURATION_MONTHS_MAX / unit->months)
	    || (unit->days && count > DURATION_DAYS_MAX / unit->days))
		return false;
	out.months = count * unit->months;
	out.days = count * unit->days + (half ? HALF_MONTH_DAYS : 0);
	*d = out;
	return true;
}

void
duration_text(struct duration d, char out[DURATION_TEXT])
{
	if (d.months && d.days == HALF_MONTH_DAYS)
		snprintf(out, DURATION_TEXT, "%d.5 months", d.months);
	else if (d.months && d.days)
		snprintf(out, DURATION_TEXT, "%d months and %d days", d.months, d.days);
	else if (d.months)
		snprintf(out, DURATION_TEXT, d.months == 1 ? "%d month" : "%d months", d.months);
	else
		snprintf(out, DURATION_TEXT, d.days == 1 ? "%d day" : "%d days", d.days);
}

static bool
past_the_end(date_t from, int32_t months)
{
	struct ymd p = date_ymd(from);

	return ((int64_t)p.year * YEAR_MONTHS + p.month - 1 + months) / YEAR_MONTHS > 9999;
}

date_t
duration_add(date_t from, struct duration d)
{
	int64_t day = from;

	if (d.months) {
		if (day + (int64_t)d.months * MONTH_DAYS_MAX > DATE_MAX
		    && past_the_end(from, d.months))
			return DATE_MAX;
		day = date_add_months(from, d.months);
	}
	day += d.days;
	return day > DATE_MAX ? DATE_MAX : (date_t)day;
}
