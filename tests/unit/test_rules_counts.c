/*
 * Kinds 9 and 12 to 20 of one person, each with its worked example and its edges: scores,
 * silence, tiers, parts, goals, compounds, a sum a period, prices; and who is in the cohort.
 */
#include "tests/unit/play.h"

#define OUTCOMES "  outcomes:\n"

/* --- 9 */

#define SCALE(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: " \
	"score-change, instrument: ucla-4, " more "}}\n"
#define SCORE(id, on, more) "  - {id: " id ", kind: score, by: A1, on: " on \
	", says: {instrument: ucla-4, " more "}}\n"

static void
a_score_falls_from_the_first_scorable_reading_to_the_one_declared(void **state)
{
	(void)state;
	comes_out(SCALE("direction: down, follow_up: last, change: 0, reach: exceeding"),
	    PLAY_AGENCIES
	    "- example: any fall\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    SCORE("a", "2015-02-01", "score: 9") SCORE("b", "2015-11-01", "score: 7.6")
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-02-01, achieved: 2015-11-01, "
	    "counted: 1.4}]\n"
	    "- example: a later reading that is worse, and the last is declared\n"
	    "  as_at: 2016-12-01\n" PLAY_REFERRED SCORE("a", "2015-02-01", "score: 9")
	    SCORE("b", "2015-11-01", "score: 7.6") SCORE("c", "2016-08-01", "score: 9")
	    "  outcomes: [{outcome: a, status: observed, counted: 0, reasons: "
	    "[change-not-reached]}]\n"
	    "- example: a reading with missing items is not scorable\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED SCORE("a", "2015-02-01", "score: 4, missing-items: 1")
	    SCORE("b", "2015-03-01", "score: 9") SCORE("c", "2015-11-01", "score: 8")
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-03-01, counted: 1, reasons: "
	    "[not-scorable]}]\n"
	    "- example: another version is another instrument\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED SCORE("a", "2015-02-01", "score: 9, instrument-version: v1")
	    SCORE("b", "2015-11-01", "score: 7, instrument-version: v2")
	    "  outcomes: [{outcome: a, status: observed, reasons: [no-follow-up]}]\n"
	    "- example: a domain is not the whole\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED SCORE("a", "2015-02-01", "score: 9")
	    SCORE("b", "2015-11-01", "score: 7, domain: friends")
	    "  outcomes: [{outcome: a, status: observed, reasons: [no-follow-up]}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 460.00, rule: {kind: "
	    "score-change, instrument: ucla-4, direction: down, follow_up: last, change: 1, pays: "
	    "points}}\n", PLAY_AGENCIES
	    "- example: the price is of a point\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    SCORE("a", "2015-02-01", "score: 9") SCORE("b", "2015-11-01", "score: 7.6")
	    "  outcomes: [{outcome: a, status: achieved, price: 644.00}]\n"
	    "- example: a change that is too small pays none of them\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED SCORE("a", "2015-02-01", "score: 9") SCORE("b", "2015-11-01", "score: 8.1")
	    "  outcomes: [{outcome: a, status: observed}]\n");
	refused(SCALE("direction: down, change: 1"), "'follow_up' is missing");
	refused(SCALE("direction: down, follow_up: undeclared, change: 1"), "must be declared");
	refused(SCALE("direction: down, follow_up: first, change: 0"), "would pay for no change");
}

static void
exactly_one_and_a_half_points_after_exactly_six_months_are_enough(void **state)
{
	(void)state;
	comes_out(SCALE("direction: up, follow_up: first, change: 1.5, apart: 6 months, on_service: "
	    "6 months, baseline_within: 60 days, follow_up_within: 12 months"), PLAY_AGENCIES
	    "- example: exactly\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    SCORE("a", "2015-02-28", "score: 4") SCORE("b", "2015-08-28", "score: 5.5")
	    SCORE("c", "2015-09-28", "score: 4")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-08-28}]\n"
	    "- example: a day too early is passed over\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    SCORE("a", "2015-02-28", "score: 4") SCORE("b", "2015-08-27", "score: 9")
	    SCORE("c", "2015-09-28", "score: 5.4")
	    "  outcomes: [{outcome: a, status: not-yet, counted: 1.4, reasons: "
	    "[change-not-reached, feed-not-complete]}]\n"
	    "- example: and it is not met once feeds are complete\n  as_at: 2016-12-01\n"
	    "  complete: {A1: 2015-09-28}\n" PLAY_REFERRED
	    SCORE("a", "2015-02-28", "score: 4") SCORE("c", "2015-09-28", "score: 5.4")
	    "  outcomes: [{outcome: a, status: not-met}]\n"
	    "- example: the first reading came too late to be the baseline\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED SCORE("a", "2015-03-02", "score: 4")
	    SCORE("c", "2015-10-28", "score: 9")
	    "  outcomes: [{outcome: a, status: not-yet, reasons: [no-baseline]}]\n"
	    "- example: a year after the baseline is too late\n  as_at: 2017-12-01\n"
	    "  complete: {A1: 2016-02-27}\n" PLAY_REFERRED
	    SCORE("a", "2015-02-28", "score: 4") SCORE("c", "2016-02-28", "score: 9")
	    "  outcomes: [{outcome: a, status: not-met, reasons: [no-follow-up]}]\n");
}

