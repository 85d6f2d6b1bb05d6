/*
 * outturn-ingestd - raw records in, pseudonymous evidence out.
 *
 * Holds the master key of the pseudonymisation; opens nothing before key and
 * tables are found to be right.
 */
#include <errno.h>
#include <stdio.h>

#include "common/io/crypto.h"
#include "common/io/daemon.h"
#include "common/io/log.h"
#include "common/mem.h"
#include "ingest/loop.h"
#include "ingest/shell_keys.h"
#include "ingest/shell_live.h"

enum { MAIN_TABLE_BYTES_MAX = 1024 * 1024 * 1024, MAIN_PATH_MAX = 4096, MAIN_NAME_MAX = 256 };
/* For a batch that is not full; librdkafka spins through the last of them, so few a second. */
enum { MAIN_LINGER_MS = 50 };

struct ingestd {
	struct ingest_conf conf;
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	char group_id[MAIN_NAME_MAX], instance_id[MAIN_NAME_MAX];
	struct live_keys keys;
	char key_path[MAIN_PATH_MAX];
	struct frequency frequency;
	bool frequency_read;
	struct postcodes *postcodes;
	struct av_catalogue *catalogue;
	struct ingest_loop *loop;
	bool ready;
};

/* --- what it is configured with */

static int
file_read(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "re");
	size_t got = 1;
	int result = 0;

	if (!f)
		return err_set(err, ERR_FATAL, "cannot open '%.300s': %s", path, strerror(errno));
	while (got && out->len <= MAIN_TABLE_BYTES_MAX) {
		buf_grow(out, 1 << 16);
		got = fread(out->ptr + out->len, 1, 1 << 16, f);
		out->len += got;
	}
	if (ferror(f) || out->len > MAIN_TABLE_BYTES_MAX)
		result = err_set(err, ERR_FATAL, "'%.300s' cannot be read, or is longer than 1 GiB", path);
	fclose(f);
	return result;
}

/* The sentence of a parser, with its file in front. */
static int
of_file(const char *path, struct err *err)
{
	struct err why = *err;

	return err_code(err, why.class, why.code, why.field, "%.200s: %.300s", path, why.text);
}

static int
frequency_read(struct ingestd *d, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;
	int result = file_read(path, &text, err);

	if (result == 0 && frequency_parse(&d->frequency, buf_view(&text), err))
		result = of_file(path, err);
	d->frequency_read = result == 0;
	buf_release(&text);
	return result;
}

/* Empty: no look-ups of ward and decile. */
static int
postcodes_read(struct ingestd *d, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;
	int result;

	if (!*path)
		return 0;
	result = file_read(path, &text, err);
	if (result == 0) {
		d->postcodes = postcodes_parse(buf_view(&text), err);
		if (!d->postcodes)
			result = of_file(path, err);
	}
	buf_release(&text);
	return result;
}

static int
keys_open(struct ingestd *d, const struct params *p, struct err *err)
{
	snprintf(d->key_path, sizeof(d->key_path), "%s/ingest.key", p->keys_dir);
	return live_keys_open(p, &d->keys, err);
}

static int
settings(struct ingestd *d, const struct params *p, struct err *err)
{
	struct ingest_conf *c = &d->conf;

	kafka_conf_of(p, d->properties, &c->kafka);
	c->kafka.linger_ms = MAIN_LINGER_MS;
	c->prefix = p->prefix;
	c->trust_path = p->trust;
	c->commit_every_ms = p->commit_every;
	snprintf(d->group_id, sizeof(d->group_id), "%s.ingestd", p->prefix);
	snprintf(d->instance_id, sizeof(d->instance_id), "%s-ingestd-%s", p->prefix, p->instance);
	c->group_id = d->group_id;
	c->instance_id = d->instance_id;
	return token_settings_read(p->tokens, p->clk, &c->tokens, err);
}

static void
ingestd_close(void *self)
{
	struct ingestd *d = self;

	if (!d)
		return;
	ingest_loop_free(d->loop);
	av_catalogue_free(d->catalogue);
	postcodes_free(d->postcodes);
	if (d->frequency_read)
		frequency_release(&d->frequency);
	live_keys_close(&d->keys);
	mem_free(d);
}

