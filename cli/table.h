/*
 * table - rows with named fields, from CSV with a header, JSON lines, a JSON array or YAML.
 *
 *	person,outcome,what        {"person":"Amber","outcome":"home-3","what":"claimed"}
 *	Amber,home-3,claimed       - {person: Amber, outcome: home-3, what: claimed}
 *
 * For small files that people write: decisions, references.  A name that the
 * reader does not know is an error with its line.
 */
#ifndef OUTTURN_CLI_TABLE_H
#define OUTTURN_CLI_TABLE_H

#include "common/err.h"
#include "common/span.h"

enum { TABLE_FIELDS_MAX = 16, TABLE_BYTES_MAX = 64 * 1024 * 1024 };

struct table_row {
	const char *path;
	uint32_t line;
	struct span field[TABLE_FIELDS_MAX]; /* by index of names; len 0: absent */
};

/* 0 to go on; err may say why not. */
typedef int table_fn(void *arg, const struct table_row *row, struct err *err);

/* names: what may be there, NULL at the end.  -1: err says file, line, reason. */
int table_read(const char *path, const char *const *names, table_fn *fn, void *arg,
    struct err *err);

#endif
