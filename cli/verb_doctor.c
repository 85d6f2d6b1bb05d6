/*
 * outturn doctor - is everything as it must be, and what to do where it is not.
 *
 *	ok    topics       13 of 13 are there, settings as expected
 *	warn  trust        publisher's page is not published: outturn publish keys/publisher.yaml
 *	bad   ingest.key   has mode 0644, others can reach it: chmod 600 ...
 *
 * Looks, and changes nothing.  It asks no clock: whether the servers' are right
 * is their keepers' to know, and nothing of ours decides by them but the time
 * at which a raw record arrived.
 */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/pages.h"
#include "cli/topics_all.h"
#include "common/io/keyfile.h"
#include "common/io/pg_schema.h"
#include "common/io/termsbook.h"
#include "common/mem.h"
#include "sink/sql.h"

enum state { OK, WARN, BAD };
static const char *const state_names[] = { "ok", "warn", "bad" };
static const char *const state_colours[] = { "\033[32m", "\033[33m", "\033[31m" };

struct doctor {
	struct cli *cli;
	struct buf text, json_text;
	struct jw json;
	unsigned count[BAD + 1];
};

/* next: NULL where there is nothing to do. */
static void
finding(struct doctor *d, enum state state, const char *what, const char *next, const char *fmt,
    ...) __attribute__((format(printf, 5, 6)));

