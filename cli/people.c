#include "cli/people.h"

#include <strings.h>

#include "common/must.h"
#include "common/text.h"

enum { OPAQUE_OF_TEN = 2, MEMO_VALUES = 1 << 15 };

static const char *const column_names[PEOPLE_END] = {
#define PEOPLE_NAME(name) #name,
	PEOPLE_COLUMNS(PEOPLE_NAME)
#undef PEOPLE_NAME
};

/* What other tools write for "nothing". */
static bool
says_nothing(struct span s, enum people_column c)
{
	static const char *const words[] = { "nan", "NaN", "NAN", "null", "NULL", "None", "\\N", "<NA>" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is(s, words[i]))
			return c != PEOPLE_surname || i < 3;
	return false;
}

static bool
is_digits(const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

/* "2119.0" is 2119 that went through a table of numbers; of "12345-6789" the last four say which
 * side of the street, and half of all records lack them. */
static struct span
number_form(struct span s, enum people_column c)
{
	if (c == PEOPLE_forename || c == PEOPLE_surname || c == PEOPLE_address1
	    || c == PEOPLE_address2 || c == PEOPLE_town)
		return s;
	if (s.len > 2 && s.ptr[s.len - 2] == '.' && s.ptr[s.len - 1] == '0' && is_digits(s.ptr, s.len - 2))
		return span_of(s.ptr, s.len - 2);
	if (c == PEOPLE_postcode && s.len == 10 && s.ptr[5] == '-' && is_digits(s.ptr, 5)
	    && is_digits(s.ptr + 6, 4))
		return span_of(s.ptr, 5);
	return s;
}

struct span
people_field(const struct people *p, const struct csv_row *row, enum people_column c)
{
	struct span s = p->at[c] >= 0 && (uint32_t)p->at[c] < row->fields
	    ? text_trim(row->field[p->at[c]])
	    : SPAN_LIT("");

	return says_nothing(s, c) ? SPAN_LIT("") : number_form(s, c);
}

static bool
is_column(struct span text, const char *name)
{
	text = text_trim(text);
	return text.len == strlen(name) && strncasecmp((const char *)text.ptr, name, text.len) == 0;
}

bool
people_has(const struct people *p, enum people_column c)
{
	return p->at[c] >= 0;
}

static bool
header_read(struct people *p, const struct csv_row *row)
{
	bool some = false;

	for (int c = 0; c < PEOPLE_END; c++) {
		p->at[c] = -1;
		for (uint32_t i = 0; i < row->fields; i++)
			if (is_column(row->field[i], column_names[c]))
				p->at[c] = (int)i;
		some |= p->at[c] >= 0 && c >= PEOPLE_forename && c < PEOPLE_group;
	}
	return some || p->at[PEOPLE_record_id] >= 0;
}

/* --- numbers that are not British */

static bool
number_holds(int which, struct span text)
{
	char out[16];

	switch (which) {
	case 0:
		return nhs_number_check(text, out) == VALID_OK;
	case 1:
		return nino_check(text, out) == VALID_OK;
	case 2:
		return upn_check(text, out) == VALID_OK;
	}
	return uln_check(text, out) == VALID_OK;
}

/* A column of which a fifth or more is not what its name says holds something else. */
static void
opaque_find(struct people *p)
{
	uint32_t there[PEOPLE_NUMBERS] = { 0 }, wrong[PEOPLE_NUMBERS] = { 0 };
	struct csv_row row;
	bool any = false;
	struct csv csv;
	struct err err;

	for (int i = 0; i < PEOPLE_NUMBERS; i++)
		any |= people_has(p, (enum people_column)(PEOPLE_nhs_number + i));
	if (!any)
		return;
	csv_init(&csv, p->text, 0);
	csv_next(&csv, &row, &err);
	for (int got; (got = csv_next(&csv, &row, &err)) != 0;) {
		if (got < 0)
			continue;
		for (int i = 0; i < PEOPLE_NUMBERS; i++) {
			struct span s = people_field(p, &row, (enum people_column)(PEOPLE_nhs_number + i));

			there[i] += s.len > 0;
			wrong[i] += s.len > 0 && !number_holds(i, s);
		}
	}
	for (int i = 0; i < PEOPLE_NUMBERS; i++)
		p->opaque[i] = wrong[i] * 10 > there[i] * OPAQUE_OF_TEN;
	csv_release(&csv);
}

/* --- a row as encodings */

static void
token_add(const struct people *p, struct people_row *out, int32_t at, struct span value)
{
	if (value.len)
		out->tokens[out->n++] = (struct token){ at, 0, token_value(p->ring, at, value) };
}

/* Of a date that is none, what of it can be: "1931-02-30" has a year and a month. */
static void
date_parts(const struct people *p, struct people_row *out, struct span text)
{
	char digit[8];
	size_t n = 0;
	int month, day;

	for (size_t i = 0; i < text.len && n < sizeof(digit); i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			digit[n++] = (char)text.ptr[i];
	if (n < 4 || digit[0] < '1' || digit[0] > '2')
		return;
	token_add(p, out, TOKEN_DOB_YEAR, span_of(digit, 4));
	month = n >= 6 ? (digit[4] - '0') * 10 + digit[5] - '0' : 0;
	day = n == 8 ? (digit[6] - '0') * 10 + digit[7] - '0' : 0;
	if (month >= 1 && month <= 12)
		token_add(p, out, TOKEN_DOB_MONTH, span_of(digit + 4, 2));
	if (day >= 1 && day <= 31)
		token_add(p, out, TOKEN_DOB_DAY, span_of(digit + 6, 2));
}

static void
number_opaque(const struct people *p, struct people_row *out, int which, struct span text)
{
	uint8_t value[64];
	size_t len = 0;

	value[0] = (uint8_t)which;
	if (!text_alnum_upper(text, value + 1, sizeof(value) - 1, &len) || !len)
		return;
	token_add(p, out, TOKEN_NATIONAL, span_of(value, len + 1));
	if (len < 6)
		return;
	token_add(p, out, TOKEN_NATIONAL_HEAD, span_of(value, len / 2 + 1));
	token_add(p, out, TOKEN_NATIONAL_TAIL, span_of(value + 1 + len - len / 2, len / 2));
}

static struct span
sex_of(struct span text)
{
	uint8_t c = text.len ? (uint8_t)(text.ptr[0] | 0x20) : 0;

	if (c == 'm' || span_is(text, "1"))
		return SPAN_LIT("male");
	if (c == 'f' || c == 'w' || span_is(text, "2"))
		return SPAN_LIT("female");
	return SPAN_LIT("");
}

/* What is at fault is taken out, and the rest is tried again. */
static bool
fault_drop(struct raw_person *p, struct raw_address *a, const struct err *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = { { "person.dob", offsetof(struct raw_person, dob) },
		{ "person.surname", offsetof(struct raw_person, surname) },
		{ "person.forename", offsetof(struct raw_person, forename) },
		{ "person.nhs_number", offsetof(struct raw_person, nhs_number) },
		{ "person.nino", offsetof(struct raw_person, nino) },
		{ "person.upn", offsetof(struct raw_person, upn) },
		{ "person.uln", offsetof(struct raw_person, uln) },
		{ "person.local_id", offsetof(struct raw_person, local_id) } };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(err->field, fields[i].name) == 0) {
			memset((char *)p + fields[i].offset, 0, sizeof(struct span));
			return true;
		}
	if (strcmp(err->field, "person.addresses.uprn") != 0 || !a->uprn.len)
		return false;
	a->uprn = SPAN_NONE;
	return true;
}

static void
encode(struct people *p, const struct csv_row *row, struct people_row *out)
{
	struct raw_address home = { .line1 = people_field(p, row, PEOPLE_address1),
		.line2 = people_field(p, row, PEOPLE_address2), .town = people_field(p, row, PEOPLE_town),
		.postcode = people_field(p, row, PEOPLE_postcode), .uprn = people_field(p, row, PEOPLE_uprn) };
	struct raw_person raw = { .forename = people_field(p, row, PEOPLE_forename),
		.surname = people_field(p, row, PEOPLE_surname), .dob = people_field(p, row, PEOPLE_dob),
		.local_id = people_field(p, row, PEOPLE_local_id), .addresses = { &home, 1 } };
	struct span *numbers[PEOPLE_NUMBERS] = { &raw.nhs_number, &raw.nino, &raw.upn, &raw.uln };
	struct person_context c = { .organisation = people_field(p, row, PEOPLE_source),
		.sex = sex_of(people_field(p, row, PEOPLE_sex)) };
	const struct person_block *b = NULL;
	struct err err = ERR_INIT;
	struct span dob = raw.dob;

	arena_reset(&p->arena);
	for (int i = 0; i < PEOPLE_NUMBERS; i++)
		if (!p->opaque[i])
			*numbers[i] = people_field(p, row, (enum people_column)(PEOPLE_nhs_number + i));
	do {
		b = tokeniser_person(p->tokens, &raw, &c, &p->arena, &err);
	} while (!b && fault_drop(&raw, &home, &err));
	out->n = 0;
	out->clk = SPAN_NONE;
	if (b) {
		memcpy(out->tokens, b->tokens, b->n * sizeof(out->tokens[0]));
		out->n = b->n;
		out->clk = span_of(b->clk, b->clk_len);
	}
	if (dob.len && !raw.dob.len)
		date_parts(p, out, dob);
	for (int i = 0; i < PEOPLE_NUMBERS; i++)
		if (p->opaque[i])
			number_opaque(p, out, i, people_field(p, row, (enum people_column)(PEOPLE_nhs_number + i)));
}

/* --- the file */

int
people_open(struct people *p, struct span text, enum clk_profile clk, struct err *err)
{
	static const uint8_t master[KEY_MASTER_BYTES] = { 'l', 'i', 'n', 'k' };
	struct csv_row row;
	struct err ignored;

	*p = (struct people){ .text = text };
	csv_init(&p->csv, text, 0);
	if (csv_next(&p->csv, &row, &ignored) != 1 || !header_read(p, &row)) {
		csv_release(&p->csv);
		return err_set(err, ERR_RECORD, "no header with columns of people");
	}
	arena_init(&p->arena, 0);
	MUST(frequency_parse(&p->frequency, SPAN_LIT("version\t1\n"), &ignored) == 0);
	p->ring = keyring_new(master, 1);
	p->tokens = tokeniser_new(p->ring, &p->frequency,
	    (struct token_settings){ .profile = TOKENS_MATCH, .clk = clk, .memo_values = MEMO_VALUES });
	opaque_find(p);
	return 0;
}

void
people_release(struct people *p)
{
	csv_release(&p->csv);
	tokeniser_free(p->tokens);
	keyring_free(p->ring);
	frequency_release(&p->frequency);
	arena_release(&p->arena);
}

int
people_next(struct people *p, struct csv_row *row, struct people_row *out, struct err *err)
{
	int got = csv_next(&p->csv, row, err);

	if (got == 1)
		encode(p, row, out);
	return got;
}
