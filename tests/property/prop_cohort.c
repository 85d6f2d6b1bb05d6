/*
 * What is paid for a cohort, and prices that move, against sums done by hand: kinds 10, 11,
 * 13, 19, 20 (the fee), 21 and 22.  Fractions are compared by multiplying out, months are
 * walked one by one.  SEED and RUNS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "tests/property/sim.h"
#include "transform/milestone/settle.h"

__extension__ typedef __int128 wide;

enum { UNITS = 30, SEED_PRESET = 70, RUNS_PRESET = 1500, MILLION = 1000000 };

static const date_t FIRST = 16436; /* 2015-01-01 */

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

struct world {
	struct settle_row rows[UNITS * 2];
	int n;
	struct buf text;
	date_t from, to;
};

static struct settle_row *
put(struct world *w, int unit, uint32_t outcome, date_t referred, date_t achieved)
{
	struct settle_row *r = &w->rows[w->n++];

	*r = (struct settle_row){ .outcome_id = { { (uint8_t)unit, (uint8_t)outcome } },
		.unit = { { (uint8_t)unit, 1 } }, .terms_at = outcome, .ordinal = 1,
		.referred = referred, .achieved = achieved, .in_cohort = true,
		.proven = achieved != DATE_NONE };
	return r;
}

static void
begin(struct chance *c, struct world *w, const char *body)
{
	*w = (struct world){ .text = BUF_INIT };
	buf_printf(&w->text, "contract: c\ntitle: C\ncurrency: GBP\n"
	    "parties: [{party: agency, name: A, organisation: A1, reports: yes}]\n"
	    "rates: {index: {steps: [{from: 2014-01-01, is: 100}, {from: 2015-04-01, is: 103.7}, {from: "
	    "2015-09-15, is: 98.5}]}}\nversions:\n- version: 1\n  effective: 2015-01-01\n"
	    "  cohort: {programme: p}\n  outcomes:\n"
	    "  - {outcome: x, title: X, pay: none, rule: {kind: event-once, event: e1}}\n"
	    "  - {outcome: y, title: Y, pay: none, rule: {kind: event-once, event: e2}}\n%s", body);
	w->from = FIRST + chance_below(c, 300);
	w->to = w->from + chance_below(c, 400);
}

/* What the statement earns of outcome 2, the one that is tried. */
static int64_t
earned(struct world *w)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("case.yaml", buf_view(&w->text), &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;
	struct settle_facts facts = { .from = w->from, .to = w->to };
	struct settlement st;
	struct buf said = BUF_INIT;
	struct arena arena;
	int64_t sum = 0;

	if (!c) {
		yaml_report_text(&report, &said);
		fail_msg("%s\n%s", buf_cstr(&said), buf_cstr(&w->text));
	}
	arena_init(&arena, 0);
	st = settle(c, w->rows, (size_t)w->n, &facts, &arena);
	for (uint32_t i = 0; i < st.lines_n; i++)
		sum += st.lines[i].earned_minor;
	assert_int_equal(sum, st.earned_minor);
	arena_release(&arena);
	contract_free(c);
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return sum;
}

static void
agree(uint64_t seed, struct world *w, int64_t want)
{
	int64_t is = earned(w);

	if (is != want)
		fail_msg("SEED=%llu: %lld is earned from day %d to %d, by hand it is %lld\n%s",
		    (unsigned long long)seed, (long long)is, w->from - FIRST, w->to - FIRST,
		    (long long)want, buf_cstr(&w->text));
	buf_release(&w->text);
}

static int64_t
half_away(wide n, wide d)
{
	return (int64_t)((2 * n + d) / (2 * d)); /* n is not negative here */
}

/* --- 10 */

static void
baseline(struct chance *c, uint64_t seed)
{
	int per_cent = 1 + chance_below(c, 100), price = 1 + chance_below(c, 20000);
	struct world w;
	struct buf body = BUF_INIT;
	int64_t want[2];

	buf_printf(&body, "  - {outcome: a, title: A, price: %d.%02d, rule: {kind: "
	    "days-against-baseline, event: care, over: 12 months, baseline: %d}}\n", price / 100,
	    price % 100, per_cent);
	begin(c, &w, buf_cstr(&body));
	for (int u = chance_below(c, UNITS); u >= 0; u--) {
		int days = 1 + chance_below(c, 900), in = chance_below(c, days);
		struct settle_row *r = put(&w, u, 2, FIRST,
		    chance_of(c, 70) ? FIRST + chance_below(c, 700) : DATE_NONE);

		r->measure = (struct measure){ in * (int64_t)MILLION, days * (int64_t)MILLION, true };
	}
	for (int k = 0; k < 2; k++) {
		date_t day = k ? w.to : w.from - 1;
		int64_t expected = 0, in = 0; /* hundredths of a day */

		for (int i = 0; i < w.n; i++)
			if (w.rows[i].achieved != DATE_NONE && w.rows[i].achieved <= day) {
				expected += w.rows[i].measure.of / MILLION * per_cent;
				in += w.rows[i].measure.is / MILLION * 100;
			}
		want[k] = expected > in ? half_away((wide)(expected - in) * price, 100) : 0;
	}
	agree(seed, &w, want[1] - want[0]);
	buf_release(&body);
}

