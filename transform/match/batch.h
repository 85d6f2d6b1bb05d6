/*
 * batch - everybody of a set at once: who is one person.
 *
 *	rows ─► canonical order ─► rarity of values, u from random pairs
 *	     ─► posting lists ─► pairs, each once ─► grades ─► weight ─► kept
 *	     ─► how many are true? ─► weights again ─► clusters
 *
 * No labels, no order: rows are sorted by what they are, and everything after
 * that is a function of the set, in whole numbers.  Clear values are not here:
 * rows and encodings come from ingest.
 *
 * Memory: 300 bytes a row and 40 a kept pair.  Not thread-safe.
 */
#ifndef OUTTURN_MATCH_BATCH_H
#define OUTTURN_MATCH_BATCH_H

#include "common/clk.h"
#include "common/record.h"
#include "transform/match/weigh.h"

enum { BATCH_SOURCES_MAX = 4096 };

enum batch_scope { BATCH_ALL, BATCH_WITHIN, BATCH_ACROSS }; /* sources that a pair may have */

struct batch_settings {
	enum batch_scope scope;
	enum clk_profile clk;
};

struct batch_stats {
	uint64_t candidates, kept, linked; /* pairs */
	uint64_t oversize;                 /* blocks past their limit */
	uint64_t expected;                 /* pairs of one person, as estimated */
	uint64_t review;                   /* pairs between the thresholds */
	bool one_a_person;                 /* each source has each person once, it seems */
	uint32_t clusters;                 /* of two records or more */
};

/* Grades of pairs that are one person whatever the line says, in two halves by pair: what is
 * learned from one can be tried on the other. */
struct batch_seen {
	uint32_t pairs[2][LINE_END][GRADE_END];
};

struct batch;
struct batch *batch_new(const struct weights *shipped, struct batch_settings settings); /* owned */
void batch_free(struct batch *b);
/* source: below BATCH_SOURCES_MAX. */
void batch_add(struct batch *b, const struct token *tokens, uint32_t n, struct span clk,
    uint16_t source);
void batch_run(struct batch *b);

/* After batch_run(): the cluster of the i-th row that was added. */
uint32_t batch_label(const struct batch *b, uint32_t i);
bool batch_blocked(const struct batch *b, uint32_t i, uint32_t j); /* share a block in its limit */
int32_t batch_weight(struct batch *b, uint32_t i, uint32_t j, uint8_t grade[LINE_END]);
const struct weights *batch_weights(const struct batch *b); /* as the set has it */
const struct batch_seen *batch_seen(const struct batch *b);
struct batch_stats batch_stats(const struct batch *b);

#endif
