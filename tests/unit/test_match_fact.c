/* Which version of an event counts, and that keeping them costs what it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "transform/match/fact.h"

static struct facts facts;
static const struct id event = { { 0xe } };

static int
begin(void **state)
{
	(void)state;
	facts_init(&facts, 3);
	return 0;
}

static int
done(void **state)
{
	(void)state;
	facts_release(&facts);
	return 0;
}

static uint32_t
put_text(int32_t epoch, int64_t offset, int64_t revision, bool withdrawn, bool tombstone,
    struct span text)
{
	struct attribute a = { SPAN_LIT("ward"), { 0, false }, text };
	struct evidence ev = { .event_id = event, .revision = revision, .withdrawn = withdrawn,
		.tombstone = tombstone, .organisation = SPAN_LIT("A"), .attributes = { &a, 1 },
		.source = { SPAN_LIT("raw.a"), epoch, offset, 0 } };
	struct key key = { .type = KEY_RECORD, .stream = ev.source.topic, .epoch = epoch,
		.offset = offset };
	uint32_t i = facts_version_new(&facts, facts_event_of(&facts, &event));

	*facts_slot(&facts, &key) = i + 1;
	facts_version_fill(&facts, facts_version(&facts, i), &ev);
	return i;
}

static uint32_t
put(int32_t epoch, int64_t offset, int64_t revision, bool withdrawn, bool tombstone)
{
	return put_text(epoch, offset, revision, withdrawn, tombstone, SPAN_LIT("Invented"));
}

static uint32_t
winner(void)
{
	return facts_winner(&facts, facts_event(&facts, facts_event_of(&facts, &event)));
}

static void
test_the_greatest_revision_counts_and_of_equals_the_last(void **state)
{
	uint32_t a, b, c;

	(void)state;
	a = put(1, 50, 2, false, false);
	b = put(1, 90, 1, false, false);
	assert_int_equal(winner(), a + 1);
	c = put(1, 70, 2, false, false);
	assert_int_equal(winner(), c + 1);
	facts_version_del(&facts, c);
	assert_int_equal(winner(), a + 1);
	facts_version_del(&facts, a);
	assert_int_equal(winner(), b + 1);
	a = put(2, 3, 1, false, false); /* the topic was made anew: its offsets come later */
	assert_int_equal(winner(), a + 1);
}

static void
test_a_tombstone_withdraws_what_stands_before_it(void **state)
{
	uint32_t after;

	(void)state;
	put(1, 10, 9, false, false);
	put(1, 20, 0, false, true);
	assert_int_equal(winner(), 0);
	after = put(1, 30, 1, false, false);
	assert_int_equal(winner(), after + 1);
	put(1, 15, 50, false, false); /* late, but from before */
	assert_int_equal(winner(), after + 1);
}

static void
test_withdrawn_or_erased_it_does_not_stand(void **state)
{
	uint32_t a, w;

	(void)state;
	a = put(1, 10, 1, false, false);
	w = put(1, 20, 2, true, false);
	assert_int_equal(winner(), 0);
	facts_version_del(&facts, w);
	assert_int_equal(winner(), a + 1);
	facts_event(&facts, facts_event_of(&facts, &event))->suppressed = true;
	assert_int_equal(winner(), 0);
}

static void
test_offsets_from_the_newest_down_cost_what_they_cost_upwards(void **state)
{
	enum { MANY = 20000 };
	struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1 };
	size_t bytes;

	(void)state;
	for (int64_t i = 0; i < MANY; i++) {
		key.offset = 1000000 - i;
		*facts_slot(&facts, &key) = (uint32_t)i + 1;
		if (i % 1000 == 0) { /* and now and then one far above */
			key.offset = 1000000 + i / 100;
			if (i)
				*facts_slot(&facts, &key) = 77;
		}
	}
	bytes = facts_bytes(&facts);
	assert_true(bytes < 8 * MANY * sizeof(uint32_t));
	for (int64_t i = 0; i < MANY; i++) {
		key.offset = 1000000 - i;
		assert_int_equal(*facts_slot(&facts, &key), i + 1);
	}
	assert_int_equal(facts_bytes(&facts), bytes);
	key.offset = 0;
	assert_int_equal(*facts_slot(&facts, &key), 0);
}

/* Wards and days are more than sixteen bits can number; organisations are not. */
static void
test_a_hundred_thousand_texts_of_attributes_leave_room_for_words(void **state)
{
	struct attribute attribute;
	struct linked ln = { 0 };
	uint32_t last = 0;
	char text[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "ward-%d", i);
		last = put_text(1, i, i, false, false, span_str(text));
		if (i < 99999)
			facts_version_del(&facts, last);
	}
	facts_linked(&facts, facts_version(&facts, last), &attribute, &ln);
	assert_true(span_is(ln.organisation, "A"));
	assert_true(span_is(attribute.text, "ward-99999"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_greatest_revision_counts_and_of_equals_the_last),
		TEST(test_a_tombstone_withdraws_what_stands_before_it),
		TEST(test_withdrawn_or_erased_it_does_not_stand),
		TEST(test_offsets_from_the_newest_down_cost_what_they_cost_upwards),
		TEST(test_a_hundred_thousand_texts_of_attributes_leave_room_for_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
