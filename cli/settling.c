#include "cli/settling.h"

#include <stdlib.h>
#include <string.h>

#include "cli/table.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/money.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/rules.h"
#include "transform/milestone/sample.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, NOON_MS = DAY_MS / 2, SETTLING_MILLION = 1000000 };

struct decision_row {
	struct span person, outcome, what, by, role, facts_hash;
	date_t on;
	int32_t ordinal;
	uint32_t line;
	bool met;
};

/* A contract that is evaluated beside the one that is tried. */
struct beside {
	struct contract *contract;  /* owned; NULL: not asked for */
	struct settle_row *rows;
	uint32_t n, cap;
};

struct cli_settling {
	const struct contract *contract;
	const struct currency *currency;
	const char *decisions_path;
	bool settles;
	struct settle_facts facts;
	struct settle_reference *references;
	uint32_t references_n;
	struct settle_earlier *earlier;
	uint32_t earlier_n;
	struct decision_row *decisions;
	uint32_t decisions_n;
	struct settle_row *rows;
	uint32_t rows_n, rows_cap;
	struct idmap labels;        /* unit -> index of names */
	struct span *names;
	uint32_t names_n, names_cap;
	struct arena arena;
	struct beside parent;       /* the tier above */
	struct beside *others;      /* what else may pay for the same people */
	uint32_t others_n;
	int64_t sample, seed;       /* how many are drawn; 0: none */
	struct id *drawn;           /* of all claims, those drawn first */
	uint32_t claims_n;
};

/* --- the period: 2015, 2015-Q2, 2015-04, 2015-04-01..2015-06-30 */

