/*
 * text_utf8proc - text_decompose() of common/text.h, on utf8proc.
 *
 * The one place that knows the Unicode tables.  Their version decides how a
 * character assigned last year folds; letters of names were settled long ago.
 */
#include <utf8proc.h>

#include "common/must.h"
#include "common/text.h"

enum text_result
text_decompose(struct span in, int32_t *out, size_t cap, size_t *n)
{
	utf8proc_ssize_t got;

	if (in.len == 0) {
		*n = 0;
		return TEXT_OK;
	}
	got = utf8proc_decompose(in.ptr, (utf8proc_ssize_t)in.len, out, (utf8proc_ssize_t)cap,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
	if (got == UTF8PROC_ERROR_INVALIDUTF8)
		return TEXT_NOT_UTF8;
	MUST(got >= 0);
	if ((size_t)got > cap)
		return TEXT_TOO_LONG;
	*n = (size_t)got;
	return TEXT_OK;
}
