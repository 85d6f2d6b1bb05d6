#include "cli/recompute.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/standing.h"
#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/level_task.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "ingest/shell_judge.h"
#include "ingest/shell_live.h"
#include "ingest/shell_terms.h"
#include "sink/dump.h"
#include "transform/match/naive.h"
#include "transform/milestone/evaluate.h"

enum { TABLE_BYTES_MAX = 1 << 28, LINES_FIRST = 1024 };

struct said { /* a record of a topic that people write, as it stands */
	struct span key, value;
	int64_t offset, time_ms;
};

struct said_list {
	struct said *items;
	size_t n, cap;
};

struct line_list {
	struct span *items;
	size_t n, cap;
};

struct unit_of {
	struct id unit;
	struct timeline *timeline;
};

struct work {
	struct cli *cli;
	struct termsbook *terms;
	struct rules *rules;
	struct match_keys match_keys;
	struct live_keys keys;
	struct frequency frequency;
	struct postcodes *postcodes;
	struct judge *judge;
	struct arena arena; /* everything that is kept to the end */
	struct said_list reviews, decisions, erasures, references;
	struct id *erased;
	size_t erased_n;
	struct evidence *evidence;
	size_t evidence_n, evidence_cap;
	const struct agency *agency; /* whose topic is read */
	int64_t *raw_low;            /* by agency: the first offset there is; INT64_MAX: none */
	struct said_list given;      /* evidence of raw that is no more */
	struct strmap given_at;      /* key -> its index */
	struct claims claims;        /* of the topic evidence */
	date_t *complete;            /* by agency, its own word */
	struct names *names;
	struct unit_of *units;
	size_t units_n;
	struct idmap by_unit;
	struct line_list lines;
	struct recompute_counts *counts;
};

static void
line_end(struct work *w, struct buf *b)
{
	struct line_list *l = &w->lines;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : LINES_FIRST;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = arena_copy(&w->arena, buf_view(b));
	buf_reset(b);
}

/* --- what people wrote: the last record of each key */

struct taking {
	struct work *w;
	struct said_list *list;
};

static int
said_take(void *arg, const struct rec *rec, struct err *err)
{
	struct taking *t = arg;
	struct said_list *l = t->list;
	size_t i = 0;

	(void)err;
	while (i < l->n && !span_eq(l->items[i].key, rec->key))
		i++;
	if (i == l->n) {
		if (l->n == l->cap) {
			l->cap = l->cap ? l->cap * 2 : 16;
			l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
		}
		l->items[l->n++] = (struct said){ .key = arena_copy(&t->w->arena, rec->key) };
	}
	l->items[i].value = rec->value.ptr ? arena_copy(&t->w->arena, rec->value) : SPAN_NONE;
	l->items[i].offset = rec->offset;
	l->items[i].time_ms = rec->time_ms;
	return 0;
}

/* An erasure is never taken back: each record counts, whatever follows under its key. */
static int
erasure_take(void *arg, const struct rec *rec, struct err *err)
{
	struct work *w = arg;
	struct said_list *l = &w->erasures;

	(void)err;
	if (!rec->value.ptr)
		return 0;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = (struct said){ .value = arena_copy(&w->arena, rec->value) };
	return 0;
}

static int
said_read(struct work *w, const char *topic, struct said_list *list, struct err *err)
{
	struct taking t = { w, list };

	return cli_topic_each(w->cli, topic, said_take, &t, err);
}

static bool
read_as(struct work *w, const struct av_record *binding, struct span value, void *out)
{
	struct err bad;

	return value.ptr
	    && av_read(w->cli->catalogue, binding, value, out, &w->arena, &bad) == 0;
}

static void
erasures_judge(struct work *w)
{
	static const char *const roles[] = { "eraser", "publisher", NULL };

	w->erased = mem_alloc((w->erasures.n + 1) * sizeof(*w->erased));
	for (size_t i = 0; i < w->erasures.n; i++) {
		struct suppressed su;

		if (read_as(w, &suppressed_binding, w->erasures.items[i].value, &su)
		    && termsbook_signed(w->terms, &suppressed_binding, &su, su.key_id, su.signature,
			offsetof(struct suppressed, signature), roles))
			w->erased[w->erased_n++] = su.event_id;
	}
}

