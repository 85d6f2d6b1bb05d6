/*
 * stage: whatever happens, what it names and says keeps an output equal to judging
 * everything of everybody from scratch.
 *
 *	random history ─┬─► stage ─► named outcomes ─► output: id → bytes ─┐
 *	                └─► what is known ─► evaluate() ──────────────────►=
 *
 * The stage judges only what a record can touch; the model knows nothing of that.
 * Outcomes that were not named are asked for, too, as when somebody else wrote under
 * their keys.  SEED and RUNS come from the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/avro.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "tests/property/sim.h"
#include "transform/milestone/stage.h"

enum { UNITS = 4, ROWS_MAX = 40, DECISIONS_MAX = 12, STEPS = 120, SEED_PRESET = 30,
	RUNS_PRESET = 300, PAGES = 3, OUTPUT_MAX = 1024, DAYS = 600 };

static const date_t FIRST = 16500;

/* Contracts that read each other's kinds, in variations. */
#define HEAD "title: C\ncurrency: GBP\n" \
	"parties: [{party: agency, name: A, organisation: E08000099, reports: yes}]\n" \
	"versions:\n- version: 1\n  effective: 2000-01-01\n  window: 12 months\n"
#define HOME_RULE "rule: {kind: spell, spell: s, lasts: "
static const char *const pages[PAGES][3] = {
	{ "contract: one\n" HEAD "  cohort: {programme: p}\n  evidence: {from: [council]}\n"
	  "  spells: [{spell: s, event: home, gap_days: 9}]\n  outcomes:\n"
	  "  - {outcome: in, title: I, price: 1.00, rule: {kind: event-once, event: home}}\n"
	  "  - {outcome: long, title: L, price: 2.00, " HOME_RULE "60 days}, "
	  "evidence: {engaged_days: 40, provider_alone: allowed}}\n"
	  "  - {outcome: first, title: F, pay: none, rule: {kind: assessment, stage: 1}, "
	  "evidence: {provider_alone: allowed}}\n"
	  "  - {outcome: next, title: N, price: 4.00, rule: {kind: assessment, event: visit, "
	  "after: first, apart_days: 9}, evidence: {provider_alone: allowed}}\n",
	  "contract: one\n" HEAD "  cohort: {programme: p}\n"
	  "  evidence: {kinds: [payslip], provider_alone: allowed}\n  outcomes:\n"
	  "  - {outcome: work, title: W, price: 1.00, rule: {kind: event-once, event: job}, "
	  "evidence: {types: [slip], kinds: [payslip], provider_alone: allowed}}\n"
	  "  - {outcome: in, title: I, price: 1.00, rule: {kind: event-once, event: home}}\n",
	  "contract: one\n" HEAD "  cohort: {programme: p, age_min: 18}\n"
	  "  evidence: {provider_alone: allowed}\n  outcomes:\n"
	  "  - {outcome: in, title: I, price: 3.00, rule: {kind: event-once, event: home}}\n"
	  "- version: 2\n  effective: 2015-06-01\n  cohort: {programme: p, referral: visit}\n"
	  "  window: 12 months\n  evidence: {provider_alone: allowed}\n  outcomes:\n"
	  "  - {outcome: in, title: I, price: 3.00, rule: {kind: event-once, event: home}}\n"
	  "  - {outcome: job, title: J, price: 3.00, rule: {kind: event-once, event: job}}\n" },
	{ "contract: two\n" HEAD "  cohort: {programme: p}\n  evidence: {from: [council]}\n"
	  "  spells: [{spell: s, event: job, gap_days: 9, gap_within: pauses}]\n  outcomes:\n"
	  "  - {outcome: short, title: S, price: 2.00, " HOME_RULE "30 days}}\n"
	  "  - {outcome: long, title: L, price: 2.00, " HOME_RULE "60 days}}\n",
	  "contract: two\n" HEAD "  cohort: {programme: q}\n  evidence: {provider_alone: allowed}\n"
	  "  outcomes:\n"
	  "  - {outcome: long, title: L, price: 2.00, rule: {kind: event-once, event: job}}\n",
	  NULL },
	{ "contract: three\n" HEAD "  cohort: {programme: p, none_of: [{event: payslip}]}\n"
	  "  evidence: {provider_alone: allowed}\n"
	  "  spells: [{spell: s, event: job, gap_days: 9}]\n  outcomes:\n"
	  "  - {outcome: weeks, title: W, price: 1.00, rule: {kind: k-of-n-weeks, event: job, "
	  "weeks: 3, within: 5, hours: 7, exactly: high}}\n"
	  "  - {outcome: days, title: D, pay: none, rule: {kind: cumulative-days, "
	  "events: [job, home], days: 40}}\n"
	  "  - {outcome: band, title: B, rule: {kind: intensity-band, spell: s, lasts: 20 days, "
	  "exactly: high, hours: lowest, bands: [{band: few, below: 16, price: 4.00}, "
	  "{band: many, price: 5.00}]}}\n"
	  "  - {outcome: start, title: S, pay: none, rule: {kind: spell, spell: s, lasts: 10 days}}\n"
	  "  - {outcome: again, title: A, price: 1.00, rule: {kind: recurring, spell: s, "
	  "after: start, every: 2 weeks, most: 3}}\n"
	  "  - {outcome: both, title: B, price: 1.00, rule: {kind: bundle, all_of: [days, start]}}\n"
	  "  - {outcome: parts, title: P, price: 9.00, rule: {kind: split, parts: [{on: days, "
	  "share: 50}, {on: start, share: 50}]}}\n",
	  "contract: three\n" HEAD "  cohort: {programme: p}\n  lag: 3 days\n"
	  "  evidence: {provider_alone: allowed}\n  outcomes:\n"
	  "  - {outcome: score, title: S, price: 1.00, rule: {kind: score-change, event: visit, "
	  "instrument: u, direction: down, follow_up: last, change: 0, reach: exceeding}}\n"
	  "  - {outcome: quiet, title: Q, price: 1.00, rule: {kind: non-occurrence, event: home, "
	  "lasts: 60 days, starts_with: assessment}}\n"
	  "  - {outcome: in, title: I, price: 1.00, rule: {kind: event-once, event: job}}\n"
	  "  - {outcome: sum, title: S, price: 1.00, rule: {kind: capitation, every: month, "
	  "most: 4, starts_with: assessment, cut_by: [home]}}\n"
	  "  - {outcome: some, title: S, price: 1.00, rule: {kind: n-of-m, all_of: [quiet], "
	  "any_of: [in, score], at_least: 1}}\n",
	  NULL },
};

