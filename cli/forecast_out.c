#include "cli/forecast_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/json.h"
#include "common/money.h"

enum { CAPS_MAX = 32, NUMBER_TEXT = 32, MONTH_TEXT = 8, CHANCE_MILLIONTHS = 1000000 };

static const char method[]
    = "of those under way as many as were seen to last before: Kaplan-Meier by rung, Wilson's 95% "
      "interval; other rules: the share of those that fell due";

/* --- what all forms share ------------------------------------------------------------------ */

static const char *
money(const struct forecast_view *v, int64_t minor, char out[MONEY_TEXT])
{
	const struct currency *c = currency_find(contract_currency(v->contract));

	out[0] = '\0';
	if (c)
		money_text(minor, c, out);
	return out;
}

static const char *
month_text(date_t day, char out[MONTH_TEXT])
{
	char whole[DATE_TEXT];

	date_text(day, whole);
	snprintf(out, MONTH_TEXT, "%.7s", whole);
	return out;
}

/* One decimal, from millionths. */
static const char *
number_text(int64_t millionths, char out[NUMBER_TEXT])
{
	int64_t tenths = (millionths + (millionths < 0 ? -50000 : 50000)) / 100000;

	snprintf(out, NUMBER_TEXT, "%" PRId64 ".%" PRId64, tenths / 10, tenths < 0 ? -tenths % 10
	    : tenths % 10);
	return out;
}

static bool
cell_says(const struct forecast_cell *c)
{
	return c->done || c->due || c->plan != FORECAST_NO_PLAN;
}

static bool
rung_says(const struct forecast_rung *r)
{
	return r->followed || r->under_way || r->contradicted;
}

/* --- text ------------------------------------------------------------------------------------ */

static void
rung_text(const struct forecast_rung *r, struct buf *out)
{
	buf_printf(out, "  %-24.*s %9u %8u %9u %6u %9u %7u   %3.0f%% (%.0f%% to %.0f%%)%s\n",
	    SPAN_ARG(r->name), r->under_way, r->overdue, r->followed, r->ended, r->complete,
	    r->proven, r->whole.is * 100, r->whole.low * 100, r->whole.high * 100,
	    r->whole.beyond ? ", nobody was followed as long" : "");
}

static void
rungs_text(const struct forecast_view *v, struct buf *out)
{
	const struct forecast_rung *r;
	uint32_t n = forecast_rungs(v->forecast, &r);
	char a[MONEY_TEXT];

	buf_printf(out, "\n  %-24s %9s %8s %9s %6s %9s %7s   %s\n", "outcome", "under way", "overdue",
	    "followed", "ended", "complete", "proven", "from the first day to the last (95%)");
	for (uint32_t i = 0; i < n; i++)
		if (rung_says(&r[i]))
			rung_text(&r[i], out);
	for (uint32_t i = 0; i < n; i++) {
		if (r[i].later || r[i].unplaced || r[i].contradicted)
			buf_printf(out, "  " SPAN_FMT ": %u due later, %u of no known day, %u contradicted: "
			    "not in the months\n", SPAN_ARG(r[i].name), r[i].later, r[i].unplaced,
			    r[i].contradicted);
		if (r[i].complete > r[i].proven)
			buf_printf(out, "  " SPAN_FMT ": %u complete and not proven, %s: not in the months\n",
			    SPAN_ARG(r[i].name), r[i].complete - r[i].proven,
			    money(v, r[i].awaiting_minor, a));
	}
}

static void
estimate_text(const struct forecast_view *v, const struct forecast_cell *c, struct buf *out)
{
	char is[NUMBER_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT], a[MONEY_TEXT], b[MONEY_TEXT],
	    d[MONEY_TEXT];

	if (!c->due)
		return;
	buf_printf(out, " %8s (%s to %s)  %s (%s to %s)", number_text(c->number.is, is),
	    number_text(c->number.low, low), number_text(c->number.high, high),
	    money(v, c->money.is, a), money(v, c->money.low, b), money(v, c->money.high, d));
}

