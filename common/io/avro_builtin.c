/*
 * avro_builtin - the files of config/schemas/ as they were at build time.
 *
 * The assembler copies them in, so that there is one text of each schema;
 * the Makefile names them as prerequisites.  A unit test fails when a file of
 * the directory is missing here.
 */
#include "common/io/avro.h"

#define SCHEMAS(X)							\
	X(raw, "raw")							\
	X(raw_council_1, "raw-council-1")				\
	X(raw_nhs_1, "raw-nhs-1")					\
	X(raw_provider_1, "raw-provider-1")				\
	X(evidence, "evidence")						\
	X(rejected, "rejected")						\
	X(claim, "claim")						\
	X(cut, "cut")							\
	X(linked, "linked")						\
	X(outcome, "outcome")						\
	X(review, "review")						\
	X(decision, "decision")						\
	X(terms, "terms")						\
	X(reference, "reference")					\
	X(suppressed, "suppressed")					\
	X(statement, "statement")

#define BYTES(id, file)							\
	__asm__(".section .rodata\n"					\
		"avsc_" #id "_start:\n"					\
		".incbin \"config/schemas/" file ".avsc\"\n"		\
		"avsc_" #id "_end:\n"					\
		".byte 0\n"						\
		".previous\n");						\
	extern const uint8_t avsc_##id##_start[]			\
	    __attribute__((visibility("hidden")));			\
	extern const uint8_t avsc_##id##_end[] __attribute__((visibility("hidden")));

SCHEMAS(BYTES)

#define ROW(id, file) { file ".avsc", avsc_##id##_start, avsc_##id##_end },

const struct av_builtin av_builtins[] = { SCHEMAS(ROW) };
const size_t av_builtins_n = sizeof(av_builtins) / sizeof(av_builtins[0]);
