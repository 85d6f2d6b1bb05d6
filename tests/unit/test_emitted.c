/* What stands under each key: common/emitted.h beside a list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "common/emitted.h"

enum { KEYS = 400, STEPS = 40000 };

struct entry {
	struct emitted_key key;
	enum emitted_state state;
	uint64_t hash;
	bool queued;
};

static uint64_t chance;

static uint32_t
draw(uint32_t below)
{
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(chance >> 33) % below;
}

static struct entry *
entries(bool pairs)
{
	struct entry *all = calloc(KEYS, sizeof(*all));

	for (uint32_t i = 0; i < KEYS; i++) {
		all[i].key.a.b[3] = (uint8_t)i;
		all[i].key.a.b[9] = (uint8_t)(i >> 8);
		all[i].key.type = KEY_OUTCOME;
		if (!pairs || i % 3 == 0)
			continue;
		all[i].key.type = i % 3 == 1 ? KEY_UNIT_EVENT : KEY_UNIT_DECISION;
		all[i].key.a.b[3] &= 7;
		all[i].key.b.b[0] = (uint8_t)i;
	}
	return all;
}

static void
step(struct emitted *e, struct entry *w)
{
	struct emitted_slot *s = emitted_put(e, &w->key);

	assert_int_equal(emitted_state(s), w->state);
	switch (draw(4)) {
	case 0:
		w->hash = (uint64_t)draw(UINT32_MAX) << 32;
		w->state = EMITTED_KNOWN;
		emitted_set(s, w->state, w->hash);
		break;
	case 1:
		w->state = EMITTED_UNKNOWN;
		emitted_set(s, w->state, 0);
		break;
	case 2:
		w->queued = !w->queued;
		emitted_queue(s, w->queued);
		if (!w->queued && w->state == EMITTED_ABSENT)
			emitted_drop(e, s);
		break;
	case 3:
		w->state = EMITTED_ABSENT;
		w->queued = false;
		emitted_drop(e, s);
		break;
	}
}

static void
compare(const struct emitted *e, const struct entry *all)
{
	size_t there = 0, seen = 0;
	struct emitted_key key;

	for (uint32_t i = 0; i < KEYS; i++) {
		const struct emitted_slot *s = emitted_find(e, &all[i].key);

		assert_int_equal(emitted_state(s), all[i].state);
		assert_int_equal(emitted_queued(s), all[i].queued);
		if (all[i].state == EMITTED_KNOWN) {
			assert_true(emitted_same(s, all[i].hash));
			assert_false(emitted_same(s, all[i].hash + ((uint64_t)1 << 40)));
		}
		there += all[i].state != EMITTED_ABSENT || all[i].queued;
	}
	assert_int_equal(e->count, there);
	for (size_t at = 0; at < e->cap; at++)
		seen += emitted_at(e, at, &key);
	assert_int_equal(seen, there);
}

static void
play(bool pairs)
{
	const char *seed = getenv("SEED");
	struct entry *all = entries(pairs);
	struct emitted e;

	chance = seed ? strtoull(seed, NULL, 10) : 1;
	emitted_init(&e, chance);
	assert_null(emitted_find(&e, &all[0].key));
	for (int i = 0; i < STEPS; i++) {
		/* Few at a time, so that it is dense and sparse by turns. */
		step(&e, &all[draw(1 + (uint32_t)(i / 97 % KEYS))]);
		if (i % 499 == 0)
			compare(&e, all);
	}
	compare(&e, all);
	emitted_release(&e);
	free(all);
}

static void
test_outcomes_are_what_was_put(void **state)
{
	(void)state;
	play(false);
}

static void
test_so_are_links_and_outcomes_in_one_table(void **state)
{
	(void)state;
	play(true);
}

/* The bar of milestoned's whole state leaves no more. */
static void
test_an_outcome_takes_at_most_forty_bytes(void **state)
{
	struct emitted_key key = { .type = KEY_OUTCOME };
	struct emitted e;
	size_t worst = 0;

	(void)state;
	emitted_init(&e, 1);
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(key.a.b, &i, sizeof(i));
		emitted_set(emitted_put(&e, &key), EMITTED_KNOWN, i);
		if (i >= 1000 && emitted_bytes(&e) / e.count > worst)
			worst = emitted_bytes(&e) / e.count;
	}
	assert_in_range(worst, 24, 40);
	emitted_release(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes_are_what_was_put),
		cmocka_unit_test(test_so_are_links_and_outcomes_in_one_table),
		cmocka_unit_test(test_an_outcome_takes_at_most_forty_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
