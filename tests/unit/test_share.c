/*
 * Moments of a share that a random history found once, by hand: small enough
 * to read, so that they stay found.  prop_protocol.c plays the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "ingest/share.h"

enum { SENT_MAX = 64 };

static const struct id ME = { { 0xe } }, OTHER = { { 0xf } };

struct sent {
	enum share_log log;
	char key[80], value[40];
	bool gone;
};

static struct play {
	struct share *share;
	struct sent sent[SENT_MAX];
	size_t n, acked;
	int64_t seek, at[SHARE_LOGS]; /* next offset of each log */
	bool erase;             /* "old" content is of somebody who was erased */
	bool reject;            /* raw is judged so from now on */
} play;

static int
send(void *self, enum share_log log, struct span key, struct span value, uint64_t tag)
{
	struct sent *s = &play.sent[play.n++];

	(void)self;
	(void)tag;
	assert_true(play.n <= SENT_MAX);
	s->log = log;
	s->gone = !value.ptr;
	snprintf(s->key, sizeof(s->key), SPAN_FMT, SPAN_ARG(key));
	snprintf(s->value, sizeof(s->value), SPAN_FMT, SPAN_ARG(value));
	return 0;
}

static void
seek(void *self, int64_t offset)
{
	(void)self;
	play.seek = offset;
}

static void
compute(void *self, const struct rec *raw, struct share_result *result)
{
	static char text[20];

	(void)self;
	snprintf(text, sizeof(text), "v%d", (int)raw->offset);
	*result = (struct share_result){ .evidence = span_str(text), .complete_through = DATE_NONE };
	if (play.reject)
		*result = (struct share_result){ .evidence = SPAN_LIT("reject"),
			.rejected = SPAN_LIT("sealed"), .complete_through = DATE_NONE };
}

static bool
rejects(void *self, struct span evidence)
{
	(void)self;
	return span_is(evidence, "reject");
}

static bool
erased(void *self, struct span evidence)
{
	(void)self;
	return play.erase && span_is(evidence, "old");
}

static bool
stub(void *self, struct span evidence, struct buf *out)
{
	(void)self;
	(void)evidence;
	buf_str(out, "stub");
	return true;
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
	buf_printf(value, "%d.%d", (int)cut->epoch, (int)cut->offset);
	if (cut->recipe)
		buf_printf(value, ".%d", (int)cut->recipe);
}

static bool
decode_cut(void *carrier, struct span value, struct cut *cut)
{
	char text[20];
	int epoch, offset, recipe = 0;

	(void)carrier;
	snprintf(text, sizeof(text), SPAN_FMT, SPAN_ARG(value));
	if (sscanf(text, "%d.%d.%d", &epoch, &offset, &recipe) < 2)
		return false;
	*cut = (struct cut){ .epoch = epoch, .offset = offset, .complete_through = DATE_NONE,
		.terms_offset = -1, .recipe = recipe };
	return true;
}

static void
begin_at(int32_t epoch, int64_t raw_low, int64_t raw_end, int64_t evidence_end)
{
	int64_t ends[SHARE_LOGS] = { evidence_end, 0 };
	struct share_port port = { .send = send, .seek = seek, .compute = compute, .erased = erased,
		.rejects = rejects, .stub = stub, .encode_claim = encode_claim, .encode_cut = encode_cut,
		.decode_claim = decode_claim, .decode_cut = decode_cut };

	memset(&play, 0, sizeof(play));
	play.seek = -1;
	play.share = share_new(&port, SPAN_LIT("raw.a"), epoch, raw_low, raw_end, ends,
	    &ME, 1);
	share_terms(play.share, 0, -1);
}

static void
begin(int32_t epoch, int64_t raw_low, int64_t evidence_end)
{
	begin_at(epoch, raw_low, raw_low + 9, evidence_end);
}

static void
found_in(enum share_log log, const char *key, const char *value, const struct id *run)
{
	struct rec rec = { .offset = play.at[log]++, .key = span_str(key), .value = span_str(value),
		.run = *run };

	share_log_record(play.share, log, &rec, play.at[log]);
}

static void
found(const char *key, const char *value, const struct id *run)
{
	found_in(SHARE_EVIDENCE, key, value, run);
}

