/*
 * generic - the generic event format: one row of named columns, one raw record.
 *
 * What a small charity can fill in from a spreadsheet, and what `feed`, `try`
 * and the generator share.  CSV rows and JSON lines have the same names:
 *
 *	record_id,kind,start,surname,dob,postcode,attr.hours
 *	T-1042,accommodation,2025-07-14,Okafor,1999-03-02,B1 1AA,
 *	{"record_id":"E-7","kind":"employment","start":"2025-08-01","attr":{"hours":16}}
 *
 * Only the form is judged here: can it be written as a record at all?  Whether
 * a date exists, a code is known or a digit is right is ingestd's to say, so
 * that every source is judged by the same rules and a mistake is counted.
 *
 * A row that says complete_through declares the feed complete through that day
 * and holds no event.
 *
 * Pure.  A fact borrows the text of its values, and from its arena.
 */
#ifndef OUTTURN_GENERIC_H
#define OUTTURN_GENERIC_H

#include "common/record.h"

enum {
	GENERIC_TEXT_MAX = 1000,     /* bytes of one value */
	GENERIC_RECORD_ID_MAX = 200, /* bytes: it becomes a Kafka key */
	GENERIC_ATTRIBUTES_MAX = 64, /* of one event */
	GENERIC_NAME_MAX = 60,       /* bytes of an attribute's name */
};

/*   enum name         column              raw_    field             type    example
 *   what it says */
#define GENERIC_COLUMNS(X)                                                                         \
	X(RECORD_ID,        "record_id",        record,  record_id,        TEXT,   "T-1042",       \
	    "your own id of this record; must be there")                                           \
	X(REVISION,         "revision",         record,  revision,         NUMBER, "1",            \
	    "a number that grows when you correct the record; empty: you keep none")               \
	X(WITHDRAWN,        "withdrawn",        record,  withdrawn,        YES,    "no",           \
	    "yes: the record no longer holds")                                                     \
	X(RESTRICTED,       "restricted",       record,  restricted,       YES,    "no",           \
	    "yes: refuge or protected person, places are withheld")                                \
	X(KIND,             "kind",             event,   kind,             TEXT,   "accommodation", \
	    "what happened: a code of kinds.yaml")                                                 \
	X(START,            "start",            event,   start,            TEXT,   "2025-07-14",   \
	    "the day, or the spell's first day")                                                   \
	X(END,              "end",              event,   end,              TEXT,   "",             \
	    "the day after the spell's last day; empty while it goes on")                          \
	X(EPISODE,          "episode",          event,   episode,          TEXT,   "TEN-88",       \
	    "your own id of the spell")                                                            \
	X(EVIDENCE_TYPE,    "evidence_type",    event,   evidence_type,    TEXT,                   \
	    "tenancy-agreement", "what you hold as proof")                                         \
	X(TITLE,            "title",            person,  title,            TEXT,   "Ms",           \
	    "Mr, Ms, Dr ...")                                                                      \
	X(FORENAME,         "forename",         person,  forename,         TEXT,   "Zainab",       \
	    "first given name")                                                                    \
	X(MIDDLE_NAMES,     "middle_names",     person,  middle_names,     TEXT,   "",             \
	    "other given names")                                                                   \
	X(SURNAME,          "surname",          person,  surname,          TEXT,   "Example",      \
	    "family name now")                                                                     \
	X(PREVIOUS_SURNAME, "previous_surname", person,  previous_surname, TEXT,   "",             \
	    "family name before")                                                                  \
	X(DOB,              "dob",              person,  dob,              TEXT,   "2003-02-28",   \
	    "date of birth, YYYY-MM-DD")                                                           \
	X(SEX,              "sex",              person,  sex,              TEXT,   "F",            \
	    "M, F, X or U")                                                                        \
	X(ETHNIC_GROUP,     "ethnic_group",     person,  ethnic_group,     TEXT,   "",             \
	    "as you code it")                                                                      \
	X(LINE1,            "line1",            address, line1,            TEXT,                   \
	    "1 Example Street", "house and street")                                                \
	X(LINE2,            "line2",            address, line2,            TEXT,   "",             \
	    "locality")                                                                            \
	X(TOWN,             "town",             address, town,             TEXT,   "Birmingham",   \
	    "post town")                                                                           \
	X(POSTCODE,         "postcode",         address, postcode,         TEXT,   "B1 1AA",       \
	    "postcode")                                                                            \
	X(UPRN,             "uprn",             address, uprn,             TEXT,   "",             \
	    "unique property reference number")                                                    \
	X(ADDRESS_FROM,     "address_from",     address, from,             TEXT,   "",             \
	    "first day at this address")                                                           \
	X(ADDRESS_TO,       "address_to",       address, to,               TEXT,   "",             \
	    "the day after the last day there")                                                    \
	X(NHS_NUMBER,       "nhs_number",       person,  nhs_number,       TEXT,   "",             \
	    "10 digits")                                                                           \
	X(NINO,             "nino",             person,  nino,             TEXT,   "",             \
	    "National Insurance number")                                                           \
	X(UPN,              "upn",              person,  upn,              TEXT,   "",             \
	    "unique pupil number")                                                                 \
	X(ULN,              "uln",              person,  uln,              TEXT,   "",             \
	    "unique learner number")                                                               \
	X(LOCAL_ID,         "local_id",         person,  local_id,         TEXT,   "C-17",         \
	    "your own id of the person")                                                           \
	X(DIED_ON,          "died_on",          person,  died_on,          TEXT,   "",             \
	    "date of death")                                                                       \
	X(OBJECTION,        "objection",        person,  objection,        YES,    "no",           \
	    "yes: the person objects to this use; counted, not used")                              \
	X(COMPLETE_THROUGH, "complete_through", record,  complete_through, TEXT,   "",             \
	    "all your records up to this day are in; then nothing else but record_id")             \
	X(PERSON,           "person",           record,  record_id,        LABEL,  "",             \
	    "only for `outturn try`: who it is, so that nothing needs matching")

