/*
 * A batch is a function of the set: whatever order people's rows come in, the
 * same rows are one person, to the last bit of every weight; and it finds the
 * people of an invented town, brothers and all.
 *
 * SEED and RUNS from the environment; a failure names its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/token.h"
#include "transform/match/batch.h"

enum { ROWS_MAX = 1200, TOKENS_OF_ONE = 32, SURNAMES = 300, FORENAMES = 80, STREETS = 60 };

struct one {
	struct token tokens[TOKENS_OF_ONE];
	uint32_t n, person;
	uint16_t source;
};

static struct one rows[ROWS_MAX];
static uint32_t rows_n;
static uint64_t seed_now;

static uint32_t
draw(uint32_t below)
{
	seed_now = hash64(&seed_now, sizeof(seed_now), 3);
	return (uint32_t)((seed_now >> 32) * below >> 32);
}

static uint64_t
number_from(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static void
put(struct one *r, int32_t field, uint32_t value)
{
	uint64_t h[2] = { value, (uint64_t)token_family(field) };
	struct id id;

	h[0] = hash64(h, sizeof(h), 17);
	memcpy(id.b, h, ID_BYTES);
	r->tokens[r->n++] = (struct token){ field, 0, id };
}

struct details {
	uint32_t forename, surname, year, month, day, street, house;
};

/* In the order of fields, as ingestd sorts them. */
static void
row_add(const struct details *d, uint32_t person, uint16_t source)
{
	struct one *r = &rows[rows_n++];
	uint32_t low = d->month < d->day ? d->month : d->day;

	*r = (struct one){ .person = person, .source = source };
	put(r, TOKEN_LOCAL_ID, rows_n + 100000u * source);
	put(r, TOKEN_DOB, d->year * 10000 + d->month * 100 + d->day);
	put(r, TOKEN_DOB_YEAR, d->year);
	put(r, TOKEN_DOB_MONTH, d->month);
	put(r, TOKEN_DOB_DAY, d->day);
	put(r, TOKEN_DOB_SWAP, d->year * 10000 + low * 100 + (d->month + d->day - low));
	put(r, TOKEN_SURNAME, d->surname);
	put(r, TOKEN_FORENAME, d->forename);
	put(r, TOKEN_NAME_SWAP, d->surname * 1000 + d->forename);
	put(r, TOKEN_INITIALS, d->surname % 20 * 20 + d->forename % 20);
	put(r, TOKEN_PHONETIC_SURNAME, d->surname);
	put(r, TOKEN_PHONETIC_FORENAME, d->forename);
	put(r, TOKEN_POSTCODE, d->street / 2);
	put(r, TOKEN_HOUSE, d->house);
	put(r, TOKEN_STREET, d->street);
	put(r, TOKEN_TOWN, d->street / 20);
}

static void
slip(struct details *d)
{
	switch (draw(5)) {
	case 0: d->forename = FORENAMES + draw(1000); break;
	case 1: d->surname = SURNAMES + draw(1000); break;
	case 2: d->day = 1 + draw(28); break;
	case 3: d->house = 1 + draw(50); break;
	case 4: d->street = draw(STREETS); break;
	}
}

/* Families at one address, two sources, some twice in one of them. */
static void
town_make(bool twice)
{
	uint32_t person = 0;

	rows_n = 0;
	while (rows_n + 16 < ROWS_MAX) {
		struct details home = { .surname = draw(SURNAMES), .street = draw(STREETS),
			.house = 1 + draw(50) };
		uint32_t size = 1 + draw(4);

		for (uint32_t i = 0; i < size; i++, person++) {
			home.forename = draw(FORENAMES);
			home.year = 1930 + draw(80);
			home.month = 1 + draw(12);
			home.day = 1 + draw(28);
			for (uint16_t source = 0; source < 2; source++) {
				uint32_t copies = draw(10) < 7 ? 1u + (twice && draw(4) == 0) : 0;

				for (; copies > 0; copies--) {
					struct details d = home;

					if (draw(5) == 0)
						slip(&d);
					row_add(&d, person, source);
				}
			}
		}
	}
}

static struct batch *
run(const uint32_t *order, enum batch_scope scope)
{
	const struct weights shipped = weights_shipped();
	struct batch *b = batch_new(&shipped, (struct batch_settings){ .scope = scope });

	for (uint32_t i = 0; i < rows_n; i++)
		batch_add(b, rows[order[i]].tokens, rows[order[i]].n, SPAN_NONE, rows[order[i]].source);
	batch_run(b);
	return b;
}

