/*
 * swtpm - our code over a connection to the test's own swtpm.
 *
 * Owns: nothing. May include: appliance/tpm, tests/lib. Test only.
 */
#ifndef TPM_SWTPM_H
#define TPM_SWTPM_H

#include "tests/appliance/tpm/rig.h"
#include "tests/lib/swtpm.h"

/* A new certified TPM, switched on. */
static inline void
swtpm_new(void)
{
	swtpm_make();
	swtpm_start();
}

/* The device is open, not started. */
static inline void
swtpm_rig(struct rig *r)
{
	struct sn_why why = { 0 };
	int fd = swtpm_connect();

	*r = (struct rig){ .wire.exchange = rig_exchange };
	tpm_wire_fds(fd, fd, "swtpm", &r->tpm);
	if (tpm_dev_open(&r->wire, &r->dev, &why) != SN_OK)
		fail_msg("%s", why.text);
}

#endif
