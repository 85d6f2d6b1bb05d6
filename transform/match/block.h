/*
 * block - posting lists: which signatures share the fields of a block.
 *
 * A block of more than BLOCK_SIGNATURES_MAX signatures makes no edges, whoever
 * came first: the limit is a function of the set.
 *
 * Pure.  Not thread-safe.
 */
#ifndef OUTTURN_BLOCK_H
#define OUTTURN_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct posting {
	uint64_t hash; /* 0: a free slot */
	uint32_t n, cap;
	union {
		uint32_t one[2];  /* up to two in place */
		uint32_t *many;   /* owned */
	} at;
};

struct blocks {
	struct posting *slots;
	size_t cap, count;
	size_t many_bytes;
};

void blocks_init(struct blocks *b);
void blocks_release(struct blocks *b);
/* Members now, also those of a block past the limit. */
uint32_t blocks_add(struct blocks *b, uint64_t hash, uint32_t member);
uint32_t blocks_del(struct blocks *b, uint64_t hash, uint32_t member);
/* *n 0: no such block. */
const uint32_t *blocks_members(const struct blocks *b, uint64_t hash, uint32_t *n);
size_t blocks_bytes(const struct blocks *b);

#endif