static const char *const pages_named[PAGES] = { "one", "two", "three" };
static const char *const kinds[] = { "referral", "home", "home-confirmed", "home-ended", "job",
	"job-confirmed", "job-ended", "assessment", "visit", "engagement", "payslip", "unknown" };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct row {
	struct id id;
	int unit;
	bool there;
	struct linked ln;
	struct attribute attributes[6];
	uint8_t episode[ID_BYTES];
};

struct said {                  /* a decision; its bytes are its index */
	struct decision de;
	int unit;
	bool there;
};

struct written {
	struct id id;
	struct buf value;
	bool there;
};

struct world {
	struct chance c;
	uint64_t seed;
	struct stage *st;
	struct av_catalogue *cat;
	struct row rows[ROWS_MAX];
	struct said said[DECISIONS_MAX];
	uint8_t trusted;           /* bit of a decision's index modulo 8 */
	struct contract *contracts[PAGES];
	date_t as_at, complete;
	struct written output[OUTPUT_MAX];
	int output_n;
	uint64_t named, stood;
};

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static struct contract *
contract_of(const char *text)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("case.yaml", span_str(text), &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;
	struct buf out = BUF_INIT;

	if (!c) {
		yaml_report_text(&report, &out);
		fail_msg("%s\n%s", buf_cstr(&out), text);
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return c;
}

static struct id
id_of(char what, int n)
{
	return (struct id){ { (uint8_t)(n * 61 + 5), (uint8_t)what, (uint8_t)n } };
}

/* --- what can happen ------------------------------------------------------------- */

static void
says(struct row *r, const char *name, const char *text, int number)
{
	struct attribute *a = &r->attributes[r->ln.attributes.n++];

	*a = (struct attribute){ .name = span_str(name), .text = span_str(text) };
	if (!text)
		a->number = (struct av_nlong){ (int64_t)number * 1000000, true };
}

static void
row_draw(struct world *w, struct row *r)
{
	static const char *const by[] = { "E08000099", "GB-CHC-9999999" };
	static const char *const roles[] = { "council", "provider" };
	int who = chance_below(&w->c, 2);
	const char *kind = kinds[chance_of(&w->c, 25) ? 0 : chance_below(&w->c, KINDS)];

	r->ln = (struct linked){ .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.event_id = r->id, .organisation = span_str(by[who]), .role = span_str(roles[who]),
		.kind = span_str(kind), .start = FIRST + chance_below(&w->c, 400),
		.end = DATE_NONE, .attributes = { r->attributes, 0 } };
	r->ln.raw_sha256[0] = (uint8_t)chance_below(&w->c, 250);
	if (strcmp(kind, "referral") == 0 || strcmp(kind, "visit") == 0) {
		r->ln.start = FIRST + chance_below(&w->c, 200);
		says(r, "programme", chance_of(&w->c, 80) ? "p" : "q", 0);
		says(r, "age", NULL, 17 + chance_below(&w->c, 4));
	}
	if (strcmp(kind, "assessment") == 0)
		says(r, "stage", NULL, 1);
	if (strncmp(kind, "job", 3) == 0)
		says(r, "hours", NULL, 5 + chance_below(&w->c, 20));
	if (strcmp(kind, "visit") == 0 && chance_of(&w->c, 60)) {
		says(r, "instrument", "u", 0);
		says(r, "score", NULL, chance_below(&w->c, 9));
	}
	if (chance_of(&w->c, 30))
		r->ln.evidence_type = SPAN_LIT("slip");
	if (chance_of(&w->c, 20))
		r->ln.end = r->ln.start + chance_below(&w->c, 90);
	if (chance_of(&w->c, 40)) {
		r->episode[0] = (uint8_t)(1 + chance_below(&w->c, 2));
		r->ln.episode = span_of(r->episode, ID_BYTES);
	}
}

/* New, corrected, repeated, taken away, or another's from now on. */
static void
event_happens(struct world *w)
{
	int i = chance_below(&w->c, ROWS_MAX);
	struct row *r = &w->rows[i];
	struct id unit, to;

	r->id = id_of('e', i);
	unit = id_of('u', r->unit);
	if (r->there && chance_of(&w->c, 30)) {
		stage_event(w->st, &unit, &r->id, NULL);
		r->there = false;
		return;
	}
	if (r->there && chance_of(&w->c, 30)) { /* the same once more, or nearly */
		if (chance_of(&w->c, 50))
			r->ln.evidence_type = r->ln.evidence_type.ptr ? SPAN_NONE : SPAN_LIT("slip");
		if (chance_of(&w->c, 30) && r->ln.attributes.n)
			r->attributes[r->ln.attributes.n - 1].number.v += 1000000;
		stage_event(w->st, &unit, &r->id, &r->ln);
		return;
	}
	if (r->there && chance_of(&w->c, 20))
		stage_event(w->st, &unit, &r->id, NULL);
	else if (r->there)
		goto corrected;
	r->unit = chance_below(&w->c, UNITS);
	r->there = true;
corrected:
	row_draw(w, r);
	to = id_of('u', r->unit);
	stage_event(w->st, &to, &r->id, &r->ln);
}

static bool
decision_read(void *arg, struct span bytes, struct decision *out, bool *counts)
{
	const struct world *w = arg;

	if (bytes.len != 1)
		return false;
	*out = w->said[bytes.ptr[0]].de;
	*counts = w->trusted >> (bytes.ptr[0] & 7) & 1;
	return true;
}

/* A text that outlives every contract. */
static struct span
literal(struct span text)
{
	static const char *const texts[] = { "one", "two", "three", "in", "long", "first", "next",
		"work", "job", "short", "weeks", "days", "band", "start", "again", "both", "parts",
		"score", "quiet", "sum", "some" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (span_is(text, texts[i]))
			return span_str(texts[i]);
	fail_msg("no such text");
	return SPAN_NONE;
}

/* About something that stands in the output, on today's facts; or about nothing. */
static void
decision_draw(struct world *w, struct said *s)
{
	static const char *const whats[] = { "claimed", "verified", "rejected", "queried",
		"replied" };
	const struct outcome *o = NULL;

	s->unit = chance_below(&w->c, UNITS);
	s->de = (struct decision){ .what = span_str(whats[chance_below(&w->c, 5)]),
		.contract = SPAN_LIT("one"), .outcome = SPAN_LIT("in"), .ordinal = 1,
		.by = chance_of(&w->c, 50) ? SPAN_LIT("x") : SPAN_LIT("y"),
		.at_ms = (int64_t)(FIRST + chance_below(&w->c, DAYS)) * 86400000 };
	if (w->output_n && chance_of(&w->c, 90))
		o = stage_want(w->st, &w->output[chance_below(&w->c, w->output_n)].id);
	if (!o)
		return;
	s->de.contract = literal(o->contract);
	s->de.outcome = literal(o->outcome);
	s->de.ordinal = o->ordinal;
	s->de.anchor_event = o->anchor_event;
	memcpy(s->de.facts_hash, o->facts_hash, SHA256_BYTES);
	while (s->unit > 0 && !id_eq(&(struct id[]){ id_of('u', s->unit) }[0], &o->unit))
		s->unit--;
}

static void
decision_happens(struct world *w)
{
	uint8_t i = (uint8_t)chance_below(&w->c, DECISIONS_MAX);
	struct said *s = &w->said[i];
	struct id unit = id_of('u', s->unit), id = id_of('d', i);

	if (s->there)
		stage_decision(w->st, &unit, &id, SPAN_NONE);
	s->there = !s->there || chance_of(&w->c, 50);
	if (!s->there)
		return;
	decision_draw(w, s);
	unit = id_of('u', s->unit);
	stage_decision(w->st, &unit, &id, span_of(&i, 1));
}

static void
contract_happens(struct world *w)
{
	int page = chance_below(&w->c, PAGES);
	const char *text = pages[page][chance_below(&w->c, 3)];

	if (w->contracts[page])
		contract_free(w->contracts[page]);
	w->contracts[page] = text ? contract_of(text) : NULL;
	stage_contract(w->st, span_str(pages_named[page]),
	    text ? contract_of(text) : NULL);
}

static void
something_happens(struct world *w)
{
	int what = chance_below(&w->c, 100);

	if (what < 70) {
		event_happens(w);
	} else if (what < 84) {
		decision_happens(w);
	} else if (what < 87) {
		w->trusted = (uint8_t)chance_next(&w->c);
		stage_decisions_again(w->st);
	} else if (what < 92) {
		w->as_at = FIRST + chance_below(&w->c, DAYS);
		stage_as_at(w->st, w->as_at);
	} else if (what < 95) {
		w->complete = FIRST + chance_below(&w->c, DAYS);
		stage_complete(w->st, SPAN_LIT("raw.a"), w->complete);
	} else {
		contract_happens(w);
	}
}

/* --- the output, as a level would have it ------------------------------------------ */

static struct written *
written_of(struct world *w, const struct id *id)
{
	for (int i = 0; i < w->output_n; i++)
		if (id_eq(&w->output[i].id, id))
			return &w->output[i];
	assert_true(w->output_n < OUTPUT_MAX);
	w->output[w->output_n] = (struct written){ .id = *id };
	return &w->output[w->output_n++];
}

static void
reconcile(struct world *w, const struct id *id)
{
	struct written *out = written_of(w, id);
	const struct outcome *o = stage_want(w->st, id);

	buf_reset(&out->value);
	out->there = o != NULL;
	if (o)
		av_write(w->cat, &outcome_binding, o, &out->value);
}

/* All that is named; or some, and then something else is asked for in between. */
static void
catch_up(struct world *w)
{
	struct id id;

	while (stage_next_touched(w->st, &id)) {
		reconcile(w, &id);
		w->named++;
		if (w->output_n && chance_of(&w->c, 3)) {
			id = w->output[chance_below(&w->c, w->output_n)].id;
			reconcile(w, &id);
		}
		if (chance_of(&w->c, 2)) {
			id = id_of('?', chance_below(&w->c, 9));
			assert_null(stage_want(w->st, &id));
		}
	}
}

/* --- from scratch ---------------------------------------------------------------------- */

static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct world *w = arg;

	return span_is(organisation, "E08000099") ? w->complete : DATE_NONE;
}

static struct timeline *
timeline_from_scratch(const struct world *w, struct names *names, int unit)
{
	struct id id = id_of('u', unit);
	struct timeline *tl = timeline_new(names, &id);

	for (int i = 0; i < ROWS_MAX; i++)
		if (w->rows[i].there && w->rows[i].unit == unit)
			timeline_event(tl, &w->rows[i].id, &w->rows[i].ln);
	for (int i = 0; i < DECISIONS_MAX; i++) {
		id = id_of('d', i);
		if (w->said[i].there && w->said[i].unit == unit)
			timeline_decision(tl, &id, &w->said[i].de, w->trusted >> (i & 7) & 1);
	}
	return tl;
}

static int
unit_compare(struct world *w, struct timeline *tl, struct arena *arena)
{
	struct evaluate_facts facts = { .as_at = w->as_at, .complete_through = complete_through,
		.arg = w };
	struct buf value = BUF_INIT;
	int n = 0;

	for (int page = 0; page < PAGES; page++) {
		struct outcome_list list;

		if (!w->contracts[page])
			continue;
		list = evaluate(w->contracts[page], tl, &facts, arena);
		for (uint32_t i = 0; i < list.n; i++, n++) {
			struct written *out = written_of(w, &list.items[i].outcome_id);

			buf_reset(&value);
			av_write(w->cat, &outcome_binding, &list.items[i], &value);
			if (!out->there || !span_eq(buf_view(&value), buf_view(&out->value)))
				fail_msg("SEED=%llu RUNS=1: " SPAN_FMT " of " SPAN_FMT " %s",
				    (unsigned long long)w->seed, SPAN_ARG(list.items[i].outcome),
				    SPAN_ARG(list.items[i].contract),
				    out->there ? "says something else" : "is not there");
			w->stood += !span_is(list.items[i].status, "not-yet");
		}
	}
	buf_release(&value);
	return n;
}

static void
compare(struct world *w)
{
	int stand = 0, want = 0;
	struct arena arena;

	arena_init(&arena, 0);
	for (int unit = 0; unit < UNITS; unit++) {
		struct names *names = names_new(99);
		struct timeline *tl = timeline_from_scratch(w, names, unit);

		want += unit_compare(w, tl, &arena);
		timeline_free(tl);
		names_free(names);
	}
	arena_release(&arena);
	for (int i = 0; i < w->output_n; i++)
		stand += w->output[i].there;
	if (stand != want)
		fail_msg("SEED=%llu RUNS=1: %d outcomes stand there, %d should",
		    (unsigned long long)w->seed, stand, want);
}

static void
a_run(uint64_t seed, struct av_catalogue *cat, uint64_t *judged, uint64_t *of, uint64_t *stood)
{
	const struct span pairs[][2] = { { SPAN_LIT("raw.a"), SPAN_LIT("E08000099") } };
	struct world *w = mem_zalloc(1, sizeof(*w));
	struct stage_stats s;

	w->c.state = w->seed = seed;
	w->cat = cat;
	w->as_at = w->complete = DATE_NONE;
	w->st = stage_new(&(struct stage_asks){ .arg = w, .decision = decision_read }, seed);
	stage_agencies(w->st, pairs, 1);
	for (int i = 0; i < STEPS; i++) {
		int n = 1 + chance_below(&w->c, i < 10 ? 8 : 3);

		while (n-- > 0)
			something_happens(w);
		catch_up(w);
		compare(w);
	}
	s = stage_stats(w->st);
	*judged += w->named;
	*of += s.evaluations;
	*stood += w->stood;
	stage_free(w->st);
	for (int page = 0; page < PAGES; page++)
		contract_free(w->contracts[page]);
	for (int i = 0; i < w->output_n; i++)
		buf_release(&w->output[i].value);
	mem_free(w);
}

static void
what_is_named_is_all_that_differs(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);
	uint64_t named = 0, evaluations = 0, stood = 0;
	struct av_catalogue *cat = av_catalogue_new();

	(void)state;
	for (uint64_t run = 0; run < runs; run++)
		a_run(seed + run, cat, &named, &evaluations, &stood);
	av_catalogue_free(cat);
	if (runs >= RUNS_PRESET) {
		assert_true(stood > runs * STEPS); /* or it would have compared nothing */
		assert_true(named < 4 * evaluations); /* or everything was named each time */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_is_all_that_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
