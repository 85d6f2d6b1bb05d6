/*
 * link_eval - how well one person's records are found, on a labelled CSV.
 *
 *	FILE.csv ─normalise─► tokens, clk ─batch.h─► clusters ─┬─ compared with true_id
 *	 names end here                                        └─ precision P recall R f1 F ...
 *
 * The header names what there is: record_id, source, true_id, and any of
 * forename, surname, sex, dob, address1, address2, town, postcode, uprn,
 * nhs_number, nino, upn, uln, local_id, group.  Labels are read when all is
 * decided.  What the agency would have to correct (a check digit, a day that
 * does not exist) is left out here, for there is nobody to ask; a number whose
 * column does not hold British ones is an opaque string.
 *
 * Keys are drawn from nothing secret: this is a measurement, not a service.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/csv.h"
#include "common/hash.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/text.h"
#include "ingest/tokens.h"
#include "transform/match/batch.h"
#include "transform/match/model.h"

#define COLUMNS(C)                                                                                 \
	C(record_id) C(source) C(true_id) C(forename) C(surname) C(sex) C(dob) C(address1) C(address2) \
	C(town) C(postcode) C(uprn) C(nhs_number) C(nino) C(upn) C(uln) C(local_id) C(group)

enum column {
#define COLUMN_ENUM(name) COLUMN_##name,
	COLUMNS(COLUMN_ENUM)
#undef COLUMN_ENUM
	COLUMN_END
};

static const char *const column_names[COLUMN_END] = {
#define COLUMN_NAME(name) #name,
	COLUMNS(COLUMN_NAME)
#undef COLUMN_NAME
};

enum { GROUPS_MAX = 64, SOURCE_NAMES_MAX = 4096, NUMBERS = 4, OPAQUE_OF_TEN = 2,
	MEMO_VALUES = 1 << 17 };

struct eval {
	struct buf text;
	int at[COLUMN_END]; /* of the header; -1: no such column */
	bool opaque[NUMBERS];
	uint32_t n, cap;
	uint32_t *truth;   /* number of true_id */
	uint16_t *source;
	uint8_t *group;
	struct strmap truths, sources, groups;
	char *group_name[GROUPS_MAX]; /* owned */
	struct keyring *ring;
	struct tokeniser *tokens;
	struct frequency frequency;
	struct arena arena;
	struct batch *batch;
	enum batch_scope scope;
	int show;
};

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
	    + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static bool
file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	size_t got = 1;

	if (!f)
		return false;
	while (got) {
		buf_grow(out, 1 << 20);
		got = fread(out->ptr + out->len, 1, 1 << 20, f);
		out->len += got;
	}
	fclose(f);
	return true;
}

/* What other tools write for "nothing". */
static bool
says_nothing(struct span s, enum column c)
{
	static const char *const words[] = { "nan", "NaN", "NAN", "null", "NULL", "None", "\\N", "<NA>" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is(s, words[i]))
			return c != COLUMN_surname || i < 3;
	return false;
}

static struct span
field(const struct eval *ev, const struct csv_row *row, enum column c)
{
	struct span s = ev->at[c] >= 0 && (uint32_t)ev->at[c] < row->fields
	    ? text_trim(row->field[ev->at[c]])
	    : SPAN_LIT("");

	return says_nothing(s, c) ? SPAN_LIT("") : s;
}

static bool
is_column(struct span text, const char *name)
{
	text = text_trim(text);
	return text.len == strlen(name) && strncasecmp((const char *)text.ptr, name, text.len) == 0;
}

static bool
header_read(struct eval *ev, const struct csv_row *row)
{
	for (int c = 0; c < COLUMN_END; c++) {
		ev->at[c] = -1;
		for (uint32_t i = 0; i < row->fields; i++)
			if (is_column(row->field[i], column_names[c]))
				ev->at[c] = (int)i;
	}
	return ev->at[COLUMN_record_id] >= 0 && ev->at[COLUMN_true_id] >= 0;
}

