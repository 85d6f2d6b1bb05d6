/*
 * What evaluate() says: the examples of a contract come out as agreed, each reason
 * and status can be reached, no sentence names a person, ids and hashes are what
 * anybody can compute.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/milestone/examples.h"
#include "transform/milestone/evaluate.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/timeline_in.h"

static struct contract *
contract_of(struct yaml_doc *doc, struct yaml_report *report)
{
	struct contract *c = doc ? contract_parse(doc->root, report) : NULL;
	struct buf said = BUF_INIT;

	if (!c) {
		yaml_report_text(report, &said);
		fail_msg("%s", buf_cstr(&said));
	}
	yaml_doc_free(doc);
	return c;
}

/* Runs `examples` against the contract; what it says, owned. */
static char *
examples_say(struct contract *c, struct yaml_doc *examples, uint32_t at_least,
    struct yaml_report *report)
{
	struct buf said = BUF_INIT;

	assert_non_null(examples);
	if (examples_run(c, examples->root, report) < at_least)
		fail_msg("fewer than %u examples", at_least);
	yaml_report_sort(report);
	yaml_report_text(report, &said);
	(void)buf_cstr(&said);
	yaml_report_release(report);
	yaml_doc_free(examples);
	contract_free(c);
	return (char *)said.ptr;
}

static void
the_st_basils_examples_come_out_as_agreed(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct contract *c = contract_of(yaml_load("config/contracts/st-basils.yaml", &report),
	    &report);
	char *said = examples_say(c, yaml_load("config/contracts/st-basils.examples.yaml", &report),
	    12, &report);

	(void)state;
	assert_string_equal(said, "");
	mem_free(said);
}

#define CONTRACT "contract: c\ntitle: C\ncurrency: GBP\n" \
	"parties: [{party: agency, name: Council, organisation: A1, reports: yes}]\n" \
	"versions:\n- version: 1\n  effective: 2015-01-01\n"
#define AGENCIES "agencies: {A1: council, N1: nhs, P1: provider}\nexamples:\n"
#define REFERRED "  events:\n  - {id: r, kind: referral, by: A1, on: 2015-01-01, " \
	"says: {programme: p, age: 20}}\n"

static char *
play(const char *contract, const char *examples)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct contract *c = contract_of(yaml_parse("c.yaml", span_str(contract), &report), &report);

	return examples_say(c, yaml_parse("e.yaml", span_str(examples), &report), 1, &report);
}

static void
comes_out(const char *contract, const char *examples)
{
	char *said = play(contract, examples);

	assert_string_equal(said, "");
	mem_free(said);
}

static void
an_example_that_comes_out_otherwise_is_a_mistake_at_its_line(void **state)
{
	char *said = play(CONTRACT "  cohort: {programme: p}\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 5.00, rule: {kind: event-once, event: home}}\n",
	    AGENCIES "- example: wrong\n  as_at: 2016-01-01\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-01}\n"
	    "  outcomes:\n  - {outcome: a, status: not-yet, price: 6.00, achieved: 2015-02-02}\n"
	    "  - {outcome: b, status: achieved}\n");

	(void)state;
	assert_non_null(strstr(said, "e.yaml:9:26: 'a': status comes out as 'achieved'"));
	assert_non_null(strstr(said, "price comes out as '5.00'"));
	assert_non_null(strstr(said, "achieved comes out as '2015-02-01'"));
	assert_non_null(strstr(said, "e.yaml:10:5: no outcome 'b' comes out"));
	mem_free(said);
}

