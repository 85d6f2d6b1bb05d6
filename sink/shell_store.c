/*
 * shell_store - store.h on PostgreSQL.
 *
 *	few rows     prepared INSERT ... SELECT FROM unnest($1::stage_x[])     one round trip
 *	many rows    the keys that may be known (seen.h) are asked for first;
 *	  new        COPY BINARY into the table itself
 *	  known      COPY BINARY into stage_x, then the same INSERT ... SELECT FROM stage_x
 *
 * The order inside a transaction:
 *
 *	BEGIN   ask   COPY into the stages   compare-and-set   COPY new, gone, put   COMMIT
 *	                                     └────── the offset rows are locked ──────┘
 *
 * What was new when we asked is new still: keys of a partition are written by
 * those alone who move its offset, and who moved it makes the compare-and-set
 * fail.
 *
 * Whoever waits for those locks must not wait for a process that was stopped:
 * between two statements the server gives us IDLE_MAX and then ends us.  In the
 * middle of a COPY it would wait for ever, so there whoever waits for the locks
 * ends us: end_stopped().
 *
 * Known time is the transaction's now(), by defaults and triggers of the tables.
 */
#include "sink/store.h"

#include <stdio.h>

#include "common/io/pg.h"
#include "common/io/pg_schema.h"
#include "common/mem.h"
#include "common/must.h"
#include "sink/rowmap.h"
#include "sink/seen.h"
#include "sink/sql.h"

enum {
	COPY_ROWS_MIN = 1000,         /* below, unnest; at and above, COPY to the stage */
	ASK_ROWS_MIN = 500,           /* at and above, it is asked what is new */
	COPY_CHUNK_BYTES = 64 * 1024, /* handed to libpq at once */
	COLUMNS_MAX = 32,
	KEY_FIELDS_MAX = 3,
	NAME_MAX_BYTES = 64,          /* of a statement or a stage table */
};

#define IDLE_MAX "5s"
#define NAME_OURS "outturn-sinkd" /* in pg_stat_activity */

/*
 * Every statement of a commit goes by key into a table that may have grown a
 * thousandfold since it was planned, and was perhaps never analysed: what is
 * not a walk along the key's index reads the whole table for a few rows.  A
 * resync compares whole partitions, and takes them back.
 */
static const char session[]
    = "SET idle_in_transaction_session_timeout = '" IDLE_MAX "'; "
      "SET lock_timeout = '" IDLE_MAX "'; SET jit = off; "
      "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; "
      "SET enable_mergejoin = off; SET work_mem = '16MB'; SET temp_buffers = '16MB'";
static const char session_of_resync[]
    = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL enable_seqscan = on; "
      "SET LOCAL enable_bitmapscan = on; SET LOCAL enable_hashjoin = on; "
      "SET LOCAL enable_mergejoin = on";

static const char *const table_name[SINK_TABLES] = {
	[SINK_EVIDENCE] = "evidence",
	[SINK_REJECT] = "reject",
	[SINK_LINK] = "link",
	[SINK_PAIR] = "pair",
	[SINK_DECISION] = "decision",
	[SINK_REASONS] = "reasons",
	[SINK_OUTCOME] = "outcome",
	[SINK_CUT] = "cut",
	[SINK_CLAIM] = "claim",
	[SINK_DOUBT] = "doubt",
};

/*
 * Tables that grow with events: what is new is copied into them directly.  The
 * fields of a stage's tuple are the table's own, behind `skip` that it lacks.
 */
static const struct direct {
	const char *target;
	uint32_t skip, keys;
} direct[SINK_TABLES] = {
	[SINK_EVIDENCE] = { "evidence.record", 0, 3 },
	[SINK_LINK] = { "evidence.link", 1, 2 },
	[SINK_OUTCOME] = { "ledger.outcome", 1, 1 },
};

/* What a stage table is, as its connection knows it. */
struct stage {
	uint32_t row_oid;
	uint32_t column_oid[COLUMNS_MAX];
	uint32_t columns;
	char *copy;        /* owned: into the stage */
	char *copy_direct; /* owned: into its table, or NULL */
};

/* How a row is to be written. */
enum way {
	WAY_KNOWN, /* its key is there, or may be */
	WAY_NEW,
	WAY_GONE,
	WAYS
};

/* The rows of a table that is being written, sorted out. */
struct asked {
	struct seen seen;
	struct buf way; /* a byte a row */
	size_t n[WAYS];
};

/* Those rows of a table that go one way. */
struct pick {
	struct sink_rows rows;
	const uint8_t *way; /* NULL: all */
	enum way want;
	size_t n;
};

