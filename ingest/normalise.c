#include "ingest/normalise.h"

#include <stdio.h>

#include "common/must.h"
#include "common/text.h"

enum { UNIT_SEPARATOR = 0x1F };

static const char *const titles[] = { "mr", "mrs", "miss", "ms", "mx", "dr", "doctor", "prof",
	"professor", "rev", "revd", "reverend", "sir", "dame", "lord", "lady", "master", "mstr",
	"cllr", "smt", "mst", "mosammat", "sra", "frau", "herr", "mme", NULL };

static const char *const suffixes[] = { "jr", "jnr", "junior", "sr", "snr", "ii", "iii", "iv",
	"esq", "phd", "mbe", "obe", "cbe", "nd", "rd", "th", NULL };

/* Words that belong to the word after them: "van den berg", "o brien", "al hassan". */
static const char *const particles[] = { "o", "mc", "mac", "m", "st", "fitz", "van", "vander",
	"von", "vonder", "der", "den", "de", "del", "della", "delle", "di", "da", "do", "dos", "das",
	"du", "des", "la", "le", "las", "los", "lo", "el", "al", "ul", "ur", "bin", "ibn", "bint",
	"ben", "abu", "abd", "abdul", "abdel", "ap", "ab", "ferch", "ter", "ten", "te", "zu", "zum",
	"zur", "san", "santa", "nic", "ni", "ui", "mhic", NULL };

/* Of these, those that nobody leaves out: "brien" is another name than "o brien". */
static const char *const inseparable[] = { "o", "mc", "mac", "m", "st", "fitz", "nic", "ni", "ui",
	"mhic", "abd", "abdul", "abdel", "san", "santa", NULL };

/* "And" between two surnames: written or not. */
static const char *const between[] = { "y", "e", "i", "and", NULL };

/* What follows is a former name. */
static const char *const formerly[] = { "nee", "formerly", "aka", "fka", "geb", "geborene", NULL };

/* Servant of; the name is with the word behind it. */
static const char *const servant[] = { "abd", "abdul", "abdel", "abdal", "abdur", "abdus", "abdoul",
	NULL };
static const char *const article[] = { "al", "el", "ul", "ur", "ud", "us", "bin", "ibn", "bint",
	NULL };

/* Generic words that Vietnamese names have in front: "thi" of women, "van" of men. */
static const char *const generic[] = { "thi", "van", NULL };

static const char *const mohammed[] = { "md", "mohd", "muhd", "mhd", "mohamd", NULL };

static const char *const no_forename[] = { "unknown", "notknown", "na", "nk", "baby", "babyboy",
	"babygirl", "boy", "girl", "infant", "unnamed", "twin", "male", "female", "test", "none",
	"null", "tbc", "x", "xx", "xxx", "fnu", "noname", "notgiven", "notrecorded", "notstated",
	"anonymous", "refused", "declined", NULL };

static const char *const no_surname[] = { "unknown", "notknown", "nk", "tbc", "xx", "xxx", "lnu",
	"noname", "notgiven", "notrecorded", "notstated", "anonymous", "refused", "declined", NULL };

static bool
one_of(struct span word, const char *const *list)
{
	for (; word.len && *list; list++)
		if (**list == (char)word.ptr[0] && span_is(word, *list))
			return true;
	return false;
}

struct words {
	uint8_t text[TEXT_OUT_MAX];
	struct span word[NAME_WORDS_MAX];
	bool hyphen_before[NAME_WORDS_MAX]; /* joined to the word before by a dash */
	bool bracket_before[NAME_WORDS_MAX]; /* the first within brackets */
	size_t n;
};

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || c >= 0x80;
}

