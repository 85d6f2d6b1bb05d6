/*
 * outturn explain - why an outcome is what it is, on one screen.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/matching.h"
#include "cli/outcome_row.h"
#include "cli/story.h"
#include "common/mem.h"

static const char reasons_sql[]
    = "SELECT r.code, coalesce(r.subject, ''), coalesce(r.text, '') FROM ledger.outcome o "
      "JOIN ledger.reasons w USING (reasons_id), "
      "jsonb_to_recordset(w.reasons) AS r (code text, subject text, text text) "
      "WHERE o.outcome_id = $1::uuid";
static const char gaps_sql[]
    = "SELECT coalesce(g.\"from\", ''), coalesce(g.\"to\", ''), coalesce(g.rule, '') "
      "FROM ledger.outcome o, "
      "jsonb_to_recordset(o.gaps) AS g (\"from\" text, \"to\" text, rule text) "
      "WHERE o.outcome_id = $1::uuid";
static const char evidence_sql[]
    = "SELECT coalesce(role, '?'), coalesce(organisation, '?'), coalesce(kind, '?'), "
      "coalesce(starts_on::text, ''), coalesce(ends_on::text, ''), coalesce(evidence_type, ''), "
      "coalesce(attributes::text, '') FROM ledger.outcome_evidence "
      "WHERE outcome_id = $1::uuid ORDER BY starts_on, topic, raw_offset";
static const char decisions_sql[]
    = "SELECT d.what, d.decided_by, coalesce(d.role, ''), coalesce(d.decided_at::date::text, ''), "
      "coalesce(d.note, '') FROM ledger.outcome o JOIN ledger.decision d "
      "ON d.decision_id = ANY (o.decisions) AND d.unit_id = o.unit_id "
      "WHERE o.outcome_id = $1::uuid ORDER BY d.decided_at, d.decision_id";
static const char history_sql[]
    = "SELECT at::timestamp(0)::text, change, coalesce(status_before, ''), status "
      "FROM ledger.outcome_change WHERE outcome_id = $1::uuid ORDER BY at";
/* For the drawing: all that is known of the person in this while, of the kinds it stands on. */
static const char records_sql[]
    = "SELECT coalesce(e.role, '?'), e.organisation, e.kind, coalesce(e.starts_on::text, ''), "
      "coalesce(e.ends_on::text, ''), coalesce(e.evidence_type, ''), "
      "coalesce((SELECT string_agg(a.key || ' ' || a.value, ', ' ORDER BY a.key) "
      "FROM jsonb_each_text(e.attributes) a), ''), (e.event_id = ANY (o.evidence))::int "
      "FROM ledger.outcome o JOIN evidence.link l ON l.unit_id = o.unit_id "
      "JOIN LATERAL (SELECT * FROM evidence.record c WHERE c.event_id = l.event_id "
      "AND c.what = 'version' AND c.revision = l.revision AND c.raw_sha256 = l.raw_sha256 "
      "ORDER BY c.epoch DESC, c.raw_offset DESC LIMIT 1) e ON true "
      "WHERE o.outcome_id = $1::uuid AND e.kind IS NOT NULL AND (e.event_id = ANY (o.evidence) "
      "OR regexp_replace(e.kind, '-(confirmed|ended)$', '') IN (SELECT "
      "regexp_replace(x.kind, '-(confirmed|ended)$', '') FROM ledger.outcome_evidence x "
      "WHERE x.outcome_id = o.outcome_id)) ORDER BY e.starts_on, e.organisation, e.kind, e.event_id";
static const char rungs_sql[]
    = "SELECT r.outcome, r.status, coalesce(r.due_on::text, ''), coalesce(r.achieved_on::text, '') "
      "FROM ledger.outcome o JOIN ledger.outcome r ON r.unit_id = o.unit_id "
      "AND r.contract = o.contract WHERE o.outcome_id = $1::uuid "
      "AND (r.outcome_id = o.outcome_id OR r.achieved_on IS NOT NULL "
      "OR (r.due_on IS NOT NULL AND r.starts_on = o.starts_on)) "
      "ORDER BY coalesce(r.achieved_on, r.due_on), r.outcome, r.ordinal";

enum part_number { REASONS, GAPS, EVIDENCE, DECISIONS, HISTORY, RECORDS, RUNGS, PARTS };

