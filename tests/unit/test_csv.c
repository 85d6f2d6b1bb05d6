/*
 * csv - what is written comes back; what a spreadsheet writes is read; what is
 * broken is said with its line and does not take its neighbours along.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "common/csv.h"
#include "common/mem.h"

static struct csv_row row;

static void
expect_row(struct csv *csv, uint32_t line, size_t n, const char *const *want)
{
	struct err err = ERR_INIT;
	int rc = csv_next(csv, &row, &err);

	if (rc != 1)
		fail_msg("line %u: %d %s", line, rc, err.text);
	assert_int_equal(row.line, line);
	assert_int_equal(row.fields, n);
	for (size_t i = 0; i < n; i++)
		if (!span_is(row.field[i], want[i]))
			fail_msg("line %u field %zu: '" SPAN_FMT "', expected '%s'", line, i,
			    SPAN_ARG(row.field[i]), want[i]);
}

static void
expect_bad(struct csv *csv, uint32_t line, const char *code)
{
	struct err err = ERR_INIT;

	assert_int_equal(csv_next(csv, &row, &err), -1);
	assert_int_equal(row.line, line);
	assert_string_equal(err.code, code);
	assert_int_equal(err.class, ERR_RECORD);
}

static void
expect_end(struct csv *csv)
{
	struct err err = ERR_INIT;

	assert_int_equal(csv_next(csv, &row, &err), 0);
	assert_int_equal(csv_next(csv, &row, &err), 0);
	csv_release(csv);
}

#define ROW(csv, line, ...)                                                                       \
	expect_row(csv, line, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),            \
	    (const char *[]){ __VA_ARGS__ })

static void
test_rows(void **state)
{
	struct csv csv;

	(void)state;
	csv_init(&csv, SPAN_LIT("\xef\xbb\xbf" "a,b,c\r\n1,\"2,\n2\",3\n\n,,\n\"q\"\"q\",\"\",x"), 0);
	ROW(&csv, 1, "a", "b", "c");
	ROW(&csv, 2, "1", "2,\n2", "3");
	ROW(&csv, 5, "", "", "");
	ROW(&csv, 6, "q\"q", "", "x");
	expect_end(&csv);
}

static void
test_separators(void **state)
{
	struct csv csv;

	(void)state;
	csv_init(&csv, SPAN_LIT("a;b,c;d\n1;2;3\n"), 0);
	ROW(&csv, 1, "a", "b,c", "d");
	ROW(&csv, 2, "1", "2", "3");
	expect_end(&csv);
	csv_init(&csv, SPAN_LIT("a\tb\n"), 0);
	ROW(&csv, 1, "a", "b");
	expect_end(&csv);
	csv_init(&csv, SPAN_LIT("a;b\n"), ',');
	ROW(&csv, 1, "a;b");
	expect_end(&csv);
	csv_init(&csv, SPAN_NONE, 0);
	expect_end(&csv);
	csv_init(&csv, SPAN_LIT("\n\r\n"), 0);
	expect_end(&csv);
	csv_init(&csv, SPAN_LIT("a,b\r"), 0);
	ROW(&csv, 1, "a", "b");
	expect_end(&csv);
}

static void
test_neighbours_of_bad_rows(void **state)
{
	struct csv csv;

	(void)state;
	csv_init(&csv, SPAN_LIT("a,b\n1,\"open\n2,3\n4,\"x\"y\n5,6\n"), 0);
	ROW(&csv, 1, "a", "b");
	expect_bad(&csv, 2, "csv-after-quote"); /* closes at the quote of line 4 */
	ROW(&csv, 3, "2", "3");
	expect_bad(&csv, 4, "csv-after-quote");
	ROW(&csv, 5, "5", "6");
	expect_end(&csv);

	csv_init(&csv, SPAN_LIT("a,b\n1,\"open\n2,3\n"), 0);
	ROW(&csv, 1, "a", "b");
	expect_bad(&csv, 2, "csv-quote-open");
	ROW(&csv, 3, "2", "3");
	expect_end(&csv);

	csv_init(&csv, span_of("a,b\0c\n1,2\n\"\0\",1\n", 16), 0);
	expect_bad(&csv, 1, "csv-nul");
	ROW(&csv, 2, "1", "2");
	expect_bad(&csv, 3, "csv-nul");
	expect_end(&csv);
}

