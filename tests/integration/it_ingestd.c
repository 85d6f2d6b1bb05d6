/*
 * it_ingestd - the daemon on a real broker: killed, stopped, replaced, told
 * other terms, told to erase; at the end exactly one evidence record counts
 * for each raw record, and it is what a direct computation gives.
 *
 * Env: KAFKA=host:port, PREFIX=a name for topics that nobody else uses,
 * OUTTURN_BIN=directory of the programs (build), SEED.  Run where config/ is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/level_task.h"
#include "common/io/log.h"
#include "common/mem.h"
#include "common/raw_write.h"
#include "common/topics.h"
#include "ingest/shell_judge.h"
#include "ingest/shell_terms.h"
#include "tests/code_files.h"
#include "tests/integration/pipe.h"

enum { STORY_MS = 90000, RECORDS = 1500, HUGE_BYTES = 10 * 1024 * 1024,
	RAWS = 2, SESSION_MS = 2000, INSTANCES = 2, ANEW = 20 };

static const char *const raw_names[RAWS] = { "raw.council-a", "raw.nhs-b" };
static const enum raw_schema raw_schemas[RAWS] = { RAW_SCHEMA_COUNCIL, RAW_SCHEMA_NHS };
static const char *const raw_full[RAWS] = { "org.outturn.CouncilRecord", "org.outturn.NhsRecord" };
static const char *const code_files[] = { CODE_FILES(CODE_FILE) };

static struct kafka_conf conf;
static char dir[64];
static struct keyfile alice;
static struct av_catalogue *cat;
static struct keyring *ring;
static struct frequency frequency;
static struct postcodes *postcodes;
static struct book book;         /* what was published */
static int64_t terms_sent;
static struct idmap erased;
static pid_t pids[INSTANCES + 1];
static int32_t raw_epoch[RAWS] = { 1, 1 };

static void
file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	size_t got = 1;

	if (!f)
		fail_msg("cannot open %s", path);
	buf_reset(out);
	while (got) {
		buf_grow(out, 1 << 16);
		got = fread(out->ptr + out->len, 1, 1 << 16, f);
		out->len += got;
	}
	fclose(f);
}

/* --- a writer as agencies and people have */

/* What agencies send may be larger than what we take. */
static struct kwriter *
sender_new(void)
{
	struct kafka_conf big = conf;

	big.message_max_bytes = 16 * 1024 * 1024;
	return writer_new(&big);
}

static void
sender_done(struct kwriter *w)
{
	written(w);
	kwriter_free(w);
}

static void
sign(const struct av_record *binding, void *rec, struct span *signature, size_t at,
    uint8_t sig[SIGN_BYTES])
{
	struct buf msg = BUF_INIT;

	*signature = SPAN_NONE;
	sign_message(cat, binding, rec, at, &msg);
	sign_bytes(alice.secret, buf_view(&msg), sig);
	*signature = span_of(sig, SIGN_BYTES);
	buf_release(&msg);
}

static void
publish(const char *thing, const char *name, int version, struct span content)
{
	struct terms t = { .thing = span_str(thing), .name = span_str(name), .version = version,
		.effective = DATE_NONE, .content = content, .by = SPAN_LIT("alice"),
		.key_id = SPAN_LIT("alice") };
	struct kwriter *w = sender_new();
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];
	struct span said;

	sign(&terms_binding, &t, &t.signature, offsetof(struct terms, signature), sig);
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, version, &key);
	put(w, "terms", 0, buf_view(&key), buf_view(&value), NULL);
	sender_done(w);
	book_fold(&book, &(struct rec){ .key = buf_view(&key), .offset = terms_sent++ }, &t, &said);
	buf_release(&key);
	buf_release(&value);
}

static void
erase(const struct id *event)
{
	struct suppressed s = { .event_id = *event, .by = SPAN_LIT("alice"),
		.key_id = SPAN_LIT("alice") };
	struct kwriter *w = sender_new();
	struct buf value = BUF_INIT;
	uint8_t sig[SIGN_BYTES];
	char hex[ID_HEX + 1];
	bool fresh;

	sign(&suppressed_binding, &s, &s.signature, offsetof(struct suppressed, signature), sig);
	av_write(cat, &suppressed_binding, &s, &value);
	id_hex(event, hex);
	put(w, "suppressed", 0, span_str(hex), buf_view(&value), NULL);
	sender_done(w);
	buf_release(&value);
	idmap_put(&erased, event, &fresh);
}

