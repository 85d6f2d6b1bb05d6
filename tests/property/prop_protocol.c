/*
 * prop_protocol - random histories played against the machines that carry the
 * protocol: common/claim.c, common/level.c and ingest/share.c.
 *
 *	raw.0 ─► share ─┐                  ┌─► linked.0 ─► level ─► outcomes.0 ─┐
 *	                ├─► evidence ─► level                                   ├─► sink ─► db
 *	raw.1 ─► share ─┘    (match)       └─► linked.1 ─► level ─► outcomes.1 ─┘
 *	                                            (milestones)
 *
 * The machines are the real ones; the stages' cores are toys, the broker and
 * the database are simulated (sim.h).  One seed is one history: facts are
 * written while processes crash, pause and come back as zombies, deliveries
 * fail or fail to be acknowledged, writes land after their successor's claim,
 * logs are compacted, terms change, people are erased, a raw topic is deleted
 * and made anew.  Then faults stop, all come to rest, and the promise of
 * architecture.md is asserted; then once more when some raw has expired or been
 * made anew, somebody is erased and the terms change:
 *
 *	stale     at every commit: cuts say up to date, no doubt, rows differ
 *	rows      at the end: rows are not the recomputation
 *	cuts      at the end: a cut has not arrived
 *	totals    a raw offset is not counted exactly once
 *	payload   a reject without its sealed payload, or one too many
 *	erasure   content of an erased person is still in evidence or `rejected`
 *	rest      the stages never come to rest
 *
 * SEED and RUNS choose the histories, OFF=name,name takes safeguards away, TRACE
 * tells the story on stderr;
 * the second test asserts that without each of them some history fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/cut.h"
#include "common/level.h"
#include "ingest/share.h"
#include "tests/property/sim.h"

enum {
	TOPICS = 2,
	PARTS = 2,
	RAW_MAX = 64,     /* records of a raw topic, in all its epochs */
	RAW_EPOCHS = 4,
	IDS = 32,         /* record ids of a raw topic */
	EVENTS = TOPICS * IDS,
	TOKENS = 4,       /* a, b, c match; d only under model 2 */
	ROWS_MAX = 512,
	DECISIONS = 64,
	QUEUES = 2,
	PLAY_STEPS = 260,
	FACTS_MAX = 60,
	REST_SWEEPS = 400,
};

/* --- safeguards that can be taken away (OFF=...) */

#define SAFEGUARDS(S) \
	S(ack, "an output counts as delivered when it is acknowledged, not when it is sent") \
	S(cas, "the database moves only from the offsets that the writer read") \
	S(claims, "readers pass over records of a run that does not hold the claim") \
	S(answers, "an owner sees what others write into its output") \
	S(own, "a level folds its own output before it writes") \
	S(resync, "a reader that compaction overtook folds again from the start") \
	S(fold, "a first fold that took longer than tombstones stay begins anew") \
	S(terms, "a share reads raw again when terms change what it would say") \
	S(erasure, "a share looks at raw again when somebody is erased") \
	S(recheck, "a failed delivery is told to its machine") \
	S(epoch, "a cut says of which epoch of its topic it is") \
	S(rejected, "a share folds `rejected` as well")

enum safeguard {
#define S(name, why) OFF_##name,
	SAFEGUARDS(S)
#undef S
	SAFEGUARDS_N
};

static const char *const safeguard_name[] = {
#define S(name, why) #name,
	SAFEGUARDS(S)
#undef S
};

/* --- the toy world: raw records, evidence, sides */

enum raw_what { RAW_RECORD, RAW_TOMBSTONE, RAW_COMPLETE };
enum toy_kind { KIND_START, KIND_BAD, KIND_VISIT };

struct toy_raw {
	uint8_t what, id, rev, withdrawn, tokens, kind, date, code; /* date: of COMPLETE the day */
};

enum toy_what { EV_NONE, EV_VERSION, EV_GONE, EV_TOMB, EV_REJECT, EV_STUB, EV_COMPLETE };

struct toy_ev {
	uint8_t what, topic, id, rev, tokens, kind, date, pad;
};

enum side { REVIEW, DECISION, SUPPRESSED, TERMS, REFERENCE, SIDES };
enum { SAY_NOTHING, SAY_SAME, SAY_NOT };
enum { THING_CONTRACT, THING_MODEL, THING_CODES, THING_EPOCH /* and the topic's number */ };

struct toy_side {
	uint8_t a, b; /* decision: anchor event; terms: thing, value; reference: day */
	uint16_t hash;
};

struct sides {
	uint8_t review[EVENTS][EVENTS]; /* [a][b], a < b */
	struct toy_side decision[DECISIONS];
	uint8_t decisions_n;
	bool suppressed[EVENTS];
	uint8_t need, model, codes, as_at;
	uint8_t epoch[TOPICS];
};

struct toy_linked {
	uint8_t event, kind, date, basis; /* basis: the unit's least event */
	uint16_t hash;                    /* of a decision: what was judged */
	uint8_t decision, pad;
};

enum { ST_NOT_MET, ST_ACHIEVED, ST_VERIFIED, ST_CHANGED, ST_NOT_YET };

struct toy_outcome {
	uint64_t events; /* it stands on these */
	uint8_t status, need, basis, which;
	uint8_t pad[4];
};

struct row {
	struct key key;
	int part;
	uint8_t value[16];
	uint8_t len;
};

struct rows {
	struct row row[ROWS_MAX];
	size_t n;
};

struct evidence_table {
	struct toy_ev ev[TOPICS][RAW_MAX]; /* EV_NONE: no such record */
};

static void
sides_init(struct sides *s)
{
	*s = (struct sides){ .need = 5, .model = 1, .codes = 0 };
}

static void
sides_fold(struct sides *s, enum side side, struct span key, struct span value)
{
	struct toy_side v = { 0 };
	uint8_t k[3];

	MUST(key.len == sizeof(k));
	memcpy(k, key.ptr, sizeof(k));
	if (value.ptr)
		memcpy(&v, value.ptr, sizeof(v));
	switch (side) {
	case REVIEW:
		s->review[k[1]][k[2]] = value.ptr ? v.a : SAY_NOTHING;
		return;
	case DECISION:
		s->decision[k[1]] = v;
		if (k[1] >= s->decisions_n)
			s->decisions_n = (uint8_t)(k[1] + 1);
		return;
	case SUPPRESSED:
		s->suppressed[k[1]] = true;
		return;
	case TERMS: /* versions rise: the last one counts */
		if (v.a == THING_CONTRACT)
			s->need = v.b;
		else if (v.a == THING_MODEL)
			s->model = v.b;
		else if (v.a == THING_CODES)
			s->codes = v.b;
		else
			s->epoch[v.a - THING_EPOCH] = v.b;
		return;
	case REFERENCE:
		if (v.a > s->as_at)
			s->as_at = v.a;
		return;
	case SIDES:
		break;
	}
	NOT_REACHED("a side has a name");
}

static int
event_no(int topic, int id)
{
	return topic * IDS + id;
}

static struct id
toy_id(char type, uint64_t a, uint64_t b)
{
	uint64_t h[2] = { hash64(&a, sizeof(a), b * 2 + (uint64_t)type), a << 32 | b };
	struct id id;

	memcpy(id.b, h, sizeof(id.b));
	return id;
}

static struct id
event_id(int event)
{
	return toy_id('e', (uint64_t)event, 0);
}

/* --- the stages as pure functions (the same ones recompute) */

static struct toy_ev
toy_ingest(const struct toy_raw *raw, int topic, const struct sides *s)
{
	struct toy_ev ev = { .topic = (uint8_t)topic, .id = raw->id };

	if (raw->what == RAW_COMPLETE)
		return (struct toy_ev){ .what = EV_COMPLETE, .topic = (uint8_t)topic,
			.date = raw->date };
	if (s->suppressed[event_no(topic, raw->id)]) {
		ev.what = EV_STUB;
		return ev;
	}
	if (raw->what == RAW_TOMBSTONE) {
		ev.what = EV_TOMB;
		return ev;
	}
	if (raw->code && !s->codes) {
		ev.what = EV_REJECT;
		return ev;
	}
	return (struct toy_ev){ .what = raw->withdrawn ? EV_GONE : EV_VERSION,
		.topic = (uint8_t)topic, .id = raw->id, .rev = raw->rev, .tokens = raw->tokens,
		.kind = raw->kind, .date = raw->date };
}

static bool
is_version(const struct toy_ev *ev)
{
	return ev->what == EV_VERSION || ev->what == EV_GONE;
}

/* The version of an event that counts: a tombstone takes away what stands
 * before it, then the greatest (revision, offset). */
static struct toy_ev
winner(const struct evidence_table *t, int topic, int id)
{
	const struct toy_ev *best = NULL;

	for (int o = 0; o < RAW_MAX; o++) {
		const struct toy_ev *ev = &t->ev[topic][o];

		if (ev->id != id)
			continue;
		if (ev->what == EV_TOMB)
			best = NULL;
		else if (is_version(ev) && (!best || ev->rev >= best->rev))
			best = ev;
	}
	return best ? *best : (struct toy_ev){ .what = EV_NONE };
}

struct clusters {
	struct toy_ev live[EVENTS]; /* EV_NONE: not live */
	uint64_t of[EVENTS];        /* the cluster as a set of events */
};

static bool
kept_apart(const struct sides *s, uint64_t joined)
{
	for (int a = 0; a < EVENTS; a++)
		for (int b = a + 1; joined >> a & 1 && b < EVENTS; b++)
			if (joined >> b & 1 && s->review[a][b] == SAY_NOT)
				return true;
	return false;
}

static void
join(struct clusters *c, const struct sides *s, int a, int b)
{
	uint64_t joined = c->of[a] | c->of[b];

	if (kept_apart(s, joined))
		return;
	for (int e = 0; e < EVENTS; e++)
		if (joined >> e & 1)
			c->of[e] = joined;
}

