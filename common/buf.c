#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"
#include "common/must.h"

void
buf_release(struct buf *b)
{
	mem_free(b->ptr);
	*b = (struct buf)BUF_INIT;
}

void
buf_grow(struct buf *b, size_t more)
{
	size_t want, cap = b->cap ? b->cap : 64;

	MUST(more < SIZE_MAX / 4 - b->len);
	want = b->len + more + 1;
	while (cap < want)
		cap *= 2;
	if (cap == b->cap)
		return;
	b->ptr = mem_realloc(b->ptr, cap, 1);
	b->cap = cap;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	MUST(n >= 0);
	buf_grow(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
	(void)buf_cstr(b);
}

const char *
buf_cstr(struct buf *b)
{
	buf_grow(b, 1);
	b->ptr[b->len] = '\0';
	return (const char *)b->ptr;
}
