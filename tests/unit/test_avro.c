/*
 * Resolution, by pairs of schemas that the specification has an answer for:
 * what an older or a foreign writer sends, as our reader sees it.  Then what
 * no honest writer sends: an error, soon, whatever it claims to hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/date.h"
#include "common/mem.h"

enum { ARENA_BYTES = 1024 * 1024 };

struct inner {
	int64_t n;
};

struct row {
	bool flag;
	int32_t i, e;
	int64_t l;
	struct av_nlong nl;
	date_t date;
	struct span text, bytes;
	uint8_t fixed[4];
	struct av_value any;
	struct inner in;
	struct inner *maybe;
	struct av_array list;
};

static const struct av_field inner_fields[] = { { "n", AVB_LONG, offsetof(struct inner, n), 0, NULL } };
static const struct av_record inner_binding = { "Inner", sizeof(struct inner), inner_fields, 1 };

#define FIELD(name, bind, size, sub) { #name, bind, (uint16_t)offsetof(struct row, name), size, sub }
static const struct av_field f_flag = FIELD(flag, AVB_BOOL, 0, NULL), f_i = FIELD(i, AVB_INT, 0, NULL),
			     f_e = FIELD(e, AVB_ENUM, 0, NULL), f_l = FIELD(l, AVB_LONG, 0, NULL),
			     f_nl = FIELD(nl, AVB_NLONG, 0, NULL), f_date = FIELD(date, AVB_DATE, 0, NULL),
			     f_text = FIELD(text, AVB_SPAN, 0, NULL),
			     f_bytes = FIELD(bytes, AVB_SPAN, 0, NULL),
			     f_fixed = FIELD(fixed, AVB_FIXED, 4, NULL),
			     f_any = FIELD(any, AVB_VALUE, 0, NULL),
			     f_in = FIELD(in, AVB_RECORD, 0, &inner_binding),
			     f_maybe = FIELD(maybe, AVB_OPTION, 0, &inner_binding),
			     f_list = FIELD(list, AVB_ARRAY, 0, &inner_binding);

/* One read: both schemas are records R of these fields, bound as said. */
struct read {
	struct av_schema *writer, *reader;
	struct av_field fields[4];
	struct av_record binding;
	struct av_plan *plan;
	struct arena arena;
	struct row row;
	struct err err;
};

static struct av_schema *
schema_of(const char *fields, const char *more)
{
	struct err err = ERR_INIT;
	struct av_schema *s;
	char *json = NULL;
	int n = asprintf(&json, "{\"type\":\"record\",\"name\":\"R\"%s,\"fields\":[%s]}", more, fields);

	assert_true(n > 0);
	s = av_schema_parse(span_str(json), &err);
	if (!s)
		fail_msg("%s: %s", json, err.text);
	free(json);
	return s;
}

static bool
read_init(struct read *r, const char *writer, const char *reader, const struct av_field *a,
    const struct av_field *b)
{
	memset(r, 0, sizeof(*r));
	arena_init(&r->arena, ARENA_BYTES);
	r->writer = schema_of(writer, "");
	r->reader = schema_of(reader, "");
	r->fields[0] = *a;
	if (b)
		r->fields[1] = *b;
	r->binding = (struct av_record){ "R", sizeof(struct row), r->fields, b ? 2 : 1 };
	r->plan = av_plan_new(r->writer, r->reader, &r->binding, &r->err);
	return r->plan != NULL;
}

static int
run(struct read *r, const void *bytes, size_t len)
{
	uint8_t *exact = mem_alloc(len + 1);
	int got;

	memcpy(exact, bytes, len);
	got = av_decode(r->plan, span_of(exact, len), &r->row, &r->arena, &r->err);
	/* Spans borrow: kept until the end, in the arena. */
	if (r->row.text.ptr && got == 0)
		r->row.text = arena_copy(&r->arena, r->row.text);
	if (r->row.bytes.ptr && got == 0)
		r->row.bytes = arena_copy(&r->arena, r->row.bytes);
	if (r->row.any.s.ptr && got == 0)
		r->row.any.s = arena_copy(&r->arena, r->row.any.s);
	mem_free(exact);
	return got;
}

