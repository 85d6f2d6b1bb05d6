/*
 * settle_twice(): what two contracts would both pay is held in both, unless they have agreed.
 */
#include "tests/unit/play.h"
#include "transform/milestone/settle.h"

enum { FIRST = 16436, JUNE = FIRST + 151 }; /* 2015-01-01, 2015-06-01 */

#define CONTRACT(name, head) "contract: " name "\ntitle: T\ncurrency: GBP\n" head \
	"versions:\n- version: 1\n  effective: 2015-01-01\n  cohort: {programme: " name "}\n  outcomes:\n"
#define HOME(price) "  - {outcome: home, title: T, price: " price ", rule: {kind: event-once, event: e}}\n"
#define MEASURED "  - {outcome: home, title: T, pay: none, rule: {kind: event-once, event: e}}\n"

/* One claim under each of two contracts, settled for 2015 under the first. */
struct two {
	struct contract *c[2];
	struct settle_row rows[2];
	struct settlement st[2];
	struct arena arena;
};

static struct settle_row
row(uint8_t contract)
{
	return (struct settle_row){ .outcome_id = { { contract, 9 } }, .unit = { { 1 } },
		.anchor = { { 7 } }, .ordinal = 1, .achieved = JUNE, .referred = FIRST,
		.price_minor = 100 * (contract + 1), .in_cohort = true, .proven = true };
}

static void
two_begin(struct two *t, const char *a, const char *b)
{
	struct buf said = BUF_INIT;

	*t = (struct two){ .rows = { row(0), row(1) } };
	t->c[0] = play_contract(a, &said);
	t->c[1] = play_contract(b, &said);
	if (!t->c[0] || !t->c[1])
		fail_msg("%s", buf_cstr(&said));
	arena_init(&t->arena, 0);
	buf_release(&said);
}

static void
two_settle(struct two *t, date_t from, date_t to, bool other_first)
{
	struct settle_facts facts = { .from = from, .to = to };
	struct settle_claims of[2];

	for (int i = 0; i < 2; i++)
		of[other_first ? 1 - i : i] = (struct settle_claims){ t->c[i], &t->rows[i], 1 };
	settle_twice(of, 2);
	for (int i = 0; i < 2; i++)
		t->st[i] = settle(t->c[i], &t->rows[i], 1, &facts, &t->arena);
}

static void
two_end(struct two *t)
{
	contract_free(t->c[0]);
	contract_free(t->c[1]);
	arena_release(&t->arena);
}

/* Of the year, whichever comes first. */
static void
held_is(const char *a, const char *b, bool held)
{
	for (int order = 0; order < 2; order++) {
		struct two t;

		two_begin(&t, a, b);
		two_settle(&t, FIRST, FIRST + 364, order);
		assert_int_equal(t.st[0].earned_minor, held ? 0 : 100);
		assert_int_equal(t.st[0].held_minor, held ? 100 : 0);
		assert_int_equal(t.st[0].lines_n, 1);
		assert_int_equal(t.st[0].lines[0].state, held ? SETTLE_HELD : SETTLE_PAYABLE);
		assert_int_equal(t.st[0].lines[0].also.ptr != NULL, held);
		if (held)
			assert_true(span_is(t.st[0].lines[0].also, "b")
			    && t.st[1].held_minor == 200 && span_is(t.st[1].lines[0].also, "a"));
		two_end(&t);
	}
}

static void
what_both_would_pay_is_held_in_both_in_either_order(void **state)
{
	(void)state;
	held_is(CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "") HOME("2.00"), true);
}

static void
what_is_agreed_is_paid(void **state)
{
	(void)state;
	held_is(CONTRACT("a", "pays_with: [b]\n") HOME("1.00"), CONTRACT("b", "") HOME("2.00"), false);
	held_is(CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "pays_with: [x, a]\n") HOME("2.00"), false);
	held_is(CONTRACT("a", "pays_with: [c]\n") HOME("1.00"), CONTRACT("b", "") HOME("2.00"), true);
}

