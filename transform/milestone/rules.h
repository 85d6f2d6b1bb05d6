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
	RULES_NO_LIMIT_DAYS = 36600, /* as good as none */
	RULES_AGE_MAX = 150,
	RULES_NAME_BYTES = 64,    /* of a contract's, an outcome's name */
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
	int32_t agencies;         /* independent organisations */
	int32_t provider_alone;   /* enum provider_alone */
	int32_t fresh_days;       /* a fact may speak of so many days before the day judged */
	int32_t same_days;        /* records so near each other speak of one event */
	int32_t engaged_days;     /* seen by the service no longer before; RULES_NO_LIMIT_DAYS: any */
};

/* --- spells */

enum gap_within { GAP_COUNTS, GAP_PAUSES };
enum gap_longer { GAP_RESETS, GAP_FAILS };
enum moves { MOVES_ANY, MOVES_PLANNED, MOVES_NONE };
enum risk { RISK_IGNORED, RISK_NONE_KNOWN };

struct spell_terms {
	struct yaml_at at;
	struct span name, event;
	struct span confirmed, ended;      /* the kinds beside `event` */
	const struct yaml *where_node, *later_node;
	struct filter where, later;        /* later: counts too, after a planned move */
	int32_t gap_days, gap_total_days;  /* exactly so many are allowed */
	int32_t gap_within, gap_longer, moves, risk;
	bool one_at_a_time;                /* who is in one such place is in no other */
	int32_t overlap_days;              /* agencies' days may differ so much unremarked */
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

enum rule_kind { RULE_EVENT_ONCE, RULE_SPELL, RULE_ASSESSMENT };
enum move { MOVE_ANY, MOVE_FIRST };

struct rule_terms {
	struct yaml_at at;
	int32_t kind;             /* enum rule_kind */
	struct span event;        /* EVENT_ONCE, ASSESSMENT */
	const struct yaml *where_node;
	struct filter where;
	int32_t move;             /* EVENT_ONCE: enum move */
	int32_t risk;             /* EVENT_ONCE: enum risk */
	bool one_at_a_time;       /* EVENT_ONCE: as of a spell */
	int32_t overlap_days;
	struct span spell;        /* SPELL: name of the spell */
	struct duration lasts;    /* SPELL */
	int32_t stage;            /* ASSESSMENT: attribute `stage`; 0: any */
	struct span after;        /* ASSESSMENT: outcome that must come before; or absent */
	int32_t apart_days;       /* ASSESSMENT: at least so many days after it */
	/* compiled */
	uint32_t spell_at;        /* index into the version's spells; events are spells of a day */
	uint32_t after_at;        /* index of `after` */
};

enum pay { PAY_PRICE, PAY_NONE };

struct outcome_terms {
	struct yaml_at at;
	struct span name, title;
	struct rule_terms rule;
	int64_t price_millionths, price_minor;
	int32_t pay;
	struct evidence_terms *evidence; /* the version's, where it has none of its own */
	struct duration window;          /* from referral; zero: none */
	struct duration claim_within;    /* from achieved; zero: never expires */
	struct duration lag;
	struct yaml_texts reported_by;   /* organisations; the parties that report, by default */
};

struct cohort_terms {
	struct yaml_at at;
	struct span referral, programme;
	int32_t age_min, age_max;  /* at referral, both count */
	date_t from, until;        /* of the referral, both count */
	struct yaml_texts routes;  /* none: any */
	struct yaml_texts referred_by; /* roles of who may refer; none: any */
};

enum applies { APPLIES_REFERRALS, APPLIES_EVERYONE };

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
	/* compiled */
	struct spell_terms *spells;
	uint32_t spells_n;
	struct outcome_terms *outcomes;
	uint32_t outcomes_n;
	struct kind_slot *kinds;   /* KIND_SLOTS, open addressing */
	uint32_t bases_n;
	uint64_t memo_key;         /* of the names that outcome ids are made of */
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
	struct version_terms *versions; /* by number */
	uint32_t versions_n;
};

/* What a person calls an organisation: the party's name, or the code itself. */
struct span contract_organisation_name(const struct contract *c, struct span organisation);

#endif