static bool
is_erased(const struct id *event, const void *arg)
{
	const struct work *w = arg;

	for (size_t i = 0; i < w->erased_n; i++)
		if (id_eq(&w->erased[i], event))
			return true;
	return false;
}

/* --- keys, tables, rules */

static int
file_read(struct cli *cli, const char *path, struct buf *out, struct err *err)
{
	(void)cli;
	return cli_read_file(path, TABLE_BYTES_MAX, out, err);
}

static int
tables_read(struct work *w, struct err *err)
{
	const struct params *p = w->cli->params;
	struct buf text = BUF_INIT;
	int result = file_read(w->cli, p->frequency, &text, err);

	if (result == 0)
		result = frequency_parse(&w->frequency, buf_view(&text), err);
	if (result == 0 && *p->postcodes) {
		result = file_read(w->cli, p->postcodes, &text, err);
		if (result == 0) {
			w->postcodes = postcodes_parse(buf_view(&text), err);
			result = w->postcodes ? 0 : -1;
		}
	}
	buf_release(&text);
	return result;
}

static int
keys_read(struct work *w, struct err *err)
{
	struct keyfile file;
	char path[PATH_MAX];

	if (live_keys_open(w->cli->params, &w->keys, err))
		return -1;
	snprintf(path, sizeof(path), "%s/match.key", w->cli->params->keys_dir);
	if (keyfile_read(path, "match", 0, &file, err))
		return -1;
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/index"),
	    w->match_keys.index);
	hkdf_sha256(span_of(file.secret, sizeof(file.secret)), SPAN_LIT("outturn/1/match/unit"),
	    w->match_keys.unit);
	keyfile_release(&file);
	return 0;
}

/* --- raw */

/* bytes: of an evidence record; kept by the caller. */
static int
evidence_add(struct work *w, struct span bytes, struct err *err)
{
	if (w->evidence_n == w->evidence_cap) {
		w->evidence_cap = w->evidence_cap ? w->evidence_cap * 2 : 1024;
		w->evidence = mem_realloc(w->evidence, w->evidence_cap, sizeof(*w->evidence));
	}
	if (av_read(w->cli->catalogue, &evidence_binding, bytes, &w->evidence[w->evidence_n],
		&w->arena, err))
		return -1;
	evidence_at_epoch(&w->evidence[w->evidence_n], w->cli->params->match_epoch);
	w->evidence_n++;
	return 0;
}

static int
raw_take(void *arg, const struct rec *rec, struct err *err)
{
	struct work *w = arg;
	struct raw_position at = { w->agency->topic, w->agency->epoch, rec->offset, rec->time_ms,
		rec->key };
	int64_t *low = &w->raw_low[w->agency - w->rules->agencies->items];
	struct judgement j;

	judge_record(w->judge, &at, rec->value, &j);
	if (rec->offset < *low)
		*low = rec->offset;
	w->counts->raw++;
	return evidence_add(w, arena_copy(&w->arena, j.evidence), err);
}

static int
raw_read(struct work *w, struct err *err)
{
	struct ingest_terms terms = { .agencies = w->rules->agencies, .codes = w->rules->codes,
		.postcodes = w->postcodes, .frequency = &w->frequency, .ring = w->keys.ring, .next = w->keys.next,
		.is_suppressed = is_erased, .suppressed_arg = w };
	char topic[TOPIC_NAME_MAX + 1];

	if (token_settings_read(w->cli->params->tokens, w->cli->params->clk, &terms.tokens, err))
		return -1;
	w->judge = judge_new(w->cli->catalogue, &terms);
	w->raw_low = mem_alloc((w->rules->agencies->n + 1) * sizeof(*w->raw_low));
	for (size_t i = 0; i < w->rules->agencies->n; i++) {
		w->agency = &w->rules->agencies->items[i];
		w->raw_low[i] = INT64_MAX;
		snprintf(topic, sizeof(topic), SPAN_FMT, SPAN_ARG(w->agency->topic));
		if (cli_topic_each(w->cli, topic, raw_take, w, err)
		    && strcmp(err->code, "kafka-no-topic") != 0)
			return -1;
	}
	return 0;
}

