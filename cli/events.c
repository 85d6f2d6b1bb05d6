#include "cli/events.h"

#include <ctype.h>
#include <strings.h>

#include "common/csv.h"
#include "common/io/json.h"
#include "common/text.h"

enum { EVENTS_ROW_BYTES = 4 * 1024 * 1024 };

/* What a column is to us: its number, one of `extra`, or passed over. */
enum { COLUMN_IGNORED = GENERIC_UNKNOWN + 1, COLUMN_TOMBSTONE, COLUMN_EXTRA };

struct reader {
	const struct events_conf *conf;
	struct arena arena;
	struct generic_fact fact;
	struct event_row row;
	int columns[CSV_FIELDS_MAX];       /* CSV: of the header */
	struct span names[CSV_FIELDS_MAX]; /* owned by `header` */
	struct arena header;
	uint32_t n;
};

static bool
same_word(struct span a, const char *b)
{
	a = text_trim(a);
	return a.len == strlen(b) && strncasecmp((const char *)a.ptr, b, a.len) == 0;
}

static int
column_of(const struct events_conf *conf, struct span name)
{
	enum generic_column column = generic_column_of(name);

	for (size_t i = 0; i < conf->ignore_n; i++)
		if (same_word(name, conf->ignore[i]))
			return COLUMN_IGNORED;
	if (column != GENERIC_UNKNOWN)
		return (int)column;
	if (same_word(name, "tombstone"))
		return COLUMN_TOMBSTONE;
	for (int i = 0; conf->extra && conf->extra[i]; i++)
		if (same_word(name, conf->extra[i]))
			return COLUMN_EXTRA + i;
	return GENERIC_UNKNOWN;
}

