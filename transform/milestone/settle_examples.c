#include "transform/milestone/settle_examples.h"

#include "common/digest.h"
#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rule_kinds.h"
#include "transform/milestone/settle.h"

enum { EXAMPLE_PEOPLE_MAX = 100000, EXAMPLE_MILLION = 1000000 };

struct achieved_row {
	struct yaml_at at;
	struct span outcome, part, status;
	int32_t people, first, ordinal, every_days;
	date_t on, referred;
	int64_t price, counted, counted_of;
};

struct reference_row {
	struct yaml_at at;
	struct span what, name, origin;
	int64_t number;
};

struct line_row {
	struct yaml_at at;
	struct span outcome, state;
	int32_t lines;
	int64_t earned, payable;
};

struct measure_row {
	struct yaml_at at;
	struct span outcome, part;
	int32_t ordinal, units, eligible;
	int64_t is, of, value, earned;
};

struct share_row {
	struct yaml_at at;
	struct span payer;
	int64_t payable;
};

struct settlement_row {
	struct yaml_at at;
	struct span settlement;
	date_t from, to;
	struct yaml_list achieved, references, lines, measures, payers;
	int64_t earned, payable, held, earned_all, payable_all;
};

#define AT(row, field) offsetof(struct row, field)
#define MONEY_FIELD(row, field_is, doc_is) \
	{ .name = #field_is, .type = YF_DECIMAL, .offset = AT(row, field_is), \
		.unit = "major units", .doc = doc_is }
#define COUNT_FIELD(row, field_is, preset_is, doc_is) \
	{ .name = #field_is, .type = YF_INT, .offset = AT(row, field_is), .min = 0, \
		.max = EXAMPLE_PEOPLE_MAX, .preset = preset_is, .doc = doc_is }

static const struct yaml_field achieved_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(achieved_row, outcome),
	    .required = true, .doc = "Which outcome." },
	COUNT_FIELD(achieved_row, people, "1", "Of how many persons."),
	COUNT_FIELD(achieved_row, first, "1", "The number of the first of them."),
	{ .name = "ordinal", .type = YF_INT, .offset = AT(achieved_row, ordinal), .min = 1,
	    .max = RULES_ORDINALS_MAX, .preset = "1", .doc = "Which of several." },
	{ .name = "on", .type = YF_DATE, .offset = AT(achieved_row, on),
	    .doc = "The day achieved, of the first of them." },
	COUNT_FIELD(achieved_row, every_days, "0", "The next one so many days later."),
	{ .name = "referred", .type = YF_DATE, .offset = AT(achieved_row, referred),
	    .doc = "The day of referral; absent: the version's first." },
	{ .name = "part", .type = YF_NAME, .offset = AT(achieved_row, part),
	    .doc = "Which band, tier or part." },
	{ .name = "status", .type = YF_NAME, .offset = AT(achieved_row, status),
	    .preset = "achieved", .doc = "achieved, verified, queried, not-yet." },
	MONEY_FIELD(achieved_row, price, "Price; absent: by the terms."),
	{ .name = "counted", .type = YF_DECIMAL, .offset = AT(achieved_row, counted),
	    .doc = "What was counted of each." },
	{ .name = "counted_of", .type = YF_DECIMAL, .offset = AT(achieved_row, counted_of),
	    .doc = "Of what." },
};
static const struct yaml_record achieved_record =
    YAML_RECORD("outcomes achieved", struct achieved_row, achieved_fields);

static const struct yaml_field reference_fields[] = {
	{ .name = "what", .type = YF_NAME, .offset = AT(reference_row, what), .required = true,
	    .doc = "comparison." },
	{ .name = "name", .type = YF_NAME, .offset = AT(reference_row, name), .doc = "Of which." },
	{ .name = "number", .type = YF_DECIMAL, .offset = AT(reference_row, number),
	    .required = true, .doc = "The figure." },
	{ .name = "origin", .type = YF_TEXT, .offset = AT(reference_row, origin),
	    .doc = "Where it is from." },
};
static const struct yaml_record reference_record =
    YAML_RECORD("a reference", struct reference_row, reference_fields);

static const struct yaml_field line_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(line_row, outcome), .required = true,
	    .doc = "All lines of this outcome." },
	{ .name = "state", .type = YF_NAME, .offset = AT(line_row, state),
	    .doc = "Only those in this state." },
	COUNT_FIELD(line_row, lines, NULL, "How many lines."),
	MONEY_FIELD(line_row, earned, "Earned."),
	MONEY_FIELD(line_row, payable, "Payable."),
};
static const struct yaml_record line_record = YAML_RECORD("lines", struct line_row, line_fields);

