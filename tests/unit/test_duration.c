/* How long, as terms say it: what parses, what it adds, and that its text
 * parses to itself again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/duration.h"

static void
assert_adds(const char *from, const char *length, const char *want)
{
	struct duration d;
	date_t start;
	char text[DATE_TEXT];

	assert_true(date_parse(span_str(from), &start));
	assert_true(duration_parse(span_str(length), &d));
	date_text(duration_add(start, d), text);
	assert_string_equal(text, want);
}

static void
test_months_go_by_the_calendar_and_weeks_by_days(void **state)
{
	(void)state;
	assert_adds("2025-08-31", "3 months", "2025-11-30");
	assert_adds("2025-01-01", "13 weeks", "2025-04-02");
	assert_adds("2025-01-01", "182 days", "2025-07-02");
	assert_adds("2025-01-15", "1.5 months", "2025-03-02");
	assert_adds("2024-02-29", "1 year", "2025-02-28");
	assert_adds("2025-01-01", "0 days", "2025-01-01");
	assert_adds("2025-01-31", "1 month", "2025-02-28");
}

static void
test_what_is_not_a_length_does_not_parse(void **state)
{
	static const char *const bad[] = { "", "3", "months", "3months", "-3 months", "3 fortnights",
		"1.5 days", "1.25 months", "1.5 years", "0.5 weeks", "3 Months", "3 months ",
		" 3 months", "3 month", "1000000 days", "99999999999999999999 days", "1201 months",
		"101 years", "1.5.5 months", "3\tmonths" };
	struct duration d = { 7, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (duration_parse(span_str(bad[i]), &d))
			fail_msg("'%s' parsed", bad[i]);
	assert_int_equal(d.months, 7);
	assert_int_equal(d.days, 7);
}

static void
test_its_text_parses_to_itself(void **state)
{
	static const char *const good[] = { "1 month", "6 months", "1.5 months", "1 day", "182 days" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[DURATION_TEXT];
		struct duration d;

		assert_true(duration_parse(span_str(good[i]), &d));
		duration_text(d, text);
		assert_string_equal(text, good[i]);
	}
}

static void
test_never_past_the_last_day(void **state)
{
	(void)state;
	assert_adds("9999-12-31", "1 day", "9999-12-31");
	assert_adds("9999-11-30", "2 months", "9999-12-31");
	assert_adds("9990-01-01", "36600 days", "9999-12-31");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_months_go_by_the_calendar_and_weeks_by_days),
		cmocka_unit_test(test_what_is_not_a_length_does_not_parse),
		cmocka_unit_test(test_its_text_parses_to_itself),
		cmocka_unit_test(test_never_past_the_last_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
