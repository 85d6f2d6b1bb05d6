/*
 * avro_schema - what follows from a schema alone: its depth, the least size
 * of its values, its parsing canonical form and fingerprint.
 *
 * Avro 1.11 specification, "Parsing Canonical Form for Schemas" and "Schema
 * Fingerprints".  Names and symbols are ASCII by the grammar of names, so the
 * canonical form needs no escapes.
 */
#include "common/avro_schema.h"

#include "common/mem.h"
#include "common/must.h"

static const char *const type_names[] = {
	[AV_NULL] = "null", [AV_BOOLEAN] = "boolean", [AV_INT] = "int", [AV_LONG] = "long",
	[AV_FLOAT] = "float", [AV_DOUBLE] = "double", [AV_BYTES] = "bytes",
	[AV_STRING] = "string", [AV_FIXED] = "fixed", [AV_ENUM] = "enum", [AV_ARRAY] = "array",
	[AV_MAP] = "map", [AV_UNION] = "union", [AV_RECORD] = "record",
};

const char *
av_type_name(enum av_type type)
{
	return type_names[type];
}

bool
av_is_named(enum av_type type)
{
	return type == AV_RECORD || type == AV_ENUM || type == AV_FIXED;
}

struct av_schema *
av_schema_new(void)
{
	struct av_schema *s = mem_zalloc(1, sizeof(*s));

	arena_init(&s->mem, 0);
	return s;
}

void
av_schema_free(struct av_schema *s)
{
	if (!s)
		return;
	arena_release(&s->mem);
	mem_free(s);
}

uint64_t
av_schema_fingerprint(const struct av_schema *s)
{
	return s->fingerprint;
}

struct av_node *
av_node_new(struct av_schema *s, enum av_type type)
{
	struct av_node *node = arena_zalloc(&s->mem, 1, sizeof(*node));

	node->type = type;
	node->enum_default = -1;
	return node;
}

static uint32_t
bytes_add(uint32_t a, uint32_t b)
{
	return a + b > AV_RECORD_MAX ? AV_RECORD_MAX + 1 : a + b;
}

static void
deepen(struct av_node *node, const struct av_node *child)
{
	MUST(!child->open);
	if (node->depth < child->depth + 1)
		node->depth = child->depth + 1;
}

static void
close_record(struct av_node *node)
{
	node->depth = 1;
	for (size_t i = 0; i < node->n; i++) {
		deepen(node, node->fields[i].type);
		node->min_bytes = bytes_add(node->min_bytes, node->fields[i].type->min_bytes);
	}
}

static void
close_union(struct av_node *node)
{
	uint32_t least = AV_RECORD_MAX;

	node->depth = 1;
	for (size_t i = 0; i < node->n; i++) {
		deepen(node, node->branches[i]);
		if (node->branches[i]->min_bytes < least)
			least = node->branches[i]->min_bytes;
	}
	node->min_bytes = bytes_add(1, least);
}

bool
av_node_close(struct av_node *node)
{
	node->min_bytes = 0;
	switch (node->type) {
	case AV_NULL:
		break;
	case AV_BOOLEAN:
	case AV_INT:
	case AV_LONG:
	case AV_BYTES:
	case AV_STRING:
	case AV_ENUM:
		node->min_bytes = 1;
		break;
	case AV_FLOAT:
		node->min_bytes = 4;
		break;
	case AV_DOUBLE:
		node->min_bytes = 8;
		break;
	case AV_FIXED:
		node->min_bytes = node->size;
		break;
	case AV_ARRAY:
	case AV_MAP:
		node->min_bytes = 1;
		deepen(node, node->items);
		break;
	case AV_UNION:
		close_union(node);
		break;
	case AV_RECORD:
		close_record(node);
		break;
	}
	node->open = false;
	return node->depth <= AV_DEPTH_MAX;
}

static const char *
last_part(const char *full)
{
	const char *dot = strrchr(full, '.');

	return dot ? dot + 1 : full;
}

