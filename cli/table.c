#include "cli/table.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/csv.h"
#include "common/io/yaml.h"

struct reading {
	const char *path;
	const char *const *names;
	table_fn *fn;
	void *arg;
};

static int
index_of(const struct reading *r, struct span name)
{
	for (int i = 0; r->names[i]; i++)
		if (span_is(name, r->names[i]))
			return i;
	return -1;
}

static int
unknown(const struct reading *r, uint32_t line, struct span name, struct err *err)
{
	char known[256] = "";
	size_t n = 0;

	for (int i = 0; r->names[i] && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i ? ", " : "", r->names[i]);
	return err_set(err, ERR_FATAL, "%s:%u: unknown column '" SPAN_FMT "', expected one of %s",
	    r->path, line, SPAN_ARG(name), known);
}

/* --- CSV */

static int
csv_row_give(const struct reading *r, const struct csv_row *head, const struct csv_row *row,
    struct err *err)
{
	struct table_row out = { .path = r->path, .line = row->line };

	for (uint32_t i = 0; i < row->fields && i < head->fields; i++) {
		int at = index_of(r, head->field[i]);

		if (at < 0)
			return unknown(r, head->line, head->field[i], err);
		out.field[at] = row->field[i];
	}
	return r->fn(r->arg, &out, err);
}

static int
csv_read(const struct reading *r, struct span text, struct err *err)
{
	static struct csv_row head, row; /* large */
	struct arena names;
	struct csv csv;
	int more = 0, rc = 0;

	arena_init(&names, 0);
	csv_init(&csv, text, 0);
	if (csv_next(&csv, &head, err) == 1)
		more = 1;
	for (uint32_t i = 0; more && i < head.fields; i++) /* they live until the next row */
		head.field[i] = arena_copy(&names, head.field[i]);
	while (more == 1 && rc == 0) {
		more = csv_next(&csv, &row, err);
		if (more == 1)
			rc = csv_row_give(r, &head, &row, err);
	}
	if (more < 0) {
		struct err what = *err;

		rc = err_set(err, ERR_FATAL, "%s:%u: %s", r->path, row.line, what.text);
	}
	csv_release(&csv);
	arena_release(&names);
	return rc;
}

/* --- JSON and YAML */

static int
mapping_give(const struct reading *r, const struct yaml *node, uint32_t line, struct err *err)
{
	struct table_row out = { .path = r->path, .line = line };

	if (node->kind != YAML_MAPPING)
		return err_set(err, ERR_FATAL, "%s:%u: expected a mapping of names to values", r->path,
		    line);
	for (uint32_t i = 0; i < node->n; i++) {
		int at = index_of(r, node->keys[i].text);

		if (at < 0)
			return unknown(r, line, node->keys[i].text, err);
		if (node->items[i].kind != YAML_SCALAR)
			return err_set(err, ERR_FATAL, "%s:%u: '%s' is no single value", r->path, line,
			    r->names[at]);
		if (node->items[i].quoted || !span_is(node->items[i].text, "null"))
			out.field[at] = node->items[i].text;
	}
	return r->fn(r->arg, &out, err);
}

static int
document_read(const struct reading *r, struct span text, uint32_t line, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse(r->path, text, &report);
	int rc = 0;

	if (!doc)
		rc = err_set(err, ERR_FATAL, "%s:%u: %s", r->path,
		    line + (report.kept ? report.mistakes[0].line : 1) - 1,
		    report.kept ? report.mistakes[0].text : "cannot be read");
	else if (doc->root->kind == YAML_SEQUENCE)
		for (uint32_t i = 0; i < doc->root->n && rc == 0; i++)
			rc = mapping_give(r, &doc->root->items[i],
			    line + doc->root->items[i].line - 1, err);
	else
		rc = mapping_give(r, doc->root, line, err);
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return rc;
}

static int
lines_read(const struct reading *r, struct span text, struct err *err)
{
	uint32_t line = 1;
	size_t at = 0;
	int rc = 0;

	for (; at < text.len && rc == 0; line++) {
		const uint8_t *end = memchr(text.ptr + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - (text.ptr + at)) : text.len - at;
		struct span one = span_of(text.ptr + at, len);

		at += len + 1;
		while (one.len && (one.ptr[one.len - 1] == '\r' || one.ptr[one.len - 1] == ' '))
			one.len--;
		if (one.len)
			rc = document_read(r, one, line, err);
	}
	return rc;
}

int
table_read(const char *path, const char *const *names, table_fn *fn, void *arg, struct err *err)
{
	struct reading r = { path, names, fn, arg };
	struct buf file = BUF_INIT;
	struct span text;
	size_t at = 0;
	int rc = cli_read_file(path, TABLE_BYTES_MAX, &file, err);

	if (rc)
		goto out;
	text = buf_view(&file);
	while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\n' || text.ptr[at] == '#')) {
		if (text.ptr[at] == '#')
			while (at < text.len && text.ptr[at] != '\n')
				at++;
		else
			at++;
	}
	if (at == text.len)
		goto out;
	if (text.ptr[at] == '{')
		rc = lines_read(&r, text, err);
	else if (text.ptr[at] == '[' || (text.ptr[at] == '-' && at + 1 < text.len
		     && text.ptr[at + 1] == ' '))
		rc = document_read(&r, text, 1, err);
	else
		rc = csv_read(&r, text, err);
out:
	buf_release(&file);
	return rc;
}
