/*
 * selftest - known answers of what GnuTLS is used for here: `crosscheck --selftest`.
 *
 * Owns: nothing. May include: base, gnutls. The rows are published vectors, the same as
 * those that the other library is tested with.
 */
#ifndef CROSSCHECK_SELFTEST_H
#define CROSSCHECK_SELFTEST_H

#include "appliance/base/selftest.h"

/* Ends with a row without a name. */
extern const struct sn_selftest xc_selftests[];

#endif
