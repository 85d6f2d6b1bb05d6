/*
 * address - the lines of an address as words in one form.
 *
 *	"Flat 3, St. Example's Road"  ─► flat 3 st examples rd
 *	"3 Saint Examples Rd"         ─►      3 st examples rd
 *
 * Only the encoding of addresses reads this (clk.h): a set of words, in which
 * the order of lines and words decides nothing.  Which address is the current
 * one, and postcodes: normalise.h.  Rules and their reasons:
 * docs/normalisation.md; a changed result is a new NORMALISE_VERSION.
 *
 * A line that cannot be read adds no words; it is no reject: the record stands
 * without it.
 *
 * Pure.
 */
#ifndef OUTTURN_INGEST_ADDRESS_H
#define OUTTURN_INGEST_ADDRESS_H

#include "common/arena.h"
#include "common/record.h"

enum {
	ADDRESS_WORDS_MAX = 32, /* further ones are left out */
	ADDRESS_LINE_MAX = 256, /* bytes; a longer line is no address */
};

struct address_words {
	struct span word[ADDRESS_WORDS_MAX];
	size_t n;
};

/* line1, line2 and town; words borrow from the arena or from constants. */
void address_words(const struct raw_address *raw, struct address_words *out, struct arena *arena);

#endif
