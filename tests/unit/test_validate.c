/* Numbers against their issuers' rules: of every number exactly one check
 * digit is right; one mistyped digit is seen; a dummy is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "ingest/validate.h"

static void
test_of_ten_nhs_check_digits_at_most_one_is_right(void **state)
{
	unsigned none = 0;

	(void)state;
	for (unsigned n = 900000000; n < 900002000; n += 7) {
		unsigned right = 0;

		for (unsigned check = 0; check < 10; check++) {
			char text[16], out[NHS_DIGITS];

			snprintf(text, sizeof(text), "%09u%u", n, check);
			right += nhs_number_check(span_str(text), out) == VALID_OK;
		}
		assert_true(right <= 1);
		none += right == 0; /* remainder 10 is never issued */
	}
	assert_true(none > 0 && none < 60);
}

static void
test_a_mistyped_nhs_number_is_seen(void **state)
{
	char out[NHS_DIGITS], text[] = "9434765919"; /* the data dictionary's own example */

	(void)state;
	assert_int_equal(nhs_number_check(SPAN_LIT("943 476 5919"), out), VALID_OK);
	assert_memory_equal(out, text, NHS_DIGITS);
	assert_int_equal(nhs_number_check(SPAN_LIT("943-476-5919"), out), VALID_OK);
	for (int i = 0; i < NHS_DIGITS; i++) {
		char good = text[i];

		text[i] = good == '9' ? '0' : (char)(good + 1);
		assert_int_equal(nhs_number_check(span_str(text), out), VALID_CHECK);
		text[i] = good;
	}
	for (int i = 0; i + 1 < NHS_DIGITS; i++) { /* neighbours swapped */
		char a = text[i], b = text[i + 1];

		text[i] = b;
		text[i + 1] = a;
		assert_int_equal(nhs_number_check(span_str(text), out), a == b ? VALID_OK : VALID_CHECK);
		text[i] = a;
		text[i + 1] = b;
	}
	assert_int_equal(nhs_number_check(SPAN_LIT("943476591"), out), VALID_FORMAT);
	assert_int_equal(nhs_number_check(SPAN_LIT("94347659190"), out), VALID_FORMAT);
	assert_int_equal(nhs_number_check(SPAN_LIT("943476591O"), out), VALID_FORMAT);
}

static void
test_dummies_and_blanks_are_absent(void **state)
{
	char nhs[NHS_DIGITS], uln[ULN_DIGITS], nino[NINO_LETTERS], uprn[UPRN_DIGITS_MAX];
	size_t len;

	(void)state;
	assert_int_equal(nhs_number_check(SPAN_NONE, nhs), VALID_ABSENT);
	assert_int_equal(nhs_number_check(SPAN_LIT(" - "), nhs), VALID_ABSENT);
	assert_int_equal(nhs_number_check(SPAN_LIT("0000000000"), nhs), VALID_ABSENT);
	assert_int_equal(nhs_number_check(SPAN_LIT("9999999999"), nhs), VALID_ABSENT);
	assert_int_equal(nhs_number_check(SPAN_LIT("1234567890"), nhs), VALID_ABSENT);
	assert_int_equal(uln_check(SPAN_LIT("9999999999"), uln), VALID_ABSENT);
	assert_int_equal(nino_check(SPAN_LIT("TN010203"), nino), VALID_ABSENT);
	assert_int_equal(nino_check(SPAN_LIT("AB000000C"), nino), VALID_ABSENT);
	assert_int_equal(uprn_check(SPAN_LIT("000"), uprn, &len), VALID_ABSENT);
}

static void
test_nino_prefixes_and_suffixes(void **state)
{
	static const char *const good[] = { "QQ123456C", "AB123456", "ab 12 34 56 d" },
				  *const bad[] = { "DA123456C", "AO123456C", "BG123456C", "GB123456C",
					  "NK123456C", "ZZ123456C", "AB123456E", "AB12345C", "A1123456C",
					  "AB1234567C" };
	char out[NINO_LETTERS];

	(void)state;
	/* HMRC's example QQ is of the never issued: Q does not begin. */
	assert_int_equal(nino_check(span_str(good[0]), out), VALID_FORMAT);
	assert_int_equal(nino_check(span_str(good[1]), out), VALID_OK);
	assert_int_equal(nino_check(span_str(good[2]), out), VALID_OK);
	assert_memory_equal(out, "AB123456", NINO_LETTERS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nino_check(span_str(bad[i]), out), VALID_FORMAT);
}

static void
test_of_upn_letters_one_is_right(void **state)
{
	static const char *const tails[] = { "801234567890", "99999999999", "12345678901A" };
	char out[UPN_LETTERS];

	(void)state;
	for (size_t t = 0; t < 3; t++) {
		unsigned right = 0;

		for (char c = 'A'; c <= 'Z'; c++) {
			char text[16];

			snprintf(text, sizeof(text), "%c%s", c, tails[t]);
			right += upn_check(span_str(text), out) == VALID_OK;
		}
		assert_int_equal(right, t == 1 ? 0 : 1); /* the second is too short */
	}
	assert_int_equal(upn_check(SPAN_LIT("A80123456789I"), out), VALID_FORMAT); /* no I, O, S */
	assert_int_equal(upn_check(SPAN_LIT("1801234567890"), out), VALID_FORMAT);
}

