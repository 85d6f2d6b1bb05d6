/*
 * bench_sinkd - from real Kafka into PostgreSQL: beside the peers, and after kill -9.
 *
 *	plain    the peers' job: 1,000,000 rows of 12 columns under a text key, a tenth of them
 *	         repeats, from one topic into one table.  Our reader, seen.h, COPY and the
 *	         compare-and-set on the offset row, as shell_store.c has them; the table is not
 *	         the warehouse's, so the statements are here.
 *	killed   outturn-sinkd as it ships, on a topic of outcomes each said one and a half
 *	         times: killed in the middle, started again.  How long until it has caught up,
 *	         beyond what the rest takes at the rate before; and whether anybody who looked
 *	         meanwhile saw an older version, or one twice.
 *
 * KAFKA and PGURI say where; ROWS (1000000) and KILLED_ROWS (300000) how many;
 * OUTTURN_BIN where outturn-sinkd is (build).  PostgreSQL's CPU is that of all
 * its processes, and is only to be had on the same machine.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "common/io/level_task.h"
#include "common/io/pg.h"
#include "common/io/pg_schema.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/topics.h"
#include "sink/rowmap.h"
#include "sink/seen.h"
#include "sink/sql.h"

enum {
	PLAIN_COLUMNS = 12,
	PLAIN_NUMBERS = 6, /* then as many texts after the key */
	PLAIN_BATCH = 50000,
	PLAIN_ONE_IN = 10, /* is a repeat */
	FETCH_KBYTES = 2048,
	ASK_MS = 10000,
	WAIT_S = 300,
	LOOK_MS = 20,
	SAMPLE = 1000, /* every so manieth outcome is looked at again and again */
};

#define BAR_RATE 67000.0 /* Flink SQL 2.0, best; Debezium's JDBC sink 31000 */
#define BAR_CAUGHT_UP_S 3.0

static struct err err;
static struct kafka_conf conf;
static struct av_catalogue *cat;
static struct pg *pg;
static char prefix[64], uri[512], database[64];

/* --- clocks */

static void
must(int failed)
{
	if (!failed)
		return;
	fprintf(stderr, "bench_sinkd: %s (%s)\n", err.text, err.code);
	exit(1);
}

static double
clock_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of one process; *parent: who started it. */
static double
process_cpu_s(long pid, long *parent)
{
	unsigned long user = 0, system = 0;
	char path[64], text[1024];
	const char *after;
	FILE *f;

	*parent = -1;
	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	after = strrchr(text, ')');
	if (!after || sscanf(after, ") %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", parent,
	    &user, &system) != 3)
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long
ask_int(const char *sql)
{
	struct pg_rows *rows = pg_query(pg, sql, NULL, 0, &err);
	long v;

	must(rows == NULL);
	MUST(pg_rows_count(rows) == 1);
	v = (long)pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	return v;
}

/* The server and everything under it that runs now. */
static double
postgres_cpu_s(void)
{
	long master, parent;
	double sum;
	struct dirent *d;
	DIR *proc = opendir("/proc");

	process_cpu_s(ask_int("SELECT pg_backend_pid()"), &master);
	sum = process_cpu_s(master, &parent);
	while (proc && (d = readdir(proc))) {
		double cpu;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		cpu = process_cpu_s(strtol(d->d_name, NULL, 10), &parent);
		if (parent == master && master > 1)
			sum += cpu;
	}
	if (proc)
		closedir(proc);
	return sum;
}

static void
line(const char *what, double figure, const char *unit, double bar, bool met)
{
	printf("sinkd %-47s %9.2f %-10s bar %9.2f  %s\n", what, figure, unit, bar,
	    met ? "met" : "MISSED");
}

/* --- topics */

static uint64_t failed;

static void
on_written(void *owner, uint64_t tag, int64_t offset, const struct err *e)
{
	(void)owner;
	(void)tag;
	(void)offset;
	failed += e != NULL;
}

static const char *
topic(const char *name)
{
	static char text[2 * sizeof(prefix)];

	snprintf(text, sizeof(text), "%s.%s", prefix, name);
	return text;
}

static void
topic_make(const char *name)
{
	struct kadmin *admin = kadmin_new(&conf, &err);

	must(admin == NULL);
	must(kadmin_topics_make(admin, &(struct ktopic){ .name = topic(name), .partitions = 1 }, 1,
	    ASK_MS, &err));
	kadmin_free(admin);
}

static void
topics_drop(void)
{
	static const char *const names[] = { "plain", "evidence", "rejected", "linked", "outcomes" };
	struct kadmin *admin = kadmin_new(&conf, &err);

	must(admin == NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = topic(names[i]);

		must(kadmin_topics_delete(admin, &name, 1, ASK_MS, &err));
	}
	kadmin_free(admin);
}

static void
put(struct kwriter *w, const char *name, struct span key, struct span value, const struct id *run)
{
	while (kwriter_send(w, topic(name), 0, key, value, run, 0, NULL, 0, &err)) {
		MUST(strcmp(err.code, "kafka-queue-full") == 0);
		must(kwriter_poll(w, 100, &err));
	}
}

static void
flush(struct kwriter *w)
{
	must(kwriter_flush(w, WAIT_S * 1000, &err));
	MUST(failed == 0);
	kwriter_free(w);
}

/* --- the peers' job: rows travel as Avro has them, zigzag numbers and counted texts */

static void
long_write(struct buf *out, int64_t v)
{
	uint64_t z = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);

	for (; z >= 0x80; z >>= 7)
		buf_byte(out, (uint8_t)(z | 0x80));
	buf_byte(out, (uint8_t)z);
}

