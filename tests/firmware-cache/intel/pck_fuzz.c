#include <stdlib.h>
#include <string.h>

#include "firmware-cache/intel/pck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* What an extension says fits its fields, and its own platform chooses it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	uint8_t tcbm[INTEL_TCBM_LEN];
	struct intel_pck p = { 0 };

	if (cry_cert_parse((struct bytes){ data, size }, &c, NULL) != SN_OK)
		return 0;
	if (intel_pck_parse(c, &p, NULL) != SN_OK) {
		if (!is_zero((const uint8_t *)&p, sizeof(p)))
			abort();
		return 0;
	}
	if (p.sgx_type > INTEL_SGX_SCALABLE_INTEGRITY ||
	    (!p.platform &&
		(!is_zero(p.instance_id, sizeof(p.instance_id)) || p.dynamic_platform ||
		    p.cached_keys || p.smt_enabled)))
		abort();
	intel_pck_tcbm(&p, tcbm);
	if (memcmp(tcbm, p.cpu_svn, sizeof(p.cpu_svn)) != 0 ||
	    (tcbm[INTEL_CPUSVN_LEN] | tcbm[INTEL_CPUSVN_LEN + 1] << 8) != p.tcb.pce_svn)
		abort();
	if (intel_pck_select(&p, 1, &p.tcb, p.pce_id, NULL, 0) != 0 ||
	    intel_pck_select(&p, 1, &p.tcb, p.pce_id, &p.tcb, 1) != 0)
		abort();
	return 0;
}
