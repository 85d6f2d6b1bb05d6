#!/bin/bash
# review, explain match: whom the matcher asks about, what a reviewer sees and says, and what follows.
. "$(dirname "$0")/_cli.sh"
. "$ROOT/tests/cli/_pipe.sh"
SEED=${SEED:-11}
echo "# seed $SEED"
pipe_new review
for who in ann:reviewer bob:reviewer; do o keys person "${who%%:*}" --role "${who##*:}" >/dev/null 2>&1; done
pipe_publish
for who in ann bob; do o publish "keys/$who.yaml" >/dev/null 2>&1; done
sed 's/^model: .*/model: deterministic/; s/^version: .*/version: 2/' "$ROOT/config/models/probabilistic-1.yaml" >weighs.yaml
check "a model that weighs is published" exits 0 publish weighs.yaml
for d in $DAEMONS; do daemon_start "$d"; done
pipe_feed 150 "$SEED"
check "everything arrives" eval "settle && said '^up to date'"
sent() { raw_end review; }
waits() { db_value "select count(*) from evidence.pair where replace(event_a::text, '-', '') = '$1' and replace(event_b::text, '-', '') = '$2'"; }
units() { db_value "select count(distinct unit_id) from evidence.link where replace(event_id::text, '-', '') in ('$1', '$2')"; }
pair() { exits 0 review ls --json && A=$(json ".pairs[$1].event_a") B=$(json ".pairs[$1].event_b"); }

# --- ls, show
check "pairs wait, those first that most money depends on" eval "
	exits 0 review ls --json && so '.version == 1 and (.pairs | length > 2)' &&
	so '[.pairs[].depends_minor] | . == (sort | reverse)' && so '.pairs[0].depends_minor > 0'"
check "of two people once" is "$(json '[.pairs[] | .event_a + .event_b] | length == (unique | length)')" true
check "as many as are asked for" eval "exits 0 review ls --limit 1 && said '£' && is \"\$(wc -l <'$OUT')\" 2"
pair 0
check "by the first digits of both, field by field in bits" eval "
	exits 0 review show ${A:0:10} ${B:0:10} && said 'asked because' && said 'before any' && said 'forename' &&
	said 'one person from +6.0' && said '£'"
check "the weights add up to the weight" eval "
	exits 0 review show $A $B --json &&
	so '.compared | .prior_mbit + ([.lines[].mbit] | add) == .weight_mbit' && so '.compared.weight_mbit == .weight_mbit' &&
	so '.together == false and (.path | length == 0)'"
exits 0 review show "$A" "$B"
cp "$OUT" shown
check "nobody's name, postcode or number is in it" eval "
	for f in feed/council.csv feed/nhs.csv feed/provider.csv; do
		head -n 1 \$f | tr , '\n' | grep -nE '^(forename|surname|dob|postcode|nhs_number|local_id)$' | cut -d: -f1 | while read -r c; do
			tail -n +2 \$f | cut -d, -f\$c | grep -E '.{4}' | sort -u >>clear; done; done;
	[ -s clear ] && ! grep -qwFf clear shown"
check "as a page that stands by itself" eval "
	exits 0 review show $A $B --html && said '<svg' && said 'waterfall' && ! said '<script' && ! grep -qE 'src=|href=|https?:' '$OUT'"
check "what waits not is not found" exits 5 review show ffffffff ffffffff
check "what is wanted is said" eval "exits 2 review && exits 2 review decide $A $B && exits 2 review decide $A $B perhaps --as ann && exits 2 review ls --limit x"

# --- decide
check "who is no reviewer is told, and nothing is sent" eval "exits 6 review decide $A $B same --as checker && talked 'reviewer' && is \$(sent) 0"
check "a reviewer says: different" eval "exits 0 review decide ${A:0:10} ${B:0:10} different --as ann --why 'two twins' && said 'it counts'"
settle || true
check "it waits no longer, and they are two" is "$(waits "$A" "$B") $(units "$A" "$B")" "0 2"
D=$A E=$B
pair 0
check "the next is another" eval "[ $A$B != $D$E ]"
check "a reviewer says: same" eval "exits 0 review decide $A $B same --as ann --json && so '.verdict == \"same\" and .needed == 1'"
settle || true
check "they are one" is "$(waits "$A" "$B") $(units "$A" "$B")" "0 1"
check "and explain says by what" eval "
	exits 0 explain match $A $B && said '^of one person: one was joined by the other' && said 'review' && said 'from one to the other' &&
	exits 0 explain match $A $B --json && so '.together and .path[0].step == \"review\"'"
check "with the cluster drawn" eval "exits 0 explain match $A $B --html && said '<circle' && said 'class=\"path\"' && ! said '<script'"
check "the warehouse says whose id moved" [ "$(db_value "select count(*) from evidence.unit_change where change in ('merged', 'moved', 'split')")" -gt 0 ]
check "recompute agrees, pairs and all" eval "exits 0 recompute --check && said 'row by row'"
check "what was said is unsaid" eval "exits 0 review decide $A $B --take-back --as ann && said '^taken back'"
settle || true
check "and waits again, and they are two" is "$(waits "$A" "$B") $(units "$A" "$B")" "1 2"
check "who split is on record" [ "$(db_value "select count(*) from evidence.unit_change where change in ('split', 'moved')")" -gt 0 ]

# --- two must say it
daemon_stop matchd
export OUTTURN_REVIEWERS=2
daemon_start matchd
for _ in $(seq 150); do [ "$(waits "$D" "$E")" = 1 ] && break; sleep 0.2; done # no input has changed: nothing says it is behind
check "where two must agree, one word does not count" eval "
	is \"\$(waits $D $E)\" 1 && exits 0 review ls --json && so '[.pairs[].said | select(. != null)] | any(test(\"different by ann\"))'"
check "the first of two is told so" eval "exits 0 review decide $A $B same --as ann && said '1 of 2'"
settle || true
check "nor does one person twice" eval "exits 0 review decide $A $B same --as ann && settle && is \"\$(units $A $B)\" 2"
check "somebody else says the same" eval "exits 0 review decide $A $B same --as bob && said 'it counts'"
settle || true
check "then it counts" is "$(units "$A" "$B")" 1
check "whoever says otherwise leaves it open" eval "exits 0 review decide $A $B different --as bob && said 'otherwise' && settle && is \"\$(waits $A $B) \$(units $A $B)\" '1 2'"
check "recompute agrees by the same setting" eval "exits 0 recompute --check && said 'row by row'"
check "nobody's word was logged" eval "! grep -qwFf clear matchd.log sinkd.log"
finish
