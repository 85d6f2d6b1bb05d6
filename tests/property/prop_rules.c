/*
 * Each kind of rule against a slow, obvious model written from docs/contracts.md: it
 * walks day by day, knows nothing of runs, unions or windows of an array, and computes
 * with fractions as they are written.  SEED and RUNS come from the environment.
 *
 *	terms drawn ─► contract text ─► evaluate ──► status, day, price, counted
 *	events drawn ─┬────────────────────┘                     =
 *	              └─► a table of days ─► the model ──────────►
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

enum { DAYS = 420, ROWS_MAX = 48, SEED_PRESET = 30, RUNS_PRESET = 1200, MILLION = 1000000 };

static const date_t FIRST = 16436; /* 2015-01-01, a Thursday; the referral */

static uint64_t
env(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

/* --- events and contracts ------------------------------------------------------------ */

struct row {
	struct id id;
	struct linked ln;
	struct attribute attributes[4];
	uint8_t episode[ID_BYTES];
};

struct world {
	struct row rows[ROWS_MAX];
	uint32_t n;
	int complete;           /* day through which the feed is; -1: never said */
};

static struct row *
put(struct world *w, const char *kind, int day, int end)
{
	struct row *r = &w->rows[w->n];

	assert_true(w->n < ROWS_MAX);
	*r = (struct row){ .id = { { (uint8_t)(w->n * 37 + 11), (uint8_t)w->n } } };
	r->ln = (struct linked){ .what = LINKED_EVENT, .unit_kind = SPAN_LIT("person"),
		.event_id = r->id, .organisation = SPAN_LIT("A1"), .role = SPAN_LIT("council"),
		.kind = span_str(kind), .start = FIRST + day,
		.end = end < 0 ? DATE_NONE : FIRST + end };
	r->ln.raw_sha256[0] = (uint8_t)w->n++;
	return r;
}

static void
says(struct row *r, const char *name, const char *text, int64_t millionths)
{
	struct attribute *a = &r->attributes[r->ln.attributes.n++];

	*a = (struct attribute){ .name = span_str(name), .text = span_str(text) };
	if (!text)
		a->number = (struct av_nlong){ millionths, true };
}

static void
begin(struct world *w)
{
	*w = (struct world){ .complete = -1 };
	says(put(w, "referral", 0, -1), "programme", "p", 0);
}

static struct timeline *
timeline_of(struct names *names, struct world *w)
{
	static const struct id unit = { { 7 } };
	struct timeline *tl = timeline_new(names, &unit);

	for (uint32_t i = 0; i < w->n; i++) {
		w->rows[i].ln.attributes.items = w->rows[i].attributes;
		if (w->rows[i].episode[0])
			w->rows[i].ln.episode = span_of(w->rows[i].episode, ID_BYTES);
		timeline_event(tl, &w->rows[i].id, &w->rows[i].ln);
	}
	return tl;
}

static struct contract *
contract_of(const char *head, const char *body)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct yaml_doc *doc;
	struct contract *c;

	buf_printf(&text, "contract: c\ntitle: C\ncurrency: GBP\n"
	    "parties: [{party: agency, name: A, organisation: A1, reports: yes}]\n%s"
	    "versions:\n- version: 1\n  effective: 2010-01-01\n  cohort: {programme: p}\n"
	    "  evidence: {fresh_days: 36000}\n%s", head, body);
	doc = yaml_parse("case.yaml", buf_view(&text), &report);
	c = doc ? contract_parse(doc->root, &report) : NULL;
	if (!c) {
		yaml_report_text(&report, &out);
		fail_msg("%s\n%s", buf_cstr(&out), buf_cstr(&text));
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
	buf_release(&text);
	return c;
}

static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct world *w = arg;

	(void)organisation;
	return w->complete < 0 ? DATE_NONE : FIRST + w->complete;
}

/* What came out of outcome `at`, ordinal 1 and those that follow it. */
struct got {
	const struct outcome *items[8];
	const struct outcome_extra *extra[8];
	uint32_t n;
};

struct play {
	struct contract *c;
	struct names *names;
	struct timeline *tl;
	struct arena arena;
};

static void
play(struct play *p, const char *head, const char *body, struct world *w, int today,
    const char *outcome, struct got *got)
{
	struct evaluate_facts facts = { .as_at = FIRST + today,
		.complete_through = complete_through, .arg = w };
	struct outcome_list list;

	p->c = contract_of(head, body);
	p->names = names_new(1);
	p->tl = timeline_of(p->names, w);
	arena_init(&p->arena, 0);
	list = evaluate(p->c, p->tl, &facts, &p->arena);
	got->n = 0;
	for (uint32_t i = 0; i < list.n && got->n < 8; i++)
		if (span_is(list.items[i].outcome, outcome)) {
			got->items[got->n] = &list.items[i];
			got->extra[got->n++] = &list.extra[i];
		}
}

static void
play_end(struct play *p)
{
	arena_release(&p->arena);
	timeline_free(p->tl);
	names_free(p->names);
	contract_free(p->c);
}

/* -1: not achieved. */
static int
day_of(const struct outcome *o)
{
	return o->achieved == DATE_NONE ? -1 : o->achieved - FIRST;
}

