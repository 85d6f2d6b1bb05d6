#include "transform/match/set.h"

#include "common/hash.h"
#include "common/mem.h"

enum {
	BLOCK_MAX = 100,         /* rows of one list that are compared with each other */
	SAME_MAX = 10,           /* rows of a source that are the same and all stand in lists */
	BROAD_LEAST = 8,         /* the same of a broad list; where that is too many there is none */
	BROAD_ROWS = 3000000,    /* rows of the set times rows of a broad list */
	LARGE = 100000,          /* rows of a large set */
	KEEP_MBIT = -16000,      /* against chance: below, a pair is forgotten */
	KEEP_LARGE_MBIT = -8000, /* the same in a large set */
};

/* Places that two rows must share to be compared; 0xFF ends.  From BROAD on: lists that find what
 * the others miss, at a hundred times the cost; the larger the set, the shorter they may be. */
#define N 0xFF
static const uint8_t blocks[][4] = {
	{ ROW_NHS, N }, { ROW_NINO, N }, { ROW_UPN, N }, { ROW_ULN, N }, { ROW_NATIONAL, N },
	{ ROW_LOCAL_ID, N }, { ROW_DOB, ROW_SOUND, N }, { ROW_DOB, ROW_SOUND_F, N },
	{ ROW_DOB_SWAP, ROW_NAME_SWAP, N },
	{ ROW_NAME_SWAP, ROW_YEAR, N }, { ROW_NAME_SWAP, ROW_POSTCODE, N },
	{ ROW_STREET, ROW_HOUSE, ROW_TOWN, N }, { ROW_UPRN, ROW_FORENAME, N },
	{ ROW_POSTCODE, ROW_DOB, N }, { ROW_STREET, ROW_SOUND_F, N }, { ROW_STREET, ROW_SOUND, N },
	{ ROW_POSTCODE, ROW_SOUND_F, N }, { ROW_POSTCODE, ROW_SOUND, N }, { ROW_POSTCODE, ROW_HOUSE, N },
	{ ROW_UPRN, N }, { ROW_SOUND, ROW_SOUND_F, ROW_YEAR, N }, { ROW_DOB, ROW_INITIALS, N },
	{ ROW_FORENAME, ROW_YEAR, ROW_HEAD, N }, { ROW_SURNAME, ROW_YEAR, ROW_HEAD_F, N },
	/* broad */
	{ ROW_SOUND, ROW_YEAR, ROW_MONTH, N }, { ROW_SOUND, ROW_NICKNAME, N }, { ROW_STREET, ROW_TOWN, N },
	{ ROW_SOUND, ROW_YEAR, N }, { ROW_SOUND_F, ROW_YEAR, N }, { ROW_HEAD, ROW_HEAD_F, N },
	{ ROW_NAME_SWAP, N }, { ROW_SOUND, ROW_MONTH, ROW_DAY, N }, { ROW_SOUND_F, ROW_MONTH, ROW_DAY, N },
	{ ROW_SOUND_F, ROW_YEAR, ROW_MONTH, N }, { ROW_DOB, N }, { ROW_SOUND, ROW_SOUND_F, N },
	{ ROW_TOWN, ROW_SOUND, N }, { ROW_TOWN, ROW_SOUND_F, N }, { ROW_HOUSE, ROW_SOUND, N },
	{ ROW_HOUSE, ROW_SOUND_F, N }, { ROW_POSTCODE, N }, { ROW_STREET, N }, { ROW_SURNAME, N },
	{ ROW_FORENAME, N }, { ROW_LOCALITY, N }, { ROW_TOWN, N },
};
#undef N

enum { BLOCKS = sizeof(blocks) / sizeof(blocks[0]), BROAD = 24, LANES = 4 };
_Static_assert((int)BLOCKS <= (int)SET_LISTS_MAX, "lists_met(SET_LISTS_MAX) is of all");

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

	b->lists = (uint32_t)kinds;
	b->hash = mem_zalloc((size_t)b->n * b->lists + 1, sizeof(*b->hash));
	for (uint32_t i = 0; i < b->n; i++) {
		for (int k = 0; k < kinds; k++) {
			uint32_t v[5] = { (uint32_t)k }, h;
			bool all = true;

			for (int p = 0; p < 4 && blocks[k][p] != 0xFF; p++) {
				v[p + 1] = b->rows[i].v[blocks[k][p]];
				all &= v[p + 1] != 0;
			}
			h = (uint32_t)hash64(v, sizeof(v), 3);
			b->hash[(size_t)i * b->lists + (size_t)k] = all ? h | 1 : 0;
		}
	}
}

