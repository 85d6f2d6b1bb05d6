#include "cli/matching.h"

#include <stdlib.h>

#include "cli/standing.h"
#include "common/io/crypto.h"
#include "common/io/level_task.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "common/topic.h"
#include "transform/match/signature.h"

enum { BARS = 24, BAR_MBIT = 1000, MBIT = 1000 };

/* --- from the warehouse */

/* The two that were asked for first, then what else stands under their people. */
static const char events_sql[]
    = "WITH asked AS (SELECT DISTINCT ON (event_id) * FROM evidence.link "
      "WHERE event_id IN ($1::text::uuid, $2::text::uuid) ORDER BY event_id, unit_kind DESC) "
      "SELECT replace(l.event_id::text, '-', ''), replace(l.unit_id::text, '-', ''), l.unit_kind, "
      "l.step, coalesce(replace(l.partner_id::text, '-', ''), ''), l.weight_mbit, "
      "coalesce(r.organisation, '?'), coalesce(r.kind, '?'), coalesce(r.starts_on::text, ''), "
      "coalesce(r.topic, ''), coalesce(r.epoch, 0)::bigint, coalesce(r.raw_offset, -1) "
      "FROM evidence.link l LEFT JOIN LATERAL (SELECT * FROM evidence.record c "
      "WHERE c.event_id = l.event_id AND c.what = 'version' AND c.revision = l.revision "
      "AND c.raw_sha256 = l.raw_sha256 ORDER BY c.epoch DESC, c.raw_offset DESC LIMIT 1) r ON true "
      "WHERE l.unit_id IN (SELECT unit_id FROM asked) "
      "ORDER BY l.event_id <> $1::text::uuid, l.event_id <> $2::text::uuid, l.event_id LIMIT 1001";
enum event_column { E_EVENT, E_UNIT, E_UNIT_KIND, E_STEP, E_PARTNER, E_WEIGHT, E_WHO, E_WHAT,
	E_START, E_TOPIC, E_EPOCH, E_OFFSET };

struct wanted { /* evidence of an event, by its key */
	struct cli *cli;
	struct matching *mt;
	struct strmap at;      /* key -> event */
	struct claims claims;
	struct span *value;    /* of each event */
};

static struct span
kept(struct matching *mt, const struct pg_rows *rows, size_t row, int column)
{
	return arena_copy(&mt->arena, pg_value(rows, row, column));
}

static void
event_take(struct wanted *w, const struct pg_rows *rows, size_t row)
{
	struct matching *mt = w->mt;
	struct matching_event *e = &mt->events[mt->n];
	struct key key = { .type = KEY_RECORD, .stream = pg_value(rows, row, E_TOPIC),
		.epoch = (int32_t)pg_value_int(rows, row, E_EPOCH),
		.offset = pg_value_int(rows, row, E_OFFSET) };
	struct buf text = BUF_INIT;

	*e = (struct matching_event){ .unit_kind = kept(mt, rows, row, E_UNIT_KIND),
		.who = kept(mt, rows, row, E_WHO), .what = kept(mt, rows, row, E_WHAT),
		.start = kept(mt, rows, row, E_START), .step = kept(mt, rows, row, E_STEP),
		.weight_mbit = pg_value_int(rows, row, E_WEIGHT), .tree = mt->n };
	if (!id_parse(&e->id, pg_value(rows, row, E_EVENT))
	    || !id_parse(&e->unit, pg_value(rows, row, E_UNIT)))
		return;
	id_parse(&e->partner, pg_value(rows, row, E_PARTNER));
	if (key.offset >= 0) {
		key_format(&key, &text);
		*strmap_put(&w->at, buf_view(&text), NULL) = mt->n;
		buf_release(&text);
	}
	mt->n++;
}

static int
events_read(struct wanted *w, struct pg *pg, const struct id *a, const struct id *b,
    struct err *err)
{
	struct matching *mt = w->mt;
	char hex[2][ID_HEX + 1];
	struct pg_rows *rows;

	id_hex(a, hex[0]);
	id_hex(b, hex[1]);
	rows = pg_query(pg, events_sql,
	    (struct pg_param[]){ { PG_TEXT, span_str(hex[0]) }, { PG_TEXT, span_str(hex[1]) } }, 2,
	    err);
	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		if (mt->n < MATCHING_EVENTS_MAX)
			event_take(w, rows, i);
		else
			mt->left_out++;
	}
	pg_rows_free(rows);
	if (mt->n < 2 || !id_eq(&mt->events[0].id, a) || !id_eq(&mt->events[1].id, b))
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "two events are compared, and not both are linked to somebody: rejected, "
		    "withdrawn and erased ones are not");
	mt->together = id_eq(&mt->events[0].unit, &mt->events[1].unit);
	return 0;
}

