/*
 * sql - see sql.h.  The assembler copies the files in, so that there is one
 * text of each; the Makefile names them as prerequisites, and a test fails
 * when a file of the directory is missing here.
 */
#include "sink/sql.h"

#include <stdio.h>

#include "common/must.h"

/* Migrations in the order of their numbers. */
#define FILES(X)                                                                                   \
	X(ops, "0001_ops.sql")                                                                     \
	X(evidence, "0002_evidence.sql")                                                           \
	X(ledger, "0003_ledger.sql")                                                               \
	X(mart, "0004_mart.sql")                                                                   \
	X(review, "0005_review.sql")                                                               \
	X(dump, "dump.sql")                                                                        \
	X(stage, "stage.sql")                                                                      \
	X(write, "write.sql")

#define BYTES(id, file)                                                                            \
	__asm__(".section .rodata\n"                                                               \
		"sink_sql_" #id ":\n"                                                              \
		".incbin \"sink/sql/" file "\"\n"                                                  \
		"sink_sql_" #id "_end:\n"                                                          \
		".byte 0\n"                                                                        \
		".previous\n");                                                                    \
	extern const char sink_sql_##id[] __attribute__((visibility("hidden")));                   \
	extern const char sink_sql_##id##_end[] __attribute__((visibility("hidden")));

FILES(BYTES)

#define ROW(id, file) { file, sink_sql_##id, sink_sql_##id##_end },

const struct embedded sink_sql[] = { FILES(ROW) };
const size_t sink_sql_n = sizeof(sink_sql) / sizeof(sink_sql[0]);

enum { MARK_MAX = 80 };

struct span
sink_sql_file(const char *name)
{
	for (size_t i = 0; i < sink_sql_n; i++)
		if (strcmp(sink_sql[i].name, name) == 0)
			return span_of(sink_sql[i].text, (size_t)(sink_sql[i].end - sink_sql[i].text));
	return SPAN_NONE;
}

/* Cuts the first line off *rest, its newline too. */
static struct span
line_cut(struct span *rest)
{
	const uint8_t *nl = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	size_t len = nl ? (size_t)(nl - rest->ptr) : rest->len;
	struct span line = span_of(rest->ptr, len);

	rest->ptr += len + (nl != NULL);
	rest->len -= len + (nl != NULL);
	return line;
}

/* Leaves *rest behind the line that begins with the mark. */
static struct span
mark_find(struct span *rest, const char *table, const char *verb)
{
	char mark[MARK_MAX];
	int n = snprintf(mark, sizeof(mark), "-- :%s %s", table, verb);

	MUST(n > 0 && n < MARK_MAX);
	while (rest->len) {
		struct span line = line_cut(rest);

		if (span_starts(line, mark)
		    && (line.len == (size_t)n || line.ptr[n] == ' '))
			return span_of(line.ptr + n, line.len - (size_t)n);
	}
	return SPAN_NONE;
}

struct span
sink_sql_part(struct span file, const char *table, const char *verb)
{
	struct span part, rest = file;

	if (!mark_find(&rest, table, verb).ptr)
		return SPAN_NONE;
	part = span_of(rest.ptr, 0);
	while (rest.len && !span_starts(rest, "-- :"))
		part.len += line_cut(&rest).len + 1;
	return part;
}

struct span
sink_sql_words(struct span file, const char *table, const char *verb)
{
	struct span words = mark_find(&file, table, verb);

	while (words.len && words.ptr[0] == ' ')
		words = span_of(words.ptr + 1, words.len - 1);
	return words;
}
