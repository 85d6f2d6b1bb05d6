#include "transform/milestone/contract.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/rule_compile.h"
#include "transform/milestone/timeline_in.h"

/* --- the language, said once: docs/contracts.md explains it with examples --- */

#define AT(row, field) offsetof(struct row, field)
#define DAYS(row, field) .type = YF_INT, .offset = AT(row, field), .min = 0, \
	.max = RULES_NO_LIMIT_DAYS, .unit = "days"

static const char *const provider_alone_words[] = { "never", "allowed", NULL };
static const char *const pay_words[] = { "price", "none", NULL };
static const char *const applies_words[] = { "referrals", "everyone", NULL };
static const char *const settles_words[] = { "achieved", "verified", NULL };
static const char *const ceiling_words[] = { "free", "within-benefit", NULL };
static const char *const rounding_words[] = { "half-away", "half-even", "down", NULL };
static const char *const same_day_words[] = { "outcome-id", "rate-card", NULL };
static const char *const remainder_words[] = { "first-named", "last-named", NULL };
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
	{ .name = "decisions", .type = YF_NAMES, .offset = AT(evidence_terms, decisions),
	    .doc = "Signed decisions about it, each needed: interviewed, sampled-right." },
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

static const struct yaml_field outcome_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(outcome_terms, name), .required = true,
	    .doc = "Its name; never changes, it is part of what is paid." },
	{ .name = "title", .type = YF_TEXT, .offset = AT(outcome_terms, title), .required = true,
	    .doc = "What people call it." },
	{ .name = "for", .type = YF_NODE, .offset = AT(outcome_terms, for_node),
	    .doc = "Attributes that the referral must state; absent: for all of the cohort." },
	{ .name = "rule", .type = YF_NODE, .offset = AT(outcome_terms, rule_node), .required = true,
	    .doc = "When it is achieved: one of the kinds of rule." },
	{ .name = "price", .type = YF_NODE, .offset = AT(outcome_terms, price_node),
	    .unit = "major units", .doc = "Price of one, or a price function." },
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
	{ .name = "payers", .type = YF_LIST, .offset = AT(outcome_terms, payers),
	    .sub = &payer_record, .doc = "Who pays which share; absent: as the version says." },
	{ .name = "worth", .type = YF_OPTION, .offset = AT(outcome_terms, worth),
	    .sub = &worth_record, .doc = "Deadweight, attribution, unit cost: never paid on." },
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
	{ .name = "where", .type = YF_NODE, .offset = AT(cohort_terms, where_node),
	    .doc = "Attributes that the referral must state." },
	{ .name = "all_of", .type = YF_LIST, .offset = AT(cohort_terms, all_of),
	    .sub = &condition_record, .doc = "Each must be known by the day of the referral." },
	{ .name = "any_of", .type = YF_LIST, .offset = AT(cohort_terms, any_of),
	    .sub = &condition_record, .doc = "One of them must be." },
	{ .name = "none_of", .type = YF_LIST, .offset = AT(cohort_terms, none_of),
	    .sub = &condition_record, .doc = "None of them may be: exclusions." },
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
	{ .name = "settles", .type = YF_ENUM, .offset = AT(version_terms, settles),
	    .choices = settles_words, .preset = "achieved",
	    .doc = "Settled once achieved and proven, or only once verified." },
	{ .name = "benefit", .type = YF_DECIMAL, .offset = AT(version_terms, benefit_millionths),
	    .min = 0, .max = INT64_C(1000000000000) * 1000000, .unit = "major units",
	    .doc = "The scheme's stated benefit to the public." },
	{ .name = "ceiling", .type = YF_ENUM, .offset = AT(version_terms, ceiling),
	    .choices = ceiling_words, .preset = "free",
	    .doc = "within-benefit: the contract's cap may not be more than the benefit." },
	{ .name = "half_month_days", .type = YF_INT, .offset = AT(version_terms, half_month_days),
	    .min = 14, .max = 16, .preset = "15", .unit = "days",
	    .doc = "What half a month is, behind the calendar months." },
	{ .name = "rounding", .type = YF_ENUM, .offset = AT(version_terms, rounding),
	    .choices = rounding_words, .preset = "half-away",
	    .doc = "To the minor unit: half away from zero, half to even, or down." },
	{ .name = "same_day", .type = YF_ENUM, .offset = AT(version_terms, same_day),
	    .choices = same_day_words, .preset = "outcome-id",
	    .doc = "Which of one day caps take first: by outcome id, or in the rate card's order." },
	{ .name = "remainder", .type = YF_ENUM, .offset = AT(version_terms, remainder),
	    .choices = remainder_words, .preset = "first-named",
	    .doc = "Who of payers with equal remainders gets the odd minor unit." },
	{ .name = "payers", .type = YF_LIST, .offset = AT(version_terms, payers),
	    .sub = &payer_record, .doc = "Who pays which share; absent: one payer." },
	{ .name = "caps", .type = YF_LIST, .offset = AT(version_terms, caps),
	    .sub = &cap_record, .doc = "Caps, in the order in which they hold." },
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
	struct span parent;
	struct yaml_texts pays_with;
	struct yaml_list parties, versions, calendars, rates;
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
	{ .name = "parent", .type = YF_NAME, .offset = AT(contract_file, parent),
	    .doc = "The contract of the tier above, whose outcomes this one prices again." },
	{ .name = "pays_with", .type = YF_NAMES, .offset = AT(contract_file, pays_with),
	    .doc = "Contracts that pay for the same outcomes as well, as agreed." },
	{ .name = "calendars", .type = YF_TABLE, .offset = AT(contract_file, calendars),
	    .sub = &calendar_record, .doc = "Holidays and closures, by name." },
	{ .name = "rates", .type = YF_TABLE, .offset = AT(contract_file, rates),
	    .sub = &rate_record, .doc = "Wages, indexes, baselines, by name and day." },
	{ .name = "parties", .type = YF_LIST, .offset = AT(contract_file, parties),
	    .sub = &party_record, .doc = "Who takes part." },
	{ .name = "versions", .type = YF_LIST, .offset = AT(contract_file, versions),
	    .required = true, .sub = &version_record, .doc = "The terms, and their variations." },
};
const struct yaml_record contract_record =
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

