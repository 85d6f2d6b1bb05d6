/*
 * Kinds 3 to 8 of one person, each with its worked example and its edges: calendars,
 * weeks, days, amounts, periods after a gate, bands of hours.
 */
#include "tests/unit/play.h"

#define OUTCOMES "  outcomes:\n"
#define ALONE ", evidence: {provider_alone: allowed, fresh_days: 400}}\n"

/* --- 3 */

#define HOLIDAYS PLAY_HEAD "calendars:\n  school-holidays: {days: [" \
	"{from: 2015-04-05, to: 2015-04-18, says: Easter}, {from: 2015-05-24, to: 2015-05-30}]}\n" \
	PLAY_VERSION "  spells:\n  - {spell: school, event: school, gap_days: 3}\n"
#define SCHOOL(rule) HOLIDAYS OUTCOMES \
	"  - {outcome: a, title: A, price: 1.00, rule: {kind: spell-excluding, spell: school, " rule \
	"}}\n"

static void
thirteen_weeks_with_three_of_holidays_are_due_after_sixteen(void **state)
{
	(void)state;
	comes_out(SCHOOL("lasts: 13 weeks, excluding: [school-holidays]"), PLAY_AGENCIES
	    "- example: confirmed on the due date\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: s, kind: school, by: A1, on: 2015-03-01}\n"
	    "  - {id: k, kind: school-confirmed, by: A1, on: 2015-06-21}\n"
	    "  outcomes: [{outcome: a, status: achieved, due: 2015-06-21, achieved: 2015-06-21}]\n"
	    "- example: a day before it is not\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: s, kind: school, by: A1, on: 2015-03-01}\n"
	    "  - {id: k, kind: school-confirmed, by: A1, on: 2015-06-20}\n"
	    "  outcomes: [{outcome: a, status: observed, due: 2015-06-21}]\n");
}

static void
a_gap_in_the_holidays_is_none_unless_declared(void **state)
{
	static const char *const away = PLAY_REFERRED
	    "  - {id: s, kind: school, by: A1, on: 2015-03-01, until: 2015-04-03}\n"
	    "  - {id: t, kind: school, by: A1, on: 2015-04-20}\n"
	    "  - {id: k, kind: school-confirmed, by: A1, on: 2015-08-01}\n";
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: 17 days away, 14 of them holidays\n"
	    "  as_at: 2016-01-01\n%s"
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-03-01, due: 2015-06-21}]\n", away);
	comes_out(SCHOOL("lasts: 13 weeks, excluding: [school-holidays]"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: they count like others\n"
	    "  as_at: 2016-01-01\n%s"
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-04-20}]\n", away);
	comes_out(SCHOOL("lasts: 13 weeks, excluding: [school-holidays], gap_in_calendar: counts"),
	    text);
	refused(SCHOOL("lasts: 13 weeks, excluding: [xmas]"), "no calendar 'xmas'");
}

/* --- 4 */

#define WEEKS(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: " \
	"{kind: k-of-n-weeks, event: job, weeks: 13, within: 16" more "}}\n"
#define JOB(id, from, until, hours) "  - {id: " id ", kind: job, by: A1, on: " from ", until: " \
	until ", says: {hours-per-week: " hours "}}\n"

static void
weeks_1_to_8_and_11_to_15_are_thirteen_of_sixteen_in_week_15(void **state)
{
	(void)state;
	comes_out(WEEKS(", hours: 7, exactly: high"), PLAY_AGENCIES
	    "- example: the terms' own\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("a", "2015-03-02", "2015-04-27", "7") JOB("b", "2015-05-11", "2015-06-22", "8")
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-03-02, achieved: 2015-06-14, "
	    "counted: 13}]\n"
	    "- example: three weeks without are one too many\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("a", "2015-03-02", "2015-04-27", "7") JOB("b", "2015-05-25", "2015-06-22", "8")
	    "  outcomes: [{outcome: a, status: observed, counted: 12}]\n"
	    "- example: any sixteen in a row, not the first sixteen\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED JOB("a", "2015-03-02", "2015-03-09", "7")
	    JOB("b", "2015-05-04", "2015-08-10", "7")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-08-02}]\n");
}

