#include "transform/match/shell_keys.h"

#include "common/io/kafka_tail.h"
#include "common/record.h"
#include "common/topic.h"

struct look {
	struct av_catalogue *catalogue;
	int64_t recipe, at; /* of the newest cut, and its offset */
};

int64_t
match_recipe(const struct match_keys *keys)
{
	uint8_t sum[SHA256_BYTES];
	struct mac *mac = mac_new(keys->unit);
	uint64_t v = 0;

	mac_sum(mac, SPAN_LIT("recipe"), sum);
	mac_free(mac);
	for (int i = 0; i < 8; i++)
		v = v << 8 | sum[i];
	v >>= 1;
	return v ? (int64_t)v : 1; /* 0 says nothing */
}

static bool
cut_take(void *arg, const struct krecord *krec)
{
	struct look *l = arg;
	struct cut cut;
	struct err err;

	if (!krec->value.ptr || key_parse(krec->key).type != KEY_CUT
	    || av_read(l->catalogue, &cut_binding, krec->value, &cut, NULL, &err))
		return false;
	l->recipe = cut.recipe;
	l->at = krec->offset;
	return true;
}

int
match_keys_belong(const struct kafka_conf *conf, struct av_catalogue *catalogue,
    const char *linked, int32_t partitions, int64_t recipe, const char *path, struct err *err)
{
	struct kreader *reader = kreader_new(conf, err);
	int result = reader ? 0 : -1;

	for (int32_t p = 0; result == 0 && p < partitions; p++) {
		struct look l = { .catalogue = catalogue };

		if (kafka_tail(reader, linked, p, cut_take, &l, err) < 0)
			result = -1;
		else if (l.recipe && l.recipe != recipe)
			result = err_code(err, ERR_FATAL, "key-other", NULL,
			    "key file '%.200s' is not the one that '%.100s' was made with, as the cut at "
			    "offset %lld of partition %d shows: every person would become another one; put "
			    "back that file",
			    path, linked, (long long)l.at, (int)p);
	}
	kreader_free(reader);
	return result;
}
