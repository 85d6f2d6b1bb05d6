/*
 * it_milestoned - the daemon on a real broker: killed, told another day, another
 * contract, a broken one, other people; at the end what counts in outcomes is
 * what evaluate() gives when it is asked directly.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses,
 * OUTTURN_BIN=directory of the programs (build), SEED.  Run where config/ is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/book.h"
#include "common/io/crypto.h"
#include "common/io/level_task.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "tests/integration/pipe.h"
#include "transform/milestone/evaluate.h"

enum { STORY_MS = 60000, UNITS = 120, PARTITIONS = 2, PEOPLE = 4,
	EVENTS_A_UNIT = 7 };

enum person { ALICE, VERA, WORKER, MALLORY };
static const char *const person_names[PEOPLE] = { "alice", "vera", "worker", "mallory" };

static struct kafka_conf conf;
static char dir[64];
static struct av_catalogue *cat;
static uint8_t secrets[PEOPLE][SIGN_KEY_BYTES];
static bool may_verify = true;   /* does vera's page say so? */
static struct id run = { { 0xaa, 1 } };
static pid_t pid;

/* What the world is: the same, without Kafka. */
static struct names *names;
static struct timeline *timelines[UNITS];
static struct contract *contract;
static date_t as_at, complete[2];
static struct held {
	uint32_t unit;
	struct decision de;
	enum person by;
} *decisions;
static uint32_t decisions_n;

/* --- a writer ------------------------------------------------------------------ */

static struct kwriter *writer;

static void
send_as(const char *name, int32_t partition, struct span key, struct span value, bool as_daemon)
{
	put(writer, name, partition, key, value, as_daemon ? &run : NULL);
}

static void
flush(void)
{
	written(writer);
}

static void
sign(enum person who, const struct av_record *binding, void *rec, struct span *signature,
    size_t at, uint8_t sig[SIGN_BYTES])
{
	struct buf msg = BUF_INIT;

	*signature = SPAN_NONE;
	sign_message(cat, binding, rec, at, &msg);
	sign_bytes(secrets[who], buf_view(&msg), sig);
	*signature = span_of(sig, SIGN_BYTES);
	buf_release(&msg);
}

static void
publish(enum person who, const char *thing, const char *name, int version, struct span content)
{
	struct terms t = { .thing = span_str(thing), .name = span_str(name), .version = version,
		.effective = DATE_NONE, .content = content, .by = span_str(person_names[who]),
		.key_id = span_str(person_names[who]) };
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];

	sign(who, &terms_binding, &t, &t.signature, offsetof(struct terms, signature), sig);
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, version, &key);
	send_as("terms", 0, buf_view(&key), buf_view(&value), false);
	flush();
	buf_release(&key);
	buf_release(&value);
}

static void
person_publish(enum person who, int version, const char *roles)
{
	uint8_t public[SIGN_KEY_BYTES];
	char hex[2 * SIGN_KEY_BYTES + 1], text[200];

	sign_public(secrets[who], public);
	hex_of(public, sizeof(public), hex);
	snprintf(text, sizeof(text), "key: %s\nroles: [%s]\n", hex, roles);
	publish(ALICE, "person", person_names[who], version, span_str(text));
}

static void
day_publish(enum person who, const char *id, date_t day)
{
	struct reference r = { .reference_id = span_str(id), .what = SPAN_LIT("as-at"),
		.date = day, .to = DATE_NONE, .by = span_str(person_names[who]),
		.key_id = span_str(person_names[who]) };
	struct buf value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];

	sign(who, &reference_binding, &r, &r.signature, offsetof(struct reference, signature), sig);
	av_write(cat, &reference_binding, &r, &value);
	send_as("reference", 0, r.reference_id, buf_view(&value), false);
	flush();
	buf_release(&value);
}

/* --- the contract -------------------------------------------------------------------- */

