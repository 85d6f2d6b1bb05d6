/*
 * bench_milestone - milestoned's core alone: re-evaluations of a unit, memory.
 *
 *	steady    a person's new record comes in; what it can touch is judged anew
 *	again     another day: everything of everybody is judged anew
 *	ladder    five rungs of one spell, ten events a person, evaluate() alone
 *	changed   PEOPLE (1000000) under a ladder in two partitions, each on a thread of its own:
 *	          its terms change, and all outcomes of all of them are judged anew
 *	level     the same as a daemon has it: outcomes encoded, hashed and compared
 *	memory    all that a daemon keeps, as the allocator counts it
 *
 * UNITS (20000) people under the St Basils contract, each a whole story: a
 * referral, assessments, a tenancy known to two agencies and confirmed every
 * quarter, a job.  PART names one part.  Run where config/ is.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/io/avro.h"
#include "common/io/yaml.h"
#include "common/level.h"
#include "common/mem.h"
#include "transform/milestone/stage.h"

enum { UNITS_PRESET = 20000, ROUNDS = 10, BAR_EVALUATIONS = 500000, BAR_LADDERS = 1000000,
	BAR_BYTES = 400, LATER = 64, BUDGET = 4096, PEOPLE_PRESET = 1000000, BAR_CHANGED_MS = 5000,
	PARTITIONS = 2 };

/* A story: how often each of the two agencies confirms, how often the service sees the person. */
struct story {
	const char *name;
	int confirmations, engagements, payslips;
};
static const struct story fewer = { "13 events", 7, 0, 1 }, few = { "15 events", 7, 2, 1 },
	many = { "35 events", 16, 10, 4 };

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

struct writing {
	struct stage *st;
	uint64_t events;
};

static void
put(struct writing *w, uint64_t unit, uint64_t n, const char *kind, date_t on, int who,
    const char *evidence, const struct attribute *at, uint32_t at_n)
{
	static const char *const by[] = { "E08000099", "RXX99", "GB-CHC-9999999" };
	static const char *const roles[] = { "council", "nhs", "provider" };
	struct id id = id_of('u', unit), event = id_of('e', unit * 1000 + n),
		  episode = id_of('p', unit * 10 + (uint64_t)who);
	struct linked ln = { .what = LINKED_EVENT, .unit = id, .event_id = event,
		.unit_kind = SPAN_LIT("person"), .organisation = span_str(by[who]),
		.role = span_str(roles[who]), .kind = span_str(kind), .start = on,
		.end = DATE_NONE, .episode = span_of(episode.b, ID_BYTES),
		.evidence_type = span_str(evidence),
		.attributes = { (void *)(uintptr_t)at, at_n } };

	memcpy(ln.raw_sha256, event.b, ID_BYTES);
	stage_event(w->st, &id, &event, &ln);
	w->events++;
}

static void
person(struct writing *w, uint64_t unit, const struct story *story)
{
	date_t on = date_of(2015, 2, 1) + (date_t)(unit % 200);
	struct attribute referral[] = { { SPAN_LIT("age"), { 19000000, true }, SPAN_NONE },
		{ SPAN_LIT("programme"), { 0, false }, SPAN_LIT("rewriting-futures") },
		{ SPAN_LIT("route"), { 0, false }, SPAN_LIT("council") } };
	struct attribute home[] = { { SPAN_LIT("setting"), { 0, false }, SPAN_LIT("own-tenancy") } };
	struct attribute stage[] = { { SPAN_LIT("stage"), { 1000000, true }, SPAN_NONE } };
	uint64_t n = 0;

	put(w, unit, n++, "referral", on, 0, "referral-form", referral, 3);
	put(w, unit, n++, "assessment", on + 10, 2, "assessment-form", stage, 1);
	put(w, unit, n++, "accommodation", on + 30, 2, "tenancy-agreement", home, 1);
	put(w, unit, n++, "accommodation", on + 33, 0, "housing-benefit-record", home, 1);
	for (int i = 1; i <= story->confirmations; i++)
		put(w, unit, n++, "accommodation-confirmed", on + 30 + 644 / story->confirmations * i,
		    i % 2 ? 0 : 2, i % 2 ? "housing-benefit-record" : "self-certificate", NULL, 0);
	for (int i = 1; i <= story->engagements; i++)
		put(w, unit, n++, "engagement", on + 60 * i, 2, NULL, NULL, 0);
	put(w, unit, n++, "employment", on + 200, 2, "employment-contract", NULL, 0);
	for (int i = 1; i <= story->payslips; i++)
		put(w, unit, n++, "employment-confirmed", on + 200 + 100 / story->payslips * i, 2,
		    "payslip", NULL, 0);
}

