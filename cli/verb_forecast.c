/*
 * outturn forecast - what is under way and when it is due, by month, with a range; against
 * plan and cap.
 *
 *	files, or the warehouse ─► people ─► evaluate ─► forecast ─► text, CSV, JSON, SVG
 *
 * How it is reckoned: transform/milestone/forecast.h, and docs/forecast.md.
 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/forecast_out.h"
#include "cli/judged.h"
#include "cli/settling.h"
#include "cli/table.h"
#include "cli/world.h"
#include "common/io/yaml.h"
#include "common/mem.h"

enum { FORECAST_DAY_MS = 24 * 60 * 60 * 1000, FORECAST_MONTHS = 24, FORECAST_AHEAD_MAX = 120,
	FORECAST_BEFORE = 24 };

struct said {
	const char *contract, *as_at, *months, *plan, *svg, *codes, *agencies, *topic;
	const char **events, **ignore;
	size_t events_n, ignore_n;
	bool csv;
	struct settling_said settling;
};

struct run {
	struct cli *cli;
	const struct said *said;
	const struct contract *contract;
	struct world *world;
	struct cli_settling *settling;
	struct forecast *forecast;
	uint32_t referred, months;
	struct arena arena; /* of one person */
};

static int
unit_take(void *arg, const struct world_unit *u, struct err *err)
{
	struct run *r = arg;
	struct evaluate_facts facts = world_facts(r->world);
	struct outcome_list list;

	arena_reset(&r->arena);
	if (u->person && settling_decide(r->settling, world_trial(r->world), u->person, &r->arena, err))
		return -1;
	list = evaluate(r->contract, u->timeline, &facts, &r->arena);
	r->referred += list.n > 0;
	forecast_take(r->forecast, &list);
	return 0;
}

/* --- the plan */

static int
plan_take(void *arg, const struct table_row *row, struct err *err)
{
	struct run *r = arg;
	struct yaml number = { .kind = YAML_SCALAR, .text = row->field[2] };
	char text[DATE_TEXT];
	int64_t millionths;
	date_t month;

	snprintf(text, sizeof(text), "%.7s-01", row->field[1].len == 7
		? (const char *)row->field[1].ptr : "");
	if (!date_parse(span_str(text), &month))
		return err_set(err, ERR_FATAL, "%s:%u: column 'month': expected a month: YYYY-MM",
		    row->path, row->line);
	if (!yaml_decimal(&number, &millionths) || millionths < 0)
		return err_set(err, ERR_FATAL, "%s:%u: column 'number': expected a number from 0",
		    row->path, row->line);
	if (forecast_plan(r->forecast, row->field[0], month, millionths))
		return 0;
	return err_set(err, ERR_FATAL, "%s:%u: column 'outcome': the contract has no such outcome",
	    row->path, row->line);
}

/* --- what is printed */

static int
picture(const struct run *r, const struct forecast_view *v, struct err *err)
{
	struct buf out = BUF_INIT;
	FILE *to = fopen(r->said->svg, "w");
	bool written = to != NULL;

	forecast_svg(v, &out);
	written = written && fwrite(out.ptr, 1, out.len, to) == out.len;
	if (to && fclose(to))
		written = false;
	buf_release(&out);
	return written ? 0
		       : err_set(err, ERR_FATAL, "cannot write '%.200s': %s", r->said->svg,
			     strerror(errno));
}

static int
show(struct run *r, struct err *err)
{
	const char *behind = world_behind(r->world);
	struct forecast_view v = { .forecast = r->forecast, .contract = r->contract,
		.as_at = world_facts(r->world).as_at, .referred = r->referred,
		.over = world_trial(r->world) ? "files" : "warehouse",
		.behind = *behind ? behind : NULL };
	struct buf out = BUF_INIT;
	bool to_stdout = r->said->svg && strcmp(r->said->svg, "-") == 0;

	if (r->said->svg && !to_stdout && picture(r, &v, err))
		return -1;
	if (to_stdout)
		forecast_svg(&v, &out);
	else if (r->cli->json)
		forecast_json(&v, &out);
	else if (r->said->csv)
		forecast_csv(&v, &out);
	else
		forecast_text(&v, &out);
	cli_print(&out);
	buf_release(&out);
	return 0;
}

