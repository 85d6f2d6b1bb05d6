#include "sink/loop.h"

#include <stdio.h>
#include <time.h>

#include "common/claim.h"
#include "common/io/daemon.h"
#include "common/io/level_task.h"
#include "common/io/log.h"
#include "common/mem.h"
#include "common/must.h"
#include "sink/store.h"

enum {
	SINK_PARTS_MAX = SINK_SLOTS_MAX,
	SINK_READ_MAX = 20000,   /* records of one round */
	SINK_WAIT_MS = 20,       /* for the first record of a round */
	SINK_ASK_MS = 10000,
	SINK_ARENA_BYTES = 4 * 1024 * 1024, /* of one decoded record */
	SINK_RESYNC_IDLE_MAX = 3000, /* empty polls before a resync gives up */
	SINK_YOUNG_MS = 12 * 3600 * 1000, /* half of Kafka's delete.retention.ms: see part_load() */
};

struct part {
	char *topic;           /* owned, full */
	const char *name;      /* without the prefix; within topic */
	int32_t partition;
	struct claims claims;
	int64_t written;       /* what ops.offset says */
	int64_t next;          /* where the reader stands */
	int64_t first_end;     /* holes below it are old compaction */
	int64_t ready_at;      /* where the log ended when it was loaded */
	bool loaded;
	struct log_rate undecodable;
};

