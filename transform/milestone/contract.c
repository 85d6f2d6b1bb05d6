#include "transform/milestone/contract.h"

#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"
#include "transform/milestone/rules.h"
#include "transform/milestone/timeline_in.h"

enum { MILLION = 1000000 };

/* --- the language, said once: docs/contracts.md explains it with examples --- */

#define AT(row, field) offsetof(struct row, field)
#define DAYS(row, field) .type = YF_INT, .offset = AT(row, field), .min = 0, \
	.max = RULES_NO_LIMIT_DAYS, .unit = "days"

static const char *const provider_alone_words[] = { "never", "allowed", NULL };
static const char *const gap_within_words[] = { "counts", "pauses", NULL };
static const char *const gap_longer_words[] = { "resets", "fails", NULL };
static const char *const moves_words[] = { "any", "planned", "none", NULL };
static const char *const risk_words[] = { "ignored", "none-known", NULL };
static const char *const rule_words[] = { "event-once", "spell", "assessment", NULL };
static const char *const move_words[] = { "any", "first", NULL };
static const char *const pay_words[] = { "price", "none", NULL };
static const char *const applies_words[] = { "referrals", "everyone", NULL };
static const char *const unit_words[] = { "person", "child", "family", NULL };
static const char *const party_words[] = { "commissioner", "payer", "spv", "provider", "investor",
	"agency", NULL };

static const struct yaml_field evidence_fields[] = {
	{ .name = "from", .type = YF_NAMES, .offset = AT(evidence_terms, from),
	    .doc = "Roles of agencies, one of which must say so." },
	{ .name = "types", .type = YF_NAMES, .offset = AT(evidence_terms, types),
	    .doc = "Evidence types, one of which must be held." },
	{ .name = "kinds", .type = YF_NAMES, .offset = AT(evidence_terms, kinds),
	    .doc = "Other kinds of event that prove it, beside the rule's own." },
	{ .name = "agencies", .type = YF_INT, .offset = AT(evidence_terms, agencies), .min = 1,
	    .max = 9, .preset = "1", .doc = "How many independent organisations must say so." },
	{ .name = "provider_alone", .type = YF_ENUM, .offset = AT(evidence_terms, provider_alone),
	    .choices = provider_alone_words, .preset = "never",
	    .doc = "May the provider's own word be enough?" },
	{ .name = "fresh_days", DAYS(evidence_terms, fresh_days), .preset = "0",
	    .doc = "A fact may speak of so many days before the day that is judged." },
	{ .name = "same_days", DAYS(evidence_terms, same_days), .preset = "31",
	    .doc = "Records so many days apart may speak of one event." },
	{ .name = "engaged_days", DAYS(evidence_terms, engaged_days), .preset = "36600",
	    .doc = "The service must have seen the person no longer than this before." },
};
static const struct yaml_record evidence_record =
    YAML_RECORD("an evidence rule", struct evidence_terms, evidence_fields);

static const struct yaml_field spell_fields[] = {
	{ .name = "spell", .type = YF_NAME, .offset = AT(spell_terms, name), .required = true,
	    .doc = "Its name, for rules." },
	{ .name = "event", .type = YF_NAME, .offset = AT(spell_terms, event), .required = true,
	    .doc = "The kind of event; its -confirmed and -ended belong to it." },
	{ .name = "where", .type = YF_NODE, .offset = AT(spell_terms, where_node),
	    .doc = "Attributes that it must have to begin, and to count." },
	{ .name = "later", .type = YF_NODE, .offset = AT(spell_terms, later_node),
	    .doc = "Attributes that count too, after a planned move; never as the first." },
	{ .name = "gap_days", DAYS(spell_terms, gap_days), .preset = "0",
	    .doc = "The longest gap that is allowed." },
	{ .name = "gap_total_days", DAYS(spell_terms, gap_total_days), .preset = "36600",
	    .doc = "All gaps of one spell together." },
	{ .name = "gap_within", .type = YF_ENUM, .offset = AT(spell_terms, gap_within),
	    .choices = gap_within_words, .preset = "counts",
	    .doc = "A gap that is allowed: the due date stays, or moves by the gap." },
	{ .name = "gap_longer", .type = YF_ENUM, .offset = AT(spell_terms, gap_longer),
	    .choices = gap_longer_words, .preset = "resets",
	    .doc = "A longer gap: a new spell may begin, or nothing more." },
	{ .name = "moves", .type = YF_ENUM, .offset = AT(spell_terms, moves),
	    .choices = moves_words, .preset = "any",
	    .doc = "Which moves keep continuity: it belongs to the person, not the address." },
	{ .name = "risk", .type = YF_ENUM, .offset = AT(spell_terms, risk), .choices = risk_words,
	    .preset = "ignored", .doc = "none-known: no known risk of homelessness on the day." },
	{ .name = "one_at_a_time", .type = YF_BOOL, .offset = AT(spell_terms, one_at_a_time),
	    .preset = "no", .doc = "Who is in one such place is in no other." },
	{ .name = "overlap_days", DAYS(spell_terms, overlap_days), .preset = "7",
	    .doc = "Two agencies' days may differ by so many before they contradict each other." },
};
static const struct yaml_record spell_record =
    YAML_RECORD("a spell", struct spell_terms, spell_fields);

