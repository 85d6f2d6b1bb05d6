#include "common/emitted.h"

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

enum {
	STATE_BITS = 3, /* enum emitted_state */
	QUEUED_BIT = 4,
	TYPE_SHIFT = 3,
	TYPE_BITS = 7 << TYPE_SHIFT, /* enum key_type; never 0, so that no word in use is */
	HASH_SHIFT = 6,
	CAP_FIRST = 64,
};

__extension__ typedef unsigned __int128 u128;

_Static_assert((int)KEY_PAIR < 8 && (int)KEY_OTHER == 0, "a type has three bits, and is not 0");

void
emitted_init(struct emitted *e, uint64_t seed)
{
	*e = (struct emitted){ .width = sizeof(struct emitted_slot), .seed = seed };
}

void
emitted_release(struct emitted *e)
{
	mem_free(e->slots);
	*e = (struct emitted){ .width = sizeof(struct emitted_slot) };
}

size_t
emitted_bytes(const struct emitted *e)
{
	return e->cap * e->width;
}

static struct emitted_slot *
slot_at(const struct emitted *e, size_t at)
{
	return (struct emitted_slot *)(void *)(e->slots + at * e->width);
}

static bool
wide(const struct emitted *e)
{
	return e->width > sizeof(struct emitted_slot);
}

static uint8_t
type_of(const struct emitted_slot *s)
{
	return (uint8_t)((s->word & TYPE_BITS) >> TYPE_SHIFT);
}

static void
key_of(const struct emitted *e, const struct emitted_slot *s, struct emitted_key *key)
{
	*key = (struct emitted_key){ .a = s->a, .type = type_of(s) };
	if (wide(e))
		key->b = s->b[0];
}

/* Where a key would stand if nobody stood in its way. */
static size_t
home(const struct emitted *e, const struct emitted_key *key)
{
	uint64_t h = hash64(key->a.b, ID_BYTES, e->seed ^ key->type);

	if (key->type != KEY_OUTCOME)
		h = hash64(key->b.b, ID_BYTES, h);
	return (size_t)((u128)h * e->cap >> 64);
}

static bool
is(const struct emitted *e, const struct emitted_slot *s, const struct emitted_key *key)
{
	return type_of(s) == key->type && id_eq(&s->a, &key->a)
	    && (!wide(e) || id_eq(&s->b[0], &key->b));
}

static size_t
next(const struct emitted *e, size_t at)
{
	return at + 1 < e->cap ? at + 1 : 0;
}

/* Its slot, or the free one that it would take. */
static struct emitted_slot *
look(const struct emitted *e, const struct emitted_key *key)
{
	size_t at = home(e, key);

	while (slot_at(e, at)->word && !is(e, slot_at(e, at), key))
		at = next(e, at);
	return slot_at(e, at);
}

static void
rebuild(struct emitted *e, size_t cap, size_t width)
{
	struct emitted old = *e;

	e->cap = cap;
	e->width = width;
	e->slots = mem_zalloc(cap, width);
	for (size_t i = 0; i < old.cap; i++) {
		struct emitted_slot *from = slot_at(&old, i), *to;
		struct emitted_key key;

		if (!from->word)
			continue;
		key_of(&old, from, &key);
		to = look(e, &key);
		to->word = from->word;
		to->a = key.a;
		if (wide(e))
			to->b[0] = key.b;
	}
	mem_free(old.slots);
}

struct emitted_slot *
emitted_find(const struct emitted *e, const struct emitted_key *key)
{
	struct emitted_slot *s;

	if (!e->cap || (key->type != KEY_OUTCOME && !wide(e)))
		return NULL;
	s = look(e, key);
	return s->word ? s : NULL;
}

struct emitted_slot *
emitted_put(struct emitted *e, const struct emitted_key *key)
{
	struct emitted_slot *s;
	size_t width = e->width;

	MUST(key->type != KEY_OTHER);
	if (key->type != KEY_OUTCOME && !wide(e))
		width += sizeof(struct id);
	if (width != e->width || e->count >= e->cap - e->cap / 8)
		rebuild(e, e->cap ? e->cap + e->cap / 4 : CAP_FIRST, width);
	s = look(e, key);
	if (s->word)
		return s;
	s->word = (uint64_t)key->type << TYPE_SHIFT;
	s->a = key->a;
	if (wide(e))
		s->b[0] = key->b;
	e->count++;
	return s;
}

/* Whoever stands further on than it would like to may take the hole. */
size_t
emitted_drop(struct emitted *e, struct emitted_slot *s)
{
	size_t hole = (size_t)((uint8_t *)s - e->slots) / e->width, least = hole;

	for (size_t at = next(e, hole); slot_at(e, at)->word; at = next(e, at)) {
		struct emitted_key key;
		size_t from;

		key_of(e, slot_at(e, at), &key);
		from = home(e, &key);
		/* Is `from` behind the hole and not behind `at`, going round? */
		if (hole <= at ? from > hole && from <= at : from > hole || from <= at)
			continue;
		memcpy(slot_at(e, hole), slot_at(e, at), e->width);
		least = hole < least ? hole : least;
		hole = at;
	}
	memset(slot_at(e, hole), 0, e->width);
	e->count--;
	return least;
}

enum emitted_state
emitted_state(const struct emitted_slot *s)
{
	return s ? (enum emitted_state)(s->word & STATE_BITS) : EMITTED_ABSENT;
}

void
emitted_set(struct emitted_slot *s, enum emitted_state state, uint64_t hash)
{
	s->word = hash >> HASH_SHIFT << HASH_SHIFT
	    | (s->word & ((uint64_t)TYPE_BITS | QUEUED_BIT)) | (uint64_t)state;
}

bool
emitted_same(const struct emitted_slot *s, uint64_t hash)
{
	return emitted_state(s) == EMITTED_KNOWN && s->word >> HASH_SHIFT == hash >> HASH_SHIFT;
}

bool
emitted_queued(const struct emitted_slot *s)
{
	return s && (s->word & QUEUED_BIT);
}

void
emitted_queue(struct emitted_slot *s, bool queued)
{
	s->word = queued ? s->word | QUEUED_BIT : s->word & ~(uint64_t)QUEUED_BIT;
}

bool
emitted_at(const struct emitted *e, size_t at, struct emitted_key *key)
{
	const struct emitted_slot *s = slot_at(e, at);

	MUST(at < e->cap);
	if (!s->word)
		return false;
	key_of(e, s, key);
	return true;
}
