/*
 * The generator's word: whom it makes up is nobody, a seed is a history, and
 * ingestd refuses exactly the rows that it broke on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/raw_write.h"
#include "ingest/ingest.h"
#include "tests/code_files.h"
#include "tests/gen/gen.h"

enum { PEOPLE = 150 };
#define DAY_MS INT64_C(86400000)

static struct codes *codes;
static struct agencies *agencies;
static struct frequency frequency;
static struct keyring *ring;
static struct ingest *in;
static char *postcodes;

static char *
text_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = mem_zalloc(1, 1 << 16);

	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

static int
set_up(void **state)
{
	static const char *const files[] = { CODE_FILES(CODE_FILE_PATH) "agencies" };
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	struct yaml_report report = YAML_REPORT_INIT;
	const uint8_t master[KEY_MASTER_BYTES] = { 7 };
	const struct yaml *roots[FILES];
	struct yaml_doc *docs[FILES];
	struct err err;
	char path[128];

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "config/%s.yaml", files[i]);
		docs[i] = yaml_load(path, &report);
		assert_non_null(docs[i]);
		roots[i] = docs[i]->root;
	}
	codes = codes_parse(roots, FILES - 1, &report);
	agencies = agencies_parse(roots[FILES - 1], codes, &report);
	assert_non_null(agencies);
	for (size_t i = 0; i < FILES; i++)
		yaml_doc_free(docs[i]);
	assert_int_equal(frequency_parse(&frequency, SPAN_LIT("version\t1\nsurname\tsmith\t800\n"),
	    &err), 0);
	ring = keyring_new(master, 1);
	in = ingest_new(&(struct ingest_terms){ .agencies = agencies, .codes = codes,
	    .frequency = &frequency, .ring = ring, .tokens = TOKEN_SETTINGS_DEFAULT });
	postcodes = text_read("config/postcodes-sample.csv");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ingest_free(in);
	keyring_free(ring);
	frequency_release(&frequency);
	agencies_free(agencies);
	codes_free(codes);
	mem_free(postcodes);
	return 0;
}

/* --- one seed, one history */

static void
row_add(void *arg, const struct gen_row *row)
{
	struct buf *out = arg;
	char scratch[GEN_SCRATCH];

	buf_printf(out, "%d", (int)row->agency);
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++)
		buf_printf(out, ",%s", gen_cell(row, (enum generic_column)c, scratch));
	for (int a = 0; a < GEN_ATTRIBUTE_COUNT; a++)
		buf_printf(out, ",%s", row->attribute[a]);
	buf_byte(out, '\n');
}

static struct buf
history(uint64_t seed, uint32_t people)
{
	struct gen_options options = { .seed = seed, .people = people };
	struct gen_totals totals;
	struct buf out = BUF_INIT;

	gen_run(&options, row_add, &out, &totals);
	assert_int_equal(totals.people, people);
	return out;
}

static void
test_a_seed_gives_the_same_bytes_and_another_gives_others(void **state)
{
	struct buf a = history(5, PEOPLE), b = history(5, PEOPLE), c = history(6, PEOPLE);

	(void)state;
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.ptr, b.ptr, a.len);
	assert_false(a.len == c.len && memcmp(a.ptr, c.ptr, a.len) == 0);
	buf_release(&a);
	buf_release(&b);
	buf_release(&c);
}

static void
test_a_person_is_the_same_whatever_the_number_of_people(void **state)
{
	struct gen_person a, b;

	(void)state;
	gen_person_make(&a, 9, 41);
	gen_person_make(&b, 9, 41);
	assert_memory_equal(a.cards, b.cards, sizeof(a.cards));
	gen_person_make(&b, 9, 42);
	assert_memory_not_equal(a.cards, b.cards, sizeof(a.cards));
	gen_person_make(&b, 10, 41);
	assert_memory_not_equal(a.cards, b.cards, sizeof(a.cards));
}

/* --- nobody's data */

