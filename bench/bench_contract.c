/*
 * bench_contract - what judging and settling cost, kind by kind.
 *
 *	kinds     evaluate() of one outcome of each kind, on a person's story of 24 records
 *	settle    ROWS (1000000) outcomes: two caps, two payers, a gate; one statement
 *	try       EVENTS (100000) of St Basils' people in a file: `OUTTURN_BIN try --totals` and
 *	          --json, from its start to its end
 *
 * PART names one part.  CPU time of this process; of try, what its user waits for.  Run where
 * config/ is; without OUTTURN_BIN no try.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/milestone/evaluate.h"
#include "transform/milestone/rule_kinds.h"
#include "transform/milestone/settle.h"

enum { PERSONS = 2000, ROUNDS = 40, ROWS_PRESET = 1000000, BAR_SETTLE_MS = 2000,
	EVENTS_PRESET = 100000, EVENTS_EACH = 10, BAR_TRY_MS = 1000 };

extern char **environ;

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct id
id_of(char what, uint64_t n)
{
	struct id id = { { (uint8_t)what } };
	uint64_t h = hash64(&n, sizeof(n), (uint64_t)what);

	memcpy(id.b, &h, 8);
	memcpy(id.b + 8, &n, 8);
	return id;
}

static struct contract *
contract_of(const char *head, const char *body)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct buf text = BUF_INIT;
	struct yaml_doc *doc;
	struct contract *c;

	buf_printf(&text, "contract: bench\ntitle: Bench\ncurrency: GBP\nparties:\n"
	    "- {party: provider, name: P, organisation: P1, reports: yes}\n- {party: payer, name: Q}\n"
	    "%sversions:\n- version: 1\n  effective: 2015-01-01\n  cohort: {programme: p}\n"
	    "  evidence: {provider_alone: allowed, fresh_days: 400}\n"
	    "  spells: [{spell: job, event: job, gap_days: 7}]\n%s", head, body);
	doc = yaml_parse("bench", buf_view(&text), &report);
	c = doc ? contract_parse(doc->root, &report) : NULL;
	if (!c) {
		yaml_report_text(&report, &text);
		fprintf(stderr, "%s\n", buf_cstr(&text));
		abort();
	}
	yaml_doc_free(doc);
	buf_release(&text);
	return c;
}

/* --- each kind ---------------------------------------------------------------------- */

static const char data[] =
    "calendars: {holidays: {days: [{from: 2015-04-05, to: 2015-04-18}]}}\n"
    "rates: {wage: {steps: [{from: 2014-01-01, is: 10.42}]}}\n";

