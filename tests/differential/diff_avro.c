/*
 * diff_avro - our plans beside Avro-C, on the same bytes.
 *
 *	random value ──av_encode──► bytes ◄──Avro-C── the same value, set by name
 *	                              │
 *	      av_decode, av_encode ◄──┴──► Avro-C reads, writes: the same bytes again
 *
 * On the shipped schemas with the bindings of record.h, and on random schemas
 * of every kind that a binding can hold.  Then bytes that no honest writer
 * sends: what we accept, Avro-C reads as the same value.
 *
 * Known divergences, where Avro-C 1.11 is not asked, because it accepts what
 * the specification does not, or does not survive it:
 *	- an enum's index out of range, bytes behind the record: it takes them
 *	- lengths near INT64_MAX, array<null> of billions: it overflows, or runs on
 *	- defaults, aliases, string and bytes: it does not resolve (test_avro.c)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <avro.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/mem.h"
#include "common/record.h"
#include "tests/fuzz/avro_values.h"

enum {
	ARENA_BYTES = 8 * 1024 * 1024,
	OUT_BYTES = 1024 * 1024,
	FIELDS_MAX = 8,
	DEPTH_MAX = 3,
};

static const struct av_record *const bindings[] = { &raw_record_binding, &evidence_binding,
	&rejected_binding, &claim_binding, &cut_binding, &linked_binding, &outcome_binding,
	&review_binding, &decision_binding, &terms_binding, &reference_binding,
	&suppressed_binding, &statement_binding };
enum { BINDINGS = sizeof(bindings) / sizeof(bindings[0]) };

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* --- a schema, known to both sides */

struct pair {
	struct av_schema *ours;
	avro_schema_t theirs;
	avro_value_iface_t *iface;
	const struct av_record *binding;
	struct av_plan *plan;
};

static void
pair_init(struct pair *p, struct span json, const struct av_record *binding)
{
	struct err err = ERR_INIT;

	p->binding = binding;
	p->ours = av_schema_parse(json, &err);
	if (!p->ours)
		fail_msg("%s", err.text);
	p->plan = av_plan_new(p->ours, p->ours, binding, &err);
	if (!p->plan)
		fail_msg("%s", err.text);
	if (avro_schema_from_json_length((const char *)json.ptr, json.len, &p->theirs))
		fail_msg("Avro-C: %s", avro_strerror());
	p->iface = avro_generic_class_from_schema(p->theirs);
	assert_non_null(p->iface);
}

static void
pair_release(struct pair *p)
{
	av_plan_free(p->plan);
	av_schema_free(p->ours);
	avro_value_iface_decref(p->iface);
	avro_schema_decref(p->theirs);
}

/* --- our struct as a value of Avro-C, field by field, by name */

static void set_record(avro_value_t *to, const struct av_record *rec, const struct av_node *node,
    const uint8_t *base);

static void
set_text(avro_value_t *to, enum av_type type, struct span s)
{
	if (type == AV_STRING) {
		/* With its NUL: Avro-C counts it. */
		char *text = mem_alloc(s.len + 1);

		memcpy(text, s.ptr, s.len);
		text[s.len] = '\0';
		assert_int_equal(avro_value_set_string_len(to, text, s.len + 1), 0);
		mem_free(text);
	} else {
		assert_int_equal(avro_value_set_bytes(to, (void *)(uintptr_t)s.ptr, s.len), 0);
	}
}

static void
set_any(avro_value_t *to, const struct av_node *node, const struct av_value *v)
{
	avro_value_t branch;
	int index = -1;

	for (size_t i = 0; i < node->n; i++)
		if (node->branches[i]->type == v->type)
			index = (int)i;
	assert_true(index >= 0);
	assert_int_equal(avro_value_set_branch(to, index, &branch), 0);
	if (v->type == AV_BOOLEAN)
		avro_value_set_boolean(&branch, (int)v->i);
	else if (v->type == AV_LONG)
		avro_value_set_long(&branch, v->i);
	else if (v->type == AV_DOUBLE)
		avro_value_set_double(&branch, v->d);
	else if (v->type == AV_STRING)
		set_text(&branch, AV_STRING, v->s);
	else
		avro_value_set_null(&branch);
}