static void
toy_cluster(const struct evidence_table *t, const struct sides *s, struct clusters *c)
{
	unsigned strong = s->model > 1 ? 15 : 7;

	for (int e = 0; e < EVENTS; e++) {
		c->live[e] = s->suppressed[e] ? (struct toy_ev){ .what = EV_NONE }
					      : winner(t, e / IDS, e % IDS);
		if (c->live[e].what != EV_VERSION)
			c->live[e].what = EV_NONE;
		c->of[e] = (uint64_t)1 << e;
	}
	for (int pass = 0; pass < 2; pass++)
		for (int a = 0; a < EVENTS; a++)
			for (int b = a + 1; c->live[a].what && b < EVENTS; b++) {
				bool same = s->review[a][b] == SAY_SAME;

				if (c->live[b].what && same == (pass == 0)
				    && (same || c->live[a].tokens & c->live[b].tokens & strong))
					join(c, s, a, b);
			}
}

static void
rows_add(struct rows *rows, const struct key *key, int part, const void *value, size_t len)
{
	struct row *r = &rows->row[rows->n++];

	MUST(rows->n < ROWS_MAX && len <= sizeof(r->value));
	memset(r, 0, sizeof(*r));
	r->key = *key;
	r->part = part;
	r->len = (uint8_t)len;
	memcpy(r->value, value, len);
}

static void
unit_of(const struct clusters *c, int event, struct id *unit, int *basis)
{
	unsigned tokens = 255;

	*basis = -1;
	for (int e = 0; e < EVENTS; e++) {
		if (!(c->of[event] >> e & 1))
			continue;
		if (*basis < 0)
			*basis = e;
		if (c->live[e].tokens < tokens)
			tokens = c->live[e].tokens;
	}
	*unit = toy_id('u', tokens, (uint64_t)*basis);
}

static void
toy_match(const struct evidence_table *t, const struct sides *s, struct rows *out)
{
	struct clusters c;
	struct id unit;
	int basis;

	out->n = 0;
	toy_cluster(t, s, &c);
	for (int e = 0; e < EVENTS; e++) {
		if (!c.live[e].what)
			continue;
		unit_of(&c, e, &unit, &basis);
		rows_add(out, &(struct key){ .type = KEY_UNIT_EVENT, .a = unit, .b = event_id(e) },
		    unit_partition(&unit, PARTS),
		    &(struct toy_linked){ .event = (uint8_t)e, .kind = c.live[e].kind,
			.date = c.live[e].date, .basis = (uint8_t)basis },
		    sizeof(struct toy_linked));
	}
	for (int d = 0; d < s->decisions_n; d++) {
		int e = s->decision[d].a;

		if (!c.live[e].what)
			continue;
		unit_of(&c, e, &unit, &basis);
		rows_add(out,
		    &(struct key){ .type = KEY_UNIT_DECISION, .a = unit,
			.b = toy_id('d', (uint64_t)d, 0) },
		    unit_partition(&unit, PARTS),
		    &(struct toy_linked){ .event = (uint8_t)e, .basis = (uint8_t)basis,
			.hash = s->decision[d].hash, .decision = (uint8_t)d },
		    sizeof(struct toy_linked));
	}
}

static struct toy_linked
linked_of(const struct row *r)
{
	struct toy_linked v;

	memcpy(&v, r->value, sizeof(v));
	return v;
}

/* What a person who decides has seen; 0 where the unit has no facts. */
static uint16_t
judged(const struct rows *linked, const struct id *unit)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < linked->n; i++) {
		struct toy_linked v = linked_of(&linked->row[i]);

		if (linked->row[i].key.type == KEY_UNIT_EVENT
		    && id_eq(&linked->row[i].key.a, unit))
			sum += hash64((uint8_t[]){ v.event, v.kind, v.date }, 3, 7);
	}
	return (uint16_t)(sum >> 16);
}

static void
evaluate_unit(const struct rows *linked, const struct id *unit, const struct sides *s, int done,
    struct rows *out)
{
	struct toy_outcome enter = { .status = ST_NOT_MET, .which = 0 }, stay = { .which = 1 };
	int start = 999, last = 999;
	bool bad = false, decided = false, agreed = false;
	uint16_t facts = judged(linked, unit);

	for (size_t i = 0; i < linked->n; i++) {
		struct toy_linked v = linked_of(&linked->row[i]);

		if (!id_eq(&linked->row[i].key.a, unit))
			continue;
		enter.basis = stay.basis = v.basis;
		if (linked->row[i].key.type == KEY_UNIT_DECISION) {
			decided = true;
			agreed |= v.hash == facts;
			continue;
		}
		enter.events |= (uint64_t)1 << v.event;
		if (v.kind == KIND_START && v.date < start)
			start = v.date;
	}
	stay.events = enter.events;
	last = start + s->need;
	for (size_t i = 0; i < linked->n; i++) {
		struct toy_linked v = linked_of(&linked->row[i]);

		bad |= id_eq(&linked->row[i].key.a, unit)
		    && linked->row[i].key.type == KEY_UNIT_EVENT && v.kind == KIND_BAD
		    && v.date >= start && v.date < last;
	}
	if (start < 999) {
		enter.status = !decided ? ST_ACHIEVED : agreed ? ST_VERIFIED : ST_CHANGED;
		stay.need = s->need;
		stay.status = bad ? ST_NOT_MET
		    : s->as_at < last || done < last ? ST_NOT_YET : ST_ACHIEVED;
	}
	for (int which = 0; which < 2; which++) {
		struct id id = toy_id((char)('x' + which), hash64(unit->b, ID_BYTES, 1), 0);

		rows_add(out, &(struct key){ .type = KEY_OUTCOME, .a = id },
		    unit_partition(unit, PARTS), which ? &stay : &enter, sizeof(stay));
	}
}

static void
toy_evaluate(const struct rows *linked, const struct sides *s, int done, struct rows *out)
{
	out->n = 0;
	for (size_t i = 0; i < linked->n; i++) {
		bool seen = false, event = false;

		for (size_t k = 0; k < linked->n; k++) {
			bool same = id_eq(&linked->row[k].key.a, &linked->row[i].key.a);

			seen |= same && k < i;
			event |= same && linked->row[k].key.type == KEY_UNIT_EVENT;
		}
		if (!seen && event)
			evaluate_unit(linked, &linked->row[i].key.a, s, done, out);
	}
}

/* --- the history */

enum log_no { EVIDENCE, REJECTED, LINKED, OUTCOMES = LINKED + PARTS, DB_LOGS = OUTCOMES + PARTS,
	SIDE_LOGS = DB_LOGS, LOGS = SIDE_LOGS + SIDES };
enum kind { INGEST, MATCH, MILESTONE, SINK, KINDS };
enum { GROUPS = 6 };

static const enum kind group_kind[GROUPS] = { INGEST, INGEST, MATCH, MILESTONE, MILESTONE, SINK };
static const int group_part[GROUPS] = { 0, 1, 0, 0, 1, 0 };
static const char *const raw_name[TOPICS] = { "raw.0", "raw.1" };

struct item { /* sent, not yet acknowledged */
	struct span key, value;
	uint64_t tag;
	int64_t terms;
	bool told; /* acknowledged already (a safeguard is off) */
};

struct queue {
	struct item *item;
	size_t at, n, cap;
};

struct txn {
	int log; /* -1: none */
	int64_t expect, next;
	struct sim_rec *recs; /* arena */
	size_t n;
	bool resync;
};

struct net { /* on the wire when its sender ended; lands later */
	int log; /* -1: a transaction */
	struct id run;
	struct queue q;
	struct txn txn;
};

struct toy_level {
	const struct sim *sim;
	enum kind kind;
	int part;
	struct sides sides;
	struct evidence_table evidence;
	struct rows linked; /* folded by milestones */
	int done[TOPICS];
	struct rows want, before;
	struct row *touched;
	size_t touched_n, touched_at, touched_cap;
	bool dirty;
};

struct task {
	struct sim *sim;
	enum kind kind;
	int group, proc, gen;
	struct id run;
	int64_t since;
	bool dead, stuck;
	struct queue q[QUEUES];
	int out[QUEUES], out_n;
	/* levels */
	struct level *level;
	struct toy_level *toy;
	int in[LEVEL_INPUTS_MAX], in_n;
	int64_t in_at[LEVEL_INPUTS_MAX], in_end[LEVEL_INPUTS_MAX], out_at[QUEUES], out_end[QUEUES];
	/* shares */
	struct share *share;
	struct sides known;
	int epoch;
	int64_t terms_at, terms_changed, suppressed_at, raw_at;
	int64_t log_at[SHARE_LOGS], log_end[SHARE_LOGS];
	struct toy_ev result;
	struct toy_raw sealed;
	/* the sink */
	int64_t db_at[DB_LOGS];
	struct txn txn;
};

struct db_row {
	struct span key, value;
};

struct db_fold {
	struct claims claims;
	struct strmap at; /* key -> index of rows + 1 */
	struct db_row rows[ROWS_MAX];
	size_t n;
	int64_t offset, since;
};

struct sim {
	uint64_t seed;
	uint32_t off;
	bool trace;
	struct chance chance;
	struct arena arena;
	int64_t now;
	uint64_t runs;
	struct sim_log log[LOGS];
	struct toy_raw raw[TOPICS][RAW_MAX];
	int raw_n[TOPICS];
	int raw_low[TOPICS]; /* what is below has expired, or went with its topic */
	int epoch_at[TOPICS][RAW_EPOCHS]; /* where each epoch begins: index of its offset 0 */
	struct db_fold db[DB_LOGS];
	struct task *task[GROUPS][2];
	int owner[GROUPS], gen[GROUPS];
	bool up[KINDS][2], paused[KINDS][2];
	struct net *net;
	size_t net_n;
	int facts;
	struct sides sides;
	unsigned crashes, late, checks, died, resyncs, remade;
	uint64_t answers;
	char failed[24];
	char detail[200];
};

