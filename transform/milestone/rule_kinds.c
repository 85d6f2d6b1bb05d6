#include "transform/milestone/rule_kinds.h"

#define AT(row, field) offsetof(struct row, field)
#define DAYS(row, field) .type = YF_INT, .offset = AT(row, field), .min = 0, \
	.max = RULES_NO_LIMIT_DAYS, .unit = "days"
#define MAJOR_MAX (INT64_C(1000000000) * 1000000)
#define MAJOR(row, field) .type = YF_DECIMAL, .offset = AT(row, field), .min = 0, \
	.max = MAJOR_MAX, .unit = "major units"
#define WEEKS(row, field) .type = YF_INT, .offset = AT(row, field), .min = 1, \
	.max = RULES_WEEKS_MAX, .unit = "weeks"
#define PERCENT(row, field) .type = YF_DECIMAL, .offset = AT(row, field), .min = 0, \
	.max = INT64_C(1000) * 1000000, .unit = "per cent"
#define COUNT(row, field, least) .type = YF_INT, .offset = AT(row, field), .min = (least), \
	.max = 1000000

#define WORDS(name, ...) static const char *const name[] = { __VA_ARGS__, NULL }

WORDS(gap_within_words, "counts", "pauses");
WORDS(gap_longer_words, "resets", "fails");
WORDS(gap_exactly_words, "allowed", "not-allowed");
WORDS(due_in_gap_words, "on-return", "never");
WORDS(moves_words, "any", "planned", "none");
WORDS(risk_words, "ignored", "none-known");
WORDS(move_words, "any", "first");
WORDS(reach_words, "at-least", "exceeding");
WORDS(exactly_words, "undeclared", "low", "high");
WORDS(hours_from_words, "contracted", "worked");
WORDS(weeks_from_words, "start", "monday");
WORDS(part_week_words, "pro-rata", "any-day");
WORDS(achieved_on_words, "last-day", "day-after");
WORDS(concurrent_words, "once", "each");
WORDS(alongside_words, "highest", "sum");
WORDS(counted_from_words, "referral", "first");
WORDS(rate_on_words, "start", "reached");
WORDS(periods_words, "cumulative", "fixed");
WORDS(band_hours_words, "undeclared", "lowest", "average", "milestone");
WORDS(upgrade_words, "difference", "none");
WORDS(direction_words, "undeclared", "up", "down");
WORDS(follow_up_words, "undeclared", "first", "last");
WORDS(gap_in_calendar_words, "ignored", "counts");
WORDS(score_pays_words, "once", "points");
WORDS(tiers_pay_words, "each", "highest", "difference");
WORDS(components_words, "achieved", "verified");
WORDS(gate_pays_words, "cliff", "linear", "bands");
WORDS(every_words, "once", "month", "quarter", "year");
WORDS(part_period_words, "days", "whole", "none");
WORDS(tracked_words, "complete", "so-far");
WORDS(cap_words, "volume", "outcome", "person", "period", "payer", "contract");
WORDS(last_words, "part", "whole");

/* --- rows of lists */

static const struct yaml_field band_fields[] = {
	{ .name = "band", .type = YF_NAME, .offset = AT(band_terms, name), .required = true,
	    .doc = "Its name, for caps and explanations." },
	{ .name = "below", .type = YF_DECIMAL, .offset = AT(band_terms, below), .unit = "hours",
	    .doc = "Hours a week below which it is this band; the last band has none." },
	{ .name = "price", .required = true, MAJOR(band_terms, price_millionths),
	    .doc = "Price in this band." },
};
static const struct yaml_record band_record = YAML_RECORD("a band", struct band_terms, band_fields);

static const struct yaml_field gate_band_fields[] = {
	{ .name = "at_least", .required = true, PERCENT(band_terms, at_least),
	    .doc = "The rate that earns this share; exactly so much is enough." },
	{ .name = "share", .required = true, PERCENT(band_terms, share),
	    .doc = "Share of the price that is paid." },
};
static const struct yaml_record gate_band_record =
    YAML_RECORD("a band of a rate", struct band_terms, gate_band_fields);

static const struct yaml_field tier_fields[] = {
	{ .name = "tier", .type = YF_NAME, .offset = AT(tier_terms, name), .required = true,
	    .doc = "Its name; from the lowest to the highest." },
	{ .name = "is", .type = YF_NAMES, .offset = AT(tier_terms, is),
	    .doc = "Codes of the attribute that are this tier; absent: its name." },
	{ .name = "price", .required = true, MAJOR(tier_terms, price_millionths),
	    .doc = "Price of this tier." },
};
static const struct yaml_record tier_record = YAML_RECORD("a tier", struct tier_terms, tier_fields);

static const struct yaml_field part_fields[] = {
	{ .name = "on", .type = YF_NAME, .offset = AT(part_terms, on), .required = true,
	    .doc = "The outcome, earlier in the file, that earns this part." },
	{ .name = "share", PERCENT(part_terms, share), .doc = "Share of the price." },
	{ .name = "bonus", MAJOR(part_terms, bonus_millionths),
	    .doc = "An amount beside the price, instead of a share of it." },
};
static const struct yaml_record part_record = YAML_RECORD("a part", struct part_terms, part_fields);

static const struct yaml_field step_fields[] = {
	{ .name = "from", .type = YF_DATE, .offset = AT(step_terms, from),
	    .doc = "From this day on." },
	{ .name = "past", COUNT(step_terms, past, 0), .unit = "units",
	    .doc = "Or once so many were counted." },
	{ .name = "at_least", .required = true, PERCENT(step_terms, at_least),
	    .doc = "The target; exactly so much is enough." },
};
static const struct yaml_record step_record = YAML_RECORD("a step", struct step_terms, step_fields);

static const struct yaml_field cohort_part_fields[] = {
	{ .name = "cohort", .type = YF_NAME, .offset = AT(cohort_part_terms, name),
	    .required = true, .doc = "Its name; the reference calls it so, too." },
	{ .name = "from", .type = YF_DATE, .offset = AT(cohort_part_terms, from), .required = true,
	    .doc = "First day of its referrals." },
	{ .name = "until", .type = YF_DATE, .offset = AT(cohort_part_terms, until),
	    .required = true, .doc = "Last day of its referrals." },
	{ .name = "comparison", .type = YF_DECIMAL, .offset = AT(cohort_part_terms, comparison),
	    .unit = "per 100 persons", .min = 0, .max = INT64_C(100000) * 1000000,
	    .doc = "The comparison group's figure; absent: from the reference." },
};
static const struct yaml_record cohort_part_record =
    YAML_RECORD("a cohort of a comparison", struct cohort_part_terms, cohort_part_fields);

