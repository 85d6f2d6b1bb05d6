/*
 * pipe - what the tests on real servers share: waiting, chance, topics, a writer whose
 * answers are counted, daemons started and ended, a log folded.
 *
 * Names are short: a story should read as one.  Whatever fails, fails the test.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses,
 * OUTTURN_BIN=directory of the programs (build), SEED.
 */
#ifndef OUTTURN_TESTS_PIPE_H
#define OUTTURN_TESTS_PIPE_H

#include <sys/types.h>

#include "common/claim.h"
#include "common/io/avro.h"
#include "common/io/kafka.h"

enum { ASK_MS = 10000 }; /* a broker may take this long to answer */

extern struct err err; /* what must() says */
extern uint64_t seed;  /* of draw() */

void must(int failed);
int64_t now_ms(void);
void pause_ms(int ms);
uint32_t draw(uint32_t below);
void seed_read(uint64_t otherwise); /* SEED, or this; printed */

/* Under PREFIX, or what topic_prefix() said; good for some calls. */
const char *topic(const char *name);
void topic_prefix(const char *prefix);
/* With the settings that `outturn migrate` gives a topic of that name. */
void topic_make(struct kadmin *admin, const char *name, int32_t partitions);

/* --- writing */

struct kwriter *writer_new(const struct kafka_conf *conf);
/* as: the run that the header names; NULL: none, as agencies and people write. */
void put(struct kwriter *w, const char *name, int32_t partition, struct span key,
    struct span value, const struct id *as);
void written(struct kwriter *w); /* all is there, nothing failed */

/* --- daemons */

/* "sinkd" of OUTTURN_BIN, with KAFKA; settings: "name=value", NULL at the end.  Its log is
 * appended to log_path. */
pid_t daemon_spawn(const char *name, const char *log_path, const char *const *settings);
int daemon_end(pid_t *pid, int sig); /* what waitpid() says; 0: there was none */
bool log_says(const char *log_path, const char *what);
bool log_comes_to_say(const char *log_path, const char *what, int wait_ms);

/*
 * Who stands by: `spawn` starts number 0 .. n-1 of one daemon.  Each must say that its start
 * is under way, and READY=1, within wait_ms; then each must end with 0 when asked.
 */
void all_are_ready(int n, pid_t (*spawn)(int i), int wait_ms);

/* --- logs, read whole */

struct entry {
	struct rec rec;
	struct span own; /* key and value, owned */
};

struct entries {
	struct entry *at;
	size_t n;
};

struct entries log_read(const struct kafka_conf *conf, const char *name, int32_t partition,
    int wait_ms);
void entries_free(struct entries *e);
/* What counts, by key: index + 1; 0 for a tombstone.  claims: the log has them, a stream for
 * each raw topic where by_topic. */
void entries_fold(const struct entries *log, struct av_catalogue *cat, bool claims, bool by_topic,
    struct strmap *out);

#endif
