/* Any bytes as CBOR: told well-formed or not, within their bounds. */
#include "firmware-cache/arm-cca/vendor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sn_why why = { 0 };

	(void)!arm_cbor_check((struct bytes){ data, n }, &why);
	return 0;
}