static const struct yaml_field closed_fields[] = {
	{ .name = "from", .type = YF_DATE, .offset = AT(closed_terms, from), .required = true,
	    .doc = "First day." },
	{ .name = "to", .type = YF_DATE, .offset = AT(closed_terms, to),
	    .doc = "Last day, which counts too; absent: that one day." },
	{ .name = "says", .type = YF_TEXT, .offset = AT(closed_terms, says), .doc = "Which." },
};
static const struct yaml_record closed_record =
    YAML_RECORD("days of a calendar", struct closed_terms, closed_fields);

static const struct yaml_field calendar_fields[] = {
	{ .name = "source", .type = YF_TEXT, .offset = AT(calendar_terms, source),
	    .doc = "Where they are from." },
	{ .name = "days", .type = YF_LIST, .offset = AT(calendar_terms, closed), .required = true,
	    .sub = &closed_record, .doc = "Holidays or closures." },
};
const struct yaml_record calendar_record =
    YAML_RECORD("a calendar", struct calendar_terms, calendar_fields);

static const struct yaml_field rate_step_fields[] = {
	{ .name = "from", .type = YF_DATE, .offset = AT(rate_step_terms, from), .required = true,
	    .doc = "In force from this day on." },
	{ .name = "is", .type = YF_DECIMAL, .offset = AT(rate_step_terms, is), .required = true,
	    .min = 0, .max = MAJOR_MAX, .doc = "The rate, exact." },
	{ .name = "source", .type = YF_TEXT, .offset = AT(rate_step_terms, source),
	    .doc = "Where it is from." },
};
static const struct yaml_record rate_step_record =
    YAML_RECORD("a rate from a day on", struct rate_step_terms, rate_step_fields);

static const struct yaml_field rate_fields[] = {
	{ .name = "unit", .type = YF_TEXT, .offset = AT(rate_terms, unit), .doc = "Of what." },
	{ .name = "source", .type = YF_TEXT, .offset = AT(rate_terms, source),
	    .doc = "Where it is from." },
	{ .name = "steps", .type = YF_LIST, .offset = AT(rate_terms, steps), .required = true,
	    .sub = &rate_step_record, .doc = "From when it is how much, rising." },
};
const struct yaml_record rate_record = YAML_RECORD("a rate", struct rate_terms, rate_fields);

static const struct yaml_field condition_fields[] = {
	{ .name = "event", .type = YF_NAME, .offset = AT(condition_terms, event), .required = true,
	    .doc = "A kind of event, on the day of the referral or before." },
	{ .name = "where", .type = YF_NODE, .offset = AT(condition_terms, where_node),
	    .doc = "What it must state." },
	{ .name = "lasts", .type = YF_DURATION, .offset = AT(condition_terms, lasts),
	    .doc = "Begun at least so long before the referral, and not ended before it." },
};
const struct yaml_record condition_record =
    YAML_RECORD("a condition", struct condition_terms, condition_fields);

/* --- spells */

static const struct yaml_field spell_fields[] = {
	{ .name = "spell", .type = YF_NAME, .offset = AT(spell_terms, name), .required = true,
	    .doc = "Its name, for rules." },
	{ .name = "event", .type = YF_NAME, .offset = AT(spell_terms, event), .required = true,
	    .doc = "The kind of event; its -confirmed and -ended belong to it." },
	{ .name = "where", .type = YF_NODE, .offset = AT(spell_terms, where_node),
	    .doc = "Attributes that it must have to begin, and to count." },
	{ .name = "later", .type = YF_NODE, .offset = AT(spell_terms, later_node),
	    .doc = "Attributes that count too, after a planned move; never as the first." },
	{ .name = "gap_days", DAYS(spell_terms, gap_days), .preset = "0",
	    .doc = "The longest gap that is allowed." },
	{ .name = "gap_exactly", .type = YF_ENUM, .offset = AT(spell_terms, gap_exactly),
	    .choices = gap_exactly_words, .preset = "allowed",
	    .doc = "A gap of exactly gap_days." },
	{ .name = "gap_total_days", DAYS(spell_terms, gap_total_days), .preset = "36600",
	    .doc = "All gaps of one spell together." },
	{ .name = "gap_within", .type = YF_ENUM, .offset = AT(spell_terms, gap_within),
	    .choices = gap_within_words, .preset = "counts",
	    .doc = "A gap that is allowed: the due date stays, or moves by the gap." },
	{ .name = "gap_longer", .type = YF_ENUM, .offset = AT(spell_terms, gap_longer),
	    .choices = gap_longer_words, .preset = "resets",
	    .doc = "A longer gap: a new spell may begin, or nothing more." },
	{ .name = "due_in_gap", .type = YF_ENUM, .offset = AT(spell_terms, due_in_gap),
	    .choices = due_in_gap_words, .preset = "on-return", .doc = "A due date inside a gap "
	    "that is allowed and counts: achieved on the day the person is back, or not at all." },
	{ .name = "moves", .type = YF_ENUM, .offset = AT(spell_terms, moves),
	    .choices = moves_words, .preset = "any",
	    .doc = "Which moves keep continuity: it belongs to the person, not the address." },
	{ .name = "risk", .type = YF_ENUM, .offset = AT(spell_terms, risk), .choices = risk_words,
	    .preset = "ignored", .doc = "none-known: no known risk of homelessness on the day." },
	{ .name = "one_at_a_time", .type = YF_BOOL, .offset = AT(spell_terms, one_at_a_time),
	    .preset = "no", .doc = "Who is in one such place is in no other." },
	{ .name = "overlap_days", DAYS(spell_terms, overlap_days), .preset = "7",
	    .doc = "Two agencies' days may differ by so many before they contradict each other." },
};
const struct yaml_record spell_record = YAML_RECORD("a spell", struct spell_terms, spell_fields);

/* --- parameters that several kinds have */

#define KIND { .name = "kind", .type = YF_NAME, .offset = AT(rule_terms, word), \
	.required = true, .doc = "Kind of rule." }
#define EVENT { .name = "event", .type = YF_NAME, .offset = AT(rule_terms, event), \
	.required = true, .doc = "The kind of event." }
