/*
 * Matching is a function of the set of facts: after any history of versions,
 * corrections, withdrawals, tombstones, erasures, reviews and decisions, in
 * any order, what match.h says should stand is what the naive rules say, and
 * what it told along the way adds up to the same.
 *
 * SEED and RUNS from the environment; a failure names its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/token.h"
#include "transform/match/naive.h"

enum { FACTS_MAX = 120, EVENTS = 24, REVIEWS_MAX = 12, DECISIONS_MAX = 8, TOKENS_OF_ONE = 24,
	CROWD = 760, CROWD_STEPS = 14 };

static uint64_t seed_now;
static struct model *other_model, *weighed_model;

/* Other blocks, other weights, other names for the same steps, another order. */
static const char other_text[] = "model: other\nversion: 7\n"
	"blocks:\n  - [nino]\n  - [nhs-number]\n  - [dob, postcode]\n"
	"steps:\n"
	"  - {name: number, weight_mbit: 30000, exact: yes, when: {nhs-number: agree, dob: [agree, partial, swap]}}\n"
	"  - {name: place, weight_mbit: 31000, when: {dob: agree, postcode: agree, surname: [agree, partial]}}\n"
	"  - {name: nino, weight_mbit: 2000, exact: yes, when: {nino: agree, sex: missing}}\n";

static int
other_model_read(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("other", span_str(other_text), &report);

	(void)state;
	other_model = doc ? model_parse(doc->root, &report) : NULL;
	yaml_doc_free(doc);
	doc = yaml_load("config/models/probabilistic-1.yaml", &report);
	weighed_model = doc ? model_parse(doc->root, &report) : NULL;
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return other_model && weighed_model ? 0 : -1;
}

static int
other_model_drop(void **state)
{
	(void)state;
	model_free(other_model);
	model_free(weighed_model);
	return 0;
}

static uint32_t
draw(uint32_t below)
{
	seed_now = seed_now * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed_now >> 33) % below;
}

/* --- the world: what stands, as a plain list */

struct world {
	struct evidence ev[FACTS_MAX];
	struct key key[FACTS_MAX];
	struct token tokens[FACTS_MAX][TOKENS_OF_ONE];
	struct attribute attribute[FACTS_MAX];
	uint32_t n;
	bool erased[EVENTS];
	struct naive_review review[REVIEWS_MAX];
	uint32_t reviews_n;
	struct naive_decision decision[DECISIONS_MAX];
	bool decided[DECISIONS_MAX];
	bool one_record;
	const struct model *model;
};

static struct id
id_from(char what, uint32_t a, uint32_t b)
{
	struct id id = { { (uint8_t)what, (uint8_t)(a * 37 + 11), (uint8_t)a, (uint8_t)(b * 59),
	    (uint8_t)b } };
	uint64_t h = hash64(id.b, 5, 7);

	memcpy(id.b + 8, &h, 8);
	memcpy(id.b, &h, 4); /* order unlike the numbers' */
	return id;
}

static struct id
event_id(uint32_t i)
{
	return id_from('e', i, 0);
}

static void
token_add(struct evidence *ev, struct token *tokens, int field, uint32_t value)
{
	tokens[ev->tokens.n++] = (struct token){ field,
		field == TOKEN_DOB && value == 0 ? TOKEN_FREQUENCY_MAX : 2,
		id_from('t', (uint32_t)token_family(field), value) };
}