/* --- 12 */

#define QUIET(more) PLAY_HEAD PLAY_VERSION "  lag: 30 days\n" OUTCOMES \
	"  - {outcome: done, title: D, pay: none, rule: {kind: event-once, event: finished}}\n" \
	"  - {outcome: a, title: A, price: 9.00, rule: {kind: non-occurrence, event: reconviction, " \
	"lasts: 12 months" more "}}\n"

static void
it_did_not_happen_once_feeds_are_complete_through_the_window_and_the_lag(void **state)
{
	(void)state;
	comes_out(QUIET(""), PLAY_AGENCIES
	    "- example: the window is open\n  as_at: 2015-12-31\n  complete: {A1: 2015-12-31}\n"
	    PLAY_REFERRED "  outcomes: [{outcome: a, status: observed, start: 2015-01-01, due: "
	    "2016-01-01, reasons: [window-open]}]\n"
	    "- example: closed, not complete\n  as_at: 2016-06-01\n  complete: {A1: 2016-01-29}\n"
	    PLAY_REFERRED "  outcomes: [{outcome: a, status: observed, reasons: "
	    "[feed-not-complete]}]\n"
	    "- example: complete through the last day and the lag\n  as_at: 2016-06-01\n"
	    "  complete: {A1: 2016-01-30}\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2016-01-01, price: 9.00}]\n"
	    "- example: it happened on the last day\n  as_at: 2016-06-01\n"
	    "  complete: {A1: 2016-03-01}\n" PLAY_REFERRED
	    "  - {id: x, kind: reconviction, by: N1, on: 2015-12-31}\n"
	    "  outcomes: [{outcome: a, status: not-met, reasons: [occurred]}]\n"
	    "- example: the day after is out of the window\n  as_at: 2016-06-01\n"
	    "  complete: {A1: 2016-03-01}\n" PLAY_REFERRED
	    "  - {id: x, kind: reconviction, by: N1, on: 2016-01-01}\n"
	    "  outcomes: [{outcome: a, status: achieved}]\n"
	    "- example: a spell that had begun before and went on\n  as_at: 2015-06-01\n"
	    PLAY_REFERRED
	    "  - {id: x, kind: reconviction, by: N1, on: 2014-12-01, until: 2015-01-02}\n"
	    "  outcomes: [{outcome: a, status: not-met}]\n"
	    "- example: and one that had ended\n  as_at: 2015-06-01\n" PLAY_REFERRED
	    "  - {id: x, kind: reconviction, by: N1, on: 2014-12-01, until: 2015-01-01}\n"
	    "  outcomes: [{outcome: a, status: observed}]\n");
	comes_out(QUIET(", after: done"), PLAY_AGENCIES
	    "- example: counted from the end of the programme\n  as_at: 2016-12-01\n"
	    "  complete: {A1: 2016-11-01}\n" PLAY_REFERRED
	    "  - {id: f, kind: finished, by: A1, on: 2015-07-01}\n"
	    "  - {id: x, kind: reconviction, by: N1, on: 2015-03-01}\n"
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-07-01, achieved: 2016-07-01}]\n"
	    "- example: which has not come\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: not-yet, reasons: [awaiting-earlier-outcome]}]\n");
	comes_out(QUIET(", starts_with: released"), PLAY_AGENCIES
	    "- example: counted from an event\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    "  - {id: f, kind: released, by: A1, on: 2016-07-01}\n"
	    "  outcomes: [{outcome: a, status: observed, start: 2016-07-01, due: 2017-07-01}]\n");
	refused("contract: c\ntitle: C\ncurrency: GBP\n" PLAY_VERSION OUTCOMES
	    "  - {outcome: a, title: A, price: 9.00, rule: {kind: non-occurrence, event: x, lasts: "
	    "12 months}}\n", "nobody would report it");
}

/* --- 10, 11 and 21: one person's part; what the cohort is paid is settle()'s */

