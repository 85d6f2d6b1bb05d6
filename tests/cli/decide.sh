#!/bin/bash
# verify, erase: what only a person can say, by whom, of which facts; and what follows.
. "$(dirname "$0")/_cli.sh"
. "$ROOT/tests/cli/_pipe.sh"
SEED=${SEED:-5}
echo "# seed $SEED"
pipe_new decide
pipe_publish
for d in $DAEMONS; do daemon_start "$d"; done
pipe_feed 40 "$SEED"
check "everything arrives" eval "settle && said '^up to date'"
achieved() { db_value "select replace(outcome_id::text, '-', '') from ledger.outcome where status = 'achieved' order by cardinality(evidence) desc, outcome_id offset $1 limit 1"; }
status_of() { db_value "select status from ledger.outcome where replace(outcome_id::text, '-', '') = '$1'"; }
sent() { raw_end "$1"; }
ONE=$(achieved 0) TWO=$(achieved 1)

# --- verify: by whom
check "who is unknown here cannot sign" eval "exits 5 verify $ONE --as nobody && talked 'nobody.sign'"
check "who was never published would not be counted, and is told" eval "exits 6 verify $ONE --as rogue && talked \"no 'rogue'\" && talked 'next: outturn keys person'"
check "nor in another role" eval "exits 6 verify $ONE --as maker && exits 6 verify $ONE --as checker --what claimed && exits 6 verify $ONE --as checker --what paid"
check "nothing of it was sent" is "$(sent decision)" 0
check "what can be said is a list" eval "exits 2 verify $ONE --as checker --what blessed"
check "an outcome that is none is not found" eval "exits 5 verify ffffffffffff --as checker"
check "the provider claims" eval "exits 0 verify $ONE --as maker --what claimed --note 'first of its kind' && said '^claimed by maker'"
settle || true
check "who claimed does not decide, whatever the role" eval "
	o keys person both --role provider --role verifier >/dev/null 2>&1 && o publish keys/both.yaml >/dev/null 2>&1 && settle &&
	exits 0 verify $TWO --as both --what claimed && settle && exits 6 verify $TWO --as both && talked 'claimed this outcome'"
check "somebody else does" eval "exits 0 verify ${ONE:0:10} --as checker --json && so '.version == 1 and .what == \"verified\"'"
FIRST=$(json .decision)
settle || true
check "the outcome is verified" is "$(status_of "$ONE")" verified
check "said again it is the same decision" eval "exits 0 verify $ONE --as checker --json && so '.decision == \"$FIRST\"' && settle"
check "and one row" is "$(db_value "select count(*) from ledger.decision where what = 'verified'")" 1
check "trace checks who signed" eval "exits 0 trace $ONE && said 'claimed by maker .* signature ✓' && said 'verified by checker .* signature ✓'"
check "explain tells what was believed before" eval "exits 0 explain $ONE --json && so '.status == \"verified\" and (.history | length > 1)'"
check "a query suspends, a rejection ends" eval "
	exits 0 verify $TWO --as checker --what queried --note 'which tenancy?' && settle && is \"\$(status_of $TWO)\" queried &&
	exits 0 verify $TWO --as checker --what rejected && settle && is \"\$(status_of $TWO)\" rejected"
check "trace finds who gave the word" eval "exits 0 trace $TWO && said 'rejected by checker .* signature ✓'"
check "recompute agrees on decisions" eval "exits 0 recompute --check && said 'row by row'"

# --- verify: a signature that is not right
psql -qAtX "$PGURI" -c "create table kept as table ledger.decision"
db_tamper "update ledger.decision set signed = set_byte(signed, length(signed) - 3, get_byte(signed, length(signed) - 3) # 1) where what = 'verified'"
check "a decision that was changed in the warehouse is found" eval "exits 3 trace $ONE && said 'verified by checker .* signature ✗' && said 'nobody has said so ✗'"
db_tamper "truncate ledger.decision; insert into ledger.decision table kept; update ledger.decision set decided_by = 'somebody' where what = 'verified'"
check "so is one that names somebody else" eval "exits 3 trace $ONE && said 'verified by somebody .* signature ✗'"
db_tamper "truncate ledger.decision; insert into ledger.decision table kept; drop table kept"
check "put back, all is right again" exits 0 trace "$ONE"

# --- verify: behind
daemon_stop milestoned
check "what was said and is not judged yet is waited for, or --force is said" eval "
	exits 0 verify $(achieved 0) --as checker && exits 75 verify $(achieved 1) --as checker &&
	talked 'behind' && talked 'next: outturn status --wait' && exits 0 verify $(achieved 1) --as checker --force"
daemon_start milestoned
settle || true

# --- erase
RECORD=$(sed -n "$(($(db_value "select raw_offset from evidence.standing where topic = 'raw.council-a' and standing = 'accepted' order by 1 limit 1") + 2))p" feed/council.csv)
ID=${RECORD%%,*}
event_rows() { db_value "select string_agg(distinct what::text, ',') from evidence.record where topic = 'raw.council-a' and replace(event_id::text, '-', '') = '$EVENT'"; }
check "who may not erase is told, and nothing is sent" eval "exits 6 erase raw.council-a $ID --as checker && talked 'eraser' && is \$(sent suppressed) 0"
check "a topic of no agency is not found" eval "exits 5 erase raw.nowhere $ID --as dpo && talked 'bound to no agency'"
check "what is wanted is said" eval "exits 2 erase raw.council-a $ID && exits 2 erase --event abc --as dpo"
check "a record is erased by the agency's own id" eval "exits 0 erase raw.council-a $ID --as dpo --reason erasure-request --json && so '.version == 1'"
EVENT=$(json .event)
check "the event was in the warehouse" [ "$(db_value "select count(*) from evidence.record where replace(event_id::text, '-', '') = '$EVENT'")" -gt 0 ]
settle || true
check "only stubs are left" is "$(event_rows)" suppressed
check "without content" is "$(db_value "select count(*) from evidence.record where replace(event_id::text, '-', '') = '$EVENT' and (kind is not null or starts_on is not null or attributes is not null or episode is not null or evidence_type is not null)")" 0
check "it is linked to nobody" is "$(db_value "select count(*) from evidence.link where replace(event_id::text, '-', '') = '$EVENT'")" 0
{ head -n 1 feed/council.csv; echo "$RECORD"; } >again.csv
o feed -q --topic raw.council-a again.csv >/dev/null 2>&1
settle || true
check "what comes later becomes a stub, too" is "$(event_rows) $(db_value "select count(*) > 1 from evidence.record where replace(event_id::text, '-', '') = '$EVENT'")" "suppressed t"
OTHER=$(db_value "select replace(event_id::text, '-', '') from evidence.standing where topic = 'raw.nhs-b' and standing = 'accepted' order by raw_offset limit 1")
mv keys/ingest.key away.key
check "by the event's id no key of ingestd's is needed" eval "exits 0 erase --event $OTHER --as dpo && said 'never to be used again'"
check "by the record's it is" eval "exits 5 erase raw.council-a $ID --as dpo && talked 'ingest.key'"
mv away.key keys/ingest.key
settle || true
check "totals balance and count what was erased" eval "exits 0 status --json && so '.up_to_date and ([.totals[].suppressed] | add) >= 3'"
check "recompute agrees on what is left" eval "exits 0 recompute --check && said 'row by row'"
finish
