#include "ingest/ingest.h"

#include <stdio.h>

#include "common/mem.h"
#include "common/must.h"
#include "common/text.h"
#include "ingest/attributes.h"
#include "ingest/clk.h"

#define MS_PER_DAY INT64_C(86400000)

struct ingest {
	struct ingest_terms terms;
	struct tokeniser *tokeniser, *next; /* next: NULL while one epoch is live */
	const struct agency *agency; /* of the last record: topics come in runs */
};

/* One record under way. */
struct work {
	struct ingest *in;
	const struct raw_input *raw;
	const struct agency *agency;
	date_t today; /* of LogAppendTime, UTC */
	struct evidence *out;
	struct arena *arena;
	struct err err;
};

/* Judged: go on, done (an evidence record stands), or bad (err says why). */
enum step { STEP_ON, STEP_DONE, STEP_BAD };

struct ingest *
ingest_new(const struct ingest_terms *terms)
{
	struct ingest *in = mem_zalloc(1, sizeof(*in));

	MUST(terms->agencies && terms->codes && terms->frequency && terms->ring);
	in->terms = *terms;
	in->tokeniser = tokeniser_new(terms->ring, terms->frequency, terms->tokens);
	if (terms->next)
		in->next = tokeniser_new(terms->next, terms->frequency, terms->tokens);
	return in;
}

void
ingest_free(struct ingest *in)
{
	if (!in)
		return;
	tokeniser_free(in->tokeniser);
	tokeniser_free(in->next);
	mem_free(in);
}

int64_t
ingest_recipe(const struct ingest_terms *t)
{
	uint8_t sum[SHA256_BYTES];
	struct buf said = BUF_INIT;
	uint64_t v = 0;

	/* what only who has the keys can say */
	mac_sum(t->ring->signature, SPAN_LIT("recipe"), sum);
	buf_add(&said, sum, sizeof(sum));
	if (t->next) {
		mac_sum(t->next->signature, SPAN_LIT("recipe"), sum);
		buf_add(&said, sum, sizeof(sum));
	}
	buf_printf(&said, "normalise %d token %d clk %d profile %d %d frequency %d",
	    (int)NORMALISE_VERSION, (int)TOKEN_VERSION, (int)CLK_VERSION, (int)t->tokens.profile,
	    (int)t->tokens.clk, (int)t->frequency->version);
	sha256(buf_view(&said), sum);
	buf_release(&said);
	for (int i = 0; i < 8; i++)
		v = v << 8 | sum[i];
	return (int64_t)(v >> 1); /* positive, and not 0 but by a chance of 2^-63 */
}

static enum step
reject(struct work *w, const char *code, const char *field, const char *sentence)
{
	err_code(&w->err, ERR_RECORD, code, field, "%s", sentence);
	return STEP_BAD;
}

/* --- before the content */

static const struct agency *
agency_of(struct ingest *in, struct span topic)
{
	if (!in->agency || !span_eq(in->agency->topic, topic))
		in->agency = agency_of_topic(in->terms.agencies, topic);
	return in->agency;
}

static bool
is_suppressed(const struct work *w, const struct id *event_id)
{
	const struct ingest_terms *t = &w->in->terms;

	return t->is_suppressed && t->is_suppressed(event_id, t->suppressed_arg);
}

static enum step
suppressed_stub(struct work *w, const struct id *event_id)
{
	struct evidence *e = w->out;

	*e = (struct evidence){ .what = EVIDENCE_SUPPRESSED, .source = e->source,
		.organisation = e->organisation, .role = e->role, .event_id = *event_id,
		.start = DATE_NONE, .end = DATE_NONE, .complete_through = DATE_NONE };
	return STEP_DONE;
}

static enum step
take_back(struct work *w, bool tombstone, int64_t revision)
{
	w->out->what = EVIDENCE_VERSION;
	w->out->withdrawn = true;
	w->out->tombstone = tombstone;
	w->out->revision = revision;
	return STEP_DONE;
}

