/*
 * kafka_group - Kafka's group membership as a way to share partitions out.
 *
 * Every partition that is assigned is paused at its end at once, so that the
 * member never fetches: what it owns is read by a kreader from where the owner
 * says.  Strategy `roundrobin`: `range` would give every topic of one partition
 * to the same member; cooperative-sticky has ownership bugs in librdkafka below
 * 2.10.
 *
 * Static members do not leave when they close: their partitions wait for them
 * for session_ms, and a restarted process has them back at once.
 *
 * A commit that was on its way while the broker was away can come after we have
 * joined anew, under the member id of before: the broker calls that fenced, and
 * librdkafka gives the client up for good.  Nobody took our place then: where the
 * broker was away since we joined, the group is joined once more, with a new
 * client.  Fenced without that, another process has our place.
 */
#include "common/io/kafka_rd.h"

#include <string.h>
#include <time.h>

#include "common/io/log.h"
#include "common/mem.h"
#include "common/must.h"

enum { CLOSE_WAIT_MS = 5000 };

struct kgroup {
	rd_kafka_t *rk;
	struct kgroup_events events;
	bool joined;           /* it was said what is ours */
	rd_kafka_topic_partition_list_t *owned, *topics;
	rd_kafka_conf_t *conf; /* to join once more by */
	bool away;             /* the broker was, since we joined */
	bool doubt;            /* a topic is not there, or was not */
	struct kafka_left left;
};

static void
owned_lose(struct kgroup *g)
{
	rd_kafka_topic_partition_list_t *was = g->owned;

	g->joined = false;
	g->owned = rd_kafka_topic_partition_list_new(0);
	for (int i = 0; i < was->cnt; i++)
		g->events.lost(g->events.owner, was->elems[i].topic, was->elems[i].partition);
	rd_kafka_topic_partition_list_destroy(was);
}

static void
owned_gain(struct kgroup *g, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		rd_kafka_topic_partition_list_add(g->owned, p->topic, p->partition);
		g->events.gained(g->events.owner, p->topic, p->partition);
	}
}

static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
    void *opaque)
{
	struct kgroup *g = opaque;

	owned_lose(g);
	g->joined = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
	if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		for (int i = 0; g->doubt && i < list->cnt; i++)
			kafka_left_note(&g->left, rk, list->elems[i].topic, list->elems[i].partition);
		rd_kafka_assign(rk, NULL);
		return;
	}
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	rd_kafka_assign(rk, list);
	rd_kafka_pause_partitions(rk, list);
	owned_gain(g, list);
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kgroup *g = opaque;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		g->away = true;
	if (kafka_is_no_topic(code)) { /* said each second; kgroup_poll() says it, too */
		g->doubt = true;
		return;
	}
	log_event(LOG_WARN, "kafka-client", LOG_STR(code, rd_kafka_err2name(code)),
	    LOG_STR(reason, reason));
}

static int
group_conf(rd_kafka_conf_t *rc, const struct kafka_conf *conf, const char *group_id,
    const char *instance_id, struct err *err)
{
	int64_t session_ms = or_default(conf->session_ms, SESSION_MS);

	if (instance_id && kafka_rd_set(rc, "group.instance.id", instance_id, err))
		return -1;
	if (kafka_rd_set(rc, "group.id", group_id, err) ||
	    kafka_rd_set(rc, "partition.assignment.strategy", "roundrobin", err) ||
	    kafka_rd_set(rc, "enable.auto.commit", "false", err) ||
	    kafka_rd_set(rc, "enable.auto.offset.store", "false", err) ||
	    kafka_rd_set(rc, "auto.offset.reset", "latest", err) ||
	    kafka_rd_set_int(rc, "session.timeout.ms", session_ms, err) ||
	    kafka_rd_set_int(rc, "heartbeat.interval.ms", session_ms / 6, err) ||
	    kafka_rd_set_int(rc, "max.poll.interval.ms",
		or_default(conf->poll_interval_max_ms, POLL_INTERVAL_MAX_MS), err) ||
	    kafka_rd_set_int(rc, "queued.max.messages.kbytes", 64, err) ||
	    kafka_rd_set_int(rc, "topic.metadata.refresh.interval.ms", 10000, err))
		return -1;
	return 0;
}

static int
join(struct kgroup *g, struct err *err)
{
	rd_kafka_resp_err_t code;

	g->rk = kafka_rd_new(RD_KAFKA_CONSUMER, rd_kafka_conf_dup(g->conf), err);
	if (!g->rk)
		return -1;
	rd_kafka_poll_set_consumer(g->rk);
	code = rd_kafka_subscribe(g->rk, g->topics);
	return code ? kafka_fail(err, code, "join the group", NULL, -1) : 0;
}

static rd_kafka_topic_partition_list_t *
topic_list(const char *const *topics, size_t n)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
	return list;
}