static bool
number(struct span s, size_t at, size_t len, int *out)
{
	*out = 0;
	for (size_t i = at; i < at + len; i++) {
		if (i >= s.len || s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		*out = *out * 10 + (s.ptr[i] - '0');
	}
	return true;
}

static bool
period_parse(struct span s, date_t *from, date_t *to)
{
	int year, part, months = 12, first = 1;

	if (s.len == 22 && s.ptr[10] == '.' && s.ptr[11] == '.')
		return date_parse(span_of(s.ptr, 10), from)
		    && date_parse(span_of(s.ptr + 12, 10), to) && *from <= *to;
	if (!number(s, 0, 4, &year) || year < 1583)
		return false;
	if (s.len == 7 && s.ptr[4] == '-' && (s.ptr[5] == 'Q' || s.ptr[5] == 'q')) {
		if (!number(s, 6, 1, &part) || part < 1 || part > 4)
			return false;
		months = 3;
		first = (part - 1) * 3 + 1;
	} else if (s.len == 7 && s.ptr[4] == '-') {
		if (!number(s, 5, 2, &part) || part < 1 || part > 12)
			return false;
		months = 1;
		first = part;
	} else if (s.len != 4) {
		return false;
	}
	*from = date_of(year, first, 1);
	*to = date_add_months(*from, months) - 1;
	return true;
}

/* --- what is read */

static int
row_err(const struct table_row *row, const char *column, const char *expected, struct err *err)
{
	return err_set(err, ERR_FATAL, "%s:%u: column '%s': expected %s", row->path, row->line, column,
	    expected);
}

static bool
millionths(struct span text, int64_t *out)
{
	struct yaml node = { .kind = YAML_SCALAR, .text = text };

	return yaml_decimal(&node, out);
}

static int
reference_take(void *arg, const struct table_row *row, struct err *err)
{
	struct cli_settling *s = arg;
	struct settle_reference r = { .what = arena_copy(&s->arena, row->field[0]),
		.name = arena_copy(&s->arena, row->field[1]),
		.origin = arena_copy(&s->arena, row->field[3]) };

	if (!row->field[0].len)
		return row_err(row, "what", "what it is: comparison", err);
	if (!millionths(row->field[2], &r.number))
		return row_err(row, "number", "a number", err);
	s->references = mem_realloc(s->references, s->references_n + 1, sizeof(*s->references));
	s->references[s->references_n++] = r;
	return 0;
}

static const char *const whats[] = { "claimed", "verified", "rejected", "queried", "replied",
	"paid", "interviewed", "sampled-right", "sampled-wrong", NULL };

static int
decision_take(void *arg, const struct table_row *row, struct err *err)
{
	struct cli_settling *s = arg;
	struct decision_row d = { .person = arena_copy(&s->arena, row->field[0]),
		.outcome = arena_copy(&s->arena, row->field[1]), .ordinal = 1,
		.what = arena_copy(&s->arena, row->field[3]),
		.by = arena_copy(&s->arena, row->field[4]),
		.role = arena_copy(&s->arena, row->field[6]),
		.facts_hash = arena_copy(&s->arena, row->field[7]), .line = row->line };
	int64_t ordinal;
	bool known = false;

	for (const char *const *w = whats; *w; w++)
		known |= span_is(d.what, *w);
	if (!known)
		return row_err(row, "what", "claimed, verified, rejected, queried, replied, paid, interviewed or sampled-right", err);
	if (!d.person.len || !d.outcome.len || !d.by.len)
		return row_err(row, !d.person.len ? "person" : !d.outcome.len ? "outcome" : "by",
		    "something", err);
	if (!date_parse(row->field[5], &d.on))
		return row_err(row, "on", "a day: YYYY-MM-DD", err);
	if (row->field[2].len) {
		if (!millionths(row->field[2], &ordinal) || ordinal % SETTLING_MILLION
		    || ordinal < SETTLING_MILLION)
			return row_err(row, "ordinal", "a number from 1", err);
		d.ordinal = (int32_t)(ordinal / SETTLING_MILLION);
	}
	if (d.facts_hash.len && d.facts_hash.len != 2 * SHA256_BYTES)
		return row_err(row, "facts_hash", "64 hexadecimal digits", err);
	s->decisions = mem_realloc(s->decisions, s->decisions_n + 1, sizeof(*s->decisions));
	s->decisions[s->decisions_n++] = d;
	return 0;
}

/* --- earlier statements: what --settle --json printed */

static const struct yaml_list *
payers_named(const struct contract *c, struct span outcome)
{
	for (uint32_t v = c->versions_n; v > 0; v--)
		for (uint32_t i = 0; i < c->versions[v - 1].outcomes_n; i++)
			if (span_eq(c->versions[v - 1].outcomes[i].name, outcome))
				return &c->versions[v - 1].outcomes[i].payers;
	return NULL;
}

static bool
integer(const struct yaml *map, const char *key, int64_t *out)
{
	const struct yaml *node = yaml_get(map, key);

	return node && yaml_int(node, out);
}

static bool
earlier_payers(const struct cli_settling *s, const struct yaml *line, struct settle_earlier *e)
{
	const struct yaml *payers = yaml_get(line, "payers"), *name = yaml_get(line, "outcome");
	const struct yaml_list *known = name ? payers_named(s->contract, name->text) : NULL;
	const struct payer_terms *p = known ? known->items : NULL;

	if (!known || known->n == 0)
		e->by_payer[0] = e->payable_minor;
	for (uint32_t i = 0; payers && i < payers->n; i++) {
		const struct yaml *who = yaml_get(&payers->items[i], "payer");
		int64_t minor;

		if (!who || !integer(&payers->items[i], "payable_minor", &minor))
			return false;
		for (uint32_t k = 0; known && k < known->n && k < SETTLE_PAYERS_MAX; k++)
			if (span_eq(p[k].payer, who->text))
				e->by_payer[k] += minor;
	}
	return true;
}

static int
earlier_read(struct cli_settling *s, const char *path, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load(path, &report);
	const struct yaml *settlement = doc ? yaml_get(doc->root, "settlement") : NULL;
	const struct yaml *lines = settlement ? yaml_get(settlement, "lines") : NULL;
	int rc = 0;

	if (!lines)
		rc = err_set(err, ERR_FATAL, "'%s' is no statement that --settle --json printed", path);
	for (uint32_t i = 0; lines && i < lines->n && rc == 0; i++) {
		const struct yaml *id = yaml_get(&lines->items[i], "id");
		struct settle_earlier e = { .earned_minor = 0 };

		if (!id || !id_parse(&e.id, id->text)
		    || !integer(&lines->items[i], "earned_minor", &e.earned_minor)
		    || !integer(&lines->items[i], "payable_minor", &e.payable_minor)
		    || !earlier_payers(s, &lines->items[i], &e)) {
			rc = err_set(err, ERR_FATAL, "%s:%u: a line without id, earned_minor, "
			    "payable_minor or payers", path, lines->items[i].line);
			break;
		}
		s->earlier = mem_realloc(s->earlier, s->earlier_n + 1, sizeof(*s->earlier));
		s->earlier[s->earlier_n++] = e;
	}
	yaml_doc_free(doc);
	yaml_report_release(&report);
	return rc;
}

/* --- life */

static int
beside_read(struct beside *b, const char *path, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load(path, &report);

	b->contract = doc ? contract_parse(doc->root, &report) : NULL;
	yaml_doc_free(doc);
	yaml_report_release(&report);
	if (!b->contract)
		return err_set(err, ERR_FATAL, "'%s' has mistakes: outturn check says which", path);
	return 0;
}

static void
beside_release(struct beside *b)
{
	contract_free(b->contract);
	mem_free(b->rows);
}

/* The contract whose outcomes this one prices again. */
static int
parent_read(struct cli_settling *s, const char *path, struct err *err)
{
	if (beside_read(&s->parent, path, err))
		return -1;
	if (!span_eq(contract_name(s->parent.contract), s->contract->parent))
		return err_set(err, ERR_FATAL, "'%s' is not the 'parent' that the contract names", path);
	if (!span_eq(contract_currency(s->parent.contract), contract_currency(s->contract)))
		return err_set(err, ERR_FATAL, "'%s' is of another currency: there is no margin", path);
	return 0;
}

static bool
is_known(const struct cli_settling *s, struct span name)
{
	for (uint32_t i = 0; i < s->others_n; i++)
		if (span_eq(contract_name(s->others[i].contract), name))
			return true;
	return span_eq(contract_name(s->contract), name);
}

static int
others_read(struct cli_settling *s, const struct settling_said *said, struct err *err)
{
	s->others = mem_zalloc(said->others_n + 1, sizeof(*s->others));
	for (size_t i = 0; i < said->others_n; i++) {
		struct beside *b = &s->others[i];

		if (beside_read(b, said->others[i], err))
			return -1;
		if (is_known(s, contract_name(b->contract))) {
			beside_release(b);
			return err_set(err, ERR_FATAL, "'%s' is a contract that was named already",
			    said->others[i]);
		}
		s->others_n++;
	}
	return 0;
}

static bool
count_read(const char *text, int64_t least, int64_t *out)
{
	struct yaml node = { .kind = YAML_SCALAR, .text = span_str(text) };

	return yaml_int(&node, out) && *out >= least;
}

struct cli_settling *
settling_new(const struct settling_said *said, const struct contract *c, struct err *err)
{
	static const char *const reference_names[] = { "what", "name", "number", "origin", NULL };
	static const char *const decision_names[] = { "person", "outcome", "ordinal", "what", "by",
		"on", "role", "facts_hash", NULL };
	struct cli_settling *s = mem_zalloc(1, sizeof(*s));

	s->contract = c;
	s->currency = currency_find(contract_currency(c));
	s->decisions_path = said->decisions;
	arena_init(&s->arena, 0);
	idmap_init(&s->labels, 1);
	s->settles = said->settle != NULL;
	if (said->settle && !period_parse(span_str(said->settle), &s->facts.from, &s->facts.to)) {
		err_set(err, ERR_FATAL, "'--settle' is a period: 2015, 2015-Q2, 2015-04 or "
		    "2015-04-01..2015-06-30");
		goto fail;
	}
	if ((said->sample && !count_read(said->sample, 1, &s->sample))
	    || !count_read(said->seed ? said->seed : "1", 0, &s->seed)) {
		err_set(err, ERR_FATAL, "'--sample' is how many, '--seed' a number");
		goto fail;
	}
	if (said->parent && parent_read(s, said->parent, err))
		goto fail;
	if (others_read(s, said, err))
		goto fail;
	if (said->reference
	    && table_read(said->reference, reference_names, reference_take, s, err))
		goto fail;
	if (said->decisions && table_read(said->decisions, decision_names, decision_take, s, err))
		goto fail;
	for (size_t i = 0; i < said->earlier_n; i++)
		if (earlier_read(s, said->earlier[i], err))
			goto fail;
	s->facts.references = s->references;
	s->facts.references_n = s->references_n;
	if (said->earlier_n) {
		s->earlier = mem_realloc(s->earlier, s->earlier_n + 1, sizeof(*s->earlier));
		s->facts.earlier = s->earlier;
		s->facts.earlier_n = s->earlier_n;
	}
	return s;
fail:
	settling_free(s);
	return NULL;
}

void
settling_free(struct cli_settling *s)
{
	if (!s)
		return;
	mem_free(s->references);
	mem_free(s->earlier);
	mem_free(s->decisions);
	mem_free(s->rows);
	mem_free(s->names);
	mem_free(s->drawn);
	beside_release(&s->parent);
	for (uint32_t i = 0; i < s->others_n; i++)
		beside_release(&s->others[i]);
	mem_free(s->others);
	idmap_release(&s->labels);
	arena_release(&s->arena);
	mem_free(s);
}

/* --- decisions */

/* Who may say what: as milestoned asks of a signature. */
static bool
may_say(const struct decision_row *d)
{
	bool provider = span_is(d->what, "claimed") || span_is(d->what, "replied");

	if (!d->role.len)
		return true;
	if (provider)
		return span_is(d->role, "provider");
	if (span_is(d->what, "paid"))
		return span_is(d->role, "commissioner");
	return span_is(d->role, "verifier") || span_is(d->role, "commissioner");
}

static bool
hash_read(struct span hex, uint8_t out[SHA256_BYTES])
{
	struct id half;

	for (int i = 0; i < 2; i++) {
		if (!id_parse(&half, span_of(hex.ptr + 2 * i * ID_BYTES, 2 * ID_BYTES)))
			return false;
		memcpy(out + i * ID_BYTES, half.b, ID_BYTES);
	}
	return true;
}

static const struct outcome *
outcome_of(const struct outcome_list *list, const struct decision_row *d)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (span_eq(list->items[i].outcome, d->outcome) && list->items[i].ordinal == d->ordinal)
			return &list->items[i];
	return NULL;
}

