#include "transform/match/match.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/match/block.h"
#include "transform/match/fact.h"
#include "transform/match/signature.h"

enum { SIGNATURE_CHUNK = 512, ATTRIBUTES_WANT_MAX = 64, TOUCHED_KEPT = 1 << 16 };

/* An event that a review names is a node of its own. */
struct named {
	struct id event;
	struct node_state state;
	uint32_t *reviews; /* owned */
	uint32_t n, cap;
};

struct judgement { /* a review in force */
	struct id a, b;
	bool same, in_force;
};

struct routed { /* a decision, by its anchor event */
	struct id id, anchor;
	uint8_t *bytes; /* owned */
	size_t len;
	struct span topic;
	int32_t epoch;
	int64_t offset, time_ms;
	uint32_t next; /* of the same anchor + 1 */
	bool used;
};

/* Keys whose record may differ, each once: a list, and where each stands in it. */
struct touched {
	struct id unit, what;
	enum key_type type;
};

struct touched_list {
	struct touched *items;
	uint32_t n, cap;
	struct idmap at;
};

struct numbers {
	uint32_t *items;
	uint32_t n, cap;
};

/*
 * A pair of signatures of which a person is asked, by the smallest event of each.
 * It stands in the list of both, so that either, looked at again, takes it away.
 */
struct asked {
	uint32_t end[2];     /* signatures */
	uint32_t next[2];    /* of each end's list, + 1 */
	struct key key;
	enum { ASK_WEIGHT, ASK_CONFLICT, ASK_OVERSIZE } why;
	int64_t weight_mbit;
	uint8_t levels[MODEL_LEVELS_MAX];
	uint8_t levels_n;
	bool used;
};

struct asked_list {
	struct asked *items;
	uint32_t n, cap, free; /* free: + 1, chained by next[0] */
	struct strmap by_key; /* both events -> number */
	uint32_t count;
};

/* Pairs that may be asked of, as a round of settling saw them. */
struct doubtful {
	uint32_t a, b;
	struct model_verdict v;
	bool thin; /* of a component past its limit */
};

struct doubtful_list {
	struct doubtful *items;
	uint32_t n, cap;
};

/* Two units of one component that a reviewer keeps apart; sorted. */
struct apart_list {
	struct cluster_apart {
		struct id a, b;
	} *items;
	uint32_t n, cap;
};

struct match {
	struct signature_keys keys;
	const struct model *model;
	struct facts facts;
	struct signature **signatures; /* chunks */
	uint32_t signatures_n;
	struct idmap by_signature;     /* evidence's signature -> number */
	struct blocks blocks;
	struct named *named;
	uint32_t named_n;
	struct idmap by_name;
	struct judgement *reviews;
	uint32_t reviews_n;
	struct strmap by_pair;
	struct routed *routed;
	uint32_t routed_n;
	struct idmap by_decision, by_anchor;
	struct numbers one_record;     /* organisations, as words */
	struct numbers dirty_events, dirty_signatures, touch_events;
	struct touched_list touched;
	struct asked_list asked;
	struct doubtful_list doubtful; /* of this round, as is the next */
	struct apart_list apart;
	uint32_t walk, member;
	struct arena arena;            /* of one component */
	struct attribute attributes[ATTRIBUTES_WANT_MAX];
	uint64_t edges, oversize;
	size_t signature_bytes;
};

static void
numbers_add(struct numbers *l, uint32_t v)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = v;
}

struct match *
match_new(const struct match_keys *keys, const struct model *model, uint64_t seed)
{
	struct match *m = mem_zalloc(1, sizeof(*m));

	m->keys = (struct signature_keys){ mac_new(keys->index), mac_new(keys->unit) };
	m->model = model;
	facts_init(&m->facts, seed);
	idmap_init(&m->by_signature, seed);
	idmap_init(&m->by_name, seed);
	idmap_init(&m->by_decision, seed);
	idmap_init(&m->by_anchor, seed);
	idmap_init(&m->touched.at, seed);
	strmap_init(&m->by_pair, seed);
	strmap_init(&m->asked.by_key, seed);
	blocks_init(&m->blocks);
	arena_init(&m->arena, 0);
	return m;
}

static struct signature *
signature_at(const struct match *m, uint32_t i)
{
	return &m->signatures[i / SIGNATURE_CHUNK][i % SIGNATURE_CHUNK];
}

void
match_free(struct match *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->signatures_n; i++)
		signature_release(signature_at(m, i));
	for (uint32_t i = 0; i * SIGNATURE_CHUNK < m->signatures_n; i++)
		mem_free(m->signatures[i]);
	for (uint32_t i = 0; i < m->named_n; i++)
		mem_free(m->named[i].reviews);
	for (uint32_t i = 0; i < m->routed_n; i++)
		mem_free(m->routed[i].bytes);
	mem_free(m->signatures);
	mem_free(m->named);
	mem_free(m->reviews);
	mem_free(m->routed);
	mem_free(m->one_record.items);
	mem_free(m->dirty_events.items);
	mem_free(m->dirty_signatures.items);
	mem_free(m->touch_events.items);
	mem_free(m->touched.items);
	idmap_release(&m->touched.at);
	mem_free(m->asked.items);
	mem_free(m->doubtful.items);
	mem_free(m->apart.items);
	strmap_release(&m->asked.by_key);
	facts_release(&m->facts);
	idmap_release(&m->by_signature);
	idmap_release(&m->by_name);
	idmap_release(&m->by_decision);
	idmap_release(&m->by_anchor);
	strmap_release(&m->by_pair);
	blocks_release(&m->blocks);
	arena_release(&m->arena);
	mac_free(m->keys.index);
	mac_free(m->keys.unit);
	mem_free(m);
}

/* --- what has to be looked at again */

static void
signature_dirty(struct match *m, uint32_t i)
{
	struct signature *s = signature_at(m, i);

	if (s->dirty)
		return;
	s->dirty = true;
	numbers_add(&m->dirty_signatures, i);
}

static void
event_dirty(struct match *m, uint32_t i)
{
	struct event *e = facts_event(&m->facts, i);

	if (e->dirty)
		return;
	e->dirty = true;
	numbers_add(&m->dirty_events, i);
}

/* Both halves are keyed hashes: their mixture tells keys apart, or the key is told twice. */
static struct id
touched_key(const struct touched *t)
{
	struct id k;

	for (int i = 0; i < ID_BYTES; i++)
		k.b[i] = t->unit.b[i] ^ t->what.b[ID_BYTES - 1 - i];
	k.b[0] ^= (uint8_t)t->type;
	return k;
}

static bool
touched_same(const struct touched *a, const struct touched *b)
{
	return a->type == b->type && id_eq(&a->unit, &b->unit) && id_eq(&a->what, &b->what);
}

