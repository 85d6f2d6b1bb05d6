#include "transform/match/batch.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

enum {
	BLOCK_MAX = 100,      /* rows of one list that are compared with each other */
	BROAD_LEAST = 8,      /* the same of a broad list; where that is too many there is none */
	BROAD_ROWS = 3000000, /* rows of the set times rows of a broad list */
	RANDOM_PAIRS = 1 << 19, /* for u */
	ROUNDS = 4,           /* of counting the true pairs and weighing again */
	KEEP_MBIT = -16000,   /* against chance: below, a pair is forgotten */
	KEEP_LARGE_MBIT = -8000, /* in a set of more than LARGE rows */
	LARGE = 100000,
	REVIEW_MBIT = 4000,   /* a weight of this or less, either side, is for a person to see */
	CLUSTER_MAX = 200,
	SOURCES_MAX = 4096,
	SWAP_LEAST = -15000,  /* log2 u: names that are both are not drawn often enough to be seen */
	RARITIES = 12,
	ODDITIES = 6,         /* the first of them: words, where one that nobody else has is a slip */
	DAYS = 16384,         /* that people are born on, about */
	NUMBER_RARITY = 20000,
	LONE = UINT16_MAX,    /* rarity of a value that one row has */
};

/* Places that two rows must share to be compared; 0xFF ends.  From BROAD on: lists that find what
 * the others miss, at a hundred times the cost; the larger the set, the shorter they may be. */
#define N 0xFF
static const uint8_t blocks[][4] = {
	{ ROW_NHS, N }, { ROW_NINO, N }, { ROW_UPN, N }, { ROW_ULN, N }, { ROW_NATIONAL, N },
	{ ROW_LOCAL_ID, N }, { ROW_DOB, ROW_SOUND, N }, { ROW_DOB, ROW_SOUND_F, N }, { ROW_DOB_SWAP, ROW_NAME_SWAP, N },
	{ ROW_NAME_SWAP, ROW_YEAR, N }, { ROW_NAME_SWAP, ROW_POSTCODE, N },
	{ ROW_STREET, ROW_HOUSE, ROW_TOWN, N }, { ROW_UPRN, ROW_FORENAME, N },
	{ ROW_POSTCODE, ROW_DOB, N }, { ROW_STREET, ROW_SOUND_F, N }, { ROW_STREET, ROW_SOUND, N },
	{ ROW_POSTCODE, ROW_SOUND_F, N }, { ROW_POSTCODE, ROW_SOUND, N }, { ROW_POSTCODE, ROW_HOUSE, N },
	{ ROW_UPRN, N }, { ROW_SOUND, ROW_SOUND_F, ROW_YEAR, N }, { ROW_SOUND, ROW_YEAR, ROW_MONTH, N },
	{ ROW_DOB, ROW_INITIALS, N }, { ROW_SOUND, ROW_NICKNAME, N }, { ROW_STREET, ROW_TOWN, N },
	/* broad */
	{ ROW_NAME_SWAP, N }, { ROW_SOUND, ROW_MONTH, ROW_DAY, N }, { ROW_SOUND_F, ROW_MONTH, ROW_DAY, N },
	{ ROW_SOUND_F, ROW_YEAR, ROW_MONTH, N }, { ROW_DOB, N }, { ROW_SOUND, ROW_SOUND_F, N },
	{ ROW_TOWN, ROW_SOUND, N }, { ROW_TOWN, ROW_SOUND_F, N }, { ROW_HOUSE, ROW_SOUND, N },
	{ ROW_HOUSE, ROW_SOUND_F, N }, { ROW_POSTCODE, N }, { ROW_STREET, N }, { ROW_SURNAME, N },
	{ ROW_FORENAME, N }, { ROW_LOCALITY, N }, { ROW_TOWN, N },
};
#undef N

enum { BLOCKS = sizeof(blocks) / sizeof(blocks[0]), BROAD = 25, LANES = 4 };

struct kept {
	uint32_t a, b;
	int32_t weight;
	uint8_t grade[LINE_END];
	bool outside; /* the scope: says only whether a source has people twice */
};

struct batch {
	struct batch_settings settings;
	struct weights shipped, w;
	uint32_t n, cap;
	struct row *rows;
	uint64_t *clk;
	uint32_t clk_words;
	uint16_t (*bits)[3];
	uint16_t *source;
	uint32_t sources;     /* greatest + 1 */
	uint32_t *order, *at; /* canonical -> added, added -> canonical */
	uint16_t (*rarity)[RARITIES]; /* -log2, mbit */
	uint32_t *hash;       /* n * BLOCKS; 0: absent or oversize */
	struct kept *kept;
	size_t kept_n, kept_cap;
	uint32_t *label;      /* canonical */
	struct batch_stats stats;
};