#define EXPECT(is, want, what) \
	do { \
		long long got_is = (long long)(is), model_is = (long long)(want); \
		if (got_is != model_is) \
			fail_msg("SEED=%llu: %s: %s is %lld, the model says %lld\n%s", \
			    (unsigned long long)seed, __func__, what, got_is, model_is, \
			    buf_cstr(&body)); \
	} while (0)

/* --- days that spells cover ------------------------------------------------------------- */

struct cover {
	bool day[DAYS + 1];
	int64_t hours[DAYS + 1]; /* millionths; of what runs that day, the highest */
};

/* A spell, ended or confirmed to a day: both cover [from, to). */
static void
job_put(struct world *w, struct chance *c, int from, int to, int64_t hours, struct cover *cover,
    int today)
{
	bool ends = chance_of(c, 50);
	struct row *r = put(w, "job", from, ends ? to : -1);

	r->episode[0] = (uint8_t)w->n;
	if (hours >= 0)
		says(r, "hours-per-week", NULL, hours);
	if (!ends && to > from)
		put(w, "job-confirmed", to, -1)->episode[0] = r->episode[0];
	for (int d = from; d < to && d < today && d < DAYS; d++) {
		if (!ends && to > today) /* the confirmation has not come */
			break;
		cover->day[d] = true;
		if (hours > cover->hours[d])
			cover->hours[d] = hours;
	}
}

/* --- 3: without the calendar's days -------------------------------------------------------- */

static void
excluding(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT, head = BUF_INIT;
	struct cover cover = { .day = { false } };
	bool closed[DAYS + 1] = { false }, ignored = chance_of(c, 50), pauses = chance_of(c, 40);
	int lasts = 10 + chance_below(c, 60), gap_days = chance_below(c, 8), at = 1, want = -1;
	int today = 380;
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	buf_str(&head, "calendars:\n  holidays: {days: [");
	for (int i = 0, d = chance_below(c, 40); i < 3; i++, d += 20 + chance_below(c, 60)) {
		int to = d + chance_below(c, 20);
		char a[DATE_TEXT], b[DATE_TEXT];

		date_text(FIRST + d, a);
		date_text(FIRST + to, b);
		buf_printf(&head, "%s{from: %s, to: %s}", i ? ", " : "", a, b);
		for (int k = d; k <= to && k < DAYS; k++)
			closed[k] = true;
	}
	buf_str(&head, "]}\n");
	for (int i = 0; i < 4; i++) { /* one after the other, gaps between */
		int to = at + 1 + chance_below(c, 60);

		put(&w, "s", at, to);
		for (int d = at; d < to; d++)
			cover.day[d] = true;
		at = to + 1 + chance_below(c, 12);
	}
	buf_printf(&body, "  spells: [{spell: s, event: s, gap_days: %d, gap_within: %s}]\n"
	    "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: spell-excluding, spell: "
	    "s, lasts: %d days, excluding: [holidays], gap_in_calendar: %s}}\n", gap_days,
	    pauses ? "pauses" : "counts", lasts, ignored ? "ignored" : "counts");
	/* the model: from each first day on, count until so many days have counted */
	for (int start = 0; start < DAYS && want < 0; start++) {
		int counted = 0;

		if (!cover.day[start] || (start > 0 && cover.day[start - 1]))
			continue;
		for (int d = start; d < DAYS; d++) {
			int gap = 0, back = d;

			if (counted == lasts && (cover.day[d - 1] || cover.day[d])) {
				want = d;
				break;
			}
			if (cover.day[d]) {
				counted += !closed[d];
				continue;
			}
			while (back < DAYS && !cover.day[back]) {
				gap += !(ignored && closed[back]);
				back++;
			}
			if (back == DAYS || gap > gap_days) {
				start = back - 1;
				break;
			}
			for (; d < back && want < 0; d++) {
				if (counted == lasts)
					want = back; /* due in the gap: the day they are back */
				if (!closed[d])
					counted += !pauses;
				else if (!ignored)
					counted += 0;
			}
			if (counted >= lasts && want < 0)
				want = back;
			if (want >= 0)
				break;
			d = back - 1;
		}
	}
	play(&p, buf_cstr(&head), buf_cstr(&body), &w, today, "a", &got);
	(void)today;
	EXPECT(day_of(got.items[0]), want, "achieved");
	play_end(&p);
	buf_release(&head);
	buf_release(&body);
}

/* --- 4: k of n weeks --------------------------------------------------------------------------- */

