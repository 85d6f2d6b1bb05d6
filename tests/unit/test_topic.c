/* Keys say what they are and parse back to themselves; what is none of ours
 * stays none of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/topic.h"

static struct id
id_full_of(uint8_t byte)
{
	struct id id;

	memset(id.b, byte, sizeof(id.b));
	return id;
}

static void
assert_round(const struct key *key, const char *text)
{
	struct buf b = BUF_INIT;
	struct key back;

	key_format(key, &b);
	if (text)
		assert_true(span_is(buf_view(&b), text));
	back = key_parse(buf_view(&b));
	assert_int_equal(back.type, key->type);
	assert_true(span_eq(back.stream, key->stream));
	assert_int_equal(back.epoch, key->epoch);
	assert_int_equal(back.offset, key->offset);
	assert_true(id_eq(&back.a, &key->a) && id_eq(&back.b, &key->b));
	buf_release(&b);
}

static void
test_every_key_parses_to_itself(void **state)
{
	struct id a = id_full_of(0xa0), b = id_full_of(0x0b);

	(void)state;
	assert_round(&(struct key){ .type = KEY_RECORD, .stream = SPAN_LIT("raw.council-a"),
			 .epoch = 3, .offset = 41 },
	    "r/raw.council-a/3/41");
	assert_round(&(struct key){ .type = KEY_RECORD, .stream = SPAN_LIT("raw.a/b"),
			 .offset = 0 }, /* a slash of its own */
	    "r/raw.a/b/0/0");
	assert_round(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = a },
	    "c/*/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0");
	assert_round(&(struct key){ .type = KEY_CUT, .stream = SPAN_LIT("terms@m") }, "k/terms@m");
	assert_round(&(struct key){ .type = KEY_UNIT_EVENT, .a = a, .b = b }, NULL);
	assert_round(&(struct key){ .type = KEY_UNIT_DECISION, .a = a, .b = b }, NULL);
	assert_round(&(struct key){ .type = KEY_PAIR, .a = b, .b = a },
	    "q/0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0");
	assert_round(&(struct key){ .type = KEY_OUTCOME, .a = b },
	    "o/0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
}

static void
test_what_is_none_of_ours_is_other(void **state)
{
	static const char *const bad[] = { "", "r", "r/", "r/raw.a", "r/raw.a/1", "r/raw.a/1/",
		"r/raw.a//1", "r//1/1", "r/raw.a/01/1", "r/raw.a/1/-1", "r/raw.a/1/1x",
		"r/raw.a/4294967296/1", "r/raw.a/1/9999999999999999999", "x/raw.a/1/1", "c/*/xyz", "c//",
		"c/*/A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0", "k/", "o/1", "u/1/2",
		"u/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", "ra/raw.a/1/1", "q/1/2",
		"q/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0/0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b" };
	char longest[KEY_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (key_parse(span_str(bad[i])).type != KEY_OTHER)
			fail_msg("'%s' is a key", bad[i]);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "k/", 2);
	assert_int_equal(key_parse(span_of(longest, KEY_MAX)).type, KEY_CUT);
	assert_int_equal(key_parse(span_of(longest, KEY_MAX + 1)).type, KEY_OTHER);
}

static void
test_a_unit_keeps_its_partition_and_all_are_used(void **state)
{
	unsigned used[7] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 7000; i++) {
		struct id unit = { { (uint8_t)(i * 7), (uint8_t)(i >> 8), (uint8_t)(i * 13), (uint8_t)i } };
		int32_t p = unit_partition(&unit, 7);

		assert_true(p >= 0 && p < 7);
		assert_int_equal(p, unit_partition(&unit, 7));
		assert_int_equal(unit_partition(&unit, 1), 0);
		used[p]++;
	}
	for (int p = 0; p < 7; p++)
		assert_true(used[p] > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_parses_to_itself),
		cmocka_unit_test(test_what_is_none_of_ours_is_other),
		cmocka_unit_test(test_a_unit_keeps_its_partition_and_all_are_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
