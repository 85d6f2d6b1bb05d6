#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kinds 5, 7, 10, 20: days in all, the union of intervals.
 *
 *	business a   [1 Mar ──────────── 9 Jun)            100 days
 *	business b                [10 May ─────── 18 Aug)  100 days, 30 of them the same
 *	                                                   170 count: 182 are not reached
 */

/* --- 5: cumulative days */

struct adding {
	struct days *days;
	uint32_t n;
	date_t from, to;        /* the window */
	const struct event *first;
};

static void
add(struct adding *a, const struct spells *sp)
{
	a->n = days_of(sp, a->from, a->to, a->days, a->n);
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct event *e = spell_at(sp, i)->start;

		if (!a->first || e->start < a->first->start
		    || (e->start == a->first->start && id_before(&e->id, &a->first->id)))
			a->first = e;
	}
}

static date_t
window_from(const struct judging *j, const struct rule_terms *rule, const struct spells **of,
    uint32_t n)
{
	date_t from = DATE_NONE;

	if (rule->within_from == FROM_REFERRAL)
		return j->referral->start;
	for (uint32_t i = 0; i < n; i++)
		if (of[i]->counting_n && (from == DATE_NONE || spell_at(of[i], 0)->from < from))
			from = spell_at(of[i], 0)->from;
	return from == DATE_NONE ? j->referral->start : from;
}

static void
stand_on_all(struct verdict *v, const struct spells *sp, date_t day)
{
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *s = spell_at(sp, i);

		if (s->from >= day)
			break;
		verdict_stands_on(v, s->start);
		if (s->to < day)
			verdict_stands_on(v, s->to_by);
	}
}

/* What reaches the day, or ended last before it. */
static date_t
proved_on(const struct spells *sp, date_t day)
{
	date_t last = DATE_MIN;

	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *s = spell_at(sp, i);
		date_t to = s->to > day ? day : s->to;

		if (s->from < day && to > last)
			last = to;
	}
	return last;
}

void
rule_cumulative_days_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	for (uint32_t i = 0; i < o->rule.spells_n; i++)
		reading_spell(v, o->rule.spells_at[i], r);
}

void
rule_cumulative_days(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *of[RULE_EVENTS_MAX], *by = NULL;
	struct adding a = { .to = DATE_MAX };
	int32_t counted, most = 0;
	uint32_t room = 0;
	struct run all;
	date_t day;

	for (uint32_t i = 0; i < rule->spells_n; i++) {
		of[i] = judging_spells(j, rule->spells_at[i]);
		room += of[i]->counting_n;
	}
	a.from = window_from(j, rule, of, rule->spells_n);
	if (!duration_is_zero(rule->within))
		a.to = duration_add(a.from, rule->within);
	a.days = arena_alloc(j->arena, (room + 1) * sizeof(*a.days));
	MUST(a.days != NULL);
	for (uint32_t i = 0; i < rule->spells_n; i++) {
		if (!rule->mix)
			a.n = 0;
		add(&a, of[i]);
		day = days_reach(a.days, a.n, rule->concurrent == CONCURRENT_EACH, rule->days,
		    &counted);
		most = counted > most ? counted : most;
		if (day != DATE_NONE && (v->day == DATE_NONE || day < v->day || rule->mix)) {
			v->day = day;
			by = of[i];
		}
	}
	if (!a.first) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->events.items[0]);
		return;
	}
	day = v->day;
	verdict_observed(v, a.first);
	v->out->days = most;
	v->measure = (struct measure){ (int64_t)most * MILLIONTHS,
		(int64_t)rule->days * MILLIONTHS, true };
	reason_counted(j, v, REASON_DAYS_COUNTED, v->measure.is, v->measure.of, " days.");
	if (day == DATE_NONE) {
		if (a.to != DATE_MAX)
			v->failed = a.to - 1;
		for (uint32_t i = 0; i < rule->spells_n; i++)
			stand_on_all(v, of[i], a.to);
		return;
	}
	v->out->due = day;
	for (uint32_t i = 0; i < rule->spells_n; i++)
		if (rule->mix || of[i] == by)
			stand_on_all(v, of[i], day);
	for (uint32_t i = 0; rule->mix && i < rule->spells_n; i++)
		if (of[i]->counting_n && proved_on(of[i], day) > proved_on(by, day))
			by = of[i]; /* the kind that completes it proves it */
	all = run_all(by);
	verdict_proven(j, v, by, &all, proved_on(by, day), false);
}

