/* The two hash tables against a naive list, and hash64 against what a table
 * needs of it: a seed that matters, and no two lengths of zeros alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"

enum { KEYS = 300, STEPS = 20000 };

static uint64_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static struct id
id_of(uint64_t n)
{
	struct id id = { { 0 } };

	memcpy(id.b, &n, sizeof(n));
	return id;
}

static void
test_idmap_is_the_naive_map(void **state)
{
	static uint32_t naive[KEYS];
	static bool there[KEYS];
	struct idmap m;
	uint64_t chance = 7;
	uint32_t count = 0;

	(void)state;
	memset(there, 0, sizeof(there));
	idmap_init(&m, 42);
	for (int i = 0; i < STEPS; i++) {
		uint64_t k = next(&chance) % KEYS;
		struct id id = id_of(k * 4096); /* low bits alike: clusters */
		bool fresh;

		if (next(&chance) % 3 == 0) {
			assert_int_equal(idmap_del(&m, &id), there[k]);
			count -= there[k];
			there[k] = false;
		} else {
			uint32_t *v = idmap_put(&m, &id, &fresh);

			assert_int_equal(fresh, !there[k]);
			assert_int_equal(*v, there[k] ? naive[k] : 0);
			*v = naive[k] = (uint32_t)i + 1;
			count += fresh;
			there[k] = true;
		}
		assert_int_equal(m.count, count);
		k = next(&chance) % KEYS;
		id = id_of(k * 4096);
		assert_int_equal(idmap_find(&m, &id) != NULL, there[k]);
		if (there[k])
			assert_int_equal(*idmap_find(&m, &id), naive[k]);
	}
	uint32_t at = 0, seen = 0;
	struct idmap_slot *s;

	while ((s = idmap_next(&m, &at)))
		seen++;
	assert_int_equal(seen, count);
	idmap_release(&m);
}

static void
test_strmap_is_the_naive_map_and_owns_its_keys(void **state)
{
	static bool there[KEYS];
	struct strmap m;
	uint64_t chance = 9;
	uint32_t count = 0;

	(void)state;
	memset(there, 0, sizeof(there));
	strmap_init(&m, 42);
	for (int i = 0; i < STEPS; i++) {
		uint64_t k = next(&chance) % KEYS;
		char key[32];
		bool fresh;

		snprintf(key, sizeof(key), "key-%llu", (unsigned long long)k);
		if (next(&chance) % 3 == 0) {
			assert_int_equal(strmap_del(&m, span_str(key)), there[k]);
			count -= there[k];
			there[k] = false;
		} else {
			*strmap_put(&m, span_str(key), &fresh) = k;
			assert_int_equal(fresh, !there[k]);
			count += fresh;
			there[k] = true;
		}
		memset(key, 'x', sizeof(key)); /* the map's copy must not notice */
		assert_int_equal(m.count, count);
	}
	for (uint64_t k = 0; k < KEYS; k++) {
		char key[32];

		snprintf(key, sizeof(key), "key-%llu", (unsigned long long)k);
		assert_int_equal(strmap_find(&m, span_str(key)) != NULL, there[k]);
		if (there[k])
			assert_int_equal(*strmap_find(&m, span_str(key)), k);
	}
	strmap_release(&m);
}

static void
test_an_empty_key_is_a_key(void **state)
{
	struct strmap m;

	(void)state;
	strmap_init(&m, 0);
	assert_null(strmap_find(&m, SPAN_LIT("")));
	*strmap_put(&m, SPAN_LIT(""), NULL) = 5;
	assert_int_equal(*strmap_find(&m, SPAN_LIT("")), 5);
	assert_true(strmap_del(&m, SPAN_LIT("")));
	assert_null(strmap_find(&m, SPAN_LIT("")));
	strmap_release(&m);
}

static void
test_hash64_tells_lengths_seeds_and_every_bit(void **state)
{
	static const uint8_t zeros[64];
	uint8_t bytes[64] = { 0 };

	(void)state;
	for (size_t a = 0; a < sizeof(zeros); a++) {
		assert_true(hash64(zeros, a, 1) != hash64(zeros, a + 1, 1));
		assert_true(hash64(zeros, a, 1) != hash64(zeros, a, 2));
	}
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(hash64(bytes, sizeof(bytes), 1) != hash64(zeros, sizeof(zeros), 1));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idmap_is_the_naive_map),
		cmocka_unit_test(test_strmap_is_the_naive_map_and_owns_its_keys),
		cmocka_unit_test(test_an_empty_key_is_a_key),
		cmocka_unit_test(test_hash64_tells_lengths_seeds_and_every_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
