/*
 * outturn-matchd - links events to people, on encodings only.
 *
 * One active for each linkage domain (a partition of evidence), others stand
 * by in the same group.  Holds its index and unit keys, never a name.
 */
#include <stdio.h>

#include "common/io/crypto.h"
#include "common/io/daemon.h"
#include "common/io/keyfile.h"
#include "common/io/termsbook.h"
#include "common/mem.h"
#include "common/topics.h"
#include "transform/match/shell_stage.h"

enum { ASK_MS = 5000 };

struct matchd {
	const struct params *params;
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct level_host_conf conf;
	struct match_stage ms;
	struct level_stage stage;
	struct level_host *host;
	char group[TOPIC_NAME_MAX + 1], instance[2 * TOPIC_NAME_MAX];
};

static int
keys_read(struct matchd *d, struct err *err)
{
	struct keyfile file;
	char path[4096];

	snprintf(path, sizeof(path), "%s/match.key", d->params->keys_dir);
	if (keyfile_read(path, "match", 0, &file, err))
		return -1;
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/index"),
	    d->ms.keys.index);
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/unit"),
	    d->ms.keys.unit);
	keyfile_release(&file);
	return 0;
}

static void
close_all(void *self)
{
	struct matchd *d = self;

	level_host_free(d->host);
	av_catalogue_free(d->ms.catalogue);
	crypto_cleanse(&d->ms.keys, sizeof(d->ms.keys));
	mem_free(d);
}

static int
check(void **self, const struct params *params, struct err *err)
{
	struct matchd *d = mem_zalloc(1, sizeof(*d));
	struct termsbook *trust;

	d->params = params;
	d->ms.catalogue = av_catalogue_new();
	d->ms.trust_path = params->trust;
	kafka_conf_of(params, d->properties, &d->conf.kafka);
	d->conf.kafka.client_id = "outturn-matchd";
	snprintf(d->group, sizeof(d->group), "%s.matchd", params->prefix);
	snprintf(d->instance, sizeof(d->instance), "%s-matchd-%s", params->prefix, params->instance);
	d->conf.prefix = params->prefix;
	d->conf.group_id = d->group;
	d->conf.instance_id = d->instance;
	d->conf.commit_every_ms = params->commit_every;
	match_stage_fill(&d->ms, &d->stage);
	trust = termsbook_new(params->trust, d->ms.catalogue, err);
	termsbook_free(trust);
	if (!trust || keys_read(d, err)) {
		close_all(d);
		return -1;
	}
	*self = d;
	return 0;
}

static int
open_host(void *self, struct err *err)
{
	struct matchd *d = self;
	char topic[TOPIC_NAME_MAX + 1];
	struct kadmin *admin = kadmin_new(&d->conf.kafka, err);

	if (!admin)
		return -1;
	topic_full(d->params->prefix, "linked", topic);
	d->ms.partitions = kadmin_partitions(admin, topic, ASK_MS, err);
	kadmin_free(admin);
	if (d->ms.partitions < 0)
		return -1;
	if (d->ms.partitions == 0)
		return err_code(err, ERR_FATAL, "kafka-no-topic", NULL,
		    "topic '%s' does not exist: run 'outturn migrate'", topic);
	if (d->ms.partitions > LEVEL_OUTPUTS_MAX)
		return err_set(err, ERR_FATAL, "topic '%s' has more than %d partitions", topic,
		    LEVEL_OUTPUTS_MAX);
	d->host = level_host_new(&d->conf, &d->stage, d->ms.catalogue, err);
	return d->host ? 0 : -1;
}

static int
round_once(void *self, struct err *err)
{
	struct matchd *d = self;

	return level_host_round(d->host, err);
}

static bool
ready(void *self)
{
	struct matchd *d = self;

	return level_host_counts(d->host).caught_up;
}

static int
drain(void *self, int wait_ms, struct err *err)
{
	struct matchd *d = self;

	(void)err;
	level_host_drain(d->host, wait_ms);
	return 0;
}

static int
metrics(void *self, struct metric *out)
{
	struct matchd *d = self;
	struct level_counts c = level_host_counts(d->host);
	int n = 0;

	out[n++] = (struct metric){ "records_read_total", "Records read", (double)c.read };
	out[n++] = (struct metric){ "records_sent_total", "Records sent", (double)c.sent };
	out[n++] = (struct metric){ "answers_total", "Foreign records answered", (double)c.answers };
	out[n++] = (struct metric){ "restarts_total", "Partitions begun anew", (double)c.restarts };
	out[n++] = (struct metric){ "owned_partitions", "Linkage domains owned", c.owned };
	out[n++] = (struct metric){ "caught_up", "1: everything is folded and out", c.caught_up };
	out[n++] = (struct metric){ "undecodable_total", "Records that could not be decoded",
		(double)d->ms.undecodable };
	out[n++] = (struct metric){ "unsigned_total",
		"Reviews and erasures that did not count: not signed by who may", (double)d->ms.refused };
	return n;
}

int
main(int argc, char **argv)
{
	static const struct daemon matchd = { .name = "matchd",
		.says = "Links events to people, on keyed encodings only.",
		.check = check, .open = open_host, .round = round_once, .ready = ready, .drain = drain,
		.close = close_all, .metrics = metrics };

	return daemon_main(&matchd, argc, argv);
}
