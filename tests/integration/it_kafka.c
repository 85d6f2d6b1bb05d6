/*
 * it_kafka - what common/io/kafka.h promises, on a real broker.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/io/kafka.h"
#include "common/mem.h"
#include "tests/integration/pipe.h"

enum { WAIT_MS = 8000, FREE_S = 20 };

static struct kafka_conf conf;
static struct kadmin *admin;

static void
make(const char *name, int32_t partitions, const struct kafka_property *config, size_t n)
{
	struct ktopic t = { name, partitions, 0, config, n };

	must(kadmin_topics_make(admin, &t, 1, WAIT_MS, &err));
}

/* --- a writer whose answers are kept */

struct answers {
	uint32_t n, bad, twice;
	char code[ERR_CODE_MAX];
	enum err_class class;
	uint8_t *seen; /* for each tag */
	int64_t *offset;
	uint32_t size;
};

static void
answers_init(struct answers *a, uint32_t size)
{
	*a = (struct answers){ .seen = mem_zalloc(size, 1),
		.offset = mem_zalloc(size, sizeof(int64_t)), .size = size };
}

static void
answers_release(struct answers *a)
{
	mem_free(a->seen);
	mem_free(a->offset);
}

static void
on_ack(void *owner, uint64_t tag, int64_t offset, const struct err *e)
{
	struct answers *a = owner;

	assert_true(tag < a->size);
	a->n++;
	a->twice += a->seen[tag];
	a->seen[tag] = 1;
	a->offset[tag] = offset;
	if (e) {
		a->bad++;
		a->class = e->class;
		snprintf(a->code, sizeof(a->code), "%s", e->code);
		assert_int_equal(offset, -1);
	}
}

static struct kwriter *
writer(void)
{
	struct kwriter *w = kwriter_new(&conf, on_ack, &err);

	if (!w)
		fail_msg("%s", err.text);
	return w;
}

static void
send_one(struct kwriter *w, const char *t, int32_t partition, struct span key, struct span value,
    struct answers *a, uint64_t tag)
{
	while (kwriter_send(w, t, partition, key, value, NULL, KAFKA_NO_TERMS, a, tag, &err)) {
		assert_string_equal(err.code, "kafka-queue-full");
		must(kwriter_poll(w, 100, &err));
	}
}

/* Records 0..n-1 into one partition; record i says i. */
static void
fill(const char *t, int32_t partition, uint32_t n)
{
	struct kwriter *w = writer();
	struct answers a;

	answers_init(&a, n);
	for (uint32_t i = 0; i < n; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		send_one(w, t, partition, SPAN_LIT("k"), span_str(text), &a, i);
	}
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(a.n, n);
	assert_int_equal(a.bad + a.twice, 0);
	for (uint32_t i = 1; i < n; i++)
		assert_true(a.offset[i] == a.offset[i - 1] + 1);
	kwriter_free(w);
	answers_release(&a);
}

static struct kreader *
reader(void)
{
	struct kreader *r = kreader_new(&conf, &err);

	if (!r)
		fail_msg("%s", err.text);
	return r;
}

/* The next record, or 0 after WAIT_MS, or -1. */
static int
next(struct kreader *r, struct krecord *rec)
{
	int64_t until = now_ms() + WAIT_MS;
	int got;

	while (!(got = kreader_poll(r, 100, rec, &err)) && now_ms() < until)
		;
	return got;
}

/* --- tests */

