#!/bin/bash
# rules: the kinds of rule, from the table that contracts are read by; the docs say the same.
. "$(dirname "$0")/_cli.sh"

check "kinds are listed with their numbers, and who uses them" \
	eval "exits 0 -o config_dir='$ROOT/config' rules && said '^ 1  event-once ' && said '^22  rising-target ' && said 'used by .*st-basils'"
check "--json is an array with an object a kind" \
	eval "exits 0 -o config_dir='$ROOT/config' rules --json && so 'type == \"array\" and (map(.number) | unique | length) == 22'"
check "each has kind, name, parameters and contracts" \
	eval "so 'all(.[]; (.kind | type) == \"string\" and (.name | length) > 0 and (.parameters | length) > 0 and (.contracts | type) == \"array\")'"
check "each parameter has a type, a sentence and, unless it must be there, a default or none" \
	eval "so 'all(.[].parameters[]; (.type | length) > 0 and (.says | length) > 0 and has(\"default\") and has(\"unit\") and has(\"required\"))'"
check "st-basils uses event-once, spell and assessment" \
	eval "so '[.[] | select(.contracts | index(\"st-basils\")) | .kind] | contains([\"event-once\", \"spell\", \"assessment\"])'"
check "every kind is used by a contract of config" \
	eval "exits 0 -o config_dir='$ROOT/config' rules --json && so 'all(.[]; .contracts | length > 0)'"
check "one kind is told with its defaults" eval "exits 0 rules k-of-n-weeks && said 'without it: pro-rata'"
check "an unknown kind is not found, and the nearest is named" \
	eval "exits 5 rules k-of-n-week && talked \"did you mean 'k-of-n-weeks'\""
check "docs/contracts.md has every table that --markdown prints, word for word" \
	eval "exits 0 rules --markdown && ! grep -v '^\$' '$OUT' | grep -vxFf '$ROOT/docs/contracts.md'"
check "docs/contracts.md has a section a kind" \
	eval "for k in \$(exits 0 rules --json && json '.[].kind'); do grep -q \"^### .\$k.: \" '$ROOT/docs/contracts.md' || { echo \$k; exit 1; }; done"
check "--schema is a JSON Schema with a definition a kind" \
	eval "exits 0 rules --schema && so '.[\"\$schema\"] | startswith(\"https://json-schema.org/\")' && so '.[\"\$defs\"].rule.oneOf | length == 23'"
check "every reference of it is defined" \
	eval "so '[.. | objects | .[\"\$ref\"]? // empty | ltrimstr(\"#/\$defs/\")] - (.[\"\$defs\"] | keys) == []'"
check "config/schemas/contract.schema.json is what --schema prints" \
	eval "exits 0 rules --schema && cmp '$OUT' '$ROOT/config/schemas/contract.schema.json'"
check "every shipped contract tells editors of it" \
	eval "for c in '$ROOT'/config/contracts/*.yaml; do case \$c in *.examples.yaml) ;; *) head -n 1 \$c | grep -qx '# yaml-language-server: \$schema=../schemas/contract.schema.json' || { echo \$c; exit 1; } ;; esac; done"
finish
