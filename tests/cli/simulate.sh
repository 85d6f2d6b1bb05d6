#!/bin/bash
# simulate over files: what changes under other terms, in the same bytes whatever the order.
# tests/e2e/70_simulate.sh has the warehouse.
. "$(dirname "$0")/_cli.sh"
C=$ROOT/config/contracts/st-basils.yaml
sed -n '/^```csv try/,/^```/p' "$ROOT/docs/try.md" | sed '1d;$d' >easy.csv
s() { # exit, options
	local code=$1
	shift
	exits "$code" simulate --against "$C" --events easy.csv "$@"
}
one() { json ".changes[] | select(.person == \"$1\" and .outcome == \"$2\") | $3"; }

cp "$C" same.yaml
check "the same terms change nothing" eval "s 0 --contract same.yaml --json && so '.version == 1 and .changes == [] and .changed == 0 and .compared == 11'"
check "and every total says the same on both sides" \
	eval "so '.totals | length > 5 and all(.stand_before == .stand_after and .earned_before_minor == .earned_after_minor)'"
check "the last total is of all" eval "so '.totals[-1] | .outcome == null and .stand_before == 3 and .earned_before_minor == 250000'"

sed 's/rule: {kind: spell, spell: home, lasts: 3 months}/rule: {kind: spell, spell: home, lasts: 4 months}/' "$C" >longer.yaml
check "a rung that lasts longer is not reached yet" \
	eval "s 0 --contract longer.yaml --json && is \"\$(one 'Amber Example' accommodation-3 '[.before.status, .before.achieved, .after.status, .after.due] | join(\" \")')\" 'achieved 2015-06-01 observed 2015-07-01'"
check "its money is gone, and the sum says so" \
	eval "is \"\$(one 'Amber Example' accommodation-3 '[.before.earned_minor, .after.earned_minor]')\" '[150000,0]' && so '.totals[-1] | [.earned_before_minor, .earned_after_minor] == [250000, 100000]'"
check "who was under way has another due day" is "$(one 'Bert Example' accommodation-3 '[.before.due, .after.due] | join(" ")')" "2015-06-01 2015-07-01"
check "whom it does not concern is not named" eval "so '[.changes[].person] | unique == [\"Amber Example\", \"Bert Example\"]'"
check "people can read it" eval "s 0 --contract longer.yaml && said 'now   achieved on 2015-06-01, £1,500.00' && said 'then  observed due 2015-07-01' && said '-£1,500.00'"
check "--totals leaves people out" eval "s 0 --contract longer.yaml --totals && ! said Amber && said '^  all  *2 '"

sed '/outcome: entry-accommodation/,/price:/s/price: .*/price: 650.00/' "$C" >dearer.yaml
check "a price that changes is shown for those who came so far, not for everybody" \
	eval "s 0 --contract dearer.yaml --json && so '[.changes[] | [.person, .outcome, .before.price_minor, .after.price_minor]] == [[\"Amber Example\", \"entry-accommodation\", 50000, 65000], [\"Bert Example\", \"entry-accommodation\", 50000, 65000]]'"
sed '/outcome: accommodation-6/,$d' "$C" >fewer.yaml
check "an outcome that is no more is not there" \
	eval "s 0 --contract fewer.yaml --json && is \"\$(one 'Amber Example' accommodation-6 '[.before.status, .after]')\" '[\"observed\",null]'"
check "seen from the other side it is new" \
	eval "exits 0 simulate --against fewer.yaml --contract '$C' --events easy.csv --json && is \"\$(one 'Amber Example' accommodation-6 '[.before, .after.status]')\" '[null,\"observed\"]'"

# Money of a period: by settle(), with its caps.
sed 's/^    caps:$/&\n      - {cap: volume, outcomes: [assessment-1, entry-accommodation], most: 1}/' "$C" >capped.yaml
check "a statement's money knows of caps: earned stays, payable is cut" \
	eval "s 0 --contract capped.yaml --settle 2015 --json && so '.totals[-1] | .earned_before_minor == .earned_after_minor and .payable_before_minor == 250000 and .payable_after_minor == 200000'"
check "what the cap cut is one changed outcome, and the others are none" \
	eval "s 0 --contract capped.yaml --settle 2015 --json && so '[.changes[] | [.outcome, .before.payable_minor, .after.payable_minor]] == [[\"entry-accommodation\", 50000, 0]]'"
check "without a period caps are not applied" eval "s 0 --contract capped.yaml --json && so '.changes == []'"
check "only what falls into the period has money" eval "s 0 --contract longer.yaml --settle 2015-Q1 --json && so '.totals[-1] | [.payable_before_minor, .payable_after_minor] == [100000, 100000]'"
printf 'person,outcome,what,by,on\nAmber Example,accommodation-3,queried,Auditor,2015-06-10\n' >decided.csv
check "decisions are taken in" \
	eval "s 0 --contract longer.yaml --decisions decided.csv --json && is \"\$(one 'Amber Example' accommodation-3 .before.status)\" queried"

# The order of records and files cannot show.
s 0 --contract longer.yaml --settle 2015 --json && cp "$OUT" a
(head -n 1 easy.csv; tail -n +2 easy.csv | tac) >back.csv
check "records in another order are the same bytes" \
	eval "exits 0 simulate --against '$C' --contract longer.yaml --events back.csv --settle 2015 --json && cmp a '$OUT'"

# Refusals.
sed 's/^currency: GBP/currency: EUR/' "$C" >euro.yaml
check "another currency cannot be compared, and it says so" eval "s 1 --contract euro.yaml && talked currency"
check "a mistake in a contract is told with its line" \
	eval "sed 's/price: 500.00/prise: 500.00/' '$C' >bad.yaml && s 3 --contract bad.yaml && talked 'bad.yaml:[0-9]'"
check "terms are needed" eval "exits 2 simulate --events easy.csv && talked -- '--contract'"
check "decisions of a file go with events of a file" eval "exits 2 simulate --contract '$C' --decisions decided.csv && talked -- '--events'"
check "a file that is not there" exits 5 simulate --contract "$C" --against "$C" --events nothing.csv
check "nothing is written" eval "touch mark && s 0 --contract longer.yaml && is \"\$(find . -newer mark -type f ! -name out ! -name err)\" ''"
finish
