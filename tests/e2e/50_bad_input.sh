#!/bin/bash
# Bad input at the edges of a running pipeline: what is wrong is said with its place and
# what to do, nothing else stops, and it goes on when it is mended.
#
# Where each of issue 3's list has its test:
#
#	random bytes; truncated, over-long, hostile Avro	tests/fuzz/fuzz_avro.c, tests/unit/test_avro.c,
#								tests/cli/try.sh; in a topic: it_ingestd.c
#	unknown schema id or fingerprint			tests/unit/test_avro.c, it_ingestd.c
#	NHS check digit, dates, 29 February, default births	tests/unit/test_validate.c, test_normalise.c
#	unknown code, kind not allowed, agreement expired	tests/unit/test_ingest.c, test_agencies.c
#	a 10 MB record						here
#	an empty topic						here; tests/cli/look.sh
#	a missing topic						here; it_kafka.c, it_ingestd.c
#	wrong PostgreSQL schema version				here; it_store.c, tests/cli/setup.sh
#	a key file of another epoch				here; tests/unit/test_keyfile.c
#	a contract with five typos				here; tests/cli/check.sh, it_milestoned.c
. "$(dirname "$0")/_path.sh"
HEAD="record_id,revision,kind,start,end,episode,evidence_type,forename,surname,dob,sex,postcode,local_id,attr.programme,attr.route,attr.setting"
WHO=",Example,Testperson,1995-05-04,F,QX1 1AA,C-1"
MISSING_S=40	# ingestd looks again each 10 s, librdkafka refreshes what it knows each 10 s
HIGH_MIB=192	# of a daemon that got a record of 10 MB
BIG=$((10 * 1024 * 1024))
KT="$BIN/kt -b $KAFKA"
t() { echo "$OUTTURN_PREFIX.$1"; }

within() { # seconds command...: becomes true
	local n=$(($1 * 5))
	shift
	until "$@" 2>/dev/null; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.2
	done
}
log_of() { echo "$WORK/$NAME-$1.${2:-1}.log"; }
logged() { grep -q -- "$2" "$(log_of "$1")"; }
alive() { local d; for d in "$@"; do kill -0 "$(daemon_pid "$d")" 2>/dev/null || return 1; done; }
ready() { logged "$1" '"event":"ready"'; }
ends() { $KT ends "$(t "$1")" "${2:-0}" | cut -d' ' -f2; }
equal() { [ "$1" = "$2" ] || { echo "# '$1', expected '$2'"; return 1; }; }
high_mib() { awk '/^VmHWM/ {print int($2 / 1024)}' "/proc/$(daemon_pid "$1")/status"; }

# record ID KIND START [EPISODE TYPE SETTING] of one invented person
record() {
	local extra=",,"
	[ "$2" != referral ] || extra=rewriting-futures,council,
	printf '%s\n%s,1,%s,%s,,%s,%s%s,%s%s\n' "$HEAD" "$1" "$2" "$3" "${4:-}" "${5:-referral-form}" "$WHO" "$extra" "${6:-}" >"$WORK/one.csv"
	path_feed "$WORK/one.csv" raw.council-a
}
rows() { path_query "select count(*) from evidence.record where topic = 'raw.council-a'"; }
arrives() { # ID: one more record of the council is in the warehouse, whatever else is wrong
	local before
	before=$(rows)
	record "$1" accommodation-confirmed 2015-06-01 T-1 tenancy-agreement
	within 30 more_than "$before"
}
more_than() { [ "$(rows)" -gt "$1" ]; }
outcomes() { path_query "select count(*) from ledger.outcome"; }

# --- a topic that is missing
path_new bad
$KT delete "$(t raw.nhs-b)"
path_up
check "a raw topic that is not there at the start is named, with what makes it" \
	within 30 logged ingestd '"event":"topic-missing".*raw.nhs-b.*outturn migrate'
