/*
 * man - the manual page and the shell's completion, from the table of verbs.
 *
 * packaging/man/outturn.1 and packaging/completion/outturn.bash are what these
 * print; a test compares.
 */
#ifndef OUTTURN_CLI_MAN_H
#define OUTTURN_CLI_MAN_H

#include "cli/cli.h"

/* mdoc(7). */
void man_page(const struct cli_verb *const *verbs, size_t n, struct buf *out);
/* For bash. */
void man_completion(const struct cli_verb *const *verbs, size_t n, struct buf *out);

#endif
