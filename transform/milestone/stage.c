#include "transform/milestone/stage.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"

enum { STAGE_CONTRACTS_MAX = 256 };

struct unit {
	struct timeline *tl;    /* NULL: nothing is known any more */
	struct id *outcomes;    /* of the last time it was asked, in the contracts' order; owned */
	uint32_t outcomes_n;
	bool touched;
};

struct held {                   /* a decision as it was sent */
	uint32_t unit;
	struct id id;
	struct span bytes;      /* owned; SPAN_NONE: free */
};

struct published {
	struct span name;       /* owned */
	struct contract *contract;
};

struct feed {
	struct span topic, organisation; /* owned; organisation SPAN_NONE: not said yet */
	date_t through;
};

struct stage {
	struct stage_asks asks;
	struct names *names;
	struct idmap by_unit;   /* -> index of units */
	struct unit *units;
	uint32_t units_n, units_cap;
	uint32_t *touched;      /* indexes of units, to be asked about */
	uint32_t touched_n, touched_at, touched_cap;
	struct id *keys;        /* outcomes of the unit in hand */
	uint32_t keys_n, keys_at, keys_cap;
	struct idmap by_outcome; /* -> index of units */
	struct strmap by_decision; /* unit and decision -> index of held */
	struct held *held;
	uint32_t held_n;
	struct published published[STAGE_CONTRACTS_MAX];
	uint32_t published_n;
	struct feed *feeds;
	uint32_t feeds_n;
	date_t as_at;
	/* the last evaluation of all contracts for one unit */
	struct arena arena;
	uint32_t seen_unit;
	bool seen;
	struct outcome_list seen_lists[STAGE_CONTRACTS_MAX];
	uint32_t hint_list, hint_item; /* what is asked for next, most likely */
	uint64_t evaluations;
};

static struct span
span_own(struct span s)
{
	uint8_t *copy = mem_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return span_of(copy, s.len);
}

static void
span_drop(struct span s)
{
	mem_free((void *)(uintptr_t)s.ptr);
}

struct stage *
stage_new(const struct stage_asks *asks, uint64_t seed)
{
	struct stage *st = mem_zalloc(1, sizeof(*st));

	st->asks = *asks;
	st->names = names_new(seed);
	idmap_init(&st->by_unit, seed);
	idmap_init(&st->by_outcome, seed);
	strmap_init(&st->by_decision, seed);
	arena_init(&st->arena, 0);
	st->as_at = DATE_NONE;
	return st;
}

void
stage_free(struct stage *st)
{
	if (!st)
		return;
	for (uint32_t i = 0; i < st->units_n; i++) {
		timeline_free(st->units[i].tl);
		mem_free(st->units[i].outcomes);
	}
	for (uint32_t i = 0; i < st->held_n; i++)
		span_drop(st->held[i].bytes);
	for (uint32_t i = 0; i < st->published_n; i++) {
		span_drop(st->published[i].name);
		contract_free(st->published[i].contract);
	}
	for (uint32_t i = 0; i < st->feeds_n; i++) {
		span_drop(st->feeds[i].topic);
		span_drop(st->feeds[i].organisation);
	}
	mem_free(st->units);
	mem_free(st->touched);
	mem_free(st->keys);
	mem_free(st->held);
	mem_free(st->feeds);
	idmap_release(&st->by_unit);
	idmap_release(&st->by_outcome);
	strmap_release(&st->by_decision);
	arena_release(&st->arena);
	names_free(st->names);
	mem_free(st);
}

/* --- what is touched ------------------------------------------------------------ */

static void
touch(struct stage *st, uint32_t unit)
{
	if (st->seen && st->seen_unit == unit)
		st->seen = false;
	if (st->units[unit].touched)
		return;
	st->units[unit].touched = true;
	if (st->touched_at == st->touched_n)
		st->touched_at = st->touched_n = 0;
	if (st->touched_n == st->touched_cap) {
		st->touched_cap = st->touched_cap ? st->touched_cap * 2 : 64;
		st->touched = mem_realloc(st->touched, st->touched_cap, sizeof(*st->touched));
	}
	st->touched[st->touched_n++] = unit;
}

