#include "common/hash.h"

#include "common/mem.h"
#include "common/must.h"

#define K0 0xa0761d6478bd642fULL
#define K1 0xe7037ed1a0b428dbULL
#define K2 0x8ebc6af09c88c6e3ULL

__extension__ typedef unsigned __int128 u128;

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	u128 p = (u128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static inline uint64_t
load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

uint64_t
hash64(const void *ptr, size_t len, uint64_t seed)
{
	const uint8_t *p = ptr;
	uint64_t h = seed ^ K0;
	size_t n = len;

	for (; n >= 16; n -= 16, p += 16)
		h = mix(load64(p) ^ K1, load64(p + 8) ^ h);
	if (n >= 8) {
		h = mix(load64(p) ^ K1, load_tail(p + 8, n - 8) ^ h);
	} else if (n) {
		h = mix(load_tail(p, n) ^ K1, h ^ K2);
	}
	return mix(h ^ K2, (uint64_t)len ^ K1);
}

/* --- idmap --------------------------------------------------------------- */

void
idmap_init(struct idmap *m, uint64_t seed)
{
	*m = (struct idmap){ .seed = seed };
}

void
idmap_release(struct idmap *m)
{
	mem_free(m->slots);
	*m = (struct idmap){ .seed = m->seed };
}

static uint32_t
idmap_home(const struct idmap *m, const struct id *key)
{
	return (uint32_t)hash64(key->b, ID_BYTES, m->seed) & (m->cap - 1);
}

static uint32_t
idmap_slot_of(const struct idmap *m, const struct id *key)
{
	uint32_t i = idmap_home(m, key);

	while (m->slots[i].used && !id_eq(&m->slots[i].key, key))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void
idmap_rehash(struct idmap *m, uint32_t cap)
{
	struct idmap old = *m;

	m->cap = cap;
	m->slots = mem_zalloc(cap, sizeof(*m->slots));
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.slots[i].used)
			m->slots[idmap_slot_of(m, &old.slots[i].key)] = old.slots[i];
	mem_free(old.slots);
}

uint32_t *
idmap_find(const struct idmap *m, const struct id *key)
{
	uint32_t i;

	if (!m->cap)
		return NULL;
	i = idmap_slot_of(m, key);
	return m->slots[i].used ? &m->slots[i].value : NULL;
}

uint32_t *
idmap_put(struct idmap *m, const struct id *key, bool *fresh)
{
	struct idmap_slot *s;

	if (m->count >= m->cap - m->cap / 4)
		idmap_rehash(m, m->cap ? m->cap * 2 : 16);
	s = &m->slots[idmap_slot_of(m, key)];
	if (fresh)
		*fresh = !s->used;
	if (!s->used) {
		*s = (struct idmap_slot){ .key = *key, .used = 1 };
		m->count++;
	}
	return &s->value;
}

bool
idmap_del(struct idmap *m, const struct id *key)
{
	uint32_t i, j, home;

	if (!m->cap)
		return false;
	i = idmap_slot_of(m, key);
	if (!m->slots[i].used)
		return false;
	m->slots[i].used = 0;
	m->count--;
	for (j = (i + 1) & (m->cap - 1); m->slots[j].used; j = (j + 1) & (m->cap - 1)) {
		home = idmap_home(m, &m->slots[j].key);
		if (((j - home) & (m->cap - 1)) >= ((j - i) & (m->cap - 1))) {
			m->slots[i] = m->slots[j];
			m->slots[j].used = 0;
			i = j;
		}
	}
	return true;
}

struct idmap_slot *
idmap_next(const struct idmap *m, uint32_t *at)
{
	while (*at < m->cap) {
		struct idmap_slot *s = &m->slots[(*at)++];

		if (s->used)
			return s;
	}
	return NULL;
}

/* --- strmap -------------------------------------------------------------- */

void
strmap_init(struct strmap *m, uint64_t seed)
{
	*m = (struct strmap){ .seed = seed };
}

void
strmap_release(struct strmap *m)
{
	for (uint32_t i = 0; i < m->cap; i++)
		mem_free(m->slots[i].key);
	mem_free(m->slots);
	*m = (struct strmap){ .seed = m->seed };
}

static uint32_t
strmap_slot_of(const struct strmap *m, struct span key, uint32_t hash)
{
	uint32_t i = hash & (m->cap - 1);

	while (m->slots[i].key
	    && !(m->slots[i].hash == hash
		&& span_eq(span_of(m->slots[i].key, m->slots[i].len), key)))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static uint32_t
strmap_hash(const struct strmap *m, struct span key)
{
	return (uint32_t)(hash64(key.ptr, key.len, m->seed) >> 32);
}

static void
strmap_rehash(struct strmap *m, uint32_t cap)
{
	struct strmap old = *m;

	m->cap = cap;
	m->slots = mem_zalloc(cap, sizeof(*m->slots));
	for (uint32_t i = 0; i < old.cap; i++) {
		struct strmap_slot *s = &old.slots[i];

		if (s->key)
			m->slots[strmap_slot_of(m, span_of(s->key, s->len), s->hash)] = *s;
	}
	mem_free(old.slots);
}

uint64_t *
strmap_find(const struct strmap *m, struct span key)
{
	uint32_t i;

	if (!m->cap)
		return NULL;
	i = strmap_slot_of(m, key, strmap_hash(m, key));
	return m->slots[i].key ? &m->slots[i].value : NULL;
}

uint64_t *
strmap_put(struct strmap *m, struct span key, bool *fresh)
{
	struct strmap_slot *s;
	uint32_t hash = strmap_hash(m, key);

	MUST(key.len <= UINT32_MAX);
	if (m->count >= m->cap - m->cap / 4)
		strmap_rehash(m, m->cap ? m->cap * 2 : 16);
	s = &m->slots[strmap_slot_of(m, key, hash)];
	if (fresh)
		*fresh = !s->key;
	if (!s->key) {
		*s = (struct strmap_slot){ .key = mem_alloc(key.len), .len = (uint32_t)key.len,
			.hash = hash };
		if (key.len)
			memcpy(s->key, key.ptr, key.len);
		m->count++;
	}
	return &s->value;
}

bool
strmap_del(struct strmap *m, struct span key)
{
	uint32_t i, j, home;

	if (!m->cap)
		return false;
	i = strmap_slot_of(m, key, strmap_hash(m, key));
	if (!m->slots[i].key)
		return false;
	mem_free(m->slots[i].key);
	m->slots[i].key = NULL;
	m->count--;
	for (j = (i + 1) & (m->cap - 1); m->slots[j].key; j = (j + 1) & (m->cap - 1)) {
		home = m->slots[j].hash & (m->cap - 1);
		if (((j - home) & (m->cap - 1)) >= ((j - i) & (m->cap - 1))) {
			m->slots[i] = m->slots[j];
			m->slots[j].key = NULL;
			i = j;
		}
	}
	return true;
}

struct strmap_slot *
strmap_next(const struct strmap *m, uint32_t *at)
{
	while (*at < m->cap) {
		struct strmap_slot *s = &m->slots[(*at)++];

		if (s->key)
			return s;
	}
	return NULL;
}
