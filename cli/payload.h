/*
 * payload - what a refused record said, field by field, for who may see it.
 *
 *	sealed ─judge_unseal─► bytes ─av_read─► raw_record ─► record_id      T-1042
 *	                          │                           person.dob     1999-02-30
 *	                          └─ not to be decoded: what of it is text
 *
 * The names are ours (raw.avsc), whatever schema it was sent in, so that the
 * field that a reject names is found.  It is a person's data: on the screen of
 * who holds the key, nowhere else.  What came from outside cannot steer a
 * terminal: control characters are shown as a dot.
 */
#ifndef OUTTURN_CLI_PAYLOAD_H
#define OUTTURN_CLI_PAYLOAD_H

#include "common/io/avro.h"
#include "common/json.h"

/* One line a field that says something; the field at fault is marked.  fault: "person.dob", or
 * empty. */
void payload_text(struct av_catalogue *cat, struct span bytes, struct span fault, struct buf *out);
/* The value of a key: an object of path and text; a text where it cannot be decoded. */
void payload_json(struct av_catalogue *cat, struct span bytes, struct jw *j);

#endif
