#!/bin/bash
# check: every mistake of every file at once, with its place.
. "$(dirname "$0")/_cli.sh"
cp -r "$ROOT/config" .
C=config/contracts/st-basils.yaml

check "what is shipped has no mistake, and its examples run" \
	eval "exits 0 check '$ROOT/config' && said '[1-9][0-9]* examples: 0 mistakes'"
check "config_dir is checked without an argument" exits 0 check
check "without an argument every contract is read and every example run" \
	eval "exits 0 --json check && so '.examples >= 180 and .files >= 90'"
TIMEFORMAT=%U
check "in less than ten seconds of one core" eval "[ \$({ time o check >/dev/null 2>&1; } 2>&1 | cut -d. -f1) -lt 10 ]"
for c in "$ROOT"/config/contracts/*.yaml; do
	case $c in *.examples.yaml) continue ;; esac
	check "$(basename "$c" .yaml) has examples beside it, and they run" \
		eval "exits 0 --json check '$c' && so '.examples > 0'"
	check "docs/programmes.md has it" grep -q "\`$(basename "$c" .yaml)\`" "$ROOT/docs/programmes.md"
done
sed -i 's/title: First assessment/titel: First assessment/; s/36 months  /36 moths   /; s/event: volunteering$/event: voluntering/; s/\[supported-housing\]/[suported-housing]/; s/tenancy-agreement, landlord-letter, own-room-proof\]/tenancy-agrement]/' $C
check "mistakes of a contract's language: file, line, column, found, expected" \
	eval "exits 3 check $C && talked '^$C:[0-9]*:[0-9]*: ' && talked \"did you mean 'title'\" && talked '36 moths'"
check "the line and a caret stand below" talked '^ *| *^$'
cp "$ROOT/$C" $C
sed -i 's/event: volunteering$/event: voluntering/; s/\[supported-housing\]/[suported-housing]/; s/tenancy-agreement, landlord-letter, own-room-proof\]/tenancy-agrement]/; s/programme: rewriting-futures/programme: writing-futures/; s/routes: \[council, /routes: [counsel, /' $C
check "five codes that no list has are five mistakes" \
	eval "exits 3 check $C && talked voluntering && talked suported-housing && talked tenancy-agrement && talked writing-futures && talked counsel"
M=config/contracts/mhep-staffordshire.yaml
sed -i 's/condition: \[severe-mental-illness\]/condition: [severe-mental-ilness]/' $M
check "a code that no list has, in what the cohort must have been before" eval "exits 3 check $M && talked severe-mental-ilness"
cp "$ROOT/$C" $C
sed -i 's/from: \[council, nhs\]$/from: [court]/' $C
check "what nobody of agencies.yaml may send can never be proven" eval "exits 3 check $C && talked 'can never be proven'"
cp "$ROOT/$C" $C
sed -i '/^      - outcome: entry-education/,/evidence/s/agencies: 2/agencies: 9/' $C
check "nine independent organisations are more than there are" eval "exits 3 check $C && talked 'from 9 organisations'"
cp "$ROOT/$C" $C
sed -i 's/price: 500.00          # assumed/price: 501.00/' $C
check "a varied price breaks the agreed examples" eval "exits 3 check $C && talked 'examples.yaml:[0-9]*:[0-9]*: '"
cp "$ROOT/$C" $C
sed -i 's/role: council/rloe: council/' config/agencies.yaml
sed -i '0,/code: hostel/s//cod: hostel/' config/codes/settings.yaml
check "mistakes of several files are said at once" eval "exits 3 check config; talked 'settings.yaml:[0-9]'"
check "--json lists mistakes by place" \
	eval "exits 3 --json check config; so '.mistakes_n == (.mistakes | length) and all(.mistakes[]; .line > 0 and (.file | startswith(\"config/\")))'"
cp -r "$ROOT/config" terms
echo 'kafak: x' >>terms/outturn.yaml
check "the settings beside the terms are checked" eval "exits 3 check terms && talked kafak"
check "a file that is not there is a mistake, not silence" eval "exits 3 check no-such.yaml && talked no-such"
echo 'what: ever' >odd.yaml
check "a file that says nothing of what it is, is refused" eval "exits 3 check odd.yaml && talked 'what this file is'"
check "an empty directory is not checked in silence" eval "mkdir -p none && exits 3 check none"

# --- terms that are refused: each with its line, the reason, and an example that evaluate and settle gave

bad() { # NAME, then what stands behind the version's first day
	cat >"$1.yaml" - <<END
contract: $1
title: Bad
currency: GBP
parties: [{party: agency, name: Exampleshire Council, organisation: E08000099, reports: yes}]
rates: {wage: {unit: GBP an hour, steps: [{from: 2023-04-01, is: 10.42}]}}
versions:
  - version: 1
    effective: 2020-01-01
    cohort: {programme: rewriting-futures}
$2
END
}
# What is refused, where, and what the example shows.
refused() {
	exits 3 check "$1.yaml" && talked "^$1.yaml:$2:[0-9]*: $3" && talked '^    for example' && talked "$4"
}
HOME="rule: {kind: event-once, event: accommodation, where: {setting: [own-tenancy]}}"
ALONE="evidence: {provider_alone: allowed}"

bad late "    window: 3 months
    $ALONE
    spells: [{spell: home, event: accommodation}]
    outcomes:
      - {outcome: home-2, title: Two, price: 10.00, rule: {kind: spell, spell: home, lasts: 2 months}}
      - {outcome: home-6, title: Six, price: 10.00, rule: {kind: spell, spell: home, lasts: 6 months}}"
check "a rung behind the window can never pay: shown with the earliest confirmation there can be" \
	eval "refused late 15 'can never pay: .home-6. is not-met' '2020-07-01  accommodation-confirmed by ' && talked '-> home-6 not-met: after-window'"
check "the rung within the window is not complained of" eval "! talked home-2"
bad no-rate "    $ALONE
    outcomes:
      - {outcome: earned, title: Earned, price: 10.00, rule: {kind: cumulative-amount, event: earnings, attribute: amount, rate: wage, times: 416, within: 638 days}}"
check "no rate in force for the first referrals" eval "refused no-rate 12 'a rate is missing: .earned. is' '-> earned not-met: no-rate-for-day wage'"
bad index "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: {base: 10.00, index: wage, index_from: 2023-04-01}, $HOME}"
check "no index number in force for the first payments" eval "refused index 12 'a rate is missing: .housed. is' 'no-rate-for-day'"
bad excluded "    $ALONE
    outcomes:
      - {outcome: job, title: Job, price: 10.00, rule: {kind: event-once, event: employment}}"
sed -i 's/{programme: rewriting-futures}/{programme: rewriting-futures, none_of: [{event: employment}]}/' excluded.yaml
check "who may have no job at the referral may have one the day after" exits 0 check excluded.yaml
sed -i 's/none_of: /all_of: [{event: employment}], none_of: /' excluded.yaml
check "but not have had one, and none" eval "refused excluded 12 'can never pay' 'excluded'"
bad one-by-one "    $ALONE
    spells: [{spell: home, event: accommodation, where: {setting: [own-tenancy]}, one_at_a_time: yes}]
    outcomes:
      - {outcome: hostel, title: Hostel, pay: none, rule: {kind: event-once, event: accommodation, where: {setting: [hostel]}}}
      - {outcome: home, title: Home, pay: none, rule: {kind: spell, spell: home, lasts: 3 months}}
      - {outcome: both, title: Both, price: 5.00, rule: {kind: n-of-m, all_of: [hostel, home]}}"
check "what may be had one after the other is not refused because no witness has both at once" exits 0 check one-by-one.yaml
bad apart "    $ALONE
    outcomes:
      - {outcome: a, title: A, pay: none, for: {client-group: [homeless-families]}, rule: {kind: event-once, event: employment}}
      - {outcome: b, title: B, pay: none, for: {client-group: [offenders-floating]}, rule: {kind: event-once, event: education}}
      - {outcome: both, title: Both, price: 5.00, rule: {kind: n-of-m, all_of: [a, b]}}"
check "two outcomes that no one person may have" eval "refused apart 14 'can never pay' '-> both .*component-missing a'"
bad small-cap "    $ALONE
    caps: [{cap: person, amount: 600.00, last: whole}]
    outcomes:
      - {outcome: housed, title: Housed, price: 1000.00, $HOME}"
check "a cap that leaves nothing of the first payment" eval "refused small-cap 13 'can never pay: .* earns £1,000.00, of which the cap of .person. leaves nothing' '-> housed achieved'"
bad no-fee "    $ALONE
    outcomes:
      - {outcome: fee, title: Fee, price: 5.00, rule: {kind: rate-gate, of: [done], at_least: 50, pays: bands, bands: [{at_least: 50, share: 0}]}}"
sed -i 's/^      - {outcome: fee/      - {outcome: done, title: Done, pay: none, rule: {kind: event-once, event: delivered}}\n&/' no-fee.yaml
check "a gate that pays nothing of whatever rate" eval "refused no-fee 13 'can never pay: .fee. earns nothing' 'of 100 referred'"
bad same "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}
      - {outcome: moved, title: Moved, price: 10.00, $HOME}"
check "the same rule twice: both are paid on one record" eval "refused same 13 'pays twice for one fact: the same rule as .housed.' '-> moved achieved 2020-01-01, £10.00'"
bad twice "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}
      - {outcome: moved, title: Moved, price: 10.00, rule: {kind: event-once, event: accommodation, where: {setting: [own-tenancy, shared-tenancy]}}}"
check "two rules that one record fits" eval "refused twice 13 'pays twice for one fact: the same records pay .housed. and .moved.' '-> moved achieved'"
check "the example is as small as it can be: a referral and one record" eval "is \$(grep -c '  20[0-9-]*  ' '$ERR') 2"
bad bundle "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}
      - {outcome: job, title: Job, pay: none, rule: {kind: event-once, event: employment}}
      - {outcome: both, title: Both, price: 10.00, rule: {kind: bundle, all_of: [housed, job]}}"
check "a bundle of what is paid for itself: both are shown to be paid" \
	eval "refused bundle 14 'pays twice for one fact: .housed. is paid for itself' '-> housed achieved 2020-01-01, £10.00' && talked '-> both achieved 2020-01-01, £10.00'"
bad parts "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}
      - {outcome: paid, title: Paid, price: 10.00, rule: {kind: split, parts: [{on: housed, share: 100}]}}"
check "a part of what is paid for itself" eval "refused parts 13 'pays twice for one fact: .housed. is paid for itself' '-> paid achieved'"
bad nothing "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, price: 0.00, $HOME}"
check "a price of nothing" eval "refused nothing 12 'a price of nothing can never pay' '-> housed achieved 2020-01-01, £0.00' && talked '^ *| *^$' && [ \$(grep -c '^nothing.yaml:' '$ERR') = 1 ]"
bad weeks "    $ALONE
    outcomes:
      - {outcome: job, title: Job, price: 10.00, rule: {kind: k-of-n-weeks, event: employment, weeks: 3, within: 2}}"
check "more weeks than there are in a row" eval "refused weeks 12 'can never pay: fewer weeks in a row' '-> job observed'"
bad some "    $ALONE
    outcomes:
      - {outcome: housed, title: Housed, pay: none, $HOME}
      - {outcome: two, title: Two, price: 10.00, rule: {kind: n-of-m, any_of: [housed], at_least: 2}}"
check "more outcomes than are named" eval "refused some 13 'can never pay: more than .any_of. has' '-> two observed'"
bad nobody "    evidence: {from: [court]}
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}"
check "a role that nobody has" eval "refused nobody 10 'outcome .housed. needs' 'awaiting-agency court'"
bad four "    evidence: {agencies: 4}
    outcomes:
      - {outcome: housed, title: Housed, price: 10.00, $HOME}"
check "more organisations than there are" eval "refused four 10 'outcome .housed. needs .accommodation. from 4 organisations' 'awaiting-more-agencies'"
bad alone "    outcomes:
      - {outcome: job, title: Job, price: 10.00, rule: {kind: event-once, event: employment}}"
check "only providers may send it, and a provider's word is not enough" eval "refused alone 7 'outcome .job. is never proven by a provider alone' 'awaiting-independent-agency'"
bad caps "    $ALONE
    caps: [{cap: person, amount: 6000.00}, {cap: contract, amount: 5000.00}]
    outcomes:
      - {outcome: housed, title: Housed, price: 1000.00, $HOME}"
check "a cap above the contract's never holds: shown by who would reach it" eval "refused caps 11 'caps contradict: more than the whole contract' '7 with .housed.: earned £7,000.00, payable £5,000.00'"
bad caps-twice "    $ALONE
    caps: [{cap: person, amount: 600.00}, {cap: person, amount: 500.00}]
    outcomes:
      - {outcome: housed, title: Housed, price: 100.00, $HOME}"
check "the same cap twice" eval "refused caps-twice 11 'caps contradict: the same cap stands above' 'with .housed.: earned'"
bad ceiling "    $ALONE
    benefit: 50000.00
    ceiling: within-benefit
    caps: [{cap: contract, amount: 60000.00}]
    outcomes:
      - {outcome: housed, title: Housed, price: 1000.00, $HOME}"
check "a ceiling above the benefit, where the scheme forbids it" eval "refused ceiling 13 'the ceiling is more than the stated benefit' '51 with .housed.: earned £51,000.00, payable £51,000.00'"
sed -i 's/benefit: 50000/benefit: 60000/' ceiling.yaml
check "exactly the benefit is not above it" exits 0 check ceiling.yaml
bad hours "    $ALONE
    outcomes:
      - {outcome: job, title: Job, price: 10.00, rule: {kind: event-once, event: employment, where: {hours-per-week: {at_least: 169}}}}"
check "more hours than a record may say" eval "exits 3 check hours.yaml && talked \"hours.yaml:12:.*can never be: 'hours-per-week' is at most 168\""
bad scale "    $ALONE
    outcomes:
      - {outcome: better, title: Better, price: 10.00, rule: {kind: score-change, instrument: no-such-scale, direction: up, change: 1, follow_up: first}}"
check "a scale that no list has" eval "exits 3 check scale.yaml && talked \"found 'no-such-scale', expected a code of instruments.yaml\""
finish
