#include "transform/match/set.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"

enum { CLUSTER_MAX = 200 /* rows of one person */ };

static uint32_t
find(uint32_t *root, uint32_t i)
{
	while (root[i] != i) {
		root[i] = root[root[i]];
		i = root[i];
	}
	return i;
}

static int
kept_order(const void *p, const void *q)
{
	const struct kept *x = p, *y = q;
	uint64_t u, v;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	u = (uint64_t)x->a << 32 | x->b;
	v = (uint64_t)y->a << 32 | y->b;
	u = hash64(&u, sizeof(u), 0);
	v = hash64(&v, sizeof(v), 0);
	if (u != v)
		return u < v ? -1 : 1;
	return x->a != y->a ? (x->a < y->a ? -1 : 1) : (x->b > y->b) - (x->b < y->b);
}

/* Two clusters are one person if all their pairs together say so. */
static bool
may_join(const struct batch *b, const uint32_t *next, uint32_t x, uint32_t y, uint32_t sx,
    uint32_t sy)
{
	uint8_t grade[LINE_END];
	int64_t sum = 0;
	uint32_t i = x, j;

	if (sx + sy > CLUSTER_MAX)
		return false;
	if (sx == 1 && sy == 1)
		return !b->stats.one_a_person || b->source[x] != b->source[y];
	do {
		j = y;
		do {
			if (b->stats.one_a_person && b->source[i] == b->source[j])
				return false;
			sum += weigh_bounded(set_weight(b, i, j, grade));
			j = next[j];
		} while (j != y);
		i = next[i];
	} while (i != x);
	return sum >= 0;
}

/* Pairs of each row: from[i] .. from[i + 1]. */
struct beside {
	uint32_t *from, *pair;
};

static void
beside_make(const struct batch *b, struct beside *s)
{
	s->from = mem_zalloc((size_t)b->n + 3, sizeof(*s->from));
	s->pair = mem_alloc((2 * b->kept_n + 1) * sizeof(*s->pair));
	for (size_t p = 0; p < b->kept_n; p++) {
		s->from[b->kept[p].a + 2]++;
		s->from[b->kept[p].b + 2]++;
	}
	for (uint32_t i = 0; i <= b->n; i++)
		s->from[i + 1] += s->from[i];
	for (size_t p = 0; p < b->kept_n; p++) {
		s->pair[s->from[b->kept[p].a + 1]++] = (uint32_t)p;
		s->pair[s->from[b->kept[p].b + 1]++] = (uint32_t)p;
	}
}

/* log2 of what else row i could be: nobody, or one of the others that are still free. */
static int32_t
rivals(const struct batch *b, const struct beside *s, uint32_t i, size_t but, const bool *taken)
{
	int32_t sum = 0;

	for (uint32_t k = s->from[i]; k < s->from[i + 1]; k++) {
		const struct kept *p = &b->kept[s->pair[k]];

		if (s->pair[k] != but && !p->outside && !taken[p->a == i ? p->b : p->a])
			sum = bits_sum(sum, p->weight);
	}
	return sum;
}

/* Where each source has a person once, every row takes its strongest free partner, if that is
 * likelier than all its rivals together. */
static void
partners_find(struct batch *b)
{
	bool *taken = mem_zalloc((size_t)b->n + 1, sizeof(*taken));
	struct beside s;

	beside_make(b, &s);
	for (size_t p = 0; p < b->kept_n && b->kept[p].weight >= 0; p++) {
		struct kept *k = &b->kept[p];

		if (k->outside || taken[k->a] || taken[k->b])
			continue;
		if (k->weight < rivals(b, &s, k->a, p, taken) || k->weight < rivals(b, &s, k->b, p, taken))
			continue;
		taken[k->a] = taken[k->b] = true;
		b->label[k->a > k->b ? k->a : k->b] = k->a < k->b ? k->a : k->b;
	}
	mem_free(s.from);
	mem_free(s.pair);
	mem_free(taken);
}

static void
agglomerate(struct batch *b)
{
	uint32_t *next = mem_alloc((b->n + 1) * sizeof(*next));
	uint32_t *size = mem_alloc((b->n + 1) * sizeof(*size));

	for (uint32_t i = 0; i < b->n; i++) {
		next[i] = i;
		size[i] = 1;
	}
	for (size_t p = 0; p < b->kept_n && b->kept[p].weight >= 0; p++) {
		uint32_t x = find(b->label, b->kept[p].a), y = find(b->label, b->kept[p].b), low, t;

		if (x == y || b->kept[p].outside || !may_join(b, next, x, y, size[x], size[y]))
			continue;
		low = x < y ? x : y;
		b->label[x < y ? y : x] = low;
		t = next[x];
		next[x] = next[y];
		next[y] = t;
		size[low] = size[x] + size[y];
	}
	mem_free(next);
	mem_free(size);
}

/* Those that may join stand first, strongest first; the others in no order. */
static void
kept_sort(struct batch *b)
{
	size_t n = 0;

	for (size_t p = 0; p < b->kept_n; p++)
		if (b->kept[p].weight >= 0) {
			struct kept t = b->kept[n];

			b->kept[n++] = b->kept[p];
			b->kept[p] = t;
		}
	if (n)
		qsort(b->kept, n, sizeof(*b->kept), kept_order);
}

void
join_clusters(struct batch *b)
{
	uint32_t *size = mem_zalloc((size_t)b->n + 1, sizeof(*size));

	if (!b->label)
		b->label = mem_alloc(((size_t)b->n + 1) * sizeof(*b->label));
	for (uint32_t i = 0; i < b->n; i++)
		b->label[i] = i;
	kept_sort(b);
	if (b->stats.one_a_person && b->sources == 2)
		partners_find(b);
	else
		agglomerate(b);
	b->stats.clusters = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		b->label[i] = find(b->label, i);
		b->stats.clusters += ++size[b->label[i]] == 2;
	}
	mem_free(size);
}
