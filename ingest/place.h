/*
 * place - the lines of an address, told apart: which house, which street,
 * which town.
 *
 *	line1 "Flat 3, 12 St. Example's Road"   house   3, 12
 *	line2 "Sampleford"                      street  stexamplesrd
 *	town  "EXAMPLETON"                      locality sampleford, town exampleton
 *
 * Each becomes a token, so that a typo in one of them leaves the others in
 * agreement.  Words are those of address.h; a word with a digit is a number.
 * A first line that is a number only takes its street from the second.
 *
 * Pure.  Spans borrow from the arena.
 */
#ifndef OUTTURN_INGEST_PLACE_H
#define OUTTURN_INGEST_PLACE_H

#include "common/arena.h"
#include "common/record.h"

enum { PLACE_NUMBERS_MAX = 2, PLACE_LINE_MAX = 96 /* bytes; what is longer is cut */ };

struct place {
	struct span number[PLACE_NUMBERS_MAX]; /* len 0: none */
	struct span street, locality, town;    /* words joined; len 0: none */
};

void place_normalise(const struct raw_address *raw, struct place *out, struct arena *arena);

#endif
