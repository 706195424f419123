/*
 * shamir - polynomials over GF(256), the arithmetic under SLIP-0039.
 *
 * Owns: nothing. May include: base. No tables, no branch and no index that
 * depends on a value; the x coordinates and the sizes are public.
 * Source: SLIP-0039, "Shamir's secret sharing"; field polynomial x^8+x^4+x^3+x+1.
 */
#ifndef SHAMIR_H
#define SHAMIR_H

#include "appliance/base/base.h"

#define SHAMIR_MAX_POINTS 16

/* One value at one place for each byte of a string of len bytes. */
struct shamir_point {
	uint8_t x;
	const uint8_t *y; /* len bytes */
};

uint8_t shamir_mul(uint8_t a, uint8_t b);
uint8_t shamir_inverse(uint8_t a); /* of 0: 0 */

/*
 * The value at x of the polynomial of degree n-1 through n points with distinct
 * x, byte by byte, into ret (len bytes, none of the points' own memory).
 */
void shamir_interpolate(const struct shamir_point *points, size_t n, size_t len, uint8_t x,
    uint8_t *ret);

#endif
