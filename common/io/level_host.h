/*
 * level_host - the loop of a daemon that is a level: matchd, milestoned.
 *
 *	group gained p ──► core_new(p) + level_task ──► polled in turn
 *	                         ▲          │ over (outbid, overtaken, newer terms)
 *	                         └──────────┘ made anew while p is ours
 *	group lost p ────► freed; what is on the wire may land later: claims
 *
 * Not thread-safe: owned by the thread that calls level_host_round().
 */
#ifndef OUTTURN_IO_LEVEL_HOST_H
#define OUTTURN_IO_LEVEL_HOST_H

#include "common/io/level_task.h"

struct level_stage {
	void *self;
	const char *topic; /* whose partitions are shared out, without the prefix */
	/* State for one partition, folded from nothing; fills *core and names its
	 * logs (topics without the prefix).  Counts are LEVEL_*_MAX at most.  NULL with
	 * err: RETRY where it may be mended while the daemon runs. */
	void *(*core_new)(void *self, int32_t partition, struct level_core *core,
	    struct task_log *inputs, int *inputs_n, struct task_log *outputs, int *outputs_n,
	    struct err *err);
	void (*core_free)(void *core_self);
};

struct level_host_conf {
	struct kafka_conf kafka;
	const char *prefix;
	const char *group_id, *instance_id; /* instance_id NULL: dynamic membership */
	int32_t commit_every_ms;
};

struct level_counts {
	uint64_t read, sent, answers, restarts;
	int owned;
	bool caught_up; /* every owned partition, also when the group gave us none */
};

struct level_host;

/* Borrows all three for its life. */
struct level_host *level_host_new(const struct level_host_conf *conf,
    const struct level_stage *stage, struct av_catalogue *catalogue, struct err *err);
void level_host_free(struct level_host *host);

/* 1: there was work, 0: idle, -1: ERR_RETRY (wait, call again) or ERR_FATAL. */
int level_host_round(struct level_host *host, struct err *err);
/* Until what was sent is acknowledged, at most wait_ms. */
void level_host_drain(struct level_host *host, int wait_ms);
struct level_counts level_host_counts(const struct level_host *host);

#endif
