/* match.h by its stories: who is joined and why, what a reviewer says, what moves with an event,
 * and that a repeated event touches its own record and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/hash.h"
#include "common/token.h"
#include "transform/match/match.h"

enum { TOKENS = 12 };

static struct match *m;
static int64_t at;

struct details {
	uint64_t nhs, dob, surname, forename, postcode, local_id;
	bool weak;
};

static struct id
id_of(char what, uint64_t n)
{
	struct id id = { { (uint8_t)what } };
	uint64_t h = hash64(&n, sizeof(n), (uint64_t)what);

	memcpy(id.b + 1, &h, sizeof(h));
	return id;
}

static int
begin(void **state)
{
	struct match_keys keys = { .index = { 1 }, .unit = { 2 } };

	(void)state;
	at = 0;
	m = match_new(&keys, model_builtin(), 11);
	return 0;
}

static int
done(void **state)
{
	(void)state;
	match_free(m);
	return 0;
}

static void
add(struct evidence *ev, struct token *tokens, int field, uint64_t value, int frequency)
{
	if (value)
		tokens[ev->tokens.n++] = (struct token){ field, frequency,
			id_of((char)token_family(field), value) };
}

static struct key
send(int64_t offset, uint64_t event, const struct details *d, int64_t revision, bool withdrawn)
{
	struct token tokens[TOKENS];
	struct evidence ev = { .event_id = id_of('e', event), .organisation = SPAN_LIT("A"),
		.kind = SPAN_LIT("accommodation"), .start = 1, .end = DATE_NONE,
		.complete_through = DATE_NONE, .revision = revision, .withdrawn = withdrawn,
		.source = { SPAN_LIT("raw.a"), 1, offset, 0 }, .tokens = { tokens, 0 } };
	struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1,
		.offset = offset };

	add(&ev, tokens, TOKEN_NHS, d->nhs, 0);
	add(&ev, tokens, TOKEN_LOCAL_ID, d->local_id, 0);
	add(&ev, tokens, TOKEN_DOB, d->dob, d->weak ? TOKEN_FREQUENCY_MAX : 0);
	add(&ev, tokens, TOKEN_DOB_YEAR, d->dob / 10000, 0);
	add(&ev, tokens, TOKEN_DOB_MONTH, d->dob / 100 % 100, 0);
	add(&ev, tokens, TOKEN_DOB_DAY, d->dob % 100, 0);
	add(&ev, tokens, TOKEN_SURNAME, d->surname, 3);
	add(&ev, tokens, TOKEN_FORENAME, d->forename, 3);
	add(&ev, tokens, TOKEN_POSTCODE, d->postcode, 0);
	ev.signature = id_of('s', hash64(tokens, ev.tokens.n * sizeof(tokens[0]), 1));
	match_evidence(m, &key, &ev);
	return key;
}

static void
know(uint64_t event, const struct details *d)
{
	send(at++, event, d, 1, false);
}

/* What match_each() says stands for an event or decision; zero: nothing. */
struct standing {
	struct id what, unit, partner;
	char step[40];
	int n;
};

static void
look(void *arg, const struct key *key, const struct linked *ln)
{
	struct standing *s = arg;

	if (key->type == KEY_PAIR || !id_eq(&key->b, &s->what))
		return;
	s->unit = key->a;
	s->partner = ln->match.partner;
	snprintf(s->step, sizeof(s->step), SPAN_FMT, SPAN_ARG(ln->match.step));
	s->n++;
}

static struct standing
standing(char what, uint64_t n)
{
	struct standing s = { .what = id_of(what, n) };

	match_settle(m);
	match_each(m, look, &s);
	assert_true(s.n <= 1);
	return s;
}

static void
assert_one_person(uint64_t a, uint64_t b, bool one)
{
	struct standing x = standing('e', a), y = standing('e', b);

	assert_true(x.n == 1 && y.n == 1);
	assert_int_equal(id_eq(&x.unit, &y.unit), one);
}

static int
touched(void)
{
	struct key key;
	int n = 0;

	match_settle(m);
	while (match_next_touched(m, &key))
		n++;
	return n;
}

static void
review(uint64_t a, uint64_t b, const char *verdict)
{
	struct id x = id_of('e', a), y = id_of('e', b);
	struct review rv = { .verdict = span_str(verdict ? verdict : "") };
	bool turned = id_cmp(&x, &y) > 0;

	match_review(m, turned ? &y : &x, turned ? &x : &y, verdict ? &rv : NULL);
}

static void
test_one_number_and_birthday_is_one_person_and_says_why(void **state)
{
	struct standing s;
	struct id partner = id_of('e', 1);

	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 });
	assert_string_equal(standing('e', 1).step, "single");
	know(2, &(struct details){ .nhs = 5, .dob = 19900509, .surname = 3, .forename = 2 });
	assert_one_person(1, 2, true);
	s = standing('e', 2);
	assert_string_equal(s.step, "nhs+dob");
	assert_true(id_eq(&s.partner, &partner));
}