static void
weeks(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	struct cover cover = { .day = { false } };
	int k = 1 + chance_below(c, 8), n = k + chance_below(c, 6), today = 300, first = -1;
	int hours = 5 + chance_below(c, 8), want = -1, most = 0;
	bool asks = chance_of(c, 70), low = chance_of(c, 50), any = chance_of(c, 30);
	bool after = chance_of(c, 30), monday = chance_of(c, 30), counts[80] = { false };
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = 0, at = chance_below(c, 20); i < 5; i++) {
		int to = at + 1 + chance_below(c, 50);

		if (first < 0)
			first = at;
		job_put(&w, c, at, to, (hours - 2 + chance_below(c, 5)) * (int64_t)MILLION,
		    &cover, today);
		at = to + chance_below(c, 20) - 5;
		at = at < 0 ? 0 : at;
		if (at < first)
			first = at;
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "k-of-n-weeks, event: job, weeks: %d, within: %d", k, n);
	if (asks)
		buf_printf(&body, ", hours: %d, exactly: %s", hours, low ? "low" : "high");
	buf_printf(&body, ", part_week: %s, achieved_on: %s, weeks_from: %s}}\n",
	    any ? "any-day" : "pro-rata", after ? "day-after" : "last-day",
	    monday ? "monday" : "start");
	if (monday)
		first -= (FIRST + first + 3) % 7;
	for (int week = 0; week < 55; week++) {
		int64_t sum = 0, highest = 0;
		int days = 0, in = 0;

		for (int d = first + week * 7; d < first + week * 7 + 7; d++) {
			if (d < 0 || d >= DAYS || !cover.day[d])
				continue;
			days++;
			sum += cover.hours[d];
			highest = cover.hours[d] > highest ? cover.hours[d] : highest;
		}
		if (!asks)
			counts[week] = any ? days > 0 : days == 7;
		else if (any)
			counts[week] = days && (low ? highest > (int64_t)hours * MILLION
						    : highest >= (int64_t)hours * MILLION);
		else
			counts[week] = days && (low ? sum > 7 * (int64_t)hours * MILLION
						    : sum >= 7 * (int64_t)hours * MILLION);
		for (int i = week; i >= 0 && i > week - n; i--)
			in += counts[i];
		most = in > most ? in : most;
		if (in >= k && counts[week]) {
			want = first + week * 7 + (after ? 7 : 6);
			break;
		}
	}
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	EXPECT(day_of(got.items[0]), want, "achieved");
	EXPECT(got.extra[0]->measure.is, (int64_t)most * MILLION, "counted");
	play_end(&p);
	buf_release(&body);
}

/* --- 5 and 7: days in all, and periods of them ---------------------------------------------------- */

static void
days_in_all(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	struct cover kinds[2] = { { .day = { false } } };
	int each[2][DAYS + 1] = { { 0 } };
	int wanted = 20 + chance_below(c, 150), today = 400, want = -1, counted[2] = { 0 };
	int both = 0, within = chance_of(c, 50) ? 50 + chance_below(c, 300) : DAYS, most = 0;
	bool mix = chance_of(c, 50), sums = chance_of(c, 40);
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = 0; i < 6; i++) {
		int kind = chance_below(c, 2), from = chance_below(c, 300);
		int to = from + 1 + chance_below(c, 80);

		put(&w, kind ? "job" : "trade", from, to);
		for (int d = from; d < to; d++) {
			kinds[kind].day[d] = true;
			each[kind][d]++;
		}
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "cumulative-days, events: [trade, job], days: %d, mix: %s, concurrent: %s", wanted,
	    mix ? "yes" : "no", sums ? "each" : "once");
	if (within < DAYS)
		buf_printf(&body, ", within: %d days", within);
	buf_str(&body, "}}\n");
	for (int d = 0; d < within && d < DAYS && want < 0; d++) {
		int today_each[2];

		for (int k = 0; k < 2; k++) {
			today_each[k] = sums ? each[k][d] : kinds[k].day[d];
			counted[k] += today_each[k];
		}
		both += sums ? today_each[0] + today_each[1] : today_each[0] || today_each[1];
		if (mix ? both >= wanted : counted[0] >= wanted || counted[1] >= wanted)
			want = d + 1;
	}
	most = mix ? both : counted[0] > counted[1] ? counted[0] : counted[1];
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	if (want > today)
		want = -1;
	EXPECT(day_of(got.items[0]), want, "achieved");
	if (want < 0)
		EXPECT(got.extra[0]->measure.is, (int64_t)most * MILLION, "counted");
	play_end(&p);
	buf_release(&body);
}

static bool
working(int day, const bool *closed)
{
	int weekday = (FIRST + day + 3) % 7; /* Monday is 0 */

	return weekday < 5 && !(day < DAYS && closed[day]);
}