static void
exactly_the_hours_must_be_declared(void **state)
{
	(void)state;
	refused(WEEKS(", hours: 7"), "'exactly' must be declared");
	comes_out(WEEKS(", hours: 7, exactly: low"), PLAY_AGENCIES
	    "- example: exactly 7 is low\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("a", "2015-03-02", "2015-12-01", "7")
	    "  outcomes: [{outcome: a, status: observed, counted: 0}]\n"
	    "- example: a part of a week counts by its days\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("a", "2015-03-02", "2015-05-31", "8")
	    "  outcomes: [{outcome: a, status: observed, counted: 12}]\n"
	    "- example: without hours nothing is counted, and it is said\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED "  - {id: j, kind: job, by: A1, on: 2015-03-02, until: 2015-12-01}\n"
	    "  outcomes: [{outcome: a, status: observed, counted: 0, reasons: "
	    "[number-not-stated]}]\n");
	comes_out(WEEKS(", achieved_on: day-after, weeks_from: monday"), PLAY_AGENCIES
	    "- example: whole weeks from Monday on\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-03-04, until: 2015-12-01}\n"
	    "  outcomes: [{outcome: a, status: achieved, start: 2015-03-02, achieved: 2015-06-08}]\n");
}

static void
hours_worked_are_what_records_of_the_week_add_up_to(void **state)
{
	(void)state;
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: "
	    "{kind: k-of-n-weeks, event: shift, weeks: 2, within: 3, hours: 7, exactly: high, "
	    "hours_from: worked, attribute: hours}}\n", PLAY_AGENCIES
	    "- example: 4 and 3 are 7\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: a, kind: shift, by: A1, on: 2015-03-02, says: {hours: 4}}\n"
	    "  - {id: b, kind: shift, by: A1, on: 2015-03-08, says: {hours: 3}}\n"
	    "  - {id: c, kind: shift, by: A1, on: 2015-03-09, says: {hours: 6.5}}\n"
	    "  - {id: d, kind: shift, by: A1, on: 2015-03-18, says: {hours: 7}}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-22}]\n");
}

/* --- 5 */

#define DAYS_OF(more) PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: " \
	"{kind: cumulative-days, events: [business, job], days: 182" more "}" ALONE
#define BUSINESS(id, from, until) "  - {id: " id ", kind: business, by: A1, on: " from \
	", until: " until "}\n"

