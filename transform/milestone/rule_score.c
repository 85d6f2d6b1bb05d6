#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kinds 9 and 21: a score at first and later.
 *
 *	baseline 24 ─────────────── follow-up 20 ──── follow-up 22
 *	▲ the first scorable        ▲ the first       ▲ the last: as declared
 *
 * Readings of another instrument, version or domain are others' scores.
 */

struct readings {
	const struct spells *sp;
	const struct rule_terms *rule;
	const struct event *baseline, *follow_up;
	const struct name *version;
	bool unscorable;
};

static const struct name *
text_of(const struct event *e, struct span attribute)
{
	const struct event_attribute *a = event_attribute(e, attribute);

	return a ? a->text : NULL;
}

static bool
scorable(struct readings *r, const struct event *e)
{
	const struct event_attribute *score = event_attribute(e, r->rule->attribute),
				     *missing = event_attribute(e, SPAN_LIT("missing-items"));

	if (!r->rule->domain.ptr && event_attribute(e, SPAN_LIT("domain")))
		return false;
	if (score && score->has_number
	    && !(missing && missing->has_number
		&& missing->number > (int64_t)r->rule->missing_items * MILLIONTHS))
		return true;
	r->unscorable = true;
	return false;
}

static void
baseline_find(const struct judging *j, struct readings *r)
{
	for (uint32_t i = 0; i < r->sp->counting_n; i++) {
		const struct event *e = spell_at(r->sp, i)->start;

		if (!scorable(r, e))
			continue;
		if (!duration_is_zero(r->rule->baseline_within)
		    && e->start >= duration_add(j->referral->start, r->rule->baseline_within))
			return;
		r->baseline = e;
		r->version = text_of(e, SPAN_LIT("instrument-version"));
		return;
	}
}

static void
follow_up_find(const struct judging *j, struct readings *r)
{
	const struct rule_terms *rule = r->rule;
	date_t least = duration_add(r->baseline->start, rule->apart), to = DATE_MAX;
	date_t served = duration_add(j->referral->start, rule->on_service);

	if (!duration_is_zero(rule->follow_up_within))
		to = duration_add(r->baseline->start, rule->follow_up_within);
	for (uint32_t i = 0; i < r->sp->counting_n; i++) {
		const struct event *e = spell_at(r->sp, i)->start;

		if (e->start <= r->baseline->start || e->start < least || e->start < served
		    || e->start >= to || !scorable(r, e)
		    || text_of(e, SPAN_LIT("instrument-version")) != r->version)
			continue;
		r->follow_up = e;
		if (rule->follow_up == FOLLOW_UP_FIRST)
			return;
	}
}

static void
reading_add(struct sentence *s, const char *words, const struct rule_terms *rule,
    const struct event *e)
{
	sentence_str(s, words);
	sentence_millionths(s, event_attribute(e, rule->attribute)->number);
	sentence_str(s, " on ");
	sentence_date(s, e->start);
}

static void
changed(const struct judging *j, struct verdict *v, const struct readings *r)
{
	const struct rule_terms *rule = r->rule;
	int64_t from = event_attribute(r->baseline, rule->attribute)->number;
	int64_t to = event_attribute(r->follow_up, rule->attribute)->number;
	int64_t change = rule->direction == DIRECTION_UP ? to - from : from - to;
	bool pooled = rule->kind == RULE_MEAN_CHANGE, enough;
	struct run all = run_all(r->sp);
	struct sentence more = { .len = 0 };

	enough = pooled
	    || (rule->reach == REACH_EXCEEDING ? change > rule->at_least
					       : change >= rule->at_least);
	verdict_stands_on(v, r->follow_up);
	v->out->due = r->follow_up->start;
	v->out->days = r->follow_up->start - r->baseline->start;
	v->measure = (struct measure){ change, pooled ? 0 : rule->at_least, true };
	reading_add(&more, "Baseline ", rule, r->baseline);
	reading_add(&more, ", follow-up ", rule, r->follow_up);
	sentence_str(&more, ".");
	verdict_reason_more(j, v, enough ? REASON_CHANGE : REASON_CHANGE_NOT_REACHED, SPAN_NONE,
	    &more);
	if (pooled)
		verdict_reason(j, v, REASON_IN_COHORT, SPAN_NONE);
	if (!enough) {
		if (rule->follow_up == FOLLOW_UP_FIRST)
			v->failed = r->follow_up->start;
		return;
	}
	if (rule->kind == RULE_SCORE_CHANGE && rule->score_pays == SCORE_PAYS_POINTS) {
		v->share = change;
		v->of = MILLIONTHS;
	}
	v->day = r->follow_up->start;
	verdict_proven(j, v, r->sp, &all, v->day, false);
}

void
rule_score_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_score(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	struct readings r = { .sp = judging_spells(j, rule->spell_at), .rule = rule };

	baseline_find(j, &r);
	if (r.unscorable)
		verdict_reason(j, v, REASON_NOT_SCORABLE, rule->instrument);
	if (!r.baseline) {
		verdict_reason(j, v, r.sp->counting_n ? REASON_NO_BASELINE : REASON_NOTHING_SEEN,
		    r.sp->counting_n ? SPAN_NONE : rule->event);
		return;
	}
	follow_up_find(j, &r);
	verdict_observed(v, r.baseline);
	if (r.follow_up) {
		changed(j, v, &r);
		if (v->day == DATE_NONE && rule->follow_up == FOLLOW_UP_LAST
		    && !duration_is_zero(rule->follow_up_within))
			v->failed = duration_add(r.baseline->start, rule->follow_up_within) - 1;
		return;
	}
	verdict_reason(j, v, REASON_NO_FOLLOW_UP, SPAN_NONE);
	if (!duration_is_zero(rule->follow_up_within))
		v->failed = duration_add(r.baseline->start, rule->follow_up_within) - 1;
}
