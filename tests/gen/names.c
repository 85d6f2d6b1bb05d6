/*
 * Names of people who never were.  Forenames are ordinary (nicknames must be
 * those that people use); surnames are two parts put together, drawn so that
 * some are common and most are rare, as real ones are.
 */
#include <stdio.h>
#include <string.h>

#include "tests/gen/gen.h"

struct forename {
	const char *name, *nickname; /* NULL: none */
};

enum { FORENAMES = 12, HEADS = 24, TAILS = 12 };

static const struct forename forenames[GEN_ORIGINS][2][FORENAMES] = {
	[GEN_ORIGIN_BRITISH] = {
		{ { "William", "Bill" }, { "Robert", "Bob" }, { "Thomas", "Tom" }, { "Daniel", "Danny" },
		  { "Michael", "Mike" }, { "Joseph", "Joe" }, { "Benjamin", "Ben" }, { "Matthew", "Matt" },
		  { "Christopher", "Chris" }, { "Liam", NULL }, { "Kyle", NULL }, { "Lewis", NULL } },
		{ { "Elizabeth", "Beth" }, { "Rebecca", "Becky" }, { "Katherine", "Kate" },
		  { "Jennifer", "Jenny" }, { "Samantha", "Sam" }, { "Victoria", "Vicky" },
		  { "Margaret", "Maggie" }, { "Susan", "Sue" }, { "Charlotte", "Lottie" },
		  { "Chloe", NULL }, { "Megan", "Meg" }, { "Jade", NULL } },
	},
	[GEN_ORIGIN_SOUTH_ASIAN] = {
		{ { "Mohammed", "Mohammad" }, { "Imran", NULL }, { "Usman", NULL }, { "Bilal", NULL },
		  { "Hassan", NULL }, { "Arjun", NULL }, { "Tariq", NULL }, { "Kamran", NULL },
		  { "Harpreet", NULL }, { "Faisal", NULL }, { "Zahid", NULL }, { "Nadeem", NULL } },
		{ { "Aisha", "Ayesha" }, { "Fatima", NULL }, { "Zainab", NULL }, { "Priya", NULL },
		  { "Saima", NULL }, { "Nadia", NULL }, { "Sana", NULL }, { "Mariam", NULL },
		  { "Jaspreet", NULL }, { "Rukhsana", NULL }, { "Hina", NULL }, { "Amina", NULL } },
	},
	[GEN_ORIGIN_WEST_AFRICAN] = {
		{ { "Emmanuel", NULL }, { "Kwame", NULL }, { "Samuel", "Sam" }, { "David", "Dave" },
		  { "Chidi", NULL }, { "Tunde", NULL }, { "Joseph", "Joe" }, { "Kofi", NULL },
		  { "Daniel", "Danny" }, { "Ibrahim", NULL }, { "Femi", NULL }, { "Emeka", NULL } },
		{ { "Grace", NULL }, { "Blessing", NULL }, { "Abena", NULL }, { "Ngozi", NULL },
		  { "Elizabeth", "Beth" }, { "Adaeze", NULL }, { "Funmi", NULL }, { "Mercy", NULL },
		  { "Comfort", NULL }, { "Joy", NULL }, { "Ama", NULL }, { "Esther", NULL } },
	},
	[GEN_ORIGIN_EASTERN_EUROPEAN] = {
		{ { "Aleksander", "Alex" }, { "Piotr", NULL }, { "Tomasz", NULL }, { "Pawel", NULL },
		  { "Andrzej", NULL }, { "Marek", NULL }, { "Ionut", NULL }, { "Jakub", NULL },
		  { "Lukasz", NULL }, { "Mihai", NULL }, { "Dariusz", NULL }, { "Jan", NULL } },
		{ { "Aleksandra", "Alex" }, { "Katarzyna", NULL }, { "Anna", "Ania" }, { "Ewa", NULL },
		  { "Magda", NULL }, { "Elena", NULL }, { "Ioana", NULL }, { "Agnieszka", NULL },
		  { "Zofia", NULL }, { "Marta", NULL }, { "Monika", NULL }, { "Irina", NULL } },
	},
};

static const char *const heads[GEN_ORIGINS][HEADS] = {
	[GEN_ORIGIN_BRITISH] = { "Quill", "Thrap", "Brax", "Wend", "Ombers", "Fenn", "Hazzle", "Jorv",
		"Lathers", "Marl", "Nettle", "Oxen", "Pell", "Rusk", "Sedge", "Tarn", "Umber", "Vetch",
		"Wick", "Yarl", "Zennor", "Corb", "Dwim", "Grist" },
	[GEN_ORIGIN_SOUTH_ASIAN] = { "Zarq", "Bhal", "Chand", "Dhur", "Faz", "Ghan", "Hab", "Jahn",
		"Khal", "Lakh", "Mirz", "Naz", "Qad", "Ravind", "Shahb", "Tahm", "Ushm", "Vard", "Wazd",
		"Yaqt", "Zub", "Aft", "Bakh", "Imt" },
	[GEN_ORIGIN_WEST_AFRICAN] = { "Ade", "Ola", "Oku", "Nwa", "Ase", "Boa", "Chi", "Dua", "Efu",
		"Fia", "Gyam", "Ike", "Kwa", "Mba", "Nka", "Obi", "Oye", "Qua", "Sowa", "Tete", "Uche",
		"Wiri", "Yebo", "Zan" },
	[GEN_ORIGIN_EASTERN_EUROPEAN] = { "Brzez", "Czarn", "Dobr", "Gral", "Hrab", "Jaw", "Kov",
		"Lesz", "Mal", "Now", "Ost", "Petr", "Rud", "Sok", "Trz", "Urb", "Vas", "Wit", "Zal",
		"Zym", "Bor", "Cern", "Dun", "Grig" },
};

