/*
 * it_keys - whether a key file is the one that a topic was made with, on a real broker:
 * what ingestd asks of evidence and matchd of linked before they start.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/level_task.h"
#include "ingest/shell_keys.h"
#include "tests/integration/pipe.h"
#include "transform/match/shell_keys.h"

enum { PARTITIONS = 2, MANY = 5000 /* more than is looked at first */ };

static const uint8_t secret[32] = { 1 }, other_secret[32] = { 2 };
static const struct id run = { { 0xaa } };

static struct ingest_conf conf;
static struct av_catalogue *cat;
static struct kadmin *admin;
static struct kwriter *writer;
static struct keyring *ring, *ring2, *other; /* of epochs 1 and 2; of epoch 1, another secret */
static int made;

/* Topics of its own for each story. */
static void
ground(void)
{
	static char prefix[200];

	snprintf(prefix, sizeof(prefix), "%s-%d", getenv("PREFIX"), ++made);
	topic_prefix(prefix);
	conf.prefix = prefix;
	topic_make(admin, "evidence", 1);
	topic_make(admin, "raw.council-a", 1);
	topic_make(admin, "linked", PARTITIONS);
}

static void
row_put(const char *name, int32_t partition, const struct key *key, const struct av_record *binding,
    const void *what)
{
	struct buf text = BUF_INIT, value = BUF_INIT;

	key_format(key, &text);
	av_write(cat, binding, what, &value);
	put(writer, name, partition, buf_view(&text), buf_view(&value), &run);
	buf_release(&text);
	buf_release(&value);
}

/* A topic that is just made has no leader yet: a daemon would ask again. */
static int
patiently(int (*ask)(const void *which), const void *which)
{
	int64_t until = now_ms() + ASK_MS;
	int result;

	written(writer);
	while ((result = ask(which)) != 0 && err.class == ERR_RETRY && now_ms() < until)
		pause_ms(50);
	return result;
}

/* --- ingestd's */

static int64_t raw_n;

/* The raw record, and what ingestd makes of it: with whose keys?  NULL: it is withdrawn. */
static void
evidence_put(const struct keyring *with)
{
	char id[32], content[32];
	struct evidence ev = { .what = EVIDENCE_VERSION, .organisation = SPAN_LIT("E08000099"),
		.role = SPAN_LIT("council"), .withdrawn = !with, .start = DATE_NONE, .end = DATE_NONE,
		.complete_through = DATE_NONE, .source = { SPAN_LIT("raw.council-a"), 1, raw_n, 0 } };

	snprintf(id, sizeof(id), "rec-%d", (int)raw_n);
	snprintf(content, sizeof(content), "invented %d", (int)raw_n++);
	put(writer, "raw.council-a", 0, span_str(id), span_str(content), NULL);
	sha256(span_str(content), ev.raw_sha256);
	ev.event_id = event_id_of(with ? with : ring, SPAN_LIT("E08000099"), span_str(id));
	ev.key_epoch = with ? with->epoch : 0;
	row_put("evidence", 0, &(struct key){ .type = KEY_RECORD, .stream = ev.source.topic,
		.epoch = 1, .offset = ev.source.offset }, &evidence_binding, &ev);
}

static void
begin(void)
{
	ground();
	raw_n = 0;
}

static int
ask_evidence(const void *which)
{
	conf.ring = which;
	return keys_belong(&conf, cat, "keys/ingest.key", &err);
}

static int
belongs(const struct keyring *which)
{
	return patiently(ask_evidence, which);
}

static void
refused(const struct keyring *which, const char *code)
{
	assert_int_equal(belongs(which), -1);
	assert_string_equal(err.code, code);
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "keys/ingest.key"));
	assert_non_null(strstr(err.text, "put back"));
}

static void
any_key_may_begin(void **state)
{
	(void)state;
	begin();
	must(belongs(ring));
	must(belongs(other));
	evidence_put(NULL); /* nothing of a person was encoded */
	must(belongs(ring2));
}

static void
a_key_file_of_another_epoch_or_secret_is_refused(void **state)
{
	(void)state;
	begin();
	evidence_put(ring);
	must(belongs(ring));
	refused(ring2, "key-epoch");
	refused(other, "key-other");
}

