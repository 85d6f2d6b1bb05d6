#include "cli/witness.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"
#include "transform/milestone/calendar.h"
#include "transform/milestone/settle.h"

enum {
	MILLION = 1000000,
	WITNESS_SEED = 1,
	VOICES_MAX = 16,        /* agencies that tell one thing */
	SAYS_MAX = 16,          /* attributes of a record */
	RECORDS_MAX = 2000,
	ROUNDS_MAX = 8,         /* what falls due is confirmed, and looked at again */
	DEPTH_MAX = 8,          /* outcomes that ask for others */
	SHOWN_MAX = 16,         /* records in an example */
	YEARS_ALL = 20,         /* long enough for everything to have happened */
	CROWD_MAX = 200 * 1000,
};

/* What one agency tells. */
struct told {
	struct span kind, by, role, evidence;
	date_t on;
	struct attribute says[SAYS_MAX];
	uint32_t says_n;
	bool left_out;
};

struct voice {
	struct span organisation, role;
};

struct witness {
	const struct contract *c;
	const struct version_terms *v;
	const struct agencies *agencies;
	struct arena texts, judged;
	struct names *names;
	struct timeline *tl;
	struct told *records;
	uint32_t n, cap;
	date_t referred, as_at;
	date_t first;            /* when things begin to happen: the day of the referral, if it may be */
	struct outcome_list list;
};

struct witness *
witness_new(const struct contract *c, const struct agencies *agencies)
{
	struct witness *w = mem_zalloc(1, sizeof(*w));

	MUST(c->versions_n > 0);
	w->c = c;
	w->v = &c->versions[c->versions_n - 1];
	w->agencies = agencies;
	w->names = names_new(WITNESS_SEED);
	arena_init(&w->texts, 0);
	arena_init(&w->judged, 0);
	return w;
}

void
witness_free(struct witness *w)
{
	if (!w)
		return;
	timeline_free(w->tl);
	names_free(w->names);
	arena_release(&w->texts);
	arena_release(&w->judged);
	mem_free(w->records);
	mem_free(w);
}

/* --- who may tell it ------------------------------------------------------------- */

static bool
spoken(const struct voice *voices, uint32_t n, struct span organisation)
{
	for (uint32_t i = 0; i < n; i++)
		if (span_eq(voices[i].organisation, organisation))
			return true;
	return false;
}

static struct span
base_of(struct span kind)
{
	static const char *const forms[] = { "-confirmed", "-ended" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = strlen(forms[i]);

		if (kind.len > n && memcmp(kind.ptr + kind.len - n, forms[i], n) == 0)
			return span_of(kind.ptr, kind.len - n);
	}
	return kind;
}

static bool
listed(const struct yaml_texts *texts, struct span text)
{
	for (uint32_t i = 0; i < texts->n; i++)
		if (span_eq(texts->items[i], text))
			return true;
	return false;
}

/* Without agencies: one of each role that is asked for, and as many as must agree. */
static uint32_t
voices_invented(struct witness *w, const struct yaml_texts *roles, int32_t wanted,
    struct voice out[VOICES_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < roles->n && n < VOICES_MAX; i++, n++)
		out[n] = (struct voice){ roles->items[i], roles->items[i] };
	for (; (n == 0 || n < (uint32_t)wanted) && n < VOICES_MAX; n++)
		out[n] = (struct voice){
			span_str(arena_printf(&w->texts, "agency-%u", n + 1)),
			roles->n ? roles->items[0] : SPAN_LIT("council") };
	return n;
}

static uint32_t
voices_of(struct witness *w, struct span kind, const struct yaml_texts *roles, int32_t wanted,
    struct voice out[VOICES_MAX])
{
	uint32_t n = 0;

	if (!w->agencies)
		return voices_invented(w, roles, wanted, out);
	for (int first = 1; first >= 0; first--) /* those who are asked for, then all others */
		for (size_t i = 0; i < w->agencies->n && n < VOICES_MAX; i++) {
			const struct agency *a = &w->agencies->items[i];

			if (agency_may_say(a, base_of(kind)) && !spoken(out, n, a->organisation)
			    && (!first || listed(roles, a->role)))
				out[n++] = (struct voice){ a->organisation, a->role };
		}
	return n;
}

