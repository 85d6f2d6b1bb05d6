/*
 * matching_html - the comparison of two events as a page: the waterfall of
 * weights, and the cluster as a graph.
 *
 * One file, no script, nothing fetched.  All that comes from outside is escaped;
 * what is drawn is words and numbers of the model, and ids.
 */
#include "cli/matching.h"

#include <stdlib.h>

enum { MBIT = 1000, WIDE = 760, LEFT = 250, ROW = 22, SCALE_MBIT = 32000, RING = 230, DOT = 6 };

static void
escape(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.ptr[i]) {
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '&':
			buf_str(out, "&amp;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		case '\'':
			buf_str(out, "&#39;");
			break;
		default:
			buf_byte(out, s.ptr[i]);
		}
}

static void
bits(struct buf *out, int64_t mbit)
{
	buf_printf(out, "%s%lld.%lld", mbit < 0 ? "−" : "+", (long long)(llabs(mbit) / MBIT),
	    (long long)(llabs(mbit) % MBIT / 100));
}

/* Of a running sum within ±SCALE_MBIT. */
static int
place(int64_t mbit)
{
	if (mbit > SCALE_MBIT)
		mbit = SCALE_MBIT;
	if (mbit < -SCALE_MBIT)
		mbit = -SCALE_MBIT;
	return LEFT + (int)((mbit + SCALE_MBIT) * (WIDE - LEFT - 60) / (2 * SCALE_MBIT));
}

static void
upright(struct buf *out, int64_t mbit, int height, const char *class, const char *label)
{
	buf_printf(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"14\" y2=\"%d\"/>"
	    "<text class=\"s\" x=\"%d\" y=\"10\" text-anchor=\"middle\">%s</text>\n", class,
	    place(mbit), place(mbit), height, place(mbit), label);
}

static void
step_svg(struct buf *out, int row, const char *field, const char *level, int64_t from, int64_t to)
{
	int a = place(from < to ? from : to), b = place(from < to ? to : from), y = 20 + row * ROW;

	buf_printf(out, "<text x=\"0\" y=\"%d\">%s</text><text class=\"s\" x=\"120\" y=\"%d\">%s</text>"
	    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", y + 13, field, y + 13, level, LEFT - 6,
	    y + 13);
	bits(out, to - from);
	buf_printf(out, "</text><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
	    to < from ? "against" : "for", a, y + 2, b > a ? b - a : 1, ROW - 6);
}

static void
waterfall_svg(const struct matching *mt, struct buf *out)
{
	int64_t sum = mt->prior_mbit;
	int rows = 2, height;

	for (uint32_t i = 0; i < mt->lines_n; i++)
		rows += strcmp(mt->lines[i].level, "missing") != 0;
	height = 24 + rows * ROW;
	buf_printf(out, "<svg role=\"img\" aria-label=\"waterfall of weights\" viewBox=\"0 0 %d %d\">\n",
	    WIDE, height);
	upright(out, 0, height, "axis", "0");
	upright(out, mt->threshold_mbit, height, "limit", "one person");
	upright(out, -(int64_t)mt->threshold_mbit, height, "limit", "two");
	step_svg(out, 0, "before any", "", 0, sum);
	rows = 1;
	for (uint32_t i = 0; i < mt->lines_n; i++) {
		const struct matching_line *l = &mt->lines[i];

		if (strcmp(l->level, "missing") == 0)
			continue;
		step_svg(out, rows++, l->field, l->level, sum, sum + l->mbit);
		sum += l->mbit;
	}
	step_svg(out, rows, "together", "", 0, sum);
	buf_str(out, "</svg>\n");
}

static void
levels_table(const struct matching *mt, struct buf *out)
{
	buf_str(out, "<table>\n");
	for (uint32_t i = 0; i < mt->lines_n; i++)
		if (strcmp(mt->lines[i].level, "missing") != 0)
			buf_printf(out, "<tr><td>%s<td>%s\n", mt->lines[i].field,
			    mt->lines[i].level);
	buf_str(out, "</table>\n");
}

/* Sines of a quarter turn in 64 steps would do; a square ring needs none: events go around it. */
static void
ring(const struct matching *mt, uint32_t i, int *x, int *y)
{
	int side = 2 * RING, around = 4 * side, at = (int)((int64_t)around * i / mt->n);
	int along = at % side;

	switch (at / side) {
	case 0:
		*x = along, *y = 0;
		break;
	case 1:
		*x = side, *y = along;
		break;
	case 2:
		*x = side - along, *y = side;
		break;
	default:
		*x = 0, *y = side - along;
	}
	*x += (WIDE - side) / 2;
	*y += 30;
}

static bool
on_path(const uint32_t *way, uint32_t n, uint32_t a, uint32_t b)
{
	for (uint32_t i = 1; i < n; i++)
		if ((way[i - 1] == a && way[i] == b) || (way[i - 1] == b && way[i] == a))
			return true;
	return false;
}