struct resync {
	bool on;
	char topic[TOPIC_NAME_MAX + 1];
	int32_t partition;
	int64_t expected;
};

struct store {
	char *uri;
	struct pg *pg;
	bool was_open; /* a refusal after that is the server coming up, not our mistake */
	struct stage stage[SINK_TABLES];
	struct asked asked[SINK_TABLES];
	struct buf places; /* uint32_t: of the rows that are asked for */
	struct resync resync;
	struct span write; /* write.sql */
	struct buf sql, out;
	struct buf array[4];
};

/* --- statements --- */

static const char *
sql_part(struct store *st, enum sink_table table, const char *verb)
{
	struct span part = sink_sql_part(st->write, table_name[table], verb);

	if (!part.ptr)
		return NULL;
	buf_reset(&st->sql);
	buf_span(&st->sql, part);
	return buf_cstr(&st->sql);
}

/* The same statement over an array of the stage's row type: "stage_x AS s" becomes
 * "unnest($1::stage_x[]) AS s". */
static const char *
sql_unnest(struct store *st, enum sink_table table, const char *verb)
{
	char stage[NAME_MAX_BYTES], array[NAME_MAX_BYTES];
	const char *text = sql_part(st, table, verb), *at;
	struct buf tail = BUF_INIT;

	if (!text)
		return NULL;
	snprintf(stage, sizeof(stage), "stage_%s AS s", table_name[table]);
	snprintf(array, sizeof(array), "unnest($1::stage_%s[]) AS s", table_name[table]);
	at = strstr(text, stage);
	MUST(at != NULL);
	buf_str(&tail, at + strlen(stage));
	st->sql.len = (size_t)(at - text);
	buf_str(&st->sql, array);
	buf_span(&st->sql, buf_view(&tail));
	buf_release(&tail);
	return buf_cstr(&st->sql);
}

static void
statement_name(char name[NAME_MAX_BYTES], enum sink_table table, const char *verb)
{
	snprintf(name, NAME_MAX_BYTES, "%s_%s", table_name[table], verb);
}

static int
prepare_table(struct store *st, enum sink_table table, struct err *err)
{
	static const char *const verbs[] = { "put", "gone" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const char *sql = sql_unnest(st, table, verbs[i]);
		char name[NAME_MAX_BYTES];

		statement_name(name, table, verbs[i]);
		if (sql && pg_prepare(st->pg, name, sql, err))
			return -1;
	}
	return 0;
}

static int
prepare_offsets(struct store *st, struct err *err)
{
	struct span sql = sink_sql_part(st->write, "offset", "move");

	MUST(sql.ptr != NULL);
	buf_reset(&st->sql);
	buf_span(&st->sql, sql);
	return pg_prepare(st->pg, "offset_move", buf_cstr(&st->sql), err);
}

/* "COPY table (a, b, c) FROM STDIN (FORMAT binary)", without the first columns of the stage. */
static char *
copy_text(const char *target, const struct pg_rows *columns, uint32_t skip)
{
	struct buf sql = BUF_INIT;
	char *text;

	buf_printf(&sql, "COPY %s (", target);
	for (size_t i = skip; i < pg_rows_count(columns); i++)
		buf_printf(&sql, "%s" SPAN_FMT, i > skip ? ", " : "",
		    SPAN_ARG(pg_value(columns, i, 2)));
	buf_str(&sql, ") FROM STDIN (FORMAT binary)");
	text = mem_strdup(buf_cstr(&sql));
	buf_release(&sql);
	return text;
}

static void
forget_stage(struct stage *s)
{
	mem_free(s->copy);
	mem_free(s->copy_direct);
	*s = (struct stage){ .copy = NULL };
}

static int
learn_stage(struct store *st, enum sink_table table, struct err *err)
{
	const struct direct *d = &direct[table];
	struct stage *s = &st->stage[table];
	struct pg_rows *rows;
	char name[NAME_MAX_BYTES];

	forget_stage(s);
	buf_reset(&st->sql);
	buf_printf(&st->sql, "SELECT c.reltype::bigint, a.atttypid::bigint, quote_ident(a.attname) "
	    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
	    "WHERE c.oid = 'stage_%s'::regclass ORDER BY a.attnum", table_name[table]);
	rows = pg_query(st->pg, buf_cstr(&st->sql), NULL, 0, err);
	if (!rows)
		return -1;
	s->columns = (uint32_t)pg_rows_count(rows);
	MUST(s->columns > 0 && s->columns <= COLUMNS_MAX);
	s->row_oid = (uint32_t)pg_value_int(rows, 0, 0);
	for (uint32_t i = 0; i < s->columns; i++)
		s->column_oid[i] = (uint32_t)pg_value_int(rows, i, 1);
	snprintf(name, sizeof(name), "stage_%s", table_name[table]);
	s->copy = copy_text(name, rows, 0);
	if (d->target)
		s->copy_direct = copy_text(d->target, rows, d->skip);
	pg_rows_free(rows);
	return 0;
}

