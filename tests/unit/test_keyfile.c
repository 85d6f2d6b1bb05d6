/* Secrets on disk are their owner's alone, have one purpose, are never
 * overwritten; terms count when somebody of the trust file signed them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/log.h"
#include "common/io/termsbook.h"

static char dir[64];

static const char *
path(const char *name)
{
	static char text[4][256];
	static int at;

	at = (at + 1) % 4;
	snprintf(text[at], sizeof(text[at]), "%s/%s", dir, name);
	return text[at];
}

static int
dir_make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/keyfile-XXXXXX");
	unsetenv("CREDENTIALS_DIRECTORY");
	log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return mkdtemp(dir) == NULL;
}

static int
dir_remove(void **state)
{
	static const char *const names[] = { "a.key", "b.key", "bad.key", "alice.sign", "alice.pub",
		"mallory.sign", "mallory.pub", "trust", "cred/a.key", "cred/b.key", "bob.pub" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path(names[i]));
	rmdir(path("cred"));
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path(name), mode), 0);
}

static void
refused(const char *name, const char *purpose, int32_t epoch, const char *code)
{
	struct keyfile key;
	struct err err = ERR_INIT;

	assert_int_equal(keyfile_read(path(name), purpose, epoch, &key, &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_string_equal(err.code, code);
}

static void
test_a_key_is_made_once_and_read_back(void **state)
{
	struct keyfile a, again;
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(keyfile_make(path("a.key"), "ingest", 3, &err), 0);
	assert_int_equal(stat(path("a.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_read(path("a.key"), "ingest", 0, &a, &err), 0);
	assert_int_equal(a.epoch, 3);
	assert_int_equal(keyfile_make(path("a.key"), "ingest", 3, &err), -1);
	assert_string_equal(err.code, "key-exists");
	assert_int_equal(keyfile_read(path("a.key"), "ingest", 3, &again, &err), 0);
	assert_memory_equal(a.secret, again.secret, sizeof(a.secret));
	assert_int_equal(keyfile_make(path("b.key"), "ingest", 3, &err), 0);
	assert_int_equal(keyfile_read(path("b.key"), "ingest", 0, &again, &err), 0);
	assert_memory_not_equal(a.secret, again.secret, sizeof(a.secret));
	keyfile_release(&a);
	assert_int_equal(a.secret[0] | a.secret[31], 0);
	refused("a.key", "match", 0, "key-purpose");
	refused("a.key", "ingest", 2, "key-epoch");
	refused("none.key", "ingest", 0, "key-missing");
}

static void
test_a_key_that_others_can_reach_is_refused_with_the_chmod_that_mends_it(void **state)
{
	static const mode_t modes[] = { 0640, 0620, 0604, 0602, 0601, 0660, 0666, 0700 | 0010 };
	struct keyfile key;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(path("a.key"), modes[i]);
		assert_int_equal(keyfile_read(path("a.key"), "ingest", 0, &key, &err), -1);
		assert_string_equal(err.code, "key-mode");
		assert_non_null(strstr(err.text, "chmod 600"));
	}
	chmod(path("a.key"), 0400);
	assert_int_equal(keyfile_read(path("a.key"), "ingest", 0, &key, &err), 0);
	chmod(path("a.key"), 0600);
}

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
test_a_malformed_key_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"outturn-key 2\npurpose ingest\nepoch 1\nsecret " HEX64 "\n",
		"outturn-key 1\npurpose ingest\nepoch 1\n",
		"outturn-key 1\npurpose ingest\nsecret " HEX64 "\n",
		"outturn-key 1\nepoch 1\nsecret " HEX64 "\n",
		"outturn-key 1\npurpose ingest\nepoch 0\nsecret " HEX64 "\n",
		"outturn-key 1\npurpose ingest\nepoch -1\nsecret " HEX64 "\n",
		"outturn-key 1\npurpose ingest\nepoch 1\nsecret " HEX64 "0\n",
		"outturn-key 1\npurpose ingest\nepoch 1\nsecret 0\n",
		"outturn-key 1\npurpose ingest\nepoch 1\nepoch 1\nsecret " HEX64 "\n",
		"outturn-key 1\npurpose ingest\nepoch 1\nsecret " HEX64 "\nmore x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file("bad.key", bad[i], 0600);
		refused("bad.key", "ingest", 0, "key-form");
	}
}

static void
test_a_credential_of_systemd_goes_before_the_file(void **state)
{
	struct keyfile file, cred;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(keyfile_read(path("a.key"), "ingest", 0, &file, &err), 0);
	assert_int_equal(mkdir(path("cred"), 0700), 0);
	assert_int_equal(keyfile_make(path("cred/a.key"), "ingest", 4, &err), 0);
	setenv("CREDENTIALS_DIRECTORY", path("cred"), 1);
	chmod(path("cred/a.key"), 0440); /* as its access list shows */
	assert_int_equal(keyfile_read(path("a.key"), "ingest", 0, &cred, &err), 0);
	assert_int_equal(cred.epoch, 4);
	chmod(path("cred/a.key"), 0444);
	refused("a.key", "ingest", 0, "key-mode");
	assert_int_equal(keyfile_read(path("b.key"), "ingest", 0, &cred, &err), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
test_a_person_has_a_secret_and_a_public_half(void **state)
{
	struct keyfile secret;
	char name[KEYFILE_NAME_MAX];
	uint8_t public[32], derived[32];
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(keyfile_person_make(dir, "alice", &err), 0);
	assert_int_equal(keyfile_read(path("alice.sign"), "sign", 0, &secret, &err), 0);
	assert_int_equal(keyfile_public_read(path("alice.pub"), name, public, &err), 0);
	assert_string_equal(name, "alice");
	sign_public(secret.secret, derived);
	assert_memory_equal(public, derived, 32);
	assert_int_equal(keyfile_person_make(dir, "alice", &err), -1);
	assert_string_equal(err.code, "key-exists");
	assert_int_equal(keyfile_person_make(dir, "../alice", &err), -1);
	assert_int_equal(keyfile_person_make(dir, "", &err), -1);
	write_file("bob.pub", "outturn-public 1\nname bob\nkey 12\n", 0644);
	assert_int_equal(keyfile_public_read(path("bob.pub"), name, public, &err), -1);
	assert_string_equal(err.code, "key-form");
}

/* --- termsbook */

struct signer {
	char name[KEYFILE_NAME_MAX];
	struct keyfile key;
	uint8_t public[32];
};

static struct av_catalogue *cat;

static struct signer
signer_read(const char *name)
{
	struct signer s;
	struct err err = ERR_INIT;
	char file[80];

	snprintf(file, sizeof(file), "%s.sign", name);
	assert_int_equal(keyfile_read(path(file), "sign", 0, &s.key, &err), 0);
	snprintf(s.name, sizeof(s.name), "%s", name);
	sign_public(s.key.secret, s.public);
	return s;
}

static void
sign_as(const struct signer *s, const struct av_record *binding, void *rec, struct span *signature,
    size_t signature_at, uint8_t sig[SIGN_BYTES])
{
	struct buf msg = BUF_INIT;

	*signature = SPAN_NONE;
	sign_message(cat, binding, rec, signature_at, &msg);
	sign_bytes(s->key.secret, buf_view(&msg), sig);
	*signature = span_of(sig, SIGN_BYTES);
	buf_release(&msg);
}

/* Folds what `s` signs and says under the key id `as`. */
static bool
fold(struct termsbook *tb, const struct signer *s, const char *as, const char *thing,
    const char *name, int version, const char *content, const char *key)
{
	struct terms t = { .thing = span_str(thing), .name = span_str(name), .version = version,
		.effective = DATE_NONE, .content = span_str(content), .by = span_str(as),
		.key_id = span_str(as) };
	uint8_t sig[SIGN_BYTES];
	struct buf value = BUF_INIT, own = BUF_INIT;
	struct rec rec = { .offset = 1 };
	struct span said;
	bool changed;

	if (s)
		sign_as(s, &terms_binding, &t, &t.signature, offsetof(struct terms, signature), sig);
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, version, &own);
	rec.key = key ? span_str(key) : buf_view(&own);
	rec.value = buf_view(&value);
	changed = termsbook_fold(tb, &rec, &said);
	buf_release(&value);
	buf_release(&own);
	return changed;
}

