/*
 * outturn simulate - the same evidence under other terms: what would change, and in money.
 *
 *	files, or the warehouse ─► people ─┬─ evaluate by the terms that stand ─┐
 *	                                   └─ evaluate by --contract ───────────┴─► changes
 *
 * Reads; nothing is written anywhere.  docs/simulate.md describes what is printed.
 */
#include "cli/cli.h"

#include <inttypes.h>

#include "cli/judged.h"
#include "cli/settling.h"
#include "cli/standing.h"
#include "cli/world.h"
#include "common/mem.h"
#include "common/money.h"
#include "transform/milestone/changes.h"
#include "transform/milestone/rules.h"

enum { SIMULATE_DAY_MS = 24 * 60 * 60 * 1000, SIMULATE_FLUSH_BYTES = 1 << 16,
	SIMULATE_SEED = 1, SIMULATE_SIDE_BYTES = 160 };

struct said {
	const char *contract, *against, *as_at, *codes, *agencies, *topic;
	const char **events, **ignore;
	size_t events_n, ignore_n;
	bool brief;
	struct settling_said settling;
};

struct simulate {
	struct cli *cli;
	const struct said *said;
	const struct contract *before, *after;
	const struct currency *currency;
	struct world *world;
	struct cli_settling *settling;
	struct settle_facts facts;
	bool settles;
	struct changes *changes;
	struct idmap labels;            /* unit -> index of names */
	struct span *names;
	uint32_t names_n, referred;
	struct arena arena;             /* of one person */
	struct buf out;
};

/* --- walking ---------------------------------------------------------------------------- */

static int
unit_take(void *arg, const struct world_unit *u, struct err *err)
{
	struct simulate *m = arg;
	struct evaluate_facts facts = world_facts(m->world);
	struct outcome_list before, after;
	bool fresh;

	arena_reset(&m->arena);
	if (u->person && settling_decide(m->settling, world_trial(m->world), u->person, &m->arena, err))
		return -1;
	before = evaluate(m->before, u->timeline, &facts, &m->arena);
	after = evaluate(m->after, u->timeline, &facts, &m->arena);
	changes_unit(m->changes, &before, &after);
	m->referred += before.n || after.n;
	if (u->label.ptr && (before.n || after.n)) {
		*idmap_put(&m->labels, &u->unit, &fresh) = m->names_n;
		m->names = mem_realloc(m->names, m->names_n + 1, sizeof(*m->names));
		m->names[m->names_n++] = u->label;
	}
	return 0;
}

static struct span
label_of(const struct simulate *m, const struct id *unit)
{
	const uint32_t *at = m->names_n ? idmap_find(&m->labels, unit) : NULL;

	return at ? m->names[*at] : SPAN_NONE;
}

static void
flush(struct simulate *m, size_t least)
{
	if (m->out.len < least)
		return;
	cli_print(&m->out);
	buf_reset(&m->out);
}

/* --- for people ----------------------------------------------------------------------------- */

static const char *
money(const struct simulate *m, int64_t minor, char out[MONEY_TEXT])
{
	out[0] = '\0';
	if (m->currency)
		money_text(minor, m->currency, out);
	return out;
}

static const char *
side_text(const struct simulate *m, const struct change *c, const struct change_side *s,
    char out[SIMULATE_SIDE_BYTES])
{
	char day[DATE_TEXT], a[MONEY_TEXT], b[MONEY_TEXT];
	int n;

	if (!s->there) {
		snprintf(out, SIMULATE_SIDE_BYTES, "not there");
		return out;
	}
	date_text(s->achieved != DATE_NONE ? s->achieved : s->due, day);
	n = snprintf(out, SIMULATE_SIDE_BYTES, SPAN_FMT "%s%s, %s", id_is_zero(&c->unit)
		? 10 : (int)status_name(s->status).len, id_is_zero(&c->unit) ? "the cohort"
		: (const char *)status_name(s->status).ptr,
	    !*day ? "" : s->achieved != DATE_NONE ? " on " : " due ", day,
	    money(m, id_is_zero(&c->unit) ? s->earned_minor : s->price_minor, a));
	if (m->settles)
		snprintf(out + n, SIMULATE_SIDE_BYTES - (size_t)n, ", payable %s",
		    money(m, s->payable_minor, b));
	return out;
}

