/*
 * contract_terms - terms that would shame who signed them, shown by an example.
 *
 * A contract that can never pay, that pays twice for one fact, that nobody can
 * prove, whose caps contradict or whose ceiling is above its benefit is right
 * in form.  evaluate() and settle() are run on an invented person who has
 * everything (witness.h), and what they say is the reason: not a rule about
 * rules.
 *
 *	c.yaml:9:12: can never pay: 'home-6' comes out as not-met even of whoever has everything
 *	    for example
 *	      2015-01-01  referral by E08000099, programme p
 *	      2015-01-01  accommodation by E08000099
 *	      2015-07-01  accommodation-confirmed by E08000099
 *	      -> home-6 not-met: after-window
 */
#ifndef OUTTURN_CLI_CONTRACT_TERMS_H
#define OUTTURN_CLI_CONTRACT_TERMS_H

#include "ingest/agencies.h"
#include "transform/milestone/contract.h"

/* Of the newest version.  What contract_parse_shown() refused already gets its example.
 * agencies: NULL, then one of each role. */
void contract_terms_check(const struct contract *c, const struct agencies *agencies,
    struct yaml_report *report);

#endif