struct part {
	const char *sql, *name;
	const char *columns[8];
	int n;
};

static const struct part parts[PARTS] = {
	[REASONS] = { reasons_sql, "reasons", { "code", "subject", "text" }, 3 },
	[GAPS] = { gaps_sql, "gaps", { "from", "to", "rule" }, 3 },
	[EVIDENCE] = { evidence_sql, "evidence",
	    { "role", "organisation", "kind", "start", "end", "evidence_type", "attributes" }, 7 },
	[DECISIONS] = { decisions_sql, "decisions", { "what", "by", "role", "on", "note" }, 5 },
	[HISTORY] = { history_sql, "history", { "at", "change", "before", "status" }, 4 },
	[RECORDS] = { records_sql, "records", { "role", "organisation", "kind", "start", "end",
	    "evidence_type", "says", "counts" }, 8 },
	[RUNGS] = { rungs_sql, "rungs", { "outcome", "status", "due", "achieved" }, 4 },
};

/* One outcome with all that is told of it; spans borrow from the rows. */
struct explained {
	struct outcome_row row;
	struct pg_rows *rows[PARTS];
	struct story story;
	struct story_reason *reasons;
	struct story_gap *gaps;
	struct story_record *records;
	struct story_rung *rungs;
	struct story_decision *decisions;
	char id[ID_HEX + 1], price[64];
};

static void
explained_release(struct explained *x)
{
	for (int i = 0; i < PARTS; i++)
		pg_rows_free(x->rows[i]);
	outcome_row_release(&x->row);
	mem_free(x->reasons);
	mem_free(x->gaps);
	mem_free(x->records);
	mem_free(x->rungs);
	mem_free(x->decisions);
}

static date_t
day_at(const struct pg_rows *rows, size_t row, int column)
{
	date_t day = DATE_NONE;

	date_parse(pg_value(rows, row, column), &day);
	return day;
}

static void
reasons_take(struct explained *x)
{
	const struct pg_rows *rows = x->rows[REASONS];

	x->story.reasons_n = pg_rows_count(rows);
	x->story.reasons = x->reasons = mem_zalloc(x->story.reasons_n + 1, sizeof(*x->reasons));
	for (size_t i = 0; i < x->story.reasons_n; i++)
		x->reasons[i] = (struct story_reason){ pg_value(rows, i, 0), pg_value(rows, i, 1),
			pg_value(rows, i, 2) };
}

static void
gaps_take(struct explained *x)
{
	const struct pg_rows *rows = x->rows[GAPS];

	x->story.gaps_n = pg_rows_count(rows);
	x->story.gaps = x->gaps = mem_zalloc(x->story.gaps_n + 1, sizeof(*x->gaps));
	for (size_t i = 0; i < x->story.gaps_n; i++)
		x->gaps[i] = (struct story_gap){ day_at(rows, i, 0), day_at(rows, i, 1),
			pg_value(rows, i, 2) };
}

static void
records_take(struct explained *x)
{
	const struct pg_rows *rows = x->rows[RECORDS];

	x->story.records_n = pg_rows_count(rows);
	x->story.records = x->records = mem_zalloc(x->story.records_n + 1, sizeof(*x->records));
	for (size_t i = 0; i < x->story.records_n; i++)
		x->records[i] = (struct story_record){ .role = pg_value(rows, i, 0),
			.organisation = pg_value(rows, i, 1), .kind = pg_value(rows, i, 2),
			.from = day_at(rows, i, 3), .to = day_at(rows, i, 4),
			.evidence_type = pg_value(rows, i, 5), .says = pg_value(rows, i, 6),
			.counts = pg_value_int(rows, i, 7) != 0 };
}

static void
rungs_take(struct explained *x)
{
	const struct pg_rows *rows = x->rows[RUNGS];

	x->story.rungs_n = pg_rows_count(rows);
	x->story.rungs = x->rungs = mem_zalloc(x->story.rungs_n + 1, sizeof(*x->rungs));
	for (size_t i = 0; i < x->story.rungs_n; i++)
		x->rungs[i] = (struct story_rung){ pg_value(rows, i, 0), pg_value(rows, i, 1),
			day_at(rows, i, 2), day_at(rows, i, 3) };
}

