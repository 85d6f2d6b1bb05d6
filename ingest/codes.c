#include "ingest/codes.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "common/text.h"

static const char *const form_suffix[KIND_FORMS] = { "", "-confirmed", "-ended" };

/* --- the files, as tables */

struct code_row {
	struct yaml_at at;
	struct span code, means;
	date_t from, until;
	struct yaml_texts also;
};

struct list_file {
	struct yaml_at at;
	struct span list, says;
	struct yaml_list codes;
};

struct attribute_row {
	struct yaml_at at;
	int32_t type;
	struct span list, says, unit;
	int64_t min, max;
	bool required, place;
};

struct kind_row {
	struct yaml_at at;
	int32_t shape;
	struct span says;
	date_t from, until;
	struct yaml_list attributes;
};

struct kinds_file {
	struct yaml_at at;
	struct yaml_list kinds;
};

static const char *const shapes[] = { "spell", "point", NULL };
static const char *const types[] = { "code", "number", "boolean", "date", NULL };

#define AT(row, field) offsetof(struct row, field)

static const struct yaml_field code_fields[] = {
	{ .name = "code", .type = YF_TEXT, .offset = AT(code_row, code), .required = true,
	    .doc = "What evidence carries." },
	{ .name = "means", .type = YF_TEXT, .offset = AT(code_row, means), .required = true,
	    .doc = "In words." },
	{ .name = "from", .type = YF_DATE, .offset = AT(code_row, from),
	    .doc = "First day it may speak of." },
	{ .name = "until", .type = YF_DATE, .offset = AT(code_row, until),
	    .doc = "First day it may not." },
	{ .name = "also", .type = YF_TEXTS, .offset = AT(code_row, also),
	    .doc = "Other spellings that agencies send." },
};
static const struct yaml_record code_record = YAML_RECORD("a code", struct code_row, code_fields);

static const struct yaml_field list_fields[] = {
	{ .name = "list", .type = YF_NAME, .offset = AT(list_file, list), .required = true,
	    .doc = "The list's name." },
	{ .name = "says", .type = YF_TEXT, .offset = AT(list_file, says), .doc = "What it lists." },
	{ .name = "codes", .type = YF_LIST, .offset = AT(list_file, codes), .required = true,
	    .sub = &code_record, .doc = "Its codes." },
};
static const struct yaml_record list_record =
    YAML_RECORD("a code list", struct list_file, list_fields);

static const struct yaml_field attribute_fields[] = {
	{ .name = "type", .type = YF_ENUM, .offset = AT(attribute_row, type), .required = true,
	    .choices = types, .doc = "What its values are." },
	{ .name = "list", .type = YF_NAME, .offset = AT(attribute_row, list),
	    .doc = "Of type code: its code list." },
	{ .name = "says", .type = YF_TEXT, .offset = AT(attribute_row, says),
	    .doc = "What it tells." },
	{ .name = "unit", .type = YF_TEXT, .offset = AT(attribute_row, unit),
	    .doc = "Of type number, for people." },
	{ .name = "min", .type = YF_DECIMAL, .offset = AT(attribute_row, min),
	    .preset = "-9000000000", .doc = "Least number allowed." },
	{ .name = "max", .type = YF_DECIMAL, .offset = AT(attribute_row, max),
	    .preset = "9000000000", .doc = "Greatest number allowed." },
	{ .name = "required", .type = YF_BOOL, .offset = AT(attribute_row, required),
	    .preset = "no", .doc = "A record without it is rejected." },
	{ .name = "place", .type = YF_BOOL, .offset = AT(attribute_row, place), .preset = "no",
	    .doc = "Tells where: withheld from restricted records." },
};
static const struct yaml_record attribute_record =
    YAML_RECORD("an attribute", struct attribute_row, attribute_fields);

static const struct yaml_field kind_fields[] = {
	{ .name = "shape", .type = YF_ENUM, .offset = AT(kind_row, shape), .required = true,
	    .choices = shapes, .doc = "A spell lasts, a point happens on a day." },
	{ .name = "says", .type = YF_TEXT, .offset = AT(kind_row, says), .required = true,
	    .doc = "What a record of it says." },
	{ .name = "from", .type = YF_DATE, .offset = AT(kind_row, from),
	    .doc = "First day it may speak of." },
	{ .name = "until", .type = YF_DATE, .offset = AT(kind_row, until),
	    .doc = "First day it may not." },
	{ .name = "attributes", .type = YF_TABLE, .offset = AT(kind_row, attributes),
	    .sub = &attribute_record, .doc = "What it may carry." },
};
static const struct yaml_record kind_record = YAML_RECORD("a kind", struct kind_row, kind_fields);

