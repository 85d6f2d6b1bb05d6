#include "ingest/share.h"

#include "common/cut.h"
#include "common/mem.h"
#include "common/must.h"

enum {
	SHARE_UNACKED_MAX = 65536, /* records of one log sent and not acknowledged */
	/* Of one log, or one request and a half: a producer has five under way, many
	 * of them small, and librdkafka spins while more is ready than they take. */
	SHARE_UNACKED_BYTES = 1536 * 1024,
	SHARE_CUT_EVERY = 10000,   /* raw records between cuts while there is always more */
	SHARE_AHEAD_MAX = 1 << 20, /* offsets ahead of raw of which is remembered what stands */
};

/* What stands in evidence for an offset: 0: unknown, or nothing. */
#define STANDS_KNOWN 1u

/* What stands in `rejected` under a key: above these bits a hash of the payload,
 * 0: unknown, perhaps nothing. */
#define REJECT_SAID 1u    /* evidence says that it is a reject */
#define REJECT_PAYLOAD 2u
#define REJECT_BITS 3u

enum sent_what { SENT_ROW, SENT_ORPHAN, SENT_CUT, SENT_CLAIM };

struct sent {
	int64_t offset; /* raw offset of a row, index of an orphan */
	enum sent_what what;
	uint32_t bytes;
};

struct flight {
	struct sent *ring;
	uint64_t sent, acked;
	uint64_t bytes; /* of what is not acknowledged */
};

/* A record that raw no longer holds, and that has to be written: it was erased,
 * or somebody wrote it who does not hold the claim.  Or raw does not hold it yet. */
struct orphan {
	int32_t epoch;
	int64_t offset;
	struct span value; /* owned; NULL: a tombstone */
	bool answers;      /* evidence is due, not just what stands in `rejected` */
	bool due;          /* to be sent; otherwise sent, and kept until acknowledged */
	bool ahead;        /* of raw: looked at when raw has been read to its end */
};

struct share {
	struct share_port port;
	struct span topic; /* owned */
	int32_t epoch;
	struct id run;
	uint64_t seed;
	enum level_state state;
	const char *why;
	struct claims mine;
	int64_t position[SHARE_LOGS], end[SHARE_LOGS];
	bool claim_sent;

	uint64_t *stands;           /* [offset - base] */
	int64_t base, next, top;    /* raw offsets; top: highest `next` so far */
	int64_t raw_end;            /* raw holds no offset from here on, as far as we know */
	size_t stands_cap;
	struct strmap rejects;      /* by key: of rejects, and wherever there is a payload */
	int64_t again_from;         /* lowest offset to look at again; INT64_MAX: none */

	struct flight flight[SHARE_LOGS];
	struct cut cut;             /* greatest of ours: sent, or found */
	int64_t recipe;             /* what compute() goes by besides terms */
	bool cut_found;             /* it stands in the log, as far as we know */
	struct cut taken;
	bool cut_taken;
	uint64_t barrier[SHARE_LOGS];
	int64_t since_cut;          /* raw records looked at since the last cut */
	date_t complete;
	int64_t terms_next, terms_read_at;
	bool orphans_seen;          /* there is evidence that raw no longer holds */
	struct orphan *orphan;
	struct strmap orphan_at;    /* by key: index + 1 */
	size_t orphans_n, orphans_cap, orphans_due, orphans_ahead;
	uint64_t made_up;
	struct buf key, value, place;
};

struct share *
share_new(const struct share_port *port, struct span topic, int32_t epoch, int64_t raw_low,
    int64_t raw_end, const int64_t ends[SHARE_LOGS], const struct id *run, uint64_t seed)
{
	struct share *sh = mem_zalloc(1, sizeof(*sh));
	uint8_t *name = mem_alloc(topic.len);

	memcpy(name, topic.ptr, topic.len);
	sh->port = *port;
	sh->topic = span_of(name, topic.len);
	sh->epoch = epoch;
	sh->run = *run;
	sh->seed = seed;
	memcpy(sh->end, ends, sizeof(sh->end));
	sh->base = sh->next = sh->top = raw_low;
	sh->raw_end = raw_end;
	sh->again_from = INT64_MAX;
	sh->cut = CUT_NOTHING;
	sh->complete = DATE_NONE;
	sh->terms_read_at = -1;
	claims_init(&sh->mine, true);
	strmap_init(&sh->rejects, seed);
	strmap_init(&sh->orphan_at, seed);
	for (int i = 0; i < SHARE_LOGS; i++)
		sh->flight[i].ring = mem_zalloc(SHARE_UNACKED_MAX, sizeof(struct sent));
	return sh;
}

