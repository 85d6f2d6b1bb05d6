#include "common/topic.h"

#include "common/must.h"

static bool
number(struct span text, int64_t max, int64_t *out)
{
	int64_t v = 0;

	if (text.len == 0 || text.len > 18 || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (text.ptr[i] - '0');
	}
	*out = v;
	return v <= max;
}

/* Cuts the last "/part" off *text. */
static bool
last_part(struct span *text, struct span *part)
{
	for (size_t i = text->len; i-- > 0;)
		if (text->ptr[i] == '/') {
			*part = span_of(text->ptr + i + 1, text->len - i - 1);
			text->len = i;
			return true;
		}
	return false;
}

struct key
key_parse(struct span text)
{
	struct key k = { .type = KEY_OTHER };
	struct span a = SPAN_NONE, b = SPAN_NONE, rest;
	int64_t epoch;

	if (text.len < 3 || text.len > KEY_MAX || text.ptr[1] != '/')
		return k;
	rest = span_of(text.ptr + 2, text.len - 2);
	switch (text.ptr[0]) {
	case 'r':
		if (!last_part(&rest, &b) || !number(b, INT64_MAX, &k.offset)
		    || !last_part(&rest, &a) || !number(a, INT32_MAX, &epoch) || !rest.len)
			return k;
		k.epoch = (int32_t)epoch;
		k.stream = rest;
		k.type = KEY_RECORD;
		return k;
	case 'c':
		if (!last_part(&rest, &a) || !id_parse(&k.a, a) || !rest.len)
			return k;
		k.stream = rest;
		k.type = KEY_CLAIM;
		return k;
	case 'k':
		k.stream = rest;
		k.type = KEY_CUT;
		return k;
	case 'u':
	case 'd':
		if (!last_part(&rest, &b) || !id_parse(&k.b, b) || !id_parse(&k.a, rest))
			return k;
		k.type = text.ptr[0] == 'u' ? KEY_UNIT_EVENT : KEY_UNIT_DECISION;
		return k;
	case 'q':
		if (last_part(&rest, &b) && id_parse(&k.b, b) && id_parse(&k.a, rest)
		    && id_cmp(&k.a, &k.b) < 0)
			k.type = KEY_PAIR;
		return k;
	case 'o':
		if (id_parse(&k.a, rest))
			k.type = KEY_OUTCOME;
		return k;
	default:
		return k;
	}
}

static void
add_hex(struct buf *out, const struct id *id)
{
	char hex[ID_HEX + 1];

	id_hex(id, hex);
	buf_add(out, hex, ID_HEX);
}

/* Behind a slash.  By hand: every record that ingestd writes has two. */
static void
add_number(struct buf *out, int64_t n)
{
	char text[24];
	size_t at = sizeof(text);

	MUST(n >= 0);
	do
		text[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	text[--at] = '/';
	buf_add(out, text + at, sizeof(text) - at);
}

void
key_format(const struct key *k, struct buf *out)
{
	buf_reset(out);
	switch (k->type) {
	case KEY_RECORD:
		buf_add(out, "r/", 2);
		buf_span(out, k->stream);
		add_number(out, k->epoch);
		add_number(out, k->offset);
		return;
	case KEY_CLAIM:
		buf_printf(out, "c/" SPAN_FMT "/", SPAN_ARG(k->stream));
		add_hex(out, &k->a);
		return;
	case KEY_CUT:
		buf_add(out, "k/", 2);
		buf_span(out, k->stream);
		return;
	case KEY_UNIT_EVENT:
	case KEY_UNIT_DECISION:
	case KEY_PAIR:
		buf_add(out, k->type == KEY_UNIT_EVENT ? "u/" : k->type == KEY_PAIR ? "q/" : "d/", 2);
		add_hex(out, &k->a);
		buf_byte(out, '/');
		add_hex(out, &k->b);
		return;
	case KEY_OUTCOME:
		buf_add(out, "o/", 2);
		add_hex(out, &k->a);
		return;
	case KEY_OTHER:
		break;
	}
	NOT_REACHED("a key of ours has a type");
}

int32_t
unit_partition(const struct id *unit, int32_t partitions)
{
	uint32_t v = (uint32_t)unit->b[0] << 24 | (uint32_t)unit->b[1] << 16
	    | (uint32_t)unit->b[2] << 8 | unit->b[3];

	MUST(partitions > 0);
	return (int32_t)(v % (uint32_t)partitions);
}
