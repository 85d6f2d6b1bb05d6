# Printed by outturn --completion; a test compares.  For bash: source it.
_outturn()
{
	local now=${COMP_WORDS[COMP_CWORD]} verb= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | -o) ((i++)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]} && break ;;
		esac
	done
	local words=
	case $verb in
	'') words='-c -o -q --json --help --version help try simulate forecast check contract rules keys migrate publish feed run status rejects review verify explain trace erase recompute model doctor' ;;
	try) words=' --json --help --contract --events --as-at --topic --codes --agencies --ignore --totals --html --settle --reference --decisions --earlier --parent --sample --seed' ;;
	simulate) words=' --json --help --contract --against --as-at --settle --reference --totals --events --decisions' ;;
	forecast) words=' --json --help --contract --as-at --months --plan --csv --svg --events --decisions' ;;
	check) words=' --json --help' ;;
	contract) words=' --json --help --like --title --programme --out' ;;
	rules) words=' --json --help --markdown --schema' ;;
	keys) words=' --json --help --person --role' ;;
	migrate) words=' --json --help --kafka-only --database-only' ;;
	publish) words=' --json --help --as --as-at --effective --version' ;;
	feed) words=' --json --help --topic --schema --strict --dry-run --ignore --template --columns' ;;
	run) words=' --json --help' ;;
	status) words=' --json --help --wait' ;;
	rejects) words=' --json --help --reason --topic --limit --unseal' ;;
	review) words=' --json --help --limit --html --as --why --take-back' ;;
	verify) words=' --json --help --as --what --note --force' ;;
	explain) words=' --json --help --html' ;;
	trace) words=' --json --help' ;;
	erase) words=' --json --help --as --reason --event' ;;
	recompute) words=' --json --help --check --hash --print' ;;
	model) words=' --json --help --model' ;;
	doctor) words=' --json --help' ;;
	esac
	if [[ $now == -* || -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$now")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$now")
	fi
}
complete -o filenames -F _outturn outturn
