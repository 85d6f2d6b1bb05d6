#include "common/io/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/must.h"

struct http {
	struct MHD_Daemon *server;
	pthread_mutex_t lock;
	struct buf metrics;
	enum health health;
};

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type, struct span body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static struct span
health_text(enum health health)
{
	switch (health) {
	case HEALTH_STARTING:
		return SPAN_LIT("{\"ready\":false,\"state\":\"starting\"}\n");
	case HEALTH_READY:
		return SPAN_LIT("{\"ready\":true,\"state\":\"ready\"}\n");
	case HEALTH_DRAINING:
		return SPAN_LIT("{\"ready\":false,\"state\":\"draining\"}\n");
	}
	NOT_REACHED("health has a name");
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **state)
{
	struct http *h = arg;
	enum MHD_Result result;

	(void)version;
	(void)data;
	(void)state;
	*size = 0;
	if (strcmp(method, "GET") != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
		    SPAN_LIT("GET only\n"));
	pthread_mutex_lock(&h->lock);
	if (strcmp(url, "/metrics") == 0)
		result = answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4",
		    buf_view(&h->metrics));
	else if (strcmp(url, "/health") == 0)
		result = answer(connection,
		    h->health == HEALTH_READY ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
		    "application/json", health_text(h->health));
	else
		result = answer(connection, MHD_HTTP_NOT_FOUND, "text/plain",
		    SPAN_LIT("/metrics and /health\n"));
	pthread_mutex_unlock(&h->lock);
	return result;
}

/* 0, or -1: not an address and a port. */
static int
address_of(const char *listen, struct sockaddr_storage *out)
{
	const char *colon = strrchr(listen, ':');
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	char host[64];
	long port;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!colon || (size_t)(colon - listen) >= sizeof(host))
		return -1;
	port = strtol(colon + 1, NULL, 10);
	if (port < 1 || port > 65535)
		return -1;
	n = (size_t)(colon - listen);
	memcpy(host, listen, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? 0 : -1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -1;
}

struct http *
http_new(const char *listen, struct err *err)
{
	struct sockaddr_storage address;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
	struct http *h;

	if (address_of(listen, &address)) {
		err_code(err, ERR_FATAL, "setting", "http",
		    "'http' is not a numeric address and a port, such as 127.0.0.1:9100");
		return NULL;
	}
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	h = mem_zalloc(1, sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
	h->server = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
	    &address, MHD_OPTION_CONNECTION_LIMIT, 16U, MHD_OPTION_CONNECTION_TIMEOUT, 10U,
	    MHD_OPTION_END);
	if (h->server)
		return h;
	err_code(err, ERR_FATAL, "http-listen", "http", "'http': '%s' cannot be listened on", listen);
	http_free(h);
	return NULL;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	if (h->server)
		MHD_stop_daemon(h->server);
	pthread_mutex_destroy(&h->lock);
	buf_release(&h->metrics);
	mem_free(h);
}

void
http_publish(struct http *h, struct span metrics, enum health health)
{
	pthread_mutex_lock(&h->lock);
	buf_reset(&h->metrics);
	buf_span(&h->metrics, metrics);
	h->health = health;
	pthread_mutex_unlock(&h->lock);
}
