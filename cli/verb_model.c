/*
 * outturn model - what the matching model weighs: shown, compared, learned from a file of people.
 *
 *	people.csv ─► encodings ─► batch.h ─┬─ grades of sure pairs, in two halves
 *	                                    └─► m of each line, where the one half's is better on the
 *	                                        other than what the model has; else that is kept
 *
 * No labels: a line's grades are counted over pairs that are one person
 * whatever that line says.  Names end in this process; keys are drawn from
 * nothing secret, and what is printed are shares of pairs.
 */
#include "cli/cli.h"

#include <limits.h>
#include <string.h>

#include "cli/people.h"
#include "common/io/yaml.h"
#include "transform/match/batch.h"
#include "transform/match/model.h"

enum { MODEL_FILE_MAX = 4 << 20, PEOPLE_FILE_MAX = 1 << 30, TEN_THOUSAND = 10000,
	BELIEF = 50,    /* pairs that the model's own share counts for */
	PAIRS_MIN = 100 /* of a half: fewer say nothing about a line */
};

struct shown {
	char path[PATH_MAX];
	struct buf text;
	struct model *model;
	const struct weights *weights;
};

static void
shown_release(struct shown *s)
{
	buf_release(&s->text);
	model_free(s->model);
}

/* path NULL: what is shipped. */
static int
model_open(struct cli *cli, const char *path, struct shown *out, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = NULL;
	struct buf mistakes = BUF_INIT;

	*out = (struct shown){ .text = BUF_INIT };
	if (path)
		snprintf(out->path, sizeof(out->path), "%s", path);
	else
		snprintf(out->path, sizeof(out->path), "%s/models/probabilistic-1.yaml",
		    cli->params->config_dir);
	if (cli_read_file(out->path, MODEL_FILE_MAX, &out->text, err))
		return -1;
	doc = yaml_parse(out->path, buf_view(&out->text), &report);
	out->model = doc ? model_parse(doc->root, &report) : NULL;
	out->weights = out->model ? model_weights(out->model) : NULL;
	yaml_report_text(&report, &mistakes);
	fprintf(stderr, "%s", mistakes.len ? buf_cstr(&mistakes) : "");
	buf_release(&mistakes);
	yaml_doc_free(doc);
	yaml_report_release(&report);
	if (out->weights)
		return 0;
	err_set(err, ERR_FATAL, out->model ? "'%.300s' has steps only: there is nothing weighed"
					   : "'%.300s' is no model", out->path);
	shown_release(out);
	return -1;
}

