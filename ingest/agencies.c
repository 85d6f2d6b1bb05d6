#include "ingest/agencies.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "common/topic.h"

enum { ORGANISATION_MAX = 64 };

struct derive_row {
	struct yaml_at at;
	struct span attribute, purpose;
};

struct agency_row {
	struct yaml_at at;
	struct span organisation, name, topic;
	int32_t role, epoch, lawful_basis;
	struct span condition, agreement, purpose;
	date_t starts, expires;
	bool one_record_a_person;
	struct yaml_texts kinds;
	struct yaml_list derive;
};

struct agencies_file {
	struct yaml_at at;
	struct yaml_list agencies;
};

/* What evidence rules name: "from a council", "never the provider alone". */
static const char *const roles[] = { "council", "nhs", "provider", "commissioner", "court",
	"justice", "school", "college", "employer", "employment-records", "landlord", "evaluator",
	NULL };

/* UK GDPR article 6 (1) a-f. */
static const char *const bases[] = { "consent", "contract", "legal-obligation", "vital-interests",
	"public-task", "legitimate-interests", NULL };

#define AT(row, field) offsetof(struct row, field)

static const struct yaml_field derive_fields[] = {
	{ .name = "attribute", .type = YF_NAME, .offset = AT(derive_row, attribute),
	    .required = true, .doc = "One of the closed list of derived attributes." },
	{ .name = "purpose", .type = YF_TEXT, .offset = AT(derive_row, purpose), .required = true,
	    .doc = "What it is needed for." },
};
static const struct yaml_record derive_record =
    YAML_RECORD("a derived attribute", struct derive_row, derive_fields);

static const struct yaml_field agency_fields[] = {
	{ .name = "organisation", .type = YF_TEXT, .offset = AT(agency_row, organisation),
	    .required = true, .doc = "ODS or GSS code, or org-id (GB-CHC-..., GB-COH-...)." },
	{ .name = "name", .type = YF_TEXT, .offset = AT(agency_row, name), .required = true,
	    .doc = "As people call it." },
	{ .name = "role", .type = YF_ENUM, .offset = AT(agency_row, role), .required = true,
	    .choices = roles, .doc = "What evidence rules call it." },
	{ .name = "topic", .type = YF_TEXT, .offset = AT(agency_row, topic), .required = true,
	    .doc = "Its raw topic, without the prefix." },
	{ .name = "epoch", .type = YF_INT, .offset = AT(agency_row, epoch), .min = 1,
	    .max = 1000000, .preset = "1", .doc = "Raise it when the topic is made anew." },
	{ .name = "kinds", .type = YF_NAMES, .offset = AT(agency_row, kinds), .required = true,
	    .doc = "Kinds it may speak of; a spell includes its -confirmed and -ended." },
	{ .name = "lawful_basis", .type = YF_ENUM, .offset = AT(agency_row, lawful_basis),
	    .required = true, .choices = bases, .doc = "UK GDPR article 6." },
	{ .name = "condition", .type = YF_TEXT, .offset = AT(agency_row, condition),
	    .doc = "UK GDPR article 9, for special categories." },
	{ .name = "agreement", .type = YF_TEXT, .offset = AT(agency_row, agreement),
	    .required = true, .doc = "The sharing agreement's reference." },
	{ .name = "purpose", .type = YF_TEXT, .offset = AT(agency_row, purpose), .required = true,
	    .doc = "What the records are shared for." },
	{ .name = "starts", .type = YF_DATE, .offset = AT(agency_row, starts),
	    .doc = "First day of the agreement." },
	{ .name = "expires", .type = YF_DATE, .offset = AT(agency_row, expires), .required = true,
	    .doc = "Last day of the agreement." },
	{ .name = "one_record_a_person", .type = YF_BOOL,
	    .offset = AT(agency_row, one_record_a_person), .preset = "no",
	    .doc = "Two local ids of it are never one person." },
	{ .name = "derive", .type = YF_LIST, .offset = AT(agency_row, derive),
	    .sub = &derive_record, .doc = "What may be derived from its persons." },
};
static const struct yaml_record agency_record =
    YAML_RECORD("an agency", struct agency_row, agency_fields);

