/* A batch: one row a key, the last; sorted when sealed; slots that only advance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "sink/batch.h"

enum { THINGS = 3000, SAYINGS = 20000 };

static struct sink_batch *b;

static int
begin(void **state)
{
	(void)state;
	b = sink_batch_new();
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	sink_batch_free(b);
	return 0;
}

static struct id
id_for(uint32_t i)
{
	uint32_t h = i * UINT32_C(2654435761); /* so that they do not come in order */

	return (struct id){ .b = { (uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8), (uint8_t)h } };
}

static void
say(uint32_t slot, uint32_t i, int32_t days)
{
	struct outcome o = { .outcome_id = id_for(i), .contract = SPAN_LIT("c"),
		.outcome = SPAN_LIT("o"), .unit_kind = SPAN_LIT("person"), .status = SPAN_LIT("s"),
		.currency = SPAN_LIT("GBP"), .start = DATE_NONE, .due = DATE_NONE,
		.achieved = DATE_NONE, .expires = DATE_NONE, .days = days };
	struct key key = { .type = KEY_OUTCOME, .a = o.outcome_id };

	sink_batch_outcome(b, slot, &key, days < 0 ? NULL : &o);
}

/* Field `n` of a tuple. */
static struct span
field(struct span tuple, int n)
{
	const uint8_t *p = tuple.ptr;

	for (;; n--) {
		uint32_t len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		bool none = len == UINT32_MAX;

		assert_true(p + 4 <= tuple.ptr + tuple.len);
		if (n == 0)
			return none ? SPAN_NONE : span_of(p + 4, len);
		p += 4 + (none ? 0 : len);
	}
}

static void
say_why(uint32_t slot, uint32_t i, const char *text)
{
	struct reason why = { SPAN_LIT("code"), SPAN_LIT("subject"), span_str(text) };
	struct outcome o = { .outcome_id = id_for(i), .start = DATE_NONE, .due = DATE_NONE,
		.achieved = DATE_NONE, .expires = DATE_NONE, .reasons = { &why, 1 } };
	struct key key = { .type = KEY_OUTCOME, .a = o.outcome_id };

	sink_batch_outcome(b, slot, &key, &o);
}

