/*
 * sweep_x86 - the inner loop for AVX2 and for AVX-512 VPOPCNTDQ.
 *
 * A row stays in registers while the tile goes by.  Four queries make one
 * answer: their counts, spread over the lanes of a vector, are at most 1024 in
 * all, so they lie side by side in 16 bits each and are added across together:
 *
 *	lane      [ c3 | c2 | c1 | c0 ]  + lanes ...  = four sums in 64 bits
 *	+ bias    0x8000 - need in each: bit 15 says: reached
 *
 * Compiled for these CPUs function by function, called only where they are.
 */
#include "transform/match/sweep_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

enum { FOUR = 4, REACHED = 0x8000 };

#define TOP_BITS UINT64_C(0x8000800080008000)

/* One for each four queries; a need of NEVER never reaches. */
static void
bias_of(const uint16_t need[SWEEP_TILE], uint64_t bias[SWEEP_TILE / FOUR])
{
	for (int i = 0; i < SWEEP_TILE / FOUR; i++) {
		bias[i] = 0;
		for (int q = 0; q < FOUR; q++)
			bias[i] |= (uint64_t)(REACHED - need[i * FOUR + q]) << 16 * q;
	}
}

static size_t
found_write(uint64_t sums, uint64_t reached, size_t row, size_t query, struct sweep_found *out)
{
	size_t n = 0;

	for (size_t q = 0; q < FOUR; q++)
		if (reached >> (16 * q + 15) & 1)
			out[n++] = (struct sweep_found){ (uint16_t)row, (uint16_t)(query + q),
				(uint16_t)(sums >> 16 * q) };
	return n;
}

/* --- AVX2 */

#define AVX2 __attribute__((target("avx2"), always_inline)) static inline

AVX2 __m256i
load256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* Ones of each byte, by its halves. */
AVX2 __m256i
byte_ones(__m256i v)
{
	const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
	    2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
	const __m256i low = _mm256_set1_epi8(0x0F);

	return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
	    _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

/* Ones in common, as four sums of 256 bits each. */
AVX2 __m256i
common256(const __m256i row[4], const uint8_t *query)
{
	__m256i a = _mm256_add_epi8(byte_ones(_mm256_and_si256(row[0], load256(query))),
	    byte_ones(_mm256_and_si256(row[1], load256(query + 32))));
	__m256i b = _mm256_add_epi8(byte_ones(_mm256_and_si256(row[2], load256(query + 64))),
	    byte_ones(_mm256_and_si256(row[3], load256(query + 96))));

	return _mm256_sad_epu8(_mm256_add_epi8(a, b), _mm256_setzero_si256());
}

AVX2 uint64_t
across256(__m256i v)
{
	__m128i half
	    = _mm_add_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi16(half, _mm_unpackhi_epi64(half, half)));
}

__attribute__((target("avx2"))) size_t
sweep_kernel_avx2(const uint8_t *rows, size_t n, const uint8_t *tile,
    const uint16_t need[SWEEP_TILE], size_t queries, struct sweep_found *out)
{
	uint64_t bias[SWEEP_TILE / FOUR];
	size_t found = 0;

	bias_of(need, bias);
	for (size_t r = 0; r < n; r++) {
		const uint8_t *at = rows + r * SWEEP_BYTES;
		const __m256i row[4] = { load256(at), load256(at + 32), load256(at + 64),
			load256(at + 96) };

		for (size_t q = 0; q < queries; q += FOUR) {
			const uint8_t *query = tile + q * SWEEP_BYTES;
			__m256i all = common256(row, query);
			uint64_t sums, reached;

			all = _mm256_or_si256(all,
			    _mm256_slli_epi64(common256(row, query + SWEEP_BYTES), 16));
			all = _mm256_or_si256(all,
			    _mm256_slli_epi64(common256(row, query + 2 * SWEEP_BYTES), 32));
			all = _mm256_or_si256(all,
			    _mm256_slli_epi64(common256(row, query + 3 * SWEEP_BYTES), 48));
			sums = across256(all);
			reached = (sums + bias[q / FOUR]) & TOP_BITS;
			if (reached)
				found += found_write(sums, reached, r, q, out + found);
		}
	}
	return found;
}

/* --- AVX-512 */

#define AVX512 \
	__attribute__((target("avx512f,avx512vpopcntdq"), always_inline)) static inline

AVX512 __m512i
common512(__m512i low, __m512i high, const uint8_t *query)
{
	return _mm512_add_epi64(
	    _mm512_popcnt_epi64(_mm512_and_si512(low, _mm512_loadu_si512(query))),
	    _mm512_popcnt_epi64(_mm512_and_si512(high, _mm512_loadu_si512(query + 64))));
}

AVX512 uint64_t
across512(__m512i v)
{
	__m256i quarter = _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
	__m128i half = _mm_add_epi64(_mm256_castsi256_si128(quarter),
	    _mm256_extracti128_si256(quarter, 1));

	return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(half, _mm_unpackhi_epi64(half, half)));
}

__attribute__((target("avx512f,avx512vpopcntdq"))) size_t
sweep_kernel_avx512(const uint8_t *rows, size_t n, const uint8_t *tile,
    const uint16_t need[SWEEP_TILE], size_t queries, struct sweep_found *out)
{
	uint64_t bias[SWEEP_TILE / FOUR];
	size_t found = 0;

	bias_of(need, bias);
	for (size_t r = 0; r < n; r++) {
		const __m512i low = _mm512_loadu_si512(rows + r * SWEEP_BYTES);
		const __m512i high = _mm512_loadu_si512(rows + r * SWEEP_BYTES + 64);

		for (size_t q = 0; q < queries; q += FOUR) {
			const uint8_t *query = tile + q * SWEEP_BYTES;
			__m512i all = common512(low, high, query);
			uint64_t sums, reached;

			all = _mm512_or_si512(all,
			    _mm512_slli_epi64(common512(low, high, query + SWEEP_BYTES), 16));
			all = _mm512_or_si512(all,
			    _mm512_slli_epi64(common512(low, high, query + 2 * SWEEP_BYTES), 32));
			all = _mm512_or_si512(all,
			    _mm512_slli_epi64(common512(low, high, query + 3 * SWEEP_BYTES), 48));
			sums = across512(all);
			reached = (sums + bias[q / FOUR]) & TOP_BITS;
			if (reached)
				found += found_write(sums, reached, r, q, out + found);
		}
	}
	return found;
}

#endif
