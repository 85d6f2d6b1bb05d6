/*
 * The vectors of docs/normalisation.md, tests/unit/normalisation.tsv: what is
 * sent, of which field, its one form, and why.  Then what no line can say: the
 * current address, rejects, and that a normal form is its own normal form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "ingest/normalise.h"

enum { LINE_MAX_BYTES = 2048, COLUMNS = 4 };

static struct arena arena;

/* \uXXXX as UTF-8; of the basic plane. */
static struct span
unescape(const char *text)
{
	char *out = arena_alloc(&arena, strlen(text) + 1), *at = out;

	for (; *text; text++) {
		unsigned c;

		if (sscanf(text, "\\u%4x", &c) != 1) {
			*at++ = *text;
			continue;
		}
		text += 5;
		if (c >= 0x800)
			*at++ = (char)(0xE0 | c >> 12);
		*at++ = (char)((c >= 0x800 ? 0x80 : 0xC0) | (c >> 6 & (c >= 0x800 ? 0x3F : 0x1F)));
		*at++ = (char)(0x80 | (c & 0x3F));
	}
	return span_of(out, (size_t)(at - out));
}

static void
names_text(const struct names *n, struct buf *out)
{
	if (n->whole.len == 0)
		buf_str(out, "-");
	buf_span(out, n->whole);
	for (size_t i = 0; i < n->n; i++) {
		buf_str(out, i ? " " : " | ");
		buf_span(out, n->others[i]);
	}
}

static void
place_into(struct raw_person *raw, const char *field, struct span value, struct raw_address *home)
{
	struct {
		const char *name;
		struct span *at;
	} places[] = { { "surname", &raw->surname }, { "comma", &raw->surname },
		{ "forename", &raw->forename }, { "nhs-number", &raw->nhs_number },
		{ "nino", &raw->nino }, { "local-id", &raw->local_id }, { "dob", &raw->dob },
		{ "postcode", &home->postcode }, { "uprn", &home->uprn } };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(field, places[i].name) == 0) {
			*places[i].at = value;
			return;
		}
	fail_msg("no field '%s'", field);
}

static void
text_or_none(struct buf *out, bool has, const void *text, size_t len)
{
	if (has && len)
		buf_add(out, text, len);
	else
		buf_str(out, "-");
}

static void
person_text(const struct person *p, const char *field, struct buf *out)
{
	const struct address *home = &p->addresses[0];
	char day[DATE_TEXT];

	if (strcmp(field, "surname") == 0) {
		names_text(&p->surname, out);
	} else if (strcmp(field, "forename") == 0) {
		names_text(&p->forename, out);
	} else if (strcmp(field, "comma") == 0) {
		names_text(&p->surname, out);
		buf_str(out, " / ");
		names_text(&p->forename, out);
	} else if (strcmp(field, "nhs-number") == 0) {
		text_or_none(out, p->has_nhs, p->nhs, NHS_DIGITS);
	} else if (strcmp(field, "nino") == 0) {
		text_or_none(out, p->has_nino, p->nino, NINO_LETTERS);
	} else if (strcmp(field, "local-id") == 0) {
		text_or_none(out, true, p->local_id.ptr, p->local_id.len);
	} else if (strcmp(field, "uprn") == 0) {
		text_or_none(out, true, home->uprn, home->uprn_len);
	} else if (strcmp(field, "dob") == 0) {
		date_text(p->dob, day);
		text_or_none(out, true, day, strlen(day));
	} else {
		text_or_none(out, true, home->postcode.text, home->postcode.len);
		if (home->postcode.len)
			buf_byte(out, ' ');
		if (home->postcode.len)
			text_or_none(out, true, home->postcode.text, home->postcode.sector_len);
	}
}

static void
normal_form(const char *field, struct span value, struct buf *out)
{
	struct raw_person raw = { 0 };
	struct raw_address home = { 0 };
	struct err err = ERR_INIT;
	struct person p;

	raw.addresses = (struct av_array){ &home, 1 };
	place_into(&raw, field, value, &home);
	buf_reset(out);
	if (person_normalise(&raw, 0, &p, &arena, &err)) {
		assert_int_equal(err.class, ERR_RECORD);
		assert_true(err.field[0] != '\0');
		buf_printf(out, "!%s", err.code);
		return;
	}
	person_text(&p, field, out);
}

static size_t
each_vector(void (*one)(char *column[COLUMNS], int line))
{
	FILE *file = fopen("tests/unit/normalisation.tsv", "r");
	char text[LINE_MAX_BYTES];
	size_t n = 0;

	assert_non_null(file);
	for (int line = 1; fgets(text, sizeof(text), file); line++) {
		char *column[COLUMNS], *rest = text;

		if (text[0] == '#')
			continue;
		text[strcspn(text, "\n")] = '\0';
		for (int i = 0; i < COLUMNS; i++)
			if (!(column[i] = strsep(&rest, "\t")))
				fail_msg("line %d has %d columns", line, i);
		one(column, line);
		arena_reset(&arena);
		n++;
	}
	fclose(file);
	return n;
}

static void
check_vector(char *column[COLUMNS], int line)
{
	struct buf got = BUF_INIT;

	normal_form(column[1], unescape(column[0]), &got);
	if (strcmp(buf_cstr(&got), column[2]) != 0)
		fail_msg("line %d: '%s' gives '%s', not '%s'", line, column[0], buf_cstr(&got),
		    column[2]);
	assert_true(column[3][0] != '\0'); /* a rule without a reason is none */
	buf_release(&got);
}