/* Of the lists before this one, is there one that both stand in?  Four at a time. */
bool
lists_met(const struct batch *b, uint32_t i, uint32_t j, int before)
{
	typedef uint32_t lanes __attribute__((vector_size(LANES * 4)));
	const uint32_t *x = b->hash + (size_t)i * b->lists, *y = b->hash + (size_t)j * b->lists;
	lanes met = { 0 }, u, v;
	uint32_t any = 0;
	int k = 0;

	before = before < (int)b->lists ? before : (int)b->lists;
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
	p.outside = !set_in_scope(b, i, j);
	set_compare(b, i, j, p.grade);
	if (p.outside && p.grade[LINE_LOCAL_ID] == GRADE_DIFFER)
		p.grade[LINE_LOCAL_ID] = GRADE_MISSING; /* the question is whether two ids are one person */
	set_rarity_of(b, i, p.grade, rarity);
	if (weigh_chance(&b->w, p.grade, rarity) - b->w.prior[OTHER_RANDOM]
	    < (b->n > LARGE ? KEEP_LARGE_MBIT : KEEP_MBIT))
		return;
	if (b->kept_n == b->kept_cap) {
		b->kept_cap = b->kept_cap ? b->kept_cap * 2 : 4096;
		b->kept = mem_realloc(b->kept, b->kept_cap, sizeof(*b->kept));
	}
	b->kept[b->kept_n++] = p;
}

/* One list of each kind: all pairs of what stands in it. */
static void
list_pairs(struct batch *b, int kind, const struct keyed *k, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		for (uint32_t j = i + 1; j < to; j++)
			if ((b->settings.scope != BATCH_WITHIN
				|| set_in_scope(b, k[i].number, k[j].number))
			    && !lists_met(b, k[i].number, k[j].number, kind))
				pair_look(b, k[i].number, k[j].number);
}

static void
kind_pairs(struct batch *b, int kind, struct keyed *k, struct keyed *spare)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n; i++)
		if (b->hash[(size_t)i * b->lists + (size_t)kind])
			k[n++] = (struct keyed){ b->hash[(size_t)i * b->lists + (size_t)kind], i };
	keyed_sort(k, spare, n, 4);
	for (uint32_t from = 0, to; from < n; from = to) {
		to = keyed_end(k, n, from);
		if (to - from <= list_limit(b, kind)) {
			list_pairs(b, kind, k, from, to);
			continue;
		}
		b->stats.oversize++;
		for (uint32_t i = from; i < to; i++)
			b->hash[(size_t)k[i].number * b->lists + (size_t)kind] = 0;
	}
}

static void
same_sort(struct batch *b, struct keyed *k, struct keyed *spare)
{
	for (uint32_t i = 0; i < b->n; i++) {
		struct row row = b->rows[i];

		row.v[ROW_LOCAL_ID] = 0;
		k[i] = (struct keyed){ hash64(&row, sizeof(row), 1 + (uint64_t)b->source[i]), i };
	}
	keyed_sort(k, spare, b->n, 8);
}

/* Of many rows of a source that are the same in everything, one stands in the lists, or lists would
 * be too long to be looked at; the others are compared with that one.  Not where pairs within a
 * source are no pairs. */
static void
same_thin(struct batch *b, struct keyed *k, struct keyed *spare)
{
	same_sort(b, k, spare);
	for (uint32_t from = 0, to; from < b->n; from = to) {
		to = keyed_end(k, b->n, from);
		for (uint32_t i = from + 1; to - from > SAME_MAX && i < to; i++)
			memset(b->hash + (size_t)k[i].number * b->lists, 0,
			    b->lists * sizeof(*b->hash));
	}
}

static void
same_pairs(struct batch *b, struct keyed *k, struct keyed *spare)
{
	same_sort(b, k, spare);
	for (uint32_t from = 0, to; from < b->n; from = to) {
		to = keyed_end(k, b->n, from);
		for (uint32_t i = from + 1; to - from > SAME_MAX && i < to; i++)
			pair_look(b, k[from].number, k[i].number);
	}
}

void
lists_pairs(struct batch *b, struct keyed *k, struct keyed *spare)
{
	hashes_make(b);
	if (b->settings.scope != BATCH_ACROSS)
		same_thin(b, k, spare);
	for (int kind = 0; kind < (int)b->lists; kind++)
		kind_pairs(b, kind, k, spare);
	if (b->settings.scope != BATCH_ACROSS)
		same_pairs(b, k, spare);
	b->stats.kept = b->kept_n;
}
