/*
 * topic - what topics and keys are called.
 *
 *	<prefix>.raw.<organisation>	key: the agency's record id
 *	<prefix>.evidence		r/<raw topic>/<epoch>/<offset>
 *	<prefix>.rejected		r/<raw topic>/<epoch>/<offset>
 *	<prefix>.linked			u/<unit>/<event>  d/<unit>/<decision>  q/<event>/<event>
 *	<prefix>.outcomes		o/<outcome>
 *	and in evidence, linked, outcomes	c/<stream>/<run>  k/<input>
 *
 * A claim (c) takes a stream for a run: the stream of evidence is the raw
 * topic, that of a partition of linked or outcomes is "*".  A cut (k) says
 * how far an input is folded.  Raw topics appear in keys and records without
 * the prefix ("raw.council-a"), so that a prefix can change.
 */
#ifndef OUTTURN_TOPIC_H
#define OUTTURN_TOPIC_H

#include "common/buf.h"
#include "common/err.h"
#include "common/id.h"

enum { TOPIC_NAME_MAX = 200, KEY_MAX = 320 };

enum key_type { KEY_OTHER, KEY_RECORD, KEY_CLAIM, KEY_CUT, KEY_UNIT_EVENT, KEY_UNIT_DECISION,
	KEY_OUTCOME, KEY_PAIR };

struct key {
	enum key_type type;
	struct span stream;  /* RECORD: raw topic; CLAIM: stream; CUT: input */
	int32_t epoch;       /* RECORD */
	int64_t offset;      /* RECORD */
	struct id a, b;      /* CLAIM: a = run; UNIT_*: unit, event or decision; OUTCOME: a;
	                      * PAIR: two events, a < b */
};

/* KEY_OTHER when it is none of ours; spans borrow from `text`. */
struct key key_parse(struct span text);
void key_format(const struct key *key, struct buf *out); /* replaces out's content */

/* Which partition of linked and outcomes a unit lives in; of linked, the first of a pair. */
int32_t unit_partition(const struct id *unit, int32_t partitions);

#endif
