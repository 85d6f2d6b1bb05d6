/*
 * topics - what topics there are, and how they are set up.
 *
 * One table: `outturn migrate` makes them, `outturn doctor` compares them, the
 * daemons only use them.  Raw topics are the agencies' (agencies.yaml), one
 * partition, LogAppendTime, not compacted.  Everything from evidence on is
 * compacted and keeps what was overwritten for seven days (see level.h for why),
 * but for `suppressed`, which is kept whole: an erasure is never taken back.
 */
#ifndef OUTTURN_TOPICS_H
#define OUTTURN_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*   name          partitions: 1, or as linked          who writes */
#define TOPICS(T)                                                                                  \
	T(evidence,    ONE,    "ingestd")                                                          \
	T(rejected,    ONE,    "ingestd")                                                          \
	T(linked,      LINKED, "matchd")                                                           \
	T(outcomes,    LINKED, "milestoned")                                                       \
	T(review,      ONE,    "reviewers, by outturn")                                            \
	T(decision,    ONE,    "people, by outturn")                                               \
	T(terms,       ONE,    "publishers, by outturn")                                           \
	T(reference,   ONE,    "commissioners and evaluators, by outturn")                         \
	T(suppressed,  ONE,    "outturn erase")                                                    \
	T(statement,   ONE,    "outturn statement")

enum topic_number {
#define TOPIC_ENUM(name, partitions, writer) TOPIC_##name,
	TOPICS(TOPIC_ENUM)
#undef TOPIC_ENUM
	TOPIC_COUNT
};

struct topic_setting {
	const char *name, *value;
};

/* Settings that matter to us, for `name` without prefix ("raw.council-a" too); n is set. */
const struct topic_setting *topic_settings(const char *name, size_t *n);
const char *topic_name(enum topic_number number);
int32_t topic_partitions(enum topic_number number, int32_t linked_partitions);
/* "outturn" and "evidence" → "outturn.evidence"; out: TOPIC_NAME_MAX + 1 bytes. */
void topic_full(const char *prefix, const char *name, char *out);

#endif