/* What comes in later of somebody known: of each kind its share. */
static void
later(struct writing *w, uint64_t unit, int round)
{
	static const struct {
		const char *kind, *evidence;
		int who;
	} mix[] = { { "accommodation-confirmed", "housing-benefit-record", 0 },
		{ "engagement", NULL, 2 }, { "employment-confirmed", "payslip", 2 },
		{ "accommodation-confirmed", "self-certificate", 2 }, { "engagement", NULL, 2 } };
	size_t i = (size_t)(unit + (uint64_t)round) % (sizeof(mix) / sizeof(mix[0]));

	put(w, unit, LATER + (uint64_t)round % 2, mix[i].kind, date_of(2016, 1, 1) + round,
	    mix[i].who, mix[i].evidence, NULL, 0);
}

static uint64_t
drain(struct stage *st, struct av_catalogue *cat, struct buf *out)
{
	const struct outcome *o;
	struct id id;
	uint64_t wanted = 0;

	while (stage_next_touched(st, &id)) {
		o = stage_want(st, &id);
		if (!o)
			abort();
		if (cat) {
			buf_reset(out);
			av_write(cat, &outcome_binding, o, out);
		}
		wanted++;
	}
	return wanted;
}

static struct contract *
st_basils(void)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/contracts/st-basils.yaml", &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

	if (!c)
		abort();
	yaml_doc_free(doc);
	return c;
}

static bool
decision(void *arg, struct span bytes, struct decision *out, bool *counts)
{
	(void)arg;
	(void)bytes;
	(void)out;
	(void)counts;
	return false;
}

static void
line(const char *what, double rate, double bar, const char *unit)
{
	printf("milestone %-36s %12.0f %s (bar %.0f)\n", what, rate, unit, bar);
}

static void
told(const char *what, double rate, const char *unit)
{
	printf("milestone %-36s %12.1f %s\n", what, rate, unit);
}

static struct stage *
stage_of_contract(void)
{
	struct stage *st = stage_new(&(struct stage_asks){ .decision = decision }, 7);

	stage_contract(st, SPAN_LIT("st-basils"), st_basils());
	stage_as_at(st, date_of(2017, 6, 30));
	return st;
}

/* --- judging ------------------------------------------------------------------- */

static void
judging(uint64_t units, struct av_catalogue *cat)
{
	struct stage *st = stage_of_contract();
	struct writing w = { st, 0 };
	struct buf out = BUF_INIT;
	struct stage_stats before, after;
	uint64_t wanted = 0;
	double t0 = cpu_s(), t1;

	for (uint64_t u = 0; u < units; u++)
		person(&w, u, &fewer); /* and two later: 15 */
	told("fold of linked records", (double)w.events / (cpu_s() - t0), "events/s");
	drain(st, NULL, &out);

	before = stage_stats(st);
	t0 = cpu_s();
	for (int i = 0; i < ROUNDS; i++) {
		for (uint64_t u = 0; u < units; u++)
			later(&w, u, i);
		wanted += drain(st, NULL, &out);
	}
	t1 = cpu_s();
	after = stage_stats(st);
	line("steady: a record, judged anew",
	    (double)(after.evaluations - before.evaluations) / (t1 - t0), BAR_EVALUATIONS, "units/s");
	told("", (double)wanted / (double)(after.evaluations - before.evaluations),
	    "outcomes of a unit touched");

	before = after;
	t0 = cpu_s();
	wanted = 0;
	for (int i = 0; i < ROUNDS; i++) {
		stage_as_at(st, date_of(2017, 7, 1) + i);
		wanted += drain(st, NULL, &out);
	}
	t1 = cpu_s();
	after = stage_stats(st);
	line("again: another day, all anew",
	    (double)(after.evaluations - before.evaluations) / (t1 - t0), BAR_EVALUATIONS, "units/s");
	told("", (double)wanted / (double)(after.evaluations - before.evaluations),
	    "outcomes of a unit");
	told("", (double)after.events / (double)after.units, "events of a unit");

	t0 = cpu_s();
	stage_as_at(st, date_of(2017, 9, 1));
	wanted = drain(st, cat, &out);
	told("judged and encoded", (double)wanted / (cpu_s() - t0), "outcomes/s");
	stage_free(st);
	buf_release(&out);
}