/* Letters make words; apostrophes and digits vanish; all else parts them. */
static void
words_split(struct words *w, size_t len)
{
	size_t from = 0, to = 0;
	bool hyphen = false, bracket = false;

	w->n = 0;
	for (size_t i = 0; i <= len; i++) {
		uint8_t c = i < len ? w->text[i] : ' ';

		if (is_letter(c)) {
			w->text[to++] = c;
			continue;
		}
		if (c == '\'' || (c >= '0' && c <= '9'))
			continue;
		if (to > from && w->n < NAME_WORDS_MAX) {
			w->hyphen_before[w->n] = hyphen;
			w->bracket_before[w->n] = bracket;
			bracket = false;
			w->word[w->n++] = span_of(w->text + from, to - from);
			hyphen = false;
		}
		from = to = i < len ? i + 1 : i;
		hyphen = (hyphen || c == '-') && w->n > 0;
		bracket = bracket || c == '(' || c == '[';
	}
}

static int
words_of(struct span text, const char *field, struct words *w, struct err *err)
{
	size_t len = 0;

	w->n = 0;
	text = text_trim(text);
	if (text.len > FIELD_BYTES_MAX)
		return err_code(err, ERR_RECORD, "field-too-long", field,
		    "field '%s' is longer than %d bytes", field, FIELD_BYTES_MAX);
	switch (text_fold(text, w->text, &len)) {
	case TEXT_OK:
		words_split(w, len);
		return 0;
	case TEXT_NOT_UTF8:
		return err_code(err, ERR_RECORD, "not-utf8", field,
		    "field '%s' is not UTF-8 text", field);
	case TEXT_TOO_LONG:
		break;
	}
	return err_code(err, ERR_RECORD, "field-too-long", field,
	    "field '%s' is too long once its characters are taken apart", field);
}

static void
drop_word(struct words *w, size_t at)
{
	size_t behind = --w->n - at;

	memmove(w->word + at, w->word + at + 1, behind * sizeof(w->word[0]));
	memmove(w->hyphen_before + at, w->hyphen_before + at + 1, behind * sizeof(bool));
	memmove(w->bracket_before + at, w->bracket_before + at + 1, behind * sizeof(bool));
}

static void
drop_titles(struct words *w)
{
	while (w->n > 1 && one_of(w->word[0], titles))
		drop_word(w, 0);
}

static void
drop_suffixes(struct words *w)
{
	while (w->n > 1 && one_of(w->word[w->n - 1], suffixes))
		w->n--;
}

/* Words [from, to) without anything between them. */
static struct span
join(const struct words *w, size_t from, size_t to, struct arena *arena)
{
	size_t len = 0;
	uint8_t *out, *at;

	for (size_t i = from; i < to; i++)
		len += w->word[i].len;
	out = at = arena_alloc(arena, len ? len : 1);
	MUST(out != NULL);
	for (size_t i = from; i < to; i++) {
		memcpy(at, w->word[i].ptr, w->word[i].len);
		at += w->word[i].len;
	}
	return span_of(out, len);
}

static void
add_other(struct names *out, struct span name)
{
	if (name.len < 2 || out->n == NAME_OTHERS_MAX || span_eq(name, out->whole))
		return;
	for (size_t i = 0; i < out->n; i++)
		if (span_eq(out->others[i], name))
			return;
	out->others[out->n++] = name;
}

/* "Abd al Rahman", "Abdur-Rahman": one name; what follows has no article of its own. */
static void
servant_join(struct words *w, size_t at)
{
	if (at + 1 >= w->n || !one_of(w->word[at], servant))
		return;
	while (at + 2 < w->n && one_of(w->word[at + 1], article))
		drop_word(w, at + 1);
	w->word[at] = SPAN_LIT("abdul");
	w->hyphen_before[at + 1] = true;
}

/* "And", where it stands between two; an initial at the end; saint as people shorten it. */
static void
surname_tidy(struct words *w)
{
	for (size_t i = 0; i + 1 < w->n; i++)
		servant_join(w, i);
	for (size_t i = 1; i + 1 < w->n;)
		if (one_of(w->word[i], between))
			drop_word(w, i);
		else
			i++;
	while (w->n > 1 && w->word[w->n - 1].len == 1)
		w->n--;
	for (size_t i = 0; i + 1 < w->n; i++)
		if (span_is(w->word[i], "saint"))
			w->word[i] = SPAN_LIT("st");
}

