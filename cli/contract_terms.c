#include "cli/contract_terms.h"

#include "cli/witness.h"
#include "common/money.h"

struct refusing {
	const struct contract *c;
	const struct version_terms *v;
	const struct currency *currency;
	struct witness *w;
	struct yaml_report *report;
	uint64_t twice[RULES_OUTCOMES_MAX]; /* bit k of i: told of this pair */
};

/* What nothing that anybody tells can change. */
static const enum reason_code finals[] = { REASON_OUTSIDE_AGE, REASON_OUTSIDE_WINDOW,
	REASON_OUTSIDE_WHERE, REASON_FOR_OTHERS, REASON_EXCLUDED, REASON_TOO_LATE, REASON_NO_RATE };

enum { FINALS_N = sizeof(finals) / sizeof(finals[0]), COHORT_OF = 100 };

/* --- a refusal and its example ---------------------------------------------------- */

/* Behind what was refused there already, or said anew. */
static void
refuse(struct refusing *t, const struct yaml *at, const char *begins, struct buf *said,
    struct buf *example)
{
	if (!yaml_mistake_more(t->report, at, begins, buf_cstr(example)))
		yaml_mistake(t->report, at, "%s: %s%s", begins, buf_cstr(said), buf_cstr(example));
}

/* --- can it ever pay? ---------------------------------------------------------------- */

struct never {
	uint32_t at;
	struct span status;
	enum reason_code code;
};

static bool
still_never(const struct witness *w, const void *arg)
{
	const struct never *n = arg;
	const struct outcome *o = witness_outcome(w, n->at);

	return o && span_eq(o->status, n->status) && witness_says(o, n->code);
}

static bool
still_proven(const struct witness *w, const void *arg)
{
	return witness_proven(witness_outcome(w, *(const uint32_t *)arg));
}

static void
never_refuse(struct refusing *t, uint32_t at, const char *begins, const struct yaml *place,
    enum reason_code code)
{
	const struct outcome_terms *o = &t->v->outcomes[at];
	struct never never = { at, witness_outcome(t->w, at)->status, code };
	struct buf said = BUF_INIT, example = BUF_INIT;

	witness_shrink(t->w, still_never, &never);
	witness_text(t->w, &at, 1, &example);
	buf_printf(&said, "'" SPAN_FMT "' is " SPAN_FMT " even of whoever has all that it asks for. "
	    SPAN_FMT, SPAN_ARG(o->name), SPAN_ARG(witness_outcome(t->w, at)->status),
	    SPAN_ARG(reason_text(code)));
	refuse(t, place, begins, &said, &example);
	buf_release(&said);
	buf_release(&example);
}

/* Proven, and still nothing is paid. */
static void
unpaid_refuse(struct refusing *t, uint32_t at, int64_t earned, struct span cut_by)
{
	const struct outcome_terms *o = &t->v->outcomes[at];
	struct buf said = BUF_INIT, example = BUF_INIT;
	char money[MONEY_TEXT];

	money_text(earned, t->currency, money);
	witness_shrink(t->w, still_proven, &at);
	witness_text(t->w, &at, 1, &example);
	if (cut_by.ptr)
		buf_printf(&said, "'" SPAN_FMT "' earns %s, of which the cap of '" SPAN_FMT
		    "' leaves nothing, though nobody else has earned", SPAN_ARG(o->name), money,
		    SPAN_ARG(cut_by));
	else
		buf_printf(&said, "'" SPAN_FMT "' is proven and earns nothing", SPAN_ARG(o->name));
	refuse(t, o->at.node, "can never pay", &said, &example);
	buf_release(&said);
	buf_release(&example);
}

static bool
of_one(const struct outcome_terms *o)
{
	switch ((enum rule_kind)o->rule.kind) {
	case RULE_BASELINE_DAYS:
	case RULE_COMPARISON:
	case RULE_RATE_GATE:
	case RULE_RISING_TARGET:
	case RULE_DELIVERY_FEE:
	case RULE_MEAN_CHANGE:
	case RULE_PRICE_FUNCTION:
		return false; /* the cohort's */
	default:
		return true;
	}
}