static const struct {
	const char *kind, *before, *rule, *price;
} cases[] = {
	{ "event-once", "", "{kind: event-once, event: job}", "1.00" },
	{ "spell", "", "{kind: spell, spell: job, lasts: 6 months}", "1.00" },
	{ "spell-excluding", "", "{kind: spell-excluding, spell: job, lasts: 13 weeks, excluding: "
	    "[holidays]}", "1.00" },
	{ "k-of-n-weeks", "", "{kind: k-of-n-weeks, event: job, weeks: 13, within: 16, hours: 7, "
	    "exactly: high}", "1.00" },
	{ "cumulative-days", "", "{kind: cumulative-days, events: [job, trade], days: 182, mix: yes}",
	    "1.00" },
	{ "cumulative-amount", "", "{kind: cumulative-amount, rate: wage, times: 416, within: 638 "
	    "days}", "1.00" },
	{ "recurring", "  - {outcome: g, title: G, pay: none, rule: {kind: event-once, event: job}}\n",
	    "{kind: recurring, spell: job, after: g, every: 4 weeks, most: 6}", "1.00" },
	{ "intensity-band", "", "{kind: intensity-band, spell: job, lasts: 1.5 months, exactly: high, "
	    "hours: lowest, bands: [{band: a, below: 16, price: 4.00}, {band: b, price: 5.00}]}", NULL },
	{ "score-change", "", "{kind: score-change, instrument: x, direction: up, follow_up: last, "
	    "change: 1}", "1.00" },
	{ "days-against-baseline", "", "{kind: days-against-baseline, event: job, over: 12 months, "
	    "baseline: 55}", "1.00" },
	{ "comparison-group", "", "{kind: comparison-group, event: x, over: 12 months, early: 10, "
	    "cohorts: [{cohort: a, from: 2015-01-01, until: 2015-12-31, comparison: 155}]}", "1.00" },
	{ "non-occurrence", "", "{kind: non-occurrence, event: x, lasts: 12 months}", "1.00" },
	{ "assessment", "", "{kind: assessment, event: assessment, stage: 1}", "1.00" },
	{ "tiered-qualification", "", "{kind: tiered-qualification, tiers: [{tier: one, price: 1.00}, "
	    "{tier: two, price: 2.00}]}", NULL },
	{ "split", "  - {outcome: g, title: G, pay: none, rule: {kind: event-once, event: job}}\n",
	    "{kind: split, parts: [{on: g, share: 100}]}", "1.00" },
	{ "goal-count", "", "{kind: goal-count, where: {progress: [improved]}, most: 4}", "1.00" },
	{ "n-of-m", "  - {outcome: g, title: G, pay: none, rule: {kind: event-once, event: job}}\n",
	    "{kind: n-of-m, all_of: [g]}", "1.00" },
	{ "capitation", "", "{kind: capitation, most: 12, cut_by: [left]}", "1.00" },
};

static void
event(struct timeline *tl, uint64_t unit, uint64_t nth, const char *kind, int day,
    struct attribute *attributes, uint32_t n)
{
	struct id id = id_of('e', unit * 100 + nth), episode = id_of('p', unit);
	struct linked ln = { .what = LINKED_EVENT, .event_id = id, .unit_kind = SPAN_LIT("person"),
		.organisation = SPAN_LIT("P1"), .role = SPAN_LIT("provider"), .kind = span_str(kind),
		.start = 16436 + (date_t)(unit % 60) + day, .end = DATE_NONE,
		.attributes = { attributes, n } };

	if (strncmp(kind, "job", 3) == 0)
		ln.episode = span_of(episode.b, ID_BYTES);
	memcpy(ln.raw_sha256, id.b, ID_BYTES);
	timeline_event(tl, &id, &ln);
}

static void
story(struct timeline *tl, uint64_t u)
{
	struct attribute p = { SPAN_LIT("programme"), { 0, false }, SPAN_LIT("p") };
	struct attribute hours = { SPAN_LIT("hours-per-week"),
		{ (10 + (int64_t)u % 12) * 1000000, true }, SPAN_NONE };
	struct attribute amount = { SPAN_LIT("amount"), { 450000000, true }, SPAN_NONE };
	struct attribute level = { SPAN_LIT("level"), { 0, false }, SPAN_LIT("two") };
	uint64_t n = 0;

	event(tl, u, n++, "referral", 0, &p, 1);
	event(tl, u, n++, "job", 10, &hours, 1);
	for (int i = 1; i <= 8; i++)
		event(tl, u, n++, "job-confirmed", 10 + 30 * i, &hours, 1);
	for (int i = 0; i < 10; i++)
		event(tl, u, n++, "earnings", 20 + 28 * i, &amount, 1);
	for (int i = 0; i < 2; i++) {
		struct attribute score[2] = { { SPAN_LIT("instrument"), { 0, false }, SPAN_LIT("x") },
			{ SPAN_LIT("score"), { (20 + 2 * i) * 1000000, true }, SPAN_NONE } };
		struct attribute goal[2] = { { SPAN_LIT("goal"), { (1 + i) * 1000000, true }, SPAN_NONE },
			{ SPAN_LIT("progress"), { 0, false }, SPAN_LIT("improved") } };

		event(tl, u, n++, "score", 20 + 100 * i, score, 2);
		event(tl, u, n++, "goal", 30 + 100 * i, goal, 2);
	}
	event(tl, u, n++, "qualification", 90, &level, 1);
}