/* Where the former name begins: behind "née", or in brackets; w->n: nowhere.  A name in front
 * must be left. */
static size_t
former_at(struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		if (one_of(w->word[i], formerly) && i + 1 < w->n) {
			drop_word(w, i);
			return i;
		}
		if (w->bracket_before[i])
			return i;
	}
	return w->n;
}

/* Each with the particles before it, if there are several; then those without their particles. */
static void
halves_add(const struct words *w, size_t first, size_t end, struct names *out, struct arena *arena)
{
	size_t from = first;

	for (size_t i = first; i < end; i++) {
		if (i + 1 < end && one_of(w->word[i], particles))
			continue;
		if (from > first || i + 1 < end)
			add_other(out, join(w, from, i + 1, arena));
		from = i + 1;
	}
	for (size_t i = first + 1; i < end; i++)
		if (one_of(w->word[i - 1], particles) && !one_of(w->word[i - 1], inseparable)
		    && !one_of(w->word[i], particles) && w->word[i].len > 2)
			add_other(out, join(w, i, i + 1, arena));
}

int
surname_normalise(struct span text, struct names *out, struct arena *arena, struct err *err)
{
	struct words w;
	size_t former;

	*out = (struct names){ .n = 0 };
	if (words_of(text, "person.surname", &w, err) < 0)
		return -1;
	drop_titles(&w);
	drop_suffixes(&w);
	surname_tidy(&w);
	former = former_at(&w);
	out->whole = join(&w, 0, former, arena);
	if (one_of(out->whole, no_surname))
		out->whole.len = 0;
	if (out->whole.len == 0)
		return 0;
	halves_add(&w, 0, former, out, arena);
	if (former < w.n) {
		add_other(out, join(&w, former, w.n, arena));
		halves_add(&w, former, w.n, out, arena);
	}
	return 0;
}

static void
forename_tidy(struct words *w)
{
	while (w->n > 1 && one_of(w->word[0], generic))
		drop_word(w, 0);
	if (one_of(w->word[0], mohammed))
		w->word[0] = SPAN_LIT("mohammed");
	servant_join(w, 0);
	for (size_t i = 1; i < w->n;)
		if (one_of(w->word[i], article) && !w->hyphen_before[i])
			drop_word(w, i);
		else
			i++;
}

int
forename_normalise(struct span text, struct names *out, struct arena *arena, struct err *err)
{
	struct words w;
	size_t first = 1, next;

	*out = (struct names){ .n = 0 };
	if (words_of(text, "person.forename", &w, err) < 0)
		return -1;
	drop_titles(&w);
	if (w.n == 0 || one_of(join(&w, 0, w.n, arena), no_forename)
	    || one_of(w.word[0], no_forename))
		return 0;
	forename_tidy(&w);
	while (first < w.n && w.hyphen_before[first])
		first++;
	out->whole = join(&w, 0, first, arena);
	if (first > 1)
		add_other(out, join(&w, 0, 1, arena));
	for (size_t i = first; i < w.n; i = next) {
		next = i + 1;
		while (next < w.n && w.hyphen_before[next])
			next++;
		add_other(out, join(&w, i, next, arena));
	}
	if (first == 1 && w.n == 2) /* of a name that is written in two, or a middle name */
		add_other(out, join(&w, 0, 2, arena));
	return 0;
}

static size_t
first_character(struct span s)
{
	size_t n = 1;

	while (n < s.len && (s.ptr[n] & 0xC0) == 0x80)
		n++;
	return n > 4 ? 4 : n;
}

static void
initials_of(struct person *p)
{
	size_t f, s;

	p->initials_len = 0;
	if (p->forename.whole.len == 0 || p->surname.whole.len == 0)
		return;
	f = first_character(p->forename.whole);
	s = first_character(p->surname.whole);
	memcpy(p->initials, p->forename.whole.ptr, f);
	p->initials[f] = UNIT_SEPARATOR;
	memcpy(p->initials + f + 1, p->surname.whole.ptr, s);
	p->initials_len = f + 1 + s;
}

