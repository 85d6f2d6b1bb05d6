/*
 * seal - under which nonce and to which place a reject's payload is sealed.
 *
 * The nonce is made from what is sealed and where it came from, so that sealing
 * it again gives the same bytes, and one nonce never covers two payloads:
 *
 *	place = "r/raw.council-a/1/41"		the record's key in `rejected`
 *	nonce = HMAC(seal-nonce key, place ‖ SHA-256(payload)), first 12 bytes
 *	sealed = AES-256-GCM(seal key, nonce, payload, bound to place)
 *
 * Pure; common/io/crypto.h seals and unseals.
 */
#ifndef OUTTURN_INGEST_SEAL_H
#define OUTTURN_INGEST_SEAL_H

#include "common/record.h"
#include "ingest/keys.h"

enum { SEAL_PLACE_NONCE_BYTES = 12 };

/* Replaces out's content. */
void seal_place(const struct source *source, struct buf *out);
void seal_nonce(const struct keyring *ring, struct span place,
    const uint8_t raw_sha256[SHA256_BYTES], uint8_t nonce[SEAL_PLACE_NONCE_BYTES]);

#endif
