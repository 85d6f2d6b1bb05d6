#include "transform/milestone/rule_judge.h"

/*
 * Kind 19, one unit's part: a price by date, discount and index.
 *
 *	base, or the last step by the day achieved
 *	  × (100 − discount) ÷ 100
 *	  × index on that day ÷ index on the day the price was set
 *
 * exact until the end, then to the minor unit, half away from zero.  What
 * depends on volume is settle()'s.
 */

enum { HUNDRED_MILLION = 100 * 1000000 }; /* deadweight to a ten-thousandth of a per cent */

int64_t
price_on(const struct outcome_terms *o, enum rounding how, int64_t base_minor, date_t day,
    bool *is_missing)
{
	const struct price_terms *p = o->price;
	const struct price_step_terms *s = p ? p->steps.items : NULL;
	int64_t index = 1, set = 1;

	if (!p)
		return base_minor;
	for (uint32_t i = 0; i < p->steps.n && s[i].from <= day; i++)
		base_minor = s[i].price_minor;
	if (p->index_is
	    && (!rate_on(p->index_is, day, &index) || !rate_on(p->index_is, p->index_from, &set)
		|| set <= 0)) {
		*is_missing = true;
		index = set = 1;
	}
	return round_by(how, (wide)base_minor * (HUNDRED_MILLION - p->discount)
		* ((HUNDRED_MILLION - p->deadweight) / 100) * index,
	    (wide)HUNDRED_MILLION * (HUNDRED_MILLION / 100) * set);
}