static void
read_release(struct read *r)
{
	av_plan_free(r->plan);
	av_schema_free(r->writer);
	av_schema_free(r->reader);
	arena_release(&r->arena);
}

#define RUN(r, ...) run(r, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
test_a_field_that_the_writer_lacks_has_its_default(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"x\",\"type\":\"int\"}",
	    "{\"name\":\"l\",\"type\":\"long\",\"default\":-7},"
	    "{\"name\":\"text\",\"type\":[\"null\",\"string\"],\"default\":null}",
	    &f_l, &f_text));
	r.row.text = SPAN_LIT("before");
	assert_int_equal(RUN(&r, 0x02), 0);
	assert_int_equal(r.row.l, -7);
	assert_null(r.row.text.ptr);
	read_release(&r);
	assert_true(read_init(&r, "{\"name\":\"x\",\"type\":\"int\"}",
	    "{\"name\":\"text\",\"type\":\"string\",\"default\":\"said\"},"
	    "{\"name\":\"in\",\"type\":{\"type\":\"record\",\"name\":\"Inner\",\"fields\":["
	    "{\"name\":\"n\",\"type\":\"long\"}]},\"default\":{\"n\":5}}",
	    &f_text, &f_in));
	assert_int_equal(RUN(&r, 0x02), 0);
	assert_true(span_is(r.row.text, "said"));
	assert_int_equal(r.row.in.n, 5);
	read_release(&r);
}

static void
test_without_a_default_it_does_not_resolve(void **state)
{
	struct read r;

	(void)state;
	assert_false(read_init(&r, "{\"name\":\"x\",\"type\":\"int\"}",
	    "{\"name\":\"l\",\"type\":\"long\"}", &f_l, NULL));
	assert_int_equal(r.err.class, ERR_RECORD);
	read_release(&r);
}

static void
test_aliases_and_order_are_the_readers(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r,
	    "{\"name\":\"note\",\"type\":\"string\"},{\"name\":\"skipped\",\"type\":\"double\"},"
	    "{\"name\":\"count\",\"type\":\"int\"}",
	    "{\"name\":\"l\",\"type\":\"long\",\"aliases\":[\"number\",\"count\"]},"
	    "{\"name\":\"text\",\"type\":\"string\",\"aliases\":[\"note\"]}",
	    &f_l, &f_text));
	assert_int_equal(RUN(&r, 0x04, 'h', 'i', 1, 2, 3, 4, 5, 6, 7, 8, 0x0e), 0);
	assert_int_equal(r.row.l, 7);
	assert_true(span_is(r.row.text, "hi"));
	read_release(&r);
}

static void
test_promotions(void **state)
{
	static const char *const value
	    = "{\"name\":\"any\",\"type\":[\"null\",\"boolean\",\"long\",\"double\",\"string\"]}";
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"bytes\",\"type\":\"string\"},{\"name\":\"text\",\"type\":\"bytes\"}",
	    "{\"name\":\"bytes\",\"type\":\"bytes\"},{\"name\":\"text\",\"type\":\"string\"}", &f_bytes,
	    &f_text));
	assert_int_equal(RUN(&r, 0x02, 'a', 0x02, 'b'), 0);
	assert_true(span_is(r.row.bytes, "a") && span_is(r.row.text, "b"));
	assert_int_equal(RUN(&r, 0x02, 'a', 0x02, 0xff), -1); /* bytes that are no text */
	read_release(&r);
	assert_true(read_init(&r, "{\"name\":\"any\",\"type\":\"int\"}", value, &f_any, NULL));
	assert_int_equal(RUN(&r, 0x0d), 0);
	assert_int_equal(r.row.any.type, AV_LONG);
	assert_int_equal(r.row.any.i, -7);
	read_release(&r);
	assert_true(read_init(&r, "{\"name\":\"any\",\"type\":\"float\"}", value, &f_any, NULL));
	assert_int_equal(RUN(&r, 0, 0, 0xc0, 0x3f), 0);
	assert_int_equal(r.row.any.type, AV_DOUBLE);
	assert_true(r.row.any.d > 1.49 && r.row.any.d < 1.51);
	read_release(&r);
	assert_false(read_init(&r, "{\"name\":\"i\",\"type\":\"long\"}", "{\"name\":\"i\",\"type\":\"int\"}",
	    &f_i, NULL)); /* never down */
	read_release(&r);
	assert_false(read_init(&r, "{\"name\":\"l\",\"type\":\"string\"}",
	    "{\"name\":\"l\",\"type\":\"long\"}", &f_l, NULL));
	read_release(&r);
}