static void
a_hundred_and_a_hundred_days_overlapping_by_thirty_are_170(void **state)
{
	static const char *const two = PLAY_REFERRED BUSINESS("a", "2015-03-01", "2015-06-09")
	    BUSINESS("b", "2015-05-10", "2015-08-18");
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: once\n  as_at: 2016-06-01\n%s"
	    "  outcomes: [{outcome: a, status: observed, counted: 170, days: 170}]\n"
	    "- example: twelve more are enough\n  as_at: 2016-06-01\n%s"
	    BUSINESS("c", "2015-10-01", "2015-10-13")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-10-13}]\n"
	    "- example: eleven are not\n  as_at: 2016-06-01\n%s"
	    BUSINESS("c", "2015-10-01", "2015-10-12")
	    "  outcomes: [{outcome: a, status: observed, counted: 181}]\n"
	    "- example: days of a job are not added\n  as_at: 2016-06-01\n%s"
	    "  - {id: j, kind: job, by: A1, on: 2015-10-01, until: 2015-12-01}\n"
	    "  outcomes: [{outcome: a, status: observed, counted: 170}]\n", two, two, two, two);
	comes_out(DAYS_OF(""), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: in each, on the day that 182 are "
	    "reached\n  as_at: 2016-06-01\n%s"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-07-31}]\n", two);
	comes_out(DAYS_OF(", concurrent: each"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: they may be mixed\n"
	    "  as_at: 2016-06-01\n%s"
	    "  - {id: j, kind: job, by: A1, on: 2015-10-01, until: 2015-12-01}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-10-13}]\n", two);
	comes_out(DAYS_OF(", mix: yes"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: half-open, the last day is out\n"
	    "  as_at: 2017-06-01\n  complete: {A1: 2017-05-01}\n%s"
	    BUSINESS("c", "2015-10-01", "2015-10-13")
	    "  outcomes: [{outcome: a, status: not-met, counted: 181}]\n", two);
	comes_out(DAYS_OF(", within: 284 days"), text);
}

/* --- 6 */

#define WAGES(more) PLAY_HEAD "rates:\n  adult-wage: {unit: an hour, steps: [" \
	"{from: 2014-01-01, is: 10.42}, {from: 2015-06-01, is: 11.44}]}\n" PLAY_VERSION OUTCOMES \
	"  - {outcome: a, title: A, price: 1.00, rule: {kind: cumulative-amount, rate: adult-wage, " \
	"times: 416, within: 638 days" more "}}\n"
#define PAY(id, by, on, amount) "  - {id: " id ", kind: earnings, by: " by ", on: " on \
	", says: {amount: " amount "}}\n"

static void
sixteen_hours_times_26_weeks_at_10_42_is_4334_72(void **state)
{
	(void)state;
	comes_out(WAGES(""), PLAY_AGENCIES
	    "- example: exactly so much is enough\n  as_at: 2018-01-01\n" PLAY_REFERRED
	    PAY("a", "A1", "2015-03-01", "4000.00") PAY("b", "A1", "2015-07-01", "334.72")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-07-01, counted: 4334.72, "
	    "counted_of: 4334.72}]\n"
	    "- example: a penny less is not\n  as_at: 2018-01-01\n  complete: {A1: 2017-12-01}\n"
	    PLAY_REFERRED PAY("a", "A1", "2015-03-01", "4000.00")
	    PAY("b", "A1", "2015-07-01", "334.71")
	    "  outcomes: [{outcome: a, status: not-met, counted: 4334.71}]\n"
	    "- example: the last day of the window is the 637th after\n  as_at: 2018-01-01\n"
	    PLAY_REFERRED PAY("a", "A1", "2016-09-29", "5000.00")
	    "  outcomes: [{outcome: a, status: achieved}]\n"
	    "- example: the 638th is out\n  as_at: 2018-01-01\n" PLAY_REFERRED
	    PAY("a", "A1", "2016-09-30", "5000.00")
	    "  outcomes: [{outcome: a, status: not-yet}]\n"
	    "- example: two organisations tell of one payment\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED PAY("a", "A1", "2015-03-01", "2500.00") PAY("b", "P1", "2015-03-01", "2500")
	    "  outcomes: [{outcome: a, status: observed, counted: 2500}]\n"
	    "- example: another currency is told, and not counted\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED PAY("a", "A1", "2015-03-01", "5000")
	    "  - {id: b, kind: earnings, by: A1, on: 2015-02-01, says: {amount: 9000, currency: "
	    "EUR}}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-01, reasons: "
	    "[other-currency]}]\n"
	    "- example: no amount\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: b, kind: earnings, by: A1, on: 2015-02-01}\n"
	    "  outcomes: [{outcome: a, status: not-yet, reasons: [number-not-stated]}]\n");
	comes_out(WAGES(", reach: exceeding"), PLAY_AGENCIES
	    "- example: exactly so much is not\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    PAY("a", "A1", "2015-03-01", "4334.72")
	    "  outcomes: [{outcome: a, status: observed}]\n");
	comes_out(WAGES(", rate_on: reached, except: {item: [expenses]}"), PLAY_AGENCIES
	    "- example: by the rate of the day, without expenses\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED PAY("a", "A1", "2015-07-01", "4758.00")
	    "  - {id: b, kind: earnings, by: A1, on: 2015-07-02, says: {amount: 100, item: "
	    "expenses}}\n" PAY("c", "A1", "2015-07-03", "1.04")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-07-03, counted: 4759.04}]\n");
	comes_out(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "cumulative-amount, at_least: 500, within: 30 days, within_from: first, except: {item: "
	    "[expenses]}}}\n", PLAY_AGENCIES
	    "- example: what does not count begins no window\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: a, kind: earnings, by: A1, on: 2015-02-01, says: {amount: 9000, currency: "
	    "EUR}}\n"
	    "  - {id: b, kind: earnings, by: A1, on: 2015-02-02, says: {amount: 600, item: "
	    "expenses}}\n  - {id: n, kind: earnings, by: A1, on: 2015-02-03}\n"
	    PAY("c", "A1", "2015-03-15", "200") PAY("d", "A1", "2015-04-13", "300")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-04-13, counted: 500, reasons: "
	    "[number-not-stated, other-currency]}]\n");
	refused(WAGES(", at_least: 5"), "either 'at_least', or 'rate'");
	refused(PLAY_CONTRACT OUTCOMES "  - {outcome: a, title: A, price: 1.00, rule: {kind: "
	    "cumulative-amount, rate: wage, times: 4}}\n", "no rate 'wage'");
}

