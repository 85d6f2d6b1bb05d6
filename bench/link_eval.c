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

#include "cli/people.h"
#include "common/hash.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/match/batch.h"
#include "transform/match/model.h"

enum { GROUPS_MAX = 64 };

struct eval {
	struct buf text;
	struct people people;
	uint32_t n, cap;
	uint32_t *truth;   /* number of true_id */
	uint16_t *source;
	uint8_t *group;
	struct strmap truths, sources, groups;
	char *group_name[GROUPS_MAX]; /* owned */
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

static void
row_keep(struct eval *ev, const struct csv_row *row)
{
	struct span group = people_field(&ev->people, row, PEOPLE_group);
	uint32_t i = ev->n++, g;

	if (ev->n > ev->cap) {
		ev->cap = ev->cap ? ev->cap * 2 : 4096;
		ev->truth = mem_realloc(ev->truth, ev->cap, sizeof(*ev->truth));
		ev->source = mem_realloc(ev->source, ev->cap, sizeof(*ev->source));
		ev->group = mem_realloc(ev->group, ev->cap, sizeof(*ev->group));
	}
	ev->truth[i] = number_of(&ev->truths, people_field(&ev->people, row, PEOPLE_true_id));
	ev->source[i] = (uint16_t)(number_of(&ev->sources, people_field(&ev->people, row, PEOPLE_source))
	    % BATCH_SOURCES_MAX);
	g = number_of(&ev->groups, group);
	ev->group[i] = (uint8_t)(g < GROUPS_MAX ? g : GROUPS_MAX - 1);
	if (g < GROUPS_MAX && !ev->group_name[g])
		ev->group_name[g] = strndup((const char *)group.ptr, group.len);
}

static void
rows_read(struct eval *ev)
{
	struct people_row coded;
	struct csv_row row;
	struct err err;

	for (int got; (got = people_next(&ev->people, &row, &coded, &err)) != 0;) {
		if (got < 0) {
			fprintf(stderr, "line %u: %s\n", row.line, err.text);
			continue;
		}
		row_keep(ev, &row);
		batch_add(ev->batch, coded.tokens, coded.n, coded.clk, ev->source[ev->n - 1]);
	}
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
	for (uint32_t g = 0; people_has(&ev->people, PEOPLE_group) && g < ev->groups.count && g < GROUPS_MAX; g++)
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
	batch_free(ev->batch);
	people_release(&ev->people);
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

/* false: said why. */
static bool
eval_open(struct eval *ev, const struct asked *asked)
{
	struct err err;

	if (!file_read(asked->file, &ev->text)) {
		fprintf(stderr, "link_eval: cannot read '%s'\n", asked->file);
		return false;
	}
	if (people_open(&ev->people, buf_view(&ev->text), asked->clk, &err)
	    || !people_has(&ev->people, PEOPLE_record_id) || !people_has(&ev->people, PEOPLE_true_id)) {
		fprintf(stderr, "link_eval: no header with record_id and true_id\n");
		return false;
	}
	strmap_init(&ev->truths, 1);
	strmap_init(&ev->sources, 1);
	strmap_init(&ev->groups, 1);
	ev->scope = asked->scope;
	ev->show = asked->show;
	ev->batch = batch_new(&asked->weights,
	    (struct batch_settings){ .scope = asked->scope, .clk = asked->clk });
	return true;
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
	if (!eval_open(&ev, &asked))
		return 1;
	fprintf(stderr, "profile %s\n", asked.clk == CLK_FIELDS
		? "trusted: encodings of each name, for a matcher that is trusted with them"
		: "default: keyed tokens");
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
