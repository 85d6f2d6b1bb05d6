#!/bin/bash
# status, rejects, explain, trace, recompute: what stands, why, down to the raw record; and
# that each of them says so when something is behind, missing, or not as it was.
. "$(dirname "$0")/_cli.sh"
. "$ROOT/tests/cli/_pipe.sh"
SEED=${SEED:-7}
echo "# seed $SEED"
pipe_new look

# --- status
check "before anything is published status says what to do" \
	eval "exits 4 status && said '^behind: no agencies are published: outturn publish'"
pipe_publish
check "with nobody working it is behind, and says why" eval "exits 4 status && said '^behind: 10 partitions are not read'"
check "PostgreSQL away is worth another try" eval "PGURI=postgresql://127.0.0.1:1/none exits 75 status && talked 'PGURI'"
check "--wait takes seconds" eval "exits 2 status --wait soon && talked 'wait SECONDS'"
for d in $DAEMONS; do daemon_start "$d"; done
check "an empty pipeline comes to be up to date" eval "settle && said '^up to date'"
pipe_feed 50 "$SEED"
check "status waits until everything has arrived" eval "settle && said '^up to date'"
check "its JSON is versioned and agrees" eval "exits 0 status --json && so '.version == 1 and .up_to_date and .why == null and (.inputs | all(.behind | not))'"
check "every raw record is exactly one of seven" eval "so '.totals | length == 3 and all(.raw == .accepted + .withdrawn + .superseded + .suppressed + .duplicate + .rejected + .declared and .unaccounted == 0)'"
for t in council-a nhs-b provider-c; do
	check "raw.$t is counted to its end" eval "so '.totals[] | select(.topic == \"raw.$t\") | .raw == $(raw_end raw.$t)'"
done
check "it says which day has come, and how complete the agencies are" eval "so '.as_at == \"$AS_AT\" and ([.inputs[] | select(.input | startswith(\"raw.\")) | .complete_through] | unique == [\"$AS_AT\"])'"

daemon_stop sinkd
GOOD=$(db_value "select raw_offset from evidence.standing where topic = 'raw.council-a' and standing = 'accepted' order by 1 limit 1")
sed -n "1p;$((GOOD + 2))s/^[^,]*/LOOK-1/p" feed/council.csv >one.csv
o feed -q --topic raw.council-a one.csv >/dev/null 2>&1
check "one record that is not in the warehouse is behind" eval "exits 4 status && said \"^behind: 'raw.council-a' is folded to\""
daemon_start sinkd
check "the warehouse catches up" eval "settle && said '^up to date'"
daemon_stop sinkd
db_tamper "delete from ops.offset where topic = 'linked' and partition = 3"
check "a partition that was never loaded is behind, though all others are at their ends" \
	eval "exits 4 status --json && so '.up_to_date == false and .unread_partitions == 1 and (.inputs | all(.behind | not))'"
daemon_start sinkd
check "it is read from its start" eval "settle && said '^up to date'"
db_tamper "delete from evidence.record where topic = 'raw.nhs-b' and raw_offset = 3"
check "a row that is gone is missed" eval "exits 4 status --json && so '.unaccounted == 1 and (.why | test(\"unaccounted\"))'"
daemon_stop sinkd
db_tamper "delete from ops.offset where topic = 'evidence'"
daemon_start sinkd
check "reading the log again puts it right" eval "settle && said '^up to date'"

# --- recompute
check "a separate program computes the same rows" eval "exits 0 recompute --check && said 'agrees, row by row'"
check "its JSON has both hashes" eval "exits 0 recompute --check --json && so '.version == 1 and .differences == 0 and .given == 0 and .recomputed == .warehouse and (.warehouse | length == 64)'"
check "what it prints is sorted bytewise" eval "o recompute --print >lines && LC_ALL=C sort -c lines && [ -s lines ]"
check "and is what psql prints" eval "psql -qAtX '$PGURI' -f '$ROOT/sink/sql/dump.sql' | cmp - lines"
ONE=$(db_value "select replace(outcome_id::text, '-', '') from ledger.outcome where status = 'achieved' order by cardinality(evidence) desc, outcome_id limit 1")
for change in "ledger.outcome set price_minor = price_minor + 1 where replace(outcome_id::text, '-', '') = '$ONE'" \
	"ledger.outcome set status = 'verified' where replace(outcome_id::text, '-', '') = '$ONE'" \
	"evidence.record set starts_on = starts_on + 1 where (topic, raw_offset) = (select topic, raw_offset from evidence.standing where standing = 'accepted' order by 1, 2 limit 1)" \
	"evidence.link set step = 'by-hand' where event_id = (select min(event_id::text)::uuid from evidence.link)"; do
	table=${change%% *}
	psql -qAtX "$PGURI" -c "create table kept as table $table"
	db_tamper "update $change"
	check "a change in $table is found" eval "exits 3 recompute --check && said '^want ' && said '^have ' && said '2 lines differ'"
	db_tamper "truncate $table; insert into $table table kept; drop table kept"
