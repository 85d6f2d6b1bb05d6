#include "cli/pages.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/contract_check.h"
#include "cli/contract_terms.h"
#include "common/io/keyfile.h"
#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/match/model.h"
#include "transform/milestone/examples.h"

const char *const page_things[] = { "codes", "agencies", "model", "contract", "person" };
const char *const page_roles[] = { "publisher", "reviewer", "verifier", "provider",
	"commissioner", "eraser", NULL };

void
pages_init(struct pages *p)
{
	*p = (struct pages){ .report = YAML_REPORT_INIT };
}

void
pages_release(struct pages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		mem_free(p->items[i].path);
		mem_free(p->items[i].name);
		yaml_doc_free(p->items[i].doc);
	}
	mem_free(p->items);
	agencies_free(p->agencies);
	codes_free(p->codes);
	yaml_report_release(&p->report);
	pages_init(p);
}

/* --- what a file is */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static char *
name_of(struct span text)
{
	char *out = mem_alloc(text.len + 1);

	memcpy(out, text.ptr ? text.ptr : (const uint8_t *)"", text.len);
	out[text.len] = '\0';
	return out;
}

static char *
name_of_file(const char *path)
{
	const char *base = base_of(path);

	return name_of(span_of(base, strcspn(base, ".")));
}

/* false: none of ours; the page's name is then not set. */
static bool
classify(struct page *page)
{
	static const struct {
		const char *key;
		enum page_thing thing;
		const char *name; /* NULL: what stands there */
	} marks[] = {
		{ "agencies", PAGE_AGENCIES, "agencies" },
		{ "kinds", PAGE_CODES, "kinds" },
		{ "list", PAGE_CODES, NULL },
		{ "contract", PAGE_CONTRACT, NULL },
		{ "model", PAGE_MODEL, NULL },
	};
	const struct yaml *root = page->doc->root, *at;

	if (root->kind != YAML_MAPPING)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		at = yaml_get(root, marks[i].key);
		if (!at)
			continue;
		page->thing = marks[i].thing;
		page->name = marks[i].name ? mem_strdup(marks[i].name)
		    : at->kind == YAML_SCALAR ? name_of(at->text)
					      : name_of_file(page->path);
		return true;
	}
	if (!yaml_get(root, "key") || !yaml_get(root, "roles"))
		return false;
	page->thing = PAGE_PERSON;
	page->name = name_of_file(page->path);
	return true;
}

bool
pages_has(const struct pages *p, enum page_thing thing, struct span name)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].thing == thing && span_is(name, p->items[i].name))
			return true;
	return false;
}

static void
page_drop(struct page *page)
{
	mem_free(page->path);
	mem_free(page->name);
	yaml_doc_free(page->doc);
}

/* Takes the document. */
static void
page_put(struct pages *p, const char *path, struct yaml_doc *doc, bool context, bool marred)
{
	struct page page = { .path = mem_strdup(path), .doc = doc, .context = context,
		.marred = marred };

	if (!classify(&page)) {
		yaml_mistake(&p->report, doc->root,
		    "found nothing that says what this file is, expected a key 'agencies', 'kinds', "
		    "'list', 'contract', 'model', or 'key' and 'roles'");
		page_drop(&page);
		return;
	}
	if (pages_has(p, page.thing, span_str(page.name))) {
		if (!context)
			yaml_mistake(&p->report, doc->root, "there are two of %s '%.60s'",
			    page_things[page.thing], page.name);
		page_drop(&page);
		return;
	}
	p->items = mem_realloc(p->items, p->n + 1, sizeof(*p->items));
	p->items[p->n++] = page;
}

/* --- files and directories */

static void
file_add(struct pages *p, const char *path, bool context)
{
	uint32_t before = p->report.n;
	struct yaml_doc *doc = yaml_load_told(path, &p->report);

	p->files += !context;
	if (doc)
		page_put(p, path, doc, context, p->report.n != before);
}

static int
is_page(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '.' && ends_in(name, ".yaml") && !ends_in(name, ".examples.yaml")
	    && strcmp(name, "outturn.yaml") != 0;
}

static void
directory_add(struct pages *p, const char *path, bool context)
{
	struct dirent **entries = NULL;
	char file[PATH_MAX];
	int n = scandir(path, &entries, is_page, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		file_add(p, file, context);
		free(entries[i]);
	}
	free(entries);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void
pages_add(struct pages *p, const char *path, bool context)
{
	static const char *const within[] = { "codes", "models", "contracts", "people" };
	char sub[PATH_MAX];
	size_t before = p->n;

	if (!is_directory(path)) {
		file_add(p, path, context);
		return;
	}
	directory_add(p, path, context);
	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, within[i]);
		if (is_directory(sub))
			directory_add(p, sub, context);
	}
	if (p->n == before && p->report.n == 0 && !context)
		yaml_mistake_at(&p->report, path, SPAN_NONE, 0, 0,
		    "found no *.yaml here, expected agencies.yaml, codes, contracts or models");
}

