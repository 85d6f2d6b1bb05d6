/*
 * bench_sink - outcomes a second into the warehouse, beside what PostgreSQL
 * makes of the same rows with nothing around it.
 *
 *	store   Avro bytes ─► batch ─► store_commit: offsets by compare-and-set, history's
 *	        trigger, no write where nothing changed
 *	bare    the same tuples, made before: COPY into the same stage, ON CONFLICT, COMMIT,
 *	        into a table of the same columns and indexes without triggers
 *
 * store and bare take turns, batch by batch, so that both meet the same
 * machine.  CPU is this process's, without what the bare turns took.  From Kafka
 * on: bench_sinkd.
 *
 * PGURI says where; ROWS how many (1000000).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/io/avro.h"
#include "common/io/pg_schema.h"
#include "common/mem.h"
#include "common/must.h"
#include "sink/rowmap.h"
#include "sink/sql.h"
#include "sink/store.h"

#define BAR_RATIO 0.80
#define BAR_CPU_S 4.0
#define BAR_RESIDENT_MB 64.0

static struct err err;
static struct av_catalogue *cat;

struct clocks {
	double wall_s, cpu_s;
};

static void
must(int failed)
{
	if (!failed)
		return;
	fprintf(stderr, "bench_sink: %s (%s)\n", err.text, err.code);
	exit(1);
}

static double
clock_s(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct clocks
clocks_now(void)
{
	return (struct clocks){ clock_s(CLOCK_MONOTONIC), clock_s(CLOCK_PROCESS_CPUTIME_ID) };
}

static void
clocks_add(struct clocks *sum, const struct clocks *from)
{
	struct clocks now = clocks_now();

	sum->wall_s += now.wall_s - from->wall_s;
	sum->cpu_s += now.cpu_s - from->cpu_s;
}

static double
resident_peak_mb(void)
{
	char line[256];
	long kbytes = 0;
	FILE *f = fopen("/proc/self/status", "r");

	MUST(f != NULL);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %ld kB", &kbytes);
	fclose(f);
	return (double)kbytes / 1024;
}

static struct id
id_for(uint64_t kind, uint64_t i)
{
	uint64_t h[2] = { hash64(&i, sizeof(i), kind), hash64(&i, sizeof(i), kind + 1000) };
	struct id id;

	memcpy(id.b, h, sizeof(id.b));
	return id;
}

/* --- outcomes as milestoned sends them */

struct sent {
	struct buf bytes;
	uint32_t at[SINK_BATCH_ROWS + 1];
};

static void
outcomes_make(struct sent *sent, uint64_t from, uint32_t n)
{
	struct reason reason = { SPAN_LIT("sustained"), SPAN_LIT("council"),
		SPAN_LIT("accommodation was kept for 91 days") };

	buf_reset(&sent->bytes);
	for (uint32_t i = 0; i < n; i++) {
		struct id events[2] = { id_for(3, 2 * (from + i)), id_for(3, 2 * (from + i) + 1) };
		struct outcome o = { .outcome_id = id_for(1, from + i),
			.contract = SPAN_LIT("invented-fund"), .contract_version = 1,
			.outcome = SPAN_LIT("accommodation-3-months"), .unit = id_for(2, from + i),
			.unit_kind = SPAN_LIT("person"), .ordinal = 1, .status = SPAN_LIT("achieved"),
			.start = 19800, .due = 19891, .achieved = 19891, .expires = 20075, .days = 91,
			.price_minor = 150000, .currency = SPAN_LIT("GBP"), .anchor_event = events[0],
			.reasons = { &reason, 1 }, .evidence = { events, 2 } };

		memcpy(o.facts_hash, &o.unit, sizeof(o.unit));
		sent->at[i] = (uint32_t)sent->bytes.len;
		av_write(cat, &outcome_binding, &o, &sent->bytes);
	}
	sent->at[n] = (uint32_t)sent->bytes.len;
}

