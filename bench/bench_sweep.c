/*
 * bench_sweep - encodings compared a second on one core, for each path.
 *
 *	ROWS (1000000) of 1024 bits, half of them ones, as diffusion leaves them;
 *	QUERIES (64) in tiles of 16, at three bars, and one query alone
 *
 * The length filter spares little here: all rows have about as many ones.  Only
 * pairs that were compared are counted.  CPU time of this thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/hash.h"
#include "common/mem.h"
#include "transform/match/sweep.h"

enum { QUERIES = 64, RUNS = 3, BAR = 500000000 };

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
encoding(uint64_t n, uint8_t out[SWEEP_BYTES])
{
	for (uint64_t i = 0; i < SWEEP_BYTES / 8; i++) {
		uint64_t key[2] = { n, i }, h = hash64(key, sizeof(key), 11);

		memcpy(out + i * 8, &h, 8);
	}
}

static void
count(void *arg, uint32_t query, uint32_t id, uint32_t common)
{
	uint64_t *hits = arg;

	*hits += query * UINT64_C(31) + id * UINT64_C(7) + common;
}

static void
line(struct sweep *s, const uint8_t *queries, size_t n, const char *what, bool bar)
{
	double best = 0;
	uint64_t hits = 0;

	for (int run = 0; run < RUNS; run++) {
		double from = cpu_s(), rate;
		uint64_t compared = sweep_run(s, queries, n, count, &hits);

		rate = (double)compared / (cpu_s() - from);
		best = rate > best ? rate : best;
	}
	printf("sweep %-28s %7.0f million comparisons/s  (hits %016" PRIx64 ")", what, best / 1e6,
	    hits);
	if (bar)
		printf("  bar %d: %s", BAR / 1000000, best >= BAR ? "met" : "MISSED");
	printf("\n");
}

int
main(void)
{
	const char *text = getenv("ROWS");
	uint32_t rows = text ? (uint32_t)strtoul(text, NULL, 10) : 1000000;
	static const struct sweep_bar bars[] = { { 9, 10 }, { 8, 10 }, { 7, 10 } };
	uint8_t *queries = mem_alloc(QUERIES * SWEEP_BYTES), row[SWEEP_BYTES];
	char what[64];

	for (uint32_t i = 0; i < QUERIES; i++) { /* near some of the rows */
		encoding(i * 1001 % rows, queries + i * SWEEP_BYTES);
		queries[i * SWEEP_BYTES + 5] ^= 0x3C;
	}
	for (size_t b = 0; b < sizeof(bars) / sizeof(bars[0]); b++) {
		struct sweep *s = sweep_new(bars[b]);

		for (uint32_t i = 0; i < rows; i++) {
			encoding(i, row);
			sweep_add(s, i, row);
		}
		if (b == 0)
			printf("sweep %u rows, %.0f MB\n", rows, (double)sweep_memory_bytes(s) / 1e6);
		for (enum sweep_path p = SWEEP_PORTABLE; p < SWEEP_PATHS; p++) {
			if (!sweep_path_set(s, p))
				continue;
			snprintf(what, sizeof(what), "%s, bar %.1f, tiles of 16", sweep_path_name(p),
			    (double)bars[b].num / bars[b].den);
			line(s, queries, QUERIES, what, p == sweep_path_best());
			snprintf(what, sizeof(what), "%s, bar %.1f, one alone", sweep_path_name(p),
			    (double)bars[b].num / bars[b].den);
			if (b == 1)
				line(s, queries, 1, what, false);
		}
		sweep_free(s);
	}
	mem_free(queries);
	return 0;
}
