/* Levels of comparison: what agrees, nearly agrees, disagrees, and what is simply not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/must.h"
#include "common/token.h"
#include "transform/match/compare.h"

enum { SIDE_MAX = 16 };

struct side {
	uint64_t value[SIDE_MAX];
	uint8_t field[SIDE_MAX], frequency[SIDE_MAX];
	struct token_view view;
};

static void
has(struct side *s, int field, uint64_t value, int frequency)
{
	uint32_t n = s->view.n++, i = n;

	MUST(n < SIDE_MAX);
	for (; i > 0 && (s->field[i - 1] > field
		 || (s->field[i - 1] == field && s->value[i - 1] > value)); i--) {
		s->field[i] = s->field[i - 1];
		s->value[i] = s->value[i - 1];
		s->frequency[i] = s->frequency[i - 1];
	}
	s->field[i] = (uint8_t)field;
	s->value[i] = value;
	s->frequency[i] = (uint8_t)frequency;
	s->view.value = s->value;
	s->view.field = s->field;
	s->view.frequency = s->frequency;
}

static void
born(struct side *s, uint64_t year, uint64_t month, uint64_t day, int frequency)
{
	uint64_t low = month < day ? month : day, high = month < day ? day : month;

	has(s, TOKEN_DOB, year * 10000 + month * 100 + day, frequency);
	has(s, TOKEN_DOB_YEAR, year, 0);
	has(s, TOKEN_DOB_MONTH, month, 0);
	has(s, TOKEN_DOB_DAY, day, 0);
	has(s, TOKEN_DOB_SWAP, year * 10000 + low * 100 + high, 0);
}

static void
named(struct side *s, uint64_t forename, uint64_t surname)
{
	uint64_t low = forename < surname ? forename : surname;

	has(s, TOKEN_FORENAME, forename, 0);
	has(s, TOKEN_SURNAME, surname, 0);
	has(s, TOKEN_NAME_SWAP, low * 1000 + (forename + surname - low), 0);
}

/* Both ways round, for comparing knows no first and second. */
static int
level(const struct side *a, const struct side *b, enum comparison c)
{
	uint8_t one[COMPARE_END], other[COMPARE_END];

	compare(&a->view, &b->view, one);
	compare(&b->view, &a->view, other);
	assert_memory_equal(one, other, COMPARE_END);
	return one[c];
}

static int
dob(uint64_t ay, uint64_t am, uint64_t ad, uint64_t by, uint64_t bm, uint64_t bd, int frequency)
{
	struct side a = { .view.n = 0 }, b = { .view.n = 0 };

	born(&a, ay, am, ad, frequency);
	born(&b, by, bm, bd, frequency);
	return level(&a, &b, COMPARE_DOB);
}

static void
test_a_number_agrees_disagrees_or_is_missing(void **state)
{
	struct side a = { .view.n = 0 }, b = { .view.n = 0 }, none = { .view.n = 0 };

	(void)state;
	has(&a, TOKEN_NHS, 7, 0);
	has(&b, TOKEN_NHS, 8, 0);
	assert_int_equal(level(&a, &a, COMPARE_NHS), LEVEL_AGREE);
	assert_int_equal(level(&a, &b, COMPARE_NHS), LEVEL_DISAGREE);
	assert_int_equal(level(&a, &none, COMPARE_NHS), LEVEL_MISSING);
	assert_int_equal(level(&none, &none, COMPARE_NHS), LEVEL_MISSING);
}

static void
test_a_birthday_agrees_in_full_in_part_or_turned_about(void **state)
{
	(void)state;
	assert_int_equal(dob(1990, 5, 7, 1990, 5, 7, 0), LEVEL_AGREE);
	assert_int_equal(dob(1990, 5, 7, 1990, 7, 5, 0), LEVEL_SWAP);
	assert_int_equal(dob(1990, 5, 7, 1991, 5, 7, 0), LEVEL_PARTIAL);
	assert_int_equal(dob(1990, 5, 7, 1990, 5, 9, 0), LEVEL_PARTIAL);
	assert_int_equal(dob(1990, 5, 7, 1990, 6, 8, 0), LEVEL_DISAGREE);
	assert_int_equal(dob(1990, 5, 7, 1991, 6, 8, 0), LEVEL_DISAGREE);
}