/* Everything sent comes back, and is acknowledged. */
static void
settle(void)
{
	uint64_t tag[SHARE_LOGS] = { 0 };

	for (size_t i = 0; i < play.acked; i++)
		tag[play.sent[i].log]++;
	while (play.acked < play.n) {
		const struct sent *s = &play.sent[play.acked++];

		share_acked(play.share, s->log, tag[s->log]++, true);
		found_in(s->log, s->key, s->gone ? NULL : s->value, &ME);
	}
}

static void
go_live(void)
{
	share_step(play.share, false);
	share_step(play.share, false);
	settle(); /* the claim comes back */
	assert_int_equal(share_state(play.share), LEVEL_LIVE);
}

static void
raw(int64_t offset)
{
	share_raw_record(play.share, &(struct rec){ .offset = offset });
}

static const struct sent *
last(enum share_log log, const char *key)
{
	for (size_t i = play.n; i-- > 0;)
		if (play.sent[i].log == log && strcmp(play.sent[i].key, key) == 0)
			return &play.sent[i];
	return NULL;
}

static void
test_an_intruder_ahead_of_the_share_is_answered_even_if_it_is_right(void **state)
{
	(void)state;
	begin(0, 0, 1);
	found("r/raw.a/0/0", "v0", &OTHER); /* a former owner's, and right */
	go_live();
	assert_int_equal(play.seek, 0);
	found("r/raw.a/0/0", "v0", &OTHER); /* late: passed over, in doubt everywhere */
	raw(0);
	assert_non_null(last(SHARE_EVIDENCE, "r/raw.a/0/0"));
	share_free(play.share);
}

static void
test_what_stands_and_is_right_is_not_sent_again(void **state)
{
	(void)state;
	begin(0, 0, 1);
	found("r/raw.a/0/0", "v0", &OTHER);
	go_live();
	raw(0);
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/0"));
	share_free(play.share);
}

static void
test_a_share_resumes_behind_its_cut_but_not_behind_another_epochs(void **state)
{
	(void)state;
	begin(0, 0, 3);
	found("r/raw.a/0/0", "v0", &OTHER);
	found("r/raw.a/0/1", "v1", &OTHER);
	found("k/raw.a", "0.1", &OTHER);
	go_live();
	assert_int_equal(play.seek, 2);
	share_free(play.share);

	begin(1, 0, 3); /* the topic was made anew */
	found("r/raw.a/0/0", "v0", &OTHER);
	found("r/raw.a/0/1", "v1", &OTHER);
	found("k/raw.a", "0.1", &OTHER);
	go_live();
	assert_int_equal(play.seek, 0);
	share_free(play.share);
}

/* Keys, profiles and rules are no terms, and change what should stand as much. */
static void
test_raw_is_read_again_after_another_recipe_and_then_resumed(void **state)
{
	(void)state;
	begin(0, 0, 2);
	share_recipe(play.share, 7);
	found("r/raw.a/0/0", "old", &OTHER);
	found("k/raw.a", "0.0", &OTHER); /* taken before there were recipes */
	go_live();
	assert_int_equal(play.seek, 0);
	raw(0);
	settle();
	share_step(play.share, true);
	assert_string_equal(last(SHARE_EVIDENCE, "r/raw.a/0/0")->value, "v0");
	assert_string_equal(last(SHARE_EVIDENCE, "k/raw.a")->value, "0.0.7");
	share_free(play.share);

	begin(0, 0, 2);
	share_recipe(play.share, 7);
	found("r/raw.a/0/0", "v0", &OTHER);
	found("k/raw.a", "0.0.7", &OTHER);
	go_live();
	assert_int_equal(play.seek, 1);
	share_free(play.share);
}

static void
test_cuts_go_on_when_the_topic_was_made_anew_with_fewer_records(void **state)
{
	(void)state;
	begin(1, 0, 2);
	found("r/raw.a/0/7", "v7", &OTHER);
	found("k/raw.a", "0.7", &OTHER);
	go_live();
	share_step(play.share, true); /* empty as yet: that is a cut as well */
	assert_string_equal(last(SHARE_EVIDENCE, "k/raw.a")->value, "1.-1");
	settle();
	raw(0);
	settle();
	share_step(play.share, true);
	assert_string_equal(last(SHARE_EVIDENCE, "k/raw.a")->value, "1.0");
	settle();
	assert_true(share_idle(play.share));
	share_free(play.share);
}

