#include "common/params.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/must.h"

enum param_type { PARAM_IS_TEXT, PARAM_IS_INT };

struct param {
	const char *name;
	enum param_type type;
	size_t offset;
	int32_t min, max;
	const char *preset, *unit, *doc;
};

static const struct param table[] = {
#define PARAM_ROW(name, type, min, max, preset, unit, doc)                                         \
	{ #name, PARAM_IS_##type, offsetof(struct params, name), min, max, preset, unit, doc },
	PARAMS(PARAM_ROW)
#undef PARAM_ROW
};
enum { PARAMS_N = sizeof(table) / sizeof(table[0]), PROPERTIES_KEY = PARAMS_N };

/* For suggestions; the mapping of librdkafka's own comes last. */
static const char *const names[] = {
#define PARAM_NAME(name, type, min, max, preset, unit, doc) #name,
	PARAMS(PARAM_NAME)
#undef PARAM_NAME
	"kafka_properties",
};

static const struct param *
param_find(struct span name)
{
	for (size_t i = 0; i < PARAMS_N; i++)
		if (span_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static bool
int_parse(struct span text, int32_t *v)
{
	int64_t n = 0;

	if (text.len == 0 || text.len > 9)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		n = n * 10 + (text.ptr[i] - '0');
	}
	*v = (int32_t)n;
	return true;
}

/* false: not a value that the setting may have. */
static bool
param_put(struct params *p, const struct param *param, struct span value)
{
	void *at = (char *)p + param->offset;
	int32_t n;

	switch (param->type) {
	case PARAM_IS_TEXT:
		*(const char **)at = arena_str(&p->arena, value);
		return true;
	case PARAM_IS_INT:
		if (!int_parse(value, &n) || n < param->min || n > param->max)
			return false;
		*(int32_t *)at = n;
		return true;
	}
	NOT_REACHED("a setting has a type");
}

static void
expected_text(const struct param *param, char *out, size_t size)
{
	if (param->type == PARAM_IS_INT)
		snprintf(out, size, "a whole number from %d to %d%s%s", (int)param->min,
		    (int)param->max, *param->unit ? " " : "", param->unit);
	else
		snprintf(out, size, "text");
}

void
params_init(struct params *p)
{
	*p = (struct params){ 0 };
	arena_init(&p->arena, 0);
	for (size_t i = 0; i < PARAMS_N; i++) {
		bool ok = param_put(p, &table[i], span_str(table[i].preset));

		MUST(ok);
	}
}

void
params_release(struct params *p)
{
	arena_release(&p->arena);
}

/* --- the file */

static void
properties_read(struct params *p, const struct yaml *node, struct yaml_report *report)
{
	if (node->kind != YAML_MAPPING) {
		yaml_mistake(report, node,
		    "'kafka_properties': expected a mapping of librdkafka's property names to values");
		return;
	}
	for (uint32_t i = 0; i < node->n; i++) {
		if (node->items[i].kind != YAML_SCALAR
		    || p->kafka_properties_n == PARAMS_KAFKA_PROPERTIES_MAX) {
			yaml_mistake(report, &node->keys[i], "expected at most %d lines 'name: value'",
			    PARAMS_KAFKA_PROPERTIES_MAX);
			return;
		}
		p->kafka_properties[p->kafka_properties_n].name
		    = arena_str(&p->arena, node->keys[i].text);
		p->kafka_properties[p->kafka_properties_n++].value
		    = arena_str(&p->arena, node->items[i].text);
	}
}

static void
unknown_key(const struct yaml *key, struct yaml_report *report)
{
	const char *near = yaml_suggest(key->text, names, sizeof(names) / sizeof(names[0]));
	char found[YAML_QUOTE_MAX + 8];

	yaml_mistake(report, key, "found %s, which is no setting%s%s%s", yaml_found(key, found),
	    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

bool
params_file(struct params *p, const struct yaml *root, struct yaml_report *report)
{
	uint32_t before = report->n;
	char expected[96], found[YAML_QUOTE_MAX + 8];

	if (root->kind != YAML_MAPPING)
		return yaml_mistake(report, root, "found %s, expected settings, 'name: value'",
		    yaml_found(root, found));
	for (uint32_t i = 0; i < root->n; i++) {
		const struct param *param = param_find(root->keys[i].text);
		const struct yaml *value = &root->items[i];

		if (span_is(root->keys[i].text, names[PROPERTIES_KEY])) {
			properties_read(p, value, report);
			continue;
		}
		if (!param) {
			unknown_key(&root->keys[i], report);
			continue;
		}
		if (value->kind == YAML_SCALAR
		    && (param->type == PARAM_IS_TEXT || !value->quoted)
		    && param_put(p, param, value->text))
			continue;
		expected_text(param, expected, sizeof(expected));
		yaml_mistake(report, value, "'%s': found %s, expected %s", param->name,
		    yaml_found(value, found), expected);
	}
	return report->n == before;
}

/* --- environment and command line */

static int
assign(struct params *p, const struct param *param, struct span value, const char *where,
    struct err *err)
{
	char expected[96];

	if (param_put(p, param, value))
		return 0;
	expected_text(param, expected, sizeof(expected));
	return err_code(err, ERR_FATAL, "setting", param->name, "%s: '%s' is not %s", where,
	    param->name, expected);
}

/* "OUTTURN_KEYS_DIR" is keys_dir. */
static const struct param *
param_of_variable(struct span name)
{
	static const char prefix[] = "OUTTURN_";
	char lower[64];
	size_t n;

	if (!span_starts(name, prefix) || name.len - (sizeof(prefix) - 1) >= sizeof(lower))
		return NULL;
	n = name.len - (sizeof(prefix) - 1);
	for (size_t i = 0; i < n; i++) {
		uint8_t c = name.ptr[sizeof(prefix) - 1 + i];

		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return param_find(span_of(lower, n));
}

int
params_environment(struct params *p, const char *const *environment, struct err *err)
{
	for (; *environment; environment++) {
		const char *eq = strchr(*environment, '=');
		const struct param *param;
		struct span name;
		char where[96];

		if (!eq)
			continue;
		name = span_of(*environment, (size_t)(eq - *environment));
		if (span_is(name, "KAFKA"))
			param = param_find(SPAN_LIT("kafka"));
		else if (span_is(name, "PGURI"))
			param = param_find(SPAN_LIT("pguri"));
		else
			param = param_of_variable(name);
		if (!param)
			continue;
		snprintf(where, sizeof(where), "environment variable '" SPAN_FMT "'",
		    SPAN_ARG(name));
		if (assign(p, param, span_str(eq + 1), where, err))
			return -1;
	}
	return 0;
}

int
params_set(struct params *p, const char *assignment, struct err *err)
{
	const char *eq = strchr(assignment, '=');
	const struct param *param;
	const char *near;
	struct span name;

	if (!eq)
		return err_set(err, ERR_FATAL, "'-o' wants NAME=VALUE");
	name = span_of(assignment, (size_t)(eq - assignment));
	param = param_find(name);
	if (param)
		return assign(p, param, span_str(eq + 1), "-o", err);
	near = yaml_suggest(name, names, PARAMS_N);
	return err_set(err, ERR_FATAL, "'" SPAN_FMT "' is no setting%s%s%s", SPAN_ARG(name),
	    near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

/* --- the sample */

void
params_sample(struct buf *out)
{
	buf_str(out, "# Settings, each with its default.  The environment (KAFKA, PGURI,\n"
		     "# OUTTURN_<NAME>) and -o NAME=VALUE win over this file.\n");
	for (size_t i = 0; i < PARAMS_N; i++) {
		const struct param *param = &table[i];

		buf_printf(out, "\n# %s", param->doc);
		if (param->type == PARAM_IS_INT)
			buf_printf(out, "  %d to %d%s%s.", (int)param->min, (int)param->max,
			    *param->unit ? " " : "", param->unit);
		if (*param->preset)
			buf_printf(out, "\n%s: %s\n", param->name, param->preset);
		else
			buf_printf(out, "\n%s: \"\"\n", param->name);
	}
	buf_str(out, "\n# Properties of librdkafka, handed through as they are: TLS, SASL.\n"
		     "# kafka_properties:\n"
		     "#   security.protocol: ssl\n");
}