static void
days_in_care_of_days_followed_until_something_cuts_them(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 100.00, rule: {kind: "
	    "days-against-baseline, event: care, over: 100 days, starts_with: engaged, cut_by: [moved, "
	    "grown], baseline: 55}}\n", PLAY_AGENCIES
	    "- example: a spell that had begun before, and one that overlaps it\n  as_at: 2016-01-01\n"
	    "  complete: {A1: 2015-12-31}\n" PLAY_REFERRED
	    "  - {id: g, kind: engaged, by: A1, on: 2015-02-01}\n"
	    "  - {id: b, kind: care, by: A1, on: 2014-12-01, until: 2015-02-11}\n"
	    "  - {id: c, kind: care, by: N1, on: 2015-02-06, until: 2015-02-16}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-05-12, counted: 15, counted_of: "
	    "100, price: 0, reasons: [counted-in-cohort]}]\n"
	    "- example: moved away on the fiftieth day\n  as_at: 2016-01-01\n"
	    "  complete: {A1: 2015-12-31}\n" PLAY_REFERRED
	    "  - {id: g, kind: engaged, by: A1, on: 2015-02-01}\n"
	    "  - {id: c, kind: care, by: A1, on: 2015-03-20, until: 2015-04-20}\n"
	    "  - {id: m, kind: moved, by: A1, on: 2015-03-23}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-23, counted: 3, counted_of: "
	    "50, reasons: [cut]}]\n"
	    "- example: so far as feeds are complete\n  as_at: 2016-01-01\n"
	    "  complete: {A1: 2015-02-10}\n" PLAY_REFERRED
	    "  - {id: g, kind: engaged, by: A1, on: 2015-02-01}\n"
	    "  - {id: c, kind: care, by: A1, on: 2015-02-06, until: 2015-04-20}\n"
	    "  outcomes: [{outcome: a, status: observed, counted: 5, counted_of: 10, reasons: "
	    "[feed-not-complete]}]\n"
	    "- example: not engaged yet\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: not-yet, reasons: [nothing-reported]}]\n");
}

static void
events_in_the_window_of_a_comparison_and_pairs_of_a_mean(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  lag: 10 days\n" OUTCOMES "  - {outcome: a, title: A, price: 100.00, "
	    "rule: {kind: comparison-group, event: reconviction, over: 12 months, early: 10, cohorts: "
	    "[{cohort: one, from: 2015-01-01, until: 2015-12-31, comparison: 155}]}}\n", PLAY_AGENCIES
	    "- example: two of one day are one, and the last day is in\n  as_at: 2016-06-01\n"
	    "  complete: {A1: 2016-01-10}\n" PLAY_REFERRED
	    "  - {id: x, kind: reconviction, by: A1, on: 2015-03-01}\n"
	    "  - {id: y, kind: reconviction, by: N1, on: 2015-03-01}\n"
	    "  - {id: z, kind: reconviction, by: N1, on: 2015-12-31}\n"
	    "  - {id: w, kind: reconviction, by: N1, on: 2016-01-01}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2016-01-01, counted: 2, price: 0}]\n"
	    "- example: a day short of complete\n  as_at: 2016-06-01\n"
	    "  complete: {A1: 2016-01-09}\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: observed, counted: 0, reasons: [feed-not-complete]}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 100.00, rule: {kind: "
	    "mean-change, instrument: ucla-4, direction: up, follow_up: first, on_service: 6 months, "
	    "target: 1.5}}\n", PLAY_AGENCIES
	    "- example: a pair, also one that got worse\n  as_at: 2016-06-01\n" PLAY_REFERRED
	    SCORE("a", "2015-02-01", "score: 6") SCORE("b", "2015-07-01", "score: 4.5")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-07-01, counted: -1.5, price: 0}]\n"
	    "- example: before six months on the service it is none\n  as_at: 2016-06-01\n"
	    PLAY_REFERRED SCORE("a", "2015-02-01", "score: 6") SCORE("b", "2015-06-30", "score: 9")
	    "  outcomes: [{outcome: a, status: observed, reasons: [no-follow-up]}]\n");
}

/* --- 15 */

#define TIERS(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: " \
	"tiered-qualification, tiers: [{tier: entry-level, price: 300.00}, {tier: level-1, price: " \
	"700.00}, {tier: level-2, is: [level-2, nvq-2], price: 1100.00}]" more "}}\n"
#define AWARD(id, on, level) "  - {id: " id ", kind: qualification, by: A1, on: " on \
	", says: {level: " level "}}\n"

