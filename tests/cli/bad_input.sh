#!/bin/bash
# What people get wrong: in a contract, every mistake with file and line, all of a file at
# once; in records, what cannot be is counted and explained, and the rest goes on.
#
# Where each of issue 5's list has its test, beside here:
#
#	tabs, anchors, keys twice, size, nesting	tests/unit/test_yaml.c, tests/fuzz
#	units, quoted numbers, names, dates		tests/unit/test_yaml.c, test_contract.c
#	terms that can never pay, or pay twice		tests/cli/check.sh
#	end before start, out of range			tests/unit/test_ingest.c, test_attributes.c
#	two open tenancies				tests/unit/test_evaluate.c
#	another currency, days after a death		tests/unit/test_rules_spells.c, test_rules_counts.c
. "$(dirname "$0")/_cli.sh"

# --- a contract

cat >mess.yaml <<'END'
contract: mess
titel: Mess
currency: GPB
unit: persons
parties: [{party: agency, name: Exampleshire Council, organisation: E08000099, reports: yes}]
rates: {wage: {unit: GBP an hour, steps: [{from: 2023-04-01, is: "10.42"}]}}
versions:
  - version: 1
    effective: 2020-01-01
    effective: 2020-02-01
    window: 12 moths
    cohort: &same {programme: rewriting-futures, age_min: 18 years}
    outcomes:
      - {outcome: a, title: A, prise: 5.00, rule: {kind: event-once, event: accommodation}}
  - version: 1
    effective: 2019-02-30
    cohort: *same
    outcomes:
      - {outcome: a, title: A, price: "5.00", rule: {kind: event-onse, event: accommodation}}
      - {outcome: b, title: B, price: 5.001, rule: {kind: event-once, event: accommodation, lasts: 3 months}}
END
check "a file with all of them is refused" exits 3 check mess.yaml
at() { # LINE WORDS: said of that line
	talked "^mess.yaml:$1:[0-9]*: .*$2"
}
check "an unknown key, with the nearest that there is" at 2 "did you mean 'title'"
check "a currency that is none" at 3 "not a currency"
check "a unit that is none, with the nearest" at 4 "did you mean 'person'"
check "a quoted number" at 6 "without quotes"
check "a key twice, with the line of the first" at 10 "is here twice, expected once (first in line 9)"
check "a wrong unit" at 11 "found '12 moths', expected a duration"
check "an anchor" at 12 "found an anchor"
check "a number with a unit in it" at 12 "found '18 years', expected a whole number"
check "an unknown key deep in a line" at 14 "did you mean 'price'"
check "the same version twice" at 15 "versions rise; the one before is 1"
check "a day that does not exist" at 16 "found '2019-02-30', expected a date that exists"
check "an alias" at 17 "found an alias"
check "a quoted price" at 19 'found "5.00"'
check "a kind of rule with a letter wrong" at 19 "did you mean 'event-once'"
check "a parameter of another kind" at 20 "unknown key 'lasts' in a rule of kind 'event-once'"
check "and all of them were said at once, each with its line and a caret" \
	eval "[ \$(grep -c '^mess.yaml:' '$ERR') -ge 16 ] && [ \$(grep -c '^mess.yaml:' '$ERR') = \$(grep -c '^ *| *^$' '$ERR') ]"

version() { # NUMBER DAY
	printf '  - version: %s\n    effective: %s\n    cohort: {programme: rewriting-futures}\n    evidence: {provider_alone: allowed}\n    outcomes:\n' "$1" "$2"
	printf '      - {outcome: a, title: A, price: 5.00, rule: {kind: event-once, event: accommodation}}\n'
}
head() { printf 'contract: %s\ntitle: Varied\ncurrency: GBP\nversions:\n' "$1"; }
{ head v; version 1 2020-01-01; version 2 2021-01-01; } >v.yaml
check "versions that follow each other are right" exits 0 check v.yaml
{ head v; version 1 2020-01-01; version 2 2020-01-01; } >v.yaml
check "two versions from the same day overlap" eval "exits 3 check v.yaml && talked '^v.yaml:12:16: .*overlap'"
{ head v; version 1 2020-01-01; version 2 2019-01-01; } >v.yaml
check "a variation from before the version that it varies" eval "exits 3 check v.yaml && talked '^v.yaml:12:16: '"

