-- What people ask: do the totals balance, how far are we, what is achieved, what is missing.

CREATE SCHEMA mart;
COMMENT ON SCHEMA mart IS 'What commissioners and providers ask: outcomes with money, what evidence is missing, the funnel';
CREATE SCHEMA pub;
COMMENT ON SCHEMA pub IS 'Published, disclosure-controlled tables: materialised, never live views; filled by a later migration';
CREATE SCHEMA log;
COMMENT ON SCHEMA log IS 'Merkle leaves and checkpoints; filled by a later migration';

-- Only the newest epoch of a topic has a cut; those before it are taken up to their last row, and
-- of one after it nothing is folded yet.
CREATE VIEW ops.reach AS
	SELECT r.topic, r.epoch,
	       CASE WHEN r.epoch = c.reach[1] THEN c.reach[2]
	            WHEN r.epoch < c.reach[1] THEN r.last_offset
	            ELSE -1 END AS folded_through
	FROM (SELECT topic, epoch, max(raw_offset) AS last_offset
	      FROM evidence.record GROUP BY topic, epoch) r
	LEFT JOIN (SELECT input, max(ARRAY[epoch, folded_through]) AS reach
	           FROM ops.cut WHERE topic = 'evidence' GROUP BY input) c ON c.input = r.topic;
COMMENT ON VIEW ops.reach IS 'How far each epoch of each raw topic is folded, by the cut in evidence';
COMMENT ON COLUMN ops.reach.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN ops.reach.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN ops.reach.folded_through IS 'Last raw offset that is folded; -1: none';

-- What control_total says in the end, without judging any record: for who asks again and again.
CREATE VIEW ops.unaccounted AS
	SELECT h.topic, h.epoch, h.folded_through + 1 - count(r.raw_offset) AS unaccounted
	FROM ops.reach h
	LEFT JOIN evidence.record r ON r.topic = h.topic AND r.epoch = h.epoch
		AND r.raw_offset <= h.folded_through
	GROUP BY h.topic, h.epoch, h.folded_through;
COMMENT ON VIEW ops.unaccounted IS 'Folded raw offsets without a row, by raw topic and epoch';
COMMENT ON COLUMN ops.unaccounted.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN ops.unaccounted.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN ops.unaccounted.unaccounted IS 'As in ops.control_total, of all its blocks';

-- Control totals.  raw is the count of raw offsets of the block up to the cut in evidence, and
-- must equal the sum of the seven standings (evidence.standing defines them):
--
--     raw = accepted + withdrawn + superseded + suppressed + duplicate + rejected + declared
--
-- unaccounted is the difference: offsets that are folded by the cut's own word and have no row.
-- Rows above the cut (it has not come yet) are counted in ahead, so that they cannot hide a hole.
CREATE VIEW ops.control_total AS
WITH counted AS (
	SELECT s.topic, s.epoch, s.raw_offset / 10000 AS block, h.folded_through,
	       count(*) FILTER (WHERE s.raw_offset <= h.folded_through) AS rows_below,
	       count(*) FILTER (WHERE s.raw_offset > h.folded_through) AS ahead,
	       count(*) FILTER (WHERE s.standing = 'accepted') AS accepted,
	       count(*) FILTER (WHERE s.standing = 'withdrawn') AS withdrawn,
	       count(*) FILTER (WHERE s.standing = 'superseded') AS superseded,
	       count(*) FILTER (WHERE s.standing = 'suppressed') AS suppressed,
	       count(*) FILTER (WHERE s.standing = 'duplicate') AS duplicate,
	       count(*) FILTER (WHERE s.standing = 'rejected') AS rejected,
	       count(*) FILTER (WHERE s.standing = 'declared') AS declared
	FROM evidence.standing s
	JOIN ops.reach h USING (topic, epoch)
	GROUP BY 1, 2, 3, 4
), block AS (
	SELECT h.topic, h.epoch, b AS block, h.folded_through,
	       least(b * 10000 + 9999, h.folded_through) - b * 10000 + 1 AS expected
	FROM ops.reach h
	CROSS JOIN LATERAL generate_series(0, h.folded_through / 10000) AS b
	WHERE h.folded_through >= 0
)
SELECT topic, epoch, block,
       coalesce(b.expected, 0) AS raw,
       coalesce(accepted, 0) AS accepted, coalesce(withdrawn, 0) AS withdrawn,
       coalesce(superseded, 0) AS superseded, coalesce(suppressed, 0) AS suppressed,
       coalesce(duplicate, 0) AS duplicate, coalesce(rejected, 0) AS rejected,
       coalesce(declared, 0) AS declared,
       coalesce(ahead, 0) AS ahead,
       coalesce(b.expected, 0) - coalesce(rows_below, 0) AS unaccounted,
       coalesce(b.expected, 0) = coalesce(rows_below, 0) AS balanced
