-- What agencies said, pseudonymous, and under whom it was linked.
-- No token, no encoding: those never enter the database.

CREATE SCHEMA evidence;
COMMENT ON SCHEMA evidence IS 'Pseudonymous facts as they arrived, one row a raw record, and the person (or child, or family) they were linked to';

CREATE TYPE evidence.what AS ENUM ('version', 'reject', 'suppressed', 'complete');
COMMENT ON TYPE evidence.what IS 'version: a fact; reject: refused, with a reason; suppressed: erased, a stub stays to be counted; complete: an agency''s word that its feed is complete';

CREATE TABLE evidence.record (
	topic            text COLLATE "C" NOT NULL,
	epoch            integer NOT NULL,
	raw_offset       bigint NOT NULL,
	partition        smallint NOT NULL,
	what             evidence.what NOT NULL,
	withdrawn        boolean NOT NULL,
	tombstone        boolean NOT NULL,
	restricted       boolean NOT NULL,
	event_id         uuid,
	revision         bigint NOT NULL,
	organisation     text COLLATE "C" NOT NULL,
	role             text COLLATE "C",
	raw_sha256       bytea,
	sent_at          timestamptz,
	kind             text COLLATE "C",
	starts_on        date,
	ends_on          date,
	episode          bytea,
	evidence_type    text COLLATE "C",
	attributes       jsonb,
	reason           text COLLATE "C",
	reason_field     text COLLATE "C",
	complete_through date,
	known_from       timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, epoch, raw_offset)
);
-- Ids are random: a B-tree of them costs more to keep than all the rest of the row's writing.
-- What is only looked up by a person has a Bloom filter for each 64 pages instead, here and below;
-- vacuum makes them, until then those pages are read.
CREATE INDEX record_event ON evidence.record USING brin (event_id uuid_bloom_ops)
	WITH (pages_per_range = 64);
COMMENT ON TABLE evidence.record IS 'One row for every raw record, whatever became of it';
COMMENT ON COLUMN evidence.record.topic IS 'Raw topic without its prefix; with epoch and raw_offset the raw position';
COMMENT ON COLUMN evidence.record.epoch IS 'Epoch of the raw topic: raised when the topic is made anew';
COMMENT ON COLUMN evidence.record.raw_offset IS 'Offset of the raw record';
COMMENT ON COLUMN evidence.record.partition IS 'Partition of the topic evidence that it came from: the linkage domain';
COMMENT ON COLUMN evidence.record.what IS 'version, reject, suppressed or complete; see the type';
COMMENT ON COLUMN evidence.record.withdrawn IS 'The agency says: this record of ours no longer holds';
COMMENT ON COLUMN evidence.record.tombstone IS 'The raw record had no content: it withdraws every version before it';
COMMENT ON COLUMN evidence.record.restricted IS 'Refuge or protected person: place attributes are withheld';
COMMENT ON COLUMN evidence.record.event_id IS 'Keyed hash of organisation and record id: the same for all versions of one record';
COMMENT ON COLUMN evidence.record.revision IS 'The agency''s own revision number, 0 if it keeps none';
COMMENT ON COLUMN evidence.record.organisation IS 'Who sent it, by the topic it came on';
COMMENT ON COLUMN evidence.record.role IS 'What the organisation is: council, nhs, provider ...';
COMMENT ON COLUMN evidence.record.raw_sha256 IS 'SHA-256 of the raw record''s bytes: binds this row to what was sent';
COMMENT ON COLUMN evidence.record.sent_at IS 'When the broker received the raw record';
COMMENT ON COLUMN evidence.record.kind IS 'Kind of event, a code of config/codes/kinds.yaml';
COMMENT ON COLUMN evidence.record.starts_on IS 'Day of the event, or first day of the spell';
COMMENT ON COLUMN evidence.record.ends_on IS 'First day after the spell; null while it is open, and for events of one day';
COMMENT ON COLUMN evidence.record.episode IS 'Keyed hash of the agency''s own id of the spell';
COMMENT ON COLUMN evidence.record.evidence_type IS 'What the agency saw: tenancy-agreement, self-certificate ...';
COMMENT ON COLUMN evidence.record.attributes IS 'Facts that contracts may use and that identify no one';
COMMENT ON COLUMN evidence.record.reason IS 'Reason code of a reject';
COMMENT ON COLUMN evidence.record.reason_field IS 'Field at fault, if one is';
COMMENT ON COLUMN evidence.record.complete_through IS 'Of a declaration: all records up to this day are in';
COMMENT ON COLUMN evidence.record.known_from IS 'When the database first held this content';

