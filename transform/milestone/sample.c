#include "transform/milestone/sample.h"

#include <math.h>
#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"

#define Z_95 1.959963984540054 /* two-sided */

enum { SAMPLE_HUNDRED = 100 * 1000000 };

struct ranked {
	uint64_t rank;
	struct id id;
};

static int
ranked_cmp(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return id_cmp(&x->id, &y->id);
}

void
sample_draw(struct id *ids, size_t n, uint64_t seed)
{
	struct ranked *all = mem_alloc((n + 1) * sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = (struct ranked){ hash64(ids[i].b, ID_BYTES, seed), ids[i] };
	qsort(all, n, sizeof(*all), ranked_cmp);
	for (size_t i = 0; i < n; i++)
		ids[i] = all[i].id;
	mem_free(all);
}

static int64_t
per_cent(double share)
{
	double clipped = share < 0 ? 0 : share > 1 ? 1 : share;

	return (int64_t)(clipped * SAMPLE_HUNDRED + 0.5);
}

struct sample_rate
sample_rate(uint64_t looked, uint64_t wrong, uint64_t of)
{
	struct sample_rate r = { .looked = looked, .wrong = wrong, .of = of,
		.high = SAMPLE_HUNDRED, .high_of = of };
	double n = (double)looked, p = looked ? (double)wrong / n : 0, z2 = Z_95 * Z_95;
	double centre, half, low, high;

	if (looked == 0)
		return r;
	centre = (p + z2 / (2 * n)) / (1 + z2 / n);
	half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
	low = wrong == 0 ? 0 : centre - half;
	high = wrong == looked ? 1 : centre + half;
	r.rate = per_cent(p);
	r.low = per_cent(low);
	r.high = per_cent(high);
	r.wrong_of = (uint64_t)(p * (double)of + 0.5);
	r.low_of = (uint64_t)floor(low * (double)of + 1e-9);
	r.high_of = (uint64_t)ceil(high * (double)of - 1e-9);
	return r;
}
