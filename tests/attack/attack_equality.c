/*
 * Equality: who holds two columns, two epochs, or evidence made for two purposes,
 * looks for the same value in both.
 *
 *	fields     a token of one family that is one of another: "james" the forename is
 *	           "james" the surname, and the rarest of the two columns gives the other
 *	epochs     a token, or the most similar encoding, of yesterday's evidence in today's
 *	purposes   the same of two deployments that were given one master
 *
 * Every person stands in both, so all that would be found is there to be found.
 * Controls: one key for all fields; two halves of one epoch.
 */
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "tests/attack/attack.h"

enum { SIMILAR_RECORDS = 800 };

struct side {
	struct person_block *block;
	uint32_t n;
};

static struct side
side_make(const struct attack_people *people, const struct keyring *ring, enum clk_profile clk)
{
	struct attack_encoder *e = attack_encoder_new(ring, clk);
	struct side s = { .block = mem_zalloc(people->n, sizeof(*s.block)) };

	for (uint32_t i = 0; i < people->n; i++) {
		const struct person_block *b = attack_encode(e, &people->record[i]);

		if (b)
			s.block[s.n] = *b;
		else
			memset(&s.block[s.n], 0, sizeof(s.block[s.n]));
		s.n++;
	}
	attack_encoder_free(e);
	return s;
}

/* Tokens of `b` that stand in `a`; across: only under another family. */
static uint64_t
tokens_met(const struct side *a, const struct side *b, bool across)
{
	struct idmap seen;
	uint64_t met = 0;
	bool fresh;

	idmap_init(&seen, 9);
	for (uint32_t i = 0; i < a->n; i++)
		for (uint32_t k = 0; k < a->block[i].n; k++)
			*idmap_put(&seen, &a->block[i].tokens[k].value, &fresh)
			    |= UINT32_C(1) << token_family(a->block[i].tokens[k].field) % 31;
	for (uint32_t i = 0; i < b->n; i++)
		for (uint32_t k = 0; k < b->block[i].n; k++) {
			const struct token *t = &b->block[i].tokens[k];
			uint32_t *families = idmap_find(&seen, &t->value);
			uint32_t own = UINT32_C(1) << token_family(t->field) % 31;

			met += families && (!across || (*families & ~own));
		}
	idmap_release(&seen);
	return met;
}

static uint32_t
ones(const uint8_t *a, const uint8_t *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < CLK_RECORD_BYTES; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		n += (uint32_t)__builtin_popcountll(x & y);
	}
	return n;
}

/* Of how many the most similar encoding on the other side is the same record's. */
static uint32_t
most_similar(const struct side *a, const struct side *b, uint32_t n)
{
	uint32_t right = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *x = a->block[i].clk;
		double best = -1;
		uint32_t best_at = 0;

		for (uint32_t k = 0; k < n; k++) {
			const uint8_t *y = b->block[k].clk;
			double dice = 2.0 * ones(x, y) / (ones(x, x) + ones(y, y) + 1);

			if (dice > best) {
				best = dice;
				best_at = k;
			}
		}
		/* records of the same words have the same encoding: any of them is right */
		right += memcmp(a->block[best_at].clk, x, CLK_RECORD_BYTES) == 0;
	}
	return right;
}

static void
two_sides(const char *what, const struct side *a, const struct side *b)
{
	uint64_t met = tokens_met(a, b, false);
	uint32_t n = a->n < SIMILAR_RECORDS ? a->n : (uint32_t)SIMILAR_RECORDS;
	uint32_t right = most_similar(a, b, n);

	attack_held(met == 0, "%s: %llu tokens of %u records met", what, (unsigned long long)met, a->n);
	attack_held(right <= 5, "%s: the most similar encoding is the same record's for %u of %u", what,
	    right, n);
}

/* One HMAC key for every field, and no field in what is keyed: what a hasty design does. */
static uint64_t
one_key_for_all(const struct attack_people *people)
{
	static const uint8_t key[MAC_KEY_BYTES] = { 3 };
	struct mac *mac = mac_new(key);
	struct idmap surnames;
	uint64_t met = 0;
	bool fresh;

	idmap_init(&surnames, 3);
	for (uint32_t i = 0; i < people->n; i++) {
		struct id id = mac_id(mac, span_str(people->record[i].surname));

		idmap_put(&surnames, &id, &fresh);
	}
	for (uint32_t i = 0; i < people->n; i++) {
		struct id id = mac_id(mac, span_str(people->record[i].forename));

		met += idmap_find(&surnames, &id) != NULL;
	}
	mac_free(mac);
	idmap_release(&surnames);
	return met;
}

int
main(void)
{
	static const uint8_t master[KEY_MASTER_BYTES] = { 1, 9 };
	struct attack_people people = attack_people_make(31, attack_size(4000, 40000));
	struct keyring *now = attack_keyring(7, 1), *next = attack_keyring(7, 2),
		       *research = keyring_make(&(struct keyring_from){ master, master, 1, "research" }),
		       *outcomes = keyring_make(&(struct keyring_from){ master, master, 1, "outcomes" });
	struct side today = side_make(&people, now, CLK_RECORD),
		    tomorrow = side_make(&people, next, CLK_RECORD),
		    again = side_make(&people, now, CLK_RECORD),
		    one = side_make(&people, outcomes, CLK_RECORD),
		    two = side_make(&people, research, CLK_RECORD);
	uint64_t met = tokens_met(&today, &today, true);
	uint32_t n = today.n < SIMILAR_RECORDS ? today.n : (uint32_t)SIMILAR_RECORDS, right;

	attack_held(met == 0, "across fields: %llu tokens of %u records are tokens of another family",
	    (unsigned long long)met, today.n);
	met = one_key_for_all(&people);
	attack_control(met > 20, "one key for all fields: %llu forenames met surnames",
	    (unsigned long long)met);
	two_sides("across epochs", &today, &tomorrow);
	two_sides("across purposes", &one, &two);
	met = tokens_met(&today, &again, false);
	right = most_similar(&today, &again, n);
	attack_control(met > 10 * (uint64_t)today.n && right * 100 > n * 80,
	    "within one epoch: %llu tokens met, the most similar encoding is the same record's for %u "
	    "of %u", (unsigned long long)met, right, n);
	keyring_free(now);
	keyring_free(next);
	keyring_free(research);
	keyring_free(outcomes);
	mem_free(today.block);
	mem_free(tomorrow.block);
	mem_free(again.block);
	mem_free(one.block);
	mem_free(two.block);
	attack_people_free(&people);
	return attack_end();
}