static uint32_t
number_of(struct strmap *m, struct span text)
{
	bool fresh;
	uint32_t n = m->count;
	uint64_t *at = strmap_put(m, text, &fresh);

	if (fresh)
		*at = n;
	return (uint32_t)*at;
}

/* --- numbers that are not British */

static bool
number_holds(int which, struct span text)
{
	char out[16];

	switch (which) {
	case 0:
		return nhs_number_check(text, out) == VALID_OK;
	case 1:
		return nino_check(text, out) == VALID_OK;
	case 2:
		return upn_check(text, out) == VALID_OK;
	}
	return uln_check(text, out) == VALID_OK;
}

/* A column of which a fifth or more is not what its name says holds something else. */
static void
opaque_find(struct eval *ev)
{
	uint32_t there[NUMBERS] = { 0 }, wrong[NUMBERS] = { 0 };
	struct csv_row row;
	struct csv csv;
	struct err err;

	csv_init(&csv, buf_view(&ev->text), 0);
	csv_next(&csv, &row, &err);
	for (int got; (got = csv_next(&csv, &row, &err)) != 0;) {
		if (got < 0)
			continue;
		for (int i = 0; i < NUMBERS; i++) {
			struct span s = field(ev, &row, (enum column)(COLUMN_nhs_number + i));

			there[i] += s.len > 0;
			wrong[i] += s.len > 0 && !number_holds(i, s);
		}
	}
	for (int i = 0; i < NUMBERS; i++)
		ev->opaque[i] = wrong[i] * 10 > there[i] * OPAQUE_OF_TEN;
	csv_release(&csv);
}

/* --- a row as encodings */

struct coded {
	struct token tokens[TOKENS_MAX + 16];
	uint32_t n;
	struct span clk;
};

static void
token_add(const struct eval *ev, struct coded *out, int32_t at, struct span value)
{
	if (value.len)
		out->tokens[out->n++] = (struct token){ at, 0, token_value(ev->ring, at, value) };
}

/* Of a date that is none, what of it can be: "1931-02-30" has a year and a month. */
static void
date_parts(const struct eval *ev, struct coded *out, struct span text)
{
	char digit[8];
	size_t n = 0;
	int month, day;

	for (size_t i = 0; i < text.len && n < sizeof(digit); i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			digit[n++] = (char)text.ptr[i];
	if (n < 4 || digit[0] < '1' || digit[0] > '2')
		return;
	token_add(ev, out, TOKEN_DOB_YEAR, span_of(digit, 4));
	month = n >= 6 ? (digit[4] - '0') * 10 + digit[5] - '0' : 0;
	day = n == 8 ? (digit[6] - '0') * 10 + digit[7] - '0' : 0;
	if (month >= 1 && month <= 12)
		token_add(ev, out, TOKEN_DOB_MONTH, span_of(digit + 4, 2));
	if (day >= 1 && day <= 31)
		token_add(ev, out, TOKEN_DOB_DAY, span_of(digit + 6, 2));
}

static void
number_opaque(const struct eval *ev, struct coded *out, int which, struct span text)
{
	uint8_t value[64];
	size_t len = 0;

	value[0] = (uint8_t)which;
	if (!text_alnum_upper(text, value + 1, sizeof(value) - 1, &len) || !len)
		return;
	token_add(ev, out, TOKEN_NATIONAL, span_of(value, len + 1));
	if (len < 6)
		return;
	token_add(ev, out, TOKEN_NATIONAL_HEAD, span_of(value, len / 2 + 1));
	token_add(ev, out, TOKEN_NATIONAL_TAIL, span_of(value + 1 + len - len / 2, len / 2));
}

static struct span
sex_of(struct span text)
{
	uint8_t c = text.len ? (uint8_t)(text.ptr[0] | 0x20) : 0;

	if (c == 'm' || span_is(text, "1"))
		return SPAN_LIT("male");
	if (c == 'f' || c == 'w' || span_is(text, "2"))
		return SPAN_LIT("female");
	return SPAN_LIT("");
}

/* What is at fault is taken out, and the rest is tried again. */
static bool
fault_drop(struct raw_person *p, struct raw_address *a, const struct err *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = { { "person.dob", offsetof(struct raw_person, dob) },
		{ "person.surname", offsetof(struct raw_person, surname) },
		{ "person.forename", offsetof(struct raw_person, forename) },
		{ "person.nhs_number", offsetof(struct raw_person, nhs_number) },
		{ "person.nino", offsetof(struct raw_person, nino) },
		{ "person.upn", offsetof(struct raw_person, upn) },
		{ "person.uln", offsetof(struct raw_person, uln) },
		{ "person.local_id", offsetof(struct raw_person, local_id) } };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(err->field, fields[i].name) == 0) {
			memset((char *)p + fields[i].offset, 0, sizeof(struct span));
			return true;
		}
	if (strcmp(err->field, "person.addresses.uprn") != 0 || !a->uprn.len)
		return false;
	a->uprn = SPAN_NONE;
	return true;
}