/* What others commit to the table later is of their partitions' keys, not of ours; should one of
 * those become ours, store_load() forgets. */
static int
learn_seen(struct store *st, enum sink_table table, struct err *err)
{
	struct seen *seen = &st->asked[table].seen;
	struct pg_rows *rows;

	seen_drop(seen);
	if (!direct[table].target)
		return 0;
	buf_reset(&st->sql);
	buf_printf(&st->sql, "SELECT (NOT EXISTS (SELECT FROM %s))::integer", direct[table].target);
	rows = pg_query(st->pg, buf_cstr(&st->sql), NULL, 0, err);
	if (!rows)
		return -1;
	if (pg_value_int(rows, 0, 0))
		seen_begin(seen);
	pg_rows_free(rows);
	return 0;
}

static void
forget_seen(struct store *st)
{
	for (enum sink_table t = 0; t < SINK_TABLES; t++)
		seen_drop(&st->asked[t].seen);
}

/* --- connection --- */

static int
check_schema(struct store *st, struct err *err)
{
	struct pg_schema_state state;

	if (pg_schema_check(st->pg, sink_sql, sink_sql_n, &state, err))
		return -1;
	if (state.applied < state.known)
		return err_code(err, ERR_FATAL, "schema-older", NULL,
		    "the database's schema is at migration %zu of %zu: run 'outturn migrate'",
		    state.applied, state.known);
	return 0;
}

static int
make_ready(struct store *st, struct err *err)
{
	struct span stage = sink_sql_file("stage.sql");

	st->write = sink_sql_file("write.sql");
	MUST(stage.ptr != NULL && st->write.ptr != NULL);
	if (check_schema(st, err)
	    || pg_exec(st->pg, session, err)
	    || pg_exec(st->pg, (const char *)stage.ptr, err) || prepare_offsets(st, err))
		return -1;
	for (enum sink_table t = 0; t < SINK_TABLES; t++)
		if (learn_stage(st, t, err) || learn_seen(st, t, err)
		    || prepare_table(st, t, err))
			return -1;
	return 0;
}

static void
disconnect(struct store *st)
{
	pg_close(st->pg);
	st->pg = NULL;
}

static int
connect_store(struct store *st, struct err *err)
{
	st->pg = pg_open(st->uri, NAME_OURS, err);
	if (!st->pg) {
		if (st->was_open)
			err->class = ERR_RETRY;
		return -1;
	}
	if (make_ready(st, err) == 0) {
		st->was_open = true;
		return 0;
	}
	disconnect(st);
	return -1;
}

static int
reconnect(struct store *st, struct err *err)
{
	if (pg_alive(st->pg))
		return 0;
	disconnect(st);
	return connect_store(st, err);
}

struct store *
store_open(const char *pguri, struct err *err)
{
	struct store *st = mem_zalloc(1, sizeof(*st));

	st->uri = mem_strdup(pguri ? pguri : "");
	if (connect_store(st, err) == 0)
		return st;
	store_close(st);
	return NULL;
}

void
store_close(struct store *st)
{
	if (!st)
		return;
	disconnect(st);
	for (enum sink_table t = 0; t < SINK_TABLES; t++) {
		forget_stage(&st->stage[t]);
		buf_release(&st->asked[t].way);
		seen_drop(&st->asked[t].seen);
	}
	buf_release(&st->places);
	buf_release(&st->sql);
	buf_release(&st->out);
	for (size_t i = 0; i < sizeof(st->array) / sizeof(st->array[0]); i++)
		buf_release(&st->array[i]);
	mem_free(st->uri);
	mem_free(st);
}

/* A sinkd that waits for its own process in the middle of a COPY, for longer than IDLE_MAX. */
static void
end_stopped(struct store *st)
{
	struct err ignored = ERR_INIT;

	pg_exec(st->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	    "WHERE datname = current_database() AND usename = current_user "
	    "AND application_name = current_setting('application_name') "
	    "AND pid <> pg_backend_pid() AND state = 'active' AND wait_event = 'ClientRead' "
	    "AND query_start < now() - interval '" IDLE_MAX "'", &ignored);
}

