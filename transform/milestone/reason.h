/*
 * reason - why an outcome's status is what it is: every code once, with its prose.
 *
 * Codes are for machines and never change; sentences are for people and name
 * no person.  What or whom a reason is about is its subject: an organisation,
 * a role, a kind of evidence.  docs/contracts.md lists them all.
 */
#ifndef OUTTURN_REASON_H
#define OUTTURN_REASON_H

#include "common/arena.h"
#include "common/record.h"

/* R(NAME, code, sentence) */
#define REASONS(R)                                                                                 \
	R(NO_DAY, "no-day-stated", "No 'as at' day was stated yet, so nothing is judged.")         \
	R(AGE_NOT_STATED, "age-not-stated", "The referral does not state the age at referral.")    \
	R(OUTSIDE_AGE, "outside-cohort-age", "The age at referral is outside the contract's cohort.") \
	R(OUTSIDE_WINDOW, "outside-referral-window", "The referral is outside the contract's referral window.") \
	R(OUTSIDE_ROUTE, "outside-referral-route", "The referral did not come by a route that counts.") \
	R(OUTSIDE_REFERRER, "outside-referrers", "Whoever referred is not one whose referral counts.") \
	R(REFERRALS_DISAGREE, "referrals-disagree", "Two referrals disagree on the age.")          \
	R(OUTSIDE_WHERE, "outside-referral-terms", "The referral states what the contract does not take.") \
	R(FOR_OTHERS, "for-others", "The outcome is for others of the cohort, by what the referral states.") \
	R(REFERRAL_UNSTATED, "referral-not-stated", "The referral does not state what the contract asks of it.") \
	R(PRIOR_STATE, "prior-state-not-known", "What must have been so before the referral is not known.") \
	R(EXCLUDED, "excluded", "What was so before the referral is excluded.")                    \
	R(NOTHING_SEEN, "nothing-reported", "Nothing was reported yet that this outcome counts.")  \
	R(FIRST_DOES_NOT_COUNT, "first-does-not-count", "Only the first event counts, and the first is not of a kind that does.") \
	R(EARLIER_OUTCOME, "awaiting-earlier-outcome", "An earlier outcome must come first.")      \
	R(UNDER_WAY, "spell-under-way", "The spell is under way and not confirmed up to the day it is due.") \
	R(IN_GAP, "in-allowed-gap", "The spell was interrupted; the gap is still within what is allowed.") \
	R(DUE_IN_GAP, "due-in-gap", "It fell due in an allowed gap, and counts on the day the person is back.") \
	R(ENDED_EARLY, "spell-ended-early", "The spell ended before it was due; a new one starts afresh.") \
	R(GAP_TOO_LONG, "gap-too-long", "A gap was longer than allowed, and the contract allows no new spell.") \
	R(RISK_KNOWN, "homelessness-risk-known", "A risk of homelessness is known on the day it is judged.") \
	R(RISK_CLEARED, "homelessness-risk-cleared", "It counts from the day on which no risk was known any more.") \
	R(GAP_COUNTED, "gap-counted", "An allowed gap counted; the due date stayed.")              \
	R(GAP_PAUSED, "gap-paused", "An allowed gap paused the spell; the due date moved by it.")  \
	R(BACK_AFTER_GAP, "back-after-gap", "It fell due in an allowed gap; achieved on the day the person was back.") \
	R(WEEKS_COUNTED, "weeks-counted", "So many weeks counted within the weeks in a row.")      \
	R(DAYS_COUNTED, "days-counted", "So many days counted.")                                   \
	R(AMOUNT_COUNTED, "amount-counted", "So much counted in the window.")                      \
	R(EVENTS_COUNTED, "events-counted", "So many events counted.")                             \
	R(NUMBER_NOT_STATED, "number-not-stated", "A record does not state the number that is asked for.") \
	R(OTHER_CURRENCY, "other-currency", "An amount of another currency was not counted.")      \
	R(NO_RATE, "no-rate-for-day", "The contract has no rate in force on that day.")            \
	R(PERIOD_UNDER_WAY, "period-under-way", "The period is under way.")                        \
	R(CLAIMABLE_FROM, "claimable-from", "The period may be claimed some working days after it.") \
	R(PART_PERIOD, "part-period", "Only a part of the period counts.")                         \
	R(BAND, "band", "The hours a week are in this band.")                                      \
	R(BAND_UPGRADED, "band-upgraded", "A higher band was reached later; the difference is paid.") \
	R(NOT_SCORABLE, "not-scorable", "A reading could not be scored.")                          \
	R(NO_BASELINE, "no-baseline", "There is no scorable reading that may be the baseline.")    \
	R(NO_FOLLOW_UP, "no-follow-up", "There is no later reading that counts, yet.")             \
	R(CHANGE, "change", "The score changed.")                                                  \
	R(CHANGE_NOT_REACHED, "change-not-reached", "The score did not change by so much.")        \
	R(CUT, "cut", "It is counted no longer than that.")                                        \
	R(IN_COHORT, "counted-in-cohort", "It is counted with the whole cohort, and paid there.")  \
	R(OCCURRED, "occurred", "It did happen.")                                                  \
	R(WINDOW_OPEN, "window-open", "The window is still open.")                                 \
	R(TIER, "tier", "Of this tier.")                                                           \
	R(PART, "part", "Of this part of the price.")                                              \
	R(BEYOND_MOST, "beyond-most", "More goals were reached than count.")                       \
	R(COMPONENT_MISSING, "component-missing", "This outcome is needed, and does not stand.")   \
	R(COMPONENTS_FEW, "components-too-few", "Too few of the outcomes that are needed stand.")  \
	R(AFTER_DEATH, "after-death", "A record of a day after the person's death was not counted.") \
	R(TOO_LATE, "after-window", "It was completed after the window had closed.")               \
	R(AWAITING_AGENCY, "awaiting-agency", "A record from this kind of agency is missing.")     \
	R(AWAITING_TYPE, "awaiting-evidence-type", "Evidence of this type is missing.")            \
	R(AWAITING_INDEPENDENT, "awaiting-independent-agency", "Only the provider says so; another agency's record is missing.") \
	R(AWAITING_MORE, "awaiting-more-agencies", "More independent organisations must say so.")  \
	R(AWAITING_ENGAGEMENT, "awaiting-engagement", "A record that the person was still engaged with the service is missing.") \
	R(AWAITING_DECISION, "awaiting-decision", "A decision that the contract asks for is missing.") \
	R(SETTINGS_OVERLAP, "incompatible-spells", "Two records that cannot both be true overlap.") \
	R(ENDED_AND_CONFIRMED, "ended-and-confirmed-after", "One record says it had ended, another that it went on.") \
	R(FEED_INCOMPLETE, "feed-not-complete", "The window has closed, but this organisation has not declared its records complete up to it.") \
	R(WINDOW_CLOSED, "window-closed", "The window has closed, and all who would have reported it are complete.") \
	R(CLAIM_EXPIRED, "claim-window-passed", "It was not claimed in time.")                     \
	R(CLAIMED_LATE, "claimed-too-late", "It was claimed after the claim window had passed.")   \
	R(EVIDENCE_CHANGED, "evidence-changed-since-verified", "What was judged has changed since; it must be looked at again.") \
	R(EVIDENCE_CHANGED_OTHER, "evidence-changed-since-decided", "What a query, a reply or a rejection was about has changed since.") \
	R(BY_CLAIMANT, "decided-by-claimant", "Who decides may not be who claimed.")               \
	R(EVIDENCE_STILL_MISSING, "verified-without-evidence", "It was verified, but evidence that the contract asks for is missing.") \
	R(NOT_COUNTED, "decision-not-counted", "A decision's signature or role was not right.")    \
	R(QUERY_OPEN, "query-open", "The claim was queried and no reply has come.")                \
	R(QUERY_REPLIED, "query-replied", "A reply to the query has come and waits for a decision.") \
	R(UNPAID, "measured-not-paid", "The contract measures this and does not pay for it.")

