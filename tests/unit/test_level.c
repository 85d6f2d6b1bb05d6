/*
 * Moments of a level that a random history found once, by hand.
 * prop_protocol.c plays the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/level.h"

enum { SENT_MAX = 64, ROWS = 2 };

static const struct id ME = { { 0xe } }, OTHER = { { 0xf } };

struct sent {
	char key[80], value[40];
	bool gone;
};

/* One input with claims and cuts, one output; each row of the input stands in
 * the output under the same number. */
static struct play {
	struct level *level;
	struct sent sent[SENT_MAX];
	size_t n, acked;
	int64_t out;
	bool there[ROWS], touched[ROWS];
} play;

static int64_t recipe; /* ours, from the next begin() on */

static struct id
row_id(int n)
{
	return (struct id){ { 1, (uint8_t)n } };
}

static void
fold(void *self, int input, const struct key *key, const struct rec *rec)
{
	(void)self;
	(void)input;
	play.there[key->a.b[1]] = rec->value.ptr != NULL;
	play.touched[key->a.b[1]] = true;
}

static void
on_cut(void *self, struct span input, const struct cut *cut)
{
	(void)self;
	(void)input;
	(void)cut;
}

static void
settle_core(void *self)
{
	(void)self;
}

static bool
next_touched(void *self, struct key *key, int *output)
{
	(void)self;
	for (int i = 0; i < ROWS; i++)
		if (play.touched[i]) {
			play.touched[i] = false;
			*key = (struct key){ .type = KEY_OUTCOME, .a = row_id(i) };
			*output = 0;
			return true;
		}
	return false;
}

static bool
want(void *self, const struct key *key, struct buf *value)
{
	(void)self;
	if (play.there[key->a.b[1]])
		buf_str(value, "row");
	return play.there[key->a.b[1]];
}

static int
output_of(void *self, const struct key *key)
{
	(void)self;
	(void)key;
	return 0;
}

static int
send(void *self, int output, struct span key, struct span value, uint64_t tag)
{
	struct sent *s = &play.sent[play.n++];

	(void)self;
	(void)output;
	(void)tag;
	assert_true(play.n <= SENT_MAX);
	s->gone = !value.ptr;
	snprintf(s->key, sizeof(s->key), SPAN_FMT, SPAN_ARG(key));
	snprintf(s->value, sizeof(s->value), SPAN_FMT, SPAN_ARG(value));
	return 0;
}

static void
encode_claim(void *carrier, const struct claim *claim, struct buf *value)
{
	(void)carrier;
	buf_printf(value, "%d", (int)claim->epoch);
}

static bool
decode_claim(void *carrier, struct span value, struct claim *claim)
{
	(void)carrier;
	claim->epoch = value.ptr[0] - '0';
	return true;
}

static void
encode_cut(void *carrier, const struct cut *cut, struct buf *value)
{
	(void)carrier;
	buf_printf(value, "%d", (int)cut->offset);
	if (cut->recipe)
		buf_printf(value, ".%d", (int)cut->recipe);
}

static bool
decode_cut(void *carrier, struct span value, struct cut *cut)
{
	(void)carrier;
	*cut = (struct cut){ .offset = value.ptr[0] - '0', .complete_through = DATE_NONE,
		.terms_offset = -1, .recipe = value.len > 2 ? value.ptr[2] - '0' : 0 };
	return true;
}

static void
begin(int64_t input_end, int64_t output_end)
{
	memset(&play, 0, sizeof(play));
	play.level = level_new(
	    &(struct level_core){ .fold = fold, .cut = on_cut, .settle = settle_core,
		.next_touched = next_touched, .want = want, .output_of = output_of,
		.recipe = recipe },
	    &(struct level_port){ .send = send, .encode_claim = encode_claim,
		.encode_cut = encode_cut, .decode_claim = decode_claim,
		.decode_cut = decode_cut },
	    &(struct level_input){ .claimed = true, .end = input_end }, 1, &output_end, 1, &ME, 1);
}

static void
in(int64_t offset, const char *key, const char *value)
{
	struct rec rec = { .offset = offset, .key = span_str(key), .value = span_str(value),
		.run = OTHER };

	level_input_record(play.level, 0, &rec, offset + 1);
}

static void
out(const char *key, const char *value, const struct id *run)
{
	struct rec rec = { .offset = play.out++, .key = span_str(key), .value = span_str(value),
		.run = *run };

	level_output_record(play.level, 0, &rec, play.out);
}

static void
settle(void)
{
	for (; play.acked < play.n; play.acked++) {
		const struct sent *s = &play.sent[play.acked];

		level_acked(play.level, 0, play.acked, true);
		out(s->key, s->gone ? NULL : s->value, &ME);
	}
}

static const struct sent *
last(const char *key)
{
	for (size_t i = play.n; i-- > 0;)
		if (strcmp(play.sent[i].key, key) == 0)
			return &play.sent[i];
	return NULL;
}

#define ROW0 "o/01000000000000000000000000000000"
#define ROW1 "o/01010000000000000000000000000000"

/* The former owner went on while we folded, and read further than we have: its
 * cut covers a row whose input we have not seen.  Taking the row back would
 * leave the cut, which never goes back, saying that it is not there. */
static void
test_nothing_is_written_before_the_inputs_reach_the_former_owners_cut(void **state)
{
	(void)state;
	begin(1, 0);
	in(0, "k/raw.a", "1");
	level_step(play.level, 100); /* claims */
	assert_int_equal(level_state(play.level), LEVEL_CLAIMING);
	out(ROW0, "row", &OTHER); /* before our claim lands */
	out("k/raw.a", "2", &OTHER);
	settle(); /* the claim comes back */
	while (level_step(play.level, 100))
		;
	assert_null(last(ROW0));
	assert_int_equal(level_state(play.level), LEVEL_CLAIMING);
	in(1, ROW0, "x");
	in(2, "k/raw.a", "2");
	while (level_step(play.level, 100))
		;
	assert_int_equal(level_state(play.level), LEVEL_LIVE);
	settle();
	while (level_step(play.level, 100))
		;
	assert_null(last(ROW0)); /* it was right */
	level_free(play.level);
}

