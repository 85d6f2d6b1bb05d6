/*
 * pages - files that say how the pipeline judges, as check, publish, feed and try read them.
 *
 *	agencies.yaml          agencies:         agencies/agencies
 *	codes/kinds.yaml       kinds:            codes/kinds
 *	codes/settings.yaml    list: settings    codes/settings
 *	contracts/x.yaml       contract: x       contract/x      x.examples.yaml is run beside it
 *	models/m.yaml          model: m          model/m
 *	people/NAME.yaml       key: roles:       person/NAME
 *
 * What a file is stands in it, not in its path.  All mistakes of all files are
 * found before anything is done.
 */
#ifndef OUTTURN_CLI_PAGES_H
#define OUTTURN_CLI_PAGES_H

#include "cli/cli.h"
#include "ingest/agencies.h"
#include "ingest/codes.h"

/* In the order in which they are judged, and published. */
enum page_thing { PAGE_CODES, PAGE_AGENCIES, PAGE_MODEL, PAGE_CONTRACT, PAGE_PERSON };

struct page {
	enum page_thing thing;
	char *path;           /* owned; as shown in mistakes */
	char *name;           /* owned: "settings", "agencies", a contract's */
	struct yaml_doc *doc; /* owned; doc->source is the file */
	bool context;         /* read to judge others by; itself not asked for */
	bool marred;          /* its YAML has mistakes: looked at for more, and not run */
};

struct pages {
	struct page *items;
	size_t n;
	struct yaml_report report; /* every mistake so far */
	uint32_t files, examples;  /* looked at; run */
	struct codes *codes;       /* after pages_judge(); NULL: none, or mistaken */
	struct agencies *agencies;
};

void pages_init(struct pages *p);
void pages_release(struct pages *p);

extern const char *const page_things[]; /* "codes", by enum page_thing */
extern const char *const page_roles[];  /* what a person may do; NULL at the end */

/* A file, or a directory: its *.yaml and those of codes, contracts, models and people in it.
 * Examples and outturn.yaml are not pages. */
void pages_add(struct pages *p, const char *path, bool context);
/* One that stands already, unless there is one of that name. */
void pages_add_text(struct pages *p, const char *label, struct span content);
bool pages_has(const struct pages *p, enum page_thing thing, struct span name);

/* Sorts, and judges all: true when no mistake was noted, now or before. */
bool pages_judge(struct pages *p);

/* Prints all mistakes on stderr. */
void pages_complain(struct pages *p);

/* The agencies and codes of config_dir, judged; ERR_FATAL after mistakes were printed. */
int pages_config(struct cli *cli, struct pages *p, struct err *err);

#endif
