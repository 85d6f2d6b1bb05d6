#include "ingest/address.h"

#include "common/must.h"
#include "common/text.h"

/* What people shorten, in its short form: sixty letters of every hundred are "street" and its like,
 * and would make strangers of one town look alike. */
static const struct {
	const char *from, *to;
} shorter[] = {
	{ "street", "st" }, { "str", "st" }, { "saint", "st" }, { "road", "rd" },
	{ "avenue", "ave" }, { "av", "ave" }, { "lane", "ln" }, { "drive", "dr" },
	{ "close", "cl" }, { "court", "ct" }, { "crt", "ct" }, { "crescent", "cres" },
	{ "cresent", "cres" }, { "cr", "cres" }, { "gardens", "gdns" }, { "garden", "gdns" },
	{ "grove", "gr" }, { "place", "pl" }, { "square", "sq" }, { "terrace", "ter" },
	{ "tce", "ter" }, { "terr", "ter" }, { "parade", "pde" }, { "circuit", "cct" },
	{ "highway", "hwy" }, { "heights", "hts" }, { "house", "hse" }, { "building", "bldg" },
	{ "buildings", "bldg" }, { "mount", "mt" }, { "north", "n" }, { "south", "s" },
	{ "east", "e" }, { "west", "w" }, { "upper", "upr" }, { "lower", "lwr" },
	{ "apartment", "flat" }, { "apt", "flat" }, { "unit", "flat" }, { "flt", "flat" },
	{ "floor", "fl" }, { "ground", "grd" }, { "number", "" }, { "no", "" },
};

/* Said of every address, or of none. */
static const char *const nowhere[] = { "england", "uk", "gb", "united", "kingdom", "unknown", "nfa",
	"na", "nk", "the", "of", "and", "c", "o", "care", NULL };

static bool
is_part(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static struct span
shortened(struct span word)
{
	for (const char *const *w = nowhere; *w; w++)
		if (**w == (char)word.ptr[0] && span_is(word, *w))
			return SPAN_LIT("");
	for (size_t i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++)
		if (*shorter[i].from == (char)word.ptr[0] && span_is(word, shorter[i].from))
			return span_str(shorter[i].to);
	return word;
}

static void
word_add(struct address_words *out, struct span word, struct arena *arena)
{
	struct span form = shortened(word);

	if (form.len == 0 || out->n == ADDRESS_WORDS_MAX)
		return;
	if (form.ptr == word.ptr)
		form = arena_copy(arena, form);
	MUST(form.ptr != NULL);
	out->word[out->n++] = form;
}

/* An apostrophe vanishes inside a word; all else parts words. */
static void
line_words(struct span line, struct address_words *out, struct arena *arena)
{
	uint8_t text[TEXT_OUT_MAX];
	size_t len = 0, from = 0, to = 0;

	line = text_trim(line);
	if (line.len == 0 || line.len > ADDRESS_LINE_MAX || text_fold(line, text, &len) != TEXT_OK)
		return;
	for (size_t i = 0; i <= len; i++) {
		uint8_t c = i < len ? text[i] : ' ';

		if (is_part(c)) {
			text[to++] = c;
			continue;
		}
		if (c == '\'')
			continue;
		if (to > from)
			word_add(out, span_of(text + from, to - from), arena);
		from = to = i + 1;
	}
}

/* "No fixed abode", as one of the lines or spread over them. */
static bool
no_abode(const struct raw_address *raw)
{
	static const char *const said[] = { "no fixed abode", "no fixed address", "homeless",
		"nfa", "not known", "unknown", NULL };
	uint8_t text[TEXT_OUT_MAX];
	struct span line = text_trim(raw->line1);
	size_t len = 0;

	if (line.len == 0 || line.len > ADDRESS_LINE_MAX || text_fold(line, text, &len) != TEXT_OK)
		return false;
	for (const char *const *s = said; *s; s++)
		if (span_is(span_of(text, len), *s))
			return true;
	return false;
}

void
address_words(const struct raw_address *raw, struct address_words *out, struct arena *arena)
{
	out->n = 0;
	if (no_abode(raw))
		return;
	line_words(raw->line1, out, arena);
	line_words(raw->line2, out, arena);
	line_words(raw->town, out, arena);
}
