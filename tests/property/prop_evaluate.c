/*
 * evaluate() against a model that walks day by day, and what must not matter to it.
 *
 * The model knows nothing of spells, runs or intervals: it asks each day "is the
 * person there, do they come back, is it due?" and applies the gap rules as they
 * are written.  SEED and RUNS come from the environment.
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
#include "transform/milestone/evaluate.h"

enum { DAYS = 260, SPELLS = 6, EVENTS_MAX = 64, RUNGS = 3, SEED_PRESET = 20, RUNS_PRESET = 3000 };

static const date_t FIRST = 16500; /* the referral; about 2015 */

struct case_terms {
	int gap, total, lasts[RUNGS];
	bool pauses, fails;
	int moves; /* 0 any, 1 planned, 2 none */
};

struct case_spell {
	int from, end, confirmed; /* days after the referral; end -1: open; confirmed -1: never */
	bool planned, end_stated; /* end_stated: on the spell's own record, perhaps ahead */
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

/* --- events ------------------------------------------------------------------------- */

struct fact_row {
	struct id id;
	struct linked ln;
	struct attribute attributes[3];
	uint8_t episode[ID_BYTES];
};

static struct fact_row *
row_new(struct fact_row *rows, uint32_t *n, const char *kind, date_t start, const char *by,
    const char *role)
{
	struct fact_row *r = &rows[*n];

	memset(r, 0, sizeof(*r));
	r->id.b[0] = (uint8_t)(*n * 37 + 11);
	r->id.b[1] = (uint8_t)*n;
	r->ln = (struct linked){ .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.event_id = r->id, .organisation = span_str(by), .role = span_str(role),
		.kind = span_str(kind), .start = start, .end = DATE_NONE };
	r->ln.raw_sha256[0] = (uint8_t)*n;
	r->ln.attributes.items = r->attributes;
	(*n)++;
	return r;
}

static void
says(struct fact_row *r, const char *name, const char *text, int number)
{
	struct attribute *a = &r->attributes[r->ln.attributes.n++];

	*a = (struct attribute){ .name = span_str(name), .text = span_str(text) };
	if (!text)
		a->number = (struct av_nlong){ (int64_t)number * 1000000, true };
}

static void
referral(struct fact_row *rows, uint32_t *n)
{
	says(row_new(rows, n, "referral", FIRST, "C", "council"), "programme", "p", 0);
}

static struct timeline *
timeline_of(struct names *names, struct fact_row *rows, uint32_t n)
{
	static const struct id unit = { { 7 } };
	struct timeline *tl = timeline_new(names, &unit);

	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].ln.episode.ptr)
			rows[i].ln.episode = span_of(rows[i].episode, ID_BYTES);
		rows[i].ln.attributes.items = rows[i].attributes;
		timeline_event(tl, &rows[i].id, &rows[i].ln);
	}
	return tl;
}

/* --- rule 2 --------------------------------------------------------------------------- */

static void
terms_draw(struct chance *c, struct case_terms *t)
{
	*t = (struct case_terms){ .gap = chance_below(c, 15), .total = chance_below(c, 30),
		.pauses = chance_of(c, 50), .fails = chance_of(c, 30),
		.moves = chance_of(c, 70) ? 0 : 1 + chance_below(c, 2) };
	if (chance_of(c, 50))
		t->total = 36600;
	for (int i = 0; i < RUNGS; i++)
		t->lasts[i] = 1 + i * 40 + chance_below(c, 39);
}

