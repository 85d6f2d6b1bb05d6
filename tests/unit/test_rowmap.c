/* Tuples: as many fields as their stage has, JSON as jsonb prints it, dump lines of one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "sink/dump.h"
#include "sink/rowmap.h"
#include "sink/sql.h"

static struct buf out;

static int
begin(void **state)
{
	(void)state;
	out = (struct buf)BUF_INIT;
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	buf_release(&out);
	return 0;
}

static int
fields(struct span tuple)
{
	const uint8_t *p = tuple.ptr, *end = tuple.ptr + tuple.len;
	int n = 0;

	for (; p < end; n++) {
		uint32_t len;

		assert_true(end - p >= 4);
		len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		p += 4 + (len == UINT32_MAX ? 0 : len);
	}
	assert_true(p == end);
	return n;
}

/* Columns of "CREATE TEMPORARY TABLE stage_<name> (...)" in stage.sql. */
static int
stage_columns(const char *name)
{
	struct buf text = BUF_INIT, head = BUF_INIT;
	const char *p;
	int n = 1;

	buf_span(&text, sink_sql_file("stage.sql"));
	buf_printf(&head, "TABLE stage_%s (", name);
	p = strstr(buf_cstr(&text), buf_cstr(&head));
	assert_non_null(p);
	for (p += head.len; strncmp(p, "\n)", 2) != 0; p++)
		n += *p == ',';
	buf_release(&text);
	buf_release(&head);
	return n;
}

static void
tuples_have_the_fields_of_their_stage_also_of_tombstones(void **state)
{
	struct rowmap m = { .out = &out };
	struct key record = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1, .offset = 2 };
	struct key pair = { .type = KEY_UNIT_EVENT }, outcome = { .type = KEY_OUTCOME };
	struct key decision = { .type = KEY_UNIT_DECISION }, asked = { .type = KEY_PAIR };
	struct evidence ev = { .start = DATE_NONE, .end = DATE_NONE, .complete_through = DATE_NONE };
	struct rejected rej = { .raw_bytes = 3 };
	struct linked ln = { .start = DATE_NONE, .end = DATE_NONE };
	struct decision de = { .ordinal = 1 };
	struct outcome o = { .start = DATE_NONE, .due = DATE_NONE, .achieved = DATE_NONE,
		.expires = DATE_NONE };

	(void)state;
#define COUNTS(stage, call)                                                                        \
	do {                                                                                       \
		buf_reset(&out);                                                                   \
		call;                                                                              \
		assert_int_equal(fields(buf_view(&out)), stage_columns(stage));                    \
	} while (0)
	COUNTS("evidence", rowmap_evidence(&m, &record, 0, &ev));
	COUNTS("evidence", rowmap_evidence(&m, &record, 0, NULL));
	COUNTS("reject", rowmap_reject(&m, &record, 0, &rej));
	COUNTS("reject", rowmap_reject(&m, &record, 0, NULL));
	COUNTS("link", rowmap_link(&m, &pair, 0, &ln));
	COUNTS("link", rowmap_link(&m, &pair, 0, NULL));
	COUNTS("pair", rowmap_pair(&m, &asked, 0, &ln));
	COUNTS("pair", rowmap_pair(&m, &asked, 0, NULL));
	COUNTS("decision", rowmap_decision(&m, &decision, 0, &ln, &de));
	COUNTS("decision", rowmap_decision(&m, &decision, 0, NULL, NULL));
	COUNTS("reasons", rowmap_reasons(&m, &outcome.a, SPAN_LIT("[]")));
	COUNTS("outcome", rowmap_outcome(&m, &outcome, 0, &o, &outcome.a));
	COUNTS("outcome", rowmap_outcome(&m, &outcome, 0, NULL, NULL));
	COUNTS("cut", rowmap_cut(&m, SPAN_LIT("evidence"), 0, SPAN_LIT("raw.a"),
			  &(struct cut){ 1, DATE_NONE, 2, 3, 0 }));
	COUNTS("claim", rowmap_claim(&m, SPAN_LIT("linked"), 0, SPAN_LIT("*"), 1, &pair.a));
	COUNTS("doubt", rowmap_doubt(&m, SPAN_LIT("linked"), 0, SPAN_LIT("x"), 1, false));
}

static void
decimals_have_no_trailing_zeros(void **state)
{
	static const struct {
		int64_t millionths;
		const char *text;
	} cases[] = { { 0, "0" }, { 1500000, "1.5" }, { -1500000, "-1.5" }, { -1, "-0.000001" },
		{ 10000000, "10" }, { INT64_MIN, "-9223372036854.775808" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		rowmap_decimal(&out, cases[i].millionths);
		assert_true(span_is(buf_view(&out), cases[i].text));
	}
}

static void
attributes_come_as_jsonb_prints_them(void **state)
{
	struct attribute at[] = { { SPAN_LIT("age-band"), { 0 }, SPAN_LIT("16-\"24\"\n") },
		{ SPAN_LIT("age"), { .has = true, .v = 17000000 }, SPAN_NONE } };
	uint64_t mended = 0;

	(void)state;
	rowmap_json_attributes(&out, &(struct av_array){ at, 2 }, &mended);
	assert_true(span_is(buf_view(&out), "{\"age\": 17, \"age-band\": \"16-\\\"24\\\"\\n\"}"));
	assert_int_equal(mended, 0);
}

static void
text_that_is_not_utf_8_is_mended_and_counted(void **state)
{
	uint64_t mended = 0;

	(void)state;
	rowmap_text(&out, span_of("\xc0\xaf", 2), &mended); /* over-long */
	rowmap_text(&out, SPAN_LIT("\xed\xa0\x80"), &mended); /* half of a surrogate pair */
	rowmap_text(&out, SPAN_LIT("caf\xc3\xa9"), &mended);
	assert_true(mended > 0);
	assert_null(memchr(out.ptr, 0xc0, out.len));
	assert_null(memchr(out.ptr, 0xed, out.len));
	assert_non_null(strstr(buf_cstr(&out), "caf\xc3\xa9"));
}

static void
a_dump_line_is_one_line_of_as_many_columns_as_the_query(void **state)
{
	struct outcome o = { .contract = SPAN_LIT("c"), .outcome = SPAN_LIT("o"),
		.unit_kind = SPAN_LIT("person"), .status = SPAN_LIT("s"), .currency = SPAN_LIT("GBP"),
		.start = 19800, .due = DATE_NONE, .achieved = DATE_NONE, .expires = DATE_NONE };
	int tabs = 0;

	(void)state;
	dump_outcome(&out, &o);
	for (size_t i = 0; i < out.len; i++)
		tabs += out.ptr[i] == '\t';
	assert_int_equal(tabs, 21);
	assert_ptr_equal(memchr(out.ptr, '\n', out.len), out.ptr + out.len - 1);
	assert_non_null(strstr(buf_cstr(&out), "\t2024-03-18\t\t\t\t"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		TEST(tuples_have_the_fields_of_their_stage_also_of_tombstones),
		TEST(decimals_have_no_trailing_zeros),
		TEST(attributes_come_as_jsonb_prints_them),
		TEST(text_that_is_not_utf_8_is_mended_and_counted),
		TEST(a_dump_line_is_one_line_of_as_many_columns_as_the_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
