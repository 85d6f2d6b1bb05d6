/*
 * avro_plan - what a plan is made of; internal to common/avro_*.c.
 *
 * Decoding: one flat array of ops, run from the first to OP_END.  Records in
 * place are flattened into it; only arrays and options (which live elsewhere)
 * push a frame with their own base address.
 *
 *	ops   [ string 0 ][ maybe → 4 ][ option 16 ][ ... ][ leave ][ array 24 → 9 ][ ... ][ next ]
 *	base   ▲ struct                  ▲ pushes the struct          ▲ pushes the item
 *	                                   from the arena
 *
 * `init` is the struct as it is before the first byte is read: nulls, and the
 * defaults of the fields that the writer lacks.  A null branch therefore
 * stores nothing.
 *
 * Encoding: `eops`, a tree laid flat (avro_encode.c); only where writer == reader.
 */
#ifndef OUTTURN_AVRO_PLAN_H
#define OUTTURN_AVRO_PLAN_H

#include "common/avro_schema.h"

enum {
	AV_OPS_MAX = 16384, /* of one plan: a small schema can unfold into a vast one */
};

enum av_opcode {
	OP_END,
	OP_BOOL, OP_INT, OP_DATE, OP_LONG, OP_INT_LONG, OP_NLONG, OP_INT_NLONG,
	OP_STRING, OP_BYTES,
	OP_FIXED,       /* a: bytes */
	OP_ENUM,        /* a: pool, b: symbols; writer's index → reader's, -1: none */
	OP_VAL_BOOL, OP_VAL_INT, OP_VAL_LONG, OP_VAL_INT_DOUBLE, OP_VAL_LONG_DOUBLE,
	OP_VAL_FLOAT, OP_VAL_DOUBLE, OP_VAL_STRING,
	OP_MAYBE,       /* byte is `some`: go on; is `none`: to op a */
	OP_MAYBE_STRING, OP_MAYBE_DATE,
	OP_UNION,       /* a: pool, b: branches; index → op, -1: does not resolve */
	OP_JUMP,        /* to op a */
	OP_FILL,        /* a: fills; a default inside a union's branch */
	OP_OPTION,      /* b: items; pushes */
	OP_LEAVE,       /* pops */
	OP_ARRAY,       /* a: op after the loop, b: items; pushes */
	OP_NEXT,        /* a: op of the loop's body, b: items; pops at the end */
	OP_SKIP_BYTES,  /* a: bytes */
	OP_SKIP_VARINT,
	OP_SKIP_STRING, /* and bytes */
	OP_SKIP_LOOP,   /* of array or map; a: op after the loop, b: items; pushes */
	OP_SKIP_NEXT,   /* a: op of the loop's body, b: items; pops at the end */
};

struct av_op {
	uint8_t code;
	uint8_t some, none; /* first bytes of the two branches of a nullable union */
	uint32_t off;       /* from base, bytes */
	uint32_t a, b;
};

struct av_items {         /* what an array or option is made of */
	const uint8_t *init;  /* NULL: nothing to initialise */
	uint32_t stride;      /* bytes in memory */
	uint32_t min_bytes;   /* least bytes of one item's encoding */
};

struct av_fill {
	const uint8_t *from;
	uint32_t bytes;
};

struct av_eop;

struct av_plan {
	const struct av_schema *writer, *reader;
	const struct av_record *binding;
	struct av_op *ops;
	const char **fields;  /* of each op: "person.addresses.postcode" */
	size_t n_ops, cap_ops;
	int32_t *pool;
	size_t n_pool, cap_pool;
	struct av_items *items;
	size_t n_items, cap_items;
	struct av_fill *fills;
	size_t n_fills, cap_fills;
	struct av_eop *eops;  /* NULL: writer != reader */
	size_t n_eops, cap_eops;
	const uint8_t *init;  /* binding->size bytes */
	struct arena mem;     /* templates, names, values of defaults */
};

/* Room for one more element in a growing array. */
void *av_room(void *at, size_t n, size_t *cap, size_t bytes);

/* A struct of nulls, zero where it is not bound. */
void av_init_nulls(const struct av_record *rec, uint8_t *base);
size_t av_bind_size(const struct av_field *field);

/* Runs the ops over all of `in` into `base`, which is initialised. */
int av_run(const struct av_plan *plan, struct span in, uint8_t *base, struct arena *arena,
    struct err *err);

void av_encoder_compile(struct av_plan *plan);

#endif