static void
touch(struct match *m, enum key_type type, const struct id *unit, const struct id *what)
{
	struct touched_list *l = &m->touched;
	struct touched t = { .unit = *unit, .what = *what, .type = type };
	struct id k = touched_key(&t);
	bool fresh;
	uint32_t *at = idmap_put(&l->at, &k, &fresh);

	if (!fresh && touched_same(&l->items[*at], &t))
		return;
	*at = l->n;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = t;
}

/* The record of an event under a unit, and those of the decisions that follow it. */
static void
touch_event(struct match *m, const struct id *unit, const struct id *event)
{
	uint32_t *at;

	if (id_is_zero(unit))
		return;
	touch(m, KEY_UNIT_EVENT, unit, event);
	if (!m->by_anchor.count || !(at = idmap_find(&m->by_anchor, event)))
		return;
	for (uint32_t i = *at; i; i = m->routed[i - 1].next)
		touch(m, KEY_UNIT_DECISION, unit, &m->routed[i - 1].id);
}

/* --- pairs that a person is asked of */

static struct span
asked_key(const struct key *key, uint8_t out[2 * ID_BYTES])
{
	memcpy(out, key->a.b, ID_BYTES);
	memcpy(out + ID_BYTES, key->b.b, ID_BYTES);
	return span_of(out, 2 * ID_BYTES);
}

static int
asked_side(const struct asked *q, uint32_t signature)
{
	return q->end[1] == signature;
}

static void
asked_unlink(struct match *m, uint32_t i, int side)
{
	struct asked *q = &m->asked.items[i];
	uint32_t *at = &signature_at(m, q->end[side])->asked;

	while (*at != i + 1) {
		struct asked *o = &m->asked.items[*at - 1];

		at = &o->next[asked_side(o, q->end[side])];
	}
	*at = q->next[side];
}

/* All pairs that a signature is one of: it is looked at again, or stands no longer. */
static void
asked_drop(struct match *m, uint32_t signature)
{
	struct asked_list *l = &m->asked;
	uint8_t bytes[2 * ID_BYTES];
	uint32_t i;

	while ((i = signature_at(m, signature)->asked) != 0) {
		struct asked *q = &l->items[--i];

		asked_unlink(m, i, 0);
		asked_unlink(m, i, 1);
		touch(m, KEY_PAIR, &q->key.a, &q->key.b);
		strmap_del(&l->by_key, asked_key(&q->key, bytes));
		*q = (struct asked){ .next = { l->free } };
		l->free = i + 1;
		l->count--;
	}
}

static void
asked_add(struct match *m, const struct asked *like)
{
	struct asked_list *l = &m->asked;
	uint8_t bytes[2 * ID_BYTES];
	struct asked *q;
	uint64_t *at;
	uint32_t i;
	bool fresh;

	at = strmap_put(&l->by_key, asked_key(&like->key, bytes), &fresh);
	if (!fresh)
		return; /* seen from the other end */
	if (l->free) {
		i = l->free - 1;
		l->free = l->items[i].next[0];
	} else {
		if (l->n == l->cap) {
			l->cap = l->cap ? l->cap * 2 : 64;
			l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
		}
		i = l->n++;
	}
	*at = i;
	q = &l->items[i];
	*q = *like;
	q->used = true;
	for (int side = 0; side < 2; side++) {
		struct signature *s = signature_at(m, q->end[side]);

		q->next[side] = s->asked;
		s->asked = i + 1;
	}
	l->count++;
	touch(m, KEY_PAIR, &q->key.a, &q->key.b);
}

/* --- facts in */

static uint32_t
signature_of(struct match *m, const struct evidence *ev, uint32_t organisation)
{
	bool fresh;
	uint32_t *at = idmap_put(&m->by_signature, &ev->signature, &fresh);
	struct signature *s;

	if (!fresh)
		return *at;
	*at = m->signatures_n;
	if (m->signatures_n % SIGNATURE_CHUNK == 0) {
		m->signatures = mem_realloc(m->signatures, m->signatures_n / SIGNATURE_CHUNK + 1,
		    sizeof(*m->signatures));
		m->signatures[m->signatures_n / SIGNATURE_CHUNK]
		    = mem_zalloc(SIGNATURE_CHUNK, sizeof(struct signature));
	}
	s = signature_at(m, m->signatures_n);
	signature_make(s, ev, &m->keys, m->model);
	/* A local id is namespaced: who has it is of this organisation. */
	s->organisation = signature_value(s, TOKEN_LOCAL_ID) ? organisation : 0;
	m->signature_bytes += s->n * (sizeof(uint64_t) + 2u) + s->blocks_n * sizeof(uint64_t);
	return m->signatures_n++;
}

void
match_evidence(struct match *m, const struct key *key, const struct evidence *ev)
{
	uint32_t *slot = facts_slot(&m->facts, key), at = *slot;
	struct version *v;

	if (at) {
		event_dirty(m, facts_version(&m->facts, at - 1)->event);
		facts_version_del(&m->facts, at - 1);
		*slot = 0;
	}
	if (!ev || ev->what != EVIDENCE_VERSION)
		return;
	at = facts_version_new(&m->facts, facts_event_of(&m->facts, &ev->event_id));
	*facts_slot(&m->facts, key) = at + 1;
	v = facts_version(&m->facts, at);
	facts_version_fill(&m->facts, v, ev);
	if (!ev->withdrawn && !ev->tombstone)
		v->signature = signature_of(m, ev, v->organisation) + 1;
	event_dirty(m, v->event);
}

void
match_suppressed(struct match *m, const struct id *event, bool suppressed)
{
	uint32_t i = facts_event_of(&m->facts, event);

	if (facts_event(&m->facts, i)->suppressed == suppressed)
		return;
	facts_event(&m->facts, i)->suppressed = suppressed;
	event_dirty(m, i);
}

static struct named *
named_of(struct match *m, const struct id *event)
{
	bool fresh;
	uint32_t *at = idmap_put(&m->by_name, event, &fresh);

	if (fresh) {
		*at = m->named_n;
		m->named = mem_realloc(m->named, m->named_n + 1, sizeof(*m->named));
		m->named[m->named_n++] = (struct named){ .event = *event };
	}
	return &m->named[*at];
}

static struct named *
named_find(const struct match *m, const struct id *event)
{
	uint32_t *at = m->by_name.count ? idmap_find(&m->by_name, event) : NULL;

	return at && m->named[*at].n ? &m->named[*at] : NULL;
}

/* The event stops being, or begins to be, a node of its own: it moves between lists. */
static void named_change(struct match *m, const struct id *event, uint32_t review, bool add);

