/*
 * bench_avro - records a second that one core decodes and encodes, beside
 * Avro-C at its best use (one reader, one reused value) in the same run.
 *
 *	flat    20 fields, 11 of them unions with null: a typical event
 *	raw     the real raw record: person, one address, event, two attributes
 *	council the same, written in the council's schema, read as raw
 *
 * Avro-C is measured on the writer's schema alone: it cannot resolve these.
 */
#include <avro.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/io/avro.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/record.h"

enum { RECORDS = 1000, RUNS = 5, RUN_MS = 120, DECODE_BAR_M = 8, ENCODE_BAR_M = 3 };

struct flat {
	struct span record_id, organisation, kind, episode, forename, surname, dob, sex, postcode,
	    nhs_number, evidence_type;
	int64_t revision, offset, time_ms;
	date_t start, end;
	int32_t what;
	bool withdrawn, restricted;
	struct id event_id;
};

static const char flat_avsc[] =
    "{\"type\":\"record\",\"name\":\"Flat\",\"fields\":["
    "{\"name\":\"record_id\",\"type\":\"string\"},"
    "{\"name\":\"event_id\",\"type\":{\"type\":\"fixed\",\"name\":\"Id\",\"size\":16}},"
    "{\"name\":\"revision\",\"type\":\"long\"},"
    "{\"name\":\"what\",\"type\":{\"type\":\"enum\",\"name\":\"What\",\"symbols\":[\"A\",\"B\",\"C\"]}},"
    "{\"name\":\"organisation\",\"type\":\"string\"},"
    "{\"name\":\"withdrawn\",\"type\":\"boolean\"},"
    "{\"name\":\"restricted\",\"type\":\"boolean\"},"
    "{\"name\":\"kind\",\"type\":\"string\"},"
    "{\"name\":\"start\",\"type\":[\"null\",\"int\"]},"
    "{\"name\":\"end\",\"type\":[\"null\",\"int\"]},"
    "{\"name\":\"episode\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"evidence_type\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"forename\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"surname\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"dob\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"sex\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"postcode\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"nhs_number\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"offset\",\"type\":\"long\"},"
    "{\"name\":\"time_ms\",\"type\":\"long\"}]}";

#define F(field, bind) { #field, bind, (uint16_t)offsetof(struct flat, field), 0, NULL }

static const struct av_field flat_fields[] = {
	F(record_id, AVB_SPAN), F(revision, AVB_LONG), F(what, AVB_ENUM),
	F(organisation, AVB_SPAN), F(withdrawn, AVB_BOOL), F(restricted, AVB_BOOL),
	F(kind, AVB_SPAN), F(start, AVB_DATE), F(end, AVB_DATE), F(episode, AVB_SPAN),
	F(evidence_type, AVB_SPAN), F(forename, AVB_SPAN), F(surname, AVB_SPAN),
	F(dob, AVB_SPAN), F(sex, AVB_SPAN), F(postcode, AVB_SPAN), F(nhs_number, AVB_SPAN),
	F(offset, AVB_LONG), F(time_ms, AVB_LONG),
	{ "event_id", AVB_FIXED, (uint16_t)offsetof(struct flat, event_id), ID_BYTES, NULL },
};
static const struct av_record flat_binding = { "Flat", sizeof(struct flat), flat_fields,
	sizeof(flat_fields) / sizeof(flat_fields[0]) };

/* CPU time of this thread: others on the machine do not count against us. */
static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct span
text(struct arena *a, const char *fmt, unsigned n)
{
	char *s = arena_printf(a, fmt, n);

	return span_str(s);
}

static void
fill_flat(struct flat *f, struct arena *a, unsigned n)
{
	*f = (struct flat){
		.record_id = text(a, "case-%07u", n * 7919), .revision = n % 5, .what = (int32_t)(n % 3),
		.organisation = SPAN_LIT("council-a"), .restricted = n % 50 == 0,
		.kind = SPAN_LIT("accommodation"), .start = (date_t)(18000 + n),
		.end = n % 3 ? DATE_NONE : (date_t)(18200 + n),
		.episode = n % 2 ? text(a, "T%u", n) : SPAN_NONE,
		.evidence_type = n % 4 ? SPAN_LIT("tenancy-agreement") : SPAN_NONE,
		.forename = text(a, "Forename%u", n % 90), .surname = text(a, "Surname%u", n),
		.dob = SPAN_LIT("1999-12-31"), .sex = n % 9 ? SPAN_LIT("F") : SPAN_NONE,
		.postcode = text(a, "AB%u 1CD", n % 30),
		.nhs_number = n % 3 ? SPAN_NONE : text(a, "%010u", n), .offset = n * 1000,
		.time_ms = 1700000000000 + n,
	};
	for (int i = 0; i < ID_BYTES; i++)
		f->event_id.b[i] = (uint8_t)(n * 31 + (unsigned)i * 17);
}