record A-1 referral 2015-02-01
record A-2 accommodation 2015-03-01 T-1 tenancy-agreement own-tenancy
check "the records of others arrive" arrives A-3
check "and their outcomes" within 20 eval '[ "$(outcomes)" -gt 0 ]'
shows_the_others() {
	local rc=0
	o status >"$WORK/out" 2>"$WORK/said" || rc=$?
	equal $rc 1 && grep -q "raw.nhs-b.*outturn migrate" "$WORK/said" &&
		grep -q "^raw.nhs-b  *linked  *-.*no such topic" "$WORK/out" && grep -q "^raw.council-a  *linked  *[0-9]" "$WORK/out" &&
		grep -q "^behind: .*raw.nhs-b" "$WORK/out"
}
check "status says which is missing and what to do, and shows the others" shows_the_others
o migrate >/dev/null 2>&1
check "when it is made all goes on by itself" path_settle

# --- an agency that has sent nothing
check "with an empty topic all are ready" eval "for d in $DAEMONS; do ready \$d; done"
check "its cut says that nothing is all there is" \
	equal "$(path_query "select string_agg(distinct folded_through::text, ',') from ops.cut where input = 'raw.nhs-b'")" -1
o status --json >"$WORK/out" 2>/dev/null || true
check "so does status" jq -e '.up_to_date and ([.inputs[] | select(.input == "raw.nhs-b") | .end] | unique == [-1])' "$WORK/out" -c

# --- deleted while the pipeline runs
SEEN=$(wc -l <"$(log_of ingestd)")
since() { tail -n +$((SEEN + 1)) "$(log_of ingestd)"; }
$KT delete "$(t raw.nhs-b)"
check "one that is deleted while it is read is named, with what makes it" within $MISSING_S eval \
	'since | grep -q "\"event\":\"\(raw-lost\|topic-missing\)\".*raw.nhs-b.*outturn migrate"'
check "nobody stops" alive $DAEMONS
check "the records of others arrive all the same" arrives A-4
o migrate >/dev/null 2>&1
check "made anew, it is read again" within $MISSING_S eval \
	'tac "$(log_of ingestd)" | sed "/raw-lost\|topic-missing/q" | grep -q "caught-up.*raw.nhs-b"'
check "all is up to date" path_settle

# --- a topic that is made while ingestd is away: an agency that has joined
restart() { daemon_kill ingestd TERM; daemon_gone ingestd || true; SEEN=$(wc -l <"$(log_of ingestd)"); }
restart
$KT delete "$(t raw.provider-c)"
sleep $((OUTTURN_SESSION / 1000 + 1))
daemon_start ingestd
within 20 eval 'since | grep -q "caught-up.*raw.council-a"' || true
restart
o migrate >/dev/null 2>&1
daemon_start ingestd
check "one that is made while ingestd is away is read when it is back" within $MISSING_S eval \
	'since | grep -q "caught-up.*raw.provider-c"'
check "and so are the others" path_settle

# --- not one topic of its own: it stops or waits, and the line says what to do
path_down
for d in $DAEMONS; do
	"$BIN/outturn-$d" -o "prefix=$OUTTURN_PREFIX-none" </dev/null >"$WORK/none-$d.log" 2>&1 &
	echo $! >"$WORK/none-$d.pid"
	check "$d without its topics says what makes them" within 40 grep -q '"reason":"[^"]*outturn migrate' "$WORK/none-$d.log"
	kill -TERM "$(cat "$WORK/none-$d.pid")" 2>/dev/null || true
	check "and ends, of itself or when asked" within 20 eval "! kill -0 $! 2>/dev/null"
	rm -f "$WORK/none-$d.pid"
done