static bool
long_read(struct span *in, int64_t *v)
{
	uint64_t z = 0;

	for (unsigned shift = 0; in->len && shift < 64; shift += 7) {
		uint8_t b = in->ptr[0];

		*in = span_of(in->ptr + 1, in->len - 1);
		z |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*v = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
			return true;
		}
	}
	return false;
}

static void
plain_write(uint64_t rows)
{
	struct kwriter *w = kwriter_new(&conf, on_written, &err);
	struct buf value = BUF_INIT;
	char text[32];

	must(w == NULL);
	topic_make("plain");
	for (uint64_t i = 0; i < rows; i++) {
		uint64_t k = i % PLAIN_ONE_IN ? i : hash64(&i, sizeof(i), 5) % (i + 1);

		buf_reset(&value);
		for (int c = 0; c < PLAIN_NUMBERS; c++)
			long_write(&value, (int64_t)(i * 7 + (uint64_t)c));
		for (int c = PLAIN_NUMBERS + 1; c < PLAIN_COLUMNS; c++) {
			int len = snprintf(text, sizeof(text), "value-%" PRIu64, i + (uint64_t)c);

			long_write(&value, len);
			buf_add(&value, text, (size_t)len);
		}
		snprintf(text, sizeof(text), "key-%" PRIu64, k);
		put(w, "plain", span_str(text), buf_view(&value), NULL);
	}
	buf_release(&value);
	flush(w);
}

struct plain {
	struct strmap last; /* key -> place + 1 of its row */
	struct plain_at {
		size_t from, len; /* of its tuple in bytes */
		struct span key;  /* in bytes, once all is read */
	} at[PLAIN_BATCH];
	size_t n;
	struct buf bytes, out;
	struct seen seen;
	int64_t expected, next;
};

/* The tuple as COPY wants it; its first field is the key. */
static void
plain_tuple(struct buf *out, struct span key, struct span value)
{
	int64_t v;

	rowmap_be(out, PLAIN_COLUMNS, 2);
	rowmap_be(out, key.len, 4);
	buf_span(out, key);
	for (int c = 1; c < PLAIN_COLUMNS; c++) {
		bool good = long_read(&value, &v);

		MUST(good);
		if (c <= PLAIN_NUMBERS) {
			rowmap_be(out, 8, 4);
			rowmap_be(out, (uint64_t)v, 8);
			continue;
		}
		MUST(v >= 0 && (uint64_t)v <= value.len);
		rowmap_be(out, (uint64_t)v, 4);
		buf_add(out, value.ptr, (size_t)v);
		value = span_of(value.ptr + v, value.len - (size_t)v);
	}
}

static void
plain_take(struct plain *p, const struct krecord *rec)
{
	bool fresh;
	uint64_t *place = strmap_put(&p->last, rec->key, &fresh);
	struct plain_at *at;

	if (fresh)
		*place = p->n++;
	at = &p->at[*place];
	at->from = p->bytes.len;
	plain_tuple(&p->bytes, rec->key, rec->value);
	at->len = p->bytes.len - at->from;
	at->key = rec->key;
	p->next = rec->offset + 1;
}

static void
plain_copy(struct plain *p, const char *sql, const bool *fresh, bool want)
{
	must(pg_copy_begin(pg, sql, &err));
	buf_reset(&p->out);
	pg_copy_head(&p->out);
	for (size_t i = 0; i < p->n; i++) {
		if (fresh[i] != want)
			continue;
		buf_add(&p->out, p->bytes.ptr + p->at[i].from, p->at[i].len);
		if (p->out.len < 64 * 1024)
			continue;
		must(pg_copy_add(pg, buf_view(&p->out), &err));
		buf_reset(&p->out);
	}
	pg_copy_tail(&p->out);
	must(pg_copy_add(pg, buf_view(&p->out), &err));
	must(pg_copy_end(pg, &err));
}