static void
test_round_trip(void **state)
{
	const char *t = topic("round");
	struct id run = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255 } };
	const uint8_t bytes[] = { 0, 1, 0xff, '\n', 0 };
	struct kwriter *w = writer();
	struct kreader *r = reader();
	struct krecord rec;
	struct answers a;
	int mark;

	(void)state;
	make(t, 1, NULL, 0);
	answers_init(&a, 4);
	must(kwriter_send(w, t, 0, SPAN_LIT("key"), span_of(bytes, sizeof(bytes)), &run,
	    INT64_C(0x0102030405060708), &a, 0, &err));
	must(kwriter_send(w, t, 0, SPAN_LIT("key"), SPAN_NONE, NULL, 0, &a, 1, &err));
	must(kwriter_send(w, t, 0, SPAN_NONE, SPAN_LIT(""), NULL, KAFKA_NO_TERMS, &a, 2, &err));
	must(kwriter_send(w, t, KAFKA_ANY_PARTITION, SPAN_LIT(""), SPAN_LIT("v"), &run,
	    KAFKA_NO_TERMS, &a, 3, &err));
	assert_int_equal(kwriter_unacked(w), 4);
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(kwriter_unacked(w), 0);
	assert_int_equal(a.n, 4);
	assert_int_equal(a.bad, 0);

	must(kreader_add(r, t, 0, KAFKA_BEGIN, &mark, &err));
	assert_int_equal(next(r, &rec), 1);
	assert_string_equal(rec.topic, t);
	assert_int_equal(rec.offset, 0);
	assert_true(rec.time_ms > INT64_C(1700000000000));
	assert_true(span_is(rec.key, "key"));
	assert_true(span_eq(rec.value, span_of(bytes, sizeof(bytes))));
	assert_true(rec.has_run && id_eq(&rec.run, &run));
	assert_true(rec.terms == INT64_C(0x0102030405060708));
	assert_ptr_equal(rec.opaque, &mark);
	assert_int_equal(next(r, &rec), 1);
	assert_null(rec.value.ptr);
	assert_false(rec.has_run);
	assert_int_equal(rec.terms, 0);
	assert_int_equal(next(r, &rec), 1);
	assert_null(rec.key.ptr);
	assert_non_null(rec.value.ptr);
	assert_int_equal(rec.value.len, 0);
	assert_int_equal(rec.terms, KAFKA_NO_TERMS);
	assert_int_equal(next(r, &rec), 1);
	assert_non_null(rec.key.ptr);
	assert_int_equal(rec.key.len, 0);
	assert_true(rec.has_run);
	assert_int_equal(rec.terms, KAFKA_NO_TERMS);
	assert_int_equal(kreader_position(r, t, 0), 4);
	kreader_free(r);
	kwriter_free(w);
	answers_release(&a);
}

/*
 * A model of three partitions against the reader: every record must be the
 * one after the last, or the one sought; nothing comes from a partition that
 * is paused or not ours.
 */
enum { MODEL_PARTS = 3, MODEL_RECORDS = 4000, MODEL_STEPS = 1500 };

struct model {
	bool ours, paused;
	int64_t want;
};

static void
model_check(struct model *m, const struct krecord *rec)
{
	struct model *p = &m[rec->partition];
	char text[32];

	assert_true(p->ours);
	assert_false(p->paused);
	assert_ptr_equal(rec->opaque, p);
	assert_int_equal(rec->offset, p->want);
	snprintf(text, sizeof(text), "%lld", (long long)p->want);
	assert_true(span_is(rec->value, text));
	p->want++;
}

static void
model_step(struct kreader *r, const char *t, struct model *m)
{
	int32_t at = (int32_t)draw(MODEL_PARTS);
	struct model *p = &m[at];
	int64_t to = draw(MODEL_RECORDS);

	if (!p->ours) {
		must(kreader_add(r, t, at, to, p, &err));
		*p = (struct model){ true, false, to };
		return;
	}
	switch (draw(6)) {
	case 0:
		must(kreader_remove(r, t, at, &err));
		p->ours = false;
		return;
	case 1:
		must(kreader_pause(r, t, at, &err));
		p->paused = true;
		return;
	case 2:
	case 3:
		must(kreader_resume(r, t, at, &err));
		p->paused = false;
		return;
	default:
		must(kreader_seek(r, t, at, to, &err));
		p->want = to;
	}
}