enum generic_column {
#define GENERIC_ENUM(name, column, block, field, type, example, help) GENERIC_##name,
	GENERIC_COLUMNS(GENERIC_ENUM)
#undef GENERIC_ENUM
	GENERIC_COLUMN_COUNT,
	GENERIC_ATTRIBUTE, /* "attr.NAME" */
	GENERIC_UNKNOWN,
};

enum generic_block { GENERIC_BLOCK_record, GENERIC_BLOCK_person, GENERIC_BLOCK_event,
	GENERIC_BLOCK_address };
enum generic_type { GENERIC_TEXT, GENERIC_NUMBER, GENERIC_YES, GENERIC_LABEL };

struct generic_info {
	const char *name;
	enum generic_block block; /* of struct raw_<block> */
	enum generic_type type;
	size_t offset;            /* in it */
	const char *example, *help;
};
extern const struct generic_info generic_columns[GENERIC_COLUMN_COUNT];

/* Blanks around it and case are not looked at. */
enum generic_column generic_column_of(struct span name);

struct generic_fact {
	struct raw_record record; /* points to what follows: a fact does not move */
	struct raw_person person;
	struct raw_event event;
	struct raw_address address;
	struct raw_attribute attributes[GENERIC_ATTRIBUTES_MAX];
	struct span label; /* column `person`; absent without */
	bool has_person, has_event, has_address;
};

/* begin, set each cell, finish; then fact->record is whole. */
void generic_begin(struct generic_fact *fact);
/*
 * name: the column's, as written.  Errors are ERR_RECORD and name the column.
 * An empty value is as none.  A string for an attribute is typed: true, false,
 * a plain number, else text ("007" is text: a code).
 */
int generic_set(struct generic_fact *fact, enum generic_column column, struct span name,
    const struct av_value *value, struct arena *arena, struct err *err);
int generic_finish(struct generic_fact *fact, struct arena *arena, struct err *err);

struct av_value generic_typed(struct span text);

/* Header line and an example line, as CSV. */
void generic_template(struct buf *out);

#endif
