/*
 * link_gen - labelled sets of people who never were, for link_eval.
 *
 *	link_gen KIND N SEED > FILE.csv
 *
 *	households  two registers, names and address only: families of up to eight
 *	census      two registers, names, date of birth and sex only
 *	payroll     the same as households, but one list has a person several times, and hostels
 *	history     one list, five fields, each person up to eight times, badly written
 *	faults      one list, all fields, a fifth of it duplicates with one to three faults
 *	strangers   the same without families
 *	agencies    five agencies with errors of their own, movers, an NHS number for most
 *
 * The same seed gives the same file.  Names are syllables put together, common
 * and rare as real ones are; addresses, numbers and days are drawn.  Kinds
 * differ so that nothing is tuned to one of them.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

enum { TEXT = 48, FORENAMES = 600, SURNAMES = 20000, STREETS = 3000, TOWNS = 400, HOUSE_MAX = 120,
	FAMILY_MAX = 8 };

static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state = hash64(&state, sizeof(state), 11);
	return (uint32_t)((state >> 32) * below >> 32);
}

static bool
chance(uint32_t in_thousand)
{
	return draw(1000) < in_thousand;
}

/* Few are common and most rare: the first of 20,000 is one in 130 of all, the first of 600 one in 30. */
static uint32_t
zipf(uint32_t n)
{
	uint32_t limit = n > 1000 ? 30 : 12;

	while (limit < n && !chance(n > 1000 ? 110 : 200))
		limit = limit * 3 / 2;
	return draw(limit < n ? limit : n);
}

/* --- words */

static void
word_make(uint64_t kind, uint32_t n, char *out, bool title)
{
	static const char *const heads[] = { "b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l",
		"m", "n", "p", "r", "s", "sh", "st", "t", "th", "v", "w", "z", "" };
	static const char *const vowels[] = { "a", "e", "i", "o", "u", "ai", "ee", "ou", "y" };
	static const char *const ends[] = { "", "n", "r", "l", "s", "m", "nd", "rt", "ck", "lly", "son",
		"ton", "man", "ley", "ford", "ez", "ska", "ham" };
	uint64_t h = hash64(&n, sizeof(n), kind);
	uint32_t syllables = 1 + (uint32_t)(h & 1) + (uint32_t)(h >> 1 & 1);

	out[0] = '\0';
	for (uint32_t i = 0; i < syllables; i++) {
		h = hash64(&h, sizeof(h), kind);
		strcat(out, heads[h % 25]);
		strcat(out, vowels[(h >> 8) % 9]);
	}
	h = hash64(&h, sizeof(h), kind);
	strcat(out, ends[h % 18]);
	if (title)
		out[0] = (char)toupper((unsigned char)out[0]);
}

struct person {
	char forename[TEXT], surname[TEXT], street[TEXT], town[TEXT], postcode[TEXT], id[TEXT];
	char sex;
	uint32_t house;
	date_t dob;
};

static void
forename_of(char sex, char *out)
{
	static const char *const men[] = { "John", "William", "James", "Robert", "Thomas", "George",
		"Michael", "David", "Charles", "Joseph", "Daniel", "Andrew", "Peter", "Samuel", "Edward" };
	static const char *const women[] = { "Mary", "Elizabeth", "Margaret", "Sarah", "Anne", "Jane",
		"Susan", "Catherine", "Patricia", "Jennifer", "Linda", "Helen", "Alice", "Emma", "Emily" };
	uint32_t rank = zipf(FORENAMES);

	if (rank < 15)
		strcpy(out, sex == 'M' ? men[rank] : women[rank]);
	else
		word_make(sex == 'M' ? 1 : 2, rank, out, true);
}

static void
home_make(struct person *p)
{
	uint32_t town = zipf(TOWNS), street = draw(STREETS);

	word_make(4, town, p->town, true);
	word_make(5, street, p->street, true);
	strcat(p->street, street % 3 == 0 ? " Road" : street % 3 == 1 ? " Street" : " Lane");
	p->house = 1 + draw(HOUSE_MAX);
	snprintf(p->postcode, sizeof(p->postcode), "%05u", 10000 + town * 200 + street % 40);
}

static void
id_make(struct person *p)
{
	int sum;

	do {
		sum = 0;
		snprintf(p->id, sizeof(p->id), "9%04u%04u", draw(10000), draw(10000));
		for (int i = 0; i < 9; i++)
			sum += (10 - i) * (p->id[i] - '0');
		sum = (11 - sum % 11) % 11;
	} while (sum == 10);
	p->id[9] = (char)('0' + sum);
	p->id[10] = '\0';
}

static void
born(struct person *p, int from, int years)
{
	p->dob = date_of(from + (int)draw((uint32_t)years), 1, 1) + (date_t)draw(365);
}

