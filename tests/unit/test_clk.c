/* Bloom encodings: what the header defines and nothing else, near for a slip, far for a stranger,
 * unrelated across fields, profiles and epochs; no bit of the plain filter leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "ingest/address.h"
#include "ingest/clk.h"
#include "ingest/keys.h"

enum { STRANGERS = 300 };

static struct keyring *ring, *other_epoch;

static int
setup(void **state)
{
	static const uint8_t master[KEY_MASTER_BYTES] = { 4, 2 };

	(void)state;
	ring = keyring_new(master, 1);
	other_epoch = keyring_new(master, 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	keyring_free(ring);
	keyring_free(other_epoch);
	return 0;
}

static unsigned
ones(const uint8_t *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (unsigned)__builtin_popcount(p[i]);
	return sum;
}

/* Dice in thousandths. */
static unsigned
dice(const uint8_t *a, const uint8_t *b, size_t n)
{
	unsigned common = 0, all = ones(a, n) + ones(b, n);

	for (size_t i = 0; i < n; i++)
		common += (unsigned)__builtin_popcount(a[i] & b[i]);
	return all ? 2000 * common / all : 0;
}

static struct clk_input
invented(void)
{
	return (struct clk_input){ .surname = SPAN_LIT("testington"), .forename = SPAN_LIT("zainab"),
		.postcode = SPAN_LIT("qx11aa"),
		.words = { SPAN_LIT("12"), SPAN_LIT("invented"), SPAN_LIT("st"), SPAN_LIT("exampleton") },
		.words_n = 4 };
}

/* --- the definition a second time, slow and obvious */

static void
naive_key(const uint8_t *key, const char *info, uint8_t out[MAC_KEY_BYTES])
{
	hkdf_sha256(span_of(key, MAC_KEY_BYTES), span_str(info), out);
}

/* ASCII words only. */
static void
naive_word(const uint8_t *key, const char *field, const char *word, unsigned at, unsigned bits,
    unsigned k, uint8_t *x)
{
	uint8_t derived[MAC_KEY_BYTES], msg[4] = { CLK_VERSION }, sum[2][SHA256_BYTES];
	char info[64], padded[64];
	struct mac *mac;

	snprintf(info, sizeof(info), "outturn/1/clk/%s", field);
	naive_key(key, info, derived);
	mac = mac_new(derived);
	snprintf(padded, sizeof(padded), " %s ", word);
	for (size_t i = 0; padded[i + 1]; i++) {
		memcpy(msg + 2, padded + i, 2);
		for (msg[1] = 0; msg[1] < 2; msg[1]++)
			mac_sum(mac, span_of(msg, 4), sum[msg[1]]);
		for (unsigned n = 0; n < k; n++) {
			const uint8_t *two = &sum[n / 16][n % 16 * 2];

			x[at + (unsigned)(two[0] << 8 | two[1]) % bits] = 1;
		}
	}
	mac_free(mac);
}

static void
naive_spread(const uint8_t *key, const char *region, unsigned at, unsigned bits, unsigned t,
    unsigned of, const uint8_t *x, uint8_t *out)
{
	uint8_t derived[MAC_KEY_BYTES], sum[SHA256_BYTES];
	unsigned counter = 0, used = 16;
	char info[64];
	struct mac *mac;

	snprintf(info, sizeof(info), "outturn/1/clk/%s", region);
	naive_key(key, info, derived);
	mac = mac_new(derived);
	for (unsigned j = 0; j < bits; j++) {
		unsigned from[16], n = 0, bit = 0;

		while (n < of) { /* all are drawn, the first t are used */
			bool met = false;

			if (used == 16) {
				uint8_t msg[4] = { 0, 0, (uint8_t)(counter >> 8), (uint8_t)counter };

				mac_sum(mac, span_of(msg, 4), sum);
				counter++;
				used = 0;
			}
			from[n] = (unsigned)(sum[2 * used] << 8 | sum[2 * used + 1]) % bits;
			used++;
			for (unsigned i = 0; i < n; i++)
				met |= from[i] == from[n];
			n += !met;
		}
		for (unsigned i = 0; i < t; i++)
			bit ^= x[at + from[i]];
		out[(at + j) / 8] = (uint8_t)(out[(at + j) / 8] | bit << (at + j) % 8);
	}
	mac_free(mac);
}

static void
test_an_encoding_is_what_the_header_defines(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key);
	uint8_t x[1024] = { 0 }, want[CLK_RECORD_BYTES] = { 0 }, got[CLK_BYTES_MAX];
	struct clk_input in = invented();

	(void)state;
	naive_word(ring->clk_key, "record/field/surname", "testington", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/forename", "zainab", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/postcode", "qx11aa", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/address", "12", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/address", "invented", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/address", "st", 0, 1024, 10, x);
	naive_word(ring->clk_key, "record/field/address", "exampleton", 0, 1024, 10, x);
	naive_spread(ring->clk_key, "record/spread/all", 0, 1024, 5, 8, x, want);
	assert_int_equal(clk_make(c, &in, got), CLK_RECORD_BYTES);
	assert_memory_equal(got, want, CLK_RECORD_BYTES);
	in = (struct clk_input){ .surname = SPAN_LIT("testington"), .forename = SPAN_LIT("zainab") };
	memset(x, 0, sizeof(x));
	memset(want, 0, sizeof(want));
	naive_word(ring->clk_key, "record/field/surname", "testington", 0, 1024, 30, x);
	naive_word(ring->clk_key, "record/field/forename", "zainab", 0, 1024, 30, x);
	naive_spread(ring->clk_key, "record/spread/all", 0, 1024, 8, 8, x, want);
	assert_int_equal(clk_make(c, &in, got), CLK_RECORD_BYTES);
	assert_memory_equal(got, want, CLK_RECORD_BYTES);
	clk_free(c);
}

