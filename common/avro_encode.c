/*
 * avro_encode - a struct as Avro binary, by a table compiled with the plan.
 *
 *	[ span name ][ option 16 → 7 ][ ... ][ end ][ array 24 → 11 ][ ... ][ end ][ end ]
 *	             └ body, run when there is one ┘ └ body, run for each item ┘
 *
 * What cannot be encoded (an absent string where the schema has no null) is
 * our own mistake and ends the process: a record that says something else
 * than was meant would not go away.
 */
#include "common/avro_plan.h"

#include "common/date.h"
#include "common/mem.h"
#include "common/must.h"

enum eop_code {
	E_END, E_NULL, E_BOOL, E_INT, E_LONG, E_NLONG, E_DATE, E_SPAN, E_FIXED, E_ENUM, E_VALUE,
	E_OPTION, E_ARRAY,
	E_RAW,   /* a field that is not bound: its default */
	E_NEVER, /* a field that is not bound and has no default */
};

enum { NOT_NULL = 0xff, VARINT_MAX = 10, NUMBER_BYTES = 16 };

struct av_eop {
	uint8_t code;
	uint8_t none, some;   /* bytes of the branches; NOT_NULL: no union */
	uint8_t branch[5];    /* E_VALUE: bytes of null, boolean, long, double, string */
	uint32_t off;
	uint32_t n;           /* E_FIXED: bytes; E_ENUM: symbols; E_ARRAY: stride */
	uint32_t after;       /* E_OPTION, E_ARRAY: eop after the body */
	struct span raw;      /* E_RAW */
};

/* --- compiling ------------------------------------------------------------------ */

static void compile_record(struct av_plan *p, const struct av_node *node,
    const struct av_record *rec, size_t off);

static struct av_eop *
eop_add(struct av_plan *p, enum eop_code code, size_t off)
{
	p->eops = av_room(p->eops, p->n_eops, &p->cap_eops, sizeof(*p->eops));
	p->eops[p->n_eops] = (struct av_eop){ .code = (uint8_t)code, .off = (uint32_t)off,
		.none = NOT_NULL, .some = NOT_NULL };
	return &p->eops[p->n_eops++];
}

static unsigned
value_slot(enum av_type type)
{
	switch (type) {
	case AV_NULL:
		return 0;
	case AV_BOOLEAN:
		return 1;
	case AV_LONG:
		return 2;
	case AV_DOUBLE:
		return 3;
	default:
		MUST(type == AV_STRING);
		return 4;
	}
}

/* Branch bytes are indexes zig-zag; a plain type has none to write. */
enum { NO_BRANCH = 0xfe };