static void
test_unions_on_either_side(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"nl\",\"type\":\"int\"},{\"name\":\"date\",\"type\":[\"int\",\"null\"]}",
	    "{\"name\":\"nl\",\"type\":[\"null\",\"long\"]},{\"name\":\"date\",\"type\":[\"null\",\"int\"]}",
	    &f_nl, &f_date));
	assert_int_equal(RUN(&r, 0x0a, 0x00, 0x04), 0);
	assert_true(r.row.nl.has);
	assert_int_equal(r.row.nl.v, 5);
	assert_int_equal(r.row.date, 2);
	assert_int_equal(RUN(&r, 0x0a, 0x02), 0);
	assert_int_equal(r.row.date, DATE_NONE);
	read_release(&r);
	/* A union read as a plain type: the branch decides. */
	assert_true(read_init(&r, "{\"name\":\"l\",\"type\":[\"null\",\"int\",\"long\"]}",
	    "{\"name\":\"l\",\"type\":\"long\"}", &f_l, NULL));
	assert_int_equal(RUN(&r, 0x02, 0x06), 0);
	assert_int_equal(r.row.l, 3);
	assert_int_equal(RUN(&r, 0x04, 0x08), 0);
	assert_int_equal(r.row.l, 4);
	assert_int_equal(RUN(&r, 0x00), -1); /* null is not a long */
	assert_int_equal(r.err.class, ERR_RECORD);
	read_release(&r);
}

static void
test_an_enum_is_read_by_its_symbols(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\",\"NEW\"]}}",
	    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}}", &f_e, NULL));
	assert_int_equal(RUN(&r, 0x00), 0);
	assert_int_equal(r.row.e, 2);
	assert_int_equal(RUN(&r, 0x02), 0);
	assert_int_equal(r.row.e, 0);
	assert_int_equal(RUN(&r, 0x04), -1); /* NEW: no such symbol, no default */
	read_release(&r);
	assert_true(read_init(&r, "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"NEW\"]}}",
	    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"],\"default\":\"B\"}}",
	    &f_e, NULL));
	assert_int_equal(RUN(&r, 0x00), 0);
	assert_int_equal(r.row.e, 1);
	read_release(&r);
}

static void
test_records_in_records_options_and_arrays(void **state)
{
	static const char *const inner = "{\"type\":\"record\",\"name\":\"Inner\",\"fields\":["
					 "{\"name\":\"n\",\"type\":\"long\"}]}";
	char fields[400];
	struct read r;

	(void)state;
	snprintf(fields, sizeof(fields),
	    "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":%s}},"
	    "{\"name\":\"maybe\",\"type\":[\"null\",\"Inner\"]}",
	    inner);
	assert_true(read_init(&r, fields, fields, &f_list, &f_maybe));
	/* One block of two with its size, one of one without, the end. */
	assert_int_equal(RUN(&r, 0x03, 0x04, 0x02, 0x04, 0x02, 0x06, 0x00, 0x02, 0x08), 0);
	assert_int_equal(r.row.list.n, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(((struct inner *)r.row.list.items)[i].n, i + 1);
	assert_non_null(r.row.maybe);
	assert_int_equal(r.row.maybe->n, 4);
	assert_int_equal(RUN(&r, 0x00, 0x00), 0);
	assert_int_equal(r.row.list.n, 0);
	assert_null(r.row.maybe);
	read_release(&r);
}

