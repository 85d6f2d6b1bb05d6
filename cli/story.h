/*
 * story - one outcome as a provider needs it: what counted, what did not, what is missing
 * and from whom, until when it may be claimed.
 *
 *	records ─┐            ┌─► one screen of text
 *	gaps ────┼─► a story ─┤
 *	rungs ───┘            └─► HTML with a drawing: spells by source, gaps, rungs, evidence
 *
 *	E08000099 accommodation   ├────────┤░░░├──●────▌- - -     ░ gap   ● confirmed
 *	GB-CHC-1  accommodation      ├──────●               ▌     ▌ rung due
 *
 * The page stands by itself: no script, no network, one inline style; everything that
 * came from outside is escaped, and control characters are shown as a dot.
 *
 * Pure.  Borrows all spans.
 */
#ifndef OUTTURN_CLI_STORY_H
#define OUTTURN_CLI_STORY_H

#include "common/buf.h"
#include "common/record.h"

struct story_record {
	struct span organisation, role, kind, evidence_type, says;
	date_t from, to;              /* to: the first day that no longer counts; DATE_NONE: not said */
	bool counts;                  /* the outcome stands on it */
};

struct story_gap {
	date_t from, to;              /* half-open */
	struct span rule;             /* counts, pauses, resets, fails */
};

struct story_reason {
	struct span code, subject, text;
};

struct story_rung {               /* of this contract and person, this one among them */
	struct span outcome, status;
	date_t due, achieved;
};

struct story_decision {
	struct span what, by, role, note;
	date_t on;
};

struct story {
	struct span id, contract, outcome, status, price; /* id: absent where there is none */
	int32_t version, ordinal, days;
	date_t start, due, achieved, expires;
	const struct story_record *records;
	size_t records_n;
	const struct story_gap *gaps;
	size_t gaps_n;
	const struct story_reason *reasons;
	size_t reasons_n;
	const struct story_rung *rungs;
	size_t rungs_n;
	const struct story_decision *decisions;
	size_t decisions_n;
};

/* Something that somebody can still bring? */
bool story_missing(const struct story_reason *r);
/* What the contract's word for a gap means. */
const char *story_gap_says(struct span rule);
/* What can be done about it now: a sentence or more, "" where nothing can. */
void story_next(const struct story *s, struct buf *out);

void story_text(const struct story *s, struct buf *out);

/* A page: begin, any number of stories and headings, end. */
void story_page_begin(struct buf *out, struct span title);
void story_page_heading(struct buf *out, struct span text);
void story_html(const struct story *s, struct buf *out);
void story_page_text(struct buf *out, struct span text); /* as it stands */
void story_page_end(struct buf *out);

#endif
