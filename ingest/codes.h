/*
 * codes - what an agency may say: kinds of event, their attributes, code lists.
 *
 *	kinds.yaml           accommodation: shape spell, attributes setting, ...
 *	                        └─ three kinds in evidence: accommodation,
 *	                           accommodation-confirmed, accommodation-ended
 *	<list>.yaml          settings: own-tenancy, hostel, ... each from/until a day
 *
 * All are data and effective-dated: lists change between years, and a record
 * is judged by the list of the day it speaks of.  An unknown code is a
 * rejected record with a reason, never a guess.  What leaves is the list's own
 * spelling, never the agency's bytes, so nothing else can travel in a code.
 *
 * Owns copies of all it was read from.  Read-only once parsed.
 */
#ifndef OUTTURN_INGEST_CODES_H
#define OUTTURN_INGEST_CODES_H

#include "common/arena.h"
#include "common/hash.h"
#include "common/yaml.h"

enum { KIND_ATTRIBUTES_MAX = 32, CODE_MAX_BYTES = 64 };

enum code_found { CODE_FOUND, CODE_UNKNOWN, CODE_NOT_THEN };

struct code_entry {
	struct span canonical;
	date_t from, until; /* half-open; DATE_NONE: no bound */
	uint32_t next;      /* same spelling, another period; 0: none (entries count from 1) */
};

struct code_list {
	struct span name;
	struct strmap by_code; /* every spelling -> first entry */
	struct code_entry *entries;
	uint32_t n;
};

/* Found only when it holds on `on`; blanks around the code do not matter. */
enum code_found code_find(const struct code_list *list, struct span code, date_t on,
    struct span *canonical);

enum attribute_type { ATTRIBUTE_CODE, ATTRIBUTE_NUMBER, ATTRIBUTE_BOOLEAN, ATTRIBUTE_DATE };

struct attribute_def {
	struct span name;
	enum attribute_type type;
	const struct code_list *list; /* CODE */
	bool bounded;                 /* NUMBER: min..max hold */
	int64_t min, max;             /* millionths */
	bool required;                /* by the kind itself, not by its -confirmed and -ended */
	bool place;                   /* tells where: withheld when the record is restricted */
};

enum kind_form { KIND_ITSELF, KIND_CONFIRMED, KIND_ENDED, KIND_FORMS };

struct kind {
	struct span names[KIND_FORMS]; /* of a point only the first */
	bool spell;
	date_t from, until;
	struct attribute_def *attributes; /* sorted by name */
	size_t n;
};

struct kind_ref {
	const struct kind *kind;
	enum kind_form form;
};

struct codes {
	struct arena arena;
	struct kind *kinds;
	size_t n_kinds;
	struct strmap by_kind; /* names of all forms -> kind * KIND_FORMS + form */
	struct code_list *lists;
	size_t n_lists;
	/* needed of every set; codes_parse() refuses a set without them */
	const struct code_list *sexes, *ethnic_groups, *evidence_types;
};

/*
 * From the roots of all files together, in any order.  Owned, or NULL with
 * every mistake in `report`.
 */
struct codes *codes_parse(const struct yaml *const *roots, size_t n, struct yaml_report *report);
void codes_free(struct codes *codes);

enum code_found kind_find(const struct codes *codes, struct span name, date_t on,
    struct kind_ref *out);
const struct kind *kind_named(const struct codes *codes, struct span name); /* NULL; any date */
const struct attribute_def *attribute_def_find(const struct kind *kind, struct span name);
const struct code_list *code_list_named(const struct codes *codes, struct span name);

/* Names that ingestd derives itself; no kind may define them. */
#define DERIVED_ATTRIBUTES(X) \
	X(AGE,           "age",                "whole years on the day of the event") \
	X(AGE_BAND,      "age-band",           "0-9, 10-15, 16-17, 18-24, 25-34, ... 85+") \
	X(SEX,           "sex",                "code of sexes.yaml") \
	X(ETHNIC_GROUP,  "ethnic-group",       "code of ethnic-groups.yaml") \
	X(WARD,          "ward",               "GSS code, by postcode") \
	X(DECILE,        "deprivation-decile", "1 (most deprived) to 10, by postcode") \
	X(ADULT_ON,      "adult-on",           "the 18th birthday")

enum derived {
#define DERIVED_ENUM(name, text, doc) DERIVED_##name,
	DERIVED_ATTRIBUTES(DERIVED_ENUM)
#undef DERIVED_ENUM
	DERIVED_END
};

struct span derived_name(enum derived d);
bool derived_find(struct span name, enum derived *out);

#endif