/* --- from evidence */

static int
evidence_take(void *arg, const struct rec *rec, struct err *err)
{
	struct wanted *w = arg;
	struct key key = key_parse(rec->key);
	struct claim claim = { .epoch = 0 };
	uint64_t *at;

	(void)err;
	if (key.type == KEY_CLAIM && !carry_decode_claim(w->cli->catalogue, rec->value, &claim))
		return 0;
	if ((key.type != KEY_CLAIM && key.type != KEY_RECORD)
	    || claims_apply(&w->claims, &key, rec, claim.epoch) != CLAIM_COUNTS
	    || !(at = strmap_find(&w->at, rec->key)))
		return 0;
	w->value[*at] = rec->value.ptr ? arena_copy(&w->mt->arena, rec->value) : SPAN_NONE;
	return 0;
}

static void
signatures_make(struct wanted *w)
{
	struct matching *mt = w->mt;
	uint8_t secret[2][MAC_KEY_BYTES];
	struct signature_keys keys;

	crypto_random(secret, sizeof(secret));
	keys = (struct signature_keys){ mac_new(secret[0]), mac_new(secret[1]) };
	for (uint32_t i = 0; i < mt->n; i++) {
		struct evidence ev;
		struct err bad;

		if (!w->value[i].ptr
		    || av_read(w->cli->catalogue, &evidence_binding, w->value[i], &ev, &mt->arena, &bad)
		    || ev.what != EVIDENCE_VERSION)
			continue;
		evidence_at_epoch(&ev, w->cli->params->match_epoch);
		mt->events[i].signature = mem_zalloc(1, sizeof(struct signature));
		signature_make(mt->events[i].signature, &ev, &keys, mt->model);
	}
	mac_free(keys.index);
	mac_free(keys.unit);
	crypto_cleanse(secret, sizeof(secret));
}

static int
model_take(struct cli *cli, struct matching *mt, struct err *err)
{
	struct termsbook *terms = standing_terms(cli, err);
	struct yaml_report report = YAML_REPORT_INIT;
	const struct book_page *page;
	struct yaml_doc *doc;
	size_t at = 0;

	if (!terms)
		return -1;
	page = book_next(termsbook_book(terms), SPAN_LIT("model"), &at);
	doc = page ? yaml_parse("model", page->content, &report) : NULL;
	mt->owned = doc ? model_parse(doc->root, &report) : NULL;
	mt->model = mt->owned ? mt->owned : model_builtin();
	yaml_report_release(&report);
	yaml_doc_free(doc);
	termsbook_free(terms);
	return 0;
}

/* --- judged */

static void
lines_weighed(struct matching *mt, const struct token_view *a, const struct token_view *b)
{
	uint8_t levels[MODEL_LEVELS_MAX];
	int32_t lines[LINE_END], weight;

	mt->weighed = model_weigh(mt->model, a, b, levels, &weight)
	    && model_waterfall(mt->model, levels, MODEL_WEIGHED_LEVELS, &mt->prior_mbit, lines);
	for (int l = 0; mt->weighed && l < LINE_END; l++)
		mt->lines[mt->lines_n++] = (struct matching_line){ line_name((enum line)l),
			grade_name((enum grade)levels[l]), lines[l] };
	if (mt->weighed && !mt->step.ptr)
		mt->weight_mbit = weight;
}

static void
two_compare(struct matching *mt)
{
	const struct model_step *steps;
	struct model_verdict v;
	struct token_view a, b;

	_Static_assert((int)COMPARE_END <= (int)LINE_END, "lines have room for either");
	if (!mt->events[0].signature || !mt->events[1].signature)
		return;
	a = signature_tokens(mt->events[0].signature);
	b = signature_tokens(mt->events[1].signature);
	model_steps(mt->model, &steps);
	model_judge(mt->model, &a, &b, &v);
	mt->compared = true;
	mt->threshold_mbit = model_threshold(mt->model);
	mt->weight_mbit = v.weight_mbit;
	if (v.step >= 0)
		mt->step = steps[v.step].name;
	lines_weighed(mt, &a, &b);
	if (mt->weighed)
		return;
	for (int c = 0; c < COMPARE_END; c++)
		mt->lines[mt->lines_n++] = (struct matching_line){ comparison_name((enum comparison)c),
			level_name((enum comparison_level)v.levels[c]), 0 };
}