static void
months_text(const struct forecast_view *v, struct buf *out)
{
	char month[MONTH_TEXT], plan[NUMBER_TEXT], a[MONEY_TEXT];

	buf_printf(out, "\n  %-7s %6s %14s %6s %8s\n", "month", "done", "", "due", "expected");
	for (uint32_t m = 0; m < forecast_months(v->forecast); m++) {
		const struct forecast_cell *c = forecast_all(v->forecast, m);

		if (!cell_says(c))
			continue;
		buf_printf(out, "  %-7s %6u %14s %6u", month_text(forecast_month(v->forecast, m), month),
		    c->done, money(v, c->done_minor, a), c->due);
		estimate_text(v, c, out);
		if (c->plan != FORECAST_NO_PLAN)
			buf_printf(out, "  plan %s", number_text(c->plan, plan));
		buf_byte(out, '\n');
	}
}

/* The month in which done and expected together come to the cap; by the end of the range that
 * `of` picks.  false: not in these months. */
static bool
cap_reached(const struct forecast_view *v, const struct forecast_cap *cap, int of, date_t *month)
{
	int64_t sum = cap->now;

	for (uint32_t m = forecast_now(v->forecast); m < forecast_months(v->forecast); m++) {
		const struct estimate *e = &forecast_all(v->forecast, m)->money;

		sum += of == 0 ? e->is : of < 0 ? e->low : e->high;
		if (sum >= cap->most) {
			*month = forecast_month(v->forecast, m);
			return true;
		}
	}
	return false;
}

static const char *
cap_amount(const struct forecast_view *v, const struct forecast_cap *c, int64_t amount,
    char out[MONEY_TEXT])
{
	char number[NUMBER_TEXT];

	if (c->money)
		return money(v, amount, out);
	snprintf(out, MONEY_TEXT, "%s", number_text(amount, number));
	return out;
}

static void
cap_names(const struct forecast_cap *c, struct buf *out)
{
	for (uint32_t i = 0; i < c->cap->outcomes.n; i++)
		buf_printf(out, "%s" SPAN_FMT, i ? ", " : " of ", SPAN_ARG(c->cap->outcomes.items[i]));
}

static void
caps_text(const struct forecast_view *v, struct buf *out)
{
	struct forecast_cap caps[CAPS_MAX];
	uint32_t n = forecast_caps(v->forecast, caps, CAPS_MAX);
	char a[MONEY_TEXT], b[MONEY_TEXT], d[MONEY_TEXT], e[MONEY_TEXT], f[MONEY_TEXT],
	    month[MONTH_TEXT];
	date_t reached;

	for (uint32_t i = 0; i < n; i++) {
		buf_printf(out, "\n  cap%s", caps[i].cap->cap == CAP_CONTRACT ? " of the contract" : "");
		cap_names(&caps[i], out);
		buf_printf(out, ": %s; done %s, with what is forecast %s (%s to %s)",
		    cap_amount(v, &caps[i], caps[i].most, a), cap_amount(v, &caps[i], caps[i].now, b),
		    cap_amount(v, &caps[i], caps[i].then.is, d),
		    cap_amount(v, &caps[i], caps[i].then.low, e),
		    cap_amount(v, &caps[i], caps[i].then.high, f));
		if (caps[i].cap->cap != CAP_CONTRACT)
			continue;
		if (cap_reached(v, &caps[i], 0, &reached))
			buf_printf(out, ", reached in %s", month_text(reached, month));
		else if (cap_reached(v, &caps[i], 1, &reached))
			buf_printf(out, ", in %s at the earliest", month_text(reached, month));
	}
	buf_str(out, n ? "\n" : "\n  the contract names no cap that this can be held against\n");
}

/* What is expected is complete by the rule; how much of that is proven in the end shows here. */
static void
proof_text(const struct forecast_view *v, struct buf *out)
{
	const struct forecast_rung *r;
	uint32_t n = forecast_rungs(v->forecast, &r), complete = 0, proven = 0;

	for (uint32_t i = 0; i < n; i++) {
		complete += r[i].complete;
		proven += r[i].proven;
	}
	buf_printf(out, "\nExpected is what will be complete by its rule: of %u that are complete so far "
	    "%u are proven.\n", complete, proven);
}

