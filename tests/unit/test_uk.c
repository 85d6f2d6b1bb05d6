/*
 * The generator of people to be linked: a seed is a population, what families do
 * to a linker is in it, its numbers are of ranges that nobody is given, and a
 * mistake in the population's file names its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/text.h"
#include "ingest/validate.h"
#include "tests/gen/gen.h"
#include "tests/gen/uk.h"

enum { RECORDS = 20000, POPULATION_BYTES_MAX = 1 << 18 };

static struct population population;
static char *text;

static int
setup(void **state)
{
	FILE *f = fopen("tests/gen/uk.population", "rb");
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	assert_non_null(f);
	text = mem_zalloc(1, POPULATION_BYTES_MAX);
	n = fread(text, 1, POPULATION_BYTES_MAX - 1, f);
	fclose(f);
	if (population_parse(&population, span_of(text, n), &err))
		fail_msg("%s", err.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	population_release(&population);
	mem_free(text);
	return 0;
}

struct seen {
	uint64_t hash, records, nhs, nhs_wrong, with_dob, hostel, sources;
	uint64_t accents;
};

static bool
text_ok(const char *s)
{
	return text_is_utf8(span_str(s));
}

static void
look(void *arg, const struct uk_record *r)
{
	struct seen *seen = arg;
	struct postcode postcode;
	char nhs[NHS_DIGITS];

	seen->records++;
	seen->hash = hash64(&(uint64_t[]){ seen->hash, hash64(r->forename, strlen(r->forename), 1),
	    hash64(r->surname, strlen(r->surname), 2), hash64(r->dob, strlen(r->dob), 3),
	    hash64(r->line1, strlen(r->line1), 4), r->person }, 6 * sizeof(uint64_t), 0);
	assert_true(text_ok(r->forename) && text_ok(r->surname) && text_ok(r->line1));
	assert_true(r->forename[0] && r->surname[0]);
	seen->accents += !text_is_ascii(span_str(r->surname));
	seen->with_dob += r->dob[0] != 0;
	seen->hostel += strstr(r->line1, "Hostel") != NULL;
	if (r->nhs_number[0]) {
		enum valid valid = nhs_number_check(span_str(r->nhs_number), nhs);

		seen->nhs++;
		seen->nhs_wrong += valid != VALID_OK;
		assert_memory_equal(r->nhs_number, "999", 3);
	}
	if (r->nino[0])
		assert_memory_equal(r->nino, "NC", 2);
	if (r->postcode[0] && postcode_check(span_str(r->postcode), &postcode) == VALID_OK)
		assert_true(postcode.len >= 4);
}

static void
a_seed_is_a_population(void **state)
{
	struct seen one = { 0 }, again = { 0 }, other = { 0 };
	struct uk_totals t;

	(void)state;
	assert_int_equal(uk_run(&population, 1, 3000, look, &one, &t), 0);
	assert_int_equal(uk_run(&population, 1, 3000, look, &again, &t), 0);
	assert_int_equal(uk_run(&population, 2, 3000, look, &other, &t), 0);
	assert_int_equal(one.records, 3000);
	assert_true(one.hash == again.hash);
	assert_true(one.hash != other.hash);
	assert_int_equal(uk_run(&population, 1, 0, look, &one, &t), -1);
}

/* Whichever compiler: one that evaluates operands in another order once gave other people. */
static void
a_seed_gives_the_same_bytes_everywhere(void **state)
{
	static const char small[] = "population small 1\n"
		"figure singles 1\nfigure couples 1\nfigure families 3\nfigure big 1\nfigure shared 1\n"
		"figure married 500\nfigure moves 200\nfigure leaves 500\nfigure twins 100\n"
		"figure hostel 100\nfigure hostels 100\nfigure mixed 300\n"
		"street Example\ntown Exampleton\n"
		"origin a 2\n surname 1 Example\n rare-surname 3\n head Qu Thr\n middle e o\n tail ll mb\n"
		" male 1 Bill Will\n female 1 Beth\n rare-forename 2\n syllable ka lo mi\n spelling e i\n"
		"origin b 1\n surname 1 Sampleski\n male 1 Jan\n female 1 Ewa\n feminine ski ska\n"
		" rate second-forename 500\n rate spelt 300\n"
		"agency x\n rate share 900\n rate again 500\n rate stale 300\n rate nickname 300\n"
		" rate slip-surname 300\n rate slip-address 300\n rate slip-postcode 300\n"
		" rate slip-dob 300\n rate nhs 900\n rate nhs-mistyped 200\n rate most-age 110\n";
	struct err err = ERR_INIT;
	struct seen seen = { 0 };
	struct population p;
	struct uk_totals t;

	(void)state;
	assert_int_equal(population_parse(&p, span_str(small), &err), 0);
	assert_int_equal(uk_run(&p, 1, 2000, look, &seen, &t), 0);
	assert_true(seen.hash == UINT64_C(0x719e65a3b8e0110));
	population_release(&p);
}

static void
what_families_do_to_a_linker_is_in_it(void **state)
{
	struct seen seen = { 0 };
	struct uk_totals t;

	(void)state;
	assert_int_equal(uk_run(&population, 7, RECORDS, look, &seen, &t), 0);
	assert_true(t.twins > 10 && t.namesakes > 10 && t.married > 100);
	assert_true(t.nhs_of_other > 10 && seen.hostel > 20 && seen.accents > 50);
	assert_true(seen.nhs_wrong > 10);
	/* about nine of ten have a number: the bar of matching is stated for that */
	assert_in_range(seen.nhs * 1000 / seen.records, 870, 950);
	assert_in_range(seen.with_dob * 1000 / seen.records, 970, 998);
	assert_true(t.people < seen.records);
}

/* A postcode that a slip of the pen changed may be anybody's; the many are of no area. */
static void
count_area(void *arg, const struct uk_record *r)
{
	uint32_t *count = arg;

	count[0] += r->postcode[0] != 0;
	count[1] += r->postcode[0] != 0 && strchr("QVX", r->postcode[0]) != NULL;
}

static void
its_places_do_not_exist(void **state)
{
	uint32_t count[2] = { 0 };
	struct uk_totals t;

	(void)state;
	assert_int_equal(uk_run(&population, 3, RECORDS, count_area, count, &t), 0);
	assert_true(count[0] > 1000 && count[1] * 100 > count[0] * 98);
}

static void
a_mistake_names_its_line(void **state)
{
	static const char *const files[][2] = {
		{ "origin a 1\n", "line 1: the first line is not 'population'" },
		{ "population x 1\nfigure marsians 3\n", "line 2: no such figure" },
		{ "population x 1\n\norigin a 1\n  surname Example\n", "line 4: expected a weight, a name" },
		{ "population x 1\norigin a 1\n  wrong 1\n", "line 3: no such line of an origin" },
		{ "population x 1\n", "origins, agencies, streets and towns are wanted" },
		{ "population x 1\norigin a 1\nagency b\nstreet c\ntown d\n", "origin 'a' wants" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err err = ERR_INIT;
		struct population p;

		assert_int_equal(population_parse(&p, span_str(files[i][0]), &err), -1);
		if (!strstr(err.text, files[i][1]))
			fail_msg("%s", err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_is_a_population),
		cmocka_unit_test(a_seed_gives_the_same_bytes_everywhere),
		cmocka_unit_test(what_families_do_to_a_linker_is_in_it),
		cmocka_unit_test(its_places_do_not_exist),
		cmocka_unit_test(a_mistake_names_its_line),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
