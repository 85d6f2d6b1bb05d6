/*
 * io/avro - schemas from JSON by jansson, and the catalogue.
 *
 * Avro 1.11 specification, "Schema Declaration", "Names" and "Aliases".
 * Stricter than some implementations: a schema that contains itself, nests
 * deeper than AV_DEPTH_MAX, names a field twice, or has a default that is not
 * of its type is refused here, where a person sees it.
 */
#include "common/io/avro.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "common/avro_plan.h"
#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

enum { PARSE_DEPTH_MAX = 64 }; /* of JSON; AV_DEPTH_MAX counts only what nests in data */

struct parse {
	struct av_schema *schema;
	struct av_node **named;
	size_t n, cap;
	int depth;
	struct err *err;
};

static struct av_node *parse_node(struct parse *p, const json_t *json, const char *space);
static int default_bytes(struct parse *p, const struct av_node *node, const json_t *json,
    struct buf *out);

/* --- names ----------------------------------------------------------------------- */

static bool
is_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z')
		    || s[i] == '_';

		if (!letter && !(i > 0 && s[i] >= '0' && s[i] <= '9'))
			return false;
	}
	return n > 0;
}

/* Words joined by dots, no longer than AV_NAME_MAX. */
static bool
is_name(const char *s)
{
	if (strlen(s) > AV_NAME_MAX)
		return false;
	for (const char *dot; (dot = strchr(s, '.')); s = dot + 1)
		if (!is_word(s, (size_t)(dot - s)))
			return false;
	return is_word(s, strlen(s));
}

static const char *
member(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value)
	    ? json_string_value(value)
	    : NULL;
}

/* Full name of `name` in namespace `space`; NULL: not a name. */
static const char *
full_name(struct parse *p, const char *name, const char *space)
{
	const char *full = name;

	if (!strchr(name, '.') && *space)
		full = arena_printf(&p->schema->mem, "%s.%s", space, name);
	else
		full = arena_str(&p->schema->mem, span_str(name));
	return is_name(full) ? full : NULL;
}

static const char *
space_of(struct parse *p, const char *full)
{
	const char *dot = strrchr(full, '.');

	return dot ? arena_str(&p->schema->mem, span_of(full, (size_t)(dot - full))) : "";
}

static struct av_node *
named_find(const struct parse *p, const char *full)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->named[i]->name, full) == 0)
			return p->named[i];
	return NULL;
}

static void
named_add(struct parse *p, struct av_node *node)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->named = mem_realloc(p->named, p->cap, sizeof(struct av_node *));
	}
	p->named[p->n++] = node;
}

static void *
refuse(struct parse *p, const char *what, const char *name)
{
	err_code(p->err, ERR_FATAL, "avro-schema", NULL, "schema: %s%s%s%s", what,
	    name ? " '" : "", name ? name : "", name ? "'" : "");
	return NULL;
}

/* "aliases" of a type (in its namespace) or of a field (space NULL). */
static int
parse_aliases(struct parse *p, const json_t *json, const char *space, struct av_names *out)
{
	const json_t *list = json_object_get(json, "aliases");
	size_t n = json_array_size(list);

	if (!list)
		return 0;
	if (!json_is_array(list) || n > AV_FIELDS_MAX)
		return refuse(p, "aliases are not a list of names", NULL), -1;
	out->at = arena_zalloc(&p->schema->mem, n, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		const char *alias = json_string_value(json_array_get(list, i));
		const char *full = alias ? full_name(p, alias, space ? space : "") : NULL;

		if (!full || (!space && strchr(full, '.')))
			return refuse(p, "aliases are not a list of names", NULL), -1;
		out->at[out->n++] = full;
	}
	return 0;
}

/* --- types ------------------------------------------------------------------------- */

static bool
primitive(const char *name, enum av_type *type)
{
	static const enum av_type all[] = { AV_NULL, AV_BOOLEAN, AV_INT, AV_LONG, AV_FLOAT,
		AV_DOUBLE, AV_BYTES, AV_STRING };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(name, av_type_name(all[i])) == 0) {
			*type = all[i];
			return true;
		}
	return false;
}