static enum step
judge_envelope(struct work *w)
{
	const struct raw_input *raw = w->raw;

	if (!w->agency)
		return reject(w, "unknown-topic", "",
		    "the topic is bound to no agency in agencies.yaml");
	if (raw->at.key.len > RECORD_ID_MAX)
		return reject(w, "field-too-long", "key", "the Kafka key is longer than 512 bytes");
	if (raw->at.key.len) {
		w->out->event_id = event_id_of(w->in->terms.ring, w->agency->organisation, raw->at.key);
		if (is_suppressed(w, &w->out->event_id))
			return suppressed_stub(w, &w->out->event_id);
	}
	if (raw->value.ptr)
		return STEP_ON;
	if (raw->at.key.len == 0)
		return reject(w, "record-id-missing", "key",
		    "a tombstone without a Kafka key names no record");
	return take_back(w, true, 0);
}

static enum step
judge_bytes(struct work *w)
{
	if (w->raw->value.len > RAW_BYTES_MAX)
		return reject(w, "too-large", "", "the record is longer than 256 KiB");
	if (w->raw->record)
		return STEP_ON;
	if (!w->raw->decode_err)
		return reject(w, "not-decodable", "", "the record could not be decoded");
	w->err = *w->raw->decode_err;
	w->err.class = ERR_RECORD;
	if (w->err.code[0] == '\0')
		snprintf(w->err.code, sizeof(w->err.code), "not-decodable");
	return STEP_BAD;
}

static bool
future(const struct work *w, date_t day)
{
	return day > w->today + FUTURE_DAYS;
}

/* DATE_NONE when absent. */
static enum step
judge_date(struct work *w, struct span text, const char *field, date_t *day)
{
	char sentence[160];

	switch (date_check(text, day)) {
	case DATE_RESULT_OK:
		return STEP_ON;
	case DATE_RESULT_ABSENT:
		*day = DATE_NONE;
		return STEP_ON;
	case DATE_RESULT_UNREADABLE:
		snprintf(sentence, sizeof(sentence), "field '%s' is not a date, expected YYYY-MM-DD",
		    field);
		return reject(w, "date-unreadable", field, sentence);
	case DATE_RESULT_IMPOSSIBLE:
		break;
	}
	snprintf(sentence, sizeof(sentence), "field '%s' is a day that does not exist", field);
	return reject(w, "date-impossible", field, sentence);
}

static enum step
judge_agreement(struct work *w)
{
	const struct agency *a = w->agency;

	if (w->today > a->expires)
		return reject(w, "agreement-lapsed", "",
		    "the sharing agreement had lapsed when the record was appended");
	if (a->starts != DATE_NONE && w->today < a->starts)
		return reject(w, "agreement-not-started", "",
		    "the sharing agreement had not begun when the record was appended");
	return STEP_ON;
}

static enum step
judge_completeness(struct work *w, const struct raw_record *r)
{
	date_t through;
	enum step step;

	if (text_absent(r->complete_through))
		return STEP_ON;
	if (r->event || r->person)
		return reject(w, "ambiguous-record", "complete_through",
		    "a declaration of completeness carries no person and no event");
	step = judge_agreement(w);
	if (step == STEP_ON)
		step = judge_date(w, r->complete_through, "complete_through", &through);
	if (step != STEP_ON)
		return step;
	if (through > w->today)
		return reject(w, "date-in-future", "complete_through",
		    "field 'complete_through' is after the day the record was appended");
	w->out->what = EVIDENCE_COMPLETE;
	w->out->complete_through = through;
	memset(&w->out->event_id, 0, sizeof(w->out->event_id));
	return STEP_DONE;
}

static enum step
judge_identity(struct work *w, const struct raw_record *r)
{
	struct id said;

	if (text_absent(r->record_id))
		return reject(w, "record-id-missing", "record_id", "field 'record_id' is empty");
	if (r->record_id.len > RECORD_ID_MAX)
		return reject(w, "field-too-long", "record_id",
		    "field 'record_id' is longer than 512 bytes");
	if (!span_eq(r->record_id, w->raw->at.key)) {
		said = event_id_of(w->in->terms.ring, w->agency->organisation, r->record_id);
		if (is_suppressed(w, &said))
			return suppressed_stub(w, &said);
		return reject(w, "key-mismatch", "record_id",
		    "field 'record_id' and the Kafka key are not the same");
	}
	if (r->revision < 0)
		return reject(w, "revision-negative", "revision", "field 'revision' is below 0");
	w->out->revision = r->revision;
	if (r->withdrawn)
		return take_back(w, false, r->revision);
	return STEP_ON;
}

