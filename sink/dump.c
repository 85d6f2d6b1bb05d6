#include "sink/dump.h"

#include "sink/rowmap.h"

static void
tab(struct buf *out)
{
	buf_byte(out, '\t');
}

static void
add_text(struct buf *out, struct span s)
{
	uint64_t mended = 0;

	tab(out);
	rowmap_text(out, s, &mended);
}

static void
add_int(struct buf *out, int64_t v)
{
	buf_printf(out, "\t%lld", (long long)v);
}

static void
add_hex(struct buf *out, const void *ptr, size_t len)
{
	buf_grow(out, 2 * len + 1);
	hex_of(ptr, len, (char *)out->ptr + out->len);
	out->len += 2 * len;
}

static void
add_id(struct buf *out, const struct id *id)
{
	tab(out);
	add_hex(out, id->b, ID_BYTES);
}

static void
add_id_some(struct buf *out, const struct id *id)
{
	if (id_is_zero(id))
		tab(out);
	else
		add_id(out, id);
}

static void
add_bytes(struct buf *out, struct span s)
{
	tab(out);
	if (s.len)
		add_hex(out, s.ptr, s.len);
}

/* As rowmap.c has it: no hash is null. */
static void
add_sha256(struct buf *out, const uint8_t sha[SHA256_BYTES])
{
	static const uint8_t zero[SHA256_BYTES];
	bool none = memcmp(sha, zero, SHA256_BYTES) == 0;

	add_bytes(out, span_of(sha, none ? 0 : SHA256_BYTES));
}

static void
add_date(struct buf *out, date_t d)
{
	char text[DATE_TEXT] = "";

	if (d >= DATE_MIN && d <= DATE_MAX)
		date_text(d, text);
	tab(out);
	buf_str(out, text);
}

static void
add_ids(struct buf *out, const struct av_array *ids)
{
	tab(out);
	for (uint32_t i = 0; i < ids->n; i++) {
		if (i)
			buf_byte(out, ',');
		add_hex(out, ((const struct id *)ids->items)[i].b, ID_BYTES);
	}
}

void
dump_event(struct buf *out, const struct evidence *ev)
{
	uint64_t mended = 0;

	buf_str(out, "event");
	add_id(out, &ev->event_id);
	add_text(out, ev->organisation);
	add_text(out, ev->role);
	add_int(out, ev->revision);
	add_int(out, ev->restricted);
	add_sha256(out, ev->raw_sha256);
	add_text(out, ev->kind);
	add_date(out, ev->start);
	add_date(out, ev->end);
	add_bytes(out, ev->episode);
	add_text(out, ev->evidence_type);
	tab(out);
	if (ev->attributes.n)
		rowmap_json_attributes(out, &ev->attributes, &mended);
	buf_byte(out, '\n');
}

void
dump_reject(struct buf *out, const struct evidence *ev)
{
	buf_str(out, "reject");
	add_text(out, ev->organisation);
	add_sha256(out, ev->raw_sha256);
	add_text(out, ev->reason);
	add_text(out, ev->reason_field);
	buf_byte(out, '\n');
}

void
dump_complete(struct buf *out, struct span organisation, date_t through)
{
	buf_str(out, "complete");
	add_text(out, organisation);
	add_date(out, through);
	buf_byte(out, '\n');
}

void
dump_link(struct buf *out, const struct linked *ln)
{
	buf_str(out, "link");
	add_id(out, &ln->unit);
	add_id(out, &ln->event_id);
	add_text(out, ln->unit_kind);
	add_int(out, ln->revision);
	tab(out);
	add_hex(out, ln->raw_sha256, SHA256_BYTES);
	add_text(out, ln->match.step);
	add_int(out, ln->match.weight_mbit);
	add_id_some(out, &ln->match.partner);
	add_bytes(out, ln->match.levels);
	buf_byte(out, '\n');
}

void
dump_pair(struct buf *out, const struct linked *ln)
{
	buf_str(out, "pair");
	add_id(out, &ln->event_id);
	add_id(out, &ln->match.partner);
	add_text(out, ln->match.step);
	add_int(out, ln->match.weight_mbit);
	add_bytes(out, ln->match.levels);
	buf_byte(out, '\n');
}

void
dump_decision(struct buf *out, const struct id *unit, const struct id *decision,
    struct span signed_record)
{
	uint8_t sha[SHA256_BYTES];

	sha256(signed_record, sha);
	buf_str(out, "decision");
	add_id(out, unit);
	add_id(out, decision);
	tab(out);
	add_hex(out, sha, sizeof(sha));
	buf_byte(out, '\n');
}

void
dump_outcome(struct buf *out, const struct outcome *o)
{
	uint64_t mended = 0;

	buf_str(out, "outcome");
	add_id(out, &o->outcome_id);
	add_text(out, o->contract);
	add_int(out, o->contract_version);
	add_text(out, o->outcome);
	add_id(out, &o->unit);
	add_text(out, o->unit_kind);
	add_int(out, o->ordinal);
	add_text(out, o->status);
	add_date(out, o->start);
	add_date(out, o->due);
	add_date(out, o->achieved);
	add_date(out, o->expires);
	add_int(out, o->days);
	add_int(out, o->price_minor);
	add_text(out, o->currency);
	add_id_some(out, &o->anchor_event);
	tab(out);
	add_hex(out, o->facts_hash, SHA256_BYTES);
	tab(out);
	rowmap_json_reasons(out, &o->reasons, &mended);
	tab(out);
	rowmap_json_gaps(out, &o->gaps);
	add_ids(out, &o->evidence);
	add_ids(out, &o->decisions);
	buf_byte(out, '\n');
}