static void
batch_fill(struct sink_batch *b, const struct sent *sent, uint64_t from, uint32_t n,
    struct arena *arena)
{
	uint32_t slot = sink_batch_slot(b, "outcomes", 0, (int64_t)from);

	for (uint32_t i = 0; i < n; i++) {
		struct span value = span_of(sent->bytes.ptr + sent->at[i], sent->at[i + 1] - sent->at[i]);
		struct outcome o;
		struct key key = { .type = KEY_OUTCOME };

		arena_reset(arena);
		must(av_read(cat, &outcome_binding, value, &o, arena, &err));
		key.a = o.outcome_id;
		sink_batch_outcome(b, slot, &key, &o);
	}
	sink_batch_advance(b, slot, (int64_t)(from + n));
}

/* --- the same tuples with nothing around them */

static char *bare_sql;

static void
bare_prepare(struct pg *pg)
{
	struct pg_rows *rows;
	struct buf sql = BUF_INIT;

	must(pg_exec(pg, (const char *)sink_sql_file("stage.sql").ptr, &err));
	must(pg_exec(pg, "CREATE TABLE public.bare (LIKE ledger.outcome INCLUDING ALL)", &err));
	rows = pg_query(pg, "SELECT string_agg(attname, ', ' ORDER BY attnum), "
	    "string_agg('excluded.' || attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE "
	    "attrelid = 'stage_outcome'::regclass AND attnum > 0 AND attname <> 'gone'", NULL, 0,
	    &err);
	must(rows == NULL);
	buf_printf(&sql, "INSERT INTO public.bare (" SPAN_FMT ") SELECT " SPAN_FMT
	    " FROM stage_outcome ON CONFLICT (outcome_id) DO UPDATE SET (" SPAN_FMT ") = (" SPAN_FMT ")",
	    SPAN_ARG(pg_value(rows, 0, 0)), SPAN_ARG(pg_value(rows, 0, 0)),
	    SPAN_ARG(pg_value(rows, 0, 0)), SPAN_ARG(pg_value(rows, 0, 1)));
	bare_sql = mem_strdup(buf_cstr(&sql));
	buf_release(&sql);
	pg_rows_free(rows);
}

static void
bare_stream(const struct sink_batch *b, struct buf *out)
{
	struct sink_rows rows = sink_batch_table(b, SINK_OUTCOME);

	buf_reset(out);
	pg_copy_head(out);
	for (size_t i = 0; i < rows.n; i++) {
		rowmap_be(out, ROWMAP_OUTCOME, 2);
		buf_span(out, sink_row_tuple(&rows, i));
	}
	pg_copy_tail(out);
}

static void
bare_write(struct pg *pg, const struct buf *stream)
{
	must(pg_exec(pg, "BEGIN", &err));
	must(pg_copy_begin(pg, "COPY stage_outcome FROM STDIN (FORMAT binary)", &err));
	must(pg_copy_add(pg, buf_view(stream), &err));
	must(pg_copy_end(pg, &err));
	must(pg_exec(pg, bare_sql, &err));
	must(pg_exec(pg, "COMMIT", &err));
}

