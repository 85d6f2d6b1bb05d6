/*
 * Bloom encodings: names read out of them by known pairs, by neighbours and by
 * patterns.
 *
 *	known pairs   2,000 people whose names and encodings the attacker has.  How much
 *	              more often is bit j set where a surname has bigram b?  Sum that over
 *	              the bigrams of each surname of a dictionary, add how common it is;
 *	              the best is the guess (a naive Bayes classifier; with several
 *	              thresholds and weights of what is common, the best of them counts)
 *	neighbours    the surname of the most similar of the 2,000 (Dice)
 *	patterns      encodings alone: ten bits that stand together as often as a frequent
 *	              bigram does are its bits (Christen, Ranbaduge, Vatsalan, Schnell 2018,
 *	              "Precise and fast cryptanalysis for Bloom filter based
 *	              privacy-preserving record linkage", in its simplest form)
 *
 * The bar is linkage.md's: at most 10 of a hundred surnames.  Known people and
 * victims are of different households: who shares an address and a surname with
 * somebody known is near to them, which is what an encoding of both is for.
 * Profile trusted-matcher says more, and is for who may know more: a note.
 *
 * Controls: the same attacks on a plain CLK (ten bits a bigram and no diffusion),
 * which only this file can make.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "ingest/address.h"
#include "ingest/clk.h"
#include "ingest/normalise.h"
#include "tests/attack/attack.h"

enum { BITS = 1024, WORDS = BITS / 64, BIGRAMS = 27 * 27, NAME_MAX_BYTES = 40, KNOWN = 2000,
	BAR_PERCENT = 10, PATTERN_BITS = 10, PATTERNS = 6, SEEDS = 40 };

struct victim {
	char surname[NAME_MAX_BYTES];
	uint64_t bits[WORDS];
	bool has[BIGRAMS]; /* of the surname */
};

struct crowd {
	struct victim *v;
	uint32_t n;
};

/* --- what is encoded */

static unsigned
letter(char c)
{
	return c >= 'a' && c <= 'z' ? 1u + (unsigned)(c - 'a') : 0u;
}

static void
bigrams_of(const char *name, bool has[BIGRAMS])
{
	unsigned last = 0;

	memset(has, 0, BIGRAMS * sizeof(has[0]));
	for (const char *c = name;; c++) {
		unsigned next = letter(*c);

		has[last * 27 + next] = true;
		last = next;
		if (!*c)
			return;
	}
}

/* Without diffusion, made nowhere else: each bigram sets ten bits and they stay to be seen. */
static void
plain_word(uint64_t secret, uint32_t field, struct span word, uint64_t bits[WORDS])
{
	uint8_t last = ' ';

	for (size_t i = 0; word.len && i <= word.len; i++) {
		uint8_t next = i < word.len ? word.ptr[i] : (uint8_t)' ';

		for (uint32_t k = 0; k < CLK_K; k++) {
			uint32_t key[4] = { field, last, next, k };
			uint32_t at = (uint32_t)(hash64(key, sizeof(key), secret) >> 20) % BITS;

			bits[at / 64] |= UINT64_C(1) << at % 64;
		}
		last = next;
	}
}

static void
plain(const struct clk_input *in, uint64_t bits[WORDS])
{
	static const uint64_t secret = UINT64_C(0x5EC7E7);

	memset(bits, 0, WORDS * sizeof(bits[0]));
	plain_word(secret, 0, in->surname, bits);
	plain_word(secret, 1, in->forename, bits);
	plain_word(secret, 2, in->postcode, bits);
	for (size_t i = 0; i < in->words_n; i++)
		plain_word(secret, 3, in->words[i], bits);
}

enum which { PLAIN, HARDENED, HARDENED_NAMES, TRUSTED, SURNAME_PLAIN };

static bool
encode(struct clk *clk, enum which which, const struct clk_input *whole, uint64_t bits[WORDS])
{
	const struct clk_input surname = { .surname = whole->surname };
	const struct clk_input names = { .surname = whole->surname, .forename = whole->forename };
	uint8_t out[CLK_BYTES_MAX];
	size_t n;

	memset(bits, 0, WORDS * sizeof(bits[0]));
	if (which == PLAIN || which == SURNAME_PLAIN) {
		plain(which == PLAIN ? whole : &surname, bits);
		return true;
	}
	n = clk_make(clk, which == HARDENED_NAMES ? &names : whole, out);
	/* of the trusted profile the surname's own bits */
	memcpy(bits, out, which == TRUSTED ? (size_t)CLK_SURNAME_BYTES : sizeof(bits[0]) * WORDS);
	return n > 0;
}