/* The id is the number's: whoever else is found to be of that person changes nothing. */
static void
test_a_person_with_a_number_keeps_the_id(void **state)
{
	struct id first;

	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 });
	first = standing('e', 1).unit;
	for (uint64_t i = 2; i < 30; i++) {
		struct id now;

		know(i, &(struct details){ .dob = 19900507, .surname = 1, .forename = 2, .postcode = i });
		assert_one_person(1, i, true);
		now = standing('e', 1).unit;
		assert_true(id_eq(&first, &now));
	}
}

static void
test_a_birthday_that_is_nobodys_joins_nobody_by_name_alone(void **state)
{
	(void)state;
	know(1, &(struct details){ .dob = 19900101, .surname = 1, .forename = 2, .weak = true });
	know(2, &(struct details){ .dob = 19900101, .surname = 1, .forename = 2, .weak = true,
	    .postcode = 9 });
	assert_one_person(1, 2, false);
	know(3, &(struct details){ .dob = 19900302, .surname = 1, .forename = 2 });
	know(4, &(struct details){ .dob = 19900302, .surname = 1, .forename = 2, .postcode = 9 });
	assert_one_person(3, 4, true);
}

static void
test_two_numbers_are_two_people_whoever_knows_both(void **state)
{
	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 });
	know(2, &(struct details){ .nhs = 6, .dob = 19900507, .surname = 1, .forename = 2 });
	know(3, &(struct details){ .dob = 19900507, .surname = 1, .forename = 2 });
	assert_one_person(1, 2, false);
}

static void
test_one_record_a_person_holds_where_it_is_declared(void **state)
{
	struct span declares = SPAN_LIT("A");

	(void)state;
	know(1, &(struct details){ .local_id = 1, .dob = 19900507, .surname = 1, .forename = 2 });
	know(2, &(struct details){ .local_id = 2, .dob = 19900507, .surname = 1, .forename = 2 });
	assert_one_person(1, 2, true);
	match_one_record_a_person(m, &declares, 1);
	assert_one_person(1, 2, false);
	match_one_record_a_person(m, NULL, 0);
	assert_one_person(1, 2, true);
}

/* Two events of the very same details: a reviewer parts even those, and takes it back. */
struct asking {
	struct id a, b;
	char why[16];
	int n;
};

static void
asking_take(void *arg, const struct key *key, const struct linked *ln)
{
	struct asking *q = arg;

	if (key->type != KEY_PAIR)
		return;
	assert_int_equal(ln->what, LINKED_PAIR);
	assert_true(id_eq(&ln->event_id, &key->a) && id_eq(&ln->match.partner, &key->b));
	assert_true(id_cmp(&key->a, &key->b) < 0);
	q->a = key->a;
	q->b = key->b;
	snprintf(q->why, sizeof(q->why), SPAN_FMT, SPAN_ARG(ln->match.step));
	q->n++;
}

static struct asking
asking(void)
{
	struct asking q = { .n = 0 };

	match_settle(m);
	match_each(m, asking_take, &q);
	return q;
}

/* Of 1 and 2, with a number each, it is nobody's question; that 3 might be either is. */
static void
test_who_might_be_either_of_two_people_is_asked_until_somebody_says(void **state)
{
	struct id one = id_of('e', 1), two = id_of('e', 2), three = id_of('e', 3), other;
	struct standing first, third;
	struct asking q;
	bool with_one;

	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 });
	know(2, &(struct details){ .nhs = 6, .dob = 19900507, .surname = 1, .forename = 2 });
	assert_int_equal(asking().n, 0);
	know(3, &(struct details){ .dob = 19900507, .surname = 1, .forename = 2 });
	q = asking();
	assert_int_equal(q.n, 1);
	assert_string_equal(q.why, "conflict");
	first = standing('e', 1);
	third = standing('e', 3);
	with_one = id_eq(&first.unit, &third.unit);
	other = with_one ? two : one;
	assert_true(id_eq(&q.a, &three) ? id_eq(&q.b, &other)
		: id_eq(&q.b, &three) && id_eq(&q.a, &other));

	review(3, with_one ? 2 : 1, "not-same");
	assert_int_equal(asking().n, 0);
	review(3, with_one ? 2 : 1, NULL);
	assert_int_equal(asking().n, 1);
	/* Said to be the other one's, it might still be the first's: that is asked then. */
	review(3, with_one ? 2 : 1, "same");
	assert_int_equal(asking().n, 1);
	assert_one_person(3, with_one ? 2 : 1, true);
	match_suppressed(m, &three, true);
	assert_int_equal(asking().n, 0);
}

static void
test_a_reviewer_parts_events_of_one_signature(void **state)
{
	struct details d = { .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 };

	(void)state;
	know(1, &d);
	know(2, &d);
	know(3, &d);
	assert_string_equal(standing('e', 3).step, "same-details");
	review(1, 2, "not-same");
	assert_one_person(1, 2, false);
	review(1, 2, "same");
	assert_one_person(1, 2, true);
	assert_string_equal(standing('e', 1).step, "review");
	review(1, 2, NULL);
	assert_one_person(1, 2, true);
}

