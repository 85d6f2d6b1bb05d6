#!/bin/bash
# simulate and forecast over the warehouse: the terms that stand give what the ledger has; other
# terms give, before anybody publishes them, what the ledger has afterwards.
. "$(dirname "$0")/_path.sh"
PEOPLE=${PEOPLE:-60} AS_AT=2015-11-15 # in the middle of it: much is under way
people 11 "$PEOPLE"
path_new simulate
path_up
feed_all "$WORK/feed"
path_settle && ok "the feed arrives" || not_ok "the feed arrives"
C=$ROOT/config/contracts/st-basils.yaml

# A verification: it holds for the facts that were judged, so it shows that they are the same.
ONE=$(path_query "select replace(outcome_id::text, '-', '') from ledger.outcome where contract = 'st-basils' and status = 'achieved' order by outcome_id limit 1")
o verify "$ONE" --as checker >"$WORK/verify.log" 2>&1
path_settle || true
check "one outcome is verified" [ "$(path_query "select count(*) from ledger.outcome where status = 'verified'")" = 1 ]

ledger() { # what stands, by outcome: name, how many, minor units
	path_query "select outcome || ' ' || count(*) || ' ' || sum(price_minor) from ledger.outcome where contract = 'st-basils' and status in ('achieved', 'verified') group by outcome order by outcome collate \"C\""
}
totals() { jq -r --arg s "$1" '.totals[] | select(.outcome != null and .["stand_" + $s] > 0) | "\(.outcome) \(.["stand_" + $s]) \(.["earned_" + $s + "_minor"])"' | LC_ALL=C sort; }

same() { o simulate --contract "$C" --json >"$WORK/same.json"; }
check "the terms that stand change nothing" eval "same && jq -e '.over == \"warehouse\" and .behind == null and .changed == 0 and .as_at == \"$AS_AT\"' '$WORK/same.json' >/dev/null"
check "and give what the ledger has, outcome by outcome" eval "ledger >'$WORK/ledger' && [ -s '$WORK/ledger' ] && totals before <'$WORK/same.json' | cmp - '$WORK/ledger'"
check "the same people are referred" [ "$(jq .referred "$WORK/same.json")" = "$(path_query "select count(distinct unit_id) from ledger.outcome where contract = 'st-basils'")" ]

# forecast: what is done and what is under way are the ledger's.
fore() { o forecast --contract st-basils --json >"$WORK/fore.json"; }
under_way() { path_query "select outcome || ' ' || count(*) from ledger.outcome where contract = 'st-basils' and status = 'observed' group by outcome order by outcome collate \"C\""; }
rungs() { jq -r --arg of "$1" '.outcomes[] | select(.[$of] > 0) | "\(.outcome) \(.[$of])"' "$WORK/fore.json" | LC_ALL=C sort; }
check "forecast counts what the ledger has under way" eval "fore && under_way >'$WORK/under' && [ -s '$WORK/under' ] && rungs under_way | cmp - '$WORK/under'"
check "and what is done" eval "rungs proven | cmp - <(cut -d' ' -f1,2 '$WORK/ledger')"
check "twice the same bytes" eval "o forecast --contract st-basils --json | cmp - '$WORK/fore.json'"
check "its picture is one file" eval "o forecast --contract st-basils --svg '$WORK/f.svg' >/dev/null && xmllint --noout '$WORK/f.svg'"
none() { o forecast --contract no-such >/dev/null 2>"$WORK/none.err"; }
check "a contract that nobody published is not found" eval "none; [ \$? = 5 ] && grep -q no-such '$WORK/none.err'"

sed -e 's/lasts: 3 months}/lasts: 100 days}/' -e '/outcome: entry-accommodation/,/price:/s/price: .*/price: 650.00/' "$C" >"$WORK/changed.yaml"
BEFORE=$(path_hash)
check "other terms are tried" eval "o simulate --contract '$WORK/changed.yaml' --json >'$WORK/then.json'"
check "and twice the same bytes" eval "o simulate --contract '$WORK/changed.yaml' --json | cmp - '$WORK/then.json'"
check "something would change" eval "jq -e '.changed > 0 and (.changes | length) == .changed' '$WORK/then.json' >/dev/null"
check "nothing was written" [ "$(path_hash)" = "$BEFORE" ]
check "a statement of a period, by both" eval "o simulate --contract '$WORK/changed.yaml' --settle 2015 --totals --json | jq -e '.totals[-1] | .payable_before_minor > 0 and .payable_before_minor != .payable_after_minor' >/dev/null"

# Published, the ledger says what was foretold.
path_publish() { o publish "$1" >>"$WORK/$NAME-publish.log" 2>&1; }
check "the other terms are published" path_publish "$WORK/changed.yaml"
path_settle && ok "the ledger follows" || not_ok "the ledger follows"
check "the ledger has what was foretold, outcome by outcome" eval "ledger >'$WORK/ledger' && totals after <'$WORK/then.json' | cmp - '$WORK/ledger'"
check "each outcome that would change has the status that was foretold" eval "
	jq -r '.changes[] | select(.after != null) | .outcome_id + \" \" + .after.status + \" \" + (.after.achieved // \"\")' '$WORK/then.json' | LC_ALL=C sort >'$WORK/foretold'
	path_query \"select replace(outcome_id::text, '-', '') || ' ' || status || ' ' || coalesce(achieved_on::text, '') from ledger.outcome where contract = 'st-basils'\" | LC_ALL=C sort >'$WORK/all'
	[ -s '$WORK/foretold' ] && [ -z \"\$(LC_ALL=C comm -23 '$WORK/foretold' '$WORK/all')\" ]"

# Behind: it says so and works.
daemon_kill sinkd TERM && daemon_gone sinkd
head -n 6 "$WORK/feed/council.csv" | sed '2,$s/^[^,]*/"LATE-&"/;s/""/"/g' >"$WORK/late.csv"
path_feed "$WORK/late.csv" raw.council-a
behind() { o simulate --contract "$C" --totals --json >"$WORK/behind.json" 2>"$WORK/behind.err"; }
check "a warehouse that is behind is degraded, and says why" eval "behind; [ \$? = 4 ] && jq -e '.behind != null' '$WORK/behind.json' >/dev/null && grep -q 'not up to date' '$WORK/behind.err'"
path_down 2>/dev/null || true