static const struct yaml_field kinds_fields[] = {
	{ .name = "kinds", .type = YF_TABLE, .offset = AT(kinds_file, kinds), .required = true,
	    .sub = &kind_record, .doc = "Kinds of event." },
};
static const struct yaml_record kinds_record =
    YAML_RECORD("the kinds", struct kinds_file, kinds_fields);

/* --- derived attributes */

static const char *const derived_names[] = {
#define DERIVED_TEXT(name, text, doc) text,
	DERIVED_ATTRIBUTES(DERIVED_TEXT)
#undef DERIVED_TEXT
};

struct span
derived_name(enum derived d)
{
	return span_str(derived_names[d]);
}

bool
derived_find(struct span name, enum derived *out)
{
	for (int d = 0; d < DERIVED_END; d++)
		if (span_is(name, derived_names[d])) {
			*out = (enum derived)d;
			return true;
		}
	return false;
}

/* --- looking up */

static bool
holds_on(date_t from, date_t until, date_t on)
{
	return (from == DATE_NONE || from <= on) && (until == DATE_NONE || on < until);
}

enum code_found
code_find(const struct code_list *list, struct span code, date_t on, struct span *canonical)
{
	uint64_t *first;

	code = text_trim(code);
	if (code.len == 0 || code.len > CODE_MAX_BYTES)
		return CODE_UNKNOWN;
	first = strmap_find(&list->by_code, code);
	if (!first)
		return CODE_UNKNOWN;
	for (uint32_t i = (uint32_t)*first; i; i = list->entries[i - 1].next) {
		const struct code_entry *e = &list->entries[i - 1];

		if (holds_on(e->from, e->until, on)) {
			*canonical = e->canonical;
			return CODE_FOUND;
		}
	}
	return CODE_NOT_THEN;
}

enum code_found
kind_find(const struct codes *codes, struct span name, date_t on, struct kind_ref *out)
{
	uint64_t *at;

	name = text_trim(name);
	if (name.len == 0 || name.len > CODE_MAX_BYTES)
		return CODE_UNKNOWN;
	at = strmap_find(&codes->by_kind, name);
	if (!at)
		return CODE_UNKNOWN;
	out->kind = &codes->kinds[*at / KIND_FORMS];
	out->form = (enum kind_form)(*at % KIND_FORMS);
	return holds_on(out->kind->from, out->kind->until, on) ? CODE_FOUND : CODE_NOT_THEN;
}

const struct kind *
kind_named(const struct codes *codes, struct span name)
{
	uint64_t *at = strmap_find(&codes->by_kind, name);

	return at && *at % KIND_FORMS == KIND_ITSELF ? &codes->kinds[*at / KIND_FORMS] : NULL;
}

const struct attribute_def *
attribute_def_find(const struct kind *kind, struct span name)
{
	for (size_t i = 0; i < kind->n; i++)
		if (span_eq(kind->attributes[i].name, name))
			return &kind->attributes[i];
	return NULL;
}

const struct code_list *
code_list_named(const struct codes *codes, struct span name)
{
	for (size_t i = 0; i < codes->n_lists; i++)
		if (span_eq(codes->lists[i].name, name))
			return &codes->lists[i];
	return NULL;
}

/* --- reading lists */

static struct span
keep(struct codes *codes, struct span s)
{
	struct span copy = arena_copy(&codes->arena, s);

	MUST(copy.ptr != NULL || s.ptr == NULL);
	return copy;
}

static bool
overlaps(const struct code_entry *a, const struct code_entry *b)
{
	bool a_ends_first = a->until != DATE_NONE && b->from != DATE_NONE && a->until <= b->from;
	bool b_ends_first = b->until != DATE_NONE && a->from != DATE_NONE && b->until <= a->from;

	return !a_ends_first && !b_ends_first;
}