done
check "put back, it agrees again" exits 0 recompute --check
mv keys/match.key away.key
check "without the keys it says which is missing" eval "exits 5 recompute --check && talked 'match.key'"
mv away.key keys/match.key

# --- rejects
check "rejects are listed by reason" eval "exits 0 rejects ls --json && so '.version == 1 and (.rejects | length > 3 and all(.reason != null and (.records | tonumber) > 0))'"
check "as many as status counts" is "$(json '[.rejects[].records | tonumber] | add')" "$(db_value "select sum(rejected) from ops.control_total")"
AT=$(db_value "select topic || '@' || raw_offset from evidence.record where what = 'reject' and reason = 'date-unreadable' order by 1 limit 1")
check "one of a reason is found by it" eval "exits 0 rejects ls --reason date-unreadable --limit 100 && said '^${AT%@*}	${AT#*@}	date-unreadable	'"
check "its reason, field and sentence are shown" eval "exits 0 rejects show $AT && said '^reason  *date-unreadable' && said '^field  *event.start' && said '^sentence  *[a-z]'"
check "never its content" eval "! said 'person.surname' && ! said payload"
check "with the key it is, the field at fault marked" eval "exits 0 rejects show $AT --unseal && said '^  person.surname  *[A-Z]' && said '^> event.start '"
check "as JSON, too" eval "exits 0 rejects show $AT --unseal --json && so '.rejects[0].payload | .\"event.kind\" != null and .\"event.start\" != null'"
mv keys/ingest.key away.key
check "without the key it is not" eval "exits 5 rejects show $AT --unseal && ! said 'person.surname' && talked 'ingest.key'"
OUTTURN_KEYS_DIR=$WORK/others OUTTURN_TRUST=$WORK/others/trust o keys init >/dev/null 2>&1
cp others/ingest.key keys/ingest.key
check "nor with another's key" eval "exits 6 rejects show $AT --unseal && ! said 'person.surname'"
mv away.key keys/ingest.key
printf '{"record_id":"LOOK-2","kind":"accommodation","start":"2015-02-30","surname":"Red\\u001b[31mwell\\u009bx","dob":"1990-01-02"}\n' >steer.jsonl
STEER=$(raw_end raw.council-a)
o feed -q --topic raw.council-a steer.jsonl >/dev/null 2>&1
settle || true
check "what came from outside cannot steer a terminal" eval "exits 0 rejects show raw.council-a@$STEER --unseal && said 'Red·' && ! grep -qP '\x1b|\xc2\x9b' '$OUT'"
GOOD=$(db_value "select topic || '@' || raw_offset from evidence.standing where standing = 'accepted' order by 1 limit 1")
check "a record that was taken is not a reject, and show says so" eval "exits 5 rejects show $GOOD && talked 'it was taken'"
check "a position that is none is said" eval "exits 5 rejects show raw.council-a && talked 'TOPIC@OFFSET'"

# --- explain
check "an outcome is explained" eval "exits 0 explain $ONE && said ': achieved, ' && said '^stands on' && said 'days'"
check "with its evidence, one line an item" is "$(exits 0 explain "$ONE" --json && json '.evidence | length')" "$(db_value "select cardinality(evidence) from ledger.outcome where replace(outcome_id::text, '-', '') = '$ONE'")"
check "the first digits of its id are enough" eval "exits 0 explain ${ONE:0:12} && said $ONE"
WAITS=$(db_value "select replace(outcome_id::text, '-', '') from mart.awaiting_evidence where status = 'awaiting-evidence' order by 1 limit 1")
check "what is missing is said" eval "exits 0 explain $WAITS --json && so '.status == \"awaiting-evidence\" and (.reasons | length > 0 and all(.text | length > 10))'"
check "and from whom, with what to do next" \
	eval "so '.missing | length > 0 and all(.from | length > 0)' && so '.next | length > 10' && exits 0 explain $WAITS && said '^missing, and from whom' && said '^next'"
check "all that is known of the person in these kinds is told, and which of it counts" \
	eval "exits 0 explain $ONE --json && so '(.records | map(select(.counts)) | length) == (.evidence | length) and (.rungs | any(.achieved != \"\"))'"
check "the page stands by itself: no script, nothing from elsewhere" \
	eval "exits 0 explain $ONE --html && said '^<!DOCTYPE html>' && said '<svg ' && said 'class=.counts' && ! grep -qiE '<script|href=|src=|url\((.#hatch)?http|@import' '$OUT'"
