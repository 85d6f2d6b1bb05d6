/*
 * sim - a broker for property tests: logs that are compacted, writers whose
 * records land late, and chance that one seed decides.
 *
 *	log   [0 ][1 ]  .  [3 ][4 ]  .  .  [7 ]      . removed: an older value of
 *	                                             its key, or an old tombstone
 *	gone  (when, offset) of each: a reader may ask what it has missed
 *
 * Nothing younger than the lag is looked at; a tombstone stays until SIM_RETAIN
 * steps after it was looked at first, when what it takes away went:
 * min.compaction.lag.ms and delete.retention.ms, in steps.
 *
 * Bytes live in the history's arena until its end: a copied record stays valid
 * whatever compaction does meanwhile.
 */
#ifndef OUTTURN_TESTS_SIM_H
#define OUTTURN_TESTS_SIM_H

#include "common/arena.h"
#include "common/claim.h"
#include "common/mem.h"
#include "common/must.h"

enum { SIM_LAG = 60, SIM_RETAIN = 90 }; /* steps */

/* --- chance: splitmix64 */

struct chance {
	uint64_t state;
};

static inline uint64_t
chance_next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline int
chance_below(struct chance *c, int n)
{
	return (int)(chance_next(c) % (uint64_t)n);
}

static inline bool
chance_of(struct chance *c, int percent)
{
	return chance_below(c, 100) < percent;
}

/* --- one log */

struct sim_rec {
	struct rec rec;
	int64_t at;     /* step of the append */
	int64_t looked; /* a tombstone: at which step compaction saw it first; 0: not yet */
};

struct sim_gone {
	int64_t when, offset;
};

struct sim_log {
	struct sim_rec *recs;
	size_t n, cap;
	int64_t end;
	struct sim_gone *gone;
	size_t gone_n;
};

static inline void
sim_log_release(struct sim_log *log)
{
	mem_free(log->recs);
	mem_free(log->gone);
	*log = (struct sim_log){ 0 };
}

/* key and value live in the arena already. */
static inline int64_t
sim_log_append(struct sim_log *log, struct span key, struct span value, const struct id *run,
    int64_t terms, int64_t now)
{
	struct sim_rec r = { .rec = { .offset = log->end, .time_ms = now, .key = key,
				 .value = value, .terms = terms }, .at = now };

	if (run)
		r.rec.run = *run;
	if (log->n == log->cap) {
		log->cap = log->cap ? log->cap * 2 : 64;
		log->recs = mem_realloc(log->recs, log->cap, sizeof(*log->recs));
	}
	log->recs[log->n++] = r;
	return log->end++;
}

/* Up to max records from position on, in order; returns how many. */
static inline size_t
sim_log_read(const struct sim_log *log, int64_t position, size_t max, const struct sim_rec **first)
{
	size_t lo = 0, hi = log->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (log->recs[mid].rec.offset < position)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first = log->recs + lo;
	return log->n - lo < max ? log->n - lo : max;
}

/* Was a record at or behind position removed since the fold began?  (In life:
 * did the reader fall behind by more than the lag.) */
static inline bool
sim_log_missed(const struct sim_log *log, int64_t position, int64_t since)
{
	for (size_t i = 0; i < log->gone_n; i++)
		if (log->gone[i].when >= since && log->gone[i].offset >= position)
			return true;
	return false;
}

static inline void
sim_log_compact(struct sim_log *log, int64_t now, int64_t lag)
{
	size_t keep = 0, clean = 0;
	struct strmap last;

	while (clean < log->n && now - log->recs[clean].at >= lag)
		clean++;
	strmap_init(&last, 0);
	for (size_t i = 0; i < clean; i++)
		*strmap_put(&last, log->recs[i].rec.key, NULL) = i;
	for (size_t i = 0; i < log->n; i++) {
		struct sim_rec *r = &log->recs[i];
		bool looked = i < clean && !r->rec.value.ptr;

		if (looked && !r->looked)
			r->looked = now;
		if (i >= clean || (*strmap_find(&last, r->rec.key) == i
		    && (!looked || now - r->looked < SIM_RETAIN))) {
			log->recs[keep++] = *r;
			continue;
		}
		log->gone = mem_realloc(log->gone, log->gone_n + 1, sizeof(*log->gone));
		log->gone[log->gone_n++] = (struct sim_gone){ now, r->rec.offset };
	}
	log->n = keep;
	strmap_release(&last);
}

#endif