struct sink_loop {
	const struct sink_conf *conf;
	struct av_catalogue *catalogue;
	struct kreader *reader;
	struct kgroup *group;
	struct store *store;
	struct sink_batch *batch;
	struct part *parts[SINK_PARTS_MAX];
	int parts_n;
	struct arena arena;
	int64_t batch_since_ms; /* 0: empty */
	int64_t committed_ms;
	bool retrying;
	struct sink_counts counts;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- partitions come and go */

static void
on_gained(void *owner, const char *topic, int32_t partition)
{
	struct sink_loop *sk = owner;
	struct part *p = mem_zalloc(1, sizeof(*p));

	MUST(sk->parts_n < SINK_PARTS_MAX);
	p->topic = mem_strdup(topic);
	p->name = p->topic + strlen(sk->conf->prefix) + 1;
	p->partition = partition;
	claims_init(&p->claims, strcmp(p->name, "evidence") == 0);
	sk->parts[sk->parts_n++] = p;
}

static void
part_free(struct part *p)
{
	claims_release(&p->claims);
	mem_free(p->topic);
	mem_free(p);
}

static void
claims_forget(struct part *p)
{
	bool by_topic = p->claims.by_topic;

	claims_release(&p->claims);
	claims_init(&p->claims, by_topic);
}

/* What was read and not written goes with it: whoever has the partition next
 * reads from what the database says. */
static void
unload_all(struct sink_loop *sk)
{
	struct err err;

	for (int i = 0; i < sk->parts_n; i++) {
		struct part *p = sk->parts[i];

		if (p->loaded)
			kreader_remove(sk->reader, p->topic, p->partition, &err);
		p->loaded = false;
		claims_forget(p);
	}
	sink_batch_reset(sk->batch);
	sk->batch_since_ms = 0;
	sk->retrying = false;
	sk->counts.reloads++;
}

static void
on_lost(void *owner, const char *topic, int32_t partition)
{
	struct sink_loop *sk = owner;

	unload_all(sk);
	for (int i = 0; i < sk->parts_n; i++) {
		struct part *p = sk->parts[i];

		if (p->partition != partition || strcmp(p->topic, topic) != 0)
			continue;
		part_free(p);
		sk->parts[i] = sk->parts[--sk->parts_n];
		return;
	}
}

static void
load_claim(void *arg, struct span stream, int64_t epoch, const struct id *run)
{
	struct part *p = arg;

	claims_restore(&p->claims, stream, epoch, run);
}

static void
load_doubt(void *arg, struct span key, int64_t offset, int64_t since_ms)
{
	struct part *p = arg;

	(void)since_ms;
	claims_restore_doubt(&p->claims, key, offset);
}

static int
verdict(enum store_result result, struct err *err)
{
	switch (result) {
	case STORE_DONE:
		return 0;
	case STORE_STALE:
	case STORE_UNKNOWN:
		err_set(err, ERR_RETRY, "the database moved: its offsets are read again");
		return -1;
	case STORE_RETRY:
		err->class = ERR_RETRY;
		return -1;
	case STORE_FATAL:
		err->class = ERR_FATAL;
		return -1;
	}
	NOT_REACHED("a store result has a name");
}

static int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * A fold that began within Kafka's delete.retention.ms has missed no tombstone:
 * the holes before it are older.  So a restart in the middle of a first load
 * goes on where it was, and does not begin again in one transaction.  What was
 * deleted from the log's start (low) was not compacted: that is a hole at any age.
 */
static bool
fold_is_whole(const struct store_fold *fold, int64_t low)
{
	return fold->next_offset == 0
	    || (fold->next_offset >= low && wall_ms() - fold->since_ms < SINK_YOUNG_MS);
}

static int
part_load(struct sink_loop *sk, struct part *p, struct err *err)
{
	struct store_reader reader = { .arg = p, .claim = load_claim, .doubt = load_doubt };
	struct store_fold fold = { 0 };
	int64_t low, high;

	claims_forget(p); /* an attempt that failed may have left half of them */
	if (verdict(store_load(sk->store, p->name, p->partition, &reader, &fold, err), err))
		return -1;
	if (kreader_watermarks(sk->reader, p->topic, p->partition, &low, &high, SINK_ASK_MS, err))
		return -1;
	p->written = p->next = fold.next_offset;
	p->first_end = fold_is_whole(&fold, low) ? high : 0;
	p->ready_at = high;
	if (fold.next_offset > high)
		return err_set(err, ERR_FATAL,
		    "'%s' partition %d ends at %lld, before the database's offset %lld: was the "
		    "topic made anew, or the database restored from elsewhere?",
		    p->topic, p->partition, (long long)high, (long long)fold.next_offset);
	if (kreader_add(sk->reader, p->topic, p->partition, p->next > low ? p->next : low, p, err))
		return -1;
	p->loaded = true;
	return 0;
}

static int
load_all(struct sink_loop *sk, struct err *err)
{
	for (int i = 0; i < sk->parts_n; i++)
		if (!sk->parts[i]->loaded && part_load(sk, sk->parts[i], err))
			return -1;
	return 0;
}

/* --- one record into the batch */

static int
read_as(struct sink_loop *sk, struct part *p, const struct av_record *binding,
    const struct rec *rec, void *out)
{
	struct err err;

	if (av_read(sk->catalogue, binding, rec->value, out, &sk->arena, &err) == 0)
		return 0;
	sk->counts.undecodable++;
	if (log_rate(&p->undecodable, now_ms()))
		log_event(LOG_ERROR, "record-undecodable", LOG_STR(topic, p->topic),
		    LOG_INT(partition, p->partition), LOG_INT(offset, rec->offset), LOG_ERR(&err));
	return -1;
}

static void
undecodable_tell(struct sink_loop *sk)
{
	for (int i = 0; i < sk->parts_n; i++) {
		struct part *p = sk->parts[i];
		uint64_t held = log_rate_over(&p->undecodable, now_ms());

		if (held)
			log_event(LOG_ERROR, "records-undecodable", LOG_STR(topic, p->topic),
			    LOG_INT(partition, p->partition), LOG_INT(offset, p->next),
			    LOG_INT(count, held),
			    LOG_STR(reason, "as many more in the minute up to this offset"));
	}
}

static void
row_evidence(struct sink_loop *sk, struct part *p, uint32_t slot, const struct key *key,
    const struct rec *rec)
{
	if (strcmp(p->name, "rejected") == 0) {
		struct rejected rej;

		if (!rec->value.ptr)
			sink_batch_rejected(sk->batch, slot, key, NULL);
		else if (read_as(sk, p, &rejected_binding, rec, &rej) == 0)
			sink_batch_rejected(sk->batch, slot, key, &rej);
		return;
	}
	struct evidence ev;

	if (!rec->value.ptr)
		sink_batch_evidence(sk->batch, slot, key, NULL);
	else if (read_as(sk, p, &evidence_binding, rec, &ev) == 0)
		sink_batch_evidence(sk->batch, slot, key, &ev);
}

static void
row_linked(struct sink_loop *sk, struct part *p, uint32_t slot, const struct key *key,
    const struct rec *rec)
{
	struct rec said = *rec;
	bool decision = key->type == KEY_UNIT_DECISION;
	struct linked ln;
	struct decision de;

	if (!rec->value.ptr) {
		if (decision)
			sink_batch_decision(sk->batch, slot, key, NULL, NULL);
		else
			sink_batch_link(sk->batch, slot, key, NULL);
		return;
	}
	if (read_as(sk, p, &linked_binding, rec, &ln))
		return;
	if (!decision) {
		sink_batch_link(sk->batch, slot, key, &ln);
		return;
	}
	said.value = ln.decision; /* as it was sent, within the link */
	if (read_as(sk, p, &decision_binding, &said, &de) == 0)
		sink_batch_decision(sk->batch, slot, key, &ln, &de);
}

static void
row_pair(struct sink_loop *sk, struct part *p, uint32_t slot, const struct key *key,
    const struct rec *rec)
{
	struct linked ln;

	if (!rec->value.ptr)
		sink_batch_pair(sk->batch, slot, key, NULL);
	else if (read_as(sk, p, &linked_binding, rec, &ln) == 0)
		sink_batch_pair(sk->batch, slot, key, &ln);
}

static void
row(struct sink_loop *sk, struct part *p, uint32_t slot, const struct key *key,
    const struct rec *rec)
{
	struct outcome out;
	struct cut cut;

	switch (key->type) {
	case KEY_RECORD:
		row_evidence(sk, p, slot, key, rec);
		return;
	case KEY_UNIT_EVENT:
	case KEY_UNIT_DECISION:
		row_linked(sk, p, slot, key, rec);
		return;
	case KEY_PAIR:
		row_pair(sk, p, slot, key, rec);
		return;
	case KEY_OUTCOME:
		if (!rec->value.ptr)
			sink_batch_outcome(sk->batch, slot, key, NULL);
		else if (read_as(sk, p, &outcome_binding, rec, &out) == 0)
			sink_batch_outcome(sk->batch, slot, key, &out);
		return;
	case KEY_CUT:
		if (rec->value.ptr && read_as(sk, p, &cut_binding, rec, &cut) == 0)
			sink_batch_cut(sk->batch, slot, key->stream, &cut);
		return;
	case KEY_CLAIM:
	case KEY_OTHER:
		return;
	}
}

static void
fold(struct sink_loop *sk, struct part *p, uint32_t slot, const struct rec *rec)
{
	struct key key = key_parse(rec->key);
	struct claim claim = { 0 };
	bool doubted;

	sk->counts.records++;
	arena_reset(&sk->arena);
	if (key.type == KEY_CLAIM && (!rec->value.ptr || read_as(sk, p, &claim_binding, rec, &claim)))
		return;
	doubted = p->claims.doubts.count && strmap_find(&p->claims.doubts, rec->key);
	switch (claims_apply(&p->claims, &key, rec, claim.epoch)) {
	case CLAIM_TAKEN:
		sink_batch_claim(sk->batch, slot, key.stream, claim.epoch, &rec->run);
		return;
	case CLAIM_OUTBID:
		return;
	case CLAIM_PASSED:
		sk->counts.passed++;
		sink_batch_doubt(sk->batch, slot, rec->key, rec->offset);
		return;
	case CLAIM_COUNTS:
		if (doubted)
			sink_batch_answered(sk->batch, slot, rec->key);
		row(sk, p, slot, &key, rec);
		return;
	}
}

/* --- a partition folded anew */

static int
resync_commit(struct sink_loop *sk, struct err *err)
{
	int result = verdict(store_resync_add(sk->store, sk->batch, err), err);

	sink_batch_reset(sk->batch);
	return result;
}

static int
resync_read(struct sink_loop *sk, struct part *p, int64_t end, struct err *err)
{
	struct kreader *reader = kreader_new(&sk->conf->kafka, err);
	struct krecord krec;
	struct rec rec;
	int got, idle = 0, result = -1;
	uint32_t slot;

	if (!reader || kreader_add(reader, p->topic, p->partition, KAFKA_BEGIN, p, err))
		goto out;
	while (kreader_position(reader, p->topic, p->partition) < end) {
		daemon_lives(); /* one round, as long as the partition is */
		got = kreader_poll(reader, SINK_WAIT_MS, &krec, err);
		if (got < 0 && err->class != ERR_RETRY)
			goto out;
		if (got <= 0) {
			if (++idle > SINK_RESYNC_IDLE_MAX) {
				err_set(err, ERR_RETRY, "no records came while '%s' was read again",
				    p->topic);
				goto out;
			}
			continue;
		}
		rec = carry_rec(&krec);
		slot = sink_batch_slot(sk->batch, p->name, p->partition, p->written);
		fold(sk, p, slot, &rec);
		if (sink_batch_full(sk->batch) && resync_commit(sk, err))
			goto out;
	}
	result = resync_commit(sk, err);
out:
	kreader_free(reader);
	return result;
}

static int
resync(struct sink_loop *sk, struct part *p, struct err *err)
{
	int64_t low, high;
	int result = -1;

	log_event(LOG_WARN, "resync", LOG_STR(topic, p->topic), LOG_INT(partition, p->partition),
	    LOG_INT(offset, p->next));
	unload_all(sk);
	sk->counts.resyncs++;
	if (kreader_watermarks(sk->reader, p->topic, p->partition, &low, &high, SINK_ASK_MS, err))
		return -1;
	if (verdict(store_resync_begin(sk->store, p->name, p->partition, p->written, err), err))
		return -1;
	result = resync_read(sk, p, high, err);
	if (result)
		store_resync_abort(sk->store);
	else
		result = verdict(store_resync_end(sk->store, high, err), err);
	unload_all(sk);
	return result;
}

/* --- the round */

static int
write_batch(struct sink_loop *sk, struct err *err)
{
	enum store_result result = store_commit(sk->store, sk->batch, err);

	sk->retrying = result == STORE_RETRY;
	switch (result) {
	case STORE_DONE:
		for (uint32_t i = 0; i < sink_batch_slots(sk->batch); i++) {
			const struct sink_slot *slot = sink_batch_slot_at(sk->batch, i);

			for (int k = 0; k < sk->parts_n; k++)
				if (sk->parts[k]->partition == slot->partition
				    && strcmp(sk->parts[k]->name, slot->topic) == 0)
					sk->parts[k]->written = slot->next;
		}
		sk->counts.commits++;
		sink_batch_reset(sk->batch);
		sk->batch_since_ms = 0;
		return 0;
	case STORE_STALE:
	case STORE_UNKNOWN:
		log_event(LOG_WARN, "offsets-read-again", LOG_STR(code,
		    result == STORE_STALE ? "stale" : "unknown"));
		unload_all(sk);
		return 0;
	case STORE_RETRY:
		sk->counts.retries++;
		err->class = ERR_RETRY;
		return -1;
	case STORE_FATAL:
		err->class = ERR_FATAL;
		return -1;
	}
	NOT_REACHED("a store result has a name");
}

static int
take(struct sink_loop *sk, const struct krecord *krec, struct err *err)
{
	struct part *p = krec->opaque;
	struct rec rec = carry_rec(krec);
	uint32_t slot;

	if (!p->loaded)
		return 0;
	if (rec.offset > p->next && p->next >= p->first_end)
		return resync(sk, p, err);
	slot = sink_batch_slot(sk->batch, p->name, p->partition, p->written);
	fold(sk, p, slot, &rec);
	p->next = rec.offset + 1;
	sink_batch_advance(sk->batch, slot, p->next);
	if (!sk->batch_since_ms)
		sk->batch_since_ms = now_ms();
	return 0;
}

/*
 * Where the log's end holds no record the reader's position moves all the same:
 * behind first_end that is a hole like any other, also when everything is gone.
 */
static int
follow_positions(struct sink_loop *sk, struct err *err)
{
	sk->counts.lag = 0;
	for (int i = 0; i < sk->parts_n; i++) {
		struct part *p = sk->parts[i];
		int64_t position = kreader_position(sk->reader, p->topic, p->partition);
		uint32_t slot;

		if (p->loaded && position > p->next) {
			if (p->next >= p->first_end)
				return resync(sk, p, err);
			slot = sink_batch_slot(sk->batch, p->name, p->partition, p->written);
			p->next = position;
			sink_batch_advance(sk->batch, slot, position);
			if (!sk->batch_since_ms)
				sk->batch_since_ms = now_ms();
		}
		sk->counts.lag += p->next - p->written;
	}
	return 0;
}

/* All that was there when the partitions were loaded is in the database; who stands by has
 * nothing, once the group has said so. */
static bool
caught_up(const struct sink_loop *sk)
{
	for (int i = 0; i < sk->parts_n; i++) {
		const struct part *p = sk->parts[i];

		if (!p->loaded
		    || kreader_position(sk->reader, p->topic, p->partition) < p->ready_at)
			return false;
	}
	return kgroup_joined(sk->group) && !sk->batch_since_ms;
}

static void
tell_group(struct sink_loop *sk)
{
	int64_t now = now_ms();
	struct err err;

	if (now - sk->committed_ms < sk->conf->commit_every_ms)
		return;
	sk->committed_ms = now;
	for (int i = 0; i < sk->parts_n; i++)
		if (sk->parts[i]->loaded)
			kgroup_commit(sk->group, sk->parts[i]->topic, sk->parts[i]->partition,
			    sk->parts[i]->written, &err);
}

int
sink_loop_round(struct sink_loop *sk, struct err *err)
{
	struct krecord krec;
	int got = 0, n;

	if (kgroup_poll(sk->group, sk->parts_n ? 0 : SINK_WAIT_MS, err))
		return -1;
	if (sk->retrying)
		return write_batch(sk, err) ? -1 : 1;
	if (load_all(sk, err))
		return -1;
	for (n = 0; n < SINK_READ_MAX && !sink_batch_full(sk->batch); n++) {
		got = kreader_poll(sk->reader, n ? 0 : SINK_WAIT_MS, &krec, err);
		if (got <= 0)
			break;
		if (take(sk, &krec, err))
			return -1;
	}
	if (got < 0 && strcmp(err->code, "kafka-out-of-range") == 0)
		return resync(sk, krec.opaque, err) ? -1 : 1;
	if (got < 0 && err->class != ERR_RETRY)
		return -1;
	if (got == 0 && follow_positions(sk, err))
		return -1;
	if (sk->batch_since_ms
	    && (sink_batch_full(sk->batch)
		|| now_ms() - sk->batch_since_ms >= sk->conf->flush_after_ms)
	    && write_batch(sk, err))
		return -1;
	tell_group(sk);
	undecodable_tell(sk);
	if (!sk->counts.ready && caught_up(sk))
		sk->counts.ready = true;
	return n > 0;
}

int
sink_loop_drain(struct sink_loop *sk, int wait_ms, struct err *err)
{
	int64_t until = now_ms() + wait_ms;
	struct timespec pause = { .tv_nsec = 50 * 1000000L };

	while (sk->batch_since_ms) {
		if (write_batch(sk, err) == 0)
			continue;
		if (err->class != ERR_RETRY || now_ms() >= until)
			return -1;
		nanosleep(&pause, NULL);
	}
	sk->committed_ms = 0;
	tell_group(sk);
	return 0;
}

const struct sink_counts *
sink_loop_counts(const struct sink_loop *sk)
{
	return &sk->counts;
}

struct sink_loop *
sink_loop_new(const struct sink_conf *conf, struct av_catalogue *catalogue, struct err *err)
{
	static const char *const names[] = { "evidence", "rejected", "linked", "outcomes" };
	struct sink_loop *sk = mem_zalloc(1, sizeof(*sk));
	char topics[4][TOPIC_NAME_MAX + 1];
	const char *list[4];

	sk->conf = conf;
	sk->catalogue = catalogue;
	arena_init(&sk->arena, SINK_ARENA_BYTES);
	sk->batch = sink_batch_new();
	for (int i = 0; i < 4; i++) {
		snprintf(topics[i], sizeof(topics[i]), "%s.%s", conf->prefix, names[i]);
		list[i] = topics[i];
	}
	sk->store = store_open(conf->pguri, err);
	sk->reader = sk->store ? kreader_new(&conf->kafka, err) : NULL;
	if (sk->reader)
		sk->group = kgroup_new(&conf->kafka, conf->group_id, conf->instance_id, list, 4,
		    &(struct kgroup_events){ .owner = sk, .gained = on_gained, .lost = on_lost },
		    err);
	if (sk->group)
		return sk;
	sink_loop_free(sk);
	return NULL;
}

void
sink_loop_free(struct sink_loop *sk)
{
	if (!sk)
		return;
	kgroup_free(sk->group);
	for (int i = 0; i < sk->parts_n; i++)
		part_free(sk->parts[i]);
	kreader_free(sk->reader);
	store_close(sk->store);
	sink_batch_free(sk->batch);
	arena_release(&sk->arena);
	mem_free(sk);
}
