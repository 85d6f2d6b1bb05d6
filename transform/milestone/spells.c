#include "transform/milestone/spells.h"

#include "common/must.h"
#include "transform/milestone/calendar.h"

/* --- what an event says of itself --------------------------------------------- */

static bool
term_fits(const struct filter_term *t, const struct event_attribute *a)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct filter_value *v = &t->values[i];

		if (v->is_number ? a->has_number && a->number == v->number
				 : a->text && text_eq(name_text(a->text), v->text))
			return true;
	}
	return t->n == 0 && a->has_number && a->number >= t->at_least && a->number < t->below;
}

bool
filter_fits(const struct filter *f, const struct event *e, bool *stated)
{
	bool fits = true;

	*stated = true;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct event_attribute *a = event_attribute(e, f->terms[i].attribute);

		if (!a)
			*stated = false;
		if (!a || !term_fits(&f->terms[i], a))
			fits = false;
	}
	return fits;
}

static bool
planned(const struct event *e)
{
	const struct event_attribute *a = event_attribute(e, SPAN_LIT("planned"));

	return a && a->has_number && a->number != 0;
}

static enum spell_class
classify(const struct spell_terms *t, const struct event *e)
{
	bool stated, later_stated;

	if (filter_fits(&t->where, e, &stated))
		return SPELL_COUNTS;
	if (t->later.n && filter_fits(&t->later, e, &later_stated) && planned(e))
		return SPELL_COUNTS_LATER;
	return stated ? SPELL_OTHER : SPELL_UNKNOWN;
}

/* --- which spell a record belongs to --------------------------------------------- */

/* A confirmation that states another setting is not of this spell. */
static bool
attributes_agree(const struct filter *where, const struct event *a, const struct event *b)
{
	for (uint32_t i = 0; i < where->n && a->attributes_n && b->attributes_n; i++) {
		const struct event_attribute *x = event_attribute(a, where->terms[i].attribute);
		const struct event_attribute *y = event_attribute(b, where->terms[i].attribute);

		if (x && y && (x->text != y->text || x->number != y->number))
			return false;
	}
	return true;
}

/* How near: 4 same episode, 3 same organisation, 2 and 1 anybody's, 0 not at all. */
static int
belongs(const struct spells *sp, const struct spell *s, const struct event *e, bool ends)
{
	bool same = s->start->organisation == e->organisation;

	if (s->from > e->start || s->sighting)
		return 0;
	if (s->ended && (ends || s->to < e->start))
		return 0;
	if (same && !id_is_zero(&e->episode) && id_eq(&s->start->episode, &e->episode))
		return 4;
	if (!attributes_agree(&sp->terms->where, s->start, e))
		return 0;
	if (same && !id_is_zero(&e->episode) && !id_is_zero(&s->start->episode))
		return 0; /* another episode of theirs */
	if (same)
		return 3;
	return s->class == SPELL_OTHER ? 1 : 2; /* somebody else's word: of what may count, first */
}

static uint32_t
spell_of(const struct spells *sp, const struct event *e, bool ends)
{
	uint32_t best = FACT_ORPHAN;
	int nearest = 0;

	for (uint32_t i = 0; i < sp->n; i++) {
		int near = belongs(sp, &sp->items[i], e, ends);

		if (near && near >= nearest) { /* the one that began last */
			nearest = near;
			best = i;
		}
	}
	/* what ends, ends a spell of one's own */
	return ends && nearest < 3 ? FACT_ORPHAN : best;
}

static void
spell_open(struct spells *sp, const struct event *e, date_t as_at)
{
	bool ended = e->end != DATE_NONE && e->end <= as_at;
	date_t to = e->end == DATE_NONE ? e->start : ended ? e->end : as_at;

	if (to < e->start)
		to = e->start;
	sp->items[sp->n++] = (struct spell){ .start = e, .to_by = e, .from = e->start, .to = to,
		.ended = ended, .class = classify(sp->terms, e) };
	sp->facts[sp->facts_n++] = (struct fact){ e, FORM_ITSELF, sp->n - 1, to };
}

static void
spell_end(struct spells *sp, struct fact *f)
{
	struct spell *s;

	f->spell = spell_of(sp, f->event, true);
	if (f->spell == FACT_ORPHAN)
		return;
	s = &sp->items[f->spell];
	s->ended = true;
	s->to = f->event->start;
	s->to_by = f->event;
}

/* A sighting somewhere else, of which nobody reported the beginning. */
static void
sighting(struct spells *sp, struct fact *f)
{
	enum spell_class class = classify(sp->terms, f->event);

	if (class != SPELL_OTHER)
		return;
	f->spell = sp->n;
	sp->items[sp->n++] = (struct spell){ .start = f->event, .to_by = f->event,
		.sighting = true, .from = f->event->start, .to = f->event->start, .class = class };
}

