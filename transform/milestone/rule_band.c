#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kind 8: it lasted, and the price depends on hours a week.
 *
 *	hours   10 ──────────────── 20 ───────────────────
 *	        [1 Mar               15 May                 1 Jul]
 *	        1.5 months ▲ under 16: £400    1.5 months ▲ over 16: £500 in its place
 *
 * A change of hours begins a new count for the higher bands; the statement
 * then pays the difference, and nothing is clawed back.
 */

enum { WEEK = 7 };

/* The milestone of `lasts` counted from a day within a run. */
struct from_day {
	date_t start, due, achieved;
	bool complete;
};

static void
milestone(const struct spells *sp, const struct run *run, date_t start, struct duration lasts,
    struct from_day *m)
{
	date_t to = start;

	*m = (struct from_day){ .start = start, .due = duration_add(start, lasts) };
	for (uint32_t i = run->first; i < run->end && to < m->due; i++) {
		const struct spell *s = spell_at(sp, i);

		if (s->to <= to)
			continue;
		if (s->from > to) {
			if (sp->terms->gap_within == GAP_PAUSES) {
				m->due += s->from - to;
			} else if (m->due <= s->from) {
				m->complete = true;
				m->achieved = s->from;
				return;
			}
		}
		to = s->to;
	}
	m->complete = to >= m->due;
	m->achieved = m->due;
}

/* Hours over the days counted; false: some day states none. */
struct hours {
	int64_t sum, lowest;
	int32_t days;
	bool unstated;
};

static struct hours
hours_over(const struct spells *sp, const struct rule_terms *rule, date_t from, date_t to)
{
	struct hours h = { .lowest = INT64_MAX };
	int32_t days;
	int64_t is;

	for (date_t d = from; d < to; d += days) { /* alike until something changes */
		date_t until = hours_until(sp, rule->attribute, d);

		days = (until < to ? until : to) - d;
		if (!hours_on(sp, rule->attribute, (enum alongside)rule->alongside, d, &is,
			&h.unstated))
			continue;
		h.sum += is * days;
		h.days += days;
		h.lowest = is < h.lowest ? is : h.lowest;
	}
	return h;
}

/* Hours a week as sum ÷ days: the rule's way of looking at what changes. */
static struct hours
hours_judged(const struct spells *sp, const struct rule_terms *rule, const struct from_day *m)
{
	struct hours h = hours_over(sp, rule,
	    rule->band_hours == BAND_MILESTONE && m->achieved - WEEK > m->start
		? m->achieved - WEEK : m->start, m->achieved);

	if (rule->band_hours == BAND_LOWEST && h.days) {
		h.sum = h.lowest;
		h.days = 1;
	}
	return h;
}

static uint32_t
band_of(const struct rule_terms *rule, const struct hours *h)
{
	const struct band_terms *b = rule->bands.items;
	uint32_t i = 0;

	for (; i + 1 < rule->bands.n; i++) {
		wide is = h->sum, below = (wide)b[i].below * h->days;

		if (is < below || (is == below && rule->exactly == EXACTLY_LOW))
			break;
	}
	return i;
}

/* The first day after `after` on which hours were stated anew within the run. */
static date_t
next_change(const struct spells *sp, const struct run *run, struct span attribute, date_t after)
{
	date_t next = DATE_NONE;

	for (uint32_t i = 0; i < sp->facts_n; i++) {
		const struct fact *f = &sp->facts[i];
		const struct event_attribute *a = event_attribute(f->event, attribute);
		bool ours = false;

		if (!a || !a->has_number || f->event->start <= after || f->spell == FACT_ORPHAN
		    || (next != DATE_NONE && f->event->start >= next))
			continue;
		for (uint32_t k = run->first; k < run->end; k++)
			ours |= sp->counting[k] == f->spell;
		if (ours)
			next = f->event->start;
	}
	return next;
}

/* Other hours on the day than on the last day before it that the run covers. */
static bool
hours_changed(const struct spells *sp, const struct run *run, const struct rule_terms *rule,
    date_t day)
{
	enum alongside alongside = (enum alongside)rule->alongside;
	date_t before = DATE_NONE;
	int64_t is = 0, was = 0;
	bool unstated = false;

	for (uint32_t i = run->first; i < run->end; i++) {
		const struct spell *s = spell_at(sp, i);
		date_t to = s->to < day ? s->to : day;

		if (s->from < to && (before == DATE_NONE || to - 1 > before))
			before = to - 1;
	}
	return before == DATE_NONE
	    || hours_on(sp, rule->attribute, alongside, day, &is, &unstated)
		!= hours_on(sp, rule->attribute, alongside, before, &was, &unstated)
	    || unstated || is != was;
}