static const char plain_tables[]
    = "CREATE TABLE public.plain (k text PRIMARY KEY, a bigint, b bigint, c bigint, d bigint, "
      "e bigint, f bigint, g text, h text, i text, j text, l text) WITH (fillfactor = 90);"
      "CREATE TEMPORARY TABLE stage_plain (LIKE public.plain) ON COMMIT DELETE ROWS;"
      "INSERT INTO ops.offset VALUES ('plain', 0, 0)";
static const char plain_put[]
    = "INSERT INTO public.plain SELECT * FROM stage_plain ON CONFLICT (k) DO UPDATE SET "
      "(a, b, c, d, e, f, g, h, i, j, l) = (excluded.a, excluded.b, excluded.c, excluded.d, "
      "excluded.e, excluded.f, excluded.g, excluded.h, excluded.i, excluded.j, excluded.l)";

static void
plain_commit(struct plain *p)
{
	static bool fresh[PLAIN_BATCH];
	char sql[160];

	for (size_t i = 0; i < p->n; i++) {
		const uint8_t *tuple = p->bytes.ptr + p->at[i].from;

		fresh[i] = seen_put(&p->seen, span_of(tuple + 6, p->at[i].key.len));
	}
	must(pg_exec(pg, "BEGIN", &err));
	plain_copy(p, "COPY stage_plain FROM STDIN (FORMAT binary)", fresh, false);
	snprintf(sql, sizeof(sql), "UPDATE ops.offset SET next_offset = %" PRId64
	    " WHERE topic = 'plain' AND next_offset = %" PRId64, p->next, p->expected);
	must(pg_exec(pg, sql, &err));
	plain_copy(p, "COPY public.plain FROM STDIN (FORMAT binary)", fresh, true);
	must(pg_exec(pg, plain_put, &err));
	must(pg_exec(pg, "COMMIT", &err));
	p->expected = p->next;
	p->n = 0;
	buf_reset(&p->bytes);
	strmap_release(&p->last);
	strmap_init(&p->last, 1);
}

static void
plain_read(uint64_t rows)
{
	struct kreader *reader = kreader_new(&conf, &err);
	struct plain *p = mem_zalloc(1, sizeof(*p));
	double until = clock_s(CLOCK_MONOTONIC) + WAIT_S;
	struct krecord rec;

	must(reader == NULL);
	must(kreader_add(reader, topic("plain"), 0, KAFKA_BEGIN, NULL, &err));
	seen_begin(&p->seen);
	strmap_init(&p->last, 1);
	while (p->next < (int64_t)rows && clock_s(CLOCK_MONOTONIC) < until) {
		int got = kreader_poll(reader, 100, &rec, &err);

		must(got < 0 && err.class != ERR_RETRY);
		if (got > 0)
			plain_take(p, &rec);
		if (p->n == PLAIN_BATCH || (p->n && p->next == (int64_t)rows))
			plain_commit(p);
	}
	MUST(p->expected == (int64_t)rows);
	kreader_free(reader);
	strmap_release(&p->last);
	seen_drop(&p->seen);
	buf_release(&p->bytes);
	buf_release(&p->out);
	mem_free(p);
}

static void
plain(uint64_t rows)
{
	double millions = (double)rows / 1e6, wall, worker, server, rate;

	plain_write(rows);
	must(pg_exec(pg, plain_tables, &err));
	wall = clock_s(CLOCK_MONOTONIC);
	worker = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	server = postgres_cpu_s();
	plain_read(rows);
	rate = (double)rows / (clock_s(CLOCK_MONOTONIC) - wall);
	MUST((uint64_t)ask_int("SELECT count(*) FROM public.plain") > rows - rows / PLAIN_ONE_IN - 1);
	line("peers' plain table, Kafka to PostgreSQL", rate, "rows/s", BAR_RATE, rate >= BAR_RATE);
	printf("sinkd %-47s %9.2f s          Flink 12, Debezium 26\n", "  CPU a million rows, worker",
	    (clock_s(CLOCK_PROCESS_CPUTIME_ID) - worker) / millions);
	printf("sinkd %-47s %9.2f s          Flink 9, Debezium 12\n", "  CPU a million rows, PostgreSQL",
	    (postgres_cpu_s() - server) / millions);
}

/* --- killed */

