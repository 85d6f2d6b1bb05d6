#include "cli/world.h"

#include <stddef.h>
#include <stdlib.h>

#include "cli/outcome_row.h"
#include "cli/standing.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "ingest/shell_terms.h"
#include "transform/milestone/rules.h"

enum { WORLD_ATTRIBUTES_MAX = 256, WORLD_WHY_BYTES = 256, WORLD_SEED = 1 };

/* The version of each event that its link stands by; one row an attribute. */
static const char events_sql[]
    = "DECLARE world_events NO SCROLL CURSOR FOR "
      "SELECT encode(uuid_send(e.unit_id), 'hex'), encode(uuid_send(e.event_id), 'hex'), "
      "e.unit_kind, e.organisation, e.role, e.kind, e.starts_on - DATE '1970-01-01', "
      "e.ends_on - DATE '1970-01-01', encode(e.episode, 'hex'), e.evidence_type, "
      "e.raw_sha256, a.key, jsonb_typeof(a.value), a.value #>> '{}' "
      "FROM (SELECT DISTINCT ON (l.unit_id, l.event_id) l.unit_id, l.event_id, l.unit_kind, "
      "r.organisation, r.role, r.kind, r.starts_on, r.ends_on, r.episode, r.evidence_type, "
      "r.raw_sha256, r.attributes FROM evidence.link l JOIN evidence.record r "
      "ON r.event_id = l.event_id AND r.raw_sha256 = l.raw_sha256 AND r.revision = l.revision "
      "WHERE r.what = 'version' ORDER BY l.unit_id, l.event_id, r.epoch DESC, r.raw_offset DESC) e "
      "LEFT JOIN LATERAL jsonb_each(e.attributes) a ON true "
      "ORDER BY e.unit_id, e.event_id, a.key COLLATE \"C\"";
static const char fetch_sql[] = "FETCH 20000 FROM world_events";
static const char decisions_sql[]
    = "SELECT encode(uuid_send(unit_id), 'hex'), encode(uuid_send(decision_id), 'hex'), "
      "encode(signed, 'hex') FROM ledger.decision ORDER BY unit_id, decision_id";
static const char complete_sql[]
    = "SELECT topic, organisation, max(complete_through) - DATE '1970-01-01' "
      "FROM evidence.record WHERE what = 'complete' GROUP BY topic, organisation";

enum column { COL_UNIT, COL_EVENT, COL_UNIT_KIND, COL_ORGANISATION, COL_ROLE, COL_KIND, COL_START,
	COL_END, COL_EPISODE, COL_TYPE, COL_SHA, COL_NAME, COL_TYPEOF, COL_VALUE };

struct world {
	struct trial *trial;      /* of files */
	struct cli *cli;          /* of the warehouse, all below */
	struct pg *pg;
	struct termsbook *terms;
	struct rules *rules;
	date_t *complete;         /* by agency, its own word */
	date_t as_at;
	struct names *names;
	struct pg_rows *decisions;
	size_t decision;          /* the next one */
	char why[WORLD_WHY_BYTES];
};

/* --- files --------------------------------------------------------------------------- */

struct world *
world_of_files(const struct trial_conf *conf, const char *const *paths, size_t n, struct err *err)
{
	struct trial *t = trial_new(conf, paths, n, err);
	struct world *w = t ? mem_zalloc(1, sizeof(*w)) : NULL;

	if (w)
		w->trial = t;
	return w;
}

static int
trial_each(struct world *w, world_fn *fn, void *arg, struct err *err)
{
	size_t n;
	const struct trial_person *p = trial_people(w->trial, &n);

	for (size_t i = 0; i < n; i++) {
		struct world_unit u = { p[i].unit, p[i].label, p[i].timeline, &p[i] };

		if (fn(arg, &u, err))
			return -1;
	}
	return 0;
}

/* --- the warehouse: how far it is -------------------------------------------------------- */

static int
complete_read(struct world *w, struct err *err)
{
	const struct agencies *a = w->rules->agencies;
	struct pg_rows *rows = pg_query(w->pg, complete_sql, NULL, 0, err);

	if (!rows)
		return -1;
	w->complete = mem_alloc((a->n + 1) * sizeof(*w->complete));
	for (size_t i = 0; i < a->n; i++) {
		w->complete[i] = DATE_NONE;
		for (size_t r = 0; r < pg_rows_count(rows); r++)
			if (span_eq(pg_value(rows, r, 0), a->items[i].topic)
			    && span_eq(pg_value(rows, r, 1), a->items[i].organisation))
				w->complete[i] = (date_t)pg_value_int(rows, r, 2);
	}
	pg_rows_free(rows);
	return 0;
}

static int
standing_take(struct world *w, date_t as_at, struct err *err)
{
	struct standing *st = mem_alloc(sizeof(*st));
	int result = standing_read(w->cli, w->pg, st, err);

	if (result == 0) {
		w->as_at = as_at != DATE_NONE ? as_at : st->as_at;
		standing_why(st, w->why, sizeof(w->why));
	}
	mem_free(st);
	return result;
}

