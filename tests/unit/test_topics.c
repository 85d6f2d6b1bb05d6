/* Topics: each named once, raw ones kept whole, the rest compacted for long enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/topic.h"
#include "common/topics.h"

static const char *
setting(const char *topic, const char *name)
{
	size_t n;
	const struct topic_setting *s = topic_settings(topic, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, name) == 0)
			return s[i].value;
	return "";
}

static void
raw_topics_keep_everything_in_the_brokers_time(void **state)
{
	(void)state;
	assert_string_equal(setting("raw.council-a", "cleanup.policy"), "delete");
	assert_string_equal(setting("raw.council-a", "retention.ms"), "-1");
	assert_string_equal(setting("raw.council-a", "message.timestamp.type"), "LogAppendTime");
}

static void
a_record_of_10_mb_arrives_so_that_it_can_be_rejected(void **state)
{
	(void)state;
	assert_true(atol(setting("raw.council-a", "max.message.bytes")) > 10 * 1024 * 1024 + 1024);
}

static void
no_later_record_makes_compaction_forget_an_erasure(void **state)
{
	(void)state;
	assert_string_equal(setting("suppressed", "cleanup.policy"), "delete");
	assert_string_equal(setting("suppressed", "retention.ms"), "-1");
}

static void
every_other_topic_is_compacted_after_seven_days(void **state)
{
	(void)state;
	for (enum topic_number t = 0; t < TOPIC_COUNT; t++) {
		if (t == TOPIC_suppressed)
			continue;
		assert_string_equal(setting(topic_name(t), "cleanup.policy"), "compact");
		assert_int_equal(atol(setting(topic_name(t), "min.compaction.lag.ms")),
		    7L * 24 * 3600 * 1000);
	}
}

static void
only_what_is_by_unit_has_several_partitions(void **state)
{
	(void)state;
	for (enum topic_number t = 0; t < TOPIC_COUNT; t++)
		assert_int_equal(topic_partitions(t, 4),
		    t == TOPIC_linked || t == TOPIC_outcomes ? 4 : 1);
}

static void
a_full_name_is_prefix_and_name(void **state)
{
	char name[TOPIC_NAME_MAX + 1];

	(void)state;
	topic_full("mine", topic_name(TOPIC_evidence), name);
	assert_string_equal(name, "mine.evidence");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_topics_keep_everything_in_the_brokers_time),
		cmocka_unit_test(a_record_of_10_mb_arrives_so_that_it_can_be_rejected),
		cmocka_unit_test(no_later_record_makes_compaction_forget_an_erasure),
		cmocka_unit_test(every_other_topic_is_compacted_after_seven_days),
		cmocka_unit_test(only_what_is_by_unit_has_several_partitions),
		cmocka_unit_test(a_full_name_is_prefix_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
