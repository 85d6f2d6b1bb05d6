-- How a stage is written to its table; after stage.sql it can be pasted into psql.
--
-- known   which keys of a large batch the table has, by their place in $1 ...: the others
--         are copied into the table itself
-- put     new rows in, changed rows over; an equal row is not written at all
-- gone    rows taken away
-- key     of the table: a resync keeps the last row of each
-- sweep   of a resync: rows of partition $1 of topic $2 that were not seen
--
-- known_from moves with the content, never with the partition alone.

-- :evidence key topic, epoch, raw_offset
-- :evidence known
SELECT k.n FROM unnest($1::text[], $2::integer[], $3::bigint[])
    WITH ORDINALITY AS k (topic, epoch, raw_offset, n)
WHERE EXISTS (SELECT FROM evidence.record t WHERE t.topic = k.topic COLLATE "C"
              AND t.epoch = k.epoch AND t.raw_offset = k.raw_offset);
-- :evidence put
INSERT INTO evidence.record AS t (topic, epoch, raw_offset, partition, what, withdrawn, tombstone,
    restricted, event_id, revision, organisation, role, raw_sha256, sent_at, kind, starts_on,
    ends_on, episode, evidence_type, attributes, reason, reason_field, complete_through)
SELECT topic, epoch, raw_offset, partition, what, withdrawn, tombstone,
    restricted, event_id, revision, organisation, role, raw_sha256, sent_at, kind, starts_on,
    ends_on, episode, evidence_type, attributes, reason, reason_field, complete_through
FROM stage_evidence AS s
ON CONFLICT (topic, epoch, raw_offset) DO UPDATE SET
    (partition, what, withdrawn, tombstone, restricted, event_id, revision, organisation, role,
     raw_sha256, sent_at, kind, starts_on, ends_on, episode, evidence_type, attributes, reason,
     reason_field, complete_through, known_from) =
    (excluded.partition, excluded.what, excluded.withdrawn, excluded.tombstone,
     excluded.restricted, excluded.event_id, excluded.revision, excluded.organisation,
     excluded.role, excluded.raw_sha256, excluded.sent_at, excluded.kind, excluded.starts_on,
     excluded.ends_on, excluded.episode, excluded.evidence_type, excluded.attributes,
     excluded.reason, excluded.reason_field, excluded.complete_through, now())
WHERE (t.what, t.withdrawn, t.tombstone, t.restricted, t.event_id, t.revision, t.organisation,
       t.role, t.raw_sha256, t.sent_at, t.kind, t.starts_on, t.ends_on, t.episode,
       t.evidence_type, t.attributes, t.reason, t.reason_field, t.complete_through)
    IS DISTINCT FROM
      (excluded.what, excluded.withdrawn, excluded.tombstone, excluded.restricted,
       excluded.event_id, excluded.revision, excluded.organisation, excluded.role,
       excluded.raw_sha256, excluded.sent_at, excluded.kind, excluded.starts_on,
       excluded.ends_on, excluded.episode, excluded.evidence_type, excluded.attributes,
       excluded.reason, excluded.reason_field, excluded.complete_through);
-- :evidence sweep
DELETE FROM evidence.record t
WHERE $2 = 'evidence' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_evidence s WHERE s.topic = t.topic AND s.epoch = t.epoch
                  AND s.raw_offset = t.raw_offset);

-- :reject key topic, epoch, raw_offset
-- :reject put
INSERT INTO ops.reject AS t (topic, epoch, raw_offset, partition, sentence, raw_bytes)
SELECT topic, epoch, raw_offset, partition, sentence, raw_bytes
FROM stage_reject AS s
WHERE NOT gone
ON CONFLICT (topic, epoch, raw_offset) DO UPDATE SET
    (partition, sentence, raw_bytes) =
    (excluded.partition, excluded.sentence, excluded.raw_bytes)
