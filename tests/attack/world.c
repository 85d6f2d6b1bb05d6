#include "tests/attack/world.h"

#include <stdio.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"
#include "tests/gen/gen.h"
#include "transform/match/signature.h"

struct world {
	struct match *match;
	const struct model *model;
	struct span one_record;
	struct keyring *ring;
	struct frequency frequency;
	struct tokeniser *tokeniser;
	struct arena scratch;
	struct mac *index, *unit;
	struct signature *signature; /* of each event */
	struct id *units;
	uint32_t n, cap;
};

static const struct match_keys keys = { { 21 }, { 22 } };

struct world *
world_new(const struct model *model, const char *one_record)
{
	struct world *w = mem_zalloc(1, sizeof(*w));
	struct span one = span_str(one_record);
	struct err err = ERR_INIT;

	w->model = model;
	w->one_record = one;
	w->match = match_new(&keys, model, 3);
	if (one_record)
		match_one_record_a_person(w->match, &one, 1);
	w->ring = attack_keyring(99, 1);
	/* names of attacks are as rare as names are */
	MUST(frequency_parse(&w->frequency, SPAN_LIT("version\t1\n"), &err) == 0);
	w->tokeniser = tokeniser_new(w->ring, &w->frequency,
	    (struct token_settings)TOKEN_SETTINGS_DEFAULT);
	arena_init(&w->scratch, 0);
	w->index = mac_new(keys.index);
	w->unit = mac_new(keys.unit);
	return w;
}

void
world_free(struct world *w)
{
	match_free(w->match);
	tokeniser_free(w->tokeniser);
	frequency_release(&w->frequency);
	keyring_free(w->ring);
	arena_release(&w->scratch);
	mac_free(w->index);
	mac_free(w->unit);
	for (uint32_t i = 0; i < w->n; i++)
		signature_release(&w->signature[i]);
	mem_free(w->signature);
	mem_free(w->units);
	mem_free(w);
}

static void
evidence_of(struct world *w, const char *organisation, const struct card *card,
    struct evidence *ev)
{
	struct raw_address home = { .postcode = span_str(card->postcode) };
	struct raw_person raw = { .forename = span_str(card->forename),
		.surname = span_str(card->surname), .dob = span_str(card->dob),
		.nhs_number = span_str(card->nhs_number), .local_id = span_str(card->local_id),
		.addresses = { &home, card->postcode ? 1u : 0u } };
	struct person_context c = { .organisation = span_str(organisation),
		.sex = span_str(card->sex) };
	struct err err = ERR_INIT;
	const struct person_block *b;

	arena_reset(&w->scratch);
	b = tokeniser_person(w->tokeniser, &raw, &c, &w->scratch, &err);
	MUST(b != NULL);
	*ev = (struct evidence){ .what = EVIDENCE_VERSION, .organisation = span_str(organisation),
		.role = SPAN_LIT("council"), .source = { SPAN_LIT("raw.a"), 1, w->n, 0 },
		.revision = 1, .kind = SPAN_LIT("accommodation"), .start = 18000, .end = DATE_NONE,
		.complete_through = DATE_NONE, .signature = b->signature, .key_epoch = 1,
		.tokens = { (void *)(uintptr_t)b->tokens, b->n } };
	ev->event_id = event_id_of(w->ring, ev->organisation, span_of(&w->n, sizeof(w->n)));
}

uint32_t
world_send(struct world *w, const char *organisation, const struct card *card)
{
	struct key key = { .type = KEY_RECORD, .stream = SPAN_LIT("raw.a"), .epoch = 1,
		.offset = w->n };
	const struct signature_keys again = { w->index, w->unit };
	struct evidence ev;

	if (!card->local_id && w->one_record.len && span_is(w->one_record, organisation))
		return WORLD_REJECTED;
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 256;
		w->signature = mem_realloc(w->signature, w->cap, sizeof(*w->signature));
		w->units = mem_realloc(w->units, w->cap, sizeof(*w->units));
	}
	evidence_of(w, organisation, card, &ev);
	match_evidence(w->match, &key, &ev);
	signature_make(&w->signature[w->n], &ev, &again, w->model);
	memset(&w->units[w->n], 0, sizeof(w->units[0]));
	return w->n++;
}

static void
unit_take(void *arg, const struct key *key, const struct linked *ln)
{
	struct world *w = arg;

	(void)key;
	if (ln->what == LINKED_EVENT)
		w->units[ln->source.offset] = ln->unit;
}

void
world_settle(struct world *w)
{
	match_settle(w->match);
	match_each(w->match, unit_take, w);
}

bool
world_same(const struct world *w, uint32_t a, uint32_t b)
{
	return a != WORLD_REJECTED && b != WORLD_REJECTED && id_eq(&w->units[a], &w->units[b]);
}

struct match_stats
world_stats(const struct world *w)
{
	return match_stats(w->match);
}

void
world_components(const struct world *w, uint32_t *label)
{
	for (uint32_t i = 0; i < w->n; i++)
		label[i] = i;
	for (uint32_t i = 0; i < w->n; i++)
		for (uint32_t k = 0; k < i; k++) {
			struct token_view a = signature_tokens(&w->signature[i]),
					  b = signature_tokens(&w->signature[k]);
			struct model_verdict verdict;
			uint32_t from = label[i], to = label[k];

			if (from == to)
				continue;
			model_judge(w->model, &a, &b, &verdict);
			/* a number in common is an edge of its own */
			if (verdict.step < 0 && !verdict.number_same)
				continue;
			for (uint32_t m = 0; m < w->n; m++)
				if (label[m] == from)
					label[m] = to;
		}
}

const struct model *
world_model(int i, const char **name)
{
	static struct model *probabilistic;
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc;

	*name = i ? "probabilistic" : "deterministic";
	if (!i)
		return model_builtin();
	if (!probabilistic) {
		doc = yaml_load("config/models/probabilistic-1.yaml", &report);
		probabilistic = doc ? model_parse(doc->root, &report) : NULL;
		MUST(probabilistic != NULL);
		yaml_doc_free(doc);
	}
	return probabilistic;
}

void
world_nhs_number(uint32_t i, char out[NHS_DIGITS + 1])
{
	char number[12] = "";

	for (; !number[0]; i += 500000) /* one in eleven has no check digit */
		gen_nhs_number(i, number);
	memcpy(out, number, NHS_DIGITS + 1);
}