static void
test_of_uln_check_digits_at_most_one_is_right(void **state)
{
	char out[ULN_DIGITS];

	(void)state;
	for (unsigned n = 100000001; n < 100001000; n += 3) {
		unsigned right = 0;

		for (unsigned check = 0; check < 10; check++) {
			char text[16];

			snprintf(text, sizeof(text), "%09u%u", n, check);
			right += uln_check(span_str(text), out) == VALID_OK;
		}
		assert_true(right <= 1);
	}
	assert_int_equal(uln_check(SPAN_LIT("12345"), out), VALID_FORMAT);
}

static void
test_uprn_loses_its_zeros(void **state)
{
	char out[UPRN_DIGITS_MAX];
	size_t len;

	(void)state;
	assert_int_equal(uprn_check(SPAN_LIT("000100012345"), out, &len), VALID_OK);
	assert_true(span_is(span_of(out, len), "100012345"));
	assert_int_equal(uprn_check(SPAN_LIT("1234567890123"), out, &len), VALID_FORMAT);
	assert_int_equal(uprn_check(SPAN_LIT("12A"), out, &len), VALID_FORMAT);
}

static void
test_postcodes_have_a_sector_where_they_are_british(void **state)
{
	static const char *const british[][2] = { { "b1 1aa", "B11" }, { "QX12 3AB", "QX123" },
		{ "qx1a1aa", "QX1A1" }, { "W1A 0AX", "W1A0" }, { "M1 1AE", "M11" } };
	static const char *const absent[] = { "", "ZZ99 3VZ", "zz993wz", "NFA", "n f a", "unknown", "N/A" };
	struct postcode p;

	(void)state;
	for (size_t i = 0; i < sizeof(british) / sizeof(british[0]); i++) {
		assert_int_equal(postcode_check(span_str(british[i][0]), &p), VALID_OK);
		assert_true(span_is(span_of(p.text, p.sector_len), british[i][1]));
	}
	for (size_t i = 0; i + 1 < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(postcode_check(span_str(absent[i]), &p), VALID_ABSENT);
	assert_int_equal(postcode_check(SPAN_LIT("N/A"), &p), VALID_FORMAT); /* a stroke is no part */
	assert_int_equal(postcode_check(SPAN_LIT("75001"), &p), VALID_OK);   /* another country's */
	assert_int_equal(p.sector_len, 0);
	assert_int_equal(postcode_check(SPAN_LIT("BFPO 801"), &p), VALID_OK);
	assert_int_equal(p.sector_len, 0);
	assert_int_equal(postcode_check(SPAN_LIT("ABCDEFGHIJKLM"), &p), VALID_FORMAT);
}

static void
test_a_day_that_does_not_exist_is_not_unreadable(void **state)
{
	date_t d;

	(void)state;
	assert_int_equal(date_check(SPAN_LIT(" 2025-07-14 "), &d), DATE_RESULT_OK);
	assert_int_equal(date_check(SPAN_LIT(""), &d), DATE_RESULT_ABSENT);
	assert_int_equal(date_check(SPAN_LIT("2025-02-30"), &d), DATE_RESULT_IMPOSSIBLE);
	assert_int_equal(date_check(SPAN_LIT("31/04/2025"), &d), DATE_RESULT_IMPOSSIBLE);
	assert_int_equal(date_check(SPAN_LIT("20251301"), &d), DATE_RESULT_IMPOSSIBLE);
	assert_int_equal(date_check(SPAN_LIT("2025-02-30T10:00"), &d), DATE_RESULT_IMPOSSIBLE);
	assert_int_equal(date_check(SPAN_LIT("last week"), &d), DATE_RESULT_UNREADABLE);
	assert_int_equal(date_check(SPAN_LIT("14.07.2025"), &d), DATE_RESULT_UNREADABLE);
}

static void
test_days_that_forms_write_for_not_known(void **state)
{
	(void)state;
	assert_int_equal(dob_grade(date_of(1900, 1, 1)), DOB_DEFAULT);
	assert_int_equal(dob_grade(date_of(1899, 12, 30)), DOB_DEFAULT);
	assert_int_equal(dob_grade(date_of(1753, 1, 1)), DOB_DEFAULT);
	assert_int_equal(dob_grade(date_of(9999, 12, 31)), DOB_DEFAULT);
	assert_int_equal(dob_grade(date_of(1994, 1, 1)), DOB_WEAK);
	assert_int_equal(dob_grade(date_of(1994, 1, 2)), DOB_GOOD);
	assert_int_equal(dob_grade(date_of(1900, 1, 2)), DOB_GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_ten_nhs_check_digits_at_most_one_is_right),
		cmocka_unit_test(test_a_mistyped_nhs_number_is_seen),
		cmocka_unit_test(test_dummies_and_blanks_are_absent),
		cmocka_unit_test(test_nino_prefixes_and_suffixes),
		cmocka_unit_test(test_of_upn_letters_one_is_right),
		cmocka_unit_test(test_of_uln_check_digits_at_most_one_is_right),
		cmocka_unit_test(test_uprn_loses_its_zeros),
		cmocka_unit_test(test_postcodes_have_a_sector_where_they_are_british),
		cmocka_unit_test(test_a_day_that_does_not_exist_is_not_unreadable),
		cmocka_unit_test(test_days_that_forms_write_for_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
