/*
 * sinkd as it ships, on real Kafka and PostgreSQL: killed while records come,
 * its database killed under it, a zombie's late writes, a log whose beginning
 * was deleted, or all of it, or that was compacted while it was away.  What the database holds must be what the records say, line by
 * line of sql/dump.sql, and no version may be there twice or out of order.
 *
 * Invented facts only.  SEED repeats a run's moments; SERVERS_DIR is the
 * directory of scripts/servers: without it PostgreSQL is left alive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "common/io/level_task.h"
#include "common/io/pg_schema.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/topics.h"
#include "sink/dump.h"
#include "sink/sql.h"
#include "tests/integration/pipe.h"

enum { STORY_MS = 60000, PARTITIONS = 2, THINGS = 400, KILLS = 6,
	RESIDENT_KBYTES_MAX = 64 * 1024, LOAD = 60000, GONE = -1 };

static struct kafka_conf conf;
static struct av_catalogue *cat;
static struct kwriter *writer;
static struct pg *pg;
static char prefix[TOPIC_NAME_MAX], uri[512], database[128], log_path[64], broken_uri[512];
static pid_t pid;

/* What should stand: the days of each outcome, the revision of each link. */
static int32_t outcome_days[LOAD], link_revision[THINGS];
static int outcomes_n, evidence_n;
static int64_t evidence_base;

static struct id
id_for(uint8_t kind, int i)
{
	return (struct id){ .b = { kind, (uint8_t)(i * 37), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
		(uint8_t)i } };
}

static const struct id run_a = { .b = { 0xa } }, run_b = { .b = { 0xb } };

/* --- records */

static void
send_row(const char *name, int32_t partition, const struct key *key, struct span value,
    const struct id *run)
{
	struct buf text = BUF_INIT;

	key_format(key, &text);
	put(writer, name, partition, buf_view(&text), value, run);
	buf_release(&text);
}

static void
flush(void)
{
	written(writer);
}

static struct outcome
outcome_of(int i, int32_t days)
{
	struct outcome o = { .outcome_id = id_for(1, i), .contract = SPAN_LIT("invented"),
		.contract_version = 1, .outcome = SPAN_LIT("sustained"), .unit = id_for(2, i),
		.unit_kind = SPAN_LIT("person"), .ordinal = 1, .status = SPAN_LIT("not-yet"),
		.start = 19800, .due = DATE_NONE, .achieved = DATE_NONE, .expires = DATE_NONE,
		.days = days, .price_minor = 100000, .currency = SPAN_LIT("GBP"),
		.facts_hash = { 7 } };

	return o;
}

static struct linked
link_of(int i, int32_t revision)
{
	struct linked ln = { .what = LINKED_EVENT, .unit = id_for(2, i), .event_id = id_for(3, i),
		.unit_kind = SPAN_LIT("person"), .revision = revision,
		.source = { SPAN_LIT("raw.council-a"), 1, i, 0 },
		.organisation = SPAN_LIT("council-a"), .role = SPAN_LIT("council"),
		.raw_sha256 = { 9 }, .kind = SPAN_LIT("accommodation"), .start = 19800,
		.end = DATE_NONE, .match = { .step = SPAN_LIT("single") } };

	return ln;
}

static struct evidence
evidence_of(int i)
{
	struct evidence ev = { .what = EVIDENCE_VERSION, .event_id = id_for(3, i), .revision = 1,
		.source = { SPAN_LIT("raw.council-a"), 1, evidence_base + i, 1714521600000 },
		.organisation = SPAN_LIT("council-a"), .role = SPAN_LIT("council"),
		.raw_sha256 = { 9, (uint8_t)i, (uint8_t)(i >> 8) }, .kind = SPAN_LIT("accommodation"),
		.start = 19800, .end = DATE_NONE, .complete_through = DATE_NONE };

	return ev;
}

static void
claim(const char *name, int32_t partition, const char *stream, int64_t epoch, const struct id *run)
{
	struct key key = { .type = KEY_CLAIM, .stream = span_str(stream), .a = *run };
	struct buf value = BUF_INIT;

	carry_encode_claim(cat, &(struct claim){ epoch }, &value);
	send_row(name, partition, &key, buf_view(&value), run);
	buf_release(&value);
}

static void
send_outcome(int i, int32_t days, const struct id *run)
{
	struct key key = { .type = KEY_OUTCOME, .a = id_for(1, i) };
	struct outcome o = outcome_of(i, days);
	struct buf value = BUF_INIT;

	av_write(cat, &outcome_binding, &o, &value);
	send_row("outcomes", i % PARTITIONS, &key, days == GONE ? SPAN_NONE : buf_view(&value), run);
	buf_release(&value);
}

