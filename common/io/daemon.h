/*
 * daemon - what every daemon does besides its work.
 *
 *	arguments, settings ─► check (-n ends here) ─► open ─► round, round, round ...
 *	                                                        │ SIGTERM, SIGINT
 *	                                                        ▼
 *	                                                 drain ─► close ─► exit 0
 *
 * Signal handlers set a flag; one loop polls.  A round that says ERR_RETRY is
 * tried again after a wait that doubles up to DAEMON_WAIT_MAX_MS and is logged
 * when it begins and when it ends, not each time.  ERR_FATAL is logged once
 * and ends the process with 1 (settings, configuration: 2).
 *
 * Core files are off from the first line on: a daemon may hold keys.  Ready is
 * told to systemd (NOTIFY_SOCKET) and in /health when it has caught up for the
 * first time; until then systemd hears now and then that it lives.  Metrics are
 * served by a thread that reads a snapshot, never the loop's own state.
 *
 *	outturn-ingestd [-c FILE] [-o NAME=VALUE]... [-n] [--version] [--help]
 */
#ifndef OUTTURN_IO_DAEMON_H
#define OUTTURN_IO_DAEMON_H

#include <stdbool.h>

#include "common/io/kafka.h"
#include "common/params.h"

#define OUTTURN_VERSION "0.1.0"

enum { DAEMON_WAIT_MAX_MS = 2000, DAEMON_METRICS_MAX = 48 };

/* One figure of /metrics: "outturn_<daemon>_<name>", "sinkd" and "rows_total". */
struct metric {
	const char *name; /* ends in _total for a counter */
	const char *doc;
	double value;
};

struct daemon {
	const char *name; /* "sinkd" */
	const char *says; /* one line for --help */
	/* Configuration that is not a setting: key files, tables.  Opens nothing. */
	int (*check)(void **self, const struct params *params, struct err *err);
	int (*open)(void *self, struct err *err);
	/* 1: there was work, 0: idle, -1: ERR_RETRY or ERR_FATAL. */
	int (*round)(void *self, struct err *err);
	bool (*ready)(void *self);
	int (*drain)(void *self, int wait_ms, struct err *err);
	void (*close)(void *self); /* frees self, also when open() failed */
	/* Fills at most DAEMON_METRICS_MAX; returns how many. */
	int (*metrics)(void *self, struct metric *out);
};

/* The whole life; returns the process's exit code. */
int daemon_main(const struct daemon *d, int argc, char **argv);

/* Settings as daemons and the command read them: file (NULL: config/outturn.yaml
 * if it is there), environment, then `sets`.  Mistakes are printed on stderr; -1. */
int daemon_params(struct params *p, const char *file, const char *const *sets, size_t sets_n);

/* --- parts that the command uses too */

bool daemon_stopping(void);     /* SIGTERM or SIGINT came */
void daemon_signals(void);      /* install the handlers */
void daemon_no_core(void);      /* no core file, no ptrace by others */
void daemon_notify(const char *state); /* "READY=1"; nothing without NOTIFY_SOCKET */
/* Until it is ready, tells systemd now and then that a start is under way; each round does,
 * and what may keep one round for minutes should. */
void daemon_lives(void);
int64_t daemon_now_ms(void);    /* monotonic */

#endif