static bool
off(const struct sim *s, enum safeguard guard)
{
	return s->off >> guard & 1;
}

static void broken(struct sim *s, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
broken(struct sim *s, const char *what, const char *fmt, ...)
{
	va_list ap;

	if (s->failed[0])
		return;
	snprintf(s->failed, sizeof(s->failed), "%s", what);
	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof(s->detail), fmt, ap);
	va_end(ap);
}

static void say(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->trace)
		return;
	fprintf(stderr, "%4lld ", (long long)s->now);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Raw records have an index through all epochs of their topic; in (epoch, offset)
 * order they lie as they count. */
static int
raw_index(const struct sim *s, int topic, int epoch, int64_t offset)
{
	return s->epoch_at[topic][epoch] + (int)offset;
}

static struct key
raw_key(const struct sim *s, int topic, int index)
{
	int epoch = s->sides.epoch[topic];

	while (index < s->epoch_at[topic][epoch])
		epoch--;
	return (struct key){ .type = KEY_RECORD, .stream = span_str(raw_name[topic]),
		.epoch = epoch, .offset = index - s->epoch_at[topic][epoch] };
}

/* --- claims and cuts as bytes */

static void
encode_claim(void *carrier, const struct claim *claim, struct buf *value)
{
	(void)carrier;
	buf_add(value, claim, sizeof(*claim));
}

static bool
decode_claim(void *carrier, struct span value, struct claim *claim)
{
	(void)carrier;
	if (value.len != sizeof(*claim))
		return false;
	memcpy(claim, value.ptr, sizeof(*claim));
	return true;
}

static void
encode_cut(void *carrier, const struct cut *cut, struct buf *value)
{
	const struct sim *s = carrier;
	struct cut clean;

	memset(&clean, 0, sizeof(clean));
	if (!off(s, OFF_epoch))
		clean.epoch = cut->epoch;
	clean.offset = cut->offset;
	clean.complete_through = cut->complete_through;
	clean.terms_offset = cut->terms_offset;
	buf_add(value, &clean, sizeof(clean));
}

static bool
decode_cut(void *carrier, struct span value, struct cut *cut)
{
	(void)carrier;
	if (value.len != sizeof(*cut))
		return false;
	memcpy(cut, value.ptr, sizeof(*cut));
	return true;
}

/* --- the database: rows, claims, doubts and the offset, in one transaction */

static struct db_row *
db_find(struct db_fold *f, struct span key)
{
	uint64_t *at = strmap_find(&f->at, key);

	return at ? &f->rows[*at - 1] : NULL;
}

static void
db_put(struct db_fold *f, struct span key, struct span value)
{
	uint64_t *at = strmap_put(&f->at, key, NULL);

	if (!*at) {
		MUST(f->n < ROWS_MAX);
		*at = ++f->n;
	}
	f->rows[*at - 1] = (struct db_row){ key, value };
}

static void
db_cut(struct sim *s, struct db_fold *f, const struct rec *rec)
{
	struct db_row *row = db_find(f, rec->key);
	struct cut new, old, *both = arena_zalloc(&s->arena, 1, sizeof(*both));

	if (!rec->value.ptr || !decode_cut(NULL, rec->value, &new))
		return;
	*both = new;
	if (row && row->value.ptr && decode_cut(NULL, row->value, &old))
		*both = cut_greatest(&old, &new);
	db_put(f, rec->key, span_of(both, sizeof(*both)));
}

static void
db_apply(struct sim *s, int log, const struct rec *rec)
{
	static const struct toy_ev stub = { .what = EV_STUB };
	struct db_fold *f = &s->db[log];
	struct key key = key_parse(rec->key);
	struct claim claim = { 0 };

	if (key.type == KEY_CLAIM && (off(s, OFF_claims) || !decode_claim(NULL, rec->value, &claim)))
		return;
	if (claims_apply(&f->claims, &key, rec, claim.epoch) != CLAIM_COUNTS)
		return;
	if (key.type == KEY_CUT)
		db_cut(s, f, rec);
	else if (!rec->value.ptr && log == EVIDENCE) /* content goes, the row is counted */
		db_put(f, rec->key, span_of(&stub, sizeof(stub)));
	else
		db_put(f, rec->key, rec->value);
}

static void
db_fold_init(struct db_fold *f, int log)
{
	claims_init(&f->claims, log == EVIDENCE);
	strmap_init(&f->at, 0);
	f->n = 0;
}

static void
db_fold_release(struct db_fold *f)
{
	claims_release(&f->claims);
	strmap_release(&f->at);
}

static void check_cut(struct sim *s);

static bool
db_commit(struct sim *s, const struct txn *txn)
{
	struct db_fold *f = &s->db[txn->log];
	const struct sim_rec *recs = txn->recs;
	size_t n = txn->n;

	if (f->offset != txn->expect && !off(s, OFF_cas))
		return false;
	f->offset = txn->next;
	if (txn->resync) { /* the whole log again; what is not there is swept */
		db_fold_release(f);
		db_fold_init(f, txn->log);
		f->since = s->now;
		n = sim_log_read(&s->log[txn->log], 0, SIZE_MAX, &recs);
		f->offset = s->log[txn->log].end;
		s->resyncs++;
	}
	for (size_t i = 0; i < n; i++)
		db_apply(s, txn->log, &recs[i].rec);
	check_cut(s);
	return true;
}

/* --- what a task sends and hears back */

static void
queue_push(struct queue *q, const struct item *item)
{
	if (q->at + q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 16;
		q->item = mem_realloc(q->item, q->cap, sizeof(*q->item));
	}
	q->item[q->at + q->n++] = *item;
}

static struct item
queue_pop(struct queue *q)
{
	MUST(q->n > 0);
	q->n--;
	return q->item[q->at++];
}

static int
task_send(struct task *t, int output, struct span key, struct span value, uint64_t tag,
    int64_t terms)
{
	struct sim *s = t->sim;
	struct item item = { .key = arena_copy(&s->arena, key),
		.value = arena_copy(&s->arena, value), .tag = tag, .terms = terms };

	if (chance_of(&s->chance, 2))
		return -1; /* no room just now */
	queue_push(&t->q[output], &item);
	return 0;
}

static void
task_acked(struct task *t, int output, uint64_t tag, bool durable)
{
	if (off(t->sim, OFF_recheck))
		durable = true;
	if (t->level)
		level_acked(t->level, output, tag, durable);
	else
		share_acked(t->share, (enum share_log)output, tag, durable);
}

static void
append(struct sim *s, int log, const struct id *run, const struct item *item)
{
	sim_log_append(&s->log[log], item->key, item->value, run, item->terms, s->now);
}

/* One delivery: done; done and its acknowledgement lost; or failed. */
static void
deliver(struct task *t, int output, bool faulty)
{
	struct sim *s = t->sim;
	struct queue *q = &t->q[output];
	struct item item = queue_pop(q);

	if (!faulty) {
		append(s, t->out[output], &t->run, &item);
		if (!item.told)
			task_acked(t, output, item.tag, true);
		return;
	}
	if (chance_of(&s->chance, 50))
		append(s, t->out[output], &t->run, &item);
	if (!item.told)
		task_acked(t, output, item.tag, false);
}

static bool
task_flush(struct task *t, int n, int fault_percent)
{
	struct sim *s = t->sim;
	bool did = false;

	for (int o = 0; off(s, OFF_ack) && o < t->out_n; o++)
		for (size_t i = 0; i < t->q[o].n; i++) {
			struct item *item = &t->q[o].item[t->q[o].at + i];

			if (!item->told)
				task_acked(t, o, item->tag, true);
			item->told = true;
		}
	for (; n > 0; n--) {
		int o = chance_below(&s->chance, t->out_n);

		if (!t->q[o].n)
			o = (o + 1) % t->out_n;
		if (!t->q[o].n)
			break;
		deliver(t, o, chance_of(&s->chance, fault_percent));
		did = true;
	}
	return did;
}

/* --- the toy cores behind the levels */

static void
toy_fold(void *self, int input, const struct key *key, const struct rec *rec)
{
	static const enum side match_side[] = { SIDES, REVIEW, DECISION, SUPPRESSED, TERMS },
			       milestone_side[] = { SIDES, TERMS, REFERENCE };
	struct toy_level *toy = self;
	struct rows *l = &toy->linked;
	size_t i;

	toy->dirty = true;
	if (input > 0) {
		sides_fold(&toy->sides,
		    toy->kind == MATCH ? match_side[input] : milestone_side[input], rec->key,
		    rec->value);
		return;
	}
	if (toy->kind == MATCH) {
		int topic = key->stream.ptr[4] - '0';
		struct toy_ev *ev = &toy->evidence.ev[topic][raw_index(toy->sim, topic, key->epoch,
		    key->offset)];

		*ev = (struct toy_ev){ .what = EV_NONE };
		if (rec->value.ptr)
			memcpy(ev, rec->value.ptr, sizeof(*ev));
		return;
	}
	for (i = 0; i < l->n; i++)
		if (l->row[i].key.type == key->type && id_eq(&l->row[i].key.a, &key->a)
		    && id_eq(&l->row[i].key.b, &key->b))
			break;
	if (i < l->n)
		l->row[i] = l->row[--l->n];
	if (rec->value.ptr)
		rows_add(l, key, toy->part, rec->value.ptr, rec->value.len);
}

static void
toy_cut(void *self, struct span input, const struct cut *cut)
{
	struct toy_level *toy = self;

	for (int t = 0; t < TOPICS; t++)
		if (span_is(input, raw_name[t])) {
			toy->done[t] = cut->complete_through == DATE_NONE ? 0
									  : cut->complete_through;
			toy->dirty = true;
		}
}

static const struct row *
rows_find(const struct rows *rows, const struct key *key)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].key.type == key->type && id_eq(&rows->row[i].key.a, &key->a)
		    && id_eq(&rows->row[i].key.b, &key->b))
			return &rows->row[i];
	return NULL;
}