/* A family at one address; twins, a son called like his father, a lodger. */
static uint32_t
family_make(struct person *f)
{
	uint32_t n = 1 + draw(3) + (chance(300) ? draw(5) : 0);

	for (uint32_t i = 0; i < n; i++) {
		struct person *p = &f[i];

		if (i == 0) {
			home_make(p);
			word_make(3, zipf(SURNAMES), p->surname, true);
		} else {
			*p = f[0];
		}
		p->sex = i < 2 ? "MF"[i] : chance(500) ? 'M' : 'F';
		if (i == 0 && chance(400))
			p->sex = 'F';
		forename_of(p->sex, p->forename);
		if (i > 0 && chance(i == 1 ? 150 : 60))
			word_make(3, zipf(SURNAMES), p->surname, true);
		if (i < 2)
			born(p, 1935, 50);
		else
			born(p, 1970, 45);
		if (i > 1 && chance(15))
			p->dob = f[i - 1].dob;
		if (i > 1 && p->sex == f[0].sex && chance(30))
			strcpy(p->forename, f[0].forename);
		id_make(p);
	}
	return n;
}

/* --- faults */

static void
typo(char *s)
{
	size_t n = strlen(s), at;
	char c = (char)('a' + draw(26));

	if (n < 2)
		return;
	at = draw((uint32_t)n);
	switch (draw(4)) {
	case 0:
		memmove(s + at, s + at + 1, n - at);
		break;
	case 1:
		if (n + 2 < TEXT) {
			memmove(s + at + 1, s + at, n - at + 1);
			s[at] = c;
		}
		break;
	case 2:
		s[at] = isdigit((unsigned char)s[at]) ? (char)('0' + draw(10)) : c;
		break;
	case 3:
		if (at + 1 < n) {
			c = s[at];
			s[at] = s[at + 1];
			s[at + 1] = c;
		}
		break;
	}
}

static void
respell(char *s)
{
	static const char *const pairs[][2] = { { "ph", "f" }, { "ck", "k" }, { "ee", "ea" },
		{ "ll", "l" }, { "ou", "u" }, { "y", "ie" }, { "son", "sen" }, { "ai", "ay" } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *at = strstr(s, pairs[i][0]), rest[TEXT];

		if (!at || strlen(s) + 2 > TEXT)
			continue;
		strcpy(rest, at + strlen(pairs[i][0]));
		strcpy(at, pairs[i][1]);
		strcat(s, rest);
		return;
	}
	typo(s);
}

static void
nickname(char *s)
{
	static const char *const pairs[][2] = { { "William", "Bill" }, { "Robert", "Bob" },
		{ "Elizabeth", "Betty" }, { "Margaret", "Peggy" }, { "Catherine", "Kate" },
		{ "Thomas", "Tom" }, { "Michael", "Mike" }, { "James", "Jim" }, { "Edward", "Ted" },
		{ "Jennifer", "Jenny" }, { "Susan", "Sue" }, { "Joseph", "Joe" } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(s, pairs[i][0]) == 0) {
			strcpy(s, pairs[i][1]);
			return;
		}
}

static void
dob_fault(struct person *p)
{
	struct ymd d = date_ymd(p->dob);

	switch (draw(4)) {
	case 0:
		if (date_valid(d.year, d.day, d.month)) {
			p->dob = date_of(d.year, d.day, d.month);
			break;
		} /* fall through */
	case 1:
		p->dob = date_of(d.year, d.month, 1 + (int)draw(28));
		break;
	case 2:
		p->dob = date_of(d.year - 1 + 2 * (int)draw(2), d.month, d.day > 28 ? 28 : d.day);
		break;
	case 3:
		p->dob = date_of(d.year, 1 + (int)draw(12), d.day > 28 ? 28 : d.day);
		break;
	}
}

/* One thing goes wrong. */
static void
fault(struct person *p)
{
	char t[TEXT];

	switch (draw(14)) {
	case 0: case 1:
		typo(p->forename);
		break;
	case 2: case 3:
		typo(p->surname);
		break;
	case 4:
		respell(chance(500) ? p->surname : p->forename);
		break;
	case 5: case 6:
		if (p->dob != DATE_NONE)
			dob_fault(p);
		break;
	case 7:
		typo(p->street);
		break;
	case 8:
		typo(p->postcode);
		break;
	case 9:
		nickname(p->forename);
		break;
	case 10:
		p->house = 1 + draw(HOUSE_MAX);
		break;
	case 11:
		switch (draw(5)) {
		case 0: p->forename[0] = '\0'; break;
		case 1: p->dob = DATE_NONE; break;
		case 2: p->street[0] = '\0'; break;
		case 3: p->postcode[0] = '\0'; break;
		case 4: p->forename[1] = '\0'; break;
		}
		break;
	case 12:
		strcpy(t, p->forename);
		strcpy(p->forename, p->surname);
		strcpy(p->surname, t);
		break;
	case 13:
		if (chance(500))
			home_make(p);
		else
			word_make(3, zipf(SURNAMES), p->surname, true);
		break;
	}
}

