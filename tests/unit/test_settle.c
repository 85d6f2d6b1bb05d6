/*
 * settle(): caps in their order, payers to the penny, statements that build on earlier ones,
 * and what is paid for the cohort: days, comparison, gates, fees, means, rising targets.
 */
#include "tests/unit/play.h"
#include "transform/milestone/settle.h"

#define OUTCOMES "  outcomes:\n"
#define ONE(name, price) "  - {outcome: " name ", title: T, price: " price ", rule: {kind: " \
	"event-once, event: " name "}}\n"
#define SETTLES "agencies: {A1: council}\nsettlements:\n"
#define YEAR "  from: 2015-01-01\n  to: 2015-12-31\n"

/* --- caps */

#define MHEP PLAY_CONTRACT \
	"  caps:\n" \
	"  - {cap: volume, outcomes: [engaged], most: 450}\n" \
	"  - {cap: volume, outcomes: [entry], band: under-16, most: 80}\n" \
	"  - {cap: volume, outcomes: [entry], band: over-16, most: 60}\n" \
	"  - {cap: volume, outcomes: [kept], band: under-16, most: 50}\n" \
	"  - {cap: volume, outcomes: [kept], band: over-16, most: 40}\n" \
	"  spells: [{spell: job, event: job}]\n" OUTCOMES ONE("engaged", "225.00") \
	"  - {outcome: entry, title: E, rule: {kind: intensity-band, spell: job, lasts: 1.5 months, " \
	"exactly: high, hours: lowest, bands: [{band: under-16, below: 16, price: 400.00}, {band: " \
	"over-16, price: 500.00}]}}\n" \
	"  - {outcome: kept, title: K, rule: {kind: intensity-band, spell: job, lasts: 6 months, " \
	"exactly: high, hours: lowest, bands: [{band: under-16, below: 16, price: 750.00}, {band: " \
	"over-16, price: 1000.00}]}}\n"

static void
every_line_full_is_240750_and_the_81st_small_job_is_over_the_cap(void **state)
{
	(void)state;
	comes_out(MHEP, SETTLES "- settlement: full\n" YEAR
	    "  achieved:\n  - {outcome: engaged, people: 450, on: 2015-02-01}\n"
	    "  - {outcome: entry, people: 80, part: under-16, on: 2015-03-01}\n"
	    "  - {outcome: entry, people: 60, first: 81, part: over-16, on: 2015-03-01}\n"
	    "  - {outcome: kept, people: 50, part: under-16, on: 2015-09-01}\n"
	    "  - {outcome: kept, people: 40, first: 81, part: over-16, on: 2015-09-01}\n"
	    "  earned: 240750.00\n  payable: 240750.00\n"
	    "- settlement: one more\n" YEAR
	    "  achieved: [{outcome: entry, people: 81, part: under-16, on: 2015-03-01, "
	    "every_days: 1}]\n"
	    "  earned: 32400.00\n  payable: 32000.00\n"
	    "  lines: [{outcome: entry, state: over-cap, lines: 1, earned: 400.00, payable: 0}]\n");
}

