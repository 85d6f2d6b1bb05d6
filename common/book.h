/*
 * book - the terms in force: what `outturn.terms` says, folded.
 *
 * For each (thing, name) the highest version counts; the same version
 * published again takes the place of the earlier one, as compaction would
 * have it; a tombstone takes a version away, and the one below counts again.
 * The result is a function of the log, not of when it was read.
 *
 *	contract/st-basils    1  2 [3]      [ ]: counts
 *	agencies/agencies     1 [2]
 *
 * Owns copies.  Pure.
 */
#ifndef OUTTURN_BOOK_H
#define OUTTURN_BOOK_H

#include "common/claim.h"
#include "common/record.h"

struct book_page {
	struct span thing, name, content, by, key_id; /* owned by the book */
	int32_t version;
	date_t effective;
	int64_t offset; /* in the terms topic */
};

struct book {
	struct book_page *pages;
	size_t n;
};

void book_init(struct book *b);
void book_release(struct book *b);

/* `thing/name/version`, the topic's key; replaces out's content. */
void book_key(struct span thing, struct span name, int32_t version, struct buf *out);

/*
 * Folds one record; `terms` is its decoded value, NULL for a tombstone.
 * *thing: what kind of page it is, borrowed from the key; SPAN_NONE when the
 * key is none of ours.  true: a page that counts has changed.
 */
bool book_fold(struct book *b, const struct rec *rec, const struct terms *terms,
    struct span *thing);

/* The page that counts, or NULL. */
const struct book_page *book_find(const struct book *b, struct span thing, struct span name);
/* Pages of a thing that count, by name: for (size_t i = 0; (p = book_next(b, thing, &i)); ) */
const struct book_page *book_next(const struct book *b, struct span thing, size_t *at);

#endif
