#include "common/io/pg_schema.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/digest.h"
#include "common/id.h"
#include "common/must.h"

/* Any number will do that no other program locks: "outturn" in ASCII. */
#define LOCK_MIGRATE "SELECT pg_advisory_xact_lock(x'6f75747475726e'::bigint)"

/* What remembers the others cannot be one of them. */
#define MAKE_LEDGER                                                                                \
	"CREATE SCHEMA IF NOT EXISTS ops;"                                                         \
	"CREATE TABLE IF NOT EXISTS ops.migration ("                                               \
	" number integer PRIMARY KEY,"                                                             \
	" name text NOT NULL,"                                                                     \
	" sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),"                                \
	" applied_at timestamptz NOT NULL DEFAULT now(),"                                          \
	" applied_by text NOT NULL DEFAULT session_user)"

static bool
is_migration(const struct embedded *f)
{
	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)f->name[i]))
			return false;
	return f->name[4] == '_';
}

static struct span
text_of(const struct embedded *f)
{
	return span_of(f->text, (size_t)(f->end - f->text));
}

static int32_t
number_of(const struct embedded *f)
{
	return (int32_t)strtol(f->name, NULL, 10);
}

/* The k-th migration by name; files are in the order of their names. */
static const struct embedded *
migration_at(const struct embedded *files, size_t n, size_t k)
{
	int32_t before = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_migration(&files[i]))
			continue;
		MUST(number_of(&files[i]) == before + 1);
		before++;
		if ((size_t)before == k + 1)
			return &files[i];
	}
	return NULL;
}

static size_t
migrations(const struct embedded *files, size_t n)
{
	size_t k = 0;

	while (migration_at(files, n, k))
		k++;
	return k;
}

static int
compare(const struct pg_rows *rows, const struct embedded *files, size_t n,
    struct pg_schema_state *state, struct err *err)
{
	uint8_t want[SHA256_BYTES], have[SHA256_BYTES];

	*state = (struct pg_schema_state){ .known = migrations(files, n) };
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		const struct embedded *f = migration_at(files, n, i);
		int32_t number = (int32_t)pg_value_int(rows, i, 0);

		if (!f)
			return err_code(err, ERR_FATAL, "schema-newer", NULL,
			    "the database's schema is newer (migration %d) than this program "
			    "(migration %zu): install the newer Outturn", number, state->known);
		sha256(text_of(f), want);
		if (number != number_of(f) || !pg_value_hex(rows, i, 2, have, sizeof(have))
		    || memcmp(want, have, sizeof(want)) != 0)
			return err_code(err, ERR_FATAL, "schema-changed", NULL,
			    "migration '%s' is not the one that ran in this database: "
			    "the file was changed afterwards; put it back and add a new one",
			    f->name);
		state->applied++;
		state->newest = number;
	}
	return 0;
}

int
pg_schema_check(struct pg *pg, const struct embedded *files, size_t n,
    struct pg_schema_state *state, struct err *err)
{
	struct pg_rows *rows;
	bool there;
	int rc;

	rows = pg_query(pg, "SELECT to_regclass('ops.migration') IS NOT NULL", NULL, 0, err);
	if (!rows)
		return -1;
	there = span_is(pg_value(rows, 0, 0), "t");
	pg_rows_free(rows);
	if (!there) {
		*state = (struct pg_schema_state){ .known = migrations(files, n) };
		return 0;
	}
	rows = pg_query(pg, "SELECT number, name, sha256 FROM ops.migration ORDER BY number", NULL,
	    0, err);
	if (!rows)
		return -1;
	rc = compare(rows, files, n, state, err);
	pg_rows_free(rows);
	return rc;
}

static int
run_one(struct pg *pg, const struct embedded *f, struct err *err)
{
	uint8_t sha[SHA256_BYTES], number[4];
	int32_t v = number_of(f);
	struct pg_param params[3] = { { PG_INT4, span_of(number, sizeof(number)) },
		{ PG_TEXT, span_str(f->name) }, { PG_BYTEA, span_of(sha, sizeof(sha)) } };
	struct pg_rows *rows;
	struct err why = ERR_INIT;

	for (int i = 0; i < 4; i++)
		number[i] = (uint8_t)((uint32_t)v >> 8 * (3 - i));
	sha256(text_of(f), sha);
	if (pg_exec(pg, f->text, &why))
		return err_code(err, why.class, why.code, NULL, "migration '%s': %s", f->name,
		    why.text);
	rows = pg_query(pg, "INSERT INTO ops.migration (number, name, sha256) VALUES ($1, $2, $3)",
	    params, 3, err);
	pg_rows_free(rows);
	return rows ? 0 : -1;
}

static int
run_pending(struct pg *pg, const struct embedded *files, size_t n,
    void (*ran)(void *arg, const char *name), void *arg, struct pg_schema_state *state,
    struct err *err)
{
	if (pg_exec(pg, LOCK_MIGRATE, err) || pg_exec(pg, MAKE_LEDGER, err)
	    || pg_schema_check(pg, files, n, state, err))
		return -1;
	while (state->applied < state->known) {
		const struct embedded *f = migration_at(files, n, state->applied);

		if (run_one(pg, f, err))
			return -1;
		ran(arg, f->name);
		state->applied++;
		state->newest = number_of(f);
	}
	return pg_exec(pg, "COMMIT", err);
}

int
pg_schema_run(struct pg *pg, const struct embedded *files, size_t n,
    void (*ran)(void *arg, const char *name), void *arg, struct pg_schema_state *state,
    struct err *err)
{
	struct err ignored = ERR_INIT;

	if (pg_exec(pg, "BEGIN", err))
		return -1;
	if (run_pending(pg, files, n, ran, arg, state, err) == 0)
		return 0;
	pg_exec(pg, "ROLLBACK", &ignored);
	return -1;
}