static void
decisions_take(struct explained *x)
{
	const struct pg_rows *rows = x->rows[DECISIONS];

	x->story.decisions_n = pg_rows_count(rows);
	x->story.decisions = x->decisions
	    = mem_zalloc(x->story.decisions_n + 1, sizeof(*x->decisions));
	for (size_t i = 0; i < x->story.decisions_n; i++)
		x->decisions[i] = (struct story_decision){ .what = pg_value(rows, i, 0),
			.by = pg_value(rows, i, 1), .role = pg_value(rows, i, 2),
			.on = day_at(rows, i, 3), .note = pg_value(rows, i, 4) };
}

static int
explained_read(struct explained *x, struct pg *pg, const char *name, struct err *err)
{
	const struct outcome *o = &x->row.outcome;

	if (outcome_row_find(pg, name, &x->row, err))
		return -1;
	id_hex(&o->outcome_id, x->id);
	outcome_row_price(&x->row, x->price, sizeof(x->price));
	for (int i = 0; i < PARTS; i++) {
		x->rows[i] = pg_query(pg, parts[i].sql,
		    &(struct pg_param){ PG_TEXT, span_str(x->id) }, 1, err);
		if (!x->rows[i])
			return -1;
	}
	x->story = (struct story){ .id = span_str(x->id), .contract = o->contract,
		.outcome = o->outcome, .status = o->status, .price = span_str(x->price),
		.version = o->contract_version, .ordinal = o->ordinal, .days = o->days,
		.start = o->start, .due = o->due, .achieved = o->achieved, .expires = o->expires };
	reasons_take(x);
	gaps_take(x);
	records_take(x);
	rungs_take(x);
	decisions_take(x);
	return 0;
}

static void
part_json(const struct part *p, const struct pg_rows *rows, struct jw *j)
{
	jw_key(j, p->name);
	jw_array(j);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		jw_object(j);
		for (int c = 0; c < p->n; c++)
			if (strcmp(p->columns[c], "counts") == 0)
				jw_put_bool(j, "counts", pg_value_int(rows, i, c) != 0);
			else
				jw_put_str(j, p->columns[c], pg_value(rows, i, c));
		jw_end(j);
	}
	jw_end(j);
}

static void
missing_json(const struct story *s, struct jw *j)
{
	jw_key(j, "missing");
	jw_array(j);
	for (size_t i = 0; i < s->reasons_n; i++) {
		if (!story_missing(&s->reasons[i]))
			continue;
		jw_object(j);
		jw_put_str(j, "from", s->reasons[i].subject);
		jw_put_str(j, "code", s->reasons[i].code);
		jw_put_str(j, "text", s->reasons[i].text);
		jw_end(j);
	}
	jw_end(j);
}

