/*
 * outturn explain - why an outcome is what it is, on one screen.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome_row.h"

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
static const char history_sql[]
    = "SELECT at::timestamp(0)::text, change, coalesce(status_before, ''), status "
      "FROM ledger.outcome_change WHERE outcome_id = $1::uuid ORDER BY at";

struct part {
	const char *sql, *name, *heading;
	const char *columns[7];
	int n;
};

static const struct part parts[] = {
	{ reasons_sql, "reasons", "why", { "code", "subject", "text" }, 3 },
	{ gaps_sql, "gaps", "gaps (half-open)", { "from", "to", "rule" }, 3 },
	{ evidence_sql, "evidence", "stands on",
	    { "role", "organisation", "kind", "start", "end", "evidence_type", "attributes" }, 7 },
	{ history_sql, "history", "what was believed, and when", { "at", "change", "before", "status" },
	    4 },
};

static void
part_text(const struct part *p, const struct pg_rows *rows, struct buf *out)
{
	if (pg_rows_count(rows))
		buf_printf(out, "\n%s\n", p->heading);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		buf_str(out, "  ");
		for (int c = 0; c < p->n; c++) {
			struct span v = pg_value(rows, i, c);

			if (v.len)
				buf_printf(out, "%s%.*s", c ? "  " : "", SPAN_ARG(v));
		}
		buf_str(out, "\n");
	}
}

static void
part_json(const struct part *p, const struct pg_rows *rows, struct jw *j)
{
	jw_key(j, p->name);
	jw_array(j);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		jw_object(j);
		for (int c = 0; c < p->n; c++)
			jw_put_str(j, p->columns[c], pg_value(rows, i, c));
		jw_end(j);
	}
	jw_end(j);
}

static void
head_text(const struct outcome_row *row, const char *id, struct buf *out)
{
	const struct outcome *o = &row->outcome;
	char price[64], day[4][DATE_TEXT];

	outcome_row_price(row, price, sizeof(price));
	date_text(o->start, day[0]);
	date_text(o->due, day[1]);
	date_text(o->achieved, day[2]);
	date_text(o->expires, day[3]);
	buf_printf(out, "%s\n%.*s of %.*s version %d: %.*s, %s\n", id, SPAN_ARG(o->outcome),
	    SPAN_ARG(o->contract), (int)o->contract_version, SPAN_ARG(o->status), price);
	buf_printf(out, "counted %d days%s%s%s%s%s%s%s%s\n", (int)o->days,
	    *day[0] ? " from " : "", day[0], *day[1] ? ", due " : "", day[1],
	    *day[2] ? ", achieved " : "", day[2], *day[3] ? ", claim expires " : "", day[3]);
}

static void
head_json(const struct outcome_row *row, const char *id, struct jw *j)
{
	const struct outcome *o = &row->outcome;

	jw_put_int(j, "version", 1);
	jw_put_text(j, "outcome_id", id);
	jw_put_str(j, "contract", o->contract);
	jw_put_int(j, "contract_version", o->contract_version);
	jw_put_str(j, "outcome", o->outcome);
	jw_put_int(j, "ordinal", o->ordinal);
	jw_put_str(j, "status", o->status);
	jw_put_int(j, "price_minor", o->price_minor);
	jw_put_str(j, "currency", o->currency);
	jw_put_int(j, "days", o->days);
	jw_put_date(j, "start", o->start);
	jw_put_date(j, "due", o->due);
	jw_put_date(j, "achieved", o->achieved);
	jw_put_date(j, "expires", o->expires);
}

static int
explain(struct cli *cli, struct pg *pg, const char *name, struct err *err)
{
	struct outcome_row row;
	struct buf out = BUF_INIT;
	char id[ID_HEX + 1];
	struct jw j;
	int result = 0;

	if (outcome_row_find(pg, name, &row, err))
		return -1;
	id_hex(&row.outcome.outcome_id, id);
	jw_begin(&j, &out);
	if (cli->json) {
		jw_object(&j);
		head_json(&row, id, &j);
	} else {
		head_text(&row, id, &out);
	}
	for (size_t i = 0; result == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct pg_rows *rows = pg_query(pg, parts[i].sql,
		    &(struct pg_param){ PG_TEXT, span_str(id) }, 1, err);

		if (!rows)
			result = -1;
		else if (cli->json)
			part_json(&parts[i], rows, &j);
		else
			part_text(&parts[i], rows, &out);
		pg_rows_free(rows);
	}
	if (result == 0 && cli->json) {
		jw_end(&j);
		buf_str(&out, "\n");
	}
	if (result == 0)
		cli_print(&out);
	buf_release(&out);
	outcome_row_release(&row);
	return result;
}

/* --- two events: why of one person, or not */

static const char match_sql[]
    = "SELECT replace(l.event_id::text, '-', ''), replace(l.unit_id::text, '-', ''), l.unit_kind, "
      "l.step, coalesce(replace(l.partner_id::text, '-', ''), ''), l.weight_mbit, "
      "coalesce(r.organisation, '?'), coalesce(r.kind, '?'), coalesce(r.starts_on::text, '') "
      "FROM evidence.link l LEFT JOIN LATERAL (SELECT * FROM evidence.record c "
      "WHERE c.event_id = l.event_id AND c.what = 'version' AND c.revision = l.revision "
      "AND c.raw_sha256 = l.raw_sha256 ORDER BY c.epoch DESC, c.raw_offset DESC LIMIT 1) r ON true "
      "WHERE l.event_id IN ($1::text::uuid, $2::text::uuid) ORDER BY l.event_id = $2::text::uuid, "
      "l.unit_id";
