#include "common/io/termsbook.h"

#include <errno.h>
#include <stdio.h>

#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/io/log.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/must.h"

enum {
	TRUST_BYTES_MAX = 1024 * 1024,
	TRUST_MAX = 1024,    /* people who may publish */
	PEOPLE_MAX = 100000, /* pages of people that are read */
};

struct trusted {
	struct span name; /* in the file's text */
	uint8_t key[SIGN_KEY_BYTES];
};

struct person {
	char name[KEYFILE_NAME_MAX];
	uint8_t key[SIGN_KEY_BYTES];
	uint32_t roles;
};

struct termsbook {
	struct av_catalogue *cat;
	struct buf trust_text;
	struct trusted *trusted;
	size_t trusted_n;
	struct book book;
	struct person *people; /* of today's pages, by name as the book has them */
	size_t people_n;
	uint64_t refused;
	struct strmap mistaken; /* key of a page -> hash of the content that was mistaken */
	struct buf message, key;
};

/* --- the trust file */

static int
file_read(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "re");
	int result = 0;

	if (!f)
		return err_code(err, ERR_FATAL, "key-missing", NULL,
		    "cannot open trust file '%.300s': %s", path, strerror(errno));
	buf_grow(out, TRUST_BYTES_MAX + 1);
	out->len = fread(out->ptr, 1, TRUST_BYTES_MAX + 1, f);
	if (ferror(f) || out->len > TRUST_BYTES_MAX)
		result = err_code(err, ERR_FATAL, "key-form", NULL,
		    "trust file '%.300s' cannot be read, or is longer than 1 MiB", path);
	fclose(f);
	return result;
}

static struct span
word_next(struct span *rest)
{
	struct span word;
	size_t from = 0, to;

	while (from < rest->len && strchr(" \t\r", rest->ptr[from]) && rest->ptr[from])
		from++;
	to = from;
	while (to < rest->len && !(strchr(" \t\r", rest->ptr[to]) && rest->ptr[to]))
		to++;
	word = span_of(rest->ptr + from, to - from);
	*rest = span_of(rest->ptr + to, rest->len - to);
	return word;
}

/* -1: malformed; 0: nothing on it; 1: one more. */
static int
trust_line(struct termsbook *tb, struct span line)
{
	struct span name = word_next(&line), hex = word_next(&line);
	struct trusted *t = &tb->trusted[tb->trusted_n];

	if (name.len == 0 || name.ptr[0] == '#')
		return 0;
	if (name.len >= KEYFILE_NAME_MAX || word_next(&line).len
	    || !hex_parse(hex, t->key, sizeof(t->key)))
		return -1;
	for (size_t i = 0; i < tb->trusted_n; i++)
		if (span_eq(tb->trusted[i].name, name))
			return -1;
	t->name = name;
	tb->trusted_n++;
	return 1;
}

static int
trust_read(struct termsbook *tb, const char *path, struct err *err)
{
	struct span rest;
	int line = 0;

	if (file_read(path, &tb->trust_text, err))
		return -1;
	rest = buf_view(&tb->trust_text);
	while (rest.len) {
		const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.ptr) : rest.len;

		line++;
		if (tb->trusted_n == TRUST_MAX)
			return err_code(err, ERR_FATAL, "key-form", NULL,
			    "%.300s:%d: more than %d publishers", path, line, TRUST_MAX);
		if (trust_line(tb, span_of(rest.ptr, n)) < 0)
			return err_code(err, ERR_FATAL, "key-form", NULL,
			    "%.300s:%d: expected a name, each once, and its public key of 64 "
			    "lower-case hex digits",
			    path, line);
		n += end != NULL;
		rest = span_of(rest.ptr + n, rest.len - n);
	}
	if (tb->trusted_n == 0)
		return err_code(err, ERR_FATAL, "key-form", NULL,
		    "trust file '%.300s' names nobody: no terms could ever count", path);
	return 0;
}

struct termsbook *
termsbook_new(const char *trust_path, struct av_catalogue *cat, struct err *err)
{
	struct termsbook *tb = mem_zalloc(1, sizeof(*tb));

	tb->cat = cat;
	book_init(&tb->book);
	strmap_init(&tb->mistaken, 1);
	tb->trusted = mem_zalloc(TRUST_MAX, sizeof(*tb->trusted));
	if (trust_read(tb, trust_path, err) == 0)
		return tb;
	termsbook_free(tb);
	return NULL;
}

void
termsbook_free(struct termsbook *tb)
{
	if (!tb)
		return;
	book_release(&tb->book);
	strmap_release(&tb->mistaken);
	buf_release(&tb->trust_text);
	buf_release(&tb->message);
	buf_release(&tb->key);
	mem_free(tb->trusted);
	mem_free(tb->people);
	mem_free(tb);
}

/* --- people */

static const char *const roles_known[] = { "publisher", "reviewer", "verifier", "provider",
	"commissioner", "eraser", NULL };

struct person_page {
	struct yaml_at at;
	struct span key;
	uint32_t roles;
};

static const struct yaml_field person_fields[] = {
	{ .name = "key", .type = YF_TEXT, .offset = offsetof(struct person_page, key),
	    .required = true, .doc = "Public key, 64 lower-case hex digits." },
	{ .name = "roles", .type = YF_ENUMS, .offset = offsetof(struct person_page, roles),
	    .required = true, .choices = roles_known, .doc = "What the person may do." },
};
static const struct yaml_record person_record =
    YAML_RECORD("a person", struct person_page, person_fields);

