/*
 * it_matchd - the daemon on a real broker: killed, stopped, replaced, told of
 * reviews, erasures, decisions, another model; written over by a zombie.  After
 * each story what counts in linked, by claims, is what the slow rules
 * (naive.h) make of the same facts, and cuts say how far.
 *
 * We are ingestd here: evidence under claims of our own.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses,
 * OUTTURN_BIN=directory of the programs (build), SEED.  Run where config/ is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/book.h"
#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/level_task.h"
#include "common/io/log.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/token.h"
#include "common/topics.h"
#include "tests/integration/pipe.h"
#include "transform/match/naive.h"

enum { STORY_MS = 30000, FACTS = 3000, EVENTS = 600, PEOPLE = 120, TOKENS = 16,
	REVIEWS = 60, ERASED = 20, DECISIONS = 60, PARTITIONS = 4, STREAMS = 2, SESSION_MS = 2000,
	INSTANCES = 2 };

static const char *const streams[STREAMS] = { "raw.council-a", "raw.nhs-b" };
static const char *const organisations[STREAMS] = { "E08000099", "RXX99" };
static const char *const names[] = { "terms", "review", "decision", "suppressed", "evidence",
	"linked" };

static struct kafka_conf conf;
static char dir[64];
static struct keyfile alice, mallory;
static struct match_keys keys;
static struct av_catalogue *cat;
static pid_t pids[INSTANCES + 1];
static struct id runs[STREAMS]; /* of our ingestds, one for each raw topic */

/* --- the facts, as a plain list */

struct fact {
	struct evidence ev;
	struct token tokens[TOKENS];
	struct attribute attribute;
};

static struct fact facts[FACTS];
static size_t facts_n;
static struct naive_review reviews[REVIEWS];
static size_t reviews_n;
static bool reviews_count = true; /* alice is a reviewer */
static struct id erased[ERASED];
static size_t erased_n;
static struct naive_decision decisions[DECISIONS];
static struct buf decision_bytes[DECISIONS];
static size_t decisions_n;
static const struct model *model;
static struct model *narrow; /* owned */
static int64_t sent[STREAMS], side_sent[4]; /* raw offsets; records of terms, review, ... */

static struct id
id_from(char what, uint64_t n)
{
	struct id id;
	uint64_t h = hash64(&n, sizeof(n), (uint64_t)what), g = hash64(&h, sizeof(h), 77);

	memcpy(id.b, &h, 8);
	memcpy(id.b + 8, &g, 8);
	return id;
}

/* --- writing */

static struct kwriter *writer;

static void
sign_as(const struct keyfile *who, const struct av_record *binding, void *rec,
    struct span *signature, size_t at, uint8_t sig[SIGN_BYTES])
{
	struct buf msg = BUF_INIT;

	*signature = SPAN_NONE;
	sign_message(cat, binding, rec, at, &msg);
	sign_bytes(who->secret, buf_view(&msg), sig);
	*signature = span_of(sig, SIGN_BYTES);
	buf_release(&msg);
}

static void
publish(const char *thing, const char *name, int version, struct span content)
{
	struct terms t = { .thing = span_str(thing), .name = span_str(name), .version = version,
		.effective = DATE_NONE, .content = content, .by = SPAN_LIT("alice"),
		.key_id = SPAN_LIT("alice") };
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];

	sign_as(&alice, &terms_binding, &t, &t.signature, offsetof(struct terms, signature), sig);
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, version, &key);
	put(writer, "terms", 0, buf_view(&key), buf_view(&value), NULL);
	written(writer);
	side_sent[0]++;
	buf_release(&key);
	buf_release(&value);
}

static void
roles_publish(int version, const char *roles)
{
	struct buf page = BUF_INIT;
	uint8_t public[32];
	char hex[65];

	sign_public(alice.secret, public);
	hex_of(public, 32, hex);
	buf_printf(&page, "key: %s\nroles: [%s]\n", hex, roles);
	publish("person", "alice", version, buf_view(&page));
	buf_release(&page);
}

/* --- evidence, as ingestd writes it */

static struct id
claim_evidence(int stream, int64_t epoch)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct id before = runs[stream];

	runs[stream] = carry_run();
	key_format(&(struct key){ .type = KEY_CLAIM, .stream = span_str(streams[stream]),
		       .a = runs[stream] }, &key);
	carry_encode_claim(cat, &(struct claim){ epoch }, &value);
	put(writer, "evidence", 0, buf_view(&key), buf_view(&value), &runs[stream]);
	written(writer);
	buf_release(&key);
	buf_release(&value);
	return before;
}

static const struct id *
run_of(const struct evidence *ev)
{
	return &runs[span_is(ev->source.topic, streams[1])];
}

