#include "transform/match/model.h"

#include "common/mem.h"
#include "common/must.h"
#include "common/token.h"

struct model {
	struct span name;
	int32_t version;
	struct model_block blocks[MODEL_BLOCKS_MAX];
	size_t blocks_n;
	struct model_step steps[MODEL_STEPS_MAX];
	size_t steps_n;
	struct arena arena;
};

/* --- the shipped one */

#define A (1u << LEVEL_AGREE)
#define P (1u << LEVEL_PARTIAL)
#define S (1u << LEVEL_SWAP)
#define M (1u << LEVEL_MISSING)
#define STEP(text, weight, is_exact, ...)                                                          \
	{ { (const uint8_t *)(text), sizeof(text) - 1 }, (weight), (is_exact), { __VA_ARGS__ } }

static const struct model builtin = {
	.name = { (const uint8_t *)"deterministic", 13 },
	.version = 1,
	.blocks = {
		{ { TOKEN_NHS }, 1 },
		{ { TOKEN_NINO }, 1 },
		{ { TOKEN_UPN }, 1 },
		{ { TOKEN_ULN }, 1 },
		{ { TOKEN_LOCAL_ID }, 1 },
		{ { TOKEN_DOB, TOKEN_SURNAME }, 2 },
		{ { TOKEN_DOB, TOKEN_FORENAME }, 2 },
		{ { TOKEN_SURNAME, TOKEN_FORENAME, TOKEN_POSTCODE }, 3 },
		{ { TOKEN_DOB_SWAP, TOKEN_NAME_SWAP }, 2 },
	},
	.blocks_n = 9,
	.steps = {
		STEP("nhs+dob", 30000, true, [COMPARE_NHS] = A, [COMPARE_DOB] = A | P | S),
		STEP("nhs+name", 28000, true, [COMPARE_NHS] = A, [COMPARE_DOB] = M,
		    [COMPARE_SURNAME] = A | P | S, [COMPARE_FORENAME] = A | P | S),
		STEP("nino+dob", 27000, true, [COMPARE_NINO] = A, [COMPARE_DOB] = A | P | S),
		STEP("upn+dob", 27000, true, [COMPARE_UPN] = A, [COMPARE_DOB] = A | P | S),
		STEP("uln+dob", 27000, true, [COMPARE_ULN] = A, [COMPARE_DOB] = A | P | S),
		STEP("local-id+dob", 26000, true, [COMPARE_LOCAL_ID] = A, [COMPARE_DOB] = A | P | S),
		STEP("local-id+name", 25000, true, [COMPARE_LOCAL_ID] = A, [COMPARE_DOB] = M,
		    [COMPARE_SURNAME] = A | P | S, [COMPARE_FORENAME] = A | P | S),
		STEP("name+dob+postcode", 24000, false, [COMPARE_SURNAME] = A, [COMPARE_FORENAME] = A,
		    [COMPARE_DOB] = A, [COMPARE_POSTCODE] = A),
		STEP("name+dob+uprn", 24000, false, [COMPARE_SURNAME] = A | P,
		    [COMPARE_FORENAME] = A | P, [COMPARE_DOB] = A, [COMPARE_UPRN] = A),
		STEP("name-near+dob+postcode", 22000, false, [COMPARE_SURNAME] = A | P | S,
		    [COMPARE_FORENAME] = A | P | S, [COMPARE_DOB] = A, [COMPARE_POSTCODE] = A | P),
		STEP("name+dob-near+postcode", 20000, false, [COMPARE_SURNAME] = A,
		    [COMPARE_FORENAME] = A, [COMPARE_DOB] = P | S, [COMPARE_POSTCODE] = A),
		STEP("name+dob", 18000, false, [COMPARE_SURNAME] = A, [COMPARE_FORENAME] = A,
		    [COMPARE_DOB] = A, [COMPARE_SEX] = A | M),
	},
	.steps_n = 12,
};

#undef A
#undef P
#undef S
#undef M

const struct model *
model_builtin(void)
{
	return &builtin;
}

