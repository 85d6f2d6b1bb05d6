#!/bin/bash
# try --settle: decisions and references in, a statement out; docs/try.md is the promise.
. "$(dirname "$0")/_cli.sh"
C=$ROOT/config/contracts/st-basils.yaml
t() { # exit, options
	local code=$1
	shift
	exits "$code" try --contract "$C" --events easy.csv "$@"
}
sed -n '/^```csv try/,/^```/p' "$ROOT/docs/try.md" | sed '1d;$d' >easy.csv

check "without --settle there is no settlement" eval "t 0 --json && so '.settlement == null'"
check "a statement has the lines of its period" \
	eval "t 0 --settle 2015-Q1 --json && so '[.settlement.lines[] | .outcome] == [\"assessment-1\", \"entry-accommodation\"]'"
check "and says what is owed in all" eval "so '.settlement.payable_minor == 100000 and .settlement.from == \"2015-01-01\" and .settlement.to == \"2015-03-31\"'"
check "the next one has the rest" eval "t 0 --settle 2015-04-01..2015-06-30 --json && so '[.settlement.lines[].payable_minor] == [150000] and .settlement.payable_all_minor == 250000'"
check "a line names the person" eval "so '.settlement.lines[0].person == \"Amber Example\"'"
check "people read a statement, too" eval "t 0 --settle 2015 --totals && said 'statement from 2015-01-01 to 2015-12-31' && said 'payable £2,500.00'"
check "a period that is none is an error" eval "t 1 --settle 2015-Q5 && talked 'is a period'"

printf 'person,outcome,what,by,on\nAmber Example,accommodation-3,verified,Auditor,2015-06-10\n' >decided.csv
check "a decision is about the facts of today" \
	eval "t 0 --decisions decided.csv --json && is \"\$(json '.people[0].outcomes[] | select(.outcome == \"accommodation-3\").status')\" verified"
echo '{"person":"Amber Example","outcome":"accommodation-3","what":"queried","by":"Auditor","on":"2015-06-10"}' >decided.jsonl
check "JSON lines say the same; what is queried is held" \
	eval "t 0 --decisions decided.jsonl --settle 2015 --json && so '.settlement.held_minor == 150000 and ([.settlement.lines[] | select(.state == \"held\")] | length) == 1'"
printf -- '- {person: Amber Example, outcome: accommodation-3, what: verified, by: A, on: 2015-06-10, role: provider}\n' >decided.yaml
check "a role that may not say so does not count" \
	eval "t 0 --decisions decided.yaml --json && json '.people[0].outcomes[] | select(.outcome == \"accommodation-3\").reasons' | grep -q decision-not-counted"
printf 'person,outcome,what,by,on,facts_hash\nAmber Example,accommodation-3,verified,Auditor,2015-06-10,%064d\n' 0 >old.csv
check "a decision about other facts says that they have changed" \
	eval "t 0 --decisions old.csv --json && json '.people[0].outcomes[] | select(.outcome == \"accommodation-3\").reasons' | grep -q evidence-changed-since-verified"
printf 'person,outcome,what,by,on\nNobody,accommodation-3,verified,Auditor,2015-06-10\n' >nobody.csv
check "a decision about nobody is an error with its line" eval "t 1 --decisions nobody.csv && talked 'nobody.csv:2'"
printf 'person,outcome,wot\n' >bad.csv && echo 'a,b,c' >>bad.csv
check "an unknown column is an error with its line" eval "t 1 --decisions bad.csv && talked \"bad.csv:1: unknown column 'wot'\""

t 0 --settle 2015 --json && cp "$OUT" first.json
check "after a statement of everything nothing is left" \
	eval "t 0 --settle 2015 --earlier first.json --json && so '.settlement.lines == [] and .settlement.payable_minor == 0'"
grep -v ,R4, easy.csv >less.csv
check "what was revoked since is mirrored" \
	eval "exits 0 try --contract '$C' --events less.csv --as-at 2016-01-01 --settle 2015-Q4 --earlier first.json --json && so '[.settlement.lines[] | [.state, .payable_minor]] == [[\"revoked\", -150000]]'"
check "the same files in another order are the same bytes" \
	eval "t 0 --settle 2015 --json && json .settlement >a && (head -n 1 easy.csv; tail -n +2 easy.csv | tac) >back.csv && exits 0 try --contract '$C' --events back.csv --settle 2015 --json && json .settlement | diff a -"
check "a sample is drawn by its seed, whatever the order of the files" \
	eval "t 0 --sample 2 --seed 7 --json && json .sample >a && exits 0 try --contract '$C' --events back.csv --sample 2 --seed 7 --json && json .sample | diff a - && so '.sample.of == 3 and (.sample.drawn | length) == 2'"
printf 'person,outcome,what,by,on\nAmber Example,accommodation-3,sampled-wrong,Auditor,2015-06-10\nAmber Example,assessment-1,sampled-right,Auditor,2015-06-10\n' >sampled.csv
check "its results give a rate with an interval" \
	eval "t 0 --sample 3 --decisions sampled.csv --json && so '.sample.looked_at == 2 and .sample.wrong == 1 and .sample.rate == 50 and .sample.rate_low > 9 and .sample.rate_high < 91'"
cat >below.yaml <<'END'
contract: below
title: The tier below
currency: GBP
parent: st-basils
parties: [{party: agency, name: Exampleshire Council, organisation: E08000099, reports: yes}]
versions:
  - version: 1
    effective: 2015-01-01
    cohort: {programme: rewriting-futures}
    outcomes:
      - {outcome: moved-in, title: Moved in, price: 800.00, rule: {kind: event-once, event: accommodation}}
END
check "the tier above is settled under its own terms, and the margin told" \
	eval "exits 0 try --contract below.yaml --events easy.csv --settle 2015 --parent '$C' --json && so '.settlement.parent | .contract == \"st-basils\" and .payable_minor == 250000 and .margin_minor == 170000'"
check "a contract that is not the parent is refused" eval "exits 1 try --contract '$C' --events easy.csv --settle 2015 --parent below.yaml && talked \"not the 'parent'\""
finish
