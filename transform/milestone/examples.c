#include "transform/milestone/examples.h"

#include "common/mem.h"
#include "common/money.h"
#include "common/must.h"
#include "transform/milestone/evaluate.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"
#include "transform/milestone/settle_examples.h"

enum {
	EXAMPLES_SEED = 1,       /* invented events: nobody chooses keys */
	DAY_MS = 24 * 60 * 60 * 1000,
	NOON_MS = DAY_MS / 2,
};

struct event_row {
	struct yaml_at at;
	struct span id, kind, by, evidence, episode;
	date_t on, until;
	const struct yaml *says;
};

struct decision_row {
	struct yaml_at at;
	struct span what, outcome, by;
	date_t on;
	struct yaml_texts knowing;
	int32_t ordinal;
	bool counts;
};

struct outcome_row {
	struct yaml_at at;
	struct span outcome, status;
	date_t start, due, achieved, expires;
	int64_t price;
	int32_t days, version, ordinal;
	int64_t counted, counted_of;
	struct span part;
	struct yaml_texts reasons;
	bool absent;
};

struct example_row {
	struct yaml_at at;
	struct span example;
	date_t as_at;
	const struct yaml *complete;
	struct yaml_list events, decisions, outcomes;
	bool referred;
};

struct examples_file {
	struct yaml_at at;
	const struct yaml *agencies;
	struct yaml_list examples, settlements;
};

#define AT(row, field) offsetof(struct row, field)

static const struct yaml_field event_fields[] = {
	{ .name = "id", .type = YF_NAME, .offset = AT(event_row, id), .required = true,
	    .doc = "To speak of it below." },
	{ .name = "kind", .type = YF_NAME, .offset = AT(event_row, kind), .required = true,
	    .doc = "Kind of event." },
	{ .name = "by", .type = YF_TEXT, .offset = AT(event_row, by), .required = true,
	    .doc = "Organisation, one of `agencies`." },
	{ .name = "on", .type = YF_DATE, .offset = AT(event_row, on), .required = true,
	    .doc = "The day, or the first." },
	{ .name = "until", .type = YF_DATE, .offset = AT(event_row, until),
	    .doc = "The first day that no longer counts." },
	{ .name = "evidence", .type = YF_NAME, .offset = AT(event_row, evidence),
	    .doc = "Evidence type." },
	{ .name = "episode", .type = YF_NAME, .offset = AT(event_row, episode),
	    .doc = "The agency's own id of the spell." },
	{ .name = "says", .type = YF_NODE, .offset = AT(event_row, says),
	    .doc = "Attributes: {setting: own-tenancy, age: 19}." },
};
static const struct yaml_record event_record =
    YAML_RECORD("an event", struct event_row, event_fields);

static const struct yaml_field decision_fields[] = {
	{ .name = "what", .type = YF_NAME, .offset = AT(decision_row, what), .required = true,
	    .doc = "claimed, verified, queried, replied, rejected, paid." },
	{ .name = "outcome", .type = YF_NAME, .offset = AT(decision_row, outcome),
	    .required = true, .doc = "About which outcome." },
	{ .name = "by", .type = YF_TEXT, .offset = AT(decision_row, by), .required = true,
	    .doc = "Who says so." },
	{ .name = "on", .type = YF_DATE, .offset = AT(decision_row, on), .required = true,
	    .doc = "When." },
	{ .name = "knowing", .type = YF_NAMES, .offset = AT(decision_row, knowing),
	    .doc = "Events known then; absent: all." },
	{ .name = "ordinal", .type = YF_INT, .offset = AT(decision_row, ordinal), .min = 1,
	    .max = RULES_ORDINALS_MAX, .preset = "1", .doc = "Which of several." },
	{ .name = "counts", .type = YF_BOOL, .offset = AT(decision_row, counts), .preset = "yes",
	    .doc = "Signed, by somebody in the role." },
};
static const struct yaml_record decision_record =
    YAML_RECORD("a decision", struct decision_row, decision_fields);

