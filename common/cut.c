#include "common/cut.h"

const struct cut CUT_NOTHING = { .offset = -1, .complete_through = DATE_NONE, .terms_offset = -1 };

int
cut_cmp(const struct cut *a, const struct cut *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

bool
cut_same(const struct cut *a, const struct cut *b)
{
	return cut_cmp(a, b) == 0 && a->complete_through == b->complete_through
	    && a->terms_offset == b->terms_offset && a->recipe == b->recipe;
}

struct cut
cut_greatest(const struct cut *a, const struct cut *b)
{
	struct cut greatest = cut_cmp(a, b) > 0 ? *a : *b;

	greatest.complete_through = a->complete_through > b->complete_through
	    ? a->complete_through
	    : b->complete_through;
	greatest.terms_offset
	    = a->terms_offset > b->terms_offset ? a->terms_offset : b->terms_offset;
	return greatest;
}