static struct termsbook *
book_trusting_alice(const struct signer *alice)
{
	char text[256], hex[65];
	struct err err = ERR_INIT;
	struct termsbook *tb;

	hex_of(alice->public, 32, hex);
	snprintf(text, sizeof(text), "# who may publish\n\n  alice  %s\n", hex);
	write_file("trust", text, 0644);
	tb = termsbook_new(path("trust"), cat, &err);
	assert_non_null(tb);
	return tb;
}

static void
test_a_trust_file_that_trusts_nobody_is_refused(void **state)
{
	static const char *const bad[] = { "", "# nobody\n", "alice\n", "alice 12\n",
		"alice " HEX64 " more\n", "alice " HEX64 "\nalice " HEX64 "\n" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file("trust", bad[i], 0644);
		assert_null(termsbook_new(path("trust"), cat, &err));
		assert_int_equal(err.class, ERR_FATAL);
	}
	assert_null(termsbook_new(path("no-such-file"), cat, &err));
}

static void
test_only_what_a_trusted_person_signed_counts(void **state)
{
	struct signer alice = signer_read("alice"), mallory;
	struct termsbook *tb = book_trusting_alice(&alice);
	struct err err = ERR_INIT;
	struct span thing;

	(void)state;
	assert_int_equal(keyfile_person_make(dir, "mallory", &err), 0);
	mallory = signer_read("mallory");
	assert_true(fold(tb, &alice, "alice", "contract", "a", 1, "one", NULL));
	assert_false(fold(tb, &alice, "alice", "contract", "a", 1, "one", NULL)); /* again */
	assert_int_equal(termsbook_refused(tb), 0);
	assert_false(fold(tb, NULL, "alice", "contract", "a", 2, "two", NULL));
	assert_false(fold(tb, &mallory, "alice", "contract", "a", 2, "two", NULL));
	assert_false(fold(tb, &mallory, "mallory", "contract", "a", 2, "two", NULL));
	assert_false(fold(tb, &alice, "alice", "contract", "a", 1, "x", "contract/b/1"));
	assert_int_equal(termsbook_refused(tb), 4);
	assert_false(termsbook_fold(tb,
	    &(struct rec){ .key = SPAN_LIT("contract/a/1"), .value = SPAN_LIT("rubbish") }, &thing));
	assert_false(
	    termsbook_fold(tb, &(struct rec){ .key = SPAN_LIT("contract/a/1") }, &thing));
	assert_int_equal(termsbook_refused(tb), 6);
	assert_int_equal(termsbook_book(tb)->n, 1);
	termsbook_free(tb);
}

