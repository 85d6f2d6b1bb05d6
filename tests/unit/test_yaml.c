/*
 * Configuration is read strictly: every mistake of a file is named with its
 * place at once, and no input harms the reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "common/mem.h"

static const char *const colours[] = { "red", "green", "blue", NULL };

struct part {
	struct yaml_at at;
	struct span what;
	int32_t count;
};

struct thing {
	struct yaml_at at;
	struct span title, name;
	int32_t size;
	int64_t price;
	bool open;
	date_t from, until;
	struct duration lag;
	int32_t colour;
	uint32_t likes;
	struct yaml_texts words;
	struct part part;
	struct part *option;
	struct yaml_list parts, table;
	const struct yaml *rest;
};

static const struct yaml_field part_fields[] = {
	{ .name = "what", .type = YF_NAME, .offset = offsetof(struct part, what), .required = true,
	    .doc = "which part" },
	{ .name = "count", .type = YF_INT, .offset = offsetof(struct part, count), .min = 1,
	    .max = 9, .preset = "1" },
};
static const struct yaml_record part_record = YAML_RECORD("a part", struct part, part_fields);

#define F(field, yf) .name = #field, .type = yf, .offset = offsetof(struct thing, field)
static const struct yaml_field thing_fields[] = {
	{ F(title, YF_TEXT), .required = true, .doc = "what people call it" },
	{ F(name, YF_NAME) },
	{ F(size, YF_INT), .min = 0, .max = 100, .unit = "metres" },
	{ F(price, YF_DECIMAL) },
	{ F(open, YF_BOOL), .preset = "yes" },
	{ F(from, YF_DATE) },
	{ F(until, YF_DATE), .preset = "2030-12-31" },
	{ F(lag, YF_DURATION), .preset = "14 days" },
	{ F(colour, YF_ENUM), .choices = colours, .preset = "green" },
	{ F(likes, YF_ENUMS), .choices = colours },
	{ F(words, YF_TEXTS) },
	{ F(part, YF_RECORD), .sub = &part_record },
	{ F(option, YF_OPTION), .sub = &part_record },
	{ F(parts, YF_LIST), .sub = &part_record },
	{ F(table, YF_TABLE), .sub = &part_record },
	{ F(rest, YF_NODE) },
};
static const struct yaml_record thing_record = YAML_RECORD("a thing", struct thing, thing_fields);

static struct yaml_doc *
parsed(const char *text, struct yaml_report *report)
{
	return yaml_parse("t.yaml", span_str(text), report);
}

/* The report of reading `text` as a thing, owned by the caller. */
static char *
said(const char *text)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = parsed(text, &report);
	struct buf out = BUF_INIT;
	struct thing thing;
	bool ok = doc && yaml_read(doc->root, &thing_record, &thing, &report);

	assert_int_equal(ok, report.n == 0);
	yaml_report_sort(&report);
	yaml_report_text(&report, &out);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	(void)buf_cstr(&out);
	return (char *)out.ptr;
}

static void
says(const char *text, const char *expected)
{
	char *got = said(text);

	assert_string_equal(got, expected);
	mem_free(got);
}

static void
has(const char *text, const char *needle)
{
	char *got = said(text);

	if (!strstr(got, needle))
		fail_msg("expected '%s' in:\n%s", needle, got);
	mem_free(got);
}

