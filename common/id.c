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

static int
nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
hex_parse(struct span hex, void *out, size_t len)
{
	uint8_t *p = out;

	if (hex.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int hi = nibble(hex.ptr[2 * i]), lo = nibble(hex.ptr[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i] = (uint8_t)(hi << 4 | lo);
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
