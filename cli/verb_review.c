/*
 * outturn review - pairs of which the matcher cannot say whether they are one person.
 *
 *	ls      what waits, by the money that depends on it
 *	show    one pair: the weights field by field, and both events
 *	decide  same or different: signed, published to the topic `review`
 *
 *	pair ─► reviewer's word ─► review ─► matchd ─► linked ─► the pair waits no longer
 *
 * What a reviewer sees is how well two values agree, never a value.  Where two
 * must agree (the setting `reviewers`), the second is somebody else: each word
 * stands under its reviewer's own key, and counts when none says otherwise.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/matching.h"
#include "cli/standing.h"
#include "common/io/level_task.h"
#include "common/mem.h"
#include "common/money.h"

enum { MBIT = 1000 };

/* Of two people the strongest pair: a word about it is about the two. */
static const char queue_sql[]
    = "SELECT replace(event_a::text, '-', ''), replace(event_b::text, '-', ''), why, weight_mbit, "
      "depends_minor, currency, outcomes, several_currencies::integer::bigint, "
      "restricted::integer::bigint, known_from::timestamp(0)::text FROM (SELECT DISTINCT ON "
      "(least(unit_a, unit_b), greatest(unit_a, unit_b)) * FROM mart.review_queue "
      "ORDER BY least(unit_a, unit_b), greatest(unit_a, unit_b), weight_mbit DESC, event_a, event_b) q "
      "ORDER BY depends_minor DESC, weight_mbit DESC, event_a, event_b LIMIT $1::text::bigint";
static const char find_sql[]
    = "SELECT replace(event_a::text, '-', ''), replace(event_b::text, '-', ''), why, weight_mbit, "
      "depends_minor, currency, outcomes, several_currencies::integer::bigint, "
      "restricted::integer::bigint, known_from::timestamp(0)::text FROM mart.review_queue "
      "WHERE (starts_with(replace(event_a::text, '-', ''), $1) "
      "AND starts_with(replace(event_b::text, '-', ''), $2)) "
      "OR (starts_with(replace(event_a::text, '-', ''), $2) "
      "AND starts_with(replace(event_b::text, '-', ''), $1)) LIMIT 2";
enum queue_column { Q_A, Q_B, Q_WHY, Q_WEIGHT, Q_DEPENDS, Q_CURRENCY, Q_OUTCOMES, Q_SEVERAL,
	Q_RESTRICTED, Q_SINCE };

/* What was said of pairs, as the topic has it; who may say it is matchd's to judge. */
struct said_word {
	struct id a, b;
	char who[64], verdict[16];
	struct span key; /* owned */
};

struct said_words {
	struct cli *cli;
	struct arena arena;
	struct said_word *items;
	size_t n;
};

static int
word_take(void *arg, const struct rec *rec, struct err *err)
{
	struct said_words *s = arg;
	struct review rv;
	struct err bad;
	size_t i = 0;

	(void)err;
	while (i < s->n && !span_eq(s->items[i].key, rec->key))
		i++;
	arena_reset(&s->arena);
	if (!rec->value.ptr || av_read(s->cli->catalogue, &review_binding, rec->value, &rv, &s->arena, &bad)) {
		if (i < s->n)
			s->items[i].verdict[0] = '\0';
		return 0;
	}
	if (i == s->n) {
		uint8_t *key = mem_alloc(rec->key.len + 1);

		memcpy(key, rec->key.ptr, rec->key.len);
		s->items = mem_realloc(s->items, s->n + 1, sizeof(*s->items));
		s->items[s->n++] = (struct said_word){ .key = span_of(key, rec->key.len) };
	}
	s->items[i].a = rv.event_a;
	s->items[i].b = rv.event_b;
	snprintf(s->items[i].who, sizeof(s->items[i].who), SPAN_FMT, SPAN_ARG(rv.key_id));
	snprintf(s->items[i].verdict, sizeof(s->items[i].verdict), SPAN_FMT, SPAN_ARG(rv.verdict));
	return 0;
}

