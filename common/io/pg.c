#include "common/io/pg.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "common/id.h"
#include "common/mem.h"
#include "common/must.h"

struct pg {
	PGconn *conn;
};

/* struct pg_rows is a PGresult, under a name that this header may say. */
static struct pg_rows *
rows_of(PGresult *res)
{
	return (struct pg_rows *)res;
}

static PGresult *
result_of(const struct pg_rows *rows)
{
	return (PGresult *)(uintptr_t)rows;
}

/* --- errors --- */

static bool
state_in(const char *state, const char *const *list)
{
	for (; *list; list++)
		if (strncmp(state, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* Classes and states that pass by themselves (PostgreSQL manual, appendix A). */
static bool
state_passes(const char *state)
{
	static const char *const list[] = {
		"08",    /* connection */
		"40",    /* rolled back: serialization, deadlock */
		"53",    /* disk full, memory, connections */
		"55P03", /* lock not available */
		"57",    /* cancelled, shutting down, starting */
		"58",    /* I/O error of the server's system */
		"25P03", /* idle too long in a transaction */
		NULL,
	};

	return state_in(state, list);
}

/* libpq ends its messages with a newline, and may have several lines. */
static int
first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

static int
away(const struct pg *pg, struct err *err)
{
	const char *text = PQerrorMessage(pg->conn);

	return err_code(err, ERR_RETRY, "pg-away", NULL, "PostgreSQL is away: %.*s",
	    first_line(text), text);
}

static const char *
diag(const PGresult *res, int field)
{
	const char *s = PQresultErrorField(res, field);

	return s ? s : "";
}

static int
failed(const struct pg *pg, const PGresult *res, struct err *err)
{
	static const char *const quoting[] = { "22", "23", NULL };
	const char *state = res ? diag(res, PG_DIAG_SQLSTATE) : "";
	const char *text = res ? diag(res, PG_DIAG_MESSAGE_PRIMARY) : "";
	char code[ERR_CODE_MAX];

	if (!*state)
		return PQstatus(pg->conn) == CONNECTION_BAD ? away(pg, err)
		    : err_code(err, ERR_FATAL, "pg-protocol", NULL, "PostgreSQL: %.*s",
		      first_line(PQerrorMessage(pg->conn)), PQerrorMessage(pg->conn));
	snprintf(code, sizeof(code), "pg-%.5s", state);
	if (state_in(state, quoting))
		text = "the server refuses a value";
	return err_code(err, state_passes(state) ? ERR_RETRY : ERR_FATAL, code,
	    diag(res, PG_DIAG_COLUMN_NAME), "PostgreSQL: %s (%s%s%s%s%s)", text, state,
	    *diag(res, PG_DIAG_TABLE_NAME) ? ", table " : "", diag(res, PG_DIAG_TABLE_NAME),
	    *diag(res, PG_DIAG_CONSTRAINT_NAME) ? ", constraint " : "",
	    diag(res, PG_DIAG_CONSTRAINT_NAME));
}

/* Takes res; 0 if it is what was wanted. */
static int
check(const struct pg *pg, PGresult *res, ExecStatusType want, struct err *err)
{
	int rc = 0;

	if (!res || PQresultStatus(res) != want)
		rc = failed(pg, res, err);
	PQclear(res);
	return rc;
}

/* --- connection --- */

static void
ignore_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static PGconn *
connect_once(const char *uri, const char *name)
{
	/* What comes before dbname is overridden by what the URI says. */
	const char *const keys[] = { "connect_timeout", "fallback_application_name", "dbname",
		"client_encoding", NULL };
	const char *const values[] = { "5", name, uri && *uri ? uri : NULL, "UTF8", NULL };

	return PQconnectdbParams(keys, values, 1);
}

/*
 * A server that answers and yet refuses us will do so again (password, no such
 * database); one that came up while we asked must not be taken for that.
 */
static int
connect_why(struct pg *pg, const char *uri, const char *name, struct err *err)
{
	const char *text;

	switch (PQping(uri ? uri : "")) {
	case PQPING_REJECT:
	case PQPING_NO_RESPONSE:
		return away(pg, err);
	case PQPING_NO_ATTEMPT:
	case PQPING_OK:
		break;
	}
	PQfinish(pg->conn);
	pg->conn = connect_once(uri, name);
	if (PQstatus(pg->conn) == CONNECTION_OK)
		return 0;
	text = PQerrorMessage(pg->conn);
	return err_code(err, ERR_FATAL, "pg-refused", NULL, "PostgreSQL refuses us: %.*s",
	    first_line(text), text);
}

struct pg *
pg_open(const char *uri, const char *name, struct err *err)
{
	struct pg *pg = mem_zalloc(1, sizeof(*pg));

	pg->conn = connect_once(uri, name);
	MUST(pg->conn != NULL);
	if (PQstatus(pg->conn) != CONNECTION_OK && connect_why(pg, uri, name, err))
		goto fail;
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	if (pg_exec(pg, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
	    "SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'; "
	    "SET standard_conforming_strings = on", err))
		goto fail;
	return pg;
fail:
	pg_close(pg);
	return NULL;
}

void
pg_close(struct pg *pg)
{
	if (!pg)
		return;
	PQfinish(pg->conn);
	mem_free(pg);
}

bool
pg_alive(const struct pg *pg)
{
	return pg && PQstatus(pg->conn) == CONNECTION_OK;
}

/* --- statements --- */

int
pg_exec(struct pg *pg, const char *sql, struct err *err)
{
	PGresult *res = PQexec(pg->conn, sql);
	ExecStatusType status = PQresultStatus(res);

	return check(pg, res, status == PGRES_TUPLES_OK ? status : PGRES_COMMAND_OK, err);
}

struct args {
	Oid oid[PG_PARAMS_MAX];
	const char *value[PG_PARAMS_MAX];
	int len[PG_PARAMS_MAX], format[PG_PARAMS_MAX];
};

static void
args_set(struct args *a, const struct pg_param *params, size_t n)
{
	MUST(n <= PG_PARAMS_MAX);
	for (size_t i = 0; i < n; i++) {
		MUST(params[i].value.len <= INT32_MAX);
		a->oid[i] = params[i].oid;
		a->value[i] = (const char *)params[i].value.ptr;
		a->len[i] = (int)params[i].value.len;
		a->format[i] = 1;
	}
}

struct pg_rows *
pg_query(struct pg *pg, const char *sql, const struct pg_param *params, size_t n, struct err *err)
{
	struct args a;
	PGresult *res;

	args_set(&a, params, n);
	res = PQexecParams(pg->conn, sql, (int)n, a.oid, a.value, a.len, a.format, 0);
	if (res && (PQresultStatus(res) == PGRES_TUPLES_OK
	    || PQresultStatus(res) == PGRES_COMMAND_OK))
		return rows_of(res);
	failed(pg, res, err);
	PQclear(res);
	return NULL;
}

int
pg_prepare(struct pg *pg, const char *name, const char *sql, struct err *err)
{
	return check(pg, PQprepare(pg->conn, name, sql, 0, NULL), PGRES_COMMAND_OK, err);
}

int64_t
pg_run(struct pg *pg, const char *prepared, const struct pg_param *params, size_t n,
    struct err *err)
{
	struct args a;
	PGresult *res;
	int64_t rows;

	args_set(&a, params, n);
	res = PQexecPrepared(pg->conn, prepared, (int)n, a.value, a.len, a.format, 0);
	if (!res || (PQresultStatus(res) != PGRES_COMMAND_OK
	    && PQresultStatus(res) != PGRES_TUPLES_OK)) {
		rows = failed(pg, res, err);
	} else {
		rows = strtoll(PQcmdTuples(res), NULL, 10);
	}
	PQclear(res);
	return rows;
}

/* --- COPY --- */

int
pg_copy_begin(struct pg *pg, const char *sql, struct err *err)
{
	return check(pg, PQexec(pg->conn, sql), PGRES_COPY_IN, err);
}

int
pg_copy_add(struct pg *pg, struct span bytes, struct err *err)
{
	MUST(bytes.len <= INT32_MAX);
	if (PQputCopyData(pg->conn, (const char *)bytes.ptr, (int)bytes.len) == 1)
		return 0;
	return away(pg, err);
}

int
pg_copy_end(struct pg *pg, struct err *err)
{
	PGresult *res;
	int rc;

	if (PQputCopyEnd(pg->conn, NULL) != 1)
		return away(pg, err);
	rc = check(pg, PQgetResult(pg->conn), PGRES_COMMAND_OK, err);
	while ((res = PQgetResult(pg->conn)))
		PQclear(res);
	return rc;
}

void
pg_copy_head(struct buf *out)
{
	static const uint8_t zero[8]; /* flags, length of the extension */

	buf_add(out, "PGCOPY\n\377\r\n", 11); /* with its NUL */
	buf_add(out, zero, sizeof(zero));
}

void
pg_copy_tail(struct buf *out)
{
	buf_add(out, "\377\377", 2);
}

/* --- results --- */

int64_t
pg_rows_written(const struct pg_rows *rows)
{
	return strtoll(PQcmdTuples(result_of(rows)), NULL, 10);
}

size_t
pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(result_of(rows));
}

struct span
pg_value(const struct pg_rows *rows, size_t row, int column)
{
	const PGresult *res = result_of(rows);

	MUST(row < pg_rows_count(rows) && column < PQnfields(res));
	if (PQgetisnull(res, (int)row, column))
		return SPAN_NONE;
	return span_of(PQgetvalue(res, (int)row, column),
	    (size_t)PQgetlength(res, (int)row, column));
}

int64_t
pg_value_int(const struct pg_rows *rows, size_t row, int column)
{
	return strtoll((const char *)pg_value(rows, row, column).ptr, NULL, 10);
}

bool
pg_value_hex(const struct pg_rows *rows, size_t row, int column, void *out, size_t len)
{
	struct span hex = pg_value(rows, row, column);

	if (!span_starts(hex, "\\x"))
		return false;
	return hex_parse(span_of(hex.ptr + 2, hex.len - 2), out, len);
}

void
pg_rows_free(struct pg_rows *rows)
{
	PQclear(rows ? result_of(rows) : NULL);
}
