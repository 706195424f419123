#include <stdlib.h>
#include <string.h>

#include "firmware-cache/amd/ghcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read lies inside, uses up every byte, and written again has the same parts. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct ghcb_table t = { 0 }, back = { 0 };
	bool like = ghcb_looks_like((struct bytes){ data, size });

	if (ghcb_read((struct bytes){ data, size }, &t, NULL) != SN_OK)
		return 0;
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		if (t.parts[p].n != 0 &&
		    (t.parts[p].p < data || t.parts[p].p + t.parts[p].n > data + size))
			abort();
	if (!like || ghcb_write(&t, &out, NULL) != SN_OK || out.n != size ||
	    ghcb_read(sn_buf_bytes(&out), &back, NULL) != SN_OK)
		abort();
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		if (!bytes_equal(t.parts[p], back.parts[p]))
			abort();
	return 0;
}
