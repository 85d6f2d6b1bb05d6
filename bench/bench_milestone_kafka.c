/*
 * bench_milestone_kafka - the daemon itself from a real topic to a real topic, on the
 * peers' job: a keyed timeline, a spell of 182 days judged again on each event, what
 * changes is sent on.
 *
 *	behind   the topic is full before the daemon starts: it folds all, then says once
 *	         what stands
 *	live     the daemon is ready; events come as fast as they can be written, each as
 *	         if it had just happened, so that nothing waits for more
 *	steady   the same, so many a second: how long until what changed stands in outcomes
 *
 * Time runs from the daemon's start (behind) or the first event (live) until its cut
 * through the last event stands in every partition of outcomes: all is out and
 * acknowledged.  CPU and peak memory are the daemon's own, from start to end.
 *
 * What differs from the peers' job: our events are whole linked records (250 bytes of
 * Avro, signed terms, a provenance for each fact), an outcome carries its reasons and
 * evidence, the output's own history is read back and compared; and the bench writes
 * and reads on the same two cores.  The first of ten events of a person is a referral.
 *
 * KAFKA says where, EVENTS how many (1000000), OUTTURN_BIN where the daemon is.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/book.h"
#include "common/io/crypto.h"
#include "common/io/level_task.h"
#include "common/mem.h"
#include "common/topics.h"

enum { PARTITIONS = 2, EVENTS_A_UNIT = 10, ASK_MS = 10000, LONG_MS = 240000, PEER_CPU_PARTS = 3,
	STEADY_EVENTS_S = 5000, STEADY_S = 8, LATE_MAX_MS = 10000 };

#define BAR_EVENTS 300000.0
#define PEERS "Flink 123000, Kafka Streams 88000"
#define PEER_CPU_S 9.6 /* Flink's; a million events */

static struct err err;
static struct kafka_conf conf;
static struct av_catalogue *cat;
static struct kwriter *writer;
static struct id run = { { 0xbe, 0x4c } };
static uint8_t secret[SIGN_KEY_BYTES];
static char dir[] = "/tmp/outturn-bench-XXXXXX", prefix[64];

static void
must(int failed)
{
	if (!failed)
		return;
	fprintf(stderr, "bench_milestone_kafka: %s (%s)\n", err.text, err.code);
	exit(1);
}

static double
clock_s(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *
topic(const char *name)
{
	static char text[4][200];
	static int at;

	at = (at + 1) % 4;
	snprintf(text[at], sizeof(text[at]), "%s.%s", prefix, name);
	return text[at];
}

/* --- writing */

static void
on_ack(void *owner, uint64_t tag, int64_t offset, const struct err *e)
{
	(void)owner;
	(void)tag;
	(void)offset;
	if (e) {
		err = *e;
		must(-1);
	}
}

static void
put(const char *full, int32_t partition, struct span key, struct span value, bool as_daemon)
{
	while (kwriter_send(writer, full, partition, key, value, as_daemon ? &run : NULL,
		as_daemon ? 0 : KAFKA_NO_TERMS, NULL, 0, &err)) {
		must(err.class != ERR_RETRY);
		must(kwriter_poll(writer, 100, &err));
	}
}

static void
flush(void)
{
	must(kwriter_flush(writer, LONG_MS, &err));
}

static void
sign(const struct av_record *binding, void *rec, struct span *signature, size_t at,
    uint8_t sig[SIGN_BYTES])
{
	struct buf msg = BUF_INIT;

	*signature = SPAN_NONE;
	sign_message(cat, binding, rec, at, &msg);
	sign_bytes(secret, buf_view(&msg), sig);
	*signature = span_of(sig, SIGN_BYTES);
	buf_release(&msg);
}

static void
publish(const char *thing, const char *name, const char *content)
{
	struct terms t = { .thing = span_str(thing), .name = span_str(name), .version = 1,
		.effective = DATE_NONE, .content = span_str(content), .by = SPAN_LIT("bench"),
		.key_id = SPAN_LIT("bench") };
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];

	sign(&terms_binding, &t, &t.signature, offsetof(struct terms, signature), sig);
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, 1, &key);
	put(topic("terms"), 0, buf_view(&key), buf_view(&value), false);
	buf_release(&key);
	buf_release(&value);
}

