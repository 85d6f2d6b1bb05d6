/*
 * changes: what is a change under other terms and what is not, money with and without a
 * period, and that the order in which units come cannot show.
 */
#include "tests/unit/play.h"
#include "transform/milestone/changes.h"

#define TWO PLAY_CONTRACT "  outcomes:\n" \
	"  - {outcome: a, title: A, price: 300.00, rule: {kind: event-once, event: a}}\n" \
	"  - {outcome: b, title: B, price: 200.00, rule: {kind: event-once, event: b}}\n"
#define CAPPED PLAY_CONTRACT "  caps: [{cap: volume, outcomes: [a, b], most: 2}]\n  outcomes:\n" \
	"  - {outcome: a, title: A, price: 300.00, rule: {kind: event-once, event: a}}\n" \
	"  - {outcome: b, title: B, price: 200.00, rule: {kind: event-once, event: b}}\n"
#define VERIFIED PLAY_CONTRACT "  settles: verified\n  outcomes:\n" \
	"  - {outcome: a, title: A, price: 300.00, rule: {kind: event-once, event: a}}\n" \
	"  - {outcome: b, title: B, price: 200.00, rule: {kind: event-once, event: b}}\n"

enum { FEB_1 = 16467, UNITS = 4, LIST_MAX = 2 };

struct lists {
	struct outcome items[LIST_MAX];
	struct outcome_extra extra[LIST_MAX];
	struct outcome_list list;
};

static struct contract *
contract(const char *text)
{
	struct buf said = BUF_INIT;
	struct contract *c = play_contract(text, &said);

	if (!c)
		fail_msg("%s", buf_cstr(&said));
	buf_release(&said);
	return c;
}

/* Both outcomes of a unit, a then b. */
static void
lists_make(struct lists *l, int unit, const char *a, const char *b, date_t day)
{
	const char *const status[] = { a, b }, *const names[] = { "a", "b" };

	*l = (struct lists){ 0 };
	l->list = (struct outcome_list){ .items = l->items, .extra = l->extra, .n = LIST_MAX };
	for (int i = 0; i < LIST_MAX; i++) {
		bool done = strcmp(status[i], "achieved") == 0 || strcmp(status[i], "verified") == 0;
		bool seen = strcmp(status[i], "not-yet") != 0;

		l->items[i] = (struct outcome){ .outcome = span_str(names[i]), .ordinal = 1,
			.status = span_str(status[i]), .start = DATE_NONE, .expires = DATE_NONE,
			.due = seen ? day + i : DATE_NONE, .achieved = done ? day + i : DATE_NONE,
			.price_minor = i ? 20000 : 30000 };
		l->items[i].unit.b[0] = l->items[i].outcome_id.b[0] = (uint8_t)unit;
		l->items[i].outcome_id.b[1] = (uint8_t)(i + 1);
		l->extra[i] = (struct outcome_extra){ .terms_at = (uint32_t)i, .referred = day,
			.in_cohort = true };
	}
}

static void
the_same_under_the_same_terms_is_no_change(void **state)
{
	struct contract *c = contract(TWO);
	struct changes *ch = changes_new(c, c, NULL);
	struct lists l;
	const struct change_total *t;
	size_t n;

	(void)state;
	lists_make(&l, 1, "achieved", "observed", FEB_1);
	changes_unit(ch, &l.list, &l.list);
	changes_end(ch);
	changes_items(ch, &n);
	assert_int_equal(n, 0);
	assert_int_equal(changes_compared(ch), 2);
	t = changes_totals(ch, &n);
	assert_int_equal(n, 3);
	assert_int_equal(t[0].earned_before, 30000);
	assert_int_equal(t[1].earned_before, 0);
	assert_null(t[2].outcome.ptr);
	assert_int_equal(t[2].earned_after, 30000);
	assert_int_equal(t[2].stand_before, 1);
	changes_free(ch);
	contract_free(c);
}

static void
status_day_price_and_money_are_changes_each_by_itself(void **state)
{
	struct contract *c = contract(TWO);
	struct lists x, y;
	size_t n;

	(void)state;
	for (int what = 0; what < 4; what++) {
		struct changes *ch = changes_new(c, c, NULL);
		const struct change *items;

		lists_make(&x, 1, "achieved", "observed", FEB_1);
		lists_make(&y, 1, "achieved", what == 0 ? "achieved" : "observed", FEB_1);
		y.items[1].due += what == 1 ? 30 : 0;
		y.items[0].price_minor += what == 2 ? 100 : 0;
		y.items[0].status = span_str(what == 3 ? "awaiting-evidence" : "achieved");
		changes_unit(ch, &x.list, &y.list);
		changes_end(ch);
		items = changes_items(ch, &n);
		assert_int_equal(n, 1);
		assert_true(span_is(items[0].outcome, what < 2 ? "b" : "a"));
		changes_free(ch);
	}
	contract_free(c);
}

