/*
 * outturn feed - a spreadsheet or JSON lines become an agency's raw records.
 *
 *	file ─► rows ─► generic fact ─► the agency's Avro ─► raw.<organisation>
 *	          └─ bad: FILE:LINE: what, expected
 *
 * Stands in for an agency that has no Kafka client of its own.  Only the form
 * is judged here; whether a code or a date is right is ingestd's to say, so
 * that every source is judged by the same rules.  Names and numbers go where
 * they were addressed and nowhere else: errors name columns, never values.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

#include "cli/events.h"
#include "cli/pages.h"
#include "common/mem.h"
#include "common/raw_write.h"
#include "common/topic.h"
#include "common/topics.h"

enum { FEED_MS = 60000, FEED_POLL_MS = 100, FEED_ROWS_A_POLL = 512 };

struct feed {
	struct cli *cli;
	const char *topic;          /* without the prefix */
	char full[TOPIC_NAME_MAX + 1];
	const char *const *ignore;
	size_t ignore_n;
	enum raw_schema schema;
	uint64_t fingerprint;
	struct kwriter *writer;     /* NULL: only look */
	const char *path;           /* of the file that is read */
	struct buf value;
	uint64_t rows, good, bad, sent, failed;
	struct err first_failure;
	struct cli_progress bar;
	bool silent;                /* bad rows were said in an earlier pass */
};

static const char *const schema_records[RAW_SCHEMA_COUNT] = { "org.outturn.RawRecord",
	"org.outturn.CouncilRecord", "org.outturn.NhsRecord", "org.outturn.ProviderRecord" };

/* --- sending */

static void
on_ack(void *owner, uint64_t tag, int64_t offset, const struct err *err)
{
	struct feed *f = owner;

	(void)tag;
	(void)offset;
	if (!err) {
		f->sent++;
		return;
	}
	if (f->failed++ == 0)
		f->first_failure = *err;
}

static int
send(struct feed *f, struct span key, struct span value, struct err *err)
{
	struct err full = ERR_INIT;

	while (kwriter_send(f->writer, f->full, 0, key, value, NULL, KAFKA_NO_TERMS, f, 0, &full)) {
		if (strcmp(full.code, "kafka-queue-full") != 0) {
			*err = full;
			err->class = err->class == ERR_RECORD ? ERR_RECORD : ERR_FATAL;
			return -1;
		}
		if (kwriter_poll(f->writer, FEED_POLL_MS, err))
			return -1;
	}
	if (f->rows % FEED_ROWS_A_POLL == 0 && kwriter_poll(f->writer, 0, err))
		return -1;
	if (f->failed) {
		*err = f->first_failure;
		err->class = err->class == ERR_RECORD ? ERR_FATAL : err->class;
		return -1;
	}
	return 0;
}

static int
on_row(void *arg, const struct event_row *row, struct err *err)
{
	struct feed *f = arg;

	f->rows++;
	cli_progress(f->cli, &f->bar, f->rows);
	buf_reset(&f->value);
	if (!row->tombstone) {
		av_single_head(f->fingerprint, &f->value);
		if (raw_write(f->schema, &row->fact->record, &f->value, err)) {
			f->rows--; /* on_bad() counts it */
			return -1;
		}
	}
	f->good++;
	if (!f->writer)
		return 0;
	return send(f, row->fact->record.record_id,
	    row->tombstone ? SPAN_NONE : buf_view(&f->value), err);
}

static void
on_bad(void *arg, uint32_t line, const struct err *err)
{
	struct feed *f = arg;

	f->rows++;
	f->bad++;
	if (f->silent)
		return;
	if (f->bad <= EVENTS_SHOWN_MAX) {
		cli_progress_end(f->cli, &f->bar);
		fprintf(stderr, "%s:%" PRIu32 ": %s\n", f->path, line, err->text);
	} else if (f->bad == EVENTS_SHOWN_MAX + 1) {
		fprintf(stderr, "%s: more than %d rows are bad; the rest is counted\n", f->path,
		    EVENTS_SHOWN_MAX);
	}
}

/* --- files */

/* What the file says and the agency's schema has no word for. */
static void
warn_left_out(const struct feed *f, struct span text)
{
	uint64_t columns = events_columns(text);

	if (f->cli->quiet || f->silent)
		return;
	for (int c = 0; c < GENERIC_COLUMN_COUNT; c++)
		if ((columns >> c & 1) && c != GENERIC_PERSON
		    && !raw_schema_carries(f->schema, (enum generic_column)c))
			fprintf(stderr, "%s: column '%s' is left out: %s has no place for it\n",
			    f->path, generic_columns[c].name, raw_schema_name(f->schema));
}

