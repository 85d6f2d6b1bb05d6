/*
 * cut - how far an input is folded, and which of two cuts says more.
 *
 *	epoch 1   offset 0 ... 117 │ the raw topic is deleted and made anew
 *	epoch 2   offset 0 ... 5   │
 *	          (1,117) < (2,-1) < (2,5): the topic's epoch counts first
 *
 * By its offset alone a topic that was made anew would stand still until it
 * outgrew the old one.  Days declared and terms are the same in every epoch:
 * the greatest of each counts.
 *
 * Pure.
 */
#ifndef OUTTURN_CUT_H
#define OUTTURN_CUT_H

#include "common/record.h"

extern const struct cut CUT_NOTHING;

/* By epoch, then offset: < 0, 0 or > 0. */
int cut_cmp(const struct cut *a, const struct cut *b);
bool cut_same(const struct cut *a, const struct cut *b); /* in every part */
/* Of each part; the recipe of the further one, of b's where they are as far. */
struct cut cut_greatest(const struct cut *a, const struct cut *b);

#endif
