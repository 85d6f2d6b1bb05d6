/* When a level that is behind sends: common/patience.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/patience.h"

static struct patience p;

static int
fresh(void **state)
{
	(void)state;
	p = (struct patience){ 0 };
	return 0;
}

static void
test_who_keeps_up_is_not_delayed(void **state)
{
	(void)state;
	assert_false(patience_waits(&p, 1000));
	patience_folded(&p, 0, 60000, 1000); /* nothing was read */
	assert_false(patience_waits(&p, 1000));
	patience_folded(&p, 10, PATIENCE_LATE_MS, 1000);
	assert_false(patience_waits(&p, 1000));
}

static void
test_what_is_late_waits_as_long_again_as_more_keeps_coming(void **state)
{
	int64_t now = 1000;

	(void)state;
	patience_folded(&p, 1, 900, now);
	for (; now < 1900; now += 100) {
		assert_true(patience_waits(&p, now));
		patience_folded(&p, 1, 10, now); /* the latest of them counts */
	}
	assert_false(patience_waits(&p, 1900));
}

static void
test_nobody_waits_longer_than_the_limit(void **state)
{
	int64_t now = 1000;

	(void)state;
	for (; now < 1000 + PATIENCE_MAX_MS; now += PATIENCE_QUIET_MS / 2) {
		patience_folded(&p, 1, 1000000000, now);
		assert_true(patience_waits(&p, now));
	}
	assert_false(patience_waits(&p, 1000 + PATIENCE_MAX_MS));
}

static void
test_when_nothing_more_comes_it_is_over(void **state)
{
	(void)state;
	patience_folded(&p, 1, 1000000, 1000);
	assert_true(patience_waits(&p, 1000 + PATIENCE_QUIET_MS - 1));
	assert_false(patience_waits(&p, 1000 + PATIENCE_QUIET_MS));
}

static void
test_so_many_records_are_enough(void **state)
{
	(void)state;
	patience_folded(&p, PATIENCE_RECORDS_MAX - 1, 1000000, 1000);
	assert_true(patience_waits(&p, 1000));
	patience_folded(&p, UINT32_MAX, 1000000, 1000);
	assert_false(patience_waits(&p, 1000));
}

static void
test_what_was_sent_waits_no_more(void **state)
{
	(void)state;
	patience_folded(&p, 1, 1000000, 1000);
	patience_sent(&p);
	assert_false(patience_waits(&p, 1000));
	patience_folded(&p, 1, 0, 1000); /* what was late before is forgotten */
	assert_false(patience_waits(&p, 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_who_keeps_up_is_not_delayed, fresh),
		cmocka_unit_test_setup(test_what_is_late_waits_as_long_again_as_more_keeps_coming,
		    fresh),
		cmocka_unit_test_setup(test_nobody_waits_longer_than_the_limit, fresh),
		cmocka_unit_test_setup(test_when_nothing_more_comes_it_is_over, fresh),
		cmocka_unit_test_setup(test_so_many_records_are_enough, fresh),
		cmocka_unit_test_setup(test_what_was_sent_waits_no_more, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
