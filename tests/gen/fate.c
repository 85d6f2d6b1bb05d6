/*
 * What becomes of a row on its way: late, twice, out of order, corrected,
 * withdrawn, broken.  Each row has one fate, so that truth stays countable:
 *
 *	twice       the same bytes again, later
 *	corrected   a wrong first version (another day, another setting), then
 *	            the right one with the next revision; where the sender numbers
 *	            revisions the second may arrive before the first
 *	withdrawn   the row of somebody's mistake, then taken back
 *	broken      the row with one fault; then, for half of them, mended under
 *	            the same record id
 *
 * Providers number no revisions: their versions always arrive in order.
 */
#include <stdio.h>
#include <string.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "common/raw_write.h"
#include "tests/gen/gen.h"

/* Out of a thousand rows. */
enum { LATE = 30, TWICE = 25, CORRECTED = 25, WITHDRAWN = 8, BROKEN = 18, OBJECTION = 1 };

enum { ROWS_FIRST = 4096 };

struct gen {
	const struct gen_options *options;
	gen_row_fn *fn;
	void *arg;
	struct gen_totals *totals;
	struct gen_row *rows; /* of the block */
	size_t n, cap;
	uint64_t order;
	struct gen_row draft; /* between gen_row_new() and gen_row_done() */
	bool drafting;
};

const char *const gen_agency_name[GEN_AGENCIES] = { "council", "nhs", "provider" };
const char *const gen_agency_topic[GEN_AGENCIES] = { "raw.council-a", "raw.nhs-b",
	"raw.provider-c" };
const char *const gen_attribute_name[GEN_ATTRIBUTE_COUNT] = {
#define GEN_TEXT(name, text) text,
	GEN_ATTRIBUTES(GEN_TEXT)
#undef GEN_TEXT
};

/* --- cells */

const char *
gen_cell(const struct gen_row *row, enum generic_column column, char scratch[GEN_SCRATCH])
{
	bool event = !row->complete_through[0];
	const struct gen_card *c = &row->card;

	switch ((int)column) {
	case GENERIC_RECORD_ID:
		return row->record_id;
	case GENERIC_REVISION:
		snprintf(scratch, GEN_SCRATCH, "%d", row->revision);
		return event ? scratch : "";
	case GENERIC_WITHDRAWN:
		return row->withdrawn ? "yes" : "";
	case GENERIC_OBJECTION:
		return row->objection ? "yes" : "";
	case GENERIC_KIND:
		return event ? row->kind : "";
	case GENERIC_START:
		return row->start;
	case GENERIC_END:
		return row->end;
	case GENERIC_EPISODE:
		return row->episode;
	case GENERIC_EVIDENCE_TYPE:
		return row->evidence_type ? row->evidence_type : "";
	case GENERIC_FORENAME:
		return c->forename;
	case GENERIC_SURNAME:
		return c->surname;
	case GENERIC_PREVIOUS_SURNAME:
		return c->previous_surname;
	case GENERIC_DOB:
		return c->dob;
	case GENERIC_SEX:
		return c->sex;
	case GENERIC_ETHNIC_GROUP:
		return c->ethnic_group;
	case GENERIC_LINE1:
		return c->line1;
	case GENERIC_POSTCODE:
		return c->postcode;
	case GENERIC_UPRN:
		return c->uprn;
	case GENERIC_NHS_NUMBER:
		return c->nhs_number;
	case GENERIC_NINO:
		return c->nino;
	case GENERIC_UPN:
		return c->upn;
	case GENERIC_ULN:
		return c->uln;
	case GENERIC_LOCAL_ID:
		return c->local_id;
	case GENERIC_DIED_ON:
		return c->died_on;
	case GENERIC_COMPLETE_THROUGH:
		return row->complete_through;
	}
	return "";
}

bool
gen_agency_has(enum gen_agency agency, enum generic_column column)
{
	static const enum raw_schema schema[GEN_AGENCIES] = { RAW_SCHEMA_COUNCIL, RAW_SCHEMA_NHS,
		RAW_SCHEMA_PROVIDER };
	static const enum generic_column never[] = { GENERIC_RESTRICTED, GENERIC_TITLE,
		GENERIC_MIDDLE_NAMES, GENERIC_LINE2, GENERIC_TOWN, GENERIC_ADDRESS_FROM,
		GENERIC_ADDRESS_TO, GENERIC_PERSON };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (column == never[i])
			return false;
	return raw_schema_carries(schema[agency], column);
}

/* --- a row is made */

static void
card_of_the_day(const struct gen_person *p, struct gen_row *row, enum gen_agency agency,
    date_t day)
{
	static const int moves_on[GEN_AGENCIES] = { 1, 3, 1 }; /* of three who marry, who tell */

	row->card = p->cards[agency];
	gen_address(p->home, row->card.line1, row->card.postcode, row->card.uprn);
	if (p->died != DATE_NONE && day < p->died)
		row->card.died_on[0] = '\0';
	if (p->married == DATE_NONE || day < p->married || (int)(p->id % 3) >= 4 - moves_on[agency])
		return;
	memcpy(row->card.previous_surname, row->card.surname, GEN_NAME);
	memcpy(row->card.surname, p->married_surname, GEN_NAME);
}

