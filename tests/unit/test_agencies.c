/* Who may send what: what is shipped is right, and every mistake of an entry is
 * told with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/io/yaml.h"
#include "ingest/agencies.h"
#include "tests/code_files.h"

static struct codes *codes;

static int
codes_load(void **state)
{
	static const char *const files[] = { CODE_FILES(CODE_FILE) };
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *docs[FILES];
	const struct yaml *roots[FILES];
	char path[128];

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "config/codes/%s.yaml", files[i]);
		docs[i] = yaml_load(path, &report);
		if (!docs[i])
			return -1;
		roots[i] = docs[i]->root;
	}
	codes = codes_parse(roots, FILES, &report);
	for (size_t i = 0; i < FILES; i++)
		yaml_doc_free(docs[i]);
	return codes ? 0 : -1;
}

static int
codes_drop(void **state)
{
	(void)state;
	codes_free(codes);
	return 0;
}

static void
test_the_shipped_agencies_are_right(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_load("config/agencies.yaml", &report);
	struct agencies *a = doc ? agencies_parse(doc->root, codes, &report) : NULL;
	const struct agency *council;

	(void)state;
	assert_int_equal(report.n, 0);
	yaml_doc_free(doc); /* copies are kept */
	council = agency_of_topic(a, SPAN_LIT("raw.council-a"));
	assert_ptr_equal(council, agency_of_organisation(a, SPAN_LIT("E08000099")));
	assert_true(span_is(council->role, "council") && council->epoch == 1);
	assert_true(agency_may_say(council, SPAN_LIT("accommodation")));
	assert_false(agency_may_say(council, SPAN_LIT("employment")));
	assert_int_equal(council->derive, 1U << DERIVED_AGE | 1U << DERIVED_AGE_BAND);
	assert_null(agency_of_topic(a, SPAN_LIT("raw.council")));
	agencies_free(a);
}

static const char entry[] = "  - organisation: E08000099\n    name: X\n    role: council\n"
	"    topic: raw.x\n    kinds: [referral]\n    lawful_basis: public-task\n"
	"    agreement: A\n    purpose: P\n    starts: 2020-01-01\n    expires: 2030-01-01\n";

static void
mistaken(const char *from, const char *to)
{
	struct yaml_report report = YAML_REPORT_INIT;
	char text[1024];
	const char *at = strstr(entry, from);
	struct yaml_doc *doc;

	assert_non_null(at);
	snprintf(text, sizeof(text), "agencies:\n%.*s%s%s", (int)(at - entry), entry, to,
	    at + strlen(from));
	doc = yaml_parse("agencies", span_str(text), &report);
	assert_non_null(doc);
	assert_null(agencies_parse(doc->root, codes, &report));
	assert_true(report.n > 0 && report.mistakes[0].line > 0);
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

static void
test_each_mistake_of_an_entry_is_told(void **state)
{
	(void)state;
	mistaken("E08000099", "exampleshire");
	mistaken("role: council", "role: king");
	mistaken("raw.x", "evidence");
	mistaken("[referral]", "[levitation]");
	mistaken("public-task", "because-we-can");
	mistaken("expires: 2030-01-01", "expires: 2019-12-31");
	mistaken("expires: 2030-01-01", "expires: 2030-02-30");
	mistaken("    agreement: A\n", "");
	mistaken("    purpose: P\n", "    purpose: P\n    porpoise: Q\n");
	mistaken("    purpose: P\n", "    purpose: P\n    derive: [{attribute: soul, purpose: x}]\n");
	mistaken("    purpose: P\n",
	    "    purpose: P\n    derive: [{attribute: age}]\n");
}

static void
test_a_topic_has_one_organisation_and_an_organisation_one_topic(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;
	char text[2048];
	struct yaml_doc *doc;

	(void)state;
	snprintf(text, sizeof(text), "agencies:\n%s%s", entry, entry);
	doc = yaml_parse("agencies", span_str(text), &report);
	assert_null(agencies_parse(doc->root, codes, &report));
	assert_int_equal(report.n, 2);
	yaml_doc_free(doc);
	yaml_report_release(&report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_shipped_agencies_are_right),
		cmocka_unit_test(test_each_mistake_of_an_entry_is_told),
		cmocka_unit_test(test_a_topic_has_one_organisation_and_an_organisation_one_topic),
	};

	return cmocka_run_group_tests(tests, codes_load, codes_drop);
}