static const char *
contract_text(int versions)
{
	static struct buf text;

	buf_reset(&text);
	buf_str(&text, "contract: demo\ntitle: Demo\ncurrency: GBP\n"
	    "parties:\n- {party: provider, name: P, organisation: P, reports: yes}\n"
	    "- {party: agency, name: C, organisation: C, reports: yes}\nversions:\n");
	for (int v = 1; v <= versions; v++)
		buf_printf(&text, "- version: %d\n  effective: 20%02d-01-01\n  applies: everyone\n"
		    "  ends: 2016-12-31\n  lag: 10 days\n  cohort: {programme: p, age_max: 24}\n"
		    "  evidence: {from: [council], fresh_days: 400}\n"
		    "  spells: [{spell: home, event: accommodation, where: {setting: [own]}, "
		    "gap_days: 10, one_at_a_time: yes}]\n"
		    "  outcomes:\n"
		    "  - {outcome: entry, title: E, price: %d.00, rule: {kind: event-once, event: "
		    "accommodation, where: {setting: [own]}}}\n"
		    "  - {outcome: three, title: T, price: %d.50, rule: {kind: spell, spell: home, "
		    "lasts: 3 months}}\n%s", v, 9 + v, 100 * v, 200 * v,
		    v == 1 ? "  - {outcome: gone, title: G, pay: none, rule: {kind: event-once, "
			     "event: engagement}}\n" : "");
	return buf_cstr(&text);
}

static void
contract_publish(int version, int versions, const char *broken)
{
	struct yaml_report report = YAML_REPORT_INIT;
	const char *text = contract_text(versions);
	struct yaml_doc *doc;

	if (broken) {
		struct buf both = BUF_INIT;

		buf_printf(&both, "%s%s", text, broken);
		publish(ALICE, "contract", "demo", version, buf_view(&both));
		buf_release(&both);
		return;
	}
	publish(ALICE, "contract", "demo", version, span_str(text));
	doc = yaml_parse("demo", span_str(text), &report);
	contract_free(contract);
	contract = contract_parse(doc->root, &report);
	assert_non_null(contract);
	yaml_report_release(&report);
	yaml_doc_free(doc);
}

/* --- linked ----------------------------------------------------------------------------- */

static struct id
unit_id(uint32_t unit)
{
	struct id id = { { 0 } };

	id.b[0] = (uint8_t)(unit * 29);
	id.b[1] = (uint8_t)unit;
	id.b[2] = 0x11;
	return id;
}

static void
linked_put(const struct key *key, const struct linked *ln)
{
	struct buf text = BUF_INIT, value = BUF_INIT;

	key_format(key, &text);
	if (ln)
		av_write(cat, &linked_binding, ln, &value);
	send_as("linked", unit_partition(&key->a, PARTITIONS), buf_view(&text),
	    ln ? buf_view(&value) : SPAN_NONE, true);
	buf_release(&text);
	buf_release(&value);
}

static void
event_put(uint32_t unit, uint32_t n)
{
	static const char *const kinds[] = { "accommodation", "accommodation-confirmed",
		"accommodation", "engagement", "accommodation-ended", "accommodation-confirmed" };
	struct id who = unit_id(unit), event = { { (uint8_t)n, (uint8_t)(unit >> 8), (uint8_t)unit, 3 } };
	struct attribute at[3] = { 0 };
	bool council = draw(2) == 0;
	struct linked ln = { .what = LINKED_EVENT, .unit = who, .event_id = event,
		.unit_kind = SPAN_LIT("person"), .source = { .topic = SPAN_LIT("raw.c") },
		.organisation = council ? SPAN_LIT("C") : SPAN_LIT("P"),
		.role = council ? SPAN_LIT("council") : SPAN_LIT("provider"),
		.kind = span_str(kinds[draw(6)]), .start = date_of(2015, 1, 1) + (date_t)draw(500),
		.end = DATE_NONE, .attributes = { at, 1 } };

	at[0] = (struct attribute){ .name = SPAN_LIT("setting"),
		.text = draw(4) ? SPAN_LIT("own") : SPAN_LIT("hostel") };
	if (n == 0) {
		ln.kind = SPAN_LIT("referral");
		ln.start = date_of(2015, 1, 1) + (date_t)draw(60);
		at[0] = (struct attribute){ .name = SPAN_LIT("age"),
			.number = { (18 + (int64_t)draw(8)) * 1000000, true } };
		at[1] = (struct attribute){ .name = SPAN_LIT("programme"), .text = SPAN_LIT("p") };
		ln.attributes.n = 2;
	}
	ln.raw_sha256[0] = (uint8_t)draw(256);
	linked_put(&(struct key){ .type = KEY_UNIT_EVENT, .a = who, .b = event }, &ln);
	timeline_event(timelines[unit], &event, &ln);
}