# --- a key file that is not the one
path_up
path_settle || true
quiet() { N="$(ends evidence) $(ends rejected)"; sleep 2; [ "$N" = "$(ends evidence) $(ends rejected)" ]; }
within 30 quiet || true
for other in epoch secret; do
	mkdir -m 700 "$WORK/$other"
	cp -p "$WORK"/keys/* "$WORK/$other"
done
sed -i 's/^epoch 1$/epoch 2/' "$WORK/epoch/ingest.key"
sed -i 's/^secret ..../secret 0000/' "$WORK/secret/ingest.key"
for other in epoch:key-epoch secret:key-other; do
	rc=0
	timeout 40 "$BIN/outturn-ingestd" -o instance=2 -o "keys_dir=$WORK/${other%%:*}" </dev/null >"$WORK/out" 2>&1 || rc=$?
	check "ingestd with another ${other%%:*} refuses to start beside a running one: which file, what is there, what to do" \
		eval "equal $rc 1 && grep -q '\"code\":\"${other##*:}\".*${other%%:*}/ingest.key.*evidence.*put back' '$WORK/out'"
done
check "it was in no group and wrote nothing" equal "$(ends evidence) $(ends rejected)" "$N"
check "the running one has not noticed" arrives A-5
daemon_kill ingestd TERM
daemon_gone ingestd || true
daemon_start ingestd
check "the right one starts again" path_settle

# --- the schema of the database
sinkd_refuses() { # code pattern
	local rc=0
	timeout 40 "$BIN/outturn-sinkd" -o instance=2 </dev/null >"$WORK/out" 2>&1 || rc=$?
	equal $rc 1 && grep -q "\"event\":\"fatal\".*\"code\":\"$1\".*$2" "$WORK/out"
}
path_query "create table kept as table ops.migration" >/dev/null
path_query "delete from ops.migration where number = (select max(number) from ops.migration)" >/dev/null
check "sinkd refuses a schema that is older, and says outturn migrate" sinkd_refuses schema-older 'outturn migrate'
path_query "truncate ops.migration; insert into ops.migration table kept; insert into ops.migration (number, name, sha256) values (9999, '9999_later.sql', sha256('x'))" >/dev/null
check "and one that is newer, and says to install the newer program" sinkd_refuses schema-newer 'install the newer'
check "the doctor says so, too" eval '! o doctor >"$WORK/out" 2>&1; grep -q "newer" "$WORK/out"'
path_query "truncate ops.migration; insert into ops.migration table kept; drop table kept" >/dev/null
check "the others have not noticed" alive $DAEMONS
check "put back, all is well" arrives A-6

# --- a contract with five typos
T=$WORK/typos.yaml
sed 's/currency: GBP/currency: GPB/; s/age_min: 18 /age_mni: 18 /; s/gap_longer: resets/gap_longer: rests/; s/lasts: 3 months}/lasts: 3 moths}/; s/title: First assessment/titel: First assessment/' \
	"$ROOT/config/contracts/st-basils.yaml" >"$T"
FIVE="currency age_mni rests moths titel"
said_all() { local w; for w in $FIVE; do grep -q -- "$2.*$w" "$1" || { echo "# nothing of $w"; return 1; }; done; }
N=$(ends terms)
rc=0
o publish "$T" >"$WORK/out" 2>&1 || rc=$?
check "publish refuses a contract with five typos" equal "$rc" 3
check "all five are said at once, each with line, column and caret" \
	eval "said_all '$WORK/out' '^$T:' && [ \"\$(grep -c '^$T:[0-9]*:[0-9]*: ' '$WORK/out')\" -ge 5 ] && [ \"\$(grep -c '^ *| *^' '$WORK/out')\" -ge 5 ]"
check "nothing was published" equal "$(ends terms)" "$N"
BEFORE=$(path_settle && path_hash)
"$BIN/page" "$WORK/keys" publisher contract st-basils 9 "$T" | $KT send "$(t terms)" 0
check "a daemon that gets it all the same names the page and the mistakes" \
	eval "within 20 logged milestoned '\"event\":\"contract-mistaken\".*moths' && said_all '$(log_of milestoned)' '\"event\":\"contract-mistaken\".*\"path\":\"contract/st-basils/9\"'"
check "nobody stops for it" alive $DAEMONS
check "the last page without mistakes is in force" eval "path_settle && equal \"\$(path_hash)\" $BEFORE"
check "it goes on judging by that" arrives A-7
check "status shows nothing behind" path_settle
path_down

# --- a record of 10 MB
path_new big
$KT delete "$(t raw.council-a)"
sleep 1
within 10 $KT make "$(t raw.council-a)" 1 cleanup.policy=delete message.timestamp.type=LogAppendTime max.message.bytes=$((2 * BIG)) || true
path_up
record B-1 referral 2015-02-01
record B-2 accommodation 2015-03-01 T-1 tenancy-agreement own-tenancy
check "what is small arrives" path_settle
LOW=$(high_mib ingestd)
{
	echo "record_id,kind,start,surname"
	printf 'B-3,accommodation,2015-04-01,'
	head -c $BIG /dev/zero | tr '\0' x
	printf '\nB-4,accommodation,2015-04-02,Testperson\n'
} >"$WORK/big.csv"
N=$(ends raw.council-a)
rc=0
o feed -q --topic raw.council-a "$WORK/big.csv" >"$WORK/out" 2>&1 || rc=$?
check "feed refuses a record of 10 MB with file, line, field and limit" \
	eval "equal $rc 1 && grep -q '^$WORK/big.csv:2: field 4 is longer than 65536 bytes' '$WORK/out' && [ \"\$(wc -c <'$WORK/out')\" -lt 2000 ]"
check "the next line is sent" equal "$(ends raw.council-a)" $((N + 1))
{
	printf '{"record_id":"B-5","kind":"accommodation","start":"2015-04-01","surname":"'
	head -c $BIG /dev/zero | tr '\0' x
	printf '"}\n'
} >"$WORK/big.jsonl"
check "so it does in JSON lines" eval '! o feed -q --topic raw.council-a "$WORK/big.jsonl" >"$WORK/out" 2>&1; grep -q "^$WORK/big.jsonl:1: longer than 1048576 bytes" "$WORK/out" && [ "$(ends raw.council-a)" = $((N + 1)) ]'
N=$(ends raw.council-a)
{ # by force: no schema; one that begins as ours does
	printf 'BIG-1\t'
	head -c $BIG /dev/zero | od -An -v -tx1 | tr -d ' \n'
	printf '\nBIG-2\t'
	$KT dump "$(t raw.council-a)" 0 0 | sed -n 1p | cut -f6 | tr -d '\n'
	head -c $BIG /dev/zero | od -An -v -tx1 | tr -d ' \n'
	printf '\n'
} | $KT send "$(t raw.council-a)" 0
check "two of 10 MB are in the topic by force" equal "$(ends raw.council-a)" $((N + 2))
record B-6 accommodation-confirmed 2015-07-01 T-1 tenancy-agreement
check "the stream goes on behind them" path_settle
check "each is a reject with a reason" \
	equal "$(path_query "select count(*) || ' ' || bool_and(reason <> '') from evidence.record where topic = 'raw.council-a' and raw_offset in ($N, $((N + 1))) and what = 'reject'")" "2 true"
path_query "select distinct reason from evidence.record where raw_offset in ($N, $((N + 1)))" | sed 's/^/# reason: /'
check "too large to be sealed: hash and place only" \
	eval "o rejects show raw.council-a@$N >'$WORK/out' 2>&1 && [ \"\$(wc -c <'$WORK/out')\" -lt 4000 ]"
check "totals balance" equal "$(path_query 'select count(*) from ops.control_total where not balanced')" 0
for d in $DAEMONS; do
	m=$(high_mib "$d")
	echo "# $d: $m MiB at most$([ $d != ingestd ] || echo ", $LOW before")"
	check "$d stayed below $HIGH_MIB MiB" [ "$m" -lt $HIGH_MIB ]
done
path_down
