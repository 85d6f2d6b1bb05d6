/*
 * pg - the little of PostgreSQL that we use: statements, binary parameters,
 * COPY in binary, and errors that say what to do.
 *
 *	ERR_RETRY   the server is away, stopping, out of something, or asks to try again
 *	ERR_FATAL   it will fail the same way next time
 *
 * err.code is "pg-" and the SQLSTATE ("pg-57P01"), or "pg-away" where there was
 * none.  Sentences carry the server's words unless they may quote data (classes
 * 22 and 23): then only the names of what is concerned.
 *
 * Blocking.  Not thread-safe.  No type of libpq appears here.
 */
#ifndef OUTTURN_IO_PG_H
#define OUTTURN_IO_PG_H

#include "common/buf.h"
#include "common/err.h"

enum pg_oid { PG_BOOL = 16, PG_BYTEA = 17, PG_INT8 = 20, PG_INT4 = 23, PG_TEXT = 25, PG_UUID = 2950,
	PG_INT4_ARRAY = 1007, PG_INT8_ARRAY = 1016, PG_TEXT_ARRAY = 1009 };

enum { PG_PARAMS_MAX = 16 };

/* In binary form: numbers big-endian, text as it is.  ptr NULL: null. */
struct pg_param {
	uint32_t oid; /* 0: the statement says */
	struct span value;
};

struct pg;
struct pg_rows;

/* uri: postgresql://... or key=value; NULL or "": the PG* environment.  What it
 * leaves open: 5 s to connect, UTF-8, UTC.  name: shown in pg_stat_activity.  Owned. */
struct pg *pg_open(const char *uri, const char *name, struct err *err);
void pg_close(struct pg *pg);
bool pg_alive(const struct pg *pg); /* as far as the last call could tell */

/* One or several statements without parameters. */
int pg_exec(struct pg *pg, const char *sql, struct err *err);
/* One statement; results as text.  Owned, or NULL. */
struct pg_rows *pg_query(struct pg *pg, const char *sql, const struct pg_param *params, size_t n,
    struct err *err);
int pg_prepare(struct pg *pg, const char *name, const char *sql, struct err *err);
/* Rows written, or -1. */
int64_t pg_run(struct pg *pg, const char *prepared, const struct pg_param *params, size_t n,
    struct err *err);

/* COPY ... FROM STDIN (FORMAT binary): what is added is the whole stream, with
 * header and trailer (pg_copy_head, pg_copy_tail).  After a failure the copy is over. */
int pg_copy_begin(struct pg *pg, const char *sql, struct err *err);
int pg_copy_add(struct pg *pg, struct span bytes, struct err *err);
int pg_copy_end(struct pg *pg, struct err *err);
void pg_copy_head(struct buf *out);
void pg_copy_tail(struct buf *out);

int64_t pg_rows_written(const struct pg_rows *rows); /* of INSERT, UPDATE, DELETE */
size_t pg_rows_count(const struct pg_rows *rows);
struct span pg_value(const struct pg_rows *rows, size_t row, int column); /* ptr NULL: null */
int64_t pg_value_int(const struct pg_rows *rows, size_t row, int column);
bool pg_value_hex(const struct pg_rows *rows, size_t row, int column, void *out, size_t len);
void pg_rows_free(struct pg_rows *rows);

#endif
