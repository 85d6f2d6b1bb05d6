/*
 * world - records of invented people, through ingestd's encoding into matchd's
 * core: what a malicious agency plays against.
 */
#ifndef OUTTURN_TESTS_ATTACK_WORLD_H
#define OUTTURN_TESTS_ATTACK_WORLD_H

#include "tests/attack/attack.h"
#include "transform/match/match.h"

/* What an agency says of a person; NULL or "": nothing. */
struct card {
	const char *forename, *surname, *sex, *dob, *postcode, *nhs_number, *local_id;
};

struct world;
/* one_record: an organisation that declares one record a person; NULL: none. */
struct world *world_new(const struct model *model, const char *one_record); /* owned */
void world_free(struct world *w);

/* The number of the event; settled by world_settle().  WORLD_REJECTED: ingestd takes no record
 * without a local id from an agency of one record a person (tests/unit/test_ingest.c). */
#define WORLD_REJECTED UINT32_MAX
uint32_t world_send(struct world *w, const char *organisation, const struct card *card);
void world_settle(struct world *w);
bool world_same(const struct world *w, uint32_t a, uint32_t b); /* one unit; of rejected: no */
struct match_stats world_stats(const struct world *w);

/* The same records with no rule but the edges: everything that is joined to something joined is
 * one (connected components).  Compares every pair: for few. */
void world_components(const struct world *w, uint32_t *label);

/* Both models that are shipped; the name of each.  Loaded once, never freed. */
enum { WORLD_MODELS = 2 };
const struct model *world_model(int i, const char **name);

/* A number of the test range with its check digit. */
void world_nhs_number(uint32_t i, char out[NHS_DIGITS + 1]);

#endif
