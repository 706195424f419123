/* GF(256) against a long-hand computation, over all values. */
#include <string.h>

#include "ceremony/keys/shamir.h"
#include "tests/lib/test.h"

/* Schoolbook: multiply the polynomials, then divide by x^8+x^4+x^3+x+1. */
static uint8_t
long_hand(uint8_t a, uint8_t b)
{
	unsigned int product = 0;

	for (unsigned int i = 0; i < 8; i++)
		if ((b >> i & 1) != 0)
			product ^= (unsigned int)a << i;
	for (unsigned int i = 15; i >= 8; i--)
		if ((product >> i & 1) != 0)
			product ^= 0x11bU << (i - 8);
	return (uint8_t)product;
}

static void
test_product(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < 256; a++)
		for (unsigned int b = 0; b < 256; b++)
			assert_int_equal(shamir_mul((uint8_t)a, (uint8_t)b),
			    long_hand((uint8_t)a, (uint8_t)b));
}

static void
test_inverse(void **state)
{
	(void)state;
	assert_int_equal(shamir_inverse(0), 0);
	for (unsigned int a = 1; a < 256; a++)
		assert_int_equal(long_hand((uint8_t)a, shamir_inverse((uint8_t)a)), 1);
}

/* y = c0 + c1 x + c2 x^2 at three places gives its value at every other. */
static void
test_polynomial(void **state)
{
	const uint8_t c[3] = { 0x53, 0xca, 0x01 };
	uint8_t y[256][2];
	struct shamir_point points[3];

	(void)state;
	for (unsigned int x = 0; x < 256; x++) {
		uint8_t xx = long_hand((uint8_t)x, (uint8_t)x);

		y[x][0] = (uint8_t)(c[0] ^ long_hand(c[1], (uint8_t)x) ^ long_hand(c[2], xx));
		y[x][1] = (uint8_t)(c[2] ^ long_hand(c[0], (uint8_t)x));
	}
	points[0] = (struct shamir_point){ 0, y[0] };
	points[1] = (struct shamir_point){ 77, y[77] };
	points[2] = (struct shamir_point){ 255, y[255] };
	for (unsigned int x = 0; x < 256; x++) {
		uint8_t got[2];

		shamir_interpolate(points, 3, 2, (uint8_t)x, got);
		assert_memory_equal(got, y[x], 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_polynomial),
	};

	return cmocka_run_group_tests_name("shamir", tests, NULL, NULL);
}
