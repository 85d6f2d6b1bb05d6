#include "transform/milestone/judge.h"

/* --- what cannot both be true ---------------------------------------------------- */

/* Do two stays overlap by more than days may differ?  A single day inside a long
 * stay does. */
static bool
overlap(date_t a0, date_t a1, date_t b0, date_t b1, int32_t tolerance)
{
	return (b0 < a1 - tolerance && b1 > a0 + tolerance)
	    || (a0 < b1 - tolerance && a1 > b0 + tolerance);
}

static void
contradiction(const struct judging *j, struct verdict *v, enum reason_code code,
    const struct event *a, const struct event *b)
{
	struct sentence more;

	sentence_begin(&more);
	sentence_event(j, &more, a);
	sentence_str(&more, " against ");
	sentence_event(j, &more, b);
	sentence_str(&more, ".");
	verdict_reason_more(j, v, code, name_text(b->organisation), &more);
	verdict_stands_on(v, a);
	verdict_stands_on(v, b);
}

static bool
elsewhere(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct spell *c, date_t until)
{
	date_t to = c->to < until ? c->to : until;

	for (uint32_t i = 0; i < sp->n; i++) {
		const struct spell *s = &sp->items[i];

		if (s->class != SPELL_OTHER
		    || !overlap(c->from, to, s->from, s->to, sp->terms->overlap_days))
			continue;
		contradiction(j, v, REASON_SETTINGS_OVERLAP, c->start, s->start);
		return true;
	}
	return false;
}

/* Does the organisation that says `s` ended know of another that goes on? */
static bool
goes_on(const struct spells *sp, const struct spell *s)
{
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *t = &sp->items[sp->counting[i]];

		if (t == s || t->start->organisation != s->start->organisation)
			continue;
		if (t->from <= s->to + sp->terms->overlap_days
		    && (t->to > s->to || t->from >= s->to - sp->terms->overlap_days))
			return true;
	}
	return false;
}

static bool
end_spanned(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct spell *s, date_t day)
{
	int32_t tolerance = sp->terms->overlap_days;

	if (!s->ended || s->to + tolerance >= day || goes_on(sp, s))
		return false;
	for (uint32_t i = 0; i < sp->counting_n; i++) {
		const struct spell *t = &sp->items[sp->counting[i]];

		if (t->start->organisation == s->start->organisation
		    || t->from >= s->to - tolerance || t->to <= s->to + tolerance)
			continue;
		contradiction(j, v, REASON_ENDED_AND_CONFIRMED, s->to_by, t->to_by);
		return true;
	}
	return false;
}

bool
proof_contradicted(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t day)
{
	if (!sp->others_n && !sp->ended_n)
		return false;
	for (uint32_t i = run->first; i < run->end; i++) {
		const struct spell *s = &sp->items[sp->counting[i]];

		if (s->from > day)
			break;
		if (sp->terms->one_at_a_time && elsewhere(j, v, sp, s, day))
			return true;
		if (end_spanned(j, v, sp, s, day))
			return true;
	}
	return false;
}

bool
proof_end_denied(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct rung *rung)
{
	const struct spell *s = &sp->items[rung->to_spell];

	if (!s->ended || goes_on(sp, s))
		return false;
	for (uint32_t i = 0; i < sp->facts_n; i++) {
		const struct fact *f = &sp->facts[i];

		if (f->spell != FACT_ORPHAN || f->event->organisation == s->start->organisation
		    || f->event->start <= s->to + sp->terms->overlap_days
		    || f->form != FORM_CONFIRMED)
			continue;
		contradiction(j, v, REASON_ENDED_AND_CONFIRMED, s->to_by, f->event);
		return true;
	}
	return false;
}

/* --- risk ------------------------------------------------------------------------- */

static bool
covered(const struct spells *sp, const struct run *run, date_t day)
{
	for (uint32_t i = run->first; i < run->end; i++) {
		const struct spell *s = &sp->items[sp->counting[i]];

		if (s->from <= day && day <= s->to)
			return true;
	}
	return false;
}

