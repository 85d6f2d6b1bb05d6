/*
 * outturn publish - files become terms: signed, numbered, on the topic that daemons read.
 *
 *	files ─► judged, all of them ─► compared with what stands ─► signed ─► terms
 *	                                   same content: left alone
 *
 * Nothing is sent unless everything is right.  Code lists go before agencies,
 * agencies before contracts: at each record the topic's readers have a whole
 * set or the one before.
 */
#include "cli/cli.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/pages.h"
#include "common/io/keyfile.h"
#include "common/io/termsbook.h"
#include "common/mem.h"
#include "transform/milestone/rules.h"

struct publish {
	struct cli *cli;
	const char *as;
	int32_t version;         /* 0: the next */
	date_t effective;        /* of pages that say none themselves; DATE_NONE: always */
	struct termsbook *book;  /* what stands */
	struct buf text, json_text, key, value;
	struct jw json;
	size_t sent, same;
};

static int
fold(void *arg, const struct rec *rec, struct err *err)
{
	struct publish *p = arg;
	struct span thing;

	(void)err;
	termsbook_fold(p->book, rec, &thing);
	return 0;
}

static void
note(struct publish *p, const char *thing, const char *name, int32_t version, date_t effective,
    const char *did)
{
	char day[DATE_TEXT];

	date_text(effective, day);
	buf_printf(&p->text, "%s %s/%s version %d%s%s\n", did, thing, name, (int)version,
	    *day ? ", effective " : "", day);
	jw_object(&p->json);
	jw_put_text(&p->json, "thing", thing);
	jw_put_text(&p->json, "name", name);
	jw_put_int(&p->json, "version", version);
	jw_put_date(&p->json, "effective", effective);
	jw_put_text(&p->json, "did", did);
	jw_end(&p->json);
}

/* Would readers take it?  What they would pass over is not sent. */
static int
counts(struct publish *p, struct err *err)
{
	struct rec rec = { .offset = INT64_MAX, .key = buf_view(&p->key),
		.value = buf_view(&p->value) };
	uint64_t before = termsbook_refused(p->book);
	struct span thing;

	termsbook_fold(p->book, &rec, &thing);
	if (termsbook_refused(p->book) == before)
		return 0;
	return err_code(err, ERR_FATAL, "not-trusted", NULL,
	    "'%.64s' may not publish: the trust file '%.200s' does not name that key", p->as,
	    p->cli->params->trust);
}

static int
page_send(struct publish *p, const struct page *page, int32_t version, date_t effective,
    struct err *err)
{
	struct terms t = { .thing = span_str(page_things[page->thing]),
		.name = span_str(page->name), .version = version, .effective = effective,
		.content = page->doc->source, .by = span_str(p->as), .at_ms = cli_now_ms(),
		.key_id = span_str(p->as) };
	uint8_t sig[CLI_SIGN_BYTES];

	if (cli_sign(p->cli, p->as, &terms_binding, &t, offsetof(struct terms, signature), sig, err))
		return -1;
	buf_reset(&p->value);
	av_write(p->cli->catalogue, &terms_binding, &t, &p->value);
	book_key(t.thing, t.name, version, &p->key);
	if (counts(p, err) || cli_send(p->cli, "terms", buf_view(&p->key), buf_view(&p->value), err))
		return -1;
	p->sent++;
	note(p, page_things[page->thing], page->name, version, effective, "published");
	return 0;
}

/* A contract says it itself, of its newest version; nothing else does. */
static date_t
effective_of(const struct page *page)
{
	struct yaml_report unread = YAML_REPORT_INIT; /* judged already */
	struct contract *c = NULL;
	date_t day = DATE_NONE;

	if (page->thing == PAGE_CONTRACT)
		c = contract_parse(page->doc->root, &unread);
	if (c)
		day = c->versions[c->versions_n - 1].effective;
	contract_free(c);
	yaml_report_release(&unread);
	return day;
}

