/*
 * selftest - the known answer of SLIP-0039, for the boot's self-test.
 *
 * Owns: nothing. May include: base, crypto. cry_start() must have succeeded.
 */
#ifndef KEYS_SELFTEST_H
#define KEYS_SELFTEST_H

#include "appliance/base/selftest.h"

/* Ends with a row without a name. key is the passphrase, salt and data are shares, all
 * as text; want is the secret in hexadecimal. */
extern const struct sn_selftest keys_selftests[];

#endif
