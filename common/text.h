/*
 * text - one written form for what people write in many.
 *
 *	"Zoë  O’Brien-Łukasz" ──fold──► "zoe  o'brien-lukasz"
 *
 * text_fold(): Unicode NFKD, full case folding, Latin/Greek/Cyrillic accents
 * off, Arabic and Hebrew points off, letters that do not decompose spelled
 * out (æ ae, ø o, ł l, þ th ...), every apostrophe ', every dash -, every space
 * and control a blank.  Other scripts keep their letters and vowel signs.
 * The same text in any normalisation form gives the same bytes; folding what
 * is folded changes nothing.
 *
 * Nearly all names are ASCII: those take a path without a table.  The rest
 * goes through text_decompose(), which common/io/text_utf8proc.c implements.
 *
 * Pure.  The rules in prose and their vectors: docs/normalisation.md.
 */
#ifndef OUTTURN_TEXT_H
#define OUTTURN_TEXT_H

#include "common/span.h"

enum {
	TEXT_IN_MAX = 512,  /* bytes; nobody's name or address line is longer */
	TEXT_OUT_MAX = 1024 /* bytes after folding; one character can become 18 */
};

enum text_result { TEXT_OK, TEXT_NOT_UTF8, TEXT_TOO_LONG };

/* NFKD and full case folding; default-ignorable characters dropped.  n: code points written. */
enum text_result text_decompose(struct span in, int32_t *out, size_t cap, size_t *n);

/* Writes at most TEXT_OUT_MAX bytes; *len is set only on TEXT_OK. */
enum text_result text_fold(struct span in, uint8_t out[TEXT_OUT_MAX], size_t *len);

bool text_is_ascii(struct span in);
bool text_is_utf8(struct span in);          /* well formed: no surrogates, no overlong */
struct span text_trim(struct span in);      /* blanks and controls off both ends; borrows */

/* ASCII letters (upper-cased) and digits only, others dropped; false: longer than cap. */
bool text_alnum_upper(struct span in, uint8_t *out, size_t cap, size_t *len);

static inline bool
text_absent(struct span in)
{
	return text_trim(in).len == 0;
}

#endif
