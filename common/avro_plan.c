/*
 * avro_plan - compiles writer, reader and binding into a plan.
 *
 * Resolution is done here, once, so that decoding only moves bytes: fields
 * are paired by name or alias, union branches by type, enum symbols by name;
 * defaults are decoded now, into the templates.  A branch that does not
 * resolve is an error only when data takes it, as the specification has it.
 */
#include "common/avro_plan.h"

#include "common/date.h"
#include "common/mem.h"
#include "common/must.h"

struct compile {
	struct av_plan *plan;
	uint8_t *init;      /* template of the struct that is being filled */
	int branches;       /* inside so many union branches: templates are shared by them */
	size_t target;      /* ops before this one may be jumped to: not to be merged */
	struct buf path;
	const char *field;  /* path, for the ops that follow */
	bool full;          /* AV_OPS_MAX reached */
	struct err *err;
};

static int emit_value(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off);
static void emit_skip(struct compile *c, const struct av_node *w);
static struct av_plan *plan_of_value(const struct av_node *node, const struct av_field *f,
    size_t off);

void *
av_room(void *at, size_t n, size_t *cap, size_t bytes)
{
	if (n < *cap)
		return at;
	*cap = *cap ? *cap * 2 : 32;
	return mem_realloc(at, *cap, bytes);
}

size_t
av_bind_size(const struct av_field *f)
{
	switch (f->bind) {
	case AVB_BOOL:
		return sizeof(bool);
	case AVB_INT:
	case AVB_ENUM:
	case AVB_DATE:
		return sizeof(int32_t);
	case AVB_LONG:
		return sizeof(int64_t);
	case AVB_NLONG:
		return sizeof(struct av_nlong);
	case AVB_SPAN:
		return sizeof(struct span);
	case AVB_FIXED:
		return f->size;
	case AVB_VALUE:
		return sizeof(struct av_value);
	case AVB_RECORD:
		return f->sub->size;
	case AVB_OPTION:
		return sizeof(void *);
	case AVB_ARRAY:
		return sizeof(struct av_array);
	}
	must_fail(__FILE__, __LINE__, "a binding of ours is in the list");
}

static void
init_null(const struct av_field *f, uint8_t *base)
{
	const date_t none = DATE_NONE;

	if (f->bind == AVB_DATE)
		memcpy(base + f->offset, &none, sizeof(none));
	else if (f->bind == AVB_RECORD)
		av_init_nulls(f->sub, base + f->offset);
}

void
av_init_nulls(const struct av_record *rec, uint8_t *base)
{
	for (size_t i = 0; i < rec->n; i++)
		init_null(&rec->fields[i], base);
}

/* --- does a binding fit its reader ----------------------------------------- */

static const struct av_node_field *
node_field(const struct av_node *node, const char *name)
{
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->fields[i].name, name) == 0)
			return &node->fields[i];
	return NULL;
}

/* The type itself, or the other branch of null and one type. */
static const struct av_node *
without_null(const struct av_node *t)
{
	int null = av_null_branch(t);

	return null < 0 ? t : t->branches[1 - null];
}

static bool
is_value_type(const struct av_node *t)
{
	return t->type == AV_NULL || t->type == AV_BOOLEAN || t->type == AV_LONG
	    || t->type == AV_DOUBLE || t->type == AV_STRING;
}

static bool
fits_value(const struct av_node *t)
{
	if (t->type != AV_UNION)
		return is_value_type(t);
	for (size_t i = 0; i < t->n; i++)
		if (!is_value_type(t->branches[i]))
			return false;
	return true;
}

