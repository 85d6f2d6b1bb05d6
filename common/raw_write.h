/*
 * raw_write - a raw record in the sender's own Avro schema.
 *
 * Agencies do not send our schema but theirs, with their names, orders and
 * omissions; ingestd resolves it.  `feed`, the demonstration and the tests
 * stand in for agencies, so they write as agencies do:
 *
 *	raw            what ingestd reads, for whoever has no schema yet
 *	raw-council-1  no ULN, no objection
 *	raw-nhs-1      no NINO, UPN, ULN, no protected address, no kind of proof
 *	raw-provider-1 no revision, no NHS number, no UPN
 *
 * One table a schema, field for field in the schema's order; av_encode() does
 * not serve, for it wants our types and these have others (int, unions in any
 * order).  tests/unit/test_raw_write.c compares tables with files and reads
 * back what is written.
 *
 * Pure.
 */
#ifndef OUTTURN_RAW_WRITE_H
#define OUTTURN_RAW_WRITE_H

#include "common/generic.h"

enum raw_schema { RAW_SCHEMA_RAW, RAW_SCHEMA_COUNCIL, RAW_SCHEMA_NHS, RAW_SCHEMA_PROVIDER,
	RAW_SCHEMA_COUNT };

const char *raw_schema_name(enum raw_schema schema); /* file in config/schemas without .avsc */
/* "council" → raw-council-1; a role without a schema of its own sends `raw`. */
enum raw_schema raw_schema_of_role(struct span role);

/* Whether the schema has a place for the column; of attributes all have. */
bool raw_schema_carries(enum raw_schema schema, enum generic_column column);

/* Appends the Avro body (no header).  What has no place is left out; ERR_RECORD
 * where leaving it out would change what the record means (objection,
 * restricted) or a number does not fit the schema's type. */
int raw_write(enum raw_schema schema, const struct raw_record *record, struct buf *out,
    struct err *err);

/* The i-th field name in the schema's order, "resident.homes.uprn"; false after the last. */
enum { RAW_FIELD_MAX = 96 };
bool raw_schema_field(enum raw_schema schema, size_t i, char out[RAW_FIELD_MAX]);

#endif