#define EVENT_IS(preset_is) { .name = "event", .type = YF_NAME, \
	.offset = AT(rule_terms, event), .preset = preset_is, .doc = "The kind of event." }
#define WHERE { .name = "where", .type = YF_NODE, .offset = AT(rule_terms, where_node), \
	.doc = "Attributes that it must state." }
#define WHERE_RUNG { .name = "where", .type = YF_NODE, .offset = AT(rule_terms, where_node), \
	.doc = "For this rung other attributes than the spell's." }
#define SPELL_NAMED { .name = "spell", .type = YF_NAME, .offset = AT(rule_terms, spell), \
	.required = true, .doc = "Which of the version's spells." }
#define LASTS { .name = "lasts", .type = YF_DURATION, .offset = AT(rule_terms, lasts), \
	.required = true, .doc = "How long; months are counted from the start and clamped, half a " \
	"month is 15 days behind them." }
#define REACH { .name = "reach", .type = YF_ENUM, .offset = AT(rule_terms, reach), \
	.choices = reach_words, .preset = "at-least", \
	.doc = "Is exactly so much enough (at-least), or must it be more (exceeding)?" }
#define EXACTLY { .name = "exactly", .type = YF_ENUM, .offset = AT(rule_terms, exactly), \
	.choices = exactly_words, .preset = "undeclared", .doc = "Exactly the threshold of hours: " \
	"low or high.  There is no default: where hours are asked for, it must be declared." }
#define ALONGSIDE { .name = "alongside", .type = YF_ENUM, .offset = AT(rule_terms, alongside), \
	.choices = alongside_words, .preset = "highest", \
	.doc = "Hours of spells that run at once: of two records of one job the highest, or the sum." }
#define HOURS_ATTRIBUTE { .name = "attribute", .type = YF_NAME, \
	.offset = AT(rule_terms, attribute), .preset = "hours-per-week", \
	.doc = "The attribute that states hours a week." }
#define STARTS_WITH { .name = "starts_with", .type = YF_NAME, \
	.offset = AT(rule_terms, starts_with), \
	.doc = "Counted from the first event of this kind; absent: from the referral." }
#define CUT_BY { .name = "cut_by", .type = YF_NAMES, .offset = AT(rule_terms, cut_by), \
	.doc = "Kinds of event from whose day on nothing is counted: death, leaving the area, 18." }
#define COMPONENTS { .name = "components", .type = YF_ENUM, \
	.offset = AT(rule_terms, components), .choices = components_words, .preset = "achieved", \
	.doc = "A component counts once achieved, or only once verified." }
#define ALL_OF(need) { .name = "all_of", .type = YF_NAMES, \
	.offset = AT(rule_terms, all_of.names), .required = need, \
	.doc = "Outcomes, earlier in the file, each of which is needed." }
#define OF { .name = "of", .type = YF_NAMES, .offset = AT(rule_terms, of.names), \
	.required = true, .doc = "Outcomes, earlier in the file: who has any of them is counted." }
#define OUT_OF { .name = "out_of", .type = YF_NAME, .offset = AT(rule_terms, out_of), \
	.doc = "Out of those who have this outcome; absent: of those referred." }
#define AGREED { .name = "agreed", COUNT(rule_terms, agreed, 1), .unit = "units", \
	.doc = "Out of this agreed number instead." }
#define EVERY_PERIOD { .name = "every", .type = YF_ENUM, .offset = AT(rule_terms, every_period), \
	.choices = every_words, .preset = "once", \
	.doc = "Measured once for the whole contract, or by contract month, quarter or year." }
#define GATE_PAYS { .name = "pays", .type = YF_ENUM, .offset = AT(rule_terms, gate_pays), \
	.choices = gate_pays_words, .preset = "cliff", \
	.doc = "Below the rate: nothing (cliff), rate ÷ target of the price (linear), or by bands." }
#define GATE_BANDS_FIELD { .name = "bands", .type = YF_LIST, .offset = AT(rule_terms, bands), \
	.sub = &gate_band_record, .doc = "pays: bands: which rate earns which share." }
#define PART_PERIOD(preset_is) { .name = "part_period", .type = YF_ENUM, \
	.offset = AT(rule_terms, part_period), .choices = part_period_words, .preset = preset_is, \
	.doc = "A period that is not whole: by days, as a whole one, or nothing." }
#define SCORE_FIELDS \
	EVENT_IS("score"), \
	{ .name = "instrument", .type = YF_NAME, .offset = AT(rule_terms, instrument), \
	    .required = true, .doc = "The instrument: wemwbs, ucla-4, well-being-star." }, \
	{ .name = "instrument_version", .type = YF_NAME, \
	    .offset = AT(rule_terms, instrument_version), .doc = "Its version; absent: the " \
	    "baseline's own.  Readings of two versions are never compared." }, \
	{ .name = "domain", .type = YF_NAME, .offset = AT(rule_terms, domain), \
	    .doc = "One domain of it; absent: readings that state none." }, \
	{ .name = "attribute", .type = YF_NAME, .offset = AT(rule_terms, attribute), \
	    .preset = "score", .doc = "The attribute that states the score." }, \
	{ .name = "direction", .type = YF_ENUM, .offset = AT(rule_terms, direction), \
	    .choices = direction_words, .required = true, \
	    .doc = "up or down: which way is better." }, \
	{ .name = "follow_up", .type = YF_ENUM, .offset = AT(rule_terms, follow_up), \
	    .choices = follow_up_words, .required = true, .doc = "Of several later readings the " \
	    "first or the last.  There is no default: it must be declared." }, \
	{ .name = "baseline_within", .type = YF_DURATION, \
	    .offset = AT(rule_terms, baseline_within), .doc = "The baseline is the first scorable " \
	    "reading; it must be before so long after the referral.  Absent: no limit." }, \
	{ .name = "apart", .type = YF_DURATION, .offset = AT(rule_terms, apart), \
	    .doc = "A follow-up is at least so long after the baseline; exactly is enough." }, \
	{ .name = "on_service", .type = YF_DURATION, .offset = AT(rule_terms, on_service), \
	    .doc = "A follow-up is at least so long after the referral; exactly is enough." }, \
	{ .name = "follow_up_within", .type = YF_DURATION, \
	    .offset = AT(rule_terms, follow_up_within), \
	    .doc = "A follow-up is before so long after the baseline.  Absent: no limit." }, \
	{ .name = "missing_items", .type = YF_INT, .offset = AT(rule_terms, missing_items), \
	    .min = 0, .max = 1000, .preset = "0", .unit = "items", \
	    .doc = "A reading with more missing items is not scorable." }