static int
words_read(struct cli *cli, struct said_words *s, struct err *err)
{
	*s = (struct said_words){ .cli = cli };
	arena_init(&s->arena, 1 << 20);
	return cli_topic_each(cli, "review", word_take, s, err);
}

static void
words_release(struct said_words *s)
{
	for (size_t i = 0; i < s->n; i++)
		mem_free((void *)(uintptr_t)s->items[i].key.ptr);
	mem_free(s->items);
	arena_release(&s->arena);
}

static const char *
spoken(const char *verdict)
{
	return strcmp(verdict, "not-same") == 0 ? "different" : verdict;
}

/* "same by ann, different by bob" */
static void
words_text(const struct said_words *s, struct span a, struct span b, struct buf *out)
{
	const char *between = "";
	struct id x, y;

	if (!id_parse(&x, a) || !id_parse(&y, b))
		return;
	for (size_t i = 0; i < s->n; i++) {
		const struct said_word *w = &s->items[i];

		if (!w->verdict[0] || !id_eq(&w->a, &x) || !id_eq(&w->b, &y))
			continue;
		buf_printf(out, "%s%s by %s", between, spoken(w->verdict), w->who);
		between = ", ";
	}
}

/* --- ls */

static void
depends_text(const struct pg_rows *rows, size_t i, struct buf *out)
{
	const struct currency *cur = currency_find(pg_value(rows, i, Q_CURRENCY));
	char price[MONEY_TEXT];

	if (pg_value_int(rows, i, Q_SEVERAL)) {
		buf_str(out, "several currencies");
	} else if (!pg_value_int(rows, i, Q_OUTCOMES)) {
		buf_str(out, "nothing");
	} else if (!cur) {
		buf_span(out, pg_value(rows, i, Q_DEPENDS));
	} else {
		money_text(pg_value_int(rows, i, Q_DEPENDS), cur, price);
		buf_str(out, price);
	}
}

static void
row_text(const struct pg_rows *rows, size_t i, const struct said_words *said, struct buf *out)
{
	int64_t w = pg_value_int(rows, i, Q_WEIGHT);

	buf_printf(out, "%.12s %.12s\t%.*s\t%s%lld.%lld\t",
	    (const char *)pg_value(rows, i, Q_A).ptr, (const char *)pg_value(rows, i, Q_B).ptr,
	    SPAN_ARG(pg_value(rows, i, Q_WHY)), w < 0 ? "-" : "+", (long long)(llabs(w) / MBIT),
	    (long long)(llabs(w) % MBIT / 100));
	depends_text(rows, i, out);
	buf_printf(out, "\t%.*s%s\t", SPAN_ARG(pg_value(rows, i, Q_OUTCOMES)),
	    pg_value_int(rows, i, Q_RESTRICTED) ? "\tprotected" : "\t");
	words_text(said, pg_value(rows, i, Q_A), pg_value(rows, i, Q_B), out);
	buf_byte(out, '\n');
}

static void
row_json(const struct pg_rows *rows, size_t i, const struct said_words *said, struct jw *j)
{
	struct buf words = BUF_INIT;

	words_text(said, pg_value(rows, i, Q_A), pg_value(rows, i, Q_B), &words);
	jw_put_str(j, "event_a", pg_value(rows, i, Q_A));
	jw_put_str(j, "event_b", pg_value(rows, i, Q_B));
	jw_put_str(j, "why", pg_value(rows, i, Q_WHY));
	jw_put_int(j, "weight_mbit", pg_value_int(rows, i, Q_WEIGHT));
	jw_put_int(j, "depends_minor", pg_value_int(rows, i, Q_DEPENDS));
	jw_put_str(j, "currency", pg_value(rows, i, Q_CURRENCY));
	jw_put_bool(j, "several_currencies", pg_value_int(rows, i, Q_SEVERAL) != 0);
	jw_put_int(j, "outcomes", pg_value_int(rows, i, Q_OUTCOMES));
	jw_put_bool(j, "restricted", pg_value_int(rows, i, Q_RESTRICTED) != 0);
	jw_put_str(j, "since", pg_value(rows, i, Q_SINCE));
	jw_put_str(j, "said", buf_view(&words));
	buf_release(&words);
}