/* --- 7: recurring periods after a gate */

static date_t
period_end(const struct rule_terms *rule, date_t gate, int32_t n)
{
	return duration_add(gate,
	    (struct duration){ rule->every.months * n, rule->every.days * n });
}

static bool
whole(const struct days *days, uint32_t n, date_t from, date_t to)
{
	date_t through = from;

	for (uint32_t i = 0; i < n && days[i].from <= through; i++)
		if (days[i].to > through)
			through = days[i].to;
	return through >= to;
}

/* The end of the `ordinal`-th period that is complete, and its first day; DATE_NONE: not yet. */
static date_t
period_fixed(const struct rule_terms *rule, const struct days *days, uint32_t n, date_t gate,
    int32_t ordinal, date_t *from)
{
	date_t last = n ? days[n - 1].to : gate;
	int32_t paid = 0;

	for (uint32_t i = 0; i < n; i++)
		last = days[i].to > last ? days[i].to : last;
	*from = gate;
	for (int32_t p = 1; *from < last; p++) {
		date_t to = period_end(rule, gate, p);
		uint32_t k = 0;

		while (k < n && days[k].to <= *from)
			k++;
		if (whole(days + k, n - k, *from, to) && ++paid == ordinal)
			return to;
		*from = to;
	}
	return DATE_NONE;
}

static date_t
period_cumulative(const struct rule_terms *rule, const struct days *days, uint32_t n, date_t gate,
    int32_t ordinal, date_t *from)
{
	int32_t counted;

	*from = ordinal == 1 ? gate
			     : days_reach(days, n, false, rule->every.days * (ordinal - 1), &counted);
	return days_reach(days, n, false, rule->every.days * ordinal, &counted);
}

void
rule_recurring_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
	r->outcomes |= UINT64_C(1) << o->rule.after_at;
}

void
rule_recurring(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = judging_spells(j, rule->spell_at);
	struct calendars closed = { rule->calendars, rule->calendars_n };
	struct days *days = arena_alloc(j->arena, (sp->counting_n + 1) * sizeof(*days));
	date_t gate = j->completed[rule->after_at], from, end, claimable;
	struct run all = run_all(sp);
	uint32_t n;

	MUST(days != NULL);
	if (gate == DATE_NONE) {
		verdict_reason(j, v, REASON_EARLIER_OUTCOME, rule->after);
		return;
	}
	n = days_of(sp, gate, DATE_MAX, days, 0);
	end = rule->periods == PERIODS_FIXED
	    ? period_fixed(rule, days, n, gate, v->out->ordinal, &from)
	    : period_cumulative(rule, days, n, gate, v->out->ordinal, &from);
	if (sp->counting_n == 0) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, sp->terms->event);
		return;
	}
	verdict_observed(v, spell_at(sp, 0)->start);
	v->out->start = from;
	if (end == DATE_NONE) {
		verdict_reason(j, v, REASON_PERIOD_UNDER_WAY, SPAN_NONE);
		return;
	}
	v->more = v->out->ordinal < rule->most;
	v->out->due = end;
	v->out->days = end - from;
	claimable = calendar_working_days(closed, end, rule->claimable_working_days);
	if (rule->claimable_working_days)
		reason_day(j, v, REASON_CLAIMABLE_FROM, "Claimable from ", claimable);
	stand_on_all(v, sp, end);
	if (j->facts->as_at < claimable)
		return;
	v->day = end;
	verdict_proven(j, v, sp, &all, proved_on(sp, end), false);
}

/* --- 10: days against a baseline, one unit's part */

static date_t
complete_least(const struct judging *j, const struct yaml_texts *by)
{
	date_t least = DATE_MAX;

	for (uint32_t i = 0; i < by->n; i++) {
		date_t through = j->facts->complete_through
		    ? j->facts->complete_through(j->facts->arg, by->items[i]) : DATE_NONE;

		least = through < least ? through : least; /* DATE_NONE is least of all */
	}
	return least;
}