/* --- outcomes --------------------------------------------------------------------- */

static void
outcome_twice(struct compiling *cp, const struct version_terms *v, uint32_t at)
{
	const struct outcome_terms *o = &v->outcomes[at];

	for (uint32_t i = 0; i < at; i++) {
		const struct outcome_terms *p = &v->outcomes[i];

		if (o->name.ptr && span_eq(p->name, o->name))
			yaml_mistake(cp->report, yaml_get(o->at.node, "outcome"),
			    "outcome '" SPAN_FMT "' stands here twice", SPAN_ARG(o->name));
		else if (o->pay == PAY_PRICE && p->pay == PAY_PRICE
		    && filter_eq(&o->only_for, &p->only_for) && rule_same(&o->rule, &p->rule))
			REFUSE(cp, yaml_key(o->at.node, "rule"),
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

static const struct span *
payer_names(struct compiling *cp, const struct yaml_list *payers)
{
	const struct payer_terms *p = payers->items;
	struct span *names = arena_zalloc(cp->arena, payers->n + 1, sizeof(*names));

	for (uint32_t i = 0; i < payers->n; i++)
		names[i] = p[i].payer;
	return names;
}

/* Kinds that count on silence. */
static bool
waits(const struct rule_terms *rule)
{
	return rule->at.node && (rule->kind == RULE_NON_OCCURRENCE || rule->kind == RULE_BASELINE_DAYS
	    || rule->kind == RULE_COMPARISON);
}

/* Months and days are there together only where half a month was written. */
static void
half_months(const struct version_terms *v, struct duration *d)
{
	if (d->months && d->days)
		d->days = v->half_month_days;
}

static void
outcome_compile(struct compiling *cp, struct version_terms *v, uint32_t at)
{
	struct outcome_terms *o = &v->outcomes[at];

	filter_read(cp, o->for_node, &o->only_for);
	rule_read(cp, o);
	price_read(cp, o);
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
	if (!o->payers.n)
		o->payers = v->payers;
	else
		payers_compile(cp, &o->payers);
	o->payer_names = payer_names(cp, &o->payers);
	if (!o->reported_by.n
	    && (!duration_is_zero(o->window) || v->ends != DATE_NONE || waits(&o->rule)))
		yaml_mistake(cp->report, o->at.node,
		    "nobody would report it: no party 'reports: yes', and no 'reported_by'");
	name_check(cp, yaml_get(o->at.node, "outcome"), o->name);
	half_months(v, &o->window);
	half_months(v, &o->claim_within);
	half_months(v, &o->rule.lasts);
	half_months(v, &o->rule.within);
	half_months(v, &o->rule.every);
	half_months(v, &o->rule.apart);
	half_months(v, &o->rule.on_service);
	half_months(v, &o->rule.baseline_within);
	half_months(v, &o->rule.follow_up_within);
	price_compile(cp, o);
	rule_compile(cp, v, at);
	o->id_at = v->ids_n;
	v->ids_n += o->ids_n;
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
		if (s->gap_exactly == GAP_EXACTLY_NOT && s->gap_days > 0)
			s->gap_days--;
		filter_read(cp, s->where_node, &s->where);
		filter_read(cp, s->later_node, &s->later);
		if (s->later_node && !s->where_node)
			yaml_mistake(cp->report, yaml_key(s->at.node, "later"),
			    "'later' adds to 'where', and there is none");
		v->spells_n++;
	}
}

static void
conditions_compile(struct compiling *cp, struct yaml_list *list)
{
	struct condition_terms *c = list->items;

	for (uint32_t i = 0; i < list->n; i++) {
		filter_read(cp, c[i].where_node, &c[i].where);
		c[i].ended = kind_form(cp, c[i].event, "-ended");
	}
}

static void
cohort_compile(struct compiling *cp, struct cohort_terms *co)
{
	filter_read(cp, co->where_node, &co->where);
	conditions_compile(cp, &co->all_of);
	conditions_compile(cp, &co->any_of);
	conditions_compile(cp, &co->none_of);
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
		REFUSE(cp, yaml_get(v->at.node, "ends"),
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

/* --- caps ------------------------------------------------------------------------------- */

static void
cap_outcomes(struct compiling *cp, const struct version_terms *v, struct cap_terms *cap)
{
	for (uint32_t i = 0; i < cap->outcomes.n; i++) {
		bool found = false;

		for (uint32_t k = 0; k < v->outcomes_n; k++)
			if (span_eq(v->outcomes[k].name, cap->outcomes.items[i])) {
				found = true;
				cap->outcomes_set |= UINT64_C(1) << k;
			}
		if (!found)
			yaml_mistake(cp->report, cap->outcomes.at[i],
			    "no outcome '" SPAN_FMT "' in this version",
			    SPAN_ARG(cap->outcomes.items[i]));
	}
}

static void
cap_compile(struct compiling *cp, const struct version_terms *v, struct cap_terms *cap)
{
	bool volume = cap->cap == CAP_VOLUME, most = yaml_get(cap->at.node, "most") != NULL;
	bool amount = yaml_get(cap->at.node, "amount") != NULL;

	cap_outcomes(cp, v, cap);
	if (volume != most || volume == amount)
		yaml_mistake(cp->report, cap->at.node, volume
			? "a cap of volume says 'most', and no 'amount'"
			: "a cap of money says 'amount', and no 'most'");
	minor_of(cp, yaml_get(cap->at.node, "amount"), cap->amount_millionths, &cap->amount_minor);
	if ((cap->cap == CAP_PAYER) != (cap->payer.ptr != NULL))
		yaml_mistake(cp->report, cap->at.node, "'payer' and a cap of a payer belong together");
	if (cap->band.ptr && !volume)
		yaml_mistake(cp->report, yaml_key(cap->at.node, "band"),
		    "'band' belongs to a cap of volume");
	if (cap->cap == CAP_OUTCOME && !cap->outcomes.n)
		yaml_mistake(cp->report, cap->at.node, "a cap of an outcome names its 'outcomes'");
	cap->payer_at = -1;
	for (uint32_t i = 0; cap->payer.ptr && i < cp->c->parties_n; i++)
		if (span_eq(cp->c->parties[i].name, cap->payer))
			cap->payer_at = (int32_t)i;
	if (cap->payer.ptr && cap->payer_at < 0)
		yaml_mistake(cp->report, yaml_get(cap->at.node, "payer"),
		    "'" SPAN_FMT "' is none of the parties", SPAN_ARG(cap->payer));
}

/* Two caps of one thing: the second contradicts the first, or is of no use. */
static bool
cap_same(const struct cap_terms *a, const struct cap_terms *b)
{
	return a->cap == b->cap && a->outcomes_set == b->outcomes_set && span_eq(a->band, b->band)
	    && span_eq(a->payer, b->payer) && (a->cap != CAP_PERIOD || a->every == b->every);
}

/* A scheme that pays no more than it is worth. */
static void
ceiling_check(struct compiling *cp, const struct version_terms *v, const struct cap_terms *cap)
{
	if (v->ceiling != CEILING_WITHIN_BENEFIT)
		return;
	if (!yaml_get(v->at.node, "benefit"))
		yaml_mistake(cp->report, yaml_get(v->at.node, "ceiling"),
		    "the scheme's 'benefit' is not stated");
	else if (!cap)
		REFUSE(cp, yaml_get(v->at.node, "ceiling"),
		    "no ceiling: a cap of the contract is needed");
	else if (cap->amount_millionths > v->benefit_millionths)
		REFUSE(cp, yaml_get(cap->at.node, "amount"),
		    "the ceiling is more than the stated benefit, which this scheme forbids");
}

static void
caps_compile(struct compiling *cp, struct version_terms *v)
{
	struct cap_terms *caps = v->caps.items;
	const struct cap_terms *contract_cap = NULL;
	int64_t contract = INT64_MAX;

	for (uint32_t i = 0; i < v->caps.n; i++) {
		cap_compile(cp, v, &caps[i]);
		for (uint32_t k = 0; k < i; k++)
			if (cap_same(&caps[k], &caps[i]))
				REFUSE(cp, caps[i].at.node,
				    "caps contradict: the same cap stands above");
		if (caps[i].cap == CAP_CONTRACT && caps[i].outcomes_set == 0) {
			contract = caps[i].amount_minor;
			contract_cap = &caps[i];
		}
	}
	ceiling_check(cp, v, contract_cap);
	for (uint32_t i = 0; i < v->caps.n; i++)
		if (caps[i].cap != CAP_VOLUME && caps[i].cap != CAP_CONTRACT
		    && caps[i].amount_minor > contract)
			REFUSE(cp, yaml_get(caps[i].at.node, "amount"),
			    "caps contradict: more than the whole contract's");
}

static void
version_compile(struct compiling *cp, uint32_t at)
{
	struct version_terms *v = &cp->c->versions[at];

	if (at > 0 && v->number <= v[-1].number)
		yaml_mistake(cp->report, yaml_get(v->at.node, "version"),
		    "versions rise; the one before is %d", v[-1].number);
	if (at > 0 && v->effective != DATE_NONE && v[-1].effective != DATE_NONE
	    && v->effective <= v[-1].effective)
		yaml_mistake(cp->report, yaml_get(v->at.node, "effective"),
		    v->effective < v[-1].effective ? "before the version that it varies"
						   : "versions overlap: the one before is of the same day");
	cohort_compile(cp, &v->cohort);
	cp->c->programmes |= programme_bit(hash64(v->cohort.programme.ptr, v->cohort.programme.len,
	    NAME_SEED));
	cohort_check(cp, v);
	spells_compile(cp, v);
	payers_compile(cp, &v->payers);
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
	if (v->ids_n > RULES_IDS_MAX)
		yaml_mistake(cp->report, yaml_key(v->at.node, "outcomes"),
		    "more than %d outcomes of one person, all payments counted", RULES_IDS_MAX);
	caps_compile(cp, v);
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

static int
closed_cmp(const void *a, const void *b)
{
	const struct closed_terms *x = a, *y = b;

	return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to) - (x->to < y->to);
}

static void
calendars_compile(struct compiling *cp)
{
	struct contract *c = cp->c;

	for (uint32_t i = 0; i < c->calendars_n; i++) {
		struct calendar_terms *t = &c->calendars[i];

		t->name = t->at.key ? t->at.key->text : SPAN_NONE;
		t->days = t->closed.items;
		t->days_n = t->closed.n;
		for (uint32_t k = 0; k < t->days_n; k++) {
			if (t->days[k].to == DATE_NONE)
				t->days[k].to = t->days[k].from;
			if (t->days[k].to < t->days[k].from)
				yaml_mistake(cp->report, yaml_get(t->days[k].at.node, "to"),
				    "'to' is before 'from'");
		}
		qsort(t->days, t->days_n, sizeof(*t->days), closed_cmp);
	}
}

static void
rates_compile(struct compiling *cp)
{
	struct contract *c = cp->c;

	for (uint32_t i = 0; i < c->rates_n; i++) {
		const struct rate_step_terms *s = c->rates[i].steps.items;

		c->rates[i].name = c->rates[i].at.key ? c->rates[i].at.key->text : SPAN_NONE;
		if (c->rates[i].steps.n == 0)
			yaml_mistake(cp->report, c->rates[i].at.node, "a rate without steps");
		for (uint32_t k = 1; k < c->rates[i].steps.n; k++)
			if (s[k].from <= s[k - 1].from)
				yaml_mistake(cp->report, s[k].at.node, "steps rise by their day");
	}
}

static struct contract *
parse(const struct yaml *root, struct yaml_report *report, bool shown)
{
	struct contract *c = mem_zalloc(1, sizeof(*c));
	uint32_t before = report->n;
	struct compiling cp = { .c = c, .report = report };
	struct contract_file file;

	c->doc = tree_copy(root);
	cp.arena = &c->doc->arena;
	yaml_read(c->doc->root, &contract_record, &file, report);
	c->name = file.name;
	c->title = file.title;
	c->currency = file.currency;
	c->unit = span_str(unit_words[file.unit]);
	c->parties = file.parties.items;
	c->parties_n = file.parties.n;
	c->versions = file.versions.items;
	c->versions_n = file.versions.n;
	c->parent = file.parent;
	c->pays_with = file.pays_with;
	c->death_hash = hash64("death", strlen("death"), NAME_SEED);
	c->calendars = file.calendars.items;
	c->calendars_n = file.calendars.n;
	c->rates = file.rates.items;
	c->rates_n = file.rates.n;
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
		calendars_compile(&cp);
		rates_compile(&cp);
		for (uint32_t i = 0; i < c->versions_n; i++)
			version_compile(&cp, i);
	}
	if (c->versions_n == 0 && report->n == before)
		yaml_mistake(report, root, "no versions: no terms");
	if (report->n == before || (shown && report->n == before + cp.refused))
		return c;
	contract_free(c);
	return NULL;
}

struct contract *
contract_parse(const struct yaml *root, struct yaml_report *report)
{
	return parse(root, report, false);
}

struct contract *
contract_parse_shown(const struct yaml *root, struct yaml_report *report)
{
	return parse(root, report, true);
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
