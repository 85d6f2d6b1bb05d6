#include "ingest/validate.h"

#include "common/text.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/*
 * Copies without blanks, dashes and dots, upper-cased; 0: empty; -1: too long,
 * or something else in it.
 */
static int
compact(struct span text, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.ptr[i];

		if (c == ' ' || c == '-' || c == '.' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if ((!is_digit(c) && !is_upper(c)) || n == cap)
			return -1;
		out[n++] = c;
	}
	return (int)n;
}

static bool
all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(s[i]))
			return false;
	return true;
}

/* 0000000000, 1111111111 ... and the keyboard's first row. */
static bool
is_dummy(const char *s, size_t n)
{
	size_t same = 1;

	while (same < n && s[same] == s[0])
		same++;
	return same == n || (n == 10 && (memcmp(s, "1234567890", 10) == 0
	    || memcmp(s, "0123456789", 10) == 0));
}

/* Nine digits weighted 10..2. */
static int
weighted(const char *s)
{
	int sum = 0;

	for (int i = 0; i < 9; i++)
		sum += (s[i] - '0') * (10 - i);
	return sum;
}

enum valid
nhs_number_check(struct span text, char out[NHS_DIGITS])
{
	char s[NHS_DIGITS];
	int n = compact(text, s, sizeof(s)), check;

	if (n == 0)
		return VALID_ABSENT;
	if (n != NHS_DIGITS || !all_digits(s, NHS_DIGITS))
		return VALID_FORMAT;
	if (is_dummy(s, NHS_DIGITS))
		return VALID_ABSENT;
	check = 11 - weighted(s) % 11;
	if (check == 11)
		check = 0;
	if (check != s[9] - '0') /* 10 equals no digit */
		return VALID_CHECK;
	memcpy(out, s, NHS_DIGITS);
	return VALID_OK;
}

static bool
nino_prefix_issued(char a, char b)
{
	static const char never[][3] = { "BG", "GB", "KN", "NK", "NT", "ZZ" };

	if (!is_upper(a) || !is_upper(b) || strchr("DFIQUV", a) || strchr("DFIQUVO", b))
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (a == never[i][0] && b == never[i][1])
			return false;
	return true;
}

enum valid
nino_check(struct span text, char out[NINO_LETTERS])
{
	char s[NINO_LETTERS + 1];
	int n = compact(text, s, sizeof(s));

	if (n == 0)
		return VALID_ABSENT;
	if (n < NINO_LETTERS || !all_digits(s + 2, 6))
		return VALID_FORMAT;
	if (n == NINO_LETTERS + 1 && (s[8] < 'A' || s[8] > 'D'))
		return VALID_FORMAT;
	if ((s[0] == 'T' && s[1] == 'N') || is_dummy(s + 2, 6)) /* temporary, made of the birth date */
		return VALID_ABSENT;
	if (!nino_prefix_issued(s[0], s[1]))
		return VALID_FORMAT;
	memcpy(out, s, NINO_LETTERS);
	return VALID_OK;
}

static const char upn_letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ"; /* no I, O, S */

enum valid
upn_check(struct span text, char out[UPN_LETTERS])
{
	char s[UPN_LETTERS];
	int n = compact(text, s, sizeof(s)), sum = 0, digit;
	const char *letter;

	if (n == 0)
		return VALID_ABSENT;
	if (n != UPN_LETTERS || !is_upper(s[0]) || !all_digits(s + 1, 11))
		return VALID_FORMAT;
	for (int i = 1; i < UPN_LETTERS; i++) {
		if (is_digit(s[i])) {
			digit = s[i] - '0';
		} else {
			letter = strchr(upn_letters, s[i]);
			if (!letter)
				return VALID_FORMAT;
			digit = (int)(letter - upn_letters);
		}
		sum += digit * (i + 1);
	}
	if (upn_letters[sum % 23] != s[0])
		return VALID_CHECK;
	memcpy(out, s, UPN_LETTERS);
	return VALID_OK;
}

