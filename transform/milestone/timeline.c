#include "transform/milestone/timeline.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/timeline_in.h"

/* --- names ------------------------------------------------------------------ */

struct names {
	struct strmap by_text; /* -> struct name * */
	struct arena arena;
	uint64_t seed;
	uint32_t kinds_n;
};

struct names *
names_new(uint64_t seed)
{
	struct names *n = mem_zalloc(1, sizeof(*n));

	strmap_init(&n->by_text, seed);
	arena_init(&n->arena, 0);
	n->seed = seed;
	return n;
}

void
names_free(struct names *n)
{
	if (!n)
		return;
	strmap_release(&n->by_text);
	arena_release(&n->arena);
	mem_free(n);
}

const struct name *
names_name(struct names *n, struct span text)
{
	struct name *name;
	uint64_t *slot;
	bool fresh;

	if (!text.ptr)
		return NULL;
	slot = strmap_put(&n->by_text, text, &fresh);
	if (!fresh)
		return (const struct name *)(uintptr_t)*slot;
	name = arena_zalloc(&n->arena, 1, sizeof(*name));
	name->text = arena_copy(&n->arena, text);
	name->hash = hash64(text.ptr, text.len, NAME_SEED);
	*slot = (uint64_t)(uintptr_t)name;
	return name;
}

static struct span
without(struct span text, const char *suffix)
{
	size_t n = strlen(suffix);

	if (text.len > n && memcmp(text.ptr + text.len - n, suffix, n) == 0)
		text.len -= n;
	return text;
}

static uint64_t
name_kind(struct names *n, const struct name *name)
{
	struct name *mine = (struct name *)(uintptr_t)name;
	struct span base;

	if (name->kind)
		return name->kind;
	base = without(without(name->text, "-confirmed"), "-ended");
	mine->kind = base.len < name->text.len ? names_kind(n, base)
	    : UINT64_C(1) << (n->kinds_n < 63 ? n->kinds_n++ : 63);
	return name->kind;
}

uint64_t
names_kind(struct names *n, struct span kind)
{
	return kind.ptr ? name_kind(n, names_name(n, kind)) : KINDS_NONE;
}

struct span
names_keep(struct names *n, struct span text)
{
	return name_text(names_name(n, text));
}

/* --- timelines ---------------------------------------------------------------- */

struct timeline *
timeline_new(struct names *names, const struct id *unit)
{
	struct timeline *tl = mem_zalloc(1, sizeof(*tl));

	tl->names = names;
	tl->unit = *unit;
	return tl;
}

/* --- memos */

enum { MEMOS_SPARE_MAX = 4, FACTS_FIRST = 4, FACTS_MORE = 2 }; /* of contracts that a unit has nothing of */

static void
memo_free(struct memo *m)
{
	mem_free(m->facts);
	mem_free(m);
}

void
timeline_forget(struct timeline *tl, struct memo *m)
{
	struct memo **at = &tl->memos;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	memo_free(m);
}

struct memo *
timeline_memo(const struct timeline *tl, uint64_t key, uint32_t n, bool *fresh)
{
	struct timeline *mine = (struct timeline *)(uintptr_t)tl; /* see timeline_in.h */
	struct memo *m, *spare = NULL;
	int spares = 0;

	*fresh = false;
	for (m = tl->memos; m; m = m->next) {
		if (m->key == key && m->n == n)
			return m;
		if (m->state == MEMO_SPARE) {
			spare = m;
			spares++;
		}
	}
	if (spares >= MEMOS_SPARE_MAX)
		timeline_forget(mine, spare);
	m = mem_zalloc(1, sizeof(*m) + n * sizeof(m->ids[0]) + (n + 1) * sizeof(*m->facts_of));
	m->key = key;
	m->n = n;
	m->facts_of = (uint16_t *)&m->ids[n];
	for (uint32_t i = 0; i <= n; i++)
		m->facts_of[i] = FACTS_NOWHERE;
	m->next = tl->memos;
	mine->memos = m;
	*fresh = true;
	return m;
}