/* --- telling ------------------------------------------------------------------------ */

static struct attribute *
said_named(struct told *t, struct span name)
{
	for (uint32_t i = 0; i < t->says_n; i++)
		if (span_eq(t->says[i].name, name))
			return &t->says[i];
	return NULL;
}

static void
say(struct told *t, struct span name, struct span text, int64_t number)
{
	struct attribute *a = said_named(t, name);

	if (!a && t->says_n == SAYS_MAX)
		return;
	if (!a)
		a = &t->says[t->says_n++];
	*a = (struct attribute){ .name = name, .text = text,
		.number = { .v = number, .has = !text.ptr } };
}

/* At least so much of it. */
static void
say_number(struct told *t, struct span name, int64_t number)
{
	struct attribute *a = name.ptr ? said_named(t, name) : NULL;

	if (name.ptr && (!a || !a->number.has || a->number.v < number))
		say(t, name, SPAN_NONE, number);
}

static void
say_filter(struct told *t, const struct filter *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct filter_term *term = &f->terms[i];

		if (term->n)
			say(t, term->attribute, term->values[0].text, term->values[0].number);
		else
			say(t, term->attribute, SPAN_NONE, term->at_least != INT64_MIN
				? term->at_least : term->below - 1);
	}
}

static int
attribute_cmp(const void *a, const void *b)
{
	return span_cmp(((const struct attribute *)a)->name, ((const struct attribute *)b)->name);
}

static void
tell_one(struct witness *w, const struct told *t)
{
	if (w->n == RECORDS_MAX)
		return;
	for (uint32_t i = 0; i < w->n; i++)
		if (w->records[i].on == t->on && span_eq(w->records[i].kind, t->kind)
		    && span_eq(w->records[i].by, t->by) && w->records[i].says_n == t->says_n
		    && (t->says_n == 0
			|| memcmp(w->records[i].says, t->says, t->says_n * sizeof(*t->says)) == 0))
			return;
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		w->records = mem_realloc(w->records, w->cap, sizeof(*w->records));
	}
	w->records[w->n] = *t;
	qsort(w->records[w->n].says, t->says_n, sizeof(*t->says), attribute_cmp);
	w->n++;
}

/* By everybody who may; ev NULL: no proof is asked for. */
static void
tell(struct witness *w, struct told t, const struct evidence_terms *ev,
    const struct yaml_texts *roles, uint32_t most)
{
	static const struct yaml_texts none = { 0 };
	struct voice voices[VOICES_MAX];
	uint32_t n;

	if (!t.kind.ptr)
		return;
	n = voices_of(w, t.kind, ev ? &ev->from : roles ? roles : &none, ev ? ev->agencies : 1,
	    voices);
	t.evidence = ev && ev->types.n ? ev->types.items[0] : SPAN_NONE;
	for (uint32_t i = 0; i < n && i < most; i++) {
		t.by = voices[i].organisation;
		t.role = voices[i].role;
		tell_one(w, &t);
	}
}

static void
tell_condition(struct witness *w, const struct condition_terms *c)
{
	struct told t = { .kind = c->event,
		.on = w->referred - c->lasts.months * 31 - c->lasts.days - 1 };

	say_filter(&t, &c->where);
	tell(w, t, NULL, NULL, 1);
}

/* What the referral must state, also for the outcomes that this one asks for. */
static void
say_for(struct witness *w, struct told *t, const struct outcome_terms *o, int depth)
{
	const struct outcomes_named *of[] = { &o->rule.all_of, &o->rule.of };
	const struct part_terms *parts = o->rule.parts.items;

	say_filter(t, &o->only_for);
	if (depth == DEPTH_MAX)
		return;
	for (size_t k = 0; k < sizeof(of) / sizeof(of[0]); k++)
		for (uint32_t i = 0; i < of[k]->names.n; i++)
			say_for(w, t, &w->v->outcomes[of[k]->at[i]], depth + 1);
	for (int32_t i = 0; i < o->rule.any_least && i < (int32_t)o->rule.any_of.names.n; i++)
		say_for(w, t, &w->v->outcomes[o->rule.any_of.at[i]], depth + 1);
	for (uint32_t i = 0; i < o->rule.parts.n; i++)
		say_for(w, t, &w->v->outcomes[parts[i].on_at], depth + 1);
	if (o->rule.after.ptr)
		say_for(w, t, &w->v->outcomes[o->rule.after_at], depth + 1);
}

