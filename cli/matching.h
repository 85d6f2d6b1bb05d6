/*
 * matching - two events side by side, and the people around them.
 *
 *	warehouse: both events, all events of their people
 *	evidence:  the tokens of each ─► re-keyed under a throw-away key ─► model
 *
 *	compared   line by line: how the two stand to each other, and what that adds
 *	edges      pairs of those events that the model joins, strongest first, without
 *	           those that close a ring: so there is one path from event to event
 *
 * No clear value is here, and none can be: tokens say whether two values are equal.
 */
#ifndef OUTTURN_CLI_MATCHING_H
#define OUTTURN_CLI_MATCHING_H

#include "cli/cli.h"
#include "common/arena.h"
#include "transform/match/model.h"

enum { MATCHING_EVENTS_MAX = 200 };

struct matching_event {
	struct id id, unit;
	struct span who, what, start, unit_kind, step; /* of the warehouse */
	struct id partner;
	int64_t weight_mbit;
	struct signature *signature; /* NULL: its evidence was not found */
	uint32_t tree;               /* of edges: lowest event that it hangs together with */
};

struct matching_edge {
	uint32_t a, b;
	struct span step;
	int64_t weight_mbit;
};

struct matching_line {
	const char *field, *level;
	int32_t mbit;
};

struct matching {
	struct arena arena;
	struct model *owned;
	const struct model *model;
	struct matching_event *events; /* [0], [1]: those that were asked for */
	uint32_t n, left_out;          /* left_out: beyond the limit */
	struct matching_edge *edges;
	uint32_t edges_n;
	bool together;                 /* of one unit */
	/* the two against each other */
	bool compared, weighed;        /* weighed: lines have bits, and prior */
	struct span step;              /* that holds; absent: none */
	int64_t weight_mbit;
	int32_t prior_mbit, threshold_mbit;
	struct matching_line lines[LINE_END];
	uint32_t lines_n;
};

/* -1: a server is away, or not both are linked.  Release in any case. */
int matching_read(struct cli *cli, struct pg *pg, const struct id *a, const struct id *b,
    struct matching *out, struct err *err);
void matching_release(struct matching *mt);
/* Events from one to the other; 0: no path. out: room for all. */
uint32_t matching_path(const struct matching *mt, uint32_t *out);

void matching_text(const struct matching *mt, struct buf *out);
void matching_json(const struct matching *mt, struct jw *j); /* members of an open object */
void matching_html(const struct matching *mt, struct buf *out); /* a whole page */

#endif