static void
say_outcome(int i, int32_t days)
{
	send_outcome(i, days, &run_a);
	outcome_days[i] = days;
	if (i >= outcomes_n)
		outcomes_n = i + 1;
}

static void
say_link(int i, int32_t revision)
{
	struct key key = { .type = KEY_UNIT_EVENT, .a = id_for(2, i), .b = id_for(3, i) };
	struct linked ln = link_of(i, revision);
	struct buf value = BUF_INIT;

	av_write(cat, &linked_binding, &ln, &value);
	send_row("linked", i % PARTITIONS, &key, revision == GONE ? SPAN_NONE : buf_view(&value), &run_a);
	link_revision[i] = revision;
	buf_release(&value);
}

static void
say_evidence(int i)
{
	struct evidence ev = evidence_of(i);
	struct key key = { .type = KEY_RECORD, .stream = ev.source.topic, .epoch = 1,
		.offset = ev.source.offset };
	struct buf value = BUF_INIT;

	av_write(cat, &evidence_binding, &ev, &value);
	send_row("evidence", 0, &key, buf_view(&value), &run_a);
	if (i >= evidence_n)
		evidence_n = i + 1;
	buf_release(&value);
}

static int32_t version; /* rises, so that order shows in history */

static void
say_some(int n)
{
	for (int k = 0; k < n; k++) {
		int i = (int)draw(THINGS);

		version++;
		say_outcome(i, draw(8) ? version : GONE);
		if (draw(2))
			say_link((int)draw(THINGS), draw(6) ? version : GONE);
		if (draw(2) && evidence_n < THINGS)
			say_evidence(evidence_n);
		if (draw(5) == 0 && evidence_n)
			say_evidence((int)draw((uint32_t)evidence_n)); /* a repeat */
	}
	flush();
}

/* --- what the database says */

static struct pg_rows *
ask(const char *sql)
{
	struct pg_rows *rows = pg_query(pg, sql, NULL, 0, &err);

	must(rows == NULL);
	return rows;
}

static int64_t
ask_int(const char *sql)
{
	struct pg_rows *rows = ask(sql);
	int64_t v;

	assert_int_equal(pg_rows_count(rows), 1);
	v = pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	return v;
}

