/*
 * Who a person is, and what each agency has on file of that: the same person
 * under slightly different names and dates.
 */
#include <stdio.h>
#include <string.h>

#include "tests/gen/gen.h"

/* Out of a thousand cards of the agency. */
struct slips {
	uint32_t nickname, typing, respelt, dob_swapped, dob_first_of_year, dob_missing, dob_day_off,
	    nhs_missing, names_swapped, nino, upn, uln, old_name;
};

static const struct slips slips_of[GEN_AGENCIES] = {
	[GEN_COUNCIL] = { .nickname = 30, .typing = 20, .respelt = 20, .dob_swapped = 8,
	    .dob_first_of_year = 6, .dob_missing = 8, .dob_day_off = 8, .nhs_missing = 350,
	    .names_swapped = 5, .nino = 300, .upn = 250, .old_name = 200 },
	[GEN_NHS] = { .nickname = 15, .typing = 10, .respelt = 20, .dob_swapped = 4,
	    .dob_first_of_year = 10, .dob_missing = 2, .dob_day_off = 4, .nhs_missing = 60,
	    .names_swapped = 5, .old_name = 700 },
	[GEN_PROVIDER] = { .nickname = 140, .typing = 40, .respelt = 30, .dob_swapped = 15,
	    .dob_first_of_year = 6, .dob_missing = 15, .dob_day_off = 12, .nhs_missing = 1000,
	    .names_swapped = 10, .nino = 250, .uln = 350, .old_name = 300 },
};

/* --- chance: SplitMix64 (Steele, Lea, Flood 2014) */