WHERE (t.sentence, t.raw_bytes) IS DISTINCT FROM (excluded.sentence, excluded.raw_bytes);
-- :reject gone
DELETE FROM ops.reject t USING stage_reject AS s
WHERE s.gone AND t.topic = s.topic AND t.epoch = s.epoch AND t.raw_offset = s.raw_offset;
-- :reject sweep
DELETE FROM ops.reject t
WHERE $2 = 'rejected' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_reject s WHERE s.topic = t.topic AND s.epoch = t.epoch
                  AND s.raw_offset = t.raw_offset);

-- :link key event_id, unit_id
-- :link known
SELECT k.n FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (unit_id, event_id, n)
WHERE EXISTS (SELECT FROM evidence.link t WHERE t.unit_id = k.unit_id
              AND t.event_id = k.event_id);
-- :link put
INSERT INTO evidence.link AS t (unit_id, event_id, partition, unit_kind, revision, raw_sha256,
    step, weight_mbit, partner_id, levels)
SELECT unit_id, event_id, partition, unit_kind, revision, raw_sha256,
    step, weight_mbit, partner_id, levels
FROM stage_link AS s
WHERE NOT gone
ON CONFLICT (event_id, unit_id) DO UPDATE SET
    (partition, unit_kind, revision, raw_sha256, step, weight_mbit, partner_id, levels,
     known_from) =
    (excluded.partition, excluded.unit_kind, excluded.revision, excluded.raw_sha256,
     excluded.step, excluded.weight_mbit, excluded.partner_id, excluded.levels,
     ops.known_now(t.known_from))
WHERE (t.unit_kind, t.revision, t.raw_sha256, t.step, t.weight_mbit, t.partner_id, t.levels)
    IS DISTINCT FROM
      (excluded.unit_kind, excluded.revision, excluded.raw_sha256, excluded.step,
       excluded.weight_mbit, excluded.partner_id, excluded.levels);
-- :link gone
DELETE FROM evidence.link t USING stage_link AS s
WHERE s.gone AND t.unit_id = s.unit_id AND t.event_id = s.event_id;
-- :link sweep
DELETE FROM evidence.link t
WHERE $2 = 'linked' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_link s WHERE s.unit_id = t.unit_id
                  AND s.event_id = t.event_id);

-- :pair key event_a, event_b
-- :pair put
INSERT INTO evidence.pair AS t (event_a, event_b, partition, why, weight_mbit, levels)
SELECT event_a, event_b, partition, why, weight_mbit, levels
FROM stage_pair AS s
WHERE NOT gone
ON CONFLICT (event_a, event_b) DO UPDATE SET
    (partition, why, weight_mbit, levels, known_from) =
    (excluded.partition, excluded.why, excluded.weight_mbit, excluded.levels,
     ops.known_now(t.known_from))
WHERE (t.why, t.weight_mbit, t.levels)
    IS DISTINCT FROM (excluded.why, excluded.weight_mbit, excluded.levels);
-- :pair gone
DELETE FROM evidence.pair t USING stage_pair AS s
WHERE s.gone AND t.event_a = s.event_a AND t.event_b = s.event_b;
-- :pair sweep
DELETE FROM evidence.pair t
WHERE $2 = 'linked' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_pair s WHERE s.event_a = t.event_a
                  AND s.event_b = t.event_b);

-- :decision key unit_id, decision_id
-- :decision put
INSERT INTO ledger.decision AS t (unit_id, decision_id, partition, what, contract, outcome,
    outcome_id, ordinal, anchor_event, facts_hash, decided_by, role, decided_at, note, signed)
SELECT unit_id, decision_id, partition, what, contract, outcome,
    outcome_id, ordinal, anchor_event, facts_hash, decided_by, role, decided_at, note, signed
