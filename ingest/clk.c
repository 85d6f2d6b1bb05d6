#include "ingest/clk.h"

#include <stdio.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"

enum field { SURNAME, FORENAME, ADDRESS, POSTCODE, FIELDS };

enum {
	LETTERS = 37,            /* end of a word, a-z, 0-9 */
	POSITIONS_MAX = 32,      /* two bytes each of two HMACs */
	POSITIONS_OF_ONE = SHA256_BYTES / 2,
	BITS_MAX = CLK_BYTES_MAX * 8,
	REGIONS_MAX = 3,
	OTHERS = 1024,           /* bigrams beyond a-z and 0-9 that are remembered */
	CLK_INFO_MAX = 64,
	UTF8_MAX = 4,
	END_OF_WORD = ' ',
};

_Static_assert((int)CLK_K <= (int)POSITIONS_MAX && (int)CLK_K_ALONE <= (int)POSITIONS_MAX,
    "two HMACs give all positions");

/* Bits are a power of two: a masked number is uniform. */
struct region {
	const char *name;
	uint16_t at, bits; /* within the encoding */
};

struct layout {
	const char *name; /* part of every key's info: never change it */
	size_t bytes;
	struct region region[REGIONS_MAX];
	size_t regions_n;
	uint8_t of_field[FIELDS];
	int k, k_alone, t, t_alone;
};

static const struct layout layouts[] = {
	[CLK_RECORD] = { "record", CLK_RECORD_BYTES, { { "all", 0, 1024 } }, 1, { 0, 0, 0, 0 },
		CLK_K, CLK_K_ALONE, CLK_T, CLK_T_ALONE },
	[CLK_FIELDS] = { "fields", CLK_FIELDS_BYTES,
		{ { "surname", CLK_SURNAME_AT * 8, CLK_SURNAME_BYTES * 8 },
		    { "forename", CLK_FORENAME_AT * 8, CLK_FORENAME_BYTES * 8 },
		    { "place", CLK_PLACE_AT * 8, CLK_PLACE_BYTES * 8 } },
		3, { 0, 1, 2, 2 }, CLK_K, CLK_K, CLK_T_FIELDS, CLK_T_FIELDS },
};

static const char *const field_names[FIELDS] = { "surname", "forename", "address", "postcode" };

struct positions {
	uint16_t at[POSITIONS_MAX]; /* within the encoding; the first k are used */
};

struct other {
	uint32_t first, second; /* code points; first 0: empty */
	uint32_t field;
	struct positions positions;
};

struct clk {
	const struct layout *layout;
	struct mac *mac[FIELDS];
	struct positions table[FIELDS][LETTERS][LETTERS];
	uint16_t from[BITS_MAX][CLK_T_ALONE]; /* what each output bit is made of: the first t */
	struct other *others;
	uint8_t x[BITS_MAX];            /* a byte for each bit: cleared by each use */
};

/* --- keys */

static struct mac *
mac_for(const struct clk *c, const uint8_t *key, const char *what, const char *name)
{
	uint8_t derived[MAC_KEY_BYTES];
	char info[CLK_INFO_MAX];
	struct mac *mac;

	snprintf(info, sizeof(info), "outturn/1/clk/%s/%s/%s", c->layout->name, what, name);
	hkdf_sha256(span_of(key, MAC_KEY_BYTES), span_str(info), derived);
	mac = mac_new(derived);
	explicit_bzero(derived, sizeof(derived));
	return mac;
}

static uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* --- bigrams */

static size_t
utf8_put(uint32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xC0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xE0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		out[2] = (uint8_t)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	out[3] = (uint8_t)(0x80 | (c & 0x3F));
	return 4;
}

/* What was folded is well formed. */
static uint32_t
code_point(struct span *rest)
{
	const uint8_t *p = rest->ptr;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t c;

	if (n > rest->len)
		n = 1;
	c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3Fu);
	*rest = span_of(p + n, rest->len - n);
	return c;
}

/* HMAC(key(field), version ‖ n ‖ bigram): two bytes a position, within the field's region. */
static void
positions_compute(struct clk *c, enum field field, uint32_t first, uint32_t second,
    struct positions *out)
{
	const struct region *r = &c->layout->region[c->layout->of_field[field]];
	uint8_t msg[2 + 2 * UTF8_MAX], sum[SHA256_BYTES];
	size_t len = 2;

	msg[0] = CLK_VERSION;
	len += utf8_put(first, msg + len);
	len += utf8_put(second, msg + len);
	for (int i = 0; i < POSITIONS_MAX; i++) {
		int within = i % POSITIONS_OF_ONE;

		if (within == 0) {
			msg[1] = (uint8_t)(i / POSITIONS_OF_ONE);
			mac_sum(c->mac[field], span_of(msg, len), sum);
		}
		out->at[i] = (uint16_t)(r->at + (be16(sum + 2 * within) & (r->bits - 1)));
	}
	explicit_bzero(sum, sizeof(sum));
}

static uint32_t
letter_of(int at)
{
	return at == 0 ? END_OF_WORD : at <= 26 ? (uint32_t)('a' + at - 1) : (uint32_t)('0' + at - 27);
}

/* LETTERS: not one of them. */
static unsigned
letter_at(uint32_t c)
{
	if (c - 'a' < 26)
		return 1 + (c - 'a');
	if (c - '0' < 10)
		return 27 + (c - '0');
	return c == END_OF_WORD ? 0 : LETTERS;
}

