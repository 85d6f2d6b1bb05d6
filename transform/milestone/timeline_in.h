/*
 * timeline_in - how a timeline lies in memory: for evaluate() and the stage.
 *
 *	events     sorted by (start, event id)
 *	attributes in one block, those of an event together
 *	decisions  sorted by (at, decision id)
 *
 * Texts are the names' kept copies, so equal texts have equal pointers within
 * one timeline.
 */
#ifndef OUTTURN_TIMELINE_IN_H
#define OUTTURN_TIMELINE_IN_H

#include "transform/milestone/timeline.h"

enum { NAME_SEED = 0x6e616d65 }; /* of `hash`: to look texts up in a contract's tables */

struct name {                  /* a kept text */
	struct span text;
	uint64_t hash;
	uint64_t kind;         /* its bit, once somebody has asked */
};

/*
 * What was hashed for this unit before: SHA-256 costs more than all the rest of
 * an evaluation.  A memo answers only what would be computed; evaluate() stays
 * a pure function that is not thread-safe for one timeline.
 */
struct facts_memo {
	uint64_t mix;          /* of the contract, its version, the facts' own mixes */
	uint8_t hash[SHA256_BYTES];
};

/* Does the unit have its outcomes, as far as the stage has told?  FRESH: to be told. */
enum memo_state { MEMO_SPARE, MEMO_FRESH, MEMO_STANDS };

struct memo {
	struct memo *next;
	uint64_t key;          /* of the contract's and the outcomes' names */
	struct facts_memo *facts; /* owned */
	uint16_t *facts_of;    /* of each outcome, then of the referral alone: the place in facts */
	uint32_t n, facts_n, facts_cap;
	enum memo_state state; /* the stage's */
	uint32_t look;         /* the stage's: when it was used last */
	struct id ids[];       /* of n outcomes, in order; facts_of behind them */
};

#define FACTS_NOWHERE UINT16_MAX     /* of facts_of: none yet */
#define FACTS_OF_REFERRAL UINT32_MAX /* for memo_facts() */

struct event_attribute {
	const struct name *name;
	const struct name *text; /* NULL: a number, or nothing */
	int64_t number;          /* millionths */
	bool has_number;
};

struct event {                 /* what every evaluation looks at comes first: a cache line */
	date_t start, end;
	const struct name *kind, *organisation, *role, *evidence_type; /* NULL: absent */
	struct event_attribute *attributes; /* in the timeline's block */
	uint64_t mix;          /* of id and content, seeded */
	uint32_t attributes_n;
	uint32_t rank;         /* by id, from 0, among the timeline's events */
	struct id id;
	struct id episode;     /* zero: absent */
	uint8_t raw_sha256[SHA256_BYTES];
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
	struct event_attribute *attributes;
	uint32_t attributes_n, attributes_cap;
	struct memo *memos;      /* owned; changed by evaluate(), see above */
	uint64_t programmes;     /* programme_bit() of all that was ever stated: most contracts
	                          * are nobody's of this unit's, and are passed over */
};

static inline uint64_t
id_half(const uint8_t *p) /* so that numbers stand as bytes do */
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* id_cmp() < 0, without a call. */
static inline bool
id_before(const struct id *a, const struct id *b)
{
	uint64_t x = id_half(a->b), y = id_half(b->b);

	return x != y ? x < y : id_half(a->b + 8) < id_half(b->b + 8);
}

/* span_eq(), without a call: names are short. */
static inline bool
text_eq(struct span a, struct span b)
{
	uint64_t x, y;

	if (a.len != b.len)
		return false;
	if (a.len < sizeof(x)) {
		for (size_t i = 0; i < a.len; i++)
			if (a.ptr[i] != b.ptr[i])
				return false;
		return true;
	}
	for (size_t i = 0;; i = i + 2 * sizeof(x) <= a.len ? i + sizeof(x) : a.len - sizeof(x)) {
		memcpy(&x, a.ptr + i, sizeof(x));
		memcpy(&y, b.ptr + i, sizeof(y));
		if (x != y)
			return false;
		if (i == a.len - sizeof(x))
			return true;
	}
}

static inline uint64_t
programme_bit(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63);
}

static inline struct span
name_text(const struct name *n) /* NULL: SPAN_NONE */
{
	return n ? n->text : SPAN_NONE;
}

const struct name *names_name(struct names *n, struct span text); /* SPAN_NONE: NULL */

/* The memo of (key, n outcomes); made when there is none, with ids to be filled in. */
struct memo *timeline_memo(const struct timeline *tl, uint64_t key, uint32_t n, bool *fresh);
void timeline_forget(struct timeline *tl, struct memo *m);
/* The hash that an outcome, by its place among ids, has under `mix`; *fresh: to be filled in. */
uint8_t *memo_facts(struct memo *m, uint32_t outcome, uint64_t mix, bool *fresh);

static inline const struct event_attribute *
event_attribute(const struct event *e, struct span name)
{
	for (uint32_t i = 0; i < e->attributes_n; i++)
		if (text_eq(name_text(e->attributes[i].name), name))
			return &e->attributes[i];
	return NULL;
}

#endif
