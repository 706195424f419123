#include "ceremony/keys/shamir.h"

#include <string.h>

/* 0xff when the lowest bit of v is set, else 0. */
static uint8_t
mask(unsigned int v)
{
	return (uint8_t)(0U - (v & 1U));
}

uint8_t
shamir_mul(uint8_t a, uint8_t b)
{
	uint8_t product = 0;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		product ^= (uint8_t)(a & mask((unsigned int)b >> i));
		a = (uint8_t)((a << 1) ^ (0x1b & mask((unsigned int)a >> 7)));
	}
	return product;
}

/* a^254 by the chain 2, 3, 6, 12, 15, 30, 60, 120, 126, 127, 254. */
uint8_t
shamir_inverse(uint8_t a)
{
	uint8_t a2 = shamir_mul(a, a), a3 = shamir_mul(a2, a), a6 = shamir_mul(a3, a3);
	uint8_t a12 = shamir_mul(a6, a6), a15 = shamir_mul(a12, a3);
	uint8_t a30 = shamir_mul(a15, a15), a60 = shamir_mul(a30, a30);
	uint8_t a120 = shamir_mul(a60, a60), a127 = shamir_mul(shamir_mul(a120, a6), a);

	return shamir_mul(a127, a127);
}

void
shamir_interpolate(const struct shamir_point *points, size_t n, size_t len, uint8_t x,
    uint8_t *ret)
{
	size_t i, j;

	memset(ret, 0, len);
	for (i = 0; i < n; i++) {
		uint8_t above = 1, below = 1, weight;

		/* the Lagrange weight of point i at x; subtraction is xor */
		for (j = 0; j < n; j++) {
			if (j == i)
				continue;
			above = shamir_mul(above, (uint8_t)(x ^ points[j].x));
			below = shamir_mul(below, (uint8_t)(points[i].x ^ points[j].x));
		}
		weight = shamir_mul(above, shamir_inverse(below));
		for (j = 0; j < len; j++)
			ret[j] ^= shamir_mul(weight, points[i].y[j]);
	}
}