static void
change_text(struct simulate *m, const struct change *c, const struct id *unit_before)
{
	char before[SIMULATE_SIDE_BYTES], after[SIMULATE_SIDE_BYTES], hex[ID_HEX + 1];
	struct span label = label_of(m, &c->unit);

	if (!unit_before || !id_eq(unit_before, &c->unit)) {
		id_hex(&c->unit, hex);
		if (id_is_zero(&c->unit))
			buf_str(&m->out, "\nthe cohort\n");
		else if (label.ptr)
			buf_printf(&m->out, "\n" SPAN_FMT "\n", SPAN_ARG(label));
		else
			buf_printf(&m->out, "\n%s\n", hex);
	}
	buf_printf(&m->out, "  " SPAN_FMT, SPAN_ARG(c->outcome));
	if (c->ordinal > 1)
		buf_printf(&m->out, " %d", (int)c->ordinal);
	buf_printf(&m->out, "\n      now   %s\n      then  %s\n", side_text(m, c, &c->before, before),
	    side_text(m, c, &c->after, after));
}

static void
total_text(struct simulate *m, const struct change_total *t)
{
	char before[MONEY_TEXT], after[MONEY_TEXT], more[MONEY_TEXT];
	struct span name = t->outcome.ptr ? t->outcome : SPAN_LIT("all");

	if (t->outcome.ptr && !t->changed && !t->stand_before && !t->stand_after
	    && !t->earned_before && !t->earned_after)
		return;
	buf_printf(&m->out, "%s  %-24.*s %8u %9u %9u %15s %15s %15s\n", t->outcome.ptr ? "" : "\n",
	    SPAN_ARG(name), t->changed, t->stand_before, t->stand_after,
	    money(m, m->settles ? t->payable_before : t->earned_before, before),
	    money(m, m->settles ? t->payable_after : t->earned_after, after),
	    money(m, m->settles ? t->payable_after - t->payable_before
				: t->earned_after - t->earned_before, more));
}

static void
head_text(struct simulate *m, size_t n)
{
	char day[DATE_TEXT], from[DATE_TEXT], to[DATE_TEXT];

	date_text(world_facts(m->world).as_at, day);
	buf_printf(&m->out, "%s" SPAN_FMT ", version %d, and what %s would make of it, as at %s\n", n ? "\n" : "",
	    SPAN_ARG(contract_title(m->before)), (int)contract_version_newest(m->before),
	    m->said->contract, *day ? day : "no day: no record says one");
	buf_printf(&m->out, "  %u people were referred; %" PRIu64 " outcomes were seen by one or the "
	    "other, %zu change\n", m->referred, changes_compared(m->changes), n);
	if (m->settles) {
		date_text(m->facts.from, from);
		date_text(m->facts.to, to);
		buf_printf(&m->out, "  money is what a statement from %s to %s would say is payable\n",
		    from, to);
	} else {
		buf_str(&m->out, "  money is the price of what stands; caps and what needs the whole "
		    "cohort need --settle\n");
	}
	buf_printf(&m->out, "\n  %-24s %8s %9s %9s %15s %15s %15s\n", "outcome", "change", "stand now",
	    "then", m->settles ? "payable now" : "earned now", "then", "difference");
}

static void
show_text(struct simulate *m)
{
	size_t n, totals_n;
	const struct change *c = changes_items(m->changes, &n);
	const struct change_total *t = changes_totals(m->changes, &totals_n);

	for (size_t i = 0; i < n && !m->said->brief; i++) {
		change_text(m, &c[i], i ? &c[i - 1].unit : NULL);
		flush(m, SIMULATE_FLUSH_BYTES);
	}
	head_text(m, n);
	for (size_t i = 0; i < totals_n; i++)
		total_text(m, &t[i]);
	if (changes_missing(m->changes))
		buf_printf(&m->out, "  a reference is missing: %s\n", changes_missing(m->changes));
}