static struct entries
read_log(const char *name)
{
	return log_read(&conf, name, 0, STORY_MS);
}

/* --- what should stand, computed directly */

static bool
is_erased(const struct id *id, const void *arg)
{
	(void)arg;
	return idmap_find(&erased, id) != NULL;
}

struct tally {
	uint32_t n, right, cuts, what[4], unsealed;
};

static void
compare_reject(const struct rec *raw, struct span place, const struct entries *log,
    const struct strmap *standing, struct tally *t)
{
	const uint64_t *at = strmap_find(standing, place);
	struct rejected rej;
	struct buf out = BUF_INIT;

	if (!at || !*at || av_read(cat, &rejected_binding, log->at[*at - 1].rec.value, &rej, NULL, &err))
		return;
	if (raw->value.len > RAW_BYTES_MAX)
		t->unsealed += rej.sealed.ptr == NULL && rej.raw_bytes == (int64_t)raw->value.len;
	else
		t->unsealed += judge_unseal(ring, &rej, &out) && span_eq(buf_view(&out), raw->value);
	buf_release(&out);
}

static struct tally
compare(int at_raw, const struct entries *evidence, const struct entries *rejected,
    struct judge *judge)
{
	struct tally t = { 0 };
	struct strmap standing, sealed;
	const char *name = raw_names[at_raw];
	int32_t epoch = raw_epoch[at_raw];
	struct entries raw = read_log(name);
	struct buf place = BUF_INIT;
	struct cut cut;
	const uint64_t *at;

	entries_fold(evidence, cat, true, true, &standing);
	entries_fold(rejected, cat, false, false, &sealed);
	for (size_t i = 0; i < raw.n; i++) {
		const struct rec *r = &raw.at[i].rec;
		struct raw_position pos = { span_str(name), epoch, r->offset, r->time_ms, r->key };
		struct judgement j;

		judge_record(judge, &pos, r->value, &j);
		key_format(&(struct key){ .type = KEY_RECORD, .stream = span_str(name), .epoch = epoch,
			       .offset = r->offset }, &place);
		at = strmap_find(&standing, buf_view(&place));
		t.n++;
		t.what[j.what]++;
		t.right += at && *at && span_eq(evidence->at[*at - 1].rec.value, j.evidence);
		if (j.what == EVIDENCE_REJECT)
			compare_reject(r, buf_view(&place), rejected, &sealed, &t);
		else {
			at = strmap_find(&sealed, buf_view(&place));
			t.right -= at && *at; /* nothing stays sealed behind */
		}
	}
	key_format(&(struct key){ .type = KEY_CUT, .stream = span_str(name) }, &place);
	at = strmap_find(&standing, buf_view(&place));
	t.cuts = at && *at && carry_decode_cut(cat, evidence->at[*at - 1].rec.value, &cut)
	    && raw.n && cut.epoch == epoch && cut.offset == raw.at[raw.n - 1].rec.offset
	    && cut.terms_offset == terms_sent - 1;
	entries_free(&raw);
	strmap_release(&standing);
	strmap_release(&sealed);
	buf_release(&place);
	return t;
}

/* Until all that should stand stands and cuts say so; the sum of all topics. */
static struct tally
await_agreement(void)
{
	struct yaml_report report = YAML_REPORT_INIT;
	const char *missing;
	struct rules *rules = rules_of_book(&book, &report, &missing);
	struct tally sum = { 0 };
	int64_t until = now_ms() + STORY_MS;
	struct judge *judge;
	bool agreed = false;

	assert_non_null(rules);
	judge = judge_new(cat, &(struct ingest_terms){ .agencies = rules->agencies,
		.codes = rules->codes, .postcodes = postcodes, .frequency = &frequency, .ring = ring,
		.tokens = TOKEN_SETTINGS_DEFAULT, .is_suppressed = is_erased });

	while (!agreed && now_ms() < until) {
		struct entries evidence = read_log("evidence"), rejected = read_log("rejected");

		sum = (struct tally){ 0 };
		for (int i = 0; i < RAWS; i++) {
			struct tally t = compare(i, &evidence, &rejected, judge);

			sum.n += t.n;
			sum.right += t.right;
			sum.cuts += t.cuts;
			sum.unsealed += t.unsealed;
			for (int k = 0; k < 4; k++)
				sum.what[k] += t.what[k];
		}
		entries_free(&evidence);
		entries_free(&rejected);
		agreed = sum.right == sum.n && sum.cuts == RAWS
		    && sum.unsealed == sum.what[EVIDENCE_REJECT];
		if (!agreed)
			pause_ms(300);
	}
	if (!agreed)
		fail_msg("of %u raw records %u stand as computed, %u of %d cuts are at the end, %u of "
			 "%u rejects unseal; SEED", sum.n, sum.right, sum.cuts, RAWS, sum.unsealed,
		    sum.what[EVIDENCE_REJECT]);
	judge_free(judge);
	rules_free(rules);
	return sum;
}

