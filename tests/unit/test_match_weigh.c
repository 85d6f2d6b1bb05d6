/* Weights: what a household shares says nothing, a move says little, missing says nothing; the
 * shipped file is what is built in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/io/yaml.h"
#include "transform/match/model.h"

static struct model *model;

static int
setup(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/models/probabilistic-1.yaml", &report);

	(void)state;
	model = doc ? model_parse(doc->root, &report) : NULL;
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return model ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	model_free(model);
	return 0;
}

/* Everything agrees but what is said otherwise; rarities from u. */
static int32_t
weight(const struct weights *w, const uint8_t grade[LINE_END])
{
	int32_t rarity[LINE_END];

	for (int l = 0; l < LINE_END; l++)
		rarity[l] = 1;
	return weigh(w, grade, rarity);
}

static void
test_the_file_has_the_shares_that_are_built_in(void **state)
{
	const struct weights shipped = weights_shipped(), *w = model_weights(model);

	(void)state;
	assert_non_null(w);
	assert_memory_equal(w->m, shipped.m, sizeof(shipped.m));
	assert_int_equal(w->moved, shipped.moved);
	assert_int_equal(w->stayed, shipped.stayed);
	assert_int_equal(w->family_surname, shipped.family_surname);
	assert_int_equal(w->family_other, shipped.family_other);
	assert_int_equal(w->family_forename, shipped.family_forename);
	assert_int_equal(w->family_dob, shipped.family_dob);
}

static void
test_nothing_known_is_what_the_priors_say(void **state)
{
	const uint8_t nothing[LINE_END] = { 0 };

	(void)state;
	assert_true(weight(model_weights(model), nothing) <= -20000);
}

static void
test_brothers_who_share_name_and_address_are_two(void **state)
{
	uint8_t g[LINE_END] = { [LINE_SURNAME] = GRADE_AGREE, [LINE_FORENAME] = GRADE_DIFFER,
		[LINE_SEX] = GRADE_AGREE, [LINE_POSTCODE] = GRADE_AGREE, [LINE_HOUSE] = GRADE_AGREE,
		[LINE_STREET] = GRADE_AGREE, [LINE_TOWN] = GRADE_AGREE };

	(void)state;
	assert_true(weight(model_weights(model), g) < 0);
	g[LINE_FORENAME] = GRADE_AGREE;
	assert_true(weight(model_weights(model), g) > 0);
}

static void
test_neither_twins_nor_a_son_called_like_his_father_are_sure(void **state)
{
	uint8_t g[LINE_END] = { [LINE_SURNAME] = GRADE_AGREE, [LINE_FORENAME] = GRADE_DIFFER,
		[LINE_DOB] = GRADE_AGREE, [LINE_POSTCODE] = GRADE_AGREE, [LINE_HOUSE] = GRADE_AGREE,
		[LINE_STREET] = GRADE_AGREE, [LINE_TOWN] = GRADE_AGREE };
	const int32_t sure = 6000;

	(void)state;
	assert_true(weight(model_weights(model), g) < sure);
	g[LINE_FORENAME] = GRADE_AGREE;
	g[LINE_DOB] = GRADE_DIFFER;
	assert_true(weight(model_weights(model), g) < sure);
	g[LINE_DOB] = GRADE_AGREE;
	assert_true(weight(model_weights(model), g) > sure);
}

static void
test_who_has_moved_loses_no_more_than_movers_are_rare(void **state)
{
	uint8_t g[LINE_END] = { [LINE_SURNAME] = GRADE_AGREE, [LINE_FORENAME] = GRADE_AGREE,
		[LINE_DOB] = GRADE_AGREE, [LINE_SEX] = GRADE_AGREE };
	int32_t unknown = weight(model_weights(model), g), moved;

	(void)state;
	for (int l = LINE_POSTCODE; l < LINE_END; l++)
		g[l] = GRADE_DIFFER;
	moved = weight(model_weights(model), g);
	assert_true(moved < unknown && unknown - moved < 3500);
}

static void
test_a_rare_name_weighs_more_than_a_common_one(void **state)
{
	const uint8_t g[LINE_END] = { [LINE_SURNAME] = GRADE_AGREE, [LINE_FORENAME] = GRADE_AGREE };
	int32_t rarity[LINE_END], rare, common;

	(void)state;
	for (int l = 0; l < LINE_END; l++)
		rarity[l] = 1;
	rarity[LINE_SURNAME] = -14000;
	rare = weigh(model_weights(model), g, rarity);
	rarity[LINE_SURNAME] = -6000;
	common = weigh(model_weights(model), g, rarity);
	assert_true(rare - common > 7500 && rare - common <= 8000);
}

static void
test_a_mistake_in_the_weights_is_said(void **state)
{
	static const char text[] = "model: x\nversion: 1\nblocks: [[dob]]\nsteps: []\nweigh:\n"
		"  threshold_mbit: 1\n  moved: 1\n  family_surname: 1\n  family_forename: 1\n"
		"  family_dob: 1\n  random_mbit: 1\n  area_mbit: 1\n  street_mbit: 1\n"
		"  household_mbit: 1\n  rarity_mbit: [1, 2]\n"
		"  lines: {surname: {agree: [1, 5], nearly: [1, -5]}, shoesize: {agree: [1, -1]}}\n";
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("x", span_str(text), &report);

	(void)state;
	assert_non_null(doc);
	assert_null(model_parse(doc->root, &report));
	assert_true(report.n >= 4); /* rarities: too few and above 0; u above 0; no grade; no line */
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_has_the_shares_that_are_built_in),
		cmocka_unit_test(test_nothing_known_is_what_the_priors_say),
		cmocka_unit_test(test_brothers_who_share_name_and_address_are_two),
		cmocka_unit_test(test_neither_twins_nor_a_son_called_like_his_father_are_sure),
		cmocka_unit_test(test_who_has_moved_loses_no_more_than_movers_are_rare),
		cmocka_unit_test(test_a_rare_name_weighs_more_than_a_common_one),
		cmocka_unit_test(test_a_mistake_in_the_weights_is_said),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
