#include "transform/milestone/shell_stage.h"

#include <stdio.h>

#include "common/io/log.h"
#include "common/io/termsbook.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "transform/milestone/stage.h"

enum input { IN_LINKED, IN_TERMS, IN_REFERENCE, INPUTS };

enum { DECODE_BYTES_MAX = 4 * 1024 * 1024, AGENCIES_MAX = 4096 };

struct kept {
	struct span key, value; /* owned; value absent: taken back */
};

struct core {
	struct milestone_stage *ms;
	struct stage *stage;
	struct termsbook *terms;
	struct kept *days;      /* 'as at' facts as they were sent */
	uint32_t days_n;
	struct arena arena;
	int64_t late_ms;
	int32_t partition;
};

static int
read_as(struct core *c, const struct av_record *binding, struct span value, void *out)
{
	struct err err;

	if (av_read(c->ms->catalogue, binding, value, out, &c->arena, &err) == 0)
		return 0;
	c->ms->undecodable++;
	return -1;
}

/* --- who may say what */

static const char *const *
roles_of(struct span what)
{
	static const char *const provider[] = { "provider", NULL };
	static const char *const deciding[] = { "verifier", "commissioner", NULL };
	static const char *const commissioner[] = { "commissioner", NULL };

	if (span_is(what, "claimed") || span_is(what, "replied"))
		return provider;
	if (span_is(what, "paid"))
		return commissioner;
	return deciding;
}

static bool
decision_asked(void *arg, struct span bytes, struct decision *out, bool *counts)
{
	struct core *c = arg;

	if (read_as(c, &decision_binding, bytes, out))
		return false;
	*counts = termsbook_signed(c->terms, &decision_binding, out, out->key_id, out->signature,
	    offsetof(struct decision, signature), roles_of(out->what));
	c->ms->refused += !*counts;
	return true;
}

/* --- the day */

static void
day_ask(struct core *c)
{
	static const char *const roles[] = { "commissioner", "publisher", NULL };
	date_t newest = DATE_NONE;
	struct reference ref;

	for (uint32_t i = 0; i < c->days_n; i++) {
		arena_reset(&c->arena);
		if (!c->days[i].value.ptr
		    || read_as(c, &reference_binding, c->days[i].value, &ref)
		    || !span_eq(ref.reference_id, c->days[i].key) || ref.date == DATE_NONE)
			continue;
		if (!termsbook_signed(c->terms, &reference_binding, &ref, ref.key_id,
			ref.signature, offsetof(struct reference, signature), roles)) {
			c->ms->refused++;
			continue;
		}
		if (ref.date > newest)
			newest = ref.date;
	}
	stage_as_at(c->stage, newest);
}

static struct span
copy_of(struct span s)
{
	uint8_t *copy = mem_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return span_of(copy, s.len);
}

static void
reference_fold(struct core *c, const struct rec *rec)
{
	struct reference ref;
	uint32_t i = 0;
	bool day;

	day = rec->value.ptr && read_as(c, &reference_binding, rec->value, &ref) == 0
	    && span_is(ref.what, "as-at");
	while (i < c->days_n && !span_eq(c->days[i].key, rec->key))
		i++;
	if (i == c->days_n) {
		if (!day)
			return;
		c->days = mem_realloc(c->days, c->days_n + 1, sizeof(*c->days));
		c->days[c->days_n++] = (struct kept){ .key = copy_of(rec->key) };
	}
	mem_free((void *)(uintptr_t)c->days[i].value.ptr);
	c->days[i].value = day ? copy_of(rec->value) : SPAN_NONE;
	day_ask(c);
}

/* --- terms */

static struct yaml_doc *
page_parse(const struct book_page *page, struct yaml_report *report)
{
	char name[TOPIC_NAME_MAX];

	snprintf(name, sizeof(name), SPAN_FMT "/" SPAN_FMT "/%d", SPAN_ARG(page->thing),
	    SPAN_ARG(page->name), (int)page->version);
	return yaml_parse(name, page->content, report);
}