static bool
is_absent(const struct av_field *f, const uint8_t *at)
{
	switch (f->bind) {
	case AVB_NLONG:
		return !((const struct av_nlong *)(const void *)at)->has;
	case AVB_DATE:
		return *(const date_t *)(const void *)at == DATE_NONE;
	case AVB_SPAN:
		return !((const struct span *)(const void *)at)->ptr;
	case AVB_OPTION:
		return !*(void *const *)(const void *)at;
	case AVB_BOOL:
	case AVB_INT:
	case AVB_LONG:
	case AVB_FIXED:
	case AVB_ENUM:
	case AVB_VALUE:
	case AVB_RECORD:
	case AVB_ARRAY:
		return false;
	}
	return false;
}

static void
set_long(avro_value_t *to, enum av_type type, int64_t v)
{
	if (type == AV_INT)
		assert_int_equal(avro_value_set_int(to, (int32_t)v), 0);
	else
		assert_int_equal(avro_value_set_long(to, v), 0);
}

static void
set_array(avro_value_t *to, const struct av_field *f, const struct av_node *node,
    const struct av_array *array)
{
	size_t size = f->sub ? f->sub->size : f->size;

	for (uint32_t i = 0; i < array->n; i++) {
		const uint8_t *at = (const uint8_t *)array->items + i * size;
		avro_value_t item;

		assert_int_equal(avro_value_append(to, &item, NULL), 0);
		if (f->sub)
			set_record(&item, f->sub, node->items, at);
		else
			avro_value_set_fixed(&item, (void *)(uintptr_t)at, size);
	}
}

static void
set_field(avro_value_t *to, const struct av_field *f, const struct av_node *type,
    const uint8_t *at)
{
	int index;
	const struct av_node *plain = values_branch(type, &index);
	avro_value_t branch = *to;

	if (f->bind == AVB_VALUE) {
		set_any(to, type, (const struct av_value *)(const void *)at);
		return;
	}
	if (index >= 0 && is_absent(f, at))
		index = 1 - index;
	if (type->type == AV_UNION)
		assert_int_equal(avro_value_set_branch(to, index, &branch), 0);
	if (is_absent(f, at)) {
		avro_value_set_null(&branch);
		return;
	}
	switch (f->bind) {
	case AVB_BOOL:
		avro_value_set_boolean(&branch, *(const bool *)at);
		return;
	case AVB_INT:
	case AVB_DATE:
		set_long(&branch, plain->type, *(const int32_t *)(const void *)at);
		return;
	case AVB_LONG:
		set_long(&branch, plain->type, *(const int64_t *)(const void *)at);
		return;
	case AVB_NLONG:
		set_long(&branch, plain->type, ((const struct av_nlong *)(const void *)at)->v);
		return;
	case AVB_SPAN:
		set_text(&branch, plain->type, *(const struct span *)(const void *)at);
		return;
	case AVB_FIXED:
		avro_value_set_fixed(&branch, (void *)(uintptr_t)at, f->size);
		return;
	case AVB_ENUM:
		avro_value_set_enum(&branch, *(const int32_t *)(const void *)at);
		return;
	case AVB_VALUE:
		return;
	case AVB_RECORD:
		set_record(&branch, f->sub, plain, at);
		return;
	case AVB_OPTION:
		set_record(&branch, f->sub, plain, *(const uint8_t *const *)(const void *)at);
		return;
	case AVB_ARRAY:
		set_array(&branch, f, plain, (const struct av_array *)(const void *)at);
		return;
	}
}

static void
set_record(avro_value_t *to, const struct av_record *rec, const struct av_node *node,
    const uint8_t *base)
{
	for (size_t i = 0; i < rec->n; i++) {
		avro_value_t field;

		assert_int_equal(
		    avro_value_get_by_name(to, rec->fields[i].name, &field, NULL), 0);
		set_field(&field, &rec->fields[i], values_field(node, rec->fields[i].name),
		    base + rec->fields[i].offset);
	}
}

/* --- both ways */