void
pages_add_text(struct pages *p, const char *label, struct span content)
{
	struct yaml_report unread = YAML_REPORT_INIT; /* it stands; daemons say what is wrong */
	struct yaml_doc *doc = yaml_parse(label, content, &unread);

	if (doc)
		page_put(p, label, doc, true, false);
	yaml_report_release(&unread);
}

/* --- judging */

static int
page_cmp(const void *a, const void *b)
{
	const struct page *x = a, *y = b;
	int c = (x->thing > y->thing) - (x->thing < y->thing);

	return c ? c : strcmp(x->name, y->name);
}

static void
codes_judge(struct pages *p)
{
	const struct yaml **roots = mem_zalloc(p->n + 1, sizeof(*roots));
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].thing == PAGE_CODES)
			roots[n++] = p->items[i].doc->root;
	if (n)
		p->codes = codes_parse(roots, n, &p->report);
	mem_free(roots);
}

static void
agencies_judge(struct pages *p, const struct page *page)
{
	if (p->codes)
		p->agencies = agencies_parse(page->doc->root, p->codes, &p->report);
	else if (p->report.n == 0)
		yaml_mistake_at(&p->report, page->path, SPAN_NONE, 0, 0,
		    "agencies are judged by the code lists: expected them beside it, or published");
}

/* x.yaml: the examples are in x.examples.yaml. */
static void
contract_examples(struct pages *p, const struct page *page, const struct contract *c)
{
	struct yaml_doc *doc;
	char path[PATH_MAX];
	size_t n = strlen(page->path);

	if (!ends_in(page->path, ".yaml")
	    || snprintf(path, sizeof(path), "%.*s.examples.yaml", (int)(n - strlen(".yaml")),
		   page->path) >= (int)sizeof(path)
	    || access(path, F_OK))
		return;
	p->files++;
	doc = yaml_load(path, &p->report);
	if (doc)
		p->examples += examples_run(c, doc->root, &p->report);
	yaml_doc_free(doc);
}

static void
contract_judge(struct pages *p, const struct page *page)
{
	uint32_t before = p->report.n;
	struct contract *c = contract_parse_shown(page->doc->root, &p->report);

	bool right = p->report.n == before && !page->marred;

	if (c)
		contract_check(c, p->codes, p->agencies, &p->report);
	if (c && !page->marred)
		contract_terms_check(c, p->agencies, &p->report);
	if (c && right)
		contract_examples(p, page, c);
	contract_free(c);
}

static void
model_page_judge(struct pages *p, const struct page *page)
{
	model_free(model_parse(page->doc->root, &p->report));
}

struct person_row {
	struct yaml_at at;
	struct span key;
	uint32_t roles;
};

static void
person_judge(struct pages *p, const struct page *page)
{
	static const struct yaml_field fields[] = {
		{ .name = "key", .type = YF_TEXT, .offset = offsetof(struct person_row, key),
		    .required = true },
		{ .name = "roles", .type = YF_ENUMS, .offset = offsetof(struct person_row, roles),
		    .required = true, .choices = page_roles },
	};
	static const struct yaml_record record = YAML_RECORD("a person", struct person_row, fields);
	uint8_t key[KEYFILE_SECRET_BYTES];
	struct person_row row;

	if (yaml_read(page->doc->root, &record, &row, &p->report)
	    && !hex_parse(row.key, key, sizeof(key)))
		yaml_mistake(&p->report, yaml_get(page->doc->root, "key"),
		    "not a public key, expected 64 lower-case hex digits");
}

bool
pages_judge(struct pages *p)
{
	if (p->n)
		qsort(p->items, p->n, sizeof(*p->items), page_cmp);
	codes_judge(p);
	for (size_t i = 0; i < p->n; i++) {
		const struct page *page = &p->items[i];

		switch (page->thing) {
		case PAGE_CODES:
			break;
		case PAGE_AGENCIES:
			agencies_judge(p, page);
			break;
		case PAGE_MODEL:
			model_page_judge(p, page);
			break;
		case PAGE_CONTRACT:
			contract_judge(p, page);
			break;
		case PAGE_PERSON:
			person_judge(p, page);
			break;
		}
	}
	return p->report.n == 0;
}

void
pages_complain(struct pages *p)
{
	struct buf text = BUF_INIT;

	yaml_report_sort(&p->report);
	yaml_report_text(&p->report, &text);
	fputs(buf_cstr(&text), stderr);
	buf_release(&text);
}

int
pages_config(struct cli *cli, struct pages *p, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/codes", cli->params->config_dir);
	pages_add(p, path, false);
	snprintf(path, sizeof(path), "%s/agencies.yaml", cli->params->config_dir);
	pages_add(p, path, false);
	if (pages_judge(p))
		return 0;
	pages_complain(p);
	return err_set(err, ERR_FATAL, "code lists or agencies of '%.300s' have mistakes",
	    cli->params->config_dir);
}
