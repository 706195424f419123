#include <stdlib.h>
#include <string.h>

#include "firmware-cache/amd/amd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A leaf that is taken names one chip or one provider, of its product's form, and no both. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	struct amd_leaf leaf = { 0 };
	char name[AMD_TCB_NAME_MAX];
	bool vcek;

	if (cry_cert_parse((struct bytes){ data, size }, &c, NULL) != SN_OK ||
	    amd_leaf_parse(c, &leaf, NULL) != SN_OK)
		return 0;
	vcek = leaf.role == AMD_ROLE_VCEK;
	if ((!vcek && leaf.role != AMD_ROLE_VLEK) || leaf.product >= AMD_PRODUCT_COUNT ||
	    leaf.hwid_len !=
		(!vcek				    ? 0U
			: leaf.product == AMD_TURIN ? 8U
						    : 64U) ||
	    (strlen(leaf.csp) == 0) != vcek || leaf.tcb.has_fmc != (leaf.struct_version == 1))
		abort();
	amd_tcb_name(&leaf.tcb, name);
	if (strncmp(name, "bl", 2) != 0)
		abort();
	return 0;
}
