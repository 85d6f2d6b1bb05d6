#include "transform/match/set.h"

#include "common/hash.h"
#include "common/mem.h"

enum {
	RANDOM_PAIRS = 1 << 19, /* for u */
	FIRST_LETTER_MBIT = 3800, /* of two forenames the same, by chance: one in fourteen */
	SWAP_LEAST = -15000,    /* log2 u: names that are both are not drawn often enough to be seen */
};

/* --- u: what two people's records agree on by chance */

/* Grades that are only had where less is known: of an initial, of a year.  How often that is so tells
 * nothing of whether two are one, so their weight is that of the letter, of the year. */
static void
partial_set(struct batch *b)
{
	struct weights *w = &b->w;

	w->u[LINE_FORENAME][GRADE_INITIAL] = w->m[LINE_FORENAME][GRADE_INITIAL] - FIRST_LETTER_MBIT;
	w->u[LINE_DOB][GRADE_OTHER] = w->m[LINE_DOB][GRADE_OTHER] + b->same_year;
}

void
learn_chance(struct batch *b)
{
	uint32_t seen[LINE_END][GRADE_END] = { { 0 } };
	uint32_t pairs = b->n < 3 ? 0 : RANDOM_PAIRS, years = 0, same_years = 0;
	uint64_t r = 1;

	for (uint32_t t = 0; t < pairs; t++) {
		uint8_t grade[LINE_END];
		uint32_t i, j;

		r = hash64(&r, sizeof(r), t);
		i = (uint32_t)((r >> 32) * b->n >> 32);
		j = (uint32_t)((r & UINT32_MAX) * b->n >> 32);
		if (i == j || (b->label && b->label[i] == b->label[j]))
			continue;
		set_compare(b, i, j, grade);
		for (int l = 0; l < LINE_END; l++)
			seen[l][grade[l]]++;
		years += b->rows[i].v[ROW_YEAR] && b->rows[j].v[ROW_YEAR];
		same_years += b->rows[i].v[ROW_YEAR]
		    && b->rows[i].v[ROW_YEAR] == b->rows[j].v[ROW_YEAR];
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
	b->same_year = bits_ratio(2 * (uint64_t)same_years + 1, 2 * (uint64_t)years + 2);
	partial_set(b);
}

/* --- pairs that live together, counted by posting lists */

static uint64_t
pairs_in_scope(const struct batch *b, const struct keyed *k, uint32_t n)
{
	static uint32_t of_source[BATCH_SOURCES_MAX];
	uint64_t all = (uint64_t)n * (n - 1) / 2, within = 0;

	if (b->settings.scope == BATCH_ALL)
		return all;
	for (uint32_t i = 0; i < n; i++)
		within += of_source[b->source[k[i].number]]++;
	for (uint32_t i = 0; i < n; i++)
		of_source[b->source[k[i].number]] = 0;
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
	keyed_sort(k, spare, n, 6);
	for (uint32_t from = 0, to; from < n; from = to) {
		to = keyed_end(k, n, from);
		pairs += pairs_in_scope(b, k + from, to - from);
	}
	return pairs;
}

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct together
learn_together(struct batch *b, struct keyed *k, struct keyed *spare)
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
void
learn_priors(struct batch *b, const struct together *t, const uint64_t milli[OTHER_END + 1])
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

/* --- what the set says of itself */

enum {
	SURE_MBIT = 6000,     /* one person, whatever the line in question says */
	LEARN_PAIRS = 200000, /* looked at in a round */
	ONE_A_PERSON = 25,    /* true pairs across for one within: a source has a person once */
	STRENGTHS = 64,       /* bits that weights are told apart by */
	BELIEF = 50,          /* pairs that the model's m counts for */
};

void
learn_weigh(struct batch *b)
{
	for (size_t p = 0; p < b->kept_n; p++) {
		int32_t rarity[LINE_END];

		set_rarity_of(b, b->kept[p].a, b->kept[p].grade, rarity);
		b->kept[p].weight = weigh(&b->w, b->kept[p].grade, rarity);
	}
}

struct counts {
	uint64_t true_milli[OTHER_END + 1]; /* by where() they are; at home and of one surname */
	struct batch_seen seen;
	uint64_t swapped[LINE_END], nameless; /* sure without either name */
	uint64_t moved_milli, placed_milli;
};

/* Pairs of one source with itself and with others, by bits. */
struct strengths {
	uint32_t across[STRENGTHS], within[STRENGTHS];
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
	uint64_t pair = (uint64_t)p->a << 32 | p->b;
	uint32_t half = (uint32_t)(hash64(&pair, sizeof(pair), 5) & 1);

	set_rarity_of(b, p->a, p->grade, rarity);
	memcpy(grade, p->grade, sizeof(grade));
	for (int l = 0; l < LINE_END; l++) {
		if (grade[l] == GRADE_MISSING)
			continue;
		grade[l] = GRADE_MISSING;
		c->seen.pairs[half][l][p->grade[l]] += weigh(&b->w, grade, rarity) >= SURE_MBIT;
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

static uint64_t
seen_of(const struct counts *c, enum line l, int g)
{
	return (uint64_t)c->seen.pairs[0][l][g] + c->seen.pairs[1][l][g];
}

static void
shares_set(struct batch *b, enum line l, const struct counts *c)
{
	bool name = l == LINE_SURNAME || l == LINE_FORENAME;
	uint64_t n = 0;

	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		n += name && g == GRADE_SWAP ? 0 : seen_of(c, l, g);
	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		b->w.m[l][g] = bits_blend(b->shipped.m[l][g], BELIEF, seen_of(c, l, g), n);
	if (name)
		b->w.m[l][GRADE_SWAP] = bits_blend(b->shipped.m[l][GRADE_SWAP], BELIEF, c->swapped[l],
		    c->nameless);
}

static void
strength_count(const struct batch *b, const struct kept *p, struct strengths *of)
{
	uint16_t x = b->source[p->a], y = b->source[p->b];
	int32_t bits = p->weight / 1000;

	if (p->weight < 0)
		return;
	bits = bits < STRENGTHS ? bits : STRENGTHS - 1;
	if (x == y) {
		of[x].within[bits]++;
	} else {
		of[x].across[bits]++;
		of[y].across[bits]++;
	}
}

/* Fathers and sons make weak pairs within a source; a person who is there twice makes pairs as
 * strong as those across.  So the upper half of those across is what is compared with. */
static bool
one_a_person(const struct strengths *s)
{
	uint64_t all = 0, across = 0, within = 0;

	for (int i = 0; i < STRENGTHS; i++)
		all += s->across[i];
	for (int i = STRENGTHS - 1; i >= 0 && 2 * across < all; i--) {
		across += s->across[i];
		within += s->within[i];
	}
	return within * ONE_A_PERSON < across;
}

static void
sources_look(struct batch *b)
{
	struct strengths *of = mem_zalloc(b->sources + 1, sizeof(*of));

	for (size_t p = 0; p < b->kept_n; p++)
		strength_count(b, &b->kept[p], of);
	b->stats.one_a_person = b->settings.scope != BATCH_WITHIN && b->sources > 0;
	for (uint32_t i = 0; i < b->sources; i++) {
		b->once[i] = b->settings.scope != BATCH_WITHIN && one_a_person(&of[i]);
		b->stats.one_a_person &= b->once[i];
	}
	mem_free(of);
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

void
learn(struct batch *b, const struct together *t)
{
	struct counts c = { .moved_milli = 0 };
	size_t step = b->kept_n / LEARN_PAIRS + 1;

	for (size_t p = 0; p < b->kept_n; p++) {
		if (b->kept[p].outside)
			continue;
		true_count(&b->kept[p], &c);
		if (p % step == 0)
			learn_pair(b, &b->kept[p], &c);
	}
	for (int l = 0; l < LINE_END; l++)
		shares_set(b, (enum line)l, &c);
	partial_set(b);
	b->w.moved = bits_blend(b->shipped.moved, BELIEF, c.moved_milli / 1000, c.placed_milli / 1000);
	b->w.stayed = bits_blend(b->shipped.stayed, BELIEF,
	    (c.placed_milli - c.moved_milli) / 1000, c.placed_milli / 1000);
	learn_priors(b, t, c.true_milli);
	b->seen = c.seen;
	sources_look(b);
}
