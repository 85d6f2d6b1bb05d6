#include "common/digest.h"
#include "common/must.h"
#include "transform/milestone/rule_kinds.h"
#include "transform/milestone/settle_in.h"

/*
 * Kinds 10, 11, 13, 20 (the fee), 21 and 22: what is paid for the cohort as a whole.
 *
 *	rows of all units ─► a number of the cohort (days, rate, mean) ─► against its target
 *	                     kept as a fraction; decided on the fraction
 *
 * Each payment has an id of its own: of contract, outcome, nobody, ordinal.
 */

/* --- contract months, quarters and years from its first day */

static int
months_of(int32_t every)
{
	return every == EVERY_YEAR ? 12 : every == EVERY_QUARTER ? 3 : 1;
}

date_t
contract_period(date_t start, int32_t every, int32_t n)
{
	return date_add_months(start, months_of(every) * n);
}

int32_t
contract_period_of(date_t start, int32_t every, date_t day)
{
	struct ymd a = date_ymd(start), b = date_ymd(day);
	int32_t n;

	if (every == EVERY_ONCE || day < start)
		return 0;
	n = ((b.year - a.year) * 12 + b.month - a.month) / months_of(every);
	while (contract_period(start, every, n) > day)
		n--;
	while (contract_period(start, every, n + 1) <= day)
		n++;
	return n;
}

/* --- a payment */

