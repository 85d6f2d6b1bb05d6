/* Settings: the later layer wins, a mistake names its place, and the sample file is the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "common/params.h"

static bool
read_file(struct params *p, const char *text, struct buf *said)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("outturn.yaml", span_str(text), &report);
	bool ok;

	assert_non_null(doc);
	ok = params_file(p, doc->root, &report);
	yaml_report_text(&report, said);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return ok;
}

static void
the_later_layer_wins(void **state)
{
	static const char *const environment[] = { "HOME=/", "KAFKA=b:1", "OUTTURN_SESSION=2000",
		"OUTTURN_UNKNOWN=1", NULL };
	struct buf said = BUF_INIT;
	struct err err = ERR_INIT;
	struct params p;

	(void)state;
	params_init(&p);
	assert_string_equal(p.kafka, "127.0.0.1:9092");
	assert_true(read_file(&p, "kafka: a:1\nprefix: mine\nsession: 1000\n"
	    "kafka_properties: {security.protocol: ssl}\n", &said));
	assert_string_equal(p.kafka, "a:1");
	assert_string_equal(p.kafka_properties[0].name, "security.protocol");
	assert_int_equal(params_environment(&p, environment, &err), 0);
	assert_string_equal(p.kafka, "b:1");
	assert_int_equal(p.session, 2000);
	assert_string_equal(p.prefix, "mine");
	assert_int_equal(params_set(&p, "kafka=c:1", &err), 0);
	assert_string_equal(p.kafka, "c:1");
	params_release(&p);
	buf_release(&said);
}

static void
mistakes_name_their_place(void **state)
{
	static const char *const environment[] = { "OUTTURN_SESSION=soon", NULL };
	struct buf said = BUF_INIT;
	struct err err = ERR_INIT;
	struct params p;

	(void)state;
	params_init(&p);
	assert_false(read_file(&p, "kafak: a:1\nsession: 1\nflush_after: \"5\"\n", &said));
	assert_non_null(strstr(buf_cstr(&said), "outturn.yaml:1:1: found 'kafak', which is no "
						"setting (did you mean 'kafka'?)"));
	assert_non_null(strstr(buf_cstr(&said), "outturn.yaml:2:10: 'session': found '1', expected "
						"a whole number from 1000 to 600000 ms"));
	assert_non_null(strstr(buf_cstr(&said), "outturn.yaml:3:14: 'flush_after': found \"5\""));
	assert_int_equal(params_environment(&p, environment, &err), -1);
	assert_non_null(strstr(err.text, "OUTTURN_SESSION"));
	assert_int_equal(params_set(&p, "prefx=x", &err), -1);
	assert_non_null(strstr(err.text, "did you mean 'prefix'"));
	assert_int_equal(params_set(&p, "prefix", &err), -1);
	params_release(&p);
	buf_release(&said);
}

static void
the_sample_is_read_and_changes_nothing(void **state)
{
	struct buf sample = BUF_INIT, said = BUF_INIT;
	struct params p, q;

	(void)state;
	params_sample(&sample);
	params_init(&p);
	params_init(&q);
	if (!read_file(&p, buf_cstr(&sample), &said))
		fail_msg("%s", buf_cstr(&said));
	assert_string_equal(p.kafka, q.kafka);
	assert_string_equal(p.schemas, "");
	assert_int_equal(p.fetch_kbytes, q.fetch_kbytes);
	params_release(&p);
	params_release(&q);
	buf_release(&sample);
	buf_release(&said);
}

static void
the_shipped_file_is_the_sample(void **state)
{
	struct buf sample = BUF_INIT;
	FILE *f = fopen("config/outturn.yaml", "rb");
	char *file = mem_zalloc(1, 65536);
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(file, 1, 65535, f);
	fclose(f);
	params_sample(&sample);
	assert_int_equal(n, sample.len);
	assert_memory_equal(file, sample.ptr, n);
	mem_free(file);
	buf_release(&sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_later_layer_wins),
		cmocka_unit_test(mistakes_name_their_place),
		cmocka_unit_test(the_sample_is_read_and_changes_nothing),
		cmocka_unit_test(the_shipped_file_is_the_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
