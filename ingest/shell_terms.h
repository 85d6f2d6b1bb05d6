/*
 * shell_terms - published terms as the rules that ingestd judges by.
 *
 *	terms: codes/sexes ─┐
 *	       codes/kinds ─┼─► codes ─┐
 *	       codes/...   ─┘          ├─► rules
 *	       agencies/agencies ──────┘
 *
 * Pages come one by one, so a set may be wrong for a while: kinds that name a
 * list which is published next.  The caller keeps the last set that was right,
 * and asks again at each page: the answer is a function of the topic up to
 * there, not of when it was read.
 */
#ifndef OUTTURN_INGEST_SHELL_TERMS_H
#define OUTTURN_INGEST_SHELL_TERMS_H

#include "common/book.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"

enum { RULES_PAGES_MAX = 1024 };

struct rules {
	struct codes *codes;
	struct agencies *agencies;
};

/* Does ingestd's answer depend on pages of this thing? */
bool rules_read_thing(struct span thing);

/*
 * Owned, or NULL: either something is not published yet (*missing says what, no
 * mistake is noted), or `report` has every mistake, with page and line.
 */
struct rules *rules_of_book(const struct book *book, struct yaml_report *report,
    const char **missing);
void rules_free(struct rules *rules);

#endif
