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

struct timeline;
struct timeline *timeline_new(struct names *names, const struct id *unit); /* owned; borrows names */
void timeline_free(struct timeline *tl);

/* Takes the place of an earlier version of the same event or decision; NULL takes it away.
 * `counts`: may the decision be used (its signature and role were right)? */
void timeline_event(struct timeline *tl, const struct id *event, const struct linked *ln);
void timeline_decision(struct timeline *tl, const struct id *decision, const struct decision *de,
    bool counts);

uint32_t timeline_events(const struct timeline *tl); /* how many */
void timeline_ahead(const struct timeline *tl); /* it will be evaluated soon */
bool timeline_empty(const struct timeline *tl);
const struct id *timeline_unit(const struct timeline *tl);
size_t timeline_bytes(const struct timeline *tl);

#endif