static void
the_last_one_is_paid_in_part_or_not_at_all(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  caps: [{cap: person, amount: 500.00}, {cap: contract, amount: "
	    "1200.00}]\n" OUTCOMES ONE("a", "300.00") ONE("b", "300.00"), SETTLES
	    "- settlement: a person's, then the contract's\n" YEAR
	    "  achieved: [{outcome: a, people: 3, on: 2015-02-01}, {outcome: b, people: 3, on: "
	    "2015-03-01}]\n"
	    "  earned: 1800.00\n  payable: 1200.00\n"
	    "  lines:\n  - {outcome: a, earned: 900.00, payable: 900.00}\n"
	    "  - {outcome: b, earned: 900.00, payable: 300.00}\n");
	comes_out(PLAY_CONTRACT "  caps: [{cap: person, amount: 500.00, last: whole}]\n" OUTCOMES
	    ONE("a", "300.00") ONE("b", "300.00"), SETTLES "- settlement: whole or nothing\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-02-01}, {outcome: b, on: 2015-03-01}]\n"
	    "  earned: 600.00\n  payable: 300.00\n");
	comes_out(PLAY_CONTRACT "  caps: [{cap: period, every: quarter, amount: 700.00}]\n" OUTCOMES
	    ONE("a", "300.00"), SETTLES "- settlement: by contract quarter\n" YEAR
	    "  achieved: [{outcome: a, people: 4, on: 2015-03-29, every_days: 1}]\n"
	    "  earned: 1200.00\n  payable: 1000.00\n");
	comes_out(PLAY_CONTRACT "  caps: [{cap: outcome, outcomes: [a], amount: 500.00}]\n" OUTCOMES
	    ONE("a", "300.00") ONE("b", "300.00"), SETTLES "- settlement: of one outcome\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-02-01}, {outcome: b, people: 2, on: "
	    "2015-03-01}]\n  payable: 1100.00\n");
}

static void
a_variation_opens_no_period_that_was_closed_before_it(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  caps: [{cap: period, every: quarter, amount: 700.00}]\n" OUTCOMES
	    ONE("a", "300.00") "- version: 2\n  effective: 2015-04-10\n  cohort: {programme: p}\n"
	    "  caps: [{cap: period, every: quarter, amount: 800.00}]\n" OUTCOMES ONE("a", "300.00"),
	    SETTLES "- settlement: the quarter before it, and the one that it falls in\n" YEAR
	    "  achieved: [{outcome: a, people: 3, on: 2015-02-01}, {outcome: a, people: 3, first: 4, on: "
	    "2015-05-01}]\n  earned: 1800.00\n  payable: 1500.00\n");
}

static void
published_totals_of_the_contracts_cap(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  caps: [{cap: contract, amount: 2622388.00}]\n" OUTCOMES
	    ONE("a", "1024.00"), SETTLES "- settlement: over-cap stays visible\n" YEAR
	    "  achieved:\n  - {outcome: a, people: 2646, on: 2015-02-01}\n"
	    "  - {outcome: a, people: 1, first: 9000, on: 2015-03-01, price: 2222.00}\n"
	    "  earned: 2711726.00\n  payable: 2622388.00\n");
}

/* --- periods */

static void
a_statement_holds_what_fell_into_its_period(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  caps: [{cap: contract, amount: 1000.00}]\n" OUTCOMES
	    ONE("a", "300.00"), SETTLES "- settlement: second quarter\n  from: 2015-04-01\n"
	    "  to: 2015-06-30\n"
	    "  achieved: [{outcome: a, people: 3, on: 2015-03-31}, {outcome: a, people: 1, first: 4, "
	    "on: 2015-04-01}, {outcome: a, people: 1, first: 5, on: 2015-07-01}]\n"
	    "  earned: 300.00\n  payable: 100.00\n  earned_all: 1200.00\n  payable_all: 1000.00\n"
	    "  lines: [{outcome: a, lines: 1, earned: 300.00, payable: 100.00}]\n"
	    "- settlement: what is queried is held\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-03-31, status: queried}, {outcome: a, first: 2, "
	    "status: not-yet}]\n"
	    "  earned: 0\n  payable: 0\n  held: 300.00\n");
	comes_out(PLAY_CONTRACT "  settles: verified\n" OUTCOMES ONE("a", "300.00"), SETTLES
	    "- settlement: only what is verified\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-03-31}, {outcome: a, first: 2, on: 2015-03-31, "
	    "status: verified}]\n  earned: 300.00\n");
}

/* --- payers */

