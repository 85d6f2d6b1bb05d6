#!/bin/bash
# forecast over files: the same numbers in all its forms, plan and caps, the picture.
# tests/e2e/70_simulate.sh has the warehouse.
. "$(dirname "$0")/_cli.sh"
C=$ROOT/config/contracts/st-basils.yaml
sed -n '/^```csv try/,/^```/p' "$ROOT/docs/try.md" | sed '1d;$d' >easy.csv
f() { # exit, options
	local code=$1
	shift
	exits "$code" forecast --contract "$C" --events easy.csv "$@"
}
of() { json ".outcomes[] | select(.outcome == \"$1\") | $2"; }

# Two moved in on 1 March; Amber is known through 10 June, Bert through the first day.
check "what is under way is due in its month" \
	eval "f 0 --json && so '.version == 1 and .as_at == \"2015-06-10\" and ([.months[] | select(.due > 0) | [.month, .outcome, .due]] == [[\"2015-06\", \"accommodation-3\", 1], [\"2015-09\", \"accommodation-6\", 2], [\"2016-03\", \"accommodation-12\", 2], [\"2016-09\", \"accommodation-18\", 2]])'"
check "what is proven is done in its month" eval "so '[.months[] | select(.done > 0) | [.month, .outcome, .done_minor]] == [[\"2015-02\", \"assessment-1\", 50000], [\"2015-03\", \"entry-accommodation\", 50000], [\"2015-06\", \"accommodation-3\", 150000]]'"
check "what was due before the day is overdue" is "$(of accommodation-3 '[.under_way, .overdue, .complete, .proven]')" "[1,1,1,1]"
check "one of one that was followed lasted: all, of one" is "$(of accommodation-3 '[.method, .survival, .beyond]')" '["kaplan-meier",1,false]'
check "nobody was followed for 18 months: the low end is nothing" is "$(of accommodation-18 '[.beyond, .survival_low]')" '[true,0]'
check "complete and not proven is apart" is "$(of entry-accommodation '[.complete, .proven, .awaiting_minor]')" '[2,1,50000]'
check "totals are what the outcomes add up to" \
	eval "so '[.months[].due] as \$a | ([.totals[].due] | add) == (\$a | add)' && so '([.months[].expected_minor] | add) == ([.totals[].expected_minor] | add)'"
check "every range holds what is expected" eval "so 'all((.months + .totals)[]; .expected_low <= .expected and .expected <= .expected_high and .expected_low_minor <= .expected_minor)'"
check "the contract's cap: what is done, and with what is forecast" \
	eval "so '.caps[] | select(.cap == \"contract\") | .most == 262238800 and .now == 250000 and .then > .now and .reached == null'"
check "--months ends it, and what is later is counted" eval "f 0 --json --months 4 && so '([.months[].month] | max) == \"2015-09\"' && is \"\$(of accommodation-18 .later)\" 2"
check "who is not in the cohort is not in it" eval "so '.referred == 3 and ([.outcomes[].followed] | max) == 2'"

f 0 --json && cp "$OUT" one
(head -n 1 easy.csv; tail -n +2 easy.csv | tac) >back.csv
check "records in another order are the same bytes" eval "exits 0 forecast --contract '$C' --events back.csv --json && cmp one '$OUT'"
check "CSV has the rows of months" \
	eval "f 0 --csv && is \"\$(tail -n +2 '$OUT' | cut -d, -f1-5 | tr '\n' ' ')\" \"\$(jq -r '.months[] | [.month, .outcome, .done, .done_minor, .due] | join(\",\")' one | tr '\n' ' ')\""
check "people can read it" eval "f 0 && said '^  2015-09 ' && said 'Kaplan-Meier' && said 'of 4 that are complete so far 3 are proven' && said 'cap of the contract: £2,622,388.00; done £2,500.00'"

# A plan.
printf 'outcome,month,number\naccommodation-6,2015-09,3\naccommodation-3,2015-09,1.5\n' >plan.csv
check "a plan stands beside what is expected" \
	eval "f 0 --plan plan.csv --json && so '[.totals[] | select(.plan != null) | [.month, .plan]] == [[\"2015-09\", 4.5]]' && f 0 --plan plan.csv && said 'plan 4.5'"
printf 'outcome,month,number\nnothing,2015-09,3\n' >bad.csv
check "a plan of no outcome is an error with its line" eval "f 1 --plan bad.csv && talked 'bad.csv:2'"
printf 'outcome,month,number\naccommodation-6,2015-9,3\n' >bad.csv
check "a plan's month is a month" eval "f 1 --plan bad.csv && talked 'YYYY-MM'"

# The picture.
check "a picture is drawn beside the text" eval "f 0 --plan plan.csv --svg out.svg && said '^  2015-09 ' && [ -s out.svg ]"
check "to standard output it is all there is" eval "f 0 --plan plan.csv --svg - && cmp '$OUT' out.svg"
check "it is well-formed" xmllint --noout out.svg
check "it has a title, both axes' names, a legend" \
	eval "grep -q '<title>St Basils' out.svg && grep -q '>Outcomes a month<' out.svg && grep -q '>Money added up<' out.svg && grep -q '>expected<' out.svg && grep -q '>2015-02<' out.svg"
check "nothing in it comes from elsewhere, and nothing runs" \
	eval "! grep -Eiq '<script|<image|<style|href|onload|@import|<foreignObject' out.svg && [ \$(grep -o 'http[^\"]*' out.svg | sort -u) = http://www.w3.org/2000/svg ]"
sed "s/^title: .*/title: \"Homes <script>alert('1')<\/script> \& \\\\\"more\\\\\"\"/" "$C" >sharp.yaml
check "what a contract is called cannot break out of it" \
	eval "exits 0 forecast --contract sharp.yaml --events easy.csv --svg - && ! said '<script' && said '&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;more&quot;' && xmllint --noout '$OUT'"
check "where it cannot be written, it says so" eval "f 1 --svg no/where.svg && talked \"cannot write 'no/where.svg'\""

# Refusals.
check "which contract must be said" eval "exits 2 forecast --events easy.csv && talked -- '--contract'"
check "--months is a number" eval "f 2 --months many && f 2 --months 0 && f 2 --months 121"
check "--csv or --json" f 2 --csv --json
check "a file that is not there" exits 5 forecast --contract "$C" --events nothing.csv
finish
