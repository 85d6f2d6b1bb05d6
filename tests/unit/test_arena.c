/* An arena's blocks never overlap, its limit holds, a reset gives memory back
 * to the next round without asking for more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/arena.h"

enum { BLOCKS = 500 };

static void
test_blocks_are_aligned_and_do_not_overlap(void **state)
{
	uint8_t *block[BLOCKS];
	size_t size[BLOCKS];
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			size[i] = (size_t)(i * 37 % 900) + (i % 100 == 99 ? 40000 : 1);
			block[i] = arena_alloc(&a, size[i]);
			assert_non_null(block[i]);
			assert_int_equal((uintptr_t)block[i] % 16, 0);
			memset(block[i], i & 0xff, size[i]);
		}
		for (int i = 0; i < BLOCKS; i++)
			for (size_t k = 0; k < size[i]; k++)
				assert_int_equal(block[i][k], i & 0xff);
		arena_reset(&a);
	}
	arena_release(&a);
}

static void
test_the_limit_is_for_one_round(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	for (int round = 0; round < 3; round++) {
		assert_non_null(arena_alloc(&a, 900));
		assert_null(arena_alloc(&a, 900));
		assert_non_null(arena_alloc(&a, 64));
		arena_reset(&a);
	}
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_null(arena_zalloc(&a, SIZE_MAX / 2, 16));
	arena_release(&a);
}

static void
test_a_reset_reuses_the_chunks(void **state)
{
	struct arena a;
	void *first;

	(void)state;
	arena_init(&a, 0);
	first = arena_alloc(&a, 100);
	arena_alloc(&a, 20000);
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	assert_int_equal(a.used_bytes, 112);
	arena_release(&a);
}

static void
test_copies_tell_absent_from_empty(void **state)
{
	struct arena a;
	struct span empty;

	(void)state;
	arena_init(&a, 0);
	assert_null(arena_copy(&a, SPAN_NONE).ptr);
	empty = arena_copy(&a, SPAN_LIT(""));
	assert_non_null(empty.ptr);
	assert_int_equal(empty.len, 0);
	assert_string_equal(arena_str(&a, SPAN_LIT("text")), "text");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_aligned_and_do_not_overlap),
		cmocka_unit_test(test_the_limit_is_for_one_round),
		cmocka_unit_test(test_a_reset_reuses_the_chunks),
		cmocka_unit_test(test_copies_tell_absent_from_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