static void
test_limits(void **state)
{
	struct buf text = BUF_INIT;
	struct csv csv;

	(void)state;
	for (int i = 0; i < CSV_FIELDS_MAX; i++)
		buf_str(&text, i ? ",x" : "x");
	buf_str(&text, "\n");
	for (int i = 0; i <= CSV_FIELDS_MAX; i++)
		buf_str(&text, i ? ",x" : "x");
	buf_str(&text, "\n");
	for (int i = 0; i < CSV_FIELD_BYTES_MAX; i++)
		buf_byte(&text, 'y');
	buf_str(&text, "\n\"");
	for (int i = 0; i < CSV_FIELD_BYTES_MAX; i++)
		buf_byte(&text, 'y');
	buf_str(&text, "\"\nyy");
	for (int i = 0; i < CSV_FIELD_BYTES_MAX; i++)
		buf_byte(&text, 'y');
	buf_str(&text, "\n\"");
	for (int i = 0; i < CSV_ROW_LINES_MAX; i++)
		buf_str(&text, "\n");
	buf_str(&text, "\",1\nlast");
	csv_init(&csv, buf_view(&text), ',');
	struct err err = ERR_INIT;

	assert_int_equal(csv_next(&csv, &row, &err), 1);
	assert_int_equal(row.fields, CSV_FIELDS_MAX);
	expect_bad(&csv, 2, "csv-fields");
	assert_int_equal(csv_next(&csv, &row, &err), 1);
	assert_int_equal(row.field[0].len, CSV_FIELD_BYTES_MAX);
	assert_int_equal(csv_next(&csv, &row, &err), 1);
	assert_int_equal(row.field[0].len, CSV_FIELD_BYTES_MAX);
	expect_bad(&csv, 5, "csv-field-long");
	expect_bad(&csv, 6, "csv-quote-open");
	csv_release(&csv);
	buf_release(&text);
}

enum { FIELDS = 6, FIELD = 5, ROUNDS = 4000 };

static unsigned
seed_of(void)
{
	const char *text = getenv("OUTTURN_SEED");

	return text ? (unsigned)atoi(text) : 11;
}

/* Whatever fields were put come back, one row each. */
static void
test_round_trip(void **state)
{
	static const char bytes[] = "ab,\"\n\r; ";
	unsigned seed = seed_of();

	(void)state;
	srandom(seed);
	for (int round = 0; round < ROUNDS; round++) {
		char field[FIELDS][FIELD];
		size_t len[FIELDS];
		struct buf text = BUF_INIT;
		struct err err = ERR_INIT;
		struct csv csv;

		for (int rows = 0; rows < 2; rows++)
			for (int f = 0; f < FIELDS; f++) {
				len[f] = (size_t)random() % FIELD;
				for (size_t i = 0; i < len[f]; i++)
					field[f][i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
				if (f)
					buf_byte(&text, ',');
				csv_put(&text, span_of(field[f], len[f]));
				if (f == FIELDS - 1)
					buf_str(&text, "\r\n");
			}
		csv_init(&csv, buf_view(&text), ',');
		assert_int_equal(csv_next(&csv, &row, &err), 1);
		assert_int_equal(csv_next(&csv, &row, &err), 1);
		if (row.fields != FIELDS)
			fail_msg("seed %u round %d: %u fields", seed, round, row.fields);
		for (int f = 0; f < FIELDS; f++)
			if (!span_eq(row.field[f], span_of(field[f], len[f])))
				fail_msg("seed %u round %d field %d", seed, round, f);
		assert_int_equal(csv_next(&csv, &row, &err), 0);
		csv_release(&csv);
		buf_release(&text);
	}
}

/* Any bytes: it ends, lines only grow, and rows come in the order of their lines. */
static void
test_any_bytes(void **state)
{
	static const char likely[] = ",\"\n\r\0xy";
	unsigned seed = seed_of();

	(void)state;
	srandom(seed);
	for (int round = 0; round < ROUNDS; round++) {
		uint8_t text[60];
		size_t n = (size_t)random() % sizeof(text);
		uint8_t *exact = mem_alloc(n ? n : 1); /* so that ASan sees one byte too many */
		uint32_t before = 0;
		struct err err = ERR_INIT;
		struct csv csv;
		int rc;

		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)(random() % 3 ? likely[random() % 7] : random());
		memcpy(exact, text, n);
		csv_init(&csv, span_of(exact, n), ',');
		for (int rows = 0; (rc = csv_next(&csv, &row, &err)) != 0; rows++) {
			if (row.line <= before || rows > 60)
				fail_msg("seed %u round %d: line %u after %u", seed, round, row.line,
				    before);
			before = row.line;
		}
		csv_release(&csv);
		mem_free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_neighbours_of_bad_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