/* Each outcome has a place of its own, so that a change elsewhere leaves it in peace. */
uint8_t *
memo_facts(struct memo *m, uint32_t outcome, uint64_t mix, bool *fresh)
{
	uint16_t *at = &m->facts_of[outcome == FACTS_OF_REFERRAL ? m->n : outcome];
	struct facts_memo *f;

	*fresh = true;
	if (*at == FACTS_NOWHERE) {
		if (m->facts_n == m->facts_cap) {
			m->facts_cap += m->facts_cap ? FACTS_MORE : FACTS_FIRST;
			m->facts = mem_realloc(m->facts, m->facts_cap, sizeof(*m->facts));
		}
		*at = (uint16_t)m->facts_n++;
		f = &m->facts[*at];
	} else {
		f = &m->facts[*at];
		*fresh = f->mix != mix;
	}
	f->mix = mix;
	return f->hash;
}

void
timeline_free(struct timeline *tl)
{
	if (!tl)
		return;
	mem_free(tl->attributes);
	mem_free(tl->events);
	mem_free(tl->decisions);
	for (struct memo *m = tl->memos, *next; m; m = next) {
		next = m->next;
		memo_free(m);
	}
	mem_free(tl);
}

static int
event_order(const struct event *e, date_t start, const struct id *id)
{
	if (e->start != start)
		return e->start < start ? -1 : 1;
	return id_cmp(&e->id, id);
}

static uint32_t
event_find(const struct timeline *tl, const struct id *id)
{
	uint32_t i = 0;

	while (i < tl->events_n && !id_eq(&tl->events[i].id, id))
		i++;
	return i;
}

/* --- attributes: one block a timeline, so that they are near when they are read */

static struct event_attribute *
attributes_add(struct timeline *tl, uint32_t n)
{
	struct event_attribute *old = tl->attributes;

	if (tl->attributes_n + n > tl->attributes_cap) {
		tl->attributes_cap = tl->attributes_n + n + tl->attributes_n / 4;
		tl->attributes = mem_realloc(old, tl->attributes_cap, sizeof(*old));
		for (uint32_t i = 0; i < tl->events_n; i++)
			if (tl->events[i].attributes_n)
				tl->events[i].attributes =
				    tl->attributes + (tl->events[i].attributes - old);
	}
	tl->attributes_n += n;
	return tl->attributes + tl->attributes_n - n;
}

static void
attributes_drop(struct timeline *tl, struct event_attribute *from, uint32_t n)
{
	size_t behind = (size_t)(tl->attributes + tl->attributes_n - from) - n;

	if (n == 0)
		return;
	memmove(from, from + n, behind * sizeof(*from));
	tl->attributes_n -= n;
	for (uint32_t i = 0; i < tl->events_n; i++)
		if (tl->events[i].attributes_n && tl->events[i].attributes > from)
			tl->events[i].attributes -= n;
}

/* --- events */

static void
event_remove(struct timeline *tl, uint32_t at)
{
	uint32_t rank = tl->events[at].rank;

	attributes_drop(tl, tl->events[at].attributes, tl->events[at].attributes_n);
	memmove(&tl->events[at], &tl->events[at + 1],
	    (tl->events_n - at - 1) * sizeof(*tl->events));
	tl->events_n--;
	for (uint32_t i = 0; i < tl->events_n; i++)
		tl->events[i].rank -= tl->events[i].rank > rank;
}

/* The event's stand last, until another is read. */
static void
attributes_keep(struct timeline *tl, struct event *e, const struct linked *ln)
{
	const struct attribute *in = ln->attributes.items;

	if (!ln->attributes.n)
		return;
	e->attributes_n = ln->attributes.n;
	e->attributes = attributes_add(tl, e->attributes_n);
	for (uint32_t i = 0; i < ln->attributes.n; i++) {
		e->attributes[i] = (struct event_attribute){
			.name = names_name(tl->names, in[i].name),
			.text = names_name(tl->names, in[i].text),
			.number = in[i].number.v, .has_number = in[i].number.has };
		if (e->attributes[i].text && text_eq(in[i].name, SPAN_LIT("programme")))
			tl->programmes |= programme_bit(e->attributes[i].text->hash);
	}
}

