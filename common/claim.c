#include "common/claim.h"

#include "common/mem.h"

void
claims_init(struct claims *c, bool by_topic)
{
	*c = (struct claims){ .by_topic = by_topic };
	strmap_init(&c->streams, 0);
	strmap_init(&c->doubts, 0);
}

void
claims_release(struct claims *c)
{
	strmap_release(&c->streams);
	strmap_release(&c->doubts);
	mem_free(c->held);
	c->held = NULL;
	c->held_n = 0;
}

struct span
claims_stream_of(const struct claims *c, const struct key *key)
{
	if (key->type == KEY_CLAIM)
		return key->stream;
	if (c->by_topic && (key->type == KEY_RECORD || key->type == KEY_CUT))
		return key->stream;
	return SPAN_LIT("*");
}

static struct claim_stream *
stream_at(struct claims *c, struct span name)
{
	bool fresh;
	uint64_t *at = strmap_put(&c->streams, name, &fresh);

	if (fresh) {
		*at = c->held_n;
		c->held = mem_realloc(c->held, c->held_n + 1, sizeof(*c->held));
		c->held[c->held_n++] = (struct claim_stream){ .epoch = 0 };
	}
	return &c->held[*at];
}

struct claim_stream
claims_holder(const struct claims *c, struct span stream)
{
	uint64_t *at = strmap_find(&c->streams, stream);

	return at ? c->held[*at] : (struct claim_stream){ .epoch = 0 };
}

enum claim_verdict
claims_apply(struct claims *c, const struct key *key, const struct rec *rec, int64_t epoch)
{
	struct span stream = claims_stream_of(c, key);
	struct claim_stream *held;

	if (key->type == KEY_CLAIM) {
		held = stream_at(c, stream);
		if (epoch <= held->epoch)
			return CLAIM_OUTBID;
		*held = (struct claim_stream){ .run = rec->run, .epoch = epoch };
		return CLAIM_TAKEN;
	}
	struct claim_stream holder = claims_holder(c, stream);

	if (holder.epoch > 0 && !id_eq(&holder.run, &rec->run)) {
		/* Where a key is nobody's, nothing of the holder's can have stood. */
		if (key->type == KEY_OTHER)
			return CLAIM_PASSED;
		*strmap_put(&c->doubts, rec->key, NULL) = (uint64_t)rec->offset + 1;
		return CLAIM_PASSED;
	}
	if (c->doubts.count)
		strmap_del(&c->doubts, rec->key);
	return CLAIM_COUNTS;
}

bool
claims_doubtful(const struct claims *c)
{
	return c->doubts.count > 0;
}

int64_t
claims_low(const struct claims *c, int64_t position)
{
	struct strmap_slot *s;
	uint32_t at = 0;

	while ((s = strmap_next(&c->doubts, &at)))
		if ((int64_t)s->value - 1 < position)
			position = (int64_t)s->value - 1;
	return position;
}

void
claims_restore(struct claims *c, struct span stream, int64_t epoch, const struct id *run)
{
	*stream_at(c, stream) = (struct claim_stream){ .run = *run, .epoch = epoch };
}

void
claims_restore_doubt(struct claims *c, struct span key, int64_t offset)
{
	*strmap_put(&c->doubts, key, NULL) = (uint64_t)offset + 1;
}
