/*
 * outturn contract - a new contract from one that stands, and the language for editors.
 *
 *	contracts/st-basils.yaml ──────────┬─ name, title, programme ─► contracts/NAME.yaml
 *	contracts/st-basils.examples.yaml ─┘                            contracts/NAME.examples.yaml
 *
 * A contract begins as one that is known to be right, with its tests beside it:
 * whoever changes a term sees at once which agreed case comes out otherwise.
 * Everything else of the file stays as it was written, comments too.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/pages.h"
#include "cli/schema.h"
#include "common/io/yaml.h"
#include "transform/milestone/rules.h"

enum { CONTRACT_BYTES_MAX = 4 * 1024 * 1024 };

struct making {
	const char *name, *like, *title, *programme, *out; /* out: a directory */
	char from[PATH_MAX], to[PATH_MAX]; /* without ".yaml" */
	struct span programme_was;
};

/* --- the text, changed where it must be --------------------------------------- */

static bool
name_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= RULES_NAME_BYTES && name[0] != '-' && name[n - 1] != '-'
	    && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool
begins(struct span line, const char *key)
{
	size_t n = strlen(key);

	return line.len > n && memcmp(line.ptr, key, n) == 0 && line.ptr[n] == ':';
}

static bool
letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	    || c == '-' || c == '_';
}

static void
quoted_put(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*p);
	}
	buf_byte(out, '"');
}

/* A programme's code, as a word behind "programme: ". */
static void
programme_put(const struct making *m, struct span line, struct buf *out)
{
	static const char key[] = "programme: ";
	size_t k = sizeof(key) - 1, n = m->programme_was.len, i = 0;

	while (i < line.len) {
		if (m->programme && i + k + n <= line.len && memcmp(line.ptr + i, key, k) == 0
		    && memcmp(line.ptr + i + k, m->programme_was.ptr, n) == 0
		    && (i + k + n == line.len || !letter(line.ptr[i + k + n]))) {
			buf_printf(out, "%s%s", key, m->programme);
			i += k + n;
		} else {
			buf_byte(out, line.ptr[i++]);
		}
	}
}

static void
line_put(const struct making *m, struct span line, bool contract, struct buf *out)
{
	if (contract && begins(line, "contract")) {
		buf_printf(out, "contract: %s", m->name);
	} else if (contract && begins(line, "title")) {
		buf_str(out, "title: ");
		quoted_put(out, m->title ? m->title : m->name);
	} else {
		programme_put(m, line, out);
	}
}

static void
text_put(const struct making *m, struct span text, bool contract, struct buf *out)
{
	size_t i = 0;

	while (i < text.len) {
		size_t start = i;

		while (i < text.len && text.ptr[i] != '\n')
			i++;
		line_put(m, span_of(text.ptr + start, i - start), contract, out);
		buf_byte(out, '\n');
		i++;
	}
}

/* --- files ------------------------------------------------------------------------ */

/* Never over one that is there. */
static int
file_write(const char *path, const struct buf *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return err_set(err, ERR_FATAL, "cannot write '%.300s': %s", path, strerror(errno));
	while (done < text->len && (n = write(fd, text->ptr + done, text->len - done)) > 0)
		done += (size_t)n;
	if (close(fd) != 0 || done < text->len)
		return err_set(err, ERR_FATAL, "cannot write '%.300s': %s", path, strerror(errno));
	return 0;
}

static int
file_make(const struct making *m, const char *form, bool contract, struct err *err)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];
	struct buf text = BUF_INIT, out = BUF_INIT;
	int result;

	snprintf(from, sizeof(from), "%s%s", m->from, form);
	snprintf(to, sizeof(to), "%s%s", m->to, form);
	result = cli_read_file(from, CONTRACT_BYTES_MAX, &text, err);
	if (result == 0) {
		text_put(m, buf_view(&text), contract, &out);
		result = file_write(to, &out, err);
	}
	buf_release(&text);
	buf_release(&out);
	return result;
}

/* The programme that it is like; ERR: there is no such contract. */
static int
like_read(struct making *m, struct yaml_doc **doc, struct err *err)
{
	struct yaml_report report = YAML_REPORT_INIT;
	const struct yaml *versions, *cohort, *programme = NULL;
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s.yaml", m->from);
	*doc = access(path, R_OK) == 0 ? yaml_load(path, &report) : NULL;
	yaml_report_release(&report);
	if (!*doc)
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "there is no contract '%.300s' to begin from", path);
	versions = yaml_get((*doc)->root, "versions");
	if (versions && versions->kind == YAML_SEQUENCE && versions->n) {
		cohort = yaml_get(&versions->items[versions->n - 1], "cohort");
		programme = yaml_get(cohort, "programme");
	}
	if (programme)
		m->programme_was = programme->text;
	else
		m->programme = NULL;
	return 0;
}