static int
line_cmp(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void
expected_lines(struct buf *text)
{
	for (int i = 0; i < evidence_n; i++) {
		struct evidence ev = evidence_of(i);

		dump_event(text, &ev);
	}
	for (int i = 0; i < THINGS; i++) {
		struct linked ln = link_of(i, link_revision[i]);

		if (link_revision[i] > 0)
			dump_link(text, &ln);
	}
	for (int i = 0; i < outcomes_n; i++) {
		struct outcome o = outcome_of(i, outcome_days[i]);

		if (outcome_days[i] > 0)
			dump_outcome(text, &o);
	}
}

/* Lines, sorted bytewise; they borrow from text. */
static struct span *
lines_of(const struct buf *text, size_t *n)
{
	struct span *line = mem_zalloc((size_t)outcomes_n + 2 * THINGS + 1, sizeof(*line));
	size_t from = 0;

	*n = 0;
	for (size_t i = 0; i < text->len; i++)
		if (text->ptr[i] == '\n') {
			line[(*n)++] = span_of(text->ptr + from, i - from);
			from = i + 1;
		}
	qsort(line, *n, sizeof(*line), line_cmp);
	return line;
}

static size_t
lines_wrong(size_t *expected_n)
{
	struct buf text = BUF_INIT;
	struct pg_rows *rows = ask((const char *)sink_sql_file("dump.sql").ptr);
	size_t n, wrong = 0, got = pg_rows_count(rows);
	struct span *line;

	expected_lines(&text);
	line = lines_of(&text, &n);
	for (size_t i = 0; i < n && i < got; i++)
		wrong += !span_eq(line[i], pg_value(rows, i, 0));
	*expected_n = n;
	wrong += n > got ? n - got : got - n;
	mem_free(line);
	pg_rows_free(rows);
	buf_release(&text);
	return wrong;
}

static void
await_agreement(void)
{
	int64_t until = now_ms() + STORY_MS;
	size_t wrong, n;

	while ((wrong = lines_wrong(&n)) && now_ms() < until)
		pause_ms(100);
	if (wrong)
		fail_msg("%zu of %zu lines differ; SEED=%llu", wrong, n, (unsigned long long)seed);
	/* Days only rise: a version written twice, or an older one behind a newer, shows. */
	assert_int_equal(ask_int("SELECT count(*) FROM (SELECT days, lag(days) OVER "
				 "(PARTITION BY outcome_id ORDER BY known_from) AS before FROM "
				 "ledger.outcome_version) v WHERE days <= before"), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM (SELECT revision, lag(revision) OVER "
				 "(PARTITION BY unit_id, event_id ORDER BY known_from) AS before FROM "
				 "evidence.link_version) v WHERE revision <= before"), 0);
}

/* --- the daemon and the servers */

static pid_t
spawn_as(const char *instance, const char *pguri)
{
	char arg[3][600];

	snprintf(arg[0], sizeof(arg[0]), "prefix=%s", prefix);
	snprintf(arg[1], sizeof(arg[1]), "pguri=%s", pguri);
	snprintf(arg[2], sizeof(arg[2]), "instance=%s", instance);
	return daemon_spawn("sinkd", log_path,
	    (const char *const[]){ arg[0], arg[1], arg[2], "flush_after=20", NULL });
}

static void
spawn_on(const char *pguri)
{
	pid = spawn_as("one", pguri);
}

static void
await_log(const char *word)
{
	if (!log_comes_to_say(log_path, word, STORY_MS))
		fail_msg("the log never says '%s'", word);
}

static void
servers(const char *verb)
{
	char command[600];

	snprintf(command, sizeof(command), "scripts/servers %s '%s' pg >/dev/null 2>&1", verb,
	    getenv("SERVERS_DIR"));
	assert_int_equal(system(command), 0);
}

static void
database_reopen(void)
{
	int64_t until = now_ms() + STORY_MS;

	pg_close(pg);
	while (!(pg = pg_open(uri, "it_sinkd", &err)) && now_ms() < until)
		pause_ms(100);
	must(pg == NULL);
}

static long
resident_peak_kbytes(void)
{
	char path[64], line[256];
	long kbytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %ld kB", &kbytes);
	fclose(f);
	return kbytes;
}

/* --- the ground */

/* Cleaned as soon as Kafka can, tombstones too. */
static const struct kafka_property cleaned[] = { { "cleanup.policy", "compact" },
	{ "segment.ms", "100" }, { "min.cleanable.dirty.ratio", "0.001" },
	{ "min.compaction.lag.ms", "0" }, { "max.compaction.lag.ms", "100" },
	{ "delete.retention.ms", "0" } };

/* As migrate makes it, but so that a story may delete. */
static void
topic_make_deletable(struct kadmin *admin, const char *name, int32_t partitions)
{
	struct kafka_property config[8];
	size_t n;
	const struct topic_setting *set = topic_settings(name, &n);

	assert_true(n <= 8);
	for (size_t i = 0; i < n; i++) {
		config[i] = (struct kafka_property){ set[i].name, set[i].value };
		if (strcmp(set[i].name, "cleanup.policy") == 0)
			config[i].value = "compact,delete";
	}
	must(kadmin_topics_make(admin, &(struct ktopic){ .name = topic(name),
		.partitions = partitions, .config = config, .config_n = n }, 1, ASK_MS, &err));
}

static void
database_make(const char *name, char *out, size_t size)
{
	const char *given = getenv("PGURI"), *slash = strrchr(given, '/');
	struct pg *any = pg_open(given, "it_sinkd", &err);
	char sql[256];

	must(any == NULL);
	snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\"", name);
	must(pg_exec(any, sql, &err));
	pg_close(any);
	snprintf(out, size, "%.*s/%s", (int)(slash - given), given, name);
}

static void
migrated(void *arg, const char *name)
{
	(void)arg;
	(void)name;
}

static void
database_migrate(void)
{
	struct pg_schema_state schema;

	pg = pg_open(uri, "it_sinkd", &err);
	must(pg == NULL);
	must(pg_schema_run(pg, sink_sql, sink_sql_n, migrated, NULL, &schema, &err));
}

/* --- stories, in this order */

static void
a_database_that_was_not_migrated_is_refused_with_the_remedy(void **state)
{
	int status;

	(void)state;
	spawn_on(broken_uri);
	waitpid(pid, &status, 0);
	pid = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(log_says(log_path, "outturn migrate"));
}

