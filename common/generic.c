#include "common/generic.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/csv.h"
#include "common/must.h"
#include "common/text.h"

#define COLUMN_INFO(name, column, block, field, type, example, help)                              \
	{ column, GENERIC_BLOCK_##block, GENERIC_##type, offsetof(struct raw_##block, field),      \
	    example, help },
const struct generic_info generic_columns[GENERIC_COLUMN_COUNT] = {
	GENERIC_COLUMNS(COLUMN_INFO)
};

static const char attribute_prefix[] = "attr.";

static bool
same_word(struct span a, const char *b)
{
	size_t i = 0;

	for (; i < a.len && b[i]; i++)
		if (tolower(a.ptr[i]) != b[i])
			return false;
	return i == a.len && b[i] == '\0';
}

enum generic_column
generic_column_of(struct span name)
{
	name = text_trim(name);
	for (int i = 0; i < GENERIC_COLUMN_COUNT; i++)
		if (same_word(name, generic_columns[i].name))
			return (enum generic_column)i;
	if (name.len > sizeof(attribute_prefix) - 1 && span_starts(name, attribute_prefix))
		return GENERIC_ATTRIBUTE;
	return GENERIC_UNKNOWN;
}

void
generic_begin(struct generic_fact *fact)
{
	memset(fact, 0, sizeof(*fact));
	fact->event.attributes.items = fact->attributes;
	fact->person.addresses.items = &fact->address;
}

/* --- values */

static int
not_a(struct err *err, const char *code, struct span name, const char *expected)
{
	char field[ERR_FIELD_MAX];

	snprintf(field, sizeof(field), SPAN_FMT, SPAN_ARG(name));
	return err_code(err, ERR_RECORD, code, field, "column '%s' %s", field, expected);
}

/* Digits with at most one '-' before and one '.' between them; no zero in front. */
static bool
plain_number(struct span text, bool *whole)
{
	size_t i = 0, digits = 0, dots = 0;

	if (i < text.len && text.ptr[i] == '-')
		i++;
	if (i + 1 < text.len && text.ptr[i] == '0' && text.ptr[i + 1] != '.')
		return false;
	for (; i < text.len; i++) {
		if (text.ptr[i] == '.' && digits && i + 1 < text.len)
			dots++;
		else if (isdigit(text.ptr[i]))
			digits++;
		else
			return false;
	}
	*whole = dots == 0;
	return digits > 0 && digits <= 15 && dots <= 1;
}

struct av_value
generic_typed(struct span text)
{
	struct av_value v = { .type = AV_STRING, .s = text };
	char number[24];
	bool whole;

	if (same_word(text, "true") || same_word(text, "false")) {
		v.type = AV_BOOLEAN;
		v.i = same_word(text, "true");
	} else if (text.len < sizeof(number) && plain_number(text, &whole)) {
		snprintf(number, sizeof(number), SPAN_FMT, SPAN_ARG(text));
		v.type = whole ? AV_LONG : AV_DOUBLE;
		if (whole)
			v.i = strtoll(number, NULL, 10);
		else
			v.d = strtod(number, NULL);
	}
	return v;
}

/* A JSON number where text is expected: people leave the quotes off. */
static int
as_text(const struct av_value *value, struct span name, struct arena *arena, struct span *out,
    struct err *err)
{
	switch (value->type) {
	case AV_STRING:
		*out = text_trim(value->s);
		break;
	case AV_LONG:
		*out = span_str(arena_printf(arena, "%lld", (long long)value->i));
		break;
	case AV_BOOLEAN:
		*out = span_str(value->i ? "true" : "false");
		break;
	default:
		return not_a(err, "not-text", name, "is a number with a fraction: put it in quotes");
	}
	if (out->len > GENERIC_TEXT_MAX)
		return not_a(err, "too-long", name, "is too long: 1,000 bytes are the most");
	if (!text_is_utf8(*out))
		return not_a(err, "not-utf8", name,
		    "is not UTF-8: save the file as 'CSV UTF-8' and feed it again");
	return 0;
}