/* As `outturn check` would. */
static int
made_check(struct cli *cli, const struct making *m)
{
	struct pages pages;
	char path[PATH_MAX + 16];
	bool right;

	pages_init(&pages);
	snprintf(path, sizeof(path), "%s.yaml", m->to);
	pages_add(&pages, path, false);
	snprintf(path, sizeof(path), "%s/codes", cli->params->config_dir);
	if (access(path, R_OK) == 0)
		pages_add(&pages, path, true);
	snprintf(path, sizeof(path), "%s/agencies.yaml", cli->params->config_dir);
	if (access(path, R_OK) == 0)
		pages_add(&pages, path, true);
	right = pages_judge(&pages);
	if (!right)
		pages_complain(&pages);
	if (!cli->quiet)
		printf("%s.yaml\n%s.examples.yaml\n", m->to, m->to);
	if (!cli->quiet)
		fprintf(stderr, "%u examples run: %u mistakes.  Change its terms, and its examples with "
		    "them; then: outturn check %s.yaml\n", (unsigned)pages.examples,
		    (unsigned)pages.report.n, m->to);
	pages_release(&pages);
	return right ? CLI_OK : CLI_VERIFICATION;
}

static int
make_new(struct cli *cli, struct making *m)
{
	struct err err = ERR_INIT;
	struct yaml_doc *doc = NULL;
	char name[RULES_NAME_BYTES + 8], path[PATH_MAX + 16];
	int code = CLI_OK;

	if (!m->name && snprintf(name, sizeof(name), "new-%s", m->like) < (int)sizeof(name))
		m->name = name;
	if (!m->name || !name_valid(m->name) || !name_valid(m->like))
		return cli_usage(&verb_contract,
		    "a contract's name is of lower-case letters, digits and dashes, at most 64");
	snprintf(m->from, sizeof(m->from), "%.3900s/contracts/%s", cli->params->config_dir, m->like);
	if (m->out)
		snprintf(m->to, sizeof(m->to), "%.3900s/%s", m->out, m->name);
	else
		snprintf(m->to, sizeof(m->to), "%.3900s/contracts/%s", cli->params->config_dir,
		    m->name);
	snprintf(path, sizeof(path), "%s.examples.yaml", m->from);
	if (like_read(m, &doc, &err) || file_make(m, ".yaml", true, &err)
	    || (access(path, F_OK) == 0 && file_make(m, ".examples.yaml", false, &err)))
		code = cli_fail(&err, NULL);
	else
		code = made_check(cli, m);
	yaml_doc_free(doc);
	return code;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct making m = { .name = NULL };
	const struct cli_option options[] = {
		{ .name = "like", .value = &m.like },
		{ .name = "title", .value = &m.title },
		{ .name = "programme", .value = &m.programme },
		{ .name = "out", .value = &m.out },
	};
	struct buf out = BUF_INIT;

	if (cli_options(&verb_contract, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		return CLI_USAGE;
	if (argc == 2 && strcmp(argv[1], "schema") == 0) {
		schema_contract(&out);
		cli_print(&out);
		buf_release(&out);
		return CLI_OK;
	}
	if (argc < 2 || argc > 3 || strcmp(argv[1], "new") != 0 || !m.like)
		return cli_usage(&verb_contract, "expected 'new' with --like CONTRACT, or 'schema'");
	m.name = argc == 3 ? argv[2] : NULL;
	return make_new(cli, &m);
}

const struct cli_verb verb_contract = {
	.name = "contract",
	.run = run,
	.usage = "outturn contract new [NAME] --like CONTRACT [--title TEXT] [--programme CODE] [--out DIRECTORY]\n"
		 "outturn contract schema",
	.says = "begin a new contract from one that stands",
	.help =
	    "new copies a contract of 'config_dir' with its examples under another name, and checks\n"
	    "both: what you begin from is right, and stays so with each term you change.  Nothing is\n"
	    "ever overwritten.\n\n"
	    "  --like CONTRACT   which one: st-basils\n"
	    "  --title TEXT      what people call the new one; its name without it\n"
	    "  --programme CODE  whose referrals; a code of programmes.yaml\n"
	    "  --out DIRECTORY   where to; 'config_dir'/contracts without it\n\n"
	    "schema prints the language as a JSON Schema, which editors that know YAML complete and\n"
	    "underline by; config/schemas/contract.schema.json is a copy.\n\n"
	    "Exit: 0 made and right, 1 a file is there already, 2 usage, 3 made with mistakes,\n"
	    "5 no such contract.\n\n"
	    "  outturn contract new our-scheme --like st-basils --title \"Our scheme\"\n",
};
