#include "common/must.h"
#include "transform/milestone/judge.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* --- what was judged, as one hash -------------------------------------------------- */

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static uint8_t *
put(uint8_t *p, struct span s)
{
	p = put32(p, (uint32_t)s.len);
	if (s.len)
		memcpy(p, s.ptr, s.len);
	return p + s.len;
}

/* "outturn-facts-1", contract, version, then each fact's id and content; positions
 * are left out.  stands_on is sorted by event id. */
static void
facts_hash_make(const struct judging *j, const struct verdict *v, uint8_t *hash)
{
	struct span head = SPAN_LIT("outturn-facts-1"), name = j->contract->name;
	size_t each = ID_BYTES + SHA256_BYTES;
	uint8_t *start = arena_alloc(j->arena, head.len + name.len + 16 + v->stands_on_n * each);
	uint8_t *p = start;

	MUST(start != NULL);
	p = put(p, head);
	p = put(p, name);
	p = put32(p, (uint32_t)j->version->number);
	p = put32(p, v->stands_on_n);
	for (uint32_t i = 0; i < v->stands_on_n; i++) {
		memcpy(p, v->stands_on[i]->id.b, ID_BYTES);
		memcpy(p + ID_BYTES, v->stands_on[i]->raw_sha256, SHA256_BYTES);
		p += each;
	}
	sha256(span_of(start, (size_t)(p - start)), hash);
}

/* Outcomes that stand on the referral alone share its place in the memo. */
void
facts_hash(const struct judging *j, struct verdict *v)
{
	bool referral = v->stands_on_n == 1 && v->stands_on[0] == j->referral;
	uint32_t at = v->terms->id_at + (uint32_t)v->out->ordinal - 1;
	uint8_t *hash;
	bool fresh;

	hash = memo_facts(j->memo, referral ? FACTS_OF_REFERRAL : at, v->mix, &fresh);
	if (fresh)
		facts_hash_make(j, v, hash);
	memcpy(v->out->facts_hash, hash, SHA256_BYTES);
}

/* --- windows -------------------------------------------------------------------------- */

/* The first day on which it is too late; DATE_NONE: never. */
static date_t
closes(struct judging *j, const struct outcome_terms *o)
{
	date_t ends = j->version->ends, to = DATE_NONE;

	if (!duration_is_zero(o->window)) {
		if (j->window.months != o->window.months || j->window.days != o->window.days) {
			j->window = o->window; /* mostly one for all */
			j->window_closes = duration_add(j->referral->start, o->window);
		}
		to = j->window_closes;
	}
	if (ends != DATE_NONE && (to == DATE_NONE || ends + 1 < to))
		to = ends + 1;
	return to;
}

bool
feeds_complete(const struct judging *j, struct verdict *v, date_t day)
{
	const struct evaluate_facts *f = j->facts;
	const struct yaml_texts *by = &v->terms->reported_by;
	date_t need = duration_add(day, v->terms->lag);
	bool all = true;

	for (uint32_t i = 0; i < by->n; i++) {
		date_t through = f->complete_through ? f->complete_through(f->arg, by->items[i])
						     : DATE_NONE;
		struct sentence more;

		if (through != DATE_NONE && through >= need)
			continue;
		all = false;
		sentence_begin(&more);
		sentence_add(&more, contract_organisation_name(j->contract, by->items[i]));
		sentence_str(&more, " must be complete through ");
		sentence_date(&more, need);
		sentence_str(&more, ".");
		verdict_reason_more(j, v, REASON_FEED_INCOMPLETE, by->items[i], &more);
	}
	return all && by->n > 0;
}

/* It has not been completed: may it still be? */
static void
not_completed(struct judging *j, struct verdict *v, date_t failed)
{
	date_t close = closes(j, v->terms), last;

	if (close == DATE_NONE && failed == DATE_NONE)
		return;
	last = failed != DATE_NONE ? failed : close - 1;
	if (close != DATE_NONE && close - 1 < last)
		last = close - 1;
	if (j->facts->as_at <= last)
		return;
	v->status = STATUS_NOT_YET;
	if (!feeds_complete(j, v, last))
		return;
	v->status = STATUS_NOT_MET;
	if (close != DATE_NONE && last == close - 1)
		verdict_reason(j, v, REASON_WINDOW_CLOSED, SPAN_NONE);
}

/* --- decisions ---------------------------------------------------------------------------- */

struct ruled {
	const struct decided *last; /* that fits what stands today */
	date_t claimed;             /* the first claim's day */
	bool queried, replied;
	uint64_t has;               /* of the decisions that the evidence asks for, by index */
};

static bool
about(const struct judging *j, const struct verdict *v, const struct decided *d)
{
	return text_eq(name_text(d->contract), j->contract->name)
	    && text_eq(name_text(d->outcome), v->terms->name) && d->ordinal == v->out->ordinal;
}

static bool
is(const struct decided *d, const char *what)
{
	return span_is(name_text(d->what), what);
}

static bool
by_claimant(const struct judging *j, const struct verdict *v, const struct decided *d)
{
	for (uint32_t i = 0; i < j->tl->decisions_n; i++) {
		const struct decided *c = &j->tl->decisions[i];

		if (c->counts && is(c, "claimed") && about(j, v, c)
		    && (c->by == d->by || (c->key_id && c->key_id == d->key_id)))
			return true;
	}
	return false;
}

static void
reason_once(const struct judging *j, struct verdict *v, enum reason_code code, struct span subject)
{
	for (uint32_t i = 0; i < v->reasons_n; i++)
		if (span_eq(v->reasons[i].code, reason_name(code))
		    && span_eq(v->reasons[i].subject, subject))
			return;
	verdict_reason(j, v, code, subject);
}

