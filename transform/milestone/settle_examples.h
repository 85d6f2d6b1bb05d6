/*
 * settle_examples - what a contract's terms must come to in money, for so many people.
 *
 *	settlements:
 *	- settlement: the eighty-first small job is over the cap
 *	  from: 2016-04-01
 *	  to: 2017-03-31
 *	  achieved: [{outcome: job-entry, people: 81, part: under-16, on: 2016-06-01, every_days: 1}]
 *	  payable: 32000.00
 *
 * Published totals are recomputed from invented outcomes; persons are numbers.
 * Pure.
 */
#ifndef OUTTURN_SETTLE_EXAMPLES_H
#define OUTTURN_SETTLE_EXAMPLES_H

#include "transform/milestone/contract.h"

extern const struct yaml_record settlement_record;

/* Every difference goes to the report. */
void settle_examples_run(const struct contract *contract, const struct yaml_list *settlements,
    struct yaml_report *report);

#endif
