/* Tokens of a person: the memo answers only what would be computed, equal
 * families meet, a restricted person has no place, keys and epochs part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "ingest/tokens.h"

enum { PEOPLE = 4000 };

static struct frequency frequency;
static struct keyring *ring;
static struct arena arena, scratch;

static int
setup(void **state)
{
	uint8_t master[KEY_MASTER_BYTES] = { 4, 2 };
	struct err err;

	(void)state;
	arena_init(&arena, 0);
	arena_init(&scratch, 0);
	ring = keyring_new(master, 1);
	return frequency_parse(&frequency,
	    SPAN_LIT("version\t1\nsurname\texample\t900\nforename\tzainab\t70\n"), &err);
}

static int
teardown(void **state)
{
	(void)state;
	keyring_free(ring);
	frequency_release(&frequency);
	arena_release(&arena);
	arena_release(&scratch);
	return 0;
}

static struct raw_person
invented(unsigned n)
{
	static const char *const forenames[] = { "Zainab", "Bill", "William", "Anne-Marie", "X",
		"Łukasz", "Baby", "王", "" };
	static const char *const surnames[] = { "Example", "O'Sample", "Sample-Example", "van der Sample",
		"Unknown", "" };
	struct raw_address *home = arena_zalloc(&arena, 2, sizeof(*home));

	home[0].postcode = span_str(arena_printf(&arena, "QX%u 1AA", n % 7 + 1));
	home[0].line1 = span_str(arena_printf(&arena, "%u Invented Road", n / 7 % 3));
	home[1].postcode = SPAN_LIT("QX9 9ZZ");
	home[1].uprn = span_str(arena_printf(&arena, "%u", n % 5));
	return (struct raw_person){ .forename = span_str(forenames[n % 9]),
		.surname = span_str(surnames[n / 9 % 6]),
		.dob = span_str(arena_printf(&arena, "19%02u-0%u-%02u", 60 + n % 40, n % 9 + 1, n % 28 + 1)),
		.local_id = n % 3 ? span_str(arena_printf(&arena, "C-%u", n)) : SPAN_NONE,
		.nhs_number = n % 4 ? SPAN_NONE : SPAN_LIT("943 476 5919"),
		.addresses = { home, n % 3 } };
}

static const struct person_block *
block_of(struct tokeniser *t, const struct raw_person *raw, bool restricted)
{
	struct person_context c = { .organisation = SPAN_LIT("council-a"), .sex = SPAN_LIT("female"),
		.restricted = restricted };
	struct err err = ERR_INIT;
	const struct person_block *b;

	arena_reset(&scratch);
	b = tokeniser_person(t, raw, &c, &scratch, &err);
	if (!b)
		fail_msg("%s", err.text);
	return b;
}

static const struct token *
token_of(const struct person_block *b, int32_t field)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->tokens[i].field == field)
			return &b->tokens[i];
	return NULL;
}

static bool
has_value(const struct person_block *b, int32_t field, const struct id *value)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->tokens[i].field == field && id_eq(&b->tokens[i].value, value))
			return true;
	return false;
}

static void
assert_same(const struct person_block *a, const struct person_block *b)
{
	assert_int_equal(a->n, b->n);
	assert_true(id_eq(&a->signature, &b->signature));
	for (uint32_t i = 0; i < a->n; i++) {
		assert_int_equal(a->tokens[i].field, b->tokens[i].field);
		assert_int_equal(a->tokens[i].frequency, b->tokens[i].frequency);
		assert_true(id_eq(&a->tokens[i].value, &b->tokens[i].value));
	}
	assert_int_equal(a->dob, b->dob);
	assert_int_equal(a->clk_len, b->clk_len);
	assert_memory_equal(a->clk, b->clk, a->clk_len);
}

static void
test_the_memo_answers_only_what_would_be_computed(void **state)
{
	/* Small memos: slots are taken over again and again. */
	struct tokeniser *with = tokeniser_new(ring, &frequency,
			     (struct token_settings){ .clk = CLK_RECORD, .memo_people = 64,
				 .memo_values = 64 }),
			 *without = tokeniser_new(ring, &frequency,
			     (struct token_settings){ .clk = CLK_RECORD });
	uint64_t chance = 5;

	(void)state;
	for (int i = 0; i < PEOPLE; i++) {
		struct raw_person raw;
		struct person_block plain;

		chance = chance * 6364136223846793005u + 1442695040888963407u;
		raw = invented((unsigned)(chance >> 40) % 300);
		plain = *block_of(without, &raw, chance >> 63);
		assert_same(block_of(with, &raw, chance >> 63), &plain);
	}
	tokeniser_free(with);
	tokeniser_free(without);
}

