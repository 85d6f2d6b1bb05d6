#include "ingest/tokens.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"
#include "ingest/address.h"
#include "ingest/clk.h"
#include "ingest/nickname.h"
#include "ingest/phonetic.h"
#include "ingest/place.h"

enum {
	PERSON_KEY_MAX = 768,  /* bytes of a block that is remembered; longer ones are computed */
	VALUE_KEY_MAX = 30,    /* bytes of a value that is remembered */
	COMPOSITE_MAX = 2048,  /* bytes of a value made of several */
	SLK_LETTERS = 14,
	NAME_END = 3, LINE_END = 5, /* bytes of a head and of a tail */
};

/* The class of a date that people write for "not known". */
static const int32_t WEAK = TOKEN_FREQUENCY_MAX;

struct person_slot {
	uint64_t hash;
	uint32_t len; /* 0: empty */
	uint8_t key[PERSON_KEY_MAX];
	struct person_block block;
};

struct value_slot {
	uint8_t family, len; /* len 0: empty */
	uint8_t key[VALUE_KEY_MAX];
	uint8_t frequency;
	struct id value;
};

struct tokeniser {
	const struct keyring *ring;
	const struct frequency *frequency;
	struct token_settings settings;
	struct clk *clk; /* NULL: off */
	struct person_slot *people;
	struct value_slot *values;
	struct buf key;
	struct person_block block; /* when the block is not remembered */
};

int
token_settings_read(const char *tokens, const char *clk, struct token_settings *out,
    struct err *err)
{
	*out = (struct token_settings)TOKEN_SETTINGS_DEFAULT;
	if (strcmp(tokens, "core") == 0)
		out->profile = TOKENS_CORE;
	else if (strcmp(tokens, "all") != 0)
		return err_code(err, ERR_FATAL, "setting", "tokens",
		    "setting 'tokens' is neither all nor core");
	if (strcmp(clk, "record") == 0)
		out->clk = CLK_RECORD;
	else if (strcmp(clk, "trusted-matcher") == 0)
		out->clk = CLK_FIELDS;
	else if (strcmp(clk, "none") != 0)
		return err_code(err, ERR_FATAL, "setting", "clk",
		    "setting 'clk' is not none, record or trusted-matcher");
	return 0;
}

struct tokeniser *
tokeniser_new(const struct keyring *ring, const struct frequency *frequency,
    struct token_settings settings)
{
	struct tokeniser *t = mem_zalloc(1, sizeof(*t));

	MUST((settings.memo_people & (settings.memo_people - 1)) == 0);
	MUST((settings.memo_values & (settings.memo_values - 1)) == 0);
	t->ring = ring;
	t->frequency = frequency;
	t->settings = settings;
	if (settings.clk != CLK_OFF)
		t->clk = clk_new(settings.clk, ring->clk_key);
	if (settings.memo_people)
		t->people = mem_zalloc(settings.memo_people, sizeof(*t->people));
	if (settings.memo_values)
		t->values = mem_zalloc(settings.memo_values, sizeof(*t->values));
	return t;
}

void
tokeniser_free(struct tokeniser *t)
{
	if (!t)
		return;
	if (t->people)
		explicit_bzero(t->people, t->settings.memo_people * sizeof(*t->people));
	if (t->values)
		explicit_bzero(t->values, t->settings.memo_values * sizeof(*t->values));
	if (t->key.ptr)
		explicit_bzero(t->key.ptr, t->key.cap);
	clk_free(t->clk);
	mem_free(t->people);
	mem_free(t->values);
	buf_release(&t->key);
	explicit_bzero(&t->block, sizeof(t->block));
	mem_free(t);
}

/* --- one token */

static bool
has_frequency(int32_t field)
{
	return field == TOKEN_SURNAME || field == TOKEN_FORENAME || field == TOKEN_PHONETIC_SURNAME
	    || field == TOKEN_PHONETIC_FORENAME || field == TOKEN_NICKNAME;
}