printf 'contract: tabs\n\ttitle: T\nversions:\n\t- version: 1\n' >tabs.yaml
check "every line with a tab is named" eval "exits 3 check tabs.yaml && talked '^tabs.yaml:2:1: found a tab' && talked '^tabs.yaml:4:1: found a tab'"
truncate -s 100M huge.yaml
check "a file of 100 MB is refused for its size, in little memory" \
	eval "([ -n \"\${ASAN_OPTIONS:-}\" ] || ulimit -v 400000; exits 3 check huge.yaml) && talked '^huge.yaml: .*more than 4194304 bytes'"
{ printf 'contract: '; printf '[%.0s' $(seq 100000); } >nested.yaml
check "a bomb of brackets" eval "exits 3 check nested.yaml && talked '^nested.yaml:1:[0-9]*: found more than 24 levels of nesting'"
{ echo 'a: &a [x,x,x,x,x,x,x,x]'; for i in b c d e f g h i; do echo "$i: &$i [$(printf "*a,%.0s" 1 2 3 4 5 6 7 8)]"; done; } >laughs.yaml
check "a bomb of aliases is not opened" eval "exits 3 check laughs.yaml && talked '^laughs.yaml:1:' && talked '^laughs.yaml:2:.*an alias'"

# --- records

cat >edges.yaml <<'END'
contract: edges
title: Edges
currency: GBP
parties: [{party: agency, name: Exampleshire Council, organisation: E08000099, reports: yes}]
versions:
  - version: 1
    effective: 2015-01-01
    cohort: {programme: rewriting-futures}
    evidence: {provider_alone: allowed, fresh_days: 400}
    spells: [{spell: home, event: accommodation, where: {setting: [own-tenancy]}, one_at_a_time: yes}]
    outcomes:
      - {outcome: home-3, title: Three months, price: 10.00, rule: {kind: spell, spell: home, lasts: 3 months}}
      - {outcome: earned, title: Earned, price: 10.00, rule: {kind: cumulative-amount, event: earnings, attribute: amount, at_least: 1000, within: 12 months}}
      - {outcome: better, title: Better, price: 10.00, rule: {kind: score-change, instrument: wemwbs, direction: up, change: 3, follow_up: first}}
      - {outcome: studied, title: Studied, price: 10.00, rule: {kind: event-once, event: education}}
END
cat >edges.csv <<'END'
record_id,kind,start,end,episode,organisation,person,attr.programme,attr.setting,attr.amount,attr.currency,attr.instrument,attr.score
1,referral,2015-01-10,,,E08000099,A,rewriting-futures,,,,,
2,accommodation,2015-02-01,2015-01-01,t1,E08000099,A,,own-tenancy,,,,
3,accommodation,2015-02-01,,t2,E08000099,A,,own-tenancy,,,,
4,accommodation,2015-02-01,,t3,GB-CHC-9999999,A,,hostel,,,,
5,accommodation-confirmed,2015-05-01,,t2,E08000099,A,,,,,,
6,accommodation-confirmed,2015-05-01,,t3,GB-CHC-9999999,A,,,,,,
7,earnings,2015-03-01,,,E08000099,A,,,1200,usd,,
8,score,2015-02-01,,,GB-CHC-9999999,A,,,,,wemwbs,2000000
9,score,2015-02-02,,,GB-CHC-9999999,A,,,,,wemwbs,40
10,score,2015-06-02,,,GB-CHC-9999999,A,,,,,wemwbs,39
11,death,2015-07-01,,,E08000099,A,,,,,,
12,education,2015-08-01,,,E08000099,A,,,,,,
13,accommodation,2015-02-30,,t9,E08000099,A,,own-tenancy,,,,
14,earnings,2015-03-01,,,E08000099,A,,,lots,,,
END
edges() { exits 0 try --contract edges.yaml --events edges.csv --as-at 2016-12-31 --json; }
why() { # OUTCOME CODE
	so ".people[0].outcomes[] | select(.outcome == \"$1\") | .status != \"achieved\" and any(.reasons[]; .code == \"$2\")"
}
rejected() { so ".rejected | any(.line == $1 and .reason == \"$2\")"; }
check "records that cannot be do not stop the others" edges
check "an end before its start" rejected 3 end-before-start
check "a score out of its range" rejected 9 out-of-range
check "a day that does not exist, and a number that is none" eval "rejected 14 date-impossible && rejected 15 not-a-number"
check "each record is accepted or rejected, and counted" so '.records | .read == 14 and .accepted == 10 and .rejected == 4'
check "two open tenancies that cannot both be true: both are named" \
	eval "why home-3 incompatible-spells && so '.people[0].outcomes[0] | .status == \"contradicted\" and any(.reasons[]; .text | test(\"accommodation of 2015-02-01 against\"))'"
check "an amount of another currency is not counted as if it were ours, nor as 0 without a word" why earned other-currency
check "a reading out of range is not a baseline" eval "why better change-not-reached && so '.people[0].outcomes[] | select(.outcome == \"better\") | any(.reasons[]; .text | test(\"Baseline 40\"))'"
check "what is told of a day after the death is not counted, and said" why studied after-death
finish
