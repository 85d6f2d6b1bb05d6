#include "common/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"
#include "common/must.h"

enum { CHUNK_BYTES = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t cap, used;
	_Alignas(16) uint8_t data[];
};

void
arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){ .limit_bytes = limit_bytes };
}

void
arena_release(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->first; c; c = next) {
		next = c->next;
		mem_free(c);
	}
	a->first = a->now = NULL;
	a->used_bytes = 0;
}

void
arena_reset(struct arena *a)
{
	a->now = a->first;
	if (a->now)
		a->now->used = 0;
	a->used_bytes = 0;
}

static struct arena_chunk *
chunk_for(struct arena *a, size_t bytes)
{
	struct arena_chunk *c = a->now, *fresh;

	while (c && c->cap - c->used < bytes && c->next) {
		c = c->next;
		c->used = 0;
		a->now = c;
	}
	if (c && c->cap - c->used >= bytes)
		return c;
	fresh = mem_alloc(sizeof(*fresh) + (bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES));
	fresh->cap = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	fresh->used = 0;
	fresh->next = NULL;
	if (c)
		c->next = fresh;
	else
		a->first = fresh;
	a->now = fresh;
	return fresh;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	struct arena_chunk *c;
	void *ptr;

	if (bytes > SIZE_MAX / 4)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	if (a->limit_bytes && bytes > a->limit_bytes - a->used_bytes)
		return NULL;
	c = chunk_for(a, bytes);
	ptr = c->data + c->used;
	c->used += bytes;
	a->used_bytes += bytes;
	return ptr;
}

void *
arena_zalloc(struct arena *a, size_t count, size_t bytes)
{
	void *ptr;

	if (bytes && count > SIZE_MAX / 4 / bytes)
		return NULL;
	ptr = arena_alloc(a, count * bytes);
	return ptr ? memset(ptr, 0, count * bytes) : NULL;
}

struct span
arena_copy(struct arena *a, struct span s)
{
	void *ptr;

	if (!s.ptr)
		return SPAN_NONE;
	ptr = arena_alloc(a, s.len ? s.len : 1);
	if (!ptr)
		return SPAN_NONE;
	if (s.len)
		memcpy(ptr, s.ptr, s.len);
	return span_of(ptr, s.len);
}

char *
arena_str(struct arena *a, struct span s)
{
	char *ptr = arena_alloc(a, s.len + 1);

	if (!ptr)
		return NULL;
	if (s.len)
		memcpy(ptr, s.ptr, s.len);
	ptr[s.len] = '\0';
	return ptr;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *ptr;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	MUST(n >= 0);
	ptr = arena_alloc(a, (size_t)n + 1);
	if (!ptr)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(ptr, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return ptr;
}
