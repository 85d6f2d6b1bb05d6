#include "common/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"

enum {
	SUGGEST_WORD_MAX = 48, /* bytes; longer words are not compared */
	LIST_CHOICES_MAX = 14, /* named in a mistake; past that only the nearest is */
	MILLION = 1000000,
};

/* --- the tree ------------------------------------------------------------ */

void
yaml_doc_free(struct yaml_doc *doc)
{
	struct arena arena;

	if (!doc)
		return;
	arena = doc->arena; /* the document lives in its own arena */
	arena_release(&arena);
}

static const struct yaml *
find(const struct yaml *map, const char *key, bool value)
{
	if (!map || map->kind != YAML_MAPPING)
		return NULL;
	for (uint32_t i = 0; i < map->n; i++)
		if (span_is(map->keys[i].text, key))
			return value ? &map->items[i] : &map->keys[i];
	return NULL;
}

const struct yaml *
yaml_get(const struct yaml *map, const char *key)
{
	return find(map, key, true);
}

const struct yaml *
yaml_key(const struct yaml *map, const char *key)
{
	return find(map, key, false);
}

bool
yaml_is_empty(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && !node->quoted
	    && (node->text.len == 0 || span_is(node->text, "~") || span_is(node->text, "null"));
}

/* --- mistakes ------------------------------------------------------------ */

void
yaml_report_release(struct yaml_report *report)
{
	for (uint32_t i = 0; i < report->kept; i++) {
		mem_free((void *)(uintptr_t)report->mistakes[i].file);
		mem_free(report->mistakes[i].text);
		mem_free(report->mistakes[i].source_line);
	}
	mem_free(report->mistakes);
	*report = (struct yaml_report)YAML_REPORT_INIT;
}

static int
mistake_cmp(const void *a, const void *b)
{
	const struct yaml_mistake *x = a, *y = b;
	int c = strcmp(x->file, y->file);

	if (c)
		return c;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return strcmp(x->text, y->text);
}

void
yaml_report_sort(struct yaml_report *report)
{
	if (report->kept)
		qsort(report->mistakes, report->kept, sizeof(*report->mistakes), mistake_cmp);
}

/* The caret goes under the character, so tabs are kept and bytes are not columns. */
static void
caret_line(const struct yaml_mistake *m, struct buf *out)
{
	size_t len = strlen(m->source_line), stop = m->col - 1 < len ? m->col - 1 : len;
	char margin[16];
	int n = snprintf(margin, sizeof(margin), "%5u", m->line);

	buf_printf(out, "%s | %s\n%*s | ", margin, m->source_line, n, "");
	for (size_t i = 0; i < stop; i++) {
		uint8_t c = (uint8_t)m->source_line[i];

		if (c == '\t')
			buf_byte(out, '\t');
		else if ((c & 0xc0) != 0x80)
			buf_byte(out, ' ');
	}
	buf_str(out, "^\n");
}

void
yaml_report_text(const struct yaml_report *report, struct buf *out)
{
	for (uint32_t i = 0; i < report->kept; i++) {
		const struct yaml_mistake *m = &report->mistakes[i];

		if (m->line == 0) {
			buf_printf(out, "%s: %s\n", m->file, m->text);
			continue;
		}
		buf_printf(out, "%s:%u:%u: %s\n", m->file, m->line, m->col, m->text);
		if (m->source_line)
			caret_line(m, out);
	}
	if (report->n > report->kept)
		buf_printf(out, "and %u more\n", report->n - report->kept);
}