static void
evidence_send(const struct evidence *ev, const struct id *as)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	key_format(&(struct key){ .type = KEY_RECORD, .stream = ev->source.topic,
		       .epoch = ev->source.epoch, .offset = ev->source.offset }, &key);
	av_write(cat, &evidence_binding, ev, &value);
	put(writer, "evidence", 0, buf_view(&key), buf_view(&value), as);
	buf_release(&key);
	buf_release(&value);
}

static void
cuts_send(void)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	for (int i = 0; i < STREAMS; i++) {
		key_format(&(struct key){ .type = KEY_CUT, .stream = span_str(streams[i]) }, &key);
		buf_reset(&value);
		carry_encode_cut(cat, &(struct cut){ sent[i] - 1, DATE_NONE, side_sent[0] - 1, 0, 0 },
		    &value);
		put(writer, "evidence", 0, buf_view(&key), buf_view(&value), &runs[i]);
	}
	written(writer);
	buf_release(&key);
	buf_release(&value);
}

static void
token_add(struct fact *f, int field, uint64_t value)
{
	MUST(f->ev.tokens.n < TOKENS);
	f->tokens[f->ev.tokens.n++] = (struct token){ field,
		field == TOKEN_DOB && value == 0 ? TOKEN_FREQUENCY_MAX : 2,
		id_from((char)token_family(field), value) };
}

/* A person as one agency has them: now and then without a number, or with a slip. */
static void
details(struct fact *f, uint32_t person, uint32_t stream)
{
	uint32_t born = draw(12) ? person * 7 % 90 : draw(90), slip = draw(9) == 0;
	uint32_t surname = draw(15) ? person * 3 % 40 : draw(40), forename = person * 11 % 25;
	uint64_t h;

	if (draw(3))
		token_add(f, TOKEN_NHS, draw(40) ? person : draw(PEOPLE));
	if (draw(4) == 0)
		token_add(f, TOKEN_NINO, person);
	if (draw(2))
		token_add(f, TOKEN_LOCAL_ID, stream * 1000 + person);
	if (draw(10)) {
		token_add(f, TOKEN_DOB, slip ? born + 1 : born);
		token_add(f, TOKEN_DOB_YEAR, born / 10);
		token_add(f, TOKEN_DOB_MONTH, born / 3 % 4);
		token_add(f, TOKEN_DOB_DAY, slip ? born + 1 : born);
	}
	token_add(f, TOKEN_SURNAME, surname);
	token_add(f, TOKEN_FORENAME, forename);
	token_add(f, TOKEN_NAME_SWAP, surname * 100 + forename);
	token_add(f, TOKEN_PHONETIC_SURNAME, surname / 2);
	if (draw(3))
		token_add(f, TOKEN_POSTCODE, draw(6) ? person % 30 : draw(30));
	h = hash64(f->tokens, f->ev.tokens.n * sizeof(f->tokens[0]), 3);
	f->ev.signature = id_from('s', h);
}

/* One more record of an event: a first one, a correction, a withdrawal, a tombstone. */
static struct fact *
fact_new(uint32_t event, uint32_t person)
{
	struct fact *f = &facts[facts_n++];
	uint32_t stream = event % STREAMS;

	MUST(facts_n <= FACTS);
	*f = (struct fact){ .attribute = { SPAN_LIT("setting"), { 0, false },
		draw(2) ? SPAN_LIT("hostel") : SPAN_LIT("own-tenancy") } };
	f->ev = (struct evidence){ .what = EVIDENCE_VERSION, .event_id = id_from('e', event),
		.organisation = span_str(organisations[stream]), .role = SPAN_LIT("council"),
		.kind = SPAN_LIT("accommodation"), .start = (date_t)(17000 + draw(300)),
		.end = DATE_NONE, .complete_through = DATE_NONE, .revision = draw(4),
		.withdrawn = draw(25) == 0, .tombstone = draw(40) == 0, .key_epoch = 1,
		.attributes = { &f->attribute, 1 }, .tokens = { f->tokens, 0 },
		.source = { span_str(streams[stream]), 1, sent[stream]++, 1500000000000 } };
	f->ev.raw_sha256[0] = (uint8_t)draw(256);
	details(f, person, stream);
	return f;
}

static void
facts_send(uint32_t n)
{
	while (n-- > 0) {
		uint32_t event = draw(EVENTS);

		struct evidence *ev = &fact_new(event, event % PEOPLE)->ev;

		evidence_send(ev, run_of(ev));
		if (draw(8) == 0) { /* again */
			ev = &facts[draw((uint32_t)facts_n)].ev;
			evidence_send(ev, run_of(ev));
		}
	}
	written(writer);
}

/* --- what people say */