/* --- the kinds */

static const struct yaml_field event_once_fields[] = {
	KIND, EVENT, WHERE,
	{ .name = "move", .type = YF_ENUM, .offset = AT(rule_terms, move), .choices = move_words,
	    .preset = "any", .doc = "Any event that fits, or only the first of its kind." },
	{ .name = "risk", .type = YF_ENUM, .offset = AT(rule_terms, risk), .choices = risk_words,
	    .preset = "ignored", .doc = "none-known, as of a spell." },
	{ .name = "one_at_a_time", .type = YF_BOOL, .offset = AT(rule_terms, one_at_a_time),
	    .preset = "no", .doc = "As of a spell." },
	{ .name = "overlap_days", DAYS(rule_terms, overlap_days), .preset = "7",
	    .doc = "As of a spell." },
	{ .name = "after", .type = YF_NAME, .offset = AT(rule_terms, after),
	    .doc = "The outcome, earlier in the file, that must have come before." },
	{ .name = "apart_days", DAYS(rule_terms, apart_days), .preset = "0",
	    .doc = "At least so many days after it." },
};

static const struct yaml_field spell_rule_fields[] = { KIND, SPELL_NAMED, LASTS, WHERE_RUNG };

static const struct yaml_field spell_excluding_fields[] = {
	KIND, SPELL_NAMED, LASTS, WHERE_RUNG,
	{ .name = "excluding", .type = YF_NAMES, .offset = AT(rule_terms, excluding),
	    .required = true, .doc = "Calendars whose days are not counted: the due date moves." },
	{ .name = "gap_in_calendar", .type = YF_ENUM, .offset = AT(rule_terms, gap_in_calendar),
	    .choices = gap_in_calendar_words, .preset = "ignored",
	    .doc = "Days of a gap that are in the calendar: no gap at all, or days like others." },
};

static const struct yaml_field weeks_fields[] = {
	KIND, EVENT, WHERE,
	{ .name = "weeks", .required = true, WEEKS(rule_terms, weeks),
	    .doc = "k: so many weeks that count." },
	{ .name = "within", .required = true, WEEKS(rule_terms, within_weeks),
	    .doc = "n: within any so many weeks in a row." },
	{ .name = "hours", .type = YF_DECIMAL, .offset = AT(rule_terms, hours), .min = 0,
	    .max = INT64_C(168) * 1000000, .unit = "hours a week",
	    .doc = "A week counts with so many hours; absent: with whole days of the spell." },
	EXACTLY,
	{ .name = "hours_from", .type = YF_ENUM, .offset = AT(rule_terms, hours_from),
	    .choices = hours_from_words, .preset = "contracted", .doc = "contracted: what spells "
	    "state a week.  worked: the sum of what records of the week state." },
	HOURS_ATTRIBUTE, ALONGSIDE,
	{ .name = "part_week", .type = YF_ENUM, .offset = AT(rule_terms, part_week),
	    .choices = part_week_words, .preset = "pro-rata", .doc = "A spell that covers a part of "
	    "a week: its hours by days of seven (without hours all seven), or any day is enough." },
	{ .name = "weeks_from", .type = YF_ENUM, .offset = AT(rule_terms, weeks_from),
	    .choices = weeks_from_words, .preset = "start",
	    .doc = "Week 1 begins on the first day that counts, or on that week's Monday." },
	{ .name = "achieved_on", .type = YF_ENUM, .offset = AT(rule_terms, achieved_on),
	    .choices = achieved_on_words, .preset = "last-day",
	    .doc = "The last day of the week that completes k, or the day after it." },
};

static const struct yaml_field cumulative_days_fields[] = {
	KIND,
	{ .name = "events", .type = YF_NAMES, .offset = AT(rule_terms, events), .required = true,
	    .doc = "Kinds of event whose spells are counted." },
	WHERE,
	{ .name = "days", .required = true, COUNT(rule_terms, days, 1), .unit = "days",
	    .doc = "So many in all." },
	{ .name = "concurrent", .type = YF_ENUM, .offset = AT(rule_terms, concurrent),
	    .choices = concurrent_words, .preset = "once",
	    .doc = "A day in two spells counts once, or in each." },
	{ .name = "mix", .type = YF_BOOL, .offset = AT(rule_terms, mix), .preset = "no",
	    .doc = "May days of different kinds be added?  no: the kind that gets there first." },
	{ .name = "within", .type = YF_DURATION, .offset = AT(rule_terms, within),
	    .doc = "Only days before so long after the start; absent: all." },
	{ .name = "within_from", .type = YF_ENUM, .offset = AT(rule_terms, within_from),
	    .choices = counted_from_words, .preset = "referral",
	    .doc = "From the referral, or from the first day that counts." },
};

static const struct yaml_field cumulative_amount_fields[] = {
	KIND, EVENT_IS("earnings"), WHERE,
	{ .name = "except", .type = YF_NODE, .offset = AT(rule_terms, except_node),
	    .doc = "Items that are not counted, by attributes: {item: [expenses]}." },
	{ .name = "attribute", .type = YF_NAME, .offset = AT(rule_terms, attribute),
	    .preset = "amount", .doc = "The attribute that states the amount, in major units." },
	{ .name = "at_least", MAJOR(rule_terms, at_least),
	    .doc = "The amount; or 'rate' and 'times' instead." },
	{ .name = "rate", .type = YF_NAME, .offset = AT(rule_terms, rate),
	    .doc = "One of the contract's rates: the amount is 'times' of it." },
	{ .name = "times", .type = YF_DECIMAL, .offset = AT(rule_terms, times), .min = 0,
	    .max = INT64_C(1000000) * 1000000, .doc = "How often: 16 h × 26 weeks is 416." },
	{ .name = "rate_on", .type = YF_ENUM, .offset = AT(rule_terms, rate_on),
	    .choices = rate_on_words, .preset = "start",
	    .doc = "The rate in force at the window's start, or on the day it is reached." },
	REACH,
	{ .name = "within", .type = YF_DURATION, .offset = AT(rule_terms, within),
	    .doc = "The window, half-open; absent: no end." },
	{ .name = "within_from", .type = YF_ENUM, .offset = AT(rule_terms, within_from),
	    .choices = counted_from_words, .preset = "referral",
	    .doc = "The window starts with the referral, or with the first record that counts." },
};

