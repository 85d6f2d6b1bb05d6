/*
 * log - one JSON line on stderr for what an operator must know.
 *
 *	{"time":"2025-04-01T08:00:00.000Z","level":"info","daemon":"sinkd",
 *	 "event":"caught-up","topic":"outturn.linked","partition":3,"offset":41}
 *
 * Only the fields of LOG_FIELDS exist: there is none for a payload, a name, a
 * token, a key or an identifier of a person, a unit or an event, so that no
 * level can leak one.  What is true of every record is a counter (http.h), not
 * a line.
 *
 *	log_event(LOG_WARN, "kafka-away", LOG_INT(duration_ms, ms), LOG_STR(reason, err.text));
 *
 * Thread-safe: a line is one write().
 */
#ifndef OUTTURN_IO_LOG_H
#define OUTTURN_IO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* F(name, STR | INT, what it says) */
#define LOG_FIELDS(F)                                                                              \
	F(topic, STR, "topic with its prefix")                                                     \
	F(partition, INT, "partition of it")                                                       \
	F(offset, INT, "Kafka offset")                                                             \
	F(input, STR, "topic or stream that is read")                                              \
	F(epoch, INT, "epoch of a claim, a topic or the keys")                                     \
	F(records, INT, "records handled")                                                         \
	F(rows, INT, "rows written")                                                               \
	F(bytes, INT, "bytes")                                                                     \
	F(count, INT, "how many of what the event is about")                                       \
	F(limit, INT, "the limit that was reached")                                                \
	F(lag, INT, "records still to read")                                                       \
	F(terms, INT, "offset of the terms in force")                                              \
	F(version, STR, "version of a program, schema, contract or model")                         \
	F(thing, STR, "kind of terms: contract, agencies, model")                                  \
	F(name, STR, "name of a contract, an organisation, a setting: never a person's")           \
	F(as_at, STR, "day that the pipeline may assume has come")                                 \
	F(duration_ms, INT, "how long it took")                                                    \
	F(retry_ms, INT, "when it is tried again")                                                 \
	F(signal, STR, "signal that was received")                                                 \
	F(pid, INT, "process")                                                                     \
	F(port, INT, "port that is listened on")                                                   \
	F(path, STR, "file of the configuration")                                                  \
	F(line, INT, "line of it")                                                                 \
	F(code, STR, "reason code")                                                                \
	F(field, STR, "field at fault")                                                            \
	F(reason, STR, "sentence of an error: names fields and places, never values")

enum log_field {
#define LOG_FIELD_ENUM(name, type, prose) LOG_##type##_##name,
	LOG_FIELDS(LOG_FIELD_ENUM)
#undef LOG_FIELD_ENUM
	LOG_FIELD_COUNT,
};

struct log_kv {
	enum log_field field; /* LOG_FIELD_COUNT: left out */
	int64_t i;
	const char *s;        /* borrowed; NULL: left out */
};

#define LOG_STR(name, value) ((struct log_kv){ LOG_STR_##name, 0, (value) })
#define LOG_INT(name, value) ((struct log_kv){ LOG_INT_##name, (int64_t)(value), NULL })
#define LOG_NOTHING ((struct log_kv){ LOG_FIELD_COUNT, 0, NULL })
/* The three fields of a struct err. */
#define LOG_ERR(err)                                                                               \
	LOG_STR(code, log_some((err)->code)), LOG_STR(field, log_some((err)->field)),              \
	    LOG_STR(reason, (err)->text)

#define log_event(level, event, ...)                                                               \
	log_write((level), (event), (const struct log_kv[]){ __VA_ARGS__ },                        \
	    sizeof((const struct log_kv[]){ __VA_ARGS__ }) / sizeof(struct log_kv))

/*
 * For what may be wrong with every record: a line for the first of a minute, and
 * one when it is over, how many more there were.  A counter counts all.
 */
enum { LOG_RATE_LINES = 10, LOG_RATE_MS = 60000 };

struct log_rate {
	int64_t since_ms; /* of this minute; 0: nothing was said yet */
	uint64_t said, held;
};

bool log_rate(struct log_rate *r, int64_t now_ms); /* may one more be said? */
/* Ask in every round.  How many were not said of a minute that is over, to be said now. */
uint64_t log_rate_over(struct log_rate *r, int64_t now_ms);

/* Before the first line; daemon is borrowed for good.  Levels above max are dropped. */
void log_start(const char *daemon, enum log_level max);
/* Anywhere else than stderr: tests. */
void log_to(int fd);
void log_write(enum log_level level, const char *event, const struct log_kv *kv, size_t n);
int log_level_parse(const char *text, enum log_level *level); /* -1: error, warn, info, debug */

static inline const char *
log_some(const char *s)
{
	return *s ? s : NULL;
}

#endif
