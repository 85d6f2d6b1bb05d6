/*
 * avro_schema - a schema as a graph of nodes; internal to common/avro_*.c
 * and to common/io/avro.c, which builds it from JSON.
 *
 *	av_schema ── mem: an arena that every node, name and default lives in
 *	     └─ root: record ─┬─ field ─ string
 *	                      ├─ field ─ union ─┬─ null
 *	                      │                 └─ record Address ◄─┐  a named type is one
 *	                      └─ field ─ array ─────────────────────┘  node, however often used
 *
 * Invariant: acyclic (a schema that contains itself nests without end, and
 * nesting is bounded by AV_DEPTH_MAX), every node closed by av_node_close().
 */
#ifndef OUTTURN_AVRO_SCHEMA_H
#define OUTTURN_AVRO_SCHEMA_H

#include "common/avro.h"

enum {
	AV_BRANCHES_MAX = 63,   /* of one union: an index is then one byte */
	AV_FIELDS_MAX = 1024,   /* of one record */
	AV_SYMBOLS_MAX = 4096,  /* of one enum */
	AV_FIXED_MAX = 65535,   /* bytes of one fixed */
	AV_NAME_MAX = 256,      /* bytes of a full name */
};

struct av_names {
	const char **at;
	size_t n;
};

struct av_node;

struct av_node_field {
	const char *name;
	struct av_names aliases;
	struct av_node *type;
	struct span def; /* default as Avro binary of `type`; SPAN_NONE: none */
};

struct av_node {
	enum av_type type;
	bool open;             /* still being read: a reference to it would be a cycle */
	int depth;             /* 0 for a primitive */
	uint32_t min_bytes;    /* least bytes of a value, saturated at AV_RECORD_MAX + 1 */
	const char *name;      /* full name of a record, enum or fixed */
	struct av_names aliases; /* full names */
	size_t n;              /* fields, symbols or branches */
	struct av_node_field *fields;
	const char **symbols;
	struct av_node **branches;
	struct av_node *items; /* of an array; values of a map */
	int32_t enum_default;  /* -1: none */
	uint32_t size;         /* of a fixed, bytes */
};

struct av_schema {
	struct arena mem;
	struct av_node *root;
	struct span canonical; /* parsing canonical form */
	uint64_t fingerprint;
};

struct av_schema *av_schema_new(void); /* owned, empty */
struct av_node *av_node_new(struct av_schema *schema, enum av_type type);

/* Children are set: computes depth and min_bytes.  false: nests too deep. */
bool av_node_close(struct av_node *node);

/* Root is set: computes canonical form and fingerprint. */
void av_schema_seal(struct av_schema *schema);

bool av_is_named(enum av_type type);
const char *av_type_name(enum av_type type);

/* May data of the named writer be read as the named reader: same last part of
 * the name, or the writer's full name is an alias of the reader. */
bool av_names_match(const struct av_node *writer, const struct av_node *reader);

/* Index of the null branch of a union of null and one other type; -1: is not one. */
int av_null_branch(const struct av_node *node);

#endif
