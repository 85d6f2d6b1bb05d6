/* Days against the C library's calendar, months clamped, ages, and what is
 * not a date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <time.h>

#include "common/date.h"

static date_t
day(const char *text)
{
	date_t d;

	assert_true(date_parse(span_str(text), &d));
	return d;
}

static void
assert_day(date_t got, const char *want)
{
	char text[DATE_TEXT];

	date_text(got, text);
	assert_string_equal(text, want);
}

static void
test_every_day_is_the_c_librarys(void **state)
{
	(void)state;
	for (date_t d = date_of(1583, 1, 1); d <= DATE_MAX; d += 1 + (d > 40000) * 16) {
		time_t seconds = (time_t)d * 86400;
		struct tm tm;
		struct ymd p = date_ymd(d);

		assert_non_null(gmtime_r(&seconds, &tm));
		assert_int_equal(p.year, tm.tm_year + 1900);
		assert_int_equal(p.month, tm.tm_mon + 1);
		assert_int_equal(p.day, tm.tm_mday);
		assert_int_equal(date_of(p.year, p.month, p.day), d);
	}
	assert_day(DATE_MIN, "1582-10-15");
	assert_day(DATE_MAX, "9999-12-31");
	assert_day(DATE_NONE, "");
}

static void
test_only_days_that_exist_parse(void **state)
{
	static const char *const bad[] = { "", "2025-02-30", "2023-02-29", "1900-02-29", "2025-13-01",
		"2025-00-10", "2025-01-00", "2025-1-01", "2025-01-1", "2025/01/01", "2025-01-01 ",
		" 2025-01-01", "20250101", "01/01/2025", "2025-01-32", "+025-01-01", "1582-10-14",
		"2025-0a-01" };
	date_t d = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(date_parse(span_str(bad[i]), &d));
	assert_int_equal(d, 77); /* untouched */
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(day("2000-02-29"), 11016);
	assert_int_equal(day("1969-12-31"), -1);
}

static void
test_files_write_dates_in_four_ways(void **state)
{
	static const char *const good[] = { "2025-07-14", "20250714", "14/07/2025",
		"2025-07-14T09:30:00Z", "2025-07-14 09:30" };
	date_t d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(date_parse_loose(span_str(good[i]), &d));
		assert_day(d, "2025-07-14");
	}
	assert_false(date_parse_loose(SPAN_LIT("07/14/2025"), &d)); /* days stand first */
	assert_false(date_parse_loose(SPAN_LIT("14/7/2025"), &d));
	assert_false(date_parse_loose(SPAN_LIT("2025-07-14x"), &d));
	assert_false(date_parse_loose(SPAN_LIT("14.07.2025"), &d));
}

static void
test_months_are_clamped_and_each_is_counted_from_the_start(void **state)
{
	(void)state;
	assert_day(date_add_months(day("2025-08-31"), 6), "2026-02-28");
	assert_day(date_add_months(day("2023-08-31"), 6), "2024-02-29");
	assert_day(date_add_months(day("2025-08-31"), 9), "2026-05-31");
	assert_day(date_add_months(day("2025-01-31"), 1), "2025-02-28");
	assert_day(date_add_months(day("2025-12-15"), 1), "2026-01-15");
	assert_day(date_add_months(day("2025-01-15"), -1), "2024-12-15");
	assert_day(date_add_months(day("2024-02-29"), 12), "2025-02-28");
	assert_day(date_add_months(day("2024-02-29"), 0), "2024-02-29");
}

static void
test_somebody_born_on_29_february_ages_on_1_march(void **state)
{
	(void)state;
	assert_int_equal(date_age(day("2004-02-29"), day("2022-02-28")), 17);
	assert_int_equal(date_age(day("2004-02-29"), day("2022-03-01")), 18);
	assert_int_equal(date_age(day("2004-02-29"), day("2024-02-28")), 19);
	assert_int_equal(date_age(day("2004-02-29"), day("2024-02-29")), 20);
	assert_int_equal(date_age(day("2000-05-10"), day("2018-05-09")), 17);
	assert_int_equal(date_age(day("2000-05-10"), day("2018-05-10")), 18);
	assert_int_equal(date_age(day("2000-05-10"), day("2000-05-10")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_is_the_c_librarys),
		cmocka_unit_test(test_only_days_that_exist_parse),
		cmocka_unit_test(test_files_write_dates_in_four_ways),
		cmocka_unit_test(test_months_are_clamped_and_each_is_counted_from_the_start),
		cmocka_unit_test(test_somebody_born_on_29_february_ages_on_1_march),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
