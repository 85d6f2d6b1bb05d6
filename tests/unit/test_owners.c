/*
 * Whose outcome is it: every owner is among the answers, through growth and removal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transform/milestone/owners.h"

enum { MANY = 5000 };

static struct id
id_of(uint32_t n)
{
	struct id id = { { (uint8_t)n, (uint8_t)(n >> 8), 9 } };

	return id;
}

static bool
owns(const struct owners *o, uint32_t n, uint32_t unit)
{
	struct id id = id_of(n);

	for (uint32_t at = OWNERS_FIRST, found; owners_next(o, &id, &at, &found);)
		if (found == unit)
			return true;
	return false;
}

static void
an_owner_is_found_until_it_is_taken_away(void **state)
{
	struct owners o;
	struct id id;

	(void)state;
	owners_init(&o, 3);
	assert_false(owns(&o, 1, 0));
	for (uint32_t n = 0; n < MANY; n++) {
		id = id_of(n);
		owners_put(&o, &id, n / 17);
	}
	for (uint32_t n = 0; n < MANY; n += 3) {
		id = id_of(n);
		assert_true(owners_del(&o, &id, n / 17));
		assert_false(owners_del(&o, &id, n / 17));
	}
	for (uint32_t n = 0; n < MANY; n++)
		assert_int_equal(owns(&o, n, n / 17), n % 3 != 0);
	for (uint32_t n = 0; n < MANY; n++) {
		id = id_of(n);
		assert_int_equal(owners_del(&o, &id, n / 17), n % 3 != 0);
	}
	assert_int_equal(o.count, 0);
	owners_release(&o);
}

static void
two_units_may_have_one_outcome_for_a_while(void **state)
{
	struct owners o;
	struct id id = id_of(5);

	(void)state;
	owners_init(&o, 3);
	owners_put(&o, &id, 1);
	owners_put(&o, &id, 2);
	assert_true(owns(&o, 5, 1) && owns(&o, 5, 2));
	assert_true(owners_del(&o, &id, 1));
	assert_false(owns(&o, 5, 1));
	assert_true(owns(&o, 5, 2));
	assert_false(owners_del(&o, &id, 7));
	owners_release(&o);
}

static void
a_slot_takes_at_most_twelve_bytes_an_outcome(void **state)
{
	struct owners o;

	(void)state;
	owners_init(&o, 3);
	for (uint32_t n = 0; n < MANY; n++) {
		struct id id = id_of(n);

		owners_put(&o, &id, n);
		if (n > 100)
			assert_true(o.cap * sizeof(*o.slots) <= 12 * (size_t)(n + 1));
	}
	owners_release(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_is_found_until_it_is_taken_away),
		cmocka_unit_test(two_units_may_have_one_outcome_for_a_while),
		cmocka_unit_test(a_slot_takes_at_most_twelve_bytes_an_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
