/*
 * shell_stage - matchd's level: topics in, match.h, linked out.
 *
 *	evidence, review, decision, suppressed, terms ─► decode, ask who signed ─► match ─► linked
 *
 * Keys of the small topics: review "<event a>/<event b>" (a < b), decision the
 * id, each in hex; an erasure says its event itself, and is never taken back.
 * Reviews and erasures are kept as they were sent: whether they count is asked
 * again when a person's page changes.
 */
#ifndef OUTTURN_MATCH_SHELL_STAGE_H
#define OUTTURN_MATCH_SHELL_STAGE_H

#include "common/io/level_host.h"
#include "transform/match/match.h"

struct match_stage {
	struct match_keys keys;
	const char *trust_path;     /* borrowed */
	bool trust_lost;            /* and that was said */
	struct av_catalogue *catalogue;
	int32_t partitions;         /* of linked */
	int64_t recipe;             /* of the keys, for cuts: shell_keys.h */
	int32_t key_epoch;          /* that people are matched under; 0: each record's first */
	uint64_t undecodable, refused;
};

/* Fills *stage to hand to level_host_new(); borrows ms for its life. */
void match_stage_fill(struct match_stage *ms, struct level_stage *stage);

#endif
