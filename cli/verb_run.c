/*
 * outturn run - the four daemons together, for a laptop.
 *
 *	outturn run ─┬─ outturn-ingestd      the programs beside this one, same settings,
 *	             ├─ outturn-matchd       same process group
 *	             ├─ outturn-milestoned
 *	             └─ outturn-sinkd
 *
 * Restarts none: a daemon that ends is news, and systemd or a person decides.
 * The first that ends takes the others along; its exit code is ours.
 */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io/daemon.h"
#include "common/mem.h"

enum {
	RUN_LOOK_MS = 50,     /* between looks at the children */
	RUN_DRAIN_MORE_MS = 5000, /* past 'drain' a daemon is killed */
	RUN_ARGS_MORE = 8,
};

static const char *const daemons[] = { "ingestd", "matchd", "milestoned", "sinkd" };
enum { DAEMONS = sizeof(daemons) / sizeof(daemons[0]) };

struct child {
	pid_t pid; /* 0: ended */
	char path[PATH_MAX], http[256];
};

static int
programs_find(struct child *children, struct err *err)
{
	char here[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	char *slash;

	if (n <= 0)
		return err_set(err, ERR_FATAL, "cannot tell where this program is");
	here[n] = '\0';
	slash = strrchr(here, '/');
	*slash = '\0';
	for (size_t i = 0; i < DAEMONS; i++) {
		if (snprintf(children[i].path, PATH_MAX, "%s/outturn-%s", here, daemons[i]) >= PATH_MAX
		    || access(children[i].path, X_OK))
			return err_code(err, ERR_FATAL, "not-found", NULL,
			    "cannot run '%.300s': %s", children[i].path, strerror(errno));
	}
	return 0;
}

/* One address cannot serve four: each has the next port. */
static void
http_of(const struct params *params, size_t i, char out[256])
{
	const char *colon = strrchr(params->http, ':');
	char *end = NULL;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;

	out[0] = '\0';
	if (port > 0 && *end == '\0')
		snprintf(out, 256, "http=%.*s:%ld", (int)(colon - params->http), params->http,
		    port + (long)i);
}

static _Noreturn void
child_exec(struct cli *cli, const struct child *child, pid_t parent)
{
	const char **args
	    = mem_zalloc(2 * cli->settings_n + RUN_ARGS_MORE, sizeof(*args));
	size_t n = 0;

	/* were we killed, nobody would stop them */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(CLI_FAILED);
	args[n++] = child->path;
	if (cli->settings_file) {
		args[n++] = "-c";
		args[n++] = cli->settings_file;
	}
	for (size_t i = 0; i < cli->settings_n; i++) {
		args[n++] = "-o";
		args[n++] = cli->settings[i];
	}
	if (child->http[0]) {
		args[n++] = "-o";
		args[n++] = child->http;
	}
	execv(child->path, (char *const *)(uintptr_t)args);
	fprintf(stderr, "outturn run: cannot run '%s': %s\n", child->path, strerror(errno));
	_exit(CLI_FAILED);
}

static int
start(struct cli *cli, struct child *children, struct err *err)
{
	pid_t parent = getpid();

	for (size_t i = 0; i < DAEMONS; i++) {
		http_of(cli->params, i, children[i].http);
		children[i].pid = fork();
		if (children[i].pid == 0)
			child_exec(cli, &children[i], parent);
		if (children[i].pid < 0) {
			children[i].pid = 0;
			return err_set(err, ERR_RETRY, "cannot start a process: %s", strerror(errno));
		}
	}
	return 0;
}

static void
all_signal(const struct child *children, int signal)
{
	for (size_t i = 0; i < DAEMONS; i++)
		if (children[i].pid)
			kill(children[i].pid, signal);
}

static bool
any_left(const struct child *children)
{
	for (size_t i = 0; i < DAEMONS; i++)
		if (children[i].pid)
			return true;
	return false;
}

/* Index of one that has ended since, or -1; *code: its exit code as a shell has it. */
static int
ended(struct child *children, int *code)
{
	int status;

	for (size_t i = 0; i < DAEMONS; i++) {
		if (!children[i].pid || waitpid(children[i].pid, &status, WNOHANG) != children[i].pid)
			continue;
		children[i].pid = 0;
		*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		return (int)i;
	}
	return -1;
}

static void
look_pause(void)
{
	nanosleep(&(struct timespec){ 0, RUN_LOOK_MS * 1000000L }, NULL);
}

/* Until all have ended; those that drain for too long are killed.  The first
 * failure counts. */
static int
stop(struct cli *cli, struct child *children)
{
	int64_t until = daemon_now_ms() + cli->params->drain + RUN_DRAIN_MORE_MS;
	int code = 0, one, which;

	all_signal(children, SIGTERM);
	while (any_left(children)) {
		which = ended(children, &one);
		if (which >= 0 && one && !code)
			code = one;
		if (which < 0)
			look_pause();
		if (daemon_now_ms() > until)
			all_signal(children, SIGKILL);
	}
	return code;
}

static int
watch(struct cli *cli, struct child *children)
{
	int code = 0, which = -1, later;

	while (!daemon_stopping() && (which = ended(children, &code)) < 0)
		look_pause();
	if (which >= 0)
		fprintf(stderr, "outturn run: %s ended with %d; stopping the others\n",
		    daemons[which], code);
	later = stop(cli, children);
	if (which >= 0)
		return code ? code : CLI_FAILED; /* nobody had asked it to end */
	return later;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct child *children;
	struct err err = ERR_INIT;
	int code;

	if (cli_options(&verb_run, &argc, argv, NULL, 0))
		return CLI_USAGE;
	if (argc > 1)
		return cli_usage(&verb_run, "takes no argument");
	children = mem_zalloc(DAEMONS, sizeof(*children));
	daemon_signals();
	if (programs_find(children, &err) || start(cli, children, &err)) {
		code = cli_fail(&err, NULL);
		stop(cli, children);
	} else {
		if (!cli->quiet)
			fputs("outturn run: started ingestd, matchd, milestoned and sinkd; "
			      "Ctrl-C stops them\n",
			    stderr);
		code = watch(cli, children);
	}
	mem_free(children);
	return code;
}

const struct cli_verb verb_run = {
	.name = "run",
	.run = run,
	.usage = "outturn run",
	.says = "run the four daemons together, for a laptop",
	.help =
	    "Starts the programs beside this one with the same settings.  SIGTERM or Ctrl-C lets all\n"
	    "finish what is in hand.  None is restarted: when one ends, the others are stopped.  With\n"
	    "the setting 'http' the daemons listen on that port and the three after it.\n\n"
	    "Exit: 0 stopped when asked to; otherwise as the first daemon that failed.\n\n"
	    "  outturn run & outturn status\n",
};
