/*
 * secret_rig - what both tests of secret memory do before and after each test.
 *
 * Owns: nothing. May include: base, tests/lib. See appliance/base/secret.h.
 */
#ifndef SECRET_RIG_H
#define SECRET_RIG_H

#include "appliance/base/secret.h"

#define ARENA 65536
#define UNIT 64

static inline int
start(void)
{
	return sn_secret_start(ARENA, NULL) == SN_OK ? 0 : -1;
}

static inline int
stop(void)
{
	size_t alive = sn_secret_alive();

	sn_secret_stop();
	sn_secret_stop();
	return alive == 0 ? 0 : -1;
}

static inline bool
all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

#endif
