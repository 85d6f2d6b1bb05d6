#include "cli/standing.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/io/level_task.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/topics.h"

enum { ASK_MS = 10000 };

static const char *const stages[] = { "evidence", "linked", "outcomes" };

/* --- terms */

static int
terms_take(void *arg, const struct rec *rec, struct err *err)
{
	struct span thing;

	(void)err;
	termsbook_fold(arg, rec, &thing);
	return 0;
}

struct termsbook *
standing_terms(struct cli *cli, struct err *err)
{
	struct termsbook *terms = termsbook_new(cli->params->trust, cli->catalogue, err);

	if (!terms || cli_topic_each(cli, "terms", terms_take, terms, err) == 0)
		return terms;
	termsbook_free(terms);
	return NULL;
}

struct rules *
standing_rules(const struct termsbook *terms, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	const char *missing = NULL;
	struct rules *rules = rules_of_book(termsbook_book(terms), &report, &missing);

	if (!rules)
		err_code(err, ERR_FATAL, "not-found", NULL, "%s",
		    missing ? missing : report.kept ? report.mistakes[0].text : "no rules");
	yaml_report_release(&report);
	return rules;
}

static void
roles_text(const char *const *roles, struct buf *out)
{
	for (size_t i = 0; roles[i]; i++)
		buf_printf(out, "%s%s", i ? " or " : "", roles[i]);
}

int
standing_may_say(struct cli *cli, const struct av_record *binding, const void *rec,
    struct span key_id, struct span signature, size_t signature_at, const char *const *roles,
    struct err *err)
{
	struct termsbook *terms = standing_terms(cli, err);
	struct buf names = BUF_INIT;
	int result = 0;

	if (!terms)
		return -1;
	if (!termsbook_signed(terms, binding, rec, key_id, signature, signature_at, roles)) {
		roles_text(roles, &names);
		result = err_code(err, ERR_FATAL, "role-missing", NULL,
		    "the terms publish no '%.*s' with this key and the role %.*s: nobody would count it",
		    SPAN_ARG(key_id), (int)names.len, (const char *)names.ptr);
	}
	buf_release(&names);
	termsbook_free(terms);
	return result;
}

/* --- lines */

struct asking {
	struct cli *cli;
	struct standing *st;
	struct kadmin *admin;
	struct pg *pg;
	struct err *err;
};

/* Last offset of partition 0; -1: empty. */
static int
end_of(struct asking *a, const char *topic, int64_t *end)
{
	char full[TOPIC_NAME_MAX + 1];
	int64_t low, high;

	topic_full(a->cli->params->prefix, topic, full);
	if (kadmin_watermarks(a->admin, full, 0, &low, &high, ASK_MS, a->err))
		return -1;
	*end = high - 1;
	return 0;
}

static struct standing_line *
line_add(struct standing *st, struct span input, const char *stage, int64_t end)
{
	struct standing_line *l;

	if (st->n == STANDING_LINES_MAX)
		return &st->lines[STANDING_LINES_MAX - 1];
	l = &st->lines[st->n++];
	*l = (struct standing_line){ .stage = stage, .end = end, .folded = -2, .terms = -2,
		.terms_end = -1, .complete_through = DATE_NONE };
	snprintf(l->input, sizeof(l->input), SPAN_FMT, SPAN_ARG(input));
	return l;
}

/* A topic's epoch by its agency's entry: 1 where nothing is said. */
static int32_t
epoch_of(const struct yaml *agency)
{
	const struct yaml *said = yaml_get(agency, "epoch");
	int64_t epoch;

	return said && yaml_int(said, &epoch) && epoch > 0 && epoch <= INT32_MAX ? (int32_t)epoch : 1;
}

