#include "transform/match/set.h"

#include "common/hash.h"
#include "common/mem.h"

enum {
	DAYS = 16384,           /* that people are born on, about */
	NUMBER_RARITY = 20000,
	NUMBER_PEOPLE = 10,     /* that a number has: more, and it says "not known" */
	LONE = UINT16_MAX,      /* rarity of a value that one row has */
};

void
keyed_sort(struct keyed *items, struct keyed *spare, size_t n, int bytes)
{
	struct keyed *from = items, *to = spare, *t;

	for (int pass = 0; pass < bytes; pass++) {
		size_t start[256] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			start[from[i].key >> (8 * pass) & 255]++;
		for (int v = 0; v < 256; v++) {
			size_t c = start[v];

			start[v] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			to[start[from[i].key >> (8 * pass) & 255]++] = from[i];
		t = from;
		from = to;
		to = t;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
}

/* --- canonical order: by what a row is; those who sound alike stand together, for they are compared
 * most */

void
set_order(struct batch *b, struct keyed *k, struct keyed *spare)
{
	struct row *rows = mem_alloc((b->n + 1) * sizeof(*rows));
	uint16_t *source = mem_alloc((b->n + 1) * sizeof(*source));
	uint16_t(*bits)[3] = mem_alloc((b->n + 1) * sizeof(*bits));
	uint64_t *clk = mem_alloc((b->n + 1) * (size_t)b->clk_words * sizeof(*clk) + 1);

	for (uint32_t i = 0; i < b->n; i++)
		k[i] = (struct keyed){
			hash64(&b->rows[i], sizeof(b->rows[i]), 1 + (uint64_t)b->source[i]), i };
	keyed_sort(k, spare, b->n, 8);
	for (uint32_t i = 0; i < b->n; i++)
		k[i].key = b->rows[k[i].number].v[ROW_SOUND];
	keyed_sort(k, spare, b->n, 4);
	b->order = mem_alloc((b->n + 1) * sizeof(*b->order));
	b->at = mem_alloc((b->n + 1) * sizeof(*b->at));
	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t from = k[i].number;

		b->order[i] = from;
		b->at[from] = i;
		rows[i] = b->rows[from];
		source[i] = b->source[from];
		memcpy(bits[i], b->bits[from], sizeof(bits[i]));
		if (b->clk_words)
			memcpy(clk + (size_t)i * b->clk_words,
			    b->clk + (size_t)from * b->clk_words, b->clk_words * sizeof(*clk));
	}
	mem_free(b->rows);
	mem_free(b->source);
	mem_free(b->bits);
	mem_free(b->clk);
	b->rows = rows;
	b->source = source;
	b->bits = bits;
	b->clk = clk;
	b->cap = b->n + 1;
}

/* --- how rare what two rows share is */

static const struct {
	uint8_t line, place;
} rare[SET_RARITIES] = { { LINE_SURNAME, ROW_SURNAME }, { LINE_FORENAME, ROW_FORENAME },
	{ LINE_POSTCODE, ROW_POSTCODE }, { LINE_STREET, ROW_STREET }, { LINE_TOWN, ROW_TOWN },
	{ LINE_LOCALITY, ROW_LOCALITY }, { LINE_DOB, ROW_DOB }, { LINE_HOUSE, ROW_HOUSE },
	{ LINE_UPRN, ROW_UPRN }, { LINE_NATIONAL, ROW_NATIONAL }, { LINE_SEX, ROW_SEX },
	{ LINE_NHS, ROW_NHS } };

uint32_t
keyed_end(const struct keyed *k, uint32_t n, uint32_t from)
{
	uint32_t to = from + 1;

	while (to < n && k[to].key == k[from].key)
		to++;
	return to;
}

/* Chance that somebody else has the value of a group of rows: (others + 1/2) of all, in mbit. */
static uint16_t
rarity_bits(int line, uint32_t people, uint32_t all)
{
	if ((line == LINE_NHS || line == LINE_NATIONAL) && people <= NUMBER_PEOPLE)
		return NUMBER_RARITY; /* that of a slip, not of one in a set */
	if (line == LINE_DOB && people < all / DAYS + 3)
		return (uint16_t)bits_log2(DAYS);
	return (uint16_t)-bits_ratio(2 * (uint64_t)people - 1, 2 * (uint64_t)all);
}

/* Rows of one value are as many people as there are clusters among them; before there are any,
 * each is somebody. */
static uint32_t
people_in(const struct batch *b, const struct keyed *k, uint32_t from, uint32_t to)
{
	uint32_t people = 1;

	if (!b->label)
		return to - from;
	for (uint32_t i = from + 1; i < to; i++)
		people += (uint32_t)k[i].key != (uint32_t)k[i - 1].key;
	return people;
}

static void
rarity_of_line(struct batch *b, int r, struct keyed *k, struct keyed *spare)
{
	uint32_t n = 0, all = 0;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->rows[i].v[rare[r].place])
			k[n++] = (struct keyed){ (uint64_t)b->rows[i].v[rare[r].place] << 32
				| (b->label ? b->label[i] : 0), i };
	keyed_sort(k, spare, n, 8);
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t from = 0, to; from < n; from = to) {
			uint32_t people;
			uint16_t bits;

			for (to = from; to < n && k[to].key >> 32 == k[from].key >> 32; to++)
				;
			people = people_in(b, k, from, to);
			all += pass ? 0 : people;
			bits = to - from == 1 ? LONE : rarity_bits(rare[r].line, people, all);
			for (uint32_t i = from; pass && i < to; i++)
				b->rarity[k[i].number][r] = bits;
		}
	}
}

