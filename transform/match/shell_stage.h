/*
 * shell_stage - matchd's level: topics in, match.h, linked out.
 *
 *	evidence, review, decision, suppressed, terms ─► decode, ask who signed ─► match ─► linked
 *
 * Keys of the small topics: review "<event a>/<event b>/<reviewer>" (a < b), or
 * without the reviewer; decision the id, each in hex; an erasure says its event
 * itself, and is never taken back.  Reviews and erasures are kept as they were
 * sent: whether they count is asked again when a person's page changes.
 *
 * What is said of a pair counts when as many reviewers as the settings ask for
 * say it, and none says otherwise.
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
	int32_t reviewers;          /* who must agree before a review counts; 0 is 1 */
	int32_t key_epoch;          /* that people are matched under; 0: each record's first */
	uint64_t undecodable, refused;
};

/* Fills *stage to hand to level_host_new(); borrows ms for its life. */
void match_stage_fill(struct match_stage *ms, struct level_stage *stage);

#endif
