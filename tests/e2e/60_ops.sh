#!/bin/bash
# What operations rely on: metrics that Prometheus reads, health from starting to ready to
# draining, readiness as systemd hears it, a drain that loses nothing and ends with 0, and a
# limit of memory that is said before anybody has to kill.
. "$(dirname "$0")/_path.sh"
HEAD="record_id,kind,start,episode,evidence_type,forename,surname,dob,postcode,local_id,attr.programme,attr.route,attr.setting"
WHO=",Zqxforename,Zqxsurname,1997-11-23,ZX1 1ZX,LOCALZQX"
CANARIES="Zqx zqx ZQX 1997-11-23 19971123 ZX1 LOCALZQX tenancy-agreement"
DRAIN_MS=40000

within() { # seconds command...: becomes true
	local n=$(($1 * 10))
	shift
	until "$@" 2>/dev/null; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.1
	done
}
equal() { [ "$1" = "$2" ] || { echo "# '$1', expected '$2'"; return 1; }; }
free_port() {
	local p
	while :; do
		p=$((15000 + RANDOM % 4000))
		(: <>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
	done
	echo $p
}
http() { # daemon path [method]: the answer, head and body
	exec 3<>"/dev/tcp/127.0.0.1/${PORT[$1]}" || return 1
	printf '%s %s HTTP/1.0\r\n\r\n' "${3:-GET}" "$2" >&3
	cat <&3
	exec 3>&-
}
status_of() { http "$@" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p'; }
body_of() { http "$@" | sed '1,/^\r$/d'; }
health() { echo "$(status_of "$1" /health) $(body_of "$1" /health)"; }
health_is() { [ "$(health "$1")" = "$2" ]; }
STARTING='503 {"ready":false,"state":"starting"}' READY='200 {"ready":true,"state":"ready"}' DRAINING='503 {"ready":false,"state":"draining"}'
heard() { grep -cx -- "$2" "$WORK/$1.heard" || true; }

start() { # daemon option...
	local d=$1 n
	shift
	PORT[$d]=$(free_port)
	[ ! -e "$WORK/heard-$d.pid" ] || kill "$(cat "$WORK/heard-$d.pid")" 2>/dev/null || true
	"$BIN/heard" "$WORK/$d.sock" >"$WORK/$d.heard" 2>/dev/null &
	echo $! >"$WORK/heard-$d.pid"
	for n in 1 2 3 4 5 6 7 8 9 10; do [ -S "$WORK/$d.sock" ] || sleep 0.1; done
	NOTIFY_SOCKET=$WORK/$d.sock "$BIN/outturn-$d" -o "http=127.0.0.1:${PORT[$d]}" "$@" \
		</dev/null >>"$WORK/$NAME-$d.1.log" 2>&1 &
	echo $! >"$WORK/$NAME-$d.1.pid"
}
ends_with() { # code daemon: once it has ended
	local rc=0
	daemon_gone "$2" || return 1
	wait "$(daemon_pid "$2")" || rc=$?
	equal $rc "$1"
}

# The text format: HELP and TYPE once for each name, before its one sample; counters end in
# _total and count; gauges do not; every value is a number.
sound() {
	awk '
	function bad(why) { print "# line " NR ": " why; failed = 1 }
	/^# HELP / { if (help[$3]++) bad("HELP twice"); if (NF < 4) bad("HELP says nothing"); next }
	/^# TYPE / { if (type[$3]) bad("TYPE twice"); type[$3] = $4
		if ($4 != "counter" && $4 != "gauge") bad("type " $4)
		if (($4 == "counter") != ($3 ~ /_total$/)) bad($3 " is a " $4)
		if (!help[$3]) bad("no HELP before TYPE"); next }
	/^$/ || /^#/ { bad("neither sample nor comment"); next }
	{ if (NF != 2 || $1 !~ /^outturn_[a-z]+_[a-z0-9_]+$/) bad("form of " $1)
	  if ($2 !~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/) bad("value of " $1)
	  if (!type[$1]) bad("no TYPE before " $1); if (seen[$1]++) bad($1 " twice"); n++ }
	END { if (n < 5) bad("few metrics"); for (t in type) if (!seen[t]) bad(t " has no sample"); exit failed }' "$1"
}
scrape() { for d in $DAEMONS; do body_of "$d" /metrics >"$WORK/$1-$d"; done; }
value() { awk -v n="outturn_$2_$3" '$1 == n {printf "%d", $2}' "$WORK/$1-$2"; }

declare -A PORT
path_enter ops
psql -qAtX "$PG_ADMIN" -c "create database $DB" >/dev/null
o keys init >/dev/null 2>&1
o migrate >"$WORK/$NAME-migrate.log" 2>&1

# --- starting, ready
start ingestd
check "without terms ingestd is alive and not ready" within 10 health_is ingestd "$STARTING"
check "systemd has not heard READY=1" equal "$(heard ingestd READY=1)" 0
o publish --as-at $AS_AT "$ROOT/config" >"$WORK/$NAME-publish.log" 2>&1
check "with terms it is ready when it has caught up" within 20 health_is ingestd "$READY"
for d in matchd milestoned; do start $d; done
start sinkd -o "drain=$DRAIN_MS"
for d in $DAEMONS; do
	check "$d comes to be ready" within 20 health_is $d "$READY"
	check "systemd heard READY=1 of $d, once" within 5 eval '[ "$(heard '$d' READY=1)" = 1 ]'
	check "the log of $d says so, too" grep -q '"event":"ready"' "$WORK/$NAME-$d.1.log"
done
check "what is neither /metrics nor /health is not found" equal "$(status_of ingestd /)" 404
check "only GET is answered" equal "$(status_of ingestd /metrics POST)" 405

# --- metrics
sleep 1.2	# they are taken once a second
scrape one
for d in $DAEMONS; do check "Prometheus can read $d" sound "$WORK/one-$d"; done
cat >"$WORK/in.csv" <<-END
	$HEAD
	K-1,referral,2016-02-01,,referral-form$WHO,rewriting-futures,council,
	K-2,accommodation,2016-03-01,T-1,tenancy-agreement$WHO,,,own-tenancy
	K-3,Zqxsurname,2016-03-01,,$WHO,,,
END
path_feed "$WORK/in.csv" raw.council-a
check "records arrive" path_settle
sleep 1.2
scrape two
for d in $DAEMONS; do
	check "Prometheus can still read $d" sound "$WORK/two-$d"
	check "no counter of $d went back, no name came or went" eval "join -a1 -a2 -e missing -o 0,1.2,2.2 \
		<(grep '_total ' '$WORK/one-$d' | sort) <(grep '_total ' '$WORK/two-$d' | sort) | awk '\$2 == \"missing\" || \$3 == \"missing\" || \$3 + 0 < \$2 + 0 {print \"# \" \$0; f = 1} END {exit f}'"
done
check "they count: three raw records, one rejected" \
	equal "$(($(value two ingestd raw_total) - $(value one ingestd raw_total))) $(($(value two ingestd rejects_total) - $(value one ingestd rejects_total)))" "3 1"
check "each daemon did something" eval '[ "$(value two matchd records_sent_total)" -gt "$(value one matchd records_sent_total)" ] &&
	[ "$(value two milestoned records_sent_total)" -gt "$(value one milestoned records_sent_total)" ] && [ "$(value two sinkd records_total)" -gt "$(value one sinkd records_total)" ]'
with=0
for c in $CANARIES; do ! grep -qF "$c" "$WORK"/two-* || with=1; done
check "no clear value is in a metric" [ $with = 0 ]

# --- draining: what was read is written before it ends
if [ -n "${SERVERS_DIR:-}" ]; then
	"$ROOT/scripts/servers" stop "$SERVERS_DIR" pg >/dev/null 2>&1
	sed -i 's/^K-/L-/' "$WORK/in.csv"
	path_feed "$WORK/in.csv" raw.council-a
	check "with PostgreSQL away sinkd waits and says so" within 15 grep -q '"event":"retry-begins"' "$WORK/$NAME-sinkd.1.log"
	check "and is still ready: nobody else could do better" health_is sinkd "$READY"
	daemon_kill sinkd TERM
	check "asked to end with something in hand it is draining, and not ready" within 10 health_is sinkd "$DRAINING"
	check "systemd heard STOPPING=1" equal "$(heard sinkd STOPPING=1)" 1
	"$ROOT/scripts/servers" start "$SERVERS_DIR" pg >/dev/null 2>&1
	check "when PostgreSQL is back it ends with 0" ends_with 0 sinkd
	check "what it had in hand is written" [ "$(path_query "select count(*) from evidence.record")" -gt 3 ]
	start sinkd
	check "started again it catches up" path_settle
fi
for d in $DAEMONS; do
	daemon_kill "$d" TERM
	check "$d drains and ends with 0" ends_with 0 "$d"
	check "systemd heard STOPPING=1 of $d" equal "$(heard "$d" STOPPING=1)" 1
	check "its last line says that it stopped" eval "tail -n 1 '$WORK/$NAME-$d.1.log' | grep -q '\"event\":\"stopped\"'"
done
check "nothing was lost on the way" equal "$(path_query 'select count(*) from ops.control_total where not balanced')" 0

# --- a limit of memory
for d in $DAEMONS; do
	rc=0
	timeout 30 "$BIN/outturn-$d" -o state_limit=1 </dev/null >"$WORK/limit" 2>&1 || rc=$?
	check "$d past its state_limit ends with 1 and says so: how much, which setting, what to do" eval \
		"equal $rc 1 && grep -q '\"event\":\"fatal\".*\"code\":\"state-limit\".*[0-9] MiB.*state_limit.*give it more' '$WORK/limit'"
done
start matchd -o state_limit=1024
check "below it nothing is said" within 20 health_is matchd "$READY"
daemon_kill matchd TERM
check "and it ends with 0" ends_with 0 matchd
