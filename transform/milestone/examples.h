/*
 * examples - a contract's own tests: events in, outcomes out.
 *
 * <contract>.examples.yaml stands beside the contract and travels with it;
 * `outturn check` runs it.  An example that comes out otherwise is a mistake
 * at its line, so that a varied term which breaks an agreed case is seen
 * before it is published.  docs/contracts.md explains the file.
 *
 * Pure.
 */
#ifndef OUTTURN_EXAMPLES_H
#define OUTTURN_EXAMPLES_H

#include "transform/milestone/contract.h"

/* How many were run; every mistake, of form or of outcome, goes to the report. */
uint32_t examples_run(const struct contract *contract, const struct yaml *root,
    struct yaml_report *report);

#endif