static size_t
theirs_write(avro_value_t *value, char *out)
{
	avro_writer_t writer = avro_writer_memory(out, OUT_BYTES);
	size_t len;

	if (avro_value_write(writer, value))
		fail_msg("Avro-C: %s", avro_strerror());
	len = (size_t)avro_writer_tell(writer);
	avro_writer_free(writer);
	return len;
}

/* Avro-C reads `in` and writes it again. */
static struct span
theirs_again(const struct pair *p, struct span in, char *out)
{
	avro_reader_t reader = avro_reader_memory((const char *)in.ptr, (int64_t)in.len);
	avro_value_t value;
	size_t len;

	assert_int_equal(avro_generic_value_new(p->iface, &value), 0);
	if (avro_value_read(reader, &value))
		fail_msg("we accept it, Avro-C does not: %s", avro_strerror());
	len = theirs_write(&value, out);
	avro_value_decref(&value);
	avro_reader_free(reader);
	return span_of(out, len);
}

static void
ours_again(const struct pair *p, struct span in, struct buf *out)
{
	struct err err = ERR_INIT;
	struct arena arena;
	void *rec = mem_zalloc(1, p->binding->size);

	arena_init(&arena, ARENA_BYTES);
	buf_reset(out);
	if (av_decode(p->plan, in, rec, &arena, &err))
		fail_msg("Avro-C's bytes: %s", err.text);
	av_encode(p->plan, rec, out);
	arena_release(&arena);
	mem_free(rec);
}

static void
assert_bytes(struct span got, struct span want, const char *what, uint64_t seed)
{
	if (!span_eq(got, want))
		fail_msg("SEED=%llu: %s differ", (unsigned long long)seed, what);
}

static void
compare_value(const struct pair *p, const void *rec, uint64_t seed, struct buf *bytes)
{
	static char theirs[OUT_BYTES], twice[OUT_BYTES];
	struct buf again = BUF_INIT;
	avro_value_t value;
	size_t len;

	buf_reset(bytes);
	av_encode(p->plan, rec, bytes);
	assert_int_equal(avro_generic_value_new(p->iface, &value), 0);
	set_record(&value, p->binding, p->ours->root, rec);
	len = theirs_write(&value, theirs);
	avro_value_decref(&value);
	assert_bytes(buf_view(bytes), span_of(theirs, len), "our bytes and Avro-C's", seed);
	assert_bytes(theirs_again(p, buf_view(bytes), twice), buf_view(bytes),
	    "our bytes and what Avro-C read in them", seed);
	ours_again(p, span_of(theirs, len), &again);
	assert_bytes(buf_view(&again), span_of(theirs, len),
	    "Avro-C's bytes and what we read in them", seed);
	buf_release(&again);
}

/* Every beginning of a record is an error; a bent one is an error or a value
 * that Avro-C reads as well. */
static void
compare_hostile(const struct pair *p, struct span bytes, struct values *v, uint64_t seed)
{
	static char theirs[OUT_BYTES];
	void *rec = mem_zalloc(1, p->binding->size);
	uint8_t *bent = mem_alloc(bytes.len + 1);
	struct buf ours = BUF_INIT;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	for (size_t n = 0; n < bytes.len + 40; n++) {
		struct err err = ERR_INIT;
		bool cut = n < bytes.len;
		size_t len = cut ? n : bytes.len;

		arena_reset(&arena);
		memcpy(bent, bytes.ptr, bytes.len);
		for (int k = 0; !cut && bytes.len && k < 2; k++)
			bent[values_below(v, (uint32_t)len)] ^= (uint8_t)(1u << values_below(v, 8));
		if (av_decode(p->plan, span_of(bent, len), rec, &arena, &err)) {
			assert_int_equal(err.class, ERR_RECORD);
			assert_true(err.code[0] != '\0');
			continue;
		}
		assert_false(cut);
		buf_reset(&ours);
		av_encode(p->plan, rec, &ours);
		assert_bytes(buf_view(&ours), theirs_again(p, span_of(bent, len), theirs),
		    "what we read in bent bytes and what Avro-C does", seed);
	}
	arena_release(&arena);
	buf_release(&ours);
	mem_free(bent);
	mem_free(rec);
}