/* Line `line` of source, owned; control bytes and broken UTF-8 become '?'. */
static char *
source_line(struct span source, uint32_t line)
{
	enum { SHOWN_MAX = 200 };
	const uint8_t *p = source.ptr, *end = p + source.len, *nl;
	char *out;
	size_t len;

	if (!source.ptr || line == 0)
		return NULL;
	for (; line > 1 && p < end; line--) {
		nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : end;
	}
	nl = memchr(p, '\n', (size_t)(end - p));
	len = (size_t)((nl ? nl : end) - p);
	if (len && p[len - 1] == '\r')
		len--;
	if (len > SHOWN_MAX)
		len = SHOWN_MAX;
	out = mem_alloc(len + 1);
	for (size_t i = 0; i < len; i++)
		out[i] = (p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f ? '?' : (char)p[i];
	out[len] = '\0';
	return out;
}

static void
mistake_add(struct yaml_report *report, const char *file, struct span source, uint32_t line,
    uint32_t col, const char *fmt, va_list ap)
{
	struct yaml_mistake *m;
	struct buf text = BUF_INIT;
	va_list twice;
	int n;

	report->n++;
	if (report->kept == YAML_MISTAKES_MAX)
		return;
	if (report->kept == report->cap) {
		report->cap = report->cap ? report->cap * 2 : 8;
		report->mistakes =
		    mem_realloc(report->mistakes, report->cap, sizeof(*report->mistakes));
	}
	va_copy(twice, ap);
	n = vsnprintf(NULL, 0, fmt, twice);
	va_end(twice);
	MUST(n >= 0);
	buf_grow(&text, (size_t)n + 1);
	vsnprintf((char *)text.ptr, (size_t)n + 1, fmt, ap);
	m = &report->mistakes[report->kept++];
	*m = (struct yaml_mistake){ .file = mem_strdup(file), .line = line, .col = col,
		.text = (char *)text.ptr, .source_line = source_line(source, line) };
}

bool
yaml_mistake(struct yaml_report *report, const struct yaml *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (at)
		mistake_add(report, at->doc->name, at->doc->source, at->line, at->col, fmt, ap);
	else
		mistake_add(report, "(no file)", SPAN_NONE, 0, 0, fmt, ap);
	va_end(ap);
	return false;
}

bool
yaml_mistake_at(struct yaml_report *report, const char *file, struct span source, uint32_t line,
    uint32_t col, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mistake_add(report, file, source, line, col ? col : 1, fmt, ap);
	va_end(ap);
	return false;
}

bool
yaml_mistake_more(struct yaml_report *report, const struct yaml *at, const char *begins,
    const char *more)
{
	for (uint32_t i = 0; i < report->kept; i++) {
		struct yaml_mistake *m = &report->mistakes[i];
		size_t len = strlen(m->text), n = strlen(more) + 1;

		if (m->line != at->line || m->col != at->col || strcmp(m->file, at->doc->name) != 0
		    || strncmp(m->text, begins, strlen(begins)) != 0)
			continue;
		m->text = mem_realloc(m->text, len + n, 1);
		memcpy(m->text + len, more, n);
		return true;
	}
	return false;
}

const char *
yaml_found(const struct yaml *node, char out[YAML_QUOTE_MAX + 8])
{
	size_t n = node->text.len;
	bool cut = n > YAML_QUOTE_MAX - 4;

	if (node->kind == YAML_MAPPING)
		return "a mapping";
	if (node->kind == YAML_SEQUENCE)
		return "a list";
	if (yaml_is_empty(node))
		return "nothing";
	if (cut)
		for (n = YAML_QUOTE_MAX - 4; n > 0 && (node->text.ptr[n] & 0xc0) == 0x80;)
			n--;
	snprintf(out, YAML_QUOTE_MAX + 8, node->quoted ? "\"%.*s%s\"" : "'%.*s%s'", (int)n,
	    (const char *)node->text.ptr, cut ? "..." : "");
	for (char *p = out; *p; p++)
		if ((uint8_t)*p < 0x20)
			*p = ' ';
	return out;
}

/* Damerau-Levenshtein (adjacent transpositions), or SUGGEST_WORD_MAX when a word is too long. */
static size_t
edit_distance(struct span a, struct span b)
{
	size_t row[3][SUGGEST_WORD_MAX + 1];

	if (a.len > SUGGEST_WORD_MAX || b.len > SUGGEST_WORD_MAX)
		return SUGGEST_WORD_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *now = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = up[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2]
			    && a.ptr[i - 2] == b.ptr[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a.len % 3][b.len];
}

const char *
yaml_suggest(struct span word, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t least = word.len / 3 + 2; /* fewer edits than this is "near" */

	for (size_t i = 0; i < n; i++) {
		size_t d = edit_distance(word, span_str(candidates[i]));

		if (d < least && d < strlen(candidates[i])) {
			least = d;
			best = candidates[i];
		}
	}
	return best;
}

/* --- scalars ------------------------------------------------------------- */

static bool
plain(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && !node->quoted && node->text.len > 0;
}

/* Digits with an optional sign and, up to `places` of them, decimals; '_' between digits. */
static bool
number_parse(struct span text, int places, int64_t *out)
{
	const int64_t limit = INT64_MAX / 10 - 1;
	int64_t v = 0;
	int after = -1, digits = 0;
	size_t i = 0;
	bool minus = false;

	if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		minus = text.ptr[i++] == '-';
	for (; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c >= '0' && c <= '9') {
			if (v > limit || (after >= 0 && ++after > places))
				return false;
			v = v * 10 + (c - '0');
			digits++;
		} else if (c == '.' && after < 0 && digits && places && i + 1 < text.len) {
			after = 0;
		} else if (!(c == '_' && digits && i + 1 < text.len && after < 0)) {
			return false;
		}
	}
	if (!digits)
		return false;
	for (after = after < 0 ? 0 : after; after < places; after++) {
		if (v > limit)
			return false;
		v *= 10;
	}
	*out = minus ? -v : v;
	return true;
}