/* --- the verb */

static int
go(struct run *r, struct err *err)
{
	static const char *const plan_names[] = { "outcome", "month", "number", NULL };

	if (world_facts(r->world).as_at == DATE_NONE)
		return err_set(err, ERR_FATAL, "no day has been declared, so nothing is due: outturn publish "
		    "--as-at DATE, or --as-at here");
	r->settling = settling_new(&r->said->settling, r->contract, err);
	if (!r->settling)
		return -1;
	r->forecast = forecast_new(r->contract);
	if (r->said->plan && table_read(r->said->plan, plan_names, plan_take, r, err))
		return -1;
	if (world_each(r->world, unit_take, r, err) || settling_all_met(r->settling, err))
		return -1;
	forecast_end(r->forecast, world_facts(r->world).as_at, r->months, FORECAST_BEFORE);
	return show(r, err);
}

static int
exit_of(struct run *r)
{
	const char *behind = world_behind(r->world);
	struct trial_counts counts;

	if (*behind && !r->cli->quiet)
		fprintf(stderr, "outturn forecast: the warehouse is not up to date: %s\n"
		    "next: outturn status --wait 60, then again\n", behind);
	if (!world_trial(r->world))
		return *behind ? CLI_DEGRADED : CLI_OK;
	counts = trial_counts(world_trial(r->world));
	if (counts.rejected + counts.form_bad && !r->cli->quiet)
		fprintf(stderr, "outturn forecast: refused records: %u; outturn try says which\n",
		    counts.rejected + counts.form_bad);
	if (counts.versions + counts.declarations > 0)
		return CLI_OK;
	fputs("outturn forecast: not one record could be used\nnext: outturn try says why\n", stderr);
	return CLI_FAILED;
}

/* judged: of a file; NULL: the published contract of that name. */
static int
with_contract(struct cli *cli, const struct said *said, const struct judged *judged, date_t as_at,
    uint32_t months)
{
	struct run r = { .cli = cli, .said = said, .months = months };
	struct contract *stands = NULL;
	struct err err = ERR_INIT;
	int code;

	arena_init(&r.arena, 0);
	r.contract = judged ? judged->contract : NULL;
	if (said->events_n) {
		struct trial_conf conf = { .cli = cli, .codes = judged->pages.codes,
			.agencies = judged->pages.agencies, .contract = r.contract,
			.topic = said->topic, .ignore = said->ignore, .ignore_n = said->ignore_n,
			.as_at = as_at, .today = (date_t)(cli_now_ms() / FORECAST_DAY_MS) };

		r.world = world_of_files(&conf, said->events, said->events_n, &err);
	} else {
		r.world = world_of_warehouse(cli, as_at, &err);
	}
	if (r.world && !judged)
		r.contract = stands
		    = world_contract(world_book(r.world), span_str(said->contract), &err);
	code = r.world && r.contract && go(&r, &err) == 0 ? exit_of(&r) : cli_fail(&err, NULL);
	forecast_free(r.forecast);
	settling_free(r.settling);
	world_free(r.world);
	contract_free(stands);
	arena_release(&r.arena);
	return code;
}

