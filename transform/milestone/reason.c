#include "transform/milestone/reason.h"

#include <stdio.h>

#include "common/must.h"

enum { SENTENCE_MILLION = 1000000 };

struct words {
	struct span name, text;
};

static const struct words reasons[] = {
#define REASON_WORDS(name, code, sentence) \
	{ { (const uint8_t *)(code), sizeof(code) - 1 }, \
		{ (const uint8_t *)(sentence), sizeof(sentence) - 1 } },
	REASONS(REASON_WORDS)
#undef REASON_WORDS
};

static const struct words statuses[] = {
#define STATUS_WORDS(name, code, doc) \
	{ { (const uint8_t *)(code), sizeof(code) - 1 }, \
		{ (const uint8_t *)(doc), sizeof(doc) - 1 } },
	STATUSES(STATUS_WORDS)
#undef STATUS_WORDS
};

struct span
reason_name(enum reason_code code)
{
	MUST(code < REASON_COUNT);
	return reasons[code].name;
}

struct span
reason_text(enum reason_code code)
{
	MUST(code < REASON_COUNT);
	return reasons[code].text;
}

struct span
status_name(enum status status)
{
	MUST(status < STATUS_COUNT);
	return statuses[status].name;
}

void
sentence_add(struct sentence *s, struct span part)
{
	size_t n = part.len < SENTENCE_MAX - s->len ? part.len : SENTENCE_MAX - s->len;

	if (n)
		memcpy(s->text + s->len, part.ptr, n);
	s->len += n;
}

void
sentence_str(struct sentence *s, const char *part)
{
	sentence_add(s, span_str(part));
}

void
sentence_date(struct sentence *s, date_t day)
{
	char text[DATE_TEXT];

	date_text(day, text);
	sentence_str(s, text);
}

void
sentence_number(struct sentence *s, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	sentence_str(s, text);
}

void
sentence_millionths(struct sentence *s, int64_t n)
{
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n, part = u % SENTENCE_MILLION;
	char digits[8];
	int len = 6;

	if (n < 0)
		sentence_str(s, "-");
	sentence_number(s, (int64_t)(u / SENTENCE_MILLION));
	if (part == 0)
		return;
	for (int i = 5; i >= 0; i--, part /= 10)
		digits[i] = (char)('0' + part % 10);
	while (digits[len - 1] == '0')
		len--;
	digits[len] = '\0';
	sentence_str(s, ".");
	sentence_str(s, digits);
}