FROM block b
FULL JOIN counted c USING (topic, epoch, block);
COMMENT ON VIEW ops.control_total IS 'For each raw topic and block of 10,000 raw offsets: raw = accepted + withdrawn + superseded + suppressed + duplicate + rejected + declared, with ahead rows beyond the cut on the right-hand side only';
COMMENT ON COLUMN ops.control_total.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN ops.control_total.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN ops.control_total.block IS 'Raw offset divided by 10,000';
COMMENT ON COLUMN ops.control_total.raw IS 'Raw offsets of the block that are folded, by the cut in evidence';
COMMENT ON COLUMN ops.control_total.accepted IS 'Records that are the version that counts of an event that holds';
COMMENT ON COLUMN ops.control_total.withdrawn IS 'Records that are the version that counts of an event that no longer holds';
COMMENT ON COLUMN ops.control_total.superseded IS 'Versions that another version took the place of';
COMMENT ON COLUMN ops.control_total.suppressed IS 'Erased: a stub is left';
COMMENT ON COLUMN ops.control_total.duplicate IS 'The same bytes as a greater version of the same event';
COMMENT ON COLUMN ops.control_total.rejected IS 'Refused, with a reason';
COMMENT ON COLUMN ops.control_total.declared IS 'Declarations of completeness: no fact';
COMMENT ON COLUMN ops.control_total.ahead IS 'Rows beyond the cut: they wait for it';
COMMENT ON COLUMN ops.control_total.unaccounted IS 'Folded offsets without a row: 0, unless records expired before they were first read or the producer wrote transactions, whose markers take offsets';
COMMENT ON COLUMN ops.control_total.balanced IS 'True when nothing is unaccounted for';

CREATE VIEW ops.reject_by_reason AS
	SELECT topic, organisation, reason, reason_field, count(*) AS records,
	       min(raw_offset) AS first_offset, max(raw_offset) AS last_offset
	FROM evidence.record
	WHERE what = 'reject'
	GROUP BY topic, organisation, reason, reason_field;
COMMENT ON VIEW ops.reject_by_reason IS 'Rejected records by topic, reason and field';
COMMENT ON COLUMN ops.reject_by_reason.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN ops.reject_by_reason.organisation IS 'Who sent them';
COMMENT ON COLUMN ops.reject_by_reason.reason IS 'Reason code';
COMMENT ON COLUMN ops.reject_by_reason.reason_field IS 'Field at fault, if one is';
COMMENT ON COLUMN ops.reject_by_reason.records IS 'How many';
COMMENT ON COLUMN ops.reject_by_reason.first_offset IS 'Raw offset of the first';
COMMENT ON COLUMN ops.reject_by_reason.last_offset IS 'Raw offset of the last';

-- The minimum over a topic's partitions: a partition without a cut has folded nothing.
CREATE VIEW ops.progress AS
	SELECT i.input, o.topic, count(*) AS partitions,
	       (min(ARRAY[coalesce(c.epoch, 0), coalesce(c.folded_through, -1)]))[2] AS folded_through,
	       CASE WHEN bool_and(c.complete_through IS NOT NULL) THEN min(c.complete_through) END
	           AS complete_through,
	       min(coalesce(c.terms_offset, -1)) AS terms_offset,
	       NOT EXISTS (SELECT FROM ops.doubt d WHERE d.topic = o.topic) AS settled,
	       (min(ARRAY[coalesce(c.epoch, 0), coalesce(c.folded_through, -1)]))[1]::integer AS epoch
	FROM (SELECT DISTINCT input, topic FROM ops.cut) i
	JOIN ops.offset o ON o.topic = i.topic
	LEFT JOIN ops.cut c ON c.topic = o.topic AND c.partition = o.partition AND c.input = i.input
	GROUP BY i.input, o.topic;
