#include "cli/story.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* --- what it means ------------------------------------------------------------------ */

static bool
begins(struct span text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && memcmp(text.ptr, with, n) == 0;
}

bool
story_missing(const struct story_reason *r)
{
	static const char *const codes[] = { "prior-state-not-known", "referral-not-stated",
		"age-not-stated", "number-not-stated", "verified-without-evidence" };

	if (begins(r->code, "awaiting-") && !span_is(r->code, "awaiting-earlier-outcome"))
		return true;
	if (span_is(r->code, "feed-not-complete"))
		return true;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (span_is(r->code, codes[i]))
			return true;
	return false;
}

const char *
story_gap_says(struct span rule)
{
	static const char *const says[][2] = {
		{ "counts", "allowed: it counts, and the due date stays" },
		{ "pauses", "allowed: it does not count, and the due date moves by it" },
		{ "resets", "longer than allowed: counted anew behind it" },
		{ "fails", "longer than allowed: nothing more counts" },
	};

	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
		if (span_is(rule, says[i][0]))
			return says[i][1];
	return "";
}

static bool
decided(const struct story *s, const char *what)
{
	for (size_t i = 0; i < s->decisions_n; i++)
		if (span_is(s->decisions[i].what, what))
			return true;
	return false;
}

/* What came from outside cannot steer a terminal. */
static void
plain_put(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_byte(out, text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? '.' : text.ptr[i]);
}

static void
day_put(struct buf *out, const char *before, date_t day, const char *after)
{
	char text[DATE_TEXT];

	date_text(day, text);
	buf_printf(out, "%s%s%s", before, text, after);
}

static void
claim_next(const struct story *s, struct buf *out)
{
	if (decided(s, "claimed"))
		buf_str(out, "It was claimed; a verifier's word is next.  ");
	else if (s->expires != DATE_NONE)
		day_put(out, "Claim it: ", s->expires, " is the last day for it.  ");
}

/* Whom to ask, and which day it must speak of. */
static void
ask_next(const struct story *s, struct buf *out)
{
	static const char *const whom[] = { "awaiting-agency", "awaiting-independent-agency",
		"awaiting-engagement" };

	for (size_t i = 0; i < s->reasons_n; i++)
		for (size_t k = 0; k < sizeof(whom) / sizeof(whom[0]); k++) {
			if (!span_is(s->reasons[i].code, whom[k]) || !s->reasons[i].subject.len)
				continue;
			buf_str(out, "Ask ");
			plain_put(out, s->reasons[i].subject);
			if (s->due != DATE_NONE)
				day_put(out, " for a record that speaks of ", s->due, "");
			buf_str(out, ".  ");
		}
	if (!out->len)
		buf_str(out, "Ask for what is missing.  ");
}

void
story_next(const struct story *s, struct buf *out)
{
	if (span_is(s->status, "awaiting-evidence"))
		ask_next(s, out);
	else if (span_is(s->status, "contradicted"))
		buf_str(out, "One of the two agencies must correct its record.  ");
	else if (span_is(s->status, "queried"))
		buf_str(out, "Reply to the query.  ");
	else if (span_is(s->status, "observed") && s->due != DATE_NONE)
		day_put(out, "A record that it went on on ", s->due, " or later is needed.  ");
	if (span_is(s->status, "achieved") || span_is(s->status, "awaiting-evidence"))
		claim_next(s, out);
	else if (span_is(s->status, "expired"))
		buf_str(out, "It was not claimed in time.  ");
	while (out->len && out->ptr[out->len - 1] == ' ')
		out->len--;
}

/* --- a screen ------------------------------------------------------------------------ */

static void
word_put(struct buf *out, const char *before, struct span text)
{
	if (!text.len)
		return;
	buf_str(out, before);
	plain_put(out, text);
}

