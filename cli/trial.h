/*
 * trial - the whole pipeline in one process, over files: no server, no key file.
 *
 *	files ─► rows ─► ingest ─► match ─► timelines ─► evaluate
 *	                   └ rejected          └ by column `person`, where there is one
 *
 * The same cores as the daemons'.  Tokens are made under a key that everybody
 * could make and that is thrown away: nothing of them is shown.
 *
 * Time is a fact here too: records arrive on the newest day that the files
 * speak of, or the as-at day if that is later; a clock only says which days
 * are still to come.  So the same files give the same answer next year.
 */
#ifndef OUTTURN_CLI_TRIAL_H
#define OUTTURN_CLI_TRIAL_H

#include "cli/cli.h"
#include "cli/events.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"
#include "transform/milestone/evaluate.h"

enum { TRIAL_ROWS_MAX = 5 * 1000 * 1000 };

struct trial_conf {
	struct cli *cli;
	const struct codes *codes;
	const struct agencies *agencies;
	const struct contract *contract;
	const char *topic;            /* whose files they are; NULL: row, or file name */
	const char *const *ignore;    /* columns passed over */
	size_t ignore_n;
	date_t as_at;                 /* DATE_NONE: the newest day of the files */
	date_t today;
};

struct trial_row {
	uint32_t file, line;
	uint32_t person;              /* label's number + 1; 0: none */
};

struct trial_reject {
	uint32_t file, line;
	bool form;                    /* could not be written as a record at all */
	struct span code, field, sentence;
};

struct trial_person {
	struct id unit;
	struct span label;            /* absent where people were matched */
	uint32_t *rows;               /* those that stand, sorted */
	uint32_t rows_n, rows_cap;
	struct timeline *timeline;
};

struct trial_counts {
	uint32_t rows, form_bad, rejected, versions, declarations, events;
};

struct trial;

/* paths: borrowed for life.  Owned, or NULL: err says which file cannot be read or which
 * setting is wrong. */
struct trial *trial_new(const struct trial_conf *conf, const char *const *paths, size_t n,
    struct err *err);
void trial_free(struct trial *t);

struct trial_counts trial_counts(const struct trial *t);
date_t trial_as_at(const struct trial *t);
const struct trial_reject *trial_rejects(const struct trial *t, size_t *n); /* by file, line */
const struct trial_row *trial_row(const struct trial *t, uint32_t row);
const char *trial_file(const struct trial *t, uint32_t file);
/* The row that an event stands by; false: none. */
bool trial_row_of(const struct trial *t, const struct id *event, uint32_t *row);

/* By label, or by their first row. */
const struct trial_person *trial_people(const struct trial *t, size_t *n);
struct evaluate_facts trial_facts(const struct trial *t);
struct outcome_list trial_outcomes(const struct trial *t, const struct trial_person *person,
    struct arena *arena);

#endif
