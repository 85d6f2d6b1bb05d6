#include "ingest/keys.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/must.h"

enum { INFO_MAX = 160, TOKEN_HEAD = 4, TOKEN_VALUE_MAX = 4096 };

/* "outturn/1/<purpose>/<what>", and the epoch where it has one (0: none). */
static void
derive(const struct keyring_from *from, const char *what, int32_t epoch, uint8_t out[MAC_KEY_BYTES])
{
	const uint8_t *master = epoch ? from->of_epoch : from->first;
	char info[INFO_MAX];
	int n = snprintf(info, sizeof(info), "outturn/1/%s/%s", from->purpose, what);

	if (epoch)
		n += snprintf(info + n, sizeof(info) - (size_t)n, "/epoch/%d", (int)epoch);
	MUST(n < INFO_MAX);
	hkdf_sha256(span_of(master, KEY_MASTER_BYTES), span_str(info), out);
}

static struct mac *
mac_for(const struct keyring_from *from, const char *what, int32_t epoch)
{
	uint8_t key[MAC_KEY_BYTES];
	struct mac *mac;

	derive(from, what, epoch, key);
	mac = mac_new(key);
	explicit_bzero(key, sizeof(key));
	return mac;
}

bool
keyring_purpose_valid(const char *purpose)
{
	size_t n = strlen(purpose);

	for (size_t i = 0; i < n; i++)
		if (!((purpose[i] >= 'a' && purpose[i] <= 'z') || (purpose[i] >= '0' && purpose[i] <= '9')
			|| purpose[i] == '-'))
			return false;
	return n > 0 && n <= KEY_PURPOSE_MAX;
}

struct keyring *
keyring_make(const struct keyring_from *from)
{
	struct keyring *ring = mem_zalloc(1, sizeof(*ring));
	char what[INFO_MAX / 2];

	MUST(from->epoch >= 1 && from->epoch <= KEY_EPOCH_MAX && keyring_purpose_valid(from->purpose));
	ring->epoch = from->epoch;
	for (int32_t field = 1; field < TOKEN_FIELD_END; field++) {
		if (token_family(field) != field)
			continue;
		snprintf(what, sizeof(what), "token/%s", token_field_name(field));
		ring->token[field] = mac_for(from, what, from->epoch);
	}
	ring->signature = mac_for(from, "signature", from->epoch);
	derive(from, "clk", from->epoch, ring->clk_key);
	ring->event_id = mac_for(from, "event-id", 0);
	ring->episode = mac_for(from, "episode", 0);
	ring->seal_nonce = mac_for(from, "seal-nonce", 0);
	derive(from, "seal", 0, ring->seal_key);
	return ring;
}

struct keyring *
keyring_new(const uint8_t master[KEY_MASTER_BYTES], int32_t epoch)
{
	return keyring_make(&(struct keyring_from){ master, master, epoch, "outcomes" });
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
