/*
 * http - /metrics and /health of a daemon, on libmicrohttpd.
 *
 * A thread of the library answers from a snapshot that the loop hands over;
 * it never reads the loop's own state.
 */
#ifndef OUTTURN_IO_HTTP_H
#define OUTTURN_IO_HTTP_H

#include "common/err.h"
#include "common/span.h"

struct http;

/* "host:port", "[::1]:port"; a numeric address.  Owned, or NULL. */
struct http *http_new(const char *listen, struct err *err);
void http_free(struct http *h);
/*
 * /health: 200 only while HEALTH_READY, else 503, so that whoever shares out work
 * passes us over before we know enough, and when we are about to go.
 *
 *	{"ready":false,"state":"starting"}	"ready", "draining"
 */
enum health { HEALTH_STARTING, HEALTH_READY, HEALTH_DRAINING };

/* What is answered from now on; copied. */
void http_publish(struct http *h, struct span metrics, enum health health);

#endif