static const struct yaml_field rule_fields[] = {
	{ .name = "kind", .type = YF_ENUM, .offset = AT(rule_terms, kind), .required = true,
	    .choices = rule_words, .doc = "Kind of rule." },
	{ .name = "event", .type = YF_NAME, .offset = AT(rule_terms, event),
	    .doc = "event-once, assessment: the kind of event." },
	{ .name = "where", .type = YF_NODE, .offset = AT(rule_terms, where_node),
	    .doc = "Attributes that it must have; of a rung: the spell's, replaced." },
	{ .name = "move", .type = YF_ENUM, .offset = AT(rule_terms, move), .choices = move_words,
	    .preset = "any",
	    .doc = "event-once: any event that fits, or only the first of its kind." },
	{ .name = "risk", .type = YF_ENUM, .offset = AT(rule_terms, risk), .choices = risk_words,
	    .preset = "ignored", .doc = "event-once: none-known, as of a spell." },
	{ .name = "one_at_a_time", .type = YF_BOOL, .offset = AT(rule_terms, one_at_a_time),
	    .preset = "no", .doc = "event-once: as of a spell." },
	{ .name = "overlap_days", DAYS(rule_terms, overlap_days), .preset = "7",
	    .doc = "event-once: as of a spell." },
	{ .name = "spell", .type = YF_NAME, .offset = AT(rule_terms, spell),
	    .doc = "spell: which of the version's spells." },
	{ .name = "lasts", .type = YF_DURATION, .offset = AT(rule_terms, lasts),
	    .doc = "spell: how long; months are counted from the start, clamped." },
	{ .name = "stage", .type = YF_INT, .offset = AT(rule_terms, stage), .min = 1, .max = 9,
	    .preset = NULL, .doc = "assessment: which one." },
	{ .name = "after", .type = YF_NAME, .offset = AT(rule_terms, after),
	    .doc = "assessment: the outcome that must have come before." },
	{ .name = "apart_days", DAYS(rule_terms, apart_days), .preset = "0",
	    .doc = "assessment: at least so many days after it." },
};
static const struct yaml_record rule_record = YAML_RECORD("a rule", struct rule_terms, rule_fields);

static const struct yaml_field outcome_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(outcome_terms, name), .required = true,
	    .doc = "Its name; never changes, it is part of what is paid." },
	{ .name = "title", .type = YF_TEXT, .offset = AT(outcome_terms, title), .required = true,
	    .doc = "What people call it." },
	{ .name = "rule", .type = YF_RECORD, .offset = AT(outcome_terms, rule), .required = true,
	    .sub = &rule_record, .doc = "When it is achieved." },
	{ .name = "price", .type = YF_DECIMAL, .offset = AT(outcome_terms, price_millionths),
	    .min = 0, .max = INT64_C(1000000000) * 1000000, .unit = "major units",
	    .doc = "Price of one." },
	{ .name = "pay", .type = YF_ENUM, .offset = AT(outcome_terms, pay), .choices = pay_words,
	    .preset = "price", .doc = "none: measured, not paid." },
	{ .name = "evidence", .type = YF_OPTION, .offset = AT(outcome_terms, evidence),
	    .sub = &evidence_record, .doc = "What proves it; absent: as the version says." },
	{ .name = "window", .type = YF_DURATION, .offset = AT(outcome_terms, window),
	    .doc = "From referral; achieved before its end." },
	{ .name = "claim_within", .type = YF_DURATION, .offset = AT(outcome_terms, claim_within),
	    .doc = "From the day achieved; a later claim does not count." },
	{ .name = "lag", .type = YF_DURATION, .offset = AT(outcome_terms, lag),
	    .doc = "Behind the window's end, before it is said not to have happened." },
	{ .name = "reported_by", .type = YF_TEXTS, .offset = AT(outcome_terms, reported_by),
	    .doc = "Organisations that would have reported it; absent: parties that report." },
};
static const struct yaml_record outcome_record =
    YAML_RECORD("an outcome", struct outcome_terms, outcome_fields);

static const struct yaml_field cohort_fields[] = {
	{ .name = "referral", .type = YF_NAME, .offset = AT(cohort_terms, referral),
	    .preset = "referral", .doc = "The kind of event that refers." },
	{ .name = "programme", .type = YF_NAME, .offset = AT(cohort_terms, programme),
	    .required = true, .doc = "The referral's programme." },
	{ .name = "age_min", .type = YF_INT, .offset = AT(cohort_terms, age_min), .min = 0,
	    .max = RULES_AGE_MAX, .preset = "0", .unit = "years", .doc = "At referral." },
	{ .name = "age_max", .type = YF_INT, .offset = AT(cohort_terms, age_max), .min = 0,
	    .max = RULES_AGE_MAX, .preset = "150", .unit = "years", .doc = "At referral." },
	{ .name = "from", .type = YF_DATE, .offset = AT(cohort_terms, from),
	    .doc = "First day of referrals." },
	{ .name = "until", .type = YF_DATE, .offset = AT(cohort_terms, until),
	    .doc = "Last day of referrals." },
	{ .name = "routes", .type = YF_NAMES, .offset = AT(cohort_terms, routes),
	    .doc = "Routes of referral that count." },
	{ .name = "referred_by", .type = YF_NAMES, .offset = AT(cohort_terms, referred_by),
	    .doc = "Roles of agencies whose referral counts." },
};
static const struct yaml_record cohort_record =
    YAML_RECORD("a cohort", struct cohort_terms, cohort_fields);

