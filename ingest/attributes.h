/*
 * attributes - what evidence says of an event beside its days, and nothing else.
 *
 *	sent by the agency    judged by the kind's definitions: code, number,
 *	                      boolean, date; anything else rejects the record
 *	derived here          a closed list, each only where the agency's entry
 *	                      states a purpose for it
 *
 * No text of the agency's passes: a code leaves in the list's own spelling, a
 * date is written anew, a number is a number.  Restricted records carry
 * nothing that tells where.
 *
 * Pure.
 */
#ifndef OUTTURN_INGEST_ATTRIBUTES_H
#define OUTTURN_INGEST_ATTRIBUTES_H

#include "common/arena.h"
#include "common/err.h"
#include "common/record.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"
#include "ingest/postcodes.h"

enum { ATTRIBUTES_MAX = KIND_ATTRIBUTES_MAX + DERIVED_END, ADULT_YEARS = 18 };

struct derive_from {
	const struct agency *agency;
	const struct postcodes *postcodes; /* NULL: none supplied */
	date_t on;                         /* day of the event */
	date_t dob;                        /* DATE_NONE: absent */
	struct span sex, ethnic_group;     /* canonical, or absent */
	const struct postcode *postcode;   /* len 0: absent */
	bool restricted;
};

/*
 * Fills `out` (from the arena), sorted by name.  -1: ERR_RECORD; the field is
 * "event.attributes.<name>" with the *definition's* name.
 */
int attributes_build(const struct kind_ref *kind, const struct av_array *sent,
    const struct derive_from *from, struct av_array *out, struct arena *arena, struct err *err);

#endif
