/*
 * kafka_reader - partitions by hand on librdkafka's consumer.
 *
 * A group id must be set or rd_kafka_assign() refuses, but nothing joins it
 * and nothing is stored: auto commit, offset store and reset are off.  Seek is
 * rd_kafka_seek_partitions(), which raises the partition's version before it
 * answers so that older prefetched records are dropped; a partition that is not
 * being fetched (it was out of range) cannot be sought and is assigned anew.
 * The batch API is not used: it passes over records around a seek.
 */
#include "common/io/kafka_rd.h"

#include <pthread.h>
#include <string.h>

#include <time.h>

#include "common/io/log.h"
#include "common/mem.h"
#include "common/must.h"

/*
 * A fetch that fills the queue at once stops fetching, and librdkafka 2.0.2 looks
 * again only after up to a second: a queue a second, whatever its size (measured:
 * 43,000 records/s with a queue of one fetch, 1.9 million with one of sixteen).
 * A record larger than a fetch comes all the same, alone.
 *
 * A queue that was full while its reader was busy stops fetching in the same way.
 * When it is empty and more is known to be there, any question to the broker
 * wakes the thread that would sleep on: nudge().
 */
enum { FETCHES_OF_QUEUE = 16, NUDGE_EVERY_MS = 10 };

struct part {
	char *topic;                 /* owned */
	int32_t partition;
	bool paused;
	bool heard;                  /* something came, or its topic was looked for */
	bool gone;                   /* its topic was deleted, and that was said */
	int64_t added_ms;
	int64_t position;            /* see kreader_position() */
	void *opaque;
	const rd_kafka_topic_t *rkt; /* to know it again without comparing names; borrowed */
};

struct kreader {
	rd_kafka_t *rk;
	struct part *parts;
	size_t n, cap;
	size_t last;                 /* where the last record was found */
	rd_kafka_message_t *held;    /* what the caller's spans borrow from */
	int64_t nudged_ms;
	bool doubt;                  /* librdkafka says that a topic is not there */
	struct kafka_left left;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
reader_conf(rd_kafka_conf_t *rc, const struct kafka_conf *conf, struct err *err)
{
	int64_t fetch_kbytes = or_default(conf->fetch_kbytes, FETCH_KBYTES);

	if (kafka_rd_set(rc, "group.id", conf->client_id ? conf->client_id : "outturn", err) ||
	    kafka_rd_set(rc, "enable.auto.commit", "false", err) ||
	    kafka_rd_set(rc, "enable.auto.offset.store", "false", err) ||
	    kafka_rd_set(rc, "auto.offset.reset", "error", err) ||
	    kafka_rd_set(rc, "enable.partition.eof", "true", err) ||
	    kafka_rd_set(rc, "isolation.level", "read_committed", err) ||
	    kafka_rd_set(rc, "check.crcs", "true", err) ||
	    kafka_rd_set_int(rc, "queued.max.messages.kbytes", fetch_kbytes, err) ||
	    kafka_rd_set_int(rc, "fetch.message.max.bytes", fetch_kbytes * 1024 / FETCHES_OF_QUEUE,
		err) ||
	    kafka_rd_set_int(rc, "fetch.wait.max.ms",
		or_default(conf->fetch_wait_ms, FETCH_WAIT_MS), err) ||
	    kafka_rd_set_int(rc, "fetch.error.backoff.ms", 100, err))
		return -1;
	return 0;
}

/* That a topic is missing is said here each second, and not which. */
static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kreader *r = opaque;

	(void)rk;
	if (kafka_is_no_topic(code))
		r->doubt = true;
	else
		log_event(LOG_WARN, "kafka-client", LOG_STR(code, rd_kafka_err2name(code)),
		    LOG_STR(reason, reason));
}

struct kreader *
kreader_new(const struct kafka_conf *conf, struct err *err)
{
	rd_kafka_conf_t *rc = kafka_rd_conf(conf, err);
	struct kreader *r;

	if (!rc)
		return NULL;
	if (reader_conf(rc, conf, err)) {
		rd_kafka_conf_destroy(rc);
		return NULL;
	}
	r = mem_zalloc(1, sizeof(*r));
	rd_kafka_conf_set_error_cb(rc, on_error);
	rd_kafka_conf_set_opaque(rc, r);
	r->rk = kafka_rd_new(RD_KAFKA_CONSUMER, rc, err);
	if (!r->rk) {
		mem_free(r);
		return NULL;
	}
	rd_kafka_poll_set_consumer(r->rk);
	return r;
}