static void
everything_is_read(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = parsed("title: A thing\n"
				      "name: a-thing\n"
				      "size: 1_0\n"
				      "price: 1024.45\n"
				      "open: no\n"
				      "from: 2015-01-01\n"
				      "lag: 1.5 months\n"
				      "colour: blue\n"
				      "likes: [red, blue]\n"
				      "words: one\n"
				      "part: {what: x, count: 3}\n"
				      "option:\n  what: y\n"
				      "parts:\n- what: p1\n- {what: p2, count: 9}\n"
				      "table:\n  first: {what: t1}\n  second: {what: t2}\n"
				      "rest: [1, {a: b}]\n",
	    &report);
	struct thing t;
	const struct part *p;

	(void)state;
	assert_non_null(doc);
	assert_true(yaml_read(doc->root, &thing_record, &t, &report));
	assert_true(span_is(t.title, "A thing"));
	assert_true(span_is(t.name, "a-thing"));
	assert_int_equal(t.size, 10);
	assert_int_equal(t.price, 1024450000);
	assert_false(t.open);
	assert_int_equal(t.from, date_of(2015, 1, 1));
	assert_int_equal(t.until, date_of(2030, 12, 31));
	assert_int_equal(t.lag.months, 1);
	assert_int_equal(t.lag.days, 15);
	assert_int_equal(t.colour, 2);
	assert_int_equal(t.likes, 5);
	assert_int_equal(t.words.n, 1);
	assert_true(span_is(t.words.items[0], "one"));
	assert_int_equal(t.part.count, 3);
	assert_int_equal(t.option->count, 1);
	assert_int_equal(t.parts.n, 2);
	p = t.parts.items;
	assert_int_equal(p[1].count, 9);
	assert_int_equal(p[1].at.node->line, 16);
	p = t.table.items;
	assert_true(span_is(p[1].at.key->text, "second"));
	assert_true(span_is(p[1].what, "t2"));
	assert_int_equal(t.rest->n, 2);
	assert_true(span_is(yaml_get(&t.rest->items[1], "a")->text, "b"));
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

static void
what_is_absent_is_absent(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = parsed("title: x\n", &report);
	struct thing t;

	(void)state;
	assert_true(yaml_read(doc->root, &thing_record, &t, &report));
	assert_null(t.name.ptr);
	assert_int_equal(t.from, DATE_NONE);
	assert_true(t.open);
	assert_int_equal(t.lag.days, 14);
	assert_int_equal(t.colour, 1);
	assert_null(t.option);
	assert_int_equal(t.parts.n, 0);
	assert_int_equal(t.part.count, 1);
	assert_non_null(t.part.at.node);
	assert_null(t.rest);
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

static void
a_mistake_shows_the_line_and_a_caret(void **state)
{
	(void)state;
	says("title: x\nsize: \"12\"\n",
	    "t.yaml:2:7: 'size': found \"12\", expected a whole number from 0 to 100 metres without "
	    "quotes\n"
	    "    2 | size: \"12\"\n"
	    "      |       ^\n");
	/* The caret counts characters, not bytes, and keeps tabs. */
	says("title: x\npart: {what: é}\n",
	    "t.yaml:2:14: 'what': found 'é', expected a name of lower-case letters, digits and "
	    "dashes\n"
	    "    2 | part: {what: é}\n"
	    "      |              ^\n");
}

static void
more_is_said_behind_the_mistake_it_is_about_and_no_other(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = parsed("title: x\nsize: 2\n", &report);
	const struct yaml *size = yaml_get(doc->root, "size");

	(void)state;
	yaml_mistake(&report, size, "too small");
	assert_false(yaml_mistake_more(&report, size, "too big", " indeed"));
	assert_false(yaml_mistake_more(&report, yaml_get(doc->root, "title"), "too small", " indeed"));
	assert_true(yaml_mistake_more(&report, size, "too small", ": 2"));
	assert_string_equal(report.mistakes[0].text, "too small: 2");
	assert_int_equal(report.n, 1);
	yaml_report_release(&report);
	yaml_doc_free(doc);
}

static void
five_typos_give_five_mistakes(void **state)
{
	static const char text[] = "titel: x\n"
				   "colour: gren\n"
				   "from: 2015-02-30\n"
				   "lag: 14 dayz\n"
				   "parts:\n"
				   "- {what: p, count: 0}\n";
	char *got = said(text);
	size_t n = 0;

	(void)state;
	for (const char *p = got; (p = strstr(p, "t.yaml:")); p++)
		n++;
	assert_int_equal(n, 6); /* the unknown key, and that the known one is missing */
	assert_non_null(strstr(got, "t.yaml:1:1: unknown key 'titel' in a thing"));
	assert_non_null(strstr(got, "did you mean 'title'?"));
	assert_non_null(strstr(got, "t.yaml:1:1: 'title' is missing in a thing"));
	assert_non_null(strstr(got, "t.yaml:2:9: 'colour': found 'gren', expected red, green or "
				    "blue (did you mean 'green'?)"));
	assert_non_null(strstr(got, "t.yaml:3:7: 'from': found '2015-02-30', expected a date"));
	assert_non_null(strstr(got, "t.yaml:4:6: 'lag': found '14 dayz', expected a duration"));
	assert_non_null(strstr(got, "t.yaml:6:20: 'count': found '0', expected a whole number"));
	mem_free(got);
}

static void
wrong_shapes_are_named(void **state)
{
	(void)state;
	has("[a]\n", "found a list, expected a thing (a mapping)");
	has("title: {a: b}\n", "'title': found a mapping, expected text");
	has("title:\n", "'title': found nothing, expected text");
	has("title: x\nparts: {a: b}\n", "'parts': found a mapping, expected a list");
	has("title: x\ntable: [a]\n", "'table': found a list, expected a mapping of names");
	has("title: x\ntable: {A b: {what: x}}\n", "found 'A b', expected names of lower-case");
	has("title: x\nopen: maybe\n", "found 'maybe', expected yes or no");
	has("title: x\nopen: \"yes\"\n", "found \"yes\", expected yes or no");
	has("title: x\nlikes: [red, pink]\n", "'likes': found 'pink', expected red, green or blue");
	has("title: x\nwords: {a: b}\n", "'words': found a mapping, expected a list such as");
	has("title: x\nwords: [a, a]\n", "'words': found 'a', expected each item once");
	has("title: x\nprice: 12.1234567\n", "'price': found '12.1234567', expected a number");
	has("title: x\nprice: 99999999999999999999\n", "expected a number");
	has("title: x\nsize: 9223372036854775808\n", "expected a whole number");
	has("title: x\nsize: 1_\n", "expected a whole number");
	has("title: x\nparts:\n- {}\n", "t.yaml:3:3: 'what' is missing in a part: which part");
}

static void
what_yaml_allows_and_we_do_not(void **state)
{
	(void)state;
	has("title: &a x\n", "t.yaml:1:8: found an anchor");
	has("title: x\nname: *a\n", "found an alias ('*')");
	has("title: !!str x\n", "found a tag ('!')");
	has("title: x\ntitle: y\n", "t.yaml:2:1: key 'title' is here twice, expected once (first "
				    "in line 1)");
	has("title: x\n---\ntitle: y\n", "t.yaml:2:1: found a second document");
	has("? [a]\n: b\n", "found a key that is not a word");
	has("", "found an empty file");
	has("# nothing\n", "found an empty file");
	has("title: \xff\n", "the file is not UTF-8 text");
	has("title: a\x01z\n", "t.yaml:1:1: found a control character");
}

static void
bad_syntax_names_its_line(void **state)
{
	(void)state;
	has("title: x\n\tsize: 1\nparts:\n\t- a\n", "t.yaml:2:1: found a tab in the indentation");
	has("title: x\n\tsize: 1\nparts:\n\t- a\n", "t.yaml:4:1: found a tab in the indentation");
	has("title: \"x\n", "t.yaml:1:");
	has("title: x\nfoo\nsize: 1\n", "t.yaml:2:1: this is not YAML");
	has("a:\n  b: 1\n c: 2\n", "t.yaml:3:2: this is not YAML");
	has("a: [1, 2\n", "this is not YAML");
}

static void
nesting_and_size_are_bounded(void **state)
{
	struct buf b = BUF_INIT;
	struct yaml_report report = YAML_REPORT_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_byte(&b, '[');
	has(buf_cstr(&b), "found more than 24 levels of nesting");
	buf_reset(&b);
	buf_str(&b, "words: [");
	for (int i = 0; i < YAML_NODES_MAX; i++)
		buf_str(&b, "a,");
	buf_str(&b, "]\n");
	has(buf_cstr(&b), "found more than 200000 values");
	buf_reset(&b);
	while (b.len <= YAML_BYTES_MAX)
		buf_str(&b, "# a comment that says nothing at all and goes on\n");
	has(buf_cstr(&b), "the file has more than 4194304 bytes");
	buf_reset(&b);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "k%d: 1\n", i % 500);
	assert_null(yaml_parse("t.yaml", buf_view(&b), &report));
	assert_int_equal(report.n, 500);
	assert_int_equal(report.kept, YAML_MISTAKES_MAX);
	buf_reset(&b);
	yaml_report_text(&report, &b);
	assert_non_null(strstr(buf_cstr(&b), "\nand 400 more\n"));
	yaml_report_release(&report);
	buf_release(&b);
}

static void
a_file_that_is_not_there_is_said(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;

	(void)state;
	assert_null(yaml_load("tests/no-such-file.yaml", &report));
	assert_int_equal(report.n, 1);
	assert_int_equal(report.mistakes[0].line, 0);
	assert_non_null(strstr(report.mistakes[0].text, "cannot be opened"));
	yaml_report_release(&report);
}

static void
the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = { "price", "cap", "evidence", "claim-window" };

	(void)state;
	assert_string_equal(yaml_suggest(SPAN_LIT("prise"), words, 4), "price");
	assert_string_equal(yaml_suggest(SPAN_LIT("pirce"), words, 4), "price");
	assert_string_equal(yaml_suggest(SPAN_LIT("evidnece"), words, 4), "evidence");
	assert_string_equal(yaml_suggest(SPAN_LIT("claim-windw"), words, 4), "claim-window");
	assert_null(yaml_suggest(SPAN_LIT("zebra"), words, 4));
	assert_null(yaml_suggest(SPAN_LIT(""), words, 4));
}