static void
spell_confirm(struct spells *sp, struct fact *f)
{
	struct spell *s;

	f->spell = spell_of(sp, f->event, false);
	if (f->spell == FACT_ORPHAN) {
		sighting(sp, f);
		return;
	}
	s = &sp->items[f->spell];
	if (f->event->start <= s->to)
		return;
	s->to = f->event->start;
	s->to_by = f->event;
}

/* A later record of the same episode confirms the earlier: one spell, not two. */
static bool
episode_again(struct spells *sp, const struct event *e, date_t as_at)
{
	if (id_is_zero(&e->episode))
		return false;
	for (uint32_t i = 0; i < sp->n; i++) {
		struct spell *s = &sp->items[i];
		bool ended = e->end != DATE_NONE && e->end <= as_at;
		date_t to = e->end == DATE_NONE ? e->start : ended ? e->end : as_at;

		if (s->start->organisation != e->organisation
		    || !id_eq(&s->start->episode, &e->episode)
		    || classify(sp->terms, e) != s->class || (s->ended && s->to < e->start))
			continue;
		sp->facts[sp->facts_n++] = (struct fact){ e, FORM_ITSELF, i, to };
		if (to > s->to || ended) {
			s->to = to;
			s->to_by = e;
			s->ended = ended;
		}
		return true;
	}
	return false;
}

const struct event_attribute *
risk_stated(const struct event *e)
{
	const struct event_attribute *a = event_attribute(e, SPAN_LIT("homelessness-risk"));

	return a && a->has_number ? a : NULL;
}

static void
counting_note(struct spells *sp)
{
	for (uint32_t i = 0; i < sp->n; i++) {
		struct spell *s = &sp->items[i];

		s->at = SPELL_OUT;
		if (s->class == SPELL_COUNTS || s->class == SPELL_COUNTS_LATER) {
			s->at = sp->counting_n;
			sp->counting[sp->counting_n++] = i;
		}
		sp->others_n += s->class == SPELL_OTHER;
		sp->ended_n += s->ended;
	}
	for (uint32_t i = 0; sp->terms->risk && i < sp->facts_n && !sp->risk_stated; i++)
		sp->risk_stated = risk_stated(sp->facts[i].event) != NULL;
}

/* Few, and nearly in order already: a spell's own record may speak of later days. */
static void
speaks_note(struct spells *sp)
{
	for (uint32_t i = 0; i < sp->facts_n; i++) {
		const struct fact *f = &sp->facts[i];
		uint32_t k = i;

		for (; k > 0; k--) {
			const struct fact *g = &sp->facts[sp->by_speaks[k - 1]];

			if (g->speaks < f->speaks || (g->speaks == f->speaks
				&& g->event->rank < f->event->rank))
				break;
			sp->by_speaks[k] = sp->by_speaks[k - 1];
		}
		sp->by_speaks[k] = i;
	}
}

void
spells_build(struct spells *sp, const struct occurrence *occurrences, uint32_t n,
    const struct spell_terms *terms, date_t as_at, struct arena *arena)
{
	const struct event *e;
	uint32_t confirmed = 0, ended = 0;

	sp->terms = terms;
	if (n == 0)
		return;
	sp->items = arena_alloc(arena, n * (sizeof(*sp->items) + sizeof(*sp->facts)
					       + sizeof(*sp->counting) + sizeof(*sp->by_speaks)));
	sp->facts = (struct fact *)(sp->items + n);
	sp->counting = (uint32_t *)(sp->facts + n);
	sp->by_speaks = sp->counting + n;
	for (uint32_t i = 0; i < n; i++) {
		e = occurrences[i].event;
		if (occurrences[i].form == FORM_ITSELF) {
			if (!episode_again(sp, e, as_at))
				spell_open(sp, e, as_at);
			continue;
		}
		sp->facts[sp->facts_n++] = (struct fact){ e, occurrences[i].form, FACT_ORPHAN,
			e->start };
		confirmed += occurrences[i].form == FORM_CONFIRMED;
		ended += occurrences[i].form == FORM_ENDED;
	}
	for (uint32_t i = 0; ended && i < sp->facts_n; i++)
		if (sp->facts[i].form == FORM_ENDED)
			spell_end(sp, &sp->facts[i]);
	for (uint32_t i = 0; confirmed && i < sp->facts_n; i++)
		if (sp->facts[i].form == FORM_CONFIRMED)
			spell_confirm(sp, &sp->facts[i]);
	counting_note(sp);
	speaks_note(sp);
}

/* --- runs --------------------------------------------------------------------------- */

