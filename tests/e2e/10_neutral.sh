#!/bin/bash
# Any permutation and duplication of the raw records, with restarts between, gives
# the same current rows: the hash of an ordered dump, positions left out.
. "$(dirname "$0")/_path.sh"
SEED=${SEED:-11}
echo "# seed $SEED"
people "$SEED" 60

path_new quiet
path_up
feed_all "$WORK/feed"
path_settle && ok "everything arrives" || not_ok "everything arrives"
WANT=$(path_hash)
check "there are outcomes of several statuses" \
	[ "$(path_query 'select count(distinct status) from ledger.outcome')" -ge 4 ]
check "control totals balance" \
	[ "$(path_query 'select count(*) from ops.control_total where not balanced')" = 0 ]
check "rejects have reasons" [ "$(path_query 'select count(distinct reason) from ops.reject_by_reason')" -ge 3 ]
check "recompute agrees with the warehouse" o recompute --check
check "SIGTERM drains and the daemons are gone" path_down
for d in $DAEMONS; do
	check "$d said that it stopped" grep -q '"event":"stopped"' "$WORK/quiet-$d.1.log"
done

for round in 1 2; do
	shuffled "$WORK/feed" "$WORK/shuffled$round" $((SEED + round))
	path_new "shuffled$round"
	path_up
	for t in $TOPICS; do
		f=$WORK/shuffled$round/${t%%:*}
		# in three pieces, with a restart of one daemon after each
		head -n 1 "$f.csv" >"$f.head"
		tail -n +2 "$f.csv" >"$f.rows"
		split -n l/3 "$f.rows" "$f.part-"
		for piece in "$f".part-*; do
			cat "$f.head" "$piece" >"$piece.csv"
			path_feed "$piece.csv" "${t##*:}"
			d=$(echo "$DAEMONS" | tr ' ' '\n' | shuf -n 1 --random-source=<(yes "$SEED$round$piece"))
			daemon_kill "$d" TERM
			daemon_gone "$d"
			daemon_start "$d"
		done
	done
	path_settle && ok "shuffled $round: everything arrives" || not_ok "shuffled $round: everything arrives"
	if [ "$(path_hash)" = "$WANT" ]; then
		ok "shuffled $round: the same rows"
	else
		not_ok "shuffled $round: the same rows"
		path_rows >"$WORK/have"
		path_enter quiet
		path_rows >"$WORK/want"
		diff "$WORK/want" "$WORK/have" | head -n 6 | cut -c1-300
		path_enter "shuffled$round"
	fi
	path_down
done