/* --- the event */

static enum step
code_bad(struct work *w, enum code_found found, const char *field, const char *what)
{
	char sentence[160];

	if (found == CODE_NOT_THEN) {
		snprintf(sentence, sizeof(sentence), "field '%s' is not %s in force on the day", field,
		    what);
		return reject(w, "code-not-in-force", field, sentence);
	}
	snprintf(sentence, sizeof(sentence), "field '%s' is not %s", field, what);
	return reject(w, "unknown-code", field, sentence);
}

static enum step
judge_days(struct work *w, const struct raw_event *e)
{
	enum step step = judge_date(w, e->start, "event.start", &w->out->start);

	if (step == STEP_ON)
		step = judge_date(w, e->end, "event.end", &w->out->end);
	if (step != STEP_ON)
		return step;
	if (w->out->start == DATE_NONE)
		return reject(w, "date-missing", "event.start", "field 'event.start' is empty");
	if (future(w, w->out->start))
		return reject(w, "date-in-future", "event.start",
		    "field 'event.start' is after the day the record was appended");
	if (date_age(w->out->start, w->today) > AGE_YEARS_MAX)
		return reject(w, "date-implausible", "event.start",
		    "field 'event.start' is more than 130 years ago");
	if (w->out->end == DATE_NONE)
		return STEP_ON;
	if (w->out->end < w->out->start)
		return reject(w, "end-before-start", "event.end",
		    "field 'event.end' is before 'event.start'");
	if (future(w, w->out->end))
		return reject(w, "date-in-future", "event.end",
		    "field 'event.end' is after the day the record was appended");
	return STEP_ON;
}

static enum step
judge_kind(struct work *w, const struct raw_event *e, struct kind_ref *ref)
{
	enum code_found found = kind_find(w->in->terms.codes, e->kind, w->out->start, ref);

	if (found != CODE_FOUND)
		return code_bad(w, found, "event.kind", "a kind of kinds.yaml");
	if (!agency_may_say(w->agency, ref->kind->names[KIND_ITSELF]))
		return reject(w, "kind-not-allowed", "event.kind",
		    "the agency's entry in agencies.yaml does not allow this kind");
	if (w->out->end != DATE_NONE && !(ref->kind->spell && ref->form == KIND_ITSELF))
		return reject(w, "end-not-allowed", "event.end",
		    "only a spell has an end; this kind happens on one day");
	w->out->kind = ref->kind->names[ref->form];
	return STEP_ON;
}

static enum step
judge_proof(struct work *w, const struct raw_event *e)
{
	struct id *episode;
	enum code_found found;

	if (!text_absent(e->evidence_type)) {
		found = code_find(w->in->terms.codes->evidence_types, e->evidence_type, w->out->start,
		    &w->out->evidence_type);
		if (found != CODE_FOUND)
			return code_bad(w, found, "event.evidence_type", "a type of evidence-types.yaml");
	}
	if (text_absent(e->episode))
		return STEP_ON;
	if (e->episode.len > RECORD_ID_MAX)
		return reject(w, "field-too-long", "event.episode",
		    "field 'event.episode' is longer than 512 bytes");
	episode = arena_alloc(w->arena, sizeof(*episode));
	MUST(episode != NULL);
	*episode = episode_id_of(w->in->terms.ring, w->agency->organisation, text_trim(e->episode));
	w->out->episode = span_of(episode->b, ID_BYTES);
	return STEP_ON;
}

/* --- the person */

static enum step
judge_person_codes(struct work *w, const struct raw_person *p, struct span *sex,
    struct span *ethnic)
{
	const struct codes *codes = w->in->terms.codes;
	enum code_found found;

	*sex = *ethnic = SPAN_NONE;
	if (!text_absent(p->sex)) {
		found = code_find(codes->sexes, p->sex, w->out->start, sex);
		if (found != CODE_FOUND)
			return code_bad(w, found, "person.sex", "a code of sexes.yaml");
	}
	if (!text_absent(p->ethnic_group)) {
		found = code_find(codes->ethnic_groups, p->ethnic_group, w->out->start, ethnic);
		if (found != CODE_FOUND)
			return code_bad(w, found, "person.ethnic_group", "a code of ethnic-groups.yaml");
	}
	return STEP_ON;
}