static void
held_drop(struct kreader *r)
{
	if (r->held)
		rd_kafka_message_destroy(r->held);
	r->held = NULL;
}

/* Nothing to leave and nothing to commit: closing would only wait. */
static void *
destroy_now(void *rk)
{
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return NULL;
}

/* Where a topic has gone librdkafka may still hold on to it (kafka_rd.h), and nobody is to
 * wait for that: a thread does. */
static void
destroy(struct kreader *r)
{
	bool gone = r->doubt;
	pthread_t thread;

	for (size_t i = 0; i < r->n; i++)
		gone = gone || r->parts[i].gone;
	if (gone && pthread_create(&thread, NULL, destroy_now, r->rk) == 0)
		pthread_detach(thread);
	else
		destroy_now(r->rk);
}

void
kreader_free(struct kreader *r)
{
	if (!r)
		return;
	held_drop(r);
	for (size_t i = 0; i < r->n; i++)
		kafka_left_note(&r->left, r->rk, r->parts[i].topic, r->parts[i].partition);
	rd_kafka_assign(r->rk, NULL);
	kafka_left_empty(&r->left);
	destroy(r);
	for (size_t i = 0; i < r->n; i++)
		mem_free(r->parts[i].topic);
	mem_free(r->parts);
	mem_free(r);
}

static struct part *
part_find(const struct kreader *r, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->parts[i].partition == partition && strcmp(r->parts[i].topic, topic) == 0)
			return &r->parts[i];
	return NULL;
}

static bool
part_is(struct part *p, const rd_kafka_message_t *m)
{
	if (p->partition != m->partition)
		return false;
	if (p->rkt)
		return p->rkt == m->rkt;
	if (strcmp(p->topic, rd_kafka_topic_name(m->rkt)) != 0)
		return false;
	p->rkt = m->rkt;
	return true;
}

static struct part *
part_of(struct kreader *r, const rd_kafka_message_t *m)
{
	if (!m->rkt)
		return NULL;
	if (r->last < r->n && part_is(&r->parts[r->last], m))
		return &r->parts[r->last];
	for (size_t i = 0; i < r->n; i++) {
		if (part_is(&r->parts[i], m)) {
			r->last = i;
			return &r->parts[i];
		}
	}
	return NULL;
}

static int
rd_assign(struct kreader *r, const char *topic, int32_t partition, int64_t offset, struct err *err)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(topic, partition, offset);
	rd_kafka_error_t *error = rd_kafka_incremental_assign(r->rk, one);

	rd_kafka_topic_partition_list_destroy(one);
	return error ? kafka_fail_error(err, error, "start reading", topic, partition) : 0;
}

static int
rd_unassign(struct kreader *r, const char *topic, int32_t partition, struct err *err)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(topic, partition, KAFKA_END);
	rd_kafka_error_t *error = rd_kafka_incremental_unassign(r->rk, one);

	rd_kafka_topic_partition_list_destroy(one);
	return error ? kafka_fail_error(err, error, "stop reading", topic, partition) : 0;
}

int
kreader_add(struct kreader *r, const char *topic, int32_t partition, int64_t from_offset,
    void *opaque, struct err *err)
{
	MUST(from_offset >= 0 || from_offset == KAFKA_BEGIN || from_offset == KAFKA_END);
	MUST(!part_find(r, topic, partition));
	held_drop(r);
	if (rd_assign(r, topic, partition, from_offset, err))
		return -1;
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->parts = mem_realloc(r->parts, r->cap, sizeof(*r->parts));
	}
	r->parts[r->n++] = (struct part){
		.topic = mem_strdup(topic),
		.partition = partition,
		.position = from_offset,
		.opaque = opaque,
		.added_ms = now_ms(),
	};
	return 0;
}

