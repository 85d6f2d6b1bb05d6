#include "common/io/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libfyaml.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/text.h"

enum { DUPLICATES_BY_HASH = 16 }; /* keys of a mapping from which a hash table pays */

/* An open mapping or sequence: its children are pending[first..]. */
struct frame {
	struct yaml head;
	size_t first;
};

struct builder {
	struct yaml_doc *doc;
	struct yaml_report *report;
	struct frame frames[YAML_DEPTH_MAX + 1];
	uint32_t depth;
	struct yaml *pending; /* finished nodes whose parent is still open */
	size_t n_pending, cap_pending;
	uint32_t nodes, documents;
	bool give_up;         /* a limit is passed: nothing sensible follows */
	bool whole;           /* it was read to its end, and is a tree */
};

static bool
refuse(struct builder *b, uint32_t line, uint32_t col, const char *what)
{
	return yaml_mistake_at(b->report, b->doc->name, b->doc->source, line, col, "%s", what);
}

static bool
give_up(struct builder *b, uint32_t line, uint32_t col, const char *fmt, unsigned limit)
{
	b->give_up = true;
	return yaml_mistake_at(b->report, b->doc->name, b->doc->source, line, col,
	    "found more than %u %s", limit, fmt);
}

static struct yaml
node_at(struct builder *b, struct fy_token *token, enum yaml_kind kind)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

	return (struct yaml){ .doc = b->doc, .kind = kind,
		.line = mark ? (uint32_t)mark->line + 1 : 1,
		.col = mark ? (uint32_t)mark->column + 1 : 1 };
}

static void
push(struct builder *b, struct yaml node)
{
	if (++b->nodes > YAML_NODES_MAX) {
		give_up(b, node.line, node.col, "values in one file", YAML_NODES_MAX);
		return;
	}
	if (b->n_pending == b->cap_pending) {
		b->cap_pending = b->cap_pending ? b->cap_pending * 2 : 64;
		b->pending = mem_realloc(b->pending, b->cap_pending, sizeof(*b->pending));
	}
	b->pending[b->n_pending++] = node;
}

static void
open_frame(struct builder *b, struct yaml head)
{
	if (b->depth == YAML_DEPTH_MAX) {
		give_up(b, head.line, head.col, "levels of nesting", YAML_DEPTH_MAX);
		return;
	}
	b->frames[b->depth++] = (struct frame){ head, b->n_pending };
}

static void
duplicate(struct builder *b, const struct yaml *key, const struct yaml *before)
{
	yaml_mistake(b->report, key, "key '%.*s' is here twice, expected once (first in line %u)",
	    (int)(key->text.len < YAML_QUOTE_MAX ? key->text.len : YAML_QUOTE_MAX),
	    (const char *)key->text.ptr, before->line);
}

static void
check_duplicates(struct builder *b, const struct yaml *keys, uint32_t n)
{
	struct strmap seen;
	uint64_t *at;
	bool fresh;

	if (n < DUPLICATES_BY_HASH) {
		for (uint32_t i = 1; i < n; i++)
			for (uint32_t j = 0; j < i; j++)
				if (span_eq(keys[i].text, keys[j].text)) {
					duplicate(b, &keys[i], &keys[j]);
					break;
				}
		return;
	}
	strmap_init(&seen, (uint64_t)(uintptr_t)b);
	for (uint32_t i = 0; i < n; i++) {
		at = strmap_put(&seen, keys[i].text, &fresh);
		if (fresh)
			*at = i;
		else
			duplicate(b, &keys[i], &keys[*at]);
	}
	strmap_release(&seen);
}

/* pending[first..] becomes the children of the frame's head, which becomes pending itself. */
static void
close_frame(struct builder *b)
{
	struct frame *f = &b->frames[--b->depth];
	const struct yaml *from = b->pending + f->first;
	size_t n = b->n_pending - f->first;
	struct arena *arena = &b->doc->arena;

	if (f->head.kind == YAML_SEQUENCE) {
		struct yaml *items = arena_zalloc(arena, n + 1, sizeof(*items));

		if (n)
			memcpy(items, from, n * sizeof(*items));
		f->head.items = items;
		f->head.n = (uint32_t)n;
	} else {
		struct yaml *keys = arena_zalloc(arena, n / 2 + 1, sizeof(*keys));
		struct yaml *items = arena_zalloc(arena, n / 2 + 1, sizeof(*items));

		MUST(n % 2 == 0);
		for (size_t i = 0; i < n / 2; i++) {
			keys[i] = from[2 * i];
			items[i] = from[2 * i + 1];
			if (keys[i].kind != YAML_SCALAR || keys[i].text.len == 0)
				b->whole = refuse(b, keys[i].line, keys[i].col,
				    "found a key that is not a word, expected 'name: value'");
		}
		f->head.keys = keys;
		f->head.items = items;
		f->head.n = (uint32_t)(n / 2);
		check_duplicates(b, keys, f->head.n);
	}
	b->n_pending = f->first;
	push(b, f->head);
}