/* --- 11 */

static void
comparison(struct chance *c, uint64_t seed)
{
	int figures[2] = { 50 + chance_below(c, 200), 50 + chance_below(c, 200) };
	int early = 1 + chance_below(c, 40), pooled = 1 + chance_below(c, 40);
	bool more = chance_of(c, 30);
	struct world w;
	struct buf body = BUF_INIT;
	int64_t want[2];

	buf_printf(&body, "  - {outcome: a, title: A, price: 10.00, rule: {kind: comparison-group, event: "
	    "r, over: 3 months, early: %d, pooled: %d, reach: %s, cohorts: [{cohort: one, from: "
	    "2015-01-01, until: 2015-02-28, comparison: %d}, {cohort: two, from: 2015-03-01, until: "
	    "2015-04-30, comparison: %d}]}}\n", early, pooled, more ? "exceeding" : "at-least",
	    figures[0], figures[1]);
	begin(c, &w, buf_cstr(&body));
	for (int u = chance_below(c, UNITS); u >= 0; u--) {
		date_t referred = FIRST + chance_below(c, 120);
		struct settle_row *r = put(&w, u, 2, referred,
		    chance_of(c, 97) ? referred + 90 + chance_below(c, 200) : DATE_NONE);

		r->measure = (struct measure){ chance_below(c, 3) * (int64_t)MILLION, 0, true };
	}
	for (int k = 0; k < 2; k++) {
		date_t day = k ? w.to : w.from - 1;
		int64_t n[2] = { 0 }, events[2] = { 0 }, all = 0, expect = 0;
		bool whole[2] = { day >= FIRST + 58, day >= FIRST + 119 }, paid[2] = { false };

		for (int i = 0; i < w.n; i++) {
			int part = w.rows[i].referred > FIRST + 58;

			n[part]++;
			events[part] += w.rows[i].measure.is / MILLION;
			if (w.rows[i].achieved == DATE_NONE || w.rows[i].achieved > day)
				whole[part] = false;
		}
		for (int part = 0; part < 2; part++) {
			/* (c n − 100 e) ÷ c n against per cent */
			int64_t of = figures[part] * n[part], less = of - 100 * events[part];

			whole[part] = whole[part] && n[part];
			paid[part] = whole[part]
			    && (more ? less * 100 > early * of : less * 100 >= early * of);
			expect += of;
			all += 100 * events[part];
		}
		if (whole[0] && whole[1] && (more ? (expect - all) * 100 > pooled * expect
					    : (expect - all) * 100 >= pooled * expect))
			paid[0] = paid[1] = true;
		want[k] = 1000 * (paid[0] + paid[1]);
	}
	agree(seed, &w, want[1] - want[0]);
	buf_release(&body);
}

/* --- 13 and 22 */

