/*
 * reads - which outcomes a changed record can touch.
 *
 *	kind of the record ──► a bit of 64 ───┐
 *	                                      ├─ they meet: judge the outcome anew
 *	kinds the outcome reads ──► bits ─────┘
 *
 * The names give each kind its bit as it comes, with its -confirmed and -ended; from
 * the 64th on they share the last: then more is judged than need be, never less.
 * Whatever a rule looks at must be among its bits (judge.h, struct rule);
 * tests/property/prop_stage.c plays histories against judging all.
 *
 * Pure; borrows nothing of the contract.
 */
#ifndef OUTTURN_READS_H
#define OUTTURN_READS_H

#include "transform/milestone/contract.h"
#include "transform/milestone/timeline.h"

/* Of one outcome; a rule adds what it looks at. */
struct reading {
	struct names *names;
	uint64_t kinds;    /* bits */
	uint64_t outcomes; /* by index: earlier outcomes of its version; their kinds are added */
};
void reading_kind(struct reading *r, struct span kind); /* absent: nothing */

/* By index: all of a version's n outcomes. */
static inline uint64_t
reads_everything(uint32_t n)
{
	return n ? UINT64_MAX >> (64 - n) : 0;
}

struct reads;
struct reads *reads_new(const struct contract *c, struct names *names); /* owned */
void reads_free(struct reads *r);

/* By index: the outcomes of a version (by index, too) that records of these kinds can touch,
 * and those that they look at. */
uint64_t reads_touched(const struct reads *r, size_t version, uint64_t kinds);

#endif