static void
terms_publish(void)
{
	struct reference day = { .reference_id = SPAN_LIT("day"), .what = SPAN_LIT("as-at"),
		.date = date_of(2016, 11, 1), .to = DATE_NONE, .by = SPAN_LIT("bench"),
		.key_id = SPAN_LIT("bench") };
	uint8_t public[SIGN_KEY_BYTES], sig[SIGN_BYTES];
	char hex[2 * SIGN_KEY_BYTES + 1], text[200];
	struct buf value = BUF_INIT;

	sign_public(secret, public);
	hex_of(public, sizeof(public), hex);
	snprintf(text, sizeof(text), "key: %s\nroles: [publisher, commissioner]\n", hex);
	publish("person", "bench", text);
	publish("contract", "sustained", "contract: sustained\ntitle: Half a year\ncurrency: GBP\n"
	    "parties: [{party: provider, name: P, organisation: GB-CHC-9999999, reports: yes}]\n"
	    "versions:\n- version: 1\n  effective: 2015-01-01\n  window: 36 months\n"
	    "  cohort: {programme: rewriting-futures, age_min: 18, age_max: 24}\n"
	    "  evidence: {from: [council, nhs], fresh_days: 31}\n"
	    "  spells:\n  - {spell: home, event: accommodation, gap_days: 14, gap_total_days: 28}\n"
	    "  outcomes:\n  - {outcome: sustained, title: Sustained, price: 500.00, "
	    "rule: {kind: spell, spell: home, lasts: 182 days}}\n");
	sign(&reference_binding, &day, &day.signature, offsetof(struct reference, signature), sig);
	av_write(cat, &reference_binding, &day, &value);
	put(topic("reference"), 0, day.reference_id, buf_view(&value), false);
	flush();
	buf_release(&value);
}

/* --- the events */

static struct id
id_of(char what, uint64_t n)
{
	struct id id = { { (uint8_t)what } };
	uint64_t h = hash64(&n, sizeof(n), (uint64_t)what);

	memcpy(id.b, &h, 8);
	memcpy(id.b + 8, &n, 8);
	return id;
}

static int64_t
wall_ms(void)
{
	return (int64_t)(clock_s(CLOCK_REALTIME) * 1000);
}

static void
event_put(const char *linked, uint64_t unit, uint32_t n, struct buf *key, struct buf *value)
{
	static const struct {
		const char *kind;
		int day, who;
	} facts[EVENTS_A_UNIT] = { { "referral", 0, 0 }, { "accommodation", 20, 1 },
		{ "accommodation", 23, 0 }, { "accommodation-confirmed", 110, 0 },
		{ "accommodation-confirmed", 202, 1 }, { "accommodation-ended", 230, 1 },
		{ "accommodation", 240, 1 }, { "accommodation-confirmed", 390, 0 },
		{ "accommodation-confirmed", 480, 1 }, { "accommodation-confirmed", 580, 0 } };
	static const char *const by[] = { "E08000099", "GB-CHC-9999999" };
	static const char *const roles[] = { "council", "provider" };
	struct attribute referral[] = { { SPAN_LIT("age"), { 19000000, true }, SPAN_NONE },
		{ SPAN_LIT("programme"), { 0, false }, SPAN_LIT("rewriting-futures") } };
	int who = facts[n].who;
	struct id id = id_of('u', unit), event = id_of('e', unit * EVENTS_A_UNIT + n),
		  episode = id_of('p', unit * 2 + (uint64_t)who);
	struct linked ln = { .what = LINKED_EVENT, .unit = id, .event_id = event,
		.unit_kind = SPAN_LIT("person"),
		.source = { .topic = SPAN_LIT("raw.bench"), .epoch = 1,
			.offset = (int64_t)(unit * EVENTS_A_UNIT + n),
			.time_ms = wall_ms() },
		.organisation = span_str(by[who]), .role = span_str(roles[who]),
		.kind = span_str(facts[n].kind),
		.start = date_of(2015, 2, 1) + (date_t)(unit % 200) + facts[n].day,
		.end = DATE_NONE, .episode = span_of(episode.b, ID_BYTES),
		.attributes = { referral, n == 0 ? 2 : 0 }, .match = { .step = SPAN_LIT("single") } };

	memcpy(ln.raw_sha256, event.b, ID_BYTES);
	memcpy(ln.raw_sha256 + ID_BYTES, id.b, ID_BYTES);
	key_format(&(struct key){ .type = KEY_UNIT_EVENT, .a = id, .b = event }, key);
	buf_reset(value);
	av_write(cat, &linked_binding, &ln, value);
	put(linked, unit_partition(&id, PARTITIONS), buf_view(key), buf_view(value), true);
}