static void
tiers_each_the_highest_or_the_difference(void **state)
{
	static const char *const two = PLAY_REFERRED AWARD("a", "2015-03-01", "entry-level")
	    AWARD("b", "2015-09-01", "nvq-2") AWARD("c", "2015-10-01", "level-1")
	    AWARD("d", "2015-11-01", "level-1");
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: each once\n  as_at: 2016-01-01\n%s"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: achieved, price: 300.00, part: "
	    "entry-level}\n  - {outcome: a, ordinal: 2, status: achieved, achieved: 2015-10-01, price: "
	    "700.00}\n  - {outcome: a, ordinal: 3, status: achieved, achieved: 2015-09-01, price: "
	    "1100.00}\n  - {outcome: a, ordinal: 4, absent: yes}\n", two);
	comes_out(TIERS(""), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: the highest only\n"
	    "  as_at: 2016-01-01\n%s"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, price: 0}\n  - {outcome: a, ordinal: 2, price: "
	    "0}\n  - {outcome: a, ordinal: 3, price: 1100.00}\n", two);
	comes_out(TIERS(", pays: highest"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: the difference to what came before\n"
	    "  as_at: 2016-01-01\n%s"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, price: 300.00}\n  - {outcome: a, ordinal: 2, "
	    "price: 0}\n  - {outcome: a, ordinal: 3, price: 800.00}\n", two);
	comes_out(TIERS(", pays: difference"), text);
}

/* --- 16 */

#define SPLIT(more) PLAY_CONTRACT "  spells: [{spell: job, event: job}]\n" OUTCOMES \
	"  - {outcome: placed, title: P, pay: none, rule: {kind: event-once, event: job}}\n" \
	"  - {outcome: kept-3, title: K, pay: none, rule: {kind: spell, spell: job, lasts: 3 months}}\n" \
	"  - {outcome: kept-6, title: L, pay: none, rule: {kind: spell, spell: job, lasts: 6 months}}\n" \
	"  - {outcome: a, title: A, price: 1000.01, rule: {kind: split, parts: " \
	"[{on: placed, share: 50}, {on: kept-3, share: 50}, {on: kept-6, bonus: 100.00}]}}\n" more

static void
half_at_placement_half_at_three_months_a_bonus_at_six(void **state)
{
	(void)state;
	comes_out(SPLIT(""), PLAY_AGENCIES
	    "- example: the odd penny goes to the part named first\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED "  - {id: j, kind: job, by: A1, on: 2015-03-01, until: 2015-06-01}\n"
	    "  outcomes:\n"
	    "  - {outcome: a, ordinal: 1, status: achieved, achieved: 2015-03-01, price: 500.01}\n"
	    "  - {outcome: a, ordinal: 2, status: achieved, achieved: 2015-06-01, price: 500.00}\n"
	    "  - {outcome: a, ordinal: 3, status: not-yet, price: 100.00, part: kept-6}\n"
	    "- example: what is verified of the outcome holds for its part\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED "  - {id: j, kind: job, by: A1, on: 2015-03-01, until: 2015-06-01}\n"
	    "  decisions: [{what: verified, outcome: placed, by: auditor, on: 2015-07-01}]\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: verified}\n"
	    "  - {outcome: a, ordinal: 2, status: achieved}\n");
	refused(SPLIT("  - {outcome: b, title: B, price: 1.00, rule: {kind: split, parts: "
	    "[{on: placed, share: 60}, {on: kept-3, share: 50}]}}\n"), "something else than 100");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: placed, title: P, price: 1.00, rule: {kind: "
	    "event-once, event: job}}\n  - {outcome: b, title: B, price: 1.00, rule: {kind: split, "
	    "parts: [{on: placed, share: 100}]}}\n", "pays twice for one fact");
}

/* --- 17 */

static void
goals_count_each_once_up_to_so_many(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 5.00, rule: {kind: "
	    "goal-count, where: {progress: [improved]}, most: 2}}\n", PLAY_AGENCIES
	    "- example: one again, one not improved, one beyond\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED
	    "  - {id: a, kind: goal, by: A1, on: 2015-03-01, says: {goal: english, progress: improved}}\n"
	    "  - {id: b, kind: goal, by: A1, on: 2015-04-01, says: {goal: english, progress: improved}}\n"
	    "  - {id: c, kind: goal, by: A1, on: 2015-05-01, says: {goal: health, progress: same}}\n"
	    "  - {id: d, kind: goal, by: A1, on: 2015-06-01, says: {goal: housing, progress: improved}}\n"
	    "  - {id: e, kind: goal, by: A1, on: 2015-07-01, says: {goal: money, progress: improved}}\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: achieved, achieved: 2015-03-01}\n"
	    "  - {outcome: a, ordinal: 2, status: achieved, achieved: 2015-06-01, reasons: "
	    "[beyond-most]}\n  - {outcome: a, ordinal: 3, absent: yes}\n"
	    "- example: one more may come\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: a, kind: goal, by: A1, on: 2015-03-01, says: {progress: improved}}\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: achieved}\n"
	    "  - {outcome: a, ordinal: 2, status: not-yet}\n");
}