struct batch *
batch_new(const struct weights *shipped, struct batch_settings settings)
{
	struct batch *b = mem_zalloc(1, sizeof(*b));

	b->settings = settings;
	b->shipped = *shipped;
	b->clk_words = settings.clk == CLK_FIELDS ? CLK_FIELDS_BYTES / 8
	    : settings.clk == CLK_RECORD	  ? CLK_RECORD_BYTES / 8
						  : 0;
	return b;
}

void
batch_free(struct batch *b)
{
	if (!b)
		return;
	mem_free(b->rows);
	mem_free(b->clk);
	mem_free(b->bits);
	mem_free(b->source);
	mem_free(b->order);
	mem_free(b->at);
	mem_free(b->rarity);
	mem_free(b->hash);
	mem_free(b->kept);
	mem_free(b->label);
	mem_free(b);
}

static void
room(struct batch *b)
{
	if (b->n < b->cap)
		return;
	b->cap = b->cap ? b->cap * 2 : 1024;
	b->rows = mem_realloc(b->rows, b->cap, sizeof(*b->rows));
	b->source = mem_realloc(b->source, b->cap, sizeof(*b->source));
	b->bits = mem_realloc(b->bits, b->cap, sizeof(*b->bits));
	if (b->clk_words)
		b->clk = mem_realloc(b->clk, b->cap, b->clk_words * sizeof(uint64_t));
}

static uint16_t
count(const uint64_t *word, size_t n)
{
	int bits = 0;

	for (size_t i = 0; i < n; i++)
		bits += __builtin_popcountll(word[i]);
	return (uint16_t)bits;
}

static void
clk_keep(struct batch *b, struct span clk)
{
	uint64_t *word = b->clk + (size_t)b->n * b->clk_words;
	uint16_t *bits = b->bits[b->n];

	if (clk.len != b->clk_words * sizeof(uint64_t)) {
		memset(word, 0, b->clk_words * sizeof(uint64_t));
		bits[0] = bits[1] = bits[2] = 0;
		return;
	}
	memcpy(word, clk.ptr, clk.len);
	if (b->settings.clk == CLK_FIELDS) {
		bits[0] = count(word + CLK_SURNAME_AT / 8, CLK_SURNAME_BYTES / 8);
		bits[1] = count(word + CLK_FORENAME_AT / 8, CLK_FORENAME_BYTES / 8);
		bits[2] = count(word + CLK_PLACE_AT / 8, CLK_PLACE_BYTES / 8);
	} else {
		bits[0] = count(word, b->clk_words);
		bits[1] = bits[2] = 0;
	}
}

void
batch_add(struct batch *b, const struct token *tokens, uint32_t n, struct span clk,
    uint16_t source)
{
	room(b);
	row_fill(&b->rows[b->n], tokens, n);
	b->source[b->n] = source;
	b->sources = source >= b->sources ? source + 1u : b->sources;
	if (b->clk_words)
		clk_keep(b, clk);
	b->n++;
}

/* --- sorting: (key, number), by key */

struct keyed {
	uint64_t key;
	uint32_t number;
};

/* Least significant byte first, bytes from..8; what is equal keeps its order. */
static void
sort_keyed(struct keyed *items, struct keyed *spare, size_t n, int bytes)
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

static void
order_find(struct batch *b, struct keyed *k, struct keyed *spare)
{
	struct row *rows = mem_alloc((b->n + 1) * sizeof(*rows));
	uint16_t *source = mem_alloc((b->n + 1) * sizeof(*source));
	uint16_t(*bits)[3] = mem_alloc((b->n + 1) * sizeof(*bits));
	uint64_t *clk = mem_alloc((b->n + 1) * (size_t)b->clk_words * sizeof(*clk) + 1);

	for (uint32_t i = 0; i < b->n; i++)
		k[i] = (struct keyed){
			hash64(&b->rows[i], sizeof(b->rows[i]), 1 + (uint64_t)b->source[i]), i };
	sort_keyed(k, spare, b->n, 8);
	for (uint32_t i = 0; i < b->n; i++)
		k[i].key = b->rows[k[i].number].v[ROW_SOUND];
	sort_keyed(k, spare, b->n, 4);
	b->order = mem_alloc((b->n + 1) * sizeof(*b->order));
	b->at = mem_alloc((b->n + 1) * sizeof(*b->at));
	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t from = k[i].number;

		b->order[i] = from;
		b->at[from] = i;
		rows[i] = b->rows[from];
		source[i] = b->source[from];
		memcpy(bits[i], b->bits[from], sizeof(bits[i]));
		memcpy(clk + (size_t)i * b->clk_words, b->clk + (size_t)from * b->clk_words,
		    b->clk_words * sizeof(*clk));
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
} rare[RARITIES] = { { LINE_SURNAME, ROW_SURNAME }, { LINE_FORENAME, ROW_FORENAME },
	{ LINE_POSTCODE, ROW_POSTCODE }, { LINE_STREET, ROW_STREET }, { LINE_TOWN, ROW_TOWN },
	{ LINE_LOCALITY, ROW_LOCALITY }, { LINE_DOB, ROW_DOB }, { LINE_HOUSE, ROW_HOUSE },
	{ LINE_UPRN, ROW_UPRN }, { LINE_NATIONAL, ROW_NATIONAL }, { LINE_SEX, ROW_SEX },
	{ LINE_NHS, ROW_NHS } };