static void
a_withdrawn_version_says_nothing_of_the_epoch_and_hides_nothing(void **state)
{
	(void)state;
	begin();
	evidence_put(ring2);
	evidence_put(NULL);
	must(belongs(ring2));
	refused(ring, "key-epoch");
	evidence_put(ring); /* the newest counts */
	evidence_put(NULL);
	must(belongs(ring));
	refused(ring2, "key-epoch");
}

static void
the_newest_version_is_found_behind_many_records_that_are_none(void **state)
{
	(void)state;
	begin();
	evidence_put(ring2);
	evidence_put(ring);
	for (int i = 0; i < MANY; i++)
		put(writer, "evidence", 0, SPAN_LIT("k/raw.council-a"), SPAN_LIT("no cut"), &run);
	must(belongs(ring));
	refused(ring2, "key-epoch");
}

/* --- matchd's */

static struct match_keys keys = { .unit = { 7 } }, other_keys = { .unit = { 8 } };

static void
cut_put(int32_t partition, int64_t offset, int64_t recipe)
{
	row_put("linked", partition, &(struct key){ .type = KEY_CUT,
		.stream = SPAN_LIT("raw.council-a") }, &cut_binding,
	    &(struct cut){ offset, DATE_NONE, 0, 1, recipe });
}

static int
ask_linked(const void *which)
{
	return match_keys_belong(&conf.kafka, cat, topic("linked"), PARTITIONS, match_recipe(which),
	    "keys/match.key", &err);
}

static int
links_belong(const struct match_keys *which)
{
	return patiently(ask_linked, which);
}

static void
links_refused(const struct match_keys *which)
{
	assert_int_equal(links_belong(which), -1);
	assert_string_equal(err.code, "key-other");
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "keys/match.key"));
	assert_non_null(strstr(err.text, "put back"));
}

static void
a_key_of_people_is_held_against_the_newest_cut_of_each_partition(void **state)
{
	(void)state;
	ground();
	must(links_belong(&keys));
	must(links_belong(&other_keys));
	cut_put(0, 4, 0); /* from before cuts said it */
	must(links_belong(&keys));
	must(links_belong(&other_keys));
	cut_put(1, 4, match_recipe(&keys));
	must(links_belong(&keys));
	links_refused(&other_keys);
	for (int i = 0; i < MANY; i++)
		put(writer, "linked", 1, SPAN_LIT("no/key"), SPAN_LIT("no link"), &run);
	must(links_belong(&keys));
	links_refused(&other_keys);
	cut_put(1, 5, match_recipe(&other_keys)); /* linked made anew */
	must(links_belong(&other_keys));
	links_refused(&keys);
}

static void
what_a_cut_says_of_a_key_tells_keys_apart_and_is_never_nothing(void **state)
{
	struct match_keys index = keys;

	(void)state;
	index.index[0] = 9; /* no id is made with it */
	assert_true(match_recipe(&keys) > 0);
	assert_true(match_recipe(&keys) == match_recipe(&index));
	assert_true(match_recipe(&keys) != match_recipe(&other_keys));
}

static int
open_all(void **state)
{
	(void)state;
	conf.kafka = (struct kafka_conf){ .brokers = getenv("KAFKA") };
	if (!conf.kafka.brokers || !getenv("PREFIX"))
		fail_msg("KAFKA and PREFIX must say where the broker is");
	cat = av_catalogue_new();
	ring = keyring_new(secret, 1);
	ring2 = keyring_new(secret, 2);
	other = keyring_new(other_secret, 1);
	admin = kadmin_new(&conf.kafka, &err);
	must(admin == NULL);
	writer = writer_new(&conf.kafka);
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	kwriter_free(writer);
	kadmin_free(admin);
	keyring_free(ring);
	keyring_free(ring2);
	keyring_free(other);
	av_catalogue_free(cat);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_key_may_begin),
		cmocka_unit_test(a_key_file_of_another_epoch_or_secret_is_refused),
		cmocka_unit_test(a_withdrawn_version_says_nothing_of_the_epoch_and_hides_nothing),
		cmocka_unit_test(the_newest_version_is_found_behind_many_records_that_are_none),
		cmocka_unit_test(a_key_of_people_is_held_against_the_newest_cut_of_each_partition),
		cmocka_unit_test(what_a_cut_says_of_a_key_tells_keys_apart_and_is_never_nothing),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
