#include "transform/match/batch.h"

#include "common/mem.h"
#include "common/must.h"
#include "transform/match/set.h"

enum {
	ROUNDS = 4,         /* of counting the true pairs and weighing again */
	REVIEW_MBIT = 4000, /* a weight of this or less, either side, is for a person to see */
};

struct batch *
batch_new(const struct weights *shipped, struct batch_settings settings)
{
	struct batch *b = mem_zalloc(1, sizeof(*b));

	b->settings = settings;
	b->shipped = *shipped;
	if (settings.clk != CLK_FIELDS)
		weights_by_ends(&b->shipped);
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
	MUST(source < BATCH_SOURCES_MAX);
	room(b);
	row_fill(&b->rows[b->n], tokens, n);
	b->source[b->n] = source;
	b->sources = source >= b->sources ? source + 1u : b->sources;
	if (b->clk_words)
		clk_keep(b, clk);
	b->n++;
}

void
batch_run(struct batch *b)
{
	struct keyed *k = mem_alloc(((size_t)b->n + 1) * sizeof(*k));
	struct keyed *spare = mem_alloc(((size_t)b->n + 1) * sizeof(*spare));
	const uint64_t guess[OTHER_END + 1] = { [OTHER_HOUSEHOLD] = (uint64_t)b->n * 1000 / 8,
		[OTHER_END] = (uint64_t)b->n * 1000 / 9 };
	struct together t;

	set_order(b, k, spare);
	set_rarity(b, k, spare);
	b->w = b->shipped;
	learn_chance(b);
	t = learn_together(b, k, spare);
	learn_priors(b, &t, guess);
	lists_pairs(b, k, spare);
	for (int round = 0; round < ROUNDS; round++) {
		learn_weigh(b);
		learn(b, &t);
		if (round == ROUNDS / 2) { /* from here on values are counted by people */
			learn_weigh(b);
			join_clusters(b);
			set_rarity(b, k, spare);
			learn_chance(b);
		}
	}
	learn_weigh(b);
	join_clusters(b);
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
	return lists_met(b, b->at[i], b->at[j], SET_LISTS_MAX);
}

int32_t
batch_weight(struct batch *b, uint32_t i, uint32_t j, uint8_t grade[LINE_END])
{
	return set_weight(b, b->at[i], b->at[j], grade);
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

const struct batch_seen *
batch_seen(const struct batch *b)
{
	return &b->seen;
}
