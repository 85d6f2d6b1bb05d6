/*
 * raw_write against the schema files: the tables name the files' fields in the
 * files' order, and what is written in an agency's schema comes back through
 * our reader with everything that the schema has a place for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/raw_write.h"

enum { ROUNDS = 3000, TEXTS = 40 };

static struct av_catalogue *cat;
static const char *const names[RAW_SCHEMA_COUNT] = { "org.outturn.RawRecord",
	"org.outturn.CouncilRecord", "org.outturn.NhsRecord", "org.outturn.ProviderRecord" };

/* --- the tables against the files */

struct expected {
	enum raw_schema schema;
	size_t at;
};

static const json_t *
record_in(const json_t *type)
{
	const json_t *branch;
	size_t i;

	if (json_is_array(type)) {
		json_array_foreach (type, i, branch)
			if (json_is_object(branch))
				return record_in(branch);
		return NULL;
	}
	if (!json_is_object(type))
		return NULL;
	if (json_object_get(type, "fields"))
		return type;
	return record_in(json_object_get(type, "items"));
}

static void
compare_fields(struct expected *e, const json_t *record, const char *path)
{
	const json_t *field;
	size_t i;

	json_array_foreach (json_object_get(record, "fields"), i, field) {
		char want[RAW_FIELD_MAX], got[RAW_FIELD_MAX] = "";
		const json_t *sub = record_in(json_object_get(field, "type"));

		snprintf(want, sizeof(want), "%s%s%s", path, *path ? "." : "",
		    json_string_value(json_object_get(field, "name")));
		if (!raw_schema_field(e->schema, e->at++, got) || strcmp(want, got) != 0)
			fail_msg("%s: field %zu is '%s', the table has '%s'",
			    raw_schema_name(e->schema), e->at - 1, want, got);
		if (sub)
			compare_fields(e, sub, want);
	}
}

static void
test_fields(void **state)
{
	(void)state;
	for (int s = 0; s < RAW_SCHEMA_COUNT; s++) {
		struct expected e = { .schema = (enum raw_schema)s };
		char path[128], after[RAW_FIELD_MAX];
		json_error_t why;
		json_t *root;

		snprintf(path, sizeof(path), "config/schemas/%s.avsc", raw_schema_name(e.schema));
		root = json_load_file(path, 0, &why);
		assert_non_null(root);
		compare_fields(&e, root, "");
		assert_true(e.at > 20);
		assert_false(raw_schema_field(e.schema, e.at, after));
		json_decref(root);
	}
}

/* --- what is written against what is read */

static char texts[TEXTS][16];

static struct span
any_text(void)
{
	char *t = texts[random() % TEXTS];

	return random() % 3 ? span_str(t) : SPAN_NONE;
}

static void
fill(struct generic_fact *f)
{
	generic_begin(f);
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++) {
		const struct generic_info *info = &generic_columns[c];
		void *block[] = { &f->record, &f->person, &f->event, &f->address };
		void *at = (uint8_t *)block[info->block] + info->offset;

		if (info->type == GENERIC_TEXT)
			*(struct span *)at = any_text();
		else if (info->type == GENERIC_NUMBER)
			*(int64_t *)at = random();
		else if (info->type == GENERIC_YES)
			*(bool *)at = random() % 2;
	}
	f->record.record_id = SPAN_LIT("id");
	f->event.kind = SPAN_LIT("kind");
	f->event.attributes.n = (uint32_t)random() % 5;
	for (uint32_t i = 0; i < f->event.attributes.n; i++) {
		static const enum av_type types[] = { AV_BOOLEAN, AV_LONG, AV_DOUBLE, AV_STRING };
		struct av_value *v = &f->attributes[i].value;

		f->attributes[i].name = SPAN_LIT("name");
		v->type = types[random() % 4];
		v->i = v->type == AV_BOOLEAN ? random() % 2 : random() * (random() % 2 ? 1 : 99);
		v->d = (double)random() / 7;
		v->s = SPAN_LIT("text");
	}
	f->person.addresses.n = (uint32_t)random() % 2;
	f->record.person = random() % 5 ? &f->person : NULL;
	f->record.event = random() % 5 ? &f->event : NULL;
}

/* Absent and empty are one where the agency's schema knows no null. */
static bool
same_text(const struct span *a, const struct span *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

static void
compare_block(enum raw_schema s, enum generic_block block, const void *sent, const void *read)
{
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++) {
		const struct generic_info *info = &generic_columns[c];
		const uint8_t *a = (const uint8_t *)sent + info->offset;
		const uint8_t *b = (const uint8_t *)read + info->offset;
		bool same = true;

		if (info->block != block || !raw_schema_carries(s, (enum generic_column)c))
			continue;
		if (info->type == GENERIC_TEXT)
			same = same_text((const void *)a, (const void *)b);
		else if (info->type == GENERIC_NUMBER)
			same = memcmp(a, b, sizeof(int64_t)) == 0;
		else if (info->type == GENERIC_YES)
			same = *(const bool *)a == *(const bool *)b;
		if (!same)
			fail_msg("%s: '%s' came back another", raw_schema_name(s), info->name);
	}
}

