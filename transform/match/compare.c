#include "transform/match/compare.h"

#include "common/token.h"

const char *
comparison_name(enum comparison c)
{
	static const char *const names[] = {
#define COMPARISON_TEXT(name, text) text,
		COMPARISONS(COMPARISON_TEXT)
#undef COMPARISON_TEXT
	};

	return c < COMPARE_END ? names[c] : NULL;
}

const char *
level_name(enum comparison_level level)
{
	static const char *const names[LEVEL_END] = { [LEVEL_MISSING] = "missing",
		[LEVEL_DISAGREE] = "disagree", [LEVEL_PARTIAL] = "partial", [LEVEL_SWAP] = "swap",
		[LEVEL_AGREE] = "agree" };

	return level < LEVEL_END ? names[level] : NULL;
}

/* The tokens of one field: [from, to). */
struct run {
	uint32_t from, to;
};

static struct run
run_of(const struct token_view *t, int field)
{
	struct run r = { 0, 0 };

	while (r.from < t->n && t->field[r.from] < field)
		r.from++;
	for (r.to = r.from; r.to < t->n && t->field[r.to] == field; r.to++)
		;
	return r;
}

static bool
has(struct run r)
{
	return r.to > r.from;
}

static bool
meet(const struct token_view *a, struct run x, const struct token_view *b, struct run y)
{
	for (uint32_t i = x.from; i < x.to; i++)
		for (uint32_t j = y.from; j < y.to; j++)
			if (a->value[i] == b->value[j])
				return true;
	return false;
}

static bool
same(const struct token_view *a, const struct token_view *b, int field)
{
	return meet(a, run_of(a, field), b, run_of(b, field));
}

static enum comparison_level
number(const struct token_view *a, const struct token_view *b, int field)
{
	struct run x = run_of(a, field), y = run_of(b, field);

	if (!has(x) || !has(y))
		return LEVEL_MISSING;
	return meet(a, x, b, y) ? LEVEL_AGREE : LEVEL_DISAGREE;
}

static bool
weak(const struct token_view *t, struct run dob)
{
	return has(dob) && t->frequency[dob.from] == TOKEN_FREQUENCY_MAX;
}

static enum comparison_level
date_of_birth(const struct token_view *a, const struct token_view *b)
{
	struct run x = run_of(a, TOKEN_DOB), y = run_of(b, TOKEN_DOB);
	int parts;

	if (!has(x) || !has(y))
		return LEVEL_MISSING;
	if (meet(a, x, b, y))
		return weak(a, x) || weak(b, y) ? LEVEL_PARTIAL : LEVEL_AGREE;
	if (same(a, b, TOKEN_DOB_SWAP))
		return LEVEL_SWAP;
	parts = same(a, b, TOKEN_DOB_YEAR) + same(a, b, TOKEN_DOB_MONTH)
	    + same(a, b, TOKEN_DOB_DAY);
	return parts == 2 ? LEVEL_PARTIAL : LEVEL_DISAGREE;
}

static enum comparison_level
name(const struct token_view *a, const struct token_view *b, int field, int others, int sound,
    int nickname)
{
	struct run x = run_of(a, field), y = run_of(b, field);
	struct run xo = run_of(a, others), yo = run_of(b, others);

	if (!has(x) || !has(y))
		return LEVEL_MISSING;
	if (meet(a, x, b, y))
		return LEVEL_AGREE;
	if (same(a, b, TOKEN_NAME_SWAP))
		return LEVEL_SWAP;
	if (meet(a, x, b, yo) || meet(a, xo, b, y) || meet(a, xo, b, yo) || same(a, b, sound)
	    || (nickname && same(a, b, nickname)))
		return LEVEL_PARTIAL;
	return LEVEL_DISAGREE;
}

static enum comparison_level
place(const struct token_view *a, const struct token_view *b, int field, int others, int wider)
{
	struct run x = run_of(a, field), y = run_of(b, field);
	struct run xo = run_of(a, others), yo = run_of(b, others);

	if ((!has(x) && !has(xo)) || (!has(y) && !has(yo)))
		return LEVEL_MISSING;
	if (meet(a, x, b, y) || meet(a, x, b, yo) || meet(a, xo, b, y) || meet(a, xo, b, yo))
		return LEVEL_AGREE;
	return wider && same(a, b, wider) ? LEVEL_PARTIAL : LEVEL_DISAGREE;
}

void
compare(const struct token_view *a, const struct token_view *b, uint8_t levels[COMPARE_END])
{
	levels[COMPARE_NHS] = (uint8_t)number(a, b, TOKEN_NHS);
	levels[COMPARE_NINO] = (uint8_t)number(a, b, TOKEN_NINO);
	levels[COMPARE_UPN] = (uint8_t)number(a, b, TOKEN_UPN);
	levels[COMPARE_ULN] = (uint8_t)number(a, b, TOKEN_ULN);
	levels[COMPARE_LOCAL_ID] = (uint8_t)number(a, b, TOKEN_LOCAL_ID);
	levels[COMPARE_DOB] = (uint8_t)date_of_birth(a, b);
	levels[COMPARE_SURNAME] = (uint8_t)name(a, b, TOKEN_SURNAME, TOKEN_SURNAME_OTHER,
	    TOKEN_PHONETIC_SURNAME, 0);
	levels[COMPARE_FORENAME] = (uint8_t)name(a, b, TOKEN_FORENAME, TOKEN_FORENAME_OTHER,
	    TOKEN_PHONETIC_FORENAME, TOKEN_NICKNAME);
	levels[COMPARE_POSTCODE] = (uint8_t)place(a, b, TOKEN_POSTCODE, TOKEN_POSTCODE_OTHER,
	    TOKEN_SECTOR);
	levels[COMPARE_UPRN] = (uint8_t)place(a, b, TOKEN_UPRN, TOKEN_UPRN_OTHER, 0);
	levels[COMPARE_SEX] = (uint8_t)number(a, b, TOKEN_SEX);
	levels[COMPARE_DIED] = (uint8_t)number(a, b, TOKEN_DIED);
}

bool
compare_dob_conflict(const struct token_view *a, const struct token_view *b)
{
	struct run x = run_of(a, TOKEN_DOB), y = run_of(b, TOKEN_DOB);

	return has(x) && has(y) && !weak(a, x) && !weak(b, y) && !meet(a, x, b, y)
	    && !same(a, b, TOKEN_DOB_SWAP) && has(run_of(a, TOKEN_DOB_YEAR))
	    && has(run_of(b, TOKEN_DOB_YEAR)) && !same(a, b, TOKEN_DOB_YEAR)
	    && !same(a, b, TOKEN_DOB_MONTH) && !same(a, b, TOKEN_DOB_DAY);
}