static void
model_finish(struct kreader *r, const char *t, struct model *m)
{
	struct krecord rec;
	bool done = false;

	for (int32_t i = 0; i < MODEL_PARTS; i++) {
		if (!m[i].ours) {
			must(kreader_add(r, t, i, 0, &m[i], &err));
			m[i] = (struct model){ true, false, 0 };
		}
		must(kreader_resume(r, t, i, &err));
		m[i].paused = false;
	}
	while (!done) {
		int got = next(r, &rec);

		for (int i = 0; !got && i < MODEL_PARTS; i++)
			print_error("partition %d stands at %lld of %d\n", i,
			    (long long)m[i].want, MODEL_RECORDS);
		assert_int_equal(got, 1);
		model_check(m, &rec);
		done = true;
		for (int i = 0; i < MODEL_PARTS; i++)
			done = done && m[i].want == MODEL_RECORDS;
	}
}

static void
test_reader_model(void **state)
{
	const char *t = topic("model");
	struct model m[MODEL_PARTS] = { 0 };
	struct kreader *r = reader();
	struct krecord rec;
	uint32_t read = 0;

	(void)state;
	seed_read((uint64_t)now_ms());
	make(t, MODEL_PARTS, NULL, 0);
	for (int32_t i = 0; i < MODEL_PARTS; i++)
		fill(t, i, MODEL_RECORDS);
	for (int i = 0; i < MODEL_STEPS; i++) {
		model_step(r, t, m);
		for (uint32_t n = draw(40); n; n--) {
			int got = kreader_poll(r, draw(4) ? 0 : 2, &rec, &err);

			must(got < 0);
			if (got) {
				model_check(m, &rec);
				read++;
			}
		}
	}
	assert_true(read > 0);
	model_finish(r, t, m);
	kreader_free(r);
}

static void
test_out_of_range(void **state)
{
	const char *t = topic("range");
	struct kreader *r = reader();
	struct krecord rec;
	int64_t low, high;
	int errors = 0, got = 0;

	(void)state;
	make(t, 2, NULL, 0);
	fill(t, 0, 100);
	fill(t, 1, 100);
	must(kadmin_records_delete(admin, t, 0, 40, WAIT_MS, &err));
	must(kreader_watermarks(r, t, 0, &low, &high, WAIT_MS, &err));
	assert_int_equal(low, 40);
	assert_int_equal(high, 100);

	/* Below the start: said once, with its place; the other partition goes on. */
	must(kreader_add(r, t, 0, 7, NULL, &err));
	must(kreader_add(r, t, 1, 0, NULL, &err));
	while (got < 100 || !errors) {
		int n = next(r, &rec);

		assert_int_not_equal(n, 0);
		if (n < 0) {
			assert_string_equal(err.code, "kafka-out-of-range");
			assert_int_equal(err.class, ERR_FATAL);
			assert_int_equal(rec.partition, 0);
			assert_int_equal(rec.offset, 7);
			errors++;
		} else {
			assert_int_equal(rec.partition, 1);
			got++;
		}
	}
	assert_int_equal(errors, 1);

	/* It stands still, then can be sought. */
	assert_int_equal(kreader_poll(r, 500, &rec, &err), 0);
	must(kreader_seek(r, t, 0, 40, &err));
	assert_int_equal(next(r, &rec), 1);
	assert_int_equal(rec.offset, 40);

	/* Past the end. */
	must(kreader_seek(r, t, 0, 1000, &err));
	assert_int_equal(next(r, &rec), -1);
	assert_string_equal(err.code, "kafka-out-of-range");
	must(kreader_seek(r, t, 0, KAFKA_BEGIN, &err));
	assert_int_equal(next(r, &rec), 1);
	assert_int_equal(rec.offset, 40);
	kreader_free(r);
}

