#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kinds 15 to 18 and the bundle of 20: outcomes made of several events, or of
 * other outcomes.
 *
 *	n-of-m     a ∧ b ∧ (2 of c, d, e)      complete on the day the last one needed was
 *	split      price ─ 50% on a ─ 50% on b ─ bonus on c
 *	tiers      entry level · level 1 · level 2: each, the highest, the difference
 *	goals      each once, up to so many
 */

/* --- 15: tiers */

static bool
is_tier(const struct rule_terms *rule, const struct tier_terms *t, const struct event *e)
{
	const struct event_attribute *a = event_attribute(e, rule->attribute);
	struct span code = a ? name_text(a->text) : SPAN_NONE;

	if (!code.ptr)
		return false;
	for (uint32_t i = 0; i < t->is.n; i++)
		if (span_eq(t->is.items[i], code))
			return true;
	return t->is.n == 0 && span_eq(t->name, code);
}

void
rule_tiered_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_tiered(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct tier_terms *t = rule->tiers.items;
	const struct spells *sp = judging_spells(j, rule->spell_at);

	t += v->out->ordinal - 1;
	v->more = (uint32_t)v->out->ordinal < rule->tiers.n;
	v->part = t->name;
	v->out->price_minor = v->terms->pay == PAY_NONE ? 0 : t->price_minor;
	verdict_reason(j, v, REASON_TIER, t->name);
	for (uint32_t i = 0; i < sp->counting_n; i++)
		if (is_tier(rule, t, spell_at(sp, i)->start)) {
			rule_event_judge(j, v, sp, i);
			return;
		}
	verdict_reason(j, v, REASON_NOTHING_SEEN, t->name);
}

static bool
stands(const struct outcome *o)
{
	return span_is(o->status, "achieved") || span_is(o->status, "verified");
}

/* Was `a` there before `b`?  Of one day the lower tier. */
static bool
before(const struct outcome *a, const struct outcome *b)
{
	return a->achieved != b->achieved ? a->achieved < b->achieved : a->ordinal < b->ordinal;
}

void
tiers_price(const struct outcome_terms *o, struct outcome *outs, uint32_t n)
{
	const struct tier_terms *t = o->rule.tiers.items;
	enum tiers_pay pays = (enum tiers_pay)o->rule.tiers_pay;

	if (pays == TIERS_EACH || o->pay == PAY_NONE)
		return;
	for (uint32_t i = 0; i < n; i++) {
		int64_t had = 0;

		if (!stands(&outs[i]))
			continue;
		for (uint32_t k = 0; k < n; k++) {
			if (k == i || !stands(&outs[k]))
				continue;
			if (pays == TIERS_HIGHEST && k > i)
				had = t[i].price_minor;
			if (pays == TIERS_DIFFERENCE && before(&outs[k], &outs[i])
			    && t[k].price_minor > had)
				had = t[k].price_minor;
		}
		outs[i].price_minor = t[i].price_minor > had ? t[i].price_minor - had : 0;
	}
}

/* --- 17: goals */

static bool
goal_again(const struct rule_terms *rule, const struct spells *sp, uint32_t at)
{
	const struct event_attribute *a
	    = event_attribute(spell_at(sp, at)->start, rule->attribute);

	for (uint32_t i = 0; a && i < at; i++) {
		const struct event_attribute *b
		    = event_attribute(spell_at(sp, i)->start, rule->attribute);

		if (b && a->text == b->text && a->has_number == b->has_number
		    && (!a->has_number || a->number == b->number))
			return true;
	}
	return false;
}

void
rule_goal_count_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_goal_count(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = judging_spells(j, rule->spell_at);
	int32_t goals = 0;
	uint32_t ours = UINT32_MAX;

	for (uint32_t i = 0; i < sp->counting_n; i++)
		if (!goal_again(rule, sp, i) && ++goals == v->out->ordinal)
			ours = i;
	if (ours == UINT32_MAX) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->event);
		return;
	}
	v->more = v->out->ordinal < rule->most;
	if (v->out->ordinal == rule->most && goals > rule->most)
		reason_counted(j, v, REASON_BEYOND_MOST, (int64_t)(goals - rule->most) * MILLIONTHS,
		    0, " more.");
	rule_event_judge(j, v, sp, ours);
}

/* --- 18 and the bundle */

