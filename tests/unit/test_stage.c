/*
 * The stage: what a record names, and what it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "transform/milestone/stage.h"

static const struct id unit = { { 'u', 1 } }, other = { { 'u', 2 } };

static bool
unreadable(void *arg, struct span bytes, struct decision *out, bool *counts)
{
	(void)arg;
	(void)bytes;
	(void)out;
	(void)counts;
	return false;
}

static struct contract *
contract_of(struct span text)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("case.yaml", text, &report);
	struct contract *c;

	assert_non_null(doc);
	c = contract_parse(doc->root, &report);
	assert_non_null(c);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return c;
}

static struct stage *
begin(void)
{
	struct stage *st = stage_new(&(struct stage_asks){ .decision = unreadable }, 5);

	stage_contract(st, SPAN_LIT("c"), contract_of(SPAN_LIT(
	    "contract: c\ntitle: C\ncurrency: GBP\nversions:\n- version: 1\n"
	    "  effective: 2000-01-01\n  cohort: {programme: p}\n"
	    "  evidence: {provider_alone: allowed}\n  outcomes:\n"
	    "  - {outcome: in, title: I, price: 1.00, rule: {kind: event-once, event: home}}\n"
	    "  - {outcome: work, title: W, price: 1.00, rule: {kind: event-once, event: job}}\n")));
	stage_as_at(st, 16600);
	return st;
}

static void
put(struct stage *st, const struct id *of, int n, const char *kind, date_t start)
{
	struct id id = { { 'e', (uint8_t)n } };
	struct attribute at = { SPAN_LIT("programme"), { 0, false }, SPAN_LIT("p") };
	struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.organisation = SPAN_LIT("A1"), .role = SPAN_LIT("council"), .kind = span_str(kind),
		.start = start, .end = DATE_NONE, .attributes = { &at, 1 } };

	ln.raw_sha256[0] = (uint8_t)n;
	stage_event(st, of, &id, kind ? &ln : NULL);
}

/* How many outcomes are named, and how many of them are there. */
static int
named(struct stage *st, int *there)
{
	struct id id;
	int n = 0;

	for (*there = 0; stage_next_touched(st, &id); n++)
		*there += stage_want(st, &id) != NULL;
	return n;
}

static void
a_record_names_what_it_can_touch(void **state)
{
	struct stage *st = begin();
	int there;

	(void)state;
	put(st, &unit, 1, "home", 16510);
	assert_int_equal(named(st, &there), 0); /* not referred */
	put(st, &unit, 2, "referral", 16500);
	assert_int_equal(named(st, &there), 2);
	put(st, &unit, 3, "job", 16520);
	assert_int_equal(named(st, &there), 1);
	put(st, &unit, 3, "job", 16520); /* nothing new */
	assert_int_equal(named(st, &there), 0);
	put(st, &unit, 3, "home-confirmed", 16520); /* of the one kind, and of the other */
	assert_int_equal(named(st, &there), 2);
	put(st, &unit, 4, "visit", 16520);
	assert_int_equal(named(st, &there), 0);
	stage_as_at(st, 16601);
	assert_int_equal(named(st, &there), 2);
	stage_free(st);
}

static void
what_has_gone_is_named_once(void **state)
{
	struct stage *st = begin();
	struct id ids[2];
	int there;

	(void)state;
	put(st, &unit, 2, "referral", 16500);
	put(st, &other, 3, "referral", 16500);
	assert_true(stage_next_touched(st, &ids[0]) && stage_next_touched(st, &ids[1]));
	assert_int_equal(named(st, &there), 2);
	put(st, &unit, 2, NULL, 0);
	assert_int_equal(named(st, &there), 2);
	assert_int_equal(there, 0);
	assert_int_equal(named(st, &there), 0);
	assert_null(stage_want(st, &ids[0]));
	assert_int_equal(stage_stats(st).units, 1);
	stage_contract(st, SPAN_LIT("c"), NULL);
	assert_int_equal(named(st, &there), 2);
	assert_int_equal(there, 0);
	stage_free(st);
}

static void
any_outcome_can_be_asked_for_at_any_time(void **state)
{
	struct stage *st = begin();
	struct id ids[2], nobodys = { { 'x' } };
	int there;

	(void)state;
	put(st, &unit, 2, "referral", 16500);
	assert_true(stage_next_touched(st, &ids[0]) && stage_next_touched(st, &ids[1]));
	put(st, &other, 3, "referral", 16500);
	assert_null(stage_want(st, &nobodys)); /* asks everybody first */
	assert_true(id_eq(&stage_want(st, &ids[1])->outcome_id, &ids[1]));
	put(st, &unit, 5, "home", 16510);
	assert_true(id_eq(&stage_want(st, &ids[1])->outcome_id, &ids[1])); /* not touched */
	assert_int_equal(stage_want(st, &ids[0])->achieved, 16510);        /* not named yet */
	assert_int_equal(named(st, &there), 2 + 1); /* the other's, and what the home touches */
	assert_int_equal(there, 2 + 1);
	stage_free(st);
}

static void
a_decision_that_cannot_be_read_is_nothing(void **state)
{
	struct stage *st = begin();
	struct id id = { { 'd' } };
	int there;

	(void)state;
	stage_decision(st, &unit, &id, SPAN_LIT("?"));
	assert_int_equal(named(st, &there), 0);
	stage_decisions_again(st); /* of somebody of whom nothing is known */
	assert_int_equal(named(st, &there), 0);
	stage_free(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_names_what_it_can_touch),
		cmocka_unit_test(what_has_gone_is_named_once),
		cmocka_unit_test(any_outcome_can_be_asked_for_at_any_time),
		cmocka_unit_test(a_decision_that_cannot_be_read_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