static uint32_t
groups_end(const struct keyed *k, uint32_t n, uint32_t from)
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
	if (line == LINE_NHS || line == LINE_NATIONAL)
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
	sort_keyed(k, spare, n, 8);
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

static void
rarity_find(struct batch *b, struct keyed *k, struct keyed *spare)
{
	if (!b->rarity)
		b->rarity = mem_zalloc((size_t)b->n + 1, sizeof(*b->rarity));
	for (int r = 0; r < RARITIES; r++)
		rarity_of_line(b, r, k, spare);
}

static void
rarity_of(const struct batch *b, uint32_t i, const uint8_t *grade, int32_t out[LINE_END])
{
	for (int l = 0; l < LINE_END; l++)
		out[l] = 1;
	for (int r = 0; r < RARITIES; r++)
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

static void
compare_at(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade)
{
	struct row_clk x = clk_of(b, i), y = clk_of(b, j);

	row_compare(&b->rows[i], &b->rows[j], &x, &y, grade);
	for (int r = 0; r < ODDITIES; r++)
		if (grade[rare[r].line] == GRADE_DIFFER
		    && (b->rarity[i][r] == LONE || b->rarity[j][r] == LONE))
			grade[rare[r].line] = GRADE_ODD;
	if (b->source[i] != b->source[j])
		grade[LINE_LOCAL_ID] = GRADE_MISSING; /* each source has ids of its own */
}

static bool
in_scope(const struct batch *b, uint32_t i, uint32_t j)
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

/* --- u: what two people's records agree on by chance */

static void
random_find(struct batch *b)
{
	uint32_t seen[LINE_END][GRADE_END] = { { 0 } };
	uint32_t pairs = b->n < 3 ? 0 : RANDOM_PAIRS;
	uint64_t r = 1;

	b->w = b->shipped;
	for (uint32_t t = 0; t < pairs; t++) {
		uint8_t grade[LINE_END];
		uint32_t i, j;

		r = hash64(&r, sizeof(r), t);
		i = (uint32_t)((r >> 32) * b->n >> 32);
		j = (uint32_t)((r & UINT32_MAX) * b->n >> 32);
		if (i == j)
			continue;
		compare_at(b, i, j, grade);
		for (int l = 0; l < LINE_END; l++)
			seen[l][grade[l]]++;
	}
	for (int l = 0; l < LINE_END; l++) {
		uint64_t both = 0;

		for (int g = GRADE_DIFFER; g < GRADE_END; g++)
			both += seen[l][g];
		for (int g = GRADE_DIFFER; g < GRADE_END; g++)
			b->w.u[l][g] = bits_ratio(2 * (uint64_t)seen[l][g] + 1, 2 * both + 2);
		if (b->w.u[l][GRADE_SWAP] < SWAP_LEAST)
			b->w.u[l][GRADE_SWAP] = SWAP_LEAST;
	}
}

/* --- pairs that live together, counted by posting lists */

static uint64_t
pairs_in_scope(const struct batch *b, const struct keyed *k, uint32_t n)
{
	static uint32_t of_source[SOURCES_MAX];
	uint64_t all = (uint64_t)n * (n - 1) / 2, within = 0;

	if (b->settings.scope == BATCH_ALL)
		return all;
	for (uint32_t i = 0; i < n; i++)
		within += of_source[b->source[k[i].number] % SOURCES_MAX]++;
	for (uint32_t i = 0; i < n; i++)
		of_source[b->source[k[i].number] % SOURCES_MAX] = 0;
	return b->settings.scope == BATCH_WITHIN ? within : all - within;
}

static uint64_t
sharing(struct batch *b, const uint8_t *place, uint32_t places, struct keyed *k,
    struct keyed *spare)
{
	uint64_t pairs = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t v[4] = { 0 };
		bool all = true;

		for (uint32_t p = 0; p < places; p++) {
			v[p] = b->rows[i].v[place[p]];
			all &= v[p] != 0;
		}
		if (all)
			k[n++] = (struct keyed){ hash64(v, sizeof(v), 7), i };
	}
	sort_keyed(k, spare, n, 6);
	for (uint32_t from = 0, to; from < n; from = to) {
		to = groups_end(k, n, from);
		pairs += pairs_in_scope(b, k + from, to - from);
	}
	return pairs;
}

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Pairs that share an area, a street, a dwelling: all there are, by posting lists. */
struct together {
	uint64_t pairs[OTHER_END];
	uint64_t families; /* of OTHER_HOUSEHOLD, those of one surname */
};

