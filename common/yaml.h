/*
 * yaml - configuration as a tree of nodes, and tables that read it into structs.
 *
 *	file ─ common/io/yaml.h ─► yaml_doc (nodes with line and column)
 *	                              │  yaml_read(table of fields)
 *	                              ▼
 *	                           struct, or every mistake of the file at once
 *
 * A table of `struct yaml_field` says once what may be written, of which type
 * and unit, what it defaults to and what it means; reading, "did you mean",
 * documentation and the JSON Schema for editors come from it.  Strict: an
 * unknown key, a key twice, a quoted number, a wrong unit are mistakes.
 *
 *	contracts/x.yaml:12:9: unknown key 'prise', expected one of price, cap (did you mean 'price'?)
 *	   12 |     prise: 500
 *	      |     ^
 *
 * Every struct that a table fills begins with `struct yaml_at at;`: where it
 * was read, for mistakes of meaning that are found later (yaml_mistake()).
 *
 * Pure; no foreign type.  Nodes and what is read from them borrow from the
 * yaml_doc and live as long as it.
 */
#ifndef OUTTURN_YAML_H
#define OUTTURN_YAML_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/date.h"
#include "common/duration.h"

enum {
	YAML_BYTES_MAX = 4 * 1024 * 1024, /* of one file */
	YAML_DEPTH_MAX = 24,              /* nesting of mappings and sequences */
	YAML_NODES_MAX = 200 * 1000,      /* of one file */
	YAML_MISTAKES_MAX = 100,          /* kept of one report; the rest is counted */
	YAML_QUOTE_MAX = 40,              /* characters of what was found, shown in a mistake */
};

/* --- the tree */

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_doc;

struct yaml {
	struct yaml_doc *doc;
	enum yaml_kind kind;
	bool quoted;              /* written in quotes or as a block: text, never a number */
	uint32_t line, col;       /* from 1; col in bytes */
	struct span text;         /* SCALAR; empty and not quoted: nothing was written */
	const struct yaml *keys;  /* MAPPING: keys[i] belongs to items[i] */
	const struct yaml *items; /* SEQUENCE, MAPPING: in the file's order */
	uint32_t n;
};

struct yaml_doc {
	const char *name;         /* as shown in mistakes */
	struct span source;       /* the file's bytes, owned by `arena` */
	const struct yaml *root;
	struct arena arena;       /* owns nodes, texts, and what yaml_read() allocates */
};

void yaml_doc_free(struct yaml_doc *doc);

const struct yaml *yaml_get(const struct yaml *map, const char *key); /* NULL: no such key */
const struct yaml *yaml_key(const struct yaml *map, const char *key); /* the key's own node */
bool yaml_is_empty(const struct yaml *node); /* nothing was written: "key:" */

/* --- mistakes */

struct yaml_mistake {
	const char *file;         /* owned by the report, like `text` and `source_line` */
	uint32_t line, col;       /* 0: of the file as a whole */
	char *text, *source_line;
};

/* `struct yaml_report r = YAML_REPORT_INIT; ... yaml_report_release(&r);` */
struct yaml_report {
	struct yaml_mistake *mistakes;
	uint32_t n;               /* all; at most YAML_MISTAKES_MAX are kept */
	uint32_t kept, cap;
};

#define YAML_REPORT_INIT { NULL, 0, 0, 0 }

void yaml_report_release(struct yaml_report *report);
void yaml_report_sort(struct yaml_report *report); /* by file, line, column */
/* `file:line:col: text`, the line, a caret; for each mistake, in the report's order. */
void yaml_report_text(const struct yaml_report *report, struct buf *out);

