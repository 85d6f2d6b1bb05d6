#include "ingest/share.h"

#include "common/cut.h"
#include "common/mem.h"
#include "common/must.h"

enum {
	SHARE_UNACKED_MAX = 65536, /* records of one log sent and not acknowledged */
	SHARE_CUT_EVERY = 10000,   /* raw records between cuts while there is always more */
};

/* What stands for an offset: 0 unknown or nothing; else bit 1 set, bit 0: a reject. */
#define STANDS_KNOWN 2u
#define STANDS_REJECT 1u

enum sent_what { SENT_ROW, SENT_ORPHAN, SENT_CUT, SENT_CLAIM };

struct sent {
	int64_t offset; /* raw offset of a row, index of an orphan */
	enum sent_what what;
};

struct flight {
	struct sent *ring;
	uint64_t sent, acked;
};

/* A record that raw no longer holds, and that has to be written: it was erased,
 * or somebody wrote it who does not hold the claim. */
struct orphan {
	int32_t epoch;
	int64_t offset;
	struct span value; /* owned; NULL: a tombstone */
	bool clears;       /* its sealed payload goes as well */
	bool due;          /* to be sent; otherwise sent, and kept until acknowledged */
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
	int64_t position, end;      /* in evidence */
	bool claim_sent;

	uint64_t *stands;           /* [offset - base] */
	int64_t base, next, top;    /* raw offsets; top: highest `next` so far */
	size_t stands_cap;
	int64_t known_top;          /* offsets below it may have a hash */
	int64_t strays_top;         /* a former owner may have sent payloads below it */
	int64_t again_from;         /* lowest offset to look at again; INT64_MAX: none */

	struct flight flight[SHARE_LOGS];
	struct cut cut;             /* greatest of ours: sent, or found */
	bool cut_found;             /* it stands in the log, as far as we know */
	struct cut taken;
	bool cut_taken;
	uint64_t barrier[SHARE_LOGS];
	int64_t since_cut;          /* raw records looked at since the last cut */
	int64_t covered;            /* offsets up to here were covered when we began */
	date_t complete;
	int64_t terms_next, terms_read_at;
	bool orphans_seen;          /* there is evidence that raw no longer holds */
	struct orphan *orphan;
	size_t orphans_n, orphans_cap, orphans_due;
	struct buf key, value;
};

struct share *
share_new(const struct share_port *port, struct span topic, int32_t epoch, int64_t raw_low,
    int64_t evidence_end, const struct id *run, uint64_t seed)
{
	struct share *sh = mem_zalloc(1, sizeof(*sh));
	uint8_t *name = mem_alloc(topic.len);

	memcpy(name, topic.ptr, topic.len);
	sh->port = *port;
	sh->topic = span_of(name, topic.len);
	sh->epoch = epoch;
	sh->run = *run;
	sh->seed = seed;
	sh->end = evidence_end;
	sh->base = sh->next = sh->top = sh->known_top = raw_low;
	sh->again_from = INT64_MAX;
	sh->cut = CUT_NOTHING;
	sh->covered = -1;
	sh->complete = DATE_NONE;
	sh->terms_read_at = -1;
	claims_init(&sh->mine, true);
	for (int i = 0; i < SHARE_LOGS; i++)
		sh->flight[i].ring = mem_zalloc(SHARE_UNACKED_MAX, sizeof(struct sent));
	return sh;
}

void
share_free(struct share *sh)
{
	if (!sh)
		return;
	claims_release(&sh->mine);
	mem_free((void *)(uintptr_t)sh->topic.ptr);
	mem_free(sh->stands);
	for (size_t i = 0; i < sh->orphans_n; i++)
		mem_free((void *)(uintptr_t)sh->orphan[i].value.ptr);
	mem_free(sh->orphan);
	for (int i = 0; i < SHARE_LOGS; i++)
		mem_free(sh->flight[i].ring);
	buf_release(&sh->key);
	buf_release(&sh->value);
	mem_free(sh);
}

static void
die(struct share *sh, const char *why)
{
	sh->state = LEVEL_DEAD;
	sh->why = why;
}

/* --- what stands */

static uint64_t *
stands_at(struct share *sh, int64_t offset)
{
	size_t i;

	if (offset < sh->base)
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
	if (offset >= sh->known_top)
		sh->known_top = offset + 1;
	return &sh->stands[i];
}