void
share_recipe(struct share *sh, int64_t recipe)
{
	MUST(sh->state == LEVEL_FOLDING);
	sh->recipe = recipe;
}

void
share_free(struct share *sh)
{
	if (!sh)
		return;
	claims_release(&sh->mine);
	strmap_release(&sh->rejects);
	strmap_release(&sh->orphan_at);
	mem_free((void *)(uintptr_t)sh->topic.ptr);
	mem_free(sh->stands);
	for (size_t i = 0; i < sh->orphans_n; i++)
		mem_free((void *)(uintptr_t)sh->orphan[i].value.ptr);
	mem_free(sh->orphan);
	for (int i = 0; i < SHARE_LOGS; i++)
		mem_free(sh->flight[i].ring);
	buf_release(&sh->key);
	buf_release(&sh->value);
	buf_release(&sh->place);
	mem_free(sh);
}

static void
die(struct share *sh, const char *why)
{
	sh->state = LEVEL_DEAD;
	sh->why = why;
}

/* --- what stands */

/* NULL: nothing is remembered there. */
static uint64_t *
stands_at(struct share *sh, int64_t offset)
{
	size_t i;

	if (offset < sh->base || offset - SHARE_AHEAD_MAX >= sh->raw_end)
		return NULL;
	i = (size_t)(offset - sh->base);
	if (i >= sh->stands_cap) {
		size_t cap = sh->stands_cap ? sh->stands_cap * 2 : 1024;

		while (cap <= i)
			cap *= 2;
		sh->stands = mem_realloc(sh->stands, cap, sizeof(*sh->stands));
		memset(sh->stands + sh->stands_cap, 0,
		    (cap - sh->stands_cap) * sizeof(*sh->stands));
		sh->stands_cap = cap;
	}
	return &sh->stands[i];
}

static uint64_t
hash_of(const struct share *sh, struct span evidence)
{
	return hash64(evidence.ptr, evidence.len, sh->seed) | STANDS_KNOWN;
}

/* This offset is looked at again; nothing beyond it is covered until then. */
static void
again(struct share *sh, int64_t offset)
{
	if (offset < sh->base)
		offset = sh->base;
	if (offset < sh->again_from)
		sh->again_from = offset;
	sh->cut_taken = false;
}

static void
doubt(struct share *sh, int64_t offset)
{
	uint64_t *stands;

	if (offset >= sh->top && sh->state == LEVEL_LIVE) {
		/* Not looked at yet: it is written when we come to it, even if
		 * what we found there was right. */
		if ((uint64_t)(offset - sh->base) < sh->stands_cap)
			sh->stands[offset - sh->base] = 0;
		return;
	}
	stands = stands_at(sh, offset);
	if (!stands)
		return;
	*stands = 0;
	again(sh, offset);
}

/* --- what stands in `rejected` */

/* The key of a raw record of this epoch. */
static struct span
place_of(struct share *sh, int64_t offset)
{
	key_format(&(struct key){ .type = KEY_RECORD, .stream = sh->topic, .epoch = sh->epoch,
		       .offset = offset },
	    &sh->place);
	return buf_view(&sh->place);
}

static uint64_t
reject_at(const struct share *sh, struct span place)
{
	const uint64_t *at = strmap_find(&sh->rejects, place);

	return at ? *at : 0;
}

static void
reject_put(struct share *sh, struct span place, uint64_t state)
{
	if (state)
		*strmap_put(&sh->rejects, place, NULL) = state;
	else if (sh->rejects.count)
		strmap_del(&sh->rejects, place);
}

