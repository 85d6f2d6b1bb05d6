/*
 * kafka_writer - one answer for every record, in the order sent, whatever happens
 * to the producer.
 *
 * Each record in flight has a seat.  librdkafka carries the seat's number and
 * brings it back in its delivery report.  Reports of one partition come out of
 * order when something goes wrong: what waits in a queue is given up before what
 * waits on the wire, and a purge reports the queue first.  So a lane, one for
 * each partition, keeps its seats in order, and a report waits in its seat until
 * those before it have theirs.  What is never reported (the producer was
 * destroyed with records still under way) is answered from the lanes.
 *
 *	lane    first                last
 *	         [sent] -> [reported] -> [reported]      nobody is answered yet
 *	free    [ ] -> [ ] -> none
 *
 * Queues are bounded by seats and bytes; full means the caller waits.
 */
#include "common/io/kafka_rd.h"

#include <string.h>
#include <time.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

#define SEAT_NONE UINT32_MAX
enum { FREE_WAIT_MS = 2000 }; /* for librdkafka to report what was purged */

enum seat_state { SEAT_FREE, SEAT_SENT, SEAT_REPORTED };

struct seat {
	void *owner;
	uint64_t tag;
	int64_t offset;
	int32_t code;  /* rd_kafka_resp_err_t, once reported */
	uint32_t next; /* in its lane, or in the free list */
	uint32_t lane;
	uint8_t state;
};

struct lane {
	rd_kafka_topic_t *rkt;
	int32_t partition;
	uint32_t first, last; /* SEAT_NONE: empty */
};

#define LANE_NONE UINT32_MAX
struct topic {
	rd_kafka_topic_t *rkt;
	uint32_t *lanes; /* by partition + 1: index of lanes */
	uint32_t lanes_n;
};