/* --- a file */

struct step_row {
	struct yaml_at at;
	struct span name;
	int32_t weight_mbit;
	bool exact;
	const struct yaml *when;
};

struct model_file {
	struct yaml_at at;
	struct span name;
	int32_t version;
	const struct yaml *blocks;
	struct yaml_list steps;
};

#define AT(row, field) offsetof(struct row, field)

static const struct yaml_field step_fields[] = {
	{ .name = "name", .type = YF_TEXT, .offset = AT(step_row, name), .required = true,
	    .doc = "How links name it." },
	{ .name = "weight_mbit", .type = YF_INT, .offset = AT(step_row, weight_mbit),
	    .required = true, .min = 1, .max = 1000000, .unit = "thousandths of a bit",
	    .doc = "How strong it is beside the others." },
	{ .name = "exact", .type = YF_BOOL, .offset = AT(step_row, exact), .preset = "no",
	    .doc = "Stands on an identifier that is nobody else's." },
	{ .name = "when", .type = YF_NODE, .offset = AT(step_row, when), .required = true,
	    .doc = "Comparison to the levels that it may have." },
};
static const struct yaml_record step_record = YAML_RECORD("a step", struct step_row, step_fields);

static const struct yaml_field file_fields[] = {
	{ .name = "model", .type = YF_NAME, .offset = AT(model_file, name), .required = true,
	    .doc = "Its name." },
	{ .name = "version", .type = YF_INT, .offset = AT(model_file, version), .required = true,
	    .min = 1, .max = 1000000, .doc = "Raised by each change." },
	{ .name = "blocks", .type = YF_NODE, .offset = AT(model_file, blocks), .required = true,
	    .doc = "What two records must share to be compared." },
	{ .name = "steps", .type = YF_LIST, .offset = AT(model_file, steps), .required = true,
	    .sub = &step_record, .doc = "In order; the first that holds decides." },
};
static const struct yaml_record file_record =
    YAML_RECORD("a matching model", struct model_file, file_fields);

static int32_t
field_named(struct span name)
{
	for (int32_t f = 1; f < TOKEN_FIELD_END; f++) {
		const char *text = token_field_name(f);

		if (text && span_is(name, text))
			return f;
	}
	return 0;
}

static void
block_read(struct model *m, const struct yaml *node, struct yaml_report *report)
{
	struct model_block *b = &m->blocks[m->blocks_n];

	if (node->kind != YAML_SEQUENCE || node->n == 0 || node->n > MODEL_BLOCK_FIELDS_MAX
	    || m->blocks_n == MODEL_BLOCKS_MAX) {
		yaml_mistake(report, node, "expected a list of 1 to %d fields, in at most %d blocks",
		    MODEL_BLOCK_FIELDS_MAX, MODEL_BLOCKS_MAX);
		return;
	}
	for (uint32_t i = 0; i < node->n; i++) {
		int32_t f = node->items[i].kind == YAML_SCALAR ? field_named(node->items[i].text) : 0;
		char found[YAML_QUOTE_MAX + 8];

		if (!f)
			yaml_mistake(report, &node->items[i], "found %s, expected a token field",
			    yaml_found(&node->items[i], found));
		b->field[b->n++] = (uint8_t)f;
	}
	m->blocks_n++;
}

static bool
level_read(const struct yaml *node, uint8_t *bits, struct yaml_report *report)
{
	char found[YAML_QUOTE_MAX + 8];

	for (int l = 0; node->kind == YAML_SCALAR && l < LEVEL_END; l++)
		if (span_is(node->text, level_name((enum comparison_level)l))) {
			*bits |= (uint8_t)(1u << l);
			return true;
		}
	return yaml_mistake(report, node,
	    "found %s, expected agree, partial, swap, disagree or missing",
	    yaml_found(node, found));
}