static void
reject_say(struct share *sh, struct span place, bool says)
{
	reject_put(sh, place,
	    (reject_at(sh, place) & ~(uint64_t)REJECT_SAID) | (says ? REJECT_SAID : 0));
}

static uint64_t
payload_hash(const struct share *sh, struct span payload)
{
	return (hash64(payload.ptr, payload.len, sh->seed) & ~(uint64_t)REJECT_BITS) | REJECT_PAYLOAD;
}

/* Something may stand there. */
static void
payload_doubt(struct share *sh, struct span place)
{
	reject_put(sh, place, (reject_at(sh, place) & REJECT_SAID) | REJECT_PAYLOAD);
}

/* --- evidence that raw no longer holds */

static struct orphan *
orphan_find(struct share *sh, struct span place)
{
	const uint64_t *at = strmap_find(&sh->orphan_at, place);

	return at ? &sh->orphan[*at - 1] : NULL;
}

static void
orphan_due(struct share *sh, struct orphan *o, bool due)
{
	sh->orphans_due += due;
	sh->orphans_due -= o->due;
	o->due = due;
	if (due)
		sh->cut_taken = false;
}

static struct orphan *
orphan_put(struct share *sh, const struct key *key, struct span place)
{
	struct orphan *o = orphan_find(sh, place);

	if (o)
		return o;
	if (sh->orphans_n == sh->orphans_cap) {
		sh->orphans_cap = sh->orphans_cap ? sh->orphans_cap * 2 : 16;
		sh->orphan = mem_realloc(sh->orphan, sh->orphans_cap, sizeof(*sh->orphan));
	}
	o = &sh->orphan[sh->orphans_n++];
	*o = (struct orphan){ .epoch = key->epoch, .offset = key->offset };
	*strmap_put(&sh->orphan_at, place, NULL) = sh->orphans_n;
	return o;
}

static void
orphan_set(struct orphan *o, struct span value)
{
	uint8_t *copy = value.ptr ? mem_alloc(value.len) : NULL;

	if (copy)
		memcpy(copy, value.ptr, value.len);
	mem_free((void *)(uintptr_t)o->value.ptr);
	o->value = copy ? span_of(copy, value.len) : SPAN_NONE;
}

static bool
is_orphan(const struct share *sh, const struct key *key)
{
	return key->epoch != sh->epoch || key->offset < sh->base;
}

/*
 * The last record of a key decides whether it still has to be erased.  One
 * that is passed over is answered with itself, less what was erased: every
 * owner says the same of a raw record, and nobody can look at this one again.
 */
static void
orphan_found(struct share *sh, const struct key *key, const struct rec *rec, bool counts)
{
	bool erased = rec->value.ptr && sh->port.erased(sh->port.self, rec->value);
	struct orphan *o;

	sh->orphans_seen = true;
	reject_say(sh, rec->key,
	    rec->value.ptr && !erased && sh->port.rejects(sh->port.self, rec->value));
	if (counts && !erased) {
		o = orphan_find(sh, rec->key);
		if (o)
			orphan_due(sh, o, false);
		return;
	}
	o = orphan_put(sh, key, rec->key);
	o->answers = true;
	buf_reset(&sh->value);
	if (!erased)
		orphan_set(o, rec->value);
	else if (sh->port.stub && sh->port.stub(sh->port.self, rec->value, &sh->value))
		orphan_set(o, buf_view(&sh->value));
	else
		orphan_set(o, SPAN_NONE);
	orphan_due(sh, o, true);
}

/* A payload that no evidence speaks of any more: it goes. */
static void
orphan_payload(struct share *sh, const struct key *key, struct span place)
{
	if ((reject_at(sh, place) & REJECT_BITS) == REJECT_PAYLOAD)
		orphan_due(sh, orphan_put(sh, key, place), true);
}

/* Raw has not got there, as far as we know: is there a record at all? */
static void
orphan_ahead(struct share *sh, const struct key *key, struct span place)
{
	struct orphan *o = orphan_put(sh, key, place);

	sh->orphans_ahead += !o->ahead;
	o->ahead = true;
}

/* --- the logs, read back */

