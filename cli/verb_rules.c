/*
 * outturn rules - every kind of rule that a contract may use, from the table that parses it.
 *
 *	table of kinds ─┬─► for people: a list, or one kind with its parameters
 *	contracts ──────┤   --json: an array, stable
 *	(who uses it)   └─► --markdown: the tables of docs/contracts.md
 *
 * What is printed is what is read: there is no second list.
 */
#include "cli/cli.h"

#include <limits.h>
#include <unistd.h>

#include "cli/pages.h"
#include "cli/schema.h"
#include "common/mem.h"
#include "transform/milestone/rule_kinds.h"

enum { RULES_WORD_WIDTH = 23, RULES_USERS_MAX = 256 };

struct users {
	struct contract *contracts[RULES_USERS_MAX];
	size_t n;
};

static const char *const type_names[] = {
	[YF_TEXT] = "text", [YF_NAME] = "name", [YF_INT] = "integer", [YF_DECIMAL] = "number",
	[YF_BOOL] = "yes or no", [YF_DATE] = "date", [YF_DURATION] = "duration",
	[YF_ENUM] = "choice", [YF_TEXTS] = "list of texts", [YF_NAMES] = "list of names",
	[YF_ENUMS] = "list of choices", [YF_RECORD] = "mapping", [YF_OPTION] = "mapping",
	[YF_LIST] = "list of mappings", [YF_TABLE] = "mapping of names", [YF_NODE] = "filter",
};

/* --- who uses it */

static void
users_read(struct cli *cli, struct users *u)
{
	struct yaml_report unread = YAML_REPORT_INIT; /* `outturn check` tells it */
	struct pages pages;
	char path[PATH_MAX];

	pages_init(&pages);
	snprintf(path, sizeof(path), "%s/contracts", cli->params->config_dir);
	if (access(path, R_OK) == 0)
		pages_add(&pages, path, true);
	for (size_t i = 0; i < pages.n && u->n < RULES_USERS_MAX; i++) {
		struct contract *c = NULL;

		if (pages.items[i].thing == PAGE_CONTRACT && pages.items[i].doc)
			c = contract_parse(pages.items[i].doc->root, &unread);
		if (c)
			u->contracts[u->n++] = c;
	}
	yaml_report_release(&unread);
	pages_release(&pages);
}

static bool
uses(const struct contract *c, enum rule_kind kind)
{
	for (uint32_t v = 0; v < c->versions_n; v++)
		for (uint32_t i = 0; i < c->versions[v].outcomes_n; i++) {
			const struct outcome_terms *o = &c->versions[v].outcomes[i];

			if (o->rule.kind == (int32_t)kind
			    || (kind == RULE_PRICE_FUNCTION && o->price))
				return true;
		}
	return false;
}

/* --- JSON */

static void
choices_json(struct jw *j, const struct yaml_field *f)
{
	if (!f->choices)
		return;
	jw_key(j, "choices");
	jw_array(j);
	for (const char *const *c = f->choices; *c; c++)
		if (strcmp(*c, "undeclared"))
			jw_text(j, *c);
	jw_end(j);
}

/* "undeclared" is how the table says that nobody may guess. */
static const char *
default_of(const struct yaml_field *f)
{
	return f->preset && strcmp(f->preset, "undeclared") ? f->preset : NULL;
}

static void fields_json(struct jw *j, const struct yaml_record *r);

static void
field_json(struct jw *j, const struct yaml_field *f)
{
	jw_object(j);
	jw_put_text(j, "name", f->name);
	jw_put_text(j, "type", type_names[f->type]);
	jw_put_text(j, "unit", f->unit);
	jw_put_bool(j, "required", f->required);
	jw_put_text(j, "default", default_of(f));
	choices_json(j, f);
	if (f->sub) {
		jw_key(j, "of");
		fields_json(j, f->sub);
	}
	jw_put_text(j, "says", f->doc);
	jw_end(j);
}

static void
fields_json(struct jw *j, const struct yaml_record *r)
{
	jw_array(j);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->fields[i].name, "kind"))
			field_json(j, &r->fields[i]);
	jw_end(j);
}

static bool
of_spell(enum rule_kind kind)
{
	return kind == RULE_SPELL || kind == RULE_SPELL_EXCLUDING || kind == RULE_RECURRING
	    || kind == RULE_INTENSITY_BAND;
}

