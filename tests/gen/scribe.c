/*
 * How an agency writes a person down: what it knows of them on the day, in its
 * own letters, with its own slips.
 */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tests/gen/uk_in.h"

static bool
chance(const struct scribe *s, enum pop_agency_rate rate)
{
	return gen_chance(&s->household->rng, s->agency->rate[rate]);
}

static struct gen_rng *
rng(const struct scribe *s)
{
	return &s->household->rng;
}

/* Who has no home is registered for it, more often than before or after. */
static void
hostel_days(const struct scribe *s, date_t *from, date_t *until)
{
	const struct uk_person *p = s->person;

	for (uint32_t i = 0; i + 1 < p->homes; i++) {
		if (!(p->home[i].home & UK_HOSTEL) || p->home[i].from < *from
		    || p->home[i + 1].from > *until || !gen_chance(rng(s), 500))
			continue;
		*from = p->home[i].from;
		*until = p->home[i + 1].from;
		return;
	}
}

bool
scribe_day(const struct scribe *s, struct uk_record *out)
{
	const uint32_t *rate = s->agency->rate;
	date_t from = date_add_months(s->person->dob, 12 * (int)rate[AGENCY_least_age]);
	date_t until = date_add_months(s->person->dob, 12 * (int)rate[AGENCY_most_age] + 12);

	if (from < UK_FROM)
		from = UK_FROM;
	if (until > UK_UNTIL)
		until = UK_UNTIL;
	if (s->person->died != DATE_NONE && until > s->person->died)
		until = s->person->died;
	if (until <= from)
		return false;
	memset(out, 0, sizeof(*out));
	hostel_days(s, &from, &until);
	out->on = from + (date_t)gen_below(rng(s), (uint32_t)(until - from));
	return true;
}