static const struct yaml_field version_fields[] = {
	{ .name = "version", .type = YF_INT, .offset = AT(version_terms, number), .required = true,
	    .min = 1, .max = 100000, .doc = "From 1, rising." },
	{ .name = "effective", .type = YF_DATE, .offset = AT(version_terms, effective),
	    .required = true, .doc = "First day." },
	{ .name = "applies", .type = YF_ENUM, .offset = AT(version_terms, applies),
	    .choices = applies_words, .preset = "referrals",
	    .doc = "To people referred from that day on, or to everyone once it has come." },
	{ .name = "says", .type = YF_TEXT, .offset = AT(version_terms, says),
	    .doc = "What was varied, and why." },
	{ .name = "ends", .type = YF_DATE, .offset = AT(version_terms, ends),
	    .doc = "Last day on which an outcome may be achieved." },
	{ .name = "window", .type = YF_DURATION, .offset = AT(version_terms, window),
	    .doc = "As of an outcome, for all that have none." },
	{ .name = "claim_within", .type = YF_DURATION, .offset = AT(version_terms, claim_within),
	    .doc = "As of an outcome, for all that have none." },
	{ .name = "lag", .type = YF_DURATION, .offset = AT(version_terms, lag),
	    .doc = "As of an outcome, for all that have none." },
	{ .name = "evidence", .type = YF_RECORD, .offset = AT(version_terms, evidence),
	    .sub = &evidence_record, .doc = "As of an outcome, for all that have none." },
	{ .name = "cohort", .type = YF_RECORD, .offset = AT(version_terms, cohort),
	    .required = true, .sub = &cohort_record, .doc = "Who is paid for." },
	{ .name = "spells", .type = YF_LIST, .offset = AT(version_terms, spells_read),
	    .sub = &spell_record, .doc = "What counts as one continuous spell." },
	{ .name = "outcomes", .type = YF_LIST, .offset = AT(version_terms, outcomes_read),
	    .required = true, .sub = &outcome_record, .doc = "The rate card." },
};
static const struct yaml_record version_record =
    YAML_RECORD("a version", struct version_terms, version_fields);

static const struct yaml_field party_fields[] = {
	{ .name = "party", .type = YF_ENUM, .offset = AT(party_terms, party), .required = true,
	    .choices = party_words, .doc = "As what." },
	{ .name = "name", .type = YF_TEXT, .offset = AT(party_terms, name), .required = true,
	    .doc = "As people call it." },
	{ .name = "organisation", .type = YF_TEXT, .offset = AT(party_terms, organisation),
	    .doc = "Its code, as in agencies.yaml." },
	{ .name = "reports", .type = YF_BOOL, .offset = AT(party_terms, reports), .preset = "no",
	    .doc = "Would report what happens; silence means something once it is complete." },
};
static const struct yaml_record party_record =
    YAML_RECORD("a party", struct party_terms, party_fields);

struct contract_file {
	struct yaml_at at;
	struct span name, title, currency;
	int32_t unit;
	struct yaml_list parties, versions;
};

static const struct yaml_field file_fields[] = {
	{ .name = "contract", .type = YF_NAME, .offset = AT(contract_file, name), .required = true,
	    .doc = "Its name; never changes." },
	{ .name = "title", .type = YF_TEXT, .offset = AT(contract_file, title), .required = true,
	    .doc = "What people call it." },
	{ .name = "currency", .type = YF_TEXT, .offset = AT(contract_file, currency),
	    .required = true, .doc = "ISO 4217." },
	{ .name = "unit", .type = YF_ENUM, .offset = AT(contract_file, unit),
	    .choices = unit_words, .preset = "person", .doc = "Who an outcome is of." },
	{ .name = "parties", .type = YF_LIST, .offset = AT(contract_file, parties),
	    .sub = &party_record, .doc = "Who takes part." },
	{ .name = "versions", .type = YF_LIST, .offset = AT(contract_file, versions),
	    .required = true, .sub = &version_record, .doc = "The terms, and their variations." },
};
static const struct yaml_record file_record =
    YAML_RECORD("a contract", struct contract_file, file_fields);

/* --- our own copy of the tree: what is read borrows from it ----------------- */

