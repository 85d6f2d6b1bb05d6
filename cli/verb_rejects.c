/*
 * outturn rejects - from a rejected record to the cause.
 *
 *	ls      what was refused, why, how often
 *	show    one: reason, field, sentence, position; --unseal: the payload, with the key
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/payload.h"
#include "common/io/crypto.h"
#include "common/io/level_task.h"
#include "common/mem.h"
#include "ingest/shell_judge.h"
#include "ingest/shell_live.h"

enum { LIST_MAX = 100000 };

static const char by_reason_sql[]
    = "SELECT topic, organisation, reason, coalesce(reason_field, ''), records::bigint, "
      "first_offset, last_offset FROM ops.reject_by_reason "
      "WHERE ($1 = '' OR reason = $1) AND ($2 = '' OR topic = $2) ORDER BY records DESC, topic, reason";
static const char list_sql[]
    = "SELECT r.topic, r.raw_offset, r.reason, coalesce(r.reason_field, ''), "
      "coalesce(j.sentence, '') FROM evidence.record r "
      "LEFT JOIN ops.reject j USING (topic, epoch, raw_offset) WHERE r.what = 'reject' "
      "AND ($1 = '' OR r.reason = $1) AND ($2 = '' OR r.topic = $2) "
      "ORDER BY r.topic, r.raw_offset LIMIT $3::text::bigint";
static const char one_sql[]
    = "SELECT r.organisation, r.reason, coalesce(r.reason_field, ''), coalesce(j.sentence, ''), "
      "encode(r.raw_sha256, 'hex'), coalesce(j.raw_bytes, -1), r.epoch, "
      "coalesce(r.sent_at::text, '') FROM evidence.record r "
      "LEFT JOIN ops.reject j USING (topic, epoch, raw_offset) "
      "WHERE r.what = 'reject' AND r.topic = $1 AND r.raw_offset = $2::text::bigint "
      "ORDER BY r.epoch DESC LIMIT 1";

static void
row_json(struct jw *j, const struct pg_rows *rows, size_t i, const char *const *names, int n)
{
	for (int c = 0; c < n; c++)
		jw_put_str(j, names[c], pg_value(rows, i, c));
}

static void
json_begin(struct jw *j, struct buf *out)
{
	jw_begin(j, out);
	jw_object(j);
	jw_put_int(j, "version", 1);
	jw_key(j, "rejects");
	jw_array(j);
}

static void
json_end(struct jw *j, struct buf *out)
{
	jw_end(j);
	jw_end(j);
	buf_str(out, "\n");
}

static void
rows_json(const struct pg_rows *rows, const char *const *names, int n, struct buf *out)
{
	struct jw j;

	json_begin(&j, out);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		jw_object(&j);
		row_json(&j, rows, i, names, n);
		jw_end(&j);
	}
	json_end(&j, out);
}

static void
rows_text(const struct pg_rows *rows, const char *const *names, int n, struct buf *out)
{
	for (int c = 0; c < n; c++)
		buf_printf(out, "%s%s", c ? "\t" : "", names[c]);
	buf_str(out, "\n");
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		for (int c = 0; c < n; c++)
			buf_printf(out, "%s%.*s", c ? "\t" : "", SPAN_ARG(pg_value(rows, i, c)));
		buf_str(out, "\n");
	}
}

static int
ls(struct cli *cli, struct pg *pg, const char *reason, const char *topic, const char *limit,
    struct err *err)
{
	static const char *const grouped[] = { "topic", "organisation", "reason", "field", "records",
		"first_offset", "last_offset" };
	static const char *const each[] = { "topic", "offset", "reason", "field", "sentence" };
	struct pg_param params[] = { { PG_TEXT, span_str(reason ? reason : "") },
		{ PG_TEXT, span_str(topic ? topic : "") }, { PG_TEXT, span_str(limit) } };
	struct pg_rows *rows
	    = pg_query(pg, limit ? list_sql : by_reason_sql, params, limit ? 3 : 2, err);
	struct buf out = BUF_INIT;

	if (!rows)
		return -1;
	if (cli->json)
		rows_json(rows, limit ? each : grouped, limit ? 5 : 7, &out);
	else
		rows_text(rows, limit ? each : grouped, limit ? 5 : 7, &out);
	cli_print(&out);
	buf_release(&out);
	pg_rows_free(rows);
	return 0;
}

/* --- one */