static bool
final(const struct outcome *o, enum reason_code *code)
{
	for (size_t i = 0; o && i < FINALS_N; i++)
		if (witness_says(o, finals[i])) {
			*code = finals[i];
			return true;
		}
	return false;
}

/* The witness is of `at` afterwards.  Whether others that it asks for may be had together is
 * for them to say: only what is final of one of them is final of all. */
static bool
impossible(struct refusing *t, uint32_t at, enum reason_code *code)
{
	const struct outcomes_named *all = &t->v->outcomes[at].rule.all_of;
	const struct outcome *is;
	enum reason_code of;

	if (witness_make(t->w, at))
		return false;
	is = witness_outcome(t->w, at);
	if (final(is, code))
		return true;
	for (uint32_t i = 0; i < all->names.n && witness_says(is, REASON_COMPONENT_MISSING); i++)
		if (final(witness_outcome(t->w, all->at[i]), &of)) {
			*code = REASON_COMPONENT_MISSING;
			return true;
		}
	return false;
}

/* The cohort's: everybody in it has what is counted. */
static void
cohort_check(struct refusing *t, uint32_t at)
{
	const struct outcome_terms *o = &t->v->outcomes[at];
	struct witness_crowd crowd;

	if (o->rule.kind != RULE_DELIVERY_FEE
	    && (o->rule.kind != RULE_RATE_GATE || o->rule.every_period != EVERY_ONCE))
		return; /* what is counted may come in another period than its target */
	witness_make(t->w, at);
	if (o->rule.of.names.n
	    && (!witness_proven(witness_outcome(t->w, o->rule.of.at[0]))
		|| (o->rule.out_of.ptr && !witness_proven(witness_outcome(t->w, o->rule.out_of_at)))))
		return; /* a witness that fails proves nothing */
	if (witness_cohort(t->w, at, o->rule.agreed ? o->rule.agreed : COHORT_OF, &crowd)
	    && crowd.earned <= 0)
		yaml_mistake(t->report, o->at.node, "can never pay: '" SPAN_FMT "' earns nothing\n"
		    "    for example of %lld referred, each of whom has all that is counted",
		    SPAN_ARG(o->name), (long long)crowd.people);
}

static bool
price_told(struct refusing *t, const struct outcome_terms *o)
{
	const struct yaml *price = yaml_get(o->at.node, "price");

	return price && yaml_mistake_more(t->report, price, "a price of nothing", "");
}

static void
never_check(struct refusing *t, uint32_t at)
{
	const struct outcome_terms *o = &t->v->outcomes[at];
	int64_t earned, payable;
	enum reason_code code;
	struct span cut_by;

	if (!of_one(o)) {
		cohort_check(t, at);
		return;
	}
	if (impossible(t, at, &code)) {
		never_refuse(t, at, code == REASON_NO_RATE ? "a rate is missing" : "can never pay",
		    o->at.node, code);
		return;
	}
	if (witness_says(witness_outcome(t->w, at), REASON_NO_RATE)) {
		never_refuse(t, at, "a rate is missing", o->at.node, REASON_NO_RATE);
		return;
	}
	if (!witness_proven(witness_outcome(t->w, at)) || price_told(t, o))
		return; /* a witness that fails proves nothing */
	witness_money(t->w, at, &earned, &payable, &cut_by);
	if (payable <= 0)
		unpaid_refuse(t, at, earned, cut_by);
}

/* Said already by who knows the agencies: what it looks like. */
static void
unprovable_show(struct refusing *t, uint32_t at)
{
	static const enum reason_code missing[] = { REASON_AWAITING_AGENCY, REASON_AWAITING_MORE,
		REASON_AWAITING_INDEPENDENT };
	const struct outcome_terms *o = &t->v->outcomes[at];
	const struct evidence_terms *e = o->evidence;
	const struct outcome *is = witness_outcome(t->w, at);
	struct buf begins = BUF_INIT;

	buf_printf(&begins, "outcome '" SPAN_FMT "'", SPAN_ARG(o->name));
	for (size_t i = 0; is && i < sizeof(missing) / sizeof(missing[0]); i++)
		if (witness_says(is, missing[i])
		    && yaml_mistake_more(t->report, e->at.node ? e->at.node : o->at.node,
			buf_cstr(&begins), "")) {
			never_refuse(t, at, buf_cstr(&begins), e->at.node ? e->at.node : o->at.node,
			    missing[i]);
			break;
		}
	buf_release(&begins);
}

