/*
 * phonetic - how a name sounds: Double Metaphone.
 *
 * Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users
 * Journal, June 2000.  Two codes where a name has two plausible sounds:
 * Smith (SM0, XMT) and Schmidt (XMT, SMT) meet at XMT.  The letter '0' is
 * "th", 'X' is "sh", 'A' any vowel at the start.
 *
 * Ours differs from the paper in two ways: codes are up to six letters long
 * (the paper's four join too many long names), and the rules that need a
 * blank ("van ", "san ", "mac c") have none, because our names have none.
 *
 * Input is a folded name: lower-case; other characters are passed over.
 * Pure; at most PHONETIC_IN_MAX letters are read.
 */
#ifndef OUTTURN_PHONETIC_H
#define OUTTURN_PHONETIC_H

#include "common/span.h"

enum { PHONETIC_MAX = 6, PHONETIC_IN_MAX = 64 };

struct phonetic {
	char primary[PHONETIC_MAX + 1];   /* "" when nothing sounds: no Latin letter */
	char secondary[PHONETIC_MAX + 1]; /* "" when it equals the primary */
};

struct phonetic phonetic_of(struct span name);

#endif