static const struct yaml_field measure_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(measure_row, outcome), .required = true,
	    .doc = "What the cohort is measured for." },
	{ .name = "part", .type = YF_NAME, .offset = AT(measure_row, part),
	    .doc = "Which cohort, or pooled." },
	{ .name = "ordinal", .type = YF_INT, .offset = AT(measure_row, ordinal), .min = 0,
	    .max = RULES_PERIODS_MAX, .preset = "1", .doc = "Which period." },
	{ .name = "is", .type = YF_DECIMAL, .offset = AT(measure_row, is), .doc = "Numerator." },
	{ .name = "of", .type = YF_DECIMAL, .offset = AT(measure_row, of), .doc = "Denominator." },
	{ .name = "value", .type = YF_DECIMAL, .offset = AT(measure_row, value),
	    .doc = "As people read it: per cent, points, days." },
	COUNT_FIELD(measure_row, units, NULL, "Units counted."),
	COUNT_FIELD(measure_row, eligible, NULL, "Units eligible."),
	MONEY_FIELD(measure_row, earned, "What it earns."),
};
static const struct yaml_record measure_record =
    YAML_RECORD("a measure", struct measure_row, measure_fields);

static const struct yaml_field share_fields[] = {
	{ .name = "payer", .type = YF_TEXT, .offset = AT(share_row, payer), .required = true,
	    .doc = "Who." },
	MONEY_FIELD(share_row, payable, "How much."),
};
static const struct yaml_record share_record =
    YAML_RECORD("a payer's part", struct share_row, share_fields);

static const struct yaml_field settlement_fields[] = {
	{ .name = "settlement", .type = YF_TEXT, .offset = AT(settlement_row, settlement),
	    .required = true, .doc = "What it shows." },
	{ .name = "from", .type = YF_DATE, .offset = AT(settlement_row, from), .required = true,
	    .doc = "First day of the period." },
	{ .name = "to", .type = YF_DATE, .offset = AT(settlement_row, to), .required = true,
	    .doc = "Last day of the period." },
	{ .name = "achieved", .type = YF_LIST, .offset = AT(settlement_row, achieved),
	    .sub = &achieved_record, .doc = "Outcomes of invented persons." },
	{ .name = "references", .type = YF_LIST, .offset = AT(settlement_row, references),
	    .sub = &reference_record, .doc = "Figures from elsewhere." },
	MONEY_FIELD(settlement_row, earned, "Earned in the period."),
	MONEY_FIELD(settlement_row, payable, "Payable in the period."),
	MONEY_FIELD(settlement_row, held, "Held in the period."),
	MONEY_FIELD(settlement_row, earned_all, "Earned up to its last day."),
	MONEY_FIELD(settlement_row, payable_all, "Payable up to its last day."),
	{ .name = "lines", .type = YF_LIST, .offset = AT(settlement_row, lines),
	    .sub = &line_record, .doc = "What lines of an outcome add up to." },
	{ .name = "measures", .type = YF_LIST, .offset = AT(settlement_row, measures),
	    .sub = &measure_record, .doc = "What the cohort comes to." },
	{ .name = "payers", .type = YF_LIST, .offset = AT(settlement_row, payers),
	    .sub = &share_record, .doc = "Who pays how much." },
};
const struct yaml_record settlement_record =
    YAML_RECORD("a settlement", struct settlement_row, settlement_fields);

/* --- rows for so many persons --------------------------------------------------------- */

struct playing {
	const struct contract *contract;
	const struct currency *currency;
	const struct settlement_row *row;
	struct yaml_report *report;
	struct arena arena;
	struct settle_row *rows;
	uint32_t n, cap;
};

