/*
 * naive - the rules of docs/matching.md a second time, slow and obvious.
 *
 * No increment: all facts at once, sorted lists instead of indexes, every pair
 * of a block compared.  It is what match.h is held against
 * (tests/property/prop_match.c), and what `outturn recompute` links people with.
 *
 * Shared with match.h on purpose: the model and the comparison of two token
 * sets (pure, and tested by themselves), HMAC and hash64.
 */
#ifndef OUTTURN_NAIVE_H
#define OUTTURN_NAIVE_H

#include "transform/match/match.h"

struct naive_decision {
	struct id id, anchor;
	struct span bytes;
	struct source at;
};

struct naive_review {
	struct id a, b; /* a < b */
	bool same;
};

struct naive_input {
	const struct evidence *evidence; /* what stands for each raw position, each once */
	size_t evidence_n;
	const struct id *suppressed;
	size_t suppressed_n;
	const struct naive_review *reviews; /* in force, each pair once */
	size_t reviews_n;
	const struct naive_decision *decisions;
	size_t decisions_n;
	const struct span *one_record; /* organisations with one record a person */
	size_t one_record_n;
	const struct model *model;
	const struct match_keys *keys;
};

/* Every record that should stand in linked, in no order; spans borrow from the input and live
 * during the call. */
void naive_match(const struct naive_input *in,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg);

#endif
