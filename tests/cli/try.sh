#!/bin/bash
# try: files in, outcomes with reasons out; docs/try.md is the promise.
. "$(dirname "$0")/_cli.sh"
C=$ROOT/config/contracts/st-basils.yaml
t() { # exit, files and options
	local code=$1
	shift
	exits "$code" try --contract "$C" --events "$@"
}
outcome() { # person outcome field, of the JSON on stdout
	json ".people[] | select(.person == \"$1\").outcomes[] | select(.outcome == \"$2\").$3"
}

# the example of docs/try.md, word for word
sed -n '/^```csv try/,/^```/p' "$ROOT/docs/try.md" | sed '1d;$d' >easy.csv
sed -n '/^```text try/,/^```/p' "$ROOT/docs/try.md" | sed '1d;$d' >wanted
check "the example of docs/try.md comes out as it says" eval "t 0 easy.csv && diff '$OUT' wanted"

check "--json is one line of version 1" eval "t 0 easy.csv --json && is \$(wc -l <'$OUT') 1 && so '.version == 1'"
check "the keys of the JSON are those of docs/try.md" \
	is "$(json 'keys_unsorted | join(", ")')" "$(sed -n 's/^One object, keys: `\(.*\)`$/\1/p' "$ROOT/docs/try.md")"
check "three months in a tenancy, seen by the council, are achieved on the day" \
	is "$(outcome 'Amber Example' accommodation-3 status) $(outcome 'Amber Example' accommodation-3 achieved)" "achieved 2015-06-01"
check "an outcome rests on rows of the file" \
	eval "outcome 'Amber Example' accommodation-3 evidence | grep -q '\"line\":4'"
check "a spell that is under way says so and till when it is known" \
	eval "outcome 'Amber Example' accommodation-6 reasons | grep -q spell-under-way"
check "an outcome that waits for proof says from whom" \
	eval "outcome 'Bert Example' entry-accommodation status | grep -q awaiting && outcome 'Bert Example' entry-accommodation reasons | grep -q 'independent\|agency\|council'"
check "a rejected row says file, line, reason and what is expected" \
	eval "so '.rejected == [{file: \"easy.csv\", line: 8, reason: \"unknown-code\", field: \"event.kind\", sentence: .rejected[0].sentence}]'"
check "the same files give the same bytes" eval "cp '$OUT' one && t 0 easy.csv --json && cmp one '$OUT'"
check "rows in another order give the same outcomes" \
	eval "(head -n 1 easy.csv; tail -n +2 easy.csv | tac) >back.csv && t 0 back.csv --json && \
	json '[.people[] | .person as \$p | .outcomes[] | [\$p, .outcome, .status, .achieved]]' >b && \
	t 0 easy.csv --json && json '[.people[] | .person as \$p | .outcomes[] | [\$p, .outcome, .status, .achieved]]' | diff b -"
check "a row twice changes nothing but the count of records" \
	eval "t 0 easy.csv --json && json .totals >b && (cat easy.csv; sed -n 2p easy.csv) >twice.csv && t 0 twice.csv --json && json .totals | diff b -"
printf 'organisation,record_id,kind,start,forename,surname,dob,nhs_number,attr.programme,attr.route\n' >three.csv
printf '%s,referral,2015-02-01,Zebedee,Quincewell,1996-05-07,%s,rewriting-futures,council\n' E08000099,R1 9434765919 E08000099,R2 9434765870 RXX99,R3 '' >>three.csv
check "of a record that might be of either of two people, one has it, and nobody is asked here" \
	eval "t 0 three.csv --json && so '.people | length == 2'"
check "--as-at moves the day" eval "t 0 easy.csv --as-at 2015-03-15 --json && so '.as_at == \"2015-03-15\"'"

