#include "transform/milestone/evaluate.h"

#include "common/must.h"
#include "transform/milestone/rule_judge.h"
#include "transform/milestone/rule_kinds.h"

enum { MILLION = 1000000 };

#define FACTS_ODD UINT64_C(0x9e3779b97f4a7c15)

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
		if (text_eq(texts->items[i], text))
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

/* Did it begin early enough, and was it still so? */
static bool
lasted(const struct timeline *tl, const struct condition_terms *c, const struct event *e,
    date_t referred)
{
	if (duration_is_zero(c->lasts))
		return true;
	if (duration_add(e->start, c->lasts) > referred
	    || (e->end != DATE_NONE && e->end < referred))
		return false;
	for (uint32_t i = 0; i < tl->events_n && tl->events[i].start < referred; i++)
		if (tl->events[i].start >= e->start
		    && span_eq(name_text(tl->events[i].kind), c->ended))
			return false;
	return true;
}

static bool
was_so(const struct timeline *tl, const struct condition_terms *c, date_t referred)
{
	bool stated;

	for (uint32_t i = 0; i < tl->events_n && tl->events[i].start <= referred; i++) {
		const struct event *e = &tl->events[i];

		if (span_eq(name_text(e->kind), c->event) && filter_fits(&c->where, e, &stated)
		    && lasted(tl, c, e, referred))
			return true;
	}
	return false;
}

static uint32_t
were_so(const struct timeline *tl, const struct yaml_list *conditions, date_t referred)
{
	const struct condition_terms *c = conditions->items;
	uint32_t n = 0;

	for (uint32_t i = 0; i < conditions->n; i++)
		n += was_so(tl, &c[i], referred);
	return n;
}

static enum reason_code
conditions_verdict(const struct cohort_terms *co, const struct timeline *tl,
    const struct event *e)
{
	bool stated;

	if (co->where.n && !filter_fits(&co->where, e, &stated))
		return stated ? REASON_OUTSIDE_WHERE : REASON_REFERRAL_UNSTATED;
	if (co->none_of.n && were_so(tl, &co->none_of, e->start))
		return REASON_EXCLUDED;
	if (were_so(tl, &co->all_of, e->start) < co->all_of.n
	    || (co->any_of.n && !were_so(tl, &co->any_of, e->start)))
		return REASON_PRIOR_STATE;
	return REASON_COUNT;
}

/* Lacks only what may still be told. */
static bool
may_be_told(enum reason_code why)
{
	return why == REASON_AGE_NOT_STATED || why == REASON_PRIOR_STATE
	    || why == REASON_REFERRAL_UNSTATED;
}

static enum reason_code
cohort_verdict(const struct cohort_terms *co, const struct timeline *tl, const struct event *e)
{
	enum reason_code why;
	const struct event_attribute *route = event_attribute(e, SPAN_LIT("route"));

	if ((co->from != DATE_NONE && e->start < co->from)
	    || (co->until != DATE_NONE && e->start > co->until))
		return REASON_OUTSIDE_WINDOW;
	if (!listed(&co->routes, route ? name_text(route->text) : SPAN_NONE))
		return REASON_OUTSIDE_ROUTE;
	if (!listed(&co->referred_by, name_text(e->role)))
		return REASON_OUTSIDE_REFERRER;
	why = age_verdict(co, e);
	return why == REASON_COUNT ? conditions_verdict(co, tl, e) : why;
}

static bool
refers(const struct cohort_terms *co, const struct event *e)
{
	const struct event_attribute *p;

	if (!text_eq(name_text(e->kind), co->referral))
		return false;
	p = event_attribute(e, SPAN_LIT("programme"));
	return p && p->text && text_eq(name_text(p->text), co->programme);
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
		why = cohort_verdict(&v->cohort, tl, e);
		if (r->chosen && (r->why == REASON_COUNT
				     || !(why == REASON_COUNT
					 || (may_be_told(why) && !may_be_told(r->why)))))
			continue;
		r->chosen = e;
		r->version = v;
		r->why = why;
	}
	if (r->n > 1)
		ages_compare(r);
	return r->chosen != NULL;
}

/* --- events by kind -------------------------------------------------------------------- */

static void
events_rank(struct judging *j)
{
	uint32_t n = j->tl->events_n;

	j->by_rank = arena_alloc(j->arena, 2 * n * sizeof(*j->by_rank));
	j->room = j->by_rank + n;
	j->marks_n = n / 64 + 1;
	j->marks = arena_alloc(j->arena, j->marks_n * sizeof(*j->marks));
	for (uint32_t i = 0; i < n; i++)
		j->by_rank[j->tl->events[i].rank] = &j->tl->events[i];
}