static void
pence_always_sum_and_ties_go_to_the_payer_named_first(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  payers: [{payer: Local, share: 50}, {payer: Centre, share: 50}]\n"
	    OUTCOMES ONE("a", "0.05") ONE("b", "1.00"), SETTLES "- settlement: odd pennies\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-02-01}]\n"
	    "  payers: [{payer: Local, payable: 0.06}, {payer: Centre, payable: 0.04}]\n");
	comes_out(PLAY_CONTRACT "  remainder: last-named\n"
	    "  payers: [{payer: Local, share: 50}, {payer: Centre, share: 50}]\n"
	    OUTCOMES ONE("a", "0.05"), SETTLES "- settlement: the other way\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-02-01}]\n"
	    "  payers: [{payer: Local, payable: 0.04}, {payer: Centre, payable: 0.06}]\n");
	comes_out(PLAY_CONTRACT "  payers: [{payer: Local, share: 80}, {payer: Centre, share: 20}]\n"
	    "  caps: [{cap: payer, payer: Centre, amount: 30.00}]\n" OUTCOMES ONE("a", "100.00"),
	    SETTLES "- settlement: a payer's own cap cuts its own part\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-02-01}]\n  earned: 200.00\n"
	    "  payable: 190.00\n"
	    "  payers: [{payer: Local, payable: 160.00}, {payer: Centre, payable: 30.00}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 10.00, rule: {kind: "
	    "event-once, event: a}, payers: [{payer: Local, share: 33.3}, {payer: Centre, share: "
	    "66.7}]}\n", SETTLES "- settlement: an outcome's own payers\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-02-01}]\n"
	    "  payers: [{payer: Local, payable: 3.33}, {payer: Centre, payable: 6.67}]\n");
}

/* --- 19: past a volume */

static void
past_a_volume_another_price(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, event: "
	    "a}, price: {base: 100.00, discount: 10, accelerator: [{past: 3, price: 150.00}, {past: 5, "
	    "price: 200.00}]}}\n", SETTLES "- settlement: three, two, and one\n" YEAR
	    "  achieved: [{outcome: a, people: 6, on: 2015-02-01, every_days: 1, price: 90.00}]\n"
	    "  earned: 720.00\n");
}

/* --- 10 */

static void
one_child_913_days_90_in_care_saves_412_15(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 100.00, rule: {kind: "
	    "days-against-baseline, event: care, over: 30 months, baseline: 55}}\n", SETTLES
	    "- settlement: exact, and rounded once\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-06-01, counted: 90, counted_of: 913}]\n"
	    "  earned: 41215.00\n"
	    "  measures: [{outcome: a, is: 41215000000, of: 100000000, value: 412.15, units: 1, eligible: 1}]\n"
	    "- settlement: those followed to the end only\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-06-01, counted: 90, counted_of: 913}, {outcome: a, "
	    "first: 2, status: not-yet, counted: 5, counted_of: 100}]\n"
	    "  earned: 41215.00\n  measures: [{outcome: a, units: 1, eligible: 2}]\n"
	    "- settlement: more days than expected pay nothing\n" YEAR
	    "  achieved: [{outcome: a, on: 2015-06-01, counted: 800, counted_of: 913}]\n"
	    "  earned: 0\n");
	comes_out(PLAY_HEAD "rates: {past: {source: s, steps: [{from: 2010-01-01, is: 55}]}}\n"
	    PLAY_VERSION OUTCOMES "  - {outcome: a, title: A, price: 100.00, rule: {kind: "
	    "days-against-baseline, event: care, over: 30 months, rate: past, counts: so-far}}\n",
	    SETTLES "- settlement: so far\n" YEAR
	    "  achieved: [{outcome: a, status: not-yet, counted: 10, counted_of: 100}]\n"
	    "  earned: 4500.00\n");
}

/* --- 11 */

#define PRISON PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1000.00, rule: {kind: " \
	"comparison-group, event: reconviction, over: 12 months, pooled: 7.5, early: 10, cohorts: " \
	"[{cohort: one, from: 2015-01-01, until: 2015-06-30, comparison: 155}, {cohort: two, from: " \
	"2015-07-01, until: 2015-12-31}]}}\n"

