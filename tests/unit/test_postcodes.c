/* A postcode's ward is that of the day; rows that cannot be read are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "ingest/postcodes.h"

#define HEAD "postcode,ward,decile,from,until\n"

static bool
find(const struct postcodes *t, const char *code, date_t on, const char *ward, int decile)
{
	struct postcode p;
	struct span got;
	int32_t d;

	assert_int_equal(postcode_check(span_str(code), &p), VALID_OK);
	if (!postcodes_find(t, &p, on, &got, &d))
		return false;
	assert_true(span_is(got, ward));
	assert_int_equal(d, decile);
	return true;
}

static void
test_the_ward_is_that_of_the_day(void **state)
{
	struct err err;
	struct postcodes *t = postcodes_parse(SPAN_LIT(HEAD "QX1 1AA,E1,3,,2018-05-01\r\n"
						       "qx11aa,E2,4,2018-05-01,\nQX1 1AB,E3,10,,"),
	    &err);

	(void)state;
	assert_non_null(t);
	assert_true(find(t, "QX1 1AA", date_of(2018, 4, 30), "E1", 3));
	assert_true(find(t, "QX11AA", date_of(2018, 5, 1), "E2", 4));
	assert_true(find(t, "QX1 1AB", date_of(1990, 1, 1), "E3", 10));
	assert_false(find(t, "QX9 9ZZ", date_of(2020, 1, 1), "", 0));
	postcodes_free(t);
}

static void
test_a_day_that_no_row_holds_is_not_found(void **state)
{
	struct err err;
	struct postcodes *t
	    = postcodes_parse(SPAN_LIT(HEAD "QX1 1AA,E1,3,2010-01-01,2018-05-01\n"), &err);

	(void)state;
	assert_non_null(t);
	assert_false(find(t, "QX1 1AA", date_of(2009, 12, 31), "", 0));
	assert_true(find(t, "QX1 1AA", date_of(2010, 1, 1), "E1", 3));
	assert_false(find(t, "QX1 1AA", date_of(2018, 5, 1), "", 0));
	postcodes_free(t);
}

static void
test_a_row_that_cannot_be_read_is_named(void **state)
{
	static const char *const bad[] = { "", "ward,postcode\n", HEAD "QX1 1AA,E1,3,\n",
		HEAD "QX1 1AA,E1,3,,,\n", HEAD ",E1,3,,\n", HEAD "QX1 1AA,,3,,\n",
		HEAD "QX1 1AA,E1,0,,\n", HEAD "QX1 1AA,E1,11,,\n", HEAD "QX1 1AA,E1,,,\n",
		HEAD "QX1 1AA,E1,1/,,\n", HEAD "QX1 1AA,E1,0:,,\n", HEAD "QX1 1AA,E1,3,2018-02-30,\n",
		HEAD "QX1 1AA,E1,3,,soon\n" };

	(void)state;
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		if (postcodes_parse(span_str(bad[i]), &err))
			fail_msg("file %zu was taken", i);
		assert_int_equal(err.class, ERR_FATAL);
		assert_non_null(strstr(err.text, i == 1 ? "line 1" : "line 2"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_ward_is_that_of_the_day),
		cmocka_unit_test(test_a_day_that_no_row_holds_is_not_found),
		cmocka_unit_test(test_a_row_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
