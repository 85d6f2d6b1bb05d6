/* Which records count: the greatest claim before them decides, what is passed
 * over is in doubt until the holder writes that key again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/claim.h"

static const struct id A = { { 0xa } }, B = { { 0xb } }, Z = { { 0xf } };
static int64_t at;

static enum claim_verdict
put(struct claims *c, const char *key, const struct id *run)
{
	struct rec rec = { .offset = at++, .key = span_str(key), .run = *run };
	struct key k = key_parse(rec.key);

	return claims_apply(c, &k, &rec, 0);
}

static enum claim_verdict
take(struct claims *c, const char *stream, const struct id *run, int64_t epoch)
{
	struct key k = { .type = KEY_CLAIM, .stream = span_str(stream), .a = *run };
	struct rec rec = { .offset = at++, .run = *run };

	return claims_apply(c, &k, &rec, epoch);
}

static void
test_nobody_has_claimed_everybody_counts(void **state)
{
	struct claims c;

	(void)state;
	claims_init(&c, false);
	assert_int_equal(put(&c, "k/a", &A), CLAIM_COUNTS);
	assert_int_equal(put(&c, "k/a", &B), CLAIM_COUNTS);
	assert_false(claims_doubtful(&c));
	assert_int_equal(claims_holder(&c, SPAN_LIT("*")).epoch, 0);
	claims_release(&c);
}

static void
test_only_the_holder_counts_and_an_answer_ends_the_doubt(void **state)
{
	struct claims c;

	(void)state;
	at = 10;
	claims_init(&c, false);
	assert_int_equal(take(&c, "*", &A, 1), CLAIM_TAKEN);
	assert_int_equal(put(&c, "k/a", &A), CLAIM_COUNTS);
	assert_int_equal(take(&c, "*", &B, 2), CLAIM_TAKEN);
	assert_int_equal(put(&c, "k/a", &A), CLAIM_PASSED); /* 13 */
	assert_int_equal(put(&c, "k/b", &Z), CLAIM_PASSED); /* 14 */
	assert_true(claims_doubtful(&c));
	assert_int_equal(claims_low(&c, 99), 13);
	assert_int_equal(claims_low(&c, 5), 5);
	assert_int_equal(put(&c, "k/a", &B), CLAIM_COUNTS);
	assert_int_equal(claims_low(&c, 99), 14); /* k/b still */
	assert_int_equal(put(&c, "k/b", &B), CLAIM_COUNTS);
	assert_false(claims_doubtful(&c));
	assert_int_equal(claims_low(&c, 99), 99);
	claims_release(&c);
}

/* Nobody would answer it. */
static void
test_a_key_that_is_nobodys_leaves_no_doubt(void **state)
{
	struct claims c;

	(void)state;
	claims_init(&c, false);
	assert_int_equal(take(&c, "*", &A, 1), CLAIM_TAKEN);
	assert_int_equal(put(&c, "somebody typed this", &Z), CLAIM_PASSED);
	assert_false(claims_doubtful(&c));
	claims_release(&c);
}

static void
test_a_claim_that_is_not_greater_takes_nothing(void **state)
{
	struct claims c;
	struct claim_stream held;

	(void)state;
	claims_init(&c, false);
	assert_int_equal(take(&c, "*", &A, 2), CLAIM_TAKEN);
	assert_int_equal(take(&c, "*", &B, 2), CLAIM_OUTBID);
	assert_int_equal(take(&c, "*", &B, 1), CLAIM_OUTBID);
	held = claims_holder(&c, SPAN_LIT("*"));
	assert_int_equal(held.epoch, 2);
	assert_true(id_eq(&held.run, &A));
	claims_release(&c);
}

static void
test_in_evidence_each_raw_topic_is_a_stream(void **state)
{
	struct claims c;

	(void)state;
	claims_init(&c, true);
	assert_int_equal(take(&c, "raw.a", &A, 1), CLAIM_TAKEN);
	assert_int_equal(put(&c, "r/raw.a/0/1", &B), CLAIM_PASSED);
	assert_int_equal(put(&c, "r/raw.b/0/1", &B), CLAIM_COUNTS);
	assert_int_equal(put(&c, "k/raw.a", &B), CLAIM_PASSED);
	assert_int_equal(put(&c, "k/raw.a", &A), CLAIM_COUNTS);
	assert_true(claims_doubtful(&c));
	assert_int_equal(put(&c, "r/raw.a/0/1", &A), CLAIM_COUNTS);
	assert_false(claims_doubtful(&c));
	claims_release(&c);
}

static void
test_what_was_stored_is_restored(void **state)
{
	struct claims c;

	(void)state;
	claims_init(&c, false);
	claims_restore(&c, SPAN_LIT("*"), 7, &A);
	claims_restore_doubt(&c, SPAN_LIT("k/a"), 0);
	assert_int_equal(claims_low(&c, 99), 0);
	assert_int_equal(take(&c, "*", &B, 7), CLAIM_OUTBID);
	assert_int_equal(put(&c, "k/b", &B), CLAIM_PASSED);
	assert_int_equal(put(&c, "k/a", &A), CLAIM_COUNTS);
	assert_int_equal(put(&c, "k/b", &A), CLAIM_COUNTS);
	assert_false(claims_doubtful(&c));
	claims_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_has_claimed_everybody_counts),
		cmocka_unit_test(test_only_the_holder_counts_and_an_answer_ends_the_doubt),
		cmocka_unit_test(test_a_key_that_is_nobodys_leaves_no_doubt),
		cmocka_unit_test(test_a_claim_that_is_not_greater_takes_nothing),
		cmocka_unit_test(test_in_evidence_each_raw_topic_is_a_stream),
		cmocka_unit_test(test_what_was_stored_is_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