static void
eight_point_four_is_not_early_and_pooled_it_pays(void **state)
{
	(void)state;
	comes_out(PRISON, SETTLES "- settlement: 142 against 155\n  from: 2016-01-01\n"
	    "  to: 2016-12-31\n  achieved:\n"
	    "  - {outcome: a, people: 58, referred: 2015-02-01, on: 2016-02-01, counted: 1}\n"
	    "  - {outcome: a, people: 42, first: 59, referred: 2015-02-01, on: 2016-02-01, counted: "
	    "2}\n"
	    "  - {outcome: a, people: 10, first: 101, referred: 2015-07-01, status: not-yet, counted: "
	    "0}\n"
	    "  references: [{what: comparison, name: two, number: 150}]\n  earned: 0\n"
	    "  measures: [{outcome: a, part: one, is: 1300000000, of: 15500000000, value: 8.387097, units: 100, "
	    "earned: 0}]\n"
	    "- settlement: pooled, weighted to sizes, pays both\n  from: 2016-01-01\n"
	    "  to: 2016-12-31\n  achieved:\n"
	    "  - {outcome: a, people: 58, referred: 2015-02-01, on: 2016-02-01, counted: 1}\n"
	    "  - {outcome: a, people: 42, first: 59, referred: 2015-02-01, on: 2016-02-01, counted: "
	    "2}\n"
	    "  - {outcome: a, people: 20, first: 101, referred: 2015-07-01, on: 2016-07-01, counted: "
	    "1}\n"
	    "  references: [{what: comparison, name: two, number: 100}]\n  earned: 0\n"
	    "- settlement: exactly ten per cent in one cohort is early\n  from: 2016-01-01\n"
	    "  to: 2016-12-31\n  achieved:\n"
	    "  - {outcome: a, people: 20, first: 101, referred: 2015-07-01, on: 2016-07-01, counted: "
	    "1}\n"
	    "  references: [{what: comparison, name: two, number: 111.111112}]\n  earned: 1000.00\n"
	    "- settlement: both once all is known\n  from: 2016-01-01\n  to: 2016-12-31\n"
	    "  achieved:\n"
	    "  - {outcome: a, people: 58, referred: 2015-02-01, on: 2016-02-01, counted: 1}\n"
	    "  - {outcome: a, people: 42, first: 59, referred: 2015-02-01, on: 2016-02-01, counted: "
	    "2}\n"
	    "  - {outcome: a, people: 20, first: 101, referred: 2015-07-01, on: 2016-07-01, counted: "
	    "1}\n"
	    "  references: [{what: comparison, name: two, number: 108}]\n  earned: 2000.00\n");
}

/* --- 13 and 22 */