static date_t
complete(const void *arg, struct span organisation)
{
	(void)arg;
	(void)organisation;
	return 17500;
}

static void
kind_run(size_t at, struct timeline **tl)
{
	struct buf body = BUF_INIT;
	uint64_t evaluations = 0, achieved = 0;
	struct contract *c;
	struct arena arena;
	double t0 = 0;

	buf_printf(&body, "  outcomes:\n%s  - {outcome: a, title: A, rule: %s", cases[at].before,
	    cases[at].rule);
	if (cases[at].price)
		buf_printf(&body, ", price: %s", cases[at].price);
	buf_str(&body, "}\n");
	c = contract_of(data, buf_cstr(&body));
	arena_init(&arena, 0);
	for (int round = 0; round <= ROUNDS; round++) {
		struct evaluate_facts facts = { .as_at = 17000 + round, .complete_through = complete };

		if (round == 1) { /* the first sets up */
			t0 = cpu_s();
			evaluations = achieved = 0;
		}
		for (size_t u = 0; u < PERSONS; u++) {
			struct outcome_list list = evaluate(c, tl[u], &facts, &arena);

			for (uint32_t i = 0; i < list.n; i++)
				achieved += list.items[i].achieved != DATE_NONE;
			evaluations++;
			arena_reset(&arena);
		}
	}
	printf("%-24s %12.0f persons/s   %.2f achieved each\n", cases[at].kind,
	    (double)evaluations / (cpu_s() - t0), (double)achieved / (double)evaluations);
	arena_release(&arena);
	contract_free(c);
	buf_release(&body);
}

static void
kinds(void)
{
	struct names *names = names_new(7);
	struct timeline **tl = mem_alloc(PERSONS * sizeof(struct timeline *));

	for (size_t u = 0; u < PERSONS; u++) {
		struct id id = id_of('u', u);

		tl[u] = timeline_new(names, &id);
		story(tl[u], u);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		kind_run(i, tl);
	for (size_t u = 0; u < PERSONS; u++)
		timeline_free(tl[u]);
	mem_free(tl);
	names_free(names);
}

/* --- a statement ------------------------------------------------------------------------ */

static void
settlement(void)
{
	size_t n = getenv("ROWS") ? strtoull(getenv("ROWS"), NULL, 10) : ROWS_PRESET;
	struct contract *c = contract_of("", "  payers: [{payer: P, share: 80}, {payer: Q, share: 20}]\n"
	    "  caps: [{cap: person, amount: 5000.00}, {cap: contract, amount: 900000000.00}]\n"
	    "  outcomes:\n  - {outcome: a, title: A, price: 1000.00, rule: {kind: event-once, event: "
	    "e}}\n  - {outcome: g, title: G, price: 5000.00, rule: {kind: rate-gate, of: [a], at_least: "
	    "50, every: quarter}}\n");
	struct settle_row *rows = mem_zalloc(n, sizeof(*rows));
	struct settle_facts facts = { .from = 16436 + 180, .to = 16436 + 364 };
	struct settlement st;
	struct arena arena;
	double t0, ms;

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct settle_row){ .outcome_id = id_of('o', i), .unit = id_of('u', i / 7),
			.ordinal = 1, .achieved = 16436 + (date_t)(i * 7919 % 365), .referred = 16436,
			.price_minor = 100000, .in_cohort = true, .proven = true };
	arena_init(&arena, 0);
	t0 = cpu_s();
	st = settle(c, rows, n, &facts, &arena);
	ms = (cpu_s() - t0) * 1000;
	printf("%-24s %12.0f ms for %zu outcomes, %u lines (bar %d)%s\n", "settle", ms, n, st.lines_n,
	    BAR_SETTLE_MS, n == ROWS_PRESET && ms > BAR_SETTLE_MS ? "  MISSED" : "");
	arena_release(&arena);
	mem_free(rows);
	contract_free(c);
}