static void
evidence_is_asked_for_by_role_type_number_and_freshness(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p}\n"
	    "  spells: [{spell: s, event: home}]\n  outcomes:\n"
	    "  - {outcome: two, title: T, price: 1.00, rule: {kind: event-once, event: home}, "
	    "evidence: {agencies: 2}}\n"
	    "  - {outcome: nhs, title: N, price: 1.00, rule: {kind: event-once, event: job}, "
	    "evidence: {from: nhs}}\n"
	    "  - {outcome: kind, title: K, price: 1.00, rule: {kind: event-once, event: course}, "
	    "evidence: {kinds: [award], types: [certificate]}}\n"
	    "  - {outcome: rung, title: R, price: 1.00, rule: {kind: spell, spell: s, lasts: "
	    "30 days}, evidence: {from: council, fresh_days: 5}}\n",
	    AGENCIES "- example: all is there\n  as_at: 2016-01-01\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-01}\n"
	    "  - {id: h2, kind: home, by: P1, on: 2015-02-20}\n"
	    "  - {id: k1, kind: home-confirmed, by: A1, on: 2015-02-25}\n"
	    "  - {id: k2, kind: home-confirmed, by: P1, on: 2015-03-20}\n"
	    "  - {id: j, kind: job, by: N1, on: 2015-02-01}\n"
	    "  - {id: c, kind: course, by: P1, on: 2015-02-01}\n"
	    "  - {id: w, kind: award, by: A1, on: 2015-02-10, evidence: certificate}\n"
	    "  outcomes:\n  - {outcome: two, status: achieved}\n  - {outcome: nhs, status: achieved}\n"
	    "  - {outcome: kind, status: achieved}\n  - {outcome: rung, status: awaiting-evidence}\n"
	    "- example: the same, and one is fresh\n  as_at: 2016-01-01\n" REFERRED
	    "  - {id: h, kind: home, by: P1, on: 2015-02-01}\n"
	    "  - {id: k1, kind: home-confirmed, by: A1, on: 2015-02-26}\n"
	    "  - {id: k2, kind: home-confirmed, by: P1, on: 2015-03-20}\n"
	    "  outcomes:\n  - {outcome: rung, status: achieved, achieved: 2015-03-03}\n"
	    "- example: nothing is\n  as_at: 2016-01-01\n" REFERRED
	    "  - {id: h, kind: home, by: P1, on: 2015-02-01}\n"
	    "  - {id: k, kind: home-confirmed, by: P1, on: 2015-09-01}\n"
	    "  - {id: j, kind: job, by: P1, on: 2015-02-01}\n"
	    "  - {id: c, kind: course, by: P1, on: 2015-02-01}\n"
	    "  outcomes:\n"
	    "  - {outcome: two, status: awaiting-evidence, reasons: [awaiting-more-agencies]}\n"
	    "  - {outcome: nhs, status: awaiting-evidence, reasons: [awaiting-agency]}\n"
	    "  - {outcome: kind, status: awaiting-evidence, reasons: [awaiting-evidence-type, "
	    "awaiting-independent-agency]}\n"
	    "  - {outcome: rung, status: awaiting-evidence, reasons: [awaiting-agency]}\n");
}

static void
a_gap_that_fails_is_final_once_everybody_is_complete(void **state)
{
	(void)state;
	comes_out(CONTRACT "  lag: 10 days\n  cohort: {programme: p}\n"
	    "  spells: [{spell: s, event: home, gap_days: 7, gap_longer: fails}]\n  outcomes:\n"
	    "  - {outcome: a, title: A, price: 5.00, rule: {kind: spell, spell: s, lasts: 90 days}}\n",
	    AGENCIES "- example: not complete\n  as_at: 2015-12-01\n  complete: {A1: 2015-03-17}\n"
	    REFERRED "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-03-01}\n"
	    "  outcomes: [{outcome: a, status: not-yet, reasons: [gap-too-long, feed-not-complete]}]\n"
	    "- example: complete through the last day of the gap and the lag\n  as_at: 2015-12-01\n"
	    "  complete: {A1: 2015-03-18}\n"
	    REFERRED "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-03-01}\n"
	    "  outcomes: [{outcome: a, status: not-met, reasons: [gap-too-long]}]\n"
	    "- example: a new spell does not help\n  as_at: 2015-12-01\n"
	    "  complete: {A1: 2015-11-01}\n"
	    REFERRED "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-03-01}\n"
	    "  - {id: h2, kind: home, by: A1, on: 2015-04-01, until: 2015-11-01}\n"
	    "  outcomes: [{outcome: a, status: not-met}]\n");
}

static void
a_variation_holds_for_whom_it_says(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: home}}]\n"
	    "- version: 2\n  effective: 2015-06-01\n  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 2.00, rule: {kind: event-once, event: home}}]\n"
	    "- version: 3\n  effective: 2016-06-01\n  applies: everyone\n  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 3.00, rule: {kind: event-once, event: home}}]\n",
	    AGENCIES "- example: referred before\n  as_at: 2016-05-31\n" REFERRED
	    "  outcomes: [{outcome: a, status: not-yet, version: 1, price: 1.00}]\n"
	    "- example: referred from its day on\n  as_at: 2016-05-31\n  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-06-01, says: {programme: p}}\n"
	    "  outcomes: [{outcome: a, status: not-yet, version: 2, price: 2.00}]\n"
	    "- example: everyone\n  as_at: 2016-06-01\n" REFERRED
	    "  outcomes: [{outcome: a, status: not-yet, version: 3, price: 3.00}]\n");
}