static void
test_tokens_are_sorted_and_none_stands_twice(void **state)
{
	struct tokeniser *t
	    = tokeniser_new(ring, &frequency, (struct token_settings)TOKEN_SETTINGS_DEFAULT);

	(void)state;
	for (unsigned n = 0; n < 300; n++) {
		struct raw_person raw = invented(n);
		const struct person_block *b = block_of(t, &raw, false);

		for (uint32_t i = 1; i < b->n; i++)
			assert_true(b->tokens[i - 1].field < b->tokens[i].field
			    || (b->tokens[i - 1].field == b->tokens[i].field
				&& id_cmp(&b->tokens[i - 1].value, &b->tokens[i].value) < 0));
	}
	tokeniser_free(t);
}

static void
test_one_half_of_a_name_meets_the_whole_of_another(void **state)
{
	struct tokeniser *t = tokeniser_new(ring, &frequency, (struct token_settings){ 0 });
	struct raw_person one = { .surname = SPAN_LIT("Example"), .forename = SPAN_LIT("Zainab") },
			  two = { .surname = SPAN_LIT("Sample-Example"), .forename = SPAN_LIT("Bill") };
	struct token surname = *token_of(block_of(t, &one, false), TOKEN_SURNAME);

	(void)state;
	assert_int_equal(surname.frequency, 6);
	assert_true(has_value(block_of(t, &two, false), TOKEN_SURNAME_OTHER, &surname.value));
	assert_false(has_value(block_of(t, &two, false), TOKEN_SURNAME, &surname.value));
	tokeniser_free(t);
}

static void
test_swapped_names_and_days_meet_in_the_swap_tokens(void **state)
{
	struct tokeniser *t = tokeniser_new(ring, &frequency, (struct token_settings){ 0 });
	struct raw_person one = { .surname = SPAN_LIT("Example"), .forename = SPAN_LIT("Zainab"),
				  .dob = SPAN_LIT("1999-03-02") },
			  two = { .surname = SPAN_LIT("Zainab"), .forename = SPAN_LIT("Example"),
				  .dob = SPAN_LIT("1999-02-03") };
	struct person_block b = *block_of(t, &one, false);

	(void)state;
	assert_true(has_value(block_of(t, &two, false), TOKEN_NAME_SWAP, &token_of(&b, TOKEN_NAME_SWAP)->value));
	assert_true(has_value(block_of(t, &two, false), TOKEN_DOB_SWAP, &token_of(&b, TOKEN_DOB_SWAP)->value));
	assert_false(has_value(block_of(t, &two, false), TOKEN_DOB, &token_of(&b, TOKEN_DOB)->value));
	tokeniser_free(t);
}

static void
test_a_restricted_person_has_no_token_of_a_place(void **state)
{
	static const int32_t places[] = { TOKEN_POSTCODE, TOKEN_POSTCODE_OTHER, TOKEN_SECTOR, TOKEN_UPRN,
		TOKEN_UPRN_OTHER, TOKEN_MK_FULL, TOKEN_MK_INITIAL, TOKEN_MK_BIGRAM };
	struct tokeniser *t = tokeniser_new(ring, &frequency, (struct token_settings){ 0 });
	struct raw_person raw = invented(2);

	(void)state;
	assert_non_null(token_of(block_of(t, &raw, false), TOKEN_POSTCODE));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_null(token_of(block_of(t, &raw, true), places[i]));
	tokeniser_free(t);
}

static void
test_an_encoding_is_there_when_asked_for_and_is_signed(void **state)
{
	struct tokeniser *off = tokeniser_new(ring, &frequency, (struct token_settings){ 0 }),
			 *on = tokeniser_new(ring, &frequency,
			     (struct token_settings){ .clk = CLK_RECORD, .memo_people = 64 });
	struct raw_address home = { .line1 = SPAN_LIT("1 Invented Road"),
		.postcode = SPAN_LIT("QX1 1AA") }, moved = home;
	struct raw_person raw = { .surname = SPAN_LIT("Example"), .forename = SPAN_LIT("Zainab"),
		.addresses = { &home, 1 } };
	struct person_block plain = *block_of(off, &raw, false), b = *block_of(on, &raw, false), c;

	(void)state;
	assert_int_equal(plain.clk_len, 0);
	assert_int_equal(b.clk_len, CLK_RECORD_BYTES);
	assert_int_equal(plain.n, b.n);
	assert_false(id_eq(&plain.signature, &b.signature));
	moved.line1 = SPAN_LIT("2 Invented Road");
	raw.addresses.items = &moved;
	c = *block_of(on, &raw, false); /* the same tokens */
	assert_memory_not_equal(b.clk, c.clk, b.clk_len);
	assert_false(id_eq(&b.signature, &c.signature));
	tokeniser_free(off);
	tokeniser_free(on);
}

