#!/bin/bash
# migrate, publish, feed, doctor, on real servers: done twice is done once.
. "$(dirname "$0")/_cli.sh"
db setup
KT="$BIN/kt -b $KAFKA"
P=$PREFIX
records() { $KT ends "$P.$1" "${2:-0}" | { read -r low high; echo $((high - low)); }; }
export NO_COLOR=1

check "before anything the doctor says what is missing, and what to do" \
	eval "exits 4 doctor && said '^bad .*outturn migrate' && said 'outturn keys init'"
check "publish without keys says how to make them" eval "exits 5 publish '$ROOT/config' && talked 'outturn keys init'"
o keys init >/dev/null 2>&1
check "publish without topics says what makes them" eval "! o publish '$ROOT/config' 2>'$ERR' >/dev/null && talked 'outturn migrate'"

# --- migrate
check "migrate makes topics and tables" eval "exits 0 migrate && said 'topics: 13 made' && said 'migrations ran'"
check "a raw topic takes the broker's time" is "$($KT config "$P.raw.council-a" message.timestamp.type)" LogAppendTime
check "a raw topic is kept, evidence is compacted" \
	is "$($KT config "$P.raw.council-a" cleanup.policy) $($KT config "$P.evidence" cleanup.policy)" "delete compact"
check "linked has the partitions that were set" is "$($KT topics "$P.linked" | cut -d' ' -f2)" 4
check "migrate again changes nothing" eval "exits 0 migrate --json && so '.topics_made == 0 and .migrations_ran == 0 and .differences == 0'"
check "--kafka-only leaves the database alone" eval "PGURI=postgresql://127.0.0.1:1/none exits 0 migrate --kafka-only"
check "--database-only leaves Kafka alone" eval "KAFKA=127.0.0.1:1 exits 0 migrate --database-only"
$KT make "$P-odd.raw.council-a" 2 cleanup.policy=compact
check "a topic that differs is said, setting by setting, and left as it is" \
	eval "exits 4 -o prefix=$P-odd migrate --kafka-only && talked 'partitions is 2, expected 1' && talked 'cleanup.policy is compact, expected delete' && talked 'message.timestamp.type is CreateTime'"
check "PostgreSQL away is worth another try" eval "PGURI=postgresql://127.0.0.1:1/none exits 75 migrate --database-only && talked 'PGURI'"

# --- publish
cp -r "$ROOT/config" terms
sed -i 's/price: 500.00 /prise: 500.00 /' terms/contracts/st-basils.yaml
check "with a mistake anywhere nothing is published" eval "exits 3 publish terms && talked 'nothing was published' && is \$(records terms) 0"
check "publish puts everything there, signed" eval "exits 0 publish --as-at 2018-12-31 '$ROOT/config' && said 'contract/st-basils version 1' && said 'person/publisher'"
N=$(records terms)
check "each file is one record, and the signer's page" is "$N" "$(($(find "$ROOT/config" -name '*.yaml' ! -name '*.examples.yaml' ! -name outturn.yaml | wc -l) + 1))"
check "the day is a reference fact" is "$(records reference)" 1
check "what stands unchanged is left alone" eval "exits 0 publish '$ROOT/config' --json && so '.published == 0 and .unchanged == $N' && is \$(records terms) $N"
check "all is well then" exits 0 doctor
check "the doctor's JSON is versioned" eval "exits 0 doctor --json && so '.version == 1 and .bad == 0 and .warn == 0'"
check "a contract is effective from the day that its newest version says, as signed" \
	eval "exits 0 publish '$ROOT/config' --json && so '.pages[] | select(.thing == \"contract\" and .name == \"st-basils\") | .effective == \"2015-01-01\" and .did == \"unchanged\"' && so '.pages[] | select(.name == \"kinds\") | .effective == null'"
check "another day than that is a mistake of the command, with its line" \
	eval "exits 3 publish --effective 2016-04-01 '$ROOT/config' && talked 'st-basils.yaml:[0-9]*:.*effective 2015-01-01, --effective says 2016-04-01' && is \$(records terms) $N"
check "a day that is none is a usage error" exits 2 publish --effective 2016-02-30 "$ROOT/config"
check "of pages that say none --effective says it" \
	eval "exits 0 publish --effective 2026-04-01 '$ROOT/config/codes/levels.yaml' --json && so '.pages[0] | .version == 2 and .effective == \"2026-04-01\"'"
check "it stands then, and is not said again" \
	eval "exits 0 publish '$ROOT/config/codes/levels.yaml' && said 'unchanged codes/levels version 2, effective 2026-04-01' && exits 0 publish --effective 2026-04-01 '$ROOT/config/codes/levels.yaml' --json && so '.published == 0'"