static bool
row_same(const struct row *a, const struct row *b)
{
	return a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

static void
touch_differences(struct toy_level *toy, const struct rows *a, const struct rows *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct row *other = rows_find(b, &a->row[i].key);

		if (other && row_same(other, &a->row[i]))
			continue;
		if (toy->touched_n == toy->touched_cap) {
			toy->touched_cap = toy->touched_cap ? toy->touched_cap * 2 : 64;
			toy->touched = mem_realloc(toy->touched, toy->touched_cap,
			    sizeof(*toy->touched));
		}
		toy->touched[toy->touched_n++] = a->row[i];
	}
}

static void
toy_settle(void *self)
{
	struct toy_level *toy = self;
	int done = toy->done[0] < toy->done[1] ? toy->done[0] : toy->done[1];

	if (!toy->dirty)
		return;
	toy->dirty = false;
	toy->before = toy->want;
	if (toy->kind == MATCH)
		toy_match(&toy->evidence, &toy->sides, &toy->want);
	else
		toy_evaluate(&toy->linked, &toy->sides, done, &toy->want);
	touch_differences(toy, &toy->before, &toy->want);
	touch_differences(toy, &toy->want, &toy->before);
}

static int
toy_output_of(void *self, const struct key *key)
{
	struct toy_level *toy = self;

	return toy->kind == MATCH ? unit_partition(&key->a, PARTS) : 0;
}

static bool
toy_next_touched(void *self, struct key *key, int *output)
{
	struct toy_level *toy = self;

	if (toy->touched_at == toy->touched_n) {
		toy->touched_at = toy->touched_n = 0;
		return false;
	}
	*key = toy->touched[toy->touched_at++].key;
	*output = toy_output_of(toy, key);
	return true;
}

static bool
toy_want(void *self, const struct key *key, struct buf *value)
{
	struct toy_level *toy = self;
	const struct row *row = rows_find(&toy->want, key);

	if (row)
		buf_add(value, row->value, row->len);
	return row != NULL;
}

/* --- a level's shell */

static int
level_send(void *self, int output, struct span key, struct span value, uint64_t tag)
{
	struct task *t = self;

	return task_send(t, output, key, value, tag, level_terms(t->level));
}

static void
level_setup(struct task *t)
{
	static const struct level_input match_in[] = {
		{ .side = NULL, .claimed = true, .by_topic = true }, { .side = "review" },
		{ .side = "decision" }, { .side = "suppressed" },
		{ .side = "terms@m", .terms = true } };
	static const struct level_input milestone_in[] = { { .side = NULL, .claimed = true },
		{ .side = "terms", .terms = true }, { .side = "reference" } };
	static const int match_logs[] = { EVIDENCE, SIDE_LOGS + REVIEW, SIDE_LOGS + DECISION,
		SIDE_LOGS + SUPPRESSED, SIDE_LOGS + TERMS };
	struct sim *s = t->sim;
	struct level_input is[LEVEL_INPUTS_MAX];
	bool match = t->kind == MATCH;

	t->toy = mem_zalloc(1, sizeof(*t->toy));
	t->toy->sim = s;
	t->toy->kind = t->kind;
	t->toy->part = group_part[t->group];
	sides_init(&t->toy->sides);
	t->in_n = match ? 5 : 3;
	t->out_n = match ? PARTS : 1;
	for (int i = 0; i < t->in_n; i++) {
		is[i] = match ? match_in[i] : milestone_in[i];
		t->in[i] = match ? match_logs[i]
		    : i == 0 ? LINKED + t->toy->part : SIDE_LOGS + (i == 1 ? TERMS : REFERENCE);
		is[i].end = t->in_end[i] = s->log[t->in[i]].end;
	}
	for (int o = 0; o < t->out_n; o++) {
		t->out[o] = match ? LINKED + o : OUTCOMES + t->toy->part;
		t->out_end[o] = s->log[t->out[o]].end;
	}
	t->level = level_new(
	    &(struct level_core){ .self = t->toy, .fold = toy_fold, .cut = toy_cut,
		.settle = toy_settle, .next_touched = toy_next_touched, .want = toy_want,
		.output_of = toy_output_of },
	    &(struct level_port){ .self = t, .send = level_send, .carrier = s, .encode_claim = encode_claim,
		.encode_cut = encode_cut, .decode_claim = decode_claim,
		.decode_cut = decode_cut },
	    is, t->in_n, t->out_end, t->out_n, &t->run, s->seed);
}

static void
level_hand_in(struct task *t, bool output, int i, const struct rec *rec, int64_t position)
{
	const struct sim *s = t->sim;
	bool claim = rec && key_parse(rec->key).type == KEY_CLAIM;

	if (!output) {
		if (claim && off(s, OFF_claims))
			rec = NULL;
		level_input_record(t->level, i, rec, position);
		t->in_at[i] = position;
		return;
	}
	if (rec && !claim && off(s, OFF_own) && rec->offset < t->out_end[i])
		rec = NULL;
	if (rec && !claim && off(s, OFF_answers) && level_state(t->level) == LEVEL_LIVE)
		rec = NULL;
	level_output_record(t->level, i, rec, position);
	t->out_at[i] = position;
}

static bool
level_read(struct task *t, int n)
{
	struct sim *s = t->sim;
	int all = t->in_n + t->out_n, first = chance_below(&s->chance, all);

	for (int k = 0; k < all; k++) {
		int i = (first + k) % all, o = i - t->in_n;
		bool output = o >= 0;
		struct sim_log *log = &s->log[output ? t->out[o] : t->in[i]];
		int64_t at = output ? t->out_at[o] : t->in_at[i];
		const struct sim_rec *recs;
		size_t got;

		if (!output && t->in[i] == SIDE_LOGS + TERMS && t->stuck)
			continue;
		if (at == log->end)
			continue;
		got = sim_log_read(log, at, (size_t)n, &recs);
		for (size_t r = 0; r <= got && !t->dead; r++) {
			const struct rec *rec = r < got ? &recs[r].rec : NULL;
			int64_t next = rec ? rec->offset : got ? at : log->end;

			/* A hole behind the end that was seen at the start. */
			t->dead = !off(s, OFF_resync) && next > at
			    && at >= (output ? t->out_end[o] : t->in_end[i]);
			at = rec ? next + 1 : next;
			if (!t->dead && (rec || !got))
				level_hand_in(t, output, output ? o : i, rec, at);
		}
		return true;
	}
	return false;
}

static bool
level_work(struct task *t, int n, int fault_percent)
{
	bool did = false, read_first = chance_of(&t->sim->chance, 50);

	if (level_state(t->level) == LEVEL_FOLDING && !off(t->sim, OFF_fold)
	    && t->sim->now - t->since >= SIM_RETAIN) {
		t->dead = true; /* what we began with may have been taken away unseen */
		return true;
	}
	if (read_first)
		did |= level_read(t, n);
	else
		did |= task_flush(t, n, fault_percent);
	did |= level_step(t->level, chance_below(&t->sim->chance, 8) + 1);
	if (read_first)
		did |= task_flush(t, n, fault_percent);
	else
		did |= level_read(t, n);
	t->dead |= level_state(t->level) == LEVEL_DEAD;
	return did || !level_idle(t->level);
}

/* --- a share's shell */

static int
share_send(void *self, enum share_log log, struct span key, struct span value, uint64_t tag)
{
	struct task *t = self;

	return task_send(t, (int)log, key, value, tag, share_terms_next(t->share));
}

static void
share_seek(void *self, int64_t offset)
{
	struct task *t = self;

	t->raw_at = offset;
}

static void
share_compute(void *self, const struct rec *raw, struct share_result *result)
{
	struct task *t = self;
	int topic = group_part[t->group];

	t->sealed = t->sim->raw[topic][raw_index(t->sim, topic, t->epoch, raw->offset)];
	t->result = toy_ingest(&t->sealed, topic, &t->known);
	*result = (struct share_result){ .evidence = span_of(&t->result, sizeof(t->result)),
		.complete_through = t->result.what == EV_COMPLETE ? t->result.date : DATE_NONE };
	if (t->result.what == EV_REJECT)
		result->rejected = span_of(&t->sealed, sizeof(t->sealed));
}

static bool
share_erased(void *self, struct span evidence)
{
	struct task *t = self;
	struct toy_ev ev;

	if (off(t->sim, OFF_erasure))
		return false;
	memcpy(&ev, evidence.ptr, sizeof(ev));
	return ev.what != EV_STUB && ev.what != EV_COMPLETE
	    && t->known.suppressed[event_no(ev.topic, ev.id)];
}

static bool
share_rejects(void *self, struct span evidence)
{
	struct toy_ev ev;

	(void)self;
	memcpy(&ev, evidence.ptr, sizeof(ev));
	return ev.what == EV_REJECT;
}

static bool
share_stub(void *self, struct span evidence, struct buf *stub)
{
	struct toy_ev ev, clean = { .what = EV_STUB };

	(void)self;
	memcpy(&ev, evidence.ptr, sizeof(ev));
	clean.topic = ev.topic;
	clean.id = ev.id;
	buf_add(stub, &clean, sizeof(clean));
	return true;
}

static void
share_learn(struct task *t, enum side side, int64_t *at)
{
	struct sim_log *log = &t->sim->log[SIDE_LOGS + side];
	const struct sim_rec *recs;
	size_t n = sim_log_read(log, *at, SIZE_MAX, &recs);

	for (size_t i = 0; i < n; i++) {
		struct toy_side v;

		sides_fold(&t->known, side, recs[i].rec.key, recs[i].rec.value);
		memcpy(&v, recs[i].rec.value.ptr, sizeof(v));
		if (side == TERMS && v.a >= THING_CODES && !off(t->sim, OFF_terms))
			t->terms_changed = recs[i].rec.offset;
	}
	*at = log->end;
}

