/*
 * sweep - which of many encodings are as near to a query as the bar asks.
 *
 *	bar      Dice >= num / den, in integers:   2 * common * den >= num * (a + b)
 *	order    rows by their number of ones, so that a query meets only those
 *	         that could reach the bar at all (length filter)
 *
 *	rows of b ones     ░░░░▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░      ▓ may reach the bar with a
 *	tile of queries         ├── 16 at a time, each row is read once for all ──┤
 *
 * For a query and all rows of b ones the bar is one number of common ones, so
 * the inner loop is AND, count, compare.  It exists three times: in plain C, for
 * AVX2 (nibble counts by shuffle: Mula, Kurz, Lemire, "Faster Population Counts
 * Using AVX2 Instructions", 2018) and for AVX-512 with VPOPCNTDQ; the best that
 * the CPU has is taken at run time.  All give the same hits, in the same order.
 *
 * Hits are those of the set of rows; their order is of no meaning to a caller
 * (rows of one number of ones stand as they came and went).
 *
 * Pure.  Memory: 132 bytes a row and a quarter to grow, 4 bytes for each id up
 * to the greatest.  Not thread-safe.
 */
#ifndef OUTTURN_SWEEP_H
#define OUTTURN_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SWEEP_BYTES = 128, /* of an encoding: 1024 bits */
	SWEEP_BITS = 1024,
	SWEEP_TILE = 16,   /* queries that a row is compared with at once */
};

enum sweep_path { SWEEP_PORTABLE, SWEEP_AVX2, SWEEP_AVX512, SWEEP_PATHS };

struct sweep_bar {
	uint32_t num, den; /* 0 < num <= den <= 10000 */
};

uint32_t dice_ones(const uint8_t *a, size_t bytes);
uint32_t dice_common(const uint8_t *a, const uint8_t *b, size_t bytes);
bool dice_reaches(uint32_t common, uint32_t a, uint32_t b, struct sweep_bar bar);
/* Ones in common from which on rows of b ones reach the bar; SWEEP_BITS + 1: never.
 * Two encodings without any one in them are not near each other: nothing is known of them. */
uint32_t dice_need(uint32_t a, uint32_t b, struct sweep_bar bar);

struct sweep;
struct sweep *sweep_new(struct sweep_bar bar); /* owned */
void sweep_free(struct sweep *s);

/* Copies.  An id stands at most once. */
void sweep_add(struct sweep *s, uint32_t id, const uint8_t encoding[SWEEP_BYTES]);
/* With what it was added with. */
void sweep_remove(struct sweep *s, uint32_t id, const uint8_t encoding[SWEEP_BYTES]);
uint32_t sweep_rows(const struct sweep *s);
size_t sweep_memory_bytes(const struct sweep *s);

typedef void sweep_hit(void *arg, uint32_t query, uint32_t id, uint32_t common);

/* n queries, SWEEP_BYTES each; `query` of a hit is its index.  Returns how many pairs were
 * compared, those that the length filter spared not counted. */
uint64_t sweep_run(const struct sweep *s, const uint8_t *queries, size_t n, sweep_hit *hit,
    void *arg);

enum sweep_path sweep_path_best(void);
const char *sweep_path_name(enum sweep_path path);
/* For tests and benches.  false: this CPU does not have it. */
bool sweep_path_set(struct sweep *s, enum sweep_path path);

#endif