/* Nothing of the transaction stays; what cannot be rolled back is closed. */
static enum store_result
give_up(struct store *st, const struct err *why)
{
	struct err ignored = ERR_INIT;

	if (!pg_alive(st->pg) || pg_exec(st->pg, "ROLLBACK", &ignored))
		disconnect(st);
	else if (strcmp(why->code, "pg-55P03") == 0)
		end_stopped(st);
	if (strcmp(why->code, "pg-23505") == 0) {
		/* A key that was new to us was there: from now on each is asked for. */
		forget_seen(st);
		return STORE_RETRY;
	}
	return why->class == ERR_FATAL ? STORE_FATAL : STORE_RETRY;
}

/* --- loading --- */

static void
be_param(struct buf *b, struct pg_param *p, uint32_t oid, int64_t v, unsigned bytes)
{
	buf_reset(b);
	rowmap_be(b, (uint64_t)v, bytes);
	*p = (struct pg_param){ oid, buf_view(b) };
}

static void
partition_params(struct store *st, const char *topic, int32_t partition, struct pg_param params[2])
{
	be_param(&st->array[0], &params[0], PG_INT4, partition, 4);
	params[1] = (struct pg_param){ PG_TEXT, span_str(topic) };
}

static int
query_none(struct store *st, const char *sql, const struct pg_param *params, size_t n,
    struct err *err)
{
	struct pg_rows *rows = pg_query(st->pg, sql, params, n, err);

	pg_rows_free(rows);
	return rows ? 0 : -1;
}

static int
load_fold(struct store *st, const struct pg_param params[2], struct store_fold *fold,
    struct err *err)
{
	struct pg_rows *rows = pg_query(st->pg,
	    "SELECT next_offset, (extract(epoch FROM since) * 1000)::bigint, "
	    "(extract(epoch FROM moved) * 1000)::bigint "
	    "FROM ops.offset WHERE partition = $1 AND topic = $2", params, 2, err);

	if (!rows)
		return -1;
	MUST(pg_rows_count(rows) == 1);
	fold->next_offset = pg_value_int(rows, 0, 0);
	fold->since_ms = pg_value_int(rows, 0, 1);
	fold->moved_ms = pg_value_int(rows, 0, 2);
	pg_rows_free(rows);
	return 0;
}

static int
load_claims(struct store *st, const struct pg_param params[2], const struct store_reader *reader,
    struct err *err)
{
	struct pg_rows *rows = pg_query(st->pg,
	    "SELECT stream, epoch, uuid_send(run) FROM ops.claim "
	    "WHERE partition = $1 AND topic = $2 ORDER BY stream", params, 2, err);

	for (size_t i = 0; rows && i < pg_rows_count(rows); i++) {
		struct id run;
		bool good = pg_value_hex(rows, i, 2, run.b, ID_BYTES);

		MUST(good);
		reader->claim(reader->arg, pg_value(rows, i, 0), pg_value_int(rows, i, 1), &run);
	}
	pg_rows_free(rows);
	return rows ? 0 : -1;
}

static int
load_doubts(struct store *st, const struct pg_param params[2], const struct store_reader *reader,
    struct err *err)
{
	struct pg_rows *rows = pg_query(st->pg,
	    "SELECT key, record_offset, (extract(epoch FROM since) * 1000)::bigint FROM ops.doubt "
	    "WHERE partition = $1 AND topic = $2 ORDER BY key", params, 2, err);

	for (size_t i = 0; rows && i < pg_rows_count(rows); i++)
		reader->doubt(reader->arg, pg_value(rows, i, 0), pg_value_int(rows, i, 1),
		    pg_value_int(rows, i, 2));
	pg_rows_free(rows);
	return rows ? 0 : -1;
}

enum store_result
store_load(struct store *st, const char *topic, int32_t partition,
    const struct store_reader *reader, struct store_fold *fold, struct err *err)
{
	struct pg_param params[2];

	MUST(!st->resync.on);
	partition_params(st, topic, partition, params);
	/* One snapshot: an offset of one commit with the doubts of another would be wrong. */
	if (reconnect(st, err)
	    || query_none(st, "INSERT INTO ops.offset (topic, partition, next_offset) "
	        "VALUES ($2, $1, 0) ON CONFLICT DO NOTHING", params, 2, err)
	    || pg_exec(st->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err)
	    || load_fold(st, params, fold, err) || load_claims(st, params, reader, err)
	    || load_doubts(st, params, reader, err) || pg_exec(st->pg, "COMMIT", err))
		return give_up(st, err);
	if (fold->next_offset > 0)
		forget_seen(st); /* somebody wrote, and it need not have been us */
	return STORE_DONE;
}

/* --- rows --- */

