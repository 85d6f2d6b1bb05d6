/*
 * outturn try - a contract and a file of events in, outcomes with reasons out.
 *
 * The first thing that a new user touches: no server, no key, a second.  Its
 * input and its JSON are stable: docs/try.md.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/judged.h"
#include "cli/settling.h"
#include "cli/story.h"
#include "cli/trial.h"
#include "cli/trial_html.h"
#include "common/mem.h"
#include "common/money.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"

enum { TRY_DAY_MS = 24 * 60 * 60 * 1000, TRY_FLUSH_BYTES = 1 << 16, TRY_STATUS_WIDTH = 17 };

struct total {
	uint64_t n;
	int64_t minor;
	bool overflow;
};

struct try {
	struct cli *cli;
	struct trial *trial;
	struct cli_settling *settling;
	const struct contract *contract;
	const struct currency *currency;
	struct total *totals;           /* [outcome][status] */
	size_t outcomes_n;
	uint32_t referred, outside;     /* of the referred, those outside the cohort */
	bool brief;                     /* only the totals */
	bool html;                      /* a page */
	struct buf out;
	struct jw json;
	struct arena arena;
};

static void
flush(struct try *t, size_t least)
{
	if (t->out.len < least)
		return;
	cli_print(&t->out);
	buf_reset(&t->out);
}

/* --- counting */

static int
status_of(struct span name)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		if (span_eq(status_name((enum status)i), name))
			return i;
	return STATUS_COUNT;
}

static size_t
outcome_number(const struct try *t, struct span name)
{
	for (size_t i = 0; i < t->outcomes_n; i++)
		if (span_eq(contract_outcome_name(t->contract, i), name))
			return i;
	return t->outcomes_n; /* of an older version of the terms */
}

static void
count(struct try *t, const struct outcome *o)
{
	int status = status_of(o->status);
	struct total *total;

	if (status == STATUS_COUNT)
		return;
	total = &t->totals[outcome_number(t, o->outcome) * STATUS_COUNT + (size_t)status];
	total->n++;
	total->overflow |= !money_add(&total->minor, o->price_minor);
}

static struct total
total_of(const struct try *t, int status)
{
	struct total sum = { 0 };

	for (size_t i = 0; i <= t->outcomes_n; i++) {
		const struct total *one = &t->totals[i * STATUS_COUNT + (size_t)status];

		sum.n += one->n;
		sum.overflow |= one->overflow || !money_add(&sum.minor, one->minor);
	}
	return sum;
}

static const char *
money(const struct try *t, int64_t minor, char out[MONEY_TEXT])
{
	out[0] = '\0';
	if (t->currency)
		money_text(minor, t->currency, out);
	return out;
}

/* --- for people */

static const char *
colour_of(const struct try *t, struct span status)
{
	if (!t->cli->colour)
		return "";
	if (span_is(status, "achieved") || span_is(status, "verified"))
		return "\033[32m";
	if (span_is(status, "awaiting-evidence") || span_is(status, "queried"))
		return "\033[33m";
	if (span_is(status, "contradicted") || span_is(status, "rejected")
	    || span_is(status, "expired"))
		return "\033[31m";
	return "";
}

static void
person_head(struct try *t, const struct trial_person *p, uint32_t number)
{
	const struct trial_row *first = trial_row(t->trial, p->rows[0]);

	if (p->label.ptr)
		buf_printf(&t->out, "%s" SPAN_FMT, number > 1 ? "\n" : "", SPAN_ARG(p->label));
	else
		buf_printf(&t->out, "%sperson %u", number > 1 ? "\n" : "", number);
	buf_printf(&t->out, "  (%u record%s, the first %s:%u)\n", p->rows_n, p->rows_n == 1 ? "" : "s",
	    trial_file(t->trial, first->file), first->line);
}

static void
reasons_text(struct try *t, const struct outcome *o)
{
	const struct reason *reasons = o->reasons.items;

	for (uint32_t i = 0; i < o->reasons.n; i++) {
		buf_printf(&t->out, "      " SPAN_FMT, SPAN_ARG(reasons[i].code));
		if (reasons[i].subject.len)
			buf_printf(&t->out, " (" SPAN_FMT ")", SPAN_ARG(reasons[i].subject));
		buf_printf(&t->out, ": " SPAN_FMT "\n", SPAN_ARG(reasons[i].text));
	}
}