static void
a_database_that_is_away_at_the_start_is_waited_for(void **state)
{
	(void)state;
	unlink(log_path);
	spawn_on("postgresql://nobody@127.0.0.1:1/none");
	await_log("retry-begins");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
}

static void
a_daemon_killed_at_random_moments_loses_and_doubles_nothing(void **state)
{
	(void)state;
	claim("evidence", 0, "raw.council-a", 1, &run_a);
	for (int p = 0; p < PARTITIONS; p++) {
		claim("linked", p, "*", 1, &run_a);
		claim("outcomes", p, "*", 1, &run_a);
	}
	for (int k = 0; k < KILLS; k++) {
		spawn_on(uri);
		say_some(400);
		pause_ms((int)draw(800));
		say_some(400);
		daemon_end(&pid, SIGKILL);
	}
	spawn_on(uri);
	await_agreement();
	assert_int_equal(ask_int("SELECT count(*) FROM ops.doubt"), 0);
}

/* The days of every outcome, again and again, as a reader sees them. */
static void
look(int32_t *seen)
{
	struct pg_rows *rows = ask("SELECT uuid_send(outcome_id), days FROM ledger.outcome");

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		int32_t days = (int32_t)pg_value_int(rows, i, 1);
		struct id id;
		int which;

		assert_true(pg_value_hex(rows, i, 0, id.b, ID_BYTES));
		which = id.b[2] << 16 | id.b[3] << 8 | id.b[4];
		assert_true(which < THINGS);
		assert_true(days >= seen[which]);
		seen[which] = days;
	}
	pg_rows_free(rows);
}

static void
whoever_looks_while_it_is_killed_sees_no_older_version(void **state)
{
	static int32_t seen[THINGS];

	(void)state;
	for (int k = 0; k < KILLS; k++) {
		daemon_end(&pid, SIGKILL);
		for (int i = 0; i < 3 * THINGS; i++)
			say_outcome(i % THINGS, ++version);
		flush();
		spawn_on(uri);
		for (int n = (int)draw(20); n >= 0; n--) {
			look(seen);
			pause_ms(20);
		}
	}
	await_agreement();
	look(seen);
}

static void
a_database_killed_under_it_loses_and_doubles_nothing(void **state)
{
	(void)state;
	if (!getenv("SERVERS_DIR"))
		skip();
	for (int k = 0; k < 2; k++) {
		say_some(300);
		pause_ms((int)draw(60));
		servers("kill");
		say_some(300);
		servers("start");
		say_some(300);
	}
	database_reopen();
	await_agreement();
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
}

static void
a_zombies_late_write_is_passed_over_doubted_and_answered(void **state)
{
	int64_t until = now_ms() + STORY_MS;

	(void)state;
	claim("outcomes", 0, "*", 2, &run_b);
	send_outcome(0, 1000000, &run_a); /* late: run_b holds it */
	flush();
	while (ask_int("SELECT count(*) FROM ops.doubt") == 0 && now_ms() < until)
		pause_ms(50);
	assert_int_equal(ask_int("SELECT count(*) FROM ops.doubt"), 1);
	await_agreement(); /* the zombie's value is nowhere */
	daemon_end(&pid, SIGKILL);
	spawn_on(uri); /* the doubt outlives a crash */
	send_outcome(0, ++version, &run_b);
	outcome_days[0] = version;
	flush();
	await_agreement();
	while (ask_int("SELECT count(*) FROM ops.doubt") > 0 && now_ms() < until)
		pause_ms(50);
	assert_int_equal(ask_int("SELECT count(*) FROM ops.doubt"), 0);
	claim("outcomes", 0, "*", 3, &run_a);
	flush();
}

static void
sigterm_writes_what_is_in_hand_and_exits_0(void **state)
{
	(void)state;
	say_some(200);
	await_agreement();
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
}

/* Records that went while sinkd was away: their rows go, by one resync. */
static void
a_log_whose_beginning_was_deleted_is_folded_anew_and_swept(void **state)
{
	struct kadmin *admin = kadmin_new(&conf, &err);
	int64_t low, high;

	(void)state;
	must(admin == NULL);
	assert_int_equal(pid, 0);
	must(kadmin_watermarks(admin, topic("outcomes"), 0, &low, &high, ASK_MS, &err));
	claim("outcomes", 0, "*", 4, &run_a);
	for (int i = 0; i < 40; i += PARTITIONS)
		say_outcome(i, ++version);
	flush();
	must(kadmin_records_delete(admin, topic("outcomes"), 0, high + 1 + 2, ASK_MS, &err));
	kadmin_free(admin);
	for (int i = 0; i < outcomes_n; i += PARTITIONS)
		if (i < 4 || i >= 40)
			outcome_days[i] = GONE;
	spawn_on(uri);
	await_log("\"event\":\"resync\"");
	await_agreement();
	assert_true(ask_int("SELECT count(*) FROM ledger.outcome_history h WHERE NOT EXISTS "
			    "(SELECT FROM ledger.outcome o WHERE o.outcome_id = h.outcome_id)") > 0);
}

