#include "sink/rowmap.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/must.h"

enum {
	PG_EPOCH_DAYS = 10957,  /* 2000-01-01 in days since 1970 */
	JSONB_VERSION = 1,      /* first byte of jsonb's binary form */
	PG_UUID_OID = 2950,     /* element type in the binary form of uuid[] */
	FEW_ATTRIBUTES = 32,    /* sorted on the stack */
	MILLIONTHS = 1000000,
	MILLIONTHS_DIGITS = 6,
};

/* --- fields --- */

/* The low bytes of v at p, big-endian. */
static inline void
be_put(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

void
rowmap_be(struct buf *out, uint64_t v, unsigned bytes)
{
	uint8_t b[8];

	MUST(bytes <= sizeof(b));
	be_put(b, v, bytes);
	buf_add(out, b, bytes);
}

/* A field's length; the compiler knows how many bytes it has. */
static inline void
put_len(struct buf *out, uint32_t len)
{
	uint8_t b[4];

	be_put(b, len, 4);
	buf_add(out, b, sizeof(b));
}

static void
field_null(struct rowmap *m)
{
	put_len(m->out, UINT32_MAX);
}

static inline void
field_int(struct rowmap *m, int64_t v, unsigned bytes)
{
	uint8_t b[4 + 8];

	be_put(b, bytes, 4);
	be_put(b + 4, (uint64_t)v, bytes);
	buf_add(m->out, b, 4 + bytes);
}

static void
field_bool(struct rowmap *m, bool v)
{
	field_int(m, v, 1);
}

static void
field_bytes(struct rowmap *m, const void *ptr, size_t len)
{
	MUST(len <= INT32_MAX);
	put_len(m->out, (uint32_t)len);
	buf_add(m->out, ptr, len);
}

/* A field whose length is known when its bytes are written. */
static size_t
field_open(struct rowmap *m)
{
	put_len(m->out, 0);
	return m->out->len;
}

static void
field_close(struct rowmap *m, size_t from)
{
	size_t len = m->out->len - from;

	MUST(len <= INT32_MAX);
	for (unsigned i = 0; i < 4; i++)
		m->out->ptr[from - 4 + i] = (uint8_t)(len >> 8 * (3 - i));
}

static void
field_text(struct rowmap *m, struct span s)
{
	size_t at;

	if (!s.ptr) {
		field_null(m);
		return;
	}
	at = field_open(m);
	rowmap_text(m->out, s, &m->mended);
	field_close(m, at);
}

/* Of a column that is NOT NULL: absent is empty. */
static void
field_text_some(struct rowmap *m, struct span s)
{
	field_text(m, s.ptr ? s : SPAN_LIT(""));
}

static void
field_span(struct rowmap *m, struct span s)
{
	if (s.ptr)
		field_bytes(m, s.ptr, s.len);
	else
		field_null(m);
}

static void
field_id(struct rowmap *m, const struct id *id)
{
	field_bytes(m, id->b, ID_BYTES);
}

static void
field_id_some(struct rowmap *m, const struct id *id)
{
	if (id_is_zero(id))
		field_null(m);
	else
		field_id(m, id);
}

static void
field_sha256(struct rowmap *m, const uint8_t sha[SHA256_BYTES])
{
	static const uint8_t zero[SHA256_BYTES];

	if (memcmp(sha, zero, SHA256_BYTES) == 0)
		field_null(m);
	else
		field_bytes(m, sha, SHA256_BYTES);
}

static void
field_date(struct rowmap *m, date_t d)
{
	if (d != DATE_NONE && (d < DATE_MIN || d > DATE_MAX)) {
		m->mended++;
		d = DATE_NONE;
	}
	if (d == DATE_NONE)
		field_null(m);
	else
		field_int(m, (int64_t)d - PG_EPOCH_DAYS, 4);
}

/* 0 is no time: nothing of ours was sent in 1970. */
static void
field_time(struct rowmap *m, int64_t ms)
{
	const int64_t day_ms = 86400000;
	const int64_t last = ((int64_t)DATE_MAX + 1) * day_ms - 1;

	if (ms < 0 || ms > last) {
		m->mended++;
		ms = 0;
	}
	if (ms == 0)
		field_null(m);
	else
		field_int(m, (ms - PG_EPOCH_DAYS * day_ms) * 1000, 8);
}

static void
field_ids(struct rowmap *m, const struct av_array *ids)
{
	size_t at = field_open(m);

	rowmap_be(m->out, ids->n ? 1 : 0, 4); /* dimensions */
	rowmap_be(m->out, 0, 4);              /* no nulls */
	rowmap_be(m->out, PG_UUID_OID, 4);
	if (ids->n) {
		rowmap_be(m->out, ids->n, 4);
		rowmap_be(m->out, 1, 4); /* lower bound */
	}
	for (uint32_t i = 0; i < ids->n; i++)
		field_id(m, &((const struct id *)ids->items)[i]);
	field_close(m, at);
}

/* --- text and JSON --- */

/* Bytes of the UTF-8 sequence at p, as PostgreSQL accepts it; 0: none. */
static size_t
utf8_step(const uint8_t *p, size_t left)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : (p[0] >> 5) == 6 ? 2 : (p[0] >> 4) == 14 ? 3
	    : (p[0] >> 3) == 30 ? 4 : 0;
	uint32_t c;

	if (n == 0 || n > left || p[0] == 0)
		return 0;
	if (n == 1)
		return 1;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least[n] && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff) ? n : 0;
}

