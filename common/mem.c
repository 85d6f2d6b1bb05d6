#include "common/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/must.h"

void *
mem_alloc(size_t bytes)
{
	void *ptr = malloc(bytes ? bytes : 1);

	MUST(ptr != NULL);
	return ptr;
}

void *
mem_zalloc(size_t count, size_t bytes)
{
	void *ptr = calloc(count ? count : 1, bytes ? bytes : 1);

	MUST(ptr != NULL);
	return ptr;
}

void *
mem_realloc(void *ptr, size_t count, size_t bytes)
{
	size_t total;

	MUST(!__builtin_mul_overflow(count, bytes, &total));
	ptr = realloc(ptr, total > 0 ? total : 1);
	MUST(ptr != NULL);
	return ptr;
}

char *
mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

void
mem_free(void *ptr)
{
	free(ptr);
}
