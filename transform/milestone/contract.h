/*
 * contract - the terms of one outcomes contract, read from YAML.
 *
 * One file holds every version of a contract; outcomes say which version they
 * were decided under.  docs/contracts.md has the language with worked
 * examples; one table parses it, documents it, and will give editors their
 * schema.
 *
 * Money is in minor units of the contract's currency; durations are
 * calendar-exact (duration.h).
 *
 * Owns copies; read-only once parsed.
 */
#ifndef OUTTURN_CONTRACT_H
#define OUTTURN_CONTRACT_H

#include "common/yaml.h"

struct contract;

/* Owned, or NULL with every mistake of the file in `report`. */
struct contract *contract_parse(const struct yaml *root, struct yaml_report *report);
/* As contract_parse(), but what only its terms are refused for is returned as well: `outturn
 * check` runs it to show what it would do.  NULL: its form is wrong. */
struct contract *contract_parse_shown(const struct yaml *root, struct yaml_report *report);
void contract_free(struct contract *c);

struct span contract_name(const struct contract *c);
struct span contract_title(const struct contract *c);
int32_t contract_version_newest(const struct contract *c);
struct span contract_unit(const struct contract *c); /* person, child, family */
struct span contract_currency(const struct contract *c);
/* Outcomes as declared in the newest version: name and price, for people. */
size_t contract_outcomes_n(const struct contract *c);
struct span contract_outcome_name(const struct contract *c, size_t i);
struct span contract_outcome_title(const struct contract *c, size_t i);
int64_t contract_outcome_price(const struct contract *c, size_t i); /* minor units; 0: pay: none */

#endif