int
settling_decide(struct cli_settling *s, struct trial *t, const struct trial_person *p,
    struct arena *arena, struct err *err)
{
	struct outcome_list list = { .n = 0 };
	bool judged = false;

	for (uint32_t i = 0; i < s->decisions_n; i++) {
		struct decision_row *d = &s->decisions[i];
		struct decision de = { .what = d->what, .contract = contract_name(s->contract),
			.outcome = d->outcome, .ordinal = d->ordinal, .by = d->by, .key_id = d->by,
			.at_ms = (int64_t)d->on * DAY_MS + NOON_MS };
		const struct outcome *o;

		if (!p->label.ptr || !span_eq(d->person, p->label))
			continue;
		if (!judged)
			list = trial_outcomes(t, p, arena);
		judged = true;
		o = outcome_of(&list, d);
		if (!o)
			return err_set(err, ERR_FATAL, "%s:%u: this person has no such outcome",
			    s->decisions_path, d->line);
		d->met = true;
		de.anchor_event = o->anchor_event;
		de.outcome_id = o->outcome_id;
		memcpy(de.facts_hash, o->facts_hash, SHA256_BYTES);
		if (d->facts_hash.len && !hash_read(d->facts_hash, de.facts_hash))
			return err_set(err, ERR_FATAL, "%s:%u: column 'facts_hash': expected 64 "
			    "hexadecimal digits", s->decisions_path, d->line);
		memcpy(de.decision_id.b, &i, sizeof(i));
		timeline_decision(p->timeline, &de.decision_id, &de, may_say(d));
	}
	return 0;
}

