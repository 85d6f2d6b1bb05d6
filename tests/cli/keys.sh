#!/bin/bash
# keys: made once, each readable by its owner only, never overwritten.
. "$(dirname "$0")/_cli.sh"

check "init makes the set" eval "exits 0 keys init && said ingest.key && said 'matchd only'"
check "the directory is the owner's alone" is "$(stat -c %a keys)" 700
for f in ingest.key match.key publisher.sign; do
	check "$f is the owner's alone" is "$(stat -c %a "keys/$f")" 600
done
check "everybody may read the public half" is "$(stat -c %a keys/publisher.pub)" 644
check "the trust file names the publisher with the key of the public half" \
	is "$(grep -v '^#' keys/trust)" "publisher $(sed -n 's/^key //p' keys/publisher.pub)"
check "no secret is printed" eval "! grep -qF \"\$(sed -n 's/^secret //p' keys/ingest.key)\" '$OUT' '$ERR'"
check "two keys are two secrets" eval "! cmp -s <(tail -n 1 keys/ingest.key) <(tail -n 1 keys/match.key)"
sha256sum keys/* >before
check "init again makes nothing" eval "exits 1 keys init && talked 'nothing was made' && sha256sum -c --quiet before"
check "person makes a pair and the page to publish" \
	eval "exits 0 keys person a-checker --role verifier --role reviewer && grep -q '^roles: \[verifier, reviewer\]' keys/a-checker.yaml"
check "a person's page passes check" exits 0 check keys/a-checker.yaml
check "a person's key is not overwritten" exits 1 keys person a-checker --role verifier
check "a person who is not trusted to publish is not in the trust file" eval "! grep -q a-checker keys/trust"
check "a role that does not exist is a usage error" exits 2 keys person b --role emperor
check "a person without a role is a usage error" exits 2 keys person b
check "a name that is none is refused" exits 1 keys person ../b --role verifier
check "several may publish" eval "exits 0 -o keys_dir=two -o trust=two/trust keys init --person anna --person ben && is \$(grep -vc '^#' two/trust) 2"
check "half a set is not made beside what is there" \
	eval "mkdir -m 700 three && touch three/trust && exits 1 -o keys_dir=three -o trust=three/trust keys init && [ ! -e three/ingest.key ]"
check "rotate makes the key of the next epoch, another secret, and changes no other" \
	eval "exits 0 keys rotate && grep -qx 'epoch 2' keys/ingest-2.key && is \$(stat -c %a keys/ingest-2.key) 600 && \
	! cmp -s <(tail -n 1 keys/ingest.key) <(tail -n 1 keys/ingest-2.key) && sha256sum -c --quiet before"
check "rotate again is the epoch after" eval "exits 0 keys rotate && grep -qx 'epoch 3' keys/ingest-3.key"
chmod 777 keys
check "a directory that others can write to is refused, with the chmod" eval "exits 6 keys person c --role verifier && talked 'chmod 700'"
check "--json is JSON with a version" eval "exits 0 --json -o keys_dir=four -o trust=four/trust keys init && so '.version == 1 and (.made | length) == 6'"
finish
