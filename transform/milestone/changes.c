#include "transform/milestone/changes.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"

enum { SIDES = 2, CHANGES_FIRST = 256 };

struct rows {
	struct settle_row *items;
	size_t n, cap;
};

struct changes {
	const struct contract *contract[SIDES];
	struct settle_facts facts;
	bool settles;
	struct rows rows[SIDES];
	struct change *items;
	size_t n, cap;
	struct change_total *totals;
	size_t totals_n;
	uint64_t compared;
	const char *missing;
	struct arena arena;       /* of settlements */
};

struct changes *
changes_new(const struct contract *before, const struct contract *after,
    const struct settle_facts *facts)
{
	struct changes *ch = mem_zalloc(1, sizeof(*ch));

	MUST(span_eq(before->currency, after->currency) && span_eq(before->unit, after->unit));
	ch->contract[0] = before;
	ch->contract[1] = after;
	ch->settles = facts != NULL;
	if (facts)
		ch->facts = *facts;
	arena_init(&ch->arena, 0);
	return ch;
}

void
changes_free(struct changes *ch)
{
	if (!ch)
		return;
	for (int s = 0; s < SIDES; s++)
		mem_free(ch->rows[s].items);
	mem_free(ch->items);
	mem_free(ch->totals);
	arena_release(&ch->arena);
	mem_free(ch);
}

/* --- units --------------------------------------------------------------------------- */

static enum status
status_of(struct span name)
{
	int s = 0;

	while (s < STATUS_COUNT && !span_eq(status_name((enum status)s), name))
		s++;
	MUST(s < STATUS_COUNT);
	return (enum status)s;
}

static bool
stands(const struct change_side *side)
{
	return side->there && (side->status == STATUS_ACHIEVED || side->status == STATUS_VERIFIED);
}

static struct change_side
side_of(const struct contract *c, const struct outcome *o, const struct outcome_extra *x)
{
	struct change_side side = { .there = true, .status = status_of(o->status), .part = x->part,
		.due = o->due, .achieved = o->achieved, .price_minor = o->price_minor };

	if (c->versions[x->version_at].settles == SETTLES_VERIFIED ? side.status == STATUS_VERIFIED
								   : stands(&side))
		side.earned_minor = side.payable_minor = o->price_minor;
	return side;
}

static const struct change_side absent = { .due = DATE_NONE, .achieved = DATE_NONE };

static struct change *
change_add(struct changes *ch)
{
	if (ch->n == ch->cap) {
		ch->cap = ch->cap ? 2 * ch->cap : CHANGES_FIRST;
		ch->items = mem_realloc(ch->items, ch->cap, sizeof(*ch->items));
	}
	ch->items[ch->n] = (struct change){ .before = absent, .after = absent };
	return &ch->items[ch->n++];
}

static bool
is_nothing(const struct change_side *side)
{
	return !side->there
	    || ((side->status == STATUS_NOT_YET || side->status == STATUS_NOT_MET)
		&& side->due == DATE_NONE && side->achieved == DATE_NONE && side->earned_minor == 0
		&& side->payable_minor == 0 && side->held_minor == 0);
}

static bool
side_eq(const struct change_side *a, const struct change_side *b)
{
	return a->there == b->there && a->status == b->status && a->due == b->due
	    && a->achieved == b->achieved && a->price_minor == b->price_minor
	    && span_eq(a->part, b->part) && a->earned_minor == b->earned_minor
	    && a->payable_minor == b->payable_minor && a->held_minor == b->held_minor;
}

static bool
differs(const struct change *c)
{
	if (is_nothing(&c->before) && is_nothing(&c->after))
		return c->before.there && c->after.there && c->before.status != c->after.status;
	return !side_eq(&c->before, &c->after);
}

/* What is the same and will have no money needs not be kept. */
static bool
may_matter(const struct change *c)
{
	return differs(c) || stands(&c->before) || stands(&c->after)
	    || c->before.status == STATUS_QUERIED || c->after.status == STATUS_QUERIED;
}