static void
gate(struct chance *c, uint64_t seed)
{
	static const char *const every[] = { "once", "month", "quarter", "year" };
	static const char *const pays[] = { "cliff", "linear", "bands" };
	static const int months[] = { 0, 1, 3, 12 };
	int target = 5 + 5 * chance_below(c, 19), often = chance_below(c, 4), way = chance_below(c, 3);
	int agreed = chance_of(c, 30) ? 1 + chance_below(c, 20) : 0, price = 1 + chance_below(c, 99999);
	int later = target + 5 * chance_below(c, 4), step = chance_below(c, 20);
	bool out_of = !agreed && chance_of(c, 40), rises = chance_of(c, 40), more = chance_of(c, 30);
	bool by_day = chance_of(c, 50);
	struct world w;
	struct buf body = BUF_INIT;
	int64_t want[2] = { 0 };
	char text[DATE_TEXT];

	date_text(FIRST + 20 * step, text);
	buf_printf(&body, "  - {outcome: a, title: A, price: %d.%02d, rule: {kind: %s, of: [x], every: %s, "
	    "pays: %s, reach: %s", price / 100, price % 100, rises ? "rising-target" : "rate-gate",
	    every[often], pays[way], more ? "exceeding" : "at-least");
	if (!rises)
		buf_printf(&body, ", at_least: %d", target);
	else if (by_day)
		buf_printf(&body, ", steps: [{from: 2015-01-01, at_least: %d}, {from: %s, at_least: %d}]",
		    target, step ? text : "2016-12-01", later);
	else
		buf_printf(&body, ", steps: [{past: 0, at_least: %d}, {past: %d, at_least: %d}]", target,
		    step + 1, later);
	if (agreed)
		buf_printf(&body, ", agreed: %d", agreed);
	if (out_of)
		buf_str(&body, ", out_of: y");
	if (way == 2)
		buf_str(&body, ", bands: [{at_least: 20, share: 30}, {at_least: 60, share: 75.5}]");
	buf_str(&body, "}}\n");
	begin(c, &w, buf_cstr(&body));
	for (int u = chance_below(c, UNITS); u >= 0; u--) {
		date_t referred = FIRST + chance_below(c, 400);

		put(&w, u, 0, referred, chance_of(c, 60) ? referred + chance_below(c, 200) : DATE_NONE);
		if (chance_of(c, 60))
			put(&w, u, 1, referred, referred + chance_below(c, 200));
	}
	for (int k = 0; k < 2; k++) {
		date_t day = k ? w.to : w.from - 1;

		for (int n = 0; n < 40; n++) {
			date_t from = often ? date_add_months(FIRST, months[often] * n) : FIRST;
			date_t to = often ? date_add_months(FIRST, months[often] * (n + 1)) - 1 : day;
			int64_t is = 0, of = 0, before = 0, amount = 0;
			int must = target, share = 0;

			if (to > day || (!often && n))
				break;
			for (int i = 0; i < w.n; i++) {
				const struct settle_row *r = &w.rows[i];
				bool there = r->achieved != DATE_NONE && r->achieved >= from
				    && r->achieved <= to;

				is += r->terms_at == 0 && there;
				of += out_of ? r->terms_at == 1 && there
					     : r->terms_at == 0 && r->referred >= from && r->referred <= to;
				before += r->terms_at == 0 && r->achieved != DATE_NONE
				    && r->achieved < from && r->achieved <= day;
			}
			if (agreed)
				of = agreed;
			if (rises && (by_day ? from >= (step ? FIRST + 20 * step : FIRST + 700)
					     : before >= step + 1))
				must = later;
			if (of == 0)
				continue;
			if (way == 2) {
				if (more ? is * 100 > 20 * of : is * 100 >= 20 * of)
					share = 300;
				if (more ? is * 100 > 60 * of : is * 100 >= 60 * of)
					share = 755;
				amount = half_away((wide)price * share, 1000);
			} else if (more ? is * 100 > must * of : is * 100 >= must * of) {
				amount = price;
			} else if (way == 1) {
				amount = half_away((wide)price * is * 100, (wide)must * of);
			}
			want[k] += amount;
		}
	}
	agree(seed, &w, want[1] - want[0]);
	buf_release(&body);
}

/* --- 20 */

static void
fee(struct chance *c, uint64_t seed)
{
	static const char *const ways[] = { "days", "whole", "none" };
	int value = 1 + chance_below(c, 10000000), share = 1 + chance_below(c, 100);
	int way = chance_below(c, 3), last = 20 + chance_below(c, 500), months = chance_of(c, 70) ? 1 : 3;
	date_t from = FIRST + chance_below(c, 60), until = from + last;
	int64_t total = half_away((wide)value * share, 100), want[2] = { 0 }, units = 0, length = 1;
	struct world w;
	struct buf body = BUF_INIT;
	char a[DATE_TEXT], b[DATE_TEXT];
	int whole = 0;

	date_text(from, a);
	date_text(until, b);
	buf_printf(&body, "  - {outcome: a, title: A, rule: {kind: delivery-fee, value: %d.%02d, share: %d, "
	    "from: %s, until: %s, every: %s, part_period: %s}}\n", value / 100, value % 100, share, a, b,
	    months == 1 ? "month" : "quarter", ways[way]);
	begin(c, &w, buf_cstr(&body));
	while (date_add_months(from, months * (whole + 1)) - 1 <= until)
		whole++;
	length = date_add_months(from, months * (whole + 1)) - date_add_months(from, months * whole);
	units = whole * length;
	if (date_add_months(from, months * whole) <= until)
		units += way == 0 ? until + 1 - date_add_months(from, months * whole)
		    : way == 1 ? length : 0;
	for (int k = 0; k < 2 && units; k++) {
		date_t day = k ? w.to : w.from - 1;

		for (int n = 0; n < whole; n++)
			if (date_add_months(from, months * (n + 1)) - 1 <= day)
				want[k] = half_away((wide)total * (n + 1) * length, units);
		if (units > whole * length && until <= day)
			want[k] = total;
	}
	agree(seed, &w, want[1] - want[0]);
	buf_release(&body);
}

/* --- 21 */

