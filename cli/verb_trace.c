/*
 * outturn trace - from the pound to the raw records, each checked.
 *
 *	outcome ─► evidence ─► match ─► raw position ─► bytes on Kafka ─SHA-256─► equal?
 *	   └─► decisions ─► signature, under the key that the terms publish
 *
 * The person's own data is never shown: positions, codes and hashes are.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome_row.h"
#include "cli/standing.h"
#include "common/io/daemon.h"
#include "common/io/level_task.h"
#include "common/mem.h"

enum { RAW_WAIT_MS = 8000, POLL_MS = 200, DECISION_BYTES_MAX = 1 << 20 };

static const char evidence_sql[]
    = "SELECT coalesce(organisation, '?'), coalesce(role, '?'), coalesce(kind, '?'), "
      "coalesce(starts_on::text, ''), coalesce(ends_on::text, ''), coalesce(evidence_type, ''), "
      "coalesce(step, 'not linked'), coalesce(topic, ''), coalesce(raw_offset, -1), "
      "coalesce(encode(raw_sha256, 'hex'), '') FROM ledger.outcome_evidence "
      "WHERE outcome_id = $1::uuid ORDER BY starts_on, topic, raw_offset";

static const char decision_sql[]
    = "SELECT what, decided_by, coalesce(decided_at::date::text, ''), encode(signed, 'hex'), "
      "facts_hash = $5 FROM ledger.decision WHERE unit_id = $1::uuid AND contract = $2 "
      "AND outcome = $3 AND ordinal = $4 ORDER BY decided_at, decision_id";

enum mark { MARK_GOOD, MARK_BAD, MARK_EXPIRED };

struct trace {
	struct cli *cli;
	struct pg *pg;
	struct kreader *reader;
	struct termsbook *terms;
	struct buf text, items;
	struct jw json;
	size_t good, bad, expired;
};

static const char *
mark_text(struct trace *t, enum mark mark)
{
	switch (mark) {
	case MARK_GOOD:
		t->good++;
		return "✓";
	case MARK_BAD:
		t->bad++;
		return "✗";
	case MARK_EXPIRED:
		t->expired++;
		return "expired from its topic, hash only";
	}
	return "";
}

/* --- the raw record itself */

static enum mark
raw_check(struct trace *t, struct span topic, int64_t offset, struct span sha, struct err *err)
{
	int64_t low, high, until = daemon_now_ms() + RAW_WAIT_MS;
	char full[2 * TOPIC_NAME_MAX + 2], name[TOPIC_NAME_MAX + 1];
	uint8_t sum[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct krecord rec;
	int got = 0;

	snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(topic));
	snprintf(full, sizeof(full), "%s.%s", t->cli->params->prefix, name);
	if (!topic.len || offset < 0)
		return MARK_BAD;
	if (kreader_watermarks(t->reader, full, 0, &low, &high, RAW_WAIT_MS, err) || offset >= high)
		return MARK_BAD;
	if (offset < low)
		return MARK_EXPIRED;
	if (kreader_add(t->reader, full, 0, offset, NULL, err))
		return MARK_BAD;
	while (got <= 0 && daemon_now_ms() < until) {
		got = kreader_poll(t->reader, POLL_MS, &rec, err);
		if (got < 0 && err->class != ERR_RETRY)
			break;
	}
	if (got == 1 && rec.offset == offset) {
		sha256(rec.value, sum);
		hex_of(sum, sizeof(sum), hex);
	} else {
		hex[0] = '\0';
	}
	kreader_remove(t->reader, full, 0, err);
	return span_is(sha, hex) ? MARK_GOOD : MARK_BAD;
}

