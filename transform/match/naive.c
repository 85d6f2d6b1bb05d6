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
	uint32_t next;               /* of its cluster: a ring */
	struct id unit;
	struct match_note note;
	uint8_t levels[MODEL_LEVELS_MAX];
	bool noted;
};

struct link {
	uint32_t a, b, class;
	int64_t weight;
	uint64_t tie;
	struct model_verdict v; /* MODEL; step -1: joins nobody */
};

/* A signature stands in a block. */
struct standing {
	uint64_t block;
	uint32_t signature;
};

struct pair {
	uint32_t a, b; /* signatures, a < b */
	bool crowded;  /* of a block of which no person is asked */
};

struct judged { /* a pair of signatures that may have to be asked of */
	uint32_t a, b;
	struct model_verdict v;
};

struct lone { /* an event that is a node of its own */
	struct id event;
	uint32_t node;
};

struct naive {
	const struct naive_input *in;
	struct signature_keys keys;
	const struct evidence **events; /* the version that counts of each event that stands */
	uint32_t *signature;            /* of each event */
	size_t events_n;
	struct signature *signatures;
	struct span *organisation;      /* of each signature */
	uint32_t signatures_n;
	struct standing *standing;      /* by block */
	size_t standing_n;
	struct id *named;               /* events that reviews name, sorted */
	size_t named_n;
	struct lone *lone;              /* by event */
	uint32_t lone_n;
	uint32_t *plain;                /* node of each signature's other events */
	struct person_node *nodes;
	uint32_t nodes_n;
	struct link *links;
	size_t links_n, links_cap;
	struct judged *judged;
	size_t judged_n, judged_cap;
	bool *thin;                     /* of each node: its component is past its limit */
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

static int
by_id(const void *p, const void *q)
{
	return id_cmp(p, q);
}

static bool
erased(const struct id *sorted, size_t n, const struct id *event)
{
	return n && bsearch(event, sorted, n, sizeof(*sorted), by_id);
}

static struct id *
ids_sorted(const struct id *ids, size_t n)
{
	struct id *copy = mem_alloc((n + 1) * sizeof(*copy));

	if (n) {
		memcpy(copy, ids, n * sizeof(*copy));
		qsort(copy, n, sizeof(*copy), by_id);
	}
	return copy;
}

static void
events_find(struct naive *na)
{
	const struct evidence **v = mem_alloc((na->in->evidence_n + 1) * sizeof(*v));
	struct id *gone = ids_sorted(na->in->suppressed, na->in->suppressed_n);
	size_t n = 0;

	for (size_t i = 0; i < na->in->evidence_n; i++)
		if (na->in->evidence[i].what == EVIDENCE_VERSION)
			v[n++] = &na->in->evidence[i];
	if (n)
		qsort(v, n, sizeof(*v), by_event);
	na->events = mem_alloc((n + 1) * sizeof(*na->events));
	for (size_t i = 0, to; i < n; i = to) {
		const struct evidence *counts;

		for (to = i; to < n && id_eq(&v[to]->event_id, &v[i]->event_id); to++)
			;
		counts = that_counts(v + i, to - i);
		if (counts && !erased(gone, na->in->suppressed_n, &counts->event_id))
			na->events[na->events_n++] = counts;
	}
	mem_free(v);
	mem_free(gone);
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
	if (na->events_n)
		qsort(na->events, na->events_n, sizeof(*na->events), by_signature);
	na->signature = mem_zalloc(na->events_n + 1, sizeof(*na->signature));
	na->signatures = mem_zalloc(na->events_n + 1, sizeof(*na->signatures));
	na->organisation = mem_zalloc(na->events_n + 1, sizeof(*na->organisation));
	for (size_t i = 0; i < na->events_n; i++) {
		const struct evidence *ev = na->events[i];

		if (!i || !id_eq(&ev->signature, &na->events[i - 1]->signature)) {
			signature_make(&na->signatures[na->signatures_n], ev, &na->keys,
			    na->in->model);
			na->organisation[na->signatures_n++] = ev->organisation;
		}
		na->signature[i] = na->signatures_n - 1;
	}
}

/* --- blocks */

static int
by_block(const void *p, const void *q)
{
	const struct standing *a = p, *b = q;

	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return (a->signature > b->signature) - (a->signature < b->signature);
}

static void
blocks_find(struct naive *na)
{
	na->standing = mem_alloc(((size_t)na->signatures_n * MODEL_BLOCKS_MAX + 1)
	    * sizeof(*na->standing));
	for (uint32_t i = 0; i < na->signatures_n; i++)
		for (uint32_t k = 0; k < na->signatures[i].blocks_n; k++)
			na->standing[na->standing_n++]
			    = (struct standing){ na->signatures[i].blocks[k], i };
	if (na->standing_n)
		qsort(na->standing, na->standing_n, sizeof(*na->standing), by_block);
}

/* The block that begins at `from` ends before: */
static size_t
block_end(const struct naive *na, size_t from)
{
	size_t to = from;

	while (to < na->standing_n && na->standing[to].block == na->standing[from].block)
		to++;
	return to;
}

/* How many signatures stand in a block. */
static size_t
block_size(const struct naive *na, uint64_t block)
{
	size_t low = 0, high = na->standing_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (na->standing[mid].block < block)
			low = mid + 1;
		else
			high = mid;
	}
	return low < na->standing_n && na->standing[low].block == block ? block_end(na, low) - low
									 : 0;
}