/* One spelling of a code, for one period. */
static void
spelling_add(struct code_list *list, struct span spelling,
    struct code_entry entry, const struct yaml *at, struct yaml_report *report)
{
	bool fresh;
	uint64_t *first;

	if (spelling.len == 0 || spelling.len > CODE_MAX_BYTES) {
		yaml_mistake(report, at, "a code has 1 to %d bytes", CODE_MAX_BYTES);
		return;
	}
	first = strmap_put(&list->by_code, spelling, &fresh);
	for (uint32_t i = (uint32_t)*first; i; i = list->entries[i - 1].next)
		if (overlaps(&list->entries[i - 1], &entry)) {
			yaml_mistake(report, at, "code stands twice for the same days in list '"
			    SPAN_FMT "'", SPAN_ARG(list->name));
			return;
		}
	entry.next = (uint32_t)*first;
	list->entries[list->n++] = entry;
	*first = list->n;
}

static void
code_add(struct codes *codes, struct code_list *list, const struct code_row *row,
    struct yaml_report *report)
{
	struct code_entry entry = { .canonical = keep(codes, row->code), .from = row->from,
		.until = row->until };

	if (row->from != DATE_NONE && row->until != DATE_NONE && row->until <= row->from)
		yaml_mistake(report, row->at.node, "'until' is not after 'from'");
	spelling_add(list, row->code, entry, row->at.node, report);
	for (uint32_t i = 0; i < row->also.n; i++)
		spelling_add(list, row->also.items[i], entry, row->also.at[i], report);
}

static void
list_add(struct codes *codes, const struct yaml *root, struct yaml_report *report)
{
	struct list_file file;
	struct code_list *list;
	const struct code_row *rows;
	size_t spellings = 0;

	yaml_read(root, &list_record, &file, report);
	if (!file.list.ptr)
		return;
	if (code_list_named(codes, file.list)) {
		yaml_mistake(report, yaml_get(root, "list"), "list is defined twice");
		return;
	}
	rows = file.codes.items;
	for (uint32_t i = 0; i < file.codes.n; i++)
		spellings += 1 + rows[i].also.n;
	list = &codes->lists[codes->n_lists++];
	list->name = keep(codes, file.list);
	strmap_init(&list->by_code, 0);
	list->entries = arena_zalloc(&codes->arena, spellings + 1, sizeof(*list->entries));
	for (uint32_t i = 0; i < file.codes.n; i++)
		if (rows[i].code.ptr)
			code_add(codes, list, &rows[i], report);
}

/* --- reading kinds */

static void
attribute_add(struct codes *codes, const struct attribute_row *row, struct attribute_def *def,
    struct yaml_report *report)
{
	enum derived ours;

	*def = (struct attribute_def){ .name = keep(codes, row->at.key->text),
		.type = (enum attribute_type)row->type, .bounded = true, .min = row->min,
		.max = row->max, .required = row->required, .place = row->place };
	if (derived_find(def->name, &ours))
		yaml_mistake(report, row->at.key, "'" SPAN_FMT "' is derived from the person, "
		    "a kind cannot define it", SPAN_ARG(def->name));
	if ((row->type == ATTRIBUTE_CODE) != (row->list.ptr != NULL)) {
		yaml_mistake(report, row->at.node, row->list.ptr
		    ? "'list' goes with 'type: code' only" : "'type: code' needs a 'list'");
		return;
	}
	if (row->type != ATTRIBUTE_CODE)
		return;
	def->list = code_list_named(codes, row->list);
	if (!def->list)
		yaml_mistake(report, yaml_get(row->at.node, "list"), "no code list '" SPAN_FMT "'",
		    SPAN_ARG(row->list));
}

static int
attribute_order(const void *a, const void *b)
{
	const struct attribute_def *x = a, *y = b;

	return span_cmp(x->name, y->name);
}

static bool
has_form_suffix(struct span name)
{
	for (int f = KIND_CONFIRMED; f < KIND_FORMS; f++) {
		size_t n = strlen(form_suffix[f]);

		if (name.len >= n && memcmp(name.ptr + name.len - n, form_suffix[f], n) == 0)
			return true;
	}
	return false;
}