/* --- five rungs, ten events ------------------------------------------------------- */

static const char ladder_contract[] =
    "contract: ladder\ntitle: Five rungs\ncurrency: GBP\n"
    "parties: [{party: provider, name: P, organisation: GB-CHC-9999999, reports: yes}]\n"
    "versions:\n- version: 1\n  effective: 2015-01-01\n  window: 36 months\n"
    "  cohort: {programme: rewriting-futures, age_min: 18, age_max: 24}\n"
    "  evidence: {from: [council, nhs], fresh_days: 31}\n"
    "  spells:\n  - {spell: home, event: accommodation, where: {setting: [own-tenancy]}, "
    "gap_days: 14, gap_total_days: 28}\n  outcomes:\n"
    "  - {outcome: in, title: In, price: 500.00, rule: {kind: event-once, event: accommodation}}\n"
    "  - {outcome: three, title: 3, price: 500.00, rule: {kind: spell, spell: home, lasts: 3 months}}\n"
    "  - {outcome: six, title: 6, price: 500.00, rule: {kind: spell, spell: home, lasts: 6 months}}\n"
    "  - {outcome: twelve, title: 12, price: 500.00, rule: {kind: spell, spell: home, lasts: 12 months}}\n"
    "  - {outcome: eighteen, title: 18, price: 500.00, rule: {kind: spell, spell: home, lasts: 18 months}}\n";

static struct contract *
contract_of(const char *text)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("ladder", span_str(text), &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

	if (!c)
		abort();
	yaml_doc_free(doc);
	return c;
}

/* Ten events: a referral, two records of one tenancy, an end and a new tenancy, confirmations. */
static void
ladder_person(uint64_t unit, void (*take)(void *to, const struct linked *ln), void *to)
{
	static const char *const by[] = { "E08000099", "GB-CHC-9999999" };
	static const char *const roles[] = { "council", "provider" };
	static const struct {
		const char *kind;
		int day, who;
	} facts[] = { { "referral", 0, 0 }, { "accommodation", 20, 1 }, { "accommodation", 23, 0 },
		{ "accommodation-confirmed", 110, 0 }, { "accommodation-confirmed", 202, 1 },
		{ "accommodation-ended", 230, 1 }, { "accommodation", 240, 1 },
		{ "accommodation-confirmed", 390, 0 }, { "accommodation-confirmed", 480, 1 },
		{ "accommodation-confirmed", 580, 0 } };
	struct attribute referral[] = { { SPAN_LIT("age"), { 19000000, true }, SPAN_NONE },
		{ SPAN_LIT("programme"), { 0, false }, SPAN_LIT("rewriting-futures") } };
	struct attribute home[] = { { SPAN_LIT("setting"), { 0, false }, SPAN_LIT("own-tenancy") } };

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		bool opens = strcmp(facts[i].kind, "accommodation") == 0;
		struct id event = id_of('e', unit * 1000 + i), episode = id_of('p', unit * 10
		    + (uint64_t)facts[i].who + (facts[i].day >= 240 ? 5 : 0));
		struct linked ln = { .what = LINKED_EVENT, .event_id = event,
			.unit_kind = SPAN_LIT("person"), .organisation = span_str(by[facts[i].who]),
			.role = span_str(roles[facts[i].who]), .kind = span_str(facts[i].kind),
			.start = date_of(2015, 2, 1) + (date_t)(unit % 200) + facts[i].day,
			.end = DATE_NONE, .episode = span_of(episode.b, ID_BYTES),
			.attributes = { i == 0 ? referral : home, i == 0 ? 2 : opens } };

		memcpy(ln.raw_sha256, event.b, ID_BYTES);
		ln.unit = id_of('u', unit);
		take(to, &ln);
	}
}