static void
recurring(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT, head = BUF_INIT;
	struct cover cover = { .day = { false } };
	bool closed[DAYS + 1] = { false }, fixed = chance_of(c, 50);
	int every = 5 + chance_below(c, 20), most = 1 + chance_below(c, 4), gate = -1;
	int claim = chance_of(c, 50) ? chance_below(c, 20) : 0, today = 150 + chance_below(c, 200);
	int want[8], n = 0, holiday = chance_below(c, 200), counted = 0;
	char text[DATE_TEXT];
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	date_text(FIRST + holiday, text);
	closed[holiday] = true;
	buf_printf(&head, "calendars: {bank: {days: [{from: %s}]}}\n", text);
	for (int i = 0, at = chance_below(c, 10); i < 4; i++) {
		int to = at + 10 + chance_below(c, 70);

		put(&w, "job", at, to);
		for (int d = at; d < to && d < today; d++)
			cover.day[d] = true;
		at = to + chance_below(c, 15);
	}
	buf_printf(&body, "  spells: [{spell: s, event: job}]\n  outcomes:\n"
	    "  - {outcome: g, title: G, price: 1.00, rule: {kind: event-once, event: job}}\n"
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: recurring, spell: s, after: g, "
	    "every: %d days, most: %d, periods: %s, claimable_working_days: %d, excluding: [bank]}}\n",
	    every, most, fixed ? "fixed" : "cumulative", claim);
	for (int d = 0; d < DAYS && gate < 0; d++)
		if (cover.day[d])
			gate = d;
	for (int d = gate, whole = 0, k = 0; d < today && n < most; d++) {
		if (fixed) {
			whole += cover.day[d];
			if (++k < every)
				continue;
			if (whole == every)
				want[n++] = d + 1;
			k = whole = 0;
		} else if (cover.day[d] && ++counted == every) {
			want[n++] = d + 1;
			counted = 0;
		}
	}
	play(&p, buf_cstr(&head), buf_cstr(&body), &w, today, "a", &got);
	EXPECT(got.n, n < most ? n + 1 : most, "ordinals");
	for (int i = 0; i < n; i++) {
		int from = want[i], left = claim;

		while (left > 0)
			left -= working(++from, closed);
		EXPECT(day_of(got.items[i]), today >= from ? want[i] : -1, "a period");
		EXPECT(got.items[i]->due - FIRST, want[i], "due");
	}
	play_end(&p);
	buf_release(&head);
	buf_release(&body);
}

/* --- 6: so much in all --------------------------------------------------------------------------- */

static void
amount(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT, head = BUF_INIT;
	int64_t by_day[DAYS + 1] = { 0 }, rates[2], sum = 0, wanted;
	int times = 1 + chance_below(c, 500), within = 30 + chance_below(c, 300), first = -1;
	int moves = chance_below(c, 200), today = 400, want = -1;
	bool more = chance_of(c, 40), from_first = chance_of(c, 40), reached = chance_of(c, 40);
	char text[DATE_TEXT];
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	rates[0] = (100 + chance_below(c, 200)) * 10000; /* 1.00 to 2.99 */
	rates[1] = rates[0] + 10000 * chance_below(c, 50);
	date_text(FIRST + moves, text);
	buf_printf(&head, "rates: {wage: {steps: [{from: 2014-01-01, is: %lld.%02lld}, {from: %s, is: "
	    "%lld.%02lld}]}}\n", (long long)(rates[0] / MILLION), (long long)(rates[0] / 10000 % 100),
	    text, (long long)(rates[1] / MILLION), (long long)(rates[1] / 10000 % 100));
	for (int i = 0; i < 12; i++) {
		int day = chance_below(c, 320);
		int64_t cents = chance_below(c, times * 30);
		bool spent = chance_of(c, 20);
		struct row *r = put(&w, "earnings", day, -1);

		says(r, "amount", NULL, cents * 10000);
		if (spent)
			says(r, "item", "expenses", 0);
		if (spent)
			continue;
		if (first < 0 || day < first)
			first = day;
		by_day[day] += cents * 10000;
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "cumulative-amount, rate: wage, times: %d, within: %d days, within_from: %s, reach: %s, "
	    "rate_on: %s, except: {item: [expenses]}}}\n", times, within,
	    from_first ? "first" : "referral", more ? "exceeding" : "at-least",
	    reached ? "reached" : "start");
	if (!from_first || first < 0)
		first = 0;
	for (int d = first; d < first + within && d < DAYS && want < 0; d++) {
		int on = reached ? d : first;

		sum += by_day[d];
		wanted = rates[on >= moves] * times;
		if (by_day[d] && (more ? sum > wanted : sum >= wanted))
			want = d;
	}
	play(&p, buf_cstr(&head), buf_cstr(&body), &w, today, "a", &got);
	EXPECT(day_of(got.items[0]), want, "achieved");
	if (got.extra[0]->measure.any)
		EXPECT(got.extra[0]->measure.is, sum, "counted");
	play_end(&p);
	buf_release(&head);
	buf_release(&body);
}

/* --- 8: bands of hours ------------------------------------------------------------------------------ */