static void
test_a_share_of_an_epoch_that_is_over_sends_no_cut(void **state)
{
	(void)state;
	begin(1, 0, 1);
	found("k/raw.a", "2.0", &OTHER);
	go_live();
	raw(0);
	raw(1);
	settle();
	share_step(play.share, true);
	assert_null(last(SHARE_EVIDENCE, "k/raw.a"));
	assert_false(share_idle(play.share));
	share_free(play.share);
}

static void
test_erasure_reaches_what_raw_no_longer_holds(void **state)
{
	(void)state;
	begin(0, 5, 2); /* raw begins at 5 now */
	play.erase = true;
	found("r/raw.a/0/3", "old", &OTHER);
	found("r/raw.a/0/4", "v4", &OTHER);
	found_in(SHARE_REJECTED, "r/raw.a/0/3", "sealed", &OTHER);
	go_live();
	share_step(play.share, true);
	assert_non_null(last(SHARE_EVIDENCE, "r/raw.a/0/3"));
	assert_string_equal(last(SHARE_EVIDENCE, "r/raw.a/0/3")->value, "stub");
	assert_true(last(SHARE_REJECTED, "r/raw.a/0/3")->gone);
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/4"));
	settle();
	share_erasure(play.share); /* whose, only evidence says: read again */
	assert_int_equal(share_state(play.share), LEVEL_DEAD);
	share_free(play.share);
}

static void
test_a_failed_delivery_is_looked_at_again_before_the_cut(void **state)
{
	(void)state;
	begin(0, 0, 0);
	go_live();
	raw(0);
	share_step(play.share, true);
	assert_null(last(SHARE_EVIDENCE, "k/raw.a")); /* not acknowledged yet */
	play.acked++; /* the row */
	share_acked(play.share, SHARE_EVIDENCE, 1, false);
	share_step(play.share, true);
	assert_int_equal(play.seek, 0);
	assert_null(last(SHARE_EVIDENCE, "k/raw.a"));
	raw(0);
	settle();
	share_step(play.share, true);
	assert_string_equal(last(SHARE_EVIDENCE, "k/raw.a")->value, "0.0");
	share_free(play.share);
}

static void
test_nothing_is_taken_away_where_nothing_stands(void **state)
{
	(void)state;
	begin(0, 0, 0);
	go_live();
	for (int64_t i = 0; i < 5; i++)
		raw(i);
	for (size_t i = 0; i < play.n; i++)
		assert_int_equal(play.sent[i].log, SHARE_EVIDENCE);
	share_free(play.share);
}

/* Killed between the two writes: the payload stands, evidence never came; or the
 * tombstone never came, and evidence shows a version. */
static void
test_a_payload_that_evidence_does_not_speak_of_goes_also_behind_the_cut(void **state)
{
	(void)state;
	begin(0, 0, 3);
	found("r/raw.a/0/0", "v0", &OTHER);
	found("r/raw.a/0/1", "v1", &OTHER);
	found("k/raw.a", "0.1", &OTHER);
	found_in(SHARE_REJECTED, "r/raw.a/0/0", "sealed", &OTHER);
	go_live();
	assert_int_equal(play.seek, 0);
	raw(0);
	raw(1);
	assert_true(last(SHARE_REJECTED, "r/raw.a/0/0")->gone);
	assert_null(last(SHARE_REJECTED, "r/raw.a/0/1"));
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/0"));
	share_free(play.share);
}

static void
test_a_reject_without_its_payload_gets_it_also_behind_the_cut(void **state)
{
	(void)state;
	begin(0, 0, 2);
	found("r/raw.a/0/0", "reject", &OTHER);
	found("k/raw.a", "0.0", &OTHER);
	go_live();
	play.reject = true;
	assert_int_equal(play.seek, 0);
	raw(0);
	assert_string_equal(last(SHARE_REJECTED, "r/raw.a/0/0")->value, "sealed");
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/0"));
	share_free(play.share);
}

static void
test_a_late_payload_of_a_former_owner_is_answered(void **state)
{
	(void)state;
	begin(0, 0, 1);
	found("r/raw.a/0/0", "v0", &OTHER);
	go_live();
	raw(0);
	assert_null(last(SHARE_REJECTED, "r/raw.a/0/0"));
	found_in(SHARE_REJECTED, "r/raw.a/0/0", "sealed", &OTHER);
	share_step(play.share, false);
	assert_int_equal(play.seek, 0);
	raw(0);
	assert_true(last(SHARE_REJECTED, "r/raw.a/0/0")->gone);
	share_free(play.share);
}