/* A person, known under slightly different details: few values, so that they meet. */
static void
details(struct evidence *ev, struct token *tokens, uint32_t person, uint32_t organisation)
{
	static const int numbers[] = { TOKEN_NHS, TOKEN_NINO };
	uint32_t dob = draw(4) ? person % 3 : draw(4), sur = draw(4) ? person % 4 : draw(4);
	uint32_t fore = draw(4) ? person % 3 : draw(3), place = draw(3);
	uint64_t h;

	ev->tokens = (struct av_array){ tokens, 0 };
	for (size_t i = 0; i < 2; i++)
		if (draw(3) == 0)
			token_add(ev, tokens, numbers[i], draw(5) ? person : draw(4));
	if (draw(3) == 0)
		token_add(ev, tokens, TOKEN_LOCAL_ID,
		    organisation * 40 + (draw(4) ? person + 10 : draw(3)));
	if (draw(6)) {
		token_add(ev, tokens, TOKEN_DOB, dob);
		token_add(ev, tokens, TOKEN_DOB_YEAR, dob);
		token_add(ev, tokens, TOKEN_DOB_MONTH, dob % 2);
		token_add(ev, tokens, TOKEN_DOB_DAY, dob);
		token_add(ev, tokens, TOKEN_DOB_SWAP, dob / 2);
	}
	if (draw(8)) {
		token_add(ev, tokens, TOKEN_SURNAME, sur);
		token_add(ev, tokens, TOKEN_FORENAME, fore);
		token_add(ev, tokens, TOKEN_NAME_SWAP, sur * 8 + fore);
		token_add(ev, tokens, TOKEN_PHONETIC_SURNAME, sur / 2);
		token_add(ev, tokens, TOKEN_NICKNAME, fore / 2);
		token_add(ev, tokens, TOKEN_NAME_FIRST, fore);
		token_add(ev, tokens, TOKEN_NAME_LAST, sur);
	}
	if (draw(3)) {
		token_add(ev, tokens, TOKEN_POSTCODE, place);
		token_add(ev, tokens, TOKEN_SECTOR, place / 2);
		token_add(ev, tokens, TOKEN_STREET, draw(3) ? place : draw(3));
	}
	h = hash64(tokens, ev->tokens.n * sizeof(*tokens), 3);
	ev->signature = (struct id){ { 's' } };
	memcpy(ev->signature.b + 8, &h, 8);
}

static void
version_new(struct world *w, struct match *m, bool twin)
{
	uint32_t i = w->n, event = draw(EVENTS), organisation = event % 3;
	struct evidence *ev = &w->ev[i];

	if (i == FACTS_MAX)
		return;
	w->n++;
	w->attribute[i] = (struct attribute){ SPAN_LIT("setting"), { 0, false },
		draw(2) ? SPAN_LIT("hostel") : SPAN_LIT("own-tenancy") };
	*ev = (struct evidence){ .what = EVIDENCE_VERSION, .event_id = event_id(event),
		.organisation = organisation == 0 ? SPAN_LIT("A")
		    : organisation == 1           ? SPAN_LIT("B")
						  : SPAN_LIT("C"),
		.role = SPAN_LIT("council"), .kind = SPAN_LIT("accommodation"),
		.start = (date_t)draw(20), .end = DATE_NONE, .complete_through = DATE_NONE,
		.revision = draw(3), .withdrawn = draw(8) == 0, .tombstone = draw(12) == 0,
		.attributes = { &w->attribute[i], 1 },
		.source = { organisation == 0 ? SPAN_LIT("raw.a") : organisation == 1
			? SPAN_LIT("raw.b") : SPAN_LIT("raw.c"), 1 + (int32_t)draw(2), 0, 0 } };
	ev->source.offset = 1000 - (int64_t)i * 3; /* the newest first */
	ev->raw_sha256[0] = (uint8_t)draw(4);
	details(ev, w->tokens[i], event % 7, organisation);
	if (twin && i) { /* the very details of another record, of the same organisation */
		const struct evidence *o = &w->ev[draw(i)];

		if (span_eq(o->organisation, ev->organisation)) {
			ev->tokens = o->tokens;
			ev->signature = o->signature;
		}
	}
	w->key[i] = (struct key){ .type = KEY_RECORD, .stream = ev->source.topic,
		.epoch = ev->source.epoch, .offset = ev->source.offset };
	match_evidence(m, &w->key[i], ev);
}

static void
version_change(struct world *w, struct match *m)
{
	uint32_t i;

	if (!w->n)
		return;
	i = draw(w->n);
	w->ev[i].what = draw(2) ? EVIDENCE_VERSION : EVIDENCE_REJECT;
	w->ev[i].start = (date_t)draw(20);
	match_evidence(m, &w->key[i], draw(8) ? &w->ev[i] : NULL);
	if (w->ev[i].what == EVIDENCE_VERSION)
		match_evidence(m, &w->key[i], &w->ev[i]);
}

static void
review_change(struct world *w, struct match *m)
{
	struct review rv = { .verdict = draw(2) ? SPAN_LIT("same") : SPAN_LIT("not-same") };
	uint32_t a = draw(EVENTS), b = draw(EVENTS), i = 0;
	struct id x = event_id(a), y = event_id(b);
	bool take_back = draw(3) == 0;

	if (a == b)
		return;
	if (id_cmp(&x, &y) > 0) {
		struct id t = x;

		x = y;
		y = t;
	}
	while (i < w->reviews_n && !(id_eq(&w->review[i].a, &x) && id_eq(&w->review[i].b, &y)))
		i++;
	if (i == REVIEWS_MAX || (take_back && i == w->reviews_n))
		return;
	match_review(m, &x, &y, take_back ? NULL : &rv);
	if (take_back) {
		w->review[i] = w->review[--w->reviews_n];
		return;
	}
	w->review[i] = (struct naive_review){ x, y, span_is(rv.verdict, "same") };
	if (i == w->reviews_n)
		w->reviews_n++;
}