static void
ninety_six_of_a_hundred_pays_ninety_per_cent(void **state)
{
#define GATE(more) PLAY_CONTRACT OUTCOMES "  - {outcome: done, title: D, pay: none, rule: {kind: " \
	"event-once, event: d}}\n  - {outcome: a, title: A, price: 90000.00, rule: {kind: rate-gate, " \
	"of: [done], at_least: 95" more "}}\n"
	(void)state;
	comes_out(GATE(", agreed: 100"), SETTLES "- settlement: 96\n" YEAR
	    "  achieved: [{outcome: done, people: 96, on: 2015-02-01}]\n  earned: 90000.00\n"
	    "- settlement: exactly 95\n" YEAR
	    "  achieved: [{outcome: done, people: 95, on: 2015-02-01}]\n  earned: 90000.00\n"
	    "- settlement: 94\n" YEAR
	    "  achieved: [{outcome: done, people: 94, on: 2015-02-01}]\n  earned: 0\n");
	comes_out(GATE(", agreed: 100, reach: exceeding"), SETTLES "- settlement: exactly 95\n" YEAR
	    "  achieved: [{outcome: done, people: 95, on: 2015-02-01}]\n  earned: 0\n");
	comes_out(GATE(", agreed: 100, pays: linear"), SETTLES "- settlement: 94 of 95\n" YEAR
	    "  achieved: [{outcome: done, people: 94, on: 2015-02-01}]\n  earned: 89052.63\n");
	comes_out(GATE(", agreed: 100, pays: bands, bands: [{at_least: 80, share: 50}, {at_least: "
	    "90.5, share: 75}]"), SETTLES "- settlement: a band\n" YEAR
	    "  achieved: [{outcome: done, people: 90, on: 2015-02-01}]\n  earned: 45000.00\n"
	    "- settlement: the higher\n" YEAR
	    "  achieved: [{outcome: done, people: 91, on: 2015-02-01}]\n  earned: 67500.00\n");
	comes_out(GATE(", every: year"), SETTLES "- settlement: out of those referred in the year\n"
	    "  from: 2016-01-01\n  to: 2016-12-31\n"
	    "  achieved: [{outcome: done, people: 19, referred: 2016-02-01, on: 2016-03-01}, {outcome: "
	    "done, first: 20, referred: 2016-02-01, status: not-yet}, {outcome: done, first: 21, "
	    "people: 5, referred: 2015-02-01, status: not-yet}]\n"
	    "  earned: 90000.00\n  measures: [{outcome: a, ordinal: 2, is: 19, of: 20}]\n"
	    "- settlement: the year is not over\n  from: 2016-01-01\n  to: 2016-11-30\n"
	    "  achieved: [{outcome: done, people: 19, referred: 2016-02-01, on: 2016-03-01}]\n"
	    "  earned: 0\n");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: done, title: D, pay: none, rule: {kind: "
	    "event-once, event: d}}\n  - {outcome: a, title: A, price: 100.00, rule: {kind: "
	    "rising-target, of: [done], every: year, steps: [{from: 2015-01-01, at_least: 50}, {from: "
	    "2016-01-01, at_least: 60}]}}\n", SETTLES "- settlement: fifty is enough at first\n"
	    "  from: 2015-01-01\n  to: 2016-12-31\n"
	    "  achieved: [{outcome: done, people: 5, referred: 2015-02-01, on: 2015-03-01}, {outcome: "
	    "done, first: 6, people: 5, referred: 2015-02-01, status: not-yet}, {outcome: done, first: "
	    "11, people: 5, referred: 2016-02-01, on: 2016-03-01}, {outcome: done, first: 16, people: "
	    "5, referred: 2016-02-01, status: not-yet}]\n  earned: 100.00\n");
}

static void
a_variation_does_not_begin_the_count_of_a_gate_anew(void **state)
{
#define VARIED_OUTCOMES OUTCOMES "  - {outcome: done, title: D, pay: none, rule: {kind: event-once, " \
	"event: d}}\n  - {outcome: a, title: A, price: 100.00, rule: {kind: rate-gate, of: [done], " \
	"agreed: 10, at_least: 50, every: year}}\n"
	(void)state;
	comes_out(PLAY_CONTRACT VARIED_OUTCOMES "- version: 2\n  effective: 2015-07-01\n"
	    "  cohort: {programme: p}\n" VARIED_OUTCOMES,
	    SETTLES "- settlement: of the contract's first year\n" YEAR
	    "  achieved: [{outcome: done, people: 5, on: 2015-02-01}]\n  earned: 100.00\n"
	    "  measures: [{outcome: a, ordinal: 1, is: 5, of: 10}]\n");
	comes_out(PLAY_CONTRACT VARIED_OUTCOMES "- version: 2\n  effective: 2016-01-01\n"
	    "  cohort: {programme: p}\n  outcomes:\n" ONE("new", "5.00")
	    "  - {outcome: done, title: D, pay: none, rule: {kind: event-once, event: d}}\n"
	    "  - {outcome: a, title: A, price: 70.00, rule: {kind: rate-gate, of: [done], agreed: 10, "
	    "at_least: 60, every: year}}\n", SETTLES
	    "- settlement: each year by the terms of its last day\n  from: 2015-01-01\n"
	    "  to: 2016-12-31\n"
	    "  achieved: [{outcome: done, people: 5, on: 2015-02-01}, {outcome: done, first: 6, people: "
	    "6, referred: 2016-01-02, on: 2016-02-01}]\n  earned: 170.00\n"
	    "  measures: [{outcome: a, ordinal: 1, is: 5, of: 10, earned: 100.00}, {outcome: a, "
	    "ordinal: 2, is: 6, of: 10, earned: 70.00}]\n");
}

