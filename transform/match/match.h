/*
 * match - which events are of one person: a function of the set of facts.
 *
 *	evidence ──► versions ──► the one that counts ──► signature ─► block ─► compare ─► model
 *	review ──────────────────────────────────────────────────────────┐                  │
 *	decision ── routed by anchor event ◄── unit ◄── cluster ◄────────┴──── edges ◄──────┘
 *
 * What the model cannot say by itself, it asks: a pair between its thresholds, or
 * one that it would join but for others of the two people or a component past its
 * limit, is a record of its own (KEY_PAIR) for as long as the two are two people,
 * nothing in the pair rules it out, and no review keeps them apart.
 *
 * Any permutation, duplication, restart or partitioning of the same facts
 * gives the same units and the same notes, byte for byte; deleting a fact
 * gives what would have been without it.  See docs/matching.md for the rules,
 * naive.h for a second, simple implementation of them.
 *
 * Which version of an event counts: the greatest (revision, topic epoch, raw
 * offset); a tombstone withdraws all that stands before it (epoch, offset);
 * withdrawn or suppressed events are in no unit.
 *
 * Pure: keys and the model are parameters.  Copies what it keeps.  State: at
 * most 600 bytes a distinct signature, 200 an event.  Not thread-safe.
 */
#ifndef OUTTURN_MATCH_H
#define OUTTURN_MATCH_H

#include "common/digest.h"
#include "common/record.h"
#include "common/topic.h"
#include "transform/match/model.h"

struct match_keys {
	uint8_t index[MAC_KEY_BYTES]; /* re-keys tokens on arrival */
	uint8_t unit[MAC_KEY_BYTES];  /* of unit ids; never rotates */
};

struct match;

/* model is borrowed for life; seed: of hash tables only, never shows. */
struct match *match_new(const struct match_keys *keys, const struct model *model, uint64_t seed);
void match_free(struct match *m);

/* NULL: a tombstone, or no longer valid. key: of the record (KEY_RECORD). */
void match_evidence(struct match *m, const struct key *key, const struct evidence *ev);
void match_suppressed(struct match *m, const struct id *event, bool suppressed);
void match_review(struct match *m, const struct id *a, const struct id *b,
    const struct review *review);
/* bytes: the record as it stands on its topic; at: where it stood (provenance). */
void match_decision(struct match *m, const struct id *decision, const struct decision *de,
    struct span bytes, const struct source *at);
/* Agencies (by organisation) that declare one record a person; sorted; copied. */
void match_one_record_a_person(struct match *m, const struct span *organisations, size_t n);
/* Another model: everything is compared again at the next settle. */
void match_model(struct match *m, const struct model *model);

/* Recomputes what the calls above changed. */
void match_settle(struct match *m);
/* Keys (KEY_UNIT_EVENT, KEY_UNIT_DECISION, KEY_PAIR) whose record may differ; each at most once. */
bool match_next_touched(struct match *m, struct key *key);
/* What should stand under a key, as of match_settle(); spans borrow until the next call that
 * changes m or asks again. */
bool match_want(struct match *m, const struct key *key, struct linked *out);

/* Every record that should stand, in no order; only after match_settle(). */
void match_each(struct match *m, void (*fn)(void *arg, const struct key *key,
    const struct linked *ln), void *arg);

struct match_stats {
	uint64_t events, signatures; /* that stand */
	uint64_t edges, oversize;    /* edges looked at, components past their limit, so far */
	uint64_t asked;              /* pairs that a person is asked of now */
	size_t bytes;                /* of state */
};
struct match_stats match_stats(const struct match *m);

#endif
