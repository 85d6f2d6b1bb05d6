/*
 * record - every record that travels, as a struct and as its binding to Avro.
 *
 * One struct for each schema in config/schemas/; record.c holds the bindings,
 * and a test compares them with the files.  Spans borrow from whatever was
 * decoded; arrays from the arena it was decoded into.
 *
 * Dates are days (date.h), DATE_NONE where absent.  Times are milliseconds
 * since 1970 UTC.  Numbers of attributes are exact: millionths.  Money is in
 * minor units.
 */
#ifndef OUTTURN_RECORD_H
#define OUTTURN_RECORD_H

#include "common/avro.h"
#include "common/date.h"
#include "common/digest.h"

/* --- raw: what agencies send (raw.avsc; raw-council, raw-nhs, raw-provider resolve to it) */

struct raw_address {
	struct span line1, line2, town, postcode, uprn;
	struct span from, to; /* ISO dates as text; ingestd judges them */
};

struct raw_person {
	struct span title, forename, middle_names, surname, previous_surname;
	struct span dob, died_on; /* text, as sent */
	struct span sex, ethnic_group;
	struct av_array addresses; /* struct raw_address */
	struct span nhs_number, nino, upn, uln, local_id;
	bool objection; /* the person objects to this use: counted, not used */
};

struct raw_attribute {
	struct span name;
	struct av_value value;
};

struct raw_event {
	struct span kind;          /* a code of config/codes/kinds.yaml: "accommodation" */
	struct span start, end;    /* text; end only for a spell that has ended (half-open) */
	struct span episode;       /* the agency's own id of the spell, if it has one */
	struct span evidence_type; /* "tenancy-agreement", "self-certificate" ... */
	struct av_array attributes; /* struct raw_attribute */
};

struct raw_record {
	struct span record_id;
	int64_t revision;
	bool withdrawn;
	bool restricted; /* refuge, protected person: place attributes withheld */
	struct raw_person *person;
	struct raw_event *event;
	struct span complete_through; /* "all my records up to this date are in"; then no event */
};

/* --- canonical, pseudonymous */

struct attribute {
	struct span name;
	struct av_nlong number; /* millionths; booleans are 0 and 1 000 000 */
	struct span text;
};

struct source {          /* where a fact came from; outside content hashes */
	struct span topic;   /* raw topic without the prefix: "raw.council-a" */
	int32_t epoch;
	int64_t offset;
	int64_t time_ms;     /* LogAppendTime */
};

struct token {
	int32_t field;       /* enum token_field */
	int32_t frequency;   /* class 0 (rare or not a name) .. 7 (most common) */
	struct id value;
};

struct encodings {       /* of a person under one key epoch */
	struct id signature;
	int32_t key_epoch;
	struct av_array tokens;  /* struct token, sorted by (field, value) */
	struct span clk;         /* common/clk.h, or absent */
};

enum evidence_what { EVIDENCE_VERSION, EVIDENCE_REJECT, EVIDENCE_SUPPRESSED, EVIDENCE_COMPLETE };

struct evidence {
	int32_t what;
	struct source source;
	struct span organisation;
	struct span role;        /* "council", "nhs", "provider", ... from agencies */
	struct id event_id;
	int64_t revision;
	bool withdrawn, tombstone, restricted;
	uint8_t raw_sha256[SHA256_BYTES];
	struct span kind;
	date_t start, end;
	struct span episode;     /* 16 bytes, keyed; or absent */
	struct span evidence_type;
	struct av_array attributes; /* struct attribute, sorted by name */
	struct id signature;     /* keyed hash of all encodings */
	int32_t key_epoch;
	struct av_array tokens;  /* struct token, sorted by (field, value) */
	struct span clk;         /* common/clk.h, or absent */
	struct encodings *next;  /* under the later of two live epochs; NULL: one is live */
	struct span reason, reason_field; /* of a reject */
	date_t complete_through;
};

struct rejected {
	struct source source;
	struct span organisation, reason, reason_field, sentence;
	uint8_t raw_sha256[SHA256_BYTES];
	int64_t raw_bytes;
	struct span nonce, sealed; /* AES-256-GCM, tag at the end; absent above 256 KiB */
};

struct claim {
	int64_t epoch;
};

