#include "common/must.h"
#include "transform/milestone/rule_judge.h"

/*
 * Kind 4: k weeks that count, within any n weeks in a row.
 *
 *	week   1 2 3 4 5 6 7 8 9 . . . 13 14 15          k = 13, n = 16
 *	       x x x x x x x x       x x  x  x  x         complete in week 15
 *
 * Weeks are seven days from the first day that counts (or from its Monday).
 */

enum { WEEK = 7 };

struct weeks {
	const struct spells *sp;
	const struct rule_terms *rule;
	date_t first;           /* day of week 1 */
	uint32_t n;             /* weeks that anything is known of */
	bool unstated;
};

/* Enough hours, where `total` is of `days` days of a week. */
static bool
enough(const struct rule_terms *rule, int64_t total, int32_t days)
{
	wide is = total, of = (wide)rule->hours * days;

	return rule->exactly == EXACTLY_LOW ? is > of : is >= of;
}

static bool
week_worked(struct weeks *w, date_t from)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < w->sp->counting_n; i++) {
		const struct spell *s = spell_at(w->sp, i);
		const struct event_attribute *a = event_attribute(s->start, w->rule->attribute);

		if (s->from < from || s->from >= from + WEEK)
			continue;
		if (a && a->has_number)
			sum += a->number;
		else
			w->unstated = true;
	}
	return sum > 0 && enough(w->rule, sum, 1);
}

static bool
week_counts(struct weeks *w, date_t from)
{
	bool any_day = w->rule->part_week == PART_WEEK_ANY_DAY;
	int64_t sum = 0, highest = 0, is;
	int32_t covered = 0, days;

	if (w->rule->hours_from == HOURS_WORKED)
		return week_worked(w, from);
	for (date_t d = from; d < from + WEEK; d += days) { /* alike until something changes */
		date_t until = hours_until(w->sp, w->rule->attribute, d);

		days = (until < from + WEEK ? until : from + WEEK) - d;
		if (!hours_on(w->sp, w->rule->attribute, (enum alongside)w->rule->alongside, d, &is,
			&w->unstated))
			continue;
		covered += days;
		sum += is * days;
		highest = is > highest ? is : highest;
	}
	if (covered == 0)
		return false;
	if (w->rule->hours == 0) {
		w->unstated = false;
		return any_day || covered == WEEK;
	}
	return any_day ? enough(w->rule, highest, 1) : enough(w->rule, sum, WEEK);
}

static bool
weeks_begin(struct weeks *w)
{
	date_t last = DATE_MIN;

	if (w->sp->counting_n == 0)
		return false;
	w->first = spell_at(w->sp, 0)->from;
	for (uint32_t i = 0; i < w->sp->counting_n; i++) {
		const struct spell *s = spell_at(w->sp, i);

		last = s->to > last ? s->to : last;
		last = s->from >= last ? s->from + 1 : last;
	}
	if (w->rule->weeks_from == WEEKS_FROM_MONDAY)
		w->first = calendar_monday(w->first);
	w->n = (uint32_t)((last - w->first + WEEK - 1) / WEEK);
	if (w->n > RULES_WEEKS_MAX)
		w->n = RULES_WEEKS_MAX;
	return true;
}

/* The week that completes k, from 0; UINT32_MAX: none, and *most counted in any n. */
static uint32_t
weeks_find(struct weeks *w, const struct judging *j, int32_t *most)
{
	uint8_t *counts = arena_zalloc(j->arena, w->n + 1, 1);
	uint32_t within = (uint32_t)w->rule->within_weeks;
	int32_t now = 0;

	MUST(counts != NULL);
	*most = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		if (i >= within)
			now -= counts[i - within];
		counts[i] = week_counts(w, w->first + (date_t)i * WEEK);
		now += counts[i];
		*most = now > *most ? now : *most;
		if (counts[i] && now >= w->rule->weeks)
			return i;
	}
	return UINT32_MAX;
}

/* What the proof must speak of: the last day of the week, or of what was worked in it. */
static date_t
proved_on(const struct weeks *w, date_t last)
{
	date_t day = DATE_MIN;

	if (w->rule->hours_from == HOURS_CONTRACTED && w->rule->part_week == PART_WEEK_PRO_RATA
	    && covered_on(w->sp, last))
		return last;
	for (uint32_t i = 0; i < w->sp->counting_n; i++) {
		const struct spell *s = spell_at(w->sp, i);
		date_t to = s->to > last ? last : s->to;

		if (s->from <= last && to > day)
			day = to;
	}
	return day;
}

void
rule_weeks_reads(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	reading_spell(v, o->rule.spell_at, r);
}

void
rule_weeks(const struct judging *j, struct verdict *v)
{
	const struct rule_terms *rule = &v->terms->rule;
	struct weeks w = { .sp = judging_spells(j, rule->spell_at), .rule = rule };
	struct run all = run_all(w.sp);
	int32_t most;
	uint32_t at;
	date_t last;

	if (!weeks_begin(&w)) {
		verdict_reason(j, v, REASON_NOTHING_SEEN, rule->event);
		return;
	}
	at = weeks_find(&w, j, &most);
	verdict_observed(v, spell_at(w.sp, 0)->start);
	v->out->start = w.first;
	v->out->days = most * WEEK;
	v->measure = (struct measure){ (int64_t)most * MILLIONTHS,
		(int64_t)rule->weeks * MILLIONTHS, true };
	if (w.unstated)
		verdict_reason(j, v, REASON_NUMBER_NOT_STATED, rule->attribute);
	reason_counted(j, v, REASON_WEEKS_COUNTED, v->measure.is, v->measure.of, " weeks.");
	if (at == UINT32_MAX)
		return;
	last = w.first + (date_t)at * WEEK + WEEK - 1;
	v->day = rule->achieved_on == ACHIEVED_LAST_DAY ? last : last + 1;
	v->out->due = v->day;
	for (uint32_t i = 0; i < w.sp->counting_n; i++)
		if (spell_at(w.sp, i)->from <= last)
			verdict_stands_on(v, spell_at(w.sp, i)->start);
	verdict_proven(j, v, w.sp, &all, proved_on(&w, last), false);
}