int
settling_all_met(const struct cli_settling *s, struct err *err)
{
	for (uint32_t i = 0; i < s->decisions_n; i++)
		if (!s->decisions[i].met)
			return err_set(err, ERR_FATAL, "%s:%u: nobody of the events has this name in "
			    "column 'person'", s->decisions_path, s->decisions[i].line);
	return 0;
}

static void
rows_add(struct settle_row **rows, uint32_t *n, uint32_t *cap, const struct outcome_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (*n == *cap) {
			*cap = *cap ? *cap * 2 : 1024;
			*rows = mem_realloc(*rows, *cap, sizeof(**rows));
		}
		settle_row_of(&list->items[i], &list->extra[i], &(*rows)[(*n)++]);
	}
}

static void
beside_take(struct beside *b, const struct trial *t, const struct trial_person *p,
    struct arena *arena)
{
	struct evaluate_facts facts = trial_facts(t);
	struct outcome_list list;

	if (!b->contract)
		return;
	list = evaluate(b->contract, p->timeline, &facts, arena);
	rows_add(&b->rows, &b->n, &b->cap, &list);
}

void
settling_take(struct cli_settling *s, const struct trial *t, const struct trial_person *p,
    const struct outcome_list *list, struct arena *arena)
{
	bool fresh;
	uint32_t *slot;

	if (s->settles)
		beside_take(&s->parent, t, p, arena);
	for (uint32_t i = 0; s->settles && i < s->others_n; i++)
		beside_take(&s->others[i], t, p, arena);
	if ((!s->settles && !s->sample) || list->n == 0)
		return;
	slot = idmap_put(&s->labels, &p->unit, &fresh);
	if (s->names_n == s->names_cap) {
		s->names_cap = s->names_cap ? s->names_cap * 2 : 256;
		s->names = mem_realloc(s->names, s->names_cap, sizeof(*s->names));
	}
	*slot = s->names_n;
	s->names[s->names_n++] = p->label;
	rows_add(&s->rows, &s->rows_n, &s->rows_cap, list);
}

