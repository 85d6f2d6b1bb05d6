/*
 * settling - `outturn try --settle`: decisions and references in, a statement out.
 *
 *	people ─► decisions put on their timelines ─► outcomes ─► rows ─┐
 *	references, earlier statements ─────────────────────────────────┴─► settle ─► text, JSON
 *
 * docs/try.md says what is read and printed.
 */
#ifndef OUTTURN_CLI_SETTLING_H
#define OUTTURN_CLI_SETTLING_H

#include "cli/trial.h"
#include "common/json.h"
#include "transform/milestone/settle.h"

struct settling_said {
	const char *settle, *reference, *decisions, *sample, *seed, *parent; /* NULL: not said */
	const char **earlier;
	size_t earlier_n;
	const char *const *others;  /* other contracts that may pay for the same people */
	size_t others_n;
};

struct cli_settling;

/* Owned, or NULL: err says which file or period. */
struct cli_settling *settling_new(const struct settling_said *said, const struct contract *c,
    struct err *err);
void settling_free(struct cli_settling *s);

/* Puts the decisions that are about this person on the timeline.  -1: err. */
int settling_decide(struct cli_settling *s, struct trial *t, const struct trial_person *p,
    struct arena *arena, struct err *err);
/* Takes what came out of this person, here, in the tier above and under other contracts. */
void settling_take(struct cli_settling *s, const struct trial *t, const struct trial_person *p,
    const struct outcome_list *list, struct arena *arena);
/* Every decision was about somebody.  -1: err names the line of one that was not. */
int settling_all_met(const struct cli_settling *s, struct err *err);

/* The period and the figures that were said; false: no period. */
bool settling_facts(const struct cli_settling *s, struct settle_facts *out);

/* "settlement": an object, or null where no period was said. */
void settling_json(struct cli_settling *s, struct jw *j);
/* "sample": an object, or null where none was asked for. */
void settling_sample_json(struct cli_settling *s, struct jw *j);
void settling_text(struct cli_settling *s, struct buf *out);

#endif