/* --- nodes */

static void
named_find(struct naive *na)
{
	na->named = mem_alloc((2 * na->in->reviews_n + 1) * sizeof(*na->named));
	for (size_t i = 0; i < na->in->reviews_n; i++) {
		na->named[na->named_n++] = na->in->reviews[i].a;
		na->named[na->named_n++] = na->in->reviews[i].b;
	}
	if (na->named_n)
		qsort(na->named, na->named_n, sizeof(*na->named), by_id);
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

static int
by_lone(const void *p, const void *q)
{
	const struct lone *a = p, *b = q;

	return id_cmp(&a->event, &b->event);
}

/* Where each event went: to a node of its own, or to that of its signature. */
static void
nodes_index(struct naive *na)
{
	na->lone = mem_alloc((na->nodes_n + 1) * sizeof(*na->lone));
	na->plain = mem_zalloc(na->signatures_n + 1, sizeof(*na->plain));
	for (uint32_t i = 0; i < na->nodes_n; i++) {
		struct person_node *n = &na->nodes[i];

		n->cluster = n->next = i;
		if (n->only)
			na->lone[na->lone_n++] = (struct lone){ n->only->event_id, i };
		else
			na->plain[n->s - na->signatures] = i;
	}
	if (na->lone_n)
		qsort(na->lone, na->lone_n, sizeof(*na->lone), by_lone);
}

/* Events stand by (signature, id): the first that no review names is the smallest. */
static void
nodes_find(struct naive *na)
{
	const struct signature *last = NULL;

	named_find(na);
	na->nodes = mem_zalloc(na->events_n + 1, sizeof(*na->nodes));
	for (size_t i = 0; i < na->events_n; i++) {
		const struct evidence *ev = na->events[i];
		struct signature *s = &na->signatures[na->signature[i]];
		bool alone = na->named_n
		    && bsearch(&ev->event_id, na->named, na->named_n, sizeof(*na->named), by_id);

		if (!alone && last == s)
			continue;
		if (!alone)
			last = s;
		na->nodes[na->nodes_n++] = (struct person_node){ .s = s,
			.only = alone ? ev : NULL, .smallest = ev->event_id };
	}
	if (na->nodes_n)
		qsort(na->nodes, na->nodes_n, sizeof(*na->nodes), by_node);
	nodes_index(na);
}

static bool
node_alone(const struct naive *na, const struct id *event, uint32_t *node)
{
	struct lone key = { .event = *event };
	const struct lone *at = na->lone_n
	    ? bsearch(&key, na->lone, na->lone_n, sizeof(*na->lone), by_lone)
	    : NULL;

	if (at)
		*node = at->node;
	return at != NULL;
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

/* The nodes of one signature stand together; the first of them: */
static uint32_t
nodes_from(const struct naive *na, uint32_t signature)
{
	uint32_t low = 0, high = na->nodes_n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (id_cmp(&na->nodes[mid].s->keyed, &na->signatures[signature].keyed) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
link_nodes(struct naive *na, uint32_t a, uint32_t b, const struct link *like)
{
	for (uint32_t i = nodes_from(na, a);
	     i < na->nodes_n && na->nodes[i].s == &na->signatures[a]; i++)
		for (uint32_t k = nodes_from(na, b);
		     k < na->nodes_n && na->nodes[k].s == &na->signatures[b]; k++) {
			struct link *l = link_add(na, i < k ? i : k, i < k ? k : i, EDGE_MODEL);

			l->weight = like->weight;
			l->tie = like->tie;
			l->v = like->v;
		}
}

static void
judged_add(struct naive *na, const struct pair *p, const struct model_verdict *v)
{
	if (na->judged_n == na->judged_cap) {
		na->judged_cap = na->judged_cap ? na->judged_cap * 2 : 64;
		na->judged = mem_realloc(na->judged, na->judged_cap, sizeof(*na->judged));
	}
	na->judged[na->judged_n++] = (struct judged){ p->a, p->b, *v };
}

static void
link_pair(struct naive *na, const struct pair *p)
{
	const struct signature *x = &na->signatures[p->a], *y = &na->signatures[p->b];
	struct token_view tx, ty;
	struct link l = { 0 };
	uint8_t pair[2 * ID_BYTES];

	if (id_cmp(&x->keyed, &y->keyed) > 0) {
		const struct signature *t = x;

		x = y;
		y = t;
	}
	tx = signature_tokens(x);
	ty = signature_tokens(y);
	model_judge(na->in->model, &tx, &ty, &l.v);
	if (!p->crowded && (l.v.step >= 0 || l.v.unsure))
		judged_add(na, p, &l.v);
	if (l.v.step >= 0) {
		memcpy(pair, x->keyed.b, ID_BYTES);
		memcpy(pair + ID_BYTES, y->keyed.b, ID_BYTES);
		l.tie = hash64(pair, sizeof(pair), 0);
		l.weight = l.v.weight_mbit;
		link_nodes(na, p->a, p->b, &l);
	} else if (l.v.number_same) {
		/* A shared NHS number holds a component together, and joins nobody. */
		link_nodes(na, p->a, p->b, &l);
	}
}

static int
by_pair(const void *p, const void *q)
{
	const struct pair *a = p, *b = q;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return a->crowded - b->crowded;
}

static bool
pair_same(const struct pair *a, const struct pair *b)
{
	return a->a == b->a && a->b == b->b;
}

/* Every pair of signatures in one block within its limit, each once. */
static void
links_of_blocks(struct naive *na)
{
	struct pair *pairs = NULL;
	size_t n = 0, cap = 0;

	for (size_t from = 0, to; from < na->standing_n; from = to) {
		to = block_end(na, from);
		for (size_t i = from; to - from <= BLOCK_SIGNATURES_MAX && i < to; i++)
			for (size_t k = i + 1; k < to; k++) {
				if (n == cap) {
					cap = cap ? cap * 2 : 1024;
					pairs = mem_realloc(pairs, cap, sizeof(*pairs));
				}
				pairs[n++] = (struct pair){ na->standing[i].signature,
					na->standing[k].signature, to - from > BLOCK_ASKED_MAX };
			}
	}
	if (n)
		qsort(pairs, n, sizeof(*pairs), by_pair);
	for (size_t i = 0; i < n; i++)
		if (!i || !pair_same(&pairs[i - 1], &pairs[i]))
			link_pair(na, &pairs[i]);
	mem_free(pairs);
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
static uint32_t
component_of(uint32_t *component, uint32_t i)
{
	while (component[i] != i)
		i = component[i] = component[component[i]];
	return i;
}

static void
components_find(const struct naive *na, uint32_t *component)
{
	for (uint32_t i = 0; i < na->nodes_n; i++)
		component[i] = i;
	for (size_t i = 0; i < na->links_n; i++) {
		uint32_t x = component_of(component, na->links[i].a);
		uint32_t y = component_of(component, na->links[i].b);

		component[x > y ? x : y] = x < y ? x : y;
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
			size[component_of(component, i)]++;
	for (size_t i = 0; i < na->links_n; i++) {
		const struct link *l = &na->links[i];
		bool thin = size[component_of(component, l->a)] > COMPONENT_SIGNATURES_MAX;

		if (l->class == EDGE_MODEL && (l->v.step < 0 || (thin && !steps[l->v.step].exact)))
			continue;
		na->links[kept++] = *l;
	}
	na->links_n = kept;
	na->thin = mem_zalloc(na->nodes_n + 1, sizeof(*na->thin));
	for (uint32_t i = 0; i < na->nodes_n; i++)
		na->thin[i] = size[component_of(component, i)] > COMPONENT_SIGNATURES_MAX;
	mem_free(component);
	mem_free(size);
}

static void
links_find(struct naive *na)
{
	uint32_t a, b;

	links_of_blocks(na);
	for (uint32_t i = 0; i < na->nodes_n; i++)
		for (uint32_t k = i + 1; k < na->nodes_n && na->nodes[k].s == na->nodes[i].s; k++)
			link_add(na, i, k, EDGE_SAME);
	for (size_t i = 0; i < na->in->reviews_n; i++)
		if (node_alone(na, &na->in->reviews[i].a, &a)
		    && node_alone(na, &na->in->reviews[i].b, &b)) {
			struct link *l = link_add(na, a < b ? a : b, a < b ? b : a,
			    na->in->reviews[i].same ? EDGE_REVIEW : EDGE_MODEL);

			if (!na->in->reviews[i].same)
				l->v.step = -1;
		}
	oversize_thin(na);
	if (na->links_n)
		qsort(na->links, na->links_n, sizeof(*na->links), by_strength);
}

/* --- clusters */

static struct span
organisation_of(const struct naive *na, const struct person_node *n)
{
	return na->organisation[n->s - na->signatures];
}

static bool
organisation_has_one(const struct naive *na, const struct person_node *n)
{
	for (size_t k = 0; k < na->in->one_record_n; k++)
		if (span_eq(organisation_of(na, n), na->in->one_record[k]))
			return true;
	return false;
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
reviewed_apart(const struct naive *na, uint32_t x, uint32_t y)
{
	for (size_t i = 0; i < na->in->reviews_n; i++) {
		uint32_t a, b;

		if (na->in->reviews[i].same || !node_alone(na, &na->in->reviews[i].a, &a)
		    || !node_alone(na, &na->in->reviews[i].b, &b))
			continue;
		a = na->nodes[a].cluster;
		b = na->nodes[b].cluster;
		if ((a == x && b == y) || (a == y && b == x))
			return true;
	}
	return false;
}

/* All pairs of two clusters, where a weight is to join them. */
static bool
speak_for(const struct naive *na, uint32_t x, uint32_t y)
{
	int64_t sum = 0;
	uint32_t i = x, k = y;

	do {
		struct token_view tx = signature_tokens(na->nodes[i].s);

		do {
			struct token_view ty = signature_tokens(na->nodes[k].s);

			sum += model_together(na->in->model, &tx, &ty);
			k = na->nodes[k].next;
		} while (k != y);
		i = na->nodes[i].next;
	} while (i != x);
	return sum >= 0;
}

static bool
may_join(const struct naive *na, uint32_t x, uint32_t y, bool by_model)
{
	uint32_t i = x, k = y;

	if (reviewed_apart(na, x, y))
		return false;
	do {
		do {
			if (by_model && two_people(na, &na->nodes[i], &na->nodes[k]))
				return false;
			k = na->nodes[k].next;
		} while (k != y);
		i = na->nodes[i].next;
	} while (i != x);
	return true;
}

static void
clusters_find(struct naive *na)
{
	for (size_t i = 0; i < na->links_n; i++) {
		uint32_t x = na->nodes[na->links[i].a].cluster;
		uint32_t y = na->nodes[na->links[i].b].cluster;
		uint32_t low = x < y ? x : y, high = x < y ? y : x, k = high, next;

		if (x == y || !may_join(na, x, y, na->links[i].class == EDGE_MODEL)
		    || (na->links[i].v.weighed && !speak_for(na, x, y)))
			continue;
		do {
			na->nodes[k].cluster = low;
			k = na->nodes[k].next;
		} while (k != high);
		next = na->nodes[low].next;
		na->nodes[low].next = na->nodes[high].next;
		na->nodes[high].next = next;
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

struct first_id { /* of a cluster, before it is told from others of that id */
	struct id id;
	uint32_t cluster;
};

static int
by_first(const void *p, const void *q)
{
	const struct first_id *a = p, *b = q;

	return id_cmp(&a->id, &b->id);
}

static struct id
cluster_first_id(struct naive *na, uint32_t c)
{
	struct id nhs = { { 0 } };
	bool several = false;
	uint32_t i = c;

	do {
		const struct signature *s = na->nodes[i].s;

		if (nhs_of_one(na, s)) {
			several |= !id_is_zero(&nhs) && !id_eq(&nhs, &s->nhs_unit);
			nhs = s->nhs_unit;
		}
		i = na->nodes[i].next;
	} while (i != c);
	return id_is_zero(&nhs) || several ? unit_hash(na, 's', na->nodes[c].s->keyed, NULL) : nhs;
}

static struct id
cluster_smallest(const struct naive *na, uint32_t c)
{
	struct id smallest = na->nodes[c].smallest;

	for (uint32_t i = na->nodes[c].next; i != c; i = na->nodes[i].next)
		if (id_cmp(&na->nodes[i].smallest, &smallest) < 0)
			smallest = na->nodes[i].smallest;
	return smallest;
}

static void
units_find(struct naive *na)
{
	struct first_id *first = mem_alloc((na->nodes_n + 1) * sizeof(*first));
	uint32_t n = 0;

	for (uint32_t c = 0; c < na->nodes_n; c++)
		if (na->nodes[c].cluster == c)
			first[n++] = (struct first_id){ cluster_first_id(na, c), c };
	if (n)
		qsort(first, n, sizeof(*first), by_first);
	for (uint32_t i = 0; i < n; i++) {
		bool shared = (i && id_eq(&first[i].id, &first[i - 1].id))
		    || (i + 1 < n && id_eq(&first[i].id, &first[i + 1].id));
		struct id smallest = cluster_smallest(na, first[i].cluster);

		na->nodes[first[i].cluster].unit
		    = shared ? unit_hash(na, 'e', first[i].id, &smallest) : first[i].id;
	}
	for (uint32_t i = 0; i < na->nodes_n; i++)
		na->nodes[i].unit = na->nodes[na->nodes[i].cluster].unit;
	mem_free(first);
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
					       : steps[l->v.step].name;
	if (l->class == EDGE_MODEL) {
		memcpy(n->levels, l->v.levels, l->v.levels_n);
		n->note.levels = span_of(n->levels, l->v.levels_n);
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
node_of(const struct naive *na, size_t event)
{
	uint32_t alone;

	if (node_alone(na, &na->events[event]->event_id, &alone))
		return &na->nodes[alone];
	return &na->nodes[na->plain[na->signature[event]]];
}

static void
emit_event(const struct naive *na, size_t event,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	const struct evidence *ev = na->events[event];
	const struct person_node *n = node_of(na, event);
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
		n = node_of(na, i);
		key = (struct key){ .type = KEY_UNIT_DECISION, .a = n->unit, .b = d->id };
		emit(arg, &key,
		    &(struct linked){ .what = LINKED_DECISION, .unit = n->unit,
			.event_id = d->anchor, .unit_kind = SPAN_LIT("person"), .source = d->at,
			.start = DATE_NONE, .end = DATE_NONE, .decision = d->bytes });
	}
}

/* Two people, whom a weight, a step that gave way, or a limit leaves to a person to judge;
 * each signature by its first node. */
static void
emit_pair(struct naive *na, const struct judged *j,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	uint32_t x = nodes_from(na, j->a), y = nodes_from(na, j->b);
	const struct person_node *a = &na->nodes[x], *b = &na->nodes[y];
	const struct model_step *steps;
	struct linked ln = { .what = LINKED_PAIR, .unit_kind = SPAN_LIT("person"),
		.source = { .topic = SPAN_LIT("") }, .start = DATE_NONE, .end = DATE_NONE };
	struct key key = { .type = KEY_PAIR };
	bool swap = id_cmp(&a->smallest, &b->smallest) > 0;

	model_steps(na->in->model, &steps);
	if (a->cluster == b->cluster || two_people(na, a, b) || reviewed_apart(na, a->cluster, b->cluster))
		return;
	key.a = ln.event_id = swap ? b->smallest : a->smallest;
	key.b = ln.match.partner = swap ? a->smallest : b->smallest;
	ln.match.weight_mbit = j->v.weight_mbit;
	ln.match.levels = span_of(j->v.levels, j->v.levels_n);
	ln.match.step = j->v.step < 0 ? SPAN_LIT("weight")
	    : na->thin[x] && !steps[j->v.step].exact ? SPAN_LIT("oversize")
						     : SPAN_LIT("conflict");
	emit(arg, &key, &ln);
}

void
naive_match(const struct naive_input *in,
    void (*emit)(void *arg, const struct key *key, const struct linked *ln), void *arg)
{
	struct naive na = { .in = in,
		.keys = { mac_new(in->keys->index), mac_new(in->keys->unit) } };

	events_find(&na);
	signatures_find(&na);
	blocks_find(&na);
	nodes_find(&na);
	links_find(&na);
	clusters_find(&na);
	units_find(&na);
	notes_find(&na);
	for (size_t i = 0; i < na.events_n; i++)
		emit_event(&na, i, emit, arg);
	for (size_t i = 0; i < in->decisions_n; i++)
		emit_decision(&na, &in->decisions[i], emit, arg);
	for (size_t i = 0; i < na.judged_n; i++)
		emit_pair(&na, &na.judged[i], emit, arg);
	for (uint32_t i = 0; i < na.signatures_n; i++)
		signature_release(&na.signatures[i]);
	mac_free(na.keys.index);
	mac_free(na.keys.unit);
	mem_free(na.events);
	mem_free(na.signatures);
	mem_free(na.signature);
	mem_free(na.organisation);
	mem_free(na.standing);
	mem_free(na.named);
	mem_free(na.lone);
	mem_free(na.plain);
	mem_free(na.nodes);
	mem_free(na.links);
	mem_free(na.judged);
	mem_free(na.thin);
}