static int
edge_order(const void *p, const void *q)
{
	const struct matching_edge *a = p, *b = q;

	if (a->weight_mbit != b->weight_mbit)
		return a->weight_mbit > b->weight_mbit ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static bool
edge_of(const struct matching *mt, uint32_t i, uint32_t k, struct matching_edge *out)
{
	const struct matching_event *x = &mt->events[i], *y = &mt->events[k];
	const struct model_step *steps;
	struct token_view a, b;
	struct model_verdict v;

	*out = (struct matching_edge){ .a = i, .b = k };
	if (!id_eq(&x->unit, &y->unit))
		return false;
	if ((span_is(x->step, "review") && id_eq(&x->partner, &y->id))
	    || (span_is(y->step, "review") && id_eq(&y->partner, &x->id))) {
		out->step = SPAN_LIT("review");
		out->weight_mbit = INT64_MAX;
		return true;
	}
	if (!x->signature || !y->signature)
		return false;
	if (id_eq(&x->signature->keyed, &y->signature->keyed)) {
		out->step = SPAN_LIT("same-details");
		out->weight_mbit = INT64_MAX - 1;
		return true;
	}
	a = signature_tokens(x->signature);
	b = signature_tokens(y->signature);
	model_judge(mt->model, &a, &b, &v);
	model_steps(mt->model, &steps);
	if (v.step < 0)
		return false;
	out->step = steps[v.step].name;
	out->weight_mbit = v.weight_mbit;
	return true;
}

/* Strongest first; what would close a ring is left out (Kruskal). */
static void
edges_find(struct matching *mt)
{
	struct matching_edge *all = NULL, e;
	uint32_t n = 0, cap = 0;

	for (uint32_t i = 0; i < mt->n; i++)
		for (uint32_t k = i + 1; k < mt->n; k++) {
			if (!edge_of(mt, i, k, &e))
				continue;
			if (n == cap) {
				cap = cap ? cap * 2 : 64;
				all = mem_realloc(all, cap, sizeof(*all));
			}
			all[n++] = e;
		}
	if (n)
		qsort(all, n, sizeof(*all), edge_order);
	mt->edges = arena_zalloc(&mt->arena, mt->n + 1, sizeof(*mt->edges));
	MUST(mt->edges);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = mt->events[all[i].a].tree, y = mt->events[all[i].b].tree;

		if (x == y)
			continue;
		for (uint32_t k = 0; k < mt->n; k++)
			if (mt->events[k].tree == (x < y ? y : x))
				mt->events[k].tree = x < y ? x : y;
		mt->edges[mt->edges_n++] = all[i];
	}
	mem_free(all);
}

int
matching_read(struct cli *cli, struct pg *pg, const struct id *a, const struct id *b,
    struct matching *out, struct err *err)
{
	struct wanted w = { .cli = cli, .mt = out };
	int result = -1;

	*out = (struct matching){ .n = 0 };
	arena_init(&out->arena, 0);
	strmap_init(&w.at, 1);
	claims_init(&w.claims, true);
	out->events = arena_zalloc(&out->arena, MATCHING_EVENTS_MAX, sizeof(*out->events));
	w.value = arena_zalloc(&out->arena, MATCHING_EVENTS_MAX, sizeof(*w.value));
	MUST(out->events && w.value);
	if (events_read(&w, pg, a, b, err) || model_take(cli, out, err)
	    || cli_topic_each(cli, "evidence", evidence_take, &w, err))
		goto out;
	signatures_make(&w);
	two_compare(out);
	edges_find(out);
	result = 0;
out:
	strmap_release(&w.at);
	claims_release(&w.claims);
	return result;
}

void
matching_release(struct matching *mt)
{
	for (uint32_t i = 0; i < mt->n; i++)
		if (mt->events[i].signature) {
			signature_release(mt->events[i].signature);
			mem_free(mt->events[i].signature);
		}
	model_free(mt->owned);
	arena_release(&mt->arena);
}

