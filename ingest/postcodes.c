#include "ingest/postcodes.h"

#include "common/mem.h"
#include "common/must.h"

enum { COLUMNS = 5, WARD_MAX = 12, DECILES = 10 };

struct row {
	char ward[WARD_MAX];
	uint8_t ward_len, decile;
	date_t from, until;
	uint32_t next; /* same postcode, other days; 0: none (rows count from 1) */
};

struct postcodes {
	struct strmap by_code;
	struct row *rows;
	uint32_t n, cap;
};

/* Cuts at commas; the file has no quotes.  false: not five columns. */
static bool
columns_of(struct span line, struct span out[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		const uint8_t *comma = line.len ? memchr(line.ptr, ',', line.len) : NULL;
		size_t n = comma ? (size_t)(comma - line.ptr) : line.len;

		if ((comma != NULL) != (i < COLUMNS - 1))
			return false;
		out[i] = span_of(line.ptr, n);
		if (comma)
			line = span_of(comma + 1, line.len - n - 1);
	}
	return true;
}

static bool
day_of(struct span text, date_t *out)
{
	*out = DATE_NONE;
	return text.len == 0 || date_parse(text, out);
}

static int
row_parse(struct span line, struct postcode *code, struct row *row, int at, struct err *err)
{
	struct span c[COLUMNS];
	int decile = 0;

	if (!columns_of(line, c))
		return err_set(err, ERR_FATAL,
		    "line %d: expected postcode,ward,decile,from,until", at);
	if (postcode_check(c[0], code) != VALID_OK)
		return err_set(err, ERR_FATAL, "line %d: not a postcode in column 1", at);
	if (c[1].len == 0 || c[1].len > WARD_MAX)
		return err_set(err, ERR_FATAL, "line %d: ward code has 1 to %d characters", at,
		    WARD_MAX);
	for (size_t i = 0; i < c[2].len && i < 3; i++)
		decile = c[2].ptr[i] >= '0' && c[2].ptr[i] <= '9'
		    ? decile * 10 + (c[2].ptr[i] - '0')
		    : DECILES + 1;
	if (c[2].len == 0 || c[2].len > 2 || decile < 1 || decile > DECILES)
		return err_set(err, ERR_FATAL, "line %d: decile is not 1 to %d", at, DECILES);
	if (!day_of(c[3], &row->from) || !day_of(c[4], &row->until))
		return err_set(err, ERR_FATAL, "line %d: a day is not YYYY-MM-DD", at);
	memcpy(row->ward, c[1].ptr, c[1].len);
	row->ward_len = (uint8_t)c[1].len;
	row->decile = (uint8_t)decile;
	return 0;
}

static int
row_add(struct postcodes *t, struct span line, int at, struct err *err)
{
	struct postcode code;
	uint64_t *first;

	if (t->n == POSTCODE_ROWS_MAX)
		return err_set(err, ERR_FATAL, "line %d: more than %d rows", at, POSTCODE_ROWS_MAX);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->rows = mem_realloc(t->rows, t->cap, sizeof(*t->rows));
	}
	if (row_parse(line, &code, &t->rows[t->n], at, err) < 0)
		return -1;
	first = strmap_put(&t->by_code, span_of(code.text, code.len), NULL);
	t->rows[t->n].next = (uint32_t)*first;
	*first = ++t->n;
	return 0;
}

struct postcodes *
postcodes_parse(struct span csv, struct err *err)
{
	struct postcodes *t = mem_zalloc(1, sizeof(*t));
	int at = 0;

	strmap_init(&t->by_code, 0);
	while (csv.len) {
		const uint8_t *end = memchr(csv.ptr, '\n', csv.len);
		size_t n = end ? (size_t)(end - csv.ptr) : csv.len, skip = end ? n + 1 : n;
		struct span line = span_of(csv.ptr, n);

		csv = span_of(csv.ptr + skip, csv.len - skip);
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (++at == 1 && !span_is(line, "postcode,ward,decile,from,until")) {
			err_set(err, ERR_FATAL,
			    "line 1: expected the header postcode,ward,decile,from,until");
			goto fail;
		}
		if (at == 1 || line.len == 0)
			continue;
		if (row_add(t, line, at, err) < 0)
			goto fail;
	}
	return t;
fail:
	postcodes_free(t);
	return NULL;
}

void
postcodes_free(struct postcodes *t)
{
	if (!t)
		return;
	strmap_release(&t->by_code);
	mem_free(t->rows);
	mem_free(t);
}

bool
postcodes_find(const struct postcodes *t, const struct postcode *postcode, date_t on,
    struct span *ward, int32_t *decile)
{
	uint64_t *first = strmap_find(&t->by_code, span_of(postcode->text, postcode->len));

	for (uint32_t i = first ? (uint32_t)*first : 0; i; i = t->rows[i - 1].next) {
		const struct row *r = &t->rows[i - 1];

		if ((r->from != DATE_NONE && on < r->from) || (r->until != DATE_NONE && on >= r->until))
			continue;
		*ward = span_of(r->ward, r->ward_len);
		*decile = r->decile;
		return true;
	}
	return false;
}