static struct av_node *
closed(struct parse *p, struct av_node *node)
{
	return av_node_close(node) ? node : refuse(p, "nests too deep", NULL);
}

/* A primitive, or a named type that was declared before. */
static struct av_node *
parse_reference(struct parse *p, const char *name, const char *space)
{
	enum av_type type;
	const char *full;
	struct av_node *node;

	if (primitive(name, &type))
		return closed(p, av_node_new(p->schema, type));
	full = full_name(p, name, space);
	node = full ? named_find(p, full) : NULL;
	if (!node)
		return refuse(p, "no such type", name);
	if (node->open)
		return refuse(p, "a type may not contain itself", node->name);
	return node;
}

static bool
same_branch(const struct av_node *a, const struct av_node *b)
{
	return a->type == b->type && (!av_is_named(a->type) || strcmp(a->name, b->name) == 0);
}

static struct av_node *
parse_union(struct parse *p, const json_t *json, const char *space)
{
	struct av_node *node = av_node_new(p->schema, AV_UNION);

	node->n = json_array_size(json);
	if (node->n == 0 || node->n > AV_BRANCHES_MAX)
		return refuse(p, "a union has no branch, or too many", NULL);
	node->branches = arena_zalloc(&p->schema->mem, node->n, sizeof(struct av_node *));
	for (size_t i = 0; i < node->n; i++) {
		struct av_node *branch = parse_node(p, json_array_get(json, i), space);

		if (!branch)
			return NULL;
		if (branch->type == AV_UNION)
			return refuse(p, "a union stands directly in a union", NULL);
		for (size_t k = 0; k < i; k++)
			if (same_branch(node->branches[k], branch))
				return refuse(p, "a union has a branch twice:",
				    av_is_named(branch->type) ? branch->name
							      : av_type_name(branch->type));
		node->branches[i] = branch;
	}
	return closed(p, node);
}

/* Name, namespace and aliases; enters the name.  Its namespace, or NULL. */
static const char *
parse_named(struct parse *p, const json_t *json, const char *space, struct av_node *node)
{
	const char *name = member(json, "name"), *own = member(json, "namespace");
	enum av_type type;

	if (!name || primitive(name, &type))
		return refuse(p, "a type has no name, or that of a primitive", name);
	if (own && *own && !is_name(own))
		return refuse(p, "a namespace is not a name", NULL);
	node->name = full_name(p, name, own ? own : space);
	if (!node->name)
		return refuse(p, "not a name:", name);
	if (named_find(p, node->name))
		return refuse(p, "declared twice:", node->name);
	space = space_of(p, node->name);
	if (parse_aliases(p, json, space, &node->aliases))
		return NULL;
	named_add(p, node);
	return space;
}

static struct av_node *
parse_fixed(struct parse *p, const json_t *json, const char *space)
{
	struct av_node *node = av_node_new(p->schema, AV_FIXED);
	const json_t *size = json_object_get(json, "size");

	if (!parse_named(p, json, space, node))
		return NULL;
	if (!json_is_integer(size) || json_integer_value(size) < 0
	    || json_integer_value(size) > AV_FIXED_MAX)
		return refuse(p, "size is missing or out of range:", node->name);
	node->size = (uint32_t)json_integer_value(size);
	return closed(p, node);
}

static int32_t
symbol_index(const struct av_node *node, const char *symbol)
{
	for (size_t i = 0; symbol && i < node->n; i++)
		if (strcmp(node->symbols[i], symbol) == 0)
			return (int32_t)i;
	return -1;
}