check "an id that is none is not found" eval "exits 5 explain ffffffffffffffffffffffffffffffff && exits 5 explain abc && talked 'hex digits'"
PAIR=$(db_value "select replace(event_id::text, '-', '') || ' ' || replace(partner_id::text, '-', '') from evidence.link where partner_id is not null order by 1 limit 1")
APART=$(db_value "select replace(min(a.event_id::text), '-', '') from evidence.link a where a.unit_id <> (select unit_id from evidence.link where replace(event_id::text, '-', '') = '${PAIR% *}')")
check "two events of one person: by which step" eval "exits 0 explain match $PAIR && said 'of one person' && said 'step'"
check "two events of two people are said to be" eval "exits 0 explain match ${PAIR% *} $APART --json && so '.version == 1 and .together == false'"
check "an event that stands nowhere is not found" eval "exits 5 explain match ${PAIR% *} ffffffffffffffffffffffffffffffff"

# --- trace
check "an outcome is traced to its raw records" eval "exits 0 trace $ONE && said '└─' && said 'sha256 ✓' && ! said '✗'"
check "each of its evidence is checked" eval "exits 0 trace $ONE --json && so '.version == 1 and .of > 1 and .verified == .of and (.items | all(.result == \"good\"))'"
check "not to have looked is not to have found it wrong" eval "KAFKA=127.0.0.1:1 exits 75 trace $ONE"
psql -qAtX "$PGURI" -c "create table kept as table evidence.record"
SHA=$(db_value "select encode(raw_sha256, 'hex') from ledger.outcome_evidence where replace(outcome_id::text, '-', '') = '$ONE' limit 1")
FALSE=$(printf %064d 7)
db_tamper "update evidence.record set raw_sha256 = '\\x$FALSE' where raw_sha256 = '\\x$SHA'; update evidence.link set raw_sha256 = '\\x$FALSE' where raw_sha256 = '\\x$SHA'"
check "evidence that is not what was sent is found" eval "exits 3 trace $ONE && said '✗'"
db_tamper "truncate evidence.record; insert into evidence.record table kept; drop table kept; update evidence.link set raw_sha256 = '\\x$SHA' where raw_sha256 = '\\x$FALSE'"
db_tamper "update ledger.outcome set status = 'verified' where replace(outcome_id::text, '-', '') = '$ONE'"
check "a verification that nobody gave is found" eval "exits 3 trace $ONE && said 'nobody has said so ✗'"
db_tamper "update ledger.outcome set status = 'achieved' where replace(outcome_id::text, '-', '') = '$ONE'"

# --- raw that has expired
LOW=$(($(raw_end raw.provider-c) / 2))
"$BIN/kt" -b "$KAFKA" trim "$PREFIX.raw.provider-c" 0 "$LOW"
OLD=$(db_value "select replace(outcome_id::text, '-', '') from ledger.outcome_evidence where topic = 'raw.provider-c' and raw_offset < $LOW order by 1 limit 1")
check "a raw record that has expired is said, and is no falsehood" eval "exits 0 trace $OLD --json && so '[.items[] | select(.result == \"expired\")] | length > 0' && so '.verified < .of'"
check "below it the recomputation takes evidence as given, and counts it" eval "exits 0 recompute --check --json && so '.differences == 0 and .given == $LOW'"
check "the totals balance all the same" eval "exits 0 status && said '^up to date'"

# --- a raw topic that is made anew
daemon_stop ingestd
sed 's/^    topic: raw.nhs-b$/&\n    epoch: 2/' "$ROOT/config/agencies.yaml" >agencies.yaml
"$BIN/kt" -b "$KAFKA" delete "$PREFIX.raw.nhs-b"
o publish agencies.yaml >/dev/null 2>&1
sleep 1
o migrate >/dev/null 2>&1
check "of a topic that was made anew nothing is folded, and status says so" \
	eval "exits 4 status --json && so '[.inputs[] | select(.input == \"raw.nhs-b\") | .epoch == 2 and .folded == -1 and .behind] | all'"
sed -n '1,6p' feed/nhs.csv >few.csv
o feed -q --topic raw.nhs-b few.csv >/dev/null 2>&1
daemon_start ingestd
check "with fewer records than before it comes to be up to date, and the totals balance" \
	eval "settle && said '^up to date' && exits 0 status --json && so '.unaccounted == 0 and ([.inputs[] | select(.input == \"raw.nhs-b\") | .folded] | unique == [4])'"
check "what was folded of it before is taken as given" eval "exits 0 recompute --check --json && so '.differences == 0 and .given > $LOW'"
finish