struct cut {
	int64_t offset;          /* folded through this offset (-1: nothing) */
	date_t complete_through; /* DATE_NONE, or the agency's own word */
	int64_t terms_offset;    /* under terms through this offset */
	int32_t epoch;           /* of the raw topic that the offset is of; 0: never made anew */
	int64_t recipe;          /* what this topic's records were made with besides its inputs; 0: not said */
};

struct match_note {          /* why this event is of this unit; no clear value */
	struct span step;        /* "single", "nhs+dob", "name+dob+postcode", "review" ... */
	int64_t weight_mbit;     /* milli-bits; 0 for deterministic steps */
	struct id partner;       /* event it was joined by; zero for a single */
	struct span levels;      /* comparison vector, model's own bytes */
};

enum linked_what { LINKED_EVENT, LINKED_DECISION, LINKED_PAIR };

struct linked {
	int32_t what;
	struct id unit, event_id; /* of a decision: its anchor event; of a pair: none, its smaller */
	struct span unit_kind;    /* person, child, family */
	struct source source;
	struct span organisation, role;
	int64_t revision;
	bool restricted;
	uint8_t raw_sha256[SHA256_BYTES];
	struct span kind;
	date_t start, end;
	struct span episode, evidence_type;
	struct av_array attributes;
	struct match_note match;  /* of a pair: why it is asked, and its greater event */
	struct span decision;     /* the decision's bytes as they stand on its topic */
};

struct reason {
	struct span code;    /* "awaiting-independent-agency" */
	struct span subject; /* what or whom: "council"; may be absent */
	struct span text;    /* a sentence for a person */
};

struct gap {
	date_t from, to; /* half-open */
	struct span rule; /* "counts", "pauses", "resets", "fails" */
};

struct outcome {
	struct id outcome_id;
	struct span contract;
	int32_t contract_version;
	struct span outcome;     /* its name in the contract */
	struct id unit;
	struct span unit_kind;
	int32_t ordinal;         /* from 1 */
	struct span status;      /* contracts.md, evaluate's column */
	date_t start, due, achieved, expires;
	int32_t days;            /* counted */
	int64_t price_minor;
	struct span currency;
	struct id anchor_event;  /* zero: none */
	uint8_t facts_hash[SHA256_BYTES];
	struct av_array reasons;  /* struct reason */
	struct av_array gaps;     /* struct gap */
	struct av_array evidence; /* struct id */
	struct av_array decisions; /* struct id: those that count */
};

struct review {
	struct id event_a, event_b; /* a < b */
	struct span verdict;        /* "same", "not-same"; a tombstone takes it back */
	struct span by, why;
	int64_t at_ms;
	struct span key_id, signature;
};

struct decision {
	struct id decision_id;
	struct span what;        /* claimed, verified, rejected, queried, replied, paid ... */
	struct span contract, outcome;
	struct id outcome_id;
	int32_t ordinal;
	struct id anchor_event;
	uint8_t facts_hash[SHA256_BYTES];
	struct span by, role, note;
	int64_t at_ms;
	struct span key_id, signature;
};

struct terms {
	struct span thing;       /* contract, agencies, kinds, codes, model, person */
	struct span name;
	int32_t version;
	date_t effective;
	struct span content;     /* the file, as published */
	struct span by;
	int64_t at_ms;
	struct span key_id, signature;
};

struct reference {
	struct span reference_id;
	struct span what;        /* "as-at", "comparison", "unit-cost", ... */
	date_t date, to;
	struct av_nlong number;  /* millionths */
	struct span text, currency, origin;
	struct span by;
	int64_t at_ms;
	struct span key_id, signature;
};

struct suppressed {
	struct id event_id;
	struct span reason, by;
	int64_t at_ms;
	struct span key_id, signature;
};

struct statement {
	struct span statement_id, contract, currency, content, by;
	date_t from, to;
	int64_t at_ms;
	struct span cut, key_id, signature;
};

extern const struct av_record raw_record_binding, evidence_binding, rejected_binding,
    claim_binding, cut_binding, linked_binding, outcome_binding, review_binding,
    decision_binding, terms_binding, reference_binding, suppressed_binding, statement_binding;

/*
 * Leaves the encodings of one key epoch only, in tokens, clk and signature.  0: of
 * the record's own.  A record that has none of it keeps no token: it meets nobody.
 */
void evidence_at_epoch(struct evidence *e, int32_t epoch);

/*
 * What people sign (Ed25519): the record's own encoding with the signature
 * absent, behind its schema's fingerprint.  See common/io/crypto.h.
 */

#endif
