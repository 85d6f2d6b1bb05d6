#include "ingest/shell_terms.h"

#include <stdio.h>

#include "common/io/yaml.h"
#include "common/mem.h"

/* `kinds` is a thing of its own, or the page of that name among the codes. */
static const char *const code_things[] = { "codes", "kinds" };

bool
rules_read_thing(struct span thing)
{
	return span_is(thing, "agencies") || span_is(thing, "codes") || span_is(thing, "kinds")
	    || span_is(thing, "person");
}

/* Mistakes name the page: "codes/settings/3:12:9: ...". */
static struct yaml_doc *
page_parse(const struct book_page *page, struct yaml_report *report)
{
	char name[TOPIC_NAME_MAX];

	snprintf(name, sizeof(name), SPAN_FMT "/" SPAN_FMT "/%d", SPAN_ARG(page->thing),
	    SPAN_ARG(page->name), (int)page->version);
	return yaml_parse(name, page->content, report);
}

struct pages {
	struct yaml_doc *docs[RULES_PAGES_MAX];
	const struct yaml *roots[RULES_PAGES_MAX];
	size_t n;
};

static void
pages_free(struct pages *p)
{
	for (size_t i = 0; i < p->n; i++)
		yaml_doc_free(p->docs[i]);
	mem_free(p);
}

static struct pages *
code_pages(const struct book *book, struct yaml_report *report)
{
	struct pages *p = mem_zalloc(1, sizeof(*p));
	const struct book_page *page;

	for (size_t t = 0; t < sizeof(code_things) / sizeof(code_things[0]); t++)
		for (size_t at = 0; (page = book_next(book, span_str(code_things[t]), &at));) {
			if (p->n == RULES_PAGES_MAX) {
				yaml_mistake(report, NULL, "more than %d code lists", RULES_PAGES_MAX);
				return p;
			}
			p->docs[p->n] = page_parse(page, report);
			if (!p->docs[p->n])
				continue;
			p->roots[p->n] = p->docs[p->n]->root;
			p->n++;
		}
	return p;
}

static struct codes *
codes_of_book(const struct book *book, struct yaml_report *report)
{
	uint32_t before = report->n;
	struct pages *p = code_pages(book, report);
	struct codes *codes = NULL;

	if (report->n == before)
		codes = codes_parse(p->roots, p->n, report);
	pages_free(p);
	return codes;
}

static bool
any_of(const struct book *book, const char *thing)
{
	size_t at = 0;

	return book_next(book, span_str(thing), &at) != NULL;
}

struct rules *
rules_of_book(const struct book *book, struct yaml_report *report, const char **missing)
{
	const struct book_page *page = book_find(book, SPAN_LIT("agencies"), SPAN_LIT("agencies"));
	struct rules *rules = NULL;
	struct yaml_doc *doc;
	struct codes *codes;
	struct agencies *agencies = NULL;

	*missing = !page ? "no agencies published yet: outturn publish"
	    : !any_of(book, "codes") ? "no code lists published yet: outturn publish"
				     : NULL;
	if (*missing)
		return NULL;
	codes = codes_of_book(book, report);
	doc = page_parse(page, report);
	if (codes && doc)
		agencies = agencies_parse(doc->root, codes, report);
	if (agencies) {
		rules = mem_zalloc(1, sizeof(*rules));
		rules->codes = codes;
		rules->agencies = agencies;
	} else {
		codes_free(codes);
	}
	yaml_doc_free(doc);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (!rules)
		return;
	agencies_free(rules->agencies);
	codes_free(rules->codes);
	mem_free(rules);
}