/* --- hostile */

static void
test_lengths_that_lie_are_errors(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"text\",\"type\":\"string\"}",
	    "{\"name\":\"text\",\"type\":\"string\"}", &f_text, NULL));
	assert_int_equal(RUN(&r, 0x04, 'a'), -1);  /* longer than the record */
	assert_int_equal(RUN(&r, 0x01), -1);       /* negative */
	assert_int_equal(RUN(&r, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), -1);
	assert_int_equal(RUN(&r, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), -1);
	assert_int_equal(RUN(&r, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), -1);
	assert_int_equal(RUN(&r, 0x02, 'a', 'b'), -1); /* more than the record */
	assert_int_equal(run(&r, "", 0), -1);
	assert_int_equal(r.err.class, ERR_RECORD);
	assert_true(r.err.code[0] != '\0');
	read_release(&r);
}

static void
test_indexes_out_of_range_are_errors(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r, "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}},"
	    "{\"name\":\"text\",\"type\":[\"null\",\"string\"]}",
	    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}},"
	    "{\"name\":\"text\",\"type\":[\"null\",\"string\"]}", &f_e, &f_text));
	assert_int_equal(RUN(&r, 0x00, 0x00), 0);
	assert_int_equal(RUN(&r, 0x02, 0x00), -1);
	assert_int_equal(RUN(&r, 0x01, 0x00), -1);
	assert_int_equal(RUN(&r, 0x00, 0x04), -1);
	assert_int_equal(RUN(&r, 0x00, 0x01), -1);
	read_release(&r);
	assert_true(read_init(&r, "{\"name\":\"flag\",\"type\":\"boolean\"}",
	    "{\"name\":\"flag\",\"type\":\"boolean\"}", &f_flag, NULL));
	assert_int_equal(RUN(&r, 0x02), -1);
	read_release(&r);
}

/* Seven bytes that claim billions of nulls: Avro-C runs for twenty seconds. */
static void
test_items_of_no_bytes_are_bounded(void **state)
{
	struct read r;

	(void)state;
	assert_true(read_init(&r,
	    "{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},{\"name\":\"l\",\"type\":\"long\"}",
	    "{\"name\":\"l\",\"type\":\"long\"}", &f_l, NULL));
	assert_int_equal(RUN(&r, 0x04, 0x00, 0x02), 0);
	assert_int_equal(r.row.l, 1);
	assert_int_equal(RUN(&r, 0xfe, 0xff, 0xff, 0xff, 0x1f, 0x00, 0x02), -1);
	assert_int_equal(r.err.class, ERR_RECORD);
	read_release(&r);
}

static void
test_an_array_takes_no_more_memory_than_its_bytes_allow(void **state)
{
	static const char *const list = "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":"
					"{\"type\":\"record\",\"name\":\"Inner\",\"fields\":["
					"{\"name\":\"n\",\"type\":\"long\"}]}}}";
	struct read r;

	(void)state;
	assert_true(read_init(&r, list, list, &f_list, NULL));
	assert_int_equal(RUN(&r, 0x80, 0x40, 0x02, 0x02), -1); /* 4096 items in two bytes */
	assert_true(r.arena.used_bytes < 4096);
	assert_int_equal(RUN(&r, 0x01, 0x02), -1); /* INT64_MIN's little sister, cut off */
	assert_int_equal(
	    RUN(&r, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x02, 0x02, 0x00), -1);
	read_release(&r);
}

