#include "transform/match/block.h"

#include "common/mem.h"
#include <string.h>

#include "common/must.h"

enum { IN_PLACE = 2 };

void
blocks_init(struct blocks *b)
{
	*b = (struct blocks){ 0 };
}

void
blocks_release(struct blocks *b)
{
	for (size_t i = 0; i < b->cap; i++)
		if (b->slots[i].cap > IN_PLACE)
			mem_free(b->slots[i].at.many);
	mem_free(b->slots);
	blocks_init(b);
}

/* The hash is keyed already: its low bits serve. */
static size_t
slot_of(const struct blocks *b, uint64_t hash)
{
	size_t i = hash & (b->cap - 1);

	while (b->slots[i].hash && b->slots[i].hash != hash)
		i = (i + 1) & (b->cap - 1);
	return i;
}

/* Empty blocks go when the table grows. */
static void
grow(struct blocks *b)
{
	struct blocks old = *b;
	size_t live = 0;

	for (size_t i = 0; i < old.cap; i++)
		live += old.slots[i].hash && old.slots[i].n;
	b->cap = old.cap ? old.cap : 64;
	while (live >= b->cap / 2)
		b->cap *= 2;
	b->slots = mem_zalloc(b->cap, sizeof(*b->slots));
	b->count = live;
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].hash && old.slots[i].n) {
			b->slots[slot_of(b, old.slots[i].hash)] = old.slots[i];
		} else if (old.slots[i].cap > IN_PLACE) {
			b->many_bytes -= old.slots[i].cap * sizeof(uint32_t);
			mem_free(old.slots[i].at.many);
		}
	}
	mem_free(old.slots);
}

static uint32_t *
members(struct posting *p)
{
	return p->cap > IN_PLACE ? p->at.many : p->at.one;
}

static void
make_room(struct blocks *b, struct posting *p)
{
	uint32_t cap = p->cap * 2, *many;

	if (p->n < p->cap)
		return;
	many = mem_alloc(cap * sizeof(uint32_t));
	memcpy(many, members(p), p->n * sizeof(uint32_t));
	if (p->cap > IN_PLACE) {
		b->many_bytes -= p->cap * sizeof(uint32_t);
		mem_free(p->at.many);
	}
	b->many_bytes += cap * sizeof(uint32_t);
	p->at.many = many;
	p->cap = cap;
}

uint32_t
blocks_add(struct blocks *b, uint64_t hash, uint32_t member)
{
	struct posting *p;

	hash = hash ? hash : 1;
	if (b->count >= b->cap - b->cap / 4)
		grow(b);
	p = &b->slots[slot_of(b, hash)];
	if (!p->hash) {
		*p = (struct posting){ .hash = hash, .cap = IN_PLACE };
		b->count++;
	}
	make_room(b, p);
	members(p)[p->n++] = member;
	return p->n;
}

uint32_t
blocks_del(struct blocks *b, uint64_t hash, uint32_t member)
{
	struct posting *p = &b->slots[slot_of(b, hash ? hash : 1)];
	uint32_t i = 0;

	MUST(p->hash);
	while (i < p->n && members(p)[i] != member)
		i++;
	MUST(i < p->n);
	members(p)[i] = members(p)[--p->n];
	return p->n;
}

const uint32_t *
blocks_members(const struct blocks *b, uint64_t hash, uint32_t *n)
{
	struct posting *p = b->cap ? &b->slots[slot_of(b, hash ? hash : 1)] : NULL;

	*n = p && p->hash ? p->n : 0;
	return *n ? members(p) : NULL;
}

size_t
blocks_bytes(const struct blocks *b)
{
	return b->cap * sizeof(*b->slots) + b->many_bytes;
}