struct kwriter {
	rd_kafka_t *rk;
	kwriter_ack_fn *on_ack;
	struct strmap topic_of; /* name -> index of topics */
	struct topic *topics;
	uint32_t topics_n;
	struct lane *lanes;
	uint32_t lanes_n;
	struct seat *seats;
	uint32_t seats_n, free_head, taken;
	bool closing;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- seats and lanes */

static uint32_t
seat_take(struct kwriter *w, void *owner, uint64_t tag)
{
	uint32_t at = w->free_head;

	if (at == SEAT_NONE)
		return SEAT_NONE;
	w->free_head = w->seats[at].next;
	w->seats[at] = (struct seat){ .owner = owner, .tag = tag, .next = SEAT_NONE,
		.state = SEAT_SENT };
	w->taken++;
	return at;
}

static void
seat_give_back(struct kwriter *w, uint32_t at)
{
	w->seats[at] = (struct seat){ .next = w->free_head, .state = SEAT_FREE };
	w->free_head = at;
	w->taken--;
}

static void
seat_line_up(struct kwriter *w, uint32_t at, uint32_t lane)
{
	struct lane *l = &w->lanes[lane];

	w->seats[at].lane = lane;
	if (l->first == SEAT_NONE)
		l->first = at;
	else
		w->seats[l->last].next = at;
	l->last = at;
}

/* The first of a lane. */
static void
answer(struct kwriter *w, struct lane *l)
{
	struct seat s = w->seats[l->first];
	struct err err = ERR_INIT;

	MUST(s.state != SEAT_FREE);
	seat_give_back(w, l->first);
	l->first = s.next;
	if (!s.code) {
		w->on_ack(s.owner, s.tag, s.offset, NULL);
		return;
	}
	kafka_fail(&err, s.code, "write to", rd_kafka_topic_name(l->rkt), l->partition);
	w->on_ack(s.owner, s.tag, -1, &err);
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct kwriter *w = opaque;
	struct seat *s = &w->seats[(uintptr_t)m->_private];
	struct lane *l = &w->lanes[s->lane];

	(void)rk;
	MUST(s->state == SEAT_SENT);
	s->state = SEAT_REPORTED;
	s->code = m->err;
	s->offset = m->offset;
	while (l->first != SEAT_NONE && w->seats[l->first].state == SEAT_REPORTED)
		answer(w, l);
}

static int
writer_conf(rd_kafka_conf_t *rc, const struct kafka_conf *conf, struct err *err)
{
	if (kafka_rd_set(rc, "enable.idempotence", "true", err) ||
	    kafka_rd_set(rc, "acks", "all", err) ||
	    kafka_rd_set(rc, "compression.codec", "lz4", err) ||
	    kafka_rd_set(rc, "partitioner", "murmur2_random", err) ||
	    kafka_rd_set_int(rc, "linger.ms", or_default(conf->linger_ms, LINGER_MS), err) ||
	    kafka_rd_set_int(rc, "queue.buffering.max.messages",
		or_default(conf->unacked_max, UNACKED_MAX), err) ||
	    kafka_rd_set_int(rc, "queue.buffering.max.kbytes",
		or_default(conf->unacked_kbytes, UNACKED_KBYTES), err) ||
	    kafka_rd_set_int(rc, "message.timeout.ms",
		or_default(conf->delivery_timeout_ms, DELIVERY_TIMEOUT_MS), err))
		return -1;
	return 0;
}

static void
seats_init(struct kwriter *w, uint32_t n)
{
	w->seats = mem_alloc(n * sizeof(*w->seats));
	w->seats_n = n;
	for (uint32_t i = 0; i < n; i++)
		w->seats[i] = (struct seat){ .next = i + 1 < n ? i + 1 : SEAT_NONE };
	w->free_head = 0;
}

struct kwriter *
kwriter_new(const struct kafka_conf *conf, kwriter_ack_fn *on_ack, struct err *err)
{
	rd_kafka_conf_t *rc = kafka_rd_conf(conf, err);
	struct kwriter *w;

	if (!rc)
		return NULL;
	if (writer_conf(rc, conf, err)) {
		rd_kafka_conf_destroy(rc);
		return NULL;
	}
	w = mem_zalloc(1, sizeof(*w));
	w->on_ack = on_ack;
	rd_kafka_conf_set_dr_msg_cb(rc, on_delivery);
	rd_kafka_conf_set_opaque(rc, w);
	w->rk = kafka_rd_new(RD_KAFKA_PRODUCER, rc, err);
	if (!w->rk) {
		mem_free(w);
		return NULL;
	}
	strmap_init(&w->topic_of, 0);
	seats_init(w, (uint32_t)or_default(conf->unacked_max, UNACKED_MAX));
	return w;
}

static void
topics_release(struct kwriter *w)
{
	for (uint32_t i = 0; i < w->topics_n; i++) {
		rd_kafka_topic_destroy(w->topics[i].rkt);
		mem_free(w->topics[i].lanes);
	}
	mem_free(w->topics);
	strmap_release(&w->topic_of);
}

static void
unreported_answer(struct kwriter *w)
{
	for (uint32_t i = 0; i < w->lanes_n; i++)
		for (struct lane *l = &w->lanes[i]; l->first != SEAT_NONE; answer(w, l)) {
			struct seat *s = &w->seats[l->first];

			if (s->state == SEAT_SENT)
				s->code = RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
		}
}

void
kwriter_free(struct kwriter *w)
{
	int64_t until = now_ms() + FREE_WAIT_MS;

	if (!w)
		return;
	w->closing = true;
	rd_kafka_poll(w->rk, 0);
	if (w->taken)
		rd_kafka_purge(w->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (w->taken && now_ms() < until)
		rd_kafka_poll(w->rk, 10);
	unreported_answer(w); /* a report that comes after this has nobody to call it */
	topics_release(w);
	rd_kafka_destroy(w->rk);
	mem_free(w->lanes);
	mem_free(w->seats);
	mem_free(w);
}

static struct topic *
topic_at(struct kwriter *w, const char *name, struct err *err)
{
	uint64_t *at = strmap_find(&w->topic_of, span_str(name));
	rd_kafka_topic_t *rkt;

	if (at)
		return &w->topics[*at];
	rkt = rd_kafka_topic_new(w->rk, name, NULL);
	if (!rkt) {
		kafka_fail(err, rd_kafka_last_error(), "write to", name, -1);
		return NULL;
	}
	w->topics = mem_realloc(w->topics, w->topics_n + 1, sizeof(*w->topics));
	w->topics[w->topics_n] = (struct topic){ .rkt = rkt };
	*strmap_put(&w->topic_of, span_str(name), NULL) = w->topics_n;
	return &w->topics[w->topics_n++];
}

static uint32_t
lane_at(struct kwriter *w, struct topic *t, int32_t partition)
{
	uint32_t slot = (uint32_t)(partition + 1);

	MUST(partition >= KAFKA_ANY_PARTITION);
	if (slot >= t->lanes_n) {
		t->lanes = mem_realloc(t->lanes, slot + 1, sizeof(*t->lanes));
		while (t->lanes_n <= slot)
			t->lanes[t->lanes_n++] = LANE_NONE;
	}
	if (t->lanes[slot] == LANE_NONE) {
		t->lanes[slot] = w->lanes_n;
		w->lanes = mem_realloc(w->lanes, w->lanes_n + 1, sizeof(*w->lanes));
		w->lanes[w->lanes_n++] = (struct lane){ t->rkt, partition, SEAT_NONE, SEAT_NONE };
	}
	return t->lanes[slot];
}

/* In order of use: produceva takes a flat list. */
struct args {
	rd_kafka_vu_t vu[8];
	size_t n;
};

static void
arg_header(struct args *a, const char *name, const void *value, size_t size)
{
	a->vu[a->n].vtype = RD_KAFKA_VTYPE_HEADER;
	a->vu[a->n].u.header.name = name;
	a->vu[a->n].u.header.val = value;
	a->vu[a->n].u.header.size = (ssize_t)size;
	a->n++;
}

static struct args
args_of(rd_kafka_topic_t *rkt, int32_t partition, struct span key, struct span value,
    uint32_t seat)
{
	struct args a = { .n = 6 };

	a.vu[0].vtype = RD_KAFKA_VTYPE_RKT;
	a.vu[0].u.rkt = rkt;
	a.vu[1].vtype = RD_KAFKA_VTYPE_PARTITION;
	a.vu[1].u.i32 = partition;
	a.vu[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
	a.vu[2].u.i = RD_KAFKA_MSG_F_COPY;
	a.vu[3].vtype = RD_KAFKA_VTYPE_KEY;
	a.vu[3].u.mem.ptr = (void *)(uintptr_t)key.ptr;
	a.vu[3].u.mem.size = key.len;
	a.vu[4].vtype = RD_KAFKA_VTYPE_VALUE;
	a.vu[4].u.mem.ptr = (void *)(uintptr_t)value.ptr;
	a.vu[4].u.mem.size = value.len;
	a.vu[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
	a.vu[5].u.ptr = (void *)(uintptr_t)seat;
	return a;
}

static int
produce(struct kwriter *w, const struct args *a, const char *topic, int32_t partition,
    struct err *err)
{
	rd_kafka_error_t *error = rd_kafka_produceva(w->rk, a->vu, a->n);

	return error ? kafka_fail_error(err, error, "write to", topic, partition) : 0;
}

static void
terms_bytes(int64_t terms, uint8_t out[8])
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)terms >> (56 - 8 * i));
}

int
kwriter_send(struct kwriter *w, const char *topic, int32_t partition, struct span key,
    struct span value, const struct id *run, int64_t terms, void *owner, uint64_t tag,
    struct err *err)
{
	uint8_t terms_be[8];
	struct topic *t;
	struct args args;
	uint32_t seat;