static int
file_read(struct feed *f, const char *path, struct span text, struct err *err)
{
	struct events_conf conf = { .path = path, .ignore = f->ignore, .ignore_n = f->ignore_n,
		.row = on_row, .bad = on_bad, .arg = f };

	f->path = path;
	warn_left_out(f, text);
	if (events_read(&conf, text, err) == 0)
		return 0;
	if (err->class != ERR_RECORD)
		return -1;
	on_bad(f, 1, err); /* the header */
	f->rows--;
	*err = (struct err)ERR_INIT;
	return 0;
}

struct file {
	const char *path;
	struct buf text;
};

static int
files_read(struct feed *f, struct file *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (file_read(f, files[i].path, buf_view(&files[i].text), err))
			return -1;
	return 0;
}

static void
count_anew(struct feed *f)
{
	f->rows = f->good = f->bad = 0;
	f->silent = true;
}

/* --strict: one pass that only looks, then one that sends. */
static int
feed(struct feed *f, struct file *files, size_t n, bool strict, bool dry, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct kafka_conf conf;
	int result;

	if (strict || dry) {
		if (files_read(f, files, n, err) || dry || f->bad)
			return err->class == ERR_NONE ? 0 : -1;
		count_anew(f);
	}
	cli_kafka_conf(f->cli, properties, &conf);
	conf.delivery_timeout_ms = FEED_MS;
	f->writer = kwriter_new(&conf, on_ack, err);
	if (!f->writer)
		return -1;
	result = files_read(f, files, n, err);
	if (result == 0)
		result = kwriter_flush(f->writer, FEED_MS, err);
	kwriter_free(f->writer);
	f->writer = NULL;
	if (result == 0 && f->failed) {
		*err = f->first_failure;
		result = -1;
	}
	return result;
}

/* --- whose schema */

static bool
schema_named(const char *name, enum raw_schema *out)
{
	for (int i = 0; i < RAW_SCHEMA_COUNT; i++)
		if (strcmp(raw_schema_name((enum raw_schema)i), name) == 0) {
			*out = (enum raw_schema)i;
			return true;
		}
	return false;
}

/* By the role of the topic's agency in config_dir; `raw` where nobody is bound to it. */
static int
schema_of_topic(struct feed *f, struct err *err)
{
	const struct agency *agency;
	struct pages pages;
	int result;

	pages_init(&pages);
	result = pages_config(f->cli, &pages, err);
	if (result == 0) {
		agency = agency_of_topic(pages.agencies, span_str(f->topic));
		f->schema = agency ? raw_schema_of_role(agency->role) : RAW_SCHEMA_RAW;
		if (!agency && !f->cli->quiet)
			fprintf(stderr, "outturn feed: nobody in agencies.yaml sends on '%.100s': "
			    "ingestd will not read it until somebody does\n", f->topic);
	}
	pages_release(&pages);
	return result;
}

/* --- the verb */

static void
result_print(const struct feed *f, bool dry)
{
	struct buf out = BUF_INIT;
	struct jw j;

	if (f->cli->json) {
		jw_begin(&j, &out);
		jw_object(&j);
		jw_put_int(&j, "version", 1);
		jw_put_text(&j, "topic", f->topic);
		jw_put_text(&j, "schema", raw_schema_name(f->schema));
		jw_put_int(&j, "rows", (int64_t)f->rows);
		jw_put_int(&j, "sent", (int64_t)f->sent);
		jw_put_int(&j, "bad", (int64_t)f->bad);
		jw_put_bool(&j, "dry_run", dry);
		jw_end(&j);
		buf_byte(&out, '\n');
	} else if (!f->cli->quiet) {
		buf_printf(&out, "%s: %" PRIu64 " rows, %" PRIu64 " %s, %" PRIu64 " bad\n", f->topic,
		    f->rows, dry ? f->good : f->sent, dry ? "good, nothing sent" : "sent", f->bad);
	}
	cli_print(&out);
	buf_release(&out);
}

static int
feed_files(struct feed *f, char **paths, size_t n, bool strict, bool dry)
{
	struct file *files = mem_zalloc(n, sizeof(*files));
	struct err err = ERR_INIT;
	int code = CLI_OK;

	for (size_t i = 0; i < n && code == CLI_OK; i++) {
		files[i].path = paths[i];
		if (cli_read_file(paths[i], EVENTS_FILE_BYTES_MAX, &files[i].text, &err))
			code = cli_fail(&err, NULL);
		f->bar.total += events_lines(buf_view(&files[i].text));
	}
	if (code == CLI_OK) {
		code = feed(f, files, n, strict, dry, &err) ? CLI_RETRY : CLI_OK;
		cli_progress_end(f->cli, &f->bar);
		if (code != CLI_OK)
			code = cli_fail(&err, NULL);
		result_print(f, dry);
	}
	if (code == CLI_OK && f->bad) {
		code = CLI_FAILED;
		fprintf(stderr, strict && !dry ? "next: nothing was sent; mend the rows above\n"
			: "next: mend the rows above and feed them again; what was sent stands\n");
	}
	for (size_t i = 0; i < n; i++)
		buf_release(&files[i].text);
	mem_free(files);
	return code;
}

