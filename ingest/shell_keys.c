#include "ingest/shell_keys.h"

#include <stdio.h>
#include <string.h>

#include "common/io/kafka_tail.h"
#include "common/record.h"
#include "common/topic.h"

enum { KEYS_ASK_MS = 10000, KEYS_DECODE_BYTES = 1024 * 1024 };

/* The newest version seen. */
struct found {
	int32_t key_epoch, next_epoch; /* next: while keys are rotated; 0: none */
	struct id event_id;
	uint8_t raw_sha256[SHA256_BYTES];
	char topic[TOPIC_NAME_MAX + 1], organisation[TOPIC_NAME_MAX + 1];
	int64_t at, raw_offset;
};

struct look {
	const struct ingest_conf *conf;
	struct av_catalogue *catalogue;
	const char *path;
	struct kreader *reader;
	struct arena arena;
	char evidence[TOPIC_NAME_MAX + 1];
	struct found found;
};

static bool
version_take(void *arg, const struct krecord *krec)
{
	struct look *l = arg;
	struct found *f = &l->found;
	struct evidence ev;
	struct err err;

	if (!krec->value.ptr || key_parse(krec->key).type != KEY_RECORD)
		return false;
	arena_reset(&l->arena);
	if (av_read(l->catalogue, &evidence_binding, krec->value, &ev, &l->arena, &err)
	    || ev.what != EVIDENCE_VERSION || ev.key_epoch == 0)
		return false; /* 0: withdrawn, so nothing of a person was encoded */
	*f = (struct found){ .key_epoch = ev.key_epoch,
		.next_epoch = ev.next ? ev.next->key_epoch : 0, .event_id = ev.event_id,
		.at = krec->offset, .raw_offset = ev.source.offset };
	memcpy(f->raw_sha256, ev.raw_sha256, sizeof(f->raw_sha256));
	snprintf(f->topic, sizeof(f->topic), "%s." SPAN_FMT, l->conf->prefix,
	    SPAN_ARG(ev.source.topic));
	snprintf(f->organisation, sizeof(f->organisation), SPAN_FMT, SPAN_ARG(ev.organisation));
	return true;
}

static int
epoch_judge(const struct look *l, struct err *err)
{
	const struct found *f = &l->found;

	if (f->key_epoch == l->conf->ring->epoch || f->next_epoch == l->conf->ring->epoch)
		return 0;
	return err_code(err, ERR_FATAL, "key-epoch", NULL,
	    "key file '%.200s' is of epoch %d, but '%.100s' holds evidence of epoch %d at offset "
	    "%lld: put back the key file of that epoch",
	    l->path, (int)l->conf->ring->epoch, l->evidence, (int)f->key_epoch, (long long)f->at);
}

/* Raw may have expired, or its topic been made anew: then nothing is known. */
static int
secret_judge(struct look *l, struct err *err)
{
	const struct found *f = &l->found;
	uint8_t sha[SHA256_BYTES];
	struct krecord krec;
	int64_t low, high;
	struct id id;
	int got;

	if (kreader_watermarks(l->reader, f->topic, 0, &low, &high, KEYS_ASK_MS, err))
		return strcmp(err->code, "kafka-no-topic") == 0 ? 0 : -1;
	if (f->raw_offset < low || f->raw_offset >= high)
		return 0;
	if (kreader_add(l->reader, f->topic, 0, f->raw_offset, NULL, err))
		return -1;
	got = kafka_tail_next(l->reader, f->topic, 0, f->raw_offset + 1, &krec, err);
	if (got < 0)
		return -1;
	if (got == 0 || krec.offset != f->raw_offset || !krec.key.ptr)
		return 0;
	sha256(krec.value, sha);
	id = event_id_of(l->conf->ring, span_str(f->organisation), krec.key);
	if (memcmp(sha, f->raw_sha256, sizeof(sha)) != 0 || id_eq(&id, &f->event_id))
		return 0;
	return err_code(err, ERR_FATAL, "key-other", NULL,
	    "key file '%.200s' is not the one that '%.100s' was made with, as offset %lld shows: "
	    "put back that file",
	    l->path, l->evidence, (long long)f->at);
}

int
keys_belong(const struct ingest_conf *conf, struct av_catalogue *catalogue, const char *path,
    struct err *err)
{
	struct look l = { .conf = conf, .catalogue = catalogue, .path = path };
	int found = -1, result = -1;

	arena_init(&l.arena, KEYS_DECODE_BYTES);
	snprintf(l.evidence, sizeof(l.evidence), "%s.evidence", conf->prefix);
	l.reader = kreader_new(&conf->kafka, err);
	if (l.reader)
		found = kafka_tail(l.reader, l.evidence, 0, version_take, &l, err);
	if (found < 0)
		goto out;
	result = found && (epoch_judge(&l, err) || secret_judge(&l, err)) ? -1 : 0;
out:
	kreader_free(l.reader);
	arena_release(&l.arena);
	return result;
}