CREATE TABLE evidence.link (
	unit_id     uuid NOT NULL,
	event_id    uuid NOT NULL,
	partition   smallint NOT NULL,
	unit_kind   text COLLATE "C" NOT NULL,
	revision    bigint NOT NULL,
	raw_sha256  bytea NOT NULL,
	step        text COLLATE "C" NOT NULL,
	weight_mbit bigint NOT NULL,
	partner_id  uuid,
	levels      bytea,
	known_from  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (event_id, unit_id)
) WITH (fillfactor = 90);
CREATE INDEX link_unit ON evidence.link USING brin (unit_id uuid_bloom_ops)
	WITH (pages_per_range = 64);
COMMENT ON TABLE evidence.link IS 'Under which person, child or family each event stands now, and why; content is in evidence.record';
COMMENT ON COLUMN evidence.link.unit_id IS 'Person, child or family';
COMMENT ON COLUMN evidence.link.event_id IS 'The event; it stands under several units if it concerns several';
COMMENT ON COLUMN evidence.link.partition IS 'Partition of the topic linked';
COMMENT ON COLUMN evidence.link.unit_kind IS 'person, child or family';
COMMENT ON COLUMN evidence.link.revision IS 'Revision of the version that counts';
COMMENT ON COLUMN evidence.link.raw_sha256 IS 'Content of the version that counts: its raw record''s SHA-256';
COMMENT ON COLUMN evidence.link.step IS 'Matching step that joined it: single, nhs+dob, name+dob+postcode, review ...';
COMMENT ON COLUMN evidence.link.weight_mbit IS 'Match weight in thousandths of a bit; 0 for deterministic steps';
COMMENT ON COLUMN evidence.link.partner_id IS 'The event it was joined by; null for a single';
COMMENT ON COLUMN evidence.link.levels IS 'Comparison vector, in the matching model''s own bytes';
COMMENT ON COLUMN evidence.link.known_from IS 'Since when the database holds this version';

CREATE TABLE evidence.link_history (
	LIKE evidence.link,
	known_to timestamptz NOT NULL,
	PRIMARY KEY (event_id, unit_id, known_from),
	CHECK (known_from < known_to)
);
COMMENT ON TABLE evidence.link_history IS 'Earlier versions of evidence.link; written by its trigger, never changed';
COMMENT ON COLUMN evidence.link_history.unit_id IS 'Person, child or family';
COMMENT ON COLUMN evidence.link_history.event_id IS 'The event';
COMMENT ON COLUMN evidence.link_history.partition IS 'Partition of the topic linked';
COMMENT ON COLUMN evidence.link_history.unit_kind IS 'person, child or family';
COMMENT ON COLUMN evidence.link_history.revision IS 'Revision of the version that counted';
COMMENT ON COLUMN evidence.link_history.raw_sha256 IS 'Content of the version that counted';
COMMENT ON COLUMN evidence.link_history.step IS 'Matching step that joined it';
COMMENT ON COLUMN evidence.link_history.weight_mbit IS 'Match weight in thousandths of a bit';
COMMENT ON COLUMN evidence.link_history.partner_id IS 'The event it was joined by';
COMMENT ON COLUMN evidence.link_history.levels IS 'Comparison vector';
COMMENT ON COLUMN evidence.link_history.known_from IS 'Since when the database held this version';
COMMENT ON COLUMN evidence.link_history.known_to IS 'Until when: it was replaced or taken away then';

