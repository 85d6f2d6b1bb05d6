/*
 * clk - names and address as a keyed Bloom encoding, so that a slip of the
 * pen costs a few bits and not the whole match.
 *
 *	"example"  ─► _e ex xa am mp pl le e_      bigrams of code points
 *	    each   ─► k positions                  HMAC(key(field), bigram)
 *	    set    ─► x: one bit for each position, all fields in one filter
 *	    spread ─► y[j] = x[a] ^ x[b] ^ ...     t inputs chosen by a key for each j
 *
 * x is what the literature calls a CLK (Schnell, Bachteler, Reiher 2011), with
 * positions drawn independently instead of double hashing (Niedermeyer,
 * Steinmetzer, Kroll, Schnell 2014).  x never leaves clk_make(): pattern mining
 * and a few hundred known pairs read names out of it.  y is its linear
 * diffusion (Armknecht, Heng, Schnell 2023, "Strengthening privacy-preserving
 * record linkage using diffusion").  No interface gives x, and none lets t or k
 * be chosen: `make attack` measures what is here, nothing else.
 *
 *	profile            k                     t
 *	record             10; names alone: 30   5; names alone: 8
 *	trusted-matcher    10                    3
 *
 * What y tells of one bit of x goes with (1 - 2p)^(t - 1) * (1 - p), p being the
 * share of ones in x.  At t = 3 a classifier reads 27 of a hundred surnames from
 * 2,000 known pairs, at t = 5 two (tests/attack/attack_clk.c).  Names alone set so
 * few bits, and are so much the surname, that they get more positions each and a
 * wider t.  Diffusion costs range, not order:
 * Dice of two is about 1/2 + (1 - 2d)^t / 2, d the share of x that differs.
 *
 * Keys: HKDF(clk key of the epoch, profile ‖ field).  Equal bigrams of two
 * fields set unrelated bits; so do those of two profiles, two epochs.
 *
 * Bigrams of letters and digits are computed once, when the encoder is made
 * (37 × 37 for each field); others when they are met, and remembered.  Both
 * tables are key material: cleansed when freed.
 *
 * Pure.  Not thread-safe.
 */
#ifndef OUTTURN_INGEST_CLK_H
#define OUTTURN_INGEST_CLK_H

#include "common/clk.h"
#include "common/digest.h"

enum {
	CLK_VERSION = 2,   /* of the rules: part of what is keyed */
	CLK_K = 10,        /* positions of a bigram */
	CLK_K_ALONE = 30,  /* profile record, with fewer than CLK_WORDS_FEW words of an address */
	CLK_WORDS_FEW = 3,
	CLK_T = 5,         /* bits that one output bit is made of */
	CLK_T_ALONE = 8,   /* the same where k is CLK_K_ALONE */
	CLK_T_FIELDS = 3,  /* the same of profile trusted-matcher */
	CLK_WORDS_MAX = 32 /* of an address; further ones are left out */
};

/* In normal form (normalise.h, address.h); len 0: absent. */
struct clk_input {
	struct span surname, forename, postcode;
	struct span words[CLK_WORDS_MAX]; /* of the address, in any order */
	size_t words_n;
};

struct clk;
/* key: of the epoch (keys.h).  Owned. */
struct clk *clk_new(enum clk_profile profile, const uint8_t key[MAC_KEY_BYTES]);
void clk_free(struct clk *clk);

/* Bytes written to `out`; 0: without any name there is nothing to encode. */
size_t clk_make(struct clk *clk, const struct clk_input *in, uint8_t out[CLK_BYTES_MAX]);

#endif