static void
kind_json(struct jw *j, enum rule_kind kind, const struct users *u)
{
	static const char *const scopes[] = { "unit", "cohort", "both" };
	const struct rule_kind_def *def = rule_kind_def(kind);

	jw_object(j);
	jw_put_text(j, "kind", rule_kind_word(kind));
	jw_put_int(j, "number", rule_kind_number(kind));
	jw_put_text(j, "name", def->title);
	jw_put_text(j, "says", def->says);
	jw_put_text(j, "scope", scopes[rule_kind_scope(kind)]);
	jw_put_text(j, "example", def->example);
	jw_put_bool(j, "supported", def->runs);
	jw_key(j, "parameters");
	fields_json(j, def->record);
	if (of_spell(kind)) {
		jw_key(j, "parameters_of_spell");
		fields_json(j, &spell_record);
	}
	jw_key(j, "contracts");
	jw_array(j);
	for (size_t i = 0; i < u->n; i++)
		if (uses(u->contracts[i], kind))
			jw_str(j, contract_name(u->contracts[i]));
	jw_end(j);
	jw_end(j);
}

static void
json_print(const struct users *u)
{
	struct buf out = BUF_INIT;
	struct jw j;

	jw_begin(&j, &out);
	jw_array(&j);
	for (int k = 0; k < RULE_KIND_COUNT; k++)
		kind_json(&j, (enum rule_kind)k, u);
	jw_end(&j);
	buf_byte(&out, '\n');
	cli_print(&out);
	buf_release(&out);
}

/* --- for people */

static void
choices_text(struct buf *out, const struct yaml_field *f, const char *quote)
{
	bool any = false;

	for (const char *const *c = f->choices; c && *c; c++) {
		if (!strcmp(*c, "undeclared"))
			continue;
		buf_printf(out, "%s%s%s%s", any ? ", " : "", quote, *c, quote);
		any = true;
	}
}

static void
list_print(const struct users *u)
{
	struct buf out = BUF_INIT;

	for (int k = 0; k < RULE_KIND_COUNT; k++) {
		const struct rule_kind_def *def = rule_kind_def((enum rule_kind)k);
		bool any = false;

		buf_printf(&out, "%2d  %-*s %s%s\n", rule_kind_number((enum rule_kind)k),
		    RULES_WORD_WIDTH, rule_kind_word((enum rule_kind)k), def->says,
		    def->runs ? "" : "  (not yet supported)");
		for (size_t i = 0; i < u->n; i++) {
			if (!uses(u->contracts[i], (enum rule_kind)k))
				continue;
			buf_printf(&out, "%s" SPAN_FMT, any ? ", " : "      used by ",
			    SPAN_ARG(contract_name(u->contracts[i])));
			any = true;
		}
		if (any)
			buf_byte(&out, '\n');
	}
	cli_print(&out);
	buf_release(&out);
}

static void
field_text(struct buf *out, const struct yaml_field *f, int depth)
{
	buf_printf(out, "%*s%-*s %s", 2 + 4 * depth, "", RULES_WORD_WIDTH, f->name,
	    type_names[f->type]);
	if (f->unit)
		buf_printf(out, ", %s", f->unit);
	if (default_of(f))
		buf_printf(out, "; without it: %s", f->preset);
	else if (f->required)
		buf_str(out, "; must be there");
	if (f->choices) {
		buf_str(out, "; one of ");
		choices_text(out, f, "");
	}
	buf_printf(out, "\n%*s%s\n", 6 + 4 * depth, "", f->doc);
	for (size_t i = 0; f->sub && i < f->sub->n; i++)
		field_text(out, &f->sub->fields[i], depth + 1);
}

static void
record_text(struct buf *out, const struct yaml_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->fields[i].name, "kind"))
			field_text(out, &r->fields[i], 0);
}