static struct contract *
spell_contract(const struct case_terms *t)
{
	static const char *const moves[] = { "any", "planned", "none" };
	struct buf text = BUF_INIT;
	struct contract *c;

	buf_printf(&text, "contract: c\ntitle: C\ncurrency: GBP\nversions:\n"
	    "- version: 1\n  effective: 2000-01-01\n  cohort: {programme: p}\n"
	    "  evidence: {provider_alone: allowed}\n"
	    "  spells: [{spell: s, event: home, gap_days: %d, gap_total_days: %d, "
	    "gap_within: %s, gap_longer: %s, moves: %s}]\n  outcomes:\n",
	    t->gap, t->total, t->pauses ? "pauses" : "counts", t->fails ? "fails" : "resets",
	    moves[t->moves]);
	for (int i = 0; i < RUNGS; i++)
		buf_printf(&text, "  - {outcome: o%d, title: O, price: %d.00, "
		    "rule: {kind: spell, spell: s, lasts: %d days}}\n", i, i + 1, t->lasts[i]);
	c = contract_of(buf_cstr(&text));
	buf_release(&text);
	return c;
}

static uint32_t
spells_draw(struct chance *c, struct case_spell *s, struct fact_row *rows, uint32_t *n)
{
	uint32_t count = 1 + (uint32_t)chance_below(c, SPELLS);
	int at = chance_below(c, 12);

	for (uint32_t i = 0; i < count; i++) {
		struct fact_row *r;
		int length = chance_below(c, 70);

		s[i] = (struct case_spell){ .from = at, .end = -1, .confirmed = -1,
			.planned = chance_of(c, 50) };
		if (chance_of(c, 60))
			s[i].end = at + length;
		else if (chance_of(c, 80))
			s[i].confirmed = at + length;
		r = row_new(rows, n, "home", FIRST + at, "P", "provider");
		r->episode[0] = (uint8_t)(i + 1);
		r->ln.episode = span_of(r->episode, ID_BYTES);
		says(r, "planned", NULL, s[i].planned);
		if (s[i].end >= 0 && chance_of(c, 50)) {
			r->ln.end = FIRST + s[i].end;
			s[i].end_stated = true;
		} else if (s[i].end >= 0) {
			r = row_new(rows, n, "home-ended", FIRST + s[i].end, "P", "provider");
			r->episode[0] = (uint8_t)(i + 1);
			r->ln.episode = span_of(r->episode, ID_BYTES);
		}
		if (s[i].confirmed >= 0) {
			r = row_new(rows, n, "home-confirmed", FIRST + s[i].confirmed, "P",
			    "provider");
			r->episode[0] = (uint8_t)(i + 1);
			r->ln.episode = span_of(r->episode, ID_BYTES);
		}
		at += chance_of(c, 70) ? length + chance_below(c, 20) : 1 + chance_below(c, 40);
		if (at == s[i].from)
			at++; /* one begins a day: which is the move would be open */
	}
	return count;
}

/* Day by day, as the terms are written; -1: never. */
static int
walk(const struct case_terms *t, int lasts, const struct case_spell *s, uint32_t n, int today)
{
	int start = -1, due = 0, gap = 0, total = 0;

	for (int day = 0; day <= today; day++) {
		const struct case_spell *begins = NULL;
		bool there = false, held = false;

		for (uint32_t i = 0; i < n; i++) {
			int last = s[i].end >= 0 ? s[i].end
			    : s[i].confirmed >= 0  ? s[i].confirmed : s[i].from;

			if (last > today) /* not known yet; a stated end reaches to today */
				last = s[i].end_stated ? today : s[i].from;
			if (s[i].from == day)
				begins = &s[i];
			there |= s[i].from <= day && day < last;
			held |= s[i].from < day && day < last;
		}
		if (start >= 0 && day == due && gap == 0)
			return day; /* whatever begins today */
		if (start >= 0 && begins) {
			bool broken = gap > t->gap || total + gap > t->total;

			if (!held && t->moves == 2)
				broken = true;
			if (!held && t->moves == 1 && !begins->planned)
				broken = true;
			if (broken && t->fails)
				return -1;
			if (broken) {
				start = -1;
			} else {
				total += gap;
				if (t->pauses)
					due += gap;
				else if (gap && due <= day)
					return day;
				gap = 0;
			}
		}
		if (start < 0 && begins) {
			start = day;
			due = day + lasts;
			gap = total = 0;
		}
		if (start >= 0 && day == due && gap == 0)
			return day;
		if (start >= 0 && !there)
			gap++;
	}
	return -1;
}