static int
ls(struct cli *cli, struct pg *pg, const char *limit, struct err *err)
{
	struct pg_rows *rows = pg_query(pg, queue_sql,
	    &(struct pg_param){ PG_TEXT, span_str(limit) }, 1, err);
	struct buf out = BUF_INIT;
	struct said_words said;
	struct jw j;
	int result = -1;

	if (!rows)
		return -1;
	if (words_read(cli, &said, err))
		goto out;
	if (cli->json) {
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_int(&j, "version", 1);
		jw_key(&j, "pairs");
		jw_array(&j);
	} else {
		buf_str(&out, "pair\twhy\tbits\tdepends\toutcomes\tprotected\tsaid\n");
	}
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		if (!cli->json) {
			row_text(rows, i, &said, &out);
			continue;
		}
		jw_object(&j);
		row_json(rows, i, &said, &j);
		jw_end(&j);
	}
	if (cli->json) {
		jw_end(&j);
		jw_end(&j);
		buf_str(&out, "\n");
	}
	cli_print(&out);
	result = 0;
out:
	words_release(&said);
	pg_rows_free(rows);
	buf_release(&out);
	return result;
}

/* --- one pair */

static struct pg_rows *
pair_find(struct pg *pg, const char *a, const char *b, struct id *x, struct id *y,
    struct err *err)
{
	struct pg_rows *rows = pg_query(pg, find_sql,
	    (struct pg_param[]){ { PG_TEXT, span_str(a) }, { PG_TEXT, span_str(b) } }, 2, err);

	if (!rows)
		return NULL;
	if (pg_rows_count(rows) == 1 && id_parse(x, pg_value(rows, 0, Q_A))
	    && id_parse(y, pg_value(rows, 0, Q_B)))
		return rows;
	err_code(err, ERR_FATAL, "not-found", NULL, pg_rows_count(rows) > 1
		? "more than one waiting pair begins so" : "no such pair is waiting");
	pg_rows_free(rows);
	return NULL;
}

static const char *
why_text(struct span why)
{
	return span_is(why, "weight") ? "the weight is between the thresholds"
	    : span_is(why, "conflict")
	    ? "they match, but others of the two people speak against it"
	    : "they match, in a component that is past its limit";
}

static void
pair_text(const struct pg_rows *rows, const struct said_words *said, struct buf *out)
{
	buf_printf(out, "asked because %s\ndepends on it: ", why_text(pg_value(rows, 0, Q_WHY)));
	depends_text(rows, 0, out);
	buf_printf(out, ", %.*s outcomes%s\nsaid so far: ", SPAN_ARG(pg_value(rows, 0, Q_OUTCOMES)),
	    pg_value_int(rows, 0, Q_RESTRICTED) ? "; a protected person" : "");
	words_text(said, pg_value(rows, 0, Q_A), pg_value(rows, 0, Q_B), out);
	buf_str(out, "\n\n");
}

static int
show(struct cli *cli, struct pg *pg, const char *a, const char *b, bool html, struct err *err)
{
	struct said_words said = { .n = 0 };
	struct buf out = BUF_INIT;
	struct matching mt;
	struct pg_rows *rows;
	struct id x, y;
	struct jw j;
	int result;

	rows = pair_find(pg, a, b, &x, &y, err);
	if (!rows)
		return -1;
	result = matching_read(cli, pg, &x, &y, &mt, err);
	if (result == 0)
		result = words_read(cli, &said, err);
	if (result == 0 && html) {
		matching_html(&mt, &out);
	} else if (result == 0 && cli->json) {
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_int(&j, "version", 1);
		row_json(rows, 0, &said, &j);
		matching_json(&mt, &j);
		jw_end(&j);
		buf_str(&out, "\n");
	} else if (result == 0) {
		pair_text(rows, &said, &out);
		matching_text(&mt, &out);
	}
	if (result == 0)
		cli_print(&out);
	matching_release(&mt);
	words_release(&said);
	pg_rows_free(rows);
	buf_release(&out);
	return result;
}

