#include "common/io/kafka_rd.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"
#include "common/must.h"

enum { METADATA_AGAIN_MS = 20 }; /* between two looks for a topic that was just made */
enum { RD_TEXT_MAX = 256 };

struct kadmin {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
nap(void)
{
	struct timespec t = { 0, METADATA_AGAIN_MS * 1000000L };

	nanosleep(&t, NULL);
}

struct kadmin *
kadmin_new(const struct kafka_conf *conf, struct err *err)
{
	rd_kafka_conf_t *rc = kafka_rd_conf(conf, err);
	rd_kafka_t *rk = rc ? kafka_rd_new(RD_KAFKA_PRODUCER, rc, err) : NULL;
	struct kadmin *a;

	if (!rk)
		return NULL;
	a = mem_alloc(sizeof(*a));
	a->rk = rk;
	a->queue = rd_kafka_queue_new(rk);
	return a;
}

void
kadmin_free(struct kadmin *a)
{
	if (!a)
		return;
	rd_kafka_queue_destroy(a->queue);
	rd_kafka_destroy(a->rk);
	mem_free(a);
}

int
kadmin_ping(struct kadmin *a, int timeout_ms, struct err *err)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 0, NULL, &md, timeout_ms);

	if (code)
		return kafka_fail(err, code, "reach Kafka", NULL, -1);
	rd_kafka_metadata_destroy(md);
	return 0;
}

static rd_kafka_AdminOptions_t *
options_of(struct kadmin *a, rd_kafka_admin_op_t op, int timeout_ms)
{
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(a->rk, op);
	char text[RD_TEXT_MAX];

	MUST(o != NULL);
	MUST(!rd_kafka_AdminOptions_set_request_timeout(o, timeout_ms, text, sizeof(text)));
	if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS || op == RD_KAFKA_ADMIN_OP_DELETETOPICS ||
	    op == RD_KAFKA_ADMIN_OP_DELETERECORDS)
		MUST(!rd_kafka_AdminOptions_set_operation_timeout(o, timeout_ms, text,
		    sizeof(text)));
	return o;
}

/* The answer to the one request that is under way.  Owned; librdkafka's own
 * timeout answers, so that there always is one. */
static rd_kafka_event_t *
answer_wait(struct kadmin *a, const char *what, struct err *err)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(a->queue, -1);

	MUST(ev != NULL);
	if (!rd_kafka_event_error(ev))
		return ev;
	kafka_fail(err, rd_kafka_event_error(ev), what, NULL, -1);
	rd_kafka_event_destroy(ev);
	return NULL;
}

/* --- topics */

static rd_kafka_NewTopic_t *
new_topic(const struct ktopic *t, struct err *err)
{
	char text[RD_TEXT_MAX];
	rd_kafka_NewTopic_t *nt = rd_kafka_NewTopic_new(t->name, t->partitions,
	    t->replication ? t->replication : -1, text, sizeof(text));

	if (!nt) {
		err_code(err, ERR_FATAL, "kafka-refused", NULL, "cannot make topic '%s': %s", t->name,
		    text);
		return NULL;
	}
	for (size_t i = 0; i < t->config_n; i++) {
		if (rd_kafka_NewTopic_set_config(nt, t->config[i].name, t->config[i].value)) {
			rd_kafka_NewTopic_destroy(nt);
			err_code(err, ERR_FATAL, "kafka-refused", t->config[i].name,
			    "cannot make topic '%s': '%s' is not a setting", t->name,
			    t->config[i].name);
			return NULL;
		}
	}
	return nt;
}

static int
results_check(const rd_kafka_topic_result_t **results, size_t n, rd_kafka_resp_err_t fine,
    const char *what, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);

		if (code && code != fine)
			return kafka_fail(err, code, what, rd_kafka_topic_result_name(results[i]),
			    -1);
	}
	return 0;
}

static int
topics_request(struct kadmin *a, rd_kafka_NewTopic_t **nts, size_t n, int timeout_ms,
    struct err *err)
{
	rd_kafka_AdminOptions_t *o = options_of(a, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *ev;
	int failed = -1;

	rd_kafka_CreateTopics(a->rk, nts, n, o, a->queue);
	rd_kafka_AdminOptions_destroy(o);
	ev = answer_wait(a, "make topics", err);
	if (!ev)
		return -1;
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
	failed = results_check(results, n, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, "make topic",
	    err);
	rd_kafka_event_destroy(ev);
	return failed;
}

/* A topic can be used once every partition of it has a leader. */
static int
topic_await(struct kadmin *a, const char *topic, int64_t until, struct err *err)
{
	for (;;) {
		int64_t left = until - now_ms();
		struct err why = ERR_INIT;

		if (left <= 0)
			return err_code(err, ERR_RETRY, "kafka-away", NULL,
			    "topic '%s' was made but has no leader yet", topic);
		if (kafka_rd_partitions(a->rk, topic, (int)left, &why) > 0)
			return 0;
		nap();
	}
}

int
kadmin_topics_make(struct kadmin *a, const struct ktopic *topics, size_t n, int timeout_ms,
    struct err *err)
{
	rd_kafka_NewTopic_t **nts = mem_zalloc(n, sizeof(*nts));
	int64_t until = now_ms() + timeout_ms;
	int failed = 0;