/* Families whose values many people share. */
static bool
is_shared(int32_t family)
{
	return has_frequency(family) || family == TOKEN_DOB || family == TOKEN_DOB_YEAR
	    || family == TOKEN_DOB_MONTH || family == TOKEN_DOB_DAY || family == TOKEN_DOB_SWAP
	    || family == TOKEN_INITIALS || family == TOKEN_SECTOR || family == TOKEN_SEX
	    || family == TOKEN_HOUSE || family == TOKEN_STREET || family == TOKEN_PHONETIC_STREET
	    || family == TOKEN_PHONETIC_TOWN || family == TOKEN_NAME_FIRST
	    || (family >= TOKEN_SURNAME_HEAD && family <= TOKEN_TOWN_TAIL);
}

static void
compute(struct tokeniser *t, int32_t family, struct span value, struct id *id, int32_t *frequency)
{
	*id = token_value(t->ring, family, value);
	*frequency = has_frequency(family) ? frequency_class(t->frequency, family, value) : 0;
}

static void
value_token(struct tokeniser *t, int32_t family, struct span value, struct id *id,
    int32_t *frequency)
{
	struct value_slot *slot;

	if (!t->values || value.len > VALUE_KEY_MAX || !is_shared(family)) {
		compute(t, family, value, id, frequency);
		return;
	}
	slot = &t->values[hash64(value.ptr, value.len, (uint64_t)family)
	    & (t->settings.memo_values - 1)];
	if (slot->family != family || slot->len != value.len
	    || memcmp(slot->key, value.ptr, value.len) != 0) {
		compute(t, family, value, &slot->value, frequency);
		slot->family = (uint8_t)family;
		slot->len = (uint8_t)value.len;
		memcpy(slot->key, value.ptr, value.len);
		slot->frequency = (uint8_t)*frequency;
	}
	*id = slot->value;
	*frequency = slot->frequency;
}

static struct token *
add(struct tokeniser *t, struct person_block *b, int32_t field, struct span value)
{
	struct token *token;

	if (value.len == 0 || (t->settings.profile == TOKENS_CORE && !token_is_core(field)))
		return NULL;
	MUST(b->n < TOKENS_MAX);
	token = &b->tokens[b->n++];
	token->field = field;
	value_token(t, token_family(field), value, &token->value, &token->frequency);
	return token;
}

static void
add_text(struct tokeniser *t, struct person_block *b, int32_t field, const char *text)
{
	add(t, b, field, span_str(text));
}

/* Of several values, 0x1F between them; none when one is absent. */
static void
add_composite(struct tokeniser *t, struct person_block *b, int32_t field, const struct span *part,
    size_t n)
{
	uint8_t value[COMPOSITE_MAX];
	size_t len = 0;

	if (t->settings.profile == TOKENS_CORE && !token_is_core(field))
		return;
	for (size_t i = 0; i < n; i++) {
		if (part[i].len == 0 || len + part[i].len + 1 > sizeof(value))
			return;
		if (i)
			value[len++] = 0x1F;
		memcpy(value + len, part[i].ptr, part[i].len);
		len += part[i].len;
	}
	add(t, b, field, span_of(value, len));
}

/* --- the fields */

/* First and last letters, so that a slip leaves one of them; bytes, for they are only compared. */
static void
add_ends(struct tokeniser *t, struct person_block *b, int32_t head, struct span value, size_t n)
{
	if (value.len < n + 1 || t->settings.profile == TOKENS_CORE)
		return;
	add(t, b, head, span_of(value.ptr, n));
	add(t, b, head + 1, span_of(value.ptr + value.len - n, n));
}

static void
add_identifiers(struct tokeniser *t, struct person_block *b, const struct person *p,
    struct span organisation)
{
	const struct span local[] = { organisation, p->local_id };