/* --- 7 */

#define PERIODS(more) PLAY_HEAD "calendars: {bank-holidays: {days: [{from: 2015-08-31}]}}\n" \
	PLAY_VERSION "  spells: [{spell: job, event: job, gap_days: 0}]\n" OUTCOMES \
	"  - {outcome: gate, title: G, price: 1.00, rule: {kind: spell, spell: job, lasts: 26 weeks}" \
	"}\n  - {outcome: a, title: A, price: 2.00, rule: {kind: recurring, spell: job, after: gate, " \
	"every: 4 weeks, most: 3" more "}}\n"

static void
periods_follow_the_gate_up_to_so_many(void **state)
{
	(void)state;
	comes_out(PERIODS(""), PLAY_AGENCIES
	    "- example: two are complete, the third is under way\n  as_at: 2016-06-01\n"
	    PLAY_REFERRED "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2015-09-10}\n"
	    "  outcomes:\n  - {outcome: gate, achieved: 2015-07-06}\n"
	    "  - {outcome: a, ordinal: 1, status: achieved, start: 2015-07-06, achieved: 2015-08-03}\n"
	    "  - {outcome: a, ordinal: 2, status: achieved, achieved: 2015-08-31, price: 2.00}\n"
	    "  - {outcome: a, ordinal: 3, status: observed, reasons: [period-under-way]}\n"
	    "- example: never more than three\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2016-09-10}\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 3, status: achieved, achieved: 2015-09-28}\n"
	    "  - {outcome: a, ordinal: 4, absent: yes}\n"
	    "- example: before the gate nothing\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2015-07-05}\n"
	    "  outcomes:\n  - {outcome: a, status: not-yet, reasons: [awaiting-earlier-outcome]}\n"
	    "  - {outcome: a, ordinal: 2, absent: yes}\n"
	    "- example: a gap delays it\n  as_at: 2016-12-01\n" PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2015-07-20}\n"
	    "  - {id: k, kind: job, by: A1, on: 2015-08-01, until: 2015-08-20}\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: achieved, achieved: 2015-08-15}\n");
	comes_out(PERIODS(", periods: fixed"), PLAY_AGENCIES
	    "- example: a period with a day missing is not paid\n  as_at: 2016-12-01\n"
	    PLAY_REFERRED "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2015-07-20}\n"
	    "  - {id: k, kind: job, by: A1, on: 2015-07-21, until: 2015-09-10}\n"
	    "  outcomes:\n  - {outcome: a, ordinal: 1, status: achieved, start: 2015-08-03, "
	    "achieved: 2015-08-31}\n  - {outcome: a, ordinal: 2, status: observed}\n");
}