void
rule_baseline_days_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
	reading_start(&o->rule, r);
}

void
rule_baseline_days(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = spells_ever(j, rule->spell_at);
	struct days *days = arena_alloc(j->arena, (sp->counting_n + 1) * sizeof(*days));
	const struct event *cut_by = NULL;
	date_t start, end, known, cut;
	int32_t in = 0;
	uint32_t n;

	MUST(days != NULL);
	if (!rule_start(j, v, &start))
		return;
	end = duration_add(start, rule->lasts);
	cut = first_day_of(j, &rule->cut_by, start, &cut_by);
	if (cut != DATE_NONE && cut < end) {
		end = cut;
		verdict_stands_on(v, cut_by);
		reason_day(j, v, REASON_CUT, "Followed until ", cut);
	}
	known = complete_least(j, &v->terms->reported_by);
	known = known == DATE_NONE || known < start ? start
	    : known >= j->facts->as_at ? j->facts->as_at : known + 1;
	v->out->due = end;
	n = days_of(sp, start, known < end ? known : end, days, 0);
	days_reach(days, n, false, INT32_MAX, &in);
	for (uint32_t i = 0; i < sp->counting_n; i++)
		if (spell_at(sp, i)->from < end && spell_at(sp, i)->to > start)
			verdict_stands_on(v, spell_at(sp, i)->start);
	v->out->days = (known < end ? known : end) - start;
	v->measure = (struct measure){ (int64_t)in * MILLIONTHS,
		(int64_t)v->out->days * MILLIONTHS, true };
	reason_counted(j, v, REASON_DAYS_COUNTED, v->measure.is, v->measure.of, " days followed.");
	verdict_reason(j, v, REASON_IN_COHORT, SPAN_NONE);
	if (j->facts->as_at < end || !feeds_complete(j, v, end - 1))
		return;
	v->day = end;
	v->status = STATUS_ACHIEVED;
}

/* --- 20: capitation */

static date_t
calendar_period(int32_t every, date_t day, int32_t n)
{
	struct ymd p = date_ymd(day);
	int months = every == EVERY_YEAR ? 12 : every == EVERY_QUARTER ? 3 : 1;
	int first = every == EVERY_YEAR ? 1 : every == EVERY_QUARTER ? (p.month - 1) / 3 * 3 + 1
								     : p.month;

	return date_add_months(date_of(p.year, first, 1), n * months);
}

void
rule_capitation_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	(void)v;
	reading_start(&o->rule, r);
}

void
rule_capitation(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	int32_t nth = v->out->ordinal - 1;
	const struct event *by = NULL;
	date_t start, from, to, leaves, in, until;

	if (!rule_start(j, v, &start))
		return;
	from = calendar_period(rule->every_period, start, nth);
	to = calendar_period(rule->every_period, start, nth + 1);
	leaves = first_day_of(j, &rule->cut_by, start, &by);
	in = start > from ? start : from;
	until = leaves != DATE_NONE && leaves < to ? leaves : to;
	v->out->start = in;
	v->out->due = to - 1;
	if (until <= in) { /* left before it: nothing more is due */
		v->status = STATUS_NOT_MET;
		verdict_stands_on(v, by);
		reason_day(j, v, REASON_CUT, "Left on ", leaves);
		return;
	}
	v->out->days = until - in;
	v->measure = (struct measure){ (int64_t)(until - in) * MILLIONTHS,
		(int64_t)(to - from) * MILLIONTHS, true };
	if (until - in < to - from && rule->part_period != PART_WHOLE) {
		v->share = rule->part_period == PART_DAYS ? until - in : 0;
		v->of = to - from;
		verdict_reason(j, v, REASON_PART_PERIOD, SPAN_NONE);
	}
	if (j->facts->as_at < to)
		return;
	v->more = rule->most > v->out->ordinal && until == to;
	if (v->terms->reported_by.n && rule->cut_by.n && !feeds_complete(j, v, to - 1))
		return;
	v->day = to - 1;
	v->status = STATUS_ACHIEVED;
}