jq -Rnc '[inputs | split(",")] | .[0] as $names | .[1:][] | [$names, .] | transpose
	| map(select(.[1] != "")) | reduce .[] as [$name, $v] ({};
		if ($name | startswith("attr.")) then .attr[$name[5:]] = ($v | tonumber? // $v)
		else .[$name] = $v end)' easy.csv >easy.jsonl
check "JSON lines give the same totals" eval "t 0 easy.csv --json && json .totals >b && t 0 easy.jsonl --json && json .totals | diff b -"

check "gen makes three agencies' files" eval "'$BIN/gen' --seed 7 --people 60 --out feed >gen.log 2>&1"
check "without a person column people are matched, and the files' names say whose they are" \
	eval "t 0 feed/council.csv feed/nhs.csv feed/provider.csv --json && so '.people[0].person == null and (.people | length) > 20'"
check "most people have records of more than one file" \
	eval "so '(.people | map(select([.records[].file] | unique | length > 1)) | length * 2) > (.people | length)'"
check "every record is accepted, a declaration, or rejected" \
	eval "so '.records | .read > 0 and .read == .accepted + .declarations + .rejected'"
check "no name, number or postcode of the files is printed" \
	eval "tail -n +2 feed/council.csv | cut -d, -f5- | tr ',' '\n' | grep -E '^(999|[A-Z]{2}[0-9]{1,2} |[A-Z][a-z]{4,})' | sort -u | head -n 200 >clear; [ -s clear ] && ! grep -qFf clear '$OUT'"
check "--totals leaves people out" eval "t 0 feed/council.csv feed/nhs.csv feed/provider.csv --totals && ! said '^person ' && said 'all  *achieved'"

# who is outside, who was not referred
check "the reason for being outside the cohort is said once a person, and the totals leave them out" \
	eval "t 0 easy.csv && is \$(grep -c outside-cohort-age '$OUT') 1 && said '^  all 18 outcomes  *not-met' && said '1 of them from outside' && ! said '^  assessment-2 '"
check "in the JSON each outcome has it" \
	eval "t 0 easy.csv --json && so '.people[] | select(.person == \"Cleo Example\").outcomes | length == 18 and all(.reasons | any(.code == \"outside-cohort-age\"))' && so '[.totals[] | select(.status == \"not-met\")] | length == 18'"
sed 's/,referral,/,assessment,/' easy.csv >unreferred.csv
check "who was not referred is told what a referral is" eval "t 0 unreferred.csv && said \"kind 'referral' with attr.programme 'rewriting-futures'\""
mkdir -p elsewhere/contracts && cp -r "$ROOT/config/codes" "$ROOT/config/agencies.yaml" elsewhere && cp "$C" elsewhere/contracts
check "code lists and agencies are found beside the contract's directory" \
	eval "exits 0 -o config_dir=none try --contract elsewhere/contracts/st-basils.yaml --events easy.csv && diff '$OUT' wanted"
check "without them it says which are missed" eval "exits 3 -o config_dir=none try --contract '$WORK/bad/none.yaml' --events easy.csv && talked 'none/codes'"

# what people give that is no CSV and no JSON lines
for form in ';' '\t'; do
	tr ',' "$form" <easy.csv >other.csv
	check "fields may be separated by '$form'" eval "t 0 other.csv --json && so '.records.accepted == 7'"
done
(printf '\xef\xbb\xbf'; sed 's/$/\r/' easy.csv) >windows.csv
check "as Windows saves it" eval "t 0 windows.csv --json && so '.records.accepted == 7'"
iconv -t UTF-16 easy.csv >other.csv
check "UTF-16 is refused with what to do" eval "t 1 other.csv && said 'UTF-8' && t 1 other.csv --json && so '.records | .read == 1 and .rejected == 1'"
sed 's/Amber/Zo\xe9/' easy.csv >other.csv
check "a row that is not UTF-8 is rejected with what to do, others count" eval "t 0 other.csv && said \"other.csv:2: not-utf8: .*CSV UTF-8\" && said '^Cleo Example'"
printf 'PK\003\004\024xl/workbook.xml' >book.xlsx
check "a spreadsheet is told from a CSV" eval "t 1 book.xlsx && said \"save it as 'CSV UTF-8'\""
jq -sc . easy.jsonl >array.json
check "a JSON array is told from JSON lines" eval "t 1 array.json && said 'one object a line'"
check "which makes them" eval "jq -c '.[]' array.json >lines.jsonl && t 0 lines.jsonl"
printf '{"person":"A","record_id":"1","role":"council","kind":"referral","start":"2015-02-01","attributes":{"age":19}}\n' >attributes.jsonl
check "attributes written out are suggested" eval "t 1 attributes.jsonl && said \"did you mean 'attr.age'\""
: >none.csv
check "an empty file says what to do" eval "t 1 none.csv && talked 'next: outturn feed --columns'"
head -n 1 easy.csv >none.csv
check "so does a header alone" eval "t 1 none.csv && talked 'next: outturn feed --columns'"
check "what is read of standard input is the same" eval "cat easy.csv | o try --contract '$C' --events - --json | sed 's/\"file\":\"-\"/\"file\":\"easy.csv\"/g' >piped; t 0 easy.csv --json && cmp '$OUT' piped"
check "a reader that has seen enough is no mistake" eval "(sleep 0.3; o try --contract '$C' --events easy.csv --totals 2>err || true) | true && silent err"

printf 'record_id,kind,start\nA,accommodation,2015-01-01\n' >whose.csv
check "a file of nobody is refused with what to do" eval "t 1 whose.csv && said 'say --topic'"
check "--topic says whose it is" eval "t 1 whose.csv --topic raw.council-a && said person-missing"
check "a topic of nobody is an error" t 1 whose.csv --topic raw.nobody
o feed --template >template.csv
check "the row of feed --template is accepted as it is" eval "t 0 template.csv --topic raw.council-a --json && so '.records.accepted == 1'"
check "an unknown column is said with a suggestion, and can be passed over" \
	eval "sed '1s/kind/kynd/' easy.csv >kynd.csv; t 1 kynd.csv && said \"did you mean 'kind'\" && t 1 kynd.csv --ignore kynd"
check "no such file" t 5 no-such.csv
sed 's/lasts: 3 months/lasts: 3 moths/' "$C" >bad.yaml
check "mistakes of the contract come before anything else" eval "exits 3 try --contract bad.yaml --events easy.csv && talked 'bad.yaml:[0-9]*:[0-9]*: '"
check "a file that is no contract" exits 2 try --contract "$ROOT/config/agencies.yaml" --events easy.csv
head -c 65536 /dev/urandom >random
check "random bytes end without a crash" eval "t 1 random --topic raw.council-a"
check "NO_COLOR or a pipe: no escape" eval "t 0 easy.csv && ! grep -q \$'\033' '$OUT'"

# --- several contracts
sed 's/^contract: .*/contract: other/' "$C" >other.yaml
sed 's/^contract: .*/contract: agreed\npays_with: [st-basils]/' "$C" >agreed.yaml
check "what another contract would pay, too, is held, and says for which" \
	eval "t 0 easy.csv --settle 2015 --contract other.yaml && said '£0.00 .* held (other would pay it, too)' && t 0 easy.csv --settle 2015 --contract other.yaml --json && so '.settlement | .payable_minor == 0 and .held_minor == 250000 and all(.lines[]; .held_for == \"two-contracts\" and .other_contract == \"other\")'"
check "whichever comes first" \
	eval "exits 0 -o config_dir='$ROOT/config' try --contract other.yaml --contract '$C' --events easy.csv --settle 2015 --json && so '.settlement | .payable_minor == 0 and .held_minor == 250000 and .lines[0].other_contract == \"st-basils\"'"
check "what is agreed is paid" \
	eval "t 0 easy.csv --settle 2015 --contract agreed.yaml --json && so '.settlement | .payable_minor == 250000 and .held_minor == 0 and all(.lines[]; .held_for == null)'"
check "the same contract twice, one without a period, one with mistakes" \
	eval "t 1 easy.csv --settle 2015 --contract '$C' && t 2 easy.csv --contract other.yaml && t 1 easy.csv --settle 2015 --contract '$ROOT/config/agencies.yaml'"

# --- a page
sed 's/Amber Example/<script>alert("x")<\/script>/' easy.csv >hostile.csv
check "--html is a page of those outcomes that have begun, with their drawings" \
	eval "t 0 easy.csv --html && said '^<!DOCTYPE html>' && said '<h1>Amber Example</h1>' && is \$(grep -c '<svg ' '$OUT') 11 && said 'class=.counts' && said 'Ask council or nhs for a record that speaks of 2015-03-01'"
check "it says what was rejected, and the totals" eval "said 'easy.csv:8: unknown-code' && said '7 events of 3 people stand'"
check "what comes from a file cannot become markup" \
	eval "t 0 hostile.csv --html && said '<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>' && ! said '<script'"
check "the page fetches nothing and runs nothing" \
	eval "said \"default-src 'none'\" && ! grep -qiE 'href=|src=|https?:|@import|javascript:| on[a-z]+=' '$OUT'"
check "the same files give the same page" eval "t 0 easy.csv --html && cp '$OUT' page && t 0 easy.csv --html && cmp page '$OUT'"
check "a page is no JSON" eval "t 2 easy.csv --html --json && t 2 easy.csv --html --totals"
finish
