/*
 * outturn verify - what only a person can say of an outcome: a signed decision.
 *
 *	outcome in the warehouse ─► contract, outcome, ordinal, anchor event, hash of the facts
 *	                         ─► signed ─► decision ─► matchd ─► milestoned ─► verified
 *
 * The decision holds for the facts that were judged.  It is refused while the
 * warehouse is behind: what is judged should be what there is.
 */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome_row.h"
#include "cli/standing.h"
#include "common/mem.h"

static const char *const whats[] = { "claimed", "verified", "rejected", "queried", "replied", "paid",
	"interviewed", "sampled-right", "sampled-wrong", NULL };

struct verify {
	struct cli *cli;
	struct pg *pg;
	const char *as, *what, *note;
	bool force;
};

/* Maker is not checker: who claimed may not decide. */
static int
maker_check(struct verify *v, const struct outcome *o, struct err *err)
{
	char hex[ID_HEX + 1];
	struct pg_rows *rows;
	int64_t n;

	if (strcmp(v->what, "claimed") == 0 || strcmp(v->what, "replied") == 0)
		return 0;
	id_hex(&o->unit, hex);
	rows = pg_query(v->pg,
	    "SELECT count(*) FROM ledger.decision WHERE what = 'claimed' AND decided_by = $1 "
	    "AND unit_id = $2::uuid AND contract = $3 AND outcome = $4",
	    (struct pg_param[]){ { PG_TEXT, span_str(v->as) }, { PG_TEXT, span_str(hex) },
		{ PG_TEXT, o->contract }, { PG_TEXT, o->outcome } },
	    4, err);
	if (!rows)
		return -1;
	n = pg_value_int(rows, 0, 0);
	pg_rows_free(rows);
	if (n == 0)
		return 0;
	return err_code(err, ERR_FATAL, "maker-is-checker", NULL,
	    "'%s' claimed this outcome: somebody else decides", v->as);
}

static int
behind_check(struct verify *v, struct err *err)
{
	struct standing *st = mem_zalloc(1, sizeof(*st));
	char why[ERR_TEXT_MAX];
	int result = 0;

	if (!v->force) {
		result = standing_read(v->cli, v->pg, st, err);
		if (result == 0 && !st->up_to_date)
			result = err_code(err, ERR_RETRY, "warehouse-behind", NULL,
			    "the warehouse is behind (%s): what would be judged may change; wait, or "
			    "say --force", standing_why(st, why, sizeof(why)));
	}
	mem_free(st);
	return result;
}

static int
decide(struct verify *v, const struct outcome *o, struct err *err)
{
	struct decision de = { .what = span_str(v->what), .contract = o->contract,
		.outcome = o->outcome, .outcome_id = o->outcome_id, .ordinal = o->ordinal,
		.anchor_event = o->anchor_event, .by = span_str(v->as), .note = span_str(v->note),
		.key_id = span_str(v->as) };
	uint8_t sig[CLI_SIGN_BYTES], sum[SHA256_BYTES];
	struct buf value = BUF_INIT;
	char hex[ID_HEX + 1];
	int result = -1;

	if (id_is_zero(&o->anchor_event))
		return err_set(err, ERR_FATAL, "the outcome stands on no event yet: nothing to decide");
	memcpy(de.facts_hash, o->facts_hash, sizeof(de.facts_hash));
	/* Named by what it says, not when: said twice, it is one decision, so that who does
	 * not know whether it arrived says it again. */
	av_write(v->cli->catalogue, &decision_binding, &de, &value);
	sha256(buf_view(&value), sum);
	memcpy(de.decision_id.b, sum, ID_BYTES);
	buf_reset(&value);
	de.at_ms = cli_now_ms();
	if (cli_sign(v->cli, v->as, &decision_binding, &de, offsetof(struct decision, signature), sig,
		err)
	    || standing_may_say(v->cli, &decision_binding, &de, de.key_id, de.signature,
		offsetof(struct decision, signature), decision_roles(de.what), err))
		goto out;
	av_write(v->cli->catalogue, &decision_binding, &de, &value);
	id_hex(&de.decision_id, hex);
	if (cli_send(v->cli, "decision", span_str(hex), buf_view(&value), err))
		goto out;
	if (v->cli->json)
		printf("{\"version\":1,\"decision\":\"%s\",\"what\":\"%s\"}\n", hex, v->what);
	else
		printf("%s by %s: decision %s\n", v->what, v->as, hex);
	result = 0;
out:
	buf_release(&value);
	return result;
}

static bool
known_what(const char *what)
{
	for (size_t i = 0; whats[i]; i++)
		if (strcmp(whats[i], what) == 0)
			return true;
	return false;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	struct verify v = { .cli = cli };
	const struct cli_option options[] = { { .name = "as", .value = &v.as },
		{ .name = "what", .value = &v.what }, { .name = "note", .value = &v.note },
		{ .name = "force", .flag = &v.force } };
	struct outcome_row row = { 0 };
	struct err err = ERR_INIT;
	int code = CLI_OK;

	if (cli_options(&verb_verify, &argc, argv, options, 4))
		return CLI_USAGE;
	if (!v.what)
		v.what = "verified";
	if (argc != 2 || !v.as || !known_what(v.what))
		return cli_usage(&verb_verify,
		    "expected an outcome's id, --as NAME, and a --what that is listed");
	v.pg = cli_pg(cli, &err);
	if (!v.pg || outcome_row_find(v.pg, argv[1], &row, &err) || behind_check(&v, &err)
	    || maker_check(&v, &row.outcome, &err) || decide(&v, &row.outcome, &err))
		code = cli_fail(&err, NULL);
	outcome_row_release(&row);
	pg_close(v.pg);
	return code;
}

const struct cli_verb verb_verify = {
	.name = "verify",
	.run = run,
	.usage = "outturn verify OUTCOME --as NAME [--what WHAT] [--note TEXT] [--force]",
	.says = "say of an outcome: claimed, verified, rejected, queried, replied, paid",
	.help = "OUTCOME is an id, or the first digits of one.  The decision is signed with\n"
		"keys/NAME.sign and holds for the facts that the outcome stands on now: if they change,\n"
		"the outcome says so.  Who claimed may not decide.\n\n"
		"--what   claimed, verified (the default), rejected, queried, replied, paid\n"
		"--note   a sentence that goes with it\n"
		"--force  also while the warehouse is behind\n\n"
		"Exit: 0 sent, 5 no such outcome or key, 6 not this person's to say, 75 the warehouse is\n"
		"behind.\n"
		"Example: outturn verify 3fa29c --as checker",
};
