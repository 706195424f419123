#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/nvidia/vendor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is NVIDIA's is carried and can be shown; nothing of it is ever verified. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct col_claim c = { 0 };
	bool mine = false;
	enum sn_err e;

	if (size == 0)
		return 0;
	e = nvidia_vendor.read((struct bytes){ data, size }, &c, &mine, NULL);
	if (mine != (c.vendor == COL_VENDOR_NVIDIA) || mine != c.carried ||
	    (!mine && e != SN_OK))
		abort();
	if (mine && e == SN_OK &&
	    (c.label[0] == '\0' || !text_printable(bytes_str(c.label), COL_LABEL_MAX)))
		abort();
	col_claim_done(&c);
	return 0;
}
