#include "common/text.h"

#include "common/must.h"

enum { HIGH_BITS = 0x80 };

bool
text_is_ascii(struct span in)
{
	uint64_t any = 0, word;
	size_t i = 0;

	for (; i + sizeof(word) <= in.len; i += sizeof(word)) {
		memcpy(&word, in.ptr + i, sizeof(word));
		any |= word;
	}
	for (; i < in.len; i++)
		any |= in.ptr[i];
	return (any & 0x8080808080808080U) == 0;
}

static bool
continues(struct span in, size_t at, size_t n)
{
	if (in.len - at <= n)
		return false;
	for (size_t i = 1; i <= n; i++)
		if ((in.ptr[at + i] & 0xC0) != 0x80)
			return false;
	return true;
}

/* Bytes of the character at `at`, 0 when it is not well formed (Unicode table 3-7). */
static size_t
utf8_length(struct span in, size_t at)
{
	uint8_t a = in.ptr[at], b;

	if (a < HIGH_BITS)
		return 1;
	if (a >= 0xC2 && a <= 0xDF)
		return continues(in, at, 1) ? 2 : 0;
	if (a >= 0xE0 && a <= 0xEF && continues(in, at, 2)) {
		b = in.ptr[at + 1];
		return (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) ? 0 : 3;
	}
	if (a >= 0xF0 && a <= 0xF4 && continues(in, at, 3)) {
		b = in.ptr[at + 1];
		return (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F) ? 0 : 4;
	}
	return 0;
}

bool
text_is_utf8(struct span in)
{
	size_t n;

	if (text_is_ascii(in))
		return true;
	for (size_t at = 0; at < in.len; at += n) {
		n = utf8_length(in, at);
		if (n == 0)
			return false;
	}
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c <= ' ' || c == 0x7F;
}

struct span
text_trim(struct span in)
{
	while (in.len && is_blank(in.ptr[in.len - 1]))
		in.len--;
	while (in.len && is_blank(in.ptr[0])) {
		in.ptr++;
		in.len--;
	}
	return in;
}

bool
text_alnum_upper(struct span in, uint8_t *out, size_t cap, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];

		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			continue;
		if (n == cap)
			return false;
		out[n++] = c;
	}
	*len = n;
	return true;
}

static uint8_t
fold_ascii(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A' + 'a');
	if (c == '`')
		return '\'';
	return is_blank(c) ? ' ' : c;
}

/* Combining marks that are spelling in the scripts they stand on, not letters. */
static bool
is_accent(int32_t c)
{
	return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0483 && c <= 0x0487) /* Cyrillic */
	    || (c >= 0x0591 && c <= 0x05C7 && c != 0x05BE && c != 0x05C0 && c != 0x05C3) /* Hebrew */
	    || c == 0x0640 || (c >= 0x064B && c <= 0x065F) || c == 0x0670 /* Arabic */
	    || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF)
	    || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE20 && c <= 0xFE2F);
}

static bool
is_apostrophe(int32_t c)
{
	return c == '`' || c == 0xB4 || (c >= 0x2BB && c <= 0x2BF) || c == 0x2B9 || c == 0x2C8
	    || c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2032 || c == 0x55A
	    || c == 0x5F3 || c == 0xA78C;
}

