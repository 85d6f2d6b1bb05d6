#include "common/io/level_host.h"

#include <stdio.h>
#include <time.h>

#include "common/io/log.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/topic.h"

enum {
	HOST_SLOTS_MAX = 256,
	HOST_WAIT_MS = 5,       /* for a first record; shared among the partitions */
	HOST_AGAIN_MS = 200,    /* before a task that is over is made anew */
};

struct slot {
	int32_t partition;
	void *core;
	struct level_task *task;
	int64_t again_ms;
	bool ready;             /* said so in the log */
};

struct level_host {
	const struct level_host_conf *conf;
	const struct level_stage *stage;
	struct av_catalogue *catalogue;
	struct kgroup *group;
	char topic[TOPIC_NAME_MAX + 1];
	struct slot slots[HOST_SLOTS_MAX];
	int slots_n;
	uint64_t read, sent, answers, restarts; /* of tasks that are gone */
	int64_t committed_ms;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
slot_close(struct level_host *h, struct slot *s)
{
	if (s->task) {
		h->read += level_task_read(s->task);
		h->sent += level_task_sent(s->task);
		h->answers += level_answers(level_task_level(s->task));
	}
	level_task_free(s->task);
	if (s->core)
		h->stage->core_free(s->core);
	s->task = NULL;
	s->core = NULL;
	s->ready = false;
}

static void
on_gained(void *owner, const char *topic, int32_t partition)
{
	struct level_host *h = owner;

	MUST(h->slots_n < HOST_SLOTS_MAX);
	h->slots[h->slots_n++] = (struct slot){ .partition = partition };
	log_event(LOG_INFO, "partition-gained", LOG_STR(topic, topic),
	    LOG_INT(partition, partition));
}

static void
on_lost(void *owner, const char *topic, int32_t partition)
{
	struct level_host *h = owner;

	log_event(LOG_INFO, "partition-lost", LOG_STR(topic, topic), LOG_INT(partition, partition));
	for (int i = 0; i < h->slots_n; i++)
		if (h->slots[i].partition == partition) {
			slot_close(h, &h->slots[i]);
			h->slots[i] = h->slots[--h->slots_n];
			return;
		}
}

static void
full_names(const struct level_host *h, struct task_log *logs, int n,
    char (*names)[TOPIC_NAME_MAX + 1])
{
	for (int i = 0; i < n; i++) {
		snprintf(names[i], TOPIC_NAME_MAX + 1, "%s.%s", h->conf->prefix, logs[i].topic);
		logs[i].topic = names[i];
	}
}

static int
slot_open(struct level_host *h, struct slot *s, struct err *err)
{
	char in_names[LEVEL_INPUTS_MAX][TOPIC_NAME_MAX + 1];
	char out_names[LEVEL_OUTPUTS_MAX][TOPIC_NAME_MAX + 1];
	struct task_log in[LEVEL_INPUTS_MAX] = { 0 }, out[LEVEL_OUTPUTS_MAX] = { 0 };
	struct level_core core = { 0 };
	int in_n = 0, out_n = 0;

	s->core = h->stage->core_new(h->stage->self, s->partition, &core, in, &in_n, out, &out_n,
	    err);
	if (!s->core)
		return -1;
	full_names(h, in, in_n, in_names);
	full_names(h, out, out_n, out_names);
	s->task = level_task_new(&h->conf->kafka, h->catalogue, &core, in, in_n, out, out_n, err);
	if (s->task)
		return 0;
	slot_close(h, s);
	return -1;
}

/* 1: work, 0: idle, -1: err. */
static int
slot_round(struct level_host *h, struct slot *s, int wait_ms, struct err *err)
{
	if (!s->task && (now_ms() < s->again_ms || slot_open(h, s, err)))
		return now_ms() < s->again_ms ? 0 : -1;
	switch (level_task_poll(s->task, wait_ms, err)) {
	case TASK_BUSY:
		return 1;
	case TASK_IDLE:
		if (!s->ready && level_task_caught_up(s->task)) {
			s->ready = true;
			log_event(LOG_INFO, "caught-up", LOG_STR(topic, h->topic),
			    LOG_INT(partition, s->partition),
			    LOG_INT(records, level_task_read(s->task)));
		}
		return 0;
	case TASK_OVER:
		slot_close(h, s);
		h->restarts++;
		s->again_ms = now_ms() + HOST_AGAIN_MS;
		return 0;
	case TASK_FATAL:
		return -1;
	}
	NOT_REACHED("a task result has a name");
}

static void
tell_group(struct level_host *h)
{
	int64_t now = now_ms();
	struct err err;

	if (now - h->committed_ms < h->conf->commit_every_ms)
		return;
	h->committed_ms = now;
	for (int i = 0; i < h->slots_n; i++)
		if (h->slots[i].task && level_task_caught_up(h->slots[i].task))
			kgroup_commit(h->group, h->topic, h->slots[i].partition,
			    level_task_position(h->slots[i].task, 0), &err);
}

int
level_host_round(struct level_host *h, struct err *err)
{
	int work = 0, did, wait_ms = HOST_WAIT_MS / (h->slots_n ? h->slots_n : 1);
	bool failed = false;

	if (kgroup_poll(h->group, h->slots_n ? 0 : HOST_WAIT_MS, err))
		return -1;
	for (int i = 0; i < h->slots_n; i++) {
		struct err one = ERR_INIT;

		did = slot_round(h, &h->slots[i], work ? 0 : wait_ms ? wait_ms : 1, &one);
		if (did >= 0) {
			work |= did;
			continue;
		}
		*err = one;
		if (one.class != ERR_RETRY)
			return -1;
		failed = true; /* the others need not wait with it */
	}
	tell_group(h);
	return failed ? -1 : work;
}

static void
task_drain(struct level_task *t, int64_t until)
{
	struct err err;

	if (level_state(level_task_level(t)) != LEVEL_LIVE)
		return;
	level_task_drain(t);
	do {
		if (level_task_poll(t, 0, &err) >= TASK_OVER)
			return;
	} while (!level_task_settled(t) && now_ms() < until);
}

void
level_host_drain(struct level_host *h, int wait_ms)
{
	int64_t until = now_ms() + wait_ms;

	for (int i = 0; i < h->slots_n; i++)
		if (h->slots[i].task)
			task_drain(h->slots[i].task, until);
	h->committed_ms = 0;
	tell_group(h);
}

struct level_counts
level_host_counts(const struct level_host *h)
{
	struct level_counts c = { .read = h->read, .sent = h->sent, .answers = h->answers,
		.restarts = h->restarts, .owned = h->slots_n, .caught_up = kgroup_joined(h->group) };

	for (int i = 0; i < h->slots_n; i++) {
		const struct slot *s = &h->slots[i];

		c.caught_up &= s->task && level_task_caught_up(s->task);
		if (!s->task)
			continue;
		c.read += level_task_read(s->task);
		c.sent += level_task_sent(s->task);
		c.answers += level_answers(level_task_level(s->task));
	}
	return c;
}

struct level_host *
level_host_new(const struct level_host_conf *conf, const struct level_stage *stage,
    struct av_catalogue *catalogue, struct err *err)
{
	struct level_host *h = mem_zalloc(1, sizeof(*h));
	const char *topics[1] = { h->topic };

	h->conf = conf;
	h->stage = stage;
	h->catalogue = catalogue;
	snprintf(h->topic, sizeof(h->topic), "%s.%s", conf->prefix, stage->topic);
	h->group = kgroup_new(&conf->kafka, conf->group_id, conf->instance_id, topics, 1,
	    &(struct kgroup_events){ .owner = h, .gained = on_gained, .lost = on_lost }, err);
	if (h->group)
		return h;
	level_host_free(h);
	return NULL;
}

void
level_host_free(struct level_host *h)
{
	if (!h)
		return;
	kgroup_free(h->group);
	for (int i = 0; i < h->slots_n; i++)
		slot_close(h, &h->slots[i]);
	mem_free(h);
}
