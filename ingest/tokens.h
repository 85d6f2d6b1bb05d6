/*
 * tokens - a person block as keyed tokens and their signature.
 *
 *	raw person ─normalise─► values ─HMAC─► tokens ─┬─► evidence
 *	     │                        └─clk.h─► clk ───┴─HMAC─► signature
 *	     └─► memo: the same block of the same agency is not computed again
 *
 * An agency sends a person again and again, and an HMAC is what costs here
 * (docs: 180-205 ns each, thirty a person).  Two caches hold earlier answers:
 * whole person blocks, and values that many people share (names, days,
 * sectors).  Both only answer what would be computed; a test holds them
 * against a tokeniser without.  They hold clear text: cleansed when freed.
 *
 * Borrows keyring and table.  Not thread-safe.
 */
#ifndef OUTTURN_INGEST_TOKENS_H
#define OUTTURN_INGEST_TOKENS_H

#include "common/arena.h"
#include "common/clk.h"
#include "common/err.h"
#include "common/record.h"
#include "common/token.h"
#include "ingest/frequency.h"
#include "ingest/keys.h"
#include "ingest/normalise.h"

enum token_profile {
	TOKENS_ALL,  /* whatever is present */
	TOKENS_MATCH, /* what a matcher of grades reads: no match-keys, no SLK */
	TOKENS_CORE, /* the nine of linkage.md only */
};

struct token_settings {
	enum token_profile profile;
	enum clk_profile clk;
	uint32_t memo_people; /* blocks kept, a power of two, 3 KiB each; 0: none */
	uint32_t memo_values; /* values kept, a power of two, 56 bytes each; 0: none */
};

#define TOKEN_SETTINGS_DEFAULT \
	{ .profile = TOKENS_ALL, .clk = CLK_OFF, .memo_people = 4096, .memo_values = 32768 }

/* From the settings of these names; ERR_FATAL names the one that is wrong. */
int token_settings_read(const char *tokens, const char *clk, struct token_settings *out,
    struct err *err);

/* What is known of a person once the names are gone. */
struct person_block {
	struct token tokens[TOKENS_MAX]; /* sorted by (field, value), none twice */
	uint32_t n;
	uint8_t clk[CLK_BYTES_MAX];
	uint32_t clk_len;                /* 0: none */
	struct id signature;             /* of tokens and clk */
	date_t dob, died;                /* DATE_NONE: absent */
	struct postcode postcode;        /* where the person lived on the day; len 0: absent */
};

struct person_context {
	struct span organisation;
	struct span sex;           /* canonical code, or absent */
	uint32_t current_address;  /* index, from address_current() */
	bool restricted;           /* no token of a place, none in the clk */
};

struct tokeniser;
struct tokeniser *tokeniser_new(const struct keyring *ring, const struct frequency *frequency,
    struct token_settings settings); /* owned */
void tokeniser_free(struct tokeniser *t);

/*
 * The block is the tokeniser's until the next call.  NULL: ERR_RECORD, the
 * person cannot be normalised.  `scratch` is used, and may be reset after.
 */
const struct person_block *tokeniser_person(struct tokeniser *t, const struct raw_person *raw,
    const struct person_context *context, struct arena *scratch, struct err *err);

#endif