static struct contract *
contract_read(struct core *c, const struct book_page *page)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = page_parse(page, &report);
	struct contract *contract = doc ? contract_parse(doc->root, &report) : NULL;

	if (contract && !span_eq(contract_name(contract), page->name)) {
		yaml_mistake(&report, yaml_get(doc->root, "contract"),
		    "published under another name");
		contract_free(contract);
		contract = NULL;
	}
	if (!contract && termsbook_mistaken(c->terms, page))
		for (uint32_t i = 0; i < report.kept; i++)
			log_event(LOG_ERROR, "contract-mistaken", LOG_INT(offset, page->offset),
			    LOG_STR(path, report.mistakes[i].file),
			    LOG_INT(line, report.mistakes[i].line), LOG_INT(count, report.n),
			    LOG_STR(reason, report.mistakes[i].text));
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return contract;
}

/* Of each contract the newest page without mistakes: a function of the pages, whenever
 * they were read. */
static void
contracts_read(struct core *c)
{
	const struct book *b = termsbook_book(c->terms);
	uint64_t mistaken = 0;
	size_t end;

	for (size_t at = 0; at < b->n; at = end) {
		const struct book_page *first = &b->pages[at];
		struct contract *contract = NULL;

		for (end = at + 1; end < b->n && span_eq(b->pages[end].thing, first->thing)
		     && span_eq(b->pages[end].name, first->name);)
			end++;
		if (!span_is(first->thing, "contract"))
			continue;
		for (size_t i = end; i > at && !contract; i--) {
			contract = contract_read(c, &b->pages[i - 1]);
			mistaken += !contract;
		}
		stage_contract(c->stage, first->name, contract);
	}
	c->ms->contracts_mistaken = mistaken;
}

/* Of the agencies' page only which topic is whose. */
static void
agencies_read(struct core *c)
{
	const struct book_page *page = book_find(termsbook_book(c->terms), SPAN_LIT("agencies"),
	    SPAN_LIT("agencies"));
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = page ? page_parse(page, &report) : NULL;
	const struct yaml *list = doc ? yaml_get(doc->root, "agencies") : NULL;
	struct span (*pairs)[2];
	size_t n = 0;

	yaml_report_release(&report);
	if (!list || list->kind != YAML_SEQUENCE) {
		yaml_doc_free(doc);
		return; /* the page before it, if there was one, stays in force */
	}
	pairs = mem_alloc((list->n + 1) * sizeof(*pairs));
	for (uint32_t i = 0; i < list->n && n < AGENCIES_MAX; i++) {
		const struct yaml *topic = yaml_get(&list->items[i], "topic");
		const struct yaml *who = yaml_get(&list->items[i], "organisation");

		if (!topic || !who || topic->kind != YAML_SCALAR || who->kind != YAML_SCALAR)
			continue;
		pairs[n][0] = topic->text;
		pairs[n++][1] = who->text;
	}
	stage_agencies(c->stage, (const struct span (*)[2])pairs, n);
	mem_free(pairs);
	yaml_doc_free(doc);
}

static void
terms_fold(struct core *c, const struct rec *rec)
{
	struct span thing;

	if (!termsbook_fold(c->terms, rec, &thing))
		return;
	if (span_is(thing, "contract")) {
		contracts_read(c);
	} else if (span_is(thing, "agencies")) {
		agencies_read(c);
	} else if (span_is(thing, "person")) {
		stage_decisions_again(c->stage);
		day_ask(c);
	}
}

/* --- linked */

static void
linked_fold(struct core *c, const struct key *key, const struct rec *rec)
{
	struct linked ln;
	bool there;

	if (key->type != KEY_UNIT_EVENT && key->type != KEY_UNIT_DECISION)
		return; /* a pair that somebody is asked about: no unit's business */
	there = rec->value.ptr && read_as(c, &linked_binding, rec->value, &ln) == 0;
	if (there && rec->time_ms - ln.source.time_ms > c->late_ms)
		c->late_ms = rec->time_ms - ln.source.time_ms;
	if (key->type == KEY_UNIT_EVENT)
		stage_event(c->stage, &key->a, &key->b,
		    there && ln.what == LINKED_EVENT ? &ln : NULL);
	else
		stage_decision(c->stage, &key->a, &key->b,
		    there && ln.what == LINKED_DECISION ? ln.decision : SPAN_NONE);
}