static bool
fits(const struct av_node *t, const struct av_field *f)
{
	const struct av_node *u = without_null(t);

	switch (f->bind) {
	case AVB_BOOL:
		return t->type == AV_BOOLEAN;
	case AVB_INT:
		return t->type == AV_INT;
	case AVB_LONG:
		return t->type == AV_LONG;
	case AVB_NLONG:
		return t != u && u->type == AV_LONG;
	case AVB_DATE:
		return u->type == AV_INT;
	case AVB_SPAN:
		return u->type == AV_STRING || u->type == AV_BYTES;
	case AVB_FIXED:
		return t->type == AV_FIXED && t->size == f->size;
	case AVB_ENUM:
		return t->type == AV_ENUM;
	case AVB_VALUE:
		return fits_value(t);
	case AVB_RECORD:
		return t->type == AV_RECORD && f->sub;
	case AVB_OPTION:
		return t != u && u->type == AV_RECORD && f->sub;
	case AVB_ARRAY:
		return t->type == AV_ARRAY
		    && (f->sub ? t->items->type == AV_RECORD
			       : t->items->type == AV_FIXED && t->items->size == f->size);
	}
	return false;
}

static int
check_binding(const struct av_node *r, const struct av_record *rec, struct err *err)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct av_field *f = &rec->fields[i];
		const struct av_node_field *rf = node_field(r, f->name);
		const struct av_node *sub;

		MUST(f->offset + av_bind_size(f) <= rec->size);
		if (!rf)
			return err_code(err, ERR_FATAL, "avro-binding", f->name,
			    "schema '%s' has no field '%s'", r->name, f->name);
		if (!fits(rf->type, f))
			return err_code(err, ERR_FATAL, "avro-binding", f->name,
			    "field '%s' of schema '%s' does not fit its struct", f->name,
			    r->name);
		sub = without_null(rf->type);
		if (f->sub && check_binding(sub->type == AV_ARRAY ? sub->items : sub, f->sub, err))
			return -1;
	}
	return 0;
}

/* --- ops --------------------------------------------------------------------- */

static struct av_op *
emit(struct compile *c, enum av_opcode code, size_t off)
{
	struct av_plan *p = c->plan;
	size_t cap = p->cap_ops;

	if (p->n_ops == AV_OPS_MAX) {
		c->full = true;
		return &p->ops[p->n_ops - 1];
	}
	p->ops = av_room(p->ops, p->n_ops, &p->cap_ops, sizeof(*p->ops));
	p->fields = av_room(p->fields, p->n_ops, &cap, sizeof(*p->fields));
	p->fields[p->n_ops] = c->field;
	p->ops[p->n_ops] = (struct av_op){ .code = (uint8_t)code, .off = (uint32_t)off };
	return &p->ops[p->n_ops++];
}

static uint32_t
here(struct compile *c)
{
	c->target = c->plan->n_ops;
	return (uint32_t)c->plan->n_ops;
}

static uint32_t
pool_take(struct av_plan *p, size_t n)
{
	uint32_t at = (uint32_t)p->n_pool;

	for (size_t i = 0; i < n; i++) {
		p->pool = av_room(p->pool, p->n_pool, &p->cap_pool, sizeof(*p->pool));
		p->pool[p->n_pool++] = -1;
	}
	return at;
}

static uint32_t
items_add(struct av_plan *p, struct av_items items)
{
	p->items = av_room(p->items, p->n_items, &p->cap_items, sizeof(*p->items));
	p->items[p->n_items] = items;
	return (uint32_t)p->n_items++;
}

static uint8_t *
template_of(struct av_plan *p, const struct av_record *rec)
{
	uint8_t *init = arena_zalloc(&p->mem, 1, rec->size);

	av_init_nulls(rec, init);
	return init;
}

static int
unresolved(struct compile *c, const struct av_node *w, const struct av_node *r)
{
	return err_code(c->err, ERR_RECORD, "avro-schema", c->field,
	    "writer's %s '%s' does not resolve to our %s", av_type_name(w->type),
	    c->field ? c->field : "", av_type_name(r->type));
}

/* Enters field `name`: errors below it carry its path.  Returns what path_pop() takes. */
static size_t
path_push(struct compile *c, const char *name)
{
	size_t was = c->path.len;

	if (was)
		buf_str(&c->path, ".");
	buf_str(&c->path, name);
	c->field = arena_str(&c->plan->mem, buf_view(&c->path));
	return was;
}

static void
path_pop(struct compile *c, size_t was)
{
	c->path.len = was;
	c->field = was ? arena_str(&c->plan->mem, buf_view(&c->path)) : NULL;
}

/* --- skipping what only the writer has --------------------------------------- */