/* A raw topic that is not there does not keep the others from being shown. */
static int
raw_end_of(struct asking *a, const char *topic, int64_t *end, bool *missing)
{
	struct err before = *a->err;

	*missing = false;
	if (end_of(a, topic, end) == 0)
		return 0;
	if (strcmp(a->err->code, "kafka-no-topic") != 0)
		return -1;
	if (a->st->missing.class == ERR_NONE)
		a->st->missing = *a->err;
	*a->err = before;
	*end = -1;
	*missing = true;
	return 0;
}

static int
raw_lines(struct asking *a, const struct termsbook *terms, int64_t terms_end)
{
	const struct book_page *page = book_find(termsbook_book(terms), SPAN_LIT("agencies"),
	    SPAN_LIT("agencies"));
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = page ? yaml_parse("agencies", page->content, &report) : NULL;
	const struct yaml *list = doc ? yaml_get(doc->root, "agencies") : NULL;
	int result = 0;

	a->st->agencies = page != NULL;
	for (uint32_t i = 0; result == 0 && list && i < list->n; i++) {
		const struct yaml *topic = yaml_get(&list->items[i], "topic");
		char name[TOPIC_NAME_MAX + 1];
		int64_t end;
		bool missing;

		if (!topic || topic->kind != YAML_SCALAR)
			continue;
		snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(topic->text));
		result = raw_end_of(a, name, &end, &missing);
		for (size_t s = 0; result == 0 && s < 3; s++) {
			struct standing_line *l = line_add(a->st, topic->text, stages[s], end);

			l->terms_end = terms_end;
			l->epoch = epoch_of(&list->items[i]);
			l->missing = missing;
		}
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return result;
}

static int
side_lines(struct asking *a)
{
	static const struct {
		const char *input, *topic;
		bool linked;
	} sides[] = { { "review", "review", true }, { "decision", "decision", true },
		{ "suppressed", "suppressed", true }, { "terms@m", "terms", true },
		{ "terms@o", "terms", false }, { "reference", "reference", false } };

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		int64_t end;

		if (end_of(a, sides[i].topic, &end))
			return -1;
		if (sides[i].linked)
			line_add(a->st, span_str(sides[i].input), "linked", end);
		line_add(a->st, span_str(sides[i].input), "outcomes", end);
	}
	return 0;
}

static int
cuts_fill(struct asking *a)
{
	struct pg_rows *rows = pg_query(a->pg,
	    "SELECT input, topic, folded_through, coalesce(complete_through::text, ''), "
	    "terms_offset, epoch FROM ops.progress", NULL, 0, a->err);

	for (size_t r = 0; rows && r < pg_rows_count(rows); r++)
		for (size_t i = 0; i < a->st->n; i++) {
			struct standing_line *l = &a->st->lines[i];

			if (!span_is(pg_value(rows, r, 0), l->input)
			    || !span_is(pg_value(rows, r, 1), l->stage))
				continue;
			l->folded = pg_value_int(rows, r, 2);
			date_parse(pg_value(rows, r, 3), &l->complete_through);
			l->terms = pg_value_int(rows, r, 4);
			l->before = pg_value_int(rows, r, 5) != l->epoch;
			if (l->before)
				l->folded = -1; /* of the topic as it is now, nothing */
		}
	pg_rows_free(rows);
	return rows ? 0 : -1;
}

static int
count_of(struct asking *a, const char *sql, int64_t *n)
{
	struct pg_rows *rows = pg_query(a->pg, sql, NULL, 0, a->err);

	if (!rows)
		return -1;
	*n = pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	return 0;
}

/* A partition that was never loaded has no row, and so no cut that could be behind. */
static int
partitions_fill(struct asking *a)
{
	static const enum topic_number ours[] = { TOPIC_evidence, TOPIC_rejected, TOPIC_linked,
		TOPIC_outcomes };
	char full[TOPIC_NAME_MAX + 1];
	int64_t there = 0, followed;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		int n;

		topic_full(a->cli->params->prefix, topic_name(ours[i]), full);
		n = kadmin_partitions(a->admin, full, ASK_MS, a->err);
		if (n < 0)
			return -1;
		there += n;
	}
	if (count_of(a, "SELECT count(*) FROM ops.offset WHERE topic IN ('evidence', 'rejected', "
			"'linked', 'outcomes')", &followed))
		return -1;
	a->st->unread = there > followed ? there - followed : 0;
	return 0;
}

