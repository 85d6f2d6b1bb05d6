/*
 * Giant posting lists: an agency sends thousands of records that all share what
 * people are looked up by, so that each further record costs thousands of
 * comparisons, and others wait.
 *
 * What a record costs is counted in comparisons (edges looked at), not in time.
 * The bound has a name: BLOCK_SIGNATURES_MAX of each block of the model.  That the
 * others are linked as they were without the flood is asked too.
 *
 * Control: how many pairs share a block, which is what a design without the
 * bound compares.
 */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/attack/world.h"

enum { OTHERS = 300, SETTLE_EVERY = 500, BELOW = BLOCK_SIGNATURES_MAX - 10 };

static void
other_card(uint32_t i, char text[4][24], struct card *c)
{
	snprintf(text[0], 24, "Testa%c%c", 'a' + (int)(i / 26 % 26), 'a' + (int)(i % 26));
	snprintf(text[1], 24, "Quill%c%c", 'a' + (int)(i * 3 / 26 % 26), 'a' + (int)(i * 3 % 26));
	snprintf(text[2], 24, "%u-%02u-%02u", 1960 + i % 40, 1 + i % 12, 2 + i % 26);
	snprintf(text[3], 24, "QX%u %uBB", 1 + i % 9, i / 9 % 9);
	*c = (struct card){ text[0], text[1], "female", text[2], text[3], NULL, NULL };
}

/* All of one name, birth and place, or as many as a block just takes and then of another; an id of
 * its own makes each a signature of its own. */
static void
flood_card(uint32_t i, bool below, char text[4][24], struct card *c)
{
	uint32_t group = below ? i / BELOW : 0;

	snprintf(text[0], 24, "F%u", i);
	snprintf(text[1], 24, "Example%c%c", 'a' + (int)(group / 26 % 26), 'a' + (int)(group % 26));
	snprintf(text[2], 24, "%u-%02u-02", 1950 + group % 50, 1 + group / 50 % 12);
	*c = (struct card){ "Zainab", text[1], "female", text[2], "QX1 1AA", NULL, text[0] };
}

/* Comparisons of the flood; *whole: people of two records each who stay one. */
static uint64_t
play(const struct model *model, uint32_t flood, bool below, uint32_t *whole)
{
	struct world *w = world_new(model, NULL);
	uint32_t at[OTHERS][2];
	char text[4][24];
	struct card c;
	uint64_t before, edges;

	for (uint32_t i = 0; i < OTHERS; i++) {
		other_card(i, text, &c);
		at[i][0] = world_send(w, "nhs", &c);
	}
	world_settle(w);
	before = world_stats(w).edges;
	for (uint32_t i = 0; i < flood; i++) {
		flood_card(i, below, text, &c);
		world_send(w, "evil", &c);
		if (i % SETTLE_EVERY == 0)
			world_settle(w);
	}
	world_settle(w);
	edges = world_stats(w).edges - before;
	for (uint32_t i = 0; i < OTHERS; i++) {
		other_card(i, text, &c);
		c.sex = NULL;
		at[i][1] = world_send(w, "council", &c);
	}
	world_settle(w);
	*whole = 0;
	for (uint32_t i = 0; i < OTHERS; i++)
		*whole += world_same(w, at[i][0], at[i][1]);
	world_free(w);
	return edges;
}

int
main(void)
{
	uint32_t flood = attack_size(4000, 20000);

	for (int i = 0; i < WORLD_MODELS; i++) {
		const struct model_block *blocks;
		const char *name;
		const struct model *model = world_model(i, &name);
		uint64_t bound = model_blocks(model, &blocks) * BLOCK_SIGNATURES_MAX, edges;
		uint64_t pairs = (uint64_t)flood * (flood - 1) / 2;
		uint32_t whole;

		for (int below = 0; below < 2; below++) {
			edges = play(model, flood, below, &whole);
			attack_held(edges <= bound * flood && whole == OTHERS,
			    "%s: %u records %s cost %.1f comparisons each (bound %llu); %u of %u others are "
			    "linked as without them", name, flood,
			    below ? "in blocks just below their limit" : "of one name, birth and place",
			    (double)edges / flood, (unsigned long long)bound, whole, (unsigned)OTHERS);
		}
		attack_control(pairs > 5 * edges,
		    "%s: without the bound they would cost %.0f each", name, (double)pairs / flood);
	}
	return attack_end();
}