static void
share_setup(struct task *t)
{
	struct sim *s = t->sim;
	int topic = group_part[t->group], low;
	struct share_port port = { .self = t, .send = share_send, .seek = share_seek,
		.compute = share_compute, .erased = share_erased, .rejects = share_rejects,
		.stub = share_stub, .carrier = s, .encode_claim = encode_claim, .encode_cut = encode_cut, .decode_claim = decode_claim,
		.decode_cut = decode_cut };

	t->out_n = SHARE_LOGS;
	t->out[SHARE_EVIDENCE] = EVIDENCE;
	t->out[SHARE_REJECTED] = REJECTED;
	t->terms_changed = -1;
	sides_init(&t->known);
	share_learn(t, TERMS, &t->terms_at);
	share_learn(t, SUPPRESSED, &t->suppressed_at);
	for (int i = 0; i < SHARE_LOGS; i++)
		t->log_end[i] = s->log[t->out[i]].end;
	t->epoch = t->known.epoch[topic];
	low = s->raw_low[topic] - s->epoch_at[topic][t->epoch];
	t->share = share_new(&port, span_str(raw_name[topic]), t->epoch, low,
	    s->raw_n[topic] - s->epoch_at[topic][t->epoch], t->log_end, &t->run, s->seed);
	share_terms(t->share, t->terms_at, t->terms_changed);
}

static bool
share_hidden(const struct task *t, enum share_log log, const struct rec *rec)
{
	const struct sim *s = t->sim;

	return key_parse(rec->key).type != KEY_CLAIM
	    && ((off(s, OFF_own) && rec->offset < t->log_end[log])
		|| (off(s, OFF_answers) && share_state(t->share) == LEVEL_LIVE)
		|| (off(s, OFF_rejected) && log == SHARE_REJECTED));
}

static bool
share_follow(struct task *t, enum share_log which, int n)
{
	struct sim *s = t->sim;
	struct sim_log *log = &s->log[t->out[which]];
	int64_t *at = &t->log_at[which];
	const struct sim_rec *recs;
	size_t got;

	if (*at == log->end)
		return false;
	if (!off(s, OFF_resync) && sim_log_missed(log, *at, t->since)) {
		t->dead = true;
		return true;
	}
	got = sim_log_read(log, *at, (size_t)n, &recs);
	for (size_t i = 0; i < got; i++) {
		const struct rec *rec = &recs[i].rec;

		*at = rec->offset + 1;
		share_log_record(t->share, which, share_hidden(t, which, rec) ? NULL : rec, *at);
	}
	if (!got) {
		*at = log->end;
		share_log_record(t->share, which, NULL, *at);
	}
	return true;
}

/* The topic as the task knows it: its end; what was deleted shows nothing more. */
static int64_t
raw_end(const struct task *t)
{
	const struct sim *s = t->sim;
	int topic = group_part[t->group];

	return t->epoch == s->sides.epoch[topic] ? s->raw_n[topic] - s->epoch_at[topic][t->epoch]
						 : t->raw_at;
}

static bool
share_read_raw(struct task *t, int n)
{
	bool did = false;

	for (; n > 0 && t->raw_at < raw_end(t) && share_room(t->share); n--) {
		share_raw_record(t->share, &(struct rec){ .offset = t->raw_at });
		t->raw_at++;
		did = true;
	}
	return did;
}

static bool
share_work(struct task *t, int n, int fault_percent)
{
	struct sim *s = t->sim;
	bool did = false;

	if (t->terms_at < s->log[SIDE_LOGS + TERMS].end && !t->stuck
	    && chance_of(&s->chance, 70)) {
		share_learn(t, TERMS, &t->terms_at);
		t->dead |= t->known.epoch[group_part[t->group]] != t->epoch; /* made anew */
		if (!t->dead)
			share_terms(t->share, t->terms_at, t->terms_changed);
		did = true;
	}
	if (t->suppressed_at < s->log[SIDE_LOGS + SUPPRESSED].end && chance_of(&s->chance, 70)) {
		share_learn(t, SUPPRESSED, &t->suppressed_at);
		if (!off(s, OFF_erasure))
			share_erasure(t->share);
		did = true;
	}
	for (int i = 0; i < SHARE_LOGS && !t->dead; i++)
		did |= chance_of(&s->chance, 80) && share_follow(t, (enum share_log)i, n);
	if (!t->dead && share_state(t->share) == LEVEL_LIVE)
		did |= share_read_raw(t, n);
	share_step(t->share, t->raw_at >= raw_end(t));
	did |= task_flush(t, chance_below(&s->chance, n) + 1, fault_percent);
	t->dead |= share_state(t->share) == LEVEL_DEAD;
	return did || !share_idle(t->share);
}

/* --- the sink's shell */

static void
sink_from_db(struct task *t)
{
	for (int i = 0; i < DB_LOGS; i++)
		t->db_at[i] = t->sim->db[i].offset;
}

static bool
sink_missed(struct task *t, int log)
{
	struct sim *s = t->sim;

	return !off(s, OFF_resync)
	    && sim_log_missed(&s->log[log], claims_low(&s->db[log].claims, t->db_at[log]),
		s->db[log].since);
}

static bool
sink_work(struct task *t, int n, int fault_percent)
{
	struct sim *s = t->sim;
	int first = chance_below(&s->chance, DB_LOGS);

	if (t->txn.log >= 0) {
		struct txn txn = t->txn;
		bool lost = chance_of(&s->chance, fault_percent);

		t->txn.log = -1;
		if (lost && chance_of(&s->chance, 50))
			db_commit(s, &txn); /* done, and nobody heard */
		if (!lost && db_commit(s, &txn))
			t->db_at[txn.log] = txn.resync ? s->db[txn.log].offset : txn.next;
		else
			sink_from_db(t);
		return true;
	}
	for (int k = 0; k < DB_LOGS; k++) {
		int i = (first + k) % DB_LOGS;
		struct sim_log *log = &s->log[i];
		const struct sim_rec *recs;
		bool resync = false;
		size_t got;

		if (t->db_at[i] < log->end || claims_doubtful(&s->db[i].claims))
			resync = sink_missed(t, i);
		if (t->db_at[i] == log->end && !resync)
			continue;
		got = sim_log_read(log, t->db_at[i], (size_t)n, &recs);
		t->txn = (struct txn){ .log = i, .expect = t->db_at[i], .n = got, .resync = resync,
			.next = got ? recs[got - 1].rec.offset + 1 : log->end,
			.recs = arena_alloc(&s->arena, (got + 1) * sizeof(*recs)) };
		if (got)
			memcpy(t->txn.recs, recs, got * sizeof(*recs));
		return true;
	}
	return false;
}

/* --- tasks come and go */

static struct task *
task_new(struct sim *s, int group, int proc)
{
	struct task *t = mem_zalloc(1, sizeof(*t));

	*t = (struct task){ .sim = s, .kind = group_kind[group], .group = group, .proc = proc,
		.gen = s->gen[group], .run = toy_id('r', ++s->runs, s->seed & 0xffff),
		.since = s->now, .txn = { .log = -1 } };
	switch (t->kind) {
	case INGEST:
		share_setup(t);
		break;
	case MATCH:
	case MILESTONE:
		level_setup(t);
		break;
	case SINK:
		sink_from_db(t);
		break;
	case KINDS:
		NOT_REACHED("a group has a kind");
	}
	return t;
}

/* What is on the wire may land later; the rest is lost. */
static void
task_end(struct sim *s, int group, int proc)
{
	struct task *t = s->task[group][proc];

	if (!t)
		return;
	s->task[group][proc] = NULL;
	s->net = mem_realloc(s->net, s->net_n + QUEUES + 1, sizeof(*s->net));
	for (int o = 0; o < t->out_n; o++) {
		size_t keep = (size_t)chance_below(&s->chance, 4);

		if (t->q[o].n > keep)
			t->q[o].n = keep;
		if (t->q[o].n) {
			s->net[s->net_n++]
			    = (struct net){ .log = t->out[o], .run = t->run, .q = t->q[o] };
			continue;
		}
		mem_free(t->q[o].item);
	}
	if (t->txn.log >= 0 && chance_of(&s->chance, 60))
		s->net[s->net_n++] = (struct net){ .log = -1, .txn = t->txn };
	if (t->level) {
		s->answers += level_answers(t->level);
		level_free(t->level);
	}
	if (t->toy)
		mem_free(t->toy->touched);
	mem_free(t->toy);
	share_free(t->share);
	mem_free(t);
}

static void
land(struct sim *s)
{
	size_t i;
	struct net *net;

	if (!s->net_n)
		return;
	i = (size_t)chance_below(&s->chance, (int)s->net_n);
	net = &s->net[i];
	s->late++;
	if (net->log < 0) {
		db_commit(s, &net->txn);
	} else {
		struct item item = queue_pop(&net->q);

		say(s, "late write lands in log %d at %lld: " SPAN_FMT, net->log,
		    (long long)s->log[net->log].end, SPAN_ARG(item.key));
		append(s, net->log, &net->run, &item);
		if (net->q.n)
			return;
		mem_free(net->q.item);
	}
	s->net[i] = s->net[--s->net_n];
}

static void
assign(struct sim *s, int group, int proc)
{
	task_end(s, group, proc);
	s->owner[group] = proc;
	s->gen[group]++;
	s->task[group][proc] = task_new(s, group, proc);
	say(s, "group %d to process %d, run %llu", group, proc, (unsigned long long)s->runs);
}

static bool
running(const struct sim *s, int kind, int proc)
{
	return s->up[kind][proc] && !s->paused[kind][proc];
}

/* A process that polls sees what is no longer its own. */
static void
notice(struct sim *s, int kind, int proc)
{
	for (int g = 0; g < GROUPS; g++) {
		struct task *t = s->task[g][proc];

		if ((int)group_kind[g] == kind && t
		    && (s->owner[g] != proc || s->gen[g] != t->gen))
			task_end(s, g, proc);
	}
}