static int
evidence_trace(struct trace *t, const char *id, struct err *err)
{
	struct pg_rows *rows
	    = pg_query(t->pg, evidence_sql, &(struct pg_param){ PG_TEXT, span_str(id) }, 1, err);

	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct span v[8];
		enum mark mark = raw_check(t, pg_value(rows, i, 7), pg_value_int(rows, i, 8),
		    pg_value(rows, i, 9), err);

		for (int c = 0; c < 8; c++)
			v[c] = pg_value(rows, i, c);
		buf_printf(&t->text, "   ├─ %.*s %.*s  %.*s %.*s%s%.*s%s%.*s  match %.*s  %.*s@%lld  "
		    "sha256 %s\n", SPAN_ARG(v[1]), SPAN_ARG(v[0]), SPAN_ARG(v[2]), SPAN_ARG(v[3]),
		    v[4].len ? " to " : "", SPAN_ARG(v[4]), v[5].len ? ", " : "", SPAN_ARG(v[5]),
		    SPAN_ARG(v[6]), SPAN_ARG(v[7]), (long long)pg_value_int(rows, i, 8),
		    mark_text(t, mark));
		jw_object(&t->json);
		jw_put_text(&t->json, "what", "evidence");
		jw_put_str(&t->json, "organisation", v[0]);
		jw_put_str(&t->json, "kind", v[2]);
		jw_put_str(&t->json, "match", v[6]);
		jw_put_str(&t->json, "topic", v[7]);
		jw_put_int(&t->json, "offset", pg_value_int(rows, i, 8));
		jw_put_text(&t->json, "result",
		    mark == MARK_GOOD ? "good" : mark == MARK_BAD ? "bad" : "expired");
		jw_end(&t->json);
	}
	pg_rows_free(rows);
	return 0;
}

/* --- decisions */

static bool
decision_good(struct trace *t, struct span hex)
{
	static const char *const roles[] = { "verifier", "commissioner", "provider", NULL };
	uint8_t *bytes = mem_alloc(hex.len / 2 + 1);
	struct arena arena;
	struct decision de;
	struct err err;
	bool good = hex.len / 2 <= DECISION_BYTES_MAX && hex_parse(hex, bytes, hex.len / 2);

	arena_init(&arena, 0);
	good = good
	    && av_read(t->cli->catalogue, &decision_binding, span_of(bytes, hex.len / 2), &de,
		   &arena, &err) == 0
	    && termsbook_signed(t->terms, &decision_binding, &de, de.key_id, de.signature,
		offsetof(struct decision, signature), roles);
	arena_release(&arena);
	mem_free(bytes);
	return good;
}

static int
decisions_trace(struct trace *t, const struct outcome *o, struct err *err)
{
	char unit[ID_HEX + 1];
	uint8_t ordinal[4] = { (uint8_t)(o->ordinal >> 24), (uint8_t)(o->ordinal >> 16),
		(uint8_t)(o->ordinal >> 8), (uint8_t)o->ordinal };
	struct pg_rows *rows;

	id_hex(&o->unit, unit);
	rows = pg_query(t->pg, decision_sql,
	    (struct pg_param[]){ { PG_TEXT, span_str(unit) }, { PG_TEXT, o->contract },
		{ PG_TEXT, o->outcome }, { PG_INT4, span_of(ordinal, 4) },
		{ PG_BYTEA, span_of(o->facts_hash, sizeof(o->facts_hash)) } },
	    5, err);
	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		bool good = decision_good(t, pg_value(rows, i, 3));
		bool today = span_is(pg_value(rows, i, 4), "t");

		buf_printf(&t->text, "   ├─ %.*s by %.*s %.*s  signature %s%s\n",
		    SPAN_ARG(pg_value(rows, i, 0)), SPAN_ARG(pg_value(rows, i, 1)),
		    SPAN_ARG(pg_value(rows, i, 2)), mark_text(t, good ? MARK_GOOD : MARK_BAD),
		    today ? "" : "  (of other facts than today's)");
		jw_object(&t->json);
		jw_put_text(&t->json, "what", "decision");
		jw_put_str(&t->json, "decision", pg_value(rows, i, 0));
		jw_put_str(&t->json, "by", pg_value(rows, i, 1));
		jw_put_text(&t->json, "result", good ? "good" : "bad");
		jw_put_bool(&t->json, "of_todays_facts", today);
		jw_end(&t->json);
	}
	pg_rows_free(rows);
	return 0;
}

/* --- the whole */

