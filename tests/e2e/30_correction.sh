#!/bin/bash
# A correction and a withdrawal of a raw record give exactly what the corrected set
# gives from scratch; so does an erasure, but for the stubs it leaves.
. "$(dirname "$0")/_path.sh"
HEAD="record_id,revision,withdrawn,kind,start,end,episode,evidence_type,forename,surname,dob,sex,postcode,nhs_number,local_id,attr.programme,attr.route,attr.setting"
mkdir -p "$WORK/in"
who=",Example,Testperson,1995-05-04,F,QX1 1AA,,C-1"
cat >"$WORK/in/first.csv" <<-END
	$HEAD
	R-1,1,no,referral,2015-02-01,,,referral-form$who,rewriting-futures,council,
	R-2,1,no,accommodation,2015-03-01,2015-04-01,T-1,tenancy-agreement$who,,,own-tenancy
	R-3,1,no,accommodation,2015-03-10,,T-9,landlord-letter$who,,,hostel
END
cat >"$WORK/in/second.csv" <<-END
	$HEAD
	R-2,2,no,accommodation,2015-03-01,2017-01-01,T-1,tenancy-agreement$who,,,own-tenancy
	R-3,2,yes,accommodation,2015-03-10,,T-9,landlord-letter$who,,,hostel
END
cat >"$WORK/in/scratch.csv" <<-END
	$HEAD
	R-1,1,no,referral,2015-02-01,,,referral-form$who,rewriting-futures,council,
	R-2,2,no,accommodation,2015-03-01,2017-01-01,T-1,tenancy-agreement$who,,,own-tenancy
END
path_new corrected
path_up
path_feed "$WORK/in/first.csv" raw.council-a
path_settle && ok "the first set arrives" || not_ok "the first set arrives"
BEFORE=$(path_hash)
path_feed "$WORK/in/second.csv" raw.council-a
path_settle && ok "the correction arrives" || not_ok "the correction arrives"
AFTER=$(path_hash)
check "the correction changed something" [ "$BEFORE" != "$AFTER" ]
check "what was believed before is kept" \
	[ "$(path_query 'select count(*) from ledger.outcome_history')" -gt 0 ]
path_down
path_new scratch
path_up
path_feed "$WORK/in/scratch.csv" raw.council-a
path_settle && ok "the corrected set arrives" || not_ok "the corrected set arrives"
check "corrected equals from scratch" [ "$(path_hash)" = "$AFTER" ]
check "there are outcomes" [ "$(path_query 'select count(*) from ledger.outcome')" -gt 0 ]
path_down

path_enter corrected
path_up
o keys person eraser --role eraser >/dev/null
o publish "$WORK/keys/eraser.yaml" >/dev/null 2>&1
check "erase says what it does" o erase raw.council-a R-2 --as eraser --reason erasure-request
path_settle && ok "the erasure arrives" || not_ok "the erasure arrives"
check "no content of the erased event is left" \
	[ "$(path_query "select count(*) from evidence.record where what <> 'suppressed' and event_id in (select event_id from evidence.record where what = 'suppressed')")" = 0 ]
check "two stubs are left to be counted" \
	[ "$(path_query "select count(*) from evidence.record where what = 'suppressed'")" = 2 ]
check "recompute agrees after the erasure" o recompute --check
path_down