/* The last statement counts; of one day's, a known risk does. */
bool
proof_risk(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t *day)
{
	const struct event *said = NULL;
	bool risky = false;
	uint32_t i = 0;

	if (!sp->risk_stated)
		return true;
	while (i < sp->facts_n) {
		date_t on = sp->facts[i].event->start;
		bool any = false, yes = false;
		const struct event *by = NULL;

		if (on > *day && !risky)
			break;
		for (; i < sp->facts_n && sp->facts[i].event->start == on; i++) {
			const struct event_attribute *a = risk_stated(sp->facts[i].event);

			if (!a || (any && (yes || a->number == 0)))
				continue;
			any = true;
			yes = a->number != 0;
			by = sp->facts[i].event;
		}
		if (!any)
			continue;
		said = by;
		risky = yes;
		if (on > *day && !risky && covered(sp, run, on)) {
			*day = on;
			verdict_stands_on(v, by);
			verdict_reason(j, v, REASON_RISK_CLEARED, name_text(by->organisation));
			return true;
		}
		if (on > *day)
			risky = true; /* cleared where the run no longer was */
	}
	if (said)
		verdict_stands_on(v, said);
	if (risky)
		verdict_reason(j, v, REASON_RISK_KNOWN, name_text(said->organisation));
	return !risky;
}

/* --- evidence ----------------------------------------------------------------------- */

struct proof {
	const struct event *event;
	date_t speaks;
	bool taken;
};

/* Behind those that are in order already. */
static void
proof_insert(struct proof *p, uint32_t n, const struct event *e)
{
	for (; n > 0 && (p[n - 1].speaks > e->start
		   || (p[n - 1].speaks == e->start && p[n - 1].event->rank > e->rank)); n--)
		p[n] = p[n - 1];
	p[n] = (struct proof){ e, e->start, false };
}

static bool
in(const struct yaml_texts *texts, struct span text)
{
	for (uint32_t i = 0; text.ptr && i < texts->n; i++)
		if (text_eq(texts->items[i], text))
			return true;
	return false;
}

/* What may prove it: records of the run that speak of the day or later. */
static uint32_t
proofs_of_run(const struct spells *sp, const struct run *run, const struct evidence_terms *ev,
    date_t day, struct proof *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sp->facts_n && n < PROOFS_MAX; i++) {
		const struct fact *f = &sp->facts[sp->by_speaks[i]];
		const struct spell *s = f->spell == FACT_ORPHAN ? NULL : &sp->items[f->spell];

		if (!s || f->speaks < day - ev->fresh_days || s->from > day || s->at < run->first
		    || s->at >= run->end)
			continue;
		out[n++] = (struct proof){ f->event, f->speaks, false };
	}
	return n;
}

/* The same of one day: records of spells that began near it. */
static uint32_t
proofs_of_day(const struct spells *sp, const struct evidence_terms *ev, date_t day,
    struct proof *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sp->facts_n && n < PROOFS_MAX; i++) {
		const struct fact *f = &sp->facts[i];
		const struct spell *s = f->spell == FACT_ORPHAN ? NULL : &sp->items[f->spell];

		if (!s || s->class != SPELL_COUNTS || s->from < day
		    || s->from > day + ev->same_days)
			continue;
		out[n++] = (struct proof){ f->event, f->event->start, false };
	}
	return n;
}

static uint32_t
proofs_of_kinds(const struct judging *j, const struct evidence_terms *ev, date_t day,
    struct proof *out, uint32_t n)
{
	for (uint32_t i = 0; ev->kinds.n && i < j->tl->events_n && n < PROOFS_MAX; i++) {
		const struct event *e = &j->tl->events[i];

		if (e->start > j->known || e->start > day + ev->same_days)
			break;
		if (e->start < day - ev->fresh_days || !in(&ev->kinds, name_text(e->kind)))
			continue;
		proof_insert(out, n++, e);
	}
	return n;
}

static bool
is_provider(const struct event *e)
{
	return text_eq(name_text(e->role), SPAN_LIT("provider"));
}

static struct span
listed(const struct judging *j, const struct yaml_texts *texts)
{
	struct sentence s;

	sentence_begin(&s);
	for (uint32_t i = 0; i < texts->n; i++) {
		if (i)
			sentence_str(&s, i + 1 == texts->n ? " or " : ", ");
		sentence_add(&s, texts->items[i]);
	}
	return arena_copy(j->arena, span_of(s.text, s.len));
}

