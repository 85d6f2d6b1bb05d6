/*
 * rule_kinds - every kind of rule once: its name, its parameters, what they mean.
 *
 *	table ─┬─► contract.c        reads a rule by its kind's own fields
 *	       ├─► outturn rules     lists kinds, parameters, units, defaults
 *	       ├─► docs              tests hold docs/contracts.md to it
 *	       └─► JSON Schema       for editors
 *
 * A parameter that terms may leave open has a default here, and nowhere else.
 * One without a default, and required, must be declared: nobody may guess.
 */
#ifndef OUTTURN_RULE_KINDS_H
#define OUTTURN_RULE_KINDS_H

#include "transform/milestone/rules.h"

struct rule_kind_def {
	const char *title, *says;
	const char *example;   /* the rule, as YAML */
	const struct yaml_record *record;
	bool runs;             /* false: written down, refused until it is computed */
};

const struct rule_kind_def *rule_kind_def(enum rule_kind kind);
const char *rule_kind_word(enum rule_kind kind);  /* as `kind:` says it */
int rule_kind_number(enum rule_kind kind);        /* 1 to 22: kinds of one family share it */
enum rule_scope rule_kind_scope(enum rule_kind kind);
bool rule_kind_find(struct span word, enum rule_kind *kind);
size_t rule_kind_words(const char *const **words); /* for "did you mean" */

/* Parts of the language that are not a rule, for whoever documents it. */
extern const struct yaml_record spell_record, price_record, worth_record, calendar_record,
    rate_record, cap_record, payer_record, condition_record;
extern const struct yaml_record contract_record; /* a whole file: contract.c */

#endif
