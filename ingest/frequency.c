#include "ingest/frequency.h"

#include "common/must.h"
#include "common/token.h"
#include "ingest/nickname.h"
#include "ingest/phonetic.h"

enum { VALUE_MAX = 64, PER_100K_MAX = 100000, VERSION_MAX = 1000000 };

static struct span
key_of(int32_t field, struct span value, uint8_t key[1 + VALUE_MAX])
{
	MUST(value.len <= VALUE_MAX);
	key[0] = (uint8_t)field;
	memcpy(key + 1, value.ptr, value.len);
	return span_of(key, value.len + 1);
}

static void
count_add(struct frequency *f, int32_t field, struct span value, uint64_t count)
{
	uint8_t key[1 + VALUE_MAX];

	if (value.len == 0)
		return;
	*strmap_put(&f->counts, key_of(field, value, key), NULL) += count;
}

static void
name_add(struct frequency *f, int32_t field, struct span name, uint64_t count)
{
	int32_t sound = field == TOKEN_SURNAME ? TOKEN_PHONETIC_SURNAME : TOKEN_PHONETIC_FORENAME;
	struct phonetic p = phonetic_of(name);

	count_add(f, field, name, count);
	count_add(f, sound, span_str(p.primary), count);
	count_add(f, sound, span_str(p.secondary), count);
	if (field == TOKEN_FORENAME)
		count_add(f, TOKEN_NICKNAME, nickname_class(name), count);
}

/* The part before the next TAB; *rest continues after it. */
static struct span
column(struct span *rest)
{
	const uint8_t *tab = rest->len ? memchr(rest->ptr, '\t', rest->len) : NULL;
	size_t n = tab ? (size_t)(tab - rest->ptr) : rest->len, skip = tab ? n + 1 : n;
	struct span got = span_of(rest->ptr, n);

	rest->ptr += skip;
	rest->len -= skip;
	return got;
}

static bool
number(struct span text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (text.len == 0 || text.len > 9)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	*out = v;
	return v <= max;
}

static int
line_parse(struct frequency *f, struct span line, int at, struct err *err)
{
	struct span first = column(&line), second = column(&line);
	uint64_t count;
	int32_t field;

	if (span_is(first, "version")) {
		if (f->version || !number(second, VERSION_MAX, &count) || count == 0 || line.len)
			return err_set(err, ERR_FATAL,
			    "line %d: expected 'version', a TAB and a number, once", at);
		f->version = (int32_t)count;
		return 0;
	}
	field = span_is(first, "surname") ? TOKEN_SURNAME
	    : span_is(first, "forename")  ? TOKEN_FORENAME
					  : 0;
	if (!field || !f->version)
		return err_set(err, ERR_FATAL,
		    "line %d: expected 'surname' or 'forename', after a 'version' line", at);
	if (second.len == 0 || second.len > VALUE_MAX)
		return err_set(err, ERR_FATAL, "line %d: name is empty or longer than %d bytes", at,
		    VALUE_MAX);
	if (!number(line, PER_100K_MAX, &count))
		return err_set(err, ERR_FATAL, "line %d: count per 100,000 is not a number up to %d",
		    at, PER_100K_MAX);
	name_add(f, field, second, count);
	return 0;
}

int
frequency_parse(struct frequency *f, struct span file, struct err *err)
{
	int at = 0;

	f->version = 0;
	strmap_init(&f->counts, 0);
	while (file.len) {
		const uint8_t *end = memchr(file.ptr, '\n', file.len);
		size_t n = end ? (size_t)(end - file.ptr) : file.len, skip = end ? n + 1 : n;
		struct span line = span_of(file.ptr, n);

		at++;
		file.ptr += skip;
		file.len -= skip;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (line_parse(f, line, at, err) < 0) {
			frequency_release(f);
			return -1;
		}
	}
	if (f->version)
		return 0;
	frequency_release(f);
	return err_set(err, ERR_FATAL, "frequency table has no 'version' line");
}

void
frequency_release(struct frequency *f)
{
	strmap_release(&f->counts);
}

int32_t
frequency_class(const struct frequency *f, int32_t field, struct span value)
{
	static const uint64_t from[] = { 10, 30, 60, 125, 250, 500, 1000 };
	uint8_t key[1 + VALUE_MAX];
	uint64_t *count;
	int32_t class = 0;

	if (value.len == 0 || value.len > VALUE_MAX)
		return 0;
	count = strmap_find(&f->counts, key_of(field, value, key));
	while (count && class < TOKEN_FREQUENCY_MAX && *count >= from[class])
		class++;
	return class;
}
