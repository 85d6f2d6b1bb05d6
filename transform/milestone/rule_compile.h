/*
 * rule_compile - from what was written to what evaluate() and settle() walk.
 *
 *	rule node ─► its kind's table ─► rule_terms ─► names become indexes, filters
 *	                                               terms, prices minor units
 *
 * Every mistake of meaning is noted at its place; nothing stops at the first.
 * Internal to contract_parse().
 */
#ifndef OUTTURN_RULE_COMPILE_H
#define OUTTURN_RULE_COMPILE_H

#include "common/money.h"
#include "transform/milestone/rule_kinds.h"

struct compiling {
	struct contract *c;
	struct arena *arena;
	struct yaml_report *report;
	const struct currency *currency; /* NULL: unknown, and told */
	uint32_t refused;                /* of the mistakes: right in form, and refused for the terms */
};

/* A mistake of the terms alone: the contract could still be run, to show what it would do. */
#define REFUSE(cp, ...) ((cp)->refused++, yaml_mistake((cp)->report, __VA_ARGS__))

void filter_read(struct compiling *cp, const struct yaml *node, struct filter *out);
bool filter_eq(const struct filter *a, const struct filter *b);
struct span kind_form(struct compiling *cp, struct span event, const char *form);
const struct spell_terms *spell_named(const struct version_terms *v, struct span name, uint32_t *at);
/* Major units to minor; a mistake at `at` when finer than a minor unit. */
void minor_of(struct compiling *cp, const struct yaml *at, int64_t millionths, int64_t *minor);

/* Reads rule and price of an outcome by their kinds' tables. */
void rule_read(struct compiling *cp, struct outcome_terms *o);
void price_read(struct compiling *cp, struct outcome_terms *o);
/* `at`: of the version's outcomes; those before it are compiled. */
void rule_compile(struct compiling *cp, struct version_terms *v, uint32_t at);
void price_compile(struct compiling *cp, struct outcome_terms *o);
void payers_compile(struct compiling *cp, const struct yaml_list *payers);
bool rule_same(const struct rule_terms *a, const struct rule_terms *b);
const struct rate_terms *rate_named(const struct contract *c, struct span name);

#endif