/* The earliest that fits: later records change nothing that was judged before. */
static bool
take_type(struct proof *p, uint32_t n, const struct yaml_texts *types)
{
	for (uint32_t i = 0; i < n; i++)
		if (in(types, name_text(p[i].event->evidence_type)))
			return p[i].taken = true;
	return types->n == 0;
}

static bool
take_role(struct proof *p, uint32_t n, const struct yaml_texts *roles)
{
	for (uint32_t i = 0; i < n; i++)
		if (in(roles, name_text(p[i].event->role)))
			return p[i].taken = true;
	return roles->n == 0;
}

static bool
take_independent(struct proof *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i].taken && !is_provider(p[i].event))
			return true;
	for (uint32_t i = 0; i < n; i++)
		if (!is_provider(p[i].event))
			return p[i].taken = true;
	return false;
}

static bool
organisation_taken(const struct proof *p, uint32_t n, const struct event *e)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i].taken && p[i].event->organisation == e->organisation)
			return true;
	return false;
}

static uint32_t
organisations_taken(const struct proof *p, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		if (p[i].taken && !organisation_taken(p, i, p[i].event))
			count++;
	return count;
}

static int32_t
take_agencies(struct proof *p, uint32_t n, int32_t wanted)
{
	int32_t have = (int32_t)organisations_taken(p, n);

	for (uint32_t i = 0; i < n && have < wanted; i++)
		if (!organisation_taken(p, n, p[i].event)) {
			p[i].taken = true;
			have++;
		}
	return wanted - have;
}

static bool
engaged(const struct judging *j, struct verdict *v, const struct evidence_terms *ev, date_t day)
{
	if (ev->engaged_days == RULES_NO_LIMIT_DAYS)
		return true;
	for (uint32_t i = 0; i < j->tl->events_n; i++) {
		const struct event *e = &j->tl->events[i];

		if (e->start > j->known)
			break;
		if (e->start < day - ev->engaged_days
		    || !text_eq(name_text(e->kind), PROOF_ENGAGEMENT))
			continue;
		verdict_stands_on(v, e);
		return true;
	}
	return false;
}

static void
awaiting_independent(const struct judging *j, struct verdict *v, const struct evidence_terms *ev)
{
	verdict_reason(j, v, REASON_AWAITING_INDEPENDENT,
	    ev->from.n ? listed(j, &ev->from) : SPAN_LIT("an agency other than the provider"));
}

static void
awaiting_more(const struct judging *j, struct verdict *v, int32_t missing)
{
	struct sentence s;

	sentence_begin(&s);
	sentence_number(&s, missing);
	sentence_str(&s, " more");
	verdict_reason(j, v, REASON_AWAITING_MORE, arena_copy(j->arena, span_of(s.text, s.len)));
}

bool
proof_enough(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t day)
{
	const struct evidence_terms *ev = v->terms->evidence;
	uint32_t before = v->reasons_n, n;
	struct proof p[PROOFS_MAX];
	bool role;
	int32_t missing;

	n = run ? proofs_of_run(sp, run, ev, day, p) : proofs_of_day(sp, ev, day, p);
	n = proofs_of_kinds(j, ev, day, p, n);
	role = take_role(p, n, &ev->from);
	if (!role)
		verdict_reason(j, v, REASON_AWAITING_AGENCY, listed(j, &ev->from));
	if (!take_type(p, n, &ev->types))
		verdict_reason(j, v, REASON_AWAITING_TYPE, listed(j, &ev->types));
	if (ev->provider_alone == PROVIDER_ALONE_NEVER && !take_independent(p, n)
	    && (role || in(&ev->from, SPAN_LIT("provider"))))
		awaiting_independent(j, v, ev);
	missing = take_agencies(p, n, ev->agencies);
	if (missing > 0 && (v->reasons_n == before || ev->agencies > 1))
		awaiting_more(j, v, missing);
	if (!engaged(j, v, ev, day))
		verdict_reason(j, v, REASON_AWAITING_ENGAGEMENT, SPAN_LIT("provider"));
	for (uint32_t i = 0; i < n; i++)
		if (p[i].taken)
			verdict_stands_on(v, p[i].event);
	return v->reasons_n == before;
}
