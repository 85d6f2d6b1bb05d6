#include "transform/milestone/settle_in.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"
#include "transform/milestone/rule_kinds.h"

static const char *const state_names[] = { "payable", "over-cap", "held", "revoked" };
static const char *const cap_names[] = { "volume", "outcome", "person", "period", "payer",
	"contract" };

struct span
settle_state_name(enum settle_state state)
{
	return span_str(state_names[state]);
}

void
settle_row_of(const struct outcome *o, const struct outcome_extra *x, struct settle_row *out)
{
	*out = (struct settle_row){ .outcome_id = o->outcome_id, .unit = o->unit,
		.anchor = o->anchor_event, .part = x->part,
		.measure = x->measure, .price_minor = o->price_minor, .achieved = o->achieved,
		.referred = x->referred, .version_at = x->version_at, .terms_at = x->terms_at,
		.ordinal = o->ordinal, .in_cohort = x->in_cohort,
		.verified = span_is(o->status, "verified"), .held = span_is(o->status, "queried") };
	out->proven = out->verified || span_is(o->status, "achieved");
}

/* --- which terms ------------------------------------------------------------------ */

static const struct version_terms *
terms_on(const struct contract *c, date_t day)
{
	const struct version_terms *v = &c->versions[0];

	for (uint32_t i = 1; i < c->versions_n; i++)
		if (c->versions[i].effective <= day)
			v = &c->versions[i];
	return v;
}

static void
names_meet(struct settling *s)
{
	const struct contract *c = s->contract;

	s->at = arena_alloc(s->arena, c->versions_n * RULES_OUTCOMES_MAX * sizeof(*s->at));
	MUST(s->at != NULL);
	for (uint32_t v = 0; v < c->versions_n; v++)
		for (uint32_t i = 0; i < c->versions[v].outcomes_n; i++) {
			uint32_t *at = &s->at[v * RULES_OUTCOMES_MAX + i];

			*at = SETTLE_NOWHERE;
			for (uint32_t k = 0; k < s->terms->outcomes_n; k++)
				if (span_eq(s->terms->outcomes[k].name,
					c->versions[v].outcomes[i].name))
					*at = k;
		}
}

uint32_t
row_at(const struct settling *s, const struct settle_row *row)
{
	return s->at[row->version_at * RULES_OUTCOMES_MAX + row->terms_at];
}

bool
row_counts(const struct settling *s, const struct settle_row *row, date_t day)
{
	return row->achieved != DATE_NONE && row->achieved <= day
	    && (s->terms->settles == SETTLES_VERIFIED ? row->verified : row->proven);
}

/* --- the order in which caps take ---------------------------------------------------- */

/* What orders a claim, apart from it: claims are large, and stay where they are. */
struct place {
	date_t achieved;
	uint32_t at;            /* in the rate card; 0 where that does not matter */
	uint64_t id_first;      /* its first eight bytes, as a number */
	struct claimable *claim;
};

static int
place_cmp(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->achieved != y->achieved)
		return x->achieved < y->achieved ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->id_first != y->id_first)
		return x->id_first < y->id_first ? -1 : 1;
	return id_cmp(&x->claim->id, &y->claim->id);
}

static struct place *
places_of(const struct settling *s, struct claimable *claims, uint32_t n)
{
	struct place *places = mem_alloc((n + 1) * sizeof(*places));

	for (uint32_t i = 0; i < n; i++) {
		uint64_t first = 0;

		for (int k = 0; k < 8; k++)
			first = first << 8 | claims[i].id.b[k];
		places[i] = (struct place){ claims[i].achieved,
			s->terms->same_day == SAME_DAY_RATE_CARD ? claims[i].at : 0, first, &claims[i] };
	}
	qsort(places, n, sizeof(*places), place_cmp);
	return places;
}

/* --- prices that depend on volume ------------------------------------------------------ */

static int64_t
accelerated(const struct settling *s, const struct claimable *c, int64_t base)
{
	const struct price_terms *p = c->terms->price;
	int64_t index = 1, set = 1;

	if (p->index_is && (!rate_on(p->index_is, c->achieved, &index)
			       || !rate_on(p->index_is, p->index_from, &set) || set <= 0))
		index = set = 1;
	return round_by((enum rounding)s->terms->rounding,
	    (wide)base * (SETTLE_HUNDRED - p->discount) * ((SETTLE_HUNDRED - p->deadweight) / 100)
		* index, (wide)SETTLE_HUNDRED * (SETTLE_HUNDRED / 100) * set);
}

