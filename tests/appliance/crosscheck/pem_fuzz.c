/* PEM and DER of vendors, as the second checker reads them. */
#include <stdlib.h>

#include "appliance/crosscheck/pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Certificates and lists in PEM, in any text; then as a whole file; then who signed what. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xc_pool_role role = { .vendor = "any", .issues = true };
	SN_CLEANUP(xc_pool_done) struct xc_pool pool = { .at = 1751328000 };
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	const struct xc_file f = { .path = (char *)(uintptr_t)"file",
		.data = { .p = (uint8_t *)(uintptr_t)data, .n = size } };
	struct bytes text = { data, size };
	bool is_crl = false, end = false;
	struct sn_why why = { 0 };

	while (!end && xc_pem_next(&text, &der, &is_crl, &end, "PEM", &why) == SN_OK)
		if (!end &&
		    xc_pool_add(&pool, is_crl, sn_buf_bytes(&der), "PEM", role, &why) ==
			SN_OK &&
		    !xc_pool_has(&pool, is_crl, sn_buf_bytes(&der)))
			abort();
	if (xc_pool_add_file(&pool, &f, is_crl, role, &why) == SN_OK)
		(void)!xc_pool_verify(&pool, &why);
	return 0;
}