static const struct yaml_field outcome_fields[] = {
	{ .name = "outcome", .type = YF_NAME, .offset = AT(outcome_row, outcome), .required = true,
	    .doc = "Its name." },
	{ .name = "status", .type = YF_NAME, .offset = AT(outcome_row, status),
	    .doc = "What it must come to." },
	{ .name = "ordinal", .type = YF_INT, .offset = AT(outcome_row, ordinal), .min = 1,
	    .max = RULES_ORDINALS_MAX, .preset = "1", .doc = "Which of several." },
	{ .name = "absent", .type = YF_BOOL, .offset = AT(outcome_row, absent), .preset = "no",
	    .doc = "yes: it must not come out." },
	{ .name = "counted", .type = YF_DECIMAL, .offset = AT(outcome_row, counted),
	    .doc = "What was counted." },
	{ .name = "counted_of", .type = YF_DECIMAL, .offset = AT(outcome_row, counted_of),
	    .doc = "Of what." },
	{ .name = "part", .type = YF_NAME, .offset = AT(outcome_row, part),
	    .doc = "Which band, tier or part." },
	{ .name = "start", .type = YF_DATE, .offset = AT(outcome_row, start), .doc = "Counted from." },
	{ .name = "due", .type = YF_DATE, .offset = AT(outcome_row, due), .doc = "Due." },
	{ .name = "achieved", .type = YF_DATE, .offset = AT(outcome_row, achieved),
	    .doc = "Achieved." },
	{ .name = "expires", .type = YF_DATE, .offset = AT(outcome_row, expires),
	    .doc = "Last day for a claim." },
	{ .name = "price", .type = YF_DECIMAL, .offset = AT(outcome_row, price),
	    .unit = "major units", .doc = "Price." },
	{ .name = "days", .type = YF_INT, .offset = AT(outcome_row, days), .doc = "Days counted." },
	{ .name = "version", .type = YF_INT, .offset = AT(outcome_row, version),
	    .doc = "Of the terms." },
	{ .name = "reasons", .type = YF_NAMES, .offset = AT(outcome_row, reasons),
	    .doc = "Codes that must be among the reasons." },
};
static const struct yaml_record outcome_record =
    YAML_RECORD("an outcome", struct outcome_row, outcome_fields);

static const struct yaml_field example_fields[] = {
	{ .name = "example", .type = YF_TEXT, .offset = AT(example_row, example),
	    .required = true, .doc = "What it shows." },
	{ .name = "as_at", .type = YF_DATE, .offset = AT(example_row, as_at), .required = true,
	    .doc = "The day that has come." },
	{ .name = "complete", .type = YF_NODE, .offset = AT(example_row, complete),
	    .doc = "{organisation: day}: through which day its records are complete." },
	{ .name = "events", .type = YF_LIST, .offset = AT(example_row, events), .required = true,
	    .sub = &event_record, .doc = "What happened." },
	{ .name = "decisions", .type = YF_LIST, .offset = AT(example_row, decisions),
	    .sub = &decision_record, .doc = "What people decided, in order." },
	{ .name = "outcomes", .type = YF_LIST, .offset = AT(example_row, outcomes),
	    .sub = &outcome_record, .doc = "What must come out; the rest may be anything." },
	{ .name = "referred", .type = YF_BOOL, .offset = AT(example_row, referred),
	    .preset = "yes", .doc = "no: there must be no outcome at all." },
};
static const struct yaml_record example_record =
    YAML_RECORD("an example", struct example_row, example_fields);

static const struct yaml_field file_fields[] = {
	{ .name = "agencies", .type = YF_NODE, .offset = AT(examples_file, agencies),
	    .required = true, .doc = "{organisation: role}." },
	{ .name = "examples", .type = YF_LIST, .offset = AT(examples_file, examples),
	    .sub = &example_record, .doc = "Of one person each." },
	{ .name = "settlements", .type = YF_LIST, .offset = AT(examples_file, settlements),
	    .sub = &settlement_record, .doc = "Of a cohort each." },
};
static const struct yaml_record file_record =
    YAML_RECORD("examples", struct examples_file, file_fields);

