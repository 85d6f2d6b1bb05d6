#include "common/money.h"

#include <stdio.h>

enum { MILLION = 1000000 };

static const struct currency currencies[] = {
	{ "GBP", 2, "£" },
	{ "EUR", 2, "€" },
	{ "USD", 2, "$" },
	{ "JPY", 0, "¥" },
	{ "INR", 2, "₹" },
	{ "COP", 2, "" },
	{ "CHF", 2, "" },
	{ "AUD", 2, "" },
	{ "CAD", 2, "" },
	{ "CLP", 0, "" },
	{ "SEK", 2, "" },
	{ "NOK", 2, "" },
	{ "DKK", 2, "" },
	{ "PLN", 2, "" },
	{ "ZAR", 2, "" },
};

const struct currency *
currency_find(struct span code)
{
	for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++)
		if (span_is(code, currencies[i].code))
			return &currencies[i];
	return NULL;
}

const char *
currency_codes(void)
{
	return "GBP, EUR, USD, JPY, INR, COP, CHF, AUD, CAD, CLP, SEK, NOK, DKK, PLN or ZAR";
}

bool
money_of_millionths(int64_t millionths, const struct currency *cur, int64_t *minor)
{
	int64_t step = MILLION;

	for (uint8_t i = 0; i < cur->decimals; i++)
		step /= 10;
	if (millionths % step != 0)
		return false;
	*minor = millionths / step;
	return true;
}

bool
money_add(int64_t *a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(*a, b, &sum))
		return false;
	*a = sum;
	return true;
}

static void
format(int64_t minor, const struct currency *cur, const char *symbol, bool thousands,
    char out[MONEY_TEXT])
{
	uint64_t v = minor < 0 ? (uint64_t)0 - (uint64_t)minor : (uint64_t)minor;
	char digits[MONEY_TEXT];
	size_t n = 0, group = 0;

	for (uint8_t i = 0; i < cur->decimals; i++, v /= 10)
		digits[n++] = (char)('0' + v % 10);
	if (cur->decimals)
		digits[n++] = '.';
	do {
		if (thousands && group && group % 3 == 0)
			digits[n++] = ',';
		digits[n++] = (char)('0' + v % 10);
		group++;
		v /= 10;
	} while (v);
	for (size_t i = 0; i < n / 2; i++) {
		char c = digits[i];

		digits[i] = digits[n - 1 - i];
		digits[n - 1 - i] = c;
	}
	snprintf(out, MONEY_TEXT, "%s%s%.*s", minor < 0 ? "-" : "", symbol, (int)n, digits);
}

void
money_text(int64_t minor, const struct currency *cur, char out[MONEY_TEXT])
{
	char symbol[8];

	snprintf(symbol, sizeof(symbol), cur->symbol[0] ? "%s" : "%s ",
	    cur->symbol[0] ? cur->symbol : cur->code);
	format(minor, cur, symbol, true, out);
}

void
money_plain(int64_t minor, const struct currency *cur, char out[MONEY_TEXT])
{
	format(minor, cur, "", false, out);
}
