#include "transform/milestone/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/reason.h"

static const double Z = 1.959963984540054; /* 97.5% of the normal distribution */

enum state { CASE_ENDED, CASE_UNDER_WAY, CASE_COMPLETE };

struct one { /* one outcome of one unit */
	uint32_t rung;
	enum state state;
	bool proven;
	int32_t days, of_days;
	date_t due;               /* proven: achieved */
	int64_t price_minor;
};

struct planned {
	uint32_t rung;
	date_t month;
	int64_t number;
};

struct forecast {
	const struct contract *contract;
	struct forecast_rung *rungs;
	uint32_t rungs_n;
	struct one *cases;
	size_t n, cap;
	struct planned *plans;
	uint32_t plans_n;
	struct curve **curves;    /* by rung; NULL: by share */
	struct forecast_cell *cells, *all; /* [rung * months + month] */
	date_t first;             /* first day of the first month */
	uint32_t months, now;
};

/* --- survival ------------------------------------------------------------------------- */

static struct survival
wilson(double p, double n)
{
	double z2 = Z * Z, centre, half;

	if (!(n > 0))
		return (struct survival){ .is = 0.5, .low = 0, .high = 1 };
	centre = (p + z2 / (2 * n)) / (1 + z2 / n);
	half = Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
	return (struct survival){ .is = p, .low = centre - half > 0 ? centre - half : 0,
		.high = centre + half < 1 ? centre + half : 1 };
}

struct survival
survival_share(uint64_t is, uint64_t of)
{
	struct survival s = wilson(of ? (double)is / (double)of : 0, (double)of);

	s.beyond = of == 0;
	return s;
}

struct step {
	int32_t days;
	double s, g;              /* after it: survival, Greenwood's sum */
	double at_risk;           /* before it */
};

struct curve {
	struct lasted *items;     /* by days */
	size_t n;
	struct step *steps;
	size_t steps_n;
};

static int
lasted_cmp(const void *p, const void *q)
{
	const struct lasted *a = p, *b = q;

	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	return (int)b->ended - (int)a->ended;
}

struct curve *
curve_new(const struct lasted *items, size_t n)
{
	struct curve *c = mem_zalloc(1, sizeof(*c));
	double s = 1, g = 0;

	c->items = mem_alloc((n + 1) * sizeof(*c->items));
	c->steps = mem_alloc((n + 1) * sizeof(*c->steps));
	c->n = n;
	if (n) {
		memcpy(c->items, items, n * sizeof(*items));
		qsort(c->items, n, sizeof(*c->items), lasted_cmp);
	}
	for (size_t i = 0; i < n;) {
		double at_risk = (double)(n - i), ended = 0;
		int32_t days = c->items[i].days;

		for (; i < n && c->items[i].days == days; i++)
			ended += c->items[i].ended;
		if (ended == 0)
			continue;
		s *= (at_risk - ended) / at_risk;
		g += at_risk > ended ? ended / (at_risk * (at_risk - ended)) : 0;
		c->steps[c->steps_n++] = (struct step){ days, s, g, at_risk };
	}
	return c;
}

void
curve_free(struct curve *c)
{
	if (!c)
		return;
	mem_free(c->items);
	mem_free(c->steps);
	mem_free(c);
}

/* How many were followed for at least so many days. */
static size_t
followed(const struct curve *c, int64_t days)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->items[mid].days < days)
			low = mid + 1;
		else
			high = mid;
	}
	return c->n - low;
}

/* Steps at days below `days`. */
static size_t
steps_below(const struct curve *c, int64_t days)
{
	size_t low = 0, high = c->steps_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->steps[mid].days < days)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Ends after `days` and before `of_days`: to end on the day that is asked is to have lasted. */
