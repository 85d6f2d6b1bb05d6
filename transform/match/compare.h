/*
 * compare - two sets of tokens as a vector of levels, one for each comparison.
 *
 *	           agree      partial                  swap            disagree   missing
 *	number     same       -                        -               other      either lacks it
 *	dob        same       same and weak, or two    day and month   other
 *	                      of year, month, day
 *	name       same       one of its others, its   surname and     other
 *	                      sound, its nickname      forename
 *	postcode   any same   sector same              -               none
 *
 * The vector holds no clear value: it is the explanation that travels with a
 * link.  Tokens are as a signature keeps them (signature.h): re-keyed, sorted.
 *
 * Pure.
 */
#ifndef OUTTURN_COMPARE_H
#define OUTTURN_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum comparison_level { LEVEL_MISSING, LEVEL_DISAGREE, LEVEL_PARTIAL, LEVEL_SWAP, LEVEL_AGREE, LEVEL_END };

/* C(name, text) */
#define COMPARISONS(C)                                                                             \
	C(NHS, "nhs-number")                                                                       \
	C(NINO, "nino")                                                                            \
	C(UPN, "upn")                                                                              \
	C(ULN, "uln")                                                                              \
	C(LOCAL_ID, "local-id")                                                                    \
	C(DOB, "dob")                                                                              \
	C(SURNAME, "surname")                                                                      \
	C(FORENAME, "forename")                                                                    \
	C(POSTCODE, "postcode")                                                                    \
	C(UPRN, "uprn")                                                                            \
	C(SEX, "sex")                                                                              \
	C(DIED, "date-of-death")

enum comparison {
#define COMPARISON_ENUM(name, text) COMPARE_##name,
	COMPARISONS(COMPARISON_ENUM)
#undef COMPARISON_ENUM
	COMPARE_END
};

const char *comparison_name(enum comparison c);
const char *level_name(enum comparison_level level);

/* Tokens of one signature, sorted by (field, value). */
struct token_view {
	const uint64_t *value;
	const uint8_t *field;
	const uint8_t *frequency;
	uint32_t n;
};

void compare(const struct token_view *a, const struct token_view *b, uint8_t levels[COMPARE_END]);

/* Year, month and day all differ, and neither day is weak: two people. */
bool compare_dob_conflict(const struct token_view *a, const struct token_view *b);

#endif
