/*
 * The sweep finds what comparing every pair with the definition finds: on each
 * path that this CPU has, with each bar, after rows came and went, and all
 * paths say the same in the same order.
 *
 * SEED and RUNS from the environment; a failure names its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "transform/match/sweep.h"

enum { ROWS_MAX = 700, QUERIES_MAX = 40, HITS_MAX = ROWS_MAX * QUERIES_MAX };

static uint64_t seed_now;

static uint32_t
draw(uint32_t below)
{
	seed_now = seed_now * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed_now >> 33) % below;
}

struct hit {
	uint32_t query, id, common;
};

struct world {
	uint8_t row[ROWS_MAX][SWEEP_BYTES], query[QUERIES_MAX][SWEEP_BYTES];
	bool there[ROWS_MAX];
	uint32_t rows, queries;
	struct sweep_bar bar;
	struct hit hit[HITS_MAX];
	uint32_t hits;
};

/* From empty to full; a copy of an earlier one with a few bits turned. */
static void
encoding_draw(uint8_t out[SWEEP_BYTES], const uint8_t *like)
{
	static const uint32_t fill[] = { 0, 1, 40, 400, 500, 512, 520, 900, 1023, 1024 };
	uint32_t of_1024 = fill[draw(sizeof(fill) / sizeof(fill[0]))], turned = draw(200);

	memset(out, 0, SWEEP_BYTES);
	if (like) {
		memcpy(out, like, SWEEP_BYTES);
		while (turned--)
			out[draw(SWEEP_BYTES)] ^= (uint8_t)(1u << draw(8));
		return;
	}
	for (uint32_t i = 0; i < SWEEP_BITS; i++)
		if (draw(1024) < of_1024)
			out[i / 8] |= (uint8_t)(1u << i % 8);
}

static void
world_draw(struct world *w)
{
	static const struct sweep_bar bars[] = { { 1, 1 }, { 95, 100 }, { 8, 10 }, { 6, 10 }, { 1, 2 },
		{ 1, 10000 }, { 9999, 10000 } };

	w->bar = bars[draw(sizeof(bars) / sizeof(bars[0]))];
	w->rows = 1 + draw(ROWS_MAX);
	w->queries = 1 + draw(QUERIES_MAX);
	for (uint32_t i = 0; i < w->rows; i++)
		encoding_draw(w->row[i], i && draw(2) ? w->row[draw(i)] : NULL);
	for (uint32_t i = 0; i < w->queries; i++)
		encoding_draw(w->query[i], draw(3) ? w->row[draw(w->rows)] : NULL);
}

static struct sweep *
world_sweep(struct world *w)
{
	struct sweep *s = sweep_new(w->bar);

	memset(w->there, 0, sizeof(w->there));
	for (uint32_t n = 0; n < 3 * w->rows; n++) {
		uint32_t i = draw(w->rows);

		if (w->there[i])
			sweep_remove(s, i, w->row[i]);
		else
			sweep_add(s, i, w->row[i]);
		w->there[i] = !w->there[i];
	}
	return s;
}

static void
hit_take(void *arg, uint32_t query, uint32_t id, uint32_t common)
{
	struct world *w = arg;

	assert_true(w->hits < HITS_MAX);
	w->hit[w->hits++] = (struct hit){ query, id, common };
}

static int
hit_order(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->query != y->query)
		return x->query < y->query ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The definition, bit by bit. */
static void
naive(const struct world *w, struct hit *out, uint32_t *n)
{
	for (uint32_t q = 0; q < w->queries; q++)
		for (uint32_t r = 0; r < w->rows; r++) {
			uint64_t a = 0, b = 0, both = 0;

			for (uint32_t i = 0; i < SWEEP_BITS; i++) {
				bool x = w->query[q][i / 8] >> i % 8 & 1, y = w->row[r][i / 8] >> i % 8 & 1;

				a += x;
				b += y;
				both += x && y;
			}
			if (w->there[r] && both && 2 * both * w->bar.den >= w->bar.num * (a + b))
				out[(*n)++] = (struct hit){ q, r, (uint32_t)both };
		}
}

#define CHECK(world_seed, holds)                                                                  \
	do {                                                                                      \
		if (!(holds))                                                                     \
			fail_msg("SEED=%" PRIu64 " RUNS=1: %s", (world_seed), #holds);            \
	} while (0)

static void
play(struct world *w, uint64_t seed)
{
	static struct hit want[HITS_MAX], first[HITS_MAX];
	uint32_t want_n = 0, first_n = 0, there = 0;
	struct sweep *s;

	seed_now = hash64(&seed, sizeof(seed), 7);
	world_draw(w);
	s = world_sweep(w);
	for (uint32_t i = 0; i < w->rows; i++)
		there += w->there[i];
	CHECK(seed, sweep_rows(s) == there);
	naive(w, want, &want_n);
	for (enum sweep_path p = SWEEP_PORTABLE; p < SWEEP_PATHS; p++) {
		if (!sweep_path_set(s, p))
			continue;
		w->hits = 0;
		CHECK(seed, sweep_run(s, w->query[0], w->queries, hit_take, w) >= w->hits);
		if (p == SWEEP_PORTABLE) {
			first_n = w->hits;
			memcpy(first, w->hit, w->hits * sizeof(first[0]));
		}
		CHECK(seed, w->hits == first_n);
		CHECK(seed, memcmp(w->hit, first, first_n * sizeof(first[0])) == 0);
		qsort(w->hit, w->hits, sizeof(w->hit[0]), hit_order);
		CHECK(seed, w->hits == want_n);
		CHECK(seed, memcmp(w->hit, want, want_n * sizeof(want[0])) == 0);
	}
	sweep_free(s);
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void
every_path_finds_what_the_definition_finds(void **state)
{
	uint64_t first = number_from("SEED", 1), runs = number_from("RUNS", 40);
	struct world *w = mem_zalloc(1, sizeof(*w));

	(void)state;
	for (uint64_t i = 0; i < runs; i++)
		play(w, first + i);
	mem_free(w);
}

static void
the_need_is_the_least_that_reaches(void **state)
{
	static const struct sweep_bar bars[] = { { 1, 1 }, { 8, 10 }, { 1, 2 }, { 7777, 10000 } };

	(void)state;
	for (size_t k = 0; k < 4; k++)
		for (uint32_t a = 0; a <= SWEEP_BITS; a += 13)
			for (uint32_t b = 0; b <= SWEEP_BITS; b += 11) {
				uint32_t most = a < b ? a : b, need = dice_need(a, b, bars[k]);

				if (need > SWEEP_BITS)
					assert_false(dice_reaches(most, a, b, bars[k]));
				else
					assert_true(dice_reaches(need, a, b, bars[k]));
				if (need <= SWEEP_BITS && need > 1)
					assert_false(dice_reaches(need - 1, a, b, bars[k]));
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_finds_what_the_definition_finds),
		cmocka_unit_test(the_need_is_the_least_that_reaches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
