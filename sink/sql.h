/*
 * sql - the files of sink/sql, built in.
 *
 *	NNNN_*.sql   migrations, for `outturn migrate`
 *	stage.sql    where a batch lands
 *	write.sql    how it is written: statements under "-- :table verb" lines
 *	dump.sql     current rows as text, for comparison
 */
#ifndef OUTTURN_SINK_SQL_H
#define OUTTURN_SINK_SQL_H

#include "common/embedded.h"
#include "common/span.h"

extern const struct embedded sink_sql[];
extern const size_t sink_sql_n;

struct span sink_sql_file(const char *name); /* absent: no such file */

/* The statement under "-- :table verb" of a file; absent if it has none. */
struct span sink_sql_part(struct span file, const char *table, const char *verb);
/* What stands behind it on that line: "topic, epoch, raw_offset". */
struct span sink_sql_words(struct span file, const char *table, const char *verb);

#endif
