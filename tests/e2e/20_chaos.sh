#!/bin/bash
# kill -9 of each daemon and of PostgreSQL at random moments while a feed runs,
# Kafka stopped and started, a daemon stopped past its session, replaced and
# continued: the same rows as a quiet run, and as a recomputation.
. "$(dirname "$0")/_path.sh"
SEED=${SEED:-$((RANDOM + 1))} KILLS=${KILLS:-9}
echo "# seed $SEED kills $KILLS"
RANDOM=$SEED
people "$SEED" 60

path_new quiet
path_up
feed_all "$WORK/feed"
path_settle && ok "the quiet run arrives" || not_ok "the quiet run arrives"
WANT=$(path_hash)
path_down

path_new chaos
path_up

pieces() { # every feed in pieces, interleaved
	local t
	for t in $TOPICS; do
		f=$WORK/feed/${t%%:*}
		head -n 1 "$f.csv" >"$f.head"
		tail -n +2 "$f.csv" >"$f.rows"
		split -n l/"$KILLS" -d -a 3 "$f.rows" "$f.part-"
	done
}

servers() { [ -z "${SERVERS_DIR:-}" ] || "$ROOT/scripts/servers" "$@" >/dev/null 2>&1; }

break_something() { # what
	local d=${1#*:}
	echo "# $1"
	case $1 in
	kill:*)
		daemon_kill "$d" KILL
		daemon_gone "$d"
		daemon_start "$d"
		;;
	zombie:*) # stopped past its session, replaced, continued
		daemon_kill "$d" STOP
		daemon_start "$d" 2
		sleep 4
		daemon_kill "$d" CONT
		sleep 0.$((RANDOM % 9))
		daemon_kill "$d" KILL 2
		daemon_gone "$d" 2
		;;
	postgres)
		servers kill "$SERVERS_DIR" pg
		sleep 0.$((RANDOM % 9))
		servers start "$SERVERS_DIR" pg
		;;
	kafka)
		servers stop "$SERVERS_DIR" kafka
		servers start "$SERVERS_DIR" kafka
		;;
	esac
}

# Each kind of trouble once, in an order that the seed gives; then whatever the seed gives.
TROUBLES="kill:ingestd kill:matchd kill:milestoned kill:sinkd postgres kafka zombie:matchd zombie:ingestd zombie:milestoned"
TROUBLE=($(for t in $TROUBLES; do echo "$RANDOM $t"; done | sort -n | cut -d' ' -f2))
pieces
n=0
while [ $n -lt "$KILLS" ]; do
	for t in $TOPICS; do
		f=$WORK/feed/${t%%:*}
		piece=$f.part-$(printf %03d $n)
		[ -e "$piece" ] || continue
		cat "$f.head" "$piece" >"$piece.csv"
		path_feed "$piece.csv" "${t##*:}"
	done
	if [ $n -lt ${#TROUBLE[@]} ]; then
		break_something "${TROUBLE[$n]}"
	else
		break_something "${TROUBLE[$((RANDOM % ${#TROUBLE[@]}))]}"
	fi
	n=$((n + 1))
done
path_settle && ok "after chaos everything arrives" || { not_ok "after chaos everything arrives"; tail -n 1 "$WORK/chaos-status.log"; }
if [ "$(path_hash)" = "$WANT" ]; then
	ok "after chaos: the same rows"
else
	not_ok "after chaos: the same rows"
	path_rows >"$WORK/have"
	path_enter quiet
	path_rows >"$WORK/want"
	path_enter chaos
	diff "$WORK/want" "$WORK/have" | grep -c "^[<>]" | sed "s|^|# lines that differ: |"
	diff "$WORK/want" "$WORK/have" | head -n 6 | cut -c1-200
fi
check "recompute agrees with the warehouse" o recompute --check
check "control totals balance" \
	[ "$(path_query 'select count(*) from ops.control_total where not balanced')" = 0 ]
check "no version was written twice" \
	[ "$(path_query "select count(*) from (select outcome_id, known_from from ledger.outcome_version group by 1, 2 having count(*) > 1) x")" = 0 ]
path_down || true
