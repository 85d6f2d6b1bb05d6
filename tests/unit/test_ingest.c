/* One evidence record for every raw record, whatever it is: each mistake has
 * its reason, nothing clear of the person gets out, the same input gives the
 * same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/io/yaml.h"
#include "ingest/ingest.h"
#include "tests/code_files.h"

enum { DAY_MS = 86400000 };
#define TOPIC SPAN_LIT("raw.council-a")

static struct av_catalogue *cat;
static struct codes *codes;
static struct agencies *agencies;
static struct frequency frequency;
static struct keyring *ring;
static struct ingest_terms terms;
static struct ingest *in;
static struct arena decoded, made;
static struct buf bytes, evidence;
static struct id erased;
static bool any_erased;

static bool
is_erased(const struct id *id, const void *arg)
{
	(void)arg;
	return any_erased && id_eq(id, &erased);
}

/* --- the terms as they are shipped */

static struct yaml_doc *
load(const char *path, struct yaml_report *report)
{
	struct yaml_doc *doc = yaml_load(path, report);
	struct buf text = BUF_INIT;

	if (report->n) {
		yaml_report_text(report, &text);
		fail_msg("%s", buf_cstr(&text));
	}
	return doc;
}

static int
setup(void **state)
{
	static const char *const files[] = { CODE_FILES(CODE_FILE) };
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *docs[FILES + 1];
	const struct yaml *roots[FILES];
	uint8_t master[KEY_MASTER_BYTES] = { 1, 2, 3 };
	struct err err;
	char path[128];

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "config/codes/%s.yaml", files[i]);
		docs[i] = load(path, &report);
		roots[i] = docs[i]->root;
	}
	codes = codes_parse(roots, FILES, &report);
	docs[FILES] = load("config/agencies.yaml", &report);
	agencies = codes ? agencies_parse(docs[FILES]->root, codes, &report) : NULL;
	if (!agencies)
		return -1;
	for (size_t i = 0; i <= FILES; i++)
		yaml_doc_free(docs[i]);
	if (frequency_parse(&frequency, SPAN_LIT("version\t1\nsurname\tsmith\t800\n"), &err))
		return -1;
	ring = keyring_new(master, 1);
	terms = (struct ingest_terms){ .agencies = agencies, .codes = codes,
		.frequency = &frequency, .ring = ring, .tokens = TOKEN_SETTINGS_DEFAULT,
		.is_suppressed = is_erased };
	in = ingest_new(&terms);
	cat = av_catalogue_new();
	arena_init(&decoded, 4 << 20);
	arena_init(&made, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ingest_free(in);
	keyring_free(ring);
	frequency_release(&frequency);
	agencies_free(agencies);
	codes_free(codes);
	av_catalogue_free(cat);
	arena_release(&decoded);
	arena_release(&made);
	buf_release(&bytes);
	buf_release(&evidence);
	return 0;
}

/* --- one record through it */

struct made_up {
	struct raw_address address;
	struct raw_person person;
	struct raw_attribute attribute;
	struct raw_event event;
	struct raw_record record;
	struct raw_position at;
};

/* A good one: everything else is this with one thing wrong. */
static void
good(struct made_up *m)
{
	memset(m, 0, sizeof(*m));
	m->address = (struct raw_address){ .line1 = SPAN_LIT("1 Zzyzx Road"),
		.postcode = SPAN_LIT("ZQ9 9ZZ"), .uprn = SPAN_LIT("100099999999") };
	m->person = (struct raw_person){ .forename = SPAN_LIT("Quixotina"),
		.surname = SPAN_LIT("Zzyzxworth"), .dob = SPAN_LIT("2001-03-07"),
		.sex = SPAN_LIT("F"), .nhs_number = SPAN_LIT("9434765919"),
		.local_id = SPAN_LIT("LOC-424242"), .addresses = { &m->address, 1 } };
	m->attribute = (struct raw_attribute){ SPAN_LIT("setting"),
		{ .type = AV_STRING, .s = SPAN_LIT("own-tenancy") } };
	m->event = (struct raw_event){ .kind = SPAN_LIT("accommodation"),
		.start = SPAN_LIT("2024-02-29"), .episode = SPAN_LIT("ten-1"),
		.attributes = { &m->attribute, 1 } };
	m->record = (struct raw_record){ .record_id = SPAN_LIT("rec-1"), .revision = 1,
		.person = &m->person, .event = &m->event };
	m->at = (struct raw_position){ .topic = TOPIC, .epoch = 1, .offset = 7,
		.time_ms = INT64_C(19900) * DAY_MS, .key = SPAN_LIT("rec-1") }; /* 2024-06-26 */
}