static const struct yaml_field agencies_fields[] = {
	{ .name = "agencies", .type = YF_LIST, .offset = AT(agencies_file, agencies),
	    .required = true, .sub = &agency_record, .doc = "Who may send records." },
};
static const struct yaml_record agencies_record =
    YAML_RECORD("the agencies", struct agencies_file, agencies_fields);

static bool
all_in(struct span s, size_t from, const char *set)
{
	for (size_t i = from; i < s.len; i++)
		if (s.ptr[i] == '\0' || !strchr(set, s.ptr[i]))
			return false;
	return s.len > from;
}

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool
organisation_valid(struct span id)
{
	if (id.len > ORGANISATION_MAX)
		return false;
	if (id.len == 9 && strchr("EWSNK", id.ptr[0]) && all_in(id, 1, DIGITS))
		return true;
	if (id.len >= 3 && id.len <= 6 && all_in(id, 0, DIGITS UPPER))
		return true;
	return id.len > 7 && id.ptr[2] == '-' && all_in(span_of(id.ptr, 2), 0, UPPER)
	    && memchr(id.ptr + 3, '-', id.len - 3) && all_in(id, 3, DIGITS UPPER "-");
}

static struct span
keep(struct agencies *agencies, struct span s)
{
	return arena_copy(&agencies->arena, s);
}