static void
review_send(const struct id *x, const struct id *y, bool same, const struct keyfile *who)
{
	struct review rv = { .event_a = id_cmp(x, y) < 0 ? *x : *y,
		.event_b = id_cmp(x, y) < 0 ? *y : *x,
		.verdict = same ? SPAN_LIT("same") : SPAN_LIT("not-same"), .by = SPAN_LIT("alice"),
		.key_id = SPAN_LIT("alice") };
	struct buf value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];
	char key[2 * ID_HEX + 2];
	size_t i = 0;

	sign_as(who, &review_binding, &rv, &rv.signature, offsetof(struct review, signature), sig);
	av_write(cat, &review_binding, &rv, &value);
	id_hex(&rv.event_a, key);
	key[ID_HEX] = '/';
	id_hex(&rv.event_b, key + ID_HEX + 1);
	put(writer, "review", 0, span_str(key), buf_view(&value), NULL);
	side_sent[1]++;
	buf_release(&value);
	while (i < reviews_n
	    && !(id_eq(&reviews[i].a, &rv.event_a) && id_eq(&reviews[i].b, &rv.event_b)))
		i++;
	if (who == &alice) {
		MUST(i < REVIEWS);
		reviews[i] = (struct naive_review){ rv.event_a, rv.event_b, same };
		reviews_n += i == reviews_n;
	} else if (i < reviews_n) {
		reviews[i] = reviews[--reviews_n]; /* what stands there is nobody's word */
	}
}

static void
erase(const struct id *event)
{
	struct suppressed s = { .event_id = *event, .by = SPAN_LIT("alice"),
		.key_id = SPAN_LIT("alice") };
	struct buf value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];
	char hex[ID_HEX + 1];

	sign_as(&alice, &suppressed_binding, &s, &s.signature, offsetof(struct suppressed, signature),
	    sig);
	av_write(cat, &suppressed_binding, &s, &value);
	id_hex(event, hex);
	put(writer, "suppressed", 0, span_str(hex), buf_view(&value), NULL);
	side_sent[3]++;
	MUST(erased_n < ERASED);
	erased[erased_n++] = *event;
	buf_release(&value);
}

/* Nobody can: it says nothing. */
static void
erasure_take_back(const struct id *event, struct span value)
{
	char hex[ID_HEX + 1];

	id_hex(event, hex);
	put(writer, "suppressed", 0, span_str(hex), value, NULL);
	side_sent[3]++;
}

static void
decide(const struct id *anchor)
{
	struct decision de = { .decision_id = id_from('d', decisions_n), .what = SPAN_LIT("claimed"),
		.contract = SPAN_LIT("invented"), .outcome = SPAN_LIT("entered"), .ordinal = 1,
		.anchor_event = *anchor, .by = SPAN_LIT("bob"), .role = SPAN_LIT("provider") };
	struct buf *value = &decision_bytes[decisions_n];
	char hex[ID_HEX + 1];

	MUST(decisions_n < DECISIONS);
	av_write(cat, &decision_binding, &de, value);
	id_hex(&de.decision_id, hex);
	put(writer, "decision", 0, span_str(hex), buf_view(value), NULL);
	decisions[decisions_n++] = (struct naive_decision){ de.decision_id, *anchor, buf_view(value),
		{ SPAN_LIT("decision"), 0, side_sent[2]++, 0 } };
}

static void
review_take_back(uint32_t i)
{
	char key[2 * ID_HEX + 2];

	id_hex(&reviews[i].a, key);
	key[ID_HEX] = '/';
	id_hex(&reviews[i].b, key + ID_HEX + 1);
	put(writer, "review", 0, span_str(key), SPAN_NONE, NULL);
	side_sent[1]++;
	reviews[i] = reviews[--reviews_n];
}

static struct id
some_event(void)
{
	return id_from('e', draw(EVENTS));
}

static void
people_speak(void)
{
	for (int i = 0; i < 6; i++) {
		struct id a = some_event(), b = some_event();

		if (!id_eq(&a, &b))
			review_send(&a, &b, draw(2), draw(5) ? &alice : &mallory);
		a = some_event();
		decide(&a);
	}
	for (int i = 0; i < 2; i++) {
		struct id a = some_event();

		erase(&a);
		erasure_take_back(&a, i ? SPAN_LIT("nothing that decodes") : SPAN_NONE);
	}
	if (reviews_n && draw(2))
		review_take_back(draw((uint32_t)reviews_n));
	written(writer);
}

/* --- linked, read whole */

struct link_row {
	struct id id;   /* event or decision */
	uint64_t says;  /* hash of all that the record says; 0: a tombstone */
	struct id unit;
	int32_t partition;
	int64_t offset; /* of the last record that counts */
};

static void
text_add(struct buf *b, struct span s)
{
	buf_printf(b, "%zu:", s.ptr ? s.len : (size_t)9999);
	buf_span(b, s);
}

