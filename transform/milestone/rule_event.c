/*
 * rule_event - kinds 1 and 14: an event once a person, an assessment or an engagement.
 *
 * An event is a spell of which only the first day matters.
 */
#include "transform/milestone/rule_judge.h"

void
rule_event_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
	if (o->rule.after.ptr)
		r->outcomes |= UINT64_C(1) << o->rule.after_at;
}

void
rule_event_judge(const struct judging *j, struct verdict *v, const struct spells *sp, uint32_t at)
{
	const struct spell *s = &sp->items[sp->counting[at]];
	struct run run = { .first = at, .end = at + 1 };
	date_t day = s->from;

	verdict_observed(v, s->start);
	v->out->due = s->from;
	if (sp->terms->risk == RISK_NONE_KNOWN && !proof_risk(j, v, sp, &run, &day))
		return;
	v->day = day;
	verdict_complete(j, v, sp, &run, true);
}

/* MOVE_FIRST: is the first event of the kind one that counts? */
static bool
first_counts(const struct spells *sp, const struct spell *s)
{
	for (uint32_t i = 0; i < sp->n; i++) {
		const struct spell *t = &sp->items[i];

		if (t->class == SPELL_OTHER && t->from < s->from)
			return false;
	}
	return true;
}

/* Of several, the first from `at` on that no known risk speaks against; else the first. */
static uint32_t
without_risk(const struct judging *j, const struct spells *sp, uint32_t at)
{
	struct verdict trial;

	verdict_trial(j, &trial);
	for (uint32_t next = at; next < sp->counting_n; next++) {
		struct run run = { .first = next, .end = next + 1 };
		date_t day = sp->items[sp->counting[next]].from;

		if (proof_risk(j, &trial, sp, &run, &day))
			return next;
	}
	return at;
}

void
rule_event(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = judging_spells(j, rule->spell_at);
	date_t from = DATE_MIN;
	uint32_t at = 0;

	if (rule->after.ptr) {
		from = j->completed[rule->after_at];
		if (from == DATE_NONE) {
			verdict_reason(j, v, REASON_EARLIER_OUTCOME, rule->after);
			return;
		}
		from += rule->apart_days;
	}
	while (at < sp->counting_n && sp->items[sp->counting[at]].from < from)
		at++;
	if (at == sp->counting_n) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->event);
		return;
	}
	if (rule->move == MOVE_FIRST && !first_counts(sp, &sp->items[sp->counting[at]])) {
		verdict_reason(j, v, REASON_FIRST_DOES_NOT_COUNT, rule->event);
		return;
	}
	if (sp->risk_stated && rule->move == MOVE_ANY)
		at = without_risk(j, sp, at);
	rule_event_judge(j, v, sp, at);
}
