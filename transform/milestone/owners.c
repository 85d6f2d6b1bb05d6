#include "transform/milestone/owners.h"

#include "common/hash.h"
#include "common/mem.h"

enum { CAP_FIRST = 32 };

void
owners_init(struct owners *o, uint64_t seed)
{
	*o = (struct owners){ .seed = seed };
}

void
owners_release(struct owners *o)
{
	mem_free(o->slots);
	*o = (struct owners){ .seed = o->seed };
}

static uint32_t
tag_of(const struct owners *o, const struct id *outcome)
{
	return (uint32_t)(hash64(outcome->b, ID_BYTES, o->seed) >> 32);
}

/* Any cap will do, not powers of two only. */
static uint32_t
home_of(const struct owners *o, uint32_t tag)
{
	return (uint32_t)((uint64_t)tag * o->cap >> 32);
}

static uint32_t
next_of(const struct owners *o, uint32_t i)
{
	return ++i == o->cap ? 0 : i;
}

static void
slot_put(struct owners *o, struct owners_slot s)
{
	uint32_t i = home_of(o, s.tag);

	while (o->slots[i].unit)
		i = next_of(o, i);
	o->slots[i] = s;
}

static void
grow(struct owners *o)
{
	struct owners old = *o;

	o->cap = old.cap ? old.cap + old.cap / 4 : CAP_FIRST;
	o->slots = mem_zalloc(o->cap, sizeof(*o->slots));
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.slots[i].unit)
			slot_put(o, old.slots[i]);
	mem_free(old.slots);
}

void
owners_put(struct owners *o, const struct id *outcome, uint32_t unit)
{
	if (o->count >= o->cap - o->cap / 8)
		grow(o);
	slot_put(o, (struct owners_slot){ tag_of(o, outcome), unit + 1 });
	o->count++;
}

bool
owners_next(const struct owners *o, const struct id *outcome, uint32_t *at, uint32_t *unit)
{
	uint32_t tag = tag_of(o, outcome), i;

	if (!o->cap)
		return false;
	i = *at == OWNERS_FIRST ? home_of(o, tag) : next_of(o, *at);
	for (; o->slots[i].unit; i = next_of(o, i)) {
		if (o->slots[i].tag != tag)
			continue;
		*at = i;
		*unit = o->slots[i].unit - 1;
		return true;
	}
	return false;
}

/* How far slot i's content has come from its home. */
static uint32_t
far(const struct owners *o, uint32_t i)
{
	uint32_t home = home_of(o, o->slots[i].tag);

	return i >= home ? i - home : i + o->cap - home;
}

bool
owners_del(struct owners *o, const struct id *outcome, uint32_t unit)
{
	uint32_t i = OWNERS_FIRST, j, found;

	while (owners_next(o, outcome, &i, &found) && found != unit)
		;
	if (i == OWNERS_FIRST || !o->slots[i].unit || o->slots[i].unit != unit + 1)
		return false;
	o->slots[i].unit = 0;
	o->count--;
	for (j = next_of(o, i); o->slots[j].unit; j = next_of(o, j)) {
		uint32_t hole = j >= i ? j - i : j + o->cap - i;

		if (far(o, j) < hole)
			continue;
		o->slots[i] = o->slots[j];
		o->slots[j].unit = 0;
		i = j;
	}
	return true;
}