/* --- the daemon */

static void
spawn(int instance)
{
	char arg[6][200], log[128];

	snprintf(arg[0], sizeof(arg[0]), "prefix=%s", getenv("PREFIX"));
	snprintf(arg[1], sizeof(arg[1]), "instance=%d", instance);
	snprintf(arg[2], sizeof(arg[2]), "keys_dir=%s", dir);
	snprintf(arg[3], sizeof(arg[3]), "trust=%s/trust", dir);
	snprintf(arg[4], sizeof(arg[4]), "session=%d", SESSION_MS);
	snprintf(arg[5], sizeof(arg[5]), "poll_interval_max=%d", 2 * SESSION_MS);
	snprintf(log, sizeof(log), "%s/log.%d", dir, instance);
	pids[instance] = daemon_spawn("ingestd", log,
	    (const char *const[]){ arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], NULL });
}

/* --- records */

static void
send_raw(struct kwriter *w, int i, int n)
{
	static const char *const settings[] = { "own-tenancy", "hostel", "cloud-castle" };
	struct raw_address address = { .line1 = SPAN_LIT("1 Invented Street"),
		.postcode = SPAN_LIT("ZZ1 1ZZ") };
	struct raw_attribute attribute = { SPAN_LIT("setting"), { .type = AV_STRING } };
	struct raw_person person = { .forename = SPAN_LIT("Testa"), .dob = SPAN_LIT("2000-02-29"),
		.addresses = { &address, 1 } };
	struct raw_event event = { .kind = SPAN_LIT("accommodation"), .start = SPAN_LIT("2024-05-01"),
		.attributes = { &attribute, 1 } };
	struct raw_record record = { .revision = 1, .person = &person, .event = &event };
	char id[32], surname[32];
	struct buf value = BUF_INIT;
	uint32_t lot = draw(40);

	snprintf(id, sizeof(id), "rec-%d", n);
	snprintf(surname, sizeof(surname), "Mc%c%c%c", 'a' + n % 26, 'a' + n / 26 % 26, 'a' + n / 676);
	record.record_id = span_str(id);
	person.surname = span_str(surname);
	attribute.value.s = span_str(settings[n == 0 ? 0 : draw(8) < 6 ? 0 : 1 + draw(2)]);
	if (n && lot == 0)
		person.dob = SPAN_LIT("2001-02-29");
	if (n && lot == 1)
		event.kind = SPAN_LIT("volunteering");
	record.withdrawn = n && lot == 2;
	av_single_head(av_schema_fingerprint(av_catalogue_named(cat, raw_full[i])), &value);
	must(raw_write(raw_schemas[i], &record, &value, &err));
	put(w, raw_names[i], 0, span_str(id),
	    n && lot == 3 ? SPAN_LIT("no Avro") : n && lot == 4 ? SPAN_NONE : buf_view(&value), NULL);
	buf_release(&value);
}

static void
send_all(int from, int n)
{
	struct kwriter *w = sender_new();
	uint8_t *huge = mem_zalloc(1, HUGE_BYTES);

	for (int k = from; k < from + n; k++)
		for (int i = 0; i < RAWS; i++)
			send_raw(w, i, k);
	put(w, raw_names[0], 0, SPAN_LIT("huge"), span_of(huge, HUGE_BYTES), NULL);
	sender_done(w);
	mem_free(huge);
}

/* --- the ground */

static void
keys_make(void)
{
	char path[128], name[KEYFILE_NAME_MAX], hex[65];
	uint8_t public[32];
	struct keyfile key;
	FILE *f;

	snprintf(path, sizeof(path), "%s/ingest.key", dir);
	must(keyfile_make(path, "ingest", 1, &err));
	must(keyfile_read(path, "ingest", 1, &key, &err));
	ring = keyring_new(key.secret, key.epoch);
	must(keyfile_person_make(dir, "alice", &err));
	snprintf(path, sizeof(path), "%s/alice.sign", dir);
	must(keyfile_read(path, "sign", 0, &alice, &err));
	snprintf(path, sizeof(path), "%s/alice.pub", dir);
	must(keyfile_public_read(path, name, public, &err));
	hex_of(public, 32, hex);
	snprintf(path, sizeof(path), "%s/trust", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "alice %s\n", hex);
	fclose(f);
}

