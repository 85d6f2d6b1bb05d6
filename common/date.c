#include "common/date.h"

#include <stdio.h>

#include "common/must.h"

int
date_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
date_valid(int year, int month, int day)
{
	return year >= 1583 && year <= 9999 && month >= 1 && month <= 12 && day >= 1
	    && day <= date_month_days(year, month);
}

date_t
date_of(int year, int month, int day)
{
	int era, yoe, doy;

	MUST(date_valid(year, month, day));
	year -= month <= 2;
	era = year / 400;
	yoe = year - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/*
 * Centuries, years and months of a calendar that begins on 1 March, each by one
 * multiplication (C. Neri, L. Schneider, "Euclidean affine functions and their
 * application to calendar algorithms", 2022).
 */
struct ymd
date_ymd(date_t d)
{
	uint32_t n, century, day_of_century, day_of_year, m;
	uint64_t year;
	bool next;

	MUST(d >= DATE_MIN && d <= DATE_MAX);
	n = 4 * (uint32_t)(d + 719468) + 3;
	century = n / 146097;
	day_of_century = n % 146097 / 4;
	year = (uint64_t)2939745 * (4 * day_of_century + 3);
	day_of_year = (uint32_t)year / 2939745 / 4;
	m = 2141 * day_of_year + 197913;
	next = day_of_year >= 306; /* January and February are of the next */
	return (struct ymd){ (int)(100 * century + (uint32_t)(year >> 32) + next),
		(int)(m >> 16) - 12 * next, (int)((m & 0xffff) / 2141) + 1 };
}

static bool
digits(struct span text, size_t at, size_t n, int *out)
{
	int v = 0;

	for (size_t i = at; i < at + n; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (text.ptr[i] - '0');
	}
	*out = v;
	return true;
}

static bool
from_parts(struct span text, size_t y, size_t m, size_t day, date_t *d)
{
	int yy, mm, dd;

	if (!digits(text, y, 4, &yy) || !digits(text, m, 2, &mm) || !digits(text, day, 2, &dd)
	    || !date_valid(yy, mm, dd))
		return false;
	*d = date_of(yy, mm, dd);
	return true;
}

bool
date_parse(struct span text, date_t *d)
{
	return text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-'
	    && from_parts(text, 0, 5, 8, d);
}

bool
date_parse_loose(struct span text, date_t *d)
{
	if (text.len == 8)
		return from_parts(text, 0, 4, 6, d);
	if (text.len == 10 && text.ptr[2] == '/' && text.ptr[5] == '/')
		return from_parts(text, 6, 3, 0, d);
	if (text.len > 10 && (text.ptr[10] == 'T' || text.ptr[10] == ' '))
		text.len = 10;
	return date_parse(text, d);
}

void
date_text(date_t d, char out[DATE_TEXT])
{
	struct ymd p;

	if (d == DATE_NONE) {
		out[0] = '\0';
		return;
	}
	p = date_ymd(d);
	MUST(p.year >= 0 && p.year <= 9999);
	out[0] = (char)('0' + p.year / 1000);
	out[1] = (char)('0' + p.year / 100 % 10);
	out[2] = (char)('0' + p.year / 10 % 10);
	out[3] = (char)('0' + p.year % 10);
	out[4] = out[7] = '-';
	out[5] = (char)('0' + p.month / 10);
	out[6] = (char)('0' + p.month % 10);
	out[8] = (char)('0' + p.day / 10);
	out[9] = (char)('0' + p.day % 10);
	out[10] = '\0';
}

date_t
date_add_months(date_t d, int months)
{
	struct ymd p = date_ymd(d);
	int m = p.year * 12 + p.month - 1 + months, last;

	p.year = m / 12;
	p.month = m % 12 + 1;
	last = date_month_days(p.year, p.month);
	return date_of(p.year, p.month, p.day < last ? p.day : last);
}

int
date_age(date_t born, date_t on)
{
	struct ymd b = date_ymd(born), o = date_ymd(on);

	return o.year - b.year - (o.month < b.month || (o.month == b.month && o.day < b.day));
}