/* --- 18, and the bundle of 20 */

#define THREE "  - {outcome: x, title: X, pay: none, rule: {kind: event-once, event: ex}}\n" \
	"  - {outcome: y, title: Y, pay: none, rule: {kind: event-once, event: ey}}\n" \
	"  - {outcome: z, title: Z, pay: none, rule: {kind: event-once, event: ez}}\n"
#define E(kind, on) "  - {id: " kind ", kind: " kind ", by: A1, on: " on "}\n"

static void
all_of_some_and_so_many_of_others(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES THREE "  - {outcome: a, title: A, price: 5.00, rule: "
	    "{kind: n-of-m, all_of: [x], any_of: [y, z], at_least: 1, up_to: 1}}\n", PLAY_AGENCIES
	    "- example: on the day the last one needed was there\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED E("ex", "2015-03-01") E("ez", "2015-05-01") E("ey", "2015-04-01")
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-03-01, achieved: 2015-04-01, "
	    "counted: 1}]\n"
	    "- example: what is missing is named\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    E("ey", "2015-04-01")
	    "  outcomes: [{outcome: a, status: observed, reasons: [component-missing]}]\n"
	    "- example: too few\n  as_at: 2016-01-01\n" PLAY_REFERRED E("ex", "2015-04-01")
	    "  outcomes: [{outcome: a, status: observed, reasons: [components-too-few]}]\n"
	    "- example: nothing\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: not-yet}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES THREE "  - {outcome: a, title: A, price: 5.00, rule: "
	    "{kind: n-of-m, all_of: [x], components: verified}}\n", PLAY_AGENCIES
	    "- example: achieved is not verified\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    E("ex", "2015-03-01") "  outcomes: [{outcome: a, status: not-yet}]\n"
	    "- example: verified\n  as_at: 2016-01-01\n" PLAY_REFERRED E("ex", "2015-03-01")
	    "  decisions: [{what: verified, outcome: x, by: auditor, on: 2015-07-01}]\n"
	    "  outcomes: [{outcome: a, status: achieved}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES THREE "  - {outcome: a, title: A, price: 5.00, rule: "
	    "{kind: bundle, all_of: [x, y]}}\n", PLAY_AGENCIES
	    "- example: one price for both\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    E("ex", "2015-03-01") E("ey", "2015-02-01")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-01, price: 5.00}]\n");
	refused(PLAY_CONTRACT OUTCOMES THREE "  - {outcome: a, title: A, price: 5.00, rule: "
	    "{kind: n-of-m, any_of: [x], at_least: 2}}\n", "can never pay");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: w, title: W, price: 1.00, rule: {kind: "
	    "event-once, event: ew}}\n  - {outcome: a, title: A, price: 5.00, rule: {kind: bundle, "
	    "all_of: [w]}}\n", "pays twice for one fact");
}

/* --- 20: capitation */

#define HEAD_SUM(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 310.00, rule: " \
	"{kind: capitation, most: 3, cut_by: [left]" more "}}\n"

static void
a_sum_a_person_a_month_while_they_are_there(void **state)
{
	static const char *const leaver = "  complete: {A1: 2016-01-01}\n  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-01-22, says: {programme: p}}\n"
	    "  - {id: l, kind: left, by: A1, on: 2015-03-11}\n";
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: by days\n  as_at: 2016-01-01\n%s"
	    "  outcomes:\n"
	    "  - {outcome: a, ordinal: 1, status: achieved, achieved: 2015-01-31, price: 100.00}\n"
	    "  - {outcome: a, ordinal: 2, status: achieved, achieved: 2015-02-28, price: 310.00}\n"
	    "  - {outcome: a, ordinal: 3, status: achieved, achieved: 2015-03-31, price: 100.00, "
	    "counted: 10, counted_of: 31}\n"
	    "- example: the month is not over\n  as_at: 2015-02-28\n%s"
	    "  outcomes:\n  - {outcome: a, ordinal: 2, status: observed}\n"
	    "  - {outcome: a, ordinal: 3, absent: yes}\n", leaver, leaver);
	comes_out(HEAD_SUM(""), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: as a whole one\n"
	    "  as_at: 2016-01-01\n%s"
	    "  outcomes: [{outcome: a, ordinal: 3, price: 310.00}]\n", leaver);
	comes_out(HEAD_SUM(", part_period: whole"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: nothing\n  as_at: 2016-01-01\n%s"
	    "  outcomes: [{outcome: a, ordinal: 3, price: 0, reasons: [part-period]}]\n", leaver);
	comes_out(HEAD_SUM(", part_period: none"), text);
}

/* --- 19 */

static void
a_price_by_date_discount_and_index(void **state)
{
	(void)state;
	comes_out(PLAY_HEAD "rates: {cpi: {steps: [{from: 2014-04-01, is: 100}, {from: 2015-04-01, "
	    "is: 103.5}]}}\n" PLAY_VERSION OUTCOMES
	    "  - {outcome: a, title: A, rule: {kind: event-once, event: ex}, price: {base: 1000.00, "
	    "discount: 5, index: cpi, index_from: 2014-06-01}}\n"
	    "  - {outcome: b, title: B, rule: {kind: event-once, event: ey}, price: {base: 10.00, "
	    "steps: [{from: 2015-07-01, price: 12.00}]}}\n"
	    "  - {outcome: c, title: C, rule: {kind: event-once, event: ez}, price: {base: 0.45, "
	    "discount: 10}}\n", PLAY_AGENCIES
	    "- example: before the index moves, and after\n  as_at: 2015-03-31\n" PLAY_REFERRED
	    E("ex", "2015-03-31")
	    "  outcomes: [{outcome: a, status: achieved, price: 950.00}]\n"
	    "- example: by the day achieved\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    E("ex", "2015-04-01") E("ey", "2015-06-30") E("ez", "2015-04-01")
	    "  outcomes:\n  - {outcome: a, price: 983.25}\n  - {outcome: b, price: 10.00}\n"
	    "  - {outcome: c, price: 0.41}\n"
	    "- example: from its day on\n  as_at: 2016-01-01\n" PLAY_REFERRED E("ey", "2015-07-01")
	    "  outcomes: [{outcome: b, price: 12.00}]\n");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, event: "
	    "ex}, price: {base: 1.00, index: cpi, index_from: 2015-01-01}}\n", "no rate 'cpi'");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, event: "
	    "ex}, price: lots}\n", "expected a number from 0");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, event: ex}, "
	    "price: {base: 1000.00, less_deadweight: yes}, worth: {deadweight: 12.5, source: none}}\n",
	    PLAY_AGENCIES "- example: what would have happened anyway is taken off\n"
	    "  as_at: 2016-01-01\n" PLAY_REFERRED E("ex", "2015-04-01")
	    "  outcomes: [{outcome: a, price: 875.00}]\n");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, event: ex}, "
	    "price: {base: 1.00, less_deadweight: yes}}\n", "states no deadweight");
}

