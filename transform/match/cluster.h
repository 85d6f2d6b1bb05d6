/*
 * cluster - which nodes of one component are one person.
 *
 *	edges, strongest first:  review "same" · same signature · model, by weight
 *	for each: merge its two clusters, unless something in one and something in
 *	the other can never be one person
 *
 *	   a ──30── b ──18── c        a and c have different NHS numbers:
 *	   [ a  b ]          [ c ]    the weaker edge gives way
 *
 * An edge that was weighed (model.h) joins two clusters only if all pairs of
 * the two together speak for it: a record without a forename must not make one
 * person of a father and a son.
 *
 * Constrained agglomeration in an order that is a function of the set (weight,
 * then a keyed hash of the pair, then ids), so the result is too.
 *
 * Pure; scratch memory from the caller's arena.
 */
#ifndef OUTTURN_CLUSTER_H
#define OUTTURN_CLUSTER_H

#include "common/arena.h"
#include "common/id.h"
#include "transform/match/model.h"

struct cluster_node {
	struct id signature;      /* keyed */
	struct id event;          /* zero: all events of the signature that no review names */
	struct token_view tokens;
	uint64_t nhs;             /* re-keyed NHS token; 0: none */
	uint64_t local_id;        /* of an organisation with one record a person; 0: none */
	uint32_t organisation;    /* of local_id */
};

enum edge_class { EDGE_REVIEW, EDGE_SAME, EDGE_MODEL };

struct cluster_edge {
	uint32_t a, b;       /* nodes, a < b */
	uint32_t class;      /* enum edge_class */
	int64_t weight_mbit; /* MODEL */
	bool weighed;        /* MODEL: by weight, not by a step */
	uint64_t tie;        /* keyed hash of the pair of signatures */
};

struct cluster_pair {
	uint32_t a, b;
};

/* Fills label[i] with the lowest node of i's cluster, for nodes sorted by (signature, event). */
void cluster(const struct model *model, const struct cluster_node *nodes, uint32_t n,
    struct cluster_edge *edges, uint32_t edges_n, const struct cluster_pair *apart, uint32_t apart_n, uint32_t *label,
    struct arena *arena);

#endif
