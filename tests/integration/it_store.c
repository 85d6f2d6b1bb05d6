/*
 * The store on a real PostgreSQL: what store.h promises, each by itself.
 * PGURI says where; every story has a database of its own.  Invented facts only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/io/pg_schema.h"
#include "common/must.h"
#include "sink/sql.h"
#include "sink/store.h"

enum { MANY = 6000, FEW = 100 };

static struct err err;

/* One database, what looks at it, and one store. */
struct house {
	char uri[512], name[160];
	struct pg *pg;
	struct store *store;
	struct sink_batch *batch;
};

static struct house one, two;

static void
must(int failed)
{
	if (failed)
		fail_msg("%s (%s)", err.text, err.code);
}

static void
migrated(void *arg, const char *name)
{
	(void)arg;
	(void)name;
}

static void
house_make(struct house *h, bool migrate)
{
	static int made;
	const char *given = getenv("PGURI"), *slash = given ? strrchr(given, '/') : NULL;
	struct pg_schema_state state;
	struct pg *any;
	char sql[200];

	if (!slash || !getenv("PREFIX"))
		fail_msg("PGURI and PREFIX must say where the server is");
	signal(SIGPIPE, SIG_IGN);
	*h = (struct house){ .batch = sink_batch_new() };
	snprintf(h->name, sizeof(h->name), "%s-store-%d-%d", getenv("PREFIX"), (int)getpid(), ++made);
	any = pg_open(given, "it_store", &err);
	must(any == NULL);
	snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\"", h->name);
	must(pg_exec(any, sql, &err));
	pg_close(any);
	snprintf(h->uri, sizeof(h->uri), "%.*s/%s", (int)(slash - given), given, h->name);
	h->pg = pg_open(h->uri, "it_store", &err);
	must(h->pg == NULL);
	if (!migrate)
		return;
	must(pg_schema_run(h->pg, sink_sql, sink_sql_n, migrated, NULL, &state, &err));
	h->store = store_open(h->uri, &err);
	must(h->store == NULL);
}

static void
house_free(struct house *h)
{
	struct pg *any;
	char sql[200];

	if (!h->batch)
		return;
	store_close(h->store);
	pg_close(h->pg);
	sink_batch_free(h->batch);
	any = pg_open(getenv("PGURI"), "it_store", &err);
	must(any == NULL);
	snprintf(sql, sizeof(sql), "DROP DATABASE \"%s\" WITH (FORCE)", h->name);
	must(pg_exec(any, sql, &err));
	pg_close(any);
	*h = (struct house){ .batch = NULL };
}

static int
ground(void **state)
{
	(void)state;
	house_make(&one, true);
	return 0;
}

static int
ground_gone(void **state)
{
	(void)state;
	house_free(&one);
	house_free(&two);
	return 0;
}

static int64_t
ask(struct house *h, const char *sql)
{
	struct pg_rows *rows = pg_query(h->pg, sql, NULL, 0, &err);
	int64_t v;

	must(rows == NULL);
	assert_int_equal(pg_rows_count(rows), 1);
	v = pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	return v;
}

/* --- what is written */

static struct id
id_for(uint8_t kind, int i)
{
	return (struct id){ .b = { kind, (uint8_t)(i * 37), (uint8_t)(i >> 8), (uint8_t)i } };
}

static void
say(struct house *h, uint32_t slot, int i, const char *status, int64_t price_minor)
{
	struct reason reason = { SPAN_LIT("sustained"), SPAN_LIT("council"), SPAN_LIT("kept") };
	struct gap gap = { 19810, 19812, SPAN_LIT("pauses") };
	struct id events[2] = { id_for(3, i), id_for(4, i) };
	struct outcome o = { .outcome_id = id_for(1, i), .contract = SPAN_LIT("invented"),
		.contract_version = 1, .outcome = SPAN_LIT("kept"), .unit = id_for(2, i),
		.unit_kind = SPAN_LIT("person"), .ordinal = 1, .status = span_str(status ? status : ""),
		.start = 19800, .due = i % 2 ? DATE_NONE : 19900, .achieved = DATE_NONE,
		.expires = DATE_NONE, .days = i, .price_minor = price_minor,
		.currency = SPAN_LIT("GBP"), .facts_hash = { 7 }, .reasons = { &reason, 1 },
		.gaps = { &gap, 1 }, .evidence = { events, 2 } };
	struct key key = { .type = KEY_OUTCOME, .a = o.outcome_id };

	sink_batch_outcome(h->batch, slot, &key, status ? &o : NULL);
}

