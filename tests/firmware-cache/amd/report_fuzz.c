#include <stdlib.h>
#include <string.h>

#include "firmware-cache/amd/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken has the length, version and algorithm, and its fields are its bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	struct amd_report r = { 0 };
	struct amd_tcb tcb = { 0 };
	bool like = amd_report_looks_like(b);

	if (amd_report_parse(b, &r, NULL) != SN_OK) {
		if (r.version != 0)
			abort();
		return 0;
	}
	if (!like || r.version < 2 || r.version > 5 || data[0x34] != 1 ||
	    memcmp(r.chip_id, data + 0x1a0, sizeof(r.chip_id)) != 0 ||
	    memcmp(r.reported_tcb, data + 0x180, sizeof(r.reported_tcb)) != 0 ||
	    r.product > AMD_PRODUCT_COUNT ||
	    (r.signer != AMD_ROLE_VCEK && r.signer != AMD_ROLE_VLEK &&
		r.signer != AMD_ROLE_NONE))
		abort();
	amd_tcb_from_raw(r.product, r.reported_tcb, &tcb);
	if (tcb.has_fmc != (r.product == AMD_TURIN) || tcb.ucode != data[0x187] ||
	    !amd_tcb_equal(&tcb, &tcb))
		abort();
	return 0;
}