static void
emit_skip_bytes(struct compile *c, uint32_t bytes)
{
	struct av_plan *p = c->plan;

	if (p->n_ops > c->target && p->ops[p->n_ops - 1].code == OP_SKIP_BYTES)
		p->ops[p->n_ops - 1].a += bytes;
	else
		emit(c, OP_SKIP_BYTES, 0)->a = bytes;
}

static void
emit_skip_loop(struct compile *c, const struct av_node *w)
{
	bool map = w->type == AV_MAP;
	uint32_t items = items_add(c->plan,
	    (struct av_items){ .min_bytes = w->items->min_bytes + (map ? 1 : 0) });
	size_t loop = c->plan->n_ops;
	struct av_op *next;
	uint32_t body;

	emit(c, OP_SKIP_LOOP, 0)->b = items;
	body = here(c);
	if (map)
		emit(c, OP_SKIP_STRING, 0);
	emit_skip(c, w->items);
	next = emit(c, OP_SKIP_NEXT, 0);
	next->a = body;
	next->b = items;
	if (!c->full)
		c->plan->ops[loop].a = here(c);
}

/* Ends a branch: a jump to where the union ends, linked through `a` until that is known. */
static void
end_branch(struct compile *c, uint32_t *chain)
{
	uint32_t at = (uint32_t)c->plan->n_ops;

	emit(c, OP_JUMP, 0)->a = *chain;
	*chain = at;
}

static void
land_branches(struct compile *c, uint32_t chain)
{
	uint32_t end = here(c);

	while (chain != UINT32_MAX && !c->full) {
		struct av_op *jump = &c->plan->ops[chain];

		chain = jump->a;
		jump->a = end;
	}
}

static uint32_t
emit_union(struct compile *c, const struct av_node *w)
{
	uint32_t pool = pool_take(c->plan, w->n);
	struct av_op *op = emit(c, OP_UNION, 0);

	op->a = pool;
	op->b = (uint32_t)w->n;
	return pool;
}

static void
emit_skip_union(struct compile *c, const struct av_node *w)
{
	uint32_t pool = emit_union(c, w), chain = UINT32_MAX;

	for (size_t i = 0; i < w->n; i++) {
		c->plan->pool[pool + i] = (int32_t)here(c);
		emit_skip(c, w->branches[i]);
		end_branch(c, &chain);
	}
	land_branches(c, chain);
}

static void
emit_skip(struct compile *c, const struct av_node *w)
{
	if (c->full)
		return;
	switch (w->type) {
	case AV_NULL:
		return;
	case AV_BOOLEAN:
	case AV_FLOAT:
	case AV_DOUBLE:
	case AV_FIXED:
		emit_skip_bytes(c, w->min_bytes);
		return;
	case AV_INT:
	case AV_LONG:
	case AV_ENUM:
		emit(c, OP_SKIP_VARINT, 0);
		return;
	case AV_BYTES:
	case AV_STRING:
		emit(c, OP_SKIP_STRING, 0);
		return;
	case AV_ARRAY:
	case AV_MAP:
		emit_skip_loop(c, w);
		return;
	case AV_UNION:
		emit_skip_union(c, w);
		return;
	case AV_RECORD:
		for (size_t i = 0; i < w->n; i++)
			emit_skip(c, w->fields[i].type);
		return;
	}
}

/* --- records ------------------------------------------------------------------ */

