/*
 * bits - evidence in thousandths of a bit, in whole numbers.
 *
 * A weight is log2 of a likelihood ratio.  Two machines must give the same
 * cluster for the same people, to the last bit, so nothing here is floating
 * point: logarithms by squaring, sums of likelihoods by a table.
 *
 * Pure.
 */
#ifndef OUTTURN_MATCH_BITS_H
#define OUTTURN_MATCH_BITS_H

#include <stdint.h>

enum { BITS_NONE = -1000000 /* a likelihood of nothing, in mbit */ };

int32_t bits_log2(uint64_t n);                  /* n > 0; mbit, below by at most 1 */
int32_t bits_ratio(uint64_t n, uint64_t of);    /* log2(n / of); 0 counts as 1 of it */
int32_t bits_sum(int32_t a, int32_t b);         /* log2(2^a + 2^b), within 2 mbit */
uint64_t bits_power(int32_t w, uint64_t of);    /* 2^w * of, w <= 0, of < 2^34; within a thousandth */
/* log2 of a share that was 2^before, worth `belief` of the `of` that were seen, `n` of which. */
int32_t bits_blend(int32_t before, uint64_t belief, uint64_t n, uint64_t of);
/* 2^w / (1 + 2^w) in thousandths: how likely, if w is all that is known. */
int32_t bits_likely(int32_t w);

#endif