bool
settling_facts(const struct cli_settling *s, struct settle_facts *out)
{
	*out = s->facts;
	return s->settles;
}

/* --- what is printed */

static void
payers_json(struct jw *j, const struct settle_line *line)
{
	jw_key(j, "payers");
	jw_array(j);
	for (uint32_t i = 0; i < line->payers_n; i++) {
		jw_object(j);
		jw_put_str(j, "payer", line->payers[i]);
		jw_put_int(j, "payable_minor", line->by_payer[i]);
		jw_end(j);
	}
	jw_end(j);
}

static const char *
held_for(const struct settle_line *line)
{
	return line->state != SETTLE_HELD ? NULL : line->also.ptr ? "two-contracts" : "query";
}

static void
line_json(struct cli_settling *s, struct jw *j, const struct settle_line *line)
{
	const uint32_t *label = idmap_find(&s->labels, &line->unit);

	jw_object(j);
	jw_key(j, "id");
	jw_id(j, &line->id);
	jw_put_str(j, "person", label ? s->names[*label] : SPAN_NONE);
	jw_key(j, "unit");
	if (id_is_zero(&line->unit))
		jw_null(j);
	else
		jw_id(j, &line->unit);
	jw_put_str(j, "outcome", line->outcome);
	jw_put_int(j, "ordinal", line->ordinal);
	jw_put_str(j, "part", line->part);
	jw_put_date(j, "achieved", line->achieved);
	jw_put_str(j, "state", settle_state_name(line->state));
	jw_put_str(j, "cut_by", line->cut_by);
	jw_put_text(j, "held_for", held_for(line));
	jw_put_str(j, "other_contract", line->also);
	jw_put_int(j, "earned_minor", line->earned_minor);
	jw_put_int(j, "payable_minor", line->payable_minor);
	jw_put_int(j, "held_minor", line->held_minor);
	payers_json(j, line);
	jw_end(j);
}