/* Where one log has a reject and the other has not. */
static void
rejects_compare(struct share *sh)
{
	const struct strmap_slot *s;
	uint32_t at = 0;

	while ((s = strmap_next(&sh->rejects, &at))) {
		struct span place = span_of(s->key, s->len);
		struct key key = key_parse(place);

		if (is_orphan(sh, &key))
			orphan_payload(sh, &key, place);
		else if ((s->value & REJECT_BITS) != REJECT_BITS)
			again(sh, key.offset);
	}
}

/* Where to begin: behind the cut that was found, unless it was taken under
 * terms that have changed since or by another recipe, or is of a raw topic
 * that was made anew. */
static void
begin(struct share *sh)
{
	bool ours = sh->cut.epoch == sh->epoch;
	bool resumable = ours && sh->cut.offset >= sh->base - 1
	    && sh->cut.terms_offset >= sh->terms_read_at && sh->cut.recipe == sh->recipe;

	rejects_compare(sh);
	sh->complete = sh->cut.complete_through;
	sh->next = resumable ? sh->cut.offset + 1 : sh->base;
	sh->top = ours && sh->cut.offset + 1 > sh->next ? sh->cut.offset + 1 : sh->next;
	if (sh->again_from < sh->next)
		sh->next = sh->again_from;
	sh->again_from = INT64_MAX;
	sh->state = LEVEL_LIVE;
	sh->port.seek(sh->port.self, sh->next);
}

static void
evidence_claim(struct share *sh, const struct key *key, const struct rec *rec)
{
	struct claim claim;
	struct claim_stream held;
	bool ours = id_eq(&rec->run, &sh->run), holds;

	if (!rec->value.ptr || !sh->port.decode_claim(sh->port.carrier, rec->value, &claim))
		return;
	claims_apply(&sh->mine, key, rec, claim.epoch);
	held = claims_holder(&sh->mine, sh->topic);
	holds = id_eq(&held.run, &sh->run);
	if (ours && holds && sh->state != LEVEL_LIVE)
		begin(sh);
	else if (!holds && (ours || sh->state == LEVEL_LIVE))
		die(sh, "outbid: another run holds the claim");
}

static void
evidence_cut(struct share *sh, const struct rec *rec, bool counts)
{
	struct cut cut;

	if (counts && sh->state != LEVEL_LIVE && rec->value.ptr
	    && sh->port.decode_cut(sh->port.carrier, rec->value, &cut)) {
		sh->cut = cut;
		sh->cut_found = true;
	} else {
		sh->cut_found = false;
	}
	sh->cut_taken = false;
}

static void
evidence_record(struct share *sh, const struct rec *rec)
{
	struct key key = key_parse(rec->key);
	bool counts;

	if ((key.type != KEY_RECORD && key.type != KEY_CUT && key.type != KEY_CLAIM)
	    || !span_eq(key.stream, sh->topic))
		return;
	if (key.type == KEY_CLAIM) {
		evidence_claim(sh, &key, rec);
		return;
	}
	counts = claims_apply(&sh->mine, &key, rec, 0) == CLAIM_COUNTS;
	if (id_eq(&rec->run, &sh->run))
		return;
	if (rec->terms > sh->terms_next) {
		die(sh, "a record was written under newer terms than ours");
		return;
	}
	if (key.type == KEY_CUT) {
		evidence_cut(sh, rec, counts);
		return;
	}
	if (is_orphan(sh, &key)) {
		orphan_found(sh, &key, rec, counts);
		return;
	}
	if (key.offset >= sh->raw_end && (rec->value.ptr || !counts))
		orphan_ahead(sh, &key, rec->key);
	if (!counts || sh->state == LEVEL_LIVE || !rec->value.ptr) {
		doubt(sh, key.offset);
	} else {
		uint64_t *stands = stands_at(sh, key.offset);

		if (stands)
			*stands = hash_of(sh, rec->value);
		if (sh->port.erased(sh->port.self, rec->value))
			again(sh, key.offset);
		reject_say(sh, rec->key, sh->port.rejects(sh->port.self, rec->value));
	}
}

