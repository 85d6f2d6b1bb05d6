/*
 * avro_values - random values of a binding, for the differential and the fuzz
 * test: what may stand in a field follows from its schema.
 *
 *	binding + schema node ──values_fill──► struct, spans and arrays in the arena
 */
#ifndef OUTTURN_TESTS_AVRO_VALUES_H
#define OUTTURN_TESTS_AVRO_VALUES_H

#include "common/arena.h"
#include "common/avro_schema.h"
#include "common/date.h"
#include "common/must.h"

enum { VALUES_TEXT_MAX = 40, VALUES_ITEMS_MAX = 4 };

struct values {
	uint64_t state; /* splitmix64 */
	struct arena *arena;
};

static inline uint64_t
values_next(struct values *v)
{
	uint64_t z = v->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint32_t
values_below(struct values *v, uint32_t n)
{
	return (uint32_t)(values_next(v) % n);
}

static inline int64_t
values_long(struct values *v)
{
	return (int64_t)(values_next(v) >> values_below(v, 64)) * (values_below(v, 2) ? -1 : 1);
}

static inline const struct av_node *
values_field(const struct av_node *record, const char *name)
{
	for (size_t i = 0; i < record->n; i++)
		if (strcmp(record->fields[i].name, name) == 0)
			return record->fields[i].type;
	return NULL;
}

/* The type that is not null; index: of it in the union, -1 where there is none. */
static inline const struct av_node *
values_branch(const struct av_node *node, int *index)
{
	*index = -1;
	if (node->type != AV_UNION)
		return node;
	for (size_t i = 0; i < node->n; i++)
		if (node->branches[i]->type != AV_NULL) {
			*index = (int)i;
			return node->branches[i];
		}
	return node;
}

static inline struct span
values_text(struct values *v, bool utf8)
{
	static const char *const letters[] = { "a", "b", "Z", " ", "é", "ł", "名", "𐍈" };
	size_t n = values_below(v, VALUES_TEXT_MAX), len = 0;
	uint8_t *out = arena_alloc(v->arena, n * 4 + 1);

	MUST(out != NULL);
	for (size_t i = 0; i < n; i++) {
		const char *c = letters[values_below(v, values_below(v, 4) ? 4 : 8)];

		if (!utf8) {
			out[len++] = (uint8_t)values_next(v);
			continue;
		}
		memcpy(out + len, c, strlen(c));
		len += strlen(c);
	}
	return span_of(out, len);
}

static inline void values_fill(struct values *v, const struct av_record *rec,
    const struct av_node *node, uint8_t *base);

static inline void
values_array(struct values *v, const struct av_field *f, const struct av_node *items,
    struct av_array *array)
{
	size_t size = f->sub ? f->sub->size : f->size;

	array->n = values_below(v, VALUES_ITEMS_MAX);
	array->items = arena_zalloc(v->arena, array->n + 1, size);
	for (uint32_t i = 0; i < array->n; i++) {
		uint8_t *at = (uint8_t *)array->items + i * size;

		if (f->sub)
			values_fill(v, f->sub, items, at);
		for (size_t k = 0; !f->sub && k < size; k++)
			at[k] = (uint8_t)values_next(v);
	}
}

static inline struct av_value
values_any(struct values *v)
{
	static const enum av_type types[] = { AV_NULL, AV_BOOLEAN, AV_LONG, AV_DOUBLE, AV_STRING };
	struct av_value out = { .type = types[values_below(v, 5)] };

	if (out.type == AV_BOOLEAN)
		out.i = values_below(v, 2);
	else if (out.type == AV_LONG)
		out.i = values_long(v);
	else if (out.type == AV_DOUBLE)
		out.d = (double)values_long(v) / 7;
	else if (out.type == AV_STRING)
		out.s = values_text(v, true);
	return out;
}

static inline void
values_one(struct values *v, const struct av_field *f, const struct av_node *type, uint8_t *at)
{
	int index;
	const struct av_node *plain = values_branch(type, &index);
	bool null = index >= 0 && values_below(v, 3) == 0;

	switch (f->bind) {
	case AVB_BOOL:
		*(bool *)(void *)at = values_below(v, 2);
		return;
	case AVB_INT:
		*(int32_t *)(void *)at = (int32_t)values_long(v);
		return;
	case AVB_LONG:
		*(int64_t *)(void *)at = values_long(v);
		return;
	case AVB_NLONG:
		*(struct av_nlong *)(void *)at
		    = (struct av_nlong){ .has = !null, .v = null ? 0 : values_long(v) };
		return;
	case AVB_DATE:
		*(date_t *)(void *)at = null ? DATE_NONE : (date_t)values_below(v, 40000);
		return;
	case AVB_SPAN:
		*(struct span *)(void *)at
		    = null ? SPAN_NONE : values_text(v, plain->type == AV_STRING);
		return;
	case AVB_FIXED:
		for (size_t i = 0; i < f->size; i++)
			at[i] = (uint8_t)values_next(v);
		return;
	case AVB_ENUM:
		*(int32_t *)(void *)at = (int32_t)values_below(v, (uint32_t)plain->n);
		return;
	case AVB_VALUE:
		*(struct av_value *)(void *)at = values_any(v);
		return;
	case AVB_RECORD:
		values_fill(v, f->sub, plain, at);
		return;
	case AVB_OPTION: {
		uint8_t *sub = null ? NULL : arena_zalloc(v->arena, 1, f->sub->size);

		if (sub)
			values_fill(v, f->sub, plain, sub);
		*(void **)(void *)at = sub;
		return;
	}
	case AVB_ARRAY:
		values_array(v, f, plain->items, (struct av_array *)(void *)at);
		return;
	}
	NOT_REACHED("a binding has a kind");
}

static inline void
values_fill(struct values *v, const struct av_record *rec, const struct av_node *node,
    uint8_t *base)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct av_node *type = values_field(node, rec->fields[i].name);

		MUST(type != NULL);
		values_one(v, &rec->fields[i], type, base + rec->fields[i].offset);
	}
}

#endif