static void
touch_all(struct stage *st)
{
	st->seen = false;
	for (uint32_t i = 0; i < st->units_n; i++)
		if (st->units[i].tl || st->units[i].outcomes_n)
			touch(st, i);
}

/* --- records in -------------------------------------------------------------------- */

static uint32_t
unit_of(struct stage *st, const struct id *id)
{
	uint32_t *at;
	bool fresh;

	at = idmap_put(&st->by_unit, id, &fresh);
	if (fresh) {
		if (st->units_n == st->units_cap) {
			st->units_cap = st->units_cap ? st->units_cap * 2 : 64;
			st->units = mem_realloc(st->units, st->units_cap, sizeof(*st->units));
		}
		*at = st->units_n;
		st->units[st->units_n++] = (struct unit){ .tl = NULL };
	}
	if (!st->units[*at].tl)
		st->units[*at].tl = timeline_new(st->names, id);
	return *at;
}

static void
unit_settle(struct stage *st, uint32_t unit)
{
	struct unit *u = &st->units[unit];

	touch(st, unit);
	if (!timeline_empty(u->tl))
		return;
	timeline_free(u->tl);
	u->tl = NULL;
}

void
stage_event(struct stage *st, const struct id *unit, const struct id *event,
    const struct linked *ln)
{
	uint32_t at = unit_of(st, unit);

	timeline_event(st->units[at].tl, event, ln);
	unit_settle(st, at);
}

static void
decision_put(struct stage *st, const struct held *h)
{
	struct timeline *tl = st->units[h->unit].tl;
	struct decision de;
	bool counts = false;

	if (h->bytes.ptr && st->asks.decision(st->asks.arg, h->bytes, &de, &counts))
		timeline_decision(tl, &h->id, &de, counts);
	else
		timeline_decision(tl, &h->id, NULL, false);
}

void
stage_decision(struct stage *st, const struct id *unit, const struct id *decision,
    struct span bytes)
{
	uint8_t key[2 * ID_BYTES];
	uint32_t at = unit_of(st, unit);
	struct held *h;
	uint64_t *slot;
	bool fresh;

	memcpy(key, unit->b, ID_BYTES);
	memcpy(key + ID_BYTES, decision->b, ID_BYTES);
	slot = strmap_put(&st->by_decision, span_of(key, sizeof(key)), &fresh);
	if (fresh) {
		*slot = st->held_n;
		st->held = mem_realloc(st->held, st->held_n + 1, sizeof(*st->held));
		st->held[st->held_n++] = (struct held){ .unit = at, .id = *decision };
	}
	h = &st->held[*slot];
	span_drop(h->bytes);
	h->bytes = bytes.ptr ? span_own(bytes) : SPAN_NONE;
	decision_put(st, h);
	unit_settle(st, at);
}

void
stage_decisions_again(struct stage *st)
{
	for (uint32_t i = 0; i < st->held_n; i++) {
		if (!st->held[i].bytes.ptr)
			continue;
		decision_put(st, &st->held[i]);
		touch(st, st->held[i].unit);
	}
}

/* --- terms, the day, how complete -------------------------------------------------- */

void
stage_contract(struct stage *st, struct span name, struct contract *c)
{
	uint32_t i = 0;

	while (i < st->published_n && !span_eq(st->published[i].name, name))
		i++;
	if (i < st->published_n) {
		contract_free(st->published[i].contract);
	} else if (c && i < STAGE_CONTRACTS_MAX) {
		st->published[st->published_n++].name = span_own(name);
	} else {
		contract_free(c);
		return;
	}
	st->published[i].contract = c;
	if (!c) {
		span_drop(st->published[i].name);
		st->published[i] = st->published[--st->published_n];
	}
	touch_all(st);
}

void
stage_as_at(struct stage *st, date_t day)
{
	if (day == st->as_at)
		return;
	st->as_at = day;
	touch_all(st);
}

