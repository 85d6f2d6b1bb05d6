/*
 * outturn recompute - is what the warehouse holds what the raw topics say?
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/recompute.h"
#include "common/digest.h"
#include "sink/sql.h"

enum { DIFFERENCES_SHOWN = 10, LINE_SHOWN = 160 };

struct recompute_args {
	bool check, print, hash;
};

static int
warehouse_lines(struct cli *cli, struct buf *out, struct err *err)
{
	struct span sql = sink_sql_file("dump.sql");
	struct pg *pg = cli_pg(cli, err);
	struct pg_rows *rows = pg ? pg_query(pg, (const char *)sql.ptr, NULL, 0, err) : NULL;

	for (size_t i = 0; rows && i < pg_rows_count(rows); i++) {
		buf_span(out, pg_value(rows, i, 0));
		buf_byte(out, '\n');
	}
	pg_rows_free(rows);
	pg_close(pg);
	return rows ? 0 : -1;
}

static struct span
line_take(struct span *text)
{
	const uint8_t *nl = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
	size_t n = nl ? (size_t)(nl - text->ptr) + 1 : text->len;
	struct span line = span_of(text->ptr, n);

	*text = span_of(text->ptr + n, text->len - n);
	return line;
}

static void
show(struct cli *cli, size_t nth, const char *whose, struct span line)
{
	int n = (int)(line.len && line.ptr[line.len - 1] == '\n' ? line.len - 1 : line.len);

	if (nth <= DIFFERENCES_SHOWN && !cli->json)
		printf("%s %.*s%s\n", whose, n > LINE_SHOWN ? LINE_SHOWN : n, (const char *)line.ptr,
		    n > LINE_SHOWN ? " ..." : "");
}

/* Both are sorted bytewise: one walk finds what is on one side only. */
static size_t
compare_lines(struct cli *cli, struct span want, struct span have)
{
	struct span w = line_take(&want), h = line_take(&have);
	size_t differences = 0;

	while (w.len || h.len) {
		int c = !w.len ? 1 : !h.len ? -1 : span_cmp(w, h);

		if (c < 0)
			show(cli, ++differences, "want", w);
		else if (c > 0)
			show(cli, ++differences, "have", h);
		if (c <= 0)
			w = line_take(&want);
		if (c >= 0)
			h = line_take(&have);
	}
	return differences;
}

static void
hash_text(const struct buf *lines, char hex[2 * SHA256_BYTES + 1])
{
	uint8_t sum[SHA256_BYTES];

	sha256(buf_view(lines), sum);
	hex_of(sum, sizeof(sum), hex);
}

static int
check(struct cli *cli, const struct recompute_args *a, const struct buf *want,
    const struct recompute_counts *n, struct err *err)
{
	struct buf have = BUF_INIT;
	char ours[2 * SHA256_BYTES + 1], theirs[2 * SHA256_BYTES + 1];
	size_t differences;

	if (warehouse_lines(cli, &have, err)) {
		buf_release(&have);
		return -1;
	}
	differences = compare_lines(cli, buf_view(want), buf_view(&have));
	hash_text(want, ours);
	hash_text(&have, theirs);
	buf_release(&have);
	if (cli->json) {
		printf("{\"version\":1,\"raw\":%zu,\"given\":%zu,\"events\":%zu,\"units\":%zu,"
		       "\"outcomes\":%zu,\"differences\":%zu,\"recomputed\":\"%s\",\"warehouse\":\"%s\"}\n",
		    n->raw, n->given, n->events, n->units, n->outcomes, differences, ours, theirs);
	} else {
		if (a->hash)
			printf("recomputed %s\nwarehouse  %s\n", ours, theirs);
		if (n->given)
			printf("%zu raw records are no more: their evidence was taken as given\n",
			    n->given);
		printf("%zu raw records, %zu events of %zu units, %zu outcomes: ", n->raw, n->events,
		    n->units, n->outcomes);
		if (differences)
			printf("%zu lines differ\n", differences);
		else
			printf("the warehouse agrees, row by row\n");
	}
	return differences ? CLI_VERIFICATION : CLI_OK;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct recompute_args a = { 0 };
	const struct cli_option options[] = { { .name = "check", .flag = &a.check },
		{ .name = "print", .flag = &a.print }, { .name = "hash", .flag = &a.hash } };
	struct recompute_counts counts;
	struct buf lines = BUF_INIT;
	struct err err = ERR_INIT;
	int code = CLI_OK;

	if (cli_options(&verb_recompute, &argc, argv, options, 3))
		return CLI_USAGE;
	if (argc > 1 || (!a.check && !a.print && !a.hash))
		return cli_usage(&verb_recompute, "expected --check, --print or --hash");
	if (recompute(cli, &lines, &counts, &err)) {
		code = cli_fail(&err, NULL);
	} else if (a.print) {
		cli_print(&lines);
	} else {
		code = check(cli, &a, &lines, &counts, &err);
		if (code < 0)
			code = cli_fail(&err, NULL);
	}
	buf_release(&lines);
	return code;
}

const struct cli_verb verb_recompute = {
	.name = "recompute",
	.run = run,
	.usage = "outturn recompute --check [--hash] [--json]\noutturn recompute --print",
	.says = "compute everything again from the raw topics, and compare",
	.help = "Reads the raw topics and what people wrote from their first record, judges, links and\n"
		"evaluates with a slow and simple program, and compares with the warehouse row by row;\n"
		"positions are left out.  Needs keys/ingest.key and keys/match.key, and time: people\n"
		"are compared pair by pair.\n\n"
		"--check  print what differs: want (recomputed), have (warehouse)\n"
		"--hash   print both SHA-256 as well\n"
		"--print  print the recomputed lines, sorted\n\n"
		"Run it when outturn status says up to date.\n"
		"Exit: 0 equal, 3 different, 75 a server is away.\n"
		"Example: outturn status --wait 60 && outturn recompute --check",
};
