/* Classes of frequency: their bounds, sums over sounds and nicknames, and a
 * file whose mistakes are named with their line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/token.h"
#include "ingest/frequency.h"

static void
test_bounds_of_the_classes(void **state)
{
	static const int bounds[] = { 10, 30, 60, 125, 250, 500, 1000 };
	struct buf file = BUF_INIT;
	struct frequency f;
	struct err err;

	(void)state;
	buf_str(&file, "# comment\nversion\t3\n");
	for (int i = 0; i < 7; i++) {
		buf_printf(&file, "surname\tlow%c\t%d\n", 'a' + i, bounds[i] - 1);
		buf_printf(&file, "surname\tat%c\t%d\n", 'a' + i, bounds[i]);
	}
	assert_int_equal(frequency_parse(&f, buf_view(&file), &err), 0);
	assert_int_equal(f.version, 3);
	for (int i = 0; i < 7; i++) {
		char name[8];

		snprintf(name, sizeof(name), "low%c", 'a' + i);
		assert_int_equal(frequency_class(&f, TOKEN_SURNAME, span_str(name)), i);
		snprintf(name, sizeof(name), "at%c", 'a' + i);
		assert_int_equal(frequency_class(&f, TOKEN_SURNAME, span_str(name)), i + 1);
		assert_int_equal(frequency_class(&f, TOKEN_FORENAME, span_str(name)), 0);
	}
	assert_int_equal(frequency_class(&f, TOKEN_SURNAME, SPAN_LIT("nobody")), 0);
	frequency_release(&f);
	buf_release(&file);
}

static void
test_a_sound_and_a_nickname_are_as_common_as_all_their_names(void **state)
{
	struct frequency f;
	struct err err;

	(void)state;
	assert_int_equal(frequency_parse(&f,
	    SPAN_LIT("version\t1\nforename\tbill\t200\nforename\twilliam\t900\nsurname\tclark\t9\n"
		     "surname\tclarke\t9\n"), &err), 0);
	assert_int_equal(frequency_class(&f, TOKEN_NICKNAME, SPAN_LIT("william")), 7);
	assert_int_equal(frequency_class(&f, TOKEN_FORENAME, SPAN_LIT("william")), 6);
	assert_int_equal(frequency_class(&f, TOKEN_SURNAME, SPAN_LIT("clark")), 0);
	assert_int_equal(frequency_class(&f, TOKEN_PHONETIC_SURNAME, SPAN_LIT("KLRK")), 1);
	frequency_release(&f);
}

static void
test_a_mistake_is_named_with_its_line(void **state)
{
	static const char *const bad[] = { "", "surname\tx\t1\n", "version\t1\nsurname\tx\n",
		"version\t1\nname\tx\t1\n", "version\t1\nsurname\t\t1\n", "version\t1\nsurname\tx\t-1\n",
		"version\t1\nsurname\tx\t1\tmore\n", "version\tone\n", "version\t1\nsurname\tx\t999999\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frequency f;
		struct err err = ERR_INIT;

		if (frequency_parse(&f, span_str(bad[i]), &err) == 0)
			fail_msg("file %zu was taken", i);
		assert_int_equal(err.class, ERR_FATAL);
		if (i > 1)
			assert_non_null(strstr(err.text, "line "));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_of_the_classes),
		cmocka_unit_test(test_a_sound_and_a_nickname_are_as_common_as_all_their_names),
		cmocka_unit_test(test_a_mistake_is_named_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