static void
pair_add(struct changes *ch, const struct outcome *o, const struct change_side *before,
    const struct change_side *after, struct span name)
{
	struct change *c = change_add(ch);

	*c = (struct change){ .unit = o->unit, .outcome_id = o->outcome_id, .outcome = name,
		.ordinal = o->ordinal, .before = *before, .after = *after };
	ch->compared += !is_nothing(before) || !is_nothing(after);
	if (!may_matter(c))
		ch->n--;
}

static struct span
name_of(const struct contract *c, const struct outcome_extra *x)
{
	return c->versions[x->version_at].outcomes[x->terms_at].name;
}

/* Lists are short, and mostly in the same order: `hint` is where the one before was found. */
static uint32_t
partner_of(const struct outcome *o, const struct outcome_list *list, uint32_t hint)
{
	for (uint32_t k = 0; k < list->n; k++) {
		uint32_t i = (hint + k) % list->n;

		if (list->items[i].ordinal == o->ordinal
		    && span_eq(list->items[i].outcome, o->outcome))
			return i;
	}
	return list->n;
}

static void
rows_add(struct rows *r, const struct outcome_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (r->n == r->cap) {
			r->cap = r->cap ? 2 * r->cap : CHANGES_FIRST;
			r->items = mem_realloc(r->items, r->cap, sizeof(*r->items));
		}
		settle_row_of(&list->items[i], &list->extra[i], &r->items[r->n++]);
	}
}

void
changes_unit(struct changes *ch, const struct outcome_list *before,
    const struct outcome_list *after)
{
	struct change_side x, y;
	uint32_t at = 0;

	for (uint32_t i = 0; i < before->n; i++) {
		uint32_t k = partner_of(&before->items[i], after, at);

		x = side_of(ch->contract[0], &before->items[i], &before->extra[i]);
		y = k < after->n ? side_of(ch->contract[1], &after->items[k], &after->extra[k]) : absent;
		pair_add(ch, &before->items[i], &x, &y, name_of(ch->contract[0], &before->extra[i]));
		at = k < after->n ? k + 1 : at;
	}
	for (uint32_t k = 0; k < after->n; k++) {
		if (partner_of(&after->items[k], before, k) < before->n)
			continue;
		y = side_of(ch->contract[1], &after->items[k], &after->extra[k]);
		pair_add(ch, &after->items[k], &absent, &y, name_of(ch->contract[1], &after->extra[k]));
	}
	if (ch->settles) {
		rows_add(&ch->rows[0], before);
		rows_add(&ch->rows[1], after);
	}
}

/* --- money of a period ---------------------------------------------------------------------- */

static int
key_cmp(const struct id *a, struct span a_name, int32_t a_ordinal, const struct id *b,
    struct span b_name, int32_t b_ordinal)
{
	int c = id_cmp(a, b);

	if (c == 0)
		c = span_cmp(a_name, b_name);
	return c ? c : (a_ordinal > b_ordinal) - (a_ordinal < b_ordinal);
}

static int
change_cmp(const void *p, const void *q)
{
	const struct change *a = p, *b = q;

	return key_cmp(&a->unit, a->outcome, a->ordinal, &b->unit, b->outcome, b->ordinal);
}

static struct change *
change_find(struct changes *ch, size_t n, const struct settle_line *line)
{
	struct change key = { .unit = line->unit, .outcome = line->outcome,
		.ordinal = line->ordinal };

	return n ? bsearch(&key, ch->items, n, sizeof(key), change_cmp) : NULL;
}

/* Lines of the cohort are of no unit: they find each other behind the units' n pairs. */
static struct change *
change_of_cohort(struct changes *ch, size_t n, const struct settle_line *line)
{
	struct change *c;

	for (size_t i = n; i < ch->n; i++)
		if (ch->items[i].ordinal == line->ordinal
		    && id_eq(&ch->items[i].unit, &line->unit)
		    && span_eq(ch->items[i].outcome, line->outcome))
			return &ch->items[i];
	c = change_add(ch);
	c->unit = line->unit;
	c->outcome_id = line->id;
	c->outcome = line->outcome;
	c->ordinal = line->ordinal;
	return c;
}

