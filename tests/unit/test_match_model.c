/* The matching model: what is built in is what is shipped, the first step whose levels all hold
 * decides, and every mistake of a file is told with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/io/yaml.h"
#include "transform/match/model.h"

static void
test_what_is_built_in_is_what_is_shipped(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/models/deterministic-1.yaml", &report);
	struct model *model = doc ? model_parse(doc->root, &report) : NULL;

	(void)state;
	assert_int_equal(report.n, 0);
	assert_non_null(model);
	yaml_doc_free(doc); /* copies are kept */
	assert_true(model_same(model, model_builtin()));
	assert_true(span_is(model_name(model), "deterministic"));
	assert_int_equal(model_version(model), 1);
	model_free(model);
}

static int
decide(const char *const *levels)
{
	uint8_t v[COMPARE_END] = { LEVEL_MISSING };

	for (; levels[0]; levels += 2)
		for (int c = 0; c < COMPARE_END; c++)
			for (int l = 0; l < LEVEL_END; l++)
				if (strcmp(levels[0], comparison_name((enum comparison)c)) == 0
				    && strcmp(levels[1], level_name((enum comparison_level)l)) == 0)
					v[c] = (uint8_t)l;
	return model_decide(model_builtin(), v);
}

#define DECIDE(...) decide((const char *const[]){ __VA_ARGS__, NULL })

static void
assert_step(int step, const char *name)
{
	const struct model_step *steps;

	if (!name) {
		assert_int_equal(step, -1);
		return;
	}
	model_steps(model_builtin(), &steps);
	assert_true(step >= 0);
	assert_true(span_is(steps[step].name, name));
}

static void
test_the_shipped_steps_put_precision_first(void **state)
{
	(void)state;
	assert_step(DECIDE("nhs-number", "agree", "dob", "agree"), "nhs+dob");
	assert_step(DECIDE("nhs-number", "agree", "dob", "swap"), "nhs+dob");
	assert_step(DECIDE("nhs-number", "agree", "dob", "disagree"), NULL);
	assert_step(DECIDE("nhs-number", "agree"), NULL); /* a number alone is a typing slip away */
	assert_step(DECIDE("nhs-number", "agree", "surname", "agree", "forename", "swap"), "nhs+name");
	assert_step(DECIDE("local-id", "agree", "dob", "partial"), "local-id+dob");
	assert_step(DECIDE("surname", "agree", "forename", "agree", "dob", "agree", "postcode", "agree"),
	    "name+dob+postcode");
	assert_step(DECIDE("surname", "agree", "forename", "agree", "dob", "agree"), "name+dob");
	assert_step(DECIDE("surname", "agree", "forename", "agree", "dob", "agree", "sex", "disagree"),
	    NULL);
	assert_step(DECIDE("surname", "agree", "forename", "agree", "dob", "partial"), NULL);
	assert_step(DECIDE("surname", "agree", "forename", "agree", "postcode", "agree"), NULL);
	assert_step(DECIDE("surname", "agree", "forename", "disagree", "dob", "agree", "postcode",
	    "agree"), NULL); /* twins */
	assert_step(DECIDE("dob", "agree", "postcode", "agree", "uprn", "agree"), NULL);
}

static void
test_steps_are_ordered_by_strength(void **state)
{
	const struct model_step *steps;
	size_t n = model_steps(model_builtin(), &steps);

	(void)state;
	for (size_t i = 1; i < n; i++) {
		assert_true(steps[i].weight_mbit <= steps[i - 1].weight_mbit);
		assert_false(steps[i].exact && !steps[i - 1].exact);
	}
}

static void
test_every_mistake_of_a_file_is_told_with_its_place(void **state)
{
	static const char text[] = "model: mine\nversion: 0\nblocks:\n  - [nhs-nummer]\n"
		"  - [dob, surname, forename, postcode, sex]\nsteps:\n"
		"  - {name: a, weight_mbit: 5, when: {dob: alike, surename: agree}}\n"
		"  - {name: b, weight_mbit: many, when: agree}\n";
	static const struct {
		uint32_t line;
		const char *part;
	} mistakes[] = { { 2, "" }, { 4, "token field" }, { 5, "1 to 4 fields" }, { 7, "agree, partial" },
		{ 7, "no comparison" }, { 8, "" }, { 8, "mapping" } };
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("mine", span_str(text), &report);

	(void)state;
	assert_null(model_parse(doc->root, &report));
	yaml_report_sort(&report);
	assert_int_equal(report.n, sizeof(mistakes) / sizeof(mistakes[0]));
	for (uint32_t i = 0; i < report.kept; i++) {
		bool found = false;

		for (size_t k = 0; k < sizeof(mistakes) / sizeof(mistakes[0]); k++)
			found |= report.mistakes[i].line == mistakes[k].line
			    && strstr(report.mistakes[i].text, mistakes[k].part);
		assert_true(found);
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_built_in_is_what_is_shipped),
		cmocka_unit_test(test_the_shipped_steps_put_precision_first),
		cmocka_unit_test(test_steps_are_ordered_by_strength),
		cmocka_unit_test(test_every_mistake_of_a_file_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