static bool
victim_make(struct victim *v, struct clk *clk, enum which which, const struct uk_record *r,
    struct arena *arena)
{
	struct raw_address home = { .line1 = span_str(r->line1), .line2 = span_str(r->line2),
		.town = span_str(r->town) };
	struct names surname, forename;
	struct address_words words;
	struct clk_input in;
	struct err err;
	char postcode[12] = "";

	arena_reset(arena);
	if (surname_normalise(span_str(r->surname), &surname, arena, &err) < 0
	    || forename_normalise(span_str(r->forename), &forename, arena, &err) < 0
	    || surname.whole.len < 3 || surname.whole.len >= NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < surname.whole.len; i++)
		if (!letter((char)surname.whole.ptr[i]))
			return false;
	memset(v, 0, sizeof(*v));
	memcpy(v->surname, surname.whole.ptr, surname.whole.len);
	bigrams_of(v->surname, v->has);
	address_words(&home, &words, arena);
	for (size_t i = 0, to = 0; r->postcode[i]; i++)
		if (r->postcode[i] != ' ')
			postcode[to++] = (char)(r->postcode[i] | 0x20);
	in = (struct clk_input){ .surname = surname.whole, .forename = forename.whole,
		.postcode = span_str(postcode), .words_n = words.n };
	memcpy(in.words, words.word, words.n * sizeof(in.words[0]));
	return encode(clk, which, &in, v->bits);
}

/* One of a household: neighbours in the generator's order are kin. */
static struct crowd
crowd_make(uint64_t seed, uint32_t n, enum which which)
{
	struct keyring *ring = attack_keyring(123, 1);
	struct clk *clk = clk_new(which == TRUSTED ? CLK_FIELDS : CLK_RECORD, ring->clk_key);
	struct attack_people people = attack_people_make(seed, n * 16);
	struct crowd c = { .v = mem_zalloc(n, sizeof(*c.v)) };
	const char *last = "";
	struct arena arena;

	arena_init(&arena, 0);
	for (uint32_t i = 0; i < people.n && c.n < n; i++) {
		const struct uk_record *r = &people.record[i];

		/* an address and a surname seen just before: the same family */
		if (strcmp(last, r->surname) == 0 || i % 7)
			continue;
		last = r->surname;
		c.n += victim_make(&c.v[c.n], clk, which, r, &arena);
	}
	MUST(c.n == n);
	arena_release(&arena);
	attack_people_free(&people);
	clk_free(clk);
	keyring_free(ring);
	return c;
}

/* --- a dictionary of surnames with how common each is: public knowledge */

struct dictionary {
	char (*name)[NAME_MAX_BYTES];
	double *log_share;
	uint32_t n;
};

static int
name_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct dictionary
dictionary_make(const struct crowd *public)
{
	struct dictionary d = { .n = 0 };
	char (*all)[NAME_MAX_BYTES] = mem_zalloc(public->n, sizeof(*all));

	for (uint32_t i = 0; i < public->n; i++)
		memcpy(all[i], public->v[i].surname, sizeof(all[i]));
	qsort(all, public->n, sizeof(*all), name_order);
	d.name = mem_zalloc(public->n, sizeof(*d.name));
	d.log_share = mem_zalloc(public->n, sizeof(*d.log_share));
	for (uint32_t i = 0, to = 0; i < public->n; i = to) {
		while (to < public->n && strcmp(all[to], all[i]) == 0)
			to++;
		memcpy(d.name[d.n], all[i], sizeof(all[i]));
		d.log_share[d.n++] = log((double)(to - i) / public->n);
	}
	mem_free(all);
	return d;
}

static void
dictionary_free(struct dictionary *d)
{
	mem_free(d->name);
	mem_free(d->log_share);
}

/* --- known pairs */

struct knowledge {
	float when[BIGRAMS][BITS][2]; /* log odds for the bigram, by the bit */
};

