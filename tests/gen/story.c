/*
 * What happens to a person between referral and the end of 2018, and who
 * writes it down.
 *
 *	referral ── assessments 1, 2, 3
 *	   └─ accommodation    hostel first, or straight in ── how it goes on:
 *	   │                    sustained · ended early · moved to a replacement ·
 *	   │                    lost, and housed again · confirmations stop ·
 *	   │                    claimed by the provider alone
 *	   └─ education ── award          └─ employment     └─ volunteering
 *
 * The provider writes nearly everything and has a document or a signed
 * statement for each rung of the ladder; the council writes tenancies that it
 * pays housing benefit for, and courses; the NHS trust an address when
 * somebody registers, and contacts.
 */
#include <stdio.h>
#include <string.h>

#include "tests/gen/gen.h"

enum tenancy_end { TENANCY_SUSTAINED, TENANCY_EARLY, TENANCY_MOVED, TENANCY_LOST, TENANCY_SILENT,
	TENANCY_CLAIMED, TENANCY_NEVER, TENANCY_ENDS };

/* Out of a thousand people of the cohort. */
static const uint32_t tenancy_share[TENANCY_ENDS] = { 340, 170, 150, 80, 80, 80, 100 };

struct tenancy {
	date_t start, end;        /* end: DATE_NONE while it goes on */
	const char *setting;
	char episode[24];
	date_t confirmed_until;   /* by visits; DATE_NONE: to its end */
	bool council, council_says_hostel;
};

static date_t
last_day(void)
{
	return date_of(2018, 12, 31);
}

static void
attribute_set(struct gen_row *row, enum gen_attribute a, const char *text)
{
	snprintf(row->attribute[a], sizeof(row->attribute[a]), "%s", text);
}

static void
attribute_number(struct gen_row *row, enum gen_attribute a, int n)
{
	snprintf(row->attribute[a], sizeof(row->attribute[a]), "%d", n);
}

/* A row with nothing but its day, proof and episode. */
static void
note(struct gen *g, struct gen_person *p, enum gen_agency agency, const char *kind, date_t on,
    const char *proof, const char *episode)
{
	struct gen_row *row;

	if (on > last_day())
		return;
	row = gen_row_new(g, p, agency, kind, on);
	if (!row)
		return;
	row->evidence_type = proof;
	if (episode)
		snprintf(row->episode, sizeof(row->episode), "%s", episode);
	gen_row_done(g, p, row);
}

/* --- referral and what the service does itself */

static void
referral(struct gen *g, struct gen_person *p)
{
	static const char *const route[GEN_AGENCIES] = { "council", "nhs", "provider" };
	enum gen_agency by = GEN_PROVIDER;
	uint32_t at = gen_below(&p->rng, 100);

	if (at < 65 && p->known_to[GEN_COUNCIL])
		by = GEN_COUNCIL;
	else if (at < 85 && p->known_to[GEN_NHS])
		by = GEN_NHS;
	for (int a = 0; a < GEN_AGENCIES; a++) {
		struct gen_row *row;

		if (a != (int)by && a != GEN_PROVIDER)
			continue;
		row = gen_row_new(g, p, (enum gen_agency)a, "referral", p->referred);
		if (!row)
			continue;
		row->evidence_type = "referral-form";
		attribute_set(row, GEN_PROGRAMME, "rewriting-futures");
		attribute_set(row, GEN_ROUTE, by == GEN_PROVIDER ? "self" : route[by]);
		gen_row_done(g, p, row);
	}
}

static void
assessments(struct gen *g, struct gen_person *p)
{
	static const int after[] = { 10, 120, 300 };
	static const uint32_t share[] = { 950, 800, 700 };
	date_t on = p->referred;

	for (int stage = 1; stage <= 3; stage++) {
		struct gen_row *row;

		if (!gen_chance(&p->rng, share[stage - 1]))
			return;
		on = p->referred + after[stage - 1] + gen_between(&p->rng, -6, 20);
		row = gen_row_new(g, p, GEN_PROVIDER, "assessment", on);
		if (!row)
			return;
		row->evidence_type = "assessment-form";
		attribute_number(row, GEN_STAGE, stage);
		gen_row_done(g, p, row);
	}
}

