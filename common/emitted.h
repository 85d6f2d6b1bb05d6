/*
 * emitted - what stands in a level's outputs: for each key a hash of its value.
 *
 * There is an entry for every link and every outcome, so it is kept small: a key
 * of one id takes 24 bytes, one of two ids 40; the first key of two ids makes all
 * entries wide.  What does not stand has no entry.
 *
 *	word   [ hash of the value, 58 bits | type | queued | state ]   0: free
 *	a      [ 16 bytes ]
 *	b      [ 16 bytes ]   wide only
 *
 * Flat, linear probing, backward-shift deletion; grows by a quarter at seven
 * eighths, so that on average four fifths are used.
 *
 * Pointers to slots hold until the next put or drop.
 */
#ifndef OUTTURN_EMITTED_H
#define OUTTURN_EMITTED_H

#include "common/topic.h"

enum emitted_state { EMITTED_ABSENT, EMITTED_KNOWN, EMITTED_UNKNOWN };

struct emitted_key {
	struct id a, b; /* b zero: an outcome's */
	uint8_t type;   /* enum key_type: UNIT_EVENT, UNIT_DECISION, PAIR or OUTCOME */
};

struct emitted_slot {
	uint64_t word;
	struct id a;
	struct id b[];
};

struct emitted {
	uint8_t *slots;
	size_t cap, count;
	size_t width; /* bytes of a slot */
	uint64_t seed;
};

void emitted_init(struct emitted *e, uint64_t seed);
void emitted_release(struct emitted *e);
size_t emitted_bytes(const struct emitted *e);

/* NULL: absent and not queued. */
struct emitted_slot *emitted_find(const struct emitted *e, const struct emitted_key *key);
/* Absent and not queued, where it is new; then it is to be set or dropped. */
struct emitted_slot *emitted_put(struct emitted *e, const struct emitted_key *key);
/* Others may move up; returns the first place that may hold another now. */
size_t emitted_drop(struct emitted *e, struct emitted_slot *s);

enum emitted_state emitted_state(const struct emitted_slot *s); /* NULL: absent */
/* hash: of the value, as EMITTED_KNOWN has it. */
void emitted_set(struct emitted_slot *s, enum emitted_state state, uint64_t hash);
bool emitted_same(const struct emitted_slot *s, uint64_t hash); /* known, with this hash */
bool emitted_queued(const struct emitted_slot *s);
void emitted_queue(struct emitted_slot *s, bool queued);

/* The entry at a place below `cap`; false: free. */
bool emitted_at(const struct emitted *e, size_t at, struct emitted_key *key);

#endif