static bool
text_is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == 0 || s.ptr[i] >= 0x80)
			return false;
	return true;
}

void
rowmap_text(struct buf *out, struct span s, uint64_t *mended)
{
	bool bad = false;

	if (text_is_plain(s)) {
		buf_span(out, s);
		return;
	}
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_step(s.ptr + i, s.len - i);

		if (n)
			buf_add(out, s.ptr + i, n);
		else
			buf_str(out, "\xef\xbf\xbd");
		bad |= n == 0;
		i += n ? n : 1;
	}
	*mended += bad;
}

static void
json_escape(struct buf *out, uint8_t c)
{
	static const char *const named[] = { ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
		['\r'] = "\\r", ['\t'] = "\\t", ['"'] = "\\\"", ['\\'] = "\\\\" };

	if (c < sizeof(named) / sizeof(named[0]) && named[c])
		buf_str(out, named[c]);
	else if (c < 0x20)
		buf_printf(out, "\\u%04x", c);
	else
		buf_byte(out, c);
}

/* How many bytes from here on stand in JSON as they are. */
static size_t
json_plain(struct span s, size_t from)
{
	size_t i = from;

	while (i < s.len && s.ptr[i] >= 0x20 && s.ptr[i] < 0x80 && s.ptr[i] != '"'
	    && s.ptr[i] != '\\')
		i++;
	return i - from;
}

static void
json_string(struct buf *out, struct span s, uint64_t *mended)
{
	bool bad = false;

	buf_byte(out, '"');
	for (size_t i = 0; i < s.len;) {
		size_t plain = json_plain(s, i), n;

		if (plain) {
			buf_add(out, s.ptr + i, plain);
			i += plain;
			continue;
		}
		n = utf8_step(s.ptr + i, s.len - i);
		if (n == 1)
			json_escape(out, s.ptr[i]);
		else if (n)
			buf_add(out, s.ptr + i, n);
		else
			buf_str(out, "\xef\xbf\xbd");
		bad |= n == 0;
		i += n ? n : 1;
	}
	*mended += bad;
	buf_byte(out, '"');
}

void
rowmap_decimal(struct buf *out, int64_t v)
{
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
	uint64_t part = u % MILLIONTHS, whole = u / MILLIONTHS;
	uint8_t text[32], *end = text + sizeof(text), *p = end;

	if (part) {
		for (int i = 0; i < MILLIONTHS_DIGITS; i++, part /= 10)
			*--p = (uint8_t)('0' + part % 10);
		*--p = '.';
		while (end[-1] == '0')
			end--;
	}
	do
		*--p = (uint8_t)('0' + whole % 10);
	while (whole /= 10);
	if (v < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(end - p));
}

/* jsonb's order of keys; of equal names the later one counts, so it comes last. */
static int
attribute_cmp(const void *a, const void *b)
{
	const struct attribute *x = *(const struct attribute *const *)a;
	const struct attribute *y = *(const struct attribute *const *)b;
	int c = (x->name.len > y->name.len) - (x->name.len < y->name.len);

	if (c == 0)
		c = span_cmp(x->name, y->name);
	return c ? c : (x > y) - (x < y);
}

static void
json_attribute(struct buf *out, const struct attribute *a, uint64_t *mended)
{
	json_string(out, a->name, mended);
	buf_str(out, ": ");
	if (a->number.has)
		rowmap_decimal(out, a->number.v);
	else if (a->text.ptr)
		json_string(out, a->text, mended);
	else
		buf_str(out, "null");
}

void
rowmap_json_attributes(struct buf *out, const struct av_array *attributes, uint64_t *mended)
{
	const struct attribute *few[FEW_ATTRIBUTES], **sorted = few;
	const struct attribute *items = attributes->items;
	const char *between = "";

	if (attributes->n > FEW_ATTRIBUTES)
		sorted = mem_zalloc(attributes->n, sizeof(*sorted));
	for (uint32_t i = 0; i < attributes->n; i++)
		sorted[i] = &items[i];
	qsort(sorted, attributes->n, sizeof(*sorted), attribute_cmp);
	buf_byte(out, '{');
	for (uint32_t i = 0; i < attributes->n; i++) {
		if (i + 1 < attributes->n && span_eq(sorted[i]->name, sorted[i + 1]->name))
			continue;
		buf_str(out, between);
		json_attribute(out, sorted[i], mended);
		between = ", ";
	}
	buf_byte(out, '}');
	if (sorted != few)
		mem_free(sorted);
}

