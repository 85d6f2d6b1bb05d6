/*
 * rules - a contract's terms as evaluate() walks them.
 *
 *	contract ─ versions ─┬─ cohort      who is paid for
 *	                     ├─ spells      what may count as one continuous spell, once
 *	                     └─ outcomes    rule ─ evidence ─ price ─ windows
 *
 * Filled by contract.c from YAML; what is missing was set to its documented
 * default there, so that nothing below asks "was it written?".  Spans borrow
 * from the contract.
 */
#ifndef OUTTURN_RULES_H
#define OUTTURN_RULES_H

#include "common/arena.h"
#include "common/duration.h"
#include "common/hash.h"
#include "common/yaml.h"
#include "transform/milestone/contract.h"

enum {
	RULES_VERSIONS_MAX = 64,
	RULES_OUTCOMES_MAX = 64,  /* of one version */
	RULES_SPELLS_MAX = 64,    /* of one version, with those that rules make */
	RULES_PARTIES_MAX = 32,
	RULES_PAYERS_MAX = 8,     /* of one outcome */
	RULES_NO_LIMIT_DAYS = 36600, /* as good as none */
	RULES_AGE_MAX = 150,
	RULES_NAME_BYTES = 64,    /* of a contract's, an outcome's name */
	RULES_ORDINALS_MAX = 120, /* of one outcome of one unit */
	RULES_IDS_MAX = 1024,     /* outcome ids of one unit, all ordinals */
	RULES_WEEKS_MAX = 520,
	RULES_PERIODS_MAX = 480,  /* of a fee or a gate: months of 40 years */
};

/* --- what an event must say of itself: `where:` */

struct filter_value {
	bool is_number;
	int64_t number; /* millionths */
	struct span text;
};

struct filter_term {
	struct span attribute;
	struct filter_value *values; /* any of them; none: the bounds alone */
	uint32_t n;
	int64_t at_least, below;     /* millionths; half-open */
};

struct filter {
	struct filter_term *terms;   /* all of them */
	uint32_t n;
};

/* --- evidence */

enum provider_alone { PROVIDER_ALONE_NEVER, PROVIDER_ALONE_ALLOWED };

struct evidence_terms {
	struct yaml_at at;
	struct yaml_texts from;   /* roles; none: anyone */
	struct yaml_texts types;  /* evidence types; none: any */
	struct yaml_texts kinds;  /* other kinds of event that prove it, too */
	struct yaml_texts decisions; /* signed decisions about it, each of which is needed */
	int32_t agencies;         /* independent organisations */
	int32_t provider_alone;   /* enum provider_alone */
	int32_t fresh_days;       /* a fact may speak of so many days before the day judged */
	int32_t same_days;        /* records so near each other speak of one event */
	int32_t engaged_days;     /* seen by the service no longer before; RULES_NO_LIMIT_DAYS: any */
};

/* --- data that changes with time: calendars, rates, index numbers */

struct closed_terms {              /* a holiday, a closure; both days are closed */
	struct yaml_at at;
	date_t from, to;           /* to absent: one day */
	struct span says;
};

struct calendar_terms {            /* at.key: its name */
	struct yaml_at at;
	struct span source;
	struct yaml_list closed;   /* struct closed_terms */
	/* compiled */
	struct span name;
	struct closed_terms *days; /* by from */
	uint32_t days_n;
};

struct rate_step_terms {
	struct yaml_at at;
	date_t from;
	int64_t is;                /* millionths */
	struct span source;
};

struct rate_terms {                /* at.key: its name */
	struct yaml_at at;
	struct span unit, source;
	struct yaml_list steps;    /* struct rate_step_terms, rising */
	struct span name;          /* compiled */
};

/* --- spells */

enum gap_exactly { GAP_EXACTLY_ALLOWED, GAP_EXACTLY_NOT };
enum gap_within { GAP_COUNTS, GAP_PAUSES };
enum gap_longer { GAP_RESETS, GAP_FAILS };
enum due_in_gap { DUE_ON_RETURN, DUE_NEVER };
enum moves { MOVES_ANY, MOVES_PLANNED, MOVES_NONE };
enum risk { RISK_IGNORED, RISK_NONE_KNOWN };

