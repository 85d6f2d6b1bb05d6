/*
 * weigh - how strongly the grades of a pair speak for one person.
 *
 *	weight = log2 P(grades | one person) - log2 P(grades | two people)
 *
 * After Fellegi and Sunter (1969), in milli-bits (bits.h), with four ways in
 * which two people can come to share what they share, not one:
 *
 *	random      nothing in common but by chance; names as rare as they are
 *	area        one postcode and town, for the one goes with the other
 *	street      one street of one town, too
 *	household   one dwelling, mostly one surname; sometimes one birthday
 *	            (twins), now and then one forename (father and son)
 *
 * Each has a prior: how many such pairs there are for one true pair.  Counting
 * surname, street, house and postcode of two brothers as independent is what
 * makes a matcher join them; against `household` they say nothing, and only
 * forename, date of birth and numbers are left to speak.
 *
 * One person either still lives where the other record says (then an address
 * differs by slips only) or has moved (then it differs altogether, and that
 * says as much as the share of people who move).  What is missing says
 * nothing.
 *
 * m (how often one person's records have a grade) is curated in the model;
 * u comes from the set itself or from the model, the rarity of a shared value
 * from the set or from its frequency class.
 *
 * Pure.
 */
#ifndef OUTTURN_MATCH_WEIGH_H
#define OUTTURN_MATCH_WEIGH_H

#include "transform/match/bits.h"
#include "transform/match/row.h"

enum other { OTHER_RANDOM, OTHER_AREA, OTHER_STREET, OTHER_HOUSEHOLD, OTHER_END };

struct weights {
	int32_t m[LINE_END][GRADE_END];  /* log2, mbit */
	int32_t u[LINE_END][GRADE_END];  /* log2; of AGREE where a value's own rarity is not known */
	int32_t moved, stayed;           /* log2 of the share */
	int32_t family_surname, family_other; /* household: surnames agree, do not */
	int32_t family_forename, family_dob;  /* household: the least log2 share that agree */
	int32_t prior[OTHER_END];        /* log2 of pairs of this kind for one true pair */
};

/* rarity[line]: log2 of how often a shared value occurs (0 or less); 1: not known. */
int32_t weigh(const struct weights *w, const uint8_t grade[LINE_END],
    const int32_t rarity[LINE_END]);
/* The same against chance alone, without its prior: a bound from above that costs little. */
int32_t weigh_chance(const struct weights *w, const uint8_t grade[LINE_END],
    const int32_t rarity[LINE_END]);
/* log2 odds that one person has moved, of a pair that is one person. */
int32_t weigh_moved(const struct weights *w, const uint8_t grade[LINE_END],
    const int32_t rarity[LINE_END]);

/* Of the pairs of two clusters: much for, little against, for of one person's records the two worst
 * are the least like each other. */
enum { WEIGH_FOR_MBIT = 20000, WEIGH_AGAINST_MBIT = 2000 };
static inline int32_t
weigh_bounded(int32_t w)
{
	return w > WEIGH_FOR_MBIT ? WEIGH_FOR_MBIT : w < -WEIGH_AGAINST_MBIT ? -WEIGH_AGAINST_MBIT : w;
}

/* Every grade next to impossible, no priors. */
struct weights weights_none(void);
/* What is shipped (config/models/probabilistic-1.yaml says the same). */
struct weights weights_shipped(void);
/* Its shares of near and far names are those of encodings; without them names are told by their ends. */
void weights_by_ends(struct weights *w);

#endif
