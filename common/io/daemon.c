#include "common/io/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/io/http.h"
#include "common/io/log.h"
#include "common/io/yaml.h"
#include "common/mem.h"

enum {
	DAEMON_SETS_MAX = 64,
	DAEMON_WAIT_FIRST_MS = 50,
	DAEMON_IDLE_MS = 5,     /* between rounds without work, when they do not wait themselves */
	DAEMON_LOOK_MS = 1000,  /* between looks at memory and metrics */
	DAEMON_STARTING_MS = 10000, /* between words to systemd that it is not ready yet */
	DAEMON_STARTING_S = 600,    /* for which such a word is good: one round may be long */
	EXIT_CONFIGURATION = 2,
};

static const char default_file[] = "config/outturn.yaml";
static volatile sig_atomic_t stopping;
static bool started; /* ready was said */

extern char **environ;

/* --- parts */

static void
on_signal(int signal)
{
	stopping = signal;
}

bool
daemon_stopping(void)
{
	return stopping != 0;
}

void
daemon_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

void
daemon_no_core(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* The protocol of sd_notify(3): one datagram to a UNIX socket. */
void
daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

int64_t
daemon_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Catching up takes as long as the topics are, and a broker that is away may be away
 * for long: who says that it lives is given more time, who hangs is not. */
void
daemon_lives(void)
{
	static int64_t said_ms;
	char text[64];
	int64_t now = daemon_now_ms();

	if (started || (said_ms && now - said_ms < DAEMON_STARTING_MS))
		return;
	said_ms = now;
	snprintf(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%d000000", DAEMON_STARTING_S);
	daemon_notify(text);
}

static void
pause_ms(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL); /* a signal ends it early: as it should */
}

/* --- settings */

static int
params_from_file(struct params *p, const char *file)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load(file, &report);
	struct buf text = BUF_INIT;
	bool ok = doc && params_file(p, doc->root, &report);

	if (!ok) {
		yaml_report_sort(&report);
		yaml_report_text(&report, &text);
		fputs(buf_cstr(&text), stderr);
	}
	buf_release(&text);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return ok ? 0 : -1;
}

int
daemon_params(struct params *p, const char *file, const char *const *sets, size_t sets_n)
{
	struct err err = ERR_INIT;

	if (!file && access(default_file, F_OK) == 0)
		file = default_file;
	if (file && params_from_file(p, file))
		return -1;
	if (params_environment(p, (const char *const *)environ, &err))
		goto fail;
	for (size_t i = 0; i < sets_n; i++)
		if (params_set(p, sets[i], &err))
			goto fail;
	return 0;
fail:
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

/* --- arguments */

struct arguments {
	const char *file;
	const char *sets[DAEMON_SETS_MAX];
	size_t sets_n;
	bool check_only;
};

static void
usage(const struct daemon *d, FILE *to)
{
	struct buf sample = BUF_INIT;

	fprintf(to,
	    "usage: outturn-%s [-c FILE] [-o NAME=VALUE]... [-n] [--version] [--help]\n\n%s\n\n"
	    "  -c FILE        settings; config/outturn.yaml if it is there\n"
	    "  -o NAME=VALUE  one setting, over file and environment\n"
	    "  -n             check settings and configuration, then exit\n\n",
	    d->name, d->says);
	params_sample(&sample);
	fputs(buf_cstr(&sample), to);
	buf_release(&sample);
}

/* 0: go on; else exit with *code. */
static int
arguments_read(const struct daemon *d, int argc, char **argv, struct arguments *a, int *code)
{
	*code = 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(d, stdout);
			return -1;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("outturn-%s %s\n", d->name, OUTTURN_VERSION);
			return -1;
		}
		if (strcmp(argv[i], "-n") == 0) {
			a->check_only = true;
		} else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			a->file = argv[++i];
		} else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc
		    && a->sets_n < DAEMON_SETS_MAX) {
			a->sets[a->sets_n++] = argv[++i];
		} else {
			usage(d, stderr);
			*code = EXIT_CONFIGURATION;
			return -1;
		}
	}
	return 0;
}

/* --- the loop */

struct life {
	const struct daemon *d;
	const struct params *params;
	void *self;
	struct http *http;
	struct buf text;
	enum health health;
	bool ready, retrying;
	int64_t wait_ms, retry_since_ms, looked_ms;
	char why[ERR_CODE_MAX];
};

static int64_t
resident_mib(void)
{
	long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (int64_t)resident * sysconf(_SC_PAGESIZE) / (1024 * 1024);
}

static void
metrics_publish(struct life *l, int64_t mib)
{
	struct metric m[DAEMON_METRICS_MAX];
	int n = l->d->metrics ? l->d->metrics(l->self, m) : 0;

	buf_reset(&l->text);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(m[i].name);
		bool counter = len > 6 && strcmp(m[i].name + len - 6, "_total") == 0;

		buf_printf(&l->text, "# HELP outturn_%s_%s %s\n# TYPE outturn_%s_%s %s\n",
		    l->d->name, m[i].name, m[i].doc, l->d->name, m[i].name,
		    counter ? "counter" : "gauge");
		buf_printf(&l->text, "outturn_%s_%s %.17g\n", l->d->name, m[i].name, m[i].value);
	}
	buf_printf(&l->text, "# HELP outturn_%s_resident_mib Resident memory\n"
	    "# TYPE outturn_%s_resident_mib gauge\noutturn_%s_resident_mib %lld\n",
	    l->d->name, l->d->name, l->d->name, (long long)mib);
	http_publish(l->http, buf_view(&l->text), l->health);
}

