/*
 * frequency - how common a name is, as a class of 0..7.
 *
 * matchd sees keyed tokens and cannot count names, so each token brings its
 * class.  The table (config/frequency.tsv) is frozen and versioned: were it
 * counted from what arrives, the same record would give other bytes next year.
 *
 *	people per 100,000   <10  10  30  60  125  250  500  1000
 *	class                  0   1   2   3    4    5    6     7
 *
 * A phonetic code and a nickname class are as common as all their names
 * together.  Built once; read-only afterwards.
 */
#ifndef OUTTURN_INGEST_FREQUENCY_H
#define OUTTURN_INGEST_FREQUENCY_H

#include "common/err.h"
#include "common/hash.h"

struct frequency {
	int32_t version;
	struct strmap counts; /* field byte and value -> people per 100,000 */
};

/*
 * Parses the file: "version<TAB>N", then "surname|forename<TAB>name<TAB>per 100,000";
 * '#' comments.  ERR_FATAL names the line.  On failure *f is released.
 */
int frequency_parse(struct frequency *f, struct span file, struct err *err);
void frequency_release(struct frequency *f);

int32_t frequency_class(const struct frequency *f, int32_t field, struct span value);

#endif
