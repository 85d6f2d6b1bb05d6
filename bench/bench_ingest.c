/*
 * bench_ingest - events a second that one core takes from Avro bytes to the
 * bytes of evidence.
 *
 *	distinct   every record another person: no memo ever holds the person
 *	repeated   ten records each, scattered over a caseload of 200, as agencies send them
 *	no memo    both caches off: every HMAC is computed
 *
 * with the nine core tokens and with all, without and with the Bloom encoding of
 * names and address (its table of bigrams is made inside each run).  Beside it, in the same run, what an
 * HMAC-SHA-256 costs on this core: tokens of a record times that is a floor for
 * whoever computes each of them anew.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/io/avro.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "ingest/shell_judge.h"
#include "tests/code_files.h"

enum { RECORDS = 100000, RUNS = 3, BAR = 250000, HMACS = 500000 };

static struct av_catalogue *cat;
static struct ingest_terms terms;
static enum clk_profile clk = CLK_OFF;

/* CPU time of this thread: others on the machine do not count against us. */
static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	size_t got = 1;

	MUST(f != NULL);
	buf_reset(out);
	while (got) {
		buf_grow(out, 1 << 16);
		got = fread(out->ptr + out->len, 1, 1 << 16, f);
		out->len += got;
	}
	fclose(f);
}

static void
terms_load(void)
{
	static const char *const files[] = { CODE_FILES(CODE_FILE) };
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	static struct frequency frequency;
	static const uint8_t master[KEY_MASTER_BYTES] = { 7 };
	struct yaml_report report = YAML_REPORT_INIT;
	const struct yaml *roots[FILES];
	struct buf text = BUF_INIT;
	struct err err;
	char path[128];

	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "config/codes/%s.yaml", files[i]);
		roots[i] = yaml_load(path, &report)->root;
	}
	terms.codes = codes_parse(roots, FILES, &report);
	MUST(terms.codes != NULL);
	terms.agencies
	    = agencies_parse(yaml_load("config/agencies.yaml", &report)->root, terms.codes, &report);
	MUST(terms.agencies != NULL);
	file_read("config/frequency.tsv", &text);
	MUST(frequency_parse(&frequency, buf_view(&text), &err) == 0);
	file_read("config/postcodes-sample.csv", &text);
	terms.postcodes = postcodes_parse(buf_view(&text), &err);
	MUST(terms.postcodes != NULL);
	terms.frequency = &frequency;
	terms.ring = keyring_new(master, 1);
	buf_release(&text);
}

/* --- records of invented people */

struct sent {
	struct span value, key;
};

static uint32_t
mix(uint32_t x)
{
	return (uint32_t)hash64(&x, sizeof(x), 99);
}

static void
nhs_number(uint32_t n, char out[11])
{
	for (uint32_t v = n % 99999999;; v++) {
		int sum = 0, check;

		snprintf(out, 11, "9%08u", v % 100000000);
		for (int i = 0; i < 9; i++)
			sum += (10 - i) * (out[i] - '0');
		check = (11 - sum % 11) % 11;
		if (check == 10)
			continue;
		out[9] = (char)('0' + check);
		out[10] = '\0';
		return;
	}
}

static struct span
record(uint32_t person, uint32_t n, struct span *key, struct arena *a)
{
	static const char *const forenames[] = { "Oliver", "Amelia", "Noah", "Isla", "Muhammad",
		"Olivia", "George", "Ava", "Arthur", "Freya", "Testa", "Quill" };
	char nhs[11];
	uint32_t r = mix(person);
	struct raw_address address = { .line1 = SPAN_LIT("1 Invented Street"),
		.town = SPAN_LIT("Exampleton"),
		.postcode = span_str(arena_printf(a, "B%u %uZ%c", r % 90 + 1, r / 90 % 10,
		    'A' + r / 900 % 26)),
		.uprn = span_str(arena_printf(a, "10009%07u", r % 10000000)) };
	struct raw_person p = { .forename = span_str(forenames[r % 12]),
		.surname = span_str(arena_printf(a, "Mc%c%c%c%c", 'a' + r % 26, 'a' + r / 26 % 26,
		    'a' + r / 676 % 26, 'a' + r / 17576 % 26)),
		.dob = span_str(arena_printf(a, "%u-%02u-%02u", 1995 + r % 12, 1 + r / 12 % 12,
		    1 + r / 144 % 28)),
		.sex = SPAN_LIT("F"), .local_id = span_str(arena_printf(a, "L%u", person)),
		.addresses = { &address, 1 } };
	struct raw_attribute at = { SPAN_LIT("setting"),
		{ .type = AV_STRING, .s = SPAN_LIT("own-tenancy") } };
	struct raw_event e = { .kind = SPAN_LIT("accommodation"), .start = SPAN_LIT("2024-05-01"),
		.episode = span_str(arena_printf(a, "T%u", person)), .attributes = { &at, 1 } };
	struct raw_record rec = { .revision = 1, .person = &p, .event = &e };
	struct buf out = BUF_INIT;
	struct span kept;

