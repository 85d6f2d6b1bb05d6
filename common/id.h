/*
 * id - 128-bit identifiers: events, units, outcomes, runs, signatures.
 *
 * Never random: each is a keyed or plain hash of what it names (see
 * architecture.md, "The facts"), except a run, which is drawn at start.
 * In text: 32 lower-case hex digits.
 */
#ifndef OUTTURN_ID_H
#define OUTTURN_ID_H

#include "common/span.h"

enum { ID_BYTES = 16, ID_HEX = 32 };

struct id {
	uint8_t b[ID_BYTES];
};

static inline int
id_cmp(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, ID_BYTES);
}

static inline bool
id_eq(const struct id *a, const struct id *b)
{
	return id_cmp(a, b) == 0;
}

static inline bool
id_is_zero(const struct id *a)
{
	static const struct id zero;

	return id_eq(a, &zero);
}

void id_hex(const struct id *id, char out[ID_HEX + 1]);
bool id_parse(struct id *id, struct span hex); /* false: not 32 lower-case hex digits */
void hex_of(const void *ptr, size_t len, char *out); /* out: 2 * len + 1 */
bool hex_parse(struct span hex, void *out, size_t len); /* exactly 2 * len digits */

#endif