/* --- 20 */

static void
fees_of_all_periods_sum_to_the_share(void **state)
{
#define FEE(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: delivery-fee, " \
	"value: 1000.00, share: 30, from: 2015-01-01, " more "}}\n"
	(void)state;
	comes_out(FEE("until: 2015-07-31"), SETTLES "- settlement: sevenths of 300\n" YEAR
	    "  earned: 300.00\n  lines: [{outcome: a, lines: 7}]\n"
	    "- settlement: the third\n  from: 2015-03-01\n  to: 2015-03-31\n  earned: 42.86\n"
	    "- settlement: the month is not over\n  from: 2015-03-01\n  to: 2015-03-30\n"
	    "  earned: 0\n");
	comes_out(FEE("until: 2015-02-14"), SETTLES "- settlement: a part by its days\n" YEAR
	    "  earned: 300.00\n- settlement: the whole one first\n  from: 2015-01-01\n"
	    "  to: 2015-01-31\n  earned: 200.00\n");
	comes_out(FEE("until: 2015-02-14, part_period: whole"), SETTLES
	    "- settlement: as a whole one\n  from: 2015-01-01\n  to: 2015-01-31\n  earned: 150.00\n");
	comes_out(FEE("until: 2015-02-14, part_period: none"), SETTLES
	    "- settlement: nothing for it\n  from: 2015-01-01\n  to: 2015-01-31\n  earned: 300.00\n");
}

/* --- 21 */

static void
the_mean_of_completed_pairs_against_its_target(void **state)
{
#define MEAN(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 500.00, rule: {kind: " \
	"mean-change, instrument: well-being-star, direction: up, follow_up: first, on_service: 6 " \
	"months, target: 1.5" more "}}\n"
#define PAIRS(low, high) "  achieved: [{outcome: a, people: " low ", on: 2015-09-01, counted: 0}, " \
	"{outcome: a, first: 500, people: " high ", on: 2015-09-01, counted: 3}]\n"
	(void)state;
	comes_out(MEAN(""), SETTLES "- settlement: exactly 1.5\n" YEAR PAIRS("10", "10")
	    "  earned: 500.00\n  measures: [{outcome: a, is: 30000000, of: 20000000, units: 20}]\n"
	    "- settlement: less\n" YEAR PAIRS("11", "10") "  earned: 0\n");
	comes_out(MEAN(", min_pairs: 21"), SETTLES "- settlement: too few\n" YEAR PAIRS("1", "19")
	    "  earned: 0\n");
	comes_out(MEAN(", min_completion: 50"), SETTLES "- settlement: half of those eligible\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-09-01, counted: 3}, {outcome: a, first: 3, "
	    "people: 2, status: not-yet}, {outcome: a, first: 5, people: 9, referred: 2015-07-02, "
	    "status: not-yet}]\n  earned: 500.00\n  measures: [{outcome: a, units: 2, eligible: 4}]\n"
	    "- settlement: fewer\n" YEAR
	    "  achieved: [{outcome: a, people: 2, on: 2015-09-01, counted: 3}, {outcome: a, first: 3, "
	    "people: 3, status: not-yet}]\n  earned: 0\n");
}

/* --- statements that build on earlier ones */

static struct settle_row
row_of(uint8_t id, date_t achieved, int64_t price, bool proven)
{
	return (struct settle_row){ .outcome_id = { { id } }, .unit = { { id, 1 } }, .ordinal = 1,
		.achieved = proven ? achieved : DATE_NONE, .price_minor = price,
		.referred = 16436, .in_cohort = true, .proven = proven };
}

static const struct settle_line *
line_of(const struct settlement *st, uint8_t id)
{
	for (uint32_t i = 0; i < st->lines_n; i++)
		if (st->lines[i].id.b[0] == id)
			return &st->lines[i];
	return NULL;
}