static struct together
together_count(struct batch *b, struct keyed *k, struct keyed *spare)
{
	static const uint8_t postcode[] = { ROW_POSTCODE }, town[] = { ROW_TOWN },
			     in_town[] = { ROW_STREET, ROW_TOWN },
			     in_area[] = { ROW_STREET, ROW_POSTCODE }, uprn[] = { ROW_UPRN },
			     in_street[] = { ROW_HOUSE, ROW_STREET, ROW_TOWN },
			     at_street[] = { ROW_HOUSE, ROW_STREET, ROW_POSTCODE },
			     at_postcode[] = { ROW_HOUSE, ROW_POSTCODE };
	static const uint8_t *const homes[] = { uprn, in_street, at_street, at_postcode };
	static const uint8_t places[] = { 1, 3, 3, 2 };
	struct together t;

	for (uint32_t i = 0; i < b->n; i++)
		k[i] = (struct keyed){ 0, i };
	t.pairs[OTHER_RANDOM] = pairs_in_scope(b, k, b->n);
	t.pairs[OTHER_AREA] = sharing(b, postcode, 1, k, spare);
	if (!t.pairs[OTHER_AREA])
		t.pairs[OTHER_AREA] = sharing(b, town, 1, k, spare);
	t.pairs[OTHER_STREET]
	    = most(sharing(b, in_town, 2, k, spare), sharing(b, in_area, 2, k, spare));
	t.pairs[OTHER_HOUSEHOLD] = t.families = 0;
	for (int h = 0; h < (t.pairs[OTHER_STREET] ? 3 : 4); h++) {
		uint64_t pairs = sharing(b, homes[h], places[h], k, spare);
		uint8_t family[4] = { ROW_SURNAME };

		if (pairs <= t.pairs[OTHER_HOUSEHOLD])
			continue;
		memcpy(family + 1, homes[h], places[h]);
		t.pairs[OTHER_HOUSEHOLD] = pairs;
		t.families = sharing(b, family, places[h] + 1u, k, spare);
	}
	return t;
}

/* The narrowest of these that a pair's places are in, as the counts above see it. */
static enum other
where(const uint8_t *grade)
{
	bool postcode = grade[LINE_POSTCODE] == GRADE_AGREE, town = grade[LINE_TOWN] == GRADE_AGREE;
	bool street = grade[LINE_STREET] == GRADE_AGREE;

	if (grade[LINE_UPRN] == GRADE_AGREE
	    || (grade[LINE_HOUSE] == GRADE_AGREE && street && (postcode || town))
	    || (grade[LINE_HOUSE] == GRADE_AGREE && grade[LINE_STREET] == GRADE_MISSING && postcode))
		return OTHER_HOUSEHOLD;
	if (street && (postcode || town))
		return OTHER_STREET;
	return postcode || town ? OTHER_AREA : OTHER_RANDOM;
}

enum { DOUBT = 100, FEWEST = 1000, FAMILIES_BELIEF = 200 };

/* How many pairs of each kind there are for one true pair, and how many households are families;
 * milli: of the true ones, by where they are, OTHER_END: of one surname at home.  A hundredth of the true pairs may be there by mistake, so that a set without households
 * has none. */
static void
priors_set(struct batch *b, const struct together *t, const uint64_t milli[OTHER_END + 1])
{
	uint64_t wider = 0, inner = 0, m = 0, homes = 0, families = milli[OTHER_END] / 1000;

	for (int o = 0; o < OTHER_END; o++)
		m += milli[o] / 1000;
	b->stats.expected = m;
	m = m ? m : 1;
	for (int o = OTHER_END - 1; o > OTHER_RANDOM; o--) {
		uint64_t own;

		inner += milli[o] / 1000;
		own = t->pairs[o] > inner + wider + m / DOUBT ? t->pairs[o] - inner - wider - m / DOUBT : 0;
		wider += own;
		homes = o == OTHER_HOUSEHOLD ? own : homes;
		b->w.prior[o] = bits_ratio(most(own, m / FEWEST + 1), m);
	}
	b->w.prior[OTHER_RANDOM] = bits_ratio(t->pairs[OTHER_RANDOM], m);
	families = t->families > families ? t->families - families : 0;
	families = families < homes ? families : homes;
	b->w.family_surname
	    = bits_blend(b->shipped.family_surname, FAMILIES_BELIEF, families, homes);
	b->w.family_other
	    = bits_blend(b->shipped.family_other, FAMILIES_BELIEF, homes - families, homes);
}