static void
a_tier_is_no_double_payment(void **state)
{
	(void)state;
	held_is(CONTRACT("a", "parent: b\n") HOME("1.00"), CONTRACT("b", "") HOME("2.00"), false);
	held_is(CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "parent: a\n") HOME("2.00"), false);
	held_is(CONTRACT("a", "parent: c\n") HOME("1.00"), CONTRACT("b", "parent: c\n") HOME("2.00"),
	    true);
}

static void
what_is_measured_and_not_paid_holds_nothing(void **state)
{
	(void)state;
	held_is(CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "") MEASURED, false);
}

static void
another_spell_person_time_or_what_is_not_proven_holds_nothing(void **state)
{
	(void)state;
	for (int what = 0; what < 5; what++) {
		struct two t;

		two_begin(&t, CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "") HOME("2.00"));
		if (what == 0)
			t.rows[1].anchor.b[0] = 8;
		else if (what == 1)
			t.rows[1].unit.b[0] = 2;
		else if (what == 2)
			t.rows[1].ordinal = 2;
		else if (what == 3)
			t.rows[1].proven = false;
		else
			t.rows[0].anchor = t.rows[1].anchor = (struct id){ { 0 } }; /* of no spell */
		two_settle(&t, FIRST, FIRST + 364, false);
		assert_int_equal(t.st[0].payable_minor, 100);
		assert_int_equal(t.st[0].held_minor, 0);
		two_end(&t);
	}
}

/* Paid in June, held from August: the line takes it back, and says for what. */
static void
it_is_held_from_the_day_on_which_both_would_pay_it(void **state)
{
	struct two t;

	(void)state;
	two_begin(&t, CONTRACT("a", "") HOME("1.00"), CONTRACT("b", "") HOME("2.00"));
	t.rows[1].achieved = JUNE + 61;
	two_settle(&t, FIRST, FIRST + 180, false);
	assert_int_equal(t.st[0].payable_minor, 100);
	two_settle(&t, FIRST + 181, FIRST + 364, false);
	assert_int_equal(t.st[0].lines_n, 1);
	assert_int_equal(t.st[0].lines[0].state, SETTLE_HELD);
	assert_int_equal(t.st[0].payable_minor, -100);
	assert_int_equal(t.st[0].held_minor, 100);
	two_settle(&t, FIRST + 365, FIRST + 400, false); /* and nothing new in the next */
	assert_int_equal(t.st[0].lines_n, 0);
	two_end(&t);
}

static void
what_is_held_is_not_paid_by_a_price_that_rises_with_volume(void **state)
{
	struct settle_facts facts = { .from = FIRST, .to = FIRST + 364 };
	struct settle_row rows[2];
	struct settlement st;
	struct two t;

	(void)state;
	two_begin(&t, CONTRACT("a", "") "  - {outcome: home, title: T, price: {base: 1.00, accelerator: "
	    "[{past: 1, price: 3.00}]}, rule: {kind: event-once, event: e}}\n",
	    CONTRACT("b", "") HOME("2.00"));
	two_settle(&t, FIRST, FIRST + 364, false);
	rows[0] = rows[1] = t.rows[0];
	rows[0].also = SPAN_NONE; /* an earlier one, of somebody else, is paid as the first */
	rows[0].unit.b[0] = rows[0].outcome_id.b[0] = 2;
	rows[0].achieved--;
	st = settle(t.c[0], rows, 2, &facts, &t.arena);
	assert_int_equal(st.payable_minor, 100);
	assert_int_equal(st.held_minor, 300);
	two_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_both_would_pay_is_held_in_both_in_either_order),
		cmocka_unit_test(what_is_agreed_is_paid),
		cmocka_unit_test(a_tier_is_no_double_payment),
		cmocka_unit_test(what_is_measured_and_not_paid_holds_nothing),
		cmocka_unit_test(another_spell_person_time_or_what_is_not_proven_holds_nothing),
		cmocka_unit_test(it_is_held_from_the_day_on_which_both_would_pay_it),
		cmocka_unit_test(what_is_held_is_not_paid_by_a_price_that_rises_with_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
