/*
 * level_daemon - what matchd and milestoned share around their stage: settings into
 * a host's, the trust file looked at before anything is opened, the host itself.
 *
 *	struct matchd {
 *		struct level_daemon level;	first: daemon.h's `self` is both
 *		struct match_stage ms;
 *	};
 */
#ifndef OUTTURN_IO_LEVEL_DAEMON_H
#define OUTTURN_IO_LEVEL_DAEMON_H

#include "common/io/daemon.h"
#include "common/io/level_host.h"
#include "common/topic.h"

struct level_daemon {
	const struct params *params;
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct level_host_conf conf;
	struct level_stage stage;
	struct av_catalogue *catalogue; /* owned */
	struct level_host *host;
	char client[TOPIC_NAME_MAX], group[2 * TOPIC_NAME_MAX], instance[3 * TOPIC_NAME_MAX];
};

/* name: "matchd".  Borrows params; the stage is filled in by whoever calls, before
 * level_daemon_open(). */
void level_daemon_init(struct level_daemon *ld, const char *name, const struct params *params);
void level_daemon_release(struct level_daemon *ld);
/* ERR_FATAL when the trust file cannot be used. */
int level_daemon_check(const struct level_daemon *ld, struct err *err);

/* Of struct daemon; `self` is a struct level_daemon. */
int level_daemon_open(void *self, struct err *err);
int level_daemon_round(void *self, struct err *err);
bool level_daemon_ready(void *self);
int level_daemon_drain(void *self, int wait_ms, struct err *err);
/* The figures that both have; returns how many.  owned: what is owned, in words. */
int level_daemon_metrics(const struct level_daemon *ld, const char *owned, struct metric *out);

#endif
