/*
 * trial_html - `outturn try --html`: each person's outcomes that have begun, drawn.
 */
#ifndef OUTTURN_CLI_TRIAL_HTML_H
#define OUTTURN_CLI_TRIAL_HTML_H

#include "cli/trial.h"
#include "common/money.h"

/* Appends a person; name: as people call them.  list: what came out. */
void trial_html_person(const struct trial_person *p, struct span name,
    const struct outcome_list *list, const struct currency *currency, struct arena *arena,
    struct buf *out);

#endif
