/* Thousandths of a bit in whole numbers: near what real numbers give, the same everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "transform/match/bits.h"

static void
test_a_logarithm_is_below_the_true_one_by_at_most_one(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 70000; n++) {
		int32_t got = bits_log2(n);
		double want = 1000 * log2((double)n);

		assert_true((double)got <= want + 1e-6 && (double)got > want - 1.2);
	}
	assert_int_equal(bits_log2(1), 0);
	assert_int_equal(bits_log2((uint64_t)1 << 63), 63000);
}

static void
test_a_sum_of_likelihoods_is_within_two_thousandths(void **state)
{
	(void)state;
	for (int32_t d = -20000; d <= 20000; d += 7) {
		double want = 1000 * log2(pow(2, 3.5) + pow(2, 3.5 + d / 1000.0));

		assert_true(fabs(bits_sum(3500, 3500 + d) - want) <= 2);
		assert_int_equal(bits_sum(3500, 3500 + d), bits_sum(3500 + d, 3500));
	}
	assert_int_equal(bits_sum(BITS_NONE, -4000), -4000);
}

static void
test_a_power_undoes_a_ratio(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 10000; n += 13) {
		double got = (double)bits_power(bits_ratio(n, 10000), 1000000);

		assert_true(fabs(got - (double)n * 100) <= 2 + (double)n * 100 * 0.003);
	}
	assert_int_equal(bits_power(0, 12345), 12345);
	assert_int_equal(bits_power(-64000, UINT64_C(1) << 33), 0);
}

static void
test_what_is_likely_adds_up_to_one_with_its_opposite(void **state)
{
	(void)state;
	assert_int_equal(bits_likely(0), 500);
	for (int32_t w = 0; w < 15000; w += 31) {
		assert_int_equal(bits_likely(w) + bits_likely(-w), 1000);
		assert_true(abs(bits_likely(w) - (int)(1000 / (1 + pow(2, -w / 1000.0)))) <= 3);
	}
}

static void
test_a_belief_gives_way_to_what_is_seen(void **state)
{
	int32_t before = bits_ratio(1, 100);

	(void)state;
	assert_true(abs(bits_blend(before, 50, 0, 0) - before) <= 10);
	assert_true(abs(bits_blend(before, 50, 30000, 100000) - bits_ratio(3, 10)) <= 10);
	assert_true(bits_blend(before, 50, 5, 10) > before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_logarithm_is_below_the_true_one_by_at_most_one),
		cmocka_unit_test(test_a_sum_of_likelihoods_is_within_two_thousandths),
		cmocka_unit_test(test_a_power_undoes_a_ratio),
		cmocka_unit_test(test_what_is_likely_adds_up_to_one_with_its_opposite),
		cmocka_unit_test(test_a_belief_gives_way_to_what_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