static void
head_text(const struct story *s, struct buf *out)
{
	if (s->id.len)
		buf_printf(out, SPAN_FMT "\n", SPAN_ARG(s->id));
	buf_printf(out, SPAN_FMT " of " SPAN_FMT " version %d: " SPAN_FMT ", " SPAN_FMT "\n",
	    SPAN_ARG(s->outcome), SPAN_ARG(s->contract), (int)s->version, SPAN_ARG(s->status),
	    SPAN_ARG(s->price));
	buf_printf(out, "counted %d days", (int)s->days);
	if (s->start != DATE_NONE)
		day_put(out, " from ", s->start, "");
	if (s->due != DATE_NONE)
		day_put(out, ", due ", s->due, "");
	if (s->achieved != DATE_NONE)
		day_put(out, ", achieved ", s->achieved, "");
	if (s->expires != DATE_NONE)
		day_put(out, ", claim expires ", s->expires, "");
	buf_str(out, "\n");
}

static void
reasons_text(const struct story *s, bool missing, const char *heading, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->reasons_n; i++) {
		const struct story_reason *r = &s->reasons[i];

		if (story_missing(r) != missing)
			continue;
		if (!any)
			buf_printf(out, "\n%s\n", heading);
		any = true;
		word_put(out, "  ", r->code);
		word_put(out, "  ", r->subject);
		word_put(out, "  ", r->text);
		buf_str(out, "\n");
	}
}

static void
gaps_text(const struct story *s, struct buf *out)
{
	if (s->gaps_n)
		buf_str(out, "\ngaps\n");
	for (size_t i = 0; i < s->gaps_n; i++) {
		const struct story_gap *g = &s->gaps[i];

		day_put(out, "  ", g->from, "");
		day_put(out, " to ", g->to - 1, "");
		buf_printf(out, "  %d days  %s\n", (int)(g->to - g->from), story_gap_says(g->rule));
	}
}

static void
records_text(const struct story *s, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->records_n; i++) {
		const struct story_record *r = &s->records[i];

		if (!r->counts)
			continue;
		if (!any)
			buf_str(out, "\nstands on\n");
		any = true;
		day_put(out, "  ", r->from, "");
		if (r->to != DATE_NONE)
			day_put(out, " to ", r->to, "");
		word_put(out, "  ", r->kind);
		word_put(out, "  ", r->role);
		word_put(out, "  ", r->organisation);
		word_put(out, "  ", r->evidence_type);
		word_put(out, "  ", r->says);
		buf_str(out, "\n");
	}
}

static void
decisions_text(const struct story *s, struct buf *out)
{
	if (s->decisions_n)
		buf_str(out, "\ndecided\n");
	for (size_t i = 0; i < s->decisions_n; i++) {
		const struct story_decision *d = &s->decisions[i];

		day_put(out, "  ", d->on, "");
		word_put(out, "  ", d->what);
		word_put(out, " by ", d->by);
		word_put(out, ", ", d->role);
		word_put(out, ": ", d->note);
		buf_str(out, "\n");
	}
}

void
story_text(const struct story *s, struct buf *out)
{
	struct buf next = BUF_INIT;

	head_text(s, out);
	reasons_text(s, true, "missing, and from whom", out);
	reasons_text(s, false, "why", out);
	gaps_text(s, out);
	records_text(s, out);
	decisions_text(s, out);
	story_next(s, &next);
	if (next.len)
		buf_printf(out, "\nnext\n  %s\n", buf_cstr(&next));
	buf_release(&next);
}

/* --- HTML ---------------------------------------------------------------------------- */

static void
html_put(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case '&': buf_str(out, "&amp;"); break;
		case '<': buf_str(out, "&lt;"); break;
		case '>': buf_str(out, "&gt;"); break;
		case '"': buf_str(out, "&quot;"); break;
		case '\'': buf_str(out, "&#39;"); break;
		case '\n': buf_str(out, "<br>"); break;
		default:
			buf_byte(out, text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? '.' : text.ptr[i]);
		}
}

static void
cell(struct buf *out, struct span text)
{
	buf_str(out, "<td>");
	html_put(out, text);
	buf_str(out, "</td>");
}

static void
cell_day(struct buf *out, date_t day)
{
	char text[DATE_TEXT];

	date_text(day, text);
	cell(out, span_str(text));
}

