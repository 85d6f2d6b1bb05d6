/*
 * token - which keyed tokens an evidence record carries, by number and name.
 *
 * ingestd writes them, matchd blocks and compares by them; neither includes
 * the other, so the list lives here.  Numbers are on the wire and in every
 * signature: never reuse one, only add.
 *
 *	token = first 128 bits of HMAC(key(family, epoch), version ‖ family ‖ length ‖ value)
 *
 * A token is comparable with another exactly when their *family* is the same.
 * SURNAME_OTHER is of the family SURNAME: a previous surname, or one half of
 * a double-barrelled one, so that "smith" finds "smith-jones".  A field may
 * occur several times in one record (two postcodes, two phonetic codes);
 * tokens are sorted by (field, value) and never repeat.
 *
 * Swaps are order-neutral: DOB_SWAP is over (year, lesser, greater) of day and
 * month, NAME_SWAP over the sorted pair of names.  Equal swap tokens beside
 * unequal plain ones mean: swapped.
 *
 * Frequency is 0 (rare, or not a thing with a frequency) .. 7.  A date of birth
 * of class 7 is weak: 1 January, which people write for "not known".
 *
 * NAME_FIRST and NAME_LAST are the forename and the surname once more, of one
 * family: a forename that stands where the other record has its surname.
 *
 * HEAD and TAIL are the first and the last letters of a value: one slip of the
 * pen leaves one of them.
 *
 * What each value is made of: docs/normalisation.md.
 */
#ifndef OUTTURN_TOKEN_H
#define OUTTURN_TOKEN_H

#include <stddef.h>
#include <stdint.h>

enum { TOKEN_VERSION = 1, TOKEN_FREQUENCY_MAX = 7, TOKENS_MAX = 112 };
/* TOKENS_MAX: of one record; five ids, dates, names with others, sixteen addresses, the lines of one */

/*   enum name          no  name in text          family             core */
#define TOKEN_FIELDS(X) \
	X(NHS,               1, "nhs-number",         NHS,               1) \
	X(NINO,              2, "nino",               NINO,              0) \
	X(UPN,               3, "upn",                UPN,               0) \
	X(ULN,               4, "uln",                ULN,               0) \
	X(LOCAL_ID,          5, "local-id",           LOCAL_ID,          1) \
	X(DOB,               6, "dob",                DOB,               1) \
	X(DOB_YEAR,          7, "dob-year",           DOB_YEAR,          0) \
	X(DOB_MONTH,         8, "dob-month",          DOB_MONTH,         0) \
	X(DOB_DAY,           9, "dob-day",            DOB_DAY,           0) \
	X(DOB_SWAP,         10, "dob-swap",           DOB_SWAP,          0) \
	X(SURNAME,          11, "surname",            SURNAME,           1) \
	X(SURNAME_OTHER,    12, "surname-other",      SURNAME,           0) \
	X(FORENAME,         13, "forename",           FORENAME,          1) \
	X(FORENAME_OTHER,   14, "forename-other",     FORENAME,          0) \
	X(NAME_SWAP,        15, "name-swap",          NAME_SWAP,         0) \
	X(INITIALS,         16, "initials",           INITIALS,          1) \
	X(PHONETIC_SURNAME, 17, "phonetic-surname",   PHONETIC_SURNAME,  1) \
	X(PHONETIC_FORENAME,18, "phonetic-forename",  PHONETIC_FORENAME, 0) \
	X(NICKNAME,         19, "nickname-class",     NICKNAME,          0) \
	X(POSTCODE,         20, "postcode",           POSTCODE,          1) \
	X(POSTCODE_OTHER,   21, "postcode-other",     POSTCODE,          0) \
	X(SECTOR,           22, "postcode-sector",    SECTOR,            0) \
	X(UPRN,             23, "uprn",               UPRN,              1) \
	X(UPRN_OTHER,       24, "uprn-other",         UPRN,              0) \
	X(SEX,              25, "sex",                SEX,               0) \
	X(DIED,             26, "date-of-death",      DIED,              0) \
	X(SLK581,           27, "slk-581",            SLK581,            0) \
	X(MK_FULL,          28, "mk-name-dob-postcode", MK_FULL,         0) \
	X(MK_INITIAL,       29, "mk-initial-surname-dob-sector", MK_INITIAL, 0) \
	X(MK_BIGRAM,        30, "mk-bigrams-dob-sector", MK_BIGRAM,      0) \
	X(MK_NICKNAME,      31, "mk-nickname-phonetic-dob", MK_NICKNAME, 0) \
	X(HOUSE,            32, "house",              HOUSE,             0) \
	X(STREET,           33, "street",             STREET,            0) \
	X(LOCALITY,         34, "locality",           STREET,            0) \
	X(TOWN,             35, "town",               STREET,            0) \
	X(PHONETIC_STREET,  36, "phonetic-street",    PHONETIC_STREET,   0) \
	X(PHONETIC_TOWN,    37, "phonetic-town",      PHONETIC_TOWN,     0) \
	X(NATIONAL,         38, "national-id",        NATIONAL,          0) \
	X(NAME_FIRST,       39, "name-first",         NAME_FIRST,        0) \
	X(NAME_LAST,        40, "name-last",          NAME_FIRST,        0) \
	X(SURNAME_HEAD,     41, "surname-head",       SURNAME_HEAD,      0) \
	X(SURNAME_TAIL,     42, "surname-tail",       SURNAME_TAIL,      0) \
	X(FORENAME_HEAD,    43, "forename-head",      FORENAME_HEAD,     0) \
	X(FORENAME_TAIL,    44, "forename-tail",      FORENAME_TAIL,     0) \
	X(STREET_HEAD,      45, "street-head",        STREET_HEAD,       0) \
	X(STREET_TAIL,      46, "street-tail",        STREET_TAIL,       0) \
	X(LOCALITY_HEAD,    47, "locality-head",      STREET_HEAD,       0) \
	X(LOCALITY_TAIL,    48, "locality-tail",      STREET_TAIL,       0) \
	X(TOWN_HEAD,        49, "town-head",          STREET_HEAD,       0) \
	X(TOWN_TAIL,        50, "town-tail",          STREET_TAIL,       0) \
	X(NATIONAL_HEAD,    51, "national-id-head",   NATIONAL_HEAD,     0) \
	X(NATIONAL_TAIL,    52, "national-id-tail",   NATIONAL_TAIL,     0)

enum token_field {
#define TOKEN_ENUM(name, number, text, family, core) TOKEN_##name = number,
	TOKEN_FIELDS(TOKEN_ENUM)
#undef TOKEN_ENUM
	TOKEN_FIELD_END
};

/* NULL: no such field. */
static inline const char *
token_field_name(int32_t field)
{
	switch (field) {
#define TOKEN_NAME(name, number, text, family, core) case TOKEN_##name: return text;
	TOKEN_FIELDS(TOKEN_NAME)
#undef TOKEN_NAME
	}
	return NULL;
}

/* 0: no such field. */
static inline int32_t
token_family(int32_t field)
{
	switch (field) {
#define TOKEN_FAMILY(name, number, text, family, core) case TOKEN_##name: return TOKEN_##family;
	TOKEN_FIELDS(TOKEN_FAMILY)
#undef TOKEN_FAMILY
	}
	return 0;
}

/* The nine of linkage.md, which every deployment carries. */
static inline int
token_is_core(int32_t field)
{
	switch (field) {
#define TOKEN_CORE(name, number, text, family, core) case TOKEN_##name: return core;
	TOKEN_FIELDS(TOKEN_CORE)
#undef TOKEN_CORE
	}
	return 0;
}

#endif