static int
field_index(const struct av_node *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Which writer's field is read as reader's field rf: its own name first, then
 * its aliases, unless that name is another field of the reader's. -1: none. */
static int
writer_field(const struct av_node *w, const struct av_node *r, const struct av_node_field *rf)
{
	int at = field_index(w, rf->name);

	for (size_t i = 0; at < 0 && i < rf->aliases.n; i++)
		if (field_index(r, rf->aliases.at[i]) < 0)
			at = field_index(w, rf->aliases.at[i]);
	return at;
}

static const struct av_node_field *
reader_field(const struct av_node *w, const struct av_node *r, size_t index)
{
	for (size_t i = 0; i < r->n; i++)
		if (writer_field(w, r, &r->fields[i]) == (int)index)
			return &r->fields[i];
	return NULL;
}

static const struct av_field *
bound_field(const struct av_record *rec, const char *name)
{
	for (size_t i = 0; i < rec->n; i++)
		if (strcmp(rec->fields[i].name, name) == 0)
			return &rec->fields[i];
	return NULL;
}

/* Decodes the default of rf into `base`, whose nulls are set. */
static int
store_default(struct compile *c, const struct av_node_field *rf, const struct av_field *f,
    uint8_t *base, size_t off)
{
	struct err err = ERR_INIT;
	struct av_plan *p = plan_of_value(rf->type, f, off);

	int rc = p ? av_run(p, rf->def, base, &c->plan->mem, &err) : -1;

	av_plan_free(p);
	if (rc)
		return err_code(c->err, ERR_FATAL, "avro-binding", c->field,
		    "default of field '%s' does not fit its struct", c->field);
	return 0;
}

static int
emit_default(struct compile *c, const struct av_node_field *rf, const struct av_field *f,
    size_t off)
{
	struct av_plan *p = c->plan;
	uint8_t *alone;

	if (!rf->def.ptr)
		return err_code(c->err, ERR_RECORD, "avro-schema", c->field,
		    "writer lacks field '%s', which has no default", c->field);
	if (!f)
		return 0;
	if (c->branches == 0)
		return store_default(c, rf, f, c->init, off);
	alone = arena_zalloc(&p->mem, 1, f->offset + av_bind_size(f));
	init_null(f, alone);
	if (store_default(c, rf, f, alone, 0))
		return -1;
	p->fills = av_room(p->fills, p->n_fills, &p->cap_fills, sizeof(*p->fills));
	p->fills[p->n_fills] = (struct av_fill){ alone + f->offset, (uint32_t)av_bind_size(f) };
	emit(c, OP_FILL, off + f->offset)->a = (uint32_t)p->n_fills++;
	return 0;
}

static int
emit_field(struct compile *c, const struct av_node_field *wf, const struct av_node_field *rf,
    const struct av_record *rec, size_t off)
{
	const struct av_field *f = rf ? bound_field(rec, rf->name) : NULL;
	size_t was = path_push(c, rf ? rf->name : wf->name);
	int rc = 0;

	if (!wf)
		rc = emit_default(c, rf, f, off);
	else if (f)
		rc = emit_value(c, wf->type, rf->type, f, off + f->offset);
	else
		emit_skip(c, wf->type);
	if (rc == 0)
		path_pop(c, was);
	return rc;
}

static int
emit_record(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_record *rec, size_t off)
{
	for (size_t i = 0; i < w->n && !c->full; i++)
		if (emit_field(c, &w->fields[i], reader_field(w, r, i), rec, off))
			return -1;
	for (size_t i = 0; i < r->n && !c->full; i++)
		if (writer_field(w, r, &r->fields[i]) < 0
		    && emit_field(c, NULL, &r->fields[i], rec, off))
			return -1;
	return 0;
}

/* --- values --------------------------------------------------------------------- */

static int
emit_enum(struct compile *c, const struct av_node *w, const struct av_node *r, size_t off)
{
	uint32_t pool = pool_take(c->plan, w->n);
	struct av_op *op = emit(c, OP_ENUM, off);

	op->a = pool;
	op->b = (uint32_t)w->n;
	for (size_t i = 0; i < w->n; i++) {
		c->plan->pool[pool + i] = r->enum_default;
		for (size_t k = 0; k < r->n; k++)
			if (strcmp(w->symbols[i], r->symbols[k]) == 0)
				c->plan->pool[pool + i] = (int32_t)k;
	}
	return 0;
}

/* Struct of `rec` elsewhere: its own template, and defaults go there again. */
static int
emit_elsewhere(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_record *rec, uint8_t *init)
{
	uint8_t *init_was = c->init;
	int branches_was = c->branches, rc;

	c->init = init;
	c->branches = 0;
	rc = emit_record(c, w, r, rec, 0);
	c->init = init_was;
	c->branches = branches_was;
	return rc;
}

static int
emit_option(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_record *rec, size_t off)
{
	uint8_t *init = template_of(c->plan, rec);
	uint32_t items = items_add(c->plan, (struct av_items){ init, (uint32_t)rec->size, 0 });

	emit(c, OP_OPTION, off)->b = items;
	if (emit_elsewhere(c, w, r, rec, init))
		return -1;
	emit(c, OP_LEAVE, 0);
	return 0;
}

static int
emit_item(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, uint8_t *init)
{
	struct av_field item = { .bind = f->sub ? AVB_RECORD : AVB_FIXED, .size = f->size,
		.sub = f->sub };
	uint8_t *init_was = c->init;
	int branches_was = c->branches, rc;

	c->init = init;
	c->branches = 0;
	rc = emit_value(c, w->items, r->items, &item, 0);
	c->init = init_was;
	c->branches = branches_was;
	return rc;
}

static int
emit_array(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off)
{
	uint8_t *init = f->sub ? template_of(c->plan, f->sub) : NULL;
	uint32_t stride = f->sub ? (uint32_t)f->sub->size : f->size;
	uint32_t items = items_add(c->plan,
	    (struct av_items){ init, stride, w->items->min_bytes });
	size_t loop = c->plan->n_ops;
	struct av_op *next;
	uint32_t body;

	emit(c, OP_ARRAY, off)->b = items;
	body = here(c);
	if (emit_item(c, w, r, f, init))
		return -1;
	next = emit(c, OP_NEXT, off);
	next->a = body;
	next->b = items;
	if (!c->full)
		c->plan->ops[loop].a = here(c);
	return 0;
}

static int
emit_long(struct compile *c, const struct av_node *w, const struct av_node *r,
    enum av_opcode of_long, enum av_opcode of_int, size_t off)
{
	if (w->type != AV_LONG && w->type != AV_INT)
		return unresolved(c, w, r);
	emit(c, w->type == AV_LONG ? of_long : of_int, off);
	return 0;
}

static int
emit_text(struct compile *c, const struct av_node *w, const struct av_node *r,
    enum av_opcode of_string, enum av_opcode of_bytes, size_t off)
{
	if (w->type != AV_STRING && w->type != AV_BYTES)
		return unresolved(c, w, r);
	emit(c, w->type == AV_STRING || r->type == AV_STRING ? of_string : of_bytes, off);
	return 0;
}

static int
emit_same(struct compile *c, const struct av_node *w, const struct av_node *r, enum av_type type,
    enum av_opcode code, size_t off)
{
	if (w->type != type || r->type != type)
		return unresolved(c, w, r);
	emit(c, code, off);
	return 0;
}

static int
emit_double(struct compile *c, const struct av_node *w, const struct av_node *r, size_t off)
{
	switch (w->type) {
	case AV_INT:
		emit(c, OP_VAL_INT_DOUBLE, off);
		return 0;
	case AV_LONG:
		emit(c, OP_VAL_LONG_DOUBLE, off);
		return 0;
	case AV_FLOAT:
		emit(c, OP_VAL_FLOAT, off);
		return 0;
	case AV_DOUBLE:
		emit(c, OP_VAL_DOUBLE, off);
		return 0;
	default:
		return unresolved(c, w, r);
	}
}

static int
emit_attribute(struct compile *c, const struct av_node *w, const struct av_node *r, size_t off)
{
	switch (r->type) {
	case AV_BOOLEAN:
		return emit_same(c, w, r, AV_BOOLEAN, OP_VAL_BOOL, off);
	case AV_LONG:
		return emit_long(c, w, r, OP_VAL_LONG, OP_VAL_INT, off);
	case AV_DOUBLE:
		return emit_double(c, w, r, off);
	default:
		return emit_text(c, w, r, OP_VAL_STRING, OP_VAL_STRING, off);
	}
}

/* Neither is a union. */
static int
emit_plain(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off)
{
	if (w->type == AV_NULL && r->type == AV_NULL)
		return 0;
	if (w->type == AV_NULL || r->type == AV_NULL)
		return unresolved(c, w, r);
	if (av_is_named(r->type) && (w->type != r->type || !av_names_match(w, r)))
		return unresolved(c, w, r);
	switch (f->bind) {
	case AVB_BOOL:
		return emit_same(c, w, r, AV_BOOLEAN, OP_BOOL, off);
	case AVB_INT:
		return emit_same(c, w, r, AV_INT, OP_INT, off);
	case AVB_DATE:
		return emit_same(c, w, r, AV_INT, OP_DATE, off);
	case AVB_LONG:
		return emit_long(c, w, r, OP_LONG, OP_INT_LONG, off);
	case AVB_NLONG:
		return emit_long(c, w, r, OP_NLONG, OP_INT_NLONG, off);
	case AVB_SPAN:
		return emit_text(c, w, r, OP_STRING, OP_BYTES, off);
	case AVB_FIXED:
		if (w->size != r->size)
			return unresolved(c, w, r);
		emit(c, OP_FIXED, off)->a = r->size;
		return 0;
	case AVB_ENUM:
		return emit_enum(c, w, r, off);
	case AVB_VALUE:
		return emit_attribute(c, w, r, off);
	case AVB_RECORD:
		return emit_record(c, w, r, f->sub, off);
	case AVB_OPTION:
		return emit_option(c, w, r, f->sub, off);
	case AVB_ARRAY:
		return w->type == AV_ARRAY ? emit_array(c, w, r, f, off) : unresolved(c, w, r);
	}
	return unresolved(c, w, r);
}

static bool
promotes(enum av_type from, enum av_type to)
{
	switch (from) {
	case AV_INT:
		return to == AV_LONG || to == AV_FLOAT || to == AV_DOUBLE;
	case AV_LONG:
		return to == AV_FLOAT || to == AV_DOUBLE;
	case AV_FLOAT:
		return to == AV_DOUBLE;
	case AV_STRING:
		return to == AV_BYTES;
	case AV_BYTES:
		return to == AV_STRING;
	default:
		return false;
	}
}

/* The branch of the reader that the writer's type is read as: the same type
 * before a promotion.  NULL: none. */
static const struct av_node *
reader_branch(const struct av_node *w, const struct av_node *r)
{
	if (r->type != AV_UNION)
		return r;
	for (size_t i = 0; i < r->n; i++)
		if (r->branches[i]->type == w->type
		    && (!av_is_named(w->type) || av_names_match(w, r->branches[i])))
			return r->branches[i];
	for (size_t i = 0; i < r->n; i++)
		if (promotes(w->type, r->branches[i]->type))
			return r->branches[i];
	return NULL;
}

/* Union of null and w, read where null is allowed. */
static int
emit_maybe(struct compile *c, const struct av_node *w, int null, const struct av_node *r,
    const struct av_field *f, size_t off)
{
	struct av_plan *p = c->plan;
	size_t at = p->n_ops;
	struct av_op *op = emit(c, OP_MAYBE, off);

	op->none = (uint8_t)(null * 2);
	op->some = (uint8_t)((1 - null) * 2);
	here(c);
	c->branches++;
	if (emit_value(c, w, r, f, off))
		return -1;
	c->branches--;
	if (c->full)
		return 0;
	if (p->n_ops == at + 2
	    && (p->ops[at + 1].code == OP_STRING || p->ops[at + 1].code == OP_DATE)) {
		p->ops[at].code = p->ops[at + 1].code == OP_DATE ? OP_MAYBE_DATE : OP_MAYBE_STRING;
		p->n_ops--;
	}
	p->ops[at].a = here(c);
	return 0;
}

/* One branch of the writer's union; one that does not resolve keeps its -1. */
static int
emit_branch(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off, int32_t *at)
{
	size_t n_ops = c->plan->n_ops, path = c->path.len;
	const struct compile was = *c;

	if (emit_value(c, w, r, f, off) == 0) {
		*at = (int32_t)n_ops;
		return 0;
	}
	if (c->err->class != ERR_RECORD)
		return -1;
	c->plan->n_ops = n_ops;
	c->path.len = path;
	c->field = was.field;
	c->init = was.init;
	c->branches = was.branches;
	c->target = n_ops;
	return 0;
}

static int
emit_branches(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off)
{
	uint32_t pool = emit_union(c, w), chain = UINT32_MAX;
	bool any = false;
	struct err why = *c->err;

	for (size_t i = 0; i < w->n && !c->full; i++) {
		int32_t at = -1;

		here(c);
		c->branches++;
		if (emit_branch(c, w->branches[i], r, f, off, &at))
			return -1;
		c->branches--;
		if (at < 0)
			continue;
		any = true;
		c->plan->pool[pool + i] = at;
		end_branch(c, &chain);
	}
	land_branches(c, chain);
	if (!any && !c->full)
		return unresolved(c, w, r);
	*c->err = why;
	return 0;
}

static int
emit_value(struct compile *c, const struct av_node *w, const struct av_node *r,
    const struct av_field *f, size_t off)
{
	int null = av_null_branch(w);
	const struct av_node *branch;

	if (c->full)
		return 0;
	if (null >= 0 && reader_branch(w->branches[null], r)
	    && reader_branch(w->branches[1 - null], r) && r->type == AV_UNION)
		return emit_maybe(c, w->branches[1 - null], null, r, f, off);
	if (w->type == AV_UNION)
		return emit_branches(c, w, r, f, off);
	branch = reader_branch(w, r);
	return branch ? emit_plain(c, w, branch, f, off) : unresolved(c, w, r);
}

/* --- plans -------------------------------------------------------------------- */

static struct av_plan *
plan_alloc(void)
{
	struct av_plan *p = mem_zalloc(1, sizeof(*p));

	arena_init(&p->mem, 0);
	return p;
}

void
av_plan_free(struct av_plan *p)
{
	if (!p)
		return;
	arena_release(&p->mem);
	mem_free(p->ops);
	mem_free(p->fields);
	mem_free(p->pool);
	mem_free(p->items);
	mem_free(p->fills);
	mem_free(p->eops);
	mem_free(p);
}

/* A plan of one value at off + f->offset; NULL: nothing of ours compiles so. */
static struct av_plan *
plan_of_value(const struct av_node *node, const struct av_field *f, size_t off)
{
	struct err err = ERR_INIT;
	struct av_plan *p = plan_alloc();
	/* not one template but many may hold what the default lacks: fills, not templates */
	struct compile c = { .plan = p, .branches = 1, .path = BUF_INIT, .err = &err };
	int rc = emit_value(&c, node, node, f, off + f->offset);

	emit(&c, OP_END, 0);
	buf_release(&c.path);
	if (rc == 0 && !c.full)
		return p;
	av_plan_free(p);
	return NULL;
}

static int
compile(struct av_plan *p, struct err *err)
{
	const struct av_node *w = p->writer->root, *r = p->reader->root;
	struct err why = ERR_INIT;
	struct compile c = { .plan = p, .path = BUF_INIT, .err = &why };
	int rc = -1;

	c.init = template_of(p, p->binding);
	p->init = c.init;
	if (w->type != AV_RECORD || !av_names_match(w, r))
		err_code(&why, ERR_RECORD, "avro-schema", NULL,
		    "writer's schema is not a version of '%s'", r->name);
	else
		rc = emit_record(&c, w, r, p->binding, 0);
	emit(&c, OP_END, 0);
	if (rc == 0 && c.full)
		rc = err_code(&why, ERR_RECORD, "avro-schema", NULL,
		    "schema unfolds into more than %d steps", AV_OPS_MAX);
	buf_release(&c.path);
	if (rc)
		*err = why;
	return rc;
}

struct av_plan *
av_plan_new(const struct av_schema *writer, const struct av_schema *reader,
    const struct av_record *binding, struct err *err)
{
	struct av_plan *p;

	if (reader->root->type != AV_RECORD) {
		err_code(err, ERR_FATAL, "avro-binding", NULL, "our schema is not a record");
		return NULL;
	}
	if (check_binding(reader->root, binding, err))
		return NULL;
	p = plan_alloc();
	p->writer = writer;
	p->reader = reader;
	p->binding = binding;
	if (compile(p, err)) {
		av_plan_free(p);
		return NULL;
	}
	if (writer == reader)
		av_encoder_compile(p);
	return p;
}
