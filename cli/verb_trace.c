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
#include "common/topics.h"
#include "ingest/shell_terms.h"

enum { RAW_WAIT_MS = 8000, POLL_MS = 200, DECISION_BYTES_MAX = 1 << 20 };

static const char evidence_sql[]
    = "SELECT coalesce(organisation, '?'), coalesce(role, '?'), coalesce(kind, '?'), "
      "coalesce(starts_on::text, ''), coalesce(ends_on::text, ''), coalesce(evidence_type, ''), "
      "coalesce(step, 'not linked'), coalesce(topic, ''), coalesce(raw_offset, -1), "
      "coalesce(encode(raw_sha256, 'hex'), ''), coalesce(epoch, -1) FROM ledger.outcome_evidence "
      "WHERE outcome_id = $1::uuid ORDER BY starts_on, topic, raw_offset";

static const char decision_sql[]
    = "SELECT what, decided_by, coalesce(decided_at::date::text, ''), encode(signed, 'hex'), "
      "d.facts_hash = o.facts_hash, d.decision_id = ANY (o.decisions) "
      "FROM ledger.outcome o JOIN ledger.decision d USING (unit_id, contract, outcome, ordinal) "
      "WHERE o.outcome_id = $1::uuid ORDER BY decided_at, decision_id";

enum mark { MARK_GOOD, MARK_BAD, MARK_EXPIRED, MARK_IDLE };

struct trace {
	struct cli *cli;
	struct pg *pg;
	struct kreader *reader;
	struct termsbook *terms;
	struct rules *rules; /* NULL: not to be had, all epochs are taken as today's */
	struct buf text, items;
	size_t last_branch;  /* where it begins in text */
	struct jw json;
	size_t good, bad, expired;
};

/* The last branch of the tree is bent: the one before it is known to go on. */
static void
branch(struct trace *t)
{
	t->last_branch = t->text.len;
	buf_str(&t->text, "   ├─ ");
}

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
	case MARK_IDLE:
		return "does not count";
	}
	return "";
}

static const char *
mark_word(enum mark mark)
{
	static const char *const words[] = { "good", "bad", "expired", "does-not-count" };

	return words[mark];
}

/* --- the raw record itself */

/* Offsets of an earlier epoch are of a topic that is no more. */
static bool
epoch_gone(struct trace *t, struct span topic, int64_t epoch)
{
	const struct agency *a = t->rules ? agency_of_topic(t->rules->agencies, topic) : NULL;

	return a && a->epoch != epoch;
}

/* The record at `offset`, which is there; -1: Kafka is away. */
static int
raw_hash(struct trace *t, const char *full, int64_t offset, char hex[2 * SHA256_BYTES + 1],
    struct err *err)
{
	int64_t until = daemon_now_ms() + RAW_WAIT_MS;
	uint8_t sum[SHA256_BYTES];
	struct krecord rec;
	int got = 0;

	hex[0] = '\0';
	if (kreader_add(t->reader, full, 0, offset, NULL, err))
		return -1;
	while (got <= 0 && daemon_now_ms() < until) {
		got = kreader_poll(t->reader, POLL_MS, &rec, err);
		if (got < 0 && err->class != ERR_RETRY)
			return -1;
	}
	if (got <= 0)
		return err_code(err, ERR_RETRY, "kafka-away", NULL,
		    "Kafka did not answer while '%s' was read", full);
	if (rec.offset == offset) {
		sha256(rec.value, sum);
		hex_of(sum, sizeof(sum), hex);
	}
	return kreader_remove(t->reader, full, 0, err);
}

/* -1: could not look.  Not to have looked is not to have found it wrong. */
static int
raw_check(struct trace *t, struct span topic, int64_t epoch, int64_t offset, struct span sha,
    enum mark *mark, struct err *err)
{
	char full[TOPIC_NAME_MAX + 1], name[TOPIC_NAME_MAX + 1], hex[2 * SHA256_BYTES + 1];
	int64_t low, high;

	*mark = MARK_BAD;
	if (!topic.len || topic.len > TOPIC_NAME_MAX || offset < 0)
		return 0;
	*mark = MARK_EXPIRED;
	if (epoch_gone(t, topic, epoch))
		return 0;
	snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(topic));
	topic_full(t->cli->params->prefix, name, full);
	if (kreader_watermarks(t->reader, full, 0, &low, &high, RAW_WAIT_MS, err))
		return -1;
	if (offset < low)
		return 0;
	*mark = MARK_BAD;
	if (offset >= high)
		return 0;
	if (raw_hash(t, full, offset, hex, err))
		return -1;
	*mark = span_is(sha, hex) ? MARK_GOOD : MARK_BAD;
	return 0;
}

static void
evidence_line(struct trace *t, const struct pg_rows *rows, size_t i, enum mark mark)
{
	int64_t offset = pg_value_int(rows, i, 8);
	struct span v[8];

	for (int c = 0; c < 8; c++)
		v[c] = pg_value(rows, i, c);
	branch(t);
	buf_printf(&t->text, "%.*s %.*s  %.*s %.*s%s%.*s%s%.*s  match %.*s  ", SPAN_ARG(v[1]),
	    SPAN_ARG(v[0]), SPAN_ARG(v[2]), SPAN_ARG(v[3]), v[4].len ? " to " : "", SPAN_ARG(v[4]),
	    v[5].len ? ", " : "", SPAN_ARG(v[5]), SPAN_ARG(v[6]));
	if (offset < 0)
		buf_printf(&t->text, "not in the warehouse %s\n", mark_text(t, mark));
	else
		buf_printf(&t->text, "%.*s@%lld  sha256 %s\n", SPAN_ARG(v[7]), (long long)offset,
		    mark_text(t, mark));
	jw_object(&t->json);
	jw_put_text(&t->json, "what", "evidence");
	jw_put_str(&t->json, "organisation", v[0]);
	jw_put_str(&t->json, "kind", v[2]);
	jw_put_str(&t->json, "match", v[6]);
	jw_put_str(&t->json, "topic", v[7]);
	jw_put_int(&t->json, "offset", offset);
	jw_put_text(&t->json, "result", mark_word(mark));
	jw_end(&t->json);
}