static void
compile_value(struct av_eop *e, const struct av_node *node)
{
	memset(e->branch, NOT_NULL, sizeof(e->branch));
	if (node->type != AV_UNION) {
		e->branch[value_slot(node->type)] = NO_BRANCH;
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		e->branch[value_slot(node->branches[i]->type)] = (uint8_t)(i * 2);
}

static enum eop_code
code_of(enum av_bind bind)
{
	switch (bind) {
	case AVB_BOOL:
		return E_BOOL;
	case AVB_INT:
		return E_INT;
	case AVB_LONG:
		return E_LONG;
	case AVB_NLONG:
		return E_NLONG;
	case AVB_DATE:
		return E_DATE;
	case AVB_SPAN:
		return E_SPAN;
	case AVB_FIXED:
		return E_FIXED;
	case AVB_ENUM:
		return E_ENUM;
	case AVB_VALUE:
		return E_VALUE;
	case AVB_OPTION:
		return E_OPTION;
	case AVB_ARRAY:
		return E_ARRAY;
	case AVB_RECORD:
		break;
	}
	return E_NEVER;
}

/* The part of an array or option that is run for each item. */
static void
compile_body(struct av_plan *p, const struct av_node *node, const struct av_field *f)
{
	size_t at = p->n_eops - 1;

	if (f->sub)
		compile_record(p, node, f->sub, 0);
	else
		eop_add(p, E_FIXED, 0)->n = f->size;
	eop_add(p, E_END, 0);
	p->eops[at].after = (uint32_t)p->n_eops;
}

static void
compile_field(struct av_plan *p, const struct av_node *node, const struct av_field *f, size_t off)
{
	int null = av_null_branch(node);
	struct av_eop *e;

	if (f->bind == AVB_RECORD) {
		compile_record(p, node, f->sub, off);
		return;
	}
	e = eop_add(p, code_of(f->bind), off);
	if (f->bind == AVB_VALUE) {
		compile_value(e, node);
		return;
	}
	if (null >= 0) {
		e->none = (uint8_t)(null * 2);
		e->some = (uint8_t)((1 - null) * 2);
	}
	if (f->bind == AVB_FIXED)
		e->n = f->size;
	else if (f->bind == AVB_ENUM)
		e->n = (uint32_t)node->n;
	else if (f->bind == AVB_ARRAY)
		e->n = f->sub ? (uint32_t)f->sub->size : f->size;
	if (f->bind == AVB_ARRAY)
		compile_body(p, node->items, f);
	else if (f->bind == AVB_OPTION)
		compile_body(p, node->branches[1 - null], f);
}

static void
compile_record(struct av_plan *p, const struct av_node *node, const struct av_record *rec,
    size_t off)
{
	for (size_t i = 0; i < node->n; i++) {
		const struct av_node_field *nf = &node->fields[i];
		const struct av_field *f = NULL;

		for (size_t k = 0; k < rec->n && !f; k++)
			if (strcmp(rec->fields[k].name, nf->name) == 0)
				f = &rec->fields[k];
		if (f)
			compile_field(p, nf->type, f, off + f->offset);
		else
			eop_add(p, nf->def.ptr ? E_RAW : E_NEVER, 0)->raw = nf->def;
	}
}

void
av_encoder_compile(struct av_plan *p)
{
	compile_record(p, p->reader->root, p->binding, 0);
	eop_add(p, E_END, 0);
}

/* --- running --------------------------------------------------------------------- */

/* Appends at `p`; room for one number is always kept before the next op. */
struct sink {
	struct buf *out;
	uint8_t *p, *end;
};

static uint8_t *
sink_room(struct sink *s, size_t n)
{
	if ((size_t)(s->end - s->p) < n + NUMBER_BYTES) {
		s->out->len = (size_t)(s->p - s->out->ptr);
		buf_grow(s->out, n + NUMBER_BYTES);
		s->p = s->out->ptr + s->out->len;
		s->end = s->out->ptr + s->out->cap;
	}
	return s->p;
}

static inline uint8_t *
put_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

static inline uint8_t *
put_long(uint8_t *p, int64_t v)
{
	return put_varint(p, ((uint64_t)v << 1) ^ (0 - ((uint64_t)v >> 63)));
}

static inline void
put_bytes(struct sink *s, const void *from, size_t n)
{
	uint8_t *p = sink_room(s, n);

	if (n)
		memcpy(p, from, n);
	s->p = p + n;
}

static void
put_span(struct sink *s, struct span v)
{
	MUST(v.ptr != NULL);
	s->p = put_long(s->p, (int64_t)v.len);
	put_bytes(s, v.ptr, v.len);
}

static uint8_t *
put_double(uint8_t *p, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	for (int i = 0; i < 8; i++)
		*p++ = (uint8_t)(bits >> (8 * i));
	return p;
}

/* true: the branch of something, if there are branches, is written. */
static inline bool
put_branch(struct sink *s, const struct av_eop *e, bool some)
{
	if (e->some == NOT_NULL) {
		MUST(some);
		return true;
	}
	*s->p++ = some ? e->some : e->none;
	return some;
}

static void
put_value(struct sink *s, const struct av_eop *e, const struct av_value *v)
{
	unsigned slot = value_slot(v->type);

	MUST(e->branch[slot] != NOT_NULL);
	if (e->branch[slot] != NO_BRANCH)
		*s->p++ = e->branch[slot];
	switch (v->type) {
	case AV_BOOLEAN:
		*s->p++ = v->i != 0;
		break;
	case AV_LONG:
		s->p = put_long(s->p, v->i);
		break;
	case AV_DOUBLE:
		s->p = put_double(s->p, v->d);
		break;
	case AV_STRING:
		put_span(s, v->s);
		break;
	default:
		break;
	}
}

#define FIELD(type) ((const type *)(const void *)(base + e->off))

static void encode(const struct av_plan *p, const struct av_eop *e, const uint8_t *base,
    struct sink *s);

static void
put_array(const struct av_plan *p, const struct av_eop *e, const struct av_array *a,
    struct sink *s)
{
	MUST(a->n <= AV_ITEMS_MAX);
	if (a->n)
		s->p = put_long(s->p, a->n);
	for (uint32_t i = 0; i < a->n; i++)
		encode(p, e + 1, (const uint8_t *)a->items + (size_t)i * e->n, s);
	sink_room(s, 1);
	*s->p++ = 0;
}

static void
encode(const struct av_plan *p, const struct av_eop *e, const uint8_t *base, struct sink *s)
{
	for (;; e++) {
		sink_room(s, 0);
		switch ((enum eop_code)e->code) {
		case E_END:
			return;
		case E_NULL:
			break;
		case E_BOOL:
			*s->p++ = *FIELD(bool);
			break;
		case E_INT:
			s->p = put_long(s->p, *FIELD(int32_t));
			break;
		case E_LONG:
			s->p = put_long(s->p, *FIELD(int64_t));
			break;
		case E_NLONG:
			if (put_branch(s, e, FIELD(struct av_nlong)->has))
				s->p = put_long(s->p, FIELD(struct av_nlong)->v);
			break;
		case E_DATE:
			if (put_branch(s, e, *FIELD(date_t) != DATE_NONE))
				s->p = put_long(s->p, *FIELD(date_t));
			break;
		case E_SPAN:
			if (put_branch(s, e, FIELD(struct span)->ptr != NULL))
				put_span(s, *FIELD(struct span));
			break;
		case E_FIXED:
			put_bytes(s, base + e->off, e->n);
			break;
		case E_ENUM:
			MUST(*FIELD(int32_t) >= 0 && (uint32_t)*FIELD(int32_t) < e->n);
			s->p = put_long(s->p, *FIELD(int32_t));
			break;
		case E_VALUE:
			put_value(s, e, FIELD(struct av_value));
			break;
		case E_OPTION:
			if (put_branch(s, e, *FIELD(void *) != NULL))
				encode(p, e + 1, *FIELD(uint8_t *), s);
			e = p->eops + e->after - 1;
			break;
		case E_ARRAY:
			put_array(p, e, FIELD(struct av_array), s);
			e = p->eops + e->after - 1;
			break;
		case E_RAW:
			put_bytes(s, e->raw.ptr, e->raw.len);
			break;
		case E_NEVER:
			must_fail(__FILE__, __LINE__, "a field without a default is bound where we encode");
		}
	}
}

void
av_encode(const struct av_plan *plan, const void *in, struct buf *out)
{
	struct sink s = { .out = out };

	MUST(plan->eops != NULL);
	buf_grow(out, NUMBER_BYTES);
	s.p = out->ptr + out->len;
	s.end = out->ptr + out->cap;
	encode(plan, plan->eops, in, &s);
	out->len = (size_t)(s.p - out->ptr);
}
