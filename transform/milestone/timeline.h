/*
 * timeline - what is known of one unit: its linked events and decisions.
 *
 * A set, kept sorted by (start, event id), so that arrival order cannot show.
 * Holds at most 400 bytes an event; organisations, kinds, evidence types,
 * attribute names and codes are interned in `names`, shared by all units.
 *
 * Pure.  Copies what it keeps.
 */
#ifndef OUTTURN_TIMELINE_H
#define OUTTURN_TIMELINE_H

#include "common/hash.h"
#include "common/record.h"

struct names;                       /* texts of which there are few, each once */
struct names *names_new(uint64_t seed); /* owned */
void names_free(struct names *n);
struct span names_keep(struct names *n, struct span text); /* the kept copy; SPAN_NONE stays */

/* Kinds of record as bits, one each as they come; -confirmed and -ended with what they are of;
 * from the 64th on they share the last.  Absent: none. */
#define KINDS_NONE UINT64_C(0)
#define KINDS_ALL UINT64_MAX
uint64_t names_kind(struct names *n, struct span kind);

struct timeline;
struct timeline *timeline_new(struct names *names, const struct id *unit); /* owned; borrows names */
void timeline_free(struct timeline *tl);

/* Takes the place of an earlier version of the same event; NULL takes it away.  Returns the
 * kinds that it touched: none, if the same stood there. */
uint64_t timeline_event(struct timeline *tl, const struct id *event, const struct linked *ln);
/* The same of decisions, which touch everything.
 * `counts`: may the decision be used (its signature and role were right)? */
void timeline_decision(struct timeline *tl, const struct id *decision, const struct decision *de,
    bool counts);

uint32_t timeline_events(const struct timeline *tl); /* how many */
void timeline_ahead(const struct timeline *tl); /* it will be evaluated soon, */
void timeline_next(const struct timeline *tl);  /* and sooner */
bool timeline_empty(const struct timeline *tl);
const struct id *timeline_unit(const struct timeline *tl);
size_t timeline_bytes(const struct timeline *tl);

#endif
