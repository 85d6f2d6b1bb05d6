/*
 * outturn-matchd - links events to people, on encodings only.
 *
 * One active for each linkage domain (a partition of evidence), others stand
 * by in the same group.  Holds its index and unit keys, never a name.
 */
#include <stdio.h>

#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/level_daemon.h"
#include "common/mem.h"
#include "common/topics.h"
#include "transform/match/shell_keys.h"
#include "transform/match/shell_stage.h"

enum { ASK_MS = 5000 };

struct matchd {
	struct level_daemon level; /* first: it is the daemon's `self` too */
	struct match_stage ms;
	struct level_stage inner; /* of ms */
	char key_path[4096], linked[TOPIC_NAME_MAX + 1];
};

static int
keys_read(struct matchd *d, struct err *err)
{
	struct keyfile file;

	snprintf(d->key_path, sizeof(d->key_path), "%s/match.key", d->level.params->keys_dir);
	if (keyfile_read(d->key_path, "match", 0, &file, err))
		return -1;
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/index"),
	    d->ms.keys.index);
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/unit"),
	    d->ms.keys.unit);
	keyfile_release(&file);
	d->ms.recipe = match_recipe(&d->ms.keys);
	return 0;
}

static int
keys_belong(const struct matchd *d, struct err *err)
{
	return match_keys_belong(&d->level.conf.kafka, d->ms.catalogue, d->linked, d->ms.partitions,
	    d->ms.recipe, d->key_path, err);
}

/* Who stood by when the first links were made has seen none of them. */
static void *
core_new(void *self, int32_t partition, struct level_core *core, struct task_log *inputs,
    int *inputs_n, struct task_log *outputs, int *outputs_n, struct err *err)
{
	struct matchd *d = self;

	return keys_belong(d, err) ? NULL
	    : d->inner.core_new(d->inner.self, partition, core, inputs, inputs_n, outputs, outputs_n,
		err);
}

static void
close_all(void *self)
{
	struct matchd *d = self;

	level_daemon_release(&d->level);
	crypto_cleanse(&d->ms.keys, sizeof(d->ms.keys));
	mem_free(d);
}

static int
check(void **self, const struct params *params, struct err *err)
{
	struct matchd *d = mem_zalloc(1, sizeof(*d));

	level_daemon_init(&d->level, "matchd", params);
	d->ms.catalogue = d->level.catalogue;
	d->ms.trust_path = params->trust;
	d->ms.key_epoch = params->match_epoch;
	d->ms.reviewers = params->reviewers;
	match_stage_fill(&d->ms, &d->inner);
	d->level.stage = d->inner;
	d->level.stage.self = d;
	d->level.stage.core_new = core_new;
	if (level_daemon_check(&d->level, err) || keys_read(d, err)) {
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
	struct kadmin *admin = kadmin_new(&d->level.conf.kafka, err);

	if (!admin)
		return -1;
	topic_full(d->level.params->prefix, "linked", d->linked);
	d->ms.partitions = kadmin_partitions(admin, d->linked, ASK_MS, err);
	kadmin_free(admin);
	if (d->ms.partitions < 0)
		return -1;
	if (d->ms.partitions == 0)
		return err_code(err, ERR_FATAL, "kafka-no-topic", NULL,
		    "topic '%s' does not exist: run 'outturn migrate'", d->linked);
	if (d->ms.partitions > LEVEL_OUTPUTS_MAX)
		return err_set(err, ERR_FATAL, "topic '%s' has more than %d partitions", d->linked,
		    LEVEL_OUTPUTS_MAX);
	return keys_belong(d, err) ? -1 : level_daemon_open(&d->level, err);
}

static int
metrics(void *self, struct metric *out)
{
	struct matchd *d = self;
	int n = level_daemon_metrics(&d->level, "Linkage domains owned", out);

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
		.check = check, .open = open_host, .round = level_daemon_round,
		.ready = level_daemon_ready, .drain = level_daemon_drain, .close = close_all,
		.metrics = metrics };

	return daemon_main(&matchd, argc, argv);
}