/* --- raw that is no more: below the start of a topic, of an earlier epoch, of a topic that no
 * agency is bound to any longer.  There evidence is taken as given, by what its owner wrote. */

static bool
raw_is_there(const struct work *w, const struct key *key)
{
	const struct agency *a = agency_of_topic(w->rules->agencies, key->stream);

	return a && a->epoch == key->epoch
	    && key->offset >= w->raw_low[a - w->rules->agencies->items];
}

static int
given_take(void *arg, const struct rec *rec, struct err *err)
{
	struct work *w = arg;
	struct key key = key_parse(rec->key);
	struct claim claim = { .epoch = 0 };
	struct said_list *l = &w->given;
	uint64_t *at;
	bool fresh;

	(void)err;
	if (key.type == KEY_CLAIM && !carry_decode_claim(w->cli->catalogue, rec->value, &claim))
		return 0;
	if ((key.type != KEY_CLAIM && key.type != KEY_RECORD)
	    || claims_apply(&w->claims, &key, rec, claim.epoch) != CLAIM_COUNTS
	    || raw_is_there(w, &key))
		return 0;
	at = strmap_put(&w->given_at, rec->key, &fresh);
	if (fresh && l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 1024;
		l->items = mem_realloc(l->items, l->cap, sizeof(*l->items));
	}
	if (fresh)
		*at = l->n++;
	l->items[*at] = (struct said){ .value = rec->value.ptr
		? arena_copy(&w->arena, rec->value) : SPAN_NONE };
	return 0;
}

/* After raw_read(): what has expired since then was read as raw. */
static int
given_read(struct work *w, struct err *err)
{
	if (cli_topic_each(w->cli, "evidence", given_take, w, err))
		return -1;
	for (size_t i = 0; i < w->given.n; i++) {
		struct evidence *ev;

		if (!w->given.items[i].value.ptr)
			continue;
		if (evidence_add(w, w->given.items[i].value, err))
			return -1;
		ev = &w->evidence[w->evidence_n - 1];
		if (is_erased(&ev->event_id, w))
			ev->what = EVIDENCE_SUPPRESSED;
		w->counts->given++;
	}
	return 0;
}

/* A topic's word, which every record of it may raise. */
static date_t
complete_of(const struct work *w, struct span topic, struct span organisation)
{
	date_t through = DATE_NONE;

	for (size_t i = 0; i < w->evidence_n; i++) {
		const struct evidence *ev = &w->evidence[i];

		if (ev->what == EVIDENCE_COMPLETE && span_eq(ev->source.topic, topic)
		    && span_eq(ev->organisation, organisation) && ev->complete_through > through)
			through = ev->complete_through;
	}
	return through;
}

static void
raw_lines(struct work *w)
{
	struct buf b = BUF_INIT;

	w->complete = mem_alloc((w->rules->agencies->n + 1) * sizeof(*w->complete));
	for (size_t a = 0; a < w->rules->agencies->n; a++) {
		const struct agency *agency = &w->rules->agencies->items[a];

		w->complete[a] = complete_of(w, agency->topic, agency->organisation);
		if (w->complete[a] == DATE_NONE)
			continue;
		dump_complete(&b, agency->organisation, w->complete[a]);
		line_end(w, &b);
	}
	for (size_t i = 0; i < w->evidence_n; i++)
		if (w->evidence[i].what == EVIDENCE_REJECT) {
			dump_reject(&b, &w->evidence[i]);
			line_end(w, &b);
		}
	buf_release(&b);
}

/* --- people */

static struct timeline *
timeline_of(struct work *w, const struct id *unit)
{
	bool fresh;
	uint32_t *at = idmap_put(&w->by_unit, unit, &fresh);

	if (fresh) {
		*at = (uint32_t)w->units_n;
		w->units = mem_realloc(w->units, w->units_n + 1, sizeof(*w->units));
		w->units[w->units_n++] = (struct unit_of){ *unit, timeline_new(w->names, unit) };
	}
	return w->units[*at].timeline;
}