static void
test_reader_no_topic(void **state)
{
	struct kreader *r = reader();
	struct krecord rec;

	(void)state;
	assert_int_equal(kreader_partitions(r, topic("never"), WAIT_MS, &err), 0);
	must(kreader_add(r, topic("never"), 0, 0, NULL, &err));
	assert_int_equal(next(r, &rec), -1);
	assert_string_equal(err.code, "kafka-no-topic");
	kreader_free(r);
}

static int alone; /* threads() with nobody but the tests' own admin */

static int
threads(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* A topic that is deleted while it is read: said once, the other goes on, and the client can
 * be freed, with what was given back and with what was not.  Nobody waits for that (killed
 * where it waits for ever), and it comes to an end: no thread is left behind. */
static void
topic_deleted(bool remove)
{
	const char *kept = topic(remove ? "kept-1" : "kept"), *lost = topic(remove ? "lost-1" : "lost");
	struct kreader *r = reader();
	struct kwriter *w = writer();
	struct answers a;
	struct krecord rec;
	int said = 0, came = 0;
	int64_t until;

	make(kept, 1, NULL, 0);
	make(lost, 1, NULL, 0);
	answers_init(&a, 2);
	send_one(w, lost, 0, SPAN_LIT("k"), SPAN_LIT("v"), &a, 0);
	must(kwriter_flush(w, WAIT_MS, &err));
	must(kreader_add(r, kept, 0, 0, NULL, &err));
	must(kreader_add(r, lost, 0, 0, NULL, &err));
	assert_int_equal(next(r, &rec), 1);
	must(kadmin_topics_delete(admin, &lost, 1, WAIT_MS, &err));
	until = now_ms() + 2 * WAIT_MS;
	while (!said && now_ms() < until)
		if (kreader_poll(r, 100, &rec, &err) < 0) {
			assert_string_equal(err.code, "kafka-no-topic");
			assert_string_equal(rec.topic, lost);
			assert_non_null(strstr(err.text, "outturn migrate"));
			said++;
		}
	assert_int_equal(said, 1);
	send_one(w, kept, 0, SPAN_LIT("k"), SPAN_LIT("v"), &a, 1);
	must(kwriter_flush(w, WAIT_MS, &err));
	until = now_ms() + WAIT_MS;
	while (!came && now_ms() < until) {
		came = kreader_poll(r, 100, &rec, &err);
		assert_int_not_equal(came, -1);
	}
	assert_int_equal(came, 1);
	if (remove)
		must(kreader_remove(r, lost, 0, &err));
	alarm(FREE_S);
	kreader_free(r);
	alarm(0);
	kwriter_free(w);
	until = now_ms() + FREE_S * 1000;
	while (threads() != alone && now_ms() < until)
		pause_ms(50);
	assert_int_equal(threads(), alone);
	answers_release(&a);
}

static void
test_topic_deleted_while_it_is_read(void **state)
{
	(void)state;
	topic_deleted(false);
	topic_deleted(true);
}

/* The position counts what compaction took: it comes to the high watermark. */
static void
test_position_after_compaction(void **state)
{
	const struct kafka_property config[] = { { "cleanup.policy", "compact" },
		{ "segment.ms", "200" }, { "min.cleanable.dirty.ratio", "0.001" },
		{ "delete.retention.ms", "0" }, { "min.compaction.lag.ms", "0" } };
	const char *t = topic("compacted");
	int64_t low, high, until = now_ms() + WAIT_MS;
	uint32_t got = 0;

	(void)state;
	make(t, 1, config, 5);
	fill(t, 0, 500); /* one key: all but the last can go */
	do {
		struct kreader *r = reader();
		struct krecord rec;

		usleep(500000);
		fill(t, 0, 1); /* rolls the segment */
		must(kreader_watermarks(r, t, 0, &low, &high, WAIT_MS, &err));
		must(kreader_add(r, t, 0, low, NULL, &err));
		got = 0;
		while (kreader_position(r, t, 0) < high && now_ms() < until)
			if (kreader_poll(r, 100, &rec, &err) == 1)
				got++;
		assert_int_equal(kreader_position(r, t, 0), high);
		kreader_free(r);
	} while (got > 100 && now_ms() < until);
	assert_in_range(got, 1, 100);
}

static void
test_writer_bounds(void **state)
{
	const char *t = topic("bounds");
	struct kafka_conf small = conf;
	struct kwriter *w;
	struct answers a;
	uint8_t *big = mem_zalloc(1, 2 << 20);
	int sent = 0;

	(void)state;
	make(t, 1, NULL, 0);
	small.unacked_max = 50;
	small.message_max_bytes = 1 << 20;
	answers_init(&a, 100);
	w = kwriter_new(&small, on_ack, &err);
	assert_non_null(w);
	while (sent < 100 && !kwriter_send(w, t, 0, SPAN_NONE, SPAN_LIT("x"), NULL,
			KAFKA_NO_TERMS, &a, (uint64_t)sent, &err))
		sent++;
	assert_int_equal(sent, 50);
	assert_string_equal(err.code, "kafka-queue-full");
	assert_int_equal(err.class, ERR_RETRY);
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(a.n, 50);
	assert_int_equal(kwriter_send(w, t, 0, SPAN_NONE, span_of(big, 2 << 20), NULL,
			     KAFKA_NO_TERMS, &a, 50, &err), -1);
	assert_string_equal(err.code, "kafka-too-large");
	assert_int_equal(err.class, ERR_RECORD);
	assert_int_equal(kwriter_unacked(w), 0);
	kwriter_free(w);
	mem_free(big);
	answers_release(&a);
}

/* Larger than the topic takes though not larger than we do: told by the ack,
 * and the records around it are written. */
static void
test_writer_too_large_for_topic(void **state)
{
	const struct kafka_property config[] = { { "max.message.bytes", "10000" } };
	const char *t = topic("narrow");
	struct kafka_conf quick = conf;
	uint8_t *big = mem_zalloc(1, 100000);
	struct kwriter *w;
	struct answers a;
	uint64_t x = 88172645463325252u;

	(void)state;
	make(t, 1, config, 1);
	for (size_t i = 0; i < 100000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		big[i] = (uint8_t)x; /* lz4 must not make it small */
	}
	quick.linger_ms = 1;
	w = kwriter_new(&quick, on_ack, &err);
	answers_init(&a, 3);
	send_one(w, t, 0, SPAN_NONE, SPAN_LIT("before"), &a, 0);
	must(kwriter_flush(w, WAIT_MS, &err));
	send_one(w, t, 0, SPAN_NONE, span_of(big, 100000), &a, 1);
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(a.bad, 1);
	assert_string_equal(a.code, "kafka-too-large");
	assert_int_equal(a.class, ERR_RECORD);
	send_one(w, t, 0, SPAN_NONE, SPAN_LIT("after"), &a, 2);
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(a.bad, 1);
	assert_int_equal(a.offset[2], 1);
	kwriter_free(w);
	mem_free(big);
	answers_release(&a);
}

static void
test_writer_answers_when_dropped(void **state)
{
	struct kafka_conf nobody = conf;
	struct kwriter *w;
	struct answers a;

	(void)state;
	nobody.brokers = "127.0.0.1:1";
	w = kwriter_new(&nobody, on_ack, &err);
	assert_non_null(w);
	answers_init(&a, 500);
	for (uint64_t i = 0; i < 500; i++)
		send_one(w, topic("nowhere"), 0, SPAN_NONE, SPAN_LIT("x"), &a, i);
	assert_int_equal(kwriter_flush(w, 300, &err), -1);
	assert_int_equal(err.class, ERR_RETRY);
	assert_string_equal(err.code, "kafka-away");
	assert_int_equal(a.n, 0);
	kwriter_free(w);
	assert_int_equal(a.n, 500);
	assert_int_equal(a.bad, 500);
	assert_int_equal(a.twice, 0);
	assert_string_equal(a.code, "kafka-unknown");
	answers_release(&a);
}

/* Whatever becomes of them: a level counts on it. */
static void
in_order(void *owner, uint64_t tag, int64_t offset, const struct err *e)
{
	uint64_t *next = owner;

	(void)offset;
	(void)e;
	assert_int_equal(tag, *next);
	(*next)++;
}

static void
test_dropped_with_records_on_the_wire_a_writer_answers_in_the_order_sent(void **state)
{
	enum { RECORDS = 20000, ROUNDS = 8, PARTITIONS = 2 };
	const char *t = topic("dropped");
	static const uint8_t value[512];
	struct kafka_conf hasty = conf;

	(void)state;
	hasty.linger_ms = 1;
	make(t, PARTITIONS, NULL, 0);
	for (int round = 0; round < ROUNDS; round++) {
		struct kwriter *w = kwriter_new(&hasty, in_order, &err);
		uint64_t next[PARTITIONS] = { 0 };

		assert_non_null(w);
		for (uint32_t i = 0; i < RECORDS; i++)
			must(kwriter_send(w, t, (int32_t)(i % PARTITIONS), SPAN_NONE,
			    span_of(value, sizeof(value)), NULL, KAFKA_NO_TERMS,
			    &next[i % PARTITIONS], i / PARTITIONS, &err));
		usleep((useconds_t)(round * 1000)); /* some are on the wire, others are not */
		kwriter_free(w);
		for (int p = 0; p < PARTITIONS; p++)
			assert_int_equal(next[p], RECORDS / PARTITIONS);
	}
}

static void
test_writer_no_topic(void **state)
{
	struct kwriter *w = writer();
	struct answers a;

	(void)state;
	answers_init(&a, 1);
	send_one(w, topic("never"), 0, SPAN_NONE, SPAN_LIT("x"), &a, 0);
	must(kwriter_flush(w, WAIT_MS, &err));
	assert_int_equal(a.bad, 1);
	assert_string_equal(a.code, "kafka-no-topic");
	kwriter_free(w);
	answers_release(&a);
}

/* The values are those of Kafka's own test of Utils.murmur2. */
static void
test_partitioner_is_javas(void **state)
{
	static const struct {
		const char *key;
		int32_t murmur2;
	} known[] = { { "21", -973932308 }, { "foobar", -790332482 },
		{ "a-little-bit-long-string", -985981536 },
		{ "a-little-bit-longer-string", -1486304829 },
		{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 } };
	enum { PARTITIONS = 11 };
	const char *t = topic("murmur");
	struct kwriter *w = writer();
	struct kreader *r = reader();
	struct krecord rec;
	struct answers a;

	(void)state;
	make(t, PARTITIONS, NULL, 0);
	answers_init(&a, 5);
	for (uint64_t i = 0; i < 5; i++)
		send_one(w, t, KAFKA_ANY_PARTITION, span_str(known[i].key), SPAN_LIT("x"), &a, i);
	must(kwriter_flush(w, WAIT_MS, &err));
	for (int32_t i = 0; i < PARTITIONS; i++)
		must(kreader_add(r, t, i, 0, NULL, &err));
	for (int i = 0; i < 5; i++) {
		assert_int_equal(next(r, &rec), 1);
		for (int k = 0; k < 5; k++)
			if (span_is(rec.key, known[k].key))
				assert_int_equal(rec.partition,
				    (known[k].murmur2 & INT32_MAX) % PARTITIONS);
	}
	kreader_free(r);
	kwriter_free(w);
	answers_release(&a);
}

/* --- group */

struct member {
	struct kgroup *g;
	uint32_t owned; /* a bit for each partition */
	uint32_t gains, losses;
	bool fenced;
};

static void
on_gained(void *owner, const char *t, int32_t partition)
{
	struct member *m = owner;

	(void)t;
	assert_false(m->owned >> partition & 1);
	m->owned |= 1u << partition;
	m->gains++;
}

static void
on_lost(void *owner, const char *t, int32_t partition)
{
	struct member *m = owner;

	(void)t;
	assert_true(m->owned >> partition & 1);
	m->owned &= ~(1u << partition);
	m->losses++;
}

static void
join(struct member *m, const char *t, const char *instance)
{
	struct kgroup_events events = { m, on_gained, on_lost };
	struct kafka_conf quick = conf;

	quick.session_ms = 3000;
	*m = (struct member){ 0 };
	m->g = kgroup_new(&quick, topic("group"), instance, &t, 1, &events, &err);
	if (!m->g)
		fail_msg("%s", err.text);
}

static void
member_poll(struct member *m)
{
	if (kgroup_poll(m->g, 20, &err) && err.class == ERR_FATAL) {
		assert_string_equal(err.code, "kafka-fenced");
		m->fenced = true;
	}
}

static void
until_owned(struct member *a, struct member *b, uint32_t want_a, uint32_t want_all)
{
	int64_t until = now_ms() + WAIT_MS;

	while (now_ms() < until) {
		member_poll(a);
		if (b)
			member_poll(b);
		if ((!want_a || a->owned == want_a) &&
		    (a->owned | (b ? b->owned : 0)) == want_all && (!b || (a->owned && b->owned)))
			break;
	}
	assert_int_equal(a->owned | (b ? b->owned : 0), want_all);
	assert_int_equal(b ? a->owned & b->owned : 0, 0);
}

static void
test_group(void **state)
{
	const char *t = topic("shared");
	struct member a, b, again;
	uint32_t b_had;
	int64_t at, until;

	(void)state;
	make(t, 4, NULL, 0);
	fill(t, 0, 10);
	join(&a, t, "a");
	until_owned(&a, NULL, 15, 15);
	join(&b, t, "b");
	until_owned(&a, &b, 0, 15);
	assert_int_equal(__builtin_popcount(a.owned), 2);

	must(kgroup_commit(a.g, t, 0, 7, &err));
	for (at = -1, until = now_ms() + WAIT_MS; at != 7 && now_ms() < until; member_poll(&a))
		must(kgroup_committed(b.g, t, 0, &at, WAIT_MS, &err));
	assert_int_equal(at, 7);
	must(kgroup_committed(b.g, t, 1, &at, WAIT_MS, &err));
	assert_int_equal(at, -1);

	/* Restarted within the session: its partitions back, the other undisturbed. */
	b_had = b.owned;
	kgroup_free(b.g);
	assert_int_equal(b.owned, 0);
	assert_int_equal(b.losses, b.gains);
	join(&b, t, "b");
	until = now_ms() + WAIT_MS;
	while (b.owned != b_had && now_ms() < until) {
		member_poll(&b);
		member_poll(&a);
	}
	assert_int_equal(b.owned, b_had);
	assert_int_equal(a.owned, 15 & ~b_had);
	assert_false(a.fenced || b.fenced);

	/* The same place taken by another process: the older one is told. */
	join(&again, t, "b");
	until = now_ms() + WAIT_MS;
	while ((!b.fenced || again.owned != b_had) && now_ms() < until) {
		member_poll(&again);
		member_poll(&b);
		member_poll(&a);
	}
	assert_true(b.fenced);
	assert_int_equal(b.owned, 0);
	assert_int_equal(again.owned, b_had);
	kgroup_free(b.g);

	/* Gone for longer than the session: the other has all. */
	kgroup_free(again.g);
	until_owned(&a, NULL, 15, 15);
	kgroup_free(a.g);
	assert_int_equal(a.owned, 0);
}

/* --- admin */

static void
count_topic(void *owner, const char *t, int32_t partitions)
{
	(void)t;
	*(int *)owner += (int)partitions;
}

static void
test_admin(void **state)
{
	const struct kafka_property config[] = { { "cleanup.policy", "compact" },
		{ "min.compaction.lag.ms", "604800000" },
		{ "message.timestamp.type", "LogAppendTime" } };
	const struct kafka_property wrong[] = { { "cleanup.policy", "sometimes" } };
	const char *t = topic("admin.one"), *u = topic("admin.two");
	struct ktopic bad = { topic("admin.three"), 1, 0, wrong, 1 };
	const char *both[2] = { t, u };
	char text[64];
	int partitions = 0;

	(void)state;
	make(t, 3, config, 3);
	make(t, 3, config, 3); /* there already: fine */
	make(u, 2, NULL, 0);
	assert_int_equal(kadmin_partitions(admin, t, WAIT_MS, &err), 3);
	assert_int_equal(kadmin_partitions(admin, topic("never"), WAIT_MS, &err), 0);
	must(kadmin_topics_each(admin, topic("admin."), WAIT_MS, count_topic, &partitions, &err));
	assert_int_equal(partitions, 5);
	must(kadmin_config(admin, t, "message.timestamp.type", text, sizeof(text), WAIT_MS, &err));
	assert_string_equal(text, "LogAppendTime");
	must(kadmin_config(admin, u, "cleanup.policy", text, sizeof(text), WAIT_MS, &err));
	assert_string_equal(text, "delete");
	assert_int_equal(kadmin_config(admin, u, "no.such", text, sizeof(text), WAIT_MS, &err), -1);
	assert_int_equal(kadmin_topics_make(admin, &bad, 1, WAIT_MS, &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.code, "kafka-refused");
	must(kadmin_topics_delete(admin, both, 2, WAIT_MS, &err));
}

static void
test_refusals(void **state)
{
	const struct kafka_property secret[] = { { "sasl.mechanism", "PLAIN" },
		{ "security.protocol", "s3cret" } };
	struct kafka_conf c = conf;
	struct kadmin *a;

	(void)state;
	c.brokers = "";
	assert_null(kreader_new(&c, &err));
	assert_int_equal(err.class, ERR_FATAL);
	c.brokers = "127.0.0.1:1";
	a = kadmin_new(&c, &err);
	assert_non_null(a);
	assert_int_equal(kadmin_ping(a, 500, &err), -1);
	assert_string_equal(err.code, "kafka-away");
	assert_int_equal(err.class, ERR_RETRY);
	kadmin_free(a);
	c.properties = secret;
	c.properties_n = 2;
	assert_null(kwriter_new(&c, on_ack, &err));
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.field, "security.protocol");
	assert_null(strstr(err.text, "s3cret"));
}

static int
setup(void **state)
{
	(void)state;
	conf = (struct kafka_conf){ .brokers = getenv("KAFKA"), .client_id = "it-kafka" };
	if (!conf.brokers || !getenv("PREFIX")) {
		print_error("KAFKA and PREFIX must be set\n");
		return -1;
	}
	admin = kadmin_new(&conf, &err);
	if (!admin || kadmin_ping(admin, WAIT_MS, &err))
		return -1;
	alone = threads();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kadmin_free(admin);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reader_model),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_reader_no_topic),
		cmocka_unit_test(test_topic_deleted_while_it_is_read),
		cmocka_unit_test(test_position_after_compaction),
		cmocka_unit_test(test_writer_bounds),
		cmocka_unit_test(test_writer_too_large_for_topic),
		cmocka_unit_test(test_writer_answers_when_dropped),
		cmocka_unit_test(
		    test_dropped_with_records_on_the_wire_a_writer_answers_in_the_order_sent),
		cmocka_unit_test(test_writer_no_topic),
		cmocka_unit_test(test_partitioner_is_javas),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_refusals),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
