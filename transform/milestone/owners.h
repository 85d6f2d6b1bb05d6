/*
 * owners - whose outcome is it?  Outcome id → unit, in 8 bytes a slot.
 *
 *	slot   [ 32 bits of the id's hash | unit ]   the id itself is the unit's
 *
 * An outcome's id says nothing of its unit, and a key found in the output must
 * lead to one.  Few ask, so a slot keeps only what tells most ids apart: an
 * answer is a candidate, and whoever asks looks whether the unit has such an
 * outcome.
 *
 * Flat, linear probing, backward-shift delete; a quarter more when it is full.
 */
#ifndef OUTTURN_OWNERS_H
#define OUTTURN_OWNERS_H

#include "common/id.h"

struct owners_slot {
	uint32_t tag;
	uint32_t unit; /* and one more; 0: free */
};

struct owners {
	struct owners_slot *slots;
	uint32_t cap, count;
	uint64_t seed;
};

void owners_init(struct owners *o, uint64_t seed);
void owners_release(struct owners *o);
void owners_put(struct owners *o, const struct id *outcome, uint32_t unit); /* not there yet */
bool owners_del(struct owners *o, const struct id *outcome, uint32_t unit);
/* for (uint32_t at = OWNERS_FIRST; owners_next(o, id, &at, &unit); ) ... */
#define OWNERS_FIRST UINT32_MAX
bool owners_next(const struct owners *o, const struct id *outcome, uint32_t *at, uint32_t *unit);

#endif
