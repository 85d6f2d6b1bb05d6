/*
 * shell_stage - milestoned's level: linked, terms and reference in, outcomes out.
 *
 *	linked ──────► decode ─────────────────────┐
 *	terms ───────► signed? ─► pages ─► parse ──┼─► stage.h ─► outcomes
 *	reference ───► signed? ─► as at ───────────┘
 *
 * A published contract with mistakes is logged and passed over: the version
 * before it stays.  Decisions and 'as at' facts count when they were signed by
 * somebody who may say so; they are asked again when a person's page changes.
 */
#ifndef OUTTURN_MILESTONE_SHELL_STAGE_H
#define OUTTURN_MILESTONE_SHELL_STAGE_H

#include "common/io/level_host.h"

struct milestone_stage {
	const char *trust_path;     /* borrowed */
	bool trust_lost;            /* and that was said */
	struct av_catalogue *catalogue;
	uint64_t undecodable, refused, contracts_mistaken;
};

/* Fills *stage to hand to level_host_new(); borrows ms for its life. */
void milestone_stage_fill(struct milestone_stage *ms, struct level_stage *stage);

#endif