static void
accelerate(const struct settling *s, const struct place *places, uint32_t n)
{
	int32_t seen[RULES_OUTCOMES_MAX] = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		struct claimable *c = places[i].claim;
		const struct price_terms *p = c->terms->price;
		const struct accelerator_terms *a = p ? p->accelerator.items : NULL;
		int32_t before;

		if (c->cohort || !p || !p->accelerator.n || c->at == SETTLE_NOWHERE)
			continue;
		before = seen[c->at]++;
		for (uint32_t k = p->accelerator.n; k > 0; k--)
			if (before >= a[k - 1].past) {
				*(c->held_minor ? &c->held_minor : &c->earned_minor)
				    = accelerated(s, c, a[k - 1].price_minor);
				break;
			}
	}
}

/* --- caps ---------------------------------------------------------------------------------- */

struct used {
	int64_t amount;         /* of the cap */
	struct idmap persons;   /* PERSON → index of `by` */
	int64_t *by;            /* of a person, or of a period */
	uint32_t by_n, by_cap;
};

static int64_t *
used_by(struct used *u, uint32_t at)
{
	if (at >= u->by_cap) {
		uint32_t cap = u->by_cap ? u->by_cap * 2 : 64;

		while (cap <= at)
			cap *= 2;
		u->by = mem_realloc(u->by, cap, sizeof(*u->by));
		memset(u->by + u->by_cap, 0, (cap - u->by_cap) * sizeof(*u->by));
		u->by_cap = cap;
	}
	return &u->by[at];
}

static int64_t *
used_of(const struct settling *s, const struct cap_terms *cap, struct used *u,
    const struct claimable *c)
{
	uint32_t *slot;
	int32_t period;
	bool fresh;

	if (cap->cap == CAP_PERSON) {
		slot = idmap_put(&u->persons, &c->unit, &fresh);
		if (fresh)
			*slot = u->by_n++;
		return used_by(u, *slot);
	}
	if (cap->cap == CAP_PERIOD) {
		period = contract_period_of(s->contract->versions[0].effective, cap->every,
		    c->achieved);
		return used_by(u, period < 0 ? 0 : (uint32_t)period);
	}
	return &u->amount;
}

static bool
names_same(const struct yaml_texts *a, const struct yaml_texts *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		bool found = false;

		for (uint32_t k = 0; k < b->n; k++)
			found |= span_eq(a->items[i], b->items[k]);
		if (!found)
			return false;
	}
	return true;
}

/* Of a contract period: by the terms on its last day, so that a variation opens no period that
 * was closed before it. */
static int64_t
cap_most(const struct settling *s, const struct cap_terms *cap, const struct claimable *c)
{
	date_t start = s->contract->versions[0].effective;
	const struct version_terms *v;
	const struct cap_terms *then;

	if (cap->cap != CAP_PERIOD)
		return cap->cap == CAP_VOLUME ? cap->most : cap->amount_minor;
	v = terms_on(s->contract, contract_period(start, cap->every,
	    contract_period_of(start, cap->every, c->achieved) + 1) - 1);
	then = v->caps.items;
	for (uint32_t i = 0; v != s->terms && i < v->caps.n; i++)
		if (then[i].cap == CAP_PERIOD && then[i].every == cap->every
		    && names_same(&then[i].outcomes, &cap->outcomes))
			return then[i].amount_minor;
	return cap->amount_minor;
}

static bool
cap_is_of(const struct cap_terms *cap, const struct claimable *c)
{
	if (cap->outcomes_set
	    && (c->at == SETTLE_NOWHERE || !(cap->outcomes_set >> c->at & 1)))
		return false;
	if (cap->band.ptr && !span_eq(cap->band, c->part))
		return false;
	if (cap->cap == CAP_PERSON || cap->cap == CAP_VOLUME)
		return !c->cohort;
	return true;
}

/* What a cap lets through of `amount`, and takes of its headroom. */
static int64_t
let_through(const struct cap_terms *cap, int64_t most, int64_t *used, int64_t amount)
{
	int64_t left = most - *used;

	if (amount <= 0)
		return amount;
	if (cap->cap == CAP_VOLUME) {
		if (left <= 0)
			return 0;
		++*used;
		return amount;
	}
	if (left < amount)
		amount = cap->last == LAST_WHOLE || left < 0 ? 0 : left;
	*used += amount;
	return amount;
}

