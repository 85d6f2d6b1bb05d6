#include "transform/match/sweep.h"

#include <string.h>

#include "common/mem.h"
#include "common/must.h"
#include "transform/match/sweep_kernel.h"

enum { DEN_MAX = 10000, ROWS_FIRST = 8, NEVER = SWEEP_BITS + 1 };

/* All rows with the same number of ones. */
struct bucket {
	uint8_t *rows;
	uint32_t *ids;
	uint32_t n, cap;
};

struct sweep {
	struct sweep_bar bar;
	sweep_kernel *kernel;
	struct bucket by[SWEEP_BITS + 1];
	uint32_t *where; /* id -> place in its bucket */
	uint32_t where_n, rows;
};

/* --- dice */

/* Hacker's Delight (Warren), 5-1. */
static uint32_t
ones64(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
	return (uint32_t)(v * 0x0101010101010101u >> 56);
}

uint32_t
dice_common(const uint8_t *a, const uint8_t *b, size_t bytes)
{
	uint32_t sum = 0;

	MUST(bytes % 8 == 0);
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		sum += ones64(x & y);
	}
	return sum;
}

uint32_t
dice_ones(const uint8_t *a, size_t bytes)
{
	return dice_common(a, a, bytes);
}

bool
dice_reaches(uint32_t common, uint32_t a, uint32_t b, struct sweep_bar bar)
{
	return common > 0 && 2u * common * bar.den >= bar.num * (a + b);
}

uint32_t
dice_need(uint32_t a, uint32_t b, struct sweep_bar bar)
{
	uint32_t need = (bar.num * (a + b) + 2 * bar.den - 1) / (2 * bar.den);
	uint32_t most = a < b ? a : b;

	if (need == 0)
		need = 1;
	return need > most ? (uint32_t)NEVER : need;
}

/* --- paths */

enum sweep_path
sweep_path_best(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq"))
		return SWEEP_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return SWEEP_AVX2;
#endif
	return SWEEP_PORTABLE;
}

const char *
sweep_path_name(enum sweep_path path)
{
	static const char *const names[SWEEP_PATHS] = { "portable", "avx2", "avx512" };

	return names[path];
}

bool
sweep_path_set(struct sweep *s, enum sweep_path path)
{
	if (path > sweep_path_best()) /* each has all that are before it */
		return false;
	s->kernel = sweep_kernel_portable;
#if defined(__x86_64__)
	if (path == SWEEP_AVX2)
		s->kernel = sweep_kernel_avx2;
	if (path == SWEEP_AVX512)
		s->kernel = sweep_kernel_avx512;
#endif
	return true;
}

size_t
sweep_kernel_portable(const uint8_t *rows, size_t n, const uint8_t *tile,
    const uint16_t need[SWEEP_TILE], size_t queries, struct sweep_found *out)
{
	size_t found = 0;

	for (size_t r = 0; r < n; r++)
		for (size_t q = 0; q < queries; q++) {
			uint32_t common;

			if (need[q] == NEVER)
				continue;
			common = dice_common(rows + r * SWEEP_BYTES, tile + q * SWEEP_BYTES, SWEEP_BYTES);
			if (common >= need[q])
				out[found++] = (struct sweep_found){ (uint16_t)r, (uint16_t)q,
					(uint16_t)common };
		}
	return found;
}

/* --- the rows */

struct sweep *
sweep_new(struct sweep_bar bar)
{
	struct sweep *s = mem_zalloc(1, sizeof(*s));

	MUST(bar.num > 0 && bar.num <= bar.den && bar.den <= DEN_MAX);
	s->bar = bar;
	sweep_path_set(s, sweep_path_best());
	return s;
}

void
sweep_free(struct sweep *s)
{
	if (!s)
		return;
	for (int i = 0; i <= SWEEP_BITS; i++) {
		mem_free(s->by[i].rows);
		mem_free(s->by[i].ids);
	}
	mem_free(s->where);
	mem_free(s);
}

static void
bucket_room(struct bucket *b)
{
	if (b->n < b->cap)
		return;
	b->cap = b->cap ? b->cap + b->cap / 4 + 1 : (uint32_t)ROWS_FIRST;
	b->rows = mem_realloc(b->rows, b->cap, SWEEP_BYTES);
	b->ids = mem_realloc(b->ids, b->cap, sizeof(*b->ids));
}

static void
where_room(struct sweep *s, uint32_t id)
{
	uint32_t n = s->where_n;

	if (id < n)
		return;
	n = id + id / 4 + 1024;
	MUST(n > id);
	s->where = mem_realloc(s->where, n, sizeof(*s->where));
	s->where_n = n;
}

void
sweep_add(struct sweep *s, uint32_t id, const uint8_t encoding[SWEEP_BYTES])
{
	struct bucket *b = &s->by[dice_ones(encoding, SWEEP_BYTES)];

	bucket_room(b);
	where_room(s, id);
	memcpy(b->rows + (size_t)b->n * SWEEP_BYTES, encoding, SWEEP_BYTES);
	b->ids[b->n] = id;
	s->where[id] = b->n++;
	s->rows++;
}