static void
test_a_name_for_a_trusted_matcher_has_bits_of_its_own(void **state)
{
	struct clk *c = clk_new(CLK_FIELDS, ring->clk_key);
	uint8_t x[2048] = { 0 }, want[CLK_FIELDS_BYTES] = { 0 }, got[CLK_BYTES_MAX];
	struct clk_input in = { .surname = SPAN_LIT("testington"), .forename = SPAN_LIT("zainab") };

	(void)state;
	naive_word(ring->clk_key, "fields/field/surname", "testington", 0, 512, 10, x);
	naive_word(ring->clk_key, "fields/field/forename", "zainab", 512, 512, 10, x);
	naive_spread(ring->clk_key, "fields/spread/surname", 0, 512, 3, 3, x, want);
	naive_spread(ring->clk_key, "fields/spread/forename", 512, 512, 3, 3, x, want);
	assert_int_equal(clk_make(c, &in, got), CLK_FIELDS_BYTES);
	assert_memory_equal(got, want, CLK_FIELDS_BYTES);
	assert_int_equal(ones(got + CLK_PLACE_AT, CLK_PLACE_BYTES), 0);
	assert_int_equal(clk_profile_of(CLK_FIELDS_BYTES), CLK_FIELDS);
	assert_int_equal(clk_profile_of(CLK_RECORD_BYTES), CLK_RECORD);
	assert_int_equal(clk_profile_of(CLK_RECORD_BYTES + 1), CLK_OFF);
	clk_free(c);
}

static void
test_a_slip_stays_near_and_a_stranger_far(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key);
	uint8_t sent[CLK_BYTES_MAX], slip[CLK_BYTES_MAX], other[CLK_BYTES_MAX];
	struct clk_input in = invented(), typed = invented();
	char surname[16], forename[16], street[16];
	unsigned nearest = 0;

	(void)state;
	typed.surname = SPAN_LIT("testingon");
	clk_make(c, &in, sent);
	clk_make(c, &typed, slip);
	assert_true(dice(sent, slip, CLK_RECORD_BYTES) > 800);
	for (unsigned i = 0; i < STRANGERS; i++) {
		struct clk_input stranger = { .postcode = SPAN_LIT("zy98bw"), .words_n = 1 };
		unsigned d;

		snprintf(surname, sizeof(surname), "%c%c%c%curi", 'b' + i % 7, 'a' + i % 25, 'k' + i % 5,
		    'o' + i % 3);
		snprintf(forename, sizeof(forename), "w%c%cdo", 'h' + i % 11, 'o' + i % 4);
		snprintf(street, sizeof(street), "kwu%cok", 'g' + i % 13);
		stranger.surname = span_str(surname);
		stranger.forename = span_str(forename);
		stranger.words[0] = span_str(street);
		clk_make(c, &stranger, other);
		d = dice(sent, other, CLK_RECORD_BYTES);
		nearest = d > nearest ? d : nearest;
	}
	assert_true(nearest < 650);
	clk_free(c);
}

/* 0.5 is what chance gives; six deviations of it at 1024 bits are 0.1. */
static void
assert_unrelated(const uint8_t *a, const uint8_t *b)
{
	unsigned same = CLK_RECORD_BYTES * 8, n = 0;

	for (size_t i = 0; i < CLK_RECORD_BYTES; i++)
		n += (unsigned)__builtin_popcount(a[i] ^ b[i]);
	assert_in_range(n, same * 4 / 10, same * 6 / 10);
}

static void
test_epochs_and_profiles_share_nothing(void **state)
{
	struct clk *now = clk_new(CLK_RECORD, ring->clk_key),
		   *then = clk_new(CLK_RECORD, other_epoch->clk_key),
		   *fields = clk_new(CLK_FIELDS, ring->clk_key);
	struct clk_input in = invented();
	uint8_t a[CLK_BYTES_MAX], b[CLK_BYTES_MAX], f[CLK_BYTES_MAX];

	(void)state;
	clk_make(now, &in, a);
	clk_make(then, &in, b);
	clk_make(fields, &in, f);
	assert_unrelated(a, b);
	assert_unrelated(a, f + CLK_PLACE_AT);
	clk_free(now);
	clk_free(then);
	clk_free(fields);
}

