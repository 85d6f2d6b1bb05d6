/*
 * forecast: survival against values computed by hand, which month what falls into, the range,
 * what is not forecast; and that without censoring it is the plain share.
 */
#include <math.h>

#include "tests/unit/play.h"
#include "transform/milestone/forecast.h"

#define LADDER PLAY_CONTRACT "  caps: [{cap: contract, amount: 1000.00}, {cap: volume, outcomes: [moved], " \
	"most: 3}]\n  spells: [{spell: home, event: home}]\n  outcomes:\n" \
	"  - {outcome: moved, title: M, price: 50.00, rule: {kind: event-once, event: home}}\n" \
	"  - {outcome: kept, title: K, price: 100.00, rule: {kind: spell, spell: home, lasts: 100 days}}\n"

enum { JAN_1 = 16436, MAY_1 = 16556, UNITS_MAX = 16 };

static void
is_near(double is, double wanted)
{
	if (fabs(is - wanted) > 1e-6)
		fail_msg("%.9f, expected %.9f", is, wanted);
}

static void
survival_is(const struct lasted *l, size_t n, int32_t from, int32_t to, double is, double low,
    double high, bool beyond)
{
	struct curve *c = curve_new(l, n);
	struct survival s = curve_between(c, from, to);

	is_near(s.is, is);
	is_near(s.low, low);
	is_near(s.high, high);
	assert_int_equal(s.beyond, beyond);
	curve_free(c);
}

/* Ten: ends on day 10 and two on day 20; lost on 15 and 25; five complete. */
static const struct lasted ten[] = { { 20, true }, { LASTED_ALL, false }, { 15, false }, { 10, true },
	{ LASTED_ALL, false }, { 25, false }, { 20, true }, { LASTED_ALL, false }, { LASTED_ALL, false },
	{ LASTED_ALL, false } };

static void
survival_by_hand(void **state)
{
	(void)state;
	/* 9/10 * 6/8; V/S^2 = 1/(10*9) + 2/(8*6); n = 9.1228 */
	survival_is(ten, 10, -1, 30, 0.675, 0.362968300, 0.883322736, false);
	/* known to have lasted 15 days: 6/8, of eight that were still there */
	survival_is(ten, 10, 15, 30, 0.75, 0.409275430, 0.928520787, false);
	/* an end on day 20 is no end before day 20 */
	survival_is(ten, 10, 15, 20, 1, 0.675592435, 1, false);
	survival_is(ten, 10, 20, 30, 1, 0.565517535, 1, false);
	survival_is(ten, 10, 30, 30, 1, 1, 1, false);
}

static void
without_censoring_it_is_the_plain_share(void **state)
{
	struct lasted l[10];
	struct survival share = survival_share(7, 10);

	(void)state;
	for (int i = 0; i < 10; i++)
		l[i] = i < 3 ? (struct lasted){ 5 * (i + 1), true } : (struct lasted){ LASTED_ALL, false };
	survival_is(l, 10, -1, 90, 0.7, share.low, share.high, false);
	is_near(share.low, 0.396778147);
	is_near(share.high, 0.892208733);
}

static void
what_nobody_was_seen_to_reach_may_be_none(void **state)
{
	static const struct lasted short_ones[] = { { 10, true }, { 40, false }, { 50, false } };

	(void)state;
	survival_is(short_ones, 3, 5, 90, 2.0 / 3, 0, 0.938508055, true);
	survival_is(short_ones, 3, 50, 90, 0.5, 0, 1, true);
	survival_is(short_ones, 0, 0, 90, 0.5, 0, 1, true);
}

static void
all_who_could_have_ended_may_have(void **state)
{
	static const struct lasted two[] = { { 10, true }, { 10, true } };

	(void)state;
	survival_is(two, 2, -1, 90, 0, 0, 0.657619772, true);
}

/* --- months */

struct play {
	struct contract *c;
	struct forecast *f;
};

/* One unit's outcomes: kept, as far as it came; moved, achieved at the start. */
static void
unit(struct play *p, const char *status, date_t start, int32_t days)
{
	struct outcome o[2] = {
		{ .outcome = SPAN_LIT("moved"), .status = SPAN_LIT("achieved"), .ordinal = 1,
		    .start = start, .due = start, .achieved = start, .price_minor = 5000 },
		{ .outcome = SPAN_LIT("kept"), .status = span_str(status), .ordinal = 1, .start = start,
		    .due = start + 100, .days = days, .price_minor = 10000,
		    .achieved = strcmp(status, "achieved") == 0 ? start + 100 : DATE_NONE },
	};
	struct outcome_extra x[2] = { { .in_cohort = true }, { .in_cohort = true } };
	struct outcome_list list = { .items = o, .extra = x, .n = 2 };

	forecast_take(p->f, &list);
}

static struct play
play_begin(void)
{
	struct buf said = BUF_INIT;
	struct play p = { play_contract(LADDER, &said), NULL };

	if (!p.c)
		fail_msg("%s", buf_cstr(&said));
	p.f = forecast_new(p.c);
	buf_release(&said);
	return p;
}

static void
play_end(struct play *p)
{
	forecast_free(p->f);
	contract_free(p->c);
}

/* Four of five that began in January kept it, one ended on day 50; two are under way since
 * 1 March, known for 60 days; as at 1 May. */
