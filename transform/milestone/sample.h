/*
 * sample - claims drawn for an independent check, and what the results say of the rest.
 *
 *	outcomes ─► rank by hash(id, seed) ─► the first n          the same draw for anybody
 *	results  ─► wrong ÷ looked at ─► Wilson's interval ─► of all claims so many
 *
 * The draw depends on the ids and the seed, never on the order in which they
 * come; a claim that comes later moves no other in or out but by its own rank.
 * Wilson 1927, JASA 22: the score interval; it holds for small samples and for
 * rates near nought, where the usual one does not.
 *
 * Pure.
 */
#ifndef OUTTURN_SAMPLE_H
#define OUTTURN_SAMPLE_H

#include "common/id.h"

/* Sorts ids so that those drawn stand first, in the order in which they were drawn. */
void sample_draw(struct id *ids, size_t n, uint64_t seed);

struct sample_rate {
	uint64_t looked, wrong, of;           /* of: all that it speaks for */
	int64_t rate, low, high;              /* per cent, millionths; 95% interval */
	uint64_t wrong_of, low_of, high_of;   /* extrapolated, rounded; the interval outwards */
};
/* looked 0: nothing is known, from 0 to 100 per cent. */
struct sample_rate sample_rate(uint64_t looked, uint64_t wrong, uint64_t of);

#endif