static void
test_a_reviewer_joins_what_nothing_else_does(void **state)
{
	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507 });
	know(2, &(struct details){ .nhs = 6, .dob = 19600102 });
	review(1, 2, "same");
	assert_one_person(1, 2, true);
	review(1, 2, NULL);
	assert_one_person(1, 2, false);
}

static void
test_an_event_that_moves_touches_both_places_and_its_decision_follows(void **state)
{
	struct decision de = { .decision_id = id_of('d', 1), .anchor_event = id_of('e', 1) };
	struct source where = { SPAN_LIT("decision"), 0, 0, 0 };
	struct id old, now;
	struct key key;
	struct linked ln;
	int gone = 0, here = 0;

	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507 });
	match_decision(m, &de.decision_id, &de, SPAN_LIT("signed"), &where);
	old = standing('d', 1).unit;
	touched();
	send(at++, 1, &(struct details){ .nhs = 6, .dob = 19900507 }, 2, false);
	match_settle(m);
	while (match_next_touched(m, &key)) {
		gone += id_eq(&key.a, &old) && !match_want(m, &key, &ln);
		here += !id_eq(&key.a, &old) && match_want(m, &key, &ln);
	}
	assert_int_equal(gone, 2);
	assert_int_equal(here, 2);
	now = standing('d', 1).unit;
	assert_false(id_eq(&old, &now));
	send(at++, 1, &(struct details){ .nhs = 6, .dob = 19900507 }, 3, true);
	assert_int_equal(standing('e', 1).n, 0);
	assert_int_equal(standing('d', 1).n, 0);
}

static void
test_an_erased_event_stands_nowhere(void **state)
{
	struct id event = id_of('e', 1);

	(void)state;
	know(1, &(struct details){ .nhs = 5, .dob = 19900507 });
	match_suppressed(m, &event, true);
	assert_int_equal(standing('e', 1).n, 0);
	match_suppressed(m, &event, false);
	assert_int_equal(standing('e', 1).n, 1);
}

/* Not even the details from which nothing was ever compared again. */
static void
test_a_repeated_event_touches_its_own_record_only(void **state)
{
	struct details d = { .nhs = 5, .dob = 19900507, .surname = 1, .forename = 2 };
	struct match_stats before, after;

	(void)state;
	for (uint64_t i = 1; i < 50; i++)
		know(i, &d);
	know(50, &(struct details){ .nhs = 5, .dob = 19900507, .surname = 1, .forename = 3 });
	assert_int_equal(touched(), 50);
	before = match_stats(m);
	send(7, 8, &d, 2, false);
	assert_int_equal(touched(), 1);
	after = match_stats(m);
	assert_int_equal(after.edges, before.edges);
	assert_int_equal(after.signatures, before.signatures);
}

static void
test_state_keeps_to_its_bars(void **state)
{
	enum { SIGNATURES = 20000, EACH = 10 };
	struct match_stats first, all;

	(void)state;
	for (uint64_t i = 0; i < SIGNATURES; i++)
		know(i, &(struct details){ .nhs = 1 + i, .dob = 19000000 + i % 900000, .surname = 1 + i % 3000,
		    .forename = 1 + i % 700, .postcode = 1 + i });
	touched();
	first = match_stats(m);
	for (uint64_t k = 1; k < EACH; k++)
		for (uint64_t i = 0; i < SIGNATURES; i++)
			know(k * SIGNATURES + i, &(struct details){ .nhs = 1 + i, .dob = 19000000 + i % 900000,
			    .surname = 1 + i % 3000, .forename = 1 + i % 700, .postcode = 1 + i });
	touched();
	all = match_stats(m);
	assert_int_equal(all.signatures, first.signatures);
	assert_true((all.bytes - first.bytes) / (all.events - first.events) <= 200);
	assert_true(first.bytes / first.signatures <= 600 + 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_number_and_birthday_is_one_person_and_says_why),
		TEST(test_a_person_with_a_number_keeps_the_id),
		TEST(test_a_birthday_that_is_nobodys_joins_nobody_by_name_alone),
		TEST(test_two_numbers_are_two_people_whoever_knows_both),
		TEST(test_one_record_a_person_holds_where_it_is_declared),
		TEST(test_who_might_be_either_of_two_people_is_asked_until_somebody_says),
		TEST(test_a_reviewer_parts_events_of_one_signature),
		TEST(test_a_reviewer_joins_what_nothing_else_does),
		TEST(test_an_event_that_moves_touches_both_places_and_its_decision_follows),
		TEST(test_an_erased_event_stands_nowhere),
		TEST(test_a_repeated_event_touches_its_own_record_only),
		TEST(test_state_keeps_to_its_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
