#include "common/money.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kind 6: so much in all within a window.
 *
 *	16 h × 26 weeks at £10.42 is £4,334.72, within 638 days of the referral:
 *	[referral ───────────────────────────────────── + 638 days)
 *	    £900   £1,100   £1,200   £1,134.72 ◄ reached on this day
 *
 * The rate is the one in force at the window's start.  Records of different
 * organisations of one day and one amount are of one payment.
 */

struct amounts {
	const struct rule_terms *rule;
	const struct spells *sp;
	date_t from, to;
	int64_t sum;
	bool unstated, other_currency;
};

static bool
excepted(const struct amounts *a, const struct event *e)
{
	bool stated;

	return a->rule->except.n && filter_fits(&a->rule->except, e, &stated);
}

static bool
same_payment(const struct amounts *a, uint32_t at, int64_t amount)
{
	const struct event *e = spell_at(a->sp, at)->start;

	for (uint32_t i = at; i > 0 && spell_at(a->sp, i - 1)->from == e->start; i--) {
		const struct event *f = spell_at(a->sp, i - 1)->start;
		const struct event_attribute *is = event_attribute(f, a->rule->attribute);

		if (is && is->has_number && is->number == amount
		    && f->organisation != e->organisation && !excepted(a, f))
			return true;
	}
	return false;
}

/* Codes are in small letters, currencies in capitals. */
static bool
currency_is(const struct judging *j, struct span code)
{
	struct span ours = j->contract->currency;

	if (code.len != ours.len)
		return false;
	for (size_t i = 0; i < code.len; i++)
		if ((code.ptr[i] | 0x20) != (ours.ptr[i] | 0x20))
			return false;
	return true;
}

/* false: it counts for nothing. */
static bool
amount_of(const struct judging *j, struct amounts *a, uint32_t at, int64_t *amount)
{
	const struct event *e = spell_at(a->sp, at)->start;
	const struct event_attribute *is = event_attribute(e, a->rule->attribute),
				     *currency = event_attribute(e, SPAN_LIT("currency"));

	if (e->start < a->from || e->start >= a->to || excepted(a, e))
		return false;
	if (currency && currency->text && !currency_is(j, name_text(currency->text))) {
		a->other_currency = true;
		return false;
	}
	if (!is || !is->has_number) {
		a->unstated = true;
		return false;
	}
	*amount = is->number;
	return !same_payment(a, at, *amount);
}

static bool
reached(const struct amounts *a, wide threshold)
{
	wide is = (wide)a->sum * MILLIONTHS;

	return a->rule->reach == REACH_EXCEEDING ? is > threshold : is >= threshold;
}

/* In millionths of millionths; false: no rate is in force. */
static bool
threshold_on(const struct rule_terms *rule, date_t day, wide *threshold)
{
	int64_t rate;

	if (!rule->rate_is) {
		*threshold = (wide)rule->at_least * MILLIONTHS;
		return true;
	}
	if (!rate_on(rule->rate_is, day, &rate))
		return false;
	*threshold = (wide)rate * rule->times;
	return true;
}

/* What comes before it and does not count is told all the same. */
static date_t
first_that_counts(const struct judging *j, struct amounts *a)
{
	int64_t amount;

	a->from = DATE_MIN; /* the window is not known yet */
	a->to = DATE_MAX;
	for (uint32_t i = 0; i < a->sp->counting_n; i++)
		if (amount_of(j, a, i, &amount))
			return spell_at(a->sp, i)->from;
	return j->referral->start;
}

static void
amounts_begin(const struct judging *j, struct amounts *a)
{
	const struct rule_terms *rule = a->rule;

	a->from = rule->within_from == FROM_REFERRAL ? j->referral->start
						     : first_that_counts(j, a);
	a->to = duration_is_zero(rule->within) ? DATE_MAX : duration_add(a->from, rule->within);
}

void
rule_cumulative_amount_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_cumulative_amount(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	struct amounts a = { .rule = rule, .sp = judging_spells(j, rule->spell_at) };
	struct run all = run_all(a.sp);
	wide threshold = 0;
	bool rated;
	int64_t one;

	amounts_begin(j, &a);
	rated = threshold_on(rule, a.from, &threshold);
	for (uint32_t i = 0; i < a.sp->counting_n; i++) {
		const struct spell *s = spell_at(a.sp, i);

		if (amount_of(j, &a, i, &one) && money_add(&a.sum, one)) {
			if (!v->anchor)
				verdict_observed(v, s->start);
			verdict_stands_on(v, s->start);
		}
		if (i + 1 < a.sp->counting_n && spell_at(a.sp, i + 1)->from == s->from)
			continue; /* a day is one */
		if (rule->rate_on == RATE_ON_REACHED)
			rated = threshold_on(rule, s->from, &threshold);
		if (v->anchor && rated && reached(&a, threshold)) {
			v->day = s->from;
			break;
		}
	}
	if (a.unstated)
		verdict_reason(j, v, REASON_NUMBER_NOT_STATED, rule->attribute);
	if (a.other_currency)
		verdict_reason(j, v, REASON_OTHER_CURRENCY, SPAN_NONE);
	if (!v->anchor) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->event);
		if (a.to != DATE_MAX && rule->within_from == FROM_REFERRAL)
			v->failed = a.to - 1;
		return;
	}
	if (!rated)
		verdict_reason(j, v, REASON_NO_RATE, rule->rate);
	v->measure = (struct measure){ a.sum, (int64_t)(threshold / MILLIONTHS), true };
	reason_counted(j, v, REASON_AMOUNT_COUNTED, a.sum, v->measure.of, ".");
	if (v->day == DATE_NONE) {
		if (a.to != DATE_MAX)
			v->failed = a.to - 1;
		return;
	}
	v->out->due = v->day;
	verdict_proven(j, v, a.sp, &all, v->day, false);
}
