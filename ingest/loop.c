#include "ingest/loop.h"

#include <stdio.h>
#include <time.h>

#include "common/io/level_task.h"
#include "common/io/log.h"
#include "common/io/termsbook.h"
#include "common/mem.h"
#include "common/must.h"
#include "ingest/shell_judge.h"
#include "ingest/shell_terms.h"
#include "ingest/share.h"

enum {
	LOOP_SLOTS_MAX = 256,    /* raw topics of one process */
	LOOP_READ_MAX = 4000,    /* records of one log in one round */
	LOOP_OWN_MAX = 20000,    /* records of what all shares write, in one round */
	LOOP_WAIT_MS = 10,       /* for a first record; one share waits in each round */
	LOOP_ASK_MS = 10000,     /* a broker may take this long to say where a log ends */
	LOOP_AGAIN_MS = 200,     /* before a share that is over is made anew */
	LOOP_JOINED_MS = 5000,   /* a group has shared its topics out by then */
	LOOP_MISSING_MS = 10000, /* before a missing topic is looked for again */
	LOOP_MISTAKES_MAX = 10,  /* of one page, logged line by line */
	LOOP_DECODE_BYTES = 1024 * 1024, /* one record of a side topic or of evidence */
};

static const char *const eraser_roles[] = { "eraser", "publisher", NULL };

/* --- state */

enum side_log { SIDE_TERMS, SIDE_SUPPRESSED, SIDE_LOGS };

static const char *const side_names[SIDE_LOGS] = { "terms", "suppressed" };

/* As it was written: whether it counts is asked again when people's pages change. */
struct erasure {
	uint8_t *value; /* owned */
	size_t len;
};

struct side {
	struct kreader *reader;
	char topics[SIDE_LOGS][TOPIC_NAME_MAX + 1];
	int64_t next[SIDE_LOGS], end[SIDE_LOGS]; /* end: seen at the start */
	struct termsbook *book;
	struct erasure *erasures;
	size_t erasures_n, erasures_cap;
	struct idmap erased;
	struct rules *rules;     /* in force; NULL: none yet */
	uint32_t mistakes;       /* of the newest pages */
	struct strmap said;      /* these, as they were logged */
	int64_t read_at;         /* newest terms record that ingestd's answer depends on */
	bool started;            /* read to the ends seen at the start */
	bool erased_more;        /* since the shares were told */
	const char *idle_said;   /* why there is nothing to do: logged once */
};

struct task_end {
	struct share_task *task;
	enum share_log log;
};

struct share_task {
	struct ingest_loop *loop;
	struct share *share;
	struct kreader *raw;       /* read only when there is room */
	struct kwriter *writer;
	struct task_end ends[SHARE_LOGS];
	const char *topic, *name;  /* the slot's */
	struct id run;
	int32_t epoch;
	int64_t own_next[SHARE_LOGS], own_end[SHARE_LOGS]; /* folded up to; end: at the start */
	int64_t raw_end;           /* as last asked */
	uint64_t made_up;          /* as last said */
	int again_ms;              /* to wait when it is over, before it is made anew */
	bool raw_added, over, caught_up;
};

/*
 * What the shares write, read once for all of them: they live in one partition.
 * A share that is new takes the reader back to the start; the others pass over
 * what they know.
 *
 *	log      0 ............ next .... own_next of A (live) ......
 *	                        └ B folds it, A has it already
 */
struct own {
	struct kreader *reader;   /* NULL: none */
	enum share_log log[SHARE_LOGS];
	int64_t next[SHARE_LOGS]; /* where it stands */
	int read;                 /* records of the last round */
};

struct slot {
	char *topic;      /* owned, full */
	const char *name; /* without the prefix; within topic */
	struct share_task *task;
	int64_t again_ms;
	bool ready;       /* said so in the log */
};

