#include <stdlib.h>

#include "ceremony/bundle/tpm_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written again as the same bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	struct bun_tpm t;

	if (bun_tpm_parse((struct bytes){ data, size }, &t, NULL) != SN_OK)
		return 0;
	if (bun_tpm_json(&t, &again, NULL) != SN_OK ||
	    !bytes_equal(sn_buf_bytes(&again), (struct bytes){ data, size }))
		abort();
	return 0;
}
