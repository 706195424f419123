#include <stdlib.h>

#include "appliance/measure/disk.h"
#include "appliance/measure/measure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stick, a boot partition or an image: what is found keeps to the limits. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	struct measure_values v;
	struct sn_why why;

	if (disk_find_uki((struct bytes){ data, size }, &uki, &why) != SN_OK)
		return 0;
	if (uki.n > DISK_UKI_MAX)
		abort();
	if (measure_uki(sn_buf_bytes(&uki), &v, &why) == SN_OK &&
	    (v.nsections < 3 || v.nsections > MEASURE_SECTIONS_MAX))
		abort();
	return 0;
}