static int
template_print(void)
{
	struct buf out = BUF_INIT;

	generic_template(&out);
	cli_print(&out);
	buf_release(&out);
	return CLI_OK;
}

/* Every column, an example and what it says. */
static int
columns_print(void)
{
	for (int i = 0; i < GENERIC_COLUMN_COUNT; i++)
		printf("%-17s %-18s %s\n", generic_columns[i].name, generic_columns[i].example,
		    generic_columns[i].help);
	printf("%-17s %-18s %s\n", "attr.NAME", "", "an attribute of kinds.yaml: attr.setting");
	printf("%-17s %-18s %s\n", "tombstone", "", "yes: takes the record back; only record_id beside it");
	return CLI_OK;
}

static int
feed_begin(struct feed *f, const char *schema)
{
	struct err err = ERR_INIT;
	const struct av_schema *writer;

	topic_full(f->cli->params->prefix, f->topic, f->full);
	if (schema && !schema_named(schema, &f->schema))
		return cli_usage(&verb_feed,
		    "--schema is raw, raw-council-1, raw-nhs-1 or raw-provider-1");
	if (!schema && schema_of_topic(f, &err))
		return cli_fail(&err, "mend it, or name the schema: --schema raw");
	writer = av_catalogue_named(f->cli->catalogue, schema_records[f->schema]);
	f->fingerprint = av_schema_fingerprint(writer);
	return CLI_OK;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *schema = NULL;
	const char **ignore = NULL;
	bool strict = false, dry = false, template = false, columns = false;
	struct feed f = { .cli = cli, .bar = { .what = "feeding" }, .first_failure = ERR_INIT };
	const struct cli_option options[] = {
		{ .name = "topic", .value = &f.topic },
		{ .name = "schema", .value = &schema },
		{ .name = "ignore", .values = &ignore, .values_n = &f.ignore_n },
		{ .name = "strict", .flag = &strict },
		{ .name = "dry-run", .flag = &dry },
		{ .name = "template", .flag = &template },
		{ .name = "columns", .flag = &columns },
	};
	int code = CLI_USAGE;

	if (cli_options(&verb_feed, &argc, argv, options, sizeof(options) / sizeof(options[0])))
		goto out;
	f.ignore = ignore;
	if (template)
		code = template_print();
	else if (columns)
		code = columns_print();
	else if (!f.topic || strncmp(f.topic, "raw.", 4) != 0
	    || strlen(f.topic) + strlen(cli->params->prefix) + 1 > TOPIC_NAME_MAX)
		cli_usage(&verb_feed, "say where to: --topic raw.ORGANISATION");
	else if (argc < 2)
		cli_usage(&verb_feed, "say which files; '-' is standard input");
	else if ((code = feed_begin(&f, schema)) == CLI_OK)
		code = feed_files(&f, argv + 1, (size_t)argc - 1, strict, dry);
out:
	buf_release(&f.value);
	mem_free(ignore);
	return code;
}

const struct cli_verb verb_feed = {
	.name = "feed",
	.run = run,
	.usage = "outturn feed --topic raw.ORGANISATION [--schema NAME] [--strict] [--dry-run]\n"
		 "    [--ignore COLUMN]... FILE...\n"
		 "outturn feed --template | --columns",
	.says = "send a spreadsheet or JSON lines as an agency's raw records",
	.help =
	    "Files are CSV with a header, or JSON lines (attr.NAME is {\"attr\":{\"NAME\":...}} there);\n"
	    "'-' is standard input.  Bad rows are said on stderr, FILE:LINE: what, expected; good ones are\n"
	    "sent in the agency's own Avro schema.  Whether codes and dates are right is ingestd's\n"
	    "to say: outturn rejects ls.  A row of record_id and tombstone=yes takes a record back.\n\n"
	    "  --topic TOPIC    whose records they are, without the prefix: raw.council-a\n"
	    "  --schema NAME    raw, raw-council-1, raw-nhs-1 or raw-provider-1; by the agency's role\n"
	    "                   without it\n"
	    "  --strict         nothing is sent unless every row is good\n"
	    "  --dry-run        nothing is sent\n"
	    "  --ignore COLUMN  pass a column over that is not known; again for more\n"
	    "  --template       print a CSV to fill in\n"
	    "  --columns        print every column, an example and what it says\n\n"
	    "Exit: 0 all sent, 1 some rows are bad, 2 usage, 5 no such file or topic, 75 Kafka is away.\n\n"
	    "  outturn feed --template > mine.csv\n"
	    "  outturn feed --topic raw.council-a mine.csv\n",
};