static const struct kind_slot *
kind_of(const struct version_terms *v, const struct name *kind)
{
	uint32_t i = (uint32_t)kind->hash & (KIND_SLOTS - 1);

	for (; v->kinds[i].kind.ptr; i = (i + 1) & (KIND_SLOTS - 1))
		if (v->kinds[i].hash == kind->hash && text_eq(v->kinds[i].kind, kind->text))
			return &v->kinds[i];
	return NULL;
}

/* The first that is known: what is told of later days is not counted, and said. */
static void
death_note(struct judging *j, const struct event *e)
{
	if (j->death || e->start > j->known || !span_eq(e->kind->text, JUDGE_DEATH))
		return;
	j->death = e;
	j->known = e->start;
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

		if (e->kind && e->kind->hash == j->contract->death_hash)
			death_note(j, e);
		kinds[i] = e->start >= j->referral->start && e->start <= j->known && e->kind
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

/* rule_kind_scope(), without a call. */
static enum rule_scope
scope_of(const struct outcome_terms *o)
{
#define RULE_SCOPE(name, word, number, scope) scope,
	static const uint8_t scopes[] = { RULE_KINDS(RULE_SCOPE) };
#undef RULE_SCOPE

	return (enum rule_scope)scopes[o->rule.kind];
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

/* What it stands on, by id; and what it is remembered by. */
static void
stands_on_list(const struct judging *j, struct verdict *v)
{
	uint64_t mix = j->version->memo_key + (uint64_t)j->version->number * FACTS_ODD;
	uint32_t n = 0;

	v->stands_on = j->room;
	for (uint32_t w = 0; w < j->marks_n; w++)
		for (uint64_t left = v->marks[w]; left; left &= left - 1) {
			const struct event *e = j->by_rank[w * 64 + (uint32_t)__builtin_ctzll(left)];

			v->stands_on[n++] = e;
			mix = (mix ^ e->mix) * FACTS_ODD;
			mix ^= mix >> 29;
		}
	v->stands_on_n = n;
	v->mix = mix;
}

static void
arrays_fill(const struct judging *j, struct verdict *v)
{
	struct reason *reasons = arena_alloc(j->arena, v->reasons_n * sizeof(*reasons)
		+ v->gaps_n * sizeof(struct gap) + v->stands_on_n * sizeof(struct id) + 1);
	struct gap *gaps = (struct gap *)(reasons + v->reasons_n);
	struct id *ids = (struct id *)(gaps + v->gaps_n);

	MUST(reasons != NULL);
	if (v->reasons_n)
		memcpy(reasons, v->reasons, v->reasons_n * sizeof(*reasons));
	for (uint32_t i = 0; i < v->gaps_n; i++)
		gaps[i] = (struct gap){ v->gaps[i].from, v->gaps[i].to, v->gap_rule };
	for (uint32_t i = 0; i < v->stands_on_n; i++)
		ids[i] = v->stands_on[i]->id;
	v->out->evidence = (struct av_array){ ids, v->stands_on_n };
	v->out->reasons = (struct av_array){ reasons, v->reasons_n };
	v->out->gaps = (struct av_array){ gaps, v->gaps_n };
}

static void
price_set(const struct judging *j, struct verdict *v)
{
	const struct outcome_terms *o = v->terms;
	enum rounding how = (enum rounding)j->version->rounding;
	bool missing = false;

	if (scope_of(o) != SCOPE_UNIT)
		v->out->price_minor = 0; /* one line for the whole cohort */
	else if (o->price)
		v->out->price_minor = price_on(o, how, v->out->price_minor,
		    v->day != DATE_NONE ? v->day : j->facts->as_at, &missing);
	if (v->of)
		v->out->price_minor
		    = round_by(how, (wide)v->out->price_minor * v->share, v->of);
	if (missing)
		verdict_reason(j, v, REASON_NO_RATE, o->price->index);
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
	price_set(j, v);
	if (v->terms->pay == PAY_NONE)
		verdict_reason(j, v, REASON_UNPAID, SPAN_NONE);
	arrays_fill(j, v);
}

static void
begin(const struct judging *j, struct verdict *v, const struct outcome_terms *o,
    int32_t ordinal, struct outcome *out)
{
	out->contract = j->contract->name;
	out->contract_version = j->version->number;
	out->outcome = o->name;
	out->unit = j->tl->unit;
	out->unit_kind = j->contract->unit;
	out->ordinal = ordinal;
	out->start = out->due = out->achieved = out->expires = DATE_NONE;
	out->price_minor = o->price_minor;
	out->currency = j->contract->currency;
	out->outcome_id = j->memo->ids[o->id_at + (uint32_t)ordinal - 1];
	v->status = STATUS_NOT_YET;
	v->terms = o;
	v->out = out;
	v->day = v->failed = DATE_NONE;
	v->anchor = NULL;
	v->marks = j->marks;
	v->marks[0] = 0;
	if (j->marks_n > 1)
		memset(v->marks + 1, 0, (j->marks_n - 1) * sizeof(*v->marks));
	v->reasons_n = v->gaps_n = 0;
	v->gap_rule = v->part = SPAN_NONE;
	v->more = v->certain = false;
	v->measure = (struct measure){ 0, 0, false };
	v->share = v->of = 0;
	v->marks[j->referral->rank / 64] = UINT64_C(1) << j->referral->rank % 64;
}

static void
outside(const struct judging *j, struct verdict *v, const struct referrals *r)
{
	if (r->older) {
		struct sentence more;

		sentence_begin(&more);
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
	v->status = may_be_told(r->why) ? STATUS_AWAITING : STATUS_NOT_MET;
	verdict_reason(j, v, r->why, name_text(r->chosen->organisation));
}

/* An outcome for some of the cohort: does the referral say that it is one of them? */
static bool
is_for(const struct judging *j, struct verdict *v)
{
	bool stated;

	if (!v->terms->only_for.n || filter_fits(&v->terms->only_for, j->referral, &stated))
		return true;
	v->status = stated ? STATUS_NOT_MET : STATUS_AWAITING;
	verdict_reason(j, v, stated ? REASON_FOR_OTHERS : REASON_REFERRAL_UNSTATED,
	    name_text(j->referral->organisation));
	return false;
}

/* The first record of a later day; NULL: none is. */
static const struct event *
after_death(const struct judging *j)
{
	for (uint32_t i = j->tl->events_n; j->death && i > 0; i--) {
		const struct event *e = &j->tl->events[i - 1];

		if (e->start <= j->known)
			return NULL;
		if (e->start <= j->facts->as_at && !span_eq(name_text(e->kind), JUDGE_DEATH))
			return e;
	}
	return NULL;
}

/* What later rules of the version ask about. */
static void
judged_keep(struct judging *j, const struct verdict *v, uint32_t at)
{
	struct judged *d = &j->judged[at];

	*d = (struct judged){ .out = v->out, .status = v->status, .day = v->day,
		.anchor = v->anchor, .stood_n = v->stands_on_n };
	d->stood = arena_alloc(j->arena, (v->stands_on_n + 1) * sizeof(*d->stood));
	MUST(d->stood != NULL);
	memcpy(d->stood, v->stands_on, v->stands_on_n * sizeof(*d->stood));
}

/* true: another ordinal follows. */
static bool
outcome_judge(struct judging *j, const struct referrals *r, uint32_t at, int32_t ordinal,
    struct outcome *out, struct outcome_extra *extra)
{
	const struct outcome_terms *o = &j->version->outcomes[at];
	bool in_cohort = r->why == REASON_COUNT && !r->older;
	struct verdict v; /* its arrays as far as their counts say */

	begin(j, &v, o, ordinal, out);
	if (!in_cohort)
		outside(j, &v, r);
	else if ((in_cohort = is_for(j, &v)))
		rule_of(&o->rule)->judge(j, &v);
	if (ordinal == 1)
		j->completed[at] = v.day;
	stands_on_list(j, &v);
	facts_hash(j, &v);
	if (in_cohort)
		ruling(j, &v);
	if (j->judged && ordinal == 1)
		judged_keep(j, &v, at);
	if (j->death && in_cohort && after_death(j))
		verdict_reason(j, &v, REASON_AFTER_DEATH, name_text(after_death(j)->organisation));
	finish(j, &v);
	*extra = (struct outcome_extra){ .measure = v.measure, .part = v.part,
		.version_at = (uint32_t)(j->version - j->contract->versions), .terms_at = at,
		.referred = j->referral->start, .in_cohort = in_cohort };
	return v.more && in_cohort;
}

/* Nothing is judged before somebody has said which day it is; a referral is all that shows. */
static void
no_day(struct judging *j, uint32_t at, struct outcome *out)
{
	struct verdict v;

	begin(j, &v, &j->version->outcomes[at], 1, out);
	verdict_reason(j, &v, REASON_NO_DAY, SPAN_NONE);
	stands_on_list(j, &v);
	facts_hash(j, &v);
	finish(j, &v);
}

/* Ids that were made before, or now. */
static struct memo *
memo_of(const struct judging *j)
{
	const struct version_terms *v = j->version;
	bool fresh;
	struct memo *m = timeline_memo(j->tl, v->memo_key, v->ids_n, &fresh);

	for (uint32_t i = 0; fresh && i < v->outcomes_n; i++)
		for (uint32_t k = 0; k < v->outcomes[i].ids_n; k++)
			m->ids[v->outcomes[i].id_at + k] = outcome_id(j->contract->name,
			    v->outcomes[i].name, &j->tl->unit, (int32_t)k + 1);
	return m;
}

/* Ordinals that these facts do not give: who keeps outcomes takes them away. */
static void
absent_note(const struct judging *j, const struct outcome_terms *o, uint32_t n,
    struct outcome_list *list)
{
	for (uint32_t k = n; k < o->ids_n; k++)
		list->absent[list->absent_n++] = j->memo->ids[o->id_at + k];
}

/* All ordinals of one declared outcome. */
static void
outcomes_judge(struct judging *j, const struct referrals *r, uint32_t at,
    struct outcome_list *list)
{
	const struct outcome_terms *o = &j->version->outcomes[at];
	uint32_t n = 0;

	if (scope_of(o) == SCOPE_COHORT) {
		absent_note(j, o, 0, list);
		return;
	}
	if (j->facts->as_at == DATE_NONE) {
		no_day(j, at, &list->items[list->n]);
		list->extra[list->n] = (struct outcome_extra){ .terms_at = at,
			.version_at = (uint32_t)(j->version - j->contract->versions),
			.referred = j->referral->start };
	} else {
		while (outcome_judge(j, r, at, (int32_t)n + 1, &list->items[list->n + n],
		    &list->extra[list->n + n]))
			n++;
		if (o->rule.kind == RULE_TIERED)
			tiers_price(o, &list->items[list->n], n + 1);
	}
	list->n += n + 1;
	absent_note(j, o, n + 1, list);
}

/* Of these outcomes, by index. */
static uint32_t
ids_of(const struct version_terms *v, uint64_t outcomes)
{
	uint32_t n = 0;

	for (; outcomes; outcomes &= outcomes - 1)
		n += v->outcomes[__builtin_ctzll(outcomes)].ids_n;
	return n;
}

/* A child is matched as any person is; a family is a group. */
static bool
unit_fits(struct span is, struct span wanted)
{
	return text_eq(is, wanted) || (span_is(is, "person") && span_is(wanted, "child"));
}

static struct outcome_list
evaluate_referred(const struct contract *contract, const struct reads *reads, uint64_t kinds,
    const struct timeline *timeline, const struct evaluate_facts *facts, struct arena *arena)
{
	struct judging j = { .contract = contract, .tl = timeline, .facts = facts,
		.arena = arena };
	date_t as_at = facts->as_at == DATE_NONE ? DATE_MAX : facts->as_at;
	struct outcome_list list = { .n = 0 };
	struct referrals r;
	uint64_t outcomes;
	uint32_t ids_n;

	if (!referrals_read(contract, timeline, as_at, arena, &r))
		return list;
	if (!r.version->ids_n)
		return list; /* the cohort's alone */
	j.version = r.version;
	j.referral = r.chosen;
	outcomes = reads ? reads_touched(reads, (size_t)(j.version - contract->versions), kinds)
			 : reads_everything(j.version->outcomes_n);
	ids_n = ids_of(j.version, outcomes);
	list.items = arena_zalloc(arena, ids_n, sizeof(*list.items));
	list.extra = arena_alloc(arena, ids_n * sizeof(*list.extra));
	list.absent = arena_alloc(arena, ids_n * sizeof(*list.absent));
	j.spells = arena_zalloc(arena, j.version->spells_n + 1, sizeof(*j.spells));
	j.completed = arena_alloc(arena, j.version->outcomes_n * sizeof(*j.completed));
	events_rank(&j);
	MUST(list.items && list.extra && list.absent && j.spells && j.completed);
	if (j.version->compound)
		j.judged = arena_zalloc(arena, j.version->outcomes_n, sizeof(*j.judged));
	list.memo = j.memo = memo_of(&j);
	j.known = as_at;
	if (facts->as_at != DATE_NONE && outcomes)
		events_deal(&j);
	for (; outcomes; outcomes &= outcomes - 1)
		outcomes_judge(&j, &r, (uint32_t)__builtin_ctzll(outcomes), &list);
	return list;
}

struct outcome_list
evaluate_touched(const struct contract *contract, const struct reads *reads, uint64_t kinds,
    const struct timeline *timeline, const struct evaluate_facts *facts, struct arena *arena)
{
	if (!(timeline->programmes & contract->programmes)
	    || (timeline->unit_kind
		&& !unit_fits(name_text(timeline->unit_kind), contract->unit)))
		return (struct outcome_list){ .n = 0 }; /* of none of its programmes */
	return evaluate_referred(contract, reads, kinds, timeline, facts, arena);
}

struct outcome_list
evaluate(const struct contract *contract, const struct timeline *timeline,
    const struct evaluate_facts *facts, struct arena *arena)
{
	return evaluate_touched(contract, NULL, KINDS_ALL, timeline, facts, arena);
}