/* --- one example -------------------------------------------------------------------- */

struct running {
	const struct contract *contract;
	const struct currency *currency;
	const struct examples_file *file;
	const struct example_row *row;
	struct yaml_report *report;
	struct names *names;
	struct timeline *tl;
	struct arena arena;
};

static struct id
label_id(struct span label)
{
	uint8_t digest[SHA256_BYTES];
	struct id id;

	sha256(label, digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct running *r = arg;
	const struct yaml *map = r->row->complete;
	date_t day;

	for (uint32_t i = 0; map && map->kind == YAML_MAPPING && i < map->n; i++)
		if (span_eq(map->keys[i].text, organisation) && yaml_date(&map->items[i], &day))
			return day;
	return DATE_NONE;
}

static void
attribute_read(struct running *r, const struct yaml *key, const struct yaml *value,
    struct attribute *out)
{
	char found[YAML_QUOTE_MAX + 8];
	bool yes;

	*out = (struct attribute){ .name = key->text };
	if (yaml_decimal(value, &out->number.v)) {
		out->number.has = true;
	} else if (yaml_bool(value, &yes)) {
		out->number = (struct av_nlong){ yes ? 1000000 : 0, true };
	} else if (value->kind == YAML_SCALAR && value->text.len) {
		out->text = value->text;
	} else {
		yaml_mistake(r->report, value, "found %s, expected a code, a number, yes or no",
		    yaml_found(value, found));
	}
}

static struct av_array
attributes_read(struct running *r, const struct yaml *map)
{
	struct attribute *items;

	if (!map)
		return (struct av_array){ NULL, 0 };
	if (map->kind != YAML_MAPPING) {
		yaml_mistake(r->report, map, "expected attributes, as {setting: own-tenancy}");
		return (struct av_array){ NULL, 0 };
	}
	items = arena_alloc(&r->arena, (map->n + 1) * sizeof(*items));
	for (uint32_t i = 0; i < map->n; i++)
		attribute_read(r, &map->keys[i], &map->items[i], &items[i]);
	return (struct av_array){ items, map->n };
}

static struct span
role_of(struct running *r, const struct event_row *row)
{
	const struct yaml *map = r->file->agencies;

	for (uint32_t i = 0; map->kind == YAML_MAPPING && i < map->n; i++)
		if (span_eq(map->keys[i].text, row->by))
			return map->items[i].text;
	yaml_mistake(r->report, yaml_get(row->at.node, "by"), "not one of the file's agencies");
	return SPAN_NONE;
}

static void
event_play(struct running *r, struct timeline *tl, const struct event_row *row)
{
	struct id id = label_id(row->id), episode = label_id(row->episode);
	struct linked ln = { .what = LINKED_EVENT, .unit = *timeline_unit(tl), .event_id = id,
		.unit_kind = contract_unit(r->contract),
		.organisation = row->by, .role = role_of(r, row), .kind = row->kind,
		.start = row->on, .end = row->until, .evidence_type = row->evidence,
		.attributes = attributes_read(r, row->says) };

	memcpy(ln.raw_sha256, id.b, ID_BYTES);
	if (row->episode.ptr)
		ln.episode = span_of(episode.b, ID_BYTES);
	timeline_event(tl, &id, &ln);
}

static bool
known(const struct yaml_texts *knowing, struct span id)
{
	for (uint32_t i = 0; i < knowing->n; i++)
		if (span_eq(knowing->items[i], id))
			return true;
	return knowing->n == 0;
}

static struct outcome_list
judge(struct running *r, const struct timeline *tl)
{
	struct evaluate_facts facts = { .as_at = r->row->as_at,
		.complete_through = complete_through, .arg = r };

	return evaluate(r->contract, tl, &facts, &r->arena);
}

static const struct outcome *
outcome_named(const struct outcome_list *list, struct span name, int32_t ordinal)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (span_eq(list->items[i].outcome, name) && list->items[i].ordinal == ordinal)
			return &list->items[i];
	return NULL;
}