static struct id
number_id(uint32_t a, uint32_t b, uint32_t c)
{
	uint8_t digest[SHA256_BYTES];
	uint32_t all[3] = { a, b, c };
	struct id id;

	sha256(span_of(all, sizeof(all)), digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

static const struct version_terms *
version_of(const struct contract *c, date_t referred)
{
	const struct version_terms *v = &c->versions[0];

	for (uint32_t i = 1; i < c->versions_n; i++)
		if (c->versions[i].effective <= referred)
			v = &c->versions[i];
	return v;
}

/* By the terms: the band's or tier's, or the outcome's own. */
static int64_t
price_of(const struct playing *p, const struct outcome_terms *o, const struct achieved_row *row)
{
	const struct band_terms *b = o->rule.bands.items;
	const struct tier_terms *t = o->rule.tiers.items;
	const struct part_terms *parts = o->rule.parts.items;
	int64_t minor;

	if (yaml_get(row->at.node, "price"))
		return money_of_millionths(row->price, p->currency, &minor) ? minor : 0;
	for (uint32_t i = 0; o->rule.kind == RULE_INTENSITY_BAND && i < o->rule.bands.n; i++)
		if (span_eq(b[i].name, row->part))
			return b[i].price_minor;
	for (uint32_t i = 0; o->rule.kind == RULE_TIERED && i < o->rule.tiers.n; i++)
		if (span_eq(t[i].name, row->part))
			return t[i].price_minor;
	for (uint32_t i = 0; o->rule.kind == RULE_SPLIT && i < o->rule.parts.n; i++)
		if (span_eq(parts[i].on, row->part))
			return parts[i].price_minor;
	return rule_kind_scope((enum rule_kind)o->rule.kind) == SCOPE_UNIT ? o->price_minor : 0;
}

static void
row_put(struct playing *p, const struct achieved_row *a, const struct version_terms *v,
    uint32_t at, uint32_t person, date_t on)
{
	const struct outcome_terms *o = &v->outcomes[at];
	struct settle_row *row;

	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 256;
		p->rows = mem_realloc(p->rows, p->cap, sizeof(*p->rows));
	}
	row = &p->rows[p->n++];
	*row = (struct settle_row){ .outcome_id = number_id(person, at, (uint32_t)a->ordinal),
		.unit = number_id(person, UINT32_MAX, 0), .part = a->part,
		.measure = { a->counted, a->counted_of,
		    yaml_get(a->at.node, "counted") != NULL },
		.price_minor = price_of(p, o, a), .achieved = on,
		.referred = a->referred == DATE_NONE ? v->effective : a->referred,
		.version_at = (uint32_t)(v - p->contract->versions), .terms_at = at,
		.ordinal = a->ordinal, .in_cohort = true, .verified = span_is(a->status, "verified"),
		.held = span_is(a->status, "queried") };
	row->proven = row->verified || span_is(a->status, "achieved");
	if (!row->proven && !row->held)
		row->achieved = DATE_NONE;
}

static void
achieved_play(struct playing *p, const struct achieved_row *a)
{
	const struct version_terms *v = version_of(p->contract,
	    a->referred == DATE_NONE ? p->contract->versions[0].effective : a->referred);
	uint32_t at = 0;

	while (at < v->outcomes_n && !span_eq(v->outcomes[at].name, a->outcome))
		at++;
	if (at == v->outcomes_n) {
		yaml_mistake(p->report, yaml_get(a->at.node, "outcome"), "no such outcome");
		return;
	}
	if (a->on == DATE_NONE && !span_is(a->status, "not-yet"))
		yaml_mistake(p->report, a->at.node, "achieved on which day? 'on'");
	for (int32_t i = 0; i < a->people; i++)
		row_put(p, a, v, at, (uint32_t)(a->first + i), a->on == DATE_NONE ? DATE_NONE
			: a->on + i * a->every_days);
}

/* --- what must come out ------------------------------------------------------------------- */

static void
money_check(struct playing *p, const struct yaml *node, const char *field, int64_t wanted,
    int64_t is)
{
	char text[MONEY_TEXT];
	int64_t minor;

	if (!yaml_get(node, field))
		return;
	if (money_of_millionths(wanted, p->currency, &minor) && minor == is)
		return;
	money_plain(is, p->currency, text);
	yaml_mistake(p->report, yaml_get(node, field), "%s comes out as '%s'", field, text);
}

static void
count_check(struct playing *p, const struct yaml *node, const char *field, int64_t wanted,
    int64_t is)
{
	if (yaml_get(node, field) && wanted != is)
		yaml_mistake(p->report, yaml_get(node, field), "%s comes out as '%lld'", field,
		    (long long)is);
}

static void
value_check(struct playing *p, const struct yaml *node, int64_t wanted, int64_t is)
{
	struct sentence s = { .len = 0 };

	if (!yaml_get(node, "value") || wanted == is)
		return;
	sentence_millionths(&s, is);
	yaml_mistake(p->report, yaml_get(node, "value"), "value comes out as '%.*s'", (int)s.len,
	    s.text);
}

static void
lines_check(struct playing *p, const struct settlement *st)
{
	const struct line_row *rows = p->row->lines.items;

	for (uint32_t i = 0; i < p->row->lines.n; i++) {
		int64_t earned = 0, payable = 0, n = 0;

		for (uint32_t k = 0; k < st->lines_n; k++) {
			const struct settle_line *line = &st->lines[k];

			if (!span_eq(line->outcome, rows[i].outcome)
			    || (rows[i].state.ptr
				&& !span_eq(settle_state_name(line->state), rows[i].state)))
				continue;
			earned += line->earned_minor;
			payable += line->payable_minor;
			n++;
		}
		count_check(p, rows[i].at.node, "lines", rows[i].lines, n);
		money_check(p, rows[i].at.node, "earned", rows[i].earned, earned);
		money_check(p, rows[i].at.node, "payable", rows[i].payable, payable);
	}
}

static void
measures_check(struct playing *p, const struct settlement *st)
{
	const struct measure_row *rows = p->row->measures.items;

	for (uint32_t i = 0; i < p->row->measures.n; i++) {
		const struct settle_measure *m = NULL;

		for (uint32_t k = 0; k < st->measures_n; k++)
			if (span_eq(st->measures[k].outcome, rows[i].outcome)
			    && span_eq(st->measures[k].part, rows[i].part)
			    && (rows[i].part.ptr || st->measures[k].ordinal == rows[i].ordinal))
				m = &st->measures[k];
		if (!m) {
			yaml_mistake(p->report, rows[i].at.node, "nothing of that is measured");
			continue;
		}
		count_check(p, rows[i].at.node, "is", rows[i].is / EXAMPLE_MILLION, m->is);
		count_check(p, rows[i].at.node, "of", rows[i].of / EXAMPLE_MILLION, m->of);
		value_check(p, rows[i].at.node, rows[i].value, m->value);
		count_check(p, rows[i].at.node, "units", rows[i].units, m->units);
		count_check(p, rows[i].at.node, "eligible", rows[i].eligible, m->eligible);
		money_check(p, rows[i].at.node, "earned", rows[i].earned, m->earned_minor);
	}
}

static void
payers_check(struct playing *p, const struct settlement *st)
{
	const struct share_row *rows = p->row->payers.items;

	for (uint32_t i = 0; i < p->row->payers.n; i++) {
		int64_t payable = 0;

		for (uint32_t k = 0; k < st->lines_n; k++)
			for (uint32_t j = 0; j < st->lines[k].payers_n; j++)
				if (span_eq(st->lines[k].payers[j], rows[i].payer))
					payable += st->lines[k].by_payer[j];
		money_check(p, rows[i].at.node, "payable", rows[i].payable, payable);
	}
}

static void
settlement_play(struct playing *p)
{
	const struct achieved_row *achieved = p->row->achieved.items;
	const struct reference_row *refs = p->row->references.items;
	struct settle_reference *references;
	struct settle_facts facts = { .from = p->row->from, .to = p->row->to };
	struct settlement st;

	arena_reset(&p->arena);
	p->n = 0;
	for (uint32_t i = 0; i < p->row->achieved.n; i++)
		achieved_play(p, &achieved[i]);
	references = arena_alloc(&p->arena, (p->row->references.n + 1) * sizeof(*references));
	MUST(references != NULL);
	for (uint32_t i = 0; i < p->row->references.n; i++)
		references[i] = (struct settle_reference){ refs[i].what, refs[i].name,
			refs[i].origin, refs[i].number };
	facts.references = references;
	facts.references_n = p->row->references.n;
	st = settle(p->contract, p->rows, p->n, &facts, &p->arena);
	money_check(p, p->row->at.node, "earned", p->row->earned, st.earned_minor);
	money_check(p, p->row->at.node, "payable", p->row->payable, st.payable_minor);
	money_check(p, p->row->at.node, "held", p->row->held, st.held_minor);
	money_check(p, p->row->at.node, "earned_all", p->row->earned_all, st.earned_all_minor);
	money_check(p, p->row->at.node, "payable_all", p->row->payable_all, st.payable_all_minor);
	lines_check(p, &st);
	measures_check(p, &st);
	payers_check(p, &st);
}

void
settle_examples_run(const struct contract *contract, const struct yaml_list *settlements,
    struct yaml_report *report)
{
	const struct settlement_row *rows = settlements->items;
	struct playing p = { .contract = contract, .report = report,
		.currency = currency_find(contract_currency(contract)) };

	MUST(p.currency != NULL);
	arena_init(&p.arena, 0);
	for (uint32_t i = 0; i < settlements->n; i++) {
		p.row = &rows[i];
		settlement_play(&p);
	}
	arena_release(&p.arena);
	mem_free(p.rows);
}
