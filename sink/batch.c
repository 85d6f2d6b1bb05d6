#include "sink/batch.h"

#include <stdlib.h>

#include "common/digest.h"
#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "sink/rowmap.h"

enum {
	FIRST_ROWS = 256,
	FIRST_SLOTS = 1024, /* of the key index; a power of two */
	HASHED_MAX = 4096,  /* sets of reasons whose hash is kept */
};

/*
 * index[hash] is a row number + 1, 0 when free; linear probing.  It is stale
 * when a sort moved rows, and built again by the next row that is added.
 */
struct table {
	struct sink_row *row;
	size_t n, cap, gone;
	struct buf bytes;
	uint32_t *index;
	size_t index_cap;
	bool moved; /* rows were sorted since the index was built */
};

struct sink_batch {
	struct table table[SINK_TABLES];
	struct sink_slot slot[SINK_SLOTS_MAX];
	uint32_t slots;
	uint64_t mended;
	struct buf key, json;
	struct strmap hashed; /* reasons as JSON -> place in `reasons` */
	struct id reasons[HASHED_MAX];
};

struct sink_batch *
sink_batch_new(void)
{
	struct sink_batch *b = mem_zalloc(1, sizeof(*b));

	strmap_init(&b->hashed, 1);
	return b;
}

void
sink_batch_free(struct sink_batch *b)
{
	if (!b)
		return;
	for (int t = 0; t < SINK_TABLES; t++) {
		mem_free(b->table[t].row);
		mem_free(b->table[t].index);
		buf_release(&b->table[t].bytes);
	}
	buf_release(&b->key);
	buf_release(&b->json);
	strmap_release(&b->hashed);
	mem_free(b);
}

void
sink_batch_reset(struct sink_batch *b)
{
	for (int i = 0; i < SINK_TABLES; i++) {
		struct table *t = &b->table[i];

		if (t->n)
			memset(t->index, 0, t->index_cap * sizeof(*t->index));
		t->n = t->gone = 0;
		t->moved = false;
		buf_reset(&t->bytes);
	}
	b->slots = 0;
	b->mended = 0;
}

/* --- slots --- */

uint32_t
sink_batch_slot(struct sink_batch *b, const char *topic, int32_t partition, int64_t expected)
{
	struct sink_slot *s;
	size_t len = strlen(topic);

	for (uint32_t i = 0; i < b->slots; i++)
		if (b->slot[i].partition == partition && strcmp(b->slot[i].topic, topic) == 0) {
			MUST(b->slot[i].expected == expected);
			return i;
		}
	MUST(b->slots < SINK_SLOTS_MAX && len <= TOPIC_NAME_MAX);
	MUST(partition >= 0 && partition <= INT16_MAX && expected >= 0);
	s = &b->slot[b->slots];
	memcpy(s->topic, topic, len + 1);
	s->partition = partition;
	s->expected = s->next = expected;
	return b->slots++;
}

void
sink_batch_advance(struct sink_batch *b, uint32_t slot, int64_t next_offset)
{
	MUST(slot < b->slots && next_offset >= b->slot[slot].next);
	b->slot[slot].next = next_offset;
}

uint32_t
sink_batch_slots(const struct sink_batch *b)
{
	return b->slots;
}

const struct sink_slot *
sink_batch_slot_at(const struct sink_batch *b, uint32_t slot)
{
	MUST(slot < b->slots);
	return &b->slot[slot];
}

/* --- rows --- */

static struct span
row_key(const struct table *t, const struct sink_row *r)
{
	return span_of(t->bytes.ptr + r->at, r->key_len);
}

/* Where the key is, or the free place where it would be. */
static uint32_t *
index_place(const struct table *t, struct span key)
{
	size_t i = (size_t)hash64(key.ptr, key.len, 0) & (t->index_cap - 1);

	while (t->index[i] && !span_eq(row_key(t, &t->row[t->index[i] - 1]), key))
		i = (i + 1) & (t->index_cap - 1);
	return &t->index[i];
}

