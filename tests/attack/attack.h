/*
 * attack - what every attack has: people who never were, the keys that the
 * attacker lacks, and a tally.
 *
 *	attack    tries against what is built and must come back with (nearly) nothing
 *	control   the same attack where the safeguard is off, and must succeed: an
 *	          attack that cannot win says nothing
 *
 * A line for each, "ok" or "not ok", with what was tried and recovered; at the
 * end "N held, M broken".  An attack that wins, and a control that does not, is
 * broken.  ATTACK_FULL=1 (make attack) tries longer than make test does.
 */
#ifndef OUTTURN_TESTS_ATTACK_H
#define OUTTURN_TESTS_ATTACK_H

#include <stdint.h>

#include "common/arena.h"
#include "ingest/tokens.h"
#include "tests/gen/uk.h"

/* printf's arguments say what was tried and what came of it. */
void attack_held(bool held, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void attack_control(bool succeeded, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For information, not judged. */
void attack_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int attack_end(void); /* exit code */

bool attack_full(void);
/* quick, or full. */
uint32_t attack_size(uint32_t quick, uint32_t full);

/* Registrations of a population; records of one person stand apart. */
struct attack_people {
	struct uk_record *record;
	uint32_t n;
};
struct attack_people attack_people_make(uint64_t seed, uint32_t records);
void attack_people_free(struct attack_people *people);

/* As ingestd makes it, of a key that nobody else has. */
struct attack_encoder;
struct attack_encoder *attack_encoder_new(const struct keyring *ring, enum clk_profile clk);
void attack_encoder_free(struct attack_encoder *e);
/* The encoder's until the next call; NULL: not a person. */
const struct person_block *attack_encode(struct attack_encoder *e, const struct uk_record *r);
struct keyring *attack_keyring(uint8_t secret, int32_t epoch);

#endif