/* --- writing */

enum { SHOW_DOB = 1, SHOW_SEX = 2, SHOW_HOME = 4, SHOW_TOWN = 8, SHOW_ID = 16, SHOW_GROUP = 32 };

static uint64_t record_id;

static void
header(int show)
{
	printf("record_id,source,true_id,forename,surname%s%s%s%s%s%s\n", show & SHOW_SEX ? ",sex" : "",
	    show & SHOW_DOB ? ",dob" : "", show & SHOW_HOME ? ",address1,town,postcode" : "",
	    show & SHOW_TOWN ? ",town,postcode" : "", show & SHOW_ID ? ",nhs_number" : "",
	    show & SHOW_GROUP ? ",group" : "");
}

static void
put(const struct person *p, const char *source, uint64_t truth, int show)
{
	char dob[DATE_TEXT];

	date_text(p->dob, dob);
	printf("%" PRIu64 ",%s,%" PRIu64 ",%s,%s", ++record_id, source, truth, p->forename, p->surname);
	if (show & SHOW_SEX)
		printf(",%.1s", p->sex ? &p->sex : "");
	if (show & SHOW_DOB)
		printf(",%s", dob);
	if (show & SHOW_HOME && p->street[0])
		printf(",%u %s,%s,%s", p->house, p->street, p->town, p->postcode);
	else if (show & SHOW_HOME)
		printf(",,%s,%s", p->town, p->postcode);
	if (show & SHOW_TOWN)
		printf(",%s,%s", p->town, p->postcode);
	if (show & SHOW_ID)
		printf(",%s", p->id);
	if (show & SHOW_GROUP)
		printf(",%s", p->sex == 'M' ? "men" : "women");
	printf("\n");
}

/* Now and then something is wrong, in thousandths for each. */
struct errors {
	uint32_t typo, nickname, initial, dob, missing_dob, surname, move, swap, sex, street;
};

static void
spoil(struct person *p, const struct errors *e)
{
	char t[TEXT];

	if (chance(e->typo))
		typo(p->forename);
	if (chance(e->typo))
		typo(p->surname);
	if (chance(e->typo / 2))
		respell(p->surname);
	if (chance(e->nickname))
		nickname(p->forename);
	if (chance(e->initial))
		p->forename[1] = '\0';
	if (chance(e->dob))
		dob_fault(p);
	if (chance(e->missing_dob))
		p->dob = DATE_NONE;
	if (p->sex == 'F' && chance(e->surname))
		word_make(3, zipf(SURNAMES), p->surname, true);
	if (chance(e->move))
		home_make(p);
	if (chance(e->street))
		typo(p->street);
	if (chance(e->street / 2))
		p->house = 1 + draw(HOUSE_MAX);
	if (chance(e->street / 2))
		typo(p->postcode);
	if (chance(e->sex))
		p->sex = p->sex == 'M' ? 'F' : 'M';
	if (chance(e->swap)) {
		strcpy(t, p->forename);
		strcpy(p->forename, p->surname);
		strcpy(p->surname, t);
	}
}

/* Two registers of one population; each has most of it. */
static void
registers(uint32_t n, int show, const struct errors *a, const struct errors *b)
{
	uint64_t truth = 0;

	header(show);
	while (record_id < n) {
		struct person f[FAMILY_MAX];
		uint32_t size = family_make(f);

		for (uint32_t i = 0; i < size; i++, truth++) {
			struct person p = f[i];

			if (chance(750)) {
				spoil(&p, a);
				put(&p, "a", truth, show);
			}
			p = f[i];
			if (chance(650)) {
				spoil(&p, b);
				put(&p, "b", truth, show);
			}
		}
	}
}

/* Everybody once in the one list, employees one to three times in the other; some live in hostels,
 * two hundred at one address. */
static void
payroll(uint32_t n)
{
	static const struct errors listed = { 30, 50, 20, 0, 0, 15, 60, 5, 0, 40 },
				   paid = { 20, 30, 15, 0, 0, 15, 80, 3, 0, 30 };
	struct person hostel = { .house = 1 };
	uint64_t truth = 0;

	header(SHOW_HOME);
	for (uint32_t family = 0; record_id < n; family++) {
		struct person f[FAMILY_MAX];
		uint32_t size = family_make(f);

		if (family % 4000 == 0)
			home_make(&hostel);
		for (uint32_t i = 0; i < size; i++, truth++) {
			struct person p = f[i];
			uint32_t jobs = chance(600) ? 1 + draw(3) : 0;

			if (family % 20 == 0) {
				strcpy(p.street, hostel.street);
				strcpy(p.town, hostel.town);
				strcpy(p.postcode, hostel.postcode);
				p.house = hostel.house;
			}
			f[i] = p;
			if (chance(900)) {
				spoil(&p, &listed);
				put(&p, "a", truth, SHOW_HOME);
			}
			for (; jobs > 0; jobs--) {
				p = f[i];
				spoil(&p, &paid);
				put(&p, "b", truth, SHOW_HOME);
			}
		}
	}
}