static void
decision_change(struct world *w, struct match *m)
{
	uint32_t i = draw(DECISIONS_MAX);
	struct naive_decision *d = &w->decision[i];
	struct decision de = { .decision_id = id_from('d', i, 0),
		.anchor_event = event_id(draw(EVENTS)) };

	w->decided[i] = draw(4) != 0;
	*d = (struct naive_decision){ de.decision_id, de.anchor_event, SPAN_LIT("signed bytes"),
		{ SPAN_LIT("decision"), 0, (int64_t)i, 5 } };
	match_decision(m, &de.decision_id, w->decided[i] ? &de : NULL, d->bytes, &d->at);
}

static void
organisations_change(struct world *w, struct match *m)
{
	static const struct span one[] = { { (const uint8_t *)"A", 1 } };

	w->one_record = !w->one_record;
	match_one_record_a_person(m, one, w->one_record ? 1 : 0);
}

static void
model_change(struct world *w, struct match *m)
{
	w->model = w->model == other_model ? weighed_model
	    : w->model == weighed_model    ? model_builtin()
					   : other_model;
	match_model(m, w->model);
}

static void
erase(struct world *w, struct match *m)
{
	uint32_t e = draw(EVENTS);
	struct id id = event_id(e);

	w->erased[e] = draw(2);
	match_suppressed(m, &id, w->erased[e]);
}

/* --- maps of what stands: key → everything that a record says */

struct map {
	struct strmap rows;
};

static void
text_add(struct buf *b, struct span s)
{
	buf_printf(b, "%zu:", s.ptr ? s.len : (size_t)9999);
	buf_span(b, s);
}

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
	    (long long)ln->source.time_ms, (long long)ln->match.weight_mbit);
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
	h = hash64(b.ptr, b.len, 1);
	buf_release(&b);
	return h;
}

static void
map_put(void *arg, const struct key *key, const struct linked *ln)
{
	struct map *map = arg;
	struct buf text = BUF_INIT;
	bool fresh;

	key_format(key, &text);
	*strmap_put(&map->rows, buf_view(&text), &fresh) = row_hash(ln);
	assert_true(fresh);
	buf_release(&text);
}

static void
maps_equal(struct map *want, struct map *have, const char *what, uint64_t seed)
{
	struct strmap_slot *s;
	uint32_t at = 0;

	while ((s = strmap_next(&want->rows, &at))) {
		uint64_t *h = strmap_find(&have->rows, span_of(s->key, s->len));

		if (!h || *h != s->value)
			fail_msg("seed %llu: %s: %.*s %s", (unsigned long long)seed, what, (int)s->len,
			    (const char *)s->key, h ? "differs" : "is missing");
	}
	if (want->rows.count != have->rows.count)
		fail_msg("seed %llu: %s: %u records too many", (unsigned long long)seed, what,
		    have->rows.count - want->rows.count);
}

/* What was told so far, as the level would have emitted it; no key is told twice. */
static void
drain(struct match *m, struct map *told)
{
	struct buf text = BUF_INIT;
	struct strmap once;
	struct linked ln;
	struct key key;
	bool fresh;

	strmap_init(&once, 2);
	while (match_next_touched(m, &key)) {
		key_format(&key, &text);
		strmap_put(&once, buf_view(&text), &fresh);
		assert_true(fresh);
		if (match_want(m, &key, &ln))
			*strmap_put(&told->rows, buf_view(&text), NULL) = row_hash(&ln);
		else
			strmap_del(&told->rows, buf_view(&text));
	}
	strmap_release(&once);
	buf_release(&text);
}

/* How often each reason to ask a person was seen: histories that never ask show nothing. */
static uint64_t asked_for[3];

static void
asked_count(void *arg, const struct key *key, const struct linked *ln)
{
	static const char *const why[] = { "weight", "conflict", "oversize" };

	(void)arg;
	for (int i = 0; key->type == KEY_PAIR && i < 3; i++)
		asked_for[i] += span_is(ln->match.step, why[i]);
}