static struct ingest_result
judge_bytes_of(struct ingest *with, const struct raw_position *at, struct span value)
{
	struct raw_record record;
	struct err why = ERR_INIT;
	struct raw_input raw = { .at = *at, .value = value };
	struct ingest_result out;

	arena_reset(&decoded);
	arena_reset(&made);
	if (value.ptr && value.len <= RAW_BYTES_MAX) {
		if (av_read(cat, &raw_record_binding, value, &record, &decoded, &why) == 0)
			raw.record = &record;
		else
			raw.decode_err = &why;
	}
	ingest_record(with, &raw, &out, &made);
	buf_reset(&evidence);
	av_write(cat, &evidence_binding, &out.evidence, &evidence);
	return out;
}

static struct ingest_result
judge(const struct made_up *m)
{
	buf_reset(&bytes);
	av_write(cat, &raw_record_binding, &m->record, &bytes);
	return judge_bytes_of(in, &m->at, buf_view(&bytes));
}

static void
rejected_for(const struct ingest_result *r, const char *reason)
{
	assert_int_equal(r->evidence.what, EVIDENCE_REJECT);
	if (!span_is(r->evidence.reason, reason))
		fail_msg("rejected as " SPAN_FMT ", expected %s", SPAN_ARG(r->evidence.reason),
		    reason);
	assert_true(r->sentence.len > 0);
	assert_int_equal(r->evidence.tokens.n, 0);
	assert_int_equal(r->evidence.attributes.n, 0);
}

static void
rejects(const struct made_up *m, const char *reason)
{
	struct ingest_result r = judge(m);

	rejected_for(&r, reason);
}

static void
test_the_recipe_is_another_with_each_thing_that_changes_the_answers(void **state)
{
	static const uint8_t later[KEY_MASTER_BYTES] = { 9 };
	struct keyring *next = keyring_new(later, 2);
	struct frequency newer = frequency;
	struct ingest_terms other[5] = { terms, terms, terms, terms, terms };
	int64_t recipe[5];

	(void)state;
	newer.version++;
	other[0].next = next;
	other[1].ring = next;
	other[2].tokens.profile = TOKENS_CORE;
	other[3].tokens.clk = CLK_RECORD;
	other[4].frequency = &newer;
	for (int i = 0; i < 5; i++) {
		recipe[i] = ingest_recipe(&other[i]);
		assert_true(recipe[i] != ingest_recipe(&terms));
		for (int k = 0; k < i; k++)
			assert_true(recipe[i] != recipe[k]);
	}
	assert_true(ingest_recipe(&terms) == ingest_recipe(&terms));
	keyring_free(next);
}

static void
test_who_has_one_record_a_person_must_say_which(void **state)
{
	struct agency *agency = &agencies->items[0];
	struct made_up m;
	struct ingest_result r;

	(void)state;
	good(&m);
	assert_true(span_eq(agency->topic, m.at.topic));
	m.person.local_id = SPAN_LIT(" ");
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	agency->one_record_a_person = true;
	rejects(&m, "local-id-missing");
	m.person.local_id = SPAN_LIT("L-1");
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	agency->one_record_a_person = false;
}

