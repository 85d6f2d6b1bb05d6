/*
 * json - what the writer writes is JSON that says the same: jansson reads it
 * back; and what the reader flattens is what stands in the text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "common/io/json.h"
#include "common/json.h"

static void
written(struct buf *out, const char *want)
{
	assert_string_equal(buf_cstr(out), want);
	buf_release(out);
}

static void
test_shapes(void **state)
{
	struct buf out = BUF_INIT;
	struct jw j;

	(void)state;
	jw_begin(&j, &out);
	jw_object(&j);
	jw_put_int(&j, "n", INT64_MIN);
	jw_put_text(&j, "t", "a");
	jw_put_text(&j, "none", NULL);
	jw_put_bool(&j, "yes", true);
	jw_put_date(&j, "day", date_of(2024, 2, 29));
	jw_put_date(&j, "no_day", DATE_NONE);
	jw_key(&j, "list");
	jw_array(&j);
	jw_int(&j, 1);
	jw_object(&j);
	jw_end(&j);
	jw_array(&j);
	jw_end(&j);
	jw_raw(&j, SPAN_LIT("[7]"));
	jw_end(&j);
	assert_false(jw_done(&j));
	jw_end(&j);
	assert_true(jw_done(&j));
	written(&out, "{\"n\":-9223372036854775808,\"t\":\"a\",\"none\":null,\"yes\":true,"
		      "\"day\":\"2024-02-29\",\"no_day\":null,\"list\":[1,{},[],[7]]}");
}

static void
test_millionths(void **state)
{
	static const struct {
		int64_t v;
		const char *want;
	} cases[] = { { 0, "0" }, { 1, "0.000001" }, { -1, "-0.000001" }, { 1500000, "1.5" },
		{ -16000000, "-16" }, { 10020300, "10.0203" }, { INT64_MIN, "-9223372036854.775808" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT;
		struct jw j;

		jw_begin(&j, &out);
		jw_millionths(&j, cases[i].v);
		written(&out, cases[i].want);
	}
}

/* Random bytes as text: always JSON, and well-formed text comes back as it was. */
static void
test_any_text(void **state)
{
	const char *seed_text = getenv("OUTTURN_SEED");
	unsigned seed = seed_text ? (unsigned)atoi(seed_text) : 7;

	(void)state;
	srandom(seed);
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[40];
		size_t n = (size_t)random() % sizeof(bytes), leaves_n;
		bool ascii = random() % 2;
		struct json_leaf *leaves;
		struct err err = ERR_INIT;
		struct buf out = BUF_INIT;
		struct arena arena;
		struct jw j;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(random() % (ascii ? 127 : 255) + 1);
		arena_init(&arena, 0);
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_str(&j, "a", span_of(bytes, n));
		jw_end(&j);
		if (json_flatten(buf_view(&out), &arena, &leaves, &leaves_n, &err))
			fail_msg("seed %u round %d: %s", seed, round, err.text);
		assert_int_equal(leaves_n, 1);
		if (ascii)
			assert_true(span_eq(leaves[0].value.s, span_of(bytes, n)));
		arena_release(&arena);
		buf_release(&out);
	}
}

static void
test_flatten(void **state)
{
	struct json_leaf *leaves;
	struct err err = ERR_INIT;
	struct arena arena;
	size_t n;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(json_flatten(SPAN_LIT("{\"kind\":\"a\",\"x\":null,\"attr\":{\"hours\":16,"
					       "\"rate\":1.5,\"on\":true},\"l\":[\"p\",{\"q\":2}]}"),
			     &arena, &leaves, &n, &err), 0);
	assert_int_equal(n, 6);
	assert_true(span_is(leaves[0].path, "kind") && leaves[0].value.type == AV_STRING);
	assert_true(span_is(leaves[1].path, "attr.hours") && leaves[1].value.i == 16);
	assert_true(span_is(leaves[2].path, "attr.rate") && leaves[2].value.type == AV_DOUBLE);
	assert_true(span_is(leaves[3].path, "attr.on") && leaves[3].value.type == AV_BOOLEAN);
	assert_true(span_is(leaves[4].path, "l.0") && span_is(leaves[4].value.s, "p"));
	assert_true(span_is(leaves[5].path, "l.1.q") && leaves[5].value.i == 2);
	arena_release(&arena);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {
		{ "", "json-form" },
		{ "[1]", "json-form" },
		{ "{\"a\":1", "json-form" },
		{ "{\"a\":1} x", "json-form" },
		{ "{\"a\":1,\"a\":2}", "json-twice" },
		{ "{\"a\":\"\xff\"}", "json-utf8" },
		{ "{\"\":1}", "json-name" },
		{ "{\"a\":[[[[[[[[[1]]]]]]]]]}", "json-deep" },
	};
	struct json_leaf *leaves;
	struct arena arena;
	size_t n;

	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
		    json_flatten(span_str(cases[i].text), &arena, &leaves, &n, &err), -1);
		assert_string_equal(err.code, cases[i].code);
		assert_int_equal(err.class, ERR_RECORD);
	}
	arena_release(&arena);
}

static void
test_errors_hold_no_value(void **state)
{
	struct json_leaf *leaves;
	struct err err = ERR_INIT;
	struct arena arena;
	size_t n;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(json_flatten(SPAN_LIT("{\"surname\":CANARY}"), &arena, &leaves, &n, &err), -1);
	assert_null(strstr(err.text, "CANARY"));
	assert_int_equal(json_flatten(SPAN_LIT("{\"surname\":\"CANARY\",\"surname\":\"CANARY\"}"),
			     &arena, &leaves, &n, &err), -1);
	assert_null(strstr(err.text, "CANARY"));
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_millionths),
		cmocka_unit_test(test_any_text),
		cmocka_unit_test(test_flatten),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_errors_hold_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