static bool
erasure_counts(struct termsbook *tb, const struct signer *s, const char *const *roles)
{
	struct suppressed e = { .event_id = { { 1, 2, 3 } }, .by = span_str(s->name),
		.key_id = span_str(s->name) };
	uint8_t sig[SIGN_BYTES];
	bool counts, without;

	sign_as(s, &suppressed_binding, &e, &e.signature, offsetof(struct suppressed, signature),
	    sig);
	counts = termsbook_signed(tb, &suppressed_binding, &e, e.key_id, e.signature,
	    offsetof(struct suppressed, signature), roles);
	e.event_id.b[0] ^= 1; /* what was signed is another event */
	without = termsbook_signed(tb, &suppressed_binding, &e, e.key_id, e.signature,
	    offsetof(struct suppressed, signature), roles);
	assert_false(without);
	return counts;
}

static void
test_who_may_say_what_is_asked_of_todays_pages(void **state)
{
	static const char *const eraser[] = { "eraser", "publisher", NULL };
	static const char *const verifier[] = { "verifier", NULL };
	struct signer alice = signer_read("alice"), mallory = signer_read("mallory");
	struct termsbook *tb = book_trusting_alice(&alice);
	char page[256], hex[65];

	(void)state;
	hex_of(mallory.public, 32, hex);
	assert_false(erasure_counts(tb, &mallory, eraser));
	snprintf(page, sizeof(page), "key: %s\nroles: [verifier]\n", hex);
	assert_true(fold(tb, &alice, "alice", "person", "mallory", 1, page, NULL));
	assert_false(erasure_counts(tb, &mallory, eraser));
	assert_true(erasure_counts(tb, &mallory, verifier));
	snprintf(page, sizeof(page), "key: %s\nroles: [verifier, eraser]\n", hex);
	assert_true(fold(tb, &alice, "alice", "person", "mallory", 2, page, NULL));
	assert_true(erasure_counts(tb, &mallory, eraser));
	assert_true(fold(tb, &alice, "alice", "person", "mallory", 3, "key: zz\nroles: []\n", NULL));
	assert_false(erasure_counts(tb, &mallory, eraser)); /* unreadable: may say nothing */
	hex_of(alice.public, 32, hex);
	snprintf(page, sizeof(page), "key: %s\nroles: eraser\n", hex);
	assert_true(fold(tb, &alice, "alice", "person", "mallory", 4, page, NULL));
	assert_false(erasure_counts(tb, &mallory, eraser)); /* the key was changed */
	termsbook_free(tb);
}

