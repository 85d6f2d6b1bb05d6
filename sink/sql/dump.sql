-- What the database holds as current, as lines to hash or to compare: \i it in psql, or run
-- it and read column 1.  Positions, partitions and known time are left out, so that two
-- databases that were fed the same facts in any order print the same bytes.
-- sink/dump.c prints the same lines from records.
--
--   complete  organisation, day
--   decision  unit, decision, SHA-256 of the signed record
--   event     what counts of each event that holds
--   link      unit and event, with the match
--   outcome   every outcome
--   pair      two events of which a person is asked
--   reject    each distinct raw record that was refused, with its reason
SELECT line FROM (
	SELECT concat_ws(E'\t', 'complete', organisation, max(complete_through)) AS line
	FROM evidence.record WHERE what = 'complete' GROUP BY topic, organisation
	UNION ALL
	SELECT concat_ws(E'\t', 'decision', replace(unit_id::text, '-', ''),
	    replace(decision_id::text, '-', ''), encode(sha256(signed), 'hex'))
	FROM ledger.decision
	UNION ALL
	SELECT concat_ws(E'\t', 'event', replace(event_id::text, '-', ''), organisation,
	    coalesce(role, ''), revision, restricted::integer, coalesce(encode(raw_sha256, 'hex'), ''),
	    coalesce(kind, ''), coalesce(starts_on::text, ''), coalesce(ends_on::text, ''),
	    coalesce(encode(episode, 'hex'), ''), coalesce(evidence_type, ''),
	    coalesce(attributes::text, ''))
	FROM evidence.event
	UNION ALL
	SELECT concat_ws(E'\t', 'link', replace(unit_id::text, '-', ''),
	    replace(event_id::text, '-', ''), unit_kind, revision, encode(raw_sha256, 'hex'), step,
	    weight_mbit, coalesce(replace(partner_id::text, '-', ''), ''),
	    coalesce(encode(levels, 'hex'), ''))
	FROM evidence.link
	UNION ALL
	SELECT concat_ws(E'\t', 'pair', replace(event_a::text, '-', ''),
	    replace(event_b::text, '-', ''), why, weight_mbit, coalesce(encode(levels, 'hex'), ''))
	FROM evidence.pair
	UNION ALL
	SELECT concat_ws(E'\t', 'outcome', replace(outcome_id::text, '-', ''), contract,
	    contract_version, outcome, replace(unit_id::text, '-', ''), unit_kind, ordinal, status,
	    coalesce(starts_on::text, ''), coalesce(due_on::text, ''),
	    coalesce(achieved_on::text, ''), coalesce(expires_on::text, ''), days, price_minor,
	    currency, coalesce(replace(anchor_event::text, '-', ''), ''), encode(facts_hash, 'hex'),
	    reasons, gaps, replace(array_to_string(evidence, ','), '-', ''),
	    replace(array_to_string(decisions, ','), '-', ''))
	FROM ledger.outcome LEFT JOIN ledger.reasons USING (reasons_id)
	UNION ALL
	SELECT DISTINCT concat_ws(E'\t', 'reject', organisation,
	    coalesce(encode(raw_sha256, 'hex'), ''), coalesce(reason, ''), coalesce(reason_field, ''))
	FROM evidence.record WHERE what = 'reject'
) AS current
ORDER BY line COLLATE "C";