static void
bands(struct chance *c, uint64_t seed)
{
	static const char *const ways[] = { "lowest", "average", "milestone" };
	struct buf body = BUF_INIT;
	int lasts = 3 + chance_below(c, 57), way = chance_below(c, 3), to = 60 + chance_below(c, 200);
	int changes[4], first = -1, price = -1, today = 400;
	int64_t hours[DAYS + 1];
	bool low = chance_of(c, 50), upgrades = chance_of(c, 70);
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = 0, d = 0; i < 4; i++) {
		int is = 14 + chance_below(c, 5);
		struct row *r = put(&w, i ? "job-confirmed" : "job", d, i ? -1 : to);

		says(r, "hours-per-week", NULL, is * (int64_t)MILLION);
		changes[i] = d;
		for (int k = d; k < DAYS; k++)
			hours[k] = is;
		d += 1 + chance_below(c, 60);
		if (d >= to)
			d = to - 1;
		if (i && changes[i] == d)
			break;
		if (d == changes[i])
			break;
		changes[i + 1 < 4 ? i + 1 : 3] = d;
	}
	buf_printf(&body, "  spells: [{spell: job, event: job}]\n  outcomes:\n"
	    "  - {outcome: a, title: A, rule: {kind: intensity-band, spell: job, lasts: %d days, bands: "
	    "[{band: low, below: 16, price: 4.00}, {band: high, price: 5.00}], exactly: %s, hours: %s, "
	    "upgrade: %s}}\n", lasts, low ? "low" : "high", ways[way],
	    upgrades ? "difference" : "none");
	for (int start = 0; start < to; start++) {
		int64_t sum = 0, least = INT64_MAX;
		int days = 0, from = start;
		bool change = start == 0 || hours[start] != hours[start - 1], high;

		if (!change || start + lasts > to || (first >= 0 && !upgrades))
			continue;
		if (way == 2 && start + lasts - 7 > start)
			from = start + lasts - 7;
		for (int d = from; d < start + lasts; d++, days++) {
			sum += hours[d];
			least = hours[d] < least ? hours[d] : least;
		}
		if (way == 0)
			high = low ? least > 16 : least >= 16;
		else
			high = low ? sum > 16 * days : sum >= 16 * days;
		if (first < 0)
			first = start + lasts;
		if (price < 0 || (high && price < 500))
			price = high ? 500 : 400;
	}
	if (0 + lasts > to)
		first = price = -1;
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	EXPECT(day_of(got.items[0]), first, "achieved");
	if (first >= 0)
		EXPECT(got.items[0]->price_minor, price, "price");
	play_end(&p);
	buf_release(&body);
}

/* --- 9: scores -------------------------------------------------------------------------------------- */

struct reading_drawn {
	int day, score, missing, version;
	uint8_t id;
};

static void
scores(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	struct reading_drawn r[8];
	int n = chance_below(c, 8), change = chance_below(c, 4), today = 400, want = -1;
	int apart = 10 * chance_below(c, 6), served = 10 * chance_below(c, 10), missing = chance_below(c, 2);
	int base_within = 20 + 10 * chance_below(c, 10), base = -1, chosen = -1, counted = 0;
	bool up = chance_of(c, 50), last = chance_of(c, 50), more = change == 0 || chance_of(c, 30);
	bool points = chance_of(c, 30);
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = 0; i < n; i++) {
		struct row *row;

		r[i] = (struct reading_drawn){ 10 * chance_below(c, 25), chance_below(c, 12),
			chance_below(c, 3), chance_below(c, 5) == 0, 0 };
		row = put(&w, "score", r[i].day, -1);
		r[i].id = row->id.b[0];
		says(row, "instrument", "x", 0);
		says(row, "score", NULL, r[i].score * (int64_t)MILLION);
		says(row, "missing-items", NULL, r[i].missing * (int64_t)MILLION);
		if (r[i].version)
			says(row, "instrument-version", "v2", 0);
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "score-change, instrument: x, direction: %s, follow_up: %s, change: %d, reach: %s, apart: %d "
	    "days, on_service: %d days, missing_items: %d, baseline_within: %d days, pays: %s}}\n",
	    up ? "up" : "down", last ? "last" : "first", change, more ? "exceeding" : "at-least", apart,
	    served, missing, base_within, points ? "points" : "once");
	for (int i = 0; i < n; i++) {
		if (r[i].missing > missing)
			continue;
		if (base < 0 || r[i].day < r[base].day
		    || (r[i].day == r[base].day && r[i].id < r[base].id))
			base = i;
	}
	if (base >= 0 && r[base].day >= base_within)
		base = -1;
	for (int i = 0; base >= 0 && i < n; i++) {
		bool sooner, later;

		if (r[i].missing > missing || r[i].day <= r[base].day || r[i].day < r[base].day + apart
		    || r[i].day < served || r[i].version != r[base].version)
			continue;
		sooner = chosen < 0 || r[i].day < r[chosen].day
		    || (r[i].day == r[chosen].day && r[i].id < r[chosen].id);
		later = chosen < 0 || !sooner;
		if (last ? later : sooner)
			chosen = i;
	}
	if (chosen >= 0) {
		counted = up ? r[chosen].score - r[base].score : r[base].score - r[chosen].score;
		if (more ? counted > change : counted >= change)
			want = r[chosen].day;
	}
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	EXPECT(day_of(got.items[0]), want, "achieved");
	if (chosen >= 0)
		EXPECT(got.extra[0]->measure.is, (int64_t)counted * MILLION, "counted");
	if (want >= 0)
		EXPECT(got.items[0]->price_minor, points ? 100 * counted : 100, "price");
	play_end(&p);
	buf_release(&body);
}

/* --- 12: silence -------------------------------------------------------------------------------------- */

