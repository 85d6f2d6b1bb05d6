/*
 * witness - one invented person of whom everything is told that an outcome asks for.
 *
 *	contract ─► records that fit the rule ─► evaluate ─┬─► proven: settle: is it paid?
 *	agencies ─► who may send them, all of them         └─► not: what is missing still?
 *	                 ▲                                      │
 *	                 └── due then, not confirmed yet ◄──────┘
 *
 * Terms are judged by what comes out, not by what they look like: evaluate()
 * and settle() themselves say what a contract does with this person.  What
 * does not change the answer is then left out, record by record, so that the
 * example shown is a small one.
 *
 * A witness that fails proves nothing by itself: whoever asks looks at the
 * reasons.
 */
#ifndef OUTTURN_CLI_WITNESS_H
#define OUTTURN_CLI_WITNESS_H

#include "common/buf.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"
#include "transform/milestone/evaluate.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"

struct witness;

/* Of the newest version.  agencies: NULL, then one of each role speaks.  Borrows all. */
struct witness *witness_new(const struct contract *c, const struct agencies *agencies);
void witness_free(struct witness *w);

/* Tells what outcome `at` asks for, anew.  true: it is proven. */
bool witness_make(struct witness *w, uint32_t at);

/* What came out; of the ordinals the one that got farthest. */
const struct outcome *witness_outcome(const struct witness *w, uint32_t at);
bool witness_proven(const struct outcome *o);
bool witness_says(const struct outcome *o, enum reason_code code);

/* Leaves out what `holds` does without. */
typedef bool witness_fn(const struct witness *w, const void *arg);
void witness_shrink(struct witness *w, witness_fn *holds, const void *arg);

/* What is earned and payable for outcome `at`: of this person alone. */
void witness_money(struct witness *w, uint32_t at, int64_t *earned, int64_t *payable,
    struct span *cut_by);

/* The records, a line each, and what comes out for the outcomes named: appended. */
void witness_text(const struct witness *w, const uint32_t *outcomes, size_t n, struct buf *out);

/* The same of many people, each with this outcome proven: what is earned and payable in all. */
struct witness_crowd {
	int64_t people, earned, payable;
};
/* As few people as earn `earned`, or are owed `payable` (the other 0); false: too many. */
bool witness_crowd(struct witness *w, uint32_t at, int64_t earned, int64_t payable,
    struct witness_crowd *out);
/* The same of so many people like this one, for an outcome of the cohort; false: too many, or
 * an input is missing. */
bool witness_cohort(struct witness *w, uint32_t at, int64_t people, struct witness_crowd *out);

#endif
