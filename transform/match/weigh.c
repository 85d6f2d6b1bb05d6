#include "transform/match/weigh.h"

/* --- what is shipped */

struct share {
	uint8_t line, grade;
	uint16_t m; /* in ten thousand */
};

/* From general knowledge of administrative data: of a hundred pairs of records of one person that
 * both have the thing, how many agree on it, and how the rest differs. */
static const struct share shares[] = {
	{ LINE_NHS, GRADE_AGREE, 9850 }, { LINE_NHS, GRADE_DIFFER, 150 },
	{ LINE_NINO, GRADE_AGREE, 9700 }, { LINE_NINO, GRADE_DIFFER, 300 },
	{ LINE_UPN, GRADE_AGREE, 9700 }, { LINE_UPN, GRADE_DIFFER, 300 },
	{ LINE_ULN, GRADE_AGREE, 9700 }, { LINE_ULN, GRADE_DIFFER, 300 },
	{ LINE_LOCAL_ID, GRADE_AGREE, 9000 }, { LINE_LOCAL_ID, GRADE_DIFFER, 1000 },
	{ LINE_NATIONAL, GRADE_AGREE, 9200 }, { LINE_NATIONAL, GRADE_FAR, 500 },
	{ LINE_NATIONAL, GRADE_DIFFER, 300 },
	{ LINE_DOB, GRADE_AGREE, 9250 }, { LINE_DOB, GRADE_SWAP, 80 }, { LINE_DOB, GRADE_NEAR, 300 },
	{ LINE_DOB, GRADE_SOUND, 170 },
	{ LINE_DOB, GRADE_OTHER, 100 }, { LINE_DOB, GRADE_FAR, 100 }, { LINE_DOB, GRADE_DIFFER, 100 },
	{ LINE_SURNAME, GRADE_AGREE, 8700 }, { LINE_SURNAME, GRADE_SWAP, 60 },
	{ LINE_SURNAME, GRADE_OTHER, 220 }, { LINE_SURNAME, GRADE_SOUND, 250 },
	{ LINE_SURNAME, GRADE_NEAR, 350 }, { LINE_SURNAME, GRADE_FAR, 120 },
	{ LINE_SURNAME, GRADE_DIFFER, 200 },
	{ LINE_SURNAME, GRADE_ODD, 80 },
	{ LINE_FORENAME, GRADE_AGREE, 8550 }, { LINE_FORENAME, GRADE_SWAP, 20 },
	{ LINE_FORENAME, GRADE_OTHER, 370 }, { LINE_FORENAME, GRADE_SOUND, 220 },
	{ LINE_FORENAME, GRADE_NEAR, 380 }, { LINE_FORENAME, GRADE_FAR, 150 },
	{ LINE_FORENAME, GRADE_INITIAL, 150 },
	{ LINE_FORENAME, GRADE_DIFFER, 150 },
	{ LINE_FORENAME, GRADE_ODD, 100 },
	{ LINE_SEX, GRADE_AGREE, 9850 }, { LINE_SEX, GRADE_DIFFER, 150 },
	{ LINE_DIED, GRADE_AGREE, 9500 }, { LINE_DIED, GRADE_DIFFER, 500 },
	{ LINE_POSTCODE, GRADE_AGREE, 8800 }, { LINE_POSTCODE, GRADE_OTHER, 500 },
	{ LINE_POSTCODE, GRADE_NEAR, 300 }, { LINE_POSTCODE, GRADE_FAR, 200 },
	{ LINE_POSTCODE, GRADE_DIFFER, 120 }, { LINE_POSTCODE, GRADE_ODD, 80 },
	{ LINE_UPRN, GRADE_AGREE, 9500 }, { LINE_UPRN, GRADE_DIFFER, 500 },
	{ LINE_HOUSE, GRADE_AGREE, 9000 }, { LINE_HOUSE, GRADE_OTHER, 300 },
	{ LINE_HOUSE, GRADE_DIFFER, 700 },
	{ LINE_STREET, GRADE_AGREE, 8300 }, { LINE_STREET, GRADE_SWAP, 300 },
	{ LINE_STREET, GRADE_SOUND, 400 }, { LINE_STREET, GRADE_NEAR, 150 },
	{ LINE_STREET, GRADE_FAR, 550 }, { LINE_STREET, GRADE_OTHER, 100 },
	{ LINE_STREET, GRADE_DIFFER, 200 }, { LINE_STREET, GRADE_ODD, 100 },
	{ LINE_LOCALITY, GRADE_AGREE, 7500 }, { LINE_LOCALITY, GRADE_SWAP, 500 },
	{ LINE_LOCALITY, GRADE_NEAR, 200 }, { LINE_LOCALITY, GRADE_FAR, 700 },
	{ LINE_LOCALITY, GRADE_OTHER, 200 },
	{ LINE_LOCALITY, GRADE_DIFFER, 900 }, { LINE_LOCALITY, GRADE_ODD, 200 },
	{ LINE_TOWN, GRADE_AGREE, 8800 }, { LINE_TOWN, GRADE_SWAP, 200 },
	{ LINE_TOWN, GRADE_SOUND, 300 }, { LINE_TOWN, GRADE_NEAR, 120 }, { LINE_TOWN, GRADE_FAR, 380 },
	{ LINE_TOWN, GRADE_OTHER, 100 }, { LINE_TOWN, GRADE_DIFFER, 120 }, { LINE_TOWN, GRADE_ODD, 80 },
};

enum {
	TEN_THOUSAND = 10000,
	MOVED = 1000,          /* in ten thousand: live elsewhere by the other record */
	FAMILY_SURNAME = 7500, /* of pairs in one dwelling */
	FAMILY_FORENAME = 100,
	FAMILY_DOB = 60,
	NEVER_SEEN = 1, /* in a hundred thousand */
};