static void
index_build(struct table *t, size_t cap)
{
	if (cap != t->index_cap) {
		mem_free(t->index);
		t->index = mem_zalloc(cap, sizeof(*t->index));
		t->index_cap = cap;
	} else {
		memset(t->index, 0, cap * sizeof(*t->index));
	}
	for (size_t i = 0; i < t->n; i++)
		*index_place(t, row_key(t, &t->row[i])) = (uint32_t)i + 1;
}

static void
table_ready(struct table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : FIRST_ROWS;
		t->row = mem_realloc(t->row, t->cap, sizeof(*t->row));
	}
	if (t->index_cap == 0)
		index_build(t, FIRST_SLOTS);
	else if (2 * (t->n + 1) > t->index_cap)
		index_build(t, 2 * t->index_cap);
	else if (t->moved)
		index_build(t, t->index_cap);
	t->moved = false;
}

static uint64_t
key_prefix(struct span key)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (i < key.len ? key.ptr[i] : 0);
	return v;
}

/*
 * The row of the key, empty: its tuple is what the caller appends to
 * t->bytes until row_close().
 */
static struct sink_row *
row_open(struct sink_batch *b, enum sink_table table, bool gone)
{
	struct table *t = &b->table[table];
	struct span key = buf_view(&b->key);
	struct sink_row *r;
	uint32_t *place;

	table_ready(t);
	place = index_place(t, key);
	if (*place == 0) {
		t->row[t->n] = (struct sink_row){ .prefix = key_prefix(key) };
		*place = (uint32_t)++t->n;
	}
	r = &t->row[*place - 1];
	t->gone = t->gone - r->gone + gone;
	r->gone = gone;
	MUST(t->bytes.len <= UINT32_MAX - key.len);
	r->at = (uint32_t)t->bytes.len;
	r->key_len = (uint32_t)key.len;
	buf_span(&t->bytes, key);
	return r;
}

static void
row_close(struct sink_batch *b, enum sink_table table, struct sink_row *r,
    const struct rowmap *m)
{
	const struct table *t = &b->table[table];
	size_t from = (size_t)r->at + r->key_len;

	MUST(t->bytes.len - from <= UINT32_MAX);
	r->tuple_len = (uint32_t)(t->bytes.len - from);
	b->mended += m->mended;
}

static struct rowmap
row_map(struct sink_batch *b, enum sink_table table)
{
	return (struct rowmap){ .out = &b->table[table].bytes };
}

/* --- keys: bytes whose order is the table's --- */

static void
key_be(struct buf *key, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		buf_byte(key, (uint8_t)(v >> 8 * i));
}

static void
key_position(struct sink_batch *b, const struct key *key)
{
	MUST(key->type == KEY_RECORD && key->epoch >= 0 && key->offset >= 0);
	buf_reset(&b->key);
	buf_span(&b->key, key->stream);
	buf_byte(&b->key, 0);
	key_be(&b->key, (uint32_t)key->epoch, 4);
	key_be(&b->key, (uint64_t)key->offset, 8);
}

static void
key_pair(struct sink_batch *b, const struct key *key, enum key_type type, const struct id *first,
    const struct id *second)
{
	MUST(key->type == type);
	buf_reset(&b->key);
	buf_add(&b->key, first->b, ID_BYTES);
	if (second)
		buf_add(&b->key, second->b, ID_BYTES);
}

static const struct sink_slot *
key_named(struct sink_batch *b, uint32_t slot, struct span name)
{
	const struct sink_slot *s = sink_batch_slot_at(b, slot);

	buf_reset(&b->key);
	buf_add(&b->key, s->topic, strlen(s->topic) + 1);
	key_be(&b->key, (uint32_t)s->partition, 4);
	buf_span(&b->key, name);
	return s;
}

/* --- records --- */

void
sink_batch_evidence(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct evidence *ev)
{
	struct rowmap m = row_map(b, SINK_EVIDENCE);
	struct sink_row *r;

	key_position(b, key);
	r = row_open(b, SINK_EVIDENCE, false);
	rowmap_evidence(&m, key, sink_batch_slot_at(b, slot)->partition, ev);
	row_close(b, SINK_EVIDENCE, r, &m);
}

