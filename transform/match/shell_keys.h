/*
 * shell_keys - whether the key file is the one that the links there were made with.
 *
 * Under another key every person has another id: matchd would take back all links
 * and all outcomes and say them anew, and nobody would be told why.  A person's id
 * shows nothing of its key to who has not found the same set of records, which is to
 * have folded everything; so each cut in linked holds a hash of the key, and before
 * anything is read the newest cut is held against the key file:
 *
 *	keys/match.key ── HKDF ─► unit key ── HMAC "recipe" ─► 63 bits = cut.recipe ?
 *
 * Nothing is asked of a partition without cuts, nor of a cut from before there were
 * such hashes (0): who was killed before its first cut can be started with any key.
 */
#ifndef OUTTURN_MATCH_SHELL_KEYS_H
#define OUTTURN_MATCH_SHELL_KEYS_H

#include "common/io/avro.h"
#include "common/io/kafka.h"
#include "transform/match/match.h"

/* What cuts say of these keys; positive. */
int64_t match_recipe(const struct match_keys *keys);

/* linked: the topic's full name.  path: of the key file, for the sentence.  ERR_FATAL
 * key-other; ERR_RETRY when the broker is away. */
int match_keys_belong(const struct kafka_conf *conf, struct av_catalogue *catalogue,
    const char *linked, int32_t partitions, int64_t recipe, const char *path, struct err *err);

#endif
