#include "transform/match/shell_stage.h"

#include "common/io/log.h"
#include "common/io/termsbook.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"

enum input { IN_EVIDENCE, IN_REVIEW, IN_DECISION, IN_SUPPRESSED, IN_TERMS, INPUTS };

enum { DECODE_BYTES_MAX = 4 * 1024 * 1024, ORGANISATIONS_MAX = 4096 };

static const char *const reviewers[] = { "reviewer", NULL };
static const char *const erasers[] = { "eraser", "publisher", NULL };

/* A record of a small topic, as it was sent. */
struct kept {
	struct span key, value; /* owned */
	uint32_t next;          /* review of the same pair, + 1 */
};

struct core {
	struct match_stage *ms;
	struct match *match;
	struct termsbook *terms;
	struct model *model;    /* owned; NULL: the built-in one */
	struct strmap by_key[2]; /* review by its key, suppressed by its bytes → kept */
	struct strmap by_pair;   /* both events, as keys have them → kept, + 1 */
	struct kept *kept;
	uint32_t kept_n;
	struct arena arena;
	int64_t late_ms;
};

static int
read_as(struct core *c, const struct av_record *binding, struct span value, void *out)
{
	struct err err;

	arena_reset(&c->arena);
	if (av_read(c->ms->catalogue, binding, value, out, &c->arena, &err) == 0)
		return 0;
	c->ms->undecodable++;
	return -1;
}

/* --- reviews and erasures: kept, and asked again */

static struct span
copy_of(struct span s)
{
	uint8_t *copy;

	if (!s.ptr)
		return SPAN_NONE;
	copy = mem_alloc(s.len + 1);
	memcpy(copy, s.ptr, s.len);
	return span_of(copy, s.len);
}

static struct kept *
keep(struct core *c, int which, struct span key, struct span value)
{
	bool fresh;
	uint64_t *at = strmap_put(&c->by_key[which], key, &fresh);
	struct kept *k;

	if (fresh) {
		*at = c->kept_n;
		c->kept = mem_realloc(c->kept, c->kept_n + 1, sizeof(*c->kept));
		c->kept[c->kept_n++] = (struct kept){ .key = copy_of(key) };
	}
	k = &c->kept[*at];
	mem_free((void *)(uintptr_t)k->value.ptr);
	k->value = copy_of(value);
	return k;
}

enum { PAIR_KEY = 2 * ID_HEX + 1 };

/* A key of a review: both events, and whose word it is; "" where the key does not say. */
static bool
pair_of(struct span key, struct id *a, struct id *b, struct span *who)
{
	*who = SPAN_LIT("");
	if (key.len > PAIR_KEY + 1 && key.ptr[PAIR_KEY] == '/')
		*who = span_of(key.ptr + PAIR_KEY + 1, key.len - PAIR_KEY - 1);
	else if (key.len != PAIR_KEY)
		return false;
	return key.ptr[ID_HEX] == '/' && id_parse(a, span_of(key.ptr, ID_HEX))
	    && id_parse(b, span_of(key.ptr + ID_HEX + 1, ID_HEX)) && id_cmp(a, b) < 0;
}

/* Does one reviewer's word count?  Read into *rv, which borrows from what is kept. */
static bool
review_counts(struct core *c, const struct kept *k, struct review *rv)
{
	struct span who;
	struct id a, b;
	bool counts;

	if (!k->value.ptr || !pair_of(k->key, &a, &b, &who))
		return false;
	counts = read_as(c, &review_binding, k->value, rv) == 0 && id_eq(&a, &rv->event_a)
	    && id_eq(&b, &rv->event_b) && (!who.len || span_eq(who, rv->key_id))
	    && (span_is(rv->verdict, "same") || span_is(rv->verdict, "not-same"))
	    && termsbook_signed(c->terms, &review_binding, rv, rv->key_id, rv->signature,
		offsetof(struct review, signature), reviewers);
	c->ms->refused += !counts;
	return counts;
}