static uint64_t
hash_of(const struct share *sh, struct span evidence)
{
	return (hash64(evidence.ptr, evidence.len, sh->seed) & ~(uint64_t)3) | STANDS_KNOWN;
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
			sh->stands[offset - sh->base] &= STANDS_REJECT;
		return;
	}
	stands = stands_at(sh, offset);
	if (!stands)
		return;
	*stands &= STANDS_REJECT; /* that something is in `rejected` is still so */
	again(sh, offset);
}

/* --- evidence that raw no longer holds */

static struct orphan *
orphan_find(struct share *sh, const struct key *key)
{
	for (size_t i = 0; i < sh->orphans_n; i++)
		if (sh->orphan[i].epoch == key->epoch && sh->orphan[i].offset == key->offset)
			return &sh->orphan[i];
	return NULL;
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
orphan_put(struct share *sh, const struct key *key)
{
	struct orphan *o = orphan_find(sh, key);

	if (o)
		return o;
	if (sh->orphans_n == sh->orphans_cap) {
		sh->orphans_cap = sh->orphans_cap ? sh->orphans_cap * 2 : 16;
		sh->orphan = mem_realloc(sh->orphan, sh->orphans_cap, sizeof(*sh->orphan));
	}
	o = &sh->orphan[sh->orphans_n++];
	*o = (struct orphan){ .epoch = key->epoch, .offset = key->offset };
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
	if (counts && !erased) {
		o = orphan_find(sh, key);
		if (o)
			orphan_due(sh, o, false);
		return;
	}
	o = orphan_put(sh, key);
	buf_reset(&sh->value);
	if (!erased)
		orphan_set(o, rec->value);
	else if (sh->port.stub && sh->port.stub(sh->port.self, rec->value, &sh->value))
		orphan_set(o, buf_view(&sh->value));
	else
		orphan_set(o, SPAN_NONE);
	o->clears |= erased;
	orphan_due(sh, o, true);
}

/* --- evidence, read back */

/* Where to begin: behind the cut that was found, unless it was taken under
 * terms that have changed since, or is of a raw topic that was made anew. */
static void
begin(struct share *sh)
{
	bool ours = sh->cut.epoch == sh->epoch;
	bool resumable = ours && sh->cut.offset >= sh->base - 1
	    && sh->cut.terms_offset >= sh->terms_read_at;

	/* It may have sent a payload whose evidence never landed: no further
	 * ahead than it could have sent without an acknowledgement. */
	sh->strays_top = sh->known_top + SHARE_UNACKED_MAX;
	sh->covered = ours ? sh->cut.offset : -1;
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

void
share_evidence_record(struct share *sh, const struct rec *rec, int64_t position)
{
	struct key key;
	bool counts;

	sh->position = position;
	if (!rec || sh->state == LEVEL_DEAD)
		return;
	key = key_parse(rec->key);
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
	if (key.epoch != sh->epoch || key.offset < sh->base) {
		orphan_found(sh, &key, rec, counts);
		return;
	}
	if (!counts || sh->state == LEVEL_LIVE || !rec->value.ptr) {
		doubt(sh, key.offset);
	} else {
		uint64_t *stands = stands_at(sh, key.offset);

		if (stands)
			*stands = hash_of(sh, rec->value);
		if (sh->port.erased(sh->port.self, rec->value))
			again(sh, key.offset);
	}
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
	return f->sent - f->acked < SHARE_UNACKED_MAX - 4;
}

bool
share_room(const struct share *sh)
{
	return sh->state == LEVEL_LIVE && has_room(&sh->flight[SHARE_EVIDENCE])
	    && has_room(&sh->flight[SHARE_REJECTED]);
}

static bool
send(struct share *sh, enum share_log log, struct span value, enum sent_what what, int64_t offset)
{
	struct flight *f = &sh->flight[log];

	if (sh->port.send(sh->port.self, log, buf_view(&sh->key), value, f->sent))
		return false;
	f->ring[f->sent++ % SHARE_UNACKED_MAX] = (struct sent){ .offset = offset, .what = what };
	return true;
}

void
share_raw_record(struct share *sh, const struct rec *rec)
{
	struct share_result res = { .complete_through = DATE_NONE };
	bool sent = true, reject, was_reject, differs;
	bool seen = rec->offset < sh->known_top || rec->offset < sh->strays_top;
	uint64_t *stands, hash;

	MUST(share_room(sh));
	if (rec->offset < sh->next)
		return; /* before a seek took effect */
	sh->port.compute(sh->port.self, rec, &res);
	stands = stands_at(sh, rec->offset);
	MUST(stands != NULL);
	reject = res.rejected.ptr != NULL;
	was_reject = *stands & STANDS_REJECT;
	hash = hash_of(sh, res.evidence);
	differs = (*stands & ~(uint64_t)STANDS_REJECT) != hash;
	key_format(&(struct key){ .type = KEY_RECORD, .stream = sh->topic, .epoch = sh->epoch,
		       .offset = rec->offset },
	    &sh->key);
	/* `rejected` is not read back: what the last cut does not cover is sent
	 * again, and what somebody looked at before may have been a reject then. */
	if (reject && (differs || rec->offset > sh->covered))
		sent = send(sh, SHARE_REJECTED, res.rejected, SENT_ROW, rec->offset);
	else if (!reject && seen && (differs || was_reject))
		sent = send(sh, SHARE_REJECTED, SPAN_NONE, SENT_ROW, rec->offset);
	if (sent && differs)
		sent = send(sh, SHARE_EVIDENCE, res.evidence, SENT_ROW, rec->offset);
	*stands = (sent ? hash : 0) | (reject || (was_reject && !sent) ? STANDS_REJECT : 0);
	if (!sent)
		again(sh, rec->offset);
	if (res.complete_through != DATE_NONE && res.complete_through > sh->complete)
		sh->complete = res.complete_through;
	sh->next = rec->offset + 1;
	if (sh->next > sh->top)
		sh->top = sh->next;
	sh->since_cut++;
}

void
share_acked(struct share *sh, enum share_log log, uint64_t tag, bool durable)
{
	struct flight *f = &sh->flight[log];
	const struct sent *sent;

	MUST(tag == f->acked && f->acked < f->sent);
	sent = &f->ring[f->acked++ % SHARE_UNACKED_MAX];
	if (durable)
		return;
	sh->cut_taken = false;
	switch (sent->what) {
	case SENT_ROW:
		doubt(sh, sent->offset);
		break;
	case SENT_ORPHAN:
		orphan_due(sh, &sh->orphan[sent->offset], true);
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
	sh->claim_sent = send(sh, SHARE_EVIDENCE, buf_view(&sh->value), SENT_CLAIM, -1);
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

/* What is erased goes from both logs. */
static void
step_orphans(struct share *sh)
{
	for (size_t i = 0; sh->orphans_due && i < sh->orphans_n; i++) {
		struct orphan *o = &sh->orphan[i];

		if (!o->due)
			continue;
		if (!has_room(&sh->flight[SHARE_EVIDENCE]) || !has_room(&sh->flight[SHARE_REJECTED]))
			return;
		key_format(&(struct key){ .type = KEY_RECORD, .stream = sh->topic,
			       .epoch = o->epoch, .offset = o->offset },
		    &sh->key);
		if ((o->clears && !send(sh, SHARE_REJECTED, SPAN_NONE, SENT_ORPHAN, (int64_t)i))
		    || !send(sh, SHARE_EVIDENCE, o->value, SENT_ORPHAN, (int64_t)i))
			return;
		orphan_due(sh, o, false);
	}
}

/* A cut covers what was looked at and is acknowledged, and never goes back. */
static void
step_cut(struct share *sh, bool idle)
{
	struct cut now = { .offset = sh->next - 1, .complete_through = sh->complete,
		.terms_offset = sh->terms_next - 1, .epoch = sh->epoch };

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
	if (!send(sh, SHARE_EVIDENCE, buf_view(&sh->value), SENT_CUT, -1))
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
		if (sh->position < sh->end)
			return;
		sh->state = LEVEL_CLAIMING;
		/* fallthrough */
	case LEVEL_CLAIMING:
		if (!sh->claim_sent)
			claim(sh);
		return;
	case LEVEL_LIVE:
		if (idle && sh->next < sh->strays_top)
			sh->strays_top = sh->next > sh->known_top ? sh->next : sh->known_top;
		step_again(sh);
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
