/*
 * outturn status - how far is everything, and do the totals balance.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/standing.h"
#include "common/io/daemon.h"
#include "common/mem.h"

enum { WAIT_MAX_S = 86400, LOOK_MS = 250 };

static const char totals_sql[]
    = "SELECT topic, sum(raw)::bigint, sum(accepted)::bigint, sum(withdrawn)::bigint, "
      "sum(superseded)::bigint, sum(suppressed)::bigint, sum(duplicate)::bigint, "
      "sum(rejected)::bigint, sum(declared)::bigint, sum(unaccounted)::bigint "
      "FROM ops.control_total GROUP BY topic ORDER BY topic";

static const char *const total_names[] = { "raw", "accepted", "withdrawn", "superseded",
	"suppressed", "duplicate", "rejected", "declared", "unaccounted" };
enum { TOTALS = sizeof(total_names) / sizeof(total_names[0]) };

/* --- as text */

static void
text_stages(const struct standing *st, struct buf *out)
{
	char day[DATE_TEXT];

	buf_printf(out, "%-22s %-10s %10s %10s %8s  %s\n", "input", "stage", "end", "folded", "lag",
	    "complete through");
	for (size_t i = 0; i < st->n; i++) {
		const struct standing_line *l = &st->lines[i];

		date_text(l->complete_through, day);
		if (l->missing) {
			buf_printf(out, "%-22s %-10s %10s %10lld %8s  %s  no such topic\n", l->input,
			    l->stage, "-", (long long)(l->folded < -1 ? -1 : l->folded), "-", day);
			continue;
		}
		buf_printf(out, "%-22s %-10s %10lld %10lld %8lld  %s%s\n", l->input, l->stage,
		    (long long)l->end, (long long)(l->folded < -1 ? -1 : l->folded),
		    (long long)(l->end - (l->folded < -1 ? -1 : l->folded)), day,
		    l->behind && !l->before && l->folded >= l->end ? "  older terms" : "");
	}
	date_text(st->as_at, day);
	buf_printf(out, "\nas at %s, terms through offset %lld\n",
	    st->as_at == DATE_NONE ? "no day yet" : day, (long long)st->terms_end);
	if (st->doubts)
		buf_printf(out, "%lld records in doubt\n", (long long)st->doubts);
}

static void
text_totals(const struct pg_rows *rows, struct buf *out)
{
	buf_printf(out, "\n%-22s", "control totals");
	for (size_t k = 0; k < TOTALS; k++)
		buf_printf(out, " %11s", total_names[k]);
	buf_str(out, "\n");
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		buf_printf(out, "%-22.*s", SPAN_ARG(pg_value(rows, i, 0)));
		for (size_t k = 0; k < TOTALS; k++)
			buf_printf(out, " %11lld", (long long)pg_value_int(rows, i, (int)k + 1));
		buf_str(out, "\n");
	}
}

/* --- as JSON */

static void
json_all(const struct standing *st, const struct pg_rows *rows, const char *why, struct buf *out)
{
	struct jw j;

	jw_begin(&j, out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_bool(&j, "up_to_date", st->up_to_date);
	jw_put_text(&j, "why", *why ? why : NULL);
	jw_put_int(&j, "doubts", st->doubts);
	jw_put_int(&j, "unread_partitions", st->unread);
	jw_put_int(&j, "erased_left", st->erased_left);
	jw_put_int(&j, "rejected_left", st->rejected_left);
	jw_put_int(&j, "unaccounted", st->unaccounted);
	jw_put_date(&j, "as_at", st->as_at);
	jw_put_int(&j, "terms_offset", st->terms_end);
	jw_key(&j, "inputs");
	jw_array(&j);
	for (size_t i = 0; i < st->n; i++) {
		const struct standing_line *l = &st->lines[i];

		jw_object(&j);
		jw_put_text(&j, "input", l->input);
		jw_put_text(&j, "stage", l->stage);
		jw_put_int(&j, "epoch", l->epoch);
		jw_put_int(&j, "end", l->end);
		jw_put_int(&j, "folded", l->folded < -1 ? -1 : l->folded);
		jw_put_int(&j, "terms_offset", l->terms < -1 ? -1 : l->terms);
		jw_put_date(&j, "complete_through", l->complete_through);
		jw_put_bool(&j, "behind", l->behind);
		jw_put_bool(&j, "missing", l->missing);
		jw_end(&j);
	}
	jw_end(&j);
	jw_key(&j, "totals");
	jw_array(&j);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		jw_object(&j);
		jw_put_str(&j, "topic", pg_value(rows, i, 0));
		for (size_t k = 0; k < TOTALS; k++)
			jw_put_int(&j, total_names[k], pg_value_int(rows, i, (int)k + 1));
		jw_end(&j);
	}
	jw_end(&j);
	jw_end(&j);
	buf_str(out, "\n");
}

