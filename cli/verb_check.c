/*
 * outturn check - are the files right, before anything is published?
 *
 * All mistakes of all files at once, each with its place.  Contracts run their
 * examples: terms and tests travel together.
 */
#include "cli/cli.h"

#include <limits.h>
#include <unistd.h>

#include "cli/pages.h"
#include "common/io/yaml.h"

/* The settings beside the terms, as a daemon would read them. */
static void
settings_check(struct pages *pages, const char *directory)
{
	struct params scratch;
	struct yaml_doc *doc;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/outturn.yaml", directory);
	if (access(path, F_OK))
		return;
	pages->files++;
	params_init(&scratch);
	doc = yaml_load(path, &pages->report);
	if (doc)
		params_file(&scratch, doc->root, &pages->report);
	yaml_doc_free(doc);
	params_release(&scratch);
}

/* What the files in hand are judged beside: code lists and agencies that stand in config_dir. */
static void
context_add(struct cli *cli, struct pages *pages)
{
	static const char *const names[] = { "codes", "agencies.yaml" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", cli->params->config_dir, names[i]);
		if (access(path, R_OK) == 0)
			pages_add(pages, path, true);
	}
}

static void
json_print(const struct pages *pages)
{
	struct buf out = BUF_INIT;
	struct jw j;

	jw_begin(&j, &out);
	jw_object(&j);
	jw_put_int(&j, "version", 1);
	jw_put_int(&j, "files", pages->files);
	jw_put_int(&j, "examples", pages->examples);
	jw_put_int(&j, "mistakes_n", pages->report.n);
	jw_key(&j, "mistakes");
	jw_array(&j);
	for (uint32_t i = 0; i < pages->report.kept; i++) {
		const struct yaml_mistake *m = &pages->report.mistakes[i];

		jw_object(&j);
		jw_put_text(&j, "file", m->file);
		jw_put_int(&j, "line", m->line);
		jw_put_int(&j, "col", m->col);
		jw_put_text(&j, "text", m->text);
		jw_end(&j);
	}
	jw_end(&j);
	jw_end(&j);
	buf_byte(&out, '\n');
	cli_print(&out);
	buf_release(&out);
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct pages pages;
	bool right;

	if (cli_options(&verb_check, &argc, argv, NULL, 0))
		return CLI_USAGE;
	pages_init(&pages);
	for (int i = 1; i < argc; i++) {
		pages_add(&pages, argv[i], false);
		settings_check(&pages, argv[i]);
	}
	if (argc < 2) {
		pages_add(&pages, cli->params->config_dir, false);
		settings_check(&pages, cli->params->config_dir);
	}
	context_add(cli, &pages);
	right = pages_judge(&pages);
	if (!right)
		pages_complain(&pages);
	if (cli->json)
		json_print(&pages);
	else if (!cli->quiet)
		printf("%u files, %u examples: %u mistakes\n", (unsigned)pages.files,
		    (unsigned)pages.examples, (unsigned)pages.report.n);
	pages_release(&pages);
	return right ? CLI_OK : CLI_VERIFICATION;
}

const struct cli_verb verb_check = {
	.name = "check",
	.run = run,
	.usage = "outturn check [FILE|DIRECTORY]...",
	.says = "find every mistake in contracts, code lists, agencies and models",
	.help =
	    "Reads the files as publish would; 'config_dir' without any.  Every mistake is said with\n"
	    "its line, what was found and what was expected.  A contract is run against the examples\n"
	    "in NAME.examples.yaml beside it, and refused if it can never pay, pays twice for one fact,\n"
	    "asks for proof that no agency of agencies.yaml may send, or has caps that contradict: with\n"
	    "the smallest example that shows it.\n\n"
	    "Exit: 0 no mistake, 2 usage, 3 mistakes.\n\n"
	    "  outturn check config/contracts/st-basils.yaml\n",
};
