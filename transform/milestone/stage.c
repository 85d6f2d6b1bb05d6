#include "transform/milestone/stage.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/owners.h"
#include "transform/milestone/timeline_in.h"

enum { STAGE_CONTRACTS_MAX = 256 };

struct unit {
	struct timeline *tl;    /* NULL: nothing is known any more; its memos say what stands */
	uint64_t touched;       /* kinds, as bits (timeline.h) */
};

struct held {                   /* a decision as it was sent */
	uint32_t unit;
	struct id id;
	struct span bytes;      /* owned; SPAN_NONE: free */
};

struct published {
	struct span name;       /* owned */
	struct contract *contract;
	struct reads *reads;
};

struct feed {
	struct span topic, organisation; /* owned; organisation SPAN_NONE: not said yet */
	date_t through;
};

struct told {                   /* an outcome that may differ */
	struct id id;
	bool gone;              /* there is none any more */
};

struct stage {
	struct stage_asks asks;
	struct names *names;
	struct idmap by_unit;   /* -> index of units */
	struct unit *units;
	uint32_t units_n, units_cap;
	uint32_t *touched;      /* indexes of units, to be asked about */
	uint32_t touched_n, touched_at, touched_cap;
	struct told *keys;      /* outcomes of the unit in hand */
	uint32_t keys_n, keys_at, keys_cap;
	bool gone;              /* the last that was named has gone */
	struct owners owners;   /* outcome -> index of units */
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
	uint64_t seen_kinds;    /* what was judged: what these touch; nothing: not seen */
	uint32_t looks;
	struct outcome_list seen_lists[STAGE_CONTRACTS_MAX];
	uint32_t hint_list, hint_item; /* what is asked for next, most likely */
	uint64_t evaluations, judged;
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

static void
published_drop(struct published *p)
{
	contract_free(p->contract);
	reads_free(p->reads);
}

struct stage *
stage_new(const struct stage_asks *asks, uint64_t seed)
{
	struct stage *st = mem_zalloc(1, sizeof(*st));

	st->asks = *asks;
	st->names = names_new(seed);
	idmap_init(&st->by_unit, seed);
	owners_init(&st->owners, seed);
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
	for (uint32_t i = 0; i < st->units_n; i++)
		timeline_free(st->units[i].tl);
	for (uint32_t i = 0; i < st->held_n; i++)
		span_drop(st->held[i].bytes);
	for (uint32_t i = 0; i < st->published_n; i++) {
		span_drop(st->published[i].name);
		published_drop(&st->published[i]);
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
	owners_release(&st->owners);
	strmap_release(&st->by_decision);
	arena_release(&st->arena);
	names_free(st->names);
	mem_free(st);
}

/* --- what is touched ------------------------------------------------------------ */

static void
touch(struct stage *st, uint32_t unit, uint64_t kinds)
{
	bool queued = st->units[unit].touched != KINDS_NONE;

	if (kinds == KINDS_NONE)
		return;
	if (st->seen_unit == unit)
		st->seen_kinds = KINDS_NONE;
	st->units[unit].touched |= kinds;
	if (queued)
		return;
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
	for (uint32_t i = 0; i < st->units_n; i++)
		if (st->units[i].tl)
			touch(st, i, KINDS_ALL);
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

/* A timeline of which nothing is left goes once its outcomes have been named. */
void
stage_event(struct stage *st, const struct id *unit, const struct id *event,
    const struct linked *ln)
{
	uint32_t at = unit_of(st, unit);

	touch(st, at, timeline_event(st->units[at].tl, event, ln));
	if (timeline_empty(st->units[at].tl))
		touch(st, at, KINDS_ALL);
}

static void
decision_put(struct stage *st, const struct held *h)
{
	struct timeline *tl = st->units[h->unit].tl;
	struct decision de;
	bool counts = false;

	if (!tl) /* it could not be read, and there is nothing else */
		return;
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
	touch(st, at, KINDS_ALL);
}

void
stage_decisions_again(struct stage *st)
{
	for (uint32_t i = 0; i < st->held_n; i++) {
		if (!st->held[i].bytes.ptr)
			continue;
		decision_put(st, &st->held[i]);
		touch(st, st->held[i].unit, KINDS_ALL);
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
		published_drop(&st->published[i]);
	} else if (c && i < STAGE_CONTRACTS_MAX) {
		st->published[st->published_n++].name = span_own(name);
	} else {
		contract_free(c);
		return;
	}
	st->published[i].contract = c;
	st->published[i].reads = c ? reads_new(c, st->names) : NULL;
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

/* Judges what these kinds can touch; what was judged of the unit just before stays. */
static void
look(struct stage *st, uint32_t unit, uint64_t kinds)
{
	struct evaluate_facts facts = { .as_at = st->as_at, .complete_through = complete_through,
		.arg = st };
	const struct timeline *tl = st->units[unit].tl;

	if (st->seen_unit == unit && (st->seen_kinds & kinds) == kinds)
		return;
	arena_reset(&st->arena);
	st->seen_unit = unit;
	st->seen_kinds = kinds;
	st->looks++;
	st->hint_list = st->hint_item = 0;
	for (uint32_t i = 0; i < st->published_n; i++) {
		struct outcome_list *list = &st->seen_lists[i];

		*list = (struct outcome_list){ .n = 0 };
		if (!tl)
			continue;
		*list = evaluate_touched(st->published[i].contract, st->published[i].reads, kinds,
		    tl, &facts, &st->arena);
		st->judged += list->n;
		if (!list->memo)
			continue;
		list->memo->look = st->looks;
		if (list->memo->state == MEMO_SPARE)
			list->memo->state = MEMO_FRESH;
	}
	st->evaluations++;
}

static void
key_add(struct stage *st, const struct id *id, bool gone)
{
	if (st->keys_at == st->keys_n)
		st->keys_at = st->keys_n = 0;
	if (st->keys_n == st->keys_cap) {
		st->keys_cap = st->keys_cap ? st->keys_cap * 2 : 64;
		st->keys = mem_realloc(st->keys, st->keys_cap, sizeof(*st->keys));
	}
	st->keys[st->keys_n++] = (struct told){ *id, gone };
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

/* What stood there and is not among today's outcomes any more. */
static void
gone_name(struct stage *st, uint32_t at)
{
	struct timeline *tl = st->units[at].tl;

	for (struct memo *m = tl->memos, *next; m; m = next) {
		next = m->next;
		if (m->look == st->looks || m->state == MEMO_SPARE)
			continue;
		for (uint32_t i = 0; i < m->n && m->state == MEMO_STANDS; i++) {
			key_add(st, &m->ids[i], true);
			MUST(owners_del(&st->owners, &m->ids[i], at));
		}
		timeline_forget(tl, m);
	}
}

static void
today_name(struct stage *st, uint32_t at, const struct outcome_list *list)
{
	struct memo *m = list->memo;

	if (m && m->state == MEMO_FRESH) { /* all of them */
		m->state = MEMO_STANDS;
		for (uint32_t i = 0; i < m->n; i++) {
			owners_put(&st->owners, &m->ids[i], at);
			key_add(st, &m->ids[i], false);
		}
		return;
	}
	for (uint32_t i = 0; i < list->n; i++)
		key_add(st, &list->items[i].outcome_id, false);
	for (uint32_t i = 0; i < list->absent_n; i++)
		key_add(st, &list->absent[i], false);
}

/* The unit's outcomes of today that may differ, and those that stood there before. */
static void
unit_keys(struct stage *st, uint32_t at)
{
	struct unit *u = &st->units[at];

	look(st, at, u->touched);
	u->touched = KINDS_NONE;
	if (!u->tl)
		return;
	gone_name(st, at);
	for (uint32_t i = 0; i < st->published_n; i++)
		today_name(st, at, &st->seen_lists[i]);
	if (timeline_empty(u->tl)) {
		timeline_free(u->tl);
		u->tl = NULL;
		st->seen_kinds = KINDS_NONE;
	}
}

static const struct timeline *
touched_soon(const struct stage *st, uint32_t far)
{
	if (far >= st->touched_n - st->touched_at)
		return NULL;
	return st->units[st->touched[st->touched_at + far]].tl;
}

/* A unit's facts lie somewhere in memory: those of the next are fetched meanwhile, each
 * time as far as the pointers are known. */
static void
ahead(const struct stage *st)
{
	enum { FAR = 4, NEAR = 2, NEXT = 1 };
	const struct timeline *far = touched_soon(st, FAR), *near = touched_soon(st, NEAR),
	    *next = touched_soon(st, NEXT);

	if (far)
		__builtin_prefetch(far);
	if (near)
		timeline_ahead(near);
	if (next)
		timeline_next(next);
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
	const struct told *next;

	while (st->keys_at == st->keys_n)
		if (!touched_take(st))
			return false;
	next = &st->keys[st->keys_at++];
	*outcome = next->id;
	st->gone = next->gone;
	return true;
}

/* Outcomes are asked for in the order in which they were named. */
static const struct outcome *
seen_next(struct stage *st, const struct id *id)
{
	const struct outcome_list *list;

	if (st->seen_kinds == KINDS_NONE)
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

static bool
stands_at(const struct stage *st, uint32_t unit, const struct id *outcome)
{
	const struct timeline *tl = st->units[unit].tl;

	for (const struct memo *m = tl ? tl->memos : NULL; m; m = m->next)
		for (uint32_t i = 0; i < m->n && m->state == MEMO_STANDS; i++)
			if (id_eq(&m->ids[i], outcome))
				return true;
	return false;
}

static bool
owner_find(const struct stage *st, const struct id *outcome, uint32_t *unit)
{
	for (uint32_t at = OWNERS_FIRST; owners_next(&st->owners, outcome, &at, unit);)
		if (stands_at(st, *unit, outcome))
			return true;
	return false;
}

/* Was it named just now, because nobody has it any more? */
static bool
named_gone(const struct stage *st, const struct id *outcome)
{
	return st->gone && st->keys_at && id_eq(&st->keys[st->keys_at - 1].id, outcome);
}

const struct outcome *
stage_want(struct stage *st, const struct id *outcome)
{
	const struct outcome *next = seen_next(st, outcome);
	uint32_t unit;
	bool known;

	if (next)
		return next;
	known = owner_find(st, outcome, &unit);
	/* a key that was found in the output: whose it is, is known once all are asked */
	while (!known && !named_gone(st, outcome) && touched_take(st))
		known = owner_find(st, outcome, &unit);
	if (!known)
		return NULL;
	look(st, unit, KINDS_ALL);
	return seen_find(st, outcome);
}

struct stage_stats
stage_stats(const struct stage *st)
{
	struct stage_stats s = { .evaluations = st->evaluations, .judged = st->judged,
		.contracts = st->published_n, .as_at = st->as_at };

	s.table_bytes = st->units_cap * sizeof(*st->units)
	    + st->by_unit.cap * sizeof(*st->by_unit.slots)
	    + st->owners.cap * sizeof(*st->owners.slots)
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
