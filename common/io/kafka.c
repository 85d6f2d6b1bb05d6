#include "common/io/kafka_rd.h"

#include <stdio.h>
#include <string.h>

#include "common/io/log.h"
#include "common/mem.h"

enum { RD_TEXT_MAX = 256 };

struct verdict {
	enum err_class class;
	const char *code;
};

static struct verdict
verdict_of(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return (struct verdict){ ERR_RETRY, "kafka-queue-full" };
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		return (struct verdict){ ERR_FATAL, "kafka-out-of-range" };
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return (struct verdict){ ERR_FATAL, "kafka-no-topic" };
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return (struct verdict){ ERR_RECORD, "kafka-too-large" };
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
	case RD_KAFKA_RESP_ERR__FENCED:
		return (struct verdict){ ERR_FATAL, "kafka-fenced" };
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
	case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
		return (struct verdict){ ERR_FATAL, "kafka-writer-lost" };
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
		return (struct verdict){ ERR_RETRY, "kafka-unknown" };
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
		return (struct verdict){ ERR_FATAL, "kafka-denied" };
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
	case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
	case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return (struct verdict){ ERR_FATAL, "kafka-refused" };
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
		return (struct verdict){ ERR_RETRY, "kafka-away" };
	default:
		return (struct verdict){ ERR_RETRY, "kafka-busy" };
	}
}

static int
fail_text(struct err *err, rd_kafka_resp_err_t code, const char *text, const char *what,
    const char *topic, int32_t partition)
{
	struct verdict v = verdict_of(code);
	const char *next = strcmp(v.code, "kafka-no-topic") ? "" : ": outturn migrate makes it";

	if (!topic)
		return err_code(err, v.class, v.code, NULL, "cannot %s: kafka says '%s'%s", what, text,
		    next);
	if (partition < 0)
		return err_code(err, v.class, v.code, NULL, "cannot %s '%s': kafka says '%s'%s", what,
		    topic, text, next);
	return err_code(err, v.class, v.code, NULL, "cannot %s '%s' partition %d: kafka says '%s'%s",
	    what, topic, (int)partition, text, next);
}

int
kafka_fail(struct err *err, rd_kafka_resp_err_t code, const char *what, const char *topic,
    int32_t partition)
{
	return fail_text(err, code, rd_kafka_err2str(code), what, topic, partition);
}

int
kafka_fail_error(struct err *err, rd_kafka_error_t *error, const char *what, const char *topic,
    int32_t partition)
{
	fail_text(err, rd_kafka_error_code(error), rd_kafka_error_string(error), what, topic,
	    partition);
	rd_kafka_error_destroy(error);
	return -1;
}

/* --- a client that can be freed */

void
kafka_left_note(struct kafka_left *left, rd_kafka_t *rk, const char *topic, int32_t partition)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(rk, topic, partition);

	if (!queue)
		return;
	left->queues = mem_realloc(left->queues, left->n + 1, sizeof(rd_kafka_queue_t *));
	left->queues[left->n++] = queue;
}

void
kafka_left_empty(struct kafka_left *left)
{
	rd_kafka_event_t *event;

	for (size_t i = 0; i < left->n; i++) {
		while ((event = rd_kafka_queue_poll(left->queues[i], 0)))
			rd_kafka_event_destroy(event);
		rd_kafka_queue_destroy(left->queues[i]);
	}
	mem_free(left->queues);
	*left = (struct kafka_left){ 0 };
}

bool
kafka_is_no_topic(int code)
{
	return strcmp(verdict_of((rd_kafka_resp_err_t)code).code, "kafka-no-topic") == 0;
}

/* librdkafka's own lines: brokers, groups and states, never a payload. */
static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_event(level <= 3 ? LOG_ERROR : level == 4 ? LOG_WARN : LOG_INFO, "kafka-client",
	    LOG_STR(code, facility), LOG_STR(reason, text));
}

