#include "transform/milestone/judge.h"

#include "common/must.h"

const struct rule *
rule_of(const struct rule_terms *terms)
{
	static const struct rule rules[] = {
		[RULE_EVENT_ONCE] = { rule_event, rule_event_reads },
		[RULE_SPELL] = { rule_spell, rule_spell_reads },
		[RULE_ASSESSMENT] = { rule_event, rule_event_reads },
	};

	MUST((size_t)terms->kind < sizeof(rules) / sizeof(rules[0]) && rules[terms->kind].judge);
	return &rules[terms->kind];
}

/* --- verdicts ------------------------------------------------------------------ */

void
verdict_stands_on(struct verdict *v, const struct event *e)
{
	for (uint32_t i = 0; i < v->stands_on_n; i++)
		if (v->stands_on[i] == e)
			return;
	v->stands_on[v->stands_on_n++] = e;
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
		    &j->version->spells[at], j->facts->as_at, j->arena);
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
verdict_complete(const struct judging *j, struct verdict *v, const struct spells *sp,
    const struct run *run, bool one_day)
{
	if (proof_contradicted(j, v, sp, run, v->day)) {
		v->status = STATUS_CONTRADICTED;
		proof_enough(j, v, sp, one_day ? NULL : run, v->day);
		return;
	}
	v->status = proof_enough(j, v, sp, one_day ? NULL : run, v->day) ? STATUS_ACHIEVED
									 : STATUS_AWAITING;
}