/* No record is left that could show the hole. */
static void
a_log_emptied_to_its_end_while_it_was_away_is_noticed_at_the_start(void **state)
{
	struct kadmin *admin = kadmin_new(&conf, &err);
	int64_t low, high;

	(void)state;
	must(admin == NULL);
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	say_outcome(1, ++version); /* never to be seen */
	flush();
	must(kadmin_watermarks(admin, topic("outcomes"), 1, &low, &high, ASK_MS, &err));
	must(kadmin_records_delete(admin, topic("outcomes"), 1, high, ASK_MS, &err));
	kadmin_free(admin);
	for (int i = 1; i < outcomes_n; i += PARTITIONS)
		outcome_days[i] = GONE;
	unlink(log_path);
	spawn_on(uri);
	await_log("\"event\":\"resync\"");
	await_agreement();
	claim("outcomes", 1, "*", 4, &run_a);
	for (int i = 1; i < 40; i += PARTITIONS)
		say_outcome(i, ++version);
	flush();
	await_agreement();
}

static void
under_load_it_stays_within_its_memory(void **state)
{
	long kbytes;

	(void)state;
	for (int i = THINGS; i < LOAD; i++)
		say_outcome(i, ++version);
	flush();
	daemon_end(&pid, SIGKILL);
	spawn_on(uri);
	await_agreement();
	kbytes = resident_peak_kbytes();
	print_message("resident at most %ld KiB\n", kbytes);
	if (kbytes > RESIDENT_KBYTES_MAX)
		fail_msg("resident %ld KiB of %d", kbytes, RESIDENT_KBYTES_MAX);
}

/* How many records there are now, from the first to the last. */
static int
records_in(const char *name)
{
	struct kreader *reader = kreader_new(&conf, &err);
	int64_t low, high, until = now_ms() + STORY_MS;
	struct krecord rec;
	int n = 0;

	must(reader == NULL);
	must(kreader_watermarks(reader, name, 0, &low, &high, ASK_MS, &err));
	must(kreader_add(reader, name, 0, KAFKA_BEGIN, NULL, &err));
	while (kreader_position(reader, name, 0) < high && now_ms() < until) {
		int got = kreader_poll(reader, 50, &rec, &err);

		must(got < 0 && err.class != ERR_RETRY);
		n += got > 0;
	}
	assert_true(kreader_position(reader, name, 0) >= high);
	kreader_free(reader);
	return n;
}

/* What lies in the newest segment is not cleaned: claims begin new ones. */
static void
await_cleaned(int records, int64_t *epoch)
{
	int64_t until = now_ms() + STORY_MS;
	int n;

	do {
		pause_ms(300);
		claim("outcomes", 0, "*", ++*epoch, &run_a);
		flush();
		n = records_in(topic("outcomes"));
	} while (n > records && now_ms() < until);
	if (n > records)
		fail_msg("%d records are left of the log, %d were expected", n, records);
}

/* A house of its own, where the cleaner runs at once. */
static void
cleaned_ground(void)
{
	struct kadmin *admin = kadmin_new(&conf, &err);

	must(admin == NULL);
	daemon_end(&pid, SIGKILL);
	snprintf(prefix, sizeof(prefix), "%s-c", getenv("PREFIX"));
	topic_prefix(prefix);
	snprintf(database, sizeof(database), "%s-sinkd-%d-c", getenv("PREFIX"), (int)getpid());
	pg_close(pg);
	database_make(database, uri, sizeof(uri));
	database_migrate();
	topic_make_deletable(admin, "evidence", 1);
	topic_make_deletable(admin, "rejected", 1);
	topic_make_deletable(admin, "linked", 1);
	must(kadmin_topics_make(admin, &(struct ktopic){ .name = topic("outcomes"),
		.partitions = 1, .config = cleaned,
		.config_n = sizeof(cleaned) / sizeof(cleaned[0]) }, 1, ASK_MS, &err));
	kadmin_free(admin);
	memset(link_revision, 0, sizeof(link_revision));
	memset(outcome_days, 0, sizeof(outcome_days));
	evidence_n = outcomes_n = 0;
	unlink(log_path);
}