static struct pick
pick_all(struct sink_rows rows)
{
	return (struct pick){ .rows = rows, .n = rows.n };
}

static struct pick
pick_of(const struct store *st, const struct sink_batch *b, enum sink_table table, enum way want)
{
	const struct asked *a = &st->asked[table];

	return (struct pick){ sink_batch_table(b, table), a->way.ptr, want, a->n[want] };
}

static bool
picked(const struct pick *p, size_t i)
{
	return !p->way || p->way[i] == p->want;
}

/* One field of a tuple, with its length before it. */
static struct span
field_at(const uint8_t *p)
{
	uint32_t len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	return span_of(p, 4 + (len == UINT32_MAX ? 0 : (size_t)len));
}

static struct span
fields_skip(struct span tuple, uint32_t n)
{
	while (n-- > 0) {
		size_t len = field_at(tuple.ptr).len;

		tuple = span_of(tuple.ptr + len, tuple.len - len);
	}
	return tuple;
}

/* Before the elements of an array of n. */
static void
array_open(struct buf *out, uint32_t oid, size_t n)
{
	buf_reset(out);
	rowmap_be(out, n ? 1 : 0, 4); /* dimensions */
	rowmap_be(out, 0, 4);         /* no nulls */
	rowmap_be(out, oid, 4);
	if (n) {
		rowmap_be(out, n, 4);
		rowmap_be(out, 1, 4); /* lower bound */
	}
}

/* An array of the stage's row type, in binary: every field is preceded by its type. */
static void
rows_as_array(const struct stage *s, const struct pick *p, struct buf *out)
{
	array_open(out, s->row_oid, p->n);
	for (size_t i = 0; i < p->rows.n; i++) {
		struct span tuple = sink_row_tuple(&p->rows, i);

		if (!picked(p, i))
			continue;
		rowmap_be(out, 4 + 4 * (uint64_t)s->columns + tuple.len, 4);
		rowmap_be(out, s->columns, 4);
		for (uint32_t c = 0; c < s->columns; c++) {
			rowmap_be(out, s->column_oid[c], 4);
			buf_span(out, field_at(tuple.ptr));
			tuple = fields_skip(tuple, 1);
		}
		MUST(tuple.len == 0);
	}
}

static int
copy_rows(struct store *st, const char *sql, const struct stage *s, const struct pick *p,
    uint32_t skip, struct err *err)
{
	struct buf *out = &st->out;

	if (pg_copy_begin(st->pg, sql, err))
		return -1;
	buf_reset(out);
	pg_copy_head(out);
	for (size_t i = 0; i < p->rows.n; i++) {
		if (!picked(p, i))
			continue;
		rowmap_be(out, s->columns - skip, 2);
		buf_span(out, fields_skip(sink_row_tuple(&p->rows, i), skip));
		if (out->len < COPY_CHUNK_BYTES)
			continue;
		if (pg_copy_add(st->pg, buf_view(out), err))
			return -1;
		buf_reset(out);
	}
	pg_copy_tail(out);
	if (pg_copy_add(st->pg, buf_view(out), err))
		return -1;
	return pg_copy_end(st->pg, err);
}

/* Rows that may be in the table: an array for each field of their keys. */
static size_t
keys_as_arrays(struct store *st, enum sink_table table, const struct sink_rows *rows,
    struct pg_param params[KEY_FIELDS_MAX])
{
	const struct direct *d = &direct[table];
	const uint32_t *place = (const uint32_t *)(const void *)st->places.ptr;
	size_t n = st->places.len / sizeof(*place);

	for (uint32_t k = 0; k < d->keys; k++) {
		array_open(&st->array[k], st->stage[table].column_oid[d->skip + k], n);
		for (size_t i = 0; i < n; i++) {
			struct span tuple = sink_row_tuple(rows, place[i]);

			buf_span(&st->array[k], field_at(fields_skip(tuple, d->skip + k).ptr));
		}
		params[k] = (struct pg_param){ 0, buf_view(&st->array[k]) };
	}
	return d->keys;
}

/* Of the rows in st->places, those that the table has not are new. */
static int
ask_places(struct store *st, enum sink_table table, const struct sink_rows *rows, struct err *err)
{
	const uint32_t *place = (const uint32_t *)(const void *)st->places.ptr;
	struct pg_param params[KEY_FIELDS_MAX];
	size_t asked = st->places.len / sizeof(*place);
	size_t keys = keys_as_arrays(st, table, rows, params);
	uint8_t *way = st->asked[table].way.ptr;
	const char *sql = sql_part(st, table, "known");
	struct pg_rows *known;

	MUST(sql != NULL);
	known = pg_query(st->pg, sql, params, keys, err);
	if (!known)
		return -1;
	for (size_t i = 0; i < asked; i++)
		way[place[i]] = WAY_NEW;
	for (size_t i = 0; i < pg_rows_count(known); i++) {
		int64_t at = pg_value_int(known, i, 0);

		MUST(at >= 1 && (uint64_t)at <= asked);
		way[place[at - 1]] = WAY_KNOWN;
	}
	pg_rows_free(known);
	return 0;
}