/* --- JSON, version 1: docs/simulate.md --------------------------------------------------------- */

static void
side_json(struct jw *j, const char *key, const struct change *c, const struct change_side *s)
{
	jw_key(j, key);
	if (!s->there) {
		jw_null(j);
		return;
	}
	jw_object(j);
	jw_put_str(j, "status", id_is_zero(&c->unit) ? SPAN_NONE : status_name(s->status));
	jw_put_str(j, "part", s->part);
	jw_put_date(j, "due", s->due);
	jw_put_date(j, "achieved", s->achieved);
	jw_put_int(j, "price_minor", s->price_minor);
	jw_put_int(j, "earned_minor", s->earned_minor);
	jw_put_int(j, "payable_minor", s->payable_minor);
	jw_put_int(j, "held_minor", s->held_minor);
	jw_end(j);
}

static void
change_json(struct simulate *m, struct jw *j, const struct change *c)
{
	jw_object(j);
	jw_put_str(j, "person", label_of(m, &c->unit));
	jw_key(j, "unit");
	if (id_is_zero(&c->unit))
		jw_null(j);
	else
		jw_id(j, &c->unit);
	jw_key(j, "outcome_id");
	jw_id(j, &c->outcome_id);
	jw_put_str(j, "outcome", c->outcome);
	jw_put_int(j, "ordinal", c->ordinal);
	side_json(j, "before", c, &c->before);
	side_json(j, "after", c, &c->after);
	jw_end(j);
}

static void
total_json(struct jw *j, const struct change_total *t)
{
	jw_object(j);
	jw_put_str(j, "outcome", t->outcome);
	jw_put_int(j, "changed", t->changed);
	jw_put_int(j, "stand_before", t->stand_before);
	jw_put_int(j, "stand_after", t->stand_after);
	jw_put_int(j, "earned_before_minor", t->earned_before);
	jw_put_int(j, "earned_after_minor", t->earned_after);
	jw_put_int(j, "payable_before_minor", t->payable_before);
	jw_put_int(j, "payable_after_minor", t->payable_after);
	jw_end(j);
}

static void
head_json(struct simulate *m, struct jw *j)
{
	const char *behind = world_behind(m->world);

	jw_put_int(j, "version", 1);
	jw_put_str(j, "contract", contract_name(m->before));
	jw_put_int(j, "contract_version_before", contract_version_newest(m->before));
	jw_put_int(j, "contract_version_after", contract_version_newest(m->after));
	jw_put_str(j, "currency", contract_currency(m->after));
	jw_put_date(j, "as_at", world_facts(m->world).as_at);
	jw_put_text(j, "over", world_trial(m->world) ? "files" : "warehouse");
	jw_put_text(j, "behind", *behind ? behind : NULL);
	jw_put_date(j, "from", m->settles ? m->facts.from : DATE_NONE);
	jw_put_date(j, "to", m->settles ? m->facts.to : DATE_NONE);
	jw_put_text(j, "missing", changes_missing(m->changes));
	jw_put_int(j, "referred", m->referred);
	jw_put_int(j, "compared", (int64_t)changes_compared(m->changes));
}

static void
show_json(struct simulate *m)
{
	size_t n, totals_n;
	const struct change *c = changes_items(m->changes, &n);
	const struct change_total *t = changes_totals(m->changes, &totals_n);
	struct jw j;

	jw_begin(&j, &m->out);
	jw_object(&j);
	head_json(m, &j);
	jw_put_int(&j, "changed", (int64_t)n);
	jw_key(&j, "changes");
	jw_array(&j);
	for (size_t i = 0; i < n && !m->said->brief; i++) {
		change_json(m, &j, &c[i]);
		flush(m, SIMULATE_FLUSH_BYTES);
	}
	jw_end(&j);
	jw_key(&j, "totals");
	jw_array(&j);
	for (size_t i = 0; i < totals_n; i++)
		total_json(&j, &t[i]);
	jw_end(&j);
	jw_end(&j);
	buf_byte(&m->out, '\n');
}