static void
on_scalar(struct builder *b, const struct fy_event *e)
{
	struct yaml node = node_at(b, e->scalar.value, YAML_SCALAR);
	enum fy_scalar_style style = fy_token_scalar_style(e->scalar.value);
	size_t len = 0;
	const char *text = fy_token_get_text(e->scalar.value, &len);

	if (e->scalar.anchor)
		refuse(b, node.line, node_at(b, e->scalar.anchor, YAML_SCALAR).col - 1,
		    "found an anchor ('&'), expected the value itself: write it out where it is used");
	if (e->scalar.tag)
		refuse(b, node.line, node.col, "found a tag ('!'), expected a value without one");
	node.quoted = style != FYSS_PLAIN && style != FYSS_ANY;
	/* The parser's mark is behind the opening quote. */
	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && node.col > 1)
		node.col--;
	node.text = arena_copy(&b->doc->arena, span_of(text ? text : "", len));
	push(b, node);
}

static void
on_container(struct builder *b, struct fy_token *start, struct fy_token *anchor,
    struct fy_token *tag, enum yaml_kind kind)
{
	struct yaml head = node_at(b, start, kind);

	if (anchor)
		refuse(b, head.line, head.col,
		    "found an anchor ('&'), expected the value itself: write it out where it is used");
	if (tag)
		refuse(b, head.line, head.col, "found a tag ('!'), expected a value without one");
	open_frame(b, head);
}

static void
on_alias(struct builder *b, const struct fy_event *e)
{
	struct yaml node = node_at(b, e->alias.anchor, YAML_SCALAR);

	node.text = SPAN_LIT("*");
	refuse(b, node.line, node.col,
	    "found an alias ('*'), expected the value itself: write it out here");
	push(b, node);
}

static void
on_event(struct builder *b, const struct fy_event *e)
{
	switch (e->type) {
	case FYET_SCALAR:
		on_scalar(b, e);
		break;
	case FYET_ALIAS:
		on_alias(b, e);
		break;
	case FYET_SEQUENCE_START:
		on_container(b, e->sequence_start.sequence_start, e->sequence_start.anchor,
		    e->sequence_start.tag, YAML_SEQUENCE);
		break;
	case FYET_MAPPING_START:
		on_container(b, e->mapping_start.mapping_start, e->mapping_start.anchor,
		    e->mapping_start.tag, YAML_MAPPING);
		break;
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		close_frame(b);
		break;
	case FYET_DOCUMENT_START:
		if (++b->documents == 2) {
			struct yaml at = node_at(b, e->document_start.document_start, YAML_SCALAR);

			b->give_up = true;
			refuse(b, at.line, at.col, "found a second document ('---'), expected one");
		}
		break;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
}

/* Tabs are the mistake people make most, and the parser's word for it helps nobody. */
static bool
refuse_tabs(struct builder *b)
{
	struct span s = b->doc->source;
	uint32_t line = 1, before = b->report->n;
	size_t i = 0;

	while (i < s.len) {
		size_t start = i;

		while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '\t'))
			i++;
		for (size_t j = start; j < i; j++)
			if (s.ptr[j] == '\t' && i < s.len && s.ptr[i] != '\n' && s.ptr[i] != '\r'
			    && s.ptr[i] != '#') {
				refuse(b, line, (uint32_t)(j - start) + 1,
				    "found a tab in the indentation, expected spaces");
				break;
			}
		while (i < s.len && s.ptr[i] != '\n')
			i++;
		i++;
		line++;
	}
	return b->report->n != before;
}

/* What the parser said, as one of our mistakes. */
static void
refuse_syntax(struct builder *b, struct fy_diag *diag)
{
	struct fy_diag_error *e;
	void *iter = NULL;
	uint32_t said = 0;

	if (refuse_tabs(b))
		return;
	while ((e = fy_diag_errors_iterate(diag, &iter))) {
		yaml_mistake_at(b->report, b->doc->name, b->doc->source,
		    e->line > 0 ? (uint32_t)e->line : 1, e->column > 0 ? (uint32_t)e->column : 1,
		    "this is not YAML: %s", e->msg);
		said++;
	}
	if (!said)
		refuse(b, 1, 1, "this is not YAML");
}