static const char *const *
roles_for(struct span what)
{
	static const char *const provider[] = { "provider", NULL };
	static const char *const checker[] = { "verifier", "commissioner", NULL };
	static const char *const payer[] = { "commissioner", NULL };

	if (span_is(what, "claimed") || span_is(what, "replied"))
		return provider;
	return span_is(what, "paid") ? payer : checker;
}

static void
linked_take(void *arg, const struct key *key, const struct linked *ln)
{
	struct work *w = arg;
	struct buf b = BUF_INIT;
	struct decision de;

	if (ln->what == LINKED_PAIR) {
		dump_pair(&b, ln);
	} else if (ln->what == LINKED_DECISION) {
		dump_decision(&b, &key->a, &key->b, ln->decision);
		if (read_as(w, &decision_binding, ln->decision, &de))
			timeline_decision(timeline_of(w, &key->a), &key->b, &de,
			    termsbook_signed(w->terms, &decision_binding, &de, de.key_id,
				de.signature, offsetof(struct decision, signature),
				roles_for(de.what)));
	} else {
		dump_link(&b, ln);
		timeline_event(timeline_of(w, &key->a), &key->b, ln);
		w->counts->events++;
	}
	line_end(w, &b);
	for (size_t i = 0; ln->what == LINKED_EVENT && i < w->evidence_n; i++) {
		const struct evidence *ev = &w->evidence[i];

		if (ev->source.offset != ln->source.offset || ev->source.epoch != ln->source.epoch
		    || !span_eq(ev->source.topic, ln->source.topic))
			continue;
		dump_event(&b, ev);
		line_end(w, &b);
		break;
	}
	buf_release(&b);
}

struct word { /* of one reviewer about one pair */
	struct id a, b;
	struct span who;
	bool same;
};

/* "<event a>/<event b>" or that and "/<reviewer>". */
static bool
word_read(struct work *w, const struct said *s, struct word *out)
{
	static const char *const roles[] = { "reviewer", NULL };
	const size_t pair = 2 * ID_HEX + 1;
	struct review rv;

	if (s->key.len < pair || !id_parse(&out->a, span_of(s->key.ptr, ID_HEX))
	    || !id_parse(&out->b, span_of(s->key.ptr + ID_HEX + 1, ID_HEX))
	    || id_cmp(&out->a, &out->b) >= 0 || !read_as(w, &review_binding, s->value, &rv)
	    || !id_eq(&out->a, &rv.event_a) || !id_eq(&out->b, &rv.event_b)
	    || (s->key.len > pair
		&& !span_eq(span_of(s->key.ptr + pair + 1, s->key.len - pair - 1), rv.key_id)))
		return false;
	out->who = rv.key_id;
	out->same = span_is(rv.verdict, "same");
	return (out->same || span_is(rv.verdict, "not-same"))
	    && termsbook_signed(w->terms, &review_binding, &rv, rv.key_id, rv.signature,
		offsetof(struct review, signature), roles);
}

static int
word_order(const void *p, const void *q)
{
	const struct word *x = p, *y = q;
	int c = id_cmp(&x->a, &y->a);

	if (c == 0)
		c = id_cmp(&x->b, &y->b);
	return c ? c : span_cmp(x->who, y->who);
}

/* As many as are asked for say it, and none says otherwise. */
static size_t
reviews_judge(struct work *w, struct naive_review *out)
{
	struct word *words = mem_alloc((w->reviews.n + 1) * sizeof(*words));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < w->reviews.n; i++)
		kept += word_read(w, &w->reviews.items[i], &words[kept]);
	if (kept)
		qsort(words, kept, sizeof(*words), word_order);
	for (size_t from = 0, to; from < kept; from = to) {
		int32_t people = 0;
		bool agreed = true;

		for (to = from; to < kept && id_eq(&words[to].a, &words[from].a)
		     && id_eq(&words[to].b, &words[from].b); to++) {
			agreed &= words[to].same == words[from].same;
			people += to == from || !span_eq(words[to].who, words[to - 1].who);
		}
		if (agreed && people >= w->cli->params->reviewers)
			out[n++] = (struct naive_review){ words[from].a, words[from].b,
				words[from].same };
	}
	mem_free(words);
	return n;
}

