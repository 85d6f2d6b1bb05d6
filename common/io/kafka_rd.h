/*
 * kafka_rd - what the kafka_*.c files share; nobody else includes it, since
 * it shows librdkafka's types.
 */
#ifndef OUTTURN_IO_KAFKA_RD_H
#define OUTTURN_IO_KAFKA_RD_H

#include <librdkafka/rdkafka.h>

#include "common/io/kafka.h"

/* Fills err by librdkafka's code; `what` and topic (NULL: none), partition
 * (negative: none) say where.  Always -1. */
int kafka_fail(struct err *err, rd_kafka_resp_err_t code, const char *what, const char *topic,
    int32_t partition);
/* The same for an error object, which it destroys. */
int kafka_fail_error(struct err *err, rd_kafka_error_t *error, const char *what,
    const char *topic, int32_t partition);

/* What every client has in common.  Owned, or NULL. */
rd_kafka_conf_t *kafka_rd_conf(const struct kafka_conf *conf, struct err *err);
int kafka_rd_set(rd_kafka_conf_t *rc, const char *name, const char *value, struct err *err);
int kafka_rd_set_int(rd_kafka_conf_t *rc, const char *name, int64_t value, struct err *err);
/* Takes rc, also on failure. */
rd_kafka_t *kafka_rd_new(rd_kafka_type_t type, rd_kafka_conf_t *rc, struct err *err);

int kafka_rd_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms, struct err *err);
int kafka_rd_watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err);

bool kafka_is_no_topic(int code);

/*
 * Queues of partitions that were given back.  Where a topic is deleted while it is
 * read, librdkafka before 2.6 leaves a message in the partition's queue that holds
 * the partition, and rd_kafka_destroy() waits for ever (#4724).  So they are noted
 * before the partition is given back, and emptied when all are and nothing more
 * will be read: an earlier poll would take what is of other partitions.
 */
struct kafka_left {
	rd_kafka_queue_t **queues; /* owned */
	size_t n;
};
void kafka_left_note(struct kafka_left *left, rd_kafka_t *rk, const char *topic,
    int32_t partition);
void kafka_left_empty(struct kafka_left *left);

/* A list of one, owned. */
rd_kafka_topic_partition_list_t *kafka_rd_one(const char *topic, int32_t partition,
    int64_t offset);

static inline int32_t
or_default(int32_t value, int32_t fallback)
{
	return value ? value : fallback;
}

enum {
	FETCH_KBYTES = 16384,
	FETCH_WAIT_MS = 100,
	MESSAGE_MAX_BYTES = 4 * 1024 * 1024,
	LINGER_MS = 5,
	UNACKED_MAX = 100000,
	UNACKED_KBYTES = 65536,
	DELIVERY_TIMEOUT_MS = 120000,
	SESSION_MS = 6000,
	POLL_INTERVAL_MAX_MS = 300000,
	NEW_TOPIC_MS = 5000,        /* until a topic nobody knows counts as missing */
	CONTROL_TIMEOUT_MS = 10000, /* for a call that librdkafka answers by itself */
};

#endif