check "another day is another version" eval "exits 0 publish --effective 2026-05-01 '$ROOT/config/codes/levels.yaml' && said 'version 3, effective 2026-05-01'"
cp "$ROOT/config/codes/settings.yaml" .
sed -i 's/means: hospital/means: a hospital ward/' settings.yaml
check "what changed gets the next version" eval "exits 0 publish settings.yaml && said 'codes/settings version 2'"
check "one file is judged beside what stands" eval "sed 's/topic: raw.council-a/topic: council-a/' '$ROOT/config/agencies.yaml' >agencies.yaml && exits 3 publish agencies.yaml && talked 'agencies.yaml:[0-9]'"
sed -i 's/a hospital ward/a hospital bed/' settings.yaml
check "a version that would not count is refused" eval "exits 1 publish --version 2 settings.yaml && talked 'version 2 stands already'"
check "a version may be said" eval "exits 0 publish --version 9 settings.yaml && said 'settings version 9'"
o keys person intruder --role publisher >/dev/null 2>&1
N=$(records terms)
check "who is not in the trust file publishes nothing" \
	eval "exits 6 publish --as intruder settings.yaml && talked 'trust' && is \$(records terms) $N"
o keys person a-checker --role verifier >/dev/null 2>&1
echo "a-checker $(sed -n 's/^key //p' keys/a-checker.pub)" >>keys/trust
check "who has no role for it does not say which day has come" \
	eval "exits 6 publish --as a-checker --as-at 2019-01-01 && is \$(records reference) 1"
printf 'terms\n' | sed 's/$/\t00/' | $KT send "$P.terms" 0 >/dev/null
check "no secret leaves the key files" \
	eval "$KT dump '$P.terms' 0 | cut -d' ' -f6 | tr -d '\n' >log; for k in keys/*.key keys/*.sign; do ! grep -qF \"\$(sed -n 's/^secret //p' \$k)\" log || exit 1; done"

# --- feed
"$BIN/gen" --seed 3 --people 40 --out feed >/dev/null 2>&1
rows() { tail -n +2 "$1" | wc -l; }
check "feed sends every row" eval "exits 0 feed --topic raw.council-a feed/council.csv && is \$(records raw.council-a) \$(rows feed/council.csv)"
check "feed writes the agency's own schema" \
	eval "exits 0 feed --topic raw.provider-c --json feed/provider.csv && so '.schema == \"raw-provider-1\" and .bad == 0'"
cat >bad.csv <<'END'
record_id,kind,start,withdrawn,surname,attr.setting
A-1,accommodation,2018-01-01,no,Example,hostel
,accommodation,2018-01-01,no,Example,hostel
A-2,accommodation,2018-01-01,perhaps,Canaryname,hostel
A-3,accommodation,2018-01-01,no,Example,hostel,more,fields
"A-4,accommodation
END
N=$(records raw.council-a)
check "bad rows are said by file and line, good ones go" \
	eval "exits 1 feed --topic raw.council-a bad.csv && talked '^bad.csv:3: ' && talked \"^bad.csv:4: column 'withdrawn'\" && talked '^bad.csv:5: ' && talked '^bad.csv:6: ' && said '5 rows, 1 sent, 4 bad' && is \$(records raw.council-a) $((N + 1))"
check "no value of a person is in an error" eval "! grep -q Canaryname '$ERR'"
check "--strict sends nothing unless all is good" eval "exits 1 feed --strict --topic raw.council-a bad.csv && is \$(records raw.council-a) $((N + 1))"
check "--dry-run sends nothing" eval "exits 0 feed --dry-run --topic raw.council-a feed/council.csv && is \$(records raw.council-a) $((N + 1))"
check "standard input, JSON lines, a tombstone" \
	eval "printf '{\"record_id\":\"Z-1\",\"kind\":\"referral\",\"start\":\"2018-01-01\"}\n{\"record_id\":\"Z-1\",\"tombstone\":true}\n' | o feed -q --topic raw.council-a - && $KT dump '$P.raw.council-a' 0 $((N + 1)) | tail -n 1 | grep -q 'Z-1.*-\$'"
check "an unknown column stops its file with a suggestion" eval "printf 'record_id,kynd\nA,b\n' >k.csv; exits 1 feed --topic raw.council-a k.csv && talked \"did you mean 'kind'\" && said '0 rows'"
check "a topic that is not there" eval "! o feed --topic raw.nobody --schema raw bad.csv >/dev/null 2>'$ERR' && talked 'outturn migrate'"
check "a topic that is none of an agency's is a usage error" exits 2 feed --topic evidence bad.csv
check "Kafka away is worth another try" eval "KAFKA=127.0.0.1:1 exits 75 migrate --kafka-only"

# --- doctor
check "a record on terms that nobody of the trust file signed is pointed out" eval "exits 4 doctor && said '^warn  terms'"
chmod 644 keys/ingest.key
check "a key that others can read is bad, with the chmod" eval "exits 4 doctor && said '^bad .*chmod 600'"
chmod 600 keys/ingest.key
psql -qAtX "$PGURI" -c "update ops.migration set sha256 = sha256('x') where number = 1"
check "a migration that was changed afterwards is bad" eval "exits 4 doctor && said '^bad .*tables'"
check "migrate refuses such a database" exits 1 migrate --database-only
finish