void
forecast_text(const struct forecast_view *v, struct buf *out)
{
	char day[DATE_TEXT];

	date_text(v->as_at, day);
	buf_printf(out, SPAN_FMT ", version %d, as at %s: what is under way, and when it is due\n"
	    "  %u people were referred; %s\n", SPAN_ARG(contract_title(v->contract)),
	    (int)contract_version_newest(v->contract), day, v->referred, method);
	rungs_text(v, out);
	months_text(v, out);
	caps_text(v, out);
	proof_text(v, out);
	buf_str(out, "Money is by price, without caps.  Nobody who is yet to be referred is in it, and no "
	    "rung that\nnobody has begun; of whom nothing is heard, more may have ended than were "
	    "seen to.\n");
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void
csv_millionths(struct buf *out, int64_t v)
{
	buf_printf(out, ",%" PRId64 ".%06" PRId64, v / FORECAST_MILLION, v % FORECAST_MILLION);
}

void
forecast_csv(const struct forecast_view *v, struct buf *out)
{
	const struct forecast_rung *r;
	uint32_t n = forecast_rungs(v->forecast, &r);
	char month[MONTH_TEXT];

	buf_str(out, "month,outcome,done,done_minor,due,expected,expected_low,expected_high,"
	    "expected_minor,expected_low_minor,expected_high_minor,plan\n");
	for (uint32_t m = 0; m < forecast_months(v->forecast); m++)
		for (uint32_t i = 0; i < n; i++) {
			const struct forecast_cell *c = forecast_cell(v->forecast, i, m);

			if (!cell_says(c))
				continue;
			buf_printf(out, "%s," SPAN_FMT ",%u,%" PRId64 ",%u",
			    month_text(forecast_month(v->forecast, m), month), SPAN_ARG(r[i].name),
			    c->done, c->done_minor, c->due);
			csv_millionths(out, c->number.is);
			csv_millionths(out, c->number.low);
			csv_millionths(out, c->number.high);
			buf_printf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64, c->money.is, c->money.low,
			    c->money.high);
			if (c->plan == FORECAST_NO_PLAN)
				buf_byte(out, ',');
			else
				csv_millionths(out, c->plan);
			buf_byte(out, '\n');
		}
}

/* --- JSON, version 1 ----------------------------------------------------------------------------- */

static void
put_millionths(struct jw *j, const char *name, int64_t v)
{
	jw_key(j, name);
	jw_millionths(j, v);
}

static void
put_chance(struct jw *j, const char *name, double v)
{
	put_millionths(j, name, llround(v * CHANCE_MILLIONTHS));
}

static void
rung_json(struct jw *j, const struct forecast_rung *r)
{
	jw_object(j);
	jw_put_str(j, "outcome", r->name);
	jw_put_str(j, "title", r->title);
	jw_put_text(j, "method", r->spell ? "kaplan-meier" : "share");
	jw_put_int(j, "under_way", r->under_way);
	jw_put_int(j, "overdue", r->overdue);
	jw_put_int(j, "later", r->later);
	jw_put_int(j, "unplaced", r->unplaced);
	jw_put_int(j, "contradicted", r->contradicted);
	jw_put_int(j, "followed", r->followed);
	jw_put_int(j, "ended", r->ended);
	jw_put_int(j, "complete", r->complete);
	jw_put_int(j, "proven", r->proven);
	jw_put_int(j, "awaiting_minor", r->awaiting_minor);
	put_chance(j, "survival", r->whole.is);
	put_chance(j, "survival_low", r->whole.low);
	put_chance(j, "survival_high", r->whole.high);
	jw_put_bool(j, "beyond", r->whole.beyond);
	jw_end(j);
}