/* Field by field, not by bytes.  When a decision was written is the broker's to say. */
static uint64_t
row_hash(const struct linked *ln)
{
	const struct attribute *a = ln->attributes.items;
	struct buf b = BUF_INIT;
	uint64_t h;

	buf_add(&b, ln->unit.b, ID_BYTES);
	buf_add(&b, ln->event_id.b, ID_BYTES);
	buf_add(&b, ln->raw_sha256, SHA256_BYTES);
	buf_add(&b, ln->match.partner.b, ID_BYTES);
	buf_printf(&b, "%d %lld %d %d %d %d %lld %lld %lld ", ln->what, (long long)ln->revision,
	    ln->restricted, ln->start, ln->end, ln->source.epoch, (long long)ln->source.offset,
	    ln->what == LINKED_DECISION ? 0LL : (long long)ln->source.time_ms,
	    (long long)ln->match.weight_mbit);
	text_add(&b, ln->source.topic);
	text_add(&b, ln->organisation);
	text_add(&b, ln->role);
	text_add(&b, ln->kind);
	text_add(&b, ln->match.step);
	text_add(&b, ln->match.levels);
	text_add(&b, ln->decision);
	for (uint32_t i = 0; i < ln->attributes.n; i++) {
		text_add(&b, a[i].name);
		text_add(&b, a[i].text);
	}
	h = hash64(b.ptr, b.len, 1) | 1;
	buf_release(&b);
	return h;
}

struct map {
	struct strmap at; /* key → index of rows */
	struct link_row *rows;
	uint32_t n;
	struct cut cuts[PARTITIONS][STREAMS + 4];
	uint32_t passed; /* records that did not count */
};

static void
map_free(struct map *m)
{
	strmap_release(&m->at);
	mem_free(m->rows);
}

static void
map_row(struct map *m, struct span text, const struct link_row *row)
{
	bool fresh;
	uint64_t *at = strmap_put(&m->at, text, &fresh);

	if (fresh) {
		if ((m->n & (m->n - 1)) == 0)
			m->rows = mem_realloc(m->rows, m->n ? 2 * m->n : 64, sizeof(*m->rows));
		*at = m->n++;
	}
	m->rows[*at] = *row;
}

static void
map_cut(struct map *m, int32_t partition, const struct key *key, const struct rec *rec)
{
	static const char *const cut_names[] = { "raw.council-a", "raw.nhs-b", "terms@m", "review",
		"decision", "suppressed" };
	struct cut cut;

	for (size_t i = 0; i < sizeof(cut_names) / sizeof(cut_names[0]); i++)
		if (span_is(key->stream, cut_names[i]) && rec->value.ptr
		    && carry_decode_cut(cat, rec->value, &cut))
			m->cuts[partition][i] = cut;
}

static void
map_record(struct map *m, struct claims *claims, int32_t partition, const struct rec *rec,
    struct arena *arena)
{
	struct key key = key_parse(rec->key);
	struct link_row row = { .id = key.b, .unit = key.a, .partition = partition,
		.offset = rec->offset };
	struct linked ln;
	struct claim claim = { 0 };

	if (key.type == KEY_CLAIM)
		assert_true(carry_decode_claim(cat, rec->value, &claim));
	switch (claims_apply(claims, &key, rec, claim.epoch)) {
	case CLAIM_COUNTS:
		break;
	case CLAIM_PASSED:
		m->passed++;
		return;
	case CLAIM_TAKEN:
	case CLAIM_OUTBID:
		return;
	}
	if (key.type == KEY_CUT) {
		map_cut(m, partition, &key, rec);
		return;
	}
	assert_true(key.type == KEY_UNIT_EVENT || key.type == KEY_UNIT_DECISION
	    || key.type == KEY_PAIR);
	assert_int_equal(unit_partition(&key.a, PARTITIONS), partition);
	if (rec->value.ptr) {
		arena_reset(arena);
		must(av_read(cat, &linked_binding, rec->value, &ln, arena, &err));
		assert_true(id_eq(key.type == KEY_PAIR ? &ln.event_id : &ln.unit, &key.a));
		row.says = row_hash(&ln);
	}
	map_row(m, rec->key, &row);
}

/* A partition that was made a moment ago may be without a leader yet. */
static void
ends_ask(struct kreader *r, int32_t partition, int64_t *low, int64_t *high)
{
	int64_t until = now_ms() + ASK_MS;

	while (kreader_watermarks(r, topic("linked"), partition, low, high, ASK_MS, &err)) {
		if (err.class != ERR_RETRY || now_ms() > until)
			must(-1);
		pause_ms(50);
	}
}

