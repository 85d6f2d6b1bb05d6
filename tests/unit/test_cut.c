/*
 * Which of two cuts says more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/cut.h"

static struct cut
cut(int32_t epoch, int64_t offset, date_t through, int64_t terms)
{
	return (struct cut){ .epoch = epoch, .offset = offset, .complete_through = through,
		.terms_offset = terms };
}

static void
test_a_topics_epoch_counts_before_its_offset(void **state)
{
	struct cut old = cut(1, 117, DATE_NONE, 0), empty = cut(2, -1, DATE_NONE, 0),
		   anew = cut(2, 5, DATE_NONE, 0);

	(void)state;
	assert_true(cut_cmp(&CUT_NOTHING, &old) < 0);
	assert_true(cut_cmp(&old, &empty) < 0 && cut_cmp(&empty, &old) > 0);
	assert_true(cut_cmp(&empty, &anew) < 0);
	assert_int_equal(cut_cmp(&anew, &anew), 0);
}

static void
test_an_offset_is_never_carried_into_another_epoch(void **state)
{
	struct cut old = cut(1, 117, 19000, 3), anew = cut(2, 5, DATE_NONE, 7),
		   ways[] = { cut_greatest(&old, &anew), cut_greatest(&anew, &old) };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ways[i].epoch, 2);
		assert_int_equal(ways[i].offset, 5);
	}
}

static void
test_days_and_terms_are_the_greatest_of_either(void **state)
{
	struct cut a = cut(1, 117, 19000, 3), b = cut(2, 5, DATE_NONE, 7), c = cut(2, 6, 18000, 2),
		   all = cut(2, 6, 19000, 7), ab = cut_greatest(&a, &b), abc = cut_greatest(&ab, &c);

	(void)state;
	assert_true(cut_same(&abc, &all));
	all.terms_offset--;
	assert_false(cut_same(&abc, &all));
}

/* What is sent goes by what we make it with, also where no record has come since. */
static void
test_where_two_are_as_far_the_later_ones_recipe_counts(void **state)
{
	struct cut old = cut(1, 117, 19000, 3), again = old, before = cut(1, 116, 19000, 3), both;

	(void)state;
	old.recipe = 4;
	again.recipe = before.recipe = 7;
	both = cut_greatest(&old, &again);
	assert_int_equal(both.recipe, 7);
	both = cut_greatest(&old, &before);
	assert_int_equal(both.recipe, 4);
	both = cut_greatest(&before, &old);
	assert_int_equal(both.recipe, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_topics_epoch_counts_before_its_offset),
		cmocka_unit_test(test_an_offset_is_never_carried_into_another_epoch),
		cmocka_unit_test(test_days_and_terms_are_the_greatest_of_either),
		cmocka_unit_test(test_where_two_are_as_far_the_later_ones_recipe_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
