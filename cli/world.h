/*
 * world - the people and what is known of them, one after the other: of files, or of the
 * warehouse.  What simulate and forecast walk over.
 *
 *	files ─► trial ────────────────────────────────────────────┐
 *	evidence.link + evidence.record, ledger.decision ──────────┴─► unit, timeline ─► fn
 *	  one snapshot of PostgreSQL, read only
 *
 * Of the warehouse, not of the topic `linked`: statements are built on what PostgreSQL
 * holds; one transaction sees evidence, links, decisions and how far they are folded
 * as of one moment, which topics that are read one after the other do not give; and
 * nothing but the right to read is needed.  The topics terms and reference are read
 * as every verb reads them: which signatures count, which day it is.
 *
 * A warehouse's timelines are made one at a time, so that a million people need no
 * more memory than one.
 */
#ifndef OUTTURN_CLI_WORLD_H
#define OUTTURN_CLI_WORLD_H

#include "cli/trial.h"
#include "common/io/termsbook.h"

struct world_unit {
	struct id unit;
	struct span label;        /* what the files call the person; absent: they do not */
	struct timeline *timeline;
	const struct trial_person *person; /* of files; else NULL */
};

struct world;

/* Owned, or NULL.  Of files as trial_new(); of the warehouse at as_at, DATE_NONE: the newest
 * day that somebody who may has declared. */
struct world *world_of_files(const struct trial_conf *conf, const char *const *paths, size_t n,
    struct err *err);
struct world *world_of_warehouse(struct cli *cli, date_t as_at, struct err *err);
void world_free(struct world *w);

struct evaluate_facts world_facts(const struct world *w);
struct trial *world_trial(struct world *w);                /* of files; else NULL */
const struct book *world_book(const struct world *w);      /* terms that stand; NULL: of files */
const char *world_behind(const struct world *w);           /* why not up to date; "": it is */

/* In an order that does not depend on when what arrived.  fn: 0 to go on. */
typedef int world_fn(void *arg, const struct world_unit *u, struct err *err);
int world_each(struct world *w, world_fn *fn, void *arg, struct err *err);

/* The newest readable version of a contract that stands; owned, or NULL: err says that none does. */
struct contract *world_contract(const struct book *book, struct span name, struct err *err);

#endif
