#!/bin/bash
# The frame that all verbs share: help, usage, exit codes, the printed manual.
. "$(dirname "$0")/_cli.sh"
VERBS=$(o --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')

check "twenty-one verbs are listed" is "$(echo "$VERBS" | wc -l)" 21
for v in $VERBS; do
	check "$v --help goes to stdout and says usage, exit codes and an example" \
		eval "exits 0 $v --help && said '^usage: outturn $v' && said '^Exit: ' && sed 1,/^Exit:/d '$OUT' | grep -q 'outturn $v' && silent '$ERR'"
	check "help $v is the same as $v --help" eval "exits 0 $v --help && cp '$OUT' one && exits 0 help $v && cmp -s one '$OUT'"
	check "$v refuses an option that it has not, with usage" \
		eval "exits 2 $v --no-such-option && talked 'no option' && talked '^usage: ' && silent '$OUT'"
done
check "no verb at all is a usage error, with the list on stderr" eval "exits 2 && talked '^usage: ' && silent '$OUT'"
check "an unknown verb is a usage error that names the nearest" eval "exits 2 pubish && talked \"did you mean 'publish'\""
check "an option that is nearly right is suggested" eval "exits 2 feed --topik raw.x && talked -- \"did you mean '--topic'\""
check "--version prints one line" eval "exits 0 --version && said '^outturn [0-9]' && is \$(wc -l <'$OUT') 1"
check "a setting that does not exist is refused, with a suggestion" eval "exits 2 -o kafak=x:1 doctor && talked kafka"
check "a setting needs a value" exits 2 -o
check "an option twice is a usage error" exits 2 try --contract a --contract b --events c
check "an option without its value is a usage error" exits 2 try --contract

o --man >man
check "packaging/man/outturn.1 is what --man prints (make docs)" cmp man "$ROOT/packaging/man/outturn.1"
o --completion >completion
check "packaging/completion/outturn.bash is what --completion prints (make docs)" \
	cmp completion "$ROOT/packaging/completion/outturn.bash"
check "the completion is bash" bash -n completion
words() { # what completion offers for a line
	(
		. "$WORK/completion"
		read -r -a COMP_WORDS <<<"$1"
		[ -z "${2:-}" ] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_outturn
		echo "${COMPREPLY[*]}"
	)
}
check "completion knows the verbs" is "$(words 'outturn pub')" publish
check "completion knows a verb's options" is "$(words 'outturn -o kafka=x feed --str')" --strict
if command -v mandoc >/dev/null; then
	check "mandoc has nothing against the manual" eval "! mandoc -Tlint -Wwarning man | grep -v makewhatis | grep ."
fi
finish