/* "SMITH, John" in one field, with no forename beside it. */
static void
split_at_comma(struct span *surname, struct span *forename)
{
	const uint8_t *comma = surname->len ? memchr(surname->ptr, ',', surname->len) : NULL;

	if (!comma || !text_absent(*forename))
		return;
	*forename = span_of(comma + 1, surname->len - (size_t)(comma + 1 - surname->ptr));
	surname->len = (size_t)(comma - surname->ptr);
}

static int
names_normalise(const struct raw_person *raw, struct person *out, struct arena *arena,
    struct err *err)
{
	struct span surname = raw->surname, forename = raw->forename;
	struct names more;

	split_at_comma(&surname, &forename);
	if (surname_normalise(surname, &out->surname, arena, err) < 0
	    || forename_normalise(forename, &out->forename, arena, err) < 0)
		return -1;
	if (!text_absent(raw->previous_surname)) {
		if (surname_normalise(raw->previous_surname, &more, arena, err) < 0)
			return -1;
		add_other(&out->surname, more.whole);
	}
	if (!text_absent(raw->middle_names)) {
		if (forename_normalise(raw->middle_names, &more, arena, err) < 0)
			return -1;
		add_other(&out->forename, more.whole);
	}
	initials_of(out);
	return 0;
}

static int
date_field(struct span text, const char *field, date_t *out, struct err *err)
{
	switch (date_check(text, out)) {
	case DATE_RESULT_OK:
		return 0;
	case DATE_RESULT_ABSENT:
		*out = DATE_NONE;
		return 0;
	case DATE_RESULT_UNREADABLE:
		return err_code(err, ERR_RECORD, "date-unreadable", field,
		    "field '%s' is not a date, expected YYYY-MM-DD", field);
	case DATE_RESULT_IMPOSSIBLE:
		break;
	}
	return err_code(err, ERR_RECORD, "date-impossible", field,
	    "field '%s' is a day that does not exist", field);
}

static int
dates_normalise(const struct raw_person *raw, struct person *out, struct err *err)
{
	if (date_field(raw->dob, "person.dob", &out->dob, err) < 0
	    || date_field(raw->died_on, "person.died_on", &out->died, err) < 0)
		return -1;
	out->dob_grade = DOB_GOOD;
	if (out->dob != DATE_NONE)
		out->dob_grade = dob_grade(out->dob);
	if (out->dob_grade == DOB_DEFAULT)
		out->dob = DATE_NONE;
	if (out->died != DATE_NONE && out->dob != DATE_NONE && out->died < out->dob)
		return err_code(err, ERR_RECORD, "died-before-born", "person.died_on",
		    "field 'person.died_on' is before 'person.dob'");
	return 0;
}

/* code: a prefix; "-format" or "-check" follows. */
static int
identifier(enum valid got, bool *has, const char *what, const char *field, struct err *err)
{
	char code[ERR_CODE_MAX];

	*has = got == VALID_OK;
	switch (got) {
	case VALID_OK:
	case VALID_ABSENT:
		return 0;
	case VALID_FORMAT:
		snprintf(code, sizeof(code), "%s-format", what);
		return err_code(err, ERR_RECORD, code, field,
		    "field '%s' does not have the form of such a number", field);
	case VALID_CHECK:
		break;
	}
	snprintf(code, sizeof(code), "%s-check-digit", what);
	return err_code(err, ERR_RECORD, code, field,
	    "field '%s' has a wrong check digit: one character is mistyped", field);
}

static int
identifiers_normalise(const struct raw_person *raw, struct person *out, struct arena *arena,
    struct err *err)
{
	uint8_t *local;
	size_t n;

