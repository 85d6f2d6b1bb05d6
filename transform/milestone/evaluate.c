#include "transform/milestone/evaluate.h"

#include "common/must.h"
#include "transform/milestone/judge.h"

enum { MILLION = 1000000 };

/* --- verdicts ------------------------------------------------------------------ */

void
verdict_stands_on(struct verdict *v, const struct event *e)
{
	for (uint32_t i = 0; i < v->stands_on_n; i++)
		if (v->stands_on[i] == e)
			return;
	v->stands_on[v->stands_on_n++] = e;
}

void
verdict_reason(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject)
{
	(void)j;
	if (v->reasons_n < VERDICT_REASONS_MAX)
		v->reasons[v->reasons_n++] = (struct reason){ .code = reason_name(code),
			.subject = subject, .text = reason_text(code) };
}

void
verdict_reason_more(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject, const struct sentence *more)
{
	struct span text = reason_text(code);
	uint8_t *both = arena_alloc(j->arena, text.len + 1 + more->len);

	MUST(both != NULL);
	memcpy(both, text.ptr, text.len);
	both[text.len] = ' ';
	memcpy(both + text.len + 1, more->text, more->len);
	verdict_reason(j, v, code, subject);
	v->reasons[v->reasons_n - 1].text = span_of(both, text.len + 1 + more->len);
}

void
sentence_event(const struct judging *j, struct sentence *s, const struct event *e)
{
	sentence_add(s, contract_organisation_name(j->contract, name_text(e->organisation)));
	sentence_str(s, "'s ");
	sentence_add(s, name_text(e->kind));
	sentence_str(s, " of ");
	sentence_date(s, e->start);
}

/* --- who is referred ---------------------------------------------------------------- */

struct referrals {
	const struct event **items;
	uint32_t n;
	const struct event *chosen;
	const struct version_terms *version;
	enum reason_code why;          /* not in the cohort; REASON_COUNT: is */
	const struct event *older, *younger; /* that no birthday agrees with */
};

/* A variation holds for people referred from its day on, or for all from its day on. */
static const struct version_terms *
version_for(const struct contract *c, date_t referred, date_t as_at)
{
	for (uint32_t i = c->versions_n; i > 0; i--) {
		const struct version_terms *v = &c->versions[i - 1];

		if (v->effective <= (v->applies == APPLIES_EVERYONE ? as_at : referred))
			return v;
	}
	return &c->versions[0];
}

static bool
listed(const struct yaml_texts *texts, struct span text)
{
	for (uint32_t i = 0; text.ptr && i < texts->n; i++)
		if (span_eq(texts->items[i], text))
			return true;
	return texts->n == 0;
}

static const struct event_attribute *
age_of(const struct event *e)
{
	const struct event_attribute *a = event_attribute(e, SPAN_LIT("age"));

	return a && a->has_number ? a : NULL;
}

static enum reason_code
age_verdict(const struct cohort_terms *co, const struct event *e)
{
	const struct event_attribute *age = age_of(e);

	if (co->age_min == 0 && co->age_max == RULES_AGE_MAX)
		return REASON_COUNT;
	if (!age)
		return REASON_AGE_NOT_STATED;
	if (age->number < (int64_t)co->age_min * MILLION
	    || age->number >= ((int64_t)co->age_max + 1) * MILLION)
		return REASON_OUTSIDE_AGE;
	return REASON_COUNT;
}

static enum reason_code
cohort_verdict(const struct cohort_terms *co, const struct event *e)
{
	const struct event_attribute *route = event_attribute(e, SPAN_LIT("route"));

	if ((co->from != DATE_NONE && e->start < co->from)
	    || (co->until != DATE_NONE && e->start > co->until))
		return REASON_OUTSIDE_WINDOW;
	if (!listed(&co->routes, route ? name_text(route->text) : SPAN_NONE))
		return REASON_OUTSIDE_ROUTE;
	if (!listed(&co->referred_by, name_text(e->role)))
		return REASON_OUTSIDE_REFERRER;
	return age_verdict(co, e);
}