static void
check(struct world *w, struct match *m, const struct match_keys *keys, struct map *told,
    uint64_t seed)
{
	static const struct span one[] = { { (const uint8_t *)"A", 1 } };
	struct map want, have;
	struct id suppressed[EVENTS];
	struct naive_decision decisions[DECISIONS_MAX];
	struct naive_input in = { .evidence = w->ev, .evidence_n = w->n, .suppressed = suppressed,
		.reviews = w->review, .reviews_n = w->reviews_n, .decisions = decisions,
		.one_record = one, .one_record_n = w->one_record, .model = w->model,
		.keys = keys };

	for (uint32_t i = 0; i < EVENTS; i++)
		if (w->erased[i])
			suppressed[in.suppressed_n++] = event_id(i);
	for (uint32_t i = 0; i < DECISIONS_MAX; i++)
		if (w->decided[i])
			decisions[in.decisions_n++] = w->decision[i];
	strmap_init(&want.rows, 1);
	strmap_init(&have.rows, 1);
	match_settle(m);
	drain(m, told);
	naive_match(&in, map_put, &want);
	match_each(m, map_put, &have);
	maps_equal(&want, &have, "what stands", seed);
	maps_equal(&want, told, "what was told", seed);
	match_each(m, asked_count, NULL);
	strmap_release(&want.rows);
	strmap_release(&have.rows);
}

static void
history(uint64_t seed)
{
	static struct world w;
	struct match_keys keys = { .index = { 1, 2, 3 }, .unit = { 4, 5, 6 } };
	struct match *m = match_new(&keys, model_builtin(), seed), *fresh;
	struct map told, again;
	uint32_t order[FACTS_MAX];
	int steps;

	seed_now = seed * 2654435761u + 17;
	w = (struct world){ .model = model_builtin() };
	strmap_init(&told.rows, 1);
	strmap_init(&again.rows, 1);
	for (steps = 20 + (int)draw(80); steps > 0; steps--) {
		switch (draw(16)) {
		case 0: version_change(&w, m); break;
		case 1: review_change(&w, m); break;
		case 2: decision_change(&w, m); break;
		case 3: erase(&w, m); break;
		case 4: organisations_change(&w, m); break;
		case 5: model_change(&w, m); break;
		case 6: check(&w, m, &keys, &told, seed); break;
		default: version_new(&w, m, draw(3) == 0); break;
		}
	}
	check(&w, m, &keys, &told, seed);

	/* The same facts in another order, some twice, in a fresh one. */
	fresh = match_new(&keys, w.model, seed + 1);
	for (uint32_t i = 0; i < w.n; i++)
		order[i] = i;
	for (uint32_t i = 0; i + 1 < w.n; i++) {
		uint32_t k = i + draw(w.n - i), t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (uint32_t i = 0; i < w.reviews_n; i++)
		match_review(fresh, &w.review[i].a, &w.review[i].b,
		    &(struct review){ .verdict = w.review[i].same ? SPAN_LIT("same")
								   : SPAN_LIT("not-same") });
	for (uint32_t i = 0; i < w.n; i++)
		for (uint32_t k = 0; k <= draw(2); k++)
			match_evidence(fresh, &w.key[order[i]], &w.ev[order[i]]);
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct id id = event_id(i);

		if (w.erased[i])
			match_suppressed(fresh, &id, true);
	}
	for (uint32_t i = 0; i < DECISIONS_MAX; i++)
		if (w.decided[i])
			match_decision(fresh, &w.decision[i].id,
			    &(struct decision){ .anchor_event = w.decision[i].anchor },
			    w.decision[i].bytes, &w.decision[i].at);
	match_one_record_a_person(fresh, &SPAN_LIT("A"), w.one_record ? 1 : 0);
	check(&w, fresh, &keys, &again, seed);
	maps_equal(&told, &again, "another order", seed);
	match_free(m);
	match_free(fresh);
	strmap_release(&told.rows);
	strmap_release(&again.rows);
}