FROM stage_decision AS s
WHERE NOT gone
ON CONFLICT (unit_id, decision_id) DO UPDATE SET
    (partition, what, contract, outcome, outcome_id, ordinal, anchor_event, facts_hash,
     decided_by, role, decided_at, note, signed, known_from) =
    (excluded.partition, excluded.what, excluded.contract, excluded.outcome, excluded.outcome_id,
     excluded.ordinal, excluded.anchor_event, excluded.facts_hash, excluded.decided_by,
     excluded.role, excluded.decided_at, excluded.note, excluded.signed,
     ops.known_now(t.known_from))
WHERE (t.what, t.contract, t.outcome, t.outcome_id, t.ordinal, t.anchor_event, t.facts_hash,
       t.decided_by, t.role, t.decided_at, t.note, t.signed)
    IS DISTINCT FROM
      (excluded.what, excluded.contract, excluded.outcome, excluded.outcome_id, excluded.ordinal,
       excluded.anchor_event, excluded.facts_hash, excluded.decided_by, excluded.role,
       excluded.decided_at, excluded.note, excluded.signed);
-- :decision gone
DELETE FROM ledger.decision t USING stage_decision AS s
WHERE s.gone AND t.unit_id = s.unit_id AND t.decision_id = s.decision_id;
-- :decision sweep
DELETE FROM ledger.decision t
WHERE $2 = 'linked' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_decision s WHERE s.unit_id = t.unit_id
                  AND s.decision_id = t.decision_id);

-- A set of reasons is what its key says: it is there or it is not, and stays.
-- :reasons key reasons_id
-- :reasons put
INSERT INTO ledger.reasons AS t (reasons_id, reasons)
SELECT reasons_id, reasons
FROM stage_reasons AS s
ON CONFLICT (reasons_id) DO NOTHING;

-- :outcome key outcome_id
-- :outcome known
SELECT k.n FROM unnest($1::uuid[]) WITH ORDINALITY AS k (outcome_id, n)
WHERE EXISTS (SELECT FROM ledger.outcome t WHERE t.outcome_id = k.outcome_id);
-- :outcome put
INSERT INTO ledger.outcome AS t (outcome_id, partition, contract, contract_version, outcome,
    unit_id, unit_kind, ordinal, status, starts_on, due_on, achieved_on, expires_on, days,
    price_minor, currency, anchor_event, facts_hash, reasons_id, gaps, evidence, decisions)
SELECT outcome_id, partition, contract, contract_version, outcome,
    unit_id, unit_kind, ordinal, status, starts_on, due_on, achieved_on, expires_on, days,
    price_minor, currency, anchor_event, facts_hash, reasons_id, gaps, evidence, decisions
FROM stage_outcome AS s
WHERE NOT gone
ON CONFLICT (outcome_id) DO UPDATE SET
    (partition, contract, contract_version, outcome, unit_id, unit_kind, ordinal, status,
     starts_on, due_on, achieved_on, expires_on, days, price_minor, currency, anchor_event,
     facts_hash, reasons_id, gaps, evidence, decisions, known_from) =
    (excluded.partition, excluded.contract, excluded.contract_version, excluded.outcome,
     excluded.unit_id, excluded.unit_kind, excluded.ordinal, excluded.status,
     excluded.starts_on, excluded.due_on, excluded.achieved_on, excluded.expires_on,
     excluded.days, excluded.price_minor, excluded.currency, excluded.anchor_event,
     excluded.facts_hash, excluded.reasons_id, excluded.gaps, excluded.evidence,
     excluded.decisions, ops.known_now(t.known_from))
WHERE (t.contract, t.contract_version, t.outcome, t.unit_id, t.unit_kind, t.ordinal, t.status,
       t.starts_on, t.due_on, t.achieved_on, t.expires_on, t.days, t.price_minor, t.currency,
       t.anchor_event, t.facts_hash, t.reasons_id, t.gaps, t.evidence, t.decisions)
    IS DISTINCT FROM
      (excluded.contract, excluded.contract_version, excluded.outcome, excluded.unit_id,
       excluded.unit_kind, excluded.ordinal, excluded.status, excluded.starts_on,
       excluded.due_on, excluded.achieved_on, excluded.expires_on, excluded.days,
       excluded.price_minor, excluded.currency, excluded.anchor_event, excluded.facts_hash,
       excluded.reasons_id, excluded.gaps, excluded.evidence, excluded.decisions);