static void
fill_raw(struct raw_record *r, struct arena *a, unsigned n)
{
	struct raw_person *p = arena_zalloc(a, 1, sizeof(*p));
	struct raw_event *e = arena_zalloc(a, 1, sizeof(*e));
	struct raw_address *home = arena_zalloc(a, 1, sizeof(*home));
	struct raw_attribute *at = arena_zalloc(a, 2, sizeof(*at));

	*home = (struct raw_address){ .line1 = text(a, "%u High Street", n % 200),
		.town = SPAN_LIT("Birmingham"), .postcode = text(a, "B%u 1AA", n % 40),
		.uprn = text(a, "1000%08u", n), .from = SPAN_LIT("2020-04-01") };
	*p = (struct raw_person){ .title = SPAN_LIT("Ms"), .forename = text(a, "Name%u", n % 90),
		.surname = text(a, "Surname%u", n), .dob = SPAN_LIT("1999-12-31"),
		.sex = SPAN_LIT("F"), .ethnic_group = SPAN_LIT("A1"),
		.addresses = { home, 1 }, .nino = n % 2 ? text(a, "AB%06uC", n) : SPAN_NONE,
		.upn = n % 3 ? SPAN_NONE : text(a, "X%012u", n), .local_id = text(a, "%u", n) };
	at[0] = (struct raw_attribute){ SPAN_LIT("tenure"),
		{ .type = AV_STRING, .s = SPAN_LIT("social-rent") } };
	at[1] = (struct raw_attribute){ SPAN_LIT("rent_weekly"), { .type = AV_LONG, .i = 9850 } };
	*e = (struct raw_event){ .kind = SPAN_LIT("accommodation"),
		.start = SPAN_LIT("2024-02-29"), .episode = text(a, "T%u", n),
		.evidence_type = SPAN_LIT("tenancy-agreement"), .attributes = { at, 2 } };
	*r = (struct raw_record){ .record_id = text(a, "case-%07u", n), .revision = 1,
		.person = p, .event = e };
}

/* --- ours ----------------------------------------------------------------------------- */

struct corpus {
	const char *name;
	struct span bodies[RECORDS]; /* borrow from bytes */
	struct buf bytes;
};

static void
cut_bodies(struct corpus *c, const size_t ends[RECORDS])
{
	for (size_t i = 0; i < RECORDS; i++) {
		size_t start = i ? ends[i - 1] : 0;

		c->bodies[i] = span_of(c->bytes.ptr + start, ends[i] - start);
	}
}

/* Best of RUNS: what the code can do when the machine lets it. */
static double
rate_of(void (*round)(void *), void *arg)
{
	double best = 0;

	for (int run = 0; run < RUNS; run++) {
		uint64_t start = now_ns(), n = 0, took;

		do {
			round(arg);
			n += RECORDS;
			took = now_ns() - start;
		} while (took < RUN_MS * 1000000ull);
		best = (double)n * 1e3 / (double)took > best ? (double)n * 1e3 / (double)took : best;
	}
	return best;
}

struct decoding {
	const struct av_plan *plan;
	const struct corpus *corpus;
	struct arena arena;
	_Alignas(16) uint8_t out[4096];
};

static void
decode_round(void *arg)
{
	struct decoding *d = arg;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < RECORDS; i++) {
		arena_reset(&d->arena);
		MUST(av_decode(d->plan, d->corpus->bodies[i], d->out, &d->arena, &err) == 0);
	}
}

static double
decode_rate(const struct av_plan *plan, const struct corpus *c)
{
	struct decoding d = { .plan = plan, .corpus = c };
	double rate;

	arena_init(&d.arena, 0);
	rate = rate_of(decode_round, &d);
	arena_release(&d.arena);
	return rate;
}

struct encoding {
	const struct av_plan *plan;
	const void *const *recs;
	struct buf out;
};

static void
encode_round(void *arg)
{
	struct encoding *e = arg;

	for (size_t i = 0; i < RECORDS; i++) {
		buf_reset(&e->out);
		av_encode(e->plan, e->recs[i], &e->out);
	}
}

static double
encode_rate(const struct av_plan *plan, const void *const recs[RECORDS])
{
	struct encoding e = { plan, recs, BUF_INIT };
	double rate = rate_of(encode_round, &e);

	buf_release(&e.out);
	return rate;
}

/* --- Avro-C --------------------------------------------------------------------------- */

struct oracle {
	avro_schema_t schema;
	avro_value_iface_t *iface;
	avro_value_t value;
	avro_reader_t reader;
};

static void
oracle_open(struct oracle *o, struct span json)
{
	MUST(avro_schema_from_json_length((const char *)json.ptr, json.len, &o->schema) == 0);
	o->iface = avro_generic_class_from_schema(o->schema);
	MUST(o->iface && avro_generic_value_new(o->iface, &o->value) == 0);
	o->reader = avro_reader_memory("", 0);
}

static void
oracle_close(struct oracle *o)
{
	avro_reader_free(o->reader);
	avro_value_decref(&o->value);
	avro_value_iface_decref(o->iface);
	avro_schema_decref(o->schema);
}

