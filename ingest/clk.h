/*
 * clk - names and address as a keyed Bloom encoding, so that a slip of the
 * pen costs a few bits and not the whole match.
 *
 *	"example"  ─► _e ex xa am mp pl le e_      bigrams of code points
 *	    each   ─► k positions                  HMAC(key(field), bigram)
 *	    set    ─► x: one bit for each position, all fields in one filter
 *	    spread ─► y[j] = x[a] ^ x[b] ^ x[c]    a, b, c chosen by a key for each j
 *
 * x is what the literature calls a CLK (Schnell, Bachteler, Reiher 2011), with
 * positions drawn independently instead of double hashing (Niedermeyer,
 * Steinmetzer, Kroll, Schnell 2014).  x never leaves clk_make(): pattern mining
 * and a few hundred known pairs read names out of it.  y is its linear
 * diffusion (Armknecht, Heng, Schnell 2023, "Strengthening privacy-preserving
 * record linkage using diffusion"), t = 3.  No interface gives x, and none
 * lets t or k be chosen: `make attack` measures what is here, nothing else.
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
	CLK_VERSION = 1,   /* of the rules: part of what is keyed */
	CLK_K = 10,        /* positions of a bigram */
	CLK_T = 3,         /* bits that one output bit is made of */
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