static enum step
judge_birth(struct work *w, const struct person_block *b)
{
	if (b->died != DATE_NONE && future(w, b->died))
		return reject(w, "date-in-future", "person.died_on",
		    "field 'person.died_on' is after the day the record was appended");
	if (b->dob == DATE_NONE)
		return STEP_ON;
	if (future(w, b->dob))
		return reject(w, "date-in-future", "person.dob",
		    "field 'person.dob' is after the day the record was appended");
	if (b->dob > w->out->start)
		return reject(w, "born-after-event", "person.dob",
		    "field 'person.dob' is after 'event.start'");
	if (date_age(b->dob, w->out->start) > AGE_YEARS_MAX)
		return reject(w, "dob-implausible", "person.dob",
		    "field 'person.dob' makes the person older than 130 years");
	return STEP_ON;
}

static bool
has_token(const struct person_block *b, int32_t field)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->tokens[i].field == field)
			return true;
	return false;
}

/* A sex alone, or a place alone, is no person. */
static bool
identifies(const struct person_block *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		int32_t f = b->tokens[i].field;

		if (f <= TOKEN_LOCAL_ID || f == TOKEN_SURNAME || f == TOKEN_FORENAME)
			return true;
	}
	return false;
}

static struct encodings
encodings_of(struct work *w, const struct person_block *b, int32_t epoch)
{
	struct encodings e = { .signature = b->signature, .key_epoch = epoch };
	struct token *tokens = arena_alloc(w->arena, (b->n + 1) * sizeof(*tokens));

	MUST(tokens != NULL);
	memcpy(tokens, b->tokens, b->n * sizeof(*tokens));
	e.tokens = (struct av_array){ tokens, b->n };
	if (b->clk_len)
		e.clk = arena_copy(w->arena, span_of(b->clk, b->clk_len));
	return e;
}

static void
put_block(struct work *w, const struct person_block *b)
{
	struct encodings e = encodings_of(w, b, w->in->terms.ring->epoch);

	w->out->tokens = e.tokens;
	w->out->clk = e.clk;
	w->out->signature = e.signature;
	w->out->key_epoch = e.key_epoch;
}

/* The same person under the later epoch; what was normalised once is again. */
static int
put_next(struct work *w, const struct raw_person *p, const struct person_context *c)
{
	const struct person_block *b;

	if (!w->in->next)
		return 0;
	b = tokeniser_person(w->in->next, p, c, w->arena, &w->err);
	if (!b)
		return -1;
	w->out->next = arena_alloc(w->arena, sizeof(*w->out->next));
	MUST(w->out->next != NULL);
	*w->out->next = encodings_of(w, b, w->in->terms.next->epoch);
	return 0;
}

static enum step
judge_person(struct work *w, const struct raw_person *p, struct derive_from *from)
{
	struct person_context c = { .organisation = w->agency->organisation,
		.restricted = w->out->restricted };
	const struct person_block *b;
	enum step step = judge_person_codes(w, p, &c.sex, &from->ethnic_group);

	if (step != STEP_ON)
		return step;
	if (address_current(&p->addresses, w->out->start, &c.current_address, &w->err) < 0)
		return STEP_BAD;
	b = tokeniser_person(w->in->tokeniser, p, &c, w->arena, &w->err);
	if (!b)
		return STEP_BAD;
	step = judge_birth(w, b);
	if (step != STEP_ON)
		return step;
	if (!identifies(b))
		return reject(w, "no-identifier", "person",
		    "the person has neither a number nor a name that could be matched");
	/* without it nothing would keep two records of one agency apart (attack_probe.c) */
	if (w->agency->one_record_a_person && !has_token(b, TOKEN_LOCAL_ID))
		return reject(w, "local-id-missing", "person.local_id",
		    "the agency's entry says one record is one person: field 'person.local_id' must say "
		    "which");
	put_block(w, b);
	from->sex = c.sex;
	from->dob = b->dob;
	from->postcode = &b->postcode;
	return put_next(w, p, &c) < 0 ? STEP_BAD : STEP_ON;
}

/* --- the whole */