static struct feed *
feed_of(struct stage *st, struct span topic)
{
	for (uint32_t i = 0; i < st->feeds_n; i++)
		if (span_eq(st->feeds[i].topic, topic))
			return &st->feeds[i];
	st->feeds = mem_realloc(st->feeds, st->feeds_n + 1, sizeof(*st->feeds));
	st->feeds[st->feeds_n] = (struct feed){ .topic = span_own(topic), .through = DATE_NONE };
	return &st->feeds[st->feeds_n++];
}

void
stage_complete(struct stage *st, struct span raw_topic, date_t through)
{
	struct feed *f = feed_of(st, raw_topic);

	if (f->through == through)
		return;
	f->through = through;
	touch_all(st);
}

void
stage_agencies(struct stage *st, const struct span (*pairs)[2], size_t n)
{
	for (uint32_t i = 0; i < st->feeds_n; i++) {
		span_drop(st->feeds[i].organisation);
		st->feeds[i].organisation = SPAN_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		struct feed *f = feed_of(st, pairs[i][0]);

		span_drop(f->organisation);
		f->organisation = span_own(pairs[i][1]);
	}
	touch_all(st);
}

/* An organisation of several topics is as complete as the last of them. */
static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct stage *st = arg;
	date_t through = DATE_NONE;
	bool any = false;

	for (uint32_t i = 0; i < st->feeds_n; i++) {
		const struct feed *f = &st->feeds[i];

		if (!f->organisation.ptr || !span_eq(f->organisation, organisation))
			continue;
		if (!any || f->through < through)
			through = f->through;
		any = true;
	}
	return through;
}

/* --- outcomes ---------------------------------------------------------------------- */

static void
look(struct stage *st, uint32_t unit)
{
	struct evaluate_facts facts = { .as_at = st->as_at, .complete_through = complete_through,
		.arg = st };

	if (st->seen && st->seen_unit == unit)
		return;
	arena_reset(&st->arena);
	st->seen = true;
	st->seen_unit = unit;
	st->hint_list = st->hint_item = 0;
	for (uint32_t i = 0; i < st->published_n; i++) {
		st->seen_lists[i] = (struct outcome_list){ NULL, 0 };
		if (st->units[unit].tl)
			st->seen_lists[i] = evaluate(st->published[i].contract,
			    st->units[unit].tl, &facts, &st->arena);
	}
	st->evaluations++;
}

static void
key_add(struct stage *st, const struct id *id)
{
	if (st->keys_at == st->keys_n)
		st->keys_at = st->keys_n = 0;
	if (st->keys_n == st->keys_cap) {
		st->keys_cap = st->keys_cap ? st->keys_cap * 2 : 64;
		st->keys = mem_realloc(st->keys, st->keys_cap, sizeof(*st->keys));
	}
	st->keys[st->keys_n++] = *id;
}

static const struct outcome *
seen_find(const struct stage *st, const struct id *id)
{
	for (uint32_t i = 0; i < st->published_n; i++)
		for (uint32_t k = 0; k < st->seen_lists[i].n; k++)
			if (id_eq(&st->seen_lists[i].items[k].outcome_id, id))
				return &st->seen_lists[i].items[k];
	return NULL;
}

static bool
same_keys(const struct stage *st, const struct unit *u)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < st->published_n; i++)
		for (uint32_t k = 0; k < st->seen_lists[i].n; k++, n++)
			if (n == u->outcomes_n
			    || !id_eq(&st->seen_lists[i].items[k].outcome_id, &u->outcomes[n]))
				return false;
	return n == u->outcomes_n;
}

