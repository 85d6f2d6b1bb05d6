-- Where a batch lands before it is written: one for each table of sink/batch.h, fields in the
-- order of sink/rowmap.c.  Run by every sinkd when it connects.  Large batches are copied in
-- here; small ones come as an array of the table's row type and never touch it.
-- gone: the row is to be taken away; only its key is filled.

CREATE TEMPORARY TABLE stage_evidence (
	topic text COLLATE "C", epoch integer, raw_offset bigint, partition smallint,
	what evidence.what, withdrawn boolean, tombstone boolean, restricted boolean,
	event_id uuid, revision bigint, organisation text, role text, raw_sha256 bytea,
	sent_at timestamptz, kind text, starts_on date, ends_on date, episode bytea,
	evidence_type text, attributes jsonb, reason text, reason_field text, complete_through date
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_reject (
	gone boolean, topic text COLLATE "C", epoch integer, raw_offset bigint, partition smallint,
	sentence text, raw_bytes bigint
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_link (
	gone boolean, unit_id uuid, event_id uuid, partition smallint, unit_kind text, revision bigint,
	raw_sha256 bytea, step text, weight_mbit bigint, partner_id uuid, levels bytea
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_pair (
	gone boolean, event_a uuid, event_b uuid, partition smallint, why text, weight_mbit bigint,
	levels bytea
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_decision (
	gone boolean, unit_id uuid, decision_id uuid, partition smallint, what text, contract text,
	outcome text, outcome_id uuid, ordinal integer, anchor_event uuid, facts_hash bytea,
	decided_by text, role text, decided_at timestamptz, note text, signed bytea
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_reasons (
	reasons_id uuid, reasons jsonb
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_outcome (
	gone boolean, outcome_id uuid, partition smallint, contract text, contract_version integer,
	outcome text, unit_id uuid, unit_kind text, ordinal integer, status text, starts_on date,
	due_on date, achieved_on date, expires_on date, days integer, price_minor bigint, currency text,
	anchor_event uuid, facts_hash bytea, reasons_id uuid, gaps jsonb, evidence uuid[],
	decisions uuid[]
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_cut (
	topic text COLLATE "C", partition integer, input text COLLATE "C", folded_through bigint,
	complete_through date, terms_offset bigint, epoch integer
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_claim (
	topic text COLLATE "C", partition integer, stream text COLLATE "C", epoch bigint, run uuid
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE stage_doubt (
	gone boolean, topic text COLLATE "C", partition integer, key text COLLATE "C",
	record_offset bigint
) ON COMMIT DELETE ROWS;