static void
test_an_intruder_is_answered_before_the_next_cut(void **state)
{
	(void)state;
	begin(0, 0);
	level_step(play.level, 100);
	settle();
	in(0, ROW0, "x");
	level_step(play.level, 100);
	settle();
	assert_string_equal(last(ROW0)->value, "row");
	play.n = play.acked; /* forget nothing, but look at what follows */
	out(ROW0, "zombie", &OTHER);
	out(ROW1, "zombie", &OTHER);
	size_t before = play.n;

	in(1, "k/raw.a", "1");
	while (level_step(play.level, 100))
		;
	assert_true(play.n >= before + 2);
	assert_null(last("k/raw.a")); /* the answers are not acknowledged yet */
	assert_true(last(ROW1)->gone);
	assert_int_equal(level_answers(play.level), 2);
	settle();
	while (level_step(play.level, 100))
		;
	assert_string_equal(last("k/raw.a")->value, "1");
	level_free(play.level);
}

static void
test_while_an_input_is_in_doubt_no_cut_is_written(void **state)
{
	(void)state;
	begin(0, 0);
	level_step(play.level, 100);
	settle();
	in(0, "c/*/0f000000000000000000000000000000", "1");
	struct rec zombie = { .offset = 1, .key = SPAN_LIT(ROW0), .value = SPAN_LIT("z"),
		.run = { { 0xd } } };

	level_input_record(play.level, 0, &zombie, 2);
	in(2, "k/raw.a", "1");
	while (level_step(play.level, 100))
		;
	assert_null(last(ROW0));
	assert_null(last("k/raw.a"));
	in(3, ROW0, "x"); /* the answer */
	while (level_step(play.level, 100))
		;
	settle();
	while (level_step(play.level, 100))
		;
	assert_non_null(last(ROW0));
	assert_string_equal(last("k/raw.a")->value, "1");
	level_free(play.level);
}

/* A name that comes between taking the cuts and sending them was not taken:
 * its cut would say something that nobody has said. */
static void
test_a_cut_that_comes_while_others_wait_is_not_sent_with_them(void **state)
{
	(void)state;
	begin(0, 1);
	out("k/raw.b", "5", &OTHER); /* a former owner's: the name is known */
	level_step(play.level, 100);
	settle();
	in(0, ROW0, "x");
	in(1, "k/raw.a", "1");
	while (level_step(play.level, 100)) /* the row is sent, the cut waits for it */
		;
	assert_null(last("k/raw.a"));
	in(2, "k/raw.b", "7");
	settle();
	level_step(play.level, 100);
	assert_string_equal(last("k/raw.a")->value, "1");
	for (size_t i = 0; i < play.n; i++)
		if (strcmp(play.sent[i].key, "k/raw.b") == 0)
			assert_string_equal(play.sent[i].value, "7");
	settle();
	while (level_step(play.level, 100))
		;
	assert_string_equal(last("k/raw.b")->value, "7");
	level_free(play.level);
}

static void
step_all(void)
{
	while (level_step(play.level, 100))
		;
	settle();
	while (level_step(play.level, 100))
		;
	settle();
}

static void
test_a_cut_says_our_recipe_and_not_the_inputs(void **state)
{
	(void)state;
	recipe = 7;
	begin(0, 0);
	step_all();
	in(0, "k/raw.a", "3.5");
	step_all();
	assert_string_equal(last("k/raw.a")->value, "3.7");
	level_free(play.level);
	recipe = 0;
}

/* Neither another recipe of the input's maker nor one of ours, of before, is something
 * that has to be waited for: no record need ever come. */
static void
test_what_stands_by_another_recipe_is_said_anew_and_holds_nobody_up(void **state)
{
	(void)state;
	for (recipe = 0; recipe < 8; recipe += 7) {
		begin(1, 2);
		in(0, "k/raw.a", "3.5");
		out("c/*/0f000000000000000000000000000000", "1", &OTHER);
		out("k/raw.a", "3.4", &OTHER);
		step_all();
		assert_int_equal(level_state(play.level), LEVEL_LIVE);
		assert_string_equal(last("k/raw.a")->value, recipe ? "3.7" : "3");
		level_free(play.level);
	}
	recipe = 0;
}

static void
test_outbid_it_is_over(void **state)
{
	(void)state;
	begin(0, 0);
	level_step(play.level, 100);
	settle();
	level_step(play.level, 100);
	assert_int_equal(level_state(play.level), LEVEL_LIVE);
	out("c/*/0f000000000000000000000000000000", "2", &OTHER);
	assert_int_equal(level_state(play.level), LEVEL_DEAD);
	assert_true(level_why_dead(play.level)[0] != '\0');
	level_free(play.level);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_written_before_the_inputs_reach_the_former_owners_cut),
		cmocka_unit_test(test_an_intruder_is_answered_before_the_next_cut),
		cmocka_unit_test(test_while_an_input_is_in_doubt_no_cut_is_written),
		cmocka_unit_test(test_a_cut_that_comes_while_others_wait_is_not_sent_with_them),
		cmocka_unit_test(test_a_cut_says_our_recipe_and_not_the_inputs),
		cmocka_unit_test(test_what_stands_by_another_recipe_is_said_anew_and_holds_nobody_up),
		cmocka_unit_test(test_outbid_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
