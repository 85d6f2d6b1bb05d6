/*
 * model - what makes two records one person: a versioned file.
 *
 *	blocks: which fields two records must share to be compared at all
 *	steps:  named, in order; the first whose levels all hold decides
 *
 * The first model is deterministic: a step is a conjunction of comparison
 * levels, with a weight that says how strong it is beside the others.  A
 * probabilistic one fills the same interface: levels in, a weight in
 * thousandths of a bit and a name out.
 *
 * A step that is `exact` stands on an identifier that is nobody else's, and
 * holds also in a component that grew past its limit.
 *
 * Owns copies; read-only once made.
 */
#ifndef OUTTURN_MODEL_H
#define OUTTURN_MODEL_H

#include "common/yaml.h"
#include "transform/match/compare.h"

enum {
	MODEL_BLOCKS_MAX = 16,
	MODEL_BLOCK_FIELDS_MAX = 4,
	MODEL_STEPS_MAX = 32,
	BLOCK_SIGNATURES_MAX = 200,     /* of one block: more make no edges */
	COMPONENT_SIGNATURES_MAX = 500, /* of one component: more keeps exact steps only */
};

struct model_block {
	uint8_t field[MODEL_BLOCK_FIELDS_MAX]; /* enum token_field: the first value of each */
	uint32_t n;
};

struct model_step {
	struct span name;
	int64_t weight_mbit;
	bool exact;
	uint8_t allowed[COMPARE_END]; /* bit 1 << level; 0: not looked at */
};

struct model;

/* What is shipped: config/models/deterministic-1.yaml says the same. */
const struct model *model_builtin(void);
/* Owned, or NULL with every mistake in `report`. */
struct model *model_parse(const struct yaml *root, struct yaml_report *report);
void model_free(struct model *model);

struct span model_name(const struct model *model);
int32_t model_version(const struct model *model);
size_t model_blocks(const struct model *model, const struct model_block **blocks);
size_t model_steps(const struct model *model, const struct model_step **steps);
/* Index of the first step that holds; -1: none. */
int model_decide(const struct model *model, const uint8_t levels[COMPARE_END]);
bool model_same(const struct model *a, const struct model *b);

#endif