COMMENT ON VIEW ops.progress IS 'How far each input is folded at each stage, over all its partitions: the minimum counts';
COMMENT ON COLUMN ops.progress.input IS 'The input: a raw topic, or review, decision, terms, reference, suppressed';
COMMENT ON COLUMN ops.progress.topic IS 'The stage, by the topic it writes: evidence, linked, outcomes';
COMMENT ON COLUMN ops.progress.partitions IS 'Partitions of that topic that this database follows';
COMMENT ON COLUMN ops.progress.folded_through IS 'Last offset of the input that every partition has folded; -1: none';
COMMENT ON COLUMN ops.progress.complete_through IS 'Day through which the agency declared itself complete, as every partition knows it';
COMMENT ON COLUMN ops.progress.terms_offset IS 'Terms offset that every partition has folded under';
COMMENT ON COLUMN ops.progress.settled IS 'False while a record that was passed over is unanswered: no cut holds meanwhile';
COMMENT ON COLUMN ops.progress.epoch IS 'Epoch of the raw topic that folded_through is an offset of: the least of the partitions counts first; 0 of an input that is never made anew';

CREATE VIEW mart.outcome_by_status AS
	SELECT contract, contract_version, outcome, status, currency, count(*) AS outcomes,
	       count(DISTINCT unit_id) AS units, sum(price_minor) AS price_minor,
	       sum(price_minor) / 100.0 AS price
	FROM ledger.outcome
	GROUP BY contract, contract_version, outcome, status, currency;
COMMENT ON VIEW mart.outcome_by_status IS 'Outcomes by contract, milestone and status, with money at the rate card; what caps allow is settlement''s to say';
COMMENT ON COLUMN mart.outcome_by_status.contract IS 'Name of the contract';
COMMENT ON COLUMN mart.outcome_by_status.contract_version IS 'Version of the contract';
COMMENT ON COLUMN mart.outcome_by_status.outcome IS 'Milestone, by its name in the contract';
COMMENT ON COLUMN mart.outcome_by_status.status IS 'Status from evaluation';
COMMENT ON COLUMN mart.outcome_by_status.currency IS 'ISO 4217 code';
COMMENT ON COLUMN mart.outcome_by_status.outcomes IS 'How many';
COMMENT ON COLUMN mart.outcome_by_status.units IS 'Of how many persons, children or families';
COMMENT ON COLUMN mart.outcome_by_status.price_minor IS 'Sum of prices in minor units: earned if the status is achieved or verified, at stake otherwise';
COMMENT ON COLUMN mart.outcome_by_status.price IS 'The same in whole units, for currencies of two decimals';

CREATE VIEW mart.awaiting_evidence AS
	SELECT o.contract, o.outcome, o.unit_id, o.ordinal, o.outcome_id, o.status, o.due_on,
	       o.expires_on, r.code AS reason, r.subject, r.text AS sentence, o.price_minor, o.currency,
	       o.known_from
	FROM ledger.outcome o
	LEFT JOIN ledger.reasons w USING (reasons_id)
	LEFT JOIN LATERAL jsonb_to_recordset(w.reasons) AS r (code text, subject text, text text) ON true
	WHERE o.status IN ('awaiting-evidence', 'contradicted', 'queried');