	if (w->closing)
		return err_code(err, ERR_FATAL, "kafka-writer-lost", NULL, "this writer is closing");
	t = topic_at(w, topic, err);
	if (!t)
		return -1;
	seat = seat_take(w, owner, tag);
	if (seat == SEAT_NONE)
		return kafka_fail(err, RD_KAFKA_RESP_ERR__QUEUE_FULL, "write to", topic, partition);
	args = args_of(t->rkt, partition, key, value, seat);
	if (run)
		arg_header(&args, "run", run->b, ID_BYTES);
	if (terms != KAFKA_NO_TERMS) {
		terms_bytes(terms, terms_be);
		arg_header(&args, "terms", terms_be, sizeof(terms_be));
	}
	if (produce(w, &args, topic, partition, err)) {
		seat_give_back(w, seat);
		return -1;
	}
	/* Reports are served by this thread, in a later poll. */
	seat_line_up(w, seat, lane_at(w, t, partition));
	return 0;
}

static int
fatal_check(struct kwriter *w, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(w->rk, text, sizeof(text));

	if (!code)
		return 0;
	return err_code(err, ERR_FATAL, "kafka-writer-lost", NULL,
	    "this writer cannot go on: kafka says '%s'", text);
}

int
kwriter_poll(struct kwriter *w, int timeout_ms, struct err *err)
{
	rd_kafka_poll(w->rk, timeout_ms);
	return fatal_check(w, err);
}

int
kwriter_flush(struct kwriter *w, int timeout_ms, struct err *err)
{
	int64_t until = now_ms() + timeout_ms;

	while (w->taken) {
		int64_t left = until - now_ms();

		if (fatal_check(w, err))
			return -1;
		if (left <= 0)
			return err_code(err, ERR_RETRY, "kafka-away", NULL,
			    "%u records are not acknowledged after %d ms", (unsigned)w->taken,
			    timeout_ms);
		rd_kafka_flush(w->rk, left < 100 ? (int)left : 100);
	}
	return fatal_check(w, err);
}

size_t
kwriter_unacked(const struct kwriter *w)
{
	return w->taken;
}
