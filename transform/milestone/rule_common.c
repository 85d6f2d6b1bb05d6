#include "common/must.h"
#include "transform/milestone/rule_judge.h"

struct run
run_all(const struct spells *sp)
{
	return (struct run){ .first = 0, .end = sp->counting_n };
}

const struct spell *
spell_at(const struct spells *sp, uint32_t counting)
{
	return &sp->items[sp->counting[counting]];
}

const struct spells *
spells_ever(const struct judging *j, uint32_t at)
{
	const struct spell_terms *t = &j->version->spells[at];
	uint32_t n = 0;
	struct occurrence *all;
	struct spells *sp = arena_zalloc(j->arena, 1, sizeof(*sp));

	all = arena_alloc(j->arena, (j->tl->events_n + 1) * sizeof(*all));
	MUST(sp && all);
	for (uint32_t i = 0; i < j->tl->events_n && j->tl->events[i].start <= j->known; i++) {
		const struct event *e = &j->tl->events[i];
		struct span kind = name_text(e->kind);

		if (span_eq(kind, t->event))
			all[n++] = (struct occurrence){ e, FORM_ITSELF };
		else if (span_eq(kind, t->confirmed))
			all[n++] = (struct occurrence){ e, FORM_CONFIRMED };
		else if (span_eq(kind, t->ended))
			all[n++] = (struct occurrence){ e, FORM_ENDED };
	}
	spells_build(sp, all, n, t, j->known, j->arena);
	return sp;
}

/* --- what spells state ---------------------------------------------------------- */

static const struct event_attribute *
number_of(const struct event *e, struct span attribute)
{
	const struct event_attribute *a = event_attribute(e, attribute);

	return a && a->has_number ? a : NULL;
}

bool
stated_on(const struct spells *sp, uint32_t item, struct span attribute, date_t day, int64_t *is)
{
	const struct event_attribute *a = number_of(sp->items[item].start, attribute);
	date_t said = DATE_MIN;
	bool any = a != NULL;

	if (a)
		*is = a->number;
	for (uint32_t i = 0; i < sp->facts_n; i++) {
		const struct fact *f = &sp->facts[i];

		if (f->spell != item || f->event->start > day || f->event->start < said)
			continue;
		a = number_of(f->event, attribute);
		if (!a)
			continue;
		*is = a->number;
		said = f->event->start;
		any = true;
	}
	return any;
}

static bool
covers(const struct spell *s, date_t day)
{
	return s->from <= day && day < s->to;
}

bool
covered_on(const struct spells *sp, date_t day)
{
	for (uint32_t i = 0; i < sp->counting_n; i++)
		if (covers(spell_at(sp, i), day))
			return true;
	return false;
}

/* Another record of the spell that an earlier one on this day is of? */
static bool
said_before(const struct spells *sp, uint32_t at, date_t day)
{
	for (uint32_t i = 0; i < at; i++)
		if (covers(spell_at(sp, i), day)
		    && spell_same(sp, spell_at(sp, i), spell_at(sp, at)))
			return true;
	return false;
}

bool
hours_on(const struct spells *sp, struct span attribute, enum alongside alongside, date_t day,
    int64_t *is, bool *unstated)
{
	bool any = false;
	int64_t one;

	*is = 0;
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		if (!covers(spell_at(sp, i), day))
			continue;
		any = true;
		if (!stated_on(sp, sp->counting[i], attribute, day, &one))
			*unstated = true;
		else if (alongside == ALONGSIDE_SUM)
			*is += said_before(sp, i, day) ? 0 : one;
		else if (one > *is)
			*is = one;
	}
	return any;
}

static void
nearer(date_t *next, date_t day, date_t candidate)
{
	if (candidate > day && candidate < *next)
		*next = candidate;
}

date_t
hours_until(const struct spells *sp, struct span attribute, date_t day)
{
	date_t next = DATE_MAX;

	for (uint32_t i = 0; i < sp->counting_n; i++) {
		nearer(&next, day, spell_at(sp, i)->from);
		nearer(&next, day, spell_at(sp, i)->to);
	}
	for (uint32_t i = 0; i < sp->facts_n; i++)
		if (sp->facts[i].event->start > day && sp->facts[i].event->start < next
		    && number_of(sp->facts[i].event, attribute))
			next = sp->facts[i].event->start;
	return next;
}