/* The last of the bucket takes its place. */
void
sweep_remove(struct sweep *s, uint32_t id, const uint8_t encoding[SWEEP_BYTES])
{
	struct bucket *b = &s->by[dice_ones(encoding, SWEEP_BYTES)];
	uint32_t at, last;

	MUST(id < s->where_n && b->n > 0);
	at = s->where[id];
	last = b->n - 1;
	MUST(at <= last && b->ids[at] == id);
	if (at != last) {
		memcpy(b->rows + (size_t)at * SWEEP_BYTES, b->rows + (size_t)last * SWEEP_BYTES,
		    SWEEP_BYTES);
		b->ids[at] = b->ids[last];
		s->where[b->ids[at]] = at;
	}
	b->n = last;
	s->rows--;
}

uint32_t
sweep_rows(const struct sweep *s)
{
	return s->rows;
}

size_t
sweep_memory_bytes(const struct sweep *s)
{
	size_t sum = sizeof(*s) + s->where_n * sizeof(*s->where);

	for (int i = 0; i <= SWEEP_BITS; i++)
		sum += (size_t)s->by[i].cap * (SWEEP_BYTES + sizeof(uint32_t));
	return sum;
}

/* --- the sweep */

struct order {
	uint32_t ones, query;
};

/* Queries by their number of ones, so that those of a tile meet the same rows.
 * By counting: stable, and as fast as there are queries. */
static struct order *
order_make(const uint8_t *queries, size_t n)
{
	struct order *order = mem_alloc(n * sizeof(*order));
	uint32_t *ones = mem_alloc(n * sizeof(*ones));
	uint32_t from[SWEEP_BITS + 2] = { 0 };

	for (size_t i = 0; i < n; i++) {
		ones[i] = dice_ones(queries + i * SWEEP_BYTES, SWEEP_BYTES);
		from[ones[i] + 1]++;
	}
	for (int i = 0; i <= SWEEP_BITS; i++)
		from[i + 1] += from[i];
	for (size_t i = 0; i < n; i++)
		order[from[ones[i]]++] = (struct order){ ones[i], (uint32_t)i };
	mem_free(ones);
	return order;
}

struct tile {
	_Alignas(64) uint8_t queries[SWEEP_TILE * SWEEP_BYTES];
	const struct order *order;
	size_t n;
};

/* How many of the tile take part with rows of b ones. */
static unsigned
tile_need(const struct sweep *s, const struct tile *t, uint32_t b, uint16_t need[SWEEP_TILE])
{
	unsigned taking_part = 0;

	for (size_t q = 0; q < SWEEP_TILE; q++) {
		need[q] = (uint16_t)(q < t->n ? dice_need(t->order[q].ones, b, s->bar) : (uint32_t)NEVER);
		taking_part += need[q] != NEVER;
	}
	return taking_part;
}

static uint64_t
tile_run(const struct sweep *s, const struct tile *t, sweep_hit *hit, void *arg)
{
	struct sweep_found found[SWEEP_FOUND_MAX];
	uint16_t need[SWEEP_TILE];
	uint64_t compared = 0;

	for (uint32_t b = 0; b <= SWEEP_BITS; b++) {
		const struct bucket *rows = &s->by[b];
		unsigned taking_part = rows->n ? tile_need(s, t, b, need) : 0;

		if (!taking_part)
			continue;
		for (uint32_t at = 0; at < rows->n; at += SWEEP_BLOCK) {
			uint32_t left = rows->n - at;
			size_t n = s->kernel(rows->rows + (size_t)at * SWEEP_BYTES,
			    left < SWEEP_BLOCK ? left : SWEEP_BLOCK, t->queries, need, t->n, found);

			for (size_t i = 0; i < n; i++)
				hit(arg, t->order[found[i].query].query, rows->ids[at + found[i].row],
				    found[i].common);
		}
		compared += (uint64_t)taking_part * rows->n;
	}
	return compared;
}

uint64_t
sweep_run(const struct sweep *s, const uint8_t *queries, size_t n, sweep_hit *hit, void *arg)
{
	struct order *order = order_make(queries, n);
	uint64_t compared = 0;
	struct tile t;

	memset(t.queries, 0, sizeof(t.queries));
	for (size_t at = 0; at < n; at += SWEEP_TILE) {
		t.order = order + at;
		t.n = n - at < SWEEP_TILE ? n - at : SWEEP_TILE;
		for (size_t q = 0; q < t.n; q++)
			memcpy(t.queries + q * SWEEP_BYTES, queries + (size_t)t.order[q].query * SWEEP_BYTES,
			    SWEEP_BYTES);
		compared += tile_run(s, &t, hit, arg);
	}
	mem_free(order);
	return compared;
}
