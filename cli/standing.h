/*
 * standing - how far everything is: Kafka's ends beside the cuts in the warehouse.
 *
 *	raw topic ends at 118 ─► evidence 117 ─► linked 117 ─► outcomes 117     up to date
 *	                                          └ the least of all partitions
 *
 * Up to date means: every raw topic that the agencies' terms bind is folded to
 * its end, under terms to their end, in every partition of every stage; so are
 * the small topics wherever they are read; the warehouse follows every
 * partition there is; no record is in doubt; what was erased shows no content.  It is the one answer that `status --wait`,
 * `verify` and statements go by.
 */
#ifndef OUTTURN_CLI_STANDING_H
#define OUTTURN_CLI_STANDING_H

#include "cli/cli.h"
#include "common/io/termsbook.h"
#include "common/topic.h"
#include "ingest/shell_terms.h"

enum { STANDING_LINES_MAX = 512 };

/* One input at one stage. */
struct standing_line {
	char input[TOPIC_NAME_MAX + 1]; /* raw topic without prefix, or review, terms ... */
	const char *stage;              /* evidence, linked, outcomes */
	int64_t end, folded;            /* last offset there is, last that is folded; -1: none */
	int32_t epoch;                  /* of the raw topic, which `end` is an offset of */
	bool before;                    /* what is folded is of another epoch */
	int64_t terms_end, terms;       /* of raw topics; else -1 */
	date_t complete_through;
	bool behind;
	bool missing;                   /* there is no such topic: its end is not known */
};

struct standing {
	struct standing_line lines[STANDING_LINES_MAX];
	size_t n;
	int64_t doubts, unaccounted, erased_left, rejected_left;
	int64_t unread;   /* partitions of our topics that the warehouse does not follow yet */
	int64_t terms_end;
	date_t as_at;     /* the newest day that somebody who may has declared; DATE_NONE: none */
	bool agencies; /* an agencies page is published */
	struct err missing; /* which raw topic is not there, and what to do; ERR_NONE: all are */
	bool up_to_date;
};

/* -1: a server is away, or no table. */
int standing_read(struct cli *cli, struct pg *pg, struct standing *st, struct err *err);
/* The first thing that is behind, for people; "" when up to date. */
const char *standing_why(const struct standing *st, char *out, size_t size);

/* The terms topic, folded; owned, or NULL. */
struct termsbook *standing_terms(struct cli *cli, struct err *err);

/* Agencies and codes as they are published; owned, or NULL: not found, or the first mistake. */
struct rules *standing_rules(const struct termsbook *terms, struct err *err);

/*
 * May the signer of `rec` say it, by the terms as they are published?  The daemons pass
 * over what may not be said without a word, so it is asked before it is sent.  -1: err
 * names who lacks which of `roles`.
 */
int standing_may_say(struct cli *cli, const struct av_record *binding, const void *rec,
    struct span key_id, struct span signature, size_t signature_at, const char *const *roles,
    struct err *err);

#endif
