#!/bin/bash
# contract: a new contract begins as one that is right; the language for editors.
. "$(dirname "$0")/_cli.sh"
cp -r "$ROOT/config" .
new() { exits "$1" -o config_dir=config contract new "${@:2}"; }

check "a new contract is made with its examples, and is right at once" \
	eval "new 0 ours --like st-basils --title 'Our scheme' && said '^config/contracts/ours.yaml$' && said '^config/contracts/ours.examples.yaml$' && talked '[1-9][0-9]* examples run: 0 mistakes'"
check "check accepts it" eval "exits 0 check config/contracts/ours.yaml && said '[1-9][0-9]* examples: 0 mistakes'"
check "only its name and title are others'" \
	eval "is \"\$(diff config/contracts/st-basils.yaml config/contracts/ours.yaml | grep -c '^>')\" 2 && grep -qx 'contract: ours' config/contracts/ours.yaml && grep -qx 'title: \"Our scheme\"' config/contracts/ours.yaml && cmp config/contracts/st-basils.examples.yaml config/contracts/ours.examples.yaml"
check "nothing is overwritten" eval "new 1 ours --like st-basils && talked 'exists'"
check "without a name it is called new" eval "new 0 --like st-basils && said '^config/contracts/new-st-basils.yaml$'"
check "the programme goes through terms and examples" \
	eval "new 0 theirs --like st-basils --programme skill-mill && ! grep -q 'programme: rewriting-futures' config/contracts/theirs.yaml config/contracts/theirs.examples.yaml && grep -q 'programme: skill-mill' config/contracts/theirs.yaml && grep -q 'programme: skill-mill' config/contracts/theirs.examples.yaml"
check "a programme that no list has is made, and said" eval "new 3 odd --like st-basils --programme no-such && talked \"found 'no-such', expected a code of programmes.yaml\""
TITLE='The "best": # 1 \ 2'
check "a title may say anything" \
	eval 'new 0 quoted --like skill-mill --title "$TITLE" && exits 0 -o config_dir=config rules --json && so "any(.[]; .contracts | index(\"quoted\"))"'
check "another directory may be said" eval "mkdir else && new 0 away --like st-basils --out else && [ -s else/away.yaml ] && [ -s else/away.examples.yaml ]"
check "there must be one that it is like" eval "new 5 x --like no-such && talked 'no contract'"
check "a name is a name, and no path" eval "new 2 ../x --like st-basils && new 2 x --like ../st-basils && new 2 X --like st-basils"
for c in config/contracts/*.examples.yaml; do
	c=$(basename "$c" .examples.yaml)
	case $c in ours | new-* | theirs | odd | quoted) continue ;; esac
	check "a contract like $c is right at once" new 0 "z-$c" --like "$c"
done
check "a term that is changed breaks the example that agreed on it" \
	eval "sed -i 's/price: 500.00/price: 501.00/' config/contracts/ours.yaml && exits 3 check config/contracts/ours.yaml && talked 'ours.examples.yaml:[0-9]*:[0-9]*: '"
check "schema is what rules --schema prints" \
	eval "exits 0 contract schema && cp '$OUT' one && exits 0 rules --schema && cmp one '$OUT'"
finish
