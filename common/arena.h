/*
 * arena - memory with one end: everything from it dies at arena_reset().
 *
 *	chunk -> [ used | free ]      a new chunk when it does not fit
 *
 * For one record, one person, one file.  arena_reset() keeps the chunks, so
 * a loop that reuses its arena stops allocating after the largest round.
 * `limit_bytes` bounds what one round may take: past it arena_alloc() returns
 * NULL (hostile input asks for a lot), and only then.
 */
#ifndef OUTTURN_ARENA_H
#define OUTTURN_ARENA_H

#include "common/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *first, *now;
	size_t used_bytes; /* this round, of all chunks */
	size_t limit_bytes;
};

void arena_init(struct arena *a, size_t limit_bytes); /* 0: no limit */
void arena_release(struct arena *a);
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes);     /* 16-aligned, uninitialised; NULL past limit */
void *arena_zalloc(struct arena *a, size_t count, size_t bytes);
struct span arena_copy(struct arena *a, struct span s); /* SPAN_NONE stays SPAN_NONE */
char *arena_str(struct arena *a, struct span s);      /* NUL-terminated copy */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