static void
contacts(struct gen *g, struct gen_person *p)
{
	date_t on = p->referred;
	int n = gen_between(&p->rng, 2, 7);

	for (int i = 0; i < n; i++) {
		on += gen_between(&p->rng, 20, 160);
		note(g, p, gen_chance(&p->rng, 350) ? GEN_NHS : GEN_PROVIDER, "engagement", on, NULL,
		    NULL);
	}
}

/* --- where the person lives */

static void
tenancy_open(struct gen *g, struct gen_person *p, enum gen_agency agency, const struct tenancy *t,
    date_t start)
{
	static const char *const proofs[] = { "tenancy-agreement", "tenancy-agreement",
		"landlord-letter" };
	struct gen_row *row = gen_row_new(g, p, agency, "accommodation", start);
	bool family = strcmp(t->setting, "family-own-room") == 0;

	if (!row)
		return;
	row->evidence_type = agency == GEN_COUNCIL ? "housing-benefit-record"
	    : family ? "own-room-proof" : proofs[gen_below(&p->rng, 3)];
	if (agency == GEN_NHS)
		row->evidence_type = NULL;
	snprintf(row->episode, sizeof(row->episode), "%s", t->episode);
	attribute_set(row, GEN_SETTING, agency == GEN_COUNCIL && t->council_says_hostel ? "hostel"
	    : t->setting);
	if (gen_chance(&p->rng, 250))
		attribute_set(row, GEN_RISK, gen_chance(&p->rng, 80) ? "true" : "false");
	/* Half of the council's tenancies are written when they are over. */
	if (agency == GEN_COUNCIL && t->end != DATE_NONE && t->end <= last_day()
	    && gen_chance(&p->rng, 500)) {
		date_text(t->end, row->end);
		row->arrives = t->end + gen_between(&p->rng, 1, 40);
	}
	gen_row_done(g, p, row);
}

static date_t
tenancy_last(const struct tenancy *t)
{
	date_t last = t->end == DATE_NONE ? last_day() + 1 : t->end;

	return t->confirmed_until != DATE_NONE && t->confirmed_until < last ? t->confirmed_until
	    : last;
}

/* The rungs: document, statement, document, statement; for one in eight nobody asked. */
static void
tenancy_rungs(struct gen *g, struct gen_person *p, const struct tenancy *t, date_t first)
{
	static const int months[] = { 3, 6, 12, 18 };

	for (int i = 0; i < 4; i++) {
		date_t on = date_add_months(first, months[i]) + gen_between(&p->rng, 0, 5);

		if (on < t->start || on >= tenancy_last(t) || gen_chance(&p->rng, 120))
			continue;
		note(g, p, GEN_PROVIDER, "accommodation-confirmed", on,
		    i % 2 ? "self-certificate" : "landlord-letter", t->episode);
	}
}

static void
tenancy_confirm(struct gen *g, struct gen_person *p, const struct tenancy *t)
{
	date_t last = tenancy_last(t), limit = date_add_months(t->start, 21);
	char council[24];

	if (last > limit)
		last = limit;
	for (int m = 1; date_add_months(t->start, m) < last; m++)
		if (!gen_chance(&p->rng, 60))
			note(g, p, GEN_PROVIDER, "accommodation-confirmed",
			    date_add_months(t->start, m), "visit-record", t->episode);
	snprintf(council, sizeof(council), "HB%s", t->episode + 1);
	for (int m = 3; t->council && date_add_months(t->start, m) < last; m += 3)
		note(g, p, GEN_COUNCIL, "accommodation-confirmed", date_add_months(t->start, m),
		    "housing-benefit-record", council);
}

