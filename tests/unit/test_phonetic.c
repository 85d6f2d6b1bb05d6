/* Names that sound alike meet in a code, names that do not stay apart, and
 * the codes of the paper's own examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "ingest/phonetic.h"

static bool
meet(const char *a, const char *b)
{
	struct phonetic p = phonetic_of(span_str(a)), q = phonetic_of(span_str(b));

	return strcmp(p.primary, q.primary) == 0
	    || (q.secondary[0] && strcmp(p.primary, q.secondary) == 0)
	    || (p.secondary[0] && strcmp(p.secondary, q.primary) == 0)
	    || (p.secondary[0] && q.secondary[0] && strcmp(p.secondary, q.secondary) == 0);
}

static void
test_the_papers_examples(void **state)
{
	struct phonetic p;

	(void)state;
	p = phonetic_of(SPAN_LIT("smith"));
	assert_string_equal(p.primary, "SM0");
	assert_string_equal(p.secondary, "XMT");
	p = phonetic_of(SPAN_LIT("schmidt"));
	assert_string_equal(p.primary, "XMT");
	assert_string_equal(p.secondary, "SMT");
	p = phonetic_of(SPAN_LIT("thomas"));
	assert_string_equal(p.primary, "TMS");
	assert_string_equal(p.secondary, "");
}

static void
test_what_sounds_alike_meets(void **state)
{
	static const char *const pairs[][2] = { { "smith", "smyth" }, { "smith", "schmidt" },
		{ "catherine", "katherine" }, { "stephen", "steven" }, { "philip", "filip" },
		{ "john", "jon" }, { "wright", "rite" }, { "knight", "nite" }, { "thomas", "tomas" },
		{ "reid", "read" }, { "clarke", "clark" }, { "thomson", "tomson" },
		{ "mohammed", "muhamad" }, { "hussain", "hussein" }, { "begum", "begam" },
		{ "okafor", "okaffor" }, { "novak", "novac" }, { "geoffrey", "jeffrey" } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!meet(pairs[i][0], pairs[i][1])) {
			struct phonetic p = phonetic_of(span_str(pairs[i][0])),
					q = phonetic_of(span_str(pairs[i][1]));

			fail_msg("%s %s/%s, %s %s/%s", pairs[i][0], p.primary, p.secondary,
			    pairs[i][1], q.primary, q.secondary);
		}
}

static void
test_what_does_not_stays_apart(void **state)
{
	static const char *const pairs[][2] = { { "smith", "jones" }, { "khan", "patel" },
		{ "ali", "olu" "mide" }, { "begum", "baker" }, { "brown", "green" } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_false(meet(pairs[i][0], pairs[i][1]));
}

static void
test_any_bytes_give_a_code_within_its_bounds(void **state)
{
	uint64_t chance = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t name[100];
		size_t n = (size_t)(i % 100);
		struct phonetic p;

		for (size_t k = 0; k < n; k++) {
			chance = chance * 6364136223846793005u + 1442695040888963407u;
			name[k] = i % 3 ? (uint8_t)('a' + (chance >> 40) % 26) : (uint8_t)(chance >> 40);
		}
		p = phonetic_of(span_of(name, n));
		assert_true(strlen(p.primary) <= PHONETIC_MAX && strlen(p.secondary) <= PHONETIC_MAX);
		assert_true(!p.secondary[0] || strcmp(p.primary, p.secondary) != 0);
		for (const char *c = p.primary; *c; c++)
			assert_true(*c == '0' || (*c >= 'A' && *c <= 'Z'));
	}
}

static void
test_without_a_latin_letter_nothing_sounds(void **state)
{
	(void)state;
	assert_string_equal(phonetic_of(SPAN_LIT("")).primary, "");
	assert_string_equal(phonetic_of(SPAN_LIT("王小明")).primary, "");
	assert_string_equal(phonetic_of(SPAN_LIT("αλεξησ")).primary, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_papers_examples),
		cmocka_unit_test(test_what_sounds_alike_meets),
		cmocka_unit_test(test_what_does_not_stays_apart),
		cmocka_unit_test(test_any_bytes_give_a_code_within_its_bounds),
		cmocka_unit_test(test_without_a_latin_letter_nothing_sounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
