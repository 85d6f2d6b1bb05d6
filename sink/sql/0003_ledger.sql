-- What was achieved, what people decided, and what was believed when.

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'Outcomes as they stand, decisions, and every version that was ever believed';

-- Thousands of outcomes stand where they stand for the same few reasons: each set is kept once.
CREATE TABLE ledger.reasons (
	reasons_id uuid PRIMARY KEY,
	reasons    jsonb NOT NULL
);
COMMENT ON TABLE ledger.reasons IS 'Sets of reasons, each kept once; never changed, and never taken away: history may stand on them';
COMMENT ON COLUMN ledger.reasons.reasons_id IS 'First half of the SHA-256 of the reasons as text';
COMMENT ON COLUMN ledger.reasons.reasons IS 'A list of code, subject and sentence';

CREATE TABLE ledger.outcome (
	outcome_id       uuid PRIMARY KEY,
	partition        smallint NOT NULL,
	contract         text COLLATE "C" NOT NULL,
	contract_version integer NOT NULL,
	outcome          text COLLATE "C" NOT NULL,
	unit_id          uuid NOT NULL,
	unit_kind        text COLLATE "C" NOT NULL,
	ordinal          integer NOT NULL,
	status           text COLLATE "C" NOT NULL,
	starts_on        date,
	due_on           date,
	achieved_on      date,
	expires_on       date,
	days             integer NOT NULL,
	price_minor      bigint NOT NULL,
	currency         text COLLATE "C" NOT NULL,
	anchor_event     uuid,
	facts_hash       bytea NOT NULL,
	reasons_id       uuid NOT NULL,
	gaps             jsonb NOT NULL,
	evidence         uuid[] NOT NULL,
	decisions        uuid[] NOT NULL,
	known_from       timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX outcome_unit ON ledger.outcome USING brin (unit_id uuid_bloom_ops)
	WITH (pages_per_range = 64);
COMMENT ON TABLE ledger.outcome IS 'Every declared outcome of every referred unit, as it stands now';
COMMENT ON COLUMN ledger.outcome.outcome_id IS 'Hash of contract, outcome, unit and ordinal';
COMMENT ON COLUMN ledger.outcome.partition IS 'Partition of the topic outcomes';
COMMENT ON COLUMN ledger.outcome.contract IS 'Name of the contract';
COMMENT ON COLUMN ledger.outcome.contract_version IS 'Version of the contract that it was judged by';
COMMENT ON COLUMN ledger.outcome.outcome IS 'The outcome''s name in the contract';
COMMENT ON COLUMN ledger.outcome.unit_id IS 'Person, child or family';
COMMENT ON COLUMN ledger.outcome.unit_kind IS 'person, child or family';
COMMENT ON COLUMN ledger.outcome.ordinal IS 'Which of several payments of the same outcome, from 1';
COMMENT ON COLUMN ledger.outcome.status IS 'not-yet, observed, achieved, awaiting-evidence, contradicted, queried, verified, rejected, expired or not-met';
COMMENT ON COLUMN ledger.outcome.starts_on IS 'First day that counts';
COMMENT ON COLUMN ledger.outcome.due_on IS 'Day on which it can first be achieved';
COMMENT ON COLUMN ledger.outcome.achieved_on IS 'Day on which it was achieved';
COMMENT ON COLUMN ledger.outcome.expires_on IS 'Day on which the claim window has passed';
COMMENT ON COLUMN ledger.outcome.days IS 'Days counted';
COMMENT ON COLUMN ledger.outcome.price_minor IS 'Price by the rate card, in minor units of the currency';
COMMENT ON COLUMN ledger.outcome.currency IS 'ISO 4217 code';
COMMENT ON COLUMN ledger.outcome.anchor_event IS 'The event that decisions about it are bound to';
COMMENT ON COLUMN ledger.outcome.facts_hash IS 'Hash of the facts that were judged: a decision holds for these only';
COMMENT ON COLUMN ledger.outcome.reasons_id IS 'Why this status: in ledger.reasons, and as reasons in ledger.outcome_version';
COMMENT ON COLUMN ledger.outcome.gaps IS 'Days not counted: a list of from, to (half-open) and the rule applied';
COMMENT ON COLUMN ledger.outcome.evidence IS 'Events that it stands on';
COMMENT ON COLUMN ledger.outcome.decisions IS 'Decisions that count towards it';
COMMENT ON COLUMN ledger.outcome.known_from IS 'Since when the database holds this version';

CREATE TABLE ledger.outcome_history (
	LIKE ledger.outcome,
	known_to timestamptz NOT NULL,
	PRIMARY KEY (outcome_id, known_from),
	CHECK (known_from < known_to)
);
COMMENT ON TABLE ledger.outcome_history IS 'Earlier versions of ledger.outcome; written by its trigger, never changed';
COMMENT ON COLUMN ledger.outcome_history.known_to IS 'Until when this version stood: it was replaced or taken away then';

CREATE FUNCTION ledger.outcome_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO ledger.outcome_history (outcome_id, partition, contract, contract_version,
	    outcome, unit_id, unit_kind, ordinal, status, starts_on, due_on, achieved_on, expires_on,
	    days, price_minor, currency, anchor_event, facts_hash, reasons_id, gaps, evidence, decisions,
	    known_from, known_to)
	SELECT outcome_id, partition, contract, contract_version,
	    outcome, unit_id, unit_kind, ordinal, status, starts_on, due_on, achieved_on, expires_on,
	    days, price_minor, currency, anchor_event, facts_hash, reasons_id, gaps, evidence, decisions,
	    known_from, ops.known_now(known_from)
	FROM old_rows;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.outcome_keep IS 'Keeps what ledger.outcome said before a change';
CREATE TRIGGER outcome_updated AFTER UPDATE ON ledger.outcome
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.outcome_keep();
CREATE TRIGGER outcome_deleted AFTER DELETE ON ledger.outcome
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.outcome_keep();

CREATE VIEW ledger.outcome_version AS
	SELECT outcome_id, contract, contract_version, outcome, unit_id, unit_kind, ordinal, status,
	       starts_on, due_on, achieved_on, expires_on, days, price_minor, currency, anchor_event,
	       facts_hash, r.reasons, gaps, evidence, decisions, known_from,
	       'infinity'::timestamptz AS known_to
	FROM ledger.outcome
	LEFT JOIN ledger.reasons r USING (reasons_id)
	UNION ALL
	SELECT outcome_id, contract, contract_version, outcome, unit_id, unit_kind, ordinal, status,
	       starts_on, due_on, achieved_on, expires_on, days, price_minor, currency, anchor_event,
	       facts_hash, r.reasons, gaps, evidence, decisions, known_from, known_to
	FROM ledger.outcome_history
	LEFT JOIN ledger.reasons r USING (reasons_id);
COMMENT ON VIEW ledger.outcome_version IS 'Every version of every outcome, with the half-open time during which it was believed';
COMMENT ON COLUMN ledger.outcome_version.reasons IS 'Why this status: a list of code, subject and sentence';
COMMENT ON COLUMN ledger.outcome_version.known_to IS 'Until when it was believed; infinity: it still is';

CREATE FUNCTION ledger.outcome_as_at(moment timestamptz) RETURNS SETOF ledger.outcome_version
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT * FROM ledger.outcome_version v WHERE v.known_from <= moment AND moment < v.known_to;
END;
COMMENT ON FUNCTION ledger.outcome_as_at IS 'The outcomes as they were believed at a moment: what we knew on the day we paid';

-- Changes of standing, derived from successive versions.  An outcome stands while it is
-- achieved or verified.  A query suspends, it does not revoke: queried versions are left
-- out.  An outcome that is taken away (its person was merged into another) stands no more.
CREATE VIEW ledger.outcome_change AS
WITH point AS (
	SELECT outcome_id, known_from AS at, contract, outcome, unit_id, ordinal, status,
	       status IN ('achieved', 'verified') AS stands, price_minor, currency
	FROM ledger.outcome_version
	WHERE status <> 'queried'
	UNION ALL
	SELECT v.outcome_id, v.known_to, v.contract, v.outcome, v.unit_id, v.ordinal, 'gone',
	       false, 0, v.currency
	FROM ledger.outcome_version v
	WHERE v.known_to < 'infinity'
	  AND NOT EXISTS (SELECT FROM ledger.outcome_version n
	                  WHERE n.outcome_id = v.outcome_id AND n.known_from = v.known_to)
), step AS (
	SELECT *, lag(status) OVER w AS status_before, lag(price_minor) OVER w AS price_before,
	       lag(stands, 1, false) OVER w AS stood,
	       coalesce(bool_or(stands) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
	                false) AS ever_stood
	FROM point
	WINDOW w AS (PARTITION BY outcome_id ORDER BY at)
)
SELECT outcome_id, at, contract, outcome, unit_id, ordinal,
       CASE WHEN stands AND NOT stood AND ever_stood THEN 're-instated'
            WHEN stands AND NOT stood THEN 'stood'
            WHEN stood AND NOT stands THEN 'revoked'
            WHEN status = 'gone' THEN 'gone'
            ELSE 'changed' END AS change,
       status_before, status, price_before, price_minor, currency
FROM step;
COMMENT ON VIEW ledger.outcome_change IS 'Each change of each outcome in known time: stood, revoked, re-instated, gone, changed';
COMMENT ON COLUMN ledger.outcome_change.at IS 'When the database learnt of it';
COMMENT ON COLUMN ledger.outcome_change.change IS 'stood: first achieved or verified; revoked: stood, and no longer does; re-instated: stands again; gone: taken away without ever having stood; changed: anything else';
COMMENT ON COLUMN ledger.outcome_change.status_before IS 'Status before the change; null at the first version';
COMMENT ON COLUMN ledger.outcome_change.status IS 'Status after the change; gone: the outcome was taken away';
COMMENT ON COLUMN ledger.outcome_change.price_before IS 'Price before the change, in minor units';
COMMENT ON COLUMN ledger.outcome_change.price_minor IS 'Price after the change, in minor units; 0 when gone';

CREATE TABLE ledger.decision (
	unit_id      uuid NOT NULL,
	decision_id  uuid NOT NULL,
	partition    smallint NOT NULL,
	what         text COLLATE "C" NOT NULL,
	contract     text COLLATE "C" NOT NULL,
	outcome      text COLLATE "C" NOT NULL,
	outcome_id   uuid,
	ordinal      integer NOT NULL,
	anchor_event uuid NOT NULL,
	facts_hash   bytea NOT NULL,
	decided_by   text COLLATE "C" NOT NULL,
	role         text COLLATE "C",
	decided_at   timestamptz,
	note         text,
	signed       bytea NOT NULL,
	known_from   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (unit_id, decision_id)
) WITH (fillfactor = 90);
CREATE INDEX decision_id ON ledger.decision (decision_id);
COMMENT ON TABLE ledger.decision IS 'What people decided, under the unit that owns the anchor event now';
COMMENT ON COLUMN ledger.decision.unit_id IS 'Unit that owns the anchor event now';
COMMENT ON COLUMN ledger.decision.decision_id IS 'The decision';
COMMENT ON COLUMN ledger.decision.partition IS 'Partition of the topic linked';
COMMENT ON COLUMN ledger.decision.what IS 'claimed, verified, rejected, queried, replied, paid ...';
COMMENT ON COLUMN ledger.decision.contract IS 'Contract it speaks of';
COMMENT ON COLUMN ledger.decision.outcome IS 'Outcome it speaks of, by its name in the contract';
COMMENT ON COLUMN ledger.decision.outcome_id IS 'Outcome it spoke of when it was made; the unit may have changed since';
COMMENT ON COLUMN ledger.decision.ordinal IS 'Which of several payments of the outcome';
COMMENT ON COLUMN ledger.decision.anchor_event IS 'Event it is bound to: it goes where this event goes';
COMMENT ON COLUMN ledger.decision.facts_hash IS 'Hash of the facts that were judged';
COMMENT ON COLUMN ledger.decision.decided_by IS 'Who decided';
COMMENT ON COLUMN ledger.decision.role IS 'In which part';
COMMENT ON COLUMN ledger.decision.decided_at IS 'When, by the decider''s own word';
COMMENT ON COLUMN ledger.decision.note IS 'What the decider wrote beside it';
COMMENT ON COLUMN ledger.decision.signed IS 'The record as it stands on its topic, with its signature';
COMMENT ON COLUMN ledger.decision.known_from IS 'Since when the database holds it';

CREATE TABLE ledger.decision_history (
	LIKE ledger.decision,
	known_to timestamptz NOT NULL,
	PRIMARY KEY (unit_id, decision_id, known_from),
	CHECK (known_from < known_to)
);
COMMENT ON TABLE ledger.decision_history IS 'Earlier versions of ledger.decision; written by its trigger, never changed';
COMMENT ON COLUMN ledger.decision_history.known_to IS 'Until when it stood here';

CREATE FUNCTION ledger.decision_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO ledger.decision_history (unit_id, decision_id, partition, what, contract, outcome,
	    outcome_id, ordinal, anchor_event, facts_hash, decided_by, role, decided_at, note, signed,
	    known_from, known_to)
	SELECT unit_id, decision_id, partition, what, contract, outcome,
	    outcome_id, ordinal, anchor_event, facts_hash, decided_by, role, decided_at, note, signed,
	    known_from, ops.known_now(known_from)
	FROM old_rows;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.decision_keep IS 'Keeps what ledger.decision said before a change';
CREATE TRIGGER decision_updated AFTER UPDATE ON ledger.decision
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.decision_keep();
CREATE TRIGGER decision_deleted AFTER DELETE ON ledger.decision
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.decision_keep();

-- An outcome's evidence, down to the raw record: what `outturn trace` walks.
CREATE VIEW ledger.outcome_evidence AS
	SELECT o.outcome_id, e.event_id, l.unit_id, l.step, l.weight_mbit, r.organisation, r.role,
	       r.kind, r.starts_on, r.ends_on, r.evidence_type, r.attributes, r.revision,
	       r.raw_sha256, r.topic, r.epoch, r.raw_offset, r.sent_at
	FROM ledger.outcome o
	CROSS JOIN LATERAL unnest(o.evidence) AS e (event_id)
	LEFT JOIN evidence.link l ON l.unit_id = o.unit_id AND l.event_id = e.event_id
	LEFT JOIN LATERAL (
		SELECT * FROM evidence.record c
		WHERE c.event_id = e.event_id AND c.what = 'version' AND c.revision = l.revision
		  AND c.raw_sha256 = l.raw_sha256
		ORDER BY c.epoch DESC, c.raw_offset DESC LIMIT 1
	) r ON true;
COMMENT ON VIEW ledger.outcome_evidence IS 'What each outcome stands on: event, match, and the raw position of the version that counts';
COMMENT ON COLUMN ledger.outcome_evidence.outcome_id IS 'The outcome';
COMMENT ON COLUMN ledger.outcome_evidence.event_id IS 'An event that it stands on';
COMMENT ON COLUMN ledger.outcome_evidence.unit_id IS 'Unit that the event is linked to; null: the link is not in yet';
COMMENT ON COLUMN ledger.outcome_evidence.step IS 'Matching step that joined it';
COMMENT ON COLUMN ledger.outcome_evidence.weight_mbit IS 'Match weight in thousandths of a bit';
COMMENT ON COLUMN ledger.outcome_evidence.organisation IS 'Who sent it';
COMMENT ON COLUMN ledger.outcome_evidence.role IS 'What the organisation is';
COMMENT ON COLUMN ledger.outcome_evidence.kind IS 'Kind of event';
COMMENT ON COLUMN ledger.outcome_evidence.starts_on IS 'Day of the event, or first day of the spell';
COMMENT ON COLUMN ledger.outcome_evidence.ends_on IS 'First day after the spell';
COMMENT ON COLUMN ledger.outcome_evidence.evidence_type IS 'What the agency saw';
COMMENT ON COLUMN ledger.outcome_evidence.attributes IS 'Facts that contracts may use and that identify no one';
COMMENT ON COLUMN ledger.outcome_evidence.revision IS 'Revision of the version that counts';
COMMENT ON COLUMN ledger.outcome_evidence.raw_sha256 IS 'SHA-256 of the raw record''s bytes';
COMMENT ON COLUMN ledger.outcome_evidence.topic IS 'Raw topic; with epoch and raw_offset the raw position';
COMMENT ON COLUMN ledger.outcome_evidence.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN ledger.outcome_evidence.raw_offset IS 'Offset of the raw record';
COMMENT ON COLUMN ledger.outcome_evidence.sent_at IS 'When the broker received the raw record';

-- Columns that a history table or a version view took over keep the words of the original.
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT t.oid AS rel, a.attname, o.words
		FROM pg_class t
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN (VALUES ('ledger.outcome_history'::regclass, 'ledger.outcome'::regclass),
		             ('ledger.outcome_version', 'ledger.outcome'),
		             ('ledger.outcome_change', 'ledger.outcome'),
		             ('ledger.decision_history', 'ledger.decision')) p (copy, original)
		  ON p.copy = t.oid
		JOIN LATERAL (SELECT col_description(p.original, oa.attnum) AS words
		              FROM pg_attribute oa
		              WHERE oa.attrelid = p.original AND oa.attname = a.attname) o ON true
		WHERE col_description(t.oid, a.attnum) IS NULL
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', c.rel::regclass, c.attname, c.words);
	END LOOP;
END $$;

GRANT USAGE ON SCHEMA ledger TO outturn_sink, outturn_read;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO outturn_read, outturn_sink;
GRANT INSERT, UPDATE, DELETE ON ledger.outcome, ledger.decision TO outturn_sink;
GRANT INSERT ON ledger.reasons TO outturn_sink;