static void
node_copy(struct yaml_doc *doc, struct yaml *out, const struct yaml *in)
{
	struct yaml *keys, *items;

	*out = *in;
	out->doc = doc;
	out->text = arena_copy(&doc->arena, in->text);
	if (!in->n)
		return;
	items = arena_zalloc(&doc->arena, in->n, sizeof(*items));
	keys = in->keys ? arena_zalloc(&doc->arena, in->n, sizeof(*keys)) : NULL;
	for (uint32_t i = 0; i < in->n; i++) {
		node_copy(doc, &items[i], &in->items[i]); /* as deep as YAML_DEPTH_MAX */
		if (keys)
			node_copy(doc, &keys[i], &in->keys[i]);
	}
	out->items = items;
	out->keys = keys;
}

static struct yaml_doc *
tree_copy(const struct yaml *root)
{
	struct arena arena;
	struct yaml_doc *doc;
	struct yaml *top;

	arena_init(&arena, 0);
	doc = arena_zalloc(&arena, 1, sizeof(*doc));
	doc->arena = arena;
	doc->name = arena_str(&doc->arena, span_str(root->doc->name));
	doc->source = arena_copy(&doc->arena, root->doc->source);
	top = arena_zalloc(&doc->arena, 1, sizeof(*top));
	node_copy(doc, top, root);
	doc->root = top;
	return doc;
}

/* --- filters ------------------------------------------------------------------ */

struct compiling {
	struct contract *c;
	struct arena *arena;
	struct yaml_report *report;
	const struct currency *currency;
};

static bool
filter_value_read(struct compiling *cp, const struct yaml *node, struct filter_value *out)
{
	char found[YAML_QUOTE_MAX + 8];
	bool yes;

	if (yaml_decimal(node, &out->number)) {
		out->is_number = true;
		return true;
	}
	if (yaml_bool(node, &yes)) {
		out->is_number = true;
		out->number = yes ? MILLION : 0;
		return true;
	}
	if (!yaml_name(node))
		return yaml_mistake(cp->report, node,
		    "found %s, expected a code, a number, yes or no", yaml_found(node, found));
	out->text = node->text;
	return true;
}

static void
filter_bounds_read(struct compiling *cp, const struct yaml *node, struct filter_term *term)
{
	char found[YAML_QUOTE_MAX + 8];

	for (uint32_t i = 0; i < node->n; i++) {
		bool least = span_is(node->keys[i].text, "at_least");

		if (!least && !span_is(node->keys[i].text, "below"))
			yaml_mistake(cp->report, &node->keys[i],
			    "unknown key '" SPAN_FMT "', expected one of at_least, below",
			    SPAN_ARG(node->keys[i].text));
		else if (!yaml_decimal(&node->items[i], least ? &term->at_least : &term->below))
			yaml_mistake(cp->report, &node->items[i], "found %s, expected a number",
			    yaml_found(&node->items[i], found));
	}
	if (term->below <= term->at_least)
		yaml_mistake(cp->report, node, "nothing is below and at least that at once");
}

static void
filter_term_read(struct compiling *cp, const struct yaml *node, struct filter_term *term)
{
	const struct yaml *items = node->kind == YAML_SEQUENCE ? node->items : node;
	uint32_t n = node->kind == YAML_SEQUENCE ? node->n : 1;

	term->at_least = INT64_MIN;
	term->below = INT64_MAX;
	if (node->kind == YAML_MAPPING) {
		filter_bounds_read(cp, node, term);
		return;
	}
	if (n == 0)
		yaml_mistake(cp->report, node, "an empty list: nothing would ever fit");
	term->values = arena_zalloc(cp->arena, n + 1, sizeof(*term->values));
	for (uint32_t i = 0; i < n; i++)
		if (filter_value_read(cp, &items[i], &term->values[term->n]))
			term->n++;
}

static void
filter_read(struct compiling *cp, const struct yaml *node, struct filter *out)
{
	char found[YAML_QUOTE_MAX + 8];

	*out = (struct filter){ 0 };
	if (!node)
		return;
	if (node->kind != YAML_MAPPING) {
		yaml_mistake(cp->report, node,
		    "found %s, expected attributes and what they may be, as {setting: [hostel]}",
		    yaml_found(node, found));
		return;
	}
	out->terms = arena_zalloc(cp->arena, node->n + 1, sizeof(*out->terms));
	out->n = node->n;
	for (uint32_t i = 0; i < node->n; i++) {
		out->terms[i].attribute = node->keys[i].text;
		filter_term_read(cp, &node->items[i], &out->terms[i]);
	}
}

static bool
filter_eq(const struct filter *a, const struct filter *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct filter_term *x = &a->terms[i], *y = &b->terms[i];

		if (!span_eq(x->attribute, y->attribute) || x->n != y->n
		    || x->at_least != y->at_least || x->below != y->below)
			return false;
		for (uint32_t j = 0; j < x->n; j++)
			if (x->values[j].is_number != y->values[j].is_number
			    || x->values[j].number != y->values[j].number
			    || !span_eq(x->values[j].text, y->values[j].text))
				return false;
	}
	return true;
}

/* --- rules ---------------------------------------------------------------------- */

