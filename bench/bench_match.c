/*
 * bench_match - matchd's core alone: new signatures, known ones, memory.
 *
 *	new      a signature that was not seen, into an index of ROWS
 *	known    one more event of a signature that was
 *
 * ROWS (200000) people, each with two signatures that one step joins; settled
 * every 1,000 records, as the level does.  MODEL: a model file instead of the
 * built-in one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/hash.h"
#include "common/io/yaml.h"
#include "common/must.h"
#include "common/token.h"
#include "transform/match/match.h"

enum { TOKENS = 16, SETTLE_EVERY = 1000, BAR_NEW = 60000, BAR_KNOWN = 200000,
	BAR_EVENT_BYTES = 200, BAR_SIGNATURE_BYTES = 600 };

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct id
id_of(char what, uint64_t n)
{
	struct id id = { { (uint8_t)what } };
	uint64_t h = hash64(&n, sizeof(n), (uint64_t)what);

	memcpy(id.b, &h, 8);
	memcpy(id.b + 8, &n, 8);
	return id;
}

/* variant 0 and 1 of a person differ in surname and postcode and share the NHS number. */
static void
evidence_of(struct evidence *ev, struct token *tokens, uint64_t person, uint64_t variant,
    uint64_t event)
{
	static const int fields[TOKENS] = { TOKEN_NHS, TOKEN_DOB, TOKEN_DOB_YEAR, TOKEN_DOB_MONTH,
		TOKEN_DOB_DAY, TOKEN_DOB_SWAP, TOKEN_SURNAME, TOKEN_FORENAME, TOKEN_NAME_SWAP,
		TOKEN_INITIALS, TOKEN_PHONETIC_SURNAME, TOKEN_PHONETIC_FORENAME, TOKEN_NICKNAME,
		TOKEN_POSTCODE, TOKEN_SECTOR, TOKEN_SEX };
	uint64_t born = person % 20000, surname = (person * 7 + variant) % 30000,
		 forename = person * 13 % 3000;

	for (int i = 0; i < TOKENS; i++) {
		uint64_t v = fields[i] == TOKEN_NHS ? person
		    : i <= 5                        ? born / (uint64_t)(i == 1 ? 1 : i * 3)
		    : i <= 10                       ? surname * 3000 + (i == 6 || i == 10 ? 0 : forename)
		    : i <= 12                       ? forename
						    : (person + variant * 31) % 100000;

		tokens[i] = (struct token){ fields[i], 2, id_of((char)fields[i], v) };
	}
	*ev = (struct evidence){ .what = EVIDENCE_VERSION, .event_id = id_of('e', event),
		.signature = id_of('s', person * 2 + variant), .organisation = SPAN_LIT("E08000099"),
		.role = SPAN_LIT("council"), .kind = SPAN_LIT("accommodation"), .start = 17000,
		.end = DATE_NONE, .complete_through = DATE_NONE,
		.source = { SPAN_LIT("raw.council-a"), 1, (int64_t)event, 0 },
		.tokens = { tokens, TOKENS } };
}

static void
drain(struct match *m)
{
	struct key key;

	match_settle(m);
	while (match_next_touched(m, &key))
		;
}

static void
put(struct match *m, uint64_t person, uint64_t variant, uint64_t event)
{
	struct token tokens[TOKENS];
	struct evidence ev;
	struct key key;

	evidence_of(&ev, tokens, person, variant, event);
	key = (struct key){ .type = KEY_RECORD, .stream = ev.source.topic, .epoch = 1,
		.offset = (int64_t)event };
	match_evidence(m, &key, &ev);
	if (event % SETTLE_EVERY == 0)
		drain(m);
}

static const struct model *
model_asked(void)
{
	struct yaml_report report = YAML_REPORT_INIT;
	const char *path = getenv("MODEL");
	struct yaml_doc *doc = path ? yaml_load(path, &report) : NULL;
	struct model *model = doc ? model_parse(doc->root, &report) : NULL;

	MUST(!path || model);
	return model ? model : model_builtin();
}

int
main(void)
{
	const char *text = getenv("ROWS");
	uint64_t rows = text ? strtoull(text, NULL, 10) : 200000, event = 0, tail = rows / 4;
	struct match_keys keys = { .index = { 1 }, .unit = { 2 } };
	struct match *m = match_new(&keys, model_asked(), 1);
	struct match_stats before, after;
	double t0, t1, event_bytes;

	for (uint64_t p = 0; p < rows; p++)
		for (uint64_t v = 0; v < 2; v++)
			put(m, p, v, event++);
	drain(m);
	before = match_stats(m);
	t0 = cpu_s();
	for (uint64_t p = rows; p < rows + tail; p++)
		put(m, p, 0, event++);
	drain(m);
	t1 = cpu_s();
	printf("new signatures    %8.0f a second into an index of %llu (bar %d)\n",
	    (double)tail / (t1 - t0), (unsigned long long)(2 * rows), BAR_NEW);
	before = match_stats(m);
	t0 = cpu_s();
	for (uint64_t p = 0; p < 2 * rows; p++)
		put(m, p % rows, p & 1, event++);
	drain(m);
	t1 = cpu_s();
	after = match_stats(m);
	printf("known signatures  %8.0f events a second (bar %d)\n", (double)(2 * rows) / (t1 - t0),
	    BAR_KNOWN);
	event_bytes = (double)(after.bytes - before.bytes) / (double)(after.events - before.events);
	printf("memory            %8.0f bytes an event (bar %d)\n", event_bytes, BAR_EVENT_BYTES);
	printf("memory            %8.0f bytes a distinct signature (bar %d)\n",
	    ((double)before.bytes - event_bytes * (double)before.events) / (double)before.signatures,
	    BAR_SIGNATURE_BYTES);
	match_free(m);
	return 0;
}
