/*
 * ingest - one raw record in, one evidence record out.  Always.
 *
 *	                 ┌─ suppressed? ───────────────► SUPPRESSED, content-free
 *	                 ├─ tombstone, withdrawn ──────► VERSION that takes back
 *	raw record ──────┼─ complete_through ──────────► COMPLETE
 *	 (decoded or not)├─ anything wrong ────────────► REJECT, reason, field, sentence
 *	                 └─ validate, normalise, ──────► VERSION, pseudonymous
 *	                    derive, tokenise
 *
 * A function of the record, its position (topic, epoch, offset, LogAppendTime,
 * key), the keys and the terms; no clock, no memory that shows.  The same
 * input gives the same bytes next year.  Nothing clear of the person block can
 * reach the evidence: texts in it are the code lists' own, positions, or keyed.
 *
 * Order of judgement, first hit wins; each reject names one reason:
 * topic, suppressed, tombstone, size, decoding, completeness, record id and
 * key, revision, withdrawn, agreement, person, objection, event, days, kind,
 * proof, person's codes, person block, birth, attributes.
 * Erasure goes before everything, so that no reject seals an erased record; a
 * withdrawal goes before the agreement, so that a lapsed agency can take back.
 *
 * Not thread-safe: one struct ingest a thread.
 */
#ifndef OUTTURN_INGEST_H
#define OUTTURN_INGEST_H

#include "common/arena.h"
#include "common/err.h"
#include "common/record.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"
#include "ingest/postcodes.h"
#include "ingest/tokens.h"

enum {
	RAW_BYTES_MAX = AV_RECORD_MAX, /* longer is rejected, and not sealed */
	RECORD_ID_MAX = 512,           /* bytes of an agency's record id */
	AGE_YEARS_MAX = 130,           /* nobody is older */
	FUTURE_DAYS = 1,               /* past LogAppendTime's day (UTC): clocks and zones */
	INGEST_ARENA_BYTES = 256 * 1024, /* one record never takes more */
};

/* What the core reads besides the record; all borrowed, for the life of struct ingest. */
struct ingest_terms {
	const struct agencies *agencies;
	const struct codes *codes;
	const struct postcodes *postcodes; /* NULL: none */
	const struct frequency *frequency;
	const struct keyring *ring;
	const struct keyring *next; /* the later of two live epochs; NULL: one is live */
	struct token_settings tokens;
	bool (*is_suppressed)(const struct id *event_id, const void *arg); /* NULL: none is */
	const void *suppressed_arg;
};

struct ingest;
struct ingest *ingest_new(const struct ingest_terms *terms); /* owned */
void ingest_free(struct ingest *in);

/*
 * A hash of what the answers go by besides the terms on the topic: keys and their
 * epochs, purpose, profiles, the frequency table, the versions of the rules.
 */
int64_t ingest_recipe(const struct ingest_terms *terms);

struct raw_position {
	struct span topic;  /* without the prefix: "raw.council-a" */
	int32_t epoch;
	int64_t offset;
	int64_t time_ms;    /* LogAppendTime */
	struct span key;    /* Kafka key: the agency's record id */
};

struct raw_input {
	struct raw_position at;
	struct span value;                /* ptr NULL: tombstone */
	const struct raw_record *record;  /* NULL: tombstone, or not decodable */
	const struct err *decode_err;     /* why not, when record is NULL and value is not */
};

struct ingest_result {
	struct evidence evidence;
	struct span sentence;             /* of a reject, for `rejected`; else absent */
};

/*
 * Exactly one result for every input.  Its spans borrow from the terms and
 * from `arena`, never from the input: that may be freed.
 * The arena has no limit, or INGEST_ARENA_BYTES left.
 */
void ingest_record(struct ingest *in, const struct raw_input *raw, struct ingest_result *out,
    struct arena *arena);

/*
 * The `rejected` record beside a reject; nonce and sealed absent: the shell
 * seals (common/io/crypto.h) unless `value` is longer than RAW_BYTES_MAX.
 */
void ingest_rejected(const struct ingest_result *result, struct span value, struct rejected *out);

/* The event a raw record speaks of, as `outturn erase` and `trace` need it. */
struct id ingest_event_id(const struct keyring *ring, const struct agency *agency,
    struct span record_id);

#endif