static void
a_revoked_outcome_is_mirrored_and_headroom_reopens(void **state)
{
	struct buf said = BUF_INIT;
	struct contract *c = play_contract(PLAY_CONTRACT
	    "  payers: [{payer: Local, share: 50}, {payer: Centre, share: 50}]\n"
	    "  caps: [{cap: contract, amount: 5.00}]\n" OUTCOMES ONE("a", "3.33"), &said);
	struct settle_row rows[3] = { row_of(1, 16500, 333, true), row_of(2, 16501, 333, true),
		row_of(3, 16502, 333, true) };
	struct settle_facts facts = { .from = 16436, .to = 16600 };
	struct settle_earlier earlier[3];
	struct settlement st;
	struct arena arena;

	(void)state;
	assert_non_null(c);
	arena_init(&arena, 0);
	st = settle(c, rows, 3, &facts, &arena);
	assert_int_equal(st.earned_minor, 999);
	assert_int_equal(st.payable_minor, 500);
	assert_int_equal(line_of(&st, 1)->by_payer[0], 167);
	assert_int_equal(line_of(&st, 1)->by_payer[1], 166);
	assert_int_equal(line_of(&st, 2)->payable_minor, 167);
	assert_int_equal(line_of(&st, 3)->payable_minor, 0);
	assert_true(span_is(line_of(&st, 3)->cut_by, "contract"));
	for (int i = 0; i < 3; i++) {
		const struct settle_line *line = line_of(&st, (uint8_t)(i + 1));

		earlier[i] = (struct settle_earlier){ .id = line->id,
			.earned_minor = line->earned_minor, .payable_minor = line->payable_minor };
		memcpy(earlier[i].by_payer, line->by_payer, sizeof(line->by_payer));
	}
	rows[0] = row_of(1, 16500, 333, false); /* revoked after it was stated */
	facts = (struct settle_facts){ .from = 16601, .to = 16700, .earlier = earlier,
		.earlier_n = 3 };
	st = settle(c, rows, 3, &facts, &arena);
	assert_int_equal(line_of(&st, 1)->state, SETTLE_REVOKED);
	assert_int_equal(line_of(&st, 1)->payable_minor, -333);
	assert_int_equal(line_of(&st, 1)->by_payer[0], -167);
	assert_int_equal(line_of(&st, 1)->by_payer[1], -166);
	assert_int_equal(line_of(&st, 2)->payable_minor, 166); /* now in full */
	assert_int_equal(line_of(&st, 3)->payable_minor, 167);
	assert_int_equal(line_of(&st, 3)->earned_minor, 0);
	assert_int_equal(st.payable_minor, 0);
	assert_int_equal(st.payable_all_minor, 500);
	arena_release(&arena);
	contract_free(c);
	buf_release(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_full_is_240750_and_the_81st_small_job_is_over_the_cap),
		cmocka_unit_test(the_last_one_is_paid_in_part_or_not_at_all),
		cmocka_unit_test(a_variation_opens_no_period_that_was_closed_before_it),
		cmocka_unit_test(published_totals_of_the_contracts_cap),
		cmocka_unit_test(a_statement_holds_what_fell_into_its_period),
		cmocka_unit_test(pence_always_sum_and_ties_go_to_the_payer_named_first),
		cmocka_unit_test(past_a_volume_another_price),
		cmocka_unit_test(one_child_913_days_90_in_care_saves_412_15),
		cmocka_unit_test(eight_point_four_is_not_early_and_pooled_it_pays),
		cmocka_unit_test(ninety_six_of_a_hundred_pays_ninety_per_cent),
		cmocka_unit_test(a_variation_does_not_begin_the_count_of_a_gate_anew),
		cmocka_unit_test(fees_of_all_periods_sum_to_the_share),
		cmocka_unit_test(the_mean_of_completed_pairs_against_its_target),
		cmocka_unit_test(a_revoked_outcome_is_mirrored_and_headroom_reopens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