void
match_review(struct match *m, const struct id *a, const struct id *b, const struct review *review)
{
	uint8_t pair[2 * ID_BYTES];
	uint64_t *at;
	struct judgement *j;
	bool fresh, in_force = review != NULL;

	memcpy(pair, a->b, ID_BYTES);
	memcpy(pair + ID_BYTES, b->b, ID_BYTES);
	if (id_eq(a, b))
		return;
	at = strmap_put(&m->by_pair, span_of(pair, sizeof(pair)), &fresh);
	if (fresh) {
		*at = m->reviews_n;
		m->reviews = mem_realloc(m->reviews, m->reviews_n + 1, sizeof(*m->reviews));
		m->reviews[m->reviews_n++] = (struct judgement){ .a = *a, .b = *b };
	}
	j = &m->reviews[*at];
	if (in_force)
		j->same = span_is(review->verdict, "same");
	if (j->in_force != in_force) {
		j->in_force = in_force;
		named_change(m, a, (uint32_t)*at, in_force);
		named_change(m, b, (uint32_t)*at, in_force);
	}
	event_dirty(m, facts_event_of(&m->facts, a));
	event_dirty(m, facts_event_of(&m->facts, b));
}

static void
routed_unlink(struct match *m, uint32_t i)
{
	struct routed *r = &m->routed[i];
	uint32_t *at = idmap_find(&m->by_anchor, &r->anchor);

	MUST(at != NULL);
	while (*at != i + 1)
		at = &m->routed[*at - 1].next;
	*at = r->next;
}

static const struct node_state *state_of(const struct match *m, uint32_t event);

static void
routed_touch(struct match *m, const struct routed *r)
{
	const struct node_state *state;
	uint32_t event;

	if (!facts_event_find(&m->facts, &r->anchor, &event))
		return;
	state = state_of(m, event);
	if (state && !id_is_zero(&state->unit))
		touch(m, KEY_UNIT_DECISION, &state->unit, &r->id);
}

void
match_decision(struct match *m, const struct id *decision, const struct decision *de,
    struct span bytes, const struct source *at)
{
	bool fresh;
	uint32_t *slot = idmap_put(&m->by_decision, decision, &fresh), i, *head;
	struct routed *r;

	if (fresh) {
		*slot = m->routed_n;
		m->routed = mem_realloc(m->routed, m->routed_n + 1, sizeof(*m->routed));
		m->routed[m->routed_n++] = (struct routed){ .id = *decision };
	}
	i = *slot;
	r = &m->routed[i];
	if (r->used) {
		routed_touch(m, r);
		routed_unlink(m, i);
		mem_free(r->bytes);
		*r = (struct routed){ .id = *decision };
	}
	if (!de)
		return;
	r->used = true;
	r->anchor = de->anchor_event;
	r->bytes = mem_alloc(bytes.len + 1);
	memcpy(r->bytes, bytes.ptr, bytes.len);
	r->len = bytes.len;
	r->topic = words_text(&m->facts.words, words_put(&m->facts.words, at->topic));
	r->epoch = at->epoch;
	r->offset = at->offset;
	r->time_ms = at->time_ms;
	head = idmap_put(&m->by_anchor, &r->anchor, &fresh);
	r->next = *head;
	*head = i + 1;
	routed_touch(m, r);
}

static void
all_dirty(struct match *m)
{
	for (uint32_t i = 0; i < m->signatures_n; i++)
		if (signature_at(m, i)->live)
			signature_dirty(m, i);
}

void
match_one_record_a_person(struct match *m, const struct span *organisations, size_t n)
{
	m->one_record.n = 0;
	for (size_t i = 0; i < n; i++)
		numbers_add(&m->one_record, words_put(&m->facts.words, organisations[i]));
	all_dirty(m);
}

static bool
one_record(const struct match *m, uint32_t organisation)
{
	for (uint32_t i = 0; organisation && i < m->one_record.n; i++)
		if (m->one_record.items[i] == organisation)
			return true;
	return false;
}

void
match_model(struct match *m, const struct model *model)
{
	m->model = model;
	for (uint32_t i = 0; i < m->signatures_n; i++) {
		struct signature *s = signature_at(m, i);

		for (uint32_t k = 0; s->posted && k < s->blocks_n; k++)
			blocks_del(&m->blocks, s->blocks[k], i);
		m->signature_bytes -= s->blocks_n * sizeof(uint64_t);
		signature_blocks(s, model);
		m->signature_bytes += s->blocks_n * sizeof(uint64_t);
		for (uint32_t k = 0; s->posted && k < s->blocks_n; k++)
			blocks_add(&m->blocks, s->blocks[k], i);
	}
	all_dirty(m);
	/* A note names its step, and a step of the same number may be called otherwise now. */
	for (uint32_t i = 0; i < m->facts.events_n; i++)
		if (facts_event(&m->facts, i)->signature)
			numbers_add(&m->touch_events, i);
}

/* --- live events of a signature */

static void
members_dirty(struct match *m, uint64_t block)
{
	uint32_t n;
	const uint32_t *members = blocks_members(&m->blocks, block, &n);

	for (uint32_t i = 0; i < n; i++)
		signature_dirty(m, members[i]);
}

/* n: of a block, with the one that came or went. */
static bool
crossed(uint32_t n)
{
	return n == BLOCK_SIGNATURES_MAX + 1 || n == BLOCK_ASKED_MAX + 1;
}

/* A block that crosses a limit, either way, changes what all its members are joined to, or
 * asked about. */
static void
post(struct match *m, uint32_t number)
{
	struct signature *s = signature_at(m, number);

	s->posted = true;
	for (uint32_t k = 0; k < s->blocks_n; k++)
		if (crossed(blocks_add(&m->blocks, s->blocks[k], number)))
			members_dirty(m, s->blocks[k]);
	signature_dirty(m, number);
}

static void
unpost(struct match *m, uint32_t number)
{
	struct signature *s = signature_at(m, number);

	s->posted = false;
	asked_drop(m, number);
	for (uint32_t k = 0; k < s->blocks_n; k++)
		if (blocks_del(&m->blocks, s->blocks[k], number) <= BLOCK_SIGNATURES_MAX)
			members_dirty(m, s->blocks[k]);
	s->plain = (struct node_state){ .step = NODE_SINGLE };
}

static void
smallest_find(struct match *m, struct signature *s)
{
	s->smallest = (struct id){ { 0 } };
	for (uint32_t i = s->events; i; i = facts_event(&m->facts, i - 1)->next) {
		const struct event *e = facts_event(&m->facts, i - 1);

		if (named_find(m, &e->id))
			continue;
		if (id_is_zero(&s->smallest) || id_cmp(&e->id, &s->smallest) < 0)
			s->smallest = e->id;
	}
}

/* Everything that depends on which event is the smallest: notes, and ids of split clusters. */
static void
attach(struct match *m, uint32_t event, uint32_t number)
{
	struct event *e = facts_event(&m->facts, event);
	struct signature *s = signature_at(m, number);

	e->next = s->events;
	e->previous = 0;
	if (s->events)
		facts_event(&m->facts, s->events - 1)->previous = event + 1;
	s->events = event + 1;
	if (named_find(m, &e->id)) {
		s->named++;
		signature_dirty(m, number);
	} else if (id_is_zero(&s->smallest) || id_cmp(&e->id, &s->smallest) < 0) {
		s->smallest = e->id;
		signature_dirty(m, number);
	}
	if (s->live++ == 0)
		post(m, number);
}