bool
yaml_int(const struct yaml *node, int64_t *v)
{
	return plain(node) && number_parse(node->text, 0, v);
}

bool
yaml_decimal(const struct yaml *node, int64_t *v)
{
	return plain(node) && number_parse(node->text, 6, v);
}

bool
yaml_bool(const struct yaml *node, bool *v)
{
	if (!plain(node))
		return false;
	if (span_is(node->text, "yes") || span_is(node->text, "true")) {
		*v = true;
		return true;
	}
	if (span_is(node->text, "no") || span_is(node->text, "false")) {
		*v = false;
		return true;
	}
	return false;
}

bool
yaml_date(const struct yaml *node, date_t *v)
{
	return plain(node) && date_parse(node->text, v);
}

bool
yaml_name(const struct yaml *node)
{
	if (node->kind != YAML_SCALAR || node->text.len == 0)
		return false;
	for (size_t i = 0; i < node->text.len; i++) {
		uint8_t c = node->text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
			|| (c == '-' && i > 0 && i + 1 < node->text.len)))
			return false;
	}
	return true;
}

/* --- reading ------------------------------------------------------------- */

struct reading {
	struct yaml_report *report;
	struct arena *arena; /* of the document */
	const char *key;     /* being read, for mistakes */
};

static bool read_record(struct reading *r, const struct yaml *node, const struct yaml *key,
    const struct yaml_record *record, void *out);

static bool
unexpected(struct reading *r, const struct yaml *node, const char *expected)
{
	char found[YAML_QUOTE_MAX + 8];

	return yaml_mistake(r->report, node, "'%s': found %s, expected %s", r->key,
	    yaml_found(node, found), expected);
}

/* "a, b or c", bounded. */
static void
choices_text(const char *const *choices, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n && i < LIST_CHOICES_MAX; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", choices[i]);
	if (n > LIST_CHOICES_MAX)
		buf_str(out, " ...");
}

static size_t
choices_count(const char *const *choices)
{
	size_t n = 0;

	while (choices[n])
		n++;
	return n;
}

static bool
read_choice(struct reading *r, const struct yaml *node, const char *const *choices, int32_t *out)
{
	size_t n = choices_count(choices);
	struct buf expected = BUF_INIT;
	const char *near;

	for (size_t i = 0; node->kind == YAML_SCALAR && i < n; i++)
		if (span_is(node->text, choices[i])) {
			*out = (int32_t)i;
			return true;
		}
	choices_text(choices, n, &expected);
	near = node->kind == YAML_SCALAR ? yaml_suggest(node->text, choices, n) : NULL;
	if (near)
		buf_printf(&expected, " (did you mean '%s'?)", near);
	unexpected(r, node, buf_cstr(&expected));
	buf_release(&expected);
	return false;
}

static bool
read_int(struct reading *r, const struct yaml *node, const struct yaml_field *f, int32_t *out)
{
	int64_t min = f->min, max = f->max, v;
	char expected[96];

	if (min == 0 && max == 0) {
		min = INT32_MIN;
		max = INT32_MAX;
	}
	if (yaml_int(node, &v) && v >= min && v <= max) {
		*out = (int32_t)v;
		return true;
	}
	if (f->min == 0 && f->max == 0)
		snprintf(expected, sizeof(expected), "a whole number");
	else
		snprintf(expected, sizeof(expected), "a whole number from %lld to %lld%s%s",
		    (long long)min, (long long)max, f->unit ? " " : "", f->unit ? f->unit : "");
	if (node->quoted)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
		    " without quotes");
	return unexpected(r, node, expected);
}