static void
warehouse(struct pg *pg, const char *uri, uint64_t rows, struct clocks *ours, struct clocks *bare)
{
	struct sink_batch *batch = sink_batch_new();
	struct store *store = store_open(uri, &err);
	struct store_fold fold;
	struct buf stream = BUF_INIT;
	struct sent *sent = mem_zalloc(1, sizeof(*sent));
	struct clocks from;
	struct arena arena;

	must(store == NULL);
	arena_init(&arena, 0);
	bare_prepare(pg);
	MUST(store_load(store, "outcomes", 0, &(struct store_reader){ .arg = NULL }, &fold, &err)
	    == STORE_DONE && fold.next_offset == 0);
	for (uint64_t at = 0; at < rows; at += SINK_BATCH_ROWS) {
		uint32_t n = rows - at < SINK_BATCH_ROWS ? (uint32_t)(rows - at) : SINK_BATCH_ROWS;
		bool bare_first = at / SINK_BATCH_ROWS % 2;

		outcomes_make(sent, at, n);
		sink_batch_reset(batch);
		batch_fill(batch, sent, at, n, &arena);
		sink_batch_seal(batch);
		bare_stream(batch, &stream);
		for (int turn = 0; turn < 2; turn++) {
			from = clocks_now();
			if (bare_first == (turn == 0)) {
				bare_write(pg, &stream);
				clocks_add(bare, &from);
				continue;
			}
			sink_batch_reset(batch);
			batch_fill(batch, sent, at, n, &arena);
			if (store_commit(store, batch, &err) != STORE_DONE)
				must(-1);
			clocks_add(ours, &from);
		}
	}
	store_close(store);
	sink_batch_free(batch);
	buf_release(&stream);
	buf_release(&sent->bytes);
	mem_free(sent);
	arena_release(&arena);
}

/* --- the whole */

static void
line(const char *what, double figure, const char *unit, double bar, bool met)
{
	printf("sink %-44s %10.2f %-10s bar %9.2f  %s\n", what, figure, unit, bar,
	    met ? "met" : "MISSED");
}

static void
migrated(void *arg, const char *name)
{
	(void)arg;
	(void)name;
}

static struct pg *
database_make(char *uri, size_t size, char *name, size_t name_size)
{
	const char *given = getenv("PGURI"), *slash;
	struct pg_schema_state schema;
	struct pg *pg;
	char sql[128];

	MUST(given != NULL && (slash = strrchr(given, '/')) != NULL);
	snprintf(name, name_size, "bench-sink-%d", (int)getpid());
	pg = pg_open(given, "bench_sink", &err);
	must(pg == NULL);
	snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\"", name);
	must(pg_exec(pg, sql, &err));
	pg_close(pg);
	snprintf(uri, size, "%.*s/%s", (int)(slash - given), given, name);
	pg = pg_open(uri, "bench_sink", &err);
	must(pg == NULL);
	must(pg_schema_run(pg, sink_sql, sink_sql_n, migrated, NULL, &schema, &err));
	return pg;
}

static void
database_drop(const char *name)
{
	struct pg *pg = pg_open(getenv("PGURI"), "bench_sink", &err);
	char sql[128];

	must(pg == NULL);
	snprintf(sql, sizeof(sql), "DROP DATABASE \"%s\"", name);
	must(pg_exec(pg, sql, &err));
	pg_close(pg);
}

int
main(void)
{
	uint64_t rows = getenv("ROWS") ? strtoull(getenv("ROWS"), NULL, 10) : 1000000;
	double millions = (double)rows / 1e6, ratio, cpu_s, resident;
	struct clocks ours = { 0, 0 }, bare = { 0, 0 };
	char uri[512], name[64];
	struct pg *pg;

	MUST(rows > 0);
	cat = av_catalogue_new();
	pg = database_make(uri, sizeof(uri), name, sizeof(name));
	warehouse(pg, uri, rows, &ours, &bare);
	resident = resident_peak_mb();
	ratio = bare.wall_s / ours.wall_s;
	cpu_s = ours.cpu_s / millions;
	printf("sink %-44s %10.0f rows/s\n", "outcomes by COPY + ON CONFLICT, bare",
	    (double)rows / bare.wall_s);
	printf("sink %-44s %10.0f rows/s\n", "outcomes by store_commit, from Avro bytes",
	    (double)rows / ours.wall_s);
	line("ratio of the two", ratio, "", BAR_RATIO, ratio >= BAR_RATIO);
	line("own CPU, a million rows", cpu_s, "s", BAR_CPU_S, cpu_s <= BAR_CPU_S);
	line("resident at most", resident, "MiB", BAR_RESIDENT_MB, resident <= BAR_RESIDENT_MB);
	pg_close(pg);
	database_drop(name);
	mem_free(bare_sql);
	av_catalogue_free(cat);
	return 0;
}
