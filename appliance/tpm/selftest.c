#include "appliance/tpm/selftest.h"

#include <unistd.h>

#include "appliance/jail/jail.h"
#include "appliance/tpm/dev.h"

#define MANAGED_TPM "/dev/tpmrm0" /* TPM 2 only; an older one has no such device */

enum sn_err
tpm_selftest_wire(struct tpm_wire *wire, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_free) struct tpm_dev *dev = NULL;

	SN_TRY(tpm_dev_open(wire, &dev, why));
	SN_TRY(tpm_dev_startup(dev, why));
	return tpm_dev_test_result(dev, why);
}

static enum sn_err
device(const struct sn_selftest *t SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(tpm_wire_done) struct tpm_wire_fd wire = { .in = -1, .out = -1 };

	if (access(MANAGED_TPM, F_OK) != 0)
		return sn_fail(why, SN_E_MISSING, "no TPM");
	SN_TRY(tpm_wire_device(&wire, why));
	SN_TRY(jail_enter(&jail_policies[JAIL_TPM_DEVICE], why));
	return tpm_selftest_wire(&wire.wire, why);
}

const struct sn_selftest tpm_selftests[] = {
	{ .name = "tpm self-test", .source = "passed, by its own report", .run = device },
	{ .name = NULL },
};
