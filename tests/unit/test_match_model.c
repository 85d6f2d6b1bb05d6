/* The matching model: what is built in is what is shipped, the first step whose levels all hold
 * decides, and every mistake of a file is told with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/io/yaml.h"
#include "common/token.h"
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

/* Fields that lines read; of each either side has none, the same, or another. */
static uint32_t
tokens_draw(uint64_t *values, uint8_t *fields, uint8_t *frequency, uint64_t *seed)
{
	static const uint8_t of[] = { TOKEN_NHS, TOKEN_DOB, TOKEN_DOB_YEAR, TOKEN_DOB_MONTH, TOKEN_DOB_DAY,
		TOKEN_SURNAME, TOKEN_FORENAME, TOKEN_POSTCODE, TOKEN_SECTOR, TOKEN_SEX, TOKEN_HOUSE,
		TOKEN_STREET, TOKEN_TOWN };
	uint32_t n = 0;

	for (uint8_t field = 0; field < 255; field++)
		for (size_t i = 0; i < sizeof(of); i++) {
			*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
			if (of[i] != field || *seed >> 61 == 0)
				continue;
			fields[n] = field;
			frequency[n] = (uint8_t)(*seed >> 40) & TOKEN_FREQUENCY_MAX;
			values[n++] = (((uint64_t)field << 8) + 1 + (*seed >> 62 == 1)) * 0x9e3779b97f4a7c15ULL;
		}
	return n;
}

static void
test_what_the_lines_add_is_the_weight_whoever_comes_first(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/models/probabilistic-1.yaml", &report);
	struct model *model = model_parse(doc->root, &report);
	uint64_t seed = 7, values[2][32];
	uint8_t fields[2][32], frequency[2][32], levels[MODEL_LEVELS_MAX], turned[MODEL_LEVELS_MAX];
	uint32_t unsure = 0;

	(void)state;
	assert_non_null(model);
	for (int run = 0; run < 2000; run++) {
		struct token_view view[2];
		struct model_verdict v;
		int32_t weight, back, sum, lines[LINE_END];

		for (int k = 0; k < 2; k++)
			view[k] = (struct token_view){ values[k], fields[k], frequency[k],
				tokens_draw(values[k], fields[k], frequency[k], &seed) };
		assert_true(model_weigh(model, &view[0], &view[1], levels, &weight));
		assert_true(model_weigh(model, &view[1], &view[0], turned, &back));
		assert_int_equal(weight, back);
		assert_memory_equal(levels, turned, MODEL_WEIGHED_LEVELS);
		assert_true(model_waterfall(model, levels, MODEL_WEIGHED_LEVELS, &sum, lines));
		for (int l = 0; l < LINE_END; l++) {
			sum += lines[l];
			if (levels[l] == 0)
				assert_int_equal(lines[l], 0); /* what is missing says nothing */
		}
		assert_int_equal(sum, weight);
		model_judge(model, &view[0], &view[1], &v);
		assert_int_equal(v.unsure, v.step < 0 && weight >= -model_threshold(model));
		unsure += v.unsure;
	}
	assert_true(unsure > 0);
	assert_false(model_waterfall(model, levels, COMPARE_END, &(int32_t){ 0 }, (int32_t[LINE_END]){ 0 }));
	levels[0] = 200;
	assert_false(model_waterfall(model, levels, MODEL_WEIGHED_LEVELS, &(int32_t){ 0 },
	    (int32_t[LINE_END]){ 0 }));
	assert_false(model_weigh(model_builtin(), &(struct token_view){ 0 }, &(struct token_view){ 0 },
	    levels, &(int32_t){ 0 }));
	model_free(model);
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_built_in_is_what_is_shipped),
		cmocka_unit_test(test_the_shipped_steps_put_precision_first),
		cmocka_unit_test(test_steps_are_ordered_by_strength),
		cmocka_unit_test(test_what_the_lines_add_is_the_weight_whoever_comes_first),
		cmocka_unit_test(test_every_mistake_of_a_file_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