static void
a_spell_is_what_the_days_say(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (uint64_t run = 0; run < runs; run++) {
		struct chance c = { seed + run };
		struct names *names = names_new(1);
		struct fact_row rows[EVENTS_MAX];
		struct case_spell spells[SPELLS];
		struct case_terms t;
		uint32_t n = 0, spells_n;
		struct contract *k;
		struct timeline *tl;
		struct outcome_list list;
		int today = chance_below(&c, DAYS);

		terms_draw(&c, &t);
		referral(rows, &n);
		spells_n = spells_draw(&c, spells, rows, &n);
		k = spell_contract(&t);
		tl = timeline_of(names, rows, n);
		list = evaluate(k, tl, &(struct evaluate_facts){ .as_at = FIRST + today }, &arena);
		assert_int_equal(list.n, RUNGS);
		for (int i = 0; i < RUNGS; i++) {
			int day = walk(&t, t.lasts[i], spells, spells_n, today);
			const struct outcome *o = &list.items[i];

			if (day < 0 ? o->achieved != DATE_NONE : o->achieved != FIRST + day)
				fail_msg("SEED=%llu RUNS=1: rung %d, the days say %d, evaluate %d "
				    "(" SPAN_FMT ")", (unsigned long long)(seed + run), i, day,
				    o->achieved == DATE_NONE ? -1 : o->achieved - FIRST,
				    SPAN_ARG(o->status));
			assert_int_equal(day < 0, !span_is(o->status, "achieved"));
		}
		timeline_free(tl);
		contract_free(k);
		names_free(names);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

/* --- rules 1 and 14 --------------------------------------------------------------------- */

static const char events_contract[] =
    "contract: c\ntitle: C\ncurrency: GBP\nversions:\n"
    "- version: 1\n  effective: 2000-01-01\n  cohort: {programme: p}\n"
    "  evidence: {provider_alone: allowed}\n  outcomes:\n"
    "  - {outcome: any, title: A, price: 1.00, rule: {kind: event-once, event: home, "
    "where: {setting: [a, b]}}}\n"
    "  - {outcome: first, title: F, price: 2.00, rule: {kind: event-once, event: home, "
    "where: {setting: a}, move: first}}\n"
    "  - {outcome: one, title: 1, price: 3.00, rule: {kind: assessment, stage: 1}}\n"
    "  - {outcome: two, title: 2, price: 4.00, rule: {kind: assessment, stage: 2, after: one, "
    "apart_days: 20}}\n";

struct case_event {
	int day;
	char setting; /* 0: an assessment */
	int stage;
};

static void
events_walk(const struct case_event *e, uint32_t n, int today, int days[4])
{
	bool first_seen = false;

	for (int i = 0; i < 4; i++)
		days[i] = -1;
	for (int day = 0; day <= today; day++)
		for (int pass = 0; pass < 2; pass++) /* stage 1 of a day before stage 2 */
			for (uint32_t i = 0; i < n; i++) {
				if (e[i].day != day || pass != (e[i].stage == 2))
					continue;
				if (e[i].setting == 'a' || e[i].setting == 'b')
					days[0] = days[0] < 0 ? day : days[0];
				if (e[i].setting == 'a' && !first_seen)
					days[1] = day;
				first_seen |= e[i].setting != 0;
				if (e[i].stage == 1 && days[2] < 0)
					days[2] = day;
				if (e[i].stage == 2 && days[2] >= 0 && days[3] < 0
				    && day >= days[2] + 20)
					days[3] = day;
			}
}

static void
an_event_counts_once_and_in_order(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);
	struct contract *k = contract_of(events_contract);
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (uint64_t run = 0; run < runs; run++) {
		struct chance c = { seed + run };
		struct names *names = names_new(1);
		struct fact_row rows[EVENTS_MAX];
		struct case_event e[8];
		uint32_t n = 0, events_n = (uint32_t)chance_below(&c, 8);
		int today = chance_below(&c, 120), days[4];
		struct timeline *tl;
		struct outcome_list list;

		referral(rows, &n);
		for (uint32_t i = 0; i < events_n; i++) {
			char setting[2] = { 0, 0 };
			static const char *const settings[] = { "a", "b", "c" };

			e[i] = (struct case_event){ .day = (int)i * 13 + chance_below(&c, 12) };
			if (chance_of(&c, 50)) {
				int s = chance_below(&c, 3);

				setting[0] = (char)('a' + s);
				e[i].setting = setting[0];
				says(row_new(rows, &n, "home", FIRST + e[i].day, "P", "provider"),
				    "setting", settings[s], 0);
			} else {
				e[i].stage = 1 + chance_below(&c, 2);
				says(row_new(rows, &n, "assessment", FIRST + e[i].day, "P",
					 "provider"), "stage", NULL, e[i].stage);
			}
		}
		tl = timeline_of(names, rows, n);
		events_walk(e, events_n, today, days);
		list = evaluate(k, tl, &(struct evaluate_facts){ .as_at = FIRST + today }, &arena);
		assert_int_equal(list.n, 4);
		for (int i = 0; i < 4; i++) {
			date_t is = list.items[i].achieved;

			if (days[i] < 0 ? is != DATE_NONE : is != FIRST + days[i])
				fail_msg("SEED=%llu RUNS=1: outcome %d, the days say %d, evaluate %d",
				    (unsigned long long)(seed + run), i, days[i],
				    is == DATE_NONE ? -1 : is - FIRST);
		}
		timeline_free(tl);
		names_free(names);
		arena_reset(&arena);
	}
	contract_free(k);
	arena_release(&arena);
}

/* --- what must not matter ------------------------------------------------------------------ */

static void
anything_draw(struct chance *c, struct fact_row *rows, uint32_t *n)
{
	static const char *const kinds[] = { "accommodation", "accommodation-confirmed",
		"accommodation-ended", "engagement", "employment", "employment-confirmed",
		"assessment", "education", "referral" };
	static const char *const settings[] = { "own-tenancy", "shared-tenancy", "hostel",
		"supported-housing", "rough-sleeping" };
	static const char *const types[] = { "tenancy-agreement", "self-certificate", "payslip",
		"housing-benefit-record", "assessment-form", "enrolment-record" };
	static const char *const by[] = { "E08000099", "RXX99", "GB-CHC-9999999" };
	static const char *const roles[] = { "council", "nhs", "provider" };
	uint32_t count = 2 + (uint32_t)chance_below(c, 24);

	for (uint32_t i = 0; i < count; i++) {
		int who = chance_below(c, 3);
		const char *kind = i ? kinds[chance_below(c, 9)] : "referral";
		struct fact_row *r = row_new(rows, n, kind, FIRST + chance_below(c, 700), by[who],
		    roles[who]);

		if (strcmp(kind, "referral") == 0) {
			r->ln.start = FIRST + chance_below(c, 60);
			says(r, "age", NULL, 20 + (chance_of(c, 10) ? chance_below(c, 8) : 0));
			says(r, "programme", "rewriting-futures", 0);
			says(r, "route", "council", 0);
			continue;
		}
		if (strcmp(kind, "assessment") == 0)
			says(r, "stage", NULL, 1 + chance_below(c, 3));
		if (strcmp(kind, "accommodation") == 0)
			says(r, "setting", settings[chance_below(c, 5)], 0);
		if (strncmp(kind, "accommodation", 13) == 0 && chance_of(c, 20))
			says(r, "homelessness-risk", NULL, chance_below(c, 2));
		if (chance_of(c, 60))
			r->ln.evidence_type = span_str(types[chance_below(c, 6)]);
		if (strcmp(kind, "accommodation") == 0 && chance_of(c, 30))
			r->ln.end = r->ln.start + chance_below(c, 200);
		if (chance_of(c, 50)) {
			r->episode[0] = (uint8_t)(1 + chance_below(c, 3));
			r->ln.episode = span_of(r->episode, ID_BYTES);
		}
	}
}

struct judged {
	struct av_catalogue *cat;
	struct contract *k;
	struct arena arena;
};

static void
judge(struct judged *j, const struct timeline *tl, date_t as_at, struct buf *out)
{
	struct outcome_list list = evaluate(j->k, tl, &(struct evaluate_facts){ .as_at = as_at },
	    &j->arena);

	buf_reset(out);
	for (uint32_t i = 0; i < list.n; i++)
		av_write(j->cat, &outcome_binding, &list.items[i], out);
	arena_reset(&j->arena);
}

/* In another order, each perhaps twice, some first in another version, some taken away again. */
static struct timeline *
shuffled(struct chance *c, struct names *names, struct fact_row *rows, uint32_t n)
{
	static const struct id unit = { { 7 } };
	struct timeline *tl = timeline_new(names, &unit);
	uint32_t order[EVENTS_MAX];

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)chance_below(c, (int)i), swap = order[k];

		order[k] = order[i - 1];
		order[i - 1] = swap;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct fact_row *r = &rows[order[i]];

		if (chance_of(c, 30)) {
			struct linked other = r->ln;

			other.start += 9;
			other.kind = SPAN_LIT("accommodation");
			timeline_event(tl, &r->id, &other);
		}
		if (chance_of(c, 20))
			timeline_event(tl, &r->id, NULL);
		timeline_event(tl, &r->id, &r->ln);
		if (i && chance_of(c, 30))
			timeline_event(tl, &rows[order[i - 1]].id, &rows[order[i - 1]].ln);
	}
	return tl;
}

