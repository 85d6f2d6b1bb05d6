/* Two rows of tokens compared: what each grade stands for, both ways round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/must.h"
#include "common/token.h"
#include "transform/match/row.h"

struct side {
	struct token tokens[TOKENS_MAX];
	uint32_t n;
};

static void
has(struct side *s, int32_t field, uint32_t value)
{
	struct token t = { field, 0, { { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
					(uint8_t)(value >> 8), (uint8_t)value } } };
	uint32_t i = s->n++;

	MUST(s->n <= TOKENS_MAX);
	for (; i > 0 && s->tokens[i - 1].field > field; i--)
		s->tokens[i] = s->tokens[i - 1];
	s->tokens[i] = t;
}

static void
born(struct side *s, uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t low = month < day ? month : day, high = month < day ? day : month;

	has(s, TOKEN_DOB, year * 10000 + month * 100 + day);
	has(s, TOKEN_DOB_YEAR, year);
	has(s, TOKEN_DOB_MONTH, month);
	has(s, TOKEN_DOB_DAY, day);
	if (day <= 12 && day != month)
		has(s, TOKEN_DOB_SWAP, year * 10000 + low * 100 + high);
}

static void
named(struct side *s, uint32_t forename, uint32_t surname)
{
	has(s, TOKEN_FORENAME, forename);
	has(s, TOKEN_SURNAME, surname);
	has(s, TOKEN_NAME_FIRST, forename);
	has(s, TOKEN_NAME_LAST, surname);
}

static int
grade_of(const struct side *a, const struct side *b, enum line line)
{
	uint8_t one[LINE_END], other[LINE_END];
	struct row x, y;

	row_fill(&x, a->tokens, a->n);
	row_fill(&y, b->tokens, b->n);
	row_compare(&x, &y, NULL, NULL, one);
	row_compare(&y, &x, NULL, NULL, other);
	assert_memory_equal(one, other, LINE_END);
	return one[line];
}

static int
dob(uint32_t ay, uint32_t am, uint32_t ad, uint32_t by, uint32_t bm, uint32_t bd)
{
	struct side a = { .n = 0 }, b = { .n = 0 };

	born(&a, ay, am, ad);
	born(&b, by, bm, bd);
	return grade_of(&a, &b, LINE_DOB);
}

static void
test_a_date_of_birth_is_same_swapped_near_or_another(void **state)
{
	(void)state;
	assert_int_equal(dob(1980, 3, 14, 1980, 3, 14), GRADE_AGREE);
	assert_int_equal(dob(1980, 3, 4, 1980, 4, 3), GRADE_SWAP);
	assert_int_equal(dob(1980, 3, 14, 1980, 3, 15), GRADE_NEAR);
	assert_int_equal(dob(1980, 3, 14, 1981, 3, 14), GRADE_SOUND);
	assert_int_equal(dob(1980, 3, 14, 1981, 3, 15), GRADE_FAR);
	assert_int_equal(dob(1980, 3, 14, 1981, 4, 15), GRADE_DIFFER);
}

static void
test_of_the_first_of_january_only_the_year_is_compared(void **state)
{
	struct side a = { .n = 0 }, b = { .n = 0 }, c = { .n = 0 };

	(void)state;
	born(&a, 1980, 1, 1);
	for (uint32_t i = 0; i < a.n; i++)
		a.tokens[i].frequency = a.tokens[i].field == TOKEN_DOB ? TOKEN_FREQUENCY_MAX : 0;
	born(&b, 1980, 7, 19);
	born(&c, 1990, 1, 19);
	assert_int_equal(grade_of(&a, &b, LINE_DOB), GRADE_OTHER);
	assert_int_equal(grade_of(&a, &c, LINE_DOB), GRADE_DIFFER);
	assert_int_equal(grade_of(&a, &a, LINE_DOB), GRADE_AGREE);
}

static void
test_what_is_missing_says_nothing(void **state)
{
	struct side a = { .n = 0 }, b = { .n = 0 };

	(void)state;
	named(&a, 1, 2);
	for (int l = 0; l < LINE_END; l++)
		assert_int_equal(grade_of(&a, &b, (enum line)l), GRADE_MISSING);
}

static void
test_swapped_names_are_said_by_one_line(void **state)
{
	struct side a = { .n = 0 }, b = { .n = 0 }, c = { .n = 0 };

	(void)state;
	named(&a, 1, 2);
	named(&b, 2, 1);
	named(&c, 2, 7);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_SWAP);
	assert_int_equal(grade_of(&a, &b, LINE_FORENAME), GRADE_MISSING);
	assert_int_equal(grade_of(&a, &c, LINE_FORENAME), GRADE_SWAP);
	assert_int_equal(grade_of(&a, &c, LINE_SURNAME), GRADE_MISSING);
}

static void
test_a_slip_leaves_one_end_of_a_name(void **state)
{
	struct side a = { .n = 0 }, b = { .n = 0 };

	(void)state;
	named(&a, 1, 2);
	named(&b, 1, 3);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_DIFFER);
	has(&a, TOKEN_SURNAME_HEAD, 5);
	has(&b, TOKEN_SURNAME_HEAD, 5);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_FAR);
	has(&a, TOKEN_SURNAME_TAIL, 6);
	has(&b, TOKEN_SURNAME_TAIL, 6);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_NEAR);
	has(&a, TOKEN_PHONETIC_SURNAME, 7);
	has(&b, TOKEN_PHONETIC_SURNAME, 7);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_SOUND);
	has(&b, TOKEN_SURNAME_OTHER, 2);
	assert_int_equal(grade_of(&a, &b, LINE_SURNAME), GRADE_OTHER);
}

static void
test_a_line_is_found_where_the_other_address_has_it(void **state)
{
	struct side a = { .n = 0 }, b = { .n = 0 };

	(void)state;
	has(&a, TOKEN_STREET, 1);
	has(&a, TOKEN_LOCALITY, 2);
	has(&b, TOKEN_STREET, 2);
	has(&b, TOKEN_LOCALITY, 1);
	assert_int_equal(grade_of(&a, &b, LINE_STREET), GRADE_SWAP);
	assert_int_equal(grade_of(&a, &b, LINE_LOCALITY), GRADE_SWAP);
	has(&a, TOKEN_HOUSE, 12);
	has(&b, TOKEN_HOUSE, 3);
	assert_int_equal(grade_of(&a, &b, LINE_HOUSE), GRADE_DIFFER);
	has(&b, TOKEN_HOUSE, 12);
	assert_int_equal(grade_of(&a, &b, LINE_HOUSE), GRADE_OTHER);
}

static void
test_every_line_and_grade_has_a_name(void **state)
{
	(void)state;
	for (int l = 0; l < LINE_END; l++)
		assert_non_null(line_name((enum line)l));
	for (int g = 0; g < GRADE_END; g++)
		assert_non_null(grade_name((enum grade)g));
	assert_null(line_name(LINE_END));
	assert_null(grade_name(GRADE_END));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_date_of_birth_is_same_swapped_near_or_another),
		cmocka_unit_test(test_of_the_first_of_january_only_the_year_is_compared),
		cmocka_unit_test(test_what_is_missing_says_nothing),
		cmocka_unit_test(test_swapped_names_are_said_by_one_line),
		cmocka_unit_test(test_a_slip_leaves_one_end_of_a_name),
		cmocka_unit_test(test_a_line_is_found_where_the_other_address_has_it),
		cmocka_unit_test(test_every_line_and_grade_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
