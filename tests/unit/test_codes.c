/* Code lists are judged by the day a record speaks of; what leaves is the
 * list's own spelling; a set with mistakes is no set, and all are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/io/yaml.h"
#include "ingest/codes.h"

enum { PAGES_MAX = 16 };

static const char list_sexes[] = "list: sexes\ncodes:\n  - {code: female, means: f, also: [F, \"2\"]}\n";
static const char list_groups[] = "list: ethnic-groups\ncodes:\n  - {code: A, means: a}\n";
static const char list_types[] = "list: evidence-types\ncodes:\n"
	"  - {code: lease, means: l, from: 2020-01-01, until: 2022-01-01}\n"
	"  - {code: lease, means: l, from: 2023-01-01}\n";
static const char kinds_good[] = "kinds:\n"
	"  stay:\n    shape: spell\n    says: stayed\n    attributes:\n"
	"      place: {type: code, list: sexes, required: yes, place: yes, says: where}\n"
	"  visit:\n    shape: point\n    says: came\n";

/* NULL at the end. */
static struct codes *
parse(struct yaml_report *report, const char *const *pages)
{
	struct yaml_doc *docs[PAGES_MAX];
	const struct yaml *roots[PAGES_MAX] = { NULL };
	struct codes *codes;
	size_t n = 0;

	for (; pages[n]; n++) {
		docs[n] = yaml_parse("page", span_str(pages[n]), report);
		assert_non_null(docs[n]);
		roots[n] = docs[n]->root;
	}
	codes = codes_parse(roots, n, report);
	while (n > 0)
		yaml_doc_free(docs[--n]);
	return codes;
}

static struct codes *
good(void)
{
	const char *const pages[] = { kinds_good, list_types, list_sexes, list_groups, NULL };
	struct yaml_report report = YAML_REPORT_INIT;
	struct codes *codes = parse(&report, pages);

	assert_non_null(codes);
	assert_int_equal(report.n, 0);
	return codes;
}

static void
test_a_code_is_found_by_every_spelling_and_leaves_in_one(void **state)
{
	struct codes *codes = good();
	struct span out = SPAN_NONE;

	(void)state;
	assert_int_equal(code_find(codes->sexes, SPAN_LIT(" F "), 0, &out), CODE_FOUND);
	assert_true(span_is(out, "female"));
	assert_int_equal(code_find(codes->sexes, SPAN_LIT("2"), 0, &out), CODE_FOUND);
	assert_int_equal(code_find(codes->sexes, SPAN_LIT("fem"), 0, &out), CODE_UNKNOWN);
	assert_int_equal(code_find(codes->sexes, SPAN_LIT(""), 0, &out), CODE_UNKNOWN);
	codes_free(codes);
}

static void
test_a_code_holds_from_its_first_day_to_the_day_before_its_last(void **state)
{
	struct codes *codes = good();
	const struct {
		int y, m, d;
		enum code_found found;
	} days[] = { { 2019, 12, 31, CODE_NOT_THEN }, { 2020, 1, 1, CODE_FOUND },
		{ 2021, 12, 31, CODE_FOUND }, { 2022, 1, 1, CODE_NOT_THEN },
		{ 2022, 12, 31, CODE_NOT_THEN }, { 2023, 1, 1, CODE_FOUND } };
	struct span out;

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		assert_int_equal(code_find(codes->evidence_types, SPAN_LIT("lease"),
		    date_of(days[i].y, days[i].m, days[i].d), &out), days[i].found);
	codes_free(codes);
}

static void
test_a_spell_has_its_other_forms_and_a_point_has_none(void **state)
{
	struct codes *codes = good();
	struct kind_ref ref;

	(void)state;
	assert_int_equal(kind_find(codes, SPAN_LIT("stay"), 0, &ref), CODE_FOUND);
	assert_int_equal(ref.form, KIND_ITSELF);
	assert_int_equal(kind_find(codes, SPAN_LIT("stay-ended"), 0, &ref), CODE_FOUND);
	assert_int_equal(ref.form, KIND_ENDED);
	assert_int_equal(kind_find(codes, SPAN_LIT("stay-confirmed"), 0, &ref), CODE_FOUND);
	assert_int_equal(kind_find(codes, SPAN_LIT("visit"), 0, &ref), CODE_FOUND);
	assert_int_equal(kind_find(codes, SPAN_LIT("visit-ended"), 0, &ref), CODE_UNKNOWN);
	assert_non_null(attribute_def_find(kind_named(codes, SPAN_LIT("stay")), SPAN_LIT("place")));
	assert_null(attribute_def_find(kind_named(codes, SPAN_LIT("visit")), SPAN_LIT("place")));
	codes_free(codes);
}

static void
test_a_set_with_a_mistake_is_no_set(void **state)
{
	static const char *const bad_kinds[] = {
		"kinds:\n  stay:\n    shape: triangle\n    says: x\n",
		"kinds:\n  stay:\n    shape: spell\n    says: x\n    attributes:\n"
		"      a: {type: code, list: no-such-list, says: x}\n",
		"kinds:\n  stay:\n    shape: spell\n    says: x\n    attributes:\n"
		"      a: {type: code, says: x}\n",
		"kinds:\n  stay:\n    shape: spell\n    says: x\n    attributes:\n"
		"      age: {type: number, says: derived here and nowhere else}\n",
		"kinds:\n  stay:\n    shape: spell\n    says: x\n  stay-ended:\n    shape: point\n    says: x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad_kinds) / sizeof(bad_kinds[0]); i++) {
		const char *const pages[]
		    = { bad_kinds[i], list_types, list_sexes, list_groups, NULL };
		struct yaml_report report = YAML_REPORT_INIT;

		assert_null(parse(&report, pages));
		assert_true(report.n > 0 && report.mistakes[0].line > 0);
		yaml_report_release(&report);
	}
}

static void
test_a_set_without_a_list_that_is_needed_is_no_set(void **state)
{
	const char *const without[3][5] = { { kinds_good, list_types, list_sexes, NULL },
		{ kinds_good, list_types, list_groups, NULL },
		{ kinds_good, list_sexes, list_groups, NULL } };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct yaml_report report = YAML_REPORT_INIT;

		assert_null(parse(&report, without[i]));
		assert_true(report.n > 0);
		yaml_report_release(&report);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_code_is_found_by_every_spelling_and_leaves_in_one),
		cmocka_unit_test(test_a_code_holds_from_its_first_day_to_the_day_before_its_last),
		cmocka_unit_test(test_a_spell_has_its_other_forms_and_a_point_has_none),
		cmocka_unit_test(test_a_set_with_a_mistake_is_no_set),
		cmocka_unit_test(test_a_set_without_a_list_that_is_needed_is_no_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