static void
shuffle(uint32_t *order)
{
	for (uint32_t i = rows_n; i > 1; i--) {
		uint32_t j = draw(i), t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* Labels are places in the order of arrival: partitions are compared by their first row. */
static void
partition(const struct batch *b, const uint32_t *order, uint32_t *out)
{
	uint32_t *first = mem_alloc((rows_n + 1) * sizeof(*first));

	for (uint32_t i = 0; i < rows_n; i++)
		first[i] = UINT32_MAX;
	for (uint32_t i = 0; i < rows_n; i++) {
		uint32_t label = batch_label(b, i);

		first[label] = order[i] < first[label] ? order[i] : first[label];
	}
	for (uint32_t i = 0; i < rows_n; i++)
		out[order[i]] = first[batch_label(b, i)];
	mem_free(first);
}

static void
any_order_gives_the_same_people(void **state)
{
	static const enum batch_scope scopes[] = { BATCH_ALL, BATCH_WITHIN, BATCH_ACROSS };
	static uint32_t order[ROWS_MAX], want[ROWS_MAX], have[ROWS_MAX];
	uint64_t first = number_from("SEED", 1), runs = number_from("RUNS", 12);

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct batch *b;
		uint8_t grade[LINE_END];
		int32_t weight;

		seed_now = seed;
		town_make(seed % 2);
		for (uint32_t i = 0; i < rows_n; i++)
			order[i] = i;
		b = run(order, scopes[seed % 3]);
		partition(b, order, want);
		weight = batch_weight(b, 0, 1, grade);
		batch_free(b);
		shuffle(order);
		b = run(order, scopes[seed % 3]);
		partition(b, order, have);
		for (uint32_t i = 0, x = 0, y = 0; i < rows_n; i++) {
			x = order[i] == 0 ? i : x;
			y = order[i] == 1 ? i : y;
			if (i + 1 == rows_n && batch_weight(b, x, y, grade) != weight)
				fail_msg("seed %llu: a weight depends on the order",
				    (unsigned long long)seed);
		}
		batch_free(b);
		for (uint32_t i = 0; i < rows_n; i++)
			if (want[i] != have[i])
				fail_msg("seed %llu: row %u is somebody else in another order",
				    (unsigned long long)seed, i);
	}
}

struct found {
	uint64_t truth, said, right;
};

static struct found
found_of(const uint32_t *label, enum batch_scope scope)
{
	struct found f = { 0 };

	for (uint32_t i = 0; i < rows_n; i++)
		for (uint32_t j = i + 1; j < rows_n; j++) {
			bool truth = rows[i].person == rows[j].person, said = label[i] == label[j];

			if (scope == BATCH_ACROSS && rows[i].source == rows[j].source)
				continue;
			f.truth += truth;
			f.said += said;
			f.right += truth && said;
		}
	return f;
}

static void
people_of_a_town_are_found_and_families_kept_apart(void **state)
{
	static uint32_t order[ROWS_MAX], label[ROWS_MAX];

	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		struct batch *b;
		struct found f;

		seed_now = 77;
		town_make(twice);
		for (uint32_t i = 0; i < rows_n; i++)
			order[i] = i;
		b = run(order, BATCH_ACROSS);
		partition(b, order, label);
		f = found_of(label, BATCH_ACROSS);
		assert_true(f.right * 1000 >= f.said * 985);
		assert_true(f.right * 1000 >= f.truth * 970);
		assert_int_equal(batch_stats(b).one_a_person, !twice);
		batch_free(b);
	}
}

static void
without_a_row_the_others_are_as_they_would_be(void **state)
{
	static uint32_t order[ROWS_MAX], want[ROWS_MAX], have[ROWS_MAX];
	struct batch *b;

	(void)state;
	seed_now = 5;
	town_make(true);
	for (uint32_t i = 0; i < rows_n; i++)
		order[i] = i;
	rows_n--; /* the last one goes: as if it had never been there, in another order */
	b = run(order, BATCH_ALL);
	partition(b, order, want);
	batch_free(b);
	shuffle(order);
	b = run(order, BATCH_ALL);
	partition(b, order, have);
	batch_free(b);
	assert_memory_equal(want, have, rows_n * sizeof(want[0]));
}

static void
few_or_no_rows_are_nobody_or_themselves(void **state)
{
	static const uint32_t order[ROWS_MAX] = { 0, 1 };

	(void)state;
	for (uint32_t n = 0; n < 3; n++) {
		struct batch *b;

		seed_now = 9;
		town_make(false);
		rows_n = n;
		b = run(order, BATCH_ALL);
		for (uint32_t i = 0; i < n; i++)
			assert_true(batch_label(b, i) < n);
		batch_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_or_no_rows_are_nobody_or_themselves),
		cmocka_unit_test(people_of_a_town_are_found_and_families_kept_apart),
		cmocka_unit_test(any_order_gives_the_same_people),
		cmocka_unit_test(without_a_row_the_others_are_as_they_would_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