static int
look(struct life *l, struct err *err)
{
	int64_t now = daemon_now_ms(), mib;

	daemon_lives();
	if (now - l->looked_ms < DAEMON_LOOK_MS)
		return 0;
	l->looked_ms = now;
	mib = resident_mib();
	if (l->http)
		metrics_publish(l, mib);
	if (l->params->state_limit == 0 || mib <= l->params->state_limit)
		return 0;
	return err_code(err, ERR_FATAL, "state-limit", "state_limit",
	    "resident memory is %lld MiB, past 'state_limit': give it more or share the work out",
	    (long long)mib);
}

/* Logged when it begins, when its cause changes and when it ends. */
static void
retry(struct life *l, const struct err *err)
{
	if (!l->retrying || strcmp(l->why, err->code) != 0) {
		log_event(LOG_WARN, "retry-begins", LOG_ERR(err));
		snprintf(l->why, sizeof(l->why), "%s", err->code);
	}
	if (!l->retrying) {
		l->retrying = true;
		l->retry_since_ms = daemon_now_ms();
		l->wait_ms = DAEMON_WAIT_FIRST_MS;
	}
	pause_ms(l->wait_ms);
	l->wait_ms = l->wait_ms * 2 > DAEMON_WAIT_MAX_MS ? DAEMON_WAIT_MAX_MS : l->wait_ms * 2;
}

static void
retry_over(struct life *l)
{
	if (!l->retrying)
		return;
	l->retrying = false;
	log_event(LOG_INFO, "retry-over",
	    LOG_INT(duration_ms, daemon_now_ms() - l->retry_since_ms));
}

static int
open_patiently(struct life *l, struct err *err)
{
	while (!daemon_stopping()) {
		daemon_lives();
		if (l->d->open(l->self, err) == 0) {
			retry_over(l);
			return 0;
		}
		if (err->class != ERR_RETRY)
			return -1;
		retry(l, err);
	}
	return 0;
}

static void
ready_say(struct life *l)
{
	l->ready = started = true;
	l->health = HEALTH_READY;
	log_event(LOG_INFO, "ready", LOG_INT(pid, getpid()));
	daemon_notify("READY=1");
	if (l->http)
		metrics_publish(l, resident_mib());
}

static int
rounds(struct life *l, struct err *err)
{
	while (!daemon_stopping()) {
		int did = l->d->round(l->self, err);

		if (did < 0 && err->class != ERR_RETRY)
			return -1;
		if (did < 0)
			retry(l, err);
		else
			retry_over(l);
		if (!l->ready && did >= 0 && l->d->ready(l->self))
			ready_say(l);
		if (did == 0)
			pause_ms(DAEMON_IDLE_MS);
		if (look(l, err))
			return -1;
	}
	return 0;
}

static int
live(struct life *l, struct err *err)
{
	int result;

	if (*l->params->http) {
		l->http = http_new(l->params->http, err);
		if (!l->http)
			return -1;
	}
	result = open_patiently(l, err);
	if (result == 0 && !daemon_stopping())
		result = rounds(l, err);
	if (result)
		return -1;
	log_event(LOG_INFO, "stopping", LOG_STR(signal, stopping == SIGINT ? "INT" : "TERM"));
	daemon_notify("STOPPING=1");
	l->health = HEALTH_DRAINING;
	if (l->http)
		http_publish(l->http, buf_view(&l->text), l->health);
	if (l->ready || l->d->drain == NULL)
		return l->d->drain ? l->d->drain(l->self, l->params->drain, err) : 0;
	return 0;
}

static int
fatal(const struct err *err, int code)
{
	log_event(LOG_ERROR, "fatal", LOG_ERR(err));
	return code;
}

int
daemon_main(const struct daemon *d, int argc, char **argv)
{
	struct arguments args = { 0 };
	struct params params;
	struct err err = ERR_INIT;
	struct life life = { .d = d, .params = &params };
	enum log_level level;
	int code;

	daemon_no_core();
	if (arguments_read(d, argc, argv, &args, &code))
		return code;
	params_init(&params);
	code = EXIT_CONFIGURATION;
	if (daemon_params(&params, args.file, args.sets, args.sets_n))
		goto out;
	if (log_level_parse(params.log_level, &level)) {
		fprintf(stderr, "'log_level' is not error, warn, info or debug\n");
		goto out;
	}
	log_start(d->name, level);
	daemon_signals();
	if (d->check(&life.self, &params, &err)) {
		fatal(&err, code);
		goto out;
	}
	if (args.check_only) {
		d->close(life.self);
		code = 0;
		goto out;
	}
	log_event(LOG_INFO, "started", LOG_STR(version, OUTTURN_VERSION), LOG_INT(pid, getpid()));
	code = live(&life, &err) ? fatal(&err, 1) : 0;
	d->close(life.self);
	if (code == 0)
		log_event(LOG_INFO, "stopped", LOG_INT(pid, getpid()));
out:
	http_free(life.http);
	buf_release(&life.text);
	params_release(&params);
	return code;
}