struct survival
curve_between(const struct curve *c, int32_t days, int32_t of_days)
{
	size_t from = steps_below(c, (int64_t)days + 1), to = steps_below(c, of_days);
	double before = from ? c->steps[from - 1].s : 1, g, p, n;
	size_t at_end = followed(c, of_days);
	struct survival s;

	if (of_days <= days)
		return (struct survival){ .is = 1, .low = 1, .high = 1 };
	if (followed(c, (int64_t)days + 1) == 0 || !(before > 0))
		return (struct survival){ .is = 0.5, .low = 0, .high = 1, .beyond = true };
	if (to <= from) {
		p = 1;
		n = (double)(at_end ? at_end : followed(c, (int64_t)days + 1));
	} else {
		p = c->steps[to - 1].s / before;
		g = c->steps[to - 1].g - (from ? c->steps[from - 1].g : 0);
		n = p > 0 ? (1 - p) / (p * g) : c->steps[to - 1].at_risk;
	}
	s = wilson(p, n);
	s.beyond = at_end == 0;
	if (s.beyond)
		s.low = 0;
	return s;
}

/* --- cases ------------------------------------------------------------------------------ */

static bool
is_spell(int32_t kind)
{
	return kind == RULE_SPELL || kind == RULE_SPELL_EXCLUDING || kind == RULE_INTENSITY_BAND;
}

static uint32_t
rung_of_name(const struct forecast *f, struct span name)
{
	uint32_t i = 0;

	while (i < f->rungs_n && !span_eq(f->rungs[i].name, name))
		i++;
	return i;
}

/* Of the newest version first, then what only older ones have. */
struct forecast *
forecast_new(const struct contract *c)
{
	struct forecast *f = mem_zalloc(1, sizeof(*f));

	f->contract = c;
	for (uint32_t v = c->versions_n; v > 0; v--) {
		const struct version_terms *t = &c->versions[v - 1];

		for (uint32_t i = 0; i < t->outcomes_n; i++) {
			if (rung_of_name(f, t->outcomes[i].name) < f->rungs_n)
				continue;
			f->rungs = mem_realloc(f->rungs, f->rungs_n + 1, sizeof(*f->rungs));
			f->rungs[f->rungs_n++] = (struct forecast_rung){ .name = t->outcomes[i].name,
				.title = t->outcomes[i].title,
				.spell = is_spell(t->outcomes[i].rule.kind) };
		}
	}
	return f;
}

void
forecast_free(struct forecast *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; f->curves && i < f->rungs_n; i++)
		curve_free(f->curves[i]);
	mem_free(f->curves);
	mem_free(f->rungs);
	mem_free(f->cases);
	mem_free(f->plans);
	mem_free(f->cells);
	mem_free(f->all);
	mem_free(f);
}

static int32_t
paused_days(const struct outcome *o)
{
	const struct gap *g = o->gaps.items;
	int32_t days = 0;

	for (uint32_t i = 0; i < o->gaps.n; i++)
		if (span_is(g[i].rule, "pauses"))
			days += g[i].to - g[i].from;
	return days;
}

/* false: it is of no interest here. */
static bool
case_of(const struct outcome *o, bool spell, struct one *out)
{
	bool begun = o->start != DATE_NONE;

	*out = (struct one){ .days = o->days, .due = o->due, .price_minor = o->price_minor };
	if (begun && o->due != DATE_NONE)
		out->of_days = o->due - o->start - paused_days(o);
	if (span_is(o->status, "achieved") || span_is(o->status, "verified")) {
		out->state = CASE_COMPLETE;
		out->proven = true;
		out->due = o->achieved;
		return true;
	}
	if (span_is(o->status, "observed")) {
		out->state = CASE_UNDER_WAY;
		return true;
	}
	if (span_is(o->status, "not-yet") || span_is(o->status, "not-met")) {
		out->state = CASE_ENDED;
		return spell && begun && out->days < out->of_days;
	}
	out->state = CASE_COMPLETE;
	return begun;
}

void
forecast_take(struct forecast *f, const struct outcome_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		uint32_t rung = rung_of_name(f, list->items[i].outcome);
		struct one one;

		if (!list->extra[i].in_cohort || rung == f->rungs_n)
			continue;
		if (span_is(list->items[i].status, "contradicted")) {
			f->rungs[rung].contradicted++;
			continue;
		}
		if (!case_of(&list->items[i], f->rungs[rung].spell, &one))
			continue;
		one.rung = rung;
		if (f->n == f->cap) {
			f->cap = f->cap ? 2 * f->cap : 256;
			f->cases = mem_realloc(f->cases, f->cap, sizeof(*f->cases));
		}
		f->cases[f->n++] = one;
	}
}

