#include <stdlib.h>

#include "common/mem.h"
#include "transform/milestone/rule_kinds.h"
#include "transform/milestone/settle.h"

/*
 * (unit, spell, outcome, ordinal) under two contracts:
 *
 *	a: 3 months, 1 June, paid ─┐
 *	b: 3 months, 1 June, paid ─┴─ same anchor ─► held in both from 1 June, for people to decide
 *
 * Nothing is rejected, and neither contract is the first: whose file was read before
 * the other's cannot show.
 */

struct claim_at {
	const struct contract *contract;
	struct settle_row *row;
	struct span outcome;
};

static bool
is_claimed(const struct contract *c, const struct settle_row *row)
{
	const struct outcome_terms *o = &c->versions[row->version_at].outcomes[row->terms_at];

	return o->pay == PAY_PRICE && rule_kind_scope((enum rule_kind)o->rule.kind) == SCOPE_UNIT
	    && row->achieved != DATE_NONE && (row->proven || row->held)
	    && !id_is_zero(&row->anchor);
}

static int
claim_at_cmp(const void *a, const void *b)
{
	const struct claim_at *x = a, *y = b;
	int c = id_cmp(&x->row->unit, &y->row->unit);

	if (c == 0)
		c = id_cmp(&x->row->anchor, &y->row->anchor);
	if (c == 0)
		c = span_cmp(x->outcome, y->outcome);
	if (c == 0)
		c = (x->row->ordinal > y->row->ordinal) - (x->row->ordinal < y->row->ordinal);
	return c;
}

static bool
names(const struct contract *a, const struct contract *b)
{
	if (span_eq(a->parent, b->name))
		return true;
	for (uint32_t i = 0; i < a->pays_with.n; i++)
		if (span_eq(a->pays_with.items[i], b->name))
			return true;
	return false;
}

/* A tier is no double payment; nor is what both have agreed to pay. */
static bool
is_agreed(const struct contract *a, const struct contract *b)
{
	return span_eq(a->name, b->name) || names(a, b) || names(b, a);
}

/* Of several others the one that claimed it first, then by name. */
static void
also_note(struct claim_at *c, const struct claim_at *other)
{
	struct settle_row *row = c->row;
	date_t from = other->row->achieved;

	if (is_agreed(c->contract, other->contract))
		return;
	if (row->also.ptr && (row->also_from < from || (row->also_from == from
		&& span_cmp(row->also, other->contract->name) <= 0)))
		return;
	row->also = other->contract->name;
	row->also_from = from;
}

void
settle_twice(const struct settle_claims *of, size_t n)
{
	struct claim_at *all;
	size_t room = 1, k = 0;

	for (size_t i = 0; i < n; i++)
		room += of[i].n;
	all = mem_alloc(room * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; r < of[i].n; r++) {
			struct settle_row *row = &of[i].rows[r];

			row->also = SPAN_NONE;
			row->also_from = DATE_NONE;
			if (is_claimed(of[i].contract, row))
				all[k++] = (struct claim_at){ of[i].contract, row,
					of[i].contract->versions[row->version_at].outcomes[row->terms_at].name };
		}
	qsort(all, k, sizeof(*all), claim_at_cmp);
	for (size_t first = 0, end; first < k; first = end) { /* as many as there are contracts */
		for (end = first + 1; end < k && claim_at_cmp(&all[first], &all[end]) == 0; end++)
			;
		for (size_t i = first; i < end; i++)
			for (size_t o = first; o < end; o++)
				also_note(&all[i], &all[o]);
	}
	mem_free(all);
}