/* --- what was erased, and what was rejected */

struct judging {
	struct cli *cli;
	struct termsbook *terms;
	struct arena arena;
	struct idmap erased;
	date_t as_at;
};

/* An erasure is never taken back: each record counts, whatever follows under its key. */
static int
erased_take(void *arg, const struct rec *rec, struct err *err)
{
	static const char *const roles[] = { "eraser", "publisher", NULL };
	struct judging *g = arg;
	struct suppressed su;
	struct err bad;
	bool fresh;

	(void)err;
	arena_reset(&g->arena);
	if (rec->value.ptr
	    && av_read(g->cli->catalogue, &suppressed_binding, rec->value, &su, &g->arena, &bad) == 0
	    && termsbook_signed(g->terms, &suppressed_binding, &su, su.key_id, su.signature,
		offsetof(struct suppressed, signature), roles))
		idmap_put(&g->erased, &su.event_id, &fresh);
	return 0;
}

static int
erased_fill(struct asking *a, const struct idmap *erased)
{
	struct buf ids = BUF_INIT;
	struct idmap_slot *s;
	struct pg_rows *rows;
	char hex[ID_HEX + 1];
	uint32_t at = 0;

	if (!erased->count)
		return 0;
	while ((s = idmap_next(erased, &at))) {
		id_hex(&s->key, hex);
		buf_printf(&ids, "%s%s", ids.len ? "," : "{", hex);
	}
	buf_byte(&ids, '}');
	rows = pg_query(a->pg,
	    "SELECT count(*) FROM evidence.record WHERE event_id = ANY ($1::text::uuid[]) "
	    "AND what <> 'suppressed'",
	    &(struct pg_param){ PG_TEXT, buf_view(&ids) }, 1, a->err);
	buf_release(&ids);
	if (!rows)
		return -1;
	a->st->erased_left = pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	return 0;
}

static int
rejected_fill(struct asking *a)
{
	int64_t end, next;

	if (end_of(a, "rejected", &end)
	    || count_of(a, "SELECT coalesce(max(next_offset), 0) FROM ops.offset "
			   "WHERE topic = 'rejected'", &next))
		return -1;
	a->st->rejected_left = end + 1 > next ? end + 1 - next : 0;
	return 0;
}

/* --- the day */

static int
day_take(void *arg, const struct rec *rec, struct err *err)
{
	static const char *const roles[] = { "commissioner", "publisher", NULL };
	struct judging *g = arg;
	struct reference ref;
	struct err bad;

	(void)err;
	arena_reset(&g->arena);
	if (rec->value.ptr
	    && av_read(g->cli->catalogue, &reference_binding, rec->value, &ref, &g->arena, &bad) == 0
	    && span_is(ref.what, "as-at") && ref.date > g->as_at
	    && termsbook_signed(g->terms, &reference_binding, &ref, ref.key_id, ref.signature,
		offsetof(struct reference, signature), roles))
		g->as_at = ref.date;
	return 0;
}

static int
rest_fill(struct asking *a, struct termsbook *terms)
{
	struct judging g = { .cli = a->cli, .terms = terms, .as_at = DATE_NONE };
	int result = -1;

	arena_init(&g.arena, 0);
	idmap_init(&g.erased, 1);
	if (count_of(a, "SELECT count(*) FROM ops.doubt", &a->st->doubts) == 0
	    && partitions_fill(a) == 0 && rejected_fill(a) == 0
	    && cli_topic_each(a->cli, "suppressed", erased_take, &g, a->err) == 0
	    && cli_topic_each(a->cli, "reference", day_take, &g, a->err) == 0)
		result = erased_fill(a, &g.erased);
	a->st->as_at = g.as_at;
	idmap_release(&g.erased);
	arena_release(&g.arena);
	return result;
}

