#!/bin/bash
# No clear name, number, date of birth or postcode in any topic but raw, any table,
# log, error or core file.
. "$(dirname "$0")/_path.sh"
HEAD="record_id,kind,start,evidence_type,forename,surname,dob,sex,line1,postcode,nhs_number,nino,local_id,attr.programme,attr.setting"
CANARIES="Zqxforename Zqxsurname zqxforename zqxsurname ZQXFORENAME ZQXSURNAME 1997-11-23 23/11/1997 19971123 9990000018 ZQ99 ZX1 Zqxstreet LOCALZQX AB123456"
mkdir -p "$WORK/in"
cat >"$WORK/in/c.csv" <<-END
	$HEAD
	K-1,referral,2016-02-01,referral-form,Zqxforename,Zqxsurname,1997-11-23,F,1 Zqxstreet,ZX1 1ZX,9990000018,AB123456C,LOCALZQX,rewriting-futures,
	K-2,accommodation,2016-03-01,tenancy-agreement,Zqxforename,Zqxsurname,23/11/1997,F,1 Zqxstreet,ZX1 1ZX,9990000018,,LOCALZQX,,own-tenancy
	K-3,Zqxsurname,2016-03-01,,Zqxforename,Zqxsurname,1997-11-23,F,1 Zqxstreet,ZX1 1ZX,9990000018,,LOCALZQX,,
	K-4,accommodation,Zqxforename,,Zqxforename,Zqxsurname,1997-11-23,F,,ZX1 1ZX,9990000018,,LOCALZQX,,own-tenancy
	K-5,accommodation,2016-03-01,Zqxsurname,Zqxforename,Zqxsurname,1997-11-23,Zqxsurname,,ZX1 1ZX,1234567890,,LOCALZQX,,Zqxsurname
END
hex_of() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

path_new canary
path_up
path_feed "$WORK/in/c.csv" raw.council-a
path_settle && ok "the records arrive" || not_ok "the records arrive"
check "two accepted, three rejected" \
	[ "$(path_query "select string_agg(what || '=' || n, ' ' order by what) from (select what, count(*) n from evidence.record group by what) x")" = "version=2 reject=3" ]
"$BIN/kt" -b "$KAFKA" dump "$OUTTURN_PREFIX.raw.council-a" 0 >"$WORK/dump"
check "the raw topic has them: this test can see" grep -qaF "$(hex_of Zqxsurname)" "$WORK/dump"
with=0
for topic in evidence rejected linked outcomes; do
	n=$("$BIN/kt" -b "$KAFKA" topics "$OUTTURN_PREFIX.$topic" | awk -v t="$OUTTURN_PREFIX.$topic" '$1 == t {print $2}')
	for ((p = 0; p < n; p++)); do
		"$BIN/kt" -b "$KAFKA" dump "$OUTTURN_PREFIX.$topic" "$p" >"$WORK/dump"
		for c in $CANARIES; do
			! grep -qaF -e "$c" -e "$(hex_of "$c")" "$WORK/dump" || {
				with=1
				echo "# $c in $topic"
			}
		done
	done
done
check "no topic but raw has a clear value" [ $with = 0 ]
pg_dump -a "$PGURI" >"$WORK/dump.sql"
with=0
for c in $CANARIES; do
	! grep -qaF "$c" "$WORK/dump.sql" "$WORK"/canary-*.log || {
		with=1
		echo "# $c in a table or log"
		grep -laF "$c" "$WORK/dump.sql" "$WORK"/canary-*.log | sed 's/^.*\//# /'
	}
done
check "no table or log has a clear value" [ $with = 0 ]
o rejects ls >"$WORK/rejects" 2>&1 || true
o status >>"$WORK/rejects" 2>&1 || true
with=0
for c in $CANARIES; do ! grep -qaF "$c" "$WORK/rejects" || with=1; done
check "no command that only looks shows a clear value" [ $with = 0 ]
for d in ingestd matchd; do
	pid=$(daemon_pid $d)
	check "$d cannot leave a core file" grep -q "^Max core file size *0 " "/proc/$pid/limits"
done
path_down