/* --- who is in the cohort */

static void
the_cohort_may_ask_for_what_was_so_before(void **state)
{
	(void)state;
	comes_out(PLAY_HEAD "versions:\n- version: 1\n  effective: 2015-01-01\n  cohort:\n"
	    "    programme: p\n    where: {practice: [p81001]}\n"
	    "    all_of: [{event: care, where: {setting: [residential]}, lasts: 20 weeks}]\n"
	    "    any_of: [{event: asthma}, {event: diabetes}]\n    none_of: [{event: safeguarding}]\n"
	    OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: ex}}\n",
	    PLAY_AGENCIES
	    "- example: all is so\n  as_at: 2016-01-01\n  events:\n"
	    "  - {id: c, kind: care, by: A1, on: 2014-08-14, says: {setting: residential}}\n"
	    "  - {id: d, kind: diabetes, by: N1, on: 2010-01-01}\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-01-01, says: {programme: p, practice: "
	    "p81001}}\n" E("ex", "2015-04-01")
	    "  outcomes: [{outcome: a, status: achieved}]\n"
	    "- example: a day short of twenty weeks\n  as_at: 2016-01-01\n  events:\n"
	    "  - {id: c, kind: care, by: A1, on: 2014-08-15, says: {setting: residential}}\n"
	    "  - {id: d, kind: diabetes, by: N1, on: 2010-01-01}\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-01-01, says: {programme: p, practice: "
	    "p81001}}\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [prior-state-not-known]}]\n"
	    "- example: excluded\n  as_at: 2016-01-01\n  events:\n"
	    "  - {id: c, kind: care, by: A1, on: 2014-08-14, says: {setting: residential}}\n"
	    "  - {id: d, kind: diabetes, by: N1, on: 2010-01-01}\n"
	    "  - {id: s, kind: safeguarding, by: A1, on: 2014-12-01}\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-01-01, says: {programme: p, practice: "
	    "p81001}}\n"
	    "  outcomes: [{outcome: a, status: not-met, reasons: [excluded]}]\n"
	    "- example: another practice\n  as_at: 2016-01-01\n  events:\n"
	    "  - {id: r, kind: referral, by: A1, on: 2015-01-01, says: {programme: p, practice: "
	    "x99}}\n"
	    "  outcomes: [{outcome: a, status: not-met, reasons: [outside-referral-terms]}]\n"
	    "- example: no practice stated\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [referral-not-stated]}]\n");
}

