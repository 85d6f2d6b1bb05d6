/*
 * signature - the distinct sets of encodings: what is matched.
 *
 * Repeated events of one person from one agency carry the same signature and
 * cost one look-up.  Tokens are keyed again on arrival, with a key of matchd's
 * own, and cut to 64 bits, so that an image of this memory cannot be compared
 * with what travelled:
 *
 *	kept     index key: HMAC(family ‖ token), first 8 bytes; what compare.h and row.h read
 *	dropped  composites that no comparison reads
 *
 * Two different values of one field meet with probability 2^-64 a pair.
 */
#ifndef OUTTURN_SIGNATURE_H
#define OUTTURN_SIGNATURE_H

#include "common/digest.h"
#include "common/hash.h"
#include "common/record.h"
#include "common/token.h"
#include "transform/match/cluster.h"
#include "transform/match/model.h"

/* How a node (all events of a signature, or one event that a review names) is linked now. */
struct node_state {
	struct id unit;     /* zero: not placed */
	struct id partner;  /* smallest event of the node it was joined by; zero: none */
	int64_t weight_mbit;
	int16_t step;       /* of the model; NODE_* below */
	uint8_t levels[MODEL_LEVELS_MAX];
	uint8_t levels_n;
};

enum { NODE_SINGLE = -1, NODE_REVIEW = -2, NODE_SAME = -3 };

struct signature {
	struct id keyed;       /* HMAC(unit key, signature) */
	struct id nhs_unit;    /* HMAC(unit key, NHS token); zero: none */
	uint64_t *values;      /* n values, then n fields and n frequencies; owned */
	uint64_t *blocks;      /* hashes of the blocks it stands in; owned */
	uint16_t n, blocks_n;
	uint32_t organisation; /* of LOCAL_ID, interned; 0: none */
	uint32_t events;       /* first live event + 1; 0: none */
	uint32_t live;         /* how many */
	struct id smallest;    /* of its live events that no review names; zero: none */
	struct id smallest_placed;
	struct node_state plain;
	uint32_t mark, seen;   /* of the walk, and of the member, that saw it last */
	uint32_t named;        /* live events of it that a review names */
	uint32_t asked;        /* first pair that a person is asked of, + 1 */
	bool dirty, posted;
};

struct signature_keys {
	struct mac *index, *unit;
};

/* Fills what depends on the tokens alone. */
void signature_make(struct signature *s, const struct evidence *ev,
    const struct signature_keys *keys, const struct model *model);
void signature_blocks(struct signature *s, const struct model *model);
void signature_release(struct signature *s);
struct token_view signature_tokens(const struct signature *s);
uint64_t signature_value(const struct signature *s, int field); /* first; 0: none */

#endif
