#include "common/level.h"

#include <stdlib.h>

#include "common/cut.h"
#include "common/emitted.h"
#include "common/mem.h"
#include "common/must.h"

/* --- the level ------------------------------------------------------------- */

enum { RING_FIRST = 256 };

enum sent_what { SENT_ROW, SENT_CUT, SENT_CLAIM };

struct sent {
	struct emitted_key key;
	uint8_t what;
	uint32_t cut;
};

struct cut_state { /* one cut in one output */
	struct cut have; /* the greatest that counted or was sent */
	struct cut taken;
	uint8_t state;   /* EMITTED_KNOWN: `have` is what stands there */
	bool due;        /* `taken` is to be sent: a name that came since is not */
};

struct output {
	struct claims mine;
	int64_t position, end;
	bool claim_sent, claimed;
	struct sent *ring;    /* sent, not yet acknowledged: [acked, sent) */
	uint64_t ring_cap;
	uint64_t sent, acked;
	struct emitted_key *todo; /* keys to look at again */
	size_t todo_n, todo_cap, todo_at;
	struct cut_state *cuts;
	uint32_t cuts_n;
	bool cuts_taken;      /* `taken` waits until all before `barrier` is acknowledged */
	uint64_t barrier;
};

struct input {
	struct level_input is;
	struct claims claims;
	int64_t position;
};

struct cut_name {
	struct span input; /* owned */
	struct cut want;
	bool has;
};

struct level {
	struct level_core core;
	struct level_port port;
	struct input in[LEVEL_INPUTS_MAX];
	int in_n;
	struct output *out;
	int out_n;
	struct id run;
	enum level_state state;
	const char *why;
	struct emitted emitted;
	bool sweeping;     /* live of late: all that stands is looked at once */
	size_t sweep_at;   /* the next place in `emitted` */
	uint64_t seed;
	struct cut_name *cuts;
	uint32_t cuts_n;
	struct buf key, value;
	uint64_t answers;
};

struct level *
level_new(const struct level_core *core, const struct level_port *port,
    const struct level_input *inputs, int inputs_n, const int64_t *output_ends, int outputs_n,
    const struct id *run, uint64_t seed)
{
	struct level *lv = mem_zalloc(1, sizeof(*lv));

	MUST(inputs_n <= LEVEL_INPUTS_MAX && outputs_n > 0 && outputs_n <= LEVEL_OUTPUTS_MAX);
	lv->core = *core;
	lv->port = *port;
	lv->run = *run;
	lv->seed = seed;
	emitted_init(&lv->emitted, seed);
	lv->in_n = inputs_n;
	for (int i = 0; i < inputs_n; i++) {
		lv->in[i].is = inputs[i];
		claims_init(&lv->in[i].claims, inputs[i].by_topic);
	}
	lv->out_n = outputs_n;
	lv->out = mem_zalloc((size_t)outputs_n, sizeof(*lv->out));
	for (int o = 0; o < outputs_n; o++) {
		claims_init(&lv->out[o].mine, false);
		lv->out[o].end = output_ends[o];
	}
	return lv;
}

void
level_free(struct level *lv)
{
	if (!lv)
		return;
	for (int i = 0; i < lv->in_n; i++)
		claims_release(&lv->in[i].claims);
	for (int o = 0; o < lv->out_n; o++) {
		claims_release(&lv->out[o].mine);
		mem_free(lv->out[o].ring);
		mem_free(lv->out[o].todo);
		mem_free(lv->out[o].cuts);
	}
	for (uint32_t i = 0; i < lv->cuts_n; i++)
		mem_free((void *)(uintptr_t)lv->cuts[i].input.ptr);
	mem_free(lv->cuts);
	mem_free(lv->out);
	emitted_release(&lv->emitted);
	buf_release(&lv->key);
	buf_release(&lv->value);
	mem_free(lv);
}

static void
die(struct level *lv, const char *why)
{
	lv->state = LEVEL_DEAD;
	lv->why = why;
}

static struct emitted_key
key_of(const struct key *k)
{
	return (struct emitted_key){ .a = k->a, .b = k->b, .type = (uint8_t)k->type };
}

static bool
is_row(const struct key *k)
{
	return k->type == KEY_UNIT_EVENT || k->type == KEY_UNIT_DECISION || k->type == KEY_OUTCOME
	    || k->type == KEY_PAIR;
}

static struct emitted_slot *
slot_of(struct level *lv, const struct emitted_key *key)
{
	size_t cap = lv->emitted.cap;
	struct emitted_slot *s = emitted_put(&lv->emitted, key);

	if (lv->emitted.cap != cap)
		lv->sweep_at = 0; /* all stand elsewhere now */
	return s;
}