static void
history(uint32_t n)
{
	static const struct errors bad = { 80, 80, 60, 120, 150, 60, 60, 10, 0, 0 };
	int show = SHOW_DOB | SHOW_TOWN;

	header(show);
	for (uint64_t truth = 0; record_id < n; truth++) {
		struct person f[FAMILY_MAX];
		uint32_t copies = chance(300) ? 1 : 1 + draw(8);

		family_make(f);
		f[0].dob -= 36500;
		for (uint32_t i = 0; i < copies; i++) {
			struct person p = f[0];

			if (i)
				spoil(&p, &bad);
			if (i && chance(100))
				p.town[0] = '\0';
			if (i && chance(200))
				p.postcode[0] = '\0';
			if (p.dob != DATE_NONE && i && chance(80))
				p.dob = date_of(date_ymd(p.dob).year, 1, 1);
			put(&p, "a", truth, show);
		}
	}
}

static void
faults(uint32_t n, bool families)
{
	int show = SHOW_DOB | SHOW_SEX | SHOW_HOME;
	uint32_t people = n - n / 5, at = 0;
	struct person *all = mem_alloc((people + FAMILY_MAX) * sizeof(*all));

	header(show);
	while (at < people) {
		uint32_t size = family_make(all + at);

		at += families ? size : 1;
	}
	for (uint32_t i = 0; i < people; i++)
		put(&all[i], "a", i, show);
	for (uint32_t i = people; i < n; i++) {
		uint32_t who = draw(people), count = 1 + draw(3);
		struct person p = all[who];

		for (uint32_t k = 0; k < count; k++)
			fault(&p);
		put(&p, "a", who, show);
	}
	mem_free(all);
}

static void
agencies(uint32_t n)
{
	static const struct errors of[5] = { { 10, 20, 10, 10, 10, 20, 60, 2, 2, 20 },
		{ 40, 60, 20, 40, 50, 30, 150, 10, 10, 60 }, { 5, 5, 0, 5, 0, 10, 30, 0, 1, 10 },
		{ 20, 100, 100, 60, 150, 30, 200, 10, 20, 80 }, { 60, 30, 10, 30, 20, 40, 100, 20, 10, 60 } };
	int show = SHOW_DOB | SHOW_SEX | SHOW_HOME | SHOW_ID | SHOW_GROUP;
	uint64_t truth = 0;

	header(show);
	while (record_id < n) {
		struct person f[FAMILY_MAX];
		uint32_t size = family_make(f);

		for (uint32_t i = 0; i < size; i++, truth++) {
			for (uint32_t a = 0; a < 5; a++) {
				struct person p = f[i];
				char source[2] = { (char)('a' + a), '\0' };

				if (!chance(450))
					continue;
				spoil(&p, &of[a]);
				if (chance(a == 2 ? 20 : 300))
					p.id[0] = '\0';
				put(&p, source, truth, show);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	static const struct errors census = { 30, 40, 15, 40, 20, 30, 0, 5, 5, 0 },
				   reg = { 10, 10, 0, 10, 0, 15, 0, 2, 2, 0 },
				   listed = { 30, 50, 20, 0, 0, 15, 60, 5, 0, 40 },
				   tax = { 15, 20, 10, 0, 0, 15, 60, 2, 0, 25 };
	uint32_t n = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	state = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	if (n && strcmp(argv[1], "households") == 0)
		registers(n, SHOW_HOME, &listed, &tax);
	else if (n && strcmp(argv[1], "census") == 0)
		registers(n, SHOW_DOB | SHOW_SEX, &census, &reg);
	else if (n && strcmp(argv[1], "payroll") == 0)
		payroll(n);
	else if (n && strcmp(argv[1], "history") == 0)
		history(n);
	else if (n && strcmp(argv[1], "faults") == 0)
		faults(n, true);
	else if (n && strcmp(argv[1], "strangers") == 0)
		faults(n, false);
	else if (n && strcmp(argv[1], "agencies") == 0)
		agencies(n);
	else
		return fprintf(stderr, "usage: link_gen households|census|payroll|history|faults|strangers|agencies "
				       "N SEED >FILE.csv\n"), 2;
	return 0;
}