static bool
refers(const struct cohort_terms *co, const struct event *e)
{
	const struct event_attribute *p;

	if (!span_eq(name_text(e->kind), co->referral))
		return false;
	p = event_attribute(e, SPAN_LIT("programme"));
	return p && p->text && span_eq(name_text(p->text), co->programme);
}

/* The day of birth that two ages leave room for, a day wide for 29 February. */
static void
ages_compare(struct referrals *r)
{
	date_t not_before = DATE_MIN, not_after = DATE_MAX;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct event *e = r->items[i];
		const struct event_attribute *age = age_of(e);
		int years = age ? (int)(age->number / MILLION) : 0;
		date_t first, last;

		if (!age || years < 0 || years > RULES_AGE_MAX)
			continue;
		first = date_add_months(e->start, -12 * (years + 1));
		last = date_add_months(e->start, -12 * years) + 1;
		if (first > not_before) {
			not_before = first;
			r->younger = e;
		}
		if (last < not_after) {
			not_after = last;
			r->older = e;
		}
	}
	if (not_before <= not_after)
		r->older = r->younger = NULL;
}

/* The first that is in the cohort; if none is, the first that lacks only an age; else the
 * first.  false: never referred. */
static bool
referrals_read(const struct contract *c, const struct timeline *tl, date_t as_at,
    struct arena *arena, struct referrals *r)
{
	*r = (struct referrals){ .why = REASON_COUNT };
	r->items = arena_alloc(arena, (tl->events_n + 1) * sizeof(const struct event *));
	for (uint32_t i = 0; i < tl->events_n && tl->events[i].start <= as_at; i++) {
		const struct event *e = &tl->events[i];
		const struct version_terms *v = version_for(c, e->start, as_at);
		enum reason_code why;

		if (!refers(&v->cohort, e))
			continue;
		r->items[r->n++] = e;
		why = cohort_verdict(&v->cohort, e);
		if (r->chosen && (r->why == REASON_COUNT
				     || !(why == REASON_COUNT || (why == REASON_AGE_NOT_STATED
					      && r->why != REASON_AGE_NOT_STATED))))
			continue;
		r->chosen = e;
		r->version = v;
		r->why = why;
	}
	if (r->n > 1)
		ages_compare(r);
	return r->chosen != NULL;
}

/* --- rule 1 and 14: an event ---------------------------------------------------------- */

static const struct spells *
spells_of(const struct judging *j, uint32_t at)
{
	uint32_t base = j->version->spells[at].base;

	if (!j->spells[at].terms)
		spells_build(&j->spells[at], j->of_base[base], j->of_base_n[base],
		    &j->version->spells[at], j->facts->as_at, j->arena);
	return &j->spells[at];
}

static const struct kind_slot *
kind_of(const struct version_terms *v, const struct name *kind)
{
	uint32_t i = (uint32_t)kind->hash & (KIND_SLOTS - 1);

	for (; v->kinds[i].kind.ptr; i = (i + 1) & (KIND_SLOTS - 1))
		if (v->kinds[i].hash == kind->hash && span_eq(v->kinds[i].kind, kind->text))
			return &v->kinds[i];
	return NULL;
}

/* Deals the events from the referral on to the kinds that the version looks at. */
static void
events_deal(struct judging *j)
{
	uint32_t bases = j->version->bases_n, n = j->tl->events_n, seen = 0;
	const struct kind_slot **kinds = arena_alloc(j->arena, (n + 1) * sizeof(*kinds));
	struct occurrence *all = arena_alloc(j->arena, (n + 1) * sizeof(*all));
	struct occurrence **next = arena_zalloc(j->arena, bases + 1, sizeof(*next));

	j->of_base = arena_zalloc(j->arena, bases + 1, sizeof(*j->of_base));
	j->of_base_n = arena_zalloc(j->arena, bases + 1, sizeof(*j->of_base_n));
	for (uint32_t i = 0; i < n; i++) {
		const struct event *e = &j->tl->events[i];

		kinds[i] = e->start >= j->referral->start && e->start <= j->facts->as_at && e->kind
		    ? kind_of(j->version, e->kind) : NULL;
		if (kinds[i])
			j->of_base_n[kinds[i]->base]++;
	}
	for (uint32_t b = 0; b < bases; b++) {
		j->of_base[b] = next[b] = all + seen;
		seen += j->of_base_n[b];
	}
	for (uint32_t i = 0; i < n; i++)
		if (kinds[i])
			*next[kinds[i]->base]++ = (struct occurrence){ &j->tl->events[i],
				(enum event_form)kinds[i]->form };
}

