#include "ingest/keys.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/must.h"

enum { INFO_MAX = 96, TOKEN_HEAD = 4, TOKEN_VALUE_MAX = 4096 };

static void
derive(const uint8_t *master, const char *info, uint8_t out[MAC_KEY_BYTES])
{
	hkdf_sha256(span_of(master, KEY_MASTER_BYTES), span_str(info), out);
}

static struct mac *
mac_for(const uint8_t *master, const char *info)
{
	uint8_t key[MAC_KEY_BYTES];
	struct mac *mac;

	derive(master, info, key);
	mac = mac_new(key);
	explicit_bzero(key, sizeof(key));
	return mac;
}

struct keyring *
keyring_new(const uint8_t master[KEY_MASTER_BYTES], int32_t epoch)
{
	struct keyring *ring = mem_zalloc(1, sizeof(*ring));
	char info[INFO_MAX];

	MUST(epoch >= 1 && epoch <= KEY_EPOCH_MAX);
	ring->epoch = epoch;
	for (int32_t field = 1; field < TOKEN_FIELD_END; field++) {
		if (token_family(field) != field)
			continue;
		snprintf(info, sizeof(info), "outturn/1/token/%s/epoch/%d", token_field_name(field),
		    (int)epoch);
		ring->token[field] = mac_for(master, info);
	}
	snprintf(info, sizeof(info), "outturn/1/signature/epoch/%d", (int)epoch);
	ring->signature = mac_for(master, info);
	snprintf(info, sizeof(info), "outturn/1/clk/epoch/%d", (int)epoch);
	derive(master, info, ring->clk_key);
	ring->event_id = mac_for(master, "outturn/1/event-id");
	ring->episode = mac_for(master, "outturn/1/episode");
	ring->seal_nonce = mac_for(master, "outturn/1/seal-nonce");
	derive(master, "outturn/1/seal", ring->seal_key);
	return ring;
}

void
keyring_free(struct keyring *ring)
{
	if (!ring)
		return;
	for (int32_t field = 0; field < TOKEN_FIELD_END; field++)
		mac_free(ring->token[field]);
	mac_free(ring->signature);
	mac_free(ring->event_id);
	mac_free(ring->episode);
	mac_free(ring->seal_nonce);
	explicit_bzero(ring, sizeof(*ring));
	mem_free(ring);
}

/* Of organisation ‖ 0x00 ‖ what.  Record ids are short; a hostile one may be long. */
static struct id
named_id(struct mac *mac, struct span organisation, struct span what)
{
	uint8_t msg[512];
	struct buf all = BUF_INIT;
	struct id id;

	if (organisation.len + 1 + what.len <= sizeof(msg)) {
		memcpy(msg, organisation.ptr, organisation.len);
		msg[organisation.len] = 0;
		if (what.len)
			memcpy(msg + organisation.len + 1, what.ptr, what.len);
		return mac_id(mac, span_of(msg, organisation.len + 1 + what.len));
	}
	buf_span(&all, organisation);
	buf_byte(&all, 0);
	buf_span(&all, what);
	id = mac_id(mac, buf_view(&all));
	buf_release(&all);
	return id;
}

struct id
event_id_of(const struct keyring *ring, struct span organisation, struct span record_id)
{
	return named_id(ring->event_id, organisation, record_id);
}

struct id
episode_id_of(const struct keyring *ring, struct span organisation, struct span episode)
{
	return named_id(ring->episode, organisation, episode);
}

struct id
token_value(const struct keyring *ring, int32_t field, struct span value)
{
	uint8_t msg[TOKEN_HEAD + TOKEN_VALUE_MAX];
	int32_t family = token_family(field);

	MUST(family != 0 && value.len <= TOKEN_VALUE_MAX);
	msg[0] = TOKEN_VERSION;
	msg[1] = (uint8_t)family;
	msg[2] = (uint8_t)(value.len >> 8);
	msg[3] = (uint8_t)value.len;
	memcpy(msg + TOKEN_HEAD, value.ptr, value.len);
	return mac_id(ring->token[family], span_of(msg, TOKEN_HEAD + value.len));
}
