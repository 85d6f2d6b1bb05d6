/*
 * Probing: an agency asks a dictionary of what it wants to know, by sending it as
 * records, and reads the answer off which of its own records become one person.
 *
 * It knows name and postcode of somebody who is only in another agency's records,
 * and wants the date of birth:
 *
 *	A(d)   the name and day d of a month, no place: joined to the victim where d is right
 *	B      the name, the postcode, and the 15th of the month: near enough where year
 *	       and month are right
 *
 * A(d) and B say nothing of each other.  If they are one person, somebody stands
 * between them: d is the date of birth.  Then all is taken back, and the next month
 * is tried.
 *
 * Safeguard: the agency's entry says one_record_a_person, so that no two of its
 * records (local ids, which it then must give) are ever one person, whatever they
 * have in common.  Control: an agency whose entry does not say it, under the
 * deterministic model.  So an agency that is not trusted with the dates of birth
 * of others must be entered with it.  The probabilistic model lets nobody stand
 * between two records that speak against each other, whatever the entry says.
 */
#include <stdio.h>
#include <string.h>

#include "tests/attack/world.h"

enum { YEARS = 2, FIRST_YEAR = 1997, MIDDLE = 15, DAYS = 31 };

static void
victim_dob(uint32_t victim, char out[DATE_TEXT])
{
	date_text(date_of(FIRST_YEAR + (int)victim % YEARS, 1 + (int)(victim * 5 % 12),
	    2 + (int)(victim * 3 % 12)), out);
}

static void
month_probe(struct world *w, const char *surname, int y, int m, bool ids, uint32_t a[DAYS + 1],
    uint32_t *b)
{
	char dob[DATE_TEXT], local[16];

	for (int d = 1; d <= DAYS; d++) {
		a[d] = WORLD_REJECTED;
		if (!date_valid(y, m, d))
			continue;
		snprintf(local, sizeof(local), "E%d", d);
		date_text(date_of(y, m, d), dob);
		if (d == MIDDLE)
			*b = world_send(w, "evil", &(struct card){ "Zainab", surname, NULL, dob, "QX1 1AA",
			    NULL, ids ? local : NULL });
		else
			a[d] = world_send(w, "evil", &(struct card){ "Zainab", surname, NULL, dob, NULL,
			    NULL, ids ? local : NULL });
	}
}

/* A month after the other, each taken back before the next is sent.  Is the day read off the
 * victim's?  One that is read off wrongly counts as not found. */
static bool
probe(const struct model *model, uint32_t victim, const char *one_record, bool ids)
{
	char surname[24], dob[DATE_TEXT], said[DATE_TEXT] = "", nhs[NHS_DIGITS + 1];
	uint32_t hits = 0;

	snprintf(surname, sizeof(surname), "Quillexample%c", 'a' + (int)(victim % 26));
	victim_dob(victim, dob);
	world_nhs_number(victim * 17 + 3, nhs);
	for (int month = 0; month < 12 * YEARS; month++) {
		struct world *w = world_new(model, one_record);
		int y = FIRST_YEAR + month / 12, m = 1 + month % 12;
		uint32_t a[DAYS + 1], b = 0;

		world_send(w, "nhs", &(struct card){ "Zainab", surname, "female", dob, "QX1 1AA", nhs,
		    NULL });
		month_probe(w, surname, y, m, ids, a, &b);
		world_settle(w);
		for (int d = 1; d <= DAYS; d++)
			if (world_same(w, a[d], b)) {
				date_text(date_of(y, m, d), said);
				hits++;
			}
		world_free(w);
	}
	return hits == 1 && strcmp(said, dob) == 0;
}

static uint32_t
probes(const struct model *model, uint32_t victims, const char *one_record, bool ids)
{
	uint32_t found = 0;

	for (uint32_t v = 0; v < victims; v++)
		found += probe(model, v, one_record, ids);
	return found;
}

int
main(void)
{
	uint32_t victims = attack_size(6, 60);

	for (int i = 0; i < WORLD_MODELS; i++) {
		const char *name;
		const struct model *model = world_model(i, &name);
		uint32_t found = probes(model, victims, "evil", true);

		attack_held(found == 0, "%s: dates of birth found by 750 probes each: %u of %u", name, found,
		    victims);
		found = probes(model, victims, "evil", false);
		attack_held(found == 0, "%s, probes without a local id: %u of %u", name, found, victims);
		found = probes(model, victims, NULL, true);
		if (i == 0)
			attack_control(found == victims,
			    "%s, an agency that may have several records of a person: %u of %u", name, found,
			    victims);
		else
			attack_held(found == 0,
			    "%s, an agency that may have several records of a person: %u of %u", name, found,
			    victims);
	}
	return attack_end();
}