static void
edge_svg(const struct matching *mt, const struct matching_edge *e, bool strong, struct buf *out)
{
	int x[2], y[2];

	ring(mt, e->a, &x[0], &y[0]);
	ring(mt, e->b, &x[1], &y[1]);
	buf_printf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"><title>",
	    strong ? "path" : "edge", x[0], y[0], x[1], y[1]);
	escape(out, e->step);
	if (e->weight_mbit < INT64_MAX - 1) {
		buf_byte(out, ' ');
		bits(out, e->weight_mbit);
	}
	buf_str(out, "</title></line>\n");
	if (!strong)
		return;
	buf_printf(out, "<text class=\"s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
	    (x[0] + x[1]) / 2, (y[0] + y[1]) / 2 - 4);
	escape(out, e->step);
	buf_str(out, "</text>\n");
}

static void
dot_svg(const struct matching *mt, uint32_t i, struct buf *out)
{
	const struct matching_event *e = &mt->events[i];
	bool other = !id_eq(&e->unit, &mt->events[0].unit);
	char hex[ID_HEX + 1];
	int x, y;

	ring(mt, i, &x, &y);
	id_hex(&e->id, hex);
	buf_printf(out, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"><title>%s ",
	    other ? "b" : "a", x, y, i < 2 ? DOT + 3 : DOT, hex);
	escape(out, e->who);
	buf_byte(out, ' ');
	escape(out, e->what);
	buf_byte(out, ' ');
	escape(out, e->start);
	buf_str(out, "</title></circle>\n");
	if (i < 2)
		buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%c</text>\n", x, y - 14,
		    'A' + (int)i);
}

static void
cluster_svg(const struct matching *mt, struct buf *out)
{
	uint32_t way[MATCHING_EVENTS_MAX], n = matching_path(mt, way);

	buf_printf(out, "<svg role=\"img\" aria-label=\"the events of these people and what joins them\" "
	    "viewBox=\"0 0 %d %d\">\n", WIDE, 2 * RING + 60);
	for (uint32_t i = 0; i < mt->edges_n; i++)
		edge_svg(mt, &mt->edges[i], on_path(way, n, mt->edges[i].a, mt->edges[i].b), out);
	for (uint32_t i = 0; i < mt->n; i++)
		dot_svg(mt, i, out);
	buf_str(out, "</svg>\n");
}

static void
two_table(const struct matching *mt, struct buf *out)
{
	buf_str(out, "<table>\n<tr><th><th>event<th>from<th>what<th>on<th>person<th>step\n");
	for (uint32_t i = 0; i < 2; i++) {
		const struct matching_event *e = &mt->events[i];
		char event[ID_HEX + 1], unit[ID_HEX + 1];

		id_hex(&e->id, event);
		id_hex(&e->unit, unit);
		buf_printf(out, "<tr><th>%c<td>%s<td>", 'A' + (int)i, event);
		escape(out, e->who);
		buf_str(out, "<td>");
		escape(out, e->what);
		buf_str(out, "<td>");
		escape(out, e->start);
		buf_printf(out, "<td>%.12s…<td>", unit);
		escape(out, e->step);
		buf_byte(out, '\n');
	}
	buf_str(out, "</table>\n");
}

void
matching_html(const struct matching *mt, struct buf *out)
{
	buf_str(out, "<!doctype html>\n<html lang=\"en-GB\"><meta charset=\"utf-8\">"
		     "<title>Two events compared</title>\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		     "style-src 'unsafe-inline'\">\n"
		     "<style>body{font:14px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
		     "svg{width:100%;height:auto}text{font:13px sans-serif}.s{font-size:11px;fill:#555}"
		     "td,th{text-align:left;padding:.1em .8em .1em 0;font-weight:normal}"
		     ".for{fill:#2a7a4b}.against{fill:#b3402e}.axis{stroke:#999}"
		     ".limit{stroke:#999;stroke-dasharray:4 3}.edge{stroke:#bbb}"
		     ".path{stroke:#2a4b8d;stroke-width:3}.a{fill:#2a4b8d}.b{fill:#c77700}</style>\n");
	buf_printf(out, "<h1>%s</h1>\n", mt->together ? "Of one person" : "Not of one person");
	two_table(mt, out);
	buf_str(out, "<h2>Field by field</h2>\n");
	if (!mt->compared) {
		buf_str(out, "<p>The evidence of one is no longer there.</p>\n");
	} else {
		buf_str(out, "<p>Model ");
		escape(out, model_name(mt->model));
		buf_printf(out, " version %d", model_version(mt->model));
		if (mt->step.ptr) {
			buf_str(out, "; step ");
			escape(out, mt->step);
			buf_str(out, " holds");
		}
		buf_str(out, mt->weighed ? ". In bits: for one person to the right, against to the left.</p>\n"
					 : ".</p>\n");
		if (mt->weighed)
			waterfall_svg(mt, out);
		else
			levels_table(mt, out);
	}
	buf_str(out, "<h2>Their people</h2>\n<p>Each dot is an event; a line, what joins two, without "
		     "those that close a ring.</p>\n");
	cluster_svg(mt, out);
	if (mt->left_out)
		buf_printf(out, "<p>%u more events of these people are not drawn.</p>\n", mt->left_out);
	buf_str(out, "</html>\n");
}
