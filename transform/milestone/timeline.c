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
	tl->memos = mem_zalloc(1, sizeof(*tl->memos));
	return tl;
}

/* --- memos */

enum { MEMOS_MAX = 4, FACTS_FIRST = 4 }; /* contracts of one unit that are remembered */

static void
memo_free(struct memo *m)
{
	mem_free(m->ids);
	mem_free(m->facts);
	mem_free(m);
}

struct memo *
timeline_memo(const struct timeline *tl, uint64_t key, uint32_t n, bool *fresh)
{
	struct memo **at = &tl->memos->first, *m;
	int count = 0;

	*fresh = false;
	for (; *at; at = &(*at)->next) {
		if ((*at)->key == key && (*at)->n == n)
			return *at;
		if (++count == MEMOS_MAX) { /* that of a contract that was varied */
			memo_free(*at);
			*at = NULL;
			break;
		}
	}
	m = mem_zalloc(1, sizeof(*m));
	m->key = key;
	m->n = n;
	m->ids = mem_alloc((n + 1) * sizeof(*m->ids));
	m->next = tl->memos->first;
	tl->memos->first = m;
	*fresh = true;
	return m;
}

uint8_t *
memo_facts(struct memo *m, uint64_t mix, bool *fresh)
{
	struct facts_memo *f;

	*fresh = false;
	for (uint32_t i = 0; i < m->facts_n; i++)
		if (m->facts[i].mix == mix)
			return m->facts[i].hash;
	*fresh = true;
	if (m->facts_n == m->facts_cap && m->facts_cap < m->n) {
		m->facts_cap = m->facts_cap ? m->facts_cap + FACTS_FIRST : FACTS_FIRST;
		if (m->facts_cap > m->n)
			m->facts_cap = m->n;
		m->facts = mem_realloc(m->facts, m->facts_cap, sizeof(*m->facts));
	}
	f = m->facts_n < m->facts_cap ? &m->facts[m->facts_n++]
				      : &m->facts[m->facts_next++ % m->facts_n];
	f->mix = mix;
	return f->hash;
}

void
timeline_free(struct timeline *tl)
{
	if (!tl)
		return;
	for (uint32_t i = 0; i < tl->events_n; i++)
		mem_free(tl->events[i].attributes);
	mem_free(tl->events);
	mem_free(tl->decisions);
	for (struct memo *m = tl->memos->first, *next; m; m = next) {
		next = m->next;
		memo_free(m);
	}
	mem_free(tl->memos);
	mem_free(tl);
}

static int
event_order(const struct event *e, date_t start, const struct id *id)
{
	if (e->start != start)
		return e->start < start ? -1 : 1;
	return id_cmp(&e->id, id);
}

static void
event_remove(struct timeline *tl, const struct id *id)
{
	for (uint32_t i = 0; i < tl->events_n; i++) {
		if (!id_eq(&tl->events[i].id, id))
			continue;
		tl->attributes_bytes -=
		    tl->events[i].attributes_n * sizeof(struct event_attribute);
		mem_free(tl->events[i].attributes);
		memmove(&tl->events[i], &tl->events[i + 1],
		    (tl->events_n - i - 1) * sizeof(*tl->events));
		tl->events_n--;
		return;
	}
}

static void
attributes_keep(struct timeline *tl, struct event *e, const struct linked *ln)
{
	const struct attribute *in = ln->attributes.items;

	if (!ln->attributes.n)
		return;
	e->attributes = mem_zalloc(ln->attributes.n, sizeof(*e->attributes));
	e->attributes_n = ln->attributes.n;
	tl->attributes_bytes += e->attributes_n * sizeof(*e->attributes);
	for (uint32_t i = 0; i < ln->attributes.n; i++)
		e->attributes[i] = (struct event_attribute){
			.name = names_name(tl->names, in[i].name),
			.text = names_name(tl->names, in[i].text),
			.number = in[i].number.v, .has_number = in[i].number.has };
}

/* Few units have many events, and most records come in order: a shift is cheap. */
static struct event *
event_place(struct timeline *tl, date_t start, const struct id *id)
{
	uint32_t at;

	if (tl->events_n == tl->events_cap) {
		tl->events_cap = tl->events_cap < 4 ? 4 : tl->events_cap + tl->events_cap / 2;
		tl->events = mem_realloc(tl->events, tl->events_cap, sizeof(*tl->events));
	}
	for (at = tl->events_n; at > 0 && event_order(&tl->events[at - 1], start, id) > 0; at--)
		tl->events[at] = tl->events[at - 1];
	tl->events_n++;
	return &tl->events[at];
}

void
timeline_event(struct timeline *tl, const struct id *event, const struct linked *ln)
{
	struct event *e;

	event_remove(tl, event);
	if (!ln)
		return;
	MUST(ln->what == LINKED_EVENT);
	e = event_place(tl, ln->start, event);
	*e = (struct event){ .id = *event, .start = ln->start, .end = ln->end,
		.organisation = names_name(tl->names, ln->organisation),
		.role = names_name(tl->names, ln->role), .kind = names_name(tl->names, ln->kind),
		.evidence_type = names_name(tl->names, ln->evidence_type) };
	memcpy(e->raw_sha256, ln->raw_sha256, SHA256_BYTES);
	e->mix = hash64(e->raw_sha256, SHA256_BYTES, hash64(e->id.b, ID_BYTES, tl->names->seed));
	if (ln->episode.ptr && ln->episode.len == ID_BYTES)
		memcpy(e->episode.b, ln->episode.ptr, ID_BYTES);
	tl->unit_kind = names_name(tl->names, ln->unit_kind);
	attributes_keep(tl, e, ln);
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

void
timeline_ahead(const struct timeline *tl)
{
	enum { LINE_BYTES = 64, LINES_MAX = 64 };
	const char *at = (const char *)tl->events;
	size_t lines = tl->events_n * sizeof(*tl->events) / LINE_BYTES + 1;

	for (size_t i = 0; i < lines && i < LINES_MAX; i++)
		__builtin_prefetch(at + i * LINE_BYTES);
	__builtin_prefetch(tl->memos->first);
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

	size_t bytes = sizeof(*tl) + sizeof(*tl->memos)
	    + tl->events_cap * sizeof(*tl->events) + tl->attributes_bytes
	    + tl->decisions_cap * sizeof(*tl->decisions)
	    + (tl->events_n + 4) * (size_t)BLOCK_BYTES;

	for (const struct memo *m = tl->memos->first; m; m = m->next)
		bytes += sizeof(*m) + (m->n + 1) * sizeof(*m->ids)
		    + m->facts_cap * sizeof(*m->facts) + 3 * (size_t)BLOCK_BYTES;
	return bytes;
}
