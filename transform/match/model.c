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
	size_t steps_n;          /* without "weighed" */
	bool weighs;
	struct weights weights;  /* as the file has them */
	struct weights stream;   /* what nobody else has is not known: odd differs */
	int32_t threshold_mbit;
	int32_t rarity_mbit[TOKEN_FREQUENCY_MAX + 1]; /* of a name of each frequency class */
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
	struct weigh_row *weigh;
};

/* In ten thousand, where not said otherwise. */
struct weigh_row {
	struct yaml_at at;
	int32_t threshold_mbit, moved, family_surname, family_forename, family_dob;
	int32_t random_mbit, area_mbit, street_mbit, household_mbit;
	const struct yaml *rarity_mbit, *lines;
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

#define SHARE(text, field, what)                                                                   \
	{ .name = (text), .type = YF_INT, .offset = AT(weigh_row, field), .required = true, .min = 1, \
	    .max = 9999, .unit = "in ten thousand", .doc = (what) }
#define PRIOR(text, field, what)                                                                   \
	{ .name = (text), .type = YF_INT, .offset = AT(weigh_row, field), .required = true,       \
	    .min = -60000, .max = 60000, .unit = "thousandths of a bit", .doc = (what) }

static const struct yaml_field weigh_fields[] = {
	PRIOR("threshold_mbit", threshold_mbit, "A weight of this or more is one person."),
	SHARE("moved", moved, "Of pairs of one person, those that live elsewhere."),
	SHARE("family_surname", family_surname, "Of pairs in one dwelling, those of one surname."),
	SHARE("family_forename", family_forename, "The same, of one forename, at the least."),
	SHARE("family_dob", family_dob, "The same, of one birthday, at the least."),
	PRIOR("random_mbit", random_mbit, "Pairs of two people for one true pair, as a power of 2."),
	PRIOR("area_mbit", area_mbit, "The same, of one postcode and town."),
	PRIOR("street_mbit", street_mbit, "The same, of one street."),
	PRIOR("household_mbit", household_mbit, "The same, of one dwelling."),
	{ .name = "rarity_mbit", .type = YF_NODE, .offset = AT(weigh_row, rarity_mbit),
	    .required = true, .doc = "How often a name of each frequency class occurs, 0 to 7." },
	{ .name = "lines", .type = YF_NODE, .offset = AT(weigh_row, lines), .required = true,
	    .doc = "Line, grade: [m in ten thousand, u in thousandths of a bit]." },
};
static const struct yaml_record weigh_record
    = YAML_RECORD("weights", struct weigh_row, weigh_fields);

static const struct yaml_field file_fields[] = {
	{ .name = "model", .type = YF_NAME, .offset = AT(model_file, name), .required = true,
	    .doc = "Its name." },
	{ .name = "version", .type = YF_INT, .offset = AT(model_file, version), .required = true,
	    .min = 1, .max = 1000000, .doc = "Raised by each change." },
	{ .name = "blocks", .type = YF_NODE, .offset = AT(model_file, blocks), .required = true,
	    .doc = "What two records must share to be compared." },
	{ .name = "steps", .type = YF_LIST, .offset = AT(model_file, steps), .required = true,
	    .sub = &step_record, .doc = "In order; the first that holds decides." },
	{ .name = "weigh", .type = YF_OPTION, .offset = AT(model_file, weigh), .sub = &weigh_record,
	    .doc = "What is weighed where no step holds." },
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

/* --- the weights of a file */

static bool
number_in(const struct yaml *node, int64_t min, int64_t max, int32_t *out,
    struct yaml_report *report)
{
	char found[YAML_QUOTE_MAX + 8];
	int64_t v;

	if (node->kind != YAML_SCALAR || !yaml_int(node, &v) || v < min || v > max)
		return yaml_mistake(report, node, "found %s, expected a whole number of %lld to %lld",
		    yaml_found(node, found), (long long)min, (long long)max);
	*out = (int32_t)v;
	return true;
}

static void
grade_read(struct weights *w, int line, const struct yaml *key, const struct yaml *value,
    struct yaml_report *report)
{
	int g = GRADE_DIFFER;
	int32_t m = 0, u = 0;

	while (g < GRADE_END && !span_is(key->text, grade_name((enum grade)g)))
		g++;
	if (g == GRADE_END) {
		yaml_mistake(report, key, "no grade of that name");
		return;
	}
	if (value->kind != YAML_SEQUENCE || value->n != 2) {
		yaml_mistake(report, value, "expected m in ten thousand and u in thousandths of a bit");
		return;
	}
	if (number_in(&value->items[0], 1, 10000, &m, report)
	    && number_in(&value->items[1], -60000, 0, &u, report)) {
		w->m[line][g] = bits_ratio((uint64_t)m, 10000);
		w->u[line][g] = u;
	}
}

static void
lines_read(struct weights *w, const struct yaml *lines, struct yaml_report *report)
{
	if (lines->kind != YAML_MAPPING) {
		yaml_mistake(report, lines, "expected a mapping of lines to their grades");
		return;
	}
	for (uint32_t i = 0; i < lines->n; i++) {
		int l = 0;

		while (l < LINE_END && !span_is(lines->keys[i].text, line_name((enum line)l)))
			l++;
		if (l == LINE_END)
			yaml_mistake(report, &lines->keys[i], "no line of that name");
		else if (lines->items[i].kind != YAML_MAPPING)
			yaml_mistake(report, &lines->items[i], "expected a mapping of grades");
		else
			for (uint32_t k = 0; k < lines->items[i].n; k++)
				grade_read(w, l, &lines->items[i].keys[k], &lines->items[i].items[k],
				    report);
	}
}

static int32_t
in_ten_thousand(int32_t n)
{
	return n > 0 ? bits_ratio((uint64_t)n, 10000) : BITS_NONE;
}

static void
weigh_read(struct model *m, const struct weigh_row *row, struct yaml_report *report)
{
	struct weights *w = &m->weights;
	const struct yaml *rarity = row->rarity_mbit;

	m->weighs = true;
	m->threshold_mbit = row->threshold_mbit;
	*w = weights_none();
	w->moved = in_ten_thousand(row->moved);
	w->stayed = in_ten_thousand(10000 - row->moved);
	w->family_surname = in_ten_thousand(row->family_surname);
	w->family_other = in_ten_thousand(10000 - row->family_surname);
	w->family_forename = in_ten_thousand(row->family_forename);
	w->family_dob = in_ten_thousand(row->family_dob);
	w->prior[OTHER_RANDOM] = row->random_mbit;
	w->prior[OTHER_AREA] = row->area_mbit;
	w->prior[OTHER_STREET] = row->street_mbit;
	w->prior[OTHER_HOUSEHOLD] = row->household_mbit;
	if (row->lines)
		lines_read(w, row->lines, report);
	if (rarity && (rarity->kind != YAML_SEQUENCE || rarity->n != TOKEN_FREQUENCY_MAX + 1))
		yaml_mistake(report, rarity, "expected %d numbers", TOKEN_FREQUENCY_MAX + 1);
	for (uint32_t i = 0; rarity && rarity->kind == YAML_SEQUENCE && i <= TOKEN_FREQUENCY_MAX
	     && i < rarity->n; i++)
		number_in(&rarity->items[i], -60000, 0, &m->rarity_mbit[i], report);
	m->stream = *w;
	weights_by_ends(&m->stream);
	for (int l = 0; l < LINE_END; l++)
		m->stream.m[l][GRADE_DIFFER] = bits_sum(w->m[l][GRADE_DIFFER], w->m[l][GRADE_ODD]);
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
	if (file.steps.n >= MODEL_STEPS_MAX)
		yaml_mistake(report, root, "more than %d steps", MODEL_STEPS_MAX - 1);
	for (uint32_t i = 0; i < file.steps.n && i < MODEL_STEPS_MAX - 1; i++) {
		struct model_step *step = &m->steps[m->steps_n++];

		step->name = arena_copy(&m->arena, rows[i].name);
		step->weight_mbit = rows[i].weight_mbit;
		step->exact = rows[i].exact;
		if (rows[i].when)
			when_read(step, rows[i].when, report);
	}
	if (file.weigh) {
		weigh_read(m, file.weigh, report);
		m->steps[m->steps_n] = (struct model_step){ .name = SPAN_LIT("weighed"),
			.weight_mbit = m->threshold_mbit };
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

const struct weights *
model_weights(const struct model *m)
{
	return m->weighs ? &m->weights : NULL;
}

static int32_t
weight_at(const struct model *m, const uint8_t grade[LINE_END], uint8_t surname, uint8_t forename)
{
	int32_t rarity[LINE_END];

	for (int l = 0; l < LINE_END; l++)
		rarity[l] = 1;
	rarity[LINE_SURNAME] = m->rarity_mbit[surname];
	rarity[LINE_FORENAME] = m->rarity_mbit[forename];
	return weigh(&m->stream, grade, rarity);
}

/* Of a name that both have; the more common of the two where tables differ. */
static uint8_t
class_of(const struct token_view *a, const struct token_view *b, int32_t field, uint8_t grade)
{
	int32_t x = row_class(a, field), y = row_class(b, field);

	return grade == GRADE_AGREE ? (uint8_t)(x > y ? x : y) : 0;
}

/* Grades, and the classes behind them. */
static int32_t
weight_of(const struct model *m, const struct token_view *a, const struct token_view *b,
    uint8_t grade[MODEL_WEIGHED_LEVELS])
{
	struct row x, y;

	row_view(&x, a);
	row_view(&y, b);
	row_compare(&x, &y, NULL, NULL, grade);
	if (grade[LINE_LOCAL_ID] == GRADE_DIFFER)
		grade[LINE_LOCAL_ID] = GRADE_MISSING; /* of two organisations, as far as we can see */
	grade[LINE_END] = class_of(a, b, TOKEN_SURNAME, grade[LINE_SURNAME]);
	grade[LINE_END + 1] = class_of(a, b, TOKEN_FORENAME, grade[LINE_FORENAME]);
	return weight_at(m, grade, grade[LINE_END], grade[LINE_END + 1]);
}

bool
model_weigh(const struct model *m, const struct token_view *a, const struct token_view *b,
    uint8_t levels[MODEL_LEVELS_MAX], int32_t *weight_mbit)
{
	if (m->weighs)
		*weight_mbit = weight_of(m, a, b, levels);
	return m->weighs;
}

int32_t
model_threshold(const struct model *m)
{
	return m->threshold_mbit;
}

bool
model_waterfall(const struct model *m, const uint8_t *levels, size_t levels_n, int32_t *prior,
    int32_t lines[LINE_END])
{
	uint8_t grade[LINE_END] = { GRADE_MISSING };
	int32_t before;

	if (!m->weighs || levels_n != MODEL_WEIGHED_LEVELS
	    || levels[LINE_END] > TOKEN_FREQUENCY_MAX || levels[LINE_END + 1] > TOKEN_FREQUENCY_MAX)
		return false;
	for (int l = 0; l < LINE_END; l++)
		if (levels[l] >= GRADE_END)
			return false;
	*prior = before = weight_at(m, grade, levels[LINE_END], levels[LINE_END + 1]);
	for (int l = 0; l < LINE_END; l++) {
		int32_t after;

		grade[l] = levels[l];
		after = weight_at(m, grade, levels[LINE_END], levels[LINE_END + 1]);
		lines[l] = after - before;
		before = after;
	}
	return true;
}

void
model_judge(const struct model *m, const struct token_view *a, const struct token_view *b,
    struct model_verdict *out)
{
	_Static_assert((int)COMPARE_END <= (int)MODEL_LEVELS_MAX
		&& (int)MODEL_WEIGHED_LEVELS <= (int)MODEL_LEVELS_MAX,
	    "levels of either kind have room");
	*out = (struct model_verdict){ .levels_n = COMPARE_END };
	compare(a, b, out->levels);
	out->number_same = out->levels[COMPARE_NHS] == LEVEL_AGREE;
	out->step = model_decide(m, out->levels);
	if (out->step >= 0) {
		out->weight_mbit = m->steps[out->step].weight_mbit;
		return;
	}
	if (!m->weighs)
		return;
	out->weight_mbit = weight_of(m, a, b, out->levels);
	out->levels_n = MODEL_WEIGHED_LEVELS;
	out->weighed = out->weight_mbit >= m->threshold_mbit;
	out->unsure = !out->weighed && out->weight_mbit >= -(int64_t)m->threshold_mbit;
	out->step = out->weighed ? (int)m->steps_n : -1;
}

int64_t
model_together(const struct model *m, const struct token_view *a, const struct token_view *b)
{
	uint8_t grade[MODEL_WEIGHED_LEVELS];

	return m->weighs ? weigh_bounded(weight_of(m, a, b, grade)) : 0;
}

bool
model_same(const struct model *a, const struct model *b)
{
	bool same = span_eq(a->name, b->name) && a->version == b->version
	    && a->blocks_n == b->blocks_n && a->steps_n == b->steps_n && a->weighs == b->weighs
	    && a->threshold_mbit == b->threshold_mbit
	    && memcmp(&a->weights, &b->weights, sizeof(a->weights)) == 0
	    && memcmp(a->rarity_mbit, b->rarity_mbit, sizeof(a->rarity_mbit)) == 0;

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
