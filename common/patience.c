#include "common/patience.h"

void
patience_folded(struct patience *p, uint32_t records, int64_t late_ms, int64_t now_ms)
{
	if (records == 0)
		return;
	if (p->records == 0)
		*p = (struct patience){ .since_ms = now_ms };
	p->last_ms = now_ms;
	if (late_ms > p->late_ms)
		p->late_ms = late_ms;
	p->records = records < PATIENCE_RECORDS_MAX - p->records ? p->records + records
								 : PATIENCE_RECORDS_MAX;
}

bool
patience_waits(const struct patience *p, int64_t now_ms)
{
	int64_t most = p->late_ms < PATIENCE_MAX_MS ? p->late_ms : PATIENCE_MAX_MS;

	return p->records > 0 && p->records < PATIENCE_RECORDS_MAX
	    && p->late_ms > PATIENCE_LATE_MS && now_ms - p->since_ms < most
	    && now_ms - p->last_ms < PATIENCE_QUIET_MS;
}

void
patience_sent(struct patience *p)
{
	*p = (struct patience){ 0 };
}