static bool
map_read_partition(struct map *m, int32_t partition)
{
	struct kreader *r = kreader_new(&conf, &err);
	int64_t low, high, until = now_ms() + STORY_MS;
	struct claims claims;
	struct arena arena;
	struct krecord k;
	struct rec rec;
	bool doubtful;

	must(r == NULL);
	arena_init(&arena, 0);
	claims_init(&claims, false);
	ends_ask(r, partition, &low, &high);
	must(kreader_add(r, topic("linked"), partition, low, NULL, &err));
	while (kreader_position(r, topic("linked"), partition) < high && now_ms() < until) {
		int got = kreader_poll(r, 200, &k, &err);

		if (got < 0 && err.class != ERR_RETRY)
			must(-1);
		if (got <= 0)
			continue;
		rec = carry_rec(&k);
		map_record(m, &claims, partition, &rec, &arena);
	}
	doubtful = claims_doubtful(&claims);
	kreader_free(r);
	claims_release(&claims);
	arena_release(&arena);
	return !doubtful;
}

static bool
map_read(struct map *m)
{
	bool clear = true;

	*m = (struct map){ .n = 0 };
	strmap_init(&m->at, 1);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		for (int i = 0; i < STREAMS + 4; i++)
			m->cuts[p][i] = (struct cut){ -1, DATE_NONE, -1, 0, 0 };
		clear &= map_read_partition(m, p);
	}
	return clear;
}

static struct link_row *
map_find(struct map *m, enum key_type type, const struct id *unit, const struct id *what)
{
	struct buf text = BUF_INIT;
	uint64_t *at;

	key_format(&(struct key){ .type = type, .a = *unit, .b = *what }, &text);
	at = strmap_find(&m->at, buf_view(&text));
	buf_release(&text);
	return at ? &m->rows[*at] : NULL;
}

/* The one unit under which an event or decision stands, or NULL. */
static const struct link_row *
map_standing(const struct map *m, const struct id *what)
{
	const struct link_row *found = NULL;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->rows[i].says && id_eq(&m->rows[i].id, what)) {
			assert_null(found);
			found = &m->rows[i];
		}
	return found;
}

/* --- what should stand */

static void
wanted(void *arg, const struct key *key, const struct linked *ln)
{
	struct link_row row = { .id = key->b, .unit = key->a, .says = row_hash(ln) };
	struct buf text = BUF_INIT;

	key_format(key, &text);
	map_row(arg, buf_view(&text), &row);
	buf_release(&text);
}

static void
want_all(struct map *want)
{
	static struct evidence ev[FACTS];
	struct span one = SPAN_LIT("RXX99");
	struct naive_input in = { .evidence = ev, .evidence_n = facts_n, .suppressed = erased,
		.suppressed_n = reviews_count ? erased_n : 0, .reviews = reviews,
		.reviews_n = reviews_count ? reviews_n : 0, .decisions = decisions,
		.decisions_n = decisions_n, .one_record = &one, .one_record_n = 1, .model = model,
		.keys = &keys };

	*want = (struct map){ .n = 0 };
	strmap_init(&want->at, 1);
	for (size_t i = 0; i < facts_n; i++)
		ev[i] = facts[i].ev;
	naive_match(&in, wanted, want);
}

struct difference {
	uint32_t missing, wrong, extra, cuts;
};

static struct difference
maps_compare(struct map *want, struct map *have)
{
	struct difference d = { 0 };
	int64_t ends[STREAMS + 4] = { sent[0], sent[1], side_sent[0], side_sent[1], side_sent[2],
		side_sent[3] };

	for (uint32_t i = 0; i < want->n; i++) {
		const struct link_row *w = &want->rows[i];
		struct link_row *e = map_find(have, KEY_UNIT_EVENT, &w->unit, &w->id);
		struct link_row *c = map_find(have, KEY_UNIT_DECISION, &w->unit, &w->id);
		struct link_row *q = map_find(have, KEY_PAIR, &w->unit, &w->id);
		uint64_t says = e && e->says ? e->says : q && q->says ? q->says : c ? c->says : 0;

		d.missing += says == 0;
		d.wrong += says != 0 && says != w->says;
	}
	for (uint32_t i = 0; i < have->n; i++)
		d.extra += have->rows[i].says != 0;
	d.extra = d.extra + d.missing > want->n ? d.extra + d.missing - want->n : 0;
	for (int p = 0; p < PARTITIONS; p++)
		for (int i = 0; i < STREAMS + 4; i++)
			d.cuts += have->cuts[p][i].offset != ends[i] - 1;
	return d;
}

