/*
 * kafka - the little of Kafka that we rely on, and none of its traps.
 *
 *	kreader   reads the partitions it is told to, from the offsets it is told
 *	kwriter   idempotent, acks=all; one acknowledgement for every record sent
 *	kgroup    says which partitions are ours; delivers no record
 *	kadmin    topics: make, list, look at, empty, delete
 *
 * Where we stand is never Kafka's to say: positions come from what was folded
 * (cuts, the database), so a reader has no group, no stored offset and no
 * automatic reset.  A group only shares partitions out; the claim that an
 * owner writes into the partition (architecture.md) is what protects it.
 *
 * None of these is thread-safe: each belongs to the thread that polls it, and
 * callbacks run inside that poll.  librdkafka's own threads reach only the
 * log.
 *
 * Error codes (struct err, `code`), beside a class that says what to do:
 *
 *	kafka-queue-full     RETRY  poll the writer, then send the same again
 *	kafka-out-of-range   FATAL  the offset is not there any more: fold the partition again
 *	kafka-no-topic       FATAL  a topic or partition does not exist
 *	kafka-too-large      RECORD more than the broker or `message_max_bytes` takes
 *	kafka-fenced         FATAL  another process took this writer's or member's place
 *	kafka-writer-lost    FATAL  kwriter_free() and kwriter_new(); recompute, never resend
 *	kafka-unknown        RETRY  a delivery that may or may not have happened
 *	kafka-denied         FATAL  the broker's ACLs or credentials refuse us
 *	kafka-away           RETRY  no broker answers
 */
#ifndef OUTTURN_IO_KAFKA_H
#define OUTTURN_IO_KAFKA_H

#include "common/err.h"
#include "common/id.h"
#include "common/span.h"

enum { KAFKA_BEGIN = -2, KAFKA_END = -1 }; /* offsets; as librdkafka has them */
enum { KAFKA_ANY_PARTITION = -1 };         /* by murmur2 of the key, as Java's producer does */
enum { KAFKA_NO_TERMS = -1 };

/* A property of librdkafka that is handed through as it is: TLS, SASL. */
struct kafka_property {
	const char *name, *value;
};

/* 0 or NULL takes the default in brackets.  Borrowed only during *_new(). */
struct kafka_conf {
	const char *brokers;         /* "host:port,host:port"; must be there */
	const char *client_id;       /* ["outturn"] */
	const struct kafka_property *properties;
	size_t properties_n;
	int32_t fetch_kbytes;        /* read ahead, for each partition [16384] */
	int32_t fetch_wait_ms;       /* what the broker may wait for more [100] */
	int32_t message_max_bytes;   /* [4 MiB] */
	int32_t linger_ms;           /* writer gathers this long [5] */
	int32_t unacked_max;         /* records sent and not yet acknowledged [100000] */
	int32_t unacked_kbytes;      /* [65536] */
	int32_t delivery_timeout_ms; /* a record unacknowledged for so long has failed [120000] */
	int32_t session_ms;          /* a member unheard of for so long has lost its place [6000] */
	int32_t poll_interval_max_ms; /* as above, when its loop does not poll [300000] */
};

struct params;
/* From the settings; borrows them.  `properties` is the caller's room for the
 * pass-through ones, KAFKA_PROPERTIES_MAX long. */
enum { KAFKA_PROPERTIES_MAX = 16 };
void kafka_conf_of(const struct params *params, struct kafka_property *properties,
    struct kafka_conf *conf);

/* --- reader */

/* Spans borrow from the reader until its next call. */
struct krecord {
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t time_ms;        /* the broker's or the producer's; -1: none */
	struct span key, value; /* ptr NULL: none; a value of none is a tombstone */
	bool has_run;           /* written by a daemon of ours: */
	struct id run;          /* header `run` */
	int64_t terms;          /* header `terms`, KAFKA_NO_TERMS without */
	void *opaque;           /* what kreader_add() was given */
};

struct kreader;
struct kreader *kreader_new(const struct kafka_conf *conf, struct err *err); /* owned, or NULL */
void kreader_free(struct kreader *r);

/* Partitions come and go at any time.  from_offset: an offset, KAFKA_BEGIN or
 * KAFKA_END.  Whether it is in range shows at the first poll. */
int kreader_add(struct kreader *r, const char *topic, int32_t partition, int64_t from_offset,
    void *opaque, struct err *err);
/* After these, no record from before them is delivered. */
int kreader_remove(struct kreader *r, const char *topic, int32_t partition, struct err *err);
int kreader_seek(struct kreader *r, const char *topic, int32_t partition, int64_t offset,
    struct err *err);
int kreader_pause(struct kreader *r, const char *topic, int32_t partition, struct err *err);
int kreader_resume(struct kreader *r, const char *topic, int32_t partition, struct err *err);

/*
 * 1: *rec holds a record.  0: nothing now (also early, when a partition came
 * to its end).  -1: err; for kafka-out-of-range and kafka-no-topic rec names
 * topic, partition, opaque and offset, and that partition stands still until
 * it is sought or removed, while the others go on.  After ERR_RETRY poll again:
 * nothing was passed over.
 */
int kreader_poll(struct kreader *r, int timeout_ms, struct krecord *rec, struct err *err);

/*
 * The offset before which everything has been delivered (the reader's position
 * counts records that compaction took away, so at the end it equals the high
 * watermark).  from_offset, logical or not, before anything was; -1 where the
 * partition is not ours.
 */
int64_t kreader_position(const struct kreader *r, const char *topic, int32_t partition);

