/*
 * sweep_kernel - the inner loop of sweep.h, once for each kind of CPU.
 *
 * Compares n rows (at most SWEEP_BLOCK) with the first `queries` of a tile and
 * writes the pairs that reach need[query], rows in order, queries in order
 * within a row.  need above SWEEP_BITS: that query takes no part; those behind
 * `queries` take none, and their needs say so, for they may be looked at.
 */
#ifndef OUTTURN_SWEEP_KERNEL_H
#define OUTTURN_SWEEP_KERNEL_H

#include "transform/match/sweep.h"

enum { SWEEP_BLOCK = 256, SWEEP_FOUND_MAX = SWEEP_BLOCK * SWEEP_TILE };

struct sweep_found {
	uint16_t row, query, common;
};

typedef size_t sweep_kernel(const uint8_t *rows, size_t n, const uint8_t *tile,
    const uint16_t need[SWEEP_TILE], size_t queries, struct sweep_found *out);

sweep_kernel sweep_kernel_portable;
#if defined(__x86_64__)
sweep_kernel sweep_kernel_avx2, sweep_kernel_avx512;
#endif

#endif
