/*
 * money - integer minor units of one ISO 4217 currency.
 *
 *	£1,024.45 is 102445 of GBP     ¥1,024 is 1024 of JPY
 *
 * An amount is an int64_t; its currency stands beside it once, on the
 * contract.  There are no fractions of a minor unit and no sums across
 * currencies.  Additions that could overflow are checked: a wrong pound does
 * not go away.
 */
#ifndef OUTTURN_MONEY_H
#define OUTTURN_MONEY_H

#include "common/buf.h"

enum { MONEY_TEXT = 40 };

struct currency {
	char code[4];       /* "GBP" */
	uint8_t decimals;   /* minor units: 10^decimals are one major */
	const char *symbol; /* "£"; "" where the code is clearer */
};

const struct currency *currency_find(struct span code); /* NULL: not one that we know */
const char *currency_codes(void);                       /* "GBP, EUR, ..." for mistakes */

/* Millionths of the major unit (as YAML has them) to minor; false: finer than a minor unit. */
bool money_of_millionths(int64_t millionths, const struct currency *cur, int64_t *minor);

/* Sum in *a; false and unchanged when it would overflow. */
bool money_add(int64_t *a, int64_t b);

void money_text(int64_t minor, const struct currency *cur, char out[MONEY_TEXT]);  /* £1,024.45 */
void money_plain(int64_t minor, const struct currency *cur, char out[MONEY_TEXT]); /* 1024.45 */

#endif