/* --- posting lists */

/* Kinds of list that this set has. */
static int
kinds_of(const struct batch *b)
{
	return BROAD_ROWS / (b->n + 1) < BROAD_LEAST ? BROAD : BLOCKS;
}

static void
hashes_make(struct batch *b)
{
	int kinds = kinds_of(b);

	b->hash = mem_zalloc((size_t)b->n * BLOCKS + 1, sizeof(*b->hash));
	for (uint32_t i = 0; i < b->n; i++) {
		for (int k = 0; k < kinds; k++) {
			uint32_t v[5] = { (uint32_t)k }, h;
			bool all = true;

			for (int p = 0; p < 4 && blocks[k][p] != 0xFF; p++) {
				v[p + 1] = b->rows[i].v[blocks[k][p]];
				all &= v[p + 1] != 0;
			}
			h = (uint32_t)hash64(v, sizeof(v), 3);
			b->hash[(size_t)i * BLOCKS + (size_t)k] = all ? h | 1 : 0;
		}
	}
}

/* Of the lists before this one, is there one that both stand in?  Four at a time. */
static bool
met_before(const struct batch *b, uint32_t i, uint32_t j, int before)
{
	typedef uint32_t lanes __attribute__((vector_size(LANES * 4)));
	const uint32_t *x = b->hash + (size_t)i * BLOCKS, *y = b->hash + (size_t)j * BLOCKS;
	lanes met = { 0 }, u, v;
	uint32_t any = 0;
	int k = 0;

	for (; k + LANES <= before; k += LANES) {
		memcpy(&u, x + k, sizeof(u));
		memcpy(&v, y + k, sizeof(v));
		met |= (lanes)((u == v) & (u != 0));
	}
	for (int l = 0; l < LANES; l++)
		any |= met[l];
	for (; k < before; k++)
		any |= (x[k] == y[k]) & (x[k] != 0);
	return any;
}

/* A function of the set, whoever came first. */
static uint32_t
list_limit(const struct batch *b, int kind)
{
	uint32_t limit = BROAD_ROWS / (b->n + 1);

	if (kind < BROAD || limit > BLOCK_MAX)
		return BLOCK_MAX;
	return limit < BROAD_LEAST ? 0 : limit;
}

static void
pair_look(struct batch *b, uint32_t i, uint32_t j)
{
	struct kept p = { .a = i < j ? i : j, .b = i < j ? j : i };
	int32_t rarity[LINE_END];

	b->stats.candidates++;
	p.outside = !in_scope(b, i, j);
	compare_at(b, i, j, p.grade);
	rarity_of(b, i, p.grade, rarity);
	if (weigh_chance(&b->w, p.grade, rarity) - b->w.prior[OTHER_RANDOM]
	    < (b->n > LARGE ? KEEP_LARGE_MBIT : KEEP_MBIT))
		return;
	if (b->kept_n == b->kept_cap) {
		b->kept_cap = b->kept_cap ? b->kept_cap * 2 : 4096;
		b->kept = mem_realloc(b->kept, b->kept_cap, sizeof(*b->kept));
	}
	b->kept[b->kept_n++] = p;
}

static void
pairs_find(struct batch *b, struct keyed *k, struct keyed *spare)
{
	hashes_make(b);
	for (int kind = 0; kind < kinds_of(b); kind++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < b->n; i++)
			if (b->hash[(size_t)i * BLOCKS + (size_t)kind])
				k[n++] = (struct keyed){ b->hash[(size_t)i * BLOCKS + (size_t)kind], i };
		sort_keyed(k, spare, n, 4);
		for (uint32_t from = 0, to; from < n; from = to) {
			to = groups_end(k, n, from);
			if (to - from > list_limit(b, kind)) {
				b->stats.oversize++;
				for (uint32_t i = from; i < to; i++)
					b->hash[(size_t)k[i].number * BLOCKS + (size_t)kind] = 0;
				continue;
			}
			for (uint32_t i = from; i < to; i++)
				for (uint32_t j = i + 1; j < to; j++)
					if ((b->settings.scope != BATCH_WITHIN
						|| in_scope(b, k[i].number, k[j].number))
					    && !met_before(b, k[i].number, k[j].number, kind))
						pair_look(b, k[i].number, k[j].number);
		}
	}
	b->stats.kept = b->kept_n;
}