static bool
bit_of(const uint64_t *bits, uint32_t j)
{
	return bits[j / 64] >> j % 64 & 1;
}

/* least: how many standard deviations a bit must be off to say anything. */
static void
learn(const struct crowd *known, double least, struct knowledge *k)
{
	static uint32_t with[BIGRAMS], set[BIGRAMS][BITS], all[BITS];

	memset(with, 0, sizeof(with));
	memset(set, 0, sizeof(set));
	memset(all, 0, sizeof(all));
	for (uint32_t i = 0; i < known->n; i++)
		for (uint32_t j = 0; j < BITS; j++)
			all[j] += bit_of(known->v[i].bits, j);
	for (uint32_t i = 0; i < known->n; i++)
		for (uint32_t b = 0; b < BIGRAMS; b++) {
			if (!known->v[i].has[b])
				continue;
			with[b]++;
			for (uint32_t j = 0; j < BITS; j++)
				set[b][j] += bit_of(known->v[i].bits, j);
		}
	memset(k, 0, sizeof(*k));
	for (uint32_t b = 0; b < BIGRAMS; b++)
		for (uint32_t j = 0; with[b] >= 3 && j < BITS; j++) {
			double share = (all[j] + 1.0) / (known->n + 2.0);
			double here = (set[b][j] + share) / (with[b] + 1.0);

			if (fabs(here - share) < least * sqrt(share * (1 - share) / with[b]))
				continue;
			k->when[b][j][1] = (float)log(here / share);
			k->when[b][j][0] = (float)log((1 - here) / (1 - share));
		}
}

/* The bigrams of a word of the dictionary, each once. */
struct grams {
	uint16_t at[NAME_MAX_BYTES + 1];
	uint32_t n;
};

static struct grams *
grams_make(const struct dictionary *d)
{
	struct grams *g = mem_zalloc(d->n, sizeof(*g));
	bool has[BIGRAMS];

	for (uint32_t w = 0; w < d->n; w++) {
		bigrams_of(d->name[w], has);
		for (uint32_t b = 0; b < BIGRAMS; b++)
			if (has[b])
				g[w].at[g[w].n++] = (uint16_t)b;
	}
	return g;
}

enum { COMMONS = 2 };
static const double commons[COMMONS] = { 1, 3 }; /* how much a name's commonness weighs */

/* How many of the victims' surnames are the dictionary's best, of each weight of commonness. */
static void
guess(const struct knowledge *k, const struct crowd *victims, const struct dictionary *d,
    const struct grams *grams, uint32_t right[COMMONS])
{
	memset(right, 0, COMMONS * sizeof(right[0]));
	for (uint32_t i = 0; i < victims->n; i++) {
		double says[BIGRAMS], best[COMMONS] = { -1e300, -1e300 };
		uint32_t best_at[COMMONS] = { 0 };

		for (uint32_t b = 0; b < BIGRAMS; b++) {
			says[b] = 0;
			for (uint32_t j = 0; j < BITS; j++)
				says[b] += (double)k->when[b][j][bit_of(victims->v[i].bits, j)];
		}
		for (uint32_t w = 0; w < d->n; w++) {
			double sum = 0;

			for (uint32_t g = 0; g < grams[w].n; g++)
				sum += says[grams[w].at[g]];
			for (int c = 0; c < COMMONS; c++)
				if (sum + commons[c] * d->log_share[w] > best[c]) {
					best[c] = sum + commons[c] * d->log_share[w];
					best_at[c] = w;
				}
		}
		for (int c = 0; c < COMMONS; c++)
			right[c] += strcmp(d->name[best_at[c]], victims->v[i].surname) == 0;
	}
}

/* In thousandths, the best of several ways to weigh. */
static uint32_t
known_pairs(const struct crowd *known, const struct crowd *victims, const struct dictionary *d)
{
	static const double thresholds[] = { 0, 2, 3 };
	struct knowledge *k = mem_alloc(sizeof(*k));
	struct grams *grams = grams_make(d);
	uint32_t best = 0, right[COMMONS];

	for (size_t t = 0; t < sizeof(thresholds) / sizeof(thresholds[0]); t++) {
		learn(known, thresholds[t], k);
		guess(k, victims, d, grams, right);
		for (int c = 0; c < COMMONS; c++)
			best = right[c] > best ? right[c] : best;
	}
	mem_free(k);
	mem_free(grams);
	return best * 1000 / victims->n;
}