static void
test_with_two_epochs_live_both_stand_in_the_record(void **state)
{
	static const uint8_t later[KEY_MASTER_BYTES] = { 9 };
	struct keyring *next = keyring_new(later, 2);
	struct ingest_terms both = terms;
	struct made_up m;
	struct ingest *with;
	struct evidence read;
	struct err err = ERR_INIT;

	(void)state;
	both.next = next;
	both.tokens.clk = CLK_RECORD;
	with = ingest_new(&both);
	good(&m);
	buf_reset(&bytes);
	av_write(cat, &raw_record_binding, &m.record, &bytes);
	judge_bytes_of(with, &m.at, buf_view(&bytes));
	assert_int_equal(av_read(cat, &evidence_binding, buf_view(&evidence), &read, &decoded, &err), 0);
	assert_int_equal(read.key_epoch, 1);
	assert_non_null(read.next);
	assert_int_equal(read.next->key_epoch, 2);
	assert_int_equal(read.next->tokens.n, read.tokens.n);
	assert_int_equal(read.next->clk.len, CLK_RECORD_BYTES);
	assert_false(id_eq(&read.next->signature, &read.signature));
	evidence_at_epoch(&read, 2);
	assert_int_equal(read.key_epoch, 2);
	assert_null(read.next);
	ingest_free(with);
	keyring_free(next);
}

static void
test_a_good_record_becomes_a_version(void **state)
{
	struct made_up m;
	struct ingest_result r;

	(void)state;
	good(&m);
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	assert_true(span_is(r.evidence.kind, "accommodation"));
	assert_int_equal(r.evidence.start, date_of(2024, 2, 29));
	assert_true(span_is(r.evidence.role, "council"));
	assert_true(r.evidence.tokens.n >= 9);
	assert_int_equal(r.evidence.attributes.n, 3); /* age, age-band, setting */
}

static void
test_bytes_that_are_no_record_are_rejected(void **state)
{
	struct made_up m;
	struct ingest_result r;
	uint8_t head[AV_SINGLE_HEAD + 64];

	(void)state;
	good(&m);
	r = judge_bytes_of(in, &m.at, SPAN_LIT("no Avro at all"));
	rejected_for(&r, "avro-framing");
	r = judge_bytes_of(in, &m.at, SPAN_LIT("\xc3\x01" "12345678body"));
	rejected_for(&r, "avro-unknown-schema");
	r = judge_bytes_of(in, &m.at, SPAN_LIT("\x00\x00\x00\x99\x99rest"));
	rejected_for(&r, "avro-unknown-schema");
	judge(&m);
	memcpy(head, bytes.ptr, AV_SINGLE_HEAD); /* lengths and counts without end */
	memset(head + AV_SINGLE_HEAD, 0xff, sizeof(head) - AV_SINGLE_HEAD);
	r = judge_bytes_of(in, &m.at, span_of(head, sizeof(head)));
	assert_int_equal(r.evidence.what, EVIDENCE_REJECT);
	r = judge_bytes_of(in, &m.at, span_of(head, 0));
	assert_int_equal(r.evidence.what, EVIDENCE_REJECT);
}

static void
test_every_truncation_and_every_excess_is_rejected(void **state)
{
	struct made_up m;
	struct ingest_result r;
	struct buf whole = BUF_INIT;

	(void)state;
	good(&m);
	judge(&m);
	buf_span(&whole, buf_view(&bytes));
	for (size_t n = 0; n < whole.len; n++) {
		r = judge_bytes_of(in, &m.at, span_of(whole.ptr, n));
		assert_int_equal(r.evidence.what, EVIDENCE_REJECT);
		assert_true(span_starts(r.evidence.reason, "avro-"));
	}
	buf_byte(&whole, 0);
	r = judge_bytes_of(in, &m.at, buf_view(&whole));
	assert_int_equal(r.evidence.what, EVIDENCE_REJECT);
	buf_release(&whole);
}