static void
only_the_first_move_or_any(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p}\n  outcomes:\n"
	    "  - {outcome: any, title: A, price: 5.00, rule: {kind: event-once, event: home, "
	    "where: {setting: own}}}\n"
	    "  - {outcome: first, title: F, pay: none, rule: {kind: event-once, event: home, "
	    "where: {setting: own}, move: first}}\n"
	    "  - {outcome: full, title: H, price: 5.00, rule: {kind: event-once, event: job, "
	    "where: {hours: {at_least: 16}}}}\n"
	    "  - {outcome: part, title: P, price: 5.00, rule: {kind: event-once, event: job, "
	    "where: {hours: {below: 16}}}}\n",
	    AGENCIES "- example: a hostel first\n  as_at: 2016-01-01\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-03-01, says: {setting: hostel}}\n"
	    "  - {id: o, kind: home, by: A1, on: 2015-03-01, says: {setting: own}}\n"
	    "  - {id: j, kind: job, by: A1, on: 2015-03-01, says: {hours: 16}}\n"
	    "  outcomes:\n  - {outcome: any, status: achieved, achieved: 2015-03-01}\n"
	    "  - {outcome: first, status: not-yet, reasons: [first-does-not-count]}\n"
	    "  - {outcome: full, status: achieved}\n  - {outcome: part, status: not-yet}\n");
}

static void
what_comes_before_the_referral_does_not_count(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: home}}]\n",
	    AGENCIES "- example: before\n  as_at: 2016-05-31\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2014-12-31}\n"
	    "  outcomes: [{outcome: a, status: not-yet}]\n"
	    "- example: on the day\n  as_at: 2016-05-31\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-01-01}\n"
	    "  outcomes: [{outcome: a, status: achieved}]\n"
	    "- example: what has not come yet\n  as_at: 2015-02-01\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-02}\n"
	    "  outcomes: [{outcome: a, status: not-yet}]\n");
}

static void
an_age_that_is_not_stated_is_asked_for(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p, age_min: 18}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: home}}]\n",
	    AGENCIES "- example: no age\n  as_at: 2016-05-31\n  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-06-01, says: {programme: p}}\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [age-not-stated]}]\n"
	    "- example: another referral says it\n  as_at: 2016-05-31\n  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-06-01, says: {programme: p}}\n"
	    "  - {id: s, kind: referral, by: N1, on: 2015-06-09, says: {programme: p, age: 30}}\n"
	    "  outcomes: [{outcome: a, status: not-yet}]\n"
	    "- example: a birthday between two referrals is no contradiction\n  as_at: 2016-05-31\n"
	    "  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-06-01, says: {programme: p, age: 24}}\n"
	    "  - {id: s, kind: referral, by: N1, on: 2015-06-09, says: {programme: p, age: 25}}\n"
	    "  outcomes: [{outcome: a, status: not-yet}]\n");
}

static void
an_uncounted_decision_does_nothing_and_says_so(void **state)
{
	(void)state;
	comes_out(CONTRACT "  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: home}}]\n",
	    AGENCIES "- example: not signed by who may\n  as_at: 2016-05-31\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-01-01}\n"
	    "  decisions: [{what: verified, outcome: a, by: x, on: 2015-02-01, counts: no}]\n"
	    "  outcomes: [{outcome: a, status: achieved, reasons: [decision-not-counted]}]\n"
	    "- example: verified, and then rejected\n  as_at: 2016-05-31\n" REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-01-01}\n"
	    "  decisions:\n  - {what: verified, outcome: a, by: x, on: 2015-02-01}\n"
	    "  - {what: rejected, outcome: a, by: y, on: 2015-02-02}\n"
	    "  outcomes: [{outcome: a, status: rejected}]\n"
	    "- example: verified without the evidence\n  as_at: 2016-05-31\n" REFERRED
	    "  - {id: h, kind: home, by: P1, on: 2015-01-01}\n"
	    "  decisions: [{what: verified, outcome: a, by: x, on: 2015-02-01}]\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: "
	    "[verified-without-evidence]}]\n");
}

/* --- ids and hashes, computed once more in another way ------------------------------------ */