static void
cell_json(struct jw *j, const struct forecast_view *v, uint32_t m, struct span outcome,
    const struct forecast_cell *c)
{
	char month[MONTH_TEXT];

	jw_object(j);
	jw_put_text(j, "month", month_text(forecast_month(v->forecast, m), month));
	jw_put_str(j, "outcome", outcome);
	jw_put_int(j, "done", c->done);
	jw_put_int(j, "done_minor", c->done_minor);
	jw_put_int(j, "due", c->due);
	put_millionths(j, "expected", c->number.is);
	put_millionths(j, "expected_low", c->number.low);
	put_millionths(j, "expected_high", c->number.high);
	jw_put_int(j, "expected_minor", c->money.is);
	jw_put_int(j, "expected_low_minor", c->money.low);
	jw_put_int(j, "expected_high_minor", c->money.high);
	jw_key(j, "plan");
	if (c->plan == FORECAST_NO_PLAN)
		jw_null(j);
	else
		jw_millionths(j, c->plan);
	jw_end(j);
}

static void
put_amount(struct jw *j, const char *name, const struct forecast_cap *c, int64_t amount)
{
	jw_key(j, name);
	if (c->money)
		jw_int(j, amount);
	else
		jw_millionths(j, amount);
}

static void
cap_json(struct jw *j, const struct forecast_view *v, const struct forecast_cap *c)
{
	char month[MONTH_TEXT];
	date_t reached;

	jw_object(j);
	jw_put_text(j, "cap", c->cap->cap == CAP_CONTRACT ? "contract"
		: c->cap->cap == CAP_OUTCOME ? "outcome" : "volume");
	jw_put_text(j, "unit", c->money ? "minor" : "outcomes");
	jw_key(j, "outcomes");
	jw_array(j);
	for (uint32_t i = 0; i < c->cap->outcomes.n; i++)
		jw_str(j, c->cap->outcomes.items[i]);
	jw_end(j);
	put_amount(j, "most", c, c->most);
	put_amount(j, "now", c, c->now);
	put_amount(j, "then", c, c->then.is);
	put_amount(j, "then_low", c, c->then.low);
	put_amount(j, "then_high", c, c->then.high);
	jw_put_text(j, "reached", c->cap->cap == CAP_CONTRACT && cap_reached(v, c, 0, &reached)
		? month_text(reached, month) : NULL);
	jw_end(j);
}

static void
lists_json(struct jw *j, const struct forecast_view *v)
{
	struct forecast_cap caps[CAPS_MAX];
	uint32_t caps_n = forecast_caps(v->forecast, caps, CAPS_MAX), n;
	const struct forecast_rung *r;

	n = forecast_rungs(v->forecast, &r);
	jw_key(j, "outcomes");
	jw_array(j);
	for (uint32_t i = 0; i < n; i++)
		rung_json(j, &r[i]);
	jw_end(j);
	jw_key(j, "months");
	jw_array(j);
	for (uint32_t m = 0; m < forecast_months(v->forecast); m++)
		for (uint32_t i = 0; i < n; i++)
			if (cell_says(forecast_cell(v->forecast, i, m)))
				cell_json(j, v, m, r[i].name, forecast_cell(v->forecast, i, m));
	jw_end(j);
	jw_key(j, "totals");
	jw_array(j);
	for (uint32_t m = 0; m < forecast_months(v->forecast); m++)
		cell_json(j, v, m, SPAN_NONE, forecast_all(v->forecast, m));
	jw_end(j);
	jw_key(j, "caps");
	jw_array(j);
	for (uint32_t i = 0; i < caps_n; i++)
		cap_json(j, v, &caps[i]);
	jw_end(j);
}

void
forecast_json(const struct forecast_view *v, struct buf *out)
{
	struct jw j;

	jw_begin(&j, out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_str(&j, "contract", contract_name(v->contract));
	jw_put_int(&j, "contract_version", contract_version_newest(v->contract));
	jw_put_str(&j, "currency", contract_currency(v->contract));
	jw_put_date(&j, "as_at", v->as_at);
	jw_put_text(&j, "over", v->over);
	jw_put_text(&j, "behind", v->behind);
	jw_put_text(&j, "method", method);
	jw_put_int(&j, "referred", v->referred);
	lists_json(&j, v);
	jw_end(&j);
	buf_byte(out, '\n');
}
