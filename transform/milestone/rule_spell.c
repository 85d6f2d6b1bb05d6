/*
 * rule_spell - kind 2: a continuous spell, and the rungs of a ladder.
 */
#include "transform/milestone/rule_judge.h"

void
rule_spell_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

static void
gaps_note(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct rung *rung)
{
	bool pauses = sp->terms->gap_within == GAP_PAUSES;

	memcpy(v->gaps, rung->gaps, rung->gaps_n * sizeof(*v->gaps));
	v->gaps_n = rung->gaps_n;
	v->gap_rule = pauses ? SPAN_LIT("pauses") : SPAN_LIT("counts");
	if (rung->gaps_n)
		verdict_reason(j, v, pauses ? REASON_GAP_PAUSED : REASON_GAP_COUNTED, SPAN_NONE);
	if (rung->back_after_gap)
		verdict_reason(j, v, REASON_BACK_AFTER_GAP, SPAN_NONE);
}

/* What says that the spell went on to the day: of the earliest that reach it, the first in the
 * timeline; NULL: nothing. */
static const struct event *
reaching(const struct spells *sp, uint32_t spell, date_t day)
{
	const struct fact *first = NULL;

	for (uint32_t i = 0; i < sp->facts_n; i++) {
		const struct fact *f = &sp->facts[sp->by_speaks[i]];

		if (first && f->speaks > first->speaks)
			break;
		if (f->spell == spell && f->speaks >= day && (!first || f < first))
			first = f;
	}
	return first ? first->event : NULL;
}

/* The records that a run through `day` rests on: each spell's beginning, and what says how
 * long it went on. */
static void
run_stands_on(struct verdict *v, const struct spells *sp, const struct run *run, date_t day)
{
	for (uint32_t i = run->first; i < run->end; i++) {
		const struct spell *s = &sp->items[sp->counting[i]];
		const struct event *reaches;

		if (s->from > day)
			break;
		reaches = s->to < day ? s->to_by : reaching(sp, sp->counting[i], day);
		verdict_stands_on(v, s->start);
		if (reaches)
			verdict_stands_on(v, reaches);
	}
}

static void
rung_complete(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, const struct rung *rung)
{
	date_t day = rung->achieved;

	v->out->due = rung->due;
	v->out->days = day - rung->start
	    - (sp->terms->gap_within == GAP_PAUSES ? rung->gap_days : 0);
	gaps_note(j, v, sp, rung);
	if (sp->terms->risk == RISK_NONE_KNOWN && !proof_risk(j, v, sp, run, &day)) {
		run_stands_on(v, sp, run, rung->achieved);
		return;
	}
	v->day = day;
	run_stands_on(v, sp, run, day);
	verdict_complete(j, v, sp, run, false);
}

static void
through(const struct judging *j, struct verdict *v, enum reason_code code, const char *words,
    date_t day)
{
	struct sentence more;

	sentence_begin(&more);
	sentence_str(&more, words);
	sentence_date(&more, day);
	sentence_str(&more, ".");
	verdict_reason_more(j, v, code, SPAN_NONE, &more);
}

static void
rung_short(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, const struct rung *rung)
{
	v->out->due = rung->due;
	v->out->days = rung->reaches - rung->start
	    - (sp->terms->gap_within == GAP_PAUSES ? rung->gap_days : 0);
	gaps_note(j, v, sp, rung);
	run_stands_on(v, sp, run, rung->reaches);
	if (proof_end_denied(j, v, sp, rung)
	    || proof_contradicted(j, v, sp, run, rung->reaches)) {
		v->status = STATUS_CONTRADICTED;
	} else if (!rung->ended) {
		through(j, v, REASON_UNDER_WAY, "Known through ", rung->reaches);
	} else if (rung->in_gap) {
		through(j, v, rung->due > rung->reaches && rung->due <= j->facts->as_at
			? REASON_DUE_IN_GAP : REASON_IN_GAP, "Back in time is through ",
		    rung->gap_until);
	} else {
		v->status = STATUS_NOT_YET;
		if (run->last)
			v->failed = rung->gap_until;
		through(j, v, run->last ? REASON_GAP_TOO_LONG : REASON_ENDED_EARLY,
		    "It ended on ", rung->reaches);
	}
}

/* 'fails': the gap that broke the run was too long also where nobody reported an end. */
static bool
run_failed(const struct spells *sp, const struct run *run)
{
	return run->last && run->end < sp->counting_n;
}

void
rule_spell_judge(const struct judging *j, struct verdict *v, const struct spells *sp,
    struct duration lasts)
{
	struct run run, newest = { 0 };
	struct rung rung;
	uint32_t at = 0;
	bool any = false;

	while (run_next(sp, &at, &run)) {
		any = true;
		newest = run;
		rung_of(sp, &run, lasts, j->facts->as_at, &rung);
		if (rung.complete)
			break;
	}
	if (!any) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, sp->terms->event);
		return;
	}
	verdict_observed(v, sp->items[sp->counting[newest.first]].start);
	if (rung.complete) {
		rung_complete(j, v, sp, &newest, &rung);
		return;
	}
	if (run_failed(sp, &newest)) {
		rung.ended = true;
		rung.in_gap = false;
	}
	rung_short(j, v, sp, &newest, &rung);
}

void
rule_spell(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;

	rule_spell_judge(j, v, judging_spells(j, rule->spell_at), rule->lasts);
}
