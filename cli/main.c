/*
 * outturn - everything a person does.
 *
 *	outturn [-c FILE] [-o NAME=VALUE]... VERB [ARGUMENT]...
 *
 * The table below is all there is: help, the manual page and the completion of
 * shells are printed from it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/man.h"
#include "common/io/daemon.h"
#include "common/io/log.h"

enum { SETS_MAX = 64 };

/* In the order in which a person meets them. */
static const struct cli_verb *const verbs[] = {
	&verb_try, &verb_simulate, &verb_forecast, &verb_check, &verb_contract, &verb_rules, &verb_keys, &verb_migrate, &verb_publish, &verb_feed, &verb_run,
	&verb_status, &verb_rejects, &verb_review, &verb_verify, &verb_explain, &verb_trace, &verb_erase,
	&verb_recompute, &verb_model, &verb_doctor,
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const struct cli_verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

/* --- help */

static void
help_all(FILE *to)
{
	fputs("usage: outturn [-c FILE] [-o NAME=VALUE]... VERB [ARGUMENT]...\n\n"
	      "Outcome events in, verified outcomes out.\n\n",
	    to);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->says);
	fputs("\n"
	      "  -c FILE          settings; config/outturn.yaml if it is there\n"
	      "  -o NAME=VALUE    one setting, over file and environment\n"
	      "  -q, --quiet      no talk, no progress\n"
	      "  --json           data as JSON, stable and versioned\n"
	      "  --version\n"
	      "  --help           of the command, or of a verb: outturn help VERB\n\n"
	      "First steps: outturn try --contract FILE --events FILE needs no server.\n",
	    to);
}

static void
help_verb(const struct cli_verb *verb)
{
	cli_usage_lines(verb, stdout);
	printf("\n%s.\n\n%s", verb->says, verb->help);
}

static int
verb_unknown(const char *name)
{
	const char *names[VERBS + 1], *near;
	size_t n = 0;

	for (size_t i = 0; i < VERBS; i++)
		names[n++] = verbs[i]->name;
	names[n++] = "help";
	near = yaml_suggest(span_str(name), names, n);
	fprintf(stderr, "outturn: there is no verb '%.60s'%s%s%s\nnext: outturn --help lists them\n",
	    name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	return CLI_USAGE;
}

/* --- arguments that all verbs have: anywhere, before "--" */

struct arguments {
	const char *file;
	const char *sets[SETS_MAX];
	size_t sets_n;
	bool json, quiet, help, version, man, completion;
	char **rest; /* the verb and what is its own */
	int rest_n;
};

static bool
takes_value(const char *word)
{
	return strcmp(word, "-c") == 0 || strcmp(word, "-o") == 0;
}

static bool
flag_take(struct arguments *a, const char *word)
{
	const struct {
		const char *word;
		bool *flag;
		bool before_verb; /* after it the word is the verb's own */
	} flags[] = {
		{ "--json", &a->json, false },
		{ "-q", &a->quiet, false },
		{ "--quiet", &a->quiet, false },
		{ "--help", &a->help, false },
		{ "-h", &a->help, false },
		{ "--version", &a->version, true },
		{ "--man", &a->man, true },
		{ "--completion", &a->completion, true },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(word, flags[i].word) == 0 && !(flags[i].before_verb && a->rest_n)) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static int
arguments_read(int argc, char **argv, struct arguments *a)
{
	bool rest = false;

	a->rest = argv;
	for (int i = 1; i < argc; i++) {
		rest = rest || strcmp(argv[i], "--") == 0;
		if (!rest && flag_take(a, argv[i]))
			continue;
		if (!rest && takes_value(argv[i])) {
			if (i + 1 == argc || a->sets_n == SETS_MAX) {
				fprintf(stderr, "outturn: option '%s' needs a value\n", argv[i]);
				return -1;
			}
			if (argv[i][1] == 'c')
				a->file = argv[i + 1];
			else
				a->sets[a->sets_n++] = argv[i + 1];
			i++;
			continue;
		}
		if (!a->rest_n && argv[i][0] == '-') {
			fprintf(stderr, "outturn: there is no option '%.60s'\n", argv[i]);
			return -1;
		}
		a->rest[a->rest_n++] = argv[i];
	}
	a->rest[a->rest_n] = NULL;
	return 0;
}

/* --- a verb's life */

static int
verb_run_with(const struct cli_verb *verb, const struct arguments *a)
{
	struct params params;
	struct cli cli = { .params = &params, .json = a->json, .quiet = a->quiet,
		.terminal = isatty(STDERR_FILENO) == 1, .settings_file = a->file,
		.settings = a->sets, .settings_n = a->sets_n };
	struct err err = ERR_INIT;
	int code = CLI_USAGE;

	params_init(&params);
	cli.catalogue = av_catalogue_new();
	cli.colour = isatty(STDOUT_FILENO) == 1 && !getenv("NO_COLOR");
	if (daemon_params(&params, a->file, a->sets, a->sets_n))
		goto out;
	if (strcmp(params.log_level, "debug") != 0)
		log_to(open("/dev/null", O_WRONLY | O_CLOEXEC)); /* people get sentences, not lines */
	if (*params.schemas && av_catalogue_load(cli.catalogue, params.schemas, &err)) {
		code = cli_fail(&err, NULL);
		goto out;
	}
	code = verb->run(&cli, a->rest_n, a->rest);
	cli_send_end(&cli);
	if (fflush(stdout) && code == CLI_OK) {
		if (errno != EPIPE) /* `| head` has seen enough */
			perror("outturn: cannot write to standard output");
		code = CLI_FAILED;
	}
out:
	av_catalogue_free(cli.catalogue);
	params_release(&params);
	return code;
}

static int
help(const struct arguments *a)
{
	const char *name = a->rest_n && strcmp(a->rest[0], "help") == 0
	    ? (a->rest_n > 1 ? a->rest[1] : NULL)
	    : (a->rest_n ? a->rest[0] : NULL);
	const struct cli_verb *verb = name ? verb_find(name) : NULL;

	if (name && !verb)
		return verb_unknown(name);
	if (verb)
		help_verb(verb);
	else
		help_all(stdout);
	return CLI_OK;
}

static void
generated(bool man)
{
	struct buf out = BUF_INIT;

	if (man)
		man_page(verbs, VERBS, &out);
	else
		man_completion(verbs, VERBS, &out);
	cli_print(&out);
	buf_release(&out);
}

int
main(int argc, char **argv)
{
	struct arguments a = { 0 };
	const struct cli_verb *verb;

	daemon_no_core();
	signal(SIGPIPE, SIG_IGN);
	log_start("outturn", LOG_ERROR);
	if (arguments_read(argc, argv, &a))
		return CLI_USAGE;
	if (a.version) {
		printf("outturn %s\n", OUTTURN_VERSION);
		return CLI_OK;
	}
	if (a.man || a.completion) {
		generated(a.man);
		return CLI_OK;
	}
	if (a.help || (a.rest_n && strcmp(a.rest[0], "help") == 0))
		return help(&a);
	if (!a.rest_n) {
		help_all(stderr);
		return CLI_USAGE;
	}
	verb = verb_find(a.rest[0]);
	if (!verb)
		return verb_unknown(a.rest[0]);
	cli_begin(verb);
	return verb_run_with(verb, &a);
}
