#!/bin/bash
# Keys are rotated under a running pipeline: who is one person stays so before, while
# and after; nothing of the old epoch is left in what stands.
. "$(dirname "$0")/_path.sh"
# which events are one person, whatever the person is called
groups() {
	path_query "select string_agg(event_id::text, ' ' order by event_id) from evidence.link
		where unit_kind = 'person' group by unit_id order by 1"
}
again() { # daemon: with the settings of now
	daemon_kill "$1" TERM
	daemon_gone "$1"
	daemon_start "$1"
	sleep 1
	path_settle
}

path_new rotation
people 5 40
path_up
feed_all "$WORK/feed"
path_settle && ok "people arrive" || not_ok "people arrive"
groups >"$WORK/before"
check "there are people of several events" grep -q ' ' "$WORK/before"
UNITS=$(path_query "select md5(string_agg(unit_id::text, ' ' order by unit_id, event_id)) from evidence.link")

check "rotate makes the key of epoch 2" eval "o keys rotate >/dev/null && [ -e '$WORK/keys/ingest-2.key' ]"
export OUTTURN_KEY_EPOCHS="1 2"
again ingestd && ok "evidence is written anew under both" || not_ok "evidence is written anew under both"
groups >"$WORK/both"
check "while both are live people are who they were" cmp -s "$WORK/before" "$WORK/both"
check "and are called as they were" \
	[ "$(path_query "select md5(string_agg(unit_id::text, ' ' order by unit_id, event_id)) from evidence.link")" = "$UNITS" ]

export OUTTURN_MATCH_EPOCH=2
again matchd && ok "people are matched under epoch 2" || not_ok "people are matched under epoch 2"
groups >"$WORK/second"
check "under the second epoch people are who they were" cmp -s "$WORK/before" "$WORK/second"
check "those with a number got another id" \
	[ "$(path_query "select md5(string_agg(unit_id::text, ' ' order by unit_id, event_id)) from evidence.link")" != "$UNITS" ]

export OUTTURN_KEY_EPOCHS=2
again ingestd && ok "evidence is written under epoch 2 alone" || not_ok "evidence is written under epoch 2 alone"
groups >"$WORK/after"
check "after the rotation people are who they were" cmp -s "$WORK/before" "$WORK/after"
check "a recomputation from raw says the same" o recompute --check
path_down

# Without both live: what epoch 1 wrote is nothing to a matchd of epoch 2.
path_new early
export OUTTURN_KEY_EPOCHS=1 OUTTURN_MATCH_EPOCH=2 OUTTURN_CLK=trusted-matcher
path_up
feed_all "$WORK/feed"
path_settle && ok "people arrive under epoch 1 alone" || not_ok "people arrive under epoch 1 alone"
groups >"$WORK/apart"
check "matched under epoch 2 they are fewer together" \
	[ "$(wc -l <"$WORK/apart")" -gt "$(wc -l <"$WORK/before")" ]
check "ingestd says which encodings leave, and warns of those for a trusted matcher" eval \
	"grep -q '\"level\":\"info\".*\"event\":\"encoding-profile\".*\"name\":\"none\"' '$WORK/rotation-ingestd.1.log' && \
	grep -q '\"level\":\"warn\".*\"event\":\"encoding-profile\".*\"name\":\"trusted-matcher\"' '$WORK/early-ingestd.1.log'"
path_down
