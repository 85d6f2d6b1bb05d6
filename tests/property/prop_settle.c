/*
 * settle() against a ledger kept by hand: outcomes one after the other, each cap asked in
 * the order in which it stands, pence given out one at a time.  And what must not matter:
 * the order of rows, whether a year is settled at once or month by month, and what was
 * revoked on the way.  SEED and RUNS come from the environment.
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

enum { ROWS = 40, PERSONS = 8, OUTCOMES = 3, CAPS_MAX = 6, SEED_PRESET = 50, RUNS_PRESET = 1500 };

static const date_t FIRST = 16436; /* 2015-01-01 */

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

/* --- drawn ------------------------------------------------------------------------------ */

enum kind { VOLUME, OUTCOME, PERSON, PERIOD, PAYER, CONTRACT };

struct cap {
	enum kind kind;
	int of;                 /* bits of outcomes; 0: all */
	int64_t most;
	int payer, months;
	bool whole;
};

struct drawn {
	struct contract *c;
	struct cap caps[CAPS_MAX];
	int caps_n, share;      /* of payer 0, per cent */
	bool by_card, last_named;
	struct settle_row rows[ROWS];
	int n;
	struct buf text;
};

static const char *const cap_words[] = { "volume", "outcome", "person", "period", "payer",
	"contract" };
static const char *const names[OUTCOMES] = { "a", "b", "c" };

static void
cap_draw(struct chance *c, struct drawn *d)
{
	struct cap *cap = &d->caps[d->caps_n];
	static const char *const every[] = { "month", "quarter", "year" };
	static const int months[] = { 1, 3, 12 };
	int period = chance_below(c, 3);

	*cap = (struct cap){ .kind = (enum kind)chance_below(c, 6), .whole = chance_of(c, 30),
		.payer = chance_below(c, 2), .months = months[period] };
	cap->of = cap->kind == OUTCOME || chance_of(c, 40) ? 1 + chance_below(c, 7) : 0;
	if (cap->kind == CONTRACT)
		cap->of = 0;
	cap->most = cap->kind == VOLUME ? chance_below(c, 15) : 50 + chance_below(c, 4000);
	if (cap->kind == CONTRACT)
		cap->most += 100000; /* nothing may be more than it, as check asks */
	for (int i = 0; i < d->caps_n; i++) /* nor any cap twice */
		if (d->caps[i].kind == cap->kind && d->caps[i].of == cap->of
		    && d->caps[i].payer == cap->payer && d->caps[i].months == cap->months)
			return;
	for (int i = 0; i < d->caps_n; i++)
		if (d->caps[i].kind == cap->kind && d->caps[i].of == cap->of
		    && cap->kind != PERIOD && cap->kind != PAYER)
			return;
	for (int i = 0; i < d->caps_n; i++)
		if (d->caps[i].kind == cap->kind && d->caps[i].of == cap->of
		    && ((cap->kind == PERIOD && d->caps[i].months == cap->months)
			|| (cap->kind == PAYER && d->caps[i].payer == cap->payer)))
			return;
	d->caps_n++;
	buf_printf(&d->text, "  - {cap: %s, last: %s", cap_words[cap->kind],
	    cap->whole ? "whole" : "part");
	if (cap->of) {
		buf_str(&d->text, ", outcomes: [");
		for (int i = 0, any = 0; i < OUTCOMES; i++)
			if (cap->of >> i & 1)
				buf_printf(&d->text, "%s%s", any++ ? ", " : "", names[i]);
		buf_str(&d->text, "]");
	}
	if (cap->kind == VOLUME)
		buf_printf(&d->text, ", most: %lld}\n", (long long)cap->most);
	else
		buf_printf(&d->text, ", amount: %lld.%02lld%s%s}\n", (long long)(cap->most / 100),
		    (long long)(cap->most % 100), cap->kind == PERIOD ? ", every: " : cap->kind == PAYER
			? ", payer: " : "", cap->kind == PERIOD ? every[period] : cap->kind == PAYER
			? cap->payer ? "Q" : "P" : "");
}