static void
of_what_nothing_was_seen_a_price_or_an_outcome_more_is_no_change(void **state)
{
	struct contract *c = contract(TWO);
	struct changes *ch = changes_new(c, c, NULL);
	struct lists x, y;
	size_t n;

	(void)state;
	lists_make(&x, 1, "achieved", "not-yet", FEB_1);
	y = x;
	y.list.items = y.items;
	y.list.extra = y.extra;
	y.items[1].price_minor = 1;
	changes_unit(ch, &x.list, &y.list);
	lists_make(&x, 2, "not-yet", "not-yet", FEB_1);
	lists_make(&y, 2, "not-yet", "not-yet", FEB_1);
	y.list.n = 1;
	changes_unit(ch, &x.list, &y.list);
	changes_unit(ch, &y.list, &x.list);
	lists_make(&y, 3, "not-met", "not-yet", FEB_1);
	y.items[0].due = DATE_NONE;
	lists_make(&x, 3, "not-yet", "not-yet", FEB_1);
	changes_unit(ch, &x.list, &y.list);
	changes_end(ch);
	assert_true(id_eq(&changes_items(ch, &n)->unit, &x.items[0].unit));
	assert_int_equal(n, 1); /* but to be out of the cohort is one */
	changes_free(ch);
	contract_free(c);
}

static void
who_is_referred_under_one_only_has_the_other_side_empty(void **state)
{
	struct contract *c = contract(TWO);
	struct changes *ch = changes_new(c, c, NULL);
	struct outcome_list none = { .n = 0 };
	const struct change *items;
	struct lists x;
	size_t n;

	(void)state;
	lists_make(&x, 1, "achieved", "not-yet", FEB_1);
	changes_unit(ch, &none, &x.list);
	changes_end(ch);
	items = changes_items(ch, &n);
	assert_int_equal(n, 1);
	assert_false(items[0].before.there);
	assert_int_equal(items[0].after.earned_minor, 30000);
	changes_free(ch);
	contract_free(c);
}

static void
where_only_what_is_verified_settles_nothing_else_is_earned(void **state)
{
	struct contract *c = contract(TWO), *v = contract(VERIFIED);
	struct changes *ch = changes_new(c, v, NULL);
	struct lists x;
	const struct change_total *t;
	size_t n;

	(void)state;
	lists_make(&x, 1, "achieved", "verified", FEB_1);
	changes_unit(ch, &x.list, &x.list);
	changes_end(ch);
	t = changes_totals(ch, &n);
	assert_int_equal(t[n - 1].earned_before, 50000);
	assert_int_equal(t[n - 1].earned_after, 20000);
	changes_free(ch);
	contract_free(c);
	contract_free(v);
}

/* Two outcomes of each of four units; the cap pays two of eight: those that came first. */
static struct changes *
of_year(const struct contract *c, const struct contract *capped, const int order[UNITS])
{
	static struct settle_facts year = { .from = 16436, .to = 16800 }; /* 2015 */
	struct changes *ch = changes_new(c, capped, &year);

	for (int i = 0; i < UNITS; i++) {
		struct lists l;

		lists_make(&l, order[i], "achieved", "achieved", FEB_1 + 10 * order[i]);
		changes_unit(ch, &l.list, &l.list);
	}
	changes_end(ch);
	return ch;
}

static void
a_period_has_the_money_of_its_statement_in_any_order_of_units(void **state)
{
	static const int orders[][UNITS] = { { 1, 2, 3, 4 }, { 4, 2, 1, 3 }, { 3, 4, 2, 1 } };
	struct contract *c = contract(TWO), *capped = contract(CAPPED);

	(void)state;
	for (size_t o = 0; o < sizeof(orders) / sizeof(orders[0]); o++) {
		struct changes *ch = of_year(c, capped, orders[o]);
		size_t n, totals_n;
		const struct change *items = changes_items(ch, &n);
		const struct change_total *t = changes_totals(ch, &totals_n);

		assert_int_equal(n, 6);
		for (size_t i = 0; i < n; i++) { /* by unit, then name: 2a 2b 3a 3b 4a 4b */
			assert_int_equal(items[i].unit.b[0], 2 + i / 2);
			assert_true(span_is(items[i].outcome, i % 2 ? "b" : "a"));
			assert_int_equal(items[i].before.payable_minor, i % 2 ? 20000 : 30000);
			assert_int_equal(items[i].after.payable_minor, 0);
			assert_int_equal(items[i].after.earned_minor, i % 2 ? 20000 : 30000);
		}
		assert_int_equal(t[totals_n - 1].payable_before, 200000);
		assert_int_equal(t[totals_n - 1].payable_after, 50000);
		assert_int_equal(t[totals_n - 1].earned_after, 200000);
		assert_int_equal(t[totals_n - 1].changed, 6);
		changes_free(ch);
	}
	contract_free(c);
	contract_free(capped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_under_the_same_terms_is_no_change),
		cmocka_unit_test(status_day_price_and_money_are_changes_each_by_itself),
		cmocka_unit_test(of_what_nothing_was_seen_a_price_or_an_outcome_more_is_no_change),
		cmocka_unit_test(who_is_referred_under_one_only_has_the_other_side_empty),
		cmocka_unit_test(where_only_what_is_verified_settles_nothing_else_is_earned),
		cmocka_unit_test(a_period_has_the_money_of_its_statement_in_any_order_of_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