static void
to_timeline(void *tl, const struct linked *ln)
{
	timeline_event(tl, &ln->event_id, ln);
}

static void
ladders(uint64_t units)
{
	struct contract *c = contract_of(ladder_contract);
	struct names *names = names_new(7);
	struct timeline **tl = mem_alloc(units * sizeof(struct timeline *));
	uint64_t evaluations = 0, outcomes = 0, achieved = 0;
	struct arena arena;
	double t0 = 0;

	arena_init(&arena, 0);
	for (uint64_t u = 0; u < units; u++) {
		struct id id = id_of('u', u);

		tl[u] = timeline_new(names, &id);
		ladder_person(u, to_timeline, tl[u]);
	}
	for (int round = 0; round <= ROUNDS; round++) {
		struct evaluate_facts facts = { .as_at = date_of(2016, 11, 1) + round };

		if (round == 1) { /* the first sets up */
			t0 = cpu_s();
			evaluations = outcomes = achieved = 0;
		}
		for (uint64_t u = 0; u < units; u++) {
			struct outcome_list list;

			if (u + 2 < units)
				timeline_ahead(tl[u + 2]);
			if (u + 1 < units)
				timeline_next(tl[u + 1]);
			list = evaluate(c, tl[u], &facts, &arena);
			for (uint32_t i = 0; i < list.n; i++)
				achieved += list.items[i].achieved != DATE_NONE;
			evaluations++;
			outcomes += list.n;
			arena_reset(&arena);
		}
	}
	line("ladder: 5 rungs, 10 events", (double)evaluations / (cpu_s() - t0), BAR_LADDERS,
	    "persons/s");
	told("", (double)achieved / (double)evaluations, "of its outcomes achieved");
	for (uint64_t u = 0; u < units; u++)
		timeline_free(tl[u]);
	mem_free(tl);
	arena_release(&arena);
	names_free(names);
	contract_free(c);
}

/* --- its terms change ---------------------------------------------------------------- */

/* As milestoned has a partition: a stage of its own, on a thread of its own. */
struct partition {
	struct stage *st;
	uint64_t first, end;      /* its people */
	struct contract *changed;
	uint64_t outcomes;
	uint64_t achieved;
	double begun, done, cpu;  /* s */
	pthread_barrier_t *both;
};

static double
clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
to_stage(void *st, const struct linked *ln)
{
	stage_event(st, &ln->unit, &ln->event_id, ln);
}

static void
partition_judge(struct partition *p)
{
	struct id id;

	p->outcomes = p->achieved = 0;
	while (stage_next_touched(p->st, &id)) {
		const struct outcome *o = stage_want(p->st, &id);

		p->outcomes++;
		p->achieved += o && o->achieved != DATE_NONE;
	}
}

static void *
partition_run(void *arg)
{
	struct partition *p = arg;

	stage_contract(p->st, SPAN_LIT("ladder"), contract_of(ladder_contract));
	stage_as_at(p->st, date_of(2016, 11, 1));
	for (uint64_t u = p->first; u < p->end; u++)
		ladder_person(u, to_stage, p->st);
	partition_judge(p);
	pthread_barrier_wait(p->both);
	p->begun = clock_s(CLOCK_MONOTONIC);
	p->cpu = clock_s(CLOCK_THREAD_CPUTIME_ID);
	stage_contract(p->st, SPAN_LIT("ladder"), p->changed);
	partition_judge(p);
	p->cpu = clock_s(CLOCK_THREAD_CPUTIME_ID) - p->cpu;
	p->done = clock_s(CLOCK_MONOTONIC);
	return NULL;
}

