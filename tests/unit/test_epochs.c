/*
 * Key epochs and purposes: what is made under one alone meets nothing of
 * another, in no field and no encoding; with both epochs live a record meets
 * either, and clusters are the same before, during and after a rotation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/mem.h"
#include "ingest/tokens.h"
#include "transform/match/naive.h"

enum { PEOPLE = 12, FACTS = 2 * PEOPLE };

static const uint8_t first[KEY_MASTER_BYTES] = { 4, 2 }, second[KEY_MASTER_BYTES] = { 4, 3 };
static struct frequency frequency;
static struct arena arena;

static int
setup(void **state)
{
	struct err err;

	(void)state;
	arena_init(&arena, 0);
	return frequency_parse(&frequency, SPAN_LIT("version\t1\nsurname\texample\t900\n"), &err);
}

static int
teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	frequency_release(&frequency);
	return 0;
}

static struct keyring *
ring_of(const uint8_t *of_epoch, int32_t epoch, const char *purpose)
{
	return keyring_make(&(struct keyring_from){ first, of_epoch, epoch, purpose });
}

static struct encodings *
encode(const struct keyring *ring, const struct raw_person *raw)
{
	struct tokeniser *t = tokeniser_new(ring, &frequency, (struct token_settings){ .clk = CLK_RECORD });
	struct person_context c = { .organisation = SPAN_LIT("a"), .sex = SPAN_LIT("female") };
	struct encodings *e = arena_zalloc(&arena, 1, sizeof(*e));
	struct err err = ERR_INIT;
	const struct person_block *b = tokeniser_person(t, raw, &c, &arena, &err);

	assert_non_null(b);
	e->signature = b->signature;
	e->key_epoch = ring->epoch;
	e->clk = arena_copy(&arena, span_of(b->clk, b->clk_len));
	e->tokens.n = b->n;
	e->tokens.items = arena_zalloc(&arena, b->n, sizeof(b->tokens[0]));
	memcpy(e->tokens.items, b->tokens, b->n * sizeof(b->tokens[0]));
	tokeniser_free(t);
	return e;
}

static struct raw_person
invented(unsigned n, struct raw_address *home)
{
	*home = (struct raw_address){ .line1 = SPAN_LIT("1 Invented Road"),
		.town = SPAN_LIT("Exampleton"), .postcode = SPAN_LIT("QX1 1AA"),
		.uprn = SPAN_LIT("100012345") };
	return (struct raw_person){ .forename = span_str(arena_printf(&arena, "Zain%c", 'a' + n)),
		.surname = SPAN_LIT("Sample-Example"), .previous_surname = SPAN_LIT("Invented"),
		.middle_names = SPAN_LIT("Anne"),
		.dob = span_str(arena_printf(&arena, "1999-03-%02u", n % 28 + 1)),
		.nhs_number = n % 2 ? SPAN_NONE : SPAN_LIT("943 476 5919"),
		.nino = SPAN_LIT("NC123456"), .local_id = span_str(arena_printf(&arena, "L%u", n)),
		.addresses = { home, 1 } };
}

static void
assert_nothing_shared(const struct encodings *a, const struct encodings *b)
{
	const struct token *x = a->tokens.items, *y = b->tokens.items;
	unsigned same = CLK_RECORD_BYTES * 8;

	assert_int_equal(a->tokens.n, b->tokens.n);
	assert_true(a->tokens.n > 25);
	assert_false(id_eq(&a->signature, &b->signature));
	for (uint32_t i = 0; i < a->tokens.n; i++)
		for (uint32_t k = 0; k < b->tokens.n; k++) /* across fields too */
			assert_false(id_eq(&x[i].value, &y[k].value));
	for (size_t i = 0; i < CLK_RECORD_BYTES; i++)
		same -= (unsigned)__builtin_popcount(a->clk.ptr[i] ^ b->clk.ptr[i]);
	assert_in_range(same, 410, 614); /* chance, and six deviations of it */
}

static void
nothing_matches_across_epochs_and_purposes(void **state)
{
	struct keyring *rings[] = { ring_of(first, 1, "outcomes"), ring_of(first, 2, "outcomes"),
		ring_of(second, 2, "outcomes"), ring_of(first, 1, "research"),
		ring_of(second, 1, "outcomes") };
	enum { RINGS = sizeof(rings) / sizeof(rings[0]) };
	struct encodings *e[RINGS];
	struct raw_address home;
	struct raw_person raw = invented(0, &home);

	(void)state;
	for (int i = 0; i < RINGS; i++)
		e[i] = encode(rings[i], &raw);
	for (int i = 0; i < RINGS; i++)
		for (int k = 0; k < i; k++)
			assert_nothing_shared(e[i], e[k]);
	for (int i = 0; i < RINGS; i++)
		keyring_free(rings[i]);
}

