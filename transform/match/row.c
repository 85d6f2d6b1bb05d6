#include "transform/match/row.h"

#include "common/clk.h"
#include "common/token.h"

/* Shares of two encodings' bits, in thousandths (Dice); measured on misspelt names: one slip in a
 * name of seven letters leaves 660, two 480; two names that have nothing in common have 330. */
enum { DICE_NEAR = 560, DICE_FAR = 470 };

enum { SURNAME_REGION, FORENAME_REGION };

static const struct {
	uint8_t field, nth;
} places[ROW_END] = {
#define ROW_FIELD(name, field, nth) { TOKEN_##field, nth },
	ROW_PLACES(ROW_FIELD)
#undef ROW_FIELD
};

const char *
line_name(enum line line)
{
	static const char *const names[] = {
#define LINE_TEXT(name, text, place) text,
		LINES(LINE_TEXT)
#undef LINE_TEXT
	};

	return line < LINE_END ? names[line] : NULL;
}

bool
line_is_place(enum line line)
{
	static const bool is_place[] = {
#define LINE_PLACE(name, text, place) place,
		LINES(LINE_PLACE)
#undef LINE_PLACE
	};

	return line < LINE_END && is_place[line];
}

enum row_place
line_value(enum line line)
{
	static const uint8_t value[] = {
#define LINE_VALUE(name, text, place) ROW_##name,
		LINES(LINE_VALUE)
#undef LINE_VALUE
	};

	return value[line];
}

const char *
grade_name(enum grade grade)
{
	static const char *const names[GRADE_END] = { "missing", "differ", "odd", "initial", "far", "near", "sound",
		"other", "swap", "agree" };

	return grade < GRADE_END ? names[grade] : NULL;
}

/* First place of a field, + 1; those of its further values follow. */
static const uint8_t *
first_places(void)
{
	static uint8_t first[TOKEN_FIELD_END];

	for (int s = ROW_END - 1; !first[TOKEN_NHS] && s >= 0; s--)
		first[places[s].field] = (uint8_t)(s + 1);
	return first;
}

static void
put(struct row *row, const uint8_t *first, int32_t field, uint32_t nth, uint32_t v)
{
	uint32_t at;

	if (field <= 0 || field >= TOKEN_FIELD_END || !first[field])
		return;
	at = first[field] - 1u + nth;
	if (at < ROW_END && places[at].field == field)
		row->v[at] = v ? v : 1;
}

/* On 1 January often only the year was known.  A name without a Latin letter has no sound, and
 * stands for it itself: posting lists are by sound. */
static void
settle(struct row *row, bool weak)
{
	if (weak)
		row->v[ROW_MONTH] = row->v[ROW_DAY] = 0;
	if (!row->v[ROW_SOUND])
		row->v[ROW_SOUND] = row->v[ROW_SURNAME];
	if (!row->v[ROW_SOUND_F])
		row->v[ROW_SOUND_F] = row->v[ROW_FORENAME];
}