struct world *
world_of_warehouse(struct cli *cli, date_t as_at, struct err *err)
{
	struct world *w = mem_zalloc(1, sizeof(*w));

	w->cli = cli;
	w->names = names_new(WORLD_SEED);
	w->terms = standing_terms(cli, err);
	w->rules = w->terms ? standing_rules(w->terms, err) : NULL;
	if (!w->rules)
		goto fail;
	w->pg = cli_pg(cli, err);
	if (!w->pg || pg_exec(w->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err)
	    || standing_take(w, as_at, err) || complete_read(w, err))
		goto fail;
	return w;
fail:
	world_free(w);
	return NULL;
}

void
world_free(struct world *w)
{
	if (!w)
		return;
	trial_free(w->trial);
	pg_rows_free(w->decisions);
	if (w->pg)
		pg_close(w->pg);
	rules_free(w->rules);
	termsbook_free(w->terms);
	names_free(w->names);
	mem_free(w->complete);
	mem_free(w);
}

/* The least of an organisation's topics. */
static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct world *w = arg;
	const struct agencies *a = w->rules->agencies;
	date_t least = DATE_NONE;
	bool any = false;

	for (size_t i = 0; i < a->n; i++) {
		if (!span_eq(a->items[i].organisation, organisation))
			continue;
		if (!any || w->complete[i] < least)
			least = w->complete[i];
		any = true;
	}
	return least;
}

struct evaluate_facts
world_facts(const struct world *w)
{
	if (w->trial)
		return trial_facts(w->trial);
	return (struct evaluate_facts){ .as_at = w->as_at, .complete_through = complete_through,
		.arg = w };
}

struct trial *
world_trial(struct world *w)
{
	return w->trial;
}

const struct book *
world_book(const struct world *w)
{
	return w->terms ? termsbook_book(w->terms) : NULL;
}

const char *
world_behind(const struct world *w)
{
	return w->why;
}

/* --- the warehouse: people --------------------------------------------------------------- */

/* One event, gathered from its rows. */
struct gather {
	struct world *w;
	struct arena arena;       /* of the event's texts */
	struct linked ln;
	struct attribute *attributes;
	struct world_unit u;
	bool any;                 /* an event waits to be put on its timeline */
	world_fn *fn;
	void *arg;
};

static struct span
text_of(struct gather *g, const struct pg_rows *rows, size_t r, enum column c)
{
	return arena_copy(&g->arena, pg_value(rows, r, (int)c));
}

static date_t
day_of(const struct pg_rows *rows, size_t r, enum column c)
{
	return pg_value(rows, r, (int)c).ptr ? (date_t)pg_value_int(rows, r, (int)c) : DATE_NONE;
}

static void
event_put(struct gather *g)
{
	if (g->any)
		timeline_event(g->u.timeline, &g->ln.event_id, &g->ln);
	g->any = false;
	arena_reset(&g->arena);
}

static int
event_begin(struct gather *g, const struct pg_rows *rows, size_t r, const struct id *event,
    struct err *err)
{
	struct linked *ln = &g->ln;
	struct span episode = pg_value(rows, r, COL_EPISODE);
	uint8_t *bytes = arena_alloc(&g->arena, episode.len / 2 + 1);

	*ln = (struct linked){ .what = LINKED_EVENT, .unit = g->u.unit, .event_id = *event,
		.unit_kind = text_of(g, rows, r, COL_UNIT_KIND),
		.organisation = text_of(g, rows, r, COL_ORGANISATION),
		.role = text_of(g, rows, r, COL_ROLE), .kind = text_of(g, rows, r, COL_KIND),
		.start = day_of(rows, r, COL_START), .end = day_of(rows, r, COL_END),
		.evidence_type = text_of(g, rows, r, COL_TYPE) };
	if (!pg_value_hex(rows, r, COL_SHA, ln->raw_sha256, SHA256_BYTES)
	    || (episode.ptr && !hex_parse(episode, bytes, episode.len / 2)))
		return err_set(err, ERR_FATAL, "the warehouse holds an event that cannot be read");
	if (episode.ptr)
		ln->episode = span_of(bytes, episode.len / 2);
	g->attributes = arena_alloc(&g->arena, WORLD_ATTRIBUTES_MAX * sizeof(*g->attributes));
	ln->attributes.items = g->attributes;
	g->any = true;
	return 0;
}

static int
attribute_add(struct gather *g, const struct pg_rows *rows, size_t r, struct err *err)
{
	struct yaml number = { .kind = YAML_SCALAR, .text = pg_value(rows, r, COL_VALUE) };
	struct span typeof_is = pg_value(rows, r, COL_TYPEOF);
	struct attribute *a = &g->attributes[g->ln.attributes.n];

	if (!pg_value(rows, r, COL_NAME).ptr)
		return 0;
	if (g->ln.attributes.n == WORLD_ATTRIBUTES_MAX)
		return err_set(err, ERR_FATAL, "an event has more than %d attributes",
		    WORLD_ATTRIBUTES_MAX);
	*a = (struct attribute){ .name = text_of(g, rows, r, COL_NAME) };
	if (span_is(typeof_is, "number")) {
		a->number.has = true;
		if (!yaml_decimal(&number, &a->number.v))
			return err_set(err, ERR_FATAL, "an attribute's number cannot be read");
	} else if (span_is(typeof_is, "string")) {
		a->text = text_of(g, rows, r, COL_VALUE);
	}
	g->ln.attributes.n++;
	return 0;
}