static bool
read_decimal(struct reading *r, const struct yaml *node, const struct yaml_field *f, int64_t *out)
{
	char expected[96];
	int64_t v;
	bool any = f->min == 0 && f->max == 0;

	if (yaml_decimal(node, &v) && (any || (v >= f->min && v <= f->max))) {
		*out = v;
		return true;
	}
	if (any)
		snprintf(expected, sizeof(expected), "a number such as 1250.00%s",
		    node->quoted ? " without quotes" : "");
	else
		snprintf(expected, sizeof(expected), "a number from %lld to %lld%s",
		    (long long)(f->min / MILLION), (long long)(f->max / MILLION),
		    node->quoted ? " without quotes" : "");
	return unexpected(r, node, expected);
}

static bool
read_date(struct reading *r, const struct yaml *node, date_t *out)
{
	return yaml_date(node, out) ? true
				    : unexpected(r, node, "a date that exists, as 2026-03-31");
}

static bool
read_duration(struct reading *r, const struct yaml *node, struct duration *out)
{
	if (plain(node) && duration_parse(node->text, out))
		return true;
	return unexpected(r, node, "a duration such as 14 days, 13 weeks, 6 months or 1.5 months");
}

static bool
read_text(struct reading *r, const struct yaml *node, bool name, struct span *out)
{
	if (name && !yaml_name(node))
		return unexpected(r, node, "a name of lower-case letters, digits and dashes");
	if (node->kind != YAML_SCALAR || yaml_is_empty(node))
		return unexpected(r, node, "text");
	*out = node->text;
	return true;
}

/* A list's items, or the one scalar that stands for a list of one. */
static bool
items_of(struct reading *r, const struct yaml *node, const struct yaml **items, uint32_t *n)
{
	if (node->kind == YAML_MAPPING || yaml_is_empty(node))
		return unexpected(r, node, "a list such as [a, b]");
	*items = node->kind == YAML_SEQUENCE ? node->items : node;
	*n = node->kind == YAML_SEQUENCE ? node->n : 1;
	return true;
}

static bool
read_texts(struct reading *r, const struct yaml *node, bool names, struct yaml_texts *out)
{
	const struct yaml *items = NULL;
	uint32_t n = 0;
	bool ok = true;

	if (!items_of(r, node, &items, &n))
		return false;
	out->items = arena_zalloc(r->arena, n + 1, sizeof(*out->items));
	out->at = arena_zalloc(r->arena, n + 1, sizeof(*out->at));
	for (uint32_t i = 0; i < n; i++) {
		if (!read_text(r, &items[i], names, &out->items[out->n])) {
			ok = false;
			continue;
		}
		for (uint32_t j = 0; j < out->n; j++)
			if (span_eq(out->items[j], out->items[out->n]))
				ok = unexpected(r, &items[i], "each item once");
		out->at[out->n++] = &items[i];
	}
	return ok;
}

