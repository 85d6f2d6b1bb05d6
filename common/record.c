/*
 * record - where each field of each Avro record lives in its struct.
 *
 * One line a field, in the order of the schema; tests/unit/test_record.c
 * compares the tables with config/schemas/ in both directions.
 */
#include "common/record.h"

#define F(type, field, bind) { #field, bind, (uint16_t)offsetof(struct type, field), 0, NULL }
#define F_FIXED(type, field)						\
	{ #field, AVB_FIXED, (uint16_t)offsetof(struct type, field),	\
		(uint16_t)sizeof(((struct type *)0)->field), NULL }
#define F_SUB(type, field, bind, sub)					\
	{ #field, bind, (uint16_t)offsetof(struct type, field), 0, &(sub) }
#define F_IDS(type, field)						\
	{ #field, AVB_ARRAY, (uint16_t)offsetof(struct type, field), ID_BYTES, NULL }
#define RECORD(of, name) { name, sizeof(struct of), of##_fields,	\
		sizeof(of##_fields) / sizeof((of##_fields)[0]) }

/* --- raw --------------------------------------------------------------------- */

static const struct av_field raw_address_fields[] = {
	F(raw_address, line1, AVB_SPAN),
	F(raw_address, line2, AVB_SPAN),
	F(raw_address, town, AVB_SPAN),
	F(raw_address, postcode, AVB_SPAN),
	F(raw_address, uprn, AVB_SPAN),
	F(raw_address, from, AVB_SPAN),
	F(raw_address, to, AVB_SPAN),
};
static const struct av_record raw_address_binding =
    RECORD(raw_address, "org.outturn.RawAddress");

static const struct av_field raw_person_fields[] = {
	F(raw_person, title, AVB_SPAN),
	F(raw_person, forename, AVB_SPAN),
	F(raw_person, middle_names, AVB_SPAN),
	F(raw_person, surname, AVB_SPAN),
	F(raw_person, previous_surname, AVB_SPAN),
	F(raw_person, dob, AVB_SPAN),
	F(raw_person, died_on, AVB_SPAN),
	F(raw_person, sex, AVB_SPAN),
	F(raw_person, ethnic_group, AVB_SPAN),
	F_SUB(raw_person, addresses, AVB_ARRAY, raw_address_binding),
	F(raw_person, nhs_number, AVB_SPAN),
	F(raw_person, nino, AVB_SPAN),
	F(raw_person, upn, AVB_SPAN),
	F(raw_person, uln, AVB_SPAN),
	F(raw_person, local_id, AVB_SPAN),
	F(raw_person, objection, AVB_BOOL),
};
static const struct av_record raw_person_binding = RECORD(raw_person, "org.outturn.RawPerson");

static const struct av_field raw_attribute_fields[] = {
	F(raw_attribute, name, AVB_SPAN),
	F(raw_attribute, value, AVB_VALUE),
};
static const struct av_record raw_attribute_binding =
    RECORD(raw_attribute, "org.outturn.RawAttribute");

static const struct av_field raw_event_fields[] = {
	F(raw_event, kind, AVB_SPAN),
	F(raw_event, start, AVB_SPAN),
	F(raw_event, end, AVB_SPAN),
	F(raw_event, episode, AVB_SPAN),
	F(raw_event, evidence_type, AVB_SPAN),
	F_SUB(raw_event, attributes, AVB_ARRAY, raw_attribute_binding),
};
static const struct av_record raw_event_binding = RECORD(raw_event, "org.outturn.RawEvent");

static const struct av_field raw_record_fields[] = {
	F(raw_record, record_id, AVB_SPAN),
	F(raw_record, revision, AVB_LONG),
	F(raw_record, withdrawn, AVB_BOOL),
	F(raw_record, restricted, AVB_BOOL),
	F_SUB(raw_record, person, AVB_OPTION, raw_person_binding),
	F_SUB(raw_record, event, AVB_OPTION, raw_event_binding),
	F(raw_record, complete_through, AVB_SPAN),
};
const struct av_record raw_record_binding = RECORD(raw_record, "org.outturn.RawRecord");

/* --- shared by several --------------------------------------------------------- */

static const struct av_field attribute_fields[] = {
	F(attribute, name, AVB_SPAN),
	F(attribute, number, AVB_NLONG),
	F(attribute, text, AVB_SPAN),
};
static const struct av_record attribute_binding = RECORD(attribute, "org.outturn.Attribute");

static const struct av_field source_fields[] = {
	F(source, topic, AVB_SPAN),
	F(source, epoch, AVB_INT),
	F(source, offset, AVB_LONG),
	F(source, time_ms, AVB_LONG),
};
static const struct av_record source_binding = RECORD(source, "org.outturn.Source");

/* --- evidence and rejected ------------------------------------------------------- */

static const struct av_field token_fields[] = {
	F(token, field, AVB_INT),
	F(token, frequency, AVB_INT),
	F_FIXED(token, value),
};
static const struct av_record token_binding = RECORD(token, "org.outturn.Token");

static const struct av_field encodings_fields[] = {
	F_FIXED(encodings, signature),
	F(encodings, key_epoch, AVB_INT),
	F_SUB(encodings, tokens, AVB_ARRAY, token_binding),
	F(encodings, clk, AVB_SPAN),
};
static const struct av_record encodings_binding = RECORD(encodings, "org.outturn.Encodings");

static const struct av_field evidence_fields[] = {
	F(evidence, what, AVB_ENUM),
	F_SUB(evidence, source, AVB_RECORD, source_binding),
	F(evidence, organisation, AVB_SPAN),
	F(evidence, role, AVB_SPAN),
	F_FIXED(evidence, event_id),
	F(evidence, revision, AVB_LONG),
	F(evidence, withdrawn, AVB_BOOL),
	F(evidence, tombstone, AVB_BOOL),
	F(evidence, restricted, AVB_BOOL),
	F_FIXED(evidence, raw_sha256),
	F(evidence, kind, AVB_SPAN),
	F(evidence, start, AVB_DATE),
	F(evidence, end, AVB_DATE),
	F(evidence, episode, AVB_SPAN),
	F(evidence, evidence_type, AVB_SPAN),
	F_SUB(evidence, attributes, AVB_ARRAY, attribute_binding),
	F_FIXED(evidence, signature),
	F(evidence, key_epoch, AVB_INT),
	F_SUB(evidence, tokens, AVB_ARRAY, token_binding),
	F(evidence, clk, AVB_SPAN),
	F_SUB(evidence, next, AVB_OPTION, encodings_binding),
	F(evidence, reason, AVB_SPAN),
	F(evidence, reason_field, AVB_SPAN),
	F(evidence, complete_through, AVB_DATE),
};
const struct av_record evidence_binding = RECORD(evidence, "org.outturn.Evidence");

void
evidence_at_epoch(struct evidence *e, int32_t epoch)
{
	if (epoch && e->key_epoch != epoch) {
		const struct encodings none = { .signature = e->signature, .key_epoch = e->key_epoch };
		const struct encodings *take = e->next && e->next->key_epoch == epoch ? e->next : &none;

		e->signature = take->signature;
		e->key_epoch = take->key_epoch;
		e->tokens = take->tokens;
		e->clk = take->clk;
	}
	e->next = NULL;
}

static const struct av_field rejected_fields[] = {
	F_SUB(rejected, source, AVB_RECORD, source_binding),
	F(rejected, organisation, AVB_SPAN),
	F(rejected, reason, AVB_SPAN),
	F(rejected, reason_field, AVB_SPAN),
	F(rejected, sentence, AVB_SPAN),
	F_FIXED(rejected, raw_sha256),
	F(rejected, raw_bytes, AVB_LONG),
	F(rejected, nonce, AVB_SPAN),
	F(rejected, sealed, AVB_SPAN),
};
const struct av_record rejected_binding = RECORD(rejected, "org.outturn.Rejected");

/* --- claims and cuts --------------------------------------------------------------- */

static const struct av_field claim_fields[] = {
	F(claim, epoch, AVB_LONG),
};
const struct av_record claim_binding = RECORD(claim, "org.outturn.Claim");

static const struct av_field cut_fields[] = {
	F(cut, offset, AVB_LONG),
	F(cut, complete_through, AVB_DATE),
	F(cut, terms_offset, AVB_LONG),
	F(cut, epoch, AVB_INT),
	F(cut, recipe, AVB_LONG),
};
const struct av_record cut_binding = RECORD(cut, "org.outturn.Cut");

/* --- linked -------------------------------------------------------------------------- */

static const struct av_field match_note_fields[] = {
	F(match_note, step, AVB_SPAN),
	F(match_note, weight_mbit, AVB_LONG),
	F_FIXED(match_note, partner),
	F(match_note, levels, AVB_SPAN),
};
static const struct av_record match_note_binding = RECORD(match_note, "org.outturn.MatchNote");

static const struct av_field linked_fields[] = {
	F(linked, what, AVB_ENUM),
	F_FIXED(linked, unit),
	F_FIXED(linked, event_id),
	F(linked, unit_kind, AVB_SPAN),
	F_SUB(linked, source, AVB_RECORD, source_binding),
	F(linked, organisation, AVB_SPAN),
	F(linked, role, AVB_SPAN),
	F(linked, revision, AVB_LONG),
	F(linked, restricted, AVB_BOOL),
	F_FIXED(linked, raw_sha256),
	F(linked, kind, AVB_SPAN),
	F(linked, start, AVB_DATE),
	F(linked, end, AVB_DATE),
	F(linked, episode, AVB_SPAN),
	F(linked, evidence_type, AVB_SPAN),
	F_SUB(linked, attributes, AVB_ARRAY, attribute_binding),
	F_SUB(linked, match, AVB_RECORD, match_note_binding),
	F(linked, decision, AVB_SPAN),
};
const struct av_record linked_binding = RECORD(linked, "org.outturn.Linked");

/* --- outcome ---------------------------------------------------------------------------- */

static const struct av_field reason_fields[] = {
	F(reason, code, AVB_SPAN),
	F(reason, subject, AVB_SPAN),
	F(reason, text, AVB_SPAN),
};
static const struct av_record reason_binding = RECORD(reason, "org.outturn.Reason");

static const struct av_field gap_fields[] = {
	F(gap, from, AVB_DATE),
	F(gap, to, AVB_DATE),
	F(gap, rule, AVB_SPAN),
};
static const struct av_record gap_binding = RECORD(gap, "org.outturn.Gap");

static const struct av_field outcome_fields[] = {
	F_FIXED(outcome, outcome_id),
	F(outcome, contract, AVB_SPAN),
	F(outcome, contract_version, AVB_INT),
	F(outcome, outcome, AVB_SPAN),
	F_FIXED(outcome, unit),
	F(outcome, unit_kind, AVB_SPAN),
	F(outcome, ordinal, AVB_INT),
	F(outcome, status, AVB_SPAN),
	F(outcome, start, AVB_DATE),
	F(outcome, due, AVB_DATE),
	F(outcome, achieved, AVB_DATE),
	F(outcome, expires, AVB_DATE),
	F(outcome, days, AVB_INT),
	F(outcome, price_minor, AVB_LONG),
	F(outcome, currency, AVB_SPAN),
	F_FIXED(outcome, anchor_event),
	F_FIXED(outcome, facts_hash),
	F_SUB(outcome, reasons, AVB_ARRAY, reason_binding),
	F_SUB(outcome, gaps, AVB_ARRAY, gap_binding),
	F_IDS(outcome, evidence),
	F_IDS(outcome, decisions),
};
const struct av_record outcome_binding = RECORD(outcome, "org.outturn.Outcome");

/* --- what people say ----------------------------------------------------------------------- */

static const struct av_field review_fields[] = {
	F_FIXED(review, event_a),
	F_FIXED(review, event_b),
	F(review, verdict, AVB_SPAN),
	F(review, by, AVB_SPAN),
	F(review, why, AVB_SPAN),
	F(review, at_ms, AVB_LONG),
	F(review, key_id, AVB_SPAN),
	F(review, signature, AVB_SPAN),
};
const struct av_record review_binding = RECORD(review, "org.outturn.Review");

static const struct av_field decision_fields[] = {
	F_FIXED(decision, decision_id),
	F(decision, what, AVB_SPAN),
	F(decision, contract, AVB_SPAN),
	F(decision, outcome, AVB_SPAN),
	F_FIXED(decision, outcome_id),
	F(decision, ordinal, AVB_INT),
	F_FIXED(decision, anchor_event),
	F_FIXED(decision, facts_hash),
	F(decision, by, AVB_SPAN),
	F(decision, role, AVB_SPAN),
	F(decision, note, AVB_SPAN),
	F(decision, at_ms, AVB_LONG),
	F(decision, key_id, AVB_SPAN),
	F(decision, signature, AVB_SPAN),
};
const struct av_record decision_binding = RECORD(decision, "org.outturn.Decision");

static const struct av_field terms_fields[] = {
	F(terms, thing, AVB_SPAN),
	F(terms, name, AVB_SPAN),
	F(terms, version, AVB_INT),
	F(terms, effective, AVB_DATE),
	F(terms, content, AVB_SPAN),
	F(terms, by, AVB_SPAN),
	F(terms, at_ms, AVB_LONG),
	F(terms, key_id, AVB_SPAN),
	F(terms, signature, AVB_SPAN),
};
const struct av_record terms_binding = RECORD(terms, "org.outturn.Terms");

static const struct av_field reference_fields[] = {
	F(reference, reference_id, AVB_SPAN),
	F(reference, what, AVB_SPAN),
	F(reference, date, AVB_DATE),
	F(reference, to, AVB_DATE),
	F(reference, number, AVB_NLONG),
	F(reference, text, AVB_SPAN),
	F(reference, currency, AVB_SPAN),
	F(reference, origin, AVB_SPAN),
	F(reference, by, AVB_SPAN),
	F(reference, at_ms, AVB_LONG),
	F(reference, key_id, AVB_SPAN),
	F(reference, signature, AVB_SPAN),
};
const struct av_record reference_binding = RECORD(reference, "org.outturn.Reference");

static const struct av_field suppressed_fields[] = {
	F_FIXED(suppressed, event_id),
	F(suppressed, reason, AVB_SPAN),
	F(suppressed, by, AVB_SPAN),
	F(suppressed, at_ms, AVB_LONG),
	F(suppressed, key_id, AVB_SPAN),
	F(suppressed, signature, AVB_SPAN),
};
const struct av_record suppressed_binding = RECORD(suppressed, "org.outturn.Suppressed");

static const struct av_field statement_fields[] = {
	F(statement, statement_id, AVB_SPAN),
	F(statement, contract, AVB_SPAN),
	F(statement, currency, AVB_SPAN),
	F(statement, content, AVB_SPAN),
	F(statement, by, AVB_SPAN),
	F(statement, from, AVB_DATE),
	F(statement, to, AVB_DATE),
	F(statement, at_ms, AVB_LONG),
	F(statement, cut, AVB_SPAN),
	F(statement, key_id, AVB_SPAN),
	F(statement, signature, AVB_SPAN),
};
const struct av_record statement_binding = RECORD(statement, "org.outturn.Statement");
