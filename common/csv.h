/*
 * csv - rows out of a CSV file (RFC 4180), with the line each began on.
 *
 * What spreadsheets write is read as well: a byte order mark, CR LF or LF, a
 * semicolon or tab between fields, blank lines, text after the last newline
 * missing.  What is not CSV is said with its line, and the rows after it are
 * still read:
 *
 *	3  a,"b		<- the quote is never closed: line 3 is bad,
 *	4  c,d		   line 4 is a row
 *
 * An unclosed quote takes the lines that follow only as far as
 * CSV_ROW_LINES_MAX: a single slip must not swallow a file.
 *
 * Pure.  Borrows the text; fields borrow from the reader until its next row.
 */
#ifndef OUTTURN_CSV_H
#define OUTTURN_CSV_H

#include "common/buf.h"
#include "common/err.h"

enum {
	CSV_FIELDS_MAX = 256,           /* fields of one row */
	CSV_FIELD_BYTES_MAX = 64 * 1024, /* of one field */
	CSV_ROW_LINES_MAX = 100,        /* lines of one row: newlines inside quotes */
};

struct csv_row {
	struct span field[CSV_FIELDS_MAX]; /* empty and absent are the same: len 0, ptr not NULL */
	uint32_t fields;
	uint32_t line; /* from 1 */
};

struct csv {
	struct span text;
	size_t at;
	uint32_t line; /* of text.ptr[at] */
	char comma;
	struct buf unquoted; /* fields that had quotes */
	struct span raw[CSV_FIELDS_MAX];
	bool quoted[CSV_FIELDS_MAX];
};

/* comma 0: found out from the first line. */
void csv_init(struct csv *csv, struct span text, char comma);
void csv_release(struct csv *csv);

/* 1: a row.  0: the end.  -1: ERR_RECORD, row->line says where; go on. */
int csv_next(struct csv *csv, struct csv_row *row, struct err *err);

/* Appends one field, quoted where it must be, with no comma.  NULL: nothing. */
void csv_put(struct buf *out, struct span field);

#endif
