/*
 * nickname - which forenames are the same person's.
 *
 * "bill", "will" and "william" share the class "william"; a name outside the
 * table is its own class.  Each name is in exactly one class, so that the
 * class is a function of the name: "alex" stands with "alexander" and
 * "alexandra" both, and the sex is compared elsewhere.  Spellings of one name
 * (mohammed, muhammad) are a class as well.
 *
 * From general knowledge, frozen with NORMALISE_VERSION: a changed row changes
 * tokens.  Pure.
 */
#ifndef OUTTURN_NICKNAME_H
#define OUTTURN_NICKNAME_H

#include "common/span.h"

struct span nickname_class(struct span forename); /* of a normalised forename; borrows it or ours */

size_t nickname_count(void);           /* the table, for its tests */
struct span nickname_at(size_t at);

#endif
