/*
 * span - bytes that somebody else owns.
 *
 * A span borrows; it is valid as long as what it points into.  ptr == NULL
 * means "absent" (Avro null), which is not the same as empty.
 */
#ifndef OUTTURN_SPAN_H
#define OUTTURN_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *ptr;
	size_t len;
};

#define SPAN_NONE ((struct span){ NULL, 0 })
#define SPAN_LIT(s) ((struct span){ (const uint8_t *)("" s), sizeof(s) - 1 })
#define SPAN_FMT "%.*s"
#define SPAN_ARG(s) (int)(s).len, (const char *)((s).ptr ? (s).ptr : (const uint8_t *)"")

static inline struct span
span_of(const void *ptr, size_t len)
{
	return (struct span){ (const uint8_t *)ptr, len };
}

static inline struct span
span_str(const char *s)
{
	return s ? span_of(s, strlen(s)) : SPAN_NONE;
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

/* Bytewise order, shorter first on a common prefix: <0, 0, >0. */
static inline int
span_cmp(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool
span_starts(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && memcmp(a.ptr, prefix, n) == 0;
}

#endif