static void
line_put(struct changes *ch, size_t n, const struct settle_line *line, int side)
{
	struct change *c = change_find(ch, n, line);
	struct change_side *s;

	if (!c)
		c = change_of_cohort(ch, n, line);
	s = side ? &c->after : &c->before;
	if (!s->there) {
		*s = absent;
		s->there = true;
		s->status = STATUS_ACHIEVED;
		s->achieved = line->achieved;
		s->part = line->part;
	}
	MUST(money_add(&s->earned_minor, line->earned_minor)
	    && money_add(&s->payable_minor, line->payable_minor)
	    && money_add(&s->held_minor, line->held_minor));
}

static void
settle_both(struct changes *ch)
{
	size_t n = ch->n;

	for (size_t i = 0; i < n; i++) {
		struct change_side *sides[SIDES] = { &ch->items[i].before, &ch->items[i].after };

		for (int s = 0; s < SIDES; s++)
			sides[s]->earned_minor = sides[s]->payable_minor = 0;
	}
	for (int s = 0; s < SIDES; s++) {
		struct settlement st = settle(ch->contract[s], ch->rows[s].items, ch->rows[s].n,
		    &ch->facts, &ch->arena);

		for (uint32_t i = 0; i < st.lines_n; i++)
			line_put(ch, n, &st.lines[i], s);
		if (!ch->missing)
			ch->missing = st.missing;
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

static struct change_total *
total_of(struct changes *ch, struct span outcome)
{
	for (size_t i = 0; i < ch->totals_n; i++)
		if (span_eq(ch->totals[i].outcome, outcome))
			return &ch->totals[i];
	ch->totals = mem_realloc(ch->totals, ch->totals_n + 1, sizeof(*ch->totals));
	ch->totals[ch->totals_n] = (struct change_total){ .outcome = outcome };
	return &ch->totals[ch->totals_n++];
}

static void
total_add(struct change_total *t, const struct change *c)
{
	static const struct id cohort;

	t->changed += differs(c);
	t->stand_before += stands(&c->before) && !id_eq(&c->unit, &cohort);
	t->stand_after += stands(&c->after) && !id_eq(&c->unit, &cohort);
	MUST(money_add(&t->earned_before, c->before.earned_minor)
	    && money_add(&t->earned_after, c->after.earned_minor)
	    && money_add(&t->payable_before, c->before.payable_minor)
	    && money_add(&t->payable_after, c->after.payable_minor));
}

void
changes_end(struct changes *ch)
{
	struct change_total all = { .outcome = SPAN_NONE };
	size_t kept = 0;

	if (ch->n)
		qsort(ch->items, ch->n, sizeof(*ch->items), change_cmp);
	if (ch->settles)
		settle_both(ch);
	if (ch->n)
		qsort(ch->items, ch->n, sizeof(*ch->items), change_cmp);
	for (int s = 0; s < SIDES; s++)
		for (size_t i = 0; i < contract_outcomes_n(ch->contract[s]); i++)
			total_of(ch, contract_outcome_name(ch->contract[s], i));
	for (size_t i = 0; i < ch->n; i++) {
		total_add(total_of(ch, ch->items[i].outcome), &ch->items[i]);
		total_add(&all, &ch->items[i]);
		if (differs(&ch->items[i]))
			ch->items[kept++] = ch->items[i];
	}
	ch->n = kept;
	*total_of(ch, SPAN_NONE) = all;
}

const struct change *
changes_items(const struct changes *ch, size_t *n)
{
	*n = ch->n;
	return ch->items;
}

const struct change_total *
changes_totals(const struct changes *ch, size_t *n)
{
	*n = ch->totals_n;
	return ch->totals;
}

uint64_t
changes_compared(const struct changes *ch)
{
	return ch->compared;
}

const char *
changes_missing(const struct changes *ch)
{
	return ch->missing;
}