static void
test_every_vector_has_its_form(void **state)
{
	(void)state;
	assert_true(each_vector(check_vector) > 80);
}

static void
check_again(char *column[COLUMNS], int line)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	char *end;

	normal_form(column[1], unescape(column[0]), &once);
	end = strpbrk(buf_cstr(&once), " |");
	if (strcmp(column[1], "comma") != 0 && once.ptr[0] != '!' && once.ptr[0] != '-') {
		if (end)
			*end = '\0';
		normal_form(column[1], span_str((const char *)once.ptr), &twice);
		if (strncmp(buf_cstr(&twice), (const char *)once.ptr, strlen((const char *)once.ptr)) != 0)
			fail_msg("line %d: the form of '%s' is '%s'", line, (const char *)once.ptr,
			    buf_cstr(&twice));
	}
	buf_release(&once);
	buf_release(&twice);
}

static void
test_a_normal_form_is_its_own(void **state)
{
	(void)state;
	each_vector(check_again);
}

static struct raw_address
home(const char *postcode, const char *from, const char *to)
{
	return (struct raw_address){ .postcode = span_str(postcode), .from = span_str(from),
		.to = span_str(to) };
}

static uint32_t
current(struct raw_address *list, uint32_t n)
{
	struct err err = ERR_INIT;
	uint32_t at;

	if (address_current(&(struct av_array){ list, n }, date_of(2025, 7, 14), &at, &err))
		fail_msg("%s", err.text);
	return at;
}

static void
test_the_current_address_does_not_depend_on_their_order(void **state)
{
	struct raw_address list[] = { home("QX1 1AA", "2020-01-01", "2025-07-14"),
		home("QX2 1AA", "2025-07-14", ""), home("QX3 1AA", "2026-01-01", ""),
		home("QX4 1AA", "", ""), home("QX0 1AA", "", "") };

	(void)state;
	for (int i = 0; i < 120; i++) { /* every order, in time */
		uint32_t at = current(list, 5);
		int a = i % 5, b = (i * 7 + 3) % 5;
		struct raw_address keep = list[a];

		assert_true(span_is(list[at].postcode, "QX2 1AA"));
		list[a] = list[b];
		list[b] = keep;
	}
	/* None holds: the one that began last; the same day: by postcode. */
	struct raw_address gone[] = { home("QX1 1AA", "2019-01-01", "2020-01-01"),
		home("QX3 1AA", "2021-01-01", "2022-01-01"), home("QX2 1AA", "2021-01-01", "2022-01-01") };

	assert_int_equal(current(gone, 3), 2);
	assert_int_equal(current(NULL, 0), 0);
}

static void
test_too_much_is_rejected_and_says_where(void **state)
{
	static char text[2000];
	static struct raw_address many[ADDRESSES_MAX + 1];
	struct err err = ERR_INIT;
	struct names names;
	uint32_t at;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(surname_normalise(span_of(text, FIELD_BYTES_MAX), &names, &arena, &err), 0);
	assert_int_equal(surname_normalise(span_of(text, FIELD_BYTES_MAX + 1), &names, &arena, &err), -1);
	assert_string_equal(err.code, "field-too-long");
	assert_string_equal(err.field, "person.surname");
	assert_null(strstr(err.text, "aaa")); /* never the value */
	assert_int_equal(forename_normalise(SPAN_LIT("\xff"), &names, &arena, &err), -1);
	assert_string_equal(err.code, "not-utf8");
	assert_int_equal(
	    address_current(&(struct av_array){ many, ADDRESSES_MAX + 1 }, 0, &at, &err), -1);
	assert_string_equal(err.code, "too-many-addresses");
}

static void
test_died_before_born_is_a_reject(void **state)
{
	struct raw_person raw = { .dob = SPAN_LIT("1999-03-02"), .died_on = SPAN_LIT("1999-03-01") };
	struct err err = ERR_INIT;
	struct person p;

	(void)state;
	assert_int_equal(person_normalise(&raw, 0, &p, &arena, &err), -1);
	assert_string_equal(err.code, "died-before-born");
	raw.died_on = raw.dob;
	assert_int_equal(person_normalise(&raw, 0, &p, &arena, &err), 0);
}

static void
test_former_and_middle_names_are_others(void **state)
{
	struct raw_person raw = { .surname = SPAN_LIT("Example"), .previous_surname = SPAN_LIT("Sample"),
		.forename = SPAN_LIT("Zainab"), .middle_names = SPAN_LIT("Anne") };
	struct err err = ERR_INIT;
	struct person p;

	(void)state;
	assert_int_equal(person_normalise(&raw, 0, &p, &arena, &err), 0);
	assert_int_equal(p.surname.n, 1);
	assert_true(span_is(p.surname.others[0], "sample"));
	assert_int_equal(p.forename.n, 1);
	assert_true(span_is(p.forename.others[0], "anne"));
	assert_true(span_is(span_of(p.initials, p.initials_len), "z\x1f" "e"));
}

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_vector_has_its_form),
		cmocka_unit_test(test_a_normal_form_is_its_own),
		cmocka_unit_test(test_the_current_address_does_not_depend_on_their_order),
		cmocka_unit_test(test_too_much_is_rejected_and_says_where),
		cmocka_unit_test(test_died_before_born_is_a_reject),
		cmocka_unit_test(test_former_and_middle_names_are_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