static struct span
kind_form(struct compiling *cp, struct span event, const char *form)
{
	return span_str(arena_printf(cp->arena, SPAN_FMT "%s", SPAN_ARG(event), form));
}

/* A parameter that a kind of rule has no use for was meant for another. */
static void
rule_stray(struct compiling *cp, const struct rule_terms *rule, const char *const *allowed)
{
	const struct yaml *node = rule->at.node;

	for (uint32_t i = 0; node && node->kind == YAML_MAPPING && i < node->n; i++) {
		bool ours = false, known = false;

		for (const char *const *p = allowed; *p; p++)
			ours |= span_is(node->keys[i].text, *p);
		for (size_t k = 0; k < rule_record.n; k++) /* an unknown key is told already */
			known |= span_is(node->keys[i].text, rule_fields[k].name);
		if (!ours && known)
			yaml_mistake(cp->report, &node->keys[i],
			    "'" SPAN_FMT "' means nothing in a rule of kind '%s'",
			    SPAN_ARG(node->keys[i].text), rule_words[rule->kind]);
	}
}

static const struct spell_terms *
spell_named(const struct version_terms *v, struct span name, uint32_t *at)
{
	for (uint32_t i = 0; i < v->spells_n; i++)
		if (span_eq(v->spells[i].name, name)) {
			*at = i;
			return &v->spells[i];
		}
	return NULL;
}

/* What a rule looks for, if not one of the version's spells as it is, is a spell
 * of its own: a rung with another filter, an event that has no length. */
static uint32_t
spell_like(struct compiling *cp, struct version_terms *v, const struct spell_terms *like,
    const struct yaml *at)
{
	for (uint32_t i = 0; i < v->spells_n; i++) {
		const struct spell_terms *s = &v->spells[i];

		if (!s->name.ptr && s->at.node == like->at.node && s->risk == like->risk
		    && s->one_at_a_time == like->one_at_a_time
		    && s->overlap_days == like->overlap_days && span_eq(s->event, like->event)
		    && filter_eq(&s->where, &like->where))
			return i;
	}
	if (v->spells_n == RULES_SPELLS_MAX) {
		yaml_mistake(cp->report, at, "more than %d spells", RULES_SPELLS_MAX);
		return 0;
	}
	v->spells[v->spells_n] = *like;
	v->spells[v->spells_n].name = SPAN_NONE;
	return v->spells_n++;
}

static void
stage_add(struct compiling *cp, struct rule_terms *rule)
{
	struct filter_term *terms = arena_zalloc(cp->arena, rule->where.n + 1, sizeof(*terms));
	struct filter_value *value = arena_zalloc(cp->arena, 1, sizeof(*value));

	if (rule->where.n)
		memcpy(terms, rule->where.terms, rule->where.n * sizeof(*terms));
	*value = (struct filter_value){ .is_number = true, .number = rule->stage * MILLION };
	terms[rule->where.n] = (struct filter_term){ .attribute = SPAN_LIT("stage"),
		.values = value, .n = 1, .at_least = INT64_MIN, .below = INT64_MAX };
	rule->where = (struct filter){ terms, rule->where.n + 1 };
}

/* An event is a spell of which only the first day matters. */
static void
rule_event(struct compiling *cp, struct version_terms *v, struct rule_terms *rule)
{
	struct spell_terms like = { .event = rule->event, .risk = rule->risk,
		.one_at_a_time = rule->one_at_a_time, .overlap_days = rule->overlap_days };

	if (!rule->event.ptr)
		return;
	if (rule->stage)
		stage_add(cp, rule);
	like.where = rule->where;
	like.confirmed = kind_form(cp, rule->event, "-confirmed");
	like.ended = kind_form(cp, rule->event, "-ended");
	rule->spell_at = spell_like(cp, v, &like, rule->at.node);
}

static void
rule_spell(struct compiling *cp, struct version_terms *v, struct rule_terms *rule)
{
	static const char *const allowed[] = { "kind", "spell", "lasts", "where", NULL };
	const struct spell_terms *s;

	rule_stray(cp, rule, allowed);
	if (duration_is_zero(rule->lasts) && !yaml_get(rule->at.node, "lasts"))
		yaml_mistake(cp->report, rule->at.node, "a spell must say how long it 'lasts'");
	else if (duration_is_zero(rule->lasts) && yaml_get(rule->at.node, "lasts"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "lasts"),
		    "a spell of no length: use kind 'event-once'");
	if (!rule->spell.ptr) {
		if (!yaml_get(rule->at.node, "spell"))
			yaml_mistake(cp->report, rule->at.node,
			    "a rule of kind 'spell' must name one of the version's spells");
		return;
	}
	s = spell_named(v, rule->spell, &rule->spell_at);
	if (!s) {
		yaml_mistake(cp->report, yaml_get(rule->at.node, "spell"),
		    "no spell '" SPAN_FMT "' in this version", SPAN_ARG(rule->spell));
		return;
	}
	if (rule->where_node) {
		struct spell_terms like = *s;

		like.where = rule->where;
		rule->spell_at = spell_like(cp, v, &like, rule->where_node);
	}
}