struct gen_row *
gen_row_new(struct gen *g, struct gen_person *p, enum gen_agency agency, const char *kind,
    date_t start)
{
	struct gen_row *row = &g->draft;

	MUST(!g->drafting);
	if (!p->known_to[agency] || (p->died != DATE_NONE && start > p->died))
		return NULL;
	memset(row, 0, sizeof(*row));
	row->agency = agency;
	row->person = p->id;
	row->revision = 1;
	row->kind = kind;
	date_text(start, row->start);
	row->arrives = start + gen_between(&p->rng, 0, 20);
	snprintf(row->record_id, sizeof(row->record_id), "%c%06u-%02u", "CNP"[agency], p->id + 1,
	    ++p->rows_made);
	card_of_the_day(p, row, agency, start);
	g->drafting = true;
	return row;
}

static struct gen_row *
row_push(struct gen *g, const struct gen_row *row)
{
	struct gen_row *at;

	if (g->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : ROWS_FIRST;
		g->rows = mem_realloc(g->rows, g->cap, sizeof(*g->rows));
	}
	at = &g->rows[g->n++];
	*at = *row;
	at->order = g->order++;
	g->totals->rows[row->agency]++;
	return at;
}

/* --- faults: one each, and what ingestd will say of it */

static void
put(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%s", text);
}

static void
start_shift(struct gen_row *row, int days)
{
	date_t d;

	MUST(date_parse(span_str(row->start), &d));
	date_text(d + days, row->start);
}

/* The ninth digit is raised by one, and the check digit stays. */
static bool
nhs_number_break(struct gen_row *row)
{
	char *digit = &row->card.nhs_number[8];

	if (!row->card.nhs_number[0] || !gen_agency_has(row->agency, GENERIC_NHS_NUMBER))
		return false;
	*digit = *digit == '9' ? '0' : (char)(*digit + 1);
	return true;
}

static void
person_take(struct gen_row *row)
{
	struct gen_card empty = { .sex = "U" };

	row->card = empty;
}

enum { FAULT_NHS_NUMBER, FAULT_NO_SUCH_DAY, FAULT_FUTURE, FAULT_CODE, FAULT_KIND, FAULT_DOB,
	FAULT_BORN_LATER, FAULT_UNREADABLE, FAULT_NOBODY, FAULT_NO_DATE, FAULT_ATTRIBUTE, FAULT_NUMBER,
	FAULTS };

/* Fault k of a row; its name, or NULL where it does not go with the row. */
static const char *
fault_put(struct gen_row *row, uint32_t k)
{
	switch (k) {
	case FAULT_NHS_NUMBER:
		return nhs_number_break(row) ? "nhs-number-check" : NULL;
	case FAULT_NO_SUCH_DAY:
		put(row->start, sizeof(row->start), "2016-02-30");
		return "date-impossible";
	case FAULT_FUTURE:
		put(row->start, sizeof(row->start), "2099-01-01");
		return "date-in-future";
	case FAULT_CODE:
		if (!row->attribute[GEN_SETTING][0])
			return NULL;
		put(row->attribute[GEN_SETTING], sizeof(row->attribute[0]), "castle");
		return "unknown-code";
	case FAULT_KIND:
		row->kind = row->agency == GEN_PROVIDER ? "death" : "employment";
		row->evidence_type = NULL;
		memset(row->attribute, 0, sizeof(row->attribute));
		row->end[0] = '\0';
		return "kind-not-allowed";
	case FAULT_DOB:
		put(row->card.dob, sizeof(row->card.dob), "2017-06-31");
		return "dob-impossible";
	case FAULT_BORN_LATER:
		put(row->card.dob, sizeof(row->card.dob), "2018-12-30");
		return "born-after-event";
	case FAULT_UNREADABLE:
		put(row->start, sizeof(row->start), "soon");
		return "date-unreadable";
	case FAULT_NOBODY:
		person_take(row);
		return "no-identifier";
	case FAULT_NO_DATE:
		row->start[0] = '\0';
		return "date-missing";
	case FAULT_ATTRIBUTE:
		if (!row->attribute[GEN_SETTING][0])
			return NULL;
		row->attribute[GEN_SETTING][0] = '\0';
		return "attribute-missing";
	case FAULT_NUMBER:
		put(row->attribute[GEN_HOURS], sizeof(row->attribute[0]), "400");
		return "attribute-wrong"; /* too many hours, or of a kind that has none */
	}
	return "";
}