/* A decision is about the facts as they were known to whoever decided. */
static void
decision_play(struct running *r, const struct decision_row *row)
{
	const struct event_row *events = r->row->events.items;
	struct timeline *then = timeline_new(r->names, timeline_unit(r->tl));
	struct decision de = { .what = row->what, .contract = contract_name(r->contract),
		.outcome = row->outcome, .ordinal = row->ordinal, .by = row->by, .key_id = row->by,
		.at_ms = (int64_t)row->on * DAY_MS + NOON_MS };
	struct outcome_list list;
	const struct outcome *o;

	for (uint32_t i = 0; i < r->row->events.n; i++)
		if (known(&row->knowing, events[i].id))
			event_play(r, then, &events[i]);
	list = judge(r, then);
	o = outcome_named(&list, row->outcome, row->ordinal);
	if (!o) {
		yaml_mistake(r->report, row->at.node, "there is no such outcome to decide about");
	} else {
		de.anchor_event = o->anchor_event;
		de.outcome_id = o->outcome_id;
		memcpy(de.facts_hash, o->facts_hash, SHA256_BYTES);
		de.decision_id = label_id(span_str(arena_printf(&r->arena,
		    SPAN_FMT "/" SPAN_FMT "/" SPAN_FMT "/%d/%d", SPAN_ARG(row->what),
		    SPAN_ARG(row->outcome), SPAN_ARG(row->by), row->on, row->ordinal)));
		timeline_decision(r->tl, &de.decision_id, &de, row->counts);
	}
	timeline_free(then);
}

/* --- what must come out ----------------------------------------------------------------- */

static void
differs(struct running *r, const struct outcome_row *row, const char *field, struct span is)
{
	const struct yaml *at = yaml_get(row->at.node, field);

	yaml_mistake(r->report, at ? at : row->at.node,
	    "'" SPAN_FMT "': %s comes out as '" SPAN_FMT "'", SPAN_ARG(row->outcome), field,
	    SPAN_ARG(is));
}

static void
date_check(struct running *r, const struct outcome_row *row, const char *field, date_t wanted,
    date_t is)
{
	char text[DATE_TEXT];

	if (!yaml_get(row->at.node, field) || wanted == is)
		return;
	date_text(is, text);
	differs(r, row, field, is == DATE_NONE ? SPAN_LIT("none") : span_str(text));
}

static void
number_check(struct running *r, const struct outcome_row *row, const char *field, int32_t wanted,
    int32_t is)
{
	if (yaml_get(row->at.node, field) && wanted != is)
		differs(r, row, field, span_str(arena_printf(&r->arena, "%d", is)));
}

static void
price_check(struct running *r, const struct outcome_row *row, int64_t is)
{
	char text[MONEY_TEXT];
	int64_t minor;

	if (!yaml_get(row->at.node, "price"))
		return;
	if (money_of_millionths(row->price, r->currency, &minor) && minor == is)
		return;
	money_plain(is, r->currency, text);
	differs(r, row, "price", span_str(text));
}

static void
decimal_check(struct running *r, const struct outcome_row *row, const char *field, int64_t wanted,
    int64_t is)
{
	struct sentence s = { .len = 0 };

	if (!yaml_get(row->at.node, field) || wanted == is)
		return;
	sentence_millionths(&s, is);
	differs(r, row, field, arena_copy(&r->arena, span_of(s.text, s.len)));
}

static struct span
reasons_text(struct running *r, const struct outcome *o)
{
	const struct reason *items = o->reasons.items;
	struct span all = SPAN_LIT("");

	for (uint32_t i = 0; i < o->reasons.n; i++)
		all = span_str(arena_printf(&r->arena, SPAN_FMT "%s" SPAN_FMT, SPAN_ARG(all),
		    i ? " " : "", SPAN_ARG(items[i].code)));
	return all;
}

