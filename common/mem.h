/*
 * mem - allocation that does not return NULL.
 *
 * Bounded memory is decided by limits with names (params.h), not by waiting
 * for malloc to fail: when it does fail the process ends, and a restart
 * recomputes.  mem_free(NULL) is allowed.
 */
#ifndef OUTTURN_MEM_H
#define OUTTURN_MEM_H

#include <stddef.h>

void *mem_alloc(size_t bytes);			/* owned, uninitialised */
void *mem_zalloc(size_t count, size_t bytes);	/* owned, zeroed; product is checked */
void *mem_realloc(void *ptr, size_t count, size_t bytes);
char *mem_strdup(const char *s);		/* owned */
void mem_free(void *ptr);

#endif
