#include "transform/match/set.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"

enum {
	CLUSTER_MAX = 200,  /* rows of one person */
	RIVAL_MBIT = 12000, /* a weight below its negative is no rival */
	MATRIX_MAX = 64,    /* sources whose overlap is looked at */
	OVERLAP_MBIT = 2500, /* at most, of one side */
	OVERLAP_QUARTERS = 3, /* of it that is believed: lines are not quite independent */
};

/* Members of a cluster as a ring; size is right at its root. */
struct forest {
	uint32_t *next, *size;
};

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

/* Two clusters are one person if all their pairs together say so, and no source that has a person
 * once would have them twice. */
static bool
may_join(const struct batch *b, const struct forest *f, uint32_t x, uint32_t y)
{
	bool both_single = f->size[x] == 1 && f->size[y] == 1;
	uint8_t grade[LINE_END];
	int64_t sum = 0;
	uint32_t i = x, j;

	if (f->size[x] + f->size[y] > CLUSTER_MAX)
		return false;
	do {
		j = y;
		do {
			if (b->source[i] == b->source[j] && b->once[b->source[i]])
				return false;
			if (!both_single)
				sum += weigh_bounded(set_weight(b, i, j, grade));
			j = f->next[j];
		} while (j != y);
		i = f->next[i];
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

static bool
has_of(const struct batch *b, const struct forest *f, uint32_t row, uint16_t source)
{
	uint32_t i = row;

	do {
		if (b->source[i] == source)
			return true;
		i = f->next[i];
	} while (i != row);
	return false;
}

/* log2 of what else row i could be: nobody, or another row of a source that has a person once,
 * unless that one has its partner already. */
static int32_t
rivals(const struct batch *b, const struct forest *f, const struct beside *s, uint32_t i, size_t but,
    uint16_t source, int32_t shift)
{
	int32_t sum = 0;

	for (uint32_t k = s->from[i]; k < s->from[i + 1]; k++) {
		const struct kept *p = &b->kept[s->pair[k]];
		uint32_t other = p->a == i ? p->b : p->a;

		if (s->pair[k] == but || p->outside || b->source[other] != source
		    || p->weight < -RIVAL_MBIT)
			continue;
		if (!b->once[b->source[i]] || !has_of(b, f, other, b->source[i]))
			sum = bits_sum(sum, p->weight + shift);
	}
	return sum;
}

/* Where a source has a person once, a row takes the strongest of its rows that is free, if that is
 * likelier than the rest of them together. */
static bool
is_outbid(const struct batch *b, const struct forest *f, const struct beside *s, size_t p,
    int32_t shift)
{
	const struct kept *k = &b->kept[p];
	int32_t weight = k->weight + shift;

	return (b->once[b->source[k->b]]
		   && weight < rivals(b, f, s, k->a, p, b->source[k->b], shift))
	    || (b->once[b->source[k->a]]
		&& weight < rivals(b, f, s, k->b, p, b->source[k->a], shift));
}

static void
join(struct batch *b, struct forest *f, uint32_t x, uint32_t y)
{
	uint32_t low = x < y ? x : y, next = f->next[x];

	b->label[x < y ? y : x] = low;
	f->next[x] = f->next[y];
	f->next[y] = next;
	f->size[low] = f->size[x] + f->size[y];
}

/*
 * Of who is left over, fewer have nobody in a source that has each person once than was assumed when
 * pairs were weighed (as if hardly anybody had a partner).  "Nobody" is as likely as the share of
 * rows that found none, on either side where the other has each person once:
 *
 *	shift = -log2(1 - matched / rows of the one) - log2(1 - matched / rows of the other)
 */
struct overlap {
	uint32_t rows[MATRIX_MAX], matched[MATRIX_MAX][MATRIX_MAX];
};

static int32_t
side(uint32_t matched, uint32_t rows)
{
	int32_t bits = -bits_ratio(rows > matched ? rows - matched : 1, rows);

	return bits < OVERLAP_MBIT ? bits : OVERLAP_MBIT;
}

static int32_t
shift_of(const struct batch *b, const struct overlap *o, uint16_t x, uint16_t y)
{
	int32_t both = (b->once[y] ? side(o->matched[x][y], o->rows[x]) : 0)
	    + (b->once[x] ? side(o->matched[y][x], o->rows[y]) : 0);

	return both * OVERLAP_QUARTERS / 4;
}

static void
overlap_count(const struct batch *b, const struct forest *f, struct overlap *o)
{
	*o = (struct overlap){ .rows = { 0 } };
	for (uint32_t i = 0; i < b->n; i++) {
		o->rows[b->source[i]]++;
		for (uint32_t j = f->next[i]; j != i; j = f->next[j])
			o->matched[b->source[i]][b->source[j]]++;
	}
}

/* Of a pair with a source that has each person once, the other row is alone. */
static bool
is_left_over(const struct batch *b, const struct forest *f, const struct kept *k)
{
	bool one = b->once[b->source[k->a]], other = b->once[b->source[k->b]];

	return b->source[k->a] != b->source[k->b] && (one || other)
	    && (!other || f->next[k->a] == k->a) && (!one || f->next[k->b] == k->b);
}

static void
left_over_join(struct batch *b, struct forest *f, const struct beside *s, size_t from)
{
	struct overlap *o = mem_alloc(sizeof(*o));

	overlap_count(b, f, o);
	for (size_t p = from; p < b->kept_n && b->kept[p].weight >= -2 * OVERLAP_MBIT; p++) {
		const struct kept *k = &b->kept[p];
		int32_t shift = shift_of(b, o, b->source[k->a], b->source[k->b]);
		uint32_t x = find(b->label, k->a), y = find(b->label, k->b);

		if (!k->outside && k->weight + shift >= 0 && is_left_over(b, f, k)
		    && may_join(b, f, x, y) && !is_outbid(b, f, s, p, shift))
			join(b, f, x, y);
	}
	mem_free(o);
}

static void
agglomerate(struct batch *b)
{
	struct forest f = { .next = mem_alloc((b->n + 1) * sizeof(*f.next)),
		.size = mem_alloc((b->n + 1) * sizeof(*f.size)) };
	struct beside s;
	size_t p;

	for (uint32_t i = 0; i < b->n; i++) {
		f.next[i] = i;
		f.size[i] = 1;
	}
	beside_make(b, &s);
	for (p = 0; p < b->kept_n && b->kept[p].weight >= 0; p++) {
		uint32_t x = find(b->label, b->kept[p].a), y = find(b->label, b->kept[p].b);

		if (x != y && !b->kept[p].outside && may_join(b, &f, x, y)
		    && !is_outbid(b, &f, &s, p, 0))
			join(b, &f, x, y);
	}
	if (b->sources > 1 && b->sources <= MATRIX_MAX)
		left_over_join(b, &f, &s, p);
	mem_free(s.from);
	mem_free(s.pair);
	mem_free(f.next);
	mem_free(f.size);
}

/* Those that may join stand first, strongest first; the others in no order. */
static void
kept_sort(struct batch *b)
{
	int32_t least = b->sources > 1 ? -2 * OVERLAP_MBIT : 0;
	size_t n = 0;

	for (size_t p = 0; p < b->kept_n; p++)
		if (b->kept[p].weight >= least) {
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
	agglomerate(b);
	b->stats.clusters = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		b->label[i] = find(b->label, i);
		b->stats.clusters += ++size[b->label[i]] == 2;
	}
	mem_free(size);
}