static int
span_order(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void
kinds_add(struct agencies *agencies, struct agency *a, const struct agency_row *row,
    const struct codes *codes, struct yaml_report *report)
{
	a->kinds = arena_zalloc(&agencies->arena, row->kinds.n + 1, sizeof(*a->kinds));
	for (uint32_t i = 0; i < row->kinds.n; i++) {
		if (!kind_named(codes, row->kinds.items[i]))
			yaml_mistake(report, row->kinds.at[i], "no kind '" SPAN_FMT "' in the code lists",
			    SPAN_ARG(row->kinds.items[i]));
		a->kinds[a->n_kinds++] = keep(agencies, row->kinds.items[i]);
	}
	qsort(a->kinds, a->n_kinds, sizeof(*a->kinds), span_order);
}

static void
derive_add(struct agencies *agencies, struct agency *a, const struct agency_row *row,
    struct yaml_report *report)
{
	const struct derive_row *rows = row->derive.items;
	enum derived d;

	for (uint32_t i = 0; i < row->derive.n; i++) {
		if (!rows[i].attribute.ptr)
			continue;
		if (!derived_find(rows[i].attribute, &d)) {
			yaml_mistake(report, yaml_get(rows[i].at.node, "attribute"),
			    "'" SPAN_FMT "' is not derived; expected one of age, age-band, sex, "
			    "ethnic-group, ward, deprivation-decile, adult-on",
			    SPAN_ARG(rows[i].attribute));
			continue;
		}
		if (a->derive & (1U << d))
			yaml_mistake(report, rows[i].at.node, "derived twice");
		a->derive |= 1U << d;
		a->derive_purpose[d] = keep(agencies, rows[i].purpose);
	}
}

static bool
topic_valid(struct span topic)
{
	return span_starts(topic, "raw.") && topic.len <= TOPIC_NAME_MAX
	    && all_in(topic, 4, DIGITS "abcdefghijklmnopqrstuvwxyz" UPPER "-_.");
}

/* What was not written, or not readable, is noted already. */
static void
row_check(const struct agency_row *row, struct yaml_report *report)
{
	if (row->organisation.ptr && !organisation_valid(row->organisation))
		yaml_mistake(report, yaml_get(row->at.node, "organisation"),
		    "not an ODS code, a GSS code or an org-id like GB-CHC-123456");
	if (row->topic.ptr && !topic_valid(row->topic))
		yaml_mistake(report, yaml_get(row->at.node, "topic"),
		    "a raw topic is 'raw.' and letters, digits, '-', '_', '.', without the prefix");
	if (row->starts != DATE_NONE && row->expires != DATE_NONE && row->expires < row->starts)
		yaml_mistake(report, yaml_get(row->at.node, "expires"), "'expires' is before 'starts'");
}

static void
agency_add(struct agencies *agencies, const struct agency_row *row, const struct codes *codes,
    struct yaml_report *report)
{
	struct agency *a = &agencies->items[agencies->n];

	row_check(row, report);
	for (size_t i = 0; i < agencies->n; i++) {
		if (row->topic.ptr && span_eq(agencies->items[i].topic, row->topic))
			yaml_mistake(report, yaml_get(row->at.node, "topic"),
			    "topic is bound to another agency already");
		if (row->organisation.ptr
		    && span_eq(agencies->items[i].organisation, row->organisation))
			yaml_mistake(report, yaml_get(row->at.node, "organisation"),
			    "organisation has a topic already; one topic an organisation");
	}
	agencies->n++;
	*a = (struct agency){ .organisation = keep(agencies, row->organisation),
		.name = keep(agencies, row->name), .role = span_str(roles[row->role]),
		.topic = keep(agencies, row->topic), .epoch = row->epoch,
		.lawful_basis = span_str(bases[row->lawful_basis]),
		.condition = keep(agencies, row->condition),
		.agreement = keep(agencies, row->agreement), .purpose = keep(agencies, row->purpose),
		.starts = row->starts, .expires = row->expires,
		.one_record_a_person = row->one_record_a_person };
	kinds_add(agencies, a, row, codes, report);
	derive_add(agencies, a, row, report);
}

static int
topic_order(const void *a, const void *b)
{
	const struct agency *x = a, *y = b;

	return span_cmp(x->topic, y->topic);
}

struct agencies *
agencies_parse(const struct yaml *root, const struct codes *codes, struct yaml_report *report)
{
	struct agencies *agencies = mem_zalloc(1, sizeof(*agencies));
	struct agencies_file file;
	const struct agency_row *rows;
	uint32_t before = report->n;

	arena_init(&agencies->arena, 0);
	/* with mistakes too: what could be read is judged, so that all are told at once */
	yaml_read(root, &agencies_record, &file, report);
	rows = file.agencies.items;
	if (file.agencies.n > AGENCIES_MAX)
		yaml_mistake(report, root, "more than %d agencies", AGENCIES_MAX);
	agencies->items = arena_zalloc(&agencies->arena, file.agencies.n + 1,
	    sizeof(*agencies->items));
	for (uint32_t i = 0; i < file.agencies.n && i < AGENCIES_MAX; i++)
		agency_add(agencies, &rows[i], codes, report);
	qsort(agencies->items, agencies->n, sizeof(*agencies->items), topic_order);
	if (report->n == before)
		return agencies;
	agencies_free(agencies);
	return NULL;
}

void
agencies_free(struct agencies *agencies)
{
	if (!agencies)
		return;
	arena_release(&agencies->arena);
	mem_free(agencies);
}

const struct agency *
agency_of_topic(const struct agencies *agencies, struct span topic)
{
	size_t from = 0, to = agencies->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = span_cmp(topic, agencies->items[mid].topic);

		if (c == 0)
			return &agencies->items[mid];
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

const struct agency *
agency_of_organisation(const struct agencies *agencies, struct span id)
{
	for (size_t i = 0; i < agencies->n; i++)
		if (span_eq(agencies->items[i].organisation, id))
			return &agencies->items[i];
	return NULL;
}

bool
agency_may_say(const struct agency *agency, struct span base_kind)
{
	for (size_t i = 0; i < agency->n_kinds; i++)
		if (span_eq(agency->kinds[i], base_kind))
			return true;
	return false;
}