static void
drop(struct level *lv, struct emitted_slot *s)
{
	size_t at = emitted_drop(&lv->emitted, s);

	if (at < lv->sweep_at)
		lv->sweep_at = at; /* somebody not looked at yet may stand there now */
}

static void
todo_add(struct output *o, struct emitted_slot *s, const struct emitted_key *key)
{
	if (emitted_queued(s))
		return;
	emitted_queue(s, true);
	if (o->todo_n == o->todo_cap) {
		o->todo_cap = o->todo_cap ? o->todo_cap * 2 : 64;
		o->todo = mem_realloc(o->todo, o->todo_cap, sizeof(*o->todo));
	}
	o->todo[o->todo_n++] = *key;
}

/* --- cuts */

static uint32_t
cut_index(struct level *lv, struct span input)
{
	uint32_t i;
	uint8_t *copy;

	for (i = 0; i < lv->cuts_n; i++)
		if (span_eq(lv->cuts[i].input, input))
			return i;
	lv->cuts = mem_realloc(lv->cuts, lv->cuts_n + 1, sizeof(*lv->cuts));
	copy = mem_alloc(input.len);
	memcpy(copy, input.ptr, input.len);
	lv->cuts[lv->cuts_n] = (struct cut_name){ .input = span_of(copy, input.len) };
	return lv->cuts_n++;
}

static struct cut_state *
cut_state_of(struct level *lv, struct output *o, uint32_t i)
{
	if (o->cuts_n < lv->cuts_n) {
		o->cuts = mem_realloc(o->cuts, lv->cuts_n, sizeof(*o->cuts));
		for (; o->cuts_n < lv->cuts_n; o->cuts_n++)
			o->cuts[o->cuts_n] = (struct cut_state){ .have = CUT_NOTHING,
				.state = EMITTED_ABSENT };
	}
	return &o->cuts[i];
}

static void
input_cut(struct level *lv, const struct key *key, const struct rec *rec)
{
	struct cut cut, grown;
	struct cut_name *name;
	uint32_t at;

	if (!rec->value.ptr || !lv->port.decode_cut(lv->port.carrier, rec->value, &cut))
		return;
	cut.recipe = lv->core.recipe; /* the input's is its maker's */
	at = cut_index(lv, key->stream); /* may move lv->cuts */
	name = &lv->cuts[at];
	grown = name->has ? cut_greatest(&name->want, &cut) : cut;
	if (name->has && cut_same(&grown, &name->want))
		return;
	name->has = true;
	name->want = grown;
	lv->core.cut(lv->core.self, key->stream, &grown);
}

/* How far the side inputs are folded, as cuts of their own. */
static void
side_cuts(struct level *lv)
{
	for (int i = 0; i < lv->in_n; i++) {
		struct input *in = &lv->in[i];
		struct cut_name *name;
		uint32_t at;

		if (!in->is.side)
			continue;
		at = cut_index(lv, span_str(in->is.side)); /* may move lv->cuts */
		name = &lv->cuts[at];
		name->has = true;
		name->want = (struct cut){ .offset = in->position - 1,
			.complete_through = DATE_NONE, .terms_offset = -1,
			.recipe = lv->core.recipe };
	}
}

/* --- records in */

void
level_input_record(struct level *lv, int input, const struct rec *rec, int64_t position)
{
	struct input *in = &lv->in[input];
	struct claim claim = { 0 };
	struct key key;

	MUST(input < lv->in_n);
	in->position = position;
	if (!rec || lv->state == LEVEL_DEAD)
		return;
	key = key_parse(rec->key);
	if (!in->is.claimed) {
		lv->core.fold(lv->core.self, input, &key, rec);
		return;
	}
	if (key.type == KEY_CLAIM
	    && (!rec->value.ptr || !lv->port.decode_claim(lv->port.carrier, rec->value, &claim)))
		return;
	if (claims_apply(&in->claims, &key, rec, claim.epoch) != CLAIM_COUNTS)
		return;
	if (key.type == KEY_CUT)
		input_cut(lv, &key, rec);
	else if (key.type != KEY_OTHER)
		lv->core.fold(lv->core.self, input, &key, rec);
}

static void
output_claim(struct level *lv, struct output *o, const struct key *key, const struct rec *rec)
{
	struct claim claim;
	bool ours = id_eq(&rec->run, &lv->run), holds;

	if (!rec->value.ptr || !lv->port.decode_claim(lv->port.carrier, rec->value, &claim))
		return;
	claims_apply(&o->mine, key, rec, claim.epoch);
	struct claim_stream held = claims_holder(&o->mine, SPAN_LIT("*"));

	holds = id_eq(&held.run, &lv->run);
	if (ours && holds)
		o->claimed = true;
	else if (!holds && (ours || o->claimed))
		die(lv, "outbid: another run holds the claim");
}

