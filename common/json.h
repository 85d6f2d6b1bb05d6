/*
 * json - JSON out, a value at a time, into a buf.
 *
 *	jw_begin(&j, &out);
 *	jw_object(&j);
 *	jw_key(&j, "rows"); jw_int(&j, 3);
 *	jw_end(&j);			{"rows":3}
 *
 * Commas and quotes are the writer's business; nesting is checked by MUST().
 * Text that is not UTF-8 is mended to U+FFFD: output is always JSON.
 * Everything is ASCII-safe except well-formed UTF-8, which passes as it is.
 *
 * The prefix is jw_ because libjansson, which Avro-C brings along, owns json_.
 *
 * Pure.  Borrows the buf until the last jw_end().
 */
#ifndef OUTTURN_JSON_H
#define OUTTURN_JSON_H

#include "common/buf.h"
#include "common/date.h"
#include "common/id.h"

enum { JSON_DEPTH_MAX = 16 }; /* objects and arrays within each other */

struct jw {
	struct buf *out;
	char close[JSON_DEPTH_MAX]; /* '}' or ']' of each open one */
	bool some[JSON_DEPTH_MAX];  /* something is in it already */
	int depth;
	bool keyed;                 /* a key waits for its value */
};

void jw_begin(struct jw *j, struct buf *out); /* appends to out */
void jw_object(struct jw *j);
void jw_array(struct jw *j);
void jw_end(struct jw *j); /* of the innermost */
bool jw_done(const struct jw *j); /* everything that was opened is closed */

void jw_key(struct jw *j, const char *name);
void jw_str(struct jw *j, struct span text); /* SPAN_NONE: null */
void jw_text(struct jw *j, const char *text); /* NULL: null */
void jw_int(struct jw *j, int64_t v);
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
void jw_millionths(struct jw *j, int64_t v); /* an exact decimal: 1 500 000 is 1.5 */
void jw_id(struct jw *j, const struct id *id);
void jw_date(struct jw *j, date_t d); /* DATE_NONE: null */
void jw_raw(struct jw *j, struct span value); /* a value that is JSON already */

/* Key and value in one. */
void jw_put_text(struct jw *j, const char *name, const char *text);
void jw_put_str(struct jw *j, const char *name, struct span text);
void jw_put_int(struct jw *j, const char *name, int64_t v);
void jw_put_bool(struct jw *j, const char *name, bool v);
void jw_put_date(struct jw *j, const char *name, date_t d);

#endif
