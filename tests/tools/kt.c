/*
 * kt - a hand on Kafka for test scripts, through common/io/kafka.h alone, so
 * that the scripts try what the daemons use.
 *
 *	kt -b HOST:PORT ping MS
 *	kt -b ... topics PREFIX			name and partitions, a line each
 *	kt -b ... make TOPIC PARTITIONS [NAME=VALUE ...]
 *	kt -b ... delete TOPIC ...
 *	kt -b ... config TOPIC NAME
 *	kt -b ... ends TOPIC PARTITION		"low high"
 *	kt -b ... trim TOPIC PARTITION OFFSET	deletes what is below
 *	kt -b ... send TOPIC PARTITION		stdin: "key<TAB>hex of value", or "key" (tombstone)
 *	kt -b ... dump TOPIC PARTITION [FROM]	offset, time, run|-, terms, key, hex|-: to the end
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/io/kafka.h"
#include "common/mem.h"

enum { TIMEOUT_MS = 15000, LINE_BYTES = 1 << 25 };

static struct kafka_conf conf;

static int
complain(const struct err *err)
{
	fprintf(stderr, "kt: %s%s%s\n", err->text, *err->code ? " " : "", err->code);
	return 1;
}

static int
usage(void)
{
	fputs("usage: kt -b HOST:PORT ping|topics|make|delete|config|ends|trim|send|dump ...\n",
	    stderr);
	return 2;
}

static void
topic_print(void *owner, const char *topic, int32_t partitions)
{
	(void)owner;
	printf("%s %d\n", topic, (int)partitions);
}

static int
topic_make(struct kadmin *a, int argc, char **argv, struct err *err)
{
	struct kafka_property props[16];
	struct ktopic t = { argv[0], atoi(argv[1]), 0, props, 0 };

	for (int i = 2; i < argc && t.config_n < 16; i++) {
		char *eq = strchr(argv[i], '=');

		if (!eq)
			return err_set(err, ERR_FATAL, "NAME=VALUE is wanted");
		*eq = '\0';
		props[t.config_n++] = (struct kafka_property){ argv[i], eq + 1 };
	}
	return kadmin_topics_make(a, &t, 1, TIMEOUT_MS, err);
}

static int
admin_verb(struct kadmin *a, const char *verb, int argc, char **argv, struct err *err)
{
	int64_t low, high;
	char text[512];

	if (!strcmp(verb, "ping") && argc == 1)
		return kadmin_ping(a, atoi(argv[0]), err);
	if (!strcmp(verb, "topics") && argc == 1)
		return kadmin_topics_each(a, argv[0], TIMEOUT_MS, topic_print, NULL, err);
	if (!strcmp(verb, "make") && argc >= 2)
		return topic_make(a, argc, argv, err);
	if (!strcmp(verb, "delete") && argc >= 1)
		return kadmin_topics_delete(a, (const char *const *)argv, (size_t)argc, TIMEOUT_MS,
		    err);
	if (!strcmp(verb, "trim") && argc == 3)
		return kadmin_records_delete(a, argv[0], atoi(argv[1]), atoll(argv[2]), TIMEOUT_MS,
		    err);
	if (!strcmp(verb, "config") && argc == 2) {
		if (kadmin_config(a, argv[0], argv[1], text, sizeof(text), TIMEOUT_MS, err))
			return -1;
		puts(text);
		return 0;
	}
	if (!strcmp(verb, "ends") && argc == 2) {
		if (kadmin_watermarks(a, argv[0], atoi(argv[1]), &low, &high, TIMEOUT_MS, err))
			return -1;
		printf("%lld %lld\n", (long long)low, (long long)high);
		return 0;
	}
	return err_set(err, ERR_FATAL, "what is '%s' with %d arguments", verb, argc);
}

static int
admin(const char *verb, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct kadmin *a = kadmin_new(&conf, &err);
	int failed = a ? admin_verb(a, verb, argc, argv, &err) : -1;

	kadmin_free(a);
	return failed ? complain(&err) : 0;
}

static void
sent(void *owner, uint64_t tag, int64_t offset, const struct err *err)
{
	int *bad = owner;

	(void)tag;
	(void)offset;
	if (err) {
		complain(err);
		(*bad)++;
	}
}

static int
send_line(struct kwriter *w, char **argv, char *line, int *bad, struct err *err)
{
	char *tab = strchr(line, '\t');
	struct span key = span_of(line, tab ? (size_t)(tab - line) : strlen(line));
	struct buf value = BUF_INIT;
	int failed;

	if (tab) {
		size_t n = strlen(tab + 1) / 2;

		buf_grow(&value, n + 1);
		if (!hex_parse(span_str(tab + 1), value.ptr, n))
			return err_set(err, ERR_FATAL, "the value is not hex");
		value.len = n;
	}
	while ((failed = kwriter_send(w, argv[0], atoi(argv[1]), key,
		    tab ? buf_view(&value) : SPAN_NONE, NULL, KAFKA_NO_TERMS, bad, 0, err)) &&
	    err->class == ERR_RETRY && !(failed = kwriter_poll(w, 100, err)))
		;
	buf_release(&value);
	return failed;
}

static int
send_lines(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct kwriter *w;
	char *line = mem_alloc(LINE_BYTES);
	int failed = 0, bad = 0;

	if (argc != 2)
		return usage();
	w = kwriter_new(&conf, sent, &err);
	if (!w)
		return complain(&err);
	while (!failed && fgets(line, LINE_BYTES, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		failed = send_line(w, argv, line, &bad, &err);
	}
	if (!failed)
		failed = kwriter_flush(w, TIMEOUT_MS, &err);
	kwriter_free(w);
	mem_free(line);
	return failed ? complain(&err) : bad != 0;
}

static void
record_print(const struct krecord *rec)
{
	char run[ID_HEX + 1] = "-";
	char *hex = mem_alloc(2 * rec->value.len + 1);

	if (rec->has_run)
		id_hex(&rec->run, run);
	hex_of(rec->value.ptr, rec->value.len, hex);
	printf("%lld\t%lld\t%s\t%lld\t" SPAN_FMT "\t%s\n", (long long)rec->offset,
	    (long long)rec->time_ms, run, (long long)rec->terms, SPAN_ARG(rec->key),
	    rec->value.ptr ? hex : "-");
	mem_free(hex);
}

static int
dump(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct kreader *r;
	struct krecord rec;
	int64_t low, high;
	int32_t partition;
	int got = 0;

	if (argc < 2)
		return usage();
	partition = atoi(argv[1]);
	r = kreader_new(&conf, &err);
	if (!r || kreader_watermarks(r, argv[0], partition, &low, &high, TIMEOUT_MS, &err) ||
	    kreader_add(r, argv[0], partition, argc > 2 ? atoll(argv[2]) : low, NULL, &err))
		got = -1;
	while (got >= 0 && kreader_position(r, argv[0], partition) < high)
		if ((got = kreader_poll(r, 1000, &rec, &err)) == 1)
			record_print(&rec);
	kreader_free(r);
	return got < 0 ? complain(&err) : 0;
}

int
main(int argc, char **argv)
{
	if (argc < 4 || strcmp(argv[1], "-b") != 0)
		return usage();
	conf.brokers = argv[2];
	conf.message_max_bytes = 64 * 1024 * 1024;
	if (!strcmp(argv[3], "send"))
		return send_lines(argc - 4, argv + 4);
	if (!strcmp(argv[3], "dump"))
		return dump(argc - 4, argv + 4);
	return admin(argv[3], argc - 4, argv + 4);
}
