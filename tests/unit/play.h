/*
 * play - a contract and its examples as texts: what comes out, must.
 *
 *	comes_out(CONTRACT ..., AGENCIES "- example: ...")
 *	refused(CONTRACT ..., "why")
 */
#ifndef OUTTURN_TEST_PLAY_H
#define OUTTURN_TEST_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/io/yaml.h"
#include "common/mem.h"
#include "transform/milestone/evaluate.h"
#include "transform/milestone/examples.h"

#define PLAY_HEAD "contract: c\ntitle: C\ncurrency: GBP\n" \
	"parties:\n- {party: agency, name: Council, organisation: A1, reports: yes}\n" \
	"- {party: payer, name: Centre}\n- {party: commissioner, name: Local}\n"
#define PLAY_VERSION "versions:\n- version: 1\n  effective: 2015-01-01\n" \
	"  cohort: {programme: p}\n"
#define PLAY_CONTRACT PLAY_HEAD PLAY_VERSION
#define PLAY_AGENCIES "agencies: {A1: council, N1: nhs, P1: provider}\nexamples:\n"
#define PLAY_REFERRED "  events:\n  - {id: r, kind: referral, by: A1, on: 2015-01-01, " \
	"says: {programme: p, age: 20}}\n"

static inline struct contract *
play_contract(const char *text, struct buf *said)
{
	struct yaml_report report = YAML_REPORT_INIT;
	struct yaml_doc *doc = yaml_parse("c.yaml", span_str(text), &report);
	struct contract *c = doc ? contract_parse(doc->root, &report) : NULL;

	yaml_report_sort(&report);
	yaml_report_text(&report, said);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	return c;
}

static inline void
comes_out(const char *contract, const char *examples)
{
	struct buf said = BUF_INIT;
	struct yaml_report report = YAML_REPORT_INIT;
	struct contract *c = play_contract(contract, &said);
	struct yaml_doc *doc;

	if (!c)
		fail_msg("%s", buf_cstr(&said));
	doc = yaml_parse("e.yaml", span_str(examples), &report);
	if (!doc || examples_run(c, doc->root, &report) == 0 || report.n) {
		yaml_report_text(&report, &said);
		fail_msg("%s", buf_cstr(&said));
	}
	buf_release(&said);
	yaml_report_release(&report);
	yaml_doc_free(doc);
	contract_free(c);
}

static inline void
refused(const char *text, const char *why)
{
	struct buf said = BUF_INIT;
	struct contract *c = play_contract(text, &said);

	if (c)
		fail_msg("was taken, expected: %s", why);
	if (!strstr(buf_cstr(&said), why))
		fail_msg("expected '%s' in:\n%s", why, buf_cstr(&said));
	buf_release(&said);
}

#endif