static void
claim_put(void)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	for (int32_t p = 0; p < PARTITIONS; p++) {
		key_format(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = run }, &key);
		buf_reset(&value);
		carry_encode_claim(cat, &(struct claim){ 1 }, &value);
		put(topic("linked"), p, buf_view(&key), buf_view(&value), true);
	}
	flush();
	buf_release(&key);
	buf_release(&value);
}

/* Each person's first event, then each one's second ...: nothing is near what was before. */
static void
events_put(uint64_t units)
{
	const char *linked = topic("linked");
	struct buf key = BUF_INIT, value = BUF_INIT;

	for (uint32_t n = 0; n < EVENTS_A_UNIT; n++)
		for (uint64_t u = 0; u < units; u++) {
			event_put(linked, u, n, &key, &value);
			if (u % 1000 == 0)
				must(kwriter_poll(writer, 0, &err));
		}
	for (int32_t p = 0; p < PARTITIONS; p++) {
		struct cut cut = { .offset = (int64_t)(units * EVENTS_A_UNIT) - 1,
			.complete_through = DATE_NONE, .terms_offset = 0 };

		key_format(&(struct key){ .type = KEY_CUT, .stream = SPAN_LIT("raw.bench") }, &key);
		buf_reset(&value);
		carry_encode_cut(cat, &cut, &value);
		put(linked, p, buf_view(&key), buf_view(&value), true);
	}
	buf_release(&key);
	buf_release(&value);
}

/* --- the daemon */

static void
topics_make(void)
{
	static const char *const made[] = { "linked", "terms", "reference", "outcomes" };
	struct kadmin *admin = kadmin_new(&conf, &err);

	must(admin == NULL);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		size_t n = 0;
		const struct topic_setting *s = topic_settings(made[i], &n);
		struct kafka_property config[16];
		struct ktopic t = { topic(made[i]), i == 0 || i == 3 ? PARTITIONS : 1, 0, config, n };

		for (size_t k = 0; k < n; k++)
			config[k] = (struct kafka_property){ s[k].name, s[k].value };
		must(kadmin_topics_make(admin, &t, 1, ASK_MS, &err));
	}
	kadmin_free(admin);
}

static void
topics_drop(void)
{
	const char *all[] = { topic("linked"), topic("terms"), topic("reference"),
		topic("outcomes") };
	struct kadmin *admin = kadmin_new(&conf, &err);

	if (admin)
		kadmin_topics_delete(admin, all, 4, ASK_MS, &err);
	kadmin_free(admin);
}

static void
trust_write(void)
{
	uint8_t public[SIGN_KEY_BYTES];
	char hex[2 * SIGN_KEY_BYTES + 1], path[100];
	FILE *f;

	sign_public(secret, public);
	hex_of(public, sizeof(public), hex);
	snprintf(path, sizeof(path), "%s/trust", dir);
	f = fopen(path, "w");
	if (!f)
		exit(1);
	fprintf(f, "bench %s\n", hex);
	fclose(f);
}