static int
lines_of(FILE *f)
{
	int n = 0, c;

	rewind(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	return n;
}

static void
test_a_mistaken_page_is_said_once_also_when_it_is_published_again(void **state)
{
	struct signer alice = signer_read("alice");
	struct termsbook *tb = book_trusting_alice(&alice);
	FILE *said = tmpfile();
	struct book_page page = { .thing = SPAN_LIT("contract"), .name = SPAN_LIT("a"), .version = 2,
		.content = SPAN_LIT("nothing right") };

	(void)state;
	assert_non_null(said);
	assert_true(termsbook_mistaken(tb, &page));
	page.offset = 7; /* read again, published again */
	assert_false(termsbook_mistaken(tb, &page));
	page.content = SPAN_LIT("nothing right either");
	assert_true(termsbook_mistaken(tb, &page));
	page.version = 3;
	assert_true(termsbook_mistaken(tb, &page));

	log_to(fileno(said));
	assert_true(fold(tb, &alice, "alice", "person", "bob", 1, "key: zz\nroles: []\n", NULL));
	assert_true(fold(tb, &alice, "alice", "person", "cora", 1, "key: zz\nroles: []\n", NULL));
	assert_false(fold(tb, &alice, "alice", "person", "cora", 1, "key: zz\nroles: []\n", NULL));
	assert_int_equal(lines_of(said), 2);
	log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
	fclose(said);
	termsbook_free(tb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_is_made_once_and_read_back),
		cmocka_unit_test(
		    test_a_key_that_others_can_reach_is_refused_with_the_chmod_that_mends_it),
		cmocka_unit_test(test_a_malformed_key_is_refused),
		cmocka_unit_test(test_a_credential_of_systemd_goes_before_the_file),
		cmocka_unit_test(test_a_person_has_a_secret_and_a_public_half),
		cmocka_unit_test(test_a_trust_file_that_trusts_nobody_is_refused),
		cmocka_unit_test(test_only_what_a_trusted_person_signed_counts),
		cmocka_unit_test(test_who_may_say_what_is_asked_of_todays_pages),
		cmocka_unit_test(test_a_mistaken_page_is_said_once_also_when_it_is_published_again),
	};
	int failed;

	cat = av_catalogue_new();
	failed = cmocka_run_group_tests(tests, dir_make, dir_remove);
	av_catalogue_free(cat);
	return failed;
}