static void
claimable_fifteen_working_days_after(void **state)
{
	static const char *const job = PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-01-05, until: 2015-09-10}\n";
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES
	    "- example: the Friday three weeks later is too early\n  as_at: 2015-08-23\n%s"
	    "  outcomes: [{outcome: a, ordinal: 1, status: observed, due: 2015-08-03, reasons: "
	    "[claimable-from]}]\n"
	    "- example: the fifteenth working day\n  as_at: 2015-08-24\n%s"
	    "  outcomes: [{outcome: a, ordinal: 1, status: achieved, achieved: 2015-08-03}]\n"
	    "- example: the period ended on a bank holiday; it is no working day\n"
	    "  as_at: 2015-09-20\n%s"
	    "  outcomes: [{outcome: a, ordinal: 2, status: observed}]\n"
	    "- example: fifteen after it\n  as_at: 2015-09-21\n%s"
	    "  outcomes: [{outcome: a, ordinal: 2, status: achieved, achieved: 2015-08-31}]\n", job,
	    job, job, job);
	comes_out(PERIODS(", claimable_working_days: 15, excluding: [bank-holidays]"), text);
}

/* --- 8 */

#define BANDS(more) PLAY_CONTRACT "  spells: [{spell: job, event: job}]\n" OUTCOMES \
	"  - {outcome: a, title: A, rule: {kind: intensity-band, spell: job, lasts: 1.5 months, " \
	"bands: [{band: under-16, below: 16, price: 400.00}, {band: over-16, price: 500.00}]" more \
	"}" ALONE

static void
under_16_hours_400_over_16_hours_500(void **state)
{
	(void)state;
	comes_out(BANDS(", exactly: high, hours: lowest"), PLAY_AGENCIES
	    "- example: a month, then 15 days\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-16", "15.9")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-04-16, price: 400.00, part: "
	    "under-16}]\n"
	    "- example: exactly 16 is the high band, as declared\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-16", "16")
	    "  outcomes: [{outcome: a, status: achieved, price: 500.00, part: over-16}]\n"
	    "- example: hours not stated\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    "  - {id: j, kind: job, by: A1, on: 2015-03-01, until: 2015-04-16}\n"
	    "  outcomes: [{outcome: a, status: awaiting-evidence, reasons: [number-not-stated]}]\n"
	    "- example: 42 days are not a month and a half\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-12", "20")
	    "  outcomes: [{outcome: a, status: not-yet}]\n"
	    "- example: hours fall within the spell, the lowest counts\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED JOB("j", "2015-03-01", "2015-04-16", "30")
	    "  - {id: k, kind: job-confirmed, by: A1, on: 2015-04-15, says: {hours-per-week: 10}}\n"
	    "  outcomes: [{outcome: a, status: achieved, price: 400.00, counted: 10}]\n");
	comes_out(BANDS(", exactly: low, hours: average"), PLAY_AGENCIES
	    "- example: exactly 16 is the low band, as declared\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-16", "16")
	    "  outcomes: [{outcome: a, status: achieved, price: 400.00}]\n"
	    "- example: the average by days\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-16", "10")
	    "  - {id: k, kind: job-confirmed, by: A1, on: 2015-03-24, says: {hours-per-week: 23}}\n"
	    "  outcomes: [{outcome: a, status: achieved, price: 500.00, counted: 16.5}]\n");
	comes_out(BANDS(", exactly: high, hours: milestone"), PLAY_AGENCIES
	    "- example: the week that ends with the milestone\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    JOB("j", "2015-03-01", "2015-04-16", "10")
	    "  - {id: k, kind: job-confirmed, by: A1, on: 2015-04-09, says: {hours-per-week: 20}}\n"
	    "  outcomes: [{outcome: a, status: achieved, price: 500.00}]\n");
	comes_out(BANDS(", exactly: high, hours: milestone"), PLAY_AGENCIES
	    "- example: the same hours said again begin no new count\n  as_at: 2016-01-01\n"
	    PLAY_REFERRED JOB("j", "2015-03-01", "2015-05-10", "10")
	    "  - {id: k, kind: job-confirmed, by: A1, on: 2015-03-20, says: {hours-per-week: 10}}\n"
	    "  - {id: l, kind: job-confirmed, by: A1, on: 2015-04-15, says: {hours-per-week: 20}}\n"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-04-16, price: 400.00}]\n");
	refused(BANDS(", hours: lowest"), "'exactly' must be declared");
	refused(BANDS(", exactly: high"), "'hours' must be declared");
}