static void
finding(struct doctor *d, enum state state, const char *what, const char *next, const char *fmt,
    ...)
{
	char says[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(says, sizeof(says), fmt, args);
	va_end(args);
	d->count[state]++;
	buf_printf(&d->text, "%s%-4s%s  %-12s %s%s%s\n", d->cli->colour ? state_colours[state] : "",
	    state_names[state], d->cli->colour ? "\033[0m" : "", what, says, next ? "; " : "",
	    next ? next : "");
	jw_object(&d->json);
	jw_put_text(&d->json, "state", state_names[state]);
	jw_put_text(&d->json, "what", what);
	jw_put_text(&d->json, "says", says);
	jw_put_text(&d->json, "next", next);
	jw_end(&d->json);
}

/* --- files */

static void
look_config(struct doctor *d)
{
	struct pages pages;

	pages_init(&pages);
	pages_add(&pages, d->cli->params->config_dir, false);
	if (pages_judge(&pages))
		finding(d, OK, "config", NULL, "%u files in %s, no mistake", (unsigned)pages.files,
		    d->cli->params->config_dir);
	else
		finding(d, BAD, "config", "outturn check lists them", "%u mistakes in %s",
		    (unsigned)pages.report.n, d->cli->params->config_dir);
	pages_release(&pages);
}

static void
look_key(struct doctor *d, const char *purpose, const char *daemon)
{
	struct err err = ERR_INIT;
	char path[PATH_MAX], what[32];
	struct keyfile key;

	snprintf(path, sizeof(path), "%s/%s.key", d->cli->params->keys_dir, purpose);
	snprintf(what, sizeof(what), "%s.key", purpose);
	if (keyfile_read(path, purpose, 0, &key, &err) == 0) {
		finding(d, OK, what, NULL, "only its owner can read it; epoch %d", (int)key.epoch);
		keyfile_release(&key);
	} else if (strcmp(err.code, "key-missing") == 0) {
		finding(d, WARN, what, "outturn keys init, where it is to be made",
		    "not here: %s cannot run on this machine", daemon);
	} else {
		finding(d, BAD, what, NULL, "%s", err.text);
	}
}

static void
look_keys_dir(struct doctor *d)
{
	struct stat st;

	if (stat(d->cli->params->keys_dir, &st))
		finding(d, WARN, "keys_dir", "outturn keys init, or name another: -o keys_dir=DIR",
		    "cannot look into '%s': %s", d->cli->params->keys_dir, strerror(errno));
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		finding(d, BAD, "keys_dir", "chmod 700", "others can write to '%s'",
		    d->cli->params->keys_dir);
	else
		finding(d, OK, "keys_dir", NULL, "'%s', mode %04o", d->cli->params->keys_dir,
		    (unsigned)(st.st_mode & 07777));
}

static void
look_programs(struct doctor *d)
{
	static const char *const names[] = { "ingestd", "matchd", "milestoned", "sinkd" };
	char here[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	unsigned there = 0;

	here[n > 0 ? n : 0] = '\0';
	if (n > 0)
		*strrchr(here, '/') = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/outturn-%s", here, names[i]);
		there += access(path, X_OK) == 0;
	}
	finding(d, there == 4 ? OK : WARN, "programs",
	    there == 4 ? NULL : "outturn run needs all four", "%u of 4 daemons beside this program",
	    there);
}

/* --- Kafka */

struct difference {
	struct doctor *d;
	unsigned n;
};

static void
on_difference(void *arg, const char *topic, const char *setting, const char *found,
    const char *wanted)
{
	struct difference *x = arg;

	x->n++;
	finding(x->d, BAD, "topic", "change it with Kafka's own tools, or make the topic anew",
	    "%s: %s is %s, expected %s", topic, setting, found, wanted);
}

static void
look_topics(struct doctor *d, struct kadmin *admin)
{
	struct difference x = { d, 0 };
	struct err err = ERR_INIT;
	struct topics_all all;
	size_t there = 0;

	if (topics_all_of(d->cli, &all, &err)) {
		finding(d, BAD, "topics", "outturn check", "%s", err.text);
		return;
	}
	for (size_t i = 0; i < all.n; i++) {
		int is = topics_all_there(admin, &all.items[i], &err);

		if (is == 0)
			finding(d, BAD, "topic", "outturn migrate", "%s is missing",
			    all.items[i].full);
		if (is > 0
		    && (is = topics_all_compare(admin, &all.items[i], on_difference, &x, &err)) == 0)
			there++;
		if (is < 0) {
			finding(d, BAD, "topic", NULL, "%s: %s", all.items[i].full, err.text);
			break;
		}
	}
	if (there == all.n && x.n == 0)
		finding(d, OK, "topics", NULL, "%zu of %zu are there, with the settings they need",
		    there, all.n);
	topics_all_release(&all);
}

struct terms_look {
	struct termsbook *book;
	date_t as_at;
	struct av_catalogue *cat;
};

static int
fold_terms(void *arg, const struct rec *rec, struct err *err)
{
	struct terms_look *t = arg;
	struct span thing;

	(void)err;
	termsbook_fold(t->book, rec, &thing);
	return 0;
}

static int
fold_reference(void *arg, const struct rec *rec, struct err *err)
{
	static const char *const roles[] = { "publisher", "commissioner", NULL };
	struct terms_look *t = arg;
	struct reference ref;
	struct err bad = ERR_INIT;

	(void)err;
	if (!rec->value.ptr || av_read(t->cat, &reference_binding, rec->value, &ref, NULL, &bad)
	    || !span_is(ref.what, "as-at"))
		return 0;
	if (ref.date > t->as_at
	    && termsbook_signed(t->book, &reference_binding, &ref, ref.key_id, ref.signature,
		   offsetof(struct reference, signature), roles))
		t->as_at = ref.date;
	return 0;
}

static size_t
pages_of(const struct book *book, const char *thing)
{
	size_t at = 0, n = 0;

	while (book_next(book, span_str(thing), &at))
		n++;
	return n;
}

static void
look_published(struct doctor *d, struct terms_look *t)
{
	const struct book *book = termsbook_book(t->book);
	size_t agencies = pages_of(book, "agencies"), codes = pages_of(book, "codes"),
	       contracts = pages_of(book, "contract"), people = pages_of(book, "person");
	char day[DATE_TEXT];

	finding(d, agencies && codes && contracts && people ? OK : WARN, "terms",
	    agencies && codes && contracts && people ? NULL : "outturn publish DIRECTORY",
	    "%zu agencies file, %zu code lists, %zu contracts, %zu people stand", agencies, codes,
	    contracts, people);
	if (termsbook_refused(t->book))
		finding(d, WARN, "terms", "whose are they? the trust file says whose count",
		    "%llu records are not signed as the trust file asks, and do not count",
		    (unsigned long long)termsbook_refused(t->book));
	date_text(t->as_at, day);
	if (t->as_at == DATE_NONE)
		finding(d, WARN, "as at", "outturn publish --as-at DATE",
		    "no day was stated: no window is judged closed");
	else
		finding(d, OK, "as at", NULL, "%s", day);
}

static void
look_terms(struct doctor *d)
{
	struct err err = ERR_INIT;
	struct terms_look t = { .cat = d->cli->catalogue, .as_at = DATE_NONE };

	t.book = termsbook_new(d->cli->params->trust, d->cli->catalogue, &err);
	if (!t.book) {
		finding(d, BAD, "trust", "outturn keys init makes one", "%s", err.text);
		return;
	}
	finding(d, OK, "trust", NULL, "%s", d->cli->params->trust);
	if (cli_topic_each(d->cli, "terms", fold_terms, &t, &err)
	    || cli_topic_each(d->cli, "reference", fold_reference, &t, &err))
		finding(d, BAD, "terms", "outturn migrate", "%s", err.text);
	else
		look_published(d, &t);
	termsbook_free(t.book);
}

static void
look_kafka(struct doctor *d)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct err err = ERR_INIT;
	struct kafka_conf conf;
	struct kadmin *admin;

	cli_kafka_conf(d->cli, properties, &conf);
	admin = kadmin_new(&conf, &err);
	if (!admin || topics_all_ping(admin, &err)) {
		finding(d, BAD, "Kafka", "is it running, and is 'kafka' (or KAFKA) its address?", "%s",
		    err.text);
	} else {
		finding(d, OK, "Kafka", NULL, "answers at %s", d->cli->params->kafka);
		look_topics(d, admin);
		look_terms(d);
	}
	kadmin_free(admin);
}