/* --- what a load gives back */

struct known {
	int claims, doubts;
	int64_t epoch, doubt_offset;
	struct id run;
};

static void
on_claim(void *arg, struct span stream, int64_t epoch, const struct id *run)
{
	struct known *k = arg;

	assert_true(span_is(stream, "*"));
	k->claims++;
	k->epoch = epoch;
	k->run = *run;
}

static void
on_doubt(void *arg, struct span key, int64_t offset, int64_t since_ms)
{
	struct known *k = arg;

	assert_true(key.len > 0);
	assert_true(since_ms > 0);
	k->doubts++;
	k->doubt_offset = offset;
}

static int64_t
load(struct store *store, int32_t partition, struct known *known)
{
	struct known unused = { 0 };
	struct store_fold fold;
	struct store_reader reader
	    = { .arg = known ? known : &unused, .claim = on_claim, .doubt = on_doubt };

	if (store_load(store, "outcomes", partition, &reader, &fold, &err) != STORE_DONE)
		must(-1);
	return fold.next_offset;
}

static enum store_result
commit_some(struct house *h, struct store *store, int64_t expected, int from, int n,
    const char *status)
{
	uint32_t slot;

	sink_batch_reset(h->batch);
	slot = sink_batch_slot(h->batch, "outcomes", 0, expected);
	for (int i = from; i < from + n; i++)
		say(h, slot, i, status, 100);
	sink_batch_advance(h->batch, slot, expected + n);
	return store_commit(store, h->batch, &err);
}

/* --- stories */

static void
a_database_of_another_schema_is_refused_with_the_remedy(void **state)
{
	(void)state;
	house_make(&two, false);
	assert_null(store_open(two.uri, &err));
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "outturn migrate"));
	must(pg_exec(one.pg, "UPDATE ops.migration SET sha256 = sha256('x') WHERE number = 2", &err));
	assert_null(store_open(one.uri, &err));
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.code, "schema-changed");
}

static void
a_database_ahead_of_the_program_is_refused(void **state)
{
	(void)state;
	must(pg_exec(one.pg, "INSERT INTO ops.migration (number, name, sha256) "
			     "VALUES (9999, '9999_later.sql', sha256('later'))", &err));
	assert_null(store_open(one.uri, &err));
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.code, "schema-newer");
}

static void
whoever_holds_older_offsets_writes_nothing(void **state)
{
	struct store *zombie = store_open(one.uri, &err);

	(void)state;
	must(zombie == NULL);
	assert_int_equal(load(one.store, 0, NULL), 0);
	assert_int_equal(load(zombie, 0, NULL), 0);
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_DONE);
	assert_int_equal(commit_some(&one, zombie, 0, 0, FEW, "expired"), STORE_STALE);
	assert_int_equal(commit_some(&one, zombie, 0, 0, MANY, "expired"), STORE_STALE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome WHERE status = 'achieved'"),
	    FEW);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), FEW);
	assert_int_equal(load(zombie, 0, NULL), FEW);
	assert_int_equal(commit_some(&one, zombie, FEW, FEW, FEW, "achieved"), STORE_DONE);
	store_close(zombie);
}

/* A commit repeated after its answer was lost is one of these. */
static void
a_batch_given_twice_is_written_once(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_DONE);
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_STALE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), FEW);
}