static void
test_a_huge_record_is_rejected_without_decoding(void **state)
{
	struct made_up m;
	struct ingest_result r;
	struct rejected rej;
	size_t len = 10 * 1024 * 1024;
	uint8_t *huge = calloc(1, len);

	(void)state;
	good(&m);
	r = judge_bytes_of(in, &m.at, span_of(huge, len));
	rejected_for(&r, "too-large");
	ingest_rejected(&r, span_of(huge, len), &rej);
	assert_int_equal(rej.raw_bytes, len);
	assert_null(rej.sealed.ptr);
	free(huge);
}

/* One field is wrong, and the reason says which way. */
static void
test_each_mistake_has_its_reason(void **state)
{
	struct made_up m;

	(void)state;
#define WRONG(reason, change)                                                                      \
	do {                                                                                       \
		good(&m);                                                                          \
		change;                                                                            \
		rejects(&m, reason);                                                               \
	} while (0)
	WRONG("unknown-topic", m.at.topic = SPAN_LIT("raw.nobody"));
	WRONG("key-mismatch", m.at.key = SPAN_LIT("rec-2"));
	WRONG("record-id-missing", m.record.record_id = SPAN_LIT(" "));
	WRONG("revision-negative", m.record.revision = -1);
	WRONG("agreement-lapsed", m.at.time_ms = INT64_C(24473) * DAY_MS); /* 2037-01-02 */
	WRONG("agreement-not-started", m.at.time_ms = INT64_C(10000) * DAY_MS);
	WRONG("person-missing", m.record.person = NULL);
	WRONG("event-missing", m.record.event = NULL);
	WRONG("objection", m.person.objection = true);
	WRONG("date-missing", m.event.start = SPAN_LIT(""));
	WRONG("date-impossible", m.event.start = SPAN_LIT("2023-02-29"));
	WRONG("date-impossible", m.event.start = SPAN_LIT("2024-02-30"));
	WRONG("date-unreadable", m.event.start = SPAN_LIT("last week"));
	WRONG("date-in-future", m.event.start = SPAN_LIT("2024-06-29"));
	WRONG("date-implausible", m.event.start = SPAN_LIT("1799-01-01"));
	WRONG("end-before-start", m.event.end = SPAN_LIT("2024-02-28"));
	WRONG("date-in-future", m.event.end = SPAN_LIT("2025-02-28"));
	WRONG("unknown-code", m.event.kind = SPAN_LIT("levitation"));
	WRONG("kind-not-allowed", m.event.kind = SPAN_LIT("employment"));
	WRONG("unknown-code", m.event.evidence_type = SPAN_LIT("hearsay-of-hearsay"));
	WRONG("unknown-code", m.person.sex = SPAN_LIT("77"));
	WRONG("unknown-code", m.attribute.value.s = SPAN_LIT("cloud-castle"));
	WRONG("date-in-future", m.person.dob = SPAN_LIT("2031-01-01"));
	WRONG("born-after-event", m.person.dob = SPAN_LIT("2024-03-01"));
	WRONG("dob-implausible", m.person.dob = SPAN_LIT("1850-01-01"));
	WRONG("ambiguous-record", m.record.complete_through = SPAN_LIT("2024-01-01"));
#undef WRONG
	good(&m);
	m.person.nhs_number = SPAN_LIT("9434765918"); /* its check digit is 9 */
	assert_int_equal(judge(&m).evidence.what, EVIDENCE_REJECT);
	good(&m);
	m.person.dob = SPAN_LIT("2001-02-29");
	assert_int_equal(judge(&m).evidence.what, EVIDENCE_REJECT);
	good(&m);
	m.record.event->attributes.n = 0; /* the setting is required */
	assert_int_equal(judge(&m).evidence.what, EVIDENCE_REJECT);
}

static bool
has_token(const struct evidence *e, int32_t field)
{
	const struct token *t = e->tokens.items;

	for (uint32_t i = 0; i < e->tokens.n; i++)
		if (t[i].field == field)
			return true;
	return false;
}

