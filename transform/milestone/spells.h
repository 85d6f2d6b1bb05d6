/*
 * spells - what the records say of one kind of spell, and how long it went on.
 *
 * Each record of the kind opens a spell; its -confirmed and -ended records say
 * through when it is known to have gone on.  Nobody's silence counts: an open
 * spell reaches to its last positive confirmation.
 *
 *	accommodation  12 Jan   open      provider   [12 Jan ──────── 2 Apr]
 *	  -confirmed             2 Apr    council                        ▲ `to`
 *	accommodation  20 Apr  1 Jun      provider                gap 18 d  [20 Apr ── 1 Jun)
 *
 * Which spell a confirmation or an end belongs to: the one of its organisation
 * and episode; else the one that began last of its organisation; else of
 * anybody; never one that had ended before.  One that belongs to none counts
 * for nothing, and against an end that somebody else reported.
 *
 * A run is a chain of spells without a gap longer than allowed: continuity
 * belongs to the person, not to the address.
 *
 * Pure; borrows from timeline and terms, allocates from the arena.
 */
#ifndef OUTTURN_SPELLS_H
#define OUTTURN_SPELLS_H

#include "transform/milestone/rules.h"
#include "transform/milestone/timeline_in.h"

enum spell_class {
	SPELL_COUNTS,       /* as the first, and later */
	SPELL_COUNTS_LATER, /* after a planned move only */
	SPELL_OTHER,        /* says that it is something else */
	SPELL_UNKNOWN,      /* does not say */
};

struct spell {
	const struct event *start;
	bool sighting;              /* SPELL_OTHER: a confirmation alone, of which nobody said the start */
	const struct event *to_by;  /* the record that says `to`; may be `start` */
	date_t from, to;            /* to: first day not counted, or last confirmation */
	bool ended;
	enum spell_class class;
	uint32_t at;                /* its place in `counting`; SPELL_OUT: none */
};

#define SPELL_OUT UINT32_MAX

/* One record and the spell it speaks of. */
struct fact {
	const struct event *event;
	enum event_form form;
	uint32_t spell;             /* FACT_ORPHAN: none */
	date_t speaks;              /* the last day it speaks of */
};

#define FACT_ORPHAN UINT32_MAX

struct spells {
	const struct spell_terms *terms;
	struct spell *items;        /* by (from, event id) */
	uint32_t n;
	struct fact *facts;         /* in the timeline's order */
	uint32_t *by_speaks;        /* of facts: by the last day they speak of, then event id */
	uint32_t facts_n;
	uint32_t *counting;         /* those that may be in a run, of items, in order */
	uint32_t counting_n;
	uint32_t others_n, ended_n; /* of items; contradictions need one of them */
	bool risk_stated;           /* by any record */
};

/* An event of the spell's kind, in one of its forms. */
struct occurrence {
	const struct event *event;
	enum event_form form;
};

/* From what is known on `as_at`, in the timeline's order.  *sp: zeroed. */
void spells_build(struct spells *sp, const struct occurrence *occurrences, uint32_t n,
    const struct spell_terms *terms, date_t as_at, struct arena *arena);

struct run {
	uint32_t first, end;        /* of counting, half-open */
	bool last;                  /* no run may follow it: the contract's 'fails' */
};

/* From *at on; false: no more. */
bool run_next(const struct spells *sp, uint32_t *at, struct run *run);

struct run_gap {
	date_t from, to;
};

enum { RUN_GAPS_MAX = 16 };         /* shown; all are counted */

struct rung {
	bool complete;
	date_t start, due, achieved; /* due: with the pauses */
	date_t reaches;              /* through when it is known, if not complete */
	bool ended, in_gap, back_after_gap;
	date_t gap_until;            /* in_gap: last day on which coming back is in time */
	int32_t gap_days;            /* before achieved */
	uint32_t to_spell;           /* of items: the one that reaches farthest */
	uint32_t gaps_n;
	struct run_gap gaps[RUN_GAPS_MAX];
};

void rung_of(const struct spells *sp, const struct run *run, struct duration lasts, date_t as_at,
    struct rung *out);

/* Two records of one spell by different organisations, whose days differ a little. */
bool spell_same(const struct spells *sp, const struct spell *a, const struct spell *b);

const struct event_attribute *risk_stated(const struct event *e); /* NULL: it does not say */
bool filter_fits(const struct filter *f, const struct event *e, bool *stated);

#endif
