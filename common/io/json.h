/*
 * json - one JSON object in, as a flat list of its leaves.
 *
 *	{"kind":"employment","attr":{"hours":16},"tags":["a"]}
 *
 *	kind = "employment"   attr.hours = 16   tags.0 = "a"
 *
 * Leaves come in the document's order; null leaves are left out, and so are
 * empty objects and arrays.  A key that is there twice is an error: nobody can
 * say which was meant.  Errors give the byte, never what stands there.
 */
#ifndef OUTTURN_IO_JSON_H
#define OUTTURN_IO_JSON_H

#include "common/arena.h"
#include "common/avro.h"
#include "common/err.h"

enum {
	JSON_IN_BYTES_MAX = 1024 * 1024, /* of one document */
	JSON_IN_DEPTH_MAX = 8,
	JSON_LEAVES_MAX = 512,
};

struct json_leaf {
	struct span path;
	struct av_value value; /* boolean, long, double or string */
};

/* Leaves and their text are the arena's. */
int json_flatten(struct span text, struct arena *arena, struct json_leaf **leaves, size_t *n,
    struct err *err);

#endif