static void
a_higher_band_later_pays_the_difference_and_nothing_is_clawed_back(void **state)
{
	static const char *const rises = PLAY_REFERRED JOB("j", "2015-03-01", "2015-12-01", "10")
	    "  - {id: k, kind: job-confirmed, by: A1, on: 2015-05-15, says: {hours-per-week: 20}}\n";
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES
	    "- example: before\n  as_at: 2015-06-29\n%s"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-04-16, price: 400.00}]\n"
	    "- example: a month and a half at twenty hours\n  as_at: 2015-06-30\n%s"
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-04-16, price: 500.00, "
	    "reasons: [band-upgraded]}]\n"
	    "- example: a lower one afterwards changes nothing\n  as_at: 2016-01-01\n%s"
	    "  - {id: l, kind: job-confirmed, by: A1, on: 2015-08-15, says: {hours-per-week: 2}}\n"
	    "  outcomes: [{outcome: a, status: achieved, price: 500.00}]\n", rises, rises, rises);
	comes_out(BANDS(", exactly: high, hours: lowest"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES
	    "- example: as declared\n  as_at: 2016-01-01\n%s"
	    "  outcomes: [{outcome: a, status: achieved, price: 400.00}]\n", rises);
	comes_out(BANDS(", exactly: high, hours: lowest, upgrade: none"), text);
}

/* --- what terms leave open is a parameter, and its default is the documented one */

#define HOME(spell, lasts) PLAY_CONTRACT "  spells: [{spell: home, event: home" spell "}]\n" OUTCOMES \
	"  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: home, lasts: " lasts "}}\n"
#define STAY(id, from, until) "  - {id: " id ", kind: home, by: A1, on: " from ", until: " until "}\n"

static void
a_gap_of_exactly_the_days_is_allowed_unless_declared(void **state)
{
	static const char *const away = PLAY_REFERRED STAY("a", "2015-03-01", "2015-04-10")
	    STAY("b", "2015-04-24", "2015-06-10");
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: fourteen of fourteen\n"
	    "  as_at: 2016-01-01\n%s  outcomes: [{outcome: a, status: achieved, achieved: 2015-06-01}]\n",
	    away);
	comes_out(HOME(", gap_days: 14", "3 months"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: as declared\n"
	    "  as_at: 2016-01-01\n%s  outcomes: [{outcome: a, status: not-yet}]\n", away);
	comes_out(HOME(", gap_days: 14, gap_exactly: not-allowed", "3 months"), text);
}