/* --- the verb ------------------------------------------------------------------------------------ */

static int
used_up(struct simulate *m)
{
	const char *behind = world_behind(m->world);
	struct trial_counts counts = { 0 };

	if (*behind && !m->cli->quiet)
		fprintf(stderr, "outturn simulate: the warehouse is not up to date: %s\n"
		    "next: outturn status --wait 60, then again\n", behind);
	if (!world_trial(m->world))
		return *behind ? CLI_DEGRADED : CLI_OK;
	counts = trial_counts(world_trial(m->world));
	if (counts.rejected + counts.form_bad && !m->cli->quiet)
		fprintf(stderr, "outturn simulate: refused records: %u; outturn try says which\n",
		    counts.rejected + counts.form_bad);
	if (counts.versions + counts.declarations > 0)
		return CLI_OK;
	fputs("outturn simulate: not one record could be used\n"
	      "next: outturn try says why\n", stderr);
	return CLI_FAILED;
}

static int
go(struct simulate *m, struct err *err)
{
	if (!span_eq(contract_currency(m->before), contract_currency(m->after))
	    || !span_eq(contract_unit(m->before), contract_unit(m->after)))
		return err_set(err, ERR_FATAL, "the two contracts differ in %s: what is of another %s "
		    "cannot be compared", span_eq(contract_unit(m->before), contract_unit(m->after))
		    ? "currency" : "unit", span_eq(contract_unit(m->before), contract_unit(m->after))
		    ? "currency" : "unit");
	m->settling = settling_new(&m->said->settling, m->before, err);
	if (!m->settling)
		return -1;
	m->settles = settling_facts(m->settling, &m->facts);
	m->changes = changes_new(m->before, m->after, m->settles ? &m->facts : NULL);
	if (world_each(m->world, unit_take, m, err) || settling_all_met(m->settling, err))
		return -1;
	changes_end(m->changes);
	if (m->cli->json)
		show_json(m);
	else
		show_text(m);
	flush(m, 0);
	return 0;
}

static struct contract *
published(struct cli *cli, struct span name, struct err *err)
{
	struct termsbook *terms = standing_terms(cli, err);
	struct contract *c = terms ? world_contract(termsbook_book(terms), name, err) : NULL;

	termsbook_free(terms);
	return c;
}

static int
compare(struct cli *cli, const struct said *said, const struct judged *after,
    const struct judged *against, date_t as_at)
{
	struct simulate m = { .cli = cli, .said = said, .after = after->contract, .out = BUF_INIT };
	struct contract *stands = NULL;
	struct err err = ERR_INIT;
	int code = 0;

	arena_init(&m.arena, 0);
	idmap_init(&m.labels, SIMULATE_SEED);
	if (!against)
		stands = published(cli, contract_name(after->contract), &err);
	m.before = against ? against->contract : stands;
	m.currency = currency_find(contract_currency(after->contract));
	if (m.before && said->events_n) {
		struct trial_conf conf = { .cli = cli, .codes = after->pages.codes,
			.agencies = after->pages.agencies, .contract = m.before,
			.topic = said->topic, .ignore = said->ignore, .ignore_n = said->ignore_n,
			.as_at = as_at, .today = (date_t)(cli_now_ms() / SIMULATE_DAY_MS) };

		m.world = world_of_files(&conf, said->events, said->events_n, &err);
	} else if (m.before) {
		m.world = world_of_warehouse(cli, as_at, &err);
	}
	code = m.world && go(&m, &err) == 0 ? used_up(&m) : cli_fail(&err, NULL);
	changes_free(m.changes);
	settling_free(m.settling);
	world_free(m.world);
	contract_free(stands);
	idmap_release(&m.labels);
	mem_free(m.names);
	arena_release(&m.arena);
	buf_release(&m.out);
	return code;
}