static void
tenancy_tell(struct gen *g, struct gen_person *p, struct tenancy *t, date_t first)
{
	struct tenancy seen = *t;

	if (t->start > last_day())
		return;
	p->home = gen_below(&p->rng, 7000);
	tenancy_open(g, p, GEN_PROVIDER, t, t->start);
	if (gen_chance(&p->rng, 15)) /* the same claimed twice, under two record ids */
		tenancy_open(g, p, GEN_PROVIDER, t, t->start);
	snprintf(seen.episode, sizeof(seen.episode), "HB%s", t->episode + 1);
	if (t->council)
		tenancy_open(g, p, GEN_COUNCIL, &seen,
		    t->start + (gen_chance(&p->rng, 150) ? gen_between(&p->rng, 1, 6) : 0));
	if (gen_chance(&p->rng, 300)) {
		snprintf(seen.episode, sizeof(seen.episode), "GP%s", t->episode + 1);
		tenancy_open(g, p, GEN_NHS, &seen, t->start + gen_between(&p->rng, 0, 40));
	}
	tenancy_confirm(g, p, t);
	tenancy_rungs(g, p, t, first);
	if (t->end != DATE_NONE && t->confirmed_until == DATE_NONE) {
		note(g, p, GEN_PROVIDER, "accommodation-ended", t->end, "visit-record", t->episode);
		if (t->council && gen_chance(&p->rng, 700)) {
			snprintf(seen.episode, sizeof(seen.episode), "HB%s", t->episode + 1);
			note(g, p, GEN_COUNCIL, "accommodation-ended", t->end, "housing-benefit-record",
			    seen.episode);
		}
	}
}

static void
tenancy_begin(struct gen_person *p, struct tenancy *t, date_t start, int number)
{
	static const char *const settings[] = { "own-tenancy", "own-tenancy", "shared-tenancy",
		"family-own-room" };

	memset(t, 0, sizeof(*t));
	t->start = start;
	t->end = t->confirmed_until = DATE_NONE;
	t->setting = settings[gen_below(&p->rng, 4)];
	t->council = gen_chance(&p->rng, 900);
	snprintf(t->episode, sizeof(t->episode), "T%06u-%d", p->id + 1, number);
}

static enum tenancy_end
tenancy_end_draw(struct gen_person *p)
{
	uint32_t at = gen_below(&p->rng, 1000);
	int e = 0;

	while (e < TENANCY_NEVER && at >= tenancy_share[e])
		at -= tenancy_share[e++];
	return (enum tenancy_end)e;
}

static void
hostel(struct gen *g, struct gen_person *p, date_t start, date_t end)
{
	struct tenancy t;

	tenancy_begin(p, &t, start, 0);
	t.setting = gen_chance(&p->rng, 700) ? "hostel" : "bed-and-breakfast";
	t.end = end;
	p->home = 97 * gen_below(&p->rng, 3);
	tenancy_open(g, p, GEN_PROVIDER, &t, start);
	note(g, p, GEN_PROVIDER, "accommodation-ended", end, "visit-record", t.episode);
}

static void
accommodation(struct gen *g, struct gen_person *p)
{
	enum tenancy_end how = tenancy_end_draw(p);
	date_t in = p->referred + gen_between(&p->rng, 6, 110);
	struct tenancy t;

	if (how == TENANCY_NEVER || gen_chance(&p->rng, 300))
		hostel(g, p, p->referred + 1, in);
	if (how == TENANCY_NEVER)
		return;
	tenancy_begin(p, &t, in, 1);
	switch (how) {
	case TENANCY_SUSTAINED:
		if (gen_chance(&p->rng, 300))
			t.end = date_add_months(in, gen_between(&p->rng, 19, 30));
		break;
	case TENANCY_EARLY:
		t.end = in + gen_between(&p->rng, 20, 480);
		break;
	case TENANCY_MOVED:
		t.end = in + gen_between(&p->rng, 60, 400);
		tenancy_tell(g, p, &t, in);
		tenancy_begin(p, &t, t.end + gen_between(&p->rng, 0, 5), 2);
		break;
	case TENANCY_LOST:
		t.end = in + gen_between(&p->rng, 50, 300);
		tenancy_tell(g, p, &t, in);
		in = t.end + gen_between(&p->rng, 40, 150);
		tenancy_begin(p, &t, in, 2);
		break;
	case TENANCY_SILENT:
		t.confirmed_until = in + gen_between(&p->rng, 40, 400);
		break;
	case TENANCY_CLAIMED:
		t.council_says_hostel = gen_chance(&p->rng, 400);
		t.council = t.council_says_hostel;
		break;
	case TENANCY_NEVER:
	case TENANCY_ENDS:
		return;
	}
	tenancy_tell(g, p, &t, in);
}

/* --- learning and work */

