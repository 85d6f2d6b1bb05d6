#include "tests/attack/attack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"

enum { POPULATION_BYTES_MAX = 1 << 18, FREQUENCY_BYTES_MAX = 1 << 16 };

static uint32_t held, broken;

static void
line(bool good, const char *what, const char *fmt, va_list args)
{
	printf("%s %s: ", good ? "ok" : "not ok", what);
	vprintf(fmt, args);
	printf("%s\n", good ? "" : "   <<< BROKEN");
	fflush(stdout);
}

void
attack_held(bool it_held, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line(it_held, "attack", fmt, args);
	va_end(args);
	held += it_held;
	broken += !it_held;
}

void
attack_control(bool succeeded, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line(succeeded, "control", fmt, args);
	va_end(args);
	broken += !succeeded;
}

void
attack_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("note: ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
}

int
attack_end(void)
{
	printf("%u held, %u broken\n", held, broken);
	return broken || !held ? 1 : 0;
}

bool
attack_full(void)
{
	const char *full = getenv("ATTACK_FULL");

	return full && *full && *full != '0';
}

uint32_t
attack_size(uint32_t quick, uint32_t full)
{
	return attack_full() ? full : quick;
}

/* --- people */

static char *
file_read(const char *path, size_t max, size_t *n)
{
	char *text = mem_zalloc(1, max);
	FILE *f = fopen(path, "rb");

	MUST(f != NULL); /* run from the root of the repository */
	*n = fread(text, 1, max - 1, f);
	fclose(f);
	return text;
}

static void
record_take(void *arg, const struct uk_record *r)
{
	struct attack_people *p = arg;

	p->record[p->n++] = *r;
}

struct attack_people
attack_people_make(uint64_t seed, uint32_t records)
{
	static struct population population; /* names of sources and origins live in it */
	static bool read;
	struct attack_people p = { .record = mem_zalloc(records, sizeof(*p.record)) };
	struct err err = ERR_INIT;
	struct uk_totals t;
	size_t n;

	if (!read) {
		char *text = file_read("tests/gen/uk.population", POPULATION_BYTES_MAX, &n);

		MUST(population_parse(&population, span_of(text, n), &err) == 0);
		mem_free(text);
		read = true;
	}
	MUST(uk_run(&population, seed, records, record_take, &p, &t) == 0);
	return p;
}

void
attack_people_free(struct attack_people *people)
{
	mem_free(people->record);
	*people = (struct attack_people){ NULL, 0 };
}

/* --- as ingestd encodes them */

struct attack_encoder {
	struct frequency frequency;
	struct tokeniser *tokeniser;
	struct arena scratch;
};

struct attack_encoder *
attack_encoder_new(const struct keyring *ring, enum clk_profile clk)
{
	struct attack_encoder *e = mem_zalloc(1, sizeof(*e));
	struct err err = ERR_INIT;
	size_t n;
	char *text = file_read("config/frequency.tsv", FREQUENCY_BYTES_MAX, &n);

	MUST(frequency_parse(&e->frequency, span_of(text, n), &err) == 0);
	mem_free(text);
	arena_init(&e->scratch, 0);
	e->tokeniser = tokeniser_new(ring, &e->frequency, (struct token_settings){ .clk = clk });
	return e;
}

void
attack_encoder_free(struct attack_encoder *e)
{
	tokeniser_free(e->tokeniser);
	frequency_release(&e->frequency);
	arena_release(&e->scratch);
	mem_free(e);
}

const struct person_block *
attack_encode(struct attack_encoder *e, const struct uk_record *r)
{
	struct raw_address home = { .line1 = span_str(r->line1), .line2 = span_str(r->line2),
		.town = span_str(r->town), .postcode = span_str(r->postcode),
		.uprn = span_str(r->uprn) };
	struct raw_person raw = { .forename = span_str(r->forename), .surname = span_str(r->surname),
		.dob = span_str(r->dob), .nhs_number = span_str(r->nhs_number),
		.nino = span_str(r->nino), .upn = span_str(r->upn), .uln = span_str(r->uln),
		.local_id = span_str(r->local_id), .addresses = { &home, 1 } };
	struct person_context c = { .organisation = span_str(r->source),
		.sex = r->sex[0] == 'F' ? SPAN_LIT("female") : SPAN_LIT("male") };
	struct err err = ERR_INIT;

	arena_reset(&e->scratch);
	return tokeniser_person(e->tokeniser, &raw, &c, &e->scratch, &err);
}

struct keyring *
attack_keyring(uint8_t secret, int32_t epoch)
{
	uint8_t master[KEY_MASTER_BYTES];

	/* any bytes that the attacker does not guess */
	sha256(span_of(&secret, 1), master);
	return keyring_new(master, epoch);
}