static void
test_a_schema_that_nests_too_deep_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_str(&b, "{\"type\":\"array\",\"items\":");
	buf_str(&b, "\"int\"");
	for (int i = 0; i < 5000; i++)
		buf_str(&b, "}");
	assert_null(av_schema_parse(buf_view(&b), &err));
	assert_int_equal(err.class, ERR_FATAL);
	buf_reset(&b);
	buf_str(&b, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\",\"type\":[\"null\",\"R\"]}]}");
	assert_null(av_schema_parse(buf_view(&b), &err)); /* contains itself */
	buf_release(&b);
}

static void
test_frames_say_the_schema_or_are_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct span body;
	uint64_t fingerprint;
	uint32_t id;

	(void)state;
	av_single_head(0x0123456789abcdefu, &b);
	buf_byte(&b, 9);
	assert_int_equal(b.ptr[2], 0xef); /* little-endian */
	assert_true(av_single_parse(buf_view(&b), &fingerprint, &body));
	assert_true(fingerprint == 0x0123456789abcdefu);
	assert_int_equal(body.len, 1);
	assert_false(av_single_parse(span_of(b.ptr, 9), &fingerprint, &body));
	assert_false(av_confluent_parse(buf_view(&b), &id, &body));
	buf_reset(&b);
	av_confluent_head(7, &b);
	assert_true(av_confluent_parse(buf_view(&b), &id, &body));
	assert_int_equal(id, 7);
	assert_int_equal(body.len, 0);
	buf_release(&b);
}

/* The specification's own example of a fingerprint: of "int", CRC-64-AVRO. */
static void
test_the_fingerprint_is_the_specifications(void **state)
{
	struct err err = ERR_INIT;
	struct av_schema *s = av_schema_parse(SPAN_LIT("\"int\""), &err),
			 *t = av_schema_parse(SPAN_LIT(" {\"type\": \"int\", \"doc\": \"x\"}"), &err);

	(void)state;
	assert_non_null(s);
	assert_non_null(t);
	assert_true(av_schema_fingerprint(s) == 0x7275d51a3f395c8fu);
	assert_true(av_schema_fingerprint(t) == av_schema_fingerprint(s));
	av_schema_free(s);
	av_schema_free(t);
}

static void
test_a_fixed_keeps_its_size(void **state)
{
	static const char *const four = "{\"name\":\"fixed\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":4}}",
			  *const five = "{\"name\":\"fixed\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":5}}";
	struct read r;

	(void)state;
	assert_true(read_init(&r, four, four, &f_fixed, NULL));
	assert_int_equal(RUN(&r, 1, 2, 3, 4), 0);
	assert_memory_equal(r.row.fixed, ((uint8_t[]){ 1, 2, 3, 4 }), 4);
	assert_int_equal(RUN(&r, 1, 2, 3), -1);
	read_release(&r);
	assert_false(read_init(&r, five, four, &f_fixed, NULL));
	read_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_field_that_the_writer_lacks_has_its_default),
		cmocka_unit_test(test_without_a_default_it_does_not_resolve),
		cmocka_unit_test(test_aliases_and_order_are_the_readers),
		cmocka_unit_test(test_promotions),
		cmocka_unit_test(test_unions_on_either_side),
		cmocka_unit_test(test_an_enum_is_read_by_its_symbols),
		cmocka_unit_test(test_records_in_records_options_and_arrays),
		cmocka_unit_test(test_a_fixed_keeps_its_size),
		cmocka_unit_test(test_lengths_that_lie_are_errors),
		cmocka_unit_test(test_indexes_out_of_range_are_errors),
		cmocka_unit_test(test_items_of_no_bytes_are_bounded),
		cmocka_unit_test(test_an_array_takes_no_more_memory_than_its_bytes_allow),
		cmocka_unit_test(test_a_schema_that_nests_too_deep_is_refused),
		cmocka_unit_test(test_frames_say_the_schema_or_are_refused),
		cmocka_unit_test(test_the_fingerprint_is_the_specifications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