static int
kind_print(const char *word)
{
	const char *const *words, *near;
	struct buf out = BUF_INIT;
	enum rule_kind kind;

	if (!rule_kind_find(span_str(word), &kind)) {
		near = yaml_suggest(span_str(word), words, rule_kind_words(&words));
		fprintf(stderr, "outturn rules: no kind '%s'%s%s%s\n", word,
		    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
		return CLI_NOT_FOUND;
	}
	buf_printf(&out, "%s: %s\n%s\n\n  %s\n\n", rule_kind_word(kind), rule_kind_def(kind)->title,
	    rule_kind_def(kind)->says, rule_kind_def(kind)->example);
	record_text(&out, rule_kind_def(kind)->record);
	if (of_spell(kind)) {
		buf_str(&out, "\nof the spell:\n");
		record_text(&out, &spell_record);
	}
	cli_print(&out);
	buf_release(&out);
	return CLI_OK;
}

/* --- the tables of the docs */

static void
field_markdown(struct buf *out, const struct yaml_field *f, const char *of)
{
	buf_printf(out, "| `%s%s` | ", of, f->name);
	if (f->choices)
		choices_text(out, f, "`");
	else
		buf_str(out, type_names[f->type]);
	if (f->unit)
		buf_printf(out, ", %s", f->unit);
	buf_printf(out, " | %s%s%s | %s |\n", default_of(f) ? "`" : "",
	    default_of(f) ? f->preset : f->required ? "must be there" : f->preset ? "must be declared"
									       : "none",
	    default_of(f) ? "`" : "", f->doc);
	for (size_t i = 0; f->sub && i < f->sub->n; i++) {
		struct buf name = BUF_INIT;

		buf_printf(&name, "%s%s.", of, f->name);
		field_markdown(out, &f->sub->fields[i], buf_cstr(&name));
		buf_release(&name);
	}
}

static void
record_markdown(struct buf *out, const char *word, const struct yaml_record *r)
{
	buf_printf(out, "<!-- rules: %s -->\n| parameter | type, unit | default | what it settles |\n"
	    "| --- | --- | --- | --- |\n", word);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->fields[i].name, "kind"))
			field_markdown(out, &r->fields[i], "");
	buf_str(out, "<!-- end -->\n\n");
}

static void
markdown_print(void)
{
	static const struct {
		const char *word;
		const struct yaml_record *record;
	} others[] = { { "spells", &spell_record }, { "caps", &cap_record },
		{ "payers", &payer_record }, { "worth", &worth_record },
		{ "conditions", &condition_record }, { "calendars", &calendar_record },
		{ "rates", &rate_record } };
	struct buf out = BUF_INIT;

	for (int k = 0; k < RULE_KIND_COUNT; k++)
		record_markdown(&out, rule_kind_word((enum rule_kind)k),
		    rule_kind_def((enum rule_kind)k)->record);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		record_markdown(&out, others[i].word, others[i].record);
	cli_print(&out);
	buf_release(&out);
}

static int
run(struct cli *cli, int argc, char **argv)
{
	bool markdown = false, schema = false;
	const struct cli_option options[] = { { .name = "markdown", .flag = &markdown },
		{ .name = "schema", .flag = &schema } };
	struct users users = { .n = 0 };
	struct buf out = BUF_INIT;

	if (cli_options(&verb_rules, &argc, argv, options, 2))
		return CLI_USAGE;
	if (argc > 2)
		return cli_usage(&verb_rules, "one kind at most");
	if (markdown) {
		markdown_print();
		return CLI_OK;
	}
	if (schema) {
		schema_contract(&out);
		cli_print(&out);
		buf_release(&out);
		return CLI_OK;
	}
	if (argc == 2 && !cli->json)
		return kind_print(argv[1]);
	users_read(cli, &users);
	if (cli->json)
		json_print(&users);
	else
		list_print(&users);
	for (size_t i = 0; i < users.n; i++)
		contract_free(users.contracts[i]);
	return CLI_OK;
}

const struct cli_verb verb_rules = {
	.name = "rules",
	.run = run,
	.usage = "outturn rules [KIND]\noutturn rules --markdown | --schema",
	.says = "list the kinds of rule that a contract may use, with their parameters",
	.help =
	    "Kinds, their parameters, units and defaults, and which contracts of 'config_dir' use each;\n"
	    "with KIND, one of them.  It is the table that contracts are read by.  docs/contracts.md\n"
	    "explains each kind with an example.\n\n"
	    "--json prints an array, one object a kind: kind, number, name, says, scope, example,\n"
	    "supported, parameters (name, type, unit, required, default, choices, says), contracts.\n"
	    "--markdown prints the tables of docs/contracts.md; --schema a JSON Schema of the whole\n"
	    "language, for editors that know YAML.\n\n"
	    "Exit: 0, 2 usage, 5 no such kind.\n\n"
	    "  outturn rules k-of-n-weeks\n",
};
