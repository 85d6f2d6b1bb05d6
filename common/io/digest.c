/*
 * digest - common/digest.h on OpenSSL's EVP interface.
 *
 * Failures of these calls mean a broken library or no memory: MUST, not err.
 */
#include "common/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/mem.h"
#include "common/must.h"

struct sha256_ctx {
	EVP_MD_CTX *ctx;
};

/* Fetched once: an implicit fetch at each EVP_DigestInit costs more than the hash. */
static const EVP_MD *
sha256_md(void)
{
	static EVP_MD *md;

	if (!md)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	MUST(md != NULL);
	return md;
}

struct sha256_ctx *
sha256_new(void)
{
	struct sha256_ctx *c = mem_alloc(sizeof(*c));

	c->ctx = EVP_MD_CTX_new();
	MUST(c->ctx != NULL);
	return c;
}

void
sha256_free(struct sha256_ctx *c)
{
	if (!c)
		return;
	EVP_MD_CTX_free(c->ctx);
	mem_free(c);
}

void
sha256_begin(struct sha256_ctx *c)
{
	MUST(EVP_DigestInit_ex2(c->ctx, sha256_md(), NULL) == 1);
}

void
sha256_add(struct sha256_ctx *c, struct span in)
{
	MUST(EVP_DigestUpdate(c->ctx, in.ptr, in.len) == 1);
}

void
sha256_end(struct sha256_ctx *c, uint8_t out[SHA256_BYTES])
{
	unsigned int n = 0;

	MUST(EVP_DigestFinal_ex(c->ctx, out, &n) == 1 && n == SHA256_BYTES);
}

void
sha256(struct span in, uint8_t out[SHA256_BYTES])
{
	static _Thread_local struct sha256_ctx *c;

	if (!c)
		c = sha256_new();
	sha256_begin(c);
	sha256_add(c, in);
	sha256_end(c, out);
}

struct mac {
	EVP_MAC_CTX *ctx;
};

struct mac *
mac_new(const uint8_t key[MAC_KEY_BYTES])
{
	static EVP_MAC *hmac;
	OSSL_PARAM params[2];
	struct mac *m = mem_alloc(sizeof(*m));

	if (!hmac)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	MUST(hmac != NULL);
	m->ctx = EVP_MAC_CTX_new(hmac);
	MUST(m->ctx != NULL);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
	params[1] = OSSL_PARAM_construct_end();
	MUST(EVP_MAC_init(m->ctx, key, MAC_KEY_BYTES, params) == 1);
	return m;
}

void
mac_free(struct mac *m)
{
	if (!m)
		return;
	EVP_MAC_CTX_free(m->ctx); /* cleanses the key schedule */
	mem_free(m);
}

void
mac_sum(struct mac *m, struct span msg, uint8_t out[SHA256_BYTES])
{
	size_t n = 0;

	MUST(EVP_MAC_init(m->ctx, NULL, 0, NULL) == 1);
	MUST(EVP_MAC_update(m->ctx, msg.ptr, msg.len) == 1);
	MUST(EVP_MAC_final(m->ctx, out, &n, SHA256_BYTES) == 1 && n == SHA256_BYTES);
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