static void
output_cut(struct level *lv, struct output *o, const struct key *key, const struct rec *rec,
    bool counts)
{
	struct cut_state *cs = cut_state_of(lv, o, cut_index(lv, key->stream));
	struct cut cut;

	cs->state = EMITTED_UNKNOWN;
	o->cuts_taken = false;
	if (!counts || !rec->value.ptr
	    || !lv->port.decode_cut(lv->port.carrier, rec->value, &cut))
		return;
	cs->have = cut_greatest(&cs->have, &cut);
	if (cut_same(&cs->have, &cut))
		cs->state = EMITTED_KNOWN;
}

void
level_output_record(struct level *lv, int output, const struct rec *rec, int64_t position)
{
	struct output *o = &lv->out[output];
	enum claim_verdict verdict;
	bool foreign, live = lv->state == LEVEL_LIVE;
	struct key key;

	MUST(output < lv->out_n);
	o->position = position;
	if (!rec || lv->state == LEVEL_DEAD)
		return;
	key = key_parse(rec->key);
	if (key.type == KEY_CLAIM) {
		output_claim(lv, o, &key, rec);
		return;
	}
	verdict = claims_apply(&o->mine, &key, rec, 0);
	foreign = !id_eq(&rec->run, &lv->run);
	if (!foreign)
		return;
	if (rec->terms > level_terms(lv)) {
		die(lv, "a record was written under newer terms than ours");
		return;
	}
	if (key.type == KEY_CUT) {
		output_cut(lv, o, &key, rec, verdict == CLAIM_COUNTS && !live);
		return;
	}
	if (!is_row(&key) || lv->core.output_of(lv->core.self, &key) != output)
		return;
	struct emitted_key ek = key_of(&key);
	struct emitted_slot *s = slot_of(lv, &ek);

	if (verdict != CLAIM_COUNTS || live) {
		emitted_set(s, EMITTED_UNKNOWN, 0);
		lv->answers++;
		todo_add(o, s, &ek);
		o->cuts_taken = false;
	} else if (rec->value.ptr) {
		emitted_set(s, EMITTED_KNOWN, hash64(rec->value.ptr, rec->value.len, lv->seed));
	} else if (emitted_queued(s)) {
		emitted_set(s, EMITTED_ABSENT, 0);
	} else {
		drop(lv, s);
	}
}

void
level_acked(struct level *lv, int output, uint64_t tag, bool durable)
{
	struct output *o = &lv->out[output];
	struct sent *sent;

	MUST(tag == o->acked && o->acked < o->sent);
	sent = &o->ring[o->acked++ % o->ring_cap];
	if (durable)
		return;
	o->cuts_taken = false;
	switch ((enum sent_what)sent->what) {
	case SENT_ROW: {
		struct emitted_slot *s = slot_of(lv, &sent->key);

		emitted_set(s, EMITTED_UNKNOWN, 0);
		todo_add(o, s, &sent->key);
		break;
	}
	case SENT_CUT:
		cut_state_of(lv, o, sent->cut)->state = EMITTED_UNKNOWN;
		break;
	case SENT_CLAIM:
		o->claim_sent = false;
		break;
	}
}

/* --- records out */

static bool
has_room(const struct output *o)
{
	return o->sent - o->acked < LEVEL_UNACKED_MAX;
}

static void
ring_grow(struct output *o)
{
	struct output old = *o;

	o->ring_cap = old.ring_cap ? old.ring_cap * 2 : RING_FIRST;
	o->ring = mem_zalloc(o->ring_cap, sizeof(*o->ring));
	for (uint64_t i = o->acked; i < o->sent; i++)
		o->ring[i % o->ring_cap] = old.ring[i % old.ring_cap];
	mem_free(old.ring);
}

static bool
send(struct level *lv, int output, struct span value, const struct sent *what)
{
	struct output *o = &lv->out[output];

	if (!has_room(o) || lv->port.send(lv->port.self, output, buf_view(&lv->key), value, o->sent))
		return false;
	if (o->sent - o->acked == o->ring_cap)
		ring_grow(o);
	o->ring[o->sent++ % o->ring_cap] = *what;
	return true;
}

