/*
 * events - files of the generic event format, row by row, as feed and try read them.
 *
 *	file.csv     header, then rows            (common/csv.h)
 *	file.jsonl   one JSON object a line       (common/io/json.h)
 *
 * Which it is, is seen from the first byte: '{' begins JSON.  A bad row is
 * said with its line and passed over; a header that cannot be used ends the
 * file.
 *
 *	rents.csv:12: column 'withdrawn' is not yes or no
 */
#ifndef OUTTURN_CLI_EVENTS_H
#define OUTTURN_CLI_EVENTS_H

#include "cli/cli.h"
#include "common/generic.h"

enum { EVENTS_EXTRA_MAX = 4, EVENTS_FILE_BYTES_MAX = 1 << 30, EVENTS_SHOWN_MAX = 1000 };

struct event_row {
	struct generic_fact *fact;
	uint32_t line;
	bool tombstone;                       /* column `tombstone`: only record_id counts then */
	struct span extra[EVENTS_EXTRA_MAX];  /* by conf->extra; ptr NULL: not said */
};

struct events_conf {
	const char *path;          /* for mistakes */
	const char *const *extra;  /* further columns, NULL at the end; "tombstone" is known */
	const char *const *ignore; /* columns that are passed over */
	size_t ignore_n;
	/* 0, or -1: ERR_RECORD, a bad row; anything else ends the reading. */
	int (*row)(void *arg, const struct event_row *row, struct err *err);
	void (*bad)(void *arg, uint32_t line, const struct err *err);
	void *arg;
};

/* ERR_RECORD: the header cannot be used (line 1); else as row() said. */
int events_read(const struct events_conf *conf, struct span text, struct err *err);

/* Lines of a text, for progress. */
uint64_t events_lines(struct span text);

/* Which columns its first row has: bit 1 << enum generic_column. */
uint64_t events_columns(struct span text);

#endif
