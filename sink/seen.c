#include "sink/seen.h"

#include "common/hash.h"
#include "common/mem.h"

enum {
	SEEN_WORDS = 256 * 1024, /* 2 MiB; a power of two */
	SEEN_SEED = 0x5ee7,
};

void
seen_begin(struct seen *s)
{
	seen_drop(s);
	s->words = mem_zalloc(SEEN_WORDS, sizeof(*s->words));
}

void
seen_drop(struct seen *s)
{
	mem_free(s->words);
	s->words = NULL;
}

bool
seen_put(struct seen *s, struct span key)
{
	uint64_t h, bits, *word;
	bool fresh;

	if (!s->words)
		return false;
	h = hash64(key.ptr, key.len, SEEN_SEED);
	word = &s->words[h & (SEEN_WORDS - 1)];
	bits = 1ULL << (h >> 58) | 1ULL << (h >> 52 & 63) | 1ULL << (h >> 46 & 63)
	    | 1ULL << (h >> 40 & 63);
	fresh = (*word & bits) != bits;
	*word |= bits;
	return fresh;
}