static bool
component_counts(const struct judging *j, const struct rule_terms *rule, uint32_t at)
{
	enum status s = j->judged[at].status;

	return s == STATUS_VERIFIED
	    || (s == STATUS_ACHIEVED && rule->components == COMPONENTS_ACHIEVED);
}

static void
component_take(const struct judging *j, struct verdict *v, uint32_t at)
{
	const struct judged *d = &j->judged[at];

	for (uint32_t i = 0; i < d->stood_n; i++)
		verdict_stands_on(v, d->stood[i]);
	if (!v->anchor && d->anchor)
		v->anchor = d->anchor;
	if (v->out->start == DATE_NONE || d->day < v->out->start)
		v->out->start = d->day;
}

static void
sort_days(date_t *days, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t k = i; k > 0 && days[k - 1] > days[k]; k--) {
			date_t swap = days[k];

			days[k] = days[k - 1];
			days[k - 1] = swap;
		}
}

static void
missing(const struct judging *j, struct verdict *v, struct span name)
{
	verdict_reason(j, v, REASON_COMPONENT_MISSING, name);
}

void
rule_n_of_m_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	(void)v;
	for (uint32_t i = 0; i < o->rule.all_of.names.n; i++)
		r->outcomes |= UINT64_C(1) << o->rule.all_of.at[i];
	for (uint32_t i = 0; i < o->rule.any_of.names.n; i++)
		r->outcomes |= UINT64_C(1) << o->rule.any_of.at[i];
}

void
rule_n_of_m(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct outcome_terms *terms = j->version->outcomes;
	date_t some[RULE_OF_MAX], day = DATE_MIN;
	uint32_t all = 0, any = 0;
	bool begun = false;

	for (uint32_t i = 0; i < rule->all_of.names.n; i++) {
		uint32_t at = rule->all_of.at[i];

		if (!component_counts(j, rule, at)) {
			missing(j, v, terms[at].name);
			continue;
		}
		all++;
		day = j->judged[at].day > day ? j->judged[at].day : day;
		component_take(j, v, at);
	}
	for (uint32_t i = 0; i < rule->any_of.names.n; i++) {
		uint32_t at = rule->any_of.at[i];

		if (!component_counts(j, rule, at))
			continue;
		some[any++] = j->judged[at].day;
		component_take(j, v, at);
	}
	begun = all + any > 0;
	sort_days(some, any);
	v->measure = (struct measure){ (int64_t)((int32_t)any < rule->any_most ? (int32_t)any
									  : rule->any_most)
		* MILLIONTHS, 0, true };
	if (begun)
		v->status = STATUS_OBSERVED;
	if ((int32_t)any < rule->any_least)
		reason_counted(j, v, REASON_COMPONENTS_FEW, (int64_t)any * MILLIONTHS,
		    (int64_t)rule->any_least * MILLIONTHS, " needed.");
	if (all < rule->all_of.names.n || (int32_t)any < rule->any_least || !begun)
		return;
	if (rule->any_least && some[rule->any_least - 1] > day)
		day = some[rule->any_least - 1];
	if (rule->all_of.names.n == 0 && rule->any_least == 0)
		day = some[0];
	v->day = v->out->due = day;
	v->status = STATUS_ACHIEVED;
}

/* --- 16: split */

void
rule_split_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	const struct part_terms *p = o->rule.parts.items;

	(void)v;
	for (uint32_t i = 0; i < o->rule.parts.n; i++)
		r->outcomes |= UINT64_C(1) << p[i].on_at;
}

void
rule_split(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct part_terms *p = rule->parts.items;
	const struct judged *d;
	const struct outcome *of;

	p += v->out->ordinal - 1;
	d = &j->judged[p->on_at];
	of = d->out;
	v->more = (uint32_t)v->out->ordinal < rule->parts.n;
	v->part = p->on;
	v->out->price_minor = v->terms->pay == PAY_NONE ? 0 : p->price_minor;
	v->out->start = of->start;
	v->out->due = of->due;
	v->out->days = of->days;
	v->anchor = d->anchor;
	v->day = d->day;
	v->status = d->status;
	for (uint32_t i = 0; i < d->stood_n; i++)
		verdict_stands_on(v, d->stood[i]);
	verdict_reason(j, v, REASON_PART, p->on);
	if (d->status == STATUS_EXPIRED || d->status == STATUS_NOT_MET
	    || d->status == STATUS_REJECTED)
		v->certain = true;
}
