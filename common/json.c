#include "common/json.h"

#include "common/must.h"
#include "common/text.h"

void
jw_begin(struct jw *j, struct buf *out)
{
	*j = (struct jw){ .out = out };
}

bool
jw_done(const struct jw *j)
{
	return j->depth == 0 && !j->keyed;
}

/* What stands between the last value and the next. */
static void
value_follows(struct jw *j)
{
	if (j->depth == 0)
		return;
	if (j->keyed) {
		j->keyed = false;
		return;
	}
	MUST(j->close[j->depth - 1] == ']');
	if (j->some[j->depth - 1])
		buf_byte(j->out, ',');
	j->some[j->depth - 1] = true;
}

static void
open_one(struct jw *j, char open, char close)
{
	value_follows(j);
	MUST(j->depth < JSON_DEPTH_MAX);
	j->close[j->depth] = close;
	j->some[j->depth] = false;
	j->depth++;
	buf_byte(j->out, (uint8_t)open);
}

void
jw_object(struct jw *j)
{
	open_one(j, '{', '}');
}

void
jw_array(struct jw *j)
{
	open_one(j, '[', ']');
}

void
jw_end(struct jw *j)
{
	MUST(j->depth > 0 && !j->keyed);
	j->depth--;
	buf_byte(j->out, (uint8_t)j->close[j->depth]);
	(void)buf_cstr(j->out);
}

static void
add_escaped(struct buf *out, uint8_t c)
{
	switch (c) {
	case '"':
		buf_add(out, "\\\"", 2);
		return;
	case '\\':
		buf_add(out, "\\\\", 2);
		return;
	case '\n':
		buf_add(out, "\\n", 2);
		return;
	case '\r':
		buf_add(out, "\\r", 2);
		return;
	case '\t':
		buf_add(out, "\\t", 2);
		return;
	}
	if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", c);
	else
		buf_byte(out, c);
}

/* Bytes of the character that `text` starts with, 0 when it is not well formed. */
static size_t
character(struct span text)
{
	uint8_t lead = text.ptr[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

	return n <= text.len && text_is_utf8(span_of(text.ptr, n)) ? n : 0;
}

static void
add_quoted(struct buf *out, struct span text)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.len;) {
		size_t n = character(span_of(text.ptr + i, text.len - i));

		if (n == 0) {
			buf_add(out, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (n == 1) {
			add_escaped(out, text.ptr[i]);
		} else {
			buf_add(out, text.ptr + i, n);
		}
		i += n;
	}
	buf_byte(out, '"');
}

void
jw_key(struct jw *j, const char *name)
{
	MUST(j->depth > 0 && j->close[j->depth - 1] == '}' && !j->keyed);
	if (j->some[j->depth - 1])
		buf_byte(j->out, ',');
	j->some[j->depth - 1] = true;
	add_quoted(j->out, span_str(name));
	buf_byte(j->out, ':');
	j->keyed = true;
}

void
jw_str(struct jw *j, struct span text)
{
	if (!text.ptr) {
		jw_null(j);
		return;
	}
	value_follows(j);
	add_quoted(j->out, text);
	(void)buf_cstr(j->out);
}

void
jw_text(struct jw *j, const char *text)
{
	jw_str(j, span_str(text));
}

void
jw_raw(struct jw *j, struct span value)
{
	value_follows(j);
	buf_span(j->out, value);
	(void)buf_cstr(j->out);
}

void
jw_int(struct jw *j, int64_t v)
{
	value_follows(j);
	buf_printf(j->out, "%lld", (long long)v);
}

void
jw_bool(struct jw *j, bool v)
{
	value_follows(j);
	buf_str(j->out, v ? "true" : "false");
}

void
jw_null(struct jw *j)
{
	value_follows(j);
	buf_str(j->out, "null");
}

void
jw_millionths(struct jw *j, int64_t v)
{
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	uint64_t part = size % 1000000;
	int width = 6;

	value_follows(j);
	buf_printf(j->out, "%s%llu", v < 0 ? "-" : "", (unsigned long long)(size / 1000000));
	if (part == 0)
		return;
	for (; part % 10 == 0; part /= 10)
		width--;
	buf_printf(j->out, ".%0*llu", width, (unsigned long long)part);
}

void
jw_id(struct jw *j, const struct id *id)
{
	char hex[ID_HEX + 1];

	id_hex(id, hex);
	jw_text(j, hex);
}

void
jw_date(struct jw *j, date_t d)
{
	char text[DATE_TEXT];

	date_text(d, text);
	jw_text(j, d == DATE_NONE ? NULL : text);
}

void
jw_put_text(struct jw *j, const char *name, const char *text)
{
	jw_key(j, name);
	jw_text(j, text);
}

void
jw_put_str(struct jw *j, const char *name, struct span text)
{
	jw_key(j, name);
	jw_str(j, text);
}

void
jw_put_int(struct jw *j, const char *name, int64_t v)
{
	jw_key(j, name);
	jw_int(j, v);
}

void
jw_put_bool(struct jw *j, const char *name, bool v)
{
	jw_key(j, name);
	jw_bool(j, v);
}

void
jw_put_date(struct jw *j, const char *name, date_t d)
{
	jw_key(j, name);
	jw_date(j, d);
}