static void
detach(struct match *m, uint32_t event, uint32_t number)
{
	struct event *e = facts_event(&m->facts, event);
	struct signature *s = signature_at(m, number);
	const struct node_state *state = state_of(m, event);

	if (state)
		touch_event(m, &state->unit, &e->id);
	if (e->previous)
		facts_event(&m->facts, e->previous - 1)->next = e->next;
	else
		s->events = e->next;
	if (e->next)
		facts_event(&m->facts, e->next - 1)->previous = e->previous;
	e->next = e->previous = 0;
	if (named_find(m, &e->id)) {
		s->named--;
		named_find(m, &e->id)->state = (struct node_state){ .step = NODE_SINGLE };
		signature_dirty(m, number);
	} else if (id_eq(&e->id, &s->smallest)) {
		smallest_find(m, s);
		signature_dirty(m, number);
	}
	if (--s->live == 0)
		unpost(m, number);
}

static const struct node_state *
state_of(const struct match *m, uint32_t event)
{
	const struct event *e = facts_event(&m->facts, event);
	uint32_t number = e->signature;
	const struct named *named;

	if (!number)
		return NULL;
	named = named_find(m, &e->id);
	return named ? &named->state : &signature_at(m, number - 1)->plain;
}

static void
named_change(struct match *m, const struct id *event, uint32_t review, bool add)
{
	uint32_t i = facts_event_of(&m->facts, event), number;
	struct event *e = facts_event(&m->facts, i);
	struct named *named;

	/* Out of the old list under the old name, into the new under the new. */
	number = e->signature;
	if (number)
		detach(m, i, number - 1);
	named = named_of(m, event);
	if (add) {
		if (named->n == named->cap) {
			named->cap = named->cap ? named->cap * 2 : 4;
			named->reviews
			    = mem_realloc(named->reviews, named->cap, sizeof(*named->reviews));
		}
		if (named->n == 0)
			named->state = (struct node_state){ .step = NODE_SINGLE };
		named->reviews[named->n++] = review;
	} else {
		uint32_t k = 0;

		while (named->reviews[k] != review)
			k++;
		named->reviews[k] = named->reviews[--named->n];
	}
	if (number)
		attach(m, i, number - 1);
}

/* --- settle: events */

static void
partners_dirty(struct match *m, const struct id *event)
{
	const struct named *named = named_find(m, event);

	for (uint32_t k = 0; named && k < named->n; k++) {
		const struct judgement *j = &m->reviews[named->reviews[k]];
		const struct id *other = id_eq(&j->a, event) ? &j->b : &j->a;
		uint32_t i, number;

		if (!facts_event_find(&m->facts, other, &i))
			continue;
		number = facts_event(&m->facts, i)->signature;
		if (number)
			signature_dirty(m, number - 1);
	}
}

static void
settle_event(struct match *m, uint32_t i)
{
	struct event *e = facts_event(&m->facts, i);
	uint32_t winner = facts_winner(&m->facts, e);
	uint32_t after = winner ? facts_version(&m->facts, winner - 1)->signature : 0;

	e->dirty = false;
	if (e->signature != after) {
		if (e->signature)
			detach(m, i, e->signature - 1);
		e->signature = 0;
		if (after)
			attach(m, i, after - 1);
	}
	e->winner = winner;
	e->signature = after;
	if (after)
		numbers_add(&m->touch_events, i);
	partners_dirty(m, &e->id);
}

/* --- settle: components */

struct found { /* an edge between two signatures */
	uint32_t a, b;
	int step;
	int64_t weight_mbit;
	bool weighed;
};

struct walk {
	struct numbers members;
	struct found *found;
	uint32_t found_n, found_cap;
};

static void
walk_add(struct match *m, struct walk *w, uint32_t number)
{
	struct signature *s = signature_at(m, number);

	if (s->mark == m->walk || !s->live)
		return;
	s->mark = m->walk;
	asked_drop(m, number);
	numbers_add(&w->members, number);
}

static void
found_add(struct walk *w, const struct found *f)
{
	if (w->found_n == w->found_cap) {
		w->found_cap = w->found_cap ? w->found_cap * 2 : 64;
		w->found = mem_realloc(w->found, w->found_cap, sizeof(*w->found));
	}
	w->found[w->found_n++] = *f;
}

/* Asked of when all is settled, if they turn out to be two people. */
static void
doubtful_add(struct match *m, uint32_t a, uint32_t b, const struct model_verdict *v)
{
	struct doubtful_list *l = &m->doubtful;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = (struct doubtful){ .a = a, .b = b, .v = *v };
}

/* What the facts themselves rule out is asked of nobody: two numbers, two birthdays, two records
 * of an agency that has each person once. */
static bool
ruled_out(const struct match *m, const struct signature *s, const struct signature *o,
    const struct token_view *a, const struct token_view *b)
{
	uint64_t x = signature_value(s, TOKEN_NHS), y = signature_value(o, TOKEN_NHS);

	if ((x && y && x != y) || compare_dob_conflict(a, b))
		return true;
	x = signature_value(s, TOKEN_LOCAL_ID);
	y = signature_value(o, TOKEN_LOCAL_ID);
	return x && y && x != y && s->organisation == o->organisation
	    && one_record(m, s->organisation);
}

static void
walk_pair(struct match *m, struct walk *w, const struct token_view *tokens, uint32_t number,
    uint32_t other, bool ask)
{
	struct signature *o = signature_at(m, other);
	struct token_view theirs = signature_tokens(o);
	struct found f = { .a = number, .b = other };
	struct model_verdict v;

	if (other == number || o->seen == m->member)
		return;
	o->seen = m->member;
	model_judge(m->model, tokens, &theirs, &v);
	f.step = v.step;
	f.weight_mbit = v.weight_mbit;
	f.weighed = v.weighed;
	if (f.step >= 0 && number < other)
		found_add(w, &f);
	if (ask && (v.unsure || (f.step >= 0 && number < other))
	    && !ruled_out(m, signature_at(m, number), o, tokens, &theirs))
		doubtful_add(m, number, other, &v);
	if (f.step >= 0 || v.number_same)
		walk_add(m, w, other);
}

/* Neighbours by blocks: who is joined by a step, or has the same NHS number (the unit's id
 * depends on it, joined or not).  Blocks that are asked of come first: a pair is judged once. */
static void
walk_blocks(struct match *m, struct walk *w, uint32_t number)
{
	struct signature *s = signature_at(m, number);
	struct token_view tokens = signature_tokens(s);

	m->member++;
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t k = 0; k < s->blocks_n; k++) {
			uint32_t n;
			const uint32_t *members = blocks_members(&m->blocks, s->blocks[k], &n);

			if (n <= BLOCK_SIGNATURES_MAX && (n <= BLOCK_ASKED_MAX) == (pass == 0))
				for (uint32_t i = 0; i < n; i++)
					walk_pair(m, w, &tokens, number, members[i], pass == 0);
		}
}

