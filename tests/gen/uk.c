/*
 * Households, their people and their lives; how an agency writes them down is
 * in scribe.c.
 */
#include <stdio.h>
#include <string.h>

#include "common/must.h"
#include "tests/gen/uk_in.h"

enum {
	ADULT_YEARS = 18,
	CHILDREN_MAX = 6,
	HOSTELS_MAX = 2000,
	PEOPLE_OF_A_RECORD = 3, /* about: for the size of the address book */
};

struct uk {
	const struct population *p;
	struct uk_world world;
	uint32_t numbers; /* given so far */
	uint64_t records_max;
	uk_record_fn *fn;
	void *arg;
	struct uk_totals *totals;
	struct uk_person before; /* the household before: whose number is written by mistake */
};

/* --- draws */

static uint32_t
figure(const struct uk *u, enum pop_figure f)
{
	return u->p->figure[f];
}

static const struct pop_origin *
origin_draw(const struct uk *u, struct gen_rng *r)
{
	const struct pop_origin *o = u->p->origin;
	uint64_t at = gen_below(r, (uint32_t)o[u->p->origins - 1].upto);

	while (o->upto <= at)
		o++;
	return o;
}

/* By weight; NULL: it fell on those that are put together. */
static const struct pop_name *
name_draw(struct gen_rng *r, const struct pop_names *names, uint64_t rare)
{
	uint64_t at = gen_below(r, (uint32_t)(names->item[names->n - 1].upto + rare));
	uint32_t low = 0, high = names->n;

	while (low < high) { /* the first with upto > at */
		uint32_t mid = low + (high - low) / 2;

		if (names->item[mid].upto > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low < names->n ? &names->item[low] : NULL;
}

static const char *
part_draw(struct gen_rng *r, const struct pop_names *parts)
{
	uint32_t a, b;

	if (!parts->n)
		return "";
	a = gen_below(r, parts->n);
	b = gen_below(r, parts->n);
	return parts->item[a < b ? a : b].text; /* the first ones are the common ones */
}

static void
surname_draw(struct gen_rng *r, const struct pop_origin *o, char out[POP_TEXT])
{
	const struct pop_name *name = name_draw(r, &o->surname, o->rare_surname);
	const char *head, *middle, *tail;

	if (name) {
		snprintf(out, POP_TEXT, "%s", name->text);
		return;
	}
	head = part_draw(r, &o->head);
	middle = part_draw(r, &o->middle);
	tail = part_draw(r, &o->tail);
	snprintf(out, POP_TEXT, "%.15s%.15s%.15s", head, middle, tail);
}

static void
forename_draw(struct gen_rng *r, struct uk_person *p)
{
	const struct pop_origin *o = p->origin;
	const struct pop_name *name
	    = name_draw(r, p->female ? &o->female : &o->male, o->rare_forename);
	const char *first, *second;
	char syllables[POP_TEXT];
	size_t len;

	p->called = name;
	if (name) {
		snprintf(p->forename, POP_TEXT, "%s", name->text);
		return;
	}
	first = part_draw(r, &o->syllable);
	second = part_draw(r, &o->syllable);
	snprintf(syllables, sizeof(syllables), "%.10s%.10s%s", first, second, p->female ? "a" : "");
	len = strlen(syllables);
	if (len && syllables[0] >= 'a' && syllables[0] <= 'z')
		syllables[0] = (char)(syllables[0] - 'a' + 'A');
	snprintf(p->forename, POP_TEXT, "%s", syllables);
}

/* --- a person */

static void
numbers_give(struct uk *u, struct uk_person *p)
{
	do { /* one number in eleven has no check digit */
		/* odd and no multiple of 5: every number of the range once */
		uint32_t i = (uint32_t)(u->numbers++ * UINT64_C(618033) % 1000000);

		gen_nhs_number(i, p->nhs_number);
		gen_upn(i, p->upn);
		gen_uln(i, p->uln);
		/* NC is not given to people */
		snprintf(p->nino, sizeof(p->nino), "NC%06u%c", i, (char)('A' + i % 4));
	} while (!p->nhs_number[0]);
}

static struct uk_person *
person_new(struct uk *u, struct household *h, const struct pop_origin *origin, bool female,
    date_t dob)
{
	struct uk_person *p = &h->person[h->n++];
	struct gen_rng *r = &h->rng;

	MUST(h->n <= HOUSEHOLD_MAX);
	memset(p, 0, sizeof(*p));
	p->id = (uint32_t)u->totals->people++;
	p->origin = origin;
	p->female = female;
	p->dob = dob;
	p->married = p->died = DATE_NONE;
	if (gen_chance(r, origin->rate[ORIGIN_first_of_january]))
		p->dob = date_of(date_ymd(dob).year, 1, 1);
	forename_draw(r, p);
	if (gen_chance(r, origin->rate[ORIGIN_second_forename])) {
		struct uk_person other = { .origin = origin, .female = female };

		forename_draw(r, &other);
		memcpy(p->second, other.forename, sizeof(p->second));
	}
	if (gen_chance(r, figure(u, POP_died)))
		p->died = UK_FROM + gen_between(r, 0, UK_DAYS - 1);
	memcpy(p->home, h->home, sizeof(p->home));
	p->homes = h->homes;
	numbers_give(u, p);
	return p;
}

static void
home_add(struct uk_person *p, date_t from, uint32_t home)
{
	if (p->homes == HOMES_MAX)
		return;
	p->home[p->homes++] = (struct stay){ from, home };
}

/* From `day` on somewhere of their own: later moves of the household are not theirs. */
static void
leave(struct uk *u, struct household *h, struct uk_person *p, date_t day)
{
	while (p->homes > 1 && p->home[p->homes - 1].from >= day)
		p->homes--;
	home_add(p, day, gen_below(&h->rng, u->world.homes));
}

static void
hostel_stay(struct uk *u, struct household *h, struct uk_person *p)
{
	date_t in = UK_FROM + gen_between(&h->rng, 0, UK_DAYS - 400);
	date_t out = in + gen_between(&h->rng, 20, 380);

	leave(u, h, p, in);
	p->home[p->homes - 1].home = UK_HOSTEL | gen_below(&h->rng, u->world.hostels);
	home_add(p, out, gen_below(&h->rng, u->world.homes));
	u->totals->hostel++;
}

/* Some years and days after `from`.  One draw after the other: the order in which operands are
 * evaluated is the compiler's. */
static date_t
years_after(struct household *h, date_t from, int low, int high)
{
	int years = gen_between(&h->rng, low, high), days = gen_between(&h->rng, 0, 364);

	return date_add_months(from, 12 * years) + days;
}

static date_t
born_for_age(struct household *h, int low, int high)
{
	return years_after(h, UK_MIDDLE, -high - 1, -low - 1);
}

static void
adult_life(struct uk *u, struct household *h, struct uk_person *p)
{
	if (gen_chance(&h->rng, figure(u, POP_hostel)))
		hostel_stay(u, h, p);
}

/* --- names within a family */

static void
feminine(struct uk_person *p, char name[POP_TEXT])
{
	const struct pop_pairs *pairs = &p->origin->feminine;
	size_t len = strlen(name);

	for (uint32_t i = 0; p->female && i < pairs->n; i++) {
		size_t from = strlen(pairs->item[i].from);

		if (len < from || strcmp(name + len - from, pairs->item[i].from) != 0)
			continue;
		snprintf(name + len - from, POP_TEXT - (len - from), "%s", pairs->item[i].to);
		return;
	}
}

static void
surname_give(struct uk_person *p, const char *name)
{
	snprintf(p->surname, POP_TEXT, "%s", name);
	feminine(p, p->surname);
}

static void
marry(struct uk *u, struct household *h, struct uk_person *husband, struct uk_person *wife)
{
	if (!gen_chance(&h->rng, figure(u, POP_married)))
		return;
	u->totals->married++;
	if (gen_chance(&h->rng, wife->origin->rate[ORIGIN_wife_keeps]))
		return;
	wife->married = years_after(h, wife->dob, 21, 34);
	snprintf(wife->married_surname, POP_TEXT, "%s", husband->surname);
	feminine(wife, wife->married_surname);
}

static int
first_word(const char *name)
{
	return (int)strcspn(name, " -");
}

static void
child_surname(struct uk *u, struct household *h, struct uk_person *child,
    const struct uk_person *father, const struct uk_person *mother)
{
	char name[POP_TEXT];

	if (gen_chance(&h->rng, child->origin->rate[ORIGIN_two_surnames]))
		snprintf(name, sizeof(name), "%.*s %.*s", first_word(father->surname), father->surname,
		    first_word(mother->surname), mother->surname);
	else if (gen_chance(&h->rng, figure(u, POP_double_barrel)))
		snprintf(name, sizeof(name), "%.*s-%.*s", first_word(mother->surname), mother->surname,
		    first_word(father->surname), father->surname);
	else
		snprintf(name, sizeof(name), "%s", father->surname);
	surname_give(child, name);
}

static void
twin_of(struct uk *u, struct household *h, struct uk_person *p, const struct uk_person *other)
{
	u->totals->twins++;
	p->dob = other->dob;
	if (!gen_chance(&h->rng, figure(u, POP_similar)) || p->female != other->female)
		return;
	for (int i = 0; i < 30 && (p->forename[0] != other->forename[0]
		 || strcmp(p->forename, other->forename) == 0); i++)
		forename_draw(&h->rng, p);
}

/* No two children of one name, but by design. */
static void
name_apart(struct household *h, struct uk_person *p, uint32_t siblings_from)
{
	for (int i = 0; i < 8; i++) {
		bool taken = false;

		for (uint32_t k = siblings_from; k < h->n; k++)
			taken |= &h->person[k] != p && strcmp(h->person[k].forename, p->forename) == 0;
		if (!taken)
			return;
		forename_draw(&h->rng, p);
	}
}

static void
children_make(struct uk *u, struct household *h, uint32_t father, uint32_t mother, int n)
{
	uint32_t from = h->n;

	for (int i = 0; i < n && h->n < HOUSEHOLD_MAX; i++) {
		const struct uk_person *f = &h->person[father], *m = &h->person[mother];
		bool female = gen_chance(&h->rng, 488);
		date_t dob = years_after(h, m->dob, 19, 41);
		struct uk_person *p = person_new(u, h, f->origin, female,
		    dob > UK_UNTIL - 400 ? UK_UNTIL - 400 - gen_between(&h->rng, 0, 3000) : dob);

		child_surname(u, h, p, f, m);
		name_apart(h, p, from);
		if (h->n - 1 > from && gen_chance(&h->rng, figure(u, POP_twins)))
			twin_of(u, h, p, p - 1);
		else if (!female && gen_chance(&h->rng, figure(u, POP_namesake))) {
			memcpy(p->forename, f->forename, sizeof(p->forename));
			p->called = f->called;
			u->totals->namesakes++;
		}
		if (date_age(p->dob, UK_UNTIL) > ADULT_YEARS && gen_chance(&h->rng, figure(u, POP_leaves)))
			leave(u, h, p, date_add_months(p->dob, 12 * gen_between(&h->rng, 18, 26)));
		if (date_age(p->dob, UK_MIDDLE) >= ADULT_YEARS)
			adult_life(u, h, p);
	}
}

/* --- households */

static struct uk_person *
adult(struct uk *u, struct household *h, const struct pop_origin *o, bool female, int low, int high)
{
	struct uk_person *p = person_new(u, h, o, female, born_for_age(h, low, high));
	char surname[POP_TEXT];

	surname_draw(&h->rng, o, surname);
	surname_give(p, surname);
	return p;
}

/* Husband and wife; the first two of the household, or whose places are given. */
static void
couple_make(struct uk *u, struct household *h, int low, int high)
{
	const struct pop_origin *o = h->origin;
	struct uk_person *husband = adult(u, h, o, false, low, high), *wife;
	date_t dob = husband->dob + gen_between(&h->rng, -1200, 2400);

	if (gen_chance(&h->rng, figure(u, POP_mixed)))
		o = origin_draw(u, &h->rng);
	wife = adult(u, h, o, true, low, high);
	wife->dob = gen_chance(&h->rng, o->rate[ORIGIN_first_of_january])
	    ? date_of(date_ymd(dob).year, 1, 1) : dob;
	marry(u, h, husband, wife);
}

static void
family_make(struct uk *u, struct household *h, int children)
{
	couple_make(u, h, 26, 52);
	children_make(u, h, 0, 1, children);
	adult_life(u, h, &h->person[0]);
}

/* Grandparents, their son's family, an uncle: one surname, one address. */
static void
big_make(struct uk *u, struct household *h)
{
	struct uk_person *p;

	family_make(u, h, gen_between(&h->rng, 3, CHILDREN_MAX));
	p = adult(u, h, h->origin, false, 55, 85);
	surname_give(p, h->person[0].surname);
	p = adult(u, h, h->origin, true, 55, 85);
	if (!gen_chance(&h->rng, h->origin->rate[ORIGIN_wife_keeps]))
		surname_give(p, h->person[0].surname);
	p = adult(u, h, h->origin, false, 20, 50);
	surname_give(p, h->person[0].surname);
}

static void
shared_make(struct uk *u, struct household *h)
{
	int n = gen_between(&h->rng, 3, 6);

	for (int i = 0; i < n; i++) {
		const struct pop_origin *o = origin_draw(u, &h->rng);
		struct uk_person *p = adult(u, h, o, gen_chance(&h->rng, 450), 19, 38);

		leave(u, h, p, UK_FROM + gen_between(&h->rng, 200, UK_DAYS - 200));
		adult_life(u, h, p);
	}
}

static void
homes_draw(struct uk *u, struct household *h)
{
	uint32_t rate = figure(u, POP_moves) + h->origin->rate[ORIGIN_moves_more];

	h->homes = 0;
	h->home[h->homes++] = (struct stay){ DATE_MIN, gen_below(&h->rng, u->world.homes) };
	for (int year = 0; year < UK_YEARS; year++) {
		date_t day = UK_FROM + year * 365 + gen_between(&h->rng, 0, 364);

		if (h->homes < HOMES_MAX - 3 && gen_chance(&h->rng, rate))
			h->home[h->homes++]
			    = (struct stay){ day, gen_below(&h->rng, u->world.homes) };
	}
}

static void
household_make(struct uk *u, struct household *h, uint64_t seed, uint32_t number)
{
	uint32_t kind;

	memset(h, 0, sizeof(*h));
	h->rng.state = seed;
	h->rng.state = gen_next(&h->rng) ^ number; /* mixed: else neighbours draw one stream, shifted */
	h->rng.state = gen_next(&h->rng);
	h->origin = origin_draw(u, &h->rng);
	homes_draw(u, h);
	kind = gen_below(&h->rng, figure(u, POP_singles) + figure(u, POP_couples)
	    + figure(u, POP_families) + figure(u, POP_big) + figure(u, POP_shared));
	if (kind < figure(u, POP_singles))
		adult_life(u, h, adult(u, h, h->origin, gen_chance(&h->rng, 500), 19, 88));
	else if ((kind -= figure(u, POP_singles)) < figure(u, POP_couples))
		couple_make(u, h, 20, 80);
	else if ((kind -= figure(u, POP_couples)) < figure(u, POP_families))
		family_make(u, h, gen_between(&h->rng, 1, 4));
	else if (kind - figure(u, POP_families) < figure(u, POP_big))
		big_make(u, h);
	else
		shared_make(u, h);
}

/* --- what is registered of them */

static bool
full(const struct uk *u)
{
	return u->totals->records >= u->records_max;
}

static void
registration(struct uk *u, struct household *h, struct uk_person *p, uint32_t agency, uint32_t local)
{
	const struct pop_agency *a = &u->p->agency[agency];
	struct uk_record record;
	struct scribe s = { .world = &u->world, .household = h, .person = p, .agency = a,
		.agency_number = agency, .local = local, .stranger = &u->before };

	if (full(u) || !scribe_day(&s, &record))
		return;
	u->totals->nhs_of_other += scribe_write(&s, &record);
	u->totals->records++;
	u->fn(u->arg, &record);
}

static void
registrations(struct uk *u, struct household *h, struct uk_person *p)
{
	for (uint32_t a = 0; a < u->p->agencies; a++) {
		const uint32_t *rate = u->p->agency[a].rate;
		uint32_t local = p->id * 2;

		if (!gen_chance(&h->rng, rate[AGENCY_share]))
			continue;
		registration(u, h, p, a, local);
		if (gen_chance(&h->rng, rate[AGENCY_again]))
			registration(u, h, p, a, local);
		if (gen_chance(&h->rng, rate[AGENCY_twice]))
			registration(u, h, p, a, local + 1);
	}
}

int
uk_run(const struct population *p, uint64_t seed, uint32_t records, uk_record_fn *fn, void *arg,
    struct uk_totals *totals)
{
	struct uk u = { .p = p, .fn = fn, .arg = arg, .totals = totals, .records_max = records };
	struct household h;

	memset(totals, 0, sizeof(*totals));
	if (records == 0 || records > UK_RECORDS_MAX)
		return -1;
	u.world.population = p;
	u.world.homes = records / PEOPLE_OF_A_RECORD + 500;
	u.world.hostels = (uint32_t)((uint64_t)records * figure(&u, POP_hostels) / 3000000 + 1);
	u.numbers = (uint32_t)(seed % 1000000);
	for (uint32_t i = 0; !full(&u); i++) {
		household_make(&u, &h, seed, i);
		totals->households++;
		for (uint32_t k = 0; k < h.n; k++)
			registrations(&u, &h, &h.person[k]);
		u.before = h.person[0];
	}
	return 0;
}
