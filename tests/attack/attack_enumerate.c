/*
 * Enumeration: whoever has the evidence topic, and knows how tokens are made but
 * not the key, makes the token of every NHS number there is and looks it up.
 *
 * Every valid number of the range that the people of this test have (999...,
 * nobody's) is tried under each way to make a token without the key: no key at
 * all, keys of zeros, of the program's own words, masters of zeros and of small
 * numbers.  Full: 64 small masters more.
 *
 * Controls: a store of plain SHA-256 gives all; so does a stolen key file.
 */
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "ingest/validate.h"
#include "tests/attack/attack.h"

enum { RANGE = 1000000, VICTIMS = 6000, TOKEN_MESSAGE = 4 + NHS_DIGITS };

/* What the attacker looks up in: token -> 1. */
struct store {
	struct idmap by_token;
	uint64_t numbers;
};

static bool
number_of(uint32_t i, char out[NHS_DIGITS + 1])
{
	int sum = 0, check;

	snprintf(out, NHS_DIGITS + 1, "999%06u", i);
	for (int k = 0; k < 9; k++)
		sum += (out[k] - '0') * (10 - k);
	check = (11 - sum % 11) % 11;
	out[9] = (char)('0' + check);
	return check < 10;
}

/* As it is documented: version, family, length, value. */
static struct span
message(const char *number, uint8_t out[TOKEN_MESSAGE])
{
	out[0] = TOKEN_VERSION;
	out[1] = TOKEN_NHS;
	out[2] = 0;
	out[3] = NHS_DIGITS;
	memcpy(out + 4, number, NHS_DIGITS);
	return span_of(out, TOKEN_MESSAGE);
}

static struct id
cut(const uint8_t sum[SHA256_BYTES])
{
	struct id id;

	memcpy(id.b, sum, ID_BYTES);
	return id;
}

/* Hits of the whole range under one guess; mac NULL: no key, of the message or the bare number. */
static uint64_t
enumerate(const struct store *s, struct mac *mac, bool bare, uint64_t *tried)
{
	uint64_t hits = 0;

	for (uint32_t i = 0; i < RANGE; i++) {
		char number[NHS_DIGITS + 1];
		uint8_t msg[TOKEN_MESSAGE], sum[SHA256_BYTES];
		struct span what;
		struct id token;

		if (!number_of(i, number))
			continue;
		what = bare ? span_of(number, NHS_DIGITS) : message(number, msg);
		if (mac) {
			token = mac_id(mac, what);
		} else {
			sha256(what, sum);
			token = cut(sum);
		}
		hits += idmap_find(&s->by_token, &token) != NULL;
		++*tried;
	}
	return hits;
}

static uint64_t
with_key(const struct store *s, const uint8_t key[MAC_KEY_BYTES], uint64_t *tried)
{
	struct mac *mac = mac_new(key);
	uint64_t hits = enumerate(s, mac, false, tried);

	mac_free(mac);
	return hits;
}

static uint64_t
with_master(const struct store *s, const uint8_t master[KEY_MASTER_BYTES], uint64_t *tried)
{
	struct keyring *ring = keyring_new(master, 1);
	uint64_t hits = enumerate(s, ring->token[TOKEN_NHS], false, tried);

	keyring_free(ring);
	return hits;
}

static uint64_t
without_the_key(const struct store *s, uint64_t *tried)
{
	uint8_t key[MAC_KEY_BYTES] = { 0 };
	uint64_t hits = enumerate(s, NULL, true, tried) + enumerate(s, NULL, false, tried);

	hits += with_key(s, key, tried);
	hkdf_sha256(SPAN_LIT("outturn"), SPAN_LIT("outturn/1/outcomes/token/nhs-number/epoch/1"), key);
	hits += with_key(s, key, tried);
	for (uint32_t m = 0; m < attack_size(1, 64); m++) {
		uint8_t master[KEY_MASTER_BYTES] = { (uint8_t)m };

		hits += with_master(s, master, tried);
	}
	return hits;
}

static void
store_add(struct store *s, const struct id *token)
{
	bool fresh;

	*idmap_put(&s->by_token, token, &fresh) = 1;
	s->numbers += fresh;
}

/* What evidence holds: all tokens of all fields. */
static void
store_fill(struct store *s, struct store *plain, const struct attack_people *people,
    const struct keyring *ring)
{
	struct attack_encoder *e = attack_encoder_new(ring, CLK_RECORD);
	uint8_t sum[SHA256_BYTES];
	struct id token;

	for (uint32_t i = 0; i < people->n; i++) {
		const struct person_block *b = attack_encode(e, &people->record[i]);
		char number[NHS_DIGITS];

		for (uint32_t k = 0; b && k < b->n; k++)
			store_add(s, &b->tokens[k].value);
		if (nhs_number_check(span_str(people->record[i].nhs_number), number) != VALID_OK)
			continue;
		sha256(span_of(number, NHS_DIGITS), sum);
		token = cut(sum);
		store_add(plain, &token);
	}
	attack_encoder_free(e);
}

int
main(void)
{
	struct attack_people people = attack_people_make(11, VICTIMS);
	struct keyring *ring = attack_keyring(77, 1);
	struct store kept = { .numbers = 0 }, plain = { .numbers = 0 };
	uint64_t tried = 0, hits;

	idmap_init(&kept.by_token, 5);
	idmap_init(&plain.by_token, 5);
	store_fill(&kept, &plain, &people, ring);
	hits = without_the_key(&kept, &tried);
	attack_held(hits == 0, "every NHS number there is against %llu stored tokens, without the key: "
	    "%llu tokens made, %llu hits", (unsigned long long)kept.numbers,
	    (unsigned long long)tried, (unsigned long long)hits);
	tried = 0;
	hits = enumerate(&plain, NULL, true, &tried);
	attack_control(hits == plain.numbers, "a store of plain SHA-256: %llu of %llu numbers",
	    (unsigned long long)hits, (unsigned long long)plain.numbers);
	hits = enumerate(&kept, ring->token[TOKEN_NHS], false, &tried);
	attack_control(hits == plain.numbers, "with a stolen key file: %llu of %llu numbers",
	    (unsigned long long)hits, (unsigned long long)plain.numbers);
	keyring_free(ring);
	idmap_release(&kept.by_token);
	idmap_release(&plain.by_token);
	attack_people_free(&people);
	return attack_end();
}