/* Depth first over a tree: `out` is the way so far. */
static bool
path_on(const struct matching *mt, uint32_t at, uint32_t from, uint32_t *out, uint32_t *n)
{
	out[(*n)++] = at;
	if (at == 1)
		return true;
	for (uint32_t i = 0; i < mt->edges_n; i++) {
		const struct matching_edge *e = &mt->edges[i];
		uint32_t other = e->a == at ? e->b : e->a;

		if ((e->a != at && e->b != at) || other == from)
			continue;
		if (path_on(mt, other, at, out, n))
			return true;
	}
	(*n)--;
	return false;
}

uint32_t
matching_path(const struct matching *mt, uint32_t *out)
{
	uint32_t n = 0;

	return path_on(mt, 0, UINT32_MAX, out, &n) ? n : 0;
}

static const struct matching_edge *
edge_between(const struct matching *mt, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < mt->edges_n; i++)
		if ((mt->edges[i].a == a && mt->edges[i].b == b)
		    || (mt->edges[i].a == b && mt->edges[i].b == a))
			return &mt->edges[i];
	return NULL;
}

/* --- words */

static void
bits(struct buf *out, int64_t mbit)
{
	buf_printf(out, "%s%lld.%lld", mbit < 0 ? "-" : "+", (long long)(llabs(mbit) / MBIT),
	    (long long)(llabs(mbit) % MBIT / 100));
}

static const char *
how(const struct matching *mt)
{
	if (!mt->together)
		return "no step, no weight and no review joins them";
	if (mt->events[0].tree != mt->events[1].tree)
		return "they were joined, by what is not in evidence any longer";
	return edge_between(mt, 0, 1) ? "one was joined by the other"
				      : "they were joined through other events of the same unit";
}

static void
bar(struct buf *out, int64_t mbit)
{
	int64_t n = (llabs(mbit) + BAR_MBIT / 2) / BAR_MBIT;

	for (int64_t i = 0; i < n && i < BARS; i++)
		buf_str(out, mbit < 0 ? "▒" : "█");
}

static void
line_text(struct buf *out, const char *field, const char *level, int32_t mbit)
{
	size_t at = out->len;

	buf_printf(out, "  %-14s %-9s", field, level);
	bits(out, mbit);
	while (out->len < at + 2 + 14 + 1 + 9 + 8)
		buf_byte(out, ' ');
	bar(out, mbit);
	buf_byte(out, '\n');
}

static void
lines_text(const struct matching *mt, struct buf *out)
{
	if (!mt->compared) {
		buf_str(out, "\nnot compared: the evidence of one is no longer there\n");
		return;
	}
	buf_printf(out, "\nfield by field, by model %.*s version %d%s\n",
	    SPAN_ARG(model_name(mt->model)), model_version(mt->model),
	    mt->weighed ? ", in bits" : "");
	if (mt->weighed)
		line_text(out, "before any", "", mt->prior_mbit);
	for (uint32_t i = 0; i < mt->lines_n; i++) {
		const struct matching_line *l = &mt->lines[i];

		if (strcmp(l->level, "missing") == 0)
			continue;
		if (mt->weighed)
			line_text(out, l->field, l->level, l->mbit);
		else
			buf_printf(out, "  %-14s %s\n", l->field, l->level);
	}
	if (mt->weighed) {
		int64_t sum = mt->prior_mbit;

		for (uint32_t i = 0; i < mt->lines_n; i++)
			sum += mt->lines[i].mbit;
		line_text(out, "together", "", (int32_t)sum);
		buf_str(out, "  one person from ");
		bits(out, mt->threshold_mbit);
		buf_str(out, ", asked of a person down to ");
		bits(out, -(int64_t)mt->threshold_mbit);
		buf_byte(out, '\n');
	}
	if (mt->step.ptr && !span_is(mt->step, "weighed"))
		buf_printf(out, "  step %.*s holds, and decides\n", SPAN_ARG(mt->step));
}

static void
path_text(const struct matching *mt, struct buf *out)
{
	uint32_t way[MATCHING_EVENTS_MAX], n = matching_path(mt, way);
	char hex[ID_HEX + 1];

	if (n < 2)
		return;
	buf_str(out, "\nfrom one to the other\n");
	for (uint32_t i = 0; i < n; i++) {
		const struct matching_event *e = &mt->events[way[i]];

		if (i) {
			const struct matching_edge *g = edge_between(mt, way[i - 1], way[i]);

			buf_printf(out, "    │ %.*s", SPAN_ARG(g->step));
			if (g->weight_mbit < INT64_MAX - 1) {
				buf_str(out, " ");
				bits(out, g->weight_mbit);
			}
			buf_byte(out, '\n');
		}
		id_hex(&e->id, hex);
		buf_printf(out, "  %s  %.*s %.*s %.*s\n", hex, SPAN_ARG(e->who), SPAN_ARG(e->what),
		    SPAN_ARG(e->start));
	}
}

