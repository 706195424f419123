#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/amd/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a name says, said again in the store's form, is the same; and it agrees with itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = calloc(1, size + 1), path[512], hwid[2 * AMD_HWID_MAX + 1];
	char levels[AMD_TCB_NAME_MAX];
	struct amd_name n = { 0 }, again = { 0 };
	struct amd_leaf leaf = { 0 };

	if (name == NULL)
		return 0;
	memcpy(name, data, size);
	name[strcspn(name, "\n")] = '\0'; /* seeds are files of text */
	if (amd_name_parse(name, &n, NULL) == SN_OK) {
		leaf.role = n.role == AMD_ROLE_NONE ? AMD_ROLE_VCEK : n.role;
		leaf.product = n.product == AMD_PRODUCT_COUNT ? AMD_MILAN : n.product;
		leaf.tcb = n.tcb;
		leaf.hwid_len = n.hwid_len;
		memcpy(leaf.hwid, n.hwid, sizeof(leaf.hwid));
		if (amd_name_check(name, &leaf, NULL) != SN_OK ||
		    (n.hwid_len != 0 && n.hwid_len != 8 && n.hwid_len != 64))
			abort();
		if (n.hwid_len != 0 && n.has_tcb && leaf.role == AMD_ROLE_VCEK) {
			sn_hex((struct bytes){ n.hwid, n.hwid_len }, hwid);
			amd_tcb_name(&n.tcb, levels);
			snprintf(path, sizeof(path), "vcek/%s/%s", hwid, levels);
			if (amd_name_parse(path, &again, NULL) != SN_OK || !again.has_tcb ||
			    again.hwid_len != n.hwid_len ||
			    memcmp(again.hwid, n.hwid, n.hwid_len) != 0 ||
			    amd_name_check(path, &leaf, NULL) != SN_OK)
				abort();
		}
	}
	free(name);
	return 0;
}