static struct id
id_for(uint64_t kind, uint64_t i)
{
	uint64_t h[2] = { hash64(&i, sizeof(i), kind), hash64(&i, sizeof(i), kind + 1000) };
	struct id id;

	memcpy(id.b, h, sizeof(id.b));
	return id;
}

/* Two thirds as many outcomes as records; days say which version it is. */
static void
outcomes_write(uint64_t records)
{
	static const struct id run = { .b = { 0xa } };
	struct kwriter *w = kwriter_new(&conf, on_written, &err);
	struct key claim = { .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = run };
	struct reason reason = { SPAN_LIT("sustained"), SPAN_LIT("council"),
		SPAN_LIT("accommodation was kept for 91 days") };
	struct buf key = BUF_INIT, value = BUF_INIT;

	must(w == NULL);
	key_format(&claim, &key);
	carry_encode_claim(cat, &(struct claim){ 1 }, &value);
	put(w, "outcomes", buf_view(&key), buf_view(&value), &run);
	for (uint64_t i = 0; i < records; i++) {
		uint64_t which = i % (records * 2 / 3);
		struct id events[2] = { id_for(3, 2 * which), id_for(3, 2 * which + 1) };
		struct outcome o = { .outcome_id = id_for(1, which),
			.contract = SPAN_LIT("invented-fund"), .contract_version = 1,
			.outcome = SPAN_LIT("accommodation-3-months"), .unit = id_for(2, which),
			.unit_kind = SPAN_LIT("person"), .ordinal = 1, .status = SPAN_LIT("achieved"),
			.start = 19800, .due = 19891, .achieved = 19891, .expires = 20075,
			.days = i == which ? 91 : 92, .price_minor = 150000,
			.currency = SPAN_LIT("GBP"), .anchor_event = events[0],
			.reasons = { &reason, 1 }, .evidence = { events, 2 } };

		buf_reset(&key);
		buf_reset(&value);
		key_format(&(struct key){ .type = KEY_OUTCOME, .a = o.outcome_id }, &key);
		av_write(cat, &outcome_binding, &o, &value);
		put(w, "outcomes", buf_view(&key), buf_view(&value), &run);
	}
	buf_release(&key);
	buf_release(&value);
	flush(w);
}

static pid_t
sinkd_start(void)
{
	const char *bin = getenv("OUTTURN_BIN") ? getenv("OUTTURN_BIN") : "build";
	char program[512], arg[3][600];
	pid_t pid;

	snprintf(program, sizeof(program), "%s/outturn-sinkd", bin);
	snprintf(arg[0], sizeof(arg[0]), "kafka=%s", conf.brokers);
	snprintf(arg[1], sizeof(arg[1]), "prefix=%s", prefix);
	snprintf(arg[2], sizeof(arg[2]), "pguri=%s", uri);
	pid = fork();
	MUST(pid >= 0);
	if (pid)
		return pid;
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	execl(program, program, "-o", arg[0], "-o", arg[1], "-o", arg[2], (char *)NULL);
	_exit(127);
}

static void
sinkd_end(pid_t pid, int sig)
{
	kill(pid, sig);
	waitpid(pid, NULL, 0);
}

/* One who looks all the time, and what he saw go wrong. */
struct looker {
	struct idmap days; /* outcome -> days when last seen */
	uint64_t looks, older, lost;
};

static void
look(struct looker *l)
{
	struct pg_rows *rows = pg_query(pg, "SELECT uuid_send(outcome_id), days FROM ledger.outcome "
	    "WHERE outcome_id = ANY (SELECT id FROM public.sample)", NULL, 0, &err);

	must(rows == NULL);
	l->looks++;
	l->lost += pg_rows_count(rows) < l->days.count;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		uint32_t days = (uint32_t)pg_value_int(rows, i, 1), *before;
		struct id id;
		bool fresh, good = pg_value_hex(rows, i, 0, id.b, ID_BYTES);

		MUST(good);
		before = idmap_put(&l->days, &id, &fresh);
		l->older += days < *before;
		*before = days;
	}
	pg_rows_free(rows);
}

static void
sample_make(uint64_t outcomes)
{
	struct buf sql = BUF_INIT;
	char hex[ID_HEX + 1];

	buf_str(&sql, "CREATE TABLE public.sample AS SELECT unnest('{");
	for (uint64_t i = 0; i < outcomes; i += SAMPLE) {
		struct id id = id_for(1, i);

		id_hex(&id, hex);
		buf_printf(&sql, "%s%s", i ? "," : "", hex);
	}
	buf_str(&sql, "}'::uuid[]) AS id");
	must(pg_exec(pg, buf_cstr(&sql), &err));
	buf_release(&sql);
}

static const char written[] = "SELECT coalesce(max(next_offset), 0) FROM ops.offset "
			      "WHERE topic = 'outcomes'";