static void
event_gone(uint32_t unit, uint32_t n)
{
	struct id who = unit_id(unit), event = { { (uint8_t)n, (uint8_t)(unit >> 8), (uint8_t)unit, 3 } };

	linked_put(&(struct key){ .type = KEY_UNIT_EVENT, .a = who, .b = event }, NULL);
	timeline_event(timelines[unit], &event, NULL);
}

static void
cut_put(const char *stream, date_t through)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	for (int32_t p = 0; p < PARTITIONS; p++) {
		key_format(&(struct key){ .type = KEY_CUT, .stream = span_str(stream) }, &key);
		buf_reset(&value);
		av_write(cat, &cut_binding, &(struct cut){ 10, through, 0, 0, 0 }, &value);
		send_as("linked", p, buf_view(&key), buf_view(&value), true);
	}
	flush();
	buf_release(&key);
	buf_release(&value);
}

static date_t
complete_through(const void *arg, struct span organisation)
{
	(void)arg;
	return span_is(organisation, "C") ? complete[0] : span_is(organisation, "P") ? complete[1]
										 : DATE_NONE;
}

static const struct evaluate_facts *
facts(void)
{
	static struct evaluate_facts f;

	f = (struct evaluate_facts){ .as_at = as_at, .complete_through = complete_through };
	return &f;
}

static bool
may(const struct held *h)
{
	bool claim = span_is(h->de.what, "claimed");

	return claim ? h->by == WORKER : h->by == VERA && may_verify;
}

/* About the first outcome that is achieved; as the reader of a page would decide. */
static void
decide(uint32_t unit, enum person who, const char *what, struct arena *arena)
{
	struct outcome_list list = evaluate(contract, timelines[unit], facts(), arena);
	struct buf value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];
	struct held *h;

	for (uint32_t i = 0; i < list.n; i++) {
		const struct outcome *o = &list.items[i];
		struct linked ln;
		struct id id = o->outcome_id;

		if (!span_is(o->status, "achieved"))
			continue;
		id.b[15] = (uint8_t)(what[0] + (int)who);
		decisions = mem_realloc(decisions, decisions_n + 1, sizeof(*decisions));
		h = &decisions[decisions_n++];
		*h = (struct held){ .unit = unit, .by = who,
			.de = { .decision_id = id, .what = span_str(what),
				.contract = SPAN_LIT("demo"),
				.outcome = span_is(o->outcome, "entry") ? SPAN_LIT("entry")
									: SPAN_LIT("three"),
				.outcome_id = o->outcome_id, .ordinal = 1,
				.anchor_event = o->anchor_event, .by = span_str(person_names[who]),
				.key_id = span_str(person_names[who]) } };
		memcpy(h->de.facts_hash, o->facts_hash, SHA256_BYTES);
		sign(who, &decision_binding, &h->de, &h->de.signature,
		    offsetof(struct decision, signature), sig);
		av_write(cat, &decision_binding, &h->de, &value);
		h->de.signature = SPAN_NONE;
		ln = (struct linked){ .what = LINKED_DECISION, .unit = unit_id(unit),
			.event_id = o->anchor_event, .unit_kind = SPAN_LIT("person"),
			.source = { .topic = SPAN_LIT("decision") }, .start = DATE_NONE,
			.end = DATE_NONE, .decision = buf_view(&value) };
		linked_put(&(struct key){ .type = KEY_UNIT_DECISION, .a = ln.unit, .b = id }, &ln);
		timeline_decision(timelines[unit], &id, &h->de, may(h));
		break;
	}
	buf_release(&value);
}

static void
decisions_again(void)
{
	for (uint32_t i = 0; i < decisions_n; i++)
		timeline_decision(timelines[decisions[i].unit], &decisions[i].de.decision_id,
		    &decisions[i].de, may(&decisions[i]));
}

/* --- what stands, and what should --------------------------------------------------------- */

struct standing {
	struct strmap hashes; /* key -> hash of the value; 0: tombstone */
	struct claims claims;
	int64_t next;
	bool cut_seen;
	uint32_t outcomes; /* records that counted */
};

static struct standing standing[PARTITIONS];
static struct kreader *reader;

