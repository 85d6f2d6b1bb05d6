/*
 * Frequency: whoever reads what leaves matchd, and knows how common surnames are,
 * lays each column's commonest value on the commonest surname, the next on the
 * next, and so on.
 *
 * What leaves matchd is `linked`: every field of every record, over a population
 * that is linked as the daemon links it.  A column is given the benefit of
 * every doubt: values aligned by rank, all records of the value counted.  What
 * always saying the commonest surname would give is no recovery.
 *
 * Control: the surname's token, which goes from ingestd to matchd and nowhere
 * else: deterministic encryption keeps frequencies, and the attack reads it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/text.h"
#include "tests/attack/attack.h"
#include "transform/match/match.h"

enum { VALUE_MAX = 64, COLUMNS_MAX = 24 };

static const struct match_keys match_keys = { { 5 }, { 6 } };

/* One column: of each record its value, as bytes. */
struct column {
	const char *name;
	struct strmap values; /* value -> how often */
};

struct seen {
	const struct attack_people *people;
	struct column column[COLUMNS_MAX];
	uint32_t columns;
	uint8_t (*value)[COLUMNS_MAX][VALUE_MAX + 1]; /* [record][column], length first */
};

static void
cell(struct seen *s, uint32_t record, uint32_t *at, const char *name, const void *bytes, size_t n)
{
	uint8_t *to = s->value[record][*at];
	bool fresh;

	MUST(*at < COLUMNS_MAX);
	if (n > VALUE_MAX)
		n = VALUE_MAX;
	if (*at == s->columns) {
		s->column[*at].name = name;
		strmap_init(&s->column[*at].values, 1);
		s->columns++;
	}
	to[0] = (uint8_t)n;
	if (n)
		memcpy(to + 1, bytes, n);
	*strmap_put(&s->column[*at].values, span_of(to, n + 1), &fresh) += 1;
	++*at;
}

/* Every field of the record that says anything of a person. */
static void
linked_take(void *arg, const struct key *key, const struct linked *ln)
{
	struct seen *s = arg;
	uint32_t at = 0, record;

	(void)key;
	if (ln->what != LINKED_EVENT)
		return;
	record = (uint32_t)ln->source.offset;
	cell(s, record, &at, "unit", ln->unit.b, ID_BYTES);
	cell(s, record, &at, "event_id", ln->event_id.b, ID_BYTES);
	cell(s, record, &at, "unit_kind", ln->unit_kind.ptr, ln->unit_kind.len);
	cell(s, record, &at, "organisation", ln->organisation.ptr, ln->organisation.len);
	cell(s, record, &at, "role", ln->role.ptr, ln->role.len);
	cell(s, record, &at, "revision", &ln->revision, sizeof(ln->revision));
	cell(s, record, &at, "raw_sha256", ln->raw_sha256, SHA256_BYTES);
	cell(s, record, &at, "kind", ln->kind.ptr, ln->kind.len);
	cell(s, record, &at, "start", &ln->start, sizeof(ln->start));
	cell(s, record, &at, "episode", ln->episode.ptr, ln->episode.len);
	cell(s, record, &at, "match.step", ln->match.step.ptr, ln->match.step.len);
	cell(s, record, &at, "match.weight", &ln->match.weight_mbit, sizeof(ln->match.weight_mbit));
	cell(s, record, &at, "match.partner", ln->match.partner.b, ID_BYTES);
	cell(s, record, &at, "match.levels", ln->match.levels.ptr, ln->match.levels.len);
}

/* --- through matching */

static void
surname_folded(const struct uk_record *r, char out[UK_TEXT])
{
	uint8_t folded[TEXT_OUT_MAX];
	size_t len = 0;

	if (text_fold(span_str(r->surname), folded, &len) != TEXT_OK || len >= UK_TEXT)
		len = 0;
	memcpy(out, folded, len);
	out[len] = '\0';
}

static void
link_all(struct seen *s, struct strmap *tokens, uint8_t (*token)[ID_BYTES])
{
	struct keyring *ring = attack_keyring(41, 1);
	struct attack_encoder *e = attack_encoder_new(ring, CLK_OFF);
	struct match *m = match_new(&match_keys, model_builtin(), 1);

	for (uint32_t i = 0; i < s->people->n; i++) {
		const struct uk_record *r = &s->people->record[i];
		const struct person_block *b = attack_encode(e, r);
		struct evidence ev = { .what = EVIDENCE_VERSION, .organisation = span_str(r->source),
			.role = span_str(r->source), .source = { SPAN_LIT("raw.a"), 1, i, 0 },
			.revision = 1, .kind = SPAN_LIT("accommodation"), .start = r->on,
			.end = DATE_NONE, .complete_through = DATE_NONE };
		struct key key = { .type = KEY_RECORD };
		bool fresh;

		if (!b)
			continue;
		ev.event_id = event_id_of(ring, ev.organisation, span_of(&i, sizeof(i)));
		sha256(span_of(&i, sizeof(i)), ev.raw_sha256);
		ev.signature = b->signature;
		ev.tokens = (struct av_array){ (void *)(uintptr_t)b->tokens, b->n };
		key.stream = SPAN_LIT("raw.a");
		key.epoch = 1;
		key.offset = i;
		match_evidence(m, &key, &ev);
		for (uint32_t k = 0; k < b->n; k++)
			if (b->tokens[k].field == TOKEN_SURNAME) {
				memcpy(token[i], b->tokens[k].value.b, ID_BYTES);
				*strmap_put(tokens, span_of(token[i], ID_BYTES), &fresh) += 1;
			}
	}
	match_settle(m);
	match_each(m, linked_take, s);
	match_free(m);
	attack_encoder_free(e);
	keyring_free(ring);
}

