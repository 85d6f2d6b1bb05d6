/*
 * shell_keys - whether the key file is the one that the evidence there was made with.
 *
 * Under another key every token is another token and every event another event:
 * nothing would match what stands, and nothing would say so.  So before anything
 * is written the newest version in evidence is held against the key file:
 *
 *	its key epoch, or the one that comes next  is the file's
 *	its event id                               is what this key makes of the raw record,
 *	                                           where raw still holds it
 *
 * Nothing is asked of an empty evidence topic.
 */
#ifndef OUTTURN_INGEST_SHELL_KEYS_H
#define OUTTURN_INGEST_SHELL_KEYS_H

#include "ingest/loop.h"

/* path: of the key file, for the sentence.  ERR_FATAL key-epoch or key-other; ERR_RETRY when
 * the broker is away. */
int keys_belong(const struct ingest_conf *conf, struct av_catalogue *catalogue, const char *path,
    struct err *err);

#endif