-- A new version must begin where the one before it ends, also when the server's clock
-- was set back: both sides use this.
CREATE FUNCTION ops.known_now(before timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(now(), before + interval '1 microsecond');
COMMENT ON FUNCTION ops.known_now IS 'Now, or the first instant after the version before it began';

CREATE FUNCTION evidence.link_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO evidence.link_history (unit_id, event_id, partition, unit_kind, revision,
	    raw_sha256, step, weight_mbit, partner_id, levels, known_from, known_to)
	SELECT unit_id, event_id, partition, unit_kind, revision,
	    raw_sha256, step, weight_mbit, partner_id, levels, known_from, ops.known_now(known_from)
	FROM old_rows;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION evidence.link_keep IS 'Keeps what evidence.link said before a change';
CREATE TRIGGER link_updated AFTER UPDATE ON evidence.link
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION evidence.link_keep();
CREATE TRIGGER link_deleted AFTER DELETE ON evidence.link
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION evidence.link_keep();

CREATE VIEW evidence.link_version AS
	SELECT unit_id, event_id, unit_kind, revision, raw_sha256, step, weight_mbit, partner_id,
	       levels, known_from, 'infinity'::timestamptz AS known_to
	FROM evidence.link
	UNION ALL
	SELECT unit_id, event_id, unit_kind, revision, raw_sha256, step, weight_mbit, partner_id,
	       levels, known_from, known_to
	FROM evidence.link_history;
COMMENT ON VIEW evidence.link_version IS 'Every version of every link, with the half-open time during which it was believed';
COMMENT ON COLUMN evidence.link_version.unit_id IS 'Person, child or family';
COMMENT ON COLUMN evidence.link_version.event_id IS 'The event';
COMMENT ON COLUMN evidence.link_version.unit_kind IS 'person, child or family';
COMMENT ON COLUMN evidence.link_version.revision IS 'Revision of the version that counted';
COMMENT ON COLUMN evidence.link_version.raw_sha256 IS 'Content of the version that counted';
COMMENT ON COLUMN evidence.link_version.step IS 'Matching step that joined it';
COMMENT ON COLUMN evidence.link_version.weight_mbit IS 'Match weight in thousandths of a bit';
COMMENT ON COLUMN evidence.link_version.partner_id IS 'The event it was joined by';
COMMENT ON COLUMN evidence.link_version.levels IS 'Comparison vector';
COMMENT ON COLUMN evidence.link_version.known_from IS 'Since when it was believed';
COMMENT ON COLUMN evidence.link_version.known_to IS 'Until when; infinity: it still is';

-- What became of each raw record.  Exactly one of seven:
--
--   declared    not a fact: the agency's word that its feed is complete
--   rejected    refused, with a reason
--   suppressed  erased: only a stub is left
--   and, of the versions of one event,
--   accepted    the version that counts
--   withdrawn   the version that counts says that the event no longer holds
--   duplicate   the same bytes as a greater version of the event
--   superseded  any other version that does not count
--
-- The version that counts: a tombstone withdraws every version that stands before it;
-- of what is left the greatest (revision, epoch, offset).  So each event has exactly one
-- accepted or withdrawn row, and the seven add up to the raw records.
CREATE VIEW evidence.standing AS
WITH placed AS (
	SELECT topic, epoch, raw_offset, event_id, revision, raw_sha256, withdrawn, tombstone,
	       coalesce(bool_or(tombstone) OVER (PARTITION BY event_id
	           ORDER BY epoch, raw_offset, topic
	           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), false) AS before_tombstone
	FROM evidence.record
	WHERE what = 'version'
), ranked AS (
	SELECT topic, epoch, raw_offset, event_id, withdrawn OR tombstone AS gone,
	       row_number() OVER (PARTITION BY event_id
	           ORDER BY before_tombstone, tombstone, revision DESC, epoch DESC,
	                    raw_offset DESC, topic DESC) AS place,
	       row_number() OVER (PARTITION BY event_id, raw_sha256
	           ORDER BY before_tombstone, tombstone, revision DESC, epoch DESC,
	                    raw_offset DESC, topic DESC) AS place_of_equals
	FROM placed
)
SELECT topic, epoch, raw_offset, event_id,
       CASE WHEN place = 1 AND gone THEN 'withdrawn'
            WHEN place = 1 THEN 'accepted'
            WHEN place_of_equals > 1 THEN 'duplicate'
            ELSE 'superseded' END AS standing
FROM ranked
UNION ALL
SELECT topic, epoch, raw_offset, event_id,
       CASE what WHEN 'reject' THEN 'rejected' WHEN 'complete' THEN 'declared'
                 ELSE 'suppressed' END
FROM evidence.record
WHERE what <> 'version';
COMMENT ON VIEW evidence.standing IS 'What became of each raw record: accepted, withdrawn, superseded, duplicate, suppressed, rejected or declared; exactly one';
COMMENT ON COLUMN evidence.standing.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN evidence.standing.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN evidence.standing.raw_offset IS 'Offset of the raw record';
COMMENT ON COLUMN evidence.standing.event_id IS 'The event it is a version of';
COMMENT ON COLUMN evidence.standing.standing IS 'accepted | withdrawn | superseded | duplicate | suppressed | rejected | declared';

CREATE VIEW evidence.event AS
	SELECT r.event_id, r.organisation, r.role, r.kind, r.starts_on, r.ends_on, r.episode,
	       r.evidence_type, r.attributes, r.restricted, r.revision, r.raw_sha256,
	       r.topic, r.epoch, r.raw_offset, r.sent_at, r.known_from
	FROM evidence.standing s
	JOIN evidence.record r USING (topic, epoch, raw_offset)
	WHERE s.standing = 'accepted';
COMMENT ON VIEW evidence.event IS 'The version that counts of each event that holds';
COMMENT ON COLUMN evidence.event.event_id IS 'Keyed hash of organisation and record id';
COMMENT ON COLUMN evidence.event.organisation IS 'Who sent it';
COMMENT ON COLUMN evidence.event.role IS 'What the organisation is';
COMMENT ON COLUMN evidence.event.kind IS 'Kind of event';
COMMENT ON COLUMN evidence.event.starts_on IS 'Day of the event, or first day of the spell';
COMMENT ON COLUMN evidence.event.ends_on IS 'First day after the spell';
COMMENT ON COLUMN evidence.event.episode IS 'Keyed hash of the agency''s own id of the spell';
COMMENT ON COLUMN evidence.event.evidence_type IS 'What the agency saw';
COMMENT ON COLUMN evidence.event.attributes IS 'Facts that contracts may use and that identify no one';
COMMENT ON COLUMN evidence.event.restricted IS 'Place attributes are withheld';
COMMENT ON COLUMN evidence.event.revision IS 'The agency''s own revision number';
COMMENT ON COLUMN evidence.event.raw_sha256 IS 'SHA-256 of the raw record''s bytes';
COMMENT ON COLUMN evidence.event.topic IS 'Raw topic without its prefix';
COMMENT ON COLUMN evidence.event.epoch IS 'Epoch of the raw topic';
COMMENT ON COLUMN evidence.event.raw_offset IS 'Offset of the raw record';
COMMENT ON COLUMN evidence.event.sent_at IS 'When the broker received the raw record';
COMMENT ON COLUMN evidence.event.known_from IS 'When the database first held this content';

GRANT USAGE ON SCHEMA evidence TO outturn_sink, outturn_read;
GRANT SELECT ON ALL TABLES IN SCHEMA evidence TO outturn_read, outturn_sink;
GRANT INSERT, UPDATE, DELETE ON evidence.record, evidence.link TO outturn_sink;
