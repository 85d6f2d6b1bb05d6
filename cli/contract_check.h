/*
 * contract_check - a contract held against the code lists and the agencies.
 *
 * contract_parse() knows the language; whether 'hostle' is a setting, and
 * whether anybody may send the proof that an outcome asks for, depends on
 * files beside it.  A contract that nobody can satisfy is refused here, not
 * noticed a year later.
 */
#ifndef OUTTURN_CLI_CONTRACT_CHECK_H
#define OUTTURN_CLI_CONTRACT_CHECK_H

#include "ingest/agencies.h"
#include "ingest/codes.h"
#include "transform/milestone/contract.h"

/* Only the newest version is held against them: the older ones are agreed.
 * codes, agencies: NULL, that part is left out. */
void contract_check(const struct contract *c, const struct codes *codes,
    const struct agencies *agencies, struct yaml_report *report);

#endif