static void
walk_reviews(struct match *m, struct walk *w, const struct signature *s)
{
	for (uint32_t i = s->named ? s->events : 0; i;
	     i = facts_event(&m->facts, i - 1)->next) {
		const struct event *e = facts_event(&m->facts, i - 1);
		const struct named *named = named_find(m, &e->id);

		for (uint32_t k = 0; named && k < named->n; k++) {
			const struct judgement *j = &m->reviews[named->reviews[k]];
			uint32_t other, number;

			if (!facts_event_find(&m->facts, id_eq(&j->a, &e->id) ? &j->b : &j->a,
				&other))
				continue;
			number = facts_event(&m->facts, other)->signature;
			if (number)
				walk_add(m, w, number - 1);
		}
	}
}

/* --- settle: one component into clusters */

struct node_of {
	struct cluster_node node;
	uint32_t signature; /* number */
	uint32_t event;     /* named: number; else UINT32_MAX */
	struct node_state state;
	struct id smallest; /* event of the node */
};

struct piece {
	struct node_of *nodes;
	uint32_t n;
	struct cluster_edge *edges;
	uint32_t edges_n, edges_cap;
};

static int
node_order(const void *p, const void *q)
{
	const struct node_of *a = p, *b = q;
	int c = id_cmp(&a->node.signature, &b->node.signature);

	return c ? c : id_cmp(&a->node.event, &b->node.event);
}

static void
node_add(struct match *m, struct piece *p, uint32_t number, uint32_t event)
{
	const struct signature *s = signature_at(m, number);
	struct node_of *n = &p->nodes[p->n++];

	*n = (struct node_of){ .signature = number, .event = event,
		.state = { .step = NODE_SINGLE }, .smallest = s->smallest };
	if (event != UINT32_MAX)
		n->node.event = n->smallest = facts_event(&m->facts, event)->id;
	n->node.signature = s->keyed;
	n->node.tokens = signature_tokens(s);
	n->node.nhs = signature_value(s, TOKEN_NHS);
	n->node.organisation = s->organisation;
	if (one_record(m, s->organisation))
		n->node.local_id = signature_value(s, TOKEN_LOCAL_ID);
}

static void
nodes_make(struct match *m, struct piece *p, const struct walk *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->members.n; i++)
		n += 1 + signature_at(m, w->members.items[i])->named;
	p->nodes = arena_alloc(&m->arena, n * sizeof(*p->nodes));
	MUST(p->nodes);
	for (uint32_t i = 0; i < w->members.n; i++) {
		const struct signature *s = signature_at(m, w->members.items[i]);

		if (s->live > s->named)
			node_add(m, p, w->members.items[i], UINT32_MAX);
		for (uint32_t e = s->named ? s->events : 0; e;
		     e = facts_event(&m->facts, e - 1)->next)
			if (named_find(m, &facts_event(&m->facts, e - 1)->id))
				node_add(m, p, w->members.items[i], e - 1);
	}
	qsort(p->nodes, p->n, sizeof(*p->nodes), node_order);
}

/* Nodes of one signature stand together: [from, to). */
static void
nodes_of(const struct match *m, const struct piece *p, uint32_t number, uint32_t *from,
    uint32_t *to)
{
	const struct id *keyed = &signature_at(m, number)->keyed;
	uint32_t low = 0, high = p->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (id_cmp(&p->nodes[mid].node.signature, keyed) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*from = low;
	for (*to = low; *to < p->n && id_eq(&p->nodes[*to].node.signature, keyed); (*to)++)
		;
}

static void
edge_add(struct piece *p, uint32_t a, uint32_t b, enum edge_class class,
    int64_t weight, bool weighed)
{
	const struct id *x, *y;
	uint8_t pair[2 * ID_BYTES];

	if (p->edges_n == p->edges_cap) {
		p->edges_cap = p->edges_cap ? p->edges_cap * 2 : 64;
		p->edges = mem_realloc(p->edges, p->edges_cap, sizeof(*p->edges));
	}
	if (a > b) {
		uint32_t t = a;

		a = b;
		b = t;
	}
	x = &p->nodes[a].node.signature;
	y = &p->nodes[b].node.signature;
	memcpy(pair, x->b, ID_BYTES);
	memcpy(pair + ID_BYTES, y->b, ID_BYTES);
	p->edges[p->edges_n++] = (struct cluster_edge){ .a = a, .b = b, .class = class,
		.weight_mbit = weight, .weighed = weighed,
		.tie = class == EDGE_MODEL ? hash64(pair, sizeof(pair), 0) : 0 };
}

static void
edges_model(struct match *m, struct piece *p, const struct walk *w)
{
	const struct model_step *steps;
	bool oversize = w->members.n > COMPONENT_SIGNATURES_MAX;

	model_steps(m->model, &steps);
	m->oversize += oversize;
	for (uint32_t i = 0; i < w->found_n; i++) {
		const struct found *f = &w->found[i];
		uint32_t a, a_end, b, b_from, b_end;

		if (oversize && !steps[f->step].exact)
			continue;
		nodes_of(m, p, f->a, &a, &a_end);
		nodes_of(m, p, f->b, &b_from, &b_end);
		for (; a < a_end; a++)
			for (b = b_from; b < b_end; b++)
				edge_add(p, a, b, EDGE_MODEL, f->weight_mbit, f->weighed);
	}
}

static void
edges_same(struct piece *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		for (uint32_t k = i + 1; k < p->n
		     && id_eq(&p->nodes[i].node.signature, &p->nodes[k].node.signature); k++)
			edge_add(p, i, k, EDGE_SAME, 0, false);
}

static bool
node_of_event(struct match *m, const struct piece *p, const struct id *id, uint32_t *node)
{
	uint32_t event, number, from, to;

	if (!facts_event_find(&m->facts, id, &event))
		return false;
	number = facts_event(&m->facts, event)->signature;
	if (!number)
		return false;
	nodes_of(m, p, number - 1, &from, &to);
	for (; from < to; from++)
		if (p->nodes[from].event == event) {
			*node = from;
			return true;
		}
	return false;
}

/* Each review once, seen from its smaller event. */
static uint32_t
edges_review(struct match *m, struct piece *p, struct cluster_pair **apart)
{
	uint32_t n = 0, cap = 0, other;

	*apart = NULL;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct named *named = p->nodes[i].event == UINT32_MAX
		    ? NULL
		    : named_find(m, &p->nodes[i].node.event);

		for (uint32_t k = 0; named && k < named->n; k++) {
			const struct judgement *j = &m->reviews[named->reviews[k]];

			if (!id_eq(&j->a, &p->nodes[i].node.event)
			    || !node_of_event(m, p, &j->b, &other))
				continue;
			if (j->same) {
				edge_add(p, i, other, EDGE_REVIEW, 0, false);
				continue;
			}
			if (n == cap) {
				cap = cap ? cap * 2 : 16;
				*apart = mem_realloc(*apart, cap, sizeof(**apart));
			}
			(*apart)[n++] = (struct cluster_pair){ i, other };
		}
	}
	return n;
}

