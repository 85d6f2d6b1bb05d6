/*
 * A contract is read strictly: every mistake of the file at once, with its place;
 * what can never pay, or pays twice, is refused before it is published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/milestone/contract.h"
#include "transform/milestone/rules.h"

#define HEAD "contract: c\ntitle: C\ncurrency: GBP\n" \
	"parties: [{party: agency, name: A, organisation: A1, reports: yes}]\n"
#define VERSION HEAD "versions:\n- version: 1\n  effective: 2015-01-01\n  cohort: {programme: p}\n"
#define ONCE "{kind: event-once, event: home}"

static struct contract *
read_text(const char *text, struct buf *said)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("c.yaml", span_str(text), &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

	yaml_report_sort(&report);
	yaml_report_text(&report, said);
	assert_int_equal(c == NULL, report.n > 0);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return c;
}

static void
refused(const char *text, const char *why)
{
	struct buf said = BUF_INIT;
	struct contract *c = read_text(text, &said);

	if (c)
		fail_msg("was taken, expected: %s", why);
	if (!strstr(buf_cstr(&said), why))
		fail_msg("expected '%s' in:\n%s", why, buf_cstr(&said));
	buf_release(&said);
}

static struct contract *
taken(const char *text)
{
	struct buf said = BUF_INIT;
	struct contract *c = read_text(text, &said);

	if (!c)
		fail_msg("%s", buf_cstr(&said));
	buf_release(&said);
	return c;
}

static void
five_typos_are_told_at_once_with_their_places(void **state)
{
	static const char *const text = "contract: c\n"
		"titel: C\n"
		"currency: GPB\n"
		"versions:\n"
		"- version: 1\n"
		"  effective: 2015-02-30\n"
		"  cohort: {programme: p}\n"
		"  outcomes:\n"
		"  - {outcome: a, title: A, prise: 5.00, rule: {kind: event-onse, event: home}}\n";
	static const char *const told[] = { "c.yaml:2:1: ", "did you mean 'title'", "c.yaml:3:11: ",
		"not a currency", "c.yaml:6:14: ", "a date that exists", "c.yaml:9:28: ",
		"did you mean 'price'", "c.yaml:9:54: ", "did you mean 'event-once'", "     |  " };
	struct buf said = BUF_INIT;

	(void)state;
	assert_null(read_text(text, &said));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!strstr(buf_cstr(&said), told[i]))
			fail_msg("expected '%s' in:\n%s", told[i], buf_cstr(&said));
	buf_release(&said);
}

static void
what_was_read_outlives_the_file(void **state)
{
	struct contract *c = taken(VERSION "  outcomes:\n"
	    "  - {outcome: a, title: An outcome, price: 12.34, rule: " ONCE "}\n"
	    "- version: 2\n  effective: 2016-01-01\n  cohort: {programme: p}\n  outcomes:\n"
	    "  - {outcome: a, title: An outcome, price: 20.00, rule: " ONCE "}\n"
	    "  - {outcome: b, title: Other, pay: none, rule: {kind: assessment, stage: 2}}\n");

	(void)state;
	assert_true(span_is(contract_name(c), "c"));
	assert_true(span_is(contract_title(c), "C"));
	assert_true(span_is(contract_currency(c), "GBP"));
	assert_true(span_is(contract_unit(c), "person"));
	assert_int_equal(contract_version_newest(c), 2);
	assert_int_equal(contract_outcomes_n(c), 2);
	assert_true(span_is(contract_outcome_name(c, 1), "b"));
	assert_true(span_is(contract_outcome_title(c, 0), "An outcome"));
	assert_int_equal(contract_outcome_price(c, 0), 2000);
	assert_int_equal(contract_outcome_price(c, 1), 0);
	contract_free(c);
}

static void
what_is_not_written_has_the_documented_default(void **state)
{
	struct contract *c = taken(VERSION "  spells: [{spell: s, event: home}]\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: s, lasts: 3 months}}\n");
	const struct version_terms *v = &c->versions[0];

	(void)state;
	assert_int_equal(v->spells[0].gap_days, 0);
	assert_int_equal(v->spells[0].gap_total_days, RULES_NO_LIMIT_DAYS);
	assert_int_equal(v->spells[0].gap_within, GAP_COUNTS);
	assert_int_equal(v->spells[0].gap_longer, GAP_RESETS);
	assert_int_equal(v->spells[0].moves, MOVES_ANY);
	assert_int_equal(v->evidence.provider_alone, PROVIDER_ALONE_NEVER);
	assert_int_equal(v->evidence.agencies, 1);
	assert_int_equal(v->applies, APPLIES_REFERRALS);
	assert_true(v->outcomes[0].evidence == &v->evidence);
	contract_free(c);
}

static void
a_rung_with_its_own_filter_is_a_spell_of_its_own(void **state)
{
	struct contract *c = taken(VERSION
	    "  spells: [{spell: s, event: home, where: {setting: [a, b]}, gap_days: 9}]\n  outcomes:\n"
	    "  - {outcome: x, title: X, price: 1.00, rule: {kind: spell, spell: s, lasts: 3 months}}\n"
	    "  - {outcome: y, title: Y, price: 1.00, rule: {kind: spell, spell: s, lasts: 6 months, "
	    "where: {setting: a}}}\n"
	    "  - {outcome: z, title: Z, price: 1.00, rule: {kind: spell, spell: s, lasts: 9 months, "
	    "where: {setting: [a]}}}\n");
	const struct version_terms *v = &c->versions[0];

	(void)state;
	assert_int_equal(v->spells_n, 2);
	assert_int_equal(v->outcomes[1].rule.spell_at, 1);
	assert_int_equal(v->outcomes[2].rule.spell_at, 1);
	assert_int_equal(v->spells[1].gap_days, 9);
	assert_int_equal(v->spells[1].where.terms[0].n, 1);
	contract_free(c);
}

static void
what_can_never_pay_or_pays_twice_is_refused(void **state)
{
	(void)state;
	refused(VERSION "  outcomes: []\n", "can never pay: no outcomes");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 0.00, rule: " ONCE "}\n",
	    "can never pay");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, rule: " ONCE "}\n", "no price");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, pay: none, rule: "
	    ONCE "}\n", "one of them is too much");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.001, rule: " ONCE "}\n",
	    "finer than the smallest unit of GBP");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n"
	    "  - {outcome: b, title: B, price: 1.00, rule: " ONCE "}\n",
	    "pays twice for one fact: the same rule as 'a'");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n"
	    "  - {outcome: a, title: B, price: 1.00, rule: {kind: assessment, stage: 1}}\n",
	    "stands here twice");
	refused(HEAD "versions:\n- version: 1\n  effective: 2015-01-01\n  ends: 2014-12-31\n"
	    "  cohort: {programme: p, from: 2015-01-01, age_min: 30, age_max: 20}\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n",
	    "nobody is of that age");
	refused(HEAD "versions:\n- version: 1\n  effective: 2015-01-01\n  ends: 2014-12-31\n"
	    "  cohort: {programme: p, from: 2015-01-01}\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n",
	    "it ends before the first referral");
	refused("contract: c\ntitle: C\ncurrency: GBP\nversions:\n- version: 1\n"
	    "  effective: 2015-01-01\n  window: 12 months\n  cohort: {programme: p}\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n",
	    "nobody would report it");
}

static void
what_only_its_terms_are_refused_for_can_still_be_run_to_show_it(void **state)
{
	static const char *const twice = VERSION "  outcomes:\n"
		"  - {outcome: a, title: A, price: 1.00, rule: " ONCE "}\n"
		"  - {outcome: b, title: B, price: 1.00, rule: " ONCE "}\n";
	static const char *const typo = VERSION "  outcomes:\n"
		"  - {outcome: a, titel: A, price: 1.00, rule: " ONCE "}\n"
		"  - {outcome: b, title: B, price: 1.00, rule: " ONCE "}\n";
	static const char *const texts[] = { twice, typo };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct yaml_report report = YAML_REPORT_INIT;
		struct yaml_doc *doc = yaml_parse("c.yaml", span_str(texts[i]), &report);
		struct contract *c = contract_parse_shown(doc->root, &report);

		assert_int_equal(c != NULL, i == 0);
		assert_true(report.n > 0);
		assert_null(contract_parse(doc->root, &report));
		contract_free(c);
		yaml_report_release(&report);
		yaml_doc_free(doc);
	}
}

static void
a_parameter_of_another_kind_of_rule_is_refused(void **state)
{
	(void)state;
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "event-once, event: home, lasts: 3 months}}\n",
	    "unknown key 'lasts' in a rule of kind 'event-once'");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "event-once}}\n", "'event' is missing in a rule of kind 'event-once'");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, "
	    "spell: nowhere, lasts: 3 months}}\n", "no spell 'nowhere' in this version");
	refused(VERSION "  spells: [{spell: s, event: home}]\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: s}}\n",
	    "'lasts' is missing in a rule of kind 'spell'");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "assessment, stage: 1, after: b}}\n", "no outcome 'b' stands before this one");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "event-once, event: home, where: {hours: {atleast: 16}}}}\n",
	    "expected one of at_least, below");
	refused(VERSION "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "event-once, event: home, where: {hours: {at_least: 16, below: 16}}}}\n",
	    "nothing is below and at least that at once");
	refused(VERSION "  spells: [{spell: s, event: home, later: {setting: b}}]\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: s, lasts: 1 year}}\n",
	    "'later' adds to 'where'");
}

static void
versions_rise(void **state)
{
	(void)state;
	refused(VERSION "  outcomes: [{outcome: a, title: A, price: 1.00, rule: " ONCE "}]\n"
	    "- version: 1\n  effective: 2016-01-01\n  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: " ONCE "}]\n",
	    "versions rise; the one before is 1");
	refused(VERSION "  outcomes: [{outcome: a, title: A, price: 1.00, rule: " ONCE "}]\n"
	    "- version: 2\n  effective: 2014-01-01\n  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: " ONCE "}]\n",
	    "before the version that it varies");
}

/* Cut anywhere, with any byte changed: told, or taken, never worse. */
static void
no_damage_harms_the_reader(void **state)
{
	static const char *const text = VERSION "  spells: [{spell: s, event: home, where: {setting: "
		"[a, b]}}]\n  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, "
		"spell: s, lasts: 3 months, where: {setting: a}}}\n";
	size_t len = strlen(text);
	char *copy = mem_strdup(text);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		static const char damage[] = "\n:[{ 9-x";

		for (size_t k = 0; k < sizeof(damage); k++) {
			struct buf said = BUF_INIT;

			copy[i] = damage[k];
			contract_free(read_text(copy, &said));
			buf_release(&said);
		}
		copy[i] = text[i];
	}
	mem_free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_typos_are_told_at_once_with_their_places),
		cmocka_unit_test(what_was_read_outlives_the_file),
		cmocka_unit_test(what_is_not_written_has_the_documented_default),
		cmocka_unit_test(a_rung_with_its_own_filter_is_a_spell_of_its_own),
		cmocka_unit_test(what_can_never_pay_or_pays_twice_is_refused),
		cmocka_unit_test(what_only_its_terms_are_refused_for_can_still_be_run_to_show_it),
		cmocka_unit_test(a_parameter_of_another_kind_of_rule_is_refused),
		cmocka_unit_test(versions_rise),
		cmocka_unit_test(no_damage_harms_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