/* Makes the output agree for one key; false: no room, the key is queued. */
static bool
reconcile(struct level *lv, int output, const struct key *key)
{
	struct output *o = &lv->out[output];
	struct emitted_key ek = key_of(key);
	struct emitted_slot *s = emitted_find(&lv->emitted, &ek);
	bool want;
	uint64_t hash = 0;

	buf_reset(&lv->value);
	want = lv->core.want(lv->core.self, key, &lv->value);
	if (want)
		hash = hash64(lv->value.ptr, lv->value.len, lv->seed);
	if (want ? s && emitted_same(s, hash) : emitted_state(s) == EMITTED_ABSENT) {
		if (emitted_state(s) == EMITTED_ABSENT && s && !emitted_queued(s))
			drop(lv, s);
		return true;
	}
	key_format(key, &lv->key);
	if (!send(lv, output, want ? buf_view(&lv->value) : SPAN_NONE,
		&(struct sent){ .key = ek, .what = SENT_ROW })) {
		todo_add(o, slot_of(lv, &ek), &ek);
		return false;
	}
	if (want)
		emitted_set(s ? s : slot_of(lv, &ek), EMITTED_KNOWN, hash);
	else if (emitted_queued(s))
		emitted_set(s, EMITTED_ABSENT, 0);
	else
		drop(lv, s);
	return true;
}

static struct key
wide_key(const struct emitted_key *key)
{
	return (struct key){ .type = (enum key_type)key->type, .a = key->a, .b = key->b };
}

static bool
drain_todo(struct level *lv, int output, int *budget)
{
	struct output *o = &lv->out[output];

	while (o->todo_at < o->todo_n && *budget > 0) {
		struct emitted_key ek = o->todo[o->todo_at++];
		struct emitted_slot *s = emitted_find(&lv->emitted, &ek);
		struct key key = wide_key(&ek);

		MUST(emitted_queued(s));
		emitted_queue(s, false);
		(*budget)--;
		if (!reconcile(lv, output, &key))
			return false;
	}
	if (o->todo_at == o->todo_n)
		o->todo_at = o->todo_n = 0;
	return o->todo_n == 0;
}

/* What stands in the output when we become its owner is looked at once, place by place;
 * what is dropped on the way leaves its place to another, which is looked at next. */
static bool
sweep(struct level *lv, int *budget)
{
	struct emitted_key ek, now;

	while (lv->sweeping && lv->sweep_at < lv->emitted.cap && *budget > 0) {
		size_t at = lv->sweep_at;
		struct key key;

		if (!emitted_at(&lv->emitted, at, &ek)) {
			lv->sweep_at++;
			continue;
		}
		(*budget)--;
		key = wide_key(&ek);
		if (!reconcile(lv, lv->core.output_of(lv->core.self, &key), &key))
			return false;
		if (lv->sweep_at == at && emitted_at(&lv->emitted, at, &now)
		    && id_eq(&now.a, &ek.a) && id_eq(&now.b, &ek.b) && now.type == ek.type)
			lv->sweep_at++;
	}
	lv->sweeping = lv->sweeping && lv->sweep_at < lv->emitted.cap;
	return !lv->sweeping;
}

static bool
inputs_doubtful(const struct level *lv)
{
	for (int i = 0; i < lv->in_n; i++)
		if (claims_doubtful(&lv->in[i].claims))
			return true;
	return false;
}

/* Takes the cuts as they are now: everything they cover has been sent. */
static void
take_cuts(struct level *lv, struct output *o)
{
	bool differs = false;

	for (uint32_t i = 0; i < lv->cuts_n; i++) {
		struct cut_state *cs = cut_state_of(lv, o, i);

		cs->due = false;
		if (!lv->cuts[i].has)
			continue;
		cs->taken = cut_greatest(&cs->have, &lv->cuts[i].want);
		cs->due = cs->state != EMITTED_KNOWN || !cut_same(&cs->taken, &cs->have);
		differs |= cs->due;
	}
	o->cuts_taken = differs;
	o->barrier = o->sent;
}

static bool
send_cuts(struct level *lv, int output)
{
	struct output *o = &lv->out[output];

	for (uint32_t i = 0; i < o->cuts_n; i++) {
		struct cut_state *cs = &o->cuts[i];

		if (!cs->due)
			continue;
		key_format(&(struct key){ .type = KEY_CUT, .stream = lv->cuts[i].input }, &lv->key);
		buf_reset(&lv->value);
		lv->port.encode_cut(lv->port.carrier, &cs->taken, &lv->value);
		if (!send(lv, output, buf_view(&lv->value),
			&(struct sent){ .what = SENT_CUT, .cut = i }))
			return false;
		cs->have = cs->taken;
		cs->state = EMITTED_KNOWN;
		cs->due = false;
	}
	o->cuts_taken = false;
	return true;
}