/* --- neighbours */

static uint32_t
ones(const uint64_t *a, const uint64_t *b)
{
	uint32_t n = 0;

	for (int w = 0; w < WORDS; w++)
		n += (uint32_t)__builtin_popcountll(a[w] & b[w]);
	return n;
}

static uint32_t
neighbours(const struct crowd *known, const struct crowd *victims)
{
	uint32_t right = 0;

	for (uint32_t i = 0; i < victims->n; i++) {
		const uint64_t *bits = victims->v[i].bits;
		double best = -1;
		uint32_t best_at = 0;

		for (uint32_t k = 0; k < known->n; k++) {
			const uint64_t *other = known->v[k].bits;
			double dice = 2.0 * ones(bits, other) / (ones(bits, bits) + ones(other, other) + 1);

			if (dice > best) {
				best = dice;
				best_at = k;
			}
		}
		right += strcmp(known->v[best_at].surname, victims->v[i].surname) == 0;
	}
	return right * 1000 / victims->n;
}

/* --- patterns */

/* Encodings turned: for each bit, who has it. */
struct columns {
	uint64_t *who[BITS];
	uint32_t words, n;
};

static uint32_t
count(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < words; w++)
		n += (uint32_t)__builtin_popcountll(a[w] & b[w]);
	return n;
}

static void
columns_make(struct columns *c, const struct crowd *crowd)
{
	c->n = crowd->n;
	c->words = (crowd->n + 63) / 64;
	for (uint32_t j = 0; j < BITS; j++) {
		c->who[j] = mem_zalloc(c->words, sizeof(uint64_t));
		for (uint32_t i = 0; i < crowd->n; i++)
			if (bit_of(crowd->v[i].bits, j))
				c->who[j][i / 64] |= UINT64_C(1) << i % 64;
	}
}

/* From one bit on, the bit that most of those who have all so far have too. */
static uint32_t
pattern_grow(const struct columns *c, uint32_t seed, const bool *used, bool in[BITS], uint64_t *all)
{
	uint32_t support = 0;

	memset(in, 0, BITS * sizeof(in[0]));
	memcpy(all, c->who[seed], c->words * sizeof(all[0]));
	in[seed] = true;
	for (int n = 1; n < PATTERN_BITS; n++) {
		uint32_t best = BITS;

		support = 0;
		for (uint32_t j = 0; j < BITS; j++) {
			uint32_t s = in[j] || used[j] ? 0 : count(all, c->who[j], c->words);

			if (s > support) {
				support = s;
				best = j;
			}
		}
		if (best == BITS)
			return 0;
		in[best] = true;
		for (uint32_t w = 0; w < c->words; w++)
			all[w] &= c->who[best][w];
	}
	return support;
}

/* Phi of "has all bits of the pattern" and "has the bigram"; the bigram it fits best counts: the
 * attacker is given how to name what is found. */
static double
pattern_fit(const struct crowd *crowd, const uint64_t *all)
{
	double best = 0;

	for (uint32_t b = 0; b < BIGRAMS; b++) {
		double both = 0, x = 0, y = 0, n = crowd->n, d;

		for (uint32_t i = 0; i < crowd->n; i++) {
			bool has = crowd->v[i].has[b], in = all[i / 64] >> i % 64 & 1;

			both += has && in;
			x += has;
			y += in;
		}
		d = x * (n - x) * y * (n - y);
		if (d > 0 && x >= 20 && (n * both - x * y) / sqrt(d) > best)
			best = (n * both - x * y) / sqrt(d);
	}
	return best;
}

