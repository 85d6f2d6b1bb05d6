/*
 * settle_twice() against a definition that looks at every pair of claims; and in which order
 * contracts and their claims come must not matter.  SEED and RUNS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "tests/property/sim.h"
#include "transform/milestone/rules.h"
#include "transform/milestone/settle.h"

enum { CONTRACTS = 4, ROWS = 12, OUTCOMES = 3, SEED_PRESET = 70, RUNS_PRESET = 1500, FIRST = 16436 };

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

struct drawn {
	struct contract *c[CONTRACTS];
	struct settle_row rows[CONTRACTS][ROWS];
	bool named[CONTRACTS][CONTRACTS]; /* as parent, or in pays_with */
};

static struct contract *
contract_draw(struct chance *c, int at, bool named[CONTRACTS])
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct buf text = BUF_INIT;
	struct yaml_doc *doc;
	struct contract *out;
	int parent = chance_of(c, 25) ? chance_below(c, CONTRACTS) : at, any = 0;

	buf_printf(&text, "contract: c%d\ntitle: T\ncurrency: GBP\n", at);
	if (parent != at) {
		buf_printf(&text, "parent: c%d\n", parent);
		named[parent] = true;
	}
	for (int i = 0; i < CONTRACTS; i++)
		if (i != at && chance_of(c, 15)) {
			buf_printf(&text, "%sc%d", any++ ? ", " : "pays_with: [", i);
			named[i] = true;
		}
	buf_printf(&text, "%sversions:\n- version: 1\n  effective: 2015-01-01\n  cohort: {programme: p}"
	    "\n  outcomes:\n", any ? "]\n" : "");
	for (int i = 0; i < OUTCOMES; i++)
		buf_printf(&text, "  - {outcome: o%d, title: T, %s, rule: {kind: event-once, event: e%d}}\n",
		    (i + at) % OUTCOMES, i == 2 ? "pay: none" : "price: 1.00", i);
	doc = yaml_parse("case.yaml", buf_view(&text), &report);
	out = doc ? contract_parse(doc->root, &report) : NULL;
	if (!out) {
		yaml_report_text(&report, &text);
		fail_msg("%s", buf_cstr(&text));
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
	buf_release(&text);
	return out;
}

static void
draw(struct chance *c, struct drawn *d)
{
	*d = (struct drawn){ .c = { NULL } };
	for (int k = 0; k < CONTRACTS; k++) {
		d->c[k] = contract_draw(c, k, d->named[k]);
		for (int i = 0; i < ROWS; i++)
			d->rows[k][i] = (struct settle_row){
				.outcome_id = { { (uint8_t)(k + 1), (uint8_t)i } },
				.unit = { { (uint8_t)(1 + chance_below(c, 3)) } },
				.anchor = { { (uint8_t)chance_below(c, 3) } },
				.terms_at = (uint32_t)chance_below(c, OUTCOMES),
				.ordinal = 1 + chance_below(c, 2), .price_minor = 1 + chance_below(c, 900),
				.achieved = chance_of(c, 10) ? DATE_NONE : FIRST + chance_below(c, 6),
				.referred = FIRST, .in_cohort = true, .proven = chance_of(c, 85),
				.held = chance_of(c, 10) };
	}
}

/* --- the definition ----------------------------------------------------------------------- */

static bool
claimed(const struct drawn *d, int k, const struct settle_row *r)
{
	return d->c[k]->versions[0].outcomes[r->terms_at].pay == PAY_PRICE
	    && r->achieved != DATE_NONE && (r->proven || r->held) && !id_is_zero(&r->anchor);
}

static bool
same(const struct drawn *d, int k, const struct settle_row *a, int l, const struct settle_row *b)
{
	return id_eq(&a->unit, &b->unit) && id_eq(&a->anchor, &b->anchor)
	    && (a->terms_at + (uint32_t)k) % OUTCOMES == (b->terms_at + (uint32_t)l) % OUTCOMES
	    && a->ordinal == b->ordinal && claimed(d, k, a) && claimed(d, l, b);
}

/* Number of the contract that holds it, or -1; contracts are named in their order. */
static int
held_by(const struct drawn *d, int k, const struct settle_row *r, date_t *from)
{
	int best = -1;

	for (int l = 0; l < CONTRACTS; l++)
		for (int i = 0; i < ROWS; i++) {
			const struct settle_row *o = &d->rows[l][i];

			if (l == k || d->named[k][l] || d->named[l][k] || !same(d, k, r, l, o))
				continue;
			if (best < 0 || o->achieved < *from) {
				best = l;
				*from = o->achieved;
			}
		}
	return best;
}

static void
every_pair_is_as_defined_in_any_order(void **state)
{
	uint64_t first = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET), held = 0;

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct chance c = { seed * 0x9e3779b97f4a7c15u + 3 };
		struct settle_claims of[CONTRACTS];
		struct drawn d;
		int turn;

		draw(&c, &d);
		turn = chance_below(&c, CONTRACTS);
		for (int k = 0; k < CONTRACTS; k++) {
			for (int i = ROWS - 1; i > 0; i--) {
				int o = chance_below(&c, i + 1);
				struct settle_row swap = d.rows[k][i];

				d.rows[k][i] = d.rows[k][o];
				d.rows[k][o] = swap;
			}
			of[(k + turn) % CONTRACTS] = (struct settle_claims){ d.c[k], d.rows[k], ROWS };
		}
		settle_twice(of, CONTRACTS);
		settle_twice(of, CONTRACTS); /* says it anew */
		for (int k = 0; k < CONTRACTS; k++)
			for (int i = 0; i < ROWS; i++) {
				const struct settle_row *r = &d.rows[k][i];
				date_t from = DATE_NONE;
				int by = claimed(&d, k, r) ? held_by(&d, k, r, &from) : -1;

				held += by >= 0;
				if (by < 0 ? r->also.ptr != NULL
					   : !span_eq(r->also, contract_name(d.c[by])) || r->also_from != from)
					fail_msg("SEED=%llu: contract %d, claim %d: held by %d from %d, not "
					    "'%.*s' from %d", (unsigned long long)seed, k, i, by, from,
					    (int)r->also.len, (const char *)r->also.ptr, r->also_from);
			}
		for (int k = 0; k < CONTRACTS; k++)
			contract_free(d.c[k]);
	}
	assert_true(held > runs / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_as_defined_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