/* --- decide */

struct decide {
	const char *as, *why;
	bool take_back;
};

static int
review_send(struct cli *cli, const struct decide *d, const struct id *a, const struct id *b,
    const char *verdict, struct err *err)
{
	static const char *const roles[] = { "reviewer", NULL };
	struct review rv = { .event_a = *a, .event_b = *b, .verdict = span_str(verdict),
		.by = span_str(d->as), .why = span_str(d->why), .at_ms = cli_now_ms(),
		.key_id = span_str(d->as) };
	uint8_t sig[CLI_SIGN_BYTES];
	struct buf value = BUF_INIT, key = BUF_INIT;
	char hex[2][ID_HEX + 1];
	int result = -1;

	id_hex(a, hex[0]);
	id_hex(b, hex[1]);
	buf_printf(&key, "%s/%s/%s", hex[0], hex[1], d->as);
	if (cli_sign(cli, d->as, &review_binding, &rv, offsetof(struct review, signature), sig, err)
	    || standing_may_say(cli, &review_binding, &rv, rv.key_id, rv.signature,
		offsetof(struct review, signature), roles, err))
		goto out;
	av_write(cli->catalogue, &review_binding, &rv, &value);
	result = cli_send(cli, "review", buf_view(&key),
	    d->take_back ? SPAN_NONE : buf_view(&value), err);
out:
	buf_release(&value);
	buf_release(&key);
	return result;
}

/* How many others have said it, and does one say otherwise? */
static void
tell(struct cli *cli, const struct said_words *said, const struct decide *d, const struct id *a,
    const struct id *b, const char *verdict)
{
	int agree = 1, against = 0;

	for (size_t i = 0; i < said->n; i++) {
		const struct said_word *w = &said->items[i];

		if (!w->verdict[0] || strcmp(w->who, d->as) == 0 || !id_eq(&w->a, a)
		    || !id_eq(&w->b, b))
			continue;
		agree += strcmp(w->verdict, verdict) == 0;
		against += strcmp(w->verdict, verdict) != 0;
	}
	if (cli->json) {
		printf("{\"version\":1,\"verdict\":\"%s\",\"agree\":%d,\"against\":%d,\"needed\":%d}\n",
		    d->take_back ? "taken back" : spoken(verdict), agree - d->take_back, against,
		    cli->params->reviewers);
		return;
	}
	if (d->take_back)
		printf("taken back by %s\n", d->as);
	else if (against)
		printf("%s by %s: somebody says otherwise, so neither counts\n", spoken(verdict), d->as);
	else if (agree < cli->params->reviewers)
		printf("%s by %s: %d of %d; somebody else must say the same\n", spoken(verdict), d->as,
		    agree, cli->params->reviewers);
	else
		printf("%s by %s: it counts\n", spoken(verdict), d->as);
}

/* Of a pair that waits; a word about one that no longer does is by full ids. */
static int
pair_of(struct pg *pg, const char *a, const char *b, struct id *x, struct id *y,
    struct err *err)
{
	struct pg_rows *rows;

	if (id_parse(x, span_str(a)) && id_parse(y, span_str(b)) && !id_eq(x, y)) {
		if (id_cmp(x, y) > 0) {
			struct id t = *x;

			*x = *y;
			*y = t;
		}
		return 0;
	}
	rows = pair_find(pg, a, b, x, y, err);
	pg_rows_free(rows);
	return rows ? 0 : -1;
}

