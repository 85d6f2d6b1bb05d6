/*
 * buf - bytes that grow.
 *
 * Caller's memory: `struct buf b = BUF_INIT; ... buf_release(&b);`.
 * buf_reset() keeps the memory for reuse: a hot loop allocates once.
 * ptr is always NUL-terminated after a write by buf_printf/buf_str (the NUL
 * is not counted in len).
 */
#ifndef OUTTURN_BUF_H
#define OUTTURN_BUF_H

#include "common/span.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
};

#define BUF_INIT { NULL, 0, 0 }

void buf_release(struct buf *b);
void buf_grow(struct buf *b, size_t more); /* room for `more` bytes past len */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_str(struct buf *b, const char *s);

static inline void
buf_reset(struct buf *b)
{
	b->len = 0;
}

static inline void
buf_add(struct buf *b, const void *ptr, size_t len)
{
	if (b->cap - b->len < len)
		buf_grow(b, len);
	if (len)
		memcpy(b->ptr + b->len, ptr, len);
	b->len += len;
}

static inline void
buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.ptr, s.len);
}

static inline void
buf_byte(struct buf *b, uint8_t byte)
{
	buf_add(b, &byte, 1);
}

static inline struct span
buf_view(const struct buf *b)
{
	return span_of(b->ptr, b->len);
}

/* NUL-terminated view; borrows from b. */
const char *buf_cstr(struct buf *b);

#endif