static bool
is_dash(int32_t c)
{
	return (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x2043 || c == 0x5BE;
}

static bool
is_space(int32_t c)
{
	return c <= ' ' || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200A)
	    || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Letters without a decomposition, as they are written on forms that lack them. */
static const char *
spelled_out(int32_t c)
{
	switch (c) {
	case 0xE6: return "ae";  /* æ */
	case 0xF0: return "d";   /* ð */
	case 0xF8: return "o";   /* ø */
	case 0xFE: return "th";  /* þ */
	case 0x111: return "d";  /* đ */
	case 0x127: return "h";  /* ħ */
	case 0x131: return "i";  /* ı */
	case 0x138: return "k";  /* ĸ */
	case 0x142: return "l";  /* ł */
	case 0x14B: return "ng"; /* ŋ */
	case 0x153: return "oe"; /* œ */
	case 0x167: return "t";  /* ŧ */
	case 0x180: return "b";  /* ƀ */
	case 0x188: return "c";  /* ƈ */
	case 0x199: return "k";  /* ƙ */
	case 0x1B4: return "y";  /* ƴ */
	case 0x1B6: return "z";  /* ƶ */
	case 0x1DD: return "e";  /* ǝ */
	case 0x253: return "b";  /* ɓ */
	case 0x254: return "o";  /* ɔ */
	case 0x257: return "d";  /* ɗ */
	case 0x259: return "e";  /* ə */
	case 0x25B: return "e";  /* ɛ */
	case 0x268: return "i";  /* ɨ */
	case 0x272: return "n";  /* ɲ */
	case 0x289: return "u";  /* ʉ */
	case 0x1EF: return "z";
	case 0x292: return "z";  /* ʒ */
	}
	return NULL;
}

/* One letter on Arabic, Persian and Urdu keyboards, or two that are written for each other. */
static int32_t
arabic_letter(int32_t c)
{
	switch (c) {
	case 0x649: /* alef maksura */
	case 0x6CC: return 0x64A; /* Farsi yeh */
	case 0x6A9: return 0x643; /* keheh */
	case 0x629: /* teh marbuta */
	case 0x6BE: /* heh doachashmee */
	case 0x6C1: /* heh goal */
	case 0x6D5: return 0x647;
	case 0x671: return 0x627; /* alef wasla */
	}
	return c;
}

static size_t
put_utf8(int32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xC0 | (c >> 6));
		out[1] = (uint8_t)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xE0 | (c >> 12));
		out[1] = (uint8_t)(0x80 | ((c >> 6) & 0x3F));
		out[2] = (uint8_t)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | (c >> 18));
	out[1] = (uint8_t)(0x80 | ((c >> 12) & 0x3F));
	out[2] = (uint8_t)(0x80 | ((c >> 6) & 0x3F));
	out[3] = (uint8_t)(0x80 | (c & 0x3F));
	return 4;
}

/* At most 4 bytes for one code point. */
static size_t
put_folded(int32_t c, uint8_t *out)
{
	const char *letters;

	if (is_accent(c))
		return 0;
	if (is_space(c))
		c = ' ';
	else if (is_apostrophe(c))
		c = '\'';
	else if (is_dash(c))
		c = '-';
	letters = spelled_out(c);
	if (!letters)
		return put_utf8(arabic_letter(c), out);
	memcpy(out, letters, strlen(letters));
	return strlen(letters);
}

static enum text_result
fold_unicode(struct span in, uint8_t out[TEXT_OUT_MAX], size_t *len)
{
	int32_t points[TEXT_OUT_MAX];
	size_t n, at = 0;
	enum text_result got;

	if (!text_is_utf8(in))
		return TEXT_NOT_UTF8;
	got = text_decompose(in, points, TEXT_OUT_MAX, &n);
	if (got != TEXT_OK)
		return got;
	for (size_t i = 0; i < n; i++) {
		if (at + 4 > TEXT_OUT_MAX)
			return TEXT_TOO_LONG;
		at += put_folded(points[i], out + at);
	}
	*len = at;
	return TEXT_OK;
}

enum text_result
text_fold(struct span in, uint8_t out[TEXT_OUT_MAX], size_t *len)
{
	if (in.len > TEXT_IN_MAX)
		return TEXT_TOO_LONG;
	if (!text_is_ascii(in))
		return fold_unicode(in, out, len);
	for (size_t i = 0; i < in.len; i++)
		out[i] = fold_ascii(in.ptr[i]);
	*len = in.len;
	return TEXT_OK;
}