static void
outcome_line(struct try *t, const struct outcome *o)
{
	char money_is[MONEY_TEXT], achieved[DATE_TEXT], due[DATE_TEXT], name[RULES_NAME_BYTES + 16];
	int n;

	date_text(o->achieved, achieved);
	date_text(o->due, due);
	n = snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(o->outcome));
	if (o->ordinal > 1)
		snprintf(name + n, sizeof(name) - (size_t)n, " %d", o->ordinal);
	buf_printf(&t->out, "  %-24s %s%-*.*s%s", name, colour_of(t, o->status), TRY_STATUS_WIDTH,
	    (int)o->status.len, (const char *)o->status.ptr, *colour_of(t, o->status) ? "\033[0m" : "");
	buf_printf(&t->out, " %12s", money(t, o->price_minor, money_is));
	if (*achieved)
		buf_printf(&t->out, "  on %s", achieved);
	else if (*due)
		buf_printf(&t->out, "  due %s", due);
	buf_byte(&t->out, '\n');
	reasons_text(t, o);
}

/* Nothing to say of it but that. */
static bool
is_silent(const struct outcome *o)
{
	const struct reason *reasons = o->reasons.items;

	if (!span_is(o->status, "not-yet"))
		return false;
	for (uint32_t i = 0; i < o->reasons.n; i++)
		if (!span_is(reasons[i].code, "nothing-reported")
		    && !span_is(reasons[i].code, "awaiting-earlier-outcome")
		    && !span_is(reasons[i].code, "measured-not-paid")
		    && !span_is(reasons[i].code, "tier") && !span_is(reasons[i].code, "part"))
			return false;
	return true;
}

/* Whether reason k of x is one of y's, or says nothing of why. */
static bool
reason_shared(const struct reason *x, const struct outcome *y)
{
	const struct reason *other = y->reasons.items;

	if (span_is(x->code, "measured-not-paid"))
		return true;
	for (uint32_t i = 0; i < y->reasons.n; i++)
		if (span_eq(x->code, other[i].code) && span_eq(x->subject, other[i].subject)
		    && span_eq(x->text, other[i].text))
			return true;
	return false;
}

/* Who is outside the cohort has every outcome not-met, for one reason. */
static const struct outcome *
all_for_one_reason(const struct outcome_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct outcome *o = &list->items[i];
		const struct reason *reasons = o->reasons.items;

		if (!span_is(o->status, "not-met") || o->reasons.n == 0)
			return NULL;
		for (uint32_t k = 0; k < o->reasons.n; k++)
			if (!reason_shared(&reasons[k], &list->items[0]))
				return NULL;
		reasons = list->items[0].reasons.items;
		for (uint32_t k = 0; k < list->items[0].reasons.n; k++)
			if (!reason_shared(&reasons[k], o))
				return NULL;
	}
	return list->n > 1 ? &list->items[0] : NULL;
}

/* Not one that was in time or late, done or not: nothing here is about them. */
static bool
is_outside(const struct outcome_list *list)
{
	const struct outcome *o = all_for_one_reason(list);
	const struct reason *reasons = o ? o->reasons.items : NULL;

	for (uint32_t i = 0; o && i < o->reasons.n; i++)
		if (span_starts(reasons[i].code, "outside-"))
			return true;
	return false;
}

/* What was looked for and not there. */
static void
not_referred_text(struct try *t)
{
	const struct cohort_terms *co
	    = &t->contract->versions[t->contract->versions_n - 1].cohort;

	buf_printf(&t->out, "  not referred to this contract: it counts a record of kind '" SPAN_FMT
	    "' with attr.programme '" SPAN_FMT "'\n", SPAN_ARG(co->referral),
	    SPAN_ARG(co->programme));
}

