/*
 * bench_milestone - milestoned's core alone: re-evaluations of a unit, memory.
 *
 *	steady    a person's new record comes in; the person is judged anew
 *	again     the person is judged anew and nothing has changed
 *
 * UNITS (20000) people under the St Basils contract, each a whole story: a
 * referral, assessments, a tenancy known to two agencies and confirmed every
 * quarter, a job.  Run where config/ is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/io/avro.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/milestone/stage.h"

enum { UNITS_PRESET = 20000, ROUNDS = 10, BAR_EVALUATIONS = 500000, BAR_BYTES = 400,
	CONFIRMATIONS = 7, LATER = 64 };

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
person(struct writing *w, uint64_t unit)
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
	for (int i = 1; i <= CONFIRMATIONS; i++)
		put(w, unit, n++, "accommodation-confirmed", on + 30 + 92 * i, i % 2 ? 0 : 2,
		    i % 2 ? "housing-benefit-record" : "self-certificate", NULL, 0);
	put(w, unit, n++, "employment", on + 200, 2, "employment-contract", NULL, 0);
	put(w, unit, n++, "employment-confirmed", on + 300, 2, "payslip", NULL, 0);
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
	printf("milestone %-28s %12.0f %s (bar %.0f)\n", what, rate, unit, bar);
}

int
main(void)
{
	const char *text = getenv("UNITS");
	uint64_t units = text ? strtoull(text, NULL, 10) : UNITS_PRESET, before, wanted;
	struct stage *st = stage_new(&(struct stage_asks){ .decision = decision }, 7);
	struct av_catalogue *cat = av_catalogue_new();
	struct writing w = { st, 0 };
	struct buf out = BUF_INIT;
	struct stage_stats s;
	double t0, t1;

	stage_contract(st, SPAN_LIT("st-basils"), st_basils());
	stage_as_at(st, date_of(2017, 6, 30));
	t0 = cpu_s();
	for (uint64_t u = 0; u < units; u++)
		person(&w, u);
	printf("milestone %-28s %12.0f events/s\n", "fold of linked records",
	    (double)w.events / (cpu_s() - t0));
	drain(st, NULL, &out);
	s = stage_stats(st);
	before = s.evaluations;

	t0 = cpu_s();
	for (int i = 0; i < ROUNDS; i++) {
		for (uint64_t u = 0; u < units; u++)
			put(&w, u, LATER + (uint64_t)i % 2, "engagement",
			    date_of(2016, 1, 1) + i, 2, NULL, NULL, 0);
		drain(st, NULL, &out);
	}
	t1 = cpu_s();
	s = stage_stats(st);
	line("steady: a record, judged anew", (double)(s.evaluations - before) / (t1 - t0),
	    BAR_EVALUATIONS, "units/s");
	before = s.evaluations;

	t0 = cpu_s();
	wanted = 0;
	for (int i = 0; i < ROUNDS; i++) {
		stage_as_at(st, date_of(2017, 7, 1) + i);
		wanted += drain(st, NULL, &out);
	}
	t1 = cpu_s();
	s = stage_stats(st);
	line("again: another day", (double)(s.evaluations - before) / (t1 - t0), BAR_EVALUATIONS,
	    "units/s");
	printf("milestone %-28s %12.1f events a person, %.1f outcomes\n", "", (double)s.events / (double)s.units,
	    (double)wanted / ROUNDS / (double)s.units);

	t0 = cpu_s();
	stage_as_at(st, date_of(2017, 9, 1));
	wanted = drain(st, cat, &out);
	t1 = cpu_s();
	printf("milestone %-28s %12.0f outcomes/s\n", "judged and encoded", (double)wanted / (t1 - t0));
	line("bytes an event", (double)s.bytes / (double)s.events, BAR_BYTES, "bytes");
	stage_free(st);
	av_catalogue_free(cat);
	buf_release(&out);
	return 0;
}
