/* A nickname's class is a function of the name, the same for all of its
 * forms, and every name of the table is written as names are normalised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "ingest/nickname.h"
#include "ingest/normalise.h"

static bool
same(const char *a, const char *b)
{
	return span_eq(nickname_class(span_str(a)), nickname_class(span_str(b)));
}

static void
test_forms_of_one_name_share_its_class(void **state)
{
	(void)state;
	assert_true(same("bill", "william"));
	assert_true(same("will", "william"));
	assert_true(same("liz", "elizabeth"));
	assert_true(same("bob", "robert"));
	assert_true(same("mohammed", "muhammad"));
	assert_true(same("alex", "alexander"));
	assert_false(same("william", "robert"));
}

static void
test_a_name_outside_the_table_is_its_own_class(void **state)
{
	(void)state;
	assert_true(span_is(nickname_class(SPAN_LIT("zzyx")), "zzyx"));
	assert_true(span_is(nickname_class(SPAN_LIT("")), ""));
	assert_false(same("zzyx", "zzyxa"));
}

static void
test_every_name_of_the_table_stands_once_in_its_class(void **state)
{
	(void)state;
	assert_true(nickname_count() > 100);
	for (size_t i = 0; i < nickname_count(); i++) {
		struct span class = nickname_class(nickname_at(i));

		assert_true(class.len > 0);
		/* A class is the class of its own name: no chains. */
		assert_true(span_eq(nickname_class(class), class));
		for (size_t k = 0; k < i; k++)
			if (span_eq(nickname_at(i), nickname_at(k)))
				fail_msg("'" SPAN_FMT "' stands twice", SPAN_ARG(nickname_at(i)));
	}
}

static void
test_every_name_of_the_table_is_normalised(void **state)
{
	struct arena arena;
	struct names names;
	struct err err;

	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < nickname_count(); i++) {
		assert_int_equal(forename_normalise(nickname_at(i), &names, &arena, &err), 0);
		if (!span_eq(names.whole, nickname_at(i)))
			fail_msg("'" SPAN_FMT "' is not a normalised forename",
			    SPAN_ARG(nickname_at(i)));
	}
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_one_name_share_its_class),
		cmocka_unit_test(test_a_name_outside_the_table_is_its_own_class),
		cmocka_unit_test(test_every_name_of_the_table_stands_once_in_its_class),
		cmocka_unit_test(test_every_name_of_the_table_is_normalised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
