/*
 * cli - the command `outturn`: a table of verbs, and what all of them share.
 *
 * Data goes to stdout, talk to stderr.  --json gives stable, versioned JSON.
 * NO_COLOR is honoured; progress is drawn on a terminal only.  Errors say
 * what, why and what next.
 *
 *	outturn [-c FILE] [-o NAME=VALUE]... VERB [ARGUMENT]...
 */
#ifndef OUTTURN_CLI_H
#define OUTTURN_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "common/err.h"
#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "common/io/pg.h"
#include "common/json.h"
#include "common/params.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_VERIFICATION = 3, /* something does not agree: recompute, check, audit */
	CLI_DEGRADED = 4,     /* works, but not as it should */
	CLI_NOT_FOUND = 5,
	CLI_PERMISSION = 6,
	CLI_RETRY = 75,       /* a server is away: try again */
};

struct cli {
	const struct params *params;
	struct av_catalogue *catalogue;
	bool json, quiet, colour, terminal; /* terminal: stderr is one */
	/* as given, for programs that we start */
	const char *settings_file;          /* NULL: not given */
	const char *const *settings;        /* "name=value" */
	size_t settings_n;
	struct kwriter *writer;             /* of cli_send(); NULL: nothing sent yet */
};

/* argv[0] is the verb; returns enum cli_exit. */
typedef int cli_fn(struct cli *cli, int argc, char **argv);

struct cli_verb {
	const char *name;    /* "rejects" */
	cli_fn *run;
	const char *usage;   /* "outturn rejects ls|show ..." one line a form, '\n' between */
	const char *says;    /* one line for the list */
	const char *help;    /* what a person needs: options, exit codes, an example */
};

/* One verb a file; cli/main.c lists them. */
extern const struct cli_verb verb_check, verb_contract, verb_doctor, verb_erase, verb_explain, verb_feed, verb_forecast,
    verb_keys, verb_migrate, verb_model, verb_publish, verb_recompute, verb_rejects, verb_review, verb_rules, verb_run,
    verb_simulate, verb_status, verb_trace, verb_try, verb_verify;

/* Options of one verb, taken out of argv in place ("--name value", "--name=value"); what is
 * left are arguments.  Unknown options end with usage on stderr and -1. */
struct cli_option {
	const char *name;      /* "contract", without dashes */
	const char **value;    /* takes a value; NULL: a flag */
	bool *flag;
	const char ***values;  /* may be repeated: array from mem_realloc, *values_n long */
	size_t *values_n;
};
int cli_options(const struct cli_verb *verb, int *argc, char **argv,
    const struct cli_option *options, size_t n);
/* "--events a.csv b.csv": what is left of argv goes behind what the option gave. */
void cli_values_more(const char ***values, size_t *n, int argc, char **argv);
int cli_usage(const struct cli_verb *verb, const char *why); /* prints; returns CLI_USAGE */
void cli_usage_lines(const struct cli_verb *verb, FILE *to);

/* Prints "outturn VERB: sentence" and, if not NULL, the next step; picks the exit code. */
int cli_fail(const struct err *err, const char *next);

int cli_kafka_conf(struct cli *cli, struct kafka_property *properties, struct kafka_conf *conf);
struct pg *cli_pg(struct cli *cli, struct err *err); /* owned, or NULL */
void cli_print(const struct buf *out);               /* to stdout, checked */

/* A file as bytes, at most max; "-" is stdin.  -1: err names the path. */
int cli_read_file(const char *path, size_t max, struct buf *out, struct err *err);

/* The verb that runs, for cli_fail(). */
void cli_begin(const struct cli_verb *verb);

/* Signs a record with keys_dir/NAME.sign: `signature_at` is where its span `signature` lies,
 * which then borrows `sig`.  Set key_id before. */
enum { CLI_SIGN_BYTES = 64 };
int cli_sign(struct cli *cli, const char *name, const struct av_record *binding, void *rec,
    size_t signature_at, uint8_t sig[CLI_SIGN_BYTES], struct err *err);
int64_t cli_now_ms(void); /* since 1970, UTC: for records that say when */

/* Every record of partition 0 as it stands, in order; topic without the prefix.  fn: 0 to go on. */
struct rec;
typedef int cli_rec_fn(void *arg, const struct rec *rec, struct err *err);
int cli_topic_each(struct cli *cli, const char *topic, cli_rec_fn *fn, void *arg,
    struct err *err);

/* Appends one signed or raw record and waits for the acknowledgement; topic without the
 * prefix ("suppressed"). */
int cli_send(struct cli *cli, const char *topic, struct span key, struct span value,
    struct err *err);
void cli_send_end(struct cli *cli); /* when the verb is over */

/* A bar on a terminal, drawn at most ten times a second; nothing elsewhere. */
struct cli_progress {
	const char *what;
	uint64_t total, done;
	int64_t began_ms, drawn_ms;
};
void cli_progress(struct cli *cli, struct cli_progress *p, uint64_t done);
void cli_progress_end(struct cli *cli, struct cli_progress *p);

#endif