static void
rebalance(struct sim *s, int percent)
{
	for (int g = 0; g < GROUPS; g++) {
		int kind = (int)group_kind[g], at = s->owner[g];

		if ((running(s, kind, at) && s->task[g][at]) || !chance_of(&s->chance, percent))
			continue;
		if (running(s, kind, 1 - at))
			assign(s, g, 1 - at);
		else if (running(s, kind, at))
			assign(s, g, at);
	}
}

static void
fault(struct sim *s)
{
	int kind = chance_below(&s->chance, KINDS), proc = chance_below(&s->chance, 2);
	int what = chance_below(&s->chance, 100);

	if (what < 30 && running(s, kind, proc)) {
		say(s, "crash of kind %d process %d", kind, proc);
		for (int g = 0; g < GROUPS; g++)
			if ((int)group_kind[g] == kind)
				task_end(s, g, proc);
		s->up[kind][proc] = false;
		s->crashes++;
	} else if (what < 50 && running(s, kind, proc)) {
		say(s, "pause of kind %d process %d", kind, proc);
		s->paused[kind][proc] = true;
	} else if (what < 80) {
		s->up[kind][proc] = true;
		s->paused[kind][proc] = false;
	} else {
		for (int g = 0; g < GROUPS; g++)
			if ((int)group_kind[g] == kind && s->task[g][proc])
				s->task[g][proc]->stuck = !s->task[g][proc]->stuck;
	}
	rebalance(s, 50);
}

static bool
step(struct sim *s, int group, int proc, int n, int fault_percent)
{
	struct task *t = s->task[group][proc];
	bool did = false;

	switch (t->kind) {
	case INGEST:
		did = share_work(t, n, fault_percent);
		break;
	case MATCH:
	case MILESTONE:
		did = level_work(t, n, fault_percent);
		break;
	case SINK:
		did = sink_work(t, n, fault_percent);
		break;
	case KINDS:
		NOT_REACHED("a task has a kind");
	}
	if (!t->dead)
		return did;
	say(s, "group %d process %d is over: %s", group, proc,
	    t->level ? level_why_dead(t->level) : share_why_dead(t->share));
	s->died++;
	did = s->owner[group] == proc && t->gen == s->gen[group];
	task_end(s, group, proc);
	if (did)
		assign(s, group, proc);
	return true;
}

/* --- facts */

static void
side_write(struct sim *s, enum side side, uint8_t a, uint8_t b, const struct toy_side *value)
{
	struct span key = arena_copy(&s->arena, span_of((uint8_t[]){ (uint8_t)(side + 1), a, b }, 3)),
		    v = value ? arena_copy(&s->arena, span_of(value, sizeof(*value))) : SPAN_NONE;

	sim_log_append(&s->log[SIDE_LOGS + side], key, v, NULL, 0, s->now);
	sides_fold(&s->sides, side, key, v);
	say(s, "side %d: %d %d is %d %d", side, a, b, value ? value->a : -1, value ? value->b : -1);
}

static uint8_t
pick(struct sim *s, int low, int high)
{
	return (uint8_t)(low + chance_below(&s->chance, high - low + 1));
}

static int
known_ids(const struct sim *s, int topic)
{
	int n = 0;

	for (int o = 0; o < s->raw_n[topic]; o++)
		if (s->raw[topic][o].what != RAW_COMPLETE && s->raw[topic][o].id >= n)
			n = s->raw[topic][o].id + 1;
	return n;
}

/* An event that some raw record names; -1: none yet. */
static int
any_event(struct sim *s)
{
	int topic = chance_below(&s->chance, TOPICS), n = known_ids(s, topic);

	if (!n)
		n = known_ids(s, topic = 1 - topic);
	return n ? event_no(topic, chance_below(&s->chance, n)) : -1;
}

static void
raw_write(struct sim *s, int topic, const struct toy_raw *raw)
{
	MUST(s->raw_n[topic] < RAW_MAX);
	say(s, "raw.%d %d: what %d id %d rev %d gone %d tokens %d kind %d date %d code %d", topic,
	    s->raw_n[topic], raw->what, raw->id, raw->rev, raw->withdrawn, raw->tokens, raw->kind,
	    raw->date, raw->code);
	s->raw[topic][s->raw_n[topic]++] = *raw;
}

static void
fact_raw(struct sim *s)
{
	int topic = chance_below(&s->chance, TOPICS), n = known_ids(s, topic);
	bool fresh = !n || (n < IDS && chance_of(&s->chance, 60));
	struct toy_raw raw = { .what = RAW_RECORD,
		.id = (uint8_t)(fresh ? n : chance_below(&s->chance, n)) };
	const struct toy_raw *old = NULL;

	for (int o = 0; o < s->raw_n[topic]; o++)
		if (s->raw[topic][o].what == RAW_RECORD && s->raw[topic][o].id == raw.id) {
			old = &s->raw[topic][o];
			raw.rev++;
		}
	raw.rev = topic == 1 ? 0 : (uint8_t)(raw.rev + 1);
	if (!fresh && chance_of(&s->chance, 15)) {
		raw.what = RAW_TOMBSTONE;
		raw.rev = 0;
	} else if (old && chance_of(&s->chance, 20)) {
		raw = *old; /* sent twice */
	} else {
		raw.withdrawn = !fresh && chance_of(&s->chance, 20);
		raw.tokens = (uint8_t)(1 << chance_below(&s->chance, TOKENS));
		if (chance_of(&s->chance, 33))
			raw.tokens |= (uint8_t)(1 << chance_below(&s->chance, TOKENS));
		raw.kind = (uint8_t)(chance_below(&s->chance, 4) * 3 / 4 % 3);
		raw.date = pick(s, 1, 9);
		raw.code = chance_of(&s->chance, 20);
	}
	raw_write(s, topic, &raw);
}

static void
fact_decision(struct sim *s, int event)
{
	static struct rows linked;
	struct evidence_table table = { 0 };
	struct toy_side value = { .a = (uint8_t)event };
	struct id id = event_id(event);

	if (s->sides.decisions_n == DECISIONS)
		return;
	for (int t = 0; t < TOPICS; t++)
		for (int o = 0; o < s->raw_n[t]; o++)
			table.ev[t][o] = toy_ingest(&s->raw[t][o], t, &s->sides);
	toy_match(&table, &s->sides, &linked);
	for (size_t i = 0; i < linked.n; i++)
		if (id_eq(&linked.row[i].key.b, &id))
			value.hash = judged(&linked, &linked.row[i].key.a);
	side_write(s, DECISION, s->sides.decisions_n, 0, &value);
}

static void
fact_terms(struct sim *s)
{
	struct toy_side v = { .a = pick(s, THING_CONTRACT, THING_CODES) };

	v.b = v.a == THING_CONTRACT ? pick(s, 3, 7) : v.a == THING_MODEL ? pick(s, 1, 2)
									    : pick(s, 0, 1);
	side_write(s, TERMS, (uint8_t)s->log[SIDE_LOGS + TERMS].end, 0, &v);
}

static void
fact_review(struct sim *s)
{
	int a = any_event(s), b = any_event(s), say_what = chance_below(&s->chance, 4);

	if (a == b)
		return;
	side_write(s, REVIEW, (uint8_t)(a < b ? a : b), (uint8_t)(a < b ? b : a),
	    say_what == 0 ? NULL
			  : &(struct toy_side){ .a = say_what == 1 ? SAY_SAME : SAY_NOT });
}

static void
fact(struct sim *s)
{
	int what = chance_below(&s->chance, 100), event = any_event(s);

	if (s->facts++ >= FACTS_MAX)
		return;
	if (what < 50 || event < 0)
		fact_raw(s);
	else if (what < 60)
		raw_write(s, chance_below(&s->chance, TOPICS),
		    &(struct toy_raw){ .what = RAW_COMPLETE, .date = pick(s, 3, 16) });
	else if (what < 68)
		side_write(s, REFERENCE, (uint8_t)s->log[SIDE_LOGS + REFERENCE].end, 0,
		    &(struct toy_side){ .a = pick(s, 3, 16) });
	else if (what < 76)
		fact_review(s);
	else if (what < 86)
		fact_decision(s, event);
	else if (what < 95)
		fact_terms(s);
	else
		side_write(s, SUPPRESSED, (uint8_t)event, 0, &(struct toy_side){ .a = 1 });
}

/* Is all that a topic holds in evidence, and nobody about who may still write it? */
static bool
raw_settled(const struct sim *s, int topic)
{
	for (int g = 0; g < GROUPS; g++) {
		const struct task *t = s->task[g][s->owner[g]];

		if (group_kind[g] != INGEST || group_part[g] != topic)
			continue;
		if (!t || s->task[g][1 - s->owner[g]] || t->gen != s->gen[g]
		    || t->epoch != s->sides.epoch[topic] || !share_idle(t->share)
		    || t->raw_at < raw_end(t))
			return false;
	}
	for (size_t i = 0; i < s->net_n; i++)
		if (s->net[i].log == EVIDENCE || s->net[i].log == REJECTED)
			return false;
	return true;
}

/* The topic is deleted and made anew, and its agency's entry says so. */
static void
raw_remake(struct sim *s, int topic)
{
	uint8_t epoch = (uint8_t)(s->sides.epoch[topic] + 1);

	if (epoch == RAW_EPOCHS || !raw_settled(s, topic))
		return;
	say(s, "raw.%d is made anew: epoch %d", topic, epoch);
	s->epoch_at[topic][epoch] = s->raw_low[topic] = s->raw_n[topic];
	side_write(s, TERMS, (uint8_t)s->log[SIDE_LOGS + TERMS].end, 0,
	    &(struct toy_side){ .a = (uint8_t)(THING_EPOCH + topic), .b = epoch });
	s->remade++;
}

/* --- what must hold */

struct recomputed {
	struct evidence_table evidence;
	struct rows linked, outcomes;
};

