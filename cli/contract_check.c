#include "cli/contract_check.h"

#include "common/mem.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"

enum { CHECK_NAMES_MAX = 256 };

struct check {
	const struct contract *c;
	const struct version_terms *v;
	const struct codes *codes;
	const struct agencies *agencies;
	struct yaml_report *report;
};

/* --- what an event may say */

static void
kind_unknown(struct check *ch, const struct yaml *at, struct span name)
{
	const char *names[CHECK_NAMES_MAX], *near;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 0);
	for (size_t i = 0; i < ch->codes->n_kinds && n < CHECK_NAMES_MAX; i++)
		names[n++] = arena_str(&arena, ch->codes->kinds[i].names[KIND_ITSELF]);
	near = yaml_suggest(name, names, n);
	yaml_mistake(ch->report, at, "found '" SPAN_FMT "', expected a kind of kinds.yaml%s%s%s",
	    SPAN_ARG(name), near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	arena_release(&arena);
}

/* NULL: not known, and noted. */
static const struct kind *
kind_check(struct check *ch, const struct yaml *at, struct span name)
{
	const struct kind *kind = kind_named(ch->codes, name);

	if (!kind)
		kind_unknown(ch, at, name);
	return kind;
}

/* A code that never held, whatever the day. */
static bool
code_never(const struct code_list *list, struct span code)
{
	struct span canonical;

	return code_find(list, code, 0, &canonical) == CODE_UNKNOWN;
}

static void
value_check(struct check *ch, const struct yaml *at, const struct attribute_def *def,
    const struct filter_value *value)
{
	if (def->type == ATTRIBUTE_CODE && value->is_number)
		yaml_mistake(ch->report, at, "found a number, expected a code of " SPAN_FMT ".yaml",
		    SPAN_ARG(def->list->name));
	else if (def->type == ATTRIBUTE_CODE && code_never(def->list, value->text))
		yaml_mistake(ch->report, at, "found '" SPAN_FMT "', expected a code of " SPAN_FMT
		    ".yaml", SPAN_ARG(value->text), SPAN_ARG(def->list->name));
	else if ((def->type == ATTRIBUTE_NUMBER || def->type == ATTRIBUTE_BOOLEAN)
	    && !value->is_number)
		yaml_mistake(ch->report, at, "found '" SPAN_FMT "', expected %s",
		    SPAN_ARG(value->text),
		    def->type == ATTRIBUTE_NUMBER ? "a number" : "yes or no");
}

/* Numbers that no record may say. */
static void
bounds_check(struct check *ch, const struct yaml *at, const struct attribute_def *def,
    int64_t at_least, int64_t below)
{
	struct sentence limit = { .len = 0 };

	if (def->type != ATTRIBUTE_NUMBER || !def->bounded
	    || (at_least <= def->max && below > def->min))
		return;
	sentence_millionths(&limit, at_least > def->max ? def->max : def->min);
	yaml_mistake(ch->report, at, "can never be: '" SPAN_FMT "' is %s %.*s in kinds.yaml",
	    SPAN_ARG(def->name), at_least > def->max ? "at most" : "at least", (int)limit.len,
	    limit.text);
}

static void
filter_check(struct check *ch, const struct kind *kind, const struct yaml *node,
    const struct filter *filter)
{
	enum derived derived;

	for (uint32_t i = 0; kind && node && i < filter->n; i++) {
		const struct filter_term *t = &filter->terms[i];
		const struct attribute_def *def = attribute_def_find(kind, t->attribute);
		const struct yaml *key = node, *value = node;

		for (uint32_t k = 0; k < node->n; k++)
			if (node->keys && span_eq(node->keys[k].text, t->attribute)) {
				key = &node->keys[k];
				value = &node->items[k];
			}
		if (!def && !derived_find(t->attribute, &derived))
			yaml_mistake(ch->report, key, "found '" SPAN_FMT
			    "', expected an attribute of " SPAN_FMT " in kinds.yaml",
			    SPAN_ARG(t->attribute), SPAN_ARG(kind->names[KIND_ITSELF]));
		for (uint32_t k = 0; def && k < t->n; k++)
			value_check(ch, value->n == t->n ? &value->items[k] : value, def,
			    &t->values[k]);
		if (def && !t->n)
			bounds_check(ch, value, def, t->at_least, t->below);
	}
}

static const struct yaml *
place(const struct yaml_at *at, const char *key, const struct yaml_at *otherwise)
{
	const struct yaml *node
	    = at->node && at->node->kind == YAML_MAPPING ? yaml_get(at->node, key) : NULL;

	return node ? node : at->node ? at->node : otherwise->node;
}