static int
evidence_trace(struct trace *t, const char *id, struct err *err)
{
	struct pg_rows *rows
	    = pg_query(t->pg, evidence_sql, &(struct pg_param){ PG_TEXT, span_str(id) }, 1, err);
	int result = rows ? 0 : -1;

	for (size_t i = 0; result == 0 && i < pg_rows_count(rows); i++) {
		enum mark mark;

		result = raw_check(t, pg_value(rows, i, 7), pg_value_int(rows, i, 10),
		    pg_value_int(rows, i, 8), pg_value(rows, i, 9), &mark, err);
		if (result == 0)
			evidence_line(t, rows, i, mark);
	}
	pg_rows_free(rows);
	return result;
}

/* --- decisions */

/* Signed by somebody who may say it, and says what its row says. */
static bool
decision_good(struct trace *t, struct span hex, struct span what, struct span by)
{
	uint8_t *bytes = mem_alloc(hex.len / 2 + 1);
	struct arena arena;
	struct decision de;
	struct err err;
	bool good = hex.len / 2 <= DECISION_BYTES_MAX && hex_parse(hex, bytes, hex.len / 2);

	arena_init(&arena, 0);
	good = good
	    && av_read(t->cli->catalogue, &decision_binding, span_of(bytes, hex.len / 2), &de,
		   &arena, &err) == 0
	    && span_eq(de.what, what) && span_eq(de.by, by)
	    && termsbook_signed(t->terms, &decision_binding, &de, de.key_id, de.signature,
		offsetof(struct decision, signature), decision_roles(de.what));
	arena_release(&arena);
	mem_free(bytes);
	return good;
}

static void
decision_line(struct trace *t, const struct pg_rows *rows, size_t i, enum mark mark)
{
	bool today = span_is(pg_value(rows, i, 4), "t");

	branch(t);
	buf_printf(&t->text, "%.*s by %.*s %.*s  %s%s%s\n", SPAN_ARG(pg_value(rows, i, 0)),
	    SPAN_ARG(pg_value(rows, i, 1)), SPAN_ARG(pg_value(rows, i, 2)),
	    mark == MARK_IDLE ? "" : "signature ", mark_text(t, mark),
	    today ? "" : "  (of other facts than today's)");
	jw_object(&t->json);
	jw_put_text(&t->json, "what", "decision");
	jw_put_str(&t->json, "decision", pg_value(rows, i, 0));
	jw_put_str(&t->json, "by", pg_value(rows, i, 1));
	jw_put_text(&t->json, "result", mark_word(mark));
	jw_put_bool(&t->json, "of_todays_facts", today);
	jw_end(&t->json);
}

/* Verified, rejected and queried are a person's word: somebody must have given it. */
static void
word_check(struct trace *t, const struct outcome *o, bool given)
{
	if (given
	    || !(span_is(o->status, "verified") || span_is(o->status, "rejected")
		|| span_is(o->status, "queried")))
		return;
	branch(t);
	buf_printf(&t->text, "%.*s, but nobody has said so %s\n", SPAN_ARG(o->status),
	    mark_text(t, MARK_BAD));
	jw_object(&t->json);
	jw_put_text(&t->json, "what", "decision");
	jw_put_str(&t->json, "decision", o->status);
	jw_put_text(&t->json, "by", NULL);
	jw_put_text(&t->json, "result", mark_word(MARK_BAD));
	jw_put_bool(&t->json, "of_todays_facts", false);
	jw_end(&t->json);
}

static int
decisions_trace(struct trace *t, const struct outcome *o, const char *id, struct err *err)
{
	struct pg_rows *rows
	    = pg_query(t->pg, decision_sql, &(struct pg_param){ PG_TEXT, span_str(id) }, 1, err);
	bool given = false;

	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		bool good = decision_good(t, pg_value(rows, i, 3), pg_value(rows, i, 0),
		    pg_value(rows, i, 1));
		bool counts = span_is(pg_value(rows, i, 5), "t");

		decision_line(t, rows, i, !counts ? MARK_IDLE : good ? MARK_GOOD : MARK_BAD);
		given |= counts && good && span_eq(pg_value(rows, i, 0), o->status)
		    && span_is(pg_value(rows, i, 4), "t");
	}
	word_check(t, o, given);
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
	branch(t);
	buf_printf(&t->text, "rule  %d days counted%s%s%s%s\n", (int)o->days,
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
		memcpy(t->text.ptr + t->last_branch, "   └", strlen("   └"));
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
	struct yaml_report report = YAML_REPORT_INIT;
	struct outcome_row row = { 0 };
	struct kafka_conf conf;
	const char *missing = NULL;
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
	t->rules = rules_of_book(termsbook_book(t->terms), &report, &missing);
	yaml_report_release(&report);
	id_hex(&row.outcome.outcome_id, id);
	head(t, &row, id);
	if (evidence_trace(t, id, err) == 0 && decisions_trace(t, &row.outcome, id, err) == 0)
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
	rules_free(t.rules);
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
		"evidence was bound to; checks the signature of each decision that counts under the\n"
		"published key, and that a status which only a person can give was given by one.\n\n"
		"Exit: 0 all good, 3 something does not agree, 5 no such outcome, 75 a server is away.\n"
		"Example: outturn trace 3fa29c",
};