static struct av_node *
parse_enum(struct parse *p, const json_t *json, const char *space)
{
	struct av_node *node = av_node_new(p->schema, AV_ENUM);
	const json_t *list = json_object_get(json, "symbols");
	size_t n = json_array_size(list);

	if (!parse_named(p, json, space, node))
		return NULL;
	if (n == 0 || n > AV_SYMBOLS_MAX)
		return refuse(p, "an enum has no symbol, or too many:", node->name);
	node->symbols = arena_zalloc(&p->schema->mem, n, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		const char *symbol = json_string_value(json_array_get(list, i));

		if (!symbol || !is_word(symbol, strlen(symbol)) || strlen(symbol) > AV_NAME_MAX
		    || symbol_index(node, symbol) >= 0)
			return refuse(p, "a symbol is not a name or is there twice:", node->name);
		node->symbols[node->n++] = arena_str(&p->schema->mem, span_str(symbol));
	}
	if (json_object_get(json, "default")) {
		node->enum_default = symbol_index(node, member(json, "default"));
		if (node->enum_default < 0)
			return refuse(p, "default is not a symbol:", node->name);
	}
	return closed(p, node);
}

static struct av_node *
parse_items(struct parse *p, const json_t *json, const char *space, enum av_type type,
    const char *key)
{
	struct av_node *node = av_node_new(p->schema, type);
	const json_t *items = json_object_get(json, key);

	if (!items)
		return refuse(p, "an array or map does not say of what", NULL);
	node->items = parse_node(p, items, space);
	return node->items ? closed(p, node) : NULL;
}

static int
parse_field(struct parse *p, const json_t *json, const char *space, struct av_node *node)
{
	struct av_node_field *f = &node->fields[node->n];
	const char *name = member(json, "name");
	const json_t *type = json_object_get(json, "type"), *def = json_object_get(json, "default");
	struct buf bytes = BUF_INIT;
	int rc = 0;

	if (!name || !is_word(name, strlen(name)) || strlen(name) > AV_NAME_MAX || !type)
		return refuse(p, "a field has no name or no type in", node->name), -1;
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->fields[i].name, name) == 0)
			return refuse(p, "field is there twice:", name), -1;
	f->name = arena_str(&p->schema->mem, span_str(name));
	f->type = parse_node(p, type, space);
	if (!f->type || parse_aliases(p, json, NULL, &f->aliases))
		return -1;
	node->n++;
	if (!def)
		return 0;
	rc = default_bytes(p, f->type, def, &bytes);
	if (bytes.len > AV_RECORD_MAX)
		rc = -1;
	if (rc)
		refuse(p, "default is not of its type:", f->name);
	else
		f->def = arena_copy(&p->schema->mem, span_of(bytes.ptr ? bytes.ptr
			: (const uint8_t *)"", bytes.len));
	buf_release(&bytes);
	return rc;
}

static struct av_node *
parse_record(struct parse *p, const json_t *json, const char *space)
{
	struct av_node *node = av_node_new(p->schema, AV_RECORD);
	const json_t *list = json_object_get(json, "fields");
	size_t n = json_array_size(list);

	space = parse_named(p, json, space, node);
	if (!space)
		return NULL;
	if (!json_is_array(list) || n > AV_FIELDS_MAX)
		return refuse(p, "a record has no list of fields, or too many:", node->name);
	node->open = true;
	node->fields = arena_zalloc(&p->schema->mem, n, sizeof(*node->fields));
	for (size_t i = 0; i < n; i++)
		if (parse_field(p, json_array_get(list, i), space, node))
			return NULL;
	return closed(p, node);
}

static struct av_node *
parse_object(struct parse *p, const json_t *json, const char *space)
{
	const json_t *type = json_object_get(json, "type");
	const char *name = member(json, "type");

	if (!type)
		return refuse(p, "an object has no type", NULL);
	if (!name)
		return parse_node(p, type, space);
	if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
		return parse_record(p, json, space);
	if (strcmp(name, "enum") == 0)
		return parse_enum(p, json, space);
	if (strcmp(name, "fixed") == 0)
		return parse_fixed(p, json, space);
	if (strcmp(name, "array") == 0)
		return parse_items(p, json, space, AV_ARRAY, "items");
	if (strcmp(name, "map") == 0)
		return parse_items(p, json, space, AV_MAP, "values");
	return parse_reference(p, name, space);
}