/* --- alignment by rank */

struct ranked {
	const uint8_t *key;
	uint32_t len;
	uint64_t count;
};

static int
rank_order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	uint32_t n = x->len < y->len ? x->len : y->len;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return memcmp(x->key, y->key, n);
}

static struct ranked *
ranked_make(const struct strmap *m, uint32_t *n)
{
	struct ranked *list = mem_alloc((m->count + 1u) * sizeof(*list));
	struct strmap_slot *slot;

	*n = 0;
	for (uint32_t at = 0; (slot = strmap_next(m, &at));)
		list[(*n)++] = (struct ranked){ slot->key, slot->len, slot->value };
	qsort(list, *n, sizeof(*list), rank_order);
	return list;
}

/* value -> the surname of its rank + 1 */
static struct strmap
align(const struct strmap *values, uint32_t surnames_n)
{
	struct strmap to;
	uint32_t n;
	struct ranked *list = ranked_make(values, &n);
	bool fresh;

	strmap_init(&to, 2);
	for (uint32_t i = 0; i < n && i < surnames_n; i++)
		*strmap_put(&to, span_of(list[i].key, list[i].len), &fresh) = i + 1;
	mem_free(list);
	return to;
}

struct public {
	struct strmap counts;
	struct ranked *rank;
	uint32_t n;
};

static bool
is_named(const struct public *p, uint64_t rank, const struct uk_record *r)
{
	char name[UK_TEXT];

	surname_folded(r, name);
	return rank && span_eq(span_of(p->rank[rank - 1].key, p->rank[rank - 1].len), span_str(name));
}

/* Records in a thousand that are given their surname. */
static double
column_read(const struct seen *s, uint32_t column, const struct public *p)
{
	struct strmap to = align(&s->column[column].values, p->n);
	uint32_t right = 0;

	for (uint32_t i = 0; i < s->people->n; i++) {
		const uint8_t *v = s->value[i][column];
		uint64_t *rank = strmap_find(&to, span_of(v, v[0] + 1u));

		right += is_named(p, rank ? *rank : 0, &s->people->record[i]);
	}
	strmap_release(&to);
	return 1000.0 * right / s->people->n;
}

static double
tokens_read(const struct attack_people *people, const struct strmap *tokens,
    uint8_t (*token)[ID_BYTES], const struct public *p)
{
	struct strmap to = align(tokens, p->n);
	uint32_t right = 0;

	for (uint32_t i = 0; i < people->n; i++) {
		uint64_t *rank = strmap_find(&to, span_of(token[i], ID_BYTES));

		right += is_named(p, rank ? *rank : 0, &people->record[i]);
	}
	strmap_release(&to);
	return 1000.0 * right / people->n;
}

/* How common surnames are, from another half of the same population. */
static void
public_make(struct public *p, uint32_t records)
{
	struct attack_people others = attack_people_make(52, records);
	char name[UK_TEXT];
	bool fresh;

	strmap_init(&p->counts, 3);
	for (uint32_t i = 0; i < others.n; i++) {
		surname_folded(&others.record[i], name);
		*strmap_put(&p->counts, span_str(name), &fresh) += 1;
	}
	p->rank = ranked_make(&p->counts, &p->n);
	attack_people_free(&others);
}

int
main(void)
{
	uint32_t records = attack_size(12000, 60000), best = 0;
	struct attack_people people = attack_people_make(51, records);
	struct seen s = { .people = &people };
	uint8_t (*token)[ID_BYTES] = mem_zalloc(records, sizeof(*token));
	double always, most = 0, control;
	struct strmap tokens;
	struct public p;

	s.value = mem_zalloc(records, sizeof(*s.value));
	strmap_init(&tokens, 4);
	public_make(&p, 4 * records > 200000 ? 200000 : 4 * records);
	link_all(&s, &tokens, token);
	always = 0;
	for (uint32_t i = 0; i < people.n; i++)
		always += is_named(&p, 1, &people.record[i]);
	always = 1000.0 * always / people.n;
	for (uint32_t c = 0; c < s.columns; c++) {
		double read = column_read(&s, c, &p);

		if (read > most) {
			most = read;
			best = c;
		}
	}
	/* one point above what needs no column */
	attack_held(s.columns > 0 && most <= always + 10, "%u columns of what leaves matchd, %u records: "
	    "at most %.1f%% of surnames (%s); always the commonest gives %.1f%%", s.columns, people.n,
	    most / 10, s.column[best].name, always / 10);
	control = tokens_read(&people, &tokens, token, &p);
	attack_control(control > always + 10, "the surname's token, which stays between ingestd and matchd: "
	    "%.1f%%", control / 10);
	for (uint32_t c = 0; c < s.columns; c++)
		strmap_release(&s.column[c].values);
	strmap_release(&tokens);
	strmap_release(&p.counts);
	mem_free(p.rank);
	mem_free(s.value);
	mem_free(token);
	attack_people_free(&people);
	return attack_end();
}