static void
rule_after(struct compiling *cp, const struct version_terms *v, uint32_t at,
    struct rule_terms *rule)
{
	if (!rule->after.ptr)
		return;
	for (uint32_t i = 0; i < at; i++)
		if (span_eq(v->outcomes[i].name, rule->after)) {
			rule->after_at = i;
			return;
		}
	yaml_mistake(cp->report, yaml_get(rule->at.node, "after"),
	    "no outcome '" SPAN_FMT "' stands before this one", SPAN_ARG(rule->after));
}

static void
rule_compile(struct compiling *cp, struct version_terms *v, uint32_t at)
{
	static const char *const once[] = { "kind", "event", "where", "move", "risk",
		"one_at_a_time", "overlap_days", NULL };
	static const char *const assessment[] = { "kind", "event", "where", "stage", "after",
		"apart_days", NULL };
	struct rule_terms *rule = &v->outcomes[at].rule;
	const struct yaml *node = rule->at.node;

	if (!node || node->kind != YAML_MAPPING || !yaml_get(node, "kind"))
		return; /* told already */
	filter_read(cp, rule->where_node, &rule->where);
	switch ((enum rule_kind)rule->kind) {
	case RULE_SPELL:
		rule_spell(cp, v, rule);
		return;
	case RULE_EVENT_ONCE:
		rule_stray(cp, rule, once);
		break;
	case RULE_ASSESSMENT:
		rule_stray(cp, rule, assessment);
		rule_after(cp, v, at, rule);
		break;
	}
	if (!rule->event.ptr && rule->kind == RULE_ASSESSMENT && !yaml_get(node, "event"))
		rule->event = SPAN_LIT("assessment");
	if (!rule->event.ptr && !yaml_get(node, "event"))
		yaml_mistake(cp->report, node, "a rule of kind '%s' must name its 'event'",
		    rule_words[rule->kind]);
	rule_event(cp, v, rule);
}

static bool
rule_eq(const struct rule_terms *a, const struct rule_terms *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == RULE_SPELL)
		return a->spell_at == b->spell_at && a->lasts.months == b->lasts.months
		    && a->lasts.days == b->lasts.days;
	return span_eq(a->event, b->event) && filter_eq(&a->where, &b->where)
	    && a->stage == b->stage;
}

/* --- outcomes --------------------------------------------------------------------- */

static void
price_compile(struct compiling *cp, struct outcome_terms *o)
{
	const struct yaml *price = yaml_get(o->at.node, "price");

	if (o->pay == PAY_NONE && price)
		yaml_mistake(cp->report, price, "'pay: none' and a price: one of them is too much");
	if (o->pay == PAY_PRICE && !price)
		yaml_mistake(cp->report, o->at.node,
		    "no price; an outcome that is only measured says 'pay: none'");
	if (!price || !cp->currency)
		return;
	if (!money_of_millionths(o->price_millionths, cp->currency, &o->price_minor))
		yaml_mistake(cp->report, price, "finer than the smallest unit of %s",
		    cp->currency->code);
	else if (o->price_minor == 0 && o->pay == PAY_PRICE)
		yaml_mistake(cp->report, price,
		    "a price of nothing can never pay; say 'pay: none'");
}

static void
outcome_twice(struct compiling *cp, const struct version_terms *v, uint32_t at)
{
	const struct outcome_terms *o = &v->outcomes[at];

	for (uint32_t i = 0; i < at; i++) {
		const struct outcome_terms *p = &v->outcomes[i];

		if (o->name.ptr && span_eq(p->name, o->name))
			yaml_mistake(cp->report, yaml_get(o->at.node, "outcome"),
			    "outcome '" SPAN_FMT "' stands here twice", SPAN_ARG(o->name));
		else if (o->pay == PAY_PRICE && p->pay == PAY_PRICE && rule_eq(&o->rule, &p->rule)
		    && (o->rule.event.ptr || o->rule.spell.ptr))
			yaml_mistake(cp->report, yaml_key(o->at.node, "rule"),
			    "pays twice for one fact: the same rule as '" SPAN_FMT "'",
			    SPAN_ARG(p->name));
	}
}

static void
name_check(struct compiling *cp, const struct yaml *node, struct span name)
{
	if (name.len > RULES_NAME_BYTES)
		yaml_mistake(cp->report, node, "a name of more than %d letters", RULES_NAME_BYTES);
}

static void
outcome_compile(struct compiling *cp, struct version_terms *v, uint32_t at)
{
	struct outcome_terms *o = &v->outcomes[at];

	if (!o->evidence)
		o->evidence = &v->evidence;
	if (duration_is_zero(o->window))
		o->window = v->window;
	if (duration_is_zero(o->claim_within))
		o->claim_within = v->claim_within;
	if (duration_is_zero(o->lag))
		o->lag = v->lag;
	if (!o->reported_by.n)
		o->reported_by = cp->c->reporting;
	if (!o->reported_by.n && (!duration_is_zero(o->window) || v->ends != DATE_NONE))
		yaml_mistake(cp->report, o->at.node,
		    "nobody would report it: no party 'reports: yes', and no 'reported_by'");
	name_check(cp, yaml_get(o->at.node, "outcome"), o->name);
	price_compile(cp, o);
	rule_compile(cp, v, at);
	outcome_twice(cp, v, at);
}