static void
outcomes_read(void)
{
	struct krecord k;
	int got;

	while ((got = kreader_poll(reader, 50, &k, &err)) != 0) {
		struct rec rec;
		struct key key;
		struct claim claim = { 0 };
		struct standing *st = &standing[got > 0 ? k.partition : 0];
		bool fresh;

		if (got < 0) {
			if (err.class == ERR_RETRY)
				return;
			must(-1);
		}
		rec = carry_rec(&k);
		key = key_parse(rec.key);
		if (key.type == KEY_CLAIM)
			assert_true(carry_decode_claim(cat, rec.value, &claim));
		if (claims_apply(&st->claims, &key, &rec, claim.epoch) != CLAIM_COUNTS)
			continue;
		st->cut_seen |= key.type == KEY_CUT;
		st->outcomes += key.type == KEY_OUTCOME;
		if (key.type == KEY_OUTCOME)
			*strmap_put(&st->hashes, rec.key, &fresh) = rec.value.ptr
			    ? hash64(rec.value.ptr, rec.value.len, 1) | 1 : 0;
	}
}

static bool
agrees(struct arena *arena, uint32_t *wanted, uint32_t counts[8])
{
	static const char *const statuses[8] = { "achieved", "verified", "not-yet", "not-met",
		"observed", "awaiting-evidence", "contradicted", "expired" };
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint32_t there = 0;
	bool same = true;

	*wanted = 0;
	memset(counts, 0, 8 * sizeof(*counts));
	for (uint32_t u = 0; u < UNITS; u++) {
		struct outcome_list list = evaluate(contract, timelines[u], facts(), arena);
		struct id unit = unit_id(u);
		struct standing *st = &standing[unit_partition(&unit, PARTITIONS)];

		for (uint32_t i = 0; i < list.n; i++) {
			uint64_t *at;

			for (int s = 0; s < 8; s++)
				counts[s] += span_is(list.items[i].status, statuses[s]);
			key_format(&(struct key){ .type = KEY_OUTCOME,
				       .a = list.items[i].outcome_id }, &key);
			buf_reset(&value);
			av_write(cat, &outcome_binding, &list.items[i], &value);
			at = strmap_find(&st->hashes, buf_view(&key));
			same &= at && *at == (hash64(value.ptr, value.len, 1) | 1);
			(*wanted)++;
		}
		arena_reset(arena);
	}
	for (int p = 0; p < PARTITIONS; p++) {
		struct strmap_slot *s;
		uint32_t at = 0;

		while ((s = strmap_next(&standing[p].hashes, &at)))
			there += s->value != 0;
	}
	buf_release(&key);
	buf_release(&value);
	return same && there == *wanted;
}

/* Within STORY_MS what counts in outcomes is what evaluate() gives. */
static void
must_agree(const char *after)
{
	int64_t until = now_ms() + STORY_MS;
	struct arena arena;
	uint32_t wanted = 0, counts[8];
	bool same = false;

	arena_init(&arena, 0);
	while (!same && now_ms() < until) {
		outcomes_read();
		same = agrees(&arena, &wanted, counts);
	}
	arena_release(&arena);
	if (!same)
		fail_msg("%s: outcomes do not agree with evaluate()", after);
	print_message("%s: %u outcomes agree: %u achieved, %u verified, %u not yet, %u not met, "
	    "%u observed, %u awaiting, %u contradicted\n", after, wanted, counts[0], counts[1],
	    counts[2], counts[3], counts[4], counts[5], counts[6]);
}

/* --- the daemon ------------------------------------------------------------------------- */

static const char *
log_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s.log", dir, name);
	return path;
}

static pid_t
instance_start(const char *name)
{
	char prefix[200], trust[200], instance[100];

	snprintf(prefix, sizeof(prefix), "prefix=%s", getenv("PREFIX"));
	snprintf(trust, sizeof(trust), "trust=%s/trust", dir);
	snprintf(instance, sizeof(instance), "instance=%s", name);
	return daemon_spawn("milestoned", log_of(name),
	    (const char *const[]){ prefix, trust, "session=3000", instance, NULL });
}

static void
daemon_start(void)
{
	pid = instance_start("one");
}

/* --- the world is made -------------------------------------------------------------------- */

static void
topics_make(void)
{
	struct kadmin *admin = kadmin_new(&conf, &err);

	must(admin == NULL);
	topic_make(admin, "linked", PARTITIONS);
	topic_make(admin, "terms", 1);
	topic_make(admin, "reference", 1);
	topic_make(admin, "outcomes", PARTITIONS);
	kadmin_free(admin);
}