bool
forecast_plan(struct forecast *f, struct span outcome, date_t month, int64_t millionths)
{
	uint32_t rung = rung_of_name(f, outcome);

	if (rung == f->rungs_n)
		return false;
	f->plans = mem_realloc(f->plans, f->plans_n + 1, sizeof(*f->plans));
	f->plans[f->plans_n++] = (struct planned){ rung, month, millionths };
	return true;
}

/* What is equal by this is the same to all that follows. */
static int
case_cmp(const void *p, const void *q)
{
	const struct one *a = p, *b = q;

	if (a->rung != b->rung)
		return a->rung < b->rung ? -1 : 1;
	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	if (a->of_days != b->of_days)
		return a->of_days < b->of_days ? -1 : 1;
	if (a->price_minor != b->price_minor)
		return a->price_minor < b->price_minor ? -1 : 1;
	return (int)a->proven - (int)b->proven;
}

/* --- months ------------------------------------------------------------------------------- */

static date_t
month_begin(date_t day)
{
	struct ymd d = date_ymd(day);

	return date_of(d.year, d.month, 1);
}

static int64_t
months_apart(date_t from, date_t to)
{
	struct ymd a = date_ymd(from), b = date_ymd(to);

	return (int64_t)(b.year - a.year) * 12 + b.month - a.month;
}

static void
months_lay(struct forecast *f, date_t as_at, uint32_t months, uint32_t months_before)
{
	date_t first = as_at;

	for (size_t i = 0; i < f->n; i++)
		if (f->cases[i].proven && f->cases[i].due != DATE_NONE && f->cases[i].due < first)
			first = f->cases[i].due;
	if (months_apart(first, as_at) > months_before)
		first = date_add_months(month_begin(as_at), -(int)months_before);
	f->first = month_begin(first);
	f->now = (uint32_t)months_apart(f->first, as_at);
	f->months = f->now + months;
	f->cells = mem_zalloc((size_t)f->rungs_n * f->months + 1, sizeof(*f->cells));
	f->all = mem_zalloc(f->months + 1, sizeof(*f->all));
	for (uint32_t i = 0; i < f->rungs_n * f->months; i++)
		f->cells[i].plan = FORECAST_NO_PLAN;
	for (uint32_t m = 0; m < f->months; m++)
		f->all[m].plan = FORECAST_NO_PLAN;
}

static void
plan_add(int64_t *to, int64_t number)
{
	*to = *to == FORECAST_NO_PLAN ? number : *to + number;
}

static void
plans_put(struct forecast *f)
{
	for (uint32_t i = 0; i < f->plans_n; i++) {
		int64_t m = months_apart(f->first, f->plans[i].month);

		if (m < 0 || m >= f->months)
			continue;
		plan_add(&f->cells[f->plans[i].rung * f->months + (uint32_t)m].plan, f->plans[i].number);
		plan_add(&f->all[m].plan, f->plans[i].number);
	}
}

/* --- what is known of each rung ------------------------------------------------------------- */

static void
rung_count(struct forecast_rung *r, const struct one *c, date_t as_at)
{
	bool fell_due = c->state != CASE_UNDER_WAY || (c->due != DATE_NONE && c->due <= as_at);

	r->ended += c->state == CASE_ENDED;
	r->complete += c->state == CASE_COMPLETE;
	r->proven += c->proven;
	r->under_way += c->state == CASE_UNDER_WAY;
	r->followed += r->spell || fell_due;
	if (c->state == CASE_COMPLETE && !c->proven)
		r->awaiting_minor += c->price_minor;
}