static int
column_unknown(struct span name, struct err *err)
{
	const char *known[GENERIC_COLUMN_COUNT], *near;
	char field[ERR_FIELD_MAX];

	for (int i = 0; i < GENERIC_COLUMN_COUNT; i++)
		known[i] = generic_columns[i].name;
	near = yaml_suggest(text_trim(name), known, GENERIC_COLUMN_COUNT);
	snprintf(field, sizeof(field), SPAN_FMT, SPAN_ARG(name));
	if (strncasecmp(field, "attributes.", strlen("attributes.")) == 0
	    || strncasecmp(field, "attribute.", strlen("attribute.")) == 0)
		return err_code(err, ERR_RECORD, "unknown-column", field,
		    "column '%s' is not known (did you mean 'attr%s'?)", field, strchr(field, '.'));
	return err_code(err, ERR_RECORD, "unknown-column", field,
	    "column '%s' is not known%s%s%s: 'attr.NAME' is an attribute, --ignore passes it over",
	    field, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* --- one cell */

static int
cell_set(struct reader *r, int column, struct span name, const struct av_value *value,
    struct err *err)
{
	if (column == COLUMN_IGNORED)
		return 0;
	if (column == GENERIC_UNKNOWN)
		return column_unknown(name, err);
	if (column == COLUMN_TOMBSTONE) {
		r->row.tombstone = (value->type == AV_BOOLEAN && value->i)
		    || (value->type == AV_STRING && (same_word(value->s, "yes")
			|| same_word(value->s, "true") || same_word(value->s, "1")));
		return 0;
	}
	if (column >= COLUMN_EXTRA) {
		if (value->type == AV_STRING && !text_absent(value->s))
			r->row.extra[column - COLUMN_EXTRA] = text_trim(value->s);
		return 0;
	}
	return generic_set(&r->fact, (enum generic_column)column, name, value, &r->arena, err);
}

static void
row_begin(struct reader *r, uint32_t line)
{
	arena_reset(&r->arena);
	generic_begin(&r->fact);
	r->row = (struct event_row){ .fact = &r->fact, .line = line };
}

static int
row_end(struct reader *r, struct err *err)
{
	if (r->row.tombstone && !r->fact.record.record_id.ptr)
		return err_code(err, ERR_RECORD, "no-record-id", "record_id",
		    "column 'record_id' is empty: a tombstone takes back the record of that id");
	if (!r->row.tombstone && generic_finish(&r->fact, &r->arena, err))
		return -1;
	return r->conf->row(r->conf->arg, &r->row, err);
}

/* 0: go on, -1: not a matter of this row. */
static int
row_judge(struct reader *r, int failed, struct err *err)
{
	if (!failed)
		return 0;
	if (err->class != ERR_RECORD)
		return -1;
	r->conf->bad(r->conf->arg, r->row.line, err);
	*err = (struct err)ERR_INIT;
	return 0;
}

/* --- CSV */

static int
header_twice(const struct reader *r, uint32_t i, struct err *err)
{
	for (uint32_t k = 0; k < i; k++)
		if (r->columns[i] == r->columns[k] && r->columns[i] < GENERIC_COLUMN_COUNT)
			return err_code(err, ERR_RECORD, "column-twice", NULL,
			    "column '%s' is there twice", generic_columns[r->columns[i]].name);
	return 0;
}

static int
header_read(struct reader *r, const struct csv_row *row, struct err *err)
{
	for (uint32_t i = 0; i < row->fields; i++) {
		r->names[i] = arena_copy(&r->header, row->field[i]);
		r->columns[i] = text_absent(row->field[i]) ? COLUMN_IGNORED
							   : column_of(r->conf, row->field[i]);
		if (r->columns[i] == GENERIC_UNKNOWN)
			return column_unknown(row->field[i], err);
		if (header_twice(r, i, err))
			return -1;
	}
	r->n = row->fields;
	return 0;
}

static int
csv_row_take(struct reader *r, const struct csv_row *row, struct err *err)
{
	if (row->fields > r->n)
		return err_code(err, ERR_RECORD, "too-many-fields", NULL,
		    "the row has %u fields, the header %u: is a comma outside quotes?",
		    (unsigned)row->fields, (unsigned)r->n);
	for (uint32_t i = 0; i < row->fields; i++) {
		struct av_value v = { .type = AV_STRING, .s = row->field[i] };

		if (row->field[i].len && cell_set(r, r->columns[i], r->names[i], &v, err))
			return -1;
	}
	return row_end(r, err);
}

static int
csv_read(struct reader *r, struct span text, struct err *err)
{
	struct csv csv;
	struct csv_row row;
	int got, result = -1;

	csv_init(&csv, text, 0);
	got = csv_next(&csv, &row, err);
	if (got < 0 || (got > 0 && header_read(r, &row, err)))
		goto out;
	while (got > 0 && (got = csv_next(&csv, &row, err)) != 0) {
		row_begin(r, row.line);
		if (row_judge(r, got < 0 ? -1 : csv_row_take(r, &row, err), err))
			goto out;
		got = 1;
	}
	result = 0;
out:
	csv_release(&csv);
	return result;
}

/* --- JSON lines */

static int
json_row_take(struct reader *r, struct span line, struct err *err)
{
	struct json_leaf *leaves;
	size_t n;

	if (json_flatten(line, &r->arena, &leaves, &n, err)) {
		err->class = ERR_RECORD;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (cell_set(r, column_of(r->conf, leaves[i].path), leaves[i].path,
			&leaves[i].value, err))
			return -1;
	return row_end(r, err);
}

static int
json_read(struct reader *r, struct span text, struct err *err)
{
	size_t at = 0;
	uint32_t line = 0;

	while (at < text.len) {
		const uint8_t *end = memchr(text.ptr + at, '\n', text.len - at);
		size_t n = end ? (size_t)(end - text.ptr) - at : text.len - at;
		struct span s = span_of(text.ptr + at, n);

		line++;
		at += n + 1;
		if (text_absent(s))
			continue;
		row_begin(r, line);
		if (row_judge(r, json_row_take(r, s, err), err))
			return -1;
	}
	return 0;
}

/* --- either */

static bool
is_json(struct span text)
{
	size_t i = 0;

	while (i < text.len && isspace(text.ptr[i]))
		i++;
	return i < text.len && text.ptr[i] == '{';
}

/* What people give that is neither, and what makes it so. */
static int
form_known(struct span text, struct err *err)
{
	size_t i = 0;

	if (text.len >= 4 && memcmp(text.ptr, "PK\3\4", 4) == 0)
		return err_code(err, ERR_RECORD, "not-csv", NULL,
		    "this is a spreadsheet or another zip file: save it as 'CSV UTF-8'");
	while (i < text.len && isspace(text.ptr[i]))
		i++;
	if (i < text.len && text.ptr[i] == '[')
		return err_code(err, ERR_RECORD, "json-array", NULL,
		    "this is one JSON array: give one object a line, as jq -c '.[]' writes it");
	return 0;
}

int
events_read(const struct events_conf *conf, struct span text, struct err *err)
{
	struct reader r = { .conf = conf };
	int result;

	if (form_known(text, err))
		return -1;
	arena_init(&r.arena, EVENTS_ROW_BYTES);
	arena_init(&r.header, 0);
	result = is_json(text) ? json_read(&r, text, err) : csv_read(&r, text, err);
	arena_release(&r.arena);
	arena_release(&r.header);
	return result;
}

uint64_t
events_lines(struct span text)
{
	uint64_t n = 0;
	const uint8_t *at = text.ptr, *end = text.ptr + text.len;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		n++;
		at++;
	}
	return n;
}

uint64_t
events_columns(struct span text)
{
	struct err err = ERR_INIT;
	struct csv csv;
	struct csv_row row;
	uint64_t out = 0;

	if (is_json(text))
		return 0;
	csv_init(&csv, text, 0);
	if (csv_next(&csv, &row, &err) > 0)
		for (uint32_t i = 0; i < row.fields; i++) {
			enum generic_column c = generic_column_of(row.field[i]);

			if (c < GENERIC_COLUMN_COUNT)
				out |= UINT64_C(1) << c;
		}
	csv_release(&csv);
	return out;
}