static void
trust_write(void)
{
	uint8_t public[SIGN_KEY_BYTES];
	char hex[2 * SIGN_KEY_BYTES + 1], path[100];
	FILE *f;

	sign_public(secrets[ALICE], public);
	hex_of(public, sizeof(public), hex);
	snprintf(path, sizeof(path), "%s/trust", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "alice %s\n", hex);
	fclose(f);
}

static void
claim_put(void)
{
	struct buf key = BUF_INIT, value = BUF_INIT;

	for (int32_t p = 0; p < PARTITIONS; p++) {
		key_format(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = run }, &key);
		buf_reset(&value);
		carry_encode_claim(cat, &(struct claim){ 1 }, &value);
		send_as("linked", p, buf_view(&key), buf_view(&value), true);
	}
	buf_release(&key);
	buf_release(&value);
}

static void
outcomes_are_what_evaluate_gives_whatever_happens(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	person_publish(ALICE, 1, "publisher, commissioner");
	person_publish(VERA, 1, "verifier");
	person_publish(WORKER, 1, "provider");
	contract_publish(1, 1, NULL);
	publish(ALICE, "agencies", "agencies", 1, SPAN_LIT("agencies:\n"
	    "- {topic: raw.c, organisation: C}\n- {topic: raw.p, organisation: P}\n"));
	claim_put();
	for (uint32_t u = 0; u < UNITS; u++)
		for (uint32_t n = 0; n < EVENTS_A_UNIT; n++)
			event_put(u, n);
	flush();
	daemon_start();
	must_agree("before a day was stated");

	as_at = date_of(2016, 6, 30);
	day_publish(ALICE, "as-at", as_at);
	must_agree("as at 2016-06-30");
	day_publish(MALLORY, "as-at-2", date_of(2030, 1, 1));
	must_agree("a day that nobody signed who may");

	for (uint32_t u = 0; u < UNITS; u += 2) {
		decide(u, WORKER, "claimed", &arena);
		decide(u, u % 4 ? VERA : MALLORY, "verified", &arena);
		arena_reset(&arena);
	}
	flush();
	must_agree("claimed and verified");

	for (int round = 0; round < 4; round++) {
		for (uint32_t k = 0; k < 60; k++) {
			if (draw(5))
				event_put(draw(UNITS), 1 + draw(EVENTS_A_UNIT + 3));
			else
				event_gone(draw(UNITS), 1 + draw(EVENTS_A_UNIT));
			if (k == 20 + draw(20)) {
				daemon_end(&pid, SIGKILL);
				daemon_start();
			}
		}
		flush();
	}
	daemon_end(&pid, SIGKILL);
	event_put(3, 2);
	flush();
	daemon_start();
	must_agree("killed in the middle, five times");

	contract_publish(2, 2, NULL);
	must_agree("a variation: other prices, one outcome less");
	contract_publish(3, 2, "pirce: 4\n");
	pause_ms(500);
	must_agree("a published mistake leaves the version before it");
	publish(MALLORY, "contract", "demo", 4, span_str(contract_text(1)));
	pause_ms(500);
	must_agree("what nobody of trust signed changes nothing");

	for (uint32_t u = 0; u < UNITS; u += 2) {
		decide(u, VERA, "verified", &arena);
		arena_reset(&arena);
	}
	flush();
	must_agree("verified again, under the varied terms");
	may_verify = false;
	person_publish(VERA, 2, "reviewer");
	decisions_again();
	must_agree("a verifier who is none any more");
	may_verify = true;
	person_publish(VERA, 3, "verifier");
	decisions_again();
	must_agree("and is one again");

	as_at = date_of(2017, 6, 30);
	day_publish(ALICE, "as-at", as_at);
	must_agree("another day, nobody complete");
	complete[0] = date_of(2017, 1, 10);
	cut_put("raw.c", complete[0]);
	complete[1] = date_of(2017, 1, 9);
	cut_put("raw.p", complete[1]);
	must_agree("one a day short of the lag");
	complete[1] = date_of(2017, 1, 10);
	cut_put("raw.p", complete[1]);
	must_agree("all complete through the lag");
	for (int32_t p = 0; p < PARTITIONS; p++)
		assert_true(standing[p].cut_seen);
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	arena_release(&arena);
}