static void
silence(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	int lasts = 20 + chance_below(c, 100), lag = chance_below(c, 30), today = chance_below(c, 250);
	bool happened = false;
	const char *want;
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	w.complete = chance_of(c, 80) ? chance_below(c, 250) : -1;
	for (int i = chance_below(c, 3); i > 0; i--) {
		int day = chance_below(c, 200) - 30, to = day + chance_below(c, 60);
		bool spell = chance_of(c, 50);

		put(&w, "x", day, spell ? to : -1);
		if (day > today)
			continue;
		for (int d = day; d <= day || (spell && d < to && d < today); d++)
			happened |= d >= 0 && d < lasts;
		if (spell && day < 0 && to > 0 && today > 0)
			happened = true;
	}
	buf_printf(&body, "  lag: %d days\n  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: "
	    "{kind: non-occurrence, event: x, lasts: %d days}}\n", lag, lasts);
	want = happened ? "not-met" : today >= lasts && w.complete >= lasts - 1 + lag ? "achieved"
										      : "observed";
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	if (!span_is(got.items[0]->status, want))
		fail_msg("SEED=%llu: silence is '" SPAN_FMT "', the model says '%s'\n%s",
		    (unsigned long long)seed, SPAN_ARG(got.items[0]->status), want, buf_cstr(&body));
	EXPECT(day_of(got.items[0]), span_is(got.items[0]->status, "achieved") ? lasts : -1,
	    "achieved");
	play_end(&p);
	buf_release(&body);
}

/* --- 10 and 11: days followed, and events of a window --------------------------------------------------- */

static void
followed(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	bool in[DAYS + 1] = { false }, hit[DAYS + 1] = { false };
	int over = 20 + chance_below(c, 150), starts = chance_below(c, 40), today = 60 + chance_below(c, 300);
	int cut = chance_of(c, 40) ? starts + chance_below(c, 150) : -1, end, known, inside = 0, days = 0;
	int events = 0;
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	w.complete = chance_of(c, 80) ? chance_below(c, 300) : -1;
	put(&w, "start", starts, -1);
	if (cut >= 0)
		put(&w, "cut", cut, -1);
	for (int i = chance_below(c, 4); i > 0; i--) {
		int from = chance_below(c, 260) - 40, to = from + 1 + chance_below(c, 60);

		put(&w, "care", from, to);
		for (int d = from < 0 ? 0 : from; d < to; d++)
			in[d] = true;
	}
	for (int i = chance_below(c, 5); i > 0; i--) {
		int day = chance_below(c, 260);

		put(&w, "x", day, -1);
		hit[day] = true;
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "days-against-baseline, event: care, over: %d days, starts_with: start, cut_by: [cut], "
	    "baseline: 50}}\n  - {outcome: b, title: B, price: 1.00, rule: {kind: comparison-group, event: "
	    "x, over: %d days, starts_with: start, early: 10, cohorts: [{cohort: o, from: 2015-01-01, "
	    "until: 2015-12-31, comparison: 100}]}}\n", over, over);
	end = cut >= 0 && cut <= today && cut < starts + over ? cut : starts + over;
	known = w.complete < 0 ? 0 : w.complete + 1 < today ? w.complete + 1 : today;
	for (int d = starts; d < end && d < known; d++, days++)
		inside += in[d];
	for (int d = starts; d < starts + over && d <= today && d < DAYS; d++)
		events += hit[d];
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	if (starts <= today) {
		EXPECT(got.extra[0]->measure.is, (int64_t)inside * MILLION, "days in");
		EXPECT(got.extra[0]->measure.of, (int64_t)days * MILLION, "days followed");
		EXPECT(day_of(got.items[0]), today >= end && w.complete >= end - 1 ? end : -1, "achieved");
	}
	play_end(&p);
	play(&p, "", buf_cstr(&body), &w, today, "b", &got);
	if (starts <= today) {
		EXPECT(got.extra[0]->measure.is, (int64_t)events * MILLION, "events");
		EXPECT(day_of(got.items[0]), today >= starts + over && w.complete >= starts + over - 1
			? starts + over : -1, "achieved");
	}
	play_end(&p);
	buf_release(&body);
}

/* --- 15 and 17: tiers and goals --------------------------------------------------------------------------- */

static void
tiers(struct chance *c, uint64_t seed)
{
	static const char *const levels[] = { "one", "two", "three" };
	static const char *const ways[] = { "each", "highest", "difference" };
	struct buf body = BUF_INIT;
	int prices[3], days[3] = { -1, -1, -1 }, way = chance_below(c, 3);
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = 0; i < 3; i++)
		prices[i] = 100 + chance_below(c, 300);
	for (int i = chance_below(c, 6); i > 0; i--) {
		int level = chance_below(c, 3), day = chance_below(c, 200);

		says(put(&w, "qualification", day, -1), "level", levels[level], 0);
		if (days[level] < 0 || day < days[level])
			days[level] = day;
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, rule: {kind: tiered-qualification, "
	    "pays: %s, tiers: [{tier: one, price: %d.00}, {tier: two, price: %d.00}, {tier: three, "
	    "price: %d.00}]}}\n", ways[way], prices[0], prices[1], prices[2]);
	play(&p, "", buf_cstr(&body), &w, 300, "a", &got);
	EXPECT((int)got.n, 3, "ordinals");
	for (int i = 0; i < 3; i++) {
		int price = prices[i], had = 0;

		EXPECT(day_of(got.items[i]), days[i], "achieved");
		if (days[i] < 0)
			continue;
		for (int k = 0; k < 3; k++) {
			if (k == i || days[k] < 0)
				continue;
			if (way == 1 && k > i)
				price = 0;
			if (way == 2 && (days[k] < days[i] || (days[k] == days[i] && k < i))
			    && prices[k] > had)
				had = prices[k];
		}
		price = price > had ? price - had : 0;
		EXPECT(got.items[i]->price_minor, price * 100, "price");
	}
	play_end(&p);
	buf_release(&body);
}

