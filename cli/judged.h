/*
 * judged - one contract's file with the code lists and agencies that go with it.
 *
 *	--contract x.yaml ─┐
 *	--codes, or config_dir/codes, or beside the contract ──────┼─► judged together: its examples
 *	--agencies, or config_dir/agencies.yaml, or beside it ─────┘   are run, mistakes are printed
 *
 * What try, simulate and forecast begin with.
 */
#ifndef OUTTURN_CLI_JUDGED_H
#define OUTTURN_CLI_JUDGED_H

#include "cli/pages.h"
#include "transform/milestone/contract.h"

struct judged {
	struct pages pages;        /* codes and agencies are there */
	struct contract *contract; /* owned */
};

/* CLI_OK; else the exit code, and the mistakes were printed.  codes, agencies: NULL, as above.
 * Released in both cases. */
int judged_read(struct cli *cli, const struct cli_verb *verb, const char *contract,
    const char *codes, const char *agencies, struct judged *out);
void judged_release(struct judged *j);

#endif