static size_t
decisions_read(struct work *w, struct naive_decision *out)
{
	size_t n = 0;

	for (size_t i = 0; i < w->decisions.n; i++) {
		const struct said *s = &w->decisions.items[i];
		struct decision de;
		struct id id;

		if (!id_parse(&id, s->key) || !read_as(w, &decision_binding, s->value, &de))
			continue;
		out[n++] = (struct naive_decision){ id, de.anchor_event, s->value,
			{ SPAN_LIT("decision"), 0, s->offset, s->time_ms } };
	}
	return n;
}

static const struct model *
model_read(struct work *w, struct model **owned)
{
	size_t at = 0;
	const struct book_page *page
	    = book_next(termsbook_book(w->terms), SPAN_LIT("model"), &at);
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = page ? yaml_parse("model", page->content, &report) : NULL;

	*owned = doc ? model_parse(doc->root, &report) : NULL;
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return *owned ? *owned : model_builtin();
}

static void
people_find(struct work *w)
{
	const struct agencies *agencies = w->rules->agencies;
	struct naive_review *reviews = mem_alloc((w->reviews.n + 1) * sizeof(*reviews));
	struct naive_decision *decisions = mem_alloc((w->decisions.n + 1) * sizeof(*decisions));
	struct span *one = mem_alloc((agencies->n + 1) * sizeof(*one));
	struct model *owned;
	struct naive_input in = { .evidence = w->evidence, .evidence_n = w->evidence_n,
		.suppressed = w->erased, .suppressed_n = w->erased_n, .reviews = reviews,
		.decisions = decisions, .one_record = one, .keys = &w->match_keys };

	in.reviews_n = reviews_judge(w, reviews);
	in.decisions_n = decisions_read(w, decisions);
	in.model = model_read(w, &owned);
	for (size_t i = 0; i < agencies->n; i++)
		if (agencies->items[i].one_record_a_person)
			one[in.one_record_n++] = agencies->items[i].organisation;
	naive_match(&in, linked_take, w);
	model_free(owned);
	mem_free(reviews);
	mem_free(decisions);
	mem_free(one);
}

/* --- outcomes */

static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct work *w = arg;
	date_t least = DATE_NONE;
	bool any = false;

	for (size_t a = 0; a < w->rules->agencies->n; a++) {
		if (!span_eq(w->rules->agencies->items[a].organisation, organisation))
			continue;
		if (!any || w->complete[a] < least)
			least = w->complete[a];
		any = true;
	}
	return least;
}

static date_t
newest_day(struct work *w)
{
	static const char *const roles[] = { "commissioner", "publisher", NULL };
	date_t newest = DATE_NONE;

	for (size_t i = 0; i < w->references.n; i++) {
		struct reference ref;

		if (read_as(w, &reference_binding, w->references.items[i].value, &ref)
		    && span_is(ref.what, "as-at")
		    && span_eq(ref.reference_id, w->references.items[i].key)
		    && termsbook_signed(w->terms, &reference_binding, &ref, ref.key_id, ref.signature,
			offsetof(struct reference, signature), roles)
		    && ref.date > newest)
			newest = ref.date;
	}
	return newest;
}

/* The newest version of the page that can be read. */
static struct contract *
contract_of(const struct book *b, size_t from, size_t end)
{
	for (size_t i = end; i > from; i--) {
		struct yaml_report report = YAML_REPORT_INIT;
		struct yaml_doc *doc = yaml_parse("contract", b->pages[i - 1].content, &report);
		struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

		yaml_report_release(&report);
		yaml_doc_free(doc);
		if (c && span_eq(contract_name(c), b->pages[i - 1].name))
			return c;
		contract_free(c);
	}
	return NULL;
}