static int
page_publish(struct publish *p, const struct page *page, struct err *err)
{
	const char *thing = page_things[page->thing];
	const struct book_page *stands
	    = book_find(termsbook_book(p->book), span_str(thing), span_str(page->name));
	date_t own = effective_of(page), effective = own == DATE_NONE ? p->effective : own;
	bool same_day = own != DATE_NONE || effective == DATE_NONE
	    || (stands && stands->effective == effective);

	if (stands && same_day && span_eq(stands->content, page->doc->source)) {
		p->same++;
		note(p, thing, page->name, stands->version, stands->effective, "unchanged");
		return 0;
	}
	if (p->version && stands && p->version <= stands->version)
		return err_set(err, ERR_FATAL,
		    "version %d of %s '%.60s' would not count: version %d stands already",
		    (int)p->version, thing, page->name, (int)stands->version);
	return page_send(p, page, p->version ? p->version : stands ? stands->version + 1 : 1,
	    effective, err);
}

static int
as_at_send(struct publish *p, date_t day, struct err *err)
{
	static const char *const roles[] = { "publisher", "commissioner", NULL };
	struct reference r = { .reference_id = SPAN_LIT("as-at"), .what = SPAN_LIT("as-at"),
		.date = day, .to = DATE_NONE, .by = span_str(p->as), .at_ms = cli_now_ms(),
		.key_id = span_str(p->as) };
	uint8_t sig[CLI_SIGN_BYTES];
	char text[DATE_TEXT];

	if (cli_sign(p->cli, p->as, &reference_binding, &r, offsetof(struct reference, signature),
		sig, err))
		return -1;
	if (!termsbook_signed(p->book, &reference_binding, &r, r.key_id, r.signature,
		offsetof(struct reference, signature), roles))
		return err_code(err, ERR_FATAL, "role-missing", NULL,
		    "'%.64s' may not say which day has come: no page gives them the role publisher or "
		    "commissioner",
		    p->as);
	buf_reset(&p->value);
	av_write(p->cli->catalogue, &reference_binding, &r, &p->value);
	if (cli_send(p->cli, "reference", r.reference_id, buf_view(&p->value), err))
		return -1;
	date_text(day, text);
	buf_printf(&p->text, "as at %s\n", text);
	return 0;
}

/* What the signer may do must stand, or nothing they sign counts. */
static void
signer_add(struct publish *p, struct pages *pages)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.yaml", p->cli->params->keys_dir, p->as);
	if (!pages_has(pages, PAGE_PERSON, span_str(p->as)) && access(path, R_OK) == 0)
		pages_add(pages, path, false);
}

/* Pages that stand are what those in hand are judged beside. */
static void
context_add(struct publish *p, struct pages *pages)
{
	const struct book *book = termsbook_book(p->book);
	static const char *const things[] = { "codes", "kinds", "agencies" };
	const struct book_page *page;
	char label[PATH_MAX];

	for (size_t t = 0; t < sizeof(things) / sizeof(things[0]); t++)
		for (size_t at = 0; (page = book_next(book, span_str(things[t]), &at));) {
			snprintf(label, sizeof(label), SPAN_FMT "/" SPAN_FMT "/%d",
			    SPAN_ARG(page->thing), SPAN_ARG(page->name), (int)page->version);
			pages_add_text(pages, label, page->content);
		}
}

static int
send_all(struct publish *p, const struct pages *pages, date_t as_at, struct err *err)
{
	struct cli_progress bar = { .what = "publishing", .total = pages->n };

	for (size_t i = 0; i < pages->n; i++) {
		if (!pages->items[i].context && page_publish(p, &pages->items[i], err)) {
			cli_progress_end(p->cli, &bar);
			return -1;
		}
		cli_progress(p->cli, &bar, i + 1);
	}
	cli_progress_end(p->cli, &bar);
	return as_at == DATE_NONE ? 0 : as_at_send(p, as_at, err);
}

/* What a contract says of itself is not overruled: two days would be one too many. */
static void
effective_judge(const struct publish *p, struct pages *pages)
{
	char said[DATE_TEXT], has[DATE_TEXT];

	for (size_t i = 0; i < pages->n && p->effective != DATE_NONE; i++) {
		const struct page *page = &pages->items[i];
		date_t day = page->context ? DATE_NONE : effective_of(page);

		if (day == DATE_NONE || day == p->effective)
			continue;
		date_text(p->effective, said);
		date_text(day, has);
		yaml_mistake(&pages->report, page->doc->root,
		    "its newest version is effective %s, --effective says %s", has, said);
	}
}

static void
result_print(struct publish *p, date_t as_at)
{
	jw_end(&p->json);
	jw_put_int(&p->json, "published", (int64_t)p->sent);
	jw_put_int(&p->json, "unchanged", (int64_t)p->same);
	jw_put_date(&p->json, "as_at", as_at);
	jw_end(&p->json);
	buf_byte(&p->json_text, '\n');
	if (p->cli->json)
		cli_print(&p->json_text);
	else if (!p->cli->quiet)
		cli_print(&p->text);
}