	if (p->has_nhs)
		add(t, b, TOKEN_NHS, span_of(p->nhs, NHS_DIGITS));
	if (p->has_nino)
		add(t, b, TOKEN_NINO, span_of(p->nino, NINO_LETTERS));
	if (p->has_upn)
		add(t, b, TOKEN_UPN, span_of(p->upn, UPN_LETTERS));
	if (p->has_uln)
		add(t, b, TOKEN_ULN, span_of(p->uln, ULN_DIGITS));
	add_composite(t, b, TOKEN_LOCAL_ID, local, 2);
}

/* As two digits at `out`. */
static void
two_digits(int v, char *out)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
}

static void
add_dob(struct tokeniser *t, struct person_block *b, const struct person *p)
{
	char text[DATE_TEXT], swap[DATE_TEXT];
	struct ymd d;
	struct token *token;

	if (p->dob == DATE_NONE)
		return;
	d = date_ymd(p->dob);
	date_text(p->dob, text);
	token = add(t, b, TOKEN_DOB, span_of(text, 10));
	if (token && p->dob_grade == DOB_WEAK)
		token->frequency = WEAK;
	add(t, b, TOKEN_DOB_YEAR, span_of(text, 4));
	token = add(t, b, TOKEN_DOB_MONTH, span_of(text + 5, 2));
	if (token && p->dob_grade == DOB_WEAK)
		token->frequency = WEAK;
	token = add(t, b, TOKEN_DOB_DAY, span_of(text + 8, 2));
	if (token && p->dob_grade == DOB_WEAK)
		token->frequency = WEAK;
	if (d.day > 12 || d.day == d.month)
		return;
	memcpy(swap, text, sizeof(swap));
	two_digits(d.day < d.month ? d.day : d.month, swap + 5);
	two_digits(d.day < d.month ? d.month : d.day, swap + 8);
	add(t, b, TOKEN_DOB_SWAP, span_of(swap, 10));
}

static void
add_sounds(struct tokeniser *t, struct person_block *b, int32_t field, const struct phonetic *p)
{
	add_text(t, b, field, p->primary);
	add_text(t, b, field, p->secondary);
}

static void
add_names(struct tokeniser *t, struct person_block *b, const struct person *p,
    struct span nickname, const struct phonetic *surname)
{
	struct span s = p->surname.whole, f = p->forename.whole, pair[2];
	struct phonetic sound;

	add(t, b, TOKEN_SURNAME, s);
	for (size_t i = 0; i < p->surname.n; i++)
		add(t, b, TOKEN_SURNAME_OTHER, p->surname.others[i]);
	if (f.len > 1) /* a lone initial is no forename */
		add(t, b, TOKEN_FORENAME, f);
	for (size_t i = 0; i < p->forename.n; i++)
		add(t, b, TOKEN_FORENAME_OTHER, p->forename.others[i]);
	pair[0] = span_cmp(s, f) < 0 ? s : f;
	pair[1] = span_cmp(s, f) < 0 ? f : s;
	add_composite(t, b, TOKEN_NAME_SWAP, pair, 2);
	add(t, b, TOKEN_INITIALS, span_of(p->initials, p->initials_len));
	add_sounds(t, b, TOKEN_PHONETIC_SURNAME, surname);
	if (f.len > 1 && t->settings.profile != TOKENS_CORE) {
		sound = phonetic_of(f);
		add_sounds(t, b, TOKEN_PHONETIC_FORENAME, &sound);
	}
	add(t, b, TOKEN_NICKNAME, nickname);
}

/* Names in each other's place, and their ends; here, and not with the names, for tokens are sorted by
 * field. */
static void
add_name_parts(struct tokeniser *t, struct person_block *b, const struct person *p)
{
	struct span s = p->surname.whole, f = p->forename.whole;

	if (f.len > 1)
		add(t, b, TOKEN_NAME_FIRST, f);
	if (s.len > 1)
		add(t, b, TOKEN_NAME_LAST, s);
	add_ends(t, b, TOKEN_SURNAME_HEAD, s, NAME_END);
	add_ends(t, b, TOKEN_FORENAME_HEAD, f, NAME_END);
}