/* --- versions ------------------------------------------------------------------------ */

static void
spells_compile(struct compiling *cp, struct version_terms *v)
{
	const struct spell_terms *rows = v->spells_read.items;

	v->spells = arena_zalloc(cp->arena, RULES_SPELLS_MAX, sizeof(*v->spells));
	for (uint32_t i = 0; i < v->spells_read.n; i++) {
		struct spell_terms *s = &v->spells[v->spells_n];
		uint32_t at;

		if (v->spells_n == RULES_SPELLS_MAX) {
			yaml_mistake(cp->report, rows[i].at.node, "more than %d spells",
			    RULES_SPELLS_MAX);
			return;
		}
		if (rows[i].name.ptr && spell_named(v, rows[i].name, &at))
			yaml_mistake(cp->report, yaml_get(rows[i].at.node, "spell"),
			    "spell '" SPAN_FMT "' stands here twice", SPAN_ARG(rows[i].name));
		*s = rows[i];
		s->confirmed = kind_form(cp, s->event, "-confirmed");
		s->ended = kind_form(cp, s->event, "-ended");
		filter_read(cp, s->where_node, &s->where);
		filter_read(cp, s->later_node, &s->later);
		if (s->later_node && !s->where_node)
			yaml_mistake(cp->report, yaml_key(s->at.node, "later"),
			    "'later' adds to 'where', and there is none");
		v->spells_n++;
	}
}

static void
cohort_check(struct compiling *cp, const struct version_terms *v)
{
	const struct cohort_terms *co = &v->cohort;

	if (co->age_min > co->age_max)
		yaml_mistake(cp->report, yaml_get(co->at.node, "age_max"),
		    "nobody is of that age: 'age_max' is below 'age_min'");
	if (co->from != DATE_NONE && co->until != DATE_NONE && co->until < co->from)
		yaml_mistake(cp->report, yaml_get(co->at.node, "until"),
		    "'until' is before 'from'");
	if (v->ends != DATE_NONE && co->from != DATE_NONE && v->ends < co->from)
		yaml_mistake(cp->report, yaml_get(v->at.node, "ends"),
		    "can never pay: it ends before the first referral");
}

static struct kind_slot *
kind_slot(struct kind_slot *slots, struct span kind, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (KIND_SLOTS - 1);

	while (slots[i].kind.ptr && !(slots[i].hash == hash && span_eq(slots[i].kind, kind)))
		i = (i + 1) & (KIND_SLOTS - 1);
	return &slots[i];
}

static void
kind_add(struct compiling *cp, struct version_terms *v, const struct spell_terms *s,
    struct span kind, enum event_form form)
{
	uint64_t hash = hash64(kind.ptr, kind.len, NAME_SEED);
	struct kind_slot *slot = kind_slot(v->kinds, kind, hash);

	if (slot->kind.ptr)
		yaml_mistake(cp->report, s->at.node ? s->at.node : v->at.node,
		    "'" SPAN_FMT "' is a kind of its own and a form of another", SPAN_ARG(kind));
	*slot = (struct kind_slot){ kind, hash, (uint16_t)v->bases_n, (uint16_t)form };
}

static void
kinds_compile(struct compiling *cp, struct version_terms *v)
{
	v->kinds = arena_zalloc(cp->arena, KIND_SLOTS, sizeof(*v->kinds));
	for (uint32_t i = 0; i < v->spells_n; i++) {
		struct spell_terms *s = &v->spells[i];
		uint32_t same = 0;

		if (!s->event.ptr)
			continue;
		while (same < i && !span_eq(v->spells[same].event, s->event))
			same++;
		if (same < i) {
			s->base = v->spells[same].base;
			continue;
		}
		s->base = v->bases_n;
		kind_add(cp, v, s, s->event, FORM_ITSELF);
		kind_add(cp, v, s, s->confirmed, FORM_CONFIRMED);
		kind_add(cp, v, s, s->ended, FORM_ENDED);
		v->bases_n++;
	}
	v->memo_key = hash64(cp->c->name.ptr, cp->c->name.len, NAME_SEED);
	for (uint32_t i = 0; i < v->outcomes_n; i++)
		v->memo_key = hash64(v->outcomes[i].name.ptr, v->outcomes[i].name.len, v->memo_key);
}