#define GROUPED(id, what) "- example: " id "\n  as_at: 2016-01-01\n  events:\n" \
	"  - {id: r, kind: referral, by: A1, on: 2015-01-01, says: {programme: p" what "}}\n" \
	"  - {id: e, kind: ex, by: A1, on: 2015-02-01}\n"

static void
an_outcome_may_be_for_some_of_the_cohort(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES
	    "  - {outcome: a, title: A, for: {group: [young]}, price: 1.00, rule: {kind: event-once, "
	    "event: ex}}\n"
	    "  - {outcome: b, title: B, for: {group: [old]}, price: 2.00, rule: {kind: event-once, "
	    "event: ex}}\n"
	    "  - {outcome: c, title: C, pay: none, rule: {kind: n-of-m, any_of: [a, b], at_least: 1}}\n",
	    PLAY_AGENCIES GROUPED("one of them", ", group: young")
	    "  outcomes: [{outcome: a, status: achieved}, {outcome: b, status: not-met, reasons: "
	    "[for-others]}, {outcome: c, status: achieved}]\n"
	    GROUPED("one of the others", ", group: old")
	    "  outcomes: [{outcome: a, status: not-met}, {outcome: b, status: achieved}]\n"
	    GROUPED("whose group is not stated", "")
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [referral-not-stated]}, "
	    "{outcome: c, status: not-yet}]\n");
	refused(PLAY_CONTRACT OUTCOMES
	    "  - {outcome: a, title: A, for: {group: [young]}, price: 1.00, rule: {kind: event-once, "
	    "event: ex}}\n"
	    "  - {outcome: b, title: B, for: {group: [young]}, price: 2.00, rule: {kind: event-once, "
	    "event: ex}}\n", "pays twice for one fact");
}

/* --- 11 of costs */

static void
a_cost_is_summed_once_whoever_sends_it(void **state)
{
#define COST(id, by, on, says) "  - {id: " id ", kind: cost, by: " by ", on: " on ", says: {" says "}}\n"
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "comparison-group, event: cost, attribute: amount, over: 12 months, early: 10, cohorts: "
	    "[{cohort: one, from: 2015-01-01, until: 2015-06-30, comparison: 40000}]}}\n",
	    PLAY_AGENCIES "- example: two of one day, one of them twice, and one after the year\n"
	    "  as_at: 2016-12-01\n  complete: {A1: 2016-12-01}\n" PLAY_REFERRED
	    COST("a", "N1", "2015-03-01", "amount: 250.50") COST("b", "N1", "2015-03-01", "amount: 80.00")
	    COST("c", "A1", "2015-03-01", "amount: 250.50") COST("d", "N1", "2016-01-01", "amount: 9.00")
	    COST("e", "N1", "2015-04-01", "other: 1")
	    "  outcomes: [{outcome: a, status: achieved, counted: 330.50, reasons: "
	    "[amount-counted, number-not-stated, counted-in-cohort]}]\n"
	    "settlements:\n- settlement: 360 a person is 10% less than 400, a penny more is not\n"
	    "  from: 2015-01-01\n  to: 2016-12-31\n"
	    "  achieved: [{outcome: a, people: 2, on: 2016-01-01, counted: 360.00}]\n  earned: 1.00\n"
	    "- settlement: a penny\n  from: 2015-01-01\n  to: 2016-12-31\n"
	    "  achieved: [{outcome: a, people: 1, on: 2016-01-01, counted: 360.00}, {outcome: a, first: "
	    "2, people: 1, on: 2016-01-01, counted: 360.01}]\n  earned: 0\n");
}

/* --- decisions as evidence */

static void
a_decision_may_be_evidence_that_is_asked_for(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: event-once, "
	    "event: ex}, evidence: {decisions: [interviewed]}}\n", PLAY_AGENCIES
	    "- example: nobody has asked the person\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    E("ex", "2015-05-02")
	    "  decisions: [{what: verified, outcome: a, by: auditor, on: 2015-07-01}]\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [awaiting-decision, "
	    "verified-without-evidence]}]\n"
	    "- example: somebody has\n  as_at: 2016-01-01\n" PLAY_REFERRED E("ex", "2015-05-02")
	    "  decisions: [{what: interviewed, outcome: a, by: auditor, on: 2015-07-01}]\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-05-02}]\n"
	    "- example: about other facts\n  as_at: 2016-01-01\n" PLAY_REFERRED E("ex", "2015-05-02")
	    "  - {id: e2, kind: ex, by: N1, on: 2015-04-02}\n"
	    "  decisions: [{what: interviewed, outcome: a, by: auditor, on: 2015-07-01, knowing: [r, ex]}]\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [awaiting-decision]}]\n");
}