static void
ids_outlive_epochs_and_not_purposes(void **state)
{
	struct keyring *now = ring_of(first, 1, "outcomes"), *later = ring_of(second, 2, "outcomes"),
		       *other = ring_of(first, 1, "research");
	struct id a = event_id_of(now, SPAN_LIT("o"), SPAN_LIT("r")),
		  b = event_id_of(later, SPAN_LIT("o"), SPAN_LIT("r")),
		  c = event_id_of(other, SPAN_LIT("o"), SPAN_LIT("r"));

	(void)state;
	assert_true(id_eq(&a, &b));
	assert_memory_equal(now->seal_key, later->seal_key, MAC_KEY_BYTES);
	assert_false(id_eq(&a, &c));
	assert_memory_not_equal(now->seal_key, other->seal_key, MAC_KEY_BYTES);
	keyring_free(now);
	keyring_free(later);
	keyring_free(other);
}

/* --- through matching */

struct world {
	struct evidence ev[FACTS];
	struct id unit[FACTS]; /* of each event, as linked */
};

enum live { LIVE_FIRST, LIVE_BOTH, LIVE_SECOND };

/* Two registrations of each person, by two agencies, equal but for the local id. */
static void
world_make(struct world *w, const enum live live[FACTS])
{
	struct keyring *one = ring_of(first, 1, "outcomes"), *two = ring_of(second, 2, "outcomes");

	for (unsigned i = 0; i < FACTS; i++) {
		struct raw_address home;
		struct raw_person raw = invented(i / 2, &home);
		struct evidence *ev = &w->ev[i];
		struct encodings *now;

		raw.nhs_number = raw.nino = raw.local_id = SPAN_NONE;
		if (i % 2)
			raw.middle_names = SPAN_NONE; /* another signature */
		now = encode(live[i] == LIVE_SECOND ? two : one, &raw);
		*ev = (struct evidence){ .what = EVIDENCE_VERSION, .organisation = SPAN_LIT("a"),
			.role = SPAN_LIT("council"), .kind = SPAN_LIT("accommodation"),
			.source = { SPAN_LIT("raw.a"), 1, i, 0 }, .start = 18000, .end = DATE_NONE,
			.complete_through = DATE_NONE, .signature = now->signature,
			.key_epoch = now->key_epoch, .tokens = now->tokens, .clk = now->clk };
		ev->event_id.b[0] = (uint8_t)(i + 1);
		if (live[i] == LIVE_BOTH)
			ev->next = encode(two, &raw);
	}
	keyring_free(one);
	keyring_free(two);
}

static void
unit_take(void *arg, const struct key *key, const struct linked *ln)
{
	struct world *w = arg;

	(void)key;
	if (ln->what == LINKED_EVENT)
		w->unit[ln->event_id.b[0] - 1] = ln->unit;
}

/* How many of the people are one unit, as matchd with this match_epoch sees them. */
static unsigned
people_whole(struct world *w, int32_t epoch)
{
	static const struct match_keys keys = { { 1 }, { 2 } };
	struct evidence ev[FACTS];
	struct naive_input in = { .evidence = ev, .evidence_n = FACTS, .model = model_builtin(),
		.keys = &keys };
	unsigned whole = 0;

	memcpy(ev, w->ev, sizeof(ev));
	for (unsigned i = 0; i < FACTS; i++)
		evidence_at_epoch(&ev[i], epoch);
	naive_match(&in, unit_take, w);
	for (unsigned i = 0; i < FACTS; i += 2)
		whole += id_eq(&w->unit[i], &w->unit[i + 1]);
	for (unsigned i = 2; i < FACTS; i++) /* and nobody with anybody else */
		assert_false(id_eq(&w->unit[i], &w->unit[i % 2]));
	return whole;
}

static void
a_rotation_keeps_people_whole(void **state)
{
	enum live live[FACTS];
	struct world w;

	(void)state;
	for (int done = 0; done <= FACTS; done += FACTS / 4) { /* written anew under both, by and by */
		for (int i = 0; i < FACTS; i++)
			live[i] = i * 7 % FACTS < done ? LIVE_BOTH : LIVE_FIRST;
		world_make(&w, live);
		assert_int_equal(people_whole(&w, 0), PEOPLE);
		assert_int_equal(people_whole(&w, 1), PEOPLE);
	}
	for (int done = 0; done <= FACTS; done += FACTS / 4) { /* then under the second alone */
		for (int i = 0; i < FACTS; i++)
			live[i] = i * 7 % FACTS < done ? LIVE_SECOND : LIVE_BOTH;
		world_make(&w, live);
		assert_int_equal(people_whole(&w, 2), PEOPLE);
	}
}

static void
without_both_live_a_person_is_two(void **state)
{
	enum live live[FACTS];
	struct world w;

	(void)state;
	for (int i = 0; i < FACTS; i++)
		live[i] = i % 2 ? LIVE_SECOND : LIVE_FIRST;
	world_make(&w, live);
	assert_int_equal(people_whole(&w, 0), 0);
	assert_int_equal(people_whole(&w, 1), 0);
	assert_int_equal(people_whole(&w, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_matches_across_epochs_and_purposes),
		cmocka_unit_test(ids_outlive_epochs_and_not_purposes),
		cmocka_unit_test(a_rotation_keeps_people_whole),
		cmocka_unit_test(without_both_live_a_person_is_two),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
