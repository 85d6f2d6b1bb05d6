/*
 * normalise - a person as sent, in the one form that is compared.
 *
 *	"O'Brien - Smith"   words     obrien | smith
 *	                    whole     obriensmith        token SURNAME
 *	                    parts     obrien, smith      tokens SURNAME_OTHER
 *
 * The specification, with the reason of each rule, is docs/normalisation.md;
 * its vectors (tests/unit/normalisation.tsv) run against this file.  A changed
 * result is a new NORMALISE_VERSION: tokens of two versions never match.
 *
 * Pure.  Spans borrow from the arena or from constants, never from the input.
 */
#ifndef OUTTURN_INGEST_NORMALISE_H
#define OUTTURN_INGEST_NORMALISE_H

#include "common/arena.h"
#include "common/err.h"
#include "common/record.h"
#include "ingest/validate.h"

enum {
	NORMALISE_VERSION = 2,
	FIELD_BYTES_MAX = 256,  /* of one text field of the person block */
	NAME_WORDS_MAX = 16,    /* words of one name; further ones are left out */
	NAME_OTHERS_MAX = 6,    /* other surnames, other forenames of one record */
	ADDRESSES_MAX = 16,     /* of one record; more is a reject */
};

struct names {
	struct span whole; /* all words joined; len 0: none */
	struct span others[NAME_OTHERS_MAX];
	size_t n;
};

struct address {
	struct postcode postcode; /* len 0: absent */
	char uprn[UPRN_DIGITS_MAX];
	size_t uprn_len;
};

struct person {
	struct names surname, forename;
	char initials[2 * 4 + 1]; /* first characters of forename and surname, 0x1F between */
	size_t initials_len;      /* 0: not both known */
	date_t dob, died;         /* DATE_NONE: absent */
	enum dob_grade dob_grade;
	char nhs[NHS_DIGITS], nino[NINO_LETTERS], upn[UPN_LETTERS], uln[ULN_DIGITS];
	bool has_nhs, has_nino, has_upn, has_uln;
	struct span local_id;     /* upper case, no blanks; len 0: absent */
	struct address addresses[ADDRESSES_MAX]; /* [0]: where the person lived on the day */
	size_t n_addresses;
};

/* Folded words joined; others: the halves of what was written in several words. */
int surname_normalise(struct span text, struct names *out, struct arena *arena, struct err *err);
/* First word (hyphens join); others: the further words, the half before a hyphen. */
int forename_normalise(struct span text, struct names *out, struct arena *arena, struct err *err);

/*
 * Which address holds on `day`: the one whose [from, to) contains it and began
 * last; if none, the one that began last; ties by postcode, then UPRN, bytewise.
 * -1: a date in it is unreadable or impossible, or there are too many.
 */
int address_current(const struct av_array *addresses, date_t day, uint32_t *at, struct err *err);

/* Reject (ERR_RECORD, code and field) for what somebody can correct; -1 then. */
int person_normalise(const struct raw_person *raw, uint32_t current_address, struct person *out,
    struct arena *arena, struct err *err);

#endif