static void
test_what_is_odd_but_right_is_accepted(void **state)
{
	static const char *const defaults[] = { "1900-01-01", "1901-01-01", "1899-12-30",
		"9999-12-31", "" };
	struct made_up m;
	struct ingest_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		good(&m); /* a form's "not known": as if absent */
		m.person.dob = span_str(defaults[i]);
		r = judge(&m);
		assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
		assert_false(has_token(&r.evidence, TOKEN_DOB));
	}
	good(&m);
	m.person.dob = SPAN_LIT("2000-02-29");
	assert_int_equal(judge(&m).evidence.what, EVIDENCE_VERSION);
	good(&m); /* the day's lapse is the day after */
	m.at.time_ms = (INT64_C(24472) + 1) * DAY_MS - 1; /* 2036-12-31, last millisecond */
	m.at.time_ms -= DAY_MS;
	assert_int_equal(judge(&m).evidence.what, EVIDENCE_VERSION);
}

static void
test_a_restricted_record_tells_no_place(void **state)
{
	static const int32_t places[] = { TOKEN_POSTCODE, TOKEN_POSTCODE_OTHER, TOKEN_SECTOR,
		TOKEN_UPRN, TOKEN_UPRN_OTHER };
	struct made_up m;
	struct ingest_result r;

	(void)state;
	good(&m);
	r = judge(&m);
	assert_true(has_token(&r.evidence, TOKEN_POSTCODE) && has_token(&r.evidence, TOKEN_UPRN));
	m.record.restricted = true;
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	assert_true(r.evidence.restricted);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_false(has_token(&r.evidence, places[i]));
}

static void
test_withdrawals_and_completeness_are_facts_of_their_own(void **state)
{
	struct made_up m;
	struct ingest_result r;

	(void)state;
	good(&m);
	r = judge_bytes_of(in, &m.at, SPAN_NONE);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	assert_true(r.evidence.withdrawn && r.evidence.tombstone);
	m.at.key = SPAN_NONE;
	r = judge_bytes_of(in, &m.at, SPAN_NONE);
	rejected_for(&r, "record-id-missing");
	good(&m); /* a lapsed agency can still take back */
	m.record.withdrawn = true;
	m.at.time_ms = INT64_C(25000) * DAY_MS;
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_VERSION);
	assert_true(r.evidence.withdrawn && !r.evidence.tombstone);
	good(&m);
	m.record = (struct raw_record){ .record_id = SPAN_LIT("complete-1"),
		.complete_through = SPAN_LIT("2024-06-01") };
	r = judge(&m);
	assert_int_equal(r.evidence.what, EVIDENCE_COMPLETE);
	assert_int_equal(r.evidence.complete_through, date_of(2024, 6, 1));
	m.record.complete_through = SPAN_LIT("2024-07-01");
	rejects(&m, "date-in-future");
}

static void
test_erasure_goes_before_everything(void **state)
{
	static const uint8_t zero[SHA256_BYTES];
	struct made_up m;
	struct ingest_result r[5];

	(void)state;
	good(&m);
	erased = event_id_of(ring, SPAN_LIT("E08000099"), SPAN_LIT("rec-1"));
	any_erased = true;
	r[0] = judge(&m);
	r[1] = judge_bytes_of(in, &m.at, SPAN_LIT("rubbish"));
	r[2] = judge_bytes_of(in, &m.at, SPAN_NONE);
	m.at.time_ms = INT64_C(25000) * DAY_MS;
	r[3] = judge(&m);
	m.at.key = SPAN_LIT("another"); /* said inside only */
	r[4] = judge(&m);
	any_erased = false;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(r[i].evidence.what, EVIDENCE_SUPPRESSED);
		assert_true(id_eq(&r[i].evidence.event_id, &erased));
		assert_memory_equal(r[i].evidence.raw_sha256, zero, sizeof(zero));
		assert_int_equal(r[i].evidence.tokens.n + r[i].evidence.attributes.n, 0);
		assert_null(r[i].evidence.kind.ptr);
	}
}