static void
contract_draw(struct chance *c, struct drawn *d)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct buf said = BUF_INIT;
	struct yaml_doc *doc;
	int caps = chance_below(c, 5);

	d->share = chance_below(c, 101);
	d->by_card = chance_of(c, 30);
	d->last_named = chance_of(c, 30);
	buf_printf(&d->text, "contract: c\ntitle: C\ncurrency: GBP\n"
	    "parties: [{party: payer, name: P}, {party: payer, name: Q}]\nversions:\n- version: 1\n"
	    "  effective: 2015-01-01\n  cohort: {programme: p}\n  same_day: %s\n  remainder: %s\n"
	    "  payers: [{payer: P, share: %d}, {payer: Q, share: %d}]\n",
	    d->by_card ? "rate-card" : "outcome-id", d->last_named ? "last-named" : "first-named",
	    d->share, 100 - d->share);
	if (caps)
		buf_str(&d->text, "  caps:\n");
	for (int i = 0; i < caps; i++)
		cap_draw(c, d);
	buf_str(&d->text, "  outcomes:\n");
	for (int i = 0; i < OUTCOMES; i++)
		buf_printf(&d->text, "  - {outcome: %s, title: T, price: 1.00, rule: {kind: event-once, "
		    "event: e%d}}\n", names[i], i);
	doc = yaml_parse("case.yaml", buf_view(&d->text), &report);
	d->c = doc ? contract_parse(doc->root, &report) : NULL;
	if (!d->c) {
		yaml_report_text(&report, &said);
		fail_msg("%s\n%s", buf_cstr(&said), buf_cstr(&d->text));
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
}

static void
draw(struct chance *c, struct drawn *d)
{
	*d = (struct drawn){ .text = BUF_INIT };
	contract_draw(c, d);
	d->n = 1 + chance_below(c, ROWS);
	for (int i = 0; i < d->n; i++)
		d->rows[i] = (struct settle_row){ .outcome_id = { { (uint8_t)chance_below(c, 256),
			(uint8_t)i } }, .unit = { { (uint8_t)(1 + chance_below(c, PERSONS)) } },
			.terms_at = (uint32_t)chance_below(c, OUTCOMES), .ordinal = 1,
			.achieved = FIRST + chance_below(c, 360), .referred = FIRST,
			.price_minor = 1 + chance_below(c, 900), .in_cohort = true,
			.proven = chance_of(c, 90) };
}

static void
drawn_end(struct drawn *d)
{
	contract_free(d->c);
	buf_release(&d->text);
}

/* --- the ledger kept by hand ---------------------------------------------------------------- */

struct entry {
	int64_t earned, payable, by[2];
};

static void
shares(const struct drawn *d, int64_t amount, int64_t by[2])
{
	int64_t rest[2] = { amount * d->share % 100, amount * (100 - d->share) % 100 };

	by[0] = amount * d->share / 100;
	by[1] = amount * (100 - d->share) / 100;
	while (by[0] + by[1] < amount)
		by[rest[0] > rest[1] || (rest[0] == rest[1] && !d->last_named) ? 0 : 1]++;
}

static bool
before(const struct drawn *d, const struct settle_row *a, const struct settle_row *b)
{
	if (a->achieved != b->achieved)
		return a->achieved < b->achieved;
	if (d->by_card && a->terms_at != b->terms_at)
		return a->terms_at < b->terms_at;
	return memcmp(a->outcome_id.b, b->outcome_id.b, ID_BYTES) < 0;
}

static int
month_of(date_t day)
{
	struct ymd m = date_ymd(day);

	return (m.year - 2015) * 12 + m.month - 1;
}

/* Headroom used so far, of what this outcome falls under. */
static int64_t
used(const struct drawn *d, const struct cap *cap, const int64_t took[ROWS],
    const struct settle_row *row)
{
	int64_t sum = 0;

	for (int i = 0; i < d->n; i++) {
		const struct settle_row *r = &d->rows[i];

		if (cap->kind == PERSON && memcmp(r->unit.b, row->unit.b, ID_BYTES))
			continue;
		if (cap->kind == PERIOD
		    && month_of(r->achieved) / cap->months != month_of(row->achieved) / cap->months)
			continue;
		sum += took[i];
	}
	return sum;
}

