-- Whom people are asked about, what money waits for the answer, and how people's ids moved.

CREATE TABLE evidence.pair (
	event_a     uuid NOT NULL,
	event_b     uuid NOT NULL,
	partition   smallint NOT NULL,
	why         text COLLATE "C" NOT NULL,
	weight_mbit bigint NOT NULL,
	levels      bytea,
	known_from  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (event_a, event_b),
	CHECK (event_a < event_b)
);
COMMENT ON TABLE evidence.pair IS 'Pairs of events of which the matcher cannot say whether they are of one person, as of now; a person decides: outturn review';
COMMENT ON COLUMN evidence.pair.event_a IS 'The smaller event id; it stands for all events with its details';
COMMENT ON COLUMN evidence.pair.event_b IS 'The greater event id';
COMMENT ON COLUMN evidence.pair.partition IS 'Partition of the topic linked';
COMMENT ON COLUMN evidence.pair.why IS 'weight: between the thresholds; conflict: they match, but others of the two people speak against it; oversize: they match, in a component past its limit';
COMMENT ON COLUMN evidence.pair.weight_mbit IS 'Match weight in thousandths of a bit; of a step, the step''s';
COMMENT ON COLUMN evidence.pair.levels IS 'Comparison vector, in the matching model''s own bytes';
COMMENT ON COLUMN evidence.pair.known_from IS 'Since when the database holds this version';

CREATE VIEW mart.review_queue AS
WITH pair AS (
	SELECT p.event_a, p.event_b, p.why, p.weight_mbit, p.levels, p.known_from,
	       a.unit_id AS unit_a, b.unit_id AS unit_b
	FROM evidence.pair p
	JOIN evidence.link a ON a.event_id = p.event_a AND a.unit_kind = 'person'
	JOIN evidence.link b ON b.event_id = p.event_b AND b.unit_kind = 'person'
), unit AS (
	SELECT unit_a AS unit_id FROM pair UNION SELECT unit_b FROM pair
), money AS (
	SELECT o.unit_id, o.currency, sum(o.price_minor)::bigint AS price_minor, count(*) AS outcomes
	FROM ledger.outcome o
	JOIN unit USING (unit_id)
	WHERE o.status NOT IN ('verified', 'rejected', 'not-met', 'expired')
	  AND NOT EXISTS (SELECT FROM ledger.decision d WHERE d.unit_id = o.unit_id
	                  AND d.contract = o.contract AND d.outcome = o.outcome
	                  AND d.ordinal = o.ordinal AND d.what = 'paid')
	GROUP BY o.unit_id, o.currency
), guarded AS (
	SELECT DISTINCT l.unit_id FROM unit JOIN evidence.link l USING (unit_id)
	JOIN evidence.record r ON r.event_id = l.event_id AND r.restricted
)
SELECT p.event_a, p.event_b, p.unit_a, p.unit_b, p.why, p.weight_mbit, p.levels,
       coalesce(sum(m.price_minor), 0)::bigint AS depends_minor,
       coalesce(max(m.currency), '') AS currency,
       count(DISTINCT m.currency) > 1 AS several_currencies,
       coalesce(sum(m.outcomes), 0)::bigint AS outcomes,
       EXISTS (SELECT FROM guarded g WHERE g.unit_id IN (p.unit_a, p.unit_b)) AS restricted,
       p.known_from
FROM pair p
LEFT JOIN money m ON m.unit_id IN (p.unit_a, p.unit_b)
WHERE p.unit_a <> p.unit_b
GROUP BY p.event_a, p.event_b, p.unit_a, p.unit_b, p.why, p.weight_mbit, p.levels, p.known_from;
COMMENT ON VIEW mart.review_queue IS 'Pairs for clerical review with the people they stand under and the money that waits: outcomes of either that nobody has verified, rejected or paid, and that can still be';
COMMENT ON COLUMN mart.review_queue.event_a IS 'The smaller event id';
COMMENT ON COLUMN mart.review_queue.event_b IS 'The greater event id';
COMMENT ON COLUMN mart.review_queue.unit_a IS 'Person whom event_a is under';
COMMENT ON COLUMN mart.review_queue.unit_b IS 'Person whom event_b is under';
COMMENT ON COLUMN mart.review_queue.why IS 'weight, conflict or oversize';
COMMENT ON COLUMN mart.review_queue.weight_mbit IS 'Match weight in thousandths of a bit';
COMMENT ON COLUMN mart.review_queue.levels IS 'Comparison vector';
COMMENT ON COLUMN mart.review_queue.depends_minor IS 'Price of the outcomes that wait, in minor units';
COMMENT ON COLUMN mart.review_queue.currency IS 'Currency of depends_minor';
COMMENT ON COLUMN mart.review_queue.several_currencies IS 'depends_minor adds amounts of several currencies: good for an order only';
COMMENT ON COLUMN mart.review_queue.outcomes IS 'How many outcomes wait';
COMMENT ON COLUMN mart.review_queue.restricted IS 'Either is a protected person: fewer people may look';
COMMENT ON COLUMN mart.review_queue.known_from IS 'Since when the pair is asked of, as it is';

-- An event's successive people, each stretch once, however often its link was rewritten.
CREATE VIEW evidence.unit_change AS
WITH step AS (
	SELECT event_id, unit_id, known_from,
	       lag(unit_id) OVER (PARTITION BY event_id ORDER BY known_from, known_to) AS unit_before
	FROM evidence.link_version
	WHERE unit_kind = 'person'
), move AS (
	SELECT unit_before, unit_id AS unit_after, count(*) AS events,
	       min(known_from) AS first_at, max(known_from) AS last_at
	FROM step
	WHERE unit_before IS NOT NULL AND unit_before <> unit_id
	GROUP BY unit_before, unit_id
), life AS (
	SELECT unit_id, min(known_from) AS first_from, max(known_to) AS last_to
	FROM evidence.link_version GROUP BY unit_id
)
SELECT m.unit_before, m.unit_after,
       CASE WHEN b.last_to = 'infinity' THEN 'split'
            WHEN a.first_from < m.first_at THEN 'merged'
            ELSE 'moved' END AS change,
       m.events, m.first_at, m.last_at
FROM move m
JOIN life b ON b.unit_id = m.unit_before
JOIN life a ON a.unit_id = m.unit_after;
COMMENT ON VIEW evidence.unit_change IS 'People who were merged, split, or known by another id from then on, derived from the versions of links';
COMMENT ON COLUMN evidence.unit_change.unit_before IS 'Whom the events were under';
COMMENT ON COLUMN evidence.unit_change.unit_after IS 'Whom they went to';
COMMENT ON COLUMN evidence.unit_change.change IS 'split: the one before has events still; merged: it has none, and the other was there before; moved: it has none, and the other is new, the same person under another id';
COMMENT ON COLUMN evidence.unit_change.events IS 'How many events went';
COMMENT ON COLUMN evidence.unit_change.first_at IS 'When the database learnt of the first';
COMMENT ON COLUMN evidence.unit_change.last_at IS 'When it learnt of the last';

GRANT SELECT ON evidence.pair, evidence.unit_change TO outturn_read, outturn_sink;
GRANT INSERT, UPDATE, DELETE ON evidence.pair TO outturn_sink;
GRANT SELECT ON mart.review_queue TO outturn_read;
