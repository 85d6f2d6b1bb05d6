/*
 * forecast: people in any order give the same numbers to the last bit; survival is what a
 * slow count gives; a range holds its estimate, and nobody is lost between the months.
 * SEED and RUNS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "common/mem.h"
#include "tests/property/sim.h"
#include "tests/unit/play.h"
#include "transform/milestone/forecast.h"

enum { UNITS = 40, RUNGS = 3, DAY = 16556 /* 2015-05-01 */, MONTHS = 12, BEFORE = 6,
	SEED_PRESET = 70, RUNS_PRESET = 400, LASTED_MAX = 30 };

#define CONTRACT PLAY_CONTRACT "  spells: [{spell: home, event: home}]\n  outcomes:\n" \
	"  - {outcome: a, title: A, price: 50.00, rule: {kind: event-once, event: home}}\n" \
	"  - {outcome: b, title: B, price: 99.99, rule: {kind: spell, spell: home, lasts: 60 days}}\n" \
	"  - {outcome: c, title: C, price: 100.01, rule: {kind: spell, spell: home, lasts: 200 days}}\n"

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

struct drawn {
	struct outcome o[RUNGS];
	struct outcome_extra x[RUNGS];
};

static void
unit_draw(struct chance *c, struct drawn *d)
{
	static const char *const status[] = { "achieved", "observed", "observed", "not-yet",
		"awaiting-evidence", "contradicted", "verified" };
	static const int32_t asked[RUNGS] = { 0, 60, 200 };

	for (int i = 0; i < RUNGS; i++) {
		date_t start = DAY - (date_t)chance_below(c, 250);
		bool done;

		d->o[i] = (struct outcome){ .outcome = span_str(i == 0 ? "a" : i == 1 ? "b" : "c"),
			.status = span_str(status[chance_below(c, 7)]), .start = start, .due = start + asked[i],
			.days = (int32_t)chance_below(c, asked[i] + 1), .ordinal = 1,
			.price_minor = 5000 + (int64_t)chance_below(c, 3) };
		done = span_is(d->o[i].status, "achieved") || span_is(d->o[i].status, "verified");
		d->o[i].achieved = done ? d->o[i].due : DATE_NONE;
		d->x[i] = (struct outcome_extra){ .in_cohort = chance_below(c, 10) > 0 };
	}
}

static struct forecast *
forecast_in(const struct contract *c, struct drawn *d, const uint32_t *order)
{
	struct forecast *f = forecast_new(c);

	for (int i = 0; i < UNITS; i++) {
		struct outcome_list list = { .items = d[order[i]].o, .extra = d[order[i]].x,
			.n = RUNGS };

		forecast_take(f, &list);
	}
	forecast_end(f, DAY, MONTHS, BEFORE);
	return f;
}

static void
same(const struct forecast *a, const struct forecast *b)
{
	const struct forecast_rung *x, *y;

	assert_int_equal(forecast_months(a), forecast_months(b));
	assert_int_equal(forecast_rungs(a, &x), forecast_rungs(b, &y));
	for (uint32_t r = 0; r < RUNGS; r++) {
		assert_memory_equal(&x[r].whole.is, &y[r].whole.is, sizeof(double));
		assert_memory_equal(&x[r].whole.low, &y[r].whole.low, sizeof(double));
		assert_int_equal(x[r].under_way, y[r].under_way);
		for (uint32_t m = 0; m < forecast_months(a); m++)
			assert_memory_equal(forecast_cell(a, r, m), forecast_cell(b, r, m),
			    sizeof(struct forecast_cell));
	}
}

/* Who is under way is due in one month, later, or on no known day. */
static void
nobody_lost(const struct forecast *f)
{
	const struct forecast_rung *rungs;

	forecast_rungs(f, &rungs);
	for (uint32_t r = 0; r < RUNGS; r++) {
		uint32_t due = 0;

		for (uint32_t m = 0; m < forecast_months(f); m++) {
			const struct forecast_cell *c = forecast_cell(f, r, m);

			due += c->due;
			assert_true(c->number.low <= c->number.is && c->number.is <= c->number.high);
			assert_true(c->number.high <= (int64_t)c->due * FORECAST_MILLION);
			assert_true(c->money.low <= c->money.is && c->money.is <= c->money.high);
			assert_true(c->number.low >= 0 && (m >= forecast_now(f) || c->due == 0));
		}
		assert_int_equal(due + rungs[r].later + rungs[r].unplaced, rungs[r].under_way);
	}
}

static void
people_in_any_order_give_the_same_numbers(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);
	struct buf said = BUF_INIT;
	struct contract *contract = play_contract(CONTRACT, &said);

	(void)state;
	assert_non_null(contract);
	printf("seed %llu\n", (unsigned long long)seed);
	for (uint64_t run = 0; run < runs; run++) {
		struct chance c = { seed + run };
		struct drawn d[UNITS];
		uint32_t order[UNITS], swapped[UNITS];
		struct forecast *one, *two;

		for (uint32_t i = 0; i < UNITS; i++) {
			unit_draw(&c, &d[i]);
			order[i] = swapped[i] = i;
		}
		for (uint32_t i = UNITS - 1; i > 0; i--) {
			uint32_t k = (uint32_t)chance_below(&c, (int)i + 1), t = swapped[i];

			swapped[i] = swapped[k];
			swapped[k] = t;
		}
		one = forecast_in(contract, d, order);
		two = forecast_in(contract, d, swapped);
		same(one, two);
		nobody_lost(one);
		forecast_free(one);
		forecast_free(two);
	}
	contract_free(contract);
	buf_release(&said);
}

/* Day by day: of those still there, who has not ended. */
static double
slow(const struct lasted *l, uint32_t n, int32_t from, int32_t to)
{
	double s = 1;

	for (int32_t day = from + 1; day < to; day++) {
		uint32_t there = 0, ended = 0;

		for (uint32_t i = 0; i < n; i++) {
			there += l[i].days >= day;
			ended += l[i].days == day && l[i].ended;
		}
		if (there)
			s *= 1 - (double)ended / there;
	}
	return s;
}

static void
survival_is_what_a_count_day_by_day_gives(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);

	(void)state;
	printf("seed %llu\n", (unsigned long long)seed);
	for (uint64_t run = 0; run < runs; run++) {
		struct chance c = { seed + run };
		struct lasted l[LASTED_MAX];
		uint32_t n = 1 + (uint32_t)chance_below(&c, LASTED_MAX);
		int32_t from = (int32_t)chance_below(&c, 30) - 1, to = from + 1 + (int32_t)chance_below(&c, 30);
		struct survival s;
		struct curve *curve;
		bool any = false;

		for (uint32_t i = 0; i < n; i++) {
			l[i] = (struct lasted){ (int32_t)chance_below(&c, 50), chance_below(&c, 2) > 0 };
			if (chance_below(&c, 4) == 0)
				l[i] = (struct lasted){ LASTED_ALL, false };
			any |= l[i].days > from;
		}
		curve = curve_new(l, n);
		s = curve_between(curve, from, to);
		if (any && fabs(s.is - slow(l, n, from, to)) > 1e-9)
			fail_msg("run %llu: %f, expected %f", (unsigned long long)run, s.is,
			    slow(l, n, from, to));
		assert_true(s.low <= s.is + 1e-12 && s.is <= s.high + 1e-12);
		curve_free(curve);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_in_any_order_give_the_same_numbers),
		cmocka_unit_test(survival_is_what_a_count_day_by_day_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
