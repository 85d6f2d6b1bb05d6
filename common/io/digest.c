/*
 * digest - common/digest.h on OpenSSL.
 *
 * An HMAC hashes its key first: two of the four blocks of a short message's.
 * A struct mac keeps the two states behind the key, and each sum begins there:
 *
 *	key ^ ipad ─► inner ──copy──► msg ──► 32 bytes ─┐
 *	key ^ opad ─► outer ──copy──────────────────────┴─► out
 *
 * That needs SHA-256's state as a value, so it is the low-level interface that
 * is used here, deprecated in 3.0 and there in all of 3: the same block function
 * (SHA-NI where the processor has it) without EVP's allocation and dispatch at
 * each message, which cost more than a short message's hash.
 *
 * Failures of these calls mean a broken library or no memory: MUST, not err.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "common/mem.h"
#include "common/must.h"

_Static_assert((int)SHA256_BYTES == SHA256_DIGEST_LENGTH, "a SHA-256");

struct sha256_ctx {
	SHA256_CTX state;
};

struct sha256_ctx *
sha256_new(void)
{
	return mem_zalloc(1, sizeof(struct sha256_ctx));
}

void
sha256_free(struct sha256_ctx *c)
{
	mem_free(c);
}

void
sha256_begin(struct sha256_ctx *c)
{
	MUST(SHA256_Init(&c->state) == 1);
}

void
sha256_add(struct sha256_ctx *c, struct span in)
{
	if (in.len)
		MUST(SHA256_Update(&c->state, in.ptr, in.len) == 1);
}

void
sha256_end(struct sha256_ctx *c, uint8_t out[SHA256_BYTES])
{
	MUST(SHA256_Final(out, &c->state) == 1);
}

void
sha256(struct span in, uint8_t out[SHA256_BYTES])
{
	struct sha256_ctx c;

	sha256_begin(&c);
	sha256_add(&c, in);
	sha256_end(&c, out);
}

/* --- HMAC (RFC 2104) */

struct mac {
	SHA256_CTX inner, outer; /* behind the key's block: as secret as the key */
};

static void
key_block(SHA256_CTX *state, const uint8_t key[MAC_KEY_BYTES], uint8_t pad)
{
	uint8_t block[SHA256_CBLOCK];

	memset(block, pad, sizeof(block));
	for (int i = 0; i < MAC_KEY_BYTES; i++)
		block[i] ^= key[i];
	MUST(SHA256_Init(state) == 1 && SHA256_Update(state, block, sizeof(block)) == 1);
	OPENSSL_cleanse(block, sizeof(block));
}

struct mac *
mac_new(const uint8_t key[MAC_KEY_BYTES])
{
	struct mac *m = mem_alloc(sizeof(*m));

	key_block(&m->inner, key, 0x36);
	key_block(&m->outer, key, 0x5c);
	return m;
}

void
mac_free(struct mac *m)
{
	if (!m)
		return;
	OPENSSL_cleanse(m, sizeof(*m));
	mem_free(m);
}

void
mac_sum(struct mac *m, struct span msg, uint8_t out[SHA256_BYTES])
{
	SHA256_CTX state = m->inner;

	if (msg.len)
		MUST(SHA256_Update(&state, msg.ptr, msg.len) == 1);
	MUST(SHA256_Final(out, &state) == 1);
	state = m->outer;
	MUST(SHA256_Update(&state, out, SHA256_BYTES) == 1 && SHA256_Final(out, &state) == 1);
	explicit_bzero(&state, sizeof(state));
}

struct id
mac_id(struct mac *m, struct span msg)
{
	uint8_t full[SHA256_BYTES];
	struct id id;

	mac_sum(m, msg, full);
	memcpy(id.b, full, ID_BYTES);
	return id;
}

void
hkdf_sha256(struct span master, struct span info, uint8_t out[MAC_KEY_BYTES])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[4];

	MUST(ctx != NULL);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)master.ptr, master.len);
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.ptr, info.len);
	params[3] = OSSL_PARAM_construct_end();
	MUST(EVP_KDF_derive(ctx, out, MAC_KEY_BYTES, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}