static const struct yaml_list *
payers_of(const struct claimable *c)
{
	return &c->terms->payers;
}

/* Which of the outcome's payers the cap is of; SETTLE_PAYERS_MAX: none. */
static uint32_t
payer_at(const struct claimable *c, struct span name)
{
	const struct payer_terms *p = payers_of(c)->items;

	for (uint32_t i = 0; i < payers_of(c)->n && i < SETTLE_PAYERS_MAX; i++)
		if (span_eq(p[i].payer, name))
			return i;
	return SETTLE_PAYERS_MAX;
}

/* The payer's own part is cut; what it does not pay nobody else pays instead. */
static int64_t
let_through_payer(const struct settling *s, const struct cap_terms *cap, int64_t *used,
    const struct claimable *c, int64_t amount, int64_t cut[SETTLE_PAYERS_MAX])
{
	int64_t parts[SETTLE_PAYERS_MAX], part, allowed;
	uint32_t at = payer_at(c, cap->payer);

	if (at == SETTLE_PAYERS_MAX)
		return amount;
	split(amount, payers_of(c), (enum remainder)s->terms->remainder, parts);
	part = parts[at] - cut[at];
	allowed = let_through(cap, cap->amount_minor, used, part > 0 ? part : 0);
	if (part > allowed)
		cut[at] += part - allowed;
	return amount;
}

static void
claim_cap(const struct settling *s, struct used *used, struct claimable *c)
{
	const struct cap_terms *caps = s->terms->caps.items;
	int64_t amount = c->earned_minor, cut[SETTLE_PAYERS_MAX] = { 0 };

	c->cut_by = -1;
	for (uint32_t i = 0; i < s->terms->caps.n; i++) {
		int64_t before = amount, *u;

		if (!cap_is_of(&caps[i], c))
			continue;
		u = used_of(s, &caps[i], &used[i], c);
		if (caps[i].cap == CAP_PAYER) {
			int64_t had = 0, has = 0;

			for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++)
				had += cut[k];
			let_through_payer(s, &caps[i], u, c, amount, cut);
			for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++)
				has += cut[k];
			if (has > had && c->cut_by < 0)
				c->cut_by = (int32_t)i;
			continue;
		}
		amount = let_through(&caps[i], cap_most(s, &caps[i], c), u, amount);
		if (amount < before && c->cut_by < 0)
			c->cut_by = (int32_t)i;
	}
	split(amount, payers_of(c), (enum remainder)s->terms->remainder, c->by_payer);
	c->payable_minor = 0;
	for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++) {
		c->by_payer[k] -= cut[k] < c->by_payer[k] ? cut[k] : c->by_payer[k];
		c->payable_minor += c->by_payer[k];
	}
}

static void
claims_cap(const struct settling *s, const struct place *places, uint32_t n)
{
	uint32_t caps_n = s->terms->caps.n;
	struct used *used = mem_zalloc(caps_n + 1, sizeof(*used));

	for (uint32_t i = 0; i < caps_n; i++)
		idmap_init(&used[i].persons, 1);
	for (uint32_t i = 0; i < n; i++)
		claim_cap(s, used, places[i].claim);
	for (uint32_t i = 0; i < caps_n; i++) {
		idmap_release(&used[i].persons);
		mem_free(used[i].by);
	}
	mem_free(used);
}

/* --- a position: all that is owed on a day ----------------------------------------------------- */

struct position {
	struct claimable *claims;
	struct place *places;   /* of them, in order */
	uint32_t n;
};

static void
position_free(struct position *p)
{
	mem_free(p->claims);
	mem_free(p->places);
}

static bool
row_is_paid(const struct settling *s, const struct settle_row *row)
{
	const struct outcome_terms *o
	    = &s->contract->versions[row->version_at].outcomes[row->terms_at];

	return o->pay == PAY_PRICE && rule_kind_scope((enum rule_kind)o->rule.kind) == SCOPE_UNIT;
}