static struct av_node *
parse_node(struct parse *p, const json_t *json, const char *space)
{
	struct av_node *node = NULL;

	if (p->depth == PARSE_DEPTH_MAX)
		return refuse(p, "nests too deep", NULL);
	p->depth++;
	if (json_is_string(json))
		node = parse_reference(p, json_string_value(json), space);
	else if (json_is_array(json))
		node = parse_union(p, json, space);
	else if (json_is_object(json))
		node = parse_object(p, json, space);
	else
		refuse(p, "a type is neither a name, a list nor an object", NULL);
	p->depth--;
	return node;
}

/* --- defaults: JSON to the Avro binary of their type ----------------------------------- */

static void
add_long(struct buf *out, int64_t v)
{
	uint64_t z = ((uint64_t)v << 1) ^ (0 - ((uint64_t)v >> 63));

	for (; z >= 0x80; z >>= 7)
		buf_byte(out, (uint8_t)(z | 0x80));
	buf_byte(out, (uint8_t)z);
}

static int
default_integer(const json_t *json, int64_t min, int64_t max, struct buf *out)
{
	if (!json_is_integer(json) || json_integer_value(json) < min
	    || json_integer_value(json) > max)
		return -1;
	add_long(out, json_integer_value(json));
	return 0;
}

static int
default_real(const json_t *json, enum av_type type, struct buf *out)
{
	double d = json_number_value(json);
	float f = (float)d;
	uint64_t bits = 0;
	uint32_t half;
	size_t n = type == AV_FLOAT ? 4 : 8;

	if (!json_is_number(json))
		return -1;
	memcpy(&bits, &d, sizeof(d));
	memcpy(&half, &f, sizeof(f));
	if (type == AV_FLOAT)
		bits = half;
	for (size_t i = 0; i < n; i++)
		buf_byte(out, (uint8_t)(bits >> (8 * i)));
	return 0;
}

/* Code points 0-255 of a JSON string are bytes 0-255. */
static int
default_octets(const json_t *json, struct buf *out)
{
	const uint8_t *s = (const uint8_t *)json_string_value(json);
	size_t n = json_string_length(json);

	if (!s)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x80) {
			buf_byte(out, s[i]);
		} else if (s[i] <= 0xc3) {
			buf_byte(out, (uint8_t)((s[i] & 0x03) << 6 | (s[i + 1] & 0x3f)));
			i++;
		} else {
			return -1;
		}
	}
	return 0;
}

static int
default_bytes_or_fixed(const struct av_node *node, const json_t *json, struct buf *out)
{
	struct buf octets = BUF_INIT;
	int rc = default_octets(json, &octets);

	if (rc == 0 && node->type == AV_FIXED && octets.len != node->size)
		rc = -1;
	if (rc == 0 && node->type == AV_BYTES)
		add_long(out, (int64_t)octets.len);
	if (rc == 0)
		buf_span(out, buf_view(&octets));
	buf_release(&octets);
	return rc;
}

static int
default_string(const json_t *json, struct buf *out)
{
	if (!json_is_string(json))
		return -1;
	add_long(out, (int64_t)json_string_length(json));
	buf_add(out, json_string_value(json), json_string_length(json));
	return 0;
}

static int
default_array(struct parse *p, const struct av_node *node, const json_t *json, struct buf *out)
{
	size_t n = json_array_size(json);

	if (!json_is_array(json) || n > AV_ITEMS_MAX)
		return -1;
	if (n)
		add_long(out, (int64_t)n);
	for (size_t i = 0; i < n; i++)
		if (default_bytes(p, node->items, json_array_get(json, i), out))
			return -1;
	buf_byte(out, 0);
	return 0;
}