static void
ids_and_hashes_are_what_anybody_can_compute(void **state)
{
	static const struct id unit = { { 0xaa, 0xbb } }, event = { { 7 } };
	struct yaml_report report = YAML_REPORT_INIT;
	struct contract *c = contract_of(yaml_parse("c.yaml", SPAN_LIT(CONTRACT
	    "  cohort: {programme: p}\n"
	    "  outcomes: [{outcome: abc, title: A, price: 1.00, rule: {kind: event-once, event: home}}]\n"),
	    &report), &report);
	struct names *names = names_new(1);
	struct timeline *tl = timeline_new(names, &unit);
	struct attribute at = { SPAN_LIT("programme"), { 0, false }, SPAN_LIT("p") };
	struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.kind = SPAN_LIT("referral"), .organisation = SPAN_LIT("A1"), .role = SPAN_LIT("council"),
		.start = 16500, .end = DATE_NONE, .attributes = { &at, 1 } };
	uint8_t digest[SHA256_BYTES], text[256];
	struct outcome_list list;
	struct arena arena;
	struct buf msg = BUF_INIT;

	(void)state;
	memset(ln.raw_sha256, 0x5a, SHA256_BYTES);
	arena_init(&arena, 0);
	timeline_event(tl, &event, &ln);
	list = evaluate(c, tl, &(struct evaluate_facts){ .as_at = 16600 }, &arena);
	assert_int_equal(list.n, 1);

	buf_add(&msg, "\0\1c\0\3abc\0\20", 10);
	buf_add(&msg, unit.b, ID_BYTES);
	buf_add(&msg, "\0\0\0\1", 4);
	sha256(buf_view(&msg), digest);
	assert_memory_equal(list.items[0].outcome_id.b, digest, ID_BYTES);

	memcpy(text, "\0\0\0\17outturn-facts-1\0\0\0\1c\0\0\0\1\0\0\0\1", 32);
	memcpy(text + 32, event.b, ID_BYTES);
	memset(text + 32 + ID_BYTES, 0x5a, SHA256_BYTES);
	sha256(span_of(text, 32 + ID_BYTES + SHA256_BYTES), digest);
	assert_memory_equal(list.items[0].facts_hash, digest, SHA256_BYTES);

	list = evaluate(c, tl, &(struct evaluate_facts){ .as_at = DATE_NONE }, &arena);
	assert_true(span_is(list.items[0].status, "not-yet"));
	assert_true(span_is(((struct reason *)list.items[0].reasons.items)->code, "no-day-stated"));
	assert_memory_equal(list.items[0].facts_hash, digest, SHA256_BYTES);
	buf_release(&msg);
	arena_release(&arena);
	timeline_free(tl);
	names_free(names);
	contract_free(c);
}

/* More records than a word has bits: what an outcome stands on comes by id, each once. */
static void
an_outcome_stands_on_any_number_of_records_by_id(void **state)
{
	static const struct id unit = { { 0xaa } };
	struct yaml_report report = YAML_REPORT_INIT;
	struct contract *c = contract_of(yaml_parse("c.yaml", SPAN_LIT(CONTRACT
	    "  cohort: {programme: p}\n  spells: [{spell: s, event: home, gap_days: 9}]\n"
	    "  outcomes: [{outcome: a, title: A, price: 1.00, "
	    "rule: {kind: spell, spell: s, lasts: 300 days}}]\n"), &report), &report);
	struct names *names = names_new(1);
	struct timeline *tl = timeline_new(names, &unit);
	struct attribute at = { SPAN_LIT("programme"), { 0, false }, SPAN_LIT("p") };
	const struct id *ids;
	struct outcome_list list;
	struct arena arena;
	size_t allocated;

	(void)state;
	arena_init(&arena, 0);
	for (int i = 0; i <= 150; i++) { /* homes of two days each, one behind the other */
		struct id event = { { (uint8_t)(i * 101), (uint8_t)i } };
		struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
			.kind = i ? SPAN_LIT("home") : SPAN_LIT("referral"),
			.organisation = SPAN_LIT("A1"), .role = SPAN_LIT("council"),
			.start = 16500 + 2 * i, .end = i ? 16502 + 2 * i : DATE_NONE,
			.attributes = { &at, 1 } };

		timeline_event(tl, &event, &ln);
	}
	list = evaluate(c, tl, &(struct evaluate_facts){ .as_at = 17000 }, &arena);
	allocated = mallinfo2().uordblks;
	for (date_t day = 17001; day < 17050; day++) { /* once set up, it allocates nothing */
		arena_reset(&arena);
		list = evaluate(c, tl, &(struct evaluate_facts){ .as_at = day }, &arena);
	}
	assert_int_equal(mallinfo2().uordblks, allocated);
	assert_int_equal(list.n, 1);
	assert_true(span_is(list.items[0].status, "achieved"));
	assert_int_equal(list.items[0].evidence.n, 151);
	ids = list.items[0].evidence.items;
	for (uint32_t i = 1; i < list.items[0].evidence.n; i++)
		assert_true(id_cmp(&ids[i - 1], &ids[i]) < 0);
	arena_release(&arena);
	timeline_free(tl);
	names_free(names);
	contract_free(c);
}