static const struct yaml_field recurring_fields[] = {
	KIND, SPELL_NAMED,
	{ .name = "after", .type = YF_NAME, .offset = AT(rule_terms, after), .required = true,
	    .doc = "The gate: an outcome, earlier in the file, from whose day on periods count." },
	{ .name = "every", .type = YF_DURATION, .offset = AT(rule_terms, every), .required = true,
	    .doc = "Length of a period." },
	{ .name = "most", .type = YF_INT, .offset = AT(rule_terms, most), .required = true,
	    .min = 1, .max = RULES_ORDINALS_MAX, .unit = "payments", .doc = "At most so many." },
	{ .name = "periods", .type = YF_ENUM, .offset = AT(rule_terms, periods),
	    .choices = periods_words, .preset = "cumulative", .doc = "cumulative: a period is "
	    "complete after so many days in the spell, gaps only delay it.  fixed: periods follow "
	    "each other from the gate; one with a day missing is not paid." },
	{ .name = "claimable_working_days", .type = YF_INT,
	    .offset = AT(rule_terms, claimable_working_days), .min = 0, .max = 400, .preset = "0",
	    .unit = "working days", .doc = "Claimable so many working days after the period." },
	{ .name = "excluding", .type = YF_NAMES, .offset = AT(rule_terms, excluding),
	    .doc = "Calendars of bank holidays: no working days, beside Saturdays and Sundays." },
};

static const struct yaml_field intensity_band_fields[] = {
	KIND, SPELL_NAMED, LASTS, HOURS_ATTRIBUTE,
	{ .name = "bands", .type = YF_LIST, .offset = AT(rule_terms, bands), .required = true,
	    .sub = &band_record, .doc = "From the lowest to the highest." },
	EXACTLY,
	{ .name = "hours", .type = YF_ENUM, .offset = AT(rule_terms, band_hours),
	    .choices = band_hours_words, .preset = "undeclared", .doc = "Hours that change within "
	    "the spell: the lowest, the average, or those of the week that ends with the "
	    "milestone.  There is no default: it must be declared." },
	ALONGSIDE,
	{ .name = "upgrade", .type = YF_ENUM, .offset = AT(rule_terms, upgrade),
	    .choices = upgrade_words, .preset = "difference", .doc = "A higher band reached later: "
	    "its price takes the place of the lower one, so the difference is paid; or no change." },
};

static const struct yaml_field score_change_fields[] = {
	KIND, SCORE_FIELDS,
	{ .name = "change", .type = YF_DECIMAL, .offset = AT(rule_terms, at_least),
	    .required = true, .min = 0, .max = MAJOR_MAX, .unit = "points",
	    .doc = "So much better than the baseline; 0 with 'reach: exceeding': any gain." },
	REACH,
	{ .name = "pays", .type = YF_ENUM, .offset = AT(rule_terms, score_pays),
	    .choices = score_pays_words, .preset = "once",
	    .doc = "Once it is reached the price; or the price is of a point of the change." },
};

static const struct yaml_field baseline_days_fields[] = {
	KIND, EVENT, WHERE,
	{ .name = "over", .type = YF_DURATION, .offset = AT(rule_terms, lasts), .required = true,
	    .doc = "How long each is followed." },
	STARTS_WITH, CUT_BY,
	{ .name = "baseline", PERCENT(rule_terms, baseline),
	    .doc = "Days expected, of all days followed; or 'rate' instead." },
	{ .name = "rate", .type = YF_NAME, .offset = AT(rule_terms, rate),
	    .doc = "One of the contract's rates: the baseline, with its source." },
	{ .name = "counts", .type = YF_ENUM, .offset = AT(rule_terms, tracked),
	    .choices = tracked_words, .preset = "complete",
	    .doc = "Those followed to the end, or everybody so far as feeds are complete." },
};

static const struct yaml_field comparison_fields[] = {
	KIND, EVENT, WHERE,
	{ .name = "attribute", .type = YF_NAME, .offset = AT(rule_terms, attribute),
	    .doc = "Compare the sum of this number, a cost, instead of how many events." },
	{ .name = "over", .type = YF_DURATION, .offset = AT(rule_terms, lasts), .required = true,
	    .doc = "How long each is followed, half-open." },
	STARTS_WITH,
	{ .name = "cohorts", .type = YF_LIST, .offset = AT(rule_terms, cohorts), .required = true,
	    .sub = &cohort_part_record, .doc = "Cohorts and their comparison groups." },
	{ .name = "pooled", PERCENT(rule_terms, pooled), .doc = "A reduction of so much, all "
	    "cohorts together, pays for each; comparison figures are weighted to the cohorts' "
	    "sizes.  Decided once all are followed to the end." },
	{ .name = "early", PERCENT(rule_terms, early),
	    .doc = "A reduction of so much in one cohort pays for it without waiting." },
	REACH,
};

static const struct yaml_field non_occurrence_fields[] = {
	KIND, EVENT, WHERE,
	{ .name = "lasts", .type = YF_DURATION, .offset = AT(rule_terms, lasts), .required = true,
	    .doc = "The window, half-open; it counts once feeds are complete through its last day "
	    "and the outcome's 'lag'." },
	STARTS_WITH,
	{ .name = "after", .type = YF_NAME, .offset = AT(rule_terms, after),
	    .doc = "Or counted from the day of this outcome, earlier in the file." },
};

static const struct yaml_field rate_gate_fields[] = {
	KIND, OF, OUT_OF, AGREED,
	{ .name = "at_least", .required = true, PERCENT(rule_terms, at_least),
	    .doc = "The rate; exactly so much is enough unless 'reach: exceeding'." },
	REACH, GATE_PAYS, GATE_BANDS_FIELD, EVERY_PERIOD,
};

static const struct yaml_field assessment_fields[] = {
	KIND, EVENT_IS("assessment"), WHERE,
	{ .name = "stage", .type = YF_INT, .offset = AT(rule_terms, stage), .min = 1, .max = 9,
	    .doc = "Which one; absent: any." },
	{ .name = "after", .type = YF_NAME, .offset = AT(rule_terms, after),
	    .doc = "The outcome, earlier in the file, that must have come before." },
	{ .name = "apart_days", DAYS(rule_terms, apart_days), .preset = "0",
	    .doc = "At least so many days after it." },
};