static void
encode(struct eval *ev, const struct csv_row *row, struct coded *out)
{
	struct raw_address home = { .line1 = field(ev, row, COLUMN_address1),
		.line2 = field(ev, row, COLUMN_address2), .town = field(ev, row, COLUMN_town),
		.postcode = field(ev, row, COLUMN_postcode), .uprn = field(ev, row, COLUMN_uprn) };
	struct raw_person p = { .forename = field(ev, row, COLUMN_forename),
		.surname = field(ev, row, COLUMN_surname), .dob = field(ev, row, COLUMN_dob),
		.local_id = field(ev, row, COLUMN_local_id), .addresses = { &home, 1 } };
	struct span *numbers[NUMBERS] = { &p.nhs_number, &p.nino, &p.upn, &p.uln };
	struct person_context c = { .organisation = field(ev, row, COLUMN_source),
		.sex = sex_of(field(ev, row, COLUMN_sex)) };
	const struct person_block *b = NULL;
	struct err err = ERR_INIT;
	struct span dob = p.dob;

	arena_reset(&ev->arena);
	for (int i = 0; i < NUMBERS; i++)
		if (!ev->opaque[i])
			*numbers[i] = field(ev, row, (enum column)(COLUMN_nhs_number + i));
	do {
		b = tokeniser_person(ev->tokens, &p, &c, &ev->arena, &err);
	} while (!b && fault_drop(&p, &home, &err));
	out->n = 0;
	out->clk = SPAN_NONE;
	if (b) {
		memcpy(out->tokens, b->tokens, b->n * sizeof(out->tokens[0]));
		out->n = b->n;
		out->clk = span_of(b->clk, b->clk_len);
	}
	if (dob.len && !p.dob.len)
		date_parts(ev, out, dob);
	for (int i = 0; i < NUMBERS; i++)
		if (ev->opaque[i])
			number_opaque(ev, out, i, field(ev, row, (enum column)(COLUMN_nhs_number + i)));
}

static void
row_keep(struct eval *ev, const struct csv_row *row)
{
	struct span group = field(ev, row, COLUMN_group);
	uint32_t i = ev->n++, g;

	if (ev->n > ev->cap) {
		ev->cap = ev->cap ? ev->cap * 2 : 4096;
		ev->truth = mem_realloc(ev->truth, ev->cap, sizeof(*ev->truth));
		ev->source = mem_realloc(ev->source, ev->cap, sizeof(*ev->source));
		ev->group = mem_realloc(ev->group, ev->cap, sizeof(*ev->group));
	}
	ev->truth[i] = number_of(&ev->truths, field(ev, row, COLUMN_true_id));
	ev->source[i] = (uint16_t)(number_of(&ev->sources, field(ev, row, COLUMN_source))
	    % SOURCE_NAMES_MAX);
	g = number_of(&ev->groups, group);
	ev->group[i] = (uint8_t)(g < GROUPS_MAX ? g : GROUPS_MAX - 1);
	if (g < GROUPS_MAX && !ev->group_name[g])
		ev->group_name[g] = strndup((const char *)group.ptr, group.len);
}

