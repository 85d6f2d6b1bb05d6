/*
 * hash - 64-bit hashing, and the two hash tables that everything uses.
 *
 * hash64 mixes 8 bytes a step by 64x64->128 multiplication (the construction
 * of Wang Yi's wyhash).  It is not cryptographic: seed it with something an
 * agency cannot know wherever input chooses the keys.
 *
 * idmap:  16-byte id  -> uint32_t, flat, linear probing, backward-shift delete.
 * strmap: bytes       -> uint64_t, keys copied and owned.
 *
 * Both: caller's memory, init/release; iteration order is the table's, so
 * whoever needs a stable order sorts.
 */
#ifndef OUTTURN_HASH_H
#define OUTTURN_HASH_H

#include "common/id.h"

uint64_t hash64(const void *ptr, size_t len, uint64_t seed);

struct idmap_slot {
	struct id key;
	uint32_t value;
	uint32_t used;
};

struct idmap {
	struct idmap_slot *slots;
	uint32_t cap; /* power of two, 0 before first use */
	uint32_t count;
	uint64_t seed;
};

void idmap_init(struct idmap *m, uint64_t seed);
void idmap_release(struct idmap *m);
uint32_t *idmap_find(const struct idmap *m, const struct id *key); /* NULL: absent */
uint32_t *idmap_put(struct idmap *m, const struct id *key, bool *fresh); /* value 0 if fresh */
bool idmap_del(struct idmap *m, const struct id *key);
/* for (uint32_t i = 0; (s = idmap_next(m, &i)); ) ... */
struct idmap_slot *idmap_next(const struct idmap *m, uint32_t *at);

struct strmap_slot {
	uint8_t *key; /* owned; NULL: free */
	uint32_t len;
	uint32_t hash; /* upper half of hash64 */
	uint64_t value;
};

struct strmap {
	struct strmap_slot *slots;
	uint32_t cap;
	uint32_t count;
	uint64_t seed;
};

void strmap_init(struct strmap *m, uint64_t seed);
void strmap_release(struct strmap *m);
uint64_t *strmap_find(const struct strmap *m, struct span key);
uint64_t *strmap_put(struct strmap *m, struct span key, bool *fresh); /* value 0 if fresh */
bool strmap_del(struct strmap *m, struct span key);
struct strmap_slot *strmap_next(const struct strmap *m, uint32_t *at);

#endif