static void
compare_many(const struct pair *p, struct arena *arena, uint64_t seed, uint64_t n, bool hostile)
{
	struct buf bytes = BUF_INIT;

	for (uint64_t i = 0; i < n; i++) {
		struct values v = { .state = seed + i, .arena = arena };
		void *rec = arena_zalloc(arena, 1, p->binding->size);

		values_fill(&v, p->binding, p->ours->root, rec);
		compare_value(p, rec, seed + i, &bytes);
		if (hostile)
			compare_hostile(p, buf_view(&bytes), &v, seed + i);
	}
	buf_release(&bytes);
}

/* --- random schemas with their bindings */

struct maker {
	struct values v;
	struct buf json;
	unsigned names;
};

static const struct av_record *make_record(struct maker *m, int depth);

static size_t
bind_size(const struct av_field *f)
{
	switch (f->bind) {
	case AVB_BOOL: return sizeof(bool);
	case AVB_INT: return sizeof(int32_t);
	case AVB_LONG: return sizeof(int64_t);
	case AVB_NLONG: return sizeof(struct av_nlong);
	case AVB_DATE: return sizeof(date_t);
	case AVB_SPAN: return sizeof(struct span);
	case AVB_FIXED: return f->size;
	case AVB_ENUM: return sizeof(int32_t);
	case AVB_VALUE: return sizeof(struct av_value);
	case AVB_RECORD: return f->sub->size;
	case AVB_OPTION: return sizeof(void *);
	case AVB_ARRAY: return sizeof(struct av_array);
	}
	return 0;
}

/* ["null", type] or [type, "null"], or the type alone. */
static bool
open_union(struct maker *m, bool always)
{
	bool null = always || values_below(&m->v, 2);
	bool first = null && values_below(&m->v, 2);

	if (null)
		buf_str(&m->json, first ? "[\"null\"," : "[");
	return null && !first;
}

static void
close_union_of(struct maker *m, bool null, bool last)
{
	if (null)
		buf_str(&m->json, last ? ",\"null\"]" : "]");
}

static void
make_plain(struct maker *m, struct av_field *f)
{
	unsigned symbols;

	switch (f->bind) {
	case AVB_BOOL:
		buf_str(&m->json, "\"boolean\"");
		return;
	case AVB_INT:
		buf_str(&m->json, "\"int\"");
		return;
	case AVB_LONG:
		buf_str(&m->json, "\"long\"");
		return;
	case AVB_FIXED:
		f->size = (uint16_t)(1 + values_below(&m->v, 40));
		buf_printf(&m->json, "{\"type\":\"fixed\",\"name\":\"F%u\",\"size\":%u}", m->names++,
		    f->size);
		return;
	case AVB_ENUM:
		symbols = 1 + values_below(&m->v, 90);
		buf_printf(&m->json, "{\"type\":\"enum\",\"name\":\"E%u\",\"symbols\":[", m->names++);
		for (unsigned i = 0; i < symbols; i++)
			buf_printf(&m->json, "%s\"S%u\"", i ? "," : "", i);
		buf_str(&m->json, "]}");
		return;
	case AVB_VALUE:
		buf_str(&m->json, "[\"null\",\"boolean\",\"long\",\"double\",\"string\"]");
		return;
	case AVB_NLONG:
	case AVB_DATE:
	case AVB_SPAN:
	case AVB_RECORD:
	case AVB_OPTION:
	case AVB_ARRAY:
		break;
	}
	fail_msg("not a plain kind");
}

static void
make_type(struct maker *m, struct av_field *f, int depth)
{
	bool last, null;
	size_t before = m->json.len;

	switch (f->bind) {
	case AVB_NLONG:
	case AVB_DATE:
	case AVB_SPAN:
		last = open_union(m, f->bind == AVB_NLONG);
		null = m->json.len != before;
		buf_str(&m->json, f->bind == AVB_NLONG ? "\"long\""
		    : f->bind == AVB_DATE	       ? "\"int\""
		    : values_below(&m->v, 3)	       ? "\"string\""
						       : "\"bytes\"");
		close_union_of(m, null, last);
		return;
	case AVB_RECORD:
		f->sub = make_record(m, depth + 1);
		return;
	case AVB_OPTION:
		last = open_union(m, true);
		f->sub = make_record(m, depth + 1);
		close_union_of(m, true, last);
		return;
	case AVB_ARRAY:
		buf_str(&m->json, "{\"type\":\"array\",\"items\":");
		if (depth < DEPTH_MAX && values_below(&m->v, 2)) {
			f->sub = make_record(m, depth + 1);
		} else {
			f->size = 16;
			buf_printf(&m->json, "{\"type\":\"fixed\",\"name\":\"F%u\",\"size\":16}",
			    m->names++);
		}
		buf_str(&m->json, "}");
		return;
	case AVB_BOOL:
	case AVB_INT:
	case AVB_LONG:
	case AVB_FIXED:
	case AVB_ENUM:
	case AVB_VALUE:
		make_plain(m, f);
		return;
	}
}

