/*
 * SHA-256 and HMAC of our short way are OpenSSL's of its long one, for every length
 * around the ends of blocks; a mac can be used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/digest.h"

enum { LENGTHS = 300 };

static void
fill(uint8_t *out, size_t n, uint8_t from)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(from + 7 * i);
}

static void
test_a_digest_is_sha_256_whole_and_in_pieces(void **state)
{
	uint8_t text[LENGTHS], want[SHA256_BYTES], have[SHA256_BYTES];
	struct sha256_ctx *ctx = sha256_new();
	size_t written;

	(void)state;
	fill(text, sizeof(text), 3);
	for (size_t n = 0; n < LENGTHS; n++) {
		assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, text, n, want, &written), 1);
		sha256(span_of(text, n), have);
		assert_memory_equal(have, want, sizeof(want));
		sha256_begin(ctx);
		sha256_add(ctx, span_of(text, n / 3));
		sha256_add(ctx, span_of(text + n / 3, n - n / 3));
		sha256_end(ctx, have);
		assert_memory_equal(have, want, sizeof(want));
	}
	sha256_free(ctx);
}

/* RFC 4231, test case 1 would need a key of 20 bytes; ours always have 32. */
static void
test_a_mac_is_hmac_sha_256_each_time_it_is_used(void **state)
{
	uint8_t key[MAC_KEY_BYTES], text[LENGTHS], want[SHA256_BYTES], have[SHA256_BYTES];

	(void)state;
	fill(text, sizeof(text), 3);
	for (uint8_t k = 0; k < 8; k++) {
		struct mac *mac;

		fill(key, sizeof(key), k);
		mac = mac_new(key);
		for (size_t n = 0; n < LENGTHS; n++) {
			unsigned int written = 0;
			struct id id;

			assert_non_null(HMAC(EVP_sha256(), key, sizeof(key), text, n, want, &written));
			mac_sum(mac, span_of(text, n), have);
			assert_memory_equal(have, want, sizeof(want));
			id = mac_id(mac, span_of(text, n));
			assert_memory_equal(id.b, want, ID_BYTES);
		}
		mac_free(mac);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_digest_is_sha_256_whole_and_in_pieces),
		cmocka_unit_test(test_a_mac_is_hmac_sha_256_each_time_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