static const char *const tails[GEN_ORIGINS][TAILS] = {
	[GEN_ORIGIN_BRITISH] = { "worthy", "combe", "ley", "thwaite", "bourne", "stead", "wick", "by",
		"gate", "mere", "dale", "shaw" },
	[GEN_ORIGIN_SOUTH_ASIAN] = { "eraan", "urdin", "ishar", "owdar", "amuddi", "ikhan", "alwal",
		"anzeb", "irpal", "usandh", "eemal", "athwar" },
	[GEN_ORIGIN_WEST_AFRICAN] = { "wumbe", "kanla", "dedi", "piah", "mensor", "lokun", "tundeh",
		"nyaro", "sikaa", "banjor", "fosuah", "jimere" },
	[GEN_ORIGIN_EASTERN_EUROPEAN] = { "owinski", "aszek", "anowicz", "escovy", "ulinka", "orenko",
		"akowiak", "imirov", "andrescu", "ilczyk", "omarek", "ejkowa" },
};

uint32_t
gen_forename_draw(struct gen_rng *r, enum gen_origin origin, bool female)
{
	uint32_t a = gen_below(r, FORENAMES), b = gen_below(r, FORENAMES);

	(void)origin;
	(void)female;
	return a < b ? a : b; /* the first ones are the common ones */
}

const char *
gen_forename(enum gen_origin origin, bool female, uint32_t index)
{
	return forenames[origin][female][index].name;
}

const char *
gen_nickname(enum gen_origin origin, bool female, uint32_t index)
{
	const struct forename *f = &forenames[origin][female][index];

	return f->nickname ? f->nickname : f->name;
}

void
gen_surname_draw(struct gen_rng *r, enum gen_origin origin, char out[GEN_NAME])
{
	uint32_t a = gen_below(r, HEADS), b = gen_below(r, HEADS), t = gen_below(r, TAILS);
	const char *prefix = "";

	if (origin == GEN_ORIGIN_BRITISH && gen_chance(r, 40))
		prefix = "O'";
	else if (origin == GEN_ORIGIN_BRITISH && gen_chance(r, 40))
		prefix = "Mc";
	snprintf(out, GEN_NAME, "%s%s%s", prefix, heads[origin][a < b ? a : b], tails[origin][t]);
}

static bool
replace(char name[GEN_NAME], const char *from, const char *to)
{
	char *at = strstr(name, from), rest[GEN_NAME];

	if (!at)
		return false;
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, (size_t)(GEN_NAME - (at - name)), "%s%.*s", to, GEN_NAME / 2, rest);
	return true;
}

void
gen_surname_respell(struct gen_rng *r, char name[GEN_NAME])
{
	static const char *const ways[][2] = { { "owinski", "owinsky" }, { "wicz", "vich" },
		{ "ov", "off" }, { "cz", "ch" }, { "kh", "k" }, { "ee", "i" }, { "ou", "u" },
		{ "ph", "f" }, { "O'", "O" }, { "Mc", "Mac" }, { "thwaite", "thwayt" }, { "ck", "k" },
		{ "ey", "ay" }, { "zz", "z" }, { "ll", "l" }, { "wh", "w" } };
	size_t n = sizeof(ways) / sizeof(ways[0]), at = gen_below(r, (uint32_t)n);

	for (size_t i = 0; i < n; i++, at = (at + 1) % n)
		if (replace(name, ways[at][0], ways[at][1]))
			return;
	gen_typing_slip(r, name);
}

/* One of: two letters change places, one is left out, one is doubled, a neighbour's key. */
void
gen_typing_slip(struct gen_rng *r, char name[GEN_NAME])
{
	size_t len = strlen(name), at;
	char c;

	if (len < 4 || len > GEN_NAME - 2)
		return;
	at = 1 + gen_below(r, (uint32_t)len - 2);
	switch (gen_below(r, 4)) {
	case 0:
		c = name[at];
		name[at] = name[at + 1];
		name[at + 1] = c;
		break;
	case 1:
		memmove(name + at, name + at + 1, len - at);
		break;
	case 2:
		memmove(name + at + 1, name + at, len - at + 1);
		break;
	default:
		name[at] = name[at] == 'e' ? 'r' : 'e';
		break;
	}
}

/*
 * The areas QX and QY do not exist.  Every 97th address is a hostel that many
 * give as theirs.
 */
void
gen_address(uint32_t home, char line1[GEN_NAME], char postcode[12], char uprn[16])
{
	static const char *const areas[] = { "QX1", "QX2", "QX3", "QX4", "QY1", "QY2" };
	static const char *const units[] = { "AA", "AB", "BD", "EF" };
	static const char *const streets[] = { "Example Street", "Sample Road", "Specimen Lane",
		"Pattern Close", "Model Terrace", "Placeholder Way" };
	bool hostel = home % 97 == 0;
	uint32_t spot = hostel ? home / 97 % 3 * 31 : home, place = spot % 72;

	snprintf(postcode, 12, "%s %u%s", areas[place / 12], place / 4 % 3 + 1, units[place % 4]);
	if (hostel)
		snprintf(line1, GEN_NAME, "Example Hostel %u", home / 97 % 3 + 1);
	else
		snprintf(line1, GEN_NAME, "%u %s", home / 72 % 199 + 1, streets[home % 6]);
	snprintf(uprn, 16, "9990%08u", hostel ? home / 97 % 3 + 1 : 1000 + home);
}