static void
rows_read(struct eval *ev)
{
	struct csv_row row;
	struct csv csv;
	struct err err;

	csv_init(&csv, buf_view(&ev->text), 0);
	csv_next(&csv, &row, &err);
	for (int got; (got = csv_next(&csv, &row, &err)) != 0;) {
		struct coded coded;

		if (got < 0) {
			fprintf(stderr, "line %u: %s\n", row.line, err.text);
			continue;
		}
		row_keep(ev, &row);
		encode(ev, &row, &coded);
		batch_add(ev->batch, coded.tokens, coded.n, coded.clk, ev->source[ev->n - 1]);
	}
	csv_release(&csv);
}

/* --- against the truth */

struct member {
	uint64_t group;
	uint32_t number;
};

static int
member_order(const void *p, const void *q)
{
	const struct member *a = p, *b = q;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static bool
in_scope(const struct eval *ev, uint32_t i, uint32_t j)
{
	return ev->scope == BATCH_ALL
	    || (ev->scope == BATCH_WITHIN) == (ev->source[i] == ev->source[j]);
}

struct score {
	uint64_t truth, found, right, blocked;
	uint64_t group_truth[GROUPS_MAX], group_right[GROUPS_MAX];
};

static void
pair_show(struct eval *ev, const char *what, uint32_t i, uint32_t j)
{
	uint8_t grade[LINE_END];
	int32_t w;

	if (ev->show-- <= 0)
		return;
	w = batch_weight(ev->batch, i, j, grade);
	printf("%s rows %u %u, %.1f bits%s:", what, i + 2, j + 2, w / 1000.0,
	    batch_blocked(ev->batch, i, j) ? "" : ", not blocked");
	for (int l = 0; l < LINE_END; l++)
		if (grade[l] != GRADE_MISSING)
			printf(" %s=%s", line_name((enum line)l), grade_name((enum grade)grade[l]));
	printf("\n");
}

/* All pairs of each group of `m`, which is sorted; groups are small. */
static void
pairs_each(struct eval *ev, const struct member *m, struct score *s, bool truth)
{
	for (uint32_t from = 0, to; from < ev->n; from = to) {
		for (to = from; to < ev->n && m[to].group == m[from].group; to++)
			;
		for (uint32_t x = from; x < to; x++) {
			for (uint32_t y = x + 1; y < to; y++) {
				uint32_t i = m[x].number, j = m[y].number;

				if (!in_scope(ev, i, j))
					continue;
				if (!truth) {
					s->found++;
					if (ev->truth[i] != ev->truth[j])
						pair_show(ev, "false", i, j);
					continue;
				}
				s->truth++;
				s->blocked += batch_blocked(ev->batch, i, j);
				s->group_truth[ev->group[i]]++;
				if (batch_label(ev->batch, i) == batch_label(ev->batch, j)) {
					s->right++;
					s->group_right[ev->group[i]]++;
				} else {
					pair_show(ev, "missed", i, j);
				}
			}
		}
	}
}

static void
judge(struct eval *ev, struct score *s)
{
	struct member *m = mem_alloc((ev->n + 1) * sizeof(*m));

	for (int truth = 0; truth < 2; truth++) {
		for (uint32_t i = 0; i < ev->n; i++)
			m[i] = (struct member){ truth ? ev->truth[i] : batch_label(ev->batch, i), i };
		qsort(m, ev->n, sizeof(*m), member_order);
		pairs_each(ev, m, s, truth);
	}
	mem_free(m);
}

static double
share(uint64_t n, uint64_t of)
{
	return of ? (double)n / (double)of : 1;
}

static void
say(struct eval *ev, const struct score *s, double read_seconds, double match_seconds)
{
	struct batch_stats st = batch_stats(ev->batch);
	double p = share(s->right, s->found), r = share(s->right, s->truth);

	printf("records %u sources %u people %u true pairs %" PRIu64 "\n", ev->n, ev->sources.count,
	    ev->truths.count, s->truth);
	printf("candidates %" PRIu64 " kept %" PRIu64 " expected %" PRIu64 " lists past limit %" PRIu64
	       "%s\n",
	    st.candidates, st.kept, st.expected, st.oversize,
	    st.one_a_person ? ", each source has a person once" : "");
	printf("blocking keeps %.6f of the true pairs\n", share(s->blocked, s->truth));
	for (uint32_t g = 0; ev->at[COLUMN_group] >= 0 && g < ev->groups.count && g < GROUPS_MAX; g++)
		if (s->group_truth[g])
			printf("group %s recall %.6f of %" PRIu64 " pairs\n", ev->group_name[g],
			    share(s->group_right[g], s->group_truth[g]),
			    s->group_truth[g]);
	printf("encode %.2f match %.2f CPU seconds\n", read_seconds, match_seconds);
	printf("precision %.6f recall %.6f f1 %.6f pairs %" PRIu64 " clusters %u review %" PRIu64
	       " seconds %.2f\n",
	    p, r, p + r > 0 ? 2 * p * r / (p + r) : 0, s->found, st.clusters, st.review,
	    read_seconds + match_seconds);
}

static void
weights_show(const struct weights *w)
{
	for (int l = 0; l < LINE_END; l++) {
		fprintf(stderr, "%-12s m/u", line_name((enum line)l));
		for (int g = GRADE_DIFFER; g < GRADE_END; g++)
			if (w->m[l][g] > -14000)
				fprintf(stderr, " %s %.1f/%.1f", grade_name((enum grade)g),
				    w->m[l][g] / 1000.0, w->u[l][g] / 1000.0);
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "moved %.1f; for one true pair 2^%.1f at random, 2^%.1f in an area, 2^%.1f in a "
			"street, 2^%.1f at home; family surname %.1f forename %.1f dob %.1f\n",
	    w->moved / 1000.0, w->prior[OTHER_RANDOM] / 1000.0, w->prior[OTHER_AREA] / 1000.0,
	    w->prior[OTHER_STREET] / 1000.0, w->prior[OTHER_HOUSEHOLD] / 1000.0,
	    w->family_surname / 1000.0, w->family_forename / 1000.0, w->family_dob / 1000.0);
}

static void
eval_release(struct eval *ev)
{
	for (int g = 0; g < GROUPS_MAX; g++)
		free(ev->group_name[g]);
	mem_free(ev->truth);
	mem_free(ev->source);
	mem_free(ev->group);
	strmap_release(&ev->truths);
	strmap_release(&ev->sources);
	strmap_release(&ev->groups);
	frequency_release(&ev->frequency);
	batch_free(ev->batch);
	tokeniser_free(ev->tokens);
	keyring_free(ev->ring);
	arena_release(&ev->arena);
	buf_release(&ev->text);
}

static int
usage(void)
{
	fprintf(stderr, "usage: link_eval FILE.csv [--model M] [--profile default|trusted] "
			"[--dedupe|--link] [--show PAIRS] [--verbose]\n");
	return 2;
}

/* The weights of a model file; false: it has none, or cannot be read. */
static bool
model_read(const char *path, struct weights *out)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load(path, &report);
	struct model *model = doc ? model_parse(doc->root, &report) : NULL;
	struct buf text = BUF_INIT;
	bool ok = model && model_weights(model);

	if (ok)
		*out = *model_weights(model);
	yaml_report_text(&report, &text);
	if (!ok)
		fprintf(stderr, "%s%s: no model with weights\n", buf_cstr(&text), path);
	buf_release(&text);
	model_free(model);
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return ok;
}