/* Does it hold for today's facts?  Says why not.  A claim keeps its day whatever comes
 * after: who claimed in time has claimed. */
static bool
fits(const struct judging *j, struct verdict *v, const struct decided *d)
{
	bool claim = is(d, "claimed"), deciding = is(d, "verified") || is(d, "rejected")
	    || is(d, "queried");

	if (!d->counts) {
		reason_once(j, v, REASON_NOT_COUNTED, name_text(d->what));
		return false;
	}
	if (deciding && by_claimant(j, v, d)) {
		reason_once(j, v, REASON_BY_CLAIMANT, name_text(d->what));
		return false;
	}
	if (claim)
		return true;
	if (v->anchor && id_eq(&d->anchor_event, &v->anchor->id)
	    && memcmp(d->facts_hash, v->out->facts_hash, SHA256_BYTES) == 0)
		return true;
	reason_once(j, v,
	    is(d, "verified") ? REASON_EVIDENCE_CHANGED : REASON_EVIDENCE_CHANGED_OTHER,
	    name_text(d->what));
	return false;
}

static void
decisions_read(const struct judging *j, struct verdict *v, struct ruled *r)
{
	const struct yaml_texts *asked = &v->terms->evidence->decisions;
	struct id *ids = arena_alloc(j->arena, j->tl->decisions_n * sizeof(*ids));
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->tl->decisions_n; i++) {
		const struct decided *d = &j->tl->decisions[i]; /* by the time they were said */

		if (!about(j, v, d) || !fits(j, v, d))
			continue;
		ids[n++] = d->id;
		for (uint32_t k = 0; k < asked->n && k < 64; k++)
			if (span_eq(asked->items[k], name_text(d->what)))
				r->has |= UINT64_C(1) << k;
		if (is(d, "claimed")) {
			date_t day = (date_t)(d->at_ms / DAY_MS);

			if (r->claimed == DATE_NONE || day < r->claimed)
				r->claimed = day;
		} else if (is(d, "queried") || is(d, "replied")) {
			r->queried = is(d, "queried");
			r->replied = !r->queried;
			r->last = NULL;
		} else if (is(d, "verified") || is(d, "rejected")) {
			r->last = d;
			r->queried = r->replied = false;
		}
	}
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t k = i; k > 0 && id_cmp(&ids[k - 1], &ids[k]) > 0; k--) {
			struct id swap = ids[k];

			ids[k] = ids[k - 1];
			ids[k - 1] = swap;
		}
	v->out->decisions = (struct av_array){ ids, n };
}

static void
expire(const struct judging *j, struct verdict *v, const struct ruled *r)
{
	if (v->out->expires == DATE_NONE || j->facts->as_at <= v->out->expires
	    || v->status == STATUS_CONTRADICTED)
		return;
	if (r->claimed != DATE_NONE && r->claimed <= v->out->expires)
		return;
	v->status = STATUS_EXPIRED;
	verdict_reason(j, v, r->claimed == DATE_NONE ? REASON_CLAIM_EXPIRED : REASON_CLAIMED_LATE,
	    SPAN_NONE);
}

/* Proven by records, and not by all the decisions that are asked for. */
static void
decisions_missing(const struct judging *j, struct verdict *v, const struct ruled *r)
{
	const struct yaml_texts *asked = &v->terms->evidence->decisions;

	for (uint32_t k = 0; k < asked->n && k < 64; k++) {
		if (r->has >> k & 1)
			continue;
		v->status = STATUS_AWAITING;
		verdict_reason(j, v, REASON_AWAITING_DECISION, asked->items[k]);
	}
}

static void
decided(const struct judging *j, struct verdict *v)
{
	struct ruled r = { .claimed = DATE_NONE };
	bool complete = v->day != DATE_NONE;

	if (j->tl->decisions_n)
		decisions_read(j, v, &r);
	if (v->status == STATUS_ACHIEVED)
		decisions_missing(j, v, &r);
	if (complete)
		expire(j, v, &r);
	if (r.last && is(r.last, "rejected")) {
		v->status = STATUS_REJECTED;
	} else if (r.last && v->status == STATUS_AWAITING) {
		verdict_reason(j, v, REASON_EVIDENCE_STILL_MISSING, SPAN_NONE);
	} else if (r.last && complete) {
		v->status = STATUS_VERIFIED;
	} else if (r.queried && v->status != STATUS_EXPIRED) {
		v->status = STATUS_QUERIED;
		verdict_reason(j, v, REASON_QUERY_OPEN, SPAN_NONE);
	} else if (r.replied) {
		verdict_reason(j, v, REASON_QUERY_REPLIED, SPAN_NONE);
	}
}

void
ruling(struct judging *j, struct verdict *v)
{
	date_t close = closes(j, v->terms);

	if (v->day != DATE_NONE && close != DATE_NONE && v->day >= close) {
		v->day = DATE_NONE;
		v->status = STATUS_NOT_YET;
		verdict_reason(j, v, REASON_TOO_LATE, SPAN_NONE);
	}
	if (v->day == DATE_NONE && v->status != STATUS_CONTRADICTED
	    && v->status != STATUS_AWAITING && !v->certain)
		not_completed(j, v, v->failed);
	if (v->day != DATE_NONE && !duration_is_zero(v->terms->claim_within))
		v->out->expires = duration_add(v->day, v->terms->claim_within);
	decided(j, v);
}