-- :outcome gone
DELETE FROM ledger.outcome t USING stage_outcome AS s
WHERE s.gone AND t.outcome_id = s.outcome_id;
-- :outcome sweep
DELETE FROM ledger.outcome t
WHERE $2 = 'outcomes' AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_outcome s WHERE s.outcome_id = t.outcome_id);

-- A cut never goes back: the greatest of each part counts.  An offset counts behind its epoch:
-- a topic that was made anew begins at 0 again.
-- :cut put
INSERT INTO ops.cut AS t
    (topic, partition, input, epoch, folded_through, complete_through, terms_offset)
SELECT topic, partition, input, (max(ARRAY[epoch, folded_through]))[1]::integer,
       (max(ARRAY[epoch, folded_through]))[2], max(complete_through), max(terms_offset)
FROM stage_cut AS s
GROUP BY topic, partition, input
ON CONFLICT (topic, partition, input) DO UPDATE SET
    epoch = greatest(t.epoch, excluded.epoch),
    folded_through = (greatest(ARRAY[t.epoch, t.folded_through],
                               ARRAY[excluded.epoch, excluded.folded_through]))[2],
    complete_through = greatest(t.complete_through, excluded.complete_through),
    terms_offset = greatest(t.terms_offset, excluded.terms_offset)
WHERE (t.epoch, t.folded_through) < (excluded.epoch, excluded.folded_through)
   OR coalesce(t.complete_through < excluded.complete_through,
               excluded.complete_through IS NOT NULL)
   OR t.terms_offset < excluded.terms_offset;
-- A resync takes the log's word alone.
-- :cut sweep
DELETE FROM ops.cut t WHERE t.topic = $2 AND t.partition = $1;

-- :claim key topic, partition, stream
-- :claim put
INSERT INTO ops.claim AS t (topic, partition, stream, epoch, run)
SELECT topic, partition, stream, epoch, run
FROM stage_claim AS s
ON CONFLICT (topic, partition, stream) DO UPDATE SET (epoch, run) = (excluded.epoch, excluded.run)
WHERE (t.epoch, t.run) IS DISTINCT FROM (excluded.epoch, excluded.run);
-- :claim sweep
DELETE FROM ops.claim t
WHERE t.topic = $2 AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_claim s WHERE s.topic = t.topic AND s.partition = t.partition
                  AND s.stream = t.stream);

-- :doubt key topic, partition, key
-- :doubt put
INSERT INTO ops.doubt AS t (topic, partition, key, record_offset)
SELECT topic, partition, key, record_offset
FROM stage_doubt AS s
WHERE NOT gone
ON CONFLICT (topic, partition, key) DO UPDATE SET record_offset = excluded.record_offset
WHERE t.record_offset <> excluded.record_offset;
-- :doubt gone
DELETE FROM ops.doubt t USING stage_doubt AS s
WHERE s.gone AND t.topic = s.topic AND t.partition = s.partition AND t.key = s.key;
-- :doubt sweep
DELETE FROM ops.doubt t
WHERE t.topic = $2 AND t.partition = $1
  AND NOT EXISTS (SELECT FROM stage_doubt s WHERE s.topic = t.topic AND s.partition = t.partition
                  AND s.key = t.key);

-- The compare-and-set: as many rows as were asked for, or nothing may be written.
-- :offset move
UPDATE ops.offset o SET next_offset = n.next_offset, moved = now()
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[])
     AS n (topic, partition, expected, next_offset)
WHERE o.topic = n.topic AND o.partition = n.partition AND o.next_offset = n.expected;
-- :offset restart
UPDATE ops.offset SET next_offset = $4, moved = now(), since = now()
WHERE topic = $2 AND partition = $1 AND next_offset = $3;