/* Pausing has no error but an unknown partition, which would be our mistake. */
static int
part_pause(struct kreader *r, struct part *p, bool pause, struct err *err)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(p->topic, p->partition, KAFKA_END);
	rd_kafka_resp_err_t code = pause ? rd_kafka_pause_partitions(r->rk, one) :
					   rd_kafka_resume_partitions(r->rk, one);

	if (!code)
		code = one->elems[0].err;
	rd_kafka_topic_partition_list_destroy(one);
	if (code)
		return kafka_fail(err, code, pause ? "pause" : "resume", p->topic, p->partition);
	p->paused = pause;
	return 0;
}

int
kreader_remove(struct kreader *r, const char *topic, int32_t partition, struct err *err)
{
	struct part *p = part_find(r, topic, partition);

	MUST(p != NULL);
	held_drop(r);
	/* librdkafka would remember the pause when the partition comes back. */
	if (p->paused && part_pause(r, p, false, err))
		return -1;
	if (p->gone || r->doubt)
		kafka_left_note(&r->left, r->rk, topic, partition);
	if (rd_unassign(r, topic, partition, err))
		return -1;
	mem_free(p->topic);
	*p = r->parts[--r->n];
	return 0;
}

static rd_kafka_resp_err_t
rd_seek(struct kreader *r, const struct part *p, int64_t offset)
{
	rd_kafka_topic_partition_list_t *one = kafka_rd_one(p->topic, p->partition, offset);
	rd_kafka_error_t *error = rd_kafka_seek_partitions(r->rk, one, CONTROL_TIMEOUT_MS);
	rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : one->elems[0].err;

	if (error)
		rd_kafka_error_destroy(error);
	rd_kafka_topic_partition_list_destroy(one);
	return code;
}

int
kreader_seek(struct kreader *r, const char *topic, int32_t partition, int64_t offset,
    struct err *err)
{
	struct part *p = part_find(r, topic, partition);

	MUST(p != NULL);
	MUST(offset >= 0 || offset == KAFKA_BEGIN || offset == KAFKA_END);
	held_drop(r);
	if (rd_seek(r, p, offset)) {
		if (p->gone || r->doubt)
			kafka_left_note(&r->left, r->rk, topic, partition);
		if (rd_unassign(r, topic, partition, err) ||
		    rd_assign(r, topic, partition, offset, err))
			return -1;
		if (p->paused && part_pause(r, p, true, err))
			return -1;
	}
	p->position = offset;
	p->gone = false;
	return 0;
}

int
kreader_pause(struct kreader *r, const char *topic, int32_t partition, struct err *err)
{
	struct part *p = part_find(r, topic, partition);

	MUST(p != NULL);
	return p->paused ? 0 : part_pause(r, p, true, err);
}

int
kreader_resume(struct kreader *r, const char *topic, int32_t partition, struct err *err)
{
	struct part *p = part_find(r, topic, partition);

	MUST(p != NULL);
	return p->paused ? part_pause(r, p, false, err) : 0;
}

int64_t
kreader_position(const struct kreader *r, const char *topic, int32_t partition)
{
	const struct part *p = part_find(r, topic, partition);

	return p ? p->position : -1;
}

static void
headers_read(const rd_kafka_message_t *m, struct krecord *rec)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t size;
	uint64_t terms = 0;

	rec->has_run = false;
	rec->terms = KAFKA_NO_TERMS;
	if (rd_kafka_message_headers(m, &headers))
		return;
	if (!rd_kafka_header_get_last(headers, "run", &value, &size) && size == ID_BYTES) {
		memcpy(rec->run.b, value, ID_BYTES);
		rec->has_run = true;
	}
	if (!rd_kafka_header_get_last(headers, "terms", &value, &size) && size == sizeof(terms)) {
		for (size_t i = 0; i < sizeof(terms); i++)
			terms = terms << 8 | ((const uint8_t *)value)[i];
		rec->terms = (int64_t)terms;
	}
}

static void
record_place(const struct part *p, const rd_kafka_message_t *m, struct krecord *rec)
{
	*rec = (struct krecord){
		.topic = p->topic,
		.partition = p->partition,
		.offset = m->offset,
		.time_ms = -1,
		.terms = KAFKA_NO_TERMS,
		.opaque = p->opaque,
	};
}