static int
with_contracts(struct cli *cli, const struct said *said, date_t as_at)
{
	struct judged after, against;
	int code = judged_read(cli, &verb_simulate, said->contract, said->codes, said->agencies, &after);

	if (code == CLI_OK && !said->against) {
		code = compare(cli, said, &after, NULL, as_at);
	} else if (code == CLI_OK) {
		code = judged_read(cli, &verb_simulate, said->against, said->codes, said->agencies,
		    &against);
		if (code == CLI_OK)
			code = compare(cli, said, &after, &against, as_at);
		judged_release(&against);
	}
	judged_release(&after);
	return code;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct said said = { 0 };
	const struct cli_option options[] = {
		{ .name = "contract", .value = &said.contract },
		{ .name = "against", .value = &said.against },
		{ .name = "events", .values = &said.events, .values_n = &said.events_n },
		{ .name = "as-at", .value = &said.as_at },
		{ .name = "settle", .value = &said.settling.settle },
		{ .name = "reference", .value = &said.settling.reference },
		{ .name = "decisions", .value = &said.settling.decisions },
		{ .name = "codes", .value = &said.codes },
		{ .name = "agencies", .value = &said.agencies },
		{ .name = "topic", .value = &said.topic },
		{ .name = "ignore", .values = &said.ignore, .values_n = &said.ignore_n },
		{ .name = "totals", .flag = &said.brief },
	};
	bool files;
	date_t as_at = DATE_NONE;
	int code = CLI_USAGE;

	if (cli_options(&verb_simulate, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		goto out;
	files = said.events_n > 0;
	if (files)
		cli_values_more(&said.events, &said.events_n, argc, argv);
	if (!said.contract)
		cli_usage(&verb_simulate, "by which terms? --contract FILE");
	else if (!files && argc > 1)
		cli_usage(&verb_simulate, "files of events come after --events");
	else if (!files && (said.settling.decisions || said.topic || said.ignore_n))
		cli_usage(&verb_simulate, "--decisions, --topic and --ignore go with --events: the "
		    "warehouse has its own");
	else if (said.as_at && !date_parse(span_str(said.as_at), &as_at))
		cli_usage(&verb_simulate, "--as-at is a day: YYYY-MM-DD");
	else
		code = with_contracts(cli, &said, as_at);
out:
	mem_free(said.events);
	mem_free(said.ignore);
	return code;
}

const struct cli_verb verb_simulate = {
	.name = "simulate",
	.run = run,
	.usage = "outturn simulate --contract FILE [--against FILE] [--as-at DATE] [--settle PERIOD]\n"
		 "    [--reference FILE] [--totals] [--json]\n"
		 "outturn simulate --contract FILE [--against FILE] --events FILE... [as outturn try]",
	.says = "the same evidence under other terms: which outcomes and how much money change",
	.help =
	    "Every person is judged twice: by the terms that stand and by FILE's.  Over the evidence\n"
	    "and links that the warehouse holds; with --events over files, as outturn try reads them.\n"
	    "Nothing is written anywhere.  What is printed is described in docs/simulate.md.\n\n"
	    "  --contract FILE    the other terms\n"
	    "  --against FILE     the terms to compare with; the newest published ones of that name\n"
	    "                     without it\n"
	    "  --events FILE      events; more than one may follow; '-' is standard input\n"
	    "  --as-at DATE       the day that has come; the newest that was declared, or that the\n"
	    "                     files speak of, without it\n"
	    "  --settle PERIOD    money by a statement of 2015, 2015-Q2, 2015-04 or\n"
	    "                     2015-04-01..2015-06-30, with caps, gates and fees; by prices without\n"
	    "  --reference FILE   figures from elsewhere: columns what, name, number, origin\n"
	    "  --totals           only the totals, not outcome by outcome\n"
	    "  --decisions FILE, --topic TOPIC, --ignore COLUMN, --codes DIRECTORY, --agencies FILE\n"
	    "                     as outturn try\n\n"
	    "Exit: 0 compared (whether or not something changes), 1 not one record could be used,\n"
	    "2 usage, 3 mistakes in a contract, 4 the warehouse is not up to date, 5 no such file or\n"
	    "contract, 75 a server is away.\n\n"
	    "  outturn simulate --contract changed.yaml --settle 2015-Q2\n"
	    "  outturn simulate --contract changed.yaml --against current.yaml --events council.csv\n",
};