/* The record's hardened encoding is not read by this matcher, so that no time goes into it. */
static bool
profile_read(const char *text, enum clk_profile *out)
{
	if (strcmp(text, "default") == 0 || strcmp(text, "hardened") == 0)
		*out = CLK_OFF;
	else if (strcmp(text, "trusted") == 0 || strcmp(text, "trusted-matcher") == 0)
		*out = CLK_FIELDS;
	else
		return false;
	return true;
}

struct asked {
	const char *file;
	struct weights weights;
	enum clk_profile clk;
	enum batch_scope scope;
	int show;
	bool verbose;
};

/* 0, or the exit status. */
static int
options_read(int argc, char **argv, struct asked *out)
{
	static const struct option options[] = { { "model", required_argument, NULL, 'm' },
		{ "profile", required_argument, NULL, 'p' }, { "dedupe", no_argument, NULL, 'd' },
		{ "link", no_argument, NULL, 'l' }, { "show", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			if (!model_read(optarg, &out->weights))
				return 1;
			break;
		case 'p':
			if (!profile_read(optarg, &out->clk))
				return usage();
			break;
		case 'd':
			out->scope = BATCH_WITHIN;
			break;
		case 'l':
			out->scope = BATCH_ACROSS;
			break;
		case 's':
			out->show = atoi(optarg);
			break;
		case 'v':
			out->verbose = true;
			break;
		default:
			return usage();
		}
	}
	if (optind + 1 != argc)
		return usage();
	out->file = argv[optind];
	return 0;
}