static bool
person_parse(const struct book_page *page, struct person *out, struct yaml_report *report)
{
	struct yaml_doc *doc = yaml_parse("person", page->content, report);
	struct person_page row;
	bool ok = doc && yaml_read(doc->root, &person_record, &row, report);

	if (ok && !hex_parse(row.key, out->key, sizeof(out->key)))
		ok = yaml_mistake(report, yaml_get(doc->root, "key"),
		    "not a public key, expected 64 lower-case hex digits");
	if (ok && page->name.len >= sizeof(out->name))
		ok = yaml_mistake(report, NULL, "the name is longer than %zu bytes",
		    sizeof(out->name) - 1);
	if (ok) {
		memcpy(out->name, page->name.ptr, page->name.len);
		out->name[page->name.len] = '\0';
		out->roles = row.roles;
	}
	yaml_doc_free(doc);
	return ok;
}

bool
termsbook_mistaken(struct termsbook *tb, const struct book_page *page)
{
	uint64_t hash = hash64(page->content.ptr, page->content.len, 1), *known;
	bool fresh;

	book_key(page->thing, page->name, page->version, &tb->key);
	known = strmap_put(&tb->mistaken, buf_view(&tb->key), &fresh);
	if (!fresh && *known == hash)
		return false;
	*known = hash;
	return true;
}

/* Whose page cannot be read may say nothing: that is logged, and mended by a
 * new version. */
static void
people_read(struct termsbook *tb)
{
	const struct book_page *page;

	tb->people_n = 0;
	for (size_t at = 0; (page = book_next(&tb->book, SPAN_LIT("person"), &at));) {
		struct yaml_report report = YAML_REPORT_INIT;

		if (tb->people_n == PEOPLE_MAX)
			break;
		tb->people = mem_realloc(tb->people, tb->people_n + 1, sizeof(*tb->people));
		if (person_parse(page, &tb->people[tb->people_n], &report))
			tb->people_n++;
		else if (termsbook_mistaken(tb, page))
			log_event(LOG_ERROR, "terms-mistaken", LOG_STR(thing, "person"),
			    LOG_INT(offset, page->offset), LOG_INT(count, report.n),
			    LOG_STR(reason, report.kept ? report.mistakes[0].text : "unreadable"));
		yaml_report_release(&report);
	}
}

static const struct person *
person_find(const struct termsbook *tb, struct span name)
{
	for (size_t i = 0; i < tb->people_n; i++)
		if (span_is(name, tb->people[i].name))
			return &tb->people[i];
	return NULL;
}

static uint32_t
role_bits(const char *const *roles)
{
	uint32_t bits = 0;

	for (; *roles; roles++) {
		size_t i = 0;

		while (roles_known[i] && strcmp(roles_known[i], *roles) != 0)
			i++;
		MUST(roles_known[i] != NULL);
		bits |= UINT32_C(1) << i;
	}
	return bits;
}

static bool
signed_by(struct termsbook *tb, const uint8_t *key, const struct av_record *binding,
    const void *rec, struct span signature, size_t signature_at)
{
	buf_reset(&tb->message);
	sign_message(tb->cat, binding, rec, signature_at, &tb->message);
	return sign_check(key, buf_view(&tb->message), signature);
}

bool
termsbook_signed(struct termsbook *tb, const struct av_record *binding, const void *rec,
    struct span key_id, struct span signature, size_t signature_at, const char *const *roles)
{
	const struct person *p = key_id.ptr ? person_find(tb, key_id) : NULL;

	return p && (p->roles & role_bits(roles))
	    && signed_by(tb, p->key, binding, rec, signature, signature_at);
}

/* --- the fold */

static bool
refuse(struct termsbook *tb, const struct rec *rec, const char *why)
{
	tb->refused++;
	log_event(LOG_WARN, "terms-refused", LOG_INT(offset, rec->offset), LOG_STR(reason, why));
	return false;
}

/* NULL, or why the record does not count. */
static const char *
objection(struct termsbook *tb, const struct rec *rec, struct terms *terms)
{
	struct err err;

	if (!rec->value.ptr) /* anybody could have written it */
		return "a tombstone bears no signature; publish a newer version instead";
	if (av_read(tb->cat, &terms_binding, rec->value, terms, NULL, &err))
		return "not a terms record";
	if (terms->version < 0)
		return "the version is below 0";
	book_key(terms->thing, terms->name, terms->version, &tb->key);
	if (!span_eq(rec->key, buf_view(&tb->key)))
		return "the key is not that of what was signed";
	for (size_t i = 0; i < tb->trusted_n; i++)
		if (terms->key_id.ptr && span_eq(tb->trusted[i].name, terms->key_id))
			return signed_by(tb, tb->trusted[i].key, &terms_binding, terms,
				   terms->signature, offsetof(struct terms, signature))
			    ? NULL
			    : "the signature is not that of the key it names";
	return terms->key_id.ptr ? "signed by nobody of the trust file" : "not signed";
}

bool
termsbook_fold(struct termsbook *tb, const struct rec *rec, struct span *thing)
{
	struct terms terms;
	const char *why = objection(tb, rec, &terms);
	bool changed;

	*thing = SPAN_NONE;
	if (why)
		return refuse(tb, rec, why);
	changed = book_fold(&tb->book, rec, &terms, thing);
	if (changed && span_is(*thing, "person"))
		people_read(tb);
	return changed;
}

const struct book *
termsbook_book(const struct termsbook *tb)
{
	return &tb->book;
}

uint64_t
termsbook_refused(const struct termsbook *tb)
{
	return tb->refused;
}
