/*
 * patience - when a level that is behind sends what has changed.
 *
 * While a feed is caught up, what a level would say about a person changes with
 * each record that is still to come: said at once, most of it is said in vain,
 * and everybody downstream reads, stores and counts it.  A record that is late
 * already may wait a little for those behind it:
 *
 *	late      0 ........ 250 ms ................ 15 s ...........
 *	wait      send at once │ as long again as it is late │ 15 s
 *
 * or until nothing more came for PATIENCE_QUIET_MS, or so many records are
 * folded.  So lateness at most doubles at each level, never grows by more than
 * PATIENCE_MAX_MS, and who keeps up is not delayed at all.
 *
 * When is all that this decides; what is sent is a function of what was folded.
 *
 * Pure: the time is handed in.
 */
#ifndef OUTTURN_PATIENCE_H
#define OUTTURN_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PATIENCE_LATE_MS = 250,  /* later than this is behind */
	PATIENCE_MAX_MS = 15000,
	PATIENCE_QUIET_MS = 1000,
	PATIENCE_RECORDS_MAX = 1000000,
};

struct patience {
	int64_t since_ms; /* the first record that waits; meaningless where none does */
	int64_t last_ms;  /* the newest */
	int64_t late_ms;  /* the latest of them */
	uint32_t records;
};

/* zero-initialised: nothing waits */

/* Records were folded, the latest of which was late_ms late when it was written. */
void patience_folded(struct patience *p, uint32_t records, int64_t late_ms, int64_t now_ms);
/* May what was folded wait?  false: send, and tell with patience_sent(). */
bool patience_waits(const struct patience *p, int64_t now_ms);
void patience_sent(struct patience *p);

#endif
