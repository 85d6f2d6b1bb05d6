/*
 * validate - is this what it claims to be: identifiers, postcodes, dates.
 *
 * Each number has its issuer's own check; a wrong one is a mistake somebody
 * can correct, so it rejects the record.  A dummy ("9999999999", typed to get
 * past a form) is valid in form and says nothing: it is dropped, as if absent.
 *
 * Pure; no value ever leaves by an error.
 */
#ifndef OUTTURN_VALIDATE_H
#define OUTTURN_VALIDATE_H

#include "common/date.h"

enum { NHS_DIGITS = 10, NINO_LETTERS = 8, UPN_LETTERS = 13, ULN_DIGITS = 10, UPRN_DIGITS_MAX = 12,
	POSTCODE_MAX = 12 };

enum valid {
	VALID_OK,
	VALID_ABSENT, /* empty, or a dummy: go on without it */
	VALID_FORMAT, /* not of the form at all */
	VALID_CHECK,  /* of the form, and its check digit or letter is wrong */
};

/* Each writes the canonical form on VALID_OK only.  Blanks and dashes between digits are allowed. */

/* NHS Data Dictionary: weights 10..2, 11 - sum mod 11, 11 -> 0, 10 is never issued. */
enum valid nhs_number_check(struct span text, char out[NHS_DIGITS]);
/* HMRC NIM39110: prefix letters, six digits, suffix A-D or none; the suffix is left off. */
enum valid nino_check(struct span text, char out[NINO_LETTERS]);
/* DfE: letter 1 checks characters 2-13, weights 2..13, modulus 23; the last may be a letter. */
enum valid upn_check(struct span text, char out[UPN_LETTERS]);
/* ESFA: nine digits weighted 10..2, remainder mod 11 of 0 never issued, 10 - remainder. */
enum valid uln_check(struct span text, char out[ULN_DIGITS]);
/* One to twelve digits, leading zeros off; zero is absent. */
enum valid uprn_check(struct span text, char out[UPRN_DIGITS_MAX], size_t *len);

struct postcode {
	char text[POSTCODE_MAX]; /* "B11AA": upper case, no blank */
	size_t len;
	size_t sector_len;       /* "B11" of "B1 1AA"; 0: not of the British form */
};

/*
 * British form: letters, digits ... digit letter letter.  What is not (another
 * country's, BFPO) is kept whole as an opaque string without a sector.  ZZ99
 * (no fixed abode, not known, abroad) and words like NFA are absent.
 */
enum valid postcode_check(struct span text, struct postcode *out);

enum date_result { DATE_RESULT_OK, DATE_RESULT_ABSENT, DATE_RESULT_UNREADABLE, DATE_RESULT_IMPOSSIBLE };

/* ISO, YYYYMMDD, DD/MM/YYYY.  IMPOSSIBLE: well written, but no such day (30 Feb). */
enum date_result date_check(struct span text, date_t *out);

enum dob_grade {
	DOB_GOOD,
	DOB_WEAK,    /* 1 January: often "year known, day not" */
	DOB_DEFAULT, /* a form's or a database's "not known": absent */
};

/* DEFAULT: 1753-01-01, 1800-01-01, 1899-12-30/31, 1900-01-01, 1901-01-01, 9999-12-31. */
enum dob_grade dob_grade(date_t dob);

#endif