/* Until what counts is what should, nothing is in doubt, and every cut is at the end. */
static struct map
await_agreement(void)
{
	int64_t until = now_ms() + STORY_MS;
	struct difference d = { 0 };
	struct map want, have;
	bool clear = false, agreed = false;

	want_all(&want);
	for (;;) {
		clear = map_read(&have);
		d = maps_compare(&want, &have);
		agreed = clear && !d.missing && !d.wrong && !d.extra && !d.cuts;
		if (agreed || now_ms() > until)
			break;
		map_free(&have);
		pause_ms(200);
	}
	if (!agreed)
		fail_msg("of %u records %u are missing, %u differ, %u are too many; %u of %d cuts are "
			 "not at the end; in doubt: %d", want.n, d.missing, d.wrong, d.extra, d.cuts,
		    PARTITIONS * (STREAMS + 4), !clear);
	assert_true(want.n > 0);
	map_free(&want);
	return have;
}

static void
agree(void)
{
	struct map m = await_agreement();

	map_free(&m);
}

/* --- the daemon */

static void
spawn_with(int instance, const char *keys_dir)
{
	char arg[6][200], log[128];

	snprintf(arg[0], sizeof(arg[0]), "prefix=%s", getenv("PREFIX"));
	snprintf(arg[1], sizeof(arg[1]), "instance=%d", instance);
	snprintf(arg[2], sizeof(arg[2]), "keys_dir=%s", keys_dir);
	snprintf(arg[3], sizeof(arg[3]), "trust=%s/trust", dir);
	snprintf(arg[4], sizeof(arg[4]), "session=%d", SESSION_MS);
	snprintf(arg[5], sizeof(arg[5]), "poll_interval_max=%d", 2 * SESSION_MS);
	snprintf(log, sizeof(log), "%s/log.%d", dir, instance);
	pids[instance] = daemon_spawn("matchd", log,
	    (const char *const[]){ arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], NULL });
}

static void
spawn(int instance)
{
	spawn_with(instance, dir);
}

/* --- the ground */

static void
person_make(const char *name, struct keyfile *secret)
{
	char path[128];

	must(keyfile_person_make(dir, name, &err));
	snprintf(path, sizeof(path), "%s/%s.sign", dir, name);
	must(keyfile_read(path, "sign", 0, secret, &err));
}

static void
keys_make(void)
{
	uint8_t public[32];
	struct keyfile key;
	char path[128], hex[65];
	FILE *f;

	snprintf(path, sizeof(path), "%s/match.key", dir);
	must(keyfile_make(path, "match", 1, &err));
	must(keyfile_read(path, "match", 1, &key, &err));
	hkdf_sha256(span_of(key.secret, sizeof(key.secret)), SPAN_LIT("outturn/1/match/index"),
	    keys.index);
	hkdf_sha256(span_of(key.secret, sizeof(key.secret)), SPAN_LIT("outturn/1/match/unit"),
	    keys.unit);
	keyfile_release(&key);
	person_make("alice", &alice);
	person_make("mallory", &mallory);
	sign_public(alice.secret, public);
	hex_of(public, 32, hex);
	snprintf(path, sizeof(path), "%s/trust", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "alice %s\n", hex);
	fclose(f);
}