/* --- death */

static void
what_is_told_of_days_after_death_is_not_counted_and_said(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT "  spells: [{spell: s, event: home}]\n" OUTCOMES
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: s, lasts: 3 months}}\n"
	    "  - {outcome: b, title: B, price: 1.00, rule: {kind: event-once, event: ex}}\n",
	    PLAY_AGENCIES
	    "- example: a spell reaches to that day\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-12-01}\n"
	    "  - {id: d, kind: death, by: N1, on: 2015-05-01}\n" E("ex", "2015-05-02")
	    "  outcomes:\n  - {outcome: a, status: achieved, achieved: 2015-05-01}\n"
	    "  - {outcome: b, status: not-yet, reasons: [after-death]}\n"
	    "- example: a day earlier it is not three months\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: h, kind: home, by: A1, on: 2015-02-01, until: 2015-12-01}\n"
	    "  - {id: k, kind: home-confirmed, by: A1, on: 2015-08-01}\n"
	    "  - {id: d, kind: death, by: N1, on: 2015-04-30}\n"
	    "  outcomes: [{outcome: a, status: observed, reasons: [after-death]}]\n");
}

/* --- caps and payers, as written */

static void
caps_and_payers_that_cannot_be_meant_are_refused(void **state)
{
#define CAPS(more) PLAY_HEAD PLAY_VERSION more OUTCOMES \
	"  - {outcome: a, title: A, price: 1.00, rule: {kind: event-once, event: ex}}\n"
	(void)state;
	refused(CAPS("  caps: [{cap: volume, outcomes: [a], amount: 5.00}]\n"), "says 'most'");
	refused(CAPS("  caps: [{cap: person, most: 5}]\n"), "says 'amount'");
	refused(CAPS("  caps: [{cap: volume, outcomes: [b], most: 5}]\n"), "no outcome 'b'");
	refused(CAPS("  caps: [{cap: person, amount: 1.00}, {cap: person, amount: 2.00}]\n"),
	    "caps contradict");
	refused(CAPS("  caps: [{cap: person, amount: 9.00}, {cap: contract, amount: 2.00}]\n"),
	    "caps contradict");
	refused(CAPS("  payers: [{payer: Local, share: 80}]\n"), "something else than 100");
	refused(CAPS("  benefit: 5.00\n  ceiling: within-benefit\n  caps: [{cap: contract, amount: "
	    "5.01}]\n"), "more than the stated benefit");
	refused(CAPS("  benefit: 5.00\n  ceiling: within-benefit\n"), "a cap of the contract is needed");
	refused(CAPS("  ceiling: within-benefit\n"), "'benefit' is not stated");
	refused(CAPS("  payers: [{payer: Moon, share: 100}]\n"), "none of the parties");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_falls_from_the_first_scorable_reading_to_the_one_declared),
		cmocka_unit_test(exactly_one_and_a_half_points_after_exactly_six_months_are_enough),
		cmocka_unit_test(it_did_not_happen_once_feeds_are_complete_through_the_window_and_the_lag),
		cmocka_unit_test(days_in_care_of_days_followed_until_something_cuts_them),
		cmocka_unit_test(events_in_the_window_of_a_comparison_and_pairs_of_a_mean),
		cmocka_unit_test(tiers_each_the_highest_or_the_difference),
		cmocka_unit_test(half_at_placement_half_at_three_months_a_bonus_at_six),
		cmocka_unit_test(goals_count_each_once_up_to_so_many),
		cmocka_unit_test(all_of_some_and_so_many_of_others),
		cmocka_unit_test(a_sum_a_person_a_month_while_they_are_there),
		cmocka_unit_test(a_price_by_date_discount_and_index),
		cmocka_unit_test(the_cohort_may_ask_for_what_was_so_before),
		cmocka_unit_test(an_outcome_may_be_for_some_of_the_cohort),
		cmocka_unit_test(a_cost_is_summed_once_whoever_sends_it),
		cmocka_unit_test(a_decision_may_be_evidence_that_is_asked_for),
		cmocka_unit_test(what_is_told_of_days_after_death_is_not_counted_and_said),
		cmocka_unit_test(caps_and_payers_that_cannot_be_meant_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