static void
version_compile(struct compiling *cp, uint32_t at)
{
	struct version_terms *v = &cp->c->versions[at];

	if (at > 0 && v->number <= v[-1].number)
		yaml_mistake(cp->report, yaml_get(v->at.node, "version"),
		    "versions rise; the one before is %d", v[-1].number);
	if (at > 0 && v->effective != DATE_NONE && v[-1].effective != DATE_NONE
	    && v->effective < v[-1].effective)
		yaml_mistake(cp->report, yaml_get(v->at.node, "effective"),
		    "before the version that it varies");
	cohort_check(cp, v);
	spells_compile(cp, v);
	v->outcomes = v->outcomes_read.items;
	v->outcomes_n = v->outcomes_read.n;
	if (v->outcomes_n > RULES_OUTCOMES_MAX) {
		yaml_mistake(cp->report, yaml_key(v->at.node, "outcomes"), "more than %d outcomes",
		    RULES_OUTCOMES_MAX);
		return;
	}
	if (v->outcomes_n == 0 && yaml_get(v->at.node, "outcomes"))
		yaml_mistake(cp->report, yaml_key(v->at.node, "outcomes"),
		    "can never pay: no outcomes");
	for (uint32_t i = 0; i < v->outcomes_n; i++)
		outcome_compile(cp, v, i);
	kinds_compile(cp, v);
}

static void
parties_compile(struct compiling *cp)
{
	struct contract *c = cp->c;

	c->reporting.items = arena_zalloc(cp->arena, c->parties_n + 1, sizeof(struct span));
	for (uint32_t i = 0; i < c->parties_n; i++) {
		const struct party_terms *p = &c->parties[i];

		if (p->reports && !p->organisation.ptr)
			yaml_mistake(cp->report, p->at.node,
			    "who reports needs its 'organisation', as in the agencies");
		if (!p->reports || !p->organisation.ptr)
			continue;
		for (uint32_t j = 0; j < c->reporting.n; j++)
			if (span_eq(c->reporting.items[j], p->organisation))
				yaml_mistake(cp->report, yaml_get(p->at.node, "organisation"),
				    "the same organisation reports twice");
		c->reporting.items[c->reporting.n++] = p->organisation;
	}
}

struct contract *
contract_parse(const struct yaml *root, struct yaml_report *report)
{
	struct contract *c = mem_zalloc(1, sizeof(*c));
	uint32_t before = report->n;
	struct compiling cp = { .c = c, .report = report };
	struct contract_file file;

	c->doc = tree_copy(root);
	cp.arena = &c->doc->arena;
	yaml_read(c->doc->root, &file_record, &file, report);
	c->name = file.name;
	c->title = file.title;
	c->currency = file.currency;
	c->unit = span_str(unit_words[file.unit]);
	c->parties = file.parties.items;
	c->parties_n = file.parties.n;
	c->versions = file.versions.items;
	c->versions_n = file.versions.n;
	name_check(&cp, yaml_get(c->doc->root, "contract"), c->name);
	cp.currency = currency_find(file.currency);
	if (file.currency.ptr && !cp.currency)
		yaml_mistake(report, yaml_get(c->doc->root, "currency"),
		    "not a currency that we know, expected one of %s", currency_codes());
	if (c->parties_n > RULES_PARTIES_MAX || c->versions_n > RULES_VERSIONS_MAX)
		yaml_mistake(report, c->doc->root, "more than %d parties or %d versions",
		    RULES_PARTIES_MAX, RULES_VERSIONS_MAX);
	else {
		parties_compile(&cp);
		for (uint32_t i = 0; i < c->versions_n; i++)
			version_compile(&cp, i);
	}
	if (c->versions_n == 0 && report->n == before)
		yaml_mistake(report, root, "no versions: no terms");
	if (report->n == before)
		return c;
	contract_free(c);
	return NULL;
}

void
contract_free(struct contract *c)
{
	if (!c)
		return;
	yaml_doc_free(c->doc);
	mem_free(c);
}

/* --- what others ask ------------------------------------------------------------------- */

static const struct version_terms *
newest(const struct contract *c)
{
	return &c->versions[c->versions_n - 1];
}

struct span
contract_name(const struct contract *c)
{
	return c->name;
}

struct span
contract_title(const struct contract *c)
{
	return c->title;
}

int32_t
contract_version_newest(const struct contract *c)
{
	return newest(c)->number;
}

struct span
contract_unit(const struct contract *c)
{
	return c->unit;
}

struct span
contract_currency(const struct contract *c)
{
	return c->currency;
}

size_t
contract_outcomes_n(const struct contract *c)
{
	return newest(c)->outcomes_n;
}

struct span
contract_outcome_name(const struct contract *c, size_t i)
{
	MUST(i < newest(c)->outcomes_n);
	return newest(c)->outcomes[i].name;
}

struct span
contract_outcome_title(const struct contract *c, size_t i)
{
	MUST(i < newest(c)->outcomes_n);
	return newest(c)->outcomes[i].title;
}

int64_t
contract_outcome_price(const struct contract *c, size_t i)
{
	MUST(i < newest(c)->outcomes_n);
	return newest(c)->outcomes[i].price_minor;
}

struct span
contract_organisation_name(const struct contract *c, struct span organisation)
{
	for (uint32_t i = 0; i < c->parties_n; i++)
		if (c->parties[i].organisation.ptr
		    && span_eq(c->parties[i].organisation, organisation))
			return c->parties[i].name;
	return organisation;
}