struct wanted {
	struct cli *cli;
	struct span key;
	const struct keyring *ring;
	struct buf clear;
	bool found, sealed, opened;
	struct arena arena;
};

static int
payload_take(void *arg, const struct rec *rec, struct err *err)
{
	struct wanted *w = arg;
	struct rejected rej;
	struct err bad;

	(void)err;
	if (!span_eq(rec->key, w->key) || !rec->value.ptr)
		return 0;
	arena_reset(&w->arena);
	if (av_read(w->cli->catalogue, &rejected_binding, rec->value, &rej, &w->arena, &bad))
		return 0;
	w->found = true;
	w->sealed = rej.sealed.ptr != NULL;
	buf_reset(&w->clear);
	w->opened = w->sealed && judge_unseal(w->ring, &rej, &w->clear);
	return 0;
}

/* The payload as it was sent. */
static int
unseal(struct cli *cli, const char *topic, int64_t epoch, const char *offset, struct buf *clear,
    struct err *err)
{
	struct wanted w = { .cli = cli };
	struct buf key = BUF_INIT;
	struct live_keys keys;
	int result;

	if (live_keys_open(cli->params, &keys, err))
		return -1;
	buf_printf(&key, "r/%s/%lld/%s", topic, (long long)epoch, offset);
	w.key = buf_view(&key);
	w.ring = keys.ring;
	arena_init(&w.arena, 0);
	result = cli_topic_each(cli, "rejected", payload_take, &w, err);
	if (result == 0 && !w.found)
		result = err_code(err, ERR_FATAL, "not-found", NULL,
		    "'rejected' has no payload for it");
	else if (result == 0 && !w.sealed)
		result = err_code(err, ERR_FATAL, "not-found", NULL,
		    "it was longer than 256 KiB: only its hash was kept");
	else if (result == 0 && !w.opened)
		result = err_code(err, ERR_FATAL, "key-mode", NULL,
		    "this key does not open it: it was sealed under another master");
	else if (result == 0)
		buf_span(clear, buf_view(&w.clear));
	crypto_cleanse(w.clear.ptr, w.clear.len);
	arena_release(&w.arena);
	buf_release(&w.clear);
	buf_release(&key);
	live_keys_close(&keys);
	return result;
}

static const char *const one_names[] = { "organisation", "reason", "field", "sentence", "sha256",
	"bytes", "epoch", "sent_at" };
enum { ONE_NAMES = sizeof(one_names) / sizeof(one_names[0]), ONE_FIELD = 2, ONE_EPOCH = 6 };

static void
one_json(struct cli *cli, const struct pg_rows *rows, const struct buf *clear, bool open,
    struct buf *out)
{
	struct jw j;

	json_begin(&j, out);
	jw_object(&j);
	row_json(&j, rows, 0, one_names, ONE_NAMES);
	if (open) {
		jw_key(&j, "payload");
		payload_json(cli->catalogue, buf_view(clear), &j);
	}
	jw_end(&j);
	json_end(&j, out);
}

static void
one_text(struct cli *cli, const struct pg_rows *rows, const struct buf *clear, bool open,
    struct buf *out)
{
	for (int c = 0; c < ONE_NAMES; c++)
		buf_printf(out, "%-13s %.*s\n", one_names[c], SPAN_ARG(pg_value(rows, 0, c)));
	if (!open)
		return;
	buf_str(out, "payload\n");
	payload_text(cli->catalogue, buf_view(clear), pg_value(rows, 0, ONE_FIELD), out);
}

static int
show_row(struct cli *cli, const struct pg_rows *rows, const char *topic, const char *offset,
    bool open, struct err *err)
{
	struct buf out = BUF_INIT, clear = BUF_INIT;
	int result = 0;

	if (open)
		result = unseal(cli, topic, pg_value_int(rows, 0, ONE_EPOCH), offset, &clear, err);
	if (result == 0 && cli->json)
		one_json(cli, rows, &clear, open, &out);
	else if (result == 0)
		one_text(cli, rows, &clear, open, &out);
	if (result == 0)
		cli_print(&out);
	crypto_cleanse(clear.ptr, clear.len);
	crypto_cleanse(out.ptr, out.len);
	buf_release(&clear);
	buf_release(&out);
	return result;
}