static void
mean(struct chance *c, uint64_t seed)
{
	int target = chance_below(c, 8), least = 1 + chance_below(c, 10), served = chance_below(c, 200);
	int completion = 10 * chance_below(c, 8);
	bool more = chance_of(c, 30);
	struct world w;
	struct buf body = BUF_INIT;
	int64_t want[2];

	buf_printf(&body, "  - {outcome: a, title: A, price: 7.00, rule: {kind: mean-change, instrument: i, "
	    "direction: up, follow_up: first, on_service: %d days, target: %d.%d, min_pairs: %d, "
	    "min_completion: %d, reach: %s}}\n", served, target / 2, target % 2 * 5, least, completion,
	    more ? "exceeding" : "at-least");
	begin(c, &w, buf_cstr(&body));
	for (int u = chance_below(c, UNITS); u >= 0; u--) {
		date_t referred = FIRST + chance_below(c, 300);
		bool pair = chance_of(c, 60);
		struct settle_row *r = put(&w, u, 2, referred,
		    pair ? referred + served + chance_below(c, 200) : DATE_NONE);

		r->measure = (struct measure){ (chance_below(c, 10) - 2) * (int64_t)(MILLION / 2), 0, pair };
	}
	for (int k = 0; k < 2; k++) {
		date_t day = k ? w.to : w.from - 1;
		int64_t sum = 0, pairs = 0, eligible = 0; /* halves of a point */

		for (int i = 0; i < w.n; i++) {
			eligible += w.rows[i].referred + served <= day;
			if (w.rows[i].achieved == DATE_NONE || w.rows[i].achieved > day)
				continue;
			sum += w.rows[i].measure.is / (MILLION / 2);
			pairs++;
		}
		want[k] = pairs >= least && pairs * 100 >= completion * eligible
		    && (more ? sum > target * pairs : sum >= target * pairs) ? 700 : 0;
	}
	agree(seed, &w, want[1] - want[0]);
	buf_release(&body);
}

/* --- 19: past a volume, by discount and index */

static void
prices(struct chance *c, uint64_t seed)
{
	int base = 1 + chance_below(c, 100000), past = 1 + chance_below(c, 10), discount = chance_below(c, 60);
	int then_price = 1 + chance_below(c, 100000), seen = 0;
	bool indexed = chance_of(c, 60);
	struct world w;
	struct buf body = BUF_INIT;
	int64_t want = 0;

	buf_printf(&body, "  - {outcome: a, title: A, rule: {kind: event-once, event: e}, price: {base: "
	    "%d.%02d, discount: %d, accelerator: [{past: %d, price: %d.%02d}]%s}}\n", base / 100,
	    base % 100, discount, past, then_price / 100, then_price % 100,
	    indexed ? ", index: index, index_from: 2015-05-01" : "");
	begin(c, &w, buf_cstr(&body));
	for (int u = chance_below(c, UNITS); u >= 0; u--)
		put(&w, u, 2, FIRST, FIRST + 12 * u)->price_minor = 1; /* evaluate's; not looked at past it */
	for (int d = 0; d <= w.to - FIRST; d++)
		for (int i = 0; i < w.n; i++) {
			int64_t index = d < 90 ? 100000 : d < 257 ? 103700 : 98500;

			if (w.rows[i].achieved != FIRST + d)
				continue;
			if (seen++ < past) {
				want += FIRST + d >= w.from;
				continue;
			}
			if (FIRST + d >= w.from)
				want += indexed ? half_away((wide)then_price * (100 - discount) * index,
						      (wide)100 * 103700)
						: half_away((wide)then_price * (100 - discount), 100);
		}
	agree(seed, &w, want);
	buf_release(&body);
}

#define KIND_TEST(fn, name) \
	static void name(void **state) \
	{ \
		uint64_t first = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET); \
		(void)state; \
		for (uint64_t seed = first; seed < first + runs; seed++) { \
			struct chance c = { seed * 0x9e3779b97f4a7c15u + 9 }; \
			fn(&c, seed); \
		} \
	}

KIND_TEST(baseline, days_saved_are_what_is_added_up_by_hand)
KIND_TEST(comparison, reductions_pay_as_they_do_by_hand)
KIND_TEST(gate, gates_and_rising_targets_pay_as_they_do_by_hand)
KIND_TEST(fee, fees_are_what_is_divided_by_hand)
KIND_TEST(mean, means_pay_as_they_do_by_hand)
KIND_TEST(prices, prices_past_a_volume_are_what_is_reckoned_by_hand)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_saved_are_what_is_added_up_by_hand),
		cmocka_unit_test(reductions_pay_as_they_do_by_hand),
		cmocka_unit_test(gates_and_rising_targets_pay_as_they_do_by_hand),
		cmocka_unit_test(fees_are_what_is_divided_by_hand),
		cmocka_unit_test(means_pay_as_they_do_by_hand),
		cmocka_unit_test(prices_past_a_volume_are_what_is_reckoned_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