/* Decisions come in the order of units, as events do: one of a unit without events is passed over. */
static int
decisions_put(struct gather *g, struct err *err)
{
	struct world *w = g->w;
	struct arena arena;
	int result = 0;

	arena_init(&arena, 0);
	for (; w->decision < pg_rows_count(w->decisions) && result == 0; w->decision++) {
		struct span hex = pg_value(w->decisions, w->decision, 2);
		uint8_t *bytes = arena_alloc(&arena, hex.len / 2 + 1);
		struct id unit, id;
		struct decision de;
		struct err bad;
		int order;

		if (!id_parse(&unit, pg_value(w->decisions, w->decision, 0))
		    || !id_parse(&id, pg_value(w->decisions, w->decision, 1))
		    || !hex_parse(hex, bytes, hex.len / 2)) {
			result = err_set(err, ERR_FATAL, "the warehouse holds a decision that cannot be "
			    "read");
			break;
		}
		order = id_cmp(&unit, &g->u.unit);
		if (order > 0)
			break;
		if (order == 0 && av_read(w->cli->catalogue, &decision_binding,
			span_of(bytes, hex.len / 2), &de, &arena, &bad) == 0)
			timeline_decision(g->u.timeline, &id, &de, termsbook_signed(w->terms,
			    &decision_binding, &de, de.key_id, de.signature,
			    offsetof(struct decision, signature), decision_roles(de.what)));
	}
	arena_release(&arena);
	return result;
}

static int
unit_end(struct gather *g, struct err *err)
{
	int result = 0;

	if (!g->u.timeline)
		return 0;
	event_put(g);
	if (decisions_put(g, err) || g->fn(g->arg, &g->u, err))
		result = -1;
	timeline_free(g->u.timeline);
	g->u.timeline = NULL;
	return result;
}

static int
row_take(struct gather *g, const struct pg_rows *rows, size_t r, struct err *err)
{
	struct id unit, event;

	if (!id_parse(&unit, pg_value(rows, r, COL_UNIT))
	    || !id_parse(&event, pg_value(rows, r, COL_EVENT)))
		return err_set(err, ERR_FATAL, "the warehouse holds an id that cannot be read");
	if (!g->u.timeline || !id_eq(&unit, &g->u.unit)) {
		if (unit_end(g, err))
			return -1;
		g->u = (struct world_unit){ .unit = unit,
			.timeline = timeline_new(g->w->names, &unit) };
	}
	if (!g->any || !id_eq(&event, &g->ln.event_id)) {
		event_put(g);
		if (event_begin(g, rows, r, &event, err))
			return -1;
	}
	return attribute_add(g, rows, r, err);
}

static int
warehouse_each(struct world *w, world_fn *fn, void *arg, struct err *err)
{
	struct gather g = { .w = w, .fn = fn, .arg = arg };
	bool more = true;
	int result = -1;

	arena_init(&g.arena, 0);
	w->decisions = pg_query(w->pg, decisions_sql, NULL, 0, err);
	if (!w->decisions || pg_exec(w->pg, events_sql, err))
		goto out;
	for (result = 0; more && result == 0;) {
		struct pg_rows *rows = pg_query(w->pg, fetch_sql, NULL, 0, err);

		result = rows ? 0 : -1;
		more = rows && pg_rows_count(rows) > 0;
		for (size_t r = 0; more && r < pg_rows_count(rows) && result == 0; r++)
			result = row_take(&g, rows, r, err);
		pg_rows_free(rows);
	}
	if (result == 0)
		result = unit_end(&g, err);
	timeline_free(g.u.timeline);
out:
	arena_release(&g.arena);
	return result;
}

int
world_each(struct world *w, world_fn *fn, void *arg, struct err *err)
{
	return w->trial ? trial_each(w, fn, arg, err) : warehouse_each(w, fn, arg, err);
}

/* --- contracts that stand ------------------------------------------------------------------ */

struct contract *
world_contract(const struct book *book, struct span name, struct err *err)
{
	for (size_t i = book->n; i > 0; i--) {
		const struct book_page *p = &book->pages[i - 1];
		struct yaml_report report = YAML_REPORT_INIT;
		struct yaml_doc *doc;
		struct contract *c;

		if (!span_is(p->thing, "contract") || !span_eq(p->name, name))
			continue;
		doc = yaml_parse("contract", p->content, &report);
		c = doc ? contract_parse(doc->root, &report) : NULL;
		yaml_report_release(&report);
		yaml_doc_free(doc);
		if (c && span_eq(contract_name(c), name))
			return c;
		contract_free(c);
	}
	err_code(err, ERR_FATAL, "not-found", NULL, "no contract '" SPAN_FMT "' is published",
	    SPAN_ARG(name));
	return NULL;
}