/* Nothing was rejected there: what is there instead? */
static int
show_other(struct pg *pg, const struct pg_param position[2], struct err *err)
{
	struct pg_rows *rows = pg_query(pg,
	    "SELECT CASE what WHEN 'version' THEN 'it was taken: a version of an event' "
	    "WHEN 'complete' THEN 'it was taken: a declaration of completeness' "
	    "ELSE 'it was erased: a stub is left' END FROM evidence.record "
	    "WHERE topic = $1 AND raw_offset = $2::text::bigint ORDER BY epoch DESC LIMIT 1",
	    position, 2, err);

	if (!rows)
		return -1;
	err_code(err, ERR_FATAL, "not-found", NULL, "nothing was rejected there: %.*s",
	    SPAN_ARG(pg_rows_count(rows) ? pg_value(rows, 0, 0)
					 : SPAN_LIT("no record of that position is in the warehouse")));
	pg_rows_free(rows);
	return -1;
}

static int
show(struct cli *cli, struct pg *pg, char *position, bool open, struct err *err)
{
	char *at = strrchr(position, '@');
	struct pg_param params[2];
	struct pg_rows *rows;
	int result;

	if (!at || !at[1] || strspn(at + 1, "0123456789") != strlen(at + 1) || strlen(at + 1) > 18)
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "a position is TOPIC@OFFSET, such as raw.council-a@41");
	*at = '\0';
	params[0] = (struct pg_param){ PG_TEXT, span_str(position) };
	params[1] = (struct pg_param){ PG_TEXT, span_str(at + 1) };
	rows = pg_query(pg, one_sql, params, 2, err);
	if (!rows)
		return -1;
	if (pg_rows_count(rows))
		result = show_row(cli, rows, position, at + 1, open, err);
	else
		result = show_other(pg, params, err);
	pg_rows_free(rows);
	return result;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *reason = NULL, *topic = NULL, *limit = NULL;
	bool open = false, listing;
	const struct cli_option options[] = { { .name = "reason", .value = &reason },
		{ .name = "topic", .value = &topic }, { .name = "limit", .value = &limit },
		{ .name = "unseal", .flag = &open } };
	struct err err = ERR_INIT;
	struct pg *pg;
	int code = CLI_OK;

	if (cli_options(&verb_rejects, &argc, argv, options, 4))
		return CLI_USAGE;
	listing = argc == 2 && strcmp(argv[1], "ls") == 0;
	if (!listing && !(argc == 3 && strcmp(argv[1], "show") == 0))
		return cli_usage(&verb_rejects, "expected 'ls', or 'show TOPIC@OFFSET'");
	if (limit && (strspn(limit, "0123456789") != strlen(limit) || !*limit
		|| strtol(limit, NULL, 10) > LIST_MAX))
		return cli_usage(&verb_rejects, "--limit is a number up to 100000");
	pg = cli_pg(cli, &err);
	if (!pg || (listing ? ls(cli, pg, reason, topic, limit, &err)
			    : show(cli, pg, argv[2], open, &err)))
		code = cli_fail(&err, NULL);
	pg_close(pg);
	return code;
}

const struct cli_verb verb_rejects = {
	.name = "rejects",
	.run = run,
	.usage = "outturn rejects ls [--reason CODE] [--topic TOPIC] [--limit N] [--json]\n"
		 "outturn rejects show TOPIC@OFFSET [--unseal] [--json]",
	.says = "what was refused and why, and what to do about it",
	.help = "ls groups by topic, reason and field; with --limit N it lists records, each with its\n"
		"position and a sentence.  show has one record; --unseal adds what it said, field by\n"
		"field, the one at fault marked, and needs keys/ingest.key: that is a person's data, on\n"
		"your screen.\n\n"
		"Mend the record at its source and send it again, or publish the terms that it lacks.\n\n"
		"Exit: 0 shown, 5 nothing there, 6 not with this key.\n"
		"Example: outturn rejects show raw.council-a@41",
};
