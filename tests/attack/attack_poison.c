/*
 * Poisoning: an agency that knows all about two people sends records that say
 * they are one, and an agency that floods somebody's surroundings, so that
 * what was joined falls apart.
 *
 *	glue     P's details with Q's NHS number; both names in one record; P turned
 *	         into Q a field at a time, with and without numbers
 *	tear     hundreds of near copies of P around P's own two records
 *
 * Each victim stands in three agencies' records, two with the NHS number and one
 * with name, date of birth and postcode alone.  Glued: P and Q are one unit.  Torn:
 * the two with the number are not.  Lost: the third is not with them.  When
 * somebody says under another number what it says word for word, whose it is
 * cannot be seen from the records; how often it goes astray is a note.
 *
 * Controls: the same records and the same edges, where whatever is joined to
 * something joined is one (connected components); and P and Q alone, who must
 * be two, and P's two records, who must be one, or there were nothing to do.
 */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/attack/world.h"

enum { TEXT = 24, MORPHS = 7 };

struct someone {
	char forename[TEXT], surname[TEXT], dob[16], postcode[12], nhs[NHS_DIGITS + 1];
};

/* Two of one sort of name, so that a chain from one to the other is short. */
static void
person_make(struct someone *p, uint32_t i)
{
	snprintf(p->forename, sizeof(p->forename), "%s%c%c", i % 2 ? "Zainab" : "Testa", 'a' + (int)(i / 26 % 26),
	    'a' + (int)(i % 26));
	snprintf(p->surname, sizeof(p->surname), "Example%c%c", 'a' + (int)(i * 7 / 26 % 26),
	    'a' + (int)(i * 7 % 26));
	snprintf(p->dob, sizeof(p->dob), "%u-%02u-%02u", 1960 + i % 40, 1 + i % 12, 2 + i * 5 % 26);
	snprintf(p->postcode, sizeof(p->postcode), "QX%u %uAA", 1 + i % 9, i / 9 % 9);
	world_nhs_number(i * 31 + 7, p->nhs);
}

/* The third, of the council, lacks the number. */
static void
victims_send(struct world *w, const struct someone *p, uint32_t at[3])
{
	struct card c = { p->forename, p->surname, "female", p->dob, p->postcode, p->nhs, NULL };

	at[0] = world_send(w, "nhs", &c);
	c.postcode = NULL;
	at[1] = world_send(w, "provider", &c);
	c.postcode = p->postcode;
	c.nhs_number = NULL;
	at[2] = world_send(w, "council", &c);
}

static void
glue_send(struct world *w, const struct someone *p, const struct someone *q)
{
	const struct someone *who[2] = { p, q };
	char both[2 * TEXT + 1];

	for (int i = 0; i < 2; i++) {
		const struct someone *a = who[i], *b = who[1 - i];

		world_send(w, "evil", &(struct card){ a->forename, a->surname, "female", a->dob,
		    a->postcode, b->nhs, NULL });
		world_send(w, "evil", &(struct card){ a->forename, a->surname, NULL, NULL, NULL, b->nhs,
		    NULL });
		world_send(w, "evil", &(struct card){ a->forename, a->surname, NULL, b->dob, b->postcode,
		    a->nhs, NULL });
		snprintf(both, sizeof(both), "%s-%s", a->surname, b->surname);
		world_send(w, "evil", &(struct card){ a->forename, both, NULL, b->dob, a->postcode, NULL,
		    NULL });
		snprintf(both, sizeof(both), "%s %s", a->forename, b->forename);
		world_send(w, "evil", &(struct card){ both, a->surname, NULL, a->dob, b->postcode, NULL,
		    NULL });
	}
	for (int step = 0; step <= MORPHS; step++) /* bit k: field k is Q's already */
		for (int nhs = 0; nhs < 2; nhs++)
			world_send(w, "evil", &(struct card){ who[step & 1]->forename,
			    who[step >> 1 & 1]->surname, NULL, who[step >> 2 & 1]->dob,
			    who[nhs]->postcode, nhs ? who[step & 1]->nhs : NULL, NULL });
}

struct toll {
	uint32_t glued, torn, lost, glued_before, torn_before, glued_components;
};