/* The server ends our backend while COMMIT runs: a trigger that waits for it does. */
static void
a_connection_lost_while_committing_is_unknown_until_loaded(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	must(pg_exec(one.pg,
	    "CREATE FUNCTION public.hang_up() RETURNS trigger LANGUAGE plpgsql AS "
	    "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); "
	    "RETURN NULL; END $$;"
	    "CREATE CONSTRAINT TRIGGER hang_up AFTER UPDATE ON ops.offset DEFERRABLE "
	    "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.hang_up()", &err));
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_UNKNOWN);
	must(pg_exec(one.pg, "DROP TRIGGER hang_up ON ops.offset", &err));
	assert_int_equal(load(one.store, 0, NULL), 0);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), 0);
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_DONE);
}

static void
hang_up_on_stores(struct house *h)
{
	must(pg_exec(h->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
			    "application_name = 'outturn-sinkd' AND datname = current_database()",
	    &err));
}

static void
a_connection_lost_before_that_wrote_nothing_and_is_tried_again(void **state)
{
	enum store_result result;

	(void)state;
	load(one.store, 0, NULL);
	hang_up_on_stores(&one);
	result = commit_some(&one, one.store, 0, 0, FEW, "achieved");
	assert_int_equal(result, STORE_RETRY);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), 0);
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW);
}

static void
assert_same_rows(struct house *a, struct house *b)
{
	static const char sum[] = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text "
				  "FROM (SELECT (to_jsonb(o) - 'known_from') AS t FROM ledger.outcome o) x";
	struct pg_rows *x = pg_query(a->pg, sum, NULL, 0, &err);
	struct pg_rows *y = pg_query(b->pg, sum, NULL, 0, &err);

	must(x == NULL || y == NULL);
	assert_true(pg_value_int(x, 0, 0) > 0);
	assert_int_equal(pg_value_int(x, 0, 0), pg_value_int(y, 0, 0));
	assert_true(span_eq(pg_value(x, 0, 1), pg_value(y, 0, 1)));
	pg_rows_free(x);
	pg_rows_free(y);
}

static void
many_rows_at_once_and_few_at_a_time_come_out_the_same(void **state)
{
	(void)state;
	house_make(&two, true);
	load(one.store, 0, NULL);
	load(two.store, 0, NULL);
	assert_int_equal(commit_some(&one, one.store, 0, 0, MANY, "achieved"), STORE_DONE);
	assert_int_equal(commit_some(&one, one.store, MANY, 0, MANY / 2, "expired"), STORE_DONE);
	for (int i = 0; i < MANY; i += FEW)
		assert_int_equal(commit_some(&two, two.store, i, i, FEW, "achieved"), STORE_DONE);
	for (int i = 0; i < MANY / 2; i += FEW)
		assert_int_equal(commit_some(&two, two.store, MANY + i, i, FEW, "expired"), STORE_DONE);
	assert_same_rows(&one, &two);
	/* and taken away the same: both ways of deleting */
	assert_int_equal(commit_some(&one, one.store, MANY + MANY / 2, 0, MANY - FEW, NULL),
	    STORE_DONE);
	for (int i = 0; i < MANY - FEW; i += FEW)
		assert_int_equal(commit_some(&two, two.store, MANY + MANY / 2 + i, i, FEW, NULL),
		    STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW);
	assert_same_rows(&one, &two);
}

/* Known rows and new ones of one batch go different ways; of what a store wrote itself and of
 * what it finds when it comes. */
static void
new_rows_among_known_ones_are_written_each_once(void **state)
{
	struct store *later;

	(void)state;
	load(one.store, 0, NULL);
	assert_int_equal(commit_some(&one, one.store, 0, 0, MANY, "achieved"), STORE_DONE);
	assert_int_equal(commit_some(&one, one.store, MANY, MANY / 2, MANY, "achieved"), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), MANY + MANY / 2);
	later = store_open(one.uri, &err);
	must(later == NULL);
	load(later, 0, NULL);
	assert_int_equal(commit_some(&one, later, 2 * MANY, MANY, MANY, "achieved"), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), 2 * MANY);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), 2 * MANY);
	store_close(later);
}

