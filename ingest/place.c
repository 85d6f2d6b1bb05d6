#include "ingest/place.h"

#include "common/must.h"
#include "ingest/address.h"

static bool
is_number(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] >= '0' && word.ptr[i] <= '9')
			return true;
	return false;
}

static void
number_add(struct place *out, struct span word)
{
	for (int i = 0; i < PLACE_NUMBERS_MAX; i++) {
		if (out->number[i].len == 0) {
			out->number[i] = word;
			return;
		}
	}
}

/* One line's words joined; its numbers go to the house. */
static struct span
line_join(struct span line, bool houses, struct place *out, struct arena *arena)
{
	const struct raw_address only = { .line1 = line };
	struct address_words words;
	uint8_t *text;
	size_t len = 0;

	address_words(&only, &words, arena);
	text = arena_alloc(arena, PLACE_LINE_MAX);
	MUST(text != NULL);
	for (size_t i = 0; i < words.n; i++) {
		struct span w = words.word[i];

		if (is_number(w)) {
			if (houses)
				number_add(out, w);
			continue;
		}
		if (span_is(w, "flat") || len + w.len > PLACE_LINE_MAX)
			continue;
		memcpy(text + len, w.ptr, w.len);
		len += w.len;
	}
	return span_of(text, len);
}

void
place_normalise(const struct raw_address *raw, struct place *out, struct arena *arena)
{
	*out = (struct place){ .street = SPAN_NONE };
	out->street = line_join(raw->line1, true, out, arena);
	out->locality = line_join(raw->line2, true, out, arena);
	out->town = line_join(raw->town, false, out, arena);
	if (out->street.len == 0) {
		out->street = out->locality;
		out->locality = SPAN_LIT("");
	}
}
