#include <stdlib.h>

#include "firmware-cache/ibm-se/ibm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read of a name lies inside it, and no part is empty. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ibm_name n = { 0 };

	if (ibm_name_parse((struct bytes){ data, size }, &n, NULL) != SN_OK)
		return 0;
	const struct bytes parts[] = { n.country, n.organization, n.unit, n.locality, n.state,
		n.common };

	if (n.parts > SN_NITEMS(parts))
		abort();
	for (size_t i = 0; i < SN_NITEMS(parts); i++) {
		if (parts[i].p == NULL)
			continue;
		if (parts[i].n == 0 || parts[i].p < data ||
		    parts[i].p + parts[i].n > data + size)
			abort();
	}
	return 0;
}
