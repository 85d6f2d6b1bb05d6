/*
 * settle - what is owed for a whole cohort on a day, and the lines of a statement.
 *
 *	rows (evaluate, all units) ─┐
 *	cohort rules, fees ─────────┼─► by day achieved, then id ─► caps, in their order ─► position
 *	reference ──────────────────┘        earned │ payable apart
 *
 *	position on the last day − what was stated before = lines        (negative ones, too)
 *	each line ─► payers, whole minor units, so that pence always sum
 *
 * What two contracts would both pay is held in both, unless they have agreed to it:
 *
 *	rows of contract a ─┐
 *	rows of contract b ─┴─► settle_twice ─► the same rows, each with the other's name
 *
 * What was stated before is the earlier statements; where none are given, what
 * they would have been on the same evidence: the position on the day before the
 * period.  Everything is taken anew each time, so that a revoked outcome leaves
 * no trace, headroom reopens, and the order in which rows come cannot show.
 *
 * Pure: no clock, no I/O; allocates from the caller's arena and by mem.
 */
#ifndef OUTTURN_SETTLE_H
#define OUTTURN_SETTLE_H

#include "transform/milestone/evaluate.h"
#include "transform/milestone/rules.h"

enum { SETTLE_PAYERS_MAX = RULES_PAYERS_MAX };

/* An outcome of a unit, as far as money goes. */
struct settle_row {
	struct id outcome_id, unit, anchor; /* anchor: the event that its spell began with */
	struct span part;
	struct span also;           /* settle_twice()'s: another contract that would pay it; or absent */
	date_t also_from;           /* since when */
	struct measure measure;
	int64_t price_minor;
	date_t achieved, referred;
	uint32_t version_at, terms_at;
	int32_t ordinal;
	bool in_cohort, proven, verified, held;
};

void settle_row_of(const struct outcome *o, const struct outcome_extra *x, struct settle_row *out);

/* Of one contract, all that is claimed under it. */
struct settle_claims {
	const struct contract *contract;
	struct settle_row *rows;
	size_t n;
};

/* Says in each row which other contract would pay for the same outcome of the same unit and
 * spell, without either being the other's tier above or named in its `pays_with`.  In any
 * order; says it anew each time. */
void settle_twice(const struct settle_claims *of, size_t n);

/* An input from elsewhere, with its provenance: a comparison group's figure. */
struct settle_reference {
	struct span what, name;     /* "comparison", the cohort's name */
	struct span origin;
	int64_t number;             /* millionths */
};

/* What an earlier statement said of one line, summed over all. */
struct settle_earlier {
	struct id id;
	int64_t earned_minor, payable_minor;
	int64_t by_payer[SETTLE_PAYERS_MAX];
};

struct settle_facts {
	date_t from, to;            /* the period; both count */
	const struct settle_reference *references;
	size_t references_n;
	const struct settle_earlier *earlier; /* NULL: as recomputed on the day before */
	size_t earlier_n;
};

enum settle_state { SETTLE_PAYABLE, SETTLE_OVER_CAP, SETTLE_HELD, SETTLE_REVOKED };
struct span settle_state_name(enum settle_state state);

struct settle_line {
	struct id id, unit;         /* unit zero: the cohort's */
	struct span outcome, part;
	int32_t ordinal;
	date_t achieved;
	enum settle_state state;
	int64_t earned_minor, payable_minor, held_minor; /* of this statement */
	struct span cut_by;         /* word of the cap that cut it; or absent */
	struct span also;           /* held for it: another contract that would pay it; or absent */
	const struct span *payers;  /* by_payer[i] is whose */
	uint32_t payers_n;
	int64_t by_payer[SETTLE_PAYERS_MAX];
};

/* What was measured of the cohort, shown beside what it pays. */
struct settle_measure {
	struct span outcome, part;  /* part: a cohort's name */
	int32_t ordinal;
	date_t from, to;            /* the days measured */
	struct span what;           /* "rate", "mean", "days-saved", "reduction" */
	int64_t is, of;             /* exact: a fraction; of 0: nothing to measure */
	int64_t value;              /* the same as people read it, millionths: per cent, points, days */
	int64_t target;             /* millionths; of a rate per cent */
	int64_t units;              /* counted: pairs, persons */
	int64_t eligible;
	int64_t earned_minor;
	bool complete;              /* all of it is known */
};

struct settlement {
	struct settle_line *lines;  /* by day achieved, then id */
	uint32_t lines_n;
	struct settle_measure *measures;
	uint32_t measures_n;
	int64_t earned_minor, payable_minor, held_minor; /* of this statement */
	int64_t earned_all_minor, payable_all_minor;     /* of the contract up to its last day */
	const char *missing;        /* a reference that is not there; NULL: none */
};

/* Rows of one contract, in any order.  Spans borrow from contract, rows and arena. */
struct settlement settle(const struct contract *contract, const struct settle_row *rows, size_t n,
    const struct settle_facts *facts, struct arena *arena);

#endif