/* Other prices, and a gap that breaks what it did not break before. */
static struct contract *
ladder_changed(void)
{
	struct buf text = BUF_INIT;
	const char *at = strstr(ladder_contract, "gap_days: 14");
	struct contract *c;

	if (!at)
		abort();
	buf_add(&text, ladder_contract, (size_t)(at - ladder_contract));
	buf_str(&text, "gap_days: 7");
	buf_str(&text, at + strlen("gap_days: 14"));
	c = contract_of(buf_cstr(&text));
	buf_release(&text);
	return c;
}

static void
changed(void)
{
	const char *text = getenv("PEOPLE");
	uint64_t people = text ? strtoull(text, NULL, 10) : PEOPLE_PRESET, outcomes = 0, achieved = 0;
	struct partition parts[PARTITIONS];
	pthread_t threads[PARTITIONS];
	pthread_barrier_t both;
	double begun = 0, done = 0, cpu = 0, bar = (double)BAR_CHANGED_MS * (double)people / PEOPLE_PRESET;

	pthread_barrier_init(&both, NULL, PARTITIONS);
	for (uint64_t i = 0; i < PARTITIONS; i++) {
		parts[i] = (struct partition){ .first = people * i / PARTITIONS,
			.end = people * (i + 1) / PARTITIONS, .changed = ladder_changed(),
			.both = &both, .st = stage_new(&(struct stage_asks){ .decision = decision }, 7) };
		if (pthread_create(&threads[i], NULL, partition_run, &parts[i]))
			abort();
	}
	for (uint64_t i = 0; i < PARTITIONS; i++) {
		pthread_join(threads[i], NULL);
		begun = i == 0 || parts[i].begun < begun ? parts[i].begun : begun;
		done = parts[i].done > done ? parts[i].done : done;
		cpu += parts[i].cpu;
		outcomes += parts[i].outcomes;
		achieved += parts[i].achieved;
		stage_free(parts[i].st);
	}
	pthread_barrier_destroy(&both);
	line("changed: a contract, two partitions", (done - begun) * 1000, bar, "ms");
	told("", cpu * 1000, "ms of CPU time, both together");
	told("", (double)people, "people");
	told("", (double)outcomes / (double)people, "outcomes of each");
	told("", (double)achieved / (double)people, "of them achieved");
}

/* --- as a daemon has it: the level on top ------------------------------------------- */

struct mill {
	struct stage *st;
	struct av_catalogue *cat;
	struct level *level;
	uint64_t sent, acked, wanted;
	bool claiming;
};

static bool
next_touched(void *self, struct key *key, int *output)
{
	struct mill *m = self;

	*key = (struct key){ .type = KEY_OUTCOME };
	*output = 0;
	return stage_next_touched(m->st, &key->a);
}

static bool
want(void *self, const struct key *key, struct buf *value)
{
	struct mill *m = self;
	const struct outcome *o = stage_want(m->st, &key->a);

	m->wanted++;
	if (o)
		av_write(m->cat, &outcome_binding, o, value);
	return o != NULL;
}

static int
output_of(void *self, const struct key *key)
{
	(void)self;
	(void)key;
	return 0;
}

static void
settle(void *self)
{
	(void)self;
}

static int
send(void *self, int output, struct span key, struct span value, uint64_t tag)
{
	struct mill *m = self;

	(void)output;
	(void)key;
	(void)value;
	(void)tag;
	m->sent++;
	return 0;
}

static void
encode_claim(void *carrier, const struct claim *claim, struct buf *value)
{
	(void)carrier;
	buf_add(value, claim, sizeof(*claim));
}

static bool
decode_claim(void *carrier, struct span value, struct claim *claim)
{
	(void)carrier;
	memcpy(claim, value.ptr, sizeof(*claim));
	return true;
}

static void
encode_cut(void *carrier, const struct cut *cut, struct buf *value)
{
	(void)carrier;
	buf_add(value, cut, sizeof(*cut));
}

