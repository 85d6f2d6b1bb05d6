/*
 * keys - one key for each thing that is hidden, all from one master.
 *
 *	of the epoch ─HKDF─┬─ "outturn/1/<purpose>/token/<field>/epoch/<n>"   of each family
 *	                   ├─ "outturn/1/<purpose>/signature/epoch/<n>"       of all encodings
 *	                   └─ "outturn/1/<purpose>/clk/epoch/<n>"             clk.h parts it further
 *	the first ─────────┬─ "outturn/1/<purpose>/event-id", "…/episode"
 *	                   └─ "outturn/1/<purpose>/seal", "…/seal-nonce"
 *
 * A key for each field: equal values of two fields give unequal tokens.  The
 * purpose is what the records are linked for: two purposes share nothing, not
 * even a master by mistake.  The epoch is in the name, and a later epoch has a
 * master of its own (a rotation is for when the first may be known): two epochs
 * share nothing, and both can be live.  Ids and seals stay with the first
 * master, or every event would become another event.
 *
 * Keys enter as bytes; common/io/keyfile.h reads them.  A keyring belongs to
 * one thread and holds secrets: keyring_free() cleanses.
 */
#ifndef OUTTURN_INGEST_KEYS_H
#define OUTTURN_INGEST_KEYS_H

#include "common/digest.h"
#include "common/token.h"

enum { KEY_MASTER_BYTES = 32, KEY_EPOCH_MAX = 1000000, KEY_PURPOSE_MAX = 32 };

struct keyring {
	int32_t epoch;
	struct mac *token[TOKEN_FIELD_END]; /* by family; NULL where a field is not its own family */
	struct mac *signature;
	struct mac *event_id, *episode;
	struct mac *seal_nonce;
	uint8_t seal_key[MAC_KEY_BYTES];
	uint8_t clk_key[MAC_KEY_BYTES];
};

struct keyring_from {
	const uint8_t *first, *of_epoch; /* masters, KEY_MASTER_BYTES each; may be one */
	int32_t epoch;
	const char *purpose;             /* letters, digits, '-': keyring_purpose_valid() */
};

struct keyring *keyring_make(const struct keyring_from *from); /* owned */
/* One master, for the purpose "outcomes". */
struct keyring *keyring_new(const uint8_t master[KEY_MASTER_BYTES], int32_t epoch);
bool keyring_purpose_valid(const char *purpose);
void keyring_free(struct keyring *ring);

/* HMAC(id key, organisation ‖ 0x00 ‖ record id), first 128 bits. */
struct id event_id_of(const struct keyring *ring, struct span organisation, struct span record_id);

/* The same for an agency's own id of a spell. */
struct id episode_id_of(const struct keyring *ring, struct span organisation, struct span episode);

/* HMAC(key(family, epoch), version ‖ family ‖ length, 2 bytes BE ‖ value), first 128 bits. */
struct id token_value(const struct keyring *ring, int32_t field, struct span value);

#endif
