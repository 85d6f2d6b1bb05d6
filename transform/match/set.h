/*
 * set - the inside of a batch: rows in canonical order, what is rare among
 * them, and the pairs that were worth keeping.  For batch.c and its parts only.
 *
 *	set.c    order, rarity, comparing two rows
 *	lists.c  which pairs are looked at
 *	learn.c  what the set says of itself: u, m, how many of each kind of pair
 *	join.c   pairs to clusters
 */
#ifndef OUTTURN_MATCH_SET_H
#define OUTTURN_MATCH_SET_H

#include "transform/match/batch.h"

enum {
	SET_RARITIES = 12,
	SET_ODDITIES = 6,     /* the first of them: words, where one that nobody else has is a slip */
	SET_LISTS_MAX = 48,   /* kinds of posting list, at most */
};

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
	uint16_t (*rarity)[SET_RARITIES]; /* -log2, mbit */
	uint32_t *hash;       /* n * lists; 0: absent or oversize */
	uint32_t lists;       /* kinds of posting list that this set has */
	struct kept *kept;
	size_t kept_n, kept_cap;
	uint32_t *label;      /* canonical */
	int32_t same_year;    /* log2 of how often two people are born in one */
	struct batch_seen seen;
	bool once[BATCH_SOURCES_MAX]; /* this source has a person once, it seems */
	struct batch_stats stats;
};

/* --- sorting by a key */

struct keyed {
	uint64_t key;
	uint32_t number;
};

/* Least significant byte first; what is equal keeps its order. */
void keyed_sort(struct keyed *items, struct keyed *spare, size_t n, int bytes);
/* Where the run of equal keys that begins at `from` ends. */
uint32_t keyed_end(const struct keyed *k, uint32_t n, uint32_t from);

/* k, spare: scratch for one item a row. */
void set_order(struct batch *b, struct keyed *k, struct keyed *spare);
void set_rarity(struct batch *b, struct keyed *k, struct keyed *spare);
void set_rarity_of(const struct batch *b, uint32_t i, const uint8_t *grade, int32_t out[LINE_END]);
void set_compare(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade);
bool set_in_scope(const struct batch *b, uint32_t i, uint32_t j);
int32_t set_weight(const struct batch *b, uint32_t i, uint32_t j, uint8_t *grade);

/* Compares what shares a list and keeps what may be one person. */
void lists_pairs(struct batch *b, struct keyed *k, struct keyed *spare);
/* Of the lists before this one, is there one that both stand in?  SET_LISTS_MAX: of all. */
bool lists_met(const struct batch *b, uint32_t i, uint32_t j, int before);

/* Pairs that share an area, a street, a dwelling: all there are, by posting lists. */
struct together {
	uint64_t pairs[OTHER_END];
	uint64_t families; /* of OTHER_HOUSEHOLD, those of one surname */
};


void learn_chance(struct batch *b);
struct together learn_together(struct batch *b, struct keyed *k, struct keyed *spare);
void learn_priors(struct batch *b, const struct together *t, const uint64_t milli[OTHER_END + 1]);
void learn_weigh(struct batch *b);
void learn(struct batch *b, const struct together *t);

void join_clusters(struct batch *b);

#endif