/* --- properties */

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((seed >> 33) % below);
}

static uint64_t
number_of(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static struct span
word(struct arena *a, const char *alphabet, uint32_t least, uint32_t most)
{
	uint32_t n = least + draw(most - least + 1);
	uint8_t *out = arena_alloc(a, n);

	for (uint32_t i = 0; i < n; i++)
		out[i] = (uint8_t)alphabet[draw((uint32_t)strlen(alphabet))];
	return span_of(out, n);
}

#define LETTERS "QXZJVKW"
#define DIGITS "0123456789"

/* Values long and odd enough not to stand anywhere by chance. */
static void
random_person(struct made_up *m, struct arena *a)
{
	good(m);
	m->person.forename = word(a, LETTERS, 6, 14);
	m->person.surname = word(a, LETTERS, 6, 14);
	m->person.middle_names = word(a, LETTERS, 6, 14);
	m->person.previous_surname = word(a, LETTERS, 6, 14);
	m->person.local_id = word(a, LETTERS DIGITS, 8, 20);
	m->address.line1 = word(a, LETTERS, 8, 20);
	m->address.town = word(a, LETTERS, 8, 20);
	m->address.uprn = word(a, "123456789", 11, 12);
	if (draw(2))
		m->person.nhs_number = word(a, DIGITS, 10, 10);
	if (draw(4) == 0)
		m->person.nino = word(a, LETTERS DIGITS, 9, 9);
	if (draw(4) == 0)
		m->person.upn = word(a, LETTERS DIGITS, 13, 13);
	if (draw(4) == 0)
		m->person.uln = word(a, DIGITS, 10, 10);
	if (draw(4) == 0)
		m->person.dob = word(a, DIGITS "-/", 8, 10);
	if (draw(6) == 0)
		m->person.sex = word(a, LETTERS, 5, 9);
	if (draw(6) == 0)
		m->person.ethnic_group = word(a, LETTERS, 5, 9);
	if (draw(6) == 0)
		m->person.died_on = word(a, DIGITS "-", 8, 10);
	if (draw(6) == 0)
		m->address.from = word(a, DIGITS "-", 8, 10);
	if (draw(6) == 0)
		m->event.kind = word(a, LETTERS, 5, 20);
	if (draw(6) == 0)
		m->event.start = word(a, DIGITS "-", 8, 10);
	if (draw(8) == 0)
		m->attribute.value.s = word(a, LETTERS, 5, 20);
	if (draw(8) == 0)
		m->attribute.name = word(a, LETTERS, 5, 20);
	if (draw(8) == 0)
		m->event.evidence_type = word(a, LETTERS, 5, 20);
	m->record.restricted = draw(8) == 0;
	m->person.objection = draw(16) == 0;
	m->event.episode = word(a, LETTERS, 8, 20);
}

static bool
shows(struct span text, struct span clear)
{
	return clear.len >= 6 && text.len >= clear.len
	    && memmem(text.ptr, text.len, clear.ptr, clear.len) != NULL;
}

static void
shows_none(const struct made_up *m, struct span text, uint64_t from)
{
	const struct raw_person *p = &m->person;
	const struct raw_address *a = &m->address;
	const struct span clear[] = { p->forename, p->surname, p->middle_names,
		p->previous_surname, p->dob, p->died_on, p->sex, p->ethnic_group, p->nhs_number,
		p->nino, p->upn, p->uln, p->local_id, a->line1, a->town, a->postcode, a->uprn,
		a->from, m->event.episode };

	for (size_t i = 0; i < sizeof(clear) / sizeof(clear[0]); i++)
		if (shows(text, clear[i]))
			fail_msg("clear value %zu of the person shows, SEED=%" PRIu64, i, from);
}

static void
test_nothing_clear_of_a_person_shows_and_the_same_input_gives_the_same_bytes(void **state)
{
	uint64_t from = number_of("SEED", 20250401), runs = number_of("RUNS", 20000);
	struct ingest_terms bare = terms;
	struct ingest *other;
	struct buf first = BUF_INIT;
	struct arena a;
	uint64_t n_versions = 0;

	(void)state;
	seed = from;
	arena_init(&a, 0);
	bare.tokens.memo_people = bare.tokens.memo_values = 0;
	other = ingest_new(&bare);
	for (uint64_t i = 0; i < runs; i++) {
		struct ingest_result r;
		struct made_up m;

		arena_reset(&a);
		random_person(&m, &a);
		r = judge(&m);
		n_versions += r.evidence.what == EVIDENCE_VERSION;
		shows_none(&m, buf_view(&evidence), from);
		if (r.sentence.ptr)
			shows_none(&m, r.sentence, from);
		buf_reset(&first);
		buf_span(&first, buf_view(&evidence));
		judge_bytes_of(i % 2 ? in : other, &m.at, buf_view(&bytes)); /* with no memory too */
		if (!span_eq(buf_view(&first), buf_view(&evidence)))
			fail_msg("the same record gave other bytes, SEED=%" PRIu64, from);
	}
	if (runs >= 1000) /* both ways are gone, or the test says nothing */
		assert_true(n_versions > runs / 50 && n_versions < runs - runs / 50);
	ingest_free(other);
	buf_release(&first);
	arena_release(&a);
}

static void
test_random_and_mutated_bytes_always_get_one_answer(void **state)
{
	uint64_t from = number_of("SEED", 7), runs = number_of("RUNS", 20000);
	struct buf whole = BUF_INIT, bent = BUF_INIT;
	struct made_up m;

	(void)state;
	seed = from;
	good(&m);
	judge(&m);
	buf_span(&whole, buf_view(&bytes));
	for (uint64_t i = 0; i < runs; i++) {
		struct ingest_result r;

		buf_reset(&bent);
		buf_span(&bent, buf_view(&whole));
		for (uint32_t k = 1 + draw(6); k > 0; k--)
			bent.ptr[AV_SINGLE_HEAD + draw((uint32_t)bent.len - AV_SINGLE_HEAD)]
			    = (uint8_t)draw(256);
		r = judge_bytes_of(in, &m.at, buf_view(&bent));
		assert_true(r.evidence.what == EVIDENCE_REJECT || r.evidence.what == EVIDENCE_VERSION
		    || r.evidence.what == EVIDENCE_COMPLETE);
		assert_int_equal(r.evidence.source.offset, m.at.offset);
		for (size_t k = 0; k < bent.len; k++)
			bent.ptr[k] = (uint8_t)draw(256);
		r = judge_bytes_of(in, &m.at, buf_view(&bent));
		assert_int_equal(r.evidence.what, EVIDENCE_REJECT);
	}
	buf_release(&whole);
	buf_release(&bent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_record_becomes_a_version),
		cmocka_unit_test(test_the_recipe_is_another_with_each_thing_that_changes_the_answers),
		cmocka_unit_test(test_who_has_one_record_a_person_must_say_which),
		cmocka_unit_test(test_with_two_epochs_live_both_stand_in_the_record),
		cmocka_unit_test(test_bytes_that_are_no_record_are_rejected),
		cmocka_unit_test(test_every_truncation_and_every_excess_is_rejected),
		cmocka_unit_test(test_a_huge_record_is_rejected_without_decoding),
		cmocka_unit_test(test_each_mistake_has_its_reason),
		cmocka_unit_test(test_what_is_odd_but_right_is_accepted),
		cmocka_unit_test(test_a_restricted_record_tells_no_place),
		cmocka_unit_test(test_withdrawals_and_completeness_are_facts_of_their_own),
		cmocka_unit_test(test_erasure_goes_before_everything),
		cmocka_unit_test(
		    test_nothing_clear_of_a_person_shows_and_the_same_input_gives_the_same_bytes),
		cmocka_unit_test(test_random_and_mutated_bytes_always_get_one_answer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
