#include "cli/schema.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/must.h"
#include "transform/milestone/rule_kinds.h"

/*
 *	$defs: one a table of fields, by its name ─┬─ a rule: any of the kinds' tables
 *	                                           └─ lists and mappings refer to others
 */

enum { DEFS_MAX = 96, NAME_MAX_BYTES = 64 };

struct defs {
	const struct yaml_record *of[DEFS_MAX];
	size_t n;
	struct jw *j;
};

static const char filter_pattern[] = "^[a-z0-9][a-z0-9-]*$";

static void
name_of(const struct yaml_record *r, char out[NAME_MAX_BYTES])
{
	size_t n = 0;

	for (const char *p = r->name; *p && n + 1 < NAME_MAX_BYTES; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
			out[n++] = *p;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
}

static void
defs_add(struct defs *d, const struct yaml_record *r)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->of[i] == r)
			return;
	MUST(d->n < DEFS_MAX);
	d->of[d->n++] = r;
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].sub)
			defs_add(d, r->fields[i].sub); /* as deep as the tables */
}

/* A definition a line, so that a change of one is seen as one. */
static void
line_end(struct jw *j)
{
	buf_byte(j->out, '\n');
}

static void
ref_put(struct jw *j, const struct yaml_record *r)
{
	char name[NAME_MAX_BYTES], ref[NAME_MAX_BYTES + 16];

	name_of(r, name);
	snprintf(ref, sizeof(ref), "#/$defs/%s", name);
	jw_put_text(j, "$ref", ref);
}

static void
bounds(struct jw *j, const struct yaml_field *f)
{
	if (f->min == 0 && f->max == 0)
		return;
	jw_key(j, "minimum");
	f->type == YF_DECIMAL ? jw_millionths(j, f->min) : jw_int(j, f->min);
	jw_key(j, "maximum");
	f->type == YF_DECIMAL ? jw_millionths(j, f->max) : jw_int(j, f->max);
}

static void
type_put(struct jw *j, const char *type)
{
	jw_put_text(j, "type", type);
}

static void
choices(struct jw *j, const struct yaml_field *f)
{
	jw_key(j, "enum");
	jw_array(j);
	for (const char *const *c = f->choices; *c; c++)
		if (strcmp(*c, "undeclared"))
			jw_text(j, *c);
	jw_end(j);
}

/* What `where` takes: attributes and what they may be. */
static void
node_put(struct jw *j, const struct yaml_field *f)
{
	if (strcmp(f->name, "rule") == 0) {
		jw_put_text(j, "$ref", "#/$defs/rule");
		return;
	}
	if (strcmp(f->name, "price") == 0) {
		jw_key(j, "anyOf");
		jw_array(j);
		jw_object(j);
		type_put(j, "number");
		jw_end(j);
		jw_object(j);
		ref_put(j, &price_record);
		jw_end(j);
		jw_end(j);
		return;
	}
	type_put(j, "object");
	jw_key(j, "propertyNames");
	jw_object(j);
	jw_put_text(j, "pattern", filter_pattern);
	jw_end(j);
}

static void
texts_put(struct jw *j)
{
	jw_key(j, "anyOf");
	jw_array(j);
	jw_object(j);
	type_put(j, "string");
	jw_end(j);
	jw_object(j);
	type_put(j, "array");
	jw_key(j, "items");
	jw_object(j);
	type_put(j, "string");
	jw_end(j);
	jw_end(j);
	jw_end(j);
}

static void
field_type(struct jw *j, const struct yaml_field *f)
{
	switch (f->type) {
	case YF_TEXT:
		type_put(j, "string");
		return;
	case YF_NAME:
		type_put(j, "string");
		jw_put_text(j, "pattern", filter_pattern);
		return;
	case YF_INT:
		type_put(j, "integer");
		bounds(j, f);
		return;
	case YF_DECIMAL:
		type_put(j, "number");
		bounds(j, f);
		return;
	case YF_BOOL: /* yes and no are text to some */
		jw_key(j, "enum");
		jw_array(j);
		jw_bool(j, true);
		jw_bool(j, false);
		jw_text(j, "yes");
		jw_text(j, "no");
		jw_end(j);
		return;
	case YF_DATE:
		type_put(j, "string");
		jw_put_text(j, "format", "date");
		return;
	case YF_DURATION:
		type_put(j, "string");
		jw_put_text(j, "pattern",
		    "^[0-9]+(\\.5)? (day|days|week|weeks|month|months|year|years)$");
		return;
	case YF_ENUM:
		choices(j, f);
		return;
	case YF_ENUMS:
	case YF_TEXTS:
	case YF_NAMES:
		texts_put(j);
		return;
	case YF_RECORD:
	case YF_OPTION:
		ref_put(j, f->sub);
		return;
	case YF_LIST:
	case YF_TABLE:
		type_put(j, f->type == YF_LIST ? "array" : "object");
		jw_key(j, f->type == YF_LIST ? "items" : "additionalProperties");
		jw_object(j);
		ref_put(j, f->sub);
		jw_end(j);
		return;
	case YF_NODE:
		node_put(j, f);
		return;
	}
	NOT_REACHED("a field type that yaml_type does not list");
}

