/*
 * clk - how a person's Bloom encodings lie in the `clk` field of evidence.
 *
 * ingestd writes it, matchd compares it; neither includes the other, so the
 * layout lives here.  The length tells the profile, and encodings of two
 * lengths are never compared:
 *
 *	CLK_RECORD    128 bytes   [ surname, forename, address, postcode       ]
 *	CLK_FIELDS    256 bytes   [ surname ][ forename ][ address, postcode   ]
 *	                           512 bits   512 bits    1024 bits
 *
 * CLK_FIELDS says more of each name and is offered to a trusted matcher only.
 * Nothing known of a region: all its bits are 0.  Absent field: no encoding.
 * How bits are made, and why they are not a plain Bloom filter: ingest/clk.h.
 */
#ifndef OUTTURN_CLK_H
#define OUTTURN_CLK_H

#include <stddef.h>

enum clk_profile { CLK_OFF, CLK_RECORD, CLK_FIELDS };

enum {
	CLK_RECORD_BYTES = 128,
	CLK_FIELDS_BYTES = 256,
	CLK_BYTES_MAX = 256,
	CLK_SURNAME_AT = 0, CLK_SURNAME_BYTES = 64, /* of CLK_FIELDS */
	CLK_FORENAME_AT = 64, CLK_FORENAME_BYTES = 64,
	CLK_PLACE_AT = 128, CLK_PLACE_BYTES = 128,
};

/* CLK_OFF: absent, or of a length that is none. */
static inline enum clk_profile
clk_profile_of(size_t bytes)
{
	return bytes == CLK_RECORD_BYTES ? CLK_RECORD
	    : bytes == CLK_FIELDS_BYTES  ? CLK_FIELDS
					 : CLK_OFF;
}

#endif