struct weights
weights_none(void)
{
	struct weights w = { .moved = BITS_NONE };

	for (int l = 0; l < LINE_END; l++)
		for (int g = GRADE_DIFFER; g < GRADE_END; g++)
			w.m[l][g] = w.u[l][g] = bits_ratio(NEVER_SEEN, 10 * TEN_THOUSAND);
	return w;
}

struct weights
weights_shipped(void)
{
	struct weights w = weights_none();

	w.moved = bits_ratio(MOVED, TEN_THOUSAND);
	w.stayed = bits_ratio(TEN_THOUSAND - MOVED, TEN_THOUSAND);
	w.family_surname = bits_ratio(FAMILY_SURNAME, TEN_THOUSAND);
	w.family_other = bits_ratio(TEN_THOUSAND - FAMILY_SURNAME, TEN_THOUSAND);
	w.family_forename = bits_ratio(FAMILY_FORENAME, TEN_THOUSAND);
	w.family_dob = bits_ratio(FAMILY_DOB, TEN_THOUSAND);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		w.m[shares[i].line][shares[i].grade] = bits_ratio(shares[i].m, TEN_THOUSAND);
	return w;
}

/* By their ends, four of five slips leave one end; by an encoding, most are near. */
void
weights_by_ends(struct weights *w)
{
	enum { NEAR_OF_FIVE = 1 };

	for (int l = LINE_SURNAME; l <= LINE_FORENAME; l++) {
		int32_t both = bits_sum(w->m[l][GRADE_NEAR], w->m[l][GRADE_FAR]);

		w->m[l][GRADE_NEAR] = both + bits_ratio(NEAR_OF_FIVE, 5);
		w->m[l][GRADE_FAR] = both + bits_ratio(5 - NEAR_OF_FIVE, 5);
	}
}

/* --- weighing */

static int32_t
at_random(const struct weights *w, const uint8_t *grade, const int32_t *rarity, int l)
{
	if (grade[l] == GRADE_AGREE && rarity[l] <= 0)
		return rarity[l];
	return w->u[l][grade[l]];
}

static int32_t
larger(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* What a line says of two people of one household, who are not of one place. */
static int32_t
in_household(const struct weights *w, const uint8_t *grade, const int32_t *rarity, int l)
{
	int32_t random = at_random(w, grade, rarity, l);

	switch (l) {
	case LINE_SURNAME:
		return bits_sum(w->family_surname + w->m[l][grade[l]], w->family_other + random);
	case LINE_FORENAME:
		return grade[l] == GRADE_AGREE ? larger(random, w->family_forename) : random;
	case LINE_DOB:
		return grade[l] == GRADE_AGREE ? larger(random, w->family_dob) : random;
	}
	return random;
}

struct sums {
	int32_t person, other[OTHER_END]; /* without what they say of the place */
	int32_t place_same, place_random, place_street, place_area;
};

static void
sums_of(const struct weights *w, const uint8_t *grade, const int32_t *rarity, struct sums *s)
{
	*s = (struct sums){ .person = 0 };
	for (int l = 0; l < LINE_POSTCODE; l++) {
		int32_t random;

		if (grade[l] == GRADE_MISSING)
			continue;
		random = at_random(w, grade, rarity, l);
		s->person += w->m[l][grade[l]];
		s->other[OTHER_RANDOM] += random;
		s->other[OTHER_AREA] += random;
		s->other[OTHER_STREET] += random;
		s->other[OTHER_HOUSEHOLD] += in_household(w, grade, rarity, l);
	}
	for (int l = LINE_POSTCODE; l < LINE_END; l++) {
		int32_t random;

		if (grade[l] == GRADE_MISSING)
			continue;
		random = at_random(w, grade, rarity, l);
		s->place_same += w->m[l][grade[l]];
		s->place_random += random;
		s->place_street += l == LINE_HOUSE || l == LINE_UPRN ? random : w->m[l][grade[l]];
		s->place_area
		    += l == LINE_POSTCODE || l == LINE_TOWN ? w->m[l][grade[l]] : random;
	}
	s->person += bits_sum(w->stayed + s->place_same, w->moved + s->place_random);
	s->other[OTHER_RANDOM] += s->place_random;
	s->other[OTHER_AREA] += s->place_area;
	s->other[OTHER_STREET] += s->place_street;
	s->other[OTHER_HOUSEHOLD] += s->place_same;
}

int32_t
weigh(const struct weights *w, const uint8_t grade[LINE_END], const int32_t rarity[LINE_END])
{
	struct sums s;
	int32_t two = BITS_NONE;

	sums_of(w, grade, rarity, &s);
	for (int o = 0; o < OTHER_END; o++)
		two = bits_sum(two, w->prior[o] + s.other[o]);
	return s.person - two;
}

int32_t
weigh_chance(const struct weights *w, const uint8_t grade[LINE_END],
    const int32_t rarity[LINE_END])
{
	int32_t sum = 0, same = 0, random = 0;
	int l;

	for (l = 0; l < LINE_POSTCODE; l++)
		if (grade[l] != GRADE_MISSING)
			sum += w->m[l][grade[l]] - at_random(w, grade, rarity, l);
	for (; l < LINE_END; l++)
		if (grade[l] != GRADE_MISSING) {
			same += w->m[l][grade[l]];
			random += at_random(w, grade, rarity, l);
		}
	return sum + bits_sum(w->stayed + same, w->moved + random) - random;
}

int32_t
weigh_moved(const struct weights *w, const uint8_t grade[LINE_END],
    const int32_t rarity[LINE_END])
{
	struct sums s;

	sums_of(w, grade, rarity, &s);
	return w->moved + s.place_random - w->stayed - s.place_same;
}