/* As many sets as there were, each under an id of its own, which its outcomes name. */
static void
reasons_are_kept_once_however_many_stand_on_them(void **state)
{
	uint32_t slot = sink_batch_slot(b, "outcomes", 0, 0);
	struct sink_rows outcomes, sets;
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < THINGS; i++) {
			snprintf(text, sizeof(text), "because of %u", i % 7);
			say_why(slot, i, text);
		}
		/* more than are remembered: the ids are the same after it */
		for (uint32_t i = 0; i < SAYINGS; i++) {
			snprintf(text, sizeof(text), "for once %u", i);
			say_why(slot, THINGS, text);
		}
		sink_batch_seal(b);
	}
	outcomes = sink_batch_table(b, SINK_OUTCOME);
	sets = sink_batch_table(b, SINK_REASONS);
	assert_int_equal(outcomes.n, THINGS + 1);
	assert_int_equal(sets.n, 7 + SAYINGS);
	for (size_t r = 0; r < outcomes.n; r++) {
		struct span id = field(sink_row_tuple(&outcomes, r), 19);
		size_t low = 0, high = sets.n;

		assert_int_equal(id.len, ID_BYTES);
		while (low < high) { /* sorted by id */
			size_t mid = (low + high) / 2;

			if (span_cmp(field(sink_row_tuple(&sets, mid), 0), id) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		assert_true(low < sets.n && span_eq(field(sink_row_tuple(&sets, low), 0), id));
	}
}

static void
the_last_row_of_each_key_counts_in_key_order(void **state)
{
	static int32_t last[THINGS];
	uint32_t slot = sink_batch_slot(b, "outcomes", 0, 0), seed = 1, gone = 0, n = 0;
	struct sink_rows rows;

	(void)state;
	for (int k = 0; k < SAYINGS; k++) {
		uint32_t i = (seed = seed * 1664525 + 1013904223) >> 8;

		last[i % THINGS] = i & 0x100000 ? k + 1 : -1;
		say(slot, i % THINGS, last[i % THINGS]);
		if (k == SAYINGS / 2)
			sink_batch_seal(b); /* rows may still come */
	}
	sink_batch_seal(b);
	rows = sink_batch_table(b, SINK_OUTCOME);
	for (int i = 0; i < THINGS; i++) {
		n += last[i] != 0;
		gone += last[i] < 0;
	}
	assert_int_equal(rows.n, n);
	assert_int_equal(rows.gone, gone);
	for (size_t r = 0; r < rows.n; r++) {
		struct span id = field(sink_row_tuple(&rows, r), 1), days;
		uint32_t i = 0;

		if (r)
			assert_true(span_cmp(field(sink_row_tuple(&rows, r - 1), 1), id) < 0);
		while (i < THINGS && memcmp(id_for(i).b, id.ptr, ID_BYTES) != 0)
			i++;
		assert_true(i < THINGS);
		assert_int_equal(rows.row[r].gone, last[i] < 0);
		if (last[i] < 0)
			continue;
		days = field(sink_row_tuple(&rows, r), 14);
		assert_int_equal(days.len, 4);
		assert_int_equal(days.ptr[0] << 24 | days.ptr[1] << 16 | days.ptr[2] << 8 | days.ptr[3],
		    last[i]);
	}
}

static void
a_batch_is_full_by_rows_and_idle_until_something_moves(void **state)
{
	uint32_t slot = sink_batch_slot(b, "outcomes", 1, 40);

	(void)state;
	assert_true(sink_batch_idle(b));
	sink_batch_advance(b, slot, 41); /* passed over: no row, and yet it moves */
	assert_false(sink_batch_idle(b));
	for (uint32_t i = 0; i < SINK_BATCH_ROWS - 1; i++) { /* their reasons are a row, too */
		assert_false(sink_batch_full(b));
		say(slot, i, 1);
	}
	assert_true(sink_batch_full(b));
	sink_batch_reset(b);
	assert_true(sink_batch_idle(b));
	assert_int_equal(sink_batch_slots(b), 0);
	assert_int_equal(sink_batch_rows(b), 0);
}

static void
a_key_of_before_a_reset_is_not_found_again(void **state)
{
	(void)state;
	say(sink_batch_slot(b, "outcomes", 0, 0), 1, 1);
	sink_batch_reset(b);
	say(sink_batch_slot(b, "outcomes", 0, 7), 2, 2);
	say(sink_batch_slot(b, "outcomes", 0, 7), 1, 3);
	assert_int_equal(sink_batch_rows(b), 2 + 1); /* and their reasons, which are the same */
	assert_int_equal(sink_batch_slot_at(b, 0)->expected, 7);
}

static void
slots_tell_partitions_apart(void **state)
{
	(void)state;
	assert_int_equal(sink_batch_slot(b, "linked", 0, 5), 0);
	assert_int_equal(sink_batch_slot(b, "linked", 1, 6), 1);
	assert_int_equal(sink_batch_slot(b, "outcomes", 0, 7), 2);
	assert_int_equal(sink_batch_slot(b, "linked", 1, 6), 1);
	assert_int_equal(sink_batch_slot_at(b, 2)->next, 7);
}

static void
an_answered_doubt_goes_and_a_new_one_stands(void **state)
{
	uint32_t slot = sink_batch_slot(b, "evidence", 0, 0);
	struct sink_rows rows;

	(void)state;
	sink_batch_doubt(b, slot, SPAN_LIT("x"), 4);
	sink_batch_answered(b, slot, SPAN_LIT("x"));
	sink_batch_answered(b, slot, SPAN_LIT("y"));
	sink_batch_doubt(b, slot, SPAN_LIT("y"), 9);
	sink_batch_seal(b);
	rows = sink_batch_table(b, SINK_DOUBT);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.gone, 1);
	assert_true(rows.row[0].gone);
	assert_false(rows.row[1].gone);
}

static void
what_postgresql_cannot_store_is_mended_and_counted(void **state)
{
	uint32_t slot = sink_batch_slot(b, "rejected", 0, 0);
	struct rejected rej = { .sentence = span_of("a\0b\xff", 4), .raw_bytes = 1 };
	struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.council-a"), .epoch = 1 };
	struct sink_rows rows;

	(void)state;
	sink_batch_rejected(b, slot, &key, &rej);
	assert_true(sink_batch_mended(b) > 0);
	rows = sink_batch_table(b, SINK_REJECT);
	assert_true(span_is(field(sink_row_tuple(&rows, 0), 5), "a\xef\xbf\xbd" "b\xef\xbf\xbd"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		TEST(reasons_are_kept_once_however_many_stand_on_them),
		TEST(the_last_row_of_each_key_counts_in_key_order),
		TEST(a_batch_is_full_by_rows_and_idle_until_something_moves),
		TEST(a_key_of_before_a_reset_is_not_found_again),
		TEST(slots_tell_partitions_apart),
		TEST(an_answered_doubt_goes_and_a_new_one_stands),
		TEST(what_postgresql_cannot_store_is_mended_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