struct ingest_loop {
	const struct ingest_conf *conf;
	struct av_catalogue *catalogue;
	struct side side;
	struct own own;
	struct judge *judge; /* NULL while no rules are in force */
	struct arena arena;
	char outputs[SHARE_LOGS][TOPIC_NAME_MAX + 1];
	struct kgroup *group;
	int64_t joined_ms;    /* when it was made */
	bool asked;           /* for what we lacked after that, once */
	char **topics;        /* that the group shares out; owned, sorted as agencies are */
	size_t topics_n, missing_n;
	bool followed;        /* the topics in force have been looked for */
	int64_t missing_ms;   /* when missing topics were looked for */
	struct slot slots[LOOP_SLOTS_MAX];
	int slots_n, turn;
	int64_t committed_ms;
	struct ingest_counts counts;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- erasures */

static bool
is_erased(const struct id *event_id, const void *arg)
{
	const struct side *side = arg;

	return idmap_find(&side->erased, event_id) != NULL;
}

static void
erasure_apply(struct ingest_loop *lp, const struct erasure *e)
{
	struct side *side = &lp->side;
	struct suppressed s;
	struct err err;
	bool fresh;

	arena_reset(&lp->arena);
	if (av_read(lp->catalogue, &suppressed_binding, span_of(e->value, e->len), &s, &lp->arena,
		&err)
	    || !termsbook_signed(side->book, &suppressed_binding, &s, s.key_id, s.signature,
		offsetof(struct suppressed, signature), eraser_roles))
		return;
	idmap_put(&side->erased, &s.event_id, &fresh);
	side->erased_more |= fresh;
}

/* An erasure is never taken back: a tombstone says nothing. */
static void
erasure_fold(struct ingest_loop *lp, const struct rec *rec)
{
	struct side *side = &lp->side;
	struct erasure *e;
	uint32_t before = side->erased.count;

	if (!rec->value.ptr || rec->value.len > AV_RECORD_MAX)
		return;
	if (side->erasures_n == side->erasures_cap) {
		side->erasures_cap = side->erasures_cap ? side->erasures_cap * 2 : 64;
		side->erasures
		    = mem_realloc(side->erasures, side->erasures_cap, sizeof(*side->erasures));
	}
	e = &side->erasures[side->erasures_n++];
	*e = (struct erasure){ mem_alloc(rec->value.len + 1), rec->value.len };
	memcpy(e->value, rec->value.ptr, rec->value.len);
	erasure_apply(lp, e);
	if (side->erased.count == before && side->started)
		log_event(LOG_WARN, "erasure-without-effect",
		    LOG_STR(topic, side->topics[SIDE_SUPPRESSED]), LOG_INT(offset, rec->offset),
		    LOG_STR(reason, "said before, or not signed by an eraser or publisher"));
}

static void
erasures_again(struct ingest_loop *lp)
{
	struct side *side = &lp->side;

	idmap_release(&side->erased);
	idmap_init(&side->erased, (uint64_t)(uintptr_t)lp);
	for (size_t i = 0; i < side->erasures_n; i++)
		erasure_apply(lp, &side->erasures[i]);
}

/* --- terms */

/* Once each: the pages are read again whenever terms change. */
static void
mistakes_log(struct side *side, const struct yaml_report *report)
{
	struct buf line = BUF_INIT;
	bool fresh;

	for (uint32_t i = 0; i < report->kept && i < LOOP_MISTAKES_MAX; i++) {
		buf_reset(&line);
		buf_printf(&line, "%s:%d: %s", report->mistakes[i].file, (int)report->mistakes[i].line,
		    report->mistakes[i].text);
		strmap_put(&side->said, buf_view(&line), &fresh);
		if (!fresh)
			continue;
		log_event(LOG_ERROR, "terms-mistaken",
		    LOG_STR(path, report->mistakes[i].file), LOG_INT(line, report->mistakes[i].line),
		    LOG_INT(count, report->n), LOG_STR(reason, report->mistakes[i].text));
	}
	buf_release(&line);
}

/* Once for each reason. */
static void
idle_because(struct side *side, const char *why)
{
	if (!side->started)
		return;
	if (why && side->idle_said != why)
		log_event(LOG_WARN, "waiting-for-terms", LOG_STR(reason, why));
	side->idle_said = why;
}

static void
judge_anew(struct ingest_loop *lp)
{
	struct side *side = &lp->side;
	struct ingest_terms terms = { .agencies = side->rules->agencies,
		.codes = side->rules->codes, .postcodes = lp->conf->postcodes,
		.frequency = lp->conf->frequency, .ring = lp->conf->ring, .next = lp->conf->next,
		.tokens = lp->conf->tokens, .is_suppressed = is_erased,
		.suppressed_arg = side };

	judge_free(lp->judge);
	lp->judge = judge_new(lp->catalogue, &terms);
}

/* What was right stays in force until something else is. */
static void
rules_anew(struct ingest_loop *lp)
{
	struct side *side = &lp->side;
	struct yaml_report report = YAML_REPORT_INIT;
	const char *missing;
	struct rules *rules
	    = rules_of_book(termsbook_book(side->book), &report, &missing), *before = side->rules;

	side->mistakes = report.n;
	if (side->started)
		mistakes_log(side, &report);
	if (rules) {
		side->rules = rules;
		lp->followed = false;
		if (side->started)
			judge_anew(lp);
		rules_free(before);
		idle_because(side, NULL);
	} else if (!before) {
		idle_because(side, missing ? missing : "published terms have mistakes");
	}
	yaml_report_release(&report);
}

static void
terms_fold(struct ingest_loop *lp, const struct rec *rec)
{
	struct side *side = &lp->side;
	struct span thing;

	if (!termsbook_fold(side->book, rec, &thing) || !rules_read_thing(thing))
		return;
	side->read_at = rec->offset;
	if (span_is(thing, "person"))
		erasures_again(lp);
	else
		rules_anew(lp);
}

static int
side_open(struct ingest_loop *lp, struct err *err)
{
	struct side *side = &lp->side;
	int64_t low;

	side->read_at = -1;
	strmap_init(&side->said, 1);
	side->book = termsbook_new(lp->conf->trust_path, lp->catalogue, err);
	side->reader = side->book ? kreader_new(&lp->conf->kafka, err) : NULL;
	if (!side->reader)
		return -1;
	for (int i = 0; i < SIDE_LOGS; i++) {
		snprintf(side->topics[i], sizeof(side->topics[i]), "%s.%s", lp->conf->prefix,
		    side_names[i]);
		if (kreader_watermarks(side->reader, side->topics[i], 0, &low, &side->end[i],
			LOOP_ASK_MS, err)
		    || kreader_add(side->reader, side->topics[i], 0, low, &side->next[i], err))
			return -1;
		side->next[i] = low;
	}
	return 0;
}

static void
side_close(struct side *side)
{
	kreader_free(side->reader);
	termsbook_free(side->book);
	for (size_t i = 0; i < side->erasures_n; i++)
		mem_free(side->erasures[i].value);
	mem_free(side->erasures);
	idmap_release(&side->erased);
	strmap_release(&side->said);
	rules_free(side->rules);
}

/* Everything that was read so far is in force from here on, for all shares. */
static void
side_tell(struct ingest_loop *lp)
{
	struct side *side = &lp->side;

	for (int i = 0; i < lp->slots_n; i++) {
		struct share_task *t = lp->slots[i].task;

		if (!t)
			continue;
		if (share_terms_next(t->share) != side->next[SIDE_TERMS])
			share_terms(t->share, side->next[SIDE_TERMS], side->read_at);
		if (side->erased_more)
			share_erasure(t->share);
	}
	side->erased_more = false;
}

static void
side_started(struct ingest_loop *lp)
{
	struct side *side = &lp->side;

	for (int i = 0; i < SIDE_LOGS; i++)
		if (side->next[i] < side->end[i])
			return;
	side->started = true;
	log_event(LOG_INFO, "terms-read", LOG_INT(terms, side->next[SIDE_TERMS]),
	    LOG_INT(count, side->erased.count));
	rules_anew(lp); /* says what is missing or mistaken, now that it may be said */
	if (side->rules && !lp->judge)
		judge_anew(lp);
}

/* 1: work, 0: idle, -1: err. */
static int
side_round(struct ingest_loop *lp, int wait_ms, struct err *err)
{
	struct side *side = &lp->side;
	struct krecord krec;
	int n, got = 0;

	for (n = 0; n < LOOP_READ_MAX; n++) {
		struct rec rec;

		got = kreader_poll(side->reader, n ? 0 : wait_ms, &krec, err);
		if (got <= 0)
			break;
		rec = carry_rec(&krec);
		if (krec.opaque == &side->next[SIDE_TERMS])
			terms_fold(lp, &rec);
		else
			erasure_fold(lp, &rec);
		*(int64_t *)krec.opaque = krec.offset + 1;
	}
	if (got < 0 && err->class != ERR_RETRY)
		return -1;
	for (int i = 0; got == 0 && i < SIDE_LOGS; i++) {
		int64_t position = kreader_position(side->reader, side->topics[i], 0);

		if (position > side->next[i])
			side->next[i] = position;
	}
	if (!side->started)
		side_started(lp);
	side_tell(lp);
	return n > 0;
}

/* --- a share: what it asks for */

static int
port_send(void *self, enum share_log log, struct span key, struct span value, uint64_t tag)
{
	struct share_task *t = self;
	struct err err;

	if (t->over)
		return -1;
	if (kwriter_send(t->writer, t->loop->outputs[log], 0, key, value, &t->run,
		share_terms_next(t->share), &t->ends[log], tag, &err) == 0) {
		t->loop->counts.sent++;
		return 0;
	}
	if (err.class != ERR_RETRY) {
		log_event(LOG_ERROR, "send-failed", LOG_STR(topic, t->loop->outputs[log]),
		    LOG_ERR(&err));
		t->over = true;
	}
	return -1;
}

static void
on_ack(void *owner, uint64_t tag, int64_t offset, const struct err *err)
{
	struct task_end *end = owner;

	(void)offset;
	if (err && err->class != ERR_RETRY) {
		log_event(LOG_ERROR, "delivery-failed",
		    LOG_STR(topic, end->task->loop->outputs[end->log]), LOG_ERR(err));
		end->task->over = true;
	}
	share_acked(end->task->share, end->log, tag, err == NULL);
}

/* Does the cut reach further than the topic?  Then it is not the topic that was folded. */
static bool
raw_too_short(struct share_task *t, int64_t offset)
{
	struct err err;
	int64_t low;

	if (offset <= t->raw_end
	    || kreader_watermarks(t->raw, t->topic, 0, &low, &t->raw_end, LOOP_ASK_MS, &err)
	    || offset <= t->raw_end)
		return false;
	log_event(LOG_ERROR, "raw-behind-its-cut", LOG_STR(topic, t->topic), LOG_INT(offset, offset),
	    LOG_INT(limit, t->raw_end), LOG_INT(epoch, t->epoch), LOG_INT(retry_ms, LOOP_MISSING_MS),
	    LOG_STR(reason, "the topic ends before what was folded of it: if it was made anew, raise "
			    "its epoch in the agencies' terms"));
	t->again_ms = LOOP_MISSING_MS;
	return true;
}

static void
port_seek(void *self, int64_t offset)
{
	struct share_task *t = self;
	struct err err;
	int failed;

	if (raw_too_short(t, offset)) {
		t->over = true;
		return;
	}
	failed = t->raw_added ? kreader_seek(t->raw, t->topic, 0, offset, &err)
			      : kreader_add(t->raw, t->topic, 0, offset, t, &err);
	if (failed) {
		log_event(LOG_ERROR, "seek-failed", LOG_STR(topic, t->topic), LOG_INT(offset, offset),
		    LOG_ERR(&err));
		t->over = true;
		return;
	}
	t->raw_added = true;
}

static void
port_compute(void *self, const struct rec *raw, struct share_result *result)
{
	struct share_task *t = self;
	struct ingest_counts *c = &t->loop->counts;
	struct raw_position at = { .topic = span_str(t->name), .epoch = t->epoch,
		.offset = raw->offset, .time_ms = raw->time_ms, .key = raw->key };
	struct judgement j;

	judge_record(t->loop->judge, &at, raw->value, &j);
	*result = (struct share_result){ .evidence = j.evidence, .rejected = j.rejected,
		.complete_through = j.complete_through };
	c->raw++;
	switch (j.what) {
	case EVIDENCE_VERSION:
		c->versions++;
		break;
	case EVIDENCE_REJECT:
		c->rejects++;
		break;
	case EVIDENCE_SUPPRESSED:
		c->stubs++;
		break;
	case EVIDENCE_COMPLETE:
		c->completes++;
		break;
	}
}

static bool
port_rejects(void *self, struct span value)
{
	struct share_task *t = self;
	struct ingest_loop *lp = t->loop;
	struct evidence e;
	struct err err;

	arena_reset(&lp->arena);
	return av_read(lp->catalogue, &evidence_binding, value, &e, &lp->arena, &err) == 0
	    && e.what == EVIDENCE_REJECT;
}

/* A reject for its key names one event and seals another: it is looked at again. */
static bool
port_erased(void *self, struct span value)
{
	struct share_task *t = self;
	struct ingest_loop *lp = t->loop;
	struct evidence e;
	struct err err;

	if (lp->side.erased.count == 0)
		return false;
	arena_reset(&lp->arena);
	if (av_read(lp->catalogue, &evidence_binding, value, &e, &lp->arena, &err))
		return true;
	if (e.what == EVIDENCE_SUPPRESSED || e.what == EVIDENCE_COMPLETE)
		return false;
	return is_erased(&e.event_id, &lp->side)
	    || (e.what == EVIDENCE_REJECT && span_is(e.reason, "key-mismatch"));
}

/* What stays of a record that was erased when raw no longer holds it: that it
 * was there, and whose it was by its keyed id. */
static bool
port_stub(void *self, struct span value, struct buf *stub)
{
	struct share_task *t = self;
	struct ingest_loop *lp = t->loop;
	struct evidence e, clean;
	struct err err;

	arena_reset(&lp->arena);
	if (av_read(lp->catalogue, &evidence_binding, value, &e, &lp->arena, &err))
		return false;
	clean = (struct evidence){ .what = EVIDENCE_SUPPRESSED, .source = e.source,
		.organisation = e.organisation, .role = e.role, .event_id = e.event_id,
		.start = DATE_NONE, .end = DATE_NONE, .complete_through = DATE_NONE };
	av_write(lp->catalogue, &evidence_binding, &clean, stub);
	return true;
}

/* --- a share: its life */

static void
task_free(struct share_task *t)
{
	if (!t)
		return;
	kwriter_free(t->writer); /* answers what is in flight to the share */
	share_free(t->share);
	kreader_free(t->raw);
	mem_free(t);
}

static int
own_new(struct ingest_loop *lp, struct err *err)
{
	struct own *own = &lp->own;
	struct kreader *reader = kreader_new(&lp->conf->kafka, err);
	int64_t low, high;

	for (int i = 0; reader && i < SHARE_LOGS; i++) {
		own->log[i] = (enum share_log)i;
		if (kreader_watermarks(reader, lp->outputs[i], 0, &low, &high, LOOP_ASK_MS, err)
		    || kreader_add(reader, lp->outputs[i], 0, low, &own->log[i], err)) {
			kreader_free(reader);
			return -1;
		}
		own->next[i] = low;
	}
	own->reader = reader;
	return reader ? 0 : -1;
}

/* From the first record on; where the log ends is remembered. */
static int
own_rewind(struct share_task *t, enum share_log log, struct err *err)
{
	struct own *own = &t->loop->own;
	const char *topic = t->loop->outputs[log];
	int64_t low;

	if (kreader_watermarks(own->reader, topic, 0, &low, &t->own_end[log], LOOP_ASK_MS, err)
	    || (own->next[log] != low && kreader_seek(own->reader, topic, 0, low, err)))
		return -1;
	own->next[log] = t->own_next[log] = low;
	return 0;
}

static int
task_clients(struct share_task *t, int64_t *raw_low, struct err *err)
{
	const struct kafka_conf *kafka = &t->loop->conf->kafka;

	if (!t->loop->own.reader && own_new(t->loop, err))
		return -1;
	t->raw = kreader_new(kafka, err);
	t->writer = t->raw ? kwriter_new(kafka, on_ack, err) : NULL;
	if (!t->writer
	    || kreader_watermarks(t->raw, t->topic, 0, raw_low, &t->raw_end, LOOP_ASK_MS, err))
		return -1;
	for (int i = 0; i < SHARE_LOGS; i++)
		if (own_rewind(t, (enum share_log)i, err))
			return -1;
	return 0;
}

static int
slot_open(struct ingest_loop *lp, struct slot *s, struct err *err)
{
	const struct agency *agency = agency_of_topic(lp->side.rules->agencies, span_str(s->name));
	struct share_task *t = mem_zalloc(1, sizeof(*t));
	int64_t raw_low = 0;
	uint64_t seed;
	struct share_port port = { .self = t, .send = port_send, .seek = port_seek,
		.compute = port_compute, .erased = port_erased, .rejects = port_rejects,
		.stub = port_stub, .carrier = lp->catalogue, .encode_claim = carry_encode_claim, .encode_cut = carry_encode_cut,
		.decode_claim = carry_decode_claim, .decode_cut = carry_decode_cut };

	t->loop = lp;
	t->topic = s->topic;
	t->name = s->name;
	t->run = carry_run();
	t->epoch = agency ? agency->epoch : 1;
	t->again_ms = LOOP_AGAIN_MS;
	memcpy(&seed, t->run.b, sizeof(seed));
	for (int i = 0; i < SHARE_LOGS; i++)
		t->ends[i] = (struct task_end){ t, (enum share_log)i };
	if (task_clients(t, &raw_low, err)) {
		task_free(t);
		return -1;
	}
	t->share = share_new(&port, span_str(s->name), t->epoch, raw_low, t->raw_end, t->own_end, &t->run,
	    seed);
	share_recipe(t->share, ingest_recipe(&(struct ingest_terms){ .ring = lp->conf->ring,
	    .next = lp->conf->next, .frequency = lp->conf->frequency, .tokens = lp->conf->tokens }));
	share_terms(t->share, lp->side.next[SIDE_TERMS], lp->side.read_at);
	s->task = t;
	return 0;
}

static void
slot_close(struct slot *s)
{
	task_free(s->task);
	s->task = NULL;
	s->ready = false;
}

/* --- a share: the round */

static bool
over_by(struct share_task *t, const struct err *err, const char *event)
{
	if (err->class == ERR_RETRY)
		return false;
	log_event(LOG_WARN, event, LOG_STR(topic, t->topic), LOG_ERR(err));
	t->over = true;
	return true;
}

/* Compaction took away what lies between here and a record: whoever had folded as far as
 * it was when they began, and no further than here, has missed something. */
static void
own_hole(struct ingest_loop *lp, enum share_log log, int64_t offset)
{
	int64_t from = lp->own.next[log];

	for (int i = 0; offset > from && i < lp->slots_n; i++) {
		struct share_task *t = lp->slots[i].task;

		if (!t || t->over || from < t->own_end[log] || from < t->own_next[log])
			continue;
		log_event(LOG_WARN, "overtaken-by-compaction", LOG_STR(topic, lp->outputs[log]),
		    LOG_INT(partition, 0), LOG_INT(offset, from));
		t->over = true;
	}
}

/* Whose stream is it?  NULL: of none of ours. */
static struct share_task *
own_task(const struct ingest_loop *lp, struct span key)
{
	struct span stream = key_parse(key).stream;

	for (int i = 0; i < lp->slots_n; i++)
		if (lp->slots[i].task && span_is(stream, lp->slots[i].name))
			return lp->slots[i].task;
	return NULL;
}

static void
own_take(struct ingest_loop *lp, const struct krecord *krec)
{
	enum share_log log = *(const enum share_log *)krec->opaque;
	struct share_task *t = own_task(lp, krec->key);
	struct rec rec;

	own_hole(lp, log, krec->offset);
	lp->own.next[log] = krec->offset + 1;
	if (!t || t->over || krec->offset < t->own_next[log])
		return;
	rec = carry_rec(krec);
	share_log_record(t->share, log, &rec, krec->offset + 1);
}

/* How far it has come, also where there was nothing for a share. */
static void
own_tell(struct ingest_loop *lp)
{
	for (int i = 0; i < lp->slots_n; i++) {
		struct share_task *t = lp->slots[i].task;

		for (int log = 0; t && !t->over && log < SHARE_LOGS; log++)
			if (lp->own.next[log] > t->own_next[log]) {
				t->own_next[log] = lp->own.next[log];
				share_log_record(t->share, (enum share_log)log, NULL,
				    t->own_next[log]);
			}
	}
}

static void
own_lost(struct ingest_loop *lp, const struct err *err)
{
	log_event(LOG_WARN, "evidence-lost", LOG_ERR(err));
	kreader_free(lp->own.reader);
	lp->own.reader = NULL;
	for (int i = 0; i < lp->slots_n; i++)
		if (lp->slots[i].task)
			lp->slots[i].task->over = true;
}

/* What the shares wrote, and who else did. */
static void
own_round(struct ingest_loop *lp, int wait_ms)
{
	struct own *own = &lp->own;
	struct krecord krec;
	struct err err;
	int n, got = 0;

	own->read = 0;
	if (!own->reader)
		return;
	for (n = 0; n < LOOP_OWN_MAX; n++) {
		got = kreader_poll(own->reader, n ? 0 : wait_ms, &krec, &err);
		if (got <= 0)
			break;
		own_take(lp, &krec);
	}
	own->read = n;
	if (got < 0 && err.class != ERR_RETRY) {
		own_lost(lp, &err);
		return;
	}
	for (int i = 0; got == 0 && i < SHARE_LOGS; i++) {
		int64_t position = kreader_position(own->reader, lp->outputs[i], 0);

		if (position > own->next[i]) {
			own_hole(lp, own->log[i], position);
			own->next[i] = position; /* compaction left nothing of the end */
		}
	}
	own_tell(lp);
}

/* -1: nothing more to read now, or the number of records handed in. */
static int
raw_round(struct share_task *t, int wait_ms)
{
	struct krecord krec;
	struct err err;
	int n, got = 1;

	for (n = 0; n < LOOP_READ_MAX && !t->over && share_room(t->share); n++) {
		struct rec rec;

		got = kreader_poll(t->raw, n ? 0 : wait_ms, &krec, &err);
		if (got <= 0)
			break;
		rec = carry_rec(&krec);
		share_raw_record(t->share, &rec);
		if (krec.offset >= t->raw_end)
			t->raw_end = krec.offset + 1;
	}
	if (got < 0)
		over_by(t, &err, "raw-lost");
	return n == 0 && got == 0 ? -1 : n;
}

static void
made_up_tell(struct share_task *t)
{
	uint64_t n = share_made_up(t->share);

	if (n == t->made_up)
		return;
	log_event(LOG_ERROR, "evidence-without-raw", LOG_STR(topic, t->topic),
	    LOG_INT(count, n - t->made_up),
	    LOG_STR(reason, "evidence of offsets that the topic has not reached is taken away: who "
			    "else may write to evidence?"));
	t->loop->counts.made_up += n - t->made_up;
	t->made_up = n;
}

/* 1: work, 0: idle. */
static int
task_round(struct share_task *t, int wait_ms, bool reading)
{
	int own = t->loop->own.read, raw = 0;
	struct err err;
	bool full;

	if (reading && t->raw_added && !t->over)
		raw = raw_round(t, wait_ms);
	if (!t->over)
		share_step(t->share, raw < 0 || !reading);
	full = share_state(t->share) == LEVEL_LIVE && !share_room(t->share);
	made_up_tell(t);
	if (!t->over && kwriter_poll(t->writer, full ? wait_ms : 0, &err))
		over_by(t, &err, "writer-lost");
	if (share_state(t->share) == LEVEL_DEAD) {
		log_event(LOG_WARN, "share-over", LOG_STR(topic, t->topic),
		    LOG_STR(reason, share_why_dead(t->share)));
		t->over = true;
	}
	t->caught_up = !t->over && raw < 0 && own == 0 && share_idle(t->share)
	    && share_next(t->share) >= t->raw_end;
	return raw > 0;
}

/* 1: work, 0: idle, -1: err. */
static int
slot_round(struct ingest_loop *lp, struct slot *s, int wait_ms, struct err *err)
{
	int work;

	if (!s->task && now_ms() < s->again_ms)
		return 0;
	if (!s->task && slot_open(lp, s, err)) {
		s->again_ms = now_ms() + LOOP_MISSING_MS;
		if (strcmp(err->code, "kafka-no-topic") != 0) {
			s->again_ms = 0;
			return -1;
		}
		log_event(LOG_WARN, "topic-missing", LOG_STR(topic, s->topic), LOG_ERR(err),
		    LOG_INT(retry_ms, LOOP_MISSING_MS));
		return 0;
	}
	work = task_round(s->task, wait_ms, true);
	if (s->task->over) {
		s->again_ms = now_ms() + s->task->again_ms;
		slot_close(s);
		lp->counts.restarts++;
		return 0;
	}
	if (!s->ready && s->task->caught_up) {
		s->ready = true;
		log_event(LOG_INFO, "caught-up", LOG_STR(topic, s->topic),
		    LOG_INT(offset, share_cut_offset(s->task->share)),
		    LOG_INT(terms, share_terms_next(s->task->share)));
	}
	return work;
}

/* --- the group */

static void
on_gained(void *owner, const char *topic, int32_t partition)
{
	struct ingest_loop *lp = owner;
	struct slot *s = &lp->slots[lp->slots_n];

	if (partition != 0) {
		log_event(LOG_ERROR, "partition-ignored", LOG_STR(topic, topic),
		    LOG_INT(partition, partition),
		    LOG_STR(reason, "a raw topic has one partition, or its order is lost"));
		return;
	}
	MUST(lp->slots_n < LOOP_SLOTS_MAX);
	*s = (struct slot){ .topic = mem_strdup(topic) };
	s->name = s->topic + strlen(lp->conf->prefix) + 1;
	lp->slots_n++;
	log_event(LOG_INFO, "partition-gained", LOG_STR(topic, topic), LOG_INT(partition, 0));
}

static void
on_lost(void *owner, const char *topic, int32_t partition)
{
	struct ingest_loop *lp = owner;

	if (partition != 0)
		return;
	log_event(LOG_INFO, "partition-lost", LOG_STR(topic, topic), LOG_INT(partition, 0));
	for (int i = 0; i < lp->slots_n; i++)
		if (strcmp(lp->slots[i].topic, topic) == 0) {
			slot_close(&lp->slots[i]);
			mem_free(lp->slots[i].topic);
			lp->slots[i] = lp->slots[--lp->slots_n];
			return;
		}
}

static void
topics_free(char **topics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_free(topics[i]);
	mem_free(topics);
}

static void
group_drop(struct ingest_loop *lp)
{
	kgroup_free(lp->group); /* tells of every loss */
	lp->group = NULL;
	topics_free(lp->topics, lp->topics_n);
	lp->topics = NULL;
	lp->topics_n = 0;
}

/* The raw topics that agencies are bound to, those that are there; -1: err. */
static int
topics_now(struct ingest_loop *lp, char ***topics, size_t *n, size_t *missing, struct err *err)
{
	const struct agencies *agencies = lp->side.rules->agencies;
	char **list = mem_zalloc(agencies->n + 1, sizeof(*list));
	char full[2 * TOPIC_NAME_MAX + 2];

	*n = *missing = 0;
	for (size_t i = 0; i < agencies->n; i++) {
		int partitions;

		snprintf(full, sizeof(full), "%s." SPAN_FMT, lp->conf->prefix,
		    SPAN_ARG(agencies->items[i].topic));
		partitions = kreader_partitions(lp->side.reader, full, LOOP_ASK_MS, err);
		if (partitions < 0) {
			topics_free(list, *n);
			return -1;
		}
		if (partitions > 0 && *n < LOOP_SLOTS_MAX) {
			list[(*n)++] = mem_strdup(full);
			continue;
		}
		(*missing)++;
		if (lp->missing_n == 0)
			log_event(LOG_WARN, "topic-missing", LOG_STR(topic, full),
			    LOG_INT(retry_ms, LOOP_MISSING_MS),
			    LOG_STR(reason, partitions ? "too many raw topics for one process"
						       : "the agencies' terms name a topic that is "
							 "not there: outturn migrate"));
	}
	*topics = list;
	return 0;
}

static bool
topics_same(const struct ingest_loop *lp, char **topics, size_t n)
{
	if (n != lp->topics_n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(topics[i], lp->topics[i]) != 0)
			return false;
	return true;
}

static int
group_make(struct ingest_loop *lp, char **topics, size_t n, struct err *err)
{
	if (n == 0)
		group_drop(lp);
	topics_free(lp->topics, lp->topics_n);
	lp->topics = topics;
	lp->topics_n = n;
	if (n == 0)
		return 0;
	if (lp->group)
		return kgroup_topics(lp->group, (const char *const *)topics, n, err);
	lp->joined_ms = now_ms();
	lp->asked = false;
	lp->group = kgroup_new(&lp->conf->kafka, lp->conf->group_id, lp->conf->instance_id,
	    (const char *const *)topics, n,
	    &(struct kgroup_events){ .owner = lp, .gained = on_gained, .lost = on_lost }, err);
	return lp->group ? 0 : -1;
}

/* A topic that was made anew has another epoch: its share begins anew. */
static void
epochs_follow(struct ingest_loop *lp)
{
	for (int i = 0; i < lp->slots_n; i++) {
		struct slot *s = &lp->slots[i];
		const struct agency *a
		    = agency_of_topic(lp->side.rules->agencies, span_str(s->name));

		if (s->task && a && a->epoch != s->task->epoch)
			slot_close(s);
	}
}

static int
group_follow(struct ingest_loop *lp, struct err *err)
{
	char **topics = NULL;
	size_t n, missing;
	int result = 0;

	if (lp->followed && (lp->missing_n == 0 || now_ms() - lp->missing_ms < LOOP_MISSING_MS))
		return 0;
	epochs_follow(lp);
	if (topics_now(lp, &topics, &n, &missing, err))
		return -1;
	lp->missing_n = missing;
	lp->missing_ms = now_ms();
	if (topics_same(lp, topics, n) && (lp->group || n == 0))
		topics_free(topics, n);
	else
		result = group_make(lp, topics, n, err);
	lp->followed = result == 0;
	return result;
}

/* A static member that comes back is given what it had, also by a broker that knows of
 * topics that are new since: nobody would have them.  Asked for once more, they are shared out. */
static int
group_ask(struct ingest_loop *lp, struct err *err)
{
	if (lp->asked || lp->slots_n >= (int)lp->topics_n
	    || now_ms() - lp->joined_ms < LOOP_JOINED_MS)
		return 0;
	lp->asked = true;
	return kgroup_topics(lp->group, (const char *const *)lp->topics, lp->topics_n, err);
}

static void
tell_group(struct ingest_loop *lp)
{
	int64_t now = now_ms();
	struct err err;

	if (now - lp->committed_ms < lp->conf->commit_every_ms)
		return;
	lp->committed_ms = now;
	for (int i = 0; i < lp->slots_n; i++) {
		const struct slot *s = &lp->slots[i];

		if (s->task && share_state(s->task->share) == LEVEL_LIVE)
			kgroup_commit(lp->group, s->topic, 0,
			    share_cut_offset(s->task->share) + 1, &err);
	}
}

/* --- the round */

/* Then there is nothing to wait for in what they write. */
static bool
all_live(const struct ingest_loop *lp)
{
	for (int i = 0; i < lp->slots_n; i++)
		if (!lp->slots[i].task || share_state(lp->slots[i].task->share) != LEVEL_LIVE)
			return false;
	return true;
}

int
ingest_loop_round(struct ingest_loop *lp, struct err *err)
{
	int work = side_round(lp, lp->slots_n ? 0 : LOOP_WAIT_MS, err), did;

	if (work < 0)
		return -1;
	if (!lp->side.started || !lp->side.rules)
		return work;
	if (group_follow(lp, err))
		return -1;
	if (!lp->group)
		return work;
	if (kgroup_poll(lp->group, lp->slots_n ? 0 : LOOP_WAIT_MS, err)) {
		/* One was deleted: the others are shared out without it. */
		if (strcmp(err->code, "kafka-no-topic") == 0)
			lp->followed = false;
		return -1;
	}
	if (group_ask(lp, err))
		return -1;
	own_round(lp, work || all_live(lp) ? 0 : LOOP_WAIT_MS);
	work |= lp->own.read > 0;
	lp->turn++;
	for (int i = 0; i < lp->slots_n; i++) {
		bool waits = !work && i == lp->turn % lp->slots_n;

		did = slot_round(lp, &lp->slots[i], waits ? LOOP_WAIT_MS : 0, err);
		if (did < 0)
			return -1;
		work |= did;
	}
	tell_group(lp);
	return work;
}

static void
task_drain(struct share_task *t, int64_t until)
{
	struct err err;

	while (!t->over && share_state(t->share) == LEVEL_LIVE && !share_idle(t->share)
	    && now_ms() < until) {
		own_round(t->loop, 0);
		task_round(t, 0, false);
		if (!t->over && kwriter_unacked(t->writer) == 0)
			break; /* the cut is out, or cannot be taken now */
		if (!t->over && kwriter_poll(t->writer, LOOP_WAIT_MS, &err))
			break;
	}
}

void
ingest_loop_drain(struct ingest_loop *lp, int wait_ms)
{
	int64_t until = now_ms() + wait_ms;

	for (int i = 0; i < lp->slots_n; i++)
		if (lp->slots[i].task)
			task_drain(lp->slots[i].task, until);
	lp->committed_ms = 0;
	if (lp->group)
		tell_group(lp);
}

struct ingest_counts
ingest_loop_counts(const struct ingest_loop *lp)
{
	struct ingest_counts c = lp->counts;

	c.terms_refused = termsbook_refused(lp->side.book);
	c.mistakes = lp->side.mistakes;
	c.erased = lp->side.erased.count;
	c.topics_missing = (uint32_t)lp->missing_n;
	c.terms_next = lp->side.next[SIDE_TERMS];
	c.owned = lp->slots_n;
	c.caught_up = lp->group && kgroup_joined(lp->group); /* who stands by has nothing */
	for (int i = 0; i < lp->slots_n; i++) {
		const struct share_task *t = lp->slots[i].task;

		c.caught_up &= t && t->caught_up;
		if (t)
			c.lag += t->raw_end - share_cut_offset(t->share) - 1;
	}
	return c;
}

struct ingest_loop *
ingest_loop_new(const struct ingest_conf *conf, struct av_catalogue *catalogue, struct err *err)
{
	struct ingest_loop *lp = mem_zalloc(1, sizeof(*lp));
	static const char *const names[SHARE_LOGS] = { "evidence", "rejected" };

	lp->conf = conf;
	lp->catalogue = catalogue;
	arena_init(&lp->arena, LOOP_DECODE_BYTES);
	idmap_init(&lp->side.erased, (uint64_t)(uintptr_t)lp);
	for (int i = 0; i < SHARE_LOGS; i++)
		snprintf(lp->outputs[i], sizeof(lp->outputs[i]), "%s.%s", conf->prefix, names[i]);
	if (side_open(lp, err) == 0)
		return lp;
	ingest_loop_free(lp);
	return NULL;
}

void
ingest_loop_free(struct ingest_loop *lp)
{
	if (!lp)
		return;
	group_drop(lp);
	kreader_free(lp->own.reader);
	judge_free(lp->judge);
	side_close(&lp->side);
	arena_release(&lp->arena);
	mem_free(lp);
}