static void
outcomes_of(struct work *w, const struct contract *c, date_t as_at)
{
	struct evaluate_facts facts = { .as_at = as_at, .complete_through = complete_through,
		.arg = w };
	struct buf b = BUF_INIT;
	struct arena arena;

	arena_init(&arena, 0);
	for (size_t u = 0; u < w->units_n; u++) {
		struct outcome_list list = evaluate(c, w->units[u].timeline, &facts, &arena);

		for (uint32_t i = 0; i < list.n; i++) {
			dump_outcome(&b, &list.items[i]);
			line_end(w, &b);
			w->counts->outcomes++;
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
	buf_release(&b);
}

static void
outcomes_find(struct work *w)
{
	const struct book *b = termsbook_book(w->terms);
	date_t as_at = newest_day(w);
	size_t end;

	for (size_t at = 0; at < b->n; at = end) {
		struct contract *c;

		for (end = at + 1; end < b->n && span_eq(b->pages[end].thing, b->pages[at].thing)
		     && span_eq(b->pages[end].name, b->pages[at].name);)
			end++;
		if (!span_is(b->pages[at].thing, "contract"))
			continue;
		c = contract_of(b, at, end);
		if (c)
			outcomes_of(w, c, as_at);
		contract_free(c);
	}
	w->counts->units = w->units_n;
}

/* --- all */

static int
by_bytes(const void *p, const void *q)
{
	return span_cmp(*(const struct span *)p, *(const struct span *)q);
}

static void
lines_sort(struct work *w, struct buf *out)
{
	if (w->lines.n)
		qsort(w->lines.items, w->lines.n, sizeof(*w->lines.items), by_bytes);
	for (size_t i = 0; i < w->lines.n; i++) {
		/* The same bytes refused twice are one line, as in dump.sql; so is an event that
		 * concerns several units. */
		if (i && span_eq(w->lines.items[i], w->lines.items[i - 1])
		    && (span_starts(w->lines.items[i], "reject\t")
			|| span_starts(w->lines.items[i], "event\t")))
			continue;
		buf_span(out, w->lines.items[i]);
	}
}

static void
work_release(struct work *w)
{
	struct said_list *lists[] = { &w->reviews, &w->decisions, &w->erasures, &w->references,
		&w->given };

	judge_free(w->judge);
	for (size_t i = 0; i < w->units_n; i++)
		timeline_free(w->units[i].timeline);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		mem_free(lists[i]->items);
	names_free(w->names);
	rules_free(w->rules);
	termsbook_free(w->terms);
	live_keys_close(&w->keys);
	crypto_cleanse(&w->match_keys, sizeof(w->match_keys));
	postcodes_free(w->postcodes);
	frequency_release(&w->frequency);
	idmap_release(&w->by_unit);
	strmap_release(&w->given_at);
	claims_release(&w->claims);
	mem_free(w->raw_low);
	mem_free(w->erased);
	mem_free(w->evidence);
	mem_free(w->complete);
	mem_free(w->units);
	mem_free(w->lines.items);
	arena_release(&w->arena);
}

int
recompute(struct cli *cli, struct buf *lines, struct recompute_counts *counts, struct err *err)
{
	struct work w = { .cli = cli, .counts = counts };
	int result = -1;

	*counts = (struct recompute_counts){ 0 };
	arena_init(&w.arena, 0);
	idmap_init(&w.by_unit, 1);
	strmap_init(&w.given_at, 1);
	claims_init(&w.claims, true);
	w.names = names_new(1);
	if (keys_read(&w, err) || tables_read(&w, err))
		goto out;
	w.terms = standing_terms(cli, err);
	w.rules = w.terms ? standing_rules(w.terms, err) : NULL;
	if (!w.rules || cli_topic_each(cli, "suppressed", erasure_take, &w, err)
	    || said_read(&w, "review", &w.reviews, err)
	    || said_read(&w, "decision", &w.decisions, err)
	    || said_read(&w, "reference", &w.references, err))
		goto out;
	erasures_judge(&w);
	if (raw_read(&w, err) || given_read(&w, err))
		goto out;
	raw_lines(&w);
	people_find(&w);
	outcomes_find(&w);
	lines_sort(&w, lines);
	result = 0;
out:
	work_release(&w);
	return result;
}