static int
default_map(struct parse *p, const struct av_node *node, json_t *json, struct buf *out)
{
	size_t n = json_object_size(json);
	const char *key;
	json_t *value;

	if (!json_is_object(json) || n > AV_ITEMS_MAX)
		return -1;
	if (n)
		add_long(out, (int64_t)n);
	json_object_foreach(json, key, value) {
		add_long(out, (int64_t)strlen(key));
		buf_add(out, key, strlen(key));
		if (default_bytes(p, node->items, value, out))
			return -1;
	}
	buf_byte(out, 0);
	return 0;
}

static int
default_record(struct parse *p, const struct av_node *node, const json_t *json, struct buf *out)
{
	if (!json_is_object(json))
		return -1;
	for (size_t i = 0; i < node->n; i++) {
		const struct av_node_field *f = &node->fields[i];
		const json_t *value = json_object_get(json, f->name);

		if (!value && !f->def.ptr)
			return -1;
		if (!value)
			buf_span(out, f->def);
		else if (default_bytes(p, f->type, value, out))
			return -1;
	}
	return 0;
}

static int
default_bytes(struct parse *p, const struct av_node *node, const json_t *json, struct buf *out)
{
	if (out->len > AV_RECORD_MAX)
		return -1;
	switch (node->type) {
	case AV_NULL:
		return json_is_null(json) ? 0 : -1;
	case AV_BOOLEAN:
		buf_byte(out, json_is_true(json) ? 1 : 0);
		return json_is_boolean(json) ? 0 : -1;
	case AV_INT:
		return default_integer(json, INT32_MIN, INT32_MAX, out);
	case AV_LONG:
		return default_integer(json, INT64_MIN, INT64_MAX, out);
	case AV_FLOAT:
	case AV_DOUBLE:
		return default_real(json, node->type, out);
	case AV_BYTES:
	case AV_FIXED:
		return default_bytes_or_fixed(node, json, out);
	case AV_STRING:
		return default_string(json, out);
	case AV_ENUM:
		add_long(out, symbol_index(node, json_string_value(json)));
		return symbol_index(node, json_string_value(json)) >= 0 ? 0 : -1;
	case AV_ARRAY:
		return default_array(p, node, json, out);
	case AV_MAP:
		return default_map(p, node, (json_t *)(uintptr_t)json, out);
	case AV_UNION: /* a default is of the first branch */
		buf_byte(out, 0);
		return default_bytes(p, node->branches[0], json, out);
	case AV_RECORD:
		return default_record(p, node, json, out);
	}
	return -1;
}

/* --- schemas ------------------------------------------------------------------------- */