static void
test_a_weak_birthday_never_agrees_in_full(void **state)
{
	(void)state;
	assert_int_equal(dob(1990, 1, 1, 1990, 1, 1, TOKEN_FREQUENCY_MAX - 1), LEVEL_AGREE);
	assert_int_equal(dob(1990, 1, 1, 1990, 1, 1, TOKEN_FREQUENCY_MAX), LEVEL_PARTIAL);
}

static bool
conflict(uint64_t by, uint64_t bm, uint64_t bd, int frequency)
{
	struct side a = { .view.n = 0 }, b = { .view.n = 0 };

	born(&a, 1990, 5, 7, 0);
	born(&b, by, bm, bd, frequency);
	assert_int_equal(compare_dob_conflict(&a.view, &b.view),
	    compare_dob_conflict(&b.view, &a.view));
	return compare_dob_conflict(&a.view, &b.view);
}

static void
test_birthdays_conflict_when_nothing_of_them_agrees_and_neither_is_weak(void **state)
{
	struct side only = { .view.n = 0 }, full = { .view.n = 0 };

	(void)state;
	assert_true(conflict(1980, 6, 8, 0));
	assert_false(conflict(1980, 6, 7, 0));
	assert_false(conflict(1980, 6, 8, TOKEN_FREQUENCY_MAX));
	assert_false(conflict(1990, 7, 5, 0));
	has(&only, TOKEN_DOB, 1, 0); /* the nine core tokens: no parts, no proof */
	born(&full, 1980, 6, 8, 0);
	assert_false(compare_dob_conflict(&only.view, &full.view));
}

static void
test_names_agree_by_themselves_by_others_by_sound_or_turned_about(void **state)
{
	struct side a = { .view.n = 0 }, b = { .view.n = 0 }, swapped = { .view.n = 0 };
	struct side married = { .view.n = 0 }, short_name = { .view.n = 0 };

	(void)state;
	named(&a, 1, 2);
	has(&a, TOKEN_PHONETIC_SURNAME, 90, 0);
	has(&a, TOKEN_NICKNAME, 80, 0);
	named(&b, 3, 4);
	named(&swapped, 2, 1);
	named(&married, 1, 5);
	has(&married, TOKEN_SURNAME_OTHER, 2, 0);
	named(&short_name, 6, 7);
	has(&short_name, TOKEN_PHONETIC_SURNAME, 90, 0);
	has(&short_name, TOKEN_NICKNAME, 80, 0);
	assert_int_equal(level(&a, &a, COMPARE_SURNAME), LEVEL_AGREE);
	assert_int_equal(level(&a, &b, COMPARE_SURNAME), LEVEL_DISAGREE);
	assert_int_equal(level(&a, &swapped, COMPARE_SURNAME), LEVEL_SWAP);
	assert_int_equal(level(&a, &swapped, COMPARE_FORENAME), LEVEL_SWAP);
	assert_int_equal(level(&a, &married, COMPARE_SURNAME), LEVEL_PARTIAL);
	assert_int_equal(level(&a, &short_name, COMPARE_SURNAME), LEVEL_PARTIAL);
	assert_int_equal(level(&a, &short_name, COMPARE_FORENAME), LEVEL_PARTIAL);
}

static void
test_any_postcode_of_one_meets_any_of_the_other(void **state)
{
	struct side a = { .view.n = 0 }, b = { .view.n = 0 }, near = { .view.n = 0 };

	(void)state;
	has(&a, TOKEN_POSTCODE, 10, 0);
	has(&a, TOKEN_SECTOR, 1, 0);
	has(&b, TOKEN_POSTCODE, 20, 0);
	has(&b, TOKEN_POSTCODE_OTHER, 10, 0);
	has(&near, TOKEN_POSTCODE, 11, 0);
	has(&near, TOKEN_SECTOR, 1, 0);
	assert_int_equal(level(&a, &b, COMPARE_POSTCODE), LEVEL_AGREE);
	assert_int_equal(level(&a, &near, COMPARE_POSTCODE), LEVEL_PARTIAL);
	assert_int_equal(level(&b, &near, COMPARE_POSTCODE), LEVEL_DISAGREE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_agrees_disagrees_or_is_missing),
		cmocka_unit_test(test_a_birthday_agrees_in_full_in_part_or_turned_about),
		cmocka_unit_test(test_a_weak_birthday_never_agrees_in_full),
		cmocka_unit_test(test_birthdays_conflict_when_nothing_of_them_agrees_and_neither_is_weak),
		cmocka_unit_test(test_names_agree_by_themselves_by_others_by_sound_or_turned_about),
		cmocka_unit_test(test_any_postcode_of_one_meets_any_of_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