/* --- clusters */

static uint32_t
find(uint32_t *root, uint32_t i)
{
	while (root[i] != i) {
		root[i] = root[root[i]];
		i = root[i];
	}
	return i;
}

static int
kept_order(const void *p, const void *q)
{
	const struct kept *x = p, *y = q;
	uint64_t u, v;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	u = (uint64_t)x->a << 32 | x->b;
	v = (uint64_t)y->a << 32 | y->b;
	u = hash64(&u, sizeof(u), 0);
	v = hash64(&v, sizeof(v), 0);
	if (u != v)
		return u < v ? -1 : 1;
	return x->a != y->a ? (x->a < y->a ? -1 : 1) : (x->b > y->b) - (x->b < y->b);
}

static int32_t
weight_at(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade)
{
	int32_t rarity[LINE_END];

	compare_at(b, i, j, grade);
	rarity_of(b, i, grade, rarity);
	return weigh(&b->w, grade, rarity);
}

/* Two clusters are one person if all their pairs together say so. */
static bool
may_join(const struct batch *b, const uint32_t *next, uint32_t x, uint32_t y, uint32_t sx,
    uint32_t sy)
{
	uint8_t grade[LINE_END];
	int64_t sum = 0;
	uint32_t i = x, j;

	if (sx + sy > CLUSTER_MAX)
		return false;
	if (sx == 1 && sy == 1)
		return !b->stats.one_a_person || b->source[x] != b->source[y];
	do {
		j = y;
		do {
			if (b->stats.one_a_person && b->source[i] == b->source[j])
				return false;
			sum += weigh_bounded(weight_at(b, i, j, grade));
			j = next[j];
		} while (j != y);
		i = next[i];
	} while (i != x);
	return sum >= 0;
}

/* Pairs of each row, strongest first: from[i] .. from[i + 1]. */
struct beside {
	uint32_t *from, *pair;
};

static void
beside_make(const struct batch *b, struct beside *s)
{
	s->from = mem_zalloc((size_t)b->n + 3, sizeof(*s->from));
	s->pair = mem_alloc((2 * b->kept_n + 1) * sizeof(*s->pair));
	for (size_t p = 0; p < b->kept_n; p++) {
		s->from[b->kept[p].a + 2]++;
		s->from[b->kept[p].b + 2]++;
	}
	for (uint32_t i = 0; i <= b->n; i++)
		s->from[i + 1] += s->from[i];
	for (size_t p = 0; p < b->kept_n; p++) {
		s->pair[s->from[b->kept[p].a + 1]++] = (uint32_t)p;
		s->pair[s->from[b->kept[p].b + 1]++] = (uint32_t)p;
	}
}

/* log2 of what else row i could be: nobody, or one of the others that are still free. */
static int32_t
rivals(const struct batch *b, const struct beside *s, uint32_t i, size_t but, const bool *taken)
{
	int32_t sum = 0;

	for (uint32_t k = s->from[i]; k < s->from[i + 1]; k++) {
		const struct kept *p = &b->kept[s->pair[k]];

		if (s->pair[k] != but && !p->outside && !taken[p->a == i ? p->b : p->a])
			sum = bits_sum(sum, p->weight);
	}
	return sum;
}

/* Where each source has a person once, every row takes its strongest free partner, if that is
 * likelier than all its rivals together. */
static void
partners_find(struct batch *b)
{
	bool *taken = mem_zalloc((size_t)b->n + 1, sizeof(*taken));
	struct beside s;

	beside_make(b, &s);
	for (size_t p = 0; p < b->kept_n && b->kept[p].weight >= 0; p++) {
		struct kept *k = &b->kept[p];

		if (k->outside || taken[k->a] || taken[k->b])
			continue;
		if (k->weight < rivals(b, &s, k->a, p, taken) || k->weight < rivals(b, &s, k->b, p, taken))
			continue;
		taken[k->a] = taken[k->b] = true;
		b->label[k->a > k->b ? k->a : k->b] = k->a < k->b ? k->a : k->b;
	}
	mem_free(s.from);
	mem_free(s.pair);
	mem_free(taken);
}

