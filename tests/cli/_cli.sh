# What the command's tests share.
#
#	check NAME COMMAND...		ok or not ok, by the command's success
#	exits CODE COMMAND...		true when it exits so; its output is in $OUT and $ERR
#	said PATTERN / talked PATTERN	stdout, stderr of the last exits has it
#	db NAME				an empty database of its own: PGURI, PREFIX
#
# Environment: BIN, ROOT; KAFKA, PGURI, PREFIX where a server is needed.
set -euo pipefail

WORK=$(mktemp -d /tmp/outturn-cli.XXXXXX)
chmod 700 "$WORK"
trap 'rm -rf "$WORK"' EXIT
OUT=$WORK/out ERR=$WORK/err
FAILED=0
export OUTTURN_KEYS_DIR=$WORK/keys OUTTURN_TRUST=$WORK/keys/trust OUTTURN_CONFIG_DIR=$ROOT/config \
	OUTTURN_POSTCODES=$ROOT/config/postcodes-sample.csv OUTTURN_FREQUENCY=$ROOT/config/frequency.tsv
[ -z "${PREFIX:-}" ] || export OUTTURN_PREFIX=$PREFIX
cd "$WORK"

o() { "$BIN/outturn" "$@"; }

check() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		FAILED=$((FAILED + 1))
		tail -n 5 "$OUT" "$ERR" 2>/dev/null | sed 's/^/# /' || true
	fi
}

exits() {
	local want=$1 got=0
	shift
	o "$@" >"$OUT" 2>"$ERR" </dev/null || got=$?
	[ "$got" = "$want" ] || {
		echo "# exit $got, expected $want: outturn $*"
		return 1
	}
}

said() { grep -q -- "$1" "$OUT"; }
talked() { grep -q -- "$1" "$ERR"; }
silent() { [ ! -s "$1" ]; }
is() { [ "$1" = "$2" ] || { echo "# '$1', expected '$2'"; return 1; }; }
# A value of the JSON on stdout, by jq.
json() { jq -rc "$1" "$OUT"; }
# Is it so?
so() { jq -e "$1" "$OUT" >/dev/null || { echo "# not so: $1"; return 1; }; }

db() {
	local name
	name=$(echo "cli_${PREFIX}_$1" | tr -c 'a-z0-9\n' _)
	psql -qAtX "$PGURI" -c "create database $name" >/dev/null
	export PGURI=${PGURI%/*}/$name
}

finish() { [ "$FAILED" = 0 ]; }
