#include "common/must.h"
#include "transform/milestone/settle_in.h"

/*
 * 100.01 in thirds of 33.3, 33.3, 33.4:
 *
 *	floor       33.30  33.30  33.40     what is left, 0.01, goes to the largest
 *	remainder    .333   .333   .334     remainder; of equal ones to who is named first
 *
 * A negative amount mirrors: each payer gets back what it paid.
 */

static uint32_t
largest(const int64_t *rest, const bool *taken, uint32_t n, enum remainder ties)
{
	uint32_t best = n;

	for (uint32_t i = 0; i < n; i++)
		if (!taken[i]
		    && (best == n || rest[i] > rest[best]
			|| (ties == REMAINDER_LAST && rest[i] == rest[best])))
			best = i;
	return best;
}

void
split(int64_t amount, const struct yaml_list *payers, enum remainder ties,
    int64_t out[SETTLE_PAYERS_MAX])
{
	const struct payer_terms *p = payers->items;
	int64_t size = amount < 0 ? -amount : amount, left = size, rest[SETTLE_PAYERS_MAX];
	bool taken[SETTLE_PAYERS_MAX] = { false };
	uint32_t n = payers->n < SETTLE_PAYERS_MAX ? payers->n : SETTLE_PAYERS_MAX;

	memset(out, 0, SETTLE_PAYERS_MAX * sizeof(*out));
	if (n == 0) {
		out[0] = amount;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		wide whole = (wide)size * p[i].share;

		out[i] = (int64_t)(whole / SETTLE_HUNDRED);
		rest[i] = (int64_t)(whole % SETTLE_HUNDRED);
		left -= out[i];
	}
	for (; left > 0; left--) {
		uint32_t i = largest(rest, taken, n, ties);

		MUST(i < n);
		out[i]++;
		taken[i] = true;
	}
	for (uint32_t i = 0; amount < 0 && i < n; i++)
		out[i] = -out[i];
}