static struct event
event_read(struct timeline *tl, const struct id *event, const struct linked *ln)
{
	struct event e = { .id = *event, .start = ln->start, .end = ln->end,
		.organisation = names_name(tl->names, ln->organisation),
		.role = names_name(tl->names, ln->role), .kind = names_name(tl->names, ln->kind),
		.evidence_type = names_name(tl->names, ln->evidence_type) };

	memcpy(e.raw_sha256, ln->raw_sha256, SHA256_BYTES);
	e.mix = hash64(e.raw_sha256, SHA256_BYTES, hash64(e.id.b, ID_BYTES, tl->names->seed));
	if (ln->episode.ptr && ln->episode.len == ID_BYTES)
		memcpy(e.episode.b, ln->episode.ptr, ID_BYTES);
	attributes_keep(tl, &e, ln);
	return e;
}

static bool
event_eq(const struct event *a, const struct event *b)
{
	if (a->start != b->start || a->end != b->end || a->kind != b->kind
	    || a->organisation != b->organisation || a->role != b->role
	    || a->evidence_type != b->evidence_type || !id_eq(&a->episode, &b->episode)
	    || memcmp(a->raw_sha256, b->raw_sha256, SHA256_BYTES) != 0
	    || a->attributes_n != b->attributes_n)
		return false;
	for (uint32_t i = 0; i < a->attributes_n; i++) {
		const struct event_attribute *x = &a->attributes[i], *y = &b->attributes[i];

		if (x->name != y->name || x->text != y->text || x->number != y->number
		    || x->has_number != y->has_number)
			return false;
	}
	return true;
}

/* The number of ids before e's; those behind it move on. */
static uint32_t
rank_make(struct timeline *tl, const struct event *e)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < tl->events_n; i++) {
		bool before = id_before(&tl->events[i].id, &e->id);

		rank += before;
		tl->events[i].rank += !before;
	}
	return rank;
}

/* Few units have many events, and most records come in order: a shift is cheap. */
static void
event_insert(struct timeline *tl, const struct event *e)
{
	uint32_t rank = rank_make(tl, e), at;

	if (tl->events_n == tl->events_cap) {
		tl->events_cap = tl->events_cap < 4 ? 4 : tl->events_cap + tl->events_cap / 4;
		tl->events = mem_realloc(tl->events, tl->events_cap, sizeof(*tl->events));
	}
	for (at = tl->events_n; at > 0 && event_order(&tl->events[at - 1], e->start, &e->id) > 0;
	     at--)
		tl->events[at] = tl->events[at - 1];
	tl->events[at] = *e;
	tl->events[at].rank = rank;
	tl->events_n++;
}

static uint64_t
touches(const struct timeline *tl, const struct event *e)
{
	return e->kind ? name_kind(tl->names, e->kind) : KINDS_NONE;
}

static uint64_t
unit_kind_set(struct timeline *tl, const struct name *kind)
{
	if (kind == tl->unit_kind)
		return KINDS_NONE;
	tl->unit_kind = kind;
	return KINDS_ALL; /* of another kind of unit there are other contracts */
}

uint64_t
timeline_event(struct timeline *tl, const struct id *event, const struct linked *ln)
{
	uint32_t at = event_find(tl, event);
	uint64_t touched = at < tl->events_n ? touches(tl, &tl->events[at]) : KINDS_NONE;
	struct event e;

	if (ln) {
		MUST(ln->what == LINKED_EVENT);
		e = event_read(tl, event, ln);
		if (at < tl->events_n && event_eq(&tl->events[at], &e)) {
			attributes_drop(tl, e.attributes, e.attributes_n);
			return unit_kind_set(tl, names_name(tl->names, ln->unit_kind));
		}
		touched |= touches(tl, &e) | unit_kind_set(tl, names_name(tl->names, ln->unit_kind));
	}
	if (at < tl->events_n)
		event_remove(tl, at);
	if (ln) {
		e.attributes = e.attributes_n ? tl->attributes + tl->attributes_n - e.attributes_n
					      : NULL;
		event_insert(tl, &e);
	}
	return touched;
}

