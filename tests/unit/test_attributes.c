/* What evidence says of an event: only what its kind defines, judged; only what
 * the agency has a purpose for, derived; nothing of a place when restricted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/io/yaml.h"
#include "ingest/attributes.h"

static struct codes *codes;
static struct arena arena;
static struct err err;

static int
setup(void **state)
{
	static const char *const pages[] = {
		"list: sexes\ncodes: [{code: female, means: f, also: [F]}]\n",
		"list: ethnic-groups\ncodes: [{code: A, means: a}]\n",
		"list: evidence-types\ncodes: [{code: lease, means: l}]\n",
		"kinds:\n  stay:\n    shape: spell\n    says: stayed\n    attributes:\n"
		"      who: {type: code, list: sexes, required: yes, says: x}\n"
		"      hours: {type: number, min: 0, max: 168, says: x}\n"
		"      risk: {type: boolean, says: x}\n"
		"      seen: {type: date, says: x}\n"
		"      where: {type: code, list: ethnic-groups, place: yes, says: x}\n",
	};
	enum { PAGES = sizeof(pages) / sizeof(pages[0]) };
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *docs[PAGES];
	const struct yaml *roots[PAGES];

	(void)state;
	for (size_t i = 0; i < PAGES; i++) {
		docs[i] = yaml_parse("page", span_str(pages[i]), &report);
		roots[i] = docs[i]->root;
	}
	codes = codes_parse(roots, PAGES, &report);
	for (size_t i = 0; i < PAGES; i++)
		yaml_doc_free(docs[i]);
	arena_init(&arena, 0);
	return codes ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	codes_free(codes);
	arena_release(&arena);
	return 0;
}

#define TEXT(name, text) { SPAN_LIT(name), { .type = AV_STRING, .s = SPAN_LIT(text) } }
#define LONG(name, v) { SPAN_LIT(name), { .type = AV_LONG, .i = (v) } }
#define DOUBLE(name, v) { SPAN_LIT(name), { .type = AV_DOUBLE, .d = (v) } }

/* NULL when rejected. */
static const struct attribute *
build(const struct raw_attribute *sent, uint32_t n, enum kind_form form,
    const struct derive_from *from, uint32_t *out_n)
{
	static struct av_array out;
	struct kind_ref ref = { kind_named(codes, SPAN_LIT("stay")), form };

	arena_reset(&arena);
	if (attributes_build(&ref, &(struct av_array){ (void *)(uintptr_t)sent, n }, from, &out,
		&arena, &err))
		return NULL;
	*out_n = out.n;
	return out.items;
}

static struct derive_from
bare(const struct agency *agency, struct postcode *nowhere)
{
	*nowhere = (struct postcode){ .len = 0 };
	return (struct derive_from){ .agency = agency, .on = date_of(2024, 3, 1), .dob = DATE_NONE,
		.postcode = nowhere };
}

static const struct attribute *
named(const struct attribute *list, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (span_is(list[i].name, name))
			return &list[i];
	return NULL;
}

static void
test_what_is_sent_leaves_judged_and_in_order(void **state)
{
	const struct raw_attribute sent[] = { TEXT("who", " F "), TEXT("seen", "29/02/2024"),
		DOUBLE("hours", 37.5), { SPAN_LIT("risk"), { .type = AV_BOOLEAN, .i = 1 } } };
	struct agency agency = { .derive = 0 };
	struct postcode nowhere;
	struct derive_from from = bare(&agency, &nowhere);
	uint32_t n = 0;
	const struct attribute *a = build(sent, 4, KIND_ITSELF, &from, &n);

	(void)state;
	assert_non_null(a);
	assert_int_equal(n, 4);
	for (uint32_t i = 1; i < n; i++)
		assert_true(span_cmp(a[i - 1].name, a[i].name) < 0);
	assert_true(span_is(named(a, n, "who")->text, "female"));
	assert_true(span_is(named(a, n, "seen")->text, "2024-02-29"));
	assert_int_equal(named(a, n, "hours")->number.v, 37500000);
	assert_int_equal(named(a, n, "risk")->number.v, 1000000);
}

