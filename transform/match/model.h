/*
 * model - how much each agreement and disagreement says: a versioned file.
 *
 * The first model is deterministic: named steps, each a conjunction of
 * agreements, tried in order.  A probabilistic one (fixed-point
 * Fellegi-Sunter) fills the same interface: a comparison vector in, a weight
 * in thousandths of a bit and the step's name out.
 *
 * Owns copies; read-only once made.
 */
#ifndef OUTTURN_MODEL_H
#define OUTTURN_MODEL_H

#include "common/yaml.h"

struct model;

/* What is shipped (config/models/deterministic-1.yaml, built in). */
const struct model *model_builtin(void);
/* Owned, or NULL with every mistake in `report`. */
struct model *model_parse(const struct yaml *root, struct yaml_report *report);
void model_free(struct model *model);
struct span model_name(const struct model *model);

#endif
