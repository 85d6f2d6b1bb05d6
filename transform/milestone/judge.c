#include "transform/milestone/judge.h"

#include "common/must.h"

static void
nobody(const struct judging *j, struct verdict *v)
{
	(void)j;
	(void)v;
	NOT_REACHED("a rule of the cohort is none of one unit");
}

static void
nothing(const struct version_terms *v, const struct outcome_terms *o, struct reading *r)
{
	(void)v;
	(void)o;
	(void)r;
}

#define RULE(name) { name, name##_reads }

const struct rule *
rule_of(const struct rule_terms *terms)
{
	static const struct rule rules[] = {
		[RULE_EVENT_ONCE] = RULE(rule_event),
		[RULE_SPELL] = RULE(rule_spell),
		[RULE_SPELL_EXCLUDING] = RULE(rule_spell),
		[RULE_WEEKS] = RULE(rule_weeks),
		[RULE_CUMULATIVE_DAYS] = RULE(rule_cumulative_days),
		[RULE_CUMULATIVE_AMOUNT] = RULE(rule_cumulative_amount),
		[RULE_RECURRING] = RULE(rule_recurring),
		[RULE_INTENSITY_BAND] = RULE(rule_intensity_band),
		[RULE_SCORE_CHANGE] = RULE(rule_score),
		[RULE_BASELINE_DAYS] = RULE(rule_baseline_days),
		[RULE_COMPARISON] = RULE(rule_comparison),
		[RULE_NON_OCCURRENCE] = RULE(rule_non_occurrence),
		[RULE_RATE_GATE] = { nobody, nothing },
		[RULE_ASSESSMENT] = RULE(rule_event),
		[RULE_TIERED] = RULE(rule_tiered),
		[RULE_SPLIT] = RULE(rule_split),
		[RULE_GOAL_COUNT] = RULE(rule_goal_count),
		[RULE_N_OF_M] = RULE(rule_n_of_m),
		[RULE_DELIVERY_FEE] = { nobody, nothing },
		[RULE_CAPITATION] = RULE(rule_capitation),
		[RULE_BUNDLE] = RULE(rule_n_of_m),
		[RULE_MEAN_CHANGE] = RULE(rule_score),
		[RULE_RISING_TARGET] = { nobody, nothing },
	};

	MUST((size_t)terms->kind < sizeof(rules) / sizeof(rules[0]) && rules[terms->kind].judge);
	return &rules[terms->kind];
}

/* --- verdicts ------------------------------------------------------------------ */

void
verdict_trial(const struct judging *j, struct verdict *v)
{
	v->marks = arena_zalloc(j->arena, j->marks_n, sizeof(*v->marks));
	v->stands_on_n = v->reasons_n = v->gaps_n = 0;
}

void
verdict_reason(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject)
{
	(void)j;
	if (v->reasons_n < VERDICT_REASONS_MAX)
		v->reasons[v->reasons_n++] = (struct reason){ .code = reason_name(code),
			.subject = subject, .text = reason_text(code) };
}

void
verdict_reason_more(const struct judging *j, struct verdict *v, enum reason_code code,
    struct span subject, const struct sentence *more)
{
	struct span text = reason_text(code);
	uint8_t *both = arena_alloc(j->arena, text.len + 1 + more->len);

	MUST(both != NULL);
	memcpy(both, text.ptr, text.len);
	both[text.len] = ' ';
	memcpy(both + text.len + 1, more->text, more->len);
	verdict_reason(j, v, code, subject);
	v->reasons[v->reasons_n - 1].text = span_of(both, text.len + 1 + more->len);
}

void
sentence_event(const struct judging *j, struct sentence *s, const struct event *e)
{
	sentence_add(s, contract_organisation_name(j->contract, name_text(e->organisation)));
	sentence_str(s, "'s ");
	sentence_add(s, name_text(e->kind));
	sentence_str(s, " of ");
	sentence_date(s, e->start);
}

/* --- what rules share ------------------------------------------------------------ */

const struct spells *
judging_spells(const struct judging *j, uint32_t at)
{
	uint32_t base = j->version->spells[at].base;

	if (!j->spells[at].terms)
		spells_build(&j->spells[at], j->of_base[base], j->of_base_n[base],
		    &j->version->spells[at], j->known, j->arena);
	return &j->spells[at];
}

void
reading_spell(const struct version_terms *v, uint32_t at, struct reading *r)
{
	reading_kind(r, v->spells[at].event);
	reading_kind(r, v->spells[at].confirmed);
	reading_kind(r, v->spells[at].ended);
}

void
verdict_observed(struct verdict *v, const struct event *e)
{
	v->status = STATUS_OBSERVED;
	v->anchor = e;
	v->out->start = e->start;
	verdict_stands_on(v, e);
}

void
verdict_proven(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, date_t proved, bool one_day)
{
	if (proof_contradicted(j, v, sp, run, proved)) {
		v->status = STATUS_CONTRADICTED;
		proof_enough(j, v, sp, one_day ? NULL : run, proved);
		return;
	}
	v->status = proof_enough(j, v, sp, one_day ? NULL : run, proved) ? STATUS_ACHIEVED
									 : STATUS_AWAITING;
}

void
verdict_complete(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, bool one_day)
{
	verdict_proven(j, v, sp, run, v->day, one_day);
}