static struct id
payment_id(const struct settling *s, const struct outcome_terms *o, int32_t ordinal)
{
	struct span parts[2] = { s->contract->name, o->name };
	uint8_t text[2 * RULES_NAME_BYTES + 64], digest[SHA256_BYTES];
	struct id id;
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		text[n++] = (uint8_t)(parts[i].len >> 8);
		text[n++] = (uint8_t)parts[i].len;
		memcpy(text + n, parts[i].ptr, parts[i].len);
		n += parts[i].len;
	}
	text[n++] = 0; /* of no unit */
	text[n++] = 0;
	for (int shift = 24; shift >= 0; shift -= 8)
		text[n++] = (uint8_t)((uint32_t)ordinal >> shift);
	sha256(span_of(text, n), digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

struct paying {
	struct settling *s;
	const struct outcome_terms *o;
	uint32_t version_at;    /* of which version it is */
	uint32_t at;            /* its index in the terms that settle */
	date_t day;             /* that the position is of */
	struct claimable *out;
	uint32_t n, room;
};

static enum rounding
how(const struct paying *p)
{
	return (enum rounding)p->s->terms->rounding;
}

static void
pay(struct paying *p, int32_t ordinal, struct span part, date_t achieved, int64_t amount)
{
	if (amount == 0 || p->o->pay == PAY_NONE)
		return;
	MUST(p->n < p->room);
	p->out[p->n++] = (struct claimable){ .id = payment_id(p->s, p->o, ordinal), .part = part,
		.terms = p->o, .earned_minor = amount, .achieved = achieved, .ordinal = ordinal,
		.at = p->at, .cut_by = -1, .cohort = true };
}

static void
show(struct paying *p, struct settle_measure m)
{
	struct settlement *out = p->s->out;

	if (!p->s->last)
		return;
	m.outcome = p->o->name;
	if (m.of > 0)
		m.value = round_by(ROUND_HALF_AWAY, (wide)m.is
			* (span_is(m.what, "rate") || span_is(m.what, "reduction") ? SETTLE_HUNDRED
									   : SETTLE_MILLION), m.of);
	out->measures[out->measures_n++] = m;
}

static bool
is_of(const struct paying *p, const struct settle_row *row, uint32_t at)
{
	return row_at(p->s, row) == at;
}

/* --- 10: days against a baseline */

static void
baseline_pay(struct paying *p)
{
	const struct rule_terms *rule = &p->o->rule;
	int64_t in = 0, followed = 0, baseline = rule->baseline, units = 0, all = 0;
	date_t last = DATE_NONE;
	wide saved;
	int64_t amount;

	if (rule->rate_is && !rate_on(rule->rate_is, p->s->terms->effective, &baseline)) {
		p->s->out->missing = "baseline";
		return;
	}
	for (size_t i = 0; i < p->s->rows_n; i++) {
		const struct settle_row *row = &p->s->rows[i];

		if (!is_of(p, row, p->at) || !row->measure.any)
			continue;
		all++;
		/* so far: as it is known today; what it was before, earlier statements say */
		if (!((rule->tracked == TRACKED_SO_FAR && p->s->last)
			|| row_counts(p->s, row, p->day)))
			continue;
		in += row->measure.is / SETTLE_MILLION;
		followed += row->measure.of / SETTLE_MILLION;
		units++;
		if (row->achieved != DATE_NONE && row->achieved <= p->day && row->achieved > last)
			last = row->achieved;
	}
	saved = (wide)followed * baseline - (wide)in * SETTLE_HUNDRED; /* × 10^-8 days */
	amount = saved > 0 ? round_by(how(p), saved * p->o->price_minor, SETTLE_HUNDRED) : 0;
	show(p, (struct settle_measure){ .ordinal = 1, .from = DATE_NONE, .to = p->day,
	    .what = SPAN_LIT("days-saved"), .is = (int64_t)saved, .of = SETTLE_HUNDRED,
	    .target = baseline, .units = units, .eligible = all, .earned_minor = amount,
	    .complete = units == all });
	pay(p, 1, SPAN_NONE, last == DATE_NONE ? p->day : last, amount);
}

/* --- 11: against a comparison group */

struct compared {
	int64_t n, sum, comparison; /* of events or of a cost, millionths */
	date_t last;
	bool complete, early;
};

static bool
reduced(const struct rule_terms *rule, wide comparison_n, wide sum, int64_t target)
{
	/* (c n − 100 e) ÷ c n against target per cent; c per 100, all in millionths */
	wide less = (comparison_n - sum * 100) * SETTLE_HUNDRED;
	wide of = comparison_n * target;

	return rule->reach == REACH_EXCEEDING ? less > of : less >= of;
}

static int64_t
figure_of(const struct paying *p, const struct cohort_part_terms *c)
{
	const struct settle_facts *f = p->s->facts;

	if (c->comparison)
		return c->comparison;
	for (size_t i = 0; i < f->references_n; i++)
		if (span_is(f->references[i].what, "comparison")
		    && span_eq(f->references[i].name, c->name))
			return f->references[i].number;
	return 0;
}

static struct compared
compare(const struct paying *p, const struct cohort_part_terms *c)
{
	struct compared out = { .complete = true, .last = DATE_NONE,
		.comparison = figure_of(p, c) };

	for (size_t i = 0; i < p->s->rows_n; i++) {
		const struct settle_row *row = &p->s->rows[i];

		if (!is_of(p, row, p->at) || !row->measure.any || row->referred < c->from
		    || row->referred > c->until)
			continue;
		out.n++;
		out.sum += row->measure.is;
		if (!row_counts(p->s, row, p->day))
			out.complete = false;
		else if (row->achieved > out.last)
			out.last = row->achieved;
	}
	out.complete &= out.n > 0 && c->until <= p->day && out.comparison > 0;
	return out;
}

static void
comparison_show(struct paying *p, int32_t ordinal, struct span part, const struct compared *c,
    wide comparison_n, int64_t target, int64_t amount)
{
	wide less = comparison_n - (wide)c->sum * 100;

	show(p, (struct settle_measure){ .ordinal = ordinal, .part = part, .from = DATE_NONE,
	    .to = p->day, .what = SPAN_LIT("reduction"), .is = (int64_t)less,
	    .of = (int64_t)comparison_n, .target = target, .units = c->n, .eligible = c->n,
	    .earned_minor = amount, .complete = c->complete });
}

static void
comparison_pay(struct paying *p)
{
	const struct rule_terms *rule = &p->o->rule;
	const struct cohort_part_terms *c = rule->cohorts.items;
	struct compared pooled = { .complete = true, .last = DATE_NONE };
	struct compared *each = arena_zalloc(p->s->arena, rule->cohorts.n + 1, sizeof(*each));
	wide comparison_n = 0;
	bool together;

	MUST(each != NULL);
	for (uint32_t i = 0; i < rule->cohorts.n; i++) {
		wide one;

		each[i] = compare(p, &c[i]);
		if (!each[i].comparison)
			p->s->out->missing = "comparison";
		one = (wide)each[i].comparison * each[i].n;
		each[i].early = rule->early && each[i].complete
		    && reduced(rule, one, each[i].sum, rule->early);
		comparison_n += one;
		pooled.n += each[i].n;
		pooled.sum += each[i].sum;
		pooled.complete &= each[i].complete;
		pooled.last = each[i].last > pooled.last ? each[i].last : pooled.last;
		comparison_show(p, (int32_t)i + 1, c[i].name, &each[i], one, rule->early,
		    each[i].early ? p->o->price_minor : 0);
	}
	together = rule->pooled && pooled.complete && rule->cohorts.n
	    && reduced(rule, comparison_n, pooled.sum, rule->pooled);
	if (rule->pooled)
		comparison_show(p, 0, SPAN_LIT("pooled"), &pooled, comparison_n, rule->pooled,
		    together ? p->o->price_minor * (int64_t)rule->cohorts.n : 0);
	for (uint32_t i = 0; i < rule->cohorts.n; i++)
		if (each[i].early || together)
			pay(p, (int32_t)i + 1, c[i].name,
			    each[i].early ? each[i].last : pooled.last, p->o->price_minor);
}

/* --- 13 and 22: gates */

struct counting {
	struct idmap of, out_of; /* units */
};

static bool
within(date_t day, date_t from, date_t to)
{
	return day != DATE_NONE && day >= from && day <= to;
}

/* An outcome of the rule's own version, as the terms that settle count it. */
static uint32_t
counted_at(const struct paying *p, uint32_t at)
{
	return p->s->at[p->version_at * RULES_OUTCOMES_MAX + at];
}

static bool
any_of(const struct paying *p, uint32_t at)
{
	const struct rule_terms *rule = &p->o->rule;

	for (uint32_t i = 0; i < rule->of.names.n; i++)
		if (at != SETTLE_NOWHERE && counted_at(p, rule->of.at[i]) == at)
			return true;
	return false;
}

/* Units that have it, out of those that might, from the one day to the other. */
static void
gate_count(const struct paying *p, date_t from, date_t to, int64_t *is, int64_t *of)
{
	const struct rule_terms *rule = &p->o->rule;
	struct counting c;

	idmap_init(&c.of, 1);
	idmap_init(&c.out_of, 1);
	for (size_t i = 0; i < p->s->rows_n; i++) {
		const struct settle_row *row = &p->s->rows[i];
		uint32_t at = row_at(p->s, row);
		bool counts = row_counts(p->s, row, p->day) && within(row->achieved, from, to);

		if (counts && any_of(p, at))
			idmap_put(&c.of, &row->unit, NULL);
		if (rule->out_of.ptr ? counts && at != SETTLE_NOWHERE
				     && at == counted_at(p, rule->out_of_at)
				     : row->in_cohort && within(row->referred, from, to))
			idmap_put(&c.out_of, &row->unit, NULL);
	}
	*is = c.of.count;
	*of = rule->agreed ? (int64_t)rule->agreed : (int64_t)c.out_of.count;
	idmap_release(&c.of);
	idmap_release(&c.out_of);
}

/* false: no target yet. */
static bool
gate_target(const struct paying *p, date_t from, int64_t *target)
{
	const struct rule_terms *rule = &p->o->rule;
	const struct step_terms *s = rule->steps.items;
	int64_t before = 0, of;
	bool any = false;

	if (rule->kind == RULE_RATE_GATE) {
		*target = rule->at_least;
		return true;
	}
	if (rule->steps.n && s[0].from == DATE_NONE)
		gate_count(p, DATE_MIN, from - 1, &before, &of);
	for (uint32_t i = 0; i < rule->steps.n; i++)
		if (s[i].from != DATE_NONE ? s[i].from <= from : s[i].past <= before) {
			*target = s[i].at_least;
			any = true;
		}
	return any;
}

static bool
reaches(const struct rule_terms *rule, int64_t is, int64_t of, int64_t target)
{
	wide a = (wide)is * SETTLE_HUNDRED, b = (wide)target * of;

	return rule->reach == REACH_EXCEEDING ? a > b : a >= b;
}

static int64_t
gate_amount(const struct paying *p, int64_t is, int64_t of, int64_t target)
{
	const struct rule_terms *rule = &p->o->rule;
	const struct band_terms *b = rule->bands.items;
	int64_t share = 0, price = p->o->price_minor;

	if (of <= 0)
		return 0;
	if (rule->gate_pays == GATE_BANDS) {
		for (uint32_t i = 0; i < rule->bands.n; i++)
			if (reaches(rule, is, of, b[i].at_least))
				share = b[i].share;
		return round_by(how(p), (wide)price * share, SETTLE_HUNDRED);
	}
	if (reaches(rule, is, of, target))
		return price;
	if (rule->gate_pays == GATE_CLIFF || target <= 0)
		return 0;
	return round_by(how(p), (wide)price * is * SETTLE_HUNDRED, (wide)target * of);
}

static void
gate_period(struct paying *p, int32_t ordinal, date_t from, date_t to)
{
	int64_t is, of, target, amount;

	if (!gate_target(p, from, &target))
		return;
	gate_count(p, from, to, &is, &of);
	amount = gate_amount(p, is, of, target);
	show(p, (struct settle_measure){ .ordinal = ordinal, .from = from, .to = to,
	    .what = SPAN_LIT("rate"), .is = is, .of = of, .target = target, .units = is,
	    .eligible = of, .earned_minor = amount, .complete = true });
	pay(p, ordinal, SPAN_NONE, to, amount);
}

/* Periods count from the first version that has the outcome: a variation moves none. */
static date_t
gate_start(const struct paying *p)
{
	const struct contract *c = p->s->contract;

	for (uint32_t v = 0; v < c->versions_n; v++)
		for (uint32_t i = 0; i < c->versions[v].outcomes_n; i++)
			if (span_eq(c->versions[v].outcomes[i].name, p->o->name))
				return c->versions[v].effective;
	return p->s->terms->effective;
}

/* The terms in force on the period's last day; false: they have no such gate. */
static bool
gate_in_force(struct paying *p, date_t to, struct span name)
{
	const struct contract *c = p->s->contract;
	uint32_t v = c->versions_n - 1;

	while (v > 0 && c->versions[v].effective > to)
		v--;
	for (uint32_t i = 0; i < c->versions[v].outcomes_n; i++) {
		const struct outcome_terms *o = &c->versions[v].outcomes[i];

		if (!span_eq(o->name, name)
		    || (o->rule.kind != RULE_RATE_GATE && o->rule.kind != RULE_RISING_TARGET))
			continue;
		p->o = o;
		p->version_at = v;
		return true;
	}
	return false;
}

static void
gate_pay(struct paying *p)
{
	struct span name = p->o->name;
	int32_t every = p->o->rule.every_period;
	date_t start = gate_start(p), from = start, to;

	if (every == EVERY_ONCE) {
		gate_period(p, 1, start, p->day);
		return;
	}
	for (int32_t n = 0;; n++) {
		to = contract_period(start, every, n + 1) - 1;
		if (to > p->day || n >= RULES_PERIODS_MAX)
			break;
		if (gate_in_force(p, to, name))
			gate_period(p, n + 1, from, to);
		from = to + 1;
	}
}

/* --- 21: change of mean */

static void
mean_pay(struct paying *p)
{
	const struct rule_terms *rule = &p->o->rule;
	int64_t sum = 0, pairs = 0, eligible = 0, amount = 0;
	date_t last = DATE_NONE;
	wide mean, target;

	for (size_t i = 0; i < p->s->rows_n; i++) {
		const struct settle_row *row = &p->s->rows[i];

		if (!is_of(p, row, p->at) || !row->in_cohort)
			continue;
		eligible += duration_add(row->referred, rule->on_service) <= p->day;
		if (!row->measure.any || !row_counts(p->s, row, p->day))
			continue;
		sum += row->measure.is;
		pairs++;
		last = row->achieved > last ? row->achieved : last;
	}
	mean = sum;
	target = (wide)rule->target * pairs;
	if (pairs >= rule->min_pairs && pairs > 0
	    && (wide)pairs * SETTLE_HUNDRED >= (wide)rule->min_rate * eligible
	    && (rule->reach == REACH_EXCEEDING ? mean > target : mean >= target))
		amount = p->o->price_minor;
	show(p, (struct settle_measure){ .ordinal = 1, .from = DATE_NONE, .to = p->day,
	    .what = SPAN_LIT("mean"), .is = sum, .of = pairs * SETTLE_MILLION,
	    .target = rule->target, .units = pairs, .eligible = eligible, .earned_minor = amount,
	    .complete = pairs == eligible });
	pay(p, 1, SPAN_NONE, last, amount);
}

/* --- 20: the delivery fee */

/* Periods as units of the last one's days: whole ones count L, the last its part. */
static void
fee_pay(struct paying *p)
{
	const struct rule_terms *rule = &p->o->rule;
	date_t from = rule->from, end = rule->until + 1;
	int64_t total = round_by(how(p), (wide)rule->value_minor * rule->share, SETTLE_HUNDRED);
	int64_t length = 1, part = 0, units, paid = 0;
	int32_t whole = 0;

	if (rule->every_period == EVERY_ONCE) {
		if (rule->until <= p->day)
			pay(p, 1, SPAN_NONE, rule->until, total);
		return;
	}
	while (whole < RULES_PERIODS_MAX
	    && contract_period(from, rule->every_period, whole + 1) <= end)
		whole++;
	if (contract_period(from, rule->every_period, whole) < end) {
		date_t begins = contract_period(from, rule->every_period, whole);

		length = contract_period(from, rule->every_period, whole + 1) - begins;
		part = rule->part_period == PART_DAYS ? end - begins
		    : rule->part_period == PART_WHOLE ? length : 0;
	}
	units = whole * length + part;
	for (int32_t n = 0; units && n < whole + (part > 0); n++) {
		date_t last = n < whole ? contract_period(from, rule->every_period, n + 1) - 1
					: rule->until;
		int64_t done = n < whole ? (n + 1) * length : units;
		int64_t upto = round_by(how(p), (wide)total * done, units);

		if (last > p->day)
			break;
		pay(p, n + 1, SPAN_NONE, last, upto - paid);
		paid = upto;
	}
}

/* --- all of them */

static void
outcome_pay(struct paying *p)
{
	switch ((enum rule_kind)p->o->rule.kind) {
	case RULE_BASELINE_DAYS:
		baseline_pay(p);
		return;
	case RULE_COMPARISON:
		comparison_pay(p);
		return;
	case RULE_RATE_GATE:
	case RULE_RISING_TARGET:
		gate_pay(p);
		return;
	case RULE_MEAN_CHANGE:
		mean_pay(p);
		return;
	case RULE_DELIVERY_FEE:
		fee_pay(p);
		return;
	default:
		return; /* of one unit */
	}
}

uint32_t
cohort_claims_most(const struct settling *s, date_t day)
{
	uint32_t most = 0;

	(void)day;
	for (uint32_t i = 0; i < s->terms->outcomes_n; i++) {
		const struct rule_terms *rule = &s->terms->outcomes[i].rule;

		if (rule_kind_scope((enum rule_kind)rule->kind) == SCOPE_UNIT)
			continue;
		most += rule->kind == RULE_COMPARISON ? rule->cohorts.n + 1 : RULES_PERIODS_MAX + 1;
	}
	return most;
}

uint32_t
cohort_claims(struct settling *s, date_t day, struct claimable *out, uint32_t room)
{
	struct paying p = { .s = s, .day = day, .out = out, .room = room };

	if (s->last && room) {
		s->out->measures = arena_alloc(s->arena, room * sizeof(*s->out->measures));
		MUST(s->out->measures != NULL);
	}
	for (uint32_t i = 0; i < s->terms->outcomes_n; i++) {
		p.o = &s->terms->outcomes[i];
		p.version_at = (uint32_t)(s->terms - s->contract->versions);
		p.at = i;
		if (rule_kind_scope((enum rule_kind)p.o->rule.kind) != SCOPE_UNIT)
			outcome_pay(&p);
	}
	return p.n;
}