static int
show(struct cli *cli, struct pg *pg, const struct standing *st, struct err *err)
{
	struct pg_rows *rows = pg_query(pg, totals_sql, NULL, 0, err);
	struct buf out = BUF_INIT;
	char why[ERR_TEXT_MAX];

	if (!rows)
		return -1;
	standing_why(st, why, sizeof(why));
	if (cli->json) {
		json_all(st, rows, why, &out);
	} else {
		text_stages(st, &out);
		text_totals(rows, &out);
		buf_printf(&out, "\n%s%s\n", st->up_to_date ? "up to date" : "behind: ",
		    st->up_to_date ? "" : why);
	}
	cli_print(&out);
	buf_release(&out);
	pg_rows_free(rows);
	return 0;
}

/* While it waits a server may go and come; a topic that is not there is somebody's to make. */
static int
look(struct cli *cli, struct pg **pg, struct standing *st, int64_t until, struct err *err)
{
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (;;) {
		bool failed;

		if (!*pg || !pg_alive(*pg)) {
			pg_close(*pg);
			*pg = cli_pg(cli, err);
		}
		failed = !*pg || standing_read(cli, *pg, st, err);
		if (failed && (err->class != ERR_RETRY || daemon_now_ms() >= until))
			return -1;
		if (!failed && (st->up_to_date || st->missing.class != ERR_NONE || daemon_now_ms() >= until))
			return 0;
		if (daemon_stopping())
			return err_set(err, ERR_FATAL, "interrupted");
		nanosleep(&pause, NULL);
	}
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *wait = NULL;
	const struct cli_option options[] = { { .name = "wait", .value = &wait } };
	struct standing *st = mem_zalloc(1, sizeof(*st));
	struct err err = ERR_INIT;
	struct pg *pg = NULL;
	long seconds;
	int code;

	if (cli_options(&verb_status, &argc, argv, options, 1)) {
		mem_free(st);
		return CLI_USAGE;
	}
	seconds = wait && *wait && strspn(wait, "0123456789") == strlen(wait) ? strtol(wait, NULL, 10)
	    : wait ? -1 : 0;
	if (argc > 1 || seconds < 0 || seconds > WAIT_MAX_S) {
		mem_free(st);
		return cli_usage(&verb_status, "expected at most '--wait SECONDS', up to a day");
	}
	if (look(cli, &pg, st, daemon_now_ms() + seconds * 1000, &err) || show(cli, pg, st, &err))
		code = cli_fail(&err, NULL);
	else if (st->missing.class != ERR_NONE)
		code = cli_fail(&st->missing, NULL);
	else
		code = st->up_to_date ? CLI_OK : CLI_DEGRADED;
	pg_close(pg);
	mem_free(st);
	return code;
}

const struct cli_verb verb_status = {
	.name = "status",
	.run = run,
	.usage = "outturn status [--wait SECONDS] [--json]",
	.says = "how far each stage is, and whether the totals balance",
	.help = "For each input: where it ends on Kafka, how far each stage has folded it, through\n"
		"which day its agency is complete; which day has come, by somebody's word.  Control\n"
		"totals by raw topic: every raw record is exactly one of accepted, withdrawn, superseded,\n"
		"suppressed, duplicate, rejected or declared.\n\n"
		"--wait SECONDS looks again until everything is up to date, at most so long.\n\n"
		"A raw topic that is not there is named, and the others are shown.\n\n"
		"Exit: 0 up to date, 1 a raw topic is not there, 4 behind or unbalanced, 75 a server\n"
		"is away.\n"
		"Example: outturn status --wait 60",
};
