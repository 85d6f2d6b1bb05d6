/*
 * pg_schema - numbered SQL files, run once each, in order, and remembered.
 *
 *	0001_ops.sql  0002_evidence.sql  0003_...	the files, built in
 *	ops.migration: number, name, sha256 of what ran	the ledger, in the database
 *
 *	ledger = a prefix of the files, byte for byte   → the rest is pending
 *	a file changed after it ran                     → schema-changed
 *	the ledger has more than we know                → schema-newer
 *
 * All that is pending runs in one transaction: a database is never half way.
 */
#ifndef OUTTURN_IO_PG_SCHEMA_H
#define OUTTURN_IO_PG_SCHEMA_H

#include "common/embedded.h"
#include "common/io/pg.h"

struct pg_schema_state {
	size_t known;   /* migrations that this program has */
	size_t applied; /* of them, those that ran */
	int32_t newest; /* number of the last that ran; 0: none */
};

/* The migrations among the files: those whose name begins with four digits.
 * ERR_FATAL: schema-changed, schema-newer, or no right to look. */
int pg_schema_check(struct pg *pg, const struct embedded *files, size_t n,
    struct pg_schema_state *state, struct err *err);

/* Runs what is pending; ran() is told of each before the whole is committed.
 * Waits while another one migrates. */
int pg_schema_run(struct pg *pg, const struct embedded *files, size_t n,
    void (*ran)(void *arg, const char *name), void *arg, struct pg_schema_state *state,
    struct err *err);

#endif
