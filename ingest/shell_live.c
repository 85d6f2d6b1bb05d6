#include "ingest/shell_live.h"

#include <limits.h>
#include <stdio.h>

#include "common/io/keyfile.h"

enum { LIVE_MAX = 2 };

/* Numbers with blanks between; 0 of them: that of the first file. */
static int
epochs_read(const char *text, int32_t out[LIVE_MAX], int *n, struct err *err)
{
	*n = 0;
	while (*text) {
		int32_t v = 0;

		if (*text == ' ') {
			text++;
			continue;
		}
		for (; *text >= '0' && *text <= '9' && v <= KEY_EPOCH_MAX; text++)
			v = v * 10 + (*text - '0');
		if (v < 1 || v > KEY_EPOCH_MAX || (*text && *text != ' ') || *n == LIVE_MAX
		    || (*n && v <= out[0]))
			return err_code(err, ERR_FATAL, "setting", "key_epochs",
			    "setting 'key_epochs' is not one or two epochs, the earlier first");
		out[(*n)++] = v;
	}
	return 0;
}

static int
ring_open(const struct params *params, const struct keyfile *first, int32_t epoch,
    struct keyring **out, struct err *err)
{
	struct keyring_from from = { first->secret, first->secret, epoch, params->purpose };
	struct keyfile later = { .epoch = 0 };
	char path[PATH_MAX];

	if (epoch != first->epoch) {
		snprintf(path, sizeof(path), "%s/ingest-%d.key", params->keys_dir, (int)epoch);
		if (keyfile_read(path, "ingest", epoch, &later, err))
			return -1;
		from.of_epoch = later.secret;
	}
	*out = keyring_make(&from);
	keyfile_release(&later);
	return 0;
}

int
live_keys_open(const struct params *params, struct live_keys *out, struct err *err)
{
	int32_t epochs[LIVE_MAX];
	struct keyfile first;
	char path[PATH_MAX];
	int n, result = -1;

	*out = (struct live_keys){ NULL, NULL };
	if (!keyring_purpose_valid(params->purpose))
		return err_code(err, ERR_FATAL, "setting", "purpose",
		    "setting 'purpose' is not up to 32 small letters, digits and '-'");
	if (epochs_read(params->key_epochs, epochs, &n, err))
		return -1;
	snprintf(path, sizeof(path), "%s/ingest.key", params->keys_dir);
	if (keyfile_read(path, "ingest", 0, &first, err))
		return -1;
	if (n == 0)
		epochs[n++] = first.epoch;
	if (ring_open(params, &first, epochs[0], &out->ring, err) == 0
	    && (n < LIVE_MAX || ring_open(params, &first, epochs[1], &out->next, err) == 0))
		result = 0;
	keyfile_release(&first);
	if (result)
		live_keys_close(out);
	return result;
}

void
live_keys_close(struct live_keys *keys)
{
	keyring_free(keys->ring);
	keyring_free(keys->next);
	*keys = (struct live_keys){ NULL, NULL };
}