struct best {
	uint32_t band;
	struct from_day m;
	struct run run;
	struct hours hours;
};

static bool
proven(const struct judging *j, const struct verdict *v, const struct spells *sp,
    const struct best *b)
{
	struct verdict trial = *v;

	verdict_trial(j, &trial);
	return !proof_contradicted(j, &trial, sp, &b->run, b->m.achieved)
	    && proof_enough(j, &trial, sp, &b->run, b->m.achieved);
}

/* A higher band, later, that is proven too. */
static void
upgrade(const struct judging *j, const struct verdict *v, const struct spells *sp,
    const struct best *base, struct best *best)
{
	const struct rule_terms *rule = &v->terms->rule;
	struct run run;
	uint32_t at = 0;

	*best = *base;
	while (run_next(sp, &at, &run)) {
		date_t start = spell_at(sp, run.first)->from;

		for (; start != DATE_NONE;
		     start = next_change(sp, &run, rule->attribute, start)) {
			struct best b = { .run = run };

			if (!hours_changed(sp, &run, rule, start))
				continue; /* the same, said again */
			milestone(sp, &run, start, rule->lasts, &b.m);
			if (!b.m.complete || b.m.achieved <= base->m.achieved)
				continue;
			b.hours = hours_judged(sp, rule, &b.m);
			if (b.hours.unstated || b.hours.days == 0)
				continue;
			b.band = band_of(rule, &b.hours);
			if (b.band > best->band && proven(j, v, sp, &b))
				*best = b;
		}
	}
}

static bool
first_complete(const struct judging *j, const struct spells *sp, const struct rule_terms *rule,
    struct best *b, struct rung *rung)
{
	uint32_t at = 0;

	while (run_next(sp, &at, &b->run)) {
		rung_of(sp, &b->run, rule->lasts, j->facts->as_at, rung);
		milestone(sp, &b->run, rung->start, rule->lasts, &b->m);
		if (!rung->complete)
			continue;
		b->m.due = rung->due;
		b->m.achieved = rung->achieved;
		return true;
	}
	return false;
}

static void
price_by(const struct judging *j, struct verdict *v, const struct best *base,
    const struct best *best)
{
	const struct band_terms *bands = v->terms->rule.bands.items;
	const struct band_terms *b = &bands[best->band], *was = &bands[base->band];
	struct sentence more = { .len = 0 };

	v->out->price_minor = b->price_minor > was->price_minor ? b->price_minor
								 : was->price_minor;
	if (v->terms->pay == PAY_NONE)
		v->out->price_minor = 0;
	v->measure = (struct measure){ best->hours.sum / best->hours.days, 0, true };
	v->part = b->name;
	verdict_reason(j, v, REASON_BAND, b->name);
	if (best->band == base->band)
		return;
	sentence_str(&more, "From ");
	sentence_add(&more, was->name);
	sentence_str(&more, " on ");
	sentence_date(&more, best->m.achieved);
	sentence_str(&more, ".");
	verdict_reason_more(j, v, REASON_BAND_UPGRADED, b->name, &more);
}

void
rule_intensity_band_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_intensity_band(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = judging_spells(j, rule->spell_at);
	struct best base = { .band = 0 }, best;
	struct rung rung;

	if (sp->counting_n == 0) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, sp->terms->event);
		return;
	}
	if (!first_complete(j, sp, rule, &base, &rung)) {
		rule_spell_judge(j, v, sp, rule->lasts);
		return;
	}
	base.hours = hours_judged(sp, rule, &base.m);
	if (base.hours.unstated || base.hours.days == 0) {
		verdict_observed(v, spell_at(sp, base.run.first)->start);
		v->out->due = base.m.due;
		v->status = STATUS_AWAITING;
		verdict_reason(j, v, REASON_NUMBER_NOT_STATED, rule->attribute);
		return;
	}
	base.band = band_of(rule, &base.hours);
	rule_spell_judge(j, v, sp, rule->lasts);
	if (rule->upgrade == UPGRADE_DIFFERENCE)
		upgrade(j, v, sp, &base, &best);
	else
		best = base;
	if (best.band != base.band) {
		for (uint32_t i = best.run.first; i < best.run.end; i++)
			if (spell_at(sp, i)->from < best.m.achieved)
				verdict_stands_on(v, spell_at(sp, i)->start);
	}
	price_by(j, v, &base, &best);
}
