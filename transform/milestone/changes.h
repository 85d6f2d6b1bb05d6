/*
 * changes - the same evidence under other terms: outcome by outcome, what is different.
 *
 *	evaluate by the terms that stand ─► status, days, price ─┐
 *	                                                         ├─► pairs ─► those that differ
 *	evaluate by other terms ──────────► status, days, price ─┘     ▲
 *	settle for a period, once by each: earned, payable ────────────┘
 *
 * Two outcomes are one pair by unit, name and ordinal.  Without a period what is
 * earned is the price of what stands, and all of it is payable: caps and what needs
 * the whole cohort are settle()'s.  An outcome of which nothing was seen under either
 * terms is no change, whatever its price: what a rate card says is the contract's.
 *
 * In the order of (unit, outcome, ordinal): the order in which units come cannot show.
 * Pure: no clock, no I/O.  Owns what it keeps; names borrow from the contracts.
 */
#ifndef OUTTURN_CHANGES_H
#define OUTTURN_CHANGES_H

#include "transform/milestone/reason.h"
#include "transform/milestone/settle.h"

struct change_side {
	bool there;               /* these terms have such an outcome of this unit */
	enum status status;       /* of a unit's */
	struct span part;
	date_t due, achieved;
	int64_t price_minor, earned_minor, payable_minor, held_minor;
};

struct change {
	struct id unit;           /* zero: the cohort's */
	struct id outcome_id;     /* as the terms that stand have it, or else the others */
	struct span outcome;
	int32_t ordinal;
	struct change_side before, after;
};

struct change_total {
	struct span outcome;      /* absent: of all */
	uint32_t changed;
	uint32_t stand_before, stand_after; /* achieved or verified */
	int64_t earned_before, earned_after, payable_before, payable_after;
};

struct changes;

/* The same currency and unit, or what is compared is not.  facts: the period, NULL: by prices. */
struct changes *changes_new(const struct contract *before, const struct contract *after,
    const struct settle_facts *facts);
void changes_free(struct changes *ch);

/* Both are of one unit, on the same evidence. */
void changes_unit(struct changes *ch, const struct outcome_list *before,
    const struct outcome_list *after);

/* When all units were given. */
void changes_end(struct changes *ch);
const struct change *changes_items(const struct changes *ch, size_t *n); /* those that differ */
const struct change_total *changes_totals(const struct changes *ch, size_t *n); /* the last: all */
uint64_t changes_compared(const struct changes *ch); /* pairs of which something was seen */
const char *changes_missing(const struct changes *ch); /* a reference that settle() misses; NULL */

#endif
