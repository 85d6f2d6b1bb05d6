-- How the pipeline itself is doing: what ran here, how far it is folded, who writes.
-- ops and ops.migration are made by `outturn migrate` before this file runs.

DO $$
DECLARE
	wanted text;
BEGIN
	-- Roles belong to the server, not to this database: another one may have made them.
	FOREACH wanted IN ARRAY ARRAY['outturn_sink', 'outturn_read'] LOOP
		BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
				EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL; -- made a moment ago by a migration of another database
		END;
	END LOOP;
END $$;

COMMENT ON SCHEMA ops IS 'How the pipeline is doing: migrations, offsets, claims, cuts, rejects, control totals';

COMMENT ON TABLE ops.migration IS 'What outturn migrate ran here; a file that changed afterwards is refused';
COMMENT ON COLUMN ops.migration.number IS 'Number at the head of the file name; they run in this order';
COMMENT ON COLUMN ops.migration.name IS 'File name, as in sink/sql';
COMMENT ON COLUMN ops.migration.sha256 IS 'SHA-256 of the file as it ran';
COMMENT ON COLUMN ops.migration.applied_at IS 'When the transaction that ran it began';
COMMENT ON COLUMN ops.migration.applied_by IS 'Database login that ran it';

CREATE TABLE ops.offset (
	topic       text COLLATE "C" NOT NULL,
	partition   integer NOT NULL CHECK (partition >= 0),
	next_offset bigint NOT NULL CHECK (next_offset >= 0),
	since       timestamptz NOT NULL DEFAULT now(),
	moved       timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.offset IS 'How far each partition is folded into this database; moves with the rows, in one transaction, by compare-and-set';
COMMENT ON COLUMN ops.offset.topic IS 'Topic without its prefix: evidence, rejected, linked, outcomes';
COMMENT ON COLUMN ops.offset.partition IS 'Partition of the topic';
COMMENT ON COLUMN ops.offset.next_offset IS 'Every record below this offset is in the database or was passed over; reading goes on here';
COMMENT ON COLUMN ops.offset.since IS 'When this fold began: first load, or the last resync';
COMMENT ON COLUMN ops.offset.moved IS 'When next_offset last moved';

CREATE TABLE ops.claim (
	topic     text COLLATE "C" NOT NULL,
	partition integer NOT NULL,
	stream    text COLLATE "C" NOT NULL,
	epoch     bigint NOT NULL,
	run       uuid NOT NULL,
	PRIMARY KEY (topic, partition, stream)
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.claim IS 'Which run holds each stream, by the greatest claim folded so far; records of other runs are passed over';
COMMENT ON COLUMN ops.claim.topic IS 'Topic without its prefix';
COMMENT ON COLUMN ops.claim.partition IS 'Partition of the topic';
COMMENT ON COLUMN ops.claim.stream IS 'What is claimed: a raw topic''s share of evidence, or * for a whole partition';
COMMENT ON COLUMN ops.claim.epoch IS 'Greatest claim folded so far';
COMMENT ON COLUMN ops.claim.run IS 'The run (one assignment of one process) that holds it';

CREATE TABLE ops.doubt (
	topic         text COLLATE "C" NOT NULL,
	partition     integer NOT NULL,
	key           text COLLATE "C" NOT NULL,
	record_offset bigint NOT NULL,
	since         timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, partition, key)
);
COMMENT ON TABLE ops.doubt IS 'Records passed over because their run did not hold the stream, and not yet answered by the owner; no cut holds while there is one';
COMMENT ON COLUMN ops.doubt.topic IS 'Topic without its prefix';
COMMENT ON COLUMN ops.doubt.partition IS 'Partition of the topic';
COMMENT ON COLUMN ops.doubt.key IS 'Kafka key of the record';
COMMENT ON COLUMN ops.doubt.record_offset IS 'Offset of the record that was passed over last';
COMMENT ON COLUMN ops.doubt.since IS 'When a record of this key was first passed over';

CREATE TABLE ops.cut (
	topic            text COLLATE "C" NOT NULL,
	partition        integer NOT NULL,
	input            text COLLATE "C" NOT NULL,
	folded_through   bigint NOT NULL,
	complete_through date,
	terms_offset     bigint NOT NULL,
	epoch            integer NOT NULL,
	PRIMARY KEY (topic, partition, input)
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.cut IS 'How far each input had been folded by the writer of each partition; never goes back, by epoch and then offset';
COMMENT ON COLUMN ops.cut.topic IS 'Topic that carries the cut, without its prefix: evidence, linked, outcomes';
COMMENT ON COLUMN ops.cut.partition IS 'Partition of that topic';
COMMENT ON COLUMN ops.cut.input IS 'The input the cut speaks of: a raw topic, or review, decision, terms, reference, suppressed';
COMMENT ON COLUMN ops.cut.folded_through IS 'Last offset of the input that is folded; -1: none';
COMMENT ON COLUMN ops.cut.complete_through IS 'The agency''s own word that all its records up to this day are in; null: none given';
COMMENT ON COLUMN ops.cut.terms_offset IS 'Last offset of terms under which it was folded; -1: none';
COMMENT ON COLUMN ops.cut.epoch IS 'Epoch of the raw topic that folded_through is an offset of: raised when the topic is made anew; 0 of an input that never is';

CREATE TABLE ops.reject (
	topic      text COLLATE "C" NOT NULL,
	epoch      integer NOT NULL,
	raw_offset bigint NOT NULL,
	partition  smallint NOT NULL,
	sentence   text NOT NULL,
	raw_bytes  bigint NOT NULL,
	PRIMARY KEY (topic, epoch, raw_offset)
);
COMMENT ON TABLE ops.reject IS 'The sentence that goes with a reject; the reject itself, with its reason code, is in evidence.record, the sealed payload stays in Kafka';
COMMENT ON COLUMN ops.reject.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN ops.reject.epoch IS 'Epoch of the raw topic: raised when the topic is made anew';
COMMENT ON COLUMN ops.reject.raw_offset IS 'Offset of the raw record';
COMMENT ON COLUMN ops.reject.partition IS 'Partition of the topic rejected that it came from';
COMMENT ON COLUMN ops.reject.sentence IS 'What is wrong, for a person to act on; names the field and the place, never the value';
COMMENT ON COLUMN ops.reject.raw_bytes IS 'Size of the raw record';

GRANT USAGE ON SCHEMA ops TO outturn_sink, outturn_read;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO outturn_read, outturn_sink;
GRANT INSERT, UPDATE, DELETE ON ops.offset, ops.claim, ops.doubt, ops.cut, ops.reject TO outturn_sink;