static const struct av_record *
make_record(struct maker *m, int depth)
{
	static const enum av_bind flat[] = { AVB_BOOL, AVB_INT, AVB_LONG, AVB_NLONG, AVB_DATE,
		AVB_SPAN, AVB_SPAN, AVB_FIXED, AVB_ENUM, AVB_VALUE, AVB_ARRAY },
				  deep[] = { AVB_RECORD, AVB_OPTION };
	struct av_record *rec = arena_zalloc(m->v.arena, 1, sizeof(*rec));
	size_t n = 1 + values_below(&m->v, FIELDS_MAX);
	struct av_field *fields = arena_zalloc(m->v.arena, n, sizeof(*fields));

	rec->name = arena_printf(m->v.arena, "R%u", m->names++);
	buf_printf(&m->json, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", rec->name);
	for (size_t i = 0; i < n; i++) {
		struct av_field *f = &fields[i];

		f->name = arena_printf(m->v.arena, "f%zu", i);
		f->bind = depth < DEPTH_MAX && values_below(&m->v, 4) == 0
		    ? deep[values_below(&m->v, 2)]
		    : flat[values_below(&m->v, sizeof(flat) / sizeof(flat[0]))];
		buf_printf(&m->json, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", f->name);
		make_type(m, f, depth);
		buf_str(&m->json, "}");
		f->offset = (uint16_t)rec->size;
		rec->size = (rec->size + bind_size(f) + 15) & ~(size_t)15;
	}
	buf_str(&m->json, "]}");
	rec->fields = fields;
	rec->n = n;
	return rec;
}

/* --- the tests */

static void
test_shipped_schemas_write_and_read_as_avro_c_does(void **state)
{
	uint64_t seed = number_from("SEED", 1), runs = number_from("RUNS", 200);
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (size_t b = 0; b < BINDINGS; b++) {
		bool found = false;

		for (size_t i = 0; i < av_builtins_n; i++) {
			struct span json = span_of(av_builtins[i].start,
			    (size_t)(av_builtins[i].end - av_builtins[i].start));
			struct err err;
			struct av_schema *s = av_schema_parse(json, &err);
			struct pair p;

			assert_non_null(s);
			if (strcmp(av_schema_name(s), bindings[b]->name) == 0) {
				found = true;
				pair_init(&p, json, bindings[b]);
				compare_many(&p, &arena, seed, runs, false);
				compare_many(&p, &arena, seed, runs / 20 + 1, true);
				pair_release(&p);
				arena_reset(&arena);
			}
			av_schema_free(s);
		}
		assert_true(found);
	}
	arena_release(&arena);
}

static void
test_random_schemas_write_and_read_as_avro_c_does(void **state)
{
	uint64_t seed = number_from("SEED", 1), runs = number_from("RUNS", 400);
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (uint64_t i = 0; i < runs; i++) {
		struct maker m = { .v = { .state = seed + i, .arena = &arena } };
		const struct av_record *binding;
		struct pair p;

		arena_reset(&arena);
		binding = make_record(&m, 0);
		if (binding->size < UINT16_MAX) {
			pair_init(&p, buf_view(&m.json), binding);
			compare_many(&p, &arena, seed + i, 6, true);
			pair_release(&p);
		}
		buf_release(&m.json);
	}
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_schemas_write_and_read_as_avro_c_does),
		cmocka_unit_test(test_random_schemas_write_and_read_as_avro_c_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
