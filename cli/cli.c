/*
 * cli - what all verbs share: options, words on stderr, servers, one progress bar.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/io/crypto.h"
#include "common/io/daemon.h"
#include "common/io/keyfile.h"
#include "common/io/level_task.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/topic.h"
#include "common/topics.h"

enum {
	SEND_MS = 30000,      /* one record, until the broker has it */
	ASK_MS = 10000,       /* one question to the broker */
	POLL_MS = 200,
	READ_BYTES = 1 << 16,
	BAR_CELLS = 28,
	BAR_AFTER_MS = 1000,  /* nothing is drawn for what is over by then */
	BAR_EVERY_MS = 100,
	READ_SILENT_MS = 30000, /* a broker that says nothing for so long is away */
};

static const struct cli_verb *running;

void
cli_begin(const struct cli_verb *verb)
{
	running = verb;
}

int64_t
cli_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- options */

/* One line a form: "usage: " before the first, blanks before the others. */
void
cli_usage_lines(const struct cli_verb *verb, FILE *to)
{
	const char *before = "usage: ", *usage = verb->usage;

	while (*usage) {
		size_t n = strcspn(usage, "\n");

		fprintf(to, "%s%.*s\n", before, (int)n, usage);
		before = "       ";
		usage += n + (usage[n] == '\n');
	}
}

int
cli_usage(const struct cli_verb *verb, const char *why)
{
	if (why)
		fprintf(stderr, "outturn %s: %s\n", verb->name, why);
	cli_usage_lines(verb, stderr);
	fprintf(stderr, "next: outturn %s --help\n", verb->name);
	return CLI_USAGE;
}

static const struct cli_option *
option_find(const struct cli_option *options, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(name, options[i].name))
			return &options[i];
	return NULL;
}

