#include "common/id.h"

void
hex_of(const void *ptr, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *p = ptr;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * len] = '\0';
}

/* A digit's value + 1; 0: no digit.  Keys of every topic are hex: a branch a digit is dear. */
static const uint8_t nibble[256] = { ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
	['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16 };

bool
hex_parse(struct span hex, void *out, size_t len)
{
	uint8_t *p = out;

	if (hex.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned hi = nibble[hex.ptr[2 * i]], lo = nibble[hex.ptr[2 * i + 1]];

		if (!hi || !lo)
			return false;
		p[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
	}
	return true;
}

void
id_hex(const struct id *id, char out[ID_HEX + 1])
{
	hex_of(id->b, ID_BYTES, out);
}

bool
id_parse(struct id *id, struct span hex)
{
	return hex_parse(hex, id->b, ID_BYTES);
}