void
set_rarity(struct batch *b, struct keyed *k, struct keyed *spare)
{
	if (!b->rarity)
		b->rarity = mem_zalloc((size_t)b->n + 1, sizeof(*b->rarity));
	for (int r = 0; r < SET_RARITIES; r++)
		rarity_of_line(b, r, k, spare);
}

void
set_rarity_of(const struct batch *b, uint32_t i, const uint8_t *grade, int32_t out[LINE_END])
{
	for (int l = 0; l < LINE_END; l++)
		out[l] = 1;
	for (int r = 0; r < SET_RARITIES; r++)
		if (grade[rare[r].line] == GRADE_AGREE)
			out[rare[r].line] = -(int32_t)b->rarity[i][r];
}

static struct row_clk
clk_of(const struct batch *b, uint32_t i)
{
	struct row_clk c = { .word = NULL };

	if (b->settings.clk != CLK_FIELDS)
		return c;
	c.word = b->clk + (size_t)i * b->clk_words;
	c.profile = CLK_FIELDS;
	memcpy(c.bits, b->bits[i], sizeof(c.bits));
	return c;
}

void
set_compare(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade)
{
	struct row_clk x = clk_of(b, i), y = clk_of(b, j);

	row_compare(&b->rows[i], &b->rows[j], &x, &y, grade);
	for (int r = 0; r < SET_ODDITIES; r++)
		if (grade[rare[r].line] == GRADE_DIFFER
		    && (b->rarity[i][r] == LONE || b->rarity[j][r] == LONE))
			grade[rare[r].line] = GRADE_ODD;
	if (b->source[i] != b->source[j])
		grade[LINE_LOCAL_ID] = GRADE_MISSING; /* each source has ids of its own */
}

bool
set_in_scope(const struct batch *b, uint32_t i, uint32_t j)
{
	switch (b->settings.scope) {
	case BATCH_ALL:
		return true;
	case BATCH_WITHIN:
		return b->source[i] == b->source[j];
	case BATCH_ACROSS:
		return b->source[i] != b->source[j];
	}
	return false;
}

int32_t
set_weight(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade)
{
	int32_t rarity[LINE_END];

	set_compare(b, i, j, grade);
	set_rarity_of(b, i, grade, rarity);
	return weigh(&b->w, grade, rarity);
}
