/*
 * A draw is the same for anybody with the seed, in whatever order claims come; what the
 * results say of the rest is Wilson's interval.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transform/milestone/sample.h"

enum { CLAIMS = 1000 };

static void
claims_make(struct id *ids, int from, int step)
{
	for (int i = 0; i < CLAIMS; i++) {
		int n = (from + i * step) % CLAIMS;

		ids[i] = (struct id){ { (uint8_t)(n >> 8), (uint8_t)n } };
	}
}

static void
the_order_of_claims_does_not_show(void **state)
{
	static struct id a[CLAIMS], b[CLAIMS];

	(void)state;
	claims_make(a, 0, 1);
	claims_make(b, 17, 7); /* 7 and 1000 have no factor in common */
	sample_draw(a, CLAIMS, 42);
	sample_draw(b, CLAIMS, 42);
	assert_memory_equal(a, b, sizeof(a));
	sample_draw(b, CLAIMS, 43);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
each_claim_is_as_likely_as_any_other(void **state)
{
	static struct id ids[CLAIMS];
	static int drawn[CLAIMS];
	int least = CLAIMS, most = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		claims_make(ids, 0, 1);
		sample_draw(ids, CLAIMS, seed);
		for (int i = 0; i < CLAIMS / 4; i++)
			drawn[ids[i].b[0] << 8 | ids[i].b[1]]++;
	}
	for (int i = 0; i < CLAIMS; i++) {
		least = drawn[i] < least ? drawn[i] : least;
		most = drawn[i] > most ? drawn[i] : most;
	}
	/* of 400 draws of a quarter each is in 100, give or take 5 times 8.7 */
	assert_in_range(least, 56, 100);
	assert_in_range(most, 100, 144);
}

static void
rates_have_wilson_s_interval(void **state)
{
	struct sample_rate r = sample_rate(30, 3, 1000); /* 3.46 to 25.62 per cent */

	(void)state;
	assert_int_equal(r.rate, 10000000);
	assert_in_range(r.low, 3459000, 3462000);
	assert_in_range(r.high, 25620000, 25623000);
	assert_int_equal(r.wrong_of, 100);
	assert_int_equal(r.low_of, 34);
	assert_int_equal(r.high_of, 257);
	r = sample_rate(30, 0, 1000); /* none found is not none there: up to 11.35 */
	assert_int_equal(r.low, 0);
	assert_in_range(r.high, 11350000, 11353000);
	r = sample_rate(5, 5, 10);
	assert_int_equal(r.high, 100000000);
	r = sample_rate(0, 0, 10);
	assert_int_equal(r.low, 0);
	assert_int_equal(r.high_of, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_claims_does_not_show),
		cmocka_unit_test(each_claim_is_as_likely_as_any_other),
		cmocka_unit_test(rates_have_wilson_s_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
