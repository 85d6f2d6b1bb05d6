#include "ingest/shell_judge.h"

#include "common/io/crypto.h"
#include "common/mem.h"
#include "common/must.h"
#include "ingest/seal.h"

enum { JUDGE_DECODE_BYTES = 4 * 1024 * 1024 }; /* what one record may decode to */

struct judge {
	struct av_catalogue *cat;
	const struct keyring *ring;
	struct ingest *ingest;
	struct arena decoded, made;
	struct buf evidence, rejected, place, sealed;
};

struct judge *
judge_new(struct av_catalogue *cat, const struct ingest_terms *terms)
{
	struct judge *j = mem_zalloc(1, sizeof(*j));

	j->cat = cat;
	j->ring = terms->ring;
	j->ingest = ingest_new(terms);
	arena_init(&j->decoded, JUDGE_DECODE_BYTES);
	arena_init(&j->made, 0);
	return j;
}

void
judge_free(struct judge *j)
{
	if (!j)
		return;
	ingest_free(j->ingest);
	arena_release(&j->decoded);
	arena_release(&j->made);
	buf_release(&j->evidence);
	buf_release(&j->rejected);
	buf_release(&j->place);
	buf_release(&j->sealed);
	mem_free(j);
}

static void
write_rejected(struct judge *j, const struct ingest_result *result, struct span value)
{
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct rejected rejected;

	ingest_rejected(result, value, &rejected);
	if (value.ptr && value.len <= RAW_BYTES_MAX) {
		seal_place(&rejected.source, &j->place);
		seal_nonce(j->ring, buf_view(&j->place), rejected.raw_sha256, nonce);
		buf_reset(&j->sealed);
		crypto_seal(j->ring->seal_key, nonce, buf_view(&j->place), value, &j->sealed);
		rejected.nonce = span_of(nonce, sizeof(nonce));
		rejected.sealed = buf_view(&j->sealed);
	}
	buf_reset(&j->rejected);
	av_write(j->cat, &rejected_binding, &rejected, &j->rejected);
}

void
judge_record(struct judge *j, const struct raw_position *at, struct span value,
    struct judgement *out)
{
	struct err why = ERR_INIT;
	struct raw_record record;
	struct raw_input input = { .at = *at, .value = value };
	struct ingest_result result;

	arena_reset(&j->decoded);
	arena_reset(&j->made);
	if (value.ptr && value.len <= RAW_BYTES_MAX) {
		if (av_read(j->cat, &raw_record_binding, value, &record, &j->decoded, &why) == 0)
			input.record = &record;
		else
			input.decode_err = &why;
	}
	ingest_record(j->ingest, &input, &result, &j->made);
	buf_reset(&j->evidence);
	av_write(j->cat, &evidence_binding, &result.evidence, &j->evidence);
	*out = (struct judgement){ .what = (enum evidence_what)result.evidence.what,
		.evidence = buf_view(&j->evidence),
		.complete_through = result.evidence.what == EVIDENCE_COMPLETE
		    ? result.evidence.complete_through
		    : DATE_NONE };
	if (out->what != EVIDENCE_REJECT)
		return;
	write_rejected(j, &result, value);
	out->rejected = buf_view(&j->rejected);
}

bool
judge_unseal(const struct keyring *ring, const struct rejected *rejected, struct buf *out)
{
	struct buf place = BUF_INIT;
	bool ok = false;

	if (rejected->sealed.ptr && rejected->nonce.len == SEAL_NONCE_BYTES) {
		seal_place(&rejected->source, &place);
		ok = crypto_unseal(ring->seal_key, rejected->nonce.ptr, buf_view(&place),
		    rejected->sealed, out);
	}
	buf_release(&place);
	return ok;
}
