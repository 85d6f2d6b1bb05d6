#include "transform/match/naive.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/match/signature.h"

struct person_node {
	struct signature *s;
	const struct evidence *only; /* the one event, where a review names it */
	struct id smallest;
	uint32_t cluster;            /* lowest node of its cluster */
	struct id unit;
	struct match_note note;
	uint8_t levels[COMPARE_END];
	bool noted;
};

struct link {
	uint32_t a, b, class;
	int64_t weight;
	uint64_t tie;
	uint8_t levels[COMPARE_END];
	int step;
};

struct naive {
	const struct naive_input *in;
	struct signature_keys keys;
	const struct evidence **events; /* the version that counts of each event that stands */
	size_t events_n;
	struct signature *signatures;
	const struct id **signature_ids;
	size_t signatures_n;
	struct person_node *nodes;
	uint32_t nodes_n;
	struct link *links;
	size_t links_n, links_cap;
};

/* --- which events stand */

static int
stands_before(const struct evidence *a, const struct evidence *b)
{
	if (a->source.epoch != b->source.epoch)
		return a->source.epoch < b->source.epoch ? -1 : 1;
	if (a->source.offset != b->source.offset)
		return a->source.offset < b->source.offset ? -1 : 1;
	return span_cmp(a->source.topic, b->source.topic);
}

static int
by_event(const void *p, const void *q)
{
	const struct evidence *a = *(const struct evidence *const *)p;
	const struct evidence *b = *(const struct evidence *const *)q;
	int c = id_cmp(&a->event_id, &b->event_id);

	return c ? c : stands_before(a, b);
}

static const struct evidence *
that_counts(const struct evidence **v, size_t n)
{
	const struct evidence *best = NULL;
	size_t from = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i]->tombstone)
			from = i + 1;
	for (size_t i = from; i < n; i++)
		if (!best || v[i]->revision >= best->revision)
			best = v[i];
	return best && !best->withdrawn ? best : NULL;
}

static bool
erased(const struct naive *na, const struct id *event)
{
	for (size_t i = 0; i < na->in->suppressed_n; i++)
		if (id_eq(&na->in->suppressed[i], event))
			return true;
	return false;
}

