#!/bin/bash
# The weights that people are matched by: shown, compared, and learned from a file without labels.
. "$(dirname "$0")/_cli.sh"

shipped=$ROOT/config/models/probabilistic-1.yaml

check "what is shipped is shown" eval "exits 0 model show && said '^surname  *agree  *87'"
check "the same as JSON, with a version" \
	eval "exits 0 model show --json && so '.version == 1 and (.grades | length) > 40'"
check "a model of steps has nothing weighed" \
	eval "exits 1 model show '$ROOT/config/models/deterministic-1.yaml' && talked 'steps only'"
check "two alike are said to be" eval "exits 0 model compare '$shipped' '$shipped' && said 'weigh alike'"
check "what is asked for is told" exits 2 model
check "a file that is not there" exits 5 model train nobody.csv

# Invented people, each twice, the second time now and then misspelt.
awk 'BEGIN {
	srand(7)
	print "record_id,source,forename,surname,dob,address1,town,postcode"
	for (i = 0; i < 1500; i++) {
		f = "Fore" substr("abcdefghijklmnopqrstuvwxyz", i % 26 + 1, 1) int(rand() * 40) "x"
		gsub(/[0-9]/, "q", f)
		s = sprintf("Sur%c%c%c", 97 + i % 26, 97 + int(i / 26) % 26, 97 + int(rand() * 26))
		d = sprintf("19%02d-%02d-%02d", 30 + int(rand() * 60), 1 + int(rand() * 12), 1 + int(rand() * 28))
		a = sprintf("%d Str%c%ceet Lane,Town%c,%05d", 1 + int(rand() * 90), 97 + int(rand() * 26),
		    97 + int(rand() * 26), 97 + i % 20, 10000 + int(rand() * 900))
		print ++n ",a," f "," s "," d "," a
		if (rand() < 0.3) s = s "e"
		print ++n ",b," f "," s "," d "," a
	}
}' >people.csv
check "shares are learned without labels, and said for each line" \
	eval "exits 0 model train people.csv && talked '^surname  *learned from'"
cp "$OUT" trained.yaml
check "what was learned is a model, and differs" \
	eval "exits 0 model compare '$shipped' trained.yaml && said '^surname  *agree'"
check "its version is greater" eval "exits 0 model show trained.yaml && said '^probabilistic 2'"
check "what few pairs say is not learned" \
	eval "head -30 people.csv >few.csv; exits 4 model train few.csv && talked 'none is written'"
finish