/* --- settle: units and notes */

struct candidate {
	struct id id;       /* by NHS number, or by the smallest signature */
	struct id smallest; /* event of the cluster */
	struct id nhs;      /* of its signatures that have a usable one */
	bool several;       /* NHS numbers */
	bool shared;        /* another cluster of the component has this candidate */
};

static int
candidate_order(const void *p, const void *q)
{
	const struct candidate *const *a = p, *const *b = q;

	return id_cmp(&(*a)->id, &(*b)->id);
}

/* Marks candidates that two clusters have. */
static void
candidates_compare(struct candidate **c, uint32_t n)
{
	if (n)
		qsort(c, n, sizeof(*c), candidate_order);
	for (uint32_t i = 1; i < n; i++)
		if (id_eq(&c[i - 1]->id, &c[i]->id))
			c[i - 1]->shared = c[i]->shared = true;
}

static bool
nhs_usable(struct match *m, const struct signature *s)
{
	const struct model_block *blocks;
	size_t n = model_blocks(m->model, &blocks);
	uint64_t key[2], members;
	uint32_t count;

	if (id_is_zero(&s->nhs_unit))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (blocks[i].n != 1 || blocks[i].field[0] != TOKEN_NHS)
			continue;
		key[0] = i + 1;
		key[1] = signature_value(s, TOKEN_NHS);
		members = hash64(key, sizeof(key), 0);
		blocks_members(&m->blocks, members, &count);
		return count <= BLOCK_SIGNATURES_MAX;
	}
	return false;
}

static struct id
hashed(struct match *m, char tag, const struct id *a, const struct id *b)
{
	uint8_t msg[1 + 2 * ID_BYTES];

	msg[0] = (uint8_t)tag;
	memcpy(msg + 1, a->b, ID_BYTES);
	if (b)
		memcpy(msg + 1 + ID_BYTES, b->b, ID_BYTES);
	return mac_id(m->keys.unit, span_of(msg, b ? sizeof(msg) : 1 + ID_BYTES));
}

/* label[i] is the lowest node of a cluster, so its signature is the smallest. */
static void
units_name(struct match *m, struct piece *p, const uint32_t *label)
{
	struct candidate *c = arena_zalloc(&m->arena, p->n + 1, sizeof(*c));
	struct candidate **roots = arena_alloc(&m->arena, (p->n + 1) * sizeof(*roots));
	uint32_t roots_n = 0;

	MUST(c && roots);
	for (uint32_t i = 0; i < p->n; i++) {
		struct candidate *mine = &c[label[i]];
		const struct signature *s = signature_at(m, p->nodes[i].signature);

		if (id_is_zero(&mine->smallest) || id_cmp(&p->nodes[i].smallest, &mine->smallest) < 0)
			mine->smallest = p->nodes[i].smallest;
		if (!nhs_usable(m, s))
			continue;
		mine->several |= !id_is_zero(&mine->nhs) && !id_eq(&mine->nhs, &s->nhs_unit);
		mine->nhs = s->nhs_unit;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		if (label[i] != i)
			continue;
		c[i].id = !id_is_zero(&c[i].nhs) && !c[i].several
		    ? c[i].nhs
		    : hashed(m, 's', &p->nodes[i].node.signature, NULL);
		roots[roots_n++] = &c[i];
	}
	candidates_compare(roots, roots_n);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct candidate *mine = &c[label[i]];

		p->nodes[i].state.unit
		    = mine->shared ? hashed(m, 'e', &mine->id, &mine->smallest) : mine->id;
	}
}

static void
note(struct node_of *n, int16_t step, int64_t weight, const struct id *partner,
    const struct model_verdict *v)
{
	if (n->state.step != NODE_SINGLE)
		return;
	n->state.step = step;
	n->state.weight_mbit = weight;
	n->state.partner = *partner;
	if (v) {
		memcpy(n->state.levels, v->levels, v->levels_n);
		n->state.levels_n = v->levels_n;
	}
}

static void
notes_write(struct match *m, struct piece *p, const uint32_t *label)
{
	static const uint32_t order[] = { EDGE_REVIEW, EDGE_MODEL, EDGE_SAME };

	for (uint32_t pass = 0; pass < 3; pass++) {
		uint32_t class = order[pass];

		for (uint32_t i = 0; i < p->edges_n; i++) {
			const struct cluster_edge *e = &p->edges[i];
			struct node_of *a = &p->nodes[e->a], *b = &p->nodes[e->b];
			struct model_verdict v;
			int16_t step = class == EDGE_REVIEW ? NODE_REVIEW : NODE_SAME;

			if (e->class != class || label[e->a] != label[e->b]
			    || (a->state.step != NODE_SINGLE && b->state.step != NODE_SINGLE))
				continue;
			if (class == EDGE_MODEL) {
				model_judge(m->model, &a->node.tokens, &b->node.tokens, &v);
				step = (int16_t)v.step;
			}
			note(a, step, e->weight_mbit, &b->smallest,
			    class == EDGE_MODEL ? &v : NULL);
			note(b, step, e->weight_mbit, &a->smallest,
			    class == EDGE_MODEL ? &v : NULL);
		}
	}
}

static bool
state_same(const struct node_state *a, const struct node_state *b)
{
	return id_eq(&a->unit, &b->unit) && id_eq(&a->partner, &b->partner)
	    && a->weight_mbit == b->weight_mbit && a->step == b->step
	    && a->levels_n == b->levels_n && memcmp(a->levels, b->levels, a->levels_n) == 0;
}

static void
place(struct match *m, struct node_of *n)
{
	struct signature *s = signature_at(m, n->signature);
	struct node_state *state = &s->plain, old;

	if (n->event != UINT32_MAX)
		state = &named_find(m, &n->node.event)->state;
	old = *state;
	*state = n->state;
	if (n->event == UINT32_MAX) {
		/* The smallest event's own note differs from the others'. */
		if (state_same(&old, &n->state) && id_eq(&s->smallest, &s->smallest_placed))
			return;
		s->smallest_placed = s->smallest;
		for (uint32_t i = s->events; i; i = facts_event(&m->facts, i - 1)->next) {
			const struct event *e = facts_event(&m->facts, i - 1);

			if (named_find(m, &e->id))
				continue;
			if (!id_eq(&old.unit, &n->state.unit))
				touch_event(m, &old.unit, &e->id);
			touch_event(m, &n->state.unit, &e->id);
		}
		return;
	}
	if (state_same(&old, &n->state))
		return;
	if (!id_eq(&old.unit, &n->state.unit))
		touch_event(m, &old.unit, &n->node.event);
	touch_event(m, &n->state.unit, &n->node.event);
}