/* --- the level's core */

static void
fold(void *self, int input, const struct key *key, const struct rec *rec)
{
	struct core *c = self;

	arena_reset(&c->arena);
	switch ((enum input)input) {
	case IN_LINKED:
		linked_fold(c, key, rec);
		return;
	case IN_TERMS:
		terms_fold(c, rec);
		return;
	case IN_REFERENCE:
		reference_fold(c, rec);
		return;
	case INPUTS:
		break;
	}
	NOT_REACHED("an input has a name");
}

/* Cuts of raw topics carry what agencies declared; of side inputs they carry no day. */
static void
cut(void *self, struct span input, const struct cut *grown)
{
	struct core *c = self;

	if (grown->complete_through != DATE_NONE)
		stage_complete(c->stage, input, grown->complete_through);
}

static void
settle(void *self)
{
	(void)self; /* a touched unit is judged when its outcomes are asked for */
}

static int
output_of(void *self, const struct key *key)
{
	(void)self;
	(void)key;
	return 0;
}

static bool
next_touched(void *self, struct key *key, int *output)
{
	struct core *c = self;

	*key = (struct key){ .type = KEY_OUTCOME };
	*output = 0;
	return stage_next_touched(c->stage, &key->a);
}

static bool
want(void *self, const struct key *key, struct buf *value)
{
	struct core *c = self;
	const struct outcome *out = key->type == KEY_OUTCOME ? stage_want(c->stage, &key->a) : NULL;

	if (out)
		av_write(c->ms->catalogue, &outcome_binding, out, value);
	return out != NULL;
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

	stage_free(c->stage);
	termsbook_free(c->terms);
	for (uint32_t i = 0; i < c->days_n; i++) {
		mem_free((void *)(uintptr_t)c->days[i].key.ptr);
		mem_free((void *)(uintptr_t)c->days[i].value.ptr);
	}
	mem_free(c->days);
	arena_release(&c->arena);
	mem_free(c);
}

static void *
core_new(void *self, int32_t partition, struct level_core *core, struct task_log *inputs,
    int *inputs_n, struct task_log *outputs, int *outputs_n, struct err *err)
{
	static const struct level_input linked = { .claimed = true };
	static const struct level_input terms = { .side = "terms@o", .terms = true };
	static const struct level_input reference = { .side = "reference" };
	struct milestone_stage *ms = self;
	struct core *c = mem_zalloc(1, sizeof(*c));
	struct id seed = carry_run();
	uint64_t number;

	memcpy(&number, seed.b, sizeof(number));
	c->ms = ms;
	c->partition = partition;
	arena_init(&c->arena, DECODE_BYTES_MAX);
	c->stage = stage_new(&(struct stage_asks){ .arg = c, .decision = decision_asked }, number);
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
	*core = (struct level_core){ .self = c, .fold = fold, .cut = cut, .settle = settle,
		.next_touched = next_touched, .want = want, .output_of = output_of,
		.late_ms = late_ms };
	inputs[IN_LINKED] = (struct task_log){ "linked", partition, linked };
	inputs[IN_TERMS] = (struct task_log){ "terms", 0, terms };
	inputs[IN_REFERENCE] = (struct task_log){ "reference", 0, reference };
	*inputs_n = INPUTS;
	outputs[0] = (struct task_log){ .topic = "outcomes", .partition = partition };
	*outputs_n = 1;
	return c;
}

void
milestone_stage_fill(struct milestone_stage *ms, struct level_stage *stage)
{
	*stage = (struct level_stage){ .self = ms, .topic = "linked", .core_new = core_new,
		.core_free = core_free };
}