void
sink_batch_rejected(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct rejected *rej)
{
	struct rowmap m = row_map(b, SINK_REJECT);
	struct sink_row *r;

	key_position(b, key);
	r = row_open(b, SINK_REJECT, !rej);
	rowmap_reject(&m, key, sink_batch_slot_at(b, slot)->partition, rej);
	row_close(b, SINK_REJECT, r, &m);
}

void
sink_batch_link(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln)
{
	struct rowmap m = row_map(b, SINK_LINK);
	struct sink_row *r;

	key_pair(b, key, KEY_UNIT_EVENT, &key->b, &key->a);
	r = row_open(b, SINK_LINK, !ln);
	rowmap_link(&m, key, sink_batch_slot_at(b, slot)->partition, ln);
	row_close(b, SINK_LINK, r, &m);
}

void
sink_batch_pair(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln)
{
	struct rowmap m = row_map(b, SINK_PAIR);
	struct sink_row *r;

	key_pair(b, key, KEY_PAIR, &key->a, &key->b);
	r = row_open(b, SINK_PAIR, !ln);
	rowmap_pair(&m, key, sink_batch_slot_at(b, slot)->partition, ln);
	row_close(b, SINK_PAIR, r, &m);
}

void
sink_batch_decision(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct linked *ln, const struct decision *de)
{
	struct rowmap m = row_map(b, SINK_DECISION);
	struct sink_row *r;

	MUST(!ln == !de);
	key_pair(b, key, KEY_UNIT_DECISION, &key->a, &key->b);
	r = row_open(b, SINK_DECISION, !de);
	rowmap_decision(&m, key, sink_batch_slot_at(b, slot)->partition, ln, de);
	row_close(b, SINK_DECISION, r, &m);
}

/* The id of a text; kept, because the same few come again and again. */
static const struct id *
reasons_id(struct sink_batch *b, struct span json)
{
	uint8_t digest[SHA256_BYTES];
	uint64_t *place;
	bool fresh;

	if (b->hashed.count == HASHED_MAX && !strmap_find(&b->hashed, json)) {
		strmap_release(&b->hashed);
		strmap_init(&b->hashed, 1);
	}
	place = strmap_put(&b->hashed, json, &fresh);
	if (fresh) {
		*place = b->hashed.count - 1;
		sha256(json, digest);
		memcpy(b->reasons[*place].b, digest, ID_BYTES);
	}
	return &b->reasons[*place];
}

/* Of an outcome: into the batch, if they are not there yet. */
static const struct id *
reasons_put(struct sink_batch *b, const struct outcome *out)
{
	struct rowmap m = row_map(b, SINK_REASONS);
	const struct id *id;
	struct sink_row *r;

	buf_reset(&b->json);
	rowmap_json_reasons(&b->json, &out->reasons, &b->mended);
	id = reasons_id(b, buf_view(&b->json));
	buf_reset(&b->key);
	buf_add(&b->key, id->b, ID_BYTES);
	table_ready(&b->table[SINK_REASONS]);
	if (*index_place(&b->table[SINK_REASONS], buf_view(&b->key)))
		return id;
	r = row_open(b, SINK_REASONS, false);
	rowmap_reasons(&m, id, buf_view(&b->json));
	row_close(b, SINK_REASONS, r, &m);
	return id;
}

void
sink_batch_outcome(struct sink_batch *b, uint32_t slot, const struct key *key,
    const struct outcome *out)
{
	const struct id *reasons = out ? reasons_put(b, out) : NULL;
	struct rowmap m = row_map(b, SINK_OUTCOME);
	struct sink_row *r;

	key_pair(b, key, KEY_OUTCOME, &key->a, NULL);
	r = row_open(b, SINK_OUTCOME, !out);
	rowmap_outcome(&m, key, sink_batch_slot_at(b, slot)->partition, out, reasons);
	row_close(b, SINK_OUTCOME, r, &m);
}