bool
av_names_match(const struct av_node *writer, const struct av_node *reader)
{
	if (strcmp(last_part(writer->name), last_part(reader->name)) == 0)
		return true;
	for (size_t i = 0; i < reader->aliases.n; i++)
		if (strcmp(writer->name, reader->aliases.at[i]) == 0)
			return true;
	return false;
}

int
av_null_branch(const struct av_node *node)
{
	if (node->type != AV_UNION || node->n != 2)
		return -1;
	if (node->branches[0]->type == AV_NULL)
		return 0;
	return node->branches[1]->type == AV_NULL ? 1 : -1;
}

/* --- parsing canonical form ------------------------------------------------ */

struct canon {
	struct buf out;
	const struct av_node **seen; /* named types already written out */
	size_t n, cap;
};

static bool
canon_seen(struct canon *c, const struct av_node *node)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->seen[i] == node)
			return true;
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->seen = mem_realloc(c->seen, c->cap, sizeof(struct av_node *));
	}
	c->seen[c->n++] = node;
	return false;
}

static void
canon_node(struct canon *c, const struct av_node *node)
{
	if (av_is_named(node->type) && canon_seen(c, node)) {
		buf_printf(&c->out, "\"%s\"", node->name);
		return;
	}
	switch (node->type) {
	case AV_RECORD:
		buf_printf(&c->out, "{\"name\":\"%s\",\"type\":\"record\",\"fields\":[",
		    node->name);
		for (size_t i = 0; i < node->n; i++) {
			buf_printf(&c->out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "",
			    node->fields[i].name);
			canon_node(c, node->fields[i].type);
			buf_str(&c->out, "}");
		}
		buf_str(&c->out, "]}");
		return;
	case AV_ENUM:
		buf_printf(&c->out, "{\"name\":\"%s\",\"type\":\"enum\",\"symbols\":[", node->name);
		for (size_t i = 0; i < node->n; i++)
			buf_printf(&c->out, "%s\"%s\"", i ? "," : "", node->symbols[i]);
		buf_str(&c->out, "]}");
		return;
	case AV_FIXED:
		buf_printf(&c->out, "{\"name\":\"%s\",\"type\":\"fixed\",\"size\":%u}", node->name,
		    node->size);
		return;
	case AV_ARRAY:
	case AV_MAP:
		buf_printf(&c->out, "{\"type\":\"%s\",\"%s\":", av_type_name(node->type),
		    node->type == AV_ARRAY ? "items" : "values");
		canon_node(c, node->items);
		buf_str(&c->out, "}");
		return;
	case AV_UNION:
		buf_str(&c->out, "[");
		for (size_t i = 0; i < node->n; i++) {
			buf_str(&c->out, i ? "," : "");
			canon_node(c, node->branches[i]);
		}
		buf_str(&c->out, "]");
		return;
	case AV_NULL:
	case AV_BOOLEAN:
	case AV_INT:
	case AV_LONG:
	case AV_FLOAT:
	case AV_DOUBLE:
	case AV_BYTES:
	case AV_STRING:
		buf_printf(&c->out, "\"%s\"", av_type_name(node->type));
		return;
	}
}

/* CRC-64-AVRO, a bit at a time: a schema is fingerprinted once in a process. */
static uint64_t
crc64_avro(struct span in)
{
	const uint64_t empty = 0xc15d213aa4d7a795ULL;
	uint64_t crc = empty;

	for (size_t i = 0; i < in.len; i++) {
		uint64_t row = (crc ^ in.ptr[i]) & 0xff;

		for (int bit = 0; bit < 8; bit++)
			row = (row >> 1) ^ (empty & (0 - (row & 1)));
		crc = (crc >> 8) ^ row;
	}
	return crc;
}

void
av_schema_seal(struct av_schema *s)
{
	struct canon c = { .out = BUF_INIT };

	canon_node(&c, s->root);
	s->canonical = arena_copy(&s->mem, buf_view(&c.out));
	s->fingerprint = crc64_avro(s->canonical);
	mem_free(c.seen);
	buf_release(&c.out);
}