void
matching_text(const struct matching *mt, struct buf *out)
{
	buf_printf(out, "%s %.*s: %s\n", mt->together ? "of one" : "not of one",
	    SPAN_ARG(mt->events[0].unit_kind), how(mt));
	for (size_t i = 0; i < 2; i++) {
		const struct matching_event *e = &mt->events[i];
		char event[ID_HEX + 1], unit[ID_HEX + 1], partner[ID_HEX + 1];

		id_hex(&e->id, event);
		id_hex(&e->unit, unit);
		id_hex(&e->partner, partner);
		buf_printf(out, "  %s  %.*s %.*s %.*s  of %.12s…  step %.*s%s%s\n", event,
		    SPAN_ARG(e->who), SPAN_ARG(e->what), SPAN_ARG(e->start), unit,
		    SPAN_ARG(e->step), id_is_zero(&e->partner) ? "" : " with ",
		    id_is_zero(&e->partner) ? "" : partner);
	}
	lines_text(mt, out);
	path_text(mt, out);
	if (mt->left_out)
		buf_printf(out, "\n%u more events of these people were not looked at\n",
		    mt->left_out);
}

/* --- JSON */

static void
event_json(const struct matching_event *e, struct jw *j)
{
	jw_object(j);
	jw_key(j, "event");
	jw_id(j, &e->id);
	jw_key(j, "unit");
	jw_id(j, &e->unit);
	jw_put_str(j, "unit_kind", e->unit_kind);
	jw_put_str(j, "organisation", e->who);
	jw_put_str(j, "kind", e->what);
	jw_put_str(j, "start", e->start);
	jw_put_str(j, "step", e->step);
	jw_put_int(j, "weight_mbit", e->weight_mbit);
	jw_key(j, "partner");
	if (id_is_zero(&e->partner))
		jw_null(j);
	else
		jw_id(j, &e->partner);
	jw_end(j);
}

static void
compared_json(const struct matching *mt, struct jw *j)
{
	jw_key(j, "compared");
	if (!mt->compared) {
		jw_null(j);
		return;
	}
	jw_object(j);
	jw_put_str(j, "model", model_name(mt->model));
	jw_put_int(j, "model_version", model_version(mt->model));
	jw_put_str(j, "step", mt->step);
	jw_put_int(j, "weight_mbit", mt->weight_mbit);
	jw_put_bool(j, "weighed", mt->weighed);
	if (mt->weighed) {
		jw_put_int(j, "prior_mbit", mt->prior_mbit);
		jw_put_int(j, "threshold_mbit", mt->threshold_mbit);
	}
	jw_key(j, "lines");
	jw_array(j);
	for (uint32_t i = 0; i < mt->lines_n; i++) {
		jw_object(j);
		jw_put_text(j, "field", mt->lines[i].field);
		jw_put_text(j, "level", mt->lines[i].level);
		if (mt->weighed)
			jw_put_int(j, "mbit", mt->lines[i].mbit);
		jw_end(j);
	}
	jw_end(j);
	jw_end(j);
}

void
matching_json(const struct matching *mt, struct jw *j)
{
	uint32_t way[MATCHING_EVENTS_MAX], n = matching_path(mt, way);

	jw_put_bool(j, "together", mt->together);
	jw_put_text(j, "how", how(mt));
	jw_key(j, "events");
	jw_array(j);
	for (size_t i = 0; i < 2; i++)
		event_json(&mt->events[i], j);
	jw_end(j);
	compared_json(mt, j);
	jw_key(j, "path");
	jw_array(j);
	for (uint32_t i = 1; i < n; i++) {
		const struct matching_edge *g = edge_between(mt, way[i - 1], way[i]);

		jw_object(j);
		jw_key(j, "from");
		jw_id(j, &mt->events[way[i - 1]].id);
		jw_key(j, "to");
		jw_id(j, &mt->events[way[i]].id);
		jw_put_str(j, "step", g->step);
		if (g->weight_mbit < INT64_MAX - 1)
			jw_put_int(j, "weight_mbit", g->weight_mbit);
		jw_end(j);
	}
	jw_end(j);
}