static bool
decode_cut(void *carrier, struct span value, struct cut *cut)
{
	(void)carrier;
	memcpy(cut, value.ptr, sizeof(*cut));
	return true;
}

/* Live at once: its claim comes back, and there is nothing to fold. */
static void
mill_start(struct mill *m, struct av_catalogue *cat)
{
	static const int64_t nothing = 0;
	struct claim claim = { 1 };
	struct id run = id_of('r', 1);
	struct buf key = BUF_INIT;

	*m = (struct mill){ .st = stage_of_contract(), .cat = cat };
	m->level = level_new(&(struct level_core){ .self = m, .next_touched = next_touched,
		.want = want, .output_of = output_of, .settle = settle },
	    &(struct level_port){ .self = m, .send = send, .encode_claim = encode_claim,
		.encode_cut = encode_cut, .decode_claim = decode_claim, .decode_cut = decode_cut },
	    NULL, 0, &nothing, 1, &run, 7);
	level_step(m->level, BUDGET);
	key_format(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = run }, &key);
	level_output_record(m->level, 0, &(struct rec){ .key = buf_view(&key), .run = run,
		.value = span_of(&claim, sizeof(claim)) }, 1);
	buf_release(&key);
}

static void
mill_run(struct mill *m)
{
	bool more = true;

	while (more) {
		more = level_step(m->level, BUDGET);
		while (m->acked < m->sent)
			level_acked(m->level, 0, m->acked++, true);
	}
	if (level_state(m->level) != LEVEL_LIVE)
		abort();
}

static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void
memory(uint64_t units, struct av_catalogue *cat, const struct story *story)
{
	size_t before, empty, all;
	struct writing w = { NULL, 0 };
	struct stage_stats s;
	struct mill m;
	char what[64];
	double t0, n;

	before = allocated();
	mill_start(&m, cat);
	empty = allocated();
	w.st = m.st;
	for (uint64_t u = 0; u < units; u++) {
		person(&w, u, story);
		if (u % 1000 == 0)
			mill_run(&m);
	}
	mill_run(&m);
	all = allocated();
	s = stage_stats(m.st);
	n = (double)s.events;
	snprintf(what, sizeof(what), "memory: %s, of the timelines", story->name);
	told(what, (double)s.bytes / n, "bytes an event");
	told("  of the stage's tables", (double)s.table_bytes / n, "bytes an event");
	told("  of the level's table", (double)level_emitted_bytes(m.level) / n, "bytes an event");
	line("  all, as the allocator counts it", (double)(all - empty) / n, BAR_BYTES,
	    "bytes an event");
	told("  events a person", n / (double)s.units, "");
	told("  and apart from events", (double)(empty - before) / 1048576, "MiB");

	m.wanted = 0;
	t0 = cpu_s();
	for (int i = 0; i < ROUNDS / 2; i++) {
		for (uint64_t u = 0; u < units; u++)
			later(&w, u, i);
		mill_run(&m);
	}
	told("level: a record, its outcomes compared",
	    (double)units * (ROUNDS / 2) / (cpu_s() - t0), "units/s");
	t0 = cpu_s();
	stage_as_at(m.st, date_of(2017, 9, 2));
	mill_run(&m);
	told("level: another day", (double)units / (cpu_s() - t0), "units/s");
	level_free(m.level);
	stage_free(m.st);
}

static bool
wants(const char *part)
{
	const char *text = getenv("PART");

	return !text || strcmp(text, part) == 0;
}

int
main(void)
{
	const char *text = getenv("UNITS");
	uint64_t units = text ? strtoull(text, NULL, 10) : UNITS_PRESET;
	struct av_catalogue *cat = av_catalogue_new();

	if (wants("judging"))
		judging(units, cat);
	if (wants("ladder"))
		ladders(units);
	if (wants("changed"))
		changed();
	if (wants("memory")) {
		memory(units, cat, &few);
		memory(units, cat, &many);
	}
	av_catalogue_free(cat);
	return 0;
}