/* The mean fit of the patterns that stand together most often, bit after bit struck off. */
static double
patterns(const struct crowd *crowd)
{
	struct columns c;
	bool used[BITS] = { false }, in[BITS], best_in[BITS] = { false };
	uint64_t *all, *best_all;
	double sum = 0;

	columns_make(&c, crowd);
	all = mem_zalloc(c.words, sizeof(*all));
	best_all = mem_zalloc(c.words, sizeof(*best_all));
	for (int p = 0; p < PATTERNS; p++) {
		uint32_t best = 0, tried = 0;

		for (uint32_t at = 0; at < BITS && tried < SEEDS; at++) {
			uint32_t seed = (at * 389 + (uint32_t)p * 97) % BITS, support;

			if (used[seed] || count(c.who[seed], c.who[seed], c.words) * 20 < c.n)
				continue;
			tried++;
			support = pattern_grow(&c, seed, used, in, all);
			if (support > best) {
				best = support;
				memcpy(best_in, in, sizeof(in));
				memcpy(best_all, all, c.words * sizeof(*all));
			}
		}
		for (uint32_t j = 0; j < BITS; j++)
			used[j] |= best_in[j];
		sum += best ? pattern_fit(crowd, best_all) : 0;
	}
	for (uint32_t j = 0; j < BITS; j++)
		mem_free(c.who[j]);
	mem_free(all);
	mem_free(best_all);
	return sum / PATTERNS;
}

/* --- the whole */

static void
crowd_free(struct crowd *c)
{
	mem_free(c->v);
}

static uint32_t
most_common(const struct crowd *victims, const struct dictionary *d)
{
	uint32_t best = 0, right = 0;

	for (uint32_t w = 0; w < d->n; w++)
		best = d->log_share[w] > d->log_share[best] ? w : best;
	for (uint32_t i = 0; i < victims->n; i++)
		right += strcmp(victims->v[i].surname, d->name[best]) == 0;
	return right * 1000 / victims->n;
}

static void
known_pair_attacks(enum which which, const char *what, uint32_t victims_n, struct dictionary *d)
{
	struct crowd known = crowd_make(101, KNOWN, which), victims = crowd_make(202, victims_n, which);
	uint32_t read = known_pairs(&known, &victims, d), near = neighbours(&known, &victims);
	uint32_t most = read > near ? read : near;

	switch (which) {
	case PLAIN:
	case SURNAME_PLAIN:
		attack_control(read >= 500, "%s, %d known pairs: %.1f%% of %u surnames", what, (int)KNOWN,
		    read / 10.0, victims_n);
		break;
	case HARDENED:
	case HARDENED_NAMES:
		attack_held(most <= BAR_PERCENT * 10, "%s, %d known pairs: %.1f%% of %u surnames, by the "
		    "most similar one %.1f%%; saying the commonest gives %.1f%%", what, (int)KNOWN,
		    read / 10.0, victims_n, near / 10.0, most_common(&victims, d) / 10.0);
		break;
	case TRUSTED:
		attack_note("%s, %d known pairs: %.1f%% of %u surnames: who is trusted with it must be",
		    what, (int)KNOWN, read / 10.0, victims_n);
		break;
	}
	crowd_free(&known);
	crowd_free(&victims);
}

static void
pattern_attack(enum which which, const char *what, uint32_t n)
{
	struct crowd crowd = crowd_make(303, n, which);
	double fit = patterns(&crowd);

	if (which == SURNAME_PLAIN)
		attack_control(fit >= 0.8, "%s, patterns in %u: they are bigrams with phi %.2f", what, n,
		    fit);
	else
		attack_held(fit <= 0.3, "%s, patterns in %u: phi %.2f to the bigram they fit best", what,
		    n, fit);
	crowd_free(&crowd);
}

int
main(void)
{
	struct crowd public = crowd_make(404, attack_size(12000, 40000), PLAIN);
	struct dictionary d = dictionary_make(&public);
	uint32_t victims = attack_size(200, 1000), crowd = attack_size(1200, 4000);

	attack_note("dictionary of %u surnames; %d bits a bigram, %d a bit of output", d.n, (int)CLK_K,
	    (int)CLK_T);
	known_pair_attacks(PLAIN, "plain CLK", victims, &d);
	known_pair_attacks(HARDENED, "profile record", victims, &d);
	known_pair_attacks(HARDENED_NAMES, "profile record, names alone", victims, &d);
	known_pair_attacks(TRUSTED, "profile trusted-matcher", victims, &d);
	pattern_attack(SURNAME_PLAIN, "plain filter of surnames", crowd);
	pattern_attack(HARDENED, "profile record", crowd);
	pattern_attack(HARDENED_NAMES, "profile record, names alone", crowd);
	dictionary_free(&d);
	crowd_free(&public);
	return attack_end();
}