static void
what_another_wrote_while_the_partition_was_its_own_is_known(void **state)
{
	struct store *other = store_open(one.uri, &err);

	(void)state;
	must(other == NULL);
	load(one.store, 0, NULL);
	load(other, 0, NULL);
	assert_int_equal(commit_some(&one, other, 0, 0, MANY, "achieved"), STORE_DONE);
	store_close(other);
	assert_int_equal(load(one.store, 0, NULL), MANY);
	assert_int_equal(commit_some(&one, one.store, MANY, MANY / 2, MANY, "achieved"), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), MANY + MANY / 2);
}

/* It cannot be of this partition's writers; a row put in by hand is met all the same. */
static void
a_key_that_others_wrote_meanwhile_is_asked_for_then(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	must(pg_exec(one.pg,
	    "INSERT INTO ledger.outcome SELECT * FROM jsonb_populate_record(NULL::ledger.outcome, '{\"outcome_id\": "
	    "\"01000000-0000-0000-0000-000000000000\", \"partition\": 0, \"contract\": \"x\", "
	    "\"contract_version\": 1, \"outcome\": \"x\", \"unit_id\": "
	    "\"02000000-0000-0000-0000-000000000000\", \"unit_kind\": \"person\", \"ordinal\": 1, "
	    "\"status\": \"by-hand\", \"days\": 0, \"price_minor\": 0, \"currency\": \"GBP\", "
	    "\"facts_hash\": \"x\", \"reasons_id\": \"03000000-0000-0000-0000-000000000000\", \"gaps\": [], \"evidence\": [], "
	    "\"decisions\": [], \"known_from\": \"2020-01-01T00:00:00Z\"}')", &err));
	assert_int_equal(commit_some(&one, one.store, 0, 0, MANY, "achieved"), STORE_RETRY);
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome WHERE status = 'achieved'"),
	    MANY);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_history "
				   "WHERE status = 'by-hand'"), 1);
}

/* Its transaction holds the offset row, and its backend waits for it, not for a statement. */
static void
a_process_stopped_in_the_middle_of_a_copy_is_not_waited_for(void **state)
{
	struct pg *stopped = pg_open(one.uri, "outturn-sinkd", &err);

	(void)state;
	must(stopped == NULL);
	load(one.store, 0, NULL);
	must(pg_exec(stopped, "BEGIN; UPDATE ops.offset SET next_offset = 7", &err));
	must(pg_copy_begin(stopped, "COPY ops.doubt FROM STDIN (FORMAT binary)", &err));
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_RETRY);
	assert_string_equal(err.code, "pg-55P03");
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW);
	assert_int_not_equal(pg_copy_end(stopped, &err), 0);
	pg_close(stopped);
}

static void
an_equal_row_is_not_a_new_version(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	for (int k = 0; k < 3; k++)
		assert_int_equal(commit_some(&one, one.store, k * FEW, 0, FEW, "achieved"), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), FEW);
}

static void
what_was_believed_when_is_kept_and_named(void **state)
{
	static const char *const statuses[] = { "not-yet", "achieved", "contradicted", "verified", NULL };
	static const char *const changes[] = { "stood", "revoked", "re-instated" };
	char sql[200];

	(void)state;
	load(one.store, 0, NULL);
	for (int k = 0; k < 5; k++)
		assert_int_equal(commit_some(&one, one.store, k, 1, 1, statuses[k]), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), 0);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_version"), 4);
	assert_int_equal(ask(&one, "SELECT count(*) FROM (SELECT known_to, lead(known_from) OVER "
		"(ORDER BY known_from) AS next FROM ledger.outcome_version) v "
		"WHERE next IS NOT NULL AND next <> known_to"), 0);
	for (int k = 0; k < 3; k++) {
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM ledger.outcome_change WHERE change = '%s'", changes[k]);
		assert_int_equal(ask(&one, sql), k == 1 ? 2 : 1);
	}
}