static void
spells_check(struct check *ch)
{
	for (uint32_t i = 0; i < ch->v->spells_n; i++) {
		const struct spell_terms *s = &ch->v->spells[i];
		const struct kind *kind;

		if (!s->at.node || !s->name.ptr)
			continue; /* made by a rule, which is looked at itself */
		kind = kind_check(ch, place(&s->at, "event", &ch->v->at), s->event);
		filter_check(ch, kind, s->where_node, &s->where);
		filter_check(ch, kind, s->later_node, &s->later);
		if (kind && !kind->spell)
			yaml_mistake(ch->report, place(&s->at, "event", &ch->v->at),
			    "'" SPAN_FMT "' is a point in kinds.yaml, expected a spell",
			    SPAN_ARG(s->event));
	}
}

static void
types_check(struct check *ch, const struct evidence_terms *e, const struct yaml_at *otherwise)
{
	for (uint32_t i = 0; i < e->types.n; i++)
		if (code_never(ch->codes->evidence_types, e->types.items[i]))
			yaml_mistake(ch->report, e->types.at[i] ? e->types.at[i] : otherwise->node,
			    "found '" SPAN_FMT "', expected a code of evidence-types.yaml",
			    SPAN_ARG(e->types.items[i]));
	for (uint32_t i = 0; i < e->kinds.n; i++)
		kind_check(ch, e->kinds.at[i] ? e->kinds.at[i] : otherwise->node,
		    e->kinds.items[i]);
}

static void
conditions_check(struct check *ch, const struct yaml_list *conditions)
{
	const struct condition_terms *c = conditions->items;

	for (uint32_t i = 0; i < conditions->n; i++)
		if (c[i].event.ptr)
			filter_check(ch, kind_check(ch, place(&c[i].at, "event", &ch->v->at),
			    c[i].event), c[i].where_node, &c[i].where);
}

static void
cohort_check(struct check *ch)
{
	const struct cohort_terms *co = &ch->v->cohort;
	const struct code_list *programmes = code_list_named(ch->codes, SPAN_LIT("programmes"));
	const struct code_list *routes = code_list_named(ch->codes, SPAN_LIT("referral-routes"));

	if (co->programme.ptr && programmes && code_never(programmes, co->programme))
		yaml_mistake(ch->report, place(&co->at, "programme", &ch->v->at),
		    "found '" SPAN_FMT "', expected a code of programmes.yaml",
		    SPAN_ARG(co->programme));
	for (uint32_t i = 0; routes && i < co->routes.n; i++)
		if (code_never(routes, co->routes.items[i]))
			yaml_mistake(ch->report, co->routes.at[i], "found '" SPAN_FMT
			    "', expected a code of referral-routes.yaml",
			    SPAN_ARG(co->routes.items[i]));
	filter_check(ch, kind_named(ch->codes, co->referral), co->where_node, &co->where);
	conditions_check(ch, &co->all_of);
	conditions_check(ch, &co->any_of);
	conditions_check(ch, &co->none_of);
}

/* --- who could prove it */

static struct span
event_of(const struct check *ch, const struct outcome_terms *o)
{
	switch ((enum rule_kind)o->rule.kind) {
	case RULE_SPELL:
	case RULE_SPELL_EXCLUDING:
	case RULE_RECURRING:
	case RULE_INTENSITY_BAND:
	case RULE_CUMULATIVE_DAYS:
		return o->rule.spell_at < ch->v->spells_n ? ch->v->spells[o->rule.spell_at].event
							  : SPAN_NONE;
	case RULE_BASELINE_DAYS:
	case RULE_COMPARISON:
	case RULE_NON_OCCURRENCE:
		return SPAN_NONE; /* nobody sends what did not happen */
	default:
		return o->rule.event;
	}
}

static bool
may_prove(const struct agency *a, const struct evidence_terms *e, struct span event)
{
	bool role = e->from.n == 0, kind = agency_may_say(a, event);

	for (uint32_t i = 0; i < e->from.n; i++)
		role = role || span_eq(e->from.items[i], a->role);
	for (uint32_t i = 0; i < e->kinds.n; i++)
		kind = kind || agency_may_say(a, e->kinds.items[i]);
	return role && kind;
}

