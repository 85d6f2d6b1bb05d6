/*
 * keyfile - secrets on disk: text, mode 0600, one file a purpose.
 *
 *	outturn-key 1
 *	purpose ingest
 *	epoch 1
 *	secret 9f86d0...		32 bytes, hex
 *
 *	keys/ingest.key     master of the pseudonymisation keys     ingestd, feed's erase and trace
 *	keys/match.key      index and id keys                       matchd
 *	keys/NAME.sign      Ed25519, of a person who publishes or decides
 *	keys/NAME.pub       its public half: "outturn-public 1", name, key
 *	keys/trust          lines "NAME KEY", # comments: who may publish terms
 *
 * A file that others can read or write is refused, with its mode and the chmod
 * that mends it; so is one of another purpose, or of an epoch that was not
 * asked for.  CREDENTIALS_DIRECTORY (systemd's LoadCredential=) is looked at
 * first, by file name.  Secrets are locked in memory and cleansed by the caller.
 */
#ifndef OUTTURN_IO_KEYFILE_H
#define OUTTURN_IO_KEYFILE_H

#include "common/err.h"
#include "common/span.h"

enum { KEYFILE_SECRET_BYTES = 32, KEYFILE_NAME_MAX = 64 };

struct keyfile {
	uint8_t secret[KEYFILE_SECRET_BYTES];
	int32_t epoch;
};

/* epoch 0: any.  Codes: key-missing, key-mode, key-form, key-purpose, key-epoch. */
int keyfile_read(const char *path, const char *purpose, int32_t epoch, struct keyfile *out,
    struct err *err);
void keyfile_release(struct keyfile *key); /* cleanses */
/* Never overwrites: ERR_FATAL key-exists.  Synced before it returns. */
int keyfile_make(const char *path, const char *purpose, int32_t epoch, struct err *err);

/* Makes NAME.sign and NAME.pub in dir. */
int keyfile_person_make(const char *dir, const char *name, struct err *err);
int keyfile_public_read(const char *path, char name[KEYFILE_NAME_MAX],
    uint8_t key[KEYFILE_SECRET_BYTES], struct err *err);

#endif