/* Outcomes with even numbers only: they are all of partition 0. */
static void
a_log_that_was_compacted_while_it_was_away_says_the_same(void **state)
{
	int64_t epoch = 0;

	(void)state;
	cleaned_ground();
	claim("outcomes", 0, "*", ++epoch, &run_a);
	for (int i = 0; i < 40; i += 2)
		say_outcome(i, ++version);
	flush();
	spawn_on(uri);
	await_agreement();
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	/* Young: the holes are read over, nothing was taken away that could be missed. */
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 40; i += 2)
			say_outcome(i, ++version);
	flush();
	await_cleaned(20 + 2, &epoch);
	spawn_on(uri);
	await_agreement();
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	assert_false(log_says(log_path, "\"event\":\"resync\""));
	/* Old: records may be gone with their tombstones, and are swept. */
	for (int i = 0; i < 20; i += 2)
		say_outcome(i, GONE);
	flush();
	await_cleaned(10 + 2, &epoch);
	must(pg_exec(pg, "UPDATE ops.offset SET since = since - interval '13 hours'", &err));
	spawn_on(uri);
	await_log("\"event\":\"resync\"");
	await_agreement();
}

static pid_t
one_of_five(int i)
{
	char name[16];

	snprintf(name, sizeof(name), "of-five-%d", i);
	return spawn_as(name, uri);
}

/* One more than there are partitions: it has nothing, and nothing to catch up with. */
static void
who_stands_by_is_ready_too(void **state)
{
	(void)state;
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	all_are_ready(5, one_of_five, STORY_MS);
}

static int
ground(void **state)
{
	struct kadmin *admin;
	char name[140];

	(void)state;
	seed_read((uint64_t)time(NULL));
	conf = (struct kafka_conf){ .brokers = getenv("KAFKA") };
	if (!conf.brokers || !getenv("PGURI") || !getenv("PREFIX"))
		fail_msg("KAFKA, PGURI and PREFIX must say where the servers are");
	signal(SIGPIPE, SIG_IGN);
	snprintf(prefix, sizeof(prefix), "%s", getenv("PREFIX"));
	topic_prefix(prefix);
	snprintf(log_path, sizeof(log_path), "/tmp/it_sinkd.%d.log", (int)getpid());
	cat = av_catalogue_new();
	snprintf(database, sizeof(database), "%s-sinkd-%d", getenv("PREFIX"), (int)getpid());
	database_make(database, uri, sizeof(uri));
	snprintf(name, sizeof(name), "%s-bare", database);
	database_make(name, broken_uri, sizeof(broken_uri));
	database_migrate();
	admin = kadmin_new(&conf, &err);
	must(admin == NULL);
	topic_make_deletable(admin, "evidence", 1);
	topic_make_deletable(admin, "rejected", 1);
	topic_make_deletable(admin, "linked", PARTITIONS);
	topic_make_deletable(admin, "outcomes", PARTITIONS);
	kadmin_free(admin);
	writer = writer_new(&conf);
	return 0;
}

static int
ground_gone(void **state)
{
	(void)state;
	daemon_end(&pid, SIGKILL);
	kwriter_free(writer);
	pg_close(pg);
	av_catalogue_free(cat);
	unlink(log_path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_that_was_not_migrated_is_refused_with_the_remedy),
		cmocka_unit_test(a_database_that_is_away_at_the_start_is_waited_for),
		cmocka_unit_test(a_daemon_killed_at_random_moments_loses_and_doubles_nothing),
		cmocka_unit_test(whoever_looks_while_it_is_killed_sees_no_older_version),
		cmocka_unit_test(a_database_killed_under_it_loses_and_doubles_nothing),
		cmocka_unit_test(a_zombies_late_write_is_passed_over_doubted_and_answered),
		cmocka_unit_test(sigterm_writes_what_is_in_hand_and_exits_0),
		cmocka_unit_test(a_log_whose_beginning_was_deleted_is_folded_anew_and_swept),
		cmocka_unit_test(a_log_emptied_to_its_end_while_it_was_away_is_noticed_at_the_start),
		cmocka_unit_test(under_load_it_stays_within_its_memory),
		cmocka_unit_test(a_log_that_was_compacted_while_it_was_away_says_the_same),
		cmocka_unit_test(who_stands_by_is_ready_too),
	};

	return cmocka_run_group_tests(tests, ground, ground_gone);
}