	nhs_number(person, nhs);
	p.nhs_number = span_str(nhs);
	*key = rec.record_id = span_str(arena_printf(a, "rec-%u", n));
	av_write(cat, &raw_record_binding, &rec, &out);
	kept = arena_copy(a, buf_view(&out));
	buf_release(&out);
	return kept;
}

static double
events_a_second(const struct sent *sent, struct token_settings tokens, double *out_bytes)
{
	double best = 0;

	terms.tokens = tokens;
	for (int run = 0; run < RUNS; run++) {
		struct judge *j = judge_new(cat, &terms); /* nothing is remembered from before */
		uint64_t from, bytes = 0;
		double rate;

		from = now_ns();
		for (int i = 0; i < RECORDS; i++) {
			struct raw_position at = { SPAN_LIT("raw.council-a"), 1, i,
				INT64_C(1730000000000), sent[i].key };
			struct judgement out;

			judge_record(j, &at, sent[i].value, &out);
			MUST(out.what == EVIDENCE_VERSION);
			bytes += out.evidence.len;
		}
		rate = RECORDS / ((double)(now_ns() - from) / 1e9);
		if (rate > best)
			best = rate;
		*out_bytes = (double)bytes / RECORDS;
		judge_free(j);
	}
	return best;
}

static double
hmacs_a_second(void)
{
	uint8_t out[SHA256_BYTES], msg[24] = { 0 };
	uint64_t from = now_ns();

	for (int i = 0; i < HMACS; i++) {
		memcpy(msg, &i, sizeof(i));
		mac_sum(terms.ring->signature, span_of(msg, sizeof(msg)), out);
	}
	return HMACS / ((double)(now_ns() - from) / 1e9);
}

static void
line(const char *what, const struct sent *sent, enum token_profile profile, bool memo, bool bar)
{
	struct token_settings tokens = TOKEN_SETTINGS_DEFAULT;
	double bytes, rate;

	tokens.profile = profile;
	tokens.clk = clk;
	if (!memo)
		tokens.memo_people = tokens.memo_values = 0;
	rate = events_a_second(sent, tokens, &bytes);
	printf("ingest %-34s %8.0f events/s  %4.0f B out", what, rate, bytes);
	if (bar)
		printf("  bar %d: %s", BAR, rate >= BAR ? "met" : "MISSED");
	printf("\n");
}

int
main(void)
{
	struct sent *distinct = mem_zalloc(RECORDS, sizeof(*distinct));
	struct sent *repeated = mem_zalloc(RECORDS, sizeof(*repeated));
	struct arena a;
	double hmac;

	cat = av_catalogue_new();
	arena_init(&a, 0);
	terms_load();
	for (uint32_t i = 0; i < RECORDS; i++) {
		distinct[i].value = record(i, i, &distinct[i].key, &a);
		/* a person's records stand apart, among those of a caseload */
		repeated[i].value = record(i / (RECORDS / 50) * 200 + mix(i) % 200, i,
		    &repeated[i].key, &a);
	}
	hmac = hmacs_a_second();
	printf("ingest HMAC-SHA-256, reused context       %8.0f a second on this core, %.0f ns each\n",
	    hmac, 1e9 / hmac);
	line("core tokens, distinct people", distinct, TOKENS_CORE, true, true);
	line("core tokens, people repeated x10", repeated, TOKENS_CORE, true, false);
	line("core tokens, distinct, no memo", distinct, TOKENS_CORE, false, false);
	line("all tokens, distinct people", distinct, TOKENS_ALL, true, false);
	line("all tokens, people repeated x10", repeated, TOKENS_ALL, true, false);
	line("all tokens, distinct, no memo", distinct, TOKENS_ALL, false, false);
	clk = CLK_RECORD;
	line("core tokens and clk, distinct", distinct, TOKENS_CORE, true, false);
	line("core tokens and clk, repeated x10", repeated, TOKENS_CORE, true, false);
	line("core tokens and clk, no memo", distinct, TOKENS_CORE, false, false);
	line("all tokens and clk, distinct", distinct, TOKENS_ALL, true, false);
	printf("ingest limit by HMAC alone: 9 tokens, event id, episode, signature = 12: %.0f events/s\n",
	    hmac / 12);
	arena_release(&a);
	return 0;
}