static int
publish(struct publish *p, struct pages *pages, date_t as_at)
{
	struct err err = ERR_INIT;

	p->book = termsbook_new(p->cli->params->trust, p->cli->catalogue, &err);
	if (!p->book || cli_topic_each(p->cli, "terms", fold, p, &err))
		return cli_fail(&err, NULL);
	signer_add(p, pages);
	context_add(p, pages);
	pages_judge(pages);
	effective_judge(p, pages);
	if (pages->report.n) {
		pages_complain(pages);
		fprintf(stderr, "outturn publish: %u mistakes, nothing was published\n",
		    (unsigned)pages->report.n);
		return CLI_VERIFICATION;
	}
	if (send_all(p, pages, as_at, &err))
		return cli_fail(&err, NULL);
	result_print(p, as_at);
	return CLI_OK;
}

static bool
version_read(const char *text, int32_t *out)
{
	char *end;
	long v;

	*out = 0;
	if (!text)
		return true;
	v = strtol(text, &end, 10);
	*out = (int32_t)v;
	return *text && !*end && v >= 1 && v <= 999999999;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *as = NULL, *version = NULL, *as_at = NULL, *effective = NULL;
	const struct cli_option options[] = {
		{ .name = "as", .value = &as },
		{ .name = "version", .value = &version },
		{ .name = "as-at", .value = &as_at },
		{ .name = "effective", .value = &effective },
	};
	struct publish p = { .cli = cli, .text = BUF_INIT, .effective = DATE_NONE };
	date_t day = DATE_NONE;
	struct pages pages;
	int code;

	if (cli_options(&verb_publish, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		return CLI_USAGE;
	if (argc < 2 && !as_at)
		return cli_usage(&verb_publish, "say what: files, a directory, or --as-at DATE");
	if (!version_read(version, &p.version))
		return cli_usage(&verb_publish, "--version is a whole number from 1");
	if (as_at && !date_parse(span_str(as_at), &day))
		return cli_usage(&verb_publish, "--as-at is a day: YYYY-MM-DD");
	if (effective && !date_parse(span_str(effective), &p.effective))
		return cli_usage(&verb_publish, "--effective is a day: YYYY-MM-DD");
	p.as = as ? as : "publisher";
	jw_begin(&p.json, &p.json_text);
	jw_object(&p.json);
	jw_put_int(&p.json, "version", 1);
	jw_key(&p.json, "pages");
	jw_array(&p.json);
	pages_init(&pages);
	for (int i = 1; i < argc; i++)
		pages_add(&pages, argv[i], false);
	code = publish(&p, &pages, day);
	pages_release(&pages);
	termsbook_free(p.book);
	buf_release(&p.text);
	buf_release(&p.json_text);
	buf_release(&p.key);
	buf_release(&p.value);
	return code;
}

const struct cli_verb verb_publish = {
	.name = "publish",
	.run = run,
	.usage = "outturn publish [--as NAME] [--as-at DATE] [--effective DATE] [--version N]\n"
		 "    FILE|DIRECTORY...",
	.says = "put signed terms where the daemons read them",
	.help =
	    "Files: agencies.yaml, code lists, contracts, models, pages of people; of a directory all\n"
	    "that are in it and in codes, contracts, models and people within.  They are judged first,\n"
	    "contracts with their examples; with a mistake anywhere nothing is published.  What stands\n"
	    "already unchanged is left alone; the rest gets the next version number.\n\n"
	    "  --as NAME         whose key signs: 'keys_dir'/NAME.sign; 'publisher' without it\n"
	    "  --as-at DATE      also state that this day has come: open windows up to it are judged\n"
	    "  --effective DATE  from which day the pages hold, signed with them, for people to know;\n"
	    "                    a contract says it itself.  Daemons judge by the days in the page, and\n"
	    "                    by all of it as soon as it is there\n"
	    "  --version N       instead of the next number\n\n"
	    "Exit: 0 done, 1 failed, 2 usage, 3 mistakes in the files, 5 no such file or key, 6 the\n"
	    "key may not publish, 75 Kafka is away.\n\n"
	    "  outturn publish --as-at 2026-03-31 config\n",
};
