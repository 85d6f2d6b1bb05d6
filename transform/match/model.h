/*
 * model - what makes two records one person: a versioned file.
 *
 *	blocks: which fields two records must share to be compared at all
 *	steps:  named, in order; the first whose levels all hold decides
 *
 * A step is a conjunction of comparison levels, with a weight that says how
 * strong it is beside the others.  A probabilistic model has weights as well
 * (weigh.h): where no step holds, the pair is weighed, and a weight of the
 * threshold or more joins it by a last step, "weighed", which is never exact.
 *
 * In a stream nothing may depend on what has arrived: u, priors and how rare
 * a name of each frequency class is stand in the file, beside m.
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
#include "transform/match/weigh.h"

enum {
	MODEL_BLOCKS_MAX = 16,
	MODEL_BLOCK_FIELDS_MAX = 4,
	MODEL_STEPS_MAX = 32,
	BLOCK_SIGNATURES_MAX = 200,     /* of one block: more make no edges */
	BLOCK_ASKED_MAX = 50,           /* of one block: of more no person is asked */
	MODEL_LEVELS_MAX = 20,          /* of what a step or a weighing looked at */
	MODEL_WEIGHED_LEVELS = LINE_END + 2, /* a weighing's own */
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
/* NULL: no weights. */
const struct weights *model_weights(const struct model *model);

struct model_verdict {
	int step;            /* -1: not one person, as far as this pair shows */
	int64_t weight_mbit;
	/* COMPARE_END of compare.h; where the pair was weighed LINE_END of row.h, then the
	 * frequency classes of surname and forename, which the weight depends on as well. */
	uint8_t levels[MODEL_LEVELS_MAX];
	uint8_t levels_n;
	bool number_same;    /* NHS number */
	bool weighed;        /* by the last step */
	bool unsure;         /* between the thresholds: a person is to say */
};
void model_judge(const struct model *model, const struct token_view *a,
    const struct token_view *b, struct model_verdict *out);
/* What a pair of two clusters says for or against them, bounded; a model without weights: 0. */
int64_t model_together(const struct model *model, const struct token_view *a,
    const struct token_view *b);

/* A pair weighed whether or not a step joins it; levels of a weighing.  False: no weights. */
bool model_weigh(const struct model *model, const struct token_view *a,
    const struct token_view *b, uint8_t levels[MODEL_LEVELS_MAX], int32_t *weight_mbit);
/*
 * How the weight of such levels comes about, line by line: *prior before any, then what
 * each line adds in its turn.  They sum to the weight.  False: not the levels of a weighing,
 * or the model has no weights.
 */
bool model_waterfall(const struct model *model, const uint8_t *levels, size_t levels_n,
    int32_t *prior, int32_t lines[LINE_END]);
int32_t model_threshold(const struct model *model); /* mbit; between its negative and it: unsure */

/* Index of the first step that holds; -1: none. */
int model_decide(const struct model *model, const uint8_t levels[COMPARE_END]);
bool model_same(const struct model *a, const struct model *b);

#endif
