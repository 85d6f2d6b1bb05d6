#include "transform/match/bits.h"

#include "common/must.h"

__extension__ typedef unsigned __int128 u128;

enum { STEP = 125, STEPS = 104, LIKELY_STEP = 250, LIKELY_STEPS = 48, FRACTION_BITS = 14 };

/* 1000 log2(1 + 2^(-i/8)) */
static const int16_t above[STEPS + 1] = {
	1000, 939, 880, 825, 772, 721, 673, 628, 585, 544, 506, 470, 437, 405, 376, 348, 322,
	298, 275, 254, 235, 217, 200, 184, 170, 157, 144, 133, 122, 112, 103, 95, 87, 80, 74,
	68, 62, 57, 53, 48, 44, 41, 37, 34, 32, 29, 27, 24, 22, 21, 19, 17, 16, 15, 13, 12, 11,
	10, 9, 9, 8, 7, 7, 6, 6, 5, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

/* 1000 / (1 + 2^(-i/4)) */
static const int16_t likely[LIKELY_STEPS + 1] = {
	500, 543, 586, 627, 667, 704, 739, 771, 800, 826, 850, 871, 889, 905, 919, 931, 941,
	950, 958, 964, 970, 974, 978, 982, 985, 987, 989, 991, 992, 993, 995, 995, 996, 997,
	997, 998, 998, 998, 999, 999, 999, 999, 999, 999, 1000, 1000, 1000, 1000, 1000,
};

int32_t
bits_log2(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n | 1);
	uint64_t m = n << (63 - whole); /* n / 2^whole in [1, 2), 63 bits behind the point */
	int32_t fraction = 0;

	MUST(n > 0);
	for (int i = 0; i < FRACTION_BITS; i++) {
		u128 square = (u128)m * m;

		fraction *= 2;
		m = (uint64_t)(square >> 63);
		if (square >> 127) {
			fraction++;
			m = (uint64_t)(square >> 64);
		}
	}
	return whole * 1000 + (int32_t)((int64_t)fraction * 1000 >> FRACTION_BITS);
}

int32_t
bits_ratio(uint64_t n, uint64_t of)
{
	return bits_log2(n ? n : 1) - bits_log2(of ? of : 1);
}

int32_t
bits_sum(int32_t a, int32_t b)
{
	int32_t high = a > b ? a : b, d = a > b ? a - b : b - a, i = d / STEP, rest = d % STEP;

	if (i >= STEPS)
		return high;
	return high + above[i] + (above[i + 1] - above[i]) * rest / STEP;
}

int32_t
bits_likely(int32_t w)
{
	int32_t d = w < 0 ? -w : w, i = d / LIKELY_STEP, rest = d % LIKELY_STEP, p;

	if (i >= LIKELY_STEPS)
		p = 1000;
	else
		p = likely[i] + (likely[i + 1] - likely[i]) * rest / LIKELY_STEP;
	return w < 0 ? 1000 - p : p;
}

/* 2^(-i/8), 30 bits behind the point */
static const uint32_t eighth[8 + 1] = { 1073741824, 984625594, 902905651, 827968132, 759250125, 696235434, 638450708, 585461881, 536870912 };

uint64_t
bits_power(int32_t w, uint64_t of)
{
	uint32_t down = (uint32_t)-w, whole = down / 1000, rest = down % 1000, i = rest / STEP;
	uint64_t f = eighth[i] - (uint64_t)(eighth[i] - eighth[i + 1]) * (rest % STEP) / STEP;

	MUST(w <= 0 && of < (uint64_t)1 << 34);
	return whole > 33 ? 0 : of * f >> 30 >> whole;
}

enum { BLEND_SCALE = 10000 };

int32_t
bits_blend(int32_t before, uint64_t belief, uint64_t n, uint64_t of)
{
	return bits_ratio(bits_power(before, belief * BLEND_SCALE) + n * BLEND_SCALE,
	    (belief + of) * BLEND_SCALE);
}