struct spell_terms {
	struct yaml_at at;
	struct span name, event;
	struct span confirmed, ended;      /* the kinds beside `event` */
	const struct yaml *where_node, *later_node;
	struct filter where, later;        /* later: counts too, after a planned move */
	int32_t gap_days, gap_total_days;  /* exactly so many are allowed */
	int32_t gap_exactly;               /* compiled into gap_days */
	int32_t gap_within, gap_longer, due_in_gap, moves, risk;
	bool one_at_a_time;                /* who is in one such place is in no other */
	int32_t overlap_days;              /* agencies' days may differ so much unremarked */
	const struct calendar_terms *const *calendars; /* whose days are not counted */
	uint32_t calendars_n;
	bool gaps_in_calendar;             /* days of a gap are days, also in the calendar */
	uint32_t base;                     /* which of the version's kinds `event` is */
};

/* Kinds of event that a version looks at: `base` counts them, each in three forms. */
enum event_form { FORM_ITSELF, FORM_CONFIRMED, FORM_ENDED };

struct kind_slot {
	struct span kind;      /* ptr NULL: free */
	uint64_t hash;         /* as a name's */
	uint16_t base;
	uint16_t form;         /* enum event_form */
};

enum { KIND_SLOTS = 512 };     /* a power of two, more than twice RULES_SPELLS_MAX * 3 */

/* --- outcomes */

/* K(NAME, word, number of the kind in the design, what it looks at) */
enum rule_scope { SCOPE_UNIT, SCOPE_COHORT, SCOPE_BOTH };

#define RULE_KINDS(K)                                                                              \
	K(EVENT_ONCE, "event-once", 1, SCOPE_UNIT)                                                 \
	K(SPELL, "spell", 2, SCOPE_UNIT)                                                           \
	K(SPELL_EXCLUDING, "spell-excluding", 3, SCOPE_UNIT)                                       \
	K(WEEKS, "k-of-n-weeks", 4, SCOPE_UNIT)                                                    \
	K(CUMULATIVE_DAYS, "cumulative-days", 5, SCOPE_UNIT)                                       \
	K(CUMULATIVE_AMOUNT, "cumulative-amount", 6, SCOPE_UNIT)                                   \
	K(RECURRING, "recurring", 7, SCOPE_UNIT)                                                   \
	K(INTENSITY_BAND, "intensity-band", 8, SCOPE_UNIT)                                         \
	K(SCORE_CHANGE, "score-change", 9, SCOPE_UNIT)                                             \
	K(BASELINE_DAYS, "days-against-baseline", 10, SCOPE_BOTH)                                  \
	K(COMPARISON, "comparison-group", 11, SCOPE_BOTH)                                          \
	K(NON_OCCURRENCE, "non-occurrence", 12, SCOPE_UNIT)                                        \
	K(RATE_GATE, "rate-gate", 13, SCOPE_COHORT)                                                \
	K(ASSESSMENT, "assessment", 14, SCOPE_UNIT)                                                \
	K(TIERED, "tiered-qualification", 15, SCOPE_UNIT)                                          \
	K(SPLIT, "split", 16, SCOPE_UNIT)                                                          \
	K(GOAL_COUNT, "goal-count", 17, SCOPE_UNIT)                                                \
	K(N_OF_M, "n-of-m", 18, SCOPE_UNIT)                                                        \
	K(PRICE_FUNCTION, "price-function", 19, SCOPE_COHORT)                                      \
	K(DELIVERY_FEE, "delivery-fee", 20, SCOPE_COHORT)                                          \
	K(CAPITATION, "capitation", 20, SCOPE_UNIT)                                                \
	K(BUNDLE, "bundle", 20, SCOPE_UNIT)                                                        \
	K(MEAN_CHANGE, "mean-change", 21, SCOPE_BOTH)                                              \
	K(RISING_TARGET, "rising-target", 22, SCOPE_COHORT)

enum rule_kind {
#define RULE_ENUM(name, word, number, scope) RULE_##name,
	RULE_KINDS(RULE_ENUM)
#undef RULE_ENUM
	RULE_KIND_COUNT
};