static uint64_t
number_from(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static void
any_history_gives_what_the_naive_rules_give(void **state)
{
	uint64_t first = number_from("SEED", 1), runs = number_from("RUNS", 400);

	(void)state;
	for (uint64_t i = 0; i < runs; i++)
		history(first + i);
	assert_true((asked_for[0] > 0 && asked_for[1] > 0) || runs < 50);
}

/* --- crowds: one name, few birthdays, few postcodes; blocks and components pass their limits
 * and come back below them */

struct crowd {
	struct evidence ev[CROWD];
	struct token tokens[CROWD][TOKENS_OF_ONE];
	bool in[CROWD];
	uint32_t names, birthdays, postcodes, numbers;
};

static void
crowd_member(struct crowd *c, uint32_t i)
{
	struct evidence *ev = &c->ev[i];
	uint32_t name = draw(c->names), day = draw(c->birthdays), place = draw(c->postcodes);

	*ev = (struct evidence){ .event_id = id_from('x', i, i / 256),
		.signature = id_from('y', i, i / 256), .organisation = SPAN_LIT("A"),
		.kind = SPAN_LIT("referral"), .start = 1, .end = DATE_NONE,
		.complete_through = DATE_NONE, .source = { SPAN_LIT("raw.a"), 1, (int64_t)i, 0 },
		.tokens = { c->tokens[i], 0 } };
	if (c->numbers && draw(6) == 0)
		token_add(ev, c->tokens[i], TOKEN_NHS, draw(c->numbers));
	token_add(ev, c->tokens[i], TOKEN_DOB, 1 + day);
	token_add(ev, c->tokens[i], TOKEN_DOB_YEAR, 1);
	token_add(ev, c->tokens[i], TOKEN_DOB_MONTH, 1 + day / 6);
	token_add(ev, c->tokens[i], TOKEN_DOB_DAY, 1 + day);
	token_add(ev, c->tokens[i], TOKEN_SURNAME, name);
	token_add(ev, c->tokens[i], TOKEN_FORENAME, name);
	token_add(ev, c->tokens[i], TOKEN_POSTCODE, place);
}

static void
crowd_move(struct crowd *c, struct match *m, bool come)
{
	for (uint32_t n = 60 + draw(120); n > 0; n--) {
		uint32_t i = draw(CROWD);
		struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1,
			.offset = (int64_t)i };

		c->in[i] = come;
		match_evidence(m, &key, come ? &c->ev[i] : NULL);
	}
}

static void
crowd_check(struct crowd *c, struct match *m, const struct match_keys *keys, struct map *told,
    uint64_t seed)
{
	static struct evidence in_now[CROWD];
	struct naive_input in = { .evidence = in_now, .keys = keys,
		.model = seed % 3 ? model_builtin() : weighed_model };
	struct map want;

	for (uint32_t i = 0; i < CROWD; i++)
		if (c->in[i])
			in_now[in.evidence_n++] = c->ev[i];
	strmap_init(&want.rows, 1);
	match_settle(m);
	drain(m, told);
	naive_match(&in, map_put, &want);
	maps_equal(&want, told, "a crowd", seed);
	match_each(m, asked_count, NULL);
	strmap_release(&want.rows);
}

static bool
crowd_history(uint64_t seed)
{
	static struct crowd c;
	struct match_keys keys = { .index = { 1, 2, 3 }, .unit = { 4, 5, 6 } };
	struct match *m = match_new(&keys, seed % 3 ? model_builtin() : weighed_model, seed);
	struct map told;
	bool oversize;

	seed_now = seed * 2654435761u + 99;
	c = (struct crowd){ .names = 1 + draw(2), .birthdays = 3 + draw(10),
		.postcodes = 3 + draw(40), .numbers = draw(3) ? 20 + draw(40) : 0 };
	for (uint32_t i = 0; i < CROWD; i++)
		crowd_member(&c, i);
	strmap_init(&told.rows, 1);
	for (int step = 0; step < CROWD_STEPS; step++) {
		crowd_move(&c, m, step < CROWD_STEPS / 2 || draw(3) == 0);
		crowd_check(&c, m, &keys, &told, seed);
	}
	oversize = match_stats(m).oversize > 0;
	strmap_release(&told.rows);
	match_free(m);
	return oversize;
}

static void
crowds_pass_the_limits_and_come_back_as_the_naive_rules_say(void **state)
{
	uint64_t first = number_from("SEED", 1), runs = number_from("RUNS", 400) / 200 + 1;
	uint32_t oversize = 0;

	(void)state;
	for (uint64_t i = 0; i < runs; i++)
		oversize += crowd_history(first + i);
	assert_true(oversize > 0 || runs < 10);
	assert_true(asked_for[2] > 0 || runs < 10);
}