/* Has this reviewer said it in an earlier record of the pair? */
static bool
said_before(struct core *c, uint32_t from, uint32_t until, uint64_t signer)
{
	for (uint32_t i = from; i != until; i = c->kept[i - 1].next) {
		struct review rv;

		if (review_counts(c, &c->kept[i - 1], &rv)
		    && hash64(rv.key_id.ptr, rv.key_id.len, 0) == signer)
			return true;
	}
	return false;
}

/* All that was said of a pair. */
static void
pair_judge(struct core *c, uint32_t first, const struct id *a, const struct id *b)
{
	const int32_t wanted = c->ms->reviewers > 1 ? c->ms->reviewers : 1;
	struct review all = { .verdict = SPAN_NONE }, rv;
	bool disputed = false;
	int32_t n = 0;

	for (uint32_t i = first; i; i = c->kept[i - 1].next) {
		bool same;

		if (!review_counts(c, &c->kept[i - 1], &rv))
			continue;
		same = span_is(rv.verdict, "same");
		disputed |= all.verdict.ptr && same != span_is(all.verdict, "same");
		all.verdict = same ? SPAN_LIT("same") : SPAN_LIT("not-same");
		n += !said_before(c, first, i, hash64(rv.key_id.ptr, rv.key_id.len, 0));
	}
	match_review(c->match, a, b, n >= wanted && !disputed ? &all : NULL);
}

static void
review_fold(struct core *c, const struct rec *rec)
{
	uint32_t before = c->kept_n;
	struct kept *k = keep(c, 0, rec->key, rec->value);
	struct span who;
	uint64_t *at;
	struct id a, b;
	bool fresh;

	if (!pair_of(k->key, &a, &b, &who))
		return;
	at = strmap_put(&c->by_pair, span_of(k->key.ptr, PAIR_KEY), &fresh);
	if (c->kept_n > before) {
		k->next = (uint32_t)*at;
		*at = c->kept_n;
	}
	pair_judge(c, (uint32_t)*at, &a, &b);
}

/* Does it count, by whom it names now?  Fills *event if it can be read. */
static bool
erasure_counts(struct core *c, const struct kept *k, struct id *event)
{
	struct suppressed su;

	*event = (struct id){ { 0 } };
	if (read_as(c, &suppressed_binding, k->value, &su))
		return false;
	*event = su.event_id;
	return termsbook_signed(c->terms, &suppressed_binding, &su, su.key_id, su.signature,
	    offsetof(struct suppressed, signature), erasers);
}

/*
 * An erasure is never taken back, as ingestd and recompute have it: each record
 * counts by itself, and neither a tombstone nor another record under its key
 * says anything about it.
 */
static void
erasure_fold(struct core *c, const struct rec *rec)
{
	struct id event;

	if (!rec->value.ptr)
		return;
	if (erasure_counts(c, keep(c, 1, rec->value, rec->value), &event))
		match_suppressed(c->match, &event, true);
	else
		c->ms->refused++;
}

/* Who may erase has changed: an event stays away while any of its records counts. */
static void
erasures_again(struct core *c)
{
	struct strmap_slot *s;
	struct idmap counts;
	struct id event;
	uint32_t at = 0;
	bool fresh;

	idmap_init(&counts, 1);
	while ((s = strmap_next(&c->by_key[1], &at)))
		if (erasure_counts(c, &c->kept[s->value], &event))
			idmap_put(&counts, &event, &fresh);
	for (at = 0; (s = strmap_next(&c->by_key[1], &at));) {
		erasure_counts(c, &c->kept[s->value], &event);
		if (!id_is_zero(&event))
			match_suppressed(c->match, &event, idmap_find(&counts, &event) != NULL);
	}
	idmap_release(&counts);
}

static void
ask_again(struct core *c)
{
	struct strmap_slot *s;
	uint32_t at = 0;
	struct span who;
	struct id a, b;

	while ((s = strmap_next(&c->by_pair, &at)))
		if (pair_of(span_of(s->key, s->len), &a, &b, &who))
			pair_judge(c, (uint32_t)s->value, &a, &b);
	erasures_again(c);
}

/* --- terms */

static struct yaml_doc *
page_parse(const struct book_page *page)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("terms", page->content, &report);

	yaml_report_release(&report);
	return doc;
}