static void
goals(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	int most = 1 + chance_below(c, 4), first[6] = { -1, -1, -1, -1, -1, -1 }, n = 0;
	struct world w;
	struct play p;
	struct got got;

	begin(&w);
	for (int i = chance_below(c, 9); i > 0; i--) {
		int goal = chance_below(c, 6), day = chance_below(c, 200);
		bool improved = chance_of(c, 70);
		struct row *r = put(&w, "goal", day, -1);

		says(r, "goal", NULL, (goal + 1) * (int64_t)MILLION);
		says(r, "progress", improved ? "improved" : "same", 0);
		if (improved && (first[goal] < 0 || day < first[goal]))
			first[goal] = day;
	}
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "goal-count, where: {progress: [improved]}, most: %d}}\n", most);
	for (int i = 0; i < 6; i++)
		for (int k = i; k > 0 && first[k - 1] > first[k]; k--) {
			int swap = first[k];

			first[k] = first[k - 1];
			first[k - 1] = swap;
		}
	play(&p, "", buf_cstr(&body), &w, 300, "a", &got);
	for (int i = 0; i < 6; i++)
		if (first[i] >= 0 && n < most) {
			EXPECT(day_of(got.items[n]), first[i], "a goal");
			n++;
		}
	EXPECT(got.n, n < most ? n + 1 : most, "ordinals");
	play_end(&p);
	buf_release(&body);
}

/* --- 16 and 18: parts and compounds ---------------------------------------------------------------------- */

static void
compounds(struct chance *c, uint64_t seed)
{
	struct buf body = BUF_INIT;
	int days[5], all = chance_below(c, 3), least = chance_below(c, 4 - 0), want = -1;
	int some = 5 - all, up_to = chance_below(c, 4), there = 0, price = chance_below(c, 100000) + 1;
	int shares[3], parts[3], left, today = 300;
	struct world w;
	struct play p;
	struct got got;

	if (least > some)
		least = some;
	begin(&w);
	buf_str(&body, "  outcomes:\n");
	for (int i = 0; i < 5; i++) {
		char kind[16];

		snprintf(kind, sizeof(kind), "e%d", i);
		days[i] = chance_of(c, 70) ? chance_below(c, 200) : -1;
		if (days[i] >= 0)
			put(&w, strdup(kind), days[i], -1);
		buf_printf(&body, "  - {outcome: o%d, title: O, pay: none, rule: {kind: event-once, event: "
		    "e%d}}\n", i, i);
	}
	buf_str(&body, "  - {outcome: a, title: A, price: 1.00, rule: {kind: n-of-m");
	for (int i = 0; i < all; i++)
		buf_printf(&body, "%so%d", i ? ", " : ", all_of: [", i);
	buf_printf(&body, "%s, any_of: [", all ? "]" : "");
	for (int i = all; i < 5; i++)
		buf_printf(&body, "%so%d", i > all ? ", " : "", i);
	buf_printf(&body, "], at_least: %d, up_to: %d}}\n", least, up_to);
	shares[0] = chance_below(c, 101);
	shares[1] = chance_below(c, 101 - shares[0]);
	shares[2] = 100 - shares[0] - shares[1];
	buf_printf(&body, "  - {outcome: b, title: B, price: %d.%02d, rule: {kind: split, parts: [{on: "
	    "o0, share: %d}, {on: o1, share: %d}, {on: o2, share: %d}, {on: o3, bonus: 7.77}]}}\n",
	    price / 100, price % 100, shares[0], shares[1], shares[2]);
	for (int d = 0; d < today && want < 0; d++) { /* the first day on which all is there */
		int have = 0, any = 0;

		for (int i = 0; i < 5; i++)
			if (days[i] >= 0 && days[i] <= d)
				*(i < all ? &have : &any) += 1;
		if (have == all && any >= least && have + any > 0)
			want = d;
	}
	for (int i = all; i < 5; i++)
		there += days[i] >= 0;
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	EXPECT(day_of(got.items[0]), want, "achieved");
	EXPECT(got.extra[0]->measure.is, (int64_t)(there < up_to ? there : up_to) * MILLION, "counted");
	play_end(&p);
	left = price;
	for (int i = 0; i < 3; i++) {
		parts[i] = (int)((int64_t)price * shares[i] / 100);
		left -= parts[i];
	}
	for (; left > 0; left--) { /* to the largest remainder, the first of equals */
		int best = -1;

		for (int i = 0; i < 3; i++) {
			int64_t rest = (int64_t)price * shares[i] - (int64_t)parts[i] * 100;

			if (rest > 0 && (best < 0
				|| rest > (int64_t)price * shares[best] - (int64_t)parts[best] * 100))
				best = i;
		}
		parts[best]++;
	}
	play(&p, "", buf_cstr(&body), &w, today, "b", &got);
	EXPECT(got.n, 4, "parts");
	for (int i = 0; i < 3; i++) {
		EXPECT(got.items[i]->price_minor, parts[i], "a part");
		EXPECT(day_of(got.items[i]), days[i], "its day");
	}
	EXPECT(got.items[3]->price_minor, 777, "the bonus");
	play_end(&p);
	for (uint32_t i = 1; i < w.n; i++)
		free((void *)(uintptr_t)w.rows[i].ln.kind.ptr);
	buf_release(&body);
}