static void
explained_json(const struct explained *x, struct buf *out)
{
	const struct outcome *o = &x->row.outcome;
	struct buf next = BUF_INIT;
	struct jw j;

	jw_begin(&j, out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_text(&j, "outcome_id", x->id);
	jw_put_str(&j, "contract", o->contract);
	jw_put_int(&j, "contract_version", o->contract_version);
	jw_put_str(&j, "outcome", o->outcome);
	jw_put_int(&j, "ordinal", o->ordinal);
	jw_put_str(&j, "status", o->status);
	jw_put_int(&j, "price_minor", o->price_minor);
	jw_put_str(&j, "currency", o->currency);
	jw_put_int(&j, "days", o->days);
	jw_put_date(&j, "start", o->start);
	jw_put_date(&j, "due", o->due);
	jw_put_date(&j, "achieved", o->achieved);
	jw_put_date(&j, "expires", o->expires);
	missing_json(&x->story, &j);
	for (int i = 0; i < PARTS; i++)
		part_json(&parts[i], x->rows[i], &j);
	story_next(&x->story, &next);
	jw_put_text(&j, "next", buf_cstr(&next));
	jw_end(&j);
	buf_str(out, "\n");
	buf_release(&next);
}

static void
explained_html(const struct explained *x, struct buf *out)
{
	story_page_begin(out, x->story.outcome);
	story_page_heading(out, x->story.id);
	story_html(&x->story, out);
	story_page_end(out);
}

static void
history_text(const struct pg_rows *rows, struct buf *out)
{
	buf_str(out, pg_rows_count(rows) ? "\nwhat was believed, and when\n" : "");
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		buf_printf(out, "  " SPAN_FMT "  " SPAN_FMT "  " SPAN_FMT "  " SPAN_FMT "\n",
		    SPAN_ARG(pg_value(rows, i, 0)), SPAN_ARG(pg_value(rows, i, 1)),
		    SPAN_ARG(pg_value(rows, i, 2)), SPAN_ARG(pg_value(rows, i, 3)));
}

static int
explain(struct cli *cli, struct pg *pg, const char *name, bool html, struct err *err)
{
	struct explained x = { 0 };
	struct buf out = BUF_INIT;
	int result = explained_read(&x, pg, name, err);

	if (result == 0 && html) {
		explained_html(&x, &out);
	} else if (result == 0 && cli->json) {
		explained_json(&x, &out);
	} else if (result == 0) {
		story_text(&x.story, &out);
		history_text(x.rows[HISTORY], &out);
	}
	if (result == 0)
		cli_print(&out);
	buf_release(&out);
	explained_release(&x);
	return result;
}

/* --- two events: why of one person, or not */

/* 32 hex digits, with or without hyphens. */
static bool
event_id(const char *text, struct id *out)
{
	char plain[ID_HEX + 1];
	size_t n = 0;

	for (; *text && n <= ID_HEX; text++)
		if (*text != '-') {
			if (n == ID_HEX)
				return false;
			plain[n++] = *text >= 'A' && *text <= 'F' ? (char)(*text + 'a' - 'A') : *text;
		}
	return n == ID_HEX && id_parse(out, span_of(plain, n));
}

static int
explain_match(struct cli *cli, struct pg *pg, const char *a, const char *b, bool html,
    struct err *err)
{
	struct buf out = BUF_INIT;
	struct matching mt;
	struct id x, y;
	struct jw j;
	int result;

	if (!event_id(a, &x) || !event_id(b, &y) || id_eq(&x, &y))
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "two events are compared; an event's id is %d hex digits", ID_HEX);
	result = matching_read(cli, pg, &x, &y, &mt, err);
	if (result == 0 && html) {
		matching_html(&mt, &out);
	} else if (result == 0 && cli->json) {
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_int(&j, "version", 1);
		matching_json(&mt, &j);
		jw_end(&j);
		buf_str(&out, "\n");
	} else if (result == 0) {
		matching_text(&mt, &out);
	}
	if (result == 0)
		cli_print(&out);
	matching_release(&mt);
	buf_release(&out);
	return result;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct pg *pg;
	bool match, html = false;
	const struct cli_option options[] = { { .name = "html", .flag = &html } };
	int code = CLI_OK;

	if (cli_options(&verb_explain, &argc, argv, options, 1))
		return CLI_USAGE;
	match = argc == 4 && strcmp(argv[1], "match") == 0;
	if (argc == 3 && strcmp(argv[1], "outcome") == 0)
		argv++;
	else if (argc != 2 && !match)
		return cli_usage(&verb_explain, "expected one outcome's id, or match and two events'");
	pg = cli_pg(cli, &err);
	if (!pg || (match ? explain_match(cli, pg, argv[2], argv[3], html, &err)
			  : explain(cli, pg, argv[1], html, &err)))
		code = cli_fail(&err, NULL);
	pg_close(pg);
	return code;
}

const struct cli_verb verb_explain = {
	.name = "explain",
	.run = run,
	.usage = "outturn explain [outcome] OUTCOME [--json | --html]\n"
		 "outturn explain match EVENT EVENT [--json | --html]",
	.says = "why an outcome is what it is, and what is missing from whom",
	.help = "The days counted, what is missing and from whom, the gaps and why each was allowed or\n"
		"not, the evidence, when the claim expires, what can be done next, and how the outcome\n"
		"changed over known time.  --html prints a page that stands by itself, with a drawing:\n"
		"spells by source, gaps, rungs, what it stands on.\n"
		"match: whether two events are of one person: field by field how they agree and what that\n"
		"weighs in bits, the threshold, and the way from one to the other through their cluster;\n"
		"with --html as a page that draws both.  Never a clear value.\n\n"
		"Exit: 0 shown, 5 no such outcome or event.\n"
		"Example: outturn explain 3fa29c --html >why.html",
};