/* Notes a mistake at `at` (NULL: nowhere); "found X, expected Y".  Always returns false. */
bool yaml_mistake(struct yaml_report *report, const struct yaml *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same by place, for what has no node; line 0: the file as a whole. */
bool yaml_mistake_at(struct yaml_report *report, const char *file, struct span source,
    uint32_t line, uint32_t col, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Text behind a mistake that was noted at `at` and begins so; false: there is none. */
bool yaml_mistake_more(struct yaml_report *report, const struct yaml *at, const char *begins,
    const char *more);
/* What stands at `node`, for "found ...": "a mapping", "nothing", "'12 moths'".  In `out`. */
const char *yaml_found(const struct yaml *node, char out[YAML_QUOTE_MAX + 8]);

/* The candidate nearest to `word` by edit distance, or NULL when none is near. */
const char *yaml_suggest(struct span word, const char *const *candidates, size_t n);

/* --- scalars; false: it is not one (nothing is reported) */

bool yaml_int(const struct yaml *node, int64_t *v);     /* 1200, 1_200; not "1200" */
bool yaml_decimal(const struct yaml *node, int64_t *v); /* millionths: 1.5 → 1 500 000 */
bool yaml_bool(const struct yaml *node, bool *v);       /* yes, no, true, false */
bool yaml_date(const struct yaml *node, date_t *v);     /* 2026-03-31 */
bool yaml_name(const struct yaml *node);                /* lower-case letters, digits, - */

/* --- reading */

struct yaml_at {
	const struct yaml *node;  /* the struct's own node */
	const struct yaml *key;   /* YF_TABLE: the key it stands under; else NULL */
};

struct yaml_list {
	void *items;              /* of sub->size bytes each */
	uint32_t n;
};

struct yaml_texts {
	struct span *items;
	const struct yaml **at;
	uint32_t n;
};

enum yaml_type {
	YF_TEXT,      /* struct span; any scalar that is not empty */
	YF_NAME,      /* struct span; lower-case letters, digits, '-' */
	YF_INT,       /* int32_t in min..max (both 0: any) */
	YF_DECIMAL,   /* int64_t, millionths, in min..max (millionths; both 0: any) */
	YF_BOOL,      /* bool */
	YF_DATE,      /* date_t */
	YF_DURATION,  /* struct duration: "3 months", "13 weeks", "42 days", "1.5 months" */
	YF_ENUM,      /* int32_t: index into choices */
	YF_TEXTS,     /* struct yaml_texts; one scalar is a list of one */
	YF_NAMES,     /* the same, each a name */
	YF_ENUMS,     /* uint32_t: bit i set for choices[i]; one scalar is a list of one */
	YF_RECORD,    /* sub's struct in place, a mapping; absent: every default */
	YF_OPTION,    /* pointer to sub's struct, NULL when absent */
	YF_LIST,      /* struct yaml_list of sub: a sequence of mappings */
	YF_TABLE,     /* struct yaml_list of sub: a mapping, name → mapping; at.key is the name */
	YF_NODE,      /* const struct yaml *; the caller walks it */
};

struct yaml_record;

struct yaml_field {
	const char *name;
	enum yaml_type type;
	size_t offset;
	bool required;
	int64_t min, max;
	const char *const *choices;    /* YF_ENUM, YF_ENUMS; NULL at the end */
	const struct yaml_record *sub;
	const char *preset;            /* default, as it would be written; NULL: absent */
	const char *unit;              /* for people: "days", "minor units"; or NULL */
	const char *doc;               /* a sentence */
};

struct yaml_record {
	const char *name;              /* for people: "an organisation" */
	size_t size;                   /* of the struct */
	const struct yaml_field *fields;
	size_t n;
};

#define YAML_RECORD(what, type, table) \
	{ .name = (what), .size = sizeof(type), .fields = (table), \
		.n = sizeof(table) / sizeof((table)[0]) }

/*
 * Fills `out` (zeroed first) from a mapping.  Absent without a preset:
 * SPAN_NONE, DATE_NONE, NULL, 0, an empty list.  Notes every mistake and goes
 * on; true when this call noted none.  Allocates from the node's document.
 */
bool yaml_read(const struct yaml *node, const struct yaml_record *record, void *out,
    struct yaml_report *report);

#endif