static int
ingestd_check(void **self, const struct params *p, struct err *err)
{
	struct ingestd *d = mem_zalloc(1, sizeof(*d));

	*self = d;
	d->catalogue = av_catalogue_new();
	if (settings(d, p, err) || keys_open(d, p, err)
	    || frequency_read(d, p->frequency, err) || postcodes_read(d, p->postcodes, err)
	    || (*p->schemas && av_catalogue_load(d->catalogue, p->schemas, err)))
		return -1;
	d->conf.ring = d->keys.ring;
	d->conf.next = d->keys.next;
	d->conf.frequency = &d->frequency;
	d->conf.postcodes = d->postcodes;
	return 0;
}

/* --- what it does */

/* Which encodings leave is for an auditor to see, the wider one as a warning. */
static void
encoding_say(enum clk_profile clk)
{
	static const char *const names[] = { [CLK_OFF] = "none", [CLK_RECORD] = "record",
		[CLK_FIELDS] = "trusted-matcher" };

	log_event(clk == CLK_FIELDS ? LOG_WARN : LOG_INFO, "encoding-profile",
	    LOG_STR(name, names[clk]), LOG_STR(reason, clk == CLK_FIELDS
	    ? "an encoding of each name by itself leaves for a trusted matcher" : NULL));
}

static int
ingestd_open(void *self, struct err *err)
{
	struct ingestd *d = self;

	encoding_say(d->conf.tokens.clk);
	if (keys_belong(&d->conf, d->catalogue, d->key_path, err))
		return -1;
	d->loop = ingest_loop_new(&d->conf, d->catalogue, err);
	return d->loop ? 0 : -1;
}

static int
ingestd_round(void *self, struct err *err)
{
	struct ingestd *d = self;

	return ingest_loop_round(d->loop, err);
}

static bool
ingestd_ready(void *self)
{
	struct ingestd *d = self;

	d->ready = d->ready || ingest_loop_counts(d->loop).caught_up;
	return d->ready;
}

static int
ingestd_drain(void *self, int wait_ms, struct err *err)
{
	struct ingestd *d = self;

	(void)err;
	ingest_loop_drain(d->loop, wait_ms);
	return 0;
}

static int
ingestd_metrics(void *self, struct metric *out)
{
	struct ingestd *d = self;
	struct ingest_counts c = ingest_loop_counts(d->loop);
	const struct metric all[] = {
		{ "raw_total", "Raw records judged, again included.", (double)c.raw },
		{ "versions_total", "Of these accepted as evidence.", (double)c.versions },
		{ "rejects_total", "Of these rejected with a reason.", (double)c.rejects },
		{ "stubs_total", "Of these erased.", (double)c.stubs },
		{ "completes_total", "Of these declarations of completeness.", (double)c.completes },
		{ "sent_total", "Records sent to evidence and rejected.", (double)c.sent },
		{ "restarts_total", "Shares that were made anew.", (double)c.restarts },
		{ "evidence_without_raw_total", "Records of evidence taken away: raw has none for them.",
		    (double)c.made_up },
		{ "terms_refused_total", "Terms records that nobody of trust signed.",
		    (double)c.terms_refused },
		{ "terms_mistakes", "Mistakes in published terms; the last right ones are in force.",
		    (double)c.mistakes },
		{ "erased_events", "Events that are never to be used again.", (double)c.erased },
		{ "topics_missing", "Raw topics that agencies are bound to and that are not there.",
		    (double)c.topics_missing },
		{ "topics_owned", "Raw topics that are ours.", c.owned },
		{ "lag_records", "Raw records of ours that no cut covers yet.", (double)c.lag },
		{ "terms_offset", "Next offset of terms to be read.", (double)c.terms_next },
	};
	enum { METRICS = sizeof(all) / sizeof(all[0]) };

	_Static_assert((int)METRICS <= (int)DAEMON_METRICS_MAX, "room for every metric");
	memcpy(out, all, sizeof(all));
	return METRICS;
}

int
main(int argc, char **argv)
{
	static const struct daemon ingestd = { .name = "ingestd",
		.says = "reads agencies' raw records and writes pseudonymous evidence",
		.check = ingestd_check, .open = ingestd_open, .round = ingestd_round,
		.ready = ingestd_ready, .drain = ingestd_drain, .close = ingestd_close,
		.metrics = ingestd_metrics };

	return daemon_main(&ingestd, argc, argv);
}