static void
education(struct gen *g, struct gen_person *p)
{
	static const char *const levels[] = { "entry", "level-1", "level-1", "level-2" };
	static const enum gen_agency by[] = { GEN_PROVIDER, GEN_COUNCIL };
	date_t start = p->referred + gen_between(&p->rng, 20, 400);
	date_t end = start + gen_between(&p->rng, 40, 300);
	const char *level = levels[gen_below(&p->rng, 4)];
	char episode[24];

	for (int i = 0; i < 2; i++) {
		struct gen_row *row;

		if (by[i] == GEN_COUNCIL && gen_chance(&p->rng, 250))
			continue;
		snprintf(episode, sizeof(episode), "%s%06u", i ? "ED" : "L", p->id + 1);
		row = gen_row_new(g, p, by[i], "education", start);
		if (!row)
			continue;
		row->evidence_type = "enrolment-record";
		snprintf(row->episode, sizeof(row->episode), "%s", episode);
		attribute_set(row, GEN_LEVEL, level);
		gen_row_done(g, p, row);
		for (date_t on = start + 60; on < end; on += 60)
			note(g, p, by[i], "education-confirmed", on, "enrolment-record", episode);
		if (gen_chance(&p->rng, 600))
			note(g, p, by[i], "education-ended", end, NULL, episode);
	}
	if (gen_chance(&p->rng, 420) && end <= last_day()) {
		struct gen_row *row = gen_row_new(g, p, GEN_PROVIDER, "qualification", end);

		if (!row)
			return;
		row->evidence_type = "award-certificate";
		attribute_set(row, GEN_LEVEL, level);
		gen_row_done(g, p, row);
	}
}

/* Employment and volunteering: a spell that the provider alone writes. */
static void
work(struct gen *g, struct gen_person *p, bool paid)
{
	static const int hours[] = { 8, 12, 16, 16, 20, 30, 37, 40 };
	static const char *const proofs[] = { "employment-contract", "payslip", "employer-letter" };
	date_t start = p->referred + gen_between(&p->rng, 30, 600);
	date_t end = start + gen_between(&p->rng, 14, 400);
	char episode[24];
	struct gen_row *row;

	snprintf(episode, sizeof(episode), "%c%06u", paid ? 'J' : 'V', p->id + 1);
	row = gen_row_new(g, p, GEN_PROVIDER, paid ? "employment" : "volunteering", start);
	if (!row)
		return;
	row->evidence_type = !paid ? "visit-record"
	    : gen_chance(&p->rng, 150) ? "self-certificate" : proofs[gen_below(&p->rng, 3)];
	snprintf(row->episode, sizeof(row->episode), "%s", episode);
	if (!gen_chance(&p->rng, 100))
		attribute_number(row, GEN_HOURS, paid ? hours[gen_below(&p->rng, 8)] : 6);
	gen_row_done(g, p, row);
	for (int m = 1; date_add_months(start, m) < end; m++)
		if (!gen_chance(&p->rng, 80))
			note(g, p, GEN_PROVIDER, paid ? "employment-confirmed" : "volunteering-confirmed",
			    date_add_months(start, m), paid ? "payslip" : "visit-record", episode);
	if (gen_chance(&p->rng, 700))
		note(g, p, GEN_PROVIDER, paid ? "employment-ended" : "volunteering-ended", end,
		    paid ? "employer-letter" : "visit-record", episode);
}

/* Known to the council, never referred: must come out with nothing. */
static void
bystander(struct gen *g, struct gen_person *p)
{
	struct tenancy t;

	tenancy_begin(p, &t, p->referred, 1);
	tenancy_open(g, p, GEN_COUNCIL, &t, t.start);
	note(g, p, GEN_COUNCIL, "education", t.start + 30, "enrolment-record", NULL);
	contacts(g, p);
}

void
gen_story(struct gen *g, struct gen_person *p)
{
	if (!p->cohort) {
		bystander(g, p);
	} else {
		referral(g, p);
		assessments(g, p);
		contacts(g, p);
		accommodation(g, p);
		if (gen_chance(&p->rng, 620))
			education(g, p);
		if (gen_chance(&p->rng, 340))
			work(g, p, true);
		if (gen_chance(&p->rng, 140))
			work(g, p, false);
	}
	if (p->died != DATE_NONE) {
		date_t died = p->died;

		note(g, p, GEN_COUNCIL, "death", died, NULL, NULL);
		note(g, p, GEN_NHS, "death", died, NULL, NULL);
	}
}
