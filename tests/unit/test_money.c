/* Money is exact to the minor unit, durations to the calendar day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/duration.h"
#include "common/money.h"

static const struct currency *
cur(const char *code)
{
	const struct currency *c = currency_find(span_str(code));

	assert_non_null(c);
	return c;
}

static void
shown(int64_t minor, const char *code, const char *text, const char *plain)
{
	char out[MONEY_TEXT];

	money_text(minor, cur(code), out);
	assert_string_equal(out, text);
	money_plain(minor, cur(code), out);
	assert_string_equal(out, plain);
}

static void
money_is_shown_as_people_write_it(void **state)
{
	(void)state;
	shown(0, "GBP", "£0.00", "0.00");
	shown(5, "GBP", "£0.05", "0.05");
	shown(102445, "GBP", "£1,024.45", "1024.45");
	shown(271172600, "GBP", "£2,711,726.00", "2711726.00");
	shown(-8933800, "GBP", "-£89,338.00", "-89338.00");
	shown(1024, "JPY", "¥1,024", "1024");
	shown(100000, "COP", "COP 1,000.00", "1000.00");
	shown(INT64_MAX, "GBP", "£92,233,720,368,547,758.07", "92233720368547758.07");
	shown(INT64_MIN, "GBP", "-£92,233,720,368,547,758.08", "-92233720368547758.08");
}

static void
fractions_of_a_minor_unit_do_not_exist(void **state)
{
	int64_t minor = -1;

	(void)state;
	assert_true(money_of_millionths(1024450000, cur("GBP"), &minor));
	assert_int_equal(minor, 102445);
	assert_false(money_of_millionths(1024451000, cur("GBP"), &minor));
	assert_true(money_of_millionths(7000000, cur("JPY"), &minor));
	assert_int_equal(minor, 7);
	assert_false(money_of_millionths(7500000, cur("JPY"), &minor));
	assert_int_equal(minor, 7);
	assert_null(currency_find(SPAN_LIT("gbp")));
	assert_null(currency_find(SPAN_LIT("XXX")));
}

static void
a_sum_that_overflows_changes_nothing(void **state)
{
	int64_t a = INT64_MAX - 1;

	(void)state;
	assert_true(money_add(&a, 1));
	assert_false(money_add(&a, 1));
	assert_true(a == INT64_MAX);
	assert_true(money_add(&a, -7));
	assert_true(a == INT64_MAX - 7);
}

static void
lasts(const char *text, int32_t months, int32_t days)
{
	struct duration d = { -1, -1 };

	assert_true(duration_parse(span_str(text), &d));
	assert_int_equal(d.months, months);
	assert_int_equal(d.days, days);
}

static void
durations_are_terms(void **state)
{
	static const char *const bad[] = { "", "3", "months", "3months", "3 moths", "-3 days",
		"1.5 weeks", "1.5 years", "1.25 months", "3 months ", "three months", "1.5",
		"99999999999 days", "2000 months", "36601 days", "0x3 days", "3 day", "1.5 month" };
	struct duration d;

	(void)state;
	lasts("3 months", 3, 0);
	lasts("1 month", 1, 0);
	lasts("1 months", 1, 0);
	lasts("1.5 months", 1, 15);
	lasts("0.5 months", 0, 15);
	lasts("13 weeks", 0, 91);
	lasts("182 days", 0, 182);
	lasts("42 days", 0, 42);
	lasts("1 day", 0, 1);
	lasts("0 days", 0, 0);
	lasts("1 year", 12, 0);
	lasts("3  years", 36, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (duration_parse(span_str(bad[i]), &d))
			fail_msg("'%s' was taken for a duration", bad[i]);
}

static void
falls_on(const char *from, const char *text, const char *to)
{
	struct duration d;
	date_t start, end;
	char out[DATE_TEXT];

	assert_true(date_parse(span_str(from), &start));
	assert_true(duration_parse(span_str(text), &d));
	end = duration_add(start, d);
	date_text(end, out);
	assert_string_equal(out, to);
}

static void
months_are_clamped_and_counted_from_the_start(void **state)
{
	(void)state;
	falls_on("2015-08-31", "3 months", "2015-11-30");
	falls_on("2015-08-31", "6 months", "2016-02-29");
	falls_on("2014-08-31", "6 months", "2015-02-28");
	falls_on("2015-08-31", "9 months", "2016-05-31");
	falls_on("2015-01-15", "1.5 months", "2015-03-02");
	falls_on("2015-01-15", "42 days", "2015-02-26");
	falls_on("2015-01-01", "13 weeks", "2015-04-02");
	falls_on("9999-06-01", "12 months", "9999-12-31");
	falls_on("9999-12-01", "100 days", "9999-12-31");
}

static void
a_duration_is_written_as_it_is_read(void **state)
{
	static const char *const texts[] = { "6 months", "1 month", "1.5 months", "91 days",
		"1 day", "0 days" };
	struct duration d;
	char out[DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(duration_parse(span_str(texts[i]), &d));
		duration_text(d, out);
		assert_string_equal(out, texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_is_shown_as_people_write_it),
		cmocka_unit_test(fractions_of_a_minor_unit_do_not_exist),
		cmocka_unit_test(a_sum_that_overflows_changes_nothing),
		cmocka_unit_test(durations_are_terms),
		cmocka_unit_test(months_are_clamped_and_counted_from_the_start),
		cmocka_unit_test(a_duration_is_written_as_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