static void
parse_events(struct builder *b)
{
	struct fy_diag_cfg dc;
	struct fy_diag *diag;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG };
	struct fy_parser *parser;
	struct fy_event *e;
	bool ended = false;

	fy_diag_cfg_default(&dc);
	diag = fy_diag_create(&dc);
	MUST(diag != NULL);
	fy_diag_set_collect_errors(diag, true);
	cfg.diag = diag;
	parser = fy_parser_create(&cfg);
	MUST(parser != NULL);
	MUST(fy_parser_set_string(
		 parser, (const char *)b->doc->source.ptr, b->doc->source.len) == 0);
	b->whole = true;
	while (!b->give_up && (e = fy_parser_parse(parser))) {
		ended = e->type == FYET_STREAM_END;
		on_event(b, e);
		fy_parser_event_free(parser, e);
	}
	if (!ended && !b->give_up)
		refuse_syntax(b, diag);
	b->whole = b->whole && ended && !b->give_up;
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}

/* Refused before the parser sees them: what it would read differently from people. */
static bool
source_ok(struct builder *b)
{
	struct span s = b->doc->source;
	uint32_t line = 1;

	if (!text_is_utf8(s))
		return refuse(b, 0, 0, "the file is not UTF-8 text");
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\n')
			line++;
		else if (s.ptr[i] < 0x20 && s.ptr[i] != '\t' && s.ptr[i] != '\r')
			return refuse(b, line, 1, "found a control character, expected text");
	}
	return true;
}

/* told: a tree with mistakes is a tree, for who goes on to look for more of them. */
static struct yaml_doc *
parse(const char *name, struct span source, bool told, struct yaml_report *report)
{
	struct arena arena;
	struct builder b = { .report = report };
	struct yaml *root;
	uint32_t before = report->n;

	if (source.len > YAML_BYTES_MAX) {
		yaml_mistake_at(report, name, SPAN_NONE, 0, 0,
		    "the file has more than %d bytes", YAML_BYTES_MAX);
		return NULL;
	}
	arena_init(&arena, 0);
	b.doc = arena_zalloc(&arena, 1, sizeof(*b.doc));
	b.doc->name = arena_str(&arena, span_str(name));
	b.doc->source = arena_copy(&arena, span_of(source.ptr ? source.ptr : (const uint8_t *)"",
					       source.len));
	b.doc->arena = arena; /* from here on the document's own */
	if (source_ok(&b))
		parse_events(&b);
	if (report->n == before && b.n_pending == 0)
		refuse(&b, 1, 1, "found an empty file, expected 'name: value' lines");
	if (report->n != before && !(told && b.whole && b.n_pending == 1)) {
		mem_free(b.pending);
		yaml_doc_free(b.doc);
		return NULL;
	}
	MUST(b.n_pending == 1 && b.depth == 0);
	root = arena_zalloc(&b.doc->arena, 1, sizeof(*root));
	*root = b.pending[0];
	b.doc->root = root;
	mem_free(b.pending);
	return b.doc;
}

struct yaml_doc *
yaml_parse(const char *name, struct span source, struct yaml_report *report)
{
	return parse(name, source, false, report);
}

/* Reads at most one byte more than is allowed. */
static int
read_file(int fd, uint8_t *out, size_t cap, size_t *len)
{
	ssize_t got;

	for (*len = 0; *len < cap; *len += (size_t)got) {
		got = read(fd, out + *len, cap - *len);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return -1;
		else if (got == 0)
			break;
	}
	return 0;
}

static struct yaml_doc *
load(const char *path, bool told, struct yaml_report *report)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct yaml_doc *doc = NULL;
	struct stat st;
	uint8_t *bytes;
	size_t len, cap;

	if (fd < 0 || fstat(fd, &st) != 0) {
		yaml_mistake_at(report, path, SPAN_NONE, 0, 0, "cannot be opened: %s",
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	cap = (st.st_size > 0 && st.st_size < YAML_BYTES_MAX ? (size_t)st.st_size : YAML_BYTES_MAX)
	    + 1;
	bytes = mem_alloc(cap);
	if (read_file(fd, bytes, cap, &len) != 0)
		yaml_mistake_at(report, path, SPAN_NONE, 0, 0, "cannot be read: %s",
		    strerror(errno));
	else
		doc = parse(path, span_of(bytes, len), told, report);
	mem_free(bytes);
	close(fd);
	return doc;
}

struct yaml_doc *
yaml_load(const char *path, struct yaml_report *report)
{
	return load(path, false, report);
}

struct yaml_doc *
yaml_load_told(const char *path, struct yaml_report *report)
{
	return load(path, true, report);
}