static void
step_cuts(struct level *lv)
{
	bool doubtful = inputs_doubtful(lv);

	side_cuts(lv);
	for (int i = 0; i < lv->out_n; i++) {
		struct output *o = &lv->out[i];

		if (o->todo_n)
			continue;
		if (!o->cuts_taken && !doubtful)
			take_cuts(lv, o);
		if (o->cuts_taken && o->acked >= o->barrier)
			send_cuts(lv, i);
	}
}

static bool
folded(const struct level *lv)
{
	for (int i = 0; i < lv->in_n; i++)
		if (lv->in[i].position < lv->in[i].is.end)
			return false;
	for (int o = 0; o < lv->out_n; o++)
		if (lv->out[o].position < lv->out[o].end)
			return false;
	return true;
}

static bool
step_claims(struct level *lv)
{
	bool all = true;

	for (int i = 0; i < lv->out_n; i++) {
		struct output *o = &lv->out[i];
		struct claim claim;

		all &= o->claimed;
		if (o->claim_sent)
			continue;
		claim.epoch = claims_holder(&o->mine, SPAN_LIT("*")).epoch + 1;
		key_format(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = lv->run },
		    &lv->key);
		buf_reset(&lv->value);
		lv->port.encode_claim(lv->port.carrier, &claim, &lv->value);
		o->claim_sent = send(lv, i, buf_view(&lv->value),
		    &(struct sent){ .what = SENT_CLAIM });
	}
	return all;
}

/*
 * Have the inputs been folded as far as the cuts in the outputs say?  Who was
 * owner before us may have read further than we have (it went on while we were
 * folding): until we have seen what it saw, writing our view would take back
 * rows that its cuts cover, and cuts never go back.
 */
static bool
covers_outputs(struct level *lv)
{
	side_cuts(lv);
	for (int o = 0; o < lv->out_n; o++)
		for (uint32_t i = 0; i < lv->cuts_n; i++) {
			const struct cut *have = &cut_state_of(lv, &lv->out[o], i)->have;
			const struct cut_name *name = &lv->cuts[i];
			struct cut both = cut_greatest(have, &name->want);

			/* A name that no input of ours carries: an older program's. */
			if (name->has ? !cut_same(&both, &name->want)
				      : !cut_same(have, &CUT_NOTHING) && inputs_doubtful(lv))
				return false;
		}
	return true;
}

bool
level_step(struct level *lv, int budget)
{
	struct key key;
	bool clear = true;
	int output;

	if (lv->state == LEVEL_DEAD)
		return false;
	if (lv->state == LEVEL_FOLDING && folded(lv))
		lv->state = LEVEL_CLAIMING;
	if (lv->state == LEVEL_CLAIMING && step_claims(lv) && covers_outputs(lv)) {
		lv->state = LEVEL_LIVE;
		lv->sweeping = true;
	}
	if (lv->state != LEVEL_LIVE)
		return false;
	lv->core.settle(lv->core.self);
	for (int i = 0; i < lv->out_n; i++)
		clear &= drain_todo(lv, i, &budget);
	if (!clear || !sweep(lv, &budget))
		return true;
	while (lv->core.next_touched(lv->core.self, &key, &output)) {
		/* What is sent now stands behind the barrier: a cut already
		 * taken still covers only what was sent before it. */
		clear &= reconcile(lv, output, &key);
		if (--budget <= 0 || !clear)
			return true;
	}
	step_cuts(lv);
	return false;
}

enum level_state
level_state(const struct level *lv)
{
	return lv->state;
}

const char *
level_why_dead(const struct level *lv)
{
	return lv->why ? lv->why : "";
}

int64_t
level_terms(const struct level *lv)
{
	for (int i = 0; i < lv->in_n; i++)
		if (lv->in[i].is.terms)
			return lv->in[i].position;
	return 0;
}

bool
level_idle(const struct level *lv)
{
	if (lv->state != LEVEL_LIVE || lv->sweeping)
		return false;
	for (int i = 0; i < lv->out_n; i++) {
		const struct output *o = &lv->out[i];

		if (o->todo_n || o->acked != o->sent || o->cuts_taken)
			return false;
	}
	return true;
}

bool
level_owes(const struct level *lv)
{
	for (int i = 0; i < lv->out_n; i++)
		if (lv->out[i].todo_n)
			return true;
	return lv->sweeping;
}

size_t
level_emitted_bytes(const struct level *lv)
{
	return emitted_bytes(&lv->emitted);
}

uint64_t
level_answers(const struct level *lv)
{
	return lv->answers;
}