static void
decision_remove(struct timeline *tl, const struct id *id)
{
	for (uint32_t i = 0; i < tl->decisions_n; i++) {
		if (!id_eq(&tl->decisions[i].id, id))
			continue;
		memmove(&tl->decisions[i], &tl->decisions[i + 1],
		    (tl->decisions_n - i - 1) * sizeof(*tl->decisions));
		tl->decisions_n--;
		return;
	}
}

void
timeline_decision(struct timeline *tl, const struct id *decision, const struct decision *de,
    bool counts)
{
	struct names *names = tl->names;
	struct decided d;
	uint32_t at;

	decision_remove(tl, decision);
	if (!de)
		return;
	if (tl->decisions_n == tl->decisions_cap) {
		tl->decisions_cap = tl->decisions_cap ? tl->decisions_cap * 2 : 2;
		tl->decisions = mem_realloc(tl->decisions, tl->decisions_cap,
		    sizeof(*tl->decisions));
	}
	d = (struct decided){ .id = *decision, .anchor_event = de->anchor_event,
		.what = names_name(names, de->what), .contract = names_name(names, de->contract),
		.outcome = names_name(names, de->outcome), .by = names_name(names, de->by),
		.key_id = names_name(names, de->key_id), .at_ms = de->at_ms,
		.ordinal = de->ordinal, .counts = counts };
	memcpy(d.facts_hash, de->facts_hash, SHA256_BYTES);
	for (at = tl->decisions_n; at > 0; at--) {
		const struct decided *p = &tl->decisions[at - 1];

		if (p->at_ms < d.at_ms || (p->at_ms == d.at_ms && id_cmp(&p->id, &d.id) < 0))
			break;
		tl->decisions[at] = *p;
	}
	tl->decisions[at] = d;
	tl->decisions_n++;
}

uint32_t
timeline_events(const struct timeline *tl)
{
	return tl->events_n;
}

enum { LINE_BYTES = 64, LINES_MAX = 64 };

static void
fetch(const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes && i < LINES_MAX * LINE_BYTES; i += LINE_BYTES)
		__builtin_prefetch((const char *)from + i);
}

void
timeline_ahead(const struct timeline *tl)
{
	fetch(tl->events, tl->events_n * sizeof(*tl->events));
	fetch(tl->attributes, tl->attributes_n * sizeof(*tl->attributes));
	if (tl->memos)
		fetch(tl->memos, sizeof(*tl->memos) + LINE_BYTES);
}

void
timeline_next(const struct timeline *tl)
{
	const struct memo *m = tl->memos;

	if (!m)
		return;
	fetch(m->ids, m->n * sizeof(m->ids[0]));
	fetch(m->facts, m->facts_n * sizeof(*m->facts));
}

bool
timeline_empty(const struct timeline *tl)
{
	return tl->events_n == 0 && tl->decisions_n == 0;
}

const struct id *
timeline_unit(const struct timeline *tl)
{
	return &tl->unit;
}

size_t
timeline_bytes(const struct timeline *tl)
{
	enum { BLOCK_BYTES = 16 }; /* what the allocator adds to each */

	size_t bytes = sizeof(*tl) + tl->events_cap * sizeof(*tl->events)
	    + tl->attributes_cap * sizeof(*tl->attributes)
	    + tl->decisions_cap * sizeof(*tl->decisions) + 4 * (size_t)BLOCK_BYTES;

	for (const struct memo *m = tl->memos; m; m = m->next)
		bytes += sizeof(*m) + (m->n + 1) * (sizeof(m->ids[0]) + sizeof(*m->facts_of))
		    + m->facts_cap * sizeof(*m->facts) + 2 * (size_t)BLOCK_BYTES;
	return bytes;
}