static const struct yaml_field tiered_fields[] = {
	KIND, EVENT_IS("qualification"), WHERE,
	{ .name = "attribute", .type = YF_NAME, .offset = AT(rule_terms, attribute),
	    .preset = "level", .doc = "The attribute that states the tier." },
	{ .name = "tiers", .type = YF_LIST, .offset = AT(rule_terms, tiers), .required = true,
	    .sub = &tier_record, .doc = "From the lowest to the highest; ordinal 1 is the lowest." },
	{ .name = "pays", .type = YF_ENUM, .offset = AT(rule_terms, tiers_pay),
	    .choices = tiers_pay_words, .preset = "each", .doc = "Each tier once, the highest only, "
	    "or what a higher one is worth more than those before it." },
};

static const struct yaml_field split_fields[] = {
	KIND,
	{ .name = "parts", .type = YF_LIST, .offset = AT(rule_terms, parts), .required = true,
	    .sub = &part_record, .doc = "In order; ordinal 1 is the first." },
};

static const struct yaml_field goal_count_fields[] = {
	KIND, EVENT_IS("goal"), WHERE,
	{ .name = "attribute", .type = YF_NAME, .offset = AT(rule_terms, attribute),
	    .preset = "goal", .doc = "Tells one goal from another: each counts once.  Records that "
	    "do not state it are goals of their own." },
	{ .name = "most", .type = YF_INT, .offset = AT(rule_terms, most), .required = true,
	    .min = 1, .max = RULES_ORDINALS_MAX, .unit = "goals", .doc = "At most so many count." },
};

static const struct yaml_field n_of_m_fields[] = {
	KIND, ALL_OF(false),
	{ .name = "any_of", .type = YF_NAMES, .offset = AT(rule_terms, any_of.names),
	    .doc = "Outcomes, earlier in the file, of which some are needed." },
	{ .name = "at_least", .type = YF_INT, .offset = AT(rule_terms, any_least), .min = 0,
	    .max = RULE_OF_MAX, .preset = "0", .doc = "How many of 'any_of' are needed." },
	{ .name = "up_to", .type = YF_INT, .offset = AT(rule_terms, any_most), .min = 0,
	    .max = RULE_OF_MAX, .preset = "16", .doc = "How many of 'any_of' are counted." },
	COMPONENTS,
};

static const struct yaml_field price_step_fields[] = {
	{ .name = "from", .type = YF_DATE, .offset = AT(price_step_terms, from), .required = true,
	    .doc = "For what is achieved from this day on." },
	{ .name = "price", .required = true, MAJOR(price_step_terms, price_millionths),
	    .doc = "Price of one." },
};
static const struct yaml_record price_step_record =
    YAML_RECORD("a price from a day on", struct price_step_terms, price_step_fields);

static const struct yaml_field accelerator_fields[] = {
	{ .name = "past", .required = true, COUNT(accelerator_terms, past, 1), .unit = "outcomes",
	    .doc = "So many at the price; those after them at this one." },
	{ .name = "price", .required = true, MAJOR(accelerator_terms, price_millionths),
	    .doc = "Price of one." },
};
static const struct yaml_record accelerator_record =
    YAML_RECORD("an accelerator", struct accelerator_terms, accelerator_fields);

static const struct yaml_field price_fields[] = {
	{ .name = "kind", .type = YF_NAME, .offset = AT(price_terms, word),
	    .preset = "price-function", .doc = "Kind of rule; may be left out." },
	{ .name = "base", .required = true, MAJOR(price_terms, base_millionths),
	    .doc = "Price of one." },
	{ .name = "steps", .type = YF_LIST, .offset = AT(price_terms, steps),
	    .sub = &price_step_record, .doc = "Other prices from a day on: by the day achieved." },
	{ .name = "discount", .type = YF_DECIMAL, .offset = AT(price_terms, discount), .min = 0,
	    .max = INT64_C(100) * 1000000, .preset = "0", .unit = "per cent",
	    .doc = "Discount bid on the price." },
	{ .name = "less_deadweight", .type = YF_BOOL, .offset = AT(price_terms, less_deadweight),
	    .preset = "no", .doc = "Take off the outcome's deadweight, as its 'worth' states it." },
	{ .name = "index", .type = YF_NAME, .offset = AT(price_terms, index),
	    .doc = "One of the contract's rates, as an index: the price moves with it." },
	{ .name = "index_from", .type = YF_DATE, .offset = AT(price_terms, index_from),
	    .doc = "The day whose index number the price was set at." },
	{ .name = "accelerator", .type = YF_LIST, .offset = AT(price_terms, accelerator),
	    .sub = &accelerator_record, .doc = "Another price past a volume, by settle()." },
};
const struct yaml_record price_record = YAML_RECORD("a price", struct price_terms, price_fields);

static const struct yaml_field worth_fields[] = {
	{ .name = "deadweight", PERCENT(worth_terms, deadweight),
	    .doc = "What would have happened anyway." },
	{ .name = "attribution", PERCENT(worth_terms, attribution),
	    .doc = "How sure it is that the service caused it." },
	{ .name = "unit_cost", MAJOR(worth_terms, unit_cost_millionths),
	    .doc = "What one is worth to the public." },
	{ .name = "price_year", .type = YF_INT, .offset = AT(worth_terms, price_year), .min = 1990,
	    .max = 2100, .doc = "In prices of this year." },
	{ .name = "range", .type = YF_TEXT, .offset = AT(worth_terms, range), .doc = "Its range." },
	{ .name = "source", .type = YF_TEXT, .offset = AT(worth_terms, source), .required = true,
	    .doc = "Where the figures are from; 'none stated' where nobody says." },
};
const struct yaml_record worth_record = YAML_RECORD("a worth", struct worth_terms, worth_fields);

static const struct yaml_field payer_fields[] = {
	{ .name = "payer", .type = YF_TEXT, .offset = AT(payer_terms, payer), .required = true,
	    .doc = "Name of one of the parties." },
	{ .name = "share", .required = true, PERCENT(payer_terms, share),
	    .doc = "Its share; all together are 100." },
};
const struct yaml_record payer_record = YAML_RECORD("a payer", struct payer_terms, payer_fields);