static int
parse_schema(struct av_schema *schema, struct span json, struct err *err)
{
	struct parse p = { .schema = schema, .err = err };
	json_error_t why;
	json_t *tree = json_loadb((const char *)json.ptr, json.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

	if (!tree)
		return err_code(err, ERR_FATAL, "avro-schema", NULL, "schema: line %d: %s", why.line,
		    why.text);
	schema->root = parse_node(&p, tree, "");
	json_decref(tree);
	mem_free(p.named);
	return schema->root ? 0 : -1;
}

struct av_schema *
av_schema_parse(struct span json, struct err *err)
{
	struct av_schema *schema = av_schema_new();

	if (parse_schema(schema, json, err)) {
		av_schema_free(schema);
		return NULL;
	}
	av_schema_seal(schema);
	return schema;
}

const char *
av_schema_name(const struct av_schema *schema)
{
	return schema->root->name ? schema->root->name : "";
}

struct span
av_schema_canonical(const struct av_schema *schema)
{
	return schema->canonical;
}

/* --- catalogue ------------------------------------------------------------------------- */

enum { SCHEMAS_MAX = 4096, IDS_MAX = 65536 };

struct own {                     /* what we write ourselves */
	const struct av_record *binding;
	struct av_plan *plan;
};

struct foreign {                 /* writer and binding */
	struct av_plan *plan;    /* NULL: does not resolve, and why */
	struct err why;
};

struct plan_key {
	uint64_t fingerprint;
	const struct av_record *binding;
};

struct schema_id {
	uint32_t id;
	uint64_t fingerprint;
};

struct av_catalogue {
	struct av_schema **schemas;
	size_t n, cap;
	struct own *own;
	size_t n_own;
	struct foreign **foreign;
	size_t n_foreign;
	struct strmap plans;     /* plan_key → index of foreign */
	struct schema_id *ids;   /* sorted by id */
	size_t n_ids;
};

struct av_catalogue *
av_catalogue_new(void)
{
	struct av_catalogue *cat = mem_zalloc(1, sizeof(*cat));
	struct err err = ERR_INIT;

	strmap_init(&cat->plans, 0);
	for (size_t i = 0; i < av_builtins_n; i++) {
		const struct av_builtin *b = &av_builtins[i];

		if (av_catalogue_add(cat, span_of(b->start, (size_t)(b->end - b->start)), &err))
			must_fail(b->file, 0, err.text);
	}
	return cat;
}

void
av_catalogue_free(struct av_catalogue *cat)
{
	if (!cat)
		return;
	for (size_t i = 0; i < cat->n_own; i++)
		av_plan_free(cat->own[i].plan);
	for (size_t i = 0; i < cat->n_foreign; i++) {
		av_plan_free(cat->foreign[i]->plan);
		mem_free(cat->foreign[i]);
	}
	for (size_t i = 0; i < cat->n; i++)
		av_schema_free(cat->schemas[i]);
	strmap_release(&cat->plans);
	mem_free(cat->own);
	mem_free(cat->foreign);
	mem_free(cat->schemas);
	mem_free(cat->ids);
	mem_free(cat);
}

const struct av_schema *
av_catalogue_find(const struct av_catalogue *cat, uint64_t fingerprint)
{
	for (size_t i = 0; i < cat->n; i++)
		if (cat->schemas[i]->fingerprint == fingerprint)
			return cat->schemas[i];
	return NULL;
}

const struct av_schema *
av_catalogue_named(const struct av_catalogue *cat, const char *name)
{
	for (size_t i = 0; i < cat->n; i++)
		if (strcmp(av_schema_name(cat->schemas[i]), name) == 0)
			return cat->schemas[i];
	return NULL;
}

int
av_catalogue_add(struct av_catalogue *cat, struct span json, struct err *err)
{
	struct av_schema *schema = av_schema_parse(json, err);

	if (!schema)
		return -1;
	if (av_catalogue_find(cat, schema->fingerprint)) {
		av_schema_free(schema);
		return 0;
	}
	if (cat->n == SCHEMAS_MAX) {
		av_schema_free(schema);
		return err_set(err, ERR_FATAL, "more than %d schemas", SCHEMAS_MAX);
	}
	if (cat->n == cat->cap) {
		cat->cap = cat->cap ? cat->cap * 2 : 32;
		cat->schemas = mem_realloc(cat->schemas, cat->cap, sizeof(struct av_schema *));
	}
	cat->schemas[cat->n++] = schema;
	return 0;
}

/* Where the id is, or belongs. */
static size_t
id_place(const struct av_catalogue *cat, uint32_t id)
{
	size_t low = 0, high = cat->n_ids;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cat->ids[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int
av_catalogue_set_id(struct av_catalogue *cat, uint32_t id, uint64_t fingerprint, struct err *err)
{
	size_t at = id_place(cat, id);

	if (!av_catalogue_find(cat, fingerprint))
		return err_set(err, ERR_FATAL, "schema id %" PRIu32 " is of a schema that is not known",
		    id);
	if (at < cat->n_ids && cat->ids[at].id == id) {
		if (cat->ids[at].fingerprint == fingerprint)
			return 0;
		return err_set(err, ERR_FATAL, "schema id %" PRIu32 " is of two schemas", id);
	}
	if (cat->n_ids == IDS_MAX)
		return err_set(err, ERR_FATAL, "more than %d schema ids", IDS_MAX);
	cat->ids = mem_realloc(cat->ids, cat->n_ids + 1, sizeof(*cat->ids));
	memmove(cat->ids + at + 1, cat->ids + at, (cat->n_ids - at) * sizeof(*cat->ids));
	cat->ids[at] = (struct schema_id){ id, fingerprint };
	cat->n_ids++;
	return 0;
}

const struct av_plan *
av_catalogue_plan(struct av_catalogue *cat, const struct av_record *binding)
{
	const struct av_schema *schema;
	struct err err = ERR_INIT;
	struct av_plan *plan;

	for (size_t i = 0; i < cat->n_own; i++)
		if (cat->own[i].binding == binding)
			return cat->own[i].plan;
	schema = av_catalogue_named(cat, binding->name);
	MUST(schema != NULL);
	plan = av_plan_new(schema, schema, binding, &err);
	if (!plan)
		must_fail(binding->name, 0, err.text);
	cat->own = mem_realloc(cat->own, cat->n_own + 1, sizeof(*cat->own));
	cat->own[cat->n_own++] = (struct own){ binding, plan };
	return plan;
}

void
av_write(struct av_catalogue *cat, const struct av_record *binding, const void *rec,
    struct buf *out)
{
	const struct av_plan *plan = av_catalogue_plan(cat, binding);

	av_single_head(plan->writer->fingerprint, out);
	av_encode(plan, rec, out);
}

static struct foreign *
foreign_new(struct av_catalogue *cat, const struct av_schema *writer,
    const struct av_record *binding)
{
	const struct av_schema *reader = av_catalogue_named(cat, binding->name);
	struct foreign *f = mem_zalloc(1, sizeof(*f));

	MUST(reader != NULL);
	f->plan = av_plan_new(writer, reader, binding, &f->why);
	cat->foreign = mem_realloc(cat->foreign, cat->n_foreign + 1, sizeof(struct foreign *));
	cat->foreign[cat->n_foreign++] = f;
	return f;
}

/* NULL: no such writer.  Only schemas that we know get a place: a sender of
 * fingerprints cannot make this grow. */
static const struct foreign *
foreign_of(struct av_catalogue *cat, uint64_t fingerprint, const struct av_record *binding)
{
	struct plan_key key = { fingerprint, binding };
	uint64_t *at = strmap_find(&cat->plans, span_of(&key, sizeof(key)));
	const struct av_schema *writer;

	if (at)
		return cat->foreign[*at];
	writer = av_catalogue_find(cat, fingerprint);
	if (!writer)
		return NULL;
	*strmap_put(&cat->plans, span_of(&key, sizeof(key)), NULL) = cat->n_foreign;
	return foreign_new(cat, writer, binding);
}

/* Takes the framing off. */
static int
unframe(const struct av_catalogue *cat, struct span in, uint64_t *fingerprint, struct span *body,
    struct err *err)
{
	uint32_t id;
	size_t at;

	if (av_single_parse(in, fingerprint, body))
		return 0;
	if (!av_confluent_parse(in, &id, body))
		return err_code(err, ERR_RECORD, "avro-framing", NULL,
		    "record is neither a single object nor in Confluent framing");
	at = id_place(cat, id);
	if (at == cat->n_ids || cat->ids[at].id != id)
		return err_code(err, ERR_RECORD, "avro-unknown-schema", NULL,
		    "schema id %" PRIu32 " is not known", id);
	*fingerprint = cat->ids[at].fingerprint;
	return 0;
}

int
av_read(struct av_catalogue *cat, const struct av_record *binding, struct span in, void *out,
    struct arena *arena, struct err *err)
{
	const struct foreign *f;
	uint64_t fingerprint = 0;
	struct span body;

	if (unframe(cat, in, &fingerprint, &body, err))
		return -1;
	f = foreign_of(cat, fingerprint, binding);
	if (!f)
		return err_code(err, ERR_RECORD, "avro-unknown-schema", NULL,
		    "schema with fingerprint %016" PRIx64 " is not known", fingerprint);
	if (!f->plan) {
		*err = f->why;
		return -1;
	}
	return av_decode(f->plan, body, out, arena, err);
}