static const struct positions *
positions_of(struct clk *c, enum field field, uint32_t first, uint32_t second)
{
	unsigned a = letter_at(first), b = letter_at(second);
	uint32_t key[3] = { (uint32_t)field, first, second };
	struct other *slot;

	if (a < LETTERS && b < LETTERS)
		return &c->table[field][a][b];
	slot = &c->others[hash64(key, sizeof(key), 0) & (OTHERS - 1)];
	if (slot->first != first || slot->second != second || slot->field != (uint32_t)field) {
		positions_compute(c, field, first, second, &slot->positions);
		slot->first = first;
		slot->second = second;
		slot->field = (uint32_t)field;
	}
	return &slot->positions;
}

/* --- made once */

static void
table_fill(struct clk *c)
{
	for (int f = 0; f < FIELDS; f++)
		for (int a = 0; a < LETTERS; a++)
			for (int b = 0; b < LETTERS; b++)
				positions_compute(c, (enum field)f, letter_of(a), letter_of(b),
				    &c->table[f][a][b]);
}

/* A stream of numbers below `bits` from a key: HMAC(key, counter), two bytes each. */
struct draw {
	struct mac *mac;
	uint8_t block[SHA256_BYTES];
	uint32_t counter, used;
	uint16_t mask;
};

static uint16_t
draw_next(struct draw *d)
{
	uint16_t v;

	if (d->used == SHA256_BYTES) {
		uint8_t msg[4] = { (uint8_t)(d->counter >> 24), (uint8_t)(d->counter >> 16),
			(uint8_t)(d->counter >> 8), (uint8_t)d->counter };

		mac_sum(d->mac, span_of(msg, sizeof(msg)), d->block);
		d->counter++;
		d->used = 0;
	}
	v = be16(d->block + d->used) & d->mask;
	d->used += 2;
	return v;
}

static bool
is_among(const uint16_t *list, int n, uint16_t v)
{
	for (int i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return false;
}

/* The t inputs of one output are distinct, or they would cancel. */
static void
spread_draw(struct clk *c, const struct region *r, const uint8_t *key)
{
	struct draw d = { .mac = mac_for(c, key, "spread", r->name), .used = SHA256_BYTES,
		.mask = (uint16_t)(r->bits - 1) };

	for (int j = 0; j < r->bits; j++) {
		uint16_t *from = c->from[r->at + j];

		for (int i = 0; i < c->layout->t_alone;) {
			uint16_t v = (uint16_t)(r->at + draw_next(&d));

			if (!is_among(from, i, v))
				from[i++] = v;
		}
	}
	mac_free(d.mac);
	explicit_bzero(&d, sizeof(d));
}

struct clk *
clk_new(enum clk_profile profile, const uint8_t key[MAC_KEY_BYTES])
{
	struct clk *c = mem_zalloc(1, sizeof(*c));

	MUST(profile == CLK_RECORD || profile == CLK_FIELDS);
	c->layout = &layouts[profile];
	c->others = mem_zalloc(OTHERS, sizeof(*c->others));
	for (int f = 0; f < FIELDS; f++)
		c->mac[f] = mac_for(c, key, "field", field_names[f]);
	table_fill(c);
	for (size_t r = 0; r < c->layout->regions_n; r++)
		spread_draw(c, &c->layout->region[r], key);
	return c;
}

void
clk_free(struct clk *c)
{
	if (!c)
		return;
	for (int f = 0; f < FIELDS; f++)
		mac_free(c->mac[f]);
	explicit_bzero(c->others, OTHERS * sizeof(*c->others));
	mem_free(c->others);
	explicit_bzero(c, sizeof(*c));
	mem_free(c);
}

/* --- one person */

static void
word_set(struct clk *c, enum field field, struct span word, int k)
{
	uint32_t last = END_OF_WORD;

	while (word.len || last != END_OF_WORD) {
		uint32_t next = word.len ? code_point(&word) : END_OF_WORD;
		const struct positions *p = positions_of(c, field, last, next);

		for (int i = 0; i < k; i++)
			c->x[p->at[i]] = 1;
		last = next;
	}
}

/* y[j] is the exclusive or of t bits of x; eight of them a byte. */
static inline void
spread(const struct clk *c, const struct region *r, int t, uint8_t *out)
{
	for (int j = r->at; j < r->at + r->bits; j += 8) {
		unsigned byte = 0;

		for (int i = 0; i < 8; i++) {
			const uint16_t *from = c->from[j + i];
			unsigned bit = c->x[from[0]];

			for (int n = 1; n < t; n++)
				bit ^= c->x[from[n]];
			byte |= bit << i;
		}
		out[j / 8] = (uint8_t)byte;
	}
}

size_t
clk_make(struct clk *c, const struct clk_input *in, uint8_t out[CLK_BYTES_MAX])
{
	const struct layout *l = c->layout;
	bool alone = in->words_n < CLK_WORDS_FEW;
	int k = alone ? l->k_alone : l->k, t = alone ? l->t_alone : l->t;

	MUST(in->words_n <= CLK_WORDS_MAX);
	if (in->surname.len == 0 && in->forename.len == 0)
		return 0;
	memset(c->x, 0, l->bytes * 8);
	word_set(c, SURNAME, in->surname, k);
	word_set(c, FORENAME, in->forename, k);
	word_set(c, POSTCODE, in->postcode, k);
	for (size_t i = 0; i < in->words_n; i++)
		word_set(c, ADDRESS, in->words[i], k);
	for (size_t r = 0; r < l->regions_n; r++) /* a constant t: the compiler unrolls */
		if (t == CLK_T)
			spread(c, &l->region[r], CLK_T, out);
		else
			spread(c, &l->region[r], t, out);
	explicit_bzero(c->x, l->bytes * 8);
	return l->bytes;
}