/* A number of the cohort: exact as a fraction, and as people read it. */
static void
measure_json(struct jw *j, const struct settle_measure *m)
{
	jw_object(j);
	jw_put_str(j, "outcome", m->outcome);
	jw_put_int(j, "ordinal", m->ordinal);
	jw_put_str(j, "part", m->part);
	jw_put_date(j, "from", m->from);
	jw_put_date(j, "to", m->to);
	jw_put_str(j, "what", m->what);
	jw_put_int(j, "is", m->is);
	jw_put_int(j, "of", m->of);
	jw_key(j, "value");
	if (m->of)
		jw_millionths(j, m->value);
	else
		jw_null(j);
	jw_key(j, "target");
	jw_millionths(j, m->target);
	jw_put_int(j, "units", m->units);
	jw_put_int(j, "eligible", m->eligible);
	jw_put_bool(j, "complete", m->complete);
	jw_put_int(j, "earned_minor", m->earned_minor);
	jw_end(j);
}

struct payer_total {
	struct span name;
	int64_t minor;
};

static uint32_t
payer_totals(const struct settlement *st, struct payer_total *out, uint32_t room)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < st->lines_n; i++)
		for (uint32_t k = 0; k < st->lines[i].payers_n; k++) {
			uint32_t at = 0;

			while (at < n && !span_eq(out[at].name, st->lines[i].payers[k]))
				at++;
			if (at == room)
				continue;
			if (at == n)
				out[n++] = (struct payer_total){ st->lines[i].payers[k], 0 };
			out[at].minor += st->lines[i].by_payer[k];
		}
	return n;
}

/* Ours, with what other contracts would pay as well. */
static struct settlement
own_settle(struct cli_settling *s)
{
	struct settle_claims *of = mem_zalloc(s->others_n + 1, sizeof(*of));

	of[0] = (struct settle_claims){ s->contract, s->rows, s->rows_n };
	for (uint32_t i = 0; i < s->others_n; i++)
		of[i + 1] = (struct settle_claims){ s->others[i].contract, s->others[i].rows,
			s->others[i].n };
	settle_twice(of, s->others_n + 1);
	mem_free(of);
	return settle(s->contract, s->rows, s->rows_n, &s->facts, &s->arena);
}

/* The same period under the terms of the tier above, on today's evidence. */
static struct settlement
parent_settle(struct cli_settling *s)
{
	struct settle_facts facts = s->facts;

	facts.earlier = NULL;
	facts.earlier_n = 0;
	return settle(s->parent.contract, s->parent.rows, s->parent.n, &facts, &s->arena);
}

static void
parent_json(struct cli_settling *s, struct jw *j, const struct settlement *own)
{
	struct settlement st;

	jw_key(j, "parent");
	if (!s->parent.contract) {
		jw_null(j);
		return;
	}
	st = parent_settle(s);
	jw_object(j);
	jw_put_str(j, "contract", contract_name(s->parent.contract));
	jw_put_int(j, "earned_minor", st.earned_minor);
	jw_put_int(j, "payable_minor", st.payable_minor);
	jw_put_int(j, "payable_all_minor", st.payable_all_minor);
	jw_put_int(j, "margin_minor", st.payable_minor - own->payable_minor);
	jw_put_int(j, "margin_all_minor", st.payable_all_minor - own->payable_all_minor);
	jw_end(j);
}

void
settling_json(struct cli_settling *s, struct jw *j)
{
	struct payer_total totals[SETTLE_PAYERS_MAX * 2];
	struct settlement st;
	uint32_t n;

	jw_key(j, "settlement");
	if (!s->settles) {
		jw_null(j);
		return;
	}
	st = own_settle(s);
	n = payer_totals(&st, totals, SETTLE_PAYERS_MAX * 2);
	jw_object(j);
	jw_put_date(j, "from", s->facts.from);
	jw_put_date(j, "to", s->facts.to);
	jw_put_int(j, "earned_minor", st.earned_minor);
	jw_put_int(j, "payable_minor", st.payable_minor);
	jw_put_int(j, "held_minor", st.held_minor);
	jw_put_int(j, "earned_all_minor", st.earned_all_minor);
	jw_put_int(j, "payable_all_minor", st.payable_all_minor);
	jw_put_text(j, "missing", st.missing);
	parent_json(s, j, &st);
	jw_key(j, "payers");
	jw_array(j);
	for (uint32_t i = 0; i < n; i++) {
		jw_object(j);
		jw_put_str(j, "payer", totals[i].name);
		jw_put_int(j, "payable_minor", totals[i].minor);
		jw_end(j);
	}
	jw_end(j);
	jw_key(j, "measures");
	jw_array(j);
	for (uint32_t i = 0; i < st.measures_n; i++)
		measure_json(j, &st.measures[i]);
	jw_end(j);
	jw_key(j, "lines");
	jw_array(j);
	for (uint32_t i = 0; i < st.lines_n; i++)
		line_json(s, j, &st.lines[i]);
	jw_end(j);
	jw_end(j);
}

