/*
 * termsbook - the terms topic as daemons read it: signed, folded, by thing.
 *
 * A record counts when its signature is right under a key of the trust file
 * (keyfile.h).  What is not is passed over, counted and logged: a terms topic
 * that anybody can write to changes nothing.
 *
 * People's public keys are pages too: thing "person", name the person's, and
 *
 *	key: 5d41...		hex
 *	roles: [verifier]	publisher, reviewer, verifier, provider, commissioner, eraser
 *
 * so whether a decision, review, erasure or reference fact counts is a function
 * of its record and of the terms: it is asked again when a person's page changes.
 *
 * Not thread-safe.
 */
#ifndef OUTTURN_IO_TERMSBOOK_H
#define OUTTURN_IO_TERMSBOOK_H

#include "common/book.h"
#include "common/io/avro.h"

struct termsbook;

/* ERR_FATAL: the trust file is missing, empty or malformed.  Borrows cat.  Owned. */
struct termsbook *termsbook_new(const char *trust_path, struct av_catalogue *cat, struct err *err);
void termsbook_free(struct termsbook *tb);

/*
 * Folds one record of the terms topic.  *thing as of book_fold().  true: a page
 * that counts has changed.
 */
bool termsbook_fold(struct termsbook *tb, const struct rec *rec, struct span *thing);
const struct book *termsbook_book(const struct termsbook *tb);
/* Its reader found this page mistaken.  true: not known yet, say so: a page is read again
 * whenever terms change, and is the same page when it is published again. */
bool termsbook_mistaken(struct termsbook *tb, const struct book_page *page);
uint64_t termsbook_refused(const struct termsbook *tb); /* unsigned or wrongly signed, so far */

/* May `by` say this in one of `roles` (NULL at the end), and did they sign it?  The
 * record's `key_id` is the person's name. */
bool termsbook_signed(struct termsbook *tb, const struct av_record *binding, const void *rec,
    struct span key_id, struct span signature, size_t signature_at, const char *const *roles);

#endif