/* --- the state of the fold --- */

/* Not collapsed: the database takes the greatest of each part, also of these. */
void
sink_batch_cut(struct sink_batch *b, uint32_t slot, struct span input, const struct cut *cut)
{
	struct rowmap m = row_map(b, SINK_CUT);
	const struct sink_slot *s = key_named(b, slot, input);
	struct sink_row *r;

	key_be(&b->key, b->table[SINK_CUT].n, 8);
	r = row_open(b, SINK_CUT, false);
	rowmap_cut(&m, span_str(s->topic), s->partition, input, cut);
	row_close(b, SINK_CUT, r, &m);
}

void
sink_batch_claim(struct sink_batch *b, uint32_t slot, struct span stream, int64_t epoch,
    const struct id *run)
{
	struct rowmap m = row_map(b, SINK_CLAIM);
	const struct sink_slot *s = key_named(b, slot, stream);
	struct sink_row *r = row_open(b, SINK_CLAIM, false);

	rowmap_claim(&m, span_str(s->topic), s->partition, stream, epoch, run);
	row_close(b, SINK_CLAIM, r, &m);
}

static void
doubt_set(struct sink_batch *b, uint32_t slot, struct span key, int64_t offset, bool answered)
{
	struct rowmap m = row_map(b, SINK_DOUBT);
	const struct sink_slot *s = key_named(b, slot, key);
	struct sink_row *r = row_open(b, SINK_DOUBT, answered);

	rowmap_doubt(&m, span_str(s->topic), s->partition, key, offset, answered);
	row_close(b, SINK_DOUBT, r, &m);
}

void
sink_batch_doubt(struct sink_batch *b, uint32_t slot, struct span key, int64_t offset)
{
	doubt_set(b, slot, key, offset, false);
}

void
sink_batch_answered(struct sink_batch *b, uint32_t slot, struct span key)
{
	doubt_set(b, slot, key, 0, true);
}

/* --- the whole --- */

size_t
sink_batch_rows(const struct sink_batch *b)
{
	size_t n = 0;

	for (int t = 0; t < SINK_TABLES; t++)
		n += b->table[t].n;
	return n;
}

size_t
sink_batch_bytes(const struct sink_batch *b)
{
	size_t n = 0;

	for (int t = 0; t < SINK_TABLES; t++)
		n += b->table[t].bytes.len;
	return n;
}

bool
sink_batch_full(const struct sink_batch *b)
{
	return sink_batch_rows(b) >= SINK_BATCH_ROWS || sink_batch_bytes(b) >= SINK_BATCH_BYTES;
}

bool
sink_batch_idle(const struct sink_batch *b)
{
	for (uint32_t i = 0; i < b->slots; i++)
		if (b->slot[i].next != b->slot[i].expected)
			return false;
	return sink_batch_rows(b) == 0;
}

uint64_t
sink_batch_mended(const struct sink_batch *b)
{
	return b->mended;
}

/* --- sealed --- */

static int
row_cmp(const void *a, const void *b, void *arg)
{
	const struct sink_row *x = a, *y = b;
	const uint8_t *bytes = arg;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return span_cmp(span_of(bytes + x->at, x->key_len),
	    span_of(bytes + y->at, y->key_len));
}

static void
table_sort(struct table *t)
{
	size_t i = 1;

	while (i < t->n && row_cmp(&t->row[i - 1], &t->row[i], t->bytes.ptr) < 0)
		i++;
	if (i < t->n) {
		qsort_r(t->row, t->n, sizeof(*t->row), row_cmp, t->bytes.ptr);
		t->moved = true;
	}
}

void
sink_batch_seal(struct sink_batch *b)
{
	for (int t = 0; t < SINK_TABLES; t++)
		table_sort(&b->table[t]);
}

struct sink_rows
sink_batch_table(const struct sink_batch *b, enum sink_table table)
{
	const struct table *t = &b->table[table];

	return (struct sink_rows){ t->row, t->n, t->gone, t->bytes.ptr };
}
