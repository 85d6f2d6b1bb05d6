/*
 * rule_judge - what the kinds of rule share while one outcome is judged.
 *
 *	events ─► spells ─► rule_*.c: complete on which day? counted how much? ─► proof, ruling
 *
 * A rule fills the verdict: `day` once it is complete, else what is known and
 * why not; `measure` where it counts something.  One file a family of kinds.
 *
 * Internal to evaluate().
 */
#ifndef OUTTURN_RULE_JUDGE_H
#define OUTTURN_RULE_JUDGE_H

#include "transform/milestone/calendar.h"
#include "transform/milestone/judge.h"

enum { MILLIONTHS = 1000000 };

/* --- rule_event.c, rule_spell.c */

void rule_event_judge(const struct judging *j, struct verdict *v, const struct spells *sp,
    uint32_t at);
void rule_spell_judge(const struct judging *j, struct verdict *v, const struct spells *sp,
    struct duration lasts);

/* --- rule_common.c */

struct run run_all(const struct spells *sp); /* everything that counts, as one */
const struct spell *spell_at(const struct spells *sp, uint32_t counting);
/* Spells of the rule's event from all of the timeline, also before the referral. */
const struct spells *spells_ever(const struct judging *j, uint32_t at);

/* What a spell states on a day, by the last record that states it; false: nothing does. */
bool stated_on(const struct spells *sp, uint32_t item, struct span attribute, date_t day,
    int64_t *is);
/* Of all spells that cover the day, the highest or the sum; two records of one spell are one.
 * false: none covers it.  *unstated: one that does says nothing. */
bool hours_on(const struct spells *sp, struct span attribute, enum alongside alongside, date_t day,
    int64_t *is, bool *unstated);
/* The next day on which they may be others: a spell begins or ends, a record states some. */
date_t hours_until(const struct spells *sp, struct span attribute, date_t day);
bool covered_on(const struct spells *sp, date_t day);

/* The first event of the kind from the referral on; NULL: none yet. */
const struct event *first_of(const struct judging *j, struct span kind);
/* The first of any of the kinds from `from` on; DATE_NONE. */
date_t first_day_of(const struct judging *j, const struct yaml_texts *kinds, date_t from,
    const struct event **by);
/* Referral, or the first event of rule->starts_with.  false: not yet. */
/* Kinds that say from when and until when; the outcome that it comes after. */
void reading_start(const struct rule_terms *rule, struct reading *r);
bool rule_start(const struct judging *j, struct verdict *v, date_t *start);

void reason_day(const struct judging *j, struct verdict *v, enum reason_code code,
    const char *words, date_t day);
void reason_counted(const struct judging *j, struct verdict *v, enum reason_code code,
    int64_t is, int64_t of, const char *unit);

/* Half-open days, kept sorted. */
struct days {
	date_t from, to;
};
uint32_t days_of(const struct spells *sp, date_t from, date_t to, struct days *out, uint32_t n);
/* The first day behind `wanted` days in all; DATE_NONE: *counted is less. */
date_t days_reach(const struct days *days, uint32_t n, bool each, int32_t wanted, int32_t *counted);

/* --- tiers: what each is worth beside the others */

void tiers_price(const struct outcome_terms *o, struct outcome *outs, uint32_t n);

/* --- price.c */

/* What one is worth on the day achieved (as at, while it is not). */
int64_t price_on(const struct outcome_terms *o, enum rounding how, int64_t base_minor, date_t day,
    bool *is_missing);

#endif