static void
rejected_record(struct share *sh, const struct rec *rec)
{
	struct key key = key_parse(rec->key);

	if (key.type != KEY_RECORD || !span_eq(key.stream, sh->topic) || id_eq(&rec->run, &sh->run))
		return;
	if (rec->terms > sh->terms_next) {
		die(sh, "a record was written under newer terms than ours");
		return;
	}
	if (sh->state != LEVEL_LIVE) {
		reject_put(sh, rec->key,
		    (reject_at(sh, rec->key) & REJECT_SAID)
			| (rec->value.ptr ? payload_hash(sh, rec->value) : 0));
		return;
	}
	payload_doubt(sh, rec->key);
	if (is_orphan(sh, &key))
		orphan_payload(sh, &key, rec->key);
	else if (key.offset < sh->top)
		again(sh, key.offset);
}

void
share_log_record(struct share *sh, enum share_log log, const struct rec *rec, int64_t position)
{
	sh->position[log] = position;
	if (!rec || sh->state == LEVEL_DEAD)
		return;
	switch (log) {
	case SHARE_EVIDENCE:
		evidence_record(sh, rec);
		return;
	case SHARE_REJECTED:
		rejected_record(sh, rec);
		return;
	case SHARE_LOGS:
		break;
	}
	NOT_REACHED("a log has a name");
}

/* --- raw */

void
share_terms(struct share *sh, int64_t terms_next, int64_t read_at)
{
	bool changed = read_at != sh->terms_read_at;

	sh->terms_next = terms_next;
	sh->terms_read_at = read_at;
	if (changed && sh->state == LEVEL_LIVE)
		again(sh, sh->base);
}

void
share_erasure(struct share *sh)
{
	if (sh->orphans_seen)
		die(sh, "an erasure may reach behind what raw still holds");
	else
		again(sh, sh->base);
}

static bool
has_room(const struct flight *f)
{
	return f->sent - f->acked < SHARE_UNACKED_MAX - 4 && f->bytes < SHARE_UNACKED_BYTES;
}

bool
share_room(const struct share *sh)
{
	return sh->state == LEVEL_LIVE && has_room(&sh->flight[SHARE_EVIDENCE])
	    && has_room(&sh->flight[SHARE_REJECTED]);
}

static bool
send(struct share *sh, enum share_log log, struct span key, struct span value,
    enum sent_what what, int64_t offset)
{
	struct flight *f = &sh->flight[log];

	if (sh->port.send(sh->port.self, log, key, value, f->sent))
		return false;
	f->ring[f->sent++ % SHARE_UNACKED_MAX] = (struct sent){ .offset = offset, .what = what,
		.bytes = (uint32_t)(key.len + value.len) };
	f->bytes += key.len + value.len;
	return true;
}

/* What should stand in `rejected`: the payload of a reject, else nothing.  *state: of its
 * key, before and after. */
static bool
send_payload(struct share *sh, struct span place, struct span payload, int64_t offset,
    uint64_t *state)
{
	uint64_t want = payload.ptr ? payload_hash(sh, payload) : 0;

	if (want ? (*state & ~(uint64_t)REJECT_SAID) == want : !(*state & REJECT_PAYLOAD))
		return true;
	if (!send(sh, SHARE_REJECTED, place, payload, SENT_ROW, offset))
		return false;
	*state = (*state & REJECT_SAID) | want;
	return true;
}

void
share_raw_record(struct share *sh, const struct rec *rec)
{
	struct share_result res = { .complete_through = DATE_NONE };
	uint64_t *stands, hash, before, state;
	struct span place;
	bool sent;

	MUST(share_room(sh));
	if (rec->offset < sh->next)
		return; /* before a seek took effect */
	if (rec->offset >= sh->raw_end)
		sh->raw_end = rec->offset + 1;
	sh->port.compute(sh->port.self, rec, &res);
	stands = stands_at(sh, rec->offset);
	MUST(stands != NULL);
	hash = hash_of(sh, res.evidence);
	place = place_of(sh, rec->offset);
	before = state = reject_at(sh, place);
	sent = send_payload(sh, place, res.rejected, rec->offset, &state);
	if (sent && *stands != hash) {
		sent = send(sh, SHARE_EVIDENCE, place, res.evidence, SENT_ROW, rec->offset);
		*stands = sent ? hash : 0;
	}
	if (sent)
		state = (state & ~(uint64_t)REJECT_SAID) | (res.rejected.ptr ? REJECT_SAID : 0);
	else
		again(sh, rec->offset);
	if (state != before)
		reject_put(sh, place, state);
	if (res.complete_through != DATE_NONE && res.complete_through > sh->complete)
		sh->complete = res.complete_through;
	sh->next = rec->offset + 1;
	if (sh->next > sh->top)
		sh->top = sh->next;
	sh->since_cut++;
}

