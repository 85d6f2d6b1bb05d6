#include "transform/milestone/reads.h"

#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/judge.h"

struct version_reads {
	struct reading of[RULES_OUTCOMES_MAX];
	uint32_t n;
};

struct reads {
	uint64_t referrals; /* kinds that touch everything */
	size_t versions_n;
	struct version_reads versions[];
};

void
reading_kind(struct reading *r, struct span kind)
{
	r->kinds |= names_kind(r->names, kind);
}

static void
reading_evidence(struct reading *r, const struct evidence_terms *ev)
{
	for (uint32_t i = 0; i < ev->kinds.n; i++)
		reading_kind(r, ev->kinds.items[i]);
	if (ev->engaged_days != RULES_NO_LIMIT_DAYS)
		reading_kind(r, PROOF_ENGAGEMENT);
}

/* Outcomes look at earlier ones only, so that those are known already. */
static struct reading
reading_of(const struct version_terms *v, const struct version_reads *before, uint32_t at,
    struct names *names)
{
	const struct outcome_terms *o = &v->outcomes[at];
	const struct rule *rule = rule_of(&o->rule);
	struct reading r = { .names = names };

	reading_evidence(&r, o->evidence);
	if (rule->reads)
		rule->reads(v, o, &r);
	else
		r.kinds = KINDS_ALL;
	MUST(r.outcomes >> at == 0);
	for (uint32_t i = 0; i < at; i++) {
		if (!(r.outcomes >> i & 1))
			continue;
		r.kinds |= before->of[i].kinds;
		r.outcomes |= before->of[i].outcomes;
	}
	return r;
}

/* Who is in the cohort may depend on them. */
static uint64_t
conditions_kinds(const struct yaml_list *conditions, struct names *names)
{
	const struct condition_terms *c = conditions->items;
	uint64_t kinds = KINDS_NONE;

	for (uint32_t i = 0; i < conditions->n; i++)
		kinds |= names_kind(names, c[i].event) | names_kind(names, c[i].ended);
	return kinds;
}

struct reads *
reads_new(const struct contract *c, struct names *names)
{
	struct reads *r = mem_zalloc(1, sizeof(*r) + c->versions_n * sizeof(r->versions[0]));

	r->versions_n = c->versions_n;
	for (uint32_t i = 0; i < c->versions_n; i++) {
		const struct version_terms *v = &c->versions[i];

		r->referrals |= names_kind(names, v->cohort.referral) | names_kind(names, JUDGE_DEATH)
		    | conditions_kinds(&v->cohort.all_of, names)
		    | conditions_kinds(&v->cohort.any_of, names)
		    | conditions_kinds(&v->cohort.none_of, names);
		for (; r->versions[i].n < v->outcomes_n; r->versions[i].n++)
			r->versions[i].of[r->versions[i].n] =
			    reading_of(v, &r->versions[i], r->versions[i].n, names);
	}
	return r;
}

void
reads_free(struct reads *r)
{
	mem_free(r);
}

uint64_t
reads_touched(const struct reads *r, size_t version, uint64_t kinds)
{
	const struct version_reads *v = &r->versions[version];
	uint64_t outcomes = 0;

	MUST(version < r->versions_n);
	if (kinds & r->referrals)
		kinds = KINDS_ALL;
	if (kinds == KINDS_ALL)
		return reads_everything(v->n);
	for (uint32_t i = 0; i < v->n; i++)
		if (v->of[i].kinds & kinds)
			outcomes |= UINT64_C(1) << i | v->of[i].outcomes;
	return outcomes;
}