/* Which people of a component a reviewer keeps apart. */
static void
apart_note(struct match *m, const struct piece *p, const struct cluster_pair *apart, uint32_t n)
{
	struct apart_list *l = &m->apart;

	for (uint32_t i = 0; i < n; i++) {
		const struct id *a = &p->nodes[apart[i].a].state.unit;
		const struct id *b = &p->nodes[apart[i].b].state.unit;
		bool first = id_cmp(a, b) < 0;

		if (l->n == l->cap) {
			l->cap = l->cap ? l->cap * 2 : 16;
			l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
		}
		l->items[l->n++] = (struct cluster_apart){ first ? *a : *b, first ? *b : *a };
	}
}

static void
settle_component(struct match *m, const struct walk *w)
{
	struct piece p = { 0 };
	struct cluster_pair *apart;
	struct cluster_node *nodes;
	uint32_t apart_n, *label;

	arena_reset(&m->arena);
	nodes_make(m, &p, w);
	edges_model(m, &p, w);
	edges_same(&p);
	apart_n = edges_review(m, &p, &apart);
	nodes = arena_alloc(&m->arena, p.n * sizeof(*nodes) + 1);
	label = arena_alloc(&m->arena, p.n * sizeof(*label) + 1);
	MUST(nodes && label);
	for (uint32_t i = 0; i < p.n; i++)
		nodes[i] = p.nodes[i].node;
	cluster(m->model, nodes, p.n, p.edges, p.edges_n, apart, apart_n, label, &m->arena);
	units_name(m, &p, label);
	apart_note(m, &p, apart, apart_n);
	notes_write(m, &p, label);
	for (uint32_t i = 0; i < p.n; i++)
		place(m, &p.nodes[i]);
	m->edges += p.edges_n;
	mem_free(p.edges);
	mem_free(apart);
}

/* --- settle: whom to ask a person about, when everybody has a unit */

static int
apart_order(const void *p, const void *q)
{
	const struct cluster_apart *a = p, *b = q;
	int c = id_cmp(&a->a, &b->a);

	return c ? c : id_cmp(&a->b, &b->b);
}

static bool
kept_apart(const struct match *m, const struct id *a, const struct id *b)
{
	bool first = id_cmp(a, b) < 0;
	struct cluster_apart key = { first ? *a : *b, first ? *b : *a };

	return m->apart.n
	    && bsearch(&key, m->apart.items, m->apart.n, sizeof(key), apart_order) != NULL;
}

/* A signature is asked about by its smallest event; one that no review names, if there is. */
static const struct node_state *
speaker(const struct match *m, uint32_t number, struct id *event)
{
	const struct signature *s = signature_at(m, number);
	const struct node_state *state = NULL;

	if (s->live > s->named) {
		*event = s->smallest;
		return &s->plain;
	}
	for (uint32_t i = s->events; i; i = facts_event(&m->facts, i - 1)->next) {
		const struct event *e = facts_event(&m->facts, i - 1);

		if (state && id_cmp(&e->id, event) > 0)
			continue;
		*event = e->id;
		state = state_of(m, i - 1);
	}
	return state;
}

static void
doubtful_judge(struct match *m, const struct doubtful *d)
{
	struct asked q = { .end = { d->a, d->b }, .why = d->v.step < 0 ? ASK_WEIGHT
		: d->thin                                                    ? ASK_OVERSIZE
									       : ASK_CONFLICT,
		.weight_mbit = d->v.weight_mbit, .levels_n = d->v.levels_n,
		.key = { .type = KEY_PAIR } };
	const struct node_state *x = speaker(m, d->a, &q.key.a), *y = speaker(m, d->b, &q.key.b);

	if (!x || !y || id_eq(&x->unit, &y->unit) || kept_apart(m, &x->unit, &y->unit))
		return;
	if (id_cmp(&q.key.a, &q.key.b) > 0) {
		struct id t = q.key.a;

		q.key.a = q.key.b;
		q.key.b = t;
	}
	memcpy(q.levels, d->v.levels, sizeof(q.levels));
	asked_add(m, &q);
}

static void
doubtful_settle(struct match *m)
{
	if (m->apart.n)
		qsort(m->apart.items, m->apart.n, sizeof(*m->apart.items), apart_order);
	for (uint32_t i = 0; i < m->doubtful.n; i++)
		doubtful_judge(m, &m->doubtful.items[i]);
	mem_free(m->doubtful.items);
	m->doubtful = (struct doubtful_list){ 0 };
	m->apart.n = 0;
}

/* Of a component that is settled: what was joined is nothing to ask. */
static void
doubtful_sift(struct match *m, uint32_t from, bool oversize)
{
	struct doubtful_list *l = &m->doubtful;
	const struct model_step *steps;
	uint32_t kept = from;
	struct id event;

	model_steps(m->model, &steps);
	for (uint32_t i = from; i < l->n; i++) {
		struct doubtful *d = &l->items[i];

		if (d->v.step >= 0
		    && id_eq(&speaker(m, d->a, &event)->unit, &speaker(m, d->b, &event)->unit))
			continue;
		d->thin = oversize && d->v.step >= 0 && !steps[d->v.step].exact;
		l->items[kept++] = *d;
	}
	l->n = kept;
}

static void
settle_from(struct match *m, struct walk *w, uint32_t number)
{
	uint32_t first = m->doubtful.n;

	w->members.n = w->found_n = 0;
	walk_add(m, w, number);
	for (uint32_t i = 0; i < w->members.n; i++) {
		walk_blocks(m, w, w->members.items[i]);
		walk_reviews(m, w, signature_at(m, w->members.items[i]));
	}
	if (w->members.n)
		settle_component(m, w);
	doubtful_sift(m, first, w->members.n > COMPONENT_SIGNATURES_MAX);
}

void
match_settle(struct match *m)
{
	struct walk w = { 0 };

	for (uint32_t i = 0; i < m->dirty_events.n; i++)
		settle_event(m, m->dirty_events.items[i]);
	m->dirty_events.n = 0;
	if (m->dirty_signatures.n)
		m->walk++;
	for (uint32_t i = 0; i < m->dirty_signatures.n; i++) {
		struct signature *s = signature_at(m, m->dirty_signatures.items[i]);

		s->dirty = false;
		if (s->mark != m->walk && s->live)
			settle_from(m, &w, m->dirty_signatures.items[i]);
	}
	m->dirty_signatures.n = 0;
	doubtful_settle(m);
	for (uint32_t i = 0; i < m->touch_events.n; i++) {
		const struct node_state *state = state_of(m, m->touch_events.items[i]);

		if (state)
			touch_event(m, &state->unit,
			    &facts_event(&m->facts, m->touch_events.items[i])->id);
	}
	m->touch_events.n = 0;
	mem_free(w.members.items);
	mem_free(w.found);
}