static void
nobody(void *arg, const struct gen_row *row)
{
	const struct gen_card *c = &row->card;
	uint32_t *rows = arg;
	char needle[16], nhs[NHS_DIGITS], nino[NINO_LETTERS], upn[UPN_LETTERS], uln[ULN_DIGITS];

	if (row->complete_through[0] || row->fault)
		return;
	++*rows;
	snprintf(needle, sizeof(needle), "\n%s,", c->postcode);
	assert_non_null(strstr(postcodes, needle));
	assert_true(!c->nhs_number[0] || (strncmp(c->nhs_number, "999", 3) == 0
	    && nhs_number_check(span_str(c->nhs_number), nhs) == VALID_OK));
	assert_true(!c->nino[0] || (strncmp(c->nino, "NC", 2) == 0
	    && nino_check(span_str(c->nino), nino) == VALID_OK));
	assert_true(!c->upn[0] || (strncmp(c->upn + 1, "999", 3) == 0
	    && upn_check(span_str(c->upn), upn) == VALID_OK));
	assert_true(!c->uln[0] || (strncmp(c->uln, "999", 3) == 0
	    && uln_check(span_str(c->uln), uln) == VALID_OK));
}

static void
test_numbers_and_places_are_valid_and_belong_to_nobody(void **state)
{
	struct gen_options options = { .seed = 2, .people = PEOPLE };
	struct gen_totals totals;
	uint32_t rows = 0;

	(void)state;
	gen_run(&options, nobody, &rows, &totals);
	assert_true(rows > PEOPLE * 10);
}

/* --- what ingestd says */

struct judged {
	uint64_t accepted, rejected, declared, offset;
};

/* A fact borrows names and values. */
static void
cell_set(struct generic_fact *fact, enum generic_column column, const char *name, const char *text,
    struct arena *arena)
{
	struct av_value v = { .type = AV_STRING, .s = span_str(arena_str(arena, span_str(text))) };
	struct span kept = span_str(arena_str(arena, span_str(name)));
	struct err err = ERR_INIT;

	if (generic_set(fact, column, kept, &v, arena, &err) != 0)
		fail_msg("column %s: %s", name, err.text);
}

static void
fact_fill(struct generic_fact *fact, const struct gen_row *row, struct arena *arena)
{
	struct err err = ERR_INIT;
	char scratch[GEN_SCRATCH];

	generic_begin(fact);
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++)
		if (gen_agency_has(row->agency, (enum generic_column)c))
			cell_set(fact, (enum generic_column)c, generic_columns[c].name,
			    gen_cell(row, (enum generic_column)c, scratch), arena);
	for (int a = 0; a < GEN_ATTRIBUTE_COUNT; a++) {
		char name[64];

		snprintf(name, sizeof(name), "attr.%s", gen_attribute_name[a]);
		cell_set(fact, GENERIC_ATTRIBUTE, name, row->attribute[a], arena);
	}
	if (generic_finish(fact, arena, &err) != 0)
		fail_msg("%s: %s", row->record_id, err.text);
}

static void
judge(void *arg, const struct gen_row *row)
{
	static struct generic_fact fact;
	struct judged *j = arg;
	struct arena read, made;
	struct ingest_result result;
	struct raw_input raw = { .at = { .epoch = 1, .time_ms = 20400 * DAY_MS } };
	struct buf bytes = BUF_INIT;
	struct err err = ERR_INIT;

	arena_init(&read, 0);
	arena_init(&made, 0);
	fact_fill(&fact, row, &read);
	if (raw_write(raw_schema_of_role(span_str(gen_agency_name[row->agency])), &fact.record,
	    &bytes, &err) != 0)
		fail_msg("%s: %s", row->record_id, err.text);
	raw.at.topic = span_str(gen_agency_topic[row->agency]);
	raw.at.offset = (int64_t)j->offset++;
	raw.at.key = fact.record.record_id;
	raw.value = buf_view(&bytes);
	raw.record = &fact.record;
	ingest_record(in, &raw, &result, &made);
	switch (result.evidence.what) {
	case EVIDENCE_VERSION:
		if (row->fault || (row->objection && !row->withdrawn))
			fail_msg("%s was accepted, for all its fault: %s", row->record_id,
			    row->fault ? row->fault : "objection");
		j->accepted++;
		break;
	case EVIDENCE_REJECT:
		if (!row->fault && !row->objection)
			fail_msg("%s was rejected: " SPAN_FMT ", field " SPAN_FMT, row->record_id,
			    SPAN_ARG(result.evidence.reason), SPAN_ARG(result.evidence.reason_field));
		j->rejected++;
		break;
	case EVIDENCE_COMPLETE:
		j->declared++;
		break;
	default:
		fail_msg("%s came out as nothing", row->record_id);
	}
	buf_release(&bytes);
	arena_release(&made);
	arena_release(&read);
}