static void
description(struct jw *j, const struct yaml_field *f)
{
	struct buf text = BUF_INIT;

	buf_str(&text, f->doc ? f->doc : "");
	if (f->unit)
		buf_printf(&text, "  In %s.", f->unit);
	if (f->preset && strcmp(f->preset, "undeclared"))
		buf_printf(&text, "  Without it: %s.", f->preset);
	jw_put_text(j, "description", buf_cstr(&text));
	buf_release(&text);
}

/* kind NULL: no rule. */
static void
record_put(struct jw *j, const struct yaml_record *r, const char *kind)
{
	jw_object(j);
	type_put(j, "object");
	jw_put_bool(j, "additionalProperties", false);
	jw_key(j, "required");
	jw_array(j);
	for (size_t i = 0; i < r->n; i++)
		if (r->fields[i].required)
			jw_text(j, r->fields[i].name);
	jw_end(j);
	jw_key(j, "properties");
	jw_object(j);
	for (size_t i = 0; i < r->n; i++) {
		const struct yaml_field *f = &r->fields[i];

		jw_key(j, f->name);
		jw_object(j);
		if (kind && strcmp(f->name, "kind") == 0)
			jw_put_text(j, "const", kind);
		else
			field_type(j, f);
		description(j, f);
		jw_end(j);
	}
	jw_end(j);
	jw_end(j);
}

static void
rules_put(struct jw *j)
{
	char name[NAME_MAX_BYTES];

	line_end(j);
	jw_key(j, "rule");
	jw_object(j);
	jw_key(j, "oneOf");
	jw_array(j);
	for (int k = 0; k < RULE_KIND_COUNT; k++) {
		if (k == RULE_PRICE_FUNCTION)
			continue;
		jw_object(j);
		ref_put(j, rule_kind_def((enum rule_kind)k)->record);
		jw_end(j);
	}
	jw_end(j);
	jw_end(j);
	for (int k = 0; k < RULE_KIND_COUNT; k++) {
		if (k == RULE_PRICE_FUNCTION)
			continue;
		name_of(rule_kind_def((enum rule_kind)k)->record, name);
		line_end(j);
		jw_key(j, name);
		record_put(j, rule_kind_def((enum rule_kind)k)->record,
		    rule_kind_word((enum rule_kind)k));
	}
}

static bool
is_rule(const struct yaml_record *r)
{
	for (int k = 0; k < RULE_KIND_COUNT; k++)
		if (k != RULE_PRICE_FUNCTION && rule_kind_def((enum rule_kind)k)->record == r)
			return true;
	return false;
}

void
schema_contract(struct buf *out)
{
	char name[NAME_MAX_BYTES];
	struct jw j;
	struct defs d = { .n = 0, .j = &j };

	defs_add(&d, &contract_record);
	defs_add(&d, &price_record);
	for (int k = 0; k < RULE_KIND_COUNT; k++)
		defs_add(&d, rule_kind_def((enum rule_kind)k)->record);
	jw_begin(&j, out);
	jw_object(&j);
	jw_put_text(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	jw_put_text(&j, "title", "Outturn contract");
	ref_put(&j, &contract_record);
	jw_key(&j, "$defs");
	jw_object(&j);
	for (size_t i = 0; i < d.n; i++) {
		if (is_rule(d.of[i]))
			continue;
		name_of(d.of[i], name);
		line_end(&j);
		jw_key(&j, name);
		record_put(&j, d.of[i], NULL);
	}
	rules_put(&j);
	jw_end(&j);
	jw_end(&j);
	buf_byte(out, '\n');
}