static void
due_in_a_gap_counts_on_the_return_unless_declared(void **state)
{
	static const char *const away = PLAY_REFERRED STAY("a", "2015-03-01", "2015-05-28")
	    STAY("b", "2015-06-08", "2015-07-10");
	static const char *const back = PLAY_REFERRED STAY("a", "2015-03-01", "2015-05-28")
	    STAY("b", "2015-06-01", "2015-07-10");
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: on the return\n"
	    "  as_at: 2016-01-01\n%s  outcomes: [{outcome: a, status: achieved, due: 2015-06-01, "
	    "achieved: 2015-06-08}]\n", away);
	comes_out(HOME(", gap_days: 14", "3 months"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: never\n"
	    "  as_at: 2016-01-01\n%s  outcomes: [{outcome: a, status: not-yet}]\n", away);
	comes_out(HOME(", gap_days: 14, due_in_gap: never", "3 months"), text);
	snprintf(text, sizeof(text), PLAY_AGENCIES "- example: who is back on the due date is there\n"
	    "  as_at: 2016-01-01\n%s  outcomes: [{outcome: a, status: achieved, "
	    "achieved: 2015-06-01}]\n", back);
	comes_out(HOME(", gap_days: 14, due_in_gap: never", "3 months"), text);
}

static void
half_a_month_is_fifteen_days_unless_declared(void **state)
{
	(void)state;
	comes_out(HOME("", "1.5 months"), PLAY_AGENCIES "- example: a month, then fifteen days\n"
	    "  as_at: 2016-01-01\n" PLAY_REFERRED STAY("a", "2015-01-31", "2015-09-01")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-15}]\n");
	comes_out(PLAY_CONTRACT "  half_month_days: 14\n  spells: [{spell: home, event: home}]\n" OUTCOMES
	    "  - {outcome: a, title: A, price: 1.00, rule: {kind: spell, spell: home, lasts: 1.5 months}}\n",
	    PLAY_AGENCIES "- example: as declared\n  as_at: 2016-01-01\n" PLAY_REFERRED
	    STAY("a", "2015-01-31", "2015-09-01")
	    "  outcomes: [{outcome: a, status: achieved, achieved: 2015-03-14}]\n");
}

static void
half_a_penny_is_rounded_away_from_nought_unless_declared(void **state)
{
#define HALF(more) PLAY_CONTRACT more OUTCOMES "  - {outcome: a, title: A, rule: {kind: event-once, " \
	"event: home}, price: {base: 0.25, discount: 10}}\n"
#define HALF_COMES(price) PLAY_AGENCIES "- example: 22.5 pence\n  as_at: 2016-01-01\n" PLAY_REFERRED \
	STAY("a", "2015-03-01", "2015-09-01") "  outcomes: [{outcome: a, price: " price "}]\n"
	(void)state;
	comes_out(HALF(""), HALF_COMES("0.23"));
	comes_out(HALF("  rounding: half-even\n"), HALF_COMES("0.22"));
	comes_out(HALF("  rounding: down\n"), HALF_COMES("0.22"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thirteen_weeks_with_three_of_holidays_are_due_after_sixteen),
		cmocka_unit_test(a_gap_in_the_holidays_is_none_unless_declared),
		cmocka_unit_test(weeks_1_to_8_and_11_to_15_are_thirteen_of_sixteen_in_week_15),
		cmocka_unit_test(exactly_the_hours_must_be_declared),
		cmocka_unit_test(hours_worked_are_what_records_of_the_week_add_up_to),
		cmocka_unit_test(a_hundred_and_a_hundred_days_overlapping_by_thirty_are_170),
		cmocka_unit_test(sixteen_hours_times_26_weeks_at_10_42_is_4334_72),
		cmocka_unit_test(periods_follow_the_gate_up_to_so_many),
		cmocka_unit_test(claimable_fifteen_working_days_after),
		cmocka_unit_test(under_16_hours_400_over_16_hours_500),
		cmocka_unit_test(a_higher_band_later_pays_the_difference_and_nothing_is_clawed_back),
		cmocka_unit_test(a_gap_of_exactly_the_days_is_allowed_unless_declared),
		cmocka_unit_test(due_in_a_gap_counts_on_the_return_unless_declared),
		cmocka_unit_test(half_a_month_is_fifteen_days_unless_declared),
		cmocka_unit_test(half_a_penny_is_rounded_away_from_nought_unless_declared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