/* Until so much is in the database; seconds from *first, which is when it began to grow. */
static double
await(struct looker *l, long offset, double *first)
{
	double until = clock_s(CLOCK_MONOTONIC) + WAIT_S;
	long at;

	while ((at = ask_int(written)) < offset && clock_s(CLOCK_MONOTONIC) < until) {
		if (at == 0)
			*first = clock_s(CLOCK_MONOTONIC);
		look(l);
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
	}
	MUST(at >= offset);
	look(l);
	return clock_s(CLOCK_MONOTONIC) - *first;
}

static void
killed(uint64_t records)
{
	struct looker l = { .looks = 0 };
	double first, took, rate, again, rest;
	long before, twice;
	pid_t pid;

	topic_make("evidence");
	topic_make("rejected");
	topic_make("linked");
	topic_make("outcomes");
	outcomes_write(records);
	sample_make(records * 2 / 3);
	idmap_init(&l.days, 7);
	first = clock_s(CLOCK_MONOTONIC);
	pid = sinkd_start();
	took = await(&l, (long)records / 2, &first);
	rate = (double)ask_int(written) / took;
	sinkd_end(pid, SIGKILL);
	before = ask_int(written);
	again = clock_s(CLOCK_MONOTONIC);
	pid = sinkd_start();
	again = await(&l, (long)records + 1, &again);
	sinkd_end(pid, SIGTERM);
	rest = (double)((long)records + 1 - before) / rate;
	twice = ask_int("SELECT count(*) FROM (SELECT days, lag(days) OVER (PARTITION BY outcome_id "
	    "ORDER BY known_from) AS before FROM ledger.outcome_version) v WHERE days <= before");
	line("caught up after kill -9, beyond the rows' own time", again - rest, "s",
	    BAR_CAUGHT_UP_S, again - rest <= BAR_CAUGHT_UP_S);
	printf("sinkd %-47s %9.2f s          %ld of %" PRIu64 " rows at %.0f rows/s\n",
	    "  from its start until all was written", again, (long)records + 1 - before, records,
	    rate);
	line("  versions written twice or out of order", (double)twice, "rows", 0, twice == 0);
	line("  older versions, or fewer, seen meanwhile", (double)(l.older + l.lost), "times", 0,
	    l.older + l.lost == 0);
	printf("sinkd %-47s %9" PRIu64 " times\n", "  looked", l.looks);
	MUST((uint64_t)ask_int("SELECT count(*) FROM ledger.outcome") == records * 2 / 3);
	idmap_release(&l.days);
}

/* --- the whole */

static void
migrated(void *arg, const char *name)
{
	(void)arg;
	(void)name;
}

static void
database_make(const char *given)
{
	const char *slash = strrchr(given, '/');
	struct pg_schema_state schema;
	char sql[128];

	MUST(slash != NULL);
	snprintf(database, sizeof(database), "%s", prefix);
	pg = pg_open(given, "bench_sinkd", &err);
	must(pg == NULL);
	snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\"", database);
	must(pg_exec(pg, sql, &err));
	pg_close(pg);
	snprintf(uri, sizeof(uri), "%.*s/%s", (int)(slash - given), given, database);
	pg = pg_open(uri, "bench_sinkd", &err);
	must(pg == NULL);
	must(pg_schema_run(pg, sink_sql, sink_sql_n, migrated, NULL, &schema, &err));
}

static void
database_drop(const char *given)
{
	char sql[128];

	pg_close(pg);
	pg = pg_open(given, "bench_sinkd", &err);
	must(pg == NULL);
	snprintf(sql, sizeof(sql), "DROP DATABASE \"%s\" WITH (FORCE)", database);
	must(pg_exec(pg, sql, &err));
	pg_close(pg);
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t n = text ? strtoull(text, NULL, 10) : otherwise;

	MUST(n >= 3);
	return n;
}

int
main(void)
{
	const char *pguri = getenv("PGURI");

	conf = (struct kafka_conf){ .brokers = getenv("KAFKA"), .fetch_kbytes = FETCH_KBYTES };
	if (!conf.brokers || !pguri) {
		fputs("bench_sinkd: KAFKA and PGURI must say where the servers are\n", stderr);
		return 2;
	}
	snprintf(prefix, sizeof(prefix), "bench-sinkd-%d", (int)getpid());
	cat = av_catalogue_new();
	database_make(pguri);
	plain(number_of("ROWS", 1000000));
	killed(number_of("KILLED_ROWS", 300000));
	database_drop(pguri);
	topics_drop();
	av_catalogue_free(cat);
	return 0;
}
