/*
 * avro_decode - runs a plan over bytes that may be hostile.
 *
 * Every op checks what it reads against `end` before it reads; nothing is
 * copied but fixed fields; strings and bytes are spans of the input.
 *
 * Bounds on work and memory: an item takes at least its type's least bytes, and
 * a block that claims more items than the rest of the input could hold is
 * refused before anything is allocated.  Items of no bytes (an array of
 * null is 7 bytes for billions of items) are counted against AV_ITEMS_MAX
 * for the whole record.
 */
#include "common/avro_plan.h"

#include "common/date.h"
#include "common/must.h"

enum fault {
	F_TRUNCATED, F_VARINT, F_LENGTH, F_INT, F_BOOLEAN, F_UTF8, F_ENUM, F_BRANCH, F_ITEMS,
	F_MEMORY, F_TRAILING, F_DATE,
};

static const struct {
	const char *code, *what;
} faults[] = {
	[F_TRUNCATED] = { "avro-truncated", "runs past the end" },
	[F_VARINT] = { "avro-varint", "is a number of more than 64 bits" },
	[F_LENGTH] = { "avro-length", "has an impossible length" },
	[F_INT] = { "avro-int-range", "is an int of more than 32 bits" },
	[F_BOOLEAN] = { "avro-boolean", "is a boolean that is neither 0 nor 1" },
	[F_UTF8] = { "avro-utf8", "is a string that is not UTF-8" },
	[F_ENUM] = { "avro-enum", "is a symbol that our schema does not have" },
	[F_BRANCH] = { "avro-union-branch", "takes a branch of a union that our schema lacks" },
	[F_ITEMS] = { "avro-items", "has too many items" },
	[F_MEMORY] = { "avro-memory", "needs more memory than one record may take" },
	[F_TRAILING] = { "avro-trailing", "ends before the bytes do" },
	[F_DATE] = { "avro-date-range", "is a day outside 1582-10-15 to 9999-12-31" },
};

/* --- numbers ------------------------------------------------------------------ */

struct varint {
	const uint8_t *p; /* after it; NULL: bad */
	uint64_t v;
};

static struct varint
varint_slow(const uint8_t *p, const uint8_t *end)
{
	uint64_t v = 0;

	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		uint64_t byte = *p++;

		if (shift == 63 && byte > 1)
			break;
		v |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return (struct varint){ p, v };
	}
	return (struct varint){ NULL, 0 };
}

static inline struct varint
varint(const uint8_t *p, const uint8_t *end)
{
	if (p < end && *p < 0x80)
		return (struct varint){ p + 1, *p };
	if (end - p >= 3) {
		uint64_t v = (uint64_t)(p[0] & 0x7f) | (uint64_t)(p[1] & 0x7f) << 7;

		if (p[1] < 0x80)
			return (struct varint){ p + 2, v };
		if (p[2] < 0x80)
			return (struct varint){ p + 3, v | (uint64_t)p[2] << 14 };
	}
	return varint_slow(p, end);
}

static inline int64_t
zigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

static enum fault
varint_fault(const uint8_t *p, const uint8_t *end)
{
	for (int i = 0; i < 10; i++)
		if (p + i >= end)
			return F_TRUNCATED;
	return F_VARINT;
}

/* --- UTF-8 ---------------------------------------------------------------------- */