static int
option_unknown(const struct cli_verb *verb, const struct cli_option *options, size_t n,
    struct span name)
{
	const char **names = mem_zalloc(n + 1, sizeof(*names));
	const char *near;
	char why[ERR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		names[i] = options[i].name;
	near = n ? yaml_suggest(name, names, n) : NULL;
	snprintf(why, sizeof(why), "there is no option '--%.60s'%s%s%s",
	    (const char *)name.ptr, near ? " (did you mean '--" : "", near ? near : "",
	    near ? "'?)" : "");
	mem_free(names);
	cli_usage(verb, why);
	return -1;
}

static int
option_said(const struct cli_verb *verb, const struct cli_option *o, const char *what)
{
	char why[ERR_TEXT_MAX];

	snprintf(why, sizeof(why), "option '--%s' %s", o->name, what);
	cli_usage(verb, why);
	return -1;
}

static void
option_add(const struct cli_option *o, const char *value)
{
	*o->values = mem_realloc(*o->values, *o->values_n + 1, sizeof(**o->values));
	(*o->values)[(*o->values_n)++] = value;
}

/* Takes argv[at]; *used: how many words it was. */
static int
option_take(const struct cli_verb *verb, int left, char **argv, const struct cli_option *options,
    size_t n, int *used)
{
	const char *word = argv[0] + 2, *eq = strchr(word, '=');
	struct span name = span_of(word, eq ? (size_t)(eq - word) : strlen(word));
	const struct cli_option *o = option_find(options, n, name);
	const char *value = eq ? eq + 1 : left > 1 ? argv[1] : NULL;

	*used = 1;
	if (!o)
		return option_unknown(verb, options, n, name);
	if (o->flag) {
		*o->flag = true;
		return eq ? option_said(verb, o, "takes no value") : 0;
	}
	if (!value)
		return option_said(verb, o, "needs a value");
	*used = eq ? 1 : 2;
	if (o->values) {
		option_add(o, value);
		return 0;
	}
	if (*o->value)
		return option_said(verb, o, "is there twice");
	*o->value = value;
	return 0;
}

int
cli_options(const struct cli_verb *verb, int *argc, char **argv, const struct cli_option *options,
    size_t n)
{
	int kept = 1, used;
	bool rest = false;

	for (int i = 1; i < *argc; i += used) {
		used = 1;
		if (!rest && strcmp(argv[i], "--") == 0) {
			rest = true;
		} else if (!rest && strncmp(argv[i], "--", 2) == 0) {
			if (option_take(verb, *argc - i, argv + i, options, n, &used))
				return -1;
		} else if (!rest && argv[i][0] == '-' && argv[i][1]) {
			cli_usage(verb, "options have two dashes; put '--' before a name that begins "
			    "with one");
			return -1;
		} else {
			argv[kept++] = argv[i];
		}
	}
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

void
cli_values_more(const char ***values, size_t *n, int argc, char **argv)
{
	if (argc <= 1)
		return;
	*values = mem_realloc(*values, *n + (size_t)argc - 1, sizeof(**values));
	for (int i = 1; i < argc; i++)
		(*values)[(*n)++] = argv[i];
}

/* --- words */

static int
exit_of(const struct err *err)
{
	static const char *const denied[] = { "kafka-denied", "key-mode", "pg-42501", "pg-28000",
		"pg-28P01", "role-missing", "maker-is-checker", "not-trusted" };
	static const char *const absent[] = { "not-found", "key-missing" };

	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		if (strcmp(err->code, denied[i]) == 0)
			return CLI_PERMISSION;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (strcmp(err->code, absent[i]) == 0)
			return CLI_NOT_FOUND;
	return err->class == ERR_RETRY ? CLI_RETRY : CLI_FAILED;
}

/* What mends the usual failures, where the verb knows nothing better. */
static const char *
next_of(const struct err *err)
{
	static const struct {
		const char *code, *next;
	} known[] = {
		{ "kafka-away", "is Kafka running, and is 'kafka' (or KAFKA) its address? outturn doctor" },
		{ "kafka-no-topic", "outturn migrate makes the topics" },
		{ "pg-away", "is PostgreSQL running, and is 'pguri' (or PGURI) right? outturn doctor" },
		{ "pg-42P01", "outturn migrate makes the tables" },
		{ "pg-3F000", "outturn migrate makes the tables" },
		{ "role-missing", "outturn keys person NAME --role ROLE, then outturn publish "
				  "keys/NAME.yaml" },
		{ "warehouse-behind", "outturn status --wait 60" },
		{ "key-missing", "outturn keys init makes the keys; 'keys_dir' and 'trust' say where they are" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(err->code, known[i].code) == 0)
			return known[i].next;
	return NULL;
}

int
cli_fail(const struct err *err, const char *next)
{
	if (!next)
		next = next_of(err);
	fprintf(stderr, "outturn%s%s: %s\n", running ? " " : "", running ? running->name : "",
	    err->text);
	if (next)
		fprintf(stderr, "next: %s\n", next);
	return exit_of(err);
}

void
cli_print(const struct buf *out)
{
	if (out->len && fwrite(out->ptr, 1, out->len, stdout) != out->len) {
		if (errno != EPIPE) /* `| head` has seen enough */
			fprintf(stderr, "outturn: cannot write to standard output: %s\n",
			    strerror(errno));
		exit(CLI_FAILED);
	}
}

/* --- files */

static int
file_fail(const char *path, struct err *err)
{
	return err_code(err, ERR_FATAL, errno == ENOENT ? "not-found" : "", NULL,
	    "cannot read '%.300s': %s", path, strerror(errno));
}

int
cli_read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
	bool in = strcmp(path, "-") == 0;
	FILE *f = in ? stdin : fopen(path, "re");
	size_t got = 1;
	int result = 0;

	if (!f)
		return file_fail(path, err);
	buf_reset(out);
	errno = 0;
	while (got && out->len <= max) {
		buf_grow(out, READ_BYTES);
		got = fread(out->ptr + out->len, 1, READ_BYTES, f);
		out->len += got;
	}
	if (ferror(f))
		result = file_fail(path, err);
	else if (out->len > max)
		result = err_code(err, ERR_FATAL, "too-large", NULL,
		    "'%.300s' is larger than %zu MiB", path, max >> 20);
	if (!in)
		fclose(f);
	return result;
}

/* --- servers */

int
cli_kafka_conf(struct cli *cli, struct kafka_property *properties, struct kafka_conf *conf)
{
	kafka_conf_of(cli->params, properties, conf);
	conf->client_id = "outturn";
	return 0;
}

struct pg *
cli_pg(struct cli *cli, struct err *err)
{
	struct pg *pg = pg_open(cli->params->pguri, "outturn", err);

	/* Its cost estimates take a second's question for one that compiling would pay for. */
	if (pg && pg_exec(pg, "SET jit = off", err) == 0)
		return pg;
	pg_close(pg);
	return NULL;
}

struct answer {
	bool came;
	struct err err;
};

static void
on_answer(void *owner, uint64_t tag, int64_t offset, const struct err *err)
{
	struct answer *a = owner;

	(void)tag;
	(void)offset;
	a->came = true;
	if (err)
		a->err = *err;
}

/* One writer for all that a verb sends: joining a broker takes longer than a record. */
static int
writer_open(struct cli *cli, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct kafka_conf conf;

	if (cli->writer)
		return 0;
	cli_kafka_conf(cli, properties, &conf);
	conf.delivery_timeout_ms = SEND_MS;
	cli->writer = kwriter_new(&conf, on_answer, err);
	return cli->writer ? 0 : -1;
}

void
cli_send_end(struct cli *cli)
{
	kwriter_free(cli->writer);
	cli->writer = NULL;
}

int
cli_send(struct cli *cli, const char *topic, struct span key, struct span value, struct err *err)
{
	struct answer answer = { .came = false, .err = ERR_INIT };
	char full[TOPIC_NAME_MAX + 1];

	topic_full(cli->params->prefix, topic, full);
	if (writer_open(cli, err))
		return -1;
	if (kwriter_send(cli->writer, full, 0, key, value, NULL, KAFKA_NO_TERMS, &answer, 0, err)
	    || kwriter_flush(cli->writer, SEND_MS, err)) {
		cli_send_end(cli); /* answers what is in flight, while `answer` is here */
		return -1;
	}
	MUST(answer.came);
	if (answer.err.class == ERR_NONE)
		return 0;
	*err = answer.err;
	cli_send_end(cli);
	return -1;
}

/* From the first record to the end that was seen at the start. */
static int
topic_read(struct kreader *r, const char *topic, cli_rec_fn *fn, void *arg, struct err *err)
{
	int64_t low, high, heard = daemon_now_ms();
	struct krecord k;
	struct rec rec;

	if (kreader_watermarks(r, topic, 0, &low, &high, ASK_MS, err)
	    || kreader_add(r, topic, 0, low, NULL, err))
		return -1;
	while (kreader_position(r, topic, 0) < high) {
		int got = kreader_poll(r, POLL_MS, &k, err);

		if (got < 0 && err->class != ERR_RETRY)
			return -1;
		if (got < 0 || (got == 0 && daemon_now_ms() - heard > READ_SILENT_MS)) {
			if (daemon_now_ms() - heard > READ_SILENT_MS)
				return err_code(err, ERR_RETRY, "kafka-away", NULL,
				    "Kafka did not answer while '%s' was read", topic);
			continue;
		}
		if (got == 0)
			continue;
		heard = daemon_now_ms();
		rec = carry_rec(&k);
		if (fn(arg, &rec, err))
			return -1;
	}
	return 0;
}

int
cli_topic_each(struct cli *cli, const char *topic, cli_rec_fn *fn, void *arg, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	char full[TOPIC_NAME_MAX + 1];
	struct kafka_conf conf;
	struct kreader *r;
	int result;

	cli_kafka_conf(cli, properties, &conf);
	topic_full(cli->params->prefix, topic, full);
	r = kreader_new(&conf, err);
	if (!r)
		return -1;
	result = topic_read(r, full, fn, arg, err);
	kreader_free(r);
	return result;
}

/* --- signatures */

int
cli_sign(struct cli *cli, const char *name, const struct av_record *binding, void *rec,
    size_t signature_at, uint8_t sig[CLI_SIGN_BYTES], struct err *err)
{
	struct span signature = span_of(sig, SIGN_BYTES);
	struct buf message = BUF_INIT;
	struct keyfile key;
	char path[PATH_MAX];

	_Static_assert((int)CLI_SIGN_BYTES == (int)SIGN_BYTES, "one size of signatures");
	snprintf(path, sizeof(path), "%s/%s.sign", cli->params->keys_dir, name);
	if (keyfile_read(path, "sign", 0, &key, err))
		return -1;
	sign_message(cli->catalogue, binding, rec, signature_at, &message);
	sign_bytes(key.secret, buf_view(&message), sig);
	memcpy((uint8_t *)rec + signature_at, &signature, sizeof(signature));
	keyfile_release(&key);
	buf_release(&message);
	return 0;
}

/* --- progress */

/* "1,234,567"; out: 32 bytes. */
static const char *
thousands(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

static void
progress_draw(struct cli_progress *p, int64_t now)
{
	char bar[BAR_CELLS + 1], done[32], total[32];
	uint64_t cells = p->total ? p->done * BAR_CELLS / p->total : 0;

	if (cells > BAR_CELLS)
		cells = BAR_CELLS;
	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', (size_t)cells);
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r%s [%s] %s of %s  %" PRId64 " s\033[K", p->what, bar,
	    thousands(p->done, done), thousands(p->total, total), (now - p->began_ms) / 1000);
	fflush(stderr);
	p->drawn_ms = now;
}

void
cli_progress(struct cli *cli, struct cli_progress *p, uint64_t done)
{
	int64_t now;

	p->done = done;
	if (!cli->terminal || cli->quiet)
		return;
	now = daemon_now_ms();
	if (!p->began_ms)
		p->began_ms = now;
	if (now - p->began_ms >= BAR_AFTER_MS && now - p->drawn_ms >= BAR_EVERY_MS)
		progress_draw(p, now);
}

void
cli_progress_end(struct cli *cli, struct cli_progress *p)
{
	(void)cli;
	if (!p->drawn_ms)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->drawn_ms = 0;
}
