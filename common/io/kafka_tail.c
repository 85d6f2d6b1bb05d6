#include "common/io/kafka_tail.h"

#include <time.h>

enum {
	TAIL_WINDOW = 4096,     /* records looked at from the end, first */
	TAIL_WIDER = 16,        /* times more each time that none was of the kind */
	TAIL_ASK_MS = 10000,
	TAIL_POLL_MS = 100,
	TAIL_SILENT_MS = 10000, /* no record for so long: the broker is away */
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
kafka_tail_next(struct kreader *r, const char *topic, int32_t partition, int64_t end,
    struct krecord *krec, struct err *err)
{
	int64_t heard = now_ms();
	int got;

	while (kreader_position(r, topic, partition) < end) {
		got = kreader_poll(r, TAIL_POLL_MS, krec, err);
		if (got > 0)
			return 1;
		if (got < 0 && err->class != ERR_RETRY)
			return -1;
		if (now_ms() - heard > TAIL_SILENT_MS)
			return err_code(err, ERR_RETRY, "kafka-away", NULL,
			    "Kafka did not answer while '%.200s' was read", topic);
	}
	return 0;
}

int
kafka_tail(struct kreader *r, const char *topic, int32_t partition,
    bool (*take)(void *arg, const struct krecord *krec), void *arg, struct err *err)
{
	int64_t low, high, back = TAIL_WINDOW, from;
	struct krecord krec;
	bool found = false;
	int got;

	if (kreader_watermarks(r, topic, partition, &low, &high, TAIL_ASK_MS, err))
		return -1;
	for (bool first = true; !found; first = false, back *= TAIL_WIDER) {
		from = high - back > low ? high - back : low;
		if (first ? kreader_add(r, topic, partition, from, NULL, err)
			  : kreader_seek(r, topic, partition, from, err))
			return -1;
		while ((got = kafka_tail_next(r, topic, partition, high, &krec, err)) > 0)
			found |= take(arg, &krec);
		if (got < 0)
			return -1;
		if (from == low)
			break;
	}
	return kreader_remove(r, topic, partition, err) ? -1 : found;
}
