/* A seal opens with its own key, nonce and place only; a signature covers
 * everything of a record but itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/io/crypto.h"
#include "common/record.h"

static void
fill(uint8_t *out, size_t n, uint8_t from)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(from + i);
}

/* NIST SP 800-38D's algorithm, test case 16 of McGrew and Viega, "The Galois/Counter Mode
 * of Operation": 60 bytes and associated data. */
static void
test_a_seal_is_aes_256_gcm_with_its_tag_behind(void **state)
{
	uint8_t key[32], nonce[12], aad[20], clear[60], want[76];
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(hex_parse(SPAN_LIT("feffe9928665731c6d6a8f9467308308"
				       "feffe9928665731c6d6a8f9467308308"), key, 32));
	assert_true(hex_parse(SPAN_LIT("cafebabefacedbaddecaf888"), nonce, 12));
	assert_true(hex_parse(SPAN_LIT("feedfacedeadbeeffeedfacedeadbeefabaddad2"), aad, 20));
	assert_true(hex_parse(SPAN_LIT("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
				       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"), clear, 60));
	assert_true(hex_parse(SPAN_LIT("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
				       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
				       "76fc6ece0f4e1768cddf8853bb2d551b"), want, 76));
	crypto_seal(key, nonce, span_of(aad, 20), span_of(clear, 60), &out);
	assert_int_equal(out.len, 76);
	assert_memory_equal(out.ptr, want, 76);
	buf_release(&out);
}

static void
test_what_is_sealed_opens_again_and_nothing_else_does(void **state)
{
	uint8_t key[32], nonce[12], text[300];
	struct buf sealed = BUF_INIT, out = BUF_INIT;

	(void)state;
	fill(key, sizeof(key), 1);
	fill(nonce, sizeof(nonce), 50);
	fill(text, sizeof(text), 100);
	for (size_t len = 0; len <= sizeof(text); len += 75) {
		buf_reset(&sealed);
		buf_reset(&out);
		buf_str(&out, "kept");
		crypto_seal(key, nonce, SPAN_LIT("place"), span_of(text, len), &sealed);
		assert_int_equal(sealed.len, len + SEAL_TAG_BYTES);
		assert_true(crypto_unseal(key, nonce, SPAN_LIT("place"), buf_view(&sealed), &out));
		assert_int_equal(out.len, len + 4);
		assert_memory_equal(out.ptr + 4, text, len);
		for (size_t i = 0; i < sealed.len; i++) { /* one bit anywhere */
			out.len = 4;
			sealed.ptr[i] ^= 1;
			assert_false(
			    crypto_unseal(key, nonce, SPAN_LIT("place"), buf_view(&sealed), &out));
			assert_int_equal(out.len, 4); /* nothing unauthenticated is shown */
			sealed.ptr[i] ^= 1;
		}
		for (size_t n = 0; n < sealed.len; n += 7)
			assert_false(crypto_unseal(key, nonce, SPAN_LIT("place"),
			    span_of(sealed.ptr, n), &out));
		assert_false(crypto_unseal(key, nonce, SPAN_LIT("plade"), buf_view(&sealed), &out));
		key[31] ^= 1;
		assert_false(crypto_unseal(key, nonce, SPAN_LIT("place"), buf_view(&sealed), &out));
		key[31] ^= 1;
		nonce[0] ^= 1;
		assert_false(crypto_unseal(key, nonce, SPAN_LIT("place"), buf_view(&sealed), &out));
		nonce[0] ^= 1;
	}
	buf_release(&sealed);
	buf_release(&out);
}

/* RFC 8032, section 7.1, test 2. */
static void
test_a_signature_is_ed25519(void **state)
{
	uint8_t secret[32], public[32], want_public[32], want[64], sig[64];

	(void)state;
	assert_true(hex_parse(SPAN_LIT("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
	    secret, 32));
	assert_true(hex_parse(SPAN_LIT("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
	    want_public, 32));
	assert_true(hex_parse(SPAN_LIT("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
				       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
	    want, 64));
	sign_public(secret, public);
	assert_memory_equal(public, want_public, 32);
	sign_bytes(secret, SPAN_LIT("\x72"), sig);
	assert_memory_equal(sig, want, 64);
	assert_true(sign_check(public, SPAN_LIT("\x72"), span_of(sig, 64)));
	assert_false(sign_check(public, SPAN_LIT("\x73"), span_of(sig, 64)));
	assert_false(sign_check(public, SPAN_LIT("\x72"), span_of(sig, 63)));
	assert_false(sign_check(public, SPAN_LIT("\x72"), SPAN_NONE));
	for (size_t i = 0; i < 64; i++) {
		sig[i] ^= 0x10;
		assert_false(sign_check(public, SPAN_LIT("\x72"), span_of(sig, 64)));
		sig[i] ^= 0x10;
	}
}

static void
message(struct av_catalogue *cat, const struct terms *t, struct buf *out)
{
	buf_reset(out);
	sign_message(cat, &terms_binding, t, offsetof(struct terms, signature), out);
}

static void
test_what_is_signed_is_the_record_without_its_signature(void **state)
{
	struct av_catalogue *cat = av_catalogue_new();
	struct terms t = { .thing = SPAN_LIT("codes"), .name = SPAN_LIT("sexes"), .version = 1,
		.effective = DATE_NONE, .content = SPAN_LIT("x"), .by = SPAN_LIT("somebody"),
		.key_id = SPAN_LIT("somebody") };
	struct buf bare = BUF_INIT, other = BUF_INIT;

	(void)state;
	message(cat, &t, &bare);
	assert_true(span_starts(buf_view(&bare), "outturn-signed-1\n\xc3\x01"));
	t.signature = SPAN_LIT("whatever");
	message(cat, &t, &other);
	assert_true(span_eq(buf_view(&bare), buf_view(&other)));
	assert_true(span_is(t.signature, "whatever")); /* the record is left as it was */
	t.version = 2;
	message(cat, &t, &other);
	assert_false(span_eq(buf_view(&bare), buf_view(&other)));
	buf_release(&bare);
	buf_release(&other);
	av_catalogue_free(cat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seal_is_aes_256_gcm_with_its_tag_behind),
		cmocka_unit_test(test_what_is_sealed_opens_again_and_nothing_else_does),
		cmocka_unit_test(test_a_signature_is_ed25519),
		cmocka_unit_test(test_what_is_signed_is_the_record_without_its_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