/* Cases from..end are of one rung. */
static void
rung_judge(struct forecast *f, size_t from, size_t end, date_t as_at)
{
	struct forecast_rung *r = &f->rungs[f->cases[from].rung];
	struct lasted *lasted = mem_alloc((end - from) * sizeof(*lasted));
	int32_t of_days = 0;

	for (size_t i = from; i < end; i++) {
		const struct one *c = &f->cases[i];

		rung_count(r, c, as_at);
		lasted[i - from] = (struct lasted){ c->state == CASE_COMPLETE ? LASTED_ALL : c->days,
			c->state == CASE_ENDED };
		if (c->of_days > of_days)
			of_days = c->of_days;
	}
	if (r->spell) {
		f->curves[f->cases[from].rung] = curve_new(lasted, end - from);
		r->whole = curve_between(f->curves[f->cases[from].rung], -1, of_days);
	} else {
		r->whole = survival_share(r->complete, r->followed);
	}
	mem_free(lasted);
}

/* --- what is due ------------------------------------------------------------------------------ */

struct sums {
	double is, low, high, low_var, high_var;
};

static void
sums_add(struct sums *s, const struct survival *p, double weight)
{
	s->is += p->is * weight;
	s->low += p->low * weight;
	s->high += p->high * weight;
	s->low_var += p->low * (1 - p->low) * weight * weight;
	s->high_var += p->high * (1 - p->high) * weight * weight;
}

static struct estimate
estimate_of(const struct sums *s, double most, double unit)
{
	double low = s->low - Z * sqrt(s->low_var), high = s->high + Z * sqrt(s->high_var);

	low = low > 0 ? low : 0;
	high = high < most ? high : most;
	return (struct estimate){ llround(s->is * unit), llround(low * unit), llround(high * unit) };
}

static void
estimate_add(struct estimate *to, const struct estimate *e)
{
	to->is += e->is;
	to->low += e->low;
	to->high += e->high;
}

static struct survival
chance_of(const struct forecast *f, const struct one *c)
{
	const struct forecast_rung *r = &f->rungs[c->rung];

	return r->spell ? curve_between(f->curves[c->rung], c->days, c->of_days) : r->whole;
}

/* The month it is due in; f->months: none of ours. */
static uint32_t
month_of(struct forecast *f, const struct one *c, date_t as_at)
{
	struct forecast_rung *r = &f->rungs[c->rung];
	int64_t m;

	if (c->due == DATE_NONE) {
		r->unplaced++;
		return f->months;
	}
	r->overdue += c->due <= as_at;
	m = c->due <= as_at ? f->now : months_apart(f->first, c->due);
	if (m < f->months)
		return (uint32_t)m;
	r->later++;
	return f->months;
}

static void
done_put(struct forecast *f, const struct one *c)
{
	int64_t m = c->due == DATE_NONE ? -1 : months_apart(f->first, c->due);
	struct forecast_cell *cell;

	f->rungs[c->rung].proven_minor += c->price_minor;
	if (m < 0 || m >= f->months)
		return;
	cell = &f->cells[c->rung * f->months + (uint32_t)m];
	cell->done++;
	cell->done_minor += c->price_minor;
}

static void
cell_close(struct forecast_cell *cell, const struct sums *number, const struct sums *money,
    double most_minor)
{
	cell->number = estimate_of(number, cell->due, FORECAST_MILLION);
	cell->money = estimate_of(money, most_minor, 1);
}

/* Cases are by rung, then state, then due: those of one cell follow one another. */
static void
cells_fill(struct forecast *f, date_t as_at)
{
	struct sums number = { 0 }, money = { 0 };
	struct forecast_cell *open = NULL;
	double most_minor = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct one *c = &f->cases[i];
		struct forecast_cell *cell;
		struct survival p;
		uint32_t m;

		if (c->proven)
			done_put(f, c);
		if (c->state != CASE_UNDER_WAY || (m = month_of(f, c, as_at)) == f->months)
			continue;
		cell = &f->cells[c->rung * f->months + m];
		if (cell != open) {
			if (open)
				cell_close(open, &number, &money, most_minor);
			number = money = (struct sums){ 0 };
			most_minor = 0;
			open = cell;
		}
		p = chance_of(f, c);
		cell->due++;
		sums_add(&number, &p, 1);
		sums_add(&money, &p, (double)c->price_minor);
		most_minor += (double)c->price_minor;
	}
	if (open)
		cell_close(open, &number, &money, most_minor);
}