/* A block past its limit makes no edges, whoever came first, and comes back below it. */
static void
a_block_past_its_limit_joins_nobody(void **state)
{
	enum { MANY = BLOCK_SIGNATURES_MAX + 20 };
	struct match_keys keys = { .index = { 9 }, .unit = { 8 } };
	struct match *m = match_new(&keys, model_builtin(), 5);
	struct token tokens[MANY][3];
	struct evidence ev[MANY];
	struct linked ln;
	struct id unit;
	struct key key;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		/* One NHS number used by all, one date of birth, and a surname each. */
		ev[i] = (struct evidence){ .event_id = id_from('x', i, i / 256),
			.signature = id_from('y', i, i / 256), .organisation = SPAN_LIT("A"),
			.kind = SPAN_LIT("referral"), .start = 1, .end = DATE_NONE,
			.complete_through = DATE_NONE,
			.source = { SPAN_LIT("raw.a"), 1, (int64_t)i, 0 },
			.tokens = { tokens[i], 3 } };
		tokens[i][0] = (struct token){ TOKEN_NHS, 0, id_from('n', 1, 1) };
		tokens[i][1] = (struct token){ TOKEN_DOB, 0, id_from('b', 1, 1) };
		tokens[i][2] = (struct token){ TOKEN_SURNAME, 0, id_from('u', i, i / 256) };
		key = (struct key){ .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1,
			.offset = (int64_t)i };
		match_evidence(m, &key, &ev[i]);
		if (i == BLOCK_SIGNATURES_MAX - 1 || i == BLOCK_SIGNATURES_MAX) {
			struct key want;

			match_settle(m);
			while (match_next_touched(m, &want)) {
				if (!id_eq(&want.b, &ev[0].event_id) || !match_want(m, &want, &ln))
					continue;
				unit = want.a;
			}
			if (i < BLOCK_SIGNATURES_MAX) {
				key = (struct key){ .type = KEY_UNIT_EVENT, .a = unit,
					.b = ev[i].event_id };
				assert_true(match_want(m, &key, &ln));
				assert_true(span_is(ln.match.step, "nhs+dob"));
			} else {
				key = (struct key){ .type = KEY_UNIT_EVENT, .a = unit,
					.b = ev[0].event_id };
				assert_true(match_want(m, &key, &ln));
				assert_true(span_is(ln.match.step, "single"));
			}
		}
	}
	match_free(m);
}

/* Strangers of one birthday and postcode: of each pair somebody is asked, until they are a crowd. */
static void
a_crowded_block_asks_nobody_and_asks_again_below_its_limit(void **state)
{
	enum { MANY = BLOCK_ASKED_MAX + 1, TOKENS = 6 };
	static const int same[] = { TOKEN_DOB, TOKEN_DOB_YEAR, TOKEN_DOB_MONTH, TOKEN_DOB_DAY,
		TOKEN_POSTCODE };
	struct match_keys keys = { .index = { 3 }, .unit = { 4 } };
	struct match *m = match_new(&keys, weighed_model, 6);
	struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1 };

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		struct token tokens[TOKENS];
		struct evidence ev = { .event_id = id_from('x', i, i / 256),
			.signature = id_from('y', i, i / 256), .organisation = SPAN_LIT("A"),
			.kind = SPAN_LIT("referral"), .start = 1, .end = DATE_NONE,
			.complete_through = DATE_NONE,
			.source = { SPAN_LIT("raw.a"), 1, (int64_t)i, 0 }, .tokens = { tokens, 0 } };

		for (size_t k = 0; k < sizeof(same) / sizeof(same[0]); k++)
			token_add(&ev, tokens, same[k], 1);
		token_add(&ev, tokens, TOKEN_FORENAME, i);
		key.offset = (int64_t)i;
		match_evidence(m, &key, &ev);
		match_settle(m);
		assert_int_equal(match_stats(m).asked, i < BLOCK_ASKED_MAX ? (i + 1) * i / 2 : 0);
	}
	match_evidence(m, &key, NULL);
	match_settle(m);
	assert_int_equal(match_stats(m).asked, BLOCK_ASKED_MAX * (BLOCK_ASKED_MAX - 1) / 2);
	match_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_history_gives_what_the_naive_rules_give),
		cmocka_unit_test(crowds_pass_the_limits_and_come_back_as_the_naive_rules_say),
		cmocka_unit_test(a_block_past_its_limit_joins_nobody),
		cmocka_unit_test(a_crowded_block_asks_nobody_and_asks_again_below_its_limit),
	};

	return cmocka_run_group_tests(tests, other_model_read, other_model_drop);
}