void
story_page_begin(struct buf *out, struct span title)
{
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		     "style-src 'unsafe-inline'\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_put(out, title);
	buf_str(out, "</title>\n<style>\n"
		     "body{font:15px/1.4 sans-serif;max-width:62em;margin:1em auto;padding:0 1em}\n"
		     "table{border-collapse:collapse}td,th{padding:.15em .8em .15em 0;text-align:left;"
		     "vertical-align:top}\nh2{margin:1.5em 0 .2em}h3{margin:1em 0 .2em;font-size:1em}\n"
		     "svg{width:100%;height:auto}svg text{font:11px sans-serif}\n"
		     ".spell{fill:#9db8d6}.counts{fill:#1f5a99}.mark{fill:#fff;stroke:#1f5a99;"
		     "stroke-width:2}.open{stroke:#9db8d6;stroke-width:3;stroke-dasharray:3 4}\n"
		     ".mark.counts{fill:#1f5a99}.gap{fill:url(#hatch);stroke:#a33}.rung{stroke:#777;stroke-dasharray:4 3}\n"
		     ".had{stroke:#177245;stroke-dasharray:none;stroke-width:2}.this{stroke-width:3}\n"
		     ".axis{stroke:#ccc}\n"
		     "@media print{body{margin:0}}\n</style></head><body>\n");
}

void
story_page_heading(struct buf *out, struct span text)
{
	buf_str(out, "<h1>");
	html_put(out, text);
	buf_str(out, "</h1>\n");
}

void
story_page_text(struct buf *out, struct span text)
{
	size_t line = 0;

	buf_str(out, "<pre>");
	for (size_t i = 0; i <= text.len; i++)
		if (i == text.len || text.ptr[i] == '\n') {
			html_put(out, span_of(text.ptr + line, i - line));
			buf_str(out, i < text.len ? "\n" : "");
			line = i + 1;
		}
	buf_str(out, "</pre>\n");
}

void
story_page_end(struct buf *out)
{
	buf_str(out, "</body></html>\n");
}

/* --- the drawing --------------------------------------------------------------------- */

enum { WIDE = 960, LEFT = 255, RIGHT = 940, ROW = 26, BAR = 12, HEAD = 18, LINES_MAX = 40,
	RUNGS_SHOWN = 16, MARGIN_DAYS = 10, TICKS = 12 };

struct drawing {
	const struct story *s;
	struct buf *out;
	date_t from, to;
	struct span who[LINES_MAX], what[LINES_MAX]; /* of each line; what: base kind */
	int lines, rungs;
	int height;
};

static int
x_of(const struct drawing *d, date_t day)
{
	int64_t at = LEFT + (int64_t)(RIGHT - LEFT) * (day - d->from) / (d->to - d->from);

	return at < LEFT ? LEFT : at > RIGHT ? RIGHT : (int)at;
}

/* The kind without its form; *form: 0 itself, 1 confirmed, 2 ended. */
static struct span
base_of(struct span kind, int *form)
{
	static const char *const forms[] = { "-confirmed", "-ended" };

	*form = 0;
	for (int i = 0; i < 2; i++) {
		size_t n = strlen(forms[i]);

		if (kind.len > n && memcmp(kind.ptr + kind.len - n, forms[i], n) == 0) {
			*form = i + 1;
			return span_of(kind.ptr, kind.len - n);
		}
	}
	return kind;
}

static int
line_of(struct drawing *d, const struct story_record *r)
{
	int form;
	struct span base = base_of(r->kind, &form);

	for (int i = 0; i < d->lines; i++)
		if (span_eq(d->who[i], r->organisation) && span_eq(d->what[i], base))
			return i;
	if (d->lines == LINES_MAX)
		return LINES_MAX - 1;
	d->who[d->lines] = r->organisation;
	d->what[d->lines] = base;
	return d->lines++;
}

static void
day_seen(struct drawing *d, date_t day)
{
	if (day == DATE_NONE)
		return;
	d->from = d->from == DATE_NONE || day < d->from ? day : d->from;
	d->to = d->to == DATE_NONE || day > d->to ? day : d->to;
}