static struct toll
glue(const struct model *model, uint32_t pairs)
{
	struct toll o = { 0 };

	for (uint32_t i = 0; i < pairs; i++) {
		struct world *w = world_new(model, NULL);
		struct someone p, q;
		uint32_t at_p[3], at_q[3], label[256];

		person_make(&p, 2 * i);
		person_make(&q, 2 * i + 1);
		victims_send(w, &p, at_p);
		victims_send(w, &q, at_q);
		world_settle(w);
		o.glued_before += world_same(w, at_p[0], at_q[0]);
		o.torn_before += !world_same(w, at_p[0], at_p[1]) || !world_same(w, at_p[0], at_p[2]);
		glue_send(w, &p, &q);
		world_settle(w);
		for (int k = 0; k < 3; k++)
			o.glued += world_same(w, at_p[k], at_q[k]);
		o.torn += !world_same(w, at_p[0], at_p[1]);
		o.lost += !world_same(w, at_p[0], at_p[2]);
		world_components(w, label);
		o.glued_components += label[at_p[0]] == label[at_q[0]];
		world_free(w);
	}
	return o;
}

/* Near copies: other postcodes, second forenames, numbers that are nobody's. */
static void
flood_send(struct world *w, const struct someone *p, uint32_t records)
{
	for (uint32_t i = 0; i < records; i++) {
		char forename[2 * TEXT], postcode[12], nhs[NHS_DIGITS + 1];

		snprintf(forename, sizeof(forename), "%s Copy%c%c", p->forename, 'a' + (int)(i / 26 % 26),
		    'a' + (int)(i % 26));
		snprintf(postcode, sizeof(postcode), "QX%u %uAB", 1 + i % 9, i / 9 % 9);
		world_nhs_number(300000 + i, nhs);
		world_send(w, "evil", &(struct card){ forename, p->surname, NULL, p->dob,
		    i % 3 ? p->postcode : postcode, i % 5 ? NULL : nhs, NULL });
	}
}

static struct toll
tear(const struct model *model, uint32_t victims, uint32_t records)
{
	struct toll o = { 0 };

	for (uint32_t i = 0; i < victims; i++) {
		struct world *w = world_new(model, NULL);
		struct someone p, q;
		uint32_t at[3], of_q[3];

		person_make(&p, 3 * i);
		person_make(&q, 3 * i + 500);
		victims_send(w, &p, at);
		victims_send(w, &q, of_q);
		world_settle(w);
		o.torn_before += !world_same(w, at[0], at[1]);
		flood_send(w, &p, records);
		world_settle(w);
		o.torn += !world_same(w, at[0], at[1]);
		o.lost += !world_same(w, at[0], at[2]);
		o.glued += world_same(w, at[0], of_q[0]) || !world_same(w, of_q[0], of_q[2]);
		world_free(w);
	}
	return o;
}

static void
tear_attack(const struct model *model, const char *name, uint32_t victims, uint32_t records)
{
	struct toll o = tear(model, victims, records);

	attack_held(o.torn == 0 && o.glued == 0,
	    "%s, %u near copies: %u of %u people torn, %u bystanders touched", name, records, o.torn,
	    victims, o.glued);
	attack_note("%s, %u near copies: %u of %u people lost the record that has no number", name,
	    records, o.lost, victims);
}

int
main(void)
{
	uint32_t pairs = attack_size(20, 200), victims = attack_size(3, 10);

	for (int i = 0; i < WORLD_MODELS; i++) {
		const char *name;
		const struct model *model = world_model(i, &name);
		struct toll o = glue(model, pairs);

		attack_control(o.glued_before == 0 && o.torn_before == 0,
		    "%s: before the attack %u of %u pairs are one, %u people are several", name,
		    o.glued_before, pairs, o.torn_before);
		attack_held(o.glued == 0 && o.torn == 0,
		    "%s, glue: %u of %u pairs became one person, %u people were torn", name, o.glued, pairs,
		    o.torn);
		attack_note("%s, glue: %u of %u people lost the record that has no number", name, o.lost,
		    pairs);
		attack_control(o.glued_components == pairs,
		    "%s, connected components: %u of %u pairs became one person", name,
		    o.glued_components, pairs);
		tear_attack(model, name, victims, 150);
		tear_attack(model, name, victims, attack_size(700, 1500));
	}
	return attack_end();
}
