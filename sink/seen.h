/*
 * seen - which keys a table surely has not.
 *
 * A table that was empty when we began holds what we put there and nothing
 * else: a key that we never put is new, and need not be asked for.  That spares
 * the first load of a warehouse a look-up a row.
 *
 *	key ─hash64─► one word of 2 MiB ─► four bits of it      all set: perhaps seen
 *
 * A Bloom filter: "new" is certain, "perhaps" has to be asked.  It grows vaguer
 * as it fills (at a million keys two of a hundred new ones are "perhaps", at
 * four million one in three) and is dropped once it no longer knows everything.
 *
 * Pure.
 */
#ifndef OUTTURN_SINK_SEEN_H
#define OUTTURN_SINK_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

struct seen {
	uint64_t *words; /* owned; NULL: nothing is certain */
};

void seen_begin(struct seen *s); /* the table is empty now */
void seen_drop(struct seen *s);  /* from now on every key is perhaps there */
/* True: the key was never put before.  It has been now. */
bool seen_put(struct seen *s, struct span key);

#endif
