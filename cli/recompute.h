/*
 * recompute - what the warehouse should hold, from the raw topics, slowly.
 *
 *	raw ─judge─► evidence ─naive_match─► linked ─timeline, evaluate─► outcomes ─► lines
 *	  terms, suppressed, review, decision, reference: folded to their ends
 *
 * No level, no increment, no cut: the topics people write are read from their
 * first record to their last, then everything is computed once.  Where a raw
 * record is no more (expired, or its topic made anew), evidence is taken as
 * given, and counted.
 *
 * Shared with the daemons on purpose: the pure judgement of one raw record and
 * of one unit under one contract.  Matching is naive.h's.  Which version of an
 * event counts, who may say what, how complete a feed is: written again.
 */
#ifndef OUTTURN_CLI_RECOMPUTE_H
#define OUTTURN_CLI_RECOMPUTE_H

#include "cli/cli.h"

struct recompute_counts {
	size_t raw, given, events, units, outcomes; /* given: evidence of raw that is no more */
};

/* Appends the lines of sink/sql/dump.sql, sorted bytewise, each with its newline. */
int recompute(struct cli *cli, struct buf *lines, struct recompute_counts *counts,
    struct err *err);

#endif
