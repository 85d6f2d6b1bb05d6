/*
 * row - a person's encodings in fixed places, and two of them compared.
 *
 *	tokens, sorted      row                          pair
 *	(field, 128 bits) ─► v[ROW_SURNAME] = 32 bits ─► grade[LINE_SURNAME] = near
 *	                     0: absent
 *
 * A set of a million people is compared twenty million times: every field has
 * its place, so that comparing one is one load and one test.  Values are cut
 * to 32 bits: two unequal values of one field pass for equal once in 2^32
 * comparisons, that is once in ten runs of that size.
 *
 * A grade is how one thing of two people compares:
 *
 *	           agree   other            swap            sound      near, far      differ
 *	name       same    one of the       surname and     alike      Dice of the    else
 *	                   others, its      forename, both             encodings, or
 *	                   nickname         or one of them             both ends; one
 *	dob        same    what is known    day, month      day and    year and one   else
 *	                   of both                          month      more; one
 *	place      same    sector, one of   other line      alike      Dice of the    else
 *	                   the numbers                                 encodings
 *
 * initial: of one forename only the first letter is known, and it is that of
 * the other.
 *
 * odd: they differ, and one is a value that nobody else in the set has, as a
 * slip of the pen is; only who knows the set can say so (batch.h).
 *
 * A swap is said by one line (both names by surname, one of them by forename),
 * and the other is then missing: nothing counts twice.
 *
 * Pure.
 */
#ifndef OUTTURN_MATCH_ROW_H
#define OUTTURN_MATCH_ROW_H

#include "common/record.h"
#include "transform/match/compare.h"

/* S(name, token field, which of its values) */
#define ROW_PLACES(S)                                                                              \
	S(NHS, NHS, 0)                                                                             \
	S(NINO, NINO, 0)                                                                           \
	S(UPN, UPN, 0)                                                                             \
	S(ULN, ULN, 0)                                                                             \
	S(LOCAL_ID, LOCAL_ID, 0)                                                                   \
	S(NATIONAL, NATIONAL, 0)                                                                   \
	S(DOB, DOB, 0)                                                                             \
	S(YEAR, DOB_YEAR, 0)                                                                       \
	S(MONTH, DOB_MONTH, 0)                                                                     \
	S(DAY, DOB_DAY, 0)                                                                         \
	S(DOB_SWAP, DOB_SWAP, 0)                                                                   \
	S(SURNAME, SURNAME, 0)                                                                     \
	S(SURNAME_2, SURNAME_OTHER, 0)                                                             \
	S(SURNAME_3, SURNAME_OTHER, 1)                                                             \
	S(FORENAME, FORENAME, 0)                                                                   \
	S(FORENAME_2, FORENAME_OTHER, 0)                                                           \
	S(FORENAME_3, FORENAME_OTHER, 1)                                                           \
	S(NAME_SWAP, NAME_SWAP, 0)                                                                 \
	S(NAME_FIRST, NAME_FIRST, 0)                                                               \
	S(NAME_LAST, NAME_LAST, 0)                                                                 \
	S(INITIALS, INITIALS, 0)                                                                   \
	S(SOUND, PHONETIC_SURNAME, 0)                                                              \
	S(SOUND_2, PHONETIC_SURNAME, 1)                                                            \
	S(SOUND_F, PHONETIC_FORENAME, 0)                                                           \
	S(SOUND_F2, PHONETIC_FORENAME, 1)                                                          \
	S(NICKNAME, NICKNAME, 0)                                                                   \
	S(POSTCODE, POSTCODE, 0)                                                                   \
	S(SECTOR, SECTOR, 0)                                                                       \
	S(UPRN, UPRN, 0)                                                                           \
	S(SEX, SEX, 0)                                                                             \
	S(DIED, DIED, 0)                                                                           \
	S(HOUSE, HOUSE, 0)                                                                         \
	S(HOUSE_2, HOUSE, 1)                                                                       \
	S(STREET, STREET, 0)                                                                       \
	S(LOCALITY, LOCALITY, 0)                                                                   \
	S(TOWN, TOWN, 0)                                                                           \
	S(SOUND_STREET, PHONETIC_STREET, 0)                                                        \
	S(SOUND_TOWN, PHONETIC_TOWN, 0)                                                            \
	S(NATIONAL_HEAD, NATIONAL_HEAD, 0)                                                         \
	S(NATIONAL_TAIL, NATIONAL_TAIL, 0)                                                         \
	S(HEAD, SURNAME_HEAD, 0)                                                                   \
	S(TAIL, SURNAME_TAIL, 0)                                                                   \
	S(HEAD_F, FORENAME_HEAD, 0)                                                                \
	S(TAIL_F, FORENAME_TAIL, 0)                                                                \
	S(HEAD_STREET, STREET_HEAD, 0)                                                             \
	S(TAIL_STREET, STREET_TAIL, 0)                                                             \
	S(HEAD_LOCALITY, LOCALITY_HEAD, 0)                                                         \
	S(TAIL_LOCALITY, LOCALITY_TAIL, 0)                                                         \
	S(HEAD_TOWN, TOWN_HEAD, 0)                                                                 \
	S(TAIL_TOWN, TOWN_TAIL, 0)

