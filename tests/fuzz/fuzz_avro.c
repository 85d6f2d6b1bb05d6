/*
 * fuzz_avro - bytes from anywhere, read as each record that travels.
 *
 * Whatever the bytes are: no crash, no read outside them, an error of class
 * ERR_RECORD or a value; and what was read, written and read again, is the
 * same bytes.  The first byte chooses the record.
 *
 * With clang, -fsanitize=fuzzer and -DFUZZER this is a libFuzzer target.  Without
 * it has a main() of its own that makes a corpus and bends it: RUNS and SEED as
 * elsewhere; `fuzz_avro -corpus DIRECTORY` writes the corpus for libFuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/mem.h"
#include "common/record.h"
#include "tests/fuzz/avro_values.h"

enum { FUZZ_ARENA_BYTES = 8 * 1024 * 1024 };

static const struct av_record *const bindings[] = { &raw_record_binding, &evidence_binding,
	&rejected_binding, &claim_binding, &cut_binding, &linked_binding, &outcome_binding,
	&review_binding, &decision_binding, &terms_binding, &reference_binding,
	&suppressed_binding, &statement_binding };
enum { BINDINGS = sizeof(bindings) / sizeof(bindings[0]) };

static struct av_catalogue *cat;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_and_read(const struct av_record *binding, const void *rec, struct arena *arena)
{
	const struct av_plan *plan = av_catalogue_plan(cat, binding);
	struct buf once = BUF_INIT, twice = BUF_INIT;
	void *again = mem_zalloc(1, binding->size);
	struct err err;

	av_encode(plan, rec, &once);
	if (once.len <= AV_RECORD_MAX) {
		MUST(av_decode(plan, buf_view(&once), again, arena, &err) == 0);
		av_encode(plan, again, &twice);
		MUST(span_eq(buf_view(&once), buf_view(&twice)));
	}
	mem_free(again);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct av_record *binding;
	struct span in, body;
	struct arena arena;
	struct err err = ERR_INIT;
	uint64_t fingerprint;
	void *rec;
	int got;

	if (!cat)
		cat = av_catalogue_new();
	if (size == 0)
		return 0;
	binding = bindings[data[0] % BINDINGS];
	in = span_of(data + 1, size - 1);
	arena_init(&arena, FUZZ_ARENA_BYTES);
	rec = mem_zalloc(1, binding->size);
	if (av_single_parse(in, &fingerprint, &body)) /* any schema we know, resolved to ours */
		got = av_read(cat, binding, in, rec, &arena, &err);
	else
		got = av_decode(av_catalogue_plan(cat, binding), in, rec, &arena, &err);
	if (got == 0)
		write_and_read(binding, rec, &arena);
	else
		MUST(err.class == ERR_RECORD && err.code[0]);
	mem_free(rec);
	arena_release(&arena);
	return 0;
}

#ifndef FUZZER

/* Chooser byte, then the record: framed in every other one. */
static void
corpus_one(struct values *v, size_t at, struct buf *out)
{
	const struct av_record *binding = bindings[at];
	const struct av_schema *schema = av_catalogue_named(cat, binding->name);
	void *rec = mem_zalloc(1, binding->size);

	MUST(schema != NULL);
	values_fill(v, binding, schema->root, rec);
	buf_reset(out);
	buf_byte(out, (uint8_t)at);
	if (values_below(v, 2))
		av_single_head(av_schema_fingerprint(schema), out);
	av_encode(av_catalogue_plan(cat, binding), rec, out);
	mem_free(rec);
}

static void
bend(struct values *v, struct buf *b)
{
	static const uint8_t huge[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 };
	uint32_t times = values_below(v, 4);

	for (uint32_t i = 0; i < times && b->len > 1; i++) {
		size_t at = 1 + values_below(v, (uint32_t)b->len - 1);

		switch (values_below(v, 4)) {
		case 0:
			b->ptr[at] ^= (uint8_t)(1u << values_below(v, 8));
			break;
		case 1:
			b->ptr[at] = (uint8_t)values_next(v);
			break;
		case 2:
			b->len = at; /* cut off */
			break;
		default:
			for (size_t k = 0; k < sizeof(huge) && at + k < b->len; k++)
				b->ptr[at + k] = huge[k];
		}
	}
}

static int
corpus_write(const char *directory)
{
	struct arena arena;
	struct values v = { .state = 1, .arena = &arena };
	struct buf b = BUF_INIT;
	char path[512];

	arena_init(&arena, 0);
	for (size_t i = 0; i < BINDINGS * 4; i++) {
		FILE *file;

		corpus_one(&v, i % BINDINGS, &b);
		snprintf(path, sizeof(path), "%s/%s-%zu", directory, bindings[i % BINDINGS]->name,
		    i / BINDINGS);
		file = fopen(path, "wb");
		if (!file || fwrite(b.ptr, 1, b.len, file) != b.len || fclose(file)) {
			perror(path);
			return 1;
		}
	}
	buf_release(&b);
	arena_release(&arena);
	return 0;
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	uint64_t runs = number_from("RUNS", 300000), seed = number_from("SEED", 1);
	struct buf b = BUF_INIT;
	struct arena arena;
	struct values v = { .arena = &arena };

	cat = av_catalogue_new();
	if (argc == 3 && strcmp(argv[1], "-corpus") == 0)
		return corpus_write(argv[2]);
	arena_init(&arena, 0);
	printf("fuzz_avro: SEED=%llu RUNS=%llu\n", (unsigned long long)seed,
	    (unsigned long long)runs);
	fflush(stdout); /* a MUST ends the process: the seed is told before */
	for (uint64_t i = 0; i < runs; i++) {
		v.state = seed + i;
		arena_reset(&arena);
		corpus_one(&v, values_below(&v, BINDINGS), &b);
		bend(&v, &b);
		uint8_t *exact = mem_alloc(b.len); /* so that a sanitizer sees one byte too far */

		memcpy(exact, b.ptr, b.len);
		LLVMFuzzerTestOneInput(exact, b.len);
		mem_free(exact);
	}
	buf_release(&b);
	arena_release(&arena);
	av_catalogue_free(cat);
	puts("fuzz_avro: 1 test passed");
	return 0;
}

#endif