static void
record_fill(const struct part *p, const rd_kafka_message_t *m, struct krecord *rec)
{
	rd_kafka_timestamp_type_t type;

	record_place(p, m, rec);
	rec->time_ms = rd_kafka_message_timestamp(m, &type);
	rec->key = span_of(m->key, m->key_len);
	rec->value = span_of(m->payload, m->len);
	headers_read(m, rec);
}

/* The end of a partition is news, not an error. */
static int
poll_event(struct kreader *r, const rd_kafka_message_t *m, struct krecord *rec, struct err *err)
{
	struct part *p = part_of(r, m);

	if (p)
		p->heard = true;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (p && m->offset > p->position)
			p->position = m->offset;
		return 0;
	}
	if (!p) {
		if (m->rkt)
			return 0; /* of a partition that was removed meanwhile */
		return kafka_fail(err, m->err, "read", NULL, -1);
	}
	record_place(p, m, rec);
	rec->offset = p->position;
	return kafka_fail(err, m->err, "read", p->topic, p->partition);
}

static void
nudge(struct kreader *r)
{
	int64_t low, high;

	if (now_ms() - r->nudged_ms < NUDGE_EVERY_MS)
		return;
	for (size_t i = 0; i < r->n; i++) {
		const struct part *p = &r->parts[i];

		/* What the last fetch said, without asking. */
		if (p->paused || p->position < 0
		    || rd_kafka_get_watermark_offsets(r->rk, p->topic, p->partition, &low, &high)
		    || high <= p->position)
			continue;
		rd_kafka_query_watermark_offsets(r->rk, p->topic, p->partition, &low, &high,
		    CONTROL_TIMEOUT_MS);
		r->nudged_ms = now_ms();
		return;
	}
}

/* 1: it is there, 0: not, and rec and err say so, -1: err. */
static int
part_look(struct kreader *r, struct part *p, struct krecord *rec, struct err *err)
{
	int n = kafka_rd_partitions(r->rk, p->topic, CONTROL_TIMEOUT_MS, err);

	if (n < 0)
		return -1;
	p->heard = true;
	p->gone = p->partition >= n;
	if (!p->gone)
		return 1;
	*rec = (struct krecord){ .topic = p->topic, .partition = p->partition,
		.offset = p->position, .time_ms = -1, .terms = KAFKA_NO_TERMS,
		.opaque = p->opaque };
	kafka_fail(err, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "read", p->topic, p->partition);
	return 0;
}

/* librdkafka 2.0.2 only logs, again and again, that an assigned topic does not exist.  A
 * partition that was silent since it was added is looked for, once; and all are, when
 * librdkafka has said so. */
static int
topics_look(struct kreader *r, struct krecord *rec, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		struct part *p = &r->parts[i];
		bool silent = !p->heard && now_ms() - p->added_ms >= NEW_TOPIC_MS;

		if (silent || (p->heard && r->doubt && !p->gone))
			if (part_look(r, p, rec, err) <= 0)
				return -1;
	}
	r->doubt = false;
	return 0;
}

int
kreader_poll(struct kreader *r, int timeout_ms, struct krecord *rec, struct err *err)
{
	rd_kafka_message_t *m;
	struct part *p;

	held_drop(r);
	m = rd_kafka_consumer_poll(r->rk, timeout_ms);
	if (!m) {
		nudge(r);
		return topics_look(r, rec, err);
	}
	r->held = m;
	if (m->err)
		return poll_event(r, m, rec, err);
	p = part_of(r, m);
	/* Neither happens as far as librdkafka promises; a fold must not rely on it. */
	if (!p || m->offset < p->position)
		return 0;
	p->heard = true;
	p->position = m->offset + 1;
	record_fill(p, m, rec);
	return 1;
}

int
kreader_watermarks(struct kreader *r, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err)
{
	return kafka_rd_watermarks(r->rk, topic, partition, low, high, timeout_ms, err);
}

int
kreader_partitions(struct kreader *r, const char *topic, int timeout_ms, struct err *err)
{
	return kafka_rd_partitions(r->rk, topic, timeout_ms, err);
}