/* What is not surely new goes to st->places. */
static enum way
way_of(struct store *st, enum sink_table table, const struct sink_rows *rows, uint32_t i)
{
	const struct sink_row *r = &rows->row[i];

	if (r->gone)
		return WAY_GONE;
	if (seen_put(&st->asked[table].seen, span_of(rows->bytes + r->at, r->key_len)))
		return WAY_NEW;
	buf_add(&st->places, &i, sizeof(i));
	return WAY_KNOWN;
}

static int
ask_table(struct store *st, const struct sink_batch *b, enum sink_table table, struct err *err)
{
	struct asked *a = &st->asked[table];
	struct sink_rows rows = sink_batch_table(b, table);

	buf_reset(&a->way);
	buf_reset(&st->places);
	for (size_t i = 0; i < rows.n; i++)
		buf_byte(&a->way, (uint8_t)way_of(st, table, &rows, (uint32_t)i));
	if (direct[table].target && !a->seen.words
	    && st->places.len >= ASK_ROWS_MIN * sizeof(uint32_t)
	    && ask_places(st, table, &rows, err))
		return -1;
	memset(a->n, 0, sizeof(a->n));
	for (size_t i = 0; i < rows.n; i++)
		a->n[a->way.ptr[i]]++;
	return 0;
}

static bool
by_copy(const struct pick *p)
{
	return p->n >= COPY_ROWS_MIN;
}

static int
stage_large(struct store *st, const struct sink_batch *b, struct err *err)
{
	for (enum sink_table t = 0; t < SINK_TABLES; t++) {
		struct pick known;

		if (ask_table(st, b, t, err))
			return -1;
		known = pick_of(st, b, t, WAY_KNOWN);
		if (by_copy(&known)
		    && copy_rows(st, st->stage[t].copy, &st->stage[t], &known, 0, err))
			return -1;
	}
	return 0;
}

static int
write_staged(struct store *st, enum sink_table table, const char *verb, struct err *err)
{
	const char *sql = sql_part(st, table, verb);

	MUST(sql != NULL);
	return pg_exec(st->pg, sql, err);
}

static int
write_array(struct store *st, enum sink_table table, const struct pick *p, const char *verb,
    struct err *err)
{
	struct pg_param param = { 0, SPAN_NONE };
	char name[NAME_MAX_BYTES];

	if (p->n == 0)
		return 0;
	rows_as_array(&st->stage[table], p, &st->out);
	param.value = buf_view(&st->out);
	statement_name(name, table, verb);
	return pg_run(st->pg, name, &param, 1, err) < 0 ? -1 : 0;
}

static int
write_table(struct store *st, const struct sink_batch *b, enum sink_table table, struct err *err)
{
	struct pick fresh = pick_of(st, b, table, WAY_NEW);
	struct pick gone = pick_of(st, b, table, WAY_GONE);
	struct pick known = pick_of(st, b, table, WAY_KNOWN);

	if (fresh.n && copy_rows(st, st->stage[table].copy_direct, &st->stage[table], &fresh,
	    direct[table].skip, err))
		return -1;
	if (write_array(st, table, &gone, "gone", err))
		return -1;
	return by_copy(&known) ? write_staged(st, table, "put", err)
	    : write_array(st, table, &known, "put", err);
}

/* --- offsets --- */

static void
array_int(struct buf *out, int64_t v, unsigned bytes)
{
	rowmap_be(out, bytes, 4);
	rowmap_be(out, (uint64_t)v, bytes);
}

static uint32_t
slots_moving(const struct sink_batch *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sink_batch_slots(b); i++) {
		const struct sink_slot *s = sink_batch_slot_at(b, i);

		n += s->next != s->expected;
	}
	return n;
}

