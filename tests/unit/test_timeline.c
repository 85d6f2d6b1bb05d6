/*
 * A timeline is a set: what is known of a unit, whatever order it came in, in
 * at most 400 bytes an event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/mem.h"
#include "transform/milestone/timeline_in.h"

enum { BYTES_AN_EVENT_MAX = 400 };

static const struct id unit = { { 1, 2, 3 } };

static struct id
event_id(int n)
{
	return (struct id){ { (uint8_t)n, 9 } };
}

static void
put(struct timeline *tl, int n, date_t start, const char *kind)
{
	struct id id = event_id(n);
	struct attribute at[2] = { { SPAN_LIT("setting"), { 0, false }, SPAN_LIT("own-tenancy") },
		{ SPAN_LIT("age"), { 19000000, true }, SPAN_NONE } };
	struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.kind = span_str(kind), .organisation = SPAN_LIT("A"), .role = SPAN_LIT("council"),
		.evidence_type = SPAN_LIT("payslip"), .start = start, .end = DATE_NONE,
		.attributes = { at, 2 } };

	ln.raw_sha256[0] = (uint8_t)n;
	timeline_event(tl, &id, &ln);
}

static void
events_stand_by_day_and_id_whatever_came_first(void **state)
{
	struct names *names = names_new(3);
	struct timeline *tl = timeline_new(names, &unit);

	(void)state;
	assert_true(timeline_empty(tl));
	assert_true(id_eq(timeline_unit(tl), &unit));
	put(tl, 5, 30, "c");
	put(tl, 2, 10, "a");
	put(tl, 4, 20, "b");
	put(tl, 3, 20, "b");
	put(tl, 1, 40, "d");
	put(tl, 1, 5, "e"); /* another version of it */
	assert_int_equal(timeline_events(tl), 5);
	for (uint32_t i = 1; i < tl->events_n; i++)
		assert_true(tl->events[i - 1].start < tl->events[i].start
		    || id_cmp(&tl->events[i - 1].id, &tl->events[i].id) < 0);
	assert_int_equal(tl->events[0].start, 5);
	assert_true(span_is(name_text(tl->events[0].kind), "e"));
	for (int n = 1; n <= 5; n++) {
		struct id id = event_id(n);

		timeline_event(tl, &id, NULL);
		timeline_event(tl, &id, NULL); /* twice is once */
	}
	assert_true(timeline_empty(tl));
	timeline_free(tl);
	names_free(names);
}

/* Whatever comes and goes, ranks are places by id, and attributes stay with their events. */
static void
each_event_has_its_rank_and_its_attributes(void **state)
{
	struct names *names = names_new(3);
	struct timeline *tl = timeline_new(names, &unit);
	uint32_t draw = 7;

	(void)state;
	for (int step = 0; step < 2000; step++) {
		int n = (int)((draw = draw * 1664525 + 1013904223) >> 24) % 100;
		struct id id = event_id(n);
		struct attribute at[3] = { { SPAN_LIT("a"), { n, true }, SPAN_NONE },
			{ SPAN_LIT("b"), { step, true }, SPAN_NONE },
			{ SPAN_LIT("c"), { n, true }, SPAN_NONE } };
		struct linked ln = { .what = LINKED_EVENT, .kind = SPAN_LIT("k"),
			.start = (int)(draw >> 8) % 50, .end = DATE_NONE,
			.attributes = { at, (draw >> 16) % 4 } };

		timeline_event(tl, &id, draw >> 12 & 3 ? &ln : NULL);
		for (uint32_t i = 0; i < tl->events_n; i++) {
			const struct event *e = &tl->events[i];
			uint32_t rank = 0;

			for (uint32_t k = 0; k < tl->events_n; k++)
				rank += id_cmp(&tl->events[k].id, &e->id) < 0;
			assert_int_equal(e->rank, rank);
			for (uint32_t a = 0; a < e->attributes_n; a++)
				if (a != 1)
					assert_int_equal(e->attributes[a].number, e->id.b[0]);
		}
	}
	assert_true(tl->events_n > 64); /* or it would have compared little */
	timeline_free(tl);
	names_free(names);
}