enum reason_code {
#define REASON_ENUM(name, code, text) REASON_##name,
	REASONS(REASON_ENUM)
#undef REASON_ENUM
	REASON_COUNT
};

struct span reason_name(enum reason_code code);
struct span reason_text(enum reason_code code);

/* Statuses exactly as contracts have them. */
#define STATUSES(S)                                                                                \
	S(NOT_YET, "not-yet", "nothing that counts was seen, or it may still happen")              \
	S(OBSERVED, "observed", "begun: seen, and not complete by the rule")                       \
	S(ACHIEVED, "achieved", "complete by the rule, and proven as the contract asks")           \
	S(AWAITING, "awaiting-evidence", "complete by the rule; the reasons say what proof is missing, and from whom") \
	S(CONTRADICTED, "contradicted", "two records disagree; the reasons name both")             \
	S(QUERIED, "queried", "a verifier asked, and no reply has come")                           \
	S(VERIFIED, "verified", "a verifier agreed, on exactly these facts")                       \
	S(REJECTED, "rejected", "a verifier did not agree, on exactly these facts")                \
	S(EXPIRED, "expired", "complete, and not claimed in time")                                 \
	S(NOT_MET, "not-met", "not in the cohort; or the window has closed, and all who would have reported it are complete")

enum status {
#define STATUS_ENUM(name, code, doc) STATUS_##name,
	STATUSES(STATUS_ENUM)
#undef STATUS_ENUM
	STATUS_COUNT
};

struct span status_name(enum status status);

/* What stands behind a reason's own sentence, built without printf: it is on
 * the way of every re-evaluation. */
enum { SENTENCE_MAX = 512 };
struct sentence {
	char text[SENTENCE_MAX];
	size_t len;
};

static inline void
sentence_begin(struct sentence *s) /* its text is not cleared: that would cost more than to say it */
{
	s->len = 0;
}

void sentence_add(struct sentence *s, struct span part);
void sentence_str(struct sentence *s, const char *part);
void sentence_date(struct sentence *s, date_t day);
void sentence_number(struct sentence *s, int64_t n);
void sentence_millionths(struct sentence *s, int64_t n); /* an exact decimal: 1 500 000 is 1.5 */

#endif
