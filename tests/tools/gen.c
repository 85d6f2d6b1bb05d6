/*
 * gen - records of people who never were, as files that three agencies send.
 *
 *	gen --seed N --people N --out DIR [--events N] [--clean] [--json]
 *
 *	DIR/council.csv, nhs.csv, provider.csv	the generic format, in order of arrival
 *	DIR/truth.csv				record_id,source,true_id,fault
 *
 * --events N instead of --people: as many people as make about N records.
 * --clean: no late, double, corrected, withdrawn or broken records.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/csv.h"
#include "common/json.h"
#include "tests/gen/gen.h"

enum { FLUSH_BYTES = 1 << 16 };

struct files {
	FILE *agency[GEN_AGENCIES], *truth;
	struct buf out[GEN_AGENCIES], truth_out;
	bool failed;
};

static int
usage(const char *why)
{
	fprintf(stderr, "gen: %s\nusage: gen --seed N --people N|--events N --out DIR [--clean] "
	    "[--json]\n", why);
	return 2;
}

static void
flush(struct files *f, FILE *file, struct buf *out, size_t least)
{
	if (out->len < least)
		return;
	f->failed |= fwrite(out->ptr, 1, out->len, file) != out->len;
	buf_reset(out);
}

static void
header(enum gen_agency agency, struct buf *out)
{
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++)
		if (gen_agency_has(agency, (enum generic_column)c))
			buf_printf(out, "%s%s", out->len ? "," : "", generic_columns[c].name);
	for (int a = 0; a < GEN_ATTRIBUTE_COUNT; a++)
		buf_printf(out, ",attr.%s", gen_attribute_name[a]);
	buf_byte(out, '\n');
}

static void
row_put(void *arg, const struct gen_row *row)
{
	struct files *f = arg;
	struct buf *out = &f->out[row->agency];
	char scratch[GEN_SCRATCH];
	bool first = true;

	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++) {
		if (!gen_agency_has(row->agency, (enum generic_column)c))
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		csv_put(out, span_str(gen_cell(row, (enum generic_column)c, scratch)));
	}
	for (int a = 0; a < GEN_ATTRIBUTE_COUNT; a++) {
		buf_byte(out, ',');
		csv_put(out, span_str(row->attribute[a]));
	}
	buf_byte(out, '\n');
	flush(f, f->agency[row->agency], out, FLUSH_BYTES);
	if (row->complete_through[0])
		return;
	buf_printf(&f->truth_out, "%s,%s,%u,%s\n", row->record_id, gen_agency_name[row->agency],
	    row->person + 1, row->objection ? "objection" : row->fault ? row->fault : "");
	flush(f, f->truth, &f->truth_out, FLUSH_BYTES);
}

static FILE *
file_open(const char *dir, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.csv", dir, name);
	file = fopen(path, "w");
	if (!file)
		fprintf(stderr, "gen: cannot write '%s': %s\n", path, strerror(errno));
	return file;
}

static int
files_open(struct files *f, const char *dir)
{
	memset(f, 0, sizeof(*f));
	if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "gen: cannot make '%s': %s\n", dir, strerror(errno));
		return -1;
	}
	for (int a = 0; a < GEN_AGENCIES; a++) {
		f->agency[a] = file_open(dir, gen_agency_name[a]);
		if (!f->agency[a])
			return -1;
		header((enum gen_agency)a, &f->out[a]);
	}
	f->truth = file_open(dir, "truth");
	if (!f->truth)
		return -1;
	buf_str(&f->truth_out, "record_id,source,true_id,fault\n");
	return 0;
}

static int
files_close(struct files *f)
{
	for (int a = 0; a < GEN_AGENCIES; a++) {
		if (!f->agency[a])
			continue;
		flush(f, f->agency[a], &f->out[a], 0);
		f->failed |= fclose(f->agency[a]) != 0;
		buf_release(&f->out[a]);
	}
	if (f->truth) {
		flush(f, f->truth, &f->truth_out, 0);
		f->failed |= fclose(f->truth) != 0;
	}
	buf_release(&f->truth_out);
	return f->failed ? -1 : 0;
}

static void
totals_print(const struct gen_totals *t, uint64_t seed, bool json)
{
	const struct {
		const char *name;
		uint64_t n;
	} figures[] = { { "seed", seed }, { "people", t->people }, { "referred", t->referred },
		{ "council", t->rows[GEN_COUNCIL] }, { "nhs", t->rows[GEN_NHS] },
		{ "provider", t->rows[GEN_PROVIDER] }, { "late", t->late }, { "twice", t->twice },
		{ "corrected", t->corrected }, { "withdrawn", t->withdrawn },
		{ "broken", t->broken }, { "mended", t->mended } };

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		printf(json ? "%s\"%s\": %llu" : "%s%s %llu", json ? i ? ", " : "{" : i ? ", " : "",
		    figures[i].name, (unsigned long long)figures[i].n);
	puts(json ? "}" : "");
}

static bool
number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= max;
}

int
main(int argc, char **argv)
{
	struct gen_options options = { .seed = 1 };
	struct gen_totals totals;
	struct files files;
	const char *dir = NULL;
	uint64_t people = 0;
	bool json = false;
	int rc;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--json")) {
			json = true;
			continue;
		}
		if (!strcmp(argv[i], "--clean")) {
			options.clean = true;
			continue;
		}
		i++;
		if (!strcmp(argv[i - 1], "--out"))
			dir = value;
		else if (!strcmp(argv[i - 1], "--seed")
		    ? !number(value, UINT32_MAX, &options.seed)
		    : !strcmp(argv[i - 1], "--people") ? !number(value, GEN_PEOPLE_MAX, &people)
		    : !strcmp(argv[i - 1], "--events") ? !number(value, UINT32_MAX, &options.events)
		    : true)
			return usage("an option or its number is not right");
	}
	if (!dir || !*dir || (people == 0) == (options.events == 0))
		return usage("--out, and one of --people and --events, are wanted");
	options.people = people ? (uint32_t)people : GEN_PEOPLE_MAX;
	rc = files_open(&files, dir);
	if (rc == 0)
		gen_run(&options, row_put, &files, &totals);
	if (files_close(&files) != 0) {
		fprintf(stderr, "gen: writing into '%s' failed\n", dir);
		rc = -1;
	}
	if (rc == 0)
		totals_print(&totals, options.seed, json);
	return rc == 0 ? 0 : 1;
}