/* Matching knows persons: a child is one of them, a family is none. */
static void
a_child_is_matched_as_a_person_and_a_family_is_not(void **state)
{
	static const char *const units[] = { "person", "child", "family" };
	static const struct id unit = { { 0xaa } }, event = { { 7 } };
	struct attribute at = { SPAN_LIT("programme"), { 0, false }, SPAN_LIT("p") };
	struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.kind = SPAN_LIT("referral"), .organisation = SPAN_LIT("A1"),
		.role = SPAN_LIT("council"), .start = 16500, .end = DATE_NONE,
		.attributes = { &at, 1 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct yaml_report report = YAML_REPORT_INIT;
		struct buf text = BUF_INIT;
		struct contract *c;
		struct names *names = names_new(1);
		struct timeline *tl = timeline_new(names, &unit);
		struct outcome_list list;
		struct arena arena;

		buf_printf(&text, "unit: %s\n" CONTRACT "  cohort: {programme: p}\n  outcomes: [{outcome: "
		    "a, title: A, price: 1.00, rule: {kind: event-once, event: ex}}]\n", units[i]);
		c = contract_of(yaml_parse("c.yaml", buf_view(&text), &report), &report);
		arena_init(&arena, 0);
		timeline_event(tl, &event, &ln);
		list = evaluate(c, tl, &(struct evaluate_facts){ .as_at = 17000 }, &arena);
		assert_int_equal(list.n, i < 2 ? 1 : 0);
		arena_release(&arena);
		timeline_free(tl);
		names_free(names);
		contract_free(c);
		buf_release(&text);
	}
}

static void
statuses_and_reasons_are_the_documented_ones(void **state)
{
	static const char *const statuses[] = { "not-yet", "observed", "achieved",
		"awaiting-evidence", "contradicted", "queried", "verified", "rejected", "expired",
		"not-met" };
	struct buf docs = BUF_INIT;
	FILE *f = fopen("docs/contracts.md", "r");
	size_t got = 1;

	(void)state;
	assert_int_equal(STATUS_COUNT, sizeof(statuses) / sizeof(statuses[0]));
	assert_non_null(f);
	while (got) {
		buf_grow(&docs, 1 << 16);
		got = fread(docs.ptr + docs.len, 1, 1 << 16, f);
		docs.len += got;
	}
	fclose(f);
	for (int s = 0; s < STATUS_COUNT; s++) {
		assert_true(span_is(status_name((enum status)s), statuses[s]));
		if (!strstr(buf_cstr(&docs), statuses[s]))
			fail_msg("docs/contracts.md has no status %s", statuses[s]);
	}
	for (int r = 0; r < REASON_COUNT; r++) {
		char row[120];

		snprintf(row, sizeof(row), "| `" SPAN_FMT "` |", SPAN_ARG(reason_name((enum reason_code)r)));
		if (!strstr(buf_cstr(&docs), row))
			fail_msg("docs/contracts.md has no reason %s", row);
	}
	buf_release(&docs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_st_basils_examples_come_out_as_agreed),
		cmocka_unit_test(an_example_that_comes_out_otherwise_is_a_mistake_at_its_line),
		cmocka_unit_test(evidence_is_asked_for_by_role_type_number_and_freshness),
		cmocka_unit_test(a_gap_that_fails_is_final_once_everybody_is_complete),
		cmocka_unit_test(a_variation_holds_for_whom_it_says),
		cmocka_unit_test(only_the_first_move_or_any),
		cmocka_unit_test(what_comes_before_the_referral_does_not_count),
		cmocka_unit_test(an_age_that_is_not_stated_is_asked_for),
		cmocka_unit_test(an_uncounted_decision_does_nothing_and_says_so),
		cmocka_unit_test(ids_and_hashes_are_what_anybody_can_compute),
		cmocka_unit_test(an_outcome_stands_on_any_number_of_records_by_id),
		cmocka_unit_test(a_child_is_matched_as_a_person_and_a_family_is_not),
		cmocka_unit_test(statuses_and_reasons_are_the_documented_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
