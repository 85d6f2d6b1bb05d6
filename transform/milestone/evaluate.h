/*
 * evaluate - what one unit has achieved under one contract, and why.
 *
 *	contract ──┐
 *	timeline ──┼──► evaluate ──► for every declared outcome of a referred unit:
 *	facts ─────┘                 a status, dates, money, reasons, the evidence
 *
 * Every rule that looks at one unit's facts is here (contracts.md in the
 * design); what needs the whole cohort (caps, gates, baselines, payers) is
 * settle's.  The status never says a word about the past: whether an outcome
 * was revoked is history, and the ledger's.
 *
 * Time is a fact: `as_at` is the newest "as at D" that the pipeline may
 * assume; an open spell counts up to its last positive confirmation; "it did
 * not happen" counts only when the feeds say that they are complete.
 *
 * Pure: no clock, no I/O; allocates from the caller's arena only.
 */
#ifndef OUTTURN_EVALUATE_H
#define OUTTURN_EVALUATE_H

#include "common/arena.h"
#include "common/record.h"
#include "transform/milestone/contract.h"
#include "transform/milestone/reads.h"
#include "transform/milestone/timeline.h"

/* Facts about no one, as every unit is judged by. */
struct evaluate_facts {
	date_t as_at;                 /* DATE_NONE: no day was stated yet */
	/* Through which day an organisation's feed is complete; NULL: none is. */
	date_t (*complete_through)(const void *arg, struct span organisation);
	const void *arg;
};

/* What was counted, in millionths: days of days, weeks of weeks, an amount, a change. */
struct measure {
	int64_t is, of;               /* of 0: of nothing */
	bool any;                     /* false: nothing is counted */
};

/* What settle() and people ask of an outcome beside the record itself. */
struct outcome_extra {
	struct measure measure;
	struct span part;             /* which band, tier or part; or absent */
	uint32_t version_at, terms_at; /* index of the version, of its outcomes */
	date_t referred;
	bool in_cohort;
};

/*
 * Outcomes in the contract's order, ordinals from 1; none for a unit that was
 * never referred.  Spans and arrays borrow from contract, timeline and arena.
 */
struct memo;
struct outcome_list {
	struct outcome *items;
	uint32_t n;
	struct memo *memo; /* the timeline's, with the ids of all; NULL: never referred */
	struct outcome_extra *extra; /* beside each item */
	struct id *absent; /* ids of the outcomes judged that these facts do not give */
	uint32_t absent_n;
};
struct outcome_list evaluate(const struct contract *contract, const struct timeline *timeline,
    const struct evaluate_facts *facts, struct arena *arena);

/* Of them only what records of these kinds can touch: the others, as they were judged before,
 * of this contract and by these facts, still stand.  reads: of this contract; NULL: all. */
struct outcome_list evaluate_touched(const struct contract *contract, const struct reads *reads,
    uint64_t kinds, const struct timeline *timeline, const struct evaluate_facts *facts,
    struct arena *arena);

#endif