static bool
read_choices(struct reading *r, const struct yaml *node, const struct yaml_field *f,
    uint32_t *out)
{
	const struct yaml *items = NULL;
	uint32_t n = 0;
	int32_t one;
	bool ok = true;

	MUST(choices_count(f->choices) <= 32);
	if (!items_of(r, node, &items, &n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (read_choice(r, &items[i], f->choices, &one))
			*out |= (uint32_t)1 << one;
		else
			ok = false;
	}
	return ok;
}

static bool
read_list(struct reading *r, const struct yaml *node, const struct yaml_record *sub, bool table,
    struct yaml_list *out)
{
	const char *key = r->key;
	bool ok = true;

	if (node->kind != (table ? YAML_MAPPING : YAML_SEQUENCE))
		return unexpected(r, node,
		    table ? "a mapping of names to mappings" : "a list (lines that begin with '-')");
	out->items = arena_zalloc(r->arena, node->n + 1, sub->size);
	for (uint32_t i = 0; i < node->n; i++) {
		char *item = (char *)out->items + (size_t)i * sub->size;

		r->key = key;
		if (table && !yaml_name(&node->keys[i]))
			ok = unexpected(r, &node->keys[i],
			    "names of lower-case letters, digits and dashes");
		if (!read_record(r, &node->items[i], table ? &node->keys[i] : NULL, sub, item))
			ok = false;
	}
	out->n = node->n;
	return ok;
}

static bool
read_value(struct reading *r, const struct yaml *node, const struct yaml_field *f, void *out)
{
	switch (f->type) {
	case YF_TEXT:
	case YF_NAME:
		return read_text(r, node, f->type == YF_NAME, out);
	case YF_INT:
		return read_int(r, node, f, out);
	case YF_DECIMAL:
		return read_decimal(r, node, f, out);
	case YF_BOOL:
		return yaml_bool(node, out) ? true : unexpected(r, node, "yes or no");
	case YF_DATE:
		return read_date(r, node, out);
	case YF_DURATION:
		return read_duration(r, node, out);
	case YF_ENUM:
		return read_choice(r, node, f->choices, out);
	case YF_TEXTS:
	case YF_NAMES:
		return read_texts(r, node, f->type == YF_NAMES, out);
	case YF_ENUMS:
		return read_choices(r, node, f, out);
	case YF_RECORD:
		return read_record(r, node, NULL, f->sub, out);
	case YF_OPTION:
		*(void **)out = arena_zalloc(r->arena, 1, f->sub->size);
		return read_record(r, node, NULL, f->sub, *(void **)out);
	case YF_LIST:
	case YF_TABLE:
		return read_list(r, node, f->sub, f->type == YF_TABLE, out);
	case YF_NODE:
		*(const struct yaml **)out = node;
		return true;
	}
	NOT_REACHED("a field type that yaml_type does not list");
	return false;
}

/* What stands where nothing was written: the preset, or the type's own "absent". */
static void
read_absent(struct reading *r, const struct yaml *map, const struct yaml_field *f, void *out)
{
	struct yaml_report ours = YAML_REPORT_INIT;
	struct reading quiet = { &ours, r->arena, f->name };
	struct yaml *node;

	if (f->type == YF_DATE)
		*(date_t *)out = DATE_NONE;
	if (f->type != YF_RECORD && !f->preset)
		return;
	node = arena_zalloc(r->arena, 1, sizeof(*node));
	*node = (struct yaml){ .doc = map->doc, .line = map->line, .col = map->col,
		.kind = f->type == YF_RECORD ? YAML_MAPPING : YAML_SCALAR,
		.text = span_str(f->preset) };
	MUST(read_value(&quiet, node, f, out) || f->type == YF_RECORD);
	yaml_report_release(&ours);
}

static bool
unknown_key(struct reading *r, const struct yaml *key, const struct yaml_record *record)
{
	const char *names[64], *near;
	struct buf known = BUF_INIT;
	size_t n = 0;

	for (; n < record->n && n < 64; n++)
		names[n] = record->fields[n].name;
	choices_text(names, n, &known);
	near = yaml_suggest(key->text, names, n);
	yaml_mistake(r->report, key, "unknown key '%.*s' in %s, expected %s%s%s%s",
	    (int)(key->text.len < YAML_QUOTE_MAX ? key->text.len : YAML_QUOTE_MAX),
	    (const char *)key->text.ptr, record->name, buf_cstr(&known),
	    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	buf_release(&known);
	return false;
}

static const struct yaml_field *
field_of(const struct yaml_record *record, struct span key)
{
	for (size_t i = 0; i < record->n; i++)
		if (span_is(key, record->fields[i].name))
			return &record->fields[i];
	return NULL;
}

static bool
read_record(struct reading *r, const struct yaml *node, const struct yaml *key,
    const struct yaml_record *record, void *out)
{
	char expected[128];
	bool ok = true;

	MUST(record->size >= sizeof(struct yaml_at));
	memset(out, 0, record->size);
	*(struct yaml_at *)out = (struct yaml_at){ node, key };
	if (node->kind != YAML_MAPPING) {
		snprintf(expected, sizeof(expected), "%s (a mapping)", record->name);
		unexpected(r, node, expected);
		ok = false;
	}
	for (uint32_t i = 0; node->kind == YAML_MAPPING && i < node->n; i++)
		if (!field_of(record, node->keys[i].text))
			ok = unknown_key(r, &node->keys[i], record);
	for (size_t i = 0; i < record->n; i++) {
		const struct yaml_field *f = &record->fields[i];
		const struct yaml *value = yaml_get(node, f->name);
		void *at = (char *)out + f->offset;

		if (!value) {
			read_absent(r, node, f, at);
			if (f->required && node->kind == YAML_MAPPING)
				ok = yaml_mistake(r->report, key ? key : node,
				    "'%s' is missing in %s: %s", f->name, record->name,
				    f->doc ? f->doc : "it is required");
			continue;
		}
		r->key = f->name;
		if (f->type == YF_DATE)
			*(date_t *)at = DATE_NONE;
		if (!read_value(r, value, f, at))
			ok = false;
	}
	return ok;
}

bool
yaml_read(const struct yaml *node, const struct yaml_record *record, void *out,
    struct yaml_report *report)
{
	struct reading r = { report, &node->doc->arena, record->name };

	return read_record(&r, node, NULL, record, out);
}
