/*
 * outturn erase - this record is never to be used again.
 *
 * Writes one signed `suppressed` record.  ingestd replaces every version of the
 * event by a stub without content, also those that arrive later; what stood on
 * it follows.  The raw topic is the agency's: its copy goes as its sharing
 * agreement says.
 */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/standing.h"
#include "common/io/yaml.h"
#include "ingest/shell_live.h"

struct erase {
	struct cli *cli;
	const char *as, *reason, *event;
};

/* The organisation that a raw topic is bound to, by the published terms; copied. */
static int
organisation_of(struct erase *e, const char *topic, struct buf *out, struct err *err)
{
	struct termsbook *terms = standing_terms(e->cli, err);
	struct yaml_report report = YAML_REPORT_INIT;
	const struct book_page *page;
	struct yaml_doc *doc = NULL;
	const struct yaml *list = NULL;

	if (!terms)
		return -1;
	page = book_find(termsbook_book(terms), SPAN_LIT("agencies"), SPAN_LIT("agencies"));
	doc = page ? yaml_parse("agencies", page->content, &report) : NULL;
	list = doc ? yaml_get(doc->root, "agencies") : NULL;
	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct yaml *t = yaml_get(&list->items[i], "topic");
		const struct yaml *who = yaml_get(&list->items[i], "organisation");

		if (t && who && span_is(t->text, topic))
			buf_span(out, who->text);
	}
	yaml_report_release(&report);
	yaml_doc_free(doc);
	termsbook_free(terms);
	if (out->len)
		return 0;
	return err_code(err, ERR_FATAL, "not-found", NULL,
	    "topic '%s' is bound to no agency in the published terms", topic);
}

static int
event_of(struct erase *e, const char *topic, const char *record_id, struct id *event,
    struct err *err)
{
	struct buf organisation = BUF_INIT;
	struct live_keys keys;
	int result = -1;

	if (live_keys_open(e->cli->params, &keys, err))
		return -1;
	if (organisation_of(e, topic, &organisation, err) == 0) {
		*event = event_id_of(keys.ring, buf_view(&organisation), span_str(record_id));
		result = 0;
	}
	live_keys_close(&keys);
	buf_release(&organisation);
	return result;
}

static int
erase(struct erase *e, const struct id *event, struct err *err)
{
	struct suppressed su = { .event_id = *event, .reason = span_str(e->reason),
		.by = span_str(e->as), .at_ms = cli_now_ms(), .key_id = span_str(e->as) };
	static const char *const roles[] = { "eraser", "publisher", NULL };
	uint8_t sig[CLI_SIGN_BYTES];
	struct buf value = BUF_INIT;
	char hex[ID_HEX + 1];
	int result = -1;

	id_hex(event, hex);
	if (cli_sign(e->cli, e->as, &suppressed_binding, &su, offsetof(struct suppressed, signature),
		sig, err) == 0
	    && standing_may_say(e->cli, &suppressed_binding, &su, su.key_id, su.signature,
		offsetof(struct suppressed, signature), roles, err) == 0) {
		av_write(e->cli->catalogue, &suppressed_binding, &su, &value);
		result = cli_send(e->cli, "suppressed", span_str(hex), buf_view(&value), err);
	}
	buf_release(&value);
	if (result)
		return -1;
	if (e->cli->json)
		printf("{\"version\":1,\"event\":\"%s\"}\n", hex);
	else
		printf("event %s is never to be used again; every version of it becomes a stub "
		       "without content\nnext: outturn status --wait 60\n", hex);
	return 0;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct erase e = { .cli = cli };
	const struct cli_option options[] = { { .name = "as", .value = &e.as },
		{ .name = "reason", .value = &e.reason }, { .name = "event", .value = &e.event } };
	struct err err = ERR_INIT;
	struct id event;

	if (cli_options(&verb_erase, &argc, argv, options, 3))
		return CLI_USAGE;
	if (!e.as || argc != (e.event ? 1 : 3))
		return cli_usage(&verb_erase,
		    "expected TOPIC and RECORD_ID, or --event ID, and --as NAME");
	if (e.event && !id_parse(&event, span_str(e.event)))
		return cli_usage(&verb_erase, "an event's id is 32 hex digits");
	if ((!e.event && event_of(&e, argv[1], argv[2], &event, &err)) || erase(&e, &event, &err))
		return cli_fail(&err, NULL);
	return CLI_OK;
}

const struct cli_verb verb_erase = {
	.name = "erase",
	.run = run,
	.usage = "outturn erase TOPIC RECORD_ID --as NAME [--reason CODE]\n"
		 "outturn erase --event ID --as NAME [--reason CODE]",
	.says = "never use a record again, and leave only a stub of it",
	.help = "TOPIC is the raw topic without its prefix (raw.council-a), RECORD_ID the agency's own\n"
		"id of the record; that form needs keys/ingest.key.  NAME must be a published person\n"
		"whose roles include eraser.\n\n"
		"The agency's own raw topic is not touched: records there expire as its agreement says.\n\n"
		"Exit: 0 sent, 5 no such agency or key, 6 not this person's to say.\n"
		"Example: outturn erase raw.council-a T-1042 --as dpo --reason erasure-request",
};