COMMENT ON VIEW mart.awaiting_evidence IS 'Outcomes that wait for somebody: what is missing, from whom, and when the claim expires; one row a reason';
COMMENT ON COLUMN mart.awaiting_evidence.contract IS 'Name of the contract';
COMMENT ON COLUMN mart.awaiting_evidence.outcome IS 'Milestone, by its name in the contract';
COMMENT ON COLUMN mart.awaiting_evidence.unit_id IS 'Person, child or family';
COMMENT ON COLUMN mart.awaiting_evidence.ordinal IS 'Which of several payments of the same outcome';
COMMENT ON COLUMN mart.awaiting_evidence.outcome_id IS 'The outcome';
COMMENT ON COLUMN mart.awaiting_evidence.status IS 'awaiting-evidence, contradicted or queried';
COMMENT ON COLUMN mart.awaiting_evidence.due_on IS 'Day on which it could first be achieved';
COMMENT ON COLUMN mart.awaiting_evidence.expires_on IS 'Day on which the claim window has passed';
COMMENT ON COLUMN mart.awaiting_evidence.reason IS 'Reason code';
COMMENT ON COLUMN mart.awaiting_evidence.subject IS 'What is missing, or from whom';
COMMENT ON COLUMN mart.awaiting_evidence.sentence IS 'The reason as a sentence';
COMMENT ON COLUMN mart.awaiting_evidence.price_minor IS 'Price at stake, in minor units';
COMMENT ON COLUMN mart.awaiting_evidence.currency IS 'ISO 4217 code';
COMMENT ON COLUMN mart.awaiting_evidence.known_from IS 'Since when it has waited in this state';

CREATE VIEW mart.funnel AS
	SELECT contract, outcome, units, not_met, not_yet, observed, awaiting_evidence, contradicted,
	       queried, achieved, verified, rejected, expired,
	       outcomes - not_met - not_yet - observed - awaiting_evidence - contradicted - queried
	           - achieved - verified - rejected - expired AS residual
	FROM (
		SELECT contract, outcome, count(DISTINCT unit_id) AS units, count(*) AS outcomes,
		       count(*) FILTER (WHERE status = 'not-met') AS not_met,
		       count(*) FILTER (WHERE status = 'not-yet') AS not_yet,
		       count(*) FILTER (WHERE status = 'observed') AS observed,
		       count(*) FILTER (WHERE status = 'awaiting-evidence') AS awaiting_evidence,
		       count(*) FILTER (WHERE status = 'contradicted') AS contradicted,
		       count(*) FILTER (WHERE status = 'queried') AS queried,
		       count(*) FILTER (WHERE status = 'achieved') AS achieved,
		       count(*) FILTER (WHERE status = 'verified') AS verified,
		       count(*) FILTER (WHERE status = 'rejected') AS rejected,
		       count(*) FILTER (WHERE status = 'expired') AS expired
		FROM ledger.outcome
		GROUP BY contract, outcome
	) n;
COMMENT ON VIEW mart.funnel IS 'Where the referred units of each contract stand, milestone by milestone';
COMMENT ON COLUMN mart.funnel.contract IS 'Name of the contract';
COMMENT ON COLUMN mart.funnel.outcome IS 'Milestone, by its name in the contract';
COMMENT ON COLUMN mart.funnel.units IS 'Referred persons, children or families';
COMMENT ON COLUMN mart.funnel.not_met IS 'Not met';
COMMENT ON COLUMN mart.funnel.not_yet IS 'Time has not come, or the feed is not complete';
COMMENT ON COLUMN mart.funnel.observed IS 'Seen, not yet enough';
COMMENT ON COLUMN mart.funnel.awaiting_evidence IS 'Evidence is missing';
COMMENT ON COLUMN mart.funnel.contradicted IS 'Two agencies disagree';
COMMENT ON COLUMN mart.funnel.queried IS 'Somebody asked';
COMMENT ON COLUMN mart.funnel.achieved IS 'Achieved';
COMMENT ON COLUMN mart.funnel.verified IS 'Achieved, and verified by a person';
COMMENT ON COLUMN mart.funnel.rejected IS 'Rejected by a person';
COMMENT ON COLUMN mart.funnel.expired IS 'The claim window has passed';
COMMENT ON COLUMN mart.funnel.residual IS 'Outcomes in a status that this view does not name; 0 when the funnel balances';

GRANT USAGE ON SCHEMA mart, pub, log TO outturn_read;
GRANT SELECT ON ALL TABLES IN SCHEMA mart, ops TO outturn_read;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO outturn_sink;