void
rowmap_json_reasons(struct buf *out, const struct av_array *reasons, uint64_t *mended)
{
	const struct reason *r = reasons->items;

	buf_byte(out, '[');
	for (uint32_t i = 0; i < reasons->n; i++) {
		buf_str(out, i ? ", {\"code\": " : "{\"code\": ");
		json_string(out, r[i].code, mended);
		buf_str(out, ", \"text\": ");
		json_string(out, r[i].text, mended);
		if (r[i].subject.ptr) {
			buf_str(out, ", \"subject\": ");
			json_string(out, r[i].subject, mended);
		}
		buf_byte(out, '}');
	}
	buf_byte(out, ']');
}

static void
json_date(struct buf *out, date_t d)
{
	char text[DATE_TEXT];

	if (d == DATE_NONE || d < DATE_MIN || d > DATE_MAX) {
		buf_str(out, "null");
		return;
	}
	date_text(d, text);
	buf_printf(out, "\"%s\"", text);
}

void
rowmap_json_gaps(struct buf *out, const struct av_array *gaps)
{
	const struct gap *g = gaps->items;
	uint64_t ignored = 0; /* rules are our own words */

	buf_byte(out, '[');
	for (uint32_t i = 0; i < gaps->n; i++) {
		buf_str(out, i ? ", {\"to\": " : "{\"to\": ");
		json_date(out, g[i].to);
		buf_str(out, ", \"from\": ");
		json_date(out, g[i].from);
		buf_str(out, ", \"rule\": ");
		json_string(out, g[i].rule, &ignored);
		buf_byte(out, '}');
	}
	buf_byte(out, ']');
}

/* --- tuples --- */

static void
nulls(struct rowmap *m, int n)
{
	while (n-- > 0)
		field_null(m);
}

static const char *
what_text(int32_t what)
{
	switch ((enum evidence_what)what) {
	case EVIDENCE_VERSION:
		return "version";
	case EVIDENCE_REJECT:
		return "reject";
	case EVIDENCE_SUPPRESSED:
		return "suppressed";
	case EVIDENCE_COMPLETE:
		return "complete";
	}
	must_fail(__FILE__, __LINE__, "the decoder lets only the schema's symbols through");
}

static void
field_position(struct rowmap *m, const struct key *key, int32_t partition)
{
	field_text_some(m, key->stream);
	field_int(m, key->epoch, 4);
	field_int(m, key->offset, 8);
	field_int(m, partition, 2);
}

/* Erased: who sent it and that it was there, nothing else. */
static void
evidence_stub(struct rowmap *m, const struct evidence *ev)
{
	field_text_some(m, SPAN_LIT("suppressed"));
	for (int i = 0; i < 3; i++)
		field_bool(m, false);
	if (ev)
		field_id_some(m, &ev->event_id);
	else
		field_null(m);
	field_int(m, 0, 8);
	field_text_some(m, ev ? ev->organisation : SPAN_NONE);
	nulls(m, 12);
}

void
rowmap_evidence(struct rowmap *m, const struct key *key, int32_t partition,
    const struct evidence *ev)
{
	size_t at;

	field_position(m, key, partition);
	if (!ev || ev->what == EVIDENCE_SUPPRESSED) {
		evidence_stub(m, ev);
		return;
	}
	field_text_some(m, span_str(what_text(ev->what)));
	field_bool(m, ev->withdrawn);
	field_bool(m, ev->tombstone);
	field_bool(m, ev->restricted);
	field_id_some(m, &ev->event_id);
	field_int(m, ev->revision, 8);
	field_text_some(m, ev->organisation);
	field_text(m, ev->role);
	field_sha256(m, ev->raw_sha256);
	field_time(m, ev->source.time_ms);
	field_text(m, ev->kind);
	field_date(m, ev->start);
	field_date(m, ev->end);
	field_span(m, ev->episode);
	field_text(m, ev->evidence_type);
	if (ev->attributes.n) {
		at = field_open(m);
		buf_byte(m->out, JSONB_VERSION);
		rowmap_json_attributes(m->out, &ev->attributes, &m->mended);
		field_close(m, at);
	} else {
		field_null(m);
	}
	field_text(m, ev->reason);
	field_text(m, ev->reason_field);
	field_date(m, ev->complete_through);
}

