/*
 * crypto - common/io/crypto.h on OpenSSL's EVP interface.
 *
 * Failures of these calls mean a broken library or no memory: MUST, not err.
 * The two that may say no, crypto_unseal() and sign_check(), say it by their
 * result alone: why a seal does not open is nobody's business.
 */
#include "common/io/crypto.h"

#include <limits.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/mem.h"
#include "common/must.h"

/* So that no signature of ours means anything elsewhere. */
static const char signed_head[] = "outturn-signed-1\n";

void
crypto_random(void *out, size_t len)
{
	uint8_t *at = out;

	while (len) {
		ssize_t got = getrandom(at, len, 0);

		MUST(got > 0);
		at += got;
		len -= (size_t)got;
	}
}

void
crypto_cleanse(void *ptr, size_t len)
{
	OPENSSL_cleanse(ptr, len);
}

/* --- seals */

/* Fetched once, as in digest.c. */
static const EVP_CIPHER *
gcm(void)
{
	static EVP_CIPHER *cipher;

	if (!cipher)
		cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	MUST(cipher != NULL);
	return cipher;
}

static EVP_CIPHER_CTX *
gcm_begin(const uint8_t *key, const uint8_t *nonce, struct span aad, bool seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	MUST(ctx != NULL && aad.len <= INT_MAX);
	MUST(EVP_CipherInit_ex2(ctx, gcm(), key, nonce, seal, NULL) == 1);
	if (aad.len)
		MUST(EVP_CipherUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) == 1);
	return ctx;
}

static void
gcm_update(EVP_CIPHER_CTX *ctx, struct span in, struct buf *out)
{
	int n = 0;

	MUST(in.len <= INT_MAX);
	buf_grow(out, in.len + SEAL_TAG_BYTES);
	if (in.len)
		MUST(EVP_CipherUpdate(ctx, out->ptr + out->len, &n, in.ptr, (int)in.len) == 1);
	MUST((size_t)n == in.len);
	out->len += in.len;
}

void
crypto_seal(const uint8_t key[MAC_KEY_BYTES], const uint8_t nonce[SEAL_NONCE_BYTES],
    struct span aad, struct span clear, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = gcm_begin(key, nonce, aad, true);
	uint8_t tag[SEAL_TAG_BYTES];
	int n = 0;

	gcm_update(ctx, clear, out);
	MUST(EVP_CipherFinal_ex(ctx, out->ptr + out->len, &n) == 1 && n == 0);
	MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES, tag) == 1);
	buf_add(out, tag, sizeof(tag));
	EVP_CIPHER_CTX_free(ctx);
}

bool
crypto_unseal(const uint8_t key[MAC_KEY_BYTES], const uint8_t nonce[SEAL_NONCE_BYTES],
    struct span aad, struct span sealed, struct buf *out)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t tag[SEAL_TAG_BYTES];
	size_t before = out->len;
	bool ok;
	int n = 0;

	if (sealed.len < SEAL_TAG_BYTES || sealed.len > INT_MAX)
		return false;
	memcpy(tag, sealed.ptr + sealed.len - SEAL_TAG_BYTES, SEAL_TAG_BYTES);
	ctx = gcm_begin(key, nonce, aad, false);
	gcm_update(ctx, span_of(sealed.ptr, sealed.len - SEAL_TAG_BYTES), out);
	MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES, tag) == 1);
	ok = EVP_CipherFinal_ex(ctx, out->ptr + out->len, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok) { /* nothing that was not authenticated is shown */
		crypto_cleanse(out->ptr + before, out->len - before);
		out->len = before;
	}
	return ok;
}

/* --- signatures */

static EVP_PKEY *
secret_key(const uint8_t secret[SIGN_KEY_BYTES])
{
	EVP_PKEY *key
	    = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, SIGN_KEY_BYTES);

	MUST(key != NULL);
	return key;
}

void
sign_public(const uint8_t secret[SIGN_KEY_BYTES], uint8_t public[SIGN_KEY_BYTES])
{
	EVP_PKEY *key = secret_key(secret);
	size_t n = SIGN_KEY_BYTES;

	MUST(EVP_PKEY_get_raw_public_key(key, public, &n) == 1 && n == SIGN_KEY_BYTES);
	EVP_PKEY_free(key);
}

void
sign_bytes(const uint8_t secret[SIGN_KEY_BYTES], struct span msg, uint8_t sig[SIGN_BYTES])
{
	EVP_PKEY *key = secret_key(secret);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGN_BYTES;

	MUST(ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
	MUST(EVP_DigestSign(ctx, sig, &n, msg.ptr, msg.len) == 1 && n == SIGN_BYTES);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

bool
sign_check(const uint8_t public[SIGN_KEY_BYTES], struct span msg, struct span sig)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	bool ok;

	if (!sig.ptr || sig.len != SIGN_BYTES)
		return false;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, SIGN_KEY_BYTES);
	ctx = EVP_MD_CTX_new();
	MUST(key != NULL && ctx != NULL);
	ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1
	    && EVP_DigestVerify(ctx, sig.ptr, sig.len, msg.ptr, msg.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

void
sign_message(struct av_catalogue *cat, const struct av_record *binding, const void *rec,
    size_t signature_at, struct buf *out)
{
	uint8_t *copy = mem_alloc(binding->size);
	struct span none = SPAN_NONE;

	MUST(signature_at + sizeof(none) <= binding->size);
	memcpy(copy, rec, binding->size);
	memcpy(copy + signature_at, &none, sizeof(none));
	buf_str(out, signed_head);
	av_write(cat, binding, copy, out);
	mem_free(copy);
}