/* A first load touches every key there is; afterwards its room is given back. */
static void
touched_drained(struct touched_list *l)
{
	if (l->cap <= TOUCHED_KEPT)
		return;
	mem_free(l->items);
	l->items = NULL;
	l->cap = 0;
	idmap_release(&l->at);
}

bool
match_next_touched(struct match *m, struct key *key)
{
	struct touched_list *l = &m->touched;
	const struct touched *t;
	uint32_t *at;
	struct id k;

	if (l->n == 0) {
		touched_drained(l);
		return false;
	}
	t = &l->items[--l->n];
	*key = (struct key){ .type = t->type, .a = t->unit, .b = t->what };
	k = touched_key(t);
	at = idmap_find(&l->at, &k);
	if (at && *at == l->n)
		idmap_del(&l->at, &k);
	return true;
}

/* --- what stands */

static void
note_of(const struct match *m, const struct event *e, const struct signature *s,
    const struct node_state *state, struct match_note *out)
{
	const struct model_step *steps;

	*out = (struct match_note){ .step = SPAN_LIT("single"), .partner = state->partner,
		.weight_mbit = state->weight_mbit };
	model_steps(m->model, &steps);
	if (state->step >= 0) {
		out->step = steps[state->step].name;
		out->levels = span_of(state->levels, state->levels_n);
	} else if (state->step == NODE_REVIEW) {
		out->step = SPAN_LIT("review");
	} else if (state->step == NODE_SAME) {
		out->step = SPAN_LIT("same-details");
	} else if (state == &s->plain && !id_eq(&e->id, &s->smallest)) {
		out->step = SPAN_LIT("same-details");
		out->partner = s->smallest;
	}
}

static bool
want_event(struct match *m, const struct id *unit, const struct id *event, struct linked *out)
{
	const struct node_state *state;
	const struct event *e;
	uint32_t i;

	if (!facts_event_find(&m->facts, event, &i))
		return false;
	state = state_of(m, i);
	if (!state || !id_eq(&state->unit, unit))
		return false;
	e = facts_event(&m->facts, i);
	*out = (struct linked){ .unit = *unit };
	facts_linked(&m->facts, facts_version(&m->facts, e->winner - 1), m->attributes, out);
	note_of(m, e, signature_at(m, e->signature - 1), state, &out->match);
	return true;
}

static bool
want_decision(struct match *m, const struct id *unit, const struct id *decision,
    struct linked *out)
{
	uint32_t *at = idmap_find(&m->by_decision, decision), i;
	const struct node_state *state;
	const struct routed *r;

	if (!at || !m->routed[*at].used)
		return false;
	r = &m->routed[*at];
	if (!facts_event_find(&m->facts, &r->anchor, &i))
		return false;
	state = state_of(m, i);
	if (!state || !id_eq(&state->unit, unit))
		return false;
	*out = (struct linked){ .what = LINKED_DECISION, .unit = *unit, .event_id = r->anchor,
		.unit_kind = SPAN_LIT("person"),
		.source = { r->topic, r->epoch, r->offset, r->time_ms }, .start = DATE_NONE,
		.end = DATE_NONE, .decision = span_of(r->bytes, r->len) };
	return true;
}

static bool
want_pair(const struct match *m, const struct key *key, struct linked *out)
{
	static const struct span why[] = { [ASK_WEIGHT] = { (const uint8_t *)"weight", 6 },
		[ASK_CONFLICT] = { (const uint8_t *)"conflict", 8 },
		[ASK_OVERSIZE] = { (const uint8_t *)"oversize", 8 } };
	uint8_t bytes[2 * ID_BYTES];
	const uint64_t *at = strmap_find(&m->asked.by_key, asked_key(key, bytes));
	const struct asked *q = at ? &m->asked.items[*at] : NULL;

	if (!q)
		return false;
	*out = (struct linked){ .what = LINKED_PAIR, .event_id = q->key.a,
		.unit_kind = SPAN_LIT("person"), .source = { .topic = SPAN_LIT("") },
		.start = DATE_NONE, .end = DATE_NONE,
		.match = { .step = why[q->why], .weight_mbit = q->weight_mbit,
		    .partner = q->key.b, .levels = span_of(q->levels, q->levels_n) } };
	return true;
}

bool
match_want(struct match *m, const struct key *key, struct linked *out)
{
	if (key->type == KEY_PAIR)
		return want_pair(m, key, out);
	if (key->type == KEY_UNIT_EVENT)
		return want_event(m, &key->a, &key->b, out);
	return key->type == KEY_UNIT_DECISION && want_decision(m, &key->a, &key->b, out);
}

void
match_each(struct match *m, void (*fn)(void *arg, const struct key *key, const struct linked *ln),
    void *arg)
{
	struct linked ln;

	for (uint32_t i = 0; i < m->facts.events_n; i++) {
		const struct node_state *state = state_of(m, i);
		struct key key = { .type = KEY_UNIT_EVENT, .b = facts_event(&m->facts, i)->id };

		if (!state)
			continue;
		key.a = state->unit;
		if (match_want(m, &key, &ln))
			fn(arg, &key, &ln);
	}
	for (uint32_t i = 0; i < m->routed_n; i++) {
		const struct routed *r = &m->routed[i];
		struct key key = { .type = KEY_UNIT_DECISION, .b = r->id };
		const struct node_state *state;
		uint32_t event;

		if (!r->used || !facts_event_find(&m->facts, &r->anchor, &event))
			continue;
		state = state_of(m, event);
		if (!state)
			continue;
		key.a = state->unit;
		if (match_want(m, &key, &ln))
			fn(arg, &key, &ln);
	}
	for (uint32_t i = 0; i < m->asked.n; i++)
		if (m->asked.items[i].used && match_want(m, &m->asked.items[i].key, &ln))
			fn(arg, &m->asked.items[i].key, &ln);
}

struct match_stats
match_stats(const struct match *m)
{
	struct match_stats st = { .edges = m->edges, .oversize = m->oversize,
		.asked = m->asked.count };

	for (uint32_t i = 0; i < m->facts.events_n; i++)
		st.events += facts_event(&m->facts, i)->winner != 0;
	for (uint32_t i = 0; i < m->signatures_n; i++)
		st.signatures += signature_at(m, i)->live != 0;
	st.bytes = m->asked.cap * sizeof(*m->asked.items) + facts_bytes(&m->facts) + m->signature_bytes + blocks_bytes(&m->blocks)
	    + m->by_signature.cap * sizeof(struct idmap_slot)
	    + (m->signatures_n + SIGNATURE_CHUNK - 1) / SIGNATURE_CHUNK * SIGNATURE_CHUNK
		* sizeof(struct signature);
	return st;
}