static void
ledger(const struct drawn *d, date_t day, struct entry out[ROWS])
{
	int64_t took[CAPS_MAX][ROWS] = { { 0 } };
	bool done[ROWS] = { false };

	memset(out, 0, ROWS * sizeof(*out));
	for (;;) {
		int next = -1;
		int64_t amount, cut[2] = { 0 }, by[2];

		for (int i = 0; i < d->n; i++)
			if (!done[i] && d->rows[i].proven && d->rows[i].achieved <= day
			    && (next < 0 || before(d, &d->rows[i], &d->rows[next])))
				next = i;
		if (next < 0)
			return;
		done[next] = true;
		amount = out[next].earned = d->rows[next].price_minor;
		for (int k = 0; k < d->caps_n; k++) {
			const struct cap *cap = &d->caps[k];
			int64_t left, ask = amount;

			if (cap->of && !(cap->of >> d->rows[next].terms_at & 1))
				continue;
			left = cap->most - used(d, cap, took[k], &d->rows[next]);
			if (cap->kind == VOLUME) {
				if (amount > 0 && left <= 0)
					amount = 0;
				else if (amount > 0)
					took[k][next] = 1;
				continue;
			}
			if (cap->kind == PAYER) {
				shares(d, amount, by);
				ask = by[cap->payer] - cut[cap->payer];
				ask = ask > 0 ? ask : 0;
			}
			took[k][next] = ask <= left ? ask : cap->whole || left < 0 ? 0 : left;
			if (cap->kind == PAYER)
				cut[cap->payer] += ask - took[k][next];
			else
				amount = took[k][next];
		}
		shares(d, amount, out[next].by);
		for (int k = 0; k < 2; k++) {
			out[next].by[k] -= cut[k] < out[next].by[k] ? cut[k] : out[next].by[k];
			out[next].payable += out[next].by[k];
		}
	}
}

/* --- compared --------------------------------------------------------------------------------- */

static int
index_of(const struct drawn *d, const struct id *id)
{
	for (int i = 0; i < d->n; i++)
		if (id_eq(&d->rows[i].outcome_id, id))
			return i;
	return -1;
}

static void
differs(uint64_t seed, const struct drawn *d, const char *what, int row, int64_t is, int64_t want)
{
	struct buf text = d->text;

	if (is != want)
		fail_msg("SEED=%llu: %s of row %d is %lld, the ledger says %lld\n%s",
		    (unsigned long long)seed, what, row, (long long)is, (long long)want,
		    buf_cstr(&text));
}

static void
lines_compare(uint64_t seed, const struct drawn *d, const struct settlement *st,
    const struct entry now[ROWS], const struct entry then[ROWS])
{
	bool seen[ROWS] = { false };
	int64_t payable = 0;

	for (uint32_t i = 0; i < st->lines_n; i++) {
		const struct settle_line *line = &st->lines[i];
		int at = index_of(d, &line->id);

		assert_true(at >= 0 && !seen[at]);
		seen[at] = true;
		differs(seed, d, "earned", at, line->earned_minor, now[at].earned - then[at].earned);
		differs(seed, d, "payable", at, line->payable_minor, now[at].payable - then[at].payable);
		for (int k = 0; k < 2; k++)
			differs(seed, d, "a payer's part", at, line->by_payer[k],
			    now[at].by[k] - then[at].by[k]);
		assert_int_equal(line->by_payer[0] + line->by_payer[1], line->payable_minor);
		payable += line->payable_minor;
	}
	for (int i = 0; i < d->n; i++)
		if (!seen[i]) {
			differs(seed, d, "earned, without a line", i, now[i].earned, then[i].earned);
			differs(seed, d, "payable, without a line", i, now[i].payable, then[i].payable);
		}
	assert_int_equal(st->payable_minor, payable);
}

static void
shuffle(struct chance *c, struct settle_row *rows, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = chance_below(c, i + 1);
		struct settle_row swap = rows[i];

		rows[i] = rows[k];
		rows[k] = swap;
	}
}