/* Of the agencies' page only what concerns us: which of them keep one record a person. */
static void
agencies_read(struct core *c)
{
	const struct book_page *page = book_find(termsbook_book(c->terms), SPAN_LIT("agencies"),
	    SPAN_LIT("agencies"));
	struct yaml_doc *doc = page ? page_parse(page) : NULL;
	const struct yaml *list = doc ? yaml_get(doc->root, "agencies") : NULL;
	struct span *one;
	size_t n = 0;

	if (!list || list->kind != YAML_SEQUENCE) {
		yaml_doc_free(doc);
		return; /* the page before it, if there was one, stays in force */
	}
	one = mem_alloc((list->n + 1) * sizeof(*one));
	for (uint32_t i = 0; i < list->n && n < ORGANISATIONS_MAX; i++) {
		const struct yaml *who = yaml_get(&list->items[i], "organisation");
		const struct yaml *flag = yaml_get(&list->items[i], "one_record_a_person");
		bool yes = false;

		if (who && who->kind == YAML_SCALAR && flag && yaml_bool(flag, &yes) && yes)
			one[n++] = who->text;
	}
	match_one_record_a_person(c->match, one, n);
	mem_free(one);
	yaml_doc_free(doc);
}

static void
model_read(struct core *c)
{
	size_t at = 0;
	const struct book_page *page
	    = book_next(termsbook_book(c->terms), SPAN_LIT("model"), &at);
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = page ? yaml_parse("model", page->content, &report) : NULL;
	struct model *model = doc ? model_parse(doc->root, &report) : NULL;

	if (page && !model) {
		if (termsbook_mistaken(c->terms, page))
			log_event(LOG_ERROR, "model-refused", LOG_INT(count, report.n),
			    LOG_STR(reason, report.kept ? report.mistakes[0].text : "not YAML"));
	} else {
		match_model(c->match, model ? model : model_builtin());
		model_free(c->model);
		c->model = model;
		log_event(LOG_INFO, "model", LOG_INT(count,
		    model_version(model ? model : model_builtin())));
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
}

static void
terms_fold(struct core *c, const struct rec *rec)
{
	struct span thing;

	if (!termsbook_fold(c->terms, rec, &thing))
		return;
	if (span_is(thing, "person"))
		ask_again(c);
	else if (span_is(thing, "agencies"))
		agencies_read(c);
	else if (span_is(thing, "model"))
		model_read(c);
}

/* --- the level's core */

static void
evidence_fold(struct core *c, const struct key *key, const struct rec *rec)
{
	struct evidence ev;

	if (key->type != KEY_RECORD)
		return;
	if (!rec->value.ptr || read_as(c, &evidence_binding, rec->value, &ev)) {
		match_evidence(c->match, key, NULL);
		return;
	}
	if (rec->time_ms - ev.source.time_ms > c->late_ms)
		c->late_ms = rec->time_ms - ev.source.time_ms;
	evidence_at_epoch(&ev, c->ms->key_epoch);
	match_evidence(c->match, key, &ev);
}

static void
decision_fold(struct core *c, const struct rec *rec)
{
	struct source at = { SPAN_LIT("decision"), 0, rec->offset, rec->time_ms };
	struct decision de;
	struct id id;

	if (!id_parse(&id, rec->key))
		return;
	if (rec->value.ptr && read_as(c, &decision_binding, rec->value, &de) == 0)
		match_decision(c->match, &id, &de, rec->value, &at);
	else
		match_decision(c->match, &id, NULL, SPAN_NONE, &at);
}

static void
fold(void *self, int input, const struct key *key, const struct rec *rec)
{
	struct core *c = self;

	switch ((enum input)input) {
	case IN_EVIDENCE:
		evidence_fold(c, key, rec);
		return;
	case IN_REVIEW:
		review_fold(c, rec);
		return;
	case IN_DECISION:
		decision_fold(c, rec);
		return;
	case IN_SUPPRESSED:
		erasure_fold(c, rec);
		return;
	case IN_TERMS:
		terms_fold(c, rec);
		return;
	case INPUTS:
		break;
	}
	NOT_REACHED("an input has a name");
}

static void
cut(void *self, struct span input, const struct cut *grown)
{
	(void)self;
	(void)input;
	(void)grown; /* links do not depend on how complete a feed is */
}

static void
settle(void *self)
{
	struct core *c = self;

	match_settle(c->match);
}

static int
output_of(void *self, const struct key *key)
{
	struct core *c = self;

	return unit_partition(&key->a, c->ms->partitions);
}

static bool
next_touched(void *self, struct key *key, int *output)
{
	struct core *c = self;

	if (!match_next_touched(c->match, key))
		return false;
	*output = output_of(self, key);
	return true;
}

static bool
want(void *self, const struct key *key, struct buf *value)
{
	struct core *c = self;
	struct linked ln;

	if (!match_want(c->match, key, &ln))
		return false;
	av_write(c->ms->catalogue, &linked_binding, &ln, value);
	return true;
}

static int64_t
late_ms(void *self)
{
	struct core *c = self;
	int64_t late = c->late_ms;

	c->late_ms = 0;
	return late;
}

static void
core_free(void *core_self)
{
	struct core *c = core_self;

	match_free(c->match);
	model_free(c->model);
	termsbook_free(c->terms);
	for (uint32_t i = 0; i < c->kept_n; i++) {
		mem_free((void *)(uintptr_t)c->kept[i].key.ptr);
		mem_free((void *)(uintptr_t)c->kept[i].value.ptr);
	}
	mem_free(c->kept);
	strmap_release(&c->by_key[0]);
	strmap_release(&c->by_key[1]);
	strmap_release(&c->by_pair);
	arena_release(&c->arena);
	mem_free(c);
}

static void *
core_new(void *self, int32_t partition, struct level_core *core, struct task_log *inputs,
    int *inputs_n, struct task_log *outputs, int *outputs_n, struct err *err)
{
	static const struct {
		const char *topic;
		struct level_input is;
	} in[INPUTS] = {
		[IN_EVIDENCE] = { "evidence", { .claimed = true, .by_topic = true } },
		[IN_REVIEW] = { "review", { .side = "review" } },
		[IN_DECISION] = { "decision", { .side = "decision" } },
		[IN_SUPPRESSED] = { "suppressed", { .side = "suppressed" } },
		[IN_TERMS] = { "terms", { .side = "terms@m", .terms = true } },
	};
	struct match_stage *ms = self;
	struct core *c = mem_zalloc(1, sizeof(*c));
	struct id seed = carry_run();
	uint64_t number;

	memcpy(&number, seed.b, sizeof(number));
	c->ms = ms;
	c->match = match_new(&ms->keys, model_builtin(), number);
	c->terms = termsbook_new(ms->trust_path, ms->catalogue, err);
	if (!c->terms) {
		/* It was there at the start.  Who may publish terms is not to be guessed:
		 * this partition waits until somebody has mended it. */
		if (!ms->trust_lost)
			log_event(LOG_ERROR, "trust-lost", LOG_ERR(err));
		ms->trust_lost = true;
		err->class = ERR_RETRY;
		core_free(c);
		return NULL;
	}
	ms->trust_lost = false;
	strmap_init(&c->by_key[0], number);
	strmap_init(&c->by_key[1], number);
	strmap_init(&c->by_pair, number);
	arena_init(&c->arena, DECODE_BYTES_MAX);
	*core = (struct level_core){ .self = c, .fold = fold, .cut = cut, .settle = settle,
		.next_touched = next_touched, .want = want, .output_of = output_of,
		.late_ms = late_ms, .recipe = ms->recipe };
	for (int i = 0; i < INPUTS; i++)
		inputs[i] = (struct task_log){ in[i].topic, i == IN_EVIDENCE ? partition : 0,
			in[i].is };
	*inputs_n = INPUTS;
	for (int32_t p = 0; p < ms->partitions; p++)
		outputs[p] = (struct task_log){ .topic = "linked", .partition = p };
	*outputs_n = ms->partitions;
	return c;
}

void
match_stage_fill(struct match_stage *ms, struct level_stage *stage)
{
	*stage = (struct level_stage){ .self = ms, .topic = "evidence", .core_new = core_new,
		.core_free = core_free };
}
