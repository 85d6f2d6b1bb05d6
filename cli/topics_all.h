/*
 * topics_all - every topic that should be there, compared with what is there.
 *
 * Ours by common/topics.h, the agencies' by config_dir/agencies.yaml.
 */
#ifndef OUTTURN_CLI_TOPICS_ALL_H
#define OUTTURN_CLI_TOPICS_ALL_H

#include "cli/cli.h"
#include "common/topic.h"

struct topic_wanted {
	char full[TOPIC_NAME_MAX + 1];
	const char *name; /* within full: without the prefix */
	int32_t partitions;
};

struct topics_all {
	struct topic_wanted *items;
	size_t n;
};

int topics_all_of(struct cli *cli, struct topics_all *all, struct err *err);
void topics_all_release(struct topics_all *all);

int topics_all_ping(struct kadmin *admin, struct err *err);
int topics_all_there(struct kadmin *admin, const struct topic_wanted *t, struct err *err); /* 1, 0 */
int topics_all_make(struct kadmin *admin, const struct topic_wanted *t, int32_t replication,
    struct err *err);

/* Calls differs() for partitions and each setting that is not as it should be. */
typedef void topics_differ_fn(void *arg, const char *topic, const char *setting,
    const char *found, const char *wanted);
int topics_all_compare(struct kadmin *admin, const struct topic_wanted *t,
    topics_differ_fn *differs, void *arg, struct err *err);

#endif
