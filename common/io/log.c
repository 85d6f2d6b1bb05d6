#include "common/io/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


/* A line longer than this loses the end of its longest text, not its JSON. */
enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 600 };

static struct {
	const char *daemon;
	enum log_level max;
	int fd;
} log_state = { "outturn", LOG_INFO, STDERR_FILENO };

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
};

static const struct {
	const char *name;
	bool is_str;
} fields[] = {
#define LOG_IS_STR true
#define LOG_IS_INT false
#define LOG_FIELD_ROW(name, type, prose) { #name, LOG_IS_##type },
	LOG_FIELDS(LOG_FIELD_ROW)
};

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_start(const char *daemon, enum log_level max)
{
	log_state.daemon = daemon;
	log_state.max = max;
}

void
log_to(int fd)
{
	log_state.fd = fd;
}

int
log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

static void
put(struct line *l, const char *s, size_t n)
{
	if (n > sizeof(l->text) - l->len)
		return;
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void
put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* JSON string.  Bytes outside ASCII go as U+FFFD unless they are ours to
 * trust, and none are: an error's text may quote a library. */
static void
put_json(struct line *l, const char *s)
{
	size_t n = strnlen(s, TEXT_MAX_BYTES);

	put_str(l, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char esc[8];

		if (c == '"' || c == '\\') {
			esc[0] = '\\';
			esc[1] = (char)c;
			put(l, esc, 2);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(esc, sizeof(esc), "\\u%04x", c);
			put(l, esc, 6);
		} else if (c < 0x80) {
			put(l, s + i, 1);
		} else if (c >= 0xc0) {
			put_str(l, "\\ufffd");
		}
	}
	put_str(l, "\"");
}

static void
put_pair(struct line *l, const char *name, const char *s)
{
	put_str(l, ",\"");
	put_str(l, name);
	put_str(l, "\":");
	put_json(l, s);
}

static void
put_time(struct line *l)
{
	struct timespec now;
	struct tm tm;
	char text[64];
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm);
	put(l, text, n);
	snprintf(text, sizeof(text), ".%03dZ\"", (int)(now.tv_nsec / 1000000));
	put_str(l, text);
}

static void
put_field(struct line *l, const struct log_kv *kv)
{
	char number[48];

	if (kv->field == LOG_FIELD_COUNT)
		return;
	if (fields[kv->field].is_str) {
		if (kv->s)
			put_pair(l, fields[kv->field].name, kv->s);
		return;
	}
	snprintf(number, sizeof(number), ",\"%s\":%lld", fields[kv->field].name, (long long)kv->i);
	put_str(l, number);
}

void
log_write(enum log_level level, const char *event, const struct log_kv *kv, size_t n)
{
	struct line l;
	ssize_t wrote;

	if (level > log_state.max)
		return;
	l.len = 0;
	put_time(&l);
	put_pair(&l, "level", level_names[level]);
	put_pair(&l, "daemon", log_state.daemon);
	put_pair(&l, "event", event);
	for (size_t i = 0; i < n; i++) {
		size_t before = l.len;

		put_field(&l, &kv[i]);
		if (l.len + 2 > sizeof(l.text) - TEXT_MAX_BYTES * 6) {
			l.len = before;
			break;
		}
	}
	put_str(&l, "}\n");
	do
		wrote = write(log_state.fd, l.text, l.len);
	while (wrote < 0 && errno == EINTR);
}

bool
log_rate(struct log_rate *r, int64_t now_ms)
{
	if (r->since_ms == 0 || (now_ms - r->since_ms >= LOG_RATE_MS && r->held == 0))
		*r = (struct log_rate){ .since_ms = now_ms };
	if (r->said < LOG_RATE_LINES) {
		r->said++;
		return true;
	}
	r->held++;
	return false;
}

uint64_t
log_rate_over(struct log_rate *r, int64_t now_ms)
{
	uint64_t held = now_ms - r->since_ms >= LOG_RATE_MS ? r->held : 0;

	if (held)
		*r = (struct log_rate){ 0 };
	return held;
}