static void
agglomerate(struct batch *b)
{
	uint32_t *next = mem_alloc((b->n + 1) * sizeof(*next));
	uint32_t *size = mem_alloc((b->n + 1) * sizeof(*size));

	for (uint32_t i = 0; i < b->n; i++) {
		next[i] = i;
		size[i] = 1;
	}
	for (size_t p = 0; p < b->kept_n && b->kept[p].weight >= 0; p++) {
		uint32_t x = find(b->label, b->kept[p].a), y = find(b->label, b->kept[p].b), low, t;

		if (x == y || b->kept[p].outside || !may_join(b, next, x, y, size[x], size[y]))
			continue;
		low = x < y ? x : y;
		b->label[x < y ? y : x] = low;
		t = next[x];
		next[x] = next[y];
		next[y] = t;
		size[low] = size[x] + size[y];
	}
	mem_free(next);
	mem_free(size);
}

static void
clusters_make(struct batch *b)
{
	uint32_t *size = mem_zalloc((size_t)b->n + 1, sizeof(*size));

	if (!b->label)
		b->label = mem_alloc(((size_t)b->n + 1) * sizeof(*b->label));
	for (uint32_t i = 0; i < b->n; i++)
		b->label[i] = i;
	if (b->kept_n)
		qsort(b->kept, b->kept_n, sizeof(*b->kept), kept_order);
	if (b->stats.one_a_person && b->sources == 2)
		partners_find(b);
	else
		agglomerate(b);
	b->stats.clusters = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		b->label[i] = find(b->label, i);
		b->stats.clusters += ++size[b->label[i]] == 2;
	}
	mem_free(size);
}

/* --- what the set says of itself */

enum {
	SURE_MBIT = 6000,     /* one person, whatever the line in question says */
	LEARN_PAIRS = 200000, /* looked at in a round */
	ONE_A_PERSON = 25,    /* true pairs across for one within: a source has a person once */
	STRENGTHS = 64,       /* bits that weights are told apart by */
	BELIEF = 50,          /* pairs that the model's m counts for */
};

static void
weigh_kept(struct batch *b)
{
	for (size_t p = 0; p < b->kept_n; p++) {
		int32_t rarity[LINE_END];

		rarity_of(b, b->kept[p].a, b->kept[p].grade, rarity);
		b->kept[p].weight = weigh(&b->w, b->kept[p].grade, rarity);
	}
}

struct counts {
	uint64_t true_milli[OTHER_END + 1]; /* by where() they are; at home and of one surname */
	uint64_t m[LINE_END][GRADE_END];
	uint64_t swapped[LINE_END], nameless; /* sure without either name */
	uint64_t moved_milli, placed_milli;
	uint32_t across[STRENGTHS], within[STRENGTHS]; /* pairs of two sources, of one, by bits */
};

/* Names that are swapped are missing together: only pairs that are sure without both can tell how
 * many there are. */
static void
learn_swaps(struct batch *b, const struct kept *p, uint8_t *grade, const int32_t *rarity,
    struct counts *c)
{
	grade[LINE_SURNAME] = grade[LINE_FORENAME] = GRADE_MISSING;
	if (weigh(&b->w, grade, rarity) >= SURE_MBIT) {
		c->nameless++;
		c->swapped[LINE_SURNAME] += p->grade[LINE_SURNAME] == GRADE_SWAP;
		c->swapped[LINE_FORENAME] += p->grade[LINE_FORENAME] == GRADE_SWAP;
	}
	grade[LINE_SURNAME] = p->grade[LINE_SURNAME];
	grade[LINE_FORENAME] = p->grade[LINE_FORENAME];
}

/* A line's grade counts where the pair is one person without it: so no line vouches for itself. */
static void
learn_pair(struct batch *b, const struct kept *p, struct counts *c)
{
	int32_t rarity[LINE_END];
	uint8_t grade[LINE_END];

	rarity_of(b, p->a, p->grade, rarity);
	memcpy(grade, p->grade, sizeof(grade));
	for (int l = 0; l < LINE_END; l++) {
		if (grade[l] == GRADE_MISSING)
			continue;
		grade[l] = GRADE_MISSING;
		c->m[l][p->grade[l]] += weigh(&b->w, grade, rarity) >= SURE_MBIT;
		grade[l] = p->grade[l];
	}
	learn_swaps(b, p, grade, rarity, c);
	for (int l = LINE_POSTCODE; l < LINE_END; l++)
		grade[l] = GRADE_MISSING;
	if (weigh(&b->w, grade, rarity) >= SURE_MBIT) {
		c->placed_milli += 1000;
		c->moved_milli += (uint64_t)bits_likely(weigh_moved(&b->w, p->grade, rarity));
	}
}

