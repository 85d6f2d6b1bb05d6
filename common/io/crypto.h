/*
 * crypto - seals and signatures, on OpenSSL; no type of its shows here.
 *
 * Seal: AES-256-GCM with a nonce made from the content (HMAC of position and
 * SHA-256 of the payload under a key of its own), so that sealing the same
 * thing again gives the same bytes and one nonce never covers two payloads.
 *
 * Signature: Ed25519 over single-object encoding (fingerprint and body) of the
 * record with its signature absent, behind the text "outturn-signed-1\n".
 * Whoever has the schema can check it without our programs.
 */
#ifndef OUTTURN_IO_CRYPTO_H
#define OUTTURN_IO_CRYPTO_H

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/io/avro.h"

enum { SEAL_NONCE_BYTES = 12, SEAL_TAG_BYTES = 16, SIGN_KEY_BYTES = 32, SIGN_BYTES = 64 };

void crypto_random(void *out, size_t len); /* from the kernel; ends the process if it cannot */
void crypto_cleanse(void *ptr, size_t len);

/* Appends ciphertext and tag.  aad: what is bound to it in clear. */
void crypto_seal(const uint8_t key[MAC_KEY_BYTES], const uint8_t nonce[SEAL_NONCE_BYTES],
    struct span aad, struct span clear, struct buf *out);
/* false: not sealed with this key, nonce and aad. */
bool crypto_unseal(const uint8_t key[MAC_KEY_BYTES], const uint8_t nonce[SEAL_NONCE_BYTES],
    struct span aad, struct span sealed, struct buf *out);

void sign_public(const uint8_t secret[SIGN_KEY_BYTES], uint8_t public[SIGN_KEY_BYTES]);
void sign_bytes(const uint8_t secret[SIGN_KEY_BYTES], struct span msg, uint8_t sig[SIGN_BYTES]);
bool sign_check(const uint8_t public[SIGN_KEY_BYTES], struct span msg, struct span sig);

/* What is signed for a record: `signature_at` is where its struct span `signature` lies. */
void sign_message(struct av_catalogue *cat, const struct av_record *binding, const void *rec,
    size_t signature_at, struct buf *out);

#endif
