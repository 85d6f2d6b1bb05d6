#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kinds 11 and 12: what did not happen, and how often it did.
 *
 *	[start ────────── window, half-open ──────────) due
 *	                                            ▲ feeds complete through the last day,
 *	                                              and the lag behind it: only then
 *
 * Silence proves nothing before that; one record of it is enough against it.
 */

/* Of the window: a point in it, a spell that overlaps it. */
static bool
in_window(const struct spell *s, date_t from, date_t due)
{
	return s->from < due && (s->from >= from || s->to > from);
}

/* From when; false: not yet. */
static bool
begins(const struct judging *j, struct verdict *v, date_t *from)
{
	const struct rule_terms *rule = &v->terms->rule;

	if (!rule->after.ptr)
		return rule_start(j, v, from);
	*from = j->completed[rule->after_at];
	if (*from == DATE_NONE) {
		verdict_reason(j, v, REASON_EARLIER_OUTCOME, rule->after);
		return false;
	}
	verdict_observed(v, j->judged[rule->after_at].anchor ? j->judged[rule->after_at].anchor
							   : j->referral);
	v->out->start = *from;
	return true;
}

static void
occurred(const struct judging *j, struct verdict *v, const struct event *e)
{
	struct sentence more = { .len = 0 };

	sentence_event(j, &more, e);
	sentence_str(&more, ".");
	verdict_stands_on(v, e);
	v->status = STATUS_NOT_MET;
	v->certain = true;
	verdict_reason_more(j, v, REASON_OCCURRED, name_text(e->organisation), &more);
}

void
rule_non_occurrence_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
	reading_start(&o->rule, r);
}

void
rule_non_occurrence(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp;
	date_t from, due;

	if (!begins(j, v, &from))
		return;
	sp = spells_ever(j, rule->spell_at);
	due = duration_add(from, rule->lasts);
	v->out->due = due;
	for (uint32_t i = 0; i < sp->counting_n; i++)
		if (in_window(spell_at(sp, i), from, due)) {
			occurred(j, v, spell_at(sp, i)->start);
			return;
		}
	v->out->days = (j->facts->as_at < due ? j->facts->as_at : due) - from;
	if (j->facts->as_at < due) {
		reason_day(j, v, REASON_WINDOW_OPEN, "It closes on ", due);
		return;
	}
	if (!feeds_complete(j, v, due - 1))
		return;
	v->day = due;
	v->status = STATUS_ACHIEVED;
}

void
rule_comparison_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
	reading_start(&o->rule, r);
}

/* What a record adds.  Records of one day are of one event, and of one day and one amount of
 * one cost, if other organisations send them. */
static bool
compared(const struct judging *j, struct verdict *v, const struct spells *sp, uint32_t at,
    int64_t *one)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spell *s = spell_at(sp, at);
	const struct event_attribute *a = event_attribute(s->start, rule->attribute);

	*one = a ? a->number : MILLIONTHS;
	if (rule->attribute.ptr && (!a || !a->has_number)) {
		verdict_reason(j, v, REASON_NUMBER_NOT_STATED, rule->attribute);
		return false;
	}
	for (uint32_t i = at; i > 0 && spell_at(sp, i - 1)->from == s->from; i--) {
		const struct event *e = spell_at(sp, i - 1)->start;

		if (!rule->attribute.ptr)
			return false;
		a = event_attribute(e, rule->attribute);
		if (a && a->number == *one && e->organisation != s->start->organisation)
			return false;
	}
	return true;
}

void
rule_comparison(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp;
	date_t from, due;
	int64_t sum = 0;

	if (!rule_start(j, v, &from))
		return;
	sp = spells_ever(j, rule->spell_at);
	due = duration_add(from, rule->lasts);
	v->out->due = due;
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *s = spell_at(sp, i);
		int64_t one;

		if (s->from < from || s->from >= due || !compared(j, v, sp, i, &one))
			continue;
		sum += one;
		verdict_stands_on(v, s->start);
	}
	v->measure = (struct measure){ sum, 0, true };
	reason_counted(j, v, rule->attribute.ptr ? REASON_AMOUNT_COUNTED : REASON_EVENTS_COUNTED,
	    sum, 0, " in the window.");
	verdict_reason(j, v, REASON_IN_COHORT, SPAN_NONE);
	if (j->facts->as_at < due || !feeds_complete(j, v, due - 1))
		return;
	v->day = due;
	v->status = STATUS_ACHIEVED;
}