/* In ten thousand: the whole number whose logarithm is nearest from below. */
static int32_t
share(int32_t m)
{
	int32_t low = 1, high = TEN_THOUSAND;

	while (low < high) {
		int32_t mid = low + (high - low + 1) / 2;

		if (bits_ratio((uint64_t)mid, TEN_THOUSAND) <= m)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static bool
is_used(const struct weights *w, int l, int g)
{
	return w->m[l][g] > bits_ratio(1, 5 * TEN_THOUSAND);
}

/* --- show, compare */

static void
show_json(const struct shown *s, struct buf *out)
{
	struct jw j;

	jw_begin(&j, out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_str(&j, "model", model_name(s->model));
	jw_put_int(&j, "model_version", model_version(s->model));
	jw_key(&j, "grades");
	jw_array(&j);
	for (int l = 0; l < LINE_END; l++) {
		for (int g = GRADE_END - 1; g > GRADE_MISSING; g--) {
			if (!is_used(s->weights, l, g))
				continue;
			jw_object(&j);
			jw_put_text(&j, "line", line_name((enum line)l));
			jw_put_text(&j, "grade", grade_name((enum grade)g));
			jw_put_int(&j, "m_ten_thousandths", share(s->weights->m[l][g]));
			jw_put_int(&j, "u_mbit", s->weights->u[l][g]);
			jw_put_int(&j, "weight_mbit", s->weights->m[l][g] - s->weights->u[l][g]);
			jw_end(&j);
		}
	}
	jw_end(&j);
	jw_end(&j);
	buf_byte(out, '\n');
}

static int
run_show(struct cli *cli, const char *path)
{
	struct buf out = BUF_INIT;
	struct shown s;
	struct err err;

	if (model_open(cli, path, &s, &err))
		return cli_fail(&err, NULL);
	if (cli->json) {
		show_json(&s, &out);
	} else {
		buf_printf(&out, SPAN_FMT " %d\n\nline            grade     of one person  of two, 2^  weight, bits\n",
		    SPAN_ARG(model_name(s.model)), model_version(s.model));
		for (int l = 0; l < LINE_END; l++)
			for (int g = GRADE_END - 1; g > GRADE_MISSING; g--)
				if (is_used(s.weights, l, g))
					buf_printf(&out, "%-15s %-9s %10.2f %%  %10.1f  %12.1f\n",
					    line_name((enum line)l), grade_name((enum grade)g),
					    share(s.weights->m[l][g]) / 100.0, s.weights->u[l][g] / 1000.0,
					    (s.weights->m[l][g] - s.weights->u[l][g]) / 1000.0);
	}
	cli_print(&out);
	buf_release(&out);
	shown_release(&s);
	return CLI_OK;
}

static int
run_compare(struct cli *cli, const char *path, const char *other)
{
	struct buf out = BUF_INIT;
	struct shown a, b;
	struct err err;
	int differ = 0;

	if (model_open(cli, path, &a, &err))
		return cli_fail(&err, NULL);
	if (model_open(cli, other, &b, &err)) {
		shown_release(&a);
		return cli_fail(&err, NULL);
	}
	for (int l = 0; l < LINE_END; l++) {
		for (int g = GRADE_END - 1; g > GRADE_MISSING; g--) {
			int32_t x = a.weights->m[l][g] - a.weights->u[l][g];
			int32_t y = b.weights->m[l][g] - b.weights->u[l][g];

			if (x == y || (!is_used(a.weights, l, g) && !is_used(b.weights, l, g)))
				continue;
			buf_printf(&out, "%-15s %-9s %8.2f %% -> %.2f %%  %8.1f -> %.1f bits\n",
			    line_name((enum line)l), grade_name((enum grade)g),
			    share(a.weights->m[l][g]) / 100.0, share(b.weights->m[l][g]) / 100.0,
			    x / 1000.0, y / 1000.0);
			differ++;
		}
	}
	if (!differ)
		buf_printf(&out, "the two weigh alike\n");
	cli_print(&out);
	buf_release(&out);
	shown_release(&a);
	shown_release(&b);
	return CLI_OK;
}

/* --- train */

static uint64_t
pairs_of(const uint32_t seen[GRADE_END])
{
	uint64_t n = 0;

	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		n += seen[g];
	return n;
}

/* Bits, thousandths, that the shares learned from one half gain on the other. */
static int64_t
gain(const int32_t m[GRADE_END], const uint32_t from[GRADE_END], const uint32_t on[GRADE_END])
{
	uint64_t of = pairs_of(from);
	int64_t sum = 0;

	for (int g = GRADE_DIFFER; g < GRADE_END; g++)
		sum += (int64_t)on[g] * (bits_blend(m[g], BELIEF, from[g], of) - m[g]);
	return sum;
}

/* true: what was learned is better than what the model has, and is now in *w. */
static bool
line_train(struct weights *w, int l, const struct batch_seen *seen, const struct weights *set)
{
	const uint32_t *a = seen->pairs[0][l], *b = seen->pairs[1][l];
	uint64_t n = pairs_of(a) + pairs_of(b);
	int64_t better;

	if (n == 0)
		return false;
	if (pairs_of(a) < PAIRS_MIN || pairs_of(b) < PAIRS_MIN) {
		fprintf(stderr, "%-15s kept: only %llu pairs are sure without it\n",
		    line_name((enum line)l), (unsigned long long)n);
		return false;
	}
	better = gain(w->m[l], a, b) < gain(w->m[l], b, a) ? gain(w->m[l], a, b)
							    : gain(w->m[l], b, a);
	if (better <= 0) {
		fprintf(stderr, "%-15s kept: what %llu pairs say would be worse than the model\n",
		    line_name((enum line)l), (unsigned long long)n);
		return false;
	}
	fprintf(stderr, "%-15s learned from %llu pairs: %.3f bits a pair better\n",
	    line_name((enum line)l), (unsigned long long)n, (double)better / 1000.0 / (double)(n / 2));
	for (int g = GRADE_DIFFER; g < GRADE_END; g++) {
		w->m[l][g] = bits_blend(w->m[l][g], BELIEF, (uint64_t)a[g] + b[g], n);
		w->u[l][g] = set->u[l][g];
	}
	return true;
}

/* The model's own text up to its weights, then these. */
static void
model_write(const struct shown *s, const struct weights *w, struct buf *out)
{
	const char *text = buf_cstr((struct buf *)&s->text), *weigh = strstr(text, "\nweigh:");
	const char *lines = weigh ? strstr(weigh, "\n  lines:") : NULL, *version = strstr(text, "\nversion:");

	if (!lines || !version || version > weigh)
		return;
	buf_add(out, text, (size_t)(version - text));
	buf_printf(out, "\nversion: %d", model_version(s->model) + 1);
	version = strchr(version + 1, '\n');
	buf_add(out, version, (size_t)(lines - version));
	buf_printf(out, "\n  lines:                      # grade: [m in ten thousand, u in thousandths of a bit]\n");
	for (int l = 0; l < LINE_END; l++) {
		const char *comma = "";

		buf_printf(out, "    %s: {", line_name((enum line)l));
		for (int g = GRADE_END - 1; g > GRADE_MISSING; g--) {
			if (!is_used(w, l, g))
				continue;
			buf_printf(out, "%s%s: [%d, %d]", comma, grade_name((enum grade)g),
			    share(w->m[l][g]), w->u[l][g]);
			comma = ", ";
		}
		buf_printf(out, "}\n");
	}
}

static int
people_batch(const char *path, const struct weights *weights, struct batch **out, struct err *err)
{
	struct buf text = BUF_INIT;
	struct people people;
	struct people_row row;
	struct strmap sources;
	struct csv_row line;
	struct err bad;

	*out = NULL;
	if (cli_read_file(path, PEOPLE_FILE_MAX, &text, err)
	    || people_open(&people, buf_view(&text), CLK_OFF, err)) {
		buf_release(&text);
		return -1;
	}
	strmap_init(&sources, 1);
	*out = batch_new(weights, (struct batch_settings){ .scope = BATCH_ALL });
	for (int got; (got = people_next(&people, &line, &row, &bad)) != 0;) {
		bool fresh;
		uint32_t n = sources.count;
		uint64_t *at;

		if (got < 0) {
			fprintf(stderr, "%s:%u: %s\n", path, line.line, bad.text);
			continue;
		}
		at = strmap_put(&sources, people_field(&people, &line, PEOPLE_source), &fresh);
		if (fresh)
			*at = n;
		batch_add(*out, row.tokens, row.n, SPAN_NONE, (uint16_t)(*at % BATCH_SOURCES_MAX));
	}
	strmap_release(&sources);
	people_release(&people);
	buf_release(&text);
	batch_run(*out);
	return 0;
}

static int
run_train(struct cli *cli, const char *people, const char *path)
{
	struct buf out = BUF_INIT;
	struct weights learned;
	struct batch *b = NULL;
	struct shown s;
	struct err err;
	int better = 0;

	if (model_open(cli, path, &s, &err))
		return cli_fail(&err, NULL);
	if (people_batch(people, s.weights, &b, &err)) {
		shown_release(&s);
		return cli_fail(&err, NULL);
	}
	learned = *s.weights;
	for (int l = 0; l < LINE_END; l++)
		better += line_train(&learned, l, batch_seen(b), batch_weights(b));
	if (better)
		model_write(&s, &learned, &out);
	else
		fprintf(stderr, "nothing is better than the model: none is written\n");
	cli_print(&out);
	buf_release(&out);
	batch_free(b);
	shown_release(&s);
	return better ? CLI_OK : CLI_DEGRADED;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *model = NULL;
	const struct cli_option options[] = { { .name = "model", .value = &model } };

	if (cli_options(&verb_model, &argc, argv, options, 1))
		return CLI_USAGE;
	if (argc >= 2 && argc <= 3 && strcmp(argv[1], "show") == 0 && !model)
		return run_show(cli, argc == 3 ? argv[2] : NULL);
	if (argc == 4 && strcmp(argv[1], "compare") == 0 && !model)
		return run_compare(cli, argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "train") == 0)
		return run_train(cli, argv[2], model);
	return cli_usage(&verb_model, "expected 'show', 'compare' and two files, or 'train' and a file of people");
}

const struct cli_verb verb_model = {
	.name = "model",
	.run = run,
	.usage = "outturn model show [FILE]\n"
		 "outturn model compare FILE FILE\n"
		 "outturn model train PEOPLE.csv [--model FILE]",
	.says = "show, compare or train the weights that people are matched by",
	.help =
	    "show prints, for each line that two records are compared by and each grade that it can\n"
	    "have, how often one person's records have it, how often two people's do, and the weight\n"
	    "that follows.  Without FILE: what is shipped.\n\n"
	    "train reads people (docs/linkage.md has the columns; no labels are needed, and none is\n"
	    "read) and prints a model with the shares of that file, to be looked at with compare and put\n"
	    "in force with publish.  A line's shares are taken from pairs that are one person whatever\n"
	    "that line says, and only where those of one half of the pairs are better on the other half\n"
	    "than the model's own; for each line it says which, and how much.\n\n"
	    "  --model FILE   start from this model; what is shipped without it\n\n"
	    "Exit: 0 done, 1 cannot read, 2 usage, 4 nothing is better than the model: none written.\n\n"
	    "  outturn model train people.csv >trained.yaml && outturn model compare \\\n"
	    "      config/models/probabilistic-1.yaml trained.yaml\n",
};