static enum step
judge_fact(struct work *w, const struct raw_record *r)
{
	struct derive_from from = { .agency = w->agency, .postcodes = w->in->terms.postcodes,
		.restricted = r->restricted };
	struct kind_ref kind;
	enum step step = judge_agreement(w);

	if (step != STEP_ON)
		return step;
	if (!r->person)
		return reject(w, "person-missing", "person", "field 'person' is absent");
	if (r->person->objection)
		return reject(w, "objection", "person.objection",
		    "the person objects to this use of their record");
	if (!r->event)
		return reject(w, "event-missing", "event", "field 'event' is absent");
	w->out->restricted = r->restricted;
	step = judge_days(w, r->event);
	if (step == STEP_ON)
		step = judge_kind(w, r->event, &kind);
	if (step == STEP_ON)
		step = judge_proof(w, r->event);
	if (step == STEP_ON)
		step = judge_person(w, r->person, &from);
	if (step != STEP_ON)
		return step;
	from.on = w->out->start;
	if (attributes_build(&kind, &r->event->attributes, &from, &w->out->attributes, w->arena,
	        &w->err) < 0)
		return STEP_BAD;
	w->out->what = EVIDENCE_VERSION;
	return STEP_DONE;
}

static enum step
judge(struct work *w)
{
	enum step step = judge_envelope(w);

	if (step == STEP_ON)
		step = judge_bytes(w);
	if (step == STEP_ON)
		step = judge_completeness(w, w->raw->record);
	if (step == STEP_ON)
		step = judge_identity(w, w->raw->record);
	if (step == STEP_ON)
		step = judge_fact(w, w->raw->record);
	MUST(step != STEP_ON);
	return step;
}

static struct span
keep(struct work *w, const char *s)
{
	return span_str(arena_str(w->arena, span_str(s)));
}

/* Nothing that was judged so far stays in a reject but what names the record. */
static void
make_reject(struct work *w, struct ingest_result *out)
{
	struct evidence *e = w->out;

	*e = (struct evidence){ .what = EVIDENCE_REJECT, .source = e->source,
		.organisation = e->organisation, .role = e->role, .event_id = e->event_id,
		.start = DATE_NONE, .end = DATE_NONE, .complete_through = DATE_NONE };
	sha256(w->raw->value, e->raw_sha256);
	e->reason = keep(w, w->err.code);
	e->reason_field = w->err.field[0] ? keep(w, w->err.field) : SPAN_NONE;
	out->sentence = keep(w, w->err.text);
}

void
ingest_record(struct ingest *in, const struct raw_input *raw, struct ingest_result *out,
    struct arena *arena)
{
	struct work w = { .in = in, .raw = raw, .agency = agency_of(in, raw->at.topic),
		.out = &out->evidence, .arena = arena, .err = ERR_INIT };
	int64_t days = raw->at.time_ms / MS_PER_DAY - (raw->at.time_ms % MS_PER_DAY < 0);

	w.today = days < DATE_MIN ? DATE_MIN : days > DATE_MAX ? DATE_MAX : (date_t)days;
	*out = (struct ingest_result){ .evidence = { .start = DATE_NONE, .end = DATE_NONE,
		.complete_through = DATE_NONE } };
	out->evidence.source = (struct source){
		w.agency ? w.agency->topic : arena_copy(arena, raw->at.topic), raw->at.epoch,
		raw->at.offset, raw->at.time_ms };
	out->evidence.organisation = w.agency ? w.agency->organisation : SPAN_LIT("");
	out->evidence.role = w.agency ? w.agency->role : SPAN_NONE;
	if (judge(&w) == STEP_BAD)
		make_reject(&w, out);
	else if (out->evidence.what != EVIDENCE_SUPPRESSED)
		sha256(raw->value, out->evidence.raw_sha256);
}

void
ingest_rejected(const struct ingest_result *result, struct span value, struct rejected *out)
{
	const struct evidence *e = &result->evidence;

	MUST(e->what == EVIDENCE_REJECT);
	*out = (struct rejected){ .source = e->source, .organisation = e->organisation,
		.reason = e->reason, .reason_field = e->reason_field, .sentence = result->sentence,
		.raw_bytes = (int64_t)value.len };
	memcpy(out->raw_sha256, e->raw_sha256, sizeof(out->raw_sha256));
}

struct id
ingest_event_id(const struct keyring *ring, const struct agency *agency, struct span record_id)
{
	return event_id_of(ring, agency->organisation, record_id);
}