/* --- a sample */

static const struct settle_row *
row_of(const struct cli_settling *s, const struct id *id)
{
	for (uint32_t i = 0; i < s->rows_n; i++) /* few are drawn */
		if (id_eq(&s->rows[i].outcome_id, id))
			return &s->rows[i];
	return NULL;
}

static const struct outcome_terms *
terms_of(const struct cli_settling *s, const struct settle_row *row)
{
	return &s->contract->versions[row->version_at].outcomes[row->terms_at];
}

static void
draw(struct cli_settling *s)
{
	s->drawn = mem_alloc((s->rows_n + 1) * sizeof(*s->drawn));
	s->claims_n = 0;
	for (uint32_t i = 0; i < s->rows_n; i++)
		if (s->rows[i].proven && terms_of(s, &s->rows[i])->pay == PAY_PRICE)
			s->drawn[s->claims_n++] = s->rows[i].outcome_id;
	sample_draw(s->drawn, s->claims_n, (uint64_t)s->seed);
	if (s->sample > s->claims_n)
		s->sample = s->claims_n;
}

/* The last result that was recorded of a claim; NULL: none was. */
static const char *
result_of(const struct cli_settling *s, const struct settle_row *row, struct span person)
{
	const struct decision_row *last = NULL;

	for (uint32_t i = 0; i < s->decisions_n; i++) {
		const struct decision_row *d = &s->decisions[i];

		if (span_eq(d->person, person) && span_eq(d->outcome, terms_of(s, row)->name)
		    && d->ordinal == row->ordinal && may_say(d)
		    && (span_is(d->what, "sampled-right") || span_is(d->what, "sampled-wrong"))
		    && (!last || d->on >= last->on))
			last = d;
	}
	return !last ? NULL : span_is(last->what, "sampled-wrong") ? "wrong" : "right";
}

static void
per_cent_json(struct jw *j, const char *key, int64_t millionths_is)
{
	jw_key(j, key);
	jw_millionths(j, millionths_is);
}

void
settling_sample_json(struct cli_settling *s, struct jw *j)
{
	uint64_t looked = 0, wrong = 0;
	struct sample_rate r;

	jw_key(j, "sample");
	if (!s->sample) {
		jw_null(j);
		return;
	}
	draw(s);
	jw_object(j);
	jw_put_int(j, "seed", s->seed);
	jw_put_int(j, "of", s->claims_n);
	jw_key(j, "drawn");
	jw_array(j);
	for (int64_t i = 0; i < s->sample; i++) {
		const struct settle_row *row = row_of(s, &s->drawn[i]);
		const uint32_t *label = idmap_find(&s->labels, &row->unit);
		struct span person = label ? s->names[*label] : SPAN_NONE;
		const char *result = result_of(s, row, person);

		looked += result != NULL;
		wrong += result && strcmp(result, "wrong") == 0;
		jw_object(j);
		jw_key(j, "id");
		jw_id(j, &row->outcome_id);
		jw_put_str(j, "person", person);
		jw_put_str(j, "outcome", terms_of(s, row)->name);
		jw_put_int(j, "ordinal", row->ordinal);
		jw_put_text(j, "result", result);
		jw_end(j);
	}
	jw_end(j);
	r = sample_rate(looked, wrong, s->claims_n);
	jw_put_int(j, "looked_at", (int64_t)r.looked);
	jw_put_int(j, "wrong", (int64_t)r.wrong);
	per_cent_json(j, "rate", r.rate);
	per_cent_json(j, "rate_low", r.low);
	per_cent_json(j, "rate_high", r.high);
	jw_put_int(j, "wrong_of_all", (int64_t)r.wrong_of);
	jw_put_int(j, "wrong_of_all_low", (int64_t)r.low_of);
	jw_put_int(j, "wrong_of_all_high", (int64_t)r.high_of);
	jw_end(j);
}