bool
spell_same(const struct spells *sp, const struct spell *a, const struct spell *b)
{
	date_t apart = a->from > b->from ? a->from - b->from : b->from - a->from;

	return a->start->organisation != b->start->organisation
	    && apart <= sp->terms->overlap_days;
}

static const struct spell *
at(const struct spells *sp, uint32_t counting)
{
	return &sp->items[sp->counting[counting]];
}

static struct calendars
closed(const struct spell_terms *t)
{
	return (struct calendars){ t->calendars, t->calendars_n };
}

/* Days not covered between what is known through `to` and the next spell. */
static int32_t
gap_before(const struct spells *sp, uint32_t first, uint32_t next, date_t to)
{
	const struct spell *s = at(sp, next);

	if (s->from <= to)
		return 0;
	for (uint32_t i = first; i < next; i++)
		if (!at(sp, i)->ended && spell_same(sp, at(sp, i), s))
			return 0;
	if (sp->terms->calendars_n && !sp->terms->gaps_in_calendar)
		return s->from - to - calendar_closed_days(closed(sp->terms), to, s->from);
	return s->from - to;
}

static bool
move_breaks(const struct spells *sp, uint32_t first, uint32_t next, date_t to)
{
	const struct spell *s = at(sp, next);

	if (sp->terms->moves == MOVES_ANY || s->from < to)
		return false;
	for (uint32_t i = first; i < next; i++)
		if (spell_same(sp, at(sp, i), s))
			return false;
	return sp->terms->moves == MOVES_NONE || !planned(s->start);
}

bool
run_next(const struct spells *sp, uint32_t *from, struct run *run)
{
	const struct spell_terms *t = sp->terms;
	int32_t total = 0, gap;
	date_t to;
	uint32_t i = *from;

	while (i < sp->counting_n && at(sp, i)->class != SPELL_COUNTS)
		i++;
	if (i == sp->counting_n)
		return false;
	*run = (struct run){ .first = i };
	to = at(sp, i)->to;
	for (i++; i < sp->counting_n; i++) {
		gap = gap_before(sp, run->first, i, to);
		if (gap > t->gap_days || total + gap > t->gap_total_days
		    || move_breaks(sp, run->first, i, to))
			break;
		total += gap;
		if (at(sp, i)->to > to)
			to = at(sp, i)->to;
	}
	run->end = i;
	run->last = t->gap_longer == GAP_FAILS;
	*from = run->last ? sp->counting_n : i;
	return true;
}

static void
rung_gap(struct rung *out, date_t from, date_t to, int32_t days)
{
	out->gap_days += days;
	if (out->gaps_n < RUN_GAPS_MAX)
		out->gaps[out->gaps_n++] = (struct run_gap){ from, to };
}

/* What is known when the run is over and the rung is not reached. */
static void
rung_open(const struct spells *sp, date_t to, date_t as_at, struct rung *out)
{
	const struct spell_terms *t = sp->terms;
	int32_t left = t->gap_total_days - out->gap_days;

	out->ended = sp->items[out->to_spell].ended;
	if (left > t->gap_days)
		left = t->gap_days;
	out->gap_until = to + (t->moves == MOVES_NONE ? 0 : left);
	out->in_gap = out->ended && as_at <= out->gap_until;
}

void
rung_of(const struct spells *sp, const struct run *run, struct duration lasts, date_t as_at,
    struct rung *out)
{
	const struct spell *s = at(sp, run->first);
	date_t to = s->to, base;
	int32_t gap;

	memset(out, 0, offsetof(struct rung, gaps)); /* gaps_n says how many are there */
	out->start = s->from;
	base = duration_add(s->from, lasts);
	out->due = calendar_due(closed(sp->terms), s->from, base);
	out->to_spell = sp->counting[run->first];
	for (uint32_t i = run->first + 1; i < run->end && to < out->due; i++) {
		s = at(sp, i);
		gap = gap_before(sp, run->first, i, to);
		if (gap) {
			rung_gap(out, to, s->from, gap);
			if (sp->terms->gap_within == GAP_PAUSES) { /* closed days move it once */
				base += s->from - to
				    - calendar_closed_days(closed(sp->terms), to, s->from);
				out->due = calendar_due(closed(sp->terms), out->start, base);
			} else if (out->due < s->from && sp->terms->due_in_gap == DUE_NEVER) {
				out->reaches = to;
				out->ended = true;
				return;
			} else if (out->due <= s->from) {
				out->complete = true;
				out->back_after_gap = true;
				out->achieved = s->from;
				return;
			}
		}
		if (s->to > to) {
			to = s->to;
			out->to_spell = sp->counting[i];
		}
	}
	out->reaches = to;
	if (to >= out->due) {
		out->complete = true;
		out->achieved = out->due;
		return;
	}
	rung_open(sp, to, as_at, out);
}
