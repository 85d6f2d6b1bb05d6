#include "transform/milestone/rule_compile.h"

#include "transform/milestone/calendar.h"

enum { MILLION = 1000000, HUNDRED = 100 * 1000000 };

/* --- filters ------------------------------------------------------------------ */

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

void
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

bool
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

/* --- what rules are made of ------------------------------------------------------ */

struct span
kind_form(struct compiling *cp, struct span event, const char *form)
{
	return span_str(arena_printf(cp->arena, SPAN_FMT "%s", SPAN_ARG(event), form));
}

void
minor_of(struct compiling *cp, const struct yaml *at, int64_t millionths, int64_t *minor)
{
	if (cp->currency && !money_of_millionths(millionths, cp->currency, minor))
		yaml_mistake(cp->report, at, "finer than the smallest unit of %s",
		    cp->currency->code);
}

const struct spell_terms *
spell_named(const struct version_terms *v, struct span name, uint32_t *at)
{
	for (uint32_t i = 0; i < v->spells_n; i++)
		if (span_eq(v->spells[i].name, name)) {
			*at = i;
			return &v->spells[i];
		}
	return NULL;
}

const struct rate_terms *
rate_named(const struct contract *c, struct span name)
{
	for (uint32_t i = 0; i < c->rates_n; i++)
		if (span_eq(c->rates[i].name, name))
			return &c->rates[i];
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
		    && s->calendars_n == like->calendars_n
		    && (s->calendars_n == 0 || s->calendars == like->calendars)
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

/* One attribute more that the event must state. */
static void
where_add(struct compiling *cp, struct rule_terms *rule, const char *attribute, struct span text,
    int64_t number)
{
	struct filter_term *terms = arena_zalloc(cp->arena, rule->where.n + 1, sizeof(*terms));
	struct filter_value *value = arena_zalloc(cp->arena, 1, sizeof(*value));

	if (rule->where.n)
		memcpy(terms, rule->where.terms, rule->where.n * sizeof(*terms));
	*value = (struct filter_value){ .is_number = !text.ptr, .number = number, .text = text };
	terms[rule->where.n] = (struct filter_term){ .attribute = span_str(attribute),
		.values = value, .n = 1, .at_least = INT64_MIN, .below = INT64_MAX };
	rule->where = (struct filter){ terms, rule->where.n + 1 };
}

/* An event is a spell of which only the first day matters. */
static uint32_t
spell_of_event(struct compiling *cp, struct version_terms *v, const struct rule_terms *rule,
    struct span event)
{
	struct spell_terms like = { .event = event, .risk = rule->risk,
		.one_at_a_time = rule->one_at_a_time, .overlap_days = rule->overlap_days };

	if (!event.ptr)
		return 0;
	like.where = rule->where;
	like.confirmed = kind_form(cp, event, "-confirmed");
	like.ended = kind_form(cp, event, "-ended");
	return spell_like(cp, v, &like, rule->at.node);
}

static void
spell_take(struct compiling *cp, struct version_terms *v, struct rule_terms *rule)
{
	const struct spell_terms *s;
	struct spell_terms like;

	if (!rule->spell.ptr)
		return; /* told already */
	s = spell_named(v, rule->spell, &rule->spell_at);
	if (!s) {
		yaml_mistake(cp->report, yaml_get(rule->at.node, "spell"),
		    "no spell '" SPAN_FMT "' in this version", SPAN_ARG(rule->spell));
		return;
	}
	if (!rule->where_node && !(rule->kind == RULE_SPELL_EXCLUDING && rule->calendars_n))
		return;
	like = *s;
	if (rule->where_node)
		like.where = rule->where;
	if (rule->kind == RULE_SPELL_EXCLUDING) {
		like.calendars = rule->calendars;
		like.calendars_n = rule->calendars_n;
		like.gaps_in_calendar = rule->gap_in_calendar == CALENDAR_GAP_COUNTS;
	}
	rule->spell_at = spell_like(cp, v, &like, rule->at.node);
}

static bool
outcome_before(const struct version_terms *v, uint32_t at, struct span name, uint32_t *found)
{
	for (uint32_t i = 0; i < at; i++)
		if (span_eq(v->outcomes[i].name, name)) {
			*found = i;
			return true;
		}
	return false;
}

static bool
before_or_mistake(struct compiling *cp, const struct version_terms *v, uint32_t at,
    struct span name, const struct yaml *node, uint32_t *found)
{
	if (outcome_before(v, at, name, found))
		return true;
	return yaml_mistake(cp->report, node, "no outcome '" SPAN_FMT "' stands before this one",
	    SPAN_ARG(name));
}

static void
after_take(struct compiling *cp, const struct version_terms *v, uint32_t at,
    struct rule_terms *rule)
{
	if (rule->after.ptr)
		before_or_mistake(cp, v, at, rule->after, yaml_get(rule->at.node, "after"),
		    &rule->after_at);
}

static void
named_take(struct compiling *cp, struct version_terms *v, uint32_t at, struct outcomes_named *of,
    bool unit)
{
	if (of->names.n > RULE_OF_MAX) {
		yaml_mistake(cp->report, of->names.at[RULE_OF_MAX], "more than %d outcomes",
		    RULE_OF_MAX);
		of->names.n = RULE_OF_MAX;
	}
	for (uint32_t i = 0; i < of->names.n; i++) {
		if (!before_or_mistake(cp, v, at, of->names.items[i], of->names.at[i], &of->at[i]))
			continue;
		if (unit && rule_kind_scope((enum rule_kind)v->outcomes[of->at[i]].rule.kind)
			== SCOPE_COHORT)
			yaml_mistake(cp->report, of->names.at[i],
			    "'" SPAN_FMT "' is the cohort's, not one person's",
			    SPAN_ARG(of->names.items[i]));
		v->compound |= unit;
		for (uint32_t k = 0; k < i; k++)
			if (span_eq(of->names.items[k], of->names.items[i]))
				yaml_mistake(cp->report, of->names.at[i],
				    "'" SPAN_FMT "' stands here twice",
				    SPAN_ARG(of->names.items[i]));
	}
}

static void
calendars_take(struct compiling *cp, struct rule_terms *rule)
{
	const struct contract *c = cp->c;

	for (uint32_t i = 0; i < rule->excluding.n; i++) {
		const struct calendar_terms *found = NULL;

		for (uint32_t k = 0; k < c->calendars_n; k++)
			if (span_eq(c->calendars[k].name, rule->excluding.items[i]))
				found = &c->calendars[k];
		if (!found)
			yaml_mistake(cp->report, rule->excluding.at[i],
			    "no calendar '" SPAN_FMT "' in this contract's 'calendars'",
			    SPAN_ARG(rule->excluding.items[i]));
		else if (rule->calendars_n == RULE_EVENTS_MAX)
			yaml_mistake(cp->report, rule->excluding.at[i], "more than %d calendars",
			    RULE_EVENTS_MAX);
		else
			rule->calendars[rule->calendars_n++] = found;
	}
}

static void
rate_take(struct compiling *cp, struct rule_terms *rule)
{
	if (!rule->rate.ptr)
		return;
	rule->rate_is = rate_named(cp->c, rule->rate);
	if (!rule->rate_is)
		yaml_mistake(cp->report, yaml_get(rule->at.node, "rate"),
		    "no rate '" SPAN_FMT "' in this contract's 'rates'", SPAN_ARG(rule->rate));
}

static bool
said(const struct rule_terms *rule, const char *key)
{
	return yaml_get(rule->at.node, key) != NULL;
}

static void
undeclared(struct compiling *cp, const struct rule_terms *rule, const char *key, const char *why)
{
	yaml_mistake(cp->report, rule->at.node, "'%s' must be declared: %s", key, why);
}

/* --- each kind's own meaning ------------------------------------------------------- */

static void
weeks_compile(struct compiling *cp, struct rule_terms *rule)
{
	if (rule->weeks > rule->within_weeks)
		REFUSE(cp, yaml_get(rule->at.node, "within"),
		    "can never pay: fewer weeks in a row than must count");
	if (rule->hours && rule->exactly == EXACTLY_UNSAID)
		undeclared(cp, rule, "exactly", "is a week of exactly these hours low or high?");
	if (!rule->hours && rule->hours_from == HOURS_WORKED)
		yaml_mistake(cp->report, rule->at.node, "'hours_from: worked' needs 'hours'");
}

static void
cumulative_days_compile(struct compiling *cp, struct version_terms *v, struct rule_terms *rule)
{
	if (rule->events.n > RULE_EVENTS_MAX) {
		yaml_mistake(cp->report, yaml_get(rule->at.node, "events"), "more than %d kinds",
		    RULE_EVENTS_MAX);
		return;
	}
	for (uint32_t i = 0; i < rule->events.n; i++)
		rule->spells_at[rule->spells_n++]
		    = spell_of_event(cp, v, rule, rule->events.items[i]);
	if (rule->events.n == 0 && said(rule, "events"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "events"),
		    "can never pay: no kind of event");
	rule->spell_at = rule->spells_at[0];
}

static void
amount_compile(struct compiling *cp, struct rule_terms *rule)
{
	bool amount = said(rule, "at_least"), rate = said(rule, "rate");

	filter_read(cp, rule->except_node, &rule->except);
	rate_take(cp, rule);
	if (amount == rate)
		yaml_mistake(cp->report, rule->at.node,
		    "either 'at_least', or 'rate' and 'times': how much?");
	if (rate != said(rule, "times"))
		yaml_mistake(cp->report, rule->at.node, "'rate' and 'times' belong together");
}

static void
recurring_compile(struct compiling *cp, struct rule_terms *rule)
{
	if (rule->periods == PERIODS_CUMULATIVE && rule->every.months)
		yaml_mistake(cp->report, yaml_get(rule->at.node, "every"),
		    "months are not so many days: say weeks or days, or 'periods: fixed'");
	if (duration_is_zero(rule->every) && said(rule, "every"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "every"),
		    "a period of no length");
}

static void
bands_compile(struct compiling *cp, struct rule_terms *rule)
{
	struct band_terms *b = rule->bands.items;

	if (rule->exactly == EXACTLY_UNSAID)
		undeclared(cp, rule, "exactly", "are exactly these hours the low or the high band?");
	if (rule->band_hours == BAND_HOURS_UNSAID)
		undeclared(cp, rule, "hours",
		    "hours that change: lowest, average or milestone?");
	if (rule->bands.n == 0 && said(rule, "bands"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "bands"),
		    "can never pay: no bands");
	for (uint32_t i = 0; i < rule->bands.n; i++) {
		bool last = i + 1 == rule->bands.n, below = yaml_get(b[i].at.node, "below") != NULL;

		minor_of(cp, yaml_get(b[i].at.node, "price"), b[i].price_millionths,
		    &b[i].price_minor);
		if (last == below)
			yaml_mistake(cp->report, b[i].at.node, last
				? "the last band has no 'below': it is all the rest"
				: "only the last band has no 'below'");
		if (i > 0 && below && b[i].below <= b[i - 1].below)
			yaml_mistake(cp->report, yaml_get(b[i].at.node, "below"),
			    "bands rise; the one before ends there or later");
	}
}

static void
score_compile(struct compiling *cp, struct rule_terms *rule)
{
	if (rule->instrument.ptr)
		where_add(cp, rule, "instrument", rule->instrument, 0);
	if (rule->instrument_version.ptr)
		where_add(cp, rule, "instrument-version", rule->instrument_version, 0);
	if (rule->domain.ptr)
		where_add(cp, rule, "domain", rule->domain, 0);
	if (said(rule, "direction") && rule->direction == DIRECTION_UNSAID)
		undeclared(cp, rule, "direction", "up or down");
	if (said(rule, "follow_up") && rule->follow_up == FOLLOW_UP_UNSAID)
		undeclared(cp, rule, "follow_up", "first or last");
	if (rule->kind == RULE_SCORE_CHANGE && rule->at_least == 0 && rule->reach == REACH_AT_LEAST
	    && said(rule, "change"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "change"),
		    "a change of 0 would pay for no change: any gain is 'reach: exceeding'");
}

static void
window_compile(struct compiling *cp, struct rule_terms *rule, const char *key)
{
	if (duration_is_zero(rule->lasts) && said(rule, key))
		yaml_mistake(cp->report, yaml_get(rule->at.node, key), "a window of no length");
}

static void
gate_compile(struct compiling *cp, struct version_terms *v, uint32_t at, struct rule_terms *rule)
{
	const struct step_terms *s = rule->steps.items;
	const struct band_terms *b = rule->bands.items;

	named_take(cp, v, at, &rule->of, false);
	if (rule->out_of.ptr)
		before_or_mistake(cp, v, at, rule->out_of, yaml_get(rule->at.node, "out_of"),
		    &rule->out_of_at);
	if (rule->out_of.ptr && rule->agreed)
		yaml_mistake(cp->report, yaml_key(rule->at.node, "agreed"),
		    "'agreed' and 'out_of': one of them is too much");
	if ((rule->gate_pays == GATE_BANDS) != (rule->bands.n > 0))
		yaml_mistake(cp->report, rule->at.node,
		    "'pays: bands' and a list of 'bands' belong together");
	for (uint32_t i = 1; i < rule->bands.n; i++)
		if (b[i].at_least <= b[i - 1].at_least)
			yaml_mistake(cp->report, b[i].at.node, "bands rise");
	if (rule->kind == RULE_RATE_GATE && rule->at_least == 0 && said(rule, "at_least"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "at_least"),
		    "a rate of nothing is no gate");
	for (uint32_t i = 0; i < rule->steps.n; i++) {
		bool from = yaml_get(s[i].at.node, "from") != NULL;

		if (from == (yaml_get(s[i].at.node, "past") != NULL))
			yaml_mistake(cp->report, s[i].at.node,
			    "a step is from a day or past a volume: one of them");
		if (i > 0 && s[i].at_least < s[i - 1].at_least)
			yaml_mistake(cp->report, s[i].at.node, "a target that rises does not fall");
		if (i > 0 && from && s[i - 1].from != DATE_NONE && s[i].from <= s[i - 1].from)
			yaml_mistake(cp->report, s[i].at.node, "steps rise by their day");
		if (i > 0 && !from && s[i].past <= s[i - 1].past && s[i - 1].from == DATE_NONE)
			yaml_mistake(cp->report, s[i].at.node, "steps rise by their volume");
		if (i > 0 && from == (s[i - 1].from == DATE_NONE))
			yaml_mistake(cp->report, s[i].at.node,
			    "all steps are from a day, or all past a volume");
	}
}

static void
tiers_compile(struct compiling *cp, struct rule_terms *rule)
{
	struct tier_terms *t = rule->tiers.items;

	if (rule->tiers.n == 0 && said(rule, "tiers"))
		yaml_mistake(cp->report, yaml_get(rule->at.node, "tiers"),
		    "can never pay: no tiers");
	for (uint32_t i = 0; i < rule->tiers.n; i++) {
		minor_of(cp, yaml_get(t[i].at.node, "price"), t[i].price_millionths,
		    &t[i].price_minor);
		for (uint32_t k = 0; k < i; k++)
			if (t[i].name.ptr && span_eq(t[k].name, t[i].name))
				yaml_mistake(cp->report, t[i].at.node,
				    "tier '" SPAN_FMT "' stands here twice", SPAN_ARG(t[i].name));
	}
}

/* Whole minor units by largest remainder; ties to the part named first. */
static void
parts_price(struct rule_terms *rule, int64_t price)
{
	struct part_terms *p = rule->parts.items;
	int64_t left = price;

	for (uint32_t i = 0; i < rule->parts.n; i++) {
		if (!p[i].share)
			continue;
		p[i].price_minor = (int64_t)((wide)price * p[i].share / HUNDRED);
		left -= p[i].price_minor;
	}
	for (; left > 0; left--) {
		struct part_terms *best = NULL;
		int64_t most = -1;

		for (uint32_t i = 0; i < rule->parts.n; i++) {
			wide rest = (wide)price * p[i].share
			    - (wide)p[i].price_minor * HUNDRED;

			if (p[i].share && rest > 0 && (int64_t)rest > most) {
				most = (int64_t)rest;
				best = &p[i];
			}
		}
		if (!best)
			break;
		best->price_minor++;
	}
}

static void
parts_compile(struct compiling *cp, struct version_terms *v, uint32_t at, struct outcome_terms *o)
{
	struct rule_terms *rule = &o->rule;
	struct part_terms *p = rule->parts.items;
	int64_t sum = 0;

	for (uint32_t i = 0; i < rule->parts.n; i++) {
		const struct yaml *node = yaml_get(p[i].at.node, "on");

		if ((yaml_get(p[i].at.node, "share") != NULL)
		    == (yaml_get(p[i].at.node, "bonus") != NULL))
			yaml_mistake(cp->report, p[i].at.node, "a 'share' or a 'bonus': one of them");
		sum += p[i].share;
		minor_of(cp, yaml_get(p[i].at.node, "bonus"), p[i].bonus_millionths,
		    &p[i].price_minor);
		if (!p[i].on.ptr || !before_or_mistake(cp, v, at, p[i].on, node, &p[i].on_at))
			continue;
		v->compound = true;
		if (v->outcomes[p[i].on_at].pay == PAY_PRICE && o->pay == PAY_PRICE)
			REFUSE(cp, node, "pays twice for one fact: '" SPAN_FMT
			    "' is paid for itself; it must say 'pay: none'", SPAN_ARG(p[i].on));
	}
	if (rule->parts.n && sum != HUNDRED)
		yaml_mistake(cp->report, yaml_get(rule->at.node, "parts"),
		    "shares add up to something else than 100");
	parts_price(rule, o->price_minor);
}

static void
n_of_m_compile(struct compiling *cp, struct version_terms *v, uint32_t at, struct outcome_terms *o)
{
	struct rule_terms *rule = &o->rule;

	named_take(cp, v, at, &rule->all_of, true);
	named_take(cp, v, at, &rule->any_of, true);
	if (rule->all_of.names.n + rule->any_of.names.n == 0)
		yaml_mistake(cp->report, rule->at.node, "can never pay: of no outcomes");
	if (rule->any_least > (int32_t)rule->any_of.names.n)
		REFUSE(cp, yaml_get(rule->at.node, "at_least"),
		    "can never pay: more than 'any_of' has");
	for (uint32_t i = 0; rule->kind == RULE_BUNDLE && i < rule->all_of.names.n; i++)
		if (o->pay == PAY_PRICE && v->outcomes[rule->all_of.at[i]].pay == PAY_PRICE)
			REFUSE(cp, rule->all_of.names.at[i],
			    "pays twice for one fact: '" SPAN_FMT
			    "' is paid for itself; in a bundle it must say 'pay: none'",
			    SPAN_ARG(rule->all_of.names.items[i]));
}

static void
comparison_compile(struct compiling *cp, struct rule_terms *rule)
{
	const struct cohort_part_terms *p = rule->cohorts.items;

	window_compile(cp, rule, "over");
	if (!said(rule, "pooled") && !said(rule, "early"))
		yaml_mistake(cp->report, rule->at.node,
		    "can never pay: neither 'pooled' nor 'early'");
	for (uint32_t i = 0; i < rule->cohorts.n; i++) {
		if (p[i].until != DATE_NONE && p[i].from != DATE_NONE && p[i].until < p[i].from)
			yaml_mistake(cp->report, yaml_get(p[i].at.node, "until"),
			    "'until' is before 'from'");
		for (uint32_t k = 0; k < i; k++)
			if (p[i].from <= p[k].until && p[k].from <= p[i].until)
				yaml_mistake(cp->report, p[i].at.node, "overlaps another cohort");
	}
}

static void
baseline_compile(struct compiling *cp, struct rule_terms *rule)
{
	window_compile(cp, rule, "over");
	rate_take(cp, rule);
	if (said(rule, "baseline") == said(rule, "rate"))
		yaml_mistake(cp->report, rule->at.node,
		    "either 'baseline' or 'rate': how many days are expected?");
}

static void
fee_compile(struct compiling *cp, struct rule_terms *rule)
{
	minor_of(cp, yaml_get(rule->at.node, "value"), rule->value_millionths, &rule->value_minor);
	if (rule->until != DATE_NONE && rule->from != DATE_NONE && rule->until < rule->from)
		yaml_mistake(cp->report, yaml_get(rule->at.node, "until"),
		    "'until' is before 'from'");
}

void
rule_compile(struct compiling *cp, struct version_terms *v, uint32_t at)
{
	struct outcome_terms *o = &v->outcomes[at];
	struct rule_terms *rule = &o->rule;

	if (!rule->at.node)
		return; /* told already */
	o->ids_n = 1;
	filter_read(cp, rule->where_node, &rule->where);
	calendars_take(cp, rule);
	after_take(cp, v, at, rule);
	switch ((enum rule_kind)rule->kind) {
	case RULE_SPELL:
	case RULE_SPELL_EXCLUDING:
		if (duration_is_zero(rule->lasts) && said(rule, "lasts"))
			yaml_mistake(cp->report, yaml_get(rule->at.node, "lasts"),
			    "a spell of no length: use kind 'event-once'");
		spell_take(cp, v, rule);
		return;
	case RULE_ASSESSMENT:
		if (rule->stage)
			where_add(cp, rule, "stage", SPAN_NONE, (int64_t)rule->stage * MILLION);
		break;
	case RULE_WEEKS:
		weeks_compile(cp, rule);
		break;
	case RULE_CUMULATIVE_DAYS:
		cumulative_days_compile(cp, v, rule);
		return;
	case RULE_CUMULATIVE_AMOUNT:
		amount_compile(cp, rule);
		break;
	case RULE_RECURRING:
		recurring_compile(cp, rule);
		spell_take(cp, v, rule);
		o->ids_n = (uint32_t)rule->most;
		return;
	case RULE_INTENSITY_BAND:
		bands_compile(cp, rule);
		spell_take(cp, v, rule);
		return;
	case RULE_SCORE_CHANGE:
	case RULE_MEAN_CHANGE:
		score_compile(cp, rule);
		break;
	case RULE_BASELINE_DAYS:
		baseline_compile(cp, rule);
		break;
	case RULE_COMPARISON:
		comparison_compile(cp, rule);
		break;
	case RULE_NON_OCCURRENCE:
		window_compile(cp, rule, "lasts");
		v->compound |= rule->after.ptr != NULL;
		break;
	case RULE_RATE_GATE:
	case RULE_RISING_TARGET:
		o->ids_n = 0;
		gate_compile(cp, v, at, rule);
		return;
	case RULE_TIERED:
		tiers_compile(cp, rule);
		o->ids_n = rule->tiers.n ? rule->tiers.n : 1;
		break;
	case RULE_SPLIT:
		parts_compile(cp, v, at, o);
		o->ids_n = rule->parts.n ? rule->parts.n : 1;
		return;
	case RULE_GOAL_COUNT:
		o->ids_n = (uint32_t)rule->most;
		break;
	case RULE_N_OF_M:
	case RULE_BUNDLE:
		n_of_m_compile(cp, v, at, o);
		return;
	case RULE_DELIVERY_FEE:
		o->ids_n = 0;
		fee_compile(cp, rule);
		return;
	case RULE_CAPITATION:
		o->ids_n = (uint32_t)rule->most;
		return;
	case RULE_EVENT_ONCE:
		break;
	case RULE_PRICE_FUNCTION:
	case RULE_KIND_COUNT:
		return;
	}
	rule->spell_at = spell_of_event(cp, v, rule, rule->event);
}

/* --- reading ------------------------------------------------------------------------- */

void
rule_read(struct compiling *cp, struct outcome_terms *o)
{
	const struct yaml *node = o->rule_node, *word;
	const char *const *words, *near;
	char found[YAML_QUOTE_MAX + 8];
	const struct rule_kind_def *def;
	enum rule_kind kind;
	size_t n = rule_kind_words(&words);

	if (!node)
		return;
	word = yaml_get(node, "kind");
	if (node->kind != YAML_MAPPING || !word) {
		yaml_mistake(cp->report, node, "found %s, expected a rule with its 'kind'",
		    yaml_found(node, found));
		return;
	}
	if (!rule_kind_find(word->text, &kind) || kind == RULE_PRICE_FUNCTION) {
		near = yaml_suggest(word->text, words, n);
		yaml_mistake(cp->report, word, "found %s, expected a kind of rule%s%s%s",
		    yaml_found(word, found), near ? " (did you mean '" : "", near ? near : "",
		    near ? "'?)" : "");
		return;
	}
	def = rule_kind_def(kind);
	if (!def->runs) {
		yaml_mistake(cp->report, word, "kind '%s' is not yet supported",
		    rule_kind_word(kind));
		return;
	}
	yaml_read(node, def->record, &o->rule, cp->report);
	o->rule.kind = (int32_t)kind;
}

void
price_read(struct compiling *cp, struct outcome_terms *o)
{
	const struct yaml *node = o->price_node;
	char found[YAML_QUOTE_MAX + 8];

	if (!node)
		return;
	if (node->kind == YAML_MAPPING && !rule_kind_def(RULE_PRICE_FUNCTION)->runs) {
		yaml_mistake(cp->report, node, "kind 'price-function' is not yet supported");
	} else if (node->kind == YAML_MAPPING) {
		o->price = arena_zalloc(cp->arena, 1, sizeof(*o->price));
		yaml_read(node, &price_record, o->price, cp->report);
		o->price_millionths = o->price->base_millionths;
	} else if (!yaml_decimal(node, &o->price_millionths) || o->price_millionths < 0
	    || o->price_millionths > INT64_C(1000000000) * MILLION) {
		o->price_millionths = 0;
		yaml_mistake(cp->report, node,
		    "found %s, expected a number from 0 to 1000000000 (major units), or a price "
		    "function with its 'base'", yaml_found(node, found));
	}
}

/* --- prices ------------------------------------------------------------------------------ */

static bool
priced_inside(const struct rule_terms *rule)
{
	return rule->kind == RULE_INTENSITY_BAND || rule->kind == RULE_TIERED
	    || rule->kind == RULE_DELIVERY_FEE;
}

static void
price_function_compile(struct compiling *cp, struct outcome_terms *o)
{
	struct price_terms *p = o->price;
	struct price_step_terms *s = p->steps.items;
	struct accelerator_terms *a = p->accelerator.items;

	minor_of(cp, yaml_get(p->at.node, "base"), p->base_millionths, &p->base_minor);
	for (uint32_t i = 0; i < p->steps.n; i++) {
		minor_of(cp, yaml_get(s[i].at.node, "price"), s[i].price_millionths,
		    &s[i].price_minor);
		if (i > 0 && s[i].from <= s[i - 1].from)
			yaml_mistake(cp->report, s[i].at.node, "steps rise by their day");
	}
	for (uint32_t i = 0; i < p->accelerator.n; i++) {
		minor_of(cp, yaml_get(a[i].at.node, "price"), a[i].price_millionths,
		    &a[i].price_minor);
		if (i > 0 && a[i].past <= a[i - 1].past)
			yaml_mistake(cp->report, a[i].at.node, "an accelerator's volumes rise");
	}
	if (p->less_deadweight && (!o->worth || !yaml_get(o->worth->at.node, "deadweight")))
		yaml_mistake(cp->report, yaml_get(p->at.node, "less_deadweight"),
		    "the outcome's 'worth' states no deadweight");
	else if (p->less_deadweight)
		p->deadweight = o->worth->deadweight;
	if ((p->index.ptr != NULL) != (p->index_from != DATE_NONE))
		yaml_mistake(cp->report, p->at.node, "'index' and 'index_from' belong together");
	if (!p->index.ptr)
		return;
	p->index_is = rate_named(cp->c, p->index);
	if (!p->index_is)
		yaml_mistake(cp->report, yaml_get(p->at.node, "index"),
		    "no rate '" SPAN_FMT "' in this contract's 'rates'", SPAN_ARG(p->index));
}

static int64_t
price_inside(const struct rule_terms *rule)
{
	const struct band_terms *b = rule->bands.items;
	const struct tier_terms *t = rule->tiers.items;
	int64_t most = rule->kind == RULE_DELIVERY_FEE ? rule->value_millionths : 0;

	for (uint32_t i = 0; rule->kind == RULE_INTENSITY_BAND && i < rule->bands.n; i++)
		most = b[i].price_millionths > most ? b[i].price_millionths : most;
	for (uint32_t i = 0; rule->kind == RULE_TIERED && i < rule->tiers.n; i++)
		most = t[i].price_millionths > most ? t[i].price_millionths : most;
	return most;
}

void
price_compile(struct compiling *cp, struct outcome_terms *o)
{
	const struct yaml *price = o->price_node;
	bool inside = priced_inside(&o->rule);

	if (o->pay == PAY_NONE && price)
		yaml_mistake(cp->report, price, "'pay: none' and a price: one of them is too much");
	if (inside && price)
		yaml_mistake(cp->report, price, "a rule of kind '%s' has its prices inside",
		    rule_kind_word((enum rule_kind)o->rule.kind));
	if (o->pay == PAY_PRICE && !price && !inside && o->rule.at.node)
		yaml_mistake(cp->report, o->at.node,
		    "no price; an outcome that is only measured says 'pay: none'");
	if (inside && o->pay == PAY_PRICE)
		o->price_millionths = price_inside(&o->rule);
	if ((!price && !inside) || !cp->currency)
		return;
	minor_of(cp, price ? price : o->at.node, o->price_millionths, &o->price_minor);
	if (o->price && (inside || o->rule.kind == RULE_SPLIT))
		yaml_mistake(cp->report, price, "a rule of kind '%s' takes no price function",
		    rule_kind_word((enum rule_kind)o->rule.kind));
	else if (o->price)
		price_function_compile(cp, o);
	if (o->price_millionths == 0 && o->pay == PAY_PRICE)
		REFUSE(cp, price ? price : o->at.node,
		    "a price of nothing can never pay; say 'pay: none'");
}

void
payers_compile(struct compiling *cp, const struct yaml_list *payers)
{
	const struct payer_terms *p = payers->items;
	int64_t sum = 0;

	for (uint32_t i = 0; i < payers->n; i++) {
		bool known = false;

		sum += p[i].share;
		for (uint32_t k = 0; k < cp->c->parties_n; k++)
			known |= span_eq(cp->c->parties[k].name, p[i].payer);
		if (p[i].payer.ptr && !known)
			yaml_mistake(cp->report, yaml_get(p[i].at.node, "payer"),
			    "'" SPAN_FMT "' is none of the parties", SPAN_ARG(p[i].payer));
		for (uint32_t k = 0; k < i; k++)
			if (span_eq(p[k].payer, p[i].payer))
				yaml_mistake(cp->report, p[i].at.node, "pays twice: the same payer");
	}
	if (payers->n > RULES_PAYERS_MAX)
		yaml_mistake(cp->report, p[RULES_PAYERS_MAX].at.node, "more than %d payers",
		    RULES_PAYERS_MAX);
	if (payers->n && sum != HUNDRED)
		yaml_mistake(cp->report, p[0].at.node, "shares add up to something else than 100");
}

/* --- pays twice for one fact? --------------------------------------------------------------- */

static bool
node_same(const struct yaml *a, const struct yaml *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == YAML_SCALAR)
		return span_eq(a->text, b->text);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct yaml *other = &b->items[i];

		for (uint32_t k = 0; a->kind == YAML_MAPPING && k < b->n; k++)
			if (span_eq(a->keys[i].text, b->keys[k].text))
				other = &b->items[k];
		if (a->kind == YAML_MAPPING && !span_eq(a->keys[i].text,
			b->keys[other - b->items].text))
			return false;
		if (!node_same(&a->items[i], other)) /* as deep as YAML_DEPTH_MAX */
			return false;
	}
	return true;
}

bool
rule_same(const struct rule_terms *a, const struct rule_terms *b)
{
	if (!a->at.node || !b->at.node || a->kind != b->kind)
		return false;
	if (a->kind == RULE_SPELL)
		return a->spell.ptr && a->spell_at == b->spell_at
		    && a->lasts.months == b->lasts.months && a->lasts.days == b->lasts.days;
	if (a->kind == RULE_EVENT_ONCE || a->kind == RULE_ASSESSMENT)
		return a->event.ptr && span_eq(a->event, b->event) && filter_eq(&a->where, &b->where);
	return node_same(a->at.node, b->at.node);
}