void
row_fill(struct row *row, const struct token *tokens, uint32_t n)
{
	const uint8_t *first = first_places();
	uint32_t nth = 0;
	bool is_weak = false;

	*row = (struct row){ { 0 } };
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *b = tokens[i].value.b;

		nth = i && tokens[i].field == tokens[i - 1].field ? nth + 1 : 0;
		put(row, first, tokens[i].field, nth,
		    (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
		is_weak |= tokens[i].field == TOKEN_DOB && tokens[i].frequency == TOKEN_FREQUENCY_MAX;
	}
	settle(row, is_weak);
}

void
row_view(struct row *row, const struct token_view *view)
{
	const uint8_t *first = first_places();
	uint32_t nth = 0;
	bool is_weak = false;

	*row = (struct row){ { 0 } };
	for (uint32_t i = 0; i < view->n; i++) {
		nth = i && view->field[i] == view->field[i - 1] ? nth + 1 : 0;
		put(row, first, view->field[i], nth, (uint32_t)(view->value[i] >> 32));
		is_weak |= view->field[i] == TOKEN_DOB && view->frequency[i] == TOKEN_FREQUENCY_MAX;
	}
	settle(row, is_weak);
}

int32_t
row_class(const struct token_view *view, int32_t field)
{
	for (uint32_t i = 0; i < view->n; i++)
		if (view->field[i] == field)
			return view->frequency[i];
	return 0;
}

/* --- one thing of two people */

static bool
eq(uint32_t a, uint32_t b)
{
	return a && a == b;
}

static uint8_t
exact(const struct row *a, const struct row *b, enum row_place s)
{
	if (!a->v[s] || !b->v[s])
		return GRADE_MISSING;
	return a->v[s] == b->v[s] ? GRADE_AGREE : GRADE_DIFFER;
}

/* Any of the values from `s` on, three a side. */
static bool
others_meet(const struct row *a, const struct row *b, enum row_place s)
{
	for (unsigned i = s; i < s + 3u; i++)
		for (unsigned j = s; j < s + 3u; j++)
			if (eq(a->v[i], b->v[j]))
				return true;
	return false;
}

static bool
sounds_meet(const struct row *a, const struct row *b, enum row_place s)
{
	return eq(a->v[s], b->v[s]) || eq(a->v[s], b->v[s + 1]) || eq(a->v[s + 1], b->v[s])
	    || eq(a->v[s + 1], b->v[s + 1]);
}

/* In thousandths; -1 where one has none. */
static int
dice(const struct row_clk *a, const struct row_clk *b, int region)
{
	static const struct {
		uint8_t from, n;
	} words[] = { { CLK_SURNAME_AT / 8, CLK_SURNAME_BYTES / 8 },
		{ CLK_FORENAME_AT / 8, CLK_FORENAME_BYTES / 8 } };
	const uint64_t *x, *y;
	int both = 0;

	if (!a || !b || !a->word || !b->word || a->profile != CLK_FIELDS || b->profile != CLK_FIELDS
	    || !a->bits[region] || !b->bits[region])
		return -1;
	x = a->word + words[region].from;
	y = b->word + words[region].from;
	for (int i = 0; i < words[region].n; i++)
		both += __builtin_popcountll(x[i] & y[i]);
	return 2000 * both / (a->bits[region] + b->bits[region]);
}

/* By first and last letters: both (a slip between them), one. */
static uint8_t
by_ends(const struct row *a, const struct row *b, enum row_place head)
{
	int same = eq(a->v[head], b->v[head]) + eq(a->v[head + 1], b->v[head + 1]);

	return same == 2 ? GRADE_NEAR : same ? GRADE_FAR : GRADE_DIFFER;
}

/* Two names that differ: their encodings tell how much, or else their ends. */
static uint8_t
how_far(const struct row *a, const struct row *b, const struct row_clk *ca,
    const struct row_clk *cb, int region, enum row_place head)
{
	int d = dice(ca, cb, region);

	if (d < 0)
		return by_ends(a, b, head);
	return d >= DICE_NEAR ? GRADE_NEAR : d >= DICE_FAR ? GRADE_FAR : GRADE_DIFFER;
}

static uint8_t
name(const struct row *a, const struct row *b, enum row_place s, enum row_place sound)
{
	if (!a->v[s] || !b->v[s])
		return GRADE_MISSING;
	if (a->v[s] == b->v[s])
		return GRADE_AGREE;
	if (others_meet(a, b, s)
	    || (s == ROW_FORENAME && eq(a->v[ROW_NICKNAME], b->v[ROW_NICKNAME])))
		return GRADE_OTHER;
	return sounds_meet(a, b, sound) ? GRADE_SOUND : GRADE_DIFFER;
}

static void
names_compare(const struct row *a, const struct row *b, const struct row_clk *ca,
    const struct row_clk *cb, uint8_t *surname, uint8_t *forename)
{
	*surname = name(a, b, ROW_SURNAME, ROW_SOUND);
	*forename = name(a, b, ROW_FORENAME, ROW_SOUND_F);
	if (*surname != GRADE_AGREE && *forename != GRADE_AGREE) {
		bool there = eq(a->v[ROW_NAME_FIRST], b->v[ROW_NAME_LAST]);
		bool back = eq(a->v[ROW_NAME_LAST], b->v[ROW_NAME_FIRST]);

		if (there || back) {
			*surname = there && back ? GRADE_SWAP : GRADE_MISSING;
			*forename = there && back ? GRADE_MISSING : GRADE_SWAP;
			return;
		}
	}
	if (*surname == GRADE_DIFFER)
		*surname = how_far(a, b, ca, cb, SURNAME_REGION, ROW_HEAD);
	if (*forename == GRADE_DIFFER)
		*forename = how_far(a, b, ca, cb, FORENAME_REGION, ROW_HEAD_F);
	else if (*forename == GRADE_MISSING && *surname == GRADE_AGREE && a->v[ROW_INITIALS]
	    && b->v[ROW_INITIALS])
		*forename
		    = a->v[ROW_INITIALS] == b->v[ROW_INITIALS] ? GRADE_INITIAL : GRADE_DIFFER;
}

static uint8_t
date_of_birth(const struct row *a, const struct row *b)
{
	int same = 0, both = 0;

	if (eq(a->v[ROW_DOB], b->v[ROW_DOB]))
		return GRADE_AGREE;
	if (eq(a->v[ROW_DOB_SWAP], b->v[ROW_DOB_SWAP]))
		return GRADE_SWAP;
	for (int s = ROW_YEAR; s <= ROW_DAY; s++) {
		both += a->v[s] && b->v[s];
		same += eq(a->v[s], b->v[s]);
	}
	if (!both)
		return GRADE_MISSING;
	if (both < 3) /* of one the day is not known */
		return same == both ? GRADE_OTHER : same ? GRADE_FAR : GRADE_DIFFER;
	if (same == 2)
		return eq(a->v[ROW_YEAR], b->v[ROW_YEAR]) ? GRADE_NEAR : GRADE_SOUND;
	return same == 1 ? GRADE_FAR : GRADE_DIFFER;
}

static uint8_t
house(const struct row *a, const struct row *b)
{
	if (!a->v[ROW_HOUSE] || !b->v[ROW_HOUSE])
		return GRADE_MISSING;
	if (a->v[ROW_HOUSE] == b->v[ROW_HOUSE] && a->v[ROW_HOUSE_2] == b->v[ROW_HOUSE_2])
		return GRADE_AGREE;
	return eq(a->v[ROW_HOUSE], b->v[ROW_HOUSE]) || eq(a->v[ROW_HOUSE], b->v[ROW_HOUSE_2])
		|| eq(a->v[ROW_HOUSE_2], b->v[ROW_HOUSE])
		|| eq(a->v[ROW_HOUSE_2], b->v[ROW_HOUSE_2])
	    ? GRADE_OTHER
	    : GRADE_DIFFER;
}

/* A line that stands elsewhere in the other address. */
static bool
crosses(const struct row *a, const struct row *b, enum row_place s)
{
	for (int t = ROW_STREET; t <= ROW_TOWN; t++)
		if ((int)s != t && (eq(a->v[s], b->v[t]) || eq(a->v[t], b->v[s])))
			return true;
	return false;
}

static bool
crosses_by_ends(const struct row *a, const struct row *b, enum row_place head)
{
	for (int t = ROW_HEAD_STREET; t < ROW_END; t++)
		if ((t - (int)head) % 2 == 0 && (int)head != t
		    && (eq(a->v[head], b->v[t]) || eq(a->v[t], b->v[head])
			|| eq(a->v[head + 1], b->v[t + 1]) || eq(a->v[t + 1], b->v[head + 1])))
			return true;
	return false;
}

static uint8_t
address_line(const struct row *a, const struct row *b, enum row_place s, enum row_place sound,
    enum row_place head)
{
	uint8_t g = exact(a, b, s);

	if (g == GRADE_DIFFER && crosses(a, b, s))
		return GRADE_SWAP;
	if (g == GRADE_DIFFER && sound != ROW_END && eq(a->v[sound], b->v[sound]))
		return GRADE_SOUND;
	if (g == GRADE_DIFFER)
		g = by_ends(a, b, head);
	return g == GRADE_DIFFER && crosses_by_ends(a, b, head) ? GRADE_OTHER : g;
}

static void
places_compare(const struct row *a, const struct row *b, uint8_t grade[LINE_END])
{
	grade[LINE_POSTCODE] = exact(a, b, ROW_POSTCODE);
	if (grade[LINE_POSTCODE] == GRADE_DIFFER && eq(a->v[ROW_SECTOR], b->v[ROW_SECTOR]))
		grade[LINE_POSTCODE] = GRADE_OTHER;
	grade[LINE_UPRN] = exact(a, b, ROW_UPRN);
	grade[LINE_HOUSE] = house(a, b);
	grade[LINE_STREET] = address_line(a, b, ROW_STREET, ROW_SOUND_STREET, ROW_HEAD_STREET);
	grade[LINE_LOCALITY] = address_line(a, b, ROW_LOCALITY, ROW_END, ROW_HEAD_LOCALITY);
	grade[LINE_TOWN] = address_line(a, b, ROW_TOWN, ROW_SOUND_TOWN, ROW_HEAD_TOWN);
}

void
row_compare(const struct row *a, const struct row *b, const struct row_clk *ca,
    const struct row_clk *cb, uint8_t grade[LINE_END])
{
	for (int l = LINE_NHS; l <= LINE_NATIONAL; l++)
		grade[l] = exact(a, b, (enum row_place)(ROW_NHS + l - LINE_NHS));
	if (grade[LINE_NATIONAL] == GRADE_DIFFER
	    && (eq(a->v[ROW_NATIONAL_HEAD], b->v[ROW_NATIONAL_HEAD])
		|| eq(a->v[ROW_NATIONAL_TAIL], b->v[ROW_NATIONAL_TAIL])))
		grade[LINE_NATIONAL] = GRADE_FAR;
	grade[LINE_DOB] = date_of_birth(a, b);
	names_compare(a, b, ca, cb, &grade[LINE_SURNAME], &grade[LINE_FORENAME]);
	grade[LINE_SEX] = exact(a, b, ROW_SEX);
	grade[LINE_DIED] = exact(a, b, ROW_DIED);
	places_compare(a, b, grade);
}
