/*
 * judge - one evaluation in progress: what evaluate.c, rules, proof.c and ruling.c share.
 *
 *	cohort ─► rule ─► contradicted? ─► proven? ─► window, claim, decisions ─► outcome
 *	evaluate.c rule_*.c └──── proof.c ───────┘    └──── ruling.c ────┘
 *
 * A new kind of rule: its parameters in rules.h and contract.c, a rule_KIND.c with the
 * two functions of struct rule, a line in rule_of().
 *
 * Internal to evaluate().
 */
#ifndef OUTTURN_JUDGE_H
#define OUTTURN_JUDGE_H

#include "transform/milestone/evaluate.h"
#include "transform/milestone/reads.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"
#include "transform/milestone/spells.h"
#include "transform/milestone/timeline_in.h"

enum { VERDICT_REASONS_MAX = 16, PROOFS_MAX = 256 };

/* What an outcome came to that others may ask about. */
struct judged {
	const struct outcome *out;
	enum status status;
	date_t day;              /* as in a verdict */
	const struct event *anchor;
	const struct event **stood;
	uint32_t stood_n;
};

struct judging {
	const struct contract *contract;
	const struct version_terms *version;
	const struct timeline *tl;
	const struct evaluate_facts *facts;
	struct arena *arena;
	const struct event *referral;
	const struct event *death;   /* nothing counts after its day; NULL: none is known */
	date_t known;                /* as at, or the day of death */
	const struct occurrence **of_base; /* of each kind the version looks at */
	uint32_t *of_base_n;
	struct spells *spells;   /* of each of the version's; terms NULL: not asked for yet */
	struct memo *memo;       /* what was hashed before */
	struct duration window;  /* that `window_closes` is of */
	date_t window_closes;
	const struct event **by_rank; /* the timeline's events, by id */
	const struct event **room; /* for one verdict's stands_on */
	uint64_t *marks;         /* for one verdict's */
	uint32_t marks_n;        /* words */
	date_t *completed;       /* of each outcome, the day its rule was complete */
	struct judged *judged;   /* of each outcome; NULL: no rule of the version asks */
};

/* What one outcome has come to, so far. */
struct verdict {
	enum status status;
	const struct outcome_terms *terms;
	struct outcome *out;
	date_t day;              /* complete by the rule; DATE_NONE: not */
	date_t failed;           /* the last day that could have saved it; DATE_NONE: not failed */
	const struct event *anchor;
	uint64_t *marks;         /* what it stands on: a bit of each event's rank */
	const struct event **stands_on; /* the same, by id, once the rule has been judged */
	uint32_t stands_on_n;
	uint64_t mix;            /* of them, the contract and its version: for the memo */
	struct reason reasons[VERDICT_REASONS_MAX];
	uint32_t reasons_n;
	struct run_gap gaps[RUN_GAPS_MAX];
	uint32_t gaps_n;
	struct span gap_rule;
	bool more;               /* another ordinal follows */
	bool certain;            /* it is known not to be: no silence is waited for */
	struct measure measure;  /* what was counted */
	struct span part;        /* which band, tier or part it is */
	int64_t share, of;       /* of the price; of 0: all of it */
};

/* A kind of rule.  What it looks at, `reads` must say: kinds of record, earlier outcomes.
 * Without `reads` every record touches it, and it looks at no other outcome. */
struct rule {
	void (*judge)(const struct judging *j, struct verdict *v);
	void (*reads)(const struct version_terms *v, const struct outcome_terms *o,
	    struct reading *r);
};
const struct rule *rule_of(const struct rule_terms *terms);

/* In any order, each perhaps twice: no ids are compared. */
static inline void
verdict_stands_on(struct verdict *v, const struct event *e)
{
	v->marks[e->rank / 64] |= UINT64_C(1) << e->rank % 64;
}

/* To try what would be said, and forget it. */
void verdict_trial(const struct judging *j, struct verdict *v);
void verdict_reason(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject);
/* With more to say than the reason's own sentence. */
void verdict_reason_more(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject, const struct sentence *more);
/* Begun by e: seen. */
void verdict_observed(struct verdict *v, const struct event *e);
/* Complete by the rule on v->day: contradicted, or proven, or what is missing. */
void verdict_complete(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, bool one_day);
/* The same where the proof must speak of another day than the one achieved. */
void verdict_proven(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t proved, bool one_day);
/* The version's spells at `at`, built when they are first asked for. */
const struct spells *judging_spells(const struct judging *j, uint32_t at);
void reading_spell(const struct version_terms *v, uint32_t at, struct reading *r);
/* "Exampleshire Council's accommodation of 2015-03-01" */
void sentence_event(const struct judging *j, struct sentence *s, const struct event *e);

/* --- rule_*.c: each kind of rule */

void rule_event(const struct judging *j, struct verdict *v);
void rule_event_reads(const struct version_terms *v, const struct outcome_terms *o,
    struct reading *r);
void rule_spell(const struct judging *j, struct verdict *v);
void rule_spell_reads(const struct version_terms *v, const struct outcome_terms *o,
    struct reading *r);

/* The numbers of the kinds are the design's; each names what it looks at. */
#define RULE_FNS(name) \
	void name(const struct judging *j, struct verdict *v); \
	void name##_reads(const struct version_terms *v, const struct outcome_terms *o, \
	    struct reading *r)
RULE_FNS(rule_weeks);             /* 4 */
RULE_FNS(rule_cumulative_days);   /* 5 */
RULE_FNS(rule_cumulative_amount); /* 6 */
RULE_FNS(rule_recurring);         /* 7 */
RULE_FNS(rule_intensity_band);    /* 8 */
RULE_FNS(rule_score);             /* 9, 21 */
RULE_FNS(rule_baseline_days);     /* 10 */
RULE_FNS(rule_comparison);        /* 11 */
RULE_FNS(rule_non_occurrence);    /* 12 */
RULE_FNS(rule_tiered);            /* 15 */
RULE_FNS(rule_split);             /* 16 */
RULE_FNS(rule_goal_count);        /* 17 */
RULE_FNS(rule_n_of_m);            /* 18, and the bundle of 20 */
RULE_FNS(rule_capitation);        /* 20 */

/* --- proof.c */

#define JUDGE_DEATH SPAN_LIT("death") /* the kind whose day ends what is counted */
#define PROOF_ENGAGEMENT SPAN_LIT("engagement") /* the kind that `engaged_days` asks for */

/* Records that cannot both be true, in what v judges through v->day (run NULL: one day). */
bool proof_contradicted(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t day);
/* An end that somebody else's confirmation denies, where the run stops short. */
bool proof_end_denied(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct rung *rung);
/* Moves *day to the first day from it on without a known risk; false: there is none. */
bool proof_risk(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t *day);
/* Is it proven as the contract asks?  Says what is missing, and from whom. */
bool proof_enough(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t day);

/* --- ruling.c */

/* Windows, claims and decisions, on what the rule and the proof came to. */
void ruling(struct judging *j, struct verdict *v);
void facts_hash(const struct judging *j, struct verdict *v);
/* Are all who would have reported it complete through `day` and the lag?  Says who is not. */
bool feeds_complete(const struct judging *j, struct verdict *v, date_t day);

#endif