static void
test_a_payload_of_expired_raw_stays_only_while_evidence_says_reject(void **state)
{
	(void)state;
	begin(0, 5, 2); /* raw begins at 5 now */
	found("r/raw.a/0/3", "reject", &OTHER);
	found("r/raw.a/0/4", "stub", &OTHER);
	found_in(SHARE_REJECTED, "r/raw.a/0/3", "sealed", &OTHER);
	found_in(SHARE_REJECTED, "r/raw.a/0/4", "sealed", &OTHER);
	go_live();
	share_step(play.share, true);
	assert_null(last(SHARE_REJECTED, "r/raw.a/0/3"));
	assert_true(last(SHARE_REJECTED, "r/raw.a/0/4")->gone);
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/4"));
	settle();
	found_in(SHARE_REJECTED, "r/raw.a/0/4", "sealed", &OTHER); /* late */
	play.n = play.acked;
	share_step(play.share, true);
	assert_true(play.n > play.acked && play.sent[play.acked].log == SHARE_REJECTED
	    && play.sent[play.acked].gone);
	share_free(play.share);
}

/* An offset that somebody made up: no memory for it, and it does not stay. */
static void
test_evidence_far_ahead_of_raw_costs_no_memory_and_is_taken_away(void **state)
{
	(void)state;
	begin_at(0, 0, 1, 3);
	found("r/raw.a/0/0", "v0", &OTHER);
	found("r/raw.a/0/999999999999999999", "old", &OTHER);
	found("r/raw.a/0/1099511627776", "reject", &OTHER);
	go_live();
	found("r/raw.a/0/461168601842738790", "old", &OTHER); /* passed over */
	share_step(play.share, true);
	assert_int_equal(share_made_up(play.share), 0); /* raw may be longer than we have read */
	raw(0);
	share_step(play.share, true);
	assert_int_equal(share_made_up(play.share), 3);
	assert_true(last(SHARE_EVIDENCE, "r/raw.a/0/999999999999999999")->gone);
	assert_true(last(SHARE_EVIDENCE, "r/raw.a/0/1099511627776")->gone);
	assert_true(last(SHARE_EVIDENCE, "r/raw.a/0/461168601842738790")->gone);
	settle();
	share_step(play.share, true);
	settle();
	assert_true(share_idle(play.share));
	share_free(play.share);
}

static void
test_evidence_just_ahead_of_raw_waits_until_raw_has_come(void **state)
{
	(void)state;
	begin_at(0, 0, 1, 2); /* raw grew while we folded: a former owner read it */
	found("r/raw.a/0/0", "v0", &OTHER);
	found("r/raw.a/0/1", "v1", &OTHER);
	go_live();
	raw(0);
	raw(1);
	share_step(play.share, true);
	assert_int_equal(share_made_up(play.share), 0);
	assert_null(last(SHARE_EVIDENCE, "r/raw.a/0/1"));
	share_free(play.share);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_intruder_ahead_of_the_share_is_answered_even_if_it_is_right),
		cmocka_unit_test(test_what_stands_and_is_right_is_not_sent_again),
		cmocka_unit_test(test_a_share_resumes_behind_its_cut_but_not_behind_another_epochs),
		cmocka_unit_test(test_raw_is_read_again_after_another_recipe_and_then_resumed),
		cmocka_unit_test(test_cuts_go_on_when_the_topic_was_made_anew_with_fewer_records),
		cmocka_unit_test(test_a_share_of_an_epoch_that_is_over_sends_no_cut),
		cmocka_unit_test(test_erasure_reaches_what_raw_no_longer_holds),
		cmocka_unit_test(test_nothing_is_taken_away_where_nothing_stands),
		cmocka_unit_test(test_a_payload_that_evidence_does_not_speak_of_goes_also_behind_the_cut),
		cmocka_unit_test(test_a_reject_without_its_payload_gets_it_also_behind_the_cut),
		cmocka_unit_test(test_a_late_payload_of_a_former_owner_is_answered),
		cmocka_unit_test(test_a_payload_of_expired_raw_stays_only_while_evidence_says_reject),
		cmocka_unit_test(test_evidence_far_ahead_of_raw_costs_no_memory_and_is_taken_away),
		cmocka_unit_test(test_evidence_just_ahead_of_raw_waits_until_raw_has_come),
		cmocka_unit_test(test_a_failed_delivery_is_looked_at_again_before_the_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
