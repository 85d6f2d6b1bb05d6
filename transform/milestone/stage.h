/*
 * stage - milestoned's state for one partition of linked: units, contracts, the day.
 *
 *	linked ─► timelines ──┐
 *	terms ──► contracts ──┼─► evaluate, a unit at a time ─► outcomes
 *	reference ► as at ────┤
 *	cuts ───► complete ───┘
 *
 * A record touches those of its unit's outcomes that read its kind; a decision
 * all of them; another day, another word on how complete a feed is, another
 * contract touch all of everybody.  What the touched outcomes are is asked when
 * they are wanted: one evaluation serves all outcomes of a unit and contract
 * that are asked for in a row.
 *
 * Pure: decoding, signatures and published pages are the shell's, which hands
 * in what counts.  Copies what it keeps.  Not thread-safe.
 */
#ifndef OUTTURN_STAGE_H
#define OUTTURN_STAGE_H

#include "transform/milestone/evaluate.h"

struct stage;

/* What a decision says, and whether it may be used; asked again by stage_decisions_again().
 * false: cannot be read.  Spans in *out live until the next call. */
struct stage_asks {
	void *arg;
	bool (*decision)(void *arg, struct span bytes, struct decision *out, bool *counts);
};

struct stage *stage_new(const struct stage_asks *asks, uint64_t seed); /* owned; copies asks */
void stage_free(struct stage *st);

void stage_event(struct stage *st, const struct id *unit, const struct id *event,
    const struct linked *ln); /* NULL: taken away */
void stage_decision(struct stage *st, const struct id *unit, const struct id *decision,
    struct span bytes); /* SPAN_NONE: taken away */
void stage_decisions_again(struct stage *st);

/* Takes c; NULL takes the contract away.  `name`: of its page. */
void stage_contract(struct stage *st, struct span name, struct contract *c);
void stage_as_at(struct stage *st, date_t day);
void stage_complete(struct stage *st, struct span raw_topic, date_t through);
/* Whose raw topics are whose: pairs of (topic, organisation). */
void stage_agencies(struct stage *st, const struct span (*pairs)[2], size_t n);

bool stage_next_touched(struct stage *st, struct id *outcome);
/* What should stand under an outcome's id; borrows until the next call.  NULL: none. */
const struct outcome *stage_want(struct stage *st, const struct id *outcome);

struct stage_stats {
	uint64_t units, events, evaluations; /* evaluations: of a unit, by all contracts */
	uint64_t judged;    /* outcomes, of these */
	uint32_t contracts;
	date_t as_at;
	size_t bytes;       /* of timelines */
	size_t table_bytes; /* of what finds them */
};
struct stage_stats stage_stats(const struct stage *st);

#endif