/* --- try ---------------------------------------------------------------------------------- */

static void
row(FILE *f, size_t u, int nth, const char *by, const char *kind, int day, const char *rest)
{
	char text[DATE_TEXT];

	date_text(date_of(2015, 2, 1) + (date_t)(u % 200) + day, text);
	fprintf(f, "P%zu,%s,R%zu-%d,%s,%s,%s%zu,%s\n", u, by, u, nth, kind, text,
	    by[0] == 'E' ? "H" : "T", u, rest);
}

/* A referral, an assessment, a tenancy known to two, six confirmations: invented people. */
static void
events_write(const char *path, size_t n)
{
	static const int days[] = { 110, 202, 300, 390, 480, 580 };
	FILE *f = fopen(path, "w");

	if (!f)
		abort();
	fputs("person,organisation,record_id,kind,start,episode,evidence_type,attr.programme,attr.route,"
	    "attr.age,attr.stage,attr.setting\n", f);
	for (size_t u = 0; u < n / EVENTS_EACH; u++) {
		row(f, u, 1, "E08000099", "referral", 0, "referral-form,rewriting-futures,council,19,,");
		row(f, u, 2, "GB-CHC-9999999", "assessment", 10, "assessment-form,,,,1,");
		row(f, u, 3, "GB-CHC-9999999", "accommodation", 20, "tenancy-agreement,,,,,own-tenancy");
		row(f, u, 4, "E08000099", "accommodation", 23, "housing-benefit-record,,,,,own-tenancy");
		for (int i = 0; i < 6; i++)
			row(f, u, 5 + i, i % 2 ? "E08000099" : "GB-CHC-9999999", "accommodation-confirmed",
			    days[i], i % 2 ? "housing-benefit-record,,,,," : "self-certificate,,,,,");
	}
	if (fclose(f))
		abort();
}

static void
try_run(const char *bin, const char *path, const char *how, size_t n)
{
	char *argv[] = { (char *)(uintptr_t)bin, "try", "--contract", "config/contracts/st-basils.yaml",
		"--events", (char *)(uintptr_t)path, (char *)(uintptr_t)how, NULL };
	posix_spawn_file_actions_t quiet;
	struct timespec t0, t1;
	int status = -1;
	double ms;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (posix_spawn(&pid, bin, &quiet, NULL, argv, environ) || waitpid(pid, &status, 0) != pid
	    || status != 0) {
		fprintf(stderr, "'%s try' did not end well\n", bin);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	posix_spawn_file_actions_destroy(&quiet);
	ms = (double)(t1.tv_sec - t0.tv_sec) * 1000 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
	printf("try %-20s %12.0f ms for %zu events (bar %d)%s\n", how, ms, n, BAR_TRY_MS,
	    n == EVENTS_PRESET && ms > BAR_TRY_MS ? "  MISSED" : "");
}

static void
trying(void)
{
	size_t n = getenv("EVENTS") ? strtoull(getenv("EVENTS"), NULL, 10) : EVENTS_PRESET;
	const char *bin = getenv("OUTTURN_BIN");
	char path[] = "/tmp/bench-try-XXXXXX.csv";
	int fd = bin ? mkstemps(path, 4) : -1;

	if (fd < 0)
		return;
	close(fd);
	events_write(path, n);
	try_run(bin, path, "--totals", n);
	try_run(bin, path, "--json", n);
	unlink(path);
}

int
main(void)
{
	const char *part = getenv("PART");

	if (!part || strcmp(part, "kinds") == 0)
		kinds();
	if (!part || strcmp(part, "settle") == 0)
		settlement();
	if (!part || strcmp(part, "try") == 0)
		trying();
	return 0;
}