/* It may stand there or not: it is sent again. */
static void
row_failed(struct share *sh, enum share_log log, int64_t offset)
{
	if (log == SHARE_EVIDENCE) {
		doubt(sh, offset);
		return;
	}
	payload_doubt(sh, place_of(sh, offset));
	again(sh, offset);
}

static void
orphan_failed(struct share *sh, enum share_log log, struct orphan *o)
{
	if (log == SHARE_EVIDENCE) {
		o->answers = true;
	} else {
		key_format(&(struct key){ .type = KEY_RECORD, .stream = sh->topic, .epoch = o->epoch,
			       .offset = o->offset },
		    &sh->place);
		payload_doubt(sh, buf_view(&sh->place));
	}
	orphan_due(sh, o, true);
}

void
share_acked(struct share *sh, enum share_log log, uint64_t tag, bool durable)
{
	struct flight *f = &sh->flight[log];
	const struct sent *sent;

	MUST(tag == f->acked && f->acked < f->sent);
	sent = &f->ring[f->acked++ % SHARE_UNACKED_MAX];
	f->bytes -= sent->bytes;
	if (durable)
		return;
	sh->cut_taken = false;
	switch (sent->what) {
	case SENT_ROW:
		row_failed(sh, log, sent->offset);
		break;
	case SENT_ORPHAN:
		orphan_failed(sh, log, &sh->orphan[sent->offset]);
		break;
	case SENT_CUT:
		sh->cut_found = false;
		break;
	case SENT_CLAIM:
		sh->claim_sent = false;
		break;
	}
}

/* --- the step */

static void
claim(struct share *sh)
{
	struct claim c = { .epoch = claims_holder(&sh->mine, sh->topic).epoch + 1 };

	key_format(&(struct key){ .type = KEY_CLAIM, .stream = sh->topic, .a = sh->run },
	    &sh->key);
	buf_reset(&sh->value);
	sh->port.encode_claim(sh->port.carrier, &c, &sh->value);
	sh->claim_sent = send(sh, SHARE_EVIDENCE, buf_view(&sh->key), buf_view(&sh->value), SENT_CLAIM, -1);
}

static void
step_again(struct share *sh)
{
	if (sh->again_from < sh->next) {
		sh->next = sh->again_from;
		sh->port.seek(sh->port.self, sh->next);
	}
	sh->again_from = INT64_MAX;
}

/* What is erased goes from both logs; false: no room. */
static bool
orphan_send(struct share *sh, int64_t at)
{
	struct orphan *o = &sh->orphan[at];
	struct span place;

	key_format(&(struct key){ .type = KEY_RECORD, .stream = sh->topic, .epoch = o->epoch,
		       .offset = o->offset },
	    &sh->place);
	place = buf_view(&sh->place);
	if ((reject_at(sh, place) & REJECT_BITS) == REJECT_PAYLOAD) {
		if (!send(sh, SHARE_REJECTED, place, SPAN_NONE, SENT_ORPHAN, at))
			return false;
		reject_put(sh, place, 0);
	}
	if (o->answers && !send(sh, SHARE_EVIDENCE, place, o->value, SENT_ORPHAN, at))
		return false;
	o->answers = false;
	orphan_due(sh, o, false);
	return true;
}

