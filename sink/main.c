/*
 * outturn-sinkd - writes evidence, links and outcomes into the warehouse.
 *
 * The shell around sink/loop.h: settings, life, metrics.
 */
#include <stdio.h>

#include "common/io/daemon.h"
#include "common/mem.h"
#include "common/topic.h"
#include "sink/loop.h"

/* Eleven partitions or so read ahead at once, and resident memory is to stay under 64 MiB. */
enum { SINK_FETCH_KBYTES_MAX = 2048 };

struct sinkd {
	const struct params *params;
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct sink_conf conf;
	struct av_catalogue *catalogue;
	struct sink_loop *loop;
	char group[TOPIC_NAME_MAX + 1], instance[2 * TOPIC_NAME_MAX];
};

static int
check(void **self, const struct params *params, struct err *err)
{
	struct sinkd *s = mem_zalloc(1, sizeof(*s));

	(void)err;
	s->params = params;
	kafka_conf_of(params, s->properties, &s->conf.kafka);
	if (s->conf.kafka.fetch_kbytes > SINK_FETCH_KBYTES_MAX)
		s->conf.kafka.fetch_kbytes = SINK_FETCH_KBYTES_MAX;
	s->conf.kafka.client_id = "outturn-sinkd";
	snprintf(s->group, sizeof(s->group), "%s.sinkd", params->prefix);
	snprintf(s->instance, sizeof(s->instance), "%s-sinkd-%s", params->prefix, params->instance);
	s->conf.prefix = params->prefix;
	s->conf.pguri = params->pguri;
	s->conf.group_id = s->group;
	s->conf.instance_id = s->instance;
	s->conf.flush_after_ms = params->flush_after;
	s->conf.commit_every_ms = params->commit_every;
	s->catalogue = av_catalogue_new();
	*self = s;
	return 0;
}

static int
open_loop(void *self, struct err *err)
{
	struct sinkd *s = self;

	s->loop = sink_loop_new(&s->conf, s->catalogue, err);
	return s->loop ? 0 : -1;
}

static int
round_once(void *self, struct err *err)
{
	struct sinkd *s = self;

	return sink_loop_round(s->loop, err);
}

static bool
ready(void *self)
{
	struct sinkd *s = self;

	return sink_loop_counts(s->loop)->ready;
}

static int
drain(void *self, int wait_ms, struct err *err)
{
	struct sinkd *s = self;

	return sink_loop_drain(s->loop, wait_ms, err);
}

static void
close_all(void *self)
{
	struct sinkd *s = self;

	sink_loop_free(s->loop);
	av_catalogue_free(s->catalogue);
	mem_free(s);
}

static int
metrics(void *self, struct metric *out)
{
	const struct sinkd *s = self;
	const struct sink_counts *c = sink_loop_counts(s->loop);
	int n = 0;

	out[n++] = (struct metric){ "records_total", "Records folded", (double)c->records };
	out[n++] = (struct metric){ "commits_total", "Transactions", (double)c->commits };
	out[n++] = (struct metric){ "passed_total", "Records passed over: not the claim's holder's",
		(double)c->passed };
	out[n++] = (struct metric){ "undecodable_total", "Records that could not be decoded",
		(double)c->undecodable };
	out[n++] = (struct metric){ "retries_total", "Commits tried again", (double)c->retries };
	out[n++] = (struct metric){ "reloads_total", "Times the database's offsets were read again",
		(double)c->reloads };
	out[n++] = (struct metric){ "resyncs_total", "Partitions folded again from their start",
		(double)c->resyncs };
	out[n++] = (struct metric){ "lag", "Records read and not yet written", (double)c->lag };
	return n;
}

int
main(int argc, char **argv)
{
	static const struct daemon sinkd = { .name = "sinkd",
		.says = "Writes evidence, links and outcomes into PostgreSQL, offsets in the same transaction.",
		.check = check, .open = open_loop, .round = round_once, .ready = ready, .drain = drain,
		.close = close_all, .metrics = metrics };

	return daemon_main(&sinkd, argc, argv);
}