static enum store_result
move_offsets(struct store *st, const struct sink_batch *b, struct err *err)
{
	uint32_t n = slots_moving(b);
	struct pg_param params[4];
	int64_t moved;

	MUST(n > 0);
	array_open(&st->array[0], PG_TEXT, n);
	array_open(&st->array[1], PG_INT4, n);
	array_open(&st->array[2], PG_INT8, n);
	array_open(&st->array[3], PG_INT8, n);
	for (uint32_t i = 0; i < sink_batch_slots(b); i++) {
		const struct sink_slot *s = sink_batch_slot_at(b, i);

		if (s->next == s->expected)
			continue;
		rowmap_be(&st->array[0], strlen(s->topic), 4);
		buf_span(&st->array[0], span_str(s->topic));
		array_int(&st->array[1], s->partition, 4);
		array_int(&st->array[2], s->expected, 8);
		array_int(&st->array[3], s->next, 8);
	}
	for (int i = 0; i < 4; i++)
		params[i] = (struct pg_param){ 0, buf_view(&st->array[i]) };
	moved = pg_run(st->pg, "offset_move", params, 4, err);
	if (moved < 0)
		return STORE_RETRY; /* give_up() looks at the class */
	return moved == (int64_t)n ? STORE_DONE : STORE_STALE;
}

/* The caller has written everything; from here on a lost connection says nothing. */
static enum store_result
commit_now(struct store *st, struct err *err)
{
	if (pg_exec(st->pg, "COMMIT", err) == 0)
		return STORE_DONE;
	if (pg_alive(st->pg))
		return give_up(st, err);
	disconnect(st);
	return STORE_UNKNOWN;
}

static enum store_result
stale(struct store *st)
{
	struct err none = ERR_INIT;

	give_up(st, &none);
	return STORE_STALE;
}

enum store_result
store_commit(struct store *st, struct sink_batch *b, struct err *err)
{
	MUST(!st->resync.on);
	if (sink_batch_idle(b))
		return STORE_DONE;
	sink_batch_seal(b);
	if (reconnect(st, err) || pg_exec(st->pg, "BEGIN", err) || stage_large(st, b, err))
		return give_up(st, err);
	switch (move_offsets(st, b, err)) {
	case STORE_DONE:
		break;
	case STORE_STALE:
		return stale(st);
	case STORE_UNKNOWN:
	case STORE_RETRY:
	case STORE_FATAL:
		return give_up(st, err);
	}
	for (enum sink_table t = 0; t < SINK_TABLES; t++)
		if (write_table(st, b, t, err))
			return give_up(st, err);
	return commit_now(st, err);
}

/* --- resync --- */

static enum store_result
resync_over(struct store *st, enum store_result result)
{
	forget_seen(st); /* rows were written that did not pass by here */
	st->resync.on = false;
	return result;
}

static int
resync_stages(struct store *st, struct err *err)
{
	for (enum sink_table t = 0; t < SINK_TABLES; t++) {
		buf_reset(&st->sql);
		buf_printf(&st->sql, "CREATE TEMPORARY TABLE resync_%s "
		    "(LIKE stage_%s, seen bigserial) ON COMMIT DROP",
		    table_name[t], table_name[t]);
		if (pg_exec(st->pg, buf_cstr(&st->sql), err))
			return -1;
	}
	return 0;
}

enum store_result
store_resync_begin(struct store *st, const char *topic, int32_t partition, int64_t expected,
    struct err *err)
{
	struct pg_param params[2];
	struct store_fold fold;
	size_t len = strlen(topic);

	MUST(!st->resync.on && len <= TOPIC_NAME_MAX);
	partition_params(st, topic, partition, params);
	/* Kafka may be slow between two batches; nothing is locked until the end. */
	if (reconnect(st, err) || pg_exec(st->pg, "BEGIN", err)
	    || pg_exec(st->pg, session_of_resync, err)
	    || load_fold(st, params, &fold, err) || resync_stages(st, err))
		return give_up(st, err);
	if (fold.next_offset != expected)
		return stale(st);
	st->resync.on = true;
	memcpy(st->resync.topic, topic, len + 1);
	st->resync.partition = partition;
	st->resync.expected = expected;
	return STORE_DONE;
}

static bool
resync_only(const struct store *st, const struct sink_batch *b)
{
	for (uint32_t i = 0; i < sink_batch_slots(b); i++) {
		const struct sink_slot *s = sink_batch_slot_at(b, i);

		if (s->partition != st->resync.partition
		    || strcmp(s->topic, st->resync.topic) != 0)
			return false;
	}
	return true;
}

/* "(a, b, c)": the columns of a stage, without what a resync adds. */
static int
resync_columns(struct store *st, enum sink_table table, struct buf *out, struct err *err)
{
	struct pg_rows *rows;

	buf_reset(&st->sql);
	buf_printf(&st->sql, "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) "
	    "FROM pg_attribute WHERE attnum > 0 AND attrelid = 'stage_%s'::regclass",
	    table_name[table]);
	rows = pg_query(st->pg, buf_cstr(&st->sql), NULL, 0, err);
	if (!rows)
		return -1;
	buf_span(out, pg_value(rows, 0, 0));
	pg_rows_free(rows);
	return 0;
}