/* The file and its header; false: said why. */
static bool
file_open(struct eval *ev, const char *path)
{
	struct csv_row row;
	struct csv csv;
	struct err err;
	bool ok;

	if (!file_read(path, &ev->text)) {
		fprintf(stderr, "link_eval: cannot read '%s'\n", path);
		return false;
	}
	csv_init(&csv, buf_view(&ev->text), 0);
	ok = csv_next(&csv, &row, &err) == 1 && header_read(ev, &row);
	csv_release(&csv);
	if (!ok)
		fprintf(stderr, "link_eval: no header with record_id and true_id\n");
	return ok;
}

static void
eval_init(struct eval *ev, const struct asked *asked)
{
	static const uint8_t master[KEY_MASTER_BYTES] = { 'l', 'i', 'n', 'k' };
	struct err err;

	arena_init(&ev->arena, 0);
	strmap_init(&ev->truths, 1);
	strmap_init(&ev->sources, 1);
	strmap_init(&ev->groups, 1);
	MUST(frequency_parse(&ev->frequency, SPAN_LIT("version\t1\n"), &err) == 0);
	ev->ring = keyring_new(master, 1);
	ev->tokens = tokeniser_new(ev->ring, &ev->frequency,
	    (struct token_settings){ .profile = TOKENS_MATCH, .clk = asked->clk,
		.memo_values = MEMO_VALUES });
	ev->scope = asked->scope;
	ev->show = asked->show;
	ev->batch = batch_new(&asked->weights,
	    (struct batch_settings){ .scope = asked->scope, .clk = asked->clk });
}

int
main(int argc, char **argv)
{
	static struct eval ev;
	struct asked asked = { .weights = weights_shipped() };
	struct score score = { .truth = 0 };
	double read_at, match_at;
	int status = options_read(argc, argv, &asked);

	if (status)
		return status;
	if (!file_open(&ev, asked.file))
		return 1;
	fprintf(stderr, "profile %s\n", asked.clk == CLK_FIELDS
		? "trusted: encodings of each name, for a matcher that is trusted with them"
		: "default: keyed tokens");
	eval_init(&ev, &asked);
	opaque_find(&ev);
	rows_read(&ev);
	read_at = cpu_seconds();
	batch_run(ev.batch);
	match_at = cpu_seconds();
	if (asked.verbose)
		weights_show(batch_weights(ev.batch));
	judge(&ev, &score);
	say(&ev, &score, read_at, match_at - read_at);
	eval_release(&ev);
	return 0;
}