static void
tell_referral(struct witness *w, const struct outcome_terms *o)
{
	const struct cohort_terms *co = &w->v->cohort;
	const struct condition_terms *all = co->all_of.items, *any = co->any_of.items;
	struct told t = { .kind = co->referral, .on = w->referred };

	say(&t, SPAN_LIT("programme"), co->programme, 0);
	if (co->routes.n)
		say(&t, SPAN_LIT("route"), co->routes.items[0], 0);
	if (co->age_min > 0 || co->age_max < RULES_AGE_MAX)
		say(&t, SPAN_LIT("age"), SPAN_NONE, (int64_t)co->age_min * MILLION);
	say_filter(&t, &co->where);
	say_for(w, &t, o, 0);
	tell(w, t, NULL, &co->referred_by, 1);
	for (uint32_t i = 0; i < co->all_of.n; i++)
		tell_condition(w, &all[i]);
	if (co->any_of.n)
		tell_condition(w, &any[0]);
}

/* --- what comes out ------------------------------------------------------------------ */

static struct id
number_id(uint32_t number)
{
	uint8_t digest[SHA256_BYTES];
	struct id id;

	sha256(span_of(&number, sizeof(number)), digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

static date_t
complete_all(const void *arg, struct span organisation)
{
	(void)arg, (void)organisation;
	return DATE_MAX;
}

static void
told_put(struct witness *w, uint32_t at)
{
	struct told *t = &w->records[at];
	struct id id = number_id(at);
	struct linked ln = { .what = LINKED_EVENT, .unit = *timeline_unit(w->tl), .event_id = id,
		.unit_kind = w->c->unit, .organisation = t->by, .role = t->role, .kind = t->kind,
		.start = t->on, .end = DATE_NONE, .evidence_type = t->evidence,
		.attributes = { t->says, t->says_n } };

	memcpy(ln.raw_sha256, id.b, ID_BYTES);
	timeline_event(w->tl, &id, &ln);
}

static void
judge(struct witness *w)
{
	struct evaluate_facts facts = { .as_at = w->as_at, .complete_through = complete_all };
	struct id unit = number_id(UINT32_MAX);

	timeline_free(w->tl);
	arena_reset(&w->judged);
	w->tl = timeline_new(w->names, &unit);
	for (uint32_t i = 0; i < w->n; i++)
		if (!w->records[i].left_out)
			told_put(w, i);
	w->list = evaluate(w->c, w->tl, &facts, &w->judged);
}

bool
witness_proven(const struct outcome *o)
{
	return o && (span_is(o->status, "achieved") || span_is(o->status, "verified"));
}

bool
witness_says(const struct outcome *o, enum reason_code code)
{
	const struct reason *r = o ? o->reasons.items : NULL;

	for (uint32_t i = 0; o && i < o->reasons.n; i++)
		if (span_eq(r[i].code, reason_name(code)))
			return true;
	return false;
}

const struct outcome *
witness_outcome(const struct witness *w, uint32_t at)
{
	const struct outcome *best = NULL;

	for (uint32_t i = 0; i < w->list.n; i++)
		if (span_eq(w->list.items[i].outcome, w->v->outcomes[at].name)
		    && (!best || (witness_proven(&w->list.items[i]) && !witness_proven(best))))
			best = &w->list.items[i];
	return best;
}

/* --- what each kind asks for ------------------------------------------------------------ */

static void rule_tell(struct witness *w, uint32_t at, int depth);

static bool
lasts(const struct rule_terms *r)
{
	return r->kind == RULE_SPELL || r->kind == RULE_SPELL_EXCLUDING || r->kind == RULE_RECURRING
	    || r->kind == RULE_INTENSITY_BAND;
}

/* Tells it, and the day it is had. */
static date_t
earlier_had(struct witness *w, uint32_t at, int depth)
{
	const struct outcome *o;

	rule_tell(w, at, depth + 1);
	o = witness_outcome(w, at);
	return o && o->achieved != DATE_NONE ? o->achieved : w->first;
}

static void
all_had(struct witness *w, const struct outcomes_named *of, uint32_t most, int depth)
{
	for (uint32_t i = 0; i < of->names.n && i < most; i++)
		rule_tell(w, of->at[i], depth + 1);
}

static void
scores_tell(struct witness *w, const struct outcome_terms *o, struct told t)
{
	const struct rule_terms *r = &o->rule;
	int64_t much = r->at_least + MILLION;
	date_t later = duration_add(t.on, r->apart), served = duration_add(w->referred, r->on_service);
	bool up = r->direction == DIRECTION_UP;

	say(&t, r->attribute, SPAN_NONE, up ? 0 : much);
	tell(w, t, o->evidence, NULL, VOICES_MAX);
	say(&t, r->attribute, SPAN_NONE, up ? much : 0);
	t.on = later > served ? later : served;
	t.on += t.on == w->referred;
	tell(w, t, o->evidence, NULL, VOICES_MAX);
}

static void
weeks_tell(struct witness *w, const struct outcome_terms *o, struct told t)
{
	const struct rule_terms *r = &o->rule;
	bool worked = r->hours_from == HOURS_WORKED;
	date_t first = t.on;

	say_number(&t, r->attribute, r->hours + MILLION);
	tell(w, t, o->evidence, NULL, VOICES_MAX);
	for (int32_t i = 1; worked && i <= r->weeks; i++) {
		t.on = first + i * 7;
		tell(w, t, o->evidence, NULL, i + 1 < r->weeks ? 1 : VOICES_MAX);
	}
	for (int32_t i = 1; !worked && i <= r->weeks + 1; i++) {
		struct told c = { .kind = w->v->spells[r->spell_at].confirmed,
			.on = first + i * 7 - (i <= r->weeks) };

		if (i + 1 > r->weeks)
			tell(w, c, o->evidence, NULL, VOICES_MAX);
	}
}

static void
days_tell(struct witness *w, const struct outcome_terms *o, date_t day)
{
	const struct spell_terms *s = &w->v->spells[o->rule.spell_at];
	struct told t = { .kind = s->event, .on = day };

	say_filter(&t, &s->where);
	tell(w, t, o->evidence, NULL, VOICES_MAX);
	t = (struct told){ .kind = s->confirmed, .on = day + o->rule.days - 1 };
	tell(w, t, o->evidence, NULL, VOICES_MAX);
	t.on++;
	tell(w, t, o->evidence, NULL, VOICES_MAX);
}

static void
amount_tell(struct witness *w, const struct outcome_terms *o, struct told t)
{
	const struct rule_terms *r = &o->rule;
	int64_t rate = 0, much = r->at_least;

	if (r->rate_is) {
		if (!rate_on(r->rate_is, t.on, &rate) && r->rate_is->steps.n)
			rate = ((const struct rate_step_terms *)r->rate_is->steps.items)[0].is;
		much = (int64_t)((wide)rate * r->times / MILLION);
	}
	say_number(&t, r->attribute, much + MILLION);
	tell(w, t, o->evidence, NULL, VOICES_MAX);
}

static void
spell_tell(struct witness *w, const struct outcome_terms *o, date_t day)
{
	const struct spell_terms *s = &w->v->spells[o->rule.spell_at];
	const struct band_terms *b = o->rule.bands.items;
	struct told t = { .kind = s->event, .on = day };

	say_filter(&t, &s->where);
	if (o->rule.kind == RULE_INTENSITY_BAND)
		say_number(&t, o->rule.attribute,
		    o->rule.bands.n > 1 ? b[o->rule.bands.n - 2].below + MILLION : MILLION);
	tell(w, t, o->evidence, NULL, VOICES_MAX);
}

static void
kind_tell(struct witness *w, const struct outcome_terms *o, date_t day, int depth)
{
	const struct rule_terms *r = &o->rule;
	const struct tier_terms *tiers = r->tiers.items;
	const struct part_terms *parts = r->parts.items;
	struct told t = { .kind = r->event, .on = day };

	say_filter(&t, &r->where);
	switch ((enum rule_kind)r->kind) {
	case RULE_EVENT_ONCE:
	case RULE_ASSESSMENT:
	case RULE_GOAL_COUNT:
		tell(w, t, o->evidence, NULL, VOICES_MAX);
		return;
	case RULE_SPELL:
	case RULE_SPELL_EXCLUDING:
	case RULE_RECURRING:
	case RULE_INTENSITY_BAND:
		spell_tell(w, o, day);
		return;
	case RULE_WEEKS:
		weeks_tell(w, o, t);
		return;
	case RULE_CUMULATIVE_DAYS:
		days_tell(w, o, day);
		return;
	case RULE_CUMULATIVE_AMOUNT:
		amount_tell(w, o, t);
		return;
	case RULE_SCORE_CHANGE:
	case RULE_MEAN_CHANGE:
		scores_tell(w, o, t);
		return;
	case RULE_TIERED:
		if (r->tiers.n)
			say(&t, r->attribute, tiers[r->tiers.n - 1].is.n
				? tiers[r->tiers.n - 1].is.items[0] : tiers[r->tiers.n - 1].name, 0);
		tell(w, t, o->evidence, NULL, VOICES_MAX);
		return;
	case RULE_N_OF_M:
	case RULE_BUNDLE:
		all_had(w, &r->all_of, RULE_OF_MAX, depth);
		all_had(w, &r->any_of, (uint32_t)(r->any_least > 0 ? r->any_least : 0), depth);
		return;
	case RULE_SPLIT:
		for (uint32_t i = 0; i < r->parts.n; i++)
			rule_tell(w, parts[i].on_at, depth + 1);
		return;
	case RULE_RATE_GATE:
	case RULE_RISING_TARGET:
		all_had(w, &r->of, 1, depth);
		if (r->out_of.ptr)
			rule_tell(w, r->out_of_at, depth + 1);
		return;
	case RULE_NON_OCCURRENCE:
	case RULE_BASELINE_DAYS:
	case RULE_COMPARISON:
	case RULE_CAPITATION:
	case RULE_DELIVERY_FEE:
	case RULE_PRICE_FUNCTION:
	case RULE_KIND_COUNT:
		return; /* nothing has to happen */
	}
}

/* What else proves it, and that the person was still seen, on the day it is had. */
static void
proof_tell(struct witness *w, const struct outcome_terms *o, date_t day)
{
	const struct evidence_terms *ev = o->evidence;

	for (uint32_t i = 0; i < ev->kinds.n; i++)
		tell(w, (struct told){ .kind = ev->kinds.items[i], .on = day }, ev, NULL, VOICES_MAX);
	if (ev->engaged_days != RULES_NO_LIMIT_DAYS)
		tell(w, (struct told){ .kind = SPAN_LIT("engagement"), .on = day }, NULL, NULL, 1);
}

static void
rule_tell(struct witness *w, uint32_t at, int depth)
{
	const struct outcome_terms *o = &w->v->outcomes[at];
	const struct rule_terms *r = &o->rule;
	date_t day = w->first;

	if (depth > DEPTH_MAX)
		return;
	if (r->after.ptr)
		day = earlier_had(w, r->after_at, depth) + r->apart_days;
	if (lasts(r))
		day = w->first; /* what goes on longer is the same */
	if (r->starts_with.ptr)
		tell(w, (struct told){ .kind = r->starts_with, .on = w->first }, NULL, NULL, 1);
	kind_tell(w, o, day, depth);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		const struct outcome *is;
		uint32_t before = w->n;
		date_t due;

		judge(w);
		is = witness_outcome(w, at);
		if (!is || witness_proven(is))
			return;
		if (span_is(is->status, "expired")) {
			w->as_at = is->achieved;
			continue;
		}
		due = is->achieved != DATE_NONE ? is->achieved : is->due;
		if (lasts(r) && due != DATE_NONE)
			tell(w, (struct told){ .kind = w->v->spells[r->spell_at].confirmed, .on = due },
			    o->evidence, NULL, VOICES_MAX);
		proof_tell(w, o, due != DATE_NONE ? due : day);
		if (w->n == before)
			return;
	}
}

static date_t
referral_day(const struct version_terms *v)
{
	const struct cohort_terms *co = &v->cohort;
	date_t day = co->from != DATE_NONE && co->from > v->effective ? co->from : v->effective;

	if (co->until != DATE_NONE && co->until < day && v->applies == APPLIES_EVERYONE)
		return co->until;
	return day;
}

bool
witness_make(struct witness *w, uint32_t at)
{
	w->referred = referral_day(w->v);
	for (int later = 0; later < 2; later++) { /* what excludes on the day may happen after it */
		w->n = 0;
		w->first = w->referred + later;
		w->as_at = date_add_months(w->referred, 12 * YEARS_ALL);
		tell_referral(w, &w->v->outcomes[at]);
		rule_tell(w, at, 0);
		judge(w);
		if (!witness_says(witness_outcome(w, at), REASON_EXCLUDED))
			break;
	}
	return witness_proven(witness_outcome(w, at));
}

void
witness_shrink(struct witness *w, witness_fn *holds, const void *arg)
{
	for (uint32_t i = w->n; i-- > 0;) {
		w->records[i].left_out = true;
		judge(w);
		if (!holds(w, arg))
			w->records[i].left_out = false;
	}
	judge(w);
}

/* --- money -------------------------------------------------------------------------------- */

static struct settlement
settled(struct witness *w, const struct settle_row *rows, size_t n, struct arena *arena)
{
	struct settle_facts facts = { .from = w->referred, .to = w->as_at };

	return settle(w->c, rows, n, &facts, arena);
}

static void
row_of(const struct witness *w, uint32_t at, struct settle_row *row)
{
	settle_row_of(&w->list.items[at], &w->list.extra[at], row);
	row->verified = row->proven; /* somebody will agree */
}

void
witness_money(struct witness *w, uint32_t at, int64_t *earned, int64_t *payable,
    struct span *cut_by)
{
	struct settle_row *rows = mem_zalloc(w->list.n + 1, sizeof(*rows));
	struct settlement st;
	struct arena arena;

	arena_init(&arena, 0);
	for (uint32_t i = 0; i < w->list.n; i++)
		row_of(w, i, &rows[i]);
	st = settled(w, rows, w->list.n, &arena);
	*earned = *payable = 0;
	*cut_by = SPAN_NONE;
	for (uint32_t i = 0; i < st.lines_n; i++)
		if (span_eq(st.lines[i].outcome, w->v->outcomes[at].name)) {
			*earned += st.lines[i].earned_minor;
			*payable += st.lines[i].payable_minor;
			if (st.lines[i].cut_by.ptr)
				*cut_by = st.lines[i].cut_by; /* a word of the language: it stays */
		}
	arena_release(&arena);
	mem_free(rows);
}

bool
witness_crowd(struct witness *w, uint32_t at, int64_t earned, int64_t payable,
    struct witness_crowd *out)
{
	const struct outcome *o = witness_outcome(w, at);
	int64_t people;
	struct settle_row *rows;
	struct settlement st;
	struct arena arena;
	struct settle_row one;

	if (!o || o->price_minor <= 0)
		return false;
	people = (earned > payable ? earned : payable) / o->price_minor + 1;
	if (people > CROWD_MAX)
		return false;
	row_of(w, (uint32_t)(o - w->list.items), &one);
	rows = mem_zalloc((size_t)people, sizeof(*rows));
	for (int64_t i = 0; i < people; i++) {
		rows[i] = one;
		rows[i].unit = number_id((uint32_t)i);
		rows[i].outcome_id = number_id((uint32_t)i + CROWD_MAX);
	}
	arena_init(&arena, 0);
	st = settled(w, rows, (size_t)people, &arena);
	*out = (struct witness_crowd){ people, st.earned_minor, st.payable_minor };
	arena_release(&arena);
	mem_free(rows);
	return out->earned >= earned && out->payable >= payable;
}

bool
witness_cohort(struct witness *w, uint32_t at, int64_t people, struct witness_crowd *out)
{
	size_t each = w->list.n, n = (size_t)people * each;
	struct settlement st;
	struct settle_row *rows;
	struct arena arena;

	if (n > CROWD_MAX)
		return false;
	rows = mem_zalloc(n + 1, sizeof(*rows));
	for (size_t i = 0; i < n; i++) {
		row_of(w, (uint32_t)(i % each), &rows[i]);
		rows[i].unit = number_id((uint32_t)(i / each));
		rows[i].outcome_id = number_id((uint32_t)i + CROWD_MAX);
	}
	arena_init(&arena, 0);
	st = settled(w, rows, n, &arena);
	*out = (struct witness_crowd){ .people = people };
	for (uint32_t i = 0; i < st.lines_n; i++)
		if (span_eq(st.lines[i].outcome, w->v->outcomes[at].name)) {
			out->earned += st.lines[i].earned_minor;
			out->payable += st.lines[i].payable_minor;
		}
	arena_release(&arena);
	mem_free(rows);
	return st.missing == NULL;
}

/* --- shown ---------------------------------------------------------------------------------- */

static void
told_text(const struct told *t, struct buf *out)
{
	char day[DATE_TEXT];

	date_text(t->on, day);
	buf_printf(out, "\n      %s  " SPAN_FMT " by " SPAN_FMT, day, SPAN_ARG(t->kind),
	    SPAN_ARG(t->by));
	for (uint32_t i = 0; i < t->says_n; i++) {
		const struct attribute *a = &t->says[i];
		struct sentence number = { .len = 0 };

		if (a->text.ptr) {
			buf_printf(out, ", " SPAN_FMT " " SPAN_FMT, SPAN_ARG(a->name),
			    SPAN_ARG(a->text));
			continue;
		}
		sentence_millionths(&number, a->number.v);
		buf_printf(out, ", " SPAN_FMT " %.*s", SPAN_ARG(a->name), (int)number.len,
		    number.text);
	}
	if (t->evidence.ptr)
		buf_printf(out, ", with a " SPAN_FMT, SPAN_ARG(t->evidence));
}

static void
outcome_text(const struct outcome *o, struct buf *out)
{
	const struct reason *r = o->reasons.items;
	char day[DATE_TEXT], price[MONEY_TEXT];
	const struct currency *currency = currency_find(o->currency);

	date_text(o->achieved, day);
	buf_printf(out, "\n      -> " SPAN_FMT " " SPAN_FMT "%s%s", SPAN_ARG(o->outcome),
	    SPAN_ARG(o->status), *day ? " " : "", day);
	if (witness_proven(o) && currency) {
		money_text(o->price_minor, currency, price);
		buf_printf(out, ", %s", price);
	}
	for (uint32_t i = 0; i < o->reasons.n; i++)
		buf_printf(out, "%s" SPAN_FMT "%s" SPAN_FMT, i ? ", " : ": ", SPAN_ARG(r[i].code),
		    r[i].subject.ptr ? " " : "", SPAN_ARG(r[i].subject));
}

static int
told_cmp(const void *a, const void *b)
{
	const struct told *const *x = a, *const *y = b;

	return (*x)->on != (*y)->on ? ((*x)->on > (*y)->on) - ((*x)->on < (*y)->on)
				    : (*x > *y) - (*x < *y);
}

void
witness_text(const struct witness *w, const uint32_t *outcomes, size_t n, struct buf *out)
{
	const struct told **rows = mem_zalloc(w->n + 1, sizeof(struct told *));
	uint32_t rows_n = 0;

	for (uint32_t i = 0; i < w->n; i++)
		if (!w->records[i].left_out)
			rows[rows_n++] = &w->records[i];
	qsort(rows, rows_n, sizeof(*rows), told_cmp);
	buf_str(out, "\n    for example");
	for (uint32_t i = 0; i < rows_n && i < SHOWN_MAX; i++)
		told_text(rows[i], out);
	if (rows_n > SHOWN_MAX)
		buf_printf(out, "\n      and %u more", (unsigned)(rows_n - SHOWN_MAX));
	for (size_t i = 0; i < n; i++)
		if (witness_outcome(w, outcomes[i]))
			outcome_text(witness_outcome(w, outcomes[i]), out);
	mem_free(rows);
}