/* --- PostgreSQL */

/* The first of each line with the fix for CVE-2025-8713, by which statistics told what
 * row-level security and views hide. */
static int64_t
version_least(int64_t version)
{
	static const int64_t least[] = { 150014, 160010, 170006 };

	for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++)
		if (version / 10000 == least[i] / 10000)
			return least[i];
	return version / 10000 < 15 ? least[0] : version;
}

static void
look_version(struct doctor *d, struct pg *pg)
{
	struct err err = ERR_INIT;
	struct pg_rows *rows
	    = pg_query(pg, "SELECT current_setting('server_version_num')", NULL, 0, &err);
	char text[16] = "0";
	int64_t version, least;

	if (rows && pg_rows_count(rows) == 1)
		snprintf(text, sizeof(text), SPAN_FMT, SPAN_ARG(pg_value(rows, 0, 0)));
	version = strtoll(text, NULL, 10);
	least = version_least(version);
	finding(d, version >= least ? OK : BAD, "PostgreSQL",
	    version >= least ? NULL
			     : "upgrade: older ones show through statistics what policies hide",
	    "version %lld.%lld, needs %lld.%lld or later", (long long)(version / 10000),
	    (long long)(version % 10000), (long long)(least / 10000), (long long)(least % 10000));
	pg_rows_free(rows);
}

static void
look_schema(struct doctor *d, struct pg *pg)
{
	struct pg_schema_state state;
	struct err err = ERR_INIT;

	if (pg_schema_check(pg, sink_sql, sink_sql_n, &state, &err))
		finding(d, BAD, "tables", NULL, "%s", err.text);
	else
		finding(d, state.applied == state.known ? OK : BAD, "tables",
		    state.applied == state.known ? NULL : "outturn migrate",
		    "%zu of %zu migrations ran", state.applied, state.known);
}

static void
look_database(struct doctor *d)
{
	struct err err = ERR_INIT;
	struct pg *pg = cli_pg(d->cli, &err);

	if (!pg) {
		finding(d, BAD, "PostgreSQL", "is it running, and is 'pguri' (or PGURI) right?", "%s",
		    err.text);
		return;
	}
	look_version(d, pg);
	look_schema(d, pg);
	pg_close(pg);
}

/* --- the verb */

static void
report_print(struct doctor *d)
{
	jw_end(&d->json);
	for (int i = OK; i <= BAD; i++)
		jw_put_int(&d->json, state_names[i], d->count[i]);
	jw_end(&d->json);
	buf_byte(&d->json_text, '\n');
	cli_print(d->cli->json ? &d->json_text : &d->text);
	buf_release(&d->json_text);
	buf_release(&d->text);
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct doctor d = { .cli = cli, .text = BUF_INIT };

	if (cli_options(&verb_doctor, &argc, argv, NULL, 0))
		return CLI_USAGE;
	if (argc > 1)
		return cli_usage(&verb_doctor, "takes no argument");
	jw_begin(&d.json, &d.json_text);
	jw_object(&d.json);
	jw_put_int(&d.json, "version", 1);
	jw_key(&d.json, "findings");
	jw_array(&d.json);
	look_programs(&d);
	look_config(&d);
	look_keys_dir(&d);
	look_key(&d, "ingest", "ingestd");
	look_key(&d, "match", "matchd");
	look_kafka(&d);
	look_database(&d);
	report_print(&d);
	return d.count[BAD] || d.count[WARN] ? CLI_DEGRADED : CLI_OK;
}

const struct cli_verb verb_doctor = {
	.name = "doctor",
	.run = run,
	.usage = "outturn doctor",
	.says = "look whether everything is as it must be, and say what to do",
	.help =
	    "Looks at programs, configuration, keys and their modes, Kafka's topics and their settings,\n"
	    "published terms and whose count, PostgreSQL's version and tables.  Changes nothing.  Each\n"
	    "line is ok, warn or bad, and says what to do.\n\n"
	    "Exit: 0 all ok, 2 usage, 4 something is not.\n\n"
	    "  outturn doctor --json\n",
};