static int
decide(struct cli *cli, struct pg *pg, const char *a, const char *b, const char *word,
    const struct decide *d, struct err *err)
{
	const char *verdict = strcmp(word, "different") == 0 ? "not-same" : "same";
	struct said_words said = { .n = 0 };
	struct id x, y;
	int result = -1;

	if (pair_of(pg, a, b, &x, &y, err) == 0 && words_read(cli, &said, err) == 0
	    && review_send(cli, d, &x, &y, verdict, err) == 0) {
		tell(cli, &said, d, &x, &y, verdict);
		result = 0;
	}
	words_release(&said);
	return result;
}

static bool
is_word(const char *text)
{
	return strcmp(text, "same") == 0 || strcmp(text, "different") == 0;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct decide d = { .as = NULL };
	const char *limit = NULL;
	bool html = false;
	const struct cli_option options[] = { { .name = "as", .value = &d.as },
		{ .name = "why", .value = &d.why }, { .name = "take-back", .flag = &d.take_back },
		{ .name = "limit", .value = &limit }, { .name = "html", .flag = &html } };
	struct err err = ERR_INIT;
	struct pg *pg;
	int code = CLI_OK, result;
	bool list, one, say;

	if (cli_options(&verb_review, &argc, argv, options, 5))
		return CLI_USAGE;
	list = argc == 2 && strcmp(argv[1], "ls") == 0;
	one = argc == 4 && strcmp(argv[1], "show") == 0;
	say = argc == (d.take_back ? 4 : 5) && strcmp(argv[1], "decide") == 0 && d.as
	    && (d.take_back || is_word(argv[4]));
	if (!list && !one && !say)
		return cli_usage(&verb_review,
		    "expected ls, show and two events, or decide, two events, same or different, "
		    "and --as NAME");
	if (limit && (strspn(limit, "0123456789") != strlen(limit) || !*limit || strlen(limit) > 6))
		return cli_usage(&verb_review, "--limit is a whole number");
	pg = cli_pg(cli, &err);
	result = !pg ? -1
	    : list   ? ls(cli, pg, limit ? limit : "20", &err)
	    : one    ? show(cli, pg, argv[2], argv[3], html, &err)
		     : decide(cli, pg, argv[2], argv[3], d.take_back ? "same" : argv[4], &d, &err);
	if (result)
		code = cli_fail(&err, NULL);
	pg_close(pg);
	return code;
}

const struct cli_verb verb_review = {
	.name = "review",
	.run = run,
	.usage = "outturn review ls [--limit N] [--json]\n"
		 "outturn review show EVENT EVENT [--html] [--json]\n"
		 "outturn review decide EVENT EVENT same|different --as NAME [--why TEXT] [--json]\n"
		 "outturn review decide EVENT EVENT --take-back --as NAME",
	.says = "pairs of which the matcher cannot say whether they are one person, and what people say",
	.help = "ls: pairs that wait, those first on which the most money depends: outcomes of either\n"
		"person that nobody has verified, rejected or paid; of two people their strongest.  show: the weights field by field and\n"
		"both events; never a name or a number.  An EVENT is an id, or the first digits of one.\n\n"
		"decide: NAME must be a published person whose roles include reviewer.  The word is signed\n"
		"with keys/NAME.sign.  It counts when as many reviewers as the setting 'reviewers' asks for\n"
		"say the same and none says otherwise; with 2, somebody else must say it after you.\n\n"
		"--limit      how many pairs; 20 without it\n"
		"--html       the comparison and the cluster as a page, on stdout\n"
		"--why        a sentence that goes with it\n"
		"--take-back  what NAME said of the pair is unsaid\n\n"
		"Exit: 0 shown or sent, 5 no such pair or key, 6 not this person's to say.\n"
		"Example: outturn review decide 3fa29c 81d0aa same --as ann --why 'same tenancy, moved'",
};