static void
extent(struct drawing *d)
{
	const struct story *s = d->s;

	d->from = d->to = DATE_NONE;
	day_seen(d, s->start);
	day_seen(d, s->due);
	day_seen(d, s->achieved);
	day_seen(d, s->expires);
	for (size_t i = 0; i < s->records_n; i++) {
		day_seen(d, s->records[i].from);
		day_seen(d, s->records[i].to);
		line_of(d, &s->records[i]);
	}
	for (size_t i = 0; i < s->gaps_n; i++) {
		day_seen(d, s->gaps[i].from);
		day_seen(d, s->gaps[i].to);
	}
	d->rungs = (int)(s->rungs_n < RUNGS_SHOWN ? s->rungs_n : RUNGS_SHOWN);
	for (int i = 0; i < d->rungs; i++)
		day_seen(d, s->rungs[i].achieved != DATE_NONE ? s->rungs[i].achieved
							     : s->rungs[i].due);
	if (d->from == DATE_NONE)
		d->from = d->to = 0;
	d->from -= MARGIN_DAYS;
	d->to += MARGIN_DAYS;
	d->height = HEAD + (d->lines + d->rungs) * ROW + 2 * ROW;
}

/* Where a spell that says no end was still seen: the last word of the same source on it. */
static date_t
seen_to(const struct drawing *d, const struct story_record *r, bool *ended)
{
	date_t last = r->from;

	*ended = false;
	for (size_t i = 0; i < d->s->records_n; i++) {
		const struct story_record *q = &d->s->records[i];
		struct span base;
		int form;

		base = base_of(q->kind, &form);
		if (!span_eq(q->organisation, r->organisation) || !span_eq(base, r->kind)
		    || q->from < r->from)
			continue;
		if (form == 0 && q->from > r->from)
			break; /* the next one */
		if (form && q->from >= last) {
			last = q->from;
			*ended = form == 2;
		}
	}
	return last;
}

static void
title_put(struct buf *out, const struct story_record *r)
{
	buf_str(out, "<title>");
	html_put(out, r->kind);
	day_put(out, " ", r->from, "");
	if (r->to != DATE_NONE)
		day_put(out, " to ", r->to, "");
	buf_str(out, ", ");
	html_put(out, r->organisation);
	if (r->evidence_type.len) {
		buf_str(out, ", ");
		html_put(out, r->evidence_type);
	}
	if (r->says.len) {
		buf_str(out, ", ");
		html_put(out, r->says);
	}
	buf_str(out, r->counts ? ": counts</title>" : "</title>");
}

static void
record_draw(struct drawing *d, const struct story_record *r)
{
	int line = line_of(d, r), y = HEAD + line * ROW + ROW / 2, form, x = x_of(d, r->from);
	bool ended = r->to != DATE_NONE;
	date_t to;

	base_of(r->kind, &form);
	if (form) { /* a word on a spell: a dot that it went on, a square that it ended */
		buf_printf(d->out, form == 1
			? "<circle class=\"mark%s\" cx=\"%d\" cy=\"%d\" r=\"5\">"
			: "<rect class=\"mark%s\" x=\"%d\" y=\"%d\" width=\"9\" height=\"9\">",
		    r->counts ? " counts" : "", form == 1 ? x : x - 4, form == 1 ? y : y - 4);
		title_put(d->out, r);
		buf_printf(d->out, form == 1 ? "</circle>\n" : "</rect>\n");
		return;
	}
	to = r->to != DATE_NONE ? r->to : seen_to(d, r, &ended);
	buf_printf(d->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">",
	    r->counts ? "counts" : "spell", x, y - BAR / 2,
	    x_of(d, to) - x > 4 ? x_of(d, to) - x : 4, BAR);
	title_put(d->out, r);
	buf_str(d->out, "</rect>\n");
	if (!ended && to > r->from) /* open: nobody said that it ended, nor that it went on */
		buf_printf(d->out, "<line class=\"open\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
		    x_of(d, to), y, x_of(d, to) + ROW < RIGHT ? x_of(d, to) + ROW : RIGHT, y);
}