static void
when_read(struct model_step *step, const struct yaml *when, struct yaml_report *report)
{
	if (when->kind != YAML_MAPPING) {
		yaml_mistake(report, when, "expected a mapping of comparisons to levels");
		return;
	}
	for (uint32_t i = 0; i < when->n; i++) {
		const struct yaml *value = &when->items[i];
		enum comparison c = 0;

		while (c < COMPARE_END && !span_is(when->keys[i].text, comparison_name(c)))
			c++;
		if (c == COMPARE_END) {
			yaml_mistake(report, &when->keys[i], "no comparison of that name");
			continue;
		}
		if (value->kind == YAML_SCALAR)
			level_read(value, &step->allowed[c], report);
		for (uint32_t k = 0; value->kind == YAML_SEQUENCE && k < value->n; k++)
			level_read(&value->items[k], &step->allowed[c], report);
	}
}

struct model *
model_parse(const struct yaml *root, struct yaml_report *report)
{
	struct model *m = mem_zalloc(1, sizeof(*m));
	struct model_file file;
	const struct step_row *rows;
	uint32_t before = report->n;

	arena_init(&m->arena, 0);
	yaml_read(root, &file_record, &file, report);
	m->name = arena_copy(&m->arena, file.name);
	m->version = file.version;
	if (file.blocks && file.blocks->kind != YAML_SEQUENCE)
		yaml_mistake(report, file.blocks, "expected a list of lists of fields");
	for (uint32_t i = 0; file.blocks && file.blocks->kind == YAML_SEQUENCE
	     && i < file.blocks->n; i++)
		block_read(m, &file.blocks->items[i], report);
	rows = file.steps.items;
	if (file.steps.n > MODEL_STEPS_MAX)
		yaml_mistake(report, root, "more than %d steps", MODEL_STEPS_MAX);
	for (uint32_t i = 0; i < file.steps.n && i < MODEL_STEPS_MAX; i++) {
		struct model_step *step = &m->steps[m->steps_n++];

		step->name = arena_copy(&m->arena, rows[i].name);
		step->weight_mbit = rows[i].weight_mbit;
		step->exact = rows[i].exact;
		if (rows[i].when)
			when_read(step, rows[i].when, report);
	}
	if (report->n == before)
		return m;
	model_free(m);
	return NULL;
}

void
model_free(struct model *m)
{
	if (!m || m == &builtin)
		return;
	arena_release(&m->arena);
	mem_free(m);
}

/* --- looking */

struct span
model_name(const struct model *m)
{
	return m->name;
}

int32_t
model_version(const struct model *m)
{
	return m->version;
}

size_t
model_blocks(const struct model *m, const struct model_block **blocks)
{
	*blocks = m->blocks;
	return m->blocks_n;
}

size_t
model_steps(const struct model *m, const struct model_step **steps)
{
	*steps = m->steps;
	return m->steps_n;
}

int
model_decide(const struct model *m, const uint8_t levels[COMPARE_END])
{
	for (size_t i = 0; i < m->steps_n; i++) {
		const struct model_step *step = &m->steps[i];
		bool holds = true;

		for (int c = 0; c < COMPARE_END && holds; c++)
			holds = !step->allowed[c] || (step->allowed[c] & (1u << levels[c]));
		if (holds)
			return (int)i;
	}
	return -1;
}

bool
model_same(const struct model *a, const struct model *b)
{
	bool same = span_eq(a->name, b->name) && a->version == b->version
	    && a->blocks_n == b->blocks_n && a->steps_n == b->steps_n;

	for (size_t i = 0; same && i < a->blocks_n; i++)
		same = a->blocks[i].n == b->blocks[i].n
		    && memcmp(a->blocks[i].field, b->blocks[i].field, a->blocks[i].n) == 0;
	for (size_t i = 0; same && i < a->steps_n; i++)
		same = span_eq(a->steps[i].name, b->steps[i].name)
		    && a->steps[i].weight_mbit == b->steps[i].weight_mbit
		    && a->steps[i].exact == b->steps[i].exact
		    && memcmp(a->steps[i].allowed, b->steps[i].allowed, COMPARE_END) == 0;
	return same;
}