static const char *
money(const struct cli_settling *s, int64_t minor, char out[MONEY_TEXT])
{
	out[0] = '\0';
	if (s->currency)
		money_text(minor, s->currency, out);
	return out;
}

static void
line_text(struct cli_settling *s, const struct settle_line *line, struct buf *out)
{
	const uint32_t *label = idmap_find(&s->labels, &line->unit);
	char earned[MONEY_TEXT], payable[MONEY_TEXT], day[DATE_TEXT];

	date_text(line->achieved, day);
	buf_printf(out, "  %-10s  %-20.*s", day, label && s->names[*label].ptr
	    ? (int)s->names[*label].len : 20, label && s->names[*label].ptr
	    ? (const char *)s->names[*label].ptr : id_is_zero(&line->unit) ? "the cohort          "
									   : "                    ");
	buf_printf(out, " %-24.*s %2d  %14s %14s  %.*s", (int)line->outcome.len,
	    (const char *)line->outcome.ptr, line->ordinal, money(s, line->earned_minor, earned),
	    money(s, line->payable_minor, payable), (int)settle_state_name(line->state).len,
	    (const char *)settle_state_name(line->state).ptr);
	if (line->cut_by.ptr)
		buf_printf(out, " (" SPAN_FMT ")", SPAN_ARG(line->cut_by));
	if (line->also.ptr)
		buf_printf(out, " (" SPAN_FMT " would pay it, too)", SPAN_ARG(line->also));
	buf_byte(out, '\n');
}

void
settling_text(struct cli_settling *s, struct buf *out)
{
	struct payer_total totals[SETTLE_PAYERS_MAX * 2];
	char a[MONEY_TEXT], b[MONEY_TEXT], from[DATE_TEXT], to[DATE_TEXT];
	struct settlement st;
	uint32_t n;

	if (!s->settles)
		return;
	st = own_settle(s);
	date_text(s->facts.from, from);
	date_text(s->facts.to, to);
	buf_printf(out, "\nstatement from %s to %s: earned, payable\n", from, to);
	for (uint32_t i = 0; i < st.lines_n; i++)
		line_text(s, &st.lines[i], out);
	buf_printf(out, "  %-60s  %14s %14s\n", "all", money(s, st.earned_minor, a),
	    money(s, st.payable_minor, b));
	n = payer_totals(&st, totals, SETTLE_PAYERS_MAX * 2);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(out, "    of it " SPAN_FMT ": %s\n", SPAN_ARG(totals[i].name),
		    money(s, totals[i].minor, a));
	buf_printf(out, "  the contract up to that day: earned %s, payable %s\n",
	    money(s, st.earned_all_minor, a), money(s, st.payable_all_minor, b));
	for (uint32_t i = 0; i < st.measures_n; i++) {
		const struct settle_measure *m = &st.measures[i];
		struct sentence target = { .len = 0 }, value = { .len = 0 };

		sentence_millionths(&target, m->target);
		sentence_millionths(&value, m->value);
		buf_printf(out, "  " SPAN_FMT " %d " SPAN_FMT ": " SPAN_FMT " %.*s (target %.*s), %lld of "
		    "%lld counted%s\n", SPAN_ARG(m->outcome), m->ordinal, SPAN_ARG(m->part),
		    SPAN_ARG(m->what), (int)value.len, value.text, (int)target.len, target.text,
		    (long long)m->units, (long long)m->eligible, m->complete ? "" : ", not complete");
	}
	if (s->parent.contract) {
		struct settlement above = parent_settle(s);

		buf_printf(out, "  the tier above, " SPAN_FMT ": payable %s, so that the margin is ",
		    SPAN_ARG(contract_name(s->parent.contract)), money(s, above.payable_minor, a));
		buf_printf(out, "%s; up to that day %s\n",
		    money(s, above.payable_minor - st.payable_minor, a),
		    money(s, above.payable_all_minor - st.payable_all_minor, b));
	}
	if (st.missing)
		buf_printf(out, "  a reference is missing: %s\n", st.missing);
}