enum move { MOVE_ANY, MOVE_FIRST };
enum reach { REACH_AT_LEAST, REACH_EXCEEDING };
enum exactly { EXACTLY_UNSAID, EXACTLY_LOW, EXACTLY_HIGH };
enum hours_from { HOURS_CONTRACTED, HOURS_WORKED };
enum weeks_from { WEEKS_FROM_START, WEEKS_FROM_MONDAY };
enum part_week { PART_WEEK_PRO_RATA, PART_WEEK_ANY_DAY };
enum achieved_on { ACHIEVED_LAST_DAY, ACHIEVED_DAY_AFTER };
enum concurrent { CONCURRENT_ONCE, CONCURRENT_EACH };
enum alongside { ALONGSIDE_HIGHEST, ALONGSIDE_SUM };
enum counted_from { FROM_REFERRAL, FROM_FIRST };
enum rate_on { RATE_ON_START, RATE_ON_REACHED };
enum periods { PERIODS_CUMULATIVE, PERIODS_FIXED };
enum band_hours { BAND_HOURS_UNSAID, BAND_LOWEST, BAND_AVERAGE, BAND_MILESTONE };
enum upgrade { UPGRADE_DIFFERENCE, UPGRADE_NONE };
enum direction { DIRECTION_UNSAID, DIRECTION_UP, DIRECTION_DOWN };
enum follow_up { FOLLOW_UP_UNSAID, FOLLOW_UP_FIRST, FOLLOW_UP_LAST };
enum score_pays { SCORE_PAYS_ONCE, SCORE_PAYS_POINTS };
enum gap_in_calendar { CALENDAR_GAP_IGNORED, CALENDAR_GAP_COUNTS };
enum tiers_pay { TIERS_EACH, TIERS_HIGHEST, TIERS_DIFFERENCE };
enum components { COMPONENTS_ACHIEVED, COMPONENTS_VERIFIED };
enum gate_pays { GATE_CLIFF, GATE_LINEAR, GATE_BANDS };
enum every { EVERY_ONCE, EVERY_MONTH, EVERY_QUARTER, EVERY_YEAR };
enum part_period { PART_DAYS, PART_WHOLE, PART_NONE };
enum tracked { TRACKED_COMPLETE, TRACKED_SO_FAR };

enum { RULE_EVENTS_MAX = 4, RULE_OF_MAX = 16 };

struct band_terms {                /* of hours, or of a rate that a gate reaches */
	struct yaml_at at;
	struct span name;
	int64_t below, at_least;   /* millionths; the last band of hours has no `below` */
	int64_t price_millionths, share;
	int64_t price_minor;       /* compiled */
};

struct tier_terms {
	struct yaml_at at;
	struct span name;
	struct yaml_texts is;      /* codes of the attribute; absent: the name */
	int64_t price_millionths, price_minor;
};

struct part_terms {
	struct yaml_at at;
	struct span on;            /* an outcome */
	int64_t share;             /* millionths of a hundredth: 50 is 50 000 000 */
	int64_t bonus_millionths;
	uint32_t on_at;            /* compiled */
	int64_t price_minor;
};

struct step_terms {
	struct yaml_at at;
	date_t from;
	int32_t past;              /* units counted before */
	int64_t at_least;          /* percent, millionths */
};

struct cohort_part_terms {         /* of a comparison */
	struct yaml_at at;
	struct span name;
	date_t from, until;        /* of referral */
	int64_t comparison;        /* events per 100, millionths; 0: from the reference */
};

struct outcomes_named {            /* other outcomes, by name */
	struct yaml_texts names;
	uint32_t at[RULE_OF_MAX];
};