uint64_t
gen_next(struct gen_rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t
gen_below(struct gen_rng *r, uint32_t n)
{
	return (uint32_t)(((gen_next(r) >> 32) * n) >> 32);
}

int
gen_between(struct gen_rng *r, int low, int high)
{
	return low + (int)gen_below(r, (uint32_t)(high - low + 1));
}

bool
gen_chance(struct gen_rng *r, uint32_t per_mille)
{
	return gen_below(r, 1000) < per_mille;
}

/* --- numbers, each with its issuer's check */

/* Number i of the test range 999; "" for the one in eleven whose check digit would be 10. */
void
gen_nhs_number(uint32_t i, char out[12])
{
	char s[16];
	int sum = 0, check;

	snprintf(s, sizeof(s), "999%06u", i % 1000000);
	for (int k = 0; k < 9; k++)
		sum += (s[k] - '0') * (10 - k);
	check = (11 - sum % 11) % 11;
	out[0] = '\0';
	if (check < 10)
		snprintf(out, 12, "%.9s%d", s, check);
}

/* Authority 999 does not exist. */
void
gen_upn(uint32_t i, char out[16])
{
	static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
	char s[16];
	int sum = 0;

	snprintf(s, sizeof(s), "999%02u%06u%u", 3 + i % 9, i % 1000000, i / 7 % 10);
	for (int k = 0; k < 12; k++)
		sum += (s[k] - '0') * (k + 2);
	snprintf(out, 16, "%c%.12s", letters[sum % 23], s);
}

void
gen_uln(uint32_t i, char out[12])
{
	char s[16];
	int sum = 0, rest;

	snprintf(s, sizeof(s), "999%06u", i % 1000000);
	for (int k = 0; k < 9; k++)
		sum += (s[k] - '0') * (10 - k);
	rest = sum % 11;
	out[0] = '\0';
	if (rest != 0)
		snprintf(out, 12, "%.9s%d", s, 10 - rest);
}

static void
numbers_give(struct gen_person *p, uint64_t seed)
{
	/* odd and no multiple of 5: every number of the range once */
	uint32_t i = (uint32_t)((p->id * UINT64_C(618033) + seed % 1000000) % 1000000);

	gen_nhs_number(i, p->nhs_number);
	gen_upn(i, p->upn);
	gen_uln(i + 500000, p->uln);
	/* NC is not given to people */
	snprintf(p->nino, sizeof(p->nino), "NC%06u%c", i, (char)('A' + i % 4));
}

/* --- who */

static enum gen_origin
origin_draw(struct gen_rng *r)
{
	uint32_t at = gen_below(r, 100);

	return at < 58 ? GEN_ORIGIN_BRITISH : at < 78 ? GEN_ORIGIN_SOUTH_ASIAN
	    : at < 90 ? GEN_ORIGIN_WEST_AFRICAN : GEN_ORIGIN_EASTERN_EUROPEAN;
}

static void
identity_draw(struct gen_person *p)
{
	struct gen_rng *r = &p->rng;

	p->origin = origin_draw(r);
	p->female = gen_chance(r, 480);
	p->forename = gen_forename_draw(r, p->origin, p->female);
	gen_surname_draw(r, p->origin, p->surname);
	if (p->origin == GEN_ORIGIN_BRITISH && gen_chance(r, 30)) { /* double-barrelled */
		char second[GEN_NAME], both[2 * GEN_NAME];

		gen_surname_draw(r, p->origin, second);
		snprintf(both, sizeof(both), "%s-%s", p->surname, second);
		if (strlen(both) < GEN_NAME - 2)
			memcpy(p->surname, both, strlen(both) + 1);
	}
	p->home = gen_below(r, 7000);
}

/* A twin: the one before, but for forename, sex and numbers. */
static void
twin_of(struct gen_person *p, uint64_t seed, uint32_t id)
{
	struct gen_person other;

	gen_person_make(&other, seed, id);
	p->origin = other.origin;
	memcpy(p->surname, other.surname, sizeof(p->surname));
	p->dob = other.dob;
	p->home = other.home;
	p->referred = other.referred;
	p->forename = (other.forename + 5) % 12;
}

static void
life_draw(struct gen_person *p)
{
	struct gen_rng *r = &p->rng;
	int years = gen_between(r, 18, 24);

	p->cohort = gen_chance(r, 930);
	p->referred = date_of(2015, 1, 5) + gen_between(r, 0, 340);
	if (gen_chance(r, 40)) /* too young or too old on the day */
		years = gen_chance(r, 500) ? 17 : gen_between(r, 25, 27);
	p->dob = date_add_months(p->referred, -12 * years) - gen_between(r, 1, 363);
	p->married = p->died = DATE_NONE;
	if (p->female && gen_chance(r, 80)) {
		p->married = p->referred + gen_between(r, 60, 900);
		gen_surname_draw(r, p->origin, p->married_surname);
	}
	if (gen_chance(r, 4))
		p->died = p->referred + gen_between(r, 30, 1000);
}

/* --- what is on file */

static date_t
dob_with_slip(struct gen_rng *r, const struct slips *s, date_t dob)
{
	struct ymd d = date_ymd(dob);

	if (gen_chance(r, s->dob_missing))
		return DATE_NONE;
	if (gen_chance(r, s->dob_first_of_year))
		return date_of(d.year, 1, 1);
	if (gen_chance(r, s->dob_swapped) && date_valid(d.year, d.day, d.month))
		return date_of(d.year, d.day, d.month);
	if (gen_chance(r, s->dob_day_off))
		return dob + 1;
	return dob;
}

static void
names_with_slips(struct gen_rng *r, const struct slips *s, const struct gen_person *p,
    struct gen_card *card)
{
	const char *forename = gen_forename(p->origin, p->female, p->forename);
	char swap[GEN_NAME];

	if (gen_chance(r, s->nickname))
		forename = gen_nickname(p->origin, p->female, p->forename);
	snprintf(card->forename, sizeof(card->forename), "%s", forename);
	memcpy(card->surname, p->surname, sizeof(card->surname));
	if (gen_chance(r, s->typing))
		gen_typing_slip(r, gen_chance(r, 500) ? card->forename : card->surname);
	if (gen_chance(r, s->respelt))
		gen_surname_respell(r, card->surname);
	if (gen_chance(r, s->names_swapped)) {
		memcpy(swap, card->forename, sizeof(swap));
		memcpy(card->forename, card->surname, sizeof(swap));
		memcpy(card->surname, swap, sizeof(swap));
	}
}

static void
card_make(struct gen_person *p, enum gen_agency agency)
{
	static const char *const ethnic[GEN_ORIGINS] = { "white", "asian", "black", "white" };
	const struct slips *s = &slips_of[agency];
	struct gen_card *card = &p->cards[agency];
	struct gen_rng *r = &p->rng;

	memset(card, 0, sizeof(*card));
	names_with_slips(r, s, p, card);
	date_text(dob_with_slip(r, s, p->dob), card->dob);
	if (!gen_chance(r, s->nhs_missing))
		memcpy(card->nhs_number, p->nhs_number, sizeof(card->nhs_number));
	if (gen_chance(r, s->nino))
		memcpy(card->nino, p->nino, sizeof(card->nino));
	if (gen_chance(r, s->upn))
		memcpy(card->upn, p->upn, sizeof(card->upn));
	if (gen_chance(r, s->uln))
		memcpy(card->uln, p->uln, sizeof(card->uln));
	snprintf(card->local_id, sizeof(card->local_id), "%c-%06u", "CHP"[agency], p->id + 1);
	snprintf(card->sex, sizeof(card->sex), "%s", p->female ? "F" : "M");
	snprintf(card->ethnic_group, sizeof(card->ethnic_group), "%s",
	    gen_chance(r, 100) ? "not-stated" : ethnic[p->origin]);
	if (agency == GEN_NHS && p->died != DATE_NONE)
		date_text(p->died, card->died_on);
}

void
gen_person_make(struct gen_person *p, uint64_t seed, uint32_t id)
{
	static const uint32_t known[GEN_AGENCIES] = { 930, 850, 1000 };

	memset(p, 0, sizeof(*p));
	p->id = id;
	p->rng.state = seed;
	p->rng.state = gen_next(&p->rng) ^ id; /* mixed: else neighbours draw one stream, shifted */
	p->rng.state = gen_next(&p->rng);
	identity_draw(p);
	life_draw(p);
	if (id % 100 == 99)
		twin_of(p, seed, id - 1);
	numbers_give(p, seed);
	for (int a = 0; a < GEN_AGENCIES; a++) {
		p->known_to[a] = gen_chance(&p->rng, known[a]);
		card_make(p, (enum gen_agency)a);
	}
	if (!p->cohort) /* somebody whom the council knows for other reasons */
		p->known_to[GEN_PROVIDER] = false;
}
