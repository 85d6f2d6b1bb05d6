#include "transform/match/signature.h"

#include "common/mem.h"
#include "common/must.h"

static bool
is_compared(int32_t field)
{
	switch (field) {
	case TOKEN_SLK581:
	case TOKEN_MK_FULL:
	case TOKEN_MK_INITIAL:
	case TOKEN_MK_BIGRAM:
	case TOKEN_MK_NICKNAME:
		return false;
	}
	return token_family(field) != 0;
}

static uint64_t
again(struct mac *index, int32_t field, const struct id *value)
{
	uint8_t msg[1 + ID_BYTES], sum[SHA256_BYTES];
	uint64_t v = 0;

	msg[0] = (uint8_t)token_family(field);
	memcpy(msg + 1, value->b, ID_BYTES);
	mac_sum(index, span_of(msg, sizeof(msg)), sum);
	for (int i = 0; i < 8; i++)
		v = v << 8 | sum[i];
	return v ? v : 1; /* 0 says: none */
}

static void
values_sort(uint64_t *values, uint8_t *fields, uint8_t *frequency, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = i; j > 0 && (fields[j - 1] > fields[j]
			 || (fields[j - 1] == fields[j] && values[j - 1] > values[j])); j--) {
			uint64_t v = values[j];
			uint8_t f = fields[j], q = frequency[j];

			values[j] = values[j - 1];
			fields[j] = fields[j - 1];
			frequency[j] = frequency[j - 1];
			values[j - 1] = v;
			fields[j - 1] = f;
			frequency[j - 1] = q;
		}
}

void
signature_make(struct signature *s, const struct evidence *ev, const struct signature_keys *keys,
    const struct model *model)
{
	const struct token *tokens = ev->tokens.items;
	uint32_t max = ev->tokens.n < TOKENS_MAX ? ev->tokens.n : TOKENS_MAX;
	uint8_t fields[TOKENS_MAX], frequency[TOKENS_MAX];
	uint64_t values[TOKENS_MAX];
	uint32_t n = 0;

	memset(s, 0, sizeof(*s));
	s->keyed = mac_id(keys->unit, span_of(ev->signature.b, ID_BYTES));
	for (uint32_t i = 0; i < max; i++) {
		if (!is_compared(tokens[i].field))
			continue;
		values[n] = again(keys->index, tokens[i].field, &tokens[i].value);
		fields[n] = (uint8_t)tokens[i].field;
		frequency[n++] = (uint8_t)(tokens[i].frequency & 7);
		if (tokens[i].field == TOKEN_NHS && id_is_zero(&s->nhs_unit))
			s->nhs_unit = mac_id(keys->unit, span_of(tokens[i].value.b, ID_BYTES));
	}
	values_sort(values, fields, frequency, n);
	s->n = (uint16_t)n;
	s->values = mem_alloc((size_t)n * (sizeof(uint64_t) + 2) + 1);
	memcpy(s->values, values, n * sizeof(uint64_t));
	memcpy((uint8_t *)(s->values + n), fields, n);
	memcpy((uint8_t *)(s->values + n) + n, frequency, n);
	signature_blocks(s, model);
}

void
signature_blocks(struct signature *s, const struct model *model)
{
	const struct model_block *blocks;
	size_t n = model_blocks(model, &blocks);
	uint64_t hashes[MODEL_BLOCKS_MAX];

	s->blocks_n = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t key[1 + MODEL_BLOCK_FIELDS_MAX] = { i + 1 };
		uint32_t k;

		for (k = 0; k < blocks[i].n; k++) {
			key[1 + k] = signature_value(s, blocks[i].field[k]);
			if (!key[1 + k])
				break;
		}
		if (k == blocks[i].n)
			hashes[s->blocks_n++] = hash64(key, (1 + k) * sizeof(key[0]), 0);
	}
	mem_free(s->blocks);
	s->blocks = mem_alloc(s->blocks_n * sizeof(uint64_t) + 1);
	memcpy(s->blocks, hashes, s->blocks_n * sizeof(uint64_t));
}

void
signature_release(struct signature *s)
{
	mem_free(s->values);
	mem_free(s->blocks);
	s->values = s->blocks = NULL;
}

struct token_view
signature_tokens(const struct signature *s)
{
	const uint8_t *fields = (const uint8_t *)(s->values + s->n);

	return (struct token_view){ s->values, fields, fields + s->n, s->n };
}

uint64_t
signature_value(const struct signature *s, int field)
{
	struct token_view t = signature_tokens(s);

	for (uint32_t i = 0; i < t.n; i++)
		if (t.field[i] == field)
			return t.value[i];
	return 0;
}