static bool
same(const struct settlement *a, const struct settlement *b)
{
	if (a->lines_n != b->lines_n || a->payable_minor != b->payable_minor
	    || a->earned_minor != b->earned_minor)
		return false;
	for (uint32_t i = 0; i < a->lines_n; i++)
		if (!id_eq(&a->lines[i].id, &b->lines[i].id)
		    || a->lines[i].payable_minor != b->lines[i].payable_minor
		    || a->lines[i].earned_minor != b->lines[i].earned_minor
		    || a->lines[i].state != b->lines[i].state
		    || memcmp(a->lines[i].by_payer, b->lines[i].by_payer, sizeof(a->lines[i].by_payer)))
			return false;
	return true;
}

static void
a_statement_is_what_the_ledger_says_in_any_order(void **state)
{
	uint64_t first = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct chance c = { seed * 0x9e3779b97f4a7c15u + 5 };
		struct entry now[ROWS], then[ROWS];
		struct settle_row rows[ROWS];
		struct settle_facts facts;
		struct settlement st, other;
		struct arena arena;
		struct drawn d;

		draw(&c, &d);
		arena_init(&arena, 0);
		facts = (struct settle_facts){ .from = FIRST + chance_below(&c, 200) };
		facts.to = facts.from + chance_below(&c, 200);
		ledger(&d, facts.to, now);
		ledger(&d, facts.from - 1, then);
		st = settle(d.c, d.rows, (size_t)d.n, &facts, &arena);
		lines_compare(seed, &d, &st, now, then);
		memcpy(rows, d.rows, sizeof(rows));
		shuffle(&c, rows, d.n);
		other = settle(d.c, rows, (size_t)d.n, &facts, &arena);
		if (!same(&st, &other))
			fail_msg("SEED=%llu: another order of rows, another statement",
			    (unsigned long long)seed);
		arena_release(&arena);
		drawn_end(&d);
	}
}

/* Statement upon statement, rows coming late and being revoked: all of them together are
 * what is owed at the end. */
static void
statements_add_up_to_what_is_owed_whatever_was_revoked(void **state)
{
	uint64_t first = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct chance c = { seed * 0x9e3779b97f4a7c15u + 6 };
		struct settle_earlier earlier[ROWS * 4];
		struct entry now[ROWS], sum[ROWS] = { { 0 } };
		struct settlement st;
		struct arena arena;
		struct drawn d;
		size_t earlier_n = 0;
		int quarter;

		draw(&c, &d);
		arena_init(&arena, 0);
		for (quarter = 0; quarter < 4; quarter++) {
			struct settle_facts facts = { .from = FIRST + 90 * quarter,
				.to = FIRST + 90 * quarter + 89, .earlier = earlier,
				.earlier_n = earlier_n };

			for (int i = 0; quarter && i < d.n; i++) /* revoked, or told late */
				if (chance_of(&c, 15))
					d.rows[i].proven = !d.rows[i].proven;
			st = settle(d.c, d.rows, (size_t)d.n, &facts, &arena);
			assert_true(earlier_n + st.lines_n <= ROWS * 4);
			for (uint32_t i = 0; i < st.lines_n; i++) {
				int at = index_of(&d, &st.lines[i].id);
				struct settle_earlier *e = &earlier[earlier_n++];

				assert_true(at >= 0);
				*e = (struct settle_earlier){ .id = st.lines[i].id,
					.earned_minor = st.lines[i].earned_minor,
					.payable_minor = st.lines[i].payable_minor };
				memcpy(e->by_payer, st.lines[i].by_payer, sizeof(e->by_payer));
				sum[at].earned += e->earned_minor;
				sum[at].payable += e->payable_minor;
				sum[at].by[0] += e->by_payer[0];
				sum[at].by[1] += e->by_payer[1];
			}
			ledger(&d, facts.to, now);
			for (int i = 0; i < d.n; i++) {
				differs(seed, &d, "earned in all", i, sum[i].earned, now[i].earned);
				differs(seed, &d, "payable in all", i, sum[i].payable, now[i].payable);
				differs(seed, &d, "a payer's in all", i, sum[i].by[0], now[i].by[0]);
			}
		}
		arena_release(&arena);
		drawn_end(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_statement_is_what_the_ledger_says_in_any_order),
		cmocka_unit_test(statements_add_up_to_what_is_owed_whatever_was_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