/* Bytes of real-looking YAML with random damage: a tree or mistakes, never a crash. */
static void
damaged_files_are_refused_or_read(void **state)
{
	static const char good[] = "title: x\nsize: 3\nparts:\n- {what: a, count: 2}\n- what: b\n"
				   "table:\n  one:\n    what: \"q\"\nrest: |\n  text\n  more\n";
	static const char odd[] = "[]{}:,&*!|>'\"%@`#-? \n\t\r\x80\xff~";
	const char *env = getenv("OUTTURN_SEED"), *size = getenv("OUTTURN_ROUNDS");
	unsigned seed = env ? (unsigned)strtoul(env, NULL, 0) : 1;
	int rounds = size ? atoi(size) : 3000;

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < rounds; i++) {
		char text[sizeof(good)], *got;

		memcpy(text, good, sizeof(good));
		for (int k = rand() % 6; k >= 0; k--)
			text[(size_t)rand() % (sizeof(good) - 1)] =
			    odd[(size_t)rand() % (sizeof(odd) - 1)];
		got = said(text);
		mem_free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(what_is_absent_is_absent),
		cmocka_unit_test(a_mistake_shows_the_line_and_a_caret),
		cmocka_unit_test(more_is_said_behind_the_mistake_it_is_about_and_no_other),
		cmocka_unit_test(five_typos_give_five_mistakes),
		cmocka_unit_test(wrong_shapes_are_named),
		cmocka_unit_test(what_yaml_allows_and_we_do_not),
		cmocka_unit_test(bad_syntax_names_its_line),
		cmocka_unit_test(nesting_and_size_are_bounded),
		cmocka_unit_test(a_file_that_is_not_there_is_said),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(damaged_files_are_refused_or_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