/* Bytes of the sequence at s, 0: none is well-formed.  Unicode, table 3-7. */
static size_t
utf8_sequence(const uint8_t *s, size_t n)
{
	uint8_t a = s[0], low = 0x80, high = 0xbf;
	size_t len;

	if (a < 0x80)
		return 1;
	if (a >= 0xc2 && a <= 0xdf)
		len = 2;
	else if (a >= 0xe0 && a <= 0xef)
		len = 3;
	else if (a >= 0xf0 && a <= 0xf4)
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	if (a == 0xe0)
		low = 0xa0;
	else if (a == 0xed)
		high = 0x9f;
	else if (a == 0xf0)
		low = 0x90;
	else if (a == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool
utf8_slow(const uint8_t *s, size_t n)
{
	while (n) {
		size_t k = utf8_sequence(s, n);

		if (k == 0)
			return false;
		s += k;
		n -= k;
	}
	return true;
}

static inline uint64_t
load64(const uint8_t *s)
{
	uint64_t v;

	memcpy(&v, s, 8);
	return v;
}

/* ASCII needs no walk: high bits of eight bytes at once; the tail is read
 * with what stands before or after it, inside the input. */
static inline bool
utf8_valid(const uint8_t *s, size_t n, const uint8_t *end)
{
	const uint64_t high = 0x8080808080808080ULL;
	uint64_t bits = 0;

	if (n >= 8) {
		for (size_t i = 0; i + 8 < n; i += 8)
			bits |= load64(s + i);
		bits |= load64(s + n - 8);
	} else if (end - s >= 8) {
		bits = n ? load64(s) << (64 - 8 * n) : 0;
	} else {
		for (size_t i = 0; i < n; i++)
			bits |= s[i];
	}
	return !(bits & high) || utf8_slow(s, n);
}

/* --- blocks of arrays and maps ---------------------------------------------------- */

struct block {
	const uint8_t *p;  /* after its head; NULL: bad */
	uint32_t count;    /* 0: the end */
	uint32_t bytes;    /* 0: not told */
	enum fault fault;
};

static struct block
block_bad(enum fault fault)
{
	return (struct block){ .fault = fault };
}

/* `had` items came before; `spare` items of no bytes are still allowed. */
static struct block
block_head(const uint8_t *p, const uint8_t *end, uint32_t had, uint32_t min_bytes,
    uint32_t spare)
{
	struct varint n = varint(p, end), size = { NULL, 0 };
	int64_t count, bytes = 0;

	if (!n.p)
		return block_bad(varint_fault(p, end));
	count = zigzag(n.v);
	if (count < 0) {
		size = varint(n.p, end);
		if (!size.p)
			return block_bad(varint_fault(n.p, end));
		bytes = zigzag(size.v);
		if (bytes < 0 || bytes > AV_RECORD_MAX)
			return block_bad(F_LENGTH);
		if (bytes > end - size.p)
			return block_bad(F_TRUNCATED);
		if (count < -AV_ITEMS_MAX)
			return block_bad(F_ITEMS);
		count = -count;
	}
	if (count > AV_ITEMS_MAX - (int64_t)had || (min_bytes == 0 && count > (int64_t)spare))
		return block_bad(F_ITEMS);
	p = size.p ? size.p : n.p;
	if (count * (int64_t)min_bytes > end - p)
		return block_bad(F_TRUNCATED);
	return (struct block){ p, (uint32_t)count, (uint32_t)bytes, F_TRUNCATED };
}

struct frame {
	uint8_t *base;        /* of the struct outside */
	struct av_array *array;
	uint32_t left;        /* items of this block, with the one at hand */
	uint32_t n;           /* items of all blocks so far */
	uint32_t cap;
};

/* Room for all items of the block that begins; keeps those that are there. */
static bool
array_grow(struct frame *f, const struct av_items *items, struct arena *arena)
{
	uint32_t cap = f->cap * 2 > f->n ? f->cap * 2 : f->n;
	size_t had = (size_t)f->array->n * items->stride;
	void *grown;

	if (f->n <= f->cap)
		return true;
	grown = arena_alloc(arena, (size_t)cap * items->stride);
	if (!grown)
		return false;
	if (had)
		memcpy(grown, f->array->items, had);
	f->array->items = grown;
	f->cap = cap;
	return true;
}

/* The next item's place, initialised. */
static inline uint8_t *
array_item(struct frame *f, const struct av_items *items)
{
	uint8_t *item = (uint8_t *)f->array->items + (size_t)f->array->n++ * items->stride;

	if (items->init)
		memcpy(item, items->init, items->stride);
	return item;
}

/* --- the interpreter --------------------------------------------------------------- */

static int
fail(const struct av_plan *plan, const struct av_op *op, size_t at, enum fault fault,
    struct err *err)
{
	const char *field = plan->fields[op - plan->ops];

	return err_code(err, ERR_RECORD, faults[fault].code, field, "%s%s%s %s at byte %zu",
	    field ? "field '" : "record", field ? field : "", field ? "'" : "",
	    faults[fault].what, at);
}

static inline void
put32(uint8_t *at, int32_t v)
{
	memcpy(at, &v, sizeof(v));
}

static inline void
put64(uint8_t *at, int64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static inline void
put_nlong(uint8_t *at, int64_t v)
{
	struct av_nlong *n = (void *)at;

	n->v = v;
	n->has = true;
}

static inline void
put_span(uint8_t *at, const uint8_t *p, size_t n)
{
	struct span *s = (void *)at;

	s->ptr = p;
	s->len = n;
}

static inline void
put_integer(uint8_t *at, enum av_type type, int64_t v)
{
	struct av_value *value = (void *)at;

	value->type = type;
	value->i = v;
}

static inline void
put_double(uint8_t *at, double d)
{
	struct av_value *value = (void *)at;

	value->type = AV_DOUBLE;
	value->d = d;
}

static inline uint64_t
little(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline double
get_float(const uint8_t *p)
{
	uint32_t bits = (uint32_t)little(p, 4);
	float v;

	memcpy(&v, &bits, 4);
	return (double)v;
}

static inline double
get_double(const uint8_t *p)
{
	uint64_t bits = little(p, 8);
	double v;

	memcpy(&v, &bits, 8);
	return v;
}

#define FAIL(f) do { fault = (f); goto bad; } while (0)
#define NEED(n) do { if ((size_t)(end - p) < (n)) FAIL(F_TRUNCATED); } while (0)
#define VARINT(to) do {						\
	struct varint v_ = varint(p, end);			\
	if (!v_.p)						\
		FAIL(varint_fault(p, end));			\
	p = v_.p;						\
	(to) = v_.v;						\
} while (0)
#define LONG(i) do { uint64_t l_; VARINT(l_); (i) = zigzag(l_); } while (0)
#define INT(i) do {						\
	uint64_t n_;						\
	VARINT(n_);						\
	if (n_ > UINT32_MAX)					\
		FAIL(F_INT);					\
	(i) = zigzag(n_);					\
} while (0)
#define LENGTH(n) do {						\
	uint64_t z_;						\
	VARINT(z_);						\
	if ((z_ & 1) || z_ > 2 * (uint64_t)AV_RECORD_MAX)	\
		FAIL(F_LENGTH);					\
	(n) = (size_t)(z_ >> 1);				\
	NEED(n);						\
} while (0)

int
av_run(const struct av_plan *plan, struct span in, uint8_t *base, struct arena *arena,
    struct err *err)
{
	static const uint8_t nothing[1];
	const uint8_t *start = in.ptr ? in.ptr : nothing, *p = start, *end = start + in.len;
	const struct av_op *op = plan->ops;
	struct frame frames[AV_DEPTH_MAX], *top = frames;
	uint32_t spare = AV_ITEMS_MAX;
	enum fault fault;
	struct block block;
	uint64_t u;
	int64_t i;
	size_t n;

	for (;; op++) {
		switch ((enum av_opcode)op->code) {
		case OP_END:
			if (p != end)
				FAIL(F_TRAILING);
			return 0;
		case OP_BOOL:
			NEED(1);
			if (*p > 1)
				FAIL(F_BOOLEAN);
			base[op->off] = *p++;
			break;
		case OP_INT:
			INT(i);
			put32(base + op->off, (int32_t)i);
			break;
		case OP_LONG:
			LONG(i);
			put64(base + op->off, i);
			break;
		case OP_INT_LONG:
			INT(i);
			put64(base + op->off, i);
			break;
		case OP_MAYBE_DATE:
			VARINT(u);
			if (u == op->none)
				break;
			if (u != op->some)
				FAIL(F_BRANCH);
			/* fallthrough */
		case OP_DATE:
			INT(i);
			if (i < DATE_MIN || i > DATE_MAX)
				FAIL(F_DATE);
			put32(base + op->off, (int32_t)i);
			break;
		case OP_NLONG:
			LONG(i);
			put_nlong(base + op->off, i);
			break;
		case OP_INT_NLONG:
			INT(i);
			put_nlong(base + op->off, i);
			break;
		case OP_MAYBE_STRING:
			VARINT(u);
			if (u == op->none)
				break;
			if (u != op->some)
				FAIL(F_BRANCH);
			/* fallthrough */
		case OP_STRING:
			LENGTH(n);
			if (!utf8_valid(p, n, end))
				FAIL(F_UTF8);
			put_span(base + op->off, p, n);
			p += n;
			break;
		case OP_BYTES:
			LENGTH(n);
			put_span(base + op->off, p, n);
			p += n;
			break;
		case OP_FIXED:
			NEED(op->a);
			if (op->a == ID_BYTES)
				memcpy(base + op->off, p, ID_BYTES);
			else
				memcpy(base + op->off, p, op->a);
			p += op->a;
			break;
		case OP_ENUM:
			INT(i);
			if (i < 0 || i >= op->b || plan->pool[op->a + (uint64_t)i] < 0)
				FAIL(F_ENUM);
			put32(base + op->off, plan->pool[op->a + (uint64_t)i]);
			break;
		case OP_VAL_BOOL:
			NEED(1);
			if (*p > 1)
				FAIL(F_BOOLEAN);
			put_integer(base + op->off, AV_BOOLEAN, *p++);
			break;
		case OP_VAL_INT:
			INT(i);
			put_integer(base + op->off, AV_LONG, i);
			break;
		case OP_VAL_LONG:
			LONG(i);
			put_integer(base + op->off, AV_LONG, i);
			break;
		case OP_VAL_INT_DOUBLE:
			INT(i);
			put_double(base + op->off, (double)i);
			break;
		case OP_VAL_LONG_DOUBLE:
			LONG(i);
			put_double(base + op->off, (double)i);
			break;
		case OP_VAL_FLOAT:
			NEED(4u);
			put_double(base + op->off, get_float(p));
			p += 4;
			break;
		case OP_VAL_DOUBLE:
			NEED(8u);
			put_double(base + op->off, get_double(p));
			p += 8;
			break;
		case OP_VAL_STRING:
			LENGTH(n);
			if (!utf8_valid(p, n, end))
				FAIL(F_UTF8);
			((struct av_value *)(void *)(base + op->off))->type = AV_STRING;
			((struct av_value *)(void *)(base + op->off))->s = span_of(p, n);
			p += n;
			break;
		case OP_MAYBE:
			VARINT(u);
			if (u == op->none)
				op = plan->ops + op->a - 1;
			else if (u != op->some)
				FAIL(F_BRANCH);
			break;
		case OP_UNION:
			LONG(i);
			if (i < 0 || i >= op->b || plan->pool[op->a + (uint64_t)i] < 0)
				FAIL(F_BRANCH);
			op = plan->ops + plan->pool[op->a + (uint64_t)i] - 1;
			break;
		case OP_JUMP:
			op = plan->ops + op->a - 1;
			break;
		case OP_FILL:
			memcpy(base + op->off, plan->fills[op->a].from, plan->fills[op->a].bytes);
			break;
		case OP_OPTION: {
			const struct av_items *sub = &plan->items[op->b];
			uint8_t *inner = arena_alloc(arena, sub->stride);

			if (!inner)
				FAIL(F_MEMORY);
			memcpy(inner, sub->init, sub->stride);
			memcpy(base + op->off, &inner, sizeof(inner));
			MUST(top < frames + AV_DEPTH_MAX);
			(top++)->base = base;
			base = inner;
			break;
		}
		case OP_LEAVE:
			base = (--top)->base;
			break;
		case OP_ARRAY:
			MUST(top < frames + AV_DEPTH_MAX);
			*top = (struct frame){ .base = base,
				.array = (void *)(base + op->off) };
			top++;
			goto next_block;
		case OP_NEXT:
			if (--top[-1].left) {
				base = array_item(&top[-1], &plan->items[op->b]);
				op = plan->ops + op->a - 1;
				break;
			}
		next_block:
			block = block_head(p, end, top[-1].n, plan->items[op->b].min_bytes, spare);
			if (!block.p)
				FAIL(block.fault);
			p = block.p;
			if (block.count == 0) {
				base = (--top)->base;
				if (op->code == OP_ARRAY)
					op = plan->ops + op->a - 1;
				break;
			}
			if (plan->items[op->b].min_bytes == 0)
				spare -= block.count;
			top[-1].left = block.count;
			top[-1].n += block.count;
			if (!array_grow(&top[-1], &plan->items[op->b], arena))
				FAIL(F_MEMORY);
			base = array_item(&top[-1], &plan->items[op->b]);
			if (op->code == OP_NEXT)
				op = plan->ops + op->a - 1;
			break;
		case OP_SKIP_BYTES:
			NEED(op->a);
			p += op->a;
			break;
		case OP_SKIP_VARINT:
			VARINT(u);
			break;
		case OP_SKIP_STRING:
			LENGTH(n);
			p += n;
			break;
		case OP_SKIP_LOOP:
			MUST(top < frames + AV_DEPTH_MAX);
			*top = (struct frame){ .base = base };
			top++;
			goto skip_block;
		case OP_SKIP_NEXT:
			if (--top[-1].left) {
				op = plan->ops + op->a - 1;
				break;
			}
		skip_block:
			do {
				block = block_head(p, end, top[-1].n,
				    plan->items[op->b].min_bytes, spare);
				if (!block.p)
					FAIL(block.fault);
				p = block.p + block.bytes;
				top[-1].n += block.count;
				if (plan->items[op->b].min_bytes == 0)
					spare -= block.count;
			} while (block.bytes
			    || (block.count && plan->items[op->b].min_bytes == 0));
			top[-1].left = block.count;
			if (block.count == 0)
				top--;
			if (block.count == 0 ? op->code == OP_SKIP_LOOP : op->code == OP_SKIP_NEXT)
				op = plan->ops + op->a - 1;
			break;
		}
	}
bad:
	return fail(plan, op, (size_t)(p - start), fault, err);
}

int
av_decode(const struct av_plan *plan, struct span in, void *out, struct arena *arena,
    struct err *err)
{
	if (in.len > AV_RECORD_MAX)
		return err_code(err, ERR_RECORD, "avro-size", NULL,
		    "record has more than %d bytes", AV_RECORD_MAX);
	memcpy(out, plan->init, plan->binding->size);
	return av_run(plan, in, out, arena, err);
}