/* The facts here are of 1970, so written half a century late: what comes after them may
 * change what they say, and does. */
static void
what_a_late_feed_changes_again_is_said_once(void **state)
{
	enum { VERSIONS = 60, APART_MS = 10 };
	uint32_t before, said;

	(void)state;
	pid = instance_start("late");
	assert_true(log_comes_to_say(log_of("late"), "\"event\":\"ready\"", STORY_MS));
	must_agree("before a late feed");
	before = standing[0].outcomes + standing[1].outcomes;
	for (int i = 0; i < VERSIONS; i++) {
		event_put(7, 0);
		flush();
		pause_ms(APART_MS);
	}
	must_agree("after it");
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	outcomes_read();
	said = standing[0].outcomes + standing[1].outcomes - before;
	print_message("%d versions, said in %u records\n", VERSIONS, said);
	assert_true(said > 0 && said < VERSIONS / 2);
}

static pid_t
one_of_three(int i)
{
	static const char *const names_of[] = { "one", "two", "three" };

	return instance_start(names_of[i]);
}

/* Three for two partitions: one of them has nothing, and nothing to catch up with. */
static void
who_stands_by_is_ready_too(void **state)
{
	(void)state;
	all_are_ready(3, one_of_three, STORY_MS);
}

/* Another run takes the partitions, so that all is begun anew, and the file that says
 * who may publish terms is not there then. */
static void
without_its_trust_file_it_waits_and_says_so(void **state)
{
	static const char *const lost = "\"event\":\"trust-lost\"";
	char path[100], away[100];
	struct buf key = BUF_INIT, value = BUF_INIT;

	(void)state;
	snprintf(path, sizeof(path), "%s/trust", dir);
	snprintf(away, sizeof(away), "%s/trust.away", dir);
	pid = instance_start("four");
	assert_true(log_comes_to_say(log_of("four"), "\"event\":\"ready\"", STORY_MS));
	assert_int_equal(rename(path, away), 0);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		key_format(&(struct key){ .type = KEY_CLAIM, .stream = SPAN_LIT("*"), .a = run }, &key);
		buf_reset(&value);
		carry_encode_claim(cat, &(struct claim){ 1000 }, &value);
		send_as("outcomes", p, buf_view(&key), buf_view(&value), true);
	}
	flush();
	assert_true(log_comes_to_say(log_of("four"), lost, STORY_MS));
	event_put(5, 2);
	flush();
	pause_ms(300);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(rename(away, path), 0);
	must_agree("the file is back");
	assert_int_equal(daemon_end(&pid, SIGTERM), 0);
	buf_release(&key);
	buf_release(&value);
}

static int
world_make(void **state)
{
	(void)state;
	seed_read(3);
	snprintf(dir, sizeof(dir), "/tmp/it-milestoned-XXXXXX");
	assert_non_null(mkdtemp(dir));
	conf = (struct kafka_conf){ .brokers = getenv("KAFKA") };
	assert_non_null(conf.brokers);
	cat = av_catalogue_new();
	for (int i = 0; i < PEOPLE; i++)
		memset(secrets[i], 17 + i, SIGN_KEY_BYTES);
	as_at = complete[0] = complete[1] = DATE_NONE;
	names = names_new(5);
	for (uint32_t u = 0; u < UNITS; u++) {
		struct id id = unit_id(u);

		timelines[u] = timeline_new(names, &id);
	}
	trust_write();
	topics_make();
	writer = writer_new(&conf);
	reader = kreader_new(&conf, &err);
	must(reader == NULL);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		claims_init(&standing[p].claims, false);
		strmap_init(&standing[p].hashes, 1);
		must(kreader_add(reader, topic("outcomes"), p, KAFKA_BEGIN, NULL, &err));
	}
	return 0;
}

static int
world_end(void **state)
{
	(void)state;
	daemon_end(&pid, SIGKILL);
	kwriter_free(writer);
	kreader_free(reader);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_are_what_evaluate_gives_whatever_happens),
		cmocka_unit_test(what_a_late_feed_changes_again_is_said_once),
		cmocka_unit_test(who_stands_by_is_ready_too),
		cmocka_unit_test(without_its_trust_file_it_waits_and_says_so),
	};

	return cmocka_run_group_tests(tests, world_make, world_end);
}
