/*
 * digest - SHA-256, HMAC, HKDF for the cores, without a foreign header.
 *
 * Keys are parameters: a core is handed a `struct mac *`, never a key file.
 * Implemented by common/io/digest.c on OpenSSL, whose hardware paths we keep; a
 * mac keeps its states behind the key, which halves what a short message costs.
 * Not thread-safe: one struct mac belongs to one thread.
 */
#ifndef OUTTURN_DIGEST_H
#define OUTTURN_DIGEST_H

#include "common/id.h"

enum { SHA256_BYTES = 32, MAC_KEY_BYTES = 32 };

void sha256(struct span in, uint8_t out[SHA256_BYTES]);

struct sha256_ctx; /* incremental */
struct sha256_ctx *sha256_new(void); /* owned */
void sha256_free(struct sha256_ctx *ctx);
void sha256_begin(struct sha256_ctx *ctx);
void sha256_add(struct sha256_ctx *ctx, struct span in);
void sha256_end(struct sha256_ctx *ctx, uint8_t out[SHA256_BYTES]);

struct mac; /* HMAC-SHA-256 with its key set; the key is cleansed by mac_free() */
struct mac *mac_new(const uint8_t key[MAC_KEY_BYTES]); /* owned */
void mac_free(struct mac *mac);
void mac_sum(struct mac *mac, struct span msg, uint8_t out[SHA256_BYTES]);
struct id mac_id(struct mac *mac, struct span msg); /* the first 128 bits */

/* RFC 5869, SHA-256, empty salt: one 32-byte key for one (master, info). */
void hkdf_sha256(struct span master, struct span info, uint8_t out[MAC_KEY_BYTES]);

#endif