static void
row_claim(const struct settling *s, const struct settle_row *row, date_t day, struct claimable *c)
{
	*c = (struct claimable){ .id = row->outcome_id, .unit = row->unit, .part = row->part,
		.terms = &s->contract->versions[row->version_at].outcomes[row->terms_at],
		.earned_minor = row->price_minor, .achieved = row->achieved,
		.ordinal = row->ordinal, .at = row_at(s, row), .cut_by = -1 };
	if (row->also.ptr && row->also_from <= day)
		c->also = row->also;
	if (row->held || c->also.ptr) {
		c->held_minor = c->earned_minor;
		c->earned_minor = 0;
	}
}

static struct position
position_on(struct settling *s, date_t day)
{
	uint32_t room = cohort_claims_most(s, day), n = 0;
	struct position p;

	p.claims = mem_alloc((s->rows_n + room + 1) * sizeof(*p.claims));
	for (size_t i = 0; i < s->rows_n; i++) {
		const struct settle_row *row = &s->rows[i];

		if (!row_is_paid(s, row) || row->achieved == DATE_NONE || row->achieved > day
		    || !(row->held || row_counts(s, row, day)))
			continue;
		row_claim(s, row, day, &p.claims[n++]);
	}
	n += cohort_claims(s, day, p.claims + n, room);
	p.places = places_of(s, p.claims, n);
	accelerate(s, p.places, n);
	claims_cap(s, p.places, n);
	p.n = n;
	return p;
}

/* --- lines: what differs from what was stated ---------------------------------------------------- */

static void
line_add(struct settling *s, const struct claimable *c, int64_t earned, int64_t payable,
    const int64_t by_payer[SETTLE_PAYERS_MAX], bool revoked)
{
	const struct cap_terms *caps = s->terms->caps.items;
	struct settlement *out = s->out;
	struct settle_line *line = &out->lines[out->lines_n];

	if (earned == 0 && payable == 0 && c->held_minor == 0)
		return;
	out->lines_n++;
	*line = (struct settle_line){ .id = c->id, .unit = c->unit, .outcome = c->terms->name,
		.part = c->part, .ordinal = c->ordinal, .achieved = c->achieved,
		.earned_minor = earned, .payable_minor = payable, .held_minor = c->held_minor };
	line->state = revoked ? SETTLE_REVOKED : c->held_minor ? SETTLE_HELD
	    : c->cut_by >= 0 ? SETTLE_OVER_CAP : SETTLE_PAYABLE;
	if (line->state == SETTLE_HELD)
		line->also = c->also;
	if (c->cut_by >= 0 && !revoked)
		line->cut_by = span_str(cap_names[caps[c->cut_by].cap]);
	line->payers = c->terms->payer_names;
	line->payers_n = payers_of(c)->n;
	memcpy(line->by_payer, by_payer, sizeof(line->by_payer));
	MUST(money_add(&out->earned_minor, earned) && money_add(&out->payable_minor, payable)
	    && money_add(&out->held_minor, c->held_minor));
}

/* Against what was owed on the day before, or what earlier statements say. */
struct before {
	int64_t earned, payable, by_payer[SETTLE_PAYERS_MAX];
	const struct claimable *claim; /* NULL: of an earlier statement */
	bool met;
};

struct befores {
	struct idmap by_id;
	struct before *items;
	uint32_t n;
};

static struct before *
before_find(const struct befores *b, const struct id *id)
{
	const uint32_t *slot = b->n ? idmap_find(&b->by_id, id) : NULL;

	return slot ? &b->items[*slot] : NULL;
}

static struct before *
before_put(struct befores *b, const struct id *id)
{
	bool fresh;
	uint32_t *slot = idmap_put(&b->by_id, id, &fresh);

	if (fresh) {
		*slot = b->n;
		b->items[b->n++] = (struct before){ 0 };
	}
	return &b->items[*slot];
}

static void
before_add(struct before *b, int64_t earned, int64_t payable,
    const int64_t by_payer[SETTLE_PAYERS_MAX])
{
	b->earned += earned;
	b->payable += payable;
	for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++)
		b->by_payer[k] += by_payer[k];
}

static void
difference(struct settling *s, const struct claimable *c, struct before *b)
{
	int64_t by_payer[SETTLE_PAYERS_MAX];
	struct claimable quiet;

	if (!b) {
		line_add(s, c, c->earned_minor, c->payable_minor, c->by_payer, false);
		return;
	}
	b->met = true;
	for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++)
		by_payer[k] = c->by_payer[k] - b->by_payer[k];
	if (c->achieved < s->facts->from && c->held_minor && !b->earned) { /* held before */
		quiet = *c;
		quiet.held_minor = 0;
		c = &quiet;
	}
	line_add(s, c, c->earned_minor - b->earned, c->payable_minor - b->payable, by_payer, false);
}