int
kgroup_topics(struct kgroup *g, const char *const *topics, size_t topics_n, struct err *err)
{
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_destroy(g->topics);
	g->topics = topic_list(topics, topics_n);
	if (!g->rk)
		return join(g, err);
	code = rd_kafka_subscribe(g->rk, g->topics);
	return code ? kafka_fail(err, code, "join the group", NULL, -1) : 0;
}

struct kgroup *
kgroup_new(const struct kafka_conf *conf, const char *group_id, const char *instance_id,
    const char *const *topics, size_t topics_n, const struct kgroup_events *events,
    struct err *err)
{
	rd_kafka_conf_t *rc = kafka_rd_conf(conf, err);
	struct kgroup *g;

	if (!rc)
		return NULL;
	if (group_conf(rc, conf, group_id, instance_id, err)) {
		rd_kafka_conf_destroy(rc);
		return NULL;
	}
	g = mem_zalloc(1, sizeof(*g));
	g->events = *events;
	g->owned = rd_kafka_topic_partition_list_new(0);
	g->topics = topic_list(topics, topics_n);
	rd_kafka_conf_set_rebalance_cb(rc, on_rebalance);
	rd_kafka_conf_set_error_cb(rc, on_error);
	rd_kafka_conf_set_opaque(rc, g);
	g->conf = rc;
	if (join(g, err) == 0)
		return g;
	kgroup_free(g);
	return NULL;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* rd_kafka_consumer_close() with an end to its patience. */
static void
close_bounded(rd_kafka_t *rk)
{
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, q);
	int64_t until = now_ms() + CLOSE_WAIT_MS;

	if (error)
		rd_kafka_error_destroy(error);
	else
		while (!rd_kafka_consumer_closed(rk) && now_ms() < until) {
			rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 50);

			if (ev && rd_kafka_event_type(ev) == RD_KAFKA_EVENT_REBALANCE)
				rd_kafka_assign(rk, NULL);
			if (ev)
				rd_kafka_event_destroy(ev);
		}
	rd_kafka_queue_destroy(q);
}

static void
leave(struct kgroup *g)
{
	for (int i = 0; g->rk && i < g->owned->cnt; i++)
		kafka_left_note(&g->left, g->rk, g->owned->elems[i].topic,
		    g->owned->elems[i].partition);
	owned_lose(g);
	if (!g->rk)
		return;
	close_bounded(g->rk);
	kafka_left_empty(&g->left);
	rd_kafka_destroy_flags(g->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	g->rk = NULL;
}

void
kgroup_free(struct kgroup *g)
{
	if (!g)
		return;
	leave(g);
	rd_kafka_topic_partition_list_destroy(g->owned);
	rd_kafka_topic_partition_list_destroy(g->topics);
	rd_kafka_conf_destroy(g->conf);
	mem_free(g);
}

/* 1: joined once more. */
static int
fatal_check(struct kgroup *g, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(g->rk, text, sizeof(text));

	if (!code)
		return 0;
	if (g->away) {
		g->away = false;
		leave(g);
		return join(g, err) ? -1 : 1;
	}
	owned_lose(g);
	return err_code(err, ERR_FATAL, "kafka-fenced", NULL,
	    "another process has this member's place: kafka says '%s'", text);
}

int
kgroup_poll(struct kgroup *g, int timeout_ms, struct err *err)
{
	rd_kafka_message_t *m;
	rd_kafka_resp_err_t code;
	int failed = 0;

	if (!g->rk && join(g, err))
		return -1;
	m = rd_kafka_consumer_poll(g->rk, timeout_ms);
	code = m ? m->err : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (m)
		rd_kafka_message_destroy(m); /* its client may go in a moment */
	failed = fatal_check(g, err);
	if (failed > 0) {
		failed = 0; /* joined anew: what the old client said is past */
	} else if (failed == 0 && code) {
		failed = kafka_fail(err, code, "stay in the group", NULL, -1);
		/* A topic may still come, or its news to this broker. */
		if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			err->class = ERR_RETRY;
	}
	return failed;
}

bool
kgroup_joined(const struct kgroup *g)
{
	return g->joined;
}

int
kgroup_commit(struct kgroup *g, const char *topic, int32_t partition, int64_t next_offset,
    struct err *err)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(topic, partition, next_offset);
	rd_kafka_resp_err_t code = rd_kafka_commit(g->rk, one, 1);

	rd_kafka_topic_partition_list_destroy(one);
	return code ? kafka_fail(err, code, "commit the offset of", topic, partition) : 0;
}

int
kgroup_committed(struct kgroup *g, const char *topic, int32_t partition, int64_t *next_offset,
    int timeout_ms, struct err *err)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(topic, partition, KAFKA_END);
	rd_kafka_resp_err_t code = rd_kafka_committed(g->rk, one, timeout_ms);

	if (!code)
		code = one->elems[0].err;
	*next_offset = one->elems[0].offset < 0 ? -1 : one->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(one);
	return code ? kafka_fail(err, code, "ask for the committed offset of", topic, partition) : 0;
}
