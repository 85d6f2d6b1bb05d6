/*
 * generic - rows become raw records; what cannot is said with its column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/csv.h"
#include "common/generic.h"

static struct generic_fact fact;
static struct arena arena;
static struct err err;

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	err = (struct err)ERR_INIT;
	generic_begin(&fact);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static int
put(const char *column, const char *text)
{
	struct av_value v = { .type = AV_STRING, .s = span_str(text) };

	return generic_set(&fact, generic_column_of(span_str(column)), span_str(column), &v, &arena,
	    &err);
}

static void
refused(int rc, const char *code, const char *field)
{
	assert_int_equal(rc, -1);
	assert_int_equal(err.class, ERR_RECORD);
	assert_string_equal(err.code, code);
	assert_string_equal(err.field, field);
	assert_non_null(strstr(err.text, field));
}

static void
test_whole_row(void **state)
{
	(void)state;
	assert_int_equal(put("record_id", " T-1 "), 0);
	assert_int_equal(put("Revision", "3"), 0);
	assert_int_equal(put("KIND", "accommodation"), 0);
	assert_int_equal(put("start", "2025-07-14"), 0);
	assert_int_equal(put("surname", "Łukasz"), 0);
	assert_int_equal(put("postcode", "B1 1AA"), 0);
	assert_int_equal(put("address_from", "2020-01-01"), 0);
	assert_int_equal(put("attr.hours", "16"), 0);
	assert_int_equal(put("attr.code", "01"), 0);
	assert_int_equal(put("withdrawn", "No"), 0);
	assert_int_equal(put("title", "   "), 0);
	assert_int_equal(put("person", "p1"), 0);
	assert_int_equal(generic_finish(&fact, &arena, &err), 0);

	const struct raw_record *r = &fact.record;
	const struct raw_attribute *a = r->event->attributes.items;
	const struct raw_address *home = r->person->addresses.items;

	assert_true(span_is(r->record_id, "T-1"));
	assert_int_equal(r->revision, 3);
	assert_false(r->withdrawn);
	assert_true(span_is(r->event->kind, "accommodation"));
	assert_null(r->event->end.ptr);
	assert_null(r->person->title.ptr);
	assert_true(span_is(r->person->surname, "Łukasz"));
	assert_int_equal(r->person->addresses.n, 1);
	assert_true(span_is(home->postcode, "B1 1AA") && span_is(home->from, "2020-01-01"));
	assert_int_equal(r->event->attributes.n, 2);
	assert_true(span_is(a[0].name, "hours") && a[0].value.type == AV_LONG && a[0].value.i == 16);
	assert_true(span_is(a[1].name, "code") && a[1].value.type == AV_STRING);
	assert_true(span_is(fact.label, "p1"));
}

static void
test_withdrawal_and_declaration(void **state)
{
	(void)state;
	assert_int_equal(put("record_id", "T-1"), 0);
	assert_int_equal(put("withdrawn", "yes"), 0);
	assert_int_equal(put("objection", "no"), 0);
	assert_int_equal(generic_finish(&fact, &arena, &err), 0);
	assert_true(fact.record.withdrawn);
	assert_null(fact.record.person);
	assert_null(fact.record.event);

	generic_begin(&fact);
	assert_int_equal(put("complete_through", "2026-03-31"), 0);
	assert_int_equal(generic_finish(&fact, &arena, &err), 0);
	assert_true(span_is(fact.record.record_id, "complete-2026-03-31"));
	assert_null(fact.record.event);
}

static void
test_refused(void **state)
{
	char long_id[GENERIC_RECORD_ID_MAX + 2], long_text[GENERIC_TEXT_MAX + 2];

	(void)state;
	refused(put("revision", "-1"), "not-a-number", "revision");
	refused(put("revision", "two"), "not-a-number", "revision");
	refused(put("revision", "1.5"), "not-a-number", "revision");
	refused(put("withdrawn", "maybe"), "not-yes-or-no", "withdrawn");
	refused(put("surname", "Zo\xeb"), "not-utf8", "surname");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	refused(put("town", long_text), "too-long", "town");
	refused(generic_finish(&fact, &arena, &err), "no-record-id", "record_id");
	assert_int_equal(put("record_id", "a"), 0);
	refused(generic_finish(&fact, &arena, &err), "no-event", "kind");
	assert_int_equal(put("start", "2025-01-01"), 0);
	refused(generic_finish(&fact, &arena, &err), "no-kind", "kind");
	assert_int_equal(put("complete_through", "2025-01-01"), 0);
	refused(generic_finish(&fact, &arena, &err), "complete-and-event", "complete_through");
	generic_begin(&fact);
	memset(long_id, 'x', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	assert_int_equal(put("record_id", long_id), 0);
	refused(generic_finish(&fact, &arena, &err), "too-long", "record_id");
	generic_begin(&fact);
	for (int i = 0; i < GENERIC_ATTRIBUTES_MAX; i++)
		assert_int_equal(put("attr.x", "1"), 0);
	refused(put("attr.x", "1"), "too-many", "attr.x");
}

static void
test_typed(void **state)
{
	static const struct {
		const char *text;
		enum av_type type;
	} cases[] = {
		{ "true", AV_BOOLEAN }, { "False", AV_BOOLEAN }, { "yes", AV_STRING },
		{ "0", AV_LONG }, { "-5", AV_LONG }, { "16", AV_LONG }, { "016", AV_STRING },
		{ "16.5", AV_DOUBLE }, { "0.5", AV_DOUBLE }, { ".5", AV_STRING }, { "5.", AV_STRING },
		{ "1.2.3", AV_STRING }, { "-", AV_STRING }, { "1e3", AV_STRING },
		{ "1234567890123456", AV_STRING }, { "nan", AV_STRING }, { "2025-01-01", AV_STRING },
		{ "00", AV_STRING }, { "-0.5", AV_DOUBLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (generic_typed(span_str(cases[i].text)).type != cases[i].type)
			fail_msg("'%s' is of another type", cases[i].text);
	assert_int_equal(generic_typed(SPAN_LIT("-5")).i, -5);
	assert_true(generic_typed(SPAN_LIT("16.5")).d == 16.5);
}

static void
test_json_types(void **state)
{
	struct av_value number = { .type = AV_LONG, .i = 100021 };
	struct av_value yes = { .type = AV_BOOLEAN, .i = 1 };
	struct av_value half = { .type = AV_DOUBLE, .d = 0.5 };
	struct av_value null = { .type = AV_NULL };

	(void)state;
	assert_int_equal(generic_set(&fact, GENERIC_UPRN, SPAN_LIT("uprn"), &number, &arena, &err), 0);
	assert_int_equal(
	    generic_set(&fact, GENERIC_WITHDRAWN, SPAN_LIT("withdrawn"), &yes, &arena, &err), 0);
	assert_int_equal(generic_set(&fact, GENERIC_DOB, SPAN_LIT("dob"), &null, &arena, &err), 0);
	refused(generic_set(&fact, GENERIC_UPRN, SPAN_LIT("uprn"), &half, &arena, &err), "not-text",
	    "uprn");
	assert_int_equal(
	    generic_set(&fact, GENERIC_ATTRIBUTE, SPAN_LIT("attr.rate"), &half, &arena, &err), 0);
	assert_true(span_is(fact.address.uprn, "100021"));
	assert_true(fact.record.withdrawn);
	assert_true(fact.attributes[0].value.type == AV_DOUBLE);
}

/* The template is a file that can be fed as it is. */
static void
test_template(void **state)
{
	struct buf text = BUF_INIT;
	struct csv csv;
	static struct csv_row head, row;

	(void)state;
	generic_template(&text);
	csv_init(&csv, buf_view(&text), 0);
	assert_int_equal(csv_next(&csv, &head, &err), 1);
	struct span name[CSV_FIELDS_MAX];

	for (uint32_t i = 0; i < head.fields; i++)
		name[i] = arena_copy(&arena, head.field[i]);
	assert_int_equal(csv_next(&csv, &row, &err), 1);
	assert_int_equal(row.fields, head.fields);
	assert_int_equal(row.fields, GENERIC_COLUMN_COUNT); /* no person, one attribute */
	for (uint32_t i = 0; i < row.fields; i++) {
		struct av_value v = { .type = AV_STRING, .s = row.field[i] };
		enum generic_column c = generic_column_of(name[i]);

		assert_int_not_equal(c, GENERIC_UNKNOWN);
		assert_int_equal(generic_set(&fact, c, name[i], &v, &arena, &err), 0);
	}
	assert_int_equal(generic_finish(&fact, &arena, &err), 0);
	csv_release(&csv);
	buf_release(&text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_row),
		TEST(test_withdrawal_and_declaration),
		TEST(test_refused),
		TEST(test_typed),
		TEST(test_json_types),
		TEST(test_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