static void
shares_set(struct batch *b, enum line l, const struct counts *c)
{
	bool name = l == LINE_SURNAME || l == LINE_FORENAME;
	uint64_t n = 0;

	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		n += name && g == GRADE_SWAP ? 0 : c->m[l][g];
	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		b->w.m[l][g] = bits_blend(b->shipped.m[l][g], BELIEF, c->m[l][g], n);
	if (name)
		b->w.m[l][GRADE_SWAP] = bits_blend(b->shipped.m[l][GRADE_SWAP], BELIEF, c->swapped[l],
		    c->nameless);
}

static void
strength_count(const struct batch *b, const struct kept *p, struct counts *c)
{
	uint32_t *of = b->source[p->a] == b->source[p->b] ? c->within : c->across;
	int32_t bits = p->weight / 1000;

	if (p->weight >= 0)
		of[bits < STRENGTHS ? bits : STRENGTHS - 1]++;
}

/* Fathers and sons make weak pairs within a source; a person who is there twice makes pairs as
 * strong as those across.  So the upper half of those across is what is compared with. */
static bool
one_a_person(const struct counts *c)
{
	uint64_t all = 0, across = 0, within = 0;

	for (int i = 0; i < STRENGTHS; i++)
		all += c->across[i];
	for (int i = STRENGTHS - 1; i >= 0 && 2 * across < all; i--) {
		across += c->across[i];
		within += c->within[i];
	}
	return within * ONE_A_PERSON < across;
}

static void
true_count(const struct kept *p, struct counts *c)
{
	uint64_t likely = (uint64_t)bits_likely(p->weight);
	enum other at = where(p->grade);

	c->true_milli[at] += likely;
	if (at == OTHER_HOUSEHOLD && p->grade[LINE_SURNAME] == GRADE_AGREE)
		c->true_milli[OTHER_END] += likely;
}

static void
learn(struct batch *b, const struct together *t)
{
	struct counts c = { .moved_milli = 0 };
	size_t step = b->kept_n / LEARN_PAIRS + 1;

	for (size_t p = 0; p < b->kept_n; p++) {
		strength_count(b, &b->kept[p], &c);
		if (b->kept[p].outside)
			continue;
		true_count(&b->kept[p], &c);
		if (p % step == 0)
			learn_pair(b, &b->kept[p], &c);
	}
	for (int l = 0; l < LINE_END; l++)
		shares_set(b, (enum line)l, &c);
	b->w.moved = bits_blend(b->shipped.moved, BELIEF, c.moved_milli / 1000, c.placed_milli / 1000);
	b->w.stayed = bits_blend(b->shipped.stayed, BELIEF,
	    (c.placed_milli - c.moved_milli) / 1000, c.placed_milli / 1000);
	priors_set(b, t, c.true_milli);
	b->stats.one_a_person = b->settings.scope != BATCH_WITHIN && one_a_person(&c);
}

void
batch_run(struct batch *b)
{
	struct keyed *k = mem_alloc(((size_t)b->n + 1) * sizeof(*k));
	struct keyed *spare = mem_alloc(((size_t)b->n + 1) * sizeof(*spare));
	const uint64_t guess[OTHER_END + 1] = { [OTHER_HOUSEHOLD] = (uint64_t)b->n * 1000 / 8,
		[OTHER_END] = (uint64_t)b->n * 1000 / 9 };
	struct together t;

	order_find(b, k, spare);
	rarity_find(b, k, spare);
	random_find(b);
	t = together_count(b, k, spare);
	priors_set(b, &t, guess);
	pairs_find(b, k, spare);
	for (int round = 0; round < ROUNDS; round++) {
		weigh_kept(b);
		learn(b, &t);
		if (round == ROUNDS / 2) { /* from here on values are counted by people */
			weigh_kept(b);
			clusters_make(b);
			rarity_find(b, k, spare);
		}
	}
	weigh_kept(b);
	clusters_make(b);
	for (size_t p = 0; p < b->kept_n; p++)
		b->stats.review += b->kept[p].weight < REVIEW_MBIT && b->kept[p].weight > -REVIEW_MBIT;
	mem_free(k);
	mem_free(spare);
}

uint32_t
batch_label(const struct batch *b, uint32_t i)
{
	return b->order[b->label[b->at[i]]];
}

bool
batch_blocked(const struct batch *b, uint32_t i, uint32_t j)
{
	return met_before(b, b->at[i], b->at[j], BLOCKS);
}

int32_t
batch_weight(struct batch *b, uint32_t i, uint32_t j, uint8_t grade[LINE_END])
{
	return weight_at(b, b->at[i], b->at[j], grade);
}

struct batch_stats
batch_stats(const struct batch *b)
{
	return b->stats;
}

const struct weights *
batch_weights(const struct batch *b)
{
	return &b->w;
}
