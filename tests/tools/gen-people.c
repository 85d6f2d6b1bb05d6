/*
 * gen-people - one labelled file of people who never were, for whoever links.
 *
 *	gen-people --records N --seed S --population FILE --out FILE.csv
 *	           [--group origin|sex|age|mobility|all] [--without COLUMN]...
 *
 * The header is that of bench/link_eval.c; `true_id` is the truth and `group`
 * what recall is printed by.  Rows stand in no order.  --without leaves a
 * column empty: nhs_number, dob, uprn ...
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/mem.h"
#include "tests/gen/gen.h"
#include "tests/gen/uk.h"

#define COLUMNS(C)                                                                              \
	C(forename) C(surname) C(sex) C(dob) C(line1) C(line2) C(town) C(postcode) C(uprn)      \
	C(nhs_number) C(nino) C(upn) C(uln) C(local_id)

enum column {
#define COLUMN(name) COLUMN_##name,
	COLUMNS(COLUMN) COLUMN_COUNT
#undef COLUMN
};

/* As link_eval.c calls them. */
static const char *const column_names[COLUMN_COUNT] = { "forename", "surname", "sex", "dob",
	"address1", "address2", "town", "postcode", "uprn", "nhs_number", "nino", "upn", "uln",
	"local_id" };

enum group { GROUP_ORIGIN, GROUP_SEX, GROUP_AGE, GROUP_MOBILITY, GROUP_ALL, GROUPS };
static const char *const group_names[GROUPS] = { "origin", "sex", "age", "mobility", "all" };

struct rows {
	struct buf text;
	size_t *at; /* where each begins */
	uint32_t n;
	enum group group;
	bool without[COLUMN_COUNT];
};

static int
usage(const char *why)
{
	fprintf(stderr, "gen-people: %s\nusage: gen-people --records N --seed S --population FILE "
	    "--out FILE.csv [--group origin|sex|age|mobility|all] [--without COLUMN]...\n", why);
	return 2;
}

static void
group_put(const struct rows *rows, const struct uk_record *r, struct buf *out)
{
	const char *sex = r->sex[0] ? r->sex : "unknown";

	switch (rows->group) {
	case GROUP_ORIGIN:
		buf_str(out, r->origin);
		return;
	case GROUP_SEX:
		buf_str(out, sex);
		return;
	case GROUP_AGE:
		buf_str(out, r->age);
		return;
	case GROUP_MOBILITY:
		buf_str(out, r->mobility);
		return;
	case GROUP_ALL:
		buf_printf(out, "%s;%s;%s;%s", r->origin, sex, r->age, r->mobility);
		return;
	case GROUPS:
		break;
	}
	abort();
}

/* All but the record's id, which is given when the order is known. */
static void
row_take(void *arg, const struct uk_record *r)
{
	struct rows *rows = arg;
	struct buf *out = &rows->text;
	const char *const cell[COLUMN_COUNT] = {
#define CELL(name) r->name,
		COLUMNS(CELL)
	};

	rows->at[rows->n++] = out->len;
	buf_printf(out, ",%s,p%" PRIu32 ",", r->source, r->person);
	group_put(rows, r, out);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		buf_byte(out, ',');
		if (!rows->without[c])
			csv_put(out, span_str(cell[c]));
	}
	buf_byte(out, '\n');
}

/* Fisher and Yates: what lies together in a household must not lie together in the file. */
static void
rows_shuffle(struct rows *rows, uint64_t seed, uint32_t *order)
{
	struct gen_rng r = { .state = seed + 1 };

	for (uint32_t i = 0; i < rows->n; i++)
		order[i] = i;
	for (uint32_t i = rows->n; i > 1; i--) {
		uint32_t k = gen_below(&r, i), kept = order[k];

		order[k] = order[i - 1];
		order[i - 1] = kept;
	}
}