enum valid
uln_check(struct span text, char out[ULN_DIGITS])
{
	char s[ULN_DIGITS];
	int n = compact(text, s, sizeof(s)), rest;

	if (n == 0)
		return VALID_ABSENT;
	if (n != ULN_DIGITS || !all_digits(s, ULN_DIGITS))
		return VALID_FORMAT;
	if (is_dummy(s, ULN_DIGITS))
		return VALID_ABSENT;
	rest = weighted(s) % 11;
	if (s[0] == '0' || rest == 0 || 10 - rest != s[9] - '0')
		return VALID_CHECK;
	memcpy(out, s, ULN_DIGITS);
	return VALID_OK;
}

enum valid
uprn_check(struct span text, char out[UPRN_DIGITS_MAX], size_t *len)
{
	char s[UPRN_DIGITS_MAX];
	int n = compact(text, s, sizeof(s)), zeros = 0;

	if (n == 0)
		return VALID_ABSENT;
	if (n < 0 || !all_digits(s, (size_t)n))
		return VALID_FORMAT;
	while (zeros < n && s[zeros] == '0')
		zeros++;
	if (zeros == n)
		return VALID_ABSENT;
	*len = (size_t)(n - zeros);
	memcpy(out, s + zeros, *len);
	return VALID_OK;
}

/* Outward A9, A99, AA9, AA99, A9A, AA9A; inward 9AA. */
static bool
is_british(const char *s, size_t n)
{
	size_t outward, letters = 0;

	if (n < 5 || n > 7)
		return false;
	outward = n - 3;
	if (!is_digit(s[outward]) || !is_upper(s[outward + 1]) || !is_upper(s[outward + 2]))
		return false;
	while (letters < outward && is_upper(s[letters]))
		letters++;
	if (letters < 1 || letters > 2 || letters == outward || !is_digit(s[letters]))
		return false;
	return outward - letters == 1
	    || (outward - letters == 2 && (is_digit(s[letters + 1]) || is_upper(s[letters + 1])));
}

static bool
says_no_address(const char *s, size_t n)
{
	static const char *const words[] = { "NFA", "NOFIXEDABODE", "NONE", "UNKNOWN", "NOTKNOWN", "NA",
		"NK", "X", "XX", "XXX" };

	if (n >= 4 && memcmp(s, "ZZ99", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (n == strlen(words[i]) && memcmp(s, words[i], n) == 0)
			return true;
	return false;
}

enum valid
postcode_check(struct span text, struct postcode *out)
{
	int n = compact(text, out->text, sizeof(out->text));

	if (n == 0)
		return VALID_ABSENT;
	if (n < 0)
		return VALID_FORMAT;
	if (says_no_address(out->text, (size_t)n))
		return VALID_ABSENT;
	out->len = (size_t)n;
	out->sector_len = is_british(out->text, out->len) ? out->len - 2 : 0;
	return VALID_OK;
}

static bool
has_shape(struct span text, const char *shape)
{
	if (text.len < strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '9' ? !is_digit((char)text.ptr[i]) : text.ptr[i] != (uint8_t)shape[i])
			return false;
	return true;
}

enum date_result
date_check(struct span text, date_t *out)
{
	text = text_trim(text);
	if (text.len == 0)
		return DATE_RESULT_ABSENT;
	if (date_parse_loose(text, out))
		return DATE_RESULT_OK;
	if ((text.len == 10 && (has_shape(text, "9999-99-99") || has_shape(text, "99/99/9999")))
	    || (text.len == 8 && has_shape(text, "99999999"))
	    || has_shape(text, "9999-99-99T") || has_shape(text, "9999-99-99 "))
		return DATE_RESULT_IMPOSSIBLE;
	return DATE_RESULT_UNREADABLE;
}

enum dob_grade
dob_grade(date_t dob)
{
	static const struct ymd defaults[] = { { 1753, 1, 1 }, { 1800, 1, 1 }, { 1899, 12, 30 },
		{ 1899, 12, 31 }, { 1900, 1, 1 }, { 1901, 1, 1 }, { 9999, 12, 31 } };
	struct ymd d = date_ymd(dob);

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (d.year == defaults[i].year && d.month == defaults[i].month
		    && d.day == defaults[i].day)
			return DOB_DEFAULT;
	return d.month == 1 && d.day == 1 ? DOB_WEAK : DOB_GOOD;
}
