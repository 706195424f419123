/*
 * selftest - the machine's TPM tests itself, for the boot's self-test.
 *
 * Owns: nothing between calls. May include: base, jail, tpm. To be called in a process
 * of its own: it confines itself as the TPM process does. See docs/TPM.md.
 */
#ifndef TPM_SELFTEST_H
#define TPM_SELFTEST_H

#include "appliance/base/selftest.h"
#include "appliance/tpm/wire.h"

/* Over an open wire: start, test, and the TPM's own word on how that ended. */
SN_MUST_USE enum sn_err tpm_selftest_wire(struct tpm_wire *wire, struct sn_why *why);

/* Ends with a row without a name. SN_E_MISSING: the kernel shows no TPM 2. */
extern const struct sn_selftest tpm_selftests[];

#endif
