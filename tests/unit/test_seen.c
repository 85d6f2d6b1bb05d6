/* What is said to be new was never there; what is there is never said to be new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sink/seen.h"

enum { MANY = 1000000 };

static bool
put(struct seen *s, uint64_t key)
{
	return seen_put(s, span_of(&key, sizeof(key)));
}

static void
what_was_put_is_never_new_again(void **state)
{
	struct seen s = { 0 };

	(void)state;
	seen_begin(&s);
	for (uint64_t i = 0; i < MANY; i++)
		put(&s, i);
	for (uint64_t i = 0; i < MANY; i++)
		assert_false(put(&s, i));
	seen_drop(&s);
}

static void
of_a_million_new_keys_few_are_taken_for_known(void **state)
{
	struct seen s = { 0 };
	unsigned vague = 0;

	(void)state;
	seen_begin(&s);
	for (uint64_t i = 0; i < MANY; i++)
		vague += !put(&s, i);
	assert_true(vague < MANY / 50);
	seen_drop(&s);
}

static void
once_dropped_nothing_is_certain(void **state)
{
	struct seen s = { 0 };

	(void)state;
	assert_false(put(&s, 1));
	seen_begin(&s);
	assert_true(put(&s, 1));
	seen_drop(&s);
	assert_false(put(&s, 2));
	seen_begin(&s);
	assert_true(put(&s, 1));
	seen_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_never_new_again),
		cmocka_unit_test(of_a_million_new_keys_few_are_taken_for_known),
		cmocka_unit_test(once_dropped_nothing_is_certain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
