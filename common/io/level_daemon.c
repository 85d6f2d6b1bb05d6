#include "common/io/level_daemon.h"

#include <stdio.h>

#include "common/io/termsbook.h"

void
level_daemon_init(struct level_daemon *ld, const char *name, const struct params *params)
{
	*ld = (struct level_daemon){ .params = params, .catalogue = av_catalogue_new() };
	snprintf(ld->client, sizeof(ld->client), "outturn-%s", name);
	snprintf(ld->group, sizeof(ld->group), "%s.%s", params->prefix, name);
	snprintf(ld->instance, sizeof(ld->instance), "%s-%s-%s", params->prefix, name,
	    params->instance);
	kafka_conf_of(params, ld->properties, &ld->conf.kafka);
	ld->conf.kafka.client_id = ld->client;
	ld->conf.prefix = params->prefix;
	ld->conf.group_id = ld->group;
	ld->conf.instance_id = ld->instance;
	ld->conf.commit_every_ms = params->commit_every;
}

void
level_daemon_release(struct level_daemon *ld)
{
	level_host_free(ld->host);
	av_catalogue_free(ld->catalogue);
	ld->host = NULL;
	ld->catalogue = NULL;
}

int
level_daemon_check(const struct level_daemon *ld, struct err *err)
{
	struct termsbook *trust = termsbook_new(ld->params->trust, ld->catalogue, err);

	termsbook_free(trust);
	return trust ? 0 : -1;
}

int
level_daemon_open(void *self, struct err *err)
{
	struct level_daemon *ld = self;

	ld->host = level_host_new(&ld->conf, &ld->stage, ld->catalogue, err);
	return ld->host ? 0 : -1;
}

int
level_daemon_round(void *self, struct err *err)
{
	struct level_daemon *ld = self;

	return level_host_round(ld->host, err);
}

bool
level_daemon_ready(void *self)
{
	struct level_daemon *ld = self;

	return level_host_counts(ld->host).caught_up;
}

int
level_daemon_drain(void *self, int wait_ms, struct err *err)
{
	struct level_daemon *ld = self;

	(void)err;
	level_host_drain(ld->host, wait_ms);
	return 0;
}

int
level_daemon_metrics(const struct level_daemon *ld, const char *owned, struct metric *out)
{
	struct level_counts c = level_host_counts(ld->host);
	int n = 0;

	out[n++] = (struct metric){ "records_read_total", "Records read", (double)c.read };
	out[n++] = (struct metric){ "records_sent_total", "Records sent", (double)c.sent };
	out[n++] = (struct metric){ "answers_total", "Foreign records answered", (double)c.answers };
	out[n++] = (struct metric){ "restarts_total", "Partitions begun anew", (double)c.restarts };
	out[n++] = (struct metric){ "owned_partitions", owned, c.owned };
	out[n++] = (struct metric){ "caught_up",
		"1: a member of the group, and all that it owns is folded and out", c.caught_up };
	return n;
}
