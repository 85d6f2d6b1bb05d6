#include "cli/outcome_row.h"

#include <stdlib.h>
#include <string.h>

#include "common/money.h"

static const char row_sql[]
    = "SELECT replace(outcome_id::text, '-', ''), contract, contract_version, outcome, "
      "replace(unit_id::text, '-', ''), unit_kind, ordinal, status, "
      "coalesce(starts_on::text, ''), coalesce(due_on::text, ''), "
      "coalesce(achieved_on::text, ''), coalesce(expires_on::text, ''), days, price_minor, "
      "currency, coalesce(replace(anchor_event::text, '-', ''), repeat('0', 32)), facts_hash "
      "FROM ledger.outcome WHERE replace(outcome_id::text, '-', '') LIKE $1 || '%' LIMIT 2";

static date_t
day_of(struct span text)
{
	date_t d = DATE_NONE;

	date_parse(text, &d);
	return d;
}

/* As psql shows it, too: with dashes, in capitals.  false: no digits of an id. */
static bool
id_digits(const char *text, char out[ID_HEX + 1])
{
	size_t n = 0;

	for (; *text; text++) {
		char c = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;

		if (c == '-')
			continue;
		if (n == ID_HEX || !strchr("0123456789abcdef", c))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n >= OUTCOME_PREFIX_MIN;
}

int
outcome_row_find(struct pg *pg, const char *id, struct outcome_row *row, struct err *err)
{
	struct outcome *o = &row->outcome;
	char digits[ID_HEX + 1];
	size_t n;

	*row = (struct outcome_row){ 0 };
	if (!id_digits(id, digits))
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    "an outcome's id is %d hex digits, or at least the first %d of them", ID_HEX,
		    OUTCOME_PREFIX_MIN);
	row->rows = pg_query(pg, row_sql, &(struct pg_param){ PG_TEXT, span_str(digits) }, 1,
	    err);
	if (!row->rows)
		return -1;
	n = pg_rows_count(row->rows);
	if (n != 1) {
		outcome_row_release(row);
		return err_code(err, ERR_FATAL, "not-found", NULL,
		    n ? "several outcomes begin with '%s': give more digits"
		      : "no outcome begins with '%s'", id);
	}
	id_parse(&o->outcome_id, pg_value(row->rows, 0, 0));
	o->contract = pg_value(row->rows, 0, 1);
	o->contract_version = (int32_t)pg_value_int(row->rows, 0, 2);
	o->outcome = pg_value(row->rows, 0, 3);
	id_parse(&o->unit, pg_value(row->rows, 0, 4));
	o->unit_kind = pg_value(row->rows, 0, 5);
	o->ordinal = (int32_t)pg_value_int(row->rows, 0, 6);
	o->status = pg_value(row->rows, 0, 7);
	o->start = day_of(pg_value(row->rows, 0, 8));
	o->due = day_of(pg_value(row->rows, 0, 9));
	o->achieved = day_of(pg_value(row->rows, 0, 10));
	o->expires = day_of(pg_value(row->rows, 0, 11));
	o->days = (int32_t)pg_value_int(row->rows, 0, 12);
	o->price_minor = pg_value_int(row->rows, 0, 13);
	o->currency = pg_value(row->rows, 0, 14);
	id_parse(&o->anchor_event, pg_value(row->rows, 0, 15));
	pg_value_hex(row->rows, 0, 16, o->facts_hash, sizeof(o->facts_hash));
	return 0;
}

void
outcome_row_release(struct outcome_row *row)
{
	pg_rows_free(row->rows);
	row->rows = NULL;
}

const char *const *
decision_roles(struct span what)
{
	static const char *const provider[] = { "provider", NULL };
	static const char *const checker[] = { "verifier", "commissioner", NULL };
	static const char *const payer[] = { "commissioner", NULL };

	if (span_is(what, "claimed") || span_is(what, "replied"))
		return provider;
	return span_is(what, "paid") ? payer : checker;
}

void
outcome_row_price(const struct outcome_row *row, char *out, size_t size)
{
	const struct currency *cur = currency_find(row->outcome.currency);
	char text[MONEY_TEXT];

	if (!cur) {
		snprintf(out, size, "%lld", (long long)row->outcome.price_minor);
		return;
	}
	money_text(row->outcome.price_minor, cur, text);
	snprintf(out, size, "%s", text);
}