static void
person_text(struct try *t, const struct trial_person *p, uint32_t number,
    const struct outcome_list *list)
{
	const struct outcome *one = all_for_one_reason(list);
	bool any = false;

	person_head(t, p, number);
	if (list->n == 0)
		not_referred_text(t);
	if (one) {
		buf_printf(&t->out, "  all %u outcomes%*s not-met\n", list->n,
		    list->n < 10 ? 10 : 9, "");
		reasons_text(t, one);
		return;
	}
	for (uint32_t i = 0; i < list->n; i++)
		if (!is_silent(&list->items[i]))
			outcome_line(t, &list->items[i]);
	for (uint32_t i = 0; i < list->n; i++) {
		if (!is_silent(&list->items[i]))
			continue;
		if (list->items[i].ordinal > 1)
			continue; /* named already */
		buf_printf(&t->out, "%s" SPAN_FMT, any ? ", " : "  nothing reported yet: ",
		    SPAN_ARG(list->items[i].outcome));
		any = true;
	}
	if (any)
		buf_byte(&t->out, '\n');
}

static void
rejects_text(struct try *t)
{
	size_t n;
	const struct trial_reject *r = trial_rejects(t->trial, &n);

	if (n)
		buf_printf(&t->out, "\nrejected: %zu record%s\n", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++) {
		buf_printf(&t->out, "  %s:%u: " SPAN_FMT ": " SPAN_FMT "\n",
		    trial_file(t->trial, r[i].file), r[i].line, SPAN_ARG(r[i].code),
		    SPAN_ARG(r[i].sentence));
		flush(t, TRY_FLUSH_BYTES);
	}
}

static void
totals_head(struct try *t)
{
	struct trial_counts c = trial_counts(t->trial);
	char day[DATE_TEXT];
	size_t people;

	trial_people(t->trial, &people);
	date_text(trial_as_at(t->trial), day);
	buf_printf(&t->out, "\n" SPAN_FMT ", as at %s\n", SPAN_ARG(contract_title(t->contract)),
	    *day ? day : "no day: no record says one");
	buf_printf(&t->out, "  %u record%s: %u accepted, %u declare a feed complete, %u rejected\n",
	    c.rows, c.rows == 1 ? "" : "s", c.versions, c.declarations, c.rejected + c.form_bad);
	buf_printf(&t->out, "  %u events of %zu people stand; %u people were referred", c.events, people,
	    t->referred);
	if (t->outside)
		buf_printf(&t->out, ", %u of them from outside the cohort and not counted below",
		    t->outside);
	buf_str(&t->out, "\n\n");
}

static void
totals_text(struct try *t)
{
	char amount[MONEY_TEXT];

	totals_head(t);
	for (size_t i = 0; i <= t->outcomes_n; i++) {
		bool named = false;

		for (int s = 0; s < STATUS_COUNT; s++) {
			const struct total *one = &t->totals[i * STATUS_COUNT + (size_t)s];
			struct span name = i < t->outcomes_n ? contract_outcome_name(t->contract, i)
							     : SPAN_LIT("(earlier terms)");

			if (one->n == 0 || s == STATUS_NOT_YET)
				continue;
			buf_printf(&t->out, "  %-24.*s %-17.*s %8" PRIu64 " %16s\n",
			    named ? 0 : (int)name.len, (const char *)name.ptr,
			    (int)status_name((enum status)s).len,
			    (const char *)status_name((enum status)s).ptr, one->n,
			    one->overflow ? "too much" : money(t, one->minor, amount));
			named = true;
		}
	}
	for (int s = 0; s < STATUS_COUNT; s++) {
		struct total sum = total_of(t, s);

		if (sum.n && (s == STATUS_ACHIEVED || s == STATUS_VERIFIED || s == STATUS_AWAITING))
			buf_printf(&t->out, "\n  %-24s %-17.*s %8" PRIu64 " %16s", "all",
			    (int)status_name((enum status)s).len,
			    (const char *)status_name((enum status)s).ptr, sum.n,
			    sum.overflow ? "too much" : money(t, sum.minor, amount));
	}
	buf_str(&t->out, "\n\nMoney is what each outcome is priced at; caps and what needs the whole "
	    "cohort are not applied here.\n");
}