static void
judge(struct standing *st)
{
	st->up_to_date = st->agencies && !st->unread && !st->doubts && !st->erased_left
	    && !st->rejected_left;
	for (size_t i = 0; i < st->n; i++) {
		struct standing_line *l = &st->lines[i];

		l->behind = l->before || l->missing || l->folded < l->end
		    || (l->terms_end >= 0 && l->terms < l->terms_end);
		st->up_to_date &= !l->behind;
	}
}

static int
totals_fill(struct asking *a)
{
	if (count_of(a, "SELECT coalesce(sum(abs(unaccounted)), 0)::bigint FROM ops.unaccounted",
		&a->st->unaccounted))
		return -1;
	a->st->up_to_date = a->st->unaccounted == 0;
	return 0;
}

int
standing_read(struct cli *cli, struct pg *pg, struct standing *st, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct asking a = { .cli = cli, .st = st, .pg = pg, .err = err };
	struct termsbook *terms = NULL;
	struct kafka_conf conf;
	int64_t terms_end;
	int result = -1;

	*st = (struct standing){ .as_at = DATE_NONE };
	cli_kafka_conf(cli, properties, &conf);
	a.admin = kadmin_new(&conf, err);
	if (!a.admin)
		return -1;
	/* Ends first: what is folded up to them by then is the answer. */
	terms = standing_terms(cli, err);
	if (terms && end_of(&a, "terms", &terms_end) == 0 && raw_lines(&a, terms, terms_end) == 0
	    && side_lines(&a) == 0 && cuts_fill(&a) == 0 && rest_fill(&a, terms) == 0) {
		st->terms_end = terms_end;
		judge(st);
		/* Every raw record is looked at for the totals: only once all else is level. */
		result = st->up_to_date ? totals_fill(&a) : 0;
	}
	termsbook_free(terms);
	kadmin_free(a.admin);
	return result;
}

const char *
standing_why(const struct standing *st, char *out, size_t size)
{
	*out = '\0';
	if (!st->agencies)
		snprintf(out, size, "no agencies are published: outturn publish config");
	else if (st->missing.class != ERR_NONE)
		snprintf(out, size, "%s", st->missing.text);
	else if (st->unread)
		snprintf(out, size, "%lld partitions are not read into the warehouse yet: is every "
		    "sinkd running?", (long long)st->unread);
	else if (st->doubts)
		snprintf(out, size, "%lld records wait for their owner's answer",
		    (long long)st->doubts);
	else if (st->erased_left)
		snprintf(out, size, "%lld erased records are not stubs yet",
		    (long long)st->erased_left);
	else if (st->rejected_left)
		snprintf(out, size, "%lld records of 'rejected' are to be written",
		    (long long)st->rejected_left);
	for (size_t i = 0; !*out && i < st->n; i++) {
		const struct standing_line *l = &st->lines[i];

		if (l->behind && l->folded < -1)
			snprintf(out, size, "'%s' has not been seen at '%s' yet", l->input, l->stage);
		else if (l->before)
			snprintf(out, size, "of '%s' as it is now, epoch %d, nothing is folded at '%s' yet",
			    l->input, (int)l->epoch, l->stage);
		else if (l->behind && l->folded < l->end)
			snprintf(out, size, "'%s' is folded to %lld of %lld at '%s'", l->input,
			    (long long)l->folded, (long long)l->end, l->stage);
		else if (l->behind)
			snprintf(out, size, "'%s' stands under older terms at '%s'", l->input,
			    l->stage);
	}
	if (!*out && st->unaccounted)
		snprintf(out, size, "%lld raw records are unaccounted for: the totals do not balance",
		    (long long)st->unaccounted);
	return out;
}