static int
rows_write(struct rows *rows, uint64_t seed, const char *path)
{
	uint32_t *order = mem_alloc((size_t)rows->n * sizeof(*order));
	FILE *file = fopen(path, "w");
	bool failed = !file;

	if (file) {
		rows_shuffle(rows, seed, order);
		fputs("record_id,source,true_id,group", file);
		for (int c = 0; c < COLUMN_COUNT; c++)
			fprintf(file, ",%s", column_names[c]);
		fputc('\n', file);
		for (uint32_t i = 0; i < rows->n; i++) {
			size_t from = rows->at[order[i]];
			size_t to = order[i] + 1 < rows->n ? rows->at[order[i] + 1] : rows->text.len;

			fprintf(file, "r%07" PRIu32, i);
			fwrite(rows->text.ptr + from, 1, to - from, file);
		}
		failed = ferror(file);
		failed |= fclose(file) != 0;
	}
	if (failed)
		fprintf(stderr, "gen-people: cannot write '%s': %s\n", path, strerror(errno));
	mem_free(order);
	return failed ? 1 : 0;
}

static int
population_read(const char *path, struct population *p)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	FILE *file = fopen(path, "r");
	size_t got = 1;
	int result = -1;

	if (!file) {
		fprintf(stderr, "gen-people: cannot open '%s': %s\n", path, strerror(errno));
		return -1;
	}
	while (got) {
		buf_grow(&text, 1 << 16);
		got = fread(text.ptr + text.len, 1, 1 << 16, file);
		text.len += got;
	}
	if (population_parse(p, buf_view(&text), &err))
		fprintf(stderr, "gen-people: %s: %s\n", path, err.text);
	else
		result = 0;
	fclose(file);
	buf_release(&text);
	return result;
}

static bool
number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= max;
}

static bool
one_of(const char *text, const char *const *names, int n, int *out)
{
	for (*out = 0; *out < n; ++*out)
		if (strcmp(text, names[*out]) == 0)
			return true;
	return false;
}

static int
people_make(struct rows *rows, const struct population *p, uint64_t seed, uint32_t records,
    const char *out)
{
	struct uk_totals t;
	int result;

	rows->at = mem_alloc((size_t)records * sizeof(*rows->at));
	if (uk_run(p, seed, records, row_take, rows, &t)) {
		mem_free(rows->at);
		return usage("--records is not from 1 to 2500000");
	}
	result = rows_write(rows, seed, out);
	printf("%" PRIu64 " records of %" PRIu64 " people in %" PRIu64 " households: %" PRIu64
	    " twins, %" PRIu64 " namesakes, %" PRIu64 " married, %" PRIu64 " hostel stays, %" PRIu64
	    " with another's NHS number\n", t.records, t.people, t.households, t.twins, t.namesakes,
	    t.married, t.hostel, t.nhs_of_other);
	mem_free(rows->at);
	buf_release(&rows->text);
	return result;
}

int
main(int argc, char **argv)
{
	struct rows rows = { .group = GROUP_ORIGIN };
	const char *population = NULL, *out = NULL;
	uint64_t records = 0, seed = 1;
	struct population p;
	int which, result;

	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--population") == 0)
			population = value;
		else if (strcmp(argv[i], "--out") == 0)
			out = value;
		else if (strcmp(argv[i], "--without") == 0
		    && one_of(value, column_names, COLUMN_COUNT, &which))
			rows.without[which] = true;
		else if (strcmp(argv[i], "--group") == 0 && one_of(value, group_names, GROUPS, &which))
			rows.group = (enum group)which;
		else if (!(strcmp(argv[i], "--records") == 0 && number(value, UK_RECORDS_MAX, &records))
		    && !(strcmp(argv[i], "--seed") == 0 && number(value, UINT32_MAX, &seed)))
			return usage("an option or its value is not right");
	}
	if (!population || !out || !records)
		return usage("--records, --population and --out are wanted");
	if (population_read(population, &p))
		return 1;
	result = people_make(&rows, &p, seed, (uint32_t)records, out);
	population_release(&p);
	return result;
}
