/*
 * http - /metrics and /health of a daemon, on libmicrohttpd.
 *
 * A thread of the library answers from a snapshot that the loop hands over;
 * it never reads the loop's own state.
 */
#ifndef OUTTURN_IO_HTTP_H
#define OUTTURN_IO_HTTP_H

#include <stdbool.h>

#include "common/err.h"
#include "common/span.h"

struct http;

/* "host:port", "[::1]:port"; a numeric address.  Owned, or NULL. */
struct http *http_new(const char *listen, struct err *err);
void http_free(struct http *h);
/* What is answered from now on; copied.  ready: /health says 200, else 503. */
void http_publish(struct http *h, struct span metrics, bool ready);

#endif
