#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/node/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read, written again, is the same bytes; every path stays below the folder. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	const struct bytes text = { data, size };
	struct sums sums;

	if (sums_parse(text, &sums, NULL) != SN_OK)
		return 0;
	for (size_t i = 0; i < sums.n; i++) {
		if (!sn_path_ok(sums.row[i].path) ||
		    sums_find(&sums, sums.row[i].path) != &sums.row[i])
			abort();
		sn_buf_hex(&again, BYTES_OF(sums.row[i].sha256));
		sn_buf_fmt(&again, "  %s\n", sums.row[i].path);
	}
	if (sn_buf_check(&again, NULL) != SN_OK || !bytes_equal(sn_buf_bytes(&again), text))
		abort();
	return 0;
}
