#!/bin/bash
# run: four daemons as one, and none of them left behind.
. "$(dirname "$0")/_cli.sh"
db run
RUN=
stop_run() { [ -z "$RUN" ] || kill -TERM "$RUN" 2>/dev/null || true; }
trap 'stop_run; sleep 0.2; rm -rf "$WORK"' EXIT
start_run() { "$BIN/outturn" "$@" run >run.out 2>run.log & RUN=$!; }
children() { cat "/proc/$RUN/task/$RUN/children" 2>/dev/null | wc -w; }
within() { # seconds command...: becomes true
	local n=$(($1 * 10))
	shift
	until "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.1
	done
}
four() { [ "$(children)" = 4 ]; }
gone() { for p in $1; do [ ! -e "/proc/$p" ] || grep -q '^State:.Z' "/proc/$p/status" 2>/dev/null || return 1; done; }
ended() { gone "$RUN"; }

o keys init >/dev/null 2>&1
o migrate >/dev/null 2>&1
o publish --as-at 2018-12-31 "$ROOT/config" >/dev/null 2>&1
"$BIN/gen" --seed 3 --people 30 --out feed >/dev/null 2>&1

start_run -o session=3000
check "four daemons start" within 10 four
for t in council:council-a nhs:nhs-b provider:provider-c; do
	o feed -q --topic "raw.${t#*:}" "feed/${t%:*}.csv" 2>/dev/null
done
check "records arrive in the warehouse" eval "exits 0 status --wait 60"
psql -qAtX "$PGURI" -c "select outcome, status, count(*), sum(price_minor) from ledger.outcome group by 1, 2" | LC_ALL=C sort >ledger
check "outcomes stand there" [ -s ledger ]
o try --json --contract "$ROOT/config/contracts/st-basils.yaml" --as-at 2018-12-31 \
	--events feed/council.csv feed/nhs.csv feed/provider.csv |
	jq -r '.totals[] | "\(.outcome)|\(.status)|\(.n)|\(.price_minor)"' | LC_ALL=C sort >tried
check "they are what try makes of the same files" diff ledger tried
PIDS=$(cat "/proc/$RUN/task/$RUN/children")
kill -TERM "$RUN"
rc=0
wait "$RUN" || rc=$?
check "SIGTERM lets all finish and exits 0" is "$rc" 0
check "none is left" gone "$PIDS"

start_run -o session=3000
check "it starts again" within 10 four
PIDS=$(cat "/proc/$RUN/task/$RUN/children")
kill -KILL "${PIDS%% *}"
check "when one is killed the others are stopped" within 30 ended
rc=0
wait "$RUN" || rc=$?
check "the exit code is that of the first that failed" is "$rc" 137
check "none is left then either" gone "$PIDS"
check "it says which" grep -q 'ingestd ended with 137' run.log

start_run -o session=3000
check "it starts a third time" within 10 four
PIDS=$(cat "/proc/$RUN/task/$RUN/children")
kill -KILL "$RUN"
{ wait "$RUN" || true; } 2>/dev/null
check "were it killed itself, its daemons end too" within 20 gone "$PIDS"

rc=0
timeout 20 "$BIN/outturn" -o keys_dir=none run >run.out 2>run.log </dev/null || rc=$?
check "a mistake of the settings ends all with its code" is "$rc" 2
finish