	if (identifier(nhs_number_check(raw->nhs_number, out->nhs), &out->has_nhs, "nhs",
	        "person.nhs_number", err) < 0
	    || identifier(nino_check(raw->nino, out->nino), &out->has_nino, "nino",
	           "person.nino", err) < 0
	    || identifier(upn_check(raw->upn, out->upn), &out->has_upn, "upn", "person.upn", err) < 0
	    || identifier(uln_check(raw->uln, out->uln), &out->has_uln, "uln", "person.uln", err) < 0)
		return -1;
	if (raw->local_id.len > FIELD_BYTES_MAX)
		return err_code(err, ERR_RECORD, "field-too-long", "person.local_id",
		    "field 'person.local_id' is longer than %d bytes", FIELD_BYTES_MAX);
	local = arena_alloc(arena, raw->local_id.len + 1);
	MUST(local != NULL);
	n = 0;
	for (size_t i = 0; i < raw->local_id.len; i++) {
		uint8_t c = raw->local_id.ptr[i];

		if (c > ' ' && c != 0x7F)
			local[n++] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
	}
	out->local_id = span_of(local, n);
	return 0;
}

static int
address_normalise(const struct raw_address *raw, struct address *out, struct err *err)
{
	enum valid got = postcode_check(raw->postcode, &out->postcode);
	bool has;

	if (got != VALID_OK)
		out->postcode.len = out->postcode.sector_len = 0; /* not written as one: no evidence */
	got = uprn_check(raw->uprn, out->uprn, &out->uprn_len);
	if (identifier(got, &has, "uprn", "person.addresses.uprn", err) < 0)
		return -1;
	if (!has)
		out->uprn_len = 0;
	return 0;
}

static int
addresses_normalise(const struct raw_person *raw, uint32_t current, struct person *out,
    struct err *err)
{
	const struct raw_address *list = raw->addresses.items;
	uint32_t n = raw->addresses.n;

	out->n_addresses = n;
	for (uint32_t i = 0; i < n; i++) {
		/* [0] is the current one; the others follow in the agency's order */
		uint32_t to = i == current ? 0 : i < current ? i + 1 : i;

		if (address_normalise(&list[i], &out->addresses[to], err) < 0)
			return -1;
	}
	return 0;
}

static int
address_order(const struct raw_address *a, const struct raw_address *b)
{
	int c = span_cmp(a->postcode, b->postcode);

	return c ? c : span_cmp(a->uprn, b->uprn);
}

int
address_current(const struct av_array *addresses, date_t day, uint32_t *at, struct err *err)
{
	const struct raw_address *list = addresses->items;
	bool best_holds = false;
	date_t best_from = DATE_NONE;

	*at = 0;
	if (addresses->n > ADDRESSES_MAX)
		return err_code(err, ERR_RECORD, "too-many-addresses", "person.addresses",
		    "field 'person.addresses' has more than %d entries", ADDRESSES_MAX);
	for (uint32_t i = 0; i < addresses->n; i++) {
		date_t from, to;
		bool holds, better;

		if (date_field(list[i].from, "person.addresses.from", &from, err) < 0
		    || date_field(list[i].to, "person.addresses.to", &to, err) < 0)
			return -1;
		holds = (from == DATE_NONE || from <= day) && (to == DATE_NONE || day < to);
		if (holds != best_holds)
			better = holds;
		else if (from != best_from)
			better = from > best_from; /* DATE_NONE is least */
		else
			better = address_order(&list[i], &list[*at]) < 0;
		if (i > 0 && !better)
			continue;
		*at = i;
		best_holds = holds;
		best_from = from;
	}
	return 0;
}

int
person_normalise(const struct raw_person *raw, uint32_t current_address, struct person *out,
    struct arena *arena, struct err *err)
{
	MUST(raw->addresses.n <= ADDRESSES_MAX);
	if (names_normalise(raw, out, arena, err) < 0 || dates_normalise(raw, out, err) < 0
	    || identifiers_normalise(raw, out, arena, err) < 0)
		return -1;
	return addresses_normalise(raw, current_address, out, err);
}