static int
as_bool(struct span text, struct span name, bool *out, struct err *err)
{
	static const char *const yes[] = { "yes", "true", "1", "y", "t" };
	static const char *const no[] = { "no", "false", "0", "n", "f", "" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (same_word(text, yes[i])) {
			*out = true;
			return 0;
		}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (same_word(text, no[i])) {
			*out = false;
			return 0;
		}
	return not_a(err, "not-yes-or-no", name, "is not yes or no");
}

static int
as_revision(struct span text, struct span name, int64_t *out, struct err *err)
{
	struct av_value v = generic_typed(text);

	if (v.type != AV_LONG || v.i < 0)
		return not_a(err, "not-a-number", name,
		    "is not a whole number from 0: leave it empty if you keep no revisions");
	*out = v.i;
	return 0;
}

/* --- cells */

static void *
cell_of(struct generic_fact *f, const struct generic_info *info)
{
	void *block[] = {
		[GENERIC_BLOCK_record] = &f->record,
		[GENERIC_BLOCK_person] = &f->person,
		[GENERIC_BLOCK_event] = &f->event,
		[GENERIC_BLOCK_address] = &f->address,
	};

	return (uint8_t *)block[info->block] + info->offset;
}

static void
note_block(struct generic_fact *f, enum generic_block block)
{
	f->has_event = f->has_event || block == GENERIC_BLOCK_event;
	f->has_address = f->has_address || block == GENERIC_BLOCK_address;
	f->has_person = f->has_person || block == GENERIC_BLOCK_person || f->has_address;
}

static int
set_attribute(struct generic_fact *f, struct span name, const struct av_value *value,
    struct err *err)
{
	struct span bare;
	struct raw_attribute *a;

	name = text_trim(name);
	bare = span_of(name.ptr + sizeof(attribute_prefix) - 1,
	    name.len - (sizeof(attribute_prefix) - 1));
	if (bare.len > GENERIC_NAME_MAX || !text_is_utf8(bare))
		return not_a(err, "bad-name", SPAN_LIT("attr."),
		    "has a name that is too long or not UTF-8");
	if (f->event.attributes.n == GENERIC_ATTRIBUTES_MAX)
		return not_a(err, "too-many", name, "is one attribute too many: 64 are the most");
	if (value->type == AV_DOUBLE && !isfinite(value->d))
		return not_a(err, "not-a-number", name, "is not a finite number");
	a = &f->attributes[f->event.attributes.n++];
	a->name = bare;
	a->value = *value;
	if (value->type == AV_STRING)
		a->value = generic_typed(value->s);
	f->has_event = true;
	return 0;
}

int
generic_set(struct generic_fact *f, enum generic_column column, struct span name,
    const struct av_value *value, struct arena *arena, struct err *err)
{
	const struct generic_info *info;
	struct span text = SPAN_NONE;
	struct av_value trimmed = *value;

	MUST(column != GENERIC_UNKNOWN && column != GENERIC_COLUMN_COUNT);
	if (value->type == AV_NULL || (value->type == AV_STRING && text_absent(value->s)))
		return 0;
	if (!(column == GENERIC_ATTRIBUTE && value->type == AV_DOUBLE)
	    && as_text(value, name, arena, &text, err))
		return -1;
	if (column == GENERIC_ATTRIBUTE) {
		trimmed.s = text;
		return set_attribute(f, name, &trimmed, err);
	}
	info = &generic_columns[column];
	switch (info->type) {
	case GENERIC_NUMBER:
		return as_revision(text, name, cell_of(f, info), err);
	case GENERIC_YES:
		if (as_bool(text, name, cell_of(f, info), err))
			return -1;
		f->has_person = f->has_person || f->person.objection;
		return 0;
	case GENERIC_LABEL:
		f->label = text;
		return 0;
	case GENERIC_TEXT:
		break;
	}
	note_block(f, info->block);
	*(struct span *)cell_of(f, info) = text;
	return 0;
}

static int
finish_declaration(struct generic_fact *f, struct arena *arena, struct err *err)
{
	if (f->has_event || f->has_person)
		return err_code(err, ERR_RECORD, "complete-and-event", "complete_through",
		    "column 'complete_through' declares the feed complete: leave everything else "
		    "in this row but record_id empty");
	if (!f->record.record_id.ptr)
		f->record.record_id = span_str(arena_printf(arena, "complete-" SPAN_FMT,
		    SPAN_ARG(f->record.complete_through)));
	return 0;
}

int
generic_finish(struct generic_fact *f, struct arena *arena, struct err *err)
{
	if (f->record.complete_through.ptr && finish_declaration(f, arena, err))
		return -1;
	if (!f->record.record_id.ptr)
		return err_code(err, ERR_RECORD, "no-record-id", "record_id",
		    "column 'record_id' is empty: give the record the id it has with you, so that "
		    "it can be corrected");
	if (f->record.record_id.len > GENERIC_RECORD_ID_MAX)
		return err_code(err, ERR_RECORD, "too-long", "record_id",
		    "column 'record_id' is longer than %d bytes", GENERIC_RECORD_ID_MAX);
	if (f->has_event && !f->event.kind.ptr)
		return err_code(err, ERR_RECORD, "no-kind", "kind",
		    "column 'kind' is empty: say what happened, for example 'accommodation'");
	if (!f->has_event && !f->record.withdrawn && !f->record.complete_through.ptr)
		return err_code(err, ERR_RECORD, "no-event", "kind",
		    "the row says nothing that happened: fill in 'kind' and 'start', or say "
		    "withdrawn");
	f->person.addresses.n = f->has_address ? 1 : 0;
	f->record.person = f->has_person ? &f->person : NULL;
	f->record.event = f->has_event ? &f->event : NULL;
	return 0;
}

void
generic_template(struct buf *out)
{
	for (int i = 0; i < GENERIC_COLUMN_COUNT; i++) {
		if (i == GENERIC_PERSON)
			continue;
		csv_put(out, span_str(generic_columns[i].name));
		buf_byte(out, ',');
	}
	buf_str(out, "attr.setting\n");
	for (int i = 0; i < GENERIC_COLUMN_COUNT; i++) {
		if (i == GENERIC_PERSON)
			continue;
		csv_put(out, span_str(generic_columns[i].example));
		buf_byte(out, ',');
	}
	buf_str(out, "own-tenancy\n");
}