/* The unit's outcomes of today and those that stood there before: all may differ. */
static void
unit_keys(struct stage *st, uint32_t at)
{
	struct unit *u = &st->units[at];
	uint32_t n = 0, k = 0;

	u->touched = false;
	look(st, at);
	if (same_keys(st, u)) {
		for (uint32_t i = 0; i < u->outcomes_n; i++)
			key_add(st, &u->outcomes[i]);
		return;
	}
	for (uint32_t i = 0; i < u->outcomes_n; i++)
		if (!seen_find(st, &u->outcomes[i])) {
			key_add(st, &u->outcomes[i]);
			idmap_del(&st->by_outcome, &u->outcomes[i]);
		}
	for (uint32_t i = 0; i < st->published_n; i++)
		n += st->seen_lists[i].n;
	if (n != u->outcomes_n) {
		mem_free(u->outcomes);
		u->outcomes = n ? mem_alloc(n * sizeof(*u->outcomes)) : NULL;
		u->outcomes_n = n;
	}
	for (uint32_t i = 0; i < st->published_n; i++)
		for (uint32_t o = 0; o < st->seen_lists[i].n; o++) {
			const struct id *id = &st->seen_lists[i].items[o].outcome_id;

			u->outcomes[k++] = *id;
			*idmap_put(&st->by_outcome, id, NULL) = at;
			key_add(st, id);
		}
}

/* A unit's facts lie somewhere in memory: those of the next are fetched meanwhile. */
static void
ahead(const struct stage *st)
{
	enum { FAR = 4, NEAR = 2 };
	const struct unit *u;

	if (st->touched_at + FAR < st->touched_n) {
		u = &st->units[st->touched[st->touched_at + FAR]];
		__builtin_prefetch(u->tl);
		__builtin_prefetch(u->outcomes);
	}
	if (st->touched_at + NEAR < st->touched_n) {
		u = &st->units[st->touched[st->touched_at + NEAR]];
		if (u->tl)
			timeline_ahead(u->tl);
	}
}

static bool
touched_take(struct stage *st)
{
	if (st->touched_at == st->touched_n)
		return false;
	ahead(st);
	unit_keys(st, st->touched[st->touched_at++]);
	return true;
}

bool
stage_next_touched(struct stage *st, struct id *outcome)
{
	while (st->keys_at == st->keys_n)
		if (!touched_take(st))
			return false;
	*outcome = st->keys[st->keys_at++];
	return true;
}

/* Outcomes are asked for in the order in which they were named. */
static const struct outcome *
seen_next(struct stage *st, const struct id *id)
{
	const struct outcome_list *list;

	if (!st->seen)
		return NULL;
	while (st->hint_list < st->published_n
	    && st->hint_item == st->seen_lists[st->hint_list].n) {
		st->hint_list++;
		st->hint_item = 0;
	}
	if (st->hint_list >= st->published_n)
		return NULL;
	list = &st->seen_lists[st->hint_list];
	if (!id_eq(&list->items[st->hint_item].outcome_id, id))
		return NULL;
	return &list->items[st->hint_item++];
}

const struct outcome *
stage_want(struct stage *st, const struct id *outcome)
{
	const struct outcome *next = seen_next(st, outcome);
	uint32_t *at;

	if (next)
		return next;
	at = idmap_find(&st->by_outcome, outcome);
	/* a key that was found in the output: whose it is, is known once all are asked */
	while (!at && touched_take(st))
		at = idmap_find(&st->by_outcome, outcome);
	if (!at)
		return NULL;
	look(st, *at);
	return seen_find(st, outcome);
}

struct stage_stats
stage_stats(const struct stage *st)
{
	struct stage_stats s = { .evaluations = st->evaluations, .contracts = st->published_n,
		.as_at = st->as_at };

	s.table_bytes = st->units_cap * sizeof(*st->units)
	    + st->by_unit.cap * sizeof(*st->by_unit.slots)
	    + st->by_outcome.cap * sizeof(*st->by_outcome.slots)
	    + st->touched_cap * sizeof(*st->touched);
	for (uint32_t i = 0; i < st->units_n; i++) {
		if (!st->units[i].tl)
			continue;
		s.units++;
		s.events += timeline_events(st->units[i].tl);
		s.bytes += timeline_bytes(st->units[i].tl);
	}
	return s;
}