static void
rejected(const struct raw_attribute *sent, uint32_t n, const char *code)
{
	struct agency agency = { .derive = 0 };
	struct postcode nowhere;
	struct derive_from from = bare(&agency, &nowhere);
	uint32_t out_n;

	assert_null(build(sent, n, KIND_ITSELF, &from, &out_n));
	assert_int_equal(err.class, ERR_RECORD);
	if (code)
		assert_string_equal(err.code, code);
}

static void
test_what_is_not_defined_so_rejects_the_record(void **state)
{
	const struct raw_attribute who = TEXT("who", "F");
	const struct raw_attribute bad[] = { LONG("hours", 169), LONG("hours", -1),
		DOUBLE("hours", 1e300), TEXT("hours", "many"), TEXT("seen", "2023-02-29"),
		TEXT("seen", "soon"), TEXT("risk", "perhaps"), LONG("who", 1), TEXT("where", "B") };
	const struct raw_attribute both[] = { who, who }, odd[] = { who, TEXT("surname", "x") };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct raw_attribute sent[] = { who, bad[i] };

		rejected(span_eq(bad[i].name, who.name) ? &sent[1] : sent,
		    span_eq(bad[i].name, who.name) ? 1 : 2, NULL);
	}
	rejected(both, 2, "attribute-twice");
	rejected(odd, 2, "unknown-attribute");
	rejected(odd, 0, "attribute-missing");
}

static void
test_a_confirmation_needs_not_say_all_again(void **state)
{
	struct agency agency = { .derive = 0 };
	struct postcode nowhere;
	struct derive_from from = bare(&agency, &nowhere);
	uint32_t n = 9;

	(void)state;
	assert_non_null(build(NULL, 0, KIND_CONFIRMED, &from, &n));
	assert_int_equal(n, 0);
}

static void
test_a_place_is_withheld_when_restricted(void **state)
{
	const struct raw_attribute sent[] = { TEXT("who", "F"), TEXT("where", "A") };
	struct agency agency = { .derive = 0 };
	struct postcode nowhere;
	struct derive_from from = bare(&agency, &nowhere);
	uint32_t n = 0;
	const struct attribute *a = build(sent, 2, KIND_ITSELF, &from, &n);

	(void)state;
	assert_non_null(named(a, n, "where"));
	from.restricted = true;
	a = build(sent, 2, KIND_ITSELF, &from, &n);
	assert_non_null(a);
	assert_null(named(a, n, "where"));
	assert_non_null(named(a, n, "who"));
}

static void
test_only_what_has_a_purpose_is_derived(void **state)
{
	const struct raw_attribute who = TEXT("who", "F");
	struct agency agency = { .derive = 0 };
	struct postcode nowhere;
	struct derive_from from = bare(&agency, &nowhere);
	const struct attribute *a;
	uint32_t n = 0;

	(void)state;
	from.dob = date_of(2004, 2, 29);
	from.sex = SPAN_LIT("female");
	a = build(&who, 1, KIND_ITSELF, &from, &n);
	assert_int_equal(n, 1);
	agency.derive = 1U << DERIVED_AGE | 1U << DERIVED_ADULT_ON | 1U << DERIVED_SEX;
	a = build(&who, 1, KIND_ITSELF, &from, &n);
	assert_int_equal(n, 4);
	assert_int_equal(named(a, n, "age")->number.v, 20 * INT64_C(1000000)); /* on 1 March */
	assert_true(span_is(named(a, n, "adult-on")->text, "2022-03-01"));
	assert_true(span_is(named(a, n, "sex")->text, "female"));
	from.on--; /* 29 February 2024: the birthday itself, there is one */
	a = build(&who, 1, KIND_ITSELF, &from, &n);
	assert_int_equal(named(a, n, "age")->number.v, 20 * INT64_C(1000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent_leaves_judged_and_in_order),
		cmocka_unit_test(test_what_is_not_defined_so_rejects_the_record),
		cmocka_unit_test(test_a_confirmation_needs_not_say_all_again),
		cmocka_unit_test(test_a_place_is_withheld_when_restricted),
		cmocka_unit_test(test_only_what_has_a_purpose_is_derived),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