/* --- JSON, version 1: docs/try.md */

static void
rows_json(struct try *t, const uint32_t *rows, uint32_t n)
{
	jw_array(&t->json);
	for (uint32_t i = 0; i < n; i++) {
		const struct trial_row *row = trial_row(t->trial, rows[i]);

		jw_object(&t->json);
		jw_put_text(&t->json, "file", trial_file(t->trial, row->file));
		jw_put_int(&t->json, "line", row->line);
		jw_end(&t->json);
	}
	jw_end(&t->json);
}

static void
reasons_json(struct try *t, const struct outcome *o)
{
	const struct reason *reasons = o->reasons.items;

	jw_key(&t->json, "reasons");
	jw_array(&t->json);
	for (uint32_t i = 0; i < o->reasons.n; i++) {
		jw_object(&t->json);
		jw_put_str(&t->json, "code", reasons[i].code);
		jw_put_str(&t->json, "subject", reasons[i].subject);
		jw_put_str(&t->json, "text", reasons[i].text);
		jw_end(&t->json);
	}
	jw_end(&t->json);
}

static void
evidence_json(struct try *t, const struct outcome *o)
{
	const struct id *ids = o->evidence.items;
	uint32_t *rows = arena_alloc(&t->arena, (o->evidence.n + 1) * sizeof(*rows)), n = 0;

	for (uint32_t i = 0; i < o->evidence.n; i++)
		n += trial_row_of(t->trial, &ids[i], &rows[n]);
	jw_key(&t->json, "evidence");
	rows_json(t, rows, n);
}