static void
reasons_check(struct running *r, const struct outcome_row *row, const struct outcome *o)
{
	const struct reason *items = o->reasons.items;

	for (uint32_t i = 0; i < row->reasons.n; i++) {
		bool there = false;

		for (uint32_t k = 0; k < o->reasons.n; k++)
			there |= span_eq(items[k].code, row->reasons.items[i]);
		if (!there)
			differs(r, row, "reasons", reasons_text(r, o));
	}
}

static void
outcome_check(struct running *r, const struct outcome_row *row, const struct outcome_list *list)
{
	const struct outcome *o = outcome_named(list, row->outcome, row->ordinal);
	const struct outcome_extra *extra = o ? &list->extra[o - list->items] : NULL;

	if (o && row->absent)
		yaml_mistake(r->report, row->at.node, "outcome '" SPAN_FMT "' comes out",
		    SPAN_ARG(row->outcome));
	if (row->absent)
		return;
	if (!o) {
		yaml_mistake(r->report, row->at.node, "no outcome '" SPAN_FMT "' comes out",
		    SPAN_ARG(row->outcome));
		return;
	}
	if (row->status.ptr && !span_eq(o->status, row->status))
		differs(r, row, "status",
		    o->reasons.n ? span_str(arena_printf(&r->arena, SPAN_FMT " (" SPAN_FMT ")",
				       SPAN_ARG(o->status), SPAN_ARG(reasons_text(r, o))))
				 : o->status);
	date_check(r, row, "start", row->start, o->start);
	date_check(r, row, "due", row->due, o->due);
	date_check(r, row, "achieved", row->achieved, o->achieved);
	date_check(r, row, "expires", row->expires, o->expires);
	number_check(r, row, "days", row->days, o->days);
	number_check(r, row, "version", row->version, o->contract_version);
	decimal_check(r, row, "counted", row->counted, extra->measure.is);
	decimal_check(r, row, "counted_of", row->counted_of, extra->measure.of);
	if (row->part.ptr && !span_eq(row->part, extra->part))
		differs(r, row, "part", extra->part.ptr ? extra->part : SPAN_LIT("none"));
	price_check(r, row, o->price_minor);
	reasons_check(r, row, o);
}

static void
example_run(struct running *r)
{
	const struct event_row *events = r->row->events.items;
	const struct decision_row *decisions = r->row->decisions.items;
	const struct outcome_row *outcomes = r->row->outcomes.items;
	struct id unit = label_id(r->row->example);
	struct outcome_list list;

	arena_reset(&r->arena);
	r->tl = timeline_new(r->names, &unit);
	for (uint32_t i = 0; i < r->row->events.n; i++)
		event_play(r, r->tl, &events[i]);
	for (uint32_t i = 0; i < r->row->decisions.n; i++)
		decision_play(r, &decisions[i]);
	list = judge(r, r->tl);
	if (list.n && !r->row->referred)
		yaml_mistake(r->report, r->row->at.node,
		    "outcomes come out of somebody who was never referred");
	for (uint32_t i = 0; i < r->row->outcomes.n; i++)
		outcome_check(r, &outcomes[i], &list);
	timeline_free(r->tl);
}

uint32_t
examples_run(const struct contract *contract, const struct yaml *root, struct yaml_report *report)
{
	struct running r = { .contract = contract, .report = report };
	struct examples_file file;
	const struct example_row *rows;

	if (!yaml_read(root, &file_record, &file, report))
		return 0;
	rows = file.examples.items;
	r.currency = currency_find(contract_currency(contract));
	MUST(r.currency != NULL);
	r.file = &file;
	r.names = names_new(EXAMPLES_SEED);
	arena_init(&r.arena, 0);
	for (uint32_t i = 0; i < file.examples.n; i++) {
		r.row = &rows[i];
		example_run(&r);
	}
	arena_release(&r.arena);
	names_free(r.names);
	settle_examples_run(contract, &file.settlements, report);
	return file.examples.n + file.settlements.n;
}