/* What stands for an expired raw record; erasure reaches it all the same. */
static struct toy_ev
taken_as_given(struct sim *s, int topic, int index)
{
	const struct key key = raw_key(s, topic, index);
	struct buf text = BUF_INIT;
	struct toy_ev ev = { .what = EV_NONE };
	const struct db_row *row;

	key_format(&key, &text);
	row = db_find(&s->db[EVIDENCE], buf_view(&text));
	if (row && row->value.ptr)
		memcpy(&ev, row->value.ptr, sizeof(ev));
	buf_release(&text);
	if (ev.what != EV_COMPLETE && s->sides.suppressed[event_no(topic, ev.id)])
		return (struct toy_ev){ .what = EV_STUB, .topic = (uint8_t)topic, .id = ev.id };
	return ev;
}

/* From scratch, of each raw topic the first n[topic] records. */
static void
recompute(struct sim *s, const int n[TOPICS], struct recomputed *out)
{
	int done[TOPICS] = { 0 };

	memset(&out->evidence, 0, sizeof(out->evidence));
	for (int t = 0; t < TOPICS; t++)
		for (int o = 0; o < n[t]; o++) {
			struct toy_ev *ev = &out->evidence.ev[t][o];

			*ev = o < s->raw_low[t] ? taken_as_given(s, t, o)
						: toy_ingest(&s->raw[t][o], t, &s->sides);
			if (ev->what == EV_COMPLETE && ev->date > done[t])
				done[t] = ev->date;
		}
	toy_match(&out->evidence, &s->sides, &out->linked);
	toy_evaluate(&out->linked, &s->sides, done[0] < done[1] ? done[0] : done[1],
	    &out->outcomes);
}

/* Groups of events that any token or review may have joined; those with facts
 * behind the cut are excused from it. */
struct excuses {
	int root[EVENTS + TOKENS];
	bool late[EVENTS + TOKENS];
	bool outcomes; /* a declaration is behind the cut */
};

static int
root_of(const struct excuses *x, int e)
{
	while (x->root[e] != e)
		e = x->root[e];
	return e;
}

static void
excuses_of(const struct sim *s, const int n[TOPICS], struct excuses *x)
{
	memset(x, 0, sizeof(*x));
	for (int e = 0; e < EVENTS + TOKENS; e++)
		x->root[e] = e;
	for (int t = 0; t < TOPICS; t++)
		for (int o = 0; o < s->raw_n[t]; o++)
			for (int k = 0; s->raw[t][o].what == RAW_RECORD && k < TOKENS; k++)
				if (s->raw[t][o].tokens >> k & 1)
					x->root[root_of(x, event_no(t, s->raw[t][o].id))]
					    = root_of(x, EVENTS + k);
	for (int a = 0; a < EVENTS; a++)
		for (int b = a + 1; b < EVENTS; b++)
			if (s->sides.review[a][b])
				x->root[root_of(x, a)] = root_of(x, b);
	for (int t = 0; t < TOPICS; t++)
		for (int o = n[t]; o < s->raw_n[t]; o++) {
			if (s->raw[t][o].what == RAW_COMPLETE)
				x->outcomes = true;
			else
				x->late[root_of(x, event_no(t, s->raw[t][o].id))] = true;
		}
}

static bool
excused(const struct excuses *x, const struct key *key, const uint8_t *value)
{
	struct toy_linked l;
	struct toy_outcome o;

	if (!x)
		return false;
	if (key->type == KEY_OUTCOME) {
		memcpy(&o, value, sizeof(o));
		return x->outcomes || x->late[root_of(x, o.basis)];
	}
	memcpy(&l, value, sizeof(l));
	return x->late[root_of(x, l.event)];
}

static bool
evidence_same(struct sim *s, const struct recomputed *want, const int n[TOPICS], bool erased_too,
    const char *what)
{
	struct buf text = BUF_INIT;
	bool same = true;

	for (int t = 0; same && t < TOPICS; t++)
		for (int o = 0; same && o < n[t]; o++) {
			const struct toy_ev *ev = &want->evidence.ev[t][o];
			const struct key key = raw_key(s, t, o);
			const struct db_row *row;
			struct toy_ev have = { .what = EV_NONE };

			if (ev->what == EV_STUB && !erased_too)
				continue;
			key_format(&key, &text);
			row = db_find(&s->db[EVIDENCE], buf_view(&text));
			if (row && row->value.ptr)
				memcpy(&have, row->value.ptr, sizeof(have));
			same = ev->what == EV_STUB ? have.what == EV_STUB
						   : memcmp(ev, &have, sizeof(have)) == 0;
			if (!same)
				broken(s, what, "evidence of " SPAN_FMT ": want %d, have %d",
				    SPAN_ARG(buf_view(&text)), ev->what, have.what);
		}
	buf_release(&text);
	return same;
}

static void
table_same(struct sim *s, const struct rows *want, int log, const struct excuses *x,
    const char *what)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < want->n; i++) {
		const struct row *w = &want->row[i];
		const struct db_row *row;

		key_format(&w->key, &text);
		row = db_find(&s->db[log + w->part], buf_view(&text));
		if ((!row || !span_eq(row->value, span_of(w->value, w->len)))
		    && !excused(x, &w->key, w->value))
			broken(s, what, "log %d lacks " SPAN_FMT " or has another value",
			    log + w->part, SPAN_ARG(buf_view(&text)));
	}
	for (int p = 0; p < PARTS; p++)
		for (size_t i = 0; i < s->db[log + p].n; i++) {
			const struct db_row *row = &s->db[log + p].rows[i];
			struct key key = key_parse(row->key);

			if (row->value.ptr && key.type != KEY_CUT && !rows_find(want, &key)
			    && !excused(x, &key, row->value.ptr))
				broken(s, what, "log %d has " SPAN_FMT " too many", log + p,
				    SPAN_ARG(row->key));
		}
	buf_release(&text);
}

static struct cut
db_cut_of(struct sim *s, int log, const char *input)
{
	struct buf text = BUF_INIT;
	struct cut cut = CUT_NOTHING;
	const struct db_row *row;

	key_format(&(struct key){ .type = KEY_CUT, .stream = span_str(input) }, &text);
	row = db_find(&s->db[log], buf_view(&text));
	if (row && row->value.ptr)
		decode_cut(NULL, row->value, &cut);
	buf_release(&text);
	return cut;
}

/* Do the cuts say that every side is in, everywhere?  at: raw records covered. */
static bool
cuts_say(struct sim *s, int at[TOPICS])
{
	static const char *const side_name[] = { "review", "decision", "suppressed", "terms@m",
		"terms", "reference" };
	static const enum side side_of[] = { REVIEW, DECISION, SUPPRESSED, TERMS, TERMS,
		REFERENCE };
	bool told = true;

	for (int t = 0; t < TOPICS; t++) {
		at[t] = INT32_MAX;
		for (int log = 0; log < DB_LOGS; log++) {
			struct cut cut = db_cut_of(s, log, raw_name[t]);

			if (log == REJECTED)
				continue;
			if (raw_index(s, t, cut.epoch, cut.offset) + 1 < at[t])
				at[t] = raw_index(s, t, cut.epoch, cut.offset) + 1;
			told &= cut.terms_offset + 1 == s->log[SIDE_LOGS + TERMS].end;
		}
	}
	for (int log = LINKED; log < DB_LOGS; log++)
		for (int i = 0; i < (log < OUTCOMES ? 4 : 6); i++)
			told &= db_cut_of(s, log, side_name[i]).offset + 1
			    == s->log[SIDE_LOGS + side_of[i]].end;
	return told;
}

static void
check_cut(struct sim *s)
{
	static struct recomputed want;
	struct excuses x;
	int at[TOPICS];

	for (int i = 0; i < DB_LOGS; i++)
		if (claims_doubtful(&s->db[i].claims))
			return;
	if (s->failed[0] || !cuts_say(s, at))
		return;
	s->checks++;
	for (int t = 0; t < TOPICS; t++)
		if (at[t] > s->raw_n[t]) {
			broken(s, "stale", "a cut of raw.%d covers %d of %d records", t, at[t],
			    s->raw_n[t]);
			return;
		}
	recompute(s, at, &want);
	excuses_of(s, at, &x);
	if (!evidence_same(s, &want, at, false, "stale"))
		return;
	table_same(s, &want.linked, LINKED, &x, "stale");
	table_same(s, &want.outcomes, OUTCOMES, &x, "stale");
}

static void
check_payloads(struct sim *s, const struct recomputed *want)
{
	struct buf text = BUF_INIT;

	for (int t = 0; t < TOPICS; t++)
		for (int o = 0; o < s->raw_n[t]; o++) {
			const struct key key = raw_key(s, t, o);
			const struct db_row *row;
			bool have, reject = want->evidence.ev[t][o].what == EV_REJECT;

			key_format(&key, &text);
			row = db_find(&s->db[REJECTED], buf_view(&text));
			have = row && row->value.ptr;
			if (reject != have)
				broken(s, "payload", SPAN_FMT ": reject %d, payload %d",
				    SPAN_ARG(buf_view(&text)), reject, have);
		}
	buf_release(&text);
}

static void
check_end(struct sim *s)
{
	static struct recomputed want;
	int at[TOPICS];
	size_t counted = 0;

	recompute(s, s->raw_n, &want);
	if (!evidence_same(s, &want, s->raw_n, true, "rows"))
		return;
	table_same(s, &want.linked, LINKED, NULL, "rows");
	table_same(s, &want.outcomes, OUTCOMES, NULL, "rows");
	if (!cuts_say(s, at))
		broken(s, "cuts", "a side's or the terms' cut has not arrived");
	for (int t = 0; t < TOPICS; t++)
		if (at[t] != s->raw_n[t])
			broken(s, "cuts", "raw.%d: covered %d of %d", t, at[t], s->raw_n[t]);
	for (int i = 0; i < DB_LOGS; i++)
		if (claims_doubtful(&s->db[i].claims))
			broken(s, "cuts", "log %d: a doubt is never answered", i);
	for (size_t i = 0; i < s->db[EVIDENCE].n; i++)
		counted += key_parse(s->db[EVIDENCE].rows[i].key).type == KEY_RECORD;
	if (counted != (size_t)(s->raw_n[0] + s->raw_n[1]))
		broken(s, "totals", "%d raw records, %zu counted", s->raw_n[0] + s->raw_n[1],
		    counted);
	check_payloads(s, &want);
	check_cut(s);
}