/* Raw has been read to its end: what is still ahead of it has no raw record. */
static void
step_ahead(struct share *sh)
{
	for (size_t i = 0; sh->orphans_ahead && i < sh->orphans_n; i++) {
		struct orphan *o = &sh->orphan[i];
		uint64_t *stands;

		if (!o->ahead)
			continue;
		o->ahead = false;
		sh->orphans_ahead--;
		if (o->offset < sh->next)
			continue; /* it came, and was looked at */
		stands = stands_at(sh, o->offset);
		if (stands)
			*stands = 0;
		reject_say(sh, place_of(sh, o->offset), false);
		o->answers = true;
		orphan_due(sh, o, true);
		sh->made_up++;
	}
}

static void
step_orphans(struct share *sh)
{
	for (size_t i = 0; sh->orphans_due && i < sh->orphans_n; i++)
		if (sh->orphan[i].due
		    && (!has_room(&sh->flight[SHARE_EVIDENCE]) || !has_room(&sh->flight[SHARE_REJECTED])
			|| !orphan_send(sh, (int64_t)i)))
			return;
}

/* A cut covers what was looked at and is acknowledged, and never goes back. */
static void
step_cut(struct share *sh, bool idle)
{
	struct cut now = { .offset = sh->next - 1, .complete_through = sh->complete,
		.terms_offset = sh->terms_next - 1, .epoch = sh->epoch, .recipe = sh->recipe };

	if (!sh->cut_taken && !sh->orphans_due && sh->next == sh->top && cut_cmp(&now, &sh->cut) >= 0
	    && (idle || sh->since_cut >= SHARE_CUT_EVERY)
	    && (!sh->cut_found || !cut_same(&now, &sh->cut))) {
		sh->taken = now;
		sh->cut_taken = true;
		sh->since_cut = 0;
		for (int i = 0; i < SHARE_LOGS; i++)
			sh->barrier[i] = sh->flight[i].sent;
	}
	if (!sh->cut_taken || !has_room(&sh->flight[SHARE_EVIDENCE]))
		return;
	for (int i = 0; i < SHARE_LOGS; i++)
		if (sh->flight[i].acked < sh->barrier[i])
			return;
	key_format(&(struct key){ .type = KEY_CUT, .stream = sh->topic }, &sh->key);
	buf_reset(&sh->value);
	sh->port.encode_cut(sh->port.carrier, &sh->taken, &sh->value);
	if (!send(sh, SHARE_EVIDENCE, buf_view(&sh->key), buf_view(&sh->value), SENT_CUT, -1))
		return;
	sh->cut = sh->taken;
	sh->cut_found = true;
	sh->cut_taken = false;
}

void
share_step(struct share *sh, bool idle)
{
	switch (sh->state) {
	case LEVEL_FOLDING:
		for (int i = 0; i < SHARE_LOGS; i++)
			if (sh->position[i] < sh->end[i])
				return;
		sh->state = LEVEL_CLAIMING;
		/* fallthrough */
	case LEVEL_CLAIMING:
		if (!sh->claim_sent)
			claim(sh);
		return;
	case LEVEL_LIVE:
		step_again(sh);
		if (idle && sh->next >= sh->raw_end)
			step_ahead(sh);
		step_orphans(sh);
		step_cut(sh, idle);
		return;
	case LEVEL_DEAD:
		return;
	}
}

enum level_state
share_state(const struct share *sh)
{
	return sh->state;
}

const char *
share_why_dead(const struct share *sh)
{
	return sh->why ? sh->why : "";
}

bool
share_idle(const struct share *sh)
{
	if (sh->state != LEVEL_LIVE || sh->again_from != INT64_MAX || sh->orphans_due || sh->cut_taken
	    || !sh->cut_found || sh->next != sh->top || share_cut_offset(sh) != sh->next - 1)
		return false;
	for (int i = 0; i < SHARE_LOGS; i++)
		if (sh->flight[i].acked != sh->flight[i].sent)
			return false;
	return true;
}

int64_t
share_next(const struct share *sh)
{
	return sh->next;
}

int64_t
share_cut_offset(const struct share *sh)
{
	return sh->cut.epoch == sh->epoch ? sh->cut.offset : -1;
}

int64_t
share_terms_next(const struct share *sh)
{
	return sh->terms_next;
}

uint64_t
share_made_up(const struct share *sh)
{
	return sh->made_up;
}
