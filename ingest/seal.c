#include "ingest/seal.h"

#include "common/must.h"
#include "common/topic.h"

void
seal_place(const struct source *source, struct buf *out)
{
	key_format(&(struct key){ .type = KEY_RECORD, .stream = source->topic,
		       .epoch = source->epoch, .offset = source->offset },
	    out);
}

void
seal_nonce(const struct keyring *ring, struct span place, const uint8_t raw_sha256[SHA256_BYTES],
    uint8_t nonce[SEAL_PLACE_NONCE_BYTES])
{
	uint8_t msg[KEY_MAX + SHA256_BYTES], full[SHA256_BYTES];

	MUST(place.len <= KEY_MAX);
	memcpy(msg, place.ptr, place.len);
	memcpy(msg + place.len, raw_sha256, SHA256_BYTES);
	mac_sum(ring->seal_nonce, span_of(msg, place.len + SHA256_BYTES), full);
	memcpy(nonce, full, SEAL_PLACE_NONCE_BYTES);
}