static const struct yaml_field cap_fields[] = {
	{ .name = "cap", .type = YF_ENUM, .offset = AT(cap_terms, cap), .required = true,
	    .choices = cap_words, .doc = "Of what." },
	{ .name = "outcomes", .type = YF_NAMES, .offset = AT(cap_terms, outcomes),
	    .doc = "Of these outcomes together; absent: of all." },
	{ .name = "band", .type = YF_NAME, .offset = AT(cap_terms, band),
	    .doc = "volume: only those of this band or tier." },
	{ .name = "payer", .type = YF_TEXT, .offset = AT(cap_terms, payer),
	    .doc = "payer: whose." },
	{ .name = "most", COUNT(cap_terms, most, 0), .unit = "outcomes",
	    .doc = "volume: at most so many." },
	{ .name = "amount", MAJOR(cap_terms, amount_millionths),
	    .doc = "At most so much money; not of a volume." },
	{ .name = "every", .type = YF_ENUM, .offset = AT(cap_terms, every), .choices = every_words,
	    .preset = "year", .doc = "period: by contract month, quarter or year." },
	{ .name = "last", .type = YF_ENUM, .offset = AT(cap_terms, last), .choices = last_words,
	    .preset = "part", .doc = "The one that would pass the cap: paid in part, or not at "
	    "all (whole)." },
};
const struct yaml_record cap_record = YAML_RECORD("a cap", struct cap_terms, cap_fields);

static const struct yaml_field delivery_fee_fields[] = {
	KIND,
	{ .name = "value", .required = true, MAJOR(rule_terms, value_millionths),
	    .doc = "Contract value that the fee is a share of." },
	{ .name = "share", .preset = "100", PERCENT(rule_terms, share),
	    .doc = "Share of it that is paid as a fee." },
	{ .name = "from", .type = YF_DATE, .offset = AT(rule_terms, from), .required = true,
	    .doc = "First day." },
	{ .name = "until", .type = YF_DATE, .offset = AT(rule_terms, until), .required = true,
	    .doc = "Last day, which counts too." },
	{ .name = "every", .type = YF_ENUM, .offset = AT(rule_terms, every_period),
	    .choices = every_words, .preset = "month", .doc = "Paid by contract month, quarter, "
	    "year, or once at the end." },
	PART_PERIOD("days"),
};

static const struct yaml_field capitation_fields[] = {
	KIND,
	{ .name = "every", .type = YF_ENUM, .offset = AT(rule_terms, every_period),
	    .choices = every_words, .preset = "month", .doc = "By calendar month, quarter or year." },
	{ .name = "most", .type = YF_INT, .offset = AT(rule_terms, most), .required = true,
	    .min = 1, .max = RULES_ORDINALS_MAX, .unit = "periods", .doc = "At most so many." },
	STARTS_WITH,
	{ .name = "cut_by", .type = YF_NAMES, .offset = AT(rule_terms, cut_by),
	    .doc = "Kinds of event with which one leaves; that day no longer counts." },
	PART_PERIOD("days"),
};

static const struct yaml_field bundle_fields[] = { KIND, ALL_OF(true), COMPONENTS };

static const struct yaml_field mean_change_fields[] = {
	KIND, SCORE_FIELDS,
	{ .name = "target", .type = YF_DECIMAL, .offset = AT(rule_terms, target), .required = true,
	    .min = 0, .max = MAJOR_MAX, .unit = "points", .doc = "Mean gain that pays." },
	REACH,
	{ .name = "min_pairs", COUNT(rule_terms, min_pairs, 1), .preset = "1", .unit = "pairs",
	    .doc = "Completed pairs without which nothing is paid." },
	{ .name = "min_completion", .preset = "0", PERCENT(rule_terms, min_rate),
	    .doc = "Pairs out of those eligible: on the service for 'on_service'." },
};

static const struct yaml_field rising_target_fields[] = {
	KIND, OF, OUT_OF, AGREED,
	{ .name = "steps", .type = YF_LIST, .offset = AT(rule_terms, steps), .required = true,
	    .sub = &step_record, .doc = "The target from a day on, or past a volume." },
	REACH, GATE_PAYS, GATE_BANDS_FIELD, EVERY_PERIOD,
};

#define RECORD(word, fields) \
	static const struct yaml_record fields##_record = \
	    YAML_RECORD("a rule of kind '" word "'", struct rule_terms, fields)
RECORD("event-once", event_once_fields);
RECORD("spell", spell_rule_fields);
RECORD("spell-excluding", spell_excluding_fields);
RECORD("k-of-n-weeks", weeks_fields);
RECORD("cumulative-days", cumulative_days_fields);
RECORD("cumulative-amount", cumulative_amount_fields);
RECORD("recurring", recurring_fields);
RECORD("intensity-band", intensity_band_fields);
RECORD("score-change", score_change_fields);
RECORD("days-against-baseline", baseline_days_fields);
RECORD("comparison-group", comparison_fields);
RECORD("non-occurrence", non_occurrence_fields);
RECORD("rate-gate", rate_gate_fields);
RECORD("assessment", assessment_fields);
RECORD("tiered-qualification", tiered_fields);
RECORD("split", split_fields);
RECORD("goal-count", goal_count_fields);
RECORD("n-of-m", n_of_m_fields);
RECORD("delivery-fee", delivery_fee_fields);
RECORD("capitation", capitation_fields);
RECORD("bundle", bundle_fields);
RECORD("mean-change", mean_change_fields);
RECORD("rising-target", rising_target_fields);

#define DEF(NAME, record_is, title_is, says_is, example_is, runs_is) \
	[RULE_##NAME] = { .title = title_is, .says = says_is, .example = example_is, \
		.record = &record_is, .runs = runs_is }