static void
head(struct trace *t, const struct outcome_row *row, const char *id)
{
	const struct outcome *o = &row->outcome;
	char price[64], due[DATE_TEXT], start[DATE_TEXT], achieved[DATE_TEXT], unit[ID_HEX + 1];

	outcome_row_price(row, price, sizeof(price));
	date_text(o->start, start);
	date_text(o->due, due);
	date_text(o->achieved, achieved);
	id_hex(&o->unit, unit);
	buf_printf(&t->text, "%s  %s  %.*s%s%s\n", id, price, SPAN_ARG(o->status),
	    *achieved ? " " : "", achieved);
	buf_printf(&t->text, "└─ %.*s · %.*s version %d · %.*s %.12s…\n", SPAN_ARG(o->outcome),
	    SPAN_ARG(o->contract), (int)o->contract_version, SPAN_ARG(o->unit_kind), unit);
	buf_printf(&t->text, "   ├─ rule  %d days counted%s%s%s%s\n", (int)o->days,
	    *start ? " from " : "", start, *due ? ", due " : "", due);
}

static int
tail(struct trace *t, const struct outcome_row *row, const char *id)
{
	size_t of = t->good + t->bad + t->expired;
	struct buf out = BUF_INIT;
	struct jw j;

	jw_end(&t->json);
	if (t->cli->json) {
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_int(&j, "version", 1);
		jw_put_text(&j, "outcome", id);
		jw_put_str(&j, "status", row->outcome.status);
		jw_put_int(&j, "price_minor", row->outcome.price_minor);
		jw_put_str(&j, "currency", row->outcome.currency);
		jw_put_int(&j, "verified", (int64_t)t->good);
		jw_put_int(&j, "of", (int64_t)of);
		jw_key(&j, "items");
		jw_raw(&j, buf_view(&t->items));
		jw_end(&j);
		buf_str(&out, "\n");
	} else {
		buf_span(&out, buf_view(&t->text));
		buf_printf(&out, "Verified %zu of %zu.\n", t->good, of);
		if (t->expired)
			buf_printf(&out, "%zu raw records have expired from their topics.\n", t->expired);
	}
	cli_print(&out);
	buf_release(&out);
	return t->bad ? CLI_VERIFICATION : CLI_OK;
}

static int
trace(struct trace *t, const char *name, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct outcome_row row = { 0 };
	struct kafka_conf conf;
	char id[ID_HEX + 1];
	int code = -1;

	jw_begin(&t->json, &t->items);
	jw_array(&t->json);
	cli_kafka_conf(t->cli, properties, &conf);
	t->pg = cli_pg(t->cli, err);
	t->reader = t->pg ? kreader_new(&conf, err) : NULL;
	t->terms = t->reader ? standing_terms(t->cli, err) : NULL;
	if (!t->terms || outcome_row_find(t->pg, name, &row, err))
		return -1;
	id_hex(&row.outcome.outcome_id, id);
	head(t, &row, id);
	if (evidence_trace(t, id, err) == 0 && decisions_trace(t, &row.outcome, err) == 0)
		code = tail(t, &row, id);
	outcome_row_release(&row);
	return code;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct trace t = { .cli = cli };
	struct err err = ERR_INIT;
	int code;

	if (cli_options(&verb_trace, &argc, argv, NULL, 0))
		return CLI_USAGE;
	if (argc != 2)
		return cli_usage(&verb_trace, "expected one outcome's id");
	code = trace(&t, argv[1], &err);
	if (code < 0)
		code = cli_fail(&err, NULL);
	termsbook_free(t.terms);
	kreader_free(t.reader);
	pg_close(t.pg);
	buf_release(&t.text);
	buf_release(&t.items);
	return code;
}

const struct cli_verb verb_trace = {
	.name = "trace",
	.run = run,
	.usage = "outturn trace OUTCOME [--json]",
	.says = "from an outcome to the raw records it stands on, each checked",
	.help = "OUTCOME is an id, or the first digits of one: psql, or outturn explain, shows them.\n"
		"Reads each raw record from Kafka again and compares its SHA-256 with the one that the\n"
		"evidence was bound to; checks the signature of each decision under the published key.\n\n"
		"Exit: 0 all good, 3 something does not agree, 5 no such outcome.\n"
		"Example: outturn trace 3fa29c",
};