/* What a decision about it names, so that it holds for these facts only. */
static void
hash_json(struct jw *j, const uint8_t hash[SHA256_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * SHA256_BYTES];

	for (int i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	jw_put_str(j, "facts_hash", span_of(hex, sizeof(hex)));
}

static void
counted_json(struct jw *j, const char *key, bool any, int64_t millionths)
{
	jw_key(j, key);
	if (any)
		jw_millionths(j, millionths);
	else
		jw_null(j);
}

static void
outcome_json(struct try *t, const struct outcome *o, const struct outcome_extra *extra)
{
	struct jw *j = &t->json;

	jw_object(j);
	jw_put_str(j, "outcome", o->outcome);
	jw_put_int(j, "ordinal", o->ordinal);
	jw_put_str(j, "part", extra->part);
	jw_put_int(j, "contract_version", o->contract_version);
	jw_put_str(j, "status", o->status);
	jw_put_date(j, "start", o->start);
	jw_put_date(j, "due", o->due);
	jw_put_date(j, "achieved", o->achieved);
	jw_put_date(j, "expires", o->expires);
	jw_put_int(j, "days", o->days);
	counted_json(j, "counted", extra->measure.any, extra->measure.is);
	counted_json(j, "counted_of", extra->measure.any && extra->measure.of, extra->measure.of);
	jw_put_int(j, "price_minor", o->price_minor);
	reasons_json(t, o);
	evidence_json(t, o);
	hash_json(j, o->facts_hash);
	jw_end(j);
}

static void
person_json(struct try *t, const struct trial_person *p, const struct outcome_list *list)
{
	struct jw *j = &t->json;

	jw_object(j);
	jw_put_str(j, "person", p->label);
	jw_key(j, "unit");
	jw_id(j, &p->unit);
	jw_key(j, "records");
	rows_json(t, p->rows, p->rows_n);
	jw_put_bool(j, "referred", list->n > 0);
	jw_key(j, "outcomes");
	jw_array(j);
	for (uint32_t i = 0; i < list->n; i++)
		outcome_json(t, &list->items[i], &list->extra[i]);
	jw_end(j);
	jw_end(j);
}

static void
head_json(struct try *t)
{
	struct trial_counts c = trial_counts(t->trial);
	struct jw *j = &t->json;

	jw_begin(j, &t->out);
	jw_object(j);
	jw_put_int(j, "version", 1);
	jw_put_str(j, "contract", contract_name(t->contract));
	jw_put_int(j, "contract_version", contract_version_newest(t->contract));
	jw_put_str(j, "currency", contract_currency(t->contract));
	jw_put_date(j, "as_at", trial_as_at(t->trial));
	jw_key(j, "records");
	jw_object(j);
	jw_put_int(j, "read", c.rows);
	jw_put_int(j, "accepted", c.versions);
	jw_put_int(j, "declarations", c.declarations);
	jw_put_int(j, "rejected", c.rejected + c.form_bad);
	jw_put_int(j, "events", c.events);
	jw_end(j);
}

static void
rejects_json(struct try *t)
{
	struct jw *j = &t->json;
	size_t n;
	const struct trial_reject *r = trial_rejects(t->trial, &n);

	jw_key(j, "rejected");
	jw_array(j);
	for (size_t i = 0; i < n; i++) {
		jw_object(j);
		jw_put_text(j, "file", trial_file(t->trial, r[i].file));
		jw_put_int(j, "line", r[i].line);
		jw_put_str(j, "reason", r[i].code);
		jw_put_str(j, "field", r[i].field.len ? r[i].field : SPAN_NONE);
		jw_put_str(j, "sentence", r[i].sentence);
		jw_end(j);
	}
	jw_end(j);
}

static void
totals_json(struct try *t)
{
	struct jw *j = &t->json;

	jw_key(j, "totals");
	jw_array(j);
	for (size_t i = 0; i <= t->outcomes_n; i++)
		for (int s = 0; s < STATUS_COUNT; s++) {
			const struct total *one = &t->totals[i * STATUS_COUNT + (size_t)s];

			if (one->n == 0)
				continue;
			jw_object(j);
			jw_put_str(j, "outcome",
			    i < t->outcomes_n ? contract_outcome_name(t->contract, i) : SPAN_NONE);
			jw_put_str(j, "status", status_name((enum status)s));
			jw_put_int(j, "n", (int64_t)one->n);
			jw_put_int(j, "price_minor", one->minor);
			jw_end(j);
		}
	jw_end(j);
}

/* --- a page */

static void
person_html(struct try *t, const struct trial_person *p, uint32_t number,
    const struct outcome_list *list)
{
	char name[32];

	snprintf(name, sizeof(name), "person %u", number);
	trial_html_person(p, p->label.ptr ? p->label : span_str(name), list, t->currency, &t->arena,
	    &t->out);
}

/* What the text form says behind the people, as it says it. */
static void
rest_html(struct try *t)
{
	struct buf page = t->out;

	t->out = (struct buf)BUF_INIT;
	rejects_text(t);
	totals_text(t);
	settling_text(t->settling, &t->out);
	story_page_text(&page, buf_view(&t->out));
	story_page_end(&page);
	buf_release(&t->out);
	t->out = page;
}

/* --- all of it */

static int
people_show(struct try *t, struct err *err)
{
	size_t n;
	const struct trial_person *people = trial_people(t->trial, &n);

	for (size_t i = 0; i < n; i++) {
		struct outcome_list list;

		arena_reset(&t->arena);
		if (settling_decide(t->settling, t->trial, &people[i], &t->arena, err))
			return -1;
		list = trial_outcomes(t->trial, &people[i], &t->arena);
		settling_take(t->settling, t->trial, &people[i], &list, &t->arena);
		t->referred += list.n > 0;
		t->outside += is_outside(&list);
		for (uint32_t k = 0; k < list.n && (t->cli->json || !is_outside(&list)); k++)
			count(t, &list.items[k]);
		if (t->cli->json)
			person_json(t, &people[i], &list);
		else if (t->html)
			person_html(t, &people[i], (uint32_t)i + 1, &list);
		else if (!t->brief)
			person_text(t, &people[i], (uint32_t)i + 1, &list);
		flush(t, TRY_FLUSH_BYTES);
	}
	return settling_all_met(t->settling, err);
}

static int
show(struct try *t, struct err *err)
{
	if (t->html) {
		story_page_begin(&t->out, contract_title(t->contract));
		if (people_show(t, err))
			return -1;
		rest_html(t);
		flush(t, 0);
		return 0;
	}
	if (!t->cli->json) {
		if (people_show(t, err))
			return -1;
		rejects_text(t);
		totals_text(t);
		settling_text(t->settling, &t->out);
		flush(t, 0);
		return 0;
	}
	head_json(t);
	jw_key(&t->json, "people");
	jw_array(&t->json);
	if (people_show(t, err))
		return -1;
	jw_end(&t->json);
	rejects_json(t);
	totals_json(t);
	settling_json(t->settling, &t->json);
	settling_sample_json(t->settling, &t->json);
	jw_end(&t->json);
	buf_byte(&t->out, '\n');
	flush(t, 0);
	return 0;
}

/* --- the verb */

static int
go(struct cli *cli, const struct trial_conf *conf, const char **paths, size_t n, bool brief,
    bool html, const struct settling_said *settles)
{
	struct try t = { .cli = cli, .contract = conf->contract, .brief = brief, .html = html,
		.out = BUF_INIT };
	struct err err = ERR_INIT;
	struct trial_counts counts;
	int rc;

	t.settling = settling_new(settles, conf->contract, &err);
	if (!t.settling)
		return cli_fail(&err, NULL);
	t.trial = trial_new(conf, paths, n, &err);
	if (!t.trial) {
		settling_free(t.settling);
		return cli_fail(&err, NULL);
	}
	t.currency = currency_find(contract_currency(t.contract));
	t.outcomes_n = contract_outcomes_n(t.contract);
	t.totals = mem_zalloc((t.outcomes_n + 1) * STATUS_COUNT, sizeof(*t.totals));
	arena_init(&t.arena, 0);
	rc = show(&t, &err);
	counts = trial_counts(t.trial);
	settling_free(t.settling);
	trial_free(t.trial);
	arena_release(&t.arena);
	buf_release(&t.out);
	mem_free(t.totals);
	if (rc)
		return cli_fail(&err, NULL);
	if (counts.versions + counts.declarations > 0)
		return CLI_OK;
	fputs("outturn try: not one record could be used\n"
	      "next: outturn feed --columns says what a file may hold, --template makes one\n",
	    stderr);
	return CLI_FAILED;
}

struct said {
	const char **contracts;     /* the first is tried */
	size_t contracts_n;
	const char *as_at, *codes, *agencies, *topic;
	const char **events, **ignore;
	size_t events_n, ignore_n;
	bool brief, html;
	struct settling_said settling;
};

static int
with_contract(struct cli *cli, const struct said *said, date_t as_at)
{
	struct settling_said settling = said->settling;
	struct judged j;
	int code = judged_read(cli, &verb_try, said->contracts[0], said->codes, said->agencies, &j);

	settling.others = said->contracts + 1;
	settling.others_n = said->contracts_n - 1;
	if (code == CLI_OK) {
		struct trial_conf conf = { .cli = cli, .codes = j.pages.codes,
			.agencies = j.pages.agencies, .contract = j.contract,
			.topic = said->topic, .ignore = said->ignore, .ignore_n = said->ignore_n,
			.as_at = as_at, .today = (date_t)(cli_now_ms() / TRY_DAY_MS) };

		code = go(cli, &conf, said->events, said->events_n, said->brief,
		    said->html, &settling);
	}
	judged_release(&j);
	return code;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct said said = { 0 };
	const struct cli_option options[] = {
		{ .name = "contract", .values = &said.contracts, .values_n = &said.contracts_n },
		{ .name = "events", .values = &said.events, .values_n = &said.events_n },
		{ .name = "as-at", .value = &said.as_at },
		{ .name = "codes", .value = &said.codes },
		{ .name = "agencies", .value = &said.agencies },
		{ .name = "topic", .value = &said.topic },
		{ .name = "ignore", .values = &said.ignore, .values_n = &said.ignore_n },
		{ .name = "totals", .flag = &said.brief },
		{ .name = "html", .flag = &said.html },
		{ .name = "settle", .value = &said.settling.settle },
		{ .name = "reference", .value = &said.settling.reference },
		{ .name = "parent", .value = &said.settling.parent },
		{ .name = "sample", .value = &said.settling.sample },
		{ .name = "seed", .value = &said.settling.seed },
		{ .name = "decisions", .value = &said.settling.decisions },
		{ .name = "earlier", .values = &said.settling.earlier,
		    .values_n = &said.settling.earlier_n },
	};
	date_t as_at = DATE_NONE;
	int code = CLI_USAGE;

	if (cli_options(&verb_try, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		goto out;
	cli_values_more(&said.events, &said.events_n, argc, argv);
	if (said.html && (cli->json || said.brief))
		cli_usage(&verb_try, "--html is a page of people: without --json and --totals");
	else if (said.contracts_n == 0)
		cli_usage(&verb_try, "which contract? --contract FILE");
	else if (said.contracts_n > 1 && !said.settling.settle)
		cli_usage(&verb_try, "--contract again asks what both would pay: with --settle PERIOD");
	else if (said.events_n == 0)
		cli_usage(&verb_try, "which events? --events FILE");
	else if (said.as_at && !date_parse(span_str(said.as_at), &as_at))
		cli_usage(&verb_try, "--as-at is a day: YYYY-MM-DD");
	else
		code = with_contract(cli, &said, as_at);
out:
	mem_free(said.contracts);
	mem_free(said.events);
	mem_free(said.ignore);
	mem_free(said.settling.earlier);
	return code;
}

const struct cli_verb verb_try = {
	.name = "try",
	.run = run,
	.usage = "outturn try --contract FILE... --events FILE... [--as-at DATE] [--topic TOPIC]\n"
		 "    [--codes DIRECTORY] [--agencies FILE] [--ignore COLUMN]... [--totals | --html]\n"
		 "    [--settle PERIOD] [--reference FILE] [--decisions FILE] [--earlier FILE]...\n"
		 "    [--parent FILE] [--sample N] [--seed N]",
	.says = "see what a contract makes of a file of events, without any server",
	.help =
	    "Events are CSV with a header, or JSON lines; outturn feed --columns lists the columns.  With\n"
	    "a column 'person' (any name you like) records are of one person where it is the same;\n"
	    "without it people are matched as the pipeline matches them, under a key that is thrown\n"
	    "away.  What is read and printed is stable: docs/try.md.\n\n"
	    "Whose records they are: column 'organisation', 'topic' or 'role' of a row; --topic; or the\n"
	    "file's name, council.csv or council-a.csv.\n\n"
	    "  --contract FILE    the terms; its examples are run first; again, with --settle: another\n"
	    "                     contract, and what both would pay for is held\n"
	    "  --events FILE      events; more than one may follow; '-' is standard input\n"
	    "  --as-at DATE       the day that has come; the newest day of the files without it\n"
	    "  --topic TOPIC      whose files they are: raw.council-a\n"
	    "  --codes DIRECTORY  code lists; 'config_dir'/codes without it, or beside the contract\n"
	    "  --agencies FILE    who may send what; 'config_dir'/agencies.yaml, or beside the contract\n"
	    "  --ignore COLUMN    pass a column over that is not known; again for more\n"
	    "  --totals           only rejects and totals, not person by person\n"
	    "  --html             a page that stands by itself: each outcome that has begun, drawn\n"
	    "  --settle PERIOD    a statement of 2015, 2015-Q2, 2015-04 or 2015-04-01..2015-06-30\n"
	    "  --reference FILE   figures from elsewhere: columns what, name, number, origin\n"
	    "  --decisions FILE   columns person, outcome, ordinal, what, by, on, role, facts_hash\n"
	    "  --parent FILE      the contract of the tier above: what it pays, and the margin\n"
	    "  --sample N         claims drawn for an independent check; --json lists them\n"
	    "  --seed N           of the draw; 1 without it: the same seed, the same draw\n"
	    "  --earlier FILE     an earlier statement, as --settle --json printed it; again for more\n\n"
	    "Exit: 0 outcomes were computed, 1 not one record could be used, 2 usage, 3 mistakes in the\n"
	    "contract, 5 no such file.\n\n"
	    "  outturn try --contract config/contracts/st-basils.yaml --events config/examples/st-basils.csv\n"
	    "  outturn try --contract terms.yaml --events council.csv provider.csv --as-at 2026-03-31\n",
};