static void
kind_names_add(struct codes *codes, struct kind *kind, struct span name)
{
	for (int f = 0; f < (kind->spell ? KIND_FORMS : 1); f++) {
		char *full = arena_printf(&codes->arena, SPAN_FMT "%s", SPAN_ARG(name),
		    form_suffix[f]);

		MUST(full != NULL);
		kind->names[f] = span_str(full);
		*strmap_put(&codes->by_kind, kind->names[f], NULL) =
		    (uint64_t)(kind - codes->kinds) * KIND_FORMS + (uint64_t)f;
	}
}

static void
kind_add(struct codes *codes, const struct kind_row *row, struct yaml_report *report)
{
	struct kind *kind = &codes->kinds[codes->n_kinds];
	const struct attribute_row *rows = row->attributes.items;
	struct span name = row->at.key->text;

	if (kind_named(codes, name) || has_form_suffix(name)) {
		yaml_mistake(report, row->at.key, has_form_suffix(name)
		    ? "'-confirmed' and '-ended' are made for each spell, not declared"
		    : "kind is defined twice");
		return;
	}
	if (row->attributes.n > KIND_ATTRIBUTES_MAX) {
		yaml_mistake(report, row->at.key, "a kind has at most %d attributes",
		    KIND_ATTRIBUTES_MAX);
		return;
	}
	codes->n_kinds++;
	*kind = (struct kind){ .spell = row->shape == 0, .from = row->from, .until = row->until,
		.n = row->attributes.n };
	kind_names_add(codes, kind, name);
	kind->attributes = arena_zalloc(&codes->arena, kind->n + 1, sizeof(*kind->attributes));
	for (size_t i = 0; i < kind->n; i++)
		attribute_add(codes, &rows[i], &kind->attributes[i], report);
	qsort(kind->attributes, kind->n, sizeof(*kind->attributes), attribute_order);
}

static void
kinds_add(struct codes *codes, const struct kinds_file *file, struct yaml_report *report)
{
	const struct kind_row *rows = file->kinds.items;

	for (uint32_t i = 0; i < file->kinds.n; i++)
		kind_add(codes, &rows[i], report);
}

/* --- all together */

static bool
is_kinds(const struct yaml *root)
{
	return root->kind == YAML_MAPPING && yaml_get(root, "kinds") != NULL;
}

static void
kinds_read(struct codes *codes, const struct yaml *const *roots, size_t n,
    struct yaml_report *report)
{
	struct kinds_file *files = mem_zalloc(n + 1, sizeof(*files));
	size_t kinds = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		if (is_kinds(roots[i])) {
			yaml_read(roots[i], &kinds_record, &files[at], report);
			kinds += files[at++].kinds.n;
		}
	codes->kinds = arena_zalloc(&codes->arena, kinds + 1, sizeof(*codes->kinds));
	for (size_t i = 0; i < at; i++)
		kinds_add(codes, &files[i], report);
	mem_free(files);
}

static const struct code_list *
needed(struct codes *codes, const char *name, struct yaml_report *report)
{
	const struct code_list *list = code_list_named(codes, span_str(name));

	if (!list)
		yaml_mistake(report, NULL, "no file has the code list '%s'", name);
	return list;
}

struct codes *
codes_parse(const struct yaml *const *roots, size_t n, struct yaml_report *report)
{
	struct codes *codes = mem_zalloc(1, sizeof(*codes));
	uint32_t before = report->n;

	arena_init(&codes->arena, 0);
	strmap_init(&codes->by_kind, 0);
	codes->lists = mem_zalloc(n + 1, sizeof(*codes->lists));
	for (size_t i = 0; i < n; i++)
		if (!is_kinds(roots[i]))
			list_add(codes, roots[i], report);
	kinds_read(codes, roots, n, report);
	codes->sexes = needed(codes, "sexes", report);
	codes->ethnic_groups = needed(codes, "ethnic-groups", report);
	codes->evidence_types = needed(codes, "evidence-types", report);
	if (codes->n_kinds == 0)
		yaml_mistake(report, NULL, "no file has 'kinds'");
	if (report->n == before)
		return codes;
	codes_free(codes);
	return NULL;
}

void
codes_free(struct codes *codes)
{
	if (!codes)
		return;
	for (size_t i = 0; i < codes->n_lists; i++)
		strmap_release(&codes->lists[i].by_code);
	mem_free(codes->lists);
	strmap_release(&codes->by_kind);
	arena_release(&codes->arena);
	mem_free(codes);
}