struct oracle_work {
	struct oracle *o;
	const struct corpus *corpus;
	avro_writer_t writer;
};

static void
oracle_decode_round(void *arg)
{
	struct oracle_work *w = arg;

	for (size_t i = 0; i < RECORDS; i++) {
		avro_reader_memory_set_source(w->o->reader, (const char *)w->corpus->bodies[i].ptr,
		    (int64_t)w->corpus->bodies[i].len);
		avro_value_reset(&w->o->value);
		MUST(avro_value_read(w->o->reader, &w->o->value) == 0);
	}
}

/* Writes a value that is filled already: less than we do, who encode a struct. */
static void
oracle_encode_round(void *arg)
{
	struct oracle_work *w = arg;

	for (size_t i = 0; i < RECORDS; i++) {
		avro_writer_reset(w->writer);
		MUST(avro_value_write(w->writer, &w->o->value) == 0);
	}
}

static double
oracle_decode_rate(struct oracle *o, const struct corpus *c)
{
	struct oracle_work w = { .o = o, .corpus = c };

	return rate_of(oracle_decode_round, &w);
}

static double
oracle_encode_rate(struct oracle *o)
{
	static char bytes[64 * 1024];
	struct oracle_work w = { .o = o, .writer = avro_writer_memory(bytes, sizeof(bytes)) };
	double rate = rate_of(oracle_encode_round, &w);

	avro_writer_free(w.writer);
	return rate;
}

/* --- runs ------------------------------------------------------------------------------- */

static int failed;

static void
line(const char *what, double rate, double peer, double bar)
{
	printf("%-28s %7.2f M/s   Avro-C %5.2f M/s   ratio %5.1f", what, rate, peer, rate / peer);
	if (bar > 0)
		printf("   bar %.0f M/s: %s", bar, rate >= bar ? "held" : "MISSED");
	printf("\n");
	failed |= bar > 0 && rate < bar;
}

static void
run(const char *name, const struct av_plan *plan, struct span json, struct corpus *c,
    const void *const recs[RECORDS], double decode_bar, double encode_bar)
{
	char what[64];
	struct oracle o;

	oracle_open(&o, json);
	snprintf(what, sizeof(what), "decode %s (%zu B)", name, c->bytes.len / RECORDS);
	line(what, decode_rate(plan, c), oracle_decode_rate(&o, c), decode_bar);
	if (recs) {
		snprintf(what, sizeof(what), "encode %s", name);
		line(what, encode_rate(plan, recs), oracle_encode_rate(&o), encode_bar);
	}
	oracle_close(&o);
}

static void
encode_all(struct corpus *c, const struct av_plan *plan, const void *const recs[RECORDS])
{
	size_t ends[RECORDS];

	for (size_t i = 0; i < RECORDS; i++) {
		av_encode(plan, recs[i], &c->bytes);
		ends[i] = c->bytes.len;
	}
	cut_bodies(c, ends);
}

static void
bench_flat(struct arena *a)
{
	struct flat *flats = arena_zalloc(a, RECORDS, sizeof(*flats));
	const void *recs[RECORDS];
	struct corpus c = { .bytes = BUF_INIT };
	struct err err = ERR_INIT;
	struct av_schema *schema = av_schema_parse(span_str(flat_avsc), &err);
	struct av_plan *plan;

	MUST(schema);
	plan = av_plan_new(schema, schema, &flat_binding, &err);
	MUST(plan);
	for (unsigned i = 0; i < RECORDS; i++) {
		fill_flat(&flats[i], a, i);
		recs[i] = &flats[i];
	}
	encode_all(&c, plan, recs);
	run("20 fields", plan, span_str(flat_avsc), &c, recs, DECODE_BAR_M, ENCODE_BAR_M);
	buf_release(&c.bytes);
	av_plan_free(plan);
	av_schema_free(schema);
}

static struct span
builtin(const char *file)
{
	for (size_t i = 0; i < av_builtins_n; i++)
		if (strcmp(av_builtins[i].file, file) == 0)
			return span_of(av_builtins[i].start,
			    (size_t)(av_builtins[i].end - av_builtins[i].start));
	MUST(0);
	return SPAN_NONE;
}

static void
bench_raw(struct arena *a)
{
	struct raw_record *raws = arena_zalloc(a, RECORDS, sizeof(*raws));
	struct av_catalogue *cat = av_catalogue_new();
	const struct av_plan *plan = av_catalogue_plan(cat, &raw_record_binding);
	struct corpus c = { .bytes = BUF_INIT };
	const void *recs[RECORDS];

	for (unsigned i = 0; i < RECORDS; i++) {
		fill_raw(&raws[i], a, i);
		recs[i] = &raws[i];
	}
	encode_all(&c, plan, recs);
	run("raw", plan, builtin("raw.avsc"), &c, recs, 0, 0);
	buf_release(&c.bytes);
	av_catalogue_free(cat);
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 0);
	bench_flat(&a);
	bench_raw(&a);
	arena_release(&a);
	return failed;
}