static void
what_a_record_touches_is_its_kind_and_that_it_had(void **state)
{
	struct names *names = names_new(3);
	struct timeline *tl = timeline_new(names, &unit);
	struct id id = event_id(1);
	struct linked ln = { .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.kind = SPAN_LIT("home"), .start = 5, .end = DATE_NONE };
	uint64_t home = names_kind(names, SPAN_LIT("home")),
		 job = names_kind(names, SPAN_LIT("job-ended"));

	(void)state;
	assert_true(home != job && home && job);
	assert_true(job == names_kind(names, SPAN_LIT("job")));
	assert_true(job == names_kind(names, SPAN_LIT("job-confirmed")));
	assert_true(names_kind(names, SPAN_NONE) == KINDS_NONE);
	assert_true(timeline_event(tl, &id, &ln) == KINDS_ALL); /* whose kind of unit was not known */
	assert_true(timeline_event(tl, &id, &ln) == KINDS_NONE);
	ln.kind = SPAN_LIT("job");
	assert_true(timeline_event(tl, &id, &ln) == (home | job));
	ln.end = 9;
	assert_true(timeline_event(tl, &id, &ln) == job);
	assert_true(timeline_event(tl, &id, NULL) == job);
	assert_true(timeline_event(tl, &id, NULL) == KINDS_NONE);
	for (int i = 0; i < 100; i++) { /* the last bit is shared */
		char many[32];

		snprintf(many, sizeof(many), "kind-%d", i);
		assert_true(names_kind(names, span_str(many)) != 0);
	}
	assert_true(names_kind(names, SPAN_LIT("kind-98")) == names_kind(names, SPAN_LIT("kind-99")));
	timeline_free(tl);
	names_free(names);
}

static void
equal_texts_are_kept_once(void **state)
{
	struct names *names = names_new(3);
	char text[] = "own-tenancy";
	struct span kept = names_keep(names, span_str(text));

	(void)state;
	text[0] = 'x';
	assert_true(span_is(kept, "own-tenancy"));
	assert_ptr_equal(names_keep(names, SPAN_LIT("own-tenancy")).ptr, kept.ptr);
	assert_null(names_keep(names, SPAN_NONE).ptr);
	assert_non_null(names_keep(names, SPAN_LIT("")).ptr);
	for (int i = 0; i < 5000; i++) { /* what was kept stays where it is */
		char many[32];

		snprintf(many, sizeof(many), "name-%d", i);
		names_keep(names, span_str(many));
	}
	assert_true(span_is(kept, "own-tenancy"));
	names_free(names);
}

static void
decisions_stand_by_when_they_were_said(void **state)
{
	struct names *names = names_new(3);
	struct timeline *tl = timeline_new(names, &unit);
	static const int64_t at[] = { 30, 10, 20, 10 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct id id = event_id(10 - i);
		struct decision de = { .what = SPAN_LIT("claimed"), .contract = SPAN_LIT("c"),
			.outcome = SPAN_LIT("o"), .by = SPAN_LIT("worker"), .at_ms = at[i] };

		timeline_decision(tl, &id, &de, true);
		timeline_decision(tl, &id, &de, true);
	}
	assert_int_equal(tl->decisions_n, 4);
	for (uint32_t i = 1; i < 4; i++)
		assert_true(tl->decisions[i - 1].at_ms < tl->decisions[i].at_ms
		    || id_cmp(&tl->decisions[i - 1].id, &tl->decisions[i].id) < 0);
	for (int i = 0; i < 4; i++) {
		struct id id = event_id(10 - i);

		timeline_decision(tl, &id, NULL, false);
	}
	assert_true(timeline_empty(tl));
	timeline_free(tl);
	names_free(names);
}

static void
an_event_takes_at_most_400_bytes(void **state)
{
	struct names *names = names_new(3);

	(void)state;
	for (int events = 4; events <= 64; events += 3) {
		struct timeline *tl = timeline_new(names, &unit);

		for (int n = 0; n < events; n++)
			put(tl, n, n, "a");
		if (timeline_bytes(tl) > (size_t)events * BYTES_AN_EVENT_MAX)
			fail_msg("%d events take %zu bytes", events, timeline_bytes(tl));
		timeline_free(tl);
	}
	names_free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_stand_by_day_and_id_whatever_came_first),
		cmocka_unit_test(each_event_has_its_rank_and_its_attributes),
		cmocka_unit_test(what_a_record_touches_is_its_kind_and_that_it_had),
		cmocka_unit_test(equal_texts_are_kept_once),
		cmocka_unit_test(decisions_stand_by_when_they_were_said),
		cmocka_unit_test(an_event_takes_at_most_400_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
