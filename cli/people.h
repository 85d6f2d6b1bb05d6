/*
 * people - a CSV of people as encodings, for who measures or trains linkage.
 *
 *	header: any of forename, surname, sex, dob, address1, address2, town, postcode, uprn,
 *	        nhs_number, nino, upn, uln, local_id, source, and what only a measurement has
 *
 * The same core as ingestd (normalise, tokens, clk), but nobody is asked to
 * correct anything: a field that would be a reject is left out, of a day that
 * does not exist the parts stay that can be, and a number whose column does
 * not hold British ones is an opaque string, its halves beside it.
 *
 * Keys are drawn from nothing secret: for files that are read and forgotten.
 */
#ifndef OUTTURN_CLI_PEOPLE_H
#define OUTTURN_CLI_PEOPLE_H

#include "common/csv.h"
#include "ingest/tokens.h"

#define PEOPLE_COLUMNS(C)                                                                          \
	C(record_id) C(source) C(true_id) C(forename) C(surname) C(sex) C(dob) C(address1) C(address2) \
	C(town) C(postcode) C(uprn) C(nhs_number) C(nino) C(upn) C(uln) C(local_id) C(group)

enum people_column {
#define PEOPLE_ENUM(name) PEOPLE_##name,
	PEOPLE_COLUMNS(PEOPLE_ENUM)
#undef PEOPLE_ENUM
	PEOPLE_END
};

enum { PEOPLE_NUMBERS = 4 };

struct people {
	struct span text;
	int at[PEOPLE_END];          /* of the header; -1: no such column */
	bool opaque[PEOPLE_NUMBERS]; /* of nhs_number, nino, upn, uln */
	struct keyring *ring;
	struct tokeniser *tokens;
	struct frequency frequency;
	struct arena arena;
	struct csv csv;
};

struct people_row {
	struct token tokens[TOKENS_MAX + 16];
	uint32_t n;
	struct span clk; /* borrowed until the next row */
};

/* Borrows the text.  -1: ERR_RECORD, it has no such header; nothing to release then. */
int people_open(struct people *p, struct span text, enum clk_profile clk, struct err *err);
void people_release(struct people *p);
bool people_has(const struct people *p, enum people_column c);
/* Trimmed; "" where there is none. */
struct span people_field(const struct people *p, const struct csv_row *row, enum people_column c);
/* 1: a row, encoded.  0: the end.  -1: ERR_RECORD, row->line says where; go on. */
int people_next(struct people *p, struct csv_row *row, struct people_row *out, struct err *err);

#endif
