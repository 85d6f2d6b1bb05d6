/*
 * outturn-milestoned - says what each person has achieved under each contract.
 *
 * One of a group: partitions of linked are shared out.  Holds no secret; the
 * trust file says whose terms count.
 */
#include <stdio.h>

#include "common/io/daemon.h"
#include "common/io/termsbook.h"
#include "common/mem.h"
#include "common/topic.h"
#include "transform/milestone/shell_stage.h"

struct milestoned {
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct level_host_conf conf;
	struct milestone_stage ms;
	struct level_stage stage;
	struct level_host *host;
	char group[TOPIC_NAME_MAX + 1], instance[2 * TOPIC_NAME_MAX];
};

static void
close_all(void *self)
{
	struct milestoned *d = self;

	if (!d)
		return;
	level_host_free(d->host);
	av_catalogue_free(d->ms.catalogue);
	mem_free(d);
}

static int
check(void **self, const struct params *params, struct err *err)
{
	struct milestoned *d = mem_zalloc(1, sizeof(*d));
	struct termsbook *trust;

	d->ms.catalogue = av_catalogue_new();
	d->ms.trust_path = params->trust;
	kafka_conf_of(params, d->properties, &d->conf.kafka);
	d->conf.kafka.client_id = "outturn-milestoned";
	snprintf(d->group, sizeof(d->group), "%s.milestoned", params->prefix);
	snprintf(d->instance, sizeof(d->instance), "%s-milestoned-%s", params->prefix,
	    params->instance);
	d->conf.prefix = params->prefix;
	d->conf.group_id = d->group;
	d->conf.instance_id = d->instance;
	d->conf.commit_every_ms = params->commit_every;
	milestone_stage_fill(&d->ms, &d->stage);
	*self = d;
	trust = termsbook_new(params->trust, d->ms.catalogue, err);
	termsbook_free(trust);
	return trust ? 0 : -1;
}

static int
open_host(void *self, struct err *err)
{
	struct milestoned *d = self;

	d->host = level_host_new(&d->conf, &d->stage, d->ms.catalogue, err);
	return d->host ? 0 : -1;
}

static int
round_once(void *self, struct err *err)
{
	struct milestoned *d = self;

	return level_host_round(d->host, err);
}

static bool
ready(void *self)
{
	struct milestoned *d = self;

	return level_host_counts(d->host).caught_up;
}

static int
drain(void *self, int wait_ms, struct err *err)
{
	struct milestoned *d = self;

	(void)err;
	level_host_drain(d->host, wait_ms);
	return 0;
}

static int
metrics(void *self, struct metric *out)
{
	struct milestoned *d = self;
	struct level_counts c = level_host_counts(d->host);
	int n = 0;

	out[n++] = (struct metric){ "records_read_total", "Records read", (double)c.read };
	out[n++] = (struct metric){ "records_sent_total", "Records sent", (double)c.sent };
	out[n++] = (struct metric){ "answers_total", "Foreign records answered", (double)c.answers };
	out[n++] = (struct metric){ "restarts_total", "Partitions begun anew", (double)c.restarts };
	out[n++] = (struct metric){ "owned_partitions", "Partitions of linked owned", c.owned };
	out[n++] = (struct metric){ "caught_up", "1: everything is folded and out", c.caught_up };
	out[n++] = (struct metric){ "undecodable_total", "Records that could not be decoded",
		(double)d->ms.undecodable };
	out[n++] = (struct metric){ "unsigned_total",
		"Decisions and 'as at' facts that did not count when asked: not signed by who may",
		(double)d->ms.refused };
	out[n++] = (struct metric){ "contracts_mistaken_total",
		"Published contracts that were passed over for their mistakes",
		(double)d->ms.contracts_refused };
	return n;
}

int
main(int argc, char **argv)
{
	static const struct daemon milestoned = { .name = "milestoned",
		.says = "Judges each person's facts by every contract, and says why.",
		.check = check, .open = open_host, .round = round_once, .ready = ready,
		.drain = drain, .close = close_all, .metrics = metrics };

	return daemon_main(&milestoned, argc, argv);
}