static void
claims_doubts_and_cuts_come_back_after_a_restart(void **state)
{
	struct id run = { .b = { 0xb } };
	struct known known = { 0 };
	uint32_t slot;

	(void)state;
	load(one.store, 3, NULL);
	slot = sink_batch_slot(one.batch, "outcomes", 3, 0);
	sink_batch_claim(one.batch, slot, SPAN_LIT("*"), 1, &(struct id){ .b = { 0xa } });
	sink_batch_claim(one.batch, slot, SPAN_LIT("*"), 2, &run);
	sink_batch_doubt(one.batch, slot, SPAN_LIT("o/aa"), 5);
	sink_batch_doubt(one.batch, slot, SPAN_LIT("o/bb"), 6);
	sink_batch_answered(one.batch, slot, SPAN_LIT("o/aa"));
	sink_batch_cut(one.batch, slot, SPAN_LIT("raw.council-a"), &(struct cut){ 40, 19900, 3, 0, 0 });
	sink_batch_cut(one.batch, slot, SPAN_LIT("raw.council-a"), &(struct cut){ 30, DATE_NONE, 4, 0, 0 });
	sink_batch_advance(one.batch, slot, 8);
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_DONE);
	store_close(one.store);
	one.store = store_open(one.uri, &err);
	must(one.store == NULL);
	assert_int_equal(load(one.store, 3, &known), 8);
	assert_int_equal(known.claims, 1);
	assert_int_equal(known.epoch, 2);
	assert_true(id_eq(&known.run, &run));
	assert_int_equal(known.doubts, 1);
	assert_int_equal(known.doubt_offset, 6);
	/* a cut never goes back */
	assert_int_equal(ask(&one, "SELECT folded_through FROM ops.cut"), 40);
	assert_int_equal(ask(&one, "SELECT terms_offset FROM ops.cut"), 4);
	assert_int_equal(load(one.store, 2, NULL), 0); /* another partition knows nothing of it */
}

static void
cut_commit(int64_t at, const struct cut *cut, const struct cut *more)
{
	uint32_t slot;

	sink_batch_reset(one.batch);
	slot = sink_batch_slot(one.batch, "outcomes", 0, at);
	sink_batch_cut(one.batch, slot, SPAN_LIT("raw.council-a"), cut);
	if (more)
		sink_batch_cut(one.batch, slot, SPAN_LIT("raw.council-a"), more);
	sink_batch_advance(one.batch, slot, at + 1);
	assert_int_equal(store_commit(one.store, one.batch, &err), STORE_DONE);
}

static void
a_cut_of_a_topic_that_was_made_anew_counts_whatever_its_offset(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	cut_commit(0, &(struct cut){ 40, 19900, 3, 1, 0 }, NULL);
	cut_commit(1, &(struct cut){ 90, DATE_NONE, 3, 1, 0 }, &(struct cut){ 5, DATE_NONE, 4, 2, 0 });
	assert_int_equal(ask(&one, "SELECT folded_through FROM ops.cut"), 5);
	assert_int_equal(ask(&one, "SELECT epoch FROM ops.cut"), 2);
	cut_commit(2, &(struct cut){ 95, DATE_NONE, 4, 1, 0 }, NULL); /* late: a former owner's */
	assert_int_equal(ask(&one, "SELECT folded_through FROM ops.progress "
		"WHERE topic = 'outcomes'"), 5);
	assert_int_equal(ask(&one, "SELECT epoch FROM ops.progress WHERE topic = 'outcomes'"), 2);
	assert_int_equal(ask(&one, "SELECT terms_offset FROM ops.cut"), 4);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ops.cut WHERE complete_through IS NOT NULL"),
	    1); /* its agency's word stands */
}

