#include "common/csv.h"

#include "common/must.h"

static uint8_t
peek(const struct csv *csv)
{
	return csv->text.ptr[csv->at];
}

static bool
at_end(const struct csv *csv)
{
	return csv->at >= csv->text.len;
}

/* Whichever of the usual ones the first line has most of. */
static char
comma_of(struct span text)
{
	static const char usual[] = { ',', ';', '\t' };
	size_t count[sizeof(usual)] = { 0 };
	char best = ',';
	size_t most = 0;

	for (size_t i = 0; i < text.len && text.ptr[i] != '\n'; i++)
		for (size_t k = 0; k < sizeof(usual); k++)
			count[k] += text.ptr[i] == (uint8_t)usual[k];
	for (size_t k = 0; k < sizeof(usual); k++)
		if (count[k] > most) {
			most = count[k];
			best = usual[k];
		}
	return best;
}

void
csv_init(struct csv *csv, struct span text, char comma)
{
	if (span_starts(text, "\xef\xbb\xbf"))
		text = span_of(text.ptr + 3, text.len - 3);
	csv->text = text;
	csv->at = 0;
	csv->line = 1;
	csv->comma = comma ? comma : comma_of(text);
	csv->unquoted = (struct buf)BUF_INIT;
}

void
csv_release(struct csv *csv)
{
	buf_release(&csv->unquoted);
}

/* Past the end of the line that `at` is in. */
static void
skip_line(struct csv *csv)
{
	while (!at_end(csv) && peek(csv) != '\n')
		csv->at++;
	if (!at_end(csv)) {
		csv->at++;
		csv->line++;
	}
}

static bool
skip_newline(struct csv *csv)
{
	size_t at = csv->at;

	if (at < csv->text.len && csv->text.ptr[at] == '\r')
		at++;
	if (at < csv->text.len && csv->text.ptr[at] == '\n') {
		csv->at = at + 1;
		csv->line++;
		return true;
	}
	if (at == csv->text.len) {
		csv->at = at;
		return true;
	}
	return false;
}

static int
nul_error(uint32_t field, struct err *err)
{
	return err_code(err, ERR_RECORD, "csv-nul", NULL,
	    "field %u holds a NUL byte: save the file as CSV UTF-8", field + 1);
}

/* Stands behind the opening quote; ends behind the closing one. */
static int
scan_quoted(struct csv *csv, uint32_t field, uint32_t row_line, struct err *err)
{
	size_t start = csv->at;

	for (; !at_end(csv); csv->at++) {
		if (peek(csv) == '\n' && ++csv->line - row_line >= CSV_ROW_LINES_MAX)
			break;
		if (peek(csv) == 0)
			return nul_error(field, err);
		if (csv->at - start > CSV_FIELD_BYTES_MAX)
			return err_code(err, ERR_RECORD, "csv-field-long", NULL,
			    "field %u is longer than %d bytes", field + 1, CSV_FIELD_BYTES_MAX);
		if (peek(csv) != '"')
			continue;
		if (csv->at + 1 < csv->text.len && csv->text.ptr[csv->at + 1] == '"') {
			csv->at++;
			continue;
		}
		csv->raw[field] = span_of(csv->text.ptr + start, csv->at - start);
		csv->quoted[field] = true;
		csv->at++;
		return 0;
	}
	return err_code(err, ERR_RECORD, "csv-quote-open", NULL,
	    "field %u opens with a quote that is never closed: close it, or double it if it "
	    "belongs to the text",
	    field + 1);
}

static int
scan_plain(struct csv *csv, uint32_t field, struct err *err)
{
	size_t start = csv->at;

	while (!at_end(csv) && peek(csv) != (uint8_t)csv->comma && peek(csv) != '\n') {
		if (peek(csv) == '\r' && (csv->at + 1 == csv->text.len
			|| csv->text.ptr[csv->at + 1] == '\n'))
			break;
		if (peek(csv) == 0)
			return nul_error(field, err);
		if (csv->at - start >= CSV_FIELD_BYTES_MAX)
			return err_code(err, ERR_RECORD, "csv-field-long", NULL,
			    "field %u is longer than %d bytes", field + 1, CSV_FIELD_BYTES_MAX);
		csv->at++;
	}
	csv->raw[field] = span_of(csv->text.ptr + start, csv->at - start);
	csv->quoted[field] = false;
	return 0;
}

static int
scan_field(struct csv *csv, uint32_t field, uint32_t row_line, struct err *err)
{
	if (!at_end(csv) && peek(csv) == '"') {
		csv->at++;
		return scan_quoted(csv, field, row_line, err);
	}
	return scan_plain(csv, field, err);
}

static int
scan_row(struct csv *csv, uint32_t row_line, uint32_t *fields, struct err *err)
{
	*fields = 0;
	for (;;) {
		if (*fields == CSV_FIELDS_MAX)
			return err_code(err, ERR_RECORD, "csv-fields", NULL,
			    "more than %d fields in one row", CSV_FIELDS_MAX);
		if (scan_field(csv, *fields, row_line, err))
			return -1;
		++*fields;
		if (!at_end(csv) && peek(csv) == (uint8_t)csv->comma) {
			csv->at++;
			continue;
		}
		if (skip_newline(csv))
			return 0;
		return err_code(err, ERR_RECORD, "csv-after-quote", NULL,
		    "field %u goes on after its closing quote: double the quotes that belong to "
		    "the text",
		    *fields);
	}
}

static void
unquote(struct csv *csv, struct csv_row *row)
{
	size_t need = 0, from;

	buf_reset(&csv->unquoted);
	for (uint32_t i = 0; i < row->fields; i++)
		need += csv->quoted[i] ? csv->raw[i].len : 0;
	buf_grow(&csv->unquoted, need); /* so that no field moves below */
	for (uint32_t i = 0; i < row->fields; i++) {
		row->field[i] = csv->raw[i];
		if (!csv->quoted[i])
			continue;
		from = csv->unquoted.len;
		for (size_t k = 0; k < csv->raw[i].len; k++) {
			buf_byte(&csv->unquoted, csv->raw[i].ptr[k]);
			k += csv->raw[i].ptr[k] == '"';
		}
		row->field[i] = span_of(csv->unquoted.ptr + from, csv->unquoted.len - from);
	}
}

static bool
blank(const struct csv *csv, uint32_t fields)
{
	return fields == 1 && !csv->quoted[0] && csv->raw[0].len == 0;
}

int
csv_next(struct csv *csv, struct csv_row *row, struct err *err)
{
	size_t start;

	do {
		if (at_end(csv))
			return 0;
		start = csv->at;
		row->line = csv->line;
		row->fields = 0;
		if (scan_row(csv, row->line, &row->fields, err)) {
			row->fields = 0;
			csv->at = start;
			csv->line = row->line;
			skip_line(csv);
			return -1;
		}
		MUST(csv->at > start);
	} while (blank(csv, row->fields));
	unquote(csv, row);
	return 1;
}

void
csv_put(struct buf *out, struct span field)
{
	bool quote = false;

	for (size_t i = 0; i < field.len && !quote; i++)
		quote = field.ptr[i] == '"' || field.ptr[i] == ',' || field.ptr[i] == '\n'
		    || field.ptr[i] == '\r';
	if (!quote) {
		buf_span(out, field);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < field.len; i++) {
		if (field.ptr[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, field.ptr[i]);
	}
	buf_byte(out, '"');
}
