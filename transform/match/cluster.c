#include "transform/match/cluster.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/must.h"

/* Members of a cluster as a ring, so that two rings join in one step.  Clusters only grow:
 * two that could not join never will, so that is kept, by their roots. */
struct forest {
	uint32_t *root, *next;
	uint64_t *refused; /* pairs of roots, high half the lesser, + 1; open addressing */
	size_t refused_cap; /* power of two, more than there are edges */
	const struct cluster_node *nodes;
	const struct cluster_pair *apart;
	uint32_t apart_n;
	const struct model *model;
};

static uint32_t
find(struct forest *f, uint32_t i)
{
	while (f->root[i] != i) {
		f->root[i] = f->root[f->root[i]];
		i = f->root[i];
	}
	return i;
}

static bool
nodes_conflict(const struct cluster_node *a, const struct cluster_node *b)
{
	return (a->nhs && b->nhs && a->nhs != b->nhs)
	    || (a->local_id && b->local_id && a->organisation == b->organisation
		&& a->local_id != b->local_id)
	    || compare_dob_conflict(&a->tokens, &b->tokens);
}

static bool
kept_apart(struct forest *f, uint32_t x, uint32_t y)
{
	for (uint32_t i = 0; i < f->apart_n; i++) {
		uint32_t a = find(f, f->apart[i].a), b = find(f, f->apart[i].b);

		if ((a == x && b == y) || (a == y && b == x))
			return true;
	}
	return false;
}

static uint64_t *
refused_at(struct forest *f, uint64_t pair)
{
	size_t i = hash64(&pair, sizeof(pair), 0) & (f->refused_cap - 1);

	while (f->refused[i] && f->refused[i] != pair)
		i = (i + 1) & (f->refused_cap - 1);
	return &f->refused[i];
}

static bool
conflict(struct forest *f, uint32_t x, uint32_t y)
{
	uint64_t pair = ((uint64_t)(x < y ? x : y) << 32 | (x < y ? y : x)) + 1;
	uint64_t *known = refused_at(f, pair);
	uint32_t i = x;

	if (*known)
		return true;
	do {
		uint32_t j = y;

		do {
			if (nodes_conflict(&f->nodes[i], &f->nodes[j])) {
				*known = pair;
				return true;
			}
			j = f->next[j];
		} while (j != y);
		i = f->next[i];
	} while (i != x);
	return false;
}

/* Not kept: what two clusters say together can change as they grow. */
static bool
speak_against(const struct forest *f, uint32_t x, uint32_t y)
{
	int64_t sum = 0;
	uint32_t i = x;

	do {
		uint32_t j = y;

		do {
			sum += model_together(f->model, &f->nodes[i].tokens, &f->nodes[j].tokens);
			j = f->next[j];
		} while (j != y);
		i = f->next[i];
	} while (i != x);
	return sum < 0;
}

static void
join(struct forest *f, uint32_t x, uint32_t y)
{
	uint32_t low = x < y ? x : y, high = x < y ? y : x, next = f->next[x];

	f->root[high] = low;
	f->next[x] = f->next[y];
	f->next[y] = next;
}

static int
edge_order(const void *p, const void *q)
{
	const struct cluster_edge *a = p, *b = q;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->weight_mbit != b->weight_mbit)
		return a->weight_mbit > b->weight_mbit ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

void
cluster(const struct model *model, const struct cluster_node *nodes, uint32_t n,
    struct cluster_edge *edges, uint32_t edges_n, const struct cluster_pair *apart, uint32_t apart_n, uint32_t *label,
    struct arena *arena)
{
	struct forest f = { .root = arena_alloc(arena, (size_t)n * sizeof(*f.root) + 1),
		.next = arena_alloc(arena, (size_t)n * sizeof(*f.next) + 1), .nodes = nodes,
		.apart = apart, .apart_n = apart_n, .model = model, .refused_cap = 16 };

	while (f.refused_cap < 2 * (size_t)edges_n)
		f.refused_cap *= 2;
	f.refused = arena_zalloc(arena, f.refused_cap, sizeof(*f.refused));
	MUST(f.root && f.next && f.refused);
	for (uint32_t i = 0; i < n; i++)
		f.root[i] = f.next[i] = i;
	if (edges_n)
		qsort(edges, edges_n, sizeof(*edges), edge_order);
	for (uint32_t i = 0; i < edges_n; i++) {
		uint32_t x = find(&f, edges[i].a), y = find(&f, edges[i].b);

		if (x == y || kept_apart(&f, x, y))
			continue;
		if (edges[i].class == EDGE_MODEL && conflict(&f, x, y))
			continue;
		if (!edges[i].weighed || !speak_against(&f, x, y))
			join(&f, x, y);
	}
	for (uint32_t i = 0; i < n; i++)
		label[i] = find(&f, i);
}