static void
add_places(struct tokeniser *t, struct person_block *b, const struct person *p)
{
	for (size_t i = 0; i < p->n_addresses; i++) {
		const struct address *a = &p->addresses[i];

		add(t, b, i ? TOKEN_POSTCODE_OTHER : TOKEN_POSTCODE,
		    span_of(a->postcode.text, a->postcode.len));
		add(t, b, i ? TOKEN_UPRN_OTHER : TOKEN_UPRN, span_of(a->uprn, a->uprn_len));
		if (i == 0)
			add(t, b, TOKEN_SECTOR, span_of(a->postcode.text, a->postcode.sector_len));
	}
}

/* Of where the person lived on the day; a sound is that of a joined line. */
static void
add_lines(struct tokeniser *t, struct person_block *b, const struct raw_address *a,
    struct arena *scratch)
{
	struct phonetic sound;
	struct place at;

	if (t->settings.profile == TOKENS_CORE)
		return;
	place_normalise(a, &at, scratch);
	for (int i = 0; i < PLACE_NUMBERS_MAX; i++)
		add(t, b, TOKEN_HOUSE, at.number[i]);
	add(t, b, TOKEN_STREET, at.street);
	add(t, b, TOKEN_LOCALITY, at.locality);
	add(t, b, TOKEN_TOWN, at.town);
	sound = phonetic_of(at.street);
	add_text(t, b, TOKEN_PHONETIC_STREET, sound.primary);
	sound = phonetic_of(at.town);
	add_text(t, b, TOKEN_PHONETIC_TOWN, sound.primary);
	add_ends(t, b, TOKEN_STREET_HEAD, at.street, LINE_END);
	add_ends(t, b, TOKEN_LOCALITY_HEAD, at.locality, LINE_END);
	add_ends(t, b, TOKEN_TOWN_HEAD, at.town, LINE_END);
}

/* The letter at `at` (from 1), upper case; '2' past the end, as the key's makers say. */
static char
slk_letter(struct span name, size_t at)
{
	return at <= name.len ? (char)(name.ptr[at - 1] - 'a' + 'A') : '2';
}

static bool
all_latin(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 'a' || s.ptr[i] > 'z')
			return false;
	return s.len > 0;
}

/* SLK-581 (AIHW): letters 2, 3, 5 of the surname, 2, 3 of the forename, ddmmyyyy, sex. */
static void
add_slk(struct tokeniser *t, struct person_block *b, const struct person *p, struct span sex)
{
	struct span s = p->surname.whole, f = p->forename.whole;
	char text[DATE_TEXT], slk[SLK_LETTERS];

	if (p->dob == DATE_NONE || !all_latin(s) || !all_latin(f))
		return;
	date_text(p->dob, text);
	slk[0] = slk_letter(s, 2);
	slk[1] = slk_letter(s, 3);
	slk[2] = slk_letter(s, 5);
	slk[3] = slk_letter(f, 2);
	slk[4] = slk_letter(f, 3);
	memcpy(slk + 5, text + 8, 2);
	memcpy(slk + 7, text + 5, 2);
	memcpy(slk + 9, text, 4);
	slk[13] = span_is(sex, "male") ? '1' : span_is(sex, "female") ? '2' : '9';
	add(t, b, TOKEN_SLK581, span_of(slk, SLK_LETTERS));
}

static struct span
first_two(struct span s)
{
	return span_of(s.ptr, s.len < 2 ? s.len : 2);
}

/* Exact keys in the manner of the ONS (methodology working paper 9, match-keys). */
static void
add_match_keys(struct tokeniser *t, struct person_block *b, const struct person *p,
    struct span nickname, const struct phonetic *sound, bool restricted)
{
	char text[DATE_TEXT];
	const struct postcode none = { .len = 0 };
	const struct postcode *at = restricted || !p->n_addresses ? &none : &p->addresses[0].postcode;
	struct span s = p->surname.whole, f = p->forename.whole, dob;
	struct span postcode = span_of(at->text, at->len), sector = span_of(at->text, at->sector_len);

