#!/bin/bash
# Linkage on labelled sets of people who never were: what is found, what is never seen, what is said.
. "$(dirname "$0")/_cli.sh"

eval_of() { "$BIN/bench/link_eval" "$@" >"$OUT" 2>"$ERR"; }
# The figure after a word of the last line, against a least one.
least() { awk -v word="$1" -v least="$2" 'END { for (i = 1; i < NF; i++) if ($i == word) ok = $(i + 1) >= least; exit !ok }' "$OUT"; }

gen() { "$BIN/bench/link_gen" "$@" >set.csv; }

check "the same seed gives the same people" \
	eval "gen census 4000 3 && cp set.csv one.csv && gen census 4000 3 && cmp -s one.csv set.csv"
check "names, dates of birth and sex: two registers" \
	eval "eval_of --link set.csv && least f1 0.985 && least precision 0.99"
check "the last line is the one that is read by others" \
	eval "said '^precision [01]\.[0-9]* recall [01]\.[0-9]* f1 [01]\.[0-9]* pairs [0-9]* clusters [0-9]* review [0-9]* seconds [0-9.]*$'"
check "blocking says what it keeps" said '^blocking keeps [01]\.'
cp "$OUT" first
{ head -1 set.csv; tail -n +2 set.csv | sort -t, -k4; } >other.csv
check "rows in another order are the same people" \
	eval "eval_of --link other.csv && cmp -s <(sed 's/seconds.*//' first | grep ^precision) <(sed 's/seconds.*//' '$OUT' | grep ^precision)"
gen households 4000 3
check "families at one address are kept apart, without a date of birth" \
	eval "eval_of --link set.csv && least f1 0.91 && least precision 0.97"
gen history 4000 3
check "one person eight times, badly written" \
	eval "eval_of --dedupe set.csv && least f1 0.975 && least precision 0.99"
gen strangers 4000 3
check "one to three faults a duplicate" eval "eval_of set.csv && least f1 0.985"
gen agencies 4000 3
check "groups have their recall said" eval "eval_of --link set.csv && said '^group women recall 0.99' && said '^group men recall 0.99'"
check "another profile is named" eval "eval_of --link --profile trusted set.csv && talked '^profile trusted' && least f1 0.99"
check "a model file is taken" eval "eval_of --link --model '$ROOT/config/models/probabilistic-1.yaml' set.csv && least f1 0.99"
check "a model without weights is refused" \
	eval "! eval_of --model '$ROOT/config/models/deterministic-1.yaml' set.csv && talked 'no model with weights'"
cut -d, -f1-5 set.csv >few.csv
check "columns that are missing are simply missing" eval "eval_of --link few.csv && said '^precision'"
printf 'record_id,source,true_id,surname,forename,dob,nhs_number\n' >odd.csv
check "nobody at all is no mistake" eval "eval_of odd.csv && said '^precision'"
echo 'nonsense' >bad.csv
check "what is no list of people is refused" eval "! eval_of bad.csv && talked 'no header'"
finish