static struct contract *
st_basils(void)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/contracts/st-basils.yaml", &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

	assert_non_null(c);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return c;
}

static void
order_repeats_and_unrelated_events_change_nothing(void **state)
{
	uint64_t seed = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET);
	struct judged j = { .cat = av_catalogue_new(), .k = st_basils() };
	struct buf a = BUF_INIT, b = BUF_INIT;
	uint64_t achieved = 0;

	(void)state;
	arena_init(&j.arena, 0);
	for (uint64_t run = 0; run < runs; run++) {
		struct chance c = { seed + run };
		struct names *one = names_new(1), *other = names_new(99);
		struct fact_row rows[EVENTS_MAX];
		uint32_t n = 0, before;
		date_t as_at = FIRST + chance_below(&c, 900);
		struct timeline *tl, *mixed;

		anything_draw(&c, rows, &n);
		tl = timeline_of(one, rows, n);
		mixed = shuffled(&c, other, rows, n);
		judge(&j, tl, as_at, &a);
		judge(&j, mixed, as_at, &b);
		achieved += a.len && memmem(a.ptr, a.len, "achieved", 8) != NULL;
		if (!span_eq(buf_view(&a), buf_view(&b)))
			fail_msg("SEED=%llu RUNS=1: the order shows", (unsigned long long)(seed + run));
		before = n;
		row_new(rows, &n, "diagnosis", FIRST + chance_below(&c, 700), "E08000099", "council");
		timeline_event(mixed, &rows[before].id, &rows[before].ln);
		judge(&j, mixed, as_at, &b);
		if (!span_eq(buf_view(&a), buf_view(&b)))
			fail_msg("SEED=%llu RUNS=1: an unrelated event shows",
			    (unsigned long long)(seed + run));
		timeline_free(tl);
		timeline_free(mixed);
		names_free(one);
		names_free(other);
	}
	if (runs > 1000)
		assert_true(achieved > runs / 20); /* or it would have compared nothing */
	buf_release(&a);
	buf_release(&b);
	arena_release(&j.arena);
	contract_free(j.k);
	av_catalogue_free(j.cat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spell_is_what_the_days_say),
		cmocka_unit_test(an_event_counts_once_and_in_order),
		cmocka_unit_test(order_repeats_and_unrelated_events_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