static void
axis_draw(const struct drawing *d)
{
	struct ymd first = date_ymd(d->from);
	int months = (int)((d->to - d->from) / 30 / TICKS + 1);
	date_t day = date_of(first.year, first.month, 1);
	char text[DATE_TEXT];

	for (day = date_add_months(day, 1); day < d->to; day = date_add_months(day, months)) {
		date_text(day, text);
		buf_printf(d->out, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
		    "<text x=\"%d\" y=\"%d\">%.7s</text>\n", x_of(d, day), HEAD, x_of(d, day),
		    d->height - ROW, x_of(d, day) + 2, d->height - ROW / 2, text);
	}
}

static void
labels_draw(const struct drawing *d)
{
	for (int i = 0; i < d->lines; i++) {
		buf_printf(d->out, "<text x=\"4\" y=\"%d\">", HEAD + i * ROW + ROW / 2 + 4);
		html_put(d->out, span_of(d->who[i].ptr, d->who[i].len < 20 ? d->who[i].len : 20));
		buf_str(d->out, " ");
		html_put(d->out, span_of(d->what[i].ptr, d->what[i].len < 20 ? d->what[i].len : 20));
		buf_str(d->out, "</text>\n");
	}
}

static void
gaps_draw(const struct drawing *d)
{
	for (size_t i = 0; i < d->s->gaps_n; i++) {
		const struct story_gap *g = &d->s->gaps[i];
		int x = x_of(d, g->from), w = x_of(d, g->to) - x;

		buf_printf(d->out, "<rect class=\"gap\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">"
		    "<title>gap of %d days, ", x, HEAD, w > 2 ? w : 2, d->lines * ROW,
		    (int)(g->to - g->from));
		html_put(d->out, span_str(story_gap_says(g->rule)));
		buf_str(d->out, "</title></rect>\n");
	}
}

static void
rungs_draw(const struct drawing *d)
{
	for (int i = 0; i < d->rungs; i++) {
		const struct story_rung *r = &d->s->rungs[i];
		date_t day = r->achieved != DATE_NONE ? r->achieved : r->due;
		int y = HEAD + (d->lines + i) * ROW + ROW / 2, x;
		bool this = span_eq(r->outcome, d->s->outcome);

		if (day == DATE_NONE)
			continue;
		x = x_of(d, day);
		buf_printf(d->out, "<line class=\"rung%s%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>",
		    r->achieved != DATE_NONE ? " had" : "", this ? " this" : "", x, HEAD, x, y);
		buf_printf(d->out, "<text x=\"4\" y=\"%d\">", y + 4);
		html_put(d->out, r->outcome);
		buf_printf(d->out, "</text><text x=\"%d\" y=\"%d\"%s>", x > RIGHT - 190 ? x - 6 : x + 6,
		    y + 4, x > RIGHT - 190 ? " text-anchor=\"end\"" : "");
		html_put(d->out, r->status);
		day_put(d->out, r->achieved != DATE_NONE ? " " : ", due ", day, "</text>\n");
	}
}

static void
expiry_draw(const struct drawing *d)
{
	int x;

	if (d->s->expires == DATE_NONE)
		return;
	x = x_of(d, d->s->expires);
	buf_printf(d->out, "<line class=\"rung\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
	    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">claim expires</text>\n", x, HEAD - 6, x,
	    d->height - ROW, x - 3, HEAD - 6);
}

static void
draw(const struct story *s, struct buf *out)
{
	struct drawing d = { .s = s, .out = out };

	extent(&d);
	buf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDE, d.height);
	html_put(out, s->outcome);
	buf_str(out, ": records by source, gaps, due dates</title>\n"
		     "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
		     "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fbeaea\"/>"
		     "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#a33\"/></pattern></defs>\n");
	axis_draw(&d);
	labels_draw(&d);
	gaps_draw(&d);
	for (int words = 0; words < 2; words++) /* dots over bars */
		for (size_t i = 0; i < s->records_n; i++) {
			int form;

			base_of(s->records[i].kind, &form);
			if ((form != 0) == words)
				record_draw(&d, &s->records[i]);
		}
	rungs_draw(&d);
	expiry_draw(&d);
	buf_str(out, "</svg>\n<p>Dark: what it stands on.  Dot: said that it went on; square: that it "
		     "ended; dashes: nobody said either.  Hatched: a gap.  Lines: rungs, solid once had.</p>\n");
}