static void
events_find(struct naive *na)
{
	const struct evidence **v = mem_alloc((na->in->evidence_n + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < na->in->evidence_n; i++)
		if (na->in->evidence[i].what == EVIDENCE_VERSION)
			v[n++] = &na->in->evidence[i];
	qsort(v, n, sizeof(*v), by_event);
	na->events = mem_alloc((n + 1) * sizeof(*na->events));
	for (size_t i = 0, to; i < n; i = to) {
		const struct evidence *counts;

		for (to = i; to < n && id_eq(&v[to]->event_id, &v[i]->event_id); to++)
			;
		counts = that_counts(v + i, to - i);
		if (counts && !erased(na, &counts->event_id))
			na->events[na->events_n++] = counts;
	}
	mem_free(v);
}

/* --- signatures */

static int
by_signature(const void *p, const void *q)
{
	const struct evidence *a = *(const struct evidence *const *)p;
	const struct evidence *b = *(const struct evidence *const *)q;
	int c = id_cmp(&a->signature, &b->signature);

	return c ? c : id_cmp(&a->event_id, &b->event_id);
}

static void
signatures_find(struct naive *na)
{
	qsort(na->events, na->events_n, sizeof(*na->events), by_signature);
	na->signatures = mem_zalloc(na->events_n + 1, sizeof(*na->signatures));
	na->signature_ids = mem_zalloc(na->events_n + 1, sizeof(*na->signature_ids));
	for (size_t i = 0; i < na->events_n; i++) {
		if (i && id_eq(&na->events[i]->signature, &na->events[i - 1]->signature))
			continue;
		signature_make(&na->signatures[na->signatures_n], na->events[i], &na->keys,
		    na->in->model);
		na->signature_ids[na->signatures_n++] = &na->events[i]->signature;
	}
}

/* How many signatures stand in a block. */
static uint32_t
block_size(const struct naive *na, uint64_t hash)
{
	uint32_t n = 0;

	for (size_t i = 0; i < na->signatures_n; i++)
		for (uint32_t k = 0; k < na->signatures[i].blocks_n; k++)
			n += na->signatures[i].blocks[k] == hash;
	return n;
}

static bool
share_a_block(const struct naive *na, const struct signature *a, const struct signature *b)
{
	for (uint32_t i = 0; i < a->blocks_n; i++)
		for (uint32_t k = 0; k < b->blocks_n; k++)
			if (a->blocks[i] == b->blocks[k]
			    && block_size(na, a->blocks[i]) <= BLOCK_SIGNATURES_MAX)
				return true;
	return false;
}

/* --- nodes */

static bool
in_review(const struct naive *na, const struct id *event)
{
	for (size_t i = 0; i < na->in->reviews_n; i++)
		if (id_eq(&na->in->reviews[i].a, event) || id_eq(&na->in->reviews[i].b, event))
			return true;
	return false;
}

static int
by_node(const void *p, const void *q)
{
	const struct person_node *a = p, *b = q;
	int c = id_cmp(&a->s->keyed, &b->s->keyed);

	if (c)
		return c;
	if (!a->only || !b->only)
		return (a->only != NULL) - (b->only != NULL);
	return id_cmp(&a->only->event_id, &b->only->event_id);
}

static struct signature *
signature_of_id(const struct naive *na, const struct id *signature)
{
	for (size_t i = 0; i < na->signatures_n; i++)
		if (id_eq(na->signature_ids[i], signature))
			return &na->signatures[i];
	NOT_REACHED("every event's signature was made");
}

static void
nodes_find(struct naive *na)
{
	na->nodes = mem_zalloc(na->events_n + 1, sizeof(*na->nodes));
	for (size_t i = 0; i < na->events_n; i++) {
		const struct evidence *ev = na->events[i];
		struct signature *s = signature_of_id(na, &ev->signature);
		bool alone = in_review(na, &ev->event_id);
		struct person_node *n = NULL;

		for (uint32_t k = 0; !alone && k < na->nodes_n; k++)
			if (na->nodes[k].s == s && !na->nodes[k].only)
				n = &na->nodes[k];
		if (n) {
			if (id_cmp(&ev->event_id, &n->smallest) < 0)
				n->smallest = ev->event_id;
			continue;
		}
		na->nodes[na->nodes_n++] = (struct person_node){ .s = s,
			.only = alone ? ev : NULL, .smallest = ev->event_id };
	}
	qsort(na->nodes, na->nodes_n, sizeof(*na->nodes), by_node);
	for (uint32_t i = 0; i < na->nodes_n; i++)
		na->nodes[i].cluster = i;
}

/* --- links */

static struct link *
link_add(struct naive *na, uint32_t a, uint32_t b, uint32_t class)
{
	if (na->links_n == na->links_cap) {
		na->links_cap = na->links_cap ? na->links_cap * 2 : 64;
		na->links = mem_realloc(na->links, na->links_cap, sizeof(*na->links));
	}
	na->links[na->links_n] = (struct link){ .a = a, .b = b, .class = class };
	return &na->links[na->links_n++];
}

static void
link_pair(struct naive *na, uint32_t a, uint32_t b)
{
	const struct person_node *x = &na->nodes[a], *y = &na->nodes[b];
	struct token_view tx = signature_tokens(x->s), ty = signature_tokens(y->s);
	const struct model_step *steps;
	uint8_t levels[COMPARE_END], pair[2 * ID_BYTES];
	struct link *l;
	int step;

	if (x->s == y->s) {
		link_add(na, a, b, EDGE_SAME);
		return;
	}
	compare(&tx, &ty, levels);
	step = model_decide(na->in->model, levels);
	if (step < 0 || !share_a_block(na, x->s, y->s))
		return;
	model_steps(na->in->model, &steps);
	l = link_add(na, a, b, EDGE_MODEL);
	l->weight = steps[step].weight_mbit;
	l->step = step;
	memcpy(l->levels, levels, sizeof(levels));
	memcpy(pair, x->s->keyed.b, ID_BYTES);
	memcpy(pair + ID_BYTES, y->s->keyed.b, ID_BYTES);
	l->tie = hash64(pair, sizeof(pair), 0);
}

static bool
node_alone(const struct naive *na, const struct id *event, uint32_t *node)
{
	for (uint32_t i = 0; i < na->nodes_n; i++)
		if (na->nodes[i].only && id_eq(&na->nodes[i].only->event_id, event)) {
			*node = i;
			return true;
		}
	return false;
}

static int
by_strength(const void *p, const void *q)
{
	const struct link *a = p, *b = q;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

/* Components of the graph whose edges are links, a shared NHS number, and reviews of either
 * verdict; the number of signatures in each decides whether only exact steps count. */
static void
components_find(const struct naive *na, uint32_t *component)
{
	bool again = true;

	for (uint32_t i = 0; i < na->nodes_n; i++)
		component[i] = i;
	while (again) {
		again = false;
		for (size_t i = 0; i < na->links_n; i++) {
			uint32_t *x = &component[na->links[i].a], *y = &component[na->links[i].b];

			if (*x != *y) {
				*x = *y = *x < *y ? *x : *y;
				again = true;
			}
		}
	}
}

static void
oversize_thin(struct naive *na)
{
	uint32_t *component = mem_alloc((na->nodes_n + 1) * sizeof(*component));
	uint32_t *size = mem_zalloc(na->nodes_n + 1, sizeof(*size));
	const struct model_step *steps;
	size_t kept = 0;

	model_steps(na->in->model, &steps);
	components_find(na, component);
	for (uint32_t i = 0; i < na->nodes_n; i++)
		if (i == 0 || na->nodes[i].s != na->nodes[i - 1].s)
			size[component[i]]++;
	for (size_t i = 0; i < na->links_n; i++) {
		const struct link *l = &na->links[i];
		bool thin = size[component[l->a]] > COMPONENT_SIGNATURES_MAX;

		if (l->class == EDGE_MODEL && (l->step < 0 || (thin && !steps[l->step].exact)))
			continue;
		na->links[kept++] = *l;
	}
	na->links_n = kept;
	mem_free(component);
	mem_free(size);
}

static void
links_find(struct naive *na)
{
	uint32_t a, b;

	for (uint32_t i = 0; i < na->nodes_n; i++)
		for (uint32_t k = i + 1; k < na->nodes_n; k++) {
			struct link *l;

			link_pair(na, i, k);
			/* A shared NHS number holds a component together, and joins nobody. */
			if (na->nodes[i].s != na->nodes[k].s
			    && signature_value(na->nodes[i].s, TOKEN_NHS)
			    && signature_value(na->nodes[i].s, TOKEN_NHS)
				== signature_value(na->nodes[k].s, TOKEN_NHS)
			    && share_a_block(na, na->nodes[i].s, na->nodes[k].s)) {
				l = link_add(na, i, k, EDGE_MODEL);
				l->step = -1;
			}
		}
	for (size_t i = 0; i < na->in->reviews_n; i++)
		if (node_alone(na, &na->in->reviews[i].a, &a)
		    && node_alone(na, &na->in->reviews[i].b, &b)) {
			struct link *l = link_add(na, a < b ? a : b, a < b ? b : a,
			    na->in->reviews[i].same ? EDGE_REVIEW : EDGE_MODEL);

			if (!na->in->reviews[i].same)
				l->step = -1;
		}
	oversize_thin(na);
	if (na->links_n)
		qsort(na->links, na->links_n, sizeof(*na->links), by_strength);
}

/* --- clusters */

static bool
organisation_has_one(const struct naive *na, const struct person_node *n)
{
	for (size_t i = 0; i < na->events_n; i++)
		if (id_eq(&na->events[i]->signature,
			na->signature_ids[n->s - na->signatures]))
			for (size_t k = 0; k < na->in->one_record_n; k++)
				if (span_eq(na->events[i]->organisation, na->in->one_record[k]))
					return true;
	return false;
}

static struct span
organisation_of(const struct naive *na, const struct person_node *n)
{
	for (size_t i = 0; i < na->events_n; i++)
		if (id_eq(&na->events[i]->signature,
			na->signature_ids[n->s - na->signatures]))
			return na->events[i]->organisation;
	return SPAN_NONE;
}

static bool
two_people(const struct naive *na, const struct person_node *a, const struct person_node *b)
{
	uint64_t x = signature_value(a->s, TOKEN_NHS), y = signature_value(b->s, TOKEN_NHS);
	struct token_view tx = signature_tokens(a->s), ty = signature_tokens(b->s);

	if (x && y && x != y)
		return true;
	if (compare_dob_conflict(&tx, &ty))
		return true;
	x = signature_value(a->s, TOKEN_LOCAL_ID);
	y = signature_value(b->s, TOKEN_LOCAL_ID);
	return x && y && x != y && span_eq(organisation_of(na, a), organisation_of(na, b))
	    && organisation_has_one(na, a);
}

static bool
may_join(const struct naive *na, uint32_t x, uint32_t y, bool by_model)
{
	for (size_t i = 0; i < na->in->reviews_n; i++) {
		uint32_t a, b;

		if (na->in->reviews[i].same || !node_alone(na, &na->in->reviews[i].a, &a)
		    || !node_alone(na, &na->in->reviews[i].b, &b))
			continue;
		a = na->nodes[a].cluster;
		b = na->nodes[b].cluster;
		if ((a == x && b == y) || (a == y && b == x))
			return false;
	}
	for (uint32_t i = 0; by_model && i < na->nodes_n; i++)
		for (uint32_t k = 0; na->nodes[i].cluster == x && k < na->nodes_n; k++)
			if (na->nodes[k].cluster == y
			    && two_people(na, &na->nodes[i], &na->nodes[k]))
				return false;
	return true;
}

static void
clusters_find(struct naive *na)
{
	for (size_t i = 0; i < na->links_n; i++) {
		uint32_t x = na->nodes[na->links[i].a].cluster;
		uint32_t y = na->nodes[na->links[i].b].cluster;

		if (x == y || !may_join(na, x, y, na->links[i].class == EDGE_MODEL))
			continue;
		for (uint32_t k = 0; k < na->nodes_n; k++)
			if (na->nodes[k].cluster == x || na->nodes[k].cluster == y)
				na->nodes[k].cluster = x < y ? x : y;
	}
}

/* --- units and notes */

static bool
nhs_of_one(const struct naive *na, const struct signature *s)
{
	const struct model_block *blocks;
	size_t n = model_blocks(na->in->model, &blocks);

	if (id_is_zero(&s->nhs_unit))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t key[2] = { i + 1, signature_value(s, TOKEN_NHS) };

		if (blocks[i].n == 1 && blocks[i].field[0] == TOKEN_NHS)
			return block_size(na, hash64(key, sizeof(key), 0))
			    <= BLOCK_SIGNATURES_MAX;
	}
	return false;
}

static struct id
unit_hash(struct naive *na, char tag, struct id a, const struct id *b)
{
	struct buf msg = BUF_INIT;
	struct id out;

	buf_byte(&msg, (uint8_t)tag);
	buf_add(&msg, a.b, ID_BYTES);
	if (b)
		buf_add(&msg, b->b, ID_BYTES);
	out = mac_id(na->keys.unit, buf_view(&msg));
	buf_release(&msg);
	return out;
}

static void
units_find(struct naive *na)
{
	struct id *first = mem_zalloc(na->nodes_n + 1, sizeof(*first));
	struct id *smallest = mem_zalloc(na->nodes_n + 1, sizeof(*smallest));

	for (uint32_t c = 0; c < na->nodes_n; c++) {
		struct id nhs = { { 0 } };
		bool several = false;

		for (uint32_t i = c; na->nodes[c].cluster == c && i < na->nodes_n; i++) {
			const struct person_node *n = &na->nodes[i];

			if (n->cluster != c)
				continue;
			if (id_is_zero(&smallest[c]) || id_cmp(&n->smallest, &smallest[c]) < 0)
				smallest[c] = n->smallest;
			if (!nhs_of_one(na, n->s))
				continue;
			several |= !id_is_zero(&nhs) && !id_eq(&nhs, &n->s->nhs_unit);
			nhs = n->s->nhs_unit;
		}
		first[c] = id_is_zero(&nhs) || several
		    ? unit_hash(na, 's', na->nodes[c].s->keyed, NULL)
		    : nhs;
	}
	for (uint32_t i = 0; i < na->nodes_n; i++) {
		uint32_t c = na->nodes[i].cluster;
		bool shared = false;

		for (uint32_t k = 0; k < na->nodes_n; k++)
			shared |= na->nodes[k].cluster == k && k != c && id_eq(&first[k], &first[c]);
		na->nodes[i].unit = shared ? unit_hash(na, 'e', first[c], &smallest[c]) : first[c];
	}
	mem_free(first);
	mem_free(smallest);
}

static void
node_note(struct naive *na, struct person_node *n, const struct link *l,
    const struct person_node *other)
{
	const struct model_step *steps;

	if (n->noted)
		return;
	model_steps(na->in->model, &steps);
	n->noted = true;
	n->note.partner = other->smallest;
	n->note.weight_mbit = l->weight;
	n->note.step = l->class == EDGE_REVIEW ? SPAN_LIT("review")
	    : l->class == EDGE_SAME            ? SPAN_LIT("same-details")
					       : steps[l->step].name;
	if (l->class == EDGE_MODEL) {
		memcpy(n->levels, l->levels, COMPARE_END);
		n->note.levels = span_of(n->levels, COMPARE_END);
	}
}

static void
notes_find(struct naive *na)
{
	static const uint32_t order[] = { EDGE_REVIEW, EDGE_MODEL, EDGE_SAME };

	for (size_t pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < na->links_n; i++) {
			const struct link *l = &na->links[i];
			struct person_node *a = &na->nodes[l->a], *b = &na->nodes[l->b];

			if (l->class != order[pass] || a->cluster != b->cluster)
				continue;
			node_note(na, a, l, b);
			node_note(na, b, l, a);
		}
	for (uint32_t i = 0; i < na->nodes_n; i++)
		if (!na->nodes[i].noted)
			na->nodes[i].note.step = SPAN_LIT("single");
}

/* --- out */

static const struct person_node *
node_of(const struct naive *na, const struct evidence *ev)
{
	const struct signature *s = signature_of_id(na, &ev->signature);
	uint32_t alone;

	if (node_alone(na, &ev->event_id, &alone))
		return &na->nodes[alone];
	for (uint32_t i = 0; i < na->nodes_n; i++)
		if (na->nodes[i].s == s && !na->nodes[i].only)
			return &na->nodes[i];
	NOT_REACHED("every event has a node");
}

static void
emit_event(const struct naive *na, const struct evidence *ev,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	const struct person_node *n = node_of(na, ev);
	struct key key = { .type = KEY_UNIT_EVENT, .a = n->unit, .b = ev->event_id };
	struct linked ln = { .what = LINKED_EVENT, .unit = n->unit, .event_id = ev->event_id,
		.unit_kind = SPAN_LIT("person"), .source = ev->source,
		.organisation = ev->organisation, .role = ev->role, .revision = ev->revision,
		.restricted = ev->restricted, .kind = ev->kind, .start = ev->start, .end = ev->end,
		.episode = ev->episode, .evidence_type = ev->evidence_type,
		.attributes = ev->attributes, .match = n->note };

	memcpy(ln.raw_sha256, ev->raw_sha256, sizeof(ln.raw_sha256));
	if (!n->noted && !id_eq(&ev->event_id, &n->smallest)) {
		ln.match.step = SPAN_LIT("same-details");
		ln.match.partner = n->smallest;
	}
	emit(arg, &key, &ln);
}

static void
emit_decision(const struct naive *na, const struct naive_decision *d,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	for (size_t i = 0; i < na->events_n; i++) {
		const struct person_node *n;
		struct key key;

		if (!id_eq(&na->events[i]->event_id, &d->anchor))
			continue;
		n = node_of(na, na->events[i]);
		key = (struct key){ .type = KEY_UNIT_DECISION, .a = n->unit, .b = d->id };
		emit(arg, &key,
		    &(struct linked){ .what = LINKED_DECISION, .unit = n->unit,
			.event_id = d->anchor, .unit_kind = SPAN_LIT("person"), .source = d->at,
			.start = DATE_NONE, .end = DATE_NONE, .decision = d->bytes });
	}
}

void
naive_match(const struct naive_input *in,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	struct naive na = { .in = in,
		.keys = { mac_new(in->keys->index), mac_new(in->keys->unit) } };

	events_find(&na);
	signatures_find(&na);
	nodes_find(&na);
	links_find(&na);
	clusters_find(&na);
	units_find(&na);
	notes_find(&na);
	for (size_t i = 0; i < na.events_n; i++)
		emit_event(&na, na.events[i], emit, arg);
	for (size_t i = 0; i < in->decisions_n; i++)
		emit_decision(&na, &in->decisions[i], emit, arg);
	for (size_t i = 0; i < na.signatures_n; i++)
		signature_release(&na.signatures[i]);
	mac_free(na.keys.index);
	mac_free(na.keys.unit);
	mem_free(na.events);
	mem_free(na.signatures);
	mem_free(na.signature_ids);
	mem_free(na.nodes);
	mem_free(na.links);
}