/* Asks the broker.  low: first offset there is; high: the next to be written. */
int kreader_watermarks(struct kreader *r, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err);
/* Number of partitions, 0 where there is no such topic, or -1. */
int kreader_partitions(struct kreader *r, const char *topic, int timeout_ms, struct err *err);

/* --- writer */

/* err NULL: durable at `offset`.  Otherwise offset is -1 and the record may be
 * there or not: recompute from today's state. */
typedef void kwriter_ack_fn(void *owner, uint64_t tag, int64_t offset, const struct err *err);

struct kwriter;
struct kwriter *kwriter_new(const struct kafka_conf *conf, kwriter_ack_fn *on_ack,
    struct err *err); /* owned, or NULL */
/* Answers what is not acknowledged with kafka-unknown.  Does not wait for it: kwriter_flush(). */
void kwriter_free(struct kwriter *w);

/*
 * Copies key and value.  Value of none: tombstone.  run NULL and terms
 * KAFKA_NO_TERMS: without that header.  After 0, on_ack(owner, tag, ...) is
 * called exactly once, in kwriter_poll(), kwriter_flush() or kwriter_free(),
 * in the order sent for each partition.  After -1, never.
 */
int kwriter_send(struct kwriter *w, const char *topic, int32_t partition, struct span key,
    struct span value, const struct id *run, int64_t terms, void *owner, uint64_t tag,
    struct err *err);
/* Serves acknowledgements.  -1 ERR_FATAL: drop this writer and make another. */
int kwriter_poll(struct kwriter *w, int timeout_ms, struct err *err);
/* Until all is answered; ERR_RETRY when timeout_ms was not enough. */
int kwriter_flush(struct kwriter *w, int timeout_ms, struct err *err);
size_t kwriter_unacked(const struct kwriter *w);

/* --- group: who owns which partition */

struct kgroup_events {
	void *owner;
	void (*gained)(void *owner, const char *topic, int32_t partition);
	/* Called before the partition can be given to another, unless we were
	 * silent for too long: then it may be another's already. */
	void (*lost)(void *owner, const char *topic, int32_t partition);
};

struct kgroup;
/* instance_id: static membership, so that a restarted process has its
 * partitions back at once; NULL: dynamic.  Topics are copied. */
struct kgroup *kgroup_new(const struct kafka_conf *conf, const char *group_id,
    const char *instance_id, const char *const *topics, size_t topics_n,
    const struct kgroup_events *events, struct err *err); /* owned, or NULL */
/* Shares out these from now on; the member keeps its place.  (A static member that left and
 * joined with other topics would be given what it had before, and no more.) */
int kgroup_topics(struct kgroup *g, const char *const *topics, size_t topics_n, struct err *err);
/* Calls lost() for what is still ours. */
void kgroup_free(struct kgroup *g);
/* -1 ERR_FATAL with kafka-fenced: everything was lost, another has our place.  Losing it to a
 * commit of our own that came late is mended by joining once more. */
int kgroup_poll(struct kgroup *g, int timeout_ms, struct err *err);
/* The group has said what is ours, which may be nothing. */
bool kgroup_joined(const struct kgroup *g);
/* So that anybody's tools can see how far we are; we do not read it back.  Sent, not
 * waited for. */
int kgroup_commit(struct kgroup *g, const char *topic, int32_t partition, int64_t next_offset,
    struct err *err);
/* -1: nothing committed. */
int kgroup_committed(struct kgroup *g, const char *topic, int32_t partition, int64_t *next_offset,
    int timeout_ms, struct err *err);

/* --- admin */

struct ktopic {
	const char *name;
	int32_t partitions;
	int32_t replication;              /* 0: the broker's default */
	const struct kafka_property *config; /* "cleanup.policy", "compact" ... */
	size_t config_n;
};

struct kadmin;
struct kadmin *kadmin_new(const struct kafka_conf *conf, struct err *err); /* owned, or NULL */
void kadmin_free(struct kadmin *a);

/* 0 once metadata answers; the broker is ready then, not when its port is open. */
int kadmin_ping(struct kadmin *a, int timeout_ms, struct err *err);
/* One that exists already is left as it is: compare it with kadmin_partitions()
 * and kadmin_config(). */
int kadmin_topics_make(struct kadmin *a, const struct ktopic *topics, size_t n, int timeout_ms,
    struct err *err);
int kadmin_topics_delete(struct kadmin *a, const char *const *topics, size_t n, int timeout_ms,
    struct err *err);
typedef void kadmin_topic_fn(void *owner, const char *topic, int32_t partitions);
/* Those whose name starts with `prefix`, in the broker's order. */
int kadmin_topics_each(struct kadmin *a, const char *prefix, int timeout_ms, kadmin_topic_fn *each,
    void *owner, struct err *err);
/* Number of partitions, 0 where there is no such topic, or -1. */
int kadmin_partitions(struct kadmin *a, const char *topic, int timeout_ms, struct err *err);
/* A topic's setting as the broker has it, NUL-terminated. */
int kadmin_config(struct kadmin *a, const char *topic, const char *name, char *out, size_t out_size,
    int timeout_ms, struct err *err);
/* What is below before_offset goes. */
int kadmin_records_delete(struct kadmin *a, const char *topic, int32_t partition,
    int64_t before_offset, int timeout_ms, struct err *err);
int kadmin_watermarks(struct kadmin *a, const char *topic, int32_t partition, int64_t *low,
    int64_t *high, int timeout_ms, struct err *err);

#endif
