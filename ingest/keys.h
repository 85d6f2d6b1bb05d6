/*
 * keys - one key for each thing that is hidden, all from one master.
 *
 *	master ─HKDF─┬─ "outturn/1/token/<field>/epoch/<n>"   a token of each family
 *	             ├─ "outturn/1/signature/epoch/<n>"       of all encodings together
 *	             ├─ "outturn/1/clk/epoch/<n>"             of Bloom encodings (clk.h parts it further)
 *	             ├─ "outturn/1/event-id"                  never rotates
 *	             ├─ "outturn/1/episode"                   never rotates
 *	             └─ "outturn/1/seal", "outturn/1/seal-nonce"   never rotate
 *
 * A key for each field: equal values of two fields give unequal tokens.  The
 * epoch is in the name: two epochs share nothing, and both can be live.  Ids
 * outlive epochs, or every event would become another event.
 *
 * Keys enter as bytes; common/io/keyfile.h reads them.  A keyring belongs to
 * one thread and holds secrets: keyring_free() cleanses.
 */
#ifndef OUTTURN_INGEST_KEYS_H
#define OUTTURN_INGEST_KEYS_H

#include "common/digest.h"
#include "common/token.h"

enum { KEY_MASTER_BYTES = 32, KEY_EPOCH_MAX = 1000000 };

struct keyring {
	int32_t epoch;
	struct mac *token[TOKEN_FIELD_END]; /* by family; NULL where a field is not its own family */
	struct mac *signature;
	struct mac *event_id, *episode;
	struct mac *seal_nonce;
	uint8_t seal_key[MAC_KEY_BYTES];
	uint8_t clk_key[MAC_KEY_BYTES];
};

struct keyring *keyring_new(const uint8_t master[KEY_MASTER_BYTES], int32_t epoch); /* owned */
void keyring_free(struct keyring *ring);

/* HMAC(id key, organisation ‖ 0x00 ‖ record id), first 128 bits. */
struct id event_id_of(const struct keyring *ring, struct span organisation, struct span record_id);

/* The same for an agency's own id of a spell. */
struct id episode_id_of(const struct keyring *ring, struct span organisation, struct span episode);

/* HMAC(key(family, epoch), version ‖ family ‖ length, 2 bytes BE ‖ value), first 128 bits. */
struct id token_value(const struct keyring *ring, int32_t field, struct span value);

#endif
