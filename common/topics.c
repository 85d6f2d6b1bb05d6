#include "common/topics.h"

#include <stdio.h>
#include <string.h>

#include "common/must.h"
#include "common/topic.h"

enum share_of { ONE, LINKED };

static const struct {
	const char *name;
	enum share_of partitions;
} topics[] = {
#define TOPIC_ROW(name, partitions, writer) { #name, partitions },
	TOPICS(TOPIC_ROW)
#undef TOPIC_ROW
};

/* Larger than any record that is accepted: a larger one must arrive to be rejected. */
#define MESSAGE_MAX "12582912"

static const struct topic_setting raw_settings[] = {
	{ "cleanup.policy", "delete" },
	{ "message.timestamp.type", "LogAppendTime" },
	{ "retention.ms", "-1" },
	{ "max.message.bytes", MESSAGE_MAX },
};
static const struct topic_setting compacted_settings[] = {
	{ "cleanup.policy", "compact" },
	{ "min.compaction.lag.ms", "604800000" },
	{ "max.message.bytes", MESSAGE_MAX },
};

/* An erasure is never taken back: no later record of its key, and no tombstone, may make
 * compaction forget it. */
static const struct topic_setting kept_settings[] = {
	{ "cleanup.policy", "delete" },
	{ "retention.ms", "-1" },
	{ "max.message.bytes", MESSAGE_MAX },
};

const struct topic_setting *
topic_settings(const char *name, size_t *n)
{
	if (strncmp(name, "raw.", 4) == 0) {
		*n = sizeof(raw_settings) / sizeof(raw_settings[0]);
		return raw_settings;
	}
	if (strcmp(name, topic_name(TOPIC_suppressed)) == 0) {
		*n = sizeof(kept_settings) / sizeof(kept_settings[0]);
		return kept_settings;
	}
	*n = sizeof(compacted_settings) / sizeof(compacted_settings[0]);
	return compacted_settings;
}

const char *
topic_name(enum topic_number number)
{
	MUST(number < TOPIC_COUNT);
	return topics[number].name;
}

int32_t
topic_partitions(enum topic_number number, int32_t linked_partitions)
{
	MUST(number < TOPIC_COUNT);
	return topics[number].partitions == LINKED ? linked_partitions : 1;
}

void
topic_full(const char *prefix, const char *name, char *out)
{
	snprintf(out, TOPIC_NAME_MAX + 1, "%s.%s", prefix, name);
}
