/*
 * forecast - outcomes that fall due, by month, with a range: of those in progress, as many as
 * were seen to last before them.
 *
 *	outcomes of all units ─┬─ ended, under way, complete ─► survival of each rung ─┐
 *	                       ├─ under way: due when ─────────────────────────────────┴─► months
 *	                       └─ proven: achieved when ──────────────────────────────────► months
 *
 * A rung of a spell (a stay of six months): the chance that one who is known to have
 * lasted d days lasts the L days that are asked is S(L) / S(d), S by Kaplan and Meier's
 * product limit over all who began that rung (J. Am. Stat. Assoc. 53, 1958, 457-481):
 *
 *	complete    lasted as long as was asked: followed to the end
 *	ended       an end at its days: the event
 *	under way   known through its days, and no longer: censored there
 *
 * Its 95% interval is Wilson's (J. Am. Stat. Assoc. 22, 1927, 209-212) with the effective
 * size n = p(1-p)/V, V Greenwood's variance (Rothman, J. Chronic Dis. 31, 1978, 557-560;
 * with no end seen, those still followed at L: Dorey and Korn, Stat. Med. 6, 1987,
 * 679-687).  Without censoring that is the plain share with its Wilson interval.  Where
 * nobody was followed as long as L the low end is 0; where nobody was followed beyond d
 * nothing is known: half, from 0 to 1.
 *
 * Any other rule: the plain share of those that fell due and are complete, with Wilson's
 * interval.
 *
 * Of a month: the sum of the chances; its range lets all be at the same end of their
 * interval, and adds the chance of so few, by the normal approximation:
 *
 *	low  = sum l - 1.96 sqrt(sum l(1-l)),  high = sum h + 1.96 sqrt(sum h(1-h)),  in [0, n]
 *
 * What it does not know: who will be referred yet, rungs that nobody has begun, and that
 * those of whom nothing is heard end more often than those who are heard of.  Expected is
 * complete by the rule, not proven: what is complete and not proven is counted apart.
 * Money is by price, without caps.
 *
 * The order in which units come cannot show: cases are sorted before anything is added.
 * Pure: no clock, no I/O.
 */
#ifndef OUTTURN_FORECAST_H
#define OUTTURN_FORECAST_H

#include "transform/milestone/evaluate.h"
#include "transform/milestone/rules.h"

enum { FORECAST_MONTHS_MAX = 240, FORECAST_MILLION = 1000000 };

/* --- survival */

struct lasted {
	int32_t days;             /* LASTED_ALL: complete */
	bool ended;
};
#define LASTED_ALL INT32_MAX

struct survival {
	double is, low, high;
	bool beyond;              /* nobody was followed as long */
};

struct curve;
struct curve *curve_new(const struct lasted *items, size_t n); /* owned; in any order */
void curve_free(struct curve *c);
struct survival curve_between(const struct curve *c, int32_t days, int32_t of_days);
struct survival survival_share(uint64_t is, uint64_t of); /* Wilson */

/* --- the forecast */

struct estimate {
	int64_t is, low, high;    /* numbers in millionths, money in minor units */
};

struct forecast_cell {            /* of a rung in a month; or of all rungs */
	uint32_t done, due;       /* proven in it; under way and due in it */
	int64_t done_minor;
	struct estimate number, money; /* of those due */
	int64_t plan;             /* millionths; FORECAST_NO_PLAN: none */
};
#define FORECAST_NO_PLAN INT64_MIN

struct forecast_rung {
	struct span name, title;
	bool spell;               /* by survival; else by share */
	uint32_t followed, ended; /* what the estimate rests on: all that began; of them at an end */
	uint32_t complete, proven; /* of those followed; of those complete */
	uint32_t under_way;
	uint32_t overdue;         /* of them: due by the day and not confirmed; in the first month */
	uint32_t later, unplaced; /* of them: after the last month; of no known day */
	uint32_t contradicted;    /* of none of them */
	int64_t proven_minor, awaiting_minor; /* complete and proven, in any month; and not */
	struct survival whole;    /* from the first day to the last; a share */
};

struct forecast;
struct forecast *forecast_new(const struct contract *c); /* owned; borrows c */
void forecast_free(struct forecast *f);
void forecast_take(struct forecast *f, const struct outcome_list *list); /* of one unit */
/* What is planned of an outcome in a month; false: no such outcome. */
bool forecast_plan(struct forecast *f, struct span outcome, date_t month, int64_t millionths);
/* From the first month in which something was achieved, or the day's, at most so many before
 * the day's; to `months` after it, which counts as one. */
void forecast_end(struct forecast *f, date_t as_at, uint32_t months, uint32_t months_before);

uint32_t forecast_rungs(const struct forecast *f, const struct forecast_rung **rungs);
uint32_t forecast_months(const struct forecast *f);
date_t forecast_month(const struct forecast *f, uint32_t month); /* its first day */
uint32_t forecast_now(const struct forecast *f);                 /* the day's month */
const struct forecast_cell *forecast_cell(const struct forecast *f, uint32_t rung, uint32_t month);
const struct forecast_cell *forecast_all(const struct forecast *f, uint32_t month);

/* A cap, and where it stands: by price; of numbers in millionths. */
struct forecast_cap {
	const struct cap_terms *cap;
	bool money;
	int64_t most, now;        /* now: done, in any month */
	struct estimate then;     /* with all that is forecast */
};
/* Those that can be forecast: of the contract, of outcomes, of a volume without bands. */
uint32_t forecast_caps(const struct forecast *f, struct forecast_cap *out, uint32_t room);

#endif