static void
test_ingestd_refuses_exactly_what_was_broken(void **state)
{
	struct gen_options options = { .seed = 4, .people = PEOPLE };
	struct judged j = { 0 };
	struct gen_totals t;

	(void)state;
	gen_run(&options, judge, &j, &t);
	assert_int_equal(j.accepted + j.rejected + j.declared,
	    t.rows[GEN_COUNCIL] + t.rows[GEN_NHS] + t.rows[GEN_PROVIDER]);
	assert_int_equal(j.declared, GEN_AGENCIES);
	assert_true(j.rejected >= t.broken && t.broken > 10 && t.mended > 0);
	assert_true(t.late > 0 && t.twice > 0 && t.corrected > 0 && t.withdrawn > 0);
}

static void
test_clean_rows_have_one_version_each_and_no_fault(void **state)
{
	struct gen_options options = { .seed = 4, .people = PEOPLE, .clean = true };
	struct judged j = { 0 };
	struct gen_totals t;

	(void)state;
	gen_run(&options, judge, &j, &t);
	assert_int_equal(j.rejected, 0);
	assert_int_equal(t.late + t.twice + t.corrected + t.withdrawn + t.broken, 0);
}

/* --- order */

struct versions {
	struct strmap newest; /* record id -> newest revision that came, of providers */
	uint64_t again;
};

static void
versions_in_order(void *arg, const struct gen_row *row)
{
	struct versions *v = arg;
	uint64_t *revision;
	bool fresh;

	if (row->agency != GEN_PROVIDER || row->complete_through[0])
		return;
	revision = strmap_put(&v->newest, span_str(row->record_id), &fresh);
	v->again += !fresh && *revision < (uint64_t)row->revision;
	assert_true(*revision <= (uint64_t)row->revision);
	*revision = (uint64_t)row->revision;
}

static void
test_a_sender_without_revisions_sends_versions_in_order(void **state)
{
	struct gen_options options = { .seed = 8, .people = PEOPLE };
	struct versions v = { .again = 0 };
	struct gen_totals totals;

	(void)state;
	strmap_init(&v.newest, 1);
	gen_run(&options, versions_in_order, &v, &totals);
	assert_true(v.again > 10);
	strmap_release(&v.newest);
}

static void
test_the_number_of_events_ends_it(void **state)
{
	struct gen_options options = { .seed = 8, .people = GEN_PEOPLE_MAX, .events = 5000 };
	struct judged j = { 0 };
	struct gen_totals t;

	(void)state;
	gen_run(&options, judge, &j, &t);
	assert_in_range(t.rows[0] + t.rows[1] + t.rows[2], 5000, 5400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seed_gives_the_same_bytes_and_another_gives_others),
		cmocka_unit_test(test_a_person_is_the_same_whatever_the_number_of_people),
		cmocka_unit_test(test_numbers_and_places_are_valid_and_belong_to_nobody),
		cmocka_unit_test(test_ingestd_refuses_exactly_what_was_broken),
		cmocka_unit_test(test_clean_rows_have_one_version_each_and_no_fault),
		cmocka_unit_test(test_a_sender_without_revisions_sends_versions_in_order),
		cmocka_unit_test(test_the_number_of_events_ends_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