enum match_column { M_EVENT, M_UNIT, M_KIND, M_STEP, M_PARTNER, M_WEIGHT, M_WHO, M_WHAT, M_START };

static const char *
match_how(const struct pg_rows *rows, bool together)
{
	struct span a = pg_value(rows, 0, M_EVENT), b = pg_value(rows, 1, M_EVENT);

	if (!together)
		return "no step and no review joins them";
	if (span_eq(pg_value(rows, 0, M_PARTNER), b) || span_eq(pg_value(rows, 1, M_PARTNER), a))
		return "one was joined by the other";
	return "they were joined through other events of the same unit";
}

static void
match_text(const struct pg_rows *rows, bool together, struct buf *out)
{
	buf_printf(out, "%s %.*s: %s\n", together ? "of one" : "not of one",
	    SPAN_ARG(pg_value(rows, 0, M_KIND)), match_how(rows, together));
	for (size_t i = 0; i < 2; i++) {
		struct span partner = pg_value(rows, i, M_PARTNER);

		buf_printf(out, "  %.*s  %.*s %.*s %.*s  of %.12s…  step %.*s%s%.*s\n",
		    SPAN_ARG(pg_value(rows, i, M_EVENT)), SPAN_ARG(pg_value(rows, i, M_WHO)),
		    SPAN_ARG(pg_value(rows, i, M_WHAT)), SPAN_ARG(pg_value(rows, i, M_START)),
		    (const char *)pg_value(rows, i, M_UNIT).ptr, SPAN_ARG(pg_value(rows, i, M_STEP)),
		    partner.len ? " with " : "", SPAN_ARG(partner));
	}
}

static void
match_json(const struct pg_rows *rows, bool together, struct buf *out)
{
	struct jw j;

	jw_begin(&j, out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_bool(&j, "together", together);
	jw_put_text(&j, "how", match_how(rows, together));
	jw_key(&j, "events");
	jw_array(&j);
	for (size_t i = 0; i < 2; i++) {
		struct span partner = pg_value(rows, i, M_PARTNER);

		jw_object(&j);
		jw_put_str(&j, "event", pg_value(rows, i, M_EVENT));
		jw_put_str(&j, "unit", pg_value(rows, i, M_UNIT));
		jw_put_str(&j, "unit_kind", pg_value(rows, i, M_KIND));
		jw_put_str(&j, "organisation", pg_value(rows, i, M_WHO));
		jw_put_str(&j, "kind", pg_value(rows, i, M_WHAT));
		jw_put_str(&j, "start", pg_value(rows, i, M_START));
		jw_put_str(&j, "step", pg_value(rows, i, M_STEP));
		jw_put_int(&j, "weight_mbit", pg_value_int(rows, i, M_WEIGHT));
		jw_put_str(&j, "partner", partner.len ? partner : SPAN_NONE);
		jw_end(&j);
	}
	jw_end(&j);
	jw_end(&j);
	buf_str(out, "\n");
}

static bool
event_id(const char *text)
{
	return strlen(text) >= ID_HEX && strspn(text, "0123456789abcdefABCDEF-") == strlen(text);
}

static int
explain_match(struct cli *cli, struct pg *pg, const char *a, const char *b, struct err *err)
{
	struct pg_param params[] = { { PG_TEXT, span_str(a) }, { PG_TEXT, span_str(b) } };
	struct buf out = BUF_INIT;
	struct pg_rows *rows;
	bool together;

	if (!event_id(a) || !event_id(b))
		return err_code(err, ERR_FATAL, "not-found", NULL, "an event's id is %d hex digits",
		    ID_HEX);
	rows = pg_query(pg, match_sql, params, 2, err);
	if (!rows)
		return -1;
	if (pg_rows_count(rows) != 2) {
		pg_rows_free(rows);
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "two events are compared, and not both are linked to somebody: rejected, "
		    "withdrawn and erased ones are not");
	}
	together = span_eq(pg_value(rows, 0, M_UNIT), pg_value(rows, 1, M_UNIT));
	if (cli->json)
		match_json(rows, together, &out);
	else
		match_text(rows, together, &out);
	cli_print(&out);
	buf_release(&out);
	pg_rows_free(rows);
	return 0;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct pg *pg;
	bool match;
	int code = CLI_OK;

	if (cli_options(&verb_explain, &argc, argv, NULL, 0))
		return CLI_USAGE;
	match = argc == 4 && strcmp(argv[1], "match") == 0;
	if (argc == 3 && strcmp(argv[1], "outcome") == 0)
		argv++;
	else if (argc != 2 && !match)
		return cli_usage(&verb_explain, "expected one outcome's id, or match and two events'");
	pg = cli_pg(cli, &err);
	if (!pg || (match ? explain_match(cli, pg, argv[2], argv[3], &err)
			  : explain(cli, pg, argv[1], &err)))
		code = cli_fail(&err, NULL);
	pg_close(pg);
	return code;
}

const struct cli_verb verb_explain = {
	.name = "explain",
	.run = run,
	.usage = "outturn explain [outcome] OUTCOME [--json]\n"
		 "outturn explain match EVENT EVENT [--json]",
	.says = "why an outcome is what it is, and what is missing from whom",
	.help = "The days counted, the gaps and what the contract did with each, the evidence, the\n"
		"reasons as sentences, and how the outcome changed over known time.\n"
		"match: whether two events are of one person, and by which steps.\n\n"
		"Exit: 0 shown, 5 no such outcome or event.\n"
		"Example: outturn explain 3fa29c",
};
