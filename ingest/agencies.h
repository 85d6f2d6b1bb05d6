/*
 * agencies - who may send what, on which topic, under which agreement.
 *
 * Law and agreement travel with the feed: each topic is bound to one
 * organisation, which holds a lawful basis, a sharing agreement with a last
 * day, a purpose, the kinds it may speak of, and what may be derived from its
 * persons, each with a purpose of its own.  What is outside that is rejected
 * with a reason.
 *
 * Owns copies of all it was read from.  Read-only once parsed.
 */
#ifndef OUTTURN_INGEST_AGENCIES_H
#define OUTTURN_INGEST_AGENCIES_H

#include "common/yaml.h"
#include "ingest/codes.h"

enum { AGENCIES_MAX = 4096 };

struct agency {
	struct span organisation; /* ODS "RXA", GSS "E08000025", org-id "GB-CHC-..." */
	struct span name, role;
	struct span topic;        /* without the prefix: "raw.council-a" */
	int32_t epoch;            /* raised when the topic is made anew */
	struct span lawful_basis, condition, agreement, purpose;
	date_t starts, expires;   /* of the agreement; both days are in it */
	bool one_record_a_person; /* two local ids are two people */
	struct span *kinds;       /* sorted; base names: a spell's other forms are in it */
	size_t n_kinds;
	uint32_t derive;          /* bit 1 << enum derived: has a purpose here */
	struct span derive_purpose[DERIVED_END];
};

struct agencies {
	struct arena arena;
	struct agency *items; /* sorted by topic */
	size_t n;
};

/* Owned, or NULL with every mistake in `report`.  Kinds are looked up in `codes`. */
struct agencies *agencies_parse(const struct yaml *root, const struct codes *codes,
    struct yaml_report *report);
void agencies_free(struct agencies *agencies);

const struct agency *agency_of_topic(const struct agencies *agencies, struct span topic);
const struct agency *agency_of_organisation(const struct agencies *agencies, struct span id);
bool agency_may_say(const struct agency *agency, struct span base_kind);

/* ODS: 3-6 letters and digits; GSS: E, W, S, N and 8 digits; org-id: GB-CHC-123456. */
bool organisation_valid(struct span id);

#endif
