/*
 * Lines about what may be wrong with every record: the first of a minute, then how many more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/io/log.h"

static int
said_of(struct log_rate *r, int n, int64_t now_ms)
{
	int said = 0;

	for (int i = 0; i < n; i++)
		said += log_rate(r, now_ms);
	return said;
}

static void
test_of_many_in_a_minute_the_first_are_said_and_the_rest_counted(void **state)
{
	struct log_rate r = { 0 };

	(void)state;
	assert_int_equal(said_of(&r, 1000, 5), LOG_RATE_LINES);
	assert_int_equal(log_rate_over(&r, 5 + LOG_RATE_MS - 1), 0);
	assert_int_equal(log_rate_over(&r, 5 + LOG_RATE_MS), 1000 - LOG_RATE_LINES);
	assert_int_equal(log_rate_over(&r, 5 + LOG_RATE_MS), 0);
	assert_int_equal(said_of(&r, 3, 6 + LOG_RATE_MS), 3); /* a new minute */
}

static void
test_few_in_each_minute_are_all_said(void **state)
{
	struct log_rate r = { 0 };

	(void)state;
	for (int64_t minute = 1; minute < 5; minute++) {
		assert_int_equal(said_of(&r, LOG_RATE_LINES, minute * LOG_RATE_MS), LOG_RATE_LINES);
		assert_int_equal(log_rate_over(&r, minute * LOG_RATE_MS + LOG_RATE_MS / 2), 0);
	}
}

static void
test_none_is_forgotten_when_nobody_asked_in_time(void **state)
{
	struct log_rate r = { 0 };
	int said;

	(void)state;
	said = said_of(&r, 100, 1) + said_of(&r, 100, 1 + 3 * LOG_RATE_MS);
	assert_int_equal(said, LOG_RATE_LINES);
	assert_int_equal(log_rate_over(&r, 1 + 3 * LOG_RATE_MS), 200 - said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_many_in_a_minute_the_first_are_said_and_the_rest_counted),
		cmocka_unit_test(test_few_in_each_minute_are_all_said),
		cmocka_unit_test(test_none_is_forgotten_when_nobody_asked_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
