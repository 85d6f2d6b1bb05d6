/*
 * avro - Avro binary in and out, by a plan compiled once for each schema.
 *
 * A writer's schema, our reader's schema and a binding (where each field
 * lives in a C struct) compile into a flat plan; decoding runs the plan over
 * the bytes.  Every read is bounds-checked, every length is checked before
 * use, recursion and output are bounded: input is hostile.
 *
 *	writer .avsc ─┐
 *	reader .avsc ─┼─► av_plan ─► av_decode(bytes) ─► struct (spans borrow the bytes)
 *	binding      ─┘
 *
 * Resolution is the Avro specification's: fields by name or alias in any
 * order, defaults for fields the writer lacks, writer's extra fields skipped,
 * promotions int→long→float→double and string↔bytes, unions either side.
 *
 * Pure.  Schemas come from JSON through common/io/avro.h.
 */
#ifndef OUTTURN_AVRO_H
#define OUTTURN_AVRO_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/id.h"

enum av_type {
	AV_NULL, AV_BOOLEAN, AV_INT, AV_LONG, AV_FLOAT, AV_DOUBLE, AV_BYTES, AV_STRING,
	AV_FIXED, AV_ENUM, AV_ARRAY, AV_MAP, AV_UNION, AV_RECORD,
};

struct av_schema;                                    /* a parsed schema; immutable */
void av_schema_free(struct av_schema *schema);
uint64_t av_schema_fingerprint(const struct av_schema *schema); /* CRC-64-AVRO of the parsing
								    canonical form */

/* How a field lies in its struct. */
enum av_bind {
	AVB_BOOL,    /* bool */
	AVB_INT,     /* int32_t */
	AVB_LONG,    /* int64_t */
	AVB_NLONG,   /* struct av_nlong: nullable long */
	AVB_DATE,    /* date_t, DATE_NONE for null: nullable or plain int */
	AVB_SPAN,    /* struct span: string or bytes, ptr NULL for null */
	AVB_FIXED,   /* `size` bytes in place; the Avro type is fixed of that size */
	AVB_ENUM,    /* int32_t: index into the reader's symbols */
	AVB_VALUE,   /* struct av_value: union of null, boolean, long, double, string */
	AVB_RECORD,  /* `sub` in place */
	AVB_OPTION,  /* pointer to `sub` from the arena, NULL for null */
	AVB_ARRAY,   /* struct av_array of `sub`; or of `size`-byte fixed when sub is NULL */
};

struct av_nlong {
	int64_t v;
	bool has;
};

struct av_value {
	enum av_type type; /* AV_NULL, AV_BOOLEAN, AV_LONG, AV_DOUBLE, AV_STRING */
	int64_t i;         /* boolean 0/1, long */
	double d;
	struct span s;
};

struct av_array {
	void *items; /* from the arena, or the caller's when encoding */
	uint32_t n;
};

struct av_field {
	const char *name;  /* of the reader's field */
	enum av_bind bind;
	uint16_t offset;
	uint16_t size;     /* AVB_FIXED, AVB_ARRAY of fixed */
	const struct av_record *sub;
};

struct av_record {
	const char *name; /* full name of the Avro record */
	size_t size;      /* of the struct */
	const struct av_field *fields;
	size_t n;
};

enum {
	AV_DEPTH_MAX = 16,          /* nesting of records, arrays and unions in a schema */
	AV_ITEMS_MAX = 4096,        /* items of one array or map in one record */
	AV_RECORD_MAX = 256 * 1024, /* bytes of one encoded record */
};

/*
 * Compiles a plan.  writer == reader is allowed.  Every bound field must be a
 * field of the reader's schema with a fitting type: ERR_FATAL says which is
 * not.  ERR_RECORD: the writer's schema does not resolve to the reader's.
 * Borrows both schemas and the binding for the plan's life.
 */
struct av_plan;
struct av_plan *av_plan_new(const struct av_schema *writer, const struct av_schema *reader,
    const struct av_record *binding, struct err *err); /* owned, or NULL */
void av_plan_free(struct av_plan *plan);

/*
 * Decodes one record; all of `in` must be used.  Spans borrow from `in`,
 * arrays and options come from `arena`.  ERR_RECORD with code "avro-..." and
 * the field; never reads outside `in`.  Work is bounded by in.len plus
 * AV_ITEMS_MAX for each array of the schema.
 */
int av_decode(const struct av_plan *plan, struct span in, void *out, struct arena *arena,
    struct err *err);

/* Appends the encoding in the order of the plan's *writer* schema; the plan
 * must be of writer == reader.  Spans that are absent where the schema has no
 * null are MUST failures: ours, not input's. */
void av_encode(const struct av_plan *plan, const void *in, struct buf *out);

/* Single-object encoding: 0xC3 0x01, fingerprint little-endian. */
enum { AV_SINGLE_HEAD = 10, AV_CONFLUENT_HEAD = 5 };
void av_single_head(uint64_t fingerprint, struct buf *out);
bool av_single_parse(struct span in, uint64_t *fingerprint, struct span *body);
/* Confluent framing: 0x00, schema id big-endian. */
void av_confluent_head(uint32_t schema_id, struct buf *out);
bool av_confluent_parse(struct span in, uint32_t *schema_id, struct span *body);

#endif