/* --- letters */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_sign(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Accents off, letters spelled out, capitals kept. */
static void
plain(char text[UK_TEXT])
{
	char out[UK_TEXT];
	size_t to = 0;

	for (size_t i = 0; text[i];) {
		uint8_t folded[TEXT_OUT_MAX];
		size_t n = 1, len = 0;
		bool first = to == 0 || !is_letter(out[to - 1]);

		while (((uint8_t)text[i + n] & 0xC0) == 0x80)
			n++;
		if (n == 1) {
			folded[0] = (uint8_t)text[i];
			len = 1;
		} else if (text_fold(span_of(text + i, n), folded, &len) != TEXT_OK)
			len = 0;
		for (size_t k = 0; k < len && to + 1 < UK_TEXT; k++) {
			char c = (char)folded[k];

			if (n > 1 && k == 0 && first && c >= 'a' && c <= 'z')
				c = (char)(c - 'a' + 'A');
			out[to++] = c;
		}
		i += n;
	}
	out[to] = '\0';
	memcpy(text, out, to + 1);
}

static void
capitals(char text[UK_TEXT])
{
	for (char *c = text; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
}

static char
neighbour(struct gen_rng *r, char c)
{
	static const char *const rows[] = { "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890" };
	char low = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;

	for (size_t i = 0; i < 4; i++) {
		const char *at = strchr(rows[i], low);
		bool left = gen_chance(r, 500);
		char got;

		if (!at || !low)
			continue;
		got = at > rows[i] && (left || !at[1]) ? at[-1] : at[1] ? at[1] : low;
		return low != c ? (char)(got - 'a' + 'A') : got;
	}
	return c;
}

/* One of: two letters change places, one is left out, one is doubled, a neighbour's key.  Only
 * letters and digits of ASCII are touched: the rest stays text. */
static void
slip(struct gen_rng *r, char text[UK_TEXT])
{
	size_t len = strlen(text), at = 0;
	int tries = 0;
	char c;

	if (len < 3 || len > UK_TEXT - 2)
		return;
	do
		at = gen_below(r, (uint32_t)len - 1);
	while (!(is_sign(text[at]) && is_sign(text[at + 1])) && ++tries < 20);
	if (tries == 20)
		return;
	c = text[at];
	switch (gen_below(r, 4)) {
	case 0:
		text[at] = text[at + 1];
		text[at + 1] = c;
		break;
	case 1:
		memmove(text + at, text + at + 1, len - at);
		break;
	case 2:
		memmove(text + at + 1, text + at, len - at + 1);
		break;
	default:
		text[at] = neighbour(r, c);
		break;
	}
}

static bool
replace(char text[UK_TEXT], const char *from, const char *to)
{
	char *at = strstr(text, from), rest[UK_TEXT];

	if (!at || !*from || strlen(text) + strlen(to) >= UK_TEXT)
		return false;
	memcpy(rest, at + strlen(from), strlen(at + strlen(from)) + 1);
	snprintf(at, (size_t)(UK_TEXT - (at - text)), "%s%.60s", to, rest);
	return true;
}

/* The first of the origin's spellings, from a drawn one on, that fits. */
static void
respell(struct gen_rng *r, const struct pop_pairs *pairs, char text[UK_TEXT])
{
	uint32_t at = pairs->n ? gen_below(r, pairs->n) : 0;

	for (uint32_t i = 0; i < pairs->n; i++, at = (at + 1) % pairs->n)
		if (replace(text, pairs->item[at].from, pairs->item[at].to))
			return;
}

/* --- names */

static bool
is_stale(const struct scribe *s)
{
	return chance(s, AGENCY_stale);
}

static void
forename_write(const struct scribe *s, char out[UK_TEXT])
{
	const struct uk_person *p = s->person;

	snprintf(out, UK_TEXT, "%s", p->forename);
	if (p->called && p->called->aliases && chance(s, AGENCY_nickname))
		snprintf(out, UK_TEXT, "%s",
		    p->called->alias[gen_below(rng(s), p->called->aliases)]);
	if (p->second[0] && chance(s, AGENCY_second)) {
		size_t len = strlen(out);

		snprintf(out + len, UK_TEXT - len, " %s", p->second);
	}
	if (chance(s, AGENCY_initial))
		out[1 + (((uint8_t)out[0] & 0xC0) == 0xC0)] = '\0';
}

static void
surname_write(const struct scribe *s, date_t on, char out[UK_TEXT])
{
	const struct uk_person *p = s->person;
	bool married = p->married != DATE_NONE && on >= p->married && !is_stale(s);
	size_t parts;

	snprintf(out, UK_TEXT, "%s", married ? p->married_surname : p->surname);
	parts = strcspn(out, " -");
	if (out[parts] && parts > 2 && chance(s, AGENCY_half_name)) {
		if (gen_chance(rng(s), 500))
			out[parts] = '\0';
		else
			memmove(out, out + parts + 1, strlen(out + parts + 1) + 1);
	}
}

static void
names_write(const struct scribe *s, struct uk_record *out)
{
	const struct pop_origin *o = s->person->origin;
	char swap[UK_TEXT];
	bool upper = chance(s, AGENCY_upper);

	forename_write(s, out->forename);
	surname_write(s, out->on, out->surname);
	if (gen_chance(rng(s), o->rate[ORIGIN_spelt]) || chance(s, AGENCY_spelt))
		respell(rng(s), &o->spelling, gen_chance(rng(s), 500) ? out->forename : out->surname);
	if (upper || chance(s, AGENCY_ascii)) {
		plain(out->forename);
		plain(out->surname);
	}
	if (chance(s, AGENCY_slip_forename))
		slip(rng(s), out->forename);
	if (chance(s, AGENCY_slip_surname))
		slip(rng(s), out->surname);
	if (gen_chance(rng(s), o->rate[ORIGIN_family_first]) || chance(s, AGENCY_names_swapped)) {
		memcpy(swap, out->forename, UK_TEXT);
		memcpy(out->forename, out->surname, UK_TEXT);
		memcpy(out->surname, swap, UK_TEXT);
	}
	if (upper) {
		capitals(out->forename);
		capitals(out->surname);
	}
}

/* --- birth and sex */

/* Another digit in the day, the month or the last of the year, where that is a day. */
static date_t
dob_slip(struct gen_rng *r, date_t dob)
{
	struct ymd d = date_ymd(dob);
	int to = gen_between(r, 1, 9);

	switch (gen_below(r, 3)) {
	case 0:
		d.day = d.day / 10 * 10 + to;
		break;
	case 1:
		d.month = d.month / 10 * 10 + to;
		break;
	default:
		d.year = d.year / 10 * 10 + to;
		break;
	}
	return date_valid(d.year, d.month, d.day) ? date_of(d.year, d.month, d.day) : dob;
}

static void
dob_write(const struct scribe *s, struct uk_record *out)
{
	date_t dob = s->person->dob;
	struct ymd d = date_ymd(dob);

	if (chance(s, AGENCY_dob_missing))
		return;
	if (chance(s, AGENCY_slip_dob))
		dob = dob_slip(rng(s), dob);
	if (chance(s, AGENCY_dob_swapped) && date_valid(d.year, d.day, d.month))
		dob = date_of(d.year, d.day, d.month);
	if (chance(s, AGENCY_dob_year))
		dob = date_of(d.year, 1, 1);
	if (chance(s, AGENCY_dob_default))
		dob = date_of(1900, 1, 1);
	date_text(dob, out->dob);
}

static void
sex_write(const struct scribe *s, struct uk_record *out)
{
	bool female = s->person->female != chance(s, AGENCY_sex_wrong);

	if (!chance(s, AGENCY_sex_missing))
		snprintf(out->sex, sizeof(out->sex), "%s", female ? "F" : "M");
}

/* --- places */

static uint32_t
mix(uint32_t a, uint32_t b)
{
	struct gen_rng r = { .state = (uint64_t)a << 32 | b };

	return (uint32_t)(gen_next(&r) >> 32);
}

/* Number p of the postcodes of areas that do not exist. */
static void
postcode(uint32_t p, char out[12])
{
	static const char unit[] = "ABDEFGHJLN";
	uint32_t area = p / 20000;

	snprintf(out, 12, "%c%c%u %u%c%c", "QVX"[area % 3], (char)('A' + area / 3 % 26),
	    1 + p / 1000 % 20, p / 100 % 10, unit[p / 10 % 10], unit[p % 10]);
}

static void
street_name(const struct population *p, uint32_t street, char out[UK_TEXT])
{
	static const char *const kinds[] = { "Road", "Street", "Close", "Avenue", "Lane", "Drive",
		"Way", "Gardens", "Court", "Crescent", "Terrace", "Grove" };

	snprintf(out, UK_TEXT, "%s %s", p->street.item[mix(street, 1) % p->street.n].text,
	    kinds[mix(street, 2) % (sizeof(kinds) / sizeof(kinds[0]))]);
}

/* Twenty-four homes a street, twelve a postcode; a street in seven is of flats. */
static void
place_write(const struct scribe *s, uint32_t home, struct uk_record *out)
{
	const struct population *p = s->world->population;
	uint32_t street = home / 24, number = home % 24;
	char name[UK_TEXT];

	street_name(p, street, name);
	if (home & UK_HOSTEL) {
		uint32_t hostel = home & ~UK_HOSTEL;

		home = mix(hostel, 3) % s->world->homes;
		snprintf(out->line1, UK_TEXT, "%s House Hostel",
		    p->street.item[hostel % p->street.n].text);
		snprintf(out->uprn, sizeof(out->uprn), "9991%08u", hostel);
	} else if (mix(street, 4) % 7 == 0) {
		snprintf(out->line1, UK_TEXT, "Flat %u", number + 1);
		snprintf(out->line2, UK_TEXT, "%u %.60s", 1 + mix(street, 5) % 150, name);
		snprintf(out->uprn, sizeof(out->uprn), "9990%08u", home);
	} else {
		snprintf(out->line1, UK_TEXT, "%u %.60s", 1 + mix(street, 5) % 100 + 2 * number, name);
		snprintf(out->uprn, sizeof(out->uprn), "9990%08u", home);
	}
	postcode(home / 12, out->postcode);
	snprintf(out->town, UK_TEXT, "%s", p->town.item[mix(home / 1200, 6) % p->town.n].text);
}

/* Where they lived on the day; stale: where they lived before that. */
static uint32_t
home_on(const struct scribe *s, date_t on)
{
	const struct uk_person *p = s->person;
	uint32_t at = 0;

	while (at + 1 < p->homes && p->home[at + 1].from <= on)
		at++;
	if (at > 0 && is_stale(s))
		at--;
	return p->home[at].home;
}

static void
postcode_slip(struct gen_rng *r, char text[12])
{
	size_t at = gen_below(r, (uint32_t)strlen(text));

	text[at] = neighbour(r, text[at]);
}

static void
address_write(const struct scribe *s, struct uk_record *out)
{
	if (chance(s, AGENCY_address_missing))
		return;
	place_write(s, home_on(s, out->on), out);
	if (!chance(s, AGENCY_uprn))
		out->uprn[0] = '\0';
	if (chance(s, AGENCY_slip_address))
		slip(rng(s), gen_chance(rng(s), 700) ? out->line1 : out->town);
	if (chance(s, AGENCY_slip_postcode))
		postcode_slip(rng(s), out->postcode);
}

/* --- numbers */

/* One digit of the nine is another; half of them also get a check digit that fits. */
static void
nhs_mistype(struct gen_rng *r, char number[12])
{
	uint32_t at = 3 + gen_below(r, 6);
	int sum = 0, check;

	number[at] = (char)('0' + (number[at] - '0' + 1 + (int)gen_below(r, 9)) % 10);
	for (int i = 0; i < 9; i++)
		sum += (number[i] - '0') * (10 - i);
	check = (11 - sum % 11) % 11;
	if (check < 10 && gen_chance(r, 500))
		number[9] = (char)('0' + check);
}

static bool
nhs_write(const struct scribe *s, struct uk_record *out)
{
	const struct household *h = s->household;
	const struct uk_person *other = h->n > 1 ? &h->person[gen_below(rng(s), h->n)] : s->stranger;

	if (!chance(s, AGENCY_nhs))
		return false;
	memcpy(out->nhs_number, s->person->nhs_number, sizeof(out->nhs_number));
	if (chance(s, AGENCY_nhs_of_other) && other->nhs_number[0] && other != s->person) {
		memcpy(out->nhs_number, other->nhs_number, sizeof(out->nhs_number));
		return true;
	}
	if (chance(s, AGENCY_nhs_mistyped))
		nhs_mistype(rng(s), out->nhs_number);
	return false;
}

static void
numbers_write(const struct scribe *s, struct uk_record *out)
{
	const struct uk_person *p = s->person;
	int age = date_age(p->dob, out->on);

	if (age >= 16 && chance(s, AGENCY_nino))
		memcpy(out->nino, p->nino, sizeof(out->nino));
	if (age >= 3 && age <= 18 && chance(s, AGENCY_upn))
		memcpy(out->upn, p->upn, sizeof(out->upn));
	if (age >= 14 && age <= 25 && chance(s, AGENCY_uln))
		memcpy(out->uln, p->uln, sizeof(out->uln));
	snprintf(out->local_id, sizeof(out->local_id), "%c%u-%u",
	    s->agency->name[0] >= 'a' ? s->agency->name[0] - 'a' + 'A' : s->agency->name[0],
	    (unsigned)s->agency_number, (unsigned)s->local);
}

static void
groups_write(const struct scribe *s, struct uk_record *out)
{
	static const struct {
		int below;
		const char *name;
	} ages[] = { { 16, "0-15" }, { 25, "16-24" }, { 45, "25-44" }, { 65, "45-64" },
		{ 200, "65-" } };
	size_t i = 0;

	while (date_age(s->person->dob, out->on) >= ages[i].below)
		i++;
	out->age = ages[i].name;
	out->mobility = s->person->homes == 1 ? "settled" : s->person->homes < 4 ? "moved" : "mobile";
	out->origin = s->person->origin->name;
	out->source = s->agency->name;
	out->person = s->person->id;
}

bool
scribe_write(const struct scribe *s, struct uk_record *out)
{
	bool of_other;

	groups_write(s, out);
	names_write(s, out);
	dob_write(s, out);
	sex_write(s, out);
	address_write(s, out);
	of_other = nhs_write(s, out);
	numbers_write(s, out);
	return of_other;
}