/* --- tables ---------------------------------------------------------------------------- */

static void
reasons_html(const struct story *s, bool missing, const char *heading, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->reasons_n; i++) {
		const struct story_reason *r = &s->reasons[i];

		if (story_missing(r) != missing)
			continue;
		if (!any)
			buf_printf(out, "<h3>%s</h3>\n<table>\n", heading);
		any = true;
		buf_str(out, "<tr>");
		cell(out, r->subject);
		cell(out, r->text);
		cell(out, r->code);
		buf_str(out, "</tr>\n");
	}
	if (any)
		buf_str(out, "</table>\n");
}

static void
gaps_html(const struct story *s, struct buf *out)
{
	if (!s->gaps_n)
		return;
	buf_str(out, "<h3>Gaps</h3>\n<table>\n");
	for (size_t i = 0; i < s->gaps_n; i++) {
		buf_str(out, "<tr>");
		cell_day(out, s->gaps[i].from);
		cell_day(out, s->gaps[i].to - 1);
		buf_printf(out, "<td>%d days</td>", (int)(s->gaps[i].to - s->gaps[i].from));
		cell(out, span_str(story_gap_says(s->gaps[i].rule)));
		buf_str(out, "</tr>\n");
	}
	buf_str(out, "</table>\n");
}

static void
records_html(const struct story *s, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->records_n; i++) {
		const struct story_record *r = &s->records[i];

		if (!r->counts)
			continue;
		if (!any)
			buf_str(out, "<h3>Stands on</h3>\n<table>\n");
		any = true;
		buf_str(out, "<tr>");
		cell_day(out, r->from);
		cell_day(out, r->to);
		cell(out, r->kind);
		cell(out, r->organisation);
		cell(out, r->role);
		cell(out, r->evidence_type);
		cell(out, r->says);
		buf_str(out, "</tr>\n");
	}
	if (any)
		buf_str(out, "</table>\n");
}

static void
decisions_html(const struct story *s, struct buf *out)
{
	if (!s->decisions_n)
		return;
	buf_str(out, "<h3>Decided</h3>\n<table>\n");
	for (size_t i = 0; i < s->decisions_n; i++) {
		buf_str(out, "<tr>");
		cell_day(out, s->decisions[i].on);
		cell(out, s->decisions[i].what);
		cell(out, s->decisions[i].by);
		cell(out, s->decisions[i].role);
		cell(out, s->decisions[i].note);
		buf_str(out, "</tr>\n");
	}
	buf_str(out, "</table>\n");
}

void
story_html(const struct story *s, struct buf *out)
{
	struct buf head = BUF_INIT, next = BUF_INIT;
	struct story bare = *s;

	bare.id = SPAN_NONE;
	buf_str(out, "<section>\n<h2>");
	html_put(out, s->outcome);
	buf_str(out, ": ");
	html_put(out, s->status);
	buf_str(out, "</h2>\n<p>");
	head_text(&bare, &head);
	html_put(out, span_of(head.ptr, head.len - 1));
	buf_str(out, "</p>\n");
	story_next(s, &next);
	if (next.len) {
		buf_str(out, "<p><strong>");
		html_put(out, buf_view(&next));
		buf_str(out, "</strong></p>\n");
	}
	reasons_html(s, true, "Missing, and from whom", out);
	draw(s, out);
	reasons_html(s, false, "Why", out);
	gaps_html(s, out);
	records_html(s, out);
	decisions_html(s, out);
	buf_str(out, "</section>\n");
	buf_release(&head);
	buf_release(&next);
}