static void
resync_add(int from, int n, const char *status)
{
	uint32_t slot;

	sink_batch_reset(one.batch);
	slot = sink_batch_slot(one.batch, "outcomes", 0, FEW);
	for (int i = from; i < from + n; i++)
		say(&one, slot, i, status, 100);
	assert_int_equal(store_resync_add(one.store, one.batch, &err), STORE_DONE);
}

static void
a_resync_sweeps_what_it_has_not_seen_in_one_transaction(void **state)
{
	(void)state;
	load(one.store, 0, NULL);
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_DONE);
	assert_int_equal(store_resync_begin(one.store, "outcomes", 0, FEW, &err), STORE_DONE);
	resync_add(0, 10, "achieved");  /* as it was: no version */
	resync_add(10, 10, "achieved");
	resync_add(10, 10, "expired");  /* the last of a key counts */
	resync_add(20, 10, "achieved");
	resync_add(20, 10, NULL);       /* seen, and taken away */
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW);
	assert_int_equal(store_resync_end(one.store, FEW + 50, &err), STORE_DONE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), 20);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome WHERE status = 'expired'"), 10);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome_history"), FEW - 10);
	assert_int_equal(load(one.store, 0, NULL), FEW + 50);
}

static void
a_resync_that_is_overtaken_or_cut_off_writes_nothing(void **state)
{
	struct store *other = store_open(one.uri, &err);

	(void)state;
	must(other == NULL);
	load(one.store, 0, NULL);
	assert_int_equal(commit_some(&one, one.store, 0, 0, FEW, "achieved"), STORE_DONE);
	assert_int_equal(store_resync_begin(one.store, "outcomes", 0, 7, &err), STORE_STALE);
	assert_int_equal(store_resync_begin(one.store, "outcomes", 0, FEW, &err), STORE_DONE);
	resync_add(0, 1, "achieved");
	assert_int_equal(commit_some(&one, other, FEW, FEW, 1, "achieved"), STORE_DONE);
	assert_int_equal(store_resync_end(one.store, FEW + 50, &err), STORE_STALE);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW + 1);
	assert_int_equal(store_resync_begin(one.store, "outcomes", 0, FEW + 1, &err), STORE_DONE);
	hang_up_on_stores(&one);
	assert_int_equal(store_resync_end(one.store, FEW + 50, &err), STORE_RETRY);
	assert_int_equal(ask(&one, "SELECT count(*) FROM ledger.outcome"), FEW + 1);
	assert_int_equal(load(one.store, 0, NULL), FEW + 1);
	store_close(other);
}

int
main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, ground, ground_gone)
	const struct CMUnitTest tests[] = {
		STORY(a_database_of_another_schema_is_refused_with_the_remedy),
		STORY(a_database_ahead_of_the_program_is_refused),
		STORY(whoever_holds_older_offsets_writes_nothing),
		STORY(a_batch_given_twice_is_written_once),
		STORY(a_connection_lost_while_committing_is_unknown_until_loaded),
		STORY(a_connection_lost_before_that_wrote_nothing_and_is_tried_again),
		STORY(many_rows_at_once_and_few_at_a_time_come_out_the_same),
		STORY(new_rows_among_known_ones_are_written_each_once),
		STORY(what_another_wrote_while_the_partition_was_its_own_is_known),
		STORY(a_key_that_others_wrote_meanwhile_is_asked_for_then),
		STORY(a_process_stopped_in_the_middle_of_a_copy_is_not_waited_for),
		STORY(an_equal_row_is_not_a_new_version),
		STORY(what_was_believed_when_is_kept_and_named),
		STORY(claims_doubts_and_cuts_come_back_after_a_restart),
		STORY(a_cut_of_a_topic_that_was_made_anew_counts_whatever_its_offset),
		STORY(a_resync_sweeps_what_it_has_not_seen_in_one_transaction),
		STORY(a_resync_that_is_overtaken_or_cut_off_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