void
rowmap_reject(struct rowmap *m, const struct key *key, int32_t partition,
    const struct rejected *rej)
{
	field_bool(m, !rej);
	field_position(m, key, partition);
	if (!rej) {
		nulls(m, 2);
		return;
	}
	field_text_some(m, rej->sentence);
	field_int(m, rej->raw_bytes, 8);
}

void
rowmap_link(struct rowmap *m, const struct key *key, int32_t partition, const struct linked *ln)
{
	field_bool(m, !ln);
	field_id(m, &key->a);
	field_id(m, &key->b);
	field_int(m, partition, 2);
	if (!ln) {
		nulls(m, 7);
		return;
	}
	field_text_some(m, ln->unit_kind);
	field_int(m, ln->revision, 8);
	field_bytes(m, ln->raw_sha256, SHA256_BYTES);
	field_text_some(m, ln->match.step);
	field_int(m, ln->match.weight_mbit, 8);
	field_id_some(m, &ln->match.partner);
	field_span(m, ln->match.levels);
}

void
rowmap_pair(struct rowmap *m, const struct key *key, int32_t partition, const struct linked *ln)
{
	field_bool(m, !ln);
	field_id(m, &key->a);
	field_id(m, &key->b);
	field_int(m, partition, 2);
	if (!ln) {
		nulls(m, 3);
		return;
	}
	field_text_some(m, ln->match.step);
	field_int(m, ln->match.weight_mbit, 8);
	field_span(m, ln->match.levels);
}

void
rowmap_decision(struct rowmap *m, const struct key *key, int32_t partition,
    const struct linked *ln, const struct decision *de)
{
	field_bool(m, !de);
	field_id(m, &key->a);
	field_id(m, &key->b);
	field_int(m, partition, 2);
	if (!de) {
		nulls(m, 12);
		return;
	}
	field_text_some(m, de->what);
	field_text_some(m, de->contract);
	field_text_some(m, de->outcome);
	field_id_some(m, &de->outcome_id);
	field_int(m, de->ordinal, 4);
	field_id(m, &de->anchor_event);
	field_bytes(m, de->facts_hash, SHA256_BYTES);
	field_text_some(m, de->by);
	field_text(m, de->role);
	field_time(m, de->at_ms);
	field_text(m, de->note);
	field_bytes(m, ln->decision.ptr, ln->decision.len);
}

void
rowmap_reasons(struct rowmap *m, const struct id *reasons_id, struct span json)
{
	size_t at;

	field_id(m, reasons_id);
	at = field_open(m);
	buf_byte(m->out, JSONB_VERSION);
	buf_span(m->out, json);
	field_close(m, at);
}

void
rowmap_outcome(struct rowmap *m, const struct key *key, int32_t partition,
    const struct outcome *o, const struct id *reasons_id)
{
	size_t at;

	field_bool(m, !o);
	field_id(m, &key->a);
	field_int(m, partition, 2);
	if (!o) {
		nulls(m, 20);
		return;
	}
	field_text_some(m, o->contract);
	field_int(m, o->contract_version, 4);
	field_text_some(m, o->outcome);
	field_id(m, &o->unit);
	field_text_some(m, o->unit_kind);
	field_int(m, o->ordinal, 4);
	field_text_some(m, o->status);
	field_date(m, o->start);
	field_date(m, o->due);
	field_date(m, o->achieved);
	field_date(m, o->expires);
	field_int(m, o->days, 4);
	field_int(m, o->price_minor, 8);
	field_text_some(m, o->currency);
	field_id_some(m, &o->anchor_event);
	field_bytes(m, o->facts_hash, SHA256_BYTES);
	field_id(m, reasons_id);
	at = field_open(m);
	buf_byte(m->out, JSONB_VERSION);
	rowmap_json_gaps(m->out, &o->gaps);
	field_close(m, at);
	field_ids(m, &o->evidence);
	field_ids(m, &o->decisions);
}

void
rowmap_cut(struct rowmap *m, struct span topic, int32_t partition, struct span input,
    const struct cut *cut)
{
	field_text_some(m, topic);
	field_int(m, partition, 4);
	field_text_some(m, input);
	field_int(m, cut->offset, 8);
	field_date(m, cut->complete_through);
	field_int(m, cut->terms_offset, 8);
	field_int(m, cut->epoch, 4);
}

void
rowmap_claim(struct rowmap *m, struct span topic, int32_t partition, struct span stream,
    int64_t epoch, const struct id *run)
{
	field_text_some(m, topic);
	field_int(m, partition, 4);
	field_text_some(m, stream);
	field_int(m, epoch, 8);
	field_id(m, run);
}

void
rowmap_doubt(struct rowmap *m, struct span topic, int32_t partition, struct span key,
    int64_t offset, bool answered)
{
	field_bool(m, answered);
	field_text_some(m, topic);
	field_int(m, partition, 4);
	field_text_some(m, key);
	field_int(m, offset, 8);
}