static void
kept_play(struct play *p)
{
	for (int i = 0; i < 4; i++)
		unit(p, "achieved", JAN_1 + i, 100);
	unit(p, "not-yet", JAN_1, 50);
	unit(p, "observed", JAN_1 + 59, 40);
	unit(p, "observed", JAN_1 + 59, 40);
	assert_true(forecast_plan(p->f, SPAN_LIT("kept"), JAN_1 + 151, 3 * FORECAST_MILLION));
	assert_false(forecast_plan(p->f, SPAN_LIT("else"), JAN_1, FORECAST_MILLION));
	forecast_end(p->f, MAY_1, 6, 24);
}

static void
who_is_under_way_is_due_in_its_month_by_what_others_lasted(void **state)
{
	struct play p = play_begin();
	const struct forecast_rung *rungs;
	const struct forecast_cell *june, *april;

	(void)state;
	kept_play(&p);
	assert_int_equal(forecast_rungs(p.f, &rungs), 2);
	assert_int_equal(forecast_month(p.f, 0), JAN_1);
	assert_int_equal(forecast_now(p.f), 4);
	assert_int_equal(forecast_months(p.f), 10);
	assert_int_equal(rungs[1].followed, 7);
	assert_int_equal(rungs[1].ended, 1);
	assert_int_equal(rungs[1].complete, 4);
	assert_int_equal(rungs[1].under_way, 2);
	june = forecast_cell(p.f, 1, 5); /* 1 March + 100 days is 9 June */
	assert_int_equal(june->due, 2);
	/* 4/5 each, known for 40 days; Wilson of 4 of 5 is 0.375535 to 0.963776 */
	assert_int_equal(june->number.is, 1600000);
	assert_int_equal(june->number.low, 0); /* 0.751 - 1.342 is less than nothing */
	assert_int_equal(june->number.high, 2000000);
	assert_int_equal(june->money.is, 16000);
	assert_int_equal(june->plan, 3 * FORECAST_MILLION);
	april = forecast_cell(p.f, 1, 3); /* 1 January + 100 days is 11 April */
	assert_int_equal(april->done, 4);
	assert_int_equal(april->done_minor, 40000);
	assert_int_equal(april->plan, FORECAST_NO_PLAN);
	assert_int_equal(forecast_all(p.f, 0)->done, 5); /* moved */
	assert_int_equal(forecast_all(p.f, 5)->due, 2);
	play_end(&p);
}

static void
caps_say_where_they_stand_and_will(void **state)
{
	struct play p = play_begin();
	struct forecast_cap caps[4];

	(void)state;
	kept_play(&p);
	assert_int_equal(forecast_caps(p.f, caps, 4), 2);
	assert_int_equal(caps[0].most, 100000);
	assert_int_equal(caps[0].now, 4 * 10000 + 7 * 5000);
	assert_int_equal(caps[0].then.is, caps[0].now + 16000);
	assert_false(caps[1].money);
	assert_int_equal(caps[1].now, 7 * FORECAST_MILLION);
	assert_int_equal(caps[1].then.high, 7 * FORECAST_MILLION);
	play_end(&p);
}

static void
overdue_is_in_the_first_month_and_what_comes_later_is_counted(void **state)
{
	struct play p = play_begin();
	const struct forecast_rung *rungs;

	(void)state;
	unit(&p, "observed", JAN_1, 60);       /* due 11 April, before the day */
	unit(&p, "observed", MAY_1 - 1, 0);    /* due in August */
	unit(&p, "observed", MAY_1 - 60, 0);   /* due in June */
	unit(&p, "contradicted", JAN_1, 60);
	unit(&p, "awaiting-evidence", JAN_1, 100);
	forecast_end(p.f, MAY_1, 2, 0);
	forecast_rungs(p.f, &rungs);
	assert_int_equal(rungs[1].under_way, 3);
	assert_int_equal(rungs[1].overdue, 1);
	assert_int_equal(rungs[1].later, 1);
	assert_int_equal(rungs[1].contradicted, 1);
	assert_int_equal(rungs[1].complete, 1);
	assert_int_equal(rungs[1].proven, 0);
	assert_int_equal(rungs[1].awaiting_minor, 10000);
	assert_int_equal(forecast_month(p.f, 0), MAY_1);
	assert_int_equal(forecast_cell(p.f, 1, 0)->due, 1);
	assert_int_equal(forecast_cell(p.f, 1, 1)->due, 1);
	play_end(&p);
}

static void
who_is_not_in_the_cohort_is_not_counted(void **state)
{
	struct play p = play_begin();
	struct outcome o = { .outcome = SPAN_LIT("kept"), .status = SPAN_LIT("observed"),
		.start = JAN_1, .due = MAY_1 + 9, .ordinal = 1 };
	struct outcome_extra x = { .in_cohort = false };
	struct outcome_list list = { .items = &o, .extra = &x, .n = 1 };
	const struct forecast_rung *rungs;

	(void)state;
	forecast_take(p.f, &list);
	forecast_end(p.f, MAY_1, 2, 0);
	forecast_rungs(p.f, &rungs);
	assert_int_equal(rungs[1].under_way, 0);
	assert_int_equal(forecast_all(p.f, 0)->due, 0);
	play_end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survival_by_hand),
		cmocka_unit_test(without_censoring_it_is_the_plain_share),
		cmocka_unit_test(what_nobody_was_seen_to_reach_may_be_none),
		cmocka_unit_test(all_who_could_have_ended_may_have),
		cmocka_unit_test(who_is_under_way_is_due_in_its_month_by_what_others_lasted),
		cmocka_unit_test(caps_say_where_they_stand_and_will),
		cmocka_unit_test(overdue_is_in_the_first_month_and_what_comes_later_is_counted),
		cmocka_unit_test(who_is_not_in_the_cohort_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