static pid_t
daemon_start(void)
{
	const char *bin = getenv("OUTTURN_BIN");
	char path[300], kafka[200], name[100], trust[100], log[100];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/outturn-milestoned", bin ? bin : "build");
	snprintf(kafka, sizeof(kafka), "kafka=%s", conf.brokers);
	snprintf(name, sizeof(name), "prefix=%s", prefix);
	snprintf(trust, sizeof(trust), "trust=%s/trust", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	pid = fork();
	if (pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		execl(path, "outturn-milestoned", "-o", kafka, "-o", name, "-o", trust, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void
files_remove(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/trust", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/log", dir);
	unlink(path);
	rmdir(dir);
}

/* --- what comes out */

struct seen {
	uint64_t outcomes;
	int64_t *put_ms;         /* steady: when each person's last event was written */
	uint32_t late[LATE_MAX_MS];
	int64_t cut[PARTITIONS]; /* of raw.bench */
	int claims;
};

static bool
all_through(const struct seen *s, int64_t offset)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (s->cut[p] < offset)
			return false;
	return true;
}

/* How long after its person's last event an outcome was written. */
static void
time_it(struct seen *s, const struct krecord *rec)
{
	struct arena arena;
	struct outcome o;
	uint64_t unit;
	int64_t late;

	arena_init(&arena, 0);
	if (av_read(cat, &outcome_binding, rec->value, &o, &arena, &err))
		must(-1);
	memcpy(&unit, o.unit.b + 8, sizeof(unit));
	late = rec->time_ms - s->put_ms[unit];
	s->late[late < 0 ? 0 : late < LATE_MAX_MS ? late : LATE_MAX_MS - 1]++;
	arena_release(&arena);
}

static void
look(struct seen *s, const struct krecord *rec)
{
	struct key key = key_parse(rec->key);
	struct cut cut;

	if (s->put_ms && key.type == KEY_OUTCOME && rec->value.ptr)
		time_it(s, rec);
	s->outcomes += key.type == KEY_OUTCOME;
	s->claims += key.type == KEY_CLAIM;
	if (key.type == KEY_CUT && span_is(key.stream, "raw.bench")
	    && carry_decode_cut(cat, rec->value, &cut))
		s->cut[rec->partition] = cut.offset;
}

/* Until the cuts reach `offset`; -1: until each partition is claimed. */
static void
wait_for(struct kreader *r, struct seen *s, int64_t offset)
{
	double until = clock_s(CLOCK_MONOTONIC) + LONG_MS / 1000;
	struct krecord rec;

	while (offset < 0 ? s->claims < PARTITIONS : !all_through(s, offset)) {
		int got = kreader_poll(r, 20, &rec, &err);

		must(got < 0 && err.class != ERR_RETRY);
		if (got > 0)
			look(s, &rec);
		if (clock_s(CLOCK_MONOTONIC) > until) {
			fprintf(stderr, "bench_milestone_kafka: it does not end; see %s/log\n", dir);
			exit(1);
		}
	}
}

static void
tell(const char *part, uint64_t events, double seconds, const struct seen *s,
    const struct rusage *ru)
{
	double cpu = (double)ru->ru_utime.tv_sec + (double)ru->ru_utime.tv_usec / 1e6
	    + (double)ru->ru_stime.tv_sec + (double)ru->ru_stime.tv_usec / 1e6;

	printf("milestoned, Kafka to Kafka, %-7s %9.0f events/s (bar %.0f; " PEERS ")\n", part,
	    (double)events / seconds, BAR_EVENTS);
	printf("%36s %9.2f CPU s a million events (bar %.1f: a third of Flink's)\n", "",
	    cpu * 1e6 / (double)events, PEER_CPU_S / PEER_CPU_PARTS);
	printf("%36s %9.2f outcome records an event\n", "", (double)s->outcomes / (double)events);
	printf("%36s %9ld MiB resident at most\n", "", ru->ru_maxrss / 1024);
}

static int
percentile(const struct seen *s, double share)
{
	double sum = 0;
	int ms = 0;

	while (ms < LATE_MAX_MS - 1 && (sum += s->late[ms]) < share * (double)s->outcomes)
		ms++;
	return ms;
}

/* Each event of a person some seconds after the one before, a hundredth of a second's
 * worth at a time. */
static void
steady_put(struct kreader *r, struct seen *s)
{
	uint64_t units = STEADY_EVENTS_S * STEADY_S / EVENTS_A_UNIT, done = 0;
	struct buf key = BUF_INIT, value = BUF_INIT;
	int64_t t0 = wall_ms();
	struct krecord rec;

	s->put_ms = mem_zalloc(units, sizeof(*s->put_ms));
	while (done < units * EVENTS_A_UNIT) {
		uint64_t due = (uint64_t)(wall_ms() - t0) * STEADY_EVENTS_S / 1000;

		for (; done < due && done < units * EVENTS_A_UNIT; done++) {
			s->put_ms[done % units] = wall_ms();
			event_put(topic("linked"), done % units, (uint32_t)(done / units), &key,
			    &value);
		}
		must(kwriter_poll(writer, 0, &err));
		for (int i = 0; i < 1000 && kreader_poll(r, i ? 0 : 2, &rec, &err) > 0; i++)
			look(s, &rec);
	}
	flush();
	buf_release(&key);
	buf_release(&value);
}

static void
steady(void)
{
	struct seen *seen = mem_zalloc(1, sizeof(*seen));
	struct kreader *reader = kreader_new(&conf, &err);
	int64_t quiet;
	struct krecord rec;
	pid_t pid;

	snprintf(prefix, sizeof(prefix), "bench-steady-%d", (int)getpid());
	must(reader == NULL);
	topics_make();
	for (int32_t p = 0; p < PARTITIONS; p++)
		must(kreader_add(reader, topic("outcomes"), p, KAFKA_BEGIN, NULL, &err));
	terms_publish();
	claim_put();
	pid = daemon_start();
	wait_for(reader, seen, -1);
	steady_put(reader, seen);
	for (quiet = wall_ms(); wall_ms() - quiet < 1000;)
		if (kreader_poll(reader, 20, &rec, &err) > 0) {
			look(seen, &rec);
			quiet = wall_ms();
		}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("milestoned, steady, %d events/s: %" PRIu64 " outcomes, written %d ms (half), %d ms "
	       "(99 in 100) after the event\n", STEADY_EVENTS_S, seen->outcomes,
	    percentile(seen, 0.5), percentile(seen, 0.99));
	kreader_free(reader);
	mem_free(seen->put_ms);
	mem_free(seen);
	topics_drop();
}

static void
play(const char *part, uint64_t units, bool live)
{
	static struct seen seen;
	struct kreader *reader = kreader_new(&conf, &err);
	int64_t last = (int64_t)(units * EVENTS_A_UNIT) - 1;
	struct rusage ru;
	double t0, t1;
	pid_t pid;

	seen = (struct seen){ .cut = { -1, -1 } };
	snprintf(prefix, sizeof(prefix), "bench-%s-%d", part, (int)getpid());
	must(reader == NULL);
	topics_make();
	for (int32_t p = 0; p < PARTITIONS; p++)
		must(kreader_add(reader, topic("outcomes"), p, KAFKA_BEGIN, NULL, &err));
	terms_publish();
	claim_put();
	if (!live) {
		events_put(units);
		flush();
	}
	t0 = clock_s(CLOCK_MONOTONIC);
	pid = daemon_start();
	if (live) {
		wait_for(reader, &seen, -1);
		t0 = clock_s(CLOCK_MONOTONIC);
		events_put(units);
		flush();
	}
	wait_for(reader, &seen, last);
	t1 = clock_s(CLOCK_MONOTONIC);
	kill(pid, SIGTERM);
	wait4(pid, NULL, 0, &ru);
	tell(part, units * EVENTS_A_UNIT, t1 - t0, &seen, &ru);
	kreader_free(reader);
	topics_drop();
}

int
main(void)
{
	const char *text = getenv("EVENTS");
	uint64_t units = (text ? strtoull(text, NULL, 10) : 1000000) / EVENTS_A_UNIT;

	conf = (struct kafka_conf){ .brokers = getenv("KAFKA") };
	if (!conf.brokers || !mkdtemp(dir))
		return 1;
	memset(secret, 7, sizeof(secret));
	cat = av_catalogue_new();
	trust_write();
	writer = kwriter_new(&conf, on_ack, &err);
	must(writer == NULL);
	play("behind", units, false);
	play("live", units, true);
	steady();
	kwriter_free(writer);
	av_catalogue_free(cat);
	files_remove();
	return 0;
}
