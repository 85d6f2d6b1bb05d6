# One pipeline under the test's own prefix and database, for verbs that look at what stands.
# After _cli.sh.
#
#	pipe_new			keys, people, topics, tables; nothing is published yet
#	pipe_publish			terms, people's pages, the day
#	daemon_start NAME / daemon_stop NAME	one of the four; stop waits until it is gone
#	pipe_feed PEOPLE SEED		made-up people, three agencies' records
#	settle				waits until everything has arrived
#	db_value SQL
#
# People: checker verifies, maker claims for the provider, dpo erases, rogue was never published.
DAEMONS="ingestd matchd milestoned sinkd"
SETTLE_S=60 STOP_TENTHS=150
AS_AT=2018-12-31
export OUTTURN_SESSION=3000 NO_COLOR=1

pipe_end() {
	local pid
	for pid in "$WORK"/*.pid; do
		[ -e "$pid" ] || continue
		kill -KILL "$(cat "$pid")" 2>/dev/null || true
	done
	rm -rf "$WORK"
}
trap pipe_end EXIT

pipe_new() {
	local who
	db "$1"
	o keys init >/dev/null 2>&1
	for who in checker:verifier maker:provider dpo:eraser rogue:verifier; do
		o keys person "${who%%:*}" --role "${who##*:}" >/dev/null 2>&1
	done
	o migrate >/dev/null 2>&1
}

pipe_publish() {
	local who
	o publish --as-at $AS_AT "$ROOT/config" >/dev/null 2>&1
	for who in checker maker dpo; do o publish "$WORK/keys/$who.yaml" >/dev/null 2>&1; done
}

daemon_start() {
	"$BIN/outturn-$1" </dev/null >>"$WORK/$1.log" 2>&1 &
	echo $! >"$WORK/$1.pid"
	disown
}

daemon_stop() {
	local pid n=0
	pid=$(cat "$WORK/$1.pid")
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt $STOP_TENTHS ] || return 1
		sleep 0.1
	done
}

pipe_feed() {
	local t
	"$BIN/gen" --seed "$2" --people "$1" --out "$WORK/feed" >/dev/null
	for t in council:raw.council-a nhs:raw.nhs-b provider:raw.provider-c; do
		o feed -q --topic "${t##*:}" "$WORK/feed/${t%%:*}.csv" >/dev/null 2>&1 || true
	done
}

settle() { exits 0 status --wait $SETTLE_S; }
db_value() { psql -qAtX "$PGURI" -c "$1"; }
# A change that no program of ours makes: without the triggers that keep history.
db_tamper() { psql -qAtX "$PGURI" -c "set session_replication_role = replica; $1" >/dev/null; }
raw_end() { "$BIN/kt" -b "$KAFKA" ends "$PREFIX.$1" 0 | cut -d' ' -f2; }