static void
observed(struct verdict *v, const struct event *e)
{
	v->status = STATUS_OBSERVED;
	v->anchor = e;
	v->out->start = e->start;
	verdict_stands_on(v, e);
}

/* Complete by the rule on v->day: contradicted, or proven, or what is missing. */
static void
complete(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, bool one_day)
{
	if (proof_contradicted(j, v, sp, run, v->day)) {
		v->status = STATUS_CONTRADICTED;
		proof_enough(j, v, sp, one_day ? NULL : run, v->day);
		return;
	}
	v->status = proof_enough(j, v, sp, one_day ? NULL : run, v->day) ? STATUS_ACHIEVED
									 : STATUS_AWAITING;
}

static void
event_judge(const struct judging *j, struct verdict *v, const struct spells *sp, uint32_t at)
{
	const struct spell *s = &sp->items[sp->counting[at]];
	struct run run = { .first = at, .end = at + 1 };
	date_t day = s->from;

	observed(v, s->start);
	v->out->due = s->from;
	if (sp->terms->risk == RISK_NONE_KNOWN && !proof_risk(j, v, sp, &run, &day))
		return;
	v->day = day;
	complete(j, v, sp, &run, true);
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

static void
rule_event(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = spells_of(j, rule->spell_at);
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
	/* of several, the first that no known risk speaks against */
	for (uint32_t next = at; sp->terms->risk == RISK_NONE_KNOWN && next < sp->counting_n
	     && rule->move == MOVE_ANY; next++) {
		struct run run = { .first = next, .end = next + 1 };
		struct verdict trial = *v;
		const struct event **scratch =
		    arena_alloc(j->arena, (j->tl->events_n + 1) * sizeof(*scratch));
		date_t day = sp->items[sp->counting[next]].from;

		trial.stands_on = scratch;
		trial.stands_on_n = 0;
		if (proof_risk(j, &trial, sp, &run, &day)) {
			at = next;
			break;
		}
	}
	event_judge(j, v, sp, at);
}

/* --- rule 2: a spell --------------------------------------------------------------------- */

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

/* The records that a run through `day` rests on: each spell's beginning, and what says how
 * long it went on, the earliest that reaches the day. */
static void
run_stands_on(struct verdict *v, const struct spells *sp, const struct run *run, date_t day)
{
	for (uint32_t i = run->first; i < run->end; i++) {
		uint32_t at = sp->counting[i];
		const struct spell *s = &sp->items[at];
		const struct fact *reaches = NULL;

		if (s->from > day)
			break;
		verdict_stands_on(v, s->start);
		if (s->to < day) {
			verdict_stands_on(v, s->to_by);
			continue;
		}
		for (uint32_t k = 0; k < sp->facts_n; k++) {
			const struct fact *f = &sp->facts[k];

			if (f->spell == at && f->speaks >= day
			    && (!reaches || f->speaks < reaches->speaks))
				reaches = f;
		}
		if (reaches)
			verdict_stands_on(v, reaches->event);
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
	complete(j, v, sp, run, false);
}

static void
through(const struct judging *j, struct verdict *v, enum reason_code code, const char *words,
    date_t day)
{
	struct sentence more = { .len = 0 };

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

static void
rule_spell(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	const struct spells *sp = spells_of(j, rule->spell_at);
	struct run run, newest = { 0 };
	struct rung rung;
	uint32_t at = 0;
	bool any = false;

	while (run_next(sp, &at, &run)) {
		any = true;
		newest = run;
		rung_of(sp, &run, rule->lasts, j->facts->as_at, &rung);
		if (rung.complete)
			break;
	}
	if (!any) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, sp->terms->event);
		return;
	}
	observed(v, sp->items[sp->counting[newest.first]].start);
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

/* --- the outcome ------------------------------------------------------------------------- */

/* First 128 bits of SHA-256 over the lengths and texts of (contract, outcome, unit, ordinal). */
static struct id
outcome_id(struct span contract, struct span outcome, const struct id *unit, int32_t ordinal)
{
	uint8_t text[2 * RULES_NAME_BYTES + 64], digest[SHA256_BYTES];
	struct span parts[3] = { contract, outcome, span_of(unit->b, ID_BYTES) };
	struct id id;
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		MUST(n + 2 + parts[i].len + 4 <= sizeof(text));
		text[n++] = (uint8_t)(parts[i].len >> 8);
		text[n++] = (uint8_t)parts[i].len;
		memcpy(text + n, parts[i].ptr, parts[i].len);
		n += parts[i].len;
	}
	for (int shift = 24; shift >= 0; shift -= 8)
		text[n++] = (uint8_t)((uint32_t)ordinal >> shift);
	sha256(span_of(text, n), digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

static void
by_event_id(const struct event **e, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		const struct event *x = e[i];
		uint32_t k = i;

		for (; k > 0 && id_before(&x->id, &e[k - 1]->id); k--)
			e[k] = e[k - 1];
		e[k] = x;
	}
}

static void
arrays_fill(const struct judging *j, struct verdict *v)
{
	struct reason *reasons = arena_alloc(j->arena, v->reasons_n * sizeof(*reasons)
		+ v->gaps_n * sizeof(struct gap) + v->stands_on_n * sizeof(struct id) + 1);
	struct gap *gaps = (struct gap *)(reasons + v->reasons_n);
	struct id *ids = (struct id *)(gaps + v->gaps_n);

	MUST(reasons != NULL);
	for (uint32_t i = 0; i < v->stands_on_n; i++)
		ids[i] = v->stands_on[i]->id;
	if (v->reasons_n)
		memcpy(reasons, v->reasons, v->reasons_n * sizeof(*reasons));
	for (uint32_t i = 0; i < v->gaps_n; i++)
		gaps[i] = (struct gap){ v->gaps[i].from, v->gaps[i].to, v->gap_rule };
	v->out->evidence = (struct av_array){ ids, v->stands_on_n };
	v->out->reasons = (struct av_array){ reasons, v->reasons_n };
	v->out->gaps = (struct av_array){ gaps, v->gaps_n };
}

static void
finish(const struct judging *j, struct verdict *v)
{
	v->out->status = status_name(v->status);
	if (v->anchor)
		v->out->anchor_event = v->anchor->id;
	if (v->day != DATE_NONE && v->status != STATUS_AWAITING
	    && v->status != STATUS_CONTRADICTED)
		v->out->achieved = v->day;
	if (v->terms->pay == PAY_NONE)
		verdict_reason(j, v, REASON_UNPAID, SPAN_NONE);
	arrays_fill(j, v);
}

static void
begin(const struct judging *j, struct verdict *v, const struct outcome_terms *o,
    struct outcome *out)
{
	out->contract = j->contract->name;
	out->contract_version = j->version->number;
	out->outcome = o->name;
	out->unit = j->tl->unit;
	out->unit_kind = j->contract->unit;
	out->ordinal = 1;
	out->start = out->due = out->achieved = out->expires = DATE_NONE;
	out->price_minor = o->price_minor;
	out->currency = j->contract->currency;
	out->outcome_id = j->memo->ids[o - j->version->outcomes];
	v->status = STATUS_NOT_YET;
	v->terms = o;
	v->out = out;
	v->day = v->failed = DATE_NONE;
	v->anchor = NULL;
	v->stands_on = j->room;
	v->stands_on_n = v->reasons_n = v->gaps_n = 0;
	v->gap_rule = SPAN_NONE;
	verdict_stands_on(v, j->referral);
}

static void
outside(const struct judging *j, struct verdict *v, const struct referrals *r)
{
	if (r->older) {
		struct sentence more = { .len = 0 };

		sentence_event(j, &more, r->older);
		sentence_str(&more, " against ");
		sentence_event(j, &more, r->younger);
		sentence_str(&more, ".");
		v->status = STATUS_CONTRADICTED;
		verdict_reason_more(j, v, REASON_REFERRALS_DISAGREE,
		    name_text(r->younger->organisation), &more);
		verdict_stands_on(v, r->older);
		verdict_stands_on(v, r->younger);
		return;
	}
	v->status = r->why == REASON_AGE_NOT_STATED ? STATUS_AWAITING : STATUS_NOT_MET;
	verdict_reason(j, v, r->why, name_text(r->chosen->organisation));
}

static void
outcome_judge(struct judging *j, const struct referrals *r, uint32_t at,
    struct outcome *out)
{
	const struct outcome_terms *o = &j->version->outcomes[at];
	bool in_cohort = r->why == REASON_COUNT && !r->older;
	struct verdict v; /* its arrays as far as their counts say */

	begin(j, &v, o, out);
	if (!in_cohort)
		outside(j, &v, r);
	else if (o->rule.kind == RULE_SPELL)
		rule_spell(j, &v);
	else
		rule_event(j, &v);
	j->completed[at] = v.day;
	by_event_id(v.stands_on, v.stands_on_n);
	facts_hash(j, &v);
	if (in_cohort)
		ruling(j, &v);
	finish(j, &v);
}

/* Nothing is judged before somebody has said which day it is; a referral is all that shows. */
static void
no_day(struct judging *j, uint32_t at, struct outcome *out)
{
	struct verdict v;

	begin(j, &v, &j->version->outcomes[at], out);
	verdict_reason(j, &v, REASON_NO_DAY, SPAN_NONE);
	facts_hash(j, &v);
	finish(j, &v);
}

/* Ids that were made before, or now. */
static struct memo *
memo_of(const struct judging *j)
{
	const struct version_terms *v = j->version;
	bool fresh;
	struct memo *m = timeline_memo(j->tl, v->memo_key, v->outcomes_n, &fresh);

	for (uint32_t i = 0; fresh && i < v->outcomes_n; i++)
		m->ids[i] = outcome_id(j->contract->name, v->outcomes[i].name, &j->tl->unit, 1);
	return m;
}

struct outcome_list
evaluate(const struct contract *contract, const struct timeline *timeline,
    const struct evaluate_facts *facts, struct arena *arena)
{
	struct judging j = { .contract = contract, .tl = timeline, .facts = facts,
		.arena = arena };
	date_t as_at = facts->as_at == DATE_NONE ? DATE_MAX : facts->as_at;
	struct outcome_list list = { NULL, 0 };
	struct referrals r;

	if (timeline->unit_kind && !span_eq(name_text(timeline->unit_kind), contract->unit))
		return list;
	if (!referrals_read(contract, timeline, as_at, arena, &r))
		return list;
	j.version = r.version;
	j.referral = r.chosen;
	list.n = j.version->outcomes_n;
	list.items = arena_zalloc(arena, list.n, sizeof(*list.items));
	j.spells = arena_zalloc(arena, j.version->spells_n + 1, sizeof(*j.spells));
	j.completed = arena_alloc(arena, list.n * sizeof(*j.completed));
	j.room = arena_alloc(arena, (timeline->events_n + 1) * sizeof(*j.room));
	MUST(list.items && j.spells && j.completed && j.room);
	j.memo = memo_of(&j);
	if (facts->as_at != DATE_NONE)
		events_deal(&j);
	for (uint32_t i = 0; i < list.n; i++) {
		if (facts->as_at == DATE_NONE)
			no_day(&j, i, &list.items[i]);
		else
			outcome_judge(&j, &r, i, &list.items[i]);
	}
	return list;
}