static const struct rule_kind_def defs[RULE_KIND_COUNT] = {
	DEF(EVENT_ONCE, event_once_fields_record, "Event, once",
	    "Something happened, once a person.",
	    "{kind: event-once, event: accommodation, where: {setting: [own-tenancy]}}", true),
	DEF(SPELL, spell_rule_fields_record, "Continuous spell",
	    "It lasted: a rung of a ladder.", "{kind: spell, spell: home, lasts: 3 months}", true),
	DEF(SPELL_EXCLUDING, spell_excluding_fields_record, "Continuous spell, excluding a calendar",
	    "It lasted, days of a calendar not counted.",
	    "{kind: spell-excluding, spell: school, lasts: 13 weeks, excluding: [school-holidays]}",
	    true),
	DEF(WEEKS, weeks_fields_record, "k of n weeks",
	    "So many weeks that count, within so many in a row.",
	    "{kind: k-of-n-weeks, event: employment, weeks: 13, within: 16, hours: 7, exactly: high}",
	    true),
	DEF(CUMULATIVE_DAYS, cumulative_days_fields_record, "Cumulative days",
	    "So many days in all: the union of intervals.",
	    "{kind: cumulative-days, events: [self-employment], days: 182}", true),
	DEF(CUMULATIVE_AMOUNT, cumulative_amount_fields_record, "Cumulative amount in a window",
	    "So much in all within a window.",
	    "{kind: cumulative-amount, rate: adult-wage, times: 416, within: 638 days}", true),
	DEF(RECURRING, recurring_fields_record, "Recurring period after a gate",
	    "Another payment for each further period, up to so many.",
	    "{kind: recurring, spell: job, after: job-26, every: 4 weeks, most: 26}", true),
	DEF(INTENSITY_BAND, intensity_band_fields_record, "Intensity band",
	    "It lasted, and the price depends on hours a week.",
	    "{kind: intensity-band, spell: job, lasts: 1.5 months, exactly: high, hours: lowest, "
	    "bands: [{band: under-16, below: 16, price: 400.00}, {band: over-16, price: 500.00}]}",
	    true),
	DEF(SCORE_CHANGE, score_change_fields_record, "Change of score, a person",
	    "A score became better by so much.",
	    "{kind: score-change, instrument: ucla-4, direction: down, follow_up: last, change: 0, "
	    "reach: exceeding}", true),
	DEF(BASELINE_DAYS, baseline_days_fields_record, "Days against a baseline, cohort",
	    "Fewer days than a baseline expects: paid a day saved.",
	    "{kind: days-against-baseline, event: care, over: 30 months, baseline: 55}", true),
	DEF(COMPARISON, comparison_fields_record, "Cohort against comparison group",
	    "Fewer events than in a comparison group.",
	    "{kind: comparison-group, event: reconviction, over: 12 months, pooled: 7.5, early: 10, "
	    "cohorts: [{cohort: one, from: 2010-09-01, until: 2012-08-31, comparison: 155}]}", true),
	DEF(NON_OCCURRENCE, non_occurrence_fields_record, "Non-occurrence",
	    "It did not happen, and all who would have reported it are complete.",
	    "{kind: non-occurrence, event: reconviction, lasts: 12 months}", true),
	DEF(RATE_GATE, rate_gate_fields_record, "Cohort rate gate",
	    "Paid if so many of the cohort did it.",
	    "{kind: rate-gate, of: [positive], at_least: 80, every: year}", true),
	DEF(ASSESSMENT, assessment_fields_record, "Assessment or engagement fee",
	    "A fee for an assessment or an engagement.",
	    "{kind: assessment, stage: 2, after: assessment-1, apart_days: 28}", true),
	DEF(TIERED, tiered_fields_record, "Tiered qualification",
	    "Levels: each once, the highest only, or the difference.",
	    "{kind: tiered-qualification, pays: difference, tiers: [{tier: level-1, price: 700.00}, "
	    "{tier: level-2, price: 1100.00}]}", true),
	DEF(SPLIT, split_fields_record, "Split in time",
	    "One price in parts, each with an outcome of its own.",
	    "{kind: split, parts: [{on: placed, share: 50}, {on: kept-3, share: 50}, "
	    "{on: kept-6, bonus: 100.00}]}", true),
	DEF(GOAL_COUNT, goal_count_fields_record, "Goal count with a cap",
	    "Each goal counts, up to so many.",
	    "{kind: goal-count, where: {progress: [improved]}, most: 4}", true),
	DEF(N_OF_M, n_of_m_fields_record, "N of M compound",
	    "All of some outcomes and so many of others.",
	    "{kind: n-of-m, all_of: [independence, health], any_of: [income, safety], at_least: 1}",
	    true),
	DEF(PRICE_FUNCTION, price_record, "Price function",
	    "A price by date, discount, index and volume: stands under 'price'.",
	    "{base: 1000.00, discount: 5, index: cpi, index_from: 2015-04-01}", true),
	DEF(DELIVERY_FEE, delivery_fee_fields_record, "Delivery fee",
	    "A share of the contract value, period by period.",
	    "{kind: delivery-fee, value: 120000.00, share: 30, from: 2026-01-01, until: 2026-12-31}",
	    true),
	DEF(CAPITATION, capitation_fields_record, "Capitation",
	    "A sum a person a period, while they are on the programme.",
	    "{kind: capitation, every: month, most: 24, cut_by: [exit]}", true),
	DEF(BUNDLE, bundle_fields_record, "Bundle",
	    "One price for a set of outcomes.", "{kind: bundle, all_of: [housed, in-work]}", true),
	DEF(MEAN_CHANGE, mean_change_fields_record, "Change of mean, cohort",
	    "The mean gain of completed pairs reaches a target.",
	    "{kind: mean-change, instrument: well-being-star, direction: up, follow_up: first, "
	    "on_service: 6 months, target: 1.5}", true),
	DEF(RISING_TARGET, rising_target_fields_record, "Rising target",
	    "A rate gate whose threshold steps up.",
	    "{kind: rising-target, of: [kept-3], every: year, steps: [{from: 2026-01-01, "
	    "at_least: 50}, {from: 2027-01-01, at_least: 60}]}", true),
};

#define RULE_WORD(name, word, number, scope) word,
static const char *const words[] = { RULE_KINDS(RULE_WORD) NULL };
#define RULE_NUMBER(name, word, number, scope) number,
static const int numbers[] = { RULE_KINDS(RULE_NUMBER) };
#define RULE_SCOPE(name, word, number, scope) scope,
static const enum rule_scope scopes[] = { RULE_KINDS(RULE_SCOPE) };

const struct rule_kind_def *
rule_kind_def(enum rule_kind kind)
{
	return &defs[kind];
}

const char *
rule_kind_word(enum rule_kind kind)
{
	return words[kind];
}

int
rule_kind_number(enum rule_kind kind)
{
	return numbers[kind];
}

enum rule_scope
rule_kind_scope(enum rule_kind kind)
{
	return scopes[kind];
}

bool
rule_kind_find(struct span word, enum rule_kind *kind)
{
	for (int i = 0; i < RULE_KIND_COUNT; i++)
		if (span_is(word, words[i])) {
			*kind = (enum rule_kind)i;
			return true;
		}
	return false;
}

size_t
rule_kind_words(const char *const **out)
{
	*out = words;
	return RULE_KIND_COUNT;
}