/* --- twice for one fact ------------------------------------------------------------------ */

static bool
same_evidence(const struct outcome *a, const struct outcome *b)
{
	const struct id *x = a->evidence.items, *y = b->evidence.items;

	if (a->evidence.n != b->evidence.n || a->achieved != b->achieved)
		return false;
	for (uint32_t i = 0; i < a->evidence.n; i++) {
		bool found = false;

		for (uint32_t k = 0; k < b->evidence.n; k++)
			found = found || id_cmp(&x[i], &y[k]) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* Fees are for the person, not for a fact; silence is no fact. */
static bool
of_facts(const struct outcome_terms *o)
{
	return o->pay == PAY_PRICE && of_one(o) && o->rule.kind != RULE_CAPITATION
	    && o->rule.kind != RULE_NON_OCCURRENCE;
}

static void
twice_refuse(struct refusing *t, uint32_t a, uint32_t b)
{
	const struct outcome_terms *o = &t->v->outcomes[b], *before = &t->v->outcomes[a];
	struct buf said = BUF_INIT, begins = BUF_INIT;

	if (t->twice[a] >> b & 1)
		return;
	t->twice[a] |= UINT64_C(1) << b;
	buf_printf(&begins, "pays twice for one fact: the same rule as '" SPAN_FMT "'",
	    SPAN_ARG(before->name));
	witness_text(t->w, (uint32_t[]){ a, b }, 2, &said);
	if (!yaml_mistake_more(t->report, yaml_key(o->at.node, "rule"), buf_cstr(&begins),
		buf_cstr(&said)))
		yaml_mistake(t->report, yaml_key(o->at.node, "rule"),
		    "pays twice for one fact: the same records pay '" SPAN_FMT "' and '" SPAN_FMT
		    "'%s", SPAN_ARG(before->name), SPAN_ARG(o->name), buf_cstr(&said));
	buf_release(&said);
	buf_release(&begins);
}

static bool
paid(struct refusing *t, uint32_t at)
{
	int64_t earned, payable;
	struct span cut_by;

	witness_money(t->w, at, &earned, &payable, &cut_by);
	return payable > 0;
}

static void
twice_check(struct refusing *t, uint32_t at)
{
	const struct outcome *is;

	if (!of_facts(&t->v->outcomes[at]) || !witness_make(t->w, at))
		return;
	witness_shrink(t->w, still_proven, &at);
	is = witness_outcome(t->w, at);
	for (uint32_t k = 0; k < t->v->outcomes_n; k++) {
		const struct outcome *other = witness_outcome(t->w, k);

		if (k != at && of_facts(&t->v->outcomes[k]) && witness_proven(other)
		    && same_evidence(is, other) && paid(t, at) && paid(t, k))
			twice_refuse(t, k < at ? k : at, k < at ? at : k);
	}
}

/* --- refused already, by what the file says: what it would do ------------------------------- */

/* What is refused at `node` gets the witness of `at`; with: another outcome shown beside it. */
static void
told_show(struct refusing *t, uint32_t at, const struct yaml *node, const char *begins,
    const uint32_t *with)
{
	struct buf example = BUF_INIT;
	uint32_t both[2];
	size_t n = 0;

	if (!node || !yaml_mistake_more(t->report, node, begins, ""))
		return;
	if (with)
		both[n++] = *with;
	both[n++] = at;
	if (witness_make(t->w, at))
		witness_shrink(t->w, still_proven, &at);
	witness_text(t->w, both, n, &example);
	yaml_mistake_more(t->report, node, begins, buf_cstr(&example));
	buf_release(&example);
}

static void
rule_show(struct refusing *t, uint32_t at)
{
	const struct outcome_terms *o = &t->v->outcomes[at];
	const struct rule_terms *r = &o->rule;
	const struct part_terms *parts = r->parts.items;

	for (uint32_t i = 0; i < r->all_of.names.n; i++)
		told_show(t, at, r->all_of.names.at[i], "pays twice for one fact", &r->all_of.at[i]);
	for (uint32_t i = 0; i < r->parts.n; i++)
		told_show(t, at, yaml_get(parts[i].at.node, "on"), "pays twice for one fact",
		    &parts[i].on_at);
	told_show(t, at, yaml_get(r->at.node, "within"), "can never pay", NULL);
	told_show(t, at, yaml_get(r->at.node, "at_least"), "can never pay", NULL);
	told_show(t, at, yaml_get(o->at.node, "price"), "a price of nothing", NULL);
}

/* --- caps ----------------------------------------------------------------------------------- */

/* The outcome of a cap whose crowd is the smallest. */
static bool
crowd_of(struct refusing *t, const struct cap_terms *cap, int64_t earned, int64_t payable,
    uint32_t *at, struct witness_crowd *crowd)
{
	bool any = false;

	for (uint32_t i = 0; i < t->v->outcomes_n; i++) {
		struct witness_crowd now;

		if (cap->outcomes_set && !(cap->outcomes_set >> i & 1))
			continue;
		if (t->v->outcomes[i].pay != PAY_PRICE || !of_one(&t->v->outcomes[i])
		    || !witness_make(t->w, i) || !witness_crowd(t->w, i, earned, payable, &now))
			continue;
		if (!any || now.people < crowd->people) {
			*at = i;
			*crowd = now;
		}
		any = true;
	}
	return any;
}

static void
crowd_text(const struct refusing *t, uint32_t at, const struct witness_crowd *crowd, struct buf *out)
{
	char earned[MONEY_TEXT], payable[MONEY_TEXT];

	money_text(crowd->earned, t->currency, earned);
	money_text(crowd->payable, t->currency, payable);
	buf_printf(out, "\n    for example %lld with '" SPAN_FMT "': earned %s, payable %s",
	    (long long)crowd->people, SPAN_ARG(t->v->outcomes[at].name), earned, payable);
}

static void
cap_show(struct refusing *t, const struct cap_terms *cap, const struct yaml *place,
    const char *begins, int64_t earned, int64_t payable)
{
	struct witness_crowd crowd = { 0 };
	struct buf example = BUF_INIT;
	uint32_t at = 0;

	if (yaml_mistake_more(t->report, place, begins, "")
	    && crowd_of(t, cap, earned, payable, &at, &crowd)) {
		crowd_text(t, at, &crowd, &example);
		yaml_mistake_more(t->report, place, begins, buf_cstr(&example));
	}
	buf_release(&example);
}

static void
caps_show(struct refusing *t)
{
	const struct cap_terms *caps = t->v->caps.items;
	int64_t benefit;

	for (uint32_t i = 0; i < t->v->caps.n; i++) {
		const struct yaml *amount = yaml_get(caps[i].at.node, "amount");

		cap_show(t, &caps[i], caps[i].at.node, "caps contradict", caps[i].amount_minor, 0);
		if (!amount)
			continue;
		cap_show(t, &caps[i], amount, "caps contradict", caps[i].amount_minor, 0);
		if (money_of_millionths(t->v->benefit_millionths, t->currency, &benefit))
			cap_show(t, &caps[i], amount, "the ceiling", 0, benefit + 1);
	}
}

/* --- all of it --------------------------------------------------------------------------------- */

void
contract_terms_check(const struct contract *c, const struct agencies *agencies,
    struct yaml_report *report)
{
	struct refusing t = { .c = c, .report = report, .currency = currency_find(c->currency) };

	if (c->versions_n == 0 || !t.currency)
		return;
	t.v = &c->versions[c->versions_n - 1];
	t.w = witness_new(c, agencies);
	for (uint32_t i = 0; i < t.v->outcomes_n; i++) {
		if (t.v->outcomes[i].pay == PAY_PRICE)
			never_check(&t, i);
		else
			witness_make(t.w, i);
		unprovable_show(&t, i);
		rule_show(&t, i);
		twice_check(&t, i);
	}
	caps_show(&t);
	witness_free(t.w);
}
