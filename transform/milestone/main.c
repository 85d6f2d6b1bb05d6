/*
 * outturn-milestoned - says what each person has achieved under each contract.
 *
 * One of a group: partitions of linked are shared out.  Holds no secret; the
 * trust file says whose terms count.
 */
#include "common/io/level_daemon.h"
#include "common/mem.h"
#include "transform/milestone/shell_stage.h"

struct milestoned {
	struct level_daemon level; /* first: it is the daemon's `self` too */
	struct milestone_stage ms;
};

static void
close_all(void *self)
{
	struct milestoned *d = self;

	level_daemon_release(&d->level);
	mem_free(d);
}

static int
check(void **self, const struct params *params, struct err *err)
{
	struct milestoned *d = mem_zalloc(1, sizeof(*d));

	level_daemon_init(&d->level, "milestoned", params);
	d->ms.catalogue = d->level.catalogue;
	d->ms.trust_path = params->trust;
	milestone_stage_fill(&d->ms, &d->level.stage);
	if (level_daemon_check(&d->level, err)) {
		close_all(d);
		return -1;
	}
	*self = d;
	return 0;
}

static int
metrics(void *self, struct metric *out)
{
	struct milestoned *d = self;
	int n = level_daemon_metrics(&d->level, "Partitions of linked owned", out);

	out[n++] = (struct metric){ "undecodable_total", "Records that could not be decoded",
		(double)d->ms.undecodable };
	out[n++] = (struct metric){ "unsigned_total",
		"Decisions and 'as at' facts that did not count when asked: not signed by who may",
		(double)d->ms.refused };
	out[n++] = (struct metric){ "contracts_mistaken",
		"Pages of contracts that are passed over for their mistakes: an older one is in force",
		(double)d->ms.contracts_mistaken };
	return n;
}

int
main(int argc, char **argv)
{
	static const struct daemon milestoned = { .name = "milestoned",
		.says = "Judges each person's facts by every contract, and says why.",
		.check = check, .open = level_daemon_open, .round = level_daemon_round,
		.ready = level_daemon_ready, .drain = level_daemon_drain, .close = close_all,
		.metrics = metrics };

	return daemon_main(&milestoned, argc, argv);
}