/* Distinct organisations; `independent`: of them, those that are no providers. */
static void
provers_count(const struct check *ch, const struct evidence_terms *e, struct span event,
    int32_t *all, int32_t *independent)
{
	*all = *independent = 0;
	for (size_t i = 0; i < ch->agencies->n; i++) {
		const struct agency *a = &ch->agencies->items[i];
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before = before
			    || (span_eq(ch->agencies->items[k].organisation, a->organisation)
				&& may_prove(&ch->agencies->items[k], e, event));
		if (before || !may_prove(a, e, event))
			continue;
		++*all;
		*independent += !span_is(a->role, "provider");
	}
}

static void
provable_check(struct check *ch, const struct outcome_terms *o)
{
	const struct evidence_terms *e = o->evidence;
	const struct yaml *at = e->at.node ? e->at.node : o->at.node;
	struct span event = event_of(ch, o);
	int32_t all, independent;

	if (!event.ptr || (ch->codes && !kind_named(ch->codes, event)))
		return; /* said already */
	provers_count(ch, e, event, &all, &independent);
	if (all == 0 || all < e->agencies)
		yaml_mistake(ch->report, at,
		    "outcome '" SPAN_FMT "' needs '" SPAN_FMT "' from %d organisation%s, %d of "
		    "agencies.yaml may send it: it can never be proven",
		    SPAN_ARG(o->name), SPAN_ARG(event), (int)(e->agencies > 1 ? e->agencies : 1),
		    e->agencies > 1 ? "s" : "", (int)all);
	else if (e->provider_alone == PROVIDER_ALONE_NEVER && independent == 0)
		yaml_mistake(ch->report, at,
		    "outcome '" SPAN_FMT "' is never proven by a provider alone, and only providers "
		    "of agencies.yaml may send '" SPAN_FMT "': it can never be proven",
		    SPAN_ARG(o->name), SPAN_ARG(event));
}

/* --- all of it */

/* Codes and numbers that a rule names outside its `where`. */
static void
rule_words_check(struct check *ch, const struct rule_terms *rule)
{
	const struct {
		const char *key, *list;
		struct span code;
	} words[] = {
		{ "instrument", "instruments", rule->instrument },
		{ "instrument_version", "instrument-versions", rule->instrument_version },
		{ "domain", "domains", rule->domain },
	};
	const struct kind *kind = rule->event.ptr ? kind_named(ch->codes, rule->event) : NULL;
	const struct attribute_def *def
	    = kind && rule->attribute.ptr ? attribute_def_find(kind, rule->attribute) : NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct code_list *list = code_list_named(ch->codes, span_str(words[i].list));

		if (words[i].code.ptr && list && code_never(list, words[i].code))
			yaml_mistake(ch->report, place(&rule->at, words[i].key, &ch->v->at),
			    "found '" SPAN_FMT "', expected a code of %s.yaml",
			    SPAN_ARG(words[i].code), words[i].list);
	}
	if (def && rule->hours)
		bounds_check(ch, place(&rule->at, "hours", &ch->v->at), def, rule->hours, INT64_MAX);
}

static void
outcome_check(struct check *ch, const struct outcome_terms *o)
{
	const struct rule_terms *rule = &o->rule;

	if (ch->codes)
		filter_check(ch, kind_named(ch->codes, ch->v->cohort.referral), o->for_node,
		    &o->only_for);
	if (ch->codes && rule->starts_with.ptr)
		kind_check(ch, place(&rule->at, "starts_with", &o->at), rule->starts_with);
	if (ch->codes)
		rule_words_check(ch, rule);
	for (uint32_t i = 0; ch->codes && i < rule->cut_by.n; i++)
		kind_check(ch, rule->cut_by.at[i], rule->cut_by.items[i]);
	for (uint32_t i = 0; ch->codes && i < rule->events.n; i++)
		filter_check(ch, kind_check(ch, rule->events.at[i], rule->events.items[i]),
		    rule->where_node, &rule->where);
	if (ch->codes && rule->event.ptr)
		filter_check(ch, kind_check(ch, place(&rule->at, "event", &o->at), rule->event),
		    rule->where_node, &rule->where);
	if (ch->codes)
		types_check(ch, o->evidence, &o->at);
	if (ch->agencies)
		provable_check(ch, o);
}

void
contract_check(const struct contract *c, const struct codes *codes,
    const struct agencies *agencies, struct yaml_report *report)
{
	struct check ch = { .c = c, .codes = codes, .agencies = agencies, .report = report };

	if (c->versions_n == 0)
		return;
	ch.v = &c->versions[c->versions_n - 1];
	if (codes) {
		cohort_check(&ch);
		spells_check(&ch);
	}
	for (uint32_t i = 0; i < ch.v->outcomes_n; i++)
		outcome_check(&ch, &ch.v->outcomes[i]);
}