	if (p->dob == DATE_NONE)
		return;
	date_text(p->dob, text);
	dob = span_of(text, 10);
	add_composite(t, b, TOKEN_MK_FULL, (const struct span[]){ f, s, dob, postcode }, 4);
	add_composite(t, b, TOKEN_MK_INITIAL,
	    (const struct span[]){ span_of(f.ptr, f.len ? 1 : 0), s, dob, sector }, 4);
	add_composite(t, b, TOKEN_MK_BIGRAM,
	    (const struct span[]){ first_two(f), first_two(s), dob, sector }, 4);
	add_composite(t, b, TOKEN_MK_NICKNAME,
	    (const struct span[]){ nickname, span_str(sound->primary), dob }, 3);
}

/* --- the whole */

static int
token_order(const void *a, const void *b)
{
	const struct token *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	return id_cmp(&x->value, &y->value);
}

static void
sort_unique(struct person_block *b)
{
	uint32_t to = 0;

	/* nearly sorted: fields were added in order, but for a few */
	for (uint32_t i = 1; i < b->n; i++) {
		struct token token = b->tokens[i];
		uint32_t j = i;

		for (; j > 0 && token_order(&token, &b->tokens[j - 1]) < 0; j--)
			b->tokens[j] = b->tokens[j - 1];
		b->tokens[j] = token;
	}
	for (uint32_t i = 0; i < b->n; i++)
		if (to == 0 || token_order(&b->tokens[to - 1], &b->tokens[i]) != 0)
			b->tokens[to++] = b->tokens[i];
	b->n = to;
}

static void
sign(struct tokeniser *t, struct person_block *b)
{
	uint8_t msg[1 + TOKENS_MAX * (1 + ID_BYTES) + CLK_BYTES_MAX];
	size_t len = 0;

	msg[len++] = TOKEN_VERSION;
	for (uint32_t i = 0; i < b->n; i++) {
		msg[len++] = (uint8_t)b->tokens[i].field;
		memcpy(msg + len, b->tokens[i].value.b, ID_BYTES);
		len += ID_BYTES;
	}
	memcpy(msg + len, b->clk, b->clk_len);
	len += b->clk_len;
	b->signature = mac_id(t->ring->signature, span_of(msg, len));
}

/* In the letters that the encoder's table holds. */
static struct span
lower(const struct postcode *p, char out[POSTCODE_MAX])
{
	for (size_t i = 0; i < p->len; i++)
		out[i] = p->text[i] >= 'A' && p->text[i] <= 'Z' ? (char)(p->text[i] + 'a' - 'A') : p->text[i];
	return span_of(out, p->len);
}

/* Names as the tokens have them, the address of the day; of a restricted person no place. */
static void
encode(struct tokeniser *t, struct person_block *b, const struct raw_person *raw,
    const struct person_context *c, const struct person *p, struct arena *scratch)
{
	const struct raw_address *list = raw->addresses.items;
	struct clk_input in = { .surname = p->surname.whole, .forename = p->forename.whole };
	struct address_words words = { .n = 0 };
	char postcode[POSTCODE_MAX];

	_Static_assert((int)ADDRESS_WORDS_MAX <= (int)CLK_WORDS_MAX, "all words have a place");
	if (!c->restricted && p->n_addresses) {
		address_words(&list[c->current_address], &words, scratch);
		in.postcode = lower(&p->addresses[0].postcode, postcode);
	}
	memcpy(in.words, words.word, words.n * sizeof(in.words[0]));
	in.words_n = words.n;
	b->clk_len = (uint32_t)clk_make(t->clk, &in, b->clk);
}

static int
build(struct tokeniser *t, const struct raw_person *raw, const struct person_context *c,
    struct person_block *b, struct arena *scratch, struct err *err)
{
	struct person p;
	struct phonetic sound;
	struct span nickname = SPAN_NONE;