enum row_place {
#define ROW_ENUM(name, field, nth) ROW_##name,
	ROW_PLACES(ROW_ENUM)
#undef ROW_ENUM
	ROW_END
};

struct row {
	uint32_t v[ROW_END]; /* 0: absent */
};

enum grade {
	GRADE_MISSING, GRADE_DIFFER, GRADE_ODD, GRADE_INITIAL, GRADE_FAR, GRADE_NEAR, GRADE_SOUND, GRADE_OTHER, GRADE_SWAP,
	GRADE_AGREE, GRADE_END
};

/* L(name, text, of the place where one lives) */
#define LINES(L)                                                                                   \
	L(NHS, "nhs-number", 0)                                                                    \
	L(NINO, "nino", 0)                                                                         \
	L(UPN, "upn", 0)                                                                           \
	L(ULN, "uln", 0)                                                                           \
	L(LOCAL_ID, "local-id", 0)                                                                 \
	L(NATIONAL, "national-id", 0)                                                              \
	L(DOB, "dob", 0)                                                                           \
	L(SURNAME, "surname", 0)                                                                   \
	L(FORENAME, "forename", 0)                                                                 \
	L(SEX, "sex", 0)                                                                           \
	L(DIED, "date-of-death", 0)                                                                \
	L(POSTCODE, "postcode", 1)                                                                 \
	L(UPRN, "uprn", 1)                                                                         \
	L(HOUSE, "house", 1)                                                                       \
	L(STREET, "street", 1)                                                                     \
	L(LOCALITY, "locality", 1)                                                                 \
	L(TOWN, "town", 1)

enum line {
#define LINE_ENUM(name, text, place) LINE_##name,
	LINES(LINE_ENUM)
#undef LINE_ENUM
	LINE_END
};

const char *line_name(enum line line);
const char *grade_name(enum grade grade);
bool line_is_place(enum line line);
/* Of a value that two people share, the place that holds it. */
enum row_place line_value(enum line line);

/* Bloom encodings of a row, words of 64 bits (common/clk.h); bits: how many are set. */
struct row_clk {
	const uint64_t *word; /* NULL: none */
	uint16_t bits[3];     /* of CLK_RECORD the first only */
	uint8_t profile;      /* enum clk_profile */
};

void row_fill(struct row *row, const struct token *tokens, uint32_t n);
/* The same of tokens as a signature keeps them. */
void row_view(struct row *row, const struct token_view *view);
/* Frequency class of the first value of a field; 0 also where it has none. */
int32_t row_class(const struct token_view *view, int32_t field);
/* No encodings: NULL. */
void row_compare(const struct row *a, const struct row *b, const struct row_clk *ca,
    const struct row_clk *cb, uint8_t grade[LINE_END]);

#endif