int
kafka_rd_set(rd_kafka_conf_t *rc, const char *name, const char *value, struct err *err)
{
	char text[RD_TEXT_MAX];

	/* librdkafka's own sentence would quote the value, which may be a password. */
	if (rd_kafka_conf_set(rc, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return 0;
	return err_code(err, ERR_FATAL, "kafka-refused", name,
	    "librdkafka does not take this value for '%s'", name);
}

int
kafka_rd_set_int(rd_kafka_conf_t *rc, const char *name, int64_t value, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return kafka_rd_set(rc, name, text, err);
}

static int
conf_fill(rd_kafka_conf_t *rc, const struct kafka_conf *conf, struct err *err)
{
	if (kafka_rd_set(rc, "bootstrap.servers", conf->brokers, err) ||
	    kafka_rd_set(rc, "client.id", conf->client_id ? conf->client_id : "outturn", err) ||
	    kafka_rd_set(rc, "allow.auto.create.topics", "false", err) ||
	    kafka_rd_set(rc, "socket.keepalive.enable", "true", err) ||
	    kafka_rd_set_int(rc, "topic.metadata.propagation.max.ms", NEW_TOPIC_MS, err) ||
	    kafka_rd_set_int(rc, "reconnect.backoff.max.ms", 1000, err) ||
	    kafka_rd_set_int(rc, "message.max.bytes",
		or_default(conf->message_max_bytes, MESSAGE_MAX_BYTES), err))
		return -1;
	for (size_t i = 0; i < conf->properties_n; i++) {
		const struct kafka_property *p = &conf->properties[i];

		if (kafka_rd_set(rc, p->name, p->value, err))
			return -1;
	}
	return 0;
}

rd_kafka_conf_t *
kafka_rd_conf(const struct kafka_conf *conf, struct err *err)
{
	rd_kafka_conf_t *rc;

	if (!conf->brokers || !*conf->brokers) {
		err_code(err, ERR_FATAL, "kafka-refused", "kafka_brokers",
		    "no Kafka broker is named: set kafka_brokers");
		return NULL;
	}
	rc = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(rc, on_log);
	if (conf_fill(rc, conf, err)) {
		rd_kafka_conf_destroy(rc);
		return NULL;
	}
	return rc;
}

rd_kafka_t *
kafka_rd_new(rd_kafka_type_t type, rd_kafka_conf_t *rc, struct err *err)
{
	char text[RD_TEXT_MAX];
	rd_kafka_t *rk = rd_kafka_new(type, rc, text, sizeof(text));

	if (!rk) {
		rd_kafka_conf_destroy(rc);
		err_code(err, ERR_FATAL, "kafka-refused", NULL,
		    "cannot start the Kafka client: librdkafka says '%s'", text);
	}
	return rk;
}

static int
metadata_partitions(const rd_kafka_metadata_topic_t *t, const char *topic, struct err *err)
{
	if (t->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return 0;
	if (t->err)
		return kafka_fail(err, t->err, "look at topic", topic, -1);
	for (int i = 0; i < t->partition_cnt; i++)
		if (t->partitions[i].leader < 0)
			return kafka_fail(err, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
			    "look at topic", topic, t->partitions[i].id);
	return t->partition_cnt;
}

int
kafka_rd_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms, struct err *err)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	rd_kafka_resp_err_t code;
	int n;

	if (!rkt)
		return kafka_fail(err, rd_kafka_last_error(), "look at topic", topic, -1);
	code = rd_kafka_metadata(rk, 0, rkt, &md, timeout_ms);
	rd_kafka_topic_destroy(rkt);
	if (code)
		return kafka_fail(err, code, "look at topic", topic, -1);
	n = md->topic_cnt == 1 ? metadata_partitions(&md->topics[0], topic, err) : 0;
	rd_kafka_metadata_destroy(md);
	return n;
}

int
kafka_rd_watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err)
{
	rd_kafka_resp_err_t code =
	    rd_kafka_query_watermark_offsets(rk, topic, partition, low, high, timeout_ms);
	int n;

	if (!code)
		return 0;
	/* A client that has just begun may not know a topic that is there. */
	n = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
	    ? kafka_rd_partitions(rk, topic, timeout_ms, err)
	    : 0;
	kafka_fail(err, code, "ask for the offsets of", topic, partition);
	if (n > partition || n < 0) {
		err->class = ERR_RETRY;
		snprintf(err->code, sizeof(err->code), "kafka-busy");
	}
	return -1;
}

rd_kafka_topic_partition_list_t *
kafka_rd_one(const char *topic, int32_t partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
	return list;
}