/* Stated before, and not owed any more: it is mirrored. */
static void
revoked(struct settling *s, const struct id *id, const struct before *b)
{
	static const struct outcome_terms nobody_knows;
	struct claimable gone = { .id = *id, .terms = &nobody_knows, .achieved = DATE_NONE,
		.ordinal = 1, .cut_by = -1 };
	int64_t by_payer[SETTLE_PAYERS_MAX];

	for (size_t i = 0; i < s->rows_n; i++) /* few are */
		if (id_eq(&s->rows[i].outcome_id, id)) {
			row_claim(s, &s->rows[i], s->facts->to, &gone);
			break;
		}
	if (b->claim)
		gone = *b->claim;
	gone.held_minor = 0;
	for (uint32_t k = 0; k < SETTLE_PAYERS_MAX; k++)
		by_payer[k] = -b->by_payer[k];
	line_add(s, &gone, -b->earned, -b->payable, by_payer, true);
}

static int
line_cmp(const void *a, const void *b)
{
	const struct settle_line *x = a, *y = b;

	if (x->achieved != y->achieved)
		return x->achieved < y->achieved ? -1 : 1;
	return id_cmp(&x->id, &y->id);
}

static void
lines_make(struct settling *s, const struct position *now, const struct position *then)
{
	size_t before = then->n + s->facts->earlier_n, room = now->n + before + 1;
	struct befores b = { .items = mem_zalloc(before + 1, sizeof(*b.items)) };
	uint32_t n;

	idmap_init(&b.by_id, 1);
	s->out->lines = arena_alloc(s->arena, room * sizeof(*s->out->lines));
	MUST(s->out->lines != NULL);
	for (uint32_t i = 0; i < then->n; i++) {
		struct before *one = before_put(&b, &then->claims[i].id);

		before_add(one, then->claims[i].earned_minor, then->claims[i].payable_minor,
		    then->claims[i].by_payer);
		one->claim = &then->claims[i];
	}
	for (size_t i = 0; i < s->facts->earlier_n; i++)
		before_add(before_put(&b, &s->facts->earlier[i].id), s->facts->earlier[i].earned_minor,
		    s->facts->earlier[i].payable_minor, s->facts->earlier[i].by_payer);
	for (uint32_t i = 0; i < now->n; i++)
		difference(s, now->places[i].claim, before_find(&b, &now->places[i].claim->id));
	n = s->out->lines_n;
	for (uint32_t i = 0; i < then->n; i++)
		if (!before_find(&b, &then->claims[i].id)->met)
			revoked(s, &then->claims[i].id, before_find(&b, &then->claims[i].id));
	for (size_t i = 0; i < s->facts->earlier_n; i++) {
		struct before *one = before_find(&b, &s->facts->earlier[i].id);

		if (!one->met)
			revoked(s, &s->facts->earlier[i].id, one);
		one->met = true; /* several statements may have said it */
	}
	if (n != s->out->lines_n || s->terms->same_day == SAME_DAY_RATE_CARD)
		qsort(s->out->lines, s->out->lines_n, sizeof(*s->out->lines), line_cmp);
	idmap_release(&b.by_id);
	mem_free(b.items);
}

struct settlement
settle(const struct contract *contract, const struct settle_row *rows, size_t n,
    const struct settle_facts *facts, struct arena *arena)
{
	struct settlement out = { .lines_n = 0 };
	struct settling s = { .contract = contract, .terms = terms_on(contract, facts->to),
		.rows = rows, .rows_n = n, .facts = facts, .arena = arena, .out = &out,
		.last = true };
	struct position now, then = { NULL, NULL, 0 };

	names_meet(&s);
	now = position_on(&s, facts->to);
	s.last = false;
	if (!facts->earlier)
		then = position_on(&s, facts->from - 1);
	lines_make(&s, &now, &then);
	for (uint32_t i = 0; i < now.n; i++)
		MUST(money_add(&out.earned_all_minor, now.claims[i].earned_minor)
		    && money_add(&out.payable_all_minor, now.claims[i].payable_minor));
	position_free(&now);
	position_free(&then);
	return out;
}
