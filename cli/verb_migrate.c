/*
 * outturn migrate - topics and tables as this program wants them.
 *
 *	common/topics.h, agencies.yaml ─► topics that are missing are made;
 *	                                  those that are there are compared, never changed
 *	sink/sql/NNNN_*.sql ────────────► what has not run yet, in one transaction
 *
 * What differs in a topic is said, not mended: partitions cannot be taken
 * back, and who set retention by hand had a reason.
 */
#include "cli/cli.h"

#include "cli/topics_all.h"
#include "common/io/pg_schema.h"
#include "sink/sql.h"

struct report {
	struct cli *cli;
	struct buf text, json_text;
	struct jw json;
	size_t made, there, ran, differences;
	struct pg_schema_state state;
};

/* --- topics */

static void
note_made(struct report *r, const struct topic_wanted *t)
{
	r->made++;
	buf_printf(&r->text, "made topic %s, %d partition%s\n", t->full, (int)t->partitions,
	    t->partitions == 1 ? "" : "s");
	jw_object(&r->json);
	jw_put_text(&r->json, "topic", t->full);
	jw_put_text(&r->json, "did", "made");
	jw_put_int(&r->json, "partitions", t->partitions);
	jw_end(&r->json);
}

static void
note_difference(void *arg, const char *topic, const char *setting, const char *found,
    const char *wanted)
{
	struct report *r = arg;

	r->differences++;
	fprintf(stderr, "topic %s: %s is %s, expected %s\n", topic, setting, found, wanted);
	jw_object(&r->json);
	jw_put_text(&r->json, "topic", topic);
	jw_put_text(&r->json, "did", "differs");
	jw_put_text(&r->json, "setting", setting);
	jw_put_text(&r->json, "found", found);
	jw_put_text(&r->json, "wanted", wanted);
	jw_end(&r->json);
}

static int
topics_go(struct report *r, struct kadmin *admin, const struct topics_all *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct topic_wanted *t = &all->items[i];
		int there = topics_all_there(admin, t, err);

		if (there < 0)
			return -1;
		if (there == 0) {
			if (topics_all_make(admin, t, r->cli->params->replication, err))
				return -1;
			note_made(r, t);
			continue;
		}
		r->there++;
		if (topics_all_compare(admin, t, note_difference, r, err))
			return -1;
	}
	return 0;
}

static int
kafka_go(struct report *r, struct err *err)
{
	struct kafka_property properties[KAFKA_PROPERTIES_MAX];
	struct kadmin *admin = NULL;
	struct kafka_conf conf;
	struct topics_all all;
	int result = -1;

	if (topics_all_of(r->cli, &all, err))
		return -1;
	cli_kafka_conf(r->cli, properties, &conf);
	admin = kadmin_new(&conf, err);
	if (admin && topics_all_ping(admin, err) == 0)
		result = topics_go(r, admin, &all, err);
	kadmin_free(admin);
	topics_all_release(&all);
	return result;
}

/* --- tables */

static void
note_ran(void *arg, const char *name)
{
	struct report *r = arg;

	r->ran++;
	buf_printf(&r->text, "ran %s\n", name);
	jw_object(&r->json);
	jw_put_text(&r->json, "migration", name);
	jw_put_text(&r->json, "did", "ran");
	jw_end(&r->json);
}

static int
database_go(struct report *r, struct err *err)
{
	struct pg *pg = cli_pg(r->cli, err);
	int result;

	if (!pg)
		return -1;
	result = pg_schema_run(pg, sink_sql, sink_sql_n, note_ran, r, &r->state, err);
	pg_close(pg);
	return result;
}

/* --- the verb */

static void
report_begin(struct report *r, struct cli *cli)
{
	*r = (struct report){ .cli = cli, .text = BUF_INIT, .json_text = BUF_INIT };
	jw_begin(&r->json, &r->json_text);
	jw_object(&r->json);
	jw_put_int(&r->json, "version", 1);
	jw_key(&r->json, "steps");
	jw_array(&r->json);
}

static void
report_end(struct report *r, bool kafka, bool database)
{
	jw_end(&r->json);
	jw_put_int(&r->json, "topics_made", (int64_t)r->made);
	jw_put_int(&r->json, "topics_there", (int64_t)r->there);
	jw_put_int(&r->json, "migrations_ran", (int64_t)r->ran);
	jw_put_int(&r->json, "differences", (int64_t)r->differences);
	jw_end(&r->json);
	buf_byte(&r->json_text, '\n');
	if (kafka)
		buf_printf(&r->text, "topics: %zu made, %zu there already, %zu settings differ\n",
		    r->made, r->there, r->differences);
	if (database)
		buf_printf(&r->text, "tables: %zu migrations ran, %zu in all\n", r->ran,
		    r->state.applied);
	if (r->cli->json)
		cli_print(&r->json_text);
	else if (!r->cli->quiet)
		cli_print(&r->text);
	buf_release(&r->text);
	buf_release(&r->json_text);
}

static int
run(struct cli *cli, int argc, char **argv)
{
	bool kafka_only = false, database_only = false;
	const struct cli_option options[] = {
		{ .name = "kafka-only", .flag = &kafka_only },
		{ .name = "database-only", .flag = &database_only },
	};
	struct err err = ERR_INIT;
	struct report r;
	int failed = 0, kafka_failed, code = CLI_OK;

	if (cli_options(&verb_migrate, &argc, argv, options, 2))
		return CLI_USAGE;
	if (argc > 1 || (kafka_only && database_only))
		return cli_usage(&verb_migrate, argc > 1 ? "takes no argument"
							 : "only one of the two can be the only one");
	report_begin(&r, cli);
	if (!database_only)
		failed = kafka_go(&r, &err);
	kafka_failed = failed;
	if (!failed && !kafka_only)
		failed = database_go(&r, &err);
	report_end(&r, !database_only && !kafka_failed, !kafka_only && !failed);
	if (failed)
		code = cli_fail(&err, NULL);
	else if (r.differences)
		code = CLI_DEGRADED;
	if (code == CLI_DEGRADED && !cli->quiet)
		fputs("next: change the settings with Kafka's own tools, or make the topic anew and "
		      "raise its epoch in agencies.yaml\n",
		    stderr);
	return code;
}

const struct cli_verb verb_migrate = {
	.name = "migrate",
	.run = run,
	.usage = "outturn migrate [--kafka-only | --database-only]",
	.says = "make the topics and tables that are missing",
	.help =
	    "Topics: ours, and the agencies' of 'config_dir'/agencies.yaml.  One that is there is\n"
	    "compared and left as it is; what differs is said.  Tables: what has not run yet runs in\n"
	    "one transaction; a database is never half way.  Doing it again changes nothing.\n\n"
	    "  --kafka-only     topics only\n"
	    "  --database-only  tables only\n\n"
	    "Exit: 0 done, 1 failed, 2 usage, 4 done but a topic's settings differ, 6 not permitted,\n"
	    "75 a server is away.\n\n"
	    "  KAFKA=127.0.0.1:9092 PGURI=postgresql:///outturn outturn migrate\n",
};