static void
test_equal_words_of_two_fields_share_nothing(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key);
	struct clk_input surname = { .surname = SPAN_LIT("testingtonfeatherstonehaughsample") },
			 forename = { .forename = SPAN_LIT("testingtonfeatherstonehaughsample") };
	uint8_t a[CLK_BYTES_MAX], b[CLK_BYTES_MAX];

	(void)state;
	clk_make(c, &surname, a);
	clk_make(c, &forename, b);
	assert_unrelated(a, b);
	clk_free(c);
}

static void
test_the_order_of_words_decides_nothing(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key);
	struct clk_input in = invented(), turned = invented();
	uint8_t a[CLK_BYTES_MAX], b[CLK_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		turned.words[i] = in.words[3 - i];
	clk_make(c, &in, a);
	clk_make(c, &turned, b);
	assert_memory_equal(a, b, CLK_RECORD_BYTES);
	clk_free(c);
}

static void
test_without_a_name_there_is_no_encoding(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key);
	struct clk_input in = { .postcode = SPAN_LIT("qx11aa") };
	uint8_t out[CLK_BYTES_MAX];

	(void)state;
	assert_int_equal(clk_make(c, &in, out), 0);
	in.forename = SPAN_LIT("a");
	assert_int_equal(clk_make(c, &in, out), CLK_RECORD_BYTES);
	clk_free(c);
}

/* Remembered, overwritten by others, computed anew: always the same. */
static void
test_bigrams_of_other_scripts_are_remembered_right(void **state)
{
	struct clk *c = clk_new(CLK_RECORD, ring->clk_key), *fresh;
	uint8_t a[CLK_BYTES_MAX], b[CLK_BYTES_MAX], name[8];

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct clk_input in = { .surname = span_of(name, 6) };

		name[0] = name[3] = 0xE4;
		name[1] = (uint8_t)(0x80 + i % 64);
		name[2] = (uint8_t)(0x80 + i / 64);
		name[4] = (uint8_t)(0x80 + i * 7 % 64);
		name[5] = (uint8_t)(0x80 + i % 61);
		clk_make(c, &in, a);
		if (i % 500)
			continue;
		fresh = clk_new(CLK_RECORD, ring->clk_key);
		clk_make(fresh, &in, b);
		assert_memory_equal(a, b, CLK_RECORD_BYTES);
		clk_free(fresh);
	}
	clk_free(c);
}

/* --- the words of an address */

static void
assert_words(const struct raw_address *raw, const char *want)
{
	struct address_words words;
	struct arena arena;
	char got[512] = "";
	size_t len = 0;

	arena_init(&arena, 0);
	address_words(raw, &words, &arena);
	for (size_t i = 0; i < words.n; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s" SPAN_FMT, i ? " " : "",
		    SPAN_ARG(words.word[i]));
	assert_string_equal(got, want);
	arena_release(&arena);
}

static void
test_an_address_has_one_form(void **state)
{
	(void)state;
	assert_words(&(struct raw_address){ .line1 = SPAN_LIT("Flat 3, 12 Saint Example's Road"),
	    .town = SPAN_LIT("EXAMPLETON") }, "flat 3 12 st examples rd exampleton");
	assert_words(&(struct raw_address){ .line1 = SPAN_LIT("apt. 3"),
	    .line2 = SPAN_LIT("12 St Example’s Rd."), .town = SPAN_LIT("Exampleton, England") },
	    "flat 3 12 st examples rd exampleton");
	assert_words(&(struct raw_address){ .line1 = SPAN_LIT("Tŷ Sampl, Heol y Bryn") },
	    "ty sampl heol y bryn");
	assert_words(&(struct raw_address){ .line1 = SPAN_LIT("No Fixed Abode"),
	    .town = SPAN_LIT("Exampleton") }, "");
	assert_words(&(struct raw_address){ .line1 = SPAN_LIT("\xff\xfe not text"),
	    .town = SPAN_LIT("Exampleton") }, "exampleton");
}

static void
test_an_address_of_many_words_ends_at_the_limit(void **state)
{
	struct address_words words;
	struct arena arena;
	char line[ADDRESS_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 ? ' ' : (char)('b' + i / 2 % 20);
	arena_init(&arena, 0);
	address_words(&(struct raw_address){ .line1 = span_of(line, sizeof(line) - 1),
	    .line2 = span_of(line, sizeof(line) - 1) }, &words, &arena);
	assert_int_equal(words.n, ADDRESS_WORDS_MAX);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_encoding_is_what_the_header_defines),
		cmocka_unit_test(test_a_name_for_a_trusted_matcher_has_bits_of_its_own),
		cmocka_unit_test(test_a_slip_stays_near_and_a_stranger_far),
		cmocka_unit_test(test_epochs_and_profiles_share_nothing),
		cmocka_unit_test(test_equal_words_of_two_fields_share_nothing),
		cmocka_unit_test(test_the_order_of_words_decides_nothing),
		cmocka_unit_test(test_without_a_name_there_is_no_encoding),
		cmocka_unit_test(test_bigrams_of_other_scripts_are_remembered_right),
		cmocka_unit_test(test_an_address_has_one_form),
		cmocka_unit_test(test_an_address_of_many_words_ends_at_the_limit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