static int
resync_copy(struct store *st, const struct sink_batch *b, enum sink_table table, struct err *err)
{
	struct pick all = pick_all(sink_batch_table(b, table));
	struct buf sql = BUF_INIT, columns = BUF_INIT;
	int rc = 0;

	if (all.n) {
		rc = resync_columns(st, table, &columns, err);
		buf_printf(&sql, "COPY resync_%s (%s) FROM STDIN (FORMAT binary)",
		    table_name[table], buf_cstr(&columns));
		if (rc == 0)
			rc = copy_rows(st, buf_cstr(&sql), &st->stage[table], &all, 0, err);
	}
	buf_release(&sql);
	buf_release(&columns);
	return rc;
}

enum store_result
store_resync_add(struct store *st, struct sink_batch *b, struct err *err)
{
	MUST(st->resync.on && resync_only(st, b));
	sink_batch_seal(b);
	for (enum sink_table t = 0; t < SINK_TABLES; t++)
		if (resync_copy(st, b, t, err))
			return resync_over(st, give_up(st, err));
	return STORE_DONE;
}

/* The last row of each key goes on to the stage that a commit uses. */
static int
resync_last(struct store *st, enum sink_table table, struct err *err)
{
	struct span key = sink_sql_words(st->write, table_name[table], "key");
	struct buf sql = BUF_INIT, columns = BUF_INIT;
	int rc = resync_columns(st, table, &columns, err);

	if (rc == 0) {
		buf_printf(&sql, "INSERT INTO stage_%s SELECT ", table_name[table]);
		if (key.len)
			buf_printf(&sql, "DISTINCT ON (" SPAN_FMT ") ", SPAN_ARG(key));
		buf_printf(&sql, "%s FROM resync_%s", buf_cstr(&columns), table_name[table]);
		if (key.len)
			buf_printf(&sql, " ORDER BY " SPAN_FMT ", seen DESC", SPAN_ARG(key));
		rc = pg_exec(st->pg, buf_cstr(&sql), err);
	}
	buf_release(&sql);
	buf_release(&columns);
	return rc;
}

static int
resync_write(struct store *st, enum sink_table table, struct err *err)
{
	struct pg_param params[2];
	const char *sweep;

	if (resync_last(st, table, err))
		return -1;
	if (sql_part(st, table, "gone") && pg_exec(st->pg, buf_cstr(&st->sql), err))
		return -1;
	partition_params(st, st->resync.topic, st->resync.partition, params);
	sweep = sql_part(st, table, "sweep");
	if (sweep && query_none(st, sweep, params, 2, err))
		return -1;
	return write_staged(st, table, "put", err);
}

static enum store_result
resync_move(struct store *st, int64_t next_offset, struct err *err)
{
	struct pg_param params[4];
	struct pg_rows *rows;
	struct span sql = sink_sql_part(st->write, "offset", "restart");
	bool moved;

	MUST(sql.ptr != NULL);
	partition_params(st, st->resync.topic, st->resync.partition, params);
	be_param(&st->array[1], &params[2], PG_INT8, st->resync.expected, 8);
	be_param(&st->array[2], &params[3], PG_INT8, next_offset, 8);
	buf_reset(&st->sql);
	buf_span(&st->sql, sql);
	rows = pg_query(st->pg, buf_cstr(&st->sql), params, 4, err);
	if (!rows)
		return give_up(st, err);
	moved = pg_rows_written(rows) == 1;
	pg_rows_free(rows);
	return moved ? STORE_DONE : stale(st);
}

enum store_result
store_resync_end(struct store *st, int64_t next_offset, struct err *err)
{
	enum store_result result;

	MUST(st->resync.on);
	if (pg_exec(st->pg, "SET LOCAL idle_in_transaction_session_timeout = '" IDLE_MAX "'", err))
		return resync_over(st, give_up(st, err));
	result = resync_move(st, next_offset, err);
	if (result != STORE_DONE)
		return resync_over(st, result);
	for (enum sink_table t = 0; t < SINK_TABLES; t++)
		if (resync_write(st, t, err))
			return resync_over(st, give_up(st, err));
	return resync_over(st, commit_now(st, err));
}

void
store_resync_abort(struct store *st)
{
	struct err none = ERR_INIT;

	if (st->resync.on)
		give_up(st, &none);
	st->resync.on = false;
}
