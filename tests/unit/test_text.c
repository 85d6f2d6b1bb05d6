/* Folding: one form for what people write in many, the same for every
 * normalisation form, and nothing left to fold afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/text.h"

static void
assert_folds(const char *in, const char *want)
{
	uint8_t out[TEXT_OUT_MAX], again[TEXT_OUT_MAX];
	size_t len, len2;

	assert_int_equal(text_fold(span_str(in), out, &len), TEXT_OK);
	if (!span_is(span_of(out, len), want))
		fail_msg("'%s' gives '%.*s', not '%s'", in, (int)len, (const char *)out, want);
	assert_int_equal(text_fold(span_of(out, len), again, &len2), TEXT_OK);
	assert_true(span_eq(span_of(out, len), span_of(again, len2)));
}

static void
test_folds_case_accents_and_letters_that_do_not_decompose(void **state)
{
	static const char *const pairs[][2] = {
		{ "ZOË", "zoe" }, { "Łukasz", "lukasz" }, { "Bjørn", "bjorn" }, { "Æthel", "aethel" },
		{ "Þóra", "thora" }, { "Đặng", "dang" }, { "Straße", "strasse" }, { "İpek", "ipek" },
		{ "ılgaz", "ilgaz" }, { "Œuvre", "oeuvre" }, { "Ɗan", "dan" }, { "Ŋ", "ng" },
		{ "ﬁona", "fiona" }, { "Ｚｏｅ", "zoe" }, { "Ἀλέξης", "αλεξησ" }, { "Йосип", "иосип" },
		{ "أحمد", "احمد" }, { "מֹשֶׁה", "משה" }, { "王小明", "王小明" }, { "नीता", "नीता" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_folds(pairs[i][0], pairs[i][1]);
}

static void
test_one_apostrophe_one_dash_one_blank(void **state)
{
	(void)state;
	assert_folds("O’Brien", "o'brien");
	assert_folds("O`Brien", "o'brien");
	assert_folds("Oʻahu", "o'ahu");
	assert_folds("Smith–Jones", "smith-jones");
	assert_folds("Smith‑Jones", "smith-jones"); /* non-breaking hyphen */
	assert_folds("Ann\xc2\xa0Mary", "ann mary");
	assert_folds("Ann\tMary\n", "ann mary ");
	assert_folds("Ann\xe2\x80\x8bMary", "annmary"); /* zero-width space: not there */
}

static void
test_every_normalisation_form_gives_the_same_bytes(void **state)
{
	(void)state;
	assert_folds("Zo\xc3\xab", "zoe");        /* composed */
	assert_folds("Zoe\xcc\x88", "zoe");       /* decomposed */
	assert_folds("Nguye\xcc\x82\xcc\x83n", "nguyen");
	assert_folds("Nguy\xe1\xbb\x85n", "nguyen");
}

static void
test_what_is_not_utf8_or_too_long_is_said(void **state)
{
	static const char *const bad[] = { "\xff", "\xc3", "a\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
		"\xe2\x82", "\x80" };
	uint8_t out[TEXT_OUT_MAX], in[TEXT_IN_MAX + 1];
	size_t len = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(text_fold(span_str(bad[i]), out, &len), TEXT_NOT_UTF8);
		assert_false(text_is_utf8(span_str(bad[i])));
	}
	memset(in, 'a', sizeof(in));
	assert_int_equal(text_fold(span_of(in, sizeof(in)), out, &len), TEXT_TOO_LONG);
	assert_int_equal(len, 77); /* untouched */
	assert_int_equal(text_fold(span_of(in, TEXT_IN_MAX), out, &len), TEXT_OK);
	for (size_t i = 0; i + 3 <= TEXT_IN_MAX; i += 3)
		memcpy(in + i, "\xef\xb7\xba", 3); /* one character that becomes eighteen */
	assert_int_equal(text_fold(span_of(in, TEXT_IN_MAX / 3 * 3), out, &len), TEXT_TOO_LONG);
}

static void
test_ascii_is_seen_at_every_length(void **state)
{
	char text[40];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t n = 1; n <= sizeof(text); n++)
		for (size_t i = 0; i < n; i++) {
			text[i] = '\xc3';
			assert_false(text_is_ascii(span_of(text, n)));
			text[i] = 'a';
			assert_true(text_is_ascii(span_of(text, n)));
		}
}

static void
test_trim_and_alnum(void **state)
{
	uint8_t out[4];
	size_t len;

	(void)state;
	assert_true(span_is(text_trim(SPAN_LIT(" \t a b \n")), "a b"));
	assert_true(text_absent(SPAN_LIT(" \t\n")));
	assert_true(text_absent(SPAN_NONE));
	assert_false(text_absent(SPAN_LIT(".")));
	assert_true(text_alnum_upper(SPAN_LIT(" a-1/b "), out, sizeof(out), &len));
	assert_true(span_is(span_of(out, len), "A1B"));
	assert_false(text_alnum_upper(SPAN_LIT("abcde"), out, sizeof(out), &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folds_case_accents_and_letters_that_do_not_decompose),
		cmocka_unit_test(test_one_apostrophe_one_dash_one_blank),
		cmocka_unit_test(test_every_normalisation_form_gives_the_same_bytes),
		cmocka_unit_test(test_what_is_not_utf8_or_too_long_is_said),
		cmocka_unit_test(test_ascii_is_seen_at_every_length),
		cmocka_unit_test(test_trim_and_alnum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
