/*
 * fact - evidence as matchd keeps it: every version of every event.
 *
 *	(topic, epoch) ─ offset ─► version ◄─ next ─ version ◄─── event
 *	                              │ signature                   │ winner
 *
 * All versions are kept: the one that counts today may be rejected or erased
 * tomorrow, and the one below it counts again.  Organisations, kinds and codes
 * are few and kept once; so are the texts of attributes, apart, for those may
 * be many (a ward, a day).
 *
 * Pure.  Copies what it keeps.
 */
#ifndef OUTTURN_FACT_H
#define OUTTURN_FACT_H

#include "common/hash.h"
#include "common/record.h"
#include "common/topic.h"

/* Texts of which there are few, each once; number 0 is "absent". */
struct words {
	struct strmap by_text;
	struct span *text;
	uint32_t n;
};

struct kept_attribute {
	int64_t number;
	uint32_t name, text;
	bool has_number;
};

struct version {
	uint8_t raw_sha256[SHA256_BYTES];
	uint8_t episode[ID_BYTES];
	int64_t revision, offset, time_ms;
	struct kept_attribute *attributes; /* owned */
	date_t start, end;
	uint32_t event, next; /* next version of the event + 1 */
	uint32_t signature;   /* + 1; 0 where nothing is to be matched */
	uint16_t log, organisation, role, kind, evidence_type, attributes_n;
	bool used, withdrawn, tombstone, restricted, has_episode;
};

struct event {
	struct id id;
	uint32_t versions;       /* first + 1; 0: none */
	uint32_t winner;         /* + 1; 0: the event does not stand */
	uint32_t signature;      /* whose list it is in, + 1 */
	uint32_t next, previous; /* among the live events of its signature, + 1 */
	bool dirty, suppressed;
};

struct log_index { /* versions of one (topic, epoch) by raw offset */
	uint32_t topic;
	int32_t epoch;
	int64_t base;      /* 0 or more; grows both ways, each time by as much as there is */
	uint32_t *version; /* [offset - base], + 1 */
	size_t cap;
};

struct facts {
	struct words words;     /* topics, organisations, roles, kinds, evidence types */
	struct words texts;     /* of attributes */
	struct version **versions; /* chunks */
	uint32_t versions_n, free_version; /* + 1; chained by `next` */
	struct event **events;     /* chunks */
	uint32_t events_n;
	uint32_t *by_id;           /* open addressing: event + 1; its id is in the event */
	uint32_t by_id_cap;        /* power of two */
	uint64_t seed;
	struct log_index *logs;
	uint16_t logs_n;
	size_t attribute_bytes;
};

void facts_init(struct facts *f, uint64_t seed);
void facts_release(struct facts *f);

uint32_t words_put(struct words *w, struct span text); /* 0 for SPAN_NONE */
struct span words_text(const struct words *w, uint32_t number);

struct version *facts_version(const struct facts *f, uint32_t i);
struct event *facts_event(const struct facts *f, uint32_t i);
/* The event of an id, made if need be. */
uint32_t facts_event_of(struct facts *f, const struct id *id);
bool facts_event_find(const struct facts *f, const struct id *id, uint32_t *i);

/* Where the version of a raw position stands; *slot is its number + 1 or 0. */
uint32_t *facts_slot(struct facts *f, const struct key *key);
uint32_t facts_version_new(struct facts *f, uint32_t event);
void facts_version_del(struct facts *f, uint32_t i); /* also out of its event */
void facts_version_fill(struct facts *f, struct version *v, const struct evidence *ev);

/* The version that counts, + 1, or 0: the greatest (revision, epoch, offset, topic); a
 * tombstone withdraws what stands before it; a withdrawn one counts as none. */
uint32_t facts_winner(const struct facts *f, const struct event *e);

/* What `linked` says of a version; `attributes` has room for its number. */
void facts_linked(const struct facts *f, const struct version *v, struct attribute *attributes,
    struct linked *out);
size_t facts_bytes(const struct facts *f);

#endif