/* The shipped terms, but for one setting that is not known yet. */
static struct buf settings_full;

static void
terms_publish(void)
{
	struct buf text = BUF_INIT, page = BUF_INIT;
	char path[128], hex[65];
	uint8_t public[32];
	const uint8_t *line;

	sign_public(alice.secret, public);
	hex_of(public, 32, hex);
	buf_printf(&page, "key: %s\nroles: [publisher, eraser]\n", hex);
	publish("person", "alice", 1, buf_view(&page));
	for (size_t i = 0; i < sizeof(code_files) / sizeof(code_files[0]); i++) {
		snprintf(path, sizeof(path), "config/codes/%s.yaml", code_files[i]);
		file_read(path, &text);
		if (strcmp(code_files[i], "settings") == 0) {
			buf_span(&settings_full, buf_view(&text));
			line = memmem(text.ptr, text.len, "code: hostel", 12);
			assert_non_null(line);
			memcpy((void *)(uintptr_t)line, "code: nohost", 12);
		}
		publish("codes", code_files[i], 1, buf_view(&text));
	}
	file_read("config/agencies.yaml", &text);
	publish("agencies", "agencies", 1, buf_view(&text));
	buf_release(&text);
	buf_release(&page);
}

static int
ground(void **state)
{
	static const char *const names[] = { "terms", "suppressed", "evidence", "rejected",
		"raw.council-a", "raw.nhs-b" }; /* raw.provider-c is missing, and stays so */
	struct kadmin *admin;
	struct buf text = BUF_INIT;

	(void)state;
	seed_read(20250401);
	conf = (struct kafka_conf){ .brokers = getenv("KAFKA"), .message_max_bytes = 16 << 20 };
	log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
	snprintf(dir, sizeof(dir), "/tmp/it-ingestd-XXXXXX");
	assert_non_null(mkdtemp(dir));
	cat = av_catalogue_new();
	book_init(&book);
	idmap_init(&erased, 1);
	keys_make();
	file_read("config/frequency.tsv", &text);
	must(frequency_parse(&frequency, buf_view(&text), &err));
	file_read("config/postcodes-sample.csv", &text);
	postcodes = postcodes_parse(buf_view(&text), &err);
	must(postcodes == NULL);
	buf_release(&text);
	admin = kadmin_new(&conf, &err);
	must(admin == NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		topic_make(admin, names[i], 1);
	kadmin_free(admin);
	return 0;
}

static int
leave(void **state)
{
	static const char *const files[] = { "ingest.key", "alice.sign", "alice.pub", "trust", "log.1",
		"log.2" };
	char path[128];

	(void)state;
	for (int i = 1; i <= INSTANCES; i++)
		daemon_end(&pids[i], SIGKILL);
	for (size_t i = 0; !getenv("KEEP") && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	keyring_free(ring);
	frequency_release(&frequency);
	postcodes_free(postcodes);
	book_release(&book);
	idmap_release(&erased);
	buf_release(&settings_full);
	av_catalogue_free(cat);
	return 0;
}

/* --- the stories, each where the one before ended */

static void
test_what_is_sent_before_terms_waits_for_them(void **state)
{
	struct tally t;

	(void)state;
	send_all(0, RECORDS);
	spawn(1);
	pause_ms(1500);
	terms_publish();
	t = await_agreement();
	assert_int_equal(t.n, RAWS * RECORDS + 1);
	assert_true(t.what[EVIDENCE_VERSION] > 0 && t.what[EVIDENCE_REJECT] > 0);
}

static void
test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	send_all(RECORDS, RECORDS);
	for (int i = 0; i < 6; i++) {
		pause_ms(50 + (int)draw(500));
		daemon_end(&pids[1], SIGKILL);
		spawn(1);
	}
	assert_int_equal(await_agreement().n, 2 * (RAWS * RECORDS + 1));
}

static void
test_stopped_past_its_session_and_continued_it_does_no_harm(void **state)
{
	(void)state;
	spawn(2);
	pause_ms(1000);
	send_all(2 * RECORDS, RECORDS);
	for (int i = 0; i < 2; i++) {
		int stopped = 1 + i % 2;

		kill(pids[stopped], SIGSTOP);
		pause_ms(SESSION_MS + 1500);
		kill(pids[stopped], SIGCONT);
		pause_ms(300);
	}
	assert_int_equal(await_agreement().n, 3 * (RAWS * RECORDS + 1));
}

static void
test_a_mistaken_page_changes_nothing_and_its_correction_is_followed(void **state)
{
	struct tally before, t;

	(void)state;
	before = await_agreement();
	publish("codes", "settings", 2, SPAN_LIT("list: settings\ncodez: []\n"));
	pause_ms(1500);
	publish("codes", "settings", 3, buf_view(&settings_full));
	t = await_agreement();
	assert_true(t.what[EVIDENCE_VERSION] > before.what[EVIDENCE_VERSION]);
	assert_true(t.what[EVIDENCE_REJECT] < before.what[EVIDENCE_REJECT]);
}

static void
test_what_is_erased_becomes_a_stub_also_when_it_was_away(void **state)
{
	struct id id = event_id_of(ring, SPAN_LIT("E08000099"), SPAN_LIT("rec-0"));
	struct tally t;

	(void)state;
	erase(&id);
	t = await_agreement();
	assert_true(t.what[EVIDENCE_SUPPRESSED] == 1);
	daemon_end(&pids[1], SIGKILL);
	daemon_end(&pids[2], SIGKILL);
	id = event_id_of(ring, SPAN_LIT("RXX99"), SPAN_LIT("rec-7"));
	erase(&id);
	spawn(1);
	t = await_agreement();
	assert_true(t.what[EVIDENCE_SUPPRESSED] == 2);
}

/* config/agencies.yaml, where one topic has an epoch of its own. */
static void
agencies_publish(int version, const char *name, int32_t epoch)
{
	struct buf text = BUF_INIT, page = BUF_INIT;
	char line[2 * TOPIC_NAME_MAX];
	const uint8_t *at;

	snprintf(line, sizeof(line), "topic: %s\n", name);
	file_read("config/agencies.yaml", &text);
	at = memmem(text.ptr, text.len, line, strlen(line));
	assert_non_null(at);
	buf_add(&page, text.ptr, (size_t)(at - text.ptr));
	buf_printf(&page, "epoch: %d\n    ", (int)epoch);
	buf_add(&page, at, text.len - (size_t)(at - text.ptr));
	publish("agencies", "agencies", version, buf_view(&page));
	buf_release(&text);
	buf_release(&page);
}

/* A payload as a former owner would have left it: `rejected` knows no claims. */
static void
stray(int raw, int64_t offset)
{
	struct kwriter *w = sender_new();
	struct buf place = BUF_INIT;

	key_format(&(struct key){ .type = KEY_RECORD, .stream = span_str(raw_names[raw]),
		       .epoch = raw_epoch[raw], .offset = offset }, &place);
	put(w, "rejected", 0, buf_view(&place), SPAN_LIT("an invented payload"), NULL);
	sender_done(w);
	buf_release(&place);
}

/* The offset and event of some record that is a reject, or a version; -1: there is none. */
static int64_t
some_record(int raw, enum evidence_what what, struct id *event)
{
	struct entries log = read_log("evidence");
	int64_t offset = -1;

	for (size_t i = 0; offset < 0 && i < log.n; i++) {
		struct key key = key_parse(log.at[i].rec.key);
		struct evidence e;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		if (key.type == KEY_RECORD && span_is(key.stream, raw_names[raw])
		    && av_read(cat, &evidence_binding, log.at[i].rec.value, &e, &arena, &err) == 0
		    && e.what == (int)what && !span_is(e.reason, "too-large")) {
			offset = key.offset;
			*event = e.event_id;
		}
		arena_release(&arena);
	}
	entries_free(&log);
	return offset;
}

static void
test_no_payload_stays_of_who_was_erased_nor_where_nothing_is_rejected(void **state)
{
	struct id reject, version, other;
	int64_t offset = some_record(0, EVIDENCE_REJECT, &reject),
		at = some_record(0, EVIDENCE_VERSION, &version);

	(void)state;
	assert_true(offset >= 0 && at >= 0);
	erase(&reject);
	await_agreement();
	stray(0, offset); /* late: its writer had not heard of the erasure */
	stray(0, at);
	await_agreement();
	daemon_end(&pids[1], SIGKILL);
	offset = some_record(1, EVIDENCE_REJECT, &other);
	erase(&other);
	erase(&version);
	stray(0, at);
	stray(1, offset + 1);
	spawn(1);
	await_agreement();
}

static void
test_nothing_is_taken_away_where_nothing_stood(void **state)
{
	struct entries log = read_log("rejected");
	struct strmap seen;
	bool fresh;

	(void)state;
	strmap_init(&seen, 1);
	for (size_t i = 0; i < log.n; i++) {
		strmap_put(&seen, log.at[i].rec.key, &fresh);
		assert_false(fresh && !log.at[i].rec.value.ptr);
	}
	strmap_release(&seen);
	entries_free(&log);
}

/* Whoever may write to evidence may write any offset. */
static void
test_an_offset_that_somebody_made_up_costs_no_memory_and_does_not_stay(void **state)
{
	static const int64_t offsets[] = { INT64_C(999999999999999999), INT64_C(1) << 40,
		1000000 };
	struct entries log;
	struct strmap standing;
	struct buf place = BUF_INIT;
	int64_t until = now_ms() + STORY_MS;
	int left = 3;

	(void)state;
	for (int round = 0; round < 2; round++) { /* to be folded; to be answered */
		struct kwriter *w = sender_new();

		if (round == 0)
			daemon_end(&pids[1], SIGKILL);
		for (int i = 0; i < 3; i++) {
			key_format(&(struct key){ .type = KEY_RECORD, .stream = span_str(raw_names[1]),
				       .epoch = 1, .offset = offsets[i] }, &place);
			put(w, "evidence", 0, buf_view(&place), SPAN_LIT("nothing that decodes"), NULL);
		}
		sender_done(w);
		if (round == 0)
			spawn(1);
		await_agreement();
	}
	while (left && now_ms() < until) {
		log = read_log("evidence");
		strmap_init(&standing, 1);
		for (size_t i = 0; i < log.n; i++)
			*strmap_put(&standing, log.at[i].rec.key, NULL) = log.at[i].rec.value.ptr != NULL;
		left = 0;
		for (int i = 0; i < 3; i++) {
			key_format(&(struct key){ .type = KEY_RECORD, .stream = span_str(raw_names[1]),
				       .epoch = 1, .offset = offsets[i] }, &place);
			left += *strmap_find(&standing, buf_view(&place)) != 0;
		}
		strmap_release(&standing);
		entries_free(&log);
		if (left)
			pause_ms(300);
	}
	assert_int_equal(left, 0);
	buf_release(&place);
}

static void
test_a_topic_that_is_made_anew_with_fewer_records_goes_on(void **state)
{
	struct kadmin *admin = kadmin_new(&conf, &err);
	const char *name;
	struct kwriter *w;
	uint32_t n;

	(void)state;
	must(admin == NULL);
	n = await_agreement().n;
	name = topic(raw_names[0]);
	must(kadmin_topics_delete(admin, &name, 1, ASK_MS, &err));
	pause_ms(1000);
	raw_epoch[0] = 2;
	agencies_publish(2, raw_names[0], raw_epoch[0]);
	topic_make(admin, raw_names[0], 1);
	w = sender_new();
	for (int k = 0; k < ANEW; k++)
		send_raw(w, 0, k);
	sender_done(w);
	assert_int_equal(await_agreement().n, n - (3 * (RECORDS + 1)) + ANEW);
	kadmin_free(admin);
}

static void
test_asked_to_end_it_ends_with_0(void **state)
{
	int status;

	(void)state;
	status = daemon_end(&pids[1], SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent_before_terms_waits_for_them),
		cmocka_unit_test(test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_doubled),
		cmocka_unit_test(test_stopped_past_its_session_and_continued_it_does_no_harm),
		cmocka_unit_test(test_a_mistaken_page_changes_nothing_and_its_correction_is_followed),
		cmocka_unit_test(test_what_is_erased_becomes_a_stub_also_when_it_was_away),
		cmocka_unit_test(test_no_payload_stays_of_who_was_erased_nor_where_nothing_is_rejected),
		cmocka_unit_test(test_nothing_is_taken_away_where_nothing_stood),
		cmocka_unit_test(test_an_offset_that_somebody_made_up_costs_no_memory_and_does_not_stay),
		cmocka_unit_test(test_a_topic_that_is_made_anew_with_fewer_records_goes_on),
		cmocka_unit_test(test_asked_to_end_it_ends_with_0),
	};

	return cmocka_run_group_tests(tests, ground, leave);
}