static void
broken(struct gen *g, struct gen_person *p, const struct gen_row *right)
{
	static const uint32_t rare[] = { FAULT_NHS_NUMBER, FAULT_CODE, FAULT_ATTRIBUTE };
	struct gen_row bad = *right, mended = *right;

	/* Faults that go with few rows are tried first: else they would hardly be seen. */
	if (!(gen_chance(&p->rng, 400) && (bad.fault = fault_put(&bad, rare[gen_below(&p->rng, 3)]))))
		while (!(bad.fault = fault_put(&bad, gen_below(&p->rng, FAULTS))))
			;
	row_push(g, &bad);
	g->totals->broken++;
	if (gen_chance(&p->rng, 500))
		return;
	mended.revision = 2;
	mended.arrives += gen_between(&p->rng, 5, 90);
	row_push(g, &mended);
	g->totals->mended++;
}

/* --- fates */

static void
twice(struct gen *g, struct gen_person *p, const struct gen_row *row)
{
	struct gen_row again = *row;

	row_push(g, row);
	again.arrives += gen_between(&p->rng, 0, 60);
	row_push(g, &again);
	g->totals->twice++;
}

static void
corrected(struct gen *g, struct gen_person *p, const struct gen_row *right)
{
	struct gen_row wrong = *right, second = *right;
	bool first_later = right->agency != GEN_PROVIDER && gen_chance(&p->rng, 200);

	if (wrong.attribute[GEN_SETTING][0] && gen_chance(&p->rng, 400))
		put(wrong.attribute[GEN_SETTING], sizeof(wrong.attribute[0]), "supported-housing");
	else
		start_shift(&wrong, -gen_between(&p->rng, 1, 20));
	second.revision = 2;
	second.arrives += gen_between(&p->rng, 5, 200);
	if (first_later)
		wrong.arrives = second.arrives + 3;
	row_push(g, &wrong);
	row_push(g, &second);
	g->totals->corrected++;
}

/* An extra row that never should have been, taken back later. */
static void
withdrawn(struct gen *g, struct gen_person *p, const struct gen_row *row)
{
	struct gen_row mistake = *row;

	row_push(g, row);
	snprintf(mistake.record_id, sizeof(mistake.record_id), "%c%06u-%02u", "CNP"[row->agency],
	    p->id + 1, ++p->rows_made);
	start_shift(&mistake, -gen_between(&p->rng, 1, 9));
	row_push(g, &mistake);
	mistake.withdrawn = true;
	mistake.revision = 2;
	mistake.arrives += gen_between(&p->rng, 5, 90);
	row_push(g, &mistake);
	g->totals->withdrawn++;
}

void
gen_row_done(struct gen *g, struct gen_person *p, struct gen_row *row)
{
	uint32_t at = gen_below(&p->rng, 1000);

	MUST(g->drafting && row == &g->draft);
	g->drafting = false;
	if (g->options->clean) {
		row_push(g, row);
		return;
	}
	if (gen_chance(&p->rng, LATE)) {
		row->arrives += gen_between(&p->rng, 200, 500);
		g->totals->late++;
	}
	if (row->agency != GEN_COUNCIL && gen_chance(&p->rng, OBJECTION))
		row->objection = true;
	if (at < TWICE)
		twice(g, p, row);
	else if ((at -= TWICE) < CORRECTED)
		corrected(g, p, row);
	else if ((at - CORRECTED) < WITHDRAWN)
		withdrawn(g, p, row);
	else if ((at - CORRECTED - WITHDRAWN) < BROKEN)
		broken(g, p, row);
	else
		row_push(g, row);
}

/* --- the whole */

static int
row_compare(const void *left, const void *right)
{
	const struct gen_row *a = left, *b = right;

	if (a->arrives != b->arrives)
		return a->arrives < b->arrives ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void
block_out(struct gen *g)
{
	qsort(g->rows, g->n, sizeof(*g->rows), row_compare);
	for (size_t i = 0; i < g->n; i++)
		g->fn(g->arg, &g->rows[i]);
	g->n = 0;
}

static void
completeness(struct gen *g)
{
	for (int a = 0; a < GEN_AGENCIES; a++) {
		struct gen_row row = { .agency = (enum gen_agency)a };

		snprintf(row.record_id, sizeof(row.record_id), "%s-complete", gen_agency_name[a]);
		date_text(date_of(2018, 12, 31), row.complete_through);
		g->totals->rows[a]++;
		g->fn(g->arg, &row);
	}
}

static uint64_t
rows_total(const struct gen_totals *t)
{
	uint64_t n = 0;

	for (int a = 0; a < GEN_AGENCIES; a++)
		n += t->rows[a];
	return n;
}

void
gen_run(const struct gen_options *options, gen_row_fn *fn, void *arg, struct gen_totals *totals)
{
	struct gen g = { .options = options, .fn = fn, .arg = arg, .totals = totals };
	struct gen_person p;

	memset(totals, 0, sizeof(*totals));
	for (uint32_t i = 0; i < options->people; i++) {
		gen_person_make(&p, options->seed, i);
		gen_story(&g, &p);
		totals->people++;
		totals->referred += p.cohort;
		if (i % GEN_BLOCK == GEN_BLOCK - 1)
			block_out(&g);
		if (options->events && rows_total(totals) + GEN_AGENCIES >= options->events)
			break;
	}
	block_out(&g);
	completeness(&g);
	mem_free(g.rows);
}
