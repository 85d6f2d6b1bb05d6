/* Bytes that grow keep what they had, and a reset keeps the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/buf.h"

static void
test_growing_keeps_the_bytes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_byte(&b, (uint8_t)(i * 31));
	assert_int_equal(b.len, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.ptr[i], (uint8_t)(i * 31));
	buf_release(&b);
	assert_null(b.ptr);
	assert_int_equal(b.cap, 0);
}

static void
test_reset_keeps_the_memory(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t *before;

	(void)state;
	buf_str(&b, "something");
	before = b.ptr;
	buf_reset(&b);
	buf_str(&b, "other");
	assert_ptr_equal(b.ptr, before);
	assert_true(span_is(buf_view(&b), "other"));
	buf_release(&b);
}

static void
test_printf_appends_and_ends_with_a_nul_that_does_not_count(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_str(&b, "a");
	buf_printf(&b, "%0200d", 7);
	assert_int_equal(b.len, 201);
	assert_int_equal(b.ptr[0], 'a');
	assert_int_equal(b.ptr[200], '7');
	assert_int_equal(b.ptr[201], '\0');
	buf_byte(&b, 'z');
	assert_int_equal(strlen(buf_cstr(&b)), 202);
	buf_release(&b);
}

static void
test_nothing_added_is_nothing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, NULL, 0);
	buf_span(&b, SPAN_NONE);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_cstr(&b), "");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growing_keeps_the_bytes),
		cmocka_unit_test(test_reset_keeps_the_memory),
		cmocka_unit_test(test_printf_appends_and_ends_with_a_nul_that_does_not_count),
		cmocka_unit_test(test_nothing_added_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
