# What the whole-path tests share: one pipeline under a prefix and a database of its own.
#
#	path_new NAME		prefix, database, topics, keys (shared), terms
#	path_up / path_down	the four daemons
#	path_feed CSV TOPIC
#	path_settle		waits until everything has arrived
#	path_hash		SHA-256 of the current rows, positions left out
#
# Environment: BIN, ROOT, KAFKA, PGURI (a database that may be connected to), PREFIX.
set -euo pipefail

WORK=$(mktemp -d /tmp/outturn-e2e.XXXXXX)
chmod 700 "$WORK"
PG_ADMIN=$PGURI PGBASE=${PGURI%/*}
SETTLE_S=${SETTLE_S:-120}
DAEMONS="ingestd matchd milestoned sinkd"
export OUTTURN_KEYS_DIR=$WORK/keys OUTTURN_TRUST=$WORK/keys/trust OUTTURN_CONFIG_DIR=$ROOT/config \
	OUTTURN_POSTCODES=$ROOT/config/postcodes-sample.csv OUTTURN_FREQUENCY=$ROOT/config/frequency.tsv \
	OUTTURN_SESSION=3000
AS_AT=2018-12-31

ok() { echo "ok $1"; }
not_ok() {
	echo "not ok $1"
	for log in "$WORK"/*.log; do
		[ -e "$log" ] || continue
		echo "--- ${log##*/}"
		tail -n 8 "$log"
	done
}

# check NAME COMMAND...: one result line
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

path_end() {
	local pid
	for pid in "$WORK"/*.pid; do
		[ -e "$pid" ] || continue
		kill -CONT "$(cat "$pid")" 2>/dev/null || true
		kill -KILL "$(cat "$pid")" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$WORK"
}
trap path_end EXIT

o() { "$BIN/outturn" "$@"; }

path_new() {
	path_enter "$1"
	psql -qAtX "$PG_ADMIN" -c "create database $DB" >/dev/null
	[ -e "$WORK/keys" ] || {
		o keys init >/dev/null 2>&1
		o keys person checker --role verifier >/dev/null 2>&1
	}
	o migrate >"$WORK/$NAME-migrate.log" 2>&1
	o publish --as-at $AS_AT "$ROOT/config" >"$WORK/$NAME-publish.log" 2>&1
	[ ! -e "$WORK/keys/checker.yaml" ] || o publish "$WORK/keys/checker.yaml" >>"$WORK/$NAME-publish.log" 2>&1
}

# Which of several pipelines the functions below mean.
path_enter() {
	NAME=$1
	export OUTTURN_PREFIX=$PREFIX-$NAME
	DB=$(echo "e2e_${PREFIX}_$NAME" | tr -c 'a-z0-9\n' _)
	export PGURI=$PGBASE/$DB
}

daemon_start() { # name [instance]
	local d=$1 i=${2:-1}
	"$BIN/outturn-$d" -o "instance=$i" </dev/null >>"$WORK/$NAME-$d.$i.log" 2>&1 &
	echo $! >"$WORK/$NAME-$d.$i.pid"
}

daemon_pid() { cat "$WORK/$NAME-$1.${2:-1}.pid"; }

daemon_kill() { # name signal [instance]
	kill "-$2" "$(daemon_pid "$1" "${3:-1}")" 2>/dev/null || true
}

daemon_gone() { # name [instance]: waits, at most 15 s
	local pid n=0
	pid=$(daemon_pid "$1" "${2:-1}")
	while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 150 ] || return 1
		sleep 0.1
	done
}

path_up() { for d in $DAEMONS; do daemon_start "$d"; done; }

path_down() {
	for d in $DAEMONS; do daemon_kill "$d" TERM; done
	for d in $DAEMONS; do daemon_gone "$d"; done
}

# Some rows are broken on purpose (exit 1); anything else must not happen.
path_feed() {
	local rc=0
	o feed -q --topic "$2" "$1" >>"$WORK/$NAME-feed.log" 2>&1 || rc=$?
	[ $rc -le 1 ] || echo "# feed of $2 ended with $rc"
}
path_settle() { o status --wait "$SETTLE_S" >"$WORK/$NAME-status.log" 2>&1; }
path_rows() { psql -qAtX "$PGURI" -f "$ROOT/sink/sql/dump.sql"; }
path_hash() { path_rows | sha256sum | cut -d' ' -f1; }
path_query() { psql -qAtX "$PGURI" -c "$1"; }

people() { "$BIN/gen" --seed "$1" --people "$2" --out "$WORK/feed" >/dev/null; }
TOPICS="council:raw.council-a nhs:raw.nhs-b provider:raw.provider-c"

feed_all() { # directory
	local t
	for t in $TOPICS; do path_feed "$1/${t%%:*}.csv" "${t##*:}"; done
}

# Any order of records, some twice; versions of one record keep their order where the
# sender numbers none (providers), and any order where it does.
shuffled() { # from to seed
	mkdir -p "$2"
	local t f
	for t in $TOPICS; do
		f=${t%%:*}.csv
		head -n 1 "$1/$f" >"$2/$f"
		tail -n +2 "$1/$f" | awk -v seed="$3" -v keep="$([ "$f" = provider.csv ] && echo 1 || echo 0)" -F, '
			BEGIN { srand(seed) }
			{ id = $1; gsub(/"/, "", id)
			  r = rand()
			  if (keep) { if (!(id in at)) at[id] = r; n[id]++; printf "%.9f %06d %s\n", at[id], n[id], $0 }
			  else { printf "%.9f %06d %s\n", r, 0, $0
			         if (rand() < 0.2) printf "%.9f %06d %s\n", rand(), 0, $0 } }' |
			LC_ALL=C sort -s -k1,1 -k2,2n | sed 's/^[^ ]* [^ ]* //' >>"$2/$f"
	done
}
