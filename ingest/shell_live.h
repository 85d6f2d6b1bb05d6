/*
 * shell_live - the pseudonymisation keys that are live, from their files.
 *
 *	keys/ingest.key     first master: ids and seals for good, tokens of its epoch
 *	keys/ingest-2.key   master of epoch 2's tokens alone; "outturn keys rotate" makes it
 *
 * The setting key_epochs says which epochs evidence is written under:
 *
 *	""      that of ingest.key          before any rotation
 *	"1 2"   both, the first matched on  while evidence is written anew
 *	"2"     the later one alone         when matchd's match_epoch is 2
 */
#ifndef OUTTURN_INGEST_SHELL_LIVE_H
#define OUTTURN_INGEST_SHELL_LIVE_H

#include "common/err.h"
#include "common/params.h"
#include "ingest/keys.h"

struct live_keys {
	struct keyring *ring, *next; /* owned; next NULL: one epoch is live */
};

/* ERR_FATAL: a file is missing or wrong, or a setting is.  On failure *out is empty. */
int live_keys_open(const struct params *params, struct live_keys *out, struct err *err);
void live_keys_close(struct live_keys *keys);

#endif