static bool
is_file(const char *name)
{
	size_t n = strlen(name);

	return strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".yaml") == 0)
	    || (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

static int
begin(struct cli *cli, const struct said *said, date_t as_at, uint32_t months)
{
	struct judged j;
	int code;

	if (!is_file(said->contract) && !said->events_n)
		return with_contract(cli, said, NULL, as_at, months);
	code = judged_read(cli, &verb_forecast, said->contract, said->codes, said->agencies, &j);
	if (code == CLI_OK)
		code = with_contract(cli, said, &j, as_at, months);
	judged_release(&j);
	return code;
}

/* "1" to "120" */
static bool
months_parse(const char *text, uint32_t *months)
{
	struct yaml node = { .kind = YAML_SCALAR, .text = span_str(text) };
	int64_t n;

	if (!yaml_int(&node, &n) || n < 1 || n > FORECAST_AHEAD_MAX)
		return false;
	*months = (uint32_t)n;
	return true;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct said said = { 0 };
	const struct cli_option options[] = {
		{ .name = "contract", .value = &said.contract },
		{ .name = "events", .values = &said.events, .values_n = &said.events_n },
		{ .name = "as-at", .value = &said.as_at },
		{ .name = "months", .value = &said.months },
		{ .name = "plan", .value = &said.plan },
		{ .name = "csv", .flag = &said.csv },
		{ .name = "svg", .value = &said.svg },
		{ .name = "decisions", .value = &said.settling.decisions },
		{ .name = "codes", .value = &said.codes },
		{ .name = "agencies", .value = &said.agencies },
		{ .name = "topic", .value = &said.topic },
		{ .name = "ignore", .values = &said.ignore, .values_n = &said.ignore_n },
	};
	uint32_t months = FORECAST_MONTHS;
	date_t as_at = DATE_NONE;
	int code = CLI_USAGE;
	bool files;

	if (cli_options(&verb_forecast, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		goto out;
	files = said.events_n > 0;
	if (files)
		cli_values_more(&said.events, &said.events_n, argc, argv);
	if (!said.contract)
		cli_usage(&verb_forecast, "of which contract? --contract FILE or NAME");
	else if (!files && argc > 1)
		cli_usage(&verb_forecast, "files of events come after --events");
	else if (!files && (said.settling.decisions || said.topic || said.ignore_n))
		cli_usage(&verb_forecast, "--decisions, --topic and --ignore go with --events: the "
		    "warehouse has its own");
	else if (said.as_at && !date_parse(span_str(said.as_at), &as_at))
		cli_usage(&verb_forecast, "--as-at is a day: YYYY-MM-DD");
	else if (said.months && !months_parse(said.months, &months))
		cli_usage(&verb_forecast, "--months is a number from 1 to 120");
	else if (said.csv && cli->json)
		cli_usage(&verb_forecast, "--csv or --json, not both");
	else
		code = begin(cli, &said, as_at, months);
out:
	mem_free(said.events);
	mem_free(said.ignore);
	return code;
}

const struct cli_verb verb_forecast = {
	.name = "forecast",
	.run = run,
	.usage = "outturn forecast --contract FILE|NAME [--as-at DATE] [--months N] [--plan FILE]\n"
		 "    [--csv] [--json] [--svg FILE]\n"
		 "outturn forecast --contract FILE --events FILE... [as outturn try]",
	.says = "what is under way and when it is due, by month, with a range, against plan and cap",
	.help =
	    "Of those under way as many as were seen to last before: survival by rung (Kaplan-Meier),\n"
	    "with a 95% interval; of rules that are no spell the share of those that fell due.  Over the\n"
	    "warehouse; with --events over files, as outturn try reads them.  How it is reckoned, and\n"
	    "what it does not know: docs/forecast.md.\n\n"
	    "  --contract FILE    its terms; or the NAME of a published contract\n"
	    "  --events FILE      events; more than one may follow; '-' is standard input\n"
	    "  --as-at DATE       the day that has come; the newest that was declared, or that the\n"
	    "                     files speak of, without it\n"
	    "  --months N         so many from the day's on; 24 without it\n"
	    "  --plan FILE        what is planned: columns outcome, month (YYYY-MM), number\n"
	    "  --csv              a row an outcome and month\n"
	    "  --svg FILE         a picture, too; '-' to standard output instead of all else\n"
	    "  --decisions FILE, --topic TOPIC, --ignore COLUMN, --codes DIRECTORY, --agencies FILE\n"
	    "                     as outturn try\n\n"
	    "Exit: 0 reckoned, 1 not one record could be used or no day is known, 2 usage, 3 mistakes in\n"
	    "the contract, 4 the warehouse is not up to date, 5 no such file or contract, 75 a server is\n"
	    "away.\n\n"
	    "  outturn forecast --contract st-basils --svg forecast.svg\n"
	    "  outturn forecast --contract terms.yaml --events council.csv --months 12 --csv\n",
};