/* What anybody can still read of somebody who was erased, whoever wrote it. */
static void
check_erasure(struct sim *s)
{
	for (int l = EVIDENCE; l <= REJECTED; l++) {
		struct sim_log *log = &s->log[l];

		sim_log_compact(log, s->now + 10 * SIM_LAG, SIM_LAG);
		for (size_t i = 0; i < log->n; i++) {
			const struct rec *rec = &log->recs[i].rec;
			struct toy_ev ev = { .what = EV_NONE };
			struct toy_raw raw;
			struct key key = key_parse(rec->key);

			if (key.type != KEY_RECORD || !rec->value.ptr)
				continue;
			if (l == EVIDENCE) {
				memcpy(&ev, rec->value.ptr, sizeof(ev));
			} else {
				memcpy(&raw, rec->value.ptr, sizeof(raw));
				ev = (struct toy_ev){ .what = EV_REJECT, .id = raw.id,
					.topic = (uint8_t)(key.stream.ptr[4] - '0') };
			}
			if (ev.what != EV_STUB && ev.what != EV_COMPLETE
			    && s->sides.suppressed[event_no(ev.topic, ev.id)])
				broken(s, "erasure", "log %d offset %lld", l, (long long)rec->offset);
		}
	}
}

/* --- the run */

static void
compact_some(struct sim *s)
{
	sim_log_compact(&s->log[chance_below(&s->chance, DB_LOGS)], s->now, SIM_LAG);
}

static void
play_step(struct sim *s)
{
	int what = chance_below(&s->chance, 1000), kind, proc;

	s->now++;
	if (what < 54) {
		fact(s);
	} else if (what < 160) {
		fault(s);
	} else if (what < 240) {
		land(s);
	} else if (what < 300) {
		compact_some(s);
	} else if (what < 320) {
		s->now += 60; /* everybody slow, compaction is not */
	} else if (what < 322) {
		raw_remake(s, chance_below(&s->chance, TOPICS));
	} else {
		kind = chance_below(&s->chance, KINDS);
		proc = chance_below(&s->chance, 2);
		if (!running(s, kind, proc))
			proc = 1 - proc;
		if (!running(s, kind, proc))
			return;
		if (chance_of(&s->chance, 10))
			notice(s, kind, proc);
		for (int g = 0; g < GROUPS; g++)
			if ((int)group_kind[g] == kind && s->task[g][proc])
				step(s, g, proc, pick(s, 1, 6), 5);
	}
}

/* One task works, with failing deliveries; now and then it ends and another follows. */
static void
play_quietly(struct sim *s)
{
	int g = chance_below(&s->chance, GROUPS), proc = s->owner[g];

	s->now++;
	if (!s->task[g][proc])
		return;
	if (chance_of(&s->chance, 3))
		assign(s, g, proc);
	step(s, g, proc, pick(s, 1, 6), 5);
}

/* Faults stop; zombies believe for a while, then poll. */
static void
come_to_rest(struct sim *s)
{
	int idle = 0;

	for (int k = 0; k < KINDS * 2; k++) {
		s->up[k / 2][k % 2] = true;
		s->paused[k / 2][k % 2] = false;
	}
	for (int g = 0; g < GROUPS * 2; g++)
		if (s->task[g / 2][g % 2])
			s->task[g / 2][g % 2]->stuck = false;
	for (int sweep = 0; sweep < REST_SWEEPS && !s->failed[0]; sweep++) {
		bool did = false;

		s->now++;
		if (chance_of(&s->chance, 30))
			compact_some(s);
		if (chance_of(&s->chance, 50))
			land(s);
		for (int k = 0; sweep > 20 && k < KINDS * 2; k++)
			notice(s, k / 2, k % 2);
		rebalance(s, 100);
		for (int g = 0; g < GROUPS * 2; g++)
			if (s->task[g / 2][g % 2])
				did |= step(s, g / 2, g % 2, 8, 0);
		idle = did || s->net_n || sweep < 22 ? 0 : idle + 1;
		if (idle > 6)
			return;
	}
	broken(s, "rest", "the stages do not come to rest in %d sweeps", REST_SWEEPS);
}

/* Years later: some raw has expired or been made anew, somebody is erased, the terms change, and
 * whoever owns a share does not live through it. */
static void
epilogue(struct sim *s)
{
	int event = any_event(s);

	for (int t = 0; t < TOPICS; t++) {
		int first = s->epoch_at[t][s->sides.epoch[t]];

		if (chance_of(&s->chance, 30))
			raw_remake(s, t);
		else
			s->raw_low[t] = first + chance_below(&s->chance, s->raw_n[t] - first + 1);
	}
	for (int g = 0; g < GROUPS; g++)
		if (group_kind[g] == INGEST)
			assign(s, g, chance_below(&s->chance, 2));
	for (int i = chance_below(&s->chance, 200); i > 0; i--)
		play_quietly(s);
	if (event >= 0)
		side_write(s, SUPPRESSED, (uint8_t)event, 0, &(struct toy_side){ .a = 1 });
	for (int i = chance_below(&s->chance, 200); i > 0; i--)
		play_quietly(s);
	fact_terms(s);
	if (s->raw_n[0] < RAW_MAX && s->raw_n[1] < RAW_MAX)
		fact_raw(s);
	come_to_rest(s);
	if (!s->failed[0])
		check_end(s);
}

static void
sim_release(struct sim *s)
{
	for (int g = 0; g < GROUPS * 2; g++)
		task_end(s, g / 2, g % 2);
	for (size_t i = 0; i < s->net_n; i++)
		if (s->net[i].log >= 0)
			mem_free(s->net[i].q.item);
	mem_free(s->net);
	for (int i = 0; i < DB_LOGS; i++)
		db_fold_release(&s->db[i]);
	for (int i = 0; i < LOGS; i++)
		sim_log_release(&s->log[i]);
	arena_release(&s->arena);
	mem_free(s);
}

static struct sim *
history(uint64_t seed, uint32_t safeguards_off)
{
	struct sim *s = mem_zalloc(1, sizeof(*s));

	s->seed = seed;
	s->off = safeguards_off;
	s->trace = getenv("TRACE") != NULL;
	s->chance.state = seed;
	arena_init(&s->arena, 0);
	sides_init(&s->sides);
	for (int i = 0; i < DB_LOGS; i++)
		db_fold_init(&s->db[i], i);
	for (int k = 0; k < KINDS * 2; k++)
		s->up[k / 2][k % 2] = true;
	for (int g = 0; g < GROUPS; g++)
		assign(s, g, chance_below(&s->chance, 2));
	for (int i = 0; i < PLAY_STEPS && !s->failed[0]; i++)
		play_step(s);
	if (!s->failed[0])
		come_to_rest(s);
	if (!s->failed[0])
		check_end(s);
	if (!s->failed[0])
		epilogue(s);
	if (!s->failed[0])
		check_erasure(s);
	return s;
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint32_t
safeguards_from(const char *name)
{
	char *copy = mem_strdup(getenv(name) ? getenv(name) : ""), *save = NULL;
	uint32_t set = 0;

	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int i = 0;

		while (i < SAFEGUARDS_N && strcmp(word, safeguard_name[i]) != 0)
			i++;
		if (i == SAFEGUARDS_N)
			fail_msg("OFF: there is no safeguard '%s'", word);
		set |= (uint32_t)1 << i;
	}
	mem_free(copy);
	return set;
}

/* --- the tests */

static void
test_every_history_ends_in_the_recomputation(void **state)
{
	uint64_t seed = number_from("SEED", 1), runs = number_from("RUNS", 300), checks = 0,
		 late = 0, died = 0, answers = 0, failures = 0, resyncs = 0, remade = 0;
	uint32_t safeguards_off = safeguards_from("OFF");

	(void)state;
	for (uint64_t i = 0; i < runs; i++) {
		struct sim *s = history(seed + i, safeguards_off);

		if (s->failed[0]) {
			failures++;
			if (failures <= 5)
				print_error("SEED=%llu RUNS=1: %s: %s\n",
				    (unsigned long long)(seed + i), s->failed, s->detail);
		}
		checks += s->checks;
		late += s->late;
		died += s->died;
		resyncs += s->resyncs;
		remade += s->remade;
		answers += s->answers;
		sim_release(s);
	}
	print_message("%llu histories, %llu failed: %llu cut checks, %llu late writes, %llu "
		      "machines over, %llu answers, %llu resyncs, %llu topics made anew\n",
	    (unsigned long long)runs, (unsigned long long)failures, (unsigned long long)checks,
	    (unsigned long long)late, (unsigned long long)died, (unsigned long long)answers,
	    (unsigned long long)resyncs, (unsigned long long)remade);
	assert_int_equal(failures, 0);
}

/* A history that cannot fail proves nothing. */
static void
test_without_each_safeguard_some_history_fails(void **state)
{
	enum { TRIES = 6000 };

	(void)state;
	for (int i = 0; i < SAFEGUARDS_N; i++) {
		bool failed = false;
		uint64_t seed;

		for (seed = 1; seed <= TRIES && !failed; seed++) {
			struct sim *s = history(seed, (uint32_t)1 << i);

			failed = s->failed[0] != '\0';
			if (failed)
				print_message("without '%s' seed %llu: %s: %s\n",
				    safeguard_name[i], (unsigned long long)seed, s->failed,
				    s->detail);
			sim_release(s);
		}
		if (!failed)
			print_error("without '%s' nothing fails in %d histories\n",
			    safeguard_name[i], TRIES);
		assert_true(failed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_history_ends_in_the_recomputation),
		cmocka_unit_test(test_without_each_safeguard_some_history_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