static void
all_add(struct forecast *f)
{
	for (uint32_t r = 0; r < f->rungs_n; r++)
		for (uint32_t m = 0; m < f->months; m++) {
			const struct forecast_cell *c = &f->cells[r * f->months + m];
			struct forecast_cell *all = &f->all[m];

			all->done += c->done;
			all->due += c->due;
			all->done_minor += c->done_minor;
			estimate_add(&all->number, &c->number);
			estimate_add(&all->money, &c->money);
		}
}

void
forecast_end(struct forecast *f, date_t as_at, uint32_t months, uint32_t months_before)
{
	MUST(as_at != DATE_NONE && months > 0 && months + months_before <= FORECAST_MONTHS_MAX);
	if (f->n)
		qsort(f->cases, f->n, sizeof(*f->cases), case_cmp);
	f->curves = mem_zalloc(f->rungs_n + 1, sizeof(struct curve *));
	months_lay(f, as_at, months, months_before);
	plans_put(f);
	for (size_t at = 0, end; at < f->n; at = end) {
		for (end = at + 1; end < f->n && f->cases[end].rung == f->cases[at].rung;)
			end++;
		rung_judge(f, at, end, as_at);
	}
	cells_fill(f, as_at);
	all_add(f);
}

/* --- what came out --------------------------------------------------------------------------- */

uint32_t
forecast_rungs(const struct forecast *f, const struct forecast_rung **rungs)
{
	*rungs = f->rungs;
	return f->rungs_n;
}

uint32_t
forecast_months(const struct forecast *f)
{
	return f->months;
}

date_t
forecast_month(const struct forecast *f, uint32_t month)
{
	return date_add_months(f->first, (int)month);
}

uint32_t
forecast_now(const struct forecast *f)
{
	return f->now;
}

const struct forecast_cell *
forecast_cell(const struct forecast *f, uint32_t rung, uint32_t month)
{
	MUST(rung < f->rungs_n && month < f->months);
	return &f->cells[rung * f->months + month];
}

const struct forecast_cell *
forecast_all(const struct forecast *f, uint32_t month)
{
	MUST(month < f->months);
	return &f->all[month];
}

/* --- caps -------------------------------------------------------------------------------------- */

static bool
cap_is_about(const struct cap_terms *cap, struct span name)
{
	for (uint32_t i = 0; i < cap->outcomes.n; i++)
		if (span_eq(cap->outcomes.items[i], name))
			return true;
	return cap->outcomes.n == 0;
}

static void
cap_stand(const struct forecast *f, struct forecast_cap *c)
{
	struct estimate more = { 0 };

	for (uint32_t r = 0; r < f->rungs_n; r++) {
		if (!cap_is_about(c->cap, f->rungs[r].name))
			continue;
		c->now += c->money ? f->rungs[r].proven_minor
				   : (int64_t)f->rungs[r].proven * FORECAST_MILLION;
		for (uint32_t m = 0; m < f->months; m++)
			estimate_add(&more, c->money ? &f->cells[r * f->months + m].money
						     : &f->cells[r * f->months + m].number);
	}
	c->then = (struct estimate){ c->now, c->now, c->now };
	estimate_add(&c->then, &more);
}

uint32_t
forecast_caps(const struct forecast *f, struct forecast_cap *out, uint32_t room)
{
	const struct version_terms *t = &f->contract->versions[f->contract->versions_n - 1];
	const struct cap_terms *caps = t->caps.items;
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->caps.n && n < room; i++) {
		bool volume = caps[i].cap == CAP_VOLUME && !caps[i].band.ptr;

		if (!volume && caps[i].cap != CAP_CONTRACT && caps[i].cap != CAP_OUTCOME)
			continue;
		out[n] = (struct forecast_cap){ .cap = &caps[i], .money = !volume,
			.most = volume ? (int64_t)caps[i].most * FORECAST_MILLION
				       : caps[i].amount_minor };
		cap_stand(f, &out[n++]);
	}
	return n;
}