struct rule_terms {
	struct yaml_at at;
	int32_t kind;              /* enum rule_kind */
	struct span word;          /* as it was written */
	struct span event;
	struct yaml_texts events;
	const struct yaml *where_node, *except_node;
	struct filter where, except;
	int32_t move, risk;
	bool one_at_a_time;
	int32_t overlap_days;
	struct span spell;         /* name of the spell */
	struct duration lasts;     /* how long: of a spell, a window, what is followed */
	int32_t stage;             /* ASSESSMENT: attribute `stage`; 0: any */
	struct span after;         /* outcome that must come before; or absent */
	int32_t apart_days;        /* at least so many days after it */
	struct yaml_texts excluding; /* calendars */
	int32_t gap_in_calendar;
	int32_t weeks, within_weeks;
	int64_t hours;             /* millionths; 0: none asked */
	int32_t exactly, hours_from, weeks_from, part_week, achieved_on, alongside;
	struct span attribute;     /* which number or code of the event is meant */
	int32_t days, concurrent;
	bool mix;
	struct duration within;
	int32_t within_from;
	int64_t at_least;          /* millionths: of an amount, a change, a percentage */
	int64_t times;             /* of the rate, millionths */
	struct span rate;
	int32_t rate_on, reach;
	struct duration every;
	int32_t most, periods, claimable_working_days;
	int32_t band_hours, upgrade;
	struct yaml_list bands;    /* struct band_terms */
	struct span instrument, instrument_version, domain;
	int32_t direction, follow_up, missing_items, score_pays;
	struct duration baseline_within, apart, on_service, follow_up_within;
	struct span starts_with;   /* kind of event from which it is counted; absent: referral */
	struct yaml_texts cut_by;  /* kinds of event after which it is not */
	struct yaml_list tiers, parts, steps, cohorts;
	int32_t tiers_pay;
	struct outcomes_named all_of, any_of, of;
	int32_t any_least, any_most, components;
	struct span out_of;        /* SPAN_NONE: the referred; else an outcome */
	int32_t agreed;            /* a number instead; 0: none */
	int32_t gate_pays, every_period, part_period, tracked;
	int64_t target, pooled, early, baseline, min_rate; /* millionths */
	int32_t min_pairs;
	int64_t value_millionths, share;
	date_t from, until;
	/* compiled */
	uint32_t spell_at;         /* index into the version's spells; events are spells of a day */
	uint32_t spells_at[RULE_EVENTS_MAX];
	uint32_t spells_n;
	uint32_t after_at;         /* index of `after` */
	uint32_t out_of_at;
	const struct calendar_terms *calendars[RULE_EVENTS_MAX];
	uint32_t calendars_n;
	const struct rate_terms *rate_is;
	int64_t value_minor;
};

enum pay { PAY_PRICE, PAY_NONE };

/* What one is worth, when that is not one number: kind 19. */
struct price_step_terms {
	struct yaml_at at;
	date_t from;
	int64_t price_millionths, price_minor;
};

struct accelerator_terms {
	struct yaml_at at;
	int32_t past;              /* so many at the price, those after at this one */
	int64_t price_millionths, price_minor;
};

struct price_terms {
	struct yaml_at at;
	struct span word;
	int64_t base_millionths, base_minor;
	int64_t discount;          /* percent, millionths */
	bool less_deadweight;      /* what would have happened anyway is not paid for */
	int64_t deadweight;        /* compiled: percent, millionths; 0 unless it is taken off */
	struct yaml_list steps;    /* struct price_step_terms */
	struct span index;         /* name of a rate: the price moves with it */
	date_t index_from;         /* the day whose index number the price was set at */
	struct yaml_list accelerator; /* struct accelerator_terms, rising */
	const struct rate_terms *index_is; /* compiled */
};

/* What it is worth to the public, for value for money: never paid on. */
struct worth_terms {
	struct yaml_at at;
	int64_t deadweight, attribution; /* percent, millionths; INT64_MIN: none stated */
	int64_t unit_cost_millionths;
	struct span source, range;
	int32_t price_year;
};

struct payer_terms {
	struct yaml_at at;
	struct span payer;         /* name of a party */
	int64_t share;             /* percent, millionths */
};

struct outcome_terms {
	struct yaml_at at;
	struct span name, title;
	const struct yaml *for_node, *rule_node, *price_node;
	struct filter only_for;          /* what the referral must say; none: all of the cohort */
	struct rule_terms rule;
	int64_t price_millionths, price_minor;
	int32_t pay;
	struct price_terms *price; /* NULL: price_minor is all there is */
	struct worth_terms *worth;
	struct evidence_terms *evidence; /* the version's, where it has none of its own */
	struct duration window;          /* from referral; zero: none */
	struct duration claim_within;    /* from achieved; zero: never expires */
	struct duration lag;
	struct yaml_texts reported_by;   /* organisations; the parties that report, by default */
	struct yaml_list payers;         /* struct payer_terms; none: the version's */
	const struct span *payer_names;  /* compiled */
	uint32_t id_at, ids_n;           /* compiled: of the unit's outcome ids */
};

/* --- caps: in the order in which they are declared */

enum cap_kind { CAP_VOLUME, CAP_OUTCOME, CAP_PERSON, CAP_PERIOD, CAP_PAYER, CAP_CONTRACT };
enum cap_last { LAST_PART, LAST_WHOLE };