/* --- from when -------------------------------------------------------------------- */

const struct event *
first_of(const struct judging *j, struct span kind)
{
	for (uint32_t i = 0; i < j->tl->events_n && j->tl->events[i].start <= j->known; i++) {
		const struct event *e = &j->tl->events[i];

		if (e->start >= j->referral->start && span_eq(name_text(e->kind), kind))
			return e;
	}
	return NULL;
}

date_t
first_day_of(const struct judging *j, const struct yaml_texts *kinds, date_t from,
    const struct event **by)
{
	for (uint32_t i = 0; i < j->tl->events_n && j->tl->events[i].start <= j->known; i++) {
		const struct event *e = &j->tl->events[i];

		for (uint32_t k = 0; e->start >= from && k < kinds->n; k++)
			if (span_eq(name_text(e->kind), kinds->items[k])) {
				*by = e;
				return e->start;
			}
	}
	return DATE_NONE;
}

void
reading_start(const struct rule_terms *rule, struct reading *r)
{
	reading_kind(r, rule->starts_with);
	for (uint32_t i = 0; i < rule->cut_by.n; i++)
		reading_kind(r, rule->cut_by.items[i]);
	if (rule->after.ptr)
		r->outcomes |= UINT64_C(1) << rule->after_at;
}

bool
rule_start(const struct judging *j, struct verdict *v, date_t *start)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct event *e = j->referral;

	if (rule->starts_with.ptr)
		e = first_of(j, rule->starts_with);
	if (!e) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->starts_with);
		return false;
	}
	*start = e->start;
	verdict_observed(v, e);
	return true;
}

/* --- reasons ------------------------------------------------------------------------ */

void
reason_day(const struct judging *j, struct verdict *v, enum reason_code code, const char *words,
    date_t day)
{
	struct sentence more = { .len = 0 };

	sentence_str(&more, words);
	sentence_date(&more, day);
	sentence_str(&more, ".");
	verdict_reason_more(j, v, code, SPAN_NONE, &more);
}

void
reason_counted(const struct judging *j, struct verdict *v, enum reason_code code, int64_t is,
    int64_t of, const char *unit)
{
	struct sentence more = { .len = 0 };

	sentence_millionths(&more, is);
	if (of) {
		sentence_str(&more, " of ");
		sentence_millionths(&more, of);
	}
	sentence_str(&more, unit);
	verdict_reason_more(j, v, code, SPAN_NONE, &more);
}

/* --- days ---------------------------------------------------------------------------- */

uint32_t
days_of(const struct spells *sp, date_t from, date_t to, struct days *out, uint32_t n)
{
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *s = spell_at(sp, i);
		struct days d = { s->from > from ? s->from : from, s->to < to ? s->to : to };
		uint32_t k = n;

		if (d.to <= d.from)
			continue;
		for (; k > 0 && out[k - 1].from > d.from; k--)
			out[k] = out[k - 1];
		out[k] = d;
		n++;
	}
	return n;
}

static date_t
reach_once(const struct days *days, uint32_t n, int32_t wanted, int32_t *counted)
{
	date_t through = DATE_MIN;

	for (uint32_t i = 0; i < n; i++) {
		date_t from = days[i].from > through ? days[i].from : through;

		if (days[i].to <= from)
			continue;
		if (*counted + (days[i].to - from) >= wanted)
			return from + (wanted - *counted);
		*counted += days[i].to - from;
		through = days[i].to;
	}
	return DATE_NONE;
}

static date_t
reach_each(const struct days *days, uint32_t n, int32_t wanted, int32_t *counted)
{
	date_t last = DATE_MIN;

	for (uint32_t i = 0; i < n; i++)
		if (days[i].to > last)
			last = days[i].to;
	for (date_t d = n ? days[0].from : last; d < last; d++) {
		for (uint32_t i = 0; i < n && days[i].from <= d; i++)
			*counted += d < days[i].to;
		if (*counted >= wanted)
			return d + 1;
	}
	return DATE_NONE;
}

date_t
days_reach(const struct days *days, uint32_t n, bool each, int32_t wanted, int32_t *counted)
{
	date_t day;

	*counted = 0;
	day = each ? reach_each(days, n, wanted, counted) : reach_once(days, n, wanted, counted);
	if (day != DATE_NONE)
		*counted = wanted;
	return day;
}