static void
test_a_restricted_persons_encoding_holds_no_place(void **state)
{
	struct tokeniser *t = tokeniser_new(ring, &frequency, (struct token_settings){ .clk = CLK_RECORD });
	struct raw_address home = { .line1 = SPAN_LIT("1 Invented Road"), .town = SPAN_LIT("Exampleton"),
		.postcode = SPAN_LIT("QX1 1AA") };
	struct raw_person raw = { .surname = SPAN_LIT("Example"), .forename = SPAN_LIT("Zainab") };
	struct person_block nowhere = *block_of(t, &raw, false), hidden, open;

	(void)state;
	raw.addresses = (struct av_array){ &home, 1 };
	hidden = *block_of(t, &raw, true);
	open = *block_of(t, &raw, false);
	assert_memory_equal(nowhere.clk, hidden.clk, CLK_RECORD_BYTES);
	assert_memory_not_equal(nowhere.clk, open.clk, CLK_RECORD_BYTES);
	tokeniser_free(t);
}

static void
test_settings_are_read_by_name(void **state)
{
	struct token_settings s;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(token_settings_read("core", "none", &s, &err), 0);
	assert_int_equal(s.profile, TOKENS_CORE);
	assert_int_equal(s.clk, CLK_OFF);
	assert_int_equal(token_settings_read("all", "record", &s, &err), 0);
	assert_int_equal(s.clk, CLK_RECORD);
	assert_int_equal(token_settings_read("all", "trusted-matcher", &s, &err), 0);
	assert_int_equal(s.clk, CLK_FIELDS);
	assert_int_equal(token_settings_read("all", "plain", &s, &err), -1);
	assert_string_equal(err.field, "clk");
	assert_int_equal(token_settings_read("some", "none", &s, &err), -1);
	assert_string_equal(err.field, "tokens");
}

static void
test_the_core_profile_carries_the_core_only(void **state)
{
	struct tokeniser *t
	    = tokeniser_new(ring, &frequency, (struct token_settings){ .profile = TOKENS_CORE });
	struct raw_person raw = invented(9 * 2 + 2);
	const struct person_block *b = block_of(t, &raw, false);

	(void)state;
	assert_true(b->n > 3);
	for (uint32_t i = 0; i < b->n; i++)
		assert_true(token_is_core(b->tokens[i].field));
	tokeniser_free(t);
}

static void
test_a_first_of_january_is_weak(void **state)
{
	struct tokeniser *t
	    = tokeniser_new(ring, &frequency, (struct token_settings)TOKEN_SETTINGS_DEFAULT);
	struct raw_person weak = { .dob = SPAN_LIT("1994-01-01") }, good = { .dob = SPAN_LIT("1994-01-02") },
			  none = { .dob = SPAN_LIT("1900-01-01") };

	(void)state;
	assert_int_equal(token_of(block_of(t, &weak, false), TOKEN_DOB)->frequency, TOKEN_FREQUENCY_MAX);
	assert_int_equal(token_of(block_of(t, &good, false), TOKEN_DOB)->frequency, 0);
	/* The month is the same token: weakness must not stick to the shared value. */
	assert_int_equal(token_of(block_of(t, &good, false), TOKEN_DOB_MONTH)->frequency, 0);
	assert_null(token_of(block_of(t, &none, false), TOKEN_DOB));
	tokeniser_free(t);
}

static void
test_keys_epochs_and_fields_share_nothing(void **state)
{
	uint8_t master[KEY_MASTER_BYTES] = { 4, 2 }, other[KEY_MASTER_BYTES] = { 4, 3 };
	struct keyring *epoch = keyring_new(master, 2), *key = keyring_new(other, 1);
	struct id a = token_value(ring, TOKEN_SURNAME, SPAN_LIT("example")),
		  b = token_value(epoch, TOKEN_SURNAME, SPAN_LIT("example")),
		  c = token_value(key, TOKEN_SURNAME, SPAN_LIT("example")),
		  d = token_value(ring, TOKEN_FORENAME, SPAN_LIT("example")),
		  event = event_id_of(ring, SPAN_LIT("o"), SPAN_LIT("r")),
		  again = event_id_of(epoch, SPAN_LIT("o"), SPAN_LIT("r"));

	(void)state;
	assert_false(id_eq(&a, &b));
	assert_false(id_eq(&a, &c));
	assert_false(id_eq(&a, &d));
	assert_true(id_eq(&event, &again)); /* ids outlive epochs */
	keyring_free(epoch);
	keyring_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_memo_answers_only_what_would_be_computed),
		cmocka_unit_test(test_tokens_are_sorted_and_none_stands_twice),
		cmocka_unit_test(test_one_half_of_a_name_meets_the_whole_of_another),
		cmocka_unit_test(test_swapped_names_and_days_meet_in_the_swap_tokens),
		cmocka_unit_test(test_a_restricted_person_has_no_token_of_a_place),
		cmocka_unit_test(test_an_encoding_is_there_when_asked_for_and_is_signed),
		cmocka_unit_test(test_a_restricted_persons_encoding_holds_no_place),
		cmocka_unit_test(test_settings_are_read_by_name),
		cmocka_unit_test(test_the_core_profile_carries_the_core_only),
		cmocka_unit_test(test_a_first_of_january_is_weak),
		cmocka_unit_test(test_keys_epochs_and_fields_share_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