struct cap_terms {
	struct yaml_at at;
	int32_t cap;               /* enum cap_kind */
	struct yaml_texts outcomes; /* VOLUME, OUTCOME: of these together; none: of all */
	struct span band, payer;
	int32_t most;              /* VOLUME */
	int64_t amount_millionths, amount_minor;
	int32_t every;             /* PERIOD: enum every */
	int32_t last;              /* enum cap_last */
	uint64_t outcomes_set;     /* compiled: bit i is outcome i; 0: all */
	int32_t payer_at;
};

/* What must have been so before, or must not: {event, where, lasts}. */
struct condition_terms {
	struct yaml_at at;
	struct span event;
	const struct yaml *where_node;
	struct filter where;
	struct duration lasts;     /* of a spell, at least so long before the referral */
	struct span ended;         /* compiled */
};

struct cohort_terms {
	struct yaml_at at;
	struct span referral, programme;
	int32_t age_min, age_max;  /* at referral, both count */
	date_t from, until;        /* of the referral, both count */
	struct yaml_texts routes;  /* none: any */
	struct yaml_texts referred_by; /* roles of who may refer; none: any */
	const struct yaml *where_node;
	struct filter where;       /* what the referral itself must say */
	struct yaml_list any_of, all_of, none_of; /* struct condition_terms, before the referral */
};

enum applies { APPLIES_REFERRALS, APPLIES_EVERYONE };
enum settles { SETTLES_ACHIEVED, SETTLES_VERIFIED };
enum ceiling { CEILING_FREE, CEILING_WITHIN_BENEFIT };
enum rounding { ROUND_HALF_AWAY, ROUND_HALF_EVEN, ROUND_DOWN };
enum same_day { SAME_DAY_OUTCOME_ID, SAME_DAY_RATE_CARD };
enum remainder { REMAINDER_FIRST, REMAINDER_LAST };

struct version_terms {
	struct yaml_at at;
	int32_t number;
	date_t effective;
	int32_t applies;
	struct span says;
	date_t ends;               /* last day on which an outcome may be achieved */
	struct duration window, claim_within, lag;
	struct evidence_terms evidence;
	struct cohort_terms cohort;
	struct yaml_list spells_read, outcomes_read;
	struct yaml_list caps;     /* struct cap_terms, in order */
	struct yaml_list payers;   /* struct payer_terms */
	int32_t settles;           /* enum settles */
	int64_t benefit_millionths; /* stated benefit to the public */
	int32_t ceiling;           /* enum ceiling */
	int32_t half_month_days;   /* what half a month is, behind the calendar months */
	int32_t rounding;          /* enum rounding: to the minor unit */
	int32_t same_day;          /* enum same_day: what caps take first of one day */
	int32_t remainder;         /* enum remainder: who of two payers gets the odd unit */
	/* compiled */
	struct spell_terms *spells;
	uint32_t spells_n;
	struct outcome_terms *outcomes;
	uint32_t outcomes_n;
	struct kind_slot *kinds;   /* KIND_SLOTS, open addressing */
	uint32_t bases_n;
	uint64_t memo_key;         /* of the names that outcome ids are made of */
	uint32_t ids_n;            /* outcome ids that one unit may have */
	bool compound;             /* some rule looks at other outcomes */
};

struct party_terms {
	struct yaml_at at;
	int32_t party;
	struct span name, organisation;
	bool reports;
};

struct contract {
	struct yaml_doc *doc;      /* our own copy of the tree: all spans borrow from it */
	struct span name, title, currency;
	struct span unit;          /* person, child, family */
	struct party_terms *parties;
	uint32_t parties_n;
	struct yaml_texts reporting; /* organisations of parties that report */
	struct span parent;        /* the contract whose outcomes this one prices again */
	struct yaml_texts pays_with; /* contracts that pay for the same outcomes, as agreed */
	uint64_t death_hash;       /* of the name of that kind, as names have it */
	struct calendar_terms *calendars;
	uint32_t calendars_n;
	struct rate_terms *rates;
	uint32_t rates_n;
	struct version_terms *versions; /* by number */
	uint32_t versions_n;
	uint64_t programmes;       /* compiled: of all versions, as a timeline has them */
	uint64_t reads;            /* compiled: kinds whose records can touch all outcomes (reads.h) */
};

/* What a person calls an organisation: the party's name, or the code itself. */
struct span contract_organisation_name(const struct contract *c, struct span organisation);

#endif