static void
compare_attributes(const struct raw_event *sent, const struct raw_event *read)
{
	const struct raw_attribute *a = sent->attributes.items, *b = read->attributes.items;

	assert_int_equal(sent->attributes.n, read->attributes.n);
	for (uint32_t i = 0; i < sent->attributes.n; i++) {
		assert_true(span_eq(a[i].name, b[i].name));
		if (a[i].value.type == AV_LONG && b[i].value.type == AV_DOUBLE) {
			assert_true((double)a[i].value.i == b[i].value.d);
			continue;
		}
		assert_int_equal(a[i].value.type, b[i].value.type);
		if (a[i].value.type == AV_DOUBLE)
			assert_true(a[i].value.d == b[i].value.d);
		else if (a[i].value.type == AV_STRING)
			assert_true(span_eq(a[i].value.s, b[i].value.s));
		else
			assert_int_equal(a[i].value.i, b[i].value.i);
	}
}

static void
compare_record(enum raw_schema s, const struct generic_fact *f, const struct raw_record *read)
{
	compare_block(s, GENERIC_BLOCK_record, &f->record, read);
	assert_int_equal(f->record.person != NULL, read->person != NULL);
	assert_int_equal(f->record.event != NULL, read->event != NULL);
	if (read->event) {
		compare_block(s, GENERIC_BLOCK_event, &f->event, read->event);
		compare_attributes(&f->event, read->event);
	}
	if (read->person) {
		compare_block(s, GENERIC_BLOCK_person, &f->person, read->person);
		assert_int_equal(f->person.addresses.n, read->person->addresses.n);
		if (read->person->addresses.n)
			compare_block(s, GENERIC_BLOCK_address, &f->address,
			    read->person->addresses.items);
	}
}

static void
test_round_trip(void **state)
{
	const char *seed_text = getenv("OUTTURN_SEED");
	unsigned seed = seed_text ? (unsigned)atoi(seed_text) : 5;
	static struct generic_fact fact;
	struct buf out = BUF_INIT;
	struct arena arena;

	(void)state;
	srandom(seed);
	arena_init(&arena, 0);
	for (int i = 0; i < TEXTS; i++)
		snprintf(texts[i], sizeof(texts[i]), "%s%d", i % 4 ? "x" : "é", i);
	for (int round = 0; round < ROUNDS; round++) {
		enum raw_schema s = (enum raw_schema)(random() % RAW_SCHEMA_COUNT);
		const struct av_schema *schema = av_catalogue_named(cat, names[s]);
		struct raw_record read;
		struct err err = ERR_INIT;

		assert_non_null(schema);
		fill(&fact);
		fact.record.restricted &= raw_schema_carries(s, GENERIC_RESTRICTED);
		fact.person.objection &= raw_schema_carries(s, GENERIC_OBJECTION);
		buf_reset(&out);
		arena_reset(&arena);
		av_single_head(av_schema_fingerprint(schema), &out);
		if (raw_write(s, &fact.record, &out, &err)
		    || av_read(cat, &raw_record_binding, buf_view(&out), &read, &arena, &err))
			fail_msg("seed %u round %d %s: %s", seed, round, raw_schema_name(s), err.text);
		compare_record(s, &fact, &read);
	}
	arena_release(&arena);
	buf_release(&out);
}

static void
test_no_place(void **state)
{
	static struct generic_fact fact;
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	fill(&fact);
	fact.record.restricted = true;
	assert_int_equal(raw_write(RAW_SCHEMA_NHS, &fact.record, &out, &err), -1);
	assert_string_equal(err.code, "no-place");
	fact.record.restricted = false;
	fact.person.objection = true;
	fact.record.person = &fact.person;
	assert_int_equal(raw_write(RAW_SCHEMA_COUNCIL, &fact.record, &out, &err), -1);
	assert_string_equal(err.field, "objection");
	fact.person.objection = false;
	fact.record.revision = (int64_t)INT32_MAX + 1;
	assert_int_equal(raw_write(RAW_SCHEMA_COUNCIL, &fact.record, &out, &err), -1);
	assert_string_equal(err.code, "too-large");
	assert_int_equal(raw_schema_of_role(SPAN_LIT("nhs")), RAW_SCHEMA_NHS);
	assert_int_equal(raw_schema_of_role(SPAN_LIT("court")), RAW_SCHEMA_RAW);
	assert_int_equal(raw_schema_of_role(SPAN_LIT("")), RAW_SCHEMA_RAW);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_place),
	};
	int failed;

	cat = av_catalogue_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	av_catalogue_free(cat);
	return failed;
}