	for (size_t i = 0; i < n && !failed; i++) {
		nts[i] = new_topic(&topics[i], err);
		failed = nts[i] ? 0 : -1;
	}
	if (!failed && n)
		failed = topics_request(a, nts, n, timeout_ms, err);
	for (size_t i = 0; i < n && !failed; i++)
		failed = topic_await(a, topics[i].name, until, err);
	for (size_t i = 0; i < n; i++)
		if (nts[i])
			rd_kafka_NewTopic_destroy(nts[i]);
	mem_free(nts);
	return failed;
}

int
kadmin_topics_delete(struct kadmin *a, const char *const *topics, size_t n, int timeout_ms,
    struct err *err)
{
	rd_kafka_AdminOptions_t *o = options_of(a, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms);
	rd_kafka_DeleteTopic_t **dts = mem_zalloc(n, sizeof(*dts));
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *ev;
	int failed = -1;

	for (size_t i = 0; i < n; i++)
		dts[i] = rd_kafka_DeleteTopic_new(topics[i]);
	rd_kafka_DeleteTopics(a->rk, dts, n, o, a->queue);
	rd_kafka_DeleteTopic_destroy_array(dts, n);
	mem_free(dts);
	rd_kafka_AdminOptions_destroy(o);
	ev = answer_wait(a, "delete topics", err);
	if (!ev)
		return -1;
	results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(ev), &n);
	failed = results_check(results, n, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
	    "delete topic", err);
	rd_kafka_event_destroy(ev);
	return failed;
}

int
kadmin_topics_each(struct kadmin *a, const char *prefix, int timeout_ms, kadmin_topic_fn *each,
    void *owner, struct err *err)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 1, NULL, &md, timeout_ms);

	if (code)
		return kafka_fail(err, code, "list topics", NULL, -1);
	for (int i = 0; i < md->topic_cnt; i++) {
		const rd_kafka_metadata_topic_t *t = &md->topics[i];

		if (!t->err && strncmp(t->topic, prefix, strlen(prefix)) == 0)
			each(owner, t->topic, t->partition_cnt);
	}
	rd_kafka_metadata_destroy(md);
	return 0;
}

int
kadmin_partitions(struct kadmin *a, const char *topic, int timeout_ms, struct err *err)
{
	return kafka_rd_partitions(a->rk, topic, timeout_ms, err);
}

/* --- a topic's settings */

static int
entry_find(const rd_kafka_ConfigResource_t *res, const char *topic, const char *name, char *out,
    size_t out_size, struct err *err)
{
	size_t n;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(res, &n);

	if (rd_kafka_ConfigResource_error(res))
		return kafka_fail(err, rd_kafka_ConfigResource_error(res),
		    "read the settings of topic", topic, -1);
	for (size_t i = 0; i < n; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0) {
			snprintf(out, out_size, "%s", value ? value : "");
			return 0;
		}
	}
	return err_code(err, ERR_FATAL, "kafka-refused", name, "topic '%s' has no setting '%s'", topic,
	    name);
}

int
kadmin_config(struct kadmin *a, const char *topic, const char *name, char *out, size_t out_size,
    int timeout_ms, struct err *err)
{
	rd_kafka_AdminOptions_t *o = options_of(a, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
	rd_kafka_ConfigResource_t *ask =
	    rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	const rd_kafka_ConfigResource_t **got;
	rd_kafka_event_t *ev;
	size_t n;
	int failed;

	rd_kafka_DescribeConfigs(a->rk, &ask, 1, o, a->queue);
	rd_kafka_ConfigResource_destroy(ask);
	rd_kafka_AdminOptions_destroy(o);
	ev = answer_wait(a, "read a topic's settings", err);
	if (!ev)
		return -1;
	got = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(ev),
	    &n);
	MUST(n == 1);
	failed = entry_find(got[0], topic, name, out, out_size, err);
	rd_kafka_event_destroy(ev);
	return failed;
}

/* --- records */

int
kadmin_records_delete(struct kadmin *a, const char *topic, int32_t partition,
    int64_t before_offset, int timeout_ms, struct err *err)
{
	rd_kafka_AdminOptions_t *o = options_of(a, RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout_ms);
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(topic, partition, before_offset);
	rd_kafka_DeleteRecords_t *ask = rd_kafka_DeleteRecords_new(one);
	const rd_kafka_topic_partition_list_t *got;
	rd_kafka_event_t *ev;
	int failed = 0;

	rd_kafka_DeleteRecords(a->rk, &ask, 1, o, a->queue);
	rd_kafka_DeleteRecords_destroy(ask);
	rd_kafka_topic_partition_list_destroy(one);
	rd_kafka_AdminOptions_destroy(o);
	ev = answer_wait(a, "delete records", err);
	if (!ev)
		return -1;
	got = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(ev));
	if (got->cnt == 1 && got->elems[0].err)
		failed = kafka_fail(err, got->elems[0].err, "delete records of", topic, partition);
	rd_kafka_event_destroy(ev);
	return failed;
}

int
kadmin_watermarks(struct kadmin *a, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err)
{
	return kafka_rd_watermarks(a->rk, topic, partition, low, high, timeout_ms, err);
}