	if (person_normalise(raw, c->current_address, &p, scratch, err) < 0)
		return -1;
	b->n = 0;
	b->dob = p.dob;
	b->died = p.died;
	b->postcode.len = b->postcode.sector_len = 0;
	if (p.n_addresses)
		b->postcode = p.addresses[0].postcode;
	sound = phonetic_of(p.surname.whole);
	if (p.forename.whole.len > 1)
		nickname = nickname_class(p.forename.whole);
	add_identifiers(t, b, &p, c->organisation);
	add_dob(t, b, &p);
	add_names(t, b, &p, nickname, &sound);
	if (!c->restricted)
		add_places(t, b, &p);
	add(t, b, TOKEN_SEX, c->sex);
	if (p.died != DATE_NONE) {
		char text[DATE_TEXT];

		date_text(p.died, text);
		add_text(t, b, TOKEN_DIED, text);
	}
	if (t->settings.profile == TOKENS_ALL) {
		add_slk(t, b, &p, c->sex);
		add_match_keys(t, b, &p, nickname, &sound, c->restricted);
	}
	if (!c->restricted && p.n_addresses)
		add_lines(t, b, (const struct raw_address *)raw->addresses.items + c->current_address,
		    scratch);
	add_name_parts(t, b, &p);
	sort_unique(b);
	b->clk_len = 0;
	if (t->clk)
		encode(t, b, raw, c, &p, scratch);
	sign(t, b);
	return 0;
}

/* --- the memo of people */

static void
key_add(struct buf *key, struct span s)
{
	uint16_t len = (uint16_t)s.len;

	buf_add(key, &len, sizeof(len));
	buf_span(key, s);
}

/* Only those of the current address are read. */
static bool
lines_add(struct tokeniser *t, const struct raw_address *a)
{
	const struct span lines[] = { a->line1, a->line2, a->town };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].len > FIELD_BYTES_MAX)
			return false;
		key_add(&t->key, lines[i]);
	}
	return true;
}

/* Everything that build() reads.  false: too long to be remembered. */
static bool
key_of(struct tokeniser *t, const struct raw_person *raw, const struct person_context *c)
{
	const struct raw_address *a = raw->addresses.items;
	const struct span fields[] = { c->organisation, c->sex, raw->title, raw->forename,
		raw->middle_names, raw->surname, raw->previous_surname, raw->dob, raw->died_on,
		raw->nhs_number, raw->nino, raw->upn, raw->uln, raw->local_id };
	uint8_t head[2] = { (uint8_t)c->current_address, c->restricted };

	buf_reset(&t->key);
	buf_add(&t->key, head, sizeof(head));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].len > FIELD_BYTES_MAX)
			return false;
		key_add(&t->key, fields[i]);
	}
	for (uint32_t i = 0; i < raw->addresses.n; i++) {
		if (a[i].postcode.len > FIELD_BYTES_MAX || a[i].uprn.len > FIELD_BYTES_MAX)
			return false;
		key_add(&t->key, a[i].postcode);
		key_add(&t->key, a[i].uprn);
	}
	if (raw->addresses.n && !lines_add(t, &a[c->current_address]))
		return false;
	return t->key.len <= PERSON_KEY_MAX;
}

const struct person_block *
tokeniser_person(struct tokeniser *t, const struct raw_person *raw,
    const struct person_context *context, struct arena *scratch, struct err *err)
{
	struct person_slot *slot;
	uint64_t hash;

	if (!t->people || !key_of(t, raw, context))
		return build(t, raw, context, &t->block, scratch, err) < 0 ? NULL : &t->block;
	hash = hash64(t->key.ptr, t->key.len, 0);
	slot = &t->people[hash & (t->settings.memo_people - 1)];
	if (slot->hash == hash && slot->len == t->key.len
	    && memcmp(slot->key, t->key.ptr, t->key.len) == 0)
		return &slot->block;
	slot->len = 0;
	if (build(t, raw, context, &slot->block, scratch, err) < 0)
		return NULL;
	slot->hash = hash;
	slot->len = (uint32_t)t->key.len;
	memcpy(slot->key, t->key.ptr, t->key.len);
	return &slot->block;
}