/* --- 20: a sum a month -------------------------------------------------------------------------------------- */

static void
heads(struct chance *c, uint64_t seed)
{
	static const char *const ways[] = { "days", "whole", "none" };
	struct buf body = BUF_INIT;
	int start = chance_below(c, 60), leaves = chance_of(c, 60) ? start + 1 + chance_below(c, 150) : -1;
	int most = 1 + chance_below(c, 6), way = chance_below(c, 3), today = chance_below(c, 330);
	int64_t price = 100 + chance_below(c, 100000);
	struct world w;
	struct play p;
	struct got got;
	int n = 0;

	begin(&w);
	w.complete = 400;
	put(&w, "in", start, -1);
	if (leaves >= 0)
		put(&w, "out", leaves, -1);
	buf_printf(&body, "  outcomes:\n  - {outcome: a, title: A, price: %lld.%02lld, rule: {kind: "
	    "capitation, every: month, most: %d, starts_with: in, cut_by: [out], part_period: %s}}\n",
	    (long long)(price / 100), (long long)(price % 100), most, ways[way]);
	play(&p, "", buf_cstr(&body), &w, today, "a", &got);
	for (int d = 0; d < 330; n++) { /* month by month, each day counted */
		struct ymd m = date_ymd(FIRST + d);
		int days = date_month_days(m.year, m.month), there = 0;
		int64_t want;

		for (int k = d; k < d + days; k++)
			there += k >= start && (leaves < 0 || leaves > today || k < leaves);
		d += days;
		if (there == 0 && d <= start + 1) {
			n--;
			continue;
		}
		if (there == 0 || n >= most || n >= (int)got.n || n >= 8 || start > today)
			break;
		want = there == days || way == 1 ? price : way == 2 ? 0
		    : (2 * price * there + days) / (2 * days);
		EXPECT(day_of(got.items[n]), today >= d ? d - 1 : -1, "a month");
		EXPECT(got.items[n]->price_minor, want, "its price");
		if (today < d)
			break;
	}
	play_end(&p);
	buf_release(&body);
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

#define KIND_TEST(fn, name) \
	static void name(void **state) \
	{ \
		uint64_t first = env("SEED", SEED_PRESET), runs = env("RUNS", RUNS_PRESET); \
		(void)state; \
		for (uint64_t seed = first; seed < first + runs; seed++) { \
			struct chance c = { seed * 0x9e3779b97f4a7c15u + 1 }; \
			fn(&c, seed); \
		} \
	}

KIND_TEST(excluding, a_calendar_s_days_are_not_counted_as_the_model_counts)
KIND_TEST(weeks, weeks_in_a_row_are_as_the_model_counts)
KIND_TEST(days_in_all, days_in_all_are_as_the_model_counts)
KIND_TEST(recurring, periods_after_the_gate_are_as_the_model_counts)
KIND_TEST(amount, amounts_in_a_window_are_as_the_model_adds)
KIND_TEST(bands, bands_and_upgrades_are_as_the_model_finds)
KIND_TEST(scores, changes_of_score_are_as_the_model_finds)
KIND_TEST(silence, silence_counts_when_the_model_says)
KIND_TEST(followed, days_followed_and_events_are_as_the_model_counts)
KIND_TEST(tiers, tiers_cost_what_the_model_says)
KIND_TEST(goals, goals_count_as_the_model_counts)
KIND_TEST(compounds, compounds_and_parts_are_as_the_model_finds)
KIND_TEST(heads, a_sum_a_month_is_as_the_model_counts)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_calendar_s_days_are_not_counted_as_the_model_counts),
		cmocka_unit_test(weeks_in_a_row_are_as_the_model_counts),
		cmocka_unit_test(days_in_all_are_as_the_model_counts),
		cmocka_unit_test(periods_after_the_gate_are_as_the_model_counts),
		cmocka_unit_test(amounts_in_a_window_are_as_the_model_adds),
		cmocka_unit_test(bands_and_upgrades_are_as_the_model_finds),
		cmocka_unit_test(changes_of_score_are_as_the_model_finds),
		cmocka_unit_test(silence_counts_when_the_model_says),
		cmocka_unit_test(days_followed_and_events_are_as_the_model_counts),
		cmocka_unit_test(tiers_cost_what_the_model_says),
		cmocka_unit_test(goals_count_as_the_model_counts),
		cmocka_unit_test(compounds_and_parts_are_as_the_model_finds),
		cmocka_unit_test(a_sum_a_month_is_as_the_model_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
