/*
 * kafka_tail - the newest record of some kind in a log, found from its end.
 *
 *	low                                          high
 *	 [......................................][....]     4096 records
 *	 [...........................][...............]     sixteen times more, and so on
 *
 * Each window is read to the log's end, so what is taken last is newest.  A log that
 * holds none of the kind is read whole.
 */
#ifndef OUTTURN_IO_KAFKA_TAIL_H
#define OUTTURN_IO_KAFKA_TAIL_H

#include "common/io/kafka.h"

/* take: whether a record is of the kind; of each window it sees every record, in order.
 * 1: some was, 0: none is there, -1: ERR_RETRY kafka-away, or what the reader says.
 * The partition is not the reader's before, nor after a result of 0 or 1. */
int kafka_tail(struct kreader *r, const char *topic, int32_t partition,
    bool (*take)(void *arg, const struct krecord *krec), void *arg, struct err *err);

/* The next record below `end` of a partition that was added; 1, 0: there is none, -1. */
int kafka_tail_next(struct kreader *r, const char *topic, int32_t partition, int64_t end,
    struct krecord *krec, struct err *err);

#endif