static int
ground(void **state)
{
	struct kadmin *admin;

	(void)state;
	seed_read(20250402);
	conf = (struct kafka_conf){ .brokers = getenv("KAFKA") };
	log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
	snprintf(dir, sizeof(dir), "/tmp/it-matchd-XXXXXX");
	assert_non_null(mkdtemp(dir));
	cat = av_catalogue_new();
	model = model_builtin();
	keys_make();
	admin = kadmin_new(&conf, &err);
	must(admin == NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		topic_make(admin, names[i], strcmp(names[i], "linked") == 0 ? PARTITIONS : 1);
	kadmin_free(admin);
	writer = writer_new(&conf);
	roles_publish(1, "reviewer, eraser");
	publish("agencies", "agencies", 1, SPAN_LIT("agencies:\n"
		"  - organisation: E08000099\n    one_record_a_person: no\n"
		"  - organisation: RXX99\n    one_record_a_person: yes\n"));
	for (int i = 0; i < STREAMS; i++)
		claim_evidence(i, 1 + i);
	return 0;
}

static int
leave(void **state)
{
	static const char *const files[] = { "match.key", "alice.sign", "alice.pub", "mallory.sign",
		"mallory.pub", "trust", "log.1", "log.2" };
	char path[128];

	(void)state;
	for (int i = 1; i <= INSTANCES; i++)
		daemon_end(&pids[i], SIGKILL);
	for (size_t i = 0; !getenv("KEEP") && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	for (size_t i = 0; i < decisions_n; i++)
		buf_release(&decision_bytes[i]);
	kwriter_free(writer);
	model_free(narrow);
	av_catalogue_free(cat);
	return 0;
}

/* --- the stories, each where the one before ended */

static void
test_what_stands_in_linked_is_what_the_rules_say(void **state)
{
	(void)state;
	facts_send(700);
	people_speak();
	cuts_send();
	spawn(1);
	agree();
}

static void
test_killed_at_any_moment_it_goes_on_where_the_rules_say(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		facts_send(100);
		if (i % 2)
			people_speak();
		if (i == 4)
			cuts_send();
		pause_ms(20 + (int)draw(400));
		daemon_end(&pids[1], SIGKILL);
		spawn(1);
	}
	cuts_send();
	agree();
}

static void
test_stopped_past_its_session_and_continued_it_does_no_harm(void **state)
{
	(void)state;
	spawn(2);
	pause_ms(1000);
	for (int i = 0; i < 2; i++) {
		int stopped = 1 + i % 2;

		facts_send(150);
		kill(pids[stopped], SIGSTOP);
		facts_send(150);
		people_speak();
		cuts_send();
		pause_ms(SESSION_MS + 1500);
		kill(pids[stopped], SIGCONT);
		facts_send(50);
		cuts_send();
		pause_ms(300);
	}
	agree();
	daemon_end(&pids[2], SIGKILL);
	agree();
}

/* A new event of one person is corrected to be another's: its record and the decision on it go
 * there, and tombstones stay behind. */
static void
test_an_event_that_moves_takes_its_decision_and_leaves_tombstones(void **state)
{
	struct id event = id_from('e', EVENTS + 2), decision;
	const struct link_row *stood, *stands;
	struct id before, after;
	struct map m;
	struct fact *f;

	(void)state;
	f = fact_new(EVENTS + 2, 5);
	f->ev.withdrawn = f->ev.tombstone = false;
	f->ev.revision = 1;
	f->ev.tokens.n = 0;
	token_add(f, TOKEN_NHS, 70001);
	token_add(f, TOKEN_DOB, 60);
	f->ev.signature = id_from('s', 70001);
	evidence_send(&f->ev, run_of(&f->ev));
	decide(&event);
	decision = decisions[decisions_n - 1].id;
	cuts_send();
	m = await_agreement();
	stood = map_standing(&m, &event);
	assert_non_null(stood);
	before = stood->unit;
	assert_true(map_standing(&m, &decision) != NULL);
	map_free(&m);

	f = fact_new(EVENTS + 2, 6);
	f->ev.withdrawn = f->ev.tombstone = false;
	f->ev.revision = 2;
	f->ev.tokens.n = 0;
	token_add(f, TOKEN_NHS, 70002);
	token_add(f, TOKEN_DOB, 61);
	f->ev.signature = id_from('s', 70002);
	evidence_send(&f->ev, run_of(&f->ev));
	cuts_send();
	m = await_agreement();
	stands = map_standing(&m, &event);
	assert_non_null(stands);
	after = stands->unit;
	assert_false(id_eq(&before, &after));
	assert_true(id_eq(&map_standing(&m, &decision)->unit, &after));
	assert_int_equal(map_find(&m, KEY_UNIT_EVENT, &before, &event)->says, 0);
	assert_int_equal(map_find(&m, KEY_UNIT_DECISION, &before, &decision)->says, 0);
	map_free(&m);

	/* Taken back, the event stands nowhere, nor does the decision; erased neither. */
	f = fact_new(EVENTS + 2, 6);
	f->ev.withdrawn = true;
	f->ev.revision = 3;
	evidence_send(&f->ev, run_of(&f->ev));
	cuts_send();
	m = await_agreement();
	assert_null(map_standing(&m, &event));
	assert_null(map_standing(&m, &decision));
	map_free(&m);
}

static void
test_reviews_and_erasures_count_only_of_who_may_and_are_asked_again(void **state)
{
	struct id a = some_event(), b = some_event();

	(void)state;
	if (!id_eq(&a, &b))
		review_send(&a, &b, true, &mallory); /* in alice's name */
	written(writer);
	agree();
	roles_publish(2, "verifier");
	cuts_send();
	reviews_count = false;
	agree();
	roles_publish(3, "reviewer, eraser");
	cuts_send();
	reviews_count = true;
	agree();
}

static void
test_another_model_is_followed_and_a_mistaken_one_is_not(void **state)
{
	static const char text[] = "model: narrow\nversion: 2\nblocks:\n  - [nhs-number]\nsteps:\n"
		"  - {name: only-nhs, weight_mbit: 1000, exact: yes, when: {nhs-number: agree}}\n";
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("narrow", span_str(text), &report);

	(void)state;
	narrow = doc ? model_parse(doc->root, &report) : NULL;
	assert_non_null(narrow);
	publish("model", "shipped", 1, span_str(text));
	cuts_send();
	model = narrow;
	agree();
	publish("model", "shipped", 2, SPAN_LIT("model: broken\nsteps: nobody\n"));
	cuts_send();
	agree();
	yaml_doc_free(doc);
}

static void
assert_unchanged(struct map *before)
{
	struct map now;

	map_read(&now);
	assert_int_equal(now.n, before->n);
	for (uint32_t i = 0; i < now.n; i++)
		assert_int_equal(now.rows[i].says, before->rows[i].says);
	map_free(&now);
}

/* What a replaced ingestd lets fall into evidence counts for nothing, and neither does what a
 * replaced matchd writes into linked: the owner answers it. */
static void
test_late_writes_of_zombies_change_nothing(void **state)
{
	struct id stranger = carry_run(), before_us;
	struct fact *right = &facts[facts_n - 1]; /* the last: no tombstone stands behind it */
	struct evidence late;
	struct buf text = BUF_INIT;
	struct map m;
	struct link_row *row;
	int64_t before;

	(void)state;
	m = await_agreement();
	while (right->ev.withdrawn || right->ev.tombstone || !map_standing(&m, &right->ev.event_id))
		right--;
	late = right->ev;
	before_us = claim_evidence(span_is(late.source.topic, streams[1]), 3);
	late.start += 1000;
	late.revision += 50;
	evidence_send(&late, &before_us);
	written(writer);
	pause_ms(1000);
	assert_unchanged(&m);
	map_free(&m);
	evidence_send(&right->ev, run_of(&right->ev));
	cuts_send();
	m = await_agreement();

	for (row = m.rows; !row->says; row++)
		;
	before = row->offset;
	key_format(&(struct key){ .type = KEY_UNIT_EVENT, .a = row->unit, .b = row->id }, &text);
	if (!map_find(&m, KEY_UNIT_EVENT, &row->unit, &row->id))
		key_format(&(struct key){ .type = KEY_UNIT_DECISION, .a = row->unit, .b = row->id },
		    &text);
	put(writer, "linked", row->partition, buf_view(&text), SPAN_NONE, &stranger);
	written(writer);
	map_free(&m);
	m = await_agreement();
	assert_true(m.passed > 0);
	row = &m.rows[*strmap_find(&m.at, buf_view(&text))];
	assert_true(row->offset > before + 1);
	map_free(&m);
	buf_release(&text);
}

/* Every person would become another one, without a word. */
static void
test_with_another_key_it_does_not_start_beside_a_running_one_nor_after_it(void **state)
{
	char other[80], path[128];
	struct map before = await_agreement();
	int status;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(mkdir(other, 0700), 0);
	snprintf(path, sizeof(path), "%s/match.key", other);
	must(keyfile_make(path, "match", 1, &err));
	for (int i = 0; i < 2; i++) {
		spawn_with(2, other);
		assert_int_equal(waitpid(pids[2], &status, 0), pids[2]);
		pids[2] = 0;
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		assert_unchanged(&before);
		if (i == 0)
			daemon_end(&pids[1], SIGKILL);
	}
	spawn(1);
	agree();
	map_free(&before);
	unlink(path);
	rmdir(other);
}

static void
test_asked_to_end_it_drains_and_a_new_one_writes_nothing_again(void **state)
{
	struct map before, after;
	int status;

	(void)state;
	before = await_agreement();
	status = daemon_end(&pids[1], SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	spawn(1);
	facts_send(1);
	cuts_send();
	after = await_agreement();
	for (uint32_t i = 0, again = 0; i < before.n; i++) {
		struct link_row *b = &before.rows[i], *a;

		a = map_find(&after, KEY_UNIT_EVENT, &b->unit, &b->id);
		again += a && a->offset != b->offset && a->says == b->says;
		assert_int_equal(again, 0);
	}
	map_free(&before);
	map_free(&after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stands_in_linked_is_what_the_rules_say),
		cmocka_unit_test(test_killed_at_any_moment_it_goes_on_where_the_rules_say),
		cmocka_unit_test(test_stopped_past_its_session_and_continued_it_does_no_harm),
		cmocka_unit_test(test_an_event_that_moves_takes_its_decision_and_leaves_tombstones),
		cmocka_unit_test(test_reviews_and_erasures_count_only_of_who_may_and_are_asked_again),
		cmocka_unit_test(test_late_writes_of_zombies_change_nothing),
		cmocka_unit_test(test_another_model_is_followed_and_a_mistaken_one_is_not),
		cmocka_unit_test(test_with_another_key_it_does_not_start_beside_a_running_one_nor_after_it),
		cmocka_unit_test(test_asked_to_end_it_drains_and_a_new_one_writes_nothing_again),
	};

	if (!getenv("KAFKA") || !getenv("PREFIX")) {
		fprintf(stderr, "it_matchd: set KAFKA and PREFIX\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, ground, leave);
}
