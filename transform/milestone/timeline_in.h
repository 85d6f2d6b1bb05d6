/*
 * timeline_in - how a timeline lies in memory: for evaluate() and nobody else.
 *
 *	events     sorted by (start, event id)        ~180 bytes an event
 *	attributes of an event in one block behind it
 *	decisions  sorted by (at, decision id)
 *
 * Texts are the names' kept copies, so equal texts have equal pointers within
 * one timeline.
 */
#ifndef OUTTURN_TIMELINE_IN_H
#define OUTTURN_TIMELINE_IN_H

#include "transform/milestone/timeline.h"

struct name;                   /* a kept text */

struct event_attribute {
	const struct name *name;
	const struct name *text; /* NULL: a number, or nothing */
	int64_t number;          /* millionths */
	bool has_number;
};

struct event {
	struct id id;
	uint8_t raw_sha256[SHA256_BYTES];
	const struct name *organisation, *role, *kind, *evidence_type; /* NULL: absent */
	struct id episode;       /* zero: absent */
	date_t start, end;
	uint32_t attributes_n;
	struct event_attribute *attributes; /* owned */
};

struct decided {
	struct id id, anchor_event;
	uint8_t facts_hash[SHA256_BYTES];
	const struct name *what, *contract, *outcome, *by, *key_id;
	int64_t at_ms;
	int32_t ordinal;
	bool counts;
};

struct timeline {
	struct names *names;
	struct id unit;
	const struct name *unit_kind;
	struct event *events;
	uint32_t events_n, events_cap;
	struct decided *decisions;
	uint32_t decisions_n, decisions_cap;
	size_t attributes_bytes;
};

struct span name_text(const struct name *n); /* NULL: SPAN_NONE */
const struct name *names_name(struct names *n, struct span text); /* SPAN_NONE: NULL */

static inline const struct event_attribute *
event_attribute(const struct event *e, struct span name)
{
	for (uint32_t i = 0; i < e->attributes_n; i++)
		if (span_eq(name_text(e->attributes[i].name), name))
			return &e->attributes[i];
	return NULL;
}

#endif
